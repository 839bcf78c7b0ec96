"""`archivist agencies`, `archivist citations`: who the papers name, and which papers they name."""

import json
from gettext import gettext as _
from pathlib import Path
from typing import Any

import click

from archivist.cli.common import at_archive, commands, decided, opened, person
from archivist.errors import WrongCall
from archivist.phrases import shown


@commands.group(
    invoke_without_command=True,
    help=_(
        "List the agencies that people verified, with their other names. New papers are matched to this list; "
        "`archivist describe` matches those already read."
    ),
)
@click.option("--json", "as_json", is_flag=True, help=_("For machines."))
@at_archive
@click.pass_context
def agencies(context: click.Context, as_json: bool, archive: Path) -> None:
    """List the agencies known by name."""
    if context.invoked_subcommand:
        return
    with opened(archive) as rooms:
        known = rooms.desk.agencies()
    if as_json:
        records = [
            {"heading": one.heading, "variants": list(one.variants), "predecessors": list(one.predecessors)}
            for one in known
        ]
        click.echo(json.dumps(records, ensure_ascii=False, indent=1))
        return
    if not known:
        click.echo(_("No agency has been verified yet: accept some in `archivist review`, or name one here."))
    for one in known:
        also = _("also {names}").format(names="、".join(one.variants)) if one.variants else ""
        before = _("formerly {names}").format(names="、".join(one.predecessors)) if one.predecessors else ""
        click.echo("  ".join(filter(None, (click.style(one.heading, bold=True), also, before))))


@agencies.command("name", help=_("Put NAME on the list, with other names of the same agency."))
@click.argument("name")
@click.option("--also", multiple=True, metavar="NAME", help=_("Another name in use, as an abbreviation."))
@click.option("--formerly", multiple=True, metavar="NAME", help=_("What it was called before, or what it came from."))
@click.option("--forget", is_flag=True, help=_("Take it off the list."))
@person
@at_archive
def name_agency(
    name: str, also: tuple[str, ...], formerly: tuple[str, ...], forget: bool, by: str | None, archive: Path
) -> None:
    """Put an agency on the list, or take it off."""
    if forget and (also or formerly):
        raise WrongCall(_("an agency is either named or forgotten"))
    with opened(archive) as rooms:
        rooms.desk.name_agency(name, also, formerly, decided(by), forget=forget)
    click.echo(name)


@commands.command(
    help=_("List which papers ITEM cites and where they are, or, without ITEM, the papers most cited that are missing.")
)
@click.argument("item", required=False)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help=_("At most so many."))
@click.option("--json", "as_json", is_flag=True, help=_("For machines."))
@at_archive
def citations(item: str | None, limit: int, as_json: bool, archive: Path) -> None:
    """List citations."""
    with opened(archive) as rooms:
        missing = [] if item else rooms.catalog.missing_citations(limit)
        cited = rooms.catalog.cited(rooms.catalog.item(item))[:limit] if item else []
    if as_json:
        records: list[dict[str, Any]] = [
            {"title": one.title, "document_number": one.number, "times": one.times, "cited_by": list(one.items)}
            for one in missing
        ]
        records += [
            {"citation": field.value, "page": field.evidence.page, "items": list(names)} for field, names in cited
        ]
        click.echo(json.dumps(records, ensure_ascii=False, indent=1))
        return
    for one in missing:
        number = f"（{one.number}）" if one.number else ""
        click.echo(f"{one.times:>4}  《{one.title}》{number}  {', '.join(one.items)}")
    for field, names in cited:
        where = ", ".join(names) or _("not in this archive")
        click.echo(f"{shown(field.value)}  -> {where}")
    if not missing and not cited:
        click.echo(_("Nothing is cited there.") if item else _("No paper that is cited is missing."))
