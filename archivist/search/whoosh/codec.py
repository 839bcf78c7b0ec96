"""How a segment of the Whoosh index is kept: a codec, which is what Whoosh has for ways to keep one.

Whoosh's own are the dictionary of terms (.trm) with its infos on them, so all its readers list terms and frequencies;
the columns, in one compound file (.col); the segment and the fields. The postings (.pst) are kept in a way of our own:

    the slot of each block of the line of all texts (see postings.py), ascending; then, term by term in the order of
    the dictionary, where it stands: in GRAM the places in that line, elsewhere the documents, ascending

all of them whole numbers of 32 bits, which numpy reads where they lie. Whoosh packs postings in blocks and gives them
to Python one by one, a hundred times as slowly; and as terms that follow each other have postings that do, all terms
with a prefix are a slice.
"""

from typing import Any

from whoosh.codec.whoosh3 import W3Codec, W3Segment

from archivist.search.whoosh.reading import ColumnsReader, TermsReader
from archivist.search.whoosh.writing import ColumnsWriter, NumbersWriter, TermsWriter


class Codec(W3Codec):  # type: ignore[misc]
    """Writes and reads the files of a segment."""

    length_stats = False

    def new_segment(self, storage: Any, indexname: str) -> Any:
        """Return a segment that no commit names yet."""
        return W3Segment(self, indexname)

    def field_writer(self, storage: Any, segment: Any) -> TermsWriter:
        """Return what writes the terms of a segment."""
        return TermsWriter(self, storage, segment)

    def postings_writer(self, dbfile: Any, byteids: bool = False) -> NumbersWriter:
        """Return what writes the postings of a field."""
        return NumbersWriter(dbfile)

    def per_document_writer(self, storage: Any, segment: Any) -> ColumnsWriter:
        """Return what writes the columns of a segment."""
        return ColumnsWriter(storage, segment)

    def terms_reader(self, storage: Any, segment: Any) -> TermsReader:
        """Return what reads the terms of a segment."""
        return TermsReader(self, storage, segment)

    def per_document_reader(self, storage: Any, segment: Any) -> ColumnsReader:
        """Return what reads the columns of a segment."""
        return ColumnsReader(storage, segment)
