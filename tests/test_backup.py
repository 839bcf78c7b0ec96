"""A whole archive kept a second time and made again: nothing is lost, whatever breaks off in between."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from threading import Lock
from time import sleep
from typing import Any
from uuid import uuid4

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from sqlalchemy import create_engine, select, text

from archivist.archive import Archive
from archivist.backup import BackedUp, back_up, originals_in, restore
from archivist.backup.place import Place
from archivist.backup.portable import for_keeping
from archivist.catalog import Catalog, tables
from archivist.decisions import Decision
from archivist.errors import ArchiveBusy, ArchivistError, NotFound, SettingsError, WrongCall
from archivist.model import Decided, Failure, Item
from archivist.settings import Settings, load
from archivist.store import Store
from tests.command import Call
from tests.items import decision, notice
from tests.postgres import server
from tests.test_catalog_databases import downgrade

ROOT = Path(__file__).parent.parent
RECIPE = "rapidocr-3.10"
# In the words of the system, or of the database.
FULL = r"No space left on device|disk is full"
WHO = Decided("王", "2026-01-02T03:04:05+00:00")
Tell = Callable[[str, int, int], None]


def silent(_part: str, _done: int, _total: int) -> None:
    pass


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with server() as url:
        yield url


def kept(archive: Archive, item: Item) -> Item:
    """Return `item` with an original of its own for each page, and a picture cut out of the first."""
    pages = []
    for page in item.pages:
        data = f"{item.id} {page.number}".encode()
        digest = archive.store.put(data)
        archive.catalog.save_scan(digest, f"{item.id}-{page.number}.jpg", len(data), "image/jpeg", 1)
        pages.append(replace(page, scan=replace(page.scan, sha256=digest)))
    cut = replace(pages[0].regions[0], crop=archive.store.put(f"{item.id} cut out".encode()))
    pages[0] = replace(pages[0], regions=(cut, *pages[0].regions[1:]))
    return replace(item, pages=tuple(pages))


def fill(archive: Archive) -> None:
    """Put into `archive` something of everything: five originals, of which two were cut out."""
    archive.catalog.save_items([kept(archive, decision()), kept(archive, notice("12"))], RECIPE)
    archive.catalog.record_failure(Failure("box/p9.jpg", 0, "ingest", "empty", "no bytes"))
    archive.catalog.decide([Decision("boundary", archive.catalog.item("12").pages[0].place, "continues", {}, WHO)])
    archive.catalog.decide([Decision("agency", "聊城市委", "heading", {"name": "中共聊城市委"}, WHO)])
    archive.update_index()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an archive that has something of everything, and a backup of it; to be copied, not used."""
    folder = tmp_path_factory.mktemp("prepared")
    settings = Settings(folder=folder / "archive", workers=1)
    with Archive(settings, create=True) as archive:
        fill(archive)
    back_up(settings, str(folder / "backup"), silent)
    return folder


@pytest.fixture
def home(prepared: Path, tmp_path: Path) -> Settings:
    """The settings of an archive with something of everything."""
    return Settings(folder=shutil.copytree(prepared / "archive", tmp_path / "archive"), workers=1)


@pytest.fixture
def backup(prepared: Path, tmp_path: Path) -> Path:
    """The folder of a backup of it."""
    return shutil.copytree(prepared / "backup", tmp_path / "backup")


@pytest.fixture
def new(tmp_path: Path) -> Settings:
    """The settings of an archive that is not there yet."""
    return Settings(folder=tmp_path / "new", workers=1)


def rows(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of the catalogue, in their order; of the ledger what was there before the last event.

    Making a backup and restoring one are the last events; and the index has a queue of its own.
    """
    engine = create_engine(settings.catalogue)
    found = {}
    with engine.connect() as connection:
        for table in tables.tables.sorted_tables:
            if table.name not in ("index_tasks", "meta"):
                found[table.name] = sorted(map(tuple, connection.execute(select(table))), key=repr)
        found["events"] = sorted(found["events"])[:-1]
        found["meta"] = sorted(
            row for row in map(tuple, connection.execute(select(tables.meta))) if row[0] != tables.HEAD
        )
    engine.dispose()
    return found


def names(folder: Path) -> list[str]:
    """Return what lies in `folder` and below; a lock that nobody holds is nothing."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".backup.lock")
    return sorted(path.relative_to(folder).as_posix() for path in files)


def rooms(folder: Path) -> list[Path]:
    return list(folder.glob("unfinished*"))


def said(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "backup.json").read_text("utf-8"))
    return found


