"""Readers: from a clean, upright picture to lines of characters that know where they stand and how sure they are."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from archivist.model import Line

Grey = NDArray[np.uint8]

#: What a single level stroke may be read as.
STROKES = frozenset("一—–-－ー―─_")


class Reader(Protocol):
    """Something that reads; the two that ship are `RapidReader` and `TesseractReader`."""

    name: str

    def read(self, image: Grey) -> tuple[Line, ...]:
        """Return every line found on `image` (height, width), boxes in its pixels, in no promised order.

        Nothing found is an empty tuple. Raises NotInstalled where the engine is missing.
        """
        ...
