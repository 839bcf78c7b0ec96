"""One run at a time writes to an archive, and everybody may see which."""

import json
import os
import pty
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import create_engine, text

from archivist.archive import Archive
from archivist.catalog import Catalog, runs
from archivist.catalog.database import Database
from archivist.catalog.runs import Running, Runs
from archivist.errors import ArchiveBusy, ArchivistError
from archivist.model import Failure
from archivist.settings import Settings
from tests.command import PROGRAM, Call
from tests.postgres import Postgres, running, server

HOLDER = """
import sys, time
from archivist.catalog import Catalog
with Catalog(sys.argv[1]) as catalog, catalog.runs.hold("ingest", "box-7", "王芳") as run:
    run.report(3, 10, 2, 1)
    print("holds", flush=True)
    time.sleep(600)
"""


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
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


@pytest.fixture
def catalog(place: str) -> Iterator[Catalog]:
    with Catalog(place) as opened:
        yield opened


@pytest.fixture
def holder(place: str) -> "Iterator[subprocess.Popen[str]]":
    """Another process with a run under way."""
    words = [sys.executable, "-c", HOLDER, place]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent) as process:
        assert process.stdout and process.stdout.readline() == "holds\n"
        yield process
        process.kill()


def test_a_second_run_is_refused_with_the_name_of_the_first(catalog: Catalog, holder: "subprocess.Popen[str]") -> None:
    with pytest.raises(ArchiveBusy) as refused, catalog.runs.hold("describe", "", "李明"):
        pass
    today = datetime.now().astimezone().strftime("%Y-%m-%d")
    for word in ("archivist ingest box-7", "王芳", socket.gethostname(), str(holder.pid), today):
        assert word in str(refused.value)
    assert refused.value.exit_code == 1
    found = catalog.runs.under_way()
    assert found and (found.done, found.total, found.read, found.failed) == (3, 10, 2, 1)


def test_a_run_that_was_killed_lets_go_and_is_known_as_broken_off(
    catalog: Catalog, holder: "subprocess.Popen[str]"
) -> None:
    told: list[Running] = []
    Thread(target=lambda: (_wait_until(lambda: bool(told)), holder.kill())).start()
    with catalog.runs.hold("describe", "all", "李明", told.append):
        (before,) = catalog.runs.latest(5)
        assert (before.command, before.outcome, before.done) == ("ingest", "broken off", 3)
        assert before.ended_at == before.seen_at
        now = catalog.runs.under_way()
        assert now and (now.command, now.pid) == ("describe", os.getpid())
    assert [run.pid for run in told] == [holder.pid]
    assert [run.outcome for run in catalog.runs.latest(5)] == ["done", "broken off"]
    events = [recorded.event for recorded in catalog.ledger.events("archive")]
    assert [(event.type, event.outcome, event.agent) for event in events] == [
        ("ingestion start", "success", "王芳"),
        ("ingestion end", "failure", "王芳"),
    ]


def test_a_run_that_was_killed_is_told_as_such_before_anybody_runs_again(
    catalog: Catalog, holder: "subprocess.Popen[str]"
) -> None:
    assert catalog.runs.latest(5) == []
    holder.kill()
    holder.wait()
    _wait_until(lambda: catalog.runs.under_way() is None)
    assert [run.outcome for run in catalog.runs.latest(5)] == ["broken off"]


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [(None, "done"), (ArchivistError("x"), "failed"), (KeyboardInterrupt(), "stopped"), (ValueError(), "error")],
    ids=["done", "failed", "stopped", "error"],
)
def test_how_a_run_ended_is_kept(tmp_path: Path, ends: BaseException | None, outcome: str) -> None:
    with Catalog(f"sqlite:///{tmp_path / 'c.db'}") as catalog:
        with suppress(ArchivistError, KeyboardInterrupt, ValueError), catalog.runs.hold("ingest", "x" * 999, "") as run:
            run.report(1, 9, 1, 0)
            run.report(5, 9, 4, 1)
            if ends:
                raise ends
        assert catalog.runs.under_way() is None
        (found,) = catalog.runs.latest(1)
        assert (found.outcome, found.done, found.total, found.read, found.failed) == (outcome, 5, 9, 4, 1)
        assert len(found.what) < 300
        *_others, end = catalog.ledger.events("archive")
        assert (end.event.type, end.event.detail["message"]) == ("ingestion end", outcome)


