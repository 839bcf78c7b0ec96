"""`archivist search`: find items, items like one, and the gaps in a series of document numbers."""

import json
import sys
from collections.abc import Iterator
from gettext import gettext as _
from gettext import ngettext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archivist import plainly
from archivist.cli.common import SNIPPETS, at_archive, commands, opened, warn_of_unindexed
from archivist.errors import WrongCall
from archivist.phrases import dated, glance, ranges

if TYPE_CHECKING:
    from archivist.access import MaySee
    from archivist.archive import Answer, Archive

#: Values of each facet shown to people; machines are given all that were counted.
_VALUES = 6
_ORDERS = ("relevance", "date", "newest", "number")


@commands.command(
    help=_(
        'Find items: words, "phrases", AND OR NOT (与 或 非), fields (机关: 文号: 年: 人: 活动: 文种: 表单: 日期:) '
        "or document numbers in any spelling; either script finds both. What was misread is found as well, below what "
        "is found as typed."
    )
)
@click.argument("query", nargs=-1)
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 1000), help=_("At most so many items."))
@click.option("--offset", default=0, type=click.IntRange(0), help=_("Leave out the first ones."))
@click.option("--sort", default="relevance", show_default=True, type=click.Choice(_ORDERS), help=_("In which order."))
@click.option("--exact", is_flag=True, help=_("Only what stands as typed, in either script."))
@click.option("--facets", is_flag=True, help=_("Count years, agencies, genres, campaigns, forms and states as well."))
@click.option("--missing", is_flag=True, help=_("List the gaps in a series of numbers: --missing 聊发 1995."))
@click.option("--like", metavar="ITEM", help=_("Items like this one instead of a query."))
@click.option(
    "--may-see",
    metavar="LEVELS",
    help=_("Only what somebody with the right to these levels of access may see: open,internal."),
)
@click.option("--json", "as_json", is_flag=True, help=_("For machines: one JSON object."))
@at_archive
def search(
    query: tuple[str, ...], limit: int, offset: int, sort: str, exact: bool, facets: bool, missing: bool,
    like: str | None, may_see: str | None, as_json: bool, archive: Path,
) -> None:  # fmt: skip
    """Find items."""
    from archivist.search.fields import definition

    text = " ".join(query)
    if bool(text) == bool(like) or (like and missing):
        raise WrongCall(_("say what to look for, or which item to look for others like (--like ITEM)"))
    seen = _levels(may_see)
    with opened(archive) as rooms:
        if like:
            _show_like(rooms, like, limit, seen, as_json)
        elif missing:
            _show_series(rooms, text, seen, as_json)
        else:
            answer = rooms.search(
                text, limit, offset, order=sort, tolerant=not exact, may_see=seen,  # type: ignore[arg-type]
                facets=definition().facets if facets or as_json else (),
                tell=lambda words: click.echo(words, err=True),
            )  # fmt: skip
            _show_answer(text, answer, offset, facets, as_json)
        # How many there are is for those who may see them.
        if seen is None:
            warn_of_unindexed(rooms.unindexed())


def _levels(said: str | None) -> "MaySee":
    from archivist.access import levels

    if said is None:
        return None
    named = [level.strip() for level in said.replace("，", ",").split(",")]
    if unknown := [level for level in named if level not in levels()]:
        text = _("there is no level of access {name}; there are {levels}")
        raise WrongCall(text.format(name=unknown[0], levels=", ".join(levels())))
    return named


def _show_answer(text: str, answer: "Answer", offset: int, facets: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(plainly.answer(text, answer), ensure_ascii=False, indent=1))
        return
    if not answer.total:
        click.echo(_("Nothing found for {query}. Try fewer words, or only part of the number.").format(query=text))
    else:
        said_of = _("{total} found for {query}").format(total=answer.total, query=text)
        if answer.exact < answer.total:
            said_of += " " + _("({count} of them perhaps misread)").format(count=answer.total - answer.exact)
        click.echo(said_of)
    if answer.meant:
        click.echo(_("Did you mean: {queries}").format(queries=_(", ").join(answer.meant)))
    if facets:
        for line in _facets(answer):
            click.echo(line)
    for place, found in enumerate(answer.found, offset + 1):
        doubt = "" if found.exact else "  " + click.style(_("perhaps misread"), fg="yellow")
        click.echo(f"\n{place}. {click.style(found.item.title, bold=True)}  [{found.item.id}]{doubt}")
        if about := "  ".join(glance(found.item)):
            click.echo(f"   {about}")
        for passage in found.passages[:SNIPPETS]:
            place_on_page = _("p. {number}").format(number=passage.page)
            click.echo(f"   {place_on_page}: {_marked(passage.snippet, passage.marks)}")


def _facets(answer: "Answer") -> Iterator[str]:
    for name, values in answer.facets.items():
        if values:
            # What is shown of a state is a word of ours; everything else stands in the papers.
            shown = [f"{_(value) if name == 'state' else value} {count}" for value, count in values[:_VALUES]]
            more = " …" if len(values) > _VALUES else ""
            yield f"  {_(name)}: {' · '.join(shown)}{more}"


def _show_like(rooms: "Archive", name: str, limit: int, may_see: "MaySee", as_json: bool) -> None:
    items = rooms.similar(name, limit, may_see=may_see)
    if as_json:
        click.echo(json.dumps(plainly.alike(name, items), ensure_ascii=False, indent=1))
        return
    if not items:
        click.echo(_("No other item is like {item}.").format(item=name))
    for place, item in enumerate(items, 1):
        click.echo(f"{place}. {click.style(item.title, bold=True)}  [{item.id}]  {dated(item)}".rstrip())


def _show_series(rooms: "Archive", text: str, may_see: "MaySee", as_json: bool) -> None:
    found = rooms.series(text, may_see=may_see)
    if as_json:
        click.echo(json.dumps(plainly.series(found), ensure_ascii=False, indent=1))
        return
    series = f"{found.code}〔{found.year}〕"
    if not found.held and not found.cited:
        click.echo(_("Nothing is known of the series {series}.").format(series=series))
        return
    count = len(found.held)
    held = ngettext("{series}: {count} number held, {ranges}", "{series}: {count} numbers held, {ranges}", count)
    click.echo(held.format(series=series, count=count, ranges=ranges(tuple(found.held))))
    if twice := tuple(number for number, items in found.held.items() if items > 1):
        click.echo(_("borne by more than one item: {ranges}").format(ranges=ranges(twice)))
    if not found.missing:
        click.echo(_("no gaps up to {highest}").format(highest=max(found.held)))
        return
    click.echo(_("missing: {ranges}").format(ranges=ranges(found.missing)))
    if cited := tuple(number for number in found.cited if number not in found.held):
        click.echo(_("of these, other papers cite: {ranges}").format(ranges=ranges(cited)))


def _marked(snippet: str, marks: tuple[tuple[int, int], ...]) -> str:
    """Return the snippet with its marks in bold, or in 【】 where there is no terminal to show bold."""
    before, after = ("\x1b[1;33m", "\x1b[0m") if sys.stdout.isatty() else ("【", "】")
    parts, last = [], 0
    for start, end in marks:
        parts += [snippet[last:start], before, snippet[start:end], after]
        last = end
    return "".join([*parts, snippet[last:]])
