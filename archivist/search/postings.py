"""What rests on the inner parts of Whoosh 2.7.5: bigrams without positions, written and merged term by term.

Whoosh's own way makes a Token object a word and a tuple a posting and sorts them all; for Chinese text that
is four times as slow. The bytes on disk are those of Whoosh's own codec.
"""

import heapq
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import accumulate, groupby, takewhile
from operator import add, itemgetter
from typing import Any

from whoosh.codec.whoosh3 import W3Codec, W3LeafMatcher, W3PostingsWriter, W3TermInfo
from whoosh.fields import COLUMN, FieldType, Schema
from whoosh.formats import Existence
from whoosh.index import TOC
from whoosh.reading import SegmentReader, TermNotFound
from whoosh.writing import SegmentWriter

from archivist.search.compare import runs
from archivist.search.fields import IndexDefinition
from archivist.search.folder import NAME, Folder

# A merge of up to this many documents is done while someone waits (seconds); more is for `merge_all`.
_SMALL = 2000
_MANY = 10
# Lists of fewer postings than this stand beside their term.
_SHORT = 9
# Beside the postings: what hits are named and sorted by; compared text; scripted text where it differs.
COLUMNS = ("head_column", "text_column", "scripted_column")


class Bigrams(FieldType):  # type: ignore[misc]
    """Indexes a compared text by its bigrams, and the last character of each run by itself.

    So a word is where all its bigrams are, and one character is where a term begins with it. The count is the
    weight of the posting.
    """

    # Existence stores no value beside the weight, which already is the count.
    format = Existence()
    indexed, stored, scorable = True, False, False

    def __init__(self) -> None:
        """Take nothing from Whoosh's own set-up, which wants an analyzer."""

    def index(self, value: str, **_: object) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield each term with its count; `value` is compared text."""
        counts: Counter[str] = Counter()
        for run in runs(value):
            counts.update(map(add, run, run[1:]))
            counts[run[-1]] += 1
        for term, count in counts.items():
            yield term.encode(), count, float(count), b""


class Keys(FieldType):  # type: ignore[misc]
    """Indexes each of a list of keys as one term."""

    format = Existence()
    indexed, stored, scorable = True, False, False

    def __init__(self) -> None:
        """As in Bigrams."""

    def index(self, value: Iterable[str], **_: object) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield each key once."""
        for key in dict.fromkeys(value):
            yield key.encode(), 1, 1.0, b""


def schema(definition: IndexDefinition) -> Schema:
    """Return the Whoosh schema: the fields of the definition, the identifier, and the columns."""
    return Schema(
        id=Keys(),
        **{name: COLUMN() for name in COLUMNS},
        **{name: Bigrams() if field.analysis == "substring" else Keys() for name, field in definition.fields.items()},
    )


Posting = tuple[Sequence[int], Sequence[float]]


def blocks(reader: SegmentReader, field: str, term: bytes) -> Iterator[Posting]:
    """Yield the postings of a term of one segment: document numbers and counts, of deleted documents too."""
    with suppress(TermNotFound):
        yield from _read(reader, field, term, reader._terms.term_info(field, term))


def terms(reader: SegmentReader, field: str, prefix: bytes) -> Iterator[tuple[bytes, Iterator[Posting]]]:
    """Yield, in order, the terms of a field of one segment that begin with `prefix`, with their postings."""
    return takewhile(lambda entry: entry[0].startswith(prefix), terms_from(reader, field, prefix))


def terms_from(reader: SegmentReader, field: str, first: bytes) -> Iterator[tuple[bytes, Iterator[Posting]]]:
    """Yield, in order, the terms of a field of one segment from `first` on, with their postings."""
    for (name, term), info in reader._terms.items_from(field, first):
        if name != field:
            return
        yield term, _read(reader, field, term, info)


def _read(reader: SegmentReader, field: str, term: bytes, info: Any) -> Iterator[Posting]:
    if info.is_inlined():
        ids, weights, _ = info.inlined_postings()
        yield ids, weights
        return
    matcher = W3LeafMatcher(reader._terms._postfile, *info.extent(), reader.schema[field].format)
    while matcher.is_active():
        matcher._read_ids()
        matcher._read_weights()
        yield matcher._ids, matcher._weights
        matcher._next_block()


class _PostingsWriter(W3PostingsWriter):  # type: ignore[misc]
    """Whoosh's writer of postings, which takes them in blocks and keeps short lists beside the term."""

    def extend(self, ids: "array[int]", counts: "array[float]") -> None:
        """Add postings that follow those already added."""
        start = 0
        while start < len(ids):
            if len(self._ids) == self._blocklimit:
                self._write_block()
            stop = start + self._blocklimit - len(self._ids)
            self._ids.extend(ids[start:stop])
            self._weights.extend(counts[start:stop])
            self._maxweight: float = max(self._weights)
            start = stop

    def finish_postings(self) -> W3TermInfo:
        """Return where the postings are; Whoosh's own way with short lists calls a method it lacks."""
        if self.written() or len(self._ids) >= self._inlinelimit:
            return super().finish_postings()
        info, self._terminfo = self._terminfo, None  # type: ignore[has-type]
        info.add_block(self)
        info.set_inlined(self._ids, self._weights, ())
        return info


