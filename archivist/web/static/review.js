// The review queue by keys: the next entry stands there before the archive has answered.

import { Outbox } from "./outbox.js";
import { alone, say, send, writing } from "./room.js";

const room = document.getElementById("review");
const place = document.getElementById("entry");
const tally = document.getElementById("tally");
const tray = document.getElementById("tray");
const wire = document.getElementById("wire");
const undoForm = document.getElementById("undo");
const words = room.dataset;
const READY = 6;
// What a key that is held down may do again and again; all else is decided once a press, however long that is.
const HELD = new Set(["j", "k", "ArrowRight", "ArrowLeft"]);
const READING = { method: "GET", headers: { Accept: "text/html" } };

const queue = [...place.children, ...document.getElementById("ready").content.querySelectorAll("article")];
const known = new Set(queue.map((entry) => entry.dataset.handle));
const session = `review:${words.who}`;
let at = 0;
let more = words.more === "yes";
let left = words.left === "" ? null : Number(words.left);
let fetching = null;
let started = false;
let wrote = false; // something was decided since the page was loaded, or is still to be sent
let swept = false; // the queue was looked through from its beginning since then

function kept(name, none) {
  try { return JSON.parse(sessionStorage.getItem(`${session}:${name}`)) ?? none; } catch { return none; }
}
function keep(name, value) {
  try { sessionStorage.setItem(`${session}:${name}`, JSON.stringify(value)); } catch { /* for this page only, then */ }
}

const decided = kept("decided", []); // newest last: {id, handle, at}
let done = kept("done", 0);
const gone = new Map(); // handle → entry that was decided, to be brought back

const outbox = new Outbox(session, {
  changed: () => { count(); if (!current()) show(); },
  kept: (entry) => { if (entry.about.back) returned(entry.about); },
  refused,
  stuck: (why) => {
    wire.hidden = !why;
    if (why) wire.firstElementChild.textContent = why === "barred" ? words.barred : words.offline;
  },
});
wire.querySelector("button").addEventListener("click", () => outbox.again());

wrote = outbox.waiting.length > 0;

// What was decided before the page was loaded anew may not be carried out yet.
const recent = new Set(decided.filter((one) => Date.now() - one.at < 60000).map((one) => one.handle));
for (let i = queue.length - 1; i >= 0; i--) if (recent.has(queue[i].dataset.handle)) queue.splice(i, 1);

function count() {
  const parts = [];
  if (done) {
    parts.push(words.done.replace("{count}", done));
    const last = decided.slice(-20);
    const minutes = last.length > 2 ? (last.at(-1).at - last[0].at) / 60000 : 0;
    if (minutes > 0) parts.push(words.pace.replace("{pace}", Math.round((last.length - 1) / minutes * 10) / 10));
  }
  if (left !== null) parts.push(words.waits.replace("{count}", Math.max(left, 0)));
  const sending = outbox.waiting.length;
  if (sending) parts.push(words.sending.replace("{count}", sending));
  else if (wrote) parts.push(words.kept);
  tally.textContent = parts.join(" · ");
  if (undoForm) undoForm.hidden = !decided.length && !words.last;
}

function current() { return queue[at]; }

function show() {
  const entry = current();
  if (place.firstElementChild !== entry || place.children.length > 1) place.replaceChildren(...(entry ? [entry] : []));
  // What went out of the queue meanwhile moved others to the front, where nobody looked.
  const unsure = !entry && wrote && !swept;
  document.getElementById("end").hidden = Boolean(entry) || unsure || more;
  if (unsure && !outbox.waiting.length) sweep();
  if (entry) {
    for (const hidden of entry.querySelectorAll("[data-skip], [data-sheet]")) hidden.hidden = false;
    if (started) { entry.focus({ preventScroll: true }); window.scrollTo({ top: 0 }); }
  }
  ahead();
  if (queue.length - at < READY && more && !fetching) fetchMore();
}

// Pictures of what comes next are fetched while this one is looked at.
function ahead() {
  for (const entry of queue.slice(at + 1, at + 3)) {
    if (entry.ready) continue;
    entry.ready = [...entry.querySelectorAll("svg image")].filter((image) => !image.closest("dialog")).map((image) => {
      const picture = new Image();
      picture.src = image.getAttribute("href");
      return picture;
    });
  }
}

async function fetchMore() {
  if (fetching) return fetching;
  fetching = gather();
  try { await fetching; } finally { fetching = null; }
  return null;
}

