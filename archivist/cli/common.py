"""What every command needs: the language, the archive, who decides, how values are shown."""

import gettext as translations
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from getpass import getuser
from gettext import gettext as _
from gettext import ngettext
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archivist import __version__
from archivist.errors import WrongCall

if TYPE_CHECKING:
    from archivist.archive import Archive
    from archivist.catalog.runs import Running
    from archivist.model import Boundary, Decided, Document, Field, Item, Scan, Value

DOMAIN = "archivist"
#: Passages and pieces of evidence shown of one thing.
SNIPPETS = 2


def _speak_their_language() -> None:
    translations.bindtextdomain(DOMAIN, Path(__file__).parent.parent / "locale")
    translations.textdomain(DOMAIN)


_speak_their_language()


def at_archive(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the option --archive."""
    return click.option(
        "--archive", type=click.Path(path_type=Path), default=Path("archive"), show_default=True, metavar="DIR",
        envvar="ARCHIVIST_ARCHIVE", help=_("The archive: its folder, or a settings file that names its places."),
    )(command)  # fmt: skip


def person(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the option --by: who answers for a decision."""
    return click.option(
        "--by", envvar="ARCHIVIST_PERSON", metavar="NAME", help=_("Who decides; the login name unless said."),
    )(command)  # fmt: skip


def decided(by: str | None) -> "Decided":
    """Return who decides, and now; WrongCall where nobody is named and the machine does not know either."""
    from datetime import UTC, datetime

    from archivist.model import Decided

    try:
        who = (by or "").strip() or getuser()
    except (KeyError, OSError):
        raise WrongCall(_("say who decides: --by NAME, or set ARCHIVIST_PERSON")) from None
    return Decided(who, datetime.now(UTC).isoformat(timespec="seconds"))


def runner(by: str | None) -> str:
    """Return who lets a command run: nothing is decided by it, so that the number of a user without a name will do."""
    try:
        return decided(by).who
    except WrongCall:
        return str(os.getuid()) if hasattr(os, "getuid") else ""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    help=_("Scans of government paper in; catalogue, campaigns and search out."),
)
@click.version_option(__version__, prog_name="archivist")
def commands() -> None:
    """Hold the commands together."""


@contextmanager
def opened(archive: Path, *, create: bool = False) -> "Iterator[Archive]":
    """Open the rooms of the archive for the block."""
    from archivist.archive import Archive
    from archivist.settings import load

    with Archive(load(archive), create=create) as rooms:
        yield rooms


def tell_waiting(running: "Running") -> None:
    """Say whose work this one waits for."""
    click.echo(_("waiting for {running}; Ctrl-C gives up").format(running=running), err=True)


def warn_of_unindexed(count: int) -> None:
    """Say how many items the index does not know yet, where there are any."""
    if count:
        text = _("{count} items cannot be found yet: a run is under way, or the index wants `archivist reindex`")
        click.echo(text.format(count=count), err=True)


def glance(item: "Item") -> Iterator[str]:
    """Yield what tells an item from others at a glance: code, number, date, pages."""
    if item.reference_code:
        yield item.reference_code
    for document in item.documents:
        if document.kind == "issued_document":
            for name in ("document_number", "date_of_issue"):
                yield from (shown(value) for value in _standing(document, name)[:1])
            break
    pages = len(item.pages)
    yield ngettext("{count} page", "{count} pages", pages).format(count=pages)


def sure(confidence: float) -> str:
    """Return a confidence with two digits, never rounded up: 1.00 is said of nothing that is not certain."""
    return f"{floor(confidence * 100) / 100:.2f}"


def shown(value: Any) -> str:
    """Return a value as people read it."""
    if isinstance(value, dict):
        if "text" in value and "agency_code" in value:
            return str(value["text"])
        parts = ((key, part) for key, part in value.items() if part not in (None, ""))
        return "; ".join(f"{_(key)}: {_(part) if key == 'kind' else shown(part)}" for key, part in parts)
    return str(value)


def dated(item: "Item") -> str:
    """Return the date an item is put in order by, `""` where none is known."""
    for name in ("date_of_issue", "received_date"):
        for document in item.documents:
            for value in _standing(document, name)[:1]:
                return str(value)
    return ""


def _standing(document: "Document", name: str) -> "list[Value]":
    """Return the values of a field that nobody refused."""
    return [entry.value for entry in document.values(name) if entry.status != "rejected"]


def size(scan: "Scan") -> str:
    """Return the pixels of a page; where two share a scan, with where it begins."""
    if area := scan.area:
        return f"{area.width:.0f}×{area.height:.0f}+{area.left:.0f}+{area.top:.0f}"
    return f"{scan.width}×{scan.height}"


def phrase(words: Mapping[str, str]) -> str:
    """Return what a definition says in the language of the program, English where it lacks that."""
    # Translators: the code of the language these texts are in.
    return words.get(_("en"), words["en"])


def witnesses(field: "Field") -> Iterator[str]:
    """Yield what other places of the paper say of the same thing, for and against, a line each."""
    from archivist.definitions import load
    from archivist.describe.witnesses.testimony import compare

    words = load("schemas/witnesses.yaml")
    for one in field.witnesses:
        against = compare(field.name, field.value, one).against
        place = phrase(words["places"][one.method]) if one.method in words["places"] else one.method
        ink = _("p. {page}: “{raw}”").format(page=one.page, raw=one.raw)
        why = f" ({phrase(words['reasons'][against])})" if against else ""
        yield f"{'✗' if against else '✓'} {place}: {shown(one.value)}{why}  {sure(one.confidence)}  {ink}"


def beginning(boundary: "Boundary") -> str:
    """Return where an item begins or may begin, and why."""
    from archivist.definitions import load

    words = load("schemas/boundaries.yaml")["signs"]
    # Translators: what parts the words of a list.
    why = _(", ").join(phrase(words[reason]) for reason in boundary.reasons)
    if boundary.decided:
        why = _("decided by {who}, {when}").format(who=boundary.decided.who, when=boundary.decided.at[:10])
    begins = _("begins at p. {number}") if boundary.page == 1 else _("may begin at p. {number}")
    return f"{begins.format(number=boundary.page)}  {why}"
