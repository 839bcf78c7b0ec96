from dataclasses import replace
from pathlib import Path

import pytest

from archivist.catalog import Catalog
from archivist.decisions import Decision
from archivist.model import Alternative, Decided, Item, Page, Region
from archivist.search.misread import readings
from tests import items


def worn(item: Item) -> Item:
    """Return `item` with a doubtful character on each page, and a seal in the middle of the text."""

    def wear(page: Page) -> Page:
        first, *rest = page.regions[0].lines
        glyph = replace(first.glyphs[2], confidence=0.4, alternatives=(Alternative("人", 0.35),))
        line = replace(first, glyphs=(*first.glyphs[:2], glyph, *first.glyphs[3:]))
        seal = Region("seal", page.regions[0].box, (items.line("聊城市印", 30, 0.3),))
        body = Region("body", page.regions[0].box, tuple(rest))
        return replace(page, regions=(Region("head", page.regions[0].box, (line,)), seal, body, *page.regions[1:]))

    return replace(item, pages=tuple(map(wear, item.pages)))


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    made = Catalog(f"sqlite:///{tmp_path / 'catalogue.db'}")
    made.save_items([worn(items.decision()), items.notice("n1")], "test")
    return made


def test_pages_quickly_read_are_the_pages(catalog: Catalog) -> None:
    with catalog:
        for item in catalog.items():
            (quick,) = catalog.skimmed([item.id])
            assert readings(quick.pages) == readings(item.pages)
            assert replace(quick, pages=()) == replace(item, pages=())
            for one, other in zip(quick.pages, item.pages, strict=True):
                assert one.running_text == other.running_text
                assert one.regions == other.regions
                assert (one.number, one.scan, one.place, one.blank) == (
                    other.number, other.scan, other.place, other.blank
                )  # fmt: skip


def test_items_come_in_the_order_asked_for_and_those_that_are_gone_not_at_all(catalog: Catalog) -> None:
    with catalog:
        for _again in range(2):
            assert [item.id for item in catalog.skimmed(["n1", "none", "5f0c1d"])] == ["n1", "5f0c1d"]


def test_what_is_remembered_is_what_would_be_read(catalog: Catalog, tmp_path: Path) -> None:
    with catalog, Catalog(f"sqlite:///{tmp_path / 'catalogue.db'}") as elsewhere:
        (before,) = catalog.skimmed(["n1"])
        elsewhere.save_item(replace(before, title="另一通知", pages=elsewhere.item("n1").pages), "test")
        assert catalog.skimmed(["n1"])[0].title == "另一通知"
        link = Decision("campaign", "x", "name", {"name": "别名"}, Decided("王", "2026-01-02T03:04:05+00:00"))
        elsewhere.decide([link])
        assert catalog.skimmed(["n1"])[0].title == "另一通知"
