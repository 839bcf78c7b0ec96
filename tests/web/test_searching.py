import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from archivist.archive import Archive
from archivist.model import Alternative, Document, Item, Region
from archivist.settings import Settings
from tests import items
from tests.web.people import entered
from tests.web.rooms import CAMPAIGN, DECISION, PLAN, SECRET, SECRET_WORDS, furnish

LIVE = {"HX-Request": "true"}


def found(text: str) -> list[str]:
    """Return the identifiers of the items that a page of results shows, in their order."""
    return re.findall(r'<h2><a href="/items/([^"?]+)', text)


def words(text: str) -> str:
    """Return what a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())


def read(room: TestClient, **asked: object) -> str:
    answer = room.get("/", params=asked, headers={"Accept-Language": "en"})  # type: ignore[arg-type]
    assert answer.status_code == 200
    return answer.text


def doubtful(item_id: str, text: str, seen: str, at: int) -> Item:
    """An item of which the reader saw `seen` as well in the place `at` of `text`."""
    paper = items.page(1, text, name=f"{item_id}.png")
    line = paper.regions[0].lines[0]
    glyph = replace(line.glyphs[at], confidence=0.5, alternatives=(Alternative(seen, 0.4),))
    lines = (replace(line, glyphs=(*line.glyphs[:at], glyph, *line.glyphs[at + 1 :])),)
    paper = replace(paper, regions=(Region("body", paper.regions[0].box, lines),))
    return Item(item_id, "[无题]", (paper,), (Document("issued_document", (1,), None, ()),))


def dated(number: int) -> Item:
    """One of many decisions, each of a day of its own."""
    day = f"1996-03-{number + 1:02}"
    paper = items.page(1, f"植树造林决定第{number}次", f"造发(1996)第{number + 1}号", day, name=f"tree{number}.png")
    fields = (
        items.field(paper, "document_number", f"造发(1996)第{number + 1}号", items.number("造发", 1996, number + 1)),
        items.field(paper, "date_of_issue", day),
        items.field(paper, "issuing_agency", "植树造林", '林"业 或 (局'),
    )
    return Item(f"t{number:02}", f"植树{number}", (paper,), (Document("issued_document", (1,), None, fields),))


@pytest.fixture(scope="module")
def forest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A room with twenty-five decisions about trees beside the usual items, and a misread one."""
    folder = furnish(tmp_path_factory.mktemp("forest") / "archive")
    with Archive(Settings(folder=folder)) as archive:
        broken = replace(items.notice("b0", source="box 3"), title="破损\ud83c的通知")
        archive.catalog.save_items(
            [*map(dated, range(25)), doubtful("d0", "全县水科建设计划", "利", 3), broken], "test"
        )
        archive.update_index()
    with entered(folder) as client:
        yield client


def test_what_is_found_is_shown_with_its_ink_in_the_script_of_the_paper(room: TestClient) -> None:
    page = read(room, q="领导小组组长")
    assert found(page) == [PLAN]
    assert "<mark>領導小組組長</mark>" in page
    assert f'src="/iiif/{PLAN}/1/full/!120,170/0/default.jpg"' in page
    assert f'href="/items/{PLAN}?page=2&amp;q=%E9%A2%86%E5%AF%BC' in page


def test_a_number_in_any_spelling_finds_its_document(room: TestClient) -> None:
    for spelled in ("聊发〔1995〕58号", "聊发(95)58", "聊發 1995 58"):
        assert found(read(room, q=spelled))[0] == DECISION


def test_a_facet_narrows_down_and_is_taken_away_again(room: TestClient) -> None:
    page = read(room, q="科技工作")
    assert {DECISION, PLAN} < set(found(page))
    link = unescape(re.search(r'href="(/\?q=[^"]*genre%3A%E5%86%B3%E5%AE%9A)"', page)[1])  # type: ignore[index]
    narrowed = room.get(link).text
    assert found(narrowed) == [DECISION]
    assert 'name="f" value="genre:决定"' in narrowed
    away = unescape(re.search(r'<a class="chip" href="([^"]+)"><span class="faint">', narrowed)[1])  # type: ignore[index]
    assert found(room.get(away).text) == found(page)


def test_filters_alone_look_through_the_archive(room: TestClient) -> None:
    assert set(found(read(room, f=f"campaigns:{CAMPAIGN}"))) == {DECISION, PLAN, SECRET}
    assert found(read(room, f=[f"campaigns:{CAMPAIGN}", "genre:决定"])) == [DECISION]


def test_values_of_facets_are_never_read_as_a_query(forest: TestClient) -> None:
    assert "25 items found" in words(read(forest, q="植树", f='agencies:林"业 或 (局'))
    assert found(read(forest, q="植树", f="agencies:林")) == []


@pytest.mark.parametrize("asked", [
    {"f": "access:top_secret"}, {"f": "nonsense"}, {"f": "genre:"}, {"sort": "by weight"}, {"page": "first"},
    {"page": "-3"}, {"page": "٣"}, {"exact": "0"},
])  # fmt: skip
def test_what_makes_no_sense_in_an_address_is_left_out(room: TestClient, asked: dict[str, str]) -> None:
    assert found(read(room, q="科技工作", **asked)) == found(read(room, q="科技工作"))