async function sweep() {
  swept = true;
  more = true;
  if (fetching) await fetching;
  fetching = gather(0);
  try { await fetching; } finally { fetching = null; more = false; }
  show();
}

async function gather(from) {
  // Those that stand here still wait there, and those that were not sent yet as well.
  let skip = from ?? queue.length + outbox.waiting.length;
  for (let turn = 0; turn < 6 && more; turn++) {
    let list;
    try {
      const answer = await send(`/review/entries?${words.query}&skip=${skip}`, null, READING);
      if (!answer.ok || answer.redirected) return;
      list = new DOMParser().parseFromString(await answer.text(), "text/html").body.firstElementChild;
    } catch { return; }
    if (!list || list.dataset.more === undefined) return;
    if (list.dataset.left !== "") left = Number(list.dataset.left) - outbox.waiting.length;
    const fresh = [...list.querySelectorAll("article")].filter((entry) => !known.has(entry.dataset.handle));
    more = list.dataset.more === "yes";
    for (const entry of fresh) { known.add(entry.dataset.handle); queue.push(document.adoptNode(entry)); }
    if (fresh.length) break;
    skip += list.querySelectorAll("article").length || 12;
  }
  count();
  if (!place.firstElementChild && current()) show(); else ahead();
}

function step(by) {
  const next = at + by;
  if (next < 0 || next > queue.length || (next === queue.length && !more)) return;
  at = next;
  show();
}

function inputs(entry) { return [...entry.querySelectorAll("[data-part]:is(input, select)")]; }
function stood(input) {
  if (input instanceof HTMLSelectElement) return [...input.options].find((one) => one.defaultSelected)?.value ?? "";
  return input.defaultValue;
}
function changed(entry) { return inputs(entry).filter((input) => input.value !== stood(input)); }

function decide(act) {
  const entry = current();
  const form = entry?.querySelector("form.answer");
  if (!form || (act === "reject" && !form.querySelector("[value=reject]"))) return;
  const body = { handle: entry.dataset.handle, act };
  if (act === "correct") {
    const typed = changed(entry);
    if (!typed.length) { edit(entry); return; }
    for (const input of typed) body[input.name] = input.value;
  }
  const about = { handle: entry.dataset.handle, name: `${entry.querySelector("h2").textContent} — ${words[act]}` };
  const id = outbox.put("/review/decide", body, about);
  decided.push({ id, handle: entry.dataset.handle, at: Date.now() });
  keep("decided", decided.slice(-300));
  keep("done", ++done);
  if (left !== null) left--;
  wrote = true;
  swept = false;
  gone.set(entry.dataset.handle, entry);
  queue.splice(at, 1);
  if (at >= queue.length && !more) at = Math.max(0, queue.length - 1);
  show();
  count();
}

function undo() {
  const last = decided.pop();
  if (!last) {
    if (words.last) { undoForm.requestSubmit(); words.last = ""; } else say(words.nothing);
    return;
  }
  keep("decided", decided.slice(-300));
  if (!outbox.takeBack(last.id, "/review/undo", { back: true, handle: last.handle })) {
    say(words.nothing);
    count();
    return;
  }
  keep("done", --done);
  if (left !== null) left++;
  bring(last.handle);
  say(words.undone);
  count();
}

// What was taken back comes to the front again; where this page never saw it, once the archive has it back.
function bring(handle) {
  const entry = gone.get(handle);
  if (!entry) return;
  gone.delete(handle);
  queue.splice(at, 0, entry);
  show();
}

async function returned({ handle }) {
  if (queue.some((entry) => entry.dataset.handle === handle)) return;
  const answer = await send(`/review/entries/${encodeURIComponent(handle)}`, null, READING);
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const entry = page.querySelector("article");
  if (!entry) return;
  known.add(handle);
  queue.splice(at, 0, document.adoptNode(entry));
  show();
}

function refused(entry, why) {
  if (entry.about.back) { say(why, 12); return; }
  const place = decided.findIndex((one) => one.id === entry.id);
  if (place >= 0) { decided.splice(place, 1); keep("decided", decided.slice(-300)); keep("done", --done); }
  const row = document.getElementById("tray-entry").content.firstElementChild.cloneNode(true);
  row.querySelector("b").textContent = `${entry.about.name}: ${why}`;
  const leave = () => { row.remove(); tray.hidden = !tray.querySelector("li"); };
  row.querySelector(".drop").addEventListener("click", leave);
  row.querySelector(".again").addEventListener("click", () => {
    leave();
    const id = outbox.put(entry.url, entry.body, entry.about);
    decided.push({ id, handle: entry.about.handle, at: Date.now() });
    keep("decided", decided.slice(-300));
    keep("done", ++done);
    count();
  });
  const back = row.querySelector(".back");
  back.hidden = !gone.has(entry.about.handle);
  back.addEventListener("click", () => { leave(); bring(entry.about.handle); });
  tray.querySelector("ul").append(row);
  tray.hidden = false;
  say(`${entry.about.name}: ${why}`, 12);
  count();
}

