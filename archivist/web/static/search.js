// The search page: results while typing, and everything by keys.
import { alone, writing } from "/static/room.js";

const box = document.getElementById("q");
const form = box.form;
const found = document.getElementById("found");
const wide = matchMedia("(min-width: 48.01rem)");

// Not while an input method puts a word together: what stands in the box then are letters of its own.
let asked = box.value;
function sought() {
  if (box.value === asked) return;
  asked = box.value;
  box.dispatchEvent(new CustomEvent("sought"));
}
box.addEventListener("input", (event) => { if (!event.isComposing) sought(); });
box.addEventListener("compositionend", sought);

for (const control of form.querySelectorAll("[data-send]")) {
  control.addEventListener("change", () => form.requestSubmit());
}

function unfold() {
  for (const facets of found.querySelectorAll("[data-facets]")) facets.open = wide.matches;
}
unfold();
wide.addEventListener("change", unfold);
found.addEventListener("htmx:afterSwap", unfold);

const links = () => [...found.querySelectorAll("[data-hit] h2 a")];

function step(by) {
  const all = links();
  const at = all.findIndex((link) => link.closest("[data-hit]").contains(document.activeElement));
  if (at < 0 && by < 0) return false;
  if (at + by < 0) { box.focus(); return true; }
  const next = all[Math.min(at + by, all.length - 1)];
  if (!next) return false;
  next.focus();
  next.closest("[data-hit]").scrollIntoView({ block: "nearest" });
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || !alone(event) || event.isComposing) return;
  const inBox = event.target === box;
  if (writing(event) && !inBox) return;
  let done = false;
  if (event.key === "ArrowDown" || (event.key === "j" && !inBox)) done = step(1);
  else if ((event.key === "ArrowUp" && !inBox) || (event.key === "k" && !inBox)) done = step(-1);
  else if (event.key === "Escape" && !inBox && found.contains(document.activeElement)) { box.focus(); done = true; }
  else if (!inBox && (event.key === "[" || event.key === "]")) {
    const link = found.querySelector(event.key === "[" ? "[data-previous]" : "[data-next]");
    if (link) { link.click(); done = true; }
  }
  if (done) event.preventDefault();
});
