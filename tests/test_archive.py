"""The rooms put together: what was read is safe and found, whatever becomes of the index."""

import shutil
from pathlib import Path

import pytest

from archivist.archive import Archive
from archivist.settings import load
from tests.items import decision, notice


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    rooms = Archive(load(tmp_path / "archive"), create=True)
    rooms.catalog.save_item(decision(), "test")
    rooms.catalog.save_item(notice("12"), "test")
    rooms.update_index()
    return rooms


def names(archive: Archive, query: str) -> list[str]:
    return [found.item.id for found in archive.search(query).found]


def test_a_number_among_words_is_recognised(archive: Archive) -> None:
    for query in ("聊发1995 58", "聊發〔1995〕58號", "聊发(1995)58号 决定", "科技 聊发1995 58"):
        assert names(archive, query) == [decision().id], query


def test_a_deleted_index_is_told_of_and_filled_again(archive: Archive) -> None:
    assert archive.unindexed() == 0
    shutil.rmtree(archive.settings.index)
    assert archive.unindexed() == 2
    archive.ingest([], lambda at: None)
    assert archive.unindexed() == 0
    assert names(archive, "聊发1995 58") == [decision().id]


def test_a_damaged_index_does_not_cost_a_batch_its_report(archive: Archive) -> None:
    archive.index.close()
    for path in archive.settings.index.glob("*.toc"):
        path.write_bytes(b"damaged")
    archive.catalog.save_item(notice("12"), "test")
    report = archive.ingest([], lambda at: None)
    assert report.failed == {}
    assert archive.unindexed() == 0
    assert names(archive, "聊发1995 58") == [decision().id]
