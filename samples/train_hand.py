"""Teach the network that tells handwriting from print.

    python samples/train_hand.py --fonts DIR... --strokes DIR --text FILE

Pages of print and handwriting are made up (`hands.py`), aged (`wear.py`, `capture.py`, or quickly here), cleaned as
the reader cleans them, cut into lines as archivist/ocr/hand.py draws them, and learnt from; archivist/ocr/hand.npz
comes out. Chance is seeded: the same fonts, text and versions give the same network. Two cores take half an hour.
Needed beside what samples/README.md names: `pip install jax`; the fonts of the Debian and npm packages in hands.yaml,
unpacked anywhere under --fonts; npm's hanzi-writer-data; a file of running Chinese text, simplified and traditional.
With `--held-out` the fonts marked so are not learnt from but asked about at the end.

What came of it: on 68 worn slips, letters, tables, notices and decisions 11 of 1,765 printed lines were taken for
handwriting and 282 of 308 handwritten ones found; without the fonts held out and from half as many pages, 15 and 275.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import hands
import numpy as np
import recipes
import wear
import yaml
from numpy.typing import NDArray

from archivist.image.clean import clean
from archivist.image.table import find_cells, without_rules
from archivist.model import Box, Glyph, Line
from archivist.ocr import Grey
from archivist.ocr.hand import COLUMNS, NETWORK, answer, draw, stored

DPI = 200
WIDTH = 384
BATCH = 32
_PAPER = 245
_MESH = 8
#: Kernels, rows × columns × from × to; the first three layers halve what they see. archivist/ocr/hand.py runs the same.
SHAPES = ((3, 3, 1, 16), (3, 3, 16, 32), (3, 3, 32, 40), (4, 3, 40, 48), (1, 5, 48, 48), (1, 5, 48, 48), (1, 1, 48, 1))
HALVING = 3


class Font(NamedTuple):
    """Files of a font: what it is, a pattern of file names, how often it counts, whether it can be held out."""

    kind: str
    pattern: str
    weight: int = 1
    held_out: bool = False


FONTS = tuple(
    Font(**font) for font in yaml.safe_load(Path(hands.__file__).with_suffix(".yaml").read_text("utf-8"))["fonts"]
)


def found(folders: Sequence[Path], *, strokes: Path | None, text: str, held_out: bool | None) -> hands.Sources:
    """Return the fonts of FONTS under `folders`: all, or where `held_out` is given those held out or the others."""
    paths = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in (".ttf", ".ttc")]
    files = {path.name: path for path in paths}
    kinds: dict[str, list[Path]] = {}
    for font in FONTS:
        latin = font.kind.startswith("latin")
        if held_out is None or latin or font.held_out == held_out:
            matching = [path for name, path in files.items() if Path(name).match(font.pattern)]
            kinds.setdefault(font.kind, []).extend(matching * font.weight)
    even = kinds.get("even hand", [])
    return hands.Sources(
        print_han=kinds["print"],
        print_latin=kinds["latin print"],
        hand_han=[*even, *kinds["hand"]],
        hand_latin=kinds["latin hand"],
        even=frozenset(even),
        strokes=None if held_out else strokes,
        text=text,
    )


# --- pages ------------------------------------------------------------------------------------------------


class Aged(NamedTuple):
    """A page as the reader sees it, where print (1) and handwriting (2) stand on it, and its lines."""

    image: Grey
    mask: Grey
    lines: list[Line]


def worn(sources: hands.Sources, number: int) -> Aged:
    """Return a page aged by the recipe whose turn it is, scanned, and cleaned for reading."""
    chance = np.random.default_rng([number, 1])
    written = hands.page(sources, chance)
    colours = ((0.05, 0.05, 0.07), (0.05, 0.07, 0.12), (0.1, 0.13, 0.45), (0.3, 0.3, 0.32), (0.08, 0.1, 0.3))
    pen = written.hand * (0.82 + 0.18 * wear.clouds(written.hand, 4, chance))
    picture = _in_colour(written.printed, (0.06, 0.06, 0.06)) * _in_colour(pen, colours[chance.integers(len(colours))])
    behind = np.roll(_in_colour(written.printed, (0, 0, 0)), (40, 60), (0, 1))
    sheet = wear.Sheet(picture.astype(np.float32), behind.astype(np.float32), False, DPI, DPI)
    kinds = sorted(recipes.RECIPES)
    for effect in recipes.RECIPES[kinds[number % len(kinds)]]:
        sheet = effect(sheet, chance)
    points = _corners(written.marks)
    for move in sheet.moves:
        points = move(points)
    zoom = float(chance.choice((1, 1, 1.2, 1.3)))
    stretch = zoom * sheet.dpi / sheet.dpi_down
    scanned = cv2.resize(_as_jpeg(sheet.picture, chance), None, fx=zoom, fy=stretch, interpolation=cv2.INTER_CUBIC)
    cleaned = clean(np.ascontiguousarray(scanned, np.uint8))
    black = cleaned.black
    if chance.random() < 0.6:
        black = without_rules(black, find_cells(black))
    # Where each pixel of the reading image lies on the scan, worked out on a coarser grid.
    rows, columns = (np.arange(0, side + _MESH, _MESH) for side in black.shape)
    grid = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2).astype(np.float64)
    there = cleaned.boxes_on_scan(np.hstack([grid, grid]))[:, :2].reshape(len(rows), len(columns), 2).astype(np.float32)
    size = (len(columns) * _MESH, len(rows) * _MESH)
    on_scan = np.array([[1, 0, 0], [0, 1, 0]], np.float64) / _MESH
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    way = cv2.warpAffine(there, on_scan, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    numbers = _numbers(scanned.shape[:2], points * (zoom, stretch))
    there = cv2.remap(numbers, way[: black.shape[0], : black.shape[1]], None, cv2.INTER_NEAREST)
    return _aged(black, written.marks, there)


def quick(sources: hands.Sources, number: int) -> Aged:
    """Return a page that went through less, ten times as fast: blur, faded and broken ink, coarse pixels, two tones."""
    chance = np.random.default_rng([number, 9])
    written = hands.page(sources, chance)
    ink = 1 - (1 - written.printed * chance.uniform(0.75, 1)) * (1 - written.hand * chance.uniform(0.6, 1))
    if chance.random() < 0.5:
        ink *= 1 - chance.uniform(0.1, 0.5) * wear.clouds(ink, chance.uniform(1, 40), chance)
    if chance.random() < 0.3:
        ink *= np.clip((wear.clouds(ink, 1, chance) - chance.uniform(0.1, 0.3)) * 4, 0.4, 1)
    ink = np.clip(cv2.GaussianBlur(ink, (0, 0), chance.uniform(0.3, 1.05)) * 1.25, 0, 1)
    turn = cv2.getRotationMatrix2D((hands.SIDE / 2, hands.SIDE / 2), chance.normal(0, 0.35), 1)
    ink = cv2.warpAffine(ink, turn, (hands.SIDE, hands.SIDE))
    kind = chance.random()
    if kind < 0.5:
        across, down = (1.0, 0.5) if kind > 0.3 else (float(chance.uniform(0.5, 1)),) * 2
        ink = cv2.resize(ink, None, fx=across, fy=down, interpolation=cv2.INTER_AREA)
        if kind > 0.25:
            level = float(np.percentile(ink[ink > 0.15], 60)) * chance.uniform(0.4, 0.8)
            ink = 1 / (1 + np.exp(-(ink - level) * chance.choice((8, 14, 60))))
        ink = cv2.resize(ink, (hands.SIDE, hands.SIDE), interpolation=cv2.INTER_CUBIC)
    grain = cv2.GaussianBlur(chance.standard_normal(ink.shape, dtype=np.float32), (0, 0), 0.7)
    ink = ink * chance.uniform(0.6, 1) + grain * chance.choice((0.0, 0.02, 0.05))
    black = np.asarray(_PAPER * (1 - np.clip(ink, 0, 1)), np.uint8)
    return _aged(black, written.marks, _numbers(black.shape, _corners(written.marks) @ turn[:, :2].T + turn[:, 2]))


def _in_colour(density: NDArray[Any], colour: tuple[float, ...]) -> NDArray[Any]:
    return 1 - density[..., None] * (1 - np.array(colour, np.float32))


def _as_jpeg(picture: NDArray[Any], chance: hands.Chance) -> NDArray[np.uint8]:
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(chance.integers(55, 88))]
    return cv2.imdecode(cv2.imencode(".jpg", (picture * 255 + 0.5).astype(np.uint8), quality)[1], cv2.IMREAD_COLOR)


def _corners(marks: Sequence[hands.Mark]) -> NDArray[np.float64]:
    boxes = np.array([mark.box for mark in marks], np.float64).reshape(-1, 4)
    return boxes[:, (0, 1, 2, 1, 2, 3, 0, 3)].reshape(-1, 2)


def _numbers(shape: tuple[int, ...], points: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return a picture on which the four `points` of every mark hold its number, from 1."""
    numbers = np.zeros(shape, np.float32)
    for number, quad in enumerate(points.reshape(-1, 4, 2), start=1):
        cv2.fillConvexPoly(numbers, np.rint(quad).astype(np.int32), number)
    return numbers


