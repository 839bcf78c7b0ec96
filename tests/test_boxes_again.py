"""Boxes that come again: moved, cleared away, mended, or with their pages back in another order."""

import shutil
from pathlib import Path
from threading import Event

from archivist.model import Failure
from archivist.reading import Reading, Task
from archivist.workers import Workers
from tests.boxes import put, scan, tiff
from tests.intake import Here, Intake


def sources(intake: Intake) -> dict[str, int]:
    """How many pages the item from each place has."""
    return {Path(item.source).name: len(item.pages) for item in intake.items}


def test_a_box_that_was_moved_and_has_a_page_more_is_the_same_item(intake: Intake, tmp_path: Path) -> None:
    box = put(tmp_path / "box", p1=scan(5), p2=scan(6))
    intake.take(box)
    (before,) = intake.items
    box.rename(tmp_path / "elsewhere")
    put(tmp_path / "elsewhere", p3=scan(7))
    intake.take(tmp_path / "elsewhere")
    (item,) = intake.items
    assert (item.id, len(item.pages)) == (before.id, 3)


def test_an_item_stays_where_its_box_was_cleared_away_and_another_has_one_of_its_sheets(
    intake: Intake, tmp_path: Path
) -> None:
    intake.take(put(tmp_path / "first", p1=scan(5), p2=scan(6), p3=scan(7)))
    shutil.rmtree(tmp_path / "first")
    intake.take(put(tmp_path / "second", p1=scan(7), p2=scan(8)))
    assert sources(intake) == {"first": 3, "second": 2}


def test_a_sharp_in_the_name_of_a_folder_does_not_make_it_a_box_that_is_gone(intake: Intake, tmp_path: Path) -> None:
    intake.take(put(tmp_path / "box#1", p1=scan(5), p2=scan(6)))
    intake.take(put(tmp_path / "box#2", p1=scan(5), p2=scan(6), p3=scan(7)))
    assert sources(intake) == {"box#1": 2, "box#2": 3}


def test_volumes_stay_items_of_their_own_where_one_cannot_be_opened_today(intake: Intake, tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.mkdir()
    for name, data in {"v1": tiff(5, 6), "v2": b"", "v3": tiff(7, 8)}.items():
        (box / f"{name}.tif").write_bytes(data)
    intake.take(box)
    assert sources(intake) == {"v1.tif": 2, "v3.tif": 2}
    (box / "v2.tif").write_bytes(tiff(9, 10))
    intake.take(box)
    assert sources(intake) == {"v1.tif": 2, "v2.tif": 2, "v3.tif": 2}


def test_pages_that_come_back_before_those_of_an_earlier_box_make_one_item(intake: Intake, tmp_path: Path) -> None:
    put(tmp_path / "box" / "a", p1=scan(5))
    put(tmp_path / "box" / "b", **{f"p{number}": scan(number) for number in range(6, 11)})
    others = Event()

    def slow_first(work: object, task: Task) -> Reading | Failure:
        if task.source.endswith("a/p1.jpg"):
            others.wait(30)
        elif task.source.endswith("b/p5.jpg") or task.source.endswith("b/p10.jpg"):
            others.set()
        return work(task)  # type: ignore[operator, no-any-return]

    report = intake.take(tmp_path / "box", start=lambda _where, _limits: Workers([Here(slow_first), Here(slow_first)]))
    assert (report.read, report.items) == (6, 2)
    assert sources(intake) == {"a": 1, "b": 5}
