"""`archivist show`, `archivist items`: the record of an item, and where one item ends and the next begins."""

import json
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archivist.cli.common import SNIPPETS, at_archive, commands, opened, shown, size, sure

if TYPE_CHECKING:
    from archivist.model import Document


@commands.command(help=_("Show the record of one item (identifier or reference code), each value with its evidence."))
@click.argument("item")
@click.option("--text", "with_text", is_flag=True, help=_("Also the text of every page."))
@click.option("--json", "as_json", is_flag=True, help=_("For machines: the record as export jsonl writes it."))
@at_archive
def show(item: str, with_text: bool, as_json: bool, archive: Path) -> None:
    """Show one item."""
    with opened(archive) as rooms:
        entry = rooms.catalog.item(item)
    if as_json:
        from archivist.export import record

        click.echo(json.dumps(record(entry), ensure_ascii=False, indent=1))
        return
    click.echo(click.style(entry.title, bold=True))
    click.echo(f"{entry.id}  {entry.source}")
    for document in entry.documents:
        _show_document(document)
    for link in entry.campaigns:
        click.echo("\n" + _("campaign") + f" {link.name}  {sure(link.confidence)}")
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


def _show_document(document: "Document") -> None:
    from rich.cells import cell_len

    pages = ", ".join(str(number) for number in document.pages)
    kind = " ".join(filter(None, (_(document.kind), document.form)))
    click.echo("\n" + click.style(f"{kind}", underline=True) + "  " + _("pages {pages}").format(pages=pages))
    for entry in document.fields:
        name = _(entry.name)
        left, top, right, bottom = (round(side) for side in entry.evidence.box)
        ink = _("p. {page}, {box}: “{raw}”").format(
            page=entry.evidence.page, box=f"({left},{top})–({right},{bottom})", raw=entry.raw
        )
        doubt = "" if entry.status == "accepted" else " " + _(entry.status)
        value = shown(entry.value)
        pad = " " * max(20 - cell_len(name), 1) + value + " " * max(40 - cell_len(value), 2)
        click.echo(f"  {name}{pad}{sure(entry.confidence)}{doubt}  {ink}")
