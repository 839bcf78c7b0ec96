"""A round through an archive: every kind of damage, done by hand, is found and named, and mended where it can be."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fsspec.core import url_to_fs

from archivist.archive import Archive
from archivist.inspection import Findings, inspect
from archivist.settings import Settings, load
from archivist.store import Store
from tests.command import Call
from tests.intake import index_folder
from tests.postgres import server
from tests.scans import SAMPLES

SLIP = "p01.jpg"


@pytest.fixture
def folder(small_archive: Path, tmp_path: Path) -> Path:
    """The folder of an archive to be damaged, with two items on three pages."""
    shutil.copytree(small_archive, tmp_path / "archive")
    return tmp_path / "archive"


@pytest.fixture
def rooms(folder: Path) -> Iterator[Archive]:
    """That archive, opened."""
    with Archive(load(folder)) as rooms:
        yield rooms


@pytest.fixture
def postgres() -> Iterator[str]:
    """The URL of an empty database on a server."""
    with server() as url:
        yield url


def change(folder: Path, *statements: str) -> None:
    """Do to the catalogue what no archivist would."""
    with closing(sqlite3.connect(folder / "catalogue.db", isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def asked(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "catalogue.db")) as connection:
        return connection.execute(query).fetchall()


def kept(folder: Path, digest: str) -> Path:
    (path,) = (folder / "originals").rglob(digest)
    return path


def original(folder: Path, name: str = SLIP) -> Path:
    ((digest,),) = asked(folder, f"SELECT sha256 FROM scans WHERE name = '{name}'")
    return kept(folder, digest)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def state(rooms: Archive) -> object:
    """All that people see of an archive."""
    answers = [rooms.search(query) for query in ("科技", "先进市", "1995", "学习")]
    return list(rooms.catalog.items()), answers, sorted(rooms.store.digests())


def flaws(findings: Findings) -> list[tuple[str, str, bool]]:
    return [(flaw.kind, flaw.what, flaw.mended) for flaw in findings.flaws]


def test_a_sound_archive_is_said_to_be_sound(rooms: Archive, archivist: Call, folder: Path) -> None:
    findings = inspect(rooms)
    assert findings.well and not findings.flaws and not findings.strays and not findings.unread
    assert findings.looked_at["original"] == 3 and findings.looked_at["reading"] == 3
    assert findings.looked_at["item"] == 2 and findings.looked_at["index"] == 2
    assert findings.looked_at["picture"] == len(asked(folder, "SELECT DISTINCT sha256 FROM derivatives")) > 0
    last = list(rooms.catalog.ledger.events("archive"))[-2:]
    assert [(one.event.type, one.event.outcome) for one in last] == [
        ("fixity check", "success"),
        ("validation", "success"),
    ]
    assert findings.head == last[-1].seal
    answer = archivist("verify", "--archive", folder)
    assert answer.code == 0
    assert "3 originals checked, 0 missing or changed" in answer.out


@pytest.mark.parametrize("damage", ["cut", "flipped", "gone"])
def test_a_damaged_original_is_named_and_brought_back_from_its_box(
    rooms: Archive, folder: Path, small_archive: Path, damage: str
) -> None:
    before = state(rooms)
    path = original(folder)
    right = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(right[:1000])
    else:
        flip(path)
    wrong = path.read_bytes() if path.exists() else None
    findings = inspect(rooms, repair=False)
    assert flaws(findings) == [("original", SLIP, False)] and findings.damaged == (SLIP,)
    assert len(findings.flaws[0].items) == 1 and "--from" in findings.flaws[0].says
    box = next((small_archive.parent / "box").rglob(SLIP))
    findings = inspect(rooms)
    assert flaws(findings) == [("original", SLIP, True)] and str(box) in findings.flaws[0].says
    assert path.read_bytes() == right
    aside = [other.read_bytes() for other in path.parent.glob(f"{path.name}?*")]
    assert aside == ([] if wrong is None else [wrong]), "nothing that was kept is thrown away"
    assert inspect(rooms).well and state(rooms) == before
    about = [one.event for one in rooms.catalog.ledger.events(f"scan:{path.name}")]
    checks = [(event.type, event.outcome) for event in about if event.type in ("fixity check", "recovery")]
    assert checks == [("fixity check", "failure"), ("fixity check", "failure"), ("recovery", "success")]


def test_an_original_comes_back_from_a_backup_only(rooms: Archive, folder: Path, tmp_path: Path) -> None:
    change(folder, "UPDATE items SET source = '/nowhere' WHERE source LIKE '%liaocheng%'")
    spare = Store(f"file://{tmp_path}/backup")
    path = original(folder)
    right = path.read_bytes()
    path.write_bytes(right + b"x")
    findings = inspect(rooms, spare=spare)
    box_is_known = not findings.damaged
    if box_is_known:
        path.write_bytes(right + b"x")
    spare.put(right)
    assert inspect(rooms, spare=spare).well
    assert path.read_bytes() == right


def test_a_lost_picture_of_handwriting_is_cut_again(rooms: Archive, folder: Path) -> None:
    digests = [digest for (digest,) in asked(folder, "SELECT DISTINCT sha256 FROM derivatives ORDER BY sha256")]
    kept(folder, digests[0]).unlink()
    flip(kept(folder, digests[-1]))
    findings = inspect(rooms, repair=False)
    assert findings.found == {"picture": len(set(digests[:1] + digests[-1:]))} and not findings.mended
    assert all("p01.jpg, page 1" in flaw.what for flaw in findings.flaws)
    assert inspect(rooms).well
    findings = inspect(rooms)
    assert findings.well and not findings.flaws


def test_a_damaged_reading_is_read_again(rooms: Archive, folder: Path) -> None:
    before = state(rooms)
    ((number, data),) = asked(
        folder, "SELECT r.id, r.data FROM readings r JOIN scans s ON r.sha256 = s.sha256 WHERE s.name = 'p01.jpg'"
    )
    broken = bytearray(data)
    broken[len(broken) // 2] ^= 1
    change(folder, f"UPDATE readings SET data = x'{broken.hex()}' WHERE id = {number}")
    findings = inspect(rooms, repair=False)
    assert ("reading", "p01.jpg, page 1, as read", False) in flaws(findings)
    findings = inspect(rooms)
    assert findings.well and ("reading", "p01.jpg, page 1, as read", True) in flaws(findings)
    assert state(rooms) == before
    findings = inspect(rooms)
    assert findings.well and not findings.flaws


def test_values_that_do_not_stand_where_they_say_are_described_again(rooms: Archive, folder: Path) -> None:
    before = state(rooms)
    change(folder, "UPDATE fields SET span_start = span_start + 1, span_end = span_end + 1 WHERE name = 'title'")
    findings = inspect(rooms, repair=False)
    assert findings.found == {"item": 2} and "title" in findings.flaws[0].says
    assert inspect(rooms).mended == {"item": 2}
    assert state(rooms) == before


def remove_one(rooms: Archive) -> None:
    rooms.index.delete([next(rooms.index.ids())])


def put_one_in(rooms: Archive) -> None:
    from archivist.search.document import SearchDocument

    rooms.index.add([SearchDocument("no-such-item", "", ("科技",))])


def leave_an_old_one(rooms: Archive) -> None:
    from dataclasses import replace

    from archivist.search.document import document_of

    item = next(rooms.catalog.items())
    rooms.index.add([replace(document_of(item), title="旧题")])


def damage_it(rooms: Archive) -> None:
    flip(next(index_folder(rooms).glob("*.trm")))


def cut_it(rooms: Archive) -> None:
    (path,) = index_folder(rooms).glob("*.toc")
    os.truncate(path, 30)


def lose_it(rooms: Archive) -> None:
    shutil.rmtree(index_folder(rooms))


def leave_a_task(rooms: Archive) -> None:
    rooms.catalog.queue_all_for_index()


@pytest.mark.parametrize("damage", [remove_one, put_one_in, leave_an_old_one, damage_it, cut_it, lose_it, leave_a_task])
def test_the_index_is_brought_to_what_the_catalogue_says(rooms: Archive, damage: Callable[[Archive], None]) -> None:
    before = state(rooms)
    damage(rooms)
    findings = inspect(rooms, repair=False)
    assert findings.found == {"index": 1} and findings.unindexed == 1 and not findings.well
    findings = inspect(rooms)
    assert findings.well and findings.mended == {"index": 1}
    assert state(rooms) == before
    assert not inspect(rooms).flaws


def test_an_event_that_was_changed_or_taken_off_is_missed(rooms: Archive, folder: Path, archivist: Call) -> None:
    head = inspect(rooms).head
    inspect(rooms)
    assert inspect(rooms, head=head).well
    assert not inspect(rooms, head="f" * 64).well
    triggers = [name for (name,) in asked(folder, "SELECT name FROM sqlite_master WHERE type = 'trigger'")]
    change(folder, *(f"DROP TRIGGER {name}" for name in triggers), "DELETE FROM events WHERE id > 3")
    findings = inspect(rooms)
    assert findings.found == {"ledger": 1} and not findings.well
    answer = archivist("verify", "--archive", folder)
    assert answer.code == 1 and "ledger" in answer.err


def test_rows_that_name_what_is_not_there_are_told_of(rooms: Archive, folder: Path) -> None:
    change(folder, "INSERT INTO item_pages SELECT item, position + 90, 99, 4711, scan_name, 0, 1.0, 0 FROM item_pages")
    findings = inspect(rooms)
    assert any(flaw.kind == "catalogue" and "readings" in flaw.says for flaw in findings.flaws)
    assert not findings.well


def test_what_a_killed_run_left_is_told_and_does_no_harm(rooms: Archive, folder: Path) -> None:
    rooms.store.put(b"put into the store, and then the power went")
    rooms.catalog.save_scan("f" * 64, "later.pdf", 10, "application/pdf", 3)
    findings = inspect(rooms, repair=False)
    assert findings.strays == 1 and findings.unread == 1
    assert flaws(findings) == [("original", "later.pdf", False)]


def test_a_sample_looks_at_a_share_and_says_so(rooms: Archive, archivist: Call, folder: Path) -> None:
    findings = inspect(rooms, share=0.01)
    assert findings.well and 1 <= findings.looked_at["original"] < 3
    answer = archivist("verify", "--sample", "1", "--archive", folder)
    assert answer.code == 0 and "1 %" in answer.out


def test_an_original_that_is_gone_is_missed_whatever_the_sample(rooms: Archive, folder: Path) -> None:
    for (digest,) in asked(folder, "SELECT sha256 FROM scans"):
        os.truncate(kept(folder, digest), 100)
    assert inspect(rooms, share=1e-9, repair=False).found["original"] == 3


def test_the_command_says_what_it_mended(archivist: Call, rooms: Archive, folder: Path) -> None:
    original(folder).unlink()
    lose_it(rooms)
    answer = archivist("verify", "--no-repair", "--archive", folder)
    assert answer.code == 1 and "3 originals checked, 1 missing or changed" in answer.out and SLIP in answer.err
    answer = archivist("verify", "--json", "--archive", folder)
    said = json.loads(answer.out)
    # A disk that loses originals wants a look, even where the same bytes were found again.
    assert answer.code == 1 and said["well"] and said["found"] == said["mended"] == {"original": 1, "index": 1}
    assert {flaw["kind"] for flaw in said["flaws"]} == {"original", "index"}
    head = said["head"]
    answer = archivist("verify", "--head", head, "--archive", folder)
    assert answer.code == 0 and "All is well." in answer.out
    lose_it(rooms)
    answer = archivist("verify", "--archive", folder)
    assert answer.code == 0 and "All that was wrong is mended." in answer.out
    assert archivist("verify", "--head", "0" * 63 + "1", "--archive", folder).code == 1


def test_it_is_the_same_on_servers(s3: str, postgres: str, tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.mkdir()
    shutil.copy(SAMPLES / "liaocheng-1995-58" / SLIP, box)
    settings = Settings(folder=tmp_path / "archive", catalogue=postgres, store=f"{s3}/originals", workers=1)
    with Archive(settings, create=True) as rooms:
        assert rooms.ingest([box], lambda at: None).failed == {}
        before = state(rooms)
        findings = inspect(rooms)
        assert findings.well and findings.looked_at["picture"] > 0
        files, root = url_to_fs(settings.store)
        (scan,) = rooms.catalog.soundness.scans()
        picture, _reading = next(rooms.catalog.soundness.derivatives())
        files.pipe_file(f"{root}/{scan.sha256[:2]}/{scan.sha256}", b"something else")
        files.rm_file(f"{root}/{picture[:2]}/{picture}")
        shutil.rmtree(index_folder(rooms))
        with rooms.catalog._database.writing() as connection:
            connection.exec_driver_sql("UPDATE readings SET data = substr(data, 1, 100)")
            connection.exec_driver_sql("UPDATE fields SET page = 7")
        findings = inspect(rooms)
        assert {flaw.kind for flaw in findings.flaws} >= {"original", "reading", "index"}
        assert findings.well
        assert state(rooms) == before
        assert not inspect(rooms).flaws
