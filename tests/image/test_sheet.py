import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from archivist.image.clean import clean
from archivist.image.sheet import find_sheet
from tests.scans import DECISION, NOTICE, PLAN, SLIP, SamplePage


def around_sheet(picture):
    found = find_sheet(picture)
    return None if found is None else found.beyond


def on_lid(page: SamplePage, border: int = 120, tone: int = 25) -> NDArray[np.uint8]:
    """Return the page as a scanner sees it that is larger than the sheet."""
    noise = np.random.default_rng(3).integers(
        0, 18, (page.pixels.shape[0] + 2 * border, page.pixels.shape[1] + border, 3)
    )
    scan = (noise + tone).astype(np.uint8)
    scan[border:-border, : page.pixels.shape[1]] = page.pixels
    return scan


@pytest.mark.parametrize("page", [SLIP, DECISION, PLAN, NOTICE])
def test_a_sheet_that_fills_the_scan_is_left_as_it_is(page: SamplePage) -> None:
    assert around_sheet(np.ascontiguousarray(page.pixels[:, :, 0])) is None


@pytest.mark.parametrize("page", [SLIP, NOTICE])
def test_the_dark_lid_around_a_sheet_is_left_out_and_no_ink_of_the_sheet(page: SamplePage) -> None:
    scan = on_lid(page)
    beyond = around_sheet(np.ascontiguousarray(scan[:, :, 0]))
    assert beyond is not None
    height, width = page.pixels.shape[:2]
    inside = np.zeros(beyond.shape, bool)
    inside[120 : 120 + height, :width] = True
    assert beyond[~inside].mean() > 0.93
    assert beyond[inside].mean() < 0.015
    cleaned = clean(scan)
    assert "lies around the sheet" in " ".join(step.what for step in cleaned.steps)
    # What was lid reads as paper: no dark bar is left for the networks to see letters in.
    assert (cleaned.black[:60] < 128).mean() < 0.01


def test_a_page_photographed_on_a_desk_loses_the_desk() -> None:
    height, width = PLAN.pixels.shape[:2]
    desk = np.full((height, width, 3), (70, 60, 50), np.uint8)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = np.array([[150, 90], [width - 120, 60], [width - 60, height - 110], [90, height - 60]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, seen)
    photo = cv2.warpPerspective(PLAN.pixels, matrix, (width, height), dst=desk, borderMode=cv2.BORDER_TRANSPARENT)
    beyond = around_sheet(np.ascontiguousarray(photo[:, :, 0]))
    assert beyond is not None
    sheet = cv2.fillConvexPoly(np.zeros((height, width), np.uint8), seen.astype(np.int32), 1) == 1
    assert beyond[~sheet].mean() > 0.85
    assert beyond[sheet].mean() < 0.02

    found = find_sheet(np.ascontiguousarray(photo[:, :, 0]))
    assert found is not None
    assert found.corners is not None
    assert np.abs(found.corners - seen).max() < 0.006 * height
    assert found.lean > 3


def test_a_sheet_that_lies_askew_does_not_lean() -> None:
    height, width = PLAN.pixels.shape[:2]
    desk = np.full((height + 600, width + 600, 3), (70, 60, 50), np.uint8)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 5, 1)
    matrix[:, 2] += 300
    photo = cv2.warpAffine(
        PLAN.pixels, matrix, (width + 600, height + 600), dst=desk, borderMode=cv2.BORDER_TRANSPARENT
    )
    found = find_sheet(np.ascontiguousarray(photo[:, :, 0]))
    assert found is not None
    assert found.lean < 0.6


def test_the_desk_beside_an_edge_that_bows_inwards_is_left_out() -> None:
    height, width = 1200, 850
    photo = np.full((height, width), 60, np.uint8)
    photo[80:-80, 80:-80] = 230
    columns = np.arange(width)
    bow = 40 * np.exp((columns - 770) / 150)
    photo[np.arange(height)[:, None] < 80 + np.minimum(bow, 40)[None, :]] = 60
    found = find_sheet(photo)
    assert found is not None
    dark = photo < 100
    assert found.beyond[dark].mean() > 0.97
    assert found.beyond[~dark].mean() < 0.02


@pytest.mark.parametrize("page", [SLIP, NOTICE])
@pytest.mark.parametrize("bar", [20, 60])
def test_a_thin_dark_bar_along_an_edge_is_left_out_and_no_ink(page: SamplePage, bar: int) -> None:
    height = page.pixels.shape[0]
    scan = cv2.copyMakeBorder(page.pixels, 0, bar, 0, 0, cv2.BORDER_CONSTANT, value=(30, 28, 26))
    beyond = around_sheet(np.ascontiguousarray(scan[:, :, 0]))
    assert beyond is not None
    assert beyond[height:].mean() > 0.97
    assert beyond[: height - 25].mean() < 0.01


def test_a_rule_or_a_line_of_print_at_the_edge_is_no_bar() -> None:
    page = np.full((1400, 1000), 235, np.uint8)
    cv2.rectangle(page, (25, 25), (975, 1375), 20, 5)
    for x in range(100, 900, 40):
        cv2.rectangle(page, (x, 2), (x + 24, 26), 20, 5)
    assert around_sheet(page) is None


def test_a_dark_page_is_no_lid() -> None:
    assert around_sheet(np.full((700, 500), 20, np.uint8)) is None
