"""Which items there are: in order, by where they came from, by the pages they hold, by the campaigns they name."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, Select, case, func, literal, select

from archivist.access import MaySee
from archivist.catalog import tallies
from archivist.catalog.tables import (
    CHUNK,
    campaign_links,
    campaigns,
    failures,
    index_tasks,
    item_pages,
    items,
    readings,
)
from archivist.model import Campaign
from archivist.text import fold


@dataclass(frozen=True, slots=True)
class Counts:
    """How much the catalogue holds: `fields` by status, `failures` by cause; `waiting` is what `review` lists."""

    items: int
    pages: int
    campaigns: int
    fields: Mapping[str, int]
    hardly_read: int
    failures: Mapping[str, int]
    waiting: int


def counted(connection: Connection) -> Counts:
    """Return how much the catalogue holds."""
    joined = select(func.count(campaign_links.c.campaign.distinct())).where(campaign_links.c.status != "rejected")
    cause = select(failures.c.cause, func.count()).group_by(failures.c.cause)
    total = tallies.totals(connection)
    return Counts(
        total[tallies.ITEMS],
        total[tallies.PAGES],
        connection.scalar(joined) or 0,
        tallies.values(total),
        total[tallies.POOR],
        {row[0]: row[1] for row in connection.execute(cause)},
        total[tallies.WAITING],
    )


def to_index(connection: Connection) -> tuple[int, int]:
    """Return how many items there are, and how many of them wait for the index."""
    waiting = connection.scalar(select(func.count()).select_from(index_tasks)) or 0
    return tallies.totals(connection)[tallies.ITEMS], waiting


def behind(connection: Connection, order: bytes) -> list[tuple[str, bytes]]:
    """Return identifier and place of the next items behind a place in catalogue order, as many as one look takes."""
    place = items.c.catalogue_order
    query = select(items.c.id, place).where(place > order).order_by(place).limit(CHUNK)
    return [(row.id, row.catalogue_order) for row in connection.execute(query)]


def in_order(connection: Connection, ids: Iterable[str]) -> list[str]:
    """Return those of `ids` that exist, in catalogue order."""
    asked = iter(set(ids))
    found: list[tuple[bytes, str]] = []
    while chunk := list(islice(asked, CHUNK)):
        query = select(items.c.catalogue_order, items.c.id).where(items.c.id.in_(chunk))
        found += [(row.catalogue_order, row.id) for row in connection.execute(query)]
    return [name for _order, name in sorted(found)]


def coded(connection: Connection, code: str) -> list[str]:
    """Return the identifiers of the items with this reference code, as many as one look takes."""
    return list(connection.scalars(select(items.c.id).where(items.c.reference_code == code).limit(CHUNK)))


def sources_of(connection: Connection, ids: Iterable[str] | None) -> list[str]:
    """Return every place that items came from, or those of `ids`."""
    if ids is None:
        return list(connection.scalars(select(items.c.source).distinct().order_by(items.c.source)))
    asked = iter(set(ids))
    found: set[str] = set()
    while chunk := list(islice(asked, CHUNK)):
        found.update(connection.scalars(select(items.c.source).where(items.c.id.in_(chunk))))
    return sorted(found)


def recipes_of(connection: Connection, source: str) -> set[tuple[str, str]]:
    """Return by which recipes the items from `source` were read and described."""
    query = select(items.c.recipe, items.c.described_by).where(items.c.source == source).distinct()
    return {(row.recipe, row.described_by) for row in connection.execute(query)}


def of_source(connection: Connection, source: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return identifier and pages (`Page.place`) of every item that came from `source`, in catalogue order."""
    query = _places().where(items.c.source == source).order_by(items.c.catalogue_order, item_pages.c.position)
    found: dict[str, list[str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.id, []).append(_place(row))
    return [(name, tuple(places)) for name, places in found.items()]


def holding(connection: Connection, places: Iterable[str]) -> set[str]:
    """Return the identifiers of the items that have any of these pages (`Page.place`)."""
    return {name for names in holding_each(connection, places).values() for name in names}


def holding_each(connection: Connection, places: Iterable[str]) -> dict[str, set[str]]:
    """Return for each of these pages (`Page.place`) the identifiers of the items that have it, where any has."""
    wanted = set(places)
    digests = iter({place.partition(":")[0] for place in wanted})
    found: defaultdict[str, set[str]] = defaultdict(set)
    while chunk := list(islice(digests, CHUNK)):
        for row in connection.execute(_places().where(readings.c.sha256.in_(chunk))):
            if (place := _place(row)) in wanted:
                found[place].add(row.id)
    return found


def all_campaigns(connection: Connection, may_see: MaySee) -> tuple[Campaign, ...]:
    """Return every campaign by name, each with its items in catalogue order; a refused link makes no member.

    It is called as its surest member does, where that is open, else as one that is. Items whose level of access is
    not in `may_see` are none, and a campaign of such items only is none.
    """
    return _with_items(connection, None, may_see)


def one_campaign(connection: Connection, name: str, may_see: MaySee) -> Campaign | None:
    """Return the campaign with this identifier or name (either script), None where there is none."""
    if found := _with_items(connection, name, may_see):
        return found[0]
    for one, _size in campaign_sizes(connection, may_see):
        if fold(one.name) == fold(name):
            return _with_items(connection, one.id, may_see)[0]
    return None


def campaign_sizes(connection: Connection, may_see: MaySee) -> list[tuple[Campaign, int]]:
    """Return every campaign by name, without its items, and how many it has; a refused link makes no member.

    So it is with items whose level of access is not in `may_see`.
    """
    own = campaign_links.c
    # Whether any member that is open calls it as its surest member does.
    alike = case((own.name == campaigns.c.name, 1), else_=0)
    so_called = literal(1) if may_see is None else func.max(alike)
    query = (
        select(campaigns.c.id, campaigns.c.name, func.count(own.item.distinct()), so_called)
        .join(campaign_links, own.campaign == campaigns.c.id)
        .where(own.status != "rejected")
        .group_by(campaigns.c.id, campaigns.c.name)
    )
    if may_see is not None:
        query = query.join(items, items.c.id == own.item).where(items.c.access.in_(may_see))
    rows = connection.execute(query).all()
    names = _open_names(connection, [row[0] for row in rows if not row[3]], may_see)
    found = [(Campaign(campaign, names.get(campaign, name)), size) for campaign, name, size, _so in rows]
    return sorted(found, key=lambda one: (one[0].name, one[0].id))


def _with_items(connection: Connection, one: str | None, may_see: MaySee) -> tuple[Campaign, ...]:
    query = (
        select(campaigns.c.id, campaigns.c.name, campaign_links.c.item, campaign_links.c.name.label("called"))
        .join(campaign_links, campaign_links.c.campaign == campaigns.c.id)
        .join(items, items.c.id == campaign_links.c.item)
        .where(campaign_links.c.status != "rejected")
        .order_by(items.c.catalogue_order)
    )
    if one is not None:
        query = query.where(campaigns.c.id == one)
    if may_see is not None:
        query = query.where(items.c.access.in_(may_see))
    members: dict[tuple[str, str], dict[str, None]] = {}
    called: set[str] = set()
    for row in connection.execute(query):
        members.setdefault((row.name, row.id), {})[row.item] = None
        if row.called == row.name:
            called.add(row.id)
    names = _open_names(connection, [campaign for _name, campaign in members if campaign not in called], may_see)
    whole = [Campaign(campaign, names.get(campaign, name), tuple(own)) for (name, campaign), own in members.items()]
    return tuple(sorted(whole, key=lambda campaign: (campaign.name, campaign.id)))


def _open_names(connection: Connection, ids: Sequence[str], may_see: MaySee) -> dict[str, str]:
    """Return what the surest open member of each of the campaigns `ids` calls it, where it has any."""
    own, names = campaign_links.c, dict[str, str]()
    if may_see is None:
        return names
    for start in range(0, len(ids), CHUNK):
        query = (
            select(own.campaign, own.name)
            .join(items, items.c.id == own.item)
            .where(own.campaign.in_(ids[start : start + CHUNK]), own.status != "rejected")
            .where(items.c.access.in_(may_see))
            .order_by(own.campaign, own.confidence.desc(), own.name.desc())
        )
        for row in connection.execute(query):
            names.setdefault(row.campaign, row.name)
    return names


def _places() -> Select[Any]:
    own = item_pages.c
    columns = select(items.c.id, readings.c.sha256, readings.c.place, own.part)
    return columns.join(item_pages, own.item == items.c.id).join(readings, own.reading == readings.c.id)


def _place(row: Row[Any]) -> str:
    return f"{row.sha256}:{row.place}:{row.part}"
