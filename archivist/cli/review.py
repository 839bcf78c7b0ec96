"""`archivist review`: what waits for a person, and what the person says."""

from gettext import gettext as _
from pathlib import Path

import click

from archivist.cli.common import at_archive, commands, opened, shown, sure


@commands.command(help=_("List what waits for a person: pages that hardly read, then values, the least sure first."))
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help=_("At most so many."))
@at_archive
def review(limit: int, archive: Path) -> None:
    """List what waits for a person."""
    with opened(archive) as rooms:
        pages = rooms.catalog.hardly_read(limit)
        waiting = rooms.catalog.waiting(limit - len(pages)) if len(pages) < limit else []
    if not pages and not waiting:
        click.echo(_("Nothing waits for review."))
    for page in pages:
        text = _("p. {page}: {scan} hardly reads; look at the scan, scan it again where it can be better")
        click.echo(f"{sure(page.confidence)}  {text.format(page=page.number, scan=page.scan)}  [{page.item_id}]")
    for one in waiting:
        field = one.field
        ink = _("p. {page}: “{raw}”").format(page=field.evidence.page, raw=field.raw)
        click.echo(f"{sure(field.confidence)}  {_(field.name)} = {shown(field.value)}  {ink}  [{one.item_id}]")