def check_whole(settings: Settings) -> None:
    """Nothing is lost in the archive, and its ledger is unbroken."""
    with Archive(settings) as archive:
        archive.reindex()
        assert archive.catalog.ledger.check().broken == ""
        for digest in {*archive.store.digests(), *(digest for digest, _name in archive.catalog.scans())}:
            assert archive.store.check(digest)
        assert archive.unindexed() == 0


def test_an_archive_comes_back_with_all_it_holds(small_archive: Path, tmp_path: Path, archivist: Call) -> None:
    first, second, backup = tmp_path / "first", tmp_path / "second", tmp_path / "backup"
    shutil.copytree(small_archive, first)
    with Archive(load(first)) as archive:
        value = archive.catalog.waiting(1)[0]
        archive.catalog.decide([Decision("value", "p", "accept", {"field": "title"}, WHO)])
        archive.catalog.record_failure(Failure("p9.jpg", 2, "read", "truncated", "ends early"))
    made = archivist("backup", backup, "--archive", first)
    assert (made.code, "3 scans" in made.out) == (0, True), made.err
    again = archivist("restore", backup, "--archive", second)
    assert again.code == 0, again.err
    assert rows(load(first)) == rows(load(second))
    with Archive(load(first)) as old, Archive(load(second)) as restored:
        assert list(restored.catalog.items()) == list(old.catalog.items())
        assert restored.catalog.waiting(1)[0] == value
        assert restored.catalog.campaigns() == old.catalog.campaigns() != ()
        assert restored.catalog.failures() == old.catalog.failures() != []
        assert restored.catalog.decisions() == old.catalog.decisions() != []
        assert restored.catalog.counts() == old.catalog.counts()
        for query in ("聊發〔1995〕58號", "科学技术", "先进区"):
            assert [one.item.id for one in restored.search(query).found] == [
                one.item.id for one in old.search(query).found
            ]
        assert restored.search("聊發〔1995〕58號").total == 1
        told = [list(archive.catalog.ledger.events())[-1] for archive in (old, restored)]
        assert [(one.event.type, one.event.object, one.event.outcome) for one in told] == [
            ("replication", "archive", "success"),
            ("recovery", "archive", "success"),
        ]
        assert told[0].event.detail["target"] == str(backup)
        # The backup itself came after what is in it.
        assert told[0].number == told[1].number == said(backup)["ledger"]["events"] + 1
    check_whole(load(second))


@pytest.fixture
def elsewhere(postgres: str, s3: str, tmp_path: Path) -> Iterator[Settings]:
    """The settings of an archive on servers."""
    yield Settings(folder=tmp_path / "elsewhere", catalogue=postgres, store=f"{s3}/originals", workers=1)
    engine = create_engine(postgres)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


def test_an_archive_moves_to_servers_and_back_row_for_row(
    home: Settings, elsewhere: Settings, new: Settings, s3: str, tmp_path: Path
) -> None:
    backup = f"{s3}/backups/liaocheng"
    back_up(home, backup, silent)
    restore(elsewhere, backup, silent)
    assert rows(elsewhere) == rows(home)
    check_whole(elsewhere)
    with pytest.raises(WrongCall, match="already"):
        restore(elsewhere, backup, silent)
    # Numbers go on behind those that came with the rows.
    with Archive(elsewhere) as archive:
        before = archive.catalog.last_decision()
        archive.catalog.decide([Decision("boundary", "p", "begins", {}, WHO)])
        assert archive.catalog.last_decision() == before + 1
        archive.catalog.save_item(kept(archive, notice("13")), RECIPE)
        with archive.catalog.runs.hold("ingest", "box", "王"):
            archive.catalog.save_item(kept(archive, notice("14")), RECIPE)
    back_up(elsewhere, str(tmp_path / "backup"), silent)
    restore(new, str(tmp_path / "backup"), silent)
    assert rows(new) == rows(elsewhere)
    check_whole(new)


