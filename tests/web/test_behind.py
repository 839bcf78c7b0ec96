"""What was decided is carried out behind the back of those who decided, even where another process writes for long."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import enumerate as threads
from time import monotonic, sleep

import pytest

from archivist.archive import Archive
from archivist.model import Decided
from archivist.settings import Settings
from archivist.web.behind import Behind
from tests.web.rooms import PLAN, furnish


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """An archive with a decision not carried out yet, which waits for other writers a moment only."""
    folder = furnish(tmp_path / "archive")
    settings = Settings(folder=folder, catalogue=f"sqlite:///{folder}/catalogue.db?timeout=0.01")
    with Archive(settings) as opened:
        line = opened.catalog.page_of(PLAN, 2).lines[0]
        made = opened.desk.line_reading(PLAN, 2, line.box, "組長張三", Decided("Li", "2026-01-01T00:00:00+00:00"))
        assert made
        opened.catalog.decide([made])
        yield opened


@contextmanager
def written_to(archive: Archive) -> Iterator[None]:
    """Hold the catalogue as another process that writes does."""
    with closing(sqlite3.connect(archive.settings.folder / "catalogue.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def waiting() -> list[str]:
    return [one.name for one in threads() if one.name == "decided before"]


def until(told) -> None:
    end = monotonic() + 30
    while not told():
        assert monotonic() < end, "it never came about"
        sleep(0.01)


@pytest.mark.parametrize("how", ["follow", "at_once", "left_over"])
def test_what_another_process_kept_from_being_carried_out_is_tried_again_by_itself(archive, how):
    behind = Behind(archive, soon=0.02)
    with written_to(archive):
        getattr(behind, how)()
        assert archive.catalog.outstanding()[0] and waiting()
        sleep(0.1)
        assert archive.catalog.outstanding()[0]
    until(lambda: not archive.catalog.outstanding()[0])
    until(lambda: not waiting())
    assert archive.catalog.item(PLAN).page(2).lines[0].text == "組長張三"
    behind.close(5)


def test_a_room_that_closes_leaves_nobody_trying(archive):
    behind = Behind(archive, soon=60)
    with written_to(archive):
        behind.follow()
        behind.follow()
        assert len(waiting()) == 1
        behind.close(30)
        assert not waiting()
        behind.at_once()
        assert not waiting()


def test_where_nobody_is_in_the_way_nothing_is_tried_again(archive):
    behind = Behind(archive)
    behind.follow()
    assert not archive.catalog.outstanding()[0] and not waiting()
