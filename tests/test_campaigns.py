import pytest

from archivist import campaigns
from archivist.describe import assemble, describe
from archivist.model import CampaignLink
from tests.describe import paper


def _recognised(*texts: str) -> tuple[CampaignLink, ...]:
    pages = paper.stack(*texts)
    return campaigns.recognise([describe(document, pages) for document in assemble(pages)], pages)


def _names(*texts: str) -> list[str]:
    return [link.name for link in _recognised(*texts)]


@pytest.mark.parametrize(
    "name",
    [
        "创建全国科技工作先进市",
        "創建全國科技工作先進市",
        "爭創全國科技工作先進市",
        "创建全国科技 工作先进市活动",
        "“创建全国科技工作先进市”活动",
        "創建全國科技工作先進市工作領導小組",
    ],
)
def test_spellings_of_one_campaign_share_a_key(name: str) -> None:
    assert campaigns.key(name) == "创建全国科技工作先进市"


def test_a_title_names_a_campaign_and_the_text_adds_to_it() -> None:
    (link,) = _recognised(
        "中共聊城市委文件\n聊发(1995)58号\n关于创建全国科技工作先进\n市的决定\n根据《国家科委关于在全国开展创建科技工作先\n进县(市)的意见》，"
        "开展创建全国科技工作先\n进市活动。",
        "创建全国科技工作先进市活动，有利于科教兴工。",
    )
    assert link.name == "创建全国科技工作先进市"
    assert [(entry.page, entry.text) for entry in link.evidence] == [
        (1, "创建全国科技工作先进市"),
        (2, "创建全国科技工作先进市"),
        (1, "创建全国科技工作先进市"),
    ]
    assert link.confidence == pytest.approx(0.99)


def test_either_script_is_one_campaign() -> None:
    (link,) = _recognised("區委創建全國科技進步先進區\n工作方案\n爭創全國科技進步先進區，特制定本方案：")
    assert (link.key, link.name) == ("创建全国科技进步先进区", "创建全国科技进步先进区")
    assert link.evidence[0].text == "創建全國科技進步先進區"


def test_the_campaign_of_a_cited_paper_is_not_this_ones() -> None:
    assert _names("关于转发文件的通知\n各乡镇：\n现将《关于开展创建卫生城市活动的通知》转发给你们。") == []


def test_a_campaign_named_once_in_passing_is_none() -> None:
    assert _names("工作报告\n去年我市被评为创建文明城市优胜者。") == []
    assert _names("工作报告\n今年要开展创建文明城市活动。") == ["创建文明城市"]
    assert _names("工作报告\n创建文明城市很重要。\n创建文明城市靠大家。") == ["创建文明城市"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("关于深入开展爱国卫生运动的指示", "爱国卫生运动"),
        ("关于开展增产节约运动的通知", "增产节约运动"),
        ("关于开展档案管理达标活动的通知", "档案管理达标"),
        ("关于开展文明家庭评比活动的通知", "文明家庭评比"),
        ("关于开展社会主义劳动竞赛的决定", "社会主义劳动竞赛"),
        ("关于争创国家卫生县城的意见", "创建国家卫生县城"),
        ("关于印发创建国家森林城市实施方案的通知", "创建国家森林城市"),
        ("关于开展创建卫生城镇活动的通知", "创建卫生城镇"),
        ("关于开展创建“无烟学校”活动的通知", "创建无烟学校"),
        ("关于创建“平安聊城”活动的意见", "创建平安聊城"),
        ("关于争创全国双拥模范城的决定", "创建全国双拥模范城"),
        ("关于深入开展“五好家庭”评选活动的意见", "五好家庭评选"),
        ("关于广泛开展群众性爱国卫生运动的通知", "爱国卫生运动"),
        ("关于掀起社会主义劳动竞赛新高潮的决定", "社会主义劳动竞赛"),
    ],
)
def test_campaigns_of_every_kind(title: str, name: str) -> None:
    assert _names(f"{title}\n各乡镇：\n请认真执行。") == [name]


@pytest.mark.parametrize(
    "title", ["关于召开田径运动会的通知", "关于开展群众性体育运动的通知", "关于加强科技工作的通知"]
)
def test_other_titles_name_none(title: str) -> None:
    assert _names(f"{title}\n各乡镇：\n请认真执行。") == []
