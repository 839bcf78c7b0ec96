import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pikepdf
import pytest
from starlette.testclient import TestClient

from archivist.archive import Archive
from archivist.decisions import Decision
from archivist.model import Alternative, Boundary, Box, Decided, Glyph, Item, Line, Region, Scan, Witness
from archivist.settings import Settings
from archivist.web.downloads import safe_name, unused
from tests import items
from tests.web.people import SIBLING, People, csrf, populate
from tests.web.people import entered as entered_by
from tests.web.rooms import CAMPAIGN, DECISION, NOTICE, PLAN, SECRET, picture, with_scans

WHEN = "2026-01-02T03:04:05+00:00"
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture(scope="module")
def room(furnished: Path) -> Iterator[TestClient]:
    with entered(furnished) as client:
        yield client


@pytest.fixture
def own_room(own_room: TestClient) -> TestClient:
    own_room.headers.update(ENGLISH)
    return own_room


@contextmanager
def entered(folder: Path) -> Iterator[TestClient]:
    """Open the room, in English."""
    with entered_by(folder) as client:
        client.headers.update(ENGLISH)
        yield client


def told(html: str) -> dict[str, Any]:
    """What the viewer is told of the sheet that is shown."""
    found = re.search(r'<script type="application/json" data-leaf>(.*?)</script>', html, re.S)
    assert found
    said: dict[str, Any] = json.loads(found[1])
    return said


