"""Papers of other places and decades than the samples, each with what its catalogue entry must say."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archivist.describe import dates, issued, title_of
from archivist.model import Page, Value
from tests.describe import paper
from tests.describe.described import documents, values

_GAZETTE = Path(__file__).parents[2] / "../shared/gazette.jsonl.gz"


def _number(text: str) -> dict[str, Value]:
    code, _, rest = text.partition("〔")
    year, _, number = rest.partition("〕")
    return {"text": text, "agency_code": code, "year": int(year), "number": int(number.removesuffix("号"))}


def test_decision_of_1995_with_two_issuers_and_a_title_set_wide() -> None:
    (document,) = documents(
        """中共聊城市委文件
聊发(1995)58号
中共聊城市委　聊城市人民政府
关于创建全国科技工作先进市的
决　　定
(一九九五年六月九日)
为了深入贯彻全国科学技术大会精神，现根据《国家科委关于在全
国开展创建科技工作先进县(市)的意见》的要求，市委、市政府研究决定：
一、认真学习《中共中央、国务院关于加速科学技术进步的决定》。"""
    )
    assert values(document) == {
        "issuing_agency": ["中共聊城市委", "聊城市人民政府"],
        "document_number": [_number("聊发〔1995〕58号")],
        "title": ["中共聊城市委 聊城市人民政府关于创建全国科技工作先进市的决定"],
        "genre": ["决定"],
        "date_of_issue": ["1995-06-09"],
        "citation": [
            {"title": "国家科委关于在全国开展创建科技工作先进县(市)的意见", "document_number": None},
            {"title": "中共中央、国务院关于加速科学技术进步的决定", "document_number": None},
        ],
    }


def test_proclamation_of_1956_numbers_below_the_title() -> None:
    (document,) = documents(
        """河北省定縣人民委員會佈告
(56)定辦字第018號
爲了保護農業生產合作社的耕畜，特規定下列各項，希一體遵照執行：
一、凡屠宰耕畜，須經區公所批准。
此佈
縣長　王振海
一九五六年十一月十二日"""
    )
    assert values(document) == {
        "issuing_agency": ["河北省定县人民委员会"],
        "document_number": [_number("定办字〔1956〕18号")],
        "title": ["河北省定县人民委员会布告"],
        "signer": ["王振海"],
        "genre": ["布告"],
        "date_of_issue": ["1956-11-12"],
    }


def test_notice_of_1972_under_a_quotation() -> None:
    (document,) = documents(
        """最高指示
抓革命，促生产，促工作，促战备。
平阴县革命委员会文件
平革发(1972)23号
关于进一步开展爱国卫生运动的
通　　知
各公社革委会，县直各单位：
根据省革委鲁革发(1972)41号文件精神，现将有关事项通知如下：
一、加强领导。
平阴县革命委员会
一九七二年四月廿八日
报：地区革委会
发：各公社革委会，县直各单位
(共印一五〇份)"""
    )
    assert values(document) == {
        "issuing_agency": ["平阴县革命委员会"],
        "document_number": [_number("平革发〔1972〕23号")],
        "title": ["关于进一步开展爱国卫生运动的通知"],
        "genre": ["通知"],
        "date_of_issue": ["1972-04-28"],
        "addressee": ["各公社革委会", "县直各单位"],
        "copied_to": ["地区革委会", "各公社革委会", "县直各单位"],
    }


def test_reply_of_1985_answers_a_numbered_request() -> None:
    (document,) = documents(
        """寿光县人民政府
关于同意建立寿光县科学技术馆的批复
寿政批〔1985〕第9号
县科协：
你会寿科协字〔1985〕第3号《关于建立寿光县科学技术馆的请示》收悉。经研究，同意建立寿光
县科学技术馆，定事业编制五人。
此复。
寿光县人民政府
一九八五年五月六日
抄送：县编委，县财政局。"""
    )
    assert values(document) == {
        "issuing_agency": ["寿光县人民政府"],
        "document_number": [_number("寿政批〔1985〕9号")],
        "title": ["寿光县人民政府关于同意建立寿光县科学技术馆的批复"],
        "genre": ["批复"],
        "date_of_issue": ["1985-05-06"],
        "addressee": ["县科协"],
        "copied_to": ["县编委", "县财政局"],
        "citation": [
            {"title": "关于建立寿光县科学技术馆的请示", "document_number": _number("寿科协字〔1985〕3号")},
        ],
    }


_JOINT_1998 = """机密★5年
特急
山 东 省 财 政 厅
山 东 省 科 学 技 术 委 员 会   文件
鲁财教〔1998〕12号          签发人：李文华
山东省财政厅　山东省科学技术委员会
关于下达1998年科技三项费用
指标的通知
各市、地财政局、科委，省直有关部门：
根据《山东省科学技术发展计划管理办法》（鲁政发〔1996〕88号），现将1998年科技三项费用
指标下达给你们，请按照鲁财预〔1997〕50号文件执行。
附件：1．1998年科技三项费用分配表
      2．项目名单
