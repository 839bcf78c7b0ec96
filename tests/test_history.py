"""`archivist history`: the ledger in words."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archivist.archive import Archive
from archivist.decisions import Decision
from archivist.model import Decided, Failure
from archivist.recipes import Recipe
from archivist.settings import Settings
from tests.command import Call
from tests.items import notice

RECIPE = Recipe("reading", '{"programs": {"rapidocr": "3.10.0"}}')


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Path]:
    """The folder of an archive with one item, whose scan failed at first, and another item that tells nothing of it."""
    item = replace(notice("a", "Z109-0001", "box/a.jpg"), title="关于通知")
    other = notice("b", source="box/b.jpg")
    scan = item.pages[0].scan
    with Archive(Settings(folder=tmp_path / "archive"), create=True) as rooms:
        catalog = rooms.catalog
        catalog.ledger.keep_recipe(RECIPE)
        catalog.record_failure(Failure("box/a.jpg", 0, "ingest", "empty", "the path holds no bytes"))
        catalog.save_scan(scan.sha256, "a.jpg", 12345, "image/jpeg", 1, "box/a.jpg")
        catalog.save_scan(other.pages[0].scan.sha256, "b.jpg", 12345, "image/jpeg", 1, "box/b.jpg")
        catalog.clear_failure("box/a.jpg")
        catalog.save_reading(item.pages, RECIPE.digest)
        catalog.save_items([item, other], RECIPE.digest)
        catalog.decide([Decision("value", item.pages[0].place, "correct", {"field": "title", "value": "通告"},
                                 Decided("王", "2026-01-02T03:04:05+00:00"))])  # fmt: skip
    yield tmp_path / "archive"


@pytest.mark.parametrize("name", ["a", "Z109-0001", "digest"])
def test_the_history_of_an_item_tells_of_its_scan_and_pages_oldest_first(
    told: Path, archivist: Call, name: str
) -> None:
    if name == "digest":
        name = notice("a", "Z109-0001", "box/a.jpg").pages[0].scan.sha256[:10]
    lines = archivist("history", name, "--archive", told).out.splitlines()
    steps = ["could not be used", "taken in", "can be used after all", "read", "described", "corrected"]
    if len(name) == 10:
        steps.remove("described")
    assert len(lines) == len(steps)
    for line, step in zip(lines, steps, strict=True):
        assert f"  {step}" in line
    assert "the path holds no bytes" in lines[0]
    assert "12,345" in lines[1]
    assert "b.jpg" not in "".join(lines)
    for words in ("a.jpg p. 1  corrected", "by 王", "通告"):
        assert words in lines[-1]


def test_the_same_for_machines(told: Path, archivist: Call) -> None:
    events = json.loads(archivist("history", "a", "--json", "--archive", told).out)
    assert [one["type"] for one in events] == [
        "ingestion", "ingestion", "metadata modification", "metadata extraction", "metadata extraction",
        "metadata modification",
    ]  # fmt: skip
    assert [one["number"] for one in events] == sorted(one["number"] for one in events)
    assert (events[0]["outcome"], events[0]["detail"]["cause"]) == ("failure", "empty")
    everything = json.loads(archivist("history", "--all", "--json", "--archive", told).out)
    assert [one["number"] for one in everything] == list(range(1, len(everything) + 1))
    assert len(everything) > len(events)


def test_recipes_are_spelt_out(told: Path, archivist: Call) -> None:
    out = archivist("history", "--recipes", "--archive", told).out
    assert (RECIPE.digest[:12] in out, "rapidocr 3.10.0" in out) == (True, True)
    (said,) = json.loads(archivist("history", "--recipes", "--json", "--archive", told).out)
    assert (said["digest"], said["says"]) == (RECIPE.digest, json.loads(RECIPE.says))


def test_an_item_that_is_gone_still_has_its_history(told: Path, archivist: Call) -> None:
    with Archive(Settings(folder=told)) as rooms:
        rooms.catalog.save_items([replace(rooms.catalog.item("a"), id="new", reference_code=None)], instead_of=["a"])
    lines = archivist("history", "a", "--archive", told).out.splitlines()
    assert ["described" in lines[0], "now in new" in lines[1]] == [True, True]


def test_what_there_never_was_and_a_call_for_two_things_are_refused_in_words(told: Path, archivist: Call) -> None:
    answer = archivist("history", "ffffff", "--archive", told)
    assert (answer.code, "ffffff" in answer.err) == (2, True)
    for words in ([], ["a", "--all"], ["--all", "--recipes"]):
        assert archivist("history", *words, "--archive", told).code == 2
