"""IIIF: what viewers of other makers are given, and that nobody is given what is not open to them."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from archivist.archive import Archive
from archivist.model import Box
from tests import items
from tests.web.people import People, populate
from tests.web.presentation import faults_of_hits, faults_of_info, faults_of_lines, faults_of_manifest
from tests.web.rooms import DECISION, PLAN, SECRET, SECRET_WORDS, furnish, with_scans

ROOM = "http://127.0.0.1"
#: Of every kind of address, one of the secret item.
SECRET_ADDRESSES = [
    f"/iiif/{SECRET}{rest}"
    for rest in (
        "/manifest.json", "/search?q=赤松", "/search", "/1", "/1/info.json", "/1/annotations.json",
        "/1/full/max/0/default.jpg", "/1/full/!160,220/0/default.jpg", "/1/0,0,10,10/max/0/default.png",
        "/1/nonsense/max/0/default.jpg", "/2/info.json",
    )
]  # fmt: skip


@pytest.fixture
def own_people(tmp_path: Path) -> Iterator[People]:
    """An archive of one's own as each of those who have logged in sees it."""
    with populate(furnish(tmp_path / "archive")) as people:
        yield people


def archive(room: TestClient) -> Archive:
    return room.app.state.rooms


def picture(room: TestClient, path: str) -> Image.Image:
    answer = room.get(path)
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


def test_a_sheet_says_what_can_be_asked_of_it_and_that_can_be(room):
    said = room.get(f"/iiif/{DECISION}/1/info.json").json()
    assert faults_of_info(said) == []
    assert (said["id"], said["width"], said["height"]) == (f"{ROOM}/iiif/{DECISION}/1", 2172, 3071)
    for size in said["sizes"]:
        path = f"/iiif/{DECISION}/1/full/{size['width']},{size['height']}/0/default.jpg"
        assert picture(room, path).size == (size["width"], size["height"])
    (tiles,) = said["tiles"]
    for factor in tiles["scaleFactors"]:
        across, down = min(tiles["width"] * factor, 2172), min(tiles["height"] * factor, 3071)
        size = f"{-(-across // factor)},{-(-down // factor)}"
        assert picture(room, f"/iiif/{DECISION}/1/0,0,{across},{down}/{size}/0/default.jpg").format == "JPEG"


def test_the_bare_address_of_a_sheet_leads_to_what_is_said_of_it(room):
    answer = room.get(f"/iiif/{DECISION}/2", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ROOM}/iiif/{DECISION}/2/info.json")


def test_programs_that_know_json_ld_are_told_that_it_is(room):
    path = f"/iiif/{DECISION}/1/info.json"
    kind = 'application/ld+json;profile="http://iiif.io/api/image/3/context.json"'
    assert room.get(path).headers["content-type"] == kind
    assert room.get(path, headers={"Accept": "application/json"}).headers["content-type"] == "application/json"


def test_a_picture_names_its_best_address(room):
    answer = room.get(f"/iiif/{DECISION}/1/pct:0,0,100,100/!160,220/0/default.jpg")
    assert f'<{ROOM}/iiif/{DECISION}/1/full/156,220/0/default.jpg>;rel="canonical"' in answer.headers["link"]
    assert answer.headers["content-type"] == "image/jpeg"


