// Sends scans one by one: what has come stays, a broken connection is waited for, and nothing comes twice.

import { say, send } from "./room.js";

const drop = document.getElementById("drop");
const TOKEN = "meta[name=csrf]";
let csrf = document.querySelector(TOKEN)?.content ?? "";
const words = (name, said = {}) => (drop?.dataset[name] ?? "").replace(/\{(\w+)\}/g, (_all, key) => said[key] ?? "");
const at = (id) => document.getElementById(id);
const parts = (path) => path.split("/").map(encodeURIComponent).join("/");
const LITTER = new Set(["thumbs.db", "desktop.ini"]);
const LISTS = new Set(["manifest.csv", ".archivistignore"]);
const LONGEST_WAIT = 30;
// Bytes of a file for which it is worth asking first whether there is room.
const LARGE = 4e6;

/** Refused for good: sending it again would bring the same answer. */
class Refused extends Error {}
/** The room does not know who sends any more. */
class Out extends Error {}

function changed() {
  window.htmx?.trigger(document.body, "changed");
  window.htmx?.trigger(document.body, "look");
}

function amount(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let step = 0;
  while (bytes >= 1000 && step < units.length - 1) { bytes /= 1000; step += 1; }
  return `${step && bytes < 100 ? bytes.toFixed(1) : Math.round(bytes)} ${units[step]}`;
}

/** Send one file; `going` is told how many bytes have left. */
function put(url, file, going, signal) {
  return new Promise((done, failed) => {
    const sent = new XMLHttpRequest();
    sent.open("PUT", url);
    sent.setRequestHeader("X-CSRF-Token", csrf);
    sent.setRequestHeader("Content-Type", "application/octet-stream");
    sent.setRequestHeader("Accept", "application/json");
    sent.upload.onprogress = (event) => going(event.loaded);
    sent.onload = () => {
      if (sent.status < 300) done();
      else if (sent.status === 401) failed(new Out());
      else if (sent.status === 403) renewed().then((anew) => failed(anew ? new Error("") : new Refused(detail(sent))));
      else if ([400, 404, 413].includes(sent.status)) failed(new Refused(detail(sent)));
      else failed(new Error(detail(sent)));
    };
    sent.onerror = () => failed(new Error(""));
    sent.onabort = () => failed(new DOMException("", "AbortError"));
    signal?.addEventListener("abort", () => sent.abort(), { once: true });
    sent.send(file);
  });
}

function detail(sent) {
  try { return JSON.parse(sent.responseText).detail || String(sent.status); } catch { return String(sent.status); }
}

/** Whether somebody has logged in anew meanwhile, in another tab: what shows who sends is another one then. */
async function renewed() {
  const answer = await fetch("/account", { credentials: "same-origin" });
  const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(TOKEN)?.content;
  const anew = Boolean(found) && found !== csrf;
  if (anew) csrf = found;
  return anew;
}

/** What is sent, and how far it is. */
class Sending {
  constructor() {
    this.upload = "";
    this.queue = [];
    this.total = 0;
    this.bytes = 0;
    this.done = 0;
    this.sent = 0;
    this.had = 0;
    this.failed = 0;
    this.again = false;
    this.aside = [];
    this.refused = [];
    this.busy = false;
    this.paused = null;
  }

  /** Take `files` ([path, File]) into the queue. */
  async add(files) {
    const suffixes = new Set(drop.dataset.suffixes.split(" "));
    let taken = 0;
    for (const [path, file] of files) {
      const name = path.split("/").at(-1);
      const lower = name.toLowerCase();
      if (LITTER.has(lower) || (path.split("/").some((part) => part.startsWith(".")) && !LISTS.has(lower))) continue;
      const suffix = lower.includes(".") ? lower.slice(lower.lastIndexOf(".")) : "";
      if (!suffixes.has(suffix) && !LISTS.has(lower)) {
        this.aside.push(path);
        continue;
      }
      if (file.size > Number(drop.dataset.most)) {
        this.refused.push(`${path}: ${words("large")}`);
        continue;
      }
      this.queue.push([path, file]);
      this.total += 1;
      this.bytes += file.size;
      taken += 1;
    }
    at("sending").hidden = false;
    this.show();
    if (!taken) {
      this.trouble(this.refused.length ? "" : words("nothing"));
      return;
    }
    if (!this.busy) await this.run();
  }

  async run() {
    this.busy = true;
    this.trouble("");
    at("take").disabled = true;
    try {
      while (this.queue.length) {
        if (this.paused) await this.paused.over;
        const [path, file] = this.queue[0];
        at("sending-file").textContent = path;
        await this.one(path, file);
        this.queue.shift();
        this.done += 1;
        this.sent += file.size;
        this.show();
      }
    } finally {
      this.busy = false;
    }
    at("sending-file").textContent = "";
    const here = this.done - this.failed;
    const said = [words("here", { count: here, size: amount(this.sent) })];
    if (this.had) said.push(words("had", { count: this.had }));
    at("sending-words").textContent = said.join(" ");
    at("pause").hidden = true;
    changed();
    if (!here) return;
    at("take").disabled = false;
    if (at("by-itself").checked) await this.take();
    else at("take").focus();
  }

