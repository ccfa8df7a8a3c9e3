// The text editor of the staff space (django-prose-editor), in French, named for screen readers, under the strict content policy.
// Loaded before the editor itself: it reads window.gettext once, and adds a style sheet of its own unless one is already there
// (the policy would refuse it: those rules stand in css/admin.css).
const WORDS = {
  "Add column": "Ajouter une colonne", "Add row": "Ajouter une ligne", "Cancel": "Annuler", "Columns": "Colonnes", "Delete column": "Supprimer la colonne",
  "Delete row": "Supprimer la ligne", "Delete table": "Supprimer le tableau", "Heading 3": "Intertitre",
  "Heading 4": "Petit intertitre", "Include header row": "Une ligne d’en-têtes", "Insert": "Insérer", "Insert Table": "Insérer un tableau", "Bullets": "Puces", "Decimal numbers": "Nombres", "Lowercase Roman numerals": "Petits chiffres romains", "Lowercase letters": "Petites lettres", "Uppercase Roman numerals": "Chiffres romains", "Uppercase letters": "Lettres", "Table Properties": "Tableau", "Edit Link": "Lien", "Insert table": "Insérer un tableau",
  "List properties": "Numérotation de la liste", "List type": "Sorte de numéros", "Merge cells": "Fusionner les cellules",
  "Paragraph": "Paragraphe", "Rows": "Lignes", "Split cell": "Scinder la cellule", "Start at": "Commencer à", "Title": "Titre",
  "Toggle header cell": "Cellule d’en-tête", "URL": "Adresse", "Update": "Valider", "blockquote": "Citation", "bold": "Gras", "heading 3": "Intertitre", "heading 4": "Petit intertitre",
  "horizontal rule": "Ligne de séparation", "insert link": "Lien", "italic": "Italique", "ordered list": "Liste numérotée", "paragraph": "Style du paragraphe",
  "redo": "Rétablir", "remove link": "Retirer le lien", "subscript": "Indice", "superscript": "Exposant", "undo": "Annuler", "unordered list": "Liste à puces",
};
window.gettext = (words) => WORDS[words] || words;

// An element of no language: the editor finds it, the browser does not take it for a style sheet.
const style = document.createElementNS("", "style");
style.setAttribute("data-tiptap-style", "");
document.head.append(style);

// The area takes the label and the help of the field it stands for; the buttons say whether they are pressed.
function dress(editor) {
  const field = editor.querySelector("textarea");
  const area = editor.querySelector("[role=textbox]");
  const bar = editor.querySelector(".prose-menubar");
  if (!field || !area || area.dataset.pret) return;
  area.dataset.pret = "1";
  const label = document.querySelector(`label[for="${CSS.escape(field.id)}"]`);
  if (label) {
    label.id ||= `${field.id}_label`;
    area.setAttribute("aria-labelledby", label.id);
    label.addEventListener("click", () => area.focus());
  }
  area.setAttribute("aria-multiline", "true");
  for (const name of ["aria-describedby", "aria-invalid"]) if (field.hasAttribute(name)) area.setAttribute(name, field.getAttribute(name));
  if (!bar) return;
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Mise en forme");
  const show = (button) => {
    if (/^(bold|italic|subscript|superscript|blockquote|bulletList|orderedList|link)$/.test(button.dataset.name || "")) {
      const pressed = String(button.classList.contains("active"));
      if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
    }
  };
  for (const words of bar.querySelectorAll(".prose-menubar__option > *")) words.textContent = window.gettext(words.textContent);
  for (const button of bar.querySelectorAll("button")) show(button);
  new MutationObserver((changes) => { for (const change of changes) show(change.target); })
    .observe(bar, { attributes: true, attributeFilter: ["class"], subtree: true });
  // A link from the summary of errors leads to the area, as the text area is hidden.
  field.addEventListener("focus", () => area.focus());
}

new MutationObserver(() => { for (const editor of document.querySelectorAll(".prose-editor")) dress(editor); })
  .observe(document.body || document.documentElement, { childList: true, subtree: true });
