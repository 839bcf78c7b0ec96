"""The ledger tells every step, cannot be changed unnoticed, and stands whoever writes at the same time."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from archivist.catalog import Catalog
from archivist.catalog.ledger import recording
from archivist.catalog.pages import pack
from archivist.decisions import ACTS, UNDO, Decision
from archivist.definitions import load
from archivist.errors import ArchiveBusy, ArchivistError
from archivist.events import ARCHIVE, SOFTWARE, Event
from archivist.model import Decided, Failure
from archivist.recipes import Recipe
from tests.items import decision, notice
from tests.postgres import server

RECIPE = "4d3f"
WANG = Decided("王", "2026-01-02T03:04:05+00:00")
#: What the event types of the Library of Congress for PREMIS 3 are called, of those that are used here.
PREMIS = {
    "deletion", "dissemination", "fixity check", "format identification", "ingestion", "ingestion end",
    "ingestion start", "message digest calculation", "metadata extraction", "metadata modification", "migration",
    "policy assignment", "recovery", "replication", "validation",
}  # fmt: skip


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'catalogue.db'}"
        return
    url = request.getfixturevalue("postgres")
    yield url
    run(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")


@pytest.fixture
def catalog(place: str) -> Iterator[Catalog]:
    with Catalog(place) as opened:
        yield opened


def run(url: str, *statements: str) -> None:
    """Carry out statements behind archivist's back."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def tamper(url: str, *statements: str) -> None:
    """Change the ledger as one can who owns the database."""
    off = ["DROP TRIGGER events_stay", "DROP TRIGGER events_remain"]
    if url.startswith("postgresql"):
        off = [f"{drop} ON events" for drop in off]
    run(url, *off, *statements)


def told(catalog: Catalog, about: str | None = None) -> list[Event]:
    return [one.event for one in catalog.ledger.events(about)]


def fill(catalog: Catalog, count: int = 4) -> None:
    catalog.ledger.add(Event("validation", ARCHIVE, {"turn": turn}) for turn in range(count))


def test_the_words_are_those_of_the_standard_and_all_have_labels() -> None:
    words = load("schemas/events.yaml")
    jsonschema.validate(words, load("schemas/definitions/events.schema.json"))
    assert set(words["types"]) == PREMIS
    assert {act for acts in ACTS.values() for act in acts} | {UNDO} <= set(words["acts"])


def test_every_step_of_a_scan_and_its_item_is_told_in_its_transaction(catalog: Catalog) -> None:
    item = notice("a")
    scan = item.pages[0].scan
    catalog.save_scan(scan.sha256, "a.jpg", 1000, "image/jpeg", 1, "box/a.jpg")
    catalog.save_reading(item.pages, RECIPE)
    catalog.save_items([item], RECIPE, described_by="d1")
    catalog.save_items([replace(item, title="改")], described_by="d2")
    ingestion, read, described, again = told(catalog)
    assert (ingestion.type, ingestion.object) == ("ingestion", f"scan:{scan.sha256}")
    assert ingestion.detail == {
        "name": "a.jpg", "bytes": 1000, "media_type": "image/jpeg", "pages": 1, "source": "box/a.jpg"
    }  # fmt: skip
    assert (read.type, read.object, read.detail["recipe"]) == ("metadata extraction", f"page:{scan.sha256}:0", RECIPE)
    assert (described.object, described.detail["act"], described.detail["described_by"]) == (
        "item:a",
        "described",
        "d1",
    )
    assert (again.type, again.detail["title"], again.detail["described_by"]) == ("metadata modification", "改", "d2")
    assert {one.agent for one in (ingestion, read, described, again)} == {SOFTWARE}
    assert told(catalog, "item:a") == [described, again]


