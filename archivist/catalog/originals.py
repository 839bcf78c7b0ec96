"""Originals in the store, as the catalogue knows them, and where they came from, as the ledger tells."""

from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from archivist.catalog.tables import now, origins, scans
from archivist.events import Event, of_scan
from archivist.model import Value


class Original(NamedTuple):
    """A scan that is in the store: its digest, the name it came under, bytes, format, and pages in it."""

    sha256: str
    name: str
    size: int
    media_type: str
    pages: int


def add_scan(connection: Connection, scan: Original, source: str) -> list[Event]:
    """Keep that a scan is in the store, unless it is known, and return what the ledger is to say of it."""
    told = news_of(connection, scan, source)
    if told:
        connection.execute(insert(origins).values(sha256=scan.sha256, source=source))
    if connection.scalar(select(scans.c.sha256).where(scans.c.sha256 == scan.sha256)) is None:
        connection.execute(insert(scans).values(**scan._asdict(), saved_at=now()))
    return told


def news_of(connection: Connection, scan: Original, source: str) -> list[Event]:
    """Return what the ledger does not say yet of a scan that came from `source`."""
    about = of_scan(scan.sha256)
    if connection.scalar(select(scans.c.sha256).where(scans.c.sha256 == scan.sha256)) is None:
        detail: dict[str, Value] = {"name": scan.name, "bytes": scan.size, "media_type": scan.media_type}
        return [Event("ingestion", about, {**detail, "pages": scan.pages, "source": source})]
    same = (origins.c.sha256 == scan.sha256, origins.c.source == source)
    if connection.scalar(select(origins.c.sha256).where(*same)) is not None:
        return []
    return [Event("ingestion", about, {"act": "came again", "name": scan.name, "source": source})]
