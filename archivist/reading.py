"""One page from bytes to text: what a worker does. Computes only; nothing is written here."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from gettext import gettext as _
from math import ceil

import cv2
import numpy as np

from archivist.errors import NotInstalled, ReadingFailed, ScanError, TooMuchMemory
from archivist.image.open import Picture, Pixels, media_type, misnamed, open_page
from archivist.image.spread import leaves
from archivist.image.table import find_cells
from archivist.image.textlayer import TextLayer
from archivist.leaf import Boxes, Leaf, moved, read_leaf
from archivist.likeness.look import look
from archivist.limits import out_of_memory
from archivist.model import Box, Failure, Glyph, Line, Page, Region, Scan, Step
from archivist.ocr import Reader
from archivist.ocr.order import regions_of
from archivist.ocr.rapid import RapidReader
from archivist.store import Store
from archivist.text import fold

#: A text layer speaks for the page when it has this many characters and pictures cover no more than half of it.
_LEAST_LAYER = 10
_MOST_PICTURE = 0.5
#: So many of its longest lines are read on the page itself, and so many of their characters must be found there.
_PROBES, _AGREEMENT = 4, 0.75
#: Pictures on a page with a text layer are read from this share of the page; smaller ones are emblems.
_LEAST_IMAGE = 0.01
#: Pixels around a crop of handwriting, for strokes that reach out of its box.
_AROUND = 12
_CROP_QUALITY = 90


@dataclass(frozen=True, slots=True)
class Task:
    """One page to read: where its bytes are kept, which page of them it is, and what it is called."""

    store: str
    sha256: str
    index: int
    name: str
    source: str
    second_reader: bool
    #: How many threads reading it may use where it is read.
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Reading:
    """What a scan gave: a page, or two that face each other, and pictures of its handwriting by their SHA-256."""

    pages: tuple[Page, ...]
    crops: Mapping[str, bytes]


def process(task: Task) -> Reading | Failure:
    """Return what the scan `task` asks for gave, or why it could not be read.

    Raises NotInstalled only: without a reader no page of the batch can be read.
    """
    try:
        data = _original(task.store, task.sha256)
        first, second = readers(task.threads, task.second_reader)
        return read_scan(data, task.name, task.sha256, task.index, first, second)
    except NotInstalled:
        raise
    except Exception as error:
        if out_of_memory(error):
            why = _("reading it needs more memory than a page may take; look at the scan, or raise page_memory")
            return Failure(task.source, task.index, "read", TooMuchMemory.cause, why)
        if isinstance(error, ScanError):
            return Failure(task.source, task.index, "open", error.cause, str(error))
        # Whatever one page does, the others go on; the text says where to look.
        why = _("{kind}: {reason}; the original is kept, report this with the scan")
        text = why.format(kind=type(error).__name__, reason=error)
        return Failure(task.source, task.index, "read", ReadingFailed.cause, text)


@lru_cache(maxsize=1)
def _original(store: str, sha256: str) -> bytes:
    return Store(store).get(sha256)


@cache
def readers(threads: int, with_second: bool) -> tuple[RapidReader, Reader | None]:
    """Return this process's readers, loaded once; NotInstalled where one is missing."""
    from threadpoolctl import threadpool_limits

    from archivist.ocr.tesseract import TesseractReader

    cv2.setNumThreads(threads)
    threadpool_limits(threads, user_api="blas")
    return RapidReader(threads), TesseractReader() if with_second else None


def read_scan(data: bytes, name: str, sha256: str, index: int, first: RapidReader, second: Reader | None) -> Reading:
    """Return page `index` (from 0) of the scan `data` as text that knows where it stands; two pages where two face.

    Every one is page 1. Raises ScanError where the scan cannot be opened.
    """
    picture = open_page(data, index)
    scan = Scan(name, sha256, index, *picture.size, picture.dpi, media_type(data))
    opened = tuple(_oddities(scan, picture))
    if picture.text and (reading := _from_text_layer(scan, picture, picture.text, opened, first, second)):
        return reading
    areas = leaves(picture.pixels, picture.stretch)
    parts = [_part(picture.pixels, area) for area in areas]
    read = [read_leaf(part, picture.stretch, first, second) for part in parts]
    if len(read) > 1:
        opened = (*opened, Step("open", "two facing pages on one scan, read one by one"))
        if _begins_right(read):
            areas, parts, read = areas[::-1], parts[::-1], read[::-1]
    pages: list[Page] = []
    crops: dict[str, bytes] = {}
    for part, (area, pixels, leaf) in enumerate(zip(areas, parts, read, strict=True)):
        to_scan = _to_scan(picture, scan, area)
        regions = _with_crops(moved(leaf.regions, to_scan), picture, crops)
        place = replace(scan, part=part, area=_on_scan(area, to_scan)) if len(read) > 1 else scan
        seen = "" if leaf.blank else look(pixels, leaf.rotation)
        pages.append(Page(1, place, regions, leaf.rotation, leaf.blank, (*opened, *leaf.steps), seen))
    return Reading(tuple(pages), crops)


def _begins_right(read: Sequence[Leaf]) -> bool:
    """Whether the right of two facing pages comes first: in vertical lines, or where the scan lies on its head."""
    fullest = max(read, key=lambda leaf: sum(len(line.glyphs) for region in leaf.regions for line in region.lines))
    return (fullest.rotation in (180, 270)) != fullest.vertical


def _with_crops(regions: Sequence[Region], picture: Picture, crops: dict[str, bytes]) -> tuple[Region, ...]:
    """Return `regions`, those with handwriting naming the picture of them that is added to `crops`."""
    kept = []
    for region in regions:
        if any(line.handwritten for line in region.lines):
            cut = crop(picture, region.box)
            digest = hashlib.sha256(cut).hexdigest()
            crops[digest] = cut
            region = replace(region, crop=digest)
        kept.append(region)
    return tuple(kept)


