"""The pages of a PDF as pixels, each at the resolution of the scan on it, with its text layer."""

from collections.abc import Iterator
from contextlib import contextmanager
from gettext import gettext as _
from sys import maxsize
from typing import TYPE_CHECKING, Any

import numpy as np

from archivist.errors import EmptyScan, EncryptedScan, OversizedScan, ScanError, TruncatedScan
from archivist.image.picture import MOST_PIXELS, Picture, check_pages, check_size
from archivist.image.textlayer import text_layer

if TYPE_CHECKING:
    from archivist.image.unfold import Unfolded

PDF_DPI = 300
_PDF_DPI_BOUNDS = (100, 400)
#: A picture that takes up less of a page than this is an emblem, not a scan.
_LEAST_OF_PAGE = 0.2
#: A text layer of more characters, or more bytes of drawing around them, is no page of writing.
_MOST_CHARACTERS, _MOST_DRAWING = 50_000, 8_000_000
#: What PDFium calls the two kinds of XFA form.
_XFA = (2, 3)


def page_count(data: bytes) -> int:
    """Return how many pages the PDF `data` has; UnsafeScan where it would do more than show them."""
    from pypdfium2 import raw

    from archivist.image.active import refuse_active

    with _document(data) as document:
        count = len(document)
        checks = {
            "script": raw.FPDFDoc_GetJavaScriptActionCount(document) > 0,
            "attachment": raw.FPDFDoc_GetAttachmentCount(document) > 0,
            "form": raw.FPDF_GetFormType(document) in _XFA,
        }
    if not count:
        raise EmptyScan(_("the PDF has no pages; scan it again"))
    check_pages(count)
    refuse_active(data, {kind for kind, found in checks.items() if found})
    return count


def open_page(data: bytes, index: int) -> Picture:
    """Return page `index` (from 0) of the PDF `data`; a ScanError where it cannot be used."""
    followed = _followed(data)
    drawing = _drawing(followed, index)
    with _document(data) as document:
        try:
            page = document[index]
            width, height = page.get_size()
            dpi = _dpi(page, width, height)
            check_size(width * dpi / 72, height * dpi / 72)
            pixels = np.ascontiguousarray(page.render(scale=dpi / 72, rev_byteorder=True).to_numpy()[:, :, :3])
            empty = next(page.get_objects(max_depth=1), None) is None
            characters = page.get_textpage().count_chars()
        except (ScanError, MemoryError):
            raise
        except Exception as error:
            text = _("page {page} of the PDF is damaged ({reason}); copy it again")
            raise TruncatedScan(text.format(page=index + 1, reason=error)) from error
        pages = len(document)
    # PDFium shows a white sheet where the page tree leads nowhere.
    if empty and _named_pages(followed) != pages:
        raise TruncatedScan(_("page {page} of the PDF is missing from it; copy it again").format(page=index + 1))
    size = (pixels.shape[1], pixels.shape[0])
    layer = None
    # Where the two libraries count the pages in different ways, they may mean another page.
    if followed and 0 < characters <= _MOST_CHARACTERS and drawing <= _MOST_DRAWING and len(followed.pages) == pages:
        layer = text_layer(followed, index, dpi / 72, size)
    return Picture(pixels, size, dpi, layer)


@contextmanager
def _document(data: bytes) -> Iterator[Any]:
    import pypdfium2
    from pypdfium2 import PdfiumError

    # A PDF ends with where its table of contents begins; what stands behind that was never finished.
    end = data.rfind(b"startxref")
    if end < 0 or data.find(b"endobj", end) >= 0:
        raise TruncatedScan(_("the PDF breaks off before its end; copy it again"))
    try:
        document = pypdfium2.PdfDocument(data)
    except PdfiumError as error:
        # PDFium may still give the reason of an earlier failure, so it is not believed alone.
        if b"/Encrypt" in data and ("password" in str(error).lower() or "security" in str(error).lower()):
            raise EncryptedScan(_("the PDF asks for a password; save a copy without one and ingest that")) from error
        if _named_pages(_followed(data)) == 0:
            raise EmptyScan(_("the PDF has no pages; scan it again")) from error
        text = _("the PDF is cut off or damaged ({reason}); copy it again")
        raise TruncatedScan(text.format(reason=error)) from error
    try:
        yield document
    finally:
        document.close()


def _followed(data: bytes) -> "Unfolded | None":
    """Return the objects of the PDF, None where they cannot be followed; OversizedScan where they are a bomb."""
    from archivist.image.unfold import Unfolded

    try:
        pdf = Unfolded(data)
        return pdf if pdf.pages or "Pages" in pdf.document.catalog else None
    except (OversizedScan, MemoryError):
        raise
    except Exception:
        # There is no end to what damaged bytes raise.
        return None


def _named_pages(pdf: "Unfolded | None") -> int | None:
    """Return how many pages the page tree names, None where there is none that can be followed."""
    return len(pdf.pages) if pdf and "Pages" in pdf.document.catalog else None


def _drawing(pdf: "Unfolded | None", index: int) -> int:
    """Return what `Unfolded.weigh` says and raise OversizedScan as it does; without end where it cannot say."""
    try:
        return pdf.weigh(index) if pdf else maxsize
    except (OversizedScan, MemoryError):
        raise
    except Exception:
        return maxsize


def _dpi(page: Any, width: float, height: float) -> float:
    """Return the finest resolution of the scans that a page of `width` × `height` points is made of.

    PDF_DPI where there is none; less, down to 72, where the page would have more pixels than a scan may.
    """
    from pypdfium2 import raw

    found = [0.0]
    for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = image.get_bounds()
        across, down = right - left, top - bottom
        if across * down > _LEAST_OF_PAGE * width * height:
            # A layer may lie on its side; the longer side of either is the same side.
            found.append(max(image.get_px_size()) * 72 / max(across, down))
    low, high = _PDF_DPI_BOUNDS
    dpi = min(max(max(found), low), high) if max(found) else PDF_DPI
    # Some programs write a pixel as a point; a sheet too large even so is no paper.
    return float(min(dpi, max(72 * (0.99 * MOST_PIXELS / max(width * height, 1.0)) ** 0.5, 72)))
