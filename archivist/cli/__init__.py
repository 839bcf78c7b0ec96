"""The command line. Heavy rooms are entered only by the command that needs them, so that --help is quick."""

import sys
from gettext import gettext as _
from io import TextIOWrapper

import click

from archivist.cli import (
    accounts,
    authority,
    backup,
    campaigns,
    duplicates,
    history,
    ingest,
    items,
    review,
    search,
    serve,
    status,
    upkeep,
)
from archivist.cli.common import DOMAIN, commands
from archivist.errors import ArchivistError

__all__ = [
    "DOMAIN",
    "accounts",
    "authority",
    "backup",
    "campaigns",
    "commands",
    "duplicates",
    "history",
    "ingest",
    "items",
    "main",
    "review",
    "search",
    "serve",
    "status",
    "upkeep",
]


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
