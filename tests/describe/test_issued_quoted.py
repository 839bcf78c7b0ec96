"""Papers of 1966 to 1978 that carry a quotation above their own beginning."""

import pytest

from archivist.describe.issued.quotations import is_quotation
from tests.describe import paper
from tests.describe.described import documents, values

_QUOTATIONS = {
    "one line": "最高指示\n抓革命，促生产，促工作，促战备。",
    "two lines": "最高指示\n备战、备荒、为人民。\n农业学大寨。",
    "without points": "毛主席语录\n农业学大寨，工业学大庆",
    "corner brackets": "最高指示\n「抓革命，促生产」\n「备战备荒为人民」",
    "quotation marks": "“最高指示”\n“抓革命，促生产，促工作，促战备。”",
    "in brackets": "〔最高指示〕\n备战备荒为人民",
    "set wide": "最　高　指　示\n我们应当相信群众，我们应当相信党",
    "colon": "最高指示：\n以粮为纲，全面发展。",
    "no heading": "毛主席教导我们：“备战、备荒、为人民。”",
    "source": "毛主席语录\n人民，只有人民，才是创造世界历史的动力。\n——《论联合政府》",
    "two of them": "最高指示\n要斗私，批修。\n林副主席指示\n读毛主席的书，听毛主席的话，照毛主席的指示办事",
    "genres in it": "最高指示\n这是一个重要的指示\n要认真执行毛主席的决定",
    "traditional": "最高指示\n備戰、備荒、爲人民。",
    "long": "最高指示\n"
    + "我们的权力是谁给的？是工人阶级给的，\n是贫下中农给的，是占人口百分之九十以上\n的广大劳动群众给的。\n" * 3,
}
_CLOSING = "各公社革命委员会：\n现将有关事项通知如下。\n聊城县革命委员会\n一九七〇年三月五日"
_PAPERS = {
    "head": ("聊城县革命委员会文件\n聊革发〔1970〕12号\n关于做好春耕生产工作的通知", "关于做好春耕生产工作的通知"),
    "title alone": ("关于做好春耕生产工作的通知", "关于做好春耕生产工作的通知"),
    "agency in title": ("聊城县革命委员会关于做好春耕工作的通知", "聊城县革命委员会关于做好春耕工作的通知"),
    "agency above": ("聊城县革命委员会\n关于做好春耕工作的通知", "聊城县革命委员会关于做好春耕工作的通知"),
    "plain title": ("春耕生产情况的报告", "春耕生产情况的报告"),
}


@pytest.mark.parametrize("begins", _PAPERS.values(), ids=_PAPERS)
@pytest.mark.parametrize("quotation", _QUOTATIONS.values(), ids=_QUOTATIONS)
def test_the_title_is_that_of_the_paper_below_its_quotation(quotation: str, begins: tuple[str, str]) -> None:
    (document,) = documents(f"{quotation.strip()}\n{begins[0]}\n{_CLOSING}")
    found = values(document)
    assert (found["title"], found["genre"]) == ([begins[1]], [begins[1][-2:]])
    assert found["issuing_agency"] == ["聊城县革命委员会"]
    assert found["date_of_issue"] == ["1970-03-05"]


@pytest.mark.parametrize("quotation", _QUOTATIONS.values(), ids=_QUOTATIONS)
def test_a_quotation_on_a_page_of_its_own_is_no_paper(quotation: str) -> None:
    found = documents(*paper.stack(quotation.strip(), f"{_PAPERS['head'][0]}\n{_CLOSING}"))
    assert [document.kind for document in found] == ["other", "issued_document"]
    assert found[0].fields == ()


def test_an_instruction_of_the_county_is_no_quotation() -> None:
    assert not is_quotation("中共聊城县委关于春耕生产的指示")
    assert not is_quotation("聊城县人民委员会指示")


@pytest.mark.parametrize("quotation", _QUOTATIONS.values(), ids=_QUOTATIONS)
def test_a_quotation_between_head_and_title_hides_neither(quotation: str) -> None:
    head = "新会县红旗公社革命委员会文件\n红革发（70）第12号"
    title = "关于组织劳力支援龙门水库工程的通知"
    (document,) = documents(f"{head}\n{quotation.strip()}\n{title}\n{_CLOSING}")
    found = values(document)
    assert found["title"] == [title]
    assert [number["text"] for number in found["document_number"]] == ["红革发〔1970〕12号"]
    assert found["issuing_agency"][0] == "新会县红旗公社革命委员会"
