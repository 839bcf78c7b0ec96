"""The review queue over HTTP: what is put before people, what their answers do, and what they are not told."""

import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from archivist.archive import Archive
from archivist.errors import NotFound
from archivist.handles import handles
from archivist.model import Alternative, Boundary, CampaignLink, Document, Glyph, Item, Page
from archivist.settings import Settings
from archivist.web.doubts import doubts_of
from archivist.web.review import Wish, _listed, taken_back
from archivist.web.visitor import Visitor
from tests import items
from tests.web.people import csrf, entered
from tests.web.rooms import DECISION, NOTICE, PLAN, SECRET, SECRET_WORDS, furnish, with_scans

#: An item with a doubt of every sort; its twin, and the one that lies before it in its box.
DOUBTFUL, TWIN, BEFORE = "d0b7", "d0b8", "d0b6"
TITLE = "关于表彰科技工作先进单位的通知"
ELSEWHERE = Visitor("reader of open papers", "archivist", ("open",), "")


def doubtful_page(number: int = 1, name: str = "doubt.png") -> Page:
    """A page with a title in which 单 was read with little sureness, and 草 seen as well."""
    long = "各乡镇人民政府各有关部门为了表彰先进树立典型推动全市科技工作再上新台阶经研究决定对下列单位予以通报表扬"
    paper = items.page(
        number, TITLE, "聊政办发(1996)12号", long, "创建全国科技工作先进市活动", "一九九六年三月一日", name, name=name
    )
    line = paper.lines[0]
    at = line.text.index("单")
    unsure = Glyph("单", line.glyphs[at].box, 0.41, (Alternative("草", 0.32), Alternative("", 0.02)))
    glyphs = (*line.glyphs[:at], unsure, *line.glyphs[at + 1 :])
    region = paper.regions[0]
    lines = (replace(line, glyphs=glyphs), *region.lines[1:])
    return replace(paper, regions=(replace(region, lines=lines),))


def doubtful(name: str = DOUBTFUL, scan: str = "doubt.png") -> Item:
    """A notice with a title, a date, a campaign, a beginning and a page in doubt."""
    paper = doubtful_page(1, scan)
    poor = items.page(2, f"附件模糊不清{scan}", name=f"poor-{scan}", confidence=0.3)
    fields = (
        items.field(paper, "title", TITLE, confidence=0.41, status="review"),
        items.field(paper, "document_number", "聊政办发(1996)12号", items.number("聊政办发", 1996, 12)),
        items.field(paper, "date_of_issue", "一九九六年三月一日", "1996-03-01", 0.7, "review"),
    )
    campaign = "创建全国科技工作先进市"
    link = CampaignLink(campaign, campaign, 0.5, (items.evidence(paper, campaign),), "notice", "review")
    papers = (Document("issued_document", (1, 2), None, fields),)
    boundaries = (Boundary(1, ("title",), 0.4), Boundary(2, ("other quality",), 0.6))
    return Item(name, TITLE, (paper, poor), papers, (link,), None, f"box 3/{scan}", boundaries=boundaries)


def furnish_doubts(folder: Path) -> Path:
    """Put the items with a doubt of every sort into an archive in `folder`."""
    furnish(folder)
    with Archive(Settings(folder=folder)) as archive:
        before = replace(items.notice(BEFORE), source="box 3/doubt.png")
        one = replace(doubtful(), begins_at=2)
        for item in (before, one, doubtful(TWIN, "twin.png")):
            archive.catalog.save_item(with_scans(archive, item), "test")
        archive.update_index()
        archive.duplicates.find()
    return folder


@pytest.fixture(scope="module")
def doubts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish_doubts(tmp_path_factory.mktemp("doubts") / "archive")


@pytest.fixture(scope="module")
def queue(doubts):
    with entered(doubts) as client:
        client.headers["accept-language"] = "en"
        yield client


@pytest.fixture
def own_queue(tmp_path):
    with entered(furnish_doubts(tmp_path / "archive")) as client:
        client.headers["accept-language"] = "en"
        yield client


def entries(client: TestClient, query: str = "") -> dict[str, str]:
    """Return the handles of what waits, in order, with what is shown of each."""
    text = client.get(f"/review/entries?limit=50&{query}").text
    parts = re.split(r'(?=<article class="entry)', text)[1:]
    return {re.search(r'data-handle="([^"]+)"', part)[1]: unescape(part) for part in parts}


