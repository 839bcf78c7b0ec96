"""What the catalogue keeps, in every database it may lie in."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from archivist.catalog import Catalog
from archivist.decisions import Decision
from archivist.errors import ArchiveBusy, ArchivistError, NotFound
from archivist.model import Boundary, Box, Decided, Evidence, Item, Page, Witness
from tests.items import campaign, citing, decision, notice, page
from tests.postgres import server

RECIPE = "rapidocr-3.10"
WHO = Decided("王", "2026-01-02T03:04:05+00:00")
# What each version added: tables, and columns of tables that were there before.
NEW_TABLES = {
    3: ("waiting", "decisions", "designations", "citations"),
    4: (
        "likeness_tasks",
        "likenesses",
        "sketch_keys",
        "sketches",
        "derivatives",
        "events",
        "origins",
        "recipes",
        "runs",
        "tallies",
    ),
    5: ("sessions", "guesses", "accounts"),
}
NEW_COLUMNS = {
    2: ("item_pages part", "item_pages confidence"),
    3: (
        *(f"items {column}" for column in ("boundaries", "begins_at")),
        *(f"fields {column}" for column in ("witnesses", "authority", "decided")),
        *(f"campaign_links {column}" for column in ("role", "status", "decided")),
    ),
    4: ("items described_by", "readings parts", "item_pages blank"),
    5: ("items access",),
}


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'catalogue.db'}"
        return
    url = request.getfixturevalue("postgres")
    yield url
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


@pytest.fixture
def catalog(place: str) -> Iterator[Catalog]:
    with Catalog(place) as opened:
        yield opened


def full() -> Item:
    """An item with everything an entry may say."""
    item = decision()
    slip, paper = item.documents
    number = paper.fields[0]
    heard = Witness("slip", "58", "58", 1, Box(3.5, 4, 5, 6), 0.7)
    known = replace(number, witnesses=(heard,), authority="聊城市委", status="verified", decided=WHO)
    first = replace(item.campaigns[0], role="decision")
    second = replace(campaign(item.pages[1], "科技"), role="plan", status="rejected", decided=WHO)
    return replace(
        item,
        documents=(slip, replace(paper, fields=(known, *paper.fields[1:]))),
        campaigns=(first, second),
        boundaries=(Boundary(1, ("first page",), 1.0), Boundary(3, ("red head", "signature"), 0.4, WHO)),
        begins_at=7,
    )


def ids(catalog: Catalog) -> list[str]:
    return [item.id for item in catalog.items()]


def test_an_entry_comes_back_with_all_it_says(catalog: Catalog) -> None:
    catalog.save_item(full(), RECIPE)
    assert catalog.item("5f0c1d") == full()


def test_text_that_no_database_takes_does_no_harm(catalog: Catalog) -> None:
    odd = "通\x00知\ud83d"
    paper = page(1, "关于通知")
    item = notice("a", source=f"box/{odd}")
    field = replace(item.documents[0].fields[0], value=odd, raw=odd, evidence=Evidence.of(paper, 0, 4), authority=odd)
    said = replace(item.documents[0], fields=(replace(field, status="review"),))
    catalog.save_item(replace(item, pages=(paper,), documents=(said,), title=odd), RECIPE)
    catalog.decide([Decision("agency", odd, "heading", {"name": odd}, Decided(odd, WHO.at))])
    assert catalog.items_of(f"box/{odd}")[0][0] == "a"
    assert catalog.decisions("agency", [odd])[0].detail == {"name": odd}
    assert catalog.waiting(5)[0].item_id == "a"


def test_a_stack_is_divided_and_joined_at_one_blow(catalog: Catalog) -> None:
    whole = replace(decision(), reference_code=None, given={})
    catalog.save_item(whole, RECIPE)
    catalog.save_item(notice("other"), RECIPE)
    catalog.finish_index_tasks(task for task, _ in catalog.index_tasks(9))
    slip, *sheets = whole.pages
    parts = [
        replace(whole, pages=(slip,), documents=whole.documents[:1], campaigns=()),
        *(
            Item(f"p{n}", "", (replace(sheet, number=1),), source=whole.source, begins_at=n)
            for n, sheet in enumerate(sheets, 2)
        ),
    ]
    # Pages and what was read on them stay as they are, so that no recipe need be said.
    catalog.save_items(parts[::-1], instead_of=["5f0c1d"])
    assert [name for name, _ in catalog.items_of(whole.source)] == ["5f0c1d", "p2", "p3"]
    assert catalog.items_of(whole.source)[1][1] == (sheets[0].place,)
    assert ids(catalog) == ["other", "5f0c1d", "p2", "p3"]
    assert catalog.item("p3").pages[0].text == sheets[1].text
    assert catalog.campaigns() == ()
    assert sorted(item for _, item in catalog.index_tasks(9)) == ["5f0c1d", "p2", "p3"]

    catalog.finish_index_tasks(task for task, _ in catalog.index_tasks(9))
    catalog.save_items([whole], instead_of=["p2", "p3", "5f0c1d"])
    assert catalog.item("5f0c1d") == whole
    assert ids(catalog) == ["other", "5f0c1d"]
    # The index is told to forget the others.
    assert sorted(item for _, item in catalog.index_tasks(9)) == ["5f0c1d", "p2", "p3"]


def test_half_of_a_divided_stack_is_not_kept(catalog: Catalog) -> None:
    catalog.save_item(decision(), RECIPE)
    stray = Item("x", "", (page(1, "never read"),))
    with pytest.raises(ValueError, match="never kept"):
        catalog.save_items([Item("y", "", decision().pages[:1]), stray], instead_of=["5f0c1d"])
    assert ids(catalog) == ["5f0c1d"]


def test_items_are_found_by_their_pages(catalog: Catalog) -> None:
    catalog.save_item(decision(), RECIPE)
    catalog.save_item(notice("b"), RECIPE)
    first, second = decision().pages[2].place, notice("b").pages[0].place
    assert catalog.items_holding([second, first]) == ["5f0c1d", "b"]
    assert catalog.items_holding([first, first + "1", "no such place"]) == ["5f0c1d"]
    assert catalog.items_holding([]) == []
    assert catalog.items_of("no such box") == []


def test_facing_pages_of_one_scan_may_lie_in_two_items(catalog: Catalog) -> None:
    left = page(1, "第一页")
    right = replace(page(1, "第二页"), scan=replace(left.scan, part=1))
    catalog.save_items([Item("l", "", (left,), source="s"), Item("r", "", (right,), source="s", begins_at=2)], RECIPE)
    assert catalog.items_of("s") == [("l", (left.place,)), ("r", (right.place,))]
    assert catalog.items_holding([right.place]) == ["r"]
    catalog.save_items([catalog.item("r")])
    assert catalog.item("r").pages == (right,)


def test_decisions_are_kept_in_order_and_for_good(catalog: Catalog) -> None:
    made = [
        Decision("value", "p1", "accept", {"field": "title", "box": [1, 2.5, 3, 4], "read": {"a": [None, True]}}, WHO),
        Decision("boundary", "p1", "begins", {}, WHO),
        Decision("value", "p2", "reject", {"field": "title"}, Decided("李", "2026-01-01T00:00:00+00:00")),
    ]
    catalog.decide(made[:2])
    catalog.decide(iter(made[2:]))
    assert catalog.decisions() == made
    assert catalog.decisions("value") == [made[0], made[2]]
    assert catalog.decisions("value", ["p2", "p1", "p1"]) == [made[0], made[2]]
    assert catalog.decisions(None, ["p1"]) == made[:2]
    assert catalog.decisions("value", []) == []


def test_what_was_decided_stands_out_until_it_is_carried_out(catalog: Catalog) -> None:
    assert (catalog.outstanding(), catalog.last_decision()) == (([], 0), 0)
    made = [Decision("boundary", place, "begins", {}, WHO) for place in ("p1", "p2")]
    catalog.decide(made[:1])
    first = catalog.last_decision()
    catalog.decide(made[1:])
    assert catalog.outstanding() == (made, catalog.last_decision())
    catalog.carried_out(first)
    assert catalog.outstanding()[0] == made[1:]
    catalog.carried_out(catalog.last_decision())
    # Another process that began earlier ends later.
    catalog.carried_out(first)
    assert catalog.outstanding()[0] == []


def test_an_item_that_does_not_heed_the_latest_decision_is_not_kept(catalog: Catalog) -> None:
    known = catalog.last_decision()
    assert catalog.save_items([decision()], RECIPE, heeding=known)
    # What is decided about others does not matter.
    catalog.decide([Decision("boundary", "p1", "begins", {}, WHO)])
    assert catalog.save_items([decision()], RECIPE, heeding=known)
    catalog.decide([Decision("boundary", decision().pages[1].place, "begins", {}, WHO)])
    assert not catalog.save_items([replace(decision(), title="old")], RECIPE, ["5f0c1d"], known)
    assert catalog.item("5f0c1d") == decision()
    assert catalog.save_items([replace(decision(), title="new")], heeding=catalog.last_decision())
    assert catalog.item("5f0c1d").title == "new"


def test_items_are_found_by_the_campaign_they_name_even_where_it_was_refused(catalog: Catalog) -> None:
    refused = replace(decision().campaigns[0], status="rejected")
    catalog.save_items([decision(), replace(notice("plan"), campaigns=(refused,))], RECIPE)
    assert sorted(catalog.items_naming(refused.id)) == ["5f0c1d", "plan"]
    assert catalog.campaign_key(refused.id) == refused.key
    with pytest.raises(NotFound):
        catalog.campaign_key("nothing")


def test_a_refused_link_makes_no_member_and_can_be_taken_back(catalog: Catalog) -> None:
    refused = replace(decision().campaigns[0], status="rejected", name="误", confidence=1.0)
    plan = replace(notice("plan"), campaigns=(refused,))
    catalog.save_item(plan, RECIPE)
    assert catalog.campaigns() == ()
    assert catalog.counts().campaigns == 0
    catalog.save_item(decision(), RECIPE)
    (found,) = catalog.campaigns()
    assert (found.name, found.items, catalog.counts().campaigns) == ("创建全国科技工作先进市", ("5f0c1d",), 1)
    assert catalog.item("plan").campaigns == (refused,)
    catalog.save_item(replace(plan, campaigns=decision().campaigns), RECIPE)
    assert catalog.campaigns()[0].items == ("5f0c1d", "plan")


def test_names_that_persons_verified_are_counted(catalog: Catalog) -> None:
    for name in ("a", "b"):
        item = replace(decision(), id=name, reference_code=None)
        slip, paper = item.documents
        slip = replace(slip, fields=tuple(replace(field, status="verified") for field in slip.fields))
        said = (paper.fields[1], replace(paper.fields[2], status="verified"), *paper.fields[3:])
        catalog.save_item(replace(item, documents=(slip, replace(paper, fields=said))), RECIPE)
    assert catalog.verified_agencies() == [("聊城市人民政府", 4), ("聊城市委", 2)]


def downgrade(url: str, version: int) -> None:
    """Make the tables what they were in `version`."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for added, tables in NEW_TABLES.items():
            for table in tables if added > version else ():
                connection.execute(text(f"DROP TABLE {table}"))
        if version < 2:
            connection.execute(text("DROP INDEX ix_item_pages_confidence"))
        connection.execute(text("DROP INDEX campaign_links_by_status"))
        connection.execute(text("DROP INDEX ix_items_access"))
        if version >= 3:
            connection.execute(text("DROP INDEX waiting_by_field"))
            connection.execute(text("ALTER TABLE waiting DROP COLUMN field"))
        if version >= 4:
            connection.execute(text("DELETE FROM tallies WHERE name LIKE 'waiting %'"))
        for added, columns in NEW_COLUMNS.items():
            for table, column in (place.split() for place in columns if added > version):
                connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
        if version < 4:
            connection.execute(text("DELETE FROM meta WHERE name = 'ledger'"))
        connection.execute(text("DELETE FROM meta WHERE name = 'access_rules'"))
        connection.execute(text(f"UPDATE meta SET value = '{version}' WHERE name = 'schema_version'"))
    engine.dispose()