def test_what_is_done_once_is_told_once(catalog: Catalog) -> None:
    item = notice("a")
    for _twice in range(2):
        catalog.save_scan("ab" * 32, "a.jpg", 1000, "image/jpeg", 1, "box/a.jpg")
        catalog.save_reading(item.pages, RECIPE)
        catalog.clear_failure("box/a.jpg")
    assert [one.type for one in told(catalog)] == ["ingestion", "metadata extraction"]
    catalog.save_scan("ab" * 32, "b.jpg", 1000, "image/jpeg", 1, "box/b.jpg")
    catalog.save_scan("ab" * 32, "b.jpg", 1000, "image/jpeg", 1, "box/b.jpg")
    assert [one.detail.get("act") for one in told(catalog, "scan:" + "ab" * 32)] == [None, "came again"]


def test_an_item_that_went_into_others_says_into_which(catalog: Catalog) -> None:
    whole = replace(decision(), reference_code=None, given={})
    catalog.save_items([whole], RECIPE)
    parts = [
        replace(whole, id=f"p{n}", pages=(page,), documents=(), campaigns=()) for n, page in enumerate(whole.pages)
    ]
    catalog.save_items(parts, instead_of=[whole.id])
    gone = told(catalog, f"item:{whole.id}")[-1]
    assert (gone.type, gone.detail) == ("metadata modification", {"act": "removed", "instead": ["p0", "p1", "p2"]})


def test_a_failure_is_told_with_its_reason_and_so_is_that_it_was_mended(catalog: Catalog) -> None:
    catalog.record_failure(Failure("box/a.jpg", 0, "ingest", "empty", "no bytes"))
    catalog.record_failure(Failure("box/b.pdf", 2, "read", "reading failed", "odd"), sha256="cd" * 32)
    catalog.clear_failure("box/a.jpg")
    empty, odd, mended = told(catalog)
    assert (empty.outcome, empty.type, empty.object) == ("failure", "ingestion", "source:box/a.jpg")
    assert (odd.outcome, odd.object, odd.detail["source"]) == ("failure", f"page:{'cd' * 32}:2", "box/b.pdf")
    assert (odd.detail["message"], odd.detail["stage"]) == ("odd", "read")
    assert (mended.outcome, mended.object, mended.detail) == ("success", "source:box/a.jpg", {"act": "mended"})


def test_a_decision_is_told_with_who_made_it(catalog: Catalog) -> None:
    catalog.decide([
        Decision("value", "ab:3:1", "correct", {"field": "title", "value": "关于"}, WANG),
        Decision("link", "5f0c1d", "refuse", {"campaign": "k"}, WANG),
        Decision("agency", "liaocheng", "heading", {"name": "聊城市委"}, WANG),
    ])  # fmt: skip
    value, link, agency = told(catalog)
    assert [one.object for one in (value, link, agency)] == ["page:ab:3", "item:5f0c1d", "agency:liaocheng"]
    assert {one.agent for one in (value, link, agency)} == {"王"}
    assert (value.detail["act"], value.detail["field"], value.detail["value"]) == ("correct", "title", "关于")
    assert value.detail["decided"] == WANG.at


def test_what_fails_leaves_no_event_and_what_cannot_be_told_is_not_done(catalog: Catalog) -> None:
    broken = replace(decision(), documents=(replace(decision().documents[0], fields=(None,)),))  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        catalog.save_items([broken], RECIPE)
    assert told(catalog) == []
    with (
        pytest.raises(ValueError, match="no type of event"),
        recording(catalog._database) as (connection, happened),
    ):
        connection.execute(text("INSERT INTO meta (name, value) VALUES ('odd', '1')"))
        happened.append(Event("miracle", ARCHIVE))
    with catalog._database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM meta WHERE name = 'odd'")) == 0


def test_the_chain_can_be_checked_by_anyone_who_knows_how_it_is_made(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.db"
    with Catalog(f"sqlite:///{file}") as catalog:
        catalog.save_items([decision()], RECIPE)
        catalog.decide([Decision("agency", "\ud83d\x00通", "heading", {"name": "\ud83d\x00通"}, WANG)])
        chain = catalog.ledger.check()
    seal = "0" * 64
    with closing(sqlite3.connect(file)) as database:
        for *row, kept in database.execute("SELECT id, at, type, object, outcome, agent, detail, hash FROM events"):
            line = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
            seal = hashlib.sha256(f"{seal}\n{line}".encode()).hexdigest()
            assert kept == seal
    assert (chain.head, chain.count, chain.broken) == (seal, 5, "")


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters() | st.just("\ud83d")),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=4), inside, max_size=3),
    max_leaves=6,
)


