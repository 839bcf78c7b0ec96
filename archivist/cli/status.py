"""`archivist status`: the run under way, those before it, how much there is, what waits and what failed."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from gettext import gettext as _
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any

import click

from archivist.cli.common import at_archive, commands, opened
from archivist.errors import ArchivistError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from archivist.archive import Archive
    from archivist.catalog import Counts
    from archivist.catalog.runs import Running
    from archivist.model import Failure

_EVERY = 2.0
#: Runs shown that are over, and failures shown where all would not fit on a screen.
_RUNS = 5
_FAILURES = 5
#: Minutes without a word of a run that are worth saying.
_SILENT = 2
_BETWEEN = " · "


@dataclass(frozen=True, slots=True)
class _State:
    """How an archive stands at one moment."""

    counts: "Counts"
    run: "Running | None"
    runs: "Sequence[Running]"
    failures: "Sequence[tuple[Failure, str]]"
    index: "_Index"


@dataclass(frozen=True, slots=True)
class _Index:
    """The search index: its engine and place, how many items it does not know, and why it ought to be moved, if so."""

    place: str
    behind: int
    advice: str


@commands.command(
    help=_(
        "Say how the archive stands: the run under way and how far it is, the last runs, how much the archive holds, "
        "what waits, and which scans failed and why."
    )
)
@click.option("--watch", is_flag=True, help=_("Say it again every two seconds, until Ctrl-C."))
@click.option("--json", "as_json", is_flag=True, help=_("For machines: one JSON object (a line each with --watch)."))
@at_archive
def status(watch: bool, as_json: bool, archive: Path) -> None:
    """Say how the archive stands."""
    with opened(archive) as rooms:
        if not watch:
            state = _state(rooms)
            lines = [json.dumps(_record(state), ensure_ascii=False, indent=1)] if as_json else _lines(state)
            for line in lines:
                click.echo(line)
            return
        with suppress(KeyboardInterrupt):
            if as_json or not sys.stdout.isatty():
                _repeat(rooms, as_json)
            else:
                _redraw(rooms)


def _state(rooms: "Archive") -> _State:
    catalog = rooms.catalog
    # The run first: what it does in between shows in the counts, not the other way round.
    run, before = catalog.runs.under_way(), catalog.runs.latest(_RUNS)
    counts = catalog.counts()
    return _State(counts, run, before, catalog.failures(), _index(rooms, counts.items))


def _index(rooms: "Archive", items: int) -> _Index:
    from archivist.search.engines import engine_of, outgrown, without_password
    from archivist.settings import unplaced

    url = rooms.index_url
    behind, advice = rooms.unindexed(), ""
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
    return _Index(place, behind, advice)


def _repeat(rooms: "Archive", as_json: bool) -> None:
    said = ""
    while True:
        state = _state(rooms)
        text = json.dumps(_record(state), ensure_ascii=False) if as_json else "\n".join([*_lines(state, _FAILURES), ""])
        if text != said:
            click.echo(text)
            said = text
        sleep(_EVERY)


def _redraw(rooms: "Archive") -> None:
    from rich.live import Live

    with Live(_picture(_state(rooms)), auto_refresh=False, screen=True) as live:
        while True:
            sleep(_EVERY)
            live.update(_picture(_state(rooms)), refresh=True)


def _picture(state: _State) -> "RenderableType":
    """Return the state as it is drawn on a terminal, with a bar for the run under way."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.progress_bar import ProgressBar
    from rich.text import Text

    lines = _lines(state, _FAILURES)
    drawn: list[RenderableType] = [Text.from_ansi(line, no_wrap=True, overflow="ellipsis") for line in lines]
    if state.run and state.run.total:
        bar = ProgressBar(state.run.total, min(state.run.done, state.run.total))
        # Below the three lines that come first.
        drawn.insert(3, Padding(bar, (0, 2)))
    return Group(*drawn)


