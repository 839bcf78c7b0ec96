// What was decided, on its way to the archive: one after the other, in the order it was decided, and kept until it is.

import { send } from "./room.js";

const SLOWEST = 30000;
// So often the archive may break down over the same before what comes behind it goes on.
const PATIENCE = 4;

/**
 * Sends what is put in, in order. What is not answered yet is kept in the browser's store for this tab, so that a page
 * loaded anew goes on with it; `name` says who decided, for nobody else to send it. Tells `changed` whenever something is put in or answered, `kept(entry, answer)` and
 * `refused(entry, words, status)` how it ended, `stuck(why)` ("offline", "barred", "" when it goes on).
 */
export class Outbox {
  constructor(name, { changed, kept, refused, stuck }) {
    this.name = `outbox:${name}`;
    this.tell = { changed, kept, refused, stuck };
    this.waiting = this.read("waiting", []);
    this.numbers = this.read("numbers", {});
    this.busy = false;
    this.wait = 0;
    window.addEventListener("beforeunload", (event) => {
      if (this.waiting.length && !this.barred) event.preventDefault();
    });
    // Not before whoever made it has it in hand.
    queueMicrotask(() => this.pump());
  }

  read(part, none) {
    try {
      return JSON.parse(sessionStorage.getItem(`${this.name}:${part}`)) ?? none;
    } catch {
      return none;
    }
  }

  keep() {
    const numbers = Object.entries(this.numbers).slice(-200);
    this.numbers = Object.fromEntries(numbers);
    try {
      sessionStorage.setItem(`${this.name}:waiting`, JSON.stringify(this.waiting));
      sessionStorage.setItem(`${this.name}:numbers`, JSON.stringify(this.numbers));
    } catch { /* No room, or not allowed: it is sent all the same. */ }
    this.tell.changed(this.waiting.length);
  }

  /** Put in `body` for `url`; `about` comes back with the answer. */
  put(url, body, about) {
    const id = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
    this.waiting.push({ id, url, body, about });
    this.keep();
    this.pump();
    return id;
  }

  /**
   * Take back what was put in as `id`: before it was sent, it never is; after that, its number is sent to `url`.
   * False where nothing is known of it (any more).
   */
  takeBack(id, url, about) {
    const place = this.waiting.findIndex((entry) => entry.id === id);
    // What was sent without an answer may have arrived: its number comes when it is sent again.
    if (place >= 0 && !this.waiting[place].tried) {
      this.waiting.splice(place, 1);
      this.keep();
      return true;
    }
    if (place < 0 && !(id in this.numbers)) return false;
    this.waiting.push({ id: `${id}-back`, url, of: id, body: {}, about });
    this.keep();
    this.pump();
    return true;
  }

  /** Go on at once where it is waiting to try again. */
  again() {
    clearTimeout(this.timer);
    this.timer = null;
    this.barred = false;
    this.pump();
  }

  async pump() {
    if (this.busy || this.timer || this.barred || !this.waiting.length) return;
    this.busy = true;
    const entry = this.waiting[0];
    if (!entry.tried) { entry.tried = true; this.keep(); }
    const end = await this.deliver(entry);
    this.busy = false;
    if (end.broken && (entry.broken = (entry.broken ?? 0) + 1) >= PATIENCE) end.words = end.broken;
    else if (end.broken) end.late = true;
    if (end.late) {
      this.wait = Math.min(Math.max(this.wait * 2, 1000), SLOWEST);
      this.tell.stuck("offline");
      this.timer = setTimeout(() => { this.timer = null; this.pump(); }, this.wait);
      return;
    }
    if (end.barred) {
      this.barred = true;
      this.tell.stuck("barred");
      return;
    }
    this.wait = 0;
    this.tell.stuck("");
    this.waiting.shift();
    if (end.answer && end.answer.number !== undefined && !entry.of) this.numbers[entry.id] = end.answer.number;
    if (end.answer && entry.of) delete this.numbers[entry.of];
    this.keep();
    if (end.answer) this.tell.kept(entry, end.answer);
    else if (end.words) this.tell.refused(entry, end.words, end.status);
    this.pump();
  }

  async deliver(entry) {
    const body = entry.of ? { ...entry.body, number: String(this.numbers[entry.of] ?? "") } : entry.body;
    // What was refused has no number, and there is nothing to take back.
    if (entry.of && !body.number) return {};
    let answer;
    let said = null;
    try {
      answer = await send(entry.url, body);
      if ((answer.headers.get("content-type") ?? "").includes("json")) said = await answer.json();
    } catch {
      return { late: true };
    }
    if (answer.status === 401 || answer.status === 403 || answer.redirected) return { barred: true };
    if (answer.status === 500 && said !== null) return { broken: String(said.detail) };
    if (answer.status >= 500 || answer.status === 429 || said === null) return { late: true };
    if (answer.ok) return { answer: said };
    const words = typeof said.detail === "string" ? said.detail : String(answer.status);
    return { words, status: answer.status };
  }
}
