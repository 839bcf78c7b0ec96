"""From the network's confidence to one that can be believed."""

from dataclasses import replace

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from archivist import definitions
from archivist.model import Alternative, Box, Glyph, Line
from archivist.ocr.calibration import calibrated

BOX = Box(0, 0, 20, 20)


def line(text: str, confidence: float, **others: float) -> Line:
    glyphs = tuple(Glyph(char, BOX, others.get(char, confidence)) for char in text)
    return Line(glyphs, BOX, "rapid")


CLEAR = line("全市科技工作会议决定开展创建活动", 0.9999)
WORN = line("全市科技工作会议决定开展创建活动", 0.7)


def test_punctuation_of_a_clear_page_is_surer_than_the_network_says() -> None:
    (_, read) = calibrated([CLEAR, line("通知如下，并报送", 0.9999, **{"，": 0.93})])
    assert read.glyphs[4].confidence > 0.98


def test_the_same_answer_is_worth_less_on_a_worn_page() -> None:
    doubtful = line("通知如下", 0.95)
    clear, worn = (calibrated([page, doubtful])[1] for page in (CLEAR, WORN))
    assert all(a.confidence > b.confidence for a, b in zip(clear.glyphs, worn.glyphs, strict=True))


def test_print_read_surely_stays_sure_and_a_guess_stays_a_guess() -> None:
    assert calibrated([CLEAR])[0].confidence > 0.999
    assert calibrated([CLEAR, line("通和如下", 0.9999, 和=0.4)])[1].confidence < 0.9


def test_a_lone_stroke_is_not_believed() -> None:
    assert calibrated([CLEAR, line("一", 0.99)])[1].confidence < 0.9
    assert calibrated([CLEAR, line("7", 0.9999)])[1].confidence > 0.98


def test_handwriting_has_a_measure_of_its_own() -> None:
    written = replace(line("同意", 0.8), handwritten=True)
    assert calibrated([CLEAR, written])[1] is written


def test_nothing_read_is_nothing() -> None:
    assert calibrated([]) == ()
    assert calibrated([line("", 0.5)]) == (line("", 0.5),)


@given(
    st.lists(st.tuples(st.sampled_from("科技7，。一—己內OA"), st.floats(0, 1)), min_size=1, max_size=20),
    st.booleans(),
)
def test_confidence_stays_a_share_and_the_order_within_a_kind_of_character(
    read: list[tuple[str, float]], worn: bool
) -> None:
    glyphs = tuple(Glyph(char, BOX, sure, (Alternative("內", 0.1),)) for char, sure in read)
    before = Line(glyphs, BOX, "rapid")
    after = calibrated([WORN if worn else CLEAR, before])[1]
    assert after.text == before.text
    assert all(0 <= glyph.confidence <= 1 for glyph in after.glyphs)
    for old, new in zip(before.glyphs, after.glyphs, strict=True):
        assert replace(new, confidence=old.confidence) == old
        for other, others in zip(before.glyphs, after.glyphs, strict=True):
            if old.char == other.char and old.confidence < other.confidence:
                assert new.confidence <= others.confidence


def test_the_figures_keep_to_their_schema() -> None:
    jsonschema.validate(definitions.load("index/calibration.yaml"), definitions.load("index/calibration.schema.json"))
