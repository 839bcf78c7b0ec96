"""`archivist campaigns`: what ties the papers together."""

import json
from gettext import gettext as _
from gettext import ngettext
from pathlib import Path

import click

from archivist.cli.common import at_archive, commands, dated, opened


@commands.command(help=_("List the campaigns, or show one (identifier or name) with its items in order of time."))
@click.argument("campaign", required=False)
@click.option("--json", "as_json", is_flag=True, help=_("For machines."))
@at_archive
def campaigns(campaign: str | None, as_json: bool, archive: Path) -> None:
    """List campaigns, or show one."""
    with opened(archive) as rooms:
        chosen = [rooms.catalog.campaign(campaign)] if campaign else list(rooms.catalog.campaigns())
        timeline = [
            (one, sorted((dated(item), item.id, item.title) for item in rooms.catalog.items(one.items)))
            for one in chosen
        ]
    if as_json:
        records = [
            {"id": one.id, "name": one.name, "items": [{"id": i, "date": d or None, "title": t} for d, i, t in items]}
            for one, items in timeline
        ]
        click.echo(json.dumps(records, ensure_ascii=False, indent=1))
        return
    if not timeline:
        click.echo(_("No campaign has been recognised in this archive yet."))
    for one, items in timeline:
        size = ngettext("{count} item", "{count} items", len(items)).format(count=len(items))
        click.echo(f"{click.style(one.name, bold=True)}  [{one.id}]  {size}")
        for date, identifier, title in items if campaign else ():
            click.echo(f"  {date or '?':<10}  {title}  [{identifier}]")
