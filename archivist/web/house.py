"""The reading room put together: its doors, its rooms, and what is said where something is amiss."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Thread

from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

from archivist import __version__
from archivist.archive import Archive
from archivist.settings import load
from archivist.web import (
    accounts,
    amiss,
    campaigns,
    correcting,
    dashboard,
    described,
    downloads,
    iiif,
    intake,
    items,
    review,
    searching,
)
from archivist.web.behind import Behind
from archivist.web.door import Door

_STATIC = Path(__file__).parent / "static"
# Seconds that what is still being carried out is waited for when the room closes.
_CLOSING = 5


def application(archive: Path) -> FastAPI:
    """Return the reading room of the archive in the folder `archive`, or of the settings file it names.

    The archive is opened when the room is, and closed with it.
    """

    @asynccontextmanager
    async def opened(app: FastAPI) -> AsyncIterator[None]:
        with Archive(load(archive)) as rooms:
            app.state.rooms, app.state.behind = rooms, Behind(rooms)
            app.state.searches = searching.searches_at_once(rooms)
            begun = Thread(target=app.state.behind.left_over, name="decided before", daemon=True)
            begun.start()
            yield
            # What it does not finish is left over once more.
            begun.join(_CLOSING)
            app.state.behind.close(_CLOSING)

    # No pages of FastAPI's own: they fetch their looks from elsewhere.
    app = FastAPI(
        title="archivist", version=__version__, lifespan=opened, docs_url=None, redoc_url=None,
        openapi_url="/api/openapi.json",
    )  # fmt: skip
    app.add_middleware(Door)
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    amiss.mind(app)
    app.include_router(accounts.router)
    app.include_router(searching.router)
    app.include_router(items.router)
    app.include_router(downloads.router)
    app.include_router(review.router)
    app.include_router(correcting.router)
    app.include_router(campaigns.router)
    app.include_router(iiif.router)
    app.include_router(intake.router)
    app.include_router(dashboard.router)
    described.furnish(app)

    @app.get("/health", include_in_schema=False)
    def health(request: Request) -> Response:
        return Response("ok", media_type="text/plain")

    return app
