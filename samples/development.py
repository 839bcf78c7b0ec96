"""The development set: papers of many layouts, each aged in all kinds of ways; made when asked for, never committed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import press
import recipes
import scanned
from capture import curl, gutter, turned
from wear import Effect, foxing, punch_holes


@dataclass(frozen=True, slots=True)
class Kind:
    """How papers came to be scans: a row of `recipes.RECIPES`, the dots an inch they were taken at, JPEG quality."""

    recipe: str
    dpi: int
    quality: int


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper of papers/, how many of its pages, and what happened to them besides: before their wear, in scanning."""

    html: str
    pages: int | None = None
    before: tuple[Effect, ...] = ()
    after: tuple[Effect, ...] = ()
    side_by_side: bool = False
    kinds: tuple[str, ...] | None = None


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "office": Kind("office", 300, 72),
        "worn": Kind("worn", 240, 70),
        "photocopy": Kind("photocopy", 240, 66),
        "phone": Kind("phone", 260, 78),
        "grey200": Kind("grey200", 240, 66),
        "fax": Kind("fax", 240, 0),
        "mimeograph": Kind("faded", 240, 68),
        "skewed": Kind("skewed", 240, 70),
    }
)
_ODD = ("office", "grey200")
PAPERS: Mapping[str, Paper] = MappingProxyType(
    {
        "slip-processing": Paper("slip-processing"),
        "joint-notice": Paper("joint-notice"),
        "table-merged": Paper("table-merged"),
        "slip-passing": Paper("slip-passing"),
        "letter": Paper("letter"),
        "table-open": Paper("table-open"),
        "roster": Paper("roster"),
        "bulletin": Paper("bulletin"),
        "slip": Paper("slip"),
        "decision": Paper("decision", pages=2),
        "plan": Paper("plan", pages=2),
        "vertical": Paper("vertical", kinds=_ODD),
        "red-print": Paper("red-print", kinds=_ODD),
        "report-page": Paper("report-page", kinds=_ODD),
        "spread": Paper("minutes", after=(curl(0.008, 0.1, "middle"), gutter(0.5)), side_by_side=True, kinds=_ODD),
        "blank": Paper("blank", before=(foxing(40), punch_holes(2)), kinds=_ODD),
        "upside-down": Paper("roster", after=(turned(180),), kinds=_ODD),
        "sideways": Paper("table-open", after=(turned(90),), kinds=_ODD),
    }
)


def make(folder: Path, seed: int, kinds: Sequence[str] = (), papers: Sequence[str] = ()) -> Iterator[Path]:
    """Write `folder`/<kind>/<paper>/ with pages and truth, and yield each as it is done; no kinds or papers mean all.

    The same seed gives the same pictures. Raises PressError where something is not installed.
    """
    for name in papers or PAPERS:
        paper = PAPERS[name]
        for kind in kinds or KINDS:
            if paper.kinds is None or kind in paper.kinds:
                home = folder / kind / name
                scanned.write_folder(home, list(_scans(name, paper, kind, seed)))
                yield home


def _scans(name: str, paper: Paper, kind: str, seed: int) -> Iterator[scanned.Page]:
    how = KINDS[kind]
    leaves = press.press(paper.html, dpi=how.dpi, seed=seed)[: paper.pages]
    if paper.side_by_side:
        leaves = (press.side_by_side(*leaves),)
    effects = (*paper.before, *recipes.RECIPES[how.recipe], *paper.after)
    for number, (leaf, other_side, is_back) in enumerate(press.sides(leaves)):
        chance = np.random.default_rng([seed, zlib.crc32(f"{kind}/{name}".encode()), number])
        yield scanned.age(leaf, other_side, effects, is_back=is_back, dpi=how.dpi, quality=how.quality, chance=chance)
