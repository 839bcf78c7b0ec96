"""One page from bytes to text, as a worker does it."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from archivist.model import Box, Failure, Page
from archivist.reading import Task, process, read_scan, readers
from archivist.store import Store
from archivist.text import boxes
from tests.scans import DECISION, NOTICE, PLAN, SAMPLES, SLIP, SamplePage, error_rate


def read(data: bytes, index: int = 0) -> Page:
    (page,) = read_scan(data, "scan", "0" * 64, index, *readers(1, True)).pages
    return page


def jpeg(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=90)
    return stream.getvalue()


@pytest.fixture(scope="module")
def slip() -> Page:
    return read(SLIP.data)


@pytest.fixture(scope="module")
def decision() -> Page:
    return read(DECISION.data)


def test_the_slip_reads_as_a_careful_typist_would_type_it(slip: Page) -> None:
    assert error_rate(slip.text, SLIP.text) <= 0.05


def test_print_under_a_seal_with_a_red_head_reads_as_printed(decision: Page) -> None:
    assert error_rate(decision.text, DECISION.text) <= 0.01
    assert decision.regions[0].kind == "head"
    assert decision.regions[0].text == "中共聊城市委文件"


@pytest.mark.parametrize("page", [PLAN, NOTICE], ids=["traditional", "mimeograph"])
def test_other_papers_read_as_printed(page: SamplePage) -> None:
    assert error_rate(read(page.data).text, page.text) <= 0.01


def test_seal_text_stays_out_of_the_running_text(decision: Page) -> None:
    assert "委员会" not in decision.text
    assert [region.kind for region in decision.regions].count("seal") == 1


def test_every_character_of_the_running_text_is_its_glyph(decision: Page) -> None:
    assert len(decision.running_text) == len(decision.glyphs)
    assert all(char == glyph.char for char, glyph in zip(decision.running_text, decision.glyphs, strict=True))
    assert decision.text.replace("\n", "") == decision.running_text


def test_lines_stand_where_they_are_printed(decision: Page) -> None:
    start = 0
    for printed in DECISION.lines:
        text = "".join(printed.text.split())
        start = decision.running_text.index(text, start)
        found = Box.around(boxes(decision, start, start + len(text)))
        left, top, right, bottom = printed.box
        middle = (top + bottom) / 2
        assert found.top < middle < found.bottom
        assert found.left == pytest.approx(left, abs=30)
        assert found.right == pytest.approx(right, abs=30)


def test_a_page_upside_down_gives_the_same_text_and_boxes_on_its_own_ink(decision: Page) -> None:
    turned = read(jpeg(np.ascontiguousarray(np.rot90(DECISION.pixels, 2))))
    assert turned.rotation == 180
    assert error_rate(turned.text, DECISION.text) <= 0.02
    assert decision.running_text[:8] == turned.running_text[:8]
    upright, upside_down = decision.glyphs[0].box, turned.glyphs[0].box
    height, width = DECISION.pixels.shape[:2]
    assert upside_down.centre == pytest.approx((width - upright.centre[0], height - upright.centre[1]), abs=12)


def test_a_blank_sheet_is_a_page_and_known_as_blank() -> None:
    page = read(jpeg(np.full((1200, 900, 3), 238, np.uint8)))
    assert (page.text, page.blank, page.confidence) == ("", True, 1.0)


def test_a_page_that_cannot_be_read_is_not_called_blank() -> None:
    noise = np.random.default_rng(1).integers(0, 2, (300, 220), np.uint8) * 255
    page = read(jpeg(np.repeat(cv2.resize(noise, (880, 1200), interpolation=cv2.INTER_NEAREST)[:, :, None], 3, 2)))
    assert not page.blank


def test_a_text_layer_is_taken_as_it_is() -> None:
    page = read((SAMPLES / "district-plan-2012.pdf").read_bytes())
    truth = (SAMPLES / "district-plan-2012.truth" / "p01.txt").read_text("utf-8")
    assert error_rate(page.text, truth) <= 0.005
    assert {line.method for line in page.lines} == {"text-layer"}
    assert page.confidence == 1.0
    # The look-alike radicals that some fonts put for ideographs are of no use to anyone who searches.
    assert not any("\u2e80" <= char <= "\u2fdf" for char in page.running_text)


def test_a_scan_inside_a_pdf_is_read_from_its_picture() -> None:
    page = read((SAMPLES / "plan-mixed.pdf").read_bytes(), 1)
    truth = (SAMPLES / "plan-mixed.truth" / "p02.txt").read_text("utf-8")
    assert error_rate(page.text, truth) <= 0.05
    assert "text-layer" not in {line.method for line in page.lines}


def test_what_was_done_to_a_page_is_said_in_words(slip: Page) -> None:
    said = " ".join(step.what for step in slip.steps)
    assert "skew of" in said
    assert "red ink read apart from black" in said
    assert "29 ruled cells" in said


def test_a_missing_original_is_a_failure_that_says_what_to_do(tmp_path: Path) -> None:
    task = Task(tmp_path.as_uri(), "f" * 64, 0, "p01.jpg", "/box/p01.jpg", False)
    failure = process(task)
    assert isinstance(failure, Failure)
    assert (failure.source, failure.stage, failure.cause) == ("/box/p01.jpg", "open", "unreadable")


def test_whatever_goes_wrong_inside_a_reader_is_a_failure_of_that_page_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = Store(tmp_path.as_uri()).put(SLIP.data)
    monkeypatch.setattr("archivist.leaf.clean", lambda pixels: 1 / 0)
    failure = process(Task(tmp_path.as_uri(), digest, 0, "p01.jpg", "/box/p01.jpg", False))
    assert isinstance(failure, Failure)
    assert failure.cause == "reading failed"
    assert "original is kept" in failure.message


def test_a_sheet_with_only_a_red_mark_is_not_called_blank() -> None:
    sheet = np.full((1200, 900, 3), 238, np.uint8)
    cv2.line(sheet, (150, 900), (700, 250), (200, 30, 40), 22)
    assert not read(jpeg(sheet)).blank


def test_boxes_of_print_at_the_very_edge_stay_on_the_scan() -> None:
    left = min(line.box[0] for line in NOTICE.lines)
    cut = np.ascontiguousarray(NOTICE.pixels[700:1400, round(left) + 2 :])
    page = read(jpeg(cut))
    assert len(page.glyphs) > 100
    for region in page.regions:
        for box in (region.box, *(glyph.box for line in region.lines for glyph in line.glyphs)):
            assert 0 <= box.left < box.right <= page.scan.width
            assert 0 <= box.top < box.bottom <= page.scan.height