def test_a_second_backup_copies_only_what_is_new_and_leaves_one_catalogue(home: Settings, tmp_path: Path) -> None:
    target = tmp_path / "backup"
    first = back_up(home, str(target), silent)
    assert (first.carried.copied, first.carried.there) == (6, 0)
    with Archive(home) as archive:
        archive.catalog.save_item(kept(archive, notice("13")), RECIPE)
    moments = {path: path.stat().st_mtime_ns for path in (target / "originals").rglob("*") if path.is_file()}
    second = back_up(home, str(target), silent)
    assert (second.carried.copied, second.carried.there, second.manifest.items) == (2, 6, 3)
    assert all(path.stat().st_mtime_ns == moment for path, moment in moments.items())
    assert [name for name in names(target) if "/" not in name] == ["backup.json", second.manifest.catalogue.name]
    assert set(originals_in(str(target)).digests()) == set(Store(home.store).digests())


def test_what_is_missing_or_damaged_is_told_and_the_rest_is_kept(
    home: Settings, tmp_path: Path, archivist: Call
) -> None:
    gone, spoilt, *_others = (
        next(home.folder.rglob(sha256(data).hexdigest())) for data in (b"5f0c1d 1", b"5f0c1d cut out")
    )
    gone.unlink()
    spoilt.write_bytes(b"5f0c1d cut ouT")
    made = archivist("backup", tmp_path / "backup", "--archive", home.folder)
    assert made.code == 1
    assert "5f0c1d-1.jpg" in made.err and "has changed" in made.err
    assert {one["sha256"] for one in said(tmp_path / "backup")["lost"]} == {gone.name, spoilt.name}
    again = archivist("restore", tmp_path / "backup", "--archive", tmp_path / "new")
    assert again.code == 1
    assert "5f0c1d-1.jpg" in again.err
    with Archive(load(tmp_path / "new")) as archive:
        assert [item.id for item in archive.catalog.items()] == ["5f0c1d", "12"]
        assert set(archive.store.digests()) == set(Store(home.store).digests()) - {spoilt.name}
        last = list(archive.catalog.ledger.events())[-1].event
        assert (last.type, last.outcome, last.detail["lost"]) == ("recovery", "warning", 2)


def test_a_backup_mends_nothing_but_keeps_what_it_had_of_a_lost_original(home: Settings, backup: Path) -> None:
    original = next(home.folder.rglob(sha256(b"12 1").hexdigest()))
    original.unlink()
    made = back_up(home, str(backup), silent)
    assert made.manifest.lost == ()
    assert originals_in(str(backup)).get(original.name) == b"12 1"


def test_a_vanished_store_is_no_archive_without_originals(home: Settings, backup: Path, tmp_path: Path) -> None:
    with Archive(home) as archive:
        archive.catalog.save_item(kept(archive, notice("13")), RECIPE)
    before = said(backup)
    (home.folder / "originals").rename(tmp_path / "unmounted")
    with pytest.raises(ArchivistError, match="originals"):
        back_up(home, str(backup), silent)
    assert said(backup) == before
    assert not (home.folder / "originals").exists()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_backup_is_one_state_of_an_archive_that_is_written_to(
    database: str, request: pytest.FixtureRequest, home: Settings, new: Settings, tmp_path: Path
) -> None:
    if database == "postgresql":
        backup, home = request.getfixturevalue("backup"), request.getfixturevalue("elsewhere")
        restore(home, str(backup), silent)
    saved: list[Item] = []

    def write(_part: str, done: int, total: int) -> None:
        if done < total and len(saved) < 3:
            with Archive(home) as archive:
                saved.append(notice(str(20 + len(saved))))
                archive.catalog.save_item(kept(archive, saved[-1]), RECIPE)

    made = back_up(home, str(tmp_path / "now"), write)
    assert len(saved) == 3 and made.manifest.items == 2
    restore(new, str(tmp_path / "now"), silent)
    check_whole(new)
    with Catalog(new.catalogue) as catalog:
        assert [item.id for item in catalog.items()] == ["5f0c1d", "12"]


# What a program of its own does until it kills itself.
KILLED = """
import os, signal, sys
from archivist import backup
from archivist.backup.place import Place
from archivist.settings import Settings

def die(*words):
    os.kill(os.getpid(), signal.SIGKILL)

def tell(part, done, total):
    if part.startswith(when) and done > 1:
        die()

when, act, folder, place = sys.argv[1:]
if when == "named":
    Place.write = die
settings = Settings(folder=folder, workers=1)
(backup.back_up if act == "backup" else backup.restore)(settings, place, tell)
"""


