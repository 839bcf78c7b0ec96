import json
from dataclasses import replace

import jsonschema
import pytest

from archivist.campaigns import Kin, Reason, key, recognise, record
from archivist.definitions import load
from archivist.model import Campaign, Decided, Evidence, Field, Item, Value, campaign_id
from tests.campaigns.items import document, said
from tests.describe import paper

CITY = "创建全国科技工作先进市"
SCHEMA = load("schemas/campaign.schema.json")


def linked(name: str, *documents: tuple[str, tuple[tuple[str, str, Value], ...]]) -> Item:
    """An item of one page for each of `documents`: its text, and the fields that characters of it prove."""
    pages = paper.stack(*(text for text, _fields in documents))
    described = tuple(
        document(page, *(said(page, field, raw, value) for field, raw, value in fields))
        for page, (_text, fields) in zip(pages, documents, strict=True)
    )
    title = next(str(one.value) for entry in described for one in entry.values("title"))
    return Item(name, title, pages, described, recognise(described, pages), reference_code=f"X-{name}")


def number(code: str, year: int, order: int) -> Value:
    return {"text": f"{code}〔{year}〕{order}号", "agency_code": code, "year": year, "number": order}


DECISION = linked(
    "d",
    (
        "中共聊城市委\n聊城市人民政府\n聊发(1995)58号\n关于创建全国科技工作先进市的决定\n一九九五年六月九日",
        (
            ("issuing_agency", "中共聊城市委", None),
            ("issuing_agency", "聊城市人民政府", None),
            ("document_number", "聊发(1995)58号", number("聊发", 1995, 58)),
            ("title", "关于创建全国科技工作先进市的决定", None),
            ("date_of_issue", "一九九五年六月九日", "1995-06-09"),
        ),
    ),
)
MEMBER: Value = {"group": "创建全国科技工作先进市领导小组", "role": "组长", "person": "张三", "post": "市长"}
PLAN = linked(
    "p",
    (
        "聊城市人民政府\n爭創全國科技工作先進市實施方案\n组长:张三市长\n准备阶段(7月1日-7月31日)\n研究经费不低于百分之一\n8月底前各乡镇上报总结\n收到七月三日",
        (
            ("issuing_agency", "聊城市人民政府", None),
            ("title", "爭創全國科技工作先進市實施方案", "争创全国科技工作先进市实施方案"),
            ("group_member", "组长:张三市长", MEMBER),
            ("phase", "准备阶段(7月1日-7月31日)", {"name": "准备阶段", "start": "1995-07-01", "end": "1995-07-31"}),
            (
                "indicator",
                "研究经费不低于百分之一",
                {"name": "研究经费", "operator": ">=", "value": 1, "unit": "%", "veto": True},
            ),
            ("deadline", "8月底前各乡镇上报总结", {"date": "1995-08-31", "who": "各乡镇", "task": "上报总结"}),
            ("received_date", "七月三日", "1995-07-03"),
        ),
    ),
)
UNDATED = linked("u", ("创建全国科技工作先进市任务分解表", (("title", "创建全国科技工作先进市任务分解表", None),)))
CAMPAIGN = Campaign(campaign_id(key(CITY)), CITY, ("d", "p", "u"))
RELATED = Kin("0123456789ab", "创建全国科技进步先进区", (Reason("theme", "科技"),))


