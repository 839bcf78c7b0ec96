"""From the bytes of a scan to one upright-as-stored picture, or a reason in words why not."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archivist.errors import EmptyScan, EncryptedScan, OversizedScan, TruncatedScan, WrongType
from archivist.image.textlayer import TextLayer, text_layer

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = NDArray[np.uint8]

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

#: A0 at 300 dpi has 140 million pixels; no sheet in a box is larger.
MOST_PIXELS = 150_000_000
PDF_DPI = 300
_PDF_DPI_BOUNDS = (100, 400)
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


@dataclass(frozen=True)
class Picture:
    """One page as pixels: RGB of shape (height, width, 3), turned as EXIF says; a PDF page also has its text layer.

    `dpi` is None where the scan does not say. `note` says what was odd about the bytes, in words.
    """

    pixels: Pixels
    dpi: float | None
    text: TextLayer | None = None
    note: str = ""


def media_type(data: bytes) -> str:
    """Return the media type the first bytes show; EmptyScan or WrongType where they show none a scan can have."""
    if not data:
        raise EmptyScan("the path holds no bytes; it was not copied completely, scan or copy it again")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    for mark, kind in _MARKS.items():
        if data.startswith(mark):
            return kind
    # Some producers put a few bytes before a PDF's header; readers accept it within the first kilobyte.
    if b"%PDF-" in data[:1024]:
        return "application/pdf"
    if not data.strip(b"\0"):
        raise TruncatedScan("the path holds only zero bytes; the copy was cut off, copy it again")
    raise WrongType(
        "the bytes are neither a picture nor a PDF; take it out of the box or name the right program's output"
    )


def misnamed(name: str, kind: str) -> str:
    """Return a sentence where the ending of `name` does not fit media type `kind`, else an empty one."""
    suffix = PurePath(name).suffix.lower()
    expected = next((family for family, suffixes in _FAMILIES.items() if suffix in suffixes), kind)
    return "" if expected == kind else f"named {suffix}, but the bytes are {kind}"


def page_count(data: bytes) -> int:
    """Return how many page images `data` holds; a ScanError where it cannot be used."""
    if media_type(data) == "application/pdf":
        with _pdf(data) as document:
            count = len(document)
    else:
        with _raster(data) as image:
            count = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
    if not count:
        raise EmptyScan("no pages inside; scan it again")
    return count


def open_page(data: bytes, index: int) -> Picture:
    """Return page `index` (from 0) of the scan `data`; a ScanError where it cannot be used."""
    if media_type(data) == "application/pdf":
        return _pdf_page(data, index)
    with _raster(data) as image:
        return _frame(image, index)


@contextmanager
def _raster(data: bytes) -> Iterator["Image"]:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            # Pillow warns about damaged metadata and large pictures; `_check_size` and the decoder decide.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                yield image
    except Image.DecompressionBombError as error:
        raise OversizedScan(_oversized(str(error).partition("exceeds")[0].removeprefix("Image size "))) from None
    except UnidentifiedImageError:
        raise TruncatedScan("the picture breaks off in its header; copy or scan it again") from None
    except (OSError, SyntaxError, EOFError, ValueError) as error:
        raise TruncatedScan(f"the picture breaks off or is damaged ({error}); copy or scan it again") from error


def _frame(image: "Image", index: int) -> Picture:
    from PIL import ImageOps

    if index:
        image.seek(index)
    _check_size(*image.size)
    dpi = _stated_dpi(image.info.get("dpi"))
    image.load()
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        from PIL import Image

        upright = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)
    if upright.mode.startswith("I") or upright.mode == "F":
        return Picture(_eight_bits(np.asarray(upright)), dpi)
    return Picture(np.asarray(upright.convert("RGB")), dpi)


def _eight_bits(values: NDArray[Any]) -> Pixels:
    high = float(values.max(initial=0))
    scale = 255 / (65535 if high > 255 else 255)
    grey = np.clip(values.astype(np.float32) * scale, 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _stated_dpi(value: Any) -> float | None:
    try:
        dpi = float(value[0])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return None
    # 72 and 96 are what programs write when they do not know.
    return dpi if dpi > 96.5 else None


def _check_size(width: float, height: float) -> None:
    if width < 1 or height < 1:
        raise EmptyScan("the picture has no area; scan it again")
    if width * height > MOST_PIXELS:
        raise OversizedScan(_oversized(f"{width:.0f} × {height:.0f} pixels"))


def _oversized(size: str) -> str:
    return (
        f"{size.strip(' ()')} is more than any sheet of paper has (at most {MOST_PIXELS // 1_000_000} million); "
        "it was left closed, scan it again at 300 to 600 dpi"
    )


@contextmanager
def _pdf(data: bytes) -> Iterator[Any]:
    import pypdfium2
    from pypdfium2 import PdfiumError

    try:
        document = pypdfium2.PdfDocument(data)
    except PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise EncryptedScan("the PDF asks for a password; save a copy without one and ingest that") from error
        raise TruncatedScan(f"the PDF is cut off or damaged ({error}); copy it again") from error
    try:
        yield document
    finally:
        document.close()


def _pdf_page(data: bytes, index: int) -> Picture:
    from pypdfium2 import PdfiumError

    with _pdf(data) as document:
        try:
            page = document[index]
            width, height = page.get_size()
            dpi = _pdf_dpi(page, width)
            _check_size(width * dpi / 72, height * dpi / 72)
            pixels = np.ascontiguousarray(page.render(scale=dpi / 72, rev_byteorder=True).to_numpy()[:, :, :3])
        except (PdfiumError, IndexError) as error:
            raise TruncatedScan(f"page {index + 1} of the PDF is damaged ({error}); copy it again") from error
    return Picture(pixels, dpi, text_layer(data, index, dpi / 72))


def _pdf_dpi(page: Any, width: float) -> float:
    """Return the resolution of the scan that fills the page, so that no pixel of it is lost; PDF_DPI without one."""
    from pypdfium2 import raw

    low, high = _PDF_DPI_BOUNDS
    for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, _, right, _ = image.get_bounds()
        if right - left > 0.8 * width:
            columns = image.get_px_size()[0]
            return float(min(max(columns * 72 / (right - left), low), high))
    return float(PDF_DPI)
