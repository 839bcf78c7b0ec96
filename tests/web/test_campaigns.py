"""Campaigns in the reading room: the list, the record, and what archivists put right."""

import re
from pathlib import Path

from starlette.testclient import TestClient

from archivist.archive import Archive
from archivist.model import campaign_id
from archivist.settings import Settings
from tests.web.people import csrf
from tests.web.rooms import CAMPAIGN, DECISION, NOTICE, PLAN, SECRET, SECRET_WORDS

CITY = campaign_id(CAMPAIGN)
HIDDEN = "创建赤松工程先进单位"


def act(client: TestClient, path: str, **said: str | list[str]) -> str:
    """Send a form as a page of the room does, and return the page that follows."""
    token = re.search(r'name="csrf" content="([^"]+)"', client.get("/campaigns").text)
    assert token
    answer = client.post(path, data={"csrf": token[1], **said}, headers={"Origin": str(client.base_url)})
    assert answer.status_code in (200, 303, 400), answer.text
    return answer.text


def papers(client: TestClient, campaign: str) -> list[str]:
    return [item["id"] for item in client.get(f"/api/campaigns/{campaign}").json()["items"]]


def test_the_list_names_every_campaign_with_its_papers_and_years(room: TestClient) -> None:
    text = room.get("/campaigns").text
    entry = re.search(rf'href="/campaigns/{CITY}">{CAMPAIGN}</a>(.*?)</li>', text, re.DOTALL)
    assert entry and "1995" in entry[1] and "3" in entry[1]
    assert HIDDEN in text


def test_the_list_is_narrowed_to_part_of_a_name_in_either_script(room: TestClient) -> None:
    assert HIDDEN not in room.get("/campaigns", params={"q": "科技工作"}).text
    assert CAMPAIGN in room.get("/campaigns", params={"q": "創建全國"}).text
    nothing = room.get("/campaigns", params={"q": "<b>没有"})
    assert nothing.status_code == 200 and CAMPAIGN not in nothing.text and "<b>" not in nothing.text


def test_the_record_says_what_the_papers_say_and_leads_to_the_ink(room: TestClient) -> None:
    text = room.get(f"/campaigns/{CITY}").text
    for said in ("先进市", "张三", "宣传发动阶段", "1995-07 – 1995-09", "≥ 1.5 %", "上报总结", "聊发〔1995〕58号"):
        assert said in text
    assert f"/items/{PLAN}?page=1&amp;q=%22" in text and f'src="/ink/{PLAN}/1/' in text
    assert "<svg" in text and " style=" not in text and " on" + "click" not in text


