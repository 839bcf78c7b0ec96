import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from archivist.image.clean import clean, ink_of, level
from archivist.image.flatten import bow
from archivist.model import Box
from tests.scans import DECISION, NOTICE, PLAN, SLIP, SamplePage

PAGES = [SLIP, DECISION, PLAN, NOTICE]
NAMES = ["slip", "decision", "plan", "notice"]


def curled(page: SamplePage, share: float) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return the page with rows bowed by a share of its height, and for each column by how many pixels."""
    pixels = page.pixels
    height, width = pixels.shape[:2]
    across = np.linspace(-1, 1, width)
    shift = share * height * ((1 - across**2) + 0.3 * (across**3 - across))
    rows = np.arange(height)[:, None] + shift[None, :]
    columns = np.repeat(np.arange(width, dtype=np.float32)[None], height, axis=0)
    bent = cv2.remap(pixels, columns, rows.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(bent, np.uint8), shift


def rest(black: NDArray[np.uint8]) -> float:
    """Return by how many pixels, of about 900, a second look would still move anything; 0 where it is flat."""
    found = bow(level(ink_of(black)))
    if found is None:
        return 0.0
    xs, ys = np.meshgrid(np.linspace(0.1, 0.9, 9) * found.size[0], np.linspace(0.1, 0.9, 9) * found.size[1])
    points = np.column_stack([xs.ravel(), ys.ravel()])
    return float(np.abs(found.at(points) - points).max())


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_a_flat_scan_is_left_alone(page: SamplePage) -> None:
    cleaned = clean(page.pixels)
    assert cleaned.bow is None
    assert cleaned.black.shape == page.pixels.shape[:2]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
@pytest.mark.parametrize("share", [-0.015, 0.012, 0.025])
def test_rows_of_a_curled_page_come_out_straight(page: SamplePage, share: float) -> None:
    pixels, _shift = curled(page, share)
    cleaned = clean(pixels)
    assert cleaned.bow is not None or page is PLAN
    assert rest(cleaned.black) < 3


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_boxes_on_a_curled_page_lead_back_to_the_ink(rotation: int) -> None:
    pixels, _shift = curled(DECISION, 0.02)
    cleaned = clean(pixels)
    assert cleaned.bow is not None
    if rotation:
        cleaned = cleaned.turned(rotation)
    dark = cv2.morphologyEx((cleaned.black < 90).astype(np.uint8), cv2.MORPH_OPEN, np.ones((4, 4), np.uint8))
    ys, xs = np.nonzero(dark)
    picks = np.linspace(0, len(ys) - 1, 60).astype(int)
    grey = pixels[:, :, 0]
    hits = 0
    for y, x in zip(ys[picks], xs[picks], strict=True):
        left, top, right, bottom = (round(side) for side in cleaned.on_scan(Box(x - 2, y - 2, x + 2, y + 2)))
        hits += bool(grey[max(top, 0) : bottom + 1, max(left, 0) : right + 1].min(initial=255) < 140)
    assert hits >= 58


def test_nothing_falls_off_a_curled_page() -> None:
    pixels, _shift = curled(DECISION, 0.025)
    cleaned = clean(pixels)
    height, width = cleaned.black.shape
    left, top, right, bottom = cleaned.on_scan(Box(0, 0, width, height))
    assert (left, top) <= (8, 8)
    assert right >= pixels.shape[1] - 8
    assert bottom >= pixels.shape[0] - 8


def test_rows_that_run_down_a_page_on_its_side_come_out_straight() -> None:
    pixels, _shift = curled(DECISION, 0.02)
    cleaned = clean(np.ascontiguousarray(np.rot90(pixels)))
    assert cleaned.bow is not None
    assert cleaned.bow.upright
    assert rest(cleaned.black) < 3


def test_a_photographed_sheet_is_set_square() -> None:
    pixels = DECISION.pixels
    height, width = pixels.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = np.array([[150, 90], [width - 60, 60], [width - 130, height - 110], [60, height - 60]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, seen)
    photo = cv2.warpPerspective(pixels, matrix, (width, height), borderValue=(70, 60, 50))
    cleaned = clean(np.asarray(photo, np.uint8))
    assert any("square" in step.what for step in cleaned.steps)
    assert rest(cleaned.black) == 0
    tall, wide = cleaned.black.shape
    assert tall / wide == pytest.approx(height / width, rel=0.08)
    assert cleaned.on_scan(Box(0, 0, wide, tall)) == pytest.approx((60, 60, width - 60, height - 60), abs=40)
    # No bar of the desk is left along an edge.
    assert (cleaned.black[:40] < 128).mean() < 0.02


def test_an_empty_sheet_has_no_bow() -> None:
    assert bow(np.zeros((900, 640), np.float32)) is None


def test_scattered_specks_have_no_bow() -> None:
    ink = (np.random.default_rng(5).random((900, 640)) > 0.995).astype(np.float32)
    assert bow(ink) is None
