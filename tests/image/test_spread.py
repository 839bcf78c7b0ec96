import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from archivist.image.spread import leaves
from archivist.model import Box
from tests.scans import DECISION, NOTICE, PLAN, SAMPLES, SLIP, SamplePage

Pixels = NDArray[np.uint8]
BODY = SamplePage(SAMPLES / "liaocheng-1995-58" / "p04.jpg")


def facing(left: SamplePage, right: SamplePage, *, shadow: float = 0.0, blank: int | None = None) -> Pixels:
    """Return two pages side by side at half size, the shadow of the gutter between them."""
    size = (720, 1020)
    pages = [cv2.resize(page.pixels, size, interpolation=cv2.INTER_AREA) for page in (left, right)]
    if blank is not None:
        pages[blank][:] = np.median(pages[blank].reshape(-1, 3), axis=0)
    both = np.hstack(pages).astype(np.float64)
    both *= (1 - shadow * np.exp(-np.abs(np.arange(1440) - 720) / 20))[None, :, None]
    return both.astype(np.uint8)


def askew(pixels: Pixels, degrees: float) -> Pixels:
    height, width = pixels.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return np.asarray(cv2.warpAffine(pixels, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def bilevel(pixels: Pixels) -> Pixels:
    return np.where(pixels[:, :, 1:2].repeat(3, axis=2) > 150, 255, 0).astype(np.uint8)


def halves(boxes: tuple[Box, ...]) -> None:
    assert len(boxes) == 2
    first, second = boxes
    assert (first.left, first.top, first.bottom) == (0, 0, 1020)
    assert first.right == second.left == pytest.approx(720, abs=40)
    assert (second.right, second.bottom) == (1440, 1020)


@pytest.mark.parametrize("shadow", [0.0, 0.2, 0.6])
@pytest.mark.parametrize("degrees", [-2.0, 0.0, 3.0])
@pytest.mark.parametrize(("left", "right"), [(BODY, DECISION), (NOTICE, BODY), (BODY, SLIP)])
def test_facing_pages_are_two(left: SamplePage, right: SamplePage, shadow: float, degrees: float) -> None:
    halves(leaves(askew(facing(left, right, shadow=shadow), degrees)))


def test_facing_pages_are_two_in_black_and_white() -> None:
    halves(leaves(bilevel(facing(DECISION, BODY))))
    halves(leaves(bilevel(facing(DECISION, BODY, shadow=0.6))))


@pytest.mark.parametrize("blank", [0, 1])
@pytest.mark.parametrize("shadow", [0.0, 0.4])
def test_a_blank_page_faces_as_well(blank: int, shadow: float) -> None:
    halves(leaves(facing(BODY, BODY, shadow=shadow, blank=blank)))


def test_an_open_volume_on_a_desk_is_two_pages() -> None:
    volume = facing(BODY, DECISION, shadow=0.5)
    photo = cv2.copyMakeBorder(volume, 90, 90, 90, 90, cv2.BORDER_CONSTANT, value=(70, 60, 50))
    boxes = leaves(askew(np.asarray(photo, np.uint8), 2))
    assert len(boxes) == 2
    assert boxes[0].right == pytest.approx(810, abs=40)


@pytest.mark.parametrize("page", [SLIP, DECISION, PLAN, NOTICE, BODY])
@pytest.mark.parametrize("turns", [0, 1, 3])
def test_one_page_upright_or_on_its_side_is_one(page: SamplePage, turns: int) -> None:
    pixels = np.ascontiguousarray(np.rot90(page.pixels, turns))
    assert leaves(pixels) == (Box(0, 0, pixels.shape[1], pixels.shape[0]),)


def test_a_broad_table_is_one_page() -> None:
    page = np.full((1000, 1414, 3), 240, np.uint8)
    for y in range(150, 900, 50):
        cv2.line(page, (90, y), (1324, y), (40, 40, 40), 2)
    for x in np.linspace(90, 1324, 9).astype(int):
        cv2.line(page, (int(x), 150), (int(x), 850), (40, 40, 40), 2)
        for y in range(160, 840, 50):
            cv2.putText(page, "2468", (int(x) + 15, y + 28), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (40, 40, 40), 2)
    assert len(leaves(page)) == 1


def test_broad_text_is_one_page() -> None:
    page = np.full((1000, 1414, 3), 240, np.uint8)
    for y in range(120, 900, 40):
        cv2.putText(page, "the rows of this text go on " * 2, (90, y), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (40, 40, 40), 2)
    assert len(leaves(page)) == 1


def test_an_empty_broad_sheet_is_one_page() -> None:
    assert len(leaves(np.full((1000, 1414, 3), 240, np.uint8))) == 1


def test_the_picture_is_not_touched() -> None:
    pixels = cv2.copyMakeBorder(facing(BODY, DECISION), 30, 30, 60, 60, cv2.BORDER_CONSTANT, value=(70, 60, 50))
    pixels = np.asarray(cv2.resize(pixels, (800, 560)), np.uint8)
    before = pixels.copy()
    leaves(pixels)
    assert np.array_equal(pixels, before)
