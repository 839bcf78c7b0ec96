"""What the catalogue says to somebody who may not see everything, and where pages lie."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from archivist import access
from archivist.catalog import Catalog, upgrade
from archivist.decisions import Decision
from archivist.errors import NotFound
from archivist.model import Decided, Item
from tests.items import campaign, citing, decision, field, notice, number, page
from tests.web.rooms import CAMPAIGN, plan, secret

RECIPE = "rapidocr-3.10"
WANG = Decided("王芳", "2026-11-22T10:00:00+00:00")
OPEN = ("open",)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(f"sqlite:///{tmp_path / 'catalogue.db'}") as opened:
        opened.save_items([decision(), plan(), secret()], RECIPE)
        yield opened


def test_the_level_of_access_follows_what_an_item_bears(catalog: Catalog) -> None:
    assert [catalog.access(name) for name in (decision().id, secret().id, "none")] == ["open", "top_secret", None]
    (paper,) = secret().documents
    # A mark that a person refused guards nothing any more.
    marks = tuple(replace(one, status="rejected") if one.name == "secrecy" else one for one in paper.fields)
    catalog.save_item(replace(secret(), documents=(replace(paper, fields=marks),)), RECIPE)
    assert catalog.access(secret().id) == "open"


def test_what_waits_in_an_item_that_is_not_open_waits_for_others(catalog: Catalog) -> None:
    everything = catalog.waiting(99)
    assert {one.item_id for one in everything} == {decision().id, plan().id, secret().id}
    shown = catalog.waiting(99, may_see=OPEN)
    assert shown == [one for one in everything if one.item_id != secret().id]
    assert catalog.waiting(1, 1, may_see=OPEN) == shown[1:2]
    assert catalog.waiting(1, without=[everything[0].handle]) == everything[1:2]
    assert catalog.waiting(99, may_see=()) == []


def test_a_page_that_hardly_reads_is_named_to_whom_it_is_open_to(catalog: Catalog) -> None:
    poor = page(1, "看不清", name="poor.jpg", confidence=0.2)
    item = replace(secret(), id="poor", pages=(poor,), documents=(), campaigns=(), reference_code=None)
    catalog.save_item(item, RECIPE)
    assert [one.item_id for one in catalog.hardly_read(9)] == ["poor"]
    assert catalog.hardly_read(9, may_see=OPEN) == [] == catalog.hardly_read(9, 1)
    assert [one.item_id for one in catalog.hardly_read(9, may_see=("unclear",))] == ["poor"]


def test_campaigns_have_the_members_the_names_and_the_sizes_that_are_open(catalog: Catalog) -> None:
    hidden = "创建赤松工程先进单位"
    assert {one.name for one, _size in catalog.campaign_sizes()} == {CAMPAIGN, hidden}
    (known,) = catalog.campaign_sizes(may_see=OPEN)
    assert (known[0].name, known[1]) == (CAMPAIGN, 2)
    (shown,) = catalog.campaigns(may_see=OPEN)
    assert shown.items == (decision().id, plan().id)
    assert set(catalog.campaign(CAMPAIGN).items) == {decision().id, plan().id, secret().id}
    assert catalog.campaign(CAMPAIGN, may_see=OPEN) == shown
    for name in (hidden, catalog.campaign(hidden).id):
        with pytest.raises(NotFound):
            catalog.campaign(name, may_see=OPEN)


def test_a_campaign_is_called_as_the_surest_open_member_calls_it(catalog: Catalog) -> None:
    paper = page(1, "創建全國科技工作先進市赤松計劃", name="other.png")
    link = replace(campaign(paper, "創建全國科技工作先進市赤松計劃", 0.99), key=CAMPAIGN)
    marked = replace(secret(), id="other", reference_code=None, pages=(paper, *secret().pages), campaigns=(link,))
    catalog.save_item(marked, RECIPE)
    assert [one.name for one in catalog.campaigns() if plan().id in one.items] == [link.name]
    assert [one.name for one in catalog.campaigns(may_see=OPEN)] == [CAMPAIGN]
    with pytest.raises(NotFound):
        catalog.campaign(link.name, may_see=OPEN)


def test_a_citation_leads_to_what_is_open(catalog: Catalog) -> None:
    cited = number("机发", 1995, 3)
    paper = secret().pages[0]
    (own,) = secret().documents
    named = replace(own, fields=(*own.fields, field(paper, "document_number", "赤松工程", cited)))
    catalog.save_item(replace(secret(), documents=(named,)), RECIPE)
    catalog.save_item(citing("c", "关于绝密代号赤松的通知", cited), RECIPE)
    item = catalog.item("c")
    assert [found for _field, found in catalog.cited(item)] == [(secret().id,)]
    assert [found for _field, found in catalog.cited(item, OPEN)] == [()]


def decide(catalog: Catalog) -> None:
    key = next(one.key for one in secret().campaigns if one.key != CAMPAIGN)
    pair = {"items": sorted([secret().id, plan().id])}
    catalog.decide(
        [
            Decision("value", plan().pages[1].place, "reject", {"field": "genre"}, WANG),
            Decision("value", secret().pages[0].place, "reject", {"field": "title", "read": "赤松"}, WANG),
            Decision("link", plan().id, "confirm", {"campaign": CAMPAIGN}, Decided("李明", WANG.at)),
            Decision("link", secret().id, "confirm", {"campaign": key}, WANG),
            Decision("campaign", key, "name", {"name": "赤松"}, WANG),
            Decision("campaign", CAMPAIGN, "name", {"name": CAMPAIGN}, WANG),
            Decision("likeness", f"{plan().pages[0].place} {secret().pages[0].place}", "confirm", pair, WANG),
            Decision("boundary", "f" * 64 + ":0:0", "begins", {}, WANG),
        ]
    )


def test_decisions_are_told_to_whom_all_they_are_about_is_open(catalog: Catalog) -> None:
    decide(catalog)
    every = catalog.latest_decisions(99)
    assert [one.number for one in every] == sorted((one.number for one in every), reverse=True) and len(every) == 8
    shown = catalog.latest_decisions(99, may_see=OPEN)
    assert [(one.decision.subject, one.items) for one in shown] == [("link", (plan().id,)), ("value", (plan().id,))]
    assert catalog.latest_decisions(1, may_see=OPEN) == shown[:1]
    assert [one.decision.decided.who for one in catalog.latest_decisions(99, "李明")] == ["李明"]
    hidden = [one.number for one in every if one not in shown]
    assert all(catalog.decision(one, may_see=OPEN) is None for one in hidden)
    assert [catalog.decision(one.number, may_see=OPEN) for one in shown] == shown


def test_the_history_of_an_item_is_that_of_its_pages_and_links(catalog: Catalog) -> None:
    decide(catalog)
    about = [one.decision.subject for one in catalog.history_of(plan().id, 9)]
    assert about == ["likeness", "link", "value"]
    # That it is the same paper as another names the other.
    assert [one.decision.subject for one in catalog.history_of(plan().id, 9, may_see=OPEN)] == ["link", "value"]
    assert len(catalog.history_of(plan().id, 1)) == 1 and catalog.history_of("none", 9) == []


def test_a_page_is_found_by_item_and_number_and_read_as_it_was(catalog: Catalog) -> None:
    item: Item = plan()
    place = catalog.placed(item.id, 2)
    assert place and (place.access, place.part, place.scan_name) == ("open", 0, "plan-p2.png")
    assert replace(catalog.read_page(place.reading, place.part), number=2) == item.pages[1]
    line = item.pages[1].lines[0]
    made = {"box": list(line.box), "read": line.text, "text": "领导小组"}
    catalog.decide([Decision("line", item.pages[1].place, "read as", made, WANG)])
    assert catalog.item(item.id).pages[1].lines[0].text == "领导小组"
    assert catalog.page_as_read(item.id, 2) == item.pages[1]
    assert catalog.placed(item.id, 3) is None and catalog.placed("none", 1) is None
    for gone in (lambda: catalog.page_as_read(item.id, 3), lambda: catalog.read_page(4711, 0)):
        with pytest.raises(NotFound):
            gone()


def test_what_other_items_bear_is_nothing_to_an_item(catalog: Catalog) -> None:
    catalog.save_item(notice("n", secrecy="秘密"), RECIPE)
    assert catalog.access("n") == "secret"
    catalog.save_item(notice("n"), RECIPE)
    assert catalog.access("n") == "open"


def test_where_the_rules_of_access_changed_the_levels_follow_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'catalogue.db'}"
    with Catalog(url) as catalog:
        catalog.save_items([decision(), notice("n", secrecy="商密"), notice("damaged")], RECIPE)
        assert [catalog.access(name) for name in ("5f0c1d", "n", "damaged")] == ["open", "unclear", "open"]
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE items SET given = '{' WHERE id = 'damaged'"))
    engine.dispose()
    levels = access._levels() | {"secret": re.compile("商密|秘密")}
    monkeypatch.setattr(access, "_levels", lambda: levels)
    monkeypatch.setattr(upgrade, "rules", lambda: "others")
    for _twice in range(2):
        with Catalog(url) as catalog:
            assert [catalog.access(name) for name in ("5f0c1d", "n", "damaged")] == ["open", "secret", "unclear"]
