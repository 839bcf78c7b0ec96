"""What can be taken home of an item: its scans, its text, its record, a PDF to search."""

import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast
from urllib.parse import quote

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from archivist.access import open_to
from archivist.archive import Archive
from archivist.errors import ArchivistError, NotFound
from archivist.export import searchable
from archivist.language import gettext as _
from archivist.model import Item, Scan
from archivist.text import simplify
from archivist.web.api import item_record
from archivist.web.pictures import opened
from archivist.web.visitor import Reader, Rooms, Visitor, shown_item

router = APIRouter(include_in_schema=False)

# What no system takes in the name of a file, and what would lead elsewhere.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff/\\:*?"<>|]+')
# Bytes: so long may a name be on most systems, with some to spare for a number and an ending.
_LONGEST = 200
_CHUNK = 1 << 20
_KEPT = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}
#: So much of what is made is kept in memory, the rest on the disk.
_IN_MEMORY = 16 << 20


@router.get("/items/{name}/download/original")
def original(rooms: Rooms, visitor: Reader, name: str) -> Response:
    """Give the scan of an item as it came, or all of them as a ZIP."""
    item = shown_item(rooms, visitor, name, "listed")
    scans = list({page.scan.sha256: page.scan for page in item.pages}.values())
    if not scans:
        raise NotFound(_("the item {name} has no pages").format(name=item.id))
    for scan in scans:
        _check_open(rooms, visitor, scan)
    if len(scans) == 1:
        kept = rooms.catalog.scan(scans[0].sha256)
        media_type = kept[0] if kept else scans[0].media_type
        data = rooms.store.get(scans[0].sha256)
        return Response(data, media_type=media_type, headers=_as_file(safe_name(scans[0].name)))
    return StreamingResponse(
        _zipped(rooms, scans), media_type="application/zip", headers=_as_file(f"{_called(item)}.zip")
    )


@router.get("/items/{name}/download/text")
def text(rooms: Rooms, visitor: Reader, name: str, script: str = "") -> Response:
    """Give the text of an item, a form feed between its pages."""
    item = shown_item(rooms, visitor, name)
    pages = [simplify(page.text) if script == "simplified" else page.text for page in item.pages]
    said = "\n\f".join(pages) + "\n"
    # Half a surrogate pair, which a damaged text layer may hold, cannot be written.
    return Response(said.encode("utf-8", "replace"), media_type="text/plain", headers=_as_file(f"{_called(item)}.txt"))


@router.get("/items/{name}/download/metadata")
def metadata(rooms: Rooms, visitor: Reader, name: str) -> Response:
    """Give the record of an item as export jsonl says it."""
    item = shown_item(rooms, visitor, name)
    said = item_record(rooms, visitor, item)
    data = json.dumps(said, ensure_ascii=False, indent=1, allow_nan=False).encode("utf-8", "backslashreplace")
    return Response(data, media_type="application/json", headers=_as_file(f"{_called(item)}.json"))


@router.get("/items/{name}/download/pdf")
def pdf(rooms: Rooms, visitor: Reader, name: str) -> Response:
    """Give an item as a PDF to search."""
    item = shown_item(rooms, visitor, name)
    # Closed when it is sent.
    made = cast(BinaryIO, SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115
    try:
        searchable.write(
            item, lambda scan: rooms.store.get(scan.sha256), lambda data, page: opened(data, page).pixels, made
        )
        size = made.tell()
        made.seek(0)
    except BaseException:
        made.close()
        raise
    headers = _as_file(f"{_called(item)}.pdf") | {"Content-Length": str(size)}
    return StreamingResponse(_read(made), media_type="application/pdf", headers=headers)


def _check_open(rooms: Archive, visitor: Visitor, scan: Scan) -> None:
    """Raise NotFound where the scan holds more than what is open to `visitor`: a stack may hold secret papers, too."""
    if visitor.may_see is None:
        return
    known = rooms.catalog.scan(scan.sha256)
    pages = range(known[1] if known else 0)
    holding = rooms.catalog.items_holding([f"{scan.sha256}:{index}:{part}" for index in pages for part in (0, 1)])
    items = list(rooms.catalog.listed(holding))
    held = {page.scan.index for item in items for page in item.pages if page.scan.sha256 == scan.sha256}
    # Of a page that no item holds nobody knows what it bears.
    if held != set(pages) or not all(open_to(item, visitor.may_see) for item in items):
        text = _("the scan {scan} holds more than the pages of this item; take the PDF of it instead")
        raise NotFound(text.format(scan=scan.name))


class _Caught:
    """Takes what is written until it is asked for."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: what was written is here already."""

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _zipped(rooms: Archive, scans: Sequence[Scan]) -> Iterator[bytes]:
    """Yield a ZIP of `scans`, one in memory at a time; what cannot be read is named in it, with the reason."""
    caught, used, missing = _Caught(), set[str](), list[str]()
    with zipfile.ZipFile(cast(BinaryIO, caught), "w", zipfile.ZIP_STORED) as packed:
        for scan in scans:
            name = unused(safe_name(scan.name), used)
            try:
                data = rooms.store.get(scan.sha256)
            except ArchivistError as error:
                missing.append(f"{name}: {error}")
                continue
            # Scans are compressed already; a moment of their own they have not.
            packed.writestr(zipfile.ZipInfo(name), data)
            del data
            yield caught.taken()
        if missing:
            packed.writestr(zipfile.ZipInfo(unused("missing.txt", used)), "\n".join(missing) + "\n")
    yield caught.taken()


def _read(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def safe_name(name: str, instead: str = "scan") -> str:
    """Return the last part of `name` as a name that every system takes, `instead` where nothing is left of it."""
    last = _UNSAFE.sub("_", PurePosixPath(name.replace("\\", "/")).name).strip(" .")
    stem, dot, ending = last.rpartition(".")
    if not dot or len(ending) > 10:
        stem, dot, ending = last, "", ""
    while len(f"{stem}{dot}{ending}".encode()) > _LONGEST:
        stem = stem[:-1]
    return f"{stem}{dot}{ending}".strip(" .") or instead


def unused(name: str, used: set[str]) -> str:
    """Return `name`, with a number where it is `used` already (by its letters, whatever their case), and add it."""
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    found, turn = name, 1
    while found.casefold() in used:
        turn += 1
        found = f"{stem} ({turn}){dot}{ending}"
    used.add(found.casefold())
    return found


def _called(item: Item) -> str:
    """Return what a file of `item` is called: by its reference code and title."""
    return safe_name(" ".join(filter(None, (item.reference_code, item.title.replace("/", "_")))), item.id)


def _as_file(name: str) -> dict[str, str]:
    """Return the headers of something to keep, under any name (RFC 6266)."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    with suppress(UnicodeEncodeError):
        name.encode("ascii")
        return {"Content-Disposition": f'attachment; filename="{plain}"', **_KEPT}
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return {"Content-Disposition": disposition, **_KEPT}
