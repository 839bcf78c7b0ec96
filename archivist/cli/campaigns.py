"""`archivist campaigns`: what ties the papers together, and what people decide about it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from gettext import gettext as _
from gettext import ngettext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archivist.cli.common import at_archive, commands, dated, decided, opened, person, shown, sure
from archivist.errors import NotFound, WrongCall

if TYPE_CHECKING:
    from archivist.archive import Archive
    from archivist.decisions import Decision, Subject
    from archivist.model import Campaign, CampaignLink, Decided, Item, Value

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
    from archivist.campaigns import families

    with opened(archive) as rooms:
        sizes = dict(rooms.catalog.campaign_sizes())
        family = families(tuple(sizes), rooms.catalog.decisions("campaign"))
        if as_json:
            records = [_in_short(one, rooms) | {"family": family[one.id].name} for one in rooms.catalog.campaigns()]
            click.echo(json.dumps(records, ensure_ascii=False, indent=1))
            return
    if not sizes:
        click.echo(_("No campaign has been recognised in this archive yet."))
    names = {one.id: one for one in sizes}
    # Kin stand together, where the first of them stands by name.
    for kin in dict.fromkeys(family[one.id] for one in sizes):
        if len(kin.members) > 1:
            click.echo(_("family {name}").format(name=kin.name))
        for member in kin.members:
            click.echo(("  " if len(kin.members) > 1 else "") + _headed(names[member], sizes[names[member]]))


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
        (record,) = _records([_found(rooms, campaign)], rooms)
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
        chosen = [_found(rooms, campaign)] if campaign else list(rooms.catalog.campaigns())
        records = list(_records(chosen, rooms))
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
        one, into = _found(rooms, campaign), _found(rooms, other)
        if one.id == into.id:
            raise WrongCall(_("{one} and {other} are one campaign already").format(one=campaign, other=other))
        detail = {"into": _key(rooms, into), "name": into.name}
        _decide(rooms, _about("campaign", _key(rooms, one), "merge", detail, decided(by)))


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
    from archivist.campaigns import key

    with opened(archive) as rooms:
        one, who = _found(rooms, campaign), decided(by)
        if items:
            _decide(rooms, *(_moved(rooms, item, one, new, who) for item in items))
            return
        mine = _key(rooms, one)
        called = _merged(rooms).parts(mine).items()
        part = next((part for part, name in called if key(new) in (part, key(name))), None)
        if part is None:
            raise WrongCall(_("{new} was never merged into {name}; say which items go").format(new=new, name=one.name))
        # The second, which changes nothing, has the items of the campaign made anew.
        apart = (_about("campaign", each, "merge", {"into": each, "name": name}, who)
                 for each, name in ((part, new), (mine, one.name)))  # fmt: skip
        _decide(rooms, *apart)


@campaigns.command(help=_("Say that ITEM belongs to CAMPAIGN, which may be new."))
@click.argument("item")
@click.argument("campaign")
@person
@at_archive
def confirm(item: str, campaign: str, by: str | None, archive: Path) -> None:
    """Confirm a link."""
    with opened(archive) as rooms:
        entry = rooms.catalog.item(item)
        key, name = _named(rooms, campaign)
        detail = {"campaign": key, "name": name, "evidence": _ink(entry, key)}
        _decide(rooms, _about("link", entry.id, "confirm", detail, decided(by)))


@campaigns.command(help=_("Say that ITEM does not belong to CAMPAIGN."))
@click.argument("item")
@click.argument("campaign")
@person
@at_archive
def refuse(item: str, campaign: str, by: str | None, archive: Path) -> None:
    """Refuse a link."""
    with opened(archive) as rooms:
        entry = rooms.catalog.item(item)
        link = _link(entry, campaign)
        detail = {"campaign": link.key, "name": link.name, "evidence": _ink(entry, link.key)}
        _decide(rooms, _about("link", entry.id, "refuse", detail, decided(by)))


@campaigns.command(help=_("Say that ITEM does not belong to campaign FROM, but to campaign TO, which may be new."))
@click.argument("item")
@click.argument("campaign", metavar="FROM")
@click.argument("other", metavar="TO")
@person
@at_archive
def move(item: str, campaign: str, other: str, by: str | None, archive: Path) -> None:
    """Move an item to another campaign."""
    with opened(archive) as rooms:
        _decide(rooms, _moved(rooms, item, _found(rooms, campaign), other, decided(by)))


@campaigns.command(help=_("Say how CAMPAIGN is called."))
@click.argument("campaign")
@click.argument("name")
@person
@at_archive
def name(campaign: str, name: str, by: str | None, archive: Path) -> None:
    """Name a campaign."""
    from archivist.text import fold

    if not any(char.isalnum() for char in name):
        raise WrongCall(_("a campaign needs a name"))
    with opened(archive) as rooms:
        one = _found(rooms, campaign)
        # Two of one name could not be told apart by it; who means one campaign merges them.
        for other, _size in rooms.catalog.campaign_sizes():
            if other.id != one.id and fold(other.name) == fold(name.strip()):
                text = _("{other} is a name of {name}; call the other campaign otherwise")
                raise WrongCall(text.format(other=name, name=other.name))
        key = _key(rooms, one)
        _decide(rooms, _about("campaign", key, "name", {"name": name.strip()}, decided(by)))


@campaigns.command(help=_("Say that two campaigns are of one family, though they are two, or that they are not."))
@click.argument("campaign")
@click.argument("other")
@click.option("--not", "apart", is_flag=True, help=_("They are not."))
@person
@at_archive
def kin(campaign: str, other: str, apart: bool, by: str | None, archive: Path) -> None:
    """Say whether two campaigns are kin."""
    with opened(archive) as rooms:
        one, two = _found(rooms, campaign), _found(rooms, other)
        if one.id == two.id:
            raise WrongCall(_("{one} and {other} are one campaign already").format(one=campaign, other=other))
        detail = {"with": _key(rooms, two), "name": two.name}
        _decide(rooms, _about("campaign", _key(rooms, one), "not kin" if apart else "kin", detail, decided(by)))


def _records(chosen: "Iterable[Campaign]", rooms: "Archive") -> Iterator[dict[str, Any]]:
    from archivist.campaigns import kin, record

    known, decisions = [one for one, _size in rooms.catalog.campaign_sizes()], rooms.catalog.decisions("campaign")
    for one in chosen:
        yield record(one, rooms.catalog.items(one.items), kin(one, known, decisions))


def _merged(rooms: "Archive") -> Any:
    from archivist.campaigns import Merged

    return Merged.of(rooms.catalog.decisions("campaign"))


def _found(rooms: "Archive", name: str) -> "Campaign":
    """Return the campaign with this identifier or name, in any spelling or one merged into it; NotFound."""
    from archivist.campaigns import key
    from archivist.model import campaign_id

    try:
        return rooms.catalog.campaign(name)
    except NotFound:
        same = campaign_id(_merged(rooms).key(key(name)))
        with suppress(NotFound):
            return rooms.catalog.campaign(same)
        raise


def _key(rooms: "Archive", one: "Campaign") -> str:
    """Return what the spellings of the campaign share."""
    return rooms.catalog.campaign_key(one.id)


def _named(rooms: "Archive", name: str) -> tuple[str, str]:
    """Return key and name of the campaign called `name`, which may be new."""
    from archivist.campaigns import key

    try:
        one = _found(rooms, name)
    except NotFound:
        if not any(char.isalnum() for char in key(name)):
            raise
        return key(name), name.strip()
    return _key(rooms, one), one.name


def _link(item: "Item", campaign: str) -> "CampaignLink":
    """Return the link of `item` to the campaign of this identifier or name; NotFound."""
    from archivist.campaigns import key

    for link in item.campaigns:
        if campaign in (link.id, link.name) or key(campaign) in (link.key, key(link.name)):
            return link
    text = _("{item} is not linked to {name}; see `archivist show {item}`")
    raise NotFound(text.format(item=item.id, name=campaign))


def _ink(item: "Item", key: str) -> "Value":
    from archivist.campaigns import kept_ink

    return next((kept_ink(link, item.pages) for link in item.campaigns if link.key == key), [])


def _moved(rooms: "Archive", name: str, source: "Campaign", other: str, who: "Decided") -> "Decision":
    item = rooms.catalog.item(name)
    link = _link(item, source.id)
    key, called = _named(rooms, other)
    if key == link.key:
        text = _("{other} is a name of {name}; call the other campaign otherwise")
        raise WrongCall(text.format(other=other, name=source.name))
    detail: dict[str, Value] = {"campaign": link.key, "name": link.name, "to": key, "to_name": called}
    return _about("link", item.id, "move", detail | {"evidence": _ink(item, link.key)}, who)


def _about(subject: "Subject", target: str, act: str, detail: "Mapping[str, Value]", who: "Decided") -> "Decision":
    from archivist.decisions import Decision

    return Decision(subject, target, act, detail, who)


def _decide(rooms: "Archive", *decisions: "Decision") -> None:
    changed = rooms.desk.decide(decisions)
    click.echo(ngettext("{count} item changed", "{count} items changed", changed).format(count=changed))
