"""`archivist ingest`: scans into the archive."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archivist.cli.common import at_archive, commands, opened, person, runner, tell_waiting, warn_of_unindexed
from archivist.errors import WrongCall

if TYPE_CHECKING:
    from archivist.pipeline import Progress


@commands.command(
    help=_(
        "Read scans: files, folders, PDFs, multi-page TIFFs, or a manifest.csv that names items. "
        "A second run goes on where the first stopped."
    )
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--no-wait", is_flag=True, help=_("Give up at once where another command writes to the archive."))
@person
@at_archive
def ingest(paths: tuple[Path, ...], no_wait: bool, by: str | None, archive: Path) -> None:
    """Read scans into the archive."""
    if not any(os.path.lexists(path) for path in paths):
        text = _("there is nothing at {paths}; check the spelling")
        raise WrongCall(text.format(paths=", ".join(map(str, paths))))
    with opened(archive, create=True) as rooms, _progress() as tell:
        report = rooms.ingest(paths, tell, runner(by), None if no_wait else tell_waiting)
        behind = rooms.unindexed()
    click.echo(
        _("{read} pages read, {skipped} skipped as already read, {items} items new or changed").format(
            read=report.read, skipped=report.skipped, items=report.items
        )
    )
    warn_of_unindexed(behind)
    if not report.read + report.skipped + sum(report.failed.values()):
        click.echo(_("No scan was found there: no picture and no PDF by its name."), err=True)
    if report.failed:
        causes = ", ".join(f"{_(cause)} {count}" for cause, count in sorted(report.failed.items()))
        click.echo(_("{count} failed: {causes}").format(count=sum(report.failed.values()), causes=causes), err=True)
        sys.exit(1)


@contextmanager
def _progress() -> "Iterator[Callable[[Progress], None]]":
    """Give what shows progress: a bar on a terminal, a line a page elsewhere; failures stand on lines of their own."""
    failed = _("FAILED: {why}").partition("{")[0]
    if not sys.stderr.isatty():
        yield lambda at: click.echo(f"[{at.done}/{at.total}{_paced(at)}] {at.scan}: {at.what}", err=True)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[paced]}{task.description}", markup=False))
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None, paced="")

        def tell(at: "Progress") -> None:
            paced = _paced(at).removeprefix(", ")
            paced += "  " * bool(paced)
            bar.update(task, completed=at.done, total=at.total, description=at.scan, paced=paced)
            if at.what.startswith(failed):
                bar.console.print(f"{at.scan}: {at.what}", markup=False, highlight=False, style="red")

        yield tell


def _paced(at: "Progress") -> str:
    """Return how quickly pages are read and how long the rest will take, nothing where none was read yet."""
    if at.pace is None or at.left is None:
        return ""
    left = timedelta(seconds=round(at.left))
    return _(", {pace:.0f} pages a minute, {left} left").format(pace=60 * at.pace, left=left)
