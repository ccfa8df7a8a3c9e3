// Keys for the work list of opinions: J and K go from one to the next, X ticks. Without this file everything works by Tab and Space.
const form = document.querySelector("[data-analyse]");

if (form) {
  const boxes = [...form.querySelectorAll("[data-avis] input[type=checkbox]")];

  form.querySelector("[data-tout]")?.addEventListener("click", (event) => {
    event.preventDefault();
    const checked = !boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = checked;
    event.currentTarget.textContent = checked ? "Ne rien cocher" : "Tout cocher sur cette page";
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), textarea, select")) return;
    const key = event.key.toLowerCase();
    const at = boxes.findIndex((box) => box.closest("[data-avis]").contains(document.activeElement));
    if (key === "j" || key === "k") {
      event.preventDefault();
      const to = key === "j" ? Math.min(at + 1, boxes.length - 1) : Math.max(at - 1, 0);
      boxes[to].focus();
      boxes[to].closest("[data-avis]").scrollIntoView({ block: "nearest" });
    } else if (key === "x" && at >= 0) {
      event.preventDefault();
      boxes[at].checked = !boxes[at].checked;
      boxes[at].focus();
    }
  });
}