def test_runs_of_several_threads_come_one_after_the_other(place: str) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        with Catalog(place) as catalog, catalog.runs.hold("ingest", "", "", lambda run: None):
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)

    threads = [Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]


def test_a_busy_database_is_passed_over_by_what_says_how_far_a_run_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "_NOTED", 0)
    # Whoever waited here would wait for ten minutes.
    url = f"sqlite:///{tmp_path / 'c.db'}?timeout=600"
    database = Database(url)
    seen: list[int] = []
    with Catalog(url) as catalog, catalog.runs.hold("ingest", "", "") as run:
        run.report(1, 9, 1, 0)
        with database.writing():
            run.report(2, 9, 2, 0)
            seen += [found.done for found in [catalog.runs.under_way()] if found]
        run.report(3, 9, 3, 0)
        seen += [found.done for found in [catalog.runs.under_way()] if found]
    assert seen == [1, 3]
    database.close()


def test_nothing_a_run_says_of_itself_ends_it(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'c.db'}")
    with Runs(database).hold("ingest", "", "") as run:
        with database.writing() as connection:
            connection.execute(text("DROP TABLE runs"))
        run.report(1, 1, 1, 0)
    database.close()


def test_what_says_how_far_a_run_is_leaves_the_catalogue_itself_to_those_who_write_safely(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    with (
        Catalog(f"sqlite:///{path}") as catalog,
        catalog.runs.hold("ingest", "", "") as run,
        closing(sqlite3.connect(path)) as writer,
    ):
        # So long a log is moved into the catalogue by whoever writes next, and does not say otherwise.
        writer.execute("PRAGMA wal_autocheckpoint=0")
        writer.execute("CREATE TABLE long AS SELECT zeroblob(8000000) AS row")
        before = path.read_bytes()
        run.report(1, 9, 1, 0)
        found = catalog.runs.under_way()
        assert found and found.done == 1
        assert path.read_bytes() == before


@pytest.fixture
def restless() -> Iterator[Postgres]:
    with running() as made:
        yield made


def test_a_run_that_its_server_let_go_of_goes_on_where_no_other_has_begun(
    restless: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "_NOTED", 0)
    url = restless.database()
    with Catalog(url) as catalog, Catalog(url) as elsewhere, catalog.runs.hold("ingest", "", "") as run:
        run.report(1, 9, 1, 0)
        restless.stop()
        restless.start()
        run.report(2, 9, 2, 0)
        run.report(3, 9, 3, 0)
        found = elsewhere.runs.under_way()
        assert found and found.done == 3
        restless.stop()
        restless.start()
        with elsewhere.runs.hold("describe", "", ""):
            for done in (4, 5):
                with pytest.raises(ArchivistError, match=r"let go of this run.*run the same command again"):
                    run.report(done, 9, done, 0)
        run.report(6, 9, 6, 0)


def test_a_catalogue_in_memory_is_held_by_one_run_as_well() -> None:
    with Catalog("sqlite://") as catalog, catalog.runs.hold("ingest", "", "") as run:
        run.report(1, 2, 1, 0)
        found = catalog.runs.under_way()
        assert found and found.done == 1
        with pytest.raises(ArchiveBusy), catalog.runs.hold("ingest", "", ""):
            pass


def test_what_puts_the_rows_back_itself_keeps_runs_out_without_being_one(catalog: Catalog) -> None:
    with catalog.runs.alone():
        found = catalog.runs.under_way()
        assert found and str(found) == "another process"
        with pytest.raises(ArchiveBusy, match="another process"), catalog.runs.hold("ingest", "", ""):
            pass
    assert catalog.runs.latest(5) == []


@pytest.mark.parametrize(
    ("read", "done", "pace", "left"),
    # Those that were read before go by in a moment, and tell nothing of the others.
    [(60, 1060, 30.0, 2.0), (0, 1060, 530.0, 60 / 530), (0, 0, 0.0, None)],
)
def test_the_pace_of_a_run_is_that_of_what_it_reads(read: int, done: int, pace: float, left: float | None) -> None:
    at = ("2026-01-02T03:00:00+00:00", "2026-01-02T03:02:00+00:00")
    run = Running("ingest", "box", "王芳", "pc", 1, *at, None, None, done, 1120, read, 0)
    assert run.pace == pytest.approx(pace)
    assert run.minutes_left == (None if left is None else pytest.approx(left))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(Settings(folder=tmp_path / "archive"), create=True) as opened:
        yield opened


def test_status_says_what_is_under_way_and_what_was_before(archivist: Call, archive: Archive) -> None:
    folder = archive.settings.folder
    with archive.catalog.runs.hold("describe", "", "李明"):
        pass
    assert "no run is under way" in archivist("status", "--archive", folder).out
    archive.catalog.record_failure(Failure("/box/p3.jpg", 2, "read", "truncated", "the scan is cut off"))
    with archive.catalog.runs.hold("ingest", "box-7", "王芳") as run:
        run.report(40, 120, 30, 2)
        said = archivist("status", "--archive", folder)
        asked = json.loads(archivist("status", "--json", "--archive", folder).out)
    held, run, how_far, _title, before, _index, _title, failed = said.out.splitlines()
    assert "0 items, 0 pages" in held
    assert "archivist ingest box-7" in run and "王芳" in run and str(os.getpid()) in run
    assert "40 of 120 pages" in how_far and "30 read" in how_far and "2 failed" in how_far
    assert "describe" in before and "done" in before and "李明" in before
    assert "p. 3: the scan is cut off" in failed
    assert (asked["items"], asked["waiting"], asked["run"]["done"]) == (0, {"values": 0, "pages": 0}, 40)
    assert [run["outcome"] for run in asked["runs"]] == ["done"]
    assert [(failure["cause"], failure["index"]) for failure in asked["failures"]] == [("truncated", 2)]
    assert json.loads(archivist("status", "--json", "--archive", folder).out)["run"] is None


def test_a_source_that_could_not_be_described_does_not_hide_that_a_page_of_it_failed(catalog: Catalog) -> None:
    slow = Failure("box/a.pdf", 0, "read", "too slow", "10 minutes")
    odd = [Failure("box/a.pdf", 0, "describe", "describing failed", reason) for reason in ("first", "last")]
    with catalog._database.writing() as connection:
        # As older catalogues have it, at the first page.
        row = "'box/a.pdf', 0, 'describe', 'describing failed', 'old', '2026-01-02T03:04:05+00:00'"
        connection.execute(text(f"INSERT INTO failures (source, place, stage, cause, message, at) VALUES ({row})"))
    for failure in (odd[0], slow, odd[1]):
        catalog.record_failure(failure)
    assert [failure for failure, _at in catalog.failures()] == [odd[1], slow]
    catalog.clear_failure("box/a.pdf", "describe")
    assert [failure for failure, _at in catalog.failures()] == [slow]


def test_status_shows_local_time(archivist: Call, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    failure = Failure("/box/p3.jpg", 0, "read", "truncated", "cut off")
    archive.catalog.record_failure(failure, datetime.fromisoformat("2026-01-02T20:30:00+00:00"))
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        assert "2026-01-03 04:30" in archivist("status", "--archive", archive.settings.folder).out
    finally:
        monkeypatch.undo()
        time.tzset()


def test_status_watches_on_a_terminal_until_it_is_stopped(archive: Archive) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "30"}
    words = [*PROGRAM, "status", "--watch", "--archive", str(archive.settings.folder)]
    with archive.catalog.runs.hold("ingest", "box-7", "王芳") as run:
        run.report(40, 120, 30, 2)
        process = subprocess.Popen(
            words, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        _read_until(ours, "40 of 120 pages")
    _read_until(ours, "no run is under way")
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(30) == 0
    os.close(ours)


def _read_until(terminal: int, words: str) -> None:
    said = ""
    while words not in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", said):
        said += os.read(terminal, 4096).decode("utf-8", "replace")


def _wait_until(holds: Callable[[], bool]) -> None:
    pause = Event()
    for _try in range(600):
        if holds():
            return
        pause.wait(0.05)
    raise AssertionError("it never came to pass")
