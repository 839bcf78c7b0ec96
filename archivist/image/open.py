"""From the bytes of a scan to one upright-as-stored picture, or a reason in words why not."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from gettext import gettext as _
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archivist.errors import EmptyScan, OversizedScan, ScanError, TruncatedScan, WrongType
from archivist.image import pdf
from archivist.image.picture import MOST_PIXELS, Picture, Pixels, check_pages, check_size, oversized
from archivist.image.tiff import directories

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["MOST_PIXELS", "SUFFIXES", "Picture", "Pixels", "media_type", "misnamed", "open_page", "page_count"]

#: What a path may be called to be taken for a scan; anything else in a box is reported, not guessed at.
_FAMILIES = {
    "application/pdf": (".pdf",),
    "image/tiff": (".tif", ".tiff"),
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "image/jp2": (".jp2", ".j2k", ".jpx", ".j2c"),
    "image/bmp": (".bmp",),
    "image/gif": (".gif",),
    "image/x-portable-anymap": (".ppm", ".pgm", ".pbm"),
}
SUFFIXES = frozenset(suffix for family in _FAMILIES.values() for suffix in family)

#: A scan of more pixels than this is decoded smaller, no side below the second figure: A3 at 400 dpi stays as it is.
_LARGE, _LARGE_SIDE = 45_000_000, 4500
_ORIENTATION = 0x0112
#: What can be made smaller as it stands; deep grey and transparent pictures must be made plain first.
_PLAIN_MODES = frozenset({"1", "L", "P", "RGB", "CMYK", "YCbCr"})
#: Fax machines write pixels up to twice as tall as wide; beyond that the resolution is a mistake.
_STRETCHED, _MOST_STRETCHED = 1.2, 4.0
#: Brightest value of 8, 10, 12, 14 and 16 bits a pixel.
_WHITES = (255, 1023, 4095, 16383, 65535)
_MARKS = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"II*\0": "image/tiff",
    b"MM\0*": "image/tiff",
    b"II+\0": "image/tiff",
    b"MM\0+": "image/tiff",
    b"\0\0\0\x0cjP  ": "image/jp2",
    b"\xff\x4f\xff\x51": "image/jp2",
    b"GIF8": "image/gif",
    b"BM": "image/bmp",
    b"P4": "image/x-portable-anymap",
    b"P5": "image/x-portable-anymap",
    b"P6": "image/x-portable-anymap",
}


def media_type(data: bytes) -> str:
    """Return the media type the first bytes show; EmptyScan or WrongType where they show none a scan can have."""
    if not data:
        raise EmptyScan(_("the path holds no bytes; it was not copied completely, scan or copy it again"))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    for mark, kind in _MARKS.items():
        if data.startswith(mark):
            return kind
    # Some producers put a few bytes before a PDF's header; readers accept it within the first kilobyte.
    if b"%PDF-" in data[:1024]:
        return "application/pdf"
    if not data.strip(b"\0"):
        raise TruncatedScan(_("the path holds only zero bytes; the copy was cut off, copy it again"))
    raise WrongType(_("the bytes are neither a picture nor a PDF; take it out of the box, or export it again as one"))


def misnamed(name: str, kind: str) -> str:
    """Return a sentence where the ending of `name` does not fit media type `kind`, else an empty one."""
    suffix = PurePath(name).suffix.lower()
    expected = next((family for family, suffixes in _FAMILIES.items() if suffix in suffixes), kind)
    return "" if expected == kind else _("named {suffix}, but the bytes are {kind}").format(suffix=suffix, kind=kind)


def page_count(data: bytes) -> int:
    """Return how many page images `data` holds; a ScanError where it cannot be used or is not safe to keep.

    A TIFF that breaks off between pages counts one page more, which cannot be opened.
    """
    kind = media_type(data)
    if kind == "application/pdf":
        return pdf.page_count(data)
    with _raster(data):
        if kind != "image/tiff":
            return 1
    found = directories(data)
    check_pages(len(found.pages))
    return len(found.pages) + found.broken


def open_page(data: bytes, index: int) -> Picture:
    """Return page `index` (from 0) of the scan `data`; a ScanError where it cannot be used."""
    kind = media_type(data)
    if kind == "application/pdf":
        return pdf.open_page(data, index)
    frame = 0
    if kind == "image/tiff":
        pages = directories(data).pages
        if index >= len(pages):
            text = _("the TIFF breaks off after page {page}, and what came then is lost; copy or scan it again")
            raise TruncatedScan(text.format(page=len(pages)))
        frame = pages[index]
    with _raster(data) as image:
        return _frame(image, frame)


@contextmanager
def _raster(data: bytes) -> Iterator["Image"]:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            # Pillow warns about damaged metadata and large pictures; `_check_size` and the decoder decide.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                yield image
    except ScanError:
        raise
    except Image.DecompressionBombError as error:
        raise OversizedScan(oversized("".join(filter(str.isdigit, str(error).partition("exceeds")[0])))) from None
    except UnidentifiedImageError:
        raise TruncatedScan(_("the picture breaks off in its header; copy or scan it again")) from None
    except Exception as error:
        # Damaged bytes end as any of a dozen kinds of error, KeyError and TypeError among them.
        text = _("the picture breaks off or is damaged ({reason}); copy or scan it again")
        raise TruncatedScan(text.format(reason=error)) from error


def _frame(image: "Image", frame: int) -> Picture:
    if frame:
        image.seek(frame)
    check_size(*image.size)
    across, down = _resolution(image.info.get("dpi"))
    full = image.size
    if smaller := _smaller(full):
        # JPEG decodes straight to a half or a quarter.
        image.draft(None, smaller)
    image.load()
    plain = image.mode in _PLAIN_MODES and "transparency" not in image.info
    if smaller and plain and image.size[0] >= 2 * smaller[0]:
        lies = image.getexif().get(_ORIENTATION, 1)
        image = image.convert("L" if image.mode in ("1", "L") else "RGB").reduce(image.size[0] // smaller[0])
        image.getexif()[_ORIENTATION] = lies
    decoded = image.size
    upright = _turned(image)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        from PIL import Image

        upright = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)
    if upright.size != decoded:
        across, down = down, across
        full = full[1], full[0]
    stretch = across / down if across and down else 1.0
    if not _STRETCHED < max(stretch, 1 / stretch) < _MOST_STRETCHED:
        stretch = 1.0
    if upright.mode.startswith("I") or upright.mode == "F":
        pixels = _eight_bits(np.asarray(upright))
    else:
        pixels = np.asarray(upright if upright.mode == "RGB" else upright.convert("RGB"))
    if smaller and not plain:
        from PIL import Image

        pixels = np.asarray(Image.fromarray(pixels).reduce(max(full) // max(smaller)))
    # 72 and 96 are what programs write when they do not know.
    return Picture(pixels, full, across if across > 96.5 else None, stretch=stretch)


def _smaller(size: tuple[int, int]) -> tuple[int, int] | None:
    """Return the size at which a scan of `size` is decoded, None for as it is; reading asks for less by far."""
    if size[0] * size[1] <= _LARGE:
        return None
    parts = max(size) // _LARGE_SIDE
    return (size[0] // parts, size[1] // parts) if parts > 1 else None


def _turned(image: "Image") -> "Image":
    """Return the picture turned as its EXIF says; as it is stored where the EXIF is damaged."""
    from PIL import ImageOps

    try:
        # Nearly all scans lie as they are stored, and a copy of one takes time.
        if image.getexif().get(_ORIENTATION, 1) == 1:
            return image
        return ImageOps.exif_transpose(image)
    except Exception:
        return image


def _eight_bits(values: NDArray[Any]) -> Pixels:
    values = np.nan_to_num(values.astype(np.float32), posinf=0, neginf=0)
    high = float(values.max(initial=0))
    # A grey scan of 12 bits stands in 16; fractions run to 1.
    white = 1 if high <= 1 else next((white for white in _WHITES if high <= white), high)
    grey = np.clip(values * (255 / white), 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _resolution(value: Any) -> tuple[float, float]:
    """Return dots an inch across and down, 0 where the scan does not say."""
    try:
        across, down = float(value[0]), float(value[1])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return 0.0, 0.0
    return (across, down) if 0 < across < 1e5 and 0 < down < 1e5 else (0.0, 0.0)