def _aged(image: Grey, marks: Sequence[hands.Mark], numbers: NDArray[Any]) -> Aged:
    """Return the page of which `numbers` says which mark stands on a pixel of `image`."""
    ys, xs = np.nonzero(numbers)
    of_pixel = numbers[ys, xs].astype(np.intp)
    extents = np.tile((np.inf, np.inf, -np.inf, -np.inf), (len(marks) + 1, 1))
    np.minimum.at(extents, (of_pixel, 0), xs)
    np.minimum.at(extents, (of_pixel, 1), ys)
    np.maximum.at(extents, (of_pixel, 2), xs + 1)
    np.maximum.at(extents, (of_pixel, 3), ys + 1)
    lines: dict[int, list[Glyph]] = {}
    for mark, extent in zip(marks, extents[1:], strict=True):
        if np.isfinite(extent).all():
            lines.setdefault(mark.line, []).append(Glyph(mark.char, Box(*map(float, extent)), 0.9))
    kinds = np.array([0, *(2 if mark.hand else 1 for mark in marks)], np.uint8)
    boxes = [Box.around(glyph.box for glyph in glyphs) for glyphs in lines.values()]
    made = [Line(tuple(glyphs), box, "") for glyphs, box in zip(lines.values(), boxes, strict=True)]
    return Aged(image, kinds[numbers.astype(np.intp)], made)