function edit(entry) {
  const first = inputs(entry)[0];
  if (first) { first.focus(); first.select?.(); }
}

function choose(entry, key) {
  const choice = entry.querySelector(`[data-choice="${key}"]`);
  if (!choice) return;
  const input = inputs(entry).find((one) => one.dataset.part === choice.dataset.part);
  if (choice.dataset.at === undefined) {
    input.value = choice.dataset.text;
  } else {
    // By code point: a character outside the first plane counts once.
    const letters = [...input.value];
    let where = Number(choice.dataset.at);
    if (![choice.dataset.instead, choice.dataset.text].includes(letters[where])) {
      where = letters.indexOf(choice.dataset.instead);
    }
    if (where < 0) return;
    letters[where] = choice.dataset.text;
    input.value = letters.join("");
  }
  mark(entry);
}

function mark(entry) {
  for (const input of inputs(entry)) input.classList.toggle("changed", input.value !== stood(input));
  entry.classList.toggle("changed", changed(entry).length > 0);
}

function sheet(entry) {
  const window = entry?.querySelector("dialog.sheet");
  if (!window) return;
  if (window.open) window.close(); else window.showModal();
}

function later() {
  const [entry] = queue.splice(at, 1);
  if (!entry) return;
  queue.push(entry);
  say(words.skipped, 2);
  show();
}

room.addEventListener("input", (event) => {
  const entry = event.target.closest("article.entry");
  if (entry) mark(entry);
});

room.addEventListener("submit", (event) => {
  const form = event.target;
  if (form === undoForm) {
    if (decided.length) { event.preventDefault(); undo(); }
    return;
  }
  if (!form.matches("form.answer")) return;
  event.preventDefault();
  decide(event.submitter?.value ?? "correct");
});

room.addEventListener("click", (event) => {
  const entry = current();
  const choice = event.target.closest("[data-choice]");
  if (choice) choose(entry, choice.dataset.choice);
  else if (event.target.closest("[data-skip]")) later();
  else if (event.target.closest("[data-sheet]")) sheet(entry);
});

for (const select of room.querySelectorAll(".wish select, .wish input")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}

document.addEventListener("keydown", (event) => {
  const entry = current();
  if (event.isComposing || event.keyCode === 229) return;
  const input = event.target.closest?.("form.answer [data-part]");
  if (input) {
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (event.repeat) return;
      decide(changed(entry).length ? "correct" : "accept");
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (input instanceof HTMLSelectElement) input.value = stood(input);
      else input.value = input.defaultValue;
      mark(entry);
      entry.focus();
    }
    return;
  }
  const shown = entry?.querySelector("dialog.sheet[open]");
  if (shown && event.key === "w") { event.preventDefault(); sheet(entry); return; }
  if (writing(event) || !alone(event)) return;
  const pressed = event.target.closest?.("button, a[href], summary");
  if ((event.key === "Enter" || event.key === " ") && pressed) return;
  const keys = {
    a: () => decide("accept"),
    Enter: () => {
      const way = entry?.querySelector("[data-enter]");
      if (way) way.click(); else if (entry) decide(changed(entry).length ? "correct" : "accept");
    },
    c: () => entry && edit(entry),
    r: () => decide("reject"),
    x: () => decide("reject"),
    s: later,
    u: undo,
    j: () => step(1),
    ArrowRight: () => step(1),
    k: () => step(-1),
    ArrowLeft: () => step(-1),
    w: () => sheet(entry),
    o: () => {
      const link = entry?.querySelector("[data-open]");
      if (link) window.open(link.href, "_blank", "noopener");
    },
  };
  const act = /^[1-9]$/.test(event.key) ? () => entry && choose(entry, event.key) : keys[event.key];
  if (!act) return;
  event.preventDefault();
  if (event.repeat && !HELD.has(event.key)) return;
  started = true;
  act();
});

for (const link of document.querySelectorAll(".plainly")) link.hidden = true;
show();
count();
if (current() && document.activeElement === document.body) current().focus({ preventScroll: true });
started = true;
