"""Scans into the archive from the browser: uploads, folders of this machine, how far it is, and what failed."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.requests import ClientDisconnect

from archivist.again import Roots, shortest
from archivist.archive import Archive
from archivist.box import MOST_BYTES, place
from archivist.errors import ArchivistError, NotFound, OversizedScan, WrongCall
from archivist.incoming import Incoming, NoRoom, Summary, Upload, not_kept, suffixes
from archivist.language import gettext as _
from archivist.model import Failure
from archivist.started import Started, Starter
from archivist.state import amount, how_far, local, what_became
from archivist.web.pages import page
from archivist.web.shelves import shelf, shelves
from archivist.web.visitor import Archivist, Rooms

router = APIRouter(prefix="/ingest", include_in_schema=False)

#: Failures shown of one cause at first, and on a page of them.
_FIRST, _MORE = 5, 100
#: What no list of them is as long as, nor any number of the catalogue.
_LAST = 1 << 31
#: Runs shown that are over.
_OVER = 3
#: Bytes written in one go.
_PIECE = 1 << 20
_HTMX = "hx-request"
#: What the templates say things by.
_WORDS: dict[str, Any] = {"how_far": how_far, "what_became": what_became, "local": local, "amount": amount}


@dataclass(frozen=True, slots=True)
class _Failed:
    """A scan that failed: where it is called so, when, and its upload with its name there, if it came by one."""

    failure: Failure
    at: str
    upload: str
    path: str
    again: bool


@dataclass(frozen=True, slots=True)
class _Kept:
    """An upload that is kept: what came, and the last run over it."""

    name: str
    summary: Summary
    last: Started | None
    failed: int

    @property
    def busy(self) -> bool:
        """Whether a run reads it, or is going to."""
        return self.last is not None and self.last.stage != "over"


@router.get("")
def ingest(request: Request, rooms: Rooms, visitor: Archivist, box: int | None = None, at: str = "") -> Response:
    """Show where scans come in; `box` and `at` choose a folder of this machine."""
    boxes = rooms.settings.boxes
    chosen = None if box is None else shelf(boxes, box, at)
    said = _now(rooms) | _kept(rooms) | _failures(rooms)
    return page(
        request,
        "ingest.html",
        **said,
        **_WORDS,
        suffixes=suffixes(),
        most=MOST_BYTES,
        boxes=shelves(boxes),
        chosen=chosen,
    )


@router.get("/now")
def now(request: Request, rooms: Rooms, visitor: Archivist, seen: str = "") -> Response:
    """Draw how far runs are; whoever shows more is told where it is not as it was `seen`."""
    said = _now(rooms)
    answer = page(request, "ingest_now.html", **said, **_WORDS)
    if seen != said["seen"]:
        answer.headers["HX-Trigger"] = "changed"
    return answer


@router.get("/kept")
def kept(request: Request, rooms: Rooms, visitor: Archivist) -> Response:
    """Draw the uploads that are kept."""
    return page(request, "ingest_kept.html", **_kept(rooms), **_WORDS)


@router.get("/failures")
def failures(request: Request, rooms: Rooms, visitor: Archivist) -> Response:
    """Draw the scans that failed, by cause."""
    return page(request, "ingest_failures.html", **_failures(rooms), **_WORDS)


@router.get("/failures/{cause}")
def failures_of(request: Request, rooms: Rooms, visitor: Archivist, cause: str, start: int = 0) -> Response:
    """Show all scans that failed for one cause, so many at a time."""
    start, roots = min(max(start, 0), _LAST), _roots(rooms)
    found = rooms.catalog.standing.failures(cause, _MORE + 1, start)
    listed = [_told(rooms, roots, *one) for one in found[:_MORE]]
    following = start + _MORE if len(found) > _MORE else None
    return page(
        request,
        "ingest_cause.html",
        cause=cause,
        listed=listed,
        start=start,
        following=following,
        stages=_stages(),
        **_WORDS,
    )


@router.post("/uploads")
def begin(rooms: Rooms, visitor: Archivist) -> Response:
    """Begin an upload."""
    return JSONResponse({"name": Incoming(rooms.settings.folder).begin(visitor.name).name}, 201)


@router.head("/uploads/{name}/{path:path}")
def have(rooms: Rooms, visitor: Archivist, name: str, path: str, size: int = 0) -> Response:
    """Say in X-Size how many bytes of a file are here already, in no header where none are.

    Refused as the file would be for which there is no room; sent whole, it would hardly hear of it.
    """
    upload = Incoming(rooms.settings.folder).upload(name)
    try:
        here = upload.size(path)
        if here is None:
            upload.check_room(size)
    except NoRoom:
        return Response(status_code=507)
    except WrongCall:
        here = None
    return Response(status_code=204, headers={} if here is None else {"X-Size": str(here)})


@router.put("/uploads/{name}/{path:path}")
async def put(request: Request, rooms: Rooms, visitor: Archivist, name: str, path: str) -> Response:
    """Keep a file that comes as the body, piece by piece; it is there when all of it has come."""
    said = request.headers.get("content-length", "")
    expected = int(said) if said.isascii() and said.isdigit() else None
    try:
        upload = Incoming(rooms.settings.folder).upload(name)
        coming = await run_in_threadpool(upload.receive, path, expected)
        pieces = bytearray()
        try:
            async for piece in request.stream():
                pieces += piece
                if len(pieces) >= _PIECE:
                    await run_in_threadpool(coming.write, bytes(pieces))
                    pieces.clear()
            await run_in_threadpool(coming.write, bytes(pieces))
        except BaseException as error:
            coming.close(error)
            raise
        await run_in_threadpool(coming.close)
    except ClientDisconnect:
        return Response(status_code=400)
    except ArchivistError as error:
        return JSONResponse({"detail": str(error)}, _status(error))
    return Response(status_code=204)


@router.post("/uploads/{name}/take")
def take(request: Request, rooms: Rooms, visitor: Archivist, name: str) -> Response:
    """Take in what was uploaded."""
    return _done(request, rooms, lambda: _start(request, rooms, [_upload(rooms, name).folder], visitor.name))


@router.post("/uploads/{name}/remove")
def remove(
    request: Request, rooms: Rooms, visitor: Archivist, name: str, anyway: Annotated[bool, Form()] = False
) -> Response:
    """Remove an upload: where all of it is kept among the originals, or `anyway`."""
    return _done(request, rooms, lambda: _remove(rooms, name, anyway))


@router.post("/boxes")
def take_box(
    request: Request, rooms: Rooms, visitor: Archivist, box: Annotated[int, Form()], at: Annotated[str, Form()] = ""
) -> Response:
    """Take in a folder of this machine."""
    boxes = rooms.settings.boxes
    return _done(
        request, rooms, lambda: _start(request, rooms, [shelf(boxes, box, at).folder], visitor.name), box=box, at=at
    )


@router.post("/again")
def again(
    request: Request, rooms: Rooms, visitor: Archivist, source: Annotated[str, Form()] = "",
    cause: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Try again what failed: one source, all of one cause, or all."""

    def start() -> None:
        roots = _roots(rooms)
        meant = [
            failure.source
            for failure, _at in rooms.catalog.failures()
            if (not source or failure.source == source) and (not cause or failure.cause == cause)
        ]
        paths = shortest(path for path in map(roots.again, dict.fromkeys(meant)) if path)
        if not paths:
            raise WrongCall(_("nothing of it can be reached any more: hand it in again"))
        _start(request, rooms, paths, visitor.name)

    return _done(request, rooms, start)


