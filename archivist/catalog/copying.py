"""A whole catalogue as one SQLite file, and such a file back into any database: row by row, as they are.

One state of the catalogue is copied, whoever writes to it meanwhile. A database that is being filled says so in its
table `meta` until the last row is there, and is opened by nothing but another try.

Accounts come along, but nobody who is in: who finds a copy finds no key to the room, and who restores one lets nobody
in but by a password.
"""

import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Table, create_engine, delete, func, insert, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

from archivist.catalog.accounts import guesses, sessions
from archivist.catalog.database import Database
from archivist.catalog.ledger import Ledger, recording
from archivist.catalog.tables import (
    HEAD,
    RESTORING,
    SCHEMA_VERSION,
    decisions,
    derivatives,
    events,
    failures,
    item_pages,
    items,
    meta,
    now,
    readings,
    scans,
    tables,
)
from archivist.errors import ArchivistError, WrongCall
from archivist.events import Event
from archivist.language import gettext as _

# Rows held in memory at a time; a reading is some 50 kB and may be many times that.
_ROWS, _READINGS = 5000, 200
# Who is in and who guesses: of this hour, and of no copy, be it one that an older archivist made.
_PASSING = (sessions, guesses)
# What an archive in use has at least one row of.
_SIGNS_OF_USE = (events, scans, readings, items, decisions, failures)
# A file that is thrown away unless all of it is written needs none of what saves a database in use; 64 MB of memory
# keep the indexes of a large one quick.
_ALL_OR_NOTHING = ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", "cache_size=-65536")
# What would be worked out or set off by looking at a file from elsewhere. The ledger has triggers of its own.
_STRANGE = text(
    "SELECT name FROM sqlite_master WHERE type = 'view' OR type = 'trigger' AND tbl_name <> :ledger LIMIT 1"
).bindparams(ledger=events.name)

_ONLY_READ = "mode=ro&immutable=1"
#: Called with the number of rows copied, and of all there are.
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes in the store that a catalogue names: a scan, or what was cut out of one, whose `size` is not known."""

    sha256: str
    name: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Contents:
    """How much a catalogue holds, the version of its tables, and the seal of the last event of its ledger.

    `kept` is how many things in the store it names.
    """

    version: int
    events: int
    seal: str
    scans: int
    items: int
    pages: int
    kept: int


class CatalogueFile:
    """An up-to-date catalogue in an SQLite file that is only read; ArchivistError where it is damaged."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def contents(self) -> Contents:
        """Return how much it holds."""
        with self._reading() as connection:
            said = {row.name: row.value for row in connection.execute(select(meta))}
            originals, entries, pages = (_count(connection, table) for table in (scans, items, item_pages))
            cut_out = connection.scalar(select(func.count(derivatives.c.sha256.distinct()))) or 0
        number, _colon, seal = said.get(HEAD, "").partition(":")
        events = int(number) if number.isdecimal() else 0
        return Contents(int(said["schema_version"]), events, seal, originals, entries, pages, originals + cut_out)

    def kept(self) -> Generator[tuple[str, list[Kept]], None, None]:
        """Yield what should be in the store: the first two digits of digests, and what there is under such digests."""
        originals = select(scans.c.sha256, scans.c.name, scans.c.size)
        cut_out = (
            select(derivatives.c.sha256, scans.c.name)
            .join(readings, readings.c.id == derivatives.c.reading)
            .join(scans, scans.c.sha256 == readings.c.sha256)
        )
        with self._reading() as connection:
            for number in range(256):
                shelf = f"{number:02x}"
                rows = connection.execute(cut_out.where(_on(shelf, derivatives)))
                found = {row.sha256: Kept(row.sha256, row.name, None) for row in rows}
                rows = connection.execute(originals.where(_on(shelf, scans)))
                found |= {row.sha256: Kept(row.sha256, row.name, row.size) for row in rows}
                if found:
                    yield shelf, [found[digest] for digest in sorted(found)]

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with _file(self._path, _ONLY_READ) as connection:
            yield connection


def copy_out(source: Database, path: Path, tell: Tell) -> CatalogueFile:
    """Write the catalogue in `source`, as it is now, to a new file at `path`; ArchivistError where that fails."""
    with source.reading() as reader, _file(path, "mode=rwc") as writer:
        if reader.dialect.name == "postgresql":
            reader.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for pragma in _ALL_OR_NOTHING:
            writer.exec_driver_sql(f"PRAGMA {pragma}")
        tables.create_all(writer)
        for table, rows in _rows(reader, _lasting(), tell):
            _add(writer, table, rows)
    return CatalogueFile(path)


def check_free(target: Database) -> None:
    """Raise WrongCall where `target` holds a catalogue in use; one that a restore left half filled is none."""
    with target.reading() as connection:
        unfinished = connection.scalar(select(meta.c.value).where(meta.c.name == RESTORING)) is not None
        if not unfinished and any(_any(connection, table) for table in _SIGNS_OF_USE):
            raise WrongCall(_("there is an archive in that place already; restore into a new one"))


