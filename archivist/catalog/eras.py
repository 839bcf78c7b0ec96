"""When campaigns were: by the dates on their papers."""

from collections.abc import Iterable
from itertools import islice

from sqlalchemy import Connection, func, select

from archivist.access import MaySee
from archivist.catalog.tables import CHUNK, campaign_links, fields, items

_DATES = ("date_of_issue", "received_date")
#: A date as it is kept: JSON, its year behind the quotation mark.
_DATED = '"____-%'


def years_of(connection: Connection, campaigns: Iterable[str], may_see: MaySee) -> dict[str, tuple[str, str]]:
    """Return the first and the last year on papers of the campaigns with these identifiers, where any bears a date.

    Items whose level of access is not in `may_see` (None: all) say nothing.
    """
    asked, found = iter(dict.fromkeys(campaigns)), dict[str, tuple[str, str]]()
    own, year = campaign_links.c, func.substr(fields.c.value, 2, 4)
    while chunk := list(islice(asked, CHUNK)):
        query = (
            select(own.campaign, func.min(year), func.max(year))
            .join(items, items.c.id == own.item)
            .join(fields, fields.c.item == own.item)
            .where(own.campaign.in_(chunk), own.status != "rejected")
            .where(fields.c.name.in_(_DATES), fields.c.status != "rejected", fields.c.value.like(_DATED))
            .group_by(own.campaign)
        )
        if may_see is not None:
            query = query.where(items.c.access.in_(may_see))
        found.update({campaign: (first, last) for campaign, first, last in connection.execute(query)})
    return found