def _part(pixels: Pixels, area: Box) -> Pixels:
    left, top, right, bottom = map(round, area)
    return np.ascontiguousarray(pixels[top:bottom, left:right])


def _to_scan(picture: Picture, scan: Scan, area: Box) -> Callable[[Boxes], Boxes]:
    """Return what leads from pixels of `area` to those of the scan, no farther than its edge; a pixel always stays."""
    height, width = picture.pixels.shape[:2]
    scale = np.tile((scan.width / width, scan.height / height), 2)
    edge = np.array((scan.width, scan.height), np.float64)

    def move(boxes: Boxes) -> Boxes:
        there = (boxes + np.tile(area[:2], 2)) * scale
        start = np.clip(there[:, :2], 0, edge - 1)
        return np.hstack([start, np.maximum(np.minimum(there[:, 2:], edge), start + 1)])

    return move


def _on_scan(area: Box, to_scan: Callable[[Boxes], Boxes]) -> Box:
    return Box._make(to_scan(np.array([[0, 0, area.width, area.height]], np.float64))[0].tolist())


def crop(picture: Picture, box: Box) -> bytes:
    """Return what stands in `box` of the scan, and a little around it, as JPEG."""
    height, width = picture.pixels.shape[:2]
    across, down = width / picture.size[0], height / picture.size[1]
    left, right = max(int((box.left - _AROUND) * across), 0), ceil((box.right + _AROUND) * across)
    top, bottom = max(int((box.top - _AROUND) * down), 0), ceil((box.bottom + _AROUND) * down)
    part = cv2.cvtColor(picture.pixels[top:bottom, left:right], cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", part, [cv2.IMWRITE_JPEG_QUALITY, _CROP_QUALITY])[1].tobytes()


def _oddities(scan: Scan, picture: Picture) -> Iterable[Step]:
    if odd := misnamed(scan.name, scan.media_type):
        yield Step("open", odd)
    if picture.stretch != 1:
        yield Step("open", f"its pixels are {picture.stretch:.2f} times as tall as wide; read as on the paper")


def _from_text_layer(
    scan: Scan, picture: Picture, layer: TextLayer, opened: tuple[Step, ...], first: RapidReader, second: Reader | None
) -> Reading | None:
    """Return the page as its text layer says, and its pictures as read; None where the layer is not to be believed.

    The layer must say what the page shows: a few of its lines are read, for a wrong encoding and the text of an older
    OCR look like any other text.
    """
    if not layer.believable or layer.characters < _LEAST_LAYER or layer.pictures > _MOST_PICTURE:
        return None
    if not _shows(picture, layer, first):
        return None
    lines = [
        Line(glyphs, Box.around(glyph.box for glyph in glyphs), "text-layer")
        for line in layer.lines
        if (glyphs := tuple(_typed(line)))
    ]
    apart: list[Region] = []
    steps = [*opened, Step("read", f"text layer of the PDF: {layer.characters} characters")]
    for area in layer.images:
        if area.width * area.height < _LEAST_IMAGE * scan.width * scan.height or min(area.width, area.height) < 60:
            continue
        leaf = read_leaf(_part(picture.pixels, area), 1.0, first, second)
        steps.extend(leaf.steps)
        for region in moved(leaf.regions, _to_scan(picture, scan, area)):
            if region.kind == "seal":
                apart.append(region)
            else:
                lines += [line for line in region.lines if not any(_within(line.box, other.box) for other in lines)]
    cells = find_cells(cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY).astype(np.uint8))
    regions = (*regions_of(lines, (), cells, {}, (scan.width, scan.height)), *apart)
    crops: dict[str, bytes] = {}
    seen = look(picture.pixels, 0)
    return Reading((Page(1, scan, _with_crops(regions, picture, crops), steps=tuple(steps), look=seen),), crops)


def _within(box: Box, other: Box) -> bool:
    return box.overlap(other) > 0.5 * box.width * box.height


def _shows(picture: Picture, layer: TextLayer, reader: Reader) -> bool:
    """Whether the page, where it is read, says what `layer` says there."""
    longest = sorted(layer.lines, key=len)[-_PROBES:]
    said = "".join(char for line in longest for char, _box in line)
    strips = []
    for line in longest:
        box = Box.around(box for _char, box in line)
        margin = 0.4 * box.height
        top, bottom = max(round(box.top - margin), 0), round(box.bottom + margin)
        strips.append(picture.pixels[top:bottom, max(round(box.left - margin), 0) : round(box.right + margin)])
    strips = [strip for strip in strips if strip.size]
    if not strips:
        return False
    width = max(strip.shape[1] for strip in strips) + 40
    sheet = [cv2.copyMakeBorder(strip, 12, 12, 20, width - 20 - strip.shape[1], cv2.BORDER_CONSTANT, value=(255,) * 3)
             for strip in strips]  # fmt: skip
    grey = np.asarray(cv2.cvtColor(np.vstack(sheet), cv2.COLOR_RGB2GRAY), np.uint8)
    seen = Counter(fold(char) for line in reader.read(grey) for char in line.text)
    expected = Counter(fold(char) for char in said if not char.isspace())
    return (expected & seen).total() >= _AGREEMENT * expected.total()


def _typed(line: Sequence[tuple[str, Box]]) -> Iterable[Glyph]:
    for number, (char, box) in enumerate(line):
        around = [other for other, _box in line[max(number - 1, 0) : number + 2]]
        if not char.isspace() or (len(around) == 3 and all(other.isascii() for other in around)):
            yield Glyph(char, box, 1.0)
