"""What the ledger is asked for when somebody wants to know what happened to an item or a scan."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, select

from archivist.catalog.tables import CHUNK, events, item_pages, items, readings, scans
from archivist.errors import WrongCall
from archivist.events import of_item, of_page, of_scan, of_source
from archivist.language import gettext as _

# The beginning of a digest by which a scan may be called.
_DIGEST = re.compile("[0-9a-f]{6,64}")


def objects_called(connection: Connection, name: str) -> list[str]:
    """Return what events about an item (identifier or reference code) with its pages and scans, or a scan, are about.

    A scan is called by its digest or the beginning of it; WrongCall where several are called so.
    """
    return _of_items(connection, name) or _of_scan(connection, name) or [of_item(name)]


def rows_about(connection: Connection, objects: Iterable[str]) -> list[Row[Any]]:
    """Return the rows of the ledger about these objects, in no promised order."""
    asked = iter(dict.fromkeys(objects))
    found: list[Row[Any]] = []
    while chunk := list(islice(asked, CHUNK)):
        found += connection.execute(select(events).where(events.c.object.in_(chunk)))
    return found


def _of_items(connection: Connection, name: str) -> list[str]:
    """Return what events about the items called `name`, their pages and their scans are about."""
    called = items.c.id == name
    if connection.scalar(select(items.c.id).where(called)) is None:
        called = items.c.reference_code == name
    sources = select(items.c.id, items.c.source).where(called)
    own = [of for row in connection.execute(sources) for of in (of_item(row.id), of_source(row.source))]
    columns = select(readings.c.sha256, readings.c.place).join(item_pages, item_pages.c.reading == readings.c.id)
    joined = columns.join(items, items.c.id == item_pages.c.item).where(called)
    pages = connection.execute(joined.order_by(item_pages.c.position)).all()
    return [*own, *(of for row in pages for of in (of_scan(row.sha256), of_page(row.sha256, row.place)))]


def _of_scan(connection: Connection, digest: str) -> list[str]:
    if not _DIGEST.fullmatch(digest):
        return []
    query = select(scans.c.sha256, scans.c.pages).where(scans.c.sha256.startswith(digest))
    found = connection.execute(query.order_by(scans.c.sha256).limit(2)).all()
    if len(found) > 1:
        raise WrongCall(_("several scans have digests that begin with {digest}; give more of it").format(digest=digest))
    return [of for row in found for of in _all_of(row.sha256, row.pages)]


def _all_of(sha256: str, pages: int) -> Iterator[str]:
    yield of_scan(sha256)
    yield from (of_page(sha256, index) for index in range(pages))
