import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archivist.campaigns import key, recognise
from archivist.campaigns.role import role_of
from archivist.describe import describe
from archivist.model import CampaignLink, Item
from tests.campaigns.items import document, said, titled
from tests.describe import paper

GAZETTE = Path(__file__).parents[2] / "../shared/gazette.jsonl.gz"


def links(item: Item) -> tuple[CampaignLink, ...]:
    return recognise(item.documents, item.pages)


def names(title: str, body: str = "各乡镇人民政府：\n请认真执行。") -> list[str]:
    return [link.name for link in links(titled(title, body))]


def states(title: str, body: str) -> list[tuple[str, str]]:
    return [(link.name, link.status) for link in links(titled(title, body))]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("关于深入开展爱国卫生运动的指示", "爱国卫生运动"),
        ("關於開展冬季愛國衛生運動的通知", "爱国卫生运动"),
        ("关于开展1952年爱国卫生运动的指示", "爱国卫生运动"),
        ("關於開展一九五一年冬學運動的指示", "冬学运动"),
        ("关于开展一九七七年秋季积肥运动的通知", "积肥运动"),
        ("关于搞好今冬爱国卫生运动的意见", "爱国卫生运动"),
        ("关于一九五六年冬至一九五七年春大规模兴修农田水利运动的规划", "兴修农田水利运动"),
        ("关于开展一九五八年春耕生产运动的指示", "春耕生产运动"),
        ("关于农具改革运动进展情况的报告", "农具改革运动"),
        ("关于开展整社运动试点工作的总结", "整社运动"),
        ("关于开展爱国卫生突击运动的布告", "爱国卫生突击运动"),
        ("关于开展拥政爱民月活动的通知", "拥政爱民月"),
        ("关于建设文明村镇的意见", "创建文明村镇"),
        ("关于开展冬春农田水利基本建设大会战的通知", "农田水利基本建设大会战"),
        ("关于普及大寨县的三年规划", "普及大寨县"),
        ("关于广泛开展群众性爱国卫生运动的通知", "爱国卫生运动"),
        ("关于一九五八年除四害工作的总结", "除四害"),
        ("关于开展“三反”“五反”运动的指示", "三反五反运动"),
        ("关于扫除文盲的决定", "扫除文盲"),
        ("关于宣传贯彻婚姻法运动的补充指示", "宣传贯彻婚姻法运动"),
        ("关于农村社会主义教育运动的若干规定", "农村社会主义教育运动"),
        ("关于四清运动的总结", "四清运动"),
        ("关于掀起农业学大寨、普及大寨县新高潮的决定", "农业学大寨"),
        ("关于开展增产节约运动的通知", "增产节约运动"),
        ("关于开展红旗竞赛运动的通知", "红旗竞赛运动"),
        ("关于开展全民义务植树运动的决议", "全民义务植树运动"),
        ("关于开展“五讲四美三热爱”活动的通知", "五讲四美三热爱"),
        ("关于开展向雷锋同志学习活动的通知", "向雷锋同志学习"),
        ("关于开展向孔繁森同志学习活动的决定", "向孔繁森同志学习"),
        ("关于掀起社会主义劳动竞赛新高潮的决定", "社会主义劳动竞赛"),
        ("关于开展文明家庭评比活动的通知", "文明家庭评比"),
        ("关于深入开展“五好家庭”评选活动的意见", "五好家庭评选"),
        ("关于开展档案管理达标活动的通知", "档案管理达标"),
        ("关于实现“普九”目标的决定", "普九"),
        ("关于加强计划生育工作的决定", "计划生育"),
        ("关于做好拥军优属工作的通知", "拥军优属"),
        ("关于争创全国双拥模范城的决定", "创建全国双拥模范城"),
        ("关于争创国家卫生县城的意见", "创建国家卫生县城"),
        ("关于印发《争创国家级卫生城市实施方案》的通知", "创建国家卫生城市"),
        ("国家卫生城市创建工作方案", "创建国家卫生城市"),
        ("关于做好迎接国家卫生城市复审工作的通知", "创建国家卫生城市"),
        ("关于国家卫生城市复审迎检工作的通知", "创建国家卫生城市"),
        ("关于命名1995年度县级文明单位的决定", "创建县级文明单位"),
        ("关于建设国家森林城市的决定", "创建国家森林城市"),
        ("关于印发创建国家森林城市实施方案的通知", "创建国家森林城市"),
        ("关于争创国家环境保护模范城市的决定", "创建国家环境保护模范城市"),
        ("关于创建全国科技进步先进县（市）的实施方案", "创建全国科技进步先进县（市）"),
        ("关于成立创建全国科技进步先进市工作领导小组的通知", "创建全国科技进步先进市"),
        ("关于开展创建“无烟学校”活动的通知", "创建无烟学校"),
        ("关于创建“平安聊城”活动的意见", "创建平安聊城"),
        ("关于开展争做文明市民活动的通知", "争做文明市民"),
        ("关于开展安全生产“百日安全竞赛”活动的通知", "百日安全竞赛"),
        ("“安全生产月”活动方案", "安全生产月"),
        ("关于深入开展党的群众路线教育实践活动的实施方案", "党的群众路线教育实践活动"),
        ("关于成立县爱国卫生运动委员会的通知", "爱国卫生运动"),
    ],
)
def test_campaigns_of_every_kind_and_decade(title: str, name: str) -> None:
    (link,) = links(titled(title))
    assert (link.name, link.status) == (name, "accepted")
    assert link.confidence > 0.9


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("关于以除四害为中心的爱国卫生运动的指示", {"除四害", "爱国卫生运动"}),
        ("关于创建国家卫生城市和全国文明城市的决定", {"创建国家卫生城市", "创建全国文明城市"}),
        ("关于开展创建“绿色学校”、“绿色社区”活动的通知", {"创建绿色学校", "创建绿色社区"}),
    ],
)
def test_a_title_may_name_two(title: str, found: set[str]) -> None:
    assert set(names(title)) == found


