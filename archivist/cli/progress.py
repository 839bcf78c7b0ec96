"""How far long work is: a bar on a terminal, a line now and then elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Protocol

import click

if TYPE_CHECKING:
    from rich.progress import Progress

# Seconds between two lines where there is no terminal.
_EVERY = 10.0


class Display(Protocol):
    """Where long work shows how far it is, and writes what is to be said meanwhile."""

    def show(self, stage: str, done: int, total: int) -> None:
        """Show that `done` of `total` are done of a stage of the work."""

    def say(self, text: str) -> None:
        """Write a line."""


@contextmanager
def progress() -> Iterator[Display]:
    """Give what shows progress on the standard error stream until the block ends."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar)


class _Lines:
    def __init__(self) -> None:
        self._shown = monotonic()

    def show(self, stage: str, done: int, total: int) -> None:
        if monotonic() - self._shown >= _EVERY:
            self._shown = monotonic()
            click.echo(f"[{done}/{total}] {stage}", err=True)

    def say(self, text: str) -> None:
        click.echo(text, err=True)


class _Bar:
    def __init__(self, bar: "Progress") -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None)
        self._stage = ""

    def show(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self._stage = stage
            self._bar.reset(self._task, total=total, description=stage)
        self._bar.update(self._task, completed=done, total=total)

    def say(self, text: str) -> None:
        self._bar.console.print(text, markup=False, highlight=False)
