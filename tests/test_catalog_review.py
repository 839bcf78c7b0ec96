"""What waits for a person, and in which order."""

from dataclasses import replace

import pytest

from archivist.catalog import Catalog
from archivist.definitions import load
from archivist.handles import handles
from archivist.model import Boundary, Decided, Item
from tests.items import decision, field, notice, page

RECIPE = "rapidocr-3.10"


@pytest.fixture
def catalog(tmp_path):
    with Catalog(f"sqlite:///{tmp_path / 'catalogue.db'}") as opened:
        yield opened


def doubtful(item: Item, **confidences: float) -> Item:
    """The item with these fields of its issued document waiting for review, and nothing else."""
    papers = []
    for document in item.documents:
        said = [
            replace(entry, confidence=confidences[entry.name], status="review")
            if document.kind == "issued_document" and entry.name in confidences
            else replace(entry, status="accepted")
            for entry in document.fields
        ]
        papers.append(replace(document, fields=tuple(said)))
    return replace(item, documents=tuple(papers))


def test_the_least_sure_on_which_most_depends_comes_first(catalog):
    catalog.save_item(doubtful(decision(), title=0.6, citation=0.1, date_of_issue=0.9), RECIPE)
    catalog.save_item(doubtful(notice("n"), title=0.5, genre=0.5), RECIPE)
    waiting = catalog.waiting(10)
    assert [(one.item_id, one.what.name) for one in waiting] == [
        ("n", "title"),
        ("5f0c1d", "title"),
        ("n", "genre"),
        ("5f0c1d", "citation"),
        ("5f0c1d", "date_of_issue"),
    ]
    assert catalog.waiting(2) == waiting[:2]
    assert catalog.counts().waiting == 5
    first = waiting[0]
    assert (first.sort, first.title, first.document_kind) == ("value", "关于召开科技工作会议的通知", "issued_document")
    assert first.what == catalog.item("n").documents[0].fields[0]
    assert first.handle in handles(catalog.item("n"))


def test_links_in_doubt_and_uncertain_boundaries_wait_as_well(catalog):
    item = doubtful(decision())
    link = replace(item.campaigns[0], status="review", confidence=0.5)
    lines = (Boundary(1, ("red head",), 0.4), Boundary(2, (), 0.3), Boundary(3, (), 0.2))
    item = replace(item, campaigns=(link,), boundaries=lines)
    catalog.save_item(item, RECIPE)
    # That the item begins where it does is likely wrong; that it should end at page 2 is less so.
    found = catalog.waiting(10)
    assert [(one.sort, one.what) for one in found] == [
        ("boundary", lines[0]),
        ("link", link),
        ("boundary", lines[1]),
    ]
    assert [one.document_kind for one in found] == [None, None, None]
    settled = tuple(replace(line, decided=Decided("王", "2026-01-01T00:00:00+00:00")) for line in lines)
    catalog.save_item(replace(item, campaigns=(replace(link, status="rejected"),), boundaries=settled), RECIPE)
    assert catalog.waiting(10) == []


def test_what_waits_goes_with_its_item_and_with_the_doubt(catalog):
    catalog.save_item(doubtful(notice("a"), title=0.5), RECIPE)
    catalog.save_item(doubtful(notice("b"), title=0.4), RECIPE)
    catalog.save_item(notice("a"), RECIPE)
    assert [one.item_id for one in catalog.waiting(9)] == ["b"]
    catalog.save_items([], instead_of=["b"])
    assert catalog.waiting(9) == []


