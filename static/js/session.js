// An idle session ends on the server; this says so two minutes before, and lets it go on.
const WARNING_SECONDS = 120;
const box = document.querySelector("[data-idle]");
let timer = 0;

function wait() {
  clearTimeout(timer);
  box.hidden = true;
  timer = setTimeout(() => { box.hidden = false; }, Math.max(1, Number(box.dataset.idle) - WARNING_SECONDS) * 1000);
}

if (box) {
  wait();
  document.addEventListener("htmx:after:request", wait);
  box.querySelector("button").addEventListener("click", async () => {
    const answer = await fetch(box.dataset.stay, { redirect: "manual" });
    if (answer.status === 204) wait();
    else window.location.reload();
  });
}
