"""Small scans for tests: strips of a sample page that read in a moment, and scans with every kind of damage."""

import io
import struct
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import pikepdf
from PIL import Image

from tests.scans import NOTICE, SAMPLES

#: Printed lines of the notice of 1987 that stand by themselves, as a strip each.
LINES = range(5, 15)
PLAN_PDF = SAMPLES / "district-plan-2012.pdf"


@cache
def strip(number: int) -> Image.Image:
    """Return line `number` (of LINES) of the notice as a picture of its own, in colour."""
    _left, top, _right, bottom = NOTICE.lines[number].box
    with Image.open(NOTICE.path) as page:
        return page.convert("RGB").crop((0, round(top) - 30, page.width, round(bottom) + 30))


def words(number: int) -> str:
    """Return what stands on the strip."""
    return NOTICE.lines[number].text


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def scan(number: int) -> bytes:
    """Return strip `number` as a JPEG."""
    return encoded(strip(number), quality=90)


def put(box: Path, **scans: bytes) -> Path:
    """Write scans into `box`, named p1='…' for p1.jpg."""
    box.mkdir(parents=True, exist_ok=True)
    for name, data in scans.items():
        (box / f"{name}.jpg").write_bytes(data)
    return box


def tiff(*numbers: int) -> bytes:
    """Return the strips as the pages of one TIFF."""
    first, *others = (strip(number).convert("L") for number in numbers)
    return encoded(first, "TIFF", save_all=True, append_images=others, compression="tiff_lzw")


def damaged_page(data: bytes, place: int) -> bytes:
    """Return the little-endian TIFF `data` with the picture of page `place` (from 0) overwritten."""
    (offset,) = struct.unpack_from("<I", data, 4)
    for _skipped in range(place):
        (count,) = struct.unpack_from("<H", data, offset)
        (offset,) = struct.unpack_from("<I", data, offset + 2 + 12 * count)
    (count,) = struct.unpack_from("<H", data, offset)
    spoilt = bytearray(data)
    for entry in range(offset + 2, offset + 2 + 12 * count, 12):
        tag, kind, values, value = struct.unpack_from("<HHII", data, entry)
        if tag == 273:
            starts = [value] if values == 1 else struct.unpack_from(f"<{values}{'IH'[kind == 3]}", data, value)
            for start in starts:
                spoilt[start : start + 64] = b"\xff" * 64
    return bytes(spoilt)


def png_bomb(side: int = 30_000) -> bytes:
    """Return a PNG of `side` × `side` white pixels, some 100 kB small."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    squeeze = zlib.compressobj(9)
    row = b"\0" + b"\xff" * -(-side // 8)
    rows = b"".join(squeeze.compress(row) for _row in range(side)) + squeeze.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def tiff_bomb(side: int = 30_000) -> bytes:
    """Return a TIFF that says it has `side` × `side` pixels, in one strip of nothing."""
    tags = [(256, side), (257, side), (258, 8), (259, 1), (262, 1), (273, 200), (277, 1), (278, side), (279, 8)]
    body = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return (b"II*\0" + struct.pack("<I", 8) + body + bytes(4)).ljust(208, b"\0")


def pdf(document: pikepdf.Pdf, **options: Any) -> bytes:
    stream = io.BytesIO()
    document.save(stream, **options)
    return stream.getvalue()


def plan(pages: int = 1) -> pikepdf.Pdf:
    """Return the first pages of the plan with its text layer."""
    document = pikepdf.open(PLAN_PDF)
    del document.pages[pages:]
    return document


def locked(user: str, owner: str) -> bytes:
    """Return the plan's first page under these passwords, as today's programs encrypt it."""
    return pdf(plan(), encryption=pikepdf.Encryption(user=user, owner=owner, R=6))


def written(text: bytes, font: str = "/Helvetica") -> bytes:
    """Return a PDF of one page that says `text` in single-byte characters."""
    document = pikepdf.new()
    document.add_blank_page(page_size=(400, 200))
    page = document.pages[0]
    face = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name(font))
    face.Encoding = pikepdf.Name.WinAnsiEncoding
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=face))
    page.Contents = document.make_stream(b"BT /F 14 Tf 20 100 Td <" + text.hex().encode() + b"> Tj ET")
    return pdf(document)
