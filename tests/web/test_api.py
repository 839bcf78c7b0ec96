"""The JSON interface: what it says, in which shape, to whom."""

from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from starlette.testclient import TestClient

from archivist.archive import Archive
from archivist.definitions import load
from archivist.errors import NotFound
from archivist.model import Decided, campaign_id
from archivist.settings import Settings
from archivist.web import answers, api
from archivist.web.visitor import Visitor
from tests.web.people import csrf
from tests.web.rooms import CAMPAIGN, DECISION, NOTICE, PLAN, SECRET, SECRET_WORDS, furnish

CITY = campaign_id(CAMPAIGN)
READER = Visitor("李四", "reader", ("open",), "")


def test_a_search_says_what_was_found_and_where(room: TestClient) -> None:
    found = answers.Answer.model_validate(
        room.get("/api/search", params={"q": "科技工作先进", "facets": "true"}).json()
    )
    assert {hit.item for hit in found.hits} >= {DECISION, PLAN}
    passage = found.hits[0].passages[0]
    start, end = passage.marks[0]
    assert passage.snippet[start:end] == "科技工作先进" and passage.boxes
    assert ("1995", 2) in found.facets["year"]


def test_a_search_is_narrowed_paged_and_ordered(room: TestClient) -> None:
    def items(**said: object) -> list[str]:
        return [hit["item"] for hit in room.get("/api/search", params={"q": "科技", **said}).json()["hits"]]  # type: ignore[dict-item]

    everything = items()
    assert items(limit=1, offset=1) == everything[1:2]
    assert set(items(f="genre:通知")) == {NOTICE, SECRET}
    assert items(f=["genre:通知", "genre:决定"]) == []
    assert items(sort="date") != items(sort="newest")


def test_the_record_and_its_text(room: TestClient) -> None:
    record = room.get(f"/api/items/{DECISION}").json()
    jsonschema.validate(record, load("schemas/item.schema.json"), cls=jsonschema.Draft202012Validator)
    assert record["documents"][0]["fields"]["received_date"][0]["value"] == "1995-09-24"
    text = answers.Text.model_validate(room.get(f"/api/items/{PLAN}/text").json())
    assert text.pages[1].text.splitlines()[0] == "領導小組組長張三副組長李四"
    simplified = room.get(f"/api/items/{PLAN}/text", params={"script": "simplified"}).json()
    assert simplified["pages"][1]["text"].splitlines()[0] == "领导小组组长张三副组长李四"


def test_the_record_of_a_campaign_is_what_the_command_line_writes(room: TestClient) -> None:
    record = room.get(f"/api/campaigns/{CITY}").json()
    jsonschema.validate(record, load("schemas/campaign.schema.json"), cls=jsonschema.Draft202012Validator)
    assert [one["value"]["person"] for one in record["group"]] == ["张三"]


def test_gaps_in_a_series_and_items_like_one(room: TestClient) -> None:
    series = answers.Series.model_validate(room.get("/api/series", params={"q": "聊发 1995"}).json())
    assert series.held == [58] and len(series.missing) == 57
    assert room.get("/api/series", params={"q": "科技"}).status_code == 400
    likes = answers.Likes.model_validate(room.get(f"/api/items/{DECISION}/similar").json())
    assert DECISION not in [hit.item for hit in likes.hits]


def test_a_reader_is_told_nothing_of_what_is_not_open(as_reader: TestClient, as_archivist: TestClient) -> None:
    for path in (
        "/api/search?q=赤松&facets=true",
        "/api/search?q=NOT+没有&facets=true&limit=100",
        "/api/series?q=聊发+1995",
    ):
        assert not [word for word in (SECRET, *SECRET_WORDS) if word in as_reader.get(path).text.replace('"赤松"', "")]
    for path in ("", "/text", "/similar"):
        refused, unknown = as_reader.get(f"/api/items/{SECRET}{path}"), as_reader.get(f"/api/items/x{SECRET}{path}")
        assert refused.status_code == unknown.status_code == 404
        assert refused.text == unknown.text.replace(f"x{SECRET}", SECRET)
        assert as_archivist.get(f"/api/items/{SECRET}{path}").status_code == 200
    for path in ("/api/review", "/api/status", "/api/failures"):
        assert as_reader.get(path).status_code == 403
        assert as_archivist.get(path).status_code == 200


def test_items_that_are_the_same_paper_are_named_to_those_who_may_see_them(furnished: Path) -> None:
    with Archive(Settings(folder=furnished)) as archive:
        item = replace(archive.catalog.item(NOTICE), duplicates=(DECISION, SECRET))
        assert api.item_record(archive, READER, item)["duplicates"] == [DECISION]
        assert "duplicates" not in api.item_record(archive, READER, replace(item, duplicates=(SECRET,)))