@router.post("/runs/{name}/stop")
def stop(request: Request, rooms: Rooms, visitor: Archivist, name: str) -> Response:
    """Ask a run to stop."""
    return _done(request, rooms, lambda: Starter(rooms).stop(name))


@router.get("/runs/{name}")
def run(request: Request, rooms: Rooms, visitor: Archivist, name: str) -> Response:
    """Show what a run wrote."""
    starter = Starter(rooms)
    return page(request, "ingest_run.html", one=starter.run(name), log=starter.log(name), **_WORDS)


def _now(rooms: Archive) -> dict[str, Any]:
    started = Starter(rooms).runs(_OVER)
    under_way = rooms.catalog.runs.under_way()
    own = next((one for one in started if one.stage == "reading"), None)
    waiting = [one for one in reversed(started) if one.stage in ("begun", "waiting")]
    over = [one for one in started if one.stage == "over"][:_OVER]
    if own and own.run:
        # As it was when its process was seen to hold it.
        under_way = own.run
    marks = [f"{one.record.name[-6:]}{one.stage}" for one in (*waiting, *over, *([own] if own else []))]
    failed = under_way.failed if under_way else 0
    return {
        "under_way": under_way, "own": own, "waiting": waiting, "over": over, "seen": "-".join([*marks, str(failed)]),
        "words": "",
    }  # fmt: skip