def reserve(target: Database) -> None:
    """Empty `target`, and keep everybody out of it until it is filled; WrongCall where it holds a catalogue in use."""
    check_free(target)
    marks = {RESTORING: now(), "schema_version": str(SCHEMA_VERSION)}
    with target.writing() as connection:
        tables.drop_all(connection)
        tables.create_all(connection)
        connection.execute(insert(meta), [{"name": name, "value": value} for name, value in marks.items()])


def bring_up_to_date(path: Path) -> str:
    """Give the catalogue at `path` the tables of today; return what is wrong with its ledger, `""` where nothing is.

    Raises SettingsError where a newer archivist wrote it, ArchivistError where it is damaged, no catalogue, or names
    by anything but a digest what is in the store.
    """
    none = _("{path} is no catalogue of archivist").format(path=path)
    with _file(path, _ONLY_READ) as connection:
        version = None
        if connection.scalar(_STRANGE) is None:
            version = connection.scalar(select(meta.c.value).where(meta.c.name == "schema_version"))
        if not str(version).isdecimal():
            raise ArchivistError(none)
    with closing(_database(path)) as database:
        broken = Ledger(database).check().broken
    with _file(path, _ONLY_READ) as connection:
        for digest in (scans.c.sha256, derivatives.c.sha256):
            odd = (func.length(digest) != 64) | digest.op("GLOB")("*[^0-9a-f]*")
            if (name := connection.scalar(select(digest).where(odd).limit(1))) is not None:
                raise ArchivistError(_("{reason}: “{name}” is no digest").format(reason=none, name=str(name)[:100]))
    return broken


def copy_in(path: Path, target: Database, event: Event, tell: Tell) -> None:
    """Fill `target`, which is reserved, with the up-to-date catalogue at `path`; `event` is what its ledger says of it.

    Rows are kept as they come, and the reservation falls with the last of them.
    """
    but_meta = [table for table in _lasting() if table is not meta]
    with closing(_database(path)) as database, database.reading() as reader:
        for table, rows in _rows(reader, but_meta, tell):
            with target.writing() as writer:
                _add(writer, table, rows)
        said = reader.execute(select(meta)).all()
        with recording(target) as (writer, told):
            writer.execute(delete(meta))
            _add(writer, meta, [tuple(row) for row in said])
            _count_on(writer)
            # A ledger that has lost its head takes nothing more, and is not mended in passing.
            if any(row.name == HEAD for row in said):
                told.append(event)


def _lasting() -> list[Table]:
    return [table for table in tables.sorted_tables if table not in _PASSING]


def _rows(source: Connection, chosen: Sequence[Table], tell: Tell) -> Iterator[tuple[Table, list[tuple[Any, ...]]]]:
    """Yield all rows of the tables `chosen`, some at a time."""
    done = 0
    try:
        total = sum(_count(source, table) for table in chosen)
        for table in chosen:
            options = {"yield_per": _READINGS if table is readings else _ROWS}
            for rows in source.execute(select(table), execution_options=options).partitions():
                yield table, [tuple(row) for row in rows]
                done += len(rows)
                tell(done, total)
    except DatabaseError as error:
        raise ArchivistError(_("The catalogue cannot be used: {reason}").format(reason=error.orig)) from error


def _add(target: Connection, table: Table, rows: list[tuple[Any, ...]]) -> None:
    # As they are, past what makes values fit a database: they did fit. Three times as quick.
    names = map(target.dialect.identifier_preparer.format_column, table.columns)
    mark = "?" if target.dialect.paramstyle == "qmark" else "%s"
    marks = ", ".join(mark for _column in table.columns)
    target.exec_driver_sql(f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})", rows)


def _count_on(connection: Connection) -> None:
    """Let a database that counts rows by a sequence of its own go on behind those that brought their numbers."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables.sorted_tables:
        if (column := table.autoincrement_column) is not None:
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            last = select(func.max(column)).scalar_subquery()
            connection.execute(select(func.setval(sequence, func.coalesce(last, 1), last.is_not(None))))


def _database(path: Path) -> Database:
    return Database(f"sqlite:///{quote(path.as_posix())}")


@contextmanager
def _file(path: Path, options: str) -> Iterator[Connection]:
    """Give the SQLite file at `path` itself, without what a database in use needs."""
    connect = partial(sqlite3.connect, f"file:{quote(path.as_posix())}?{options}", uri=True)
    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            yield connection
    except DatabaseError as error:
        raise ArchivistError(f"{path}: {error.orig}") from error
    finally:
        engine.dispose()


def _on(shelf: str, table: Table) -> Any:
    # A range, because databases look that up in an index.
    return table.c.sha256.between(shelf, f"{shelf}g")


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _any(connection: Connection, table: Table) -> bool:
    return connection.execute(select(text("1")).select_from(table).limit(1)).first() is not None