def test_one_sort_or_one_field_is_gone_through_by_itself_and_counted(catalog):
    item = doubtful(decision(), title=0.6, citation=0.1, date_of_issue=0.9)
    link = replace(item.campaigns[0], status="review", confidence=0.5)
    lines = (Boundary(1, ("red head",), 0.4), Boundary(2, (), 0.3))
    catalog.save_item(replace(item, campaigns=(link,), boundaries=lines), RECIPE)
    catalog.save_item(doubtful(notice("n"), title=0.5, genre=0.5), RECIPE)
    everything = catalog.waiting(99)
    for sort in ("value", "link", "boundary"):
        of_sort = [one for one in everything if one.sort == sort]
        assert of_sort and catalog.waiting(99, sort=sort) == of_sort
        assert catalog.waiting(1, 1, sort=sort) == of_sort[1:2]
        assert catalog.waiting_count(sort=sort) == len(of_sort)
    titles = [one for one in everything if getattr(one.what, "name", "") == "title" and one.sort == "value"]
    assert [one.item_id for one in titles] == ["n", "5f0c1d"]
    assert catalog.waiting(99, field="title") == titles == catalog.waiting(99, sort="value", field="title")
    assert catalog.waiting(99, sort="link", field="title") == [] == catalog.waiting(99, field="no such field")
    assert catalog.waiting_count(field="title") == 2 and catalog.waiting_count(sort="link", field="title") == 0
    assert catalog.waiting_count() == catalog.counts().waiting == len(everything) == 8
    assert catalog.waiting_fields() == {"title": 2, "citation": 1, "date_of_issue": 1, "genre": 1}
    catalog.save_items([], instead_of=["n"])
    assert catalog.waiting_fields() == {"title": 1, "citation": 1, "date_of_issue": 1}


@pytest.mark.parametrize("marked", range(4))
def test_what_waits_is_counted_as_it_is_open_however_much_is_guarded(catalog, marked):
    for turn, name in enumerate("abc"):
        item = doubtful(notice(name, **({"secrecy": "机密"} if turn < marked else {})), title=0.5)
        poor = replace(page(2, "看不清", name=f"{name}.jpg", confidence=0.2))
        catalog.save_item(replace(item, pages=(*item.pages, poor)), RECIPE)
    for may_see in (None, ("open",), ("confidential",), ("open", "confidential", "unclear"), ()):
        shown = catalog.waiting(99, may_see=may_see)
        assert catalog.waiting_count(may_see=may_see) == len(shown)
        assert catalog.waiting_count(field="title", may_see=may_see) == len(shown)
        assert catalog.waiting_fields(may_see=may_see) == ({"title": len(shown)} if shown else {})
        assert catalog.hardly_read_count(may_see=may_see) == len(catalog.hardly_read(99, may_see=may_see))
    assert len(catalog.waiting(99, may_see=("open",))) == 3 - marked


def test_more_waits_than_one_question_to_the_database_may_name(catalog):
    paper = page(1, "抄送" + "市" * 1200)
    said = field(paper, "copied_to", "市", confidence=0.5, status="review")
    item = notice("a")
    catalog.save_item(
        replace(item, pages=(paper,), documents=(replace(item.documents[0], fields=(said,) * 1200),)), RECIPE
    )
    found = catalog.waiting(5000)
    assert len(found) == 1200
    # The same ink and the same words twice: each has a handle of its own.
    assert len({one.handle for one in found}) == 1200


def test_every_field_of_a_record_has_its_weight():
    shapes, weights = load("schemas/item.schema.json")["$defs"], load("schemas/review.yaml")["documents"]
    assert set(shapes["fields_of_slip"]["properties"]) == set(weights["circulation_slip"])
    assert set(shapes["fields_of_document"]["properties"]) == set(weights["issued_document"])


def test_a_handle_names_the_value_until_it_says_something_else():
    item = decision()
    before = handles(item)
    assert len(before) == sum(len(document.fields) for document in item.documents) + 1
    slip, paper = item.documents
    changed = replace(item, documents=(slip, replace(paper, fields=(*paper.fields[:5], *paper.fields[6:]))))
    assert set(before) > set(handles(changed))
    corrected = replace(slip, fields=(replace(slip.fields[0], value="聊城地区行署"), *slip.fields[1:]))
    gone = set(before) - set(handles(replace(item, documents=(corrected, paper))))
    assert [before[handle].position for handle in gone] == [0]
    assert all(handle.startswith("5f0c1d.") for handle in before)
