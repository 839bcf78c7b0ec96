// The page of an item: what is said beside the sheet and where it stands on the ink show each other.

import { alone, say, writing } from "./room.js";
import { SheetViewer } from "./viewer.js";

const item = document.querySelector(".item");
const place = document.getElementById("leaf");
const caption = item.querySelector("[data-caption]");
/** Kinds of marks that are drawn, besides hits and what is lit. */
const layers = { values: true, lines: false };
let leaf = told();
let hit = leaf.hits.indexOf(leaf.number);
let loading = null;

/** Say how much of the window lies above the desk, so that the desk fills the rest of it. */
function fill() {
  const above = item.querySelector(".desk").getBoundingClientRect().top + scrollY;
  document.documentElement.style.setProperty("--above", `${Math.round(above)}px`);
}
addEventListener("resize", fill);

// All has its place before the sheet is fitted into its own.
for (const hidden of document.querySelectorAll(".scripted")) hidden.hidden = false;
for (const shown of document.querySelectorAll(".unscripted")) shown.classList.add("unseen");
document.documentElement.classList.add("works");
fill();
const viewer = new SheetViewer(document.getElementById("sheet"));

function told() {
  return JSON.parse(place.querySelector("[data-leaf]").textContent);
}

// Sheets

async function show(sheet = leaf) {
  item.querySelector("[data-failed]").hidden = true;
  return viewer.open(sheet);
}

/** Turn to page `number`; with `mark` light that, else the first hit where it was asked for. */
async function turn(number, { mark = "", push = true } = {}) {
  if (number === leaf.number) { if (mark) light([mark], { pan: true }); return; }
  loading?.abort();
  loading = new AbortController();
  const asked = leaf.query ? `?q=${encodeURIComponent(leaf.query)}` : "";
  const url = `/items/${encodeURIComponent(leaf.item)}/pages/${number}${asked}`;
  try {
    const answer = await fetch(url, { signal: loading.signal, headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const html = await answer.text();
    place.innerHTML = html;
  } catch (error) {
    // Without the script the page is there all the same.
    if (error.name !== "AbortError") location.href = address(number);
    return;
  }
  leaf = told();
  for (const hidden of place.querySelectorAll(".scripted")) hidden.hidden = false;
  if (push) history.pushState({ page: number }, "", address(number));
  dress();
  follow();
  const opened = show();
  light(mark ? [mark] : [], {});
  if (await opened && mark) light([mark], { pan: true });
}

function address(number) {
  const asked = new URLSearchParams({ page: number });
  if (leaf.query) asked.set("q", leaf.query);
  return `/items/${encodeURIComponent(leaf.item)}?${asked}`;
}

/** Let everything that names the page name this one. */
function follow() {
  for (const link of item.querySelectorAll(".thumbs [data-page]")) {
    const here = Number(link.dataset.page) === leaf.number;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    if (here) reveal(link);
  }
  item.querySelector("[data-page-choice]").value = String(leaf.number);
  const at = leaf.pages.indexOf(leaf.number);
  for (const link of item.querySelectorAll("[data-page-step]")) {
    const other = leaf.pages[at + Number(link.dataset.pageStep)];
    if (other === undefined) { link.removeAttribute("href"); link.setAttribute("aria-disabled", "true"); }
    else { link.href = address(other); link.removeAttribute("aria-disabled"); }
  }
}

/** Bring a thumbnail into sight without moving the page itself. */
function reveal(link) {
  const strip = link.closest(".thumbs");
  const [edge, own] = [strip.getBoundingClientRect(), link.getBoundingClientRect()];
  if (own.top < edge.top || own.bottom > edge.bottom) strip.scrollTop += own.top - edge.top - edge.height / 2;
  if (own.left < edge.left || own.right > edge.right) strip.scrollLeft += own.left - edge.left - edge.width / 2;
}

function step(way) {
  const other = leaf.pages[leaf.pages.indexOf(leaf.number) + way];
  if (other !== undefined) turn(other);
}

// What is lit

/** Light marks on the sheet and what belongs to them beside it, and say what that is. */
function light(ids, { pan = false, scroll = false } = {}) {
  viewer.light(ids, { pan });
  const wanted = new Set(ids);
  for (const said of item.querySelectorAll(".told .lit")) said.classList.remove("lit");
  for (const said of item.querySelectorAll(".told [data-mark], .told [data-hit]")) {
    if (!wanted.has(said.dataset.mark) && !wanted.has(said.dataset.hit)) continue;
    said.classList.add("lit");
    if (scroll && said.offsetParent) said.scrollIntoView({ block: "nearest" });
  }
  const labels = ids.map((id) => viewer.mark(id)?.label).filter(Boolean);
  const away = ids.length === 1 && !labels.length && elsewhere(ids[0]);
  caption.textContent = labels[0] ?? (away ? caption.dataset.elsewhere.replace("{page}", away) : caption.dataset.empty);
}

/** The page on which the mark lies that a value is linked to, where it is another one. */
function elsewhere(id) {
  const said = item.querySelector(`.told a[data-mark="${CSS.escape(id)}"]`);
  return said && !here(said) ? said.dataset.page : "";
}

let pinned = [];

function pin(ids, how) {
  pinned = ids;
  light(ids, how);
}

viewer.element.addEventListener("sheet:over", ({ detail }) => {
  const meant = pointed(detail.marks);
  light(meant ? [meant.id] : pinned, {});
});

viewer.element.addEventListener("sheet:pick", ({ detail }) => {
  const meant = pointed(detail.marks);
  if (meant) open(meant.kind === "line" ? "text" : "record");
  pin(meant ? [meant.id] : [], { scroll: true });
});

/** Which of the marks under the pointer is meant: the line where the text is open, else a value where they are drawn. */
function pointed(marks) {
  const line = marks.find((mark) => mark.kind === "line");
  const value = layers.values && marks.find((mark) => /^(value|campaign)/.test(mark.kind));
  return (chosen() === "text" ? line || value : value || line) || null;
}

viewer.element.addEventListener("sheet:failed", () => { item.querySelector("[data-failed]").hidden = false; });

item.addEventListener("pointerover", (event) => {
  const said = event.target.closest(".told [data-mark]");
  if (said && event.pointerType !== "touch") light([said.dataset.mark], { pan: here(said) });
});
item.addEventListener("pointerout", (event) => {
  const said = event.target.closest(".told [data-mark]");
  if (said && !said.contains(event.relatedTarget)) light(pinned, {});
});
item.addEventListener("focusin", (event) => {
  const doubt = event.target.dataset?.doubt;
  const said = event.target.closest(".told [data-mark]");
  if (said) pin([said.dataset.mark], { pan: here(said) });
  if (doubt) caption.textContent = doubt;
});
item.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const link = event.target.closest("a.ink, .thumbs a, [data-page-step], mark[data-hit]");
  const line = event.target.closest("li.line");
  if (link?.matches("a.ink")) {
    event.preventDefault();
    const mark = link.dataset.mark ?? "";
    turn(Number(link.dataset.page), { mark }).then(() => pin(mark ? [mark] : [], { pan: true }));
    narrow();
  } else if (link?.matches(".thumbs a")) {
    event.preventDefault();
    turn(Number(link.dataset.page));
  } else if (link?.matches("[data-page-step]")) {
    event.preventDefault();
    step(Number(link.dataset.pageStep));
  } else if (line && !getSelection().toString()) {
    line.focus();
    pin([line.dataset.mark], { pan: true });
  }
});

