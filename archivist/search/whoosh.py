"""The search index in Whoosh: no server, one folder, comfortable to 100,000 items."""

import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from gettext import gettext as _
from heapq import nlargest
from itertools import islice
from pathlib import Path
from threading import RLock
from typing import Any

from whoosh.index import TOC, FileIndex
from whoosh.reading import SegmentReader

from archivist.errors import ArchiveBusy, ArchivistError
from archivist.search.document import SearchDocument
from archivist.search.fields import definition
from archivist.search.postings import MappedStorage, TermWriter, blocks, merge_all, merge_small, schema
from archivist.search.query import Hit, Hits, Query
from archivist.search.segment import Segment, row

_FORMAT = 1
_MARK = "definition.json"
_LOCK = "WRITELOCK"
# Postings of a commit are gathered in memory: about 25 kB a document.
_COMMIT = 5000
_UNDATED = "9999"


class IndexUnusable(ArchivistError):
    """The index is damaged or of another version; it can be made anew from the catalogue."""


class WhooshIndex:
    """A search index in `folder`, which is made when the first document comes.

    Many may search while one writes; each sees the last commit. ArchiveBusy where another is writing, IndexUnusable
    where the index cannot be read as it is; `clear` mends that. Safe to share between threads.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._definition = definition()
        self._schema = schema(self._definition)
        self._storage = MappedStorage(str(folder))
        self._lock = RLock()
        self._generation = -1
        self._reader: Any = None
        self._segments: tuple[Segment, ...] = ()

    def add(self, documents: Iterable[SearchDocument]) -> None:
        """Add `documents`, replacing those of the same id; one commit for each 5,000, all or nothing each."""
        source = iter(documents)
        while batch := {document.id: document for document in islice(source, _COMMIT)}:
            with self._writing() as writer:
                _remove(writer, batch)
                for document in batch.values():
                    writer.add_document(**row(document, self._definition))
                writer.commit(mergetype=merge_small)

    def delete(self, ids: Iterable[str]) -> None:
        """Delete the documents of these ids; those that are not there are passed over."""
        if self._exists():
            with self._writing() as writer:
                _remove(writer, set(ids))
                writer.commit(mergetype=merge_small)

    def optimize(self) -> None:
        """Merge all segments into one: searching gets faster, deleted documents stop taking space."""
        if self._exists():
            with self._writing() as writer:
                writer.commit(mergetype=merge_all)

    def clear(self) -> None:
        """Delete everything, whatever state it is in."""
        with self._lock, self._locked():
            self._drop_reader()
            # Contents first: without them the folder counts as an empty index, not as a damaged one.
            for path in sorted(self._folder.iterdir(), key=lambda path: path.suffix != ".toc"):
                if path.is_dir():
                    for inner in path.iterdir():
                        inner.unlink()
                    path.rmdir()
                elif path.name != _LOCK:
                    path.unlink()

    def search(self, query: Query, limit: int = 20, offset: int = 0) -> Hits:
        """Return `limit` items from `offset` on, best first (then by date, then by id), and how many there are."""
        with self._lock, self._readable():
            found = [(segment, match) for segment in self._refreshed() for match in segment.find(query)]
            # Names are read for those only that can come so far up.
            scores = nlargest(offset + limit, (match.score for _segment, match in found))
            floor = scores[-1] if scores else 0.0
            rows = [
                (-match.score, date or _UNDATED, id_, match.why)
                for segment, match in found
                if match.score >= floor
                for date, id_ in (segment.named(match.number),)
            ]
            best = sorted(rows)[offset : offset + limit]
            return Hits(len(found), tuple(Hit(id_, -score, why) for score, _date, id_, why in best))

    def count(self) -> int:
        """Return the number of documents."""
        with self._lock, self._readable():
            return sum(segment.living for segment in self._refreshed())

    def close(self) -> None:
        """Let go of the files; the index may be used again."""
        with self._lock:
            self._drop_reader()

    def _exists(self) -> bool:
        return bool(TOC._latest_generation(self._storage, "MAIN") >= 0)

    def _open(self) -> FileIndex:
        try:
            mark = json.loads((self._folder / _MARK).read_text("utf-8"))
        except (OSError, ValueError):
            mark = None
        if mark != {"format": _FORMAT, "definition": self._definition.mark}:
            raise IndexUnusable(
                _("The search index in {folder} was made by another version. Run: archivist reindex").format(
                    folder=self._folder
                )
            )
        return FileIndex(self._storage, self._schema)

    def _refreshed(self) -> tuple[Segment, ...]:
        if not self._exists():
            self._drop_reader()
        elif self._generation != TOC._latest_generation(self._storage, "MAIN"):
            self._drop_reader()
            self._reader = self._open().reader()
            self._generation = self._reader.generation()
            leaves = (leaf for leaf, _base in self._reader.leaf_readers() if leaf.doc_count_all())
            self._segments = tuple(Segment(leaf, self._definition) for leaf in leaves)
        return self._segments

    def _drop_reader(self) -> None:
        reader, self._reader, self._segments, self._generation = self._reader, None, (), -1
        if reader is not None:
            reader.close()

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except ArchivistError:
            raise
        except Exception as error:
            # Damaged bytes are unpickled, unpacked, inflated and decoded: there is no end to what they raise.
            self._drop_reader()
            raise IndexUnusable(
                _("The search index in {folder} is damaged. Run: archivist reindex").format(folder=self._folder)
            ) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = self._storage.lock(_LOCK)
        if not lock.acquire():
            raise ArchiveBusy(_("Another process is writing to the search index. Try again when it has finished."))
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _writing(self) -> Iterator[TermWriter]:
        with self._lock, self._locked():
            with self._readable():
                if not self._exists():
                    FileIndex.create(self._storage, self._schema)
                    mark = {"format": _FORMAT, "definition": self._definition.mark}
                    (self._folder / _MARK).write_text(json.dumps(mark), "utf-8")
                writer = TermWriter(self._open())
            try:
                yield writer
            except BaseException:
                if not writer.is_closed:
                    writer.cancel()
                raise


def _remove(writer: TermWriter, ids: Collection[str]) -> None:
    base = 0
    for segment in writer.segments:
        reader = SegmentReader(writer.storage, writer.schema, segment)
        try:
            for id_ in ids:
                for numbers, _counts in blocks(reader, "id", id_.encode()):
                    for number in numbers:
                        if not segment.is_deleted(number):
                            writer.delete_document(base + number)
        finally:
            reader.close()
        base += segment.doc_count_all()