def answer(client: TestClient, url: str, **said: str):
    headers = {"X-CSRF-Token": csrf(client), "Accept": "application/json"}
    return client.post(url, json=said, headers=headers)


def handle_of(client: TestClient, item: str, field: str) -> str:
    kept = client.app.state.rooms.catalog.item(item)
    for handle, place in handles(kept).items():
        if place.document is not None and kept.documents[place.document].fields[place.position].name == field:
            return handle
    raise LookupError(field)


def field_of(client: TestClient, item: str, name: str):
    kept = client.app.state.rooms.catalog.item(item)
    return next(value for document in kept.documents for value in document.values(name))


def test_what_waits_comes_worst_first_with_its_ink_what_was_read_and_what_else_was_seen(queue):
    shown = entries(queue, f"item={DOUBTFUL}&sort=value")
    title, date = shown.values()
    assert "<h2>title</h2>" in title and "<h2>date of issue</h2>" in date
    assert f"/iiif/{DOUBTFUL}/1/" in title
    assert "<b>单</b><small>0.41</small>" in title and "草<small>0.32</small>" in title
    assert 'data-choice="1" data-part="" data-text="草" data-at="10" data-instead="单"' in title
    assert "“单” is read with a sureness of 0.41 only" in title
    assert f'href="/items/{DOUBTFUL}?page=1"' in title


def test_a_reading_that_is_no_writing_is_not_offered(queue):
    assert 'data-choice="2"' not in next(iter(entries(queue, f"item={DOUBTFUL}&field=title").values()))


def test_values_with_parts_have_a_place_to_type_for_each(queue):
    shown = next(iter(entries(queue, f"item={PLAN}&field=indicator").values()))
    assert re.findall(r'name="part\.(\w+)"', shown) == ["name", "operator", "value", "unit", "veto"]
    assert 'name="part.value" data-part="value" value="1.5"' in shown
    assert '<option value="false" selected>no</option>' in shown


def test_each_sort_of_doubt_can_be_gone_through_by_itself(queue):
    sorts = {sort: entries(queue, f"sort={sort}") for sort in ("value", "link", "boundary", "page", "pair")}
    assert all(sorts.values())
    assert "“创建全国科技工作先进市”" in "".join(sorts["link"].values())
    assert f"page:{DOUBTFUL}:2" in sorts["page"]
    assert f'href="/items/{DOUBTFUL}/correct/2"' in sorts["page"][f"page:{DOUBTFUL}:2"]
    assert list(sorts["pair"]) == [f"pair:{DOUBTFUL}:{TWIN}"]
    assert f"/iiif/{TWIN}/1/" in sorts["pair"][f"pair:{DOUBTFUL}:{TWIN}"]


@pytest.mark.parametrize("query", [
    "", "sort=value", "sort=link", "sort=boundary", "sort=page", "sort=pair", "field=title", "field=indicator",
    f"item={DOUBTFUL}", f"sort=page&item={DOUBTFUL}", f"field=title&item={DOUBTFUL}", "sort=link&field=title",
])  # fmt: skip
def test_it_is_told_how_much_is_left_of_what_is_gone_through(queue, query):
    shown = entries(queue, query)
    assert f'data-left="{len(shown)}"' in queue.get(f"/review/entries?limit=1&{query}").text
    assert f"{len(shown)} left" in queue.get(f"/review?{query}").text


def test_only_fields_of_which_something_waits_are_offered(queue):
    page = queue.get("/review").text
    offered = dict(re.findall(r'<option value="(\w+)"[^>]*>[a-z ]+\((\d+)\)</option>', page))
    assert offered == {name: str(len(entries(queue, f"field={name}"))) for name in offered}
    assert {"title", "received_date", "indicator"} <= set(offered) and "genre" not in offered
    assert 'value="genre" selected>genre (0)<' in queue.get("/review?field=genre").text


def test_hardly_read_pages_of_one_item_are_those_of_no_other(queue):
    assert list(entries(queue, f"sort=page&item={DOUBTFUL}")) == [f"page:{DOUBTFUL}:2"]
    assert entries(queue, f"sort=page&item={PLAN}") == {}


