"""What the catalogue gives without looking at every page or value: totals, lists, sizes."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from archivist.catalog import Catalog, citations, tallies
from archivist.model import Document, Item, Page
from tests.items import campaign, citing, decision, field, notice, number, page

RECIPE = "rapidocr-3.10"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(f"sqlite:///{tmp_path / 'catalogue.db'}")


def with_blank(item: Item) -> Item:
    """The item with a blank page behind it."""
    return replace(item, pages=(*item.pages, replace(page(9, name=f"{item.id} blank.jpg"), blank=True)))


def counted_anew(catalog: Catalog) -> object:
    with catalog._database.writing() as connection:
        tallies.recount(connection)
    return catalog.counts()


def test_the_totals_follow_whatever_becomes_of_the_items(catalog: Catalog) -> None:
    catalog.save_items([decision(), notice("a"), with_blank(notice("b"))], RECIPE)
    first = catalog.counts()
    assert (first.items, first.pages, first.waiting, first.fields["review"]) == (3, 6, 1, 1)
    poor = replace(
        notice("a"), pages=(page(1, "关于召开科技工作会议的通知", "聊科字第a号", name="a.jpg", confidence=0.3),)
    )
    catalog.save_items([poor], RECIPE.upper())
    second = catalog.counts()
    assert (second.items, second.pages, second.hardly_read) == (3, 6, 1)
    slip, paper = decision().documents
    sure = replace(slip, fields=tuple(replace(one, status="verified") for one in slip.fields))
    catalog.save_items([replace(decision(), documents=(sure, paper))], instead_of=["b"])
    third = catalog.counts()
    assert (third.items, third.pages, third.waiting, third.fields.get("review")) == (2, 4, 0, None)
    assert counted_anew(catalog) == third


def test_nothing_is_counted_of_what_was_not_kept(catalog: Catalog) -> None:
    catalog.save_item(notice("a"), RECIPE)
    before = catalog.counts()
    with pytest.raises(ValueError, match="never kept"):
        catalog.save_items([notice("new")])
    assert catalog.counts() == before == counted_anew(catalog)


def test_items_are_listed_with_their_scans_and_blank_pages_but_without_text(catalog: Catalog) -> None:
    whole = with_blank(replace(decision(), boundaries=()))
    catalog.save_items([whole, notice("a")], RECIPE)
    (listed, _other) = catalog.listed()
    assert replace(listed, pages=()) == replace(whole, pages=())
    assert [one.place for one in listed.pages] == [one.place for one in whole.pages]
    assert [(one.number, one.scan.name, one.blank) for one in listed.pages] == [
        (one.number, one.scan.name, one.blank) for one in whole.pages
    ]
    assert all(not one.regions for one in listed.pages)
    assert [item.id for item in catalog.listed(["a", "no such item"])] == ["a"]


def test_a_campaign_is_found_without_the_items_of_all_others(catalog: Catalog) -> None:
    paper = page(1, "创建卫生城市", "创建文明城市", name="x.jpg")

    def named(identifier: str, *names: str) -> Item:
        sheet: Page = replace(paper, scan=replace(paper.scan, sha256=identifier * 64))
        return Item(identifier, identifier, (sheet,), campaigns=tuple(campaign(sheet, name) for name in names))

    catalog.save_items([named("b", "创建卫生城市"), named("a", "创建卫生城市", "创建文明城市")], RECIPE)
    refused = replace(campaign(paper, "创建文明城市"), status="rejected")
    catalog.save_items([replace(named("c"), campaigns=(refused,))], RECIPE)
    assert [(one.name, one.items, size) for one, size in catalog.campaign_sizes()] == [
        ("创建卫生城市", (), 2),
        ("创建文明城市", (), 1),
    ]
    assert catalog.campaign("創建衛生城市").items == ("a", "b")
    assert [catalog.campaign(one.id) for one in catalog.campaigns()] == list(catalog.campaigns())


def test_the_papers_most_missed_are_found_whichever_are_looked_at_first(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(5)
    titles = [f"关于开展{word}工作的通知" for word in ("造林", "防火", "防汛", "扫盲", "卫生", "普法", "征兵", "统计")]
    said = [[None, number("甲发", 1990, 1 + at), number("甲发", 1990, 1 + at // 2)] for at in range(len(titles))]
    items = []
    for name in range(60):
        at = min(chance.randrange(len(titles)), chance.randrange(len(titles)))
        items.append(citing(f"{name}", titles[at], chance.choice(said[at])))
    catalog.save_items(items, RECIPE)
    # What is cited most is here.
    for at in range(3):
        sheet = page(1, titles[at], name=f"have {at}.jpg")
        paper = Document("issued_document", (1,), None, (field(sheet, "title", titles[at]),))
        catalog.save_item(Item(f"have {at}", titles[at], (sheet,), (paper,)), RECIPE)
    monkeypatch.setattr(citations, "_MOST_TRIED", 0)
    whole = [catalog.missing_citations(limit) for limit in (1, 3, 50)]
    assert len(whole[2]) > 3
    monkeypatch.setattr(citations, "_MOST_TRIED", 5000)
    monkeypatch.setattr(citations, "_FIRST_TRIED", 1)
    assert [catalog.missing_citations(limit) for limit in (1, 3, 50)] == whole
