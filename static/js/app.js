// Mulhouse participe: what a page cannot do without script, and nothing a page needs. Every journey works with this file blocked.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// Announcements: one polite status line, filled here or by the server out of band.
function announce(text) {
  const line = $("#annonce");
  if (!line || !text) return;
  line.textContent = "";
  setTimeout(() => { line.textContent = text; }, 50);
}

// After a failed submission, the summary of errors takes the focus.
function focusErrors(root) {
  const summary = $("#erreurs", root);
  if (summary) summary.focus();
  return Boolean(summary);
}

// Menus close on Escape and on a click elsewhere, and give the focus back.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of $$("details.menu[open], details.repondre[open]")) {
    if (!menu.contains(document.activeElement)) continue;
    menu.open = false;
    $("summary", menu).focus();
  }
});
document.addEventListener("click", (event) => {
  for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

// Character counters: how many are left, said aloud only near the end.
function count(line) {
  const field = document.getElementById(line.dataset.compteur);
  if (!field || field.maxLength < 0 && !field.dataset.max) return;
  if (field.maxLength >= 0) {
    // Typing past the limit is shown, not silently cut: the server refuses it, with a sentence.
    field.dataset.max = field.maxLength;
    field.removeAttribute("maxlength");
  }
  const left = Number(field.dataset.max) - field.value.length;
  const number = Math.abs(left).toLocaleString(document.documentElement.lang);
  line.textContent = (left < 0 ? line.dataset.trop : line.dataset.reste).replace("{n}", number);
  line.toggleAttribute("data-depasse", left < 0);
  if (left === 50 || left === 10 || left === -1) announce(line.textContent);
}

// A form marked data-brouillon asks before the page is left with unsent words.
let unsaved = null;
document.addEventListener("input", (event) => {
  const line = event.target.id && $(`[data-compteur="${CSS.escape(event.target.id)}"]`);
  if (line) count(line);
  if (event.target.form?.hasAttribute("data-brouillon")) unsaved = event.target.form;
});
document.addEventListener("submit", (event) => {
  if (event.target === unsaved) unsaved = null;
  // One gesture, one request: a second click while the first is under way is dropped.
  const form = event.target;
  // A form marked data-fichier is answered by a file: the page stays, and it may be asked for again.
  if (form.method !== "post" || form.matches("[hx-post], [data-fichier]")) return;
  if (form.dataset.envoi) event.preventDefault();
  form.dataset.envoi = "1";
});
window.addEventListener("pageshow", () => { for (const form of $$("form[data-envoi]")) delete form.dataset.envoi; });
window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });

// htmx: the focus stays on what replaces the focused element, or goes to the errors, or to what the server marked.
let focused = "";
document.addEventListener("htmx:before:swap", () => { focused = document.activeElement?.id || ""; });
document.addEventListener("htmx:after:swap", () => {
  for (const line of $$("[data-compteur]")) count(line);
  if (focusErrors(document)) return;
  const next = $("[data-focus]") || (focused && document.getElementById(focused));
  if (next && next !== document.activeElement) {
    next.removeAttribute("data-focus");
    next.focus({ preventScroll: true });
  }
});

// What is suggested while one types: a combobox whose options the server writes. Without script, a search field.
function suggest(field) {
  const box = document.createElement("div");
  box.className = "suggestions";
  field.parentElement.append(box);
  let timer, asked, at = -1;
  const options = () => $$("a", box);
  const say = (attributes) => { for (const [name, value] of Object.entries(attributes)) field.setAttribute(name, value); };
  function choose(to) {
    at = to;
    options().forEach((one, rank) => one.setAttribute("aria-selected", rank === at));
    say({ "aria-activedescendant": options()[at]?.id || "" });
    options()[at]?.scrollIntoView({ block: "nearest" });
  }
  function show(html) {
    box.innerHTML = html;
    const list = $("ul", box);
    options().forEach((one, rank) => { one.id = `${field.id}-${rank}`; });
    if (list) list.id = `${field.id}-liste`;
    say({ "aria-expanded": Boolean(list) });
    choose(-1);
    announce(list?.dataset.dit);
  }
  function close() {
    clearTimeout(timer);
    asked?.abort();
    if (box.firstChild) show("");
  }
  async function ask() {
    asked = new AbortController();
    try {
      const answer = await fetch(`${field.dataset.suggestions}?q=${encodeURIComponent(field.value)}`, { signal: asked.signal, headers: { "HX-Request": "true" } });
      show(answer.ok ? await answer.text() : "");
    } catch { /* Another letter was typed, or the network is gone: the form still works. */ }
  }
  say({ role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-controls": `${field.id}-liste`, "aria-expanded": false });
  field.addEventListener("input", () => {
    clearTimeout(timer);
    asked?.abort();
    if (field.value.trim().length < 3) close();
    else timer = setTimeout(ask, 250);
  });
  field.addEventListener("keydown", (event) => {
    const last = options().length - 1;
    if (last < 0 || event.isComposing) return;
    const moves = { ArrowDown: at < last ? at + 1 : -1, ArrowUp: at < 0 ? last : at - 1 };
    if (event.key in moves) choose(moves[event.key]);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && at >= 0) location.assign(options()[at].href);
    else return;
    event.preventDefault();
  });
  // A press on an option leaves the focus in the field: the list is still there for the click.
  box.addEventListener("mousedown", (event) => event.preventDefault());
  field.addEventListener("blur", close);
  window.addEventListener("pagehide", close);
}
for (const field of $$("[data-suggestions]")) suggest(field);

// Buttons that print: of use with a script only, so hidden without.
for (const one of $$("[data-imprimer]")) {
  one.hidden = false;
  one.addEventListener("click", () => window.print());
}

// What is folded is printed: the style says it to browsers of today, this to those before them.
let folded = [];
window.addEventListener("beforeprint", () => { folded = $$("main details:not([open])"); for (const one of folded) one.open = true; });
window.addEventListener("afterprint", () => { for (const one of folded) one.open = false; });

for (const line of $$("[data-compteur]")) count(line);
focusErrors(document);
