"""Which items of an archive its papers cite, and which papers it lacks."""

from dataclasses import replace

import pytest

from archivist.catalog import Catalog, MissingCitation
from archivist.model import Document, Item
from tests.items import citing, field, notice, number, page

RECIPE = "rapidocr-3.10"
TITLE = "关于在全国开展创建科技工作先进县(市)的意见"


@pytest.fixture
def catalog(tmp_path):
    with Catalog(f"sqlite:///{tmp_path / 'catalogue.db'}") as opened:
        yield opened


def paper(item_id: str, title: str, *agencies: str, code: str = "") -> Item:
    """An issued document of this title, these issuers, and this number."""
    sheet = page(1, *agencies, title, *([code] if code else []), name=f"{item_id}.jpg")
    said = [field(sheet, "title", title), *(field(sheet, "issuing_agency", agency) for agency in agencies)]
    if code:
        head, _, rest = code.partition("〔")
        said.append(
            field(sheet, "document_number", code, number(head, int(rest[:4]), int(rest[5:].removesuffix("号"))))
        )
    return Item(item_id, title, (sheet,), (Document("issued_document", (1,), None, tuple(said)),))


def meant(catalog: Catalog, title: str, cited: object = None) -> tuple[str, ...]:
    item = citing("citing", title, cited)
    catalog.save_item(item, RECIPE)
    ((entry, found),) = catalog.cited(catalog.item("citing"))
    assert entry == item.documents[0].fields[0]
    return found


def test_a_citation_means_the_paper_with_its_number(catalog):
    catalog.save_item(paper("a", "国家科委" + TITLE, "国家科委", code="国科发〔1993〕58号"), RECIPE)
    catalog.save_item(paper("b", "关于别的事情的意见", code="国科发〔1993〕59号"), RECIPE)
    assert meant(catalog, TITLE, number("国科发", 1993, 59)) == ("b",)
    assert meant(catalog, TITLE, number("国科发", 1993, 60)) == ("a",)


@pytest.mark.parametrize(
    ("title", "agencies", "cited", "same"),
    [
        ("国家科委" + TITLE, (), TITLE, True),
        (TITLE, (), "国家科委" + TITLE, True),
        ("國家科委關於在全國開展創建科技工作先進縣（市）的意見", (), "国家科委《" + TITLE + "》", True),
        (TITLE, ("国家科学技术委员会",), "国家科委" + TITLE, True),
        (TITLE, ("中共聊城市委", "聊城市人民政府"), "市委、市政府" + TITLE, True),
        (TITLE, ("聊城市科委",), "国家科委" + TITLE, False),
        ("关于转发国家科委《" + TITLE + "》的通知", (), TITLE, False),
        ("转发国家科委" + TITLE, (), TITLE, False),
        ("通知", (), "通知", False),
        ("聊城市森林防火办法", (), "聊城市森林防火办法", True),
    ],
)
def test_a_title_is_the_same_from_its_subject_on_and_of_no_other_agency(catalog, title, agencies, cited, same):
    catalog.save_item(paper("a", title, *agencies), RECIPE)
    assert meant(catalog, cited) == (("a",) if same else ())


def test_an_item_does_not_cite_itself_and_what_was_refused_counts_for_nothing(catalog):
    item = citing("a", TITLE)
    sheet = page(1, TITLE, name="a.jpg")
    own = Document("attachment", (1,), None, (field(sheet, "title", TITLE),))
    catalog.save_item(replace(item, documents=(*item.documents, own)), RECIPE)
    assert [found for _, found in catalog.cited(catalog.item("a"))] == [()]
    # It lies in the archive all the same.
    assert catalog.missing_citations(9) == []
    refused = replace(own, fields=(replace(own.fields[0], status="rejected"),))
    catalog.save_item(replace(item, documents=(*item.documents, refused)), RECIPE)
    assert [one.title for one in catalog.missing_citations(9)] == [TITLE]
    said = replace(item.documents[0], fields=(replace(item.documents[0].fields[0], status="rejected"),))
    catalog.save_item(replace(item, documents=(said,)), RECIPE)
    assert catalog.missing_citations(9) == []
    assert catalog.cited(catalog.item("a")) == []


def test_a_slip_and_a_title_that_a_person_stated_name_the_paper_too(catalog):
    sheet = page(1, "聊发〔1995〕58号", "关于创建先进市的决定")
    slip = Document(
        "circulation_slip",
        (1,),
        None,
        (field(sheet, "document_number", "聊发〔1995〕58号"), field(sheet, "subject", "关于创建先进市的决定")),
    )
    catalog.save_item(Item("slip", "[聊城]", (sheet,), (slip,)), RECIPE)
    catalog.save_item(replace(notice("given"), title="关于植树造林的决定"), RECIPE)
    assert meant(catalog, "不相干的名称", number("聊发", 1995, 58)) == ("slip",)
    assert meant(catalog, "关于创建先进市的决定") == ("slip",)
    assert meant(catalog, "关于植树造林的决定") == ("given",)


def test_papers_the_archive_lacks_come_by_how_many_items_cite_them(catalog):
    plan = "关于开展爱国卫生运动的通知"
    catalog.save_item(citing("a", TITLE, number("国科发", 1993, 60)), RECIPE)
    catalog.save_item(citing("b", "国家科委" + TITLE), RECIPE)
    catalog.save_item(citing("c", TITLE), RECIPE)
    catalog.save_item(citing("d", plan), RECIPE)
    catalog.save_item(citing("e", "通知"), RECIPE)
    assert catalog.missing_citations(9) == [
        MissingCitation(TITLE, "国科发〔1993〕60号", ("a", "b", "c"), 3),
        MissingCitation(plan, None, ("d",), 1),
    ]
    assert len(catalog.missing_citations(1)) == 1
    catalog.save_item(paper("found", "国家科学技术委员会" + TITLE), RECIPE)
    assert [one.title for one in catalog.missing_citations(9)] == [plan]
    catalog.save_items([], instead_of=["d"])
    assert catalog.missing_citations(9) == []
