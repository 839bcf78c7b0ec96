"""The search index in Whoosh: no server, one folder, comfortable to 300,000 items.

Whoosh keeps the index: commits, segments and what is deleted in them, the dictionary of terms, columns. A codec of ours
(codec.py) only keeps the postings otherwise, so that numpy can judge and merge them (segment.py, postings.py):
Whoosh's own writer, matchers and merger go through Python posting by posting. Any reader of Whoosh can open the index.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from heapq import merge, nsmallest
from itertools import accumulate, groupby, islice, repeat
from operator import itemgetter
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
from whoosh.index import TOC

from archivist.errors import ArchivistError
from archivist.search.clauses import Clause, Order
from archivist.search.document import SearchDocument
from archivist.search.fields import definition
from archivist.search.index import Hit, Hits
from archivist.search.row import Row, row_of
from archivist.search.trouble import busy, damaged, out_of_reach
from archivist.search.whoosh import postings
from archivist.search.whoosh.codec import Codec
from archivist.search.whoosh.folder import NAME, Folder, Stamp
from archivist.search.whoosh.form import ID, Array, schema_of
from archivist.search.whoosh.segment import FAILS, Segment
from archivist.search.whoosh.writing import ColumnsWriter, TermsWriter

_FORMAT = 4
_CODEC = Codec()
# A commit ends with so many documents or characters of text; these are sorted in memory, some 50 bytes each.
_COMMIT = 2000
_CHARACTERS = 4_000_000
# A merge of up to so many bytes is done while someone waits (seconds, seldom); more is for `optimize`.
_SMALL = 200_000_000
_MANY = 10
# Identifiers given out at a time.
_WINDOW = 5000


class WhooshIndex:
    """A search index in `folder`, which is made when the first document comes; see `SearchIndex`.

    A commit is on the disk when the call that made it returns. A writer waits `patience` seconds for another one.
    """

    def __init__(self, folder: Path, patience: float = 10.0) -> None:
        self._folder = folder
        self._patience = patience
        self._definition = definition()
        self._schema = schema_of(self._definition)
        self._files = Folder(folder, f"{_FORMAT} {self._definition.mark}")
        self._lock = RLock()
        # What is open now, and the files it was read from.
        self._opened: dict[str, Stamp | None] = {}
        self._segments: tuple[Segment, ...] = ()

    def add(self, documents: Iterable[SearchDocument], instead_of: Iterable[str] = ()) -> int:
        """Add `documents`, replacing those of the same id and those of the ids `instead_of`; return how many there are.

        In commits of 2,000, or fewer of long ones, all or nothing each. `documents` is asked for them while no other
        can write, so what is read then cannot be older than what another puts in their place.
        """
        source, gone, more, added = iter(documents), set(instead_of), True, 0
        while more:
            with self._writing():
                rows = self._batch(source)
                more = bool(rows)
                if rows or gone:
                    self._commit(gone.union(rows), [*rows.values()])
            gone, added = set(), added + len(rows)
        return added

    def delete(self, ids: Iterable[str]) -> None:
        """Delete the documents of these ids; those that are not there are passed over."""
        if (names := set(ids)) and self._files.last():
            self.add((), names)

    def rebuild(self, documents: Iterable[SearchDocument]) -> int:
        """Put `documents` in the place of everything, whatever state it is in, and return how many there are.

        All or nothing: until the end, others find what was there before. Of two with one id the first counts.
        """
        names = set[str]()
        # An id is new to the set only once.
        source = (each for each in documents if each.id not in names and names.add(each.id) is None)  # type: ignore[func-returns-value]
        with self._writing(), self._swept():
            segments = []
            while rows := self._batch(source):
                with self._intact():
                    segments.append(self._written([*rows.values()]))
            with self._intact():
                self._publish(self._files.generation(), self._merged(segments))
        return len(names)

    def clear(self) -> None:
        """Delete everything, whatever state it is in."""
        self.rebuild(())

    def optimize(self) -> None:
        """Merge the segments into one: searching gets faster, deleted documents stop taking space."""
        if self._files.last():
            with self._writing(), self._swept(), self._intact():
                contents = self._contents()
                if len(contents.segments) > 1 or any(map(_deleted, contents.segments)):
                    self._publish(contents.generation, self._merged(contents.segments))

    def search(
        self,
        clause: Clause,
        limit: int = 20,
        offset: int = 0,
        order: Order = "relevance",
        facets: Mapping[str, int] | None = None,
    ) -> Hits:
        """Return `limit` items from `offset` on for which `clause` holds, and how many there are in all."""
        with self._intact():
            found = [(segment, segment.worth(clause)) for segment in self._refreshed()]
            total = sum(int(np.count_nonzero(worth != FAILS)) for _segment, worth in found)
            ranked = merge(
                *(zip(segment.best(worth, order, offset + limit), repeat(segment)) for segment, worth in found),
                key=itemgetter(0),
            )
            page = islice(ranked, offset, offset + limit)
            hits = tuple(Hit(segment.name(each.number), each.score) for each, segment in page)
            return Hits(total, hits, {name: _counted(found, name, most) for name, most in (facets or {}).items()})

    def count(self) -> int:
        """Return the number of documents."""
        with self._intact():
            return sum(int(np.count_nonzero(segment.living)) for segment in self._refreshed())

    def ids(self) -> Iterator[str]:
        """Give the id of every document, by code point; what is written meanwhile is given or not."""
        last: str | None = None
        while window := self._ids(last):
            yield from window
            last = window[-1]

    def has(self, id_: str) -> bool:
        """Return whether there is a document with this id."""
        with self._intact():
            return any(segment.numbered(id_) for segment in self._refreshed())

    def outdated(self, document: SearchDocument) -> bool:
        """Return whether the index has other texts under the id of `document`, or has it twice."""
        digest = row_of(document, self._definition).digest
        with self._intact():
            kept = [segment.digest(number) for segment in self._refreshed() for number in segment.numbered(document.id)]
        return kept not in ([], [digest])

    def check(self) -> None:
        """Raise IndexUnusable where a bit of the index is not as it was written; reads all of it."""
        with self._lock, self._intact():
            while last := self._files.last():
                try:
                    for segment in self._files.contents(self._schema).segments:
                        self._files.check(segment, whole=True)
                    return
                except FileNotFoundError:
                    if last == self._files.last():
                        raise

    def close(self) -> None:
        """Let go of the files; the index may be used again."""
        with self._lock:
            self._segments, self._opened = (), {}

    def _ids(self, last: str | None) -> list[str]:
        with self._intact():
            return list(islice(merge(*(segment.ids(last) for segment in self._refreshed())), _WINDOW))

    def _refreshed(self) -> tuple[Segment, ...]:
        """Return the segments of the last commit, opened anew where it or a file of it is not what was opened before.

        A file that is cut off under a reader would end the program, so they are looked at each time.
        """
        with self._lock:
            while True:
                last = self._files.last()
                if last in self._opened and all(self._files.stamp(name) == was for name, was in self._opened.items()):
                    return self._segments
                try:
                    return self._open(last)
                except FileNotFoundError:
                    # Another process may have merged away what this one was about to open.
                    if last == self._files.last():
                        raise

    def _open(self, last: str) -> tuple[Segment, ...]:
        self.close()
        if last:
            opened = {last: self._files.stamp(last)}
            contents = self._contents()
            for segment in contents.segments:
                opened |= {name: self._files.stamp(name) for name in segment.files}
            self._segments = tuple(map(self._judge, contents.segments))
            self._opened = opened
        return self._segments

    def _contents(self) -> Any:
        """Return the last commit, once its segments are found to be as they were written."""
        if not self._files.last():
            return TOC(self._schema, [], -1)
        contents = self._files.contents(self._schema)
        for segment in contents.segments:
            self._files.check(segment)
        return contents

    def _read(self, segment: Any) -> postings.Opened:
        living = np.ones(_documents(segment), np.bool_)
        living[[*segment.deleted_docs()]] = False
        terms, columns = _CODEC.terms_reader(self._files, segment), _CODEC.per_document_reader(self._files, segment)
        return postings.Opened(terms, columns, living)

    def _judge(self, segment: Any) -> Segment:
        return Segment(self._read(segment), self._definition, self._schema)

    @contextmanager
    def _intact(self) -> Iterator[None]:
        """Say in words what goes wrong with the files in the block."""
        try:
            yield
        except (ArchivistError, MemoryError, RecursionError):
            raise
        except Exception as error:
            self.close()
            if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
                raise out_of_reach(self._folder, error.strerror) from error
            # Damaged bytes are unpickled, unpacked and decoded: there is no end to what they raise.
            raise damaged(self._folder) from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with ExitStack() as stack:
            with self._intact():
                mine = stack.enter_context(self._files.locked(self._patience))
            if not mine:
                raise busy()
            yield

    @contextmanager
    def _swept(self) -> Iterator[None]:
        """Where the block breaks off, remove what was written in it."""
        try:
            yield
        except BaseException:
            with suppress(Exception):
                self._files.sweep(self._contents())
            raise

    def _batch(self, documents: Iterator[SearchDocument]) -> dict[str, Row]:
        """Return the rows of the next commit by id."""
        rows, characters = dict[str, Row](), 0
        while len(rows) < _COMMIT and characters < _CHARACTERS and (document := next(documents, None)):
            row = rows[document.id] = row_of(document, self._definition)
            characters += len(row.scripted) + sum(map(len, row.texts.values()))
        return rows

    def _commit(self, gone: Collection[str], rows: Sequence[Row]) -> None:
        with self._swept(), self._intact():
            contents = self._contents()
            for segment in contents.segments:
                terms = _CODEC.terms_reader(self._files, segment)
                for number in (number for id_ in gone for number in terms.postings(ID, postings.encoded(id_)).tolist()):
                    segment.delete_document(number)
            new = [self._written(rows)] if rows else []
            self._publish(contents.generation, self._merged_small([*contents.segments, *new]))

    def _publish(self, generation: int, segments: list[Any]) -> None:
        self._files.commit(TOC(self._schema, segments, generation + 1))

    def _written(self, rows: Sequence[Row]) -> Any:
        """Return a segment of `rows`, which no commit names yet."""
        with self._new(len(rows)) as (segment, terms, columns):
            postings.write_rows(rows, self._definition, self._schema, terms, columns)
        return segment

    @contextmanager
    def _new(self, documents: int) -> Iterator[tuple[Any, TermsWriter, ColumnsWriter]]:
        segment = _CODEC.new_segment(self._files, NAME)
        segment.set_doc_count(documents)
        terms = _CODEC.field_writer(self._files, segment)
        with ExitStack() as stack:
            stack.callback(terms.discard)
            columns = _CODEC.per_document_writer(self._files, segment)
            stack.callback(columns.discard)
            yield segment, terms, columns
            terms.close()
            columns.close()
        self._files.keep(segment)

    def _merged(self, segments: Iterable[Any]) -> list[Any]:
        """Return what `segments` hold as one segment, or as several where one cannot hold it."""
        groups, blocks = [list[Any]()], 0
        for segment in filter(_living, segments):
            if (blocks := blocks + segment.blocks) > postings.MOST_BLOCKS:
                groups.append([])
                blocks = segment.blocks
            groups[-1].append(segment)
        return [self._joined(group) for group in groups if group]

    def _joined(self, segments: Sequence[Any]) -> Any:
        if len(segments) == 1 and not _deleted(segments[0]):
            return segments[0]
        for segment in segments:
            # Not a bit may be wrong in it: the copy vouches for it.
            self._files.check(segment, whole=True)
        with self._new(sum(map(_living, segments))) as (joined, terms, columns):
            postings.merge([*map(self._read, segments)], self._definition, self._schema, terms, columns)
        return joined

    def _merged_small(self, segments: Iterable[Any]) -> list[Any]:
        """Return `segments`, small ones of about the same size merged once there are many of them."""
        # A segment of which nothing lives is dropped.
        by_size = sorted(filter(_living, segments), key=_size)
        kept = []
        for _digits, tier in groupby(by_size, key=lambda segment: len(str(_size(segment)))):
            alike = list(tier)
            fitting = bisect_right(list(accumulate(map(_size, alike))), _SMALL)
            if len(alike) >= _MANY and fitting > 1:
                kept += self._merged(alike[:fitting])
                alike = alike[fitting:]
            kept += alike
        return kept


def _counted(found: Iterable[tuple[Segment, Array]], field: str, most: int) -> tuple[tuple[str, int], ...]:
    counts = Counter[bytes]()
    for segment, worth in found:
        for key, count in segment.counts(field, worth):
            counts[key] += count
    best = nsmallest(most, counts.items(), key=lambda each: (-each[1], each[0]))
    return tuple((postings.decoded(key), count) for key, count in best)


def _deleted(segment: Any) -> int:
    return int(segment.deleted_count())


def _documents(segment: Any) -> int:
    return int(segment.doc_count_all())


def _living(segment: Any) -> int:
    return _documents(segment) - _deleted(segment)


def _size(segment: Any) -> int:
    """Return about how many bytes what lives in a segment takes."""
    size: int = sum(size for size, _checksum in segment.files.values())
    return size * _living(segment) // _documents(segment)