山东省财政厅　　山东省科学技术委员会
一九九八年三月五日
主题词：财政　科技　经费　通知
抄送：财政部，国家科委，省人民政府办
公厅。
山东省财政厅办公室          1998年3月9日印发"""


@pytest.mark.parametrize("spaces", [True, False], ids=["spaces read", "spaces dropped"])
def test_joint_notice_of_1998(spaces: bool) -> None:
    (document,) = documents(paper.page(_JOINT_1998, spaces=spaces))
    assert values(document) == {
        "secrecy": ["机密"],
        "urgency": ["特急"],
        "signer": ["李文华"],
        "issuing_agency": ["山东省财政厅", "山东省科学技术委员会"],
        "document_number": [_number("鲁财教〔1998〕12号")],
        "title": ["山东省财政厅 山东省科学技术委员会关于下达1998年科技三项费用指标的通知"],
        "genre": ["通知"],
        "date_of_issue": ["1998-03-05"],
        "addressee": ["各市、地财政局、科委", "省直有关部门"],
        "attachment": ["1998年科技三项费用分配表", "项目名单"],
        "subject_term": ["财政", "科技", "经费", "通知"],
        "copied_to": ["财政部", "国家科委", "省人民政府办公厅"],
        "print_date": ["1998-03-09"],
        "printing_agency": ["山东省财政厅办公室"],
        "citation": [
            {"title": "山东省科学技术发展计划管理办法", "document_number": _number("鲁政发〔1996〕88号")},
        ],
    }


def test_notice_of_2003_numbers_below_a_head_set_wide() -> None:
    (document,) = documents(
        """国 务 院 办 公 厅
关于转发教育部等部门关于进一步做好
农村义务教育工作意见的通知
国办发〔2003〕12号
各省、自治区、直辖市人民政府，国务院各部委、各直属机构：
教育部、财政部《关于进一步做好农村义务教育工作的意见》已经国务院同意，现转发给你们。
国务院办公厅
二○○三年二月十八日"""
    )
    said = values(document)
    assert said["issuing_agency"] == ["国务院办公厅"]
    assert said["title"] == ["国务院办公厅关于转发教育部等部门关于进一步做好农村义务教育工作意见的通知"]
    assert said["document_number"] == [_number("国办发〔2003〕12号")]
    assert said["date_of_issue"] == ["2003-02-18"]
    assert said["addressee"] == ["各省、自治区、直辖市人民政府", "国务院各部委", "各直属机构"]


def test_letter_of_2014() -> None:
    (document,) = documents(
        """杭州市人民政府办公厅
杭政办函〔2014〕76号
杭州市人民政府办公厅关于印发杭州市创建国家
森林城市实施方案的复函
市林水局：
你局《关于要求印发〈杭州市创建国家森林城市实施方案〉的请示》（杭林〔2014〕33号）收悉。
杭州市人民政府办公厅
2014年5月20日
（此件公开发布）
抄送：市委办公厅，市人大常委会办公厅。
杭州市人民政府办公厅秘书处
2014年5月21日印发"""
    )
    assert values(document) == {
        "issuing_agency": ["杭州市人民政府办公厅"],
        "document_number": [_number("杭政办函〔2014〕76号")],
        "title": ["杭州市人民政府办公厅关于印发杭州市创建国家森林城市实施方案的复函"],
        "genre": ["函"],
        "date_of_issue": ["2014-05-20"],
        "addressee": ["市林水局"],
        "copied_to": ["市委办公厅", "市人大常委会办公厅"],
        "print_date": ["2014-05-21"],
        "printing_agency": ["杭州市人民政府办公厅秘书处"],
        "citation": [
            {
                "title": "关于要求印发〈杭州市创建国家森林城市实施方案〉的请示",
                "document_number": _number("杭林〔2014〕33号"),
            },
        ],
    }


def test_stamps_and_shelf_marks_above_a_joint_head() -> None:
    (document,) = documents(
        """永久