def test_a_picture_stays_with_the_browser_but_with_nobody_between(room):
    path = f"/iiif/{DECISION}/1/full/!160,220/0/default.jpg"
    first = room.get(path)
    assert first.headers["cache-control"] == "private, max-age=86400"
    assert "Cookie" in first.headers["vary"]
    again = room.get(path, headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert room.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_picture_of_what_is_marked_stays_nowhere(room):
    answer = room.get(f"/iiif/{SECRET}/1/full/!160,220/0/default.jpg")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-store")


@pytest.mark.parametrize(
    "rest",
    ["all/max/0/default.jpg", "full/9999,/0/default.jpg", "full/max/12/default.jpg", "full/max/0/default.gif"],
)
def test_nonsense_is_answered_in_words(room, rest):
    answer = room.get(f"/iiif/{DECISION}/1/{rest}")
    assert answer.status_code == 400
    assert "“" in answer.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [f"/iiif/{DECISION}/9/info.json", f"/iiif/{DECISION}/0/full/max/0/default.jpg", "/iiif/nobody/1/info.json",
     f"/iiif/{DECISION}/{10**30}/info.json", "/iiif/nobody/manifest.json", f"/iiif/{DECISION}/9/annotations.json",
     "/iiif/nobody/search?q=x"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(room, path):
    answer = room.get(path)
    assert answer.status_code == 404 and answer.json()["detail"]


@pytest.mark.parametrize("path", SECRET_ADDRESSES)
def test_what_is_not_open_is_answered_as_if_it_were_not_there(as_reader, path):
    said = as_reader.get(path, headers={"If-None-Match": "*"})
    other = as_reader.get(path.replace(SECRET, "nobody"))
    assert (said.status_code, said.text) == (404, other.text.replace("nobody", SECRET))
    assert not any(word in said.text for word in SECRET_WORDS)
    assert not {"etag", "link", "location"} & set(said.headers)


def test_what_was_drawn_for_one_who_may_see_it_is_not_given_to_one_who_may_not(as_archivist, as_reader):
    path = f"/iiif/{SECRET}/1/full/!150,220/0/default.jpg"
    drawn = as_archivist.get(path)
    answer = as_reader.get(path, headers={"If-None-Match": drawn.headers["etag"]})
    assert (drawn.status_code, answer.status_code) == (200, 404)


def test_nobody_is_shown_anything_before_they_are_let_in(as_nobody):
    for path in (f"/iiif/{DECISION}{rest}" for rest in ("/manifest.json", "/1/info.json", "/1/full/max/0/default.jpg")):
        assert as_nobody.get(path).status_code == 401


def test_a_mark_that_is_found_later_closes_the_pictures_at_once(own_people):
    path = f"/iiif/{DECISION}/2/full/!160,220/0/default.jpg"
    seen = own_people.reader.get(path)
    catalog = archive(own_people.reader).catalog
    item = next(catalog.items([DECISION]))
    catalog.save_item(replace(item, given={**item.given, "secrecy": "机密"}), "test")
    again = own_people.reader.get(path, headers={"If-None-Match": seen.headers["etag"]})
    assert (seen.status_code, again.status_code) == (200, 404)


def test_looking_at_the_picture_of_what_is_marked_is_kept_in_the_ledger(own_room):
    own_room.get(f"/iiif/{SECRET}/1/full/!160,220/0/default.jpg")
    own_room.get(f"/iiif/{SECRET}/1/0,0,100,100/max/0/default.jpg")
    own_room.get(f"/iiif/{DECISION}/1/full/!160,220/0/default.jpg")
    told = (kept.event for kept in archive(own_room).catalog.ledger.events())
    seen = [event for event in told if event.detail.get("act") == "viewed"]
    assert [event.detail["level"] for event in seen] == ["top_secret"]


def test_a_scan_that_is_gone_is_said_to_be_in_words_and_to_readers_without_where_it_lay(own_people):
    for kept in (own_people.folder / "originals").glob("??/*"):
        kept.unlink()
    path = f"/iiif/{DECISION}/1/full/max/0/default.jpg"
    said = own_people.archivist.get(path)
    assert said.status_code == 500 and str(own_people.folder) in said.json()["detail"]
    said = own_people.reader.get(path)
    assert said.status_code == 500 and str(own_people.folder) not in said.json()["detail"]
    # In a page there is a picture in its place that says so.
    shown = own_people.reader.get(path, headers={"Accept": "image/avif,image/webp,*/*;q=0.8"})
    assert shown.headers["content-type"].startswith("image/svg+xml")
    assert shown.headers["cache-control"] == "private, no-store" and "<text" in shown.text


def test_a_manifest_is_what_the_standard_asks_for(room):
    for item in (DECISION, PLAN, SECRET, "a1"):
        answer = room.get(f"/iiif/{item}/manifest.json")
        assert faults_of_manifest(answer.json()) == []
        assert answer.headers["cache-control"] == "private, no-cache"


def test_a_manifest_says_what_the_record_says(room):
    said = room.get(f"/iiif/{DECISION}/manifest.json").json()
    assert said["label"]["zh"] == ["中共聊城市委 聊城市人民政府关于创建全国科技工作先进市的决定"]
    values = {entry["label"]["zh"][0]: (entry["label"]["en"][0], entry["value"]["none"]) for entry in said["metadata"]}
    assert values["文件编号"] == ("Document number", ["聊发〔1995〕58号"])
    assert values["责任者"][1] == ["中共聊城市委", "聊城市人民政府"]
    assert said["navDate"] == "1995-06-09T00:00:00Z"
    assert "requiredStatement" not in said
    assert [canvas["label"]["zh"] for canvas in said["items"]] == [["第 1 页"], ["第 2 页"], ["第 3 页"]]
    (contents,) = said["structures"]
    assert [[canvas["id"][-8:] for canvas in part["items"]] for part in contents["items"]] == [
        ["1/canvas"], ["2/canvas", "3/canvas"],
    ]  # fmt: skip
    assert contents["items"][0]["label"]["zh"][0].endswith("批文封签")


def test_a_manifest_of_what_is_marked_says_so(room):
    said = room.get(f"/iiif/{SECRET}/manifest.json").json()
    assert said["requiredStatement"]["value"]["en"] == ["top secret"]


def test_every_image_a_manifest_names_is_there(room):
    said = room.get(f"/iiif/{PLAN}/manifest.json").json()
    for canvas in said["items"]:
        for image in (canvas["items"][0]["items"][0]["body"], canvas["thumbnail"][0]):
            path = image["id"].removeprefix(ROOM)
            assert picture(room, path).size == (image["width"], image["height"])
        lines = room.get(canvas["annotations"][0]["id"].removeprefix(ROOM)).json()
        assert faults_of_lines(lines) == [] and lines["items"]


def test_the_lines_of_a_page_lie_where_they_stand(room):
    said = room.get(f"/iiif/{DECISION}/2/annotations.json").json()
    line = said["items"][1]
    assert line["body"]["value"] == "聊发(1995)58号"
    assert line["target"] == f"{ROOM}/iiif/{DECISION}/2/canvas#xywh=80,120,440,40"


def test_a_word_is_found_in_either_script_with_its_place_and_what_stands_around_it(room):
    simple, old = (room.get(f"/iiif/{PLAN}/search?q={word}").json() for word in ("领导小组", "領導小組"))
    assert faults_of_hits(simple) == []
    assert [item["target"] for item in simple["items"]] == [item["target"] for item in old["items"]]
    (hit,) = simple["items"]
    assert hit["body"]["value"] == "領導小組" and hit["target"].endswith("/2/canvas#xywh=80,80,160,40")
    (match,) = simple["annotations"][0]["items"]
    (quote,) = match["target"]["selector"]
    assert quote["exact"] == "領導小組" and quote["suffix"].startswith("組長張三")


def test_a_word_that_runs_over_two_lines_is_one_match_in_two_places(room):
    said = room.get(f"/iiif/{PLAN}/search?q=方案第一阶段").json()
    assert faults_of_hits(said) == []
    assert [item["body"]["value"] for item in said["items"]] == ["方案", "第一阶段"]
    (match,) = said["annotations"][0]["items"]
    assert [target["source"] for target in match["target"]] == [item["id"] for item in said["items"]]


def test_a_number_is_found_in_any_of_its_spellings(room):
    said = room.get("/iiif/5f0c1d/search", params={"q": "聊发〔1995〕58号"}).json()
    assert "聊发(1995)58号" in [item["body"]["value"] for item in said["items"]]


def test_what_was_not_heeded_is_said(room):
    said = room.get(f"/iiif/{PLAN}/search?q=科技&user=me&motivation=painting").json()
    assert faults_of_hits(said) == []
    assert said["ignored"] == ["motivation", "user"]


def test_a_query_that_cannot_be_meant_so_is_answered_in_words(room):
    answer = room.get(f"/iiif/{PLAN}/search", params={"q": "。。"})
    assert answer.status_code == 400 and answer.json()["detail"]


def test_what_is_not_there_is_found_nowhere(room):
    said = room.get(f"/iiif/{PLAN}/search?q=水利").json()
    assert faults_of_hits(said) == [] and said["items"] == []


def test_many_hits_come_in_parts_that_lead_to_one_another(own_room):
    papers = [items.page(number, *["各县区科技局"] * 60, name=f"many-{number}.png") for number in (1, 2)]
    long = replace(items.notice("b7"), pages=(*papers,), documents=())
    rooms = archive(own_room)
    rooms.catalog.save_item(with_scans(rooms, long), "test")
    said, found, begins = own_room.get("/iiif/b7/search").json(), [], []
    # With nothing looked for, every line is an answer.
    while True:
        assert faults_of_hits(said) == []
        found += [item["id"] for item in said["items"]]
        begins.append((said["startIndex"], said["partOf"]["total"]))
        if "next" not in said:
            break
        said = own_room.get(said["next"]["id"].removeprefix(ROOM)).json()
    assert (len(set(found)), begins) == (120, [(0, 120), (100, 120)])
    assert said["prev"]["id"] == said["partOf"]["first"]["id"]


def test_pages_that_lie_on_their_side_and_face_each_other_are_sheets(own_room):
    rooms = archive(own_room)
    paper = items.page(1, "各县区科技局", name="side.png")
    (made,) = with_scans(rooms, replace(items.notice("c8"), pages=(paper,), documents=())).pages
    half = replace(made, rotation=90, scan=replace(made.scan, area=Box(0, 0, 1086, 3071)))
    rooms.catalog.save_item(replace(items.notice("c8"), pages=(half,), documents=()), "test")
    said = own_room.get("/iiif/c8/1/info.json").json()
    assert (said["width"], said["height"]) == (3071, 1086)
    assert picture(own_room, "/iiif/c8/1/full/max/0/default.png").size == (3071, 1086)
    (line,) = own_room.get("/iiif/c8/1/annotations.json").json()["items"]
    left, top, width, height = map(int, line["target"].partition("xywh=")[2].split(","))
    ink = picture(own_room, f"/iiif/c8/1/{left},{top},{width},{height}/max/0/gray.png")
    assert width < height and ink.getextrema()[0] < 140
    assert faults_of_manifest(own_room.get("/iiif/c8/manifest.json").json()) == []


def test_addresses_follow_the_name_the_room_was_called_by(room):
    said = room.get(f"/iiif/{DECISION}/manifest.json", headers={"Host": "localhost:8000"})
    assert said.json()["id"] == f"http://localhost:8000/iiif/{DECISION}/manifest.json"
    assert ROOM not in json.dumps(said.json())
