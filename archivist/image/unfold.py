"""The objects of a PDF, unpacked no further than a sheet of paper can need.

A few bytes of a PDF may stand for a thousand times as many, and a drawing may repeat a drawing that repeats others;
what only unpacks is stopped here before it takes all memory or time.
"""

import io
import logging
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from gettext import gettext as _
from typing import Any

from pdfminer import pdftypes
from pdfminer.ascii85 import ascii85decode, asciihexdecode
from pdfminer.lzw import LZWDecoder
from pdfminer.pdfdocument import PDFBaseXRef, PDFDocument, PDFXRefStream
from pdfminer.pdfpage import PDFPage
from pdfminer.pdfparser import PDFParser, PDFSyntaxError
from pdfminer.psparser import LIT
from pdfminer.runlength import rldecode
from pdfminer.utils import apply_png_predictor, apply_tiff_predictor

from archivist.errors import OversizedScan

# It tells of every font and every fault it has not met before.
logging.getLogger("pdfminer").setLevel(logging.CRITICAL)

#: What all streams looked at in one document may unpack to: no page has so much beside its pictures.
_MOST_BYTES = 64 * 2**20
#: pdfminer takes eight bytes for each byte of these: rows that differ little (predictors), runs of equal bytes.
_MOST_LISTED = 8 * 2**20
#: Pixels in all pictures of one page: a sheet may be made of several layers.
_MOST_PIXELS = 600_000_000
#: How many drawings (form XObjects, ISO 32000-1, 8.10) a page may be made of, each counted as often as it is drawn.
_MOST_DRAWINGS = 100_000
#: How deep one drawing may lie in others, and how many objects a page may be made of.
_DEEPEST, _MOST_OBJECTS = 30, 100_000
_DRAWN = re.compile(rb"/([^\s/<>\[\]()%{}]+)\s+Do\b")
_IMAGE, _FORM = LIT("Image"), LIT("Form")
#: What a page names that is no part of its drawing.
_ELSEWHERE = frozenset({"Parent", "P", "StructParents", "Annots", "B", "Metadata", "PieceInfo"})