全宗号
1995
33
中共青岛市委 文件
青岛市人民政府
青发〔1996〕12号
★
中共青岛市委、青岛市人民政府
关于深入开展创建文明城市活动的意见
(1996年4月2日)
各区、市委，各区、市人民政府，市直各单位：
为贯彻落实中央精神，现提出如下意见。"""
    )
    assert values(document) == {
        "issuing_agency": ["中共青岛市委", "青岛市人民政府"],
        "document_number": [_number("青发〔1996〕12号")],
        "title": ["中共青岛市委、青岛市人民政府关于深入开展创建文明城市活动的意见"],
        "genre": ["意见"],
        "date_of_issue": ["1996-04-02"],
        "addressee": ["各区、市委", "各区、市人民政府", "市直各单位"],
    }


def test_telegram_of_1996() -> None:
    (document,) = documents(
        """发往：各市地委
等级：特急
中共山东省委办公厅
山东省人民政府办公厅
关于做好防汛工作的紧急通知
鲁办发电〔1996〕33号
各市地党委、人民政府：
近日我省连降暴雨。
1996年7月20日"""
    )
    assert values(document) == {
        "urgency": ["特急"],
        "issuing_agency": ["中共山东省委办公厅", "山东省人民政府办公厅"],
        "document_number": [_number("鲁办发电〔1996〕33号")],
        "title": ["中共山东省委办公厅 山东省人民政府办公厅关于做好防汛工作的紧急通知"],
        "genre": ["通知"],
        "date_of_issue": ["1996-07-20"],
        "addressee": ["各市地党委、人民政府"],
    }


def test_the_date_of_a_forwarded_text_is_not_the_date_of_issue() -> None:
    (document,) = documents(
        """聊城市人民政府办公室文件
聊政办发〔2001〕7号
聊城市人民政府办公室
转发市科技局关于加强专利工作的意见的通知
各县（市、区）人民政府：
现转发给你们。
二〇〇一年二月八日
关于加强专利工作的意见
一、提高认识。
聊城市科技局
二〇〇一年一月二十日"""
    )
    assert values(document)["date_of_issue"] == ["2001-02-08"]
    assert values(document)["issuing_agency"] == ["聊城市人民政府办公室"]


def test_a_misread_agency_is_put_right_and_shown_to_a_person() -> None:
    (document,) = documents(
        """聊城市人氏政府文仵
聊政发【1995)58与
关于科技工作的通知
各乡镇："""
    )
    (issuer,) = document.values("issuing_agency")
    assert (issuer.value, issuer.raw, issuer.status) == ("聊城市人民政府", "聊城市人氏政府", "review")
    assert values(document)["document_number"] == [_number("聊政发〔1995〕58号")]


def test_genre_in_brackets_after_the_head() -> None:
    (document,) = documents(
        """中共吴江县委办公室(通报)
吴委办〔1987〕5号
关于表彰先进党支部的通报
各乡镇党委，县级机关各部门党组织：
1987年6月，县委召开了表彰大会。
中共吴江县委办公室
一九八七年七月一日"""
    )
    said = values(document)
    assert said["issuing_agency"] == ["中共吴江县委办公室"]
    assert said["date_of_issue"] == ["1987-07-01"]


def test_minutes_under_the_head_of_a_serial() -> None:
    (document,) = documents(
        """会 议 纪 要
〔2001〕第6期
中共青州市委办公室                    2001年4月3日
青州市市长办公会议纪要
4月2日，市长主持召开会议。"""
    )
    assert values(document)["title"] == ["青州市市长办公会议纪要"]


def test_a_plan_without_number_is_issued_by_its_title() -> None:
    (document,) = documents(
        """区委创建全国科技进步先进区
工作方案
根据国家科技部的精神，特制定本方案：
一、指导思想"""
    )
    assert document.kind == "issued_document"
    assert values(document)["genre"] == ["方案"]


def test_the_date_in_the_imprint_is_only_a_last_resort() -> None:
    (document,) = documents(
        """莱芜市科学技术委员会文件
莱科字〔1990〕4号
关于召开科技工作会议的通知
各乡镇：
请准时参加。
莱芜市科委办公室 1990年2月3日印发"""
    )
    (date,) = document.values("date_of_issue")
    assert (date.value, date.method, date.status) == ("1990-02-03", "imprint", "review")


def test_every_place_that_says_a_date_is_heard() -> None:
    pages = paper.stack(
        """莱芜市科学技术委员会文件
