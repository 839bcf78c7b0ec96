"""Running totals of what the catalogue holds: counting ten million values anew whenever somebody asks takes seconds."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, text

from archivist.access import MaySee
from archivist.catalog.review import READS_FROM
from archivist.catalog.tables import CHUNK, fields, item_pages, items, tallies, waiting

ITEMS, PAGES, POOR, WAITING = "items", "pages", "pages that hardly read", "waiting"
#: Before the status of values; before the sort of what waits, and the name of the value.
VALUES, WAITING_AS = "values ", "waiting "
# Both databases know it; SQLAlchemy has it for each of them only.
_CHANGE = text(
    "INSERT INTO tallies (name, total) VALUES (:name, :by) "
    "ON CONFLICT (name) DO UPDATE SET total = tallies.total + excluded.total"
)


def measured(connection: Connection, ids: Sequence[str]) -> Counter[str]:
    """Return how much the items `ids` are, as they stand."""
    found: Counter[str] = Counter()
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        found += _counted(connection, *(column.in_(chunk) for column in (items.c.id, *_OWNERS)))
    return found


def change(connection: Connection, was: Counter[str], now: Counter[str]) -> None:
    """Let the totals follow a change of items that were as much as `was` and are as much as `now`."""
    # In the same order always, so that no two writers wait for each other.
    for name in sorted(was | now):
        if by := now[name] - was[name]:
            connection.execute(_CHANGE, {"name": name, "by": by})


def recount(connection: Connection) -> None:
    """Count everything anew."""
    connection.execute(delete(tallies))
    change(connection, Counter(), _counted(connection))


def totals(connection: Connection) -> Counter[str]:
    """Return the totals by name; what there is none of may be missing."""
    return Counter({row.name: row.total for row in connection.execute(select(tallies))})


def values(total: Counter[str]) -> dict[str, int]:
    """Return how many values have which status."""
    return {name.removeprefix(VALUES): count for name, count in total.items() if name.startswith(VALUES) and count}


def waits(connection: Connection, may_see: MaySee) -> Counter[tuple[str, str]]:
    """Return how much waits of each sort and name of a value ("" for others), in items whose level is in `may_see`."""
    total = totals(connection)
    found: Counter[tuple[str, str]] = Counter()
    for name, count in total.items():
        sort, _space, field = name.removeprefix(WAITING_AS).partition(" ")
        if name.startswith(WAITING_AS) and count:
            found[sort, field] = count
    if may_see is None:
        return found
    levels = select(items.c.access, func.count()).group_by(items.c.access)
    sizes: dict[str, int] = {level: count for level, count in connection.execute(levels)}
    hidden = [level for level in sizes if level not in may_see]
    shown = [level for level in sizes if level in may_see]
    # What waits in the fewer of them is counted.
    if sum(sizes[level] for level in hidden) < sum(sizes[level] for level in shown):
        return found - _waiting_in(connection, hidden) if hidden else found
    return _waiting_in(connection, shown)


def poor(connection: Connection, may_see: MaySee) -> int:
    """Return how many pages hardly read, in items whose level of access is in `may_see`."""
    if may_see is None:
        return totals(connection)[POOR]
    query = select(func.count()).select_from(item_pages).join(items, items.c.id == item_pages.c.item)
    return connection.scalar(query.where(item_pages.c.confidence < READS_FROM, items.c.access.in_(may_see))) or 0


def _waiting_in(connection: Connection, levels: Sequence[str]) -> Counter[tuple[str, str]]:
    own = select(items.c.id).where(items.c.access.in_(levels))
    return _by_field(connection, waiting.c.item.in_(own)) if levels else Counter()


def _by_field(connection: Connection, where: ColumnElement[bool] | None) -> Counter[tuple[str, str]]:
    query = select(waiting.c.sort, waiting.c.field, func.count()).group_by(waiting.c.sort, waiting.c.field)
    rows = connection.execute(query if where is None else query.where(where))
    return Counter({(sort, field): count for sort, field, count in rows})


_OWNERS = (item_pages.c.item, fields.c.item, waiting.c.item)


def _counted(connection: Connection, *of: ColumnElement[bool]) -> Counter[str]:
    """Return how much there is where `of` holds: for items, pages, values and what waits; of all where it is empty."""
    item, page, value, wait = of or (None,) * 4
    found = Counter(
        {
            ITEMS: _size(connection, items, item),
            PAGES: _size(connection, item_pages, page),
            POOR: _size(connection, item_pages, page, item_pages.c.confidence < READS_FROM),
        }
    )
    for (sort, field), count in _by_field(connection, wait).items():
        found[f"{WAITING_AS}{sort} {field}".rstrip()] = count
        found[WAITING] += count
    query = select(fields.c.status, func.count()).group_by(fields.c.status)
    for status, count in connection.execute(query if value is None else query.where(value)):
        found[VALUES + status] = count
    return found


def _size(connection: Connection, table: Table, *where: ColumnElement[bool] | None) -> int:
    those = [one for one in where if one is not None]
    return connection.scalar(select(func.count()).select_from(table).where(*those)) or 0
