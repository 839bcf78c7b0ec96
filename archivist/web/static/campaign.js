// Keeps the ink that is shown beside a link inside the window.

const EDGE = 12;

function place(proof) {
  const ink = proof.querySelector(".ink");
  if (!ink || !ink.offsetParent) return;
  ink.style.left = "0";
  const { left, right } = ink.getBoundingClientRect();
  const over = right - (document.documentElement.clientWidth - EDGE);
  if (over > 0) ink.style.left = `${-Math.min(over, left - EDGE)}px`;
}

function shown(event) {
  const proof = event.target.closest?.(".proof");
  if (proof) requestAnimationFrame(() => place(proof));
}

for (const sort of ["mouseover", "focusin"]) document.addEventListener(sort, shown);
// Its size is known only when it is there.
document.addEventListener("load", shown, true);