@pytest.mark.parametrize(
    "title",
    [
        "关于召开田径运动会的通知",
        "关于成立运动会筹备委员会的通知",
        "关于开展群众性体育运动的通知",
        "关于春节期间开展文化体育活动的通知",
        "关于严厉打击走私活动的通知",
        "关于举办数学竞赛的通知",
        "关于创建聊城大学的请示",
        "关于创建经济技术开发区的请示",
        "关于表彰先进集体的决定",
        "关于加强科技工作的通知",
        "关于做好粮食统购统销工作的指示",
        "关于加强城市卫生管理的布告",
    ],
)
def test_other_titles_name_none(title: str) -> None:
    assert names(title) == []


@pytest.mark.parametrize("title", ["关于开展安全生产大检查的通知", "关于开展打击假冒伪劣商品专项斗争的通知"])
def test_what_may_be_the_work_of_every_day_waits_for_a_person(title: str) -> None:
    (link,) = links(titled(title))
    assert link.status == "review"


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("創建全國科技工作先進市", "创建全国科技工作先进市"),
        ("爭創全國科技工作先進市", "创建全国科技工作先进市"),
        ("创建全国科技 工作先进市活动", "创建全国科技工作先进市"),
        ("“创建全国科技工作先进市”活动", "创建全国科技工作先进市"),
        ("創建全國科技工作先進市工作領導小組", "创建全国科技工作先进市"),
        ("争创国家级卫生城市", "创建国家卫生城市"),
        ("创建全国双拥模范城", "争创国家双拥模范城市"),
        ("创建国家环保模范城市", "创建国家环境保护模范城市"),
        ("创建山东省文明单位", "创建省级文明单位"),
        ("爱国卫生", "群众性爱国卫生运动"),
        ("除“四害”讲卫生运动", "除四害"),
        ("扫除文盲", "扫盲运动"),
        ("四清运动", "农村社会主义教育运动"),
        ("向雷锋同志学习", "学雷锋活动"),
        ("“双增双节”运动", "增产节约、增收节支运动"),
    ],
)
def test_spellings_of_one_campaign_share_a_key(name: str, same: str) -> None:
    assert key(name) == key(same)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("创建全国科技工作先进市", "创建全国科技进步先进区"),
        ("创建国家卫生城市", "创建省级卫生城市"),
        ("创建国家卫生城市", "创建国家卫生县城"),
        ("创建文明城市", "创建文明单位"),
        ("增产节约运动", "双增双节运动"),
    ],
)
def test_campaigns_that_differ_do_not(one: str, other: str) -> None:
    assert key(one) != key(other)