@pytest.fixture
def made() -> dict[str, object]:
    made = record(CAMPAIGN, [UNDATED, PLAN, DECISION], [RELATED])
    jsonschema.validate(made, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    return made


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_it_says_what_the_campaign_is(made) -> None:
    assert (made["name"], made["target"]["value"]) == (CITY, "先进市")
    level = made["level"]
    assert (level["value"], level["word"], level["from"]) == ("national", "全国", "name")
    assert [name["name"] for name in made["other_names"]] == ["爭創全國科技工作先進市"]
    assert [(agency["name"], agency["items"]) for agency in made["agencies"]] == [
        ("聊城市人民政府", 2),
        ("中共聊城市委", 1),
    ]


def test_its_papers_stand_in_order_of_time_with_their_roles(made) -> None:
    rows = [(item["id"], item["role"], item["date"], item["date_from"], item["number"]) for item in made["items"]]
    assert rows == [
        ("d", "decision", "1995-06-09", "date_of_issue", "聊发〔1995〕58号"),
        ("p", "plan", "1995-07-03", "received_date", None),
        ("u", "table", None, None, None),
    ]


def test_what_its_plans_set_up_comes_with_its_ink(made) -> None:
    (member,), (indicator,) = made["group"], made["indicators"]
    assert member["value"] == MEMBER
    assert indicator["value"]["veto"] is True
    (proof,) = member["evidence"]
    assert (proof["item"], proof["page"], proof["raw"]) == ("p", 1, "组长:张三市长")
    left, top, right, bottom = proof["box"]
    assert left < right and top < bottom


def test_the_timeline_has_every_dated_event_in_order(made) -> None:
    assert [(event["date"], event["event"], event["text"]) for event in made["timeline"]] == [
        ("1995-06-09", "issued", "关于创建全国科技工作先进市的决定"),
        ("1995-07-01", "phase_start", "准备阶段"),
        ("1995-07-03", "received", "争创全国科技工作先进市实施方案"),
        ("1995-07-31", "phase_end", "准备阶段"),
        ("1995-08-31", "deadline", "各乡镇 上报总结"),
    ]
    assert (made["first_date"], made["last_date"]) == ("1995-06-09", "1995-08-31")


def test_kin_come_with_their_reasons(made) -> None:
    assert made["kin"] == [{"id": RELATED.id, "name": RELATED.name, "reasons": [{"reason": "theme", "value": "科技"}]}]


def test_a_refused_item_is_left_out_and_a_confirmed_one_says_by_whom() -> None:
    refused = replace(PLAN, campaigns=tuple(replace(link, status="rejected") for link in PLAN.campaigns))
    who = Decided("王五", "2026-01-02T03:04:05+00:00")
    sure = replace(
        DECISION, campaigns=tuple(replace(link, status="verified", decided=who) for link in DECISION.campaigns)
    )
    made = record(CAMPAIGN, [refused, sure])
    jsonschema.validate(made, SCHEMA)
    (item,) = made["items"]
    assert (item["id"], item["status"], item["decided"]["who"]) == ("d", "verified", "王五")
    assert made["group"] == []


def test_the_same_said_twice_is_one_entry_with_both_inks() -> None:
    twice = record(CAMPAIGN, [PLAN, replace(PLAN, id="q")])
    (member,) = twice["group"]
    assert [proof["item"] for proof in member["evidence"]] == ["p", "q"]


def test_a_level_that_the_name_does_not_state_is_that_of_the_office() -> None:
    text = "临清县人民委员会\n关于开展爱国卫生运动的指示"
    fields = (("issuing_agency", "临清县人民委员会", None), ("title", "关于开展爱国卫生运动的指示", None))
    item = linked("h", (text, fields))
    made = record(Campaign(item.campaigns[0].id, item.campaigns[0].name, ("h",)), [item])
    jsonschema.validate(made, SCHEMA)
    assert (made["level"]["value"], made["level"]["from"], made["target"]) == ("county", "agency", None)


def test_the_group_of_another_campaign_in_the_same_paper_is_not_this_ones() -> None:
    both = linked(
        "b",
        (
            "关于创建全国科技工作先进市和国家卫生城市的方案\n组长:张三\n组长:李四",
            (
                ("title", "关于创建全国科技工作先进市和国家卫生城市的方案", None),
                ("group_member", "组长:张三", {**MEMBER, "post": None}),
                ("group_member", "组长:李四", {**MEMBER, "group": "创建国家卫生城市领导小组", "person": "李四"}),
            ),
        ),
    )
    made = record(CAMPAIGN, [both])
    assert [entry["value"]["person"] for entry in made["group"]] == ["张三"]


def test_dates_that_are_none_and_rejected_values_are_not_shown() -> None:
    page = DECISION.pages[0]
    odd = Field("date_of_issue", "das ist kein Tag", "聊发", Evidence.of(page, 0, 2), 0.9, "rule")
    gone = replace(odd, name="received_date", value="1995-01-01", status="rejected")
    item = replace(DECISION, documents=(document(page, odd, gone),))
    made = record(CAMPAIGN, [item])
    jsonschema.validate(made, SCHEMA)
    assert (made["items"][0]["date"], made["timeline"]) == (None, [])


def test_a_campaign_without_items_has_an_empty_record() -> None:
    jsonschema.validate(record(CAMPAIGN, []), SCHEMA)
