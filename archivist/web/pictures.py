"""Pictures of sheets: decoded once for all that is asked of them at a time, drawn, and kept for the next."""

import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from threading import Lock, Semaphore
from typing import Any, Generic, Protocol, TypeVar

import cv2
import diskcache  # type: ignore[import-untyped]
import numpy as np
from diskcache.core import MODE_PICKLE  # type: ignore[import-untyped]
from numpy.typing import NDArray

from archivist.image.open import Picture, Pixels, media_type, open_page
from archivist.model import Scan
from archivist.store import Store
from archivist.web.cuts import Cut
from archivist.web.sheets import Sheet

#: Bytes of decoded scans a process keeps: some thirty grey pages of A4 at 300 dpi.
_IN_MEMORY = 256 << 20
#: Scans decoded at a time; each may need several times its pixels while it is.
_AT_ONCE = 2
#: PDFium may do one thing at a time only.
_PDFIUM = Lock()
_ENCODED = {
    "jpg": (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 85]),
    "png": (".png", list[int]()),
    "webp": (".webp", [cv2.IMWRITE_WEBP_QUALITY, 80]),
}
#: To be raised when the same request is to give another picture.
_DRAWN_AS = 1


@dataclass(frozen=True)
class Decoded:
    """A scan as pixels, grey (height, width) or RGB (height, width, 3); `size` is width and height of the scan."""

    pixels: Pixels
    size: tuple[int, int]

    @property
    def nbytes(self) -> int:
        """What it takes up in memory."""
        return self.pixels.nbytes

    @cached_property
    def ink(self) -> float:
        """The grey under which a pixel is ink: one for all of the scan, so that tiles agree."""
        small = self.pixels[::4, ::4]
        grey = small if small.ndim == 2 else cv2.cvtColor(np.ascontiguousarray(small), cv2.COLOR_RGB2GRAY)
        return float(cv2.threshold(np.ascontiguousarray(grey), 0, 255, cv2.THRESH_OTSU)[0])


class Pictures:
    """Draws what is asked of the sheets of scans in `store`; safe to use from several threads and processes.

    What was drawn is kept in `folder`, at most `most` bytes of it; where that cannot be written, or `most` is 0,
    nothing is.
    """

    def __init__(self, store: Store, folder: Path, most: int) -> None:
        self._store = store
        self._decoded: _Shelf[Decoded] = _Shelf(_IN_MEMORY)
        self._decoding = Semaphore(_AT_ONCE)
        self._kept = _opened(folder, most)

    def close(self) -> None:
        """Let go of what is open."""
        if self._kept is not None:
            self._kept.close()

    def picture(self, scan: Scan, sheet: Sheet, cut: Cut) -> bytes:
        """Return the picture `cut` asks of `sheet`, a part of `scan`, in the format it asks for.

        ScanError where the original is missing, has changed or cannot be opened.
        """
        name = mark(scan, sheet, cut)
        if (kept := self._found(name)) is not None:
            return kept
        drawn = draw(self._decoded.get(f"{scan.sha256}:{scan.index}", lambda: self._decode(scan)), sheet, cut)
        if self._kept is not None:
            # A full disk, another process that holds the database too long: the next one draws it again.
            with suppress(sqlite3.Error, OSError, diskcache.Timeout):
                self._kept.set(name, drawn)
        return drawn

    def _found(self, name: str) -> bytes | None:
        if self._kept is None:
            return None
        with suppress(sqlite3.Error, OSError, diskcache.Timeout):
            kept = self._kept.get(name)
            return kept if isinstance(kept, bytes) else None
        return None

    def _decode(self, scan: Scan) -> Decoded:
        data = self._store.get(scan.sha256)
        with self._decoding:
            picture = opened(data, scan.index)
            return Decoded(_plain(picture.pixels), picture.size)


def opened(data: bytes, index: int) -> Picture:
    """Return page `index` (from 0) of the scan `data`, as `open_page` does, in any thread."""
    with _PDFIUM if media_type(data) == "application/pdf" else nullcontext():
        return open_page(data, index)


def mark(scan: Scan, sheet: Sheet, cut: Cut) -> str:
    """Return what tells this picture from any other, in hexadecimal digits."""
    said = (_DRAWN_AS, scan.sha256, scan.index, tuple(map(int, sheet.area)), sheet.turn, cut.path)
    return sha256(repr(said).encode()).hexdigest()[:40]