def killed(when: str, act: str, settings: Settings, place: Path) -> None:
    """Back up or restore, and be killed: among the rows or originals, or just before backup.json is written."""
    call = [sys.executable, "-c", KILLED, when, act, str(settings.folder), str(place)]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("when", ["rows", "originals", "named"])
def test_a_backup_that_is_killed_leaves_the_one_before(when: str, home: Settings, backup: Path, new: Settings) -> None:
    before = said(backup)
    with Archive(home) as archive:
        archive.catalog.save_item(kept(archive, notice("13")), RECIPE)
    killed(when, "backup", home, backup)
    assert said(backup) == before
    restore(new, str(backup), silent)
    check_whole(new)
    with Catalog(new.catalogue) as catalog:
        assert [item.id for item in catalog.items()] == ["5f0c1d", "12"]
    assert back_up(home, str(backup), silent).manifest.items == 3
    assert not [name for name in names(backup) if name.endswith(".part")]
    # What died in the place may be at work on another machine, for all anybody here knows; but not for a day.
    for room in rooms(backup):
        room.rename(backup / f"unfinished-20200101T000000Z-{uuid4().hex}")
    back_up(home, str(backup), silent)
    assert not rooms(backup)


@pytest.mark.parametrize("when", ["rows", "originals"])
def test_a_restore_that_is_killed_opens_nothing_and_begins_again(
    when: str, home: Settings, new: Settings, backup: Path, tmp_path: Path, archivist: Call
) -> None:
    killed(when, "restore", new, backup)
    for command in (["status"], ["search", "科技"], ["backup", tmp_path / "other"]):
        answer = archivist(*command, "--archive", new.folder)
        assert (answer.code, "archivist restore" in answer.err) == (2, True), answer.err
    with pytest.raises(SettingsError, match="broke off"):
        Catalog(new.catalogue)
    answer = archivist("restore", backup, "--archive", new.folder)
    assert answer.code == 0, answer.err
    assert rows(new) == rows(home)
    check_whole(new)
    assert {path.name for path in new.folder.iterdir()} >= {"catalogue.db", "index", "originals"}
    assert not rooms(new.folder)


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Callable[[int], None]]:
    """Mount a disk of so many kB at `folder` and give what makes it larger; skips where that is not allowed."""
    folder.mkdir()

    def mount(*words: str) -> bool:
        call = ["mount", "-t", "tmpfs", *words, "tmpfs", str(folder)]
        return bool(shutil.which("mount")) and subprocess.run(call, capture_output=True).returncode == 0

    if os.geteuid() or not mount("-o", f"size={kilobytes}k"):
        pytest.skip("mounting a small disk is not allowed here")
    try:
        yield lambda kilobytes: pytest.fail("cannot grow") if not mount("-o", f"remount,size={kilobytes}k") else None
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_the_backup_before_and_more_room_mends_it(
    home: Settings, new: Settings, tmp_path: Path
) -> None:
    target = tmp_path / "disk"
    with small_disk(target, 2000) as grow:
        back_up(home, str(target), silent)
        before = said(target)
        with Archive(home) as archive:
            data = os.urandom(2 << 20)
            digest = archive.store.put(data)
            archive.catalog.save_scan(digest, "large.tif", len(data), "image/tiff", 1)
        # No room for the original, and then none for the catalogue.
        with pytest.raises(ArchivistError, match="No space left on device"):
            back_up(home, str(target), silent)
        filling = target / "originals" / "filling"
        filling.write_bytes(bytes(shutil.disk_usage(target).free - 80_000))
        with pytest.raises(ArchivistError, match=FULL):
            back_up(home, str(target), silent)
        assert said(target) == before
        assert [name for name in names(target) if "/" not in name] == ["backup.json", before["catalogue"]["name"]]
        assert digest not in set(originals_in(str(target)).digests())
        filling.unlink()
        grow(8000)
        assert back_up(home, str(target), silent).manifest.scans == before["scans"] + 1
        restore(new, str(target), silent)
    check_whole(new)


def test_a_restore_onto_a_full_disk_says_so_and_is_begun_again(home: Settings, backup: Path, tmp_path: Path) -> None:
    with Archive(home) as archive:
        data = os.urandom(3 << 20)
        archive.catalog.save_scan(archive.store.put(data), "large.tif", len(data), "image/tiff", 1)
    back_up(home, str(backup), silent)
    with small_disk(tmp_path / "disk", 3000) as grow:
        settings = Settings(folder=tmp_path / "disk" / "new", workers=1)
        with pytest.raises(ArchivistError, match=FULL):
            restore(settings, str(backup), silent)
        grow(20_000)
        restore(settings, str(backup), silent)
        assert rows(settings) == rows(home)
        check_whole(settings)


