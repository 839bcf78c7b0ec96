"""Catalogues that an older archivist wrote, brought up to the tables of today where they stand."""

from sqlalchemy import Connection, select

from archivist.catalog.rows import add_derived, read_entries
from archivist.catalog.tables import CHUNK, item_pages, items, tables

_ADDED_BY_3 = (
    "items ADD COLUMN boundaries TEXT DEFAULT '[]' NOT NULL",
    "items ADD COLUMN begins_at INTEGER DEFAULT 1 NOT NULL",
    "fields ADD COLUMN witnesses TEXT DEFAULT '[]' NOT NULL",
    "fields ADD COLUMN authority TEXT",
    "fields ADD COLUMN decided TEXT",
    "campaign_links ADD COLUMN role TEXT DEFAULT 'other' NOT NULL",
    "campaign_links ADD COLUMN status TEXT DEFAULT 'accepted' NOT NULL",
    "campaign_links ADD COLUMN decided TEXT",
)


def upgrade(connection: Connection, version: int) -> None:
    """Give tables of `version` what later ones added."""
    if version < 2:
        connection.exec_driver_sql("ALTER TABLE item_pages ADD COLUMN part INTEGER DEFAULT 0 NOT NULL")
        connection.exec_driver_sql("ALTER TABLE item_pages ADD COLUMN confidence FLOAT")
        for index in item_pages.indexes:
            index.create(connection, checkfirst=True)
    if version < 3:
        for column in _ADDED_BY_3:
            connection.exec_driver_sql(f"ALTER TABLE {column}")
        tables.create_all(connection)
        _derive(connection)


def _derive(connection: Connection) -> None:
    last = ""
    while True:
        query = select(items.c.id).where(items.c.id > last).order_by(items.c.id).limit(CHUNK)
        names = list(connection.scalars(query))
        if not names:
            return
        for item in read_entries(connection, names):
            add_derived(connection, item)
        last = names[-1]
