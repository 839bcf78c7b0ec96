"""Pages as people see them: templates, in the language of the browser."""

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import HTTPConnection

from archivist.language import gettext, ngettext
from archivist.phrases import word
from archivist.text import simplify
from archivist.web.visitor import Visitor

#: Languages the room speaks; the first where a browser asks for none of them.
LANGUAGES = ("zh", "en")


def page(request: Request, template: str, status: int = 200, **said: Any) -> HTMLResponse:
    """Return the page that `template` draws; it knows `visitor` (None before they are let in) besides what is `said`.

    `here` is where the visitor is, with what they asked, `archive` what the archive is called, `account` whether the
    visitor has one and may log out. In the language that is spoken: see `language_of`.
    """
    visitor = getattr(request.state, "visitor", None)
    known: dict[str, Any] = {
        "visitor": visitor if isinstance(visitor, Visitor) else None,
        "language": getattr(request.state, "language", LANGUAGES[0]),
        "path": request.url.path,
        "here": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "archive": request.app.state.rooms.settings.folder.resolve().name,
        "account": bool(getattr(request.state, "token", "")),
    }
    drawn = _templates().get_template(template).render(known | said)
    # A damaged text layer may hold what has no UTF-8 form.
    return HTMLResponse(drawn.encode("utf-8", "replace"), status)


def language_of(request: HTTPConnection) -> str:
    """Return the language of LANGUAGES for this visit: what was chosen, else what the browser asks for."""
    chosen = request.cookies.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    asked = request.headers.get("accept-language", "")
    for part in asked.split(","):
        name = part.partition(";")[0].strip().lower().partition("-")[0]
        if name in LANGUAGES:
            return name
    return LANGUAGES[0]


@cache
def _templates() -> Environment:
    loader = FileSystemLoader(Path(__file__).parent / "templates")
    drawn = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )  # fmt: skip
    drawn.install_gettext_callables(_said, _said_of, newstyle=True)  # type: ignore[attr-defined]
    drawn.filters["simplify"] = simplify
    drawn.filters["word"] = word
    # A text that was kept in English; it may hold %, which _() would take for a place to fill.
    drawn.filters["spoken"] = gettext
    return drawn


# What is looked up in a template is taken for markup, and it may be a word from a record or an address.


def _said(text: str) -> Markup:
    return escape(gettext(text))


def _said_of(one: str, several: str, count: int) -> Markup:
    return escape(ngettext(one, several, count))
