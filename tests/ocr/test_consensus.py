"""How a second reader's word counts; the second reader here says what the test tells it to."""

from dataclasses import dataclass, field

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
        return (Line(glyphs, Box.around(g.box for g in glyphs), self.name),)


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
    (weighed,), (step,) = second_opinion(PAPER, [line("聊发〔58", [0.9, 0.9, 0.4, 0.9, 0.9])], Says("聊发(58"))
    assert weighed.text == "聊发〔58"
    assert weighed.glyphs[0].confidence > 0.9
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
