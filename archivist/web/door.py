"""The door of the reading room: who comes in, from where, and what every answer carries."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from getpass import getuser
from secrets import token_urlsafe

from anyio import CapacityLimiter
from anyio.to_thread import current_default_thread_limiter, run_sync
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from archivist.archive import Archive
from archivist.errors import ArchivistError
from archivist.language import speaking
from archivist.web import amiss, forms
from archivist.web.pages import language_of
from archivist.web.visitor import Visitor, cookie_of

# What asks nobody who they are, and where they may say so. The language is a matter of taste.
_STATIC, _HEALTH = "/static/", "/health"
_DESK = ("/login", "/api/session")
_LANGUAGE = "/language/"
_UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
# What people at the desk may send, and those who are in; scans are another matter, and go where they belong at once.
_MOST_AT_DESK, _MOST = 16 << 10, 1 << 20
_SCANS = "/ingest/uploads/"
# Characters of an address: the longest that a disk could have. Numbers of more digits are none for Python.
_LONGEST = 4096
# Python does one thing at a time: more threads than these only keep each other waiting.
_AT_ONCE, _LOOKED_UP = 8, 4
_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_BEARER = "bearer "

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_CARRIED = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: with that, browsers do not even say to ourselves where a form came from.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_ONLY_HTTPS = "max-age=31536000"


@dataclass(frozen=True, slots=True)
class _Known:
    """Who is visiting, as far as the catalogue knows; `alone` where it has no accounts, and so only one person."""

    visitor: Visitor | None
    stale: bool = False
    alone: bool = False


class Door:
    """Lets visitors in, keeps forged forms out, and has the room speak their language.

    Who is not let in gets no further than the desk (/login), whatever the room behind would ask for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._csrf = token_urlsafe(32)
        self._looking, self._noting = CapacityLimiter(_LOOKED_UP), set[str]()
        # Apart from looking: a note may wait for a writer, and nobody else must wait with it.
        self._writing = CapacityLimiter(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one visit."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            # The room is being opened: here is where its threads are.
            current_default_thread_limiter().total_tokens = _AT_ONCE
            await self._app(scope, receive, send)
            return
        visit, begun = Request(scope), False

        async def carrying(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                _carry(MutableHeaders(scope=message), scope, message["status"])
            await send(message)

        visit.state.visitor, visit.state.language, visit.state.token = None, language_of(visit), ""
        with speaking(visit.state.language):
            try:
                await self._serve(visit, scope, receive, carrying)
            except ArchivistError as error:
                # The catalogue does not say who is visiting.
                await amiss.told(visit, error)(scope, receive, carrying)
            except ClientDisconnect:
                # Nobody is there any more.
                return
            except Exception:
                if not begun:
                    await amiss.broken(visit)(scope, receive, carrying)
                # Told to whoever keeps the server; to the visitor nothing more is sent.
                raise

    async def _serve(self, visit: Request, scope: Scope, receive: Receive, send: Send) -> None:
        if not all(_HOST.fullmatch(host) for host in visit.headers.getlist("host")):
            # No address can be made of it, not even for a page that says so.
            await PlainTextResponse("Bad Request", 400)(scope, receive, send)
            return
        path: str = scope["path"]
        if len(path) > _LONGEST:
            await PlainTextResponse("URI Too Long", 414)(scope, receive, send)
            return
        if path.startswith(_STATIC) or path == _HEALTH:
            await self._app(scope, receive, send)
            return
        rooms: Archive = scope["app"].state.rooms
        by_header, token = _shown(visit, rooms)
        known = await run_sync(partial(_known, rooms, token), limiter=self._looking)
        if known.alone and not forms.at_this_machine(visit):
            await amiss.closed(visit)(scope, receive, send)
            return
        if known.alone:
            # A token that nobody gave out proves nothing.
            known, by_header = _Known(Visitor(_person(), "admin", None, _shared(scope) or self._csrf)), False
        visitor = known.visitor
        visit.state.visitor, visit.state.token = visitor, token if visitor else ""
        refusal: Response | None = None
        if visitor is None and path not in _DESK and not path.startswith(_LANGUAGE):
            refusal = amiss.not_let_in(visit)
        elif visit.method in _UNSAFE:
            receive, refusal = await _received(visit, scope, receive, by_header)
        await (refusal or self._app)(scope, receive, send)
        if known.stale and not refusal and token not in self._noting:
            self._noting.add(token)
            try:
                with suppress(ArchivistError):
                    await run_sync(partial(rooms.catalog.accounts.seen, token), limiter=self._writing)
            finally:
                self._noting.discard(token)


async def _received(visit: Request, scope: Scope, receive: Receive, by_header: bool) -> tuple[Receive, Response | None]:
    """Return what gives what was sent, and what is said instead where it is too much, or no page of ours sent it."""
    visitor: Visitor | None = visit.state.visitor
    at_desk = scope["path"] in _DESK and (scope["method"] == "POST")
    body = b""
    comes = scope["method"] == "PUT" and scope["path"].startswith(_SCANS)
    if not (comes and visitor and visitor.at_least("archivist")):
        sent = await forms.body_of(visit, receive, _MOST if visitor else _MOST_AT_DESK)
        if sent is None:
            return receive, amiss.too_much(visit)
        body, receive = sent, forms.again(sent, receive)
    # Nothing but our own scripts and programs can show who they are by a header.
    if by_header and visitor:
        return receive, None
    if not forms.from_here(visit):
        return receive, amiss.forged(visit)
    if at_desk or (visitor and await forms.brings(visit, scope, visitor.csrf, body)):
        return receive, None
    return receive, amiss.forged(visit) if visitor else amiss.not_let_in(visit)


def _shown(visit: Request, rooms: Archive) -> tuple[bool, str]:
    """Return the token that the visitor shows ("" for none), and whether by a header, as programs do."""
    said = visit.headers.get("authorization", "")
    if said.lower().startswith(_BEARER):
        return True, said[len(_BEARER) :].strip()
    return False, visit.cookies.get(cookie_of(visit, rooms), "")


def _known(rooms: Archive, token: str) -> _Known:
    accounts = rooms.catalog.accounts
    found = accounts.visit(token) if token else None
    if found is None:
        return _Known(None, alone=not accounts.any())
    account = found.account
    return _Known(Visitor(account.name, account.role, account.may_see, found.csrf), found.stale)


def _shared(scope: Scope) -> str:
    """Return what the forms of the one person bring back, where several processes serve them; "" where it is one."""
    return str(getattr(scope["app"].state, "csrf", ""))


def _person() -> str:
    """Return who is at this machine, as the command line has it."""
    if said := os.environ.get("ARCHIVIST_PERSON", "").strip():
        return said
    try:
        return getuser()
    except (KeyError, OSError):
        return str(os.getuid()) if hasattr(os, "getuid") else "admin"


def _carry(headers: MutableHeaders, scope: Scope, status: int) -> None:
    for name, value in _CARRIED.items():
        headers[name] = value
    if scope["scheme"] == "https":
        headers["Strict-Transport-Security"] = _ONLY_HTTPS
    if scope["path"].startswith(_STATIC):
        # One that names its version never changes; any other is asked for, and mostly found the same.
        versioned = b"v=" in scope["query_string"] and status < 400
        headers["Cache-Control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
    headers.setdefault("Cache-Control", "no-store")
