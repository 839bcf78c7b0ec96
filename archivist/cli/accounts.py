"""`archivist accounts`: who may come into the reading room, and with which rights."""

import json
import sys
from dataclasses import asdict
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archivist.cli.common import at_archive, commands, opened, person, runner
from archivist.errors import WrongCall

if TYPE_CHECKING:
    from archivist.access import Role

_ROLES = click.Choice(["reader", "archivist", "admin"])


@commands.group(
    invoke_without_command=True,
    help=_(
        "List the accounts of the reading room. A reader sees what is open, an archivist sees and corrects everything, "
        "an admin keeps the accounts as well."
    ),
)
@click.option("--json", "as_json", is_flag=True, help=_("For machines."))
@at_archive
@click.pass_context
def accounts(context: click.Context, as_json: bool, archive: Path) -> None:
    """List the accounts."""
    if context.invoked_subcommand:
        return
    with opened(archive) as rooms:
        known = rooms.catalog.accounts.all()
    if as_json:
        click.echo(json.dumps([asdict(one) for one in known], ensure_ascii=False, indent=1))
        return
    if not known:
        click.echo(_("There are no accounts: `archivist serve` serves the one person at this machine."))
    for one in known:
        also = _("also {levels}").format(levels=", ".join(map(_, one.levels))) if one.levels else ""
        since = _("since {date}").format(date=one.made_at[:10])
        click.echo("  ".join(filter(None, (click.style(one.name, bold=True), _(one.role), also, since))))


@accounts.command(help=_("Make an account. The password is asked for, or read from the standard input."))
@click.argument("name")
@click.option("--role", type=_ROLES, default="reader", show_default=True, help=_("What they may do."))
@click.option(
    "--may-see", default="", metavar="LEVELS", help=_("Levels of access besides those of the role: internal,closed")
)
@person
@at_archive
def add(name: str, role: "Role", may_see: str, by: str | None, archive: Path) -> None:
    """Make an account."""
    with opened(archive) as rooms:
        made = rooms.catalog.accounts.add(name, _password(), role, _levels(may_see), runner(by))
    click.echo(_("{name} may come in as {role}.").format(name=made.name, role=_(made.role)))


@accounts.command(help=_("Give NAME another password; they are logged out everywhere."))
@click.argument("name")
@person
@at_archive
def password(name: str, by: str | None, archive: Path) -> None:
    """Give an account another password."""
    with opened(archive) as rooms:
        # First, so that nobody types in vain.
        account = rooms.catalog.accounts.account(name)
        rooms.catalog.accounts.set_password(account.name, _password(), runner(by))
    click.echo(_("{name} has another password.").format(name=account.name))


@accounts.command(help=_("Give NAME another role; they are logged out everywhere."))
@click.argument("name")
@click.argument("role", type=_ROLES)
@click.option("--may-see", default=None, metavar="LEVELS", help=_("Levels besides, instead of those until now."))
@person
@at_archive
def role(name: str, role: "Role", may_see: str | None, by: str | None, archive: Path) -> None:
    """Give an account another role."""
    with opened(archive) as rooms:
        before = rooms.catalog.accounts.account(name)
        more = before.levels if may_see is None else _levels(may_see)
        made = rooms.catalog.accounts.set_rights(name, role, more, runner(by))
    click.echo(_("{name} may come in as {role}.").format(name=made.name, role=_(made.role)))


@accounts.command(help=_("Remove the account of NAME; they are logged out everywhere."))
@click.argument("name")
@person
@at_archive
def remove(name: str, by: str | None, archive: Path) -> None:
    """Remove an account."""
    with opened(archive) as rooms:
        account = rooms.catalog.accounts.account(name)
        rooms.catalog.accounts.remove(account.name, runner(by))
    click.echo(_("{name} may not come in any more.").format(name=account.name))


def _password() -> str:
    """Return the password typed twice on a terminal, else the first line of the standard input."""
    if sys.stdin is not None and sys.stdin.isatty():
        said: Any = click.prompt(
            _("Password"), hide_input=True, confirmation_prompt=_("Password, again"), prompt_suffix=": "
        )
        return str(said)
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line:
        raise WrongCall(_("give the password on the standard input, or call this on a terminal"))
    return line.rstrip("\r\n")


def _levels(said: str) -> tuple[str, ...]:
    return tuple(level.strip() for level in said.replace("，", ",").split(",") if level.strip())
