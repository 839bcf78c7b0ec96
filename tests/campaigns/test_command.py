"""The command line of campaigns, over an archive of five papers."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import jsonschema
import pytest

from archivist.archive import Archive
from archivist.definitions import load
from archivist.model import Item
from archivist.settings import Settings
from tests.command import Answer, Call
from tests.describe import paper

HEAD = "聊城市人民政府文件\n聊政发"
PAPERS = {
    "d1": "中共聊城市委文件\n聊发〔1995〕58号\n关于创建全国科技工作先进市的决定\n各乡镇：\n请认真执行。\n1995年6月9日",
    "d2": "区委创建全国科技进步先进区工作方案\n一、指导思想\n爭創全國科技進步先進區。",
    "d3": f"{HEAD}〔1996〕3号\n关于创建国家卫生城市的决定\n各乡镇：\n请认真执行。\n1996年1月9日",
    "d4": f"{HEAD}〔1997〕4号\n关于调整创卫工作领导小组的通知\n各乡镇：\n现予调整。\n1997年3月1日",
    "d5": f"{HEAD}〔1997〕9号\n关于加强城市管理的通知\n各乡镇：\n请认真执行。\n1997年5月1日",
}
CITY, DISTRICT, HEALTH = "创建全国科技工作先进市", "创建全国科技进步先进区", "创建国家卫生城市"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with Archive(Settings(folder=tmp_path / "archive", workers=1), create=True) as rooms:
        for name, text in PAPERS.items():
            sheet = paper.page(text)
            scan = replace(sheet.scan, sha256=sha256(text.encode()).hexdigest(), name=f"{name}.png")
            rooms.catalog.save_item(Item(name, name, (replace(sheet, scan=scan),), source=name), "by hand")
        rooms.desk.describe_again()
    return tmp_path / "archive"


@pytest.fixture
def campaigns(archivist: Call, home: Path) -> Call:
    def call(*words: str | Path) -> Answer:
        return archivist("campaigns", *words, *(["--archive", home] if "--archive" not in words else []))

    return call


def listed(campaigns: Call) -> dict[str, list[str]]:
    return {one["name"]: sorted(item["id"] for item in one["items"]) for one in json.loads(campaigns("--json").out)}


def decided(campaigns: Call, *words: str) -> Answer:
    answer = campaigns(*words, "--by", "王五")
    assert answer.code == 0, answer
    return answer


def test_the_list_has_every_campaign_and_puts_kin_together(campaigns: Call) -> None:
    assert listed(campaigns) == {CITY: ["d1"], DISTRICT: ["d2"], HEALTH: ["d3"], "创卫": ["d4"]}
    lines = campaigns().out.splitlines()
    family = lines.index("family 科技先进")
    assert CITY in lines[family + 1] and DISTRICT in lines[family + 2]
    assert {one["family"] for one in json.loads(campaigns("--json").out)} == {"科技先进", "卫生"}


def test_one_campaign_is_shown_by_any_spelling_of_its_name(campaigns: Call, archivist: Call, home: Path) -> None:
    for words in ([CITY], ["爭創全國科技工作先進市活動"], ["show", CITY]):
        answer = campaigns(*words)
        assert answer.code == 0
        assert "聊发〔1995〕58号" in answer.out and "1995-06-09" in answer.out and DISTRICT in answer.out
    # Options may stand before the name, as with every other command.
    assert archivist("campaigns", "--archive", home, CITY).out == campaigns(CITY).out
    (record,) = json.loads(campaigns(CITY, "--json").out)
    assert record == json.loads(campaigns("show", CITY, "--json").out)


def test_records_are_exported_as_the_schema_says(campaigns: Call, tmp_path: Path) -> None:
    answer = campaigns("export", "-o", tmp_path / "all.json")
    assert answer.code == 0 and "4 campaigns" in answer.out
    records = json.loads((tmp_path / "all.json").read_text("utf-8"))
    for record in (*records, json.loads(campaigns("export", HEALTH).out)):
        jsonschema.validate(record, load("schemas/campaign.schema.json"))
    assert {kin["name"] for record in records if record["name"] == CITY for kin in record["kin"]} == {DISTRICT}


def test_two_names_of_one_campaign_are_merged_and_taken_apart_again(campaigns: Call) -> None:
    assert "2 items" in decided(campaigns, "merge", "创卫", HEALTH).out
    assert listed(campaigns)[HEALTH] == ["d3", "d4"] and "创卫" not in listed(campaigns)
    assert campaigns("创卫").out == campaigns(HEALTH).out
    decided(campaigns, "split", HEALTH, "--name", "创卫")
    assert listed(campaigns)["创卫"] == ["d4"]


def test_items_are_split_off_into_a_new_campaign(campaigns: Call) -> None:
    decided(campaigns, "merge", "创卫", HEALTH)
    decided(campaigns, "split", HEALTH, "d4", "--name", "创建国家卫生城市（第二轮）")
    assert listed(campaigns)[HEALTH] == ["d3"]
    assert listed(campaigns)["创建国家卫生城市（第二轮）"] == ["d4"]


def test_an_item_is_confirmed_refused_and_moved(campaigns: Call, home: Path) -> None:
    decided(campaigns, "confirm", "d5", HEALTH)
    decided(campaigns, "refuse", "d4", "创卫")
    decided(campaigns, "move", "d2", DISTRICT, CITY)
    assert listed(campaigns) == {CITY: ["d1", "d2"], HEALTH: ["d3", "d5"]}
    record = json.loads(campaigns("show", HEALTH, "--json").out)
    (confirmed,) = [item for item in record["items"] if item["id"] == "d5"]
    assert (confirmed["status"], confirmed["decided"]["who"]) == ("verified", "王五")
    assert confirmed["evidence"][0]["raw"] == "关于加强城市管理的通知"
    # A later run respects it.
    with Archive(Settings(folder=home, workers=1)) as rooms:
        rooms.desk.describe_again()
    assert listed(campaigns) == {CITY: ["d1", "d2"], HEALTH: ["d3", "d5"]}
    decided(campaigns, "confirm", "d4", "创卫")
    assert listed(campaigns)["创卫"] == ["d4"]


def test_a_campaign_is_renamed_and_found_by_both_names(campaigns: Call) -> None:
    decided(campaigns, "name", HEALTH, "国家卫生城市的创建")
    assert listed(campaigns)["国家卫生城市的创建"] == ["d3"]
    assert campaigns(HEALTH).code == 0 and campaigns("国家卫生城市的创建").code == 0


def test_a_campaign_that_was_renamed_and_merged_is_taken_out_by_the_name_it_was_given(campaigns: Call) -> None:
    decided(campaigns, "name", "创卫", "卫生城市的创建")
    decided(campaigns, "merge", "卫生城市的创建", HEALTH)
    assert listed(campaigns)[HEALTH] == ["d3", "d4"]
    decided(campaigns, "split", HEALTH, "--name", "卫生城市的创建")
    assert listed(campaigns)["卫生城市的创建"] == ["d4"]


def test_people_say_what_is_kin(campaigns: Call) -> None:
    decided(campaigns, "kin", CITY, DISTRICT, "--not")
    assert json.loads(campaigns("show", CITY, "--json").out)["kin"] == []
    decided(campaigns, "kin", CITY, HEALTH)
    kin = {one["name"]: one["reasons"] for one in json.loads(campaigns("show", CITY, "--json").out)["kin"]}
    assert kin == {HEALTH: [{"reason": "decided", "value": "王五"}], "创卫": []}


@pytest.mark.parametrize(
    "words",
    [
        ["nothing"],
        ["merge", CITY, CITY],
        ["merge", CITY, "没有的"],
        ["split", HEALTH, "--name", "没有的"],
        ["split", HEALTH, "d1", "--name", "另一个活动"],
        ["split", HEALTH, "d3", "--name", "争创国家级卫生城市"],
        ["refuse", "d5", HEALTH],
        ["confirm", "nothing", HEALTH],
        ["move", "d1", HEALTH, CITY],
        ["name", HEALTH, " "],
        ["name", HEALTH, "。"],
        ["name", HEALTH, "創建全國科技工作先進市"],
        ["confirm", "d5", "。"],
        ["kin", CITY, CITY],
        ["export", "-o", "no/such/folder/c.json"],
    ],
    ids=" ".join,
)
def test_a_wrong_call_ends_with_2_and_changes_nothing(campaigns: Call, words: list[str]) -> None:
    before = listed(campaigns)
    answer = campaigns(*words)
    assert answer.code == 2 and "Error" in answer.err and "Traceback" not in answer.err
    assert listed(campaigns) == before
