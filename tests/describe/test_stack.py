"""Where one item ends and the next begins in a stack without separators."""

from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archivist.decisions import Decision
from archivist.definitions import load
from archivist.describe.stacks import BEGINS_FROM, boundaries
from archivist.model import Boundary, Decided, Page
from tests.describe import paper, stacks

_SAMPLES = Path(__file__).parents[2] / "samples"
_WHO = Decided("li", "2024-05-01T08:00:00Z")


def _slip(number: str = "58", agency: str = "聊城市委", title: str = "") -> Page:
    cells = [
        (0, 0, "来文机关"),
        (0, 1, agency),
        (0, 2, "文号"),
        (0, 3, number),
        (1, 0, "收文日期"),
        (1, 1, "95年9月24日"),
    ]
    cells += [(2, 0, "文件标题"), (2, 1, title)] if title else []
    return paper.form(cells, above="聊城市人民政府批文封签")


def _paper(agency: str, number: str, title: str, *, body: str = "请认真贯彻执行。", end: str = "") -> str:
    end = end or f"{agency}\n一九九五年六月九日"
    return f"{agency}文件\n{number}\n{title}\n各县(市、区)人民政府：\n{body}\n{end}"


_DECISION = _paper("中共聊城市委", "聊发(1995)58号", "关于创建全国科技工作先进市的决定")
_NOTICE = _paper("莱芜市人民政府", "莱政发〔1995〕7号", "关于做好防汛抗旱工作的通知")
_GOES_ON = "二、加强领导，落实责任\n各级要把这项工作列入议事日程，认真抓好。\n中共聊城市委\n一九九五年六月九日"


def _pages(*sheets: str | Page) -> tuple[Page, ...]:
    """Return the pages of a stack, each with a place of its own."""
    stacked = paper.stack(*sheets)
    return tuple(
        replace(page, scan=replace(page.scan, name="box.pdf", sha256=f"{page.number:064}")) for page in stacked
    )


def _begins(*sheets: str | Page) -> list[int]:
    return [found.page for found in boundaries(_pages(*sheets)) if found.confidence >= BEGINS_FROM]


def _at(page: int, found: tuple[Boundary, ...]) -> Boundary:
    return next(boundary for boundary in found if boundary.page == page)


def test_a_stack_begins_with_its_first_page() -> None:
    assert boundaries(()) == ()
    assert boundaries(_pages("")) == (Boundary(1, ("first page",), 1.0),)
    first = boundaries(_pages(_DECISION))[0]
    assert first.confidence == 1 and {"first page", "red head", "document number"} <= set(first.reasons)


def test_a_stack_that_begins_with_an_attachment_is_doubtful() -> None:
    (first,) = boundaries(_pages("附件2：\n责任分解表\n一、科委\n二、教委"))
    assert BEGINS_FROM <= first.confidence < 1 and "attachment heading" in first.reasons


@pytest.mark.parametrize(
    ("sheets", "begins"),
    [
        ([_DECISION, _NOTICE], [1, 2]),
        ([_slip(), _DECISION, _GOES_ON, _slip("7", "莱芜市人民政府"), _NOTICE], [1, 4]),
        # The slip carries what lies behind it, read well or not.
        ([_slip(""), _NOTICE], [1]),
        ([_slip("53", "聊域市委"), _DECISION], [1]),
        ([_slip("412", "国家统计局"), _DECISION], [1]),
        ([_slip("国统字〔1995〕412号", "国家统计局"), _DECISION], [1, 2]),
        ([_slip("国统字〔1995〕412号", "国家统计局", "关于创建全国科技工作先进市的决定"), _DECISION], [1]),
        # A second slip of the same paper, and the slip of the next one.
        ([_slip(), paper.form([(0, 0, "来文单位"), (0, 1, "聊城市委"), (0, 2, "发文字号"), (0, 3, "聊发58号"),
          (1, 0, "收文日期"), (1, 1, "95年9月24日"), (2, 0, "拟办意见"), (2, 1, "请阅。")], above="文件处理单"),
          _DECISION], [1]),
        ([_slip("58"), _slip("7", "莱芜市人民政府"), _NOTICE], [1, 2]),
    ],
)  # fmt: skip
def test_heads_and_slips(sheets: list[str | Page], begins: list[int]) -> None:
    assert _begins(*sheets) == begins


