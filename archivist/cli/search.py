"""`archivist search`: find items."""

import json
import sys
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archivist.cli.common import SNIPPETS, at_archive, commands, glance, opened, warn_of_unindexed

if TYPE_CHECKING:
    from archivist.archive import Found


@commands.command(
    help=_('Find items: words, "phrases", or a document number in any spelling; either script finds both.')
)
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 1000), help=_("At most so many items."))
@click.option("--offset", default=0, type=click.IntRange(0), help=_("Leave out the first ones."))
@click.option("--json", "as_json", is_flag=True, help=_("For machines: one JSON object."))
@at_archive
def search(query: tuple[str, ...], limit: int, offset: int, as_json: bool, archive: Path) -> None:
    """Find items."""
    text = " ".join(query)
    with opened(archive) as rooms:
        answer = rooms.search(text, limit, offset, tell=lambda text: click.echo(text, err=True))
        warn_of_unindexed(rooms.unindexed())
    if as_json:
        hits = [_hit(found) for found in answer.found]
        click.echo(json.dumps({"query": text, "total": answer.total, "hits": hits}, ensure_ascii=False, indent=1))
        return
    if not answer.total:
        click.echo(_("Nothing found for {query}. Try fewer words, or only part of the number.").format(query=text))
        return
    click.echo(_("{total} found for {query}").format(total=answer.total, query=text))
    for place, found in enumerate(answer.found, offset + 1):
        click.echo(f"\n{place}. {click.style(found.item.title, bold=True)}  [{found.item.id}]")
        if about := "  ".join(glance(found.item)):
            click.echo(f"   {about}")
        for passage in found.passages[:SNIPPETS]:
            place_on_page = _("p. {number}").format(number=passage.page)
            click.echo(f"   {place_on_page}: {_marked(passage.snippet, passage.marks)}")


def _hit(found: "Found") -> dict[str, Any]:
    return {
        "item": found.item.id,
        "title": found.item.title,
        "reference_code": found.item.reference_code,
        "score": round(found.score, 4),
        "why": list(found.why),
        "passages": [
            {
                "page": passage.page,
                "snippet": passage.snippet,
                "marks": [list(mark) for mark in passage.marks],
                "boxes": [[round(side) for side in box] for box in passage.boxes],
            }
            for passage in found.passages
        ],
    }


def _marked(snippet: str, marks: tuple[tuple[int, int], ...]) -> str:
    """Return the snippet with its marks in bold, or in 【】 where there is no terminal to show bold."""
    before, after = ("\x1b[1;33m", "\x1b[0m") if sys.stdout.isatty() else ("【", "】")
    parts, last = [], 0
    for start, end in marks:
        parts += [snippet[last:start], before, snippet[start:end], after]
        last = end
    return "".join([*parts, snippet[last:]])
