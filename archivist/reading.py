"""One page from bytes to text: what a worker does. Computes only; nothing is written here."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from gettext import gettext as _
from importlib.metadata import PackageNotFoundError, version

import cv2
import numpy as np

from archivist import __version__
from archivist.errors import NotInstalled, ReadingFailed, ScanError
from archivist.image.clean import Cleaned, clean
from archivist.image.open import Picture, media_type, misnamed, open_page
from archivist.image.table import find_cells, without_rules
from archivist.image.textlayer import TextLayer
from archivist.model import Box, Cell, Failure, Glyph, Line, Page, Region, Scan, Step
from archivist.ocr import Grey, Reader
from archivist.ocr.consensus import second_opinion
from archivist.ocr.order import arrange
from archivist.ocr.orientation import turn_needed
from archivist.store import Store

#: A text layer speaks for the page when it has this many characters and pictures cover no more than half of it.
_LEAST_LAYER = 10
_MOST_PICTURE = 0.5
#: Share of dark pixels under which a page without text is an empty sheet, not one that could not be read.
_BLANK_INK = 0.002
_LEAST_RED = 0.5


@dataclass(frozen=True, slots=True)
class Task:
    """One page to read: where its bytes are kept, which page of them it is, and what it is called."""

    store: str
    sha256: str
    index: int
    name: str
    source: str
    threads: int
    second_reader: bool


def recipe(second_reader: bool) -> str:
    """Return what decides how a page is read: the programs, their versions and the settings."""
    parts = ["archivist", "rapidocr", "openvino", "onnxruntime", "opencv-python"]
    second = "tesseract when in doubt" if second_reader else "one reader"
    return "; ".join([*(f"{part} {_version(part)}" for part in parts), second])


def _version(package: str) -> str:
    if package == "archivist":
        return __version__
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"


def process(task: Task) -> Page | Failure:
    """Return the page `task` asks for, or why it could not be read.

    Raises NotInstalled only: without a reader no page of the batch can be read.
    """
    try:
        data = _original(task.store, task.sha256)
        first, second = readers(task.threads, task.second_reader)
        return read_page(data, task.name, task.sha256, task.index, first, second)
    except NotInstalled:
        raise
    except ScanError as error:
        return Failure(task.source, task.index, "open", error.cause, str(error))
    except Exception as error:
        # Whatever one page does, the others go on; the text says where to look.
        why = _("{kind}: {reason}; the original is kept, report this with the scan")
        text = why.format(kind=type(error).__name__, reason=error)
        return Failure(task.source, task.index, "read", ReadingFailed.cause, text)


@lru_cache(maxsize=1)
def _original(store: str, sha256: str) -> bytes:
    return Store(store).get(sha256)


@cache
def readers(threads: int, with_second: bool) -> tuple[Reader, Reader | None]:
    """Return this process's readers, loaded once; NotInstalled where one is missing."""
    from archivist.ocr.rapid import RapidReader
    from archivist.ocr.tesseract import TesseractReader

    cv2.setNumThreads(threads)
    return RapidReader(threads), TesseractReader() if with_second else None


def read_page(data: bytes, name: str, sha256: str, index: int, first: Reader, second: Reader | None) -> Page:
    """Return page `index` (from 0) of the scan `data` as text that knows where it stands; its number is 1.

    Raises ScanError where the scan cannot be opened.
    """
    picture = open_page(data, index)
    scan = Scan(name, sha256, index, *picture.size, picture.dpi, media_type(data))
    opened = tuple(_oddities(scan, picture))
    if picture.text and _speaks(picture.text):
        return _from_text_layer(scan, picture, picture.text, opened)
    cleaned = _cleaned(picture)
    cells, black, lines = _read_black(cleaned, first)
    if turn := turn_needed(cleaned.black, lines, first):
        cleaned = cleaned.turned(turn)
        cells, black, lines = _read_black(cleaned, first)
    red, more = _read_red(cleaned, first)
    lines = _without_doubles(lines, red)
    if second:
        lines, asked = second_opinion(black, lines, second)
        more.extend(asked)
    regions = arrange(lines, red, cells, cleaned.seals, cleaned.black.shape[0])
    count = sum(len(region.lines) for region in regions)
    steps = (*opened, *cleaned.steps, Step("read", f"{first.name}: {count} lines, {len(cells)} ruled cells"), *more)
    inks = [ink for ink in (cleaned.black, cleaned.red) if ink is not None]
    blank = not count and all(float((ink < 128).mean()) < _BLANK_INK for ink in inks)
    cut = _within(scan)
    placed = tuple(_moved(region, lambda box: cut(cleaned.on_scan(box))) for region in regions)
    return Page(1, scan, placed, cleaned.rotation, blank, steps)


def _speaks(layer: TextLayer) -> bool:
    return layer.believable and layer.characters >= _LEAST_LAYER and layer.pictures <= _MOST_PICTURE


