"""What people decided, as rows that are only ever added to: an undoing is a row of its own.

What is undone counts no more, nor does the undoing; an undoing that was undone in its turn lets it count again.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, func, insert, or_, select

from archivist.access import MaySee
from archivist.catalog.finding import holding_each
from archivist.catalog.tables import CHUNK, campaign_links, campaigns, decisions, item_pages, items, meta, readings
from archivist.decisions import OF_PAGES, UNDO, Decision, Subject
from archivist.errors import NotFound, WrongCall
from archivist.events import Event, of_item, of_page
from archivist.language import gettext as _
from archivist.model import Decided, Item, Value

# In the table `meta`: the number of the last decision that reached the items concerned.
_CARRIED_OUT = "carried_out"
# Decisions looked at together where not all are open to whoever asks.
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Numbered:
    """A decision under its number; `undone` where it counts no more.

    `items` are the identifiers of the items it is about, as far as they are asked for and still there.
    """

    number: int
    decision: Decision
    undone: bool
    items: tuple[str, ...] = ()


def read_decisions(connection: Connection, subject: Subject | None, targets: Iterable[str] | None) -> list[Decision]:
    """Return what was decided about `subject` and `targets`, all where None is said, and not undone, oldest first."""
    rows = _rows(connection, subject, targets)
    undone = _undone(row for row in rows if row.act == UNDO)
    return [_decision(row) for row in rows if row.act != UNDO and row.id not in undone]


def numbered(connection: Connection, subject: Subject | None, targets: Iterable[str] | None) -> list[Numbered]:
    """Return the same with what was undone and the undoings, oldest first."""
    rows = _rows(connection, subject, targets)
    undone = _undone(row for row in rows if row.act == UNDO)
    return [Numbered(row.id, _decision(row), row.id in undone) for row in rows]


def one_decision(connection: Connection, number: int, may_see: MaySee) -> Numbered | None:
    """Return the decision with this number; None where there is none about what is open to `may_see`."""
    return next(iter(_newest(connection, select(decisions).where(decisions.c.id == number), 1, may_see)), None)


def latest(connection: Connection, limit: int, who: str | None, may_see: MaySee) -> list[Numbered]:
    """Return the last `limit` decisions about what is open to `may_see`, of `who` if that is said, newest first."""
    query = select(decisions).order_by(decisions.c.id.desc())
    if who is not None:
        query = query.where(decisions.c.who == who)
    return _newest(connection, query, limit, may_see)


def about_item(connection: Connection, name: str, limit: int, may_see: MaySee) -> list[Numbered]:
    """Return the last `limit` decisions about an item, its pages and its links, newest first."""
    own = select(readings.c.sha256, readings.c.place, item_pages.c.part)
    own = own.join(item_pages, item_pages.c.reading == readings.c.id).where(item_pages.c.item == name)
    places = [f"{row.sha256}:{row.place}:{row.part}" for row in connection.execute(own)]
    found: list[Numbered] = []
    for start in range(0, max(len(places), 1), CHUNK):
        here = places[start : start + CHUNK]
        about = [
            and_(decisions.c.subject.in_(sorted(OF_PAGES)), decisions.c.target.in_(here)),
            and_(decisions.c.subject == "link", decisions.c.target == name),
            and_(decisions.c.subject == "likeness", decisions.c.detail.contains(json.dumps(name), autoescape=True)),
        ]
        query = select(decisions).where(or_(*about)).order_by(decisions.c.id.desc())
        found += _newest(connection, query, limit, may_see)
    return sorted({one.number: one for one in found}.values(), key=lambda one: -one.number)[:limit]


def last_decision(connection: Connection) -> int:
    """Return the number of the latest decision, 0 where there is none."""
    return connection.scalar(select(func.max(decisions.c.id))) or 0


def decided_since(connection: Connection, number: int, entries: Sequence[Item]) -> bool:
    """Whether people decided something about `entries` after the decision with this number."""
    places = {page.place for item in entries for page in item.pages}
    names = {item.id for item in entries}
    query = select(decisions.c.subject, decisions.c.target).where(decisions.c.id > number)
    return any(
        target in places if subject in OF_PAGES else target in names if subject == "link" else subject != "likeness"
        for subject, target in connection.execute(query)
    )


def read_outstanding(connection: Connection) -> tuple[list[Decision], int]:
    """Return the decisions that were not carried out yet, oldest first, and the number of the latest of all.

    Undoings are among them, and what was undone.
    """
    query = select(decisions).where(decisions.c.id > _carried_out(connection)).order_by(decisions.c.id)
    return [_decision(row) for row in connection.execute(query)], last_decision(connection)


def mark_carried_out(connection: Connection, number: int) -> None:
    """Keep that the decisions up to `number` are carried out; another process may be further."""
    if number > _carried_out(connection):
        connection.execute(delete(meta).where(meta.c.name == _CARRIED_OUT))
        connection.execute(insert(meta).values(name=_CARRIED_OUT, value=str(number)))


def _carried_out(connection: Connection) -> int:
    return int(connection.scalar(select(meta.c.value).where(meta.c.name == _CARRIED_OUT)) or 0)


def add_decisions(connection: Connection, made: Sequence[Decision], told: list[Event]) -> list[int]:
    """Put `made` behind what was decided before and return their numbers; the ledger is `told` of them.

    NotFound where what is to be undone never was decided, WrongCall where it is undone already.
    """
    numbers = []
    # One by one, so that their numbers are in this order in every database.
    for one in made:
        if one.act == UNDO:
            _check_undoing(connection, one)
        row = {
            "subject": one.subject,
            "target": one.target,
            "act": one.act,
            "detail": json.dumps(dict(one.detail)),
            "who": one.decided.who,
            "at": one.decided.at,
        }
        query = insert(decisions).values(**row).returning(decisions.c.id)
        numbers.append(int(connection.execute(query).scalar_one()))
        told.append(_told(one))
    return numbers


def _check_undoing(connection: Connection, one: Decision) -> None:
    number = one.detail.get("undoes")
    said = one_decision(connection, number, None) if isinstance(number, int) else None
    if said is None or (said.decision.subject, said.decision.target) != (one.subject, one.target):
        raise NotFound(_("nothing was decided under the number {number}").format(number=number))
    if said.undone:
        raise WrongCall(_("what was decided under the number {number} is undone already").format(number=number))


def _told(one: Decision) -> Event:
    detail: dict[str, Value] = {**one.detail, "act": one.act, "subject": one.subject, "decided": one.decided.at}
    if one.subject == "line":
        # What a line says is to it what a value is to a field.
        detail["value"] = detail.pop("text", "")
    if one.subject in OF_PAGES:
        # Two pages may face each other on a scan: the event is about the page of the scan.
        sha256, _mark, place = one.target.partition(":")
        about = of_page(sha256, place.partition(":")[0])
    else:
        about = of_item(one.target) if one.subject == "link" else f"{one.subject}:{one.target}"
    return Event("metadata modification", about, detail, agent=one.decided.who)


def _rows(connection: Connection, subject: Subject | None, targets: Iterable[str] | None) -> list[Row[Any]]:
    query = select(decisions).order_by(decisions.c.id)
    if subject is not None:
        query = query.where(decisions.c.subject == subject)
    if targets is None:
        return list(connection.execute(query))
    wanted = list(dict.fromkeys(targets))
    rows: list[Row[Any]] = []
    for start in range(0, len(wanted), CHUNK):
        rows += connection.execute(query.where(decisions.c.target.in_(wanted[start : start + CHUNK])))
    return sorted(rows, key=lambda row: int(row.id))


def _decision(row: Row[Any]) -> Decision:
    return Decision(row.subject, row.target, row.act, json.loads(row.detail), Decided(row.who, row.at))


def _undone(undoings: Iterable[Row[Any]]) -> set[int]:
    """Return the numbers of what counts no more; `undoings` are all rows that undo something about these targets."""
    undone: set[int] = set()
    for row in sorted(undoings, key=lambda row: -int(row.id)):
        if row.id not in undone:
            undone.add(json.loads(row.detail)["undoes"])
    return undone


def _numbered(connection: Connection, rows: Sequence[Row[Any]]) -> list[Numbered]:
    undoings: dict[int, Row[Any]] = {}
    targets = list(dict.fromkeys(row.target for row in rows))
    for start in range(0, len(targets), CHUNK):
        same = decisions.c.target.in_(targets[start : start + CHUNK])
        subject = decisions.c.subject.in_(sorted({row.subject for row in rows}))
        query = select(decisions).where(subject, same, decisions.c.act == UNDO)
        undoings |= {row.id: row for row in connection.execute(query)}
    undone = _undone(undoings.values())
    return [Numbered(row.id, _decision(row), row.id in undone) for row in rows]


def _newest(connection: Connection, query: Select[Any], limit: int, may_see: MaySee) -> list[Numbered]:
    """Return the first `limit` of the decisions `query` asks for that are about what is open to `may_see`."""
    found: list[Numbered] = []
    before = query.limit(limit if may_see is None else _BATCH)
    while len(found) < limit and (rows := connection.execute(before).all()):
        found += _open(connection, _numbered(connection, rows), may_see)
        before = query.where(decisions.c.id < rows[-1].id).limit(_BATCH)
    return found[:limit]


def _open(connection: Connection, said: Sequence[Numbered], may_see: MaySee) -> list[Numbered]:
    """Return those of `said` that are about nothing but items open to `may_see`, with these items."""
    about = _items_of(connection, [one.decision for one in said])
    names = list({name for found in about for name in found})
    levels: dict[str, str] = {}
    for start in range(0, len(names), CHUNK):
        query = select(items.c.id, items.c.access).where(items.c.id.in_(names[start : start + CHUNK]))
        levels |= {row.id: row.access for row in connection.execute(query)}
    kept = []
    for one, found in zip(said, about, strict=True):
        there = [name for name in found if name in levels]
        # Of what is gone nobody knows whether it was open.
        if may_see is None or (found and len(there) == len(found) and all(levels[name] in may_see for name in there)):
            kept.append(Numbered(one.number, one.decision, one.undone, tuple(there)))
    return kept


def _items_of(connection: Connection, made: Sequence[Decision]) -> list[list[str]]:
    """Return the items that each of the decisions `made` is about."""
    on = holding_each(connection, {one.target for one in made if one.subject in OF_PAGES})
    keys = [one.target for one in made if one.subject == "campaign"]
    named: defaultdict[str, list[str]] = defaultdict(list)
    for start in range(0, len(keys), CHUNK):
        own = campaigns.c.key.in_(keys[start : start + CHUNK])
        query = select(campaigns.c.key, campaign_links.c.item).join(campaign_links).where(own)
        for key, item in connection.execute(query):
            named[key].append(item)
    found = []
    for one in made:
        if one.subject in OF_PAGES:
            found.append(sorted(on.get(one.target, ())))
        elif one.subject == "link":
            found.append([one.target])
        elif one.subject == "likeness":
            said = one.detail.get("items")
            found.append([str(name) for name in said] if isinstance(said, Collection) else [])
        else:
            found.append(named[one.target] if one.subject == "campaign" else [])
    return found
