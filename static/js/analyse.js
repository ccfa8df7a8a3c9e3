// One-letter keys of the analysis, that one can turn off. Without this file everything works by Tab, Space and links.
// The list: J and K go from one opinion to the next, X ticks, A adds to the theme. One opinion: J and K open the next ones.
const OFF = "analyse.sans-raccourcis";
const THEME = "analyse.theme";
const form = document.querySelector("[data-analyse]");
const links = document.querySelector("[data-suite]");
const panel = document.querySelector("[data-raccourcis]");

// Storage may be refused by the browser: the keys then work, and the choice lasts as long as the page.
const kept = {
  read: (store, name) => { try { return store.getItem(name); } catch { return null; } },
  write: (store, name, value) => { try { store.setItem(name, value); } catch { /* refused */ } },
};

const rows = form ? [...form.querySelectorAll("[data-avis]")] : [];
const boxOf = (row) => row?.querySelector("input[type=checkbox]");
const boxes = rows.map(boxOf).filter(Boolean);
const theme = form?.querySelector("[name=theme]");
const current = () => rows.findIndex((row) => row.contains(document.activeElement));

// A row that cannot be ticked is read, and opened: one is on its link.
function go(to) {
  (boxOf(rows[to]) ?? rows[to]?.querySelector("h3 a"))?.focus();
  rows[to]?.scrollIntoView({ block: "nearest" });
}

function add() {
  if (!theme) return;
  const at = current();
  if (at >= 0 && !boxes.some((box) => box.checked)) boxOf(rows[at]).checked = true;
  if (theme.value || form.elements.nouveau.value) form.requestSubmit(form.querySelector("button[value=rattacher]"));
  else theme.focus();
}

function tick() {
  const box = boxOf(rows[current()]);
  if (!box) return;
  box.checked = !box.checked;
  box.focus();
}

// The button for what is ticked is far above the last row: one comes to it, and sends by Enter.
function reach() {
  form.querySelector("button[value=garder]")?.focus();
}

// A decision is chosen by its letter, and sent by Enter: nothing is decided by one key.
function choose(value) {
  const choice = document.querySelector(`[name=action][value=${value}]`);
  if (!choice) return;
  choice.click();
  choice.focus({ preventScroll: true });
  choice.scrollIntoView({ block: "center" });
}

const keys = form
  ? { j: () => go(Math.min(current() + 1, rows.length - 1)), k: () => go(Math.max(current() - 1, 0)), x: tick, a: add, l: reach }
  : {
    j: () => links?.querySelector("[rel=next]")?.click(),
    k: () => links?.querySelector("[rel=prev]")?.click(),
    l: () => choose("keep"),
    r: () => choose("hide"),
    m: () => choose("mask"),
  };

if (form) {
  form.querySelector("[data-tout]")?.addEventListener("click", (event) => {
    event.preventDefault();
    const checked = !boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = checked;
    event.currentTarget.textContent = checked ? "Ne rien cocher" : "Tout cocher sur cette page";
  });
}

// In a list that says so, Enter opens the row one is on: it never sends what is ticked.
if (form && "entree" in form.dataset) {
  form.addEventListener("keydown", (event) => {
    const row = event.key === "Enter" && event.target.matches("input[type=checkbox]") && event.target.closest("[data-avis]");
    if (!row) return;
    event.preventDefault();
    row.querySelector("h3 a").click();
  });
}

// One sorts many opinions into one theme: the last one is still chosen on the page that follows.
if (theme) {
  const last = kept.read(sessionStorage, THEME);
  if (last && [...theme.options].some((option) => option.value === last)) theme.value = last;
  theme.addEventListener("change", () => kept.write(sessionStorage, THEME, theme.value));
}

if (panel) {
  const on = panel.querySelector("input");
  on.checked = kept.read(localStorage, OFF) !== "oui";
  on.addEventListener("change", () => kept.write(localStorage, OFF, on.checked ? "non" : "oui"));
  panel.hidden = false;

  document.addEventListener("keydown", (event) => {
    if (!on.checked || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]")) return;
    const act = keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
