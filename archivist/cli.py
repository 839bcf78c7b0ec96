"""The command line. Heavy rooms are entered only by the command that needs them, so that --help is quick."""

import gettext as translations
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from gettext import gettext as _
from gettext import ngettext
from io import TextIOWrapper
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archivist import __version__
from archivist.errors import ArchivistError, WrongCall

if TYPE_CHECKING:
    from archivist.archive import Archive, Found
    from archivist.model import Document, Item, Scan
    from archivist.pipeline import Progress

DOMAIN = "archivist"
_SNIPPETS = 2


def main() -> None:
    """Run the command line and end with the exit code of errors.py."""
    for stream in (sys.stdout, sys.stderr):
        # A console that knows no traditional characters, or a name that is no text, must not end the work.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        commands(standalone_mode=False)
    except ArchivistError as error:
        click.echo(_("Error: {text}").format(text=error), err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo(_("Stopped. What was read is kept; run the same command again to go on."), err=True)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of a pipe (head, less) has seen enough.
        sys.stderr.close()


def _speak_their_language() -> None:
    translations.bindtextdomain(DOMAIN, Path(__file__).parent / "locale")
    translations.textdomain(DOMAIN)


_speak_their_language()


def _at_archive(command: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "--archive", type=click.Path(path_type=Path), default=Path("archive"), show_default=True, metavar="DIR",
        envvar="ARCHIVIST_ARCHIVE", help=_("The archive: its folder, or a settings file that names its places."),
    )(command)  # fmt: skip


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    help=_("Scans of government paper in; catalogue, campaigns and search out."),
)
@click.version_option(__version__, prog_name="archivist")
def commands() -> None:
    """Hold the commands together."""


@contextmanager
def _opened(archive: Path, *, create: bool = False) -> "Iterator[Archive]":
    from archivist.archive import Archive
    from archivist.settings import load

    with Archive(load(archive), create=create) as rooms:
        yield rooms


@commands.command(
    help=_(
        "Read scans: files, folders, PDFs, multi-page TIFFs, or a manifest.csv that names items. "
        "A second run goes on where the first stopped."
    )
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@_at_archive
def ingest(paths: tuple[Path, ...], archive: Path) -> None:
    """Read scans into the archive."""
    if not any(os.path.lexists(path) for path in paths):
        text = _("there is nothing at {paths}; check the spelling")
        raise WrongCall(text.format(paths=", ".join(map(str, paths))))
    with _opened(archive, create=True) as rooms, _progress() as tell:
        report = rooms.ingest(paths, tell)
        behind = rooms.unindexed()
    click.echo(
        _("{read} pages read, {skipped} skipped as already read, {items} items new or changed").format(
            read=report.read, skipped=report.skipped, items=report.items
        )
    )
    _warn_of_unindexed(behind)
    if not report.read + report.skipped + sum(report.failed.values()):
        click.echo(_("No scan was found there: no picture and no PDF by its name."), err=True)
    if report.failed:
        causes = ", ".join(f"{_(cause)} {count}" for cause, count in sorted(report.failed.items()))
        click.echo(_("{count} failed: {causes}").format(count=sum(report.failed.values()), causes=causes), err=True)
        sys.exit(1)


@contextmanager
def _progress() -> "Iterator[Callable[[Progress], None]]":
    """Give what shows progress: a bar on a terminal, a line a page elsewhere; failures stand on lines of their own."""
    failed = _("FAILED: {why}").partition("{")[0]
    if not sys.stderr.isatty():
        yield lambda at: click.echo(f"[{at.done}/{at.total}] {at.scan}: {at.what}", err=True)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}", markup=False))
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)

        def tell(at: "Progress") -> None:
            bar.update(task, completed=at.done, total=at.total, description=at.scan)
            if at.what.startswith(failed):
                bar.console.print(f"{at.scan}: {at.what}", markup=False, highlight=False, style="red")

        yield tell


