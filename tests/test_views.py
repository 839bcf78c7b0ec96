"""That somebody looked at a marked paper is kept: once a visit, at whichever process, and always."""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from archivist.catalog import Catalog
from archivist.errors import ArchiveBusy
from archivist.events import Event
from archivist.views import Views
from tests.items import decision
from tests.web.people import entered
from tests.web.rooms import DECISION, SECRET, SECRET_WORDS, furnish, secret


@pytest.fixture
def url(tmp_path: Path) -> str:
    # A writer who finds another at work waits no longer.
    return f"sqlite:///{tmp_path / 'catalogue.db'}?timeout=0.05"


@pytest.fixture
def catalog(url: str) -> Iterator[Catalog]:
    with Catalog(url) as opened:
        yield opened


def seen(catalog: Catalog) -> list[tuple[str, str, str]]:
    told = (one.event for one in catalog.ledger.events() if one.event.detail.get("act") == "viewed")
    return [(event.object, event.agent, str(event.detail["level"])) for event in told]


@contextmanager
def busy(url: str) -> Iterator[None]:
    """Write to the catalogue at `url` for as long as the block lasts."""
    other = sqlite3.connect(url.removeprefix("sqlite:///").partition("?")[0], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.rollback()
        other.close()


def test_a_visit_is_kept_once_by_all_processes_and_an_open_paper_never(catalog: Catalog, url: str) -> None:
    with Catalog(url) as other:
        for views in (Views(catalog), Views(other), Views(catalog)):
            for who in ("王", "李", "王"):
                views.note(secret(), who)
                views.note(decision(), who)
    assert seen(catalog) == [("item:53c7e7", "王", "top_secret"), ("item:53c7e7", "李", "top_secret")]


def test_who_looks_by_many_processes_at_once_is_kept_once(url: str) -> None:
    patient = url.replace("0.05", "20")
    with Catalog(patient) as catalog:
        opened = [Catalog(patient) for _turn in range(4)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda one: Views(one).note(secret(), "王"), opened))
        for one in opened:
            one.close()
        assert len(seen(catalog)) == 1
        assert catalog.ledger.check().broken == ""


def test_a_paper_that_is_guarded_more_is_another_visit(catalog: Catalog) -> None:
    views = Views(catalog)
    for level in ("internal", "top_secret", "internal", "open"):
        views.note_level("5f0c1d", level, "王")
    assert [level for _item, _who, level in seen(catalog)] == ["internal", "top_secret"]


def test_what_was_seen_long_ago_or_by_a_wrong_clock_is_no_visit_of_now(catalog: Catalog, url: str) -> None:
    looked = Event("dissemination", "item:5f0c1d", {"act": "viewed", "level": "internal"}, agent="王")
    catalog.ledger.add([looked])
    engine = create_engine(url)
    for away in (timedelta(minutes=-11), timedelta(minutes=11)):
        with engine.begin() as connection:
            connection.execute(text("DROP TRIGGER IF EXISTS events_stay"))
            at = (datetime.now(UTC) + away).isoformat(timespec="seconds")
            connection.execute(text("UPDATE events SET at = :at WHERE id > 0"), {"at": at})
        before = len(seen(catalog))
        Views(catalog).note_level("5f0c1d", "internal", "王")
        assert len(seen(catalog)) == before + 1
    engine.dispose()


def test_nothing_is_shown_of_which_it_cannot_be_kept_that_it_was_seen(catalog: Catalog, url: str) -> None:
    views = Views(catalog)
    with busy(url):
        for _again in range(2):
            with pytest.raises(ArchiveBusy):
                views.note(secret(), "王")
        views.note(decision(), "王")
    assert seen(catalog) == []
    views.note(secret(), "王")
    assert len(seen(catalog)) == 1
    with busy(url):
        # The same visit waits for nobody.
        views.note(secret(), "王")
        Views(catalog).note(secret(), "王")


def test_a_marked_paper_is_not_to_be_had_while_the_ledger_cannot_be_written(tmp_path: Path) -> None:
    folder = furnish(tmp_path / "archive")
    place = f"sqlite:///{folder / 'catalogue.db'}?timeout=0.05"
    (folder / "archivist.toml").write_text(f"catalogue = {json.dumps(place)}\n")
    calls = ("/items/{}", "/api/items/{}/text", "/iiif/{}/1/full/!80,80/0/default.jpg", "/review?item={}")
    with entered(folder) as room:
        with busy(place):
            for call in calls:
                refused = room.get(call.format(SECRET))
                assert (refused.status_code, refused.headers["retry-after"]) == (503, "5"), call
                assert not any(word in refused.text for word in SECRET_WORDS)
                assert room.get(call.format(DECISION)).status_code == 200
        assert [room.get(call.format(SECRET)).status_code for call in calls] == [200] * 4
