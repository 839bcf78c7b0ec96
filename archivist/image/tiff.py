"""Which of the directories of a TIFF are pages: read here, because Pillow stops at the first damaged one."""

import struct
from dataclasses import dataclass

_SUBFILE, _WIDTH, _HEIGHT = 254, 256, 257
#: Bits of NewSubfileType (TIFF 6.0, section 8): a smaller copy of a page, a mask over one.
_NO_PAGE = 0b101
#: No scanner writes so many tags; a larger number is no directory.
_MOST_TAGS = 1024
#: A page may come with a thumbnail and a mask; no volume has a third so many pages.
_MOST_DIRECTORIES = 100_000


@dataclass(frozen=True, slots=True)
class Directories:
    """The frames (from 0, as Pillow counts them) that are pages; `broken` where the chain breaks off after them."""

    pages: tuple[int, ...]
    broken: bool


def directories(data: bytes) -> Directories:
    """Follow the chain of image file directories of a TIFF or BigTIFF and return what it leads to."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    count_as, entry, offset_as = ("Q", 20, "Q") if big else ("H", 12, "I")
    frames: list[tuple[int, bool]] = []
    seen: set[int] = set()
    try:
        (offset,) = struct.unpack_from(order + offset_as, data, 8 if big else 4)
        while offset:
            (count,) = struct.unpack_from(order + count_as, data, offset)
            start = offset + struct.calcsize(order + count_as)
            if offset in seen or len(seen) > _MOST_DIRECTORIES or not 0 < count <= _MOST_TAGS:
                return Directories(_pages(frames), True)
            tags = {}
            for place in range(count):
                tag, kind = struct.unpack_from(order + "HH", data, start + entry * place)
                (value,) = struct.unpack_from(
                    order + ("H" if kind == 3 else "I"), data, start + entry * place + entry - (8 if big else 4)
                )
                tags[tag] = value
            if not {_WIDTH, _HEIGHT} <= tags.keys():
                return Directories(_pages(frames), True)
            (following,) = struct.unpack_from(order + offset_as, data, start + entry * count)
            seen.add(offset)
            frames.append((len(frames), bool(tags.get(_SUBFILE, 0) & _NO_PAGE)))
            offset = following
    except (struct.error, OverflowError):
        return Directories(_pages(frames), True)
    return Directories(_pages(frames), False)


def _pages(frames: list[tuple[int, bool]]) -> tuple[int, ...]:
    return tuple(frame for frame, aside in frames if not aside) or tuple(frame for frame, _aside in frames[:1])
