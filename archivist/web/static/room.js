// What every page of the room does: keys, the menu of small screens, and who sends a form.

const csrf = document.querySelector("meta[name=csrf]")?.content ?? "";

/** Send `body` (FormData, URLSearchParams, text, or an object as JSON) and return the answer as fetch does. */
export function send(url, body = null, { method = "POST", headers = {}, signal = undefined } = {}) {
  const said = { "X-CSRF-Token": csrf, Accept: "application/json", ...headers };
  const plain = body !== null && Object.getPrototypeOf(body) === Object.prototype;
  if (plain) said["Content-Type"] = "application/json";
  const sent = plain ? JSON.stringify(body) : body;
  return fetch(url, { method, headers: said, body: sent, signal, credentials: "same-origin" });
}

/** Say a short text to everybody, those who hear the page as well; it goes after a while. */
export function say(text, seconds = 6) {
  const place = document.getElementById("said");
  if (!place) return;
  clearTimeout(say.timer);
  place.textContent = text;
  say.timer = setTimeout(() => { place.textContent = ""; }, seconds * 1000);
}

/** Whether keys belong to what has the focus: somebody is writing, or an input method is at work. */
export function writing(event) {
  const at = event.target;
  if (event.isComposing || event.keyCode === 229) return true;
  if (!(at instanceof HTMLElement)) return false;
  if (at instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit", "range", "file"].includes(at.type);
  return at.isContentEditable || at instanceof HTMLTextAreaElement || at instanceof HTMLSelectElement;
}

/** Whether a key is one by itself: no Control, no Alt, no window open above the page. */
export function alone(event) {
  return !event.ctrlKey && !event.altKey && !event.metaKey && !document.querySelector("dialog[open]");
}

document.addEventListener("htmx:configRequest", (event) => {
  if (csrf) event.detail.headers["X-CSRF-Token"] = csrf;
});

// Pages that answer to keys of their own listen before this and call preventDefault.
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented) return;
  if (event.key === "Escape" && !event.isComposing) {
    const head = document.querySelector(".folds.open");
    const menu = document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (head) fold(head, false);
    else if (writing(event)) event.target.blur();
    return;
  }
  if (writing(event) || !alone(event)) return;
  if (event.key === "/") {
    const box = document.querySelector("[data-find]");
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  } else if (event.key === "?") {
    const keys = document.getElementById("keys");
    if (!keys) return;
    event.preventDefault();
    keys.showModal();
  }
});

document.addEventListener("click", (event) => {
  const menu = document.querySelector("details.menu[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});

for (const opens of document.querySelectorAll("[data-opens]")) {
  opens.hidden = false;
  opens.addEventListener("click", () => document.getElementById(opens.dataset.opens).showModal());
}

const head = document.querySelector(".top");
const button = head?.querySelector(".fold");
if (button) {
  head.classList.add("folds");
  button.hidden = false;
  button.addEventListener("click", () => fold(head, !head.classList.contains("open")));
}

function fold(folded, open) {
  folded.classList.toggle("open", open);
  const opener = folded.querySelector(".fold");
  opener.setAttribute("aria-expanded", String(open));
  if (!open) opener.focus();
}

// The way back from another language leads to what is seen now: results may have been put in place without a new page.
for (const link of document.querySelectorAll("a[data-language]")) {
  link.addEventListener("click", () => {
    link.href = `/language/${link.dataset.language}?next=${encodeURIComponent(location.pathname + location.search)}`;
  });
}
