"""Papers of many kinds and decades: all that the catalogue says of each, and no more."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from archivist.model import Document, Value
from tests.describe import paper
from tests.describe.described import documents

_PAPERS = yaml.safe_load((Path(__file__).parent / "papers.yaml").read_text("utf-8"))


@pytest.mark.parametrize("entry", _PAPERS, ids=[entry["paper"] for entry in _PAPERS])
def test_the_entry_of_a_paper(entry: dict[str, Any]) -> None:
    document = documents(*entry["text"].split("\n----------\n"))[0]
    assert document.kind == "issued_document"
    assert _said(document) == entry["said"]


def test_white_space_that_is_only_seen_as_a_gap_changes_nothing() -> None:
    for entry in _PAPERS:
        sheets = [paper.page(text, spaces=False) for text in entry["text"].split("\n----------\n")]
        assert _said(documents(*sheets)[0]) == entry["said"], entry["paper"]


def _said(document: Document) -> dict[str, list[str]]:
    names = sorted({field.name for field in document.fields})
    return {name: [_words(name, field.value) for field in document.values(name)] for name in names}


def _words(name: str, value: Value) -> str:
    if not isinstance(value, dict):
        return str(value)
    if name == "document_number":
        return str(value["text"])
    if name == "citation":
        number = value["document_number"]
        return f"{value['title']} {number['text'] if isinstance(number, dict) else ''}".strip()
    return " ".join(str(part) for part in value.values())


_OTHERS = {
    "settlement": """工程结算表
工程名称：聊城市档案馆维修 编号：12
项目 单位 数量 单价 金额
水泥 吨 12 300 3600
合计 3600
审核：王军 日期：1998.5.6""",
    "page of a report": """三、主要成绩
今年以来，在市委、市政府的正确领导下，我们认真贯彻落实
上级关于加强科技工作的通知
精神，全市科技工作取得明显成效，共实施科技项目120项，
其中省级45项（见鲁科字〔1995〕3号）。1995年6月9日，市政府召开了
会议，要求各级各部门：
一要提高认识。""",
    "talk": """同志们：
今天召开这个会议，主要任务是总结工作，部署任务。
去年我市发文〔1994〕12号强调了领导批示的重要性。
抄送单位要及时反馈：
来文机关应当注明文号和份数，收文日期必须登记。""",
    "newspaper": """大众日报 1995年6月10日 第一版
我省科技工作取得新成绩
本报讯 记者王军报道 省政府日前发出通知：
要求各地认真做好防汛工作。""",
    "middle of a report": """进一步提高。按照县委、县政府
《关于加强农业工作的决定》
要求，全县各级认真抓好落实。（鲁农字〔1990〕2号）
三、存在的问题：
1990年8月15日以前""",
    "table of contents": """目　　录
一、中共聊城市委文件（聊发〔1995〕58号）............1
二、关于创建先进市的通知..........................5
三、附件：名单..................................9""",
}


@pytest.mark.parametrize("text", _OTHERS.values(), ids=_OTHERS)
def test_what_is_no_issued_document_says_nothing_as_one(text: str) -> None:
    (document,) = documents(text)
    assert document.kind == "other"
    assert document.fields == ()


def test_a_line_that_only_ends_like_a_title_waits_for_a_person() -> None:
    def status(text: str) -> list[str]:
        (document,) = documents(text)
        return [field.status for field in document.values("title")]

    assert status("货名原列输入规定\n一、进口货品\n二、出口货品") == ["review"]
    assert status("泰安市科技三项费用管理办法\n第一条　为加强管理，制定本办法。") == ["accepted"]


def test_a_receiver_of_no_known_kind_waits_for_a_person() -> None:
    (document,) = documents(
        "莱芜市科学技术委员会文件\n莱科字〔1990〕4号\n关于学习的通知\n各乡镇，牟汶河上游沿岸：\n请认真学习。"
    )
    assert [(field.value, field.status) for field in document.values("addressee")] == [
        ("各乡镇", "accepted"),
        ("牟汶河上游沿岸", "review"),
    ]


@pytest.mark.parametrize(
    ("line", "receivers"),
    [
        ("各地、市劳动局、财政局、总工会：", ["各地、市劳动局、财政局、总工会"]),
        ("各公社、镇妇联，县直妇委会：", ["各公社、镇妇联", "县直妇委会"]),
        ("各镇街中心校、县直各学校：", ["各镇街中心校", "县直各学校"]),
        ("国务院各部委、各直属机构：", ["国务院各部委", "各直属机构"]),
    ],
)
def test_a_list_of_receivers_is_divided_where_a_place_begins(line: str, receivers: list[str]) -> None:
    (document,) = documents(f"莱芜市科学技术委员会文件\n莱科字〔1990〕4号\n关于学习的通知\n{line}\n请认真学习。")
    assert [field.value for field in document.values("addressee")] == receivers


def test_who_forwards_a_paper_issued_it() -> None:
    (document,) = documents(
        "中共黄县县委批转县科委党组\n《关于当前科技工作的请示报告》\n黄发〔1981〕17号\n各公社党委：\n县委同意。"
    )
    said = _said(document)
    assert said["issuing_agency"] == ["中共黄县县委"]
    assert said["title"] == ["中共黄县县委批转县科委党组《关于当前科技工作的请示报告》"]
    assert "genre" not in said