def test_a_campaign_is_found_by_its_name_as_well(room: TestClient) -> None:
    answer = room.get("/campaigns/創建全國科技工作先進市", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/campaigns/{CITY}")
    assert room.get("/campaigns/没有").status_code == 404


def test_ink_leads_to_the_picture_of_the_box(room: TestClient) -> None:
    answer = room.get(f"/ink/{PLAN}/1/80,80,400,120", follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"].startswith(f"/iiif/{PLAN}/1/")
    assert room.get(f"/ink/{PLAN}/1/80,80,400,120").headers["content-type"] == "image/jpeg"
    # Beside the page there is nothing to see, but nothing breaks either.
    for box in ("0,0,0,0", "9,9,1,1", f"-5,-5,{10**30},{10**30}"):
        assert room.get(f"/ink/{PLAN}/1/{box}", follow_redirects=False).status_code == 307
    for wrong in (f"/ink/{PLAN}/9/1,2,3,4", "/ink/nothing/1/1,2,3,4", f"/ink/{PLAN}/{10**30}/1,2,3,4"):
        assert room.get(wrong).status_code == 404


def test_what_is_not_open_is_nowhere(as_reader: TestClient, as_archivist: TestClient) -> None:
    """Neither the campaign that only a guarded item names, nor that item in a campaign that others name as well."""
    hidden = campaign_id(HIDDEN)
    for path in ("/campaigns", f"/campaigns/{CITY}", "/api/campaigns", f"/api/campaigns/{CITY}"):
        seen = as_archivist.get(path).text
        assert SECRET in seen or HIDDEN in seen
        text = as_reader.get(path).text
        assert not [word for word in (SECRET, HIDDEN, hidden, *SECRET_WORDS) if word in text], path
    assert papers(as_reader, CITY) == [DECISION, PLAN]
    for path in (f"/campaigns/{hidden}", f"/campaigns/{HIDDEN}"):
        refused, unknown = as_reader.get(path), as_reader.get("/campaigns/f00f00f00f00")
        assert refused.status_code == unknown.status_code == 404
        assert not [word for word in SECRET_WORDS if word in refused.text.replace(HIDDEN, "")]
    assert as_reader.get(f"/ink/{SECRET}/1/1,2,3,4").status_code == 404
    assert as_archivist.get(f"/ink/{SECRET}/1/1,2,3,4").status_code == 307


def test_looking_at_the_record_of_guarded_papers_is_kept(as_archivist: TestClient, peopled: object) -> None:
    as_archivist.get(f"/campaigns/{CITY}")
    with Archive(Settings(folder=Path(getattr(peopled, "folder")))) as archive:  # noqa: B009 - People, unnamed here
        events = [one.event for one in archive.catalog.ledger.history(SECRET)]
    assert [one for one in events if one.agent == "archivist" and one.detail.get("act") == "viewed"]


def test_only_archivists_decide(as_reader: TestClient) -> None:
    assert "belong here" not in as_reader.get(f"/campaigns/{CITY}", headers={"Accept-Language": "en"}).text
    said = {"csrf": csrf(as_reader), "act": "name", "other": "别的名字"}
    answer = as_reader.post(f"/campaigns/{CITY}", data=said, headers={"Origin": str(as_reader.base_url)})
    assert answer.status_code == 403
    said |= {"act": "refuse", "item": PLAN}
    answer = as_reader.post(f"/campaigns/{CITY}/papers", data=said, headers={"Origin": str(as_reader.base_url)})
    assert answer.status_code == 403
    assert papers(as_reader, CITY) == [DECISION, PLAN]


def test_papers_are_taken_out_and_put_in(own_room: TestClient) -> None:
    before = papers(own_room, CITY)
    act(own_room, f"/campaigns/{CITY}/papers", act="refuse", item=[DECISION, PLAN])
    assert papers(own_room, CITY) == [name for name in before if name not in (DECISION, PLAN)]
    act(own_room, f"/campaigns/{CITY}/papers", act="confirm", item=NOTICE)
    assert NOTICE in papers(own_room, CITY)
    act(own_room, f"/campaigns/{CITY}/papers", act="move", item=NOTICE, other="创建国家卫生城市")
    assert NOTICE not in papers(own_room, CITY)
    assert papers(own_room, "创建国家卫生城市") == [NOTICE]


def test_campaigns_are_named_merged_and_taken_apart(own_room: TestClient) -> None:
    act(own_room, f"/campaigns/{CITY}", act="name", other="科技先进市")
    assert own_room.get(f"/api/campaigns/{CITY}").json()["name"] == "科技先进市"
    act(own_room, f"/campaigns/{campaign_id(HIDDEN)}", act="merge", other=CITY)
    assert own_room.get("/api/campaigns").json()["total"] == 1
    act(own_room, f"/campaigns/{CITY}", act="part", other=HIDDEN)
    assert own_room.get("/api/campaigns").json()["total"] == 2
    act(own_room, f"/campaigns/{CITY}", act="kin", other=HIDDEN)
    assert [one["name"] for one in own_room.get(f"/api/campaigns/{CITY}").json()["kin"]] == [HIDDEN]


def test_what_cannot_be_meant_is_said_on_the_page(own_room: TestClient) -> None:
    for path, said in {
        f"/campaigns/{CITY}": {"act": "merge", "other": "没有这个"},
        f"/campaigns/{CITY} ": {"act": "name", "other": "……"},
        f"/campaigns/{CITY}/papers": {"act": "refuse"},
        f"/campaigns/{CITY}/papers ": {"act": "confirm", "item": "nothing"},
    }.items():
        text = act(own_room, path.strip(), **said)
        assert 'role="alert"' in text and CAMPAIGN in text
    assert papers(own_room, CITY)
