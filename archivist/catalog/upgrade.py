"""Catalogues that an older archivist wrote, brought up to the tables of today where they stand."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, delete, func, insert, select, update

from archivist.access import UNCLEAR, access_of, rules
from archivist.catalog.ledger import append
from archivist.catalog.pages import unpack
from archivist.catalog.rows import add_derived, crops_of, read_entries, read_listed
from archivist.catalog.tables import (
    ACCESS_RULES,
    CHUNK,
    HEAD,
    NO_EVENT,
    SCHEMA_VERSION,
    derivatives,
    fields,
    item_pages,
    items,
    likeness_tasks,
    meta,
    now,
    readings,
    tables,
    waiting,
)
from archivist.catalog.tallies import recount
from archivist.events import ARCHIVE, Event

# What each version added to tables that were there before it.
_ADDED = {
    2: (
        "item_pages ADD COLUMN part INTEGER DEFAULT 0 NOT NULL",
        "item_pages ADD COLUMN confidence FLOAT",
    ),
    3: (
        "items ADD COLUMN boundaries TEXT DEFAULT '[]' NOT NULL",
        "items ADD COLUMN begins_at INTEGER DEFAULT 1 NOT NULL",
        "fields ADD COLUMN witnesses TEXT DEFAULT '[]' NOT NULL",
        "fields ADD COLUMN authority TEXT",
        "fields ADD COLUMN decided TEXT",
        "campaign_links ADD COLUMN role TEXT DEFAULT 'other' NOT NULL",
        "campaign_links ADD COLUMN status TEXT DEFAULT 'accepted' NOT NULL",
        "campaign_links ADD COLUMN decided TEXT",
    ),
    4: (
        "items ADD COLUMN described_by TEXT DEFAULT '' NOT NULL",
        "readings ADD COLUMN parts INTEGER DEFAULT 1 NOT NULL",
        "item_pages ADD COLUMN blank INTEGER DEFAULT 0 NOT NULL",
    ),
    5: ("items ADD COLUMN access TEXT DEFAULT 'unclear' NOT NULL",),
}
# Readings unpacked at a time.
_BATCH = 100


def upgrade(connection: Connection, version: int) -> None:
    """Give tables of `version` what later ones added; rows that follow from others are worked out last."""
    for added, columns in _ADDED.items():
        for column in columns if added > version else ():
            connection.exec_driver_sql(f"ALTER TABLE {column}")
    if 3 <= version < 6:
        _name_waiting(connection)
    tables.create_all(connection)
    for table in tables.tables.values():
        for index in table.indexes:
            index.create(connection, checkfirst=True)
    if version < 3:
        _derive(connection)
    if version < 4:
        _unpack(connection)
        # Their pages have no sketches yet, without which nothing that comes later would be found to be like them.
        unsketched = select(items.c.id).where(items.c.id.not_in(select(likeness_tasks.c.item)))
        connection.execute(insert(likeness_tasks).from_select(["item"], unsketched))
        connection.execute(insert(meta).values(name=HEAD, value=f"0:{NO_EVENT}"))
    if version < 6:
        recount(connection)
    append(connection, [Event("migration", ARCHIVE, {"tables": [version, SCHEMA_VERSION]})], now())


def _name_waiting(connection: Connection) -> None:
    """Put down which values are waiting."""
    connection.exec_driver_sql("ALTER TABLE waiting ADD COLUMN field TEXT DEFAULT '' NOT NULL")
    own = waiting.c
    place = (fields.c.item == own.item) & (fields.c.document == own.document) & (fields.c.position == own.position)
    name = select(fields.c.name).where(place).scalar_subquery()
    connection.execute(update(waiting).where(own.sort == "value").values(field=func.coalesce(name, "")))


def access_is_told(connection: Connection) -> bool:
    """Whether the levels of access in the catalogue are those that the rules of today give."""
    return connection.scalar(select(meta.c.value).where(meta.c.name == ACCESS_RULES)) == rules()


def tell_access(connection: Connection) -> None:
    """Put down at which level of access each item is by the rules of today; another process may have been faster."""
    if access_is_told(connection):
        return
    for names in _in_batches(connection):
        levels: dict[str, list[str]] = {}
        for name, level in _levels(connection, names):
            levels.setdefault(level, []).append(name)
        for level, own in levels.items():
            others = items.c.id.in_(own), items.c.access != level
            connection.execute(update(items).where(*others).values(access=level))
    connection.execute(delete(meta).where(meta.c.name == ACCESS_RULES))
    connection.execute(insert(meta).values(name=ACCESS_RULES, value=rules()))


def _levels(connection: Connection, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the level of access of each item; of one that is damaged nobody knows it, and `verify` tells of it."""
    try:
        yield from [(item.id, access_of(item)) for item in read_listed(connection, names)]
    except (ValueError, LookupError, TypeError):
        for name in names:
            yield from _levels(connection, [name]) if len(names) > 1 else [(name, UNCLEAR)]


def _derive(connection: Connection) -> None:
    for names in _in_batches(connection):
        for item in read_entries(connection, names):
            add_derived(connection, item)


def _in_batches(connection: Connection) -> Iterator[list[str]]:
    last = ""
    while True:
        query = select(items.c.id).where(items.c.id > last).order_by(items.c.id).limit(CHUNK)
        names = list(connection.scalars(query))
        if not names:
            return
        yield names
        last = names[-1]


def _unpack(connection: Connection) -> None:
    """Put down what stands in the readings: how many pages, which of them blank, which pictures cut out of them."""
    last = 0
    while True:
        query = select(readings.c.id, readings.c.data).where(readings.c.id > last).order_by(readings.c.id)
        rows = connection.execute(query.limit(_BATCH)).all()
        if not rows:
            return
        for row in rows:
            try:
                pages = unpack(row.data)
            except ValueError:
                # Damaged before today: `verify` tells of it, and has it read again.
                continue
            if len(pages) > 1:
                connection.execute(update(readings).where(readings.c.id == row.id).values(parts=len(pages)))
            for page in pages if any(page.blank for page in pages) else ():
                own = (item_pages.c.reading == row.id, item_pages.c.part == page.scan.part)
                connection.execute(update(item_pages).where(*own).values(blank=int(page.blank)))
            crops = [{"reading": row.id, "sha256": crop} for crop in crops_of(pages)]
            if crops:
                connection.execute(insert(derivatives), crops)
        last = rows[-1].id