class Unfolded:
    """A PDF whose streams unpack within bounds; OversizedScan from whatever would unpack further.

    Making one raises what pdfminer raises where the bytes are no PDF that can be followed.
    """

    def __init__(self, data: bytes) -> None:
        """Follow the cross-reference tables of the PDF `data`, with an empty password where it is encrypted."""
        self._left = _MOST_BYTES
        self.document = _Document(_Parser(data, self._spend))
        for table in self.document.xrefs:
            if isinstance(table, PDFXRefStream) and (table.entlen or 0) * sum(
                count for _first, count in table.ranges
            ) > len(table.data or b""):
                raise PDFSyntaxError("a cross-reference stream is shorter than it says")

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            text = _("the PDF unpacks to more than {most} MB beside its pictures; it was left closed, scan it again")
            raise OversizedScan(text.format(most=_MOST_BYTES // 2**20))

    @cached_property
    def pages(self) -> list[PDFPage]:
        """The pages that its page tree leads to."""
        return list(PDFPage.create_pages(self.document))

    def weigh(self, index: int) -> int:
        """Return how many bytes of drawing there are on page `index` (from 0), each counted as often as it is drawn.

        Raises OversizedScan where the page unpacks to more than a sheet can show, IndexError where there is none.
        """
        page = self.pages[index]
        drawing = b"\n".join(pdftypes.stream_value(stream).get_data() for stream in page.contents)
        pixels = 0
        for stream in _streams(page.resources):
            if stream.get("Subtype") is _IMAGE:
                pixels += pdftypes.int_value(stream.get("Width")) * pdftypes.int_value(stream.get("Height"))
                stream.unpacked(picture=True)
            else:
                stream.get_data()
        weight, drawings = _repeated(drawing, page.resources, {})
        if pixels > _MOST_PIXELS or drawings > _MOST_DRAWINGS:
            text = _("page {page} of the PDF unpacks to more than a sheet can show; it was left closed, scan it again")
            raise OversizedScan(text.format(page=index + 1))
        return weight


class _Document(PDFDocument):
    """A document whose cross-reference tables do not lead in a circle."""

    def __init__(self, parser: PDFParser) -> None:
        self._begun: set[int] = set()
        super().__init__(parser)

    def read_xref_from(self, parser: PDFParser, start: int, xrefs: list[PDFBaseXRef]) -> None:
        if start in self._begun:
            raise RecursionError("the cross-reference tables lead in a circle")
        self._begun.add(start)
        super().read_xref_from(parser, start, xrefs)


class _Parser(PDFParser):
    """A parser whose streams tell what they unpack to."""

    def __init__(self, data: bytes, spend: Callable[[int], None]) -> None:
        super().__init__(io.BytesIO(data))
        self._spend = spend

    def push(self, *objects: tuple[int, Any]) -> None:
        super().push(*((place, self._bounded(thing)) for place, thing in objects))

    def _bounded(self, thing: Any) -> Any:
        if type(thing) is not pdftypes.PDFStream:
            return thing
        return _Stream(thing.attrs, thing.rawdata or b"", thing.decipher, self._spend)


class _Stream(pdftypes.PDFStream):
    """A stream that tells what it unpacks to."""

    def __init__(self, attrs: dict[str, Any], rawdata: bytes, decipher: Any, spend: Callable[[int], None]) -> None:
        super().__init__(attrs, rawdata, decipher)
        self._spend = spend

    def decode(self) -> None:
        self.data, self.rawdata = self.unpacked(), None

    def unpacked(self, picture: bool = False) -> bytes:
        """Return what it unpacks to; a `picture` only up to its own packing, which whoever draws it takes off."""
        data, filters = self.rawdata or b"", self.get_filters()
        if picture:
            filters = filters[:-1]
        if self.decipher and (filters or not picture):
            data = self.decipher(self.objid or 0, self.genno or 0, data, self.attrs)
        for name, how in filters:
            if name in pdftypes.LITERALS_FLATE_DECODE:
                data = _inflated(data)
            elif name in pdftypes.LITERALS_LZW_DECODE:
                data = _expanded(data)
            elif name in pdftypes.LITERALS_ASCII85_DECODE:
                data = ascii85decode(data)
            elif name in pdftypes.LITERALS_ASCIIHEX_DECODE:
                data = asciihexdecode(data)
            elif name in pdftypes.LITERALS_RUNLENGTH_DECODE:
                self._spend(_MOST_BYTES + 1 if 64 * len(data) > _MOST_LISTED else 0)
                data = rldecode(data)
            else:
                # Pictures, which hold no text and no objects.
                return b""
            self._spend(len(data))
            if isinstance(how, dict):
                data = self._summed(data, how)
        return data

    def _summed(self, data: bytes, how: dict[str, Any]) -> bytes:
        """Return `data`, which say how each row differs from the one before, as they are."""
        predictor, colors, columns, bits = (
            pdftypes.int_value(how.get(key, usual))
            for key, usual in (("Predictor", 1), ("Colors", 1), ("Columns", 1), ("BitsPerComponent", 8))
        )
        if predictor < 2:
            return data
        self._spend(_MOST_BYTES + 1 if max(len(data), colors * columns * bits) > _MOST_LISTED else 0)
        if predictor == 2:
            return apply_tiff_predictor(colors, columns, bits, data)
        return apply_png_predictor(predictor, colors, columns, bits, data)


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, _MOST_BYTES + 1)
    except zlib.error:
        # What comes before the fault is there.
        whole, inflate = bytearray(), zlib.decompressobj()
        try:
            for place in range(0, len(data), 256):
                whole += inflate.decompress(data[place : place + 256], _MOST_BYTES + 1 - len(whole))
                if len(whole) > _MOST_BYTES:
                    break
        except (zlib.error, ValueError):
            pass
        return bytes(whole)


def _expanded(data: bytes) -> bytes:
    whole = io.BytesIO()
    for piece in LZWDecoder(io.BytesIO(data)).run():
        whole.write(piece)
        if whole.tell() > _MOST_BYTES:
            break
    return whole.getvalue()


def _streams(resources: Any) -> Iterator[_Stream]:
    """Yield each stream that `resources` lead to once."""
    waiting, seen = [resources], set[int]()
    looked_at = 0
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, pdftypes.PDFObjRef):
            if thing.objid in seen:
                continue
            seen.add(thing.objid)
            thing = pdftypes.resolve1(thing)
        looked_at += 1
        if looked_at > _MOST_OBJECTS:
            raise OversizedScan(_("a page of the PDF is made of more parts than a sheet can show; scan it again"))
        if isinstance(thing, _Stream):
            yield thing
            thing = thing.attrs
        if isinstance(thing, dict):
            waiting += [value for key, value in thing.items() if key not in _ELSEWHERE and _leads_on(value)]
        elif isinstance(thing, list):
            waiting += filter(_leads_on, thing)


def _leads_on(value: Any) -> bool:
    return isinstance(value, dict | list | pdftypes.PDFObjRef | pdftypes.PDFStream)


def _repeated(drawing: bytes, resources: Any, known: dict[int, tuple[int, int]], depth: int = 0) -> tuple[int, int]:
    """Return bytes and number of what `drawing` draws, itself among them; `known` are the forms seen so far."""
    if depth > _DEEPEST:
        return 0, _MOST_DRAWINGS + 1
    weight, drawings = len(drawing), 1
    named = {_bytes(name): form for name, form in _value(_value(resources).get("XObject")).items()}
    for name, times in Counter(_DRAWN.findall(drawing)).items():
        form = pdftypes.resolve1(named.get(name))
        if not isinstance(form, _Stream) or form.get("Subtype") is not _FORM:
            continue
        place = form.objid or id(form)
        if place not in known:
            # A form that draws itself is drawn once.
            known[place] = 0, 0
            known[place] = _repeated(form.get_data(), form.get("Resources", resources), known, depth + 1)
        weight, drawings = weight + times * known[place][0], drawings + times * known[place][1]
    return weight, drawings


def _value(thing: Any) -> dict[Any, Any]:
    return pdftypes.dict_value(thing)


def _bytes(name: Any) -> bytes:
    return name if isinstance(name, bytes) else str(name).encode()