@commands.command(
    help=_('Find items: words, "phrases", or a document number in any spelling; either script finds both.')
)
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 1000), help=_("At most so many items."))
@click.option("--offset", default=0, type=click.IntRange(0), help=_("Leave out the first ones."))
@click.option("--json", "as_json", is_flag=True, help=_("For machines: one JSON object."))
@_at_archive
def search(query: tuple[str, ...], limit: int, offset: int, as_json: bool, archive: Path) -> None:
    """Find items."""
    text = " ".join(query)
    with _opened(archive) as rooms:
        answer = rooms.search(text, limit, offset)
        _warn_of_unindexed(rooms.unindexed())
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
        if about := "  ".join(_about(found.item)):
            click.echo(f"   {about}")
        for passage in found.passages[:_SNIPPETS]:
            place_on_page = _("p. {number}").format(number=passage.page)
            click.echo(f"   {place_on_page}: {_marked(passage.snippet, passage.marks)}")


def _warn_of_unindexed(count: int) -> None:
    if count:
        text = _("{count} items cannot be found yet: a run is under way, or the index wants `archivist reindex`")
        click.echo(text.format(count=count), err=True)


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


def _about(item: "Item") -> Iterator[str]:
    """Yield what tells an item from others at a glance: code, number, date, pages."""
    if item.reference_code:
        yield item.reference_code
    for document in item.documents:
        if document.kind == "issued_document":
            for name in ("document_number", "date_of_issue"):
                for entry in document.values(name)[:1]:
                    yield _value(entry.value)
            break
    pages = len(item.pages)
    yield ngettext("{count} page", "{count} pages", pages).format(count=pages)


def _marked(snippet: str, marks: tuple[tuple[int, int], ...]) -> str:
    """Return the snippet with its marks in bold, or in 【】 where there is no terminal to show bold."""
    before, after = ("\x1b[1;33m", "\x1b[0m") if sys.stdout.isatty() else ("【", "】")
    parts, last = [], 0
    for start, end in marks:
        parts += [snippet[last:start], before, snippet[start:end], after]
        last = end
    return "".join([*parts, snippet[last:]])


@commands.command(help=_("Show the record of one item (identifier or reference code), each value with its evidence."))
@click.argument("item")
@click.option("--text", "with_text", is_flag=True, help=_("Also the text of every page."))
@click.option("--json", "as_json", is_flag=True, help=_("For machines: the record as export jsonl writes it."))
@_at_archive
def show(item: str, with_text: bool, as_json: bool, archive: Path) -> None:
    """Show one item."""
    with _opened(archive) as rooms:
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
        click.echo("\n" + _("campaign") + f" {link.name}  {_sure(link.confidence)}")
        for evidence in link.evidence[:_SNIPPETS]:
            click.echo("  " + _("p. {number}").format(number=evidence.page) + f": {evidence.text}")
    for page in entry.pages:
        heading = _("page {number}: {scan}, {size}, confidence {confidence}").format(
            number=page.number, scan=page.scan.name, size=_size(page.scan),
            confidence=_sure(page.confidence),
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
        value = _value(entry.value)
        pad = " " * max(20 - cell_len(name), 1) + value + " " * max(40 - cell_len(value), 2)
        click.echo(f"  {name}{pad}{_sure(entry.confidence)}{doubt}  {ink}")


def _sure(confidence: float) -> str:
    """Return a confidence with two digits, never rounded up: 1.00 is said of nothing that is not certain."""
    return f"{floor(confidence * 100) / 100:.2f}"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        if "text" in value and "agency_code" in value:
            return str(value["text"])
        parts = ((key, part) for key, part in value.items() if part not in (None, ""))
        return "; ".join(f"{_(key)}: {_(part) if key == 'kind' else _value(part)}" for key, part in parts)
    return str(value)


@commands.command(help=_("List the campaigns, or show one (identifier or name) with its items in order of time."))
@click.argument("campaign", required=False)
@click.option("--json", "as_json", is_flag=True, help=_("For machines."))
@_at_archive
def campaigns(campaign: str | None, as_json: bool, archive: Path) -> None:
    """List campaigns, or show one."""
    with _opened(archive) as rooms:
        chosen = [rooms.catalog.campaign(campaign)] if campaign else list(rooms.catalog.campaigns())
        timeline = [
            (one, sorted((_date(item), item.id, item.title) for item in rooms.catalog.items(one.items)))
            for one in chosen
        ]
    if as_json:
        records = [
            {"id": one.id, "name": one.name, "items": [{"id": i, "date": d or None, "title": t} for d, i, t in items]}
            for one, items in timeline
        ]
        click.echo(json.dumps(records, ensure_ascii=False, indent=1))
        return
    if not timeline:
        click.echo(_("No campaign has been recognised in this archive yet."))
    for one, items in timeline:
        size = ngettext("{count} item", "{count} items", len(items)).format(count=len(items))
        click.echo(f"{click.style(one.name, bold=True)}  [{one.id}]  {size}")
        for date, identifier, title in items if campaign else ():
            click.echo(f"  {date or '?':<10}  {title}  [{identifier}]")


def _date(item: "Item") -> str:
    for name in ("date_of_issue", "received_date"):
        for document in item.documents:
            for entry in document.values(name)[:1]:
                return str(entry.value)
    return ""


def _size(scan: "Scan") -> str:
    """Return the pixels of a page; where two share a scan, with where it begins."""
    if area := scan.area:
        return f"{area.width:.0f}×{area.height:.0f}+{area.left:.0f}+{area.top:.0f}"
    return f"{scan.width}×{scan.height}"


@commands.command(help=_("List what waits for a person: pages that hardly read, then values, the least sure first."))
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help=_("At most so many."))
@_at_archive
def review(limit: int, archive: Path) -> None:
    """List what waits for a person."""
    with _opened(archive) as rooms:
        pages = rooms.catalog.hardly_read(limit)
        waiting = rooms.catalog.waiting(limit - len(pages)) if len(pages) < limit else []
    if not pages and not waiting:
        click.echo(_("Nothing waits for review."))
    for page in pages:
        text = _("p. {page}: {scan} hardly reads; look at the scan, scan it again where it can be better")
        click.echo(f"{_sure(page.confidence)}  {text.format(page=page.number, scan=page.scan)}  [{page.item_id}]")
    for one in waiting:
        field = one.field
        ink = _("p. {page}: “{raw}”").format(page=field.evidence.page, raw=field.raw)
        click.echo(f"{_sure(field.confidence)}  {_(field.name)} = {_value(field.value)}  {ink}  [{one.item_id}]")


