"""Scans that could not be used: those that still stand, one for each page of a source."""

from sqlalchemy import Connection, delete, insert, select

from archivist.catalog.tables import failures
from archivist.events import Event, of_page, of_source
from archivist.model import Failure, Value

# Where a source as a whole is meant and not its first page, whose own failure stays.
_WHOLE = -1


def put_failure(connection: Connection, failure: Failure, moment: str, sha256: str) -> Event:
    """Keep `failure` in place of an earlier one of the same page, and return what the ledger is to say of it."""
    whole = failure.stage == "describe"
    row = {
        "source": failure.source,
        "place": _WHOLE if whole else failure.index,
        "stage": failure.stage,
        "cause": failure.cause,
        "message": failure.message,
        "at": moment,
    }
    # By stage, because older catalogues keep these at the first page.
    same = failures.c.stage == failure.stage if whole else failures.c.place == failure.index
    connection.execute(delete(failures).where(failures.c.source == failure.source, same))
    connection.execute(insert(failures).values(row))
    why: dict[str, Value] = {
        "act": "failed",
        "stage": failure.stage,
        "cause": failure.cause,
        "message": failure.message,
    }
    done = "ingestion" if failure.stage in ("gather", "ingest", "open") else "metadata extraction"
    if sha256:
        return Event(done, of_page(sha256, failure.index), {**why, "source": failure.source}, "failure")
    if failure.index:
        why["page"] = failure.index + 1
    return Event(done, of_source(failure.source), why, "failure")


def read_failures(connection: Connection) -> list[tuple[Failure, str]]:
    """Return every failure that still stands and when it happened, by source and page."""
    query = select(failures).order_by(failures.c.source, failures.c.place)
    return [
        (Failure(row.source, max(row.place, 0), row.stage, row.cause, row.message), row.at)
        for row in connection.execute(query)
    ]


def forget_failures(connection: Connection, source: str, stage: str | None) -> list[Event]:
    """Forget the failures of `source`, or those at one stage, and return what the ledger is to say of that."""
    these = delete(failures).where(failures.c.source == source)
    gone = connection.execute(these if stage is None else these.where(failures.c.stage == stage)).rowcount
    return [Event("metadata modification", of_source(source), {"act": "mended"})] if gone else []
