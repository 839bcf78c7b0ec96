"""Which items there are: by where they came from, by the pages they hold, by the campaigns they name."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from archivist.catalog.tables import CHUNK, campaign_links, campaigns, item_pages, items, readings
from archivist.model import Campaign


def of_source(connection: Connection, source: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return identifier and pages (`Page.place`) of every item that came from `source`, in catalogue order."""
    query = _places().where(items.c.source == source).order_by(items.c.catalogue_order, item_pages.c.position)
    found: dict[str, list[str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.id, []).append(_place(row))
    return [(name, tuple(places)) for name, places in found.items()]


def holding(connection: Connection, places: Iterable[str]) -> set[str]:
    """Return the identifiers of the items that have any of these pages (`Page.place`)."""
    wanted = set(places)
    digests = iter({place.partition(":")[0] for place in wanted})
    found: set[str] = set()
    while chunk := list(islice(digests, CHUNK)):
        rows = connection.execute(_places().where(readings.c.sha256.in_(chunk)))
        found.update(row.id for row in rows if _place(row) in wanted)
    return found


def all_campaigns(connection: Connection) -> tuple[Campaign, ...]:
    """Return every campaign by name, each with its items in catalogue order; a refused link makes no member."""
    query = (
        select(campaigns.c.id, campaigns.c.name, campaign_links.c.item)
        .join(campaign_links, campaign_links.c.campaign == campaigns.c.id)
        .join(items, items.c.id == campaign_links.c.item)
        .where(campaign_links.c.status != "rejected")
        .order_by(items.c.catalogue_order)
    )
    members: dict[tuple[str, str], dict[str, None]] = {}
    for campaign, name, item in connection.execute(query):
        members.setdefault((name, campaign), {})[item] = None
    return tuple(Campaign(campaign, name, tuple(found)) for (name, campaign), found in sorted(members.items()))


def _places() -> Select[Any]:
    own = item_pages.c
    columns = select(items.c.id, readings.c.sha256, readings.c.place, own.part)
    return columns.join(item_pages, own.item == items.c.id).join(readings, own.reading == readings.c.id)


def _place(row: Row[Any]) -> str:
    return f"{row.sha256}:{row.place}:{row.part}"
