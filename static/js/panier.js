// What remains of a budget while boxes are ticked. Without it the page says so once the ballot is sent.
const line = document.querySelector("[data-panier]");
const boxes = [...document.querySelectorAll("[data-cout]")];
const budget = Number(line.dataset.panier);

function euros(cents) {
  const digits = cents % 100 ? 2 : 0;
  return (cents / 100).toLocaleString(document.documentElement.lang, {
    style: "currency", currency: "EUR", minimumFractionDigits: digits, maximumFractionDigits: digits,
  });
}

function show() {
  const left = boxes.reduce((sum, box) => sum - (box.checked ? Number(box.dataset.cout) : 0), budget);
  line.textContent = `${left < 0 ? line.dataset.trop : line.dataset.reste} ${euros(Math.abs(left))}`;
  line.toggleAttribute("data-depasse", left < 0);
}

line.hidden = false;
for (const box of boxes) box.addEventListener("change", show);
window.addEventListener("pageshow", show);
show();
