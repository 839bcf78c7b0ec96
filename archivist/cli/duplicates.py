"""`archivist duplicates`: items that may be there twice, and what a person says of them."""

import json
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archivist.cli.common import at_archive, commands, decided, opened, person, runner, tell_waiting
from archivist.cli.progress import progress
from archivist.phrases import phrase, sure

if TYPE_CHECKING:
    from archivist.alike import Difference, ItemPair
    from archivist.archive import Archive


@commands.group(
    invoke_without_command=True,
    help=_(
        "List items that may be there twice, the most alike first: the same sheets scanned again, or another copy of "
        "the paper. Nothing is merged or deleted; confirm or refuse them by the identifiers of both items."
    ),
)
@click.option("--find", is_flag=True, help=_("Go over the whole archive first; ingest does so for what it adds."))
@click.option("--decided", "already", is_flag=True, help=_("Those that people have confirmed or refused instead."))
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help=_("At most so many."))
@click.option("--json", "as_json", is_flag=True, help=_("For machines."))
@person
@at_archive
@click.pass_context
def duplicates(
    context: click.Context, find: bool, already: bool, limit: int, as_json: bool, by: str | None, archive: Path
) -> None:
    """List what may be there twice."""
    if context.invoked_subcommand:
        return
    with opened(archive) as rooms:
        if find:
            _find(rooms, by)
        pairs = rooms.catalog.likenesses.pairs(limit, decided=already)
    if as_json:
        click.echo(json.dumps([pair_record(pair) for pair in pairs], ensure_ascii=False, indent=1))
        return
    if not pairs:
        click.echo(_("Nothing was decided yet.") if already else _("Nothing is there twice, as far as can be seen."))
    for pair in pairs:
        show_pair(pair)


@duplicates.command(help=_("Say that two items are the same paper: both stay, and each names the other."))
@click.argument("one")
@click.argument("other")
@person
@at_archive
def confirm(one: str, other: str, by: str | None, archive: Path) -> None:
    """Confirm that two items are the same."""
    with opened(archive) as rooms:
        show_pair(rooms.duplicates.decide(one, other, decided(by), same=True))


@duplicates.command(help=_("Say that two items are two papers, however alike: they are not proposed again."))
@click.argument("one")
@click.argument("other")
@person
@at_archive
def refuse(one: str, other: str, by: str | None, archive: Path) -> None:
    """Refuse that two items are the same."""
    with opened(archive) as rooms:
        show_pair(rooms.duplicates.decide(one, other, decided(by), same=False))


def _find(rooms: "Archive", by: str | None) -> None:
    with progress() as bar, rooms.catalog.runs.hold("duplicates", "", runner(by), tell_waiting) as run:

        def tell(done: int, total: int) -> None:
            run.report(done, total, 0, 0)
            bar.show(_("duplicates"), done, total)

        rooms.duplicates.find(tell, afresh=True)


def show_pair(pair: "ItemPair") -> None:
    """Print a pair of items: how alike, what people say of it, which pages, and what tells them apart."""
    kinds = {"rescan": _("scanned again"), "copy": _("another copy")}
    standing = {"proposed": "", "confirmed": _("the same"), "refused": _("not the same")}[pair.standing]
    who = f"({pair.decided.who}, {pair.decided.at[:10]})" if pair.decided else ""
    said = "  ".join(filter(None, (kinds[pair.kind], standing, who)))
    titles = " = ".join(dict.fromkeys(filter(None, pair.titles)))
    click.echo(f"{sure(pair.score)}  {pair.one}  {pair.other}  {said}  {click.style(titles, dim=True)}")
    pages = _(", ").join(f"{one.one} = {one.other}" for one in pair.pages)
    click.echo("        " + _("pages {pages}").format(pages=pages))
    for page in pair.pages:
        for difference in page.alike.differences:
            click.echo(f"        {_difference(page.one, difference)}")


def _difference(page: int, difference: "Difference") -> str:
    from archivist.definitions import load

    what = phrase(load("schemas/likeness.yaml")["differences"][difference.what])
    here, there = (f"“{words}”" if words else "—" for words in (difference.here, difference.there))
    return _("p. {number}").format(number=page) + f": {what}: {here} / {there}"


def pair_record(pair: "ItemPair") -> dict[str, Any]:
    """Return a pair of items for machines."""
    said: dict[str, Any] = {"items": [pair.one, pair.other], "score": round(pair.score, 4), "kind": pair.kind}
    said |= {"standing": pair.standing}
    said["pages"] = [
        {
            "numbers": [page.one, page.other],
            "score": round(page.alike.score, 4),
            "differences": [one._asdict() for one in page.alike.differences],
        }
        for page in pair.pages
    ]
    return said | ({"decided": pair.decided._asdict()} if pair.decided else {})
