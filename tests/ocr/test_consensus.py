"""How a second reader's word counts; the second reader here says what the test tells it to."""

from dataclasses import dataclass, field, replace

import numpy as np

from archivist.model import Box, Glyph, Line
from archivist.ocr import Grey
from archivist.ocr.consensus import second_opinion


@dataclass
class Says:
    """Reads the same text on every sheet it is shown, in its first band."""

    text: str
    name: str = "second"
    asked: list[Grey] = field(default_factory=list)

    def read(self, image: Grey) -> tuple[Line, ...]:
        self.asked.append(image)
        glyphs = tuple(Glyph(c, Box(24 + 20 * i, 30, 44 + 20 * i, 66), 0.9) for i, c in enumerate(self.text))
        return () if not glyphs else (Line(glyphs, Box.around(g.box for g in glyphs), self.name),)


def line(text: str, confidences: list[float]) -> Line:
    glyphs = tuple(
        Glyph(c, Box(20 * i, 10, 20 * i + 20, 34), sure)
        for i, (c, sure) in enumerate(zip(text, confidences, strict=True))
    )
    return Line(glyphs, Box.around(g.box for g in glyphs), "first")


PAPER = np.full((60, 400), 245, np.uint8)


def test_a_page_without_doubt_does_not_cost_a_second_reading() -> None:
    second = Says("聊发")
    lines = (line("聊发", [0.99, 0.95]),)
    assert second_opinion(PAPER, lines, second) == (lines, ())
    assert not second.asked


def test_agreement_raises_and_disagreement_lowers_and_keeps_the_other_character() -> None:
    read = line("聊发〔58", [0.4, 0.9, 0.4, 0.9, 0.9])
    (weighed,), (step,) = second_opinion(PAPER, [read], Says("聊发(58"))
    assert weighed.text == "聊发〔58"
    assert weighed.glyphs[0].confidence > 0.8
    assert weighed.glyphs[2].confidence < 0.4
    assert weighed.glyphs[2].alternatives[0].char == "("
    assert weighed.method == "first+second"
    assert "4 characters agree, 1 differ" in step.what


def test_the_text_is_never_changed_by_a_second_reader_that_sees_other_lengths() -> None:
    (weighed,), _ = second_opinion(PAPER, [line("聊发58", [0.9, 0.3, 0.9, 0.9])], Says("城市人民政府文件"))
    assert weighed.text == "聊发58"
    assert [g.confidence for g in weighed.glyphs] == [0.9, 0.3, 0.9, 0.9]


def test_a_lone_stroke_in_doubt_is_not_worth_asking_about() -> None:
    second = Says("—2—")
    second_opinion(PAPER, [line("一2一", [0.3, 0.99, 0.3])], second)
    assert not second.asked


def test_of_doubtful_lines_those_with_numbers_and_dates_are_asked_first_and_at_most_four() -> None:
    second = Says("")
    plain = line("全市人民", [0.3, 0.99, 0.99, 0.99])
    dated = line("一九八七年", [0.99, 0.8, 0.99, 0.99, 0.99])
    _, (step,) = second_opinion(PAPER, [*[plain] * 9, dated], second)
    assert "asked about 4 lines" in step.what
    shown, _ = second_opinion(PAPER, [*[plain] * 9, dated], Says("一九八七年"))
    assert shown[9].glyphs[1].confidence > 0.9


def test_a_numeral_is_asked_about_sooner_than_another_character() -> None:
    second = Says("")
    second_opinion(PAPER, [line("聊发58号", [0.99, 0.8, 0.99, 0.99, 0.99])], second)
    assert not second.asked
    second_opinion(PAPER, [line("聊发58号", [0.99, 0.99, 0.99, 0.8, 0.99])], second)
    assert second.asked


def test_a_character_read_surely_is_not_made_doubtful_by_the_second_reader() -> None:
    (weighed,), _ = second_opinion(PAPER, [line("聊发文", [0.999, 0.4, 0.999])], Says("柳发文"))
    assert weighed.glyphs[0] == line("聊", [0.999]).glyphs[0]


def test_punctuation_and_handwriting_are_not_worth_asking_about() -> None:
    second = Says("")
    written = replace(line("同意", [0.2, 0.3]), handwritten=True)
    second_opinion(PAPER, [line("通知，", [0.99, 0.99, 0.3]), written], second)
    assert not second.asked


def test_a_line_as_flat_as_a_rule_makes_no_endless_picture() -> None:
    flat = Line(tuple(Glyph(c, Box(10, 10, 390, 10.4), 0.3) for c in "全市"), Box(10, 10, 390, 10.4), "first")
    outside = Line(tuple(Glyph(c, Box(10, 70, 390, 80), 0.3) for c in "全市"), Box(10, 70, 390, 80), "first")
    second = Says("全市")
    second_opinion(PAPER, [flat, outside], second)
    assert all(max(sheet.shape) < 5000 for sheet in second.asked)
