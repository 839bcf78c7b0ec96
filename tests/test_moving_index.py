"""The search index moved to another engine or place while people search and decide."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archivist.archive import Archive
from archivist.errors import IndexUnusable, SettingsError
from archivist.inspection import inspect
from archivist.settings import load, remember_index
from tests.command import Call
from tests.items import decision, notice


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive with a few items, which nobody has open."""
    with Archive(load(tmp_path / "archive"), create=True) as rooms:
        rooms.catalog.save_items([decision(), *(notice(f"n{number}") for number in range(9))], "test")
        rooms.update_index()
    return tmp_path / "archive"


@pytest.fixture
def rooms(folder: Path) -> Iterator[Archive]:
    with Archive(load(folder)) as rooms:
        yield rooms


def answers(rooms: Archive) -> list[tuple[str, int]]:
    return [(found.item.id, found.score) for found in rooms.search("科技", limit=100).found]


@pytest.mark.parametrize("url", ["tantivy:found", "whoosh:found"])
def test_the_index_is_moved_by_a_command_and_answers_the_same(folder: Path, archivist: Call, url: str) -> None:
    with Archive(load(folder)) as rooms:
        before = answers(rooms)
    answer = archivist("reindex", "--to", url, "--archive", folder)
    assert answer.code == 0 and answer.out.startswith("10 items indexed\n")
    assert f"{folder / 'index'}" in answer.out, "says what may be deleted"
    shutil.rmtree(folder / "index")
    with Archive(load(folder)) as rooms:
        assert rooms.index_url == f"{url.partition(':')[0]}:{folder.as_posix()}/found"
        assert answers(rooms) == before and len(before) == 10
        assert not inspect(rooms, repair=False).unindexed
        assert not inspect(rooms).unindexed and not (folder / "index").exists()


def test_who_has_the_archive_open_follows_to_the_new_index(folder: Path, rooms: Archive, archivist: Call) -> None:
    before = answers(rooms)
    assert archivist("reindex", "--to", "tantivy:found", "--archive", folder).code == 0
    shutil.rmtree(folder / "index")
    assert answers(rooms) == before
    rooms.catalog.save_item(replace(notice("late"), title="科技来信"), "test")
    assert rooms.update_index() == 1
    with Archive(load(folder)) as others:
        assert "late" in dict(answers(others))


def test_what_is_decided_while_the_index_is_moved_is_found_in_the_old_and_in_the_new_one(
    folder: Path, rooms: Archive
) -> None:
    seen: list[bool] = []

    def meanwhile(done: int, _total: int) -> None:
        if done == 5:
            rooms.catalog.save_item(replace(decision(), title="科技大会的决定"), "test")
            rooms.catalog.save_item(replace(notice("n0"), title="科技大会的通知"), "test")
            rooms.update_index()
            seen.append(rooms.search("科技大会").total == 2)

    with Archive(load(folder)) as mover:
        url = f"tantivy:{folder}/found"
        mover.move_index(url, meanwhile, lambda: remember_index(folder, url))
        assert seen == [True], "the old one answers, and knows"
        assert mover.search("科技大会").total == 2
        assert [found.item.id for found in rooms.search("科技大会").found] == [decision().id, "n0"]
        assert mover.unindexed() == 0 and not inspect(mover, repair=False).unindexed


def test_a_move_that_fails_at_the_last_leaves_all_as_it_was(folder: Path, rooms: Archive) -> None:
    before = answers(rooms)

    def refused() -> None:
        raise SettingsError("the settings file cannot be written")

    with pytest.raises(SettingsError), Archive(load(folder)) as mover:
        mover.move_index(f"tantivy:{folder}/found", None, refused)
    assert answers(rooms) == before
    rooms.catalog.save_item(notice("late"), "test")
    assert (rooms.update_index(), rooms.unindexed()) == (1, 0), "nothing waits for an index that nobody makes"


def test_a_move_that_fails_takes_nothing_off_what_waits_for_the_old_index(folder: Path, rooms: Archive) -> None:
    def meanwhile(done: int, _total: int) -> None:
        if done == 1:
            rooms.catalog.save_item(replace(notice("during"), title="科技大会"), "test")

    def refused() -> None:
        raise SettingsError("the settings file cannot be written")

    rooms.catalog.save_item(replace(notice("before"), title="科技大会"), "test")
    with pytest.raises(SettingsError), Archive(load(folder)) as mover:
        mover.move_index(f"tantivy:{folder}/found", meanwhile, refused)
    assert rooms.unindexed() == 2 and rooms.update_index() == 2
    assert rooms.search("科技大会").total == 2


