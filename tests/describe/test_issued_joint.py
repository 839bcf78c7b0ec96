"""Papers of several issuers, bulletins, telegrams, orders: what each place of their head and foot says."""

import pytest

from archivist.describe import issued
from archivist.describe.ink import Flow, closed, plain
from archivist.describe.issued import lists
from tests.describe import paper
from tests.describe.described import documents, values

_TEXT = "　　近來各地工作進展不平衡，希即檢查，並將情況報告。"


def _numbers(text: str) -> list[str]:
    (page,) = paper.stack(text)
    found = (field.value for field in issued.fields([page]) if field.name == "document_number")
    return [str(value["text"]) for value in found if isinstance(value, dict)]


@pytest.mark.parametrize(
    "head",
    [
        "无锡市爱国卫生运动委员会\n无锡市工会联合会　　　联合通知\n无锡市民主妇女联合会",
        "无锡市爱国卫生运动委员会\n无锡市工会联合会联合通知\n无锡市民主妇女联合会",
        "无锡市爱国卫生运动委员会\n无锡市工会联合会\n联合通知\n无锡市民主妇女联合会",
        "无锡市爱国卫生运动委员会\n无锡市工会联合会\n无锡市民主妇女联合会\n通　知",
    ],
)
@pytest.mark.parametrize("spaces", [True, False])
def test_agencies_that_share_a_genre_are_a_head(head: str, spaces: bool) -> None:
    title = "关于开展春季爱国卫生运动的联合通知"
    text = f"{head}\n卫联字（53）第八号\n{title}\n各区妇联、各基层工会：\n{_TEXT}\n一九五三年三月二日"
    (document,) = documents(paper.page(text, spaces=spaces))
    said = values(document)
    assert said["issuing_agency"] == ["无锡市爱国卫生运动委员会", "无锡市工会联合会", "无锡市民主妇女联合会"]
    assert said["title"] == ["关于开展春季爱国卫生运动的联合通知"]
    assert said["genre"] == ["通知"]
    assert said["addressee"] == ["各区妇联", "各基层工会"]


def test_agencies_and_a_genre_without_a_title_below_are_the_title() -> None:
    for genre, printed in (("布　告", "布告"), ("联合布告", "联合布告")):
        (document,) = documents(
            f"江西省人民政府\n江西省军区\n{genre}\n赣府发〔1986〕70号\n{_TEXT}\n一九八六年八月十五日"
        )
        assert values(document)["title"] == [f"江西省人民政府 江西省军区{printed}"]
        assert values(document)["issuing_agency"] == ["江西省人民政府", "江西省军区"]


@pytest.mark.parametrize(
    ("lines", "numbers"),
    [
        ("浙农计(84)151号\n(84)财农字288号", ["浙农计〔1984〕151号", "财农字〔1984〕288号"]),
        ("陕公通字〔2003〕57号　　　陕教安〔2003〕12号", ["陕公通字〔2003〕57号", "陕教安〔2003〕12号"]),
        (
            "晋卫医字[1985]71号　　　晋财行字[1985]40号\n晋劳险字[1985]22号",
            ["晋卫医字〔1985〕71号", "晋财行字〔1985〕40号", "晋劳险字〔1985〕22号"],
        ),
        ("公治字第二十九號\n工行字第陸拾叁號", ["公治字〔1984〕29号", "工行字〔1984〕63号"]),
    ],
)
def test_each_issuer_may_give_a_number(lines: str, numbers: list[str]) -> None:
    head = "浙江省农业厅文件\n浙江省财政厅"
    assert _numbers(f"{head}\n{lines}\n关于下达投资计划的通知\n各市：\n{_TEXT}\n一九八四年五月卅日") == numbers


