"""The connection to the database: transactions that fail in words, and the version of the tables."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, make_url, select, text, update
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

from archivist.catalog.tables import HEAD, NO_EVENT, RESTORING, SCHEMA_VERSION, meta, tables
from archivist.catalog.upgrade import access_is_told, tell_access, upgrade
from archivist.errors import ArchiveBusy, ArchivistError, NotInstalled, SettingsError
from archivist.language import gettext as _

# Seconds a writer waits for another; the URL may say otherwise (sqlite:///catalogue.db?timeout=60, and of a server
# postgresql+psycopg://…?options=-clock_timeout%3D60s).
_PATIENCE = 10
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
# The codes of SQLite and PostgreSQL for a disk that takes no more; SQLite cannot always tell it from one that fails.
_DISK = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
_DISK_FULL = "53100"
# How a server that waited for a lock for so long says so.
_WAITED = "55P03"
# A server has one writer to each archive, as SQLite has; archives may share a database, in schemas of their own.
_PATIENTLY = text(
    "SELECT set_config('lock_timeout', :patience, true) WHERE current_setting('lock_timeout') = '0'"
).bindparams(patience=f"{_PATIENCE}s")
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('archivist writes ' || current_schema(), 0))")


class Database:
    """An open database with the tables of the catalogue in it, made where they were not there yet.

    Raises SettingsError where the URL is wrong, the database cannot be opened or a newer archivist wrote it,
    NotInstalled where the driver is missing, ArchiveBusy where another process holds it. What a restore has not filled
    yet is opened only where `unfinished` allows it.
    """

    def __init__(self, url: str, *, unfinished: bool = False) -> None:
        self._engine = _engine(url)
        # SQLite must know beforehand: it refuses a reader that turns writer, instead of making it wait.
        self._writer = self._engine.execution_options(immediate=True)
        self._reader = self._engine
        if self._engine.dialect.name != "sqlite":
            self._reader = self._engine.execution_options(isolation_level="REPEATABLE READ")
            # So that a writer sees what the one before it left, and not the state from before it waited.
            self._writer = self._engine.execution_options(isolation_level="READ COMMITTED")
        try:
            # Looked at first, because opening a catalogue must not wait for someone who is writing to it.
            with self.reading() as connection:
                there = inspect(connection).has_table(meta.name)
            if not there:
                with self.writing() as connection:
                    _make_tables(connection)
            with self.reading() as connection:
                old = _check_version(connection) < SCHEMA_VERSION
                if not unfinished:
                    _check_filled(connection)
            if old:
                with self.writing() as connection:
                    _bring_up_to_date(connection)
            if not unfinished:
                self._follow_rules()
        except ArchiveBusy:
            self.close()
            raise
        except ArchivistError as error:
            self.close()
            raise SettingsError(str(error)) from error

    def _follow_rules(self) -> None:
        with self.reading() as connection:
            told = access_is_told(connection)
        if not told:
            with self.writing() as connection:
                tell_access(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the catalogue throughout."""
        with _in_words(), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are all kept at the end, or none; waits for its turn (ArchiveBusy)."""
        with _in_words(), self._writer.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(_PATIENTLY)
                connection.execute(_ALONE)
            yield connection

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            # A connection that a restart of the server cut is made anew.
            return create_engine(parsed, pool_pre_ping=True)
        if parsed.database and not parsed.database.startswith((":memory:", "file:")):
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        options = {} if "timeout" in parsed.query else {"timeout": _PATIENCE}
        engine = create_engine(parsed, connect_args=options)
    except (ArgumentError, NoSuchModuleError, ValueError, OSError) as error:
        message = _("The catalogue {url} cannot be opened: {reason}")
        raise SettingsError(message.format(url=url, reason=error)) from error
    except ImportError as error:
        message = _("The catalogue {url} needs a package that is not installed: {reason}")
        raise NotInstalled(message.format(url=url, reason=error)) from error
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    # Transactions are begun by `_begin`; the driver's own way begins them too late to hold for reading.
    connection.isolation_level = None
    (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
    if mode not in ("wal", "memory"):
        connection.close()
        message = _(
            "The folder of the catalogue cannot hold an SQLite database in WAL mode, as network folders cannot: "
            "set `catalogue` to a place on a disk of this machine, or to a PostgreSQL server."
        )
        raise SettingsError(message)
    # What is committed is on the disk.
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    # In kB, at most: what is looked up among a million items stays in memory.
    connection.execute("PRAGMA cache_size=-65536")


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except (DatabaseError, sqlite3.DatabaseError) as error:
        cause = error.orig if isinstance(error, DatabaseError) else error
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        state = getattr(cause, "sqlstate", None)
        if code in _BUSY or state == _WAITED:
            raise ArchiveBusy(_("Another process is writing to this archive; try again later.")) from error
        if code in _DISK or state == _DISK_FULL:
            message = _(
                "The disk of the catalogue is full or failing ({reason}). What was kept until now stays; make room, "
                "then run the same command again."
            )
            raise ArchivistError(message.format(reason=str(cause).partition("\n")[0])) from error
        raise ArchivistError(_("The catalogue cannot be used: {reason}").format(reason=cause)) from error


def _make_tables(connection: Connection) -> None:
    tables.create_all(connection)
    # Another process may have been faster.
    if _version(connection) is None:
        connection.execute(insert(meta).values(name="schema_version", value=str(SCHEMA_VERSION)))
        connection.execute(insert(meta).values(name=HEAD, value=f"0:{NO_EVENT}"))
        tell_access(connection)


def _bring_up_to_date(connection: Connection) -> None:
    """Give older tables what they lack; another process may have been faster."""
    found = _check_version(connection)
    if found < SCHEMA_VERSION:
        upgrade(connection, found)
        connection.execute(update(meta).where(meta.c.name == "schema_version").values(value=str(SCHEMA_VERSION)))


def _check_version(connection: Connection) -> int:
    found = _version(connection)
    if found is None or int(found) > SCHEMA_VERSION:
        message = _("A newer archivist wrote this catalogue (tables {found}, known here {known}). Update archivist.")
        raise SettingsError(message.format(found=found, known=SCHEMA_VERSION))
    return int(found)


def _check_filled(connection: Connection) -> None:
    if connection.scalar(select(meta.c.value).where(meta.c.name == RESTORING)) is not None:
        message = _(
            "A restore of this archive broke off; run `archivist restore` again with the same backup to finish it."
        )
        raise SettingsError(message)


def _version(connection: Connection) -> str | None:
    return connection.scalar(select(meta.c.value).where(meta.c.name == "schema_version"))