def _oddities(scan: Scan, picture: Picture) -> Iterable[Step]:
    if odd := misnamed(scan.name, scan.media_type):
        yield Step("open", odd)
    if picture.stretch != 1:
        yield Step("open", f"its pixels are {picture.stretch:.2f} times as tall as wide; read as on the paper")


def _cleaned(picture: Picture) -> Cleaned:
    """Return the reading image of a scan, of which pixels that are not square are drawn out first."""
    pixels = picture.pixels
    if picture.stretch != 1:
        height, width = pixels.shape[:2]
        square = (round(width / min(picture.stretch, 1)), round(height * max(picture.stretch, 1)))
        pixels = np.asarray(cv2.resize(pixels, square, interpolation=cv2.INTER_CUBIC), np.uint8)
    cleaned = clean(pixels)
    to_scan = np.diag([picture.size[0] / pixels.shape[1], picture.size[1] / pixels.shape[0]])
    return replace(cleaned, matrix=to_scan @ cleaned.matrix)


def _from_text_layer(scan: Scan, picture: Picture, layer: TextLayer, opened: tuple[Step, ...]) -> Page:
    lines = [
        Line(glyphs, Box.around(glyph.box for glyph in glyphs), "text-layer")
        for line in layer.lines
        if (glyphs := tuple(_typed(line)))
    ]
    cells: tuple[Cell, ...] = find_cells(cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY).astype(np.uint8))
    regions = tuple(_moved(region, _within(scan)) for region in arrange(lines, (), cells, (), scan.height))
    read = Step("read", f"text layer of the PDF: {layer.characters} characters")
    return Page(1, scan, regions, steps=(*opened, read))


def _typed(line: Sequence[tuple[str, Box]]) -> Iterable[Glyph]:
    for number, (char, box) in enumerate(line):
        around = [other for other, _box in line[max(number - 1, 0) : number + 2]]
        if not char.isspace() or (len(around) == 3 and all(other.isascii() for other in around)):
            yield Glyph(char, box, 1.0)


def _read_black(cleaned: Cleaned, reader: Reader) -> tuple[tuple[Cell, ...], Grey, tuple[Line, ...]]:
    """Return the ruled cells, the black layer without their rules, and the lines on it, in reading pixels."""
    cells = find_cells(cleaned.black)
    black = without_rules(cleaned.black, cells)
    return cells, black, reader.read(black)


def _read_red(cleaned: Cleaned, reader: Reader) -> tuple[tuple[Line, ...], list[Step]]:
    """Return the lines in red ink, in reading pixels, and what was left out of them."""
    if cleaned.red is None:
        return (), []
    ys, xs = np.nonzero(cleaned.red < 160)
    if not len(ys):
        return (), []
    # Specks of colour far from the head would make the picture larger than the writing.
    (left, right), (top, bottom) = (np.percentile(places, (0.5, 99.5)) for places in (xs, ys))
    pad = 40
    left, top = max(int(left) - pad, 0), max(int(top) - pad, 0)
    part = np.ascontiguousarray(cleaned.red[top : int(bottom) + pad, left : int(right) + pad])
    lines = [_shifted(line, left, top) for line in reader.read(part)]
    sure = tuple(line for line in lines if _mean(line) >= _LEAST_RED)
    unsure = len(lines) - len(sure)
    return sure, [Step("read", f"marks in red that are no writing: {unsure}")] if unsure else []


def _shifted(line: Line, x: float, y: float) -> Line:
    def moved(box: Box) -> Box:
        return Box(box.left + x, box.top + y, box.right + x, box.bottom + y)

    glyphs = tuple(replace(glyph, box=moved(glyph.box)) for glyph in line.glyphs)
    return replace(line, glyphs=glyphs, box=moved(line.box), method=f"{line.method}-red")


def _mean(line: Line) -> float:
    return sum(glyph.confidence for glyph in line.glyphs) / max(len(line.glyphs), 1)


def _without_doubles(lines: Sequence[Line], red: Sequence[Line]) -> tuple[Line, ...]:
    """Return `lines` without faint echoes of what was read in red."""
    return tuple(
        line
        for line in lines
        if not any(
            line.box.overlap(other.box) > 0.5 * line.box.width * line.box.height and _mean(line) < _mean(other)
            for other in red
        )
    )


def _moved(region: Region, move: Callable[[Box], Box]) -> Region:
    """Return `region` with every box in it moved."""
    lines = tuple(
        replace(
            line,
            box=move(line.box),
            glyphs=tuple(replace(glyph, box=move(glyph.box)) for glyph in line.glyphs),
        )
        for line in region.lines
    )
    return replace(region, box=move(region.box), lines=lines)


def _within(scan: Scan) -> Callable[[Box], Box]:
    """Return what cuts a box off at the edge of `scan`; a pixel of it always stays."""

    def cut(box: Box) -> Box:
        left, top = min(max(box.left, 0.0), scan.width - 1.0), min(max(box.top, 0.0), scan.height - 1.0)
        right, bottom = min(box.right, float(scan.width)), min(box.bottom, float(scan.height))
        return Box(left, top, max(right, left + 1.0), max(bottom, top + 1.0))

    return cut