def _kept(rooms: Archive) -> dict[str, Any]:
    started = Starter(rooms).runs()
    found = []
    for upload in Incoming(rooms.settings.folder).uploads():
        # A part of it may be read again by itself; whether it was taken in, a run over all of it tells.
        busy = next((one for one in started if one.stage != "over" and _reads(one, upload)), None)
        last = busy or next((one for one in started if str(upload.folder) in one.record.paths), None)
        failed = len(rooms.catalog.standing.failures_below(place(upload.folder), _MORE))
        found.append(_Kept(upload.name, upload.summary(), last, failed))
    return {"kept": found, "room": sum(one.summary.size for one in found)}


def _failures(rooms: Archive) -> dict[str, Any]:
    by_cause = Counter(rooms.catalog.counts().failures)
    roots = _roots(rooms)
    shown = {
        cause: [_told(rooms, roots, *one) for one in rooms.catalog.standing.failures(cause, _FIRST)]
        for cause, _count in by_cause.most_common()
    }
    return {"by_cause": by_cause, "shown": shown, "stages": _stages()}


def _stages() -> dict[str, str]:
    """Return in words at which stage a scan failed."""
    return {
        "gather": _("when the folder was looked through"), "ingest": _("when it was taken in"),
        "open": _("when it was opened"), "read": _("when it was read"), "describe": _("when it was described"),
    }  # fmt: skip


def _told(rooms: Archive, roots: Roots, failure: Failure, at: str) -> _Failed:
    base = f"{place(Incoming(rooms.settings.folder).folder)}/"
    upload = path = ""
    if failure.source.startswith(base):
        upload, _stroke, path = failure.source.removeprefix(base).partition("/")
    # What is called so for a row of a list or a series of pages is no file.
    scan = "" if "#" in path else path
    return _Failed(failure, at, upload, scan, roots.again(failure.source) is not None)


def _roots(rooms: Archive) -> Roots:
    """Return what was handed in, the surest first: by runs from here, uploads, other runs, the boxes there are."""
    here = [place(Path(path)) for one in Starter(rooms).runs(1000) for path in one.record.paths]
    uploads = [place(upload.folder) for upload in Incoming(rooms.settings.folder).uploads()]
    # Of a run at the command line it is known where it was one path in full.
    others = [run.what for run in rooms.catalog.runs.latest(200) if run.command == "ingest" and run.what[:1] == "/"]
    boxes = [place(box) for box in rooms.settings.boxes]
    return Roots([*here, *uploads, *others, *boxes])


def _reads(one: Started, upload: Upload) -> bool:
    """Whether a run reads an upload, or what lies in it: what failed there is tried again by itself."""
    return any(Path(path).is_relative_to(upload.folder) for path in one.record.paths)


def _upload(rooms: Archive, name: str) -> Upload:
    return Incoming(rooms.settings.folder).upload(name)


def _start(request: Request, rooms: Archive, paths: Sequence[Path], who: str) -> None:
    Starter(rooms).start(paths, who, request.state.language)


def _remove(rooms: Archive, name: str, anyway: bool) -> None:
    upload = _upload(rooms, name)
    if any(one.stage != "over" and _reads(one, upload) for one in Starter(rooms).runs()):
        raise WrongCall(_("it is being taken in; wait until that is done, or stop it"))
    failed = rooms.catalog.standing.failures_below(place(upload.folder), 1000)
    if not anyway:
        if failed:
            raise WrongCall(_("some of its scans failed, and are nowhere else; try them again first"))
        if lacking := not_kept(upload, rooms):
            text = _("not taken in yet, and so not removed: {names}")
            raise WrongCall(text.format(names=", ".join(lacking[:3]) + ("…" if len(lacking) > 3 else "")))
    # What is gone cannot be mended any more.
    for source in {failure.source for failure, _at in failed}:
        rooms.catalog.clear_failure(source)
    upload.remove()


def _done(request: Request, rooms: Archive, act: Callable[[], object], **place: object) -> Response:
    """Do it, and draw how things stand then; where it cannot be done, with why."""
    words = ""
    try:
        act()
    except NotFound:
        raise
    except ArchivistError as error:
        words = str(error)
    if _HTMX in request.headers:
        answer = page(request, "ingest_now.html", **(_now(rooms) | {"words": words}), **_WORDS)
        answer.headers["HX-Trigger"] = "changed"
        return answer
    if words:
        return page(request, "amiss.html", status=400, words=words)
    query = "&".join(f"{name}={quote(str(value))}" for name, value in place.items())
    return RedirectResponse(f"/ingest{'?' if query else ''}{query}", 303)


def _status(error: ArchivistError) -> int:
    if isinstance(error, OversizedScan):
        return 413
    if isinstance(error, NoRoom):
        return 507
    return 404 if isinstance(error, NotFound) else 400
