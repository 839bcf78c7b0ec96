"""Items as rows: how the catalogue takes one apart, and how it puts many together with few questions."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any
from unicodedata import normalize

from sqlalchemy import BindParameter, Connection, bindparam, case, delete, exists, func, insert, select, update

from archivist.access import access_of
from archivist.catalog import tallies
from archivist.catalog.citations import citation_rows, designation_rows
from archivist.catalog.likenesses import confirmed
from archivist.catalog.pages import pack, reopen
from archivist.catalog.review import waiting_rows
from archivist.catalog.said import read_decisions
from archivist.catalog.tables import (
    CHUNK,
    campaign_links,
    campaigns,
    citations,
    derivatives,
    designations,
    documents,
    fields,
    item_pages,
    items,
    likeness_tasks,
    readings,
    waiting,
)
from archivist.catalog.values import boundaries_of, boundaries_text, field_of, field_rows, link_of, link_rows
from archivist.corrections import STAGE, corrected
from archivist.events import Event, of_item, of_page
from archivist.model import CampaignLink, Document, Item, Page, Scan, Value

# Built once: to put a question together takes as long as to have it answered.
_THESE: BindParameter[str] = bindparam("ids", expanding=True)
_ITEMS = select(items).where(items.c.id.in_(_THESE)).order_by(items.c.catalogue_order)
_DOCUMENTS = select(documents).where(documents.c.item.in_(_THESE)).order_by(documents.c.item, documents.c.position)
_FIELDS = select(fields).where(fields.c.item.in_(_THESE)).order_by(fields.c.item, fields.c.document, fields.c.position)
_LINKS = (
    select(campaign_links, campaigns.c.key)
    .join(campaigns)
    .where(campaign_links.c.item.in_(_THESE))
    .order_by(campaign_links.c.item, campaign_links.c.position)
)


def write_items(
    connection: Connection,
    entries: Sequence[Item],
    recipe: str | None,
    described_by: str,
    moment: str,
    instead_of: Sequence[str],
    told: list[Event],
) -> None:
    """Put `entries` in the place of whatever the catalogue says of them now and of the items `instead_of`.

    Without a `recipe` their pages are those that these items held. What was read on pages that none holds stays. What
    the ledger is to say of it is added to `told`.
    """
    before = [*(item.id for item in entries), *instead_of]
    if recipe is None:
        kept = _readings(connection, before, entries)
    else:
        kept = _add_readings(connection, entries, recipe, moment, told)
    was_in = _campaigns_of(connection, before)
    known = _known(connection, before)
    measured = tallies.measured(connection, before)
    for start in range(0, len(before), CHUNK):
        connection.execute(delete(items).where(items.c.id.in_(before[start : start + CHUNK])))
    for item in entries:
        row = {
            "id": item.id,
            "reference_code": item.reference_code,
            "title": item.title,
            "level": item.level,
            "source": item.source,
            "given": json.dumps(dict(item.given)),
            "recipe": recipe or _recipe(connection, item, kept),
            "catalogue_order": catalogue_order(item),
            "saved_at": moment,
            "boundaries": boundaries_text(item),
            "begins_at": item.begins_at,
            "described_by": described_by,
            "access": access_of(item),
        }
        connection.execute(insert(items), row)
        told.append(_described(item, str(row["recipe"]), described_by, item.id in known))
        _insert(connection, item_pages, _page_rows(item, kept))
        _insert(connection, documents, _document_rows(item))
        _insert(connection, fields, field_rows(item))
        _add_campaigns(connection, item.campaigns)
        _insert(connection, campaign_links, link_rows(item))
        add_derived(connection, item)
    tallies.change(connection, measured, tallies.measured(connection, before))
    names = [item.id for item in entries]
    gone = (name for name in instead_of if name in known)
    told += (Event("metadata modification", of_item(name), {"act": "removed", "instead": list(names)}) for name in gone)
    _tend_campaigns(connection, was_in.union(link.id for item in entries for link in item.campaigns))


def add_derived(connection: Connection, item: Item) -> None:
    """Put down what follows from an item for those who look for it: what waits, what it is called, what it cites."""
    _insert(connection, waiting, waiting_rows(item))
    _insert(connection, designations, designation_rows(item))
    _insert(connection, citations, citation_rows(item))
    connection.execute(insert(likeness_tasks).values(item=item.id))


def add_reading(connection: Connection, pages: Sequence[Page], recipe: str, moment: str, told: list[Event]) -> int:
    """Keep `pages` of one scan as read by `recipe`, unless they are kept already, and return the number of that row."""
    scan = pages[0].scan
    same = (readings.c.sha256 == scan.sha256, readings.c.place == scan.index, readings.c.recipe == recipe)
    found = connection.scalar(select(readings.c.id).where(*same))
    if found is not None:
        return int(found)
    if [page.scan.part for page in pages] != list(range(len(pages))):
        raise ValueError(f"{scan.name}: the pages of one scan are kept together, from the first on")
    if any(step.stage == STAGE for page in pages for step in page.steps):
        raise ValueError(f"{scan.name}: a page is kept as it was read, without what people made of its lines")
    data = pack(pages)
    row = {"sha256": scan.sha256, "place": scan.index, "recipe": recipe, "data": data, "parts": len(pages)}
    query = insert(readings).values(**row, saved_at=moment).returning(readings.c.id)
    number = int(connection.execute(query).scalar_one())
    crops = crops_of(pages)
    _insert(connection, derivatives, [{"reading": number, "sha256": crop} for crop in crops])
    detail: dict[str, Value] = {
        "act": "read",
        "recipe": recipe,
        "pages": len(pages),
        "confidence": round(min(page.confidence for page in pages), 4),
        "crops": len(crops),
        # So that what was read cannot be changed unnoticed.
        "data": sha256(data).hexdigest(),
    }
    told.append(Event("metadata extraction", of_page(scan.sha256, scan.index), detail))
    return number


def crops_of(pages: Iterable[Page]) -> list[str]:
    """Return the digests of the pictures that were cut out of `pages`."""
    return sorted({region.crop for page in pages for region in page.regions if region.crop})


def read_items(connection: Connection, ids: Sequence[str]) -> list[Item]:
    """Return those of `ids` (at most CHUNK) that exist, in catalogue order, with their lines as people read them."""
    pages = _pages(connection, ids)
    places = [page.place for own in pages.values() for page in own]
    if said := read_decisions(connection, "line", places):
        pages = {name: [corrected(page, said) for page in own] for name, own in pages.items()}
    return [replace(item, pages=tuple(pages.get(item.id, ()))) for item in read_entries(connection, ids)]


def read_listed(connection: Connection, ids: Sequence[str]) -> list[Item]:
    """Return the same with pages that say only which scans they are and whether they are blank: quick to read."""
    own = item_pages.c
    query = (
        select(own.item, own.number, own.scan_name, own.part, own.blank, readings.c.sha256, readings.c.place)
        .join(readings, own.reading == readings.c.id)
        .where(own.item.in_(ids))
        .order_by(own.item, own.position)
    )
    pages = defaultdict(list)
    for row in connection.execute(query):
        scan = Scan(row.scan_name, row.sha256, row.place, 0, 0, part=row.part)
        pages[row.item].append(Page(row.number, scan, (), blank=bool(row.blank)))
    return [replace(item, pages=tuple(pages[item.id])) for item in read_entries(connection, ids)]


def read_entries(connection: Connection, ids: Sequence[str]) -> list[Item]:
    """Return the same without their pages, which take long to unpack."""
    papers, links, same = _documents(connection, ids), _links(connection, ids), confirmed(connection, ids)
    return [
        Item(
            row.id,
            row.title,
            (),
            tuple(papers[row.id]),
            tuple(links[row.id]),
            row.reference_code,
            row.source,
            row.level,
            json.loads(row.given),
            boundaries_of(row.boundaries),
            row.begins_at,
            same.get(row.id, ()),
        )
        for row in connection.execute(_ITEMS, {"ids": list(ids)})
    ]


def catalogue_order(item: Item) -> bytes:
    """Return what sorts items as a catalogue does: by reference code, source, first page in it, then identifier.

    Numbers sort by their size (2 before 10); items without a reference code come last. No two items share it.
    """
    # Cut, because PostgreSQL indexes no more than some 2,700 bytes.
    code, source = _natural(item.reference_code or "")[:400], _natural(item.source)[:1600]
    return b"\x00".join([b"0" if code else b"1", code, source, b"%06d" % item.begins_at, _bytes(item.id)])


def _natural(text: str) -> bytes:
    def sized(digits: re.Match[str]) -> str:
        number = digits[0].lstrip("0")
        return f"{len(number):03d}{number}"

    return _bytes(re.sub("[0-9]+", sized, normalize("NFKC", text)))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _described(item: Item, recipe: str, described_by: str, again: bool) -> Event:
    done, act = ("metadata modification", "described again") if again else ("metadata extraction", "described")
    detail: dict[str, Value] = {"act": act, "title": item.title, "pages": len(item.pages), "recipe": recipe}
    return Event(done, of_item(item.id), {**detail, "described_by": described_by})


def _insert(connection: Connection, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _add_readings(
    connection: Connection, entries: Iterable[Item], recipe: str, moment: str, told: list[Event]
) -> dict[tuple[str, int], int]:
    """Keep the pages of all `entries` and return the row of each scan and place in it; items may share a scan."""
    together: dict[tuple[str, int], dict[int, Page]] = defaultdict(dict)
    for item in entries:
        for page in item.pages:
            together[page.scan.sha256, page.scan.index][page.scan.part] = page
    return {
        key: add_reading(connection, [parts[part] for part in sorted(parts)], recipe, moment, told)
        for key, parts in together.items()
    }


def _readings(connection: Connection, ids: Sequence[str], entries: Iterable[Item]) -> dict[tuple[str, int], int]:
    """Return the rows of the readings that the pages of `entries` come from: those of the items `ids`, else the last.

    Raises ValueError where a page was never kept.
    """
    found: dict[tuple[str, int], int] = {}
    columns = select(readings.c.sha256, readings.c.place, readings.c.id)
    for start in range(0, len(ids), CHUNK):
        own = item_pages.c.item.in_(ids[start : start + CHUNK])
        for row in connection.execute(columns.join(item_pages, item_pages.c.reading == readings.c.id).where(own)):
            found[row.sha256, row.place] = row.id
    for page in (page for item in entries for page in item.pages):
        key = (page.scan.sha256, page.scan.index)
        if key not in found:
            same = (readings.c.sha256 == key[0], readings.c.place == key[1])
            last = connection.scalar(select(func.max(readings.c.id)).where(*same))
            if last is None:
                raise ValueError(f"{page.scan.name}: a page that was never kept needs the recipe it was read by")
            found[key] = int(last)
    return found


def _known(connection: Connection, ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(ids), CHUNK):
        found.update(connection.scalars(select(items.c.id).where(items.c.id.in_(ids[start : start + CHUNK]))))
    return found


def _recipe(connection: Connection, item: Item, kept: Mapping[tuple[str, int], int]) -> str:
    first = next((kept[page.scan.sha256, page.scan.index] for page in item.pages), None)
    return connection.scalar(select(readings.c.recipe).where(readings.c.id == first)) or ""


def _page_rows(item: Item, kept: Mapping[tuple[str, int], int]) -> list[dict[str, Any]]:
    return [
        {
            "item": item.id,
            "position": position,
            "number": page.number,
            "reading": kept[page.scan.sha256, page.scan.index],
            "scan_name": page.scan.name,
            "part": page.scan.part,
            "confidence": page.confidence,
            "blank": int(page.blank),
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


def _campaigns_of(connection: Connection, ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(ids), CHUNK):
        own = campaign_links.c.item.in_(ids[start : start + CHUNK])
        found.update(connection.scalars(select(campaign_links.c.campaign).where(own)))
    return found


def _add_campaigns(connection: Connection, links: Iterable[CampaignLink]) -> None:
    for link in links:
        if connection.scalar(select(campaigns.c.id).where(campaigns.c.id == link.id)) is None:
            connection.execute(insert(campaigns).values(id=link.id, key=link.key, name=link.name))


def _tend_campaigns(connection: Connection, ids: Iterable[str]) -> None:
    # Named as its surest item names it, whatever the order in which the items came. One that all its items were
    # refused stays, so that the refusals can be taken back.
    links = campaign_links.c
    surest = (
        select(links.name)
        .where(links.campaign == campaigns.c.id)
        .order_by(case((links.status == "rejected", 1), else_=0), links.confidence.desc(), links.name.desc())
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
        select(own.item, own.number, own.scan_name, own.part, readings.c.place, readings.c.data)
        .join(readings, own.reading == readings.c.id)
        .where(own.item.in_(ids))
        .order_by(own.item, own.position)
    )
    found = defaultdict(list)
    for row in connection.execute(query):
        read = reopen(row.data, row.scan_name, row.place)
        page = next(page for page in read if page.scan.part == row.part)
        if page.scan.name != row.scan_name:
            page = replace(page, scan=replace(page.scan, name=row.scan_name))
        found[row.item].append(replace(page, number=row.number))
    return found


def _documents(connection: Connection, ids: Sequence[str]) -> dict[str, list[Document]]:
    said = defaultdict(list)
    for row in connection.execute(_FIELDS, {"ids": list(ids)}):
        said[row.item, row.document].append(field_of(row))
    found = defaultdict(list)
    for row in connection.execute(_DOCUMENTS, {"ids": list(ids)}):
        content = tuple(said[row.item, row.position])
        found[row.item].append(Document(row.kind, tuple(json.loads(row.pages)), row.form, content))
    return found


def _links(connection: Connection, ids: Sequence[str]) -> dict[str, list[CampaignLink]]:
    found = defaultdict(list)
    for row in connection.execute(_LINKS, {"ids": list(ids)}):
        found[row.item].append(link_of(row))
    return found
