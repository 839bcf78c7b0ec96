// A page corrected line by line: Enter keeps a line and goes on to the next; what changed is sent behind it.

import { Outbox } from "./outbox.js";
import { say, send } from "./room.js";

const room = document.getElementById("correct");
const list = document.getElementById("lines");
const sheet = document.getElementById("sheet");
const boxes = document.getElementById("boxes");
const tally = document.getElementById("tally");
const tray = document.getElementById("tray");
const wire = document.getElementById("wire");
const add = document.getElementById("add");
const words = room.dataset;
const here = words.path;

const outbox = new Outbox(`correct:${words.who}`, {
  changed: count,
  kept: (entry) => {
    if (entry.about.path !== here) return;
    const row = find(entry.about.key);
    if (row) told(row, words.saved);
    refresh();
  },
  refused,
  stuck: (why) => {
    wire.hidden = !why;
    if (why) wire.firstElementChild.textContent = why === "barred" ? words.barred : words.offline;
  },
});
wire.querySelector("button").addEventListener("click", () => outbox.again());

function count(waiting) {
  const unsent = waiting ?? outbox.waiting.length;
  tally.textContent = unsent ? words.sending.replace("{count}", unsent) : words.kept;
}

function rows() { return [...list.querySelectorAll("li.line")]; }
function find(key) { return rows().find((row) => row.dataset.key === key); }
function input(row) { return row.querySelector("form.says input[name=text]"); }
// What the line said when it was shown; not sent where nobody knows what it says by now.
function seen(row) { return row.querySelector("form.says input[name=seen]"); }
function dirty(row) { return input(row).value !== input(row).defaultValue; }
function told(row, text) { row.querySelector(".state").textContent = text; }
function unsent(row) {
  return outbox.waiting.some((entry) => entry.about.path === here && entry.about.key === row.dataset.key);
}

function save(row) {
  const field = input(row);
  if (!dirty(row)) {
    if (!row.querySelector(".state").textContent) told(row, words.seen);
    return;
  }
  const about = { path: here, key: row.dataset.key, name: field.value || field.defaultValue };
  const body = { box: row.dataset.key, text: field.value };
  if (!seen(row).disabled) body.seen = seen(row).value;
  outbox.put(here, body, about);
  field.defaultValue = field.value;
  seen(row).value = field.value;
  mark(row);
  told(row, words.unsent);
}

function mark(row) {
  row.classList.toggle("changed", dirty(row));
  if (dirty(row)) told(row, words.changed);
  else if (row.querySelector(".state").textContent === words.changed) told(row, "");
}

function step(row, by) {
  const all = rows();
  const next = all[all.indexOf(row) + by];
  if (next) {
    const field = input(next);
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
    next.scrollIntoView({ block: "nearest" });
  } else if (by > 0) {
    say(words.end);
    document.getElementById("next")?.focus();
  }
}

function refused(entry, why, status) {
  const row = entry.about.path === here ? find(entry.about.key) : null;
  if (row) {
    told(row, `${words.refused}: ${why}`);
    // It never came to say what was refused.
    if ("seen" in entry.body) seen(row).value = entry.body.seen;
  }
  const line = document.getElementById("tray-entry").content.firstElementChild.cloneNode(true);
  line.querySelector("b").textContent = `“${entry.about.name}”: ${why}`;
  line.dataset.key = entry.about.path === here ? entry.about.key : "";
  const leave = () => { line.remove(); tray.hidden = !tray.querySelector("li"); };
  line.querySelector(".drop").addEventListener("click", () => { leave(); refresh(); });
  line.querySelector(".again").addEventListener("click", () => {
    leave();
    const now = row && find(entry.about.key);
    if (now) told(now, words.unsent);
    const body = { ...entry.body };
    // Over what stands there by now only where somebody looked at it.
    if (looked && now) body.seen = seen(now).value;
    outbox.put(entry.url, body, entry.about);
  });
  const again = line.querySelector(".again");
  const look = line.querySelector(".look");
  let looked = false;
  again.hidden = status === 409 && Boolean(row);
  look.hidden = !again.hidden;
  look.addEventListener("click", async () => {
    for (const other of tray.querySelectorAll("li")) if (other.dataset.key === entry.about.key) other.dataset.key = "";
    const old = find(entry.about.key);
    // What was typed on gives way to what stands there; what was refused stays in the tray.
    if (old) { input(old).value = input(old).defaultValue; old.dataset.number = "?"; }
    await refresh();
    const now = find(entry.about.key);
    if (now && now === old) return;
    looked = true;
    again.hidden = false;
    look.hidden = true;
    if (now) input(now).focus();
  });
  tray.querySelector("ul").append(line);
  tray.hidden = false;
  say(`${entry.about.name}: ${why}`, 12);
}