said = st.lists(st.tuples(st.text(max_size=5), st.dictionaries(st.text(max_size=4), values, max_size=3)), max_size=4)


def test_events_come_back_as_they_were_told_whatever_they_say() -> None:
    with Catalog("sqlite://") as catalog:

        @given(said)
        def come_back(said: list[tuple[str, dict[str, object]]]) -> None:
            events = [Event("validation", ARCHIVE, detail, agent=agent) for agent, detail in said]  # type: ignore[arg-type]
            before = catalog.ledger.check().count
            catalog.ledger.add(events)
            found = [one.event for one in catalog.ledger.events(after=before)]
            assert [one.detail for one in found] == [one.detail for one in events]

        come_back()
        assert catalog.ledger.check().broken == ""


def test_the_database_refuses_to_change_what_was_told(place: str) -> None:
    with Catalog(place) as catalog:
        fill(catalog)
        statements = [
            "UPDATE events SET agent = 'x' WHERE id = 2",
            "DELETE FROM events WHERE id = 4",
            "DELETE FROM events",
        ]
        if place.startswith("sqlite"):
            columns = "id, at, type, object, outcome, agent, detail, hash"
            statements += [
                f"INSERT OR REPLACE INTO events ({columns}) SELECT {columns} FROM events WHERE id = 2",
                "UPDATE OR REPLACE events SET id = 3 WHERE id = 2",
            ]
        else:
            statements.append("TRUNCATE events")
        for statement in statements:
            with (
                pytest.raises(ArchivistError, match="only ever added to"),
                catalog._database.writing() as connection,
            ):
                connection.execute(text(statement))
        assert [one.detail for one in told(catalog)] == [{"turn": turn} for turn in range(4)]


@pytest.mark.parametrize(
    ("statements", "broken"),
    [
        (["UPDATE events SET detail = '{\"turn\":9}' WHERE id = 2"], "event 2 is not as"),
        (["UPDATE events SET hash = '00' WHERE id = 3"], "event 3 is not as"),
        (["DELETE FROM events WHERE id = 2"], "event 2 is missing"),
        (["DELETE FROM events WHERE id = 1"], "event 1 is missing"),
        (["DELETE FROM events WHERE id > 2"], "events 3 to 4 are missing"),
        (["DELETE FROM events"], "events 1 to 4 are missing"),
        (["UPDATE meta SET value = '4:00' WHERE name = 'ledger'"], "another event as the last"),
        (["DELETE FROM meta WHERE name = 'ledger'"], "another event as the last"),
        (
            ["DELETE FROM events WHERE id = 4", "UPDATE meta SET value = '4:00' WHERE name = 'ledger'"],
            "4 to 4 are missing",
        ),
    ],
)
def test_whatever_is_done_to_the_ledger_is_found(place: str, statements: list[str], broken: str) -> None:
    with Catalog(place) as catalog:
        fill(catalog)
        assert catalog.ledger.check().broken == ""
    tamper(place, *statements)
    with Catalog(place) as catalog:
        assert broken in catalog.ledger.check().broken


def test_a_ledger_written_anew_is_found_by_a_seal_that_was_noted_elsewhere(place: str) -> None:
    with Catalog(place) as catalog:
        fill(catalog)
        noted = catalog.ledger.check().head
        fill(catalog)
        assert catalog.ledger.check(noted).broken == ""
        assert catalog.ledger.check(noted[:12]).broken == ""
    tamper(place, "DELETE FROM events", f"UPDATE meta SET value = '0:{'0' * 64}' WHERE name = 'ledger'")
    with Catalog(place) as catalog:
        catalog.ledger.add([Event("deletion", ARCHIVE)])
        fill(catalog, 8)
        assert catalog.ledger.check().broken == ""
        assert noted in catalog.ledger.check(noted).broken