def test_who_waited_for_a_move_makes_the_new_index_anew_and_not_the_old_one(
    folder: Path, rooms: Archive, archivist: Call
) -> None:
    assert archivist("reindex", "--to", "tantivy:found", "--archive", folder).code == 0
    assert rooms.reindex() == 10 and rooms.index_url.startswith("tantivy:")
    with Archive(load(folder)) as others:
        assert len(answers(others)) == 10


def test_a_round_made_while_the_index_is_moved_looks_at_the_new_one(
    folder: Path, rooms: Archive, archivist: Call
) -> None:
    assert archivist("reindex", "--to", "tantivy:found", "--archive", folder).code == 0
    shutil.rmtree(folder / "index")
    assert not inspect(rooms).found.get("index") and not (folder / "index").exists()


def test_other_servers_cannot_have_an_index_of_the_name_of_the_one_in_use(folder: Path) -> None:
    pytest.importorskip("opensearchpy")
    (folder / "archivist.toml").write_text('index = "opensearch://one:9200/box"\n')
    with Archive(load(folder)) as rooms, pytest.raises(SettingsError, match="two/box"):
        rooms.move_index("opensearch://two/box", None, lambda: None)


def test_the_same_folder_said_otherwise_is_no_other_place(folder: Path, archivist: Call) -> None:
    answer = archivist("reindex", "--to", f"whoosh:{folder}/../{folder.name}/index", "--archive", folder)
    assert answer.code == 0 and "deleted" not in answer.out


MOVE = """
import sys
from pathlib import Path
from archivist.archive import Archive
from archivist.settings import load
folder = Path(sys.argv[1])
with Archive(load(folder)) as rooms:
    rooms.move_index(f"tantivy:{folder}/found", lambda done, total: print(done, flush=True), lambda: None)
"""


def test_a_move_that_is_killed_holds_nothing_up(folder: Path, rooms: Archive) -> None:
    before = answers(rooms)
    with subprocess.Popen([sys.executable, "-c", MOVE, str(folder)], stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    assert answers(rooms) == before
    rooms.catalog.save_item(notice("late"), "test")
    rooms.ingest([], lambda at: None)
    assert rooms.unindexed() == 0 and "late" in dict(answers(rooms))
    assert not inspect(rooms, repair=False).unindexed


def test_an_index_from_before_a_move_is_never_asked_again(folder: Path, archivist: Call) -> None:
    assert archivist("reindex", "--to", "tantivy:found", "--archive", folder).code == 0
    (folder / "archivist.toml").unlink()
    with Archive(load(folder)) as rooms:
        # It would answer, of things as they were.
        assert rooms.index.count() == 10
        with pytest.raises(IndexUnusable, match=r"tantivy:found.*archivist reindex"):
            rooms.search("科技")
        assert rooms.unindexed() == 10
        assert rooms.reindex() == 10
        assert len(answers(rooms)) == 10 and rooms.unindexed() == 0


def test_an_archive_that_is_moved_as_a_whole_keeps_its_index(folder: Path, tmp_path: Path) -> None:
    with Archive(load(folder)) as rooms:
        rooms.reindex()
        before = answers(rooms)
    folder.rename(tmp_path / "elsewhere")
    with Archive(load(tmp_path / "elsewhere")) as rooms:
        assert answers(rooms) == before


@pytest.mark.parametrize("url", ["lucene:found", "opensearch://localhost", "tantivy:"])
def test_an_engine_that_there_is_not_is_refused_before_anything_is_done(
    folder: Path, archivist: Call, url: str
) -> None:
    answer = archivist("reindex", "--to", url, "--archive", folder)
    assert answer.code == 2 and url in answer.err and not (folder / "archivist.toml").exists()


def test_a_move_is_refused_where_the_environment_would_undo_it(
    folder: Path, archivist: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVIST_INDEX", "whoosh:index")
    answer = archivist("reindex", "--to", "tantivy:found", "--archive", folder)
    assert answer.code == 2 and "ARCHIVIST_INDEX" in answer.err


def test_status_names_the_index_and_says_when_the_archive_has_outgrown_it(
    folder: Path, archivist: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = archivist("status", "--archive", folder)
    assert "search index: whoosh:index\n" in answer.out and "outgrown" not in answer.out
    from archivist.search import engines

    monkeypatch.setattr(engines, "load", lambda _name: {"engines": {"whoosh": {"comfortable": 5, "then": "tantivy"}}})
    answer = archivist("status", "--archive", folder)
    assert "outgrown whoosh" in answer.out and "tantivy" in answer.out