def facing() -> tuple[Page, Page]:
    """Two pages of one scan, the second with handwriting of which a picture is kept."""
    left, right = page(1, "第一页"), page(1, "第二页")
    (region,) = right.regions
    scan = replace(left.scan, part=1)
    return left, replace(right, scan=scan, regions=(replace(region, crop="c" * 64), replace(region, crop="d" * 64)))


def kept_pictures(url: str) -> list[str]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = list(connection.scalars(text("SELECT sha256 FROM derivatives ORDER BY sha256")))
    engine.dispose()
    return found


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5])
def test_an_older_catalogue_is_brought_up_to_date_where_it_stands(place: str, version: int) -> None:
    pages = facing()
    marked, undescribed = notice("marked", secrecy="机密"), replace(notice("undescribed"), documents=())
    with Catalog(place) as catalog:
        catalog.save_items([decision(), notice("other"), citing("c", "关于创建全国科技工作先进市的决定")], RECIPE)
        catalog.save_items([marked, undescribed], RECIPE)
        catalog.save_reading(pages, RECIPE)
    downgrade(place, version)
    for _twice in range(2):
        with Catalog(place) as catalog:
            assert catalog.item("5f0c1d") == decision()
            assert [one.item_id for one in catalog.waiting(9, field="received_date")] == ["5f0c1d"]
            assert catalog.waiting_fields() == {"received_date": 1}
            assert [items for _, items in catalog.cited(catalog.item("c"))] == [("5f0c1d",)]
            assert [one.items for one in catalog.missing_citations(9)] == [("5f0c1d",)]
            assert catalog.parts(pages[0].scan.sha256, 0, RECIPE) == 2
            assert catalog.made_by(decision().source) == {(RECIPE, "")}
            assert [catalog.access(name) for name in ("other", "marked", "undescribed", "none")] == [
                "open", "confidential", "unclear", None
            ]  # fmt: skip
            assert [one.event.type for one in catalog.ledger.events()][-1] == "migration"
            assert catalog.ledger.check().broken == ""
    assert kept_pictures(place) == ["c" * 64, "d" * 64]
    with Catalog(place) as catalog:
        catalog.save_item(full(), RECIPE)
        assert catalog.item("5f0c1d") == full()
        with pytest.raises(ArchivistError, match="only ever added to"):
            _meddle(catalog)