@pytest.mark.parametrize("place", ["", "deeper", "originals", ".."])
def test_an_archive_is_not_backed_up_into_itself(home: Settings, place: str) -> None:
    before = names(home.folder)
    with pytest.raises(WrongCall, match="place of its own"):
        back_up(home, str(home.folder / place), silent)
    assert names(home.folder) == before


def test_originals_of_an_archive_in_another_place_are_no_backup(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path / "archive", store=f"file://{tmp_path}/disk/originals", workers=1)
    with Archive(settings, create=True) as archive:
        fill(archive)
    with pytest.raises(WrongCall, match="place of its own"):
        back_up(settings, str(tmp_path / "disk"), silent)


def test_other_things_are_not_mixed_with_a_backup(home: Settings, tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "letter.txt").write_text("dear")
    with pytest.raises(WrongCall, match=r"letter\.txt"):
        back_up(home, str(tmp_path / "papers"), silent)
    assert names(tmp_path / "papers") == ["letter.txt"]


def test_a_backup_that_knows_more_is_not_written_over(
    home: Settings, backup: Path, new: Settings, tmp_path: Path
) -> None:
    earlier = shutil.copytree(backup, tmp_path / "earlier")
    with Archive(home) as archive:
        archive.catalog.save_item(kept(archive, notice("13")), RECIPE)
    back_up(home, str(backup), silent)
    later = said(backup)
    # What was restored from an earlier backup does not know of the item.
    restore(new, str(earlier), silent)
    with pytest.raises(WrongCall, match="does not know of"):
        back_up(new, str(backup), silent)
    assert said(backup) == later
    assert back_up(new, str(earlier), silent).manifest.items == 2


def test_the_backup_of_another_archive_is_not_written_over(new: Settings, backup: Path) -> None:
    with Archive(new, create=True) as archive:
        for number in range(13, 20):
            archive.catalog.save_item(kept(archive, notice(str(number))), RECIPE)
    with pytest.raises(WrongCall, match="does not know of"):
        back_up(new, str(backup), silent)


def test_an_archive_in_use_is_not_restored_over(new: Settings, backup: Path) -> None:
    with Archive(new, create=True) as archive:
        archive.catalog.save_item(kept(archive, notice("13")), RECIPE)
    before = rows(new)
    with pytest.raises(WrongCall, match="already"):
        restore(new, str(backup), silent)
    assert rows(new) == before


def test_two_backups_at_once_do_not_disturb_each_other(home: Settings, tmp_path: Path) -> None:
    def second(_part: str, _done: int, _total: int) -> None:
        with pytest.raises(ArchiveBusy, match="another backup"):
            back_up(home, str(tmp_path / "other"), silent)

    back_up(home, str(tmp_path / "backup"), second)
    assert not (tmp_path / "other").exists()


def test_two_archives_that_come_to_one_place_at_once_leave_one_whole_backup(
    home: Settings, new: Settings, tmp_path: Path
) -> None:
    with Archive(new, create=True) as archive:
        archive.catalog.save_item(kept(archive, notice("13")), RECIPE)
    target = str(tmp_path / "backup")

    def second(_part: str, _done: int, _total: int) -> None:
        with pytest.raises(ArchiveBusy, match="another backup"):
            back_up(new, target, silent)

    back_up(home, target, second)
    with pytest.raises(WrongCall, match="does not know of"):
        back_up(new, target, silent)
    restored = Settings(folder=tmp_path / "restored", workers=1)
    restore(restored, target, silent)
    assert rows(restored) == rows(home)


def test_on_a_server_the_backup_that_was_made_meanwhile_stands(home: Settings, new: Settings, tmp_path: Path) -> None:
    with Archive(new, create=True) as archive:
        archive.catalog.save_item(kept(archive, notice("13")), RECIPE)
    target = f"memory://{uuid4().hex}"
    made: list[BackedUp] = []

    def second(_part: str, _done: int, _total: int) -> None:
        if not made:
            made.append(back_up(new, target, silent))

    with pytest.raises(ArchiveBusy, match="another backup"):
        back_up(home, target, second)
    restored = Settings(folder=tmp_path / "restored", workers=1)
    restore(restored, target, silent)
    assert rows(restored) == rows(new)