def test_where_an_item_may_begin_the_end_of_the_page_before_stands_beside_it(queue):
    begins = [text for text in entries(queue, "sort=boundary").values() if f'href="/items/{DOUBTFUL}?page=1"' in text]
    assert f"/iiif/{BEFORE}/1/" in begins[0] and f"/iiif/{DOUBTFUL}/1/" in begins[0]
    assert "As it stands, an item begins here." in begins[0]


def test_the_queue_is_given_out_in_parts_without_gaps(queue):
    whole = list(entries(queue))
    found = [handle for skip in range(len(whole)) for handle in entries(queue, f"skip={skip}&limit=1")]
    assert found == whole


def test_accepting_by_a_form_keeps_it_with_the_name_and_shows_the_next(own_room):
    handle = handle_of(own_room, DECISION, "received_date")
    form = {"handle": handle, "act": "accept", "value": "1995-09-24", "back": "", "csrf": csrf(own_room)}
    page = own_room.post("/review/decide", data=form, headers={"accept-language": "en"})
    assert page.status_code == 200 and "Kept." in page.text and handle not in page.text
    kept = field_of(own_room, DECISION, "received_date")
    assert kept.status == "verified" and kept.decided.who


def test_a_correction_reaches_the_item_the_search_and_the_history(own_queue):
    handle = handle_of(own_queue, DOUBTFUL, "title")
    said = answer(own_queue, "/review/decide", handle=handle, act="correct", value="关于表彰科技工作先进单位的决定")
    assert said.status_code == 200
    rooms = own_queue.app.state.rooms
    kept = field_of(own_queue, DOUBTFUL, "title")
    assert (kept.value, kept.status) == ("关于表彰科技工作先进单位的决定", "verified")
    assert DOUBTFUL in [found.item.id for found in rooms.search("标题:关于表彰科技工作先进单位的决定").found]
    last = rooms.catalog.history_of(DOUBTFUL, 1)[0]
    assert str(last.number) == said.json()["number"]
    assert (last.decision.act, last.decision.decided.who) == ("correct", kept.decided.who)


def test_parts_that_are_not_named_stay_as_read(own_queue):
    handle = handle_of(own_queue, PLAN, "indicator")
    said = {"handle": handle, "act": "correct", "part.value": "1.8", "part.veto": "true"}
    assert answer(own_queue, "/review/decide", **said).status_code == 200
    kept = field_of(own_queue, PLAN, "indicator").value
    assert (kept["value"], kept["veto"], kept["unit"]) == (1.8, True, "%")


def test_taking_back_brings_the_entry_back(own_queue):
    (handle,) = entries(own_queue, f"item={DOUBTFUL}&field=title")
    number = answer(own_queue, "/review/decide", handle=handle, act="reject").json()["number"]
    assert handle not in entries(own_queue)
    assert own_queue.get(f"/review/entries/{handle}").status_code == 404
    assert answer(own_queue, "/review/undo", number=number).status_code == 200
    assert field_of(own_queue, DOUBTFUL, "title").status == "review"
    assert f'data-handle="{handle}"' in own_queue.get(f"/review/entries/{handle}").text
    again = answer(own_queue, "/review/undo", number=number)
    assert again.status_code == 400 and "undone already" in again.json()["detail"]


def test_two_items_held_for_the_same_are_taken_apart_again_as_a_whole(own_queue):
    (handle,) = entries(own_queue, "sort=pair")
    number = answer(own_queue, "/review/decide", handle=handle, act="accept").json()["number"]
    assert own_queue.app.state.rooms.catalog.item(DOUBTFUL).duplicates == (TWIN,)
    assert entries(own_queue, "sort=pair") == {}
    assert answer(own_queue, "/review/undo", number=number).status_code == 200
    assert own_queue.app.state.rooms.catalog.item(DOUBTFUL).duplicates == ()
    assert list(entries(own_queue, "sort=pair")) == [handle]


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ({"handle": f"{DOUBTFUL}.zzzz", "act": "accept"}, 404, "settled already"),
        ({"handle": "nowhere.1234", "act": "accept"}, 404, "no item"),
        ({"handle": "page:d0b7:2", "act": "accept"}, 404, "nothing that waits"),
        ({"handle": "pair:d0b7:d0b8", "act": "correct"}, 400, "same, or they are not"),
        ({"handle": f"{DOUBTFUL}.zzzz", "act": "burn"}, 400, "accept, correct or reject"),
        ({}, 400, "accept, correct or reject"),
    ],
)
def test_what_cannot_be_decided_is_refused_in_words(queue, said, status, words):
    refused = answer(queue, "/review/decide", **said)
    assert refused.status_code == status and words in refused.json()["detail"]


