"""A page as pixels, and how large it may be."""

from dataclasses import dataclass
from gettext import gettext as _

import numpy as np
from numpy.typing import NDArray

from archivist.errors import EmptyScan, OversizedScan
from archivist.image.textlayer import TextLayer

Pixels = NDArray[np.uint8]

#: A0 at 300 dpi has 140 million pixels; no sheet in a box is larger.
MOST_PIXELS = 150_000_000
#: No character fits into less.
LEAST_SIDE = 32
#: No volume that was ever bound has so many.
MOST_PAGES = 20_000


@dataclass(frozen=True)
class Picture:
    """One page as pixels: RGB of shape (height, width, 3), turned as EXIF says; a PDF page also has its text layer.

    `size` is width and height of the scan, of which `pixels` is a smaller copy where it is very large. `dpi` is None
    where the scan does not say; `stretch` is how many times as tall as wide a pixel of it is.
    """

    pixels: Pixels
    size: tuple[int, int]
    dpi: float | None
    text: TextLayer | None = None
    stretch: float = 1.0


def check_size(width: float, height: float) -> None:
    """Raise EmptyScan where a picture of so many pixels cannot hold writing, OversizedScan where it is no sheet."""
    if min(width, height) < LEAST_SIDE:
        text = _("{width:.0f} × {height:.0f} pixels are too few to hold writing; scan it again")
        raise EmptyScan(text.format(width=width, height=height))
    if width * height > MOST_PIXELS:
        raise OversizedScan(oversized(f"{width:.0f} × {height:.0f}"))


def check_pages(count: int) -> None:
    """Raise OversizedScan where a scan says that it has more pages than MOST_PAGES."""
    if count > MOST_PAGES:
        text = _("it says it has more than {most} pages, which no volume has; it was left closed, copy or split it")
        raise OversizedScan(text.format(most=MOST_PAGES))


def oversized(size: str) -> str:
    """Return what is said of a picture of `size` pixels that no sheet of paper has."""
    text = _(
        "{size} pixels is more than any sheet of paper has (at most {most} million); "
        "it was left closed, scan it again at 300 to 600 dpi"
    )
    return text.format(size=size, most=MOST_PIXELS // 1_000_000)
