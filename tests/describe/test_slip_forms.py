"""Slips of other offices and layouts: labels that vary, misread hands, forms that are only a new file."""

from dataclasses import replace
from pathlib import Path
from shutil import copy
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archivist.definitions import load, path
from archivist.describe import slips as slip
from archivist.describe.ink import Flow
from archivist.describe.slips import forms, hand
from archivist.describe.slips.hand import Context
from archivist.model import Alternative, Box, Line, Page, Region, Value
from tests.benchmarks import slips as filled
from tests.describe import paper
from tests.describe.paper import Cell


def _values(sheet: str | Page) -> dict[str, list[Value]]:
    found: dict[str, list[Value]] = {}
    for field in slip.fields(paper.stack(sheet)):
        found.setdefault(field.name, []).append(field.value)
    return found


def _notes(sheet: str | Page) -> list[tuple[Any, ...]]:
    notes = [note for note in _values(sheet)["annotation"] if isinstance(note, dict)]
    return [tuple(note[name] for name in ("kind", "text", "person", "date")) for note in notes]


def _instruction(*lines: str, received: str = "1995.9.24", kind: str = "领导批示") -> list[tuple[Any, ...]]:
    cells = [(0, 0, "来文单位"), (0, 1, "市委"), (0, 2, "收文日期"), (0, 3, received), (1, 0, kind)]
    return _notes(paper.form([*cells, Cell(1, 1, "\n".join(lines), columns=3)], above="某县人民政府文件处理单"))


@pytest.mark.parametrize("shape", filled.SHAPES)
def test_filled_slips_of_the_development_set_are_read(shape: filled.Shape) -> None:
    wanted = right = given_values = 0
    for _, pages, expected in filled.slips(shape):
        left = [(name, value) for name, values in expected.items() for value in values]
        wanted += len(left)
        for field in slip.fields(pages):
            given_values += 1
            if (field.name, field.value) in left:
                left.remove((field.name, field.value))
                right += 1
    assert 2 * right / (wanted + given_values) >= {"cells": 0.99, "lines": 0.97, "gaps": 0.97}[shape]


def test_the_words_of_slips_are_valid() -> None:
    rules = load("schemas/definitions/slips.schema.json")
    jsonschema.Draft202012Validator.check_schema(rules)
    jsonschema.validate(load("schemas/slips.yaml"), rules)


def test_a_new_form_is_a_new_file(tmp_path: Path) -> None:
    for file in path("schemas/forms").glob("*.yaml"):
        copy(file, tmp_path)
    (tmp_path / "dian-bao.yaml").write_text(
        """
name: 电报办理签
headings: [电报办理签]
at_least: 3
labels:
  - {field: serial_number, value: serial, printed: [电报号码]}
  - {field: source_agency, value: agency, printed: [发报机关]}
  - {field: annotation, value: annotation, kind: instruction, printed: [首长指示]}
""",
        "utf-8",
    )
    sheet = paper.form(
        [
            *((0, column, text) for column, text in enumerate(["电报号码", "0712", "发报机关", "省防汛指挥部"])),
            (1, 0, "首长指示"),
            Cell(1, 1, "即办。\n江海 8/7", columns=3),
            (2, 0, "收到时间"),
            Cell(2, 1, "1998年7月8日", columns=3),
        ],
        above="某县防汛指挥部电报办理签",
    )
    known = forms.read(tmp_path)
    filled_form = forms.recognise(sheet, known)
    assert filled_form is not None
    assert filled_form.form.name == "电报办理签"
    assert {field.name: field.value for field in slip.fields([sheet], known=known)} == {
        "form_agency": "某县防汛指挥部",
        "serial_number": "0712",
        "source_agency": "省防汛指挥部",
        "annotation": {"kind": "instruction", "text": "即办。", "person": "江海", "date": "1998-07-08"},
        "received_date": "1998-07-08",
    }


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("28/9", "1995-09-28"),
        ("95.9.27号", "1995-09-27"),
        ("10.6", "1995-10-06"),
        ("5/10", "1995-10-05"),
        ("九月廿七日", "1995-09-27"),
        ("95,9.27", "1995-09-27"),
        ("95、9、27", "1995-09-27"),
        ("28|9", "1995-09-28"),
        ("9用27曰", "1995-09-27"),
        ("9月27目", "1995-09-27"),
        ("l0.4", "1995-10-04"),
        ("1O.4", "1995-10-04"),
        ("27/9寺", "1995-09-27"),
        ("2819", "1995-09-28"),
        ("28日", "1995-09-28"),
        ("3日", "1995-10-03"),
        ("2/1", "1996-01-02"),
        ("９．２７", "1995-09-27"),
        ("9月27日下午", "1995-09-27"),
    ],
)
def test_dates_of_officials(written: str, date: str) -> None:
    assert _instruction("请各局处阅。", f"官恩祥 {written}") == [("instruction", "请各局处阅。", "官恩祥", date)]