@pytest.mark.parametrize(
    "line",
    [
        "（51）教社字第〇二一三號　　一九五一年十月廿六日",
        "教社字第〇二一三號　　一九五一年十月廿六日",
        "一九五一年十月廿六日　　（51）教社字第〇二一三號",
    ],
)
def test_the_date_may_stand_beside_the_number(line: str) -> None:
    said = values(documents(f"山西省人民政府教育廳\n{line}\n關於開展冬學運動的指示\n各縣人民政府：\n{_TEXT}")[0])
    assert said["date_of_issue"] == ["1951-10-26"]
    assert [number["number"] for number in said["document_number"] if isinstance(number, dict)] == [213]


@pytest.mark.parametrize(
    "foot", ["七月廿三日廿時", "7月23日20时30分", "七月二十三日晨", "中共监利县委　七月廿三日", "七月廿三日"]
)
def test_a_telegram_leaves_the_year_to_its_number(foot: str) -> None:
    head = "中共监利县委员会\n电　报\n监发电〔59〕27号\n关于抗旱抢种秋粮的电报\n各公社党委："
    (document,) = documents(f"{head}\n{_TEXT}\n中共监利县委\n{foot}")
    assert values(document)["date_of_issue"] == ["1959-07-23"]


def test_a_day_without_a_year_is_no_date_of_issue_where_nothing_names_the_year() -> None:
    (document,) = documents(f"关于抗旱抢种秋粮的通知\n各公社党委：\n{_TEXT}\n中共监利县委\n七月廿三日")
    assert "date_of_issue" not in values(document)


@pytest.mark.parametrize(
    ("foot", "signers"),
    [
        ("市长　于殿甲\n一九八九年四月二十日", ["于殿甲"]),
        ("主　任　高樹勛\n副主任　賈崇文　郭子化\n一九八九年四月二十日", ["高树勋", "贾崇文", "郭子化"]),
        ("省长　倪献策　　司令员　王保田\n一九八九年四月二十日", ["倪献策", "王保田"]),
        ("代市长　于殿甲（签字）\n一九八九年四月二十日", ["于殿甲"]),
        ("主席　阿沛·阿旺晋美\n一九八九年四月二十日", ["阿沛·阿旺晋美"]),
        ("某某市人民政府\n一九八九年四月二十日", []),
    ],
)
def test_who_signs_an_order_by_post_is_its_signer(foot: str, signers: list[str]) -> None:
    (document,) = documents(f"某某市人民政府令\n第三号\n《绿化管理办法》业经通过，现予发布。\n{foot}")
    assert values(document).get("signer", []) == signers


def test_who_signs_a_letter_by_post_did_not_sign_it_for_issue() -> None:
    (document,) = documents(
        "武城县人民委员会（函）\n关于借用机具的函\n德州专署：\n请借给机具。\n县长　王振海\n1962年6月3日"
    )
    assert "signer" not in values(document)


def test_a_list_of_men_with_their_posts_signs_nothing() -> None:
    text = (
        "某某市人民政府令\n第三号\n现任命下列人员：\n主任　高树勋\n副主任　贾崇文\n某某市人民政府\n一九八九年四月二十日"
    )
    (document,) = documents(text)
    assert "signer" not in values(document)


@pytest.mark.parametrize("spaces", [True, False])
def test_two_who_signed_for_issue_one_with_a_point_in_his_name(spaces: bool) -> None:
    head = "喀什地区公安处文件\n喀公〔1995〕31号　　签发人：马明德　买买提·艾山"
    text = f"{head}\n关于禁毒工作情况的报告\n自治区公安厅：\n现报告如下。"
    (document,) = documents(paper.page(text, spaces=spaces))
    assert values(document)["signer"] == ["马明德", "买买提·艾山"]