// The lines as the archive has them now; what somebody is at is left alone.
let asked = 0;
async function refresh() {
  const turn = ++asked;
  if (outbox.waiting.length) return;
  let fresh;
  try {
    const answer = await send(here, null, { method: "GET", headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("lines");
  } catch { return; }
  if (turn !== asked || !fresh || outbox.waiting.length) return;
  const refusedKeys = new Set([...tray.querySelectorAll("li")].map((line) => line.dataset.key));
  let last = null;
  const keys = new Set();
  for (const row of [...fresh.querySelectorAll("li.line")]) {
    keys.add(row.dataset.key);
    const old = find(row.dataset.key);
    let now = old;
    if (!old || (!dirty(old) && !unsent(old) && !refusedKeys.has(row.dataset.key) && differs(old, row))) {
      now = document.adoptNode(row);
      if (old) swap(old, now); else if (last) last.after(now); else list.prepend(now);
      ready(now);
    }
    last = now;
  }
  for (const row of rows()) if (!keys.has(row.dataset.key) && !dirty(row)) row.remove();
  draw();
}

function differs(old, row) {
  return old.dataset.number !== row.dataset.number || input(old).defaultValue !== input(row).defaultValue;
}

function swap(old, now) {
  const had = old.contains(document.activeElement);
  const at = had && document.activeElement === input(old) ? input(old).selectionStart : null;
  old.replaceWith(now);
  if (had) {
    input(now).focus({ preventScroll: true });
    if (at !== null) input(now).setSelectionRange(at, at);
  }
}

function ready(row) {
  const strike = row.querySelector(".strike");
  if (strike) strike.hidden = false;
}

// The boxes of all lines on the page as a whole.
function draw() {
  boxes.replaceChildren(...rows().map((row) => {
    const [x, y, width, height] = row.dataset.place.split(",");
    const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of Object.entries({ x, y, width, height })) rect.setAttribute(name, value);
    rect.dataset.key = row.dataset.key;
    return rect;
  }));
}

function light(row) {
  for (const rect of boxes.children) rect.classList.toggle("here", rect.dataset.key === row?.dataset.key);
  for (const one of rows()) one.classList.toggle("here", one === row);
}

list.addEventListener("focusin", (event) => light(event.target.closest("li.line")));
list.addEventListener("input", (event) => { const row = event.target.closest("li.line"); if (row) mark(row); });

list.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return;
  const row = event.target.closest("li.line");
  if (!row || event.target !== input(row)) return;
  if (event.altKey && /^Digit[1-9]$/.test(event.code)) {
    event.preventDefault();
    take(row, row.querySelector(`[data-offer="${event.code.at(-1)}"]`));
  } else if (event.key === "Enter") {
    event.preventDefault();
    save(row);
    step(row, event.shiftKey ? -1 : 1);
  } else if (event.key === "ArrowDown" && !event.altKey) {
    event.preventDefault();
    step(row, 1);
  } else if (event.key === "ArrowUp" && !event.altKey) {
    event.preventDefault();
    step(row, -1);
  } else if (event.key === "Escape" && dirty(row)) {
    event.preventDefault();
    input(row).value = input(row).defaultValue;
    mark(row);
  }
});

