"""What every command needs: the language, the archive, who decides."""

import gettext as translations
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from getpass import getuser
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archivist import __version__
from archivist.errors import WrongCall

if TYPE_CHECKING:
    from archivist.archive import Archive
    from archivist.catalog.runs import Running
    from archivist.model import Decided

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
