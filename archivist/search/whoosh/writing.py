"""Writing a segment of the Whoosh index: its terms with their postings, and its columns; see codec.py."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any
from zlib import crc32

import numpy as np
from whoosh.codec.base import PerDocWriterWithColumns, PostingsWriter
from whoosh.codec.whoosh3 import W3Codec, W3FieldWriter
from whoosh.filedb.compound import CompoundWriter
from whoosh.filedb.filestore import RamStorage
from whoosh.filedb.filetables import HashWriter, OrderedHashWriter
from whoosh.util.numlists import GrowableArray

from archivist.search.whoosh.form import FIELD_NUMBER, INFO, LENGTHS, WORD, Array, starts

# A slot of the dictionary's tables of hashes.
_POINTER = np.dtype([("hash", ">u4"), ("at", ">i8")])
_CRC = 1
# More bits than a number of a slot in a table has.
_APART = 40


class NumbersWriter(PostingsWriter):  # type: ignore[misc]
    """Writes the postings of many terms at a time."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def add_postings(self, counts: Array, postings: Array, documents: Array) -> Array:
        """Write the postings of terms, of each so many, and return the infos; `documents` are those of the postings."""
        begin = starts(counts)[:-1]
        fresh = np.append(True, documents[1:] != documents[:-1])
        fresh[begin] = True
        at = np.flatnonzero(fresh)
        first = np.searchsorted(at, begin)
        infos = np.zeros(len(counts), INFO)
        infos["weight"] = counts
        infos["documents"] = np.diff(np.append(first, len(at)))
        infos["heaviest"] = np.maximum.reduceat(np.diff(np.append(at, len(documents))), first)
        infos["first"], infos["last"] = documents[begin], documents[begin + counts - 1]
        infos["offset"] = self._file.tell() + begin * WORD
        infos["size"] = counts * WORD
        self._file.write(np.ascontiguousarray(postings, "<u4").data)
        return infos


class _DictionaryWriter(OrderedHashWriter):  # type: ignore[misc]
    """Writes Whoosh's dictionary, its terms and its tables of hashes, many at a time: the file is what Whoosh makes."""

    def __init__(self, file: Any) -> None:
        # The quickest of its hash functions; it notes in the file which that is.
        HashWriter.__init__(self, file, hashtype=_CRC)
        self._hashes, self._at = [np.zeros(0, np.uint32)], [np.zeros(0, np.int64)]

    def add_all(self, items: Sequence[tuple[bytes, bytes]]) -> None:
        """Add terms with their infos, all behind those before."""
        records = [LENGTHS.pack(len(key), len(value)) + key + value for key, value in items]
        sizes = np.fromiter(map(len, records), np.int64, len(records))
        self._at.append(self.dbfile.tell() + starts(sizes)[:-1])
        self._hashes.append(np.fromiter((crc32(key) for key, _value in items), np.uint32, len(items)))
        self.dbfile.write(b"".join(records))

    def _write_hashes(self) -> None:
        hashes, at = np.concatenate(self._hashes), np.concatenate(self._at)
        table = (hashes & 255).astype(np.int64)
        sizes = 2 * np.bincount(table, minlength=256)
        first = starts(sizes)
        wanted = table << _APART | (hashes >> 8) % sizes[table]
        order = np.argsort(wanted)
        table, hashes, positions = table[order], hashes[order], at[order]
        # Each takes the slot it wants or the next that is free; what would end behind the table's last goes on from its
        # first.
        number = np.arange(len(order))
        slot = np.maximum.accumulate(wanted[order] - number) + number - (table << _APART)
        written = np.zeros(first[-1], _POINTER)
        fit = slot < sizes[table]
        written["hash"][(first[table] + slot)[fit]] = hashes[fit]
        written["at"][(first[table] + slot)[fit]] = positions[fit]
        for each in np.flatnonzero(~fit).tolist():
            slots = written[first[table[each]] : first[table[each] + 1]]
            slots[np.argmin(slots["at"] != 0)] = hashes[each], positions[each]
        begin = self.dbfile.tell()
        self.dbfile.write(written.tobytes())
        self.directory = list(zip((begin + first[:-1] * _POINTER.itemsize).tolist(), sizes.tolist(), strict=True))
        kind = "I" if at.max(initial=0) < 1 << 32 else "q"
        self.index = GrowableArray(kind)
        self.index.array.frombytes(at.astype(kind).tobytes())


class TermsWriter(W3FieldWriter):  # type: ignore[misc]
    """Writes terms in ascending order, and their postings."""

    def __init__(self, codec: Any, storage: Any, segment: Any) -> None:
        super().__init__(codec, storage, segment)
        self._tindex.dbfile.seek(0)
        self._tindex: _DictionaryWriter = _DictionaryWriter(self._tindex.dbfile)
        self._fieldmap: dict[str, int] = {}
        self._tindex.extras["fieldmap"] = self._fieldmap

    def add_blocks(self, slots: Array) -> None:
        """Write the slot of each block, before all terms."""
        self._segment.blocks = len(slots)
        self._postfile.write(np.ascontiguousarray(slots, "<u4").data)

    def add_terms(self, texts: Iterable[bytes], counts: Array, postings: Array, documents: Array) -> None:
        """Add terms to the field begun, each with so many postings, at least one; `documents` are those they are in."""
        if len(counts):
            infos = self._postwriter.add_postings(counts, postings, documents).tobytes()
            field = self._fieldid.to_bytes(FIELD_NUMBER)
            size = INFO.itemsize
            self._tindex.add_all([(field + text, infos[at * size : (at + 1) * size]) for at, text in enumerate(texts)])

    def discard(self) -> None:
        """Let go of the files as they are."""
        for file in (self._tindex.dbfile, self._postfile):
            with suppress(OSError):
                file.file.close()


class ColumnsWriter(PerDocWriterWithColumns):  # type: ignore[misc]
    """Writes the columns, each as a whole, to one file: one to wait for when a commit is to reach the disk."""

    def __init__(self, storage: Any, segment: Any) -> None:
        super().__init__()
        self._file = segment.create_file(storage, W3Codec.COLUMN_EXT)
        self._columns = CompoundWriter(RamStorage())

    def add_column(self, name: str, column: Any, values: Iterable[Any]) -> None:
        """Add a column of the values of all documents."""
        writer, number = column.writer(self._columns.create_file(name)), -1
        for number, value in enumerate(values):
            writer.add(number, value)
        writer.finish(number + 1)

    def close(self) -> None:
        """Write the file."""
        self._columns.save_as_compound(self._file)

    def discard(self) -> None:
        """Let go of the file as it is."""
        with suppress(OSError):
            self._file.file.close()
