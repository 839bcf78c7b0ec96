"""`archivist review`: what waits for a person, and what the person says."""

import json
from collections.abc import Sequence
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from archivist.cli.common import at_archive, beginning, commands, decided, opened, person, shown, sure, witnesses
from archivist.cli.duplicates import pair_record, show_pair

if TYPE_CHECKING:
    from archivist.archive import Archive
    from archivist.catalog import PoorPage, Waiting
    from archivist.model import Boundary, CampaignLink, Field


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
        records = [_page_record(page) for page in pages] + [_record(one) for one in waiting]
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


def _record(one: "Waiting") -> dict[str, Any]:
    said: dict[str, Any] = {"sort": one.sort, "handle": one.handle, "item": one.item_id, "title": one.title}
    said["confidence"] = round(one.what.confidence, 4)
    if one.sort == "value":
        field = cast("Field", one.what)
        said |= {"document": one.document_kind, "field": field.name, "value": field.value, "raw": field.raw}
        said |= {"page": field.evidence.page, "box": [round(side) for side in field.evidence.box]}
        said["witnesses"] = [{"method": w.method, "value": w.value, "page": w.page} for w in field.witnesses]
    elif one.sort == "link":
        said["campaign"] = cast("CampaignLink", one.what).name
    else:
        boundary = cast("Boundary", one.what)
        said |= {"page": boundary.page, "reasons": list(boundary.reasons)}
    return said


def _page_record(page: "PoorPage") -> dict[str, Any]:
    said = {"sort": "page", "item": page.item_id, "page": page.number, "scan": page.scan}
    return said | {"confidence": round(page.confidence, 4)}
