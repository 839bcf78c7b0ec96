// Sets a paper the way chromium is asked to print it, and tells where every line of it came to stand.
//
// URL parameters: layer (print, hand, overlay; absent: all at once), seed (of the handwriting).
// Result: <script id="sheets" type="application/json">, one entry a page, boxes in CSS pixels from the page's corner.
"use strict";

const wanted = new URLSearchParams(location.search);
if (wanted.has("layer")) document.documentElement.dataset.layer = wanted.get("layer");

/** Mulberry32: the same strokes for the same seed. */
function strokes(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Every character written by hand sits a little off the line, a little turned, a little larger or smaller. */
function writeByHand(next) {
  const about = (spread) => (next() * 2 - 1) * spread;
  for (const element of document.querySelectorAll(".hand")) {
    let drift = about(0.04);
    const text = element.textContent;
    element.textContent = "";
    for (const character of text) {
      if (!character.trim()) { element.append(character); continue; }
      drift += about(0.02);
      const span = document.createElement("span");
      span.textContent = character;
      span.style.transform =
        `translate(${about(0.03)}em, ${drift + about(0.03)}em) rotate(${about(4)}deg) scale(${1 + about(0.06)})`;
      element.append(span);
    }
  }
}

/** The first character of a paragraph that hangs below `bottom`, or -1. */
function overflowAt(paragraph, bottom) {
  const node = paragraph.firstChild;
  const range = document.createRange();
  for (let i = 0; i < node.length; i++) {
    range.setStart(node, i);
    range.setEnd(node, i + 1);
    if (range.getBoundingClientRect().bottom > bottom + 0.5) return i;
  }
  return -1;
}

/** Moves the blocks of <template class="flow"> into the page bodies, breaking plain paragraphs between lines.
 *  A block of class `new` begins a page. */
function paginate() {
  const flow = document.querySelector("template.flow");
  if (!flow) return;
  const following = document.querySelector("template.page-after");
  const waiting = [...flow.content.children];
  let body = document.querySelector(".body");
  const turnOver = () => {
    const page = following.content.firstElementChild.cloneNode(true);
    document.querySelector(".page:last-of-type").after(page);
    body = page.querySelector(".body");
  };
  while (waiting.length) {
    const block = waiting.shift();
    if (block.classList.contains("new") && body.childElementCount) turnOver();
    body.append(block);
    const bottom = body.getBoundingClientRect().bottom;
    if (block.getBoundingClientRect().bottom <= bottom + 0.5) continue;
    const at = block.childElementCount || !block.firstChild ? 0 : overflowAt(block, bottom);
    if (at < 0) continue;
    if (at > 0) {
      const rest = block.cloneNode();
      rest.textContent = block.textContent.slice(at);
      rest.classList.add("rest");
      block.textContent = block.textContent.slice(0, at);
      block.classList.add("broken");
      waiting.unshift(rest);
    } else {
      block.remove();
      waiting.unshift(block);
    }
    turnOver();
  }
  document.querySelectorAll(".page").forEach((page, i) => {
    const folio = page.querySelector(".folio");
    if (folio) folio.textContent = folio.textContent.replace("#", i + 1);
  });
}

/** Round seals: ring text over the upper arc, a star, a lower line where there is one. Drawn in units of a 42 mm seal.
 *  data-ring, data-lower: the texts; data-face: the typeface; data-turn: degrees by which it was set askew. */
function cutSeals() {
  for (const seal of document.querySelectorAll(".seal")) {
    const ring = [...seal.dataset.ring];
    const sweep = Math.min(seal.dataset.lower ? 225 : 270, ring.length * 29);
    const glyphs = ring.map((character, i) => {
      const angle = -sweep / 2 + (sweep * i) / (ring.length - 1);
      return `<text transform="rotate(${angle}) translate(0 -14.6)" text-anchor="middle">${character}</text>`;
    });
    const star = Array.from({ length: 10 }, (_, i) => {
      const radius = i % 2 ? 2.5 : 6.5, angle = (Math.PI * i) / 5;
      return `${radius * Math.sin(angle)},${-radius * Math.cos(angle)}`;
    });
    const lower = seal.dataset.lower ? `<text y="14" text-anchor="middle" font-size="4.2">${seal.dataset.lower}</text>` : "";
    seal.innerHTML = `<svg viewBox="-21 -21 42 42" width="100%" fill="#d0202c"
      font-family="${seal.dataset.face ?? "Noto Serif CJK SC"}" font-weight="700" font-size="5.1">
      <g transform="rotate(${seal.dataset.turn ?? 0})"><circle r="20.3" fill="none" stroke="#d0202c" stroke-width="1.1"/>
      <polygon points="${star.join(" ")}"/>${glyphs.join("")}${lower}</g></svg>`;
  }
}

/** For each cell of the page's tables, in a Map: table, row and column, counted as if no cell were merged. */
function cellsOf(page) {
  const places = new Map();
  [...page.querySelectorAll("table:not(.overlay)")].forEach((table, number) => {
    const taken = new Set();
    [...table.rows].forEach((row, down) => {
      let across = 0;
      for (const cell of row.cells) {
        while (taken.has(`${down} ${across}`)) across++;
        for (let i = 0; i < cell.rowSpan; i++)
          for (let j = 0; j < cell.colSpan; j++) taken.add(`${down + i} ${across + j}`);
        places.set(cell, [number, down, across]);
      }
    });
  });
  return places;
}

/** One page's lines in document order, a new line wherever the block changes or the writing starts afresh. */
function linesOf(page) {
  const origin = page.getBoundingClientRect();
  const walker = document.createTreeWalker(page, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
    node.classList?.contains("overlay") || node.nodeName === "svg" || node.nodeName === "STYLE"
      ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  const range = document.createRange();
  const cells = cellsOf(page);
  const lines = [];
  let line = null, before = null;
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.nodeType !== Node.TEXT_NODE) continue;
    const parent = node.parentElement;
    const block = parent.closest("p, h1, h2, td, th, .line");
    if (!block) continue;
    const style = getComputedStyle(parent);
    const upright = style.writingMode === "horizontal-tb";
    const families = style.fontFamily.split(",").map((name) => name.trim().replaceAll('"', ""));
    for (let i = 0; i < node.length; i++) {
      const character = node.data[i];
      if (!character.trim()) {
        if (line?.block === block) line.text += " ";
        continue;
      }
      range.setStart(node, i);
      range.setEnd(node, i + 1);
      const rect = range.getBoundingClientRect();
      const middle = upright ? (rect.top + rect.bottom) / 2 : (rect.left + rect.right) / 2;
      const size = upright ? rect.height : rect.width;
      if (line?.block !== block || Math.abs(middle - before) > 0.6 * size) {
        line = { block, cell: cells.get(parent.closest("td, th")), text: "", hand: false, boxes: [], fonts: [] };
        lines.push(line);
      }
      before = middle;
      line.text += character;
      line.hand ||= Boolean(parent.closest(".hand"));
      line.boxes.push([rect.left - origin.left, rect.top - origin.top, rect.right - origin.left, rect.bottom - origin.top]);
      line.fonts.push(families);
    }
  }
  return lines.map((found) => ({
    text: found.text.replace(/\s+/g, " ").trim(), kind: found.hand ? "handwritten" : "printed",
    boxes: found.boxes, fonts: found.fonts, cell: found.cell,
  }));
}

function sealsOf(page) {
  return [...page.querySelectorAll(".overlay")].flatMap((overlay) => overlay.dataset.ring
    ? [overlay.dataset.ring, overlay.dataset.lower].filter(Boolean)
    : [...overlay.querySelectorAll("tr")].map((row) => [...row.cells].map((cell) => cell.textContent).join(" ")));
}

paginate();
writeByHand(strokes(Number(wanted.get("seed") ?? 1)));
cutSeals();
document.fonts.ready.then(() => {
  const sheets = [...document.querySelectorAll(".page")].map((page) => ({
    lines: linesOf(page), seals: sealsOf(page), width: page.offsetWidth, height: page.offsetHeight,
    layers: ["hand", "overlay"].filter((layer) => page.querySelector("." + layer)),
  }));
  const result = document.createElement("script");
  result.id = "sheets";
  result.type = "application/json";
  result.textContent = JSON.stringify(sheets);
  document.body.append(result);
});
