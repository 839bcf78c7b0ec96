"""Make the sample papers: python samples/make.py [--out DIR] [--seed N] [--wear NAME] [--only NAME].

Without options the committed samples are made again. Another seed or wear makes another rendition of the same
papers, true text and boxes with it; give --out then. What must be installed stands in samples/README.md.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import sys
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import img2pdf  # type: ignore[import-untyped]
import numpy as np
import pikepdf
import press
import recipes
import wear
from PIL import Image

HOME = Path(__file__).parent
COMMITTED_SEED = 1995


@dataclass(frozen=True, slots=True)
class Part:
    """Pages of one paper in an item: its name in papers/, dots an inch, usual wear, JPEG quality."""

    paper: str
    dpi: int
    wear: str
    quality: int


@dataclass(frozen=True, slots=True)
class Page:
    """A scan as it is written: JPEG bytes, lines with boxes in its pixels, texts of its seals."""

    jpeg: bytes
    lines: tuple[press.Line, ...]
    seals: tuple[str, ...]


SCANNED = {
    "liaocheng-1995-58": (Part("slip", 240, "form", 72), Part("decision", 200, "worn", 70)),
    "district-plan-2012": (Part("plan", 200, "worn", 66),),
    "notice-1987": (Part("notice", 240, "mimeograph", 66),),
}
BORN_DIGITAL = "district-plan-2012.pdf"
MIXED = "plan-mixed.pdf"


def pages(name: str, parts: Sequence[Part], seed: int, recipe: str | None) -> list[Page]:
    """All scans of an item. The same seed and recipe give the same pictures."""
    made: list[Page] = []
    for part in parts:
        leaves = press.press(part.paper, dpi=part.dpi, seed=seed)
        for leaf, other_side, is_back in press.sides(leaves):
            chance = np.random.default_rng([seed, zlib.crc32(name.encode()), len(made)])
            sheet = wear.lay(leaf, other_side, is_back=is_back, dpi=part.dpi, chance=chance)
            for effect in recipes.RECIPES[recipe or part.wear]:
                sheet = effect(sheet, chance)
            lines = tuple(press.Line(line.text, sheet.where(line.box), line.kind) for line in leaf.lines)
            made.append(Page(_jpeg(sheet, part.quality), lines, leaf.seals))
    return made


def write_folder(folder: Path, made: Sequence[Page]) -> None:
    """Write an item as numbered images, with its truth beside them."""
    truth = folder / "truth"
    for stale in [*folder.glob("p*.jpg"), *truth.glob("p*")]:
        stale.unlink()
    truth.mkdir(parents=True, exist_ok=True)
    for number, page in enumerate(made, start=1):
        (folder / f"p{number:02}.jpg").write_bytes(page.jpeg)
        _write_lines(truth / f"p{number:02}.txt", [line.text for line in page.lines])
        boxes = [json.dumps(asdict(line), ensure_ascii=False) for line in page.lines]
        _write_lines(truth / f"p{number:02}.json", ["[", ",\n".join(boxes), "]"])
        if page.seals:
            _write_lines(truth / f"p{number:02}.seal.txt", page.seals)


def write_pdf(path: Path, document: bytes, truth: Sequence[Sequence[str]]) -> None:
    """Write an item as one PDF, the true text of its pages in a folder beside it."""
    folder = path.with_suffix(".truth")
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("p*.txt"):
        stale.unlink()
    path.write_bytes(document)
    for number, lines in enumerate(truth, start=1):
        _write_lines(folder / f"p{number:02}.txt", lines)


def born_digital() -> tuple[bytes, list[list[str]]]:
    """Return the plan as a PDF with a text layer, and the lines of each page."""
    leaves = press.press("plan", dpi=72, seed=0)
    return press.born_digital("plan"), [[line.text for line in leaf.lines] for leaf in leaves]


def mixed(seed: int, recipe: str | None) -> tuple[bytes, list[list[str]]]:
    """Return the plan's first page with its text layer and its second as no more than a scan."""
    document, lines = born_digital()
    scan = pages(MIXED, [Part("plan", 150, "photocopy", 50)], seed, recipe)[1]
    target = io.BytesIO()
    scanned = io.BytesIO(img2pdf.convert(scan.jpeg))
    with pikepdf.open(io.BytesIO(document)) as pdf, pikepdf.open(scanned) as picture:
        del pdf.pages[1:]
        pdf.pages.extend(picture.pages)
        pdf.remove_unreferenced_resources()
        pdf.save(target)
    return target.getvalue(), lines[:2]


def _jpeg(sheet: wear.Sheet, quality: int) -> bytes:
    image = Image.fromarray((sheet.picture * 255 + 0.5).astype(np.uint8))
    if not np.ptp(sheet.picture, axis=2).any():
        image = image.convert("L")
    target = io.BytesIO()
    image.save(target, "JPEG", quality=quality, optimize=True, dpi=(sheet.dpi, sheet.dpi))
    return target.getvalue()


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _expected(out: Path, relative: Path) -> None:
    """Copy the expected record, written by hand, to a rendition made elsewhere."""
    if out.resolve() != HOME.resolve() and (HOME / relative).exists():
        shutil.copyfile(HOME / relative, out / relative)


def main() -> int:
    """Command line; exit code 3 where a program or font is not installed."""
    names = [*SCANNED, BORN_DIGITAL, MIXED]
    parser = argparse.ArgumentParser(description="Make the sample papers.")
    parser.add_argument("--out", type=Path, default=HOME, help="folder to write to (default: samples/)")
    parser.add_argument("--seed", type=int, default=COMMITTED_SEED, help="another number, another rendition")
    parser.add_argument("--wear", choices=sorted(recipes.RECIPES), help="age all papers like this")
    parser.add_argument("--only", choices=names, help="make one item")
    asked = parser.parse_args()
    try:
        for name in [asked.only] if asked.only else names:
            if name in SCANNED:
                write_folder(asked.out / name, pages(name, SCANNED[name], asked.seed, asked.wear))
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
