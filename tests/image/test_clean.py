import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from archivist.image.clean import clean
from archivist.model import Box
from tests.scans import DECISION, NOTICE, PLAN, SLIP, SamplePage

RED = (205, 40, 45)


def sheet(height: int = 1400, width: int = 1000) -> NDArray[np.uint8]:
    return np.full((height, width, 3), 236, np.uint8)


def rows(image: NDArray[np.uint8], top: int, count: int, colour: tuple[int, int, int] = (40, 40, 40)) -> None:
    """Draw `count` rows of blocks as large as print."""
    for row in range(count):
        for column in range(20):
            left, upper = 120 + column * 38, top + row * 60
            cv2.rectangle(image, (left, upper), (left + 24, upper + 26), colour, 4)


def skew(page: np.ndarray) -> float:
    """The turn taken out of `page`, in degrees counter-clockwise."""
    matrix = clean(page).matrix
    return float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])))


@pytest.mark.parametrize("angle", [-8.0, -7.5, -3.0, -0.6, 0.0, 1.4, 5.0, 8.0])
def test_skew_is_found_to_a_seventh_of_a_degree(angle: float) -> None:
    page = sheet()
    rows(page, 200, 12)
    turned = cv2.warpAffine(
        page, cv2.getRotationMatrix2D((500, 700), -angle, 1), (1000, 1400), borderMode=cv2.BORDER_REPLICATE
    )
    assert skew(turned) == pytest.approx(angle, abs=0.15)


def test_an_empty_sheet_has_no_skew() -> None:
    assert skew(sheet()) == 0


@pytest.mark.parametrize("page", [SLIP, DECISION, PLAN, NOTICE], ids=["slip", "decision", "plan", "notice"])
def test_one_matrix_leads_from_what_is_read_back_to_the_ink_on_the_scan(page: SamplePage) -> None:
    cleaned = clean(page.pixels)
    height, width = cleaned.black.shape
    dark = cv2.morphologyEx((cleaned.black < 90).astype(np.uint8), cv2.MORPH_OPEN, np.ones((4, 4), np.uint8))
    ys, xs = np.nonzero(dark)
    picks = np.linspace(0, len(ys) - 1, 60).astype(int)
    grey = page.pixels[:, :, 0]
    hits = 0
    for y, x in zip(ys[picks], xs[picks], strict=True):
        left, top, right, bottom = (round(side) for side in cleaned.on_scan(Box(x - 2, y - 2, x + 2, y + 2)))
        hits += bool(grey[max(top, 0) : bottom + 1, max(left, 0) : right + 1].min(initial=255) < 140)
    assert hits >= 58
    assert (height, width) == (page.pixels.shape[0], page.pixels.shape[1])


def test_a_seal_over_black_print_leaves_the_print_and_goes() -> None:
    page = sheet()
    rows(page, 300, 8)
    without = clean(page).black
    cv2.circle(page, (480, 500), 95, RED, 7)
    stamped = clean(page)
    assert [round(side, -1) for side in stamped.seals[0].box] == pytest.approx([380, 400, 580, 600], abs=20)
    # Where there was black there still is; where there was only paper under the seal it is paper again.
    print_ = without < 100
    assert (stamped.black[print_] < 140).mean() > 0.97
    assert (stamped.black[without > 230] > 200).mean() > 0.99


def test_a_page_all_in_red_survives_in_its_own_layer() -> None:
    page = sheet()
    rows(page, 200, 10, RED)
    cleaned = clean(page)
    assert cleaned.red is not None
    assert not cleaned.seals
    assert (cleaned.red < 100).sum() > 0.8 * (page[:, :, 1] < 100).sum()


def test_a_page_without_red_has_no_red_layer() -> None:
    page = sheet()
    rows(page, 200, 10)
    assert clean(page).red is None


def test_seals_and_the_accession_stamp_of_the_samples_are_found_and_the_red_head_is_none() -> None:
    for page, count in ((SLIP, 1), (DECISION, 1), (NOTICE, 1), (PLAN, 0)):
        assert len(clean(page.pixels).seals) == count


def test_shadow_across_the_page_is_evened_out() -> None:
    page = sheet()
    rows(page, 200, 12)
    shade = np.linspace(1, 0.45, 1000)[None, :, None]
    cleaned = clean((page * shade).astype(np.uint8)).black
    paper = cleaned[:150]
    assert int(paper.max()) - int(paper.min()) < 25


def test_large_scans_are_read_smaller_and_lead_back_to_full_size() -> None:
    page = cv2.resize(sheet(), (5000, 7000))
    cleaned = clean(page)
    assert max(cleaned.black.shape) == 2600
    assert cleaned.on_scan(Box(0, 0, cleaned.black.shape[1], 2600)) == pytest.approx((0, 0, 5000, 7000), abs=3)


def test_one_step_more_on_the_way_to_the_scan() -> None:
    page = sheet()
    rows(page, 200, 12)
    cleaned = clean(page)
    drawn = cleaned.seen_from(np.diag([1, 0.5, 1]))
    left, top, right, bottom = cleaned.on_scan(Box(100, 200, 300, 600))
    assert drawn.on_scan(Box(100, 200, 300, 600)) == pytest.approx((left, top / 2, right, bottom / 2))


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_page_leads_to_the_same_places(rotation: int) -> None:
    page = sheet()
    rows(page, 200, 12)
    page[300:420, 200:320] = 0
    turned = clean(page).turned(rotation)
    ys, xs = np.nonzero(cv2.morphologyEx((turned.black < 60).astype(np.uint8), cv2.MORPH_OPEN, np.ones((60, 60))))
    box = Box(float(xs.min()), float(ys.min()), float(xs.max() + 1), float(ys.max() + 1))
    assert turned.on_scan(box) == pytest.approx((200, 300, 320, 420), abs=3)


def test_cleaning_does_not_touch_the_picture_it_is_given() -> None:
    pixels = SLIP.pixels.copy()
    clean(pixels)
    assert np.array_equal(pixels, SLIP.pixels)
