"""The index follows the catalogue, whatever becomes of it and whoever writes to it at the same time."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from archivist import indexing
from archivist.archive import Archive
from archivist.errors import IndexUnusable
from archivist.inspection import inspect
from archivist.settings import load
from tests.intake import index_folder
from tests.items import decision, notice


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Archive]:
    """An archive with two items."""
    with Archive(load(tmp_path / "archive"), create=True) as rooms:
        rooms.catalog.save_item(decision(), "test")
        rooms.catalog.save_item(notice("12"), "test")
        rooms.update_index()
        yield rooms


def damage(rooms: Archive) -> None:
    for path in index_folder(rooms).glob("*.trm"):
        path.write_bytes(path.read_bytes()[::-1])


def lose_a_part(rooms: Archive) -> None:
    next(index_folder(rooms).glob("*.pst")).unlink()


def cut(rooms: Archive) -> None:
    for path in index_folder(rooms).glob("*.toc"):
        os.truncate(path, 50)


def lose(rooms: Archive) -> None:
    shutil.rmtree(index_folder(rooms))


HARM = [damage, lose_a_part, cut, lose]


@pytest.mark.parametrize("harm", HARM)
def test_whatever_happened_to_the_index_the_next_run_makes_it_good(
    rooms: Archive, harm: Callable[[Archive], None]
) -> None:
    before = rooms.search("科技")
    harm(rooms)
    assert rooms.unindexed() == 2
    rooms.ingest([], lambda at: None)
    assert rooms.unindexed() == 0
    assert rooms.search("科技") == before
    assert not inspect(rooms, repair=False).unindexed


@pytest.mark.parametrize("harm", HARM)
def test_a_search_in_a_small_archive_mends_the_index_and_says_so(
    rooms: Archive, harm: Callable[[Archive], None]
) -> None:
    before = rooms.search("科技")
    harm(rooms)
    told: list[str] = []
    assert rooms.search("科技", tell=told.append) == before and before.total == 2
    assert len(told) == 1 and "made anew" in told[0]
    assert rooms.search("科技", tell=told.append) == before
    assert len(told) == 1


def test_a_search_in_a_large_archive_or_beside_a_run_tells_what_to_do(
    rooms: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(rooms)
    with rooms.catalog.runs.hold("ingest", "", "us"), pytest.raises(IndexUnusable, match="archivist reindex"):
        rooms.search("科技")
    monkeypatch.setattr(indexing, "_SMALL", 1)
    with pytest.raises(IndexUnusable, match="archivist reindex"):
        rooms.search("科技")


def test_an_item_whose_pages_are_damaged_does_not_keep_others_from_being_found(rooms: Archive) -> None:
    rooms.catalog.save_item(notice("13"), "test")
    with rooms.catalog._database.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE readings SET data = x'00' WHERE id IN (SELECT reading FROM item_pages WHERE item = '12')"
        )
    assert rooms.reindex() == 2
    assert {found.item.id for found in rooms.search("科技").found} == {decision().id, "13"}
    assert rooms.unindexed() == 1


def test_what_several_keep_and_index_at_once_is_all_found(rooms: Archive) -> None:
    """Each saves items over and over, and indexes what waits: whoever is refused must not be forgotten."""

    def work(own: int) -> None:
        with Archive(rooms.settings) as others:
            for turn in range(6):
                for item in ("a", "b", f"own-{own}"):
                    paper = notice(item)
                    others.catalog.save_item(replace(paper, title=f"{paper.title}，第{own}{turn}次"), "test")
                others._index_now()

    with ThreadPoolExecutor(3) as threads:
        for done in [threads.submit(work, own) for own in range(3)]:
            done.result()
    assert rooms.catalog.to_index() == (7, 0)
    assert not inspect(rooms, repair=False).unindexed, "the index has each item as it was saved last"


REINDEX = """
import sys
from pathlib import Path
from archivist.archive import Archive
from archivist.settings import load
with Archive(load(Path(sys.argv[1]))) as rooms:
    print("begun", flush=True)
    rooms.reindex(lambda done, total: print(done, total, flush=True))
"""


@pytest.mark.parametrize(("harm", "lines"), [(None, 60), (cut, 2)])
def test_a_reindex_that_is_killed_does_no_harm(
    rooms: Archive, harm: Callable[[Archive], None] | None, lines: int
) -> None:
    rooms.catalog.save_items([notice(f"n{number}") for number in range(120)], "test")
    rooms.update_index()
    right = rooms.search("科技", limit=200)
    if harm:
        harm(rooms)
    call = [sys.executable, "-c", REINDEX, str(rooms.settings.folder)]
    with subprocess.Popen(call, stdout=subprocess.PIPE) as process:
        assert process.stdout
        for _ in range(lines):
            assert process.stdout.readline()
        if not harm:
            assert rooms.search("科技", limit=200) == right, "in the middle of it, the old index answers"
        process.send_signal(signal.SIGKILL)
    rooms.ingest([], lambda at: None)
    assert rooms.search("科技", limit=200) == right
    assert not inspect(rooms, repair=False).unindexed
