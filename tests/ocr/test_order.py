"""Regions of pages drawn as boxes: no reader needed."""

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from archivist.model import Box, Cell, Glyph, Line, Region, Seal
from archivist.ocr.order import regions_of

SIZE = (1000, 1000)


def line(text: str, left: float, top: float, size: float = 20, *, down: bool = False) -> Line:
    boxes = [
        Box(left, top + size * i, left + size, top + size * (i + 1))
        if down
        else Box(left + size * i, top, left + size * (i + 1), top + size)
        for i in range(len(text))
    ]
    glyphs = tuple(Glyph(char, box, 0.9) for char, box in zip(text, boxes, strict=True))
    return Line(glyphs, Box.around(boxes), "drawn")


def cell(row: int, column: int, box: Box, rows: int = 1, columns: int = 1) -> Cell:
    left, top, right, bottom = box
    return Cell(0, row, column, rows, columns, ((left, top), (right, top), (right, bottom), (left, bottom)))


def texts(regions: Iterable[Region]) -> list[str]:
    return [line.text for region in regions for line in region.lines]


def test_lines_follow_from_the_top_and_pieces_of_a_row_from_the_left() -> None:
    lines = [line("第二行右", 300, 103), line("第三行", 50, 150), line("第二行左", 50, 100), line("第一行", 50, 50)]
    assert texts(regions_of(lines, (), (), {}, SIZE)) == ["第一行", "第二行左", "第二行右", "第三行"]


def test_vertical_columns_are_read_from_the_right() -> None:
    lines = [line("已取之", 20, 20, down=True), line("有評是", 220, 20, down=True), line("是非不", 120, 25, down=True)]
    assert texts(regions_of(lines, (), (), {}, (300, 400))) == ["有評是", "是非不", "已取之"]


def test_a_line_over_several_cells_is_cut_at_their_borders_and_cells_come_row_by_row() -> None:
    cells = [
        cell(0, 0, Box(0, 100, 90, 140)),
        cell(0, 1, Box(90, 100, 300, 140)),
        cell(1, 0, Box(0, 140, 90, 180)),
        cell(1, 1, Box(90, 140, 300, 180)),
    ]
    lines = [
        line("收文日期", 10, 150),
        line("来文机关聊城市委", 10, 110),
        line("95年", 120, 150),
        line("封签", 100, 20),
    ]
    regions = regions_of(lines, (), cells, {}, SIZE)
    assert [(r.kind, r.row, r.column, r.text) for r in regions] == [
        ("body", None, None, "封签"),
        ("cell", 0, 0, "来文机关"),
        ("cell", 0, 1, "聊城市委"),
        ("cell", 1, 0, "收文日期"),
        ("cell", 1, 1, "95年"),
    ]


def test_empty_cells_stay_because_an_empty_value_says_something() -> None:
    cells = [cell(0, 0, Box(0, 0, 100, 40)), cell(0, 1, Box(100, 0, 300, 40))]
    assert [r.text for r in regions_of([line("文号", 10, 10)], (), cells, {}, SIZE)] == ["文号", ""]


def test_text_after_a_table_comes_after_it() -> None:
    cells = [cell(0, 0, Box(0, 100, 300, 140))]
    lines = [line("一九九五年", 10, 400), line("格里", 10, 110), line("标题", 10, 30)]
    assert texts(regions_of(lines, (), cells, {}, SIZE)) == ["标题", "格里", "一九九五年"]


def test_red_print_is_the_head_and_the_ring_of_a_seal_stays_out_of_the_text() -> None:
    seal = Seal(Box(200, 500, 300, 600))
    red = [line("市委文件", 50, 50, 40), line("委员会", 210, 520)]
    regions = regions_of([line("聊发号", 50, 200)], red, (), {seal: ()}, SIZE)
    assert [(region.kind, region.text) for region in regions] == [
        ("head", "市委文件"),
        ("body", "聊发号"),
        ("seal", "委员会"),
    ]


def test_what_a_seal_says_by_itself_is_not_said_twice() -> None:
    seal = Seal(Box(200, 500, 300, 600))
    own = line("聊城市委员会", 200, 510)
    (region,) = regions_of((), [line("委员会", 210, 520), line("印", 210, 550)], (), {seal: [own]}, SIZE)
    assert (region.kind, region.text) == ("seal", "印\n聊城市委员会")


def test_a_page_all_in_red_is_text_and_red_writing_in_a_form_stands_in_its_cells() -> None:
    red = [line("全体职工奋战二百天", 50, 100 + 60 * row) for row in range(6)]
    assert {region.kind for region in regions_of((), red, (), {}, SIZE)} == {"body"}
    cells = [cell(0, 0, Box(0, 100, 90, 140)), cell(0, 1, Box(90, 100, 300, 140))]
    regions = regions_of([line("宁发号", 120, 110)], [line("文号", 20, 110)], cells, {}, SIZE)
    assert [(region.kind, region.text) for region in regions] == [("cell", "文号"), ("cell", "宁发号")]


