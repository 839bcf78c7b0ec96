"""The lock that lets one run at a time write to a catalogue; the system lets go of it however the run ends."""

from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from threading import Lock as ThreadLock
from time import sleep
from typing import Protocol

from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, Executable, create_engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from archivist.catalog.database import Database
from archivist.errors import ArchivistError
from archivist.language import gettext as _

# Seconds after which a server gives up a machine that vanished: idle, between two questions, and how many of them.
_VANISHED = {"idle": 60, "interval": 15, "count": 4}
# How often it is tried whether a lock on a file is held, and the seconds in between: looking takes it for a moment.
_LOOKS, _LOOK = 3, 0.01
_ADVISORY = text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND (classid::bigint << 32) | objid::bigint = :key"
)


class Lock(Protocol):
    """What one run at a time holds; each `take` is of a lock of its own, so that threads exclude each other, too."""

    def take(self) -> bool:
        """Take it and return True, or return False where anybody has it; ArchivistError where there is no locking."""

    def leave(self) -> None:
        """Let go of it."""

    def held(self) -> bool:
        """Return whether anybody has it, this process or another."""

    def note(self, statement: Executable) -> None:
        """Carry out `statement` at once, or not at all where somebody else writes or the database fails.

        Raises ArchivistError where the lock was lost in the meantime and somebody else may have it.
        """


def lock_of(database: Database, within: ThreadLock) -> Lock:
    """Return the lock of the catalogue in `database`: `within` where that lies in the memory of this process."""
    with database.reading() as connection:
        url = connection.engine.url
        if url.get_backend_name() != "sqlite":
            return _ServerLock(url, str(connection.scalar(select(func.current_schema()))))
        # As the database itself names it, whatever the URL looks like.
        path = connection.exec_driver_sql("PRAGMA database_list").all()[0][2]
    return _FileLock(url, Path(path).resolve()) if path else _MemoryLock(database, within)


class _FileLock:
    """Of an SQLite catalogue: on a file beside it."""

    def __init__(self, url: URL, catalogue: Path) -> None:
        self._file = Path(f"{catalogue}.lock")
        self._lock = FileLock(self._file, timeout=0, thread_local=False, fallback_to_soft=False)
        options = {"connect_args": {"timeout": 0}, "isolation_level": "AUTOCOMMIT"}
        self._engine = create_engine(url, poolclass=NullPool, **options)

    def take(self) -> bool:
        try:
            self._lock.acquire()
        except Timeout:
            return False
        except OSError as error:
            words = _("{path} cannot be locked, so that two runs could disturb each other: {reason}")
            raise ArchivistError(words.format(path=self._file, reason=error.strerror or error)) from error
        return True

    def leave(self) -> None:
        self._lock.release()

    def held(self) -> bool:
        for _try in range(_LOOKS):
            if self.take():
                self.leave()
                return False
            # Somebody else may just be looking, too.
            sleep(_LOOK)
        return True

    def note(self, statement: Executable) -> None:
        with suppress(SQLAlchemyError), self._engine.connect() as connection:
            # What a power cut may take, so that no disk is waited for; moving the log into the catalogue, which must
            # be synced, is left to those who wait anyway.
            connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
            connection.exec_driver_sql("PRAGMA wal_autocheckpoint=0")
            connection.execute(statement)


class _ServerLock:
    """Of a catalogue on a PostgreSQL server: an advisory lock, on a connection of its own with which it ends."""

    def __init__(self, url: URL, schema: str) -> None:
        self._engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        # Archives may share a database, in schemas of their own.
        self._key = int.from_bytes(sha256(f"archivist {schema}".encode()).digest()[:8], "big", signed=True)
        self._connection: Connection | None = None

    def take(self) -> bool:
        try:
            self._connection = self._engine.connect()
            for name, value in _VANISHED.items():
                self._connection.exec_driver_sql(f"SET tcp_keepalives_{name} = {value}")
            taken = bool(self._connection.scalar(select(func.pg_try_advisory_lock(self._key))))
        except SQLAlchemyError as error:
            self.leave()
            raise ArchivistError(_("The catalogue cannot be used: {reason}").format(reason=error)) from error
        if not taken:
            self.leave()
        return taken

    def leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            # A server that is gone has let go of it already.
            with suppress(SQLAlchemyError):
                connection.close()

    def held(self) -> bool:
        try:
            with self._engine.connect() as connection:
                return bool(connection.scalar(_ADVISORY, {"key": self._key}))
        except SQLAlchemyError as error:
            raise ArchivistError(_("The catalogue cannot be used: {reason}").format(reason=error)) from error

    def note(self, statement: Executable) -> None:
        # Over the connection that holds the lock, which stays awake by it.
        if self._connection:
            with suppress(SQLAlchemyError):
                self._connection.execute(statement)
            if not self._connection.invalidated:
                return
        # The connection ended, as with a restart of the server, and the lock with it: anybody may have it now.
        self.leave()
        with suppress(ArchivistError):
            if self.take():
                return
        words = _(
            "The database server let go of this run, and another one may have begun; what was read is kept: "
            "run the same command again"
        )
        raise ArchivistError(words)


class _MemoryLock:
    """Of a catalogue that no other process can see."""

    def __init__(self, database: Database, within: ThreadLock) -> None:
        self._database, self._within = database, within

    def take(self) -> bool:
        return self._within.acquire(blocking=False)

    def leave(self) -> None:
        self._within.release()

    def held(self) -> bool:
        return self._within.locked()

    def note(self, statement: Executable) -> None:
        with suppress(ArchivistError), self._database.writing() as connection:
            connection.execute(statement)
