"""What every reader promises, on pieces of the sample pages."""

import numpy as np
import pytest

from archivist.image.clean import clean
from archivist.model import Box
from archivist.ocr import Grey, Reader
from archivist.ocr.rapid import RapidReader
from tests.scans import DECISION, PLAN, error_rate


@pytest.fixture(scope="module")
def body() -> tuple[Grey, str]:
    """The last lines of the decision's first page, and what is printed there."""
    lines = [line for line in DECISION.lines if len(line.text) > 12][-3:]
    box = Box.around(Box(*line.box) for line in lines)
    left, top, right, bottom = (round(side) for side in box)
    image = DECISION.pixels[top - 30 : bottom + 30, left - 30 : right + 30]
    return clean(image).black, "".join(line.text for line in lines)


def _in_order(reader: Reader, image: Grey) -> str:
    lines = sorted(reader.read(image), key=lambda line: line.box.centre[1])
    return "".join(line.text for line in lines)


def test_reads_printed_lines(reader: Reader, body: tuple[Grey, str]) -> None:
    image, printed = body
    assert error_rate(_in_order(reader, image), printed) < 0.1


def test_every_character_is_one_code_point_inside_the_picture_and_knows_how_sure_it_is(
    reader: Reader, body: tuple[Grey, str]
) -> None:
    image, _ = body
    height, width = image.shape
    glyphs = [glyph for line in reader.read(image) for glyph in line.glyphs]
    assert glyphs
    for glyph in glyphs:
        assert len(glyph.char) == 1
        assert 0 <= glyph.confidence <= 1
        assert -2 <= glyph.box.left < glyph.box.right <= width + 2
        assert -2 <= glyph.box.top < glyph.box.bottom <= height + 2


def test_characters_of_a_line_stand_from_left_to_right_on_their_ink(reader: Reader, body: tuple[Grey, str]) -> None:
    image, _ = body
    for line in reader.read(image):
        centres = [glyph.box.centre[0] for glyph in line.glyphs]
        assert centres == sorted(centres)
        for glyph in line.glyphs:
            left, top, right, bottom = (max(round(side), 0) for side in glyph.box)
            assert image[top:bottom, left:right].min() < 150


def test_an_empty_sheet_has_no_lines(reader: Reader) -> None:
    assert reader.read(np.full((400, 300), 245, np.uint8)) == ()


def test_reading_twice_gives_the_same(reader: Reader, body: tuple[Grey, str]) -> None:
    image, _ = body
    assert reader.read(image) == reader.read(image)


def test_tiny_and_narrow_pictures_do_not_end_the_batch(reader: Reader) -> None:
    for shape in ((1, 1), (3, 500), (500, 3), (33, 32)):
        assert isinstance(reader.read(np.full(shape, 128, np.uint8)), tuple)


def test_onnxruntime_reads_what_openvino_reads(
    rapid: RapidReader, body: tuple[Grey, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    monkeypatch.setattr("archivist.ocr.rapid.ENGINES", ("onnxruntime",))
    image, _ = body
    assert _in_order(RapidReader(threads=1), image) == _in_order(rapid, image)


def test_doubtful_characters_keep_the_next_best(rapid: RapidReader) -> None:
    page = clean(PLAN.pixels)
    unsure = [glyph for line in rapid.read(page.black) for glyph in line.glyphs if glyph.confidence < 0.9]
    for glyph in unsure:
        assert all(other.char != glyph.char and other.confidence <= glyph.confidence for other in glyph.alternatives)
    assert any(glyph.alternatives for glyph in unsure)
