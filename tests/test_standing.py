"""How the archive stands as a whole: boxes, confidence, failures, what was last done to all of it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from archivist.access import levels
from archivist.catalog import Catalog
from archivist.catalog.standing import STEPS, Box, Kept
from archivist.events import ARCHIVE, Event
from archivist.model import Failure
from tests.items import decision, notice
from tests.postgres import server
from tests.web.rooms import secret


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalog]:
    if request.param == "sqlite":
        with Catalog(f"sqlite:///{tmp_path / 'catalogue.db'}") as catalog:
            yield catalog
        return
    url = request.getfixturevalue("postgres")
    with Catalog(url) as catalog:
        yield catalog
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


def fail(catalog: Catalog, *sources: str, cause: str = "truncated") -> None:
    for source in sources:
        catalog.record_failure(Failure(source, 0, "open", cause, "it breaks off"))


def test_boxes_are_the_folders_scans_came_from_with_most_to_do_first(catalog: Catalog) -> None:
    one = replace(decision(), source="/scans/box 1/58")
    other = replace(notice("a1"), source="/scans/box 2/plan.pdf")
    listed = replace(notice("a2"), source="/scans/box 2/Manifest.csv#X1/1995/2")
    for item in (one, other, listed):
        catalog.save_item(item, "test")
    fail(
        catalog,
        "/scans/box 2/plan/p01.jpg",
        "/scans/box 2/p02.jpg",
        "/elsewhere/p1.jpg",
        "/scans/box 2/manifest.csv#3/4",
    )
    found = {box.folder: box for box in catalog.standing.boxes()}
    assert list(found) == ["/scans/box 2", "/elsewhere", "/scans/box 1"], "failures first, then doubts"
    box = found["/scans/box 2"]
    assert (box.items, box.pages, box.failed) == (2, len(other.pages) + len(listed.pages), 3)
    assert found["/scans/box 1"] == Box(
        "/scans/box 1", 1, len(one.pages), len(catalog.waiting(99)) - box.waiting, 0, found["/scans/box 1"].at
    )
    assert (found["/elsewhere"].items, found["/elsewhere"].failed) == (0, 1) and found["/elsewhere"].at


def test_nothing_is_counted_that_is_not_open(catalog: Catalog) -> None:
    for item in (decision(), secret()):
        catalog.save_item(item, "test")
    hidden = Path(secret().source).parent.as_posix()
    assert hidden in {box.folder for box in catalog.standing.boxes()}
    assert hidden not in {box.folder for box in catalog.standing.boxes(["open"])}
    assert catalog.standing.boxes(levels()) == catalog.standing.boxes()
    assert catalog.standing.boxes([]) == []

    def total(found: dict[str, list[int]]) -> int:
        return sum(map(sum, found.values()))

    fields = [len(document.fields) for item in (decision(), secret()) for document in item.documents]
    assert total(dict(catalog.standing.confidence())) == sum(fields)
    assert total(dict(catalog.standing.confidence(["open"]))) == sum(len(one.fields) for one in decision().documents)


def test_each_value_is_counted_in_the_step_it_reaches(catalog: Catalog) -> None:
    item = decision()
    first = item.documents[0]
    values = (
        (0.0, "review"), (0.499, "review"), (0.5, "review"), (0.949, "accepted"), (0.98, "accepted"), (1.0, "verified"),
    )  # fmt: skip
    fields = tuple(replace(first.fields[0], confidence=sure, status=status) for sure, status in values)
    catalog.save_item(replace(item, documents=(replace(first, fields=fields),)), "test")
    found = catalog.standing.confidence()
    by_step = {status: {STEPS[step]: n for step, n in enumerate(counts) if n} for status, counts in found.items()}
    assert by_step == {"review": {0.0: 2, 0.5: 1}, "accepted": {0.9: 1, 0.98: 1}, "verified": {0.98: 1}}


def test_failures_are_given_by_cause_and_by_folder(catalog: Catalog) -> None:
    fail(catalog, *(f"/box_1/p{number}.jpg" for number in range(5)), "/box_1#58", "/boxX1/p1.jpg")
    fail(catalog, "/box_1/e.pdf", cause="encrypted")
    standing = catalog.standing
    first, rest = standing.failures("truncated", 3), standing.failures("truncated", 9, 3)
    assert len(first) == 3 and len({failure.source for failure, _at in first + rest}) == 7
    assert [failure.source for failure, _at in standing.failures("encrypted", 9)] == ["/box_1/e.pdf"]
    assert len(standing.failures_below("/box_1", 99)) == 7, "an underscore stands for itself"
    assert standing.failures("none such", 9) == []


def test_the_last_of_what_was_done_to_all_of_it_is_told(catalog: Catalog) -> None:
    assert catalog.standing.last("fixity check") is None
    for outcome in ("success", "failure"):
        catalog.ledger.add([Event("fixity check", ARCHIVE, {"share": 1.0}, outcome)])  # type: ignore[arg-type]
    catalog.ledger.add([Event("fixity check", "scan:00", {}, "success")])
    told = catalog.standing.last("fixity check")
    assert told and told.outcome == "failure" and told.at


def test_scans_are_counted_with_their_bytes(catalog: Catalog) -> None:
    before = catalog.standing.kept()
    catalog.save_scan("ab" * 32, "p1.jpg", 5 << 30, "image/jpeg", 1, "/box")
    catalog.save_scan("cd" * 32, "p2.jpg", 7, "image/jpeg", 1, "/box")
    assert catalog.standing.kept() == Kept(before.scans + 2, before.size + (5 << 30) + 7)
    assert (catalog.standing.size() or 1) > 0
