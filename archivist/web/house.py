"""The reading room put together: its doors, its rooms, and what is said where something is amiss."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

from archivist import __version__
from archivist.archive import Archive
from archivist.errors import ArchivistError
from archivist.settings import load
from archivist.web import amiss
from archivist.web.door import Door
from archivist.web.visitor import NotAllowed, NotLetIn

_STATIC = Path(__file__).parent / "static"


def application(archive: Path) -> FastAPI:
    """Return the reading room of the archive in the folder `archive`, or of the settings file it names.

    The archive is opened when the room is, and closed with it.
    """

    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        with Archive(load(archive)) as rooms:
            app.state.rooms = rooms
            yield

    # No pages of FastAPI's own: they fetch their looks from elsewhere.
    app = FastAPI(
        title="archivist", version=__version__, lifespan=opened, docs_url=None, redoc_url=None,
        openapi_url="/api/openapi.json",
    )  # fmt: skip
    app.add_middleware(Door)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.add_exception_handler(ArchivistError, amiss.told)
    app.add_exception_handler(NotLetIn, amiss.not_let_in)
    app.add_exception_handler(NotAllowed, amiss.not_allowed)

    @app.get("/health", include_in_schema=False)
    def health(request: Request) -> Response:
        return Response("ok", media_type="text/plain")

    return app