function here(said) {
  return !said.dataset.page || Number(said.dataset.page) === leaf.number;
}

/** On a small screen the sheet is above: go to it. */
function narrow() {
  if (matchMedia("(max-width: 62rem)").matches) viewer.element.scrollIntoView({ block: "nearest" });
}

// Hits

async function toHit(way) {
  if (!leaf.hits.length) return;
  const count = leaf.hits.length;
  hit = hit < 0 ? (way > 0 ? leaf.hits.findIndex((page) => page >= leaf.number) : -1) : hit + way;
  hit = (hit + count) % count;
  const mark = `h${hit}`;
  await turn(leaf.hits[hit], { mark });
  pin([mark], { pan: true, scroll: true });
  const words = place.querySelector(`[data-hit="${mark}"]`)?.textContent ?? "";
  caption.textContent = `${hit + 1} / ${count}  ${words}`;
}

for (const button of item.querySelectorAll("[data-hit-step]")) {
  button.addEventListener("click", () => toHit(Number(button.dataset.hitStep)));
}

// Text

/** Make the text that was put in place answer to keys and to its switches. */
function dress() {
  for (const list of place.querySelectorAll("[data-roving]")) list.querySelector(".line")?.setAttribute("tabindex", "0");
  const box = place.querySelector("[data-simplified]");
  if (box) {
    box.checked = simplified();
    box.addEventListener("change", () => { keep(box.checked); script(); });
    script();
  }
  place.querySelector("[data-copy]")?.addEventListener("click", (event) => copy(event.currentTarget));
}

function simplified() {
  try { return localStorage.getItem("simplified") === "yes"; } catch { return false; }
}

function keep(yes) {
  try { localStorage.setItem("simplified", yes ? "yes" : "no"); } catch { /* Where nothing may be kept, nothing is. */ }
}