莱科字〔1990〕4号
关于召开科技工作会议的通知
(一九九〇年二月三日)
各乡镇：
请准时参加。
莱芜市科学技术委员会
一九九〇年三月三日
莱芜市科委办公室　一九九〇年三月五日印发"""
    )
    said = [(field.name, field.value, field.method) for field in issued.fields(pages)]
    assert [entry[1:] for entry in said if entry[0] == "date_of_issue"] == [
        ("1990-02-03", "title-note"),
        ("1990-03-03", "signature"),
        ("1990-03-05", "imprint"),
    ]
    assert [entry[1:] for entry in said if entry[0] == "issuing_agency"] == [
        ("莱芜市科学技术委员会", "red-head"),
        ("莱芜市科学技术委员会", "signature"),
    ]


def test_a_citation_over_a_page_break_points_at_where_it_begins() -> None:
    (document,) = documents(
        "莱芜市科学技术委员会文件\n莱科字〔1990〕4号\n关于学习的通知\n各乡镇：\n要学习《中共中央关于科学\n— 1 —",
        "技术体制改革的决定》（中发〔1985〕6号）。\n— 2 —",
    )
    (citation,) = document.values("citation")
    assert citation.value == {
        "title": "中共中央关于科学技术体制改革的决定",
        "document_number": _number("中发〔1985〕6号"),
    }
    assert citation.evidence.page == 1
    assert citation.raw == "《中共中央关于科学"


def test_brackets_do_not_make_a_number_doubtful() -> None:
    sheet = paper.page("莱芜市科学技术委员会文件\n莱科字〔1990〕4号\n关于学习的通知\n各乡镇：")
    (region,) = sheet.regions
    glyphs = [
        glyph if glyph.char.isalnum() else type(glyph)(glyph.char, glyph.box, 0.5) for glyph in region.lines[1].glyphs
    ]
    line = type(region.lines[1])(tuple(glyphs), region.lines[1].box, "paper")
    lines = (region.lines[0], line, *region.lines[2:])
    (document,) = documents(Page(1, sheet.scan, (type(region)("body", region.box, lines),)))
    assert document.values("document_number")[0].status == "accepted"


_PIECES = st.sampled_from(
    [
        *("中共聊城市委文件", "聊发〔1995〕58号", "关于创建先进市的决定", "(一九九五年六月九日)", "各乡镇："),
        *(
            "附件：1．名单",
            "主题词：科技",
            "抄送：省委。",
            "1995年6月9日印发",
            "《意见》",
            "组长：张三",
            "第一阶段(3月)",
        ),
        *("批文封签", "来文机关", "收文日期", "领导批示：", "阅文者签署", "官恩祥 28/9"),
    ]
)


@given(st.lists(st.lists(st.one_of(_PIECES, st.text(max_size=12)), max_size=12).map("\n".join), min_size=1, max_size=3))
def test_no_value_without_ink_whatever_the_text(texts: list[str]) -> None:
    pages = paper.stack(*texts)
    described = documents(*pages)
    assert [number for document in described for number in document.pages] == [page.number for page in pages]
    for field in (field for document in described for field in document.fields):
        where = field.evidence
        page = pages[where.page - 1]
        assert where.start < where.end
        assert field.raw == where.text == page.running_text[where.start : where.end]
        assert field.value not in (None, "", [])
        assert 0 <= field.confidence <= 1
    assert isinstance(title_of(described, pages), str)


@pytest.mark.skipif(not _GAZETTE.exists(), reason="the gazette is not on this machine")
def test_a_gazette_in_traditional_script() -> None:
    with gzip.open(_GAZETTE, "rt", encoding="utf-8") as rows:
        papers = [row for _, row in zip(range(150), map(json.loads, rows), strict=False)]
    right = wrong = 0
    for row in papers:
        document = documents("\n".join(row["text"].split("\n")[:40]))[0]
        said = [field.value for field in document.values("date_of_issue")]
        right += said == [dates.parse(row["date"])]
        wrong += bool(said) and said != [dates.parse(row["date"])]
    assert right >= 0.85 * len(papers)
    assert wrong <= 0.02 * len(papers)


def test_the_agency_a_yearly_report_begins_with_issued_it() -> None:
    (document,) = documents("洪泽区人民政府2023年\n政府信息公开工作年度报告\n本报告按要求编制。\n一、总体情况\n")
    assert [field.value for field in document.values("issuing_agency")] == ["洪泽区人民政府"]
