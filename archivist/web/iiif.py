"""Sheets for viewers: their pictures, their text and the manifests that hold them together (IIIF)."""

from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from html import escape
from itertools import takewhile
from threading import Lock
from typing import Annotated, Any
from unicodedata import east_asian_width

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from archivist.access import OPEN
from archivist.archive import Archive
from archivist.catalog import Placed
from archivist.errors import NotFound, ScanError, UnreadableScan
from archivist.language import gettext as _
from archivist.model import Item, Page, Scan
from archivist.web import manifests
from archivist.web.cuts import FORMATS, MOST_AREA, MOST_SIDE, Cut, cut_asked, largest
from archivist.web.pictures import Pictures, mark
from archivist.web.sheets import Sheet, sheet_of
from archivist.web.visitor import Reader, Rooms, Visitor, shown_item

_IMAGE = "http://iiif.io/api/image/3/context.json"
_LEVEL = '<http://iiif.io/api/image/3/level2.json>;rel="profile"'
#: Pixels of the sides of a tile: a page on a screen is a handful of them.
_TILE = 1024
#: Sheets of which it is known where they lie; no item has more pages.
_KNOWN, _MOST_PAGES = 4096, 1_000_000
#: Looks at open items stay with the browser for a day, for the one who looked; of others nothing stays there.
_FOR_A_DAY, _NOT_AT_ALL = "private, max-age=86400", "private, no-store"
#: Pictures drawn at a time: the largest take a second and 200 MB, and whoever only reads must not wait for them.
_DRAWN = 4
_SEARCHED_NOT = ("motivation", "date", "user")


class Sheets:
    """Finds where the sheets of an archive lie, and draws them."""

    def __init__(self, archive: Archive) -> None:
        settings = archive.settings
        self._catalog = archive.catalog
        self._drawing = CapacityLimiter(_DRAWN)
        self.pictures = Pictures(archive.store, settings.folder / "cache" / "pictures", settings.pictures)
        self._lock, self._known = Lock(), OrderedDict[tuple[int, int, str, str], tuple[Scan, Sheet]]()

    async def drawn(self, scan: Scan, sheet: Sheet, cut: Cut) -> bytes:
        """Return the picture `cut` asks of `sheet` when its turn has come; see `Pictures.picture`."""
        return await run_sync(partial(self.pictures.picture, scan, sheet, cut), limiter=self._drawing)

    def lying(self, placed: Placed) -> tuple[Scan, Sheet]:
        """Return the sheet of a page, and the scan it lies on."""
        which = placed.reading, placed.part, placed.sha256, placed.recipe
        with self._lock:
            if which in self._known:
                self._known.move_to_end(which)
                return self._known[which]
        page = self._catalog.read_page(placed.reading, placed.part)
        found = page.scan, sheet_of(page)
        with self._lock:
            self._known[which] = found
            while len(self._known) > _KNOWN:
                self._known.popitem(last=False)
        return found


@asynccontextmanager
async def _opened(app: FastAPI) -> AsyncIterator[None]:
    app.state.sheets = Sheets(app.state.rooms)
    try:
        yield
    finally:
        app.state.sheets.pictures.close()


def _sheets(request: Request) -> Sheets:
    sheets: Sheets = request.app.state.sheets
    return sheets


