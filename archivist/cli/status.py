"""`archivist status`: the run under way, those before it, how much there is, what waits and what failed."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from gettext import gettext as _
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any

import click

from archivist import plainly
from archivist.cli.common import at_archive, commands, opened
from archivist.state import BETWEEN, State, how_far, local, state_of, what_became

if TYPE_CHECKING:
    from rich.console import RenderableType

    from archivist.archive import Archive
    from archivist.catalog.runs import Running
    from archivist.model import Failure

_EVERY = 2.0
#: Runs shown that are over, and failures shown where all would not fit on a screen.
_RUNS = 5
_FAILURES = 5


@dataclass(frozen=True, slots=True)
class _Standing:
    """How an archive stands, with every failure and when it happened."""

    state: State
    failures: "Sequence[tuple[Failure, str]]"


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
            standing = _standing(rooms)
            lines = [json.dumps(_record(standing), ensure_ascii=False, indent=1)] if as_json else _lines(standing)
            for line in lines:
                click.echo(line)
            return
        with suppress(KeyboardInterrupt):
            if as_json or not sys.stdout.isatty():
                _repeat(rooms, as_json)
            else:
                _redraw(rooms)


def _standing(rooms: "Archive") -> _Standing:
    return _Standing(state_of(rooms, _RUNS), rooms.catalog.failures())


def _repeat(rooms: "Archive", as_json: bool) -> None:
    said = ""
    while True:
        standing = _standing(rooms)
        text = (
            json.dumps(_record(standing), ensure_ascii=False)
            if as_json
            else "\n".join([*_lines(standing, _FAILURES), ""])
        )
        if text != said:
            click.echo(text)
            said = text
        sleep(_EVERY)


def _redraw(rooms: "Archive") -> None:
    from rich.live import Live

    with Live(_picture(_standing(rooms)), auto_refresh=False, screen=True) as live:
        while True:
            sleep(_EVERY)
            live.update(_picture(_standing(rooms)), refresh=True)


def _picture(standing: _Standing) -> "RenderableType":
    """Return the state as it is drawn on a terminal, with a bar for the run under way."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.progress_bar import ProgressBar
    from rich.text import Text

    lines = _lines(standing, _FAILURES)
    drawn: list[RenderableType] = [Text.from_ansi(line, no_wrap=True, overflow="ellipsis") for line in lines]
    run = standing.state.run
    if run and run.total:
        bar = ProgressBar(run.total, min(run.done, run.total))
        # Below the three lines that come first.
        drawn.insert(3, Padding(bar, (0, 2)))
    return Group(*drawn)


def _lines(standing: _Standing, most_failures: int | None = None) -> Iterator[str]:
    state = standing.state
    counts = state.counts
    held = _(
        "{items} items, {pages} pages, {campaigns} campaigns; "
        "waiting for review: {review} values and beginnings, {poor} pages"
    )
    size = {"items": counts.items, "pages": counts.pages, "campaigns": counts.campaigns}
    yield held.format(**size, review=counts.waiting, poor=counts.hardly_read)
    if state.run:
        yield click.style(_("under way: {run}").format(run=state.run), bold=True)
        yield "  " + how_far(state.run)
    else:
        yield _("no run is under way")
    if state.runs:
        yield _("the last runs:")
        yield from (f"  {local(run.started_at)}  {_over(run)}" for run in state.runs)
    known = _("search index: {place}").format(place=state.index.place)
    if state.index.behind:
        known += BETWEEN + _("{count} items wait for it").format(count=state.index.behind)
    yield known
    if state.index.advice:
        yield click.style(state.index.advice, fg="yellow")
    shown = standing.failures
    if most_failures is not None:
        shown = sorted(shown, key=lambda one: one[1], reverse=True)[:most_failures]
    if shown:
        yield _("scans that failed:")
    for failure, at in shown:
        where = f"{failure.source}" + (" " + _("p. {number}").format(number=failure.index + 1) if failure.index else "")
        yield f"  {local(at)}  {click.style(_(failure.cause), fg='red')}  {where}: {failure.message}"
    if hidden := len(standing.failures) - len(shown):
        yield "  " + _("… and {count} more").format(count=hidden)


def _over(run: "Running") -> str:
    """Return in a line how a run ended."""
    outcome = click.style(_(run.outcome or "broken off"), fg=None if run.outcome == "done" else "yellow")
    return f"{outcome}  {f'{run.command} {run.what}'.rstrip()}: {what_became(run)}"


def _record(standing: _Standing) -> dict[str, Any]:
    return plainly.standing(standing.state) | {"failures": plainly.failures(standing.failures)}