def test_events_cut_off_are_not_covered_up_by_those_that_follow(place: str) -> None:
    with Catalog(place) as catalog:
        fill(catalog)
    tamper(place, "DELETE FROM events WHERE id = 4")
    with Catalog(place) as catalog:
        fill(catalog)
        assert "event 4 is missing" in catalog.ledger.check().broken


def test_without_its_head_the_ledger_takes_nothing_more(place: str) -> None:
    with Catalog(place) as catalog:
        fill(catalog)
        run(place, "DELETE FROM meta WHERE name = 'ledger'")
        with pytest.raises(ArchivistError, match="verify"):
            catalog.save_scan("ab" * 32, "a.jpg", 1000, "image/jpeg", 1)
        assert catalog.scan("ab" * 32) is None


def test_those_who_write_at_once_make_one_chain_and_a_check_meanwhile_finds_it_whole(place: str) -> None:
    with Catalog(place) as one, Catalog(place) as other, ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(rooms.save_scan, f"{turn:x}{number:063x}", "p.jpg", 1, "image/jpeg", 1)
            for number in range(25)
            for turn, rooms in enumerate((one, other))
        ]
        checks = []
        while not all(job.done() for job in jobs):
            checks.append(one.ledger.check().broken)
        for job in jobs:
            job.result()
        assert set(checks) <= {""}
        assert one.ledger.check() == other.ledger.check()
        assert [found.number for found in one.ledger.events()] == list(range(1, 51))


def test_a_long_ledger_is_given_and_checked_in_pieces(catalog: Catalog) -> None:
    fill(catalog, 5001)
    assert catalog.ledger.check().count == 5001
    assert [one.number for one in catalog.ledger.events(after=4000)] == list(range(4001, 5002))
    assert len(told(catalog, ARCHIVE)) == 5001


def test_a_recipe_is_kept_once_with_what_it_says(catalog: Catalog) -> None:
    recipe = Recipe("reading", '{"programs": {"tesseract": "5.3.0"}}')
    for _twice in range(2):
        catalog.ledger.keep_recipe(recipe)
    ((kept, _first_used),) = catalog.ledger.recipes()
    assert (kept, kept.digest) == (recipe, recipe.digest)


def test_what_was_read_cannot_be_replaced_unnoticed(tmp_path: Path) -> None:
    item = notice("a")
    with Catalog(f"sqlite:///{tmp_path / 'catalogue.db'}") as catalog:
        catalog.save_scan(item.pages[0].scan.sha256, "a.jpg", 1000, "image/jpeg", 1)
        catalog.save_reading(item.pages, RECIPE)
        assert [one.fault for one in catalog.soundness.readings()] == [""]
        (region,) = item.pages[0].regions
        forged = replace(item.pages[0], regions=(replace(region, lines=region.lines[:1]),))
        with closing(sqlite3.connect(tmp_path / "catalogue.db")) as database:
            database.execute("UPDATE readings SET data = ?", [pack([forged])])
            database.commit()
        (found,) = catalog.soundness.readings()
        assert "not what the ledger says" in found.fault
        catalog.soundness.read_again(found.number, item.pages, RECIPE)
        assert [one.fault for one in catalog.soundness.readings()] == [""]


def test_a_scan_that_is_known_waits_for_nobody(tmp_path: Path) -> None:
    with Catalog(f"sqlite:///{tmp_path / 'catalogue.db'}?timeout=0.1") as catalog:
        scan = ("ab" * 32, "a.jpg", 1000, "image/jpeg", 1)
        catalog.save_scan(*scan, source="box/a.jpg")
        with closing(sqlite3.connect(tmp_path / "catalogue.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            catalog.save_scan(*scan, source="box/a.jpg")
            with pytest.raises(ArchiveBusy):
                catalog.save_scan(*scan, source="box/copy.jpg")
