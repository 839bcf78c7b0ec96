"""What is said where something is amiss: a page for people, JSON for programs."""

from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from archivist.errors import ArchiveBusy, ArchivistError, IndexUnusable, NotFound, WrongCall
from archivist.language import gettext as _
from archivist.web.pages import page

#: Paths that programs ask.
_FOR_PROGRAMS = ("/api/", "/iiif/")


def for_programs(request: Request) -> bool:
    """Whether the answer goes to a program."""
    return request.url.path.startswith(_FOR_PROGRAMS)


def told(request: Request, error: Exception) -> Response:
    """Say what an ArchivistError says, with the status that fits it."""
    assert isinstance(error, ArchivistError)
    return _answer(request, _status(error), str(error))


def not_let_in(request: Request, _error: Exception) -> Response:
    """Send a person to the desk at the door; tell a program to say who it is."""
    if for_programs(request):
        return _answer(request, 401, _("say who you are first"))
    place = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET":
        place = "/"
    return RedirectResponse(f"/login?next={quote(place, safe='/')}", 303)


def not_allowed(request: Request, _error: Exception) -> Response:
    """Say that the visitor has not the right."""
    return _answer(request, 403, _("you have no right to do this; ask who keeps the accounts of this archive"))


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
