"""Issued documents as read from worn paper: characters lost, points misread, pieces of stamps and seals."""

from dataclasses import replace

import pytest

from archivist.describe import issued
from archivist.model import Box, Line, Page, Region, Value
from tests.describe import paper
from tests.describe.described import documents, values

_NOTICE = """莱芜市科学技术委员会文件
莱科字〔1990〕4号
关于召开科技工作会议的通知
各乡镇人民政府，市直各部门：
现将有关事项通知如下。
莱芜市科学技术委员会
一九九〇年二月三日
抄送：市委办公室。"""
_SAID = {
    "issuing_agency": ["莱芜市科学技术委员会"],
    "document_number": ["莱科字〔1990〕4号"],
    "title": ["关于召开科技工作会议的通知"],
    "genre": ["通知"],
    "date_of_issue": ["1990-02-03"],
    "addressee": ["各乡镇人民政府", "市直各部门"],
    "copied_to": ["市委办公室"],
}


def _said(*sheets: str | Page) -> dict[str, list[Value]]:
    said = values(documents(*sheets)[0])
    return said | {
        "document_number": [value["text"] for value in said.get("document_number", []) if isinstance(value, dict)]
    }


@pytest.mark.parametrize(
    ("printed", "read"),
    [
        ("文件", "文仵"),
        ("文件", "丈件"),
        ("莱科字〔1990〕4号", "莱科字【1990】4寺"),
        ("莱科字〔1990〕4号", "莱科字(1990)筹4与"),
        ("部门：", "部门;"),
        ("部门：", "部门。"),
        ("一九九〇年二月三日", "一九九O年二月三曰"),
        ("一九九〇年二月三日", "一九九年二月三日"),
        ("一九九〇年二月三日", "一九九元年二月三日"),
        ("一九九〇年二月三日", "一九九〇年二月三日章"),
        ("一九九〇年二月三日", "一九九〇年\n二月三日"),
        ("莱芜市科学技术委员会\n一", "莱芜市科学技术委员会\n★\n一"),
        ("莱芜市科学技术委员会\n一", "莱芜市科学技术委员会\n公章\n一"),
        ("莱芜市科学技术委员会\n一九九〇年二月三日", "一九九〇年二月三日\n莱芜市科学技术委员会"),
        ("抄送：", "沙送;"),
        ("莱芜市科学技术委员会文件", "全宗号 12\n1990 年度 件号 38\n38-12-5\n密\n莱芜市科学技术委员会文件"),
    ],
)
def test_a_notice_says_the_same_however_it_is_read(printed: str, read: str) -> None:
    assert printed in _NOTICE
    assert _said(_NOTICE.replace(printed, read)) == _SAID


def test_a_year_that_lost_a_character_waits_for_a_person() -> None:
    (document,) = documents(_NOTICE.replace("一九九〇年", "一九九年"))
    (date,) = document.values("date_of_issue")
    assert (date.value, date.raw, date.status) == ("1990-02-03", "一九九年二月三日", "review")


@pytest.mark.parametrize(("opening", "closing"), [("<<", ">>"), ("〈", "〉"), ("《", ">")])
def test_title_marks_misread(opening: str, closing: str) -> None:
    said = _said(
        f"""聊城市科学技术委员会文件
聊科发〔1995〕21号
关于印发{opening}聊城市科技工作要点{closing}
的通知
各乡镇人民政府：
现将{opening}聊城市科技工作要点{closing}印发给你们。"""
    )
    assert said["title"] == ["关于印发《聊城市科技工作要点》的通知"]
    assert said["citation"] == [{"title": "聊城市科技工作要点", "document_number": None}]


def _as_cells(text: str, head: list[tuple[str, int]]) -> Page:
    """Return the page of `text` under a head whose pieces (with their place from the left) were read as cells."""
    sheet = paper.page(text, top=400)
    regions = [
        Region("cell", Box(left, 120, left + 60 * len(piece), 180), (_large(piece, left),), 0, 0, column)
        for column, (piece, left) in enumerate(head)
    ]
    return replace(sheet, regions=(*regions, *sheet.regions))


def _large(piece: str, left: int) -> Line:
    read = paper.line(piece, left=left)
    glyphs = tuple(
        replace(glyph, box=Box(left + 60 * place, 120, left + 60 * place + 60, 180))
        for place, glyph in enumerate(read.glyphs)
    )
    return replace(read, glyphs=glyphs, box=Box.around(glyph.box for glyph in glyphs))


def test_a_head_read_as_the_cells_of_a_table() -> None:
    head = [("中共菏", 120), ("委", 480), ("泽", 300), ("地", 400), ("文件", 560)]
    sheet = _as_cells("菏发〔1958〕33号\n关于立即掀起积肥运动高潮的紧急通知\n各县委：\n现通知如下。", head)
    fields = {field.name: field for field in issued.fields([sheet])}
    assert fields["title"].value == "关于立即掀起积肥运动高潮的紧急通知"
    agency = fields["issuing_agency"]
    assert agency.value == "中共菏泽地委"
    # What proves it stands in the order in which it was read.
    where = agency.evidence
    assert agency.raw == where.text == sheet.running_text[where.start : where.end] == "中共菏委泽地文件"


def test_a_row_of_a_table_is_no_head() -> None:
    head = [("序", 120), ("姓名", 200), ("所在单位", 400)]
    sheet = _as_cells("张三 县农业局\n李四 县教育局", head)
    assert [field.name for field in issued.fields([sheet])] == []


def test_what_was_read_by_hand_does_not_run_into_the_imprint() -> None:
    sheet = paper.page(_NOTICE.removesuffix("。"))
    (body,) = sheet.regions
    seal = paper.line("人县", left=900, top=1000, confidence=0.3, handwritten=True)
    pages = [replace(sheet, regions=(body, Region("handwriting", seal.box, (seal,))))]
    assert [field.value for field in issued.fields(pages) if field.name == "copied_to"] == ["市委办公室"]
