"""Lines as people read them lie over the page as it was read, character by character."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archivist.corrections import PERSON, corrected, plain, same_line
from archivist.decisions import Decision
from archivist.model import Box, Decided, Glyph, Line, Page, Region, Scan

WANG = Decided("王芳", "2026-11-22T10:00:00+00:00")
SCAN = Scan("p1.png", "a" * 64, 0, 3000, 3000)
SIDE = 40


def line(text: str, left: float, top: float, way: tuple[int, int] = (1, 0)) -> Line:
    """Return a line of square characters that runs along `way` on the scan."""
    boxes = [
        Box(x, y, x + SIDE, y + SIDE)
        for place in range(len(text))
        if (x := left + place * SIDE * way[0]) is not None and (y := top + place * SIDE * way[1]) is not None
    ]
    glyphs = tuple(Glyph(char, box, 0.7) for char, box in zip(text, boxes, strict=True))
    return Line(glyphs, Box.around(boxes), "rapidocr")


def page(*lines: Line, rotation: int = 0, kind: str = "body") -> Page:
    return Page(1, SCAN, (Region("body", Box(0, 0, 3000, 3000), lines),), rotation)


def said(read: Line | Box, text: str, act: str = "read as", who: Decided = WANG, on: Page | None = None) -> Decision:
    box, was = (read.box, read.text) if isinstance(read, Line) else (read, "")
    detail = {"box": list(box), "text": text} | ({"read": was} if act == "read as" else {})
    return Decision("line", (on or page()).place, act, detail, who)


def texts(sheet: Page) -> list[str]:
    return [one.text for one in sheet.lines]


def sound(sheet: Page) -> None:
    """The contracts of a page hold."""
    assert "".join(glyph.char for glyph in sheet.glyphs) == sheet.running_text
    assert len(sheet.running_text) == len(sheet.glyphs)
    for one in sheet.lines:
        for glyph in one.glyphs:
            left, top, right, bottom = glyph.box
            assert one.box.left - 1e-6 <= left <= right <= one.box.right + 1e-6
            assert one.box.top - 1e-6 <= top <= bottom <= one.box.bottom + 1e-6
            if one.method == PERSON:
                assert glyph.confidence == 1 and glyph.alternatives == ()


WAYS = {"right": (1, 0), "left": (-1, 0), "down": (0, 1), "up": (0, -1)}
#: A page of lines that do not touch, all along one way.
LETTERS = st.text(st.sampled_from("聊城市人民政府关于创建全国科技工作先进的决定1995年〔〕号 "), max_size=12)
LINES = st.lists(LETTERS.filter(bool), min_size=1, max_size=6)


@st.composite
def corrections(draw: st.DrawFn) -> tuple[Page, list[Decision]]:
    way = WAYS[draw(st.sampled_from(sorted(WAYS)))]
    lines = []
    for place, text in enumerate(draw(LINES)):
        start, across = 1500, 100 + place * 2 * SIDE
        lines.append(line(text, *((start, across) if way[0] else (across, start)), way))
    sheet = page(*lines)
    made = [said(one, plain(draw(LETTERS))) for one in draw(st.lists(st.sampled_from(lines), max_size=8))]
    added = draw(st.lists(st.tuples(st.integers(2200, 2900), LETTERS), max_size=2, unique_by=lambda one: one[0] // 60))
    made += [said(Box(100, top, 900, top + SIDE), plain(text), "add") for top, text in added]
    return sheet, made


@given(corrections())
def test_a_corrected_page_keeps_its_contracts_and_says_what_people_read(case: tuple[Page, list[Decision]]) -> None:
    sheet, made = case
    done = corrected(sheet, made)
    sound(done)
    assert corrected(done, made) == done
    last = {tuple(one.detail["box"]): one for one in made}
    for box, one in last.items():
        here = [found.text for found in done.lines if same_line(found.box, Box(*box)) >= 0.5]
        assert here == [one.detail["text"]] * bool(one.detail["text"])
    untouched = [found for found in sheet.lines if tuple(found.box) not in last]
    assert [found for found in done.lines if found.method != PERSON] == untouched


@given(corrections())
def test_what_is_about_another_page_or_nothing_changes_nothing(case: tuple[Page, list[Decision]]) -> None:
    sheet, made = case
    other = replace(sheet, scan=replace(sheet.scan, part=1))
    assert corrected(other, made) is other
    assert corrected(sheet, ()) is sheet


def test_characters_that_were_read_right_keep_their_boxes() -> None:
    read = line("聊城市人民改府", 100, 100)
    (done,) = corrected(page(read), [said(read, "聊城市人民政府")]).lines
    assert [glyph.box for glyph in done.glyphs] == [glyph.box for glyph in read.glyphs]
    assert (done.text, done.method, done.confidence) == ("聊城市人民政府", PERSON, 1.0)


def test_what_was_left_out_shares_the_space_of_its_neighbour_or_takes_the_gap() -> None:
    read = line("聊城人民政府", 100, 100)
    (done,) = corrected(page(read), [said(read, "聊城市人民政府")]).lines
    assert [glyph.box for glyph in done.glyphs[3:]] == [glyph.box for glyph in read.glyphs[2:]]
    assert (done.glyphs[1].box.left, done.glyphs[2].box.right) == (140, 180)
    assert done.glyphs[1].box.right == done.glyphs[2].box.left == 160
    # As where a reader leaves white what it cannot read.
    gap = replace(read, glyphs=(*read.glyphs[:2], *(shifted(glyph, SIDE) for glyph in read.glyphs[2:])))
    gap = replace(gap, box=Box(100, 100, 380, 140))
    (done,) = corrected(page(gap), [said(gap, "聊城市人民政府")]).lines
    assert done.glyphs[2].box == Box(180, 100, 220, 140)


def shifted(glyph: Glyph, by: float) -> Glyph:
    box = glyph.box
    return replace(glyph, box=Box(box.left + by, box.top, box.right + by, box.bottom))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_what_is_added_runs_as_the_page_set_upright_does(rotation: int) -> None:
    # A row on the upright page, and a column; on a scan that lies on its side the shapes are turned.
    row, column = Box(100, 100, 500, 140), Box(1000, 100, 1040, 500)
    if rotation in (90, 270):
        row, column = column, row
    done = corrected(page(rotation=rotation), [said(row, "一二三四", "add"), said(column, "五六七八", "add")])
    sound(done)
    ways = {one.text: one.glyphs for one in done.lines}
    steps = {text: (glyphs[0].box.centre, glyphs[-1].box.centre) for text, glyphs in ways.items()}
    (x1, y1), (x2, y2) = steps["一二三四"]
    assert {0: x1 < x2, 90: y1 > y2, 180: x1 > x2, 270: y1 < y2}[rotation]
    (x1, y1), (x2, y2) = steps["五六七八"]
    assert {0: y1 < y2, 90: x1 < x2, 180: y1 > y2, 270: x1 > x2}[rotation]


def test_an_added_line_is_read_where_it_stands() -> None:
    rows = page(line("第一行", 100, 100), line("第三行", 100, 300))
    assert texts(corrected(rows, [said(Box(100, 200, 220, 240), "第二行", "add")])) == ["第一行", "第二行", "第三行"]
    beside = corrected(rows, [said(Box(400, 100, 520, 140), "旁批", "add")])
    assert texts(beside) == ["第一行", "旁批", "第三行"]
    columns = page(line("右边一列", 900, 100, (0, 1)), line("左边一列", 500, 100, (0, 1)))
    done = corrected(columns, [said(Box(700, 100, 740, 260), "中间一列", "add")])
    assert texts(done) == ["右边一列", "中间一列", "左边一列"]
    assert done.lines[1].glyphs[0].box.top < done.lines[1].glyphs[1].box.top


def test_an_added_line_lies_in_the_cell_it_stands_in_or_in_a_region_of_its_own() -> None:
    cell = Region("cell", Box(0, 0, 500, 200), (), 0, 0, 0)
    sheet = Page(1, SCAN, (Region("head", Box(0, 0, 3000, 1000), ()), cell), blank=True)
    (_head, own) = corrected(sheet, [said(Box(10, 10, 200, 50), "文号", "add")]).regions
    assert own.text == "文号"
    done = corrected(sheet, [said(Box(10, 2000, 200, 2050), "页边", "add")])
    assert [region.kind for region in done.regions] == ["head", "cell", "body"]
    assert not done.blank


def test_of_several_readings_of_a_line_the_last_counts_and_undone_it_is_as_read() -> None:
    read = line("聊城市人民改府", 100, 100)
    sheet = page(read, line("第二行", 100, 200))
    first, second = said(read, "聊城市人民攻府"), said(read, "聊城市人民政府", who=Decided("李", "later"))
    assert texts(corrected(sheet, [first, second]))[0] == "聊城市人民政府"
    assert corrected(sheet, [first, second]).steps[-1].what == "lines read by people: 1 by 李"
    assert texts(corrected(sheet, [first]))[0] == "聊城市人民攻府"


def test_where_nothing_is_written_there_is_no_line() -> None:
    read = line("口口", 100, 100)
    done = corrected(page(read), [said(read, "")])
    assert done.lines == () and done.blank


def test_a_line_that_is_read_otherwise_today_is_found_again() -> None:
    whole = line("关于创建科技工作先进市的决定", 100, 100)
    right = said(whole, "关于创建全国科技工作先进市的决定")
    # In two parts, ...
    parts = page(line("关于创建科技", 100, 100), line("工作先进市的决定", 100 + 6 * SIDE, 100))
    assert texts(corrected(parts, [right])) == ["关于创建全国科技工作先进市的决定"]
    # ... in one with what stands beside it, ...
    more = line("关于创建科技工作先进市的决定第一页", 100, 100)
    assert texts(corrected(page(more), [right])) == ["关于创建全国科技工作先进市的决定第一页"]
    # ... a little aside, and not as another line close by.
    aside = page(line("关于创健科技工作先进市的决定", 104, 103), line("一九九五年六月九日第一号文件", 100, 120))
    assert texts(corrected(aside, [right])) == ["关于创建全国科技工作先进市的决定", "一九九五年六月九日第一号文件"]
    # What was missed and is not any more is not there twice.
    missed = said(Box(*whole.box), "关于创建全国科技工作先进市的决定", "add")
    assert texts(corrected(page(whole), [missed])) == ["关于创建全国科技工作先进市的决定"]


def test_what_is_said_of_lines_that_are_read_as_one_since_is_not_there_twice() -> None:
    first, second = line("聊城市人民改府", 100, 100), line("关于创健", 100 + 8 * SIDE, 100)
    both = Line((*first.glyphs, *second.glyphs), Box.around((first.box, second.box)), "rapidocr")
    apart, whole = said(second, "关于创建"), said(both, "聊城市人民政府关于创建的")
    assert texts(corrected(page(both), [apart])) == ["聊城市人民改府关于创建"]
    assert texts(corrected(page(both), [apart, whole])) == ["聊城市人民政府关于创建的"]
    assert texts(corrected(page(first, second), [apart, whole])) == ["聊城市人民政府关于创建的"]
    # What was missed between the characters of a line is no part of it.
    noted = said(Box(100 + 7 * SIDE, 100, 100 + 8 * SIDE, 130), "附", "add")
    assert sorted(texts(corrected(page(both), [noted, whole]))) == ["聊城市人民政府关于创建的", "附"]


def test_a_seal_is_corrected_as_well_and_is_no_running_text() -> None:
    seal = line("聊城市人民改府", 500, 500)
    sheet = Page(1, SCAN, (Region("seal", seal.box, (seal,)),))
    done = corrected(sheet, [said(seal, "聊城市人民政府")])
    assert done.regions[0].text == "聊城市人民政府" and done.running_text == ""


@pytest.mark.parametrize(
    ("typed", "kept"), [(" 一 行\n二\t行 ", "一 行 二 行"), ("a\x00b\ud800c", "abc"), ("\u3000", "")]
)
def test_a_line_holds_no_more_than_a_line(typed: str, kept: str) -> None:
    assert plain(typed) == kept
