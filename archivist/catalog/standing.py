"""How the archive stands as a whole: its boxes, how sure its values are, what failed, what takes how much room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from sqlalchemy import ColumnElement, Connection, Select, String, case, cast, false, func, select

from archivist.access import MaySee
from archivist.catalog.database import Database
from archivist.catalog.tables import events, failures, fields, item_pages, items, scans, waiting
from archivist.events import ARCHIVE
from archivist.model import Failure

#: From which confidence on values are counted together; the first takes all below the second.
STEPS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
_MANIFEST = "/manifest.csv#"


@dataclass(frozen=True, slots=True)
class Box:
    """A folder that scans came from: how many items and pages it gave, what in them waits, and scans that failed.

    `at` is when anything in it was last read, described or failed (ISO 8601, UTC).
    """

    folder: str
    items: int = 0
    pages: int = 0
    waiting: int = 0
    failed: int = 0
    at: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """How many scans are kept, and how many bytes those are."""

    scans: int
    size: int


@dataclass(frozen=True, slots=True)
class Told:
    """What the ledger told last of the whole archive: when (ISO 8601, UTC), how it ended, by whom."""

    at: str
    outcome: str
    agent: str


class Standing:
    """How the archive stands whose catalogue is in `database`; each question is one look at the tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def boxes(self, may_see: MaySee = None) -> list[Box]:
        """Return every folder that items came from or scans failed in, those with most failures and doubts first.

        Nothing is counted of items whose level of access is not in `may_see`. Takes a second for some 300,000 items.
        """
        with self._database.reading() as connection:
            found = _held(connection, may_see)
            for source, count, at in connection.execute(
                select(failures.c.source, func.count(), func.max(failures.c.at)).group_by(failures.c.source)
            ):
                folder = _box_of(source, found)
                box = found.get(folder, Box(folder))
                found[folder] = replace(box, failed=box.failed + count, at=max(box.at, at))
        return sorted(found.values(), key=lambda box: (-box.failed, -box.waiting, box.folder))

    def confidence(self, may_see: MaySee = None) -> Mapping[str, Sequence[int]]:
        """Return for each status of values how many of them lie in each of STEPS."""
        steps = reversed(list(enumerate(STEPS)))
        step = case(*((fields.c.confidence >= least, place) for place, least in steps)).label("step")
        # By name: servers take the same expression with other parameters for another one.
        query = select(fields.c.status, step, func.count()).group_by(fields.c.status, "step")
        if may_see is not None:
            query = query.where(fields.c.item.in_(select(items.c.id).where(_open(may_see))))
        found: dict[str, list[int]] = {}
        with self._database.reading() as connection:
            for status, place, count in connection.execute(query):
                found.setdefault(status, [0] * len(STEPS))[place or 0] += count
        return found

    def kept(self) -> Kept:
        """Return how many scans are kept, and their bytes."""
        with self._database.reading() as connection:
            row = connection.execute(select(func.count(), func.coalesce(func.sum(scans.c.size), 0))).one()
        return Kept(int(row[0]), int(row[1]))

    def failures(self, cause: str, limit: int, offset: int = 0) -> list[tuple[Failure, str]]:
        """Return failures of one cause that still stand, and when they happened, the latest first."""
        own = failures.c
        query = select(failures).where(own.cause == cause).order_by(own.at.desc(), own.source, own.place)
        return self._failures(query.limit(limit).offset(offset))

    def failures_below(self, folder: str, limit: int) -> list[tuple[Failure, str]]:
        """Return failures of what lies in `folder` (as `place` writes it) or below, in order of their sources."""
        own = failures.c
        below = own.source.startswith(f"{folder}/", autoescape=True) | own.source.startswith(
            f"{folder}#", autoescape=True
        )
        query = select(failures).where((own.source == folder) | below)
        return self._failures(query.order_by(own.source, own.place).limit(limit))

    def last(self, type: str) -> Told | None:
        """Return what happened last to the archive as a whole, of this type of schemas/events.yaml; None if never."""
        own = events.c
        query = select(own.at, own.outcome, own.agent).where(own.object == ARCHIVE, own.type == type)
        with self._database.reading() as connection:
            row = connection.execute(query.order_by(own.id.desc()).limit(1)).first()
        return None if row is None else Told(row.at, row.outcome, row.agent)

    def size(self) -> int | None:
        """Return how many bytes the database of the catalogue takes where a server keeps it; None where files do."""
        with self._database.reading() as connection:
            if connection.dialect.name != "postgresql":
                return None
            return int(connection.scalar(select(func.pg_database_size(func.current_database()))) or 0)

    def _failures(self, query: "Select[tuple[str, int, str, str, str, str]]") -> list[tuple[Failure, str]]:
        with self._database.reading() as connection:
            return [
                (Failure(row.source, max(row.place, 0), row.stage, row.cause, row.message), row.at)
                for row in connection.execute(query)
            ]


def _held(connection: Connection, may_see: MaySee) -> dict[str, Box]:
    """Return what the folders hold that items came from, by folder."""
    open_ = _open(may_see)
    pages = select(item_pages.c.item, func.count().label("count")).group_by(item_pages.c.item).subquery()
    folder = _folder(connection).label("folder")
    query = (
        select(folder, func.count(), func.sum(pages.c.count), func.max(items.c.saved_at))
        .join(pages, pages.c.item == items.c.id, isouter=True)
        .where(open_)
        .group_by("folder")
    )
    found = {
        row[0].rstrip("/"): Box(row[0].rstrip("/"), row[1], int(row[2] or 0), 0, 0, row[3])
        for row in connection.execute(query)
    }
    doubts = select(folder, func.count()).join(waiting, waiting.c.item == items.c.id).where(open_).group_by("folder")
    for name, count in connection.execute(doubts):
        found[name.rstrip("/")] = replace(found[name.rstrip("/")], waiting=count)
    return found


def _open(may_see: MaySee) -> ColumnElement[bool]:
    if may_see is None:
        return ~false()
    return items.c.access.in_(list(may_see))


def _folder(connection: Connection) -> ColumnElement[str]:
    """Return where the folder stands that the source of an item lies in, with the stroke at its end."""
    source = cast(items.c.source, String)
    lower = func.lower(source)
    find = func.strpos if connection.dialect.name == "postgresql" else func.instr
    # Whatever is no stroke, taken off the end.
    above = func.rtrim(source, func.replace(source, "/", ""))
    # What a manifest calls an item may hold strokes.
    return case((lower.like(f"%{_MANIFEST}%"), func.substr(source, 1, find(lower, _MANIFEST))), else_=above)


def _box_of(source: str, known: Mapping[str, Box]) -> str:
    """Return the folder among `known` in which `source` lies, the lowest; where it lies itself if there is none."""
    above = [str(folder) for folder in PurePosixPath(source).parents]
    return next((folder for folder in above if folder in known), above[0] if above else source)
