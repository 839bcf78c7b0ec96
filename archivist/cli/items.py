"""`archivist show`, `archivist items`: the record of an item, and where one item ends and the next begins."""

import json
from collections.abc import Sequence
from gettext import gettext as _
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archivist.cli.common import SNIPPETS, at_archive, commands, decided, opened, person
from archivist.phrases import beginning, glance, shown, size, sure, witnesses

if TYPE_CHECKING:
    from archivist.model import CampaignLink, Document, Field, Item

#: From here on nobody is asked whether an item begins at a page.
CERTAIN = 0.9


@commands.command(help=_("Show the record of one item (identifier or reference code), each value with its evidence."))
@click.argument("item")
@click.option("--text", "with_text", is_flag=True, help=_("Also the text of every page."))
@click.option("--json", "as_json", is_flag=True, help=_("For machines: the record as export jsonl writes it."))
@at_archive
def show(item: str, with_text: bool, as_json: bool, archive: Path) -> None:
    """Show one item."""
    from archivist.handles import Place, handles

    with opened(archive) as rooms:
        entry = rooms.catalog.item(item)
    if as_json:
        from archivist.export import record

        click.echo(json.dumps(record(entry), ensure_ascii=False, indent=1))
        return
    click.echo(click.style(entry.title, bold=True))
    click.echo(f"{entry.id}  {entry.source}")
    if entry.duplicates:
        click.echo(_("the same paper as {items}").format(items=", ".join(entry.duplicates)))
    names = {place: handle.partition(".")[2] for handle, place in handles(entry).items()}
    for number, document in enumerate(entry.documents):
        _show_document(document, [names[Place("value", at, number)] for at in range(len(document.fields))])
    for boundary in (one for one in entry.boundaries if one.page > 1 or one.confidence < CERTAIN):
        click.echo(f"\n{sure(boundary.confidence)}  {beginning(boundary)}")
    for at, link in enumerate(entry.campaigns):
        standing = "  ".join(filter(None, (_(link.role) if link.role != "other" else "", _doubt(link))))
        handle = names[Place("link", at)]
        click.echo("\n" + _("campaign") + f" {link.name}  {sure(link.confidence)}  {standing}  .{handle}")
        for evidence in link.evidence[:SNIPPETS]:
            click.echo("  " + _("p. {number}").format(number=evidence.page) + f": {evidence.text}")
    for page in entry.pages:
        heading = _("page {number}: {scan}, {size}, confidence {confidence}").format(
            number=page.number, scan=page.scan.name, size=size(page.scan),
            confidence=sure(page.confidence),
        )  # fmt: skip
        blank = " " + _("(blank)") if page.blank else ""
        click.echo(("\n" if with_text or page.number == 1 else "") + heading + blank)
        if with_text:
            click.echo(page.text)


def _show_document(document: "Document", handles: Sequence[str]) -> None:
    from rich.cells import cell_len

    pages = ", ".join(str(number) for number in document.pages)
    kind = " ".join(filter(None, (_(document.kind), document.form)))
    click.echo("\n" + click.style(f"{kind}", underline=True) + "  " + _("pages {pages}").format(pages=pages))
    for entry, handle in zip(document.fields, handles, strict=True):
        name = _(entry.name)
        left, top, right, bottom = (round(side) for side in entry.evidence.box)
        ink = _("p. {page}, {box}: “{raw}”").format(
            page=entry.evidence.page, box=f"({left},{top})–({right},{bottom})", raw=entry.raw
        )
        value = shown(entry.value)
        pad = " " * max(20 - cell_len(name), 1) + value + " " * max(40 - cell_len(value), 2)
        standing = "  ".join(filter(None, (sure(entry.confidence), _doubt(entry), ink, f".{handle}")))
        click.echo(f"  {name}{pad}{standing}")
        if entry.status == "review":
            for line in witnesses(entry):
                click.echo(f"    {line}")


def _doubt(said: "Field | CampaignLink") -> str:
    """Return how a value or link stands where it is not simply accepted, and who says so."""
    who = f"({said.decided.who}, {said.decided.at[:10]})" if said.decided else ""
    return " ".join(filter(None, ("" if said.status == "accepted" else _(said.status), who)))


@commands.group(
    invoke_without_command=True,
    help=_("List the items and why each begins where it does; draw the line between two of them elsewhere."),
)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help=_("At most so many."))
@click.option("--doubtful", is_flag=True, help=_("Only those that begin at a page where it is not certain."))
@click.option("--json", "as_json", is_flag=True, help=_("For machines."))
@at_archive
@click.pass_context
def items(context: click.Context, limit: int, doubtful: bool, as_json: bool, archive: Path) -> None:
    """List items, or change where they begin."""
    if context.invoked_subcommand:
        return
    with opened(archive) as rooms:
        listed = islice((one for one in rooms.catalog.listed() if not doubtful or _doubtful(one)), limit)
        if as_json:
            click.echo(json.dumps([_record(item) for item in listed], ensure_ascii=False, indent=1))
            return
        for item in listed:
            click.echo(f"{item.id}  {click.style(item.title, bold=True)}  {'  '.join(glance(item))}")
            for boundary in item.boundaries:
                click.echo(f"    {sure(boundary.confidence)}  {beginning(boundary)}")


@items.command(help=_("Let an item of its own begin at page PAGE of ITEM."))
@click.argument("item")
@click.argument("page", type=click.IntRange(1))
@person
@at_archive
def split(item: str, page: int, by: str | None, archive: Path) -> None:
    """Divide an item."""
    with opened(archive) as rooms:
        for part in rooms.desk.split(item, page, decided(by)):
            click.echo(f"{part.id}  {part.title}  {'  '.join(glance(part))}")


@items.command(help=_("Make one item of two that lie one behind the other."))
@click.argument("first")
@click.argument("second")
@person
@at_archive
def join(first: str, second: str, by: str | None, archive: Path) -> None:
    """Join two items."""
    with opened(archive) as rooms:
        whole = rooms.desk.join(first, second, decided(by))
    click.echo(f"{whole.id}  {whole.title}  {'  '.join(glance(whole))}")


def _record(item: "Item") -> dict[str, Any]:
    begins = [
        {"page": one.page, "reasons": list(one.reasons), "confidence": round(one.confidence, 4)}
        | ({"decided": one.decided._asdict()} if one.decided else {})
        for one in item.boundaries
    ]
    said = {"id": item.id, "title": item.title, "source": item.source, "begins_at": item.begins_at}
    return said | {"pages": len(item.pages), "boundaries": begins}


def _doubtful(item: "Item") -> bool:
    return any(boundary.decided is None and boundary.confidence < CERTAIN for boundary in item.boundaries)