def test_a_folder_of_others_called_unfinished_is_left_alone(
    home: Settings, new: Settings, backup: Path, tmp_path: Path
) -> None:
    for folder in (backup, tmp_path / "theirs", new.folder):
        (folder / "unfinished").mkdir(parents=True)
        (folder / "unfinished" / "novel.txt").write_text("Once upon a time")
    back_up(home, str(backup), silent)
    restore(new, str(backup), silent)
    with pytest.raises(WrongCall, match="unfinished"):
        back_up(home, str(tmp_path / "theirs"), silent)
    for folder in (backup, tmp_path / "theirs", new.folder):
        assert (folder / "unfinished" / "novel.txt").read_text() == "Once upon a time"


def test_a_backup_that_stands_is_made_though_the_ledger_cannot_say_so(home: Settings, tmp_path: Path) -> None:
    def beheaded(part: str, _done: int, _total: int) -> None:
        if part == "originals":
            connection = sqlite3.connect(home.folder / "catalogue.db")
            connection.execute("DELETE FROM meta WHERE name = 'ledger'")
            connection.commit()
            connection.close()

    made = back_up(home, str(tmp_path / "backup"), beheaded)
    assert "head" in made.untold
    assert said(tmp_path / "backup")["catalogue"]["name"] == made.manifest.catalogue.name


@pytest.mark.parametrize("emptied", [False, True])
def test_a_backup_whose_originals_are_not_mounted_restores_nothing(
    emptied: bool, home: Settings, new: Settings, backup: Path, tmp_path: Path
) -> None:
    (backup / "originals").rename(tmp_path / "elsewhere")
    if emptied:
        (backup / "originals").mkdir()
    with pytest.raises(ArchivistError, match="mount"):
        restore(new, str(backup), silent)
    assert not (new.folder / "catalogue.db").exists()
    if emptied:
        (backup / "originals").rmdir()
    (tmp_path / "elsewhere").rename(backup / "originals")
    restore(new, str(backup), silent)
    assert rows(new) == rows(home)


def test_originals_are_not_brought_back_from_where_there_is_no_backup(
    home: Settings, tmp_path: Path, archivist: Call
) -> None:
    answer = archivist("verify", "--from", tmp_path / "absent", "--archive", home.folder)
    assert (answer.code, "there is no backup" in answer.err) == (2, True), answer.err


@pytest.mark.parametrize("damage", [b"cut off", b"5f0c1d cut ouT"])
def test_a_picture_that_is_whole_in_the_backup_is_not_lost(damage: bytes, home: Settings, backup: Path) -> None:
    picture = next(home.folder.rglob(sha256(b"5f0c1d cut out").hexdigest()))
    picture.write_bytes(damage)
    assert back_up(home, str(backup), silent).manifest.lost == ()


