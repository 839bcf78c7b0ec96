"""`archivist export`, `verify`, `reindex`: hand over, check, mend."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from gettext import gettext as _
from gettext import ngettext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archivist.cli.common import at_archive, commands, opened, person, runner, tell_waiting
from archivist.cli.progress import progress
from archivist.errors import WrongCall

if TYPE_CHECKING:
    from archivist.inspection import Findings


@commands.command(
    help=_("Write the catalogue: xlsx or csv (归档文件目录 of DA/T 22-2015), or jsonl (complete records).")
)
@click.argument("format")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help=_("Where to; catalogue.FORMAT unless said.")
)
@at_archive
def export(format: str, output: Path | None, archive: Path) -> None:
    """Write the catalogue."""
    with opened(archive) as rooms:
        path = output or Path(f"catalogue.{format}")
        rows = rooms.export(format, path)
    click.echo(_("{rows} items written to {path}").format(rows=rows, path=path))


@commands.command(
    help=_(
        "Check that every original is as it was taken in, that catalogue, store and index fit together, and that "
        "nobody changed the ledger. What can be derived again is mended; ends with 1 where something is left to do."
    )
)
@click.option(
    "--sample", type=click.FloatRange(0, 100, min_open=True), default=100, metavar="PERCENT",
    help=_("Look at a random share only."),
)  # fmt: skip
@click.option("--no-repair", is_flag=True, help=_("Only tell what is wrong."))
@click.option("--head", default="", metavar="SEAL", help=_("The last seal of the ledger, as it was written down."))
@click.option("--from", "backup", default="", metavar="BACKUP", help=_("A backup to bring originals back from."))
@click.option("--json", "as_json", is_flag=True, help=_("For machines: one JSON object."))
@at_archive
def verify(sample: float, no_repair: bool, head: str, backup: str, as_json: bool, archive: Path) -> None:
    """Check fixity and consistency."""
    from archivist.backup import originals_in
    from archivist.inspection import inspect

    with opened(archive) as rooms, progress() as bar:
        findings = inspect(
            rooms,
            share=sample / 100,
            repair=not no_repair,
            head=head,
            spare=originals_in(backup) if backup else None,
            tell=bar.say,
            show=bar.show,
        )
    if as_json:
        click.echo(json.dumps(asdict(findings) | {"well": findings.well}, ensure_ascii=False, indent=1))
    else:
        for line in _told(findings):
            click.echo(line)
    # A kept original that changed is a sign of a failing disk, whether or not the same bytes were found again.
    if not findings.well or "original" in findings.found:
        sys.exit(1)


def _told(findings: "Findings") -> Iterator[str]:
    looked_at, left = findings.looked_at, findings.left
    text = _("{count} originals checked, {damaged} missing or changed")
    line = text.format(count=looked_at.get("original", 0), damaged=findings.found.get("original", 0))
    if findings.share < 1:
        line += " " + _("(a random sample of {percent:g} %)").format(percent=100 * findings.share)
    yield line
    text = _("{pictures} pictures of handwriting, {readings} readings, {items} items, {events} events looked at")
    yield text.format(
        pictures=looked_at.get("picture", 0),
        readings=looked_at.get("reading", 0),
        items=looked_at.get("item", 0),
        events=findings.events,
    )
    if findings.strays:
        text = _("{count} things kept that no scan names: left by a run that was killed, harmless")
        yield text.format(count=findings.strays)
    if findings.unread:
        yield _("{count} originals have pages that were never read; ingest their box again").format(
            count=findings.unread
        )
    if findings.broken_off:
        yield _("{count} runs broke off; run the same command again").format(count=findings.broken_off)
    yield _("last seal of the ledger: {head}").format(head=findings.head)
    if not findings.found:
        yield _("All is well.")
    elif findings.well:
        yield _("All that was wrong is mended.")
        if "original" in findings.found:
            yield _("Originals do not change by themselves: look at the disk or server that keeps them.")
    else:
        yield _("{count} left to do, as told above").format(count=sum(left.values()))


@commands.command(
    help=_(
        "Describe all items, or those named, anew from what was read of them: after the rules, forms or the list of "
        "agencies changed. No scan is read again; what people decided stays."
    )
)
@click.argument("items", nargs=-1)
@click.option("--boundaries", is_flag=True, help=_("Draw the lines between all items anew, too."))
@person
@at_archive
def describe(items: tuple[str, ...], boundaries: bool, by: str | None, archive: Path) -> None:
    """Describe items again."""
    if items and boundaries:
        raise WrongCall(_("the lines are drawn anew between all items, not those named"))
    with opened(archive) as rooms:
        names = [rooms.catalog.item(item).id for item in items]
        with rooms.catalog.runs.hold("describe", ", ".join(names), runner(by), tell_waiting):
            if boundaries:
                done = rooms.desk.divide_again(lambda source: click.echo(source, err=True))
            else:
                done = rooms.desk.describe_again(
                    names or None, lambda item: click.echo(f"{item.id}  {item.title}", err=True)
                )
    click.echo(ngettext("{count} item described", "{count} items described", done).format(count=done))


@commands.command(
    help=_(
        "Make the search index anew from the catalogue; with --to in another place or engine, which is used from then "
        "on. Until it is ready, everybody searches in the old one."
    )
)
@click.option("--to", metavar="URL", help=_("tantivy:FOLDER, opensearch://host:9200/NAME, or whoosh:FOLDER."))
@person
@at_archive
def reindex(to: str | None, by: str | None, archive: Path) -> None:
    """Make the index anew."""
    from archivist.search.engines import without_password
    from archivist.settings import named_index, remember_index, unplaced

    url = named_index(archive, to) if to else ""
    with (
        opened(archive) as rooms,
        progress() as bar,
        rooms.catalog.runs.hold("reindex", without_password(to or ""), runner(by), tell_waiting) as run,
    ):

        def tell(done: int, total: int) -> None:
            run.report(done, total, 0, 0)
            bar.show(_("index"), done, total)

        if url and url != rooms.settings.index:
            count = rooms.move_index(url, tell, lambda: remember_index(archive, str(to)))
        else:
            count = rooms.reindex(tell)
    click.echo(_("{count} items indexed").format(count=count))
    folder, old = rooms.settings.folder, rooms.settings.index
    # Of another number of shards it is the same index.
    if url and unplaced(url, folder) != unplaced(old, folder):
        text = _("The search index is now {url}. The one before, {old}, is of no more use and may be deleted.")
        click.echo(text.format(url=without_password(url), old=without_password(old)))
