"""The first reader: PP-OCRv6 detection and recognition networks, from the wheel of RapidOCR.

RapidOCR's own pipeline is left aside: it drops lines under `text_score`, crops from a shrunken page and keeps only a
mean score a line. Its networks are called here one by one, and the CTC output is decoded with a confidence, a place
and the next best characters for each character.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from gettext import gettext as _
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from archivist.errors import NotInstalled
from archivist.model import Alternative, Box, Glyph, Line
from archivist.ocr import STROKES, Grey
from archivist.ocr.leftover import Quad, leftover

#: Longest side the detection network may see; few, because the engine prepares itself anew for each shape.
DETECTION_SIDES = (896, 1088, 1280)
#: Height in pixels from which the network finds print surely; on A4 at 1280, 16-point print has 24, 9-point 13.
_FOUND_FROM = 16
#: What the networks run on, the first that is installed.
ENGINES = ("openvino", "onnxruntime")
#: How sure the detection network must be of a line. RapidOCR's 0.5 misses page numbers and single digits.
_LEAST_BOX = 0.3
_CROP_HEIGHT = 48
#: Few distinct widths: the engine prepares itself anew for each shape it sees.
_WIDTH_STEP, _WIDEST = 64, 3200
_DETECTION_STEP = 32
_TALL = 1.5
#: A tall shape no higher than this many lines is one narrow character, as 1.
_LONE = 1.3
_MARGIN = 0.06
#: Ink on the evened-out picture, and the share of a row that must be inked to belong to the line.
_INK, _LEAST_INK = 150, 0.012
_ALTERNATIVES = 3
_LEAST_ALTERNATIVE = 0.01
#: So few columns of ink are no character, only the edge of the next.
_SLIVER = 3
_LEAST_LEFTOVER = 0.6


@dataclass(frozen=True, slots=True)
class _Decoded:
    char: str
    confidence: float
    #: Where the character peaks along the line, 0..1.
    at: float
    alternatives: tuple[Alternative, ...]


class RapidReader:
    """Reads with PP-OCRv6 on OpenVINO, or on onnxruntime where OpenVINO is absent."""

    name = "rapid"

    def __init__(self, threads: int = 0) -> None:
        """Load the networks; `threads` 0 takes all cores. NotInstalled where RapidOCR is missing."""
        self._detector, self._recogniser = _networks(threads)
        self._characters: list[str] = self._recogniser.postprocess_op.character

    def read(self, image: Grey) -> tuple[Line, ...]:
        """Return every line found on `image` (height, width), boxes in its pixels, in no promised order."""
        quads = [_loosened(quad) for quad in _level(self._detect(image))]
        lines = [line for quad in quads if (line := self._line(image, quad))]
        return (*lines, *self.read_at(image, leftover(image, quads)))

    def read_at(self, image: Grey, quads: Iterable[Quad]) -> tuple[Line, ...]:
        """Return what surely stands in `quads` (corners from top left, clockwise), a line each."""
        found = (self._line(image, quad) for quad in quads)
        return tuple(line for line in found if line and _sure(line))

    def _line(self, image: Grey, quad: Quad) -> Line | None:
        crop = _crop(image, quad)
        glyphs = tuple(_glyphs(quad, crop, self._recognise(crop)))
        return Line(glyphs, Box.around(glyph.box for glyph in glyphs), self.name) if glyphs else None

    def _detect(self, image: Grey) -> list[Quad]:
        height, width = image.shape
        if max(image.shape) >= 2 * DETECTION_SIDES[-1] and min(image.shape) > 1:
            # Averaging by whole steps first takes a third of the time.
            height, width = height // 2 * 2, width // 2 * 2
            image = np.asarray(
                cv2.resize(image[:height, :width], (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8
            )
        scale = min(1.0, _detection_side(image) / max(image.shape))
        size = tuple(
            max(round(side * scale / _DETECTION_STEP), 1) * _DETECTION_STEP for side in (image.shape[1], image.shape[0])
        )
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        seen = self._detector.session(_on_three_channels(_levels(small)))
        found, _scores = self._detector.postprocess_op(seen, (height, width))
        return [np.asarray(quad, np.float32) for quad in found]

    def _recognise(self, crop: Grey) -> list[_Decoded]:
        # One line at a time: on a processor a batch is no faster, and would be as wide as its widest line.
        width = -(-crop.shape[1] // _WIDTH_STEP) * _WIDTH_STEP
        row = np.zeros((_CROP_HEIGHT, width), np.float32)
        row[:, : crop.shape[1]] = _levels(crop)
        output = self._recogniser.session(_on_three_channels(row))[0]
        return self._decode(output, width / crop.shape[1])

    def _decode(self, output: NDArray[np.float32], stretch: float) -> list[_Decoded]:
        best = output.argmax(axis=1)
        starts = np.flatnonzero((best != 0) & (best != np.concatenate(([0], best[:-1]))))
        columns = len(best)
        decoded = []
        for start in starts:
            end = start + 1
            while end < columns and best[end] == best[start]:
                end += 1
            peak = int(start + output[start:end, best[start]].argmax())
            confidence = min(float(output[peak, best[start]]), 1.0)
            others = self._others(output[peak], best[start]) if confidence < 1 - _LEAST_ALTERNATIVE else ()
            at = min((peak + 0.5) / columns * stretch, 1.0)
            decoded.append(_Decoded(self._characters[best[start]], confidence, at, others))
        return decoded

    def _others(self, column: NDArray[np.float32], best: int) -> tuple[Alternative, ...]:
        codes = np.argpartition(column, -_ALTERNATIVES - 1)[-_ALTERNATIVES - 1 :]
        likely = [code for code in codes if code not in (0, best) and column[code] >= _LEAST_ALTERNATIVE]
        likely.sort(key=lambda code: -column[code])
        return tuple(Alternative(self._characters[code], float(column[code])) for code in likely)


def _levels(grey: cv2.typing.MatLike) -> NDArray[np.float32]:
    """Return `grey` in the measure of the networks, from -1 to 1."""
    return np.asarray(cv2.LUT(grey, (np.arange(256, dtype=np.float32) / 127.5 - 1).reshape(1, 256)), np.float32)


def _on_three_channels(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.broadcast_to(levels, (1, 3, *levels.shape)).copy()


def _detection_side(image: Grey) -> int:
    """Return the smallest of DETECTION_SIDES at which most print on `image` is large enough to be found."""
    largest = DETECTION_SIDES[-1]
    scale = min(1.0, largest / max(image.shape))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, _, stats, _ = cv2.connectedComponentsWithStats((small < _INK).astype(np.uint8))
    sizes = stats[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    # Smaller are specks and dots, larger are rules and pictures.
    print_sizes = sizes[(sizes >= 6) & (sizes <= 80)]
    if len(print_sizes) < 20:
        return largest
    needed = largest * _FOUND_FROM / float(np.median(print_sizes))
    return next((side for side in DETECTION_SIDES if side >= needed), largest)


def _networks(threads: int) -> tuple[Any, Any]:
    try:
        from rapidocr.ch_ppocr_det import TextDetector
        from rapidocr.ch_ppocr_rec import TextRecognizer
        from rapidocr.main import DEFAULT_CFG_PATH, root_dir
        from rapidocr.utils.parse_parameters import ParseParams
        from rapidocr.utils.typings import EngineType
    except ImportError as error:
        raise NotInstalled(_("the first reader is not installed: pip install 'rapidocr==3.10.*'")) from error
    logging.getLogger("RapidOCR").setLevel(logging.WARNING)
    cores = threads or -1
    engine = _engine()
    config = ParseParams.update_batch(
        ParseParams.load(DEFAULT_CFG_PATH),
        {
            "Det.engine_type": EngineType(engine),
            "Rec.engine_type": EngineType(engine),
            "Det.limit_type": "max",
            "Det.limit_side_len": DETECTION_SIDES[-1],
            "Det.box_thresh": _LEAST_BOX,
            "EngineConfig.openvino.inference_num_threads": cores,
            # Pinned, the single threads of all workers would share the first core.
            "EngineConfig.openvino.enable_cpu_pinning": False,
            "EngineConfig.onnxruntime.intra_op_num_threads": cores,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        },
    )
    for part in (config.Det, config.Rec):
        part.engine_cfg = config.EngineConfig[engine]
        part.model_root_dir = root_dir / "models"
    config.Rec.font_path = None
    return TextDetector(config.Det), TextRecognizer(config.Rec)


def _engine() -> str:
    from importlib.util import find_spec

    for name in ENGINES:
        if find_spec(name):
            return name
    raise NotInstalled(_("no engine for the first reader: pip install openvino (or onnxruntime)"))


def _crop(image: Grey, quad: Quad) -> Grey:
    """Return the line inside `quad`, 48 pixels high, upright; a tall one lies on its left side."""
    width, height = _sides(quad)
    if height >= _TALL * width:
        quad, width, height = np.roll(quad, -1, axis=0), height, width
    columns = min(max(round(width * _CROP_HEIGHT / max(height, 1.0)), 8), _WIDEST)
    target = np.array([[0, 0], [columns, 0], [0, _CROP_HEIGHT]], np.float32)
    shrink = _CROP_HEIGHT / max(height, 1.0)
    if shrink < 0.5:
        # Warping alone would skip pixels; averaging first keeps thin strokes.
        left, top = np.maximum(np.floor(quad.min(axis=0)).astype(int), 0)
        right, bottom = np.ceil(quad.max(axis=0)).astype(int) + 1
        part = image[top:bottom, left:right]
        image = np.asarray(cv2.resize(part, None, fx=2 * shrink, fy=2 * shrink, interpolation=cv2.INTER_AREA), np.uint8)
        quad = (quad - (left, top)).astype(np.float32) * (2 * shrink)
    # The quad is a rectangle but for rounding; taken for a trapezoid, its middle would be off by some pixels.
    matrix = cv2.getAffineTransform(quad[[0, 1, 3]], target)
    size = (columns, _CROP_HEIGHT)
    line = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(line, np.uint8)


def _level(quads: Sequence[Quad]) -> Iterator[Quad]:
    """Yield `quads`, those of lone narrow characters made as broad as high, or they pass for text on its side."""
    sides = [_sides(quad) for quad in quads]
    heights = [height for width, height in sides if height < _TALL * width]
    highest = _LONE * float(np.median(heights)) if heights else 0.0
    for quad, (width, height) in zip(quads, sides, strict=True):
        if _TALL * width <= height < highest:
            away = (quad[1] + quad[2] - quad[0] - quad[3]) / 2 * ((height / max(width, 1.0) - 1) / 2)
            yield np.asarray(quad + np.stack([-away, away, away, -away]), np.float32)
        else:
            yield quad


def _loosened(quad: Quad) -> Quad:
    """Return a level `quad` with some paper above and below: smaller in its crop, print reads as well and faster."""
    width, height = _sides(quad)
    if height >= _TALL * width:
        return quad
    left, right = (quad[3] - quad[0]) * _MARGIN, (quad[2] - quad[1]) * _MARGIN
    return np.array([quad[0] - left, quad[1] - right, quad[2] + right, quad[3] + left], np.float32)


def _sides(quad: Quad) -> tuple[float, float]:
    top, right, bottom, left = (float(np.linalg.norm(quad[i] - quad[(i + 1) % 4])) for i in range(4))
    return max(top, bottom), max(left, right)


def _glyphs(quad: Quad, crop: Grey, decoded: Sequence[_Decoded]) -> Iterator[Glyph]:
    """Yield the glyphs of one line, each box close around its ink; a space is kept only between two Latin ones."""
    if not decoded:
        return
    width, height = _sides(quad)
    if height >= _TALL * width:
        quad = np.roll(quad, -1, axis=0)
    ink = np.asarray(crop < _INK, np.bool_)
    rows = np.flatnonzero(ink.mean(axis=1) > _LEAST_INK)
    top, bottom = (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, _CROP_HEIGHT)
    columns = np.asarray(ink[top:bottom].any(axis=0), np.bool_)
    ats = np.array([entry.at for entry in decoded]) * len(columns)
    edges = _edges(ats, columns)
    reach = min(0.55 * float(np.median(np.diff(ats))) if len(ats) > 2 else _CROP_HEIGHT, _CROP_HEIGHT / 2)
    starts = np.rint(np.maximum(edges[:-1], ats - reach)).astype(int)
    ends = np.maximum(np.rint(np.minimum(edges[1:], ats + reach)).astype(int), starts + 1)
    lefts, rights = _extents(columns, starts, ends)
    down = (top / _CROP_HEIGHT, bottom / _CROP_HEIGHT)
    placed = _placed(quad, lefts / len(columns), rights / len(columns), down)
    for number, (entry, box) in enumerate(zip(decoded, placed, strict=True)):
        if not entry.char.isspace() or _latin_both_sides(decoded, number):
            yield Glyph(entry.char[0], Box(*box), entry.confidence, entry.alternatives)


def _edges(ats: NDArray[np.float64], inked: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return where characters begin, and where the last ends: half way between two.

    A comma stands at the left of its square: where one would have no ink, it gets the last piece of what is before it.
    """
    edges = np.concatenate(([0.0], (ats[:-1] + ats[1:]) / 2, [float(len(inked))]))
    places = np.rint(edges).astype(int)
    for number in range(1, len(ats)):
        if inked[places[number] : places[number + 1]].sum() > _SLIVER:
            continue
        before = np.flatnonzero(inked[places[number - 1] : places[number]])
        breaks = np.flatnonzero(np.diff(before) > 1)
        if len(breaks):
            edges[number] = places[number - 1] + before[breaks[-1] + 1]
    return edges


