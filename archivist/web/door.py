"""The door of the reading room: who comes in, from where, and what every answer carries."""

from getpass import getuser

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from archivist.language import speaking
from archivist.web.pages import language_of
from archivist.web.visitor import Visitor


class Door:
    """Lets visitors in, and has the room speak their language."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one visit."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        visit = HTTPConnection(scope)
        visit.state.visitor = Visitor(getuser(), "admin", None, "")
        visit.state.language = language_of(visit)
        with speaking(visit.state.language):
            await self._app(scope, receive, send)
