"""What stands at the edge of a page, on pages drawn as boxes."""

import pytest

from archivist.model import Box, Glyph, Line, Region
from archivist.ocr.margins import set_apart

SIZE = (1000, 1400)
BODY = "各乡镇人民政府要切实加强领导抓好落实"


def line(text: str, left: float, top: float, size: float = 32) -> Line:
    boxes = [Box(left + size * i, top, left + size * (i + 1), top + size * 0.9) for i in range(len(text))]
    return Line(tuple(Glyph(char, box, 0.9) for char, box in zip(text, boxes, strict=True)), Box.around(boxes), "drawn")


def page(*more: Line) -> tuple[list[Region], list[Line], list[Region]]:
    return set_apart([*more, *(line(BODY, 100, 200 + 56 * row) for row in range(18))], (), SIZE)


def kinds(regions: list[Region]) -> list[tuple[str, str]]:
    return [(region.kind, region.text) for region in regions]


def test_a_small_title_above_and_a_line_below_the_text_are_set_apart() -> None:
    above, text, below = page(line("安澜县科技志", 400, 90, 22), line("安澜县档案馆藏", 400, 1320, 22))
    assert (kinds(above), kinds(below)) == ([("header", "安澜县科技志")], [("footer", "安澜县档案馆藏")])
    assert len(text) == 18


@pytest.mark.parametrize(
    "text", ["聊发〔1995〕58号", "机密★一年", "附件：名单", "编号：001", "主题词：科技 表彰", "一九九五年六月"]
)
def test_marks_of_the_paper_stay_in_its_text_however_small(text: str) -> None:
    above, lines, _ = page(line(text, 100, 90, 22))
    assert not above
    assert text in [line.text for line in lines]


def test_print_as_large_as_the_text_is_text_and_so_is_what_stands_close_to_it() -> None:
    assert page(line("安澜县科技工作情况", 300, 90))[0] == []
    assert page(line("安澜县科技工作情况", 300, 165, 22))[0] == []


def test_the_imprint_at_the_foot_is_no_footer() -> None:
    _, lines, below = page(line("抄送市委各部门", 100, 1290, 26), line("县政府办公室印发", 100, 1330, 26))
    assert not below
    assert len(lines) == 20


@pytest.mark.parametrize("text", ["12", "—12—", "- 3 -", "第3页", "第3页共12页", "3/12", "(4)", "·7·", "P12"])
def test_a_number_alone_at_the_foot_is_the_page_number(text: str) -> None:
    _, _, below = page(line(text, 450, 1330, 28))
    assert kinds(below) == [("page_number", text)]


def test_a_page_number_may_stand_beside_the_running_title() -> None:
    above, _, _ = page(line("安澜县科技志", 100, 40, 22), line("37", 860, 40, 22))
    assert kinds(above) == [("header", "安澜县科技志"), ("page_number", "37")]


def test_numbers_in_the_last_row_of_a_list_are_no_page_numbers() -> None:
    _, _, below = page(*(line(str(12 + column), 100 + 200 * column, 1330) for column in range(4)))
    assert below == []


def test_numerals_number_a_page_only_where_they_stand_beyond_everything_else() -> None:
    _, _, below = page(line("十二", 480, 1330))
    assert kinds(below) == [("page_number", "十二")]
    _, lines, below = page(line("十二", 100, 1330), line("未完", 700, 1330))
    assert below == []
    assert len(lines) == 20


def test_a_page_number_found_in_pieces_is_one_line_with_its_dashes() -> None:
    _, _, below = page(line("—", 400, 1330, 28), line("4", 430, 1330, 28), line("一", 460, 1332, 28))
    assert kinds(below) == [("page_number", "—4—")]
    assert below[0].lines[0].glyphs[2].alternatives[0].char == "一"
    assert "context" in below[0].lines[0].method


def test_dots_on_both_sides_of_a_page_number_are_raised_ones() -> None:
    _, _, below = page(line("·7.", 460, 1330, 28))
    assert kinds(below) == [("page_number", "·7·")]


def test_on_a_sheet_that_lies_on_a_desk_the_page_number_is_what_stands_alone_below_the_text() -> None:
    text = [line(BODY, 100, 200 + 40 * row, 24) for row in range(18)]
    _, _, below = set_apart([*text, line("-3-", 460, 1010, 24)], (), SIZE)
    assert kinds(below) == [("page_number", "-3-")]


def test_the_page_number_of_a_page_that_holds_nothing_but_a_table_is_found() -> None:
    _, _, below = set_apart([line("—2—", 460, 1330)], [Box(100, 200, 900, 1280)], SIZE)
    assert kinds(below) == [("page_number", "—2—")]
