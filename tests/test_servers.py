"""The same archive on servers: PostgreSQL, Dask and S3, in the place of SQLite, local processes and a folder."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archivist.archive import Archive
from archivist.errors import ArchivistError
from archivist.pipeline import Progress, Report
from archivist.settings import Settings
from tests.boxes import put, scan, tiff
from tests.intake import Intake
from tests.postgres import Postgres, running
from tests.servers import S3_VARIABLES, Cluster
from tests.tasks import process

PAGES = 8


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders and a TIFF of many pages."""
    box = tmp_path_factory.mktemp("boxes") / "box"
    put(box / "a", p1=scan(5), p2=scan(6), p3=scan(7))
    put(box / "b", p1=scan(8), p2=scan(9))
    (box / "c.tif").write_bytes(tiff(10, 11, 12))
    return box


@pytest.fixture(scope="module")
def expected(box: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The text of each item of the box, as one process reads it that nothing disturbs."""
    with Archive(Settings(folder=tmp_path_factory.mktemp("alone"), workers=1), create=True) as archive:
        intake = Intake(archive)
        intake.take(box)
        return intake.texts()


class Place:
    """An archive somewhere, opened anew for each thing that is done with it."""

    def __init__(self, **settings: Any) -> None:
        self.settings = Settings(**settings)
        self.read: list[str] = []

    def ingest(self, box: Path, happens: Callable[[], object] = lambda: None) -> Report:
        """Read `box`; `happens` comes about when the second page has been read."""
        self.read = []

        def tell(at: Progress) -> None:
            if at.what == "read":
                self.read.append(at.scan)
                if len(self.read) == 2:
                    happens()

        with Archive(self.settings, create=True) as archive:
            return archive.ingest([box], tell)

    def check(self, expected: dict[str, list[str]]) -> None:
        """All of it is there, as it would be had nothing happened."""
        with Archive(self.settings) as archive:
            intake = Intake(archive)
            intake.check()
            assert intake.texts() == expected
            assert intake.failures == {}
            assert not archive.catalog.ledger.check().broken
            assert archive.search("科学技术").total >= 1

    def goes_on(self, box: Path, expected: dict[str, list[str]]) -> None:
        """A second run reads what the first did not, and that alone."""
        before = len(self.read)
        report = self.ingest(box)
        assert (report.read + report.skipped, report.failed) == (PAGES, {})
        assert report.skipped >= before
        self.check(expected)


@pytest.mark.parametrize(
    ("catalogue", "workers", "store"),
    [
        ("sqlite", "local", "s3"),
        ("sqlite", "dask", "file"),
        ("postgresql", "local", "file"),
        ("postgresql", "dask", "s3"),
    ],
)
def test_a_box_is_read_alike_wherever_the_parts_of_an_archive_are(
    request: pytest.FixtureRequest, tmp_path: Path, box: Path, expected: dict[str, list[str]],
    catalogue: str, workers: str, store: str,
) -> None:  # fmt: skip
    place = Place(
        folder=tmp_path / "archive",
        catalogue=request.getfixturevalue("postgres").database() if catalogue == "postgresql" else "",
        workers=request.getfixturevalue("cluster").address if workers == "dask" else 1,
        store=f"{request.getfixturevalue('s3')}/originals" if store == "s3" else "",
    )
    if (workers, store) == ("dask", "s3"):
        request.getfixturevalue("cluster").lend(*S3_VARIABLES)
    report = place.ingest(box)
    assert (report.read, report.skipped, report.items, report.failed) == (PAGES, 0, 3, {})
    report = place.ingest(box)
    assert (report.read, report.skipped, report.items, report.failed) == (0, PAGES, 0, {})
    place.check(expected)


def test_a_dask_worker_killed_in_the_middle_loses_nothing(
    cluster: Cluster, tmp_path: Path, box: Path, expected: dict[str, list[str]]
) -> None:
    cluster.wait()
    place = Place(folder=tmp_path / "archive", workers=cluster.address)

    def kill_one() -> None:
        with cluster.client() as client:
            os.kill(next(iter(client.run(process, None).values())), signal.SIGKILL)

    report = place.ingest(box, kill_one)
    assert (report.read, report.failed) == (PAGES, {})
    place.check(expected)


def test_a_scheduler_that_goes_in_the_middle_ends_the_run_in_words_and_the_next_goes_on(
    cluster: Cluster, tmp_path: Path, box: Path, expected: dict[str, list[str]]
) -> None:
    own = Cluster(tmp_path / "dask")
    own.folder.mkdir()
    try:
        own.start(workers=1)
        place = Place(folder=tmp_path / "archive", workers=own.address)
        with pytest.raises(ArchivistError, match=rf"{own.address}.*is kept.*same command again"):
            place.ingest(box, own.lose_scheduler)
        place.settings = Settings(folder=tmp_path / "archive", workers=cluster.address)
        place.goes_on(box, expected)
    finally:
        own.stop()


def test_a_catalogue_server_that_goes_in_the_middle_ends_the_run_in_words_and_the_next_goes_on(
    cluster: Cluster, postgres: Postgres, tmp_path: Path, box: Path, expected: dict[str, list[str]]
) -> None:
    cluster.wait()
    place = Place(folder=tmp_path / "archive", catalogue=postgres.database(), workers=cluster.address)
    try:
        with pytest.raises(ArchivistError, match="catalogue"):
            place.ingest(box, postgres.stop)
    finally:
        postgres.start()
    place.goes_on(box, expected)
