// The text editor of the staff space (django-prose-editor), in French, named for screen readers, under the strict content policy.
// Loaded before the editor itself: it reads window.gettext once, and adds a style sheet of its own unless one is already there
// (the policy would refuse it: those rules stand in css/admin.css).
const WORDS = {
  "Add column": "Ajouter une colonne", "Add row": "Ajouter une ligne", "Cancel": "Annuler", "Columns": "Colonnes", "Delete column": "Supprimer la colonne",
  "Delete row": "Supprimer la ligne", "Delete table": "Supprimer le tableau", "Heading 3": "Intertitre",
  "Heading 4": "Petit intertitre", "Include header row": "Une ligne d’en-têtes", "Insert": "Insérer", "Insert Table": "Insérer un tableau", "Bullets": "Puces", "Decimal numbers": "Nombres", "Lowercase Roman numerals": "Petits chiffres romains", "Lowercase letters": "Petites lettres", "Uppercase Roman numerals": "Chiffres romains", "Uppercase letters": "Lettres", "Table Properties": "Tableau", "Edit Link": "Lien", "Insert table": "Insérer un tableau",
  "List properties": "Numérotation de la liste", "List type": "Sorte de numéros", "Merge cells": "Fusionner les cellules",
  "Paragraph": "Paragraphe", "Rows": "Lignes", "Split cell": "Scinder la cellule", "Start at": "Commencer à", "Title": "Titre",
  "Yes": "Oui", "No": "Non", "Toggle header cell": "Cellule d’en-tête", "URL": "Adresse", "Update": "Valider", "blockquote": "Citation", "bold": "Gras", "heading 3": "Intertitre", "heading 4": "Petit intertitre",
  "horizontal rule": "Ligne de séparation", "insert link": "Lien", "italic": "Italique", "ordered list": "Liste numérotée", "paragraph": "Style du paragraphe",
  "redo": "Rétablir", "remove link": "Retirer le lien", "subscript": "Indice", "superscript": "Exposant", "undo": "Annuler", "unordered list": "Liste à puces",
};
window.gettext = (words) => WORDS[words] || words;

// An element of no language: the editor finds it, the browser does not take it for a style sheet.
const style = document.createElementNS("", "style");
style.setAttribute("data-tiptap-style", "");
document.head.append(style);

// The area takes the label and the help of the field it stands for.
function nameArea(field, area) {
  area.dataset.pret = "1";
  const label = document.querySelector(`label[for="${CSS.escape(field.id)}"]`);
  if (label) {
    label.id ||= `${field.id}_label`;
    area.setAttribute("aria-labelledby", label.id);
    label.addEventListener("click", () => area.focus());
  }
  area.setAttribute("aria-multiline", "true");
  for (const name of ["aria-describedby", "aria-invalid"]) if (field.hasAttribute(name)) area.setAttribute(name, field.getAttribute(name));
  // A link from the summary of errors leads to the area, as the text area is hidden.
  field.addEventListener("focus", () => area.focus());
}

// The buttons are named in French and say whether they are pressed, whenever the editor draws them again.
function nameButtons(bar) {
  bar.dataset.pret = "1";
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Mise en forme");
  const name = (button) => {
    for (const attribute of ["aria-label", "title"]) {
      const words = WORDS[button.getAttribute(attribute)];
      if (words) button.setAttribute(attribute, words);
    }
    if (!/^(bold|italic|subscript|superscript|blockquote|bulletList|orderedList|link)$/.test(button.dataset.name || "")) return;
    const pressed = String(button.classList.contains("active"));
    if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
  };
  const nameAll = () => {
    for (const button of bar.querySelectorAll("button")) name(button);
    for (const words of bar.querySelectorAll(".prose-menubar__option > *")) if (WORDS[words.textContent]) words.textContent = WORDS[words.textContent];
  };
  nameAll();
  new MutationObserver(nameAll).observe(bar, { attributes: true, attributeFilter: ["class"], childList: true, subtree: true });
}

new MutationObserver(() => {
  for (const editor of document.querySelectorAll(".prose-editor")) {
    const field = editor.querySelector("textarea");
    const area = editor.querySelector("[role=textbox]:not([data-pret])");
    const bar = editor.querySelector(".prose-menubar:not([data-pret])");
    if (field && area) nameArea(field, area);
    if (bar && bar.childElementCount) nameButtons(bar);
  }
  for (const option of document.querySelectorAll(".prose-editor-dialog option")) if (WORDS[option.textContent]) option.textContent = WORDS[option.textContent];
}).observe(document.documentElement, { childList: true, subtree: true });
