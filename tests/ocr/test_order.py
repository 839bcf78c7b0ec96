"""Reading order on pages drawn as boxes: no reader needed."""

from hypothesis import given
from hypothesis import strategies as st

from archivist.model import Box, Cell, Glyph, Line
from archivist.ocr.order import arrange


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


def texts(regions: tuple) -> list[str]:
    return [line.text for region in regions for line in region.lines]


def test_lines_follow_from_the_top_and_pieces_of_a_row_from_the_left() -> None:
    lines = [line("第二行右", 300, 103), line("第三行", 50, 150), line("第二行左", 50, 100), line("第一行", 50, 50)]
    assert texts(arrange(lines, (), (), (), 1000)) == ["第一行", "第二行左", "第二行右", "第三行"]


def test_vertical_columns_are_read_from_the_right() -> None:
    lines = [line("已取之", 20, 20, down=True), line("有評是", 220, 20, down=True), line("是非不", 120, 25, down=True)]
    assert texts(arrange(lines, (), (), (), 400)) == ["有評是", "是非不", "已取之"]


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
    regions = arrange(lines, (), cells, (), 1000)
    assert [(r.kind, r.row, r.column, r.text) for r in regions] == [
        ("body", None, None, "封签"),
        ("cell", 0, 0, "来文机关"),
        ("cell", 0, 1, "聊城市委"),
        ("cell", 1, 0, "收文日期"),
        ("cell", 1, 1, "95年"),
    ]


def test_empty_cells_stay_because_an_empty_value_says_something() -> None:
    cells = [cell(0, 0, Box(0, 0, 100, 40)), cell(0, 1, Box(100, 0, 300, 40))]
    assert [r.text for r in arrange([line("文号", 10, 10)], (), cells, (), 1000)] == ["文号", ""]


def test_text_after_a_table_comes_after_it() -> None:
    cells = [cell(0, 0, Box(0, 100, 300, 140))]
    lines = [line("一九九五年", 10, 400), line("格里", 10, 110), line("标题", 10, 30)]
    assert texts(arrange(lines, (), cells, (), 1000)) == ["标题", "格里", "一九九五年"]


def test_red_print_is_the_head_and_the_ring_of_a_seal_stays_out_of_the_text() -> None:
    seal = Box(200, 500, 300, 600)
    regions = arrange(
        [line("聊发号", 50, 200)], [line("市委文件", 50, 50, 40), line("委员会", 210, 520)], (), [seal], 1000
    )
    assert [(region.kind, region.text) for region in regions] == [
        ("head", "市委文件"),
        ("body", "聊发号"),
        ("seal", "委员会"),
    ]


def test_a_level_stroke_beside_a_page_number_is_a_dash_and_what_was_read_is_kept() -> None:
    (number,) = arrange([line("一2一", 400, 960)], (), (), (), 1000)
    assert (number.kind, number.text) == ("page_number", "—2—")
    assert number.lines[0].glyphs[0].alternatives[0].char == "一"
    assert "context" in number.lines[0].method


def test_a_page_number_found_in_pieces_is_one_line() -> None:
    pieces = [line("—", 400, 960), line("4", 430, 960), line("一", 460, 962)]
    (number,) = arrange(pieces, (), (), (), 1000)
    assert (number.kind, number.text) == ("page_number", "—4—")


def test_a_one_in_the_body_is_no_page_number() -> None:
    (region,) = arrange([line("一2一", 400, 500)], (), (), (), 1000)
    assert (region.kind, region.text) == ("body", "一2一")


@given(
    st.lists(
        st.tuples(st.text("甲乙丙丁12一", min_size=1, max_size=9), st.integers(0, 900), st.integers(0, 980)),
        max_size=12,
    )
)
def test_no_character_is_lost_or_doubled(placed: list[tuple[str, int, int]]) -> None:
    cells = [
        cell(row, column, Box(column * 200, 300 + row * 50, column * 200 + 200, 350 + row * 50))
        for row in range(2)
        for column in range(4)
    ]
    lines = [line(text, left, top) for text, left, top in placed]
    regions = arrange(lines, (), cells, (), 1000)
    kept = sorted(g.box for region in regions for line in region.lines for g in line.glyphs)
    assert kept == sorted(g.box for entry in lines for g in entry.glyphs)
