import pytest

from archivist.describe import assemble, describe, title_of
from archivist.model import Page
from tests.describe import paper

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
    assert _kinds("委托协议书\n甲方愿意委托乙方。", "二、工作内容") == [("other", (1, 2))]
    assert _kinds() == []


def test_the_title_is_the_papers_own_else_the_slips_else_made_up() -> None:
    def title(*sheets: str | Page) -> str:
        pages = paper.stack(*sheets)
        return title_of(describe(pages), pages)

    assert title(_SLIP, _DECISION) == "关于创建全国科技工作先进市的决定"
    assert title(_SLIP, "同志们：") == "关于科技工作的决定"
    assert title("委託協議書\n甲方愿意委托乙方。") == "[委托协议书]"
    assert title("") == ""