def test_a_value_that_cannot_be_meant_is_refused_and_nothing_is_kept(queue):
    handle = handle_of(queue, DOUBTFUL, "date_of_issue")
    refused = answer(queue, "/review/decide", handle=handle, act="correct", value="vielleicht")
    assert refused.status_code == 400 and "is no date" in refused.json()["detail"]
    assert field_of(queue, DOUBTFUL, "date_of_issue").status == "review"


@pytest.mark.parametrize("number", ["", "0", "99999999", "x", "-1", "1e3", "٣", "9" * 30])
def test_what_was_never_decided_cannot_be_taken_back(queue, number):
    assert answer(queue, "/review/undo", number=number).status_code == 404


def test_nonsense_instead_of_an_answer_is_refused(queue):
    headers = {"X-CSRF-Token": csrf(queue), "Accept": "application/json", "Content-Type": "application/json"}
    for body in ("[1]", "{", "3", '"x"'):
        assert queue.post("/review/decide", content=body, headers=headers).status_code == 400


def test_of_a_secret_item_nothing_is_asked_and_nothing_is_taken_from_whom_it_is_not_open(own_queue):
    rooms = own_queue.app.state.rooms
    everything = rooms.catalog.waiting(100)
    assert SECRET in {one.item_id for one in everything}
    told = repr([_listed(rooms, ELSEWHERE, Wish(sort), 0, 50) for sort in (None, "value", "link", "boundary", "pair")])
    fields, open_fields = rooms.catalog.waiting_fields(), rooms.catalog.waiting_fields(may_see=ELSEWHERE.may_see)
    assert fields["issuing_agency"] == open_fields["issuing_agency"] + 1
    for sort in (None, "value", "link", "boundary", "page", "pair"):
        part = _listed(rooms, ELSEWHERE, Wish(sort), 0, 50)
        assert part.left == len(part.doubts)
    told += repr(doubts_of(rooms, everything, ELSEWHERE.may_see))
    assert DOUBTFUL in told
    assert not any(word in told for word in (*SECRET_WORDS, SECRET))
    number = answer(own_queue, "/review/decide", handle=handle_of(own_queue, SECRET, "issuing_agency"), act="reject")
    with pytest.raises(NotFound):
        taken_back(rooms, ELSEWHERE, number.json()["number"])


def test_that_a_secret_item_was_seen_in_the_queue_is_kept(own_queue):
    def seen() -> list[str]:
        events = own_queue.app.state.rooms.catalog.ledger.events()
        return [one.event.object for one in events if one.event.detail.get("act") == "viewed"]

    entries(own_queue, "sort=link")
    assert seen() == []
    entries(own_queue, "field=issuing_agency")
    entries(own_queue)
    assert seen() == [f"item:{SECRET}"]


def test_the_page_before_is_not_shown_where_its_item_is_not_open(own_queue):
    rooms = own_queue.app.state.rooms
    before = rooms.catalog.item(BEFORE)
    mark = items.field(before.pages[0], "secrecy", before.pages[0].lines[0].text[:2], "绝密")
    paper = replace(before.documents[0], fields=(*before.documents[0].fields, mark))
    rooms.catalog.save_item(replace(before, documents=(paper,)), "test")
    shown = _listed(rooms, ELSEWHERE, Wish("boundary", item=DOUBTFUL), 0, 50).doubts
    assert [one.what.before for one in shown if one.page == 1] == [None]
    assert all(one.what.before for one in shown if one.page == 2)


def test_readers_do_not_come_in_here(as_reader):
    assert as_reader.get("/review").status_code == 403
    assert as_reader.get(f"/review?item={NOTICE}").status_code == 403


@pytest.mark.parametrize("handle", ["\ud800.3a9e", "pair:\ud800:b", "some:\ud800", "", ".", ":"])
def test_what_is_no_handle_is_none(queue, handle):
    said = json.dumps({"handle": handle, "act": "accept"})
    headers = {"X-CSRF-Token": csrf(queue), "Accept": "application/json", "Content-Type": "application/json"}
    assert queue.post("/review/decide", content=said, headers=headers).status_code == 404


def test_nobody_skips_more_than_there_can_be(queue):
    assert queue.get(f"/review/entries?skip={10**30}").status_code == 422