def test_the_key_of_a_key_is_itself() -> None:
    for name in ("争创国家级卫生城市", "创建全国双拥模范城", "除四害讲卫生", "开展“讲文明、树新风”活动", "普法教育"):
        assert key(key(name)) == key(name)


def test_a_title_names_a_campaign_and_the_text_adds_to_it() -> None:
    pages = paper.stack(
        "中共聊城市委文件\n聊发(1995)58号\n关于创建全国科技工作先进\n市的决定\n根据《国家科委关于在全国开展创建科技工作先\n进县(市)的意见》，"
        "开展创建全国科技工作先\n进市活动。",
        "创建全国科技工作先进市活动，有利于科教兴工。",
    )
    title = said(pages[0], "title", "关于创建全国科技工作先进市的决定")
    (link,) = recognise([document(pages[0], title)], pages)
    assert (link.name, link.role) == ("创建全国科技工作先进市", "decision")
    assert [(entry.page, entry.text) for entry in link.evidence] == [
        (1, "创建全国科技工作先进市"),
        (2, "创建全国科技工作先进市"),
        (1, "创建全国科技工作先进市"),
    ]
    assert link.confidence == pytest.approx(0.99)


def test_either_script_is_one_campaign() -> None:
    (link,) = links(titled("區委創建全國科技進步先進區工作方案", "爭創全國科技進步先進區，特制定本方案："))
    assert (link.key, link.name, link.role) == ("创建全国科技进步先进区", "创建全国科技进步先进区", "plan")
    assert link.evidence[0].text == "創建全國科技進步先進區"


def test_the_campaign_of_a_cited_paper_is_not_this_ones_but_that_of_a_paper_passed_on_is() -> None:
    assert names("关于报送材料的通知", "根据《创建全国文明城市工作方案》，请报送材料。") == []
    assert names("关于转发文件的通知", "现将《创建全国文明城市工作方案》转发给你们。") == ["创建全国文明城市"]


def test_a_short_name_is_the_fuller_one_that_the_paper_says() -> None:
    body = "为了创建国家卫生城市(以下简称“创卫”)，决定如下：一、创卫工作要抓紧。二、人人都要参加创卫活动。"
    (link,) = links(titled("关于创建卫生城市的决定", body))
    assert (link.name, link.key) == ("创建国家卫生城市", key("创建国家卫生城市"))
    (alone,) = links(titled("关于调整创卫工作领导小组成员的通知"))
    assert alone.name == "创卫"


def test_a_title_that_says_only_that_there_is_one_takes_it_from_the_text() -> None:
    body = "为了创建国家卫生城市，市委、市政府决定在全市开展创建活动。"
    assert states("关于开展创建活动的通知", body) == [("创建国家卫生城市", "accepted")]
    assert states("关于加强领导的通知", body) == [("创建国家卫生城市", "review")]


def test_a_campaign_named_in_passing_is_none_or_waits_for_a_person() -> None:
    far = "各级干部要认真学习。" * 40
    assert states("工作报告", far + "去年我市被评为创建文明城市优胜者。") == []
    assert states("工作报告", far + "今年要开展创建文明城市活动。") == [("创建文明城市", "review")]
    thrice = "创建文明城市活动要抓紧。创建文明城市很重要。创建文明城市靠大家。"
    assert states("工作报告", far + thrice) == [("创建文明城市", "accepted")]


def test_a_report_that_lists_all_that_was_done_is_about_none_of_it() -> None:
    body = "一年来，开展了爱国卫生运动，深入开展五讲四美三热爱活动，参加农业学大寨，搞好双拥工作。"
    assert {status for _name, status in states("一九八五年政府工作报告", body)} == {"review"}