def test_an_attachment_belongs_to_its_paper_and_the_next_head_does_not() -> None:
    listed = _paper(
        "莱芜市人民政府", "莱政发〔1995〕7号", "关于防汛抗旱工作的通知",
        body="请认真执行。\n附件：1．防汛责任分解表\n2．防汛领导小组名单",
    )  # fmt: skip
    rows = "\n一、水利局负责水库\n二、财政局负责经费\n三、民政局负责救济"
    assert _begins(listed, "附件1：\n防汛责任分解表" + rows, "防汛领导小组名单" + rows, _DECISION) == [1, 4]


@pytest.mark.parametrize(
    "title", ["转发市科委关于加强农村科技工作的意见的通知", "批转市科委《关于加强农村科技工作的意见》的通知"]
)
@pytest.mark.parametrize("head", ["", "聊城市科学技术委员会文件\n聊科字〔1995〕12号\n"])
def test_what_a_notice_passes_on_belongs_to_it(title: str, head: str) -> None:
    notice = _paper("聊城市人民政府", "聊政发〔1995〕8号", title)
    forwarded = f"{head}关于加强农村科技工作的意见\n一、提高认识。\n聊城市科学技术委员会\n一九九五年五月三日"
    other = "聊城市教育局文件\n聊教字〔1995〕3号\n关于加强农村教育工作的意见\n一、提高认识。"
    assert _begins(notice, forwarded, _NOTICE) == [1, 3]
    assert _begins(notice, forwarded, other) == [1, 3]


def test_the_plan_that_a_notice_issues_belongs_to_it() -> None:
    notice = _paper("聊城市人民政府", "聊政发〔1995〕8号", "关于印发《聊城市创建科技先进市实施方案》的通知")
    assert _begins(notice, "聊城市创建科技先进市实施方案\n为了做好创建工作，制定本方案。\n一、指导思想") == [1]


@pytest.mark.parametrize("cited", ["《关于拨付防汛经费的请示》(莱水字〔1995〕4号)", "《关于拨付防汛经费的请示》"])
def test_a_reply_and_the_letter_that_it_answers_are_one_item(cited: str) -> None:
    reply = _paper("莱芜市人民政府", "莱政复〔1995〕2号", "关于同意拨付防汛经费的批复", body=f"你局{cited}收悉。同意。")
    letter = _paper("莱芜市水利局", "莱水字〔1995〕4号", "关于拨付防汛经费的请示", body="妥否，请批示。")
    assert _begins(reply, letter, _DECISION) == [1, 3]


def test_a_draft_behind_its_original_belongs_to_it() -> None:
    draft = stacks.draft()
    assert _begins(_DECISION, draft, "为了加快科技进步，特作如下决定。\n一、提高认识。", _NOTICE) == [1, 4]
    assert _begins(_NOTICE, draft, _DECISION) == [1, 2]


def test_a_plan_without_number_belongs_to_the_paper_of_the_same_subject() -> None:
    plan = "关于创建全国科技工作先进市的实施方案\n一、指导思想\n以邓小平理论为指导。"
    assert _begins(_DECISION, plan) == [1]
    assert _begins(_NOTICE, plan) == [1, 2]


def test_page_numbers_that_go_on_hold_a_paper_together() -> None:
    title = "关于加强农村科技工作的意见\n一、提高认识。"
    assert _begins(_DECISION + "\n- 1 -", title + "\n- 2 -") == [1]
    assert _begins(_DECISION + "\n- 3 -", title + "\n- 1 -") == [1, 2]
    assert _begins(_DECISION + "\n第2页 共2页", title) == [1, 2]


def test_numbers_that_the_archive_stamped_do_not() -> None:
    sheets = [f"{number}\n{text}" for number, text in enumerate((_DECISION, _NOTICE, _DECISION.replace("58", "60")), 7)]
    assert _begins(*sheets) == [1, 2, 3]


def test_a_title_in_the_middle_of_a_sentence_or_list_begins_nothing() -> None:
    body = "根据上级关于加快科技进步的意见，结合我市实际，经市委、市政府研究，"
    breaks_off = f"聊城市人民政府文件\n聊政发(1995)5号\n关于科技工作的通知\n各县：\n{body}"
    assert _begins(breaks_off, "关于科技工作的意见\n提出如下要求。") == [1]
    assert _begins(_DECISION, _GOES_ON) == [1]


def test_a_blank_page_and_the_end_of_a_paper_belong_to_what_lies_before() -> None:
    tail = "抄送：市委各部门，市人大常委会。\n聊城市委办公室　　1995年6月10日印发"
    assert _begins(_DECISION, "", _NOTICE) == [1, 3]
    assert _begins(_DECISION, tail, "", _NOTICE) == [1, 4]
    assert _begins("", _slip(), _DECISION) == [1]


