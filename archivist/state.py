"""How an archive stands, and the words for it: on the command line and in the reading room."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from archivist.errors import ArchivistError
from archivist.language import gettext as _

if TYPE_CHECKING:
    from archivist.archive import Archive
    from archivist.catalog import Counts
    from archivist.catalog.runs import Running

#: Minutes without a word of a run that are worth saying.
_SILENT = 2
#: What stands between two things said of a run.
BETWEEN = " · "


@dataclass(frozen=True, slots=True)
class Index:
    """The search index: its engine and place, how many items it does not know, and why it ought to be moved, if so."""

    place: str
    behind: int
    advice: str


@dataclass(frozen=True, slots=True)
class State:
    """How an archive stands at one moment: `run` is under way, `runs` are over, the latest first."""

    counts: "Counts"
    run: "Running | None"
    runs: "Sequence[Running]"
    index: Index


def state_of(rooms: "Archive", runs: int) -> State:
    """Return how the archive stands, with the last so many `runs`."""
    catalog = rooms.catalog
    # The run first: what it does in between shows in the counts, not the other way round.
    run, before = catalog.runs.under_way(), catalog.runs.latest(runs)
    counts = catalog.counts()
    return State(counts, run, before, _index(rooms, counts.items))


def _index(rooms: "Archive", items: int) -> Index:
    from archivist.search.engines import engine_of, outgrown, without_password
    from archivist.settings import unplaced

    # Asked first: it goes on with the index that another process may have moved to.
    behind, advice = rooms.unindexed(), ""
    url = rooms.index_url
    try:
        rooms.index.count()
    except ArchivistError as error:
        # A server that is away is no reason to say nothing of all the rest.
        advice = str(error)
    if not advice and (beyond := outgrown(url, items)):
        text = _(
            "the archive has outgrown {engine}, which is quick up to {most} items; "
            "move to {other}: archivist reindex --to URL (see the README)"
        )
        advice = text.format(engine=engine_of(url), most=beyond[0], other=beyond[1])
    place = without_password(url) if engine_of(url) == "opensearch" else unplaced(url, rooms.settings.folder)
    return Index(place, behind, advice)


def how_far(run: "Running") -> str:
    """Return how far a run is, how quickly, and for how much longer."""
    if not run.total:
        return _("getting ready; nothing is done yet")
    parts = [counted(run)]
    if run.command == "ingest":
        parts.append(_("{read} read in this run, {failed} failed").format(read=run.read, failed=run.failed))
    if run.minutes_left is not None:
        parts.append(_("{pace} a minute").format(pace=f"{run.pace:.0f}" if run.pace >= 10 else f"{run.pace:.1f}"))
        parts.append(_("{time} left").format(time=span(run.minutes_left)))
    silent = minutes(run.seen_at, datetime.now(UTC).isoformat())
    if silent >= _SILENT:
        parts.append(_("last heard of {time} ago").format(time=span(silent)))
    return BETWEEN.join(parts)


def what_became(run: "Running") -> str:
    """Return how much of a run that is over was done, what failed, how long it took, and by whom."""
    parts = [counted(run)] if run.total else []
    if run.failed:
        parts.append(_("{failed} failed").format(failed=run.failed))
    return BETWEEN.join([*parts, span(minutes(run.started_at, run.ended_at or run.seen_at)), run.who])


def counted(run: "Running") -> str:
    """Return how much of a run is done."""
    text = _("{done} of {total} pages") if run.command == "ingest" else _("{done} of {total} items")
    return text.format(done=run.done, total=run.total)


def local(moment: str) -> str:
    """Return a moment of the catalogue as the clock here shows it, to the minute."""
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")


def minutes(begin: str, end: str) -> float:
    """Return how many minutes lie between two moments of the catalogue."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds() / 60


def span(minutes: float) -> str:
    """Return a length of time as people say it."""
    if minutes < 1:
        return _("less than a minute")
    hours, rest = divmod(round(minutes), 60)
    days, hours = divmod(hours, 24)
    if days:
        return _("{days} d {hours} h").format(days=days, hours=hours)
    return (
        _("{hours} h {minutes} min").format(hours=hours, minutes=rest)
        if hours
        else _("{minutes} min").format(minutes=rest)
    )


def amount(size: int) -> str:
    """Return a number of bytes as people say it."""
    said, units = float(size), ["B", "kB", "MB", "GB", "TB"]
    while said >= 1000 and len(units) > 1:
        said, units = said / 1000, units[1:]
    return f"{said:.0f} {units[0]}" if units[0] == "B" or said >= 100 else f"{said:.1f} {units[0]}"