router = APIRouter(prefix="/iiif", include_in_schema=False, lifespan=_opened)
_Drawn = Annotated[Sheets, Depends(_sheets)]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A sheet that the visitor may see: its address, the scan it lies on, and how open its item is."""

    address: str
    scan: Scan
    sheet: Sheet
    access: str

    @property
    def size(self) -> tuple[int, int]:
        return self.sheet.width, self.sheet.height

    @property
    def headers(self) -> dict[str, str]:
        # What one account may see, another at the same browser may not.
        return {"Cache-Control": _FOR_A_DAY if self.access == OPEN else _NOT_AT_ALL, "Vary": "Cookie"}


def _shown(request: Request, item: str, number: int, rooms: Rooms, visitor: Reader, sheets: _Drawn) -> _Shown:
    """Return the sheet of a page, as `shown_item` does an item, without taking all of that from the catalogue."""
    found = rooms.catalog.placed(item, number) if number <= _MOST_PAGES else None
    access = found.access if found else rooms.catalog.access(item)
    if access is None or not (visitor.may_see is None or access in visitor.may_see):
        raise NotFound(_("There is no item “{name}” in this archive.").format(name=item))
    if found is None:
        raise NotFound(_no_page(item, number))
    rooms.views.note_level(item, access, visitor.name)
    scan, sheet = sheets.lying(found)
    return _Shown(manifests.place(_base(request), item, number), scan, sheet, access)


_Sheet = Annotated[_Shown, Depends(_shown)]


@router.get("/{item}/manifest.json")
def manifest(request: Request, item: str, rooms: Rooms, visitor: Reader) -> Response:
    """Give the manifest of an item."""
    return _json(request, manifests.manifest(_with_pages(rooms, visitor, item), _base(request)))


@router.get("/{item}/search")
def search(
    request: Request, item: str, rooms: Rooms, visitor: Reader, q: str = "", page: Annotated[int, Query(ge=1)] = 1
) -> Response:
    """Give the places in an item where `q` stands."""
    ignored = [name for name in _SEARCHED_NOT if name in request.query_params]
    found = _with_pages(rooms, visitor, item)
    return _json(request, manifests.hits(found, _base(request), q.strip(), page, ignored))


@router.get("/{item}/{number:int}/annotations.json")
def annotations(request: Request, item: str, number: int, rooms: Rooms, visitor: Reader) -> Response:
    """Give the lines of a page."""
    shown = shown_item(rooms, visitor, item)
    return _json(request, manifests.annotations(shown, _page(shown, number), _base(request)))


@router.get("/{item}/{number:int}")
def base(shown: _Sheet) -> Response:
    """Lead to what is said of a sheet."""
    return RedirectResponse(f"{shown.address}/info.json", 303, shown.headers)


@router.get("/{item}/{number:int}/info.json")
def info(request: Request, shown: _Sheet) -> Response:
    """Say what can be asked of a sheet."""
    width, height = shown.size
    factors = [1, *takewhile(lambda factor: max(shown.size) > _TILE * factor // 2, (2**n for n in range(1, 20)))]
    sizes = {(-(-width // factor), -(-height // factor)) for factor in factors}
    said = {
        "@context": _IMAGE,
        "id": shown.address,
        "type": "ImageService3",
        "protocol": "http://iiif.io/api/image",
        # But for CORS: what is kept here is not for every page that a browser happens to show.
        "profile": "level2",
        "width": width,
        "height": height,
        "maxWidth": MOST_SIDE,
        "maxHeight": MOST_SIDE,
        "maxArea": MOST_AREA,
        "sizes": [
            {"width": across, "height": down}
            for across, down in sorted(sizes)
            if (across, down) == largest(across, down)
        ],
        "tiles": [{"width": _TILE, "height": _TILE, "scaleFactors": factors}],
        "extraFormats": ["webp"],
        "extraQualities": ["color", "gray", "bitonal"],
        "extraFeatures": ["canonicalLinkHeader", "mirroring", "profileLinkHeader", "sizeUpscaling"],
    }
    return _json(request, said, shown.headers | {"Link": _LEVEL})


@router.get("/{item}/{number:int}/{region}/{size}/{rotation}/{quality}.{format}")
async def picture(
    request: Request, shown: _Sheet, sheets: _Drawn, visitor: Reader,
    region: str, size: str, rotation: str, quality: str, format: str,
) -> Response:  # fmt: skip
    """Give the picture of a sheet, or of a part of it."""
    cut = cut_asked(shown.size, region, size, rotation, quality, format)
    tag = f'"{mark(shown.scan, shown.sheet, cut)}"'
    link = f'<{shown.address}/{cut.path}>;rel="canonical", {_LEVEL}'
    headers = shown.headers | {"ETag": tag, "Link": link}
    if tag in (known.strip().removeprefix("W/") for known in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    try:
        data = await sheets.drawn(shown.scan, shown.sheet, cut)
    except ScanError as error:
        # Where what is kept lies, and on which machine, is nothing to readers.
        if visitor.at_least("archivist"):
            words = str(error)
        else:
            words = _("The scan of this page cannot be shown at present; tell who keeps this archive.")
        if "image/" not in request.headers.get("accept", ""):
            raise UnreadableScan(words) from error
        return Response(_notice(words), 500, {"Cache-Control": _NOT_AT_ALL}, "image/svg+xml")
    return Response(data, 200, headers, FORMATS[cut.format])


def _with_pages(archive: Archive, visitor: Visitor, name: str) -> Item:
    item = shown_item(archive, visitor, name)
    if not item.pages:
        raise NotFound(_("Of item “{name}” no page was scanned.").format(name=name))
    return item


def _page(item: Item, number: int) -> Page:
    try:
        return item.page(number)
    except KeyError:
        raise NotFound(_no_page(item.id, number)) from None


def _no_page(item: str, number: int) -> str:
    return _("Item “{name}” has no page {number}.").format(name=item, number=number)


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _json(request: Request, said: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    asked = request.headers.get("accept", "*/*")
    linked = "application/ld+json" in asked or asked == "*/*"
    kind = f'application/ld+json;profile="{said["@context"]}"' if linked else "application/json"
    headers = headers or {"Cache-Control": "private, no-cache", "Vary": "Cookie"}
    return JSONResponse(said, 200, headers | {"Vary": f"{headers['Vary']}, Accept"}, kind)


def _notice(words: str) -> str:
    """Return a picture of a sheet that says `words`."""
    lines, wide = [""], 0
    for char in words:
        wide += 2 if east_asian_width(char) in "WF" else 1
        if wide > 44 or (wide > 34 and char == " "):
            lines.append("")
            wide = 0
        lines[-1] += char
    rows = "".join(f'<text x="40" y="{80 + 40 * row}">{escape(line.strip())}</text>' for row, line in enumerate(lines))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 620 877" font-family="sans-serif" font-size="24" '
        f'fill="#7a1f1f"><rect width="620" height="877" fill="#f4f1ea"/>{rows}</svg>'
    )
