"""`archivist serve`: the reading room, in the browser."""

from gettext import gettext as _
from pathlib import Path

import click

from archivist.cli.common import at_archive, commands, opened
from archivist.errors import WrongCall

_MOST = 4


@commands.command(
    help=_(
        "Open the reading room: search, look and correct in the browser. Without accounts it serves the one person at "
        "this machine; any other address asks for accounts (`archivist accounts add`). Ctrl-C closes it."
    )
)
@click.option("--host", default="127.0.0.1", show_default=True, help=_("The address to serve at; 0.0.0.0 for all."))
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help=_("0 for any free one."))
@click.option(
    "--processes", type=click.IntRange(1, 64),
    help=_("Processes that share the work; unless said, one a core, 4 at most, and one where one person is served."),
)  # fmt: skip
@click.option("--certificate", type=click.Path(path_type=Path, dir_okay=False), help=_("To be visited by https."))
@click.option("--key", type=click.Path(path_type=Path, dir_okay=False), help=_("The private key of the certificate."))
@click.option("--behind-proxy", is_flag=True, help=_("A web server on this machine hands visits on, and says whose."))
@at_archive
def serve(
    host: str, port: int, processes: int | None, certificate: Path | None, key: Path | None, behind_proxy: bool,
    archive: Path,
) -> None:  # fmt: skip
    """Open the reading room."""
    from archivist.settings import cores
    from archivist.web import serving

    if (certificate is None) != (key is None):
        raise WrongCall(_("--certificate and --key go together"))
    if certificate and key:
        serving.check_certificate(certificate, key)
    # Opened once here: what is wrong with it is said at once, and in this window.
    with opened(archive) as rooms:
        accounts = rooms.catalog.accounts.any()
    alone = serving.this_machine_only(host)
    if not accounts and (behind_proxy or not alone):
        text = _(
            "this archive has no accounts, so that anybody who reaches {host} could read and change everything; "
            "make some first: archivist accounts add NAME --role admin"
        )
        raise WrongCall(text.format(host=host if not alone else _("the proxy")))
    count = processes or (min(cores(), _MOST) if accounts else 1)
    door = serving.bound(host, port)
    click.echo(
        _("The reading room is open at {address}").format(
            address=serving.address_of(door, host, by_https=certificate is not None)
        )
    )
    if accounts and not (alone or certificate or behind_proxy):
        text = _("Passwords cross the network as they are typed: better give --certificate, or serve --behind-proxy.")
        click.echo(text, err=True)
    serving.serve(archive, door, count, certificate=certificate, key=key, behind_proxy=behind_proxy)
    click.echo(_("The reading room is closed."))
