"""The search index in Whoosh: no server, one folder, comfortable to 100,000 items."""

import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from gettext import gettext as _
from heapq import nlargest
from itertools import islice
from pathlib import Path
from threading import RLock
from typing import Any

from whoosh.index import TOC, FileIndex
from whoosh.reading import SegmentReader

from archivist.errors import ArchiveBusy, ArchivistError, IndexUnusable
from archivist.search.document import SearchDocument
from archivist.search.fields import definition
from archivist.search.postings import MappedStorage, TermWriter, blocks, merge_all, merge_small, schema
from archivist.search.query import Hit, Hits, Query
from archivist.search.segment import Segment, row

_FORMAT = 1
_MARK = "definition.json"
_LOCK = "WRITELOCK"
# Whoosh puts it before the names of all it writes.
_NAME = "MAIN"
# Postings of a commit are gathered in memory: about 40 kB a document.
_COMMIT = 2000
_UNDATED = "9999"


class WhooshIndex:
    """A search index in `folder`, which is made when the first document comes.

    Many may search while one writes; each sees the last commit. ArchiveBusy where another process is writing,
    IndexUnusable where the index cannot be read as it is; `clear` mends that. Threads may share it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._definition = definition()
        self._schema = schema(self._definition)
        self._storage = MappedStorage(str(folder))
        self._lock = RLock()
        self._opened: tuple[int, int, int] | None = None
        self._reader: Any = None
        self._segments: tuple[Segment, ...] = ()

    def add(self, documents: Iterable[SearchDocument]) -> None:
        """Add `documents`, replacing those of the same id; one commit for each 2,000, all or nothing each."""
        source = iter(documents)
        while batch := {document.id: document for document in islice(source, _COMMIT)}:
            rows = [row(document, self._definition) for document in batch.values()]
            with self._writing() as writer:
                _remove(writer, batch)
                for offered in rows:
                    writer.add_document(**offered)
                writer.commit(mergetype=merge_small)

    def delete(self, ids: Iterable[str]) -> None:
        """Delete the documents of these ids; those that are not there are passed over."""
        if (names := set(ids)) and self._state():
            with self._writing() as writer:
                _remove(writer, names)
                writer.commit(mergetype=merge_small)

    def optimize(self) -> None:
        """Merge all segments into one: searching gets faster, deleted documents stop taking space."""
        if self._state():
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
        """Return `limit` items from `offset` on, best first (then by date and id), and how many there are."""
        with self._lock, self._intact():
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
            hits = (Hit(id_, -score, self._definition.by_weight(why)) for score, _date, id_, why in best)
            return Hits(len(found), tuple(hits))

    def count(self) -> int:
        """Return the number of documents."""
        with self._lock, self._intact():
            return sum(segment.living for segment in self._refreshed())

    def close(self) -> None:
        """Let go of the files; the index may be used again."""
        with self._lock:
            self._drop_reader()

    def _state(self) -> tuple[int, int, int] | None:
        """Return what changes with every commit, None where there is no index."""
        while (generation := TOC._latest_generation(self._storage, _NAME)) >= 0:
            with suppress(FileNotFoundError):
                # An index that was cleared and filled again counts its generations from the start.
                status = Path(self._folder, TOC._filename(_NAME, generation)).stat()
                return generation, status.st_ino, status.st_mtime_ns
        return None

    def _open(self) -> FileIndex:
        try:
            mark = json.loads((self._folder / _MARK).read_text("utf-8"))
        except (OSError, ValueError):
            mark = None
        if mark != {"format": _FORMAT, "definition": self._definition.mark}:
            says = _("The search index in {folder} was made by another version. Run: archivist reindex")
            raise IndexUnusable(says.format(folder=self._folder))
        return FileIndex(self._storage, self._schema, _NAME)

    def _refreshed(self) -> tuple[Segment, ...]:
        while (state := self._state()) != self._opened:
            self._drop_reader()
            if state is None:
                break
            try:
                self._reader = self._open().reader()
                leaves = (leaf for leaf, _base in self._reader.leaf_readers() if leaf.doc_count_all())
                self._segments = tuple(Segment(leaf, self._definition) for leaf in leaves)
                self._opened = state
            except FileNotFoundError:
                # Another process may have merged away what this one was about to open.
                if state == self._state():
                    raise
        return self._segments

    def _drop_reader(self) -> None:
        reader, self._reader, self._segments, self._opened = self._reader, None, (), None
        if reader is not None:
            reader.close()

    @contextmanager
    def _intact(self) -> Iterator[None]:
        try:
            yield
        except ArchivistError:
            raise
        except Exception as error:
            self._drop_reader()
            if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
                says = _("The search index in {folder} cannot be used: {reason}")
                raise ArchivistError(says.format(folder=self._folder, reason=error.strerror)) from error
            # Damaged bytes are unpickled, unpacked, inflated and decoded: there is no end to what they raise.
            says = _("The search index in {folder} is damaged. Run: archivist reindex")
            raise IndexUnusable(says.format(folder=self._folder)) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = self._storage.lock(_LOCK)
        if not lock.acquire():
            raise ArchiveBusy(_("Another process is writing to the search index. Try again when it is done."))
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _writing(self) -> Iterator[TermWriter]:
        with self._lock, self._locked(), self._intact():
            if not self._state():
                mark = {"format": _FORMAT, "definition": self._definition.mark}
                (self._folder / _MARK).write_text(json.dumps(mark), "utf-8")
                FileIndex.create(self._storage, self._schema, _NAME)
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
