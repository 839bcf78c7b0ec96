"""Items that are there twice: found as the archive grows, put before people, decided for good; in every database."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
from sqlalchemy import create_engine, text

from archivist.alike import ItemPair, Sketch
from archivist.archive import Archive
from archivist.catalog import Catalog
from archivist.decisions import Decision
from archivist.definitions import load
from archivist.duplicates import Duplicates
from archivist.errors import DescribingFailed, NotFound, WrongCall
from archivist.likeness.sketch import apart, sketch
from archivist.model import Decided, Item, Page
from archivist.settings import Settings
from tests.boxes import put, scan
from tests.command import Call
from tests.intake import Intake
from tests.items import page
from tests.postgres import server
from tests.scans import NOTICE as NOTICE_1987
from tests.scans import SamplePage
from tests.test_catalog_databases import downgrade
from tests.test_likeness import NOTICE, PAGE_OF_TABLE, changed, item, misread, rescanned

WHO = Decided("王", "2026-01-02T03:04:05+00:00")
FIRST = item("a", page(1, *NOTICE), PAGE_OF_TABLE)
AGAIN = item("b", misread(page(1, *NOTICE), 0.04), misread(PAGE_OF_TABLE, 0.02, 2))
NEXT = item("c", changed(("1992", "1993"), ("一九九二", "一九九三"), ("17号", "23号")))


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalog]:
    """An empty catalogue."""
    if request.param == "sqlite":
        with Catalog(f"sqlite:///{tmp_path / 'catalogue.db'}") as opened:
            yield opened
        return
    url = request.getfixturevalue("postgres")
    with Catalog(url) as opened:
        yield opened
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(f"sqlite:///{tmp_path / 'box.db'}") as opened:
        yield opened


def keep(catalog: Catalog, *items: Item, gone: tuple[str, ...] = ()) -> None:
    catalog.save_items(items, "recipe", instead_of=gone)


def pairs(catalog: Catalog, *, decided: bool = False) -> list[tuple[str, str]]:
    return [(pair.one, pair.other) for pair in catalog.likenesses.pairs(100, decided=decided)]


def pages(pair: ItemPair) -> list[tuple[int, int]]:
    return [(found.one, found.other) for found in pair.pages]


def test_a_paper_that_comes_again_is_proposed_and_that_of_next_year_is_not(catalog: Catalog) -> None:
    keep(catalog, FIRST, NEXT)
    assert Duplicates(catalog).find() == 2
    assert pairs(catalog) == []
    keep(catalog, AGAIN)
    assert Duplicates(catalog).find() == 1
    (pair,) = catalog.likenesses.pairs(100)
    assert (pair.one, pair.other, pair.kind, pair.standing) == ("a", "b", "rescan", "proposed")
    assert pages(pair) == [(1, 1), (2, 2)]
    assert 0.85 < pair.score <= 1
    assert Duplicates(catalog).find() == 0


def test_a_damaged_page_keeps_nothing_else_from_being_found(catalog: Catalog) -> None:
    keep(catalog, FIRST)
    Duplicates(catalog).find()
    with catalog._database.writing() as connection:
        connection.execute(text("UPDATE readings SET data = :data"), {"data": b"damaged"})
    keep(catalog, AGAIN, item("d", misread(page(1, *NOTICE), 0.03, 5)))
    assert Duplicates(catalog).find() == 2
    assert pairs(catalog) == [("b", "d")]
    keep(catalog, FIRST)
    assert Duplicates(catalog).find() == 1
    assert catalog.likenesses.waiting(9) == []


def test_a_page_that_breaks_the_rules_is_told_once_the_others_are_done(
    box: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(page: Page) -> Sketch:
        if page.place == NEXT.pages[0].place:
            raise LookupError("no such thing")
        return sketch(page)

    keep(box, FIRST, AGAIN, NEXT)
    monkeypatch.setattr("archivist.duplicates.sketch", broken)
    with pytest.raises(DescribingFailed, match="LookupError: no such thing"):
        Duplicates(box).find()
    assert pairs(box) == [("a", "b")]
    assert Duplicates(box).find() == 0


def test_an_ingest_ends_well_whatever_is_not_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_page: Page) -> Sketch:
        raise LookupError("no such thing")

    monkeypatch.setattr("archivist.duplicates.sketch", broken)
    (tmp_path / "box").mkdir()
    with Archive(Settings(folder=tmp_path / "archive"), create=True) as rooms:
        keep(rooms.catalog, FIRST, AGAIN)
        rooms.duplicates.look_for(["a"])
        assert rooms.catalog.likenesses.waiting(9) == ["b"]
        rooms.ingest([tmp_path / "box"], lambda at: None)
        assert rooms.catalog.likenesses.waiting(9) == []
        assert rooms.catalog.runs.latest(1)[0].outcome == "done"


def test_people_may_decide_before_anything_was_compared(catalog: Catalog) -> None:
    keep(catalog, FIRST, AGAIN)
    desk = Duplicates(catalog)
    assert desk.decide("a", "b", WHO, same=False).standing == "refused"
    desk.find()
    assert pairs(catalog, decided=True) == [("a", "b")]
    assert pairs(catalog) == []
    keep(catalog, item("e", FIRST.pages[0], PAGE_OF_TABLE))
    with pytest.raises(WrongCall, match="very same scan"):
        desk.decide("a", "e", WHO, same=True)


def test_what_was_decided_is_heeded_where_no_row_says_so_yet(catalog: Catalog) -> None:
    keep(catalog, FIRST, AGAIN)
    for here, there in zip(FIRST.pages, AGAIN.pages, strict=True):
        target = " ".join(sorted((here.place, there.place)))
        catalog.decide([Decision("likeness", target, "refuse", {"items": ["a", "b"]}, WHO)])
    Duplicates(catalog).find()
    assert (pairs(catalog), pairs(catalog, decided=True)) == ([], [("a", "b")])


def test_the_most_alike_come_first_however_many_there_are(box: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(1)
    papers = [page(1, "".join(chr(0x4E00 + chance.randrange(3000)) for _ in range(150))) for _ in range(12)]
    for n, paper in enumerate(papers):
        keep(box, item(f"a{n:02d}", paper), item(f"b{n:02d}", misread(paper, n / 100, n + 1)))
    Duplicates(box).find()
    everything = box.likenesses.pairs(100)
    assert len(everything) > 8
    Duplicates(box).decide(everything[0].one, everything[0].other, WHO, same=True)
    monkeypatch.setattr("archivist.catalog.likenesses._FOR_EACH", 1)
    assert box.likenesses.pairs(3) == everything[1:4]
    assert len(box.likenesses.pairs(100)) == len(everything) - 1
    assert [pair.standing for pair in box.likenesses.pairs(3, decided=True)] == ["confirmed"]


@pytest.mark.parametrize("version", [1, 2, 3])
def test_what_an_older_archivist_kept_is_looked_at_as_well(tmp_path: Path, version: int) -> None:
    url = f"sqlite:///{tmp_path / 'catalogue.db'}"
    with Catalog(url) as older:
        keep(older, FIRST)
    downgrade(url, version)
    with Catalog(url) as newer:
        keep(newer, AGAIN)
        Duplicates(newer).find()
        assert pairs(newer) == [("a", "b")]


def test_looking_anew_queues_everything_and_takes_nothing_away(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archivist.catalog.likenesses._QUEUED", 2)
    keep(catalog, FIRST, AGAIN, NEXT)
    Duplicates(catalog).find()
    keep(catalog, item("d", page(1, "附件")))
    assert catalog.likenesses.start_over() == 4
    assert catalog.likenesses.waiting(9) == ["a", "b", "c", "d"]
    assert pairs(catalog) == [("a", "b")]


def test_what_people_decided_is_never_asked_again(catalog: Catalog) -> None:
    keep(catalog, FIRST, AGAIN)
    desk = Duplicates(catalog)
    desk.find()
    assert desk.decide("b", "a", WHO, same=False).standing == "refused"
    keep(catalog, AGAIN)
    desk.find()
    desk.find(afresh=True)
    assert pairs(catalog) == []
    assert desk.decide("a", "b", Decided("王", "2026-02-02T00:00:00+00:00"), same=True).standing == "confirmed"
    (pair,) = catalog.likenesses.pairs(100, decided=True)
    assert (pair.standing, pair.decided and pair.decided.who) == ("confirmed", "王")
    assert [decision.act for decision in catalog.decisions("likeness")] == ["refuse", "refuse", "confirm", "confirm"]


def test_proposals_follow_pages_into_other_items(catalog: Catalog) -> None:
    keep(catalog, FIRST, AGAIN)
    desk = Duplicates(catalog)
    desk.find()
    head, tail = (item(name, one) for name, one in zip(("b1", "b2"), AGAIN.pages, strict=True))
    keep(catalog, head, tail, gone=("b",))
    assert sorted(pairs(catalog)) == [("a", "b1"), ("a", "b2")]
    desk.find()
    assert sorted(pairs(catalog)) == [("a", "b1"), ("a", "b2")]
    desk.decide("a", "b1", WHO, same=True)
    keep(catalog, item("b", *AGAIN.pages), gone=("b1", "b2"))
    desk.find()
    assert pairs(catalog) == []
    assert pairs(catalog, decided=True) == [("a", "b")]


def test_a_run_that_ends_early_is_taken_up_again(box: Catalog) -> None:
    others = [item(f"i{n:03d}", changed(("17号", f"{n + 100}号"), ("1200", f"{n + 2000}"))) for n in range(60)]
    keep(box, *others, FIRST, AGAIN)

    def killed(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Duplicates(box).find(killed)
    left = len(box.likenesses.waiting(1000))
    assert 0 < left < 62
    assert Duplicates(box).find() == left
    assert pairs(box) == [("a", "b")]


def test_a_form_on_which_many_were_written_hides_no_paper(box: Catalog) -> None:
    form = "清河县人民政府文件处理单来文机关文号份数收文日期领导批示拟办意见阅文者签名办理结果备注"
    subjects = [f"{chr(0x4E00 + 37 * n)}{chr(0x5200 + 31 * n)}{chr(0x6C00 + 29 * n)}" * 9 for n in range(80)]
    slips = [item(f"s{n:02d}", page(1, form, subject, name=f"s{n}")) for n, subject in enumerate(subjects)]
    assert len(slips) > 3 * load("schemas/likeness.yaml")["key_holds"]
    keep(box, *slips)
    Duplicates(box).find()
    keep(box, item("t", misread(slips[71].pages[0], 0.03)))
    Duplicates(box).find()
    assert pairs(box) == [("s71", "t")]


def test_a_page_scanned_twice_is_proposed_within_its_item(box: Catalog) -> None:
    keep(box, item("a", page(1, *NOTICE), PAGE_OF_TABLE, misread(page(1, *NOTICE), 0.02)))
    Duplicates(box).find()
    (pair,) = box.likenesses.pairs(100)
    assert (pair.one, pair.other, pages(pair)) == ("a", "a", [(1, 3)])


def test_what_is_read_anew_takes_its_old_likeness_with_it(box: Catalog) -> None:
    keep(box, FIRST, AGAIN)
    Duplicates(box).find()
    other: tuple[Page, ...] = (replace(changed(("1992", "1993"), ("32处", "57处")), scan=AGAIN.pages[0].scan),)
    box.save_items([replace(AGAIN, pages=other)], "a newer recipe")
    Duplicates(box).find()
    assert pairs(box) == []


def test_a_person_may_see_what_the_program_does_not(box: Catalog) -> None:
    keep(box, FIRST, NEXT)
    desk = Duplicates(box)
    desk.find()
    assert desk.decide("a", "c", WHO, same=True).standing == "confirmed"
    assert pairs(box, decided=True) == [("a", "c")]
    with pytest.raises(NotFound):
        desk.decide("a", "nothing", WHO, same=True)
    with pytest.raises(WrongCall):
        desk.decide("a", "a", WHO, same=True)


def test_at_the_command_line(tmp_path: Path, archivist: Call) -> None:
    with Archive(Settings(folder=tmp_path / "archive"), create=True) as rooms:
        numbered = item("d", changed(lines=("份号000123", *NOTICE)))
        keep(rooms.catalog, FIRST, AGAIN, item("e", changed(lines=("份号000457", *NOTICE))), numbered)
    asked = ("--archive", tmp_path / "archive")
    assert archivist("duplicates", *asked).out == "Nothing is there twice, as far as can be seen.\n"
    assert archivist("duplicates", "--find", *asked).code == 0
    said = json.loads(archivist("duplicates", "--json", *asked).out)
    found = {tuple(pair["items"]): pair for pair in said}
    assert found["a", "b"]["kind"] == "rescan"
    assert found["d", "e"]["kind"] == "copy"
    assert found["d", "e"]["pages"][0]["differences"] == [{"what": "copy mark", "here": "000123", "there": "000457"}]
    waiting = json.loads(archivist("review", "--json", *asked).out)
    assert [one["items"] for one in waiting if one["sort"] == "likeness"] == [pair["items"] for pair in said]
    assert "There twice?" in archivist("review", *asked).out
    shown = archivist("duplicates", *asked).out
    assert "another copy" in shown
    assert "number of the copy: “000123” / “000457”" in shown
    assert "not the same  (王," in archivist("duplicates", "refuse", "e", "d", "--by", "王", *asked).out
    assert ["d", "e"] not in [pair["items"] for pair in json.loads(archivist("duplicates", "--json", *asked).out)]
    (decided,) = json.loads(archivist("duplicates", "--json", "--decided", *asked).out)
    assert (decided["items"], decided["standing"], decided["decided"]["who"]) == (["d", "e"], "refused", "王")
    assert archivist("duplicates", "confirm", "a", "nothing", *asked).code == 2


def test_a_box_that_holds_a_sheet_twice(intake: Intake, tmp_path: Path) -> None:
    for name, data in (("first", NOTICE_1987.data), ("again", _rescan(NOTICE_1987))):
        (tmp_path / "box" / name).mkdir(parents=True)
        (tmp_path / "box" / name / "p01.jpg").write_bytes(data)
    intake.take(tmp_path / "box")
    intake.archive.duplicates.find()
    catalog = intake.archive.catalog
    (pair,) = catalog.likenesses.pairs(100)
    one, other = catalog.items([pair.one, pair.other])
    assert pair.score > 0.9
    assert apart(one.pages[0].look, other.pages[0].look) <= load("schemas/likeness.yaml")["look"]["apart"]


def test_boxes_that_hold_the_very_same_scan_hide_nothing_of_each_other(intake: Intake, tmp_path: Path) -> None:
    put(tmp_path / "one" / "sheet", p01=NOTICE_1987.data)
    put(tmp_path / "two" / "sheet", p01=NOTICE_1987.data, p02=scan(7))
    put(tmp_path / "two" / "again", p01=_rescan(NOTICE_1987))
    assert intake.take(tmp_path / "one", tmp_path / "two").failed == {}
    assert intake.archive.duplicates.find() == 3
    sources = {item.id: "/".join(Path(item.source).parts[-2:]) for item in intake.items}
    found = {tuple(sorted((sources[one], sources[other]))) for one, other in pairs(intake.archive.catalog)}
    assert found == {("one/sheet", "two/again"), ("two/again", "two/sheet")}


def test_an_item_that_holds_a_scan_twice_is_held_against_others(catalog: Catalog) -> None:
    sheet = FIRST.pages[0]
    keep(catalog, replace(FIRST, pages=(*FIRST.pages, replace(sheet, number=3))), item("e", sheet), AGAIN)
    assert Duplicates(catalog).find() == 3
    assert pairs(catalog)[0] == ("a", "b")
    assert ("a", "a") not in pairs(catalog) and ("a", "e") not in pairs(catalog)


def _rescan(sample: SamplePage) -> bytes:
    pixels = rescanned(sample.pixels, -1.2, 0.015, 0.8, 0.85)
    return bytes(cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1])
