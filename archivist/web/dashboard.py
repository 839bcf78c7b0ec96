"""How the archive stands, for whoever fed it overnight and looks in the morning: what needs them, what went well."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from archivist.access import MaySee, levels
from archivist.archive import Archive
from archivist.catalog.runs import Running
from archivist.catalog.standing import STEPS, Told
from archivist.errors import ArchivistError
from archivist.files import file_size, folder_size
from archivist.incoming import Incoming
from archivist.language import gettext as _
from archivist.language import ngettext
from archivist.search.query import EVERYTHING
from archivist.started import Starter
from archivist.state import State, amount, how_far, local, minutes, span, state_of, what_became
from archivist.web.pages import page
from archivist.web.visitor import Archivist, Rooms, Visitor

router = APIRouter(prefix="/status", include_in_schema=False)

T = TypeVar("T")

_RUNS = 20
#: Boxes on a page, agencies shown.
_BOXES, _AGENCIES = 25, 15
#: Seconds for which what takes a look at many rows, or paths, is not looked at again.
_LOOKED = 60.0
#: What is worth a warning: bytes free, days since all was verified, and since it was backed up.
_ROOM, _VERIFIED, _BACKED_UP = 5 << 30, 90, 8
_DAY = 24 * 60
_STATUSES = ("verified", "accepted", "review", "rejected")


class Need(NamedTuple):
    """Something that needs a person, and where to see to it; `bad` where it cannot wait."""

    says: str
    url: str
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """A value with how many have it, the share of the most (0..1), and where they are."""

    said: str
    count: int
    share: float
    url: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """What takes how many bytes, how many are free, and how many `scans` the originals are."""

    originals: int
    catalogue: int
    index: int
    pictures: int
    uploads: int
    free: int
    scans: int


@dataclass(frozen=True, slots=True)
class Column:
    """How many values lie in one step of confidence, and of which status: each with its top and height."""

    said: str
    count: int
    parts: tuple[tuple[str, float, float], ...]


class Remembered(Generic[T]):
    """What `look` found a moment ago; for each archive apart."""

    def __init__(self, look: Callable[..., T]) -> None:
        self._look = look
        self._lock, self._found = Lock(), dict[tuple[object, ...], tuple[float, T]]()

    def __call__(self, rooms: Archive, *key: object) -> T:
        """Return what is to be seen in `rooms`; at most some seconds old."""
        named = (rooms.settings.folder, *key)
        # One looks, however many ask.
        with self._lock:
            at, found = self._found.get(named, (0.0, None))
            if found is not None and monotonic() - at < _LOOKED:
                return found
            found = self._look(rooms, *key)
            self._found[named] = (monotonic(), found)
        return found


@router.get("")
def status(request: Request, rooms: Rooms, visitor: Archivist) -> Response:
    """Show how the archive stands."""
    return page(request, "status.html", **_now(rooms, visitor))


@router.get("/now")
def now(request: Request, rooms: Rooms, visitor: Archivist) -> Response:
    """Draw what changes while a run is under way."""
    return page(request, "status_now.html", **_now(rooms, visitor))


@router.get("/figures")
def figures(request: Request, rooms: Rooms, visitor: Archivist) -> Response:
    """Draw years and agencies, and how sure the values are."""
    columns = _columns(_confidence(rooms, _rights(visitor.may_see)))
    years, agencies = _facets(rooms, visitor.may_see)
    return _part(request, "status_figures.html", columns=columns, years=years, agencies=agencies)


@router.get("/boxes")
def boxes(request: Request, rooms: Rooms, visitor: Archivist, start: int = 0) -> Response:
    """Draw the folders that scans came from, those first where most is to do."""
    found = _boxes(rooms, _rights(visitor.may_see))
    start = min(max(start, 0), max(len(found) - 1, 0))
    shown = found[start : start + _BOXES]
    following = start + _BOXES if len(found) > start + _BOXES else None
    before = max(start - _BOXES, 0) if start else None
    return _part(
        request, "status_boxes.html", boxes=shown, total=len(found), start=start, following=following, before=before
    )


@router.get("/room")
def room(request: Request, rooms: Rooms, visitor: Archivist) -> Response:
    """Draw what takes how much room."""
    return _part(request, "status_room.html", room=_room(rooms))


def _part(request: Request, template: str, **said: Any) -> Response:
    """Draw a part of the page; as a page of its own where it is not asked for by the page."""
    whole = "hx-request" not in request.headers
    return page(request, "status_part.html" if whole else template, part=template, local=local, amount=amount, **said)


def _now(rooms: Archive, visitor: Visitor) -> dict[str, Any]:
    state = state_of(rooms, _RUNS)
    verified = rooms.catalog.standing.last("fixity check")
    backed_up = rooms.catalog.standing.last("replication")
    return {
        "state": state, "night": _night(state.runs), "needs": _needs(rooms, state, verified, backed_up),
        "verified": verified, "backed_up": backed_up, "sees_all": _sees_all(visitor.may_see),
        "values": [(status, state.counts.fields.get(status, 0)) for status in _STATUSES],
        "accounts": len(rooms.catalog.accounts.all()), "how_far": how_far, "what_became": what_became, "local": local,
        "ago": _ago,
    }  # fmt: skip


def _needs(rooms: Archive, state: State, verified: Told | None, backed_up: Told | None) -> list[Need]:
    """Return what needs a person, the most urgent first."""
    counts, found = state.counts, list[Need]()
    ingests = [run for run in state.runs if run.command == "ingest"]
    if ingests and not state.run and ingests[0].outcome != "done":
        text = _("the last ingest did not come to its end ({outcome}): start it again, it goes on where it stopped")
        found.append(Need(text.format(outcome=_(ingests[0].outcome or "broken off")), "/ingest", True))
    if failed := sum(counts.failures.values()):
        causes = ", ".join(f"{_(cause)} {count}" for cause, count in sorted(counts.failures.items()))
        text = ngettext("{count} scan failed: {causes}", "{count} scans failed: {causes}", failed)
        found.append(Need(text.format(count=failed, causes=causes), "/ingest#failures", True))
    free = shutil.disk_usage(rooms.settings.folder).free
    if free < _ROOM:
        text = _("only {free} are free on the disk of the archive: make room before the next box")
        found.append(Need(text.format(free=amount(free)), "#room", True))
    if verified and verified.outcome == "failure":
        found.append(Need(_("the last verification found damage: run `archivist verify` and see to it"), "", True))
    if state.index.advice:
        found.append(Need(state.index.advice, "", True))
    if waiting := _not_taken_in(rooms):
        text = ngettext("{count} upload is not taken in yet", "{count} uploads are not taken in yet", waiting)
        found.append(Need(text.format(count=waiting), "/ingest#kept"))
    for box in rooms.settings.boxes:
        if not box.is_dir():
            text = _("the box {box} is not there: mount it, or correct the settings")
            found.append(Need(text.format(box=box), "/ingest#boxes"))
    if counts.waiting:
        text = ngettext(
            "{count} value or beginning waits for a look",
            "{count} values and beginnings wait for a look",
            counts.waiting,
        )
        found.append(Need(text.format(count=counts.waiting), "/review"))
    if counts.hardly_read:
        text = ngettext("{count} page hardly reads", "{count} pages hardly read", counts.hardly_read)
        found.append(Need(text.format(count=counts.hardly_read), "/review"))
    if state.index.behind and not state.run:
        text = _("{count} items cannot be found yet: a run is under way, or the index wants `archivist reindex`")
        found.append(Need(text.format(count=state.index.behind), ""))
    if counts.items and (backed_up is None or _days(backed_up) > _BACKED_UP or backed_up.outcome != "success"):
        found.append(Need(_("no good backup was made lately: `archivist backup DIR`"), ""))
    if counts.items and (verified is None or _days(verified) > _VERIFIED):
        found.append(Need(_("the originals were not verified lately: `archivist verify`"), ""))
    return found


def _night(runs: Sequence[Running]) -> str:
    """Return in words what was taken in during the last 24 hours, "" where nothing was."""
    since = datetime.now(UTC) - timedelta(days=1)
    own = [
        run for run in runs if run.command == "ingest" and datetime.fromisoformat(run.ended_at or run.seen_at) > since
    ]
    if not own:
        return ""
    text = ngettext(
        "In the last 24 hours: {runs} ingest, {read} pages read, {failed} failed",
        "In the last 24 hours: {runs} ingests, {read} pages read, {failed} failed",
        len(own),
    )
    return text.format(runs=len(own), read=sum(run.read for run in own), failed=sum(run.failed for run in own))


def _not_taken_in(rooms: Archive) -> int:
    taken = {path for one in Starter(rooms).runs(1000) for path in one.record.paths}
    return sum(str(upload.folder) not in taken for upload in Incoming(rooms.settings.folder).uploads())


def _look_at_boxes(rooms: Archive, may_see: MaySee) -> Any:
    return rooms.catalog.standing.boxes(may_see)


def _look_at_confidence(rooms: Archive, may_see: MaySee) -> Mapping[str, Sequence[int]]:
    return rooms.catalog.standing.confidence(may_see)


def _look_at_room(rooms: Archive) -> Room:
    # The originals are not walked through: the catalogue knows them, wherever they are.
    kept, folder = rooms.catalog.standing.kept(), rooms.settings.folder
    catalogue = rooms.catalog.standing.size()
    if catalogue is None:
        catalogue = sum(map(file_size, folder.glob("catalogue.db*")))
    index = Path(rooms.index_url.partition(":")[2])
    return Room(
        kept.size, catalogue, folder_size(index), folder_size(folder / "cache"), folder_size(folder / "incoming"),
        shutil.disk_usage(folder).free, kept.scans,
    )  # fmt: skip


_boxes = Remembered(_look_at_boxes)
_confidence = Remembered(_look_at_confidence)
_room = Remembered(_look_at_room)


def _facets(rooms: Archive, may_see: MaySee) -> tuple[list[Bar], list[Bar]]:
    try:
        found = rooms.search(EVERYTHING, limit=0, facets=("year", "agencies"), suggest=False, may_see=may_see).facets
    except ArchivistError:
        # That the index is not to be used stands above.
        return [], []
    years = sorted(found.get("year", ()), reverse=True)
    agencies = sorted(found.get("agencies", ()), key=lambda one: (-one[1], one[0]))[:_AGENCIES]
    return _bars("year", years), _bars("agencies", agencies)


def _bars(facet: str, values: Sequence[tuple[str, int]]) -> list[Bar]:
    most = max((count for _value, count in values), default=1)
    return [Bar(value, count, count / most, f"/?f={quote(f'{facet}:{value}')}") for value, count in values]


def _columns(found: Mapping[str, Sequence[int]]) -> list[Column]:
    """Return the columns of a picture that is 100 high: the status, the top and the height of each part."""
    counts = [sum(found.get(status, [0] * len(STEPS))[step] for status in _STATUSES) for step in range(len(STEPS))]
    most = max(counts) or 1
    columns = []
    for step, count in enumerate(counts):
        top, parts = 100.0, []
        for status in _STATUSES:
            height = 100 * found.get(status, [0] * len(STEPS))[step] / most
            top -= height
            if height:
                parts.append((status, round(top, 2), round(height, 2)))
        said = f"{STEPS[step]:g}+" if step else f"<{STEPS[1]:g}"
        columns.append(Column(said, count, tuple(parts)))
    return columns


def _rights(may_see: MaySee) -> frozenset[str] | None:
    # What asks for no rights is quicker.
    return None if may_see is None or _sees_all(may_see) else frozenset(may_see)


def _sees_all(may_see: MaySee) -> bool:
    return may_see is None or set(levels()) <= set(may_see)


def _days(told: Told) -> float:
    return minutes(told.at, datetime.now(UTC).isoformat()) / _DAY


def _ago(told: Told) -> str:
    """Return how long ago something was, in words."""
    return _("{time} ago").format(time=span(minutes(told.at, datetime.now(UTC).isoformat())))
