"""Make the sample papers: python samples/make.py [--out DIR] [--seed N] [--wear NAME] [--only NAME].

Without options the committed samples are made again. Another seed or wear makes another rendition of the same
papers, true text and boxes with it; give --out then. `--development DIR [--kinds A,B] [--papers A,B]` makes the
development set instead, DIR/<kind>/<paper>/; `--describing DIR [--set held-out]` the papers of describing/, each
aged in one way. What must be installed stands in samples/README.md.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import development
import img2pdf  # type: ignore[import-untyped]
import issued
import numpy as np
import pikepdf
import press
import recipes
import scanned
import slips

HOME = Path(__file__).parent
COMMITTED_SEED = 1995


@dataclass(frozen=True, slots=True)
class Part:
    """Pages of one paper in an item: its name in papers/, dots an inch, usual wear, JPEG quality."""

    paper: str
    dpi: int
    wear: str
    quality: int


SCANNED = {
    "liaocheng-1995-58": (Part("slip", 240, "form", 72), Part("decision", 200, "worn", 70)),
    "district-plan-2012": (Part("plan", 200, "worn", 66),),
    "notice-1987": (Part("notice", 240, "mimeograph", 66),),
}
BORN_DIGITAL = "district-plan-2012.pdf"
MIXED = "plan-mixed.pdf"


def pages(name: str, parts: Sequence[Part], seed: int, recipe: str | None) -> list[scanned.Page]:
    """All scans of an item. The same seed and recipe give the same pictures."""
    made: list[scanned.Page] = []
    for part in parts:
        effects = recipes.RECIPES[recipe or part.wear]
        for leaf, other_side, is_back in press.sides(press.press(part.paper, dpi=part.dpi, seed=seed)):
            chance = np.random.default_rng([seed, zlib.crc32(name.encode()), len(made)])
            made.append(
                scanned.age(
                    leaf, other_side, effects, is_back=is_back, dpi=part.dpi, quality=part.quality, chance=chance
                )
            )
    return made


def write_pdf(path: Path, document: bytes, truth: Sequence[Sequence[str]]) -> None:
    """Write an item as one PDF, the true text of its pages in a folder beside it."""
    folder = path.with_suffix(".truth")
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("p*.txt"):
        stale.unlink()
    path.write_bytes(document)
    for number, lines in enumerate(truth, start=1):
        scanned.write_lines(folder / f"p{number:02}.txt", lines)


def born_digital() -> tuple[bytes, list[list[str]]]:
    """Return the plan as a PDF with a text layer, and the lines of each page."""
    leaves = press.press("plan", dpi=72, seed=0)
    return press.born_digital("plan"), [[line.text for line in leaf.lines] for leaf in leaves]


def mixed(seed: int, recipe: str | None) -> tuple[bytes, list[list[str]]]:
    """Return the plan's first page with its text layer and its second as no more than a scan."""
    document, lines = born_digital()
    scan = pages(MIXED, [Part("plan", 150, "photocopy", 50)], seed, recipe)[1]
    target = io.BytesIO()
    scanned = io.BytesIO(img2pdf.convert(scan.picture))
    with pikepdf.open(io.BytesIO(document)) as pdf, pikepdf.open(scanned) as picture:
        del pdf.pages[1:]
        pdf.pages.extend(picture.pages)
        pdf.remove_unreferenced_resources()
        pdf.save(target)
    return target.getvalue(), lines[:2]


def _expected(out: Path, relative: Path) -> None:
    """Copy the expected record, written by hand, to a rendition made elsewhere."""
    if out.resolve() != HOME.resolve() and (HOME / relative).exists():
        shutil.copyfile(HOME / relative, out / relative)


def _some(names: Iterable[str]) -> Callable[[str], tuple[str, ...]]:
    """Return what reads a list of `names` separated by commas."""
    known = set(names)

    def some(text: str) -> tuple[str, ...]:
        asked = tuple(text.split(","))
        if unknown := set(asked) - known:
            raise argparse.ArgumentTypeError(f"no such name: {', '.join(sorted(unknown))}")
        return asked

    return some


def main() -> int:
    """Command line; exit code 3 where a program or font is not installed."""
    names = [*SCANNED, BORN_DIGITAL, MIXED]
    parser = argparse.ArgumentParser(description="Make the sample papers.")
    parser.add_argument("--out", type=Path, default=HOME, help="folder to write to (default: samples/)")
    parser.add_argument("--seed", type=int, default=COMMITTED_SEED, help="another number, another rendition")
    parser.add_argument("--wear", choices=sorted(recipes.RECIPES), help="age all papers like this")
    parser.add_argument("--only", choices=names, help="make one item")
    parser.add_argument("--development", type=Path, metavar="DIR", help="make the development set there instead")
    parser.add_argument("--describing", type=Path, metavar="DIR", help="make the papers and slips of describing/ there")
    parser.add_argument("--set", choices=issued.SETS, default="development", help="of those papers and slips")
    parser.add_argument("--kinds", type=_some(development.KINDS), default=(), help=", ".join(development.KINDS))
    parser.add_argument("--papers", type=_some(development.PAPERS), default=(), help=", ".join(development.PAPERS))
    asked = parser.parse_args()
    try:
        if asked.development:
            for home in development.make(asked.development, asked.seed, asked.kinds, asked.papers):
                print(home, flush=True)
            return 0
        if asked.describing:
            papers = issued.make(asked.describing, asked.set, asked.seed, asked.kinds)
            for home in chain(papers, slips.make(asked.describing / "slips", asked.set, asked.seed)):
                print(home, flush=True)
            return 0
        for name in [asked.only] if asked.only else names:
            if name in SCANNED:
                scanned.write_folder(asked.out / name, pages(name, SCANNED[name], asked.seed, asked.wear))
                _expected(asked.out, Path(name) / "expected.json")
            else:
                document, truth = born_digital() if name == BORN_DIGITAL else mixed(asked.seed, asked.wear)
                write_pdf(asked.out / name, document, truth)
                _expected(asked.out, Path(name).with_suffix(".truth") / "expected.json")
            print(name)
    except press.PressError as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