# --- lines as the network sees them -----------------------------------------------------------------------


class Drawn(NamedTuple):
    """A line as drawn (0 paper .. 255), and every COLUMNS columns whether print (1), handwriting (2) or neither."""

    strip: Grey
    kinds: NDArray[np.uint8]


def drawn(page: Aged, times: int, chance: hands.Chance) -> Iterator[Drawn]:
    """Yield every line of `page` several times, its box never the same: readers cut wide and narrow."""
    of_kinds = [np.where(page.mask == kind, 45, _PAPER).astype(np.uint8) for kind in (1, 2)]
    for line in page.lines:
        for _ in range(times):
            left, top, right, bottom = line.box
            high = bottom - top
            x1, x2 = chance.uniform(-0.05, 0.3, 2) * high
            y1, y2 = chance.normal((0.02, 0.02), 0.06) * high
            box = Box(left - x1, top - y1, right + x2, bottom + y2)
            if chance.random() < 0.12 and len(line.glyphs) > 2:
                box = box._replace(right=box.left + max(high, 1.0), bottom=box.top + 1e5)  # as if it ran down the page
            cut = replace(line, box=box, glyphs=tuple(
                replace(glyph, box=glyph.box._replace(top=top, bottom=bottom)) for glyph in line.glyphs
            ))  # fmt: skip
            strip = draw(page.image, cut)[0]
            shares = [
                draw(of_kind, cut)[0].reshape(strip.shape[0], -1, COLUMNS).mean(axis=(0, 2)) for of_kind in of_kinds
            ]
            kinds = np.where(np.maximum(*shares) > 0.05, np.where(shares[1] > shares[0], 2, 1), 0).astype(np.uint8)
            if kinds.any():
                yield Drawn((strip * 255).astype(np.uint8), kinds)


def batches(lines: Sequence[Drawn], chance: hands.Chance) -> Iterator[tuple[NDArray[np.float32], NDArray[np.uint8]]]:
    """Yield all lines once, in disorder, short ones side by side, long ones in part; paper and ink vary."""
    windows = _windows(lines, chance)
    noise = chance.normal(0, 0.05, (BATCH, lines[0].strip.shape[0], WIDTH)).astype(np.float32)
    while len(some := [window for _, window in zip(range(BATCH), windows, strict=False)]) == BATCH:
        gamma = np.where(chance.random((BATCH, 1)) < 0.6, np.exp(chance.normal(0, 0.3, (BATCH, 1))), 1)
        light = np.where(chance.random((BATCH, 1)) < 0.5, chance.uniform(0.6, 1.1, (BATCH, 1)), 1)
        tones = np.clip((np.arange(256) / 255) ** gamma * light, 0, 1).astype(np.float32)
        for row in np.flatnonzero(chance.random(BATCH) < 0.12):
            tones[row] = np.arange(256) > 255 * chance.uniform(0.3, 0.6)
        ink = tones[np.arange(BATCH)[:, None, None], np.stack([window.strip for window in some])]
        if chance.random() < 0.25:
            ink = (ink + sum(np.roll(ink, step, axis) for step in (-1, 1) for axis in (1, 2))) / 5
        if chance.random() < 0.3:
            ink = np.clip(ink + np.roll(noise, int(chance.integers(WIDTH)), 2), 0, 1)
        yield ink[..., None], np.stack([window.kinds for window in some])