def _meddle(catalog: Catalog) -> None:
    with catalog._database.writing() as connection:
        connection.execute(text("DELETE FROM events"))


def test_two_who_open_an_empty_database_at_once_both_get_a_catalogue(place: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _turn: Catalog(place), range(4)))
    for catalog in opened:
        catalog.save_item(notice("a"), RECIPE)
        catalog.close()


def test_two_who_open_an_older_catalogue_at_once_bring_it_up_to_date_once(place: str) -> None:
    with Catalog(place) as catalog:
        catalog.save_item(decision(), RECIPE)
    downgrade(place, 3)
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _turn: Catalog(place), range(4)))
    assert [[one.event.type for one in catalog.ledger.events()] for catalog in opened] == [["migration"]] * 4
    for catalog in opened:
        catalog.close()


def test_a_reader_sees_one_state_of_the_catalogue_while_others_write(place: str) -> None:
    with Catalog(place) as catalog, Catalog(place) as other:
        catalog.save_item(notice("a"), RECIPE)
        with catalog._database.reading() as connection:
            count = text("SELECT count(*) FROM items")
            before = connection.scalar(count)
            other.save_item(notice("b"), RECIPE)
            assert connection.scalar(count) == before == 1
        assert ids(catalog) == ["a", "b"]


def test_what_is_known_of_a_scan_is_asked_without_writing(catalog: Catalog) -> None:
    assert catalog.scan("ab" * 32) is None
    catalog.save_scan("ab" * 32, "p01.tif", 10**10, "image/tiff", 9, "box/p01.tif")
    assert catalog.scan("ab" * 32) == ("image/tiff", 9)
    left, right = facing()
    assert catalog.parts(left.scan.sha256, 0, RECIPE) == 0
    catalog.save_reading([left, right], RECIPE)
    assert catalog.parts(left.scan.sha256, 0, RECIPE) == 2
    assert catalog.parts(left.scan.sha256, 0, "another") == 0