def test_what_goes_on_around_a_campaign_is_none_of_the_papers() -> None:
    body = "我厂以增产节约为中心，开展了先进生产者运动。先进生产者运动推动了生产。"
    assert names("一九五六年工会工作总结", body) == ["先进生产者运动"]
    body = "结合爱国卫生运动，开展除四害活动，大搞除四害。"
    assert names("关于当前工作的通知", body) == ["除四害"]


def test_beside_the_campaign_of_the_title_one_that_the_text_names_once_counts_for_nothing() -> None:
    body = "为了深入开展农业学大寨运动，三年内建成大寨县。"
    assert names("关于创建卫生县城的决定", body) == ["创建卫生县城"]


def test_an_office_that_has_the_name_of_a_campaign_does_not_make_its_papers_part_of_it() -> None:
    far = "请按时填报。"
    assert names("关于填报统计表的通知", far + "抄报：省爱国卫生运动委员会") == []
    assert names("县爱国卫生运动委员会关于召开会议的通知", far) == []
    assert names("关于刻制印章的通知", "经市双拥工作办公室、市双拥工作办公室同意。") == []


@pytest.mark.parametrize("agency", ["县妇幼保健计划生育服务中心", "市计划生育协会", "县计划生育技术指导站"])
def test_an_institution_is_no_campaign_though_a_title_founds_it(agency: str) -> None:
    assert names(f"关于成立{agency}的通知", f"同意成立{agency}，{agency}为事业单位。") == []
    assert names(f"{agency}关于收费标准的请示") == []
    assert names("关于开展计划生育工作的通知", f"由{agency}负责。") == ["计划生育"]


def test_a_name_misread_in_one_character_does_not_make_a_second_campaign() -> None:
    good = titled("关于创建全国科技工作先进市的决定", "请执行。")
    bad = paper.page("创建全国科技土作先进市活动，有利于科教兴工。", number=2, confidence=0.5)
    (link,) = recognise(good.documents, (*good.pages, bad))
    assert link.name == "创建全国科技工作先进市"
    assert {entry.page for entry in link.evidence} == {1, 2}


def test_what_hardly_reads_waits_for_a_person_unless_everybody_knew_the_name() -> None:
    (doubtful,) = links(titled("关于创建无毒社区活动的通知", confidence=0.5))
    assert doubtful.status == "review"
    (known,) = links(titled("关于开展爱国卫生运动的通知", confidence=0.5))
    assert known.status == "accepted"


def test_the_subject_on_a_slip_counts_but_in_handwriting_waits() -> None:
    cells = [(0, 0, "文件标题"), paper.Cell(0, 1, "关于创建国家卫生城市的决定", handwritten=True)]
    sheet = paper.form(cells, above="文件处理单")
    slip = document(sheet, said(sheet, "subject", "关于创建国家卫生城市的决定"), kind="circulation_slip")
    (link,) = recognise([slip], [sheet])
    assert (link.name, link.status, link.role) == ("创建国家卫生城市", "review", "slip")


def test_cells_of_a_table_do_not_run_together() -> None:
    sheet = paper.form([(0, 0, "项目：创建"), (0, 1, "卫生先进单位"), (0, 2, "活动")])
    assert recognise([document(sheet, kind="attachment")], [sheet]) == ()


@pytest.mark.parametrize(
    ("title", "genre", "role"),
    [
        ("关于创建国家卫生城市的决定", "决定", "decision"),
        ("关于开展爱国卫生运动的指示", "指示", "decision"),
        ("创建国家卫生城市实施方案", "方案", "plan"),
        ("关于印发《创建国家卫生城市实施方案》的通知", "通知", "plan"),
        ("关于转发省爱卫会《创建国家卫生城市实施方案》的通知", "通知", "notice"),
        ("关于召开创建国家卫生城市动员大会的通知", "通知", "notice"),
        ("关于创建国家卫生城市工作情况的报告", "报告", "report"),
        ("创建国家卫生城市任务分解表", "", "table"),
        ("创建国家卫生城市", "", "other"),
    ],
)
def test_what_an_item_is_to_its_campaign(title: str, genre: str, role: str) -> None:
    item = titled(title)
    fields = item.documents[0].fields
    if genre:
        fields = (*fields, said(item.pages[0], "genre", genre))
    (link,) = recognise([document(item.pages[0], *fields)], item.pages)
    assert link.role == role


