// The detailed map, on demand: nothing of it is loaded before the button is pressed. Its words are already in the page.
const frame = document.querySelector("[data-carte]");
const button = frame?.querySelector("button");

function stylesheet(address) {
  return new Promise((resolve, reject) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: address, onload: resolve, onerror: reject });
    document.head.append(link);
  });
}

function script(address) {
  return new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("script"), { src: address, onload: resolve, onerror: reject }));
  });
}

function words(item) {
  const { adresse } = item.dataset;
  const shown = document.createElement(adresse ? "a" : "span");
  shown.textContent = item.textContent;
  if (adresse) shown.href = adresse;
  return shown;
}

function mark(L, item) {
  const { latitude, longitude, nombre } = item.dataset;
  const sign = document.createElement("span");
  sign.textContent = nombre || "●";
  const icon = L.divIcon({ className: "carte-repere", html: sign, iconSize: nombre ? [36, 36] : [24, 24] });
  return L.marker([Number(latitude), Number(longitude)], { icon, title: item.textContent, alt: item.textContent }).bindPopup(words(item));
}

async function open() {
  button.disabled = true;
  const { tuiles, mention, script: code, style } = frame.dataset;
  await Promise.all([stylesheet(style), script(code)]);
  const { L } = window;
  const place = frame.querySelector(".carte-detaillee");
  place.hidden = false;
  const credit = document.createElement("span");
  credit.textContent = mention;
  const map = L.map(place).setView([47.749, 7.335], 13);
  map.attributionControl.setPrefix("Leaflet");
  L.tileLayer(tuiles, { maxZoom: 18, attribution: credit.innerHTML }).addTo(map);
  const marks = [...frame.querySelectorAll("li[data-latitude]")].map((item) => mark(L, item).addTo(map));
  if (marks.length) map.fitBounds(L.featureGroup(marks).getBounds().pad(0.2), { maxZoom: 15 });
  button.hidden = true;
  place.focus();
}

if (button) {
  button.hidden = false;
  button.addEventListener("click", () => open().catch(() => { button.disabled = false; }));
}
