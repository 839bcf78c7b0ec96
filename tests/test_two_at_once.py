"""Several people at one archive: a run, people who search and decide meanwhile, and a second run that waits."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread

import psutil
import pytest

from archivist.archive import Archive
from archivist.catalog import Catalog
from archivist.catalog.database import Database
from archivist.model import Failure
from archivist.pipeline import Batch
from archivist.settings import FILE_NAME, Settings, load
from tests.boxes import put, scan
from tests.command import Answer, Call, started
from tests.intake import here, look
from tests.items import decision, notice
from tests.postgres import server

Ingest = Callable[[Path, str], "subprocess.Popen[str]"]


@pytest.fixture(params=["sqlite", "postgresql"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """The folder of an archive that holds the decision of 1995, its catalogue in either database."""
    place = tmp_path / "archive"
    place.mkdir()

    def begin() -> Path:
        with Archive(load(place), create=True) as archive:
            archive.catalog.save_item(decision(), "test")
            archive.update_index()
        return place

    if request.param == "sqlite":
        yield begin()
        return
    with server() as url:
        (place / FILE_NAME).write_text(f'catalogue = "{url}"\n')
        yield begin()


@pytest.fixture
def ingest(folder: Path, tmp_path: Path) -> "Iterator[Ingest]":
    """Starts runs in processes of their own, which end with the test."""
    begun: list[subprocess.Popen[str]] = []

    def start(box: Path, by: str) -> "subprocess.Popen[str]":
        begun.append(started("ingest", box, "--archive", folder, "--by", by, cwd=tmp_path))
        return begun[-1]

    yield start
    for process in begun:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@contextmanager
def held_up(process: "subprocess.Popen[str]") -> Iterator[None]:
    """Keep a run that has just been started from ending in the block: none of its workers goes on."""
    workers: list[psutil.Process] = []
    while not workers and process.poll() is None:
        children = psutil.Process(process.pid).children()
        workers = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
        time.sleep(0.02)
    assert workers, process.communicate()
    for worker in workers:
        worker.suspend()
    yield
    assert process.poll() is None, process.communicate()
    for worker in workers:
        worker.resume()


def ended(process: "subprocess.Popen[str]") -> Answer:
    out, err = process.communicate(timeout=120)
    return Answer(process.returncode, out, err)


def test_nobody_but_a_second_run_waits_for_a_run(archivist: Call, ingest: Ingest, folder: Path, tmp_path: Path) -> None:
    box = put(tmp_path / "box", p1=scan(5), p2=scan(6))
    with Archive(load(folder)) as archive:
        Batch(archive.catalog, archive.store, archive.settings, lambda at: None, here, look).run([box])
        (before,) = (item for item in archive.catalog.items() if item.id != "5f0c1d")
    put(box, p3=scan(7))

    def asked(*words: str | Path) -> str:
        answer = archivist(*words, "--archive", folder)
        assert answer.code == 0, answer
        return answer.out

    first = ingest(box, "王芳")
    with held_up(first):
        assert "5f0c1d" in asked("search", "聊发1995 58")
        assert "聊发〔1995〕58号" in asked("show", "5f0c1d")
        assert "2 items" in asked("export", "csv", "-o", tmp_path / "c.csv")
        (handle,) = (one["handle"] for one in json.loads(asked("review", "--json")) if one.get("field"))
        assert "1 decided" in asked("review", "accept", handle, "--by", "李明")
        # About pages that the run under way is just making an item of.
        asked("campaigns")
        asked("items", "split", before.id, "2", "--by", "李明")
        run = json.loads(asked("status", "--json"))["run"]
        assert (run["command"], run["who"], run["pid"]) == ("ingest", "王芳", first.pid)
        refused = archivist("ingest", box, "--no-wait", "--archive", folder)
        assert refused.code == 1 and "王芳" in refused.err and str(first.pid) in refused.err
        second = ingest(box, "赵静")
        assert second.stderr
        told = second.stderr.readline()
        assert "waiting" in told and "王芳" in told and str(first.pid) in told
    done, done_again = ended(first), ended(second)
    assert (done.code, done_again.code) == (0, 0), (done, done_again)
    assert done.out.startswith("1 pages read, 2 skipped")
    assert done_again.out.startswith("0 pages read, 3 skipped as already read, 0 items")
    with Archive(load(folder)) as archive:
        assert not archive.unindexed()
        found = archive.catalog.item("5f0c1d")
        assert "verified" in [field.status for document in found.documents for field in document.fields]
        pages = sorted(
            [page.scan.name for page in item.pages] for item in archive.catalog.items() if item.id != found.id
        )
        assert pages[0] == ["p1.jpg"] and [name for names in pages for name in names] == ["p1.jpg", "p2.jpg", "p3.jpg"]
        assert [run.outcome for run in archive.catalog.runs.latest(5)] == ["done", "done"]


def test_whoever_waits_can_give_up(tmp_path: Path) -> None:
    box = put(tmp_path / "box", p1=scan(5))
    with Archive(Settings(folder=tmp_path / "archive"), create=True) as archive:
        with archive.catalog.runs.hold("describe", "", "李明"):
            waits = started("ingest", box, "--archive", tmp_path / "archive", cwd=tmp_path)
            assert waits.stderr and "李明" in waits.stderr.readline()
            waits.send_signal(signal.SIGINT)
            assert ended(waits).code == 130
        assert [run.command for run in archive.catalog.runs.latest(5)] == ["describe"]


def test_two_who_index_at_once_leave_nothing_out(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path / "archive")
    Archive(settings, create=True).__exit__(None, None, None)

    def work(who: str) -> None:
        with Archive(settings) as archive:
            for number in range(8):
                archive.catalog.save_items([notice(f"{who}{number}-{place}") for place in range(5)], "test")
                archive.update_index()

    people = [Thread(target=work, args=(who,)) for who in "abc"]
    for person in people:
        person.start()
    for person in people:
        person.join()
    with Archive(settings) as archive:
        assert archive.catalog.to_index() == (120, 0)
        assert archive.index.count() == 120


def test_whoever_reads_waits_for_no_writer(tmp_path: Path) -> None:
    # Whoever waited at all would end with ArchiveBusy.
    url = f"sqlite:///{tmp_path / 'c.db'}?timeout=0"
    with Catalog(url) as catalog:
        catalog.save_item(decision(), "test")
    database = Database(url)
    with database.writing(), Catalog(url) as catalog:
        assert [item.id for item in catalog.items()] == ["5f0c1d"]
        assert catalog.counts().items == 1 and catalog.waiting(5) and not catalog.failures()
        assert catalog.runs.latest(5) == [] and catalog.runs.under_way() is None
    database.close()


def test_whoever_writes_waits_for_another_writer(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    order: list[str] = []
    with Catalog(url) as catalog:
        database = Database(url)

        def write() -> None:
            catalog.save_item(decision(), "test")
            order.append("second")

        with database.writing():
            second = Thread(target=write)
            second.start()
            time.sleep(0.3)
            order.append("first")
        second.join()
        database.close()
        assert order == ["first", "second"] and catalog.item("5f0c1d")


def test_an_export_that_takes_long_does_not_let_the_log_of_changes_grow(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'c.db'}"
    with Catalog(url) as catalog, Catalog(url) as other:
        catalog.save_items([replace(notice(str(number)), source=f"/box/{number}") for number in range(120)], "test")
        written = catalog.items()
        for number in range(24):
            next(written)
            other.record_failure(Failure("/box/p1.jpg", number, "read", "truncated", "x" * 1_000_000))
        assert (tmp_path / "c.db-wal").stat().st_size < 12_000_000
        assert len(list(written)) == 96