def test_what_waits_is_decided_and_taken_back(own_room: TestClient) -> None:
    # As the rules say, so that what is made anew is what it was.
    own_room.app.state.rooms.desk.describe_again()  # type: ignore[attr-defined]
    headers = {"X-CSRF-Token": csrf(own_room), "Origin": str(own_room.base_url)}
    queue = answers.Queue.model_validate(own_room.get("/api/review").json())
    waits = next(one for one in queue.waiting if one.sort == "value")

    def standing() -> list[str]:
        documents = own_room.get(f"/api/items/{waits.item}").json()["documents"]
        fields = [one for document in documents for one in document["fields"].get(waits.field, ())]
        return [one["status"] for one in fields if one["page"] == waits.page and one["box"] == waits.box]

    before = standing()
    answer = own_room.post(f"/api/review/{waits.handle}", json={"act": "reject"}, headers=headers)
    said = answers.Decided.model_validate(answer.json())
    assert said.changed == 1 and not said.failed
    assert before == ["review"] and standing() == ["rejected"]
    assert waits.handle not in [one["handle"] for one in own_room.get("/api/review").json()["waiting"]]
    assert own_room.post(f"/api/undo/{said.number}", headers=headers).status_code == 200
    assert own_room.post(f"/api/undo/{said.number}", headers=headers).status_code == 400
    assert standing() == before
    assert waits.handle in [one["handle"] for one in own_room.get("/api/review").json()["waiting"]]
    gone = own_room.post("/api/review/5f0c1d.ffff", json={"act": "accept"}, headers=headers)
    assert gone.status_code == 404 and "5f0c1d.ffff" in gone.json()["detail"]


def test_a_correction_needs_a_value(own_room: TestClient) -> None:
    headers = {"X-CSRF-Token": csrf(own_room), "Origin": str(own_room.base_url)}
    (handle, *_) = [one["handle"] for one in own_room.get("/api/review").json()["waiting"] if one["sort"] == "value"]
    for said in ({"act": "correct"}, {"act": "correct", "value": " "}):
        assert own_room.post(f"/api/review/{handle}", json=said, headers=headers).status_code == 400
    for wrong in (b"", b"{", b"[]", b'{"act": "accept", "value": "\\ud800"}', b'{"act": "eat"}', b"\xff\xfe"):
        sent = {**headers, "Content-Type": "application/json"}
        answer = own_room.post(f"/api/review/{handle}", content=wrong, headers=sent)
        assert answer.status_code == 422 and answer.json()["detail"]


def test_the_status_is_that_of_the_command_line(room: TestClient) -> None:
    status = answers.Status.model_validate(room.get("/api/status").json())
    assert (status.items, status.pages, status.campaigns) == (4, 7, 2)
    assert answers.Failures.model_validate(room.get("/api/failures").json()).total == 0


def test_whatever_comes_is_answered_in_json(room: TestClient) -> None:
    odd = (
        "\x00",
        "\ufffe",
        "%ED%A0%80",
        "一" * 7_000,
        "x" * 10_001,
        "(" * 500,
        "年:" + "9" * 400,
        '"',
        "\u202e机关：",
        "聊发〔" + "9" * 99,
    )
    for text in odd:
        for path in ("/api/search", "/api/series"):
            answer = room.get(path, params={"q": text})
            assert answer.status_code in (200, 400, 422), (path, text[:20])
            assert "detail" in answer.json() or answer.status_code == 200
    for path in (
        "/api/search?q=%ff%fe%ed%a0%80",
        "/api/items/%00",
        "/api/items/%ed%a0%80/text",
        "/api/campaigns/%F0%9F",
    ):
        assert room.get(path).json()
    for path in ("/api/nothing", "/api/search/", "/api/items/a/b/c"):
        answer = room.get(path, follow_redirects=False)
        assert answer.status_code in (307, 404)
    for params in ({"limit": 0}, {"limit": 10**40}, {"offset": -1}, {"sort": "best"}, {"f": "colour:red"}):
        answer = room.get("/api/search", params={"q": "科技", **params})
        assert answer.status_code in (400, 422) and answer.json()["detail"]
    assert (
        room.delete("/api/search", headers={"X-CSRF-Token": csrf(room), "Origin": "http://127.0.0.1"}).status_code
        == 405
    )


def test_what_is_not_open_is_not_decided_either(tmp_path: Path) -> None:
    """Where a definition keeps levels from archivists, they do not learn that anything waits there, or was decided."""
    limited = replace(READER, role="archivist")
    with Archive(Settings(folder=furnish(tmp_path / "archive"))) as archive:
        (handle,) = [one.handle for one in archive.catalog.waiting(99) if one.item_id == SECRET]
        decision = archive.desk.judgement(handle, "accept", Decided("李四", "2026-01-01T00:00:00+00:00"))
        (number,) = archive.catalog.decide([decision])
        assert SECRET not in bytes(api.review(archive, limited, 50, 0).body).decode()
        with pytest.raises(NotFound) as refused:
            api.judge(archive, limited, answers.Judgement(act="accept", value=None), handle)
        assert str(refused.value) == f"There is no item “{SECRET}” in this archive."
        with pytest.raises(NotFound):
            api.undo(archive, limited, number)
        assert api.undo(archive, replace(limited, may_see=None), number).status_code == 200


def test_people_can_read_the_description(room: TestClient) -> None:
    text = room.get("/api").text
    assert "/api/items/{id}" in text and 'id="model-ItemRecord"' in text and "openapi.json" in text
    assert "<script>" not in text and " style=" not in text