def test_a_title_or_genre_that_was_refused_says_nothing_of_the_role() -> None:
    item = titled("关于创建国家卫生城市的决定", genre="决定")
    (issued,) = item.documents
    refused = tuple(replace(field, status="rejected") for field in issued.fields)
    assert role_of(item.documents, item.pages) == "decision"
    assert role_of([replace(issued, fields=refused)], item.pages) == "other"


def test_a_slip_with_a_decision_is_the_decision_and_ruled_pages_are_a_table() -> None:
    slip = paper.form([(0, 0, "文件标题"), (0, 1, "关于创建国家卫生城市的决定")], above="文件处理单")
    decision = paper.page("关于创建国家卫生城市的决定\n请执行。", number=2)
    documents = [
        document(slip, said(slip, "subject", "关于创建国家卫生城市的决定"), kind="circulation_slip"),
        document(decision, said(decision, "title", "关于创建国家卫生城市的决定")),
    ]
    (link,) = recognise(documents, [slip, decision])
    assert link.role == "decision"
    table = paper.form([(0, 0, "创建国家卫生城市活动"), (0, 1, "创建国家卫生城市工作"), (1, 0, "责任单位")])
    (ruled,) = recognise([document(table, kind="attachment")], [table])
    assert ruled.role == "table"


@given(
    st.text(max_size=60),
    st.text(alphabet="创建争全国省级卫生文明先进城市县（）()“”《》活动运开展关于的\n 、。", max_size=80),
)
def test_no_text_breaks_it_and_every_link_has_ink(any_text: str, names_alike: str) -> None:
    for text in (any_text, names_alike):
        pages = [paper.page(text)] if text.strip() else []
        for link in recognise([document(page, kind="other") for page in pages], pages):
            assert link.evidence and link.name and 0 < link.confidence <= 1
            for proof in link.evidence:
                assert proof.text == pages[0].running_text[proof.start : proof.end]


@given(st.text(alphabet="创建争全国省级卫生文明先进城市县（）()“”活动运爱除四害讲、 ", max_size=20))
def test_a_key_is_stable(name: str) -> None:
    assert key(key(name)) == key(name)


@pytest.mark.skipif(not GAZETTE.exists(), reason="shared/gazette.jsonl.gz is not here")
def test_papers_of_offices_that_run_no_campaigns_are_in_hardly_any() -> None:
    with gzip.open(GAZETTE, "rt", encoding="utf-8") as stream:
        papers = [json.loads(row) for place, row in enumerate(stream) if place % 40 == 0]
    accepted = 0
    for entry in papers:
        item = titled(entry["title"], entry["text"][:3000])
        accepted += sum(link.status == "accepted" for link in links(item))
    assert len(papers) > 70
    assert accepted <= 1


def test_described_pages_are_recognised() -> None:
    pages = paper.stack("聊城市人民政府文件\n聊政发〔1989〕12号\n关于争创国家卫生城市的通知\n各县：\n请认真执行。")
    assert [link.name for link in recognise(describe(pages), pages)] == ["创建国家卫生城市"]


def test_a_title_that_a_person_corrected_counts_as_corrected() -> None:
    item = titled("关于创建国家卫牛城市的决定")
    (read,) = item.documents[0].fields
    corrected = replace(read, value="关于创建国家卫生城市的决定", status="verified")
    (link,) = recognise([document(item.pages[0], corrected)], item.pages)
    assert (link.name, link.status) == ("创建国家卫生城市", "accepted")
    assert link.evidence[0].text == "关于创建国家卫牛城市的决定"


def test_of_a_long_list_each_name_is_put_to_the_fuller_one_it_stands_for() -> None:
    honours = "".join(f"创建全国第{place}批卫生城市活动。" for place in range(400))
    found = names("关于创建国家卫生城市的通知", f"创建卫生城市活动。{honours}")
    assert "创建卫生城市" not in found
    assert found[0] == "创建国家卫生城市"
