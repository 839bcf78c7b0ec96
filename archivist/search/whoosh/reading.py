"""Reading a segment of the Whoosh index: its terms with their postings, and its columns; see codec.py."""

from collections.abc import Sequence
from functools import cached_property
from mmap import ACCESS_READ, mmap
from typing import Any, overload

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from whoosh.codec.whoosh3 import W3Codec, W3PerDocReader, W3TermsReader
from whoosh.columns import VarBytesColumn
from whoosh.filedb.compound import CompoundStorage
from whoosh.filedb.structfile import StructFile
from whoosh.matching import ListMatcher

from archivist.search.whoosh.form import (
    EXTENT,
    FIELD,
    FIELD_NUMBER,
    GRAM,
    ID,
    INFO,
    LENGTHS,
    NUMBERS,
    PLACE,
    WORD,
    Array,
)


class _Mapped(StructFile):  # type: ignore[misc]
    """A file mapped into memory, of which several can ask for parts at a time."""

    def get(self, position: int, length: int) -> bytes:
        return bytes(self.file[position : position + length])


def _mapped(storage: Any, segment: Any, extension: str) -> _Mapped:
    with segment.open_file(storage, extension) as file:
        return _Mapped(mmap(file.fileno(), 0, access=ACCESS_READ))


class TermsReader(W3TermsReader):  # type: ignore[misc]
    """Reads terms, and their postings as arrays; a term or a field that is not there has none."""

    def __init__(self, codec: Any, storage: Any, segment: Any) -> None:
        terms, postings = (_mapped(storage, segment, each) for each in (codec.TERMS_EXT, codec.POSTS_EXT))
        super().__init__(codec, terms, len(terms.file), postings)
        self._postings = np.frombuffer(postings.file, "<u4")
        self._lexicons: dict[str, Lexicon] = {}
        #: The slot of each block.
        self.blocks = self._postings[: segment.blocks]

    def postings(self, field: str, term: bytes) -> Array:
        """Return the postings of a term."""
        try:
            at, size = self._range_for_key(field, term)
        except KeyError:
            return self._postings[:0]
        offset, size = EXTENT.unpack(self._dbfile.get(at + size - EXTENT.size, EXTENT.size))
        return self._postings[offset // WORD : (offset + size) // WORD]

    def beginning(self, field: str, prefix: bytes) -> Array:
        """Return the postings of all terms with this prefix, those of each behind those of the one before."""
        # No term has this byte.
        return self._postings[self._first(field, prefix) : self._first(field, prefix + b"\xff")]

    def lexicon(self, field: str) -> "Lexicon":
        """Return all terms of a field."""
        if field not in self._lexicons:
            index = np.frombuffer(
                self._dbfile.file, f">{self._index_type}", self._tindex.indexlen, self._tindex.indexbase
            )
            ends = [self._tindex.closest_key_pos(self._keycoder(field, prefix)) for prefix in (b"", b"\xff")]
            first, last = (len(index) if end is None else int(np.searchsorted(index, end)) for end in ends)
            begin, end = self._first(field, b""), self._first(field, b"\xff")
            self._lexicons[field] = Lexicon(
                self._dbfile.file, index[first:last], ends[1] or self._tindex.endofdata, self._postings[begin:end]
            )
        return self._lexicons[field]

    def documents(self, field: str, term: bytes) -> tuple[Array, Array]:
        """Return the documents with a term, and how often each has it."""
        postings = self.postings(field, term)
        found = self.blocks[postings >> np.uint32(PLACE)] >> np.uint32(FIELD) if field == GRAM else postings
        return np.unique(found, return_counts=True)

    def matcher(self, fieldname: str, tbytes: bytes, format_: Any, scorer: Any = None) -> Any:
        """Return what Whoosh's own queries go through."""
        term, info = (fieldname, tbytes), self.term_info(fieldname, tbytes)
        documents, counts = self.documents(fieldname, tbytes)
        weights = counts.astype(float).tolist()
        return ListMatcher(documents.tolist(), weights, None, format_, scorer, term=term, terminfo=info)

    def close(self) -> None:
        """Let go of the files, which stay mapped as long as an array of them is in use."""

    @property
    def _index_type(self) -> str:
        return str(self._tindex.extras["indextype"])

    def _first(self, field: str, prefix: bytes) -> int:
        """Return where the postings begin of the first term from `prefix` on, be it of another field."""
        at = self._tindex.closest_key_pos(self._keycoder(field, prefix))
        if at is None:
            return len(self._postings)
        _key, info, size = self._tindex.key_and_range_at(at)
        return int(EXTENT.unpack(self._dbfile.get(info + size - EXTENT.size, EXTENT.size))[0]) // WORD


class Lexicon(Sequence[bytes]):
    """The terms of a field, ascending, each read when it is asked for, and all their postings."""

    def __init__(self, file: mmap, begins: Array, end: int, postings: Array) -> None:
        self._file, self._begins, self._end = file, begins, end
        self.postings = postings

    def __len__(self) -> int:
        return len(self._begins)

    @overload
    def __getitem__(self, number: int) -> bytes: ...
    @overload
    def __getitem__(self, number: slice) -> list[bytes]: ...
    def __getitem__(self, number: int | slice) -> bytes | list[bytes]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        if not 0 <= number < len(self):
            raise IndexError(number)
        end = self._end if number == len(self) - 1 else int(self._begins[number + 1])
        return self._file[int(self._begins[number]) + LENGTHS.size + FIELD_NUMBER : end - INFO.itemsize]

    @cached_property
    def starts(self) -> Array:
        """Where in `postings` those of each term begin, and where the last end."""
        ends = np.append(self._begins[1:].astype(np.int64), self._end)[: len(self)]
        offsets = self._words(ends - EXTENT.size, ">i8")[:, 0] // WORD
        return np.append(offsets - offsets[:1].sum(), len(self.postings)).astype(np.uint32)

    def pairs(self) -> Array:
        """Return the code points of the terms, by two, all of which have two."""
        return self._words(self._begins.astype(np.int64) + LENGTHS.size + FIELD_NUMBER, ">u4").astype(np.uint32)

    def _words(self, at: Array, kind: str) -> Array:
        """Return eight bytes from each of these offsets."""
        return sliding_window_view(np.frombuffer(self._file, np.uint8), 8)[at].view(kind)


class ColumnsReader(W3PerDocReader):  # type: ignore[misc]
    """Reads the columns of a segment."""

    def __init__(self, storage: Any, segment: Any) -> None:
        super().__init__(storage, segment)
        self._file = _mapped(storage, segment, W3Codec.COLUMN_EXT)
        self._columns = CompoundStorage(self._file, use_mmap=False)

    def has_column(self, fieldname: str) -> bool:
        """Return whether the segment has a column."""
        return bool(self._columns.file_exists(fieldname))

    def _get_column_file(self, fieldname: str) -> tuple[Any, int, int]:
        return (self._file, *self._columns.range(fieldname))

    def numbers(self, name: str) -> Array:
        """Return a column of NUMBERS."""
        column = NUMBERS[name]
        kind = np.dtype(f">{column._typecode}")
        values = np.full(self.doc_count_all(), column.default_value(), kind.newbyteorder("="))
        # Whoosh leaves out the default where nothing else follows.
        _file, offset, size = self._get_column_file(name)
        values[: size // kind.itemsize] = np.frombuffer(self._file.file, kind, size // kind.itemsize, offset)
        return values

    def stored_fields(self, docnum: int) -> dict[str, str]:
        """Return the id of a document: its texts are kept in the archive."""
        return {ID: self.column_reader(ID, VarBytesColumn())[docnum].decode("utf-8", "surrogatepass")}

    def close(self) -> None:
        """Let go of the file."""
