"""Items as rows: how the catalogue takes one apart, and how it puts many together with few questions."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from unicodedata import normalize

from sqlalchemy import Connection, Row, delete, exists, insert, select, update

from archivist.catalog.pages import pack, unpack
from archivist.catalog.tables import (
    campaign_links,
    campaigns,
    documents,
    fields,
    item_pages,
    items,
    readings,
)
from archivist.model import Box, CampaignLink, Document, Evidence, Field, Item, Page

# Far below the number of values one statement may carry in any database.
CHUNK = 500


def write_item(connection: Connection, item: Item, recipe: str, moment: str) -> None:
    """Put `item` in the place of whatever the catalogue says of it now."""
    was_in = _campaigns_of(connection, item.id)
    connection.execute(delete(items).where(items.c.id == item.id))
    row = {
        "id": item.id,
        "reference_code": item.reference_code,
        "title": item.title,
        "level": item.level,
        "source": item.source,
        "given": json.dumps(dict(item.given)),
        "recipe": recipe,
        "catalogue_order": catalogue_order(item),
        "saved_at": moment,
    }
    connection.execute(insert(items), row)
    _insert(connection, item_pages, _page_rows(connection, item, recipe, moment))
    _insert(connection, documents, _document_rows(item))
    _insert(connection, fields, _field_rows(item))
    _add_campaigns(connection, item.campaigns)
    _insert(connection, campaign_links, _link_rows(item))
    _tend_campaigns(connection, was_in | {link.id for link in item.campaigns})


def add_reading(connection: Connection, pages: Sequence[Page], recipe: str, moment: str) -> int:
    """Keep `pages` of one scan as read by `recipe`, unless they are kept already, and return the number of that row."""
    scan = pages[0].scan
    if [page.scan.part for page in pages] != list(range(len(pages))):
        raise ValueError(f"{scan.name}: the pages of one scan are kept together, from the first on")
    same = (readings.c.sha256 == scan.sha256, readings.c.place == scan.index, readings.c.recipe == recipe)
    found = connection.scalar(select(readings.c.id).where(*same))
    if found is not None:
        return int(found)
    row = {"sha256": scan.sha256, "place": scan.index, "recipe": recipe, "data": pack(pages)}
    query = insert(readings).values(**row, saved_at=moment).returning(readings.c.id)
    return int(connection.execute(query).scalar_one())


def read_items(connection: Connection, ids: Sequence[str]) -> list[Item]:
    """Return those of `ids` (at most CHUNK) that exist, in catalogue order."""
    query = select(items).where(items.c.id.in_(ids)).order_by(items.c.catalogue_order)
    pages, papers, links = _pages(connection, ids), _documents(connection, ids), _links(connection, ids)
    return [
        Item(
            row.id,
            row.title,
            tuple(pages[row.id]),
            tuple(papers[row.id]),
            tuple(links[row.id]),
            row.reference_code,
            row.source,
            row.level,
            json.loads(row.given),
        )
        for row in connection.execute(query)
    ]


def field_of(row: Row[Any]) -> Field:
    """Return the field that a row of the table `fields` holds."""
    box = Box(*json.loads(row.box))
    evidence = Evidence(row.page, row.span_start, row.span_end, box, row.text)
    value = json.loads(row.value)
    return Field(row.name, value, row.raw, evidence, row.confidence, row.method, row.status)


def catalogue_order(item: Item) -> bytes:
    """Return what sorts items as a catalogue does: by reference code, then source, then identifier.

    Numbers sort by their size (2 before 10); items without a reference code come last. No two items share it.
    """
    # Cut, because PostgreSQL indexes no more than some 2,700 bytes.
    code, source = _natural(item.reference_code or "")[:400], _natural(item.source)[:1600]
    return b"\x00".join([b"0" if code else b"1", code, source, _bytes(item.id)])


def _natural(text: str) -> bytes:
    def sized(digits: re.Match[str]) -> str:
        number = digits[0].lstrip("0")
        return f"{len(number):03d}{number}"

    return _bytes(re.sub("[0-9]+", sized, normalize("NFKC", text)))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _insert(connection: Connection, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _page_rows(connection: Connection, item: Item, recipe: str, moment: str) -> list[dict[str, Any]]:
    together: dict[tuple[str, int], dict[int, Page]] = defaultdict(dict)
    for page in item.pages:
        together[page.scan.sha256, page.scan.index][page.scan.part] = page
    kept = {
        key: add_reading(connection, [parts[part] for part in sorted(parts)], recipe, moment)
        for key, parts in together.items()
    }
    return [
        {
            "item": item.id,
            "position": position,
            "number": page.number,
            "reading": kept[page.scan.sha256, page.scan.index],
            "scan_name": page.scan.name,
            "part": page.scan.part,
            "confidence": page.confidence,
        }
        for position, page in enumerate(item.pages)
    ]


def _document_rows(item: Item) -> list[dict[str, Any]]:
    return [
        {
            "item": item.id,
            "position": position,
            "kind": document.kind,
            "form": document.form,
            "pages": json.dumps(document.pages),
        }
        for position, document in enumerate(item.documents)
    ]


def _field_rows(item: Item) -> list[dict[str, Any]]:
    return [
        {
            "item": item.id,
            "document": place,
            "position": position,
            "name": field.name,
            "value": json.dumps(field.value),
            "raw": field.raw,
            "page": field.evidence.page,
            "span_start": field.evidence.start,
            "span_end": field.evidence.end,
            "box": json.dumps(field.evidence.box),
            "text": field.evidence.text,
            "confidence": field.confidence,
            "method": field.method,
            "status": field.status,
        }
        for place, document in enumerate(item.documents)
        for position, field in enumerate(document.fields)
    ]


def _link_rows(item: Item) -> list[dict[str, Any]]:
    return [
        {
            "item": item.id,
            "position": position,
            "campaign": link.id,
            "name": link.name,
            "confidence": link.confidence,
            "evidence": json.dumps([[e.page, e.start, e.end, e.box, e.text] for e in link.evidence]),
        }
        for position, link in enumerate(item.campaigns)
    ]


def _campaigns_of(connection: Connection, item_id: str) -> set[str]:
    query = select(campaign_links.c.campaign).where(campaign_links.c.item == item_id)
    return set(connection.scalars(query))


def _add_campaigns(connection: Connection, links: Iterable[CampaignLink]) -> None:
    for link in links:
        if connection.scalar(select(campaigns.c.id).where(campaigns.c.id == link.id)) is None:
            connection.execute(insert(campaigns).values(id=link.id, key=link.key, name=link.name))


def _tend_campaigns(connection: Connection, ids: Iterable[str]) -> None:
    # Named as its surest item names it, whatever the order in which the items came.
    links = campaign_links.c
    surest = (
        select(links.name)
        .where(links.campaign == campaigns.c.id)
        .order_by(links.confidence.desc(), links.name.desc())
        .limit(1)
        .scalar_subquery()
    )
    for campaign in ids:
        this = campaigns.c.id == campaign
        connection.execute(delete(campaigns).where(this, ~exists().where(links.campaign == campaign)))
        connection.execute(update(campaigns).where(this).values(name=surest))


def _pages(connection: Connection, ids: Sequence[str]) -> dict[str, list[Page]]:
    own = item_pages.c
    query = (
        select(own.item, own.number, own.scan_name, own.part, readings.c.data)
        .join(readings, own.reading == readings.c.id)
        .where(own.item.in_(ids))
        .order_by(own.item, own.position)
    )
    found = defaultdict(list)
    for row in connection.execute(query):
        page = next(page for page in unpack(row.data) if page.scan.part == row.part)
        if page.scan.name != row.scan_name:
            page = replace(page, scan=replace(page.scan, name=row.scan_name))
        found[row.item].append(replace(page, number=row.number))
    return found


def _documents(connection: Connection, ids: Sequence[str]) -> dict[str, list[Document]]:
    said = defaultdict(list)
    order = (fields.c.item, fields.c.document, fields.c.position)
    for row in connection.execute(select(fields).where(fields.c.item.in_(ids)).order_by(*order)):
        said[row.item, row.document].append(field_of(row))
    found = defaultdict(list)
    papers = select(documents).where(documents.c.item.in_(ids))
    for row in connection.execute(papers.order_by(documents.c.item, documents.c.position)):
        content = tuple(said[row.item, row.position])
        found[row.item].append(Document(row.kind, tuple(json.loads(row.pages)), row.form, content))
    return found


def _links(connection: Connection, ids: Sequence[str]) -> dict[str, list[CampaignLink]]:
    query = (
        select(campaign_links, campaigns.c.key)
        .join(campaigns)
        .where(campaign_links.c.item.in_(ids))
        .order_by(campaign_links.c.item, campaign_links.c.position)
    )
    found = defaultdict(list)
    for row in connection.execute(query):
        ink = [Evidence(page, a, b, Box(*box), text) for page, a, b, box, text in json.loads(row.evidence)]
        found[row.item].append(CampaignLink(row.key, row.name, row.confidence, tuple(ink)))
    return found
