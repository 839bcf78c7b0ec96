import numpy as np
import pytest

from archivist.image.clean import Cleaned, clean
from archivist.model import Box
from archivist.ocr.order import vertical
from archivist.ocr.orientation import turn_needed
from archivist.ocr.rapid import RapidReader
from tests.scans import NOTICE, SLIP, SamplePage, error_rate


@pytest.mark.parametrize("page", [SLIP, NOTICE], ids=["slip", "notice"])
@pytest.mark.parametrize("lies", [0, 90, 180, 270])
def test_a_page_is_set_upright_however_it_lies(rapid: RapidReader, page: SamplePage, lies: int) -> None:
    cleaned = clean(np.ascontiguousarray(np.rot90(page.pixels, -lies // 90)))
    assert turn_needed(cleaned.black, rapid.read(cleaned.black), rapid) == (360 - lies) % 360


def test_vertical_text_is_not_a_page_on_its_side(rapid: RapidReader) -> None:
    # Characters of a printed line set below each other, as in a book of the old style.
    line = next(line for line in NOTICE.lines if len(line.text) > 20)
    image = clean(NOTICE.pixels[round(line.box[1]) - 60 : round(line.box[3]) + 60]).black
    read = min(rapid.read(image), key=lambda found: error_rate(found.text, line.text))
    cells = []
    image = np.pad(image, 60, constant_values=245)
    for glyph in read.glyphs:
        x, y = (round(value) + 60 for value in glyph.box.centre)
        cells.append(np.pad(image[y - 26 : y + 26, x - 26 : x + 26], 4, constant_values=245))
    half = len(cells) // 2
    columns = [np.vstack(cells[:half]), np.vstack(cells[half : 2 * half])]
    page = np.pad(np.hstack([columns[1], np.full((columns[0].shape[0], 40), 245, np.uint8), columns[0]]), 80,
                  constant_values=245)  # fmt: skip
    lines = rapid.read(page)
    assert vertical(lines)
    assert turn_needed(page, lines, rapid) == 0


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_turning_keeps_the_way_back_to_the_scan(turn: int) -> None:
    black = np.full((40, 60), 245, np.uint8)
    black[5:8, 10:20] = 0
    cleaned = Cleaned(black, None, (), np.array([[2.0, 0, 7], [0, 2.0, 3], [0, 0, 1]]))
    turned = cleaned.turned(turn)
    ys, xs = np.nonzero(turned.black == 0)
    ink = Box(float(xs.min()), float(ys.min()), float(xs.max()) + 1, float(ys.max()) + 1)
    assert turned.on_scan(ink) == pytest.approx(cleaned.on_scan(Box(10, 5, 20, 8)))
