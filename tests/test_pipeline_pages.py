"""What becomes of scans that are not simply a page of print: facing pages, handwriting, marks nobody can read."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from archivist.archive import Archive
from archivist.export import record
from archivist.settings import Settings
from tests.boxes import encoded, put
from tests.intake import Intake
from tests.scans import DECISION, SAMPLES, SLIP, SamplePage, error_rate

LEFT, RIGHT = (SamplePage(SAMPLES / "liaocheng-1995-58" / f"p0{number}.jpg") for number in (4, 5))


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory) -> Intake:
    """An archive fed once with all of these scans, in boxes of their own."""
    place = tmp_path_factory.mktemp("pages")
    put(place / "slip", p1=SLIP.data)
    put(place / "spread", p1=encoded(Image.fromarray(facing(LEFT.pixels, RIGHT.pixels)), quality=85))
    put(place / "scrawl", p1=encoded(Image.fromarray(scrawl()), quality=85))
    settings = Settings(folder=place / "archive", workers=2)
    with Archive(settings, create=True) as archive:
        fed = Intake(archive)
        fed.take(place / "slip", place / "spread", place / "scrawl")
        yield fed


def facing(left: NDArray[np.uint8], right: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return both pages on one scan, with the shadow where the volume is bound."""
    height = min(left.shape[0], right.shape[0])
    both = np.hstack([left[:height], right[:height]]).astype(np.float32)
    away = np.abs(np.arange(both.shape[1]) - left.shape[1]) / 45
    return np.asarray(both * (1 - 0.6 * np.exp(-(away**2)))[None, :, None], np.uint8)


def scrawl() -> NDArray[np.uint8]:
    """Return a sheet with lines drawn to and fro, which are no writing."""
    sheet = np.full((1400, 1000, 3), 240, np.uint8)
    chance = np.random.default_rng(3)
    for _ in range(12):
        points = np.cumsum(chance.integers(-160, 160, (40, 2)), axis=0) + np.array((500, 700))
        cv2.polylines(sheet, [points.clip(60, 940).astype(np.int32)], False, (40, 40, 60), 5, cv2.LINE_AA)
    return sheet


def item(intake: Intake, name: str):
    (found,) = (item for item in intake.items if Path(item.source).name == name)
    return found


def test_two_facing_pages_on_one_scan_are_two_pages_in_order(intake: Intake) -> None:
    spread = item(intake, "spread")
    assert [page.number for page in spread.pages] == [1, 2]
    for page, truth in zip(spread.pages, (LEFT, RIGHT), strict=True):
        assert error_rate(page.text, truth.text) <= 0.02
        assert all(page.scan.area.left <= glyph.box.left for glyph in page.glyphs)
        assert all(glyph.box.right <= page.scan.area.right for glyph in page.glyphs)
    first, second = (page["scan"]["area"] for page in record(spread)["pages"])
    width = LEFT.pixels.shape[1]
    assert abs(first[2] - width) < 60 and abs(second[0] - width) < 60
    assert spread.pages[0].scan.sha256 == spread.pages[1].scan.sha256


def test_handwriting_is_kept_as_pictures_and_told_from_print(intake: Intake) -> None:
    (page,) = item(intake, "slip").pages
    written = [region for region in page.regions if any(line.handwritten for line in region.lines)]
    assert written
    for region in written:
        picture = Image.open(io.BytesIO(intake.archive.store.get(region.crop)))
        assert picture.width >= region.box.width and picture.height >= region.box.height
        assert np.asarray(picture.convert("L")).min() < 120
    assert not [region for region in page.regions if region.crop and region not in written]


def test_a_page_with_marks_no_one_can_read_is_a_page_that_waits_for_a_person(intake: Intake) -> None:
    (page,) = item(intake, "scrawl").pages
    assert not page.blank
    assert item(intake, "scrawl").id in {poor.item_id for poor in intake.archive.catalog.hardly_read(9)}


def test_a_second_run_reads_none_of_them_again(intake: Intake) -> None:
    sources = [Path(item.source) for item in intake.items]
    before = intake.items
    report = intake.take(*sources)
    assert (report.read, report.skipped, report.failed) == (0, 3, {})
    assert intake.items == before


def test_print_is_not_called_handwriting(tmp_path: Path) -> None:
    with Archive(Settings(folder=tmp_path / "archive", workers=1), create=True) as archive:
        fed = Intake(archive)
        fed.take(put(tmp_path / "box", p1=DECISION.data))
        (page,) = fed.items[0].pages
    assert not [line.text for line in page.lines if line.handwritten]
