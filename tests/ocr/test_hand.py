"""Handwriting told from print, on lines drawn in a printed and in a written hand."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archivist.model import Alternative, Box, Glyph, Line
from archivist.ocr import Grey
from archivist.ocr.hand import tell_hands
from archivist.ocr.rapid import RapidReader

HERE = Path(__file__).parent
SLIP = HERE.parents[1] / "samples/liaocheng-1995-58/p01.jpg"
PRINT = HERE.parents[1] / "samples/liaocheng-1995-58/p05.jpg"


def page(path: Path, rows: slice) -> Grey:
    """Return a band of a sample as the readers see it: grey, its paper at 245."""
    grey = cv2.imread(str(path), cv2.IMREAD_COLOR)[rows, :, 2]
    paper = cv2.medianBlur(cv2.dilate(grey, np.ones((25, 25), np.uint8)), 61)
    return np.asarray(cv2.divide(grey, paper, scale=245), np.uint8)


def line(text: str, box: Box, method: str = "rapid") -> Line:
    wide = box.width / len(text)
    glyphs = tuple(
        Glyph(char, Box(box.left + wide * i, box.top, box.left + wide * (i + 1), box.bottom), 1.0)
        for i, char in enumerate(text)
    )
    return Line(glyphs, box, method)


def text(lines: tuple[Line, ...]) -> str:
    return "".join(part.text for part in lines)


@pytest.fixture(scope="module")
def slip(rapid: RapidReader) -> tuple[Grey, tuple[Line, ...]]:
    image = page(SLIP, slice(780, 1520))
    return image, rapid.read(image)


def test_comments_and_signatures_on_a_slip_are_handwriting(slip: tuple[Grey, tuple[Line, ...]]) -> None:
    told = tell_hands(*slip)
    written = "".join(part.text for part in told if part.handwritten)
    assert "全体干部学习" in written and "95.9.27" in written
    assert "领导批示意见" not in written
    assert all(part.method == "rapid-hand" for part in told if part.handwritten)


def test_a_label_is_parted_from_what_was_written_behind_it(slip: tuple[Grey, tuple[Line, ...]]) -> None:
    image, lines = slip
    whole = next(entry for entry in lines if entry.text.startswith("分发范围"))
    label, value = tell_hands(image, [whole])
    assert (label.text.rstrip("：:"), label.handwritten) == ("分发范围", False)
    assert value.handwritten
    assert label.box.right <= value.box.left + 1
    assert [glyph.confidence for glyph in label.glyphs] == [
        glyph.confidence for glyph in whole.glyphs[: len(label.glyphs)]
    ]


def test_print_stays_as_it_was_read(rapid: RapidReader) -> None:
    image = page(PRINT, slice(200, 1400))
    lines = rapid.read(image)
    assert tell_hands(image, lines) == lines


def test_nobody_is_told_to_trust_handwriting_as_print(slip: tuple[Grey, tuple[Line, ...]]) -> None:
    image, lines = slip
    written = [glyph for part in tell_hands(image, lines) if part.handwritten for glyph in part.glyphs]
    assert max(glyph.confidence for glyph in written) < 0.99
    for glyph in written:
        assert all(other.confidence <= glyph.confidence for other in glyph.alternatives)


def test_surer_readings_stay_the_surer_ones(slip: tuple[Grey, tuple[Line, ...]]) -> None:
    image, lines = slip
    read = sorted(glyph.confidence for entry in lines for glyph in entry.glyphs if entry.text.startswith("全体"))
    told = [part for part in tell_hands(image, lines) if part.text.startswith("全体")]
    assert sorted(glyph.confidence for part in told for glyph in part.glyphs) == [
        glyph.confidence for part in told for glyph in sorted(part.glyphs, key=lambda glyph: glyph.confidence)
    ]
    assert all(
        after < before for after, before in zip(sorted(g.confidence for p in told for g in p.glyphs), read, strict=True)
    )


def test_writing_down_the_page_is_told_character_by_character(slip: tuple[Grey, tuple[Line, ...]]) -> None:
    image, lines = slip
    across = next(entry for entry in lines if entry.text.startswith("全体干部"))
    # The same characters one below the other, as a signature in a narrow column stands.
    size = round(across.box.height) + 8
    column = np.full((size * len(across.glyphs), size), 245, np.uint8)
    glyphs = []
    for number, glyph in enumerate(across.glyphs):
        left, top, right, bottom = (round(side) for side in glyph.box)
        part = image[top:bottom, left:right][:, : size - 2]
        y, x = number * size + 4, (size - part.shape[1]) // 2
        column[y : y + part.shape[0], x : x + part.shape[1]] = part
        glyphs.append(Glyph(glyph.char, Box(0, y, size, y + part.shape[0]), glyph.confidence))
    down = Line(tuple(glyphs), Box.around(glyph.box for glyph in glyphs), "rapid")
    assert all(part.handwritten for part in tell_hands(column, [down]))


def test_a_lone_stroke_is_no_handwriting() -> None:
    image = np.full((80, 400), 245, np.uint8)
    cv2.line(image, (40, 44), (300, 34), 30, 4)
    only = line("——", Box(40, 32, 300, 46))
    assert tell_hands(image, [only]) == (only,)


def test_nothing_read_is_nothing_told() -> None:
    assert tell_hands(np.full((50, 50), 245, np.uint8), ()) == ()


@given(
    st.lists(st.tuples(st.text("甲乙1/.—", min_size=1, max_size=9), st.tuples(*[st.floats(-60, 400)] * 4)), max_size=5),
    st.integers(0, 2**32 - 1),
)
def test_no_character_is_lost_or_moved_whatever_the_picture(
    found: list[tuple[str, tuple[float, ...]]], seed: int
) -> None:
    image = np.random.default_rng(seed).integers(0, 246, (120, 300), np.uint8)
    lines = [
        line(words, Box(min(x1, x2), min(y1, y2), max(x1, x2) + 1, max(y1, y2) + 1))
        for words, (x1, y1, x2, y2) in found
    ]
    told = tell_hands(image, lines)
    assert text(told) == "".join(words for words, _corners in found)
    boxes = [glyph.box for part in told for glyph in part.glyphs]
    assert boxes == [glyph.box for entry in lines for glyph in entry.glyphs]


def test_other_readings_of_a_character_lose_as_much_trust(slip: tuple[Grey, tuple[Line, ...]]) -> None:
    image, lines = slip
    across = next(entry for entry in lines if entry.text.startswith("全体干部"))
    glyphs = tuple(Glyph(glyph.char, glyph.box, 0.6, (Alternative("乂", 0.3),)) for glyph in across.glyphs)
    (told,) = tell_hands(image, [Line(glyphs, across.box, across.method)])
    first = told.glyphs[0]
    assert first.alternatives[0].confidence == pytest.approx(0.5 * first.confidence)
