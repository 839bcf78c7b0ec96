"""The rooms put together: what was read is safe and found, whatever becomes of the index."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from archivist.archive import Archive
from archivist.errors import NotFound, WrongCall
from archivist.settings import load
from tests.intake import index_folder
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
    shutil.rmtree(index_folder(archive))
    assert archive.unindexed() == 2
    archive.ingest([], lambda at: None)
    assert archive.unindexed() == 0
    assert names(archive, "聊发1995 58") == [decision().id]


def test_a_damaged_index_does_not_cost_a_batch_its_report(archive: Archive) -> None:
    archive.index.close()
    for path in index_folder(archive).glob("*.toc"):
        path.write_bytes(b"damaged")
    archive.catalog.save_item(notice("12"), "test")
    report = archive.ingest([], lambda at: None)
    assert report.failed == {}
    assert archive.unindexed() == 0
    assert names(archive, "聊发1995 58") == [decision().id]


def test_a_mark_of_secrecy_counts_before_the_index_knows_of_it(archive: Archive) -> None:
    archive.catalog.save_item(replace(decision(), given={"密级": "机密"}), "test")
    shown = [found.item.id for found in archive.search("科技", may_see=("open",)).found]
    assert decision().id not in shown and decision().id in names(archive, "科技")


def test_nobody_is_shown_what_is_like_an_item_they_may_not_see(archive: Archive) -> None:
    archive.catalog.save_item(replace(decision(), given={"密级": "机密"}), "test")
    archive.update_index()
    with pytest.raises(NotFound, match=decision().id):
        archive.similar(decision().id, may_see=("open",))
    assert decision().id not in [item.id for item in archive.similar("12", may_see=("open",))]
    archive.similar(decision().id)
    for name in ("21", "22"):
        archive.catalog.save_item(replace(notice(name), reference_code="Z1-1", given={"密级": "秘密"}), "test")
    with pytest.raises(NotFound):
        archive.similar("Z1-1", may_see=("open",))
    with pytest.raises(WrongCall, match="21, 22"):
        archive.similar("Z1-1")
