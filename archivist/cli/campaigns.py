"""`archivist campaigns`: what ties the papers together, and what people decide about it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from gettext import gettext as _
from gettext import ngettext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archivist.cli.common import at_archive, commands, decided, opened, person
from archivist.errors import WrongCall
from archivist.phrases import dated, shown, sure

if TYPE_CHECKING:
    from archivist.archive import Archive
    from archivist.campaigning import Campaigning
    from archivist.decisions import Decision
    from archivist.model import Campaign

_WITH_VALUE = ("--archive",)


class _Campaigns(click.Group):
    """Commands of which the first word may also be the name of a campaign: `campaigns 爱国卫生运动`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command before options that stand before it, and `show` before the name of a campaign."""
        at = 0
        while at < len(args) and args[at].startswith("-"):
            at += 2 if args[at] in _WITH_VALUE else 1
        if at < len(args):
            known = args[at] in self.commands
            args = [args[at], *args[:at], *args[at + 1 :]] if known else ["show", "--listed", *args]
        return super().parse_args(ctx, args)


@commands.group(
    cls=_Campaigns,
    invoke_without_command=True,
    subcommand_metavar="[CAMPAIGN] | COMMAND [ARGS]...",
    help=_(
        "List the campaigns, or show one (identifier or name) with its items in order of time. "
        "What the program joined wrongly, or not at all, is put right by the commands below."
    ),
)
@click.option("--json", "as_json", is_flag=True, help=_("For machines."))
@at_archive
@click.pass_context
def campaigns(context: click.Context, as_json: bool, archive: Path) -> None:
    """List campaigns."""
    if context.invoked_subcommand:
        return
    with opened(archive) as rooms:
        known = _known(rooms).listed()
        if as_json:
            kin = {one.id: family.name for family, members in known for one, _size in members}
            records = [_in_short(one, rooms) | {"family": kin[one.id]} for one in rooms.catalog.campaigns()]
            click.echo(json.dumps(records, ensure_ascii=False, indent=1))
            return
    if not known:
        click.echo(_("No campaign has been recognised in this archive yet."))
    for family, members in known:
        if len(members) > 1:
            click.echo(_("family {name}").format(name=family.name))
        for one, size in members:
            click.echo(("  " if len(members) > 1 else "") + _headed(one, size))


def _headed(one: "Campaign", items: int) -> str:
    size = ngettext("{count} item", "{count} items", items).format(count=items)
    return f"{click.style(one.name, bold=True)}  [{one.id}]  {size}"


def _in_short(one: "Campaign", rooms: "Archive") -> dict[str, Any]:
    items = sorted((dated(item), item.id, item.title) for item in rooms.catalog.items(one.items))
    said = [{"id": name, "date": date or None, "title": title} for date, name, title in items]
    return {"id": one.id, "name": one.name, "items": said}


@campaigns.command(help=_("Show the record of one campaign: its papers, groups, phases, indicators and what happened."))
@click.argument("campaign")
@click.option("--json", "as_json", is_flag=True, help=_("For machines: as schemas/campaign.schema.json says."))
@click.option("--listed", is_flag=True, hidden=True)
@at_archive
def show(campaign: str, as_json: bool, listed: bool, archive: Path) -> None:
    """Show one campaign."""
    with opened(archive) as rooms:
        known = _known(rooms)
        (record,) = known.records([known.found(campaign)])
    if as_json:
        # A name alone answered with a list before there were records, and programs count on it.
        click.echo(json.dumps([record] if listed else record, ensure_ascii=False, indent=1))
        return
    for line in _lines(record):
        click.echo(line)


def _lines(record: Mapping[str, Any]) -> Iterator[str]:
    size = ngettext("{count} item", "{count} items", len(record["items"])).format(count=len(record["items"]))
    yield f"{click.style(record['name'], bold=True)}  [{record['id']}]  {size}"
    facts = [(_("also printed"), "; ".join(one["name"] for one in record["other_names"]))]
    if record["level"]:
        facts.append((_("level"), f"{_(record['level']['value'])} ({record['level']['word']})"))
    if record["target"]:
        facts.append((_("target"), record["target"]["value"]))
    facts.append((_("issued by"), "; ".join(f"{one['name']} ({one['items']})" for one in record["agencies"])))
    for kin in record["kin"]:
        why = ", ".join(f"{_(reason['reason'])} {reason['value']}" for reason in kin["reasons"])
        facts.append((_("kin"), f"{kin['name']}  [{kin['id']}]" + (f"  ({why})" if why else "")))
    yield from (f"  {name}: {said}" for name, said in facts if said)
    yield from _papers(record)
    for event in record["timeline"]:
        if event["event"] not in ("issued", "received"):
            yield f"  {event['date']:<10}  {_(event['event'])}  {event['text']}  {_place(event)}"
    headings = {"group": _("leading group"), "phases": _("phases"), "indicators": _("indicators")}
    for name, heading in headings.items():
        if record[name]:
            yield heading
            yield from (f"  {shown(one['value'])}{_doubt(one)}  {_place(one)}" for one in record[name])


def _papers(record: Mapping[str, Any]) -> Iterator[str]:
    for item in record["items"]:
        number = f"  {item['number']}" if item["number"] else ""
        doubt = f"  {sure(item['confidence'])}{_doubt(item)}"
        role = _(item["role"])
        yield f"  {item['date'] or '?':<10}  {role}  {item['title']}{number}  [{item['id']}]{doubt}"


def _doubt(one: Mapping[str, Any]) -> str:
    return "" if one["status"] == "accepted" else " " + _(one["status"])


def _place(one: Mapping[str, Any]) -> str:
    first = one["evidence"][0]
    return f"[{first['item']}] " + _("p. {number}").format(number=first["page"])


@campaigns.command(help=_("Write the records of all campaigns, or of one, as JSON."))
@click.argument("campaign", required=False)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help=_("Where to; the terminal else."))
@at_archive
def export(campaign: str | None, output: Path | None, archive: Path) -> None:
    """Write records of campaigns."""
    with opened(archive) as rooms:
        known = _known(rooms)
        records = list(known.records([known.found(campaign)] if campaign else known.known()))
    text = json.dumps(records[0] if campaign else records, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        # Half a surrogate pair has no UTF-8 form; the escape that stands for it here means the same in JSON.
        output.write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        text = _("{path} cannot be written: {reason}")
        raise WrongCall(text.format(path=output, reason=error.strerror or error)) from error
    count = ngettext("{count} campaign", "{count} campaigns", len(records)).format(count=len(records))
    click.echo(_("{count} written to {path}").format(count=count, path=output))


@campaigns.command(help=_("Say that CAMPAIGN is OTHER by a second name: one record of both, called as OTHER."))
@click.argument("campaign")
@click.argument("other")
@person
@at_archive
def merge(campaign: str, other: str, by: str | None, archive: Path) -> None:
    """Make one campaign of two."""
    with opened(archive) as rooms:
        _decide(rooms, _known(rooms).merge(campaign, other, decided(by)))


@campaigns.command(
    help=_("Say that these items of CAMPAIGN belong to another one, NEW. Without items: take a merge with NEW back.")
)
@click.argument("campaign")
@click.argument("items", nargs=-1, metavar="ITEM...")
@click.option("--name", "new", required=True, metavar="NEW", help=_("The other campaign; it may be new."))
@person
@at_archive
def split(campaign: str, items: tuple[str, ...], new: str, by: str | None, archive: Path) -> None:
    """Make two campaigns of one."""
    with opened(archive) as rooms:
        known, who = _known(rooms), decided(by)
        _decide(rooms, known.move(items, campaign, new, who) if items else known.part(campaign, new, who))


@campaigns.command(help=_("Say that ITEM belongs to CAMPAIGN, which may be new."))
@click.argument("item")
@click.argument("campaign")
@person
@at_archive
def confirm(item: str, campaign: str, by: str | None, archive: Path) -> None:
    """Confirm a link."""
    with opened(archive) as rooms:
        _decide(rooms, _known(rooms).confirm(item, campaign, decided(by)))


@campaigns.command(help=_("Say that ITEM does not belong to CAMPAIGN."))
@click.argument("item")
@click.argument("campaign")
@person
@at_archive
def refuse(item: str, campaign: str, by: str | None, archive: Path) -> None:
    """Refuse a link."""
    with opened(archive) as rooms:
        _decide(rooms, _known(rooms).refuse(item, campaign, decided(by)))


@campaigns.command(help=_("Say that ITEM does not belong to campaign FROM, but to campaign TO, which may be new."))
@click.argument("item")
@click.argument("campaign", metavar="FROM")
@click.argument("other", metavar="TO")
@person
@at_archive
def move(item: str, campaign: str, other: str, by: str | None, archive: Path) -> None:
    """Move an item to another campaign."""
    with opened(archive) as rooms:
        _decide(rooms, _known(rooms).move([item], campaign, other, decided(by)))


@campaigns.command(help=_("Say how CAMPAIGN is called."))
@click.argument("campaign")
@click.argument("name")
@person
@at_archive
def name(campaign: str, name: str, by: str | None, archive: Path) -> None:
    """Name a campaign."""
    with opened(archive) as rooms:
        _decide(rooms, _known(rooms).name(campaign, name, decided(by)))


@campaigns.command(help=_("Say that two campaigns are of one family, though they are two, or that they are not."))
@click.argument("campaign")
@click.argument("other")
@click.option("--not", "apart", is_flag=True, help=_("They are not."))
@person
@at_archive
def kin(campaign: str, other: str, apart: bool, by: str | None, archive: Path) -> None:
    """Say whether two campaigns are kin."""
    with opened(archive) as rooms:
        _decide(rooms, _known(rooms).kin(campaign, other, decided(by), apart=apart))


def _known(rooms: "Archive") -> "Campaigning":
    from archivist.campaigning import Campaigning

    return Campaigning(rooms.catalog)


def _decide(rooms: "Archive", decisions: "Iterable[Decision]") -> None:
    changed = rooms.desk.decide(list(decisions))
    click.echo(ngettext("{count} item changed", "{count} items changed", changed).format(count=changed))