def test_an_item_says_by_which_recipes_it_was_read_and_described(catalog: Catalog) -> None:
    catalog.save_items([decision(), notice("b", source="box 2/b.jpg")], RECIPE, described_by="rules 1")
    source = decision().source
    assert catalog.sources() == sorted([source, "box 2/b.jpg"])
    assert catalog.sources(["b", "gone"]) == ["box 2/b.jpg"]
    assert catalog.made_by(source) == {(RECIPE, "rules 1")}
    catalog.save_items([decision()], described_by="rules 2")
    assert catalog.made_by(source) == {(RECIPE, "rules 2")}
    assert catalog.made_by("box 2/b.jpg") == {(RECIPE, "rules 1")}


def test_many_who_save_the_same_item_at_once_take_turns(place: str) -> None:
    with Catalog(place) as catalog:
        known = catalog.last_decision()

        def save(turn: int) -> None:
            item = replace(decision(), title=f"{turn}")
            if turn % 2:
                catalog.save_items([item], RECIPE)
            elif not catalog.save_items([item], RECIPE, heeding=known):
                catalog.decide([Decision("boundary", f"p{turn}", "begins", {}, WHO)])

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(save, range(24)))
        assert ids(catalog) == ["5f0c1d"]
        assert catalog.counts().items == 1
        assert catalog.ledger.check().broken == ""


def test_who_waits_for_a_writer_too_long_is_told_that_there_is_one(place: str) -> None:
    with Catalog(place) as catalog:
        briefly = "?timeout=0.1" if place.startswith("sqlite") else "&options=-clock_timeout%3D100ms"
        with (
            catalog._database.writing(),
            Catalog(place + briefly) as other,
            pytest.raises(ArchiveBusy, match="Another process is writing"),
        ):
            other.save_item(notice("a"), RECIPE)
        catalog.save_item(notice("a"), RECIPE)


def test_each_place_a_scan_came_from_is_told_once(catalog: Catalog) -> None:
    for source in ("box/a.jpg", "box/通\x00.jpg", "box/a.jpg", "box/通\x00.jpg", "box/b.jpg"):
        catalog.save_scan("ab" * 32, "a.jpg", 9, "image/jpeg", 1, source)
    assert [one.event.detail["source"] for one in catalog.ledger.events()] == [
        "box/a.jpg",
        "box/通\x00.jpg",
        "box/b.jpg",
    ]