def test_what_breaks_off_on_a_server_of_files_leaves_what_lay_there(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(f"memory://{uuid4().hex}")
    place.write("backup.json", b"before")
    pipe = MemoryFileSystem.pipe_file

    def cut_off(files: MemoryFileSystem, path: str, value: bytes, **more: Any) -> None:
        pipe(files, path, value[:3], **more)
        raise OSError("connection lost")

    monkeypatch.setattr(MemoryFileSystem, "pipe_file", cut_off)
    with pytest.raises(ArchivistError, match="connection lost"):
        place.write("backup.json", b"the next")
    assert (place.names(), place.read("backup.json", 100)) == (["backup.json"], b"before")
    monkeypatch.undo()
    move = MemoryFileSystem.mv

    def as_windows_does(files: MemoryFileSystem, old: str, name: str, **more: Any) -> None:
        if files.exists(name):
            raise FileExistsError(name)
        move(files, old, name, **more)

    monkeypatch.setattr(MemoryFileSystem, "mv", as_windows_does)
    place.write("backup.json", b"the next")
    assert (place.names(), place.read("backup.json", 100)) == (["backup.json"], b"the next")


def test_large_originals_are_in_memory_one_at_a_time(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archivist.backup.originals._LARGE", 3)
    found = [data for number in range(5000) if sha256(data := b"%d large" % number).hexdigest().startswith("00")]
    with Archive(home) as archive:
        for data in found[:4]:
            archive.catalog.save_scan(archive.store.put(data), "large.tif", len(data), "image/tiff", 1)
    get, free, together = Store.get, Lock(), []

    def watched(store: Store, digest: str) -> bytes:
        alone = free.acquire(blocking=False)
        together.append(not alone)
        # Another hand would come for its original meanwhile.
        sleep(0.01)
        if alone:
            free.release()
        return get(store, digest)

    monkeypatch.setattr(Store, "get", watched)
    back_up(home, str(tmp_path / "backup"), silent)
    assert len(together) >= 4 and not any(together)


def test_where_there_is_no_backup_nothing_is_restored(new: Settings, tmp_path: Path) -> None:
    for place in ("absent", "."):
        with pytest.raises(NotFound, match=r"backup\.json"):
            restore(new, str(tmp_path / place), silent)
    assert not new.folder.exists()


def spoil(target: Path, **said_instead: Any) -> None:
    """Let the backup.json in `target` say something else."""
    path = target / "backup.json"
    path.write_text(json.dumps({**said(target), **said_instead}), "utf-8")


def passed_off(target: Path, *statements: str) -> None:
    """Change the catalogue in a backup, and let backup.json say that it is as it was."""
    path = target / said(target)["catalogue"]["name"]
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    data = path.read_bytes()
    spoil(target, catalogue={**said(target)["catalogue"], "sha256": sha256(data).hexdigest(), "bytes": len(data)})


def test_a_changed_catalogue_is_refused_and_nothing_made_of_it(new: Settings, backup: Path) -> None:
    path = backup / said(backup)["catalogue"]["name"]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ArchivistError, match="has changed"):
        restore(new, str(backup), silent)
    path.unlink()
    with pytest.raises(ArchivistError, match=path.name):
        restore(new, str(backup), silent)
    assert {path.name for path in new.folder.iterdir()} <= {"backup.lock"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[" * 100_000,
        b'{"format": "archivist backup"}',
        b'{"format": "archivist backup", "version": 1e999}',
        b"\x00" * 10_000,
    ],
    ids=repr,
)
def test_a_damaged_description_is_told_in_words(data: bytes, new: Settings, backup: Path) -> None:
    (backup / "backup.json").write_bytes(data)
    for call in (
        lambda: restore(new, str(backup), silent),
        lambda: originals_in(str(backup)),
    ):
        with pytest.raises(ArchivistError, match=r"backup\.json"):
            call()
    assert not new.folder.exists()


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "catalogue-1-../../x.db", "catalogue-1-ab.db\n"])
def test_a_description_that_points_elsewhere_is_refused(name: str, new: Settings, backup: Path) -> None:
    spoil(backup, catalogue={**said(backup)["catalogue"], "name": name})
    with pytest.raises(ArchivistError, match="no description of a backup"):
        restore(new, str(backup), silent)


def test_a_backup_of_a_newer_archivist_is_left_alone(home: Settings, new: Settings, backup: Path) -> None:
    spoil(backup, version=99, archivist="archivist 99")
    for call in (lambda: restore(new, str(backup), silent), lambda: back_up(home, str(backup), silent)):
        with pytest.raises(ArchivistError, match="newer archivist"):
            call()
    spoil(backup, version=1)
    passed_off(backup, "UPDATE meta SET value = '99' WHERE name = 'schema_version'")
    with pytest.raises(ArchivistError, match="newer archivist"):
        restore(new, str(backup), silent)


def test_a_pipe_in_place_of_a_file_is_not_waited_for(new: Settings, backup: Path) -> None:
    for path in (backup / said(backup)["catalogue"]["name"], backup / "backup.json"):
        path.unlink()
        os.mkfifo(path)
        with pytest.raises(ArchivistError, match=path.name):
            restore(new, str(backup), silent)


