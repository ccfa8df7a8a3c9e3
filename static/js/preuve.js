// The work that a form asks of the browser before it is sent: done while the person types, waited for when they were quicker.
const BATCH = 256;
const PATIENCE_MILLISECONDS = 20000;

function zeros(bytes, bits) {
  const whole = bits >> 3;
  for (let place = 0; place < whole; place += 1) if (bytes[place] !== 0) return false;
  return bits % 8 === 0 || bytes[whole] >> (8 - (bits % 8)) === 0;
}

async function solve(token, bits) {
  const encoder = new TextEncoder();
  for (let first = 0; ; first += BATCH) {
    const answers = Array.from({ length: BATCH }, (_, place) => String(first + place));
    const digests = await Promise.all(
      answers.map((answer) => crypto.subtle.digest("SHA-256", encoder.encode(`${token}:${answer}`))),
    );
    const found = digests.findIndex((digest) => zeros(new Uint8Array(digest), bits));
    if (found >= 0) return answers[found];
  }
}

for (const form of document.querySelectorAll("[data-preuve]")) {
  const answer = form.elements.namedItem("proof");
  const said = form.querySelector("[data-preuve-attente]");
  // Without a safe context there is no crypto.subtle: the form goes as it does without script.
  if (!answer || !globalThis.crypto?.subtle) continue;
  const work = solve(form.elements.namedItem("opened").value, Number(answer.dataset.bits)).then((found) => {
    answer.value = found;
  });
  form.addEventListener("submit", (event) => {
    if (answer.value || form.dataset.envoi) return;
    event.preventDefault();
    form.dataset.envoi = "oui";
    if (said) said.hidden = false;
    const enough = new Promise((resolve) => { setTimeout(resolve, PATIENCE_MILLISECONDS); });
    Promise.race([work, enough]).then(() => form.submit());
  });
}