function take(row, offer) {
  if (!offer) return;
  const field = input(row);
  const letters = [...field.value];
  let at = Number(offer.dataset.at);
  if (letters[at] !== offer.dataset.instead) at = letters.indexOf(offer.dataset.instead);
  if (at < 0) return;
  letters[at] = offer.dataset.text;
  field.value = letters.join("");
  mark(row);
  field.focus();
}

list.addEventListener("click", (event) => {
  const row = event.target.closest("li.line");
  if (!row) return;
  const offer = event.target.closest("[data-offer]");
  if (offer) take(row, offer);
  else if (event.target.closest(".strike")) {
    input(row).value = "";
    save(row);
    step(row, 1);
  } else if (event.target.closest("svg")) input(row).focus();
});

list.addEventListener("submit", (event) => {
  event.preventDefault();
  const row = event.target.closest("li.line");
  if (event.target.matches("form.says")) { save(row); step(row, 1); return; }
  const number = event.target.querySelector("[name=number]").value;
  outbox.put("/review/undo", { number }, { path: here, key: row.dataset.key, name: input(row).value });
  // What is typed but not saved gives way, too: it was typed over what is taken back.
  input(row).value = input(row).defaultValue;
  seen(row).disabled = true;
  told(row, words.unsent);
  say(words.undone);
});

// A line that was missed: its box is drawn with the mouse, or said in numbers.
const numbers = ["left", "top", "width", "height"].map((name) => add.elements[name]);
const drawn = document.getElementById("drawn");
const preview = document.getElementById("preview");

function place(event) {
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(sheet.getScreenCTM().inverse());
  const { width, height } = sheet.viewBox.baseVal;
  return { x: Math.min(Math.max(at.x, 0), width), y: Math.min(Math.max(at.y, 0), height) };
}

function outline() {
  const [left, top, width, height] = numbers.map((one) => Number(one.value));
  const whole = numbers.every((one) => one.value !== "") && width > 0 && height > 0;
  const box = { x: left, y: top, width: whole ? width : 0, height: whole ? height : 0 };
  for (const [name, value] of Object.entries(box)) drawn.setAttribute(name, value);
  preview.toggleAttribute("hidden", !whole);
  if (whole) preview.setAttribute("viewBox", `${left} ${top} ${width} ${height}`);
}

let from = null;
sheet.addEventListener("pointerdown", (event) => {
  if (event.button || event.pointerType === "touch") return;
  from = { ...place(event), rect: event.target.closest("#boxes rect") };
  sheet.setPointerCapture(event.pointerId);
  event.preventDefault();
});
sheet.addEventListener("pointermove", (event) => {
  if (!from) return;
  const to = place(event);
  const box = [Math.min(from.x, to.x), Math.min(from.y, to.y), Math.abs(to.x - from.x), Math.abs(to.y - from.y)];
  if (box[2] < 8 && box[3] < 8) return;
  from.moved = true;
  numbers.forEach((one, i) => { one.value = Math.round(box[i]); });
  outline();
});
sheet.addEventListener("pointerup", () => {
  const was = from;
  from = null;
  if (!was) return;
  if (was.moved) { add.elements.text.focus(); return; }
  const row = was.rect && find(was.rect.dataset.key);
  if (row) { input(row).focus(); row.scrollIntoView({ block: "center" }); }
});
for (const one of numbers) one.addEventListener("input", outline);

add.addEventListener("submit", (event) => {
  event.preventDefault();
  const body = { act: "add", text: add.elements.text.value };
  for (const one of numbers) body[one.name] = one.value;
  outbox.put(here, body, { path: here, key: "", name: body.text });
  add.reset();
  outline();
});
add.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.isComposing) event.preventDefault();
});

const layers = document.getElementById("layers");
layers.addEventListener("change", () => list.classList.toggle("plainly", !layers.checked));

for (const row of rows()) ready(row);
draw();
count();
if (window.matchMedia("(max-width: 62rem)").matches) document.querySelector(".whole").open = false;
const first = rows()[0];
if (first && document.activeElement === document.body) input(first).focus({ preventScroll: true });
