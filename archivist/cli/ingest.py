"""`archivist ingest`: scans into the archive."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archivist.cli.common import at_archive, commands, opened, warn_of_unindexed
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
@at_archive
def ingest(paths: tuple[Path, ...], archive: Path) -> None:
    """Read scans into the archive."""
    if not any(os.path.lexists(path) for path in paths):
        text = _("there is nothing at {paths}; check the spelling")
        raise WrongCall(text.format(paths=", ".join(map(str, paths))))
    with opened(archive, create=True) as rooms, _progress() as tell:
        report = rooms.ingest(paths, tell)
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
        yield lambda at: click.echo(f"[{at.done}/{at.total}] {at.scan}: {at.what}", err=True)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}", markup=False))
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)

        def tell(at: "Progress") -> None:
            bar.update(task, completed=at.done, total=at.total, description=at.scan)
            if at.what.startswith(failed):
                bar.console.print(f"{at.scan}: {at.what}", markup=False, highlight=False, style="red")

        yield tell
