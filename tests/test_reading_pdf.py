"""PDFs between born digital and scanned: what the page shows decides, whatever its text layer says."""

import io
import re

import numpy as np
import pikepdf
from PIL import Image

from archivist.model import Page
from archivist.reading import read_scan, readers
from tests.boxes import pdf, plan
from tests.scans import DECISION, SAMPLES, error_rate

PLAN_TRUTH = [(SAMPLES / "district-plan-2012.truth" / f"p0{number}.txt").read_text("utf-8") for number in (1, 2)]


def read(data: bytes) -> Page:
    (page,) = read_scan(data, "paper.pdf", "0" * 64, 0, *readers(1, True)).pages
    return page


def misnamed(document: pikepdf.Pdf) -> bytes:
    """Return `document` with fonts that name each character as the next one: a wrong encoding, all of it Chinese."""
    for font in document.pages[0].Resources.Font.values():
        codes = font.ToUnicode.read_bytes()
        following = re.sub(rb"<([4-9]\w{3})>(?=\s)", lambda code: b"<%04X>" % (int(code[1], 16) + 1), codes)
        font.ToUnicode.write(following)
    return pdf(document)


def picture_pdf(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PDF", resolution=200)
    return stream.getvalue()


def test_a_text_layer_that_says_other_characters_than_the_page_shows_is_read_again() -> None:
    page = read(misnamed(plan()))
    assert error_rate(page.text, PLAN_TRUTH[0]) <= 0.01
    assert "text-layer" not in {line.method for line in page.lines}


def test_the_text_of_an_older_reading_behind_a_scan_is_not_taken() -> None:
    with pikepdf.open(io.BytesIO(picture_pdf(DECISION.pixels))) as scanned, plan() as layer:
        layer.pages[0].Contents = layer.make_stream(b"3 Tr\n" + layer.pages[0].Contents.read_bytes())
        scanned.pages[0].add_underlay(layer.pages[0])
        page = read(pdf(scanned))
    assert error_rate(page.text, DECISION.text) <= 0.02


def test_a_scan_pasted_into_a_page_is_read_beside_its_text_layer() -> None:
    lines = DECISION.lines[-6:]
    top, bottom = (round(side) for side in (lines[0].box[1] - 15, lines[-1].box[3] + 15))
    with plan(2) as document, pikepdf.open(io.BytesIO(picture_pdf(DECISION.pixels[top:bottom]))) as pasted:
        del document.pages[0]
        left, bottom_edge, right, top_edge = map(float, document.pages[0].mediabox)
        document.pages[0].mediabox = [left, bottom_edge - 240, right, top_edge]
        document.pages[0].add_overlay(pasted.pages[0], pikepdf.Rectangle(60, bottom_edge - 230, 535, bottom_edge))
        page = read(pdf(document))
    printed = "\n".join(line.text for line in lines)
    assert error_rate(page.text, f"{PLAN_TRUTH[1]}\n{printed}") <= 0.03
    assert {line.method.partition("+")[0] for line in page.lines} == {"text-layer", "rapid"}
    sure = [glyph.confidence for line in page.lines if line.method == "text-layer" for glyph in line.glyphs]
    assert set(sure) == {1.0}
