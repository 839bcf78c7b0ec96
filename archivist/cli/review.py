"""`archivist review`: what waits for a person, and what the person says."""

import json
from collections.abc import Sequence
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from archivist import plainly
from archivist.cli.common import at_archive, commands, decided, opened, person
from archivist.cli.duplicates import pair_record, show_pair
from archivist.decisions import UNDO
from archivist.errors import WrongCall
from archivist.phrases import beginning, deed, shown, sure, witnesses

if TYPE_CHECKING:
    from archivist.archive import Archive
    from archivist.catalog import Numbered, Waiting
    from archivist.model import Boundary, CampaignLink, Field

# Decisions of a person that are looked through for the last one that counts.
_LATEST = 1000


@commands.group(
    invoke_without_command=True,
    help=_(
        "List what waits for a person: pages that hardly read, then values, campaigns and beginnings of items, "
        "the worst first: the least sure of those on which most depends. Accept, correct or reject them by handle. "
        "Last, items that may be there twice; see `archivist duplicates`."
    ),
)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help=_("At most so many."))
@click.option("--json", "as_json", is_flag=True, help=_("For machines."))
@at_archive
@click.pass_context
def review(context: click.Context, limit: int, as_json: bool, archive: Path) -> None:
    """List what waits for a person."""
    if context.invoked_subcommand:
        return
    with opened(archive) as rooms:
        pages = rooms.catalog.hardly_read(limit)
        waiting = rooms.catalog.waiting(limit)
        pairs = rooms.catalog.likenesses.pairs(limit)
    # Nobody can decide a page away: however many hardly read, half of the list is left to what can be decided.
    pages = pages[: max(limit - len(waiting) - len(pairs), limit // 2)]
    pairs = pairs[: max(limit - len(pages) - len(waiting), (limit - len(pages)) // 2)]
    waiting = waiting[: limit - len(pages) - len(pairs)]
    if as_json:
        records = [plainly.poor(page) for page in pages] + [plainly.waiting(one) for one in waiting]
        records += [{"sort": "likeness"} | pair_record(pair) for pair in pairs]
        click.echo(json.dumps(records, ensure_ascii=False, indent=1))
        return
    if not pages and not waiting and not pairs:
        click.echo(_("Nothing waits for review."))
    for page in pages:
        text = _("p. {page}: {scan} hardly reads; look at the scan, scan it again where it can be better")
        click.echo(f"{sure(page.confidence)}  {text.format(page=page.number, scan=page.scan)}  [{page.item_id}]")
    for one in waiting:
        click.echo(f"{sure(one.what.confidence)}  {one.handle}  {_said(one)}  {click.style(one.title, dim=True)}")
        if one.sort == "value":
            for line in witnesses(cast("Field", one.what)):
                click.echo(f"        {line}")
    if pairs:
        click.echo(_("There twice? Say so by `archivist duplicates confirm` or `refuse`, and the two items:"))
    for pair in pairs:
        show_pair(pair)


@review.command(help=_("Say that values, campaigns or beginnings of items are right as they stand."))
@click.argument("handles", nargs=-1, required=True)
@person
@at_archive
def accept(handles: tuple[str, ...], by: str | None, archive: Path) -> None:
    """Accept what waits."""
    _judge(archive, handles, "accept", by)


@review.command(help=_("Say that values, campaigns or beginnings of items are wrong."))
@click.argument("handles", nargs=-1, required=True)
@person
@at_archive
def reject(handles: tuple[str, ...], by: str | None, archive: Path) -> None:
    """Reject what waits."""
    _judge(archive, handles, "reject", by)


@review.command(
    help=_("Say what a value really is. Of one with parts name those that change: `person=张三; date=1995-09-27`.")
)
@click.argument("handle")
@click.argument("value", nargs=-1, required=True)
@person
@at_archive
def correct(handle: str, value: tuple[str, ...], by: str | None, archive: Path) -> None:
    """Correct a value."""
    _judge(archive, [handle], "correct", by, " ".join(value))


@review.command(help=_("Say what the program did not find: a FIELD of ITEM, its VALUE, and the words that prove it."))
@click.argument("item")
@click.argument("field")
@click.argument("value", nargs=-1, required=True)
@click.option("--page", required=True, type=click.IntRange(1), help=_("The page of the item it stands on."))
@click.option("--ink", help=_("The words as they stand there, where they differ from the value."))
@person
@at_archive
def add(
    item: str, field: str, value: tuple[str, ...], page: int, ink: str | None, by: str | None, archive: Path
) -> None:
    """Add a value that was not found."""
    with opened(archive) as rooms:
        said = " ".join(value)
        rooms.desk.add_value(item, page, field, said, ink or said, decided(by))
        _tell(rooms, 1)


@review.command(
    help=_(
        "Say what a line of ITEM really says, character by character; nothing where there is no writing. Name the line "
        "by words it was read as, or by where it stands; where no line was read there, one is added."
    )
)
@click.argument("item")
@click.argument("text", nargs=-1)
@click.option("--page", required=True, type=click.IntRange(1), help=_("The page of the item it stands on."))
@click.option("--read", help=_("The words as they were read, or enough of them."))
@click.option(
    "--at",
    "place",
    nargs=4,
    type=float,
    metavar="LEFT TOP RIGHT BOTTOM",
    help=_("Or where it stands, in pixels."),
)
@person
@at_archive
def line(
    item: str,
    text: tuple[str, ...],
    page: int,
    read: str | None,
    place: tuple[float, float, float, float] | None,
    by: str | None,
    archive: Path,
) -> None:
    """Correct or add a line."""
    from archivist.model import Box

    if (read is None) == (place is None):
        raise WrongCall(_("say which line: by --read, or by --at"))
    with opened(archive) as rooms:
        said, who = " ".join(text), decided(by)
        box = Box(*place) if place else rooms.desk.line_saying(item, page, read or "")
        if place and rooms.desk.line_in(item, page, box) is None:
            rooms.desk.add_line(item, page, box, said, who)
        else:
            rooms.desk.read_line(item, page, box, said, who)
        _tell(rooms, 1)


@review.command(
    help=_(
        "Take back what was decided under NUMBER (see `review decided`), or else what the same person decided last. "
        "All is made anew as if it had never been said. A taking back can be taken back as well."
    )
)
@click.argument("number", required=False, type=int)
@person
@at_archive
def undo(number: int | None, by: str | None, archive: Path) -> None:
    """Take back a decision."""
    with opened(archive) as rooms:
        who = decided(by)
        if number is None:
            found = (one for one in rooms.catalog.latest_decisions(_LATEST, who.who) if not one.undone)
            number = next((one.number for one in found if one.decision.act != UNDO), None)
        if number is None:
            raise WrongCall(_("{who} has decided nothing that could be taken back").format(who=who.who))
        rooms.desk.undo(number, who)
        taken = rooms.catalog.decision(number)
        click.echo(_("taken back: {what}").format(what=_decided(taken)) if taken else "")


@review.command("decided", help=_("List what was decided, about ITEM or at all, the latest first, with its numbers."))
@click.argument("item", required=False)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help=_("At most so many."))
@click.option("--json", "as_json", is_flag=True, help=_("For machines."))
@at_archive
def list_decided(item: str | None, limit: int, as_json: bool, archive: Path) -> None:
    """List decisions."""
    with opened(archive) as rooms:
        if item:
            found = rooms.catalog.history_of(rooms.catalog.item(item).id, limit)
        else:
            found = rooms.catalog.latest_decisions(limit)
    if as_json:
        click.echo(json.dumps([_decision_record(one) for one in found], ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo(_("Nothing has been decided yet."))
    for one in found:
        click.echo(click.style(_decided(one), dim=one.undone))


def _decided(one: "Numbered") -> str:
    """Return a decision in one line: its number, when, who, what, about which items."""
    who = one.decision.decided
    undone = _("(taken back)") if one.undone else ""
    words = [f"{one.number:>6}", who.at, who.who, deed(one.decision), f"[{', '.join(one.items)}]", undone]
    return "  ".join(filter(None, words))


def _decision_record(one: "Numbered") -> dict[str, Any]:
    said = one.decision
    return {
        "number": one.number, "subject": said.subject, "target": said.target, "act": said.act,
        "detail": dict(said.detail), "who": said.decided.who, "at": said.decided.at, "undone": one.undone,
        "items": list(one.items),
    }  # fmt: skip


def _judge(archive: Path, handles: Sequence[str], act: str, by: str | None, value: str | None = None) -> None:
    with opened(archive) as rooms:
        who = decided(by)
        # All are looked up before any is decided: handles change where a value does.
        rooms.desk.decide([rooms.desk.judgement(handle, act, who, value) for handle in handles])
        _tell(rooms, len(handles))


def _tell(rooms: "Archive", count: int) -> None:
    left = rooms.catalog.counts().waiting
    click.echo(_("{count} decided; {left} wait").format(count=count, left=left))


def _said(one: "Waiting") -> str:
    """Return what waits in one line: what is said, and by which ink."""
    if one.sort == "value":
        field = cast("Field", one.what)
        ink = _("p. {page}: “{raw}”").format(page=field.evidence.page, raw=field.raw)
        return f"{_(field.name)} = {shown(field.value)}  {ink}"
    if one.sort == "link":
        link = cast("CampaignLink", one.what)
        return " ".join([_("campaign"), link.name, *(f"“{evidence.text}”" for evidence in link.evidence[:1])])
    return beginning(cast("Boundary", one.what))
