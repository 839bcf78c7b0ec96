"""A scan as it is written: the picture of an aged page, and beside it what stands on the page."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import press
import wear
from PIL import Image


@dataclass(frozen=True, slots=True)
class Page:
    """A scan: bytes and suffix of the picture, lines with boxes in its pixels, texts of its seals.

    `fold` is the number of lines on the left where two pages were scanned at once.
    """

    picture: bytes
    suffix: str
    lines: tuple[press.Line, ...]
    seals: tuple[str, ...]
    fold: int | None = None


def age(
    leaf: press.Leaf,
    other_side: press.Leaf | None,
    effects: Sequence[wear.Effect],
    *,
    is_back: bool,
    dpi: int,
    quality: int,
    chance: wear.Chance,
) -> Page:
    """Return the scan of a leaf after `effects`; JPEG of `quality`, but TIFF where only black and white are left."""
    sheet = wear.lay(leaf, other_side, is_back=is_back, dpi=dpi, chance=chance)
    for effect in effects:
        sheet = effect(sheet, chance)
    lines = tuple(line.moved(sheet.where(line.box)) for line in leaf.lines)
    return Page(*_encoded(sheet, quality), lines, leaf.seals, leaf.fold)


def write_folder(folder: Path, made: Sequence[Page]) -> None:
    """Write an item as numbered images, with its truth beside them."""
    truth = folder / "truth"
    for stale in [*folder.glob("p*.jpg"), *folder.glob("p*.tif"), *truth.glob("p*")]:
        stale.unlink()
    truth.mkdir(parents=True, exist_ok=True)
    for number, page in enumerate(made, start=1):
        (folder / f"p{number:02}{page.suffix}").write_bytes(page.picture)
        texts = [line.text for line in page.lines]
        if page.fold is not None:
            texts.insert(page.fold, "\f")
        write_lines(truth / f"p{number:02}.txt", texts)
        boxes = [json.dumps(_told(line), ensure_ascii=False) for line in page.lines]
        write_lines(truth / f"p{number:02}.json", ["[", ",\n".join(boxes), "]"])
        if page.seals:
            write_lines(truth / f"p{number:02}.seal.txt", page.seals)


def write_lines(path: Path, lines: Sequence[str]) -> None:
    """Write a text file, each line ended."""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _told(line: press.Line) -> dict[str, object]:
    told = asdict(line)
    if line.cell is None:
        del told["cell"]
    return told


def _encoded(sheet: wear.Sheet, quality: int) -> tuple[bytes, str]:
    image = Image.fromarray((sheet.picture * 255 + 0.5).astype(np.uint8))
    if not np.ptp(sheet.picture, axis=2).any():
        image = image.convert("L")
    target = io.BytesIO()
    resolution = (sheet.dpi, sheet.dpi_down)
    if image.mode == "L" and not np.any((sheet.picture > 0) & (sheet.picture < 1)):
        image.convert("1").save(target, "TIFF", compression="group4", dpi=resolution)
        return target.getvalue(), ".tif"
    image.save(target, "JPEG", quality=quality, optimize=True, dpi=resolution)
    return target.getvalue(), ".jpg"