def _windows(lines: Sequence[Drawn], chance: hands.Chance) -> Iterator[Drawn]:
    row: list[Drawn] = []
    for number in chance.permutation(len(lines)):
        line = lines[number]
        if line.strip.shape[1] > WIDTH:
            # Long lines of print would drown the rest.
            for _ in range(1 if (line.kinds == 2).mean() < 0.05 else 2):
                start = int(chance.integers(0, (line.strip.shape[1] - WIDTH) // COLUMNS + 1))
                end = start + WIDTH // COLUMNS
                yield Drawn(line.strip[:, start * COLUMNS : end * COLUMNS], line.kinds[start:end])
            continue
        if sum(one.strip.shape[1] for one in row) + line.strip.shape[1] > WIDTH:
            yield _side_by_side(row)
            row = []
        row.append(line)


def _side_by_side(row: Sequence[Drawn]) -> Drawn:
    strip, kinds = np.hstack([one.strip for one in row]), np.hstack([one.kinds for one in row])
    rest = WIDTH - strip.shape[1]
    return Drawn(np.pad(strip, ((0, 0), (0, rest))), np.pad(kinds, (0, rest // COLUMNS)))


# --- learning ---------------------------------------------------------------------------------------------


def learn(lines: Sequence[Drawn], epochs: int, rate: float = 4e-3) -> Iterator[dict[str, NDArray[np.float16]]]:
    """Yield kernels and biases each time all lines were seen (Adam; batch normalisation folded into the kernels)."""
    import jax
    import jax.numpy as jnp

    chance = np.random.default_rng(1)
    kernels = [chance.normal(0, np.sqrt(2 / np.prod(shape[:3])), shape).astype(np.float32) for shape in SHAPES]
    weights = [(jnp.array(kernel), jnp.ones(kernel.shape[3]), jnp.zeros(kernel.shape[3])) for kernel in kernels]
    seen = [(jnp.zeros(shape[3]), jnp.ones(shape[3])) for shape in SHAPES[:-1]]

    def convolved(signal: Any, kernel: Any, number: int) -> Any:
        high, wide, _from, to = kernel.shape
        above, stride = (1, 2) if number < HALVING else (0, 1)
        padded = jnp.pad(signal, ((0, 0), (above, above), (wide // 2, wide // 2), (0, 0)))
        rows, columns = (padded.shape[1] - high) // stride + 1, (padded.shape[2] - wide) // stride + 1
        around = [
            padded[:, y : y + stride * (rows - 1) + 1 : stride, x : x + stride * (columns - 1) + 1 : stride]
            for y in range(high)
            for x in range(wide)
        ]
        return jnp.concatenate(around, -1) @ kernel.reshape(-1, to)

    def loss(weights: Any, ink: Any, kinds: Any) -> Any:
        signal, moments = ink, []
        for number, (kernel, gain, bias) in enumerate(weights):
            signal = convolved(signal, kernel, number)
            if number < len(weights) - 1:
                mean, variance = signal.mean((0, 1, 2)), signal.var((0, 1, 2))
                moments.append((mean, variance))
                signal = jax.nn.relu((signal - mean) / jnp.sqrt(variance + 1e-4) * gain + bias)
            else:
                signal = signal + bias
        logits, wanted, counts = signal[:, 0, :, 0], (kinds == 2) * 0.98 + 0.01, kinds > 0
        return ((jax.nn.softplus(logits) - wanted * logits) * counts).sum() / counts.sum(), moments

    @jax.jit
    def step(weights: Any, first: Any, second: Any, seen: Any, time: Any, rate: Any, ink: Any, kinds: Any) -> Any:
        (value, moments), slope = jax.value_and_grad(loss, has_aux=True)(weights, ink, kinds)
        each = jax.tree.map
        first = each(lambda old, new: 0.9 * old + 0.1 * new, first, slope)
        second = each(lambda old, new: 0.999 * old + 0.001 * new * new, second, slope)
        weights = each(
            lambda w, m, v: w - rate * (m / (1 - 0.9**time) / (jnp.sqrt(v / (1 - 0.999**time)) + 1e-8) + 1e-4 * w),
            weights, first, second,
        )  # fmt: skip
        keep = jnp.minimum(0.99, time / (time + 10.0))
        return weights, first, second, each(lambda old, new: keep * old + (1 - keep) * new, seen, moments), value

    first = second = jax.tree.map(jnp.zeros_like, weights)
    steps = epochs * sum(1 for _ in batches(lines, np.random.default_rng(2)))
    time = 0
    for epoch in range(epochs):
        values = []
        for ink, kinds in batches(lines, chance):
            time += 1
            now = rate * min(1, time / 100) * max(0.01, 0.5 * (1 + np.cos(np.pi * min(time / steps, 1))))
            weights, first, second, seen, value = step(weights, first, second, seen, time, now, ink, kinds)
            values.append(float(value))
        print(f"epoch {epoch}: {np.mean(values):.4f}", flush=True)
        yield _folded(weights, seen)


def _folded(weights: Sequence[Any], seen: Sequence[Any]) -> dict[str, NDArray[np.float16]]:
    learnt = {}
    for number, (kernel, gain, bias) in enumerate(weights):
        mean, variance = seen[number] if number < len(seen) else (0.0, 1.0)
        scale = np.asarray(gain) / np.sqrt(variance + 1e-4) if number < len(seen) else 1.0
        learnt[f"kernel{number}"] = np.asarray(kernel * scale, np.float16)
        learnt[f"bias{number}"] = np.asarray(bias - mean * scale, np.float16)
    return learnt


def ask(lines: Sequence[Drawn], network: Path) -> str:
    """Return how the network stored as `network` does on `lines`, column by column."""
    layers = stored(network)
    logits = np.hstack([answer(np.asarray(line.strip, np.float32) / 255, layers) for line in lines])
    kinds = np.hstack([line.kinds for line in lines])
    wrong, missed = (logits[kinds == 1] > 0).mean(), (logits[kinds == 2] < 0).mean()
    return f"print taken for handwriting {wrong:.3f}, handwriting missed {missed:.3f}"


def _lines(sources: hands.Sources, pages: Sequence[tuple[int, bool]]) -> list[Drawn]:
    """Return the lines of pages given by number and whether they age quickly, made by two processes."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as workers:
        made = workers.map(_lines_of, repeat(sources), pages, chunksize=10)
        return [line for lines in made for line in lines]


def _lines_of(sources: hands.Sources, page: tuple[int, bool]) -> list[Drawn]:
    cv2.setNumThreads(1)
    number, quickly = page
    aged = quick(sources, number) if quickly else worn(sources, number)
    return list(drawn(aged, 2 if quickly else 3, np.random.default_rng(number + 7)))


def main() -> int:
    """Command line; writes hand.npz into the package, or with --held-out hand-held-out.npz here, and a report."""
    parser = argparse.ArgumentParser(description="Teach the network that tells hand from print.")
    parser.add_argument("--fonts", type=Path, nargs="+", required=True, help="folders under which the fonts lie")
    parser.add_argument("--strokes", type=Path, required=True, help="the folder package/ of hanzi-writer-data")
    parser.add_argument("--text", type=Path, required=True, help="running Chinese text, UTF-8")
    parser.add_argument("--quick", type=int, default=400, help="pages aged quickly")
    parser.add_argument("--worn", type=int, default=120, help="pages aged like the samples")
    parser.add_argument("--epochs", type=int, default=7)
    parser.add_argument("--held-out", action="store_true", help="learn without the fonts held out, then ask about them")
    asked = parser.parse_args()
    text = "".join(asked.text.read_text("utf-8").split())
    sources = found(asked.fonts, strokes=asked.strokes, text=text, held_out=False if asked.held_out else None)
    pages = [(50000 + number, True) for number in range(asked.quick)] + [
        (number, False) for number in range(asked.worn)
    ]
    target = Path("hand-held-out.npz") if asked.held_out else NETWORK
    for learnt in learn(_lines(sources, pages), asked.epochs):
        np.savez_compressed(target, allow_pickle=False, **learnt)
    if asked.held_out:
        others = found(asked.fonts, strokes=None, text=text, held_out=True)
        print(ask(_lines(others, [(number, number % 2 == 0) for number in range(40)]), target))
    return 0


if __name__ == "__main__":
    sys.exit(main())
