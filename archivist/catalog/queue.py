"""What waits for the index, written in the transaction that gives the index something to do."""

from collections.abc import Iterable
from itertools import islice

from sqlalchemy import Connection, delete, insert, literal, select

from archivist.catalog.tables import CHUNK, index_tasks, items


def queue(connection: Connection, names: Iterable[str], moment: str) -> None:
    """Let the index look again at the items called `names`, which may be gone."""
    for name in names:
        # The older task goes, so that an item saved often is indexed once.
        connection.execute(delete(index_tasks).where(index_tasks.c.item == name))
        connection.execute(insert(index_tasks).values(item=name, queued_at=moment))


def queue_all(connection: Connection, moment: str) -> None:
    """Let the index look at every item, in catalogue order, and at nothing else."""
    everything = select(items.c.id, literal(moment)).order_by(items.c.catalogue_order)
    connection.execute(delete(index_tasks))
    connection.execute(insert(index_tasks).from_select(["item", "queued_at"], everything))


def oldest(connection: Connection, limit: int) -> list[tuple[int, str]]:
    """Return the oldest `limit` tasks as (task, item)."""
    query = select(index_tasks.c.id, index_tasks.c.item).order_by(index_tasks.c.id).limit(limit)
    return [(row.id, row.item) for row in connection.execute(query)]


def finish(connection: Connection, tasks: Iterable[int]) -> None:
    """Take these tasks off."""
    numbers = iter(tasks)
    while chunk := list(islice(numbers, CHUNK)):
        connection.execute(delete(index_tasks).where(index_tasks.c.id.in_(chunk)))
