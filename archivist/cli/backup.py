"""`archivist backup` and `restore`: a second copy of the whole archive, and an archive made of it."""

import sys
from collections.abc import Sequence
from functools import partial
from gettext import gettext as _
from gettext import ngettext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archivist.cli.common import at_archive, commands, opened, tell_waiting
from archivist.cli.progress import progress

if TYPE_CHECKING:
    from archivist.backup import Carried, Lost

# Lost originals that are named; backup.json, or `archivist verify`, names them all.
_NAMED = 20


@commands.command(
    help=_(
        "Keep the whole archive a second time in TARGET, a folder or a place on a server (s3://bucket/name). "
        "A second backup to the same place copies only what is new. Others may work in the archive meanwhile."
    )
)
@click.argument("target")
@at_archive
def backup(target: str, archive: Path) -> None:
    """Back an archive up."""
    from archivist.backup import back_up

    with opened(archive) as rooms, progress() as shown:
        made = back_up(rooms.settings, target, shown.show)
    said = made.manifest
    text = _("{scans} scans, {items} items and {pages} pages are kept in {place}; {copied}")
    counts = {"scans": said.scans, "items": said.items, "pages": said.pages}
    click.echo(text.format(**counts, place=made.place, copied=_copied(made.carried)))
    if made.untold:
        text = _("The backup stands, but the ledger does not know of it: {reason}")
        click.echo(text.format(reason=made.untold), err=True)
    if said.left_out:
        text = _("not in the backup, because they may hold a password: the settings {names}")
        click.echo(text.format(names=", ".join(said.left_out)), err=True)
    if said.lost:
        _tell_lost(said.lost, _("Missing or damaged in the archive, and not in the backup either:"))
        sys.exit(1)


@commands.command(
    help=_(
        "Make a new archive of BACKUP, a folder or a place on a server, wherever the settings of the new archive say: "
        "so an archive also moves to servers and back. If it breaks off, run it again."
    )
)
@click.argument("backup")
@at_archive
def restore(backup: str, archive: Path) -> None:
    """Make an archive of a backup."""
    from archivist.backup import restore
    from archivist.settings import load

    with progress() as shown:
        made = restore(load(archive), backup, shown.show, tell_waiting)
        with opened(archive) as rooms:
            indexed = rooms.reindex(partial(shown.show, _("items in the index")))
    said = made.manifest
    text = _("{scans} scans, {items} items and {pages} pages restored as of {made_at}; {copied}")
    counts = {"scans": said.scans, "items": said.items, "pages": said.pages}
    click.echo(text.format(**counts, made_at=said.made_at, copied=_copied(made.carried)))
    click.echo(_("{count} items indexed").format(count=indexed))
    if made.settings:
        click.echo(_("Its settings are those of the archive backed up, but for its places; see archivist.toml."))
    if made.broken:
        text = _("The ledger was broken when it was backed up: {reason}. See `archivist verify`.")
        click.echo(text.format(reason=made.broken), err=True)
    if made.carried.lost:
        _tell_lost(made.carried.lost, _("Missing or damaged in the backup, and so in this archive:"))
    if made.broken or made.carried.lost:
        sys.exit(1)


def _copied(carried: "Carried") -> str:
    text = ngettext(
        "{count} original copied ({size:.1f} MB), {there} there already",
        "{count} originals copied ({size:.1f} MB), {there} there already",
        carried.copied,
    )
    return text.format(count=carried.copied, size=carried.bytes / 1e6, there=carried.there)


def _tell_lost(lost: "Sequence[Lost]", heading: str) -> None:
    click.echo(heading, err=True)
    for one in lost[:_NAMED]:
        click.echo(f"  {one.name}: {one.reason}", err=True)
    if len(lost) > _NAMED:
        click.echo("  " + _("and {count} more").format(count=len(lost) - _NAMED), err=True)
