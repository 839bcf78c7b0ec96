"""The ledger: every step as an event in a table that is only ever added to, each sealed together with the one before.

The seal of an event is the SHA-256 of the seal before it (of the first: 64 zeros), a line feed, and its row as JSON
without spaces, UTF-8: [id, at, type, object, outcome, agent, detail], `detail` as the text that it is in the table.
Number and seal of the last event stand in the table `meta` as well, so that events cut off at the end are missed.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, insert, select, update

from archivist.catalog.history import objects_called, rows_about
from archivist.catalog.tables import CHUNK, HEAD, NO_EVENT, events, iso, meta, now, recipes, storable
from archivist.definitions import load
from archivist.errors import ArchivistError, NotFound
from archivist.events import Event, of_page, of_source
from archivist.language import gettext as _
from archivist.recipes import Recipe

if TYPE_CHECKING:
    # Opening a database brings it up to date, and that is an event, too.
    from archivist.catalog.database import Database

# Events looked at in one transaction while the chain is checked.
_BATCH = 5000


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as the ledger keeps it: its number from 1, when (ISO 8601, UTC), and its seal."""

    number: int
    at: str
    event: Event
    seal: str


@dataclass(frozen=True, slots=True)
class Chain:
    """How the ledger stands: events found whole, the seal of the last of them, and where the chain breaks.

    `broken` says in words what is wrong first; it is empty where the ledger is as it was written.
    """

    count: int
    head: str
    broken: str


@contextmanager
def recording(database: "Database") -> Iterator[tuple[Connection, list[Event]]]:
    """Give a connection, and a list for the events that tell what is done there: all is kept at the end, or nothing."""
    told: list[Event] = []
    with database.writing() as connection:
        yield connection, told
        append(connection, told, now())


def append(connection: Connection, told: Iterable[Event], moment: str) -> None:
    """Put the events `told` behind those of before; to be the last thing done in a transaction.

    Raises ArchivistError where the head of the ledger is gone, ValueError where an event has no type that there is.
    """
    happened = list(told)
    if not happened:
        return
    # Held until the end: who writes at the same time goes on from here.
    head = connection.scalar(select(meta.c.value).where(meta.c.name == HEAD).with_for_update())
    if head is None:
        raise ArchivistError(_("the ledger has lost its head, so nothing can be added; see `archivist verify`"))
    number, seal = _number(head), _seal(head)
    rows = []
    for event in happened:
        if event.type not in load("schemas/events.yaml")["types"]:
            raise ValueError(f"{event.type} is no type of event")
        number += 1
        row = {"id": number, "at": moment, **_row(event)}
        seal = _sealed(seal, *row.values())
        rows.append(row | {"hash": seal})
    connection.execute(insert(events), rows)
    connection.execute(update(meta).where(meta.c.name == HEAD).values(value=f"{number}:{seal}"))