def draw(decoded: Decoded, sheet: Sheet, cut: Cut) -> bytes:
    """Return the picture `cut` asks of `sheet`, a part of the scan `decoded`."""
    part: NDArray[Any] = _part(decoded, sheet, cut)
    size = (cut.width, cut.height) if sheet.turn % 180 == 0 else (cut.height, cut.width)
    part = np.rot90(_scaled(part, *size), -sheet.turn // 90)
    if cut.mirrored:
        part = part[:, ::-1]
    part = np.ascontiguousarray(np.rot90(part, -cut.turn // 90))
    if part.ndim == 3:
        grey = cut.quality in ("gray", "bitonal")
        part = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY if grey else cv2.COLOR_RGB2BGR)
    suffix, options = _ENCODED[cut.format]
    if cut.quality == "bitonal":
        part = cv2.threshold(part, decoded.ink, 255, cv2.THRESH_BINARY)[1]
        options = [cv2.IMWRITE_PNG_BILEVEL, 1] if cut.format == "png" else options
    return cv2.imencode(suffix, part, options)[1].tobytes()


def _part(decoded: Decoded, sheet: Sheet, cut: Cut) -> Pixels:
    """Return the pixels of what is cut, as they lie on the scan; a very large scan is decoded smaller than it is."""
    height, width = decoded.pixels.shape[:2]
    across, down = width / decoded.size[0], height / decoded.size[1]
    box = sheet.back(cut.region)
    left, top = min(int(box.left * across), width - 1), min(int(box.top * down), height - 1)
    right, bottom = max(round(box.right * across), left + 1), max(round(box.bottom * down), top + 1)
    return decoded.pixels[top:bottom, left:right]


def _scaled(part: NDArray[Any], width: int, height: int) -> NDArray[Any]:
    if (part.shape[1], part.shape[0]) == (width, height):
        return part
    # By exact halves it takes a tenth of the time; a row that is left over is no quarter of one that is shown.
    while part.shape[1] >= 4 * width and part.shape[0] >= 4 * height:
        half = part.shape[1] // 2, part.shape[0] // 2
        part = cv2.resize(part[: 2 * half[1], : 2 * half[0]], half, interpolation=cv2.INTER_AREA)
    shrinks = part.shape[1] >= width and part.shape[0] >= height
    return cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)


def _plain(pixels: Pixels) -> Pixels:
    """Return the pixels as they are kept: a page without colour takes a third of the room."""
    few = pixels[::16, ::16]
    for chosen in (few, pixels):
        if (chosen[..., 0] != chosen[..., 1]).any() or (chosen[..., 0] != chosen[..., 2]).any():
            return pixels
    return np.ascontiguousarray(pixels[..., 0])


class _Sized(Protocol):
    @property
    def nbytes(self) -> int: ...


_Held = TypeVar("_Held", bound=_Sized)


class _Shelf(Generic[_Held]):
    """Holds what was asked for last, so many bytes of it; what several ask for at once is made once."""

    def __init__(self, most: int) -> None:
        self._most, self._bytes = most, 0
        self._lock = Lock()
        self._held = OrderedDict[str, _Held]()
        self._making = dict[str, Lock]()

    def get(self, name: str, make: Callable[[], _Held]) -> _Held:
        with self._lock:
            if name in self._held:
                self._held.move_to_end(name)
                return self._held[name]
            making = self._making.setdefault(name, Lock())
        with making:
            with self._lock:
                if name in self._held:
                    return self._held[name]
            try:
                made = make()
                self._put(name, made)
            finally:
                with self._lock:
                    self._making.pop(name, None)
        return made

    def _put(self, name: str, made: _Held) -> None:
        with self._lock:
            if name not in self._held:
                self._bytes += made.nbytes
            self._held[name] = made
            while self._bytes > self._most and len(self._held) > 1:
                _name, gone = self._held.popitem(last=False)
                self._bytes -= gone.nbytes


class _BytesOnly(diskcache.Disk):  # type: ignore[misc]
    """Keeps bytes under names; never runs what somebody else may have put there."""

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:
        """Return what is kept, None for anything but bytes."""
        return None if mode == MODE_PICKLE else super().fetch(mode, filename, value, read)


def _opened(folder: Path, most: int) -> Any:
    """Return what keeps pictures in `folder`, None where nothing can be kept."""
    if not most:
        return None
    with suppress(sqlite3.Error, OSError, diskcache.Timeout):
        return diskcache.Cache(str(folder), timeout=1, disk=_BytesOnly, size_limit=most)
    return None
