"""What forms and scripts send: no more than may be, from a page of this room, with the token that proves it."""

from hmac import compare_digest
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_PORTS = {"http": 80, "https": 443}
# What proxies add: behind one, everybody seems to be at this machine.
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")


async def body_of(visit: Request, receive: Receive, most: int) -> bytes | None:
    """Return what is sent with `visit`; None where that is more than `most` bytes.

    Raises ClientDisconnect where the visitor goes before all of it has come: half a form must not count as one.
    """
    said = visit.headers.get("content-length", "")
    if said.isdecimal() and (len(said) > len(str(most)) or int(said) > most):
        return None
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > most:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def again(body: bytes, receive: Receive) -> Receive:
    """Return what gives `body` as if it had not been received yet, and then goes on with `receive`."""
    given = False

    async def receiving() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receiving


def from_here(visit: Request) -> bool:
    """Whether a page of this room sends this, as far as the browser says where it comes from."""
    if visit.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    said = visit.headers.get("origin")
    if said is None:
        return True
    try:
        origin, host = urlsplit(said), urlsplit(f"//{visit.headers.get('host', '')}")
        scheme = str(visit.scope.get("scheme", "http"))
        ports = origin.port or _PORTS.get(origin.scheme), host.port or _PORTS.get(scheme)
    except ValueError:
        return False
    same = origin.scheme == scheme and origin.hostname == host.hostname and ports[0] == ports[1]
    return same and origin.hostname is not None


async def brings(visit: Request, scope: Scope, token: str, body: bytes) -> bool:
    """Whether what is sent brings `token` along: as a header, or in the field `csrf` of the form that `body` is."""
    brought = visit.headers.get("x-csrf-token")
    if brought is None and visit.headers.get("content-type", "").partition(";")[0].strip().lower() in _FORMS:
        brought = await _field(scope, body)
    return bool(token and brought) and compare_digest(str(brought).encode("utf-8", "replace"), token.encode())


def at_this_machine(visit: Request) -> bool:
    """Whether a browser on this machine asks this machine for itself, and not for another one, or by another name."""
    if visit.client is None or any(name in visit.headers for name in _FORWARDED):
        return False
    # No browser speaks it; nginx does, which unless told otherwise says nothing of whom it asks for.
    if visit.scope.get("http_version") == "1.0":
        return False
    return _loopback(visit.client.host) and _own_name(visit.headers.getlist("host"))


def _own_name(hosts: list[str]) -> bool:
    # By any other name a page from elsewhere, whose name leads here all of a sudden, would be taken for ours.
    try:
        name = urlsplit(f"//{hosts[0]}").hostname if len(hosts) == 1 else None
    except ValueError:
        return False
    return name is not None and (name == "localhost" or _loopback(name))


def _loopback(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


async def _field(scope: Scope, body: bytes) -> str | None:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    form = Request(scope, receive)
    try:
        async with form.form(max_fields=200) as sent:
            found = sent.get("csrf")
    except (HTTPException, MultiPartException, ValueError):
        return None
    return found if isinstance(found, str) else None