@commands.command(
    help=_("Write the catalogue: xlsx or csv (归档文件目录 of DA/T 22-2015), or jsonl (complete records).")
)
@click.argument("format")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help=_("Where to; catalogue.FORMAT unless said.")
)
@_at_archive
def export(format: str, output: Path | None, archive: Path) -> None:
    """Write the catalogue."""
    with _opened(archive) as rooms:
        path = output or Path(f"catalogue.{format}")
        rows = rooms.export(format, path)
    click.echo(_("{rows} items written to {path}").format(rows=rows, path=path))


@commands.command(help=_("Check that every original is as it was taken in, and that the index has every item."))
@_at_archive
def verify(archive: Path) -> None:
    """Check fixity and consistency."""
    with _opened(archive) as rooms:
        health = rooms.verify(lambda text: click.echo(text, err=True))
    click.echo(
        _("{count} originals checked, {damaged} missing or changed").format(
            count=health.originals, damaged=len(health.damaged)
        )
    )
    if health.unindexed:
        click.echo(_("The index does not match the catalogue; run `archivist reindex`."), err=True)
    if health.damaged or health.unindexed:
        sys.exit(1)


@commands.command(help=_("Make the search index anew from the catalogue."))
@_at_archive
def reindex(archive: Path) -> None:
    """Make the index anew."""
    with _opened(archive) as rooms:
        click.echo(_("{count} items indexed").format(count=rooms.reindex()))


@commands.command(help=_("Say how much the archive holds, what waits, and which scans failed and why."))
@_at_archive
def status(archive: Path) -> None:
    """Say how the archive stands."""
    with _opened(archive) as rooms:
        counts = rooms.catalog.counts()
        failures = rooms.catalog.failures()
    text = _("{items} items, {pages} pages, {campaigns} campaigns; waiting for review: {review} values, {poor} pages")
    values, poor = counts.fields.get("review", 0), counts.hardly_read
    held = {"items": counts.items, "pages": counts.pages, "campaigns": counts.campaigns}
    click.echo(text.format(**held, review=values, poor=poor))
    for failure, at in failures:
        where = f"{failure.source}" + (" " + _("p. {number}").format(number=failure.index + 1) if failure.index else "")
        click.echo(f"{at[:16]}  {_(failure.cause)}  {where}: {failure.message}")
