"""The desk at the door: logging in and out, one's own account, and those of everybody for who keeps them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel, Field

from archivist.access import Role, levels, roles
from archivist.archive import Archive
from archivist.catalog.accounts import Refused
from archivist.catalog.credentials import LEAST, MOST
from archivist.errors import NotFound, WrongCall
from archivist.language import gettext as _
from archivist.language import ngettext
from archivist.web.amiss import local
from archivist.web.pages import page
from archivist.web.visitor import Admin, Reader, Rooms, Visitor, cookie_of

router = APIRouter()

_YEAR = 365 * 24 * 3600
_Password = Annotated[str, Form(max_length=2 * MOST)]
_Name = Annotated[str, Form(max_length=200)]
_More = Annotated[list[str], Form()]


class Credentials(BaseModel):
    """A name, and the password that proves it."""

    name: str = Field(max_length=200, examples=["li.ming"])
    password: str = Field(max_length=2 * MOST, examples=["four words and a number"])


class Entered(BaseModel):
    """That somebody is in: `token` goes into the header `Authorization: Bearer …` of every call until `ends_at`."""

    token: str
    name: str
    role: Role
    ends_at: str = Field(description="When one must log in again at last (ISO 8601, UTC); after 8 idle hours before.")


class Told(BaseModel):
    """What is amiss."""

    detail: str


@router.get("/login", include_in_schema=False)
def desk(request: Request, next: str = "/") -> Response:
    """Show the form to log in by, to whoever is not in."""
    if request.state.visitor is not None:
        return _on_to(local(next))
    return page(request, "login.html", next=local(next), name="", wrong="")


@router.post("/login", include_in_schema=False)
def log_in(
    request: Request, rooms: Rooms, name: _Name, password: _Password, next: Annotated[str, Form()] = "/"
) -> Response:
    """Let somebody in, or say that name or password are wrong."""
    token = rooms.catalog.accounts.log_in(name, password, _address(request))
    if isinstance(token, Refused):
        said = page(request, "login.html", _status(token), next=local(next), name=name, wrong=_refusal(token))
        return _waiting(said, token)
    if request.state.token:
        # Whoever sat here before is gone.
        rooms.catalog.accounts.log_out(request.state.token)
    answer = _on_to(local(next))
    # Gone with the browser's window, as machines are shared; Lax, so that links from letters lead to the page.
    answer.set_cookie(
        cookie_of(request, rooms), token, path="/", httponly=True, samesite="lax", secure=_by_https(request)
    )
    return answer


@router.post("/logout", include_in_schema=False)
def log_out(request: Request, rooms: Rooms, reader: Reader) -> Response:
    """End the session, and leave nothing of what was seen in the browser."""
    if not request.state.token:
        return _on_to("/")
    rooms.catalog.accounts.log_out(request.state.token)
    answer = _on_to("/login")
    answer.delete_cookie(cookie_of(request, rooms), path="/", httponly=True, samesite="lax", secure=_by_https(request))
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@router.get("/language/{language}", include_in_schema=False)
def choose_language(request: Request, language: Literal["zh", "en"], next: str = "/") -> Response:
    """Speak this language from now on."""
    answer = _on_to(local(next))
    answer.set_cookie("language", language, _YEAR, path="/", samesite="lax", secure=_by_https(request))
    return answer


@router.post(
    "/api/session", tags=["session"], operation_id="logIn", status_code=201, response_model=Entered,
    summary="Log in as a program", responses={401: {"model": Told}, 413: {"model": Told}, 429: {"model": Told}},
)  # fmt: skip
def begin(request: Request, rooms: Rooms, credentials: Credentials) -> Any:
    """Return a token for the header `Authorization: Bearer …`; after many wrong passwords one has to wait (429)."""
    accounts = rooms.catalog.accounts
    token = accounts.log_in(credentials.name, credentials.password, _address(request))
    session = None if isinstance(token, Refused) else accounts.visit(token)
    if isinstance(token, Refused) or session is None:
        refused = token if isinstance(token, Refused) else Refused()
        return _waiting(JSONResponse({"detail": _refusal(refused)}, _status(refused)), refused)
    return Entered(token=token, name=session.account.name, role=session.account.role, ends_at=session.ends_at)


@router.delete(
    "/api/session", tags=["session"], operation_id="logOut", status_code=204, summary="Log out",
    responses={401: {"model": Told}, 403: {"model": Told}},
)  # fmt: skip
def end(request: Request, rooms: Rooms, reader: Reader) -> Response:
    """End the session of the token that is shown."""
    rooms.catalog.accounts.log_out(request.state.token)
    return Response(status_code=204)


@router.get("/account", include_in_schema=False)
def own(request: Request, rooms: Rooms, reader: Reader) -> Response:
    """Show what is open to the visitor, and the form for another password."""
    return _own(request, rooms, reader)


@router.post("/account/password", include_in_schema=False)
def change_password(
    request: Request, rooms: Rooms, reader: Reader, old: _Password, new: _Password, again: _Password
) -> Response:
    """Give the visitor another password; they log in anew by it, everywhere."""
    accounts = rooms.catalog.accounts
    if not request.state.token:
        raise NotFound(_("this archive has no accounts yet"))
    if new != again:
        return _own(request, rooms, reader, 400, _("the new password was not typed twice the same"))
    if refused := accounts.proves(reader.name, old, _address(request)):
        words = _("the old password is wrong") if not refused.wait else _refusal(refused)
        return _waiting(_own(request, rooms, reader, 429 if refused.wait else 400, words), refused)
    try:
        accounts.set_password(reader.name, new, reader.name)
    except WrongCall as error:
        return _own(request, rooms, reader, 400, str(error))
    return _on_to("/login")


@router.post("/account/elsewhere", include_in_schema=False)
def log_out_elsewhere(request: Request, rooms: Rooms, reader: Reader) -> Response:
    """End all sessions of the visitor but this one."""
    rooms.catalog.accounts.log_out_elsewhere(reader.name, request.state.token)
    return _on_to("/account")


@router.get("/accounts", include_in_schema=False)
def everybody(request: Request, rooms: Rooms, admin: Admin) -> Response:
    """List the accounts, with the form for another one."""
    return _everybody(request, rooms)


@router.post("/accounts", include_in_schema=False)
def add(
    request: Request, rooms: Rooms, admin: Admin, name: _Name, password: _Password, again: _Password,
    role: Annotated[Role, Form()],
    more: _More = [],  # noqa: B006
) -> Response:  # fmt: skip
    """Make an account."""
    asked = {"name": name, "role": role, "more": more}
    if password != again:
        return _everybody(request, rooms, 400, _("the password was not typed twice the same"), **asked)
    try:
        rooms.catalog.accounts.add(name, password, role, more, admin.name)
    except WrongCall as error:
        return _everybody(request, rooms, 400, str(error), **asked)
    return _on_to("/accounts")


@router.get("/accounts/{name}", include_in_schema=False)
def somebody(request: Request, rooms: Rooms, admin: Admin, name: str) -> Response:
    """Show one account, with the forms that change it."""
    return _somebody(request, rooms, name)


@router.post("/accounts/{name}/rights", include_in_schema=False)
def change_rights(
    request: Request, rooms: Rooms, admin: Admin, name: str, role: Annotated[Role, Form()],
    more: _More = [],  # noqa: B006
) -> Response:  # fmt: skip
    """Give somebody another role, or other levels of access."""
    try:
        rooms.catalog.accounts.set_rights(name, role, more, admin.name)
    except NotFound:
        raise
    except WrongCall as error:
        return _somebody(request, rooms, name, 400, str(error))
    return _on_to("/accounts")


@router.post("/accounts/{name}/password", include_in_schema=False)
def give_password(
    request: Request, rooms: Rooms, admin: Admin, name: str, new: _Password, again: _Password
) -> Response:
    """Give somebody who forgot theirs another password."""
    if new != again:
        return _somebody(request, rooms, name, 400, _("the new password was not typed twice the same"))
    try:
        rooms.catalog.accounts.set_password(name, new, admin.name)
    except NotFound:
        raise
    except WrongCall as error:
        return _somebody(request, rooms, name, 400, str(error))
    return _on_to("/accounts")


@router.post("/accounts/{name}/remove", include_in_schema=False)
def remove(request: Request, rooms: Rooms, admin: Admin, name: str) -> Response:
    """Remove an account."""
    try:
        rooms.catalog.accounts.remove(name, admin.name)
    except NotFound:
        raise
    except WrongCall as error:
        return _somebody(request, rooms, name, 400, str(error))
    return _on_to("/accounts")


def _own(request: Request, rooms: Archive, reader: Visitor, status: int = 200, wrong: str = "") -> Response:
    accounts = rooms.catalog.accounts
    alone = not request.state.token
    elsewhere = 0 if alone else accounts.sessions().get(reader.name, 1) - 1
    may_see = [level for level in levels() if reader.may_see is None or level in reader.may_see]
    return page(
        request, "account.html", status, wrong=wrong, alone=alone, elsewhere=elsewhere, may_see=may_see, least=LEAST
    )


def _everybody(request: Request, rooms: Archive, status: int = 200, wrong: str = "", **asked: Any) -> Response:
    accounts = rooms.catalog.accounts
    known = accounts.all()
    asked = {"name": "", "role": "reader" if known else "admin", "more": []} | asked
    said = {"known": known, "inside": accounts.sessions(), "roles": roles(), "levels": levels(), "least": LEAST}
    return page(request, "accounts.html", status, wrong=wrong, asked=asked, **said)


def _somebody(request: Request, rooms: Archive, name: str, status: int = 200, wrong: str = "") -> Response:
    accounts = rooms.catalog.accounts
    account = accounts.account(name)
    inside = accounts.sessions().get(account.name, 0)
    said = {"account": account, "inside": inside, "roles": roles(), "levels": levels(), "least": LEAST}
    return page(request, "person.html", status, wrong=wrong, **said)


def _on_to(place: str) -> Response:
    return RedirectResponse(place, 303)


def _waiting(answer: Response, refused: Refused) -> Response:
    if refused.wait:
        answer.headers["Retry-After"] = str(refused.wait)
    return answer


def _status(refused: Refused) -> int:
    return 429 if refused.wait else 401


def _refusal(refused: Refused) -> str:
    if not refused.wait:
        return _("The name or the password is wrong.")
    minutes = -(-refused.wait // 60)
    text = ngettext(
        "Too many wrong passwords were tried: wait {minutes} minute, then try again.",
        "Too many wrong passwords were tried: wait {minutes} minutes, then try again.",
        minutes,
    )
    return text.format(minutes=minutes)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _by_https(request: Request) -> bool:
    return str(request.scope["scheme"]) == "https"
