// A sheet to look at: OpenSeadragon with marks drawn on the ink, in pixels of the sheet.

const SVG = "http://www.w3.org/2000/svg";
/** How far the view stays away from the edges when it moves to a mark, as a share of it. */
const ROOM = 0.12;

/**
 * The viewer in `element`. Marks are `{id, kind, boxes: [[x, y, width, height], …], label}`; several may have one id.
 *
 * Events on `element`, each with `detail.marks`, those under the pointer, the smallest first:
 * `sheet:over` as the pointer moves over other ones, `sheet:pick` where they are clicked, `sheet:failed` where there is
 * no picture. Buttons anywhere with `data-sheet="in|out|home|left|right"` and `aria-controls` its id work it.
 */
export class SheetViewer {
  #marks = [];
  #lit = new Set();
  #over = "";
  #size = [1, 1];

  constructor(element) {
    this.element = element;
    quietly();
    this.osd = window.OpenSeadragon({
      element,
      drawer: "canvas",
      showNavigationControl: false,
      showSequenceControl: false,
      animationTime: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 0.35,
      visibilityRatio: 0.6,
      constrainDuringPan: true,
      minZoomImageRatio: 0.7,
      maxZoomPixelRatio: 4,
      zoomPerScroll: 1.25,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
      gestureSettingsTouch: { clickToZoom: false, dblClickToZoom: true },
      gestureSettingsPen: { clickToZoom: false, dblClickToZoom: true },
    });
    this.svg = document.createElementNS(SVG, "svg");
    this.svg.classList.add("overlay");
    this.svg.setAttribute("aria-hidden", "true");
    this.layer = this.svg.appendChild(document.createElementNS(SVG, "g"));
    this.osd.canvas.append(this.svg);
    // It takes arrow keys, + and −: those who hear the page are told what it is.
    this.osd.canvas.setAttribute("role", "application");
    this.osd.canvas.setAttribute("aria-label", element.getAttribute("aria-label") ?? "");
    element.removeAttribute("aria-label");
    element.removeAttribute("role");
    // The page says in its own words where there is no picture.
    this.osd._showMessage = () => {};
    for (const moment of ["update-viewport", "open", "resize", "rotate", "animation"]) {
      this.osd.addHandler(moment, () => this.#follow());
    }
    this.osd.addHandler("open-failed", () => this.#tell("failed", []));
    this.osd.addHandler("canvas-click", (event) => {
      if (event.quick) this.#tell("pick", this.#under(event.position));
    });
    // What is lit follows the pointer, but not while the sheet is pushed about.
    element.addEventListener("pointermove", (event) => {
      if (event.buttons || event.pointerType === "touch") return;
      const edge = this.osd.canvas.getBoundingClientRect();
      this.#hover(this.#under(new window.OpenSeadragon.Point(event.clientX - edge.left, event.clientY - edge.top)));
    });
    element.addEventListener("pointerleave", () => this.#hover([]));
    // Mirrored writing cannot be read; the page itself scrolls by its own keys.
    this.osd.addHandler("canvas-key", (event) => {
      if (["f", "F", "j", "J", "k", "K"].includes(event.originalEvent.key)) event.preventDefaultAction = true;
    });
    for (const button of document.querySelectorAll(`[data-sheet][aria-controls="${element.id}"]`)) {
      button.addEventListener("click", () => this.turn(button.dataset.sheet));
    }
  }

  /** Show the sheet of which `source` is the info.json, and the marks on it; the way it is turned is kept not. */
  open({ source, width, height, marks = [] }) {
    this.#size = [width, height];
    this.#over = "";
    this.#lit.clear();
    this.osd.viewport?.setRotation(0, true);
    this.draw(marks);
    return new Promise((opened) => {
      this.osd.addOnceHandler("open", () => { this.#follow(); opened(true); });
      this.osd.addOnceHandler("open-failed", () => opened(false));
      this.osd.open(source);
    });
  }

  /** Put these marks in place of those there are. */
  draw(marks) {
    this.#marks = marks;
    this.layer.replaceChildren();
    for (const mark of marks) {
      for (const [x, y, width, height] of mark.boxes) {
        const box = document.createElementNS(SVG, "rect");
        for (const [name, value] of Object.entries({ x, y, width, height })) box.setAttribute(name, value);
        box.setAttribute("class", `mark ${mark.kind}`);
        box.dataset.mark = mark.id;
        this.layer.append(box);
      }
    }
    this.#paint();
  }

  /** Light the marks with these ids, and no others; with `pan` the view moves there where they are out of sight. */
  light(ids, { pan = false } = {}) {
    this.#lit = new Set(ids);
    this.#paint();
    if (pan) this.#bring(this.#marks.filter((mark) => this.#lit.has(mark.id)).flatMap((mark) => mark.boxes));
  }

  /** The mark with this id, if it is on this sheet. */
  mark(id) {
    return this.#marks.find((mark) => mark.id === id);
  }

  /** Do what a button says. */
  turn(what) {
    const view = this.osd.viewport;
    if (!view) return;
    if (what === "in") view.zoomBy(1.5);
    else if (what === "out") view.zoomBy(1 / 1.5);
    else if (what === "right") view.setRotation((view.getRotation() + 90) % 360);
    else if (what === "left") view.setRotation((view.getRotation() + 270) % 360);
    else if (what === "home") { view.setRotation(0); view.goHome(); }
    view.applyConstraints();
  }

  #paint() {
    for (const box of this.layer.children) box.classList.toggle("lit", this.#lit.has(box.dataset.mark));
  }

  /** Lay the marks where the picture is now. */
  #follow() {
    const view = this.osd.viewport;
    if (!view || !this.osd.world.getItemCount()) return;
    const [width, height] = this.#size;
    const at = (x, y) => view.pixelFromPoint(new window.OpenSeadragon.Point(x, y), true);
    const [start, across, down] = [at(0, 0), at(1, 0), at(0, height / width)];
    const turned = [(across.x - start.x) / width, (across.y - start.y) / width];
    turned.push((down.x - start.x) / height, (down.y - start.y) / height, start.x, start.y);
    this.layer.setAttribute("transform", `matrix(${turned.join(" ")})`);
  }

  #under(position) {
    if (!this.osd.world.getItemCount()) return [];
    const [width] = this.#size;
    const point = this.osd.viewport.pointFromPixel(position, true);
    const [x, y] = [point.x * width, point.y * width];
    const within = ([left, top, w, h]) => x >= left && x < left + w && y >= top && y < top + h;
    const area = (mark) => Math.min(...mark.boxes.filter(within).map(([, , w, h]) => w * h));
    return this.#marks.filter((mark) => mark.boxes.some(within)).sort((one, other) => area(one) - area(other));
  }

  #hover(marks) {
    const now = marks.map((mark) => mark.id).join(" ");
    if (now === this.#over) return;
    this.#over = now;
    this.element.classList.toggle("over", marks.length > 0);
    this.#tell("over", marks);
  }

  #tell(what, marks) {
    this.element.dispatchEvent(new CustomEvent(`sheet:${what}`, { bubbles: true, detail: { marks } }));
  }

  /** Move to `boxes` where any part of them is out of sight, no nearer than before unless they do not fit. */
  #bring(boxes) {
    const view = this.osd.viewport;
    if (!boxes.length || !view || !this.osd.world.getItemCount()) return;
    const [width] = this.#size;
    const left = Math.min(...boxes.map(([x]) => x)) / width;
    const top = Math.min(...boxes.map(([, y]) => y)) / width;
    const right = Math.max(...boxes.map(([x, , w]) => x + w)) / width;
    const bottom = Math.max(...boxes.map(([, y, , h]) => y + h)) / width;
    const seen = view.getBounds();
    const inside = left >= seen.x && right <= seen.x + seen.width && top >= seen.y && bottom <= seen.y + seen.height;
    if (inside && view.getRotation() % 180 === 0) return;
    const around = new window.OpenSeadragon.Rect(left, top, right - left, bottom - top);
    if (around.width > seen.width * (1 - 2 * ROOM) || around.height > seen.height * (1 - 2 * ROOM)) {
      const [across, down] = [around.width * ROOM, around.height * ROOM];
      const wide = new window.OpenSeadragon.Rect(
        around.x - across, around.y - down, around.width + 2 * across, around.height + 2 * down,
      );
      view.fitBoundsWithConstraints(wide);
    } else {
      view.panTo(around.getCenter());
      view.applyConstraints();
    }
  }
}

/**
 * Keep OpenSeadragon from writing a style into the page, which the page does not allow (what it says is in item.css),
 * and from telling of every tile that came after the page was turned.
 */
function quietly() {
  window.OpenSeadragon.console = Object.assign(Object.create(console), { warn() {} });
  const name = "data-openseadragon-mobile-css";
  if (document.querySelector(`style[${name}]`)) return;
  const none = document.createElementNS("urn:none", "style");
  none.setAttribute(name, "");
  document.head.append(none);
}