@pytest.mark.parametrize(
    ("lines", "notes"),
    [
        # Name above the date, date above the name.
        (["同意。", "王志远", "9.28"], [("instruction", "同意。", "王志远", "1995-09-28")]),
        (["同意。", "9.28", "王志远"], [("instruction", "同意。", "王志远", "1995-09-28")]),
        (["同意。王志远9.28"], [("instruction", "同意。", "王志远", "1995-09-28")]),
        (["同意王志远 9.28"], [("instruction", "同意王志远", None, "1995-09-28")]),
        (["王志远同志 9.28"], [("reading", "", "王志远", "1995-09-28")]),
        (["请王志远同志阅。 李明 9.28"], [("instruction", "请王志远同志阅。", "李明", "1995-09-28")]),
        (["请王志远同志阅办。"], [("instruction", "请王志远同志阅办。", None, None)]),
        (["已阅。李明 9.28"], [("reading", "已阅。", "李明", "1995-09-28")]),
        (["圈阅"], [("reading", "圈阅", None, None)]),
        (["李明 圈阅"], [("reading", "圈阅", "李明", None)]),
        (
            ["请科委阅处。 李明 9.28", "已阅 王强 29/9"],
            [
                ("instruction", "请科委阅处。", "李明", "1995-09-28"),
                ("reading", "已阅", "王强", "1995-09-29"),
            ],
        ),
        (
            ["请科委于10月5日前报方案。", "李明 9.28"],
            [("instruction", "请科委于10月5日前报方案。", "李明", "1995-09-28")],
        ),
        (
            ["请科委、教委按9月20日会议要求办。李明 9.28"],
            [("instruction", "请科委、教委按9月20日会议要求办。", "李明", "1995-09-28")],
        ),
        (["同意按1、2条办。李明 9.28"], [("instruction", "同意按1、2条办。", "李明", "1995-09-28")]),
        (["拨款3.5万元。李明 9.28"], [("instruction", "拨款3.5万元。", "李明", "1995-09-28")]),
        (["√ 同意 李明 9.28"], [("instruction", "同意", "李明", "1995-09-28")]),
        (["同意。 欧阳文 9.28"], [("instruction", "同意。", "欧阳文", "1995-09-28")]),
        (["同意。", "黄县长 9.28"], [("instruction", "同意。", "黄县长", "1995-09-28")]),
        (["同意。", "县委办公室 9.28"], [("instruction", "同意。", "县委办公室", "1995-09-28")]),
        (["无"], []),
        (["/"], []),
    ],
)
def test_entries_of_officials(lines: list[str], notes: list[tuple[Any, ...]]) -> None:
    sheet = [(0, 0, "来文单位"), (0, 1, "市委"), (0, 2, "收文日期"), (0, 3, "1995.9.24"), (1, 0, "领导批示")]
    page = paper.form([*sheet, Cell(1, 1, "\n".join(lines), columns=3)], above="某县人民政府文件处理单")
    found = [note for note in _values(page).get("annotation", []) if isinstance(note, dict)]
    assert [tuple(note[name] for name in ("kind", "text", "person", "date")) for note in found] == notes


def test_a_proposal_is_signed_by_its_office() -> None:
    assert _instruction("拟请李县长阅示。", "秘书科 9.25", kind="拟办意见") == [
        ("proposal", "拟请李县长阅示。", "秘书科", "1995-09-25")
    ]
    assert _instruction("拟请李县长阅示。", "秘书科 赵文 9.25", kind="拟办意见") == [
        ("proposal", "拟请李县长阅示。", "赵文", "1995-09-25")
    ]


def test_a_day_of_receipt_that_never_was_is_a_month_for_a_person_to_complete() -> None:
    sheet = paper.form(
        [(0, 0, "来文机关"), (0, 1, "市委"), (0, 2, "收文日期"), (0, 3, "95年9月54日")], above="某县文件处理单"
    )
    (received,) = [field for field in slip.fields([sheet]) if field.name == "received_date"]
    assert (received.value, received.status, received.raw) == ("1995-09", "review", "95年9月54日")


def test_a_misread_date_of_receipt_is_found_and_doubted() -> None:
    sheet = paper.form(
        [(0, 0, "来文机关"), (0, 1, "市委"), (0, 2, "收文日期"), (0, 3, "95,9.l4")], above="某县文件处理单"
    )
    (received,) = [field for field in slip.fields([sheet]) if field.name == "received_date"]
    assert (received.value, received.status) == ("1995-09-14", "review")