def _extents(
    inked: NDArray[np.bool_], starts: NDArray[np.int_], ends: NDArray[np.int_]
) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Return where the ink between `starts` and `ends` begins and ends; all of it where there is none."""
    places = np.flatnonzero(inked)
    if not len(places):
        return starts, ends
    first, last = np.searchsorted(places, starts), np.searchsorted(places, ends) - 1
    some = first <= last
    lefts = np.where(some, places[np.minimum(first, len(places) - 1)], starts)
    rights = np.where(some, places[np.maximum(last, 0)] + 1, ends)
    return lefts, rights


def _placed(
    quad: Quad, lefts: NDArray[np.float64], rights: NDArray[np.float64], down: tuple[float, float]
) -> list[list[float]]:
    """Return the upright boxes around parts of `quad`, given as shares of its width (one each) and its height."""
    sides = np.stack([lefts, rights], axis=1)[:, :, None]
    upper, lower = quad[0] * (1 - sides) + quad[1] * sides, quad[3] * (1 - sides) + quad[2] * sides
    corners = np.concatenate([upper * (1 - y) + lower * y for y in down], axis=1)
    return [list(row) for row in np.hstack([corners.min(axis=1), corners.max(axis=1)]).astype(float).tolist()]


def _sure(line: Line) -> bool:
    """Whether ink the detection network passed over is writing after all, not dirt."""
    # A dash, a level stroke and 一 look the same by themselves, so they count neither way.
    telling = [glyph.confidence for glyph in line.glyphs if glyph.char not in STROKES]
    return min(telling) >= _LEAST_LEFTOVER if telling else len(line.glyphs) > 1


def _latin_both_sides(decoded: Sequence[_Decoded], number: int) -> bool:
    around = decoded[max(number - 1, 0) : number + 2]
    return len(around) == 3 and all(entry.char.isascii() for entry in around)
