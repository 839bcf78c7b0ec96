"""What waits for a person, worst first, and what people decided."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from archivist.catalog.tables import (
    CHUNK,
    campaign_links,
    campaigns,
    decisions,
    documents,
    fields,
    item_pages,
    items,
    meta,
    waiting,
)
from archivist.catalog.values import boundaries_of, field_of, link_of
from archivist.decisions import Decision, Subject
from archivist.definitions import load
from archivist.events import Event, of_item, of_page
from archivist.handles import Place, Sort, handles
from archivist.model import Boundary, CampaignLink, Decided, DocumentKind, Field, Item, Value

# In the table `meta`: the number of the last decision that reached the items concerned.
_CARRIED_OUT = "carried_out"
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
            row = {"item": item.id, "turn": turn, "handle": handle, "priority": priority}
            found.append(row | place._asdict())
    return found


def read_waiting(connection: Connection, limit: int) -> list[Waiting]:
    """Return the `limit` most urgent things that a person should look at."""
    order = waiting.c.priority.desc(), waiting.c.item, waiting.c.turn
    # Chosen before anything is joined to them: not every database finds out by itself that the index serves.
    first = select(waiting).order_by(*order).limit(limit).subquery()
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


def read_poor(connection: Connection, limit: int) -> list[PoorPage]:
    """Return the `limit` pages that read worst, of those a person should look at."""
    own = item_pages.c
    query = (
        select(own.item, own.number, own.scan_name, own.confidence)
        .where(own.confidence < READS_FROM)
        .order_by(own.confidence, own.item, own.position)
        .limit(limit)
    )
    return [PoorPage(*row) for row in connection.execute(query)]


def read_decisions(connection: Connection, subject: Subject | None, targets: Iterable[str] | None) -> list[Decision]:
    """Return the decisions about `subject` and `targets`, all where None is said, oldest first."""
    query = select(decisions).order_by(decisions.c.id)
    if subject is not None:
        query = query.where(decisions.c.subject == subject)
    if targets is None:
        return [_decision(row) for row in connection.execute(query)]
    wanted = list(dict.fromkeys(targets))
    rows: list[Row[Any]] = []
    for start in range(0, len(wanted), CHUNK):
        rows += connection.execute(query.where(decisions.c.target.in_(wanted[start : start + CHUNK])))
    return [_decision(row) for row in sorted(rows, key=lambda row: int(row.id))]


def last_decision(connection: Connection) -> int:
    """Return the number of the latest decision, 0 where there is none."""
    return connection.scalar(select(func.max(decisions.c.id))) or 0


def read_outstanding(connection: Connection) -> tuple[list[Decision], int]:
    """Return the decisions that were not carried out yet, oldest first, and the number of the latest of all."""
    query = select(decisions).where(decisions.c.id > _carried_out(connection)).order_by(decisions.c.id)
    return [_decision(row) for row in connection.execute(query)], last_decision(connection)


def mark_carried_out(connection: Connection, number: int) -> None:
    """Keep that the decisions up to `number` are carried out; another process may be further."""
    if number > _carried_out(connection):
        connection.execute(delete(meta).where(meta.c.name == _CARRIED_OUT))
        connection.execute(insert(meta).values(name=_CARRIED_OUT, value=str(number)))


def _carried_out(connection: Connection) -> int:
    return int(connection.scalar(select(meta.c.value).where(meta.c.name == _CARRIED_OUT)) or 0)


def add_decisions(connection: Connection, made: Sequence[Decision]) -> list[Event]:
    """Put `made` behind what was decided before, and return what the ledger is to say of them."""
    # One by one, so that their numbers are in this order in every database.
    for one in made:
        row = {
            "subject": one.subject,
            "target": one.target,
            "act": one.act,
            "detail": json.dumps(dict(one.detail)),
            "who": one.decided.who,
            "at": one.decided.at,
        }
        connection.execute(insert(decisions), row)
    return [_told(one) for one in made]


def _told(one: Decision) -> Event:
    detail: dict[str, Value] = {**one.detail, "act": one.act, "subject": one.subject, "decided": one.decided.at}
    if one.subject in ("value", "boundary"):
        # Two pages may face each other on a scan: the event is about the page of the scan.
        sha256, _mark, place = one.target.partition(":")
        about = of_page(sha256, place.partition(":")[0])
    else:
        about = of_item(one.target) if one.subject == "link" else f"{one.subject}:{one.target}"
    return Event("metadata modification", about, detail, agent=one.decided.who)


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


def _decision(row: Row[Any]) -> Decision:
    return Decision(row.subject, row.target, row.act, json.loads(row.detail), Decided(row.who, row.at))


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
