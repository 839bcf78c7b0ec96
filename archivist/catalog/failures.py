"""Scans that could not be used: those that still stand, one for each page of a source."""

from sqlalchemy import Connection, delete, insert, select

from archivist.catalog.tables import failures
from archivist.events import Event, of_page
from archivist.model import Failure


def put_failure(connection: Connection, failure: Failure, moment: str, sha256: str) -> Event:
    """Keep `failure` in place of an earlier one of the same page, and return what the ledger is to say of it."""
    row = {
        "source": failure.source,
        "place": failure.index,
        "stage": failure.stage,
        "cause": failure.cause,
        "message": failure.message,
        "at": moment,
    }
    same = (failures.c.source == failure.source, failures.c.place == failure.index)
    connection.execute(delete(failures).where(*same))
    connection.execute(insert(failures).values(row))
    detail = {"act": "failed", "stage": failure.stage, "cause": failure.cause, "message": failure.message}
    if sha256:
        about = of_page(sha256, failure.index)
        detail["source"] = failure.source
    else:
        about = _of_source(failure.source)
    done = "ingestion" if failure.stage in ("gather", "ingest", "open") else "metadata extraction"
    return Event(done, about, {**detail, "page": failure.index + 1}, "failure")


def read_failures(connection: Connection) -> list[tuple[Failure, str]]:
    """Return every failure that still stands and when it happened, by source and page."""
    query = select(failures).order_by(failures.c.source, failures.c.place)
    return [
        (Failure(row.source, row.place, row.stage, row.cause, row.message), row.at) for row in connection.execute(query)
    ]


def forget_failures(connection: Connection, source: str, stage: str | None) -> list[Event]:
    """Forget the failures of `source`, or those at one stage, and return what the ledger is to say of that."""
    these = delete(failures).where(failures.c.source == source)
    gone = connection.execute(these if stage is None else these.where(failures.c.stage == stage)).rowcount
    return [Event("metadata modification", _of_source(source), {"act": "mended"})] if gone else []


def _of_source(source: str) -> str:
    return f"source:{source}"