function script() {
  const simple = place.querySelector("[data-simplified]").checked;
  for (const line of place.querySelectorAll(".line")) {
    const other = line.querySelector(".simple");
    if (!other) continue;
    other.hidden = !simple;
    line.querySelector(".read").hidden = simple;
  }
}

async function copy(button) {
  const lines = [...place.querySelectorAll(".lines:not(.seals) .line")];
  const text = lines.map((line) => line.querySelector(".simple:not([hidden])") ?? line.querySelector(".read"));
  try {
    await navigator.clipboard.writeText(text.map((part) => part.textContent).join("\n"));
    say(button.dataset.done);
  } catch {
    // Not everywhere may a page write there: then the text is marked, ready to be copied.
    getSelection().selectAllChildren(place.querySelector(".lines"));
  }
}

place.addEventListener("keydown", (event) => {
  const line = event.target.closest(".line");
  if (!line || event.ctrlKey || event.altKey || event.metaKey) return;
  const lines = [...line.closest("[data-roving]").querySelectorAll(".line")];
  const ways = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in ways || event.key === "Home" || event.key === "End") {
    const at = { Home: 0, End: lines.length - 1 }[event.key] ?? lines.indexOf(line) + ways[event.key];
    const next = lines[Math.min(Math.max(at, 0), lines.length - 1)];
    for (const other of lines) other.tabIndex = other === next ? 0 : -1;
    next.focus();
    event.preventDefault();
  } else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
    const doubts = [...line.querySelectorAll(".read:not([hidden]) .unsure")];
    const at = doubts.indexOf(event.target) + (event.key === "ArrowRight" ? 1 : -1);
    (doubts[at] ?? (at < 0 ? line : event.target)).focus();
    event.preventDefault();
  }
});

// Layers, tabs, full screen

for (const box of item.querySelectorAll("[data-layer]")) {
  const set = () => {
    layers[box.dataset.layer] = box.checked;
    viewer.element.dataset[box.dataset.layer] = box.checked ? "1" : "";
  };
  box.addEventListener("change", set);
  set();
}

const tabs = [...item.querySelectorAll("[role=tab]")];

function chosen() {
  return tabs.find((tab) => tab.ariaSelected === "true")?.getAttribute("aria-controls");
}

function open(name, focus = false) {
  for (const tab of tabs) {
    const own = tab.getAttribute("aria-controls") === name;
    tab.setAttribute("aria-selected", String(own));
    tab.tabIndex = own ? 0 : -1;
    document.getElementById(tab.getAttribute("aria-controls")).hidden = !own;
    if (own && focus) tab.focus();
  }
}

for (const tab of tabs) {
  const panel = document.getElementById(tab.getAttribute("aria-controls"));
  panel.setAttribute("role", "tabpanel");
  panel.setAttribute("aria-labelledby", tab.id);
  tab.addEventListener("click", () => open(panel.id));
  tab.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!way) return;
    const next = tabs[(tabs.indexOf(tab) + way + tabs.length) % tabs.length];
    open(next.getAttribute("aria-controls"), true);
    event.preventDefault();
  });
}

function full() {
  const section = item.querySelector(".sheet");
  if (document.fullscreenElement) document.exitFullscreen();
  else section.requestFullscreen?.();
}
item.querySelector("[data-full]").addEventListener("click", full);
item.querySelector("[data-page-choice]").addEventListener("change", (event) => turn(Number(event.target.value)));

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || writing(event) || !alone(event)) return;
  const does = {
    "[": () => step(-1), "]": () => step(1), n: () => toHit(1), N: () => toHit(-1),
    "+": () => viewer.turn("in"), "=": () => viewer.turn("in"), "-": () => viewer.turn("out"),
    0: () => viewer.turn("home"), r: () => viewer.turn("right"), f: full,
    1: () => open("record", true), 2: () => open("text", true), 3: () => open("others", true), 4: () => open("done", true),
  }[event.key];
  // The sheet itself knows some of these keys when it has the focus.
  if (!does || (viewer.element.contains(event.target) && ["+", "=", "-", "0", "r"].includes(event.key))) return;
  event.preventDefault();
  does();
});

addEventListener("popstate", () => {
  const number = Number(new URLSearchParams(location.search).get("page")) || leaf.pages[0];
  turn(number, { push: false });
});

// The beginning

const named = decodeURIComponent(location.hash.slice(1));
const target = named ? document.getElementById(named) : null;
const panel = target?.closest(".panel")?.id ?? "record";
open(panel);
dress();
follow();
show().then((shown) => {
  if (shown && target?.dataset?.mark) pin([target.dataset.mark], { pan: true, scroll: true });
  else if (shown && hit >= 0) toHit(0);
});
