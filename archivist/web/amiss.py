"""What is said where something is amiss: a page for people, JSON for programs."""

from http import HTTPStatus
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

from archivist.errors import ArchiveBusy, ArchivistError, IndexUnusable, NotFound, WrongCall
from archivist.language import gettext as _
from archivist.web.pages import page
from archivist.web.visitor import NotAllowed, NotLetIn, Visitor

#: Paths that programs ask.
_FOR_PROGRAMS = ("/api/", "/iiif/")
# What somebody may want to look at once they are in; never the desk itself.
_DESK = "/login"


def mind(app: FastAPI) -> None:
    """Have `app` say what is amiss as this module does."""
    app.add_exception_handler(ArchivistError, told)
    app.add_exception_handler(NotLetIn, not_let_in)
    app.add_exception_handler(NotAllowed, not_allowed)
    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, not_understood)


def for_programs(request: Request) -> bool:
    """Whether the answer goes to a program, or to a script on a page."""
    accepts = request.headers.get("accept", "")
    asks_json = "application/json" in accepts and "text/html" not in accepts
    return asks_json or str(request.scope["path"]).startswith(_FOR_PROGRAMS)


def local(next: str) -> str:
    """Return `next` where it is a path of this room, else `/`: nobody is led elsewhere."""
    if not next.startswith("/") or next.startswith("//") or "\\" in next:
        return "/"
    if any(ord(char) < 0x21 or 0x7F <= ord(char) < 0xA0 or 0xD800 <= ord(char) < 0xE000 for char in next):
        return "/"
    try:
        parts = urlsplit(next)
    except ValueError:
        return "/"
    # What browsers make of /./ and /../ must not begin with two slashes either.
    return "/" if parts.scheme or parts.netloc or "//" in parts.path else next


def told(request: Request, error: Exception) -> Response:
    """Say what an ArchivistError says, with the status that fits it."""
    assert isinstance(error, ArchivistError)
    status, words = _status(error), str(error)
    visitor = getattr(request.state, "visitor", None)
    if status == 500 and not (isinstance(visitor, Visitor) and visitor.at_least("archivist")):
        # Where the archive lies, and what its database says, is for those who can do something about it.
        words = _("the archive cannot answer this now; tell those who keep it")
    answer = _answer(request, status, words)
    if status == 503:
        answer.headers["Retry-After"] = "5"
    return answer


def not_let_in(request: Request, _error: Exception | None = None) -> Response:
    """Send a person to the desk at the door; tell a program to say who it is."""
    if request.headers.get("hx-request") == "true":
        # A piece of a page: the page as a whole goes to the desk.
        place = _path_of(request.headers.get("hx-current-url", "/"))
        return Response(status_code=401, headers={"HX-Redirect": _to_desk(place)})
    if for_programs(request):
        answer = _answer(request, 401, _("say who you are first"))
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    query = request.scope["query_string"].decode("latin-1")
    place = quote(str(request.scope["path"]), safe="/") + (f"?{query}" if query else "")
    return RedirectResponse(_to_desk(place if request.method in ("GET", "HEAD") else "/"), 303)


def not_allowed(request: Request, _error: Exception | None = None) -> Response:
    """Say that the visitor has not the right."""
    return _answer(request, 403, _("you have no right to do this; ask who keeps the accounts of this archive"))


def forged(request: Request) -> Response:
    """Say that no page of this room sent what came, or one that was open for too long."""
    return _answer(request, 403, _("this did not come from a page of this room, or from an old one; open it again"))


def closed(request: Request) -> Response:
    """Say that the room is open to the person at the machine only."""
    text = _("this archive has no accounts yet, and opens only on its own machine, at http://localhost or 127.0.0.1")
    return _answer(request, 403, text)


def too_much(request: Request) -> Response:
    """Say that more was sent than may be."""
    return _answer(request, 413, _("this is more than can be sent here at once"))


def broken(request: Request) -> Response:
    """Say that the program is at fault."""
    return _answer(request, 500, _("something in the program broke; who keeps the archive finds in its log what"))


def refused(request: Request, error: Exception) -> Response:
    """Say that there is nothing at this address, or nothing that can be done so."""
    assert isinstance(error, HTTPException)
    if error.status_code < 400:
        return Response(status_code=error.status_code, headers=error.headers)
    words = {
        404: _("there is nothing at this address"),
        405: _("this cannot be done at this address"),
    }.get(error.status_code, error.detail)
    answer = _answer(request, error.status_code, words or HTTPStatus(error.status_code).phrase)
    answer.headers.update(error.headers or {})
    return answer


def not_understood(request: Request, error: Exception) -> Response:
    """Say which part of a call cannot be meant so."""
    assert isinstance(error, RequestValidationError)
    # Not what was sent: it may be a password.
    faults = [{"loc": list(one["loc"]), "msg": one["msg"], "type": one["type"]} for one in error.errors()]
    if for_programs(request):
        return JSONResponse({"detail": faults}, 422)
    where = ", ".join(dict.fromkeys(str(one["loc"][-1]) for one in faults))
    return _answer(request, 422, _("this cannot be understood: {parts}").format(parts=where))


def _path_of(address: str) -> str:
    """Return the path of `address` with its query; `/` where it is no address."""
    try:
        shown = urlsplit(address)
    except ValueError:
        return "/"
    return shown.path + (f"?{shown.query}" if shown.query else "")


def _to_desk(place: str) -> str:
    wanted = local(place)
    return _DESK if wanted == "/" or wanted.startswith(_DESK) else f"{_DESK}?next={quote(wanted, safe='/')}"


def _answer(request: Request, status: int, words: str) -> Response:
    if for_programs(request):
        return JSONResponse({"detail": words}, status)
    return page(request, "amiss.html", status=status, words=words)


def _status(error: ArchivistError) -> int:
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, WrongCall):
        return 400
    return 503 if isinstance(error, ArchiveBusy | IndexUnusable) else 500