def of_kind(said: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [mark for mark in said["marks"] if kind in mark["kind"].split()]


def kept(folder: Path, *those: Item) -> None:
    with Archive(Settings(folder=folder), create=True) as archive:
        for item in those:
            archive.catalog.save_item(with_scans(archive, item), "test")
        archive.update_index()


# The page


def test_the_record_says_what_stands_on_the_paper_and_how_sure_that_is(room: TestClient) -> None:
    html = room.get(f"/items/{DECISION}").text
    for said in (
        "中共聊城市委 聊城市人民政府关于创建全国科技工作先进市的决定",
        "Z109-WS·1995-Y-BGS-0001",
        "聊发〔1995〕58号",
    ):
        assert said in html
    record = html.partition('<section id="record"')[2]
    order = [record.index(said) for said in ("circulation slip", "1995-09-24", "issued document", "1995-06-09")]
    assert order == sorted(order)
    # In a word and in digits, and what is in doubt with what was read.
    assert re.search(r"doubtful\s+0\.62", html)
    assert "95年9月24日" in html
    assert f'href="/review?item={DECISION}"' in html
    assert f'href="/items/{DECISION}/correct/1"' in html


def test_values_and_lines_lie_on_their_ink(room: TestClient) -> None:
    said = told(room.get(f"/items/{DECISION}?page=2").text)
    assert (said["number"], said["width"], said["height"]) == (2, 2172, 3071)
    assert said["source"] == f"/iiif/{DECISION}/2/info.json"
    (number,) = [mark for mark in of_kind(said, "value") if mark["label"].startswith("document number")]
    line = items.decision().page(2).lines[1]
    assert number["boxes"] == [[int(line.box.left), int(line.box.top), int(line.box.width) + 1, int(line.box.height)]]
    assert [mark["label"] for mark in of_kind(said, "line")] == [one.text for one in items.decision().page(2).lines]
    # A title that runs over two lines has a box for each.
    (title,) = [mark for mark in of_kind(said, "value") if mark["label"].startswith("title")]
    assert len(title["boxes"]) == 2


def test_hits_are_counted_by_page_and_the_first_is_shown(room: TestClient) -> None:
    html = room.get(f"/items/{DECISION}", params={"q": "科技工作先进"}).text
    said = told(html)
    assert said["number"] == 2
    assert said["hits"] == [2, 3]
    (hit,) = of_kind(said, "hit")
    assert hit["id"] == "h0"
    assert '<mark data-hit="h0">科技工作先进</mark>' in html
    # Turning over keeps what was looked for.
    assert "page=3&amp;q=%E7%A7%91" in html


@pytest.mark.parametrize("asked", ["创建全国科技工作先进市", "創建全國科技工作先進市", "聊发1995 58"])
def test_hits_are_found_however_they_are_spelt(room: TestClient, asked: str) -> None:
    assert told(room.get(f"/items/{DECISION}", params={"q": asked}).text)["hits"]


def test_a_hit_in_spite_of_a_misread_character_says_so(tmp_path: Path) -> None:
    paper = items.page(1, "关于召开科技工作会仪的通知", name="misread.png")
    (region,) = paper.regions
    glyphs = list(region.lines[0].glyphs)
    glyphs[9] = replace(glyphs[9], confidence=0.4, alternatives=(Alternative("议", 0.3),))
    paper = replace(paper, regions=(replace(region, lines=(replace(region.lines[0], glyphs=tuple(glyphs)),)),))
    field = items.field(paper, "title", "关于召开科技工作会仪的通知")
    kept(
        tmp_path / "archive",
        replace(
            items.notice("a2"), pages=(paper,), documents=(replace(items.notice("a2").documents[0], fields=(field,)),)
        ),
    )
    with entered(tmp_path / "archive") as client:
        html = client.get("/items/a2", params={"q": "工作会议"}).text
    assert 'class="misread"' in html
    # What else it may be is told where it stands.
    assert 'data-doubt="仪 0.40 · 议 0.30"' in html


def test_a_query_that_cannot_be_meant_so_is_told_and_the_item_shown(room: TestClient) -> None:
    answer = room.get(f"/items/{DECISION}", params={"q": "(("})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert told(answer.text)["hits"] == []


@pytest.mark.parametrize("page", ["", "0", "99", "x", "-1", "２"])
def test_a_page_there_is_not_is_the_first(room: TestClient, page: str) -> None:
    assert told(room.get(f"/items/{DECISION}?page={page}").text)["number"] == 1


def test_another_page_comes_without_the_rest(room: TestClient) -> None:
    answer = room.get(f"/items/{DECISION}/pages/3", params={"q": "创建"})
    assert "<html" not in answer.text
    assert told(answer.text)["number"] == 3
    assert "国家科委" in answer.text
    assert room.get(f"/items/{DECISION}/pages/4").status_code == 404
    assert room.get("/items/nowhere/pages/1").status_code == 404


def test_what_stands_on_a_page_is_shown_and_never_believed(tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script>&\"'%(name)s{{7*7}}"
    paper = items.page(1, evil, name="evil.png")
    field = items.field(paper, "title", evil)
    odd = items.field(paper, "annotation", evil, {"kind": "reading", "person": evil, "<b>": 1})
    papers = (replace(items.notice("a2").documents[0], form=evil, fields=(field, odd)),)
    kept(tmp_path / "archive", replace(items.notice("a2"), title=evil, pages=(paper,), documents=papers, source=evil))
    with entered(tmp_path / "archive") as client:
        html = client.get("/items/a2", params={"q": "alert"}).text
    assert "<script>alert" not in html
    assert "<b>" not in html
    assert told(html)["title"] == evil


def test_traditional_text_has_its_simplified_beside_it(room: TestClient) -> None:
    html = room.get(f"/items/{PLAN}/pages/2").text
    assert "領導小組組長張三副組長李四" in html
    assert '<span class="simple" hidden>领导小组组长张三副组长李四</span>' in html
    # Where both are the same it stands there once.
    assert html.count("聊城市科学技术委员会</span>") == 1


def test_vertical_and_written_lines_and_seals_are_named(tmp_path: Path) -> None:
    boxes = [Box(800, 100 + 60 * turn, 850, 150 + 60 * turn) for turn in range(6)]
    down = Line(
        tuple(Glyph(char, box, 0.99) for char, box in zip("聊城縣布告通", boxes, strict=True)), Box.around(boxes), "t"
    )
    written = replace(items.line("同意", 4), handwritten=True)
    paper = items.page(1, name="down.png")
    whole = Box(0, 0, paper.scan.width, paper.scan.height)
    regions = (
        Region("body", whole, (down, written)),
        Region("seal", Box(1, 2, 3, 4), (items.line("聊城县人民政府", 9),)),
    )
    kept(
        tmp_path / "archive",
        replace(items.notice("a2"), pages=(replace(paper, regions=regions, blank=False),), documents=()),
    )
    with entered(tmp_path / "archive") as client:
        html = client.get("/items/a2/pages/1").text
        record = client.get("/items/a2").text
    assert "vertical" in html
    assert "handwritten" in html
    assert html.index("On seals and stamps") < html.rindex("聊城县人民政府")
    assert "the text runs down the page" in html
    assert "could not be described" in record


def test_witnesses_speak_for_and_against_with_their_ink(tmp_path: Path) -> None:
    decision = items.decision()
    slip, issued = decision.documents
    other = Witness("head-date", "1995-08-19", "1995年6月19日", 3, Box(100, 100, 300, 140), 0.91)
    same = Witness("signature", "1995-06-09", "一九九五年六月九日", 2, Box(100, 100, 300, 140), 0.97)
    fields = tuple(
        replace(one, witnesses=(same, other), status="review") if one.name == "date_of_issue" else one
        for one in issued.fields
    )
    kept(tmp_path / "archive", replace(decision, documents=(slip, replace(issued, fields=fields))))
    with entered(tmp_path / "archive") as client:
        html = client.get(f"/items/{DECISION}?page=3").text
    assert "2 witnesses" in html
    assert "1 against" in html
    assert html.index(">for</span>") < html.index(">against</span>") < html.index("1995年6月19日")
    assert [mark["boxes"] for mark in of_kind(told(html), "witness")] == [[[100, 100, 200, 40]]]


def test_a_page_that_lies_on_its_side_is_shown_upright(tmp_path: Path) -> None:
    item = items.notice("a2")
    kept(tmp_path / "archive", replace(item, pages=(replace(item.pages[0], rotation=90),)))
    with entered(tmp_path / "archive") as client:
        html = client.get("/items/a2").text
    said, line = told(html), item.pages[0].lines[0]
    assert (said["width"], said["height"]) == (3071, 2172)
    (mark, *_rest) = of_kind(said, "line")
    assert mark["boxes"][0][:2] == [3071 - int(line.box.bottom), int(line.box.left)]
    assert "turned upright by 90°" in html


def test_an_item_without_pages_is_shown_all_the_same(tmp_path: Path) -> None:
    kept(tmp_path / "archive", replace(items.notice("a2"), pages=(), documents=()))
    with entered(tmp_path / "archive") as client:
        assert "There are no pages." in client.get("/items/a2").text
        assert client.get("/items/a2/download/pdf").content.startswith(b"%PDF-")
        assert client.get("/items/a2/download/original").status_code == 404


def test_where_another_item_may_begin_is_told(tmp_path: Path) -> None:
    kept(tmp_path / "archive", replace(items.decision(), boundaries=(Boundary(3, ("first page",), 0.4),)))
    with entered(tmp_path / "archive") as client:
        assert "may begin at p. 3" in client.get(f"/items/{DECISION}").text


# Others


def test_citations_lead_to_items_of_this_archive_only(tmp_path: Path) -> None:
    number = items.number("聊发", 1995, 58)
    here, nowhere = (
        items.citing("a2", "关于创建全国科技工作先进市的决定", number),
        items.citing("a3", "关于植树造林的通知"),
    )
    kept(tmp_path / "archive", items.decision(), here, nowhere)
    with entered(tmp_path / "archive") as client:
        assert f'<a href="/items/{DECISION}">《关于创建全国科技工作先进市的决定》' in client.get("/items/a2").text
        html = client.get("/items/a3").text
    assert re.search(r"《关于植树造林的通知》\s*<small[^>]*>not in this archive", html)


def test_campaigns_lead_to_their_record(room: TestClient) -> None:
    html = room.get(f"/items/{PLAN}").text
    assert re.search(rf'<a href="/campaigns/[0-9a-f]{{12}}">{CAMPAIGN}</a>\s*<span class="chip">plan</span>', html)


def test_similar_items_come_when_they_are_asked_for(room: TestClient) -> None:
    assert f'hx-get="/items/{DECISION}/similar"' in room.get(f"/items/{DECISION}").text
    assert "No other item is like this one." in room.get(f"/items/{DECISION}/similar").text
    assert room.get("/items/nowhere/similar").status_code == 404


def test_nothing_of_a_secret_item_shows_on_the_page_of_another(peopled: People) -> None:
    for path in (f"/items/{DECISION}", f"/items/{DECISION}/similar", f"/items/{DECISION}?q=赤松"):
        html = peopled.reader.get(path).text
        assert SECRET not in html
        assert SIBLING not in html
    assert SIBLING in peopled.archivist.get(f"/items/{DECISION}/similar").text
    for path in (
        "",
        "/pages/1",
        "/similar",
        "/download/original",
        "/download/text",
        "/download/metadata",
        "/download/pdf",
    ):
        assert peopled.reader.get(f"/items/{SECRET}{path}").status_code == 404
        assert peopled.archivist.get(f"/items/{SECRET}{path}").status_code == 200


def test_a_reader_is_offered_nothing_to_decide(peopled: People) -> None:
    reader, archivist = (who.get(f"/items/{DECISION}").text for who in (peopled.reader, peopled.archivist))
    for tool in ("/correct/", "/review?item=", "box 1/liaocheng"):
        assert tool not in reader
        assert tool in archivist


# Decisions


def test_a_decision_is_told_with_who_and_when_and_can_be_taken_back(own_room: TestClient) -> None:
    archive = own_room.app.state.rooms  # type: ignore[attr-defined]
    handle = next(one.handle for one in archive.catalog.waiting(9) if one.item_id == DECISION)
    archive.desk.decide([archive.desk.judgement(handle, "correct", Decided("Li", WHEN), "1995-09-21")])
    html = own_room.get(f"/items/{DECISION}").text
    assert "received date is 1995-09-21, not 1995-09-24" in html
    assert "Li, 2026-01-02" in html
    assert "verified" in html
    (number,) = re.findall(r'name="number" value="(\d+)"', html)
    answer = own_room.post(f"/items/{DECISION}/undo", data={"number": number, "csrf": csrf(own_room)})
    assert answer.status_code == 200
    assert "taken back: received date is 1995-09-21" in answer.text
    entry = archive.catalog.item(DECISION).documents[0].values("received_date")[0]
    assert (entry.value, entry.decided) == ("1995-09-24", None)


def test_only_what_was_decided_about_the_item_is_taken_back_on_its_page(own_room: TestClient) -> None:
    archive = own_room.app.state.rooms  # type: ignore[attr-defined]
    decided = Decision(
        "link", PLAN, "refuse", {"campaign": CAMPAIGN, "name": CAMPAIGN, "evidence": []}, Decided("Li", WHEN)
    )
    (number,) = archive.catalog.decide([decided])
    form = {"number": str(number), "csrf": csrf(own_room)}
    assert own_room.post(f"/items/{DECISION}/undo", data=form).status_code == 404
    assert not archive.catalog.decision(number).undone
    assert "does not belong to the campaign" in own_room.get(f"/items/{PLAN}").text


def test_a_reader_takes_nothing_back(peopled: People) -> None:
    form = {"number": "1", "csrf": csrf(peopled.reader)}
    assert peopled.reader.post(f"/items/{DECISION}/undo", data=form).status_code == 403


def test_a_line_as_a_person_reads_it_is_shown_with_and_without_hits(own_room: TestClient) -> None:
    archive = own_room.app.state.rooms  # type: ignore[attr-defined]
    line = archive.catalog.item(PLAN).page(2).lines[1]
    archive.desk.read_line(PLAN, 2, line.box, "聊城市科學技術委員會", Decided("Li", WHEN))
    for asked in ("", "?q=委员会"):
        html = own_room.get(f"/items/{PLAN}/pages/2{asked}").text
        assert re.sub("<[^>]+>", "", html).count("聊城市科學技術委員會") == 2
        assert "read by a person" in html
    assert "a line reads “聊城市科學技術委員會”" in own_room.get(f"/items/{PLAN}").text


# To take home


def disposition(answer: Any) -> str:
    said = answer.headers["content-disposition"]
    assert said.startswith("attachment; ")
    assert answer.headers["x-content-type-options"] == "nosniff"
    found = re.search(r"filename\*=UTF-8''(\S+)", said)
    return unquote(found[1]) if found else re.findall('filename="(.*?)"', said)[0]


def test_the_text_goes_page_by_page_in_either_script(room: TestClient) -> None:
    answer = room.get(f"/items/{PLAN}/download/text")
    assert disposition(answer) == "聊城市创建全国科技工作先进市实施方案.txt"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    first, second = answer.text.split("\f")
    assert first.startswith("聊城市创建全国科技工作先进市实施方案\n")
    assert second.split("\n")[0] == "領導小組組長張三副組長李四"
    assert "领导小组组长张三" in room.get(f"/items/{PLAN}/download/text?script=simplified").text


def test_the_record_goes_as_the_export_writes_it(room: TestClient) -> None:
    answer = room.get(f"/items/{DECISION}/download/metadata")
    assert disposition(answer).startswith("Z109-WS·1995-Y-BGS-0001 中共聊城市委")
    said = json.loads(answer.content)
    assert said["id"] == DECISION
    assert said["documents"][1]["fields"]["date_of_issue"][0]["value"] == "1995-06-09"


def test_one_scan_goes_as_it_came(room: TestClient) -> None:
    answer = room.get(f"/items/{NOTICE}/download/original")
    assert answer.content == picture(items.notice(NOTICE).pages[0])
    assert answer.headers["content-type"] == "image/png"
    assert disposition(answer) == f"{NOTICE}.png"


def test_several_scans_go_in_a_zip_under_their_names(room: TestClient) -> None:
    answer = room.get(f"/items/{DECISION}/download/original")
    assert disposition(answer).endswith(".zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert packed.namelist() == ["p01.png", "p02.png", "p03.png"]
        assert packed.testzip() is None
        assert packed.read("p02.png") == picture(items.decision().page(2))


def test_a_scan_that_is_gone_is_named_in_the_zip(tmp_path: Path) -> None:
    kept(tmp_path / "archive", items.decision())
    with entered(tmp_path / "archive") as client:
        digest = client.app.state.rooms.catalog.item(DECISION).page(2).scan.sha256  # type: ignore[attr-defined]
        (tmp_path / "archive" / "originals" / digest[:2] / digest).unlink()
        answer = client.get(f"/items/{DECISION}/download/original")
        assert client.get(f"/items/{DECISION}/download/pdf").status_code >= 400
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert packed.namelist() == ["p01.png", "p03.png", "missing.txt"]
        assert packed.read("missing.txt").decode().startswith("p02.png: ")


def test_the_pdf_holds_all_pages_with_their_text(room: TestClient) -> None:
    answer = room.get(f"/items/{DECISION}/download/pdf")
    assert disposition(answer).endswith(".pdf")
    assert int(answer.headers["content-length"]) == len(answer.content)
    with pikepdf.open(io.BytesIO(answer.content)) as pdf:
        assert len(pdf.pages) == 3


def test_a_stack_that_holds_secret_papers_too_goes_to_those_only_who_may_see_them(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    with Archive(Settings(folder=folder), create=True) as archive:
        data = picture(items.notice("a2").pages[0])
        digest = archive.store.put(data)
        archive.catalog.save_scan(digest, "stack.tiff", len(data), "image/tiff", 2, "box")
        for place, (name, marked) in enumerate((("a2", False), ("a3", True))):
            item = items.notice(name, **({"secrecy": "机密"} if marked else {}))
            page = item.pages[0]
            scan: Scan = replace(page.scan, name="stack.tiff", sha256=digest, index=place)
            archive.catalog.save_item(replace(item, pages=(replace(page, scan=scan),)), "test")
    with populate(folder) as people:
        refused = people.reader.get("/items/a2/download/original", headers=ENGLISH)
        assert refused.status_code == 404
        assert "take the PDF" in refused.text
        assert people.archivist.get("/items/a2/download/original").content == data


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("p01.png", "p01.png"), ("../../etc/passwd", "passwd"), ("a\\b\\c.tif", "c.tif"), ("", "scan"), ("..", "scan"),
        ("红头文件?.pdf", "红头文件_.pdf"), ("a\u202egnp.exe", "a_gnp.exe"), ("\ud800.png", "_.png"),
        ("长" * 300 + ".png", "长" * 65 + ".png"),
    ],
)  # fmt: skip
def test_names_are_such_as_every_system_takes(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_no_two_in_a_zip_have_the_same_name() -> None:
    used: set[str] = set()
    names = [unused(name, used) for name in ("p.png", "P.PNG", "p.png", "p", "p")]
    assert names == ["p.png", "P (2).PNG", "p (3).png", "p", "p (2)"]


@pytest.mark.parametrize("said", ["<b>", "50%", "%(name)s", "a&b"])
def test_what_stands_in_an_address_is_no_markup(room: TestClient, said: str) -> None:
    for path in ("/items/{}", "/items/x/pages/{}", "/ingest/failures/{}", "/campaigns/{}"):
        answer = room.get(path.format(quote(said)))
        assert answer.status_code < 500, path
        assert "<b>" not in answer.text, path
