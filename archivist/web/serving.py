"""The reading room on a port: one process or several, ended by a signal."""

import json
import os
import signal
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from secrets import token_urlsafe

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from archivist.errors import ArchivistError, WrongCall
from archivist.language import gettext as _
from archivist.web.house import application

# How processes that only serve are told what: the archive, and what the forms of its one person bring back.
_TOLD = "ARCHIVIST_SERVED"
# Seconds for what is under way when the room closes: somebody may be watching a run, which never ends.
_CLOSING = 5
_WAITING = 2048
# How a process ends that could not open the room, as the server has it.
_NOT_OPENED = 3
# The proxy must be on this machine: anybody else could say that they come from anywhere.
_TRUSTED = "127.0.0.1,::1"


def bound(host: str, port: int) -> socket.socket:
    """Return a socket at which the room can be visited; WrongCall where there is none to be had."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # Without the protocol asyncio sets no TCP_NODELAY, and every answer waits 40 ms for an acknowledgement.
        door = socket.socket(family, kind, protocol)
        try:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            door.bind(address)
            # Here and not only by the server: SO_REUSEADDR lets two of them take the same port.
            door.listen(_WAITING)
        except OSError:
            door.close()
            raise
    except OSError as error:
        text = _("nothing can be served at {host}, port {port}: {reason}; is it open already? Else take another --port")
        raise WrongCall(text.format(host=host, port=port, reason=error.strerror or error)) from error
    return door


def address_of(door: socket.socket, host: str, *, by_https: bool) -> str:
    """Return the address to type into a browser."""
    name = f"[{host}]" if ":" in host else host
    return f"{'https' if by_https else 'http'}://{name}:{door.getsockname()[1]}/"


def this_machine_only(host: str) -> bool:
    """Whether nobody but people at this machine can visit `host`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_certificate(certificate: Path, key: Path) -> None:
    """Raise WrongCall where these two are no certificate and its key."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except OSError as error:
        text = _("{certificate} and {key} are no certificate with its key: {reason}")
        raise WrongCall(text.format(certificate=certificate, key=key, reason=error.strerror or error)) from error


def serve(
    archive: Path, door: socket.socket, processes: int, *,
    certificate: Path | None = None, key: Path | None = None, behind_proxy: bool = False,
) -> None:  # fmt: skip
    """Serve the archive in the folder `archive` (or of that settings file) at `door`, until a signal ends it.

    Raises ArchivistError where the room cannot be opened.
    """
    config = uvicorn.Config(
        "archivist.web.serving:told", factory=True, workers=processes, lifespan="on", log_level="warning",
        access_log=False, server_header=False, ws="none", timeout_graceful_shutdown=_CLOSING,
        proxy_headers=behind_proxy, forwarded_allow_ips=_TRUSTED if behind_proxy else "",
        ssl_certfile=certificate, ssl_keyfile=key,
    )  # fmt: skip
    os.environ[_TOLD] = json.dumps({"archive": str(archive.absolute()), "csrf": token_urlsafe(32)})
    try:
        with _ending_well(), door:
            if processes > 1:
                several = Multiprocess(config, sockets=[door])
                several.run()
                opened = all(one.exitcode != _NOT_OPENED for one in several.processes)
            else:
                server = uvicorn.Server(config)
                server.run(sockets=[door])
                opened = server.started
        if not opened:
            raise ArchivistError(_("the reading room did not open; the reason stands above"))
    finally:
        del os.environ[_TOLD]


def told() -> FastAPI:
    """Return the reading room that this process was told to serve."""
    said = json.loads(os.environ[_TOLD])
    room = application(Path(said["archive"]))
    room.state.csrf = said["csrf"]
    return room


@contextmanager
def _ending_well() -> Iterator[None]:
    """Take a signal to end for what it is: the server, once it has closed, sends itself the same signal again."""
    before = {one: signal.signal(one, lambda _signal, _frame: None) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