  /** Send one file, for as long as it takes. */
  async one(path, file) {
    for (let wait = 1; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      this.stop = new AbortController();
      try {
        if (!this.upload) await this.begin();
        const url = `/ingest/uploads/${this.upload}/${parts(path)}`;
        if (this.again || wait > 1 || file.size > LARGE) {
          const known = await send(`${url}?size=${file.size}`, null, { method: "HEAD", signal: this.stop.signal });
          if (known.status === 401) throw new Out();
          if (known.status === 507) throw new Error(words("full"));
          if (known.headers.get("X-Size") === String(file.size)) {
            if (this.again) this.had += 1;
            return;
          }
        }
        await put(url, file, (left) => this.show(Math.min(left, file.size)), this.stop.signal);
        this.trouble("");
        return;
      } catch (error) {
        if (error instanceof Refused) {
          this.refused.push(`${path}: ${error.message}`);
          this.failed += 1;
          return;
        }
        if (this.paused) {
          await this.paused.over;
          wait = 0.5;
          continue;
        }
        const why = error instanceof Out ? words("gone") : words("broken", { seconds: wait });
        this.trouble([error instanceof Out ? "" : error.message, why].filter(Boolean).join(" · "));
        await new Promise((over) => {
          const timer = setTimeout(over, wait * 1000);
          window.addEventListener("online", () => { clearTimeout(timer); over(); }, { once: true });
        });
      }
    }
  }

  async begin() {
    const answer = await send("/ingest/uploads");
    if (answer.status === 401) throw new Out();
    if (!answer.ok) throw new Error(String(answer.status));
    this.upload = (await answer.json()).name;
  }

  async take() {
    at("take").disabled = true;
    const target = { target: "#now", swap: "outerHTML show:window:top" };
    await window.htmx.ajax("POST", `/ingest/uploads/${this.upload}/take`, target);
    // What is dropped from now on is another upload.
    Object.assign(this, new Sending());
    for (const id of ["sending", "sending-to"]) at(id).hidden = true;
    at("pause").hidden = false;
  }

  pause() {
    if (this.paused) {
      const { go } = this.paused;
      this.paused = null;
      go();
    } else {
      let go;
      const over = new Promise((done) => { go = done; });
      this.paused = { over, go };
      this.stop?.abort();
    }
    const button = at("pause");
    button.textContent = this.paused ? button.dataset.on : button.dataset.pause;
  }

  show(left = 0) {
    const sent = this.sent + left;
    at("sending-bar").value = this.bytes ? sent / this.bytes : 0;
    const said = { done: this.done, total: this.total, sent: amount(sent), size: amount(this.bytes) };
    at("sending-words").textContent = words("going", said);
    list(at("sending-aside"), words("aside", { count: this.aside.length }), this.aside);
    list(at("sending-refused"), words("refused", { count: this.refused.length }), this.refused);
  }

  trouble(text) {
    at("sending-trouble").textContent = text;
    at("sending-trouble").hidden = !text;
  }
}

function list(place, summary, entries) {
  place.hidden = !entries.length;
  place.querySelector("summary").textContent = summary;
  const shown = entries.slice(0, 200).map((text) => Object.assign(document.createElement("li"), { textContent: text }));
  place.querySelector("ul").replaceChildren(...shown);
}

/** Give [path, File] of everything in what was dropped, folders and all. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => [file.name, file]);
  const found = [];
  const way = entries.reverse();
  while (way.length) {
    const entry = way.pop();
    if (entry.isFile) {
      const file = await new Promise((done, failed) => entry.file(done, failed));
      found.push([entry.fullPath.replace(/^\//, ""), file]);
    } else if (entry.isDirectory) {
      const reader = entry.createReader();
      // A hundred come at a time.
      for (;;) {
        const some = await new Promise((done, failed) => reader.readEntries(done, failed));
        if (!some.length) break;
        way.push(...some);
      }
    }
  }
  return found;
}

let sending = new Sending();

function told(files) {
  sending.add(files).catch((error) => sending.trouble(String(error.message ?? error)));
}

if (drop) {
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    dropped(event.dataTransfer).then(told);
  });
  // Beside the place, the browser would leave the page for the picture.
  for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());
  for (const id of ["choose-files", "choose-folder"]) {
    at(id).addEventListener("change", (event) => {
      const files = [...event.target.files].map((file) => [file.webkitRelativePath || file.name, file]);
      event.target.value = "";
      if (files.length) told(files);
    });
  }
  at("pause").addEventListener("click", () => sending.pause());
  at("take").addEventListener("click", () => sending.take());
  window.addEventListener("beforeunload", (event) => {
    if (sending.busy) {
      event.preventDefault();
      event.returnValue = words("leave");
    }
  });
}

/** What only works with JavaScript is shown by it, also in what came later. */
function enable() {
  for (const hidden of document.querySelectorAll("[data-add][hidden], [data-replaces][hidden]")) hidden.hidden = !drop;
}
enable();
document.addEventListener("htmx:afterSettle", enable);
// Who must log in again is not led away from what is still on its way.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (sending.busy && event.detail.xhr.status === 401) event.preventDefault();
});
document.addEventListener("htmx:responseError", (event) => say(event.detail.xhr.statusText || String(event.detail.xhr.status)));

document.addEventListener("click", (event) => {
  const add = event.target.closest?.("[data-add]");
  if (!add || sending.busy) return;
  sending = new Sending();
  sending.upload = add.dataset.add;
  sending.again = true;
  at("sending").hidden = false;
  at("sending-to").hidden = false;
  at("sending-to").querySelector("b").textContent = add.dataset.add;
  sending.show();
  at("choose-files").focus();
  drop.scrollIntoView({ block: "center" });
});

document.addEventListener("change", async (event) => {
  const chosen = event.target;
  if (!(chosen instanceof HTMLInputElement) || !chosen.dataset.upload || !chosen.files.length) return;
  try {
    await put(`/ingest/uploads/${chosen.dataset.upload}/${parts(chosen.dataset.path)}`, chosen.files[0], () => {});
    say(words("replaced"));
    const target = { target: "#now", swap: "outerHTML show:window:top", values: { source: chosen.dataset.source } };
    await window.htmx.ajax("POST", "/ingest/again", target);
  } catch (error) {
    say(error.message || words("broken", { seconds: "" }));
  }
});