def test_a_figure_seen_in_second_place_counts_where_only_so_the_date_follows_the_receipt() -> None:
    sheet = paper.page("某县文件传阅单\n来文单位：市委　收到日期：86.4.12\n传阅人：陈玉田 9.18　周平 9.16")
    lines = tuple(
        replace(
            line,
            glyphs=tuple(
                replace(glyph, confidence=0.5, alternatives=(Alternative("4", 0.3),))
                if glyph.char == "9" and number == 0
                else glyph
                for number, glyph in zip(_nines(line), line.glyphs, strict=True)
            ),
        )
        for line in sheet.lines
    )
    told = replace(sheet, regions=(replace(sheet.regions[0], lines=lines),))
    assert _notes(told) == [("reading", "", "陈玉田", "1986-04-18"), ("reading", "", "周平", "1986-09-16")]


def _nines(line: Line) -> list[int]:
    """Return for each character how many nines stand before it."""
    return [line.text[:place].count("9") for place in range(len(line.glyphs))]


def test_signatures_have_cells_of_their_own() -> None:
    sheet = paper.form(
        [
            *((0, column, text) for column, text in enumerate(["来文单位", "市教育局", "收到时间", "2003年3月4日"])),
            Cell(1, 0, "拟办意见", rows=2),
            Cell(1, 1, "请张局长阅示。", columns=3),
            Cell(2, 1, "办公室 3月4日", columns=3),
            Cell(3, 0, "局长批示", rows=2),
            Cell(3, 1, "同意，由基教科办理。", columns=3),
            Cell(4, 1, "张大为", columns=2),
            Cell(4, 3, "3月5日"),
            Cell(5, 0, "传阅签名", rows=2),
            *(Cell(5, column, name) for column, name in enumerate(["李晓燕", "孙德", "郭芳"], 1)),
            *(Cell(6, column, date) for column, date in enumerate(["3.6", "", "7/3"], 1)),
        ],
        above="海阳县教育局收文办理单",
        below="注：此单随文归档。\n海阳县教育局办公室印制",
    )
    assert _notes(sheet) == [
        ("proposal", "请张局长阅示。", "办公室", "2003-03-04"),
        ("instruction", "同意，由基教科办理。", "张大为", "2003-03-05"),
        ("reading", "", "李晓燕", "2003-03-06"),
        ("reading", "", "孙德", None),
        ("reading", "", "郭芳", "2003-03-07"),
    ]


def test_labels_of_old_and_other_offices() -> None:
    sheet = paper.form(
        [
            *((0, column, text) for column, text in enumerate(["來文機關", "山東省衛生廳", "收文登記", "第0317號"])),
            *((1, column, text) for column, text in enumerate(["摘由", "爲夏季防疫由", "收文日期", "五四年六月三日"])),
            Cell(2, 0, "擬辦"),
            Cell(2, 1, "擬轉各區。 畢成 六月四日", columns=3),
            Cell(3, 0, "批辦"),
            Cell(3, 1, "如擬。\n于得水", columns=3),
            *((4, column, text) for column, text in enumerate(["承辦", "已轉。 5/6", "歸檔日期", "六月卅日"])),
        ],
        above="文登縣人民政府收文處理單",
    )
    assert _values(sheet) == {
        "form_agency": ["文登县人民政府"],
        "source_agency": ["山东省卫生厅"],
        "serial_number": ["0317"],
        "subject": ["为夏季防疫由"],
        "received_date": ["1954-06-03"],
        "annotation": [
            {"kind": "proposal", "text": "拟转各区。", "person": "毕成", "date": "1954-06-04"},
            {"kind": "instruction", "text": "如拟。", "person": "于得水", "date": None},
            {"kind": "result", "text": "已转。", "person": None, "date": "1954-06-05"},
        ],
    }


def test_a_label_with_a_character_misread_is_still_the_label() -> None:
    ruled = paper.form(
        [
            (0, 0, "来文机芙"),
            (0, 1, "市科委"),
            (0, 2, "收丈日期"),
            (0, 3, "1995.9.24"),
            (1, 0, "领导批亍"),
            (1, 1, "阅。"),
        ],
        above="某县人民政府批文封签",
    )
    unruled = "某县人民政府批文封签\n来文机芙：市科委　　收丈日期：1995.9.24\n领导批亍：阅。"
    for sheet in (ruled, unruled):
        values = _values(sheet)
        assert (values["source_agency"], values["received_date"]) == (["市科委"], ["1995-09-24"])
        assert values["annotation"] == [{"kind": "reading", "text": "阅。", "person": None, "date": None}]


def test_a_cell_that_ends_like_a_label_is_one() -> None:
    sheet = paper.form(
        [
            *((0, column, text) for column, text in enumerate(["来文单位", "市体改委", "收文日期", "1996.8.30"])),
            (1, 0, "副县长批\n示"),
            Cell(1, 1, "抓紧办。 于海 9.2", columns=3),
            (2, 0, "基教科意见"),
            Cell(2, 1, "拟发通知。 王芳 9.3", columns=3),
            Cell(3, 0, "区政府领导批示：照办。 巴特尔 9.4", columns=4),
        ],
        above="永登县人民政府来文处理单",
    )
    assert _notes(sheet) == [
        ("instruction", "抓紧办。", "于海", "1996-09-02"),
        ("proposal", "拟发通知。", "王芳", "1996-09-03"),
        ("instruction", "照办。", "巴特尔", "1996-09-04"),
    ]