def _lines(state: _State, most_failures: int | None = None) -> Iterator[str]:
    counts = state.counts
    held = _(
        "{items} items, {pages} pages, {campaigns} campaigns; "
        "waiting for review: {review} values and beginnings, {poor} pages"
    )
    size = {"items": counts.items, "pages": counts.pages, "campaigns": counts.campaigns}
    yield held.format(**size, review=counts.waiting, poor=counts.hardly_read)
    if state.run:
        yield click.style(_("under way: {run}").format(run=state.run), bold=True)
        yield "  " + _how_far(state.run)
    else:
        yield _("no run is under way")
    if state.runs:
        yield _("the last runs:")
        yield from (f"  {_local(run.started_at)}  {_over(run)}" for run in state.runs)
    known = _("search index: {place}").format(place=state.index.place)
    if state.index.behind:
        known += _BETWEEN + _("{count} items wait for it").format(count=state.index.behind)
    yield known
    if state.index.advice:
        yield click.style(state.index.advice, fg="yellow")
    shown = state.failures
    if most_failures is not None:
        shown = sorted(shown, key=lambda one: one[1], reverse=True)[:most_failures]
    if shown:
        yield _("scans that failed:")
    for failure, at in shown:
        where = f"{failure.source}" + (" " + _("p. {number}").format(number=failure.index + 1) if failure.index else "")
        yield f"  {_local(at)}  {click.style(_(failure.cause), fg='red')}  {where}: {failure.message}"
    if hidden := len(state.failures) - len(shown):
        yield "  " + _("… and {count} more").format(count=hidden)


def _how_far(run: "Running") -> str:
    """Return how far a run is, how quickly, and for how much longer."""
    if not run.total:
        return _("getting ready; nothing is done yet")
    parts = [_counted(run)]
    if run.command == "ingest":
        parts.append(_("{read} read in this run, {failed} failed").format(read=run.read, failed=run.failed))
    if run.minutes_left is not None:
        parts.append(_("{pace} a minute").format(pace=f"{run.pace:.0f}" if run.pace >= 10 else f"{run.pace:.1f}"))
        parts.append(_("{time} left").format(time=_span(run.minutes_left)))
    silent = _minutes(run.seen_at, datetime.now(UTC).isoformat())
    if silent >= _SILENT:
        parts.append(_("last heard of {time} ago").format(time=_span(silent)))
    return _BETWEEN.join(parts)


def _over(run: "Running") -> str:
    """Return in a line how a run ended."""
    parts = [_counted(run)] if run.total else []
    if run.failed:
        parts.append(_("{failed} failed").format(failed=run.failed))
    parts += [_span(_minutes(run.started_at, run.ended_at or run.seen_at)), run.who]
    outcome = click.style(_(run.outcome or "broken off"), fg=None if run.outcome == "done" else "yellow")
    return f"{outcome}  {f'{run.command} {run.what}'.rstrip()}: {_BETWEEN.join(parts)}"


def _counted(run: "Running") -> str:
    """Return how much of a run is done."""
    text = _("{done} of {total} pages") if run.command == "ingest" else _("{done} of {total} items")
    return text.format(done=run.done, total=run.total)


def _local(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")


def _minutes(begin: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds() / 60


def _span(minutes: float) -> str:
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


def _record(state: _State) -> dict[str, Any]:
    counts, run = state.counts, state.run
    said: dict[str, Any] = {"items": counts.items, "pages": counts.pages, "campaigns": counts.campaigns}
    said["waiting"] = {"values": counts.waiting, "pages": counts.hardly_read}
    said["index"] = asdict(state.index)
    said["run"] = None
    if run:
        left = None if run.minutes_left is None else round(run.minutes_left * 60)
        said["run"] = {**asdict(run), "pages_a_minute": round(run.pace, 1), "seconds_left": left}
    said["runs"] = [asdict(one) for one in state.runs]
    said["failures"] = [{**asdict(failure), "at": at} for failure, at in state.failures]
    return said
