"""Feeding scans to an archive, and looking at what became of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from archivist.archive import Archive
from archivist.image.open import media_type, page_count
from archivist.model import Item
from archivist.pipeline import Batch, Progress, Report
from archivist.workers import Limits, Workers

T = TypeVar("T")
R = TypeVar("R")


class Here:
    """Works in this process, where the networks are loaded once for all tests; in the way of `doing` if one is said."""

    def __init__(self, doing: Callable[[Callable[[Any], Any], Any], Any] | None = None) -> None:
        self._doing = doing

    def run(self, work: Callable[[T], R], task: T) -> R:
        return self._doing(work, task) if self._doing else work(task)

    def close(self) -> None:
        """There is nothing to let go of."""


def here(_where: int | str, _limits: Limits) -> Workers:
    """Read in this process."""
    return Workers([Here()])


def look(data: bytes) -> tuple[str, int]:
    """Look at a scan in this process."""
    return media_type(data), page_count(data)


class Intake:
    """An archive being fed; `told` is the progress of the last run."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.told: list[Progress] = []

    def take(self, *paths: Path, start: Callable[[int | str, Limits], Workers] = here) -> Report:
        """Ingest `paths` and check what must hold after every run."""
        self.told = []
        batch = Batch(self.archive.catalog, self.archive.store, self.archive.settings, self.told.append, start, look)
        try:
            report = batch.run(paths)
        finally:
            self.archive.update_index()
            self.check()
        assert report.read + report.skipped + sum(report.failed.values()) == len(self.news)
        if self.told:
            assert self.told[-1].done == self.told[-1].total
        return report

    def check(self) -> None:
        """Nothing is half written, and the rooms of the archive agree."""
        assert not list(self.archive.settings.folder.rglob("*.part"))
        health = self.archive.verify(lambda text: None)
        assert not health.damaged and not health.unindexed
        kept = set(self.archive.store.digests())
        regions = (region for item in self.items for page in item.pages for region in page.regions)
        crops = {region.crop for region in regions if region.crop}
        assert kept == {digest for digest, _name in self.archive.catalog.scans()} | crops
        assert {page.scan.sha256 for item in self.items for page in item.pages} <= kept

    @property
    def news(self) -> list[str]:
        """What was told of pages, without the remarks that come before."""
        return [f"{at.scan}: {at.what}" for at in self.told if not at.what.startswith("named ")]

    @property
    def items(self) -> list[Item]:
        return list(self.archive.catalog.items())

    @property
    def failures(self) -> dict[str, str]:
        """The cause of each failure that stands, by the name of the scan (and its page, where not the first)."""
        return {
            Path(failure.source).name + (f"#{failure.index}" if failure.index else ""): failure.cause
            for failure, _at in self.archive.catalog.failures()
        }

    def texts(self) -> dict[str, list[str]]:
        """The text of the pages of each item, by the name of its source."""
        return {Path(item.source).name: [page.text for page in item.pages] for item in self.items}


def index_folder(rooms: Archive) -> Path:
    """The folder of the search index of an archive on this machine."""
    return Path(rooms.settings.index.partition(":")[2])
