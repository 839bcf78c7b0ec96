"""What waits for a person, worst first."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from archivist.access import MaySee
from archivist.catalog.tables import (
    campaign_links,
    campaigns,
    documents,
    fields,
    item_pages,
    items,
    waiting,
)
from archivist.catalog.values import boundaries_of, field_of, link_of
from archivist.definitions import load
from archivist.handles import Place, Sort, handles
from archivist.model import Boundary, CampaignLink, DocumentKind, Field, Item

#: A page of which the characters are on average less sure than this is one for a person to read.
READS_FROM = 0.6


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something a person should look at: `what` it is, in which item, and the handle to name it by.

    `title` is that of the item, `document_kind` is None for what no single document says.
    """

    sort: Sort
    item_id: str
    title: str
    handle: str
    what: Field | CampaignLink | Boundary
    document_kind: DocumentKind | None = None


@dataclass(frozen=True, slots=True)
class PoorPage:
    """A page that hardly reads: its item, its number there, the name of its scan, and how well it reads (0..1)."""

    item_id: str
    number: int
    scan: str
    confidence: float


def waiting_rows(item: Item) -> list[dict[str, Any]]:
    """Return a row for everything in `item` that a person should look at, with its priority."""
    found = []
    for turn, (handle, place) in enumerate(handles(item).items()):
        priority = _priority(item, place)
        if priority is not None:
            name = "" if place.document is None else item.documents[place.document].fields[place.position].name
            row = {"item": item.id, "turn": turn, "handle": handle, "priority": priority, "field": name}
            found.append(row | place._asdict())
    return found


def read_waiting(
    connection: Connection,
    limit: int,
    offset: int,
    sort: Sort | None,
    field: str,
    may_see: MaySee,
    without: Collection[str],
) -> list[Waiting]:
    """Return the `limit` most urgent things that a person should look at from `offset` on, but for some handles.

    Of items whose level of access is in `may_see`; of one `sort` and values of the name `field` only, where they are
    said.
    """
    order = waiting.c.priority.desc(), waiting.c.item, waiting.c.turn
    # Chosen before anything is joined to them: not every database finds out by itself that the index serves.
    chosen = select(waiting).order_by(*order).limit(limit).offset(offset)
    if field or sort not in (None, "value"):
        chosen = chosen.where(waiting.c.sort == (sort or "value"), waiting.c.field == field)
    elif sort:
        # Nearly all that waits are values: SQLite would take those of each name together, and sort them all.
        chosen = chosen.where(waiting.c.field != "")
    if may_see is not None:
        own_item = select(items.c.id).where(items.c.id == waiting.c.item, items.c.access.in_(may_see))
        chosen = chosen.where(own_item.exists())
    if without:
        chosen = chosen.where(waiting.c.handle.not_in(without))
    first = chosen.subquery()
    own = first.c
    paper = (documents.c.item == own.item) & (documents.c.position == own.document)
    query = (
        select(first, items.c.title, items.c.boundaries, documents.c.kind)
        .join(items, items.c.id == own.item)
        .join(documents, paper, isouter=True)
        .order_by(own.priority.desc(), own.item, own.turn)
    )
    place = (fields.c.item == own.item) & (fields.c.document == own.document) & (fields.c.position == own.position)
    values = select(own.item, own.turn, fields).join(fields, place).where(own.sort == "value")
    place = (campaign_links.c.item == own.item) & (campaign_links.c.position == own.position)
    links = select(own.item, own.turn, campaign_links, campaigns.c.key).join(campaign_links, place).join(campaigns)
    what: dict[tuple[str, int], Field | CampaignLink] = {}
    for row in connection.execute(values):
        what[row.item, row.turn] = field_of(row)
    for row in connection.execute(links.where(own.sort == "link")):
        what[row.item, row.turn] = link_of(row)
    return [
        Waiting(
            row.sort,
            row.item,
            row.title,
            row.handle,
            what.get((row.item, row.turn)) or boundaries_of(row.boundaries)[row.position],
            row.kind,
        )
        for row in connection.execute(query)
    ]


def read_poor(connection: Connection, limit: int, offset: int, may_see: MaySee) -> list[PoorPage]:
    """Return the `limit` pages that read worst from `offset` on, of those a person should look at and may see."""
    own = item_pages.c
    query = (
        select(own.item, own.number, own.scan_name, own.confidence)
        .where(own.confidence < READS_FROM)
        .order_by(own.confidence, own.item, own.position)
        .limit(limit)
        .offset(offset)
    )
    if may_see is not None:
        open_item = select(items.c.id).where(items.c.id == own.item, items.c.access.in_(may_see))
        query = query.where(open_item.exists())
    return [PoorPage(*row) for row in connection.execute(query)]


def verified(connection: Connection) -> list[tuple[str, int]]:
    """Return the names of agencies in verified values, and how often, most often first."""
    names = load("schemas/review.yaml")["agencies"]
    query = (
        select(fields.c.value, func.count())
        .where(fields.c.status == "verified", fields.c.name.in_(names))
        .group_by(fields.c.value)
    )
    counted = [(json.loads(value), times) for value, times in connection.execute(query)]
    return sorted(
        ((name, times) for name, times in counted if isinstance(name, str)), key=lambda row: (-row[1], row[0])
    )


def _priority(item: Item, place: Place) -> float | None:
    """Return how urgent it is that a person looks there, None where there is nothing to look at."""
    rules = load("schemas/review.yaml")
    if place.sort == "boundary":
        boundary, limits = item.boundaries[place.position], rules["boundaries"]
        if boundary.decided or not limits["from"] <= boundary.confidence < limits["to"]:
            return None
        # Inside an item it is the chance that the item should end here that makes a person look.
        doubt = 1 - boundary.confidence if boundary.page == 1 else boundary.confidence
        return float(doubt * limits["weight"])
    if place.document is None:
        link = item.campaigns[place.position]
        return (1 - link.confidence) * float(rules["links"]) if link.status == "review" else None
    document = item.documents[place.document]
    field = document.fields[place.position]
    if field.status != "review":
        return None
    of_kind = rules["documents"].get(document.kind, {})
    return (1 - field.confidence) * float(of_kind[field.name]["weight"] if field.name in of_kind else rules["other"])
