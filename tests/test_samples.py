"""The sample papers: pictures, true text, boxes and expected records belong together."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pdfplumber
import pytest
from PIL import Image

SAMPLES = Path(__file__).parents[1] / "samples"
FOLDERS = sorted(path.parent for path in SAMPLES.glob("*/p01.jpg"))
PAGES = sorted(page for folder in FOLDERS for page in folder.glob("p*.jpg"))
PDFS = sorted(SAMPLES.glob("*.pdf"))
RECORDS = sorted(SAMPLES.glob("*/expected.json"))


def _name(path: Path) -> str:
    return str(path.relative_to(SAMPLES))


def _truth(page: Path) -> Path:
    return page.parent / "truth" / page.with_suffix(".txt").name


def test_the_samples_are_there() -> None:
    assert {folder.name for folder in FOLDERS} == {"liaocheng-1995-58", "district-plan-2012", "notice-1987"}
    assert [path.name for path in PDFS] == ["district-plan-2012.pdf", "plan-mixed.pdf"]
    assert len(RECORDS) == len(FOLDERS) + len(PDFS)


@pytest.mark.parametrize("folder", FOLDERS, ids=_name)
def test_every_page_has_its_truth_and_no_truth_is_left_over(folder: Path) -> None:
    numbered = [f"p{number:02}" for number in range(1, len(list(folder.glob("*.jpg"))) + 1)]
    assert sorted(page.stem for page in folder.glob("*.jpg")) == numbered
    assert sorted(page.stem for page in folder.glob("truth/p??.txt")) == numbered
    assert sorted(page.stem for page in folder.glob("truth/p??.json")) == numbered
    assert {page.name[:3] for page in folder.glob("truth/*.seal.txt")} <= set(numbered)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_each_true_line_has_a_box_in_the_image_with_ink_in_it(page: Path) -> None:
    lines: list[dict[str, Any]] = json.loads(_truth(page).with_suffix(".json").read_text("utf-8"))
    assert [line["text"] for line in lines] == _truth(page).read_text("utf-8").splitlines()
    with Image.open(page) as image:
        pixels = np.asarray(image.convert("RGB"), dtype=np.int16)
    height, width = pixels.shape[:2]
    green = pixels[..., 1]  # black ink and red ink are both dark in green
    for line in lines:
        left, top, right, bottom = line["box"]
        assert 0 <= left < right <= width and 0 <= top < bottom <= height, line
        around = green[max(0, top - 20) : bottom + 20, max(0, left - 20) : right + 20]
        assert np.percentile(green[top:bottom, left:right], 2) < np.percentile(around, 75) - 50, line
        assert line["kind"] in ("printed", "handwritten")


def test_the_slip_is_filled_by_hand_and_the_decision_printed() -> None:
    kinds = {
        page.stem: {line["kind"] for line in json.loads(page.read_text("utf-8"))}
        for page in (SAMPLES / "liaocheng-1995-58" / "truth").glob("*.json")
    }
    assert kinds.pop("p01") == {"printed", "handwritten"}
    assert all(found == {"printed"} for found in kinds.values())


@pytest.mark.parametrize("path", PDFS, ids=_name)
def test_a_pdf_page_has_its_text_layer_or_is_a_scan(path: Path) -> None:
    truths = sorted(path.with_suffix(".truth").glob("p*.txt"))
    with pdfplumber.open(path) as document:
        assert len(document.pages) == len(truths)
        for page, truth in zip(document.pages, truths, strict=True):
            lines = truth.read_text("utf-8").splitlines()
            assert lines
            if page.images:
                assert not page.chars
            else:
                assert len(page.chars) >= sum(len(line.replace(" ", "")) for line in lines)


@pytest.mark.parametrize("record", RECORDS, ids=_name)
def test_an_expected_record_speaks_of_the_pages_there_are(record: Path) -> None:
    expected = json.loads(record.read_text("utf-8"))
    truth = record.parent if record.parent.suffix == ".truth" else record.parent / "truth"
    pages = [page for document in expected["documents"] for page in document["pages"]]
    assert expected["title"] and expected["campaigns"]
    assert pages == list(range(1, len(list(truth.glob("p??.txt"))) + 1))
    assert all(isinstance(values, list) for one in expected["documents"] for values in one["fields"].values())


def test_the_scans_are_small_enough_to_be_kept_in_the_repository() -> None:
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) < 9_000_000


@pytest.fixture
def workshop(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What ages papers; it needs neither chromium nor fonts."""
    pytest.importorskip("fontTools", reason="pip install -e '.[samples]'")
    monkeypatch.setattr(sys, "path", [str(SAMPLES), *sys.path])
    import development

    return development


def test_every_paper_of_the_development_set_and_every_wear_it_takes_are_there(workshop: Any) -> None:
    assert {paper.html for paper in workshop.PAPERS.values()} <= {path.stem for path in SAMPLES.glob("papers/*.html")}
    assert {kind.recipe for kind in workshop.KINDS.values()} <= set(workshop.recipes.RECIPES)


@pytest.mark.parametrize("kind", ["office", "phone", "fax", "skewed", "grey200"])
def test_the_box_of_a_line_goes_where_its_ink_goes(workshop: Any, kind: str) -> None:
    press, wear = workshop.press, workshop.scanned.wear
    clean = np.ones((780, 552, 3), dtype=np.float32)
    clean[500:530, 80:170] = 0
    sheet = wear.Sheet(clean, None, is_back=False, dpi=75, dpi_down=75)
    chance = np.random.default_rng(3)
    for effect in workshop.recipes.RECIPES[workshop.KINDS[kind].recipe]:
        sheet = effect(sheet, chance)
    left, top, right, bottom = sheet.where(press.Box(80, 500, 170, 530))
    inside = sheet.picture[top:bottom, left:right].mean()
    around = sheet.picture[max(top - 8, 0) : bottom + 8, max(left - 8, 0) : right + 8].mean()
    assert inside < around - 0.08