class Codec(W3Codec):  # type: ignore[misc]
    """Whoosh's codec with short lists kept beside the term: most bigrams stand in few documents."""

    def postings_writer(self, dbfile: Any, byteids: bool = False) -> _PostingsWriter:
        """Return a writer of postings to `dbfile`."""
        return _PostingsWriter(dbfile, self._blocklimit, byteids, self._compression, _SHORT)


class _Pool:
    """The postings of the documents being added, gathered by term; stands in for Whoosh's PostingPool."""

    def __init__(self) -> None:
        self.fields: dict[str, dict[bytes, tuple[array[int], array[float]]]] = {}

    def add(self, posting: tuple[str, bytes, int, float, bytes]) -> None:
        field, term, number, count, _ = posting
        rows = self.fields.setdefault(field, {})
        row = rows.get(term)
        if row is None:
            row = rows[term] = (array("I"), array("f"))
        row[0].append(number)
        row[1].append(count)

    def cleanup(self) -> None:
        self.fields.clear()


class _At:
    """Where a TermWriter begins; stands in for Whoosh's FileIndex, which would read the folder for it."""

    def __init__(self, folder: Folder, toc: TOC) -> None:
        self.storage, self.indexname, self._toc = folder, NAME, toc

    def _read_toc(self) -> TOC:
        return self._toc


class TermWriter(SegmentWriter):  # type: ignore[misc]
    """Whoosh's writer, writing term by term: of the documents added, then of the segments merged in.

    It adds to what `toc` names, which need not be the last commit.
    """

    def __init__(self, folder: Folder, toc: TOC) -> None:
        # The lock is the caller's, who needs it before there is an index.
        super().__init__(_At(folder, toc), _lk=False, compound=False, codec=Codec())
        self.pool = _Pool()
        self._merged: list[tuple[SegmentReader, int, dict[int, int] | None]] = []

    def unpublished(self) -> list[Any]:
        """Return what was added as a segment that no commit names yet; none where nothing was."""
        if not self._added:
            self.cancel()
            return []
        segment = self._finalize_segment()
        self._finish()
        return [segment]

    def merge_in(self, segment: Any) -> None:
        """Take over the living documents of `segment`, in which not a bit may be wrong: the copy vouches for it."""
        self.storage.check(segment, whole=True)
        reader, first = SegmentReader(self.storage, self.schema, segment), self.docnum
        self._merged.append((reader, first, None))
        self._merged[-1] = (reader, first, self.write_per_doc(set(self.schema.names()), reader))
        self._added = True

    def _flush_segment(self) -> None:
        self.perdocwriter.close()
        writer = self.fieldwriter
        for name in sorted(name for name, field in self.schema.items() if field.indexed):
            sources = [self._pooled(name)]
            sources += [_renumbered(number, name, *merged) for number, merged in enumerate(self._merged, 1)]
            writer.start_field(name, self.schema[name])
            for term, parts in groupby(heapq.merge(*sources, key=itemgetter(0, 1)), key=itemgetter(0)):
                writer.start_term(term)
                for _, _, numbers, counts in parts:
                    writer._postwriter.extend(numbers, counts)
                writer.finish_term()
            writer.finish_field()
        writer.close()

    def _finalize_segment(self) -> Any:
        segment = super()._finalize_segment()
        self.storage.keep(segment)
        return segment

    def _commit_toc(self, segments: list[Any]) -> None:
        super()._commit_toc(segments)
        self.storage.sweep()

    def _pooled(self, field: str) -> Iterator[tuple[bytes, int, "array[int]", "array[float]"]]:
        for term, (numbers, counts) in sorted(self.pool.fields.get(field, {}).items(), key=itemgetter(0)):
            yield term, 0, numbers, counts

    def _finish(self) -> None:
        for reader, _, _ in self._merged:
            reader.close()
        super()._finish()


def _renumbered(
    source: int, field: str, reader: SegmentReader, first: int, numbers: dict[int, int] | None
) -> Iterator[tuple[bytes, int, "array[int]", "array[float]"]]:
    for term, postings in terms(reader, field, b""):
        ids, counts = array("I"), array("f")
        for old, weights in postings:
            if numbers is None:
                ids.extend([first + number for number in old])
                counts.extend(weights)
            else:
                living = [(numbers[n], weight) for n, weight in zip(old, weights, strict=True) if n in numbers]
                ids.extend(number for number, _ in living)
                counts.extend(weight for _, weight in living)
        if ids:
            yield term, source, ids, counts


def merge_none(writer: TermWriter, segments: list[Any]) -> list[Any]:
    """Leave all segments as they are (a Whoosh merge policy)."""
    return segments


def merge_all(writer: TermWriter, segments: list[Any]) -> list[Any]:
    """Merge everything into one segment (a Whoosh merge policy)."""
    for segment in filter(_living, segments):
        writer.merge_in(segment)
    return []


def merge_small(writer: TermWriter, segments: list[Any]) -> list[Any]:
    """Merge small segments of about the same size once there are many of them (a Whoosh merge policy)."""
    # A segment of which nothing lives is dropped.
    by_size = sorted(filter(_living, segments), key=_living)
    kept = []
    for _, tier in groupby(by_size, key=lambda segment: len(str(_living(segment)))):
        alike = list(tier)
        fitting = bisect_right(list(accumulate(map(_living, alike))), _SMALL)
        if len(alike) >= _MANY and fitting > 1:
            merge_all(writer, alike[:fitting])
            alike = alike[fitting:]
        kept += alike
    return kept


def _living(segment: Any) -> int:
    return int(segment.doc_count_all()) - int(segment.deleted_count())
