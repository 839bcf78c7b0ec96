"""`archivist export`, `verify`, `reindex`, `status`: hand over, check, mend."""

import sys
from gettext import gettext as _
from gettext import ngettext
from pathlib import Path

import click

from archivist.cli.common import at_archive, commands, opened
from archivist.errors import WrongCall


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


@commands.command(help=_("Check that every original is as it was taken in, and that the index has every item."))
@at_archive
def verify(archive: Path) -> None:
    """Check fixity and consistency."""
    with opened(archive) as rooms:
        health = rooms.verify(lambda text: click.echo(text, err=True))
    click.echo(
        _("{count} originals checked, {damaged} missing or changed").format(
            count=health.originals, damaged=len(health.damaged)
        )
    )
    if health.unindexed:
        click.echo(_("The index does not match the catalogue; run `archivist reindex`."), err=True)
    if health.damaged or health.unindexed:
        sys.exit(1)


@commands.command(
    help=_(
        "Describe all items, or those named, anew from what was read of them: after the rules, forms or the list of "
        "agencies changed. No scan is read again; what people decided stays."
    )
)
@click.argument("items", nargs=-1)
@click.option("--boundaries", is_flag=True, help=_("Draw the lines between all items anew, too."))
@at_archive
def describe(items: tuple[str, ...], boundaries: bool, archive: Path) -> None:
    """Describe items again."""
    if items and boundaries:
        raise WrongCall(_("the lines are drawn anew between all items, not those named"))
    with opened(archive) as rooms:
        if boundaries:
            done = rooms.desk.divide_again(lambda source: click.echo(source, err=True))
            click.echo(ngettext("{count} item described", "{count} items described", done).format(count=done))
            return
        names = [rooms.catalog.item(item).id for item in items]
        done = rooms.desk.describe_again(names or None, lambda item: click.echo(f"{item.id}  {item.title}", err=True))
    click.echo(ngettext("{count} item described", "{count} items described", done).format(count=done))


@commands.command(help=_("Make the search index anew from the catalogue."))
@at_archive
def reindex(archive: Path) -> None:
    """Make the index anew."""
    with opened(archive) as rooms:
        click.echo(_("{count} items indexed").format(count=rooms.reindex()))


@commands.command(help=_("Say how much the archive holds, what waits, and which scans failed and why."))
@at_archive
def status(archive: Path) -> None:
    """Say how the archive stands."""
    with opened(archive) as rooms:
        counts = rooms.catalog.counts()
        failures = rooms.catalog.failures()
    text = _(
        "{items} items, {pages} pages, {campaigns} campaigns; "
        "waiting for review: {review} values and beginnings, {poor} pages"
    )
    values, poor = counts.waiting, counts.hardly_read
    held = {"items": counts.items, "pages": counts.pages, "campaigns": counts.campaigns}
    click.echo(text.format(**held, review=values, poor=poor))
    for failure, at in failures:
        where = f"{failure.source}" + (" " + _("p. {number}").format(number=failure.index + 1) if failure.index else "")
        click.echo(f"{at[:16]}  {_(failure.cause)}  {where}: {failure.message}")