def test_issues_of_a_serial_are_items_of_their_own() -> None:
    issue = (
        "科技工作简报\n第{}期\n聊城市科委办公室　一九九五年六月九日\n我市科技工作取得成效\n近几年来，科技工作有了进展。"
    )
    assert _begins(issue.format("三"), issue.format("四")) == [1, 2]


def test_no_sign_that_is_weak_splits_alone() -> None:
    rules = load("schemas/boundaries.yaml")
    strong = {name for name, sign in rules["signs"].items() if rules["prior"] + sign["weight"] >= 0}
    assert strong == {"slip", "red head"}
    assert rules["prior"] + rules["most_of_paper"] < 0


def test_definitions_are_valid_and_every_reason_can_be_shown() -> None:
    rules = load("schemas/boundaries.yaml")
    jsonschema.validate(rules, load("schemas/definitions/boundaries.schema.json"))
    shown = {reason for seed in range(3) for found in boundaries(stacks.stack(seed).pages) for reason in found.reasons}
    assert shown <= set(rules["signs"])


def test_what_a_person_decided_is_final_and_those_behind_are_judged_by_it() -> None:
    pages = _pages(_DECISION, _GOES_ON, _NOTICE)
    begins = Decision("boundary", pages[1].place, "begins", {}, _WHO)
    continues = Decision("boundary", pages[2].place, "continues", {}, _WHO)
    found = boundaries(pages, {begins.target: begins, continues.target: continues})
    assert [(one.page, one.confidence, one.decided) for one in found if one.confidence >= BEGINS_FROM] == [
        (1, 1.0, None),
        (2, 1.0, _WHO),
    ]
    slip = _pages(_DECISION, _slip(), _NOTICE)
    on = Decision("boundary", slip[1].place, "continues", {}, _WHO)
    assert [one.page for one in boundaries(slip, {on.target: on}) if one.confidence >= BEGINS_FROM] == [1, 3]


def test_a_place_where_a_person_may_split_is_told_and_not_split() -> None:
    found = boundaries(_pages(_DECISION, "科技人员花名册\n王伟\n李建国\n张明"))
    doubtful = _at(2, found)
    assert 0.25 <= doubtful.confidence < BEGINS_FROM
    assert "signature before" in doubtful.reasons


@pytest.mark.parametrize("expected", sorted(_SAMPLES.glob("*/expected.json")), ids=lambda path: path.parent.name)
def test_the_samples_are_one_item_each(expected: Path) -> None:
    folder = expected.parent / "truth"
    sheets = sorted((folder if folder.exists() else expected.parent).glob("p??.txt"))
    assert _begins(*(sheet.read_text("utf-8") for sheet in sheets)) == [1]


@pytest.mark.parametrize(("misread", "precision", "recall"), [(0.0, 0.98, 0.95), (0.02, 0.96, 0.93)])
def test_stacks_of_many_papers(misread: float, precision: float, recall: float) -> None:
    right = begun = wanted = 0
    for seed in range(100, 112):
        stack = stacks.stack(seed, misread=misread, lost=misread)
        found = {one.page for one in boundaries(stack.pages) if one.confidence >= BEGINS_FROM} - {1}
        truth = set(stack.begins) - {1}
        right, begun, wanted = right + len(found & truth), begun + len(found), wanted + len(truth)
    assert right / begun >= precision and right / wanted >= recall, (right, begun, wanted)


def test_boundaries_are_as_sure_as_they_are_often_right() -> None:
    sure, doubtful = [], []
    for seed in range(200, 208):
        stack = stacks.stack(seed, misread=0.02, lost=0.02)
        for one in boundaries(stack.pages)[1:]:
            (sure if one.confidence >= 0.9 else doubtful).append(one.page in stack.begins)
    assert sum(sure) / len(sure) >= 0.95
    assert len(doubtful) < len(sure) / 2


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=120), max_size=6), st.data())
def test_any_text_is_taken(texts: list[str], data: st.DataObject) -> None:
    pages = _pages(*(text.replace("\n\n", "\n") for text in texts))
    found = boundaries(pages)
    assert [one.page for one in found][:1] == [1][: len(pages)]
    assert all(0 <= one.confidence <= 1 and one.reasons for one in found)
    assert [one.page for one in found] == sorted({one.page for one in found})