def test_a_row_that_the_reader_broke_is_one_entry() -> None:
    lines = (
        paper.line("来文单位：临", top=200),
        paper.line("沂地区行署　份数：2", left=360, top=204, handwritten=True),
        paper.line("收文时间：1984年2月28日", top=280),
        paper.line("处理结果：三月二日常务", top=360),
        paper.line("会通过。", left=560, top=362, handwritten=True),
    )
    heading = paper.page("郯城县人民政府公文处理签").regions[0]
    body = Region("body", Box.around(line.box for line in lines), lines)
    sheet = replace(paper.page("郯城"), regions=(heading, body))
    assert _values(sheet) == {
        "form_agency": ["郯城县人民政府"],
        "source_agency": ["临沂地区行署"],
        "copies": [2],
        "received_date": ["1984-02-28"],
        "annotation": [
            {"kind": "result", "text": "三月二日常务会通过。", "person": None, "date": "1984-03-02"},
        ],
    }


def test_a_misread_word_is_put_right_where_the_reader_saw_the_character_too() -> None:
    def doubted(text: str, read: str, seen: str) -> Line:
        line = paper.line(text, handwritten=True)
        glyphs = [
            replace(glyph, confidence=0.6, alternatives=(Alternative(seen, 0.3),)) if glyph.char == read else glyph
            for glyph in line.glyphs
        ]
        return replace(line, glyphs=tuple(glyphs))

    sheet = paper.page("某县人民政府文件处理单\n来文单位：市绿委\n收文日期：1998.10.7\n文件标题：x")
    title = doubted("关于秋季绿他造林的通知", "他", "化")
    told = replace(sheet, regions=(*sheet.regions[:-1], _with_last(sheet.regions[-1], title)))
    (subject,) = [field for field in slip.fields([told]) if field.name == "subject"]
    assert (subject.value, subject.status) == ("关于秋季绿化造林的通知", "review")
    assert "绿他造林" in subject.raw
    # Without another character seen there, the word stands.
    told = replace(sheet, regions=(*sheet.regions[:-1], _with_last(sheet.regions[-1], paper.line("其他的通知"))))
    assert _values(told)["subject"] == ["其他的通知"]


def _with_last(region: Region, line: Line) -> Region:
    """Return `region` with `line` behind the label of its last line."""
    label = region.lines[-1]
    shift = label.box.right - line.box.left
    glyphs = tuple(
        replace(glyph, box=Box(glyph.box.left + shift, label.box.top, glyph.box.right + shift, label.box.bottom))
        for glyph in line.glyphs
    )
    own = replace(label, glyphs=label.glyphs[:-1])
    return replace(
        region, lines=(*region.lines[:-1], own, Line(glyphs, Box.around(g.box for g in glyphs), "paper", True))
    )


def test_a_label_set_vertically_on_a_form_without_ruling_is_no_entry() -> None:
    sheet = """聊城市人民政府批文封签
来文机关：聊城市委　　文号：58
收文日期：95年9月24日
批
分发范围：请带书记阅
示
领导批示意见：请各局处阅。
情
官恩祥 28/9
况
一九九五年九月九日"""
    assert _notes(sheet) == [("instruction", "请各局处阅。", "官恩祥", "1995-09-28")]
    assert _values(sheet)["distribution_scope"] == ["请带书记阅"]
    assert _values(sheet)["printed_date"] == ["1995-09-09"]


@given(
    st.lists(st.text("来文机关收日期领导批示：阅95.9/27l|月日王李 　同意办公室", max_size=30), max_size=8),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_no_text_is_too_odd(lines: list[str], ruled: bool) -> None:
    sheet = (
        paper.form([(row, column % 2, text) for row, text in enumerate(lines) for column in (row,)], above="批文封签")
        if ruled
        else paper.page("\n".join(["批文封签", *lines]))
    )
    for field in slip.fields([sheet]):
        assert field.raw.strip()
        assert sheet.running_text[field.evidence.start : field.evidence.end] == field.evidence.text


@given(st.text(max_size=40), st.sampled_from([None, "1995-09-24", "1995-09"]))
@settings(max_examples=60, deadline=None)
def test_dates_lie_where_they_are_said_to(text: str, received: str | None) -> None:
    flow = Flow([paper.page(text)])
    for found in hand.find(flow, 0, len(flow.text), Context(1995, received)):
        assert 0 <= found.start < found.end <= len(flow.text)
