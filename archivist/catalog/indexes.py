"""Which search index the catalogue goes with, so that a process that has another one open finds out."""

from sqlalchemy import Connection, delete, insert, select

from archivist.catalog.database import Database
from archivist.catalog.tables import meta

# In the table `meta`: the URL of the index in use, and of one that is being made to take its place.
_IN_USE, _MAKING = "index", "index in the making"


class Indexes:
    """The search index in use with the catalogue in `database`, and the one being made, if any.

    They are called by their URLs; a folder within the archive's own by its path there, so that an archive may be moved.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def in_use(self) -> str:
        """Return the name of the index that was last made from the catalogue; "" where none was."""
        with self._database.reading() as connection:
            return _said(connection, _IN_USE)

    def making(self, name: str) -> None:
        """Keep what waits for the index waiting until the one called `name` has it as well; "" where none is made."""
        with self._database.reading() as connection:
            if _said(connection, _MAKING) == name:
                return
        with self._database.writing() as connection:
            _say(connection, _MAKING, name)

    def made(self, name: str) -> None:
        """Let the index called `name` be the one in use."""
        with self._database.writing() as connection:
            _say(connection, _MAKING, "")
            _say(connection, _IN_USE, name)


def counts(connection: Connection, name: str) -> bool:
    """Return whether what the index called `name` has done is done for good, and not wanted by another one."""
    wanted = _said(connection, _MAKING) or _said(connection, _IN_USE)
    return wanted in ("", name)


def _said(connection: Connection, name: str) -> str:
    return connection.scalar(select(meta.c.value).where(meta.c.name == name)) or ""


def _say(connection: Connection, name: str, value: str) -> None:
    connection.execute(delete(meta).where(meta.c.name == name))
    if value:
        connection.execute(insert(meta).values(name=name, value=value))
