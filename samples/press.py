"""Print a paper with chromium: one picture for each ink, and where every line of text stands.

The browser sets the paper twice over: once as PDF, a layer at a time (printed matter, handwriting, seals),
and once as a tree from which ``papers/paper.js`` reports the box of every character. The layout is the same
in both, so the boxes hold.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pypdfium2
from fontTools.ttLib import TTCollection, TTFont  # type: ignore[import-untyped]
from numpy.typing import NDArray

PAPERS = Path(__file__).parent / "papers"
CSS_PIXELS_PER_INCH = 96
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
    "--virtual-time-budget=10000",
)
LOST_INK = 0.75  # darker than this is ink when a line's box is drawn tight around what was printed

Picture = NDArray[np.float32]  # rows × columns × 3, RGB, 0 black .. 1 white


class PressError(RuntimeError):
    """A paper cannot be printed here: a program or font is not installed, or a line left no ink."""


class Box(NamedTuple):
    """Pixels, origin top left, y down."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line as a careful typist would type it, and the box of its ink.

    `cell` is the table on the page, the row and the column it stands in, each from 0.
    """

    text: str
    box: Box
    kind: Literal["printed", "handwritten"]
    cell: tuple[int, int, int] | None = None

    def moved(self, box: Box) -> Line:
        """Return the line in another place."""
        return replace(self, box=box)


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """One page before it has aged: its inks apart (absent ones None), its lines, the texts of its seals.

    `fold` is the number of lines on the left of two pages side by side.
    """

    printed: Picture
    hand: Picture | None
    overlay: Picture | None
    lines: tuple[Line, ...]
    seals: tuple[str, ...]
    fold: int | None = None


def press(paper: str, *, dpi: int, seed: int) -> tuple[Leaf, ...]:
    """Set and print ``papers/<paper>.html``; raises PressError where a glyph would be missing."""
    sheets = _layout(paper, seed)
    layers = {layer for sheet in sheets for layer in sheet["layers"]}
    printed = _pictures(born_digital(paper), dpi)
    hand, overlay = (
        _pictures(_pdf(paper, layer, seed), dpi) if layer in layers else None for layer in ("hand", "overlay")
    )
    leaves = []
    for i, (sheet, page) in enumerate(zip(sheets, printed, strict=True)):
        written = hand[i] if hand and "hand" in sheet["layers"] else None
        text_ink = page if written is None else page * written
        leaves.append(
            Leaf(
                printed=page,
                hand=written,
                overlay=overlay[i] if overlay and "overlay" in sheet["layers"] else None,
                lines=tuple(_line(line, text_ink, dpi) for line in sheet["lines"]),
                seals=tuple(sheet["seals"]),
            )
        )
    return tuple(leaves)


def born_digital(paper: str) -> bytes:
    """Return the paper as PDF with a text layer, without handwriting and seals."""
    return _pdf(paper, "print", seed=0)


def _line(found: dict[str, Any], ink: Picture, dpi: int) -> Line:
    scale = dpi / CSS_PIXELS_PER_INCH
    height, width = ink.shape[:2]
    edges = np.array(found["boxes"]) * scale
    left, top = (int(edge) for edge in np.floor(edges[:, :2].min(axis=0)).clip(0))
    right, bottom = (int(edge) for edge in np.ceil(edges[:, 2:].max(axis=0)).clip(0, (width, height)))
    dark = ink[top:bottom, left:right].min(axis=2) < LOST_INK
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    if not rows.size:
        raise PressError(f"{found['text']!r} left no ink on the paper")
    box = Box(left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1)
    cell = found.get("cell")
    return Line(found["text"], box, found["kind"], tuple(cell) if cell else None)


def _pictures(pdf: bytes, dpi: int) -> list[Picture]:
    with pypdfium2.PdfDocument(pdf) as document:
        bitmaps = [page.render(scale=dpi / 72).to_pil().convert("RGB") for page in document]
    return [np.asarray(bitmap, dtype=np.float32) / np.float32(255) for bitmap in bitmaps]


@cache
def _layout(paper: str, seed: int) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        page = _chromium("--dump-dom", _address(paper, f"seed={seed}"), profile=Path(folder)).decode()
    found = re.search(r'<script id="sheets" type="application/json">(.*?)</script>', page, re.DOTALL)
    if not found:
        raise PressError(f"{paper}.html reported no layout")
    sheets: list[dict[str, Any]] = json.loads(found[1])
    _require_glyphs(sheets)
    return sheets


@cache
def _pdf(paper: str, layer: str, seed: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "paper.pdf"
        _chromium(
            f"--print-to-pdf={target}",
            "--no-pdf-header-footer",
            _address(paper, f"layer={layer}&seed={seed}"),
            profile=Path(folder) / "profile",
        )
        return target.read_bytes()


def _address(paper: str, query: str) -> str:
    return f"{(PAPERS / paper).with_suffix('.html').as_uri()}?{query}"


def _chromium(*arguments: str, profile: Path) -> bytes:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if not program:
        raise PressError("chromium is not installed (Debian: apt install chromium)")
    command = [program, *CHROMIUM_FLAGS, f"--user-data-dir={profile}", *arguments]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    if done.returncode:
        raise PressError(f"chromium failed: {done.stderr.decode(errors='replace')[-400:]}")
    return done.stdout


def _require_glyphs(sheets: Sequence[dict[str, Any]]) -> None:
    missing: dict[str, set[str]] = {}
    for sheet in sheets:
        for line in sheet["lines"]:
            for character, families in zip(line["text"].replace(" ", ""), line["fonts"], strict=True):
                if not any(ord(character) in _code_points(family) for family in families):
                    missing.setdefault(", ".join(families), set()).add(character)
    if missing:
        raise PressError("; ".join(f"{fonts} lacks {''.join(sorted(lost))}" for fonts, lost in missing.items()))


@cache
def _code_points(family: str) -> frozenset[int]:
    """Return what a family can draw; PressError where fontconfig would put another in its place."""
    question = ["fc-match", "--format", "%{family}\t%{file}\t%{index}", family]
    answer = subprocess.run(question, capture_output=True, text=True, check=True).stdout
    names, path, index = answer.split("\t")
    if family not in names.split(","):
        raise PressError(f"the font {family!r} is not installed, see samples/README.md")
    return frozenset(_font(Path(path), int(index)).getBestCmap())


def _font(path: Path, index: int) -> TTFont:
    return TTCollection(path).fonts[index] if path.suffix == ".ttc" else TTFont(path)


def sides(leaves: Sequence[Leaf]) -> Iterator[tuple[Leaf, Leaf | None, bool]]:
    """Yield each page, the other side of its paper (1 and 2 share one), and whether it is the back."""
    for i, leaf in enumerate(leaves):
        is_back = i % 2 == 1
        other = i - 1 if is_back else i + 1
        yield leaf, leaves[other] if other < len(leaves) else None, is_back


def side_by_side(left: Leaf, right: Leaf) -> Leaf:
    """Return two leaves of the same height as they lie open in a volume."""

    def both(one: Picture | None, other: Picture | None) -> Picture | None:
        if one is None and other is None:
            return None
        paper = np.ones_like(left.printed)
        return np.hstack([paper if one is None else one, paper if other is None else other])

    width = left.printed.shape[1]
    return Leaf(
        printed=np.hstack([left.printed, right.printed]),
        hand=both(left.hand, right.hand),
        overlay=both(left.overlay, right.overlay),
        lines=(
            *left.lines,
            *(
                line.moved(Box(line.box.left + width, line.box.top, line.box.right + width, line.box.bottom))
                for line in right.lines
            ),
        ),
        seals=left.seals + right.seals,
        fold=len(left.lines),
    )