class Ledger:
    """The ledger of the catalogue in `database`."""

    def __init__(self, database: "Database") -> None:
        self._database = database

    def add(self, told: Iterable[Event]) -> None:
        """Keep events that come with no other change of the catalogue."""
        with recording(self._database) as (_connection, happened):
            happened.extend(told)

    def add_once(self, event: Event, within: timedelta) -> datetime:
        """Keep `event` unless the very same was kept `within` this time, by whichever process; return when that was."""
        with self._database.reading() as connection:
            at = _lately(connection, event, within)
        if at is None:
            with recording(self._database) as (connection, told):
                # Another may have been faster.
                at = _lately(connection, event, within)
                if at is None:
                    told.append(event)
        return at or datetime.now(UTC)

    def events(self, object: str | None = None, after: int = 0) -> Iterator[Recorded]:
        """Give the events about `object`, or all, behind number `after`, oldest first."""
        query = select(events).order_by(events.c.id).limit(CHUNK)
        if object is not None:
            query = query.where(events.c.object == object)
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(query.where(events.c.id > after)).all()
            if not rows:
                return
            yield from map(_recorded, rows)
            after = rows[-1].id

    def history(self, name: str) -> list[Recorded]:
        """Return what happened to an item (identifier or reference code) with its pages and scans, or to a scan.

        A scan is called by its digest or the beginning of it. Oldest first. Raises NotFound where nothing is or was
        called so, WrongCall where several scans are.
        """
        with self._database.reading() as connection:
            objects = objects_called(connection, name)
            found = list(map(_recorded, rows_about(connection, objects)))
            # A scan may have failed in the place it came from before it could be taken in.
            taken = (one.event.detail.get("source") for one in found if one.event.type == "ingestion")
            places = {of_source(str(source)) for source in taken if source}.difference(objects)
            found += map(_recorded, rows_about(connection, places))
        if not found:
            text = _("there is no item or scan “{name}” in this archive, and the ledger knows of none")
            raise NotFound(text.format(name=name))
        return sorted(found, key=lambda one: one.number)

    def read_as(self, sha256: str, index: int, recipe: str) -> str:
        """Return the SHA-256 of what `recipe` read on a page, as it was kept last; "" where the ledger does not say."""
        found = ""
        for one in self.events(of_page(sha256, index)):
            if one.event.detail.get("recipe") == recipe:
                found = str(one.event.detail.get("data", found))
        return found

    def check(self, head: str = "") -> Chain:
        """Look at every event, and at `head`, a seal that was written down earlier (or its beginning)."""
        seal, count, seen = NO_EVENT, 0, NO_EVENT.startswith(head)
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(_in_chain(count)).all()
                last = connection.scalar(select(meta.c.value).where(meta.c.name == HEAD)) or ""
            for row in rows:
                if row.id != count + 1:
                    return Chain(count, seal, _("event {number} is missing").format(number=count + 1))
                if row.hash != _sealed(seal, *row[:-1]):
                    text = _("event {number} is not as it was written")
                    return Chain(count, seal, text.format(number=row.id))
                seal, count = row.hash, row.id
                seen = seen or seal.startswith(head)
            if not rows:
                return Chain(count, seal, _end(count, seal, last) or ("" if seen else _unknown(head)))

    def keep_recipe(self, recipe: Recipe) -> None:
        """Keep what `recipe` says under its digest, by which readings, items and events name it."""
        this = select(recipes.c.digest).where(recipes.c.digest == recipe.digest)
        with self._database.reading() as connection:
            known = connection.scalar(this) is not None
        if not known:
            with self._database.writing() as connection:
                if connection.scalar(this) is None:
                    row = {"digest": recipe.digest, "stage": recipe.stage, "says": recipe.says, "first_used": now()}
                    connection.execute(insert(recipes).values(row))

    def recipes(self) -> list[tuple[Recipe, str]]:
        """Return every recipe that was ever kept and when it was first used, oldest first."""
        query = select(recipes).order_by(recipes.c.first_used, recipes.c.digest)
        with self._database.reading() as connection:
            return [(Recipe(row.stage, row.says), row.first_used) for row in connection.execute(query)]


def _lately(connection: Connection, event: Event, within: timedelta) -> datetime | None:
    """Return when this very event was kept `within` this time, None where it was not."""
    moment = datetime.now(UTC)
    same = [events.c[name] == said for name, said in _row(event).items()]
    # A clock that was set back hides nothing: what is yet to come was not lately.
    query = select(events.c.at).where(*same, events.c.at.between(iso(moment - within), iso(moment)))
    at = connection.scalar(query.limit(1))
    return None if at is None else datetime.fromisoformat(at)


def _row(event: Event) -> dict[str, str]:
    """Return what a row of the ledger says of `event` itself, in the order in which it is sealed."""
    said = json.dumps(dict(event.detail), ensure_ascii=False, separators=(",", ":"))
    return {
        "type": event.type,
        "object": storable(event.object),
        "outcome": event.outcome,
        "agent": storable(event.agent),
        "detail": storable(said),
    }


def _end(count: int, seal: str, last: str) -> str:
    """Return what is wrong with an end of the chain at `count` and `seal`, where the catalogue names `last`."""
    if last == f"{count}:{seal}":
        return ""
    if _number(last) > count:
        text = _("the events {first} to {last} are missing at its end")
        return text.format(first=count + 1, last=_number(last))
    return _("the catalogue names another event as the last one")


def _unknown(head: str) -> str:
    return _("no event has the seal {head} that was written down: the ledger was written anew").format(head=head)


def _in_chain(after: int) -> Any:
    return select(events).where(events.c.id > after).order_by(events.c.id).limit(_BATCH)


def _sealed(before: str, *row: Any) -> str:
    line = json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=repr)
    return sha256(f"{before}\n{line}".encode()).hexdigest()


def _number(head: str) -> int:
    number = head.partition(":")[0]
    return int(number) if number.isdecimal() else 0


def _seal(head: str) -> str:
    return head.partition(":")[2]


def _recorded(row: Row[Any]) -> Recorded:
    try:
        detail = json.loads(row.detail)
    except ValueError as error:
        text = _("event {number} of the ledger is damaged; see `archivist verify`")
        raise ArchivistError(text.format(number=row.id)) from error
    return Recorded(row.id, row.at, Event(row.type, row.object, detail, row.outcome, row.agent), row.hash)