def test_pages_of_results_follow_each_other_in_order(forest: TestClient) -> None:
    pages = [found(read(forest, q="植树", sort="date", page=number)) for number in (1, 2, 3, 4)]
    assert [one for page in pages for one in page] == [f"t{number:02}" for number in range(25)]
    assert found(read(forest, q="植树", sort="newest"))[0] == "t24"
    assert "page 2 of 3" in words(read(forest, q="植树", page=2))


def test_a_misread_character_is_marked_and_said_in_words(forest: TestClient) -> None:
    page = read(forest, q="水利建设")
    assert found(page) == ["d0"]
    assert re.search(r'<mark>水</mark><mark class="misread" title="perhaps misread">科</mark><mark>建设</mark>', page)
    assert "one character perhaps misread" in words(page)
    assert found(read(forest, q="水利建设", exact=1)) == []


def test_what_no_browser_can_be_sent_breaks_no_page(forest: TestClient) -> None:
    assert "b0" in found(read(forest, q="破损"))


def test_a_query_with_a_mistake_is_told_of_beside_the_box_that_keeps_it(room: TestClient) -> None:
    answer = room.get("/", params={"q": '机关:"聊城'}, headers={"Accept-Language": "en"})
    assert answer.status_code == 400
    assert 'value="机关:&#34;聊城"' in answer.text
    assert 'aria-invalid="true" aria-describedby="wrong"' in answer.text
    # While somebody types, half a query is none yet.
    assert room.get("/", params={"q": '机关:"聊城'}, headers=LIVE).status_code == 200


def test_where_nothing_is_found_it_is_said_what_was_tried_and_what_is_near(forest: TestClient) -> None:
    page = words(read(forest, q="造发(1996)28"))
    assert "Nothing found" in page and "one character misread" in page
    assert "造发〔1996〕25号 造发〔1996〕24号" in page
    alone = words(read(forest, q="植树 潜水艇"))
    assert "植树 25" in alone and "潜水艇 0" in alone
    assert "Without the filters there are 25" in words(read(forest, q="植树", f="genre:通知"))
    assert "Did you mean 植树造林决定" in words(read(forest, q="植树造木决定", exact=1))


def test_a_series_says_what_is_held_and_what_is_missing(room: TestClient) -> None:
    page = words(read(room, q="聊发 1995"))
    assert "The series 聊发〔1995〕" in page and "held 58 (1)" in page and "not held 1–57 (57)" in page


def test_while_typing_only_what_is_found_is_sent(room: TestClient) -> None:
    answer = room.get("/", params={"q": "科技工作", "sort": "date"}, headers=LIVE)
    assert found(answer.text) and "<html" not in answer.text
    assert answer.headers["HX-Replace-Url"] == "/?q=%E7%A7%91%E6%8A%80%E5%B7%A5%E4%BD%9C&sort=date"
    # Going back to it is no typing.
    back = room.get("/", params={"q": "科技"}, headers={**LIVE, "HX-History-Restore-Request": "true"})
    assert "<html" in back.text


def test_nothing_is_said_of_what_is_not_open(as_reader: TestClient, as_archivist: TestClient) -> None:
    for asked in ("", "科技工作", CAMPAIGN, "赤松工程", "机要局", "关于绝密代号赤松的通知", "赤松工裎", "聊发 1995"):
        told, known = read(as_reader, q=asked), read(as_archivist, q=asked)
        # What was typed is said again.
        said = told.replace(asked, "") if asked else told
        assert SECRET not in found(told)
        assert not [word for word in SECRET_WORDS if word in said]
        if asked in SECRET_WORDS:
            assert SECRET in found(known)
    assert "4 items" not in words(read(as_reader)) and "3 items can be searched" in words(read(as_reader))


def test_an_item_that_becomes_secret_is_gone_at_once(tmp_path: Path) -> None:
    folder = furnish(tmp_path / "archive")
    with Archive(Settings(folder=folder)) as here, Archive(Settings(folder=folder)) as elsewhere:
        readers = ("open",)
        assert [one.item.id for one in here.search("来文机关", may_see=readers).found] == [DECISION]
        item = here.catalog.item(DECISION)
        slip, paper = item.documents
        marked = replace(slip, fields=(*slip.fields, items.field(item.pages[0], "secrecy", "聊城市委", "机密")))
        # Saved by another process, and not in the index yet.
        elsewhere.catalog.save_item(replace(item, documents=(marked, paper)), "test")
        assert here.search("来文机关", may_see=readers).found == ()
        assert [one.item.id for one in here.search("来文机关").found] == [DECISION]


def test_fifty_people_at_once_are_told_what_one_is_told(forest: TestClient) -> None:
    rooms: Archive = forest.app.state.rooms  # type: ignore[attr-defined]
    asked = [f"植树造林决定第{number}次" for number in range(25)]
    asked += ["科技工作", "水利建设", "聊发 1995", "机关:聊城市委", "植树", "领导小组组长", "造发(1996)7", "会议 科技"]

    def told(text: str) -> list[tuple[str, object]]:
        answer = rooms.search(text, facets=("year", "agencies"))
        return [("", answer.facets), *((one.item.id, one.passages) for one in answer.found)]

    alone = {text: told(text) for text in asked}
    with ThreadPoolExecutor(50) as people:
        writing = people.submit(lambda: [rooms.indexer.look_again(["t01", "t02"]) for _ in range(5)])
        answers = list(people.map(told, asked * 6))
        writing.result()
    for text, answer in zip(asked * 6, answers, strict=True):
        assert answer == alone[text]
