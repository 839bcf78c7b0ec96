import pytest

from archivist.describe import assemble, describe, title_of
from archivist.model import Page
from tests.describe import paper, stacks

_SLIP = paper.form(
    [
        (0, 0, "来文机关"),
        (0, 1, "聊城市委"),
        (0, 2, "收文日期"),
        (0, 3, "95年9月24日"),
        (1, 0, "文件标题"),
        (1, 1, "关于科技工作的决定"),
    ],
    above="聊城市人民政府批文封签",
)
_DECISION = """中共聊城市委文件
聊发(1995)58号
关于创建全国科技工作先进市的决定
为了深入贯彻全国科学技术大会精神，特作如下"""
_GOES_ON = """的决定
近几年来，我市各级深入贯彻科学技术工作的方针，根据上级关于
加快科技进步的意见
和要求，取得了成绩。
聊城市人民政府
一九九五年六月九日"""
_ATTACHMENT = "附件1：\n创建全国科技工作先进市责任分解表\n一、科委\n二、教委"


def _kinds(*sheets: str | Page) -> list[tuple[str, tuple[int, ...]]]:
    return [(document.kind, document.pages) for document in assemble(paper.stack(*sheets))]


def test_slip_document_and_attachment() -> None:
    assert _kinds(_SLIP, _DECISION, _GOES_ON, _ATTACHMENT, "三、财政局") == [
        ("circulation_slip", (1,)),
        ("issued_document", (2, 3)),
        ("attachment", (4, 5)),
    ]


def test_a_line_that_ends_in_a_genre_by_chance_begins_nothing() -> None:
    assert _kinds(_DECISION, _GOES_ON) == [("issued_document", (1, 2))]


def test_a_second_head_begins_a_second_document() -> None:
    second = "聊城市人民政府文件\n聊政发(1995)60号\n关于成立领导小组的通知\n各乡镇："
    assert _kinds(_DECISION, _GOES_ON, second) == [("issued_document", (1, 2)), ("issued_document", (3,))]


def test_a_plan_without_number_follows_the_signed_notice() -> None:
    plan = "关于创建全国科技工作先进市的实施方案\n一、指导思想\n以邓小平理论为指导。"
    assert _kinds(_DECISION, _GOES_ON, plan) == [("issued_document", (1, 2)), ("issued_document", (3,))]


def test_the_list_of_attachments_at_the_top_of_a_page_is_no_attachment() -> None:
    last = "附件：1．责任分解表\n2．名单\n聊城市人民政府\n一九九五年六月九日"
    assert _kinds(_DECISION, last) == [("issued_document", (1, 2))]


@pytest.mark.parametrize("empty", ["", "— 3 —"])
def test_an_empty_back_belongs_to_what_lies_before_it(empty: str) -> None:
    assert _kinds(_SLIP, empty, _DECISION) == [("circulation_slip", (1, 2)), ("issued_document", (3,))]


def test_text_behind_a_slip_without_head_or_title() -> None:
    assert _kinds(_SLIP, "同志们：\n今天的会议很重要。") == [("circulation_slip", (1,)), ("other", (2,))]


def test_every_page_of_nothing_known_is_one_document() -> None:
    assert _kinds("会议签到\n王伟，李建国。", "二、工作内容") == [("other", (1, 2))]
    assert _kinds() == []


def test_the_title_is_the_papers_own_else_the_slips_else_made_up() -> None:
    def title(*sheets: str | Page) -> str:
        pages = paper.stack(*sheets)
        return title_of(describe(pages), pages)

    assert title(_SLIP, _DECISION) == "关于创建全国科技工作先进市的决定"
    assert title(_SLIP, "同志们：") == "关于科技工作的决定"
    assert title("會議簽到\n王伟，李建国。") == "[会议签到]"
    assert title("") == ""


_NOTICE = """聊城市人民政府文件
聊政发(1995)60号
{title}
各乡镇人民政府：
{body}
聊城市人民政府
一九九五年七月三日"""


@pytest.mark.parametrize("head", ["", "聊城市科学技术委员会文件\n聊科字(1995)12号\n"])
@pytest.mark.parametrize(
    "title", ["批转市科委关于加强农村科技工作的意见的通知", "转发《关于加强农村科技工作的意见》的通知"]
)
def test_what_a_notice_passes_on_is_attached_to_it(title: str, head: str) -> None:
    notice = _NOTICE.format(title=title, body="请认真执行。")
    forwarded = f"{head}关于加强农村科技工作的意见\n一、提高认识。\n市科委\n一九九五年五月三日"
    assert _kinds(notice, forwarded, "二、加强领导。") == [("issued_document", (1,)), ("attachment", (2, 3))]


def test_an_attachment_without_heading_is_known_from_the_list() -> None:
    body = "请认真执行。\n附件：1．科技工作责任分解表\n2．科技工作领导小组名单"
    notice = _NOTICE.format(title="关于加强科技工作的通知", body=body)
    assert _kinds(notice, "科技工作责任分解表\n一、科委\n二、教委", "科技工作领导小组名单\n组长：王伟") == [
        ("issued_document", (1,)),
        ("attachment", (2,)),
        ("attachment", (3,)),
    ]


def test_the_end_of_a_paper_on_a_page_of_its_own_is_no_attachment() -> None:
    notice = _NOTICE.format(title="关于下达全市科技工作领导小组办公室任务的通知", body="请认真执行。")
    tail = "聊城市人民政府\n一九九五年七月三日\n聊城市人民政府办公室　　1995年7月4日印发"
    assert _kinds(notice, tail) == [("issued_document", (1, 2))]


def test_the_letter_that_a_reply_answers_is_a_document_of_its_own() -> None:
    body = "你乡《关于拨付科技经费的请示》(柳政字(1995)4号)收悉。同意拨付。"
    reply = _NOTICE.format(title="关于同意拨付科技经费的批复", body=body)
    letter = "柳园乡人民政府文件\n柳政字(1995)4号\n关于拨付科技经费的请示\n市人民政府：\n妥否，请批示。"
    assert _kinds(reply, letter) == [("issued_document", (1,)), ("issued_document", (2,))]


def test_a_draft_lies_behind_its_original() -> None:
    draft = stacks.draft()
    text = "关于创建全国科技工作先进市的决定\n为了加快科技进步，特作如下决定。"
    assert _kinds(_DECISION, _GOES_ON, draft, text) == [
        ("issued_document", (1, 2)),
        ("circulation_slip", (3,)),
        ("other", (4,)),
    ]
    assert _kinds(draft, _DECISION) == [("circulation_slip", (1,)), ("issued_document", (2,))]


def test_slips_stand_for_themselves() -> None:
    assert _kinds(_SLIP, _SLIP, _DECISION) == [
        ("circulation_slip", (1,)),
        ("circulation_slip", (2,)),
        ("issued_document", (3,)),
    ]


@pytest.mark.parametrize("seed", range(6))
def test_every_page_belongs_to_exactly_one_document(seed: int) -> None:
    pages = stacks.stack(seed, misread=0.03, lost=0.02).pages
    assert [number for document in assemble(pages) for number in document.pages] == [page.number for page in pages]


def test_kinds_in_many_items() -> None:
    right = wanted = 0
    for seed in range(300, 310):
        stack = stacks.stack(seed, misread=0.005)
        ends = [*(begin - 1 for begin in stack.begins[1:]), len(stack.pages)]
        for begin, end, documents in zip(stack.begins, ends, stack.documents, strict=True):
            found = assemble(stack.pages[begin - 1 : end])
            right += tuple((document.kind, document.pages) for document in found) == documents
            wanted += 1
    assert right / wanted >= 0.9
