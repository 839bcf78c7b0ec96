"""The papers of samples/describing: what they say is sound, and is found."""

import html
import json
import sys
from itertools import pairwise
from pathlib import Path

import jsonschema
import pytest
import yaml

from archivist.text import fold, simplify
from tests.benchmarks import bench_describing
from tests.benchmarks.papers import PAPERS, pages, papers, rows

FILES = sorted(PAPERS.glob("*/*.yaml"))
FILES = [path for path in FILES if path.parent.name in bench_describing.SETS.values()]
NAMES = ("addressee", "copied_to", "subject_term", "signer", "attachment", "printing_agency", "issuing_agency")
PARTS = {"citation": "title", "group_member": "person", "indicator": "name", "deadline": "task"}
SCHEMA = json.loads((PAPERS / "paper.schema.json").read_text("utf-8"))


def test_there_are_enough_papers_of_every_decade() -> None:
    decades = {path.stem.removeprefix("w-")[:3] for path in FILES}
    assert decades == {"195", "196", "197", "198", "199", "200", "201"}
    assert len(FILES) >= 60


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_paper_is_well_formed_and_says_nothing_that_it_does_not_print(path: Path) -> None:
    said = yaml.safe_load(path.read_text("utf-8"))
    jsonschema.validate(said, SCHEMA)
    printed = _bare("".join(piece for row in rows(said["text"]) for piece in row.pieces))
    for document in said["documents"]:
        for name in NAMES:
            for value in document["fields"].get(name, []):
                assert _bare(value) in printed, (name, value)
        for name, part in PARTS.items():
            for value in document["fields"].get(name, []):
                assert value[part] is None or _bare(value[part]) in printed, (name, value)


def _bare(text: str) -> str:
    return "".join(simplify(fold(text)).split())


@pytest.mark.parametrize("spaces", [True, False])
def test_a_paper_is_set_as_a_reader_gives_it(spaces: bool) -> None:
    for paper in papers("papers"):
        for page in pages(paper, spaces=spaces):
            for line in page.lines:
                assert len(line.text) == len(line.glyphs) and line.text.strip()
                boxes = [glyph.box for glyph in line.glyphs]
                assert all(one.right <= other.left + 1 for one, other in pairwise(boxes))


def test_what_the_development_papers_say_is_found() -> None:
    answers = bench_describing.of_text("development", blanks=[False])
    assert bench_describing.f1(answers) >= 0.95


def test_a_paper_can_be_set_for_the_press_with_all_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fontTools", reason="pip install -e '.[samples]'")
    monkeypatch.setattr(sys, "path", [str(PAPERS.parent), *sys.path])
    import issued

    for path in FILES:
        said = yaml.safe_load(path.read_text("utf-8"))
        sheet = html.unescape(issued.html(said))
        assert all(piece in sheet for row in rows(said["text"]) for piece in row.pieces)