@pytest.mark.parametrize(
    "head",
    [
        "第15期（总第208期）\n东浦县科技领导小组办公室编\n1999年11月8日",
        "第15期（总第208期）\n东浦县科技领导小组办公室编印　　　1999年11月8日",
        "（第15期）\n编印单位：东浦县科技领导小组办公室　　　1999年11月8日",
        "第十五期\n1999年11月8日\n东浦县科技领导小组办公室主办",
        "第15期\n东浦县科技领导小组办公室\n1999年11月8日",
        "1999年第15期\n东浦县科技领导小组办公室编　　　11月8日",
    ],
)
def test_who_edits_a_bulletin_issues_it_and_its_headline_is_the_title(head: str) -> None:
    body = "　　今年以来，我县组织科技人员分赴14个乡镇，开展科技下乡活动，受到广大农民欢迎。"
    (document,) = documents(f"科技工作简报\n{head}\n我县科技下乡活动取得阶段性成果\n{body}")
    assert values(document) == {
        "issuing_agency": ["东浦县科技领导小组办公室"],
        "title": ["我县科技下乡活动取得阶段性成果"],
        "genre": ["简报"],
        "date_of_issue": ["1999-11-08"],
    }


@pytest.mark.parametrize(
    ("masthead", "agency"),
    [
        ("慈溪市人民政府专题会议纪要", "慈溪市人民政府"),
        ("中共昌吉市委常委会议纪要", "中共昌吉市委"),
        ("大冶市人民政府市长办公会议纪要", "大冶市人民政府"),
        ("西双版纳傣族自治州人民政府州长办公会议纪要", "西双版纳傣族自治州人民政府"),
    ],
)
def test_whose_meeting_it_was_says_the_masthead_of_the_minutes(masthead: str, agency: str) -> None:
    body = "8月6日下午，副市长岑杰主持召开专题会议。现纪要如下：\n一、同意选址。"
    text = f"{masthead}\n〔2014〕57号\n关于餐厨垃圾处理有关问题的会议纪要\n{body}"
    (document,) = documents(text)
    assert values(document)["issuing_agency"] == [agency]


def test_a_report_that_is_forwarded_is_a_paper_of_its_own() -> None:
    notice = """赣州地区行政公署文件
赣署发[1981]43号
批转地区教育局关于整顿队伍的报告
各县人民政府：
望执行。
赣州地区行政公署
一九八一年四月十八日"""
    report = """赣地教〔1981〕9号
关于整顿队伍的报告
行署：
现报告如下。
以上报告如无不妥，请批转各县执行。
赣州地区教育局
一九八一年三月三十一日"""
    imprint = "抄送：地委各部门，军分区\n赣州地区行政公署办公室　　一九八一年四月二十日印发"
    first, second = documents(notice, f"{report}\n{imprint}")
    assert values(first)["printing_agency"] == ["赣州地区行政公署办公室"]
    assert second.kind == "attachment"
    said = values(second)
    assert (said["issuing_agency"], said["date_of_issue"]) == (["赣州地区教育局"], ["1981-03-31"])
    assert (said["title"], said["genre"], said["addressee"]) == (["关于整顿队伍的报告"], ["报告"], ["行署"])
    assert "copied_to" not in said and "print_date" not in said


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("国家计划委员会、中国人民银行总行、纺织工业部", 3),
        ("厂党委、厂长室、团委", 3),
        ("汉中地委、专署", 2),
        ("地委、专署、军分区、法院、检察院", 5),
        ("县革委卫生组、县革委办事组", 2),
        ("县委、县人委、武装部、团县委、妇联", 5),
        ("市科委，县委、县人大、县政府、县政协领导", 2),
        ("市人大、市政协主要领导", 1),
        ("省委、省政府办公厅", 1),
        ("市直各部门、单位", 1),
        ("县直各局、公司、厂矿", 1),
        ("各市、地、县农业局、财政局", 1),
        ("各村党支部、村委会", 1),
        ("农业、林业、水利局", 1),
        ("省、地血防办公室", 1),
    ],
)
def test_a_list_is_divided_behind_whom_a_name_is_complete(text: str, entries: int) -> None:
    flow = Flow([paper.page(text)])
    assert len([plain(closed(flow.text[a:b])) for a, b in lists.receivers(flow, 0, len(flow.text))]) == entries