def test_columns_of_text_are_regions_of_their_own() -> None:
    left, right = ([line("全县农村实用技术培训工作会议", x, 100 + 32 * row) for row in range(6)] for x in (40, 400))
    mixed = [entry for pair in zip(left, right, strict=True) for entry in pair]
    regions = regions_of(mixed, (), (), {}, SIZE)
    assert [(region.kind, region.box.left, len(region.lines)) for region in regions] == [
        ("body", 40, 6),
        ("body", 400, 6),
    ]


def test_a_table_in_a_column_stays_between_its_lines() -> None:
    cells = [cell(0, number, Box(40 + 100 * number, 240, 140 + 100 * number, 270)) for number in range(3)]
    left = [line("全县农村实用技术培训工作会议", 40, 100 + 32 * row) for row in (0, 1, 2, 3, 6, 7, 8)]
    right = [line("各乡镇应于每季度末报进展情况", 400, 100 + 32 * row) for row in range(9)]
    entries = [line(char, 60 + 100 * number, 245) for number, char in enumerate("甲乙丙")]
    found = texts(regions_of([*right, *left, *entries], (), cells, {}, SIZE))
    assert found[:4] == [left[0].text] * 4
    assert found[4:7] == ["甲", "乙", "丙"]
    assert found[7:] == [left[0].text] * 3 + [right[0].text] * 9


def test_a_heading_across_vertical_columns_is_read_first_and_a_page_number_last() -> None:
    columns = [line("查本縣設立民眾科學館一所", 700 - 40 * number, 150, down=True) for number in range(8)]
    heading = line("臨泉縣政府公報", 400, 80)
    regions = regions_of([*columns, line("十二", 480, 950), heading], (), (), {}, SIZE)
    assert [region.kind for region in regions] == ["body", "page_number"]
    assert texts(regions)[0] == heading.text


def test_tiers_of_vertical_text_are_read_one_below_the_other() -> None:
    tiers = [
        [
            line(f"查本縣設立民眾科學{char}", 700 - 40 * number, top, down=True)
            for number, char in enumerate("甲乙丙丁戊己")
        ]
        for top in (100, 400, 700)
    ]
    mixed = [entry for column in zip(*tiers, strict=True) for entry in column]
    found = texts(regions_of(mixed, (), (), {}, SIZE))
    assert [text[-1] for text in found] == list("甲乙丙丁戊己" * 3)


def test_rules_between_vertical_columns_make_no_table() -> None:
    cells = [cell(0, column, Box(100 + 60 * column, 50, 160 + 60 * column, 500)) for column in range(4)]
    lines = [line("是非不得問之人", 120 + 60 * column, 80, down=True) for column in range(4)]
    (region,) = regions_of(lines, (), cells, {}, SIZE)
    assert (region.kind, [line.box.left for line in region.lines]) == ("body", [300, 240, 180, 120])


def test_the_words_of_a_binding_margin_are_in_no_row_of_the_text() -> None:
    body = [line("各乡镇人民政府要切实加强领导", 200, 100 + 40 * row) for row in range(10)]
    margin = line("装订线", 40, 240, 40, down=True)
    assert texts(regions_of([*body, margin], (), (), {}, SIZE))[-1] == "装订线"


def test_handwriting_outside_of_cells_is_a_region_of_its_own() -> None:
    by_hand = replace(line("同意", 300, 140), handwritten=True)
    regions = regions_of([line("请阅示", 50, 100), by_hand], (), (), {}, SIZE)
    assert [(region.kind, region.text) for region in regions] == [("body", "请阅示"), ("handwriting", "同意")]


PLACED = st.lists(
    st.tuples(st.text("甲乙丙丁12一", min_size=1, max_size=9), st.integers(0, 900), st.integers(0, 980), st.booleans()),
    max_size=12,
)


@given(PLACED, PLACED, st.booleans())
def test_no_character_is_lost_or_doubled(
    black: list[tuple[str, int, int, bool]], coloured: list[tuple[str, int, int, bool]], ruled: bool
) -> None:
    cells = [
        cell(row, column, Box(column * 200, 300 + row * 50, column * 200 + 200, 350 + row * 50))
        for row in range(2 * ruled)
        for column in range(4)
    ]
    lines, red = ([line(text, x, y, down=down) for text, x, y, down in drawn] for drawn in (black, coloured))
    regions = regions_of(lines, red, cells, {Seal(Box(400, 400, 700, 700)): ()}, SIZE)
    kept = sorted(g.box for region in regions for line in region.lines for g in line.glyphs)
    assert kept == sorted(g.box for entry in (*lines, *red) for g in entry.glyphs)
