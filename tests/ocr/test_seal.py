"""Print under seals: what is kept of two readings, and what a seal says."""

from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from archivist.image.clean import clean
from archivist.image.ring import unwrapped
from archivist.image.seal import find_seals
from archivist.image.unsealed import without_seals
from archivist.model import Box, Glyph, Line, Seal
from archivist.ocr.rapid import RapidReader
from archivist.ocr.seal import better, parted, read_seal, read_under
from tests.scans import DECISION, NOTICE, SamplePage, error_rate

#: A seal of radius 100 around (500, 500).
SEAL = Box(400, 400, 600, 600)


def line(text: str, left: float, middle: float = 500, sure: float | list[float] = 0.95, pitch: float = 40) -> Line:
    sureness = sure if isinstance(sure, list) else [sure] * len(text)
    glyphs = tuple(
        Glyph(char, Box(left + pitch * n, middle - 16, left + pitch * n + 32, middle + 16), level)
        for n, (char, level) in enumerate(zip(text, sureness, strict=True))
    )
    return Line(glyphs, Box.around(glyph.box for glyph in glyphs), "rapid")


def texts(lines: tuple[Line, ...]) -> list[str]:
    return [entry.text for entry in sorted(lines, key=lambda entry: entry.box.top)]


def test_lines_clear_of_the_seal_stay_the_very_same() -> None:
    above, below = line("特此通知", 300, 200), line("主题词", 300, 800)
    assert better([above, below], [], [SEAL]) == (above, below)


def test_the_surer_of_two_characters_is_kept_and_the_other_stays_beside_it() -> None:
    sealed = line("一九八十年", 300, sure=[0.9, 0.9, 0.9, 0.4, 0.9])
    unsealed = line("一九八七年", 300, sure=0.9)
    (kept,) = better([sealed], [unsealed], [SEAL])
    assert kept.text == "一九八七年"
    assert kept.glyphs[3].alternatives[0].char == "十"
    assert kept.glyphs[3].confidence < 0.9


def test_a_character_that_went_with_the_seal_is_kept_where_it_left_a_gap() -> None:
    sealed = line("科学技术委员", 400)
    unsealed = line("科学技术委员", 400)
    unsealed = Line(tuple(glyph for glyph in unsealed.glyphs if glyph.char != "技"), unsealed.box, "rapid-unsealed")
    (kept,) = better([sealed], [unsealed], [SEAL])
    assert kept.text == "科学技术委员"


def test_a_line_that_only_grazes_the_seal_is_read_once_and_whole() -> None:
    sealed, unsealed = line("为了深入贯彻全国科学技术", 250, 610), line("为了深入贯彻全国科学技术", 250, 614)
    assert texts(better([sealed], [unsealed], [SEAL])) == ["为了深入贯彻全国科学技术"]
    assert texts(better([sealed], [], [SEAL])) == ["为了深入贯彻全国科学技术"]


@pytest.mark.parametrize("own", [line("★", 484), line("公", 484, 430), line("学技", 460, 430), line("1", 395, 470)])
def test_star_and_ring_are_never_characters_of_the_body(own: Line) -> None:
    print_ = line("二〇二一年十月", 380, 520)
    assert texts(better([print_, own], [print_], [SEAL])) == ["二〇二一年十月"]
    assert better([own], [], [SEAL]) == ()


def test_ring_writing_read_on_as_part_of_a_line_is_cut_off_again() -> None:
    sealed, unsealed = line("检查验收学技", 290, 430), line("检查验收。", 290, 430, [0.9, 0.9, 0.9, 0.9, 0.6])
    assert texts(better([sealed], [unsealed], [SEAL])) == ["检查验收。"]


def test_a_line_that_only_shows_without_the_seal_is_taken_when_it_is_sure() -> None:
    sure, doubtful = line("县人民政府", 410, 500, 0.95), line("门川口了", 410, 560, 0.4)
    assert texts(better([], [sure, doubtful], [SEAL])) == ["县人民政府"]


def test_lines_in_a_stamp_are_its_own() -> None:
    stamp = Seal(Box(0, 0, 300, 100), "ruled", red=False)
    inside, outside = line("1995", 40, 50), line("关于", 400, 50)
    assert parted([inside, outside], [stamp]) == ((outside,), ((inside,),))


@cache
def without_colour(page: SamplePage, *, bilevel: bool) -> NDArray[np.uint8]:
    grey = np.asarray(cv2.cvtColor(page.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    if bilevel:
        grey = np.where(grey > 165, 255, 0).astype(np.uint8)
    return clean(np.repeat(grey[:, :, None], 3, axis=2)).black


@pytest.mark.parametrize("bilevel", [False, True], ids=["grey", "black and white"])
@pytest.mark.parametrize(
    ("page", "printed"),
    [(NOTICE, ("清源县科学技术委员会", "一九八七年三月二十五日")), (DECISION, ("(一九九五年六月九日)",))],
    ids=["notice", "decision"],
)
def test_signature_and_date_under_a_dark_seal_are_read(
    rapid: RapidReader, page: SamplePage, printed: tuple[str, ...], bilevel: bool
) -> None:
    black = without_colour(page, bilevel=bilevel)
    (seal,) = find_seals(black, None)
    before = rapid.read(black)
    (part,) = without_seals(black, [seal], before)
    after = read_under(before, part.seals, part.image, part.top, rapid)
    # Where the ring crosses a signature a character or two may go; on black and white what lies under the star is lost.
    for text in printed:
        dated = text.strip("()").endswith("日")
        assert min(error_rate(entry.text, text) for entry in after) <= (0.1 if dated and not bilevel else 0.2)
    near = [entry for entry in after if entry.box.overlap(seal.box) > 0.5 * entry.box.width * entry.box.height]
    assert all(len(entry.glyphs) > 3 for entry in near)


def test_the_writing_of_a_red_seal_is_read_around_its_ring(rapid: RapidReader) -> None:
    for page, name in ((NOTICE, "清源县科学技术委员会"), (DECISION, "中共聊城市委员会")):
        cleaned = clean(page.pixels)
        (seal,) = cleaned.seals
        assert cleaned.red is not None
        strip = unwrapped(cleaned.red, seal)
        (around,) = read_seal(strip.image, strip.level_from, strip.on_page, (), rapid)
        assert error_rate(around.text, name) <= 0.3
        assert around.method == "rapid-ring"
        assert all(glyph.box.overlap(seal.box) for glyph in around.glyphs)