@pytest.mark.parametrize("inside", ["00/../../../secret", "/etc/passwd", "../" * 21 + "x", "Ä" * 64, ""])
def test_names_that_are_no_digests_lead_nowhere(inside: str, new: Settings, backup: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    passed_off(backup, f"UPDATE scans SET sha256 = '{inside}', size = 6 WHERE name = '12-1.jpg'")
    with pytest.raises(ArchivistError, match="no digest"):
        restore(new, str(backup), silent)
    assert {path.name for path in new.folder.iterdir()} <= {"backup.lock"}


@pytest.mark.parametrize(
    "statements",
    [
        ["ALTER TABLE scans RENAME TO s", "CREATE VIEW scans AS SELECT * FROM s"],
        ["CREATE TRIGGER t AFTER UPDATE ON meta BEGIN DELETE FROM scans; END"],
        ["DROP TABLE meta"],
        ["DROP TABLE scans"],
        ["UPDATE meta SET value = 'four' WHERE name = 'schema_version'"],
    ],
)
def test_a_catalogue_that_is_none_is_refused(statements: list[str], new: Settings, backup: Path) -> None:
    passed_off(backup, *statements)
    with pytest.raises(ArchivistError):
        restore(new, str(backup), silent)
    assert not (new.folder / "catalogue.db").exists()


def test_an_archive_whose_ledger_was_broken_is_restored_and_says_so(
    backup: Path, tmp_path: Path, archivist: Call
) -> None:
    passed_off(backup, "DROP TRIGGER events_stay", "UPDATE events SET agent = 'nobody' WHERE id = 2")
    answer = archivist("restore", backup, "--archive", tmp_path / "new")
    assert (answer.code, "event 2" in answer.err) == (1, True), answer.err
    with Catalog(load(tmp_path / "new").catalogue) as catalog:
        assert len(list(catalog.items())) == 2
        assert "event 2" in catalog.ledger.check().broken


def test_even_a_ledger_without_its_head_comes_back(backup: Path, tmp_path: Path, archivist: Call) -> None:
    passed_off(backup, "DELETE FROM meta WHERE name = 'ledger'")
    answer = archivist("restore", backup, "--archive", tmp_path / "new")
    assert (answer.code, "ledger" in answer.err) == (1, True), answer.err
    assert len(archivist("status", "--archive", tmp_path / "new").out) > 0


def test_a_catalogue_of_older_tables_is_brought_up_to_date_on_the_way(
    home: Settings, new: Settings, backup: Path
) -> None:
    downgrade(f"sqlite:///{backup / said(backup)['catalogue']['name']}", 3)
    passed_off(backup)
    assert restore(new, str(backup), silent).broken == ""
    with Catalog(new.catalogue) as catalog, Catalog(home.catalogue) as old:
        assert list(catalog.items()) == list(old.items())
        assert [one.event.type for one in catalog.ledger.events()] == ["migration", "recovery"]
    # What was cut out of the scans is known by the pages alone.
    assert set(Store(new.store).digests()) == set(Store(home.store).digests())


def test_settings_come_along_without_passwords_and_without_places(
    home: Settings, new: Settings, tmp_path: Path
) -> None:
    (home.folder / "archivist.toml").write_text(
        '# How we read.\nsecond_reader = "never"\nmost_failures = 0.25\n'
        'store = "s3://originals"\ncatalogue = "postgresql://archivist:geheim@server/archive"\n',
        "utf-8",
    )
    made = back_up(home, str(tmp_path / "backup"), silent)
    assert made.manifest.left_out == ("catalogue",)
    assert "geheim" not in (tmp_path / "backup" / "backup.json").read_text("utf-8")
    assert restore(new, str(tmp_path / "backup"), silent).settings
    settings = load(new.folder)
    assert (settings.second_reader, settings.most_failures) == ("never", 0.25)
    assert (settings.catalogue, settings.store) == (new.catalogue, new.store)
    assert "# How we read." in (new.folder / "archivist.toml").read_text("utf-8")


@pytest.mark.parametrize(
    "line",
    [
        'catalogue = "postgresql://server/archive?sslpassword=geheim"',
        'store = "s3://originals?aws_secret_access_key=geheim"',
        'store = "s3://originals?access%5Ftoken=geheim"',
        'store = "s3://originals?pass%77ord=geheim"',
        '# catalogue = "postgresql://archivist:geheim@server/archive"',
        'second_reader = "never" # was postgresql://archivist:geheim@server/archive',
    ],
)
def test_passwords_do_not_come_along_in_any_dress(line: str) -> None:
    kept, _gone = for_keeping(f"most_failures = 0.25\n{line}\n# What we wait for.\n")
    assert kept == "most_failures = 0.25\n# What we wait for.\n"


def test_a_place_is_kept_without_its_password(home: Settings) -> None:
    made = back_up(home, "memory://user:geheim@backups/liaocheng", silent)
    assert "geheim" not in made.place
    with Catalog(home.catalogue) as catalog:
        assert list(catalog.ledger.events())[-1].event.detail["target"] == "memory://backups/liaocheng"
