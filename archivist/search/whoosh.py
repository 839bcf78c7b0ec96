"""The search index in Whoosh: no server, one folder, comfortable to 100,000 items."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from gettext import gettext as _
from heapq import merge, nlargest
from itertools import islice
from pathlib import Path
from threading import RLock
from typing import Any

from whoosh.index import TOC
from whoosh.reading import SegmentReader

from archivist.errors import ArchiveBusy, ArchivistError, IndexUnusable
from archivist.search.document import SearchDocument
from archivist.search.fields import definition
from archivist.search.folder import Folder, Stamp
from archivist.search.postings import TermWriter, blocks, merge_all, merge_none, merge_small, schema
from archivist.search.query import Hit, Hits, Query
from archivist.search.segment import Segment, row

_FORMAT = 2
# Postings of a commit are gathered in memory: about 40 kB a document.
_COMMIT = 2000
# Identifiers given out at a time.
_WINDOW = 5000
_UNDATED = "9999"


class WhooshIndex:
    """A search index in `folder`, which is made when the first document comes.

    Many may search while one writes; each sees the last commit, and a commit is on the disk when the call that made it
    returns. A writer waits `patience` seconds for another one, then ArchiveBusy. IndexUnusable where the index is not
    as it was written; `rebuild` mends that. Threads may share it.
    """

    def __init__(self, folder: Path, patience: float = 10.0) -> None:
        self._folder = folder
        self._patience = patience
        self._definition = definition()
        self._schema = schema(self._definition)
        self._files = Folder(folder, f"{_FORMAT} {self._definition.mark}")
        self._lock = RLock()
        # What is open now, and the files it was read from.
        self._opened: dict[str, Stamp | None] = {}
        self._readers: list[SegmentReader] = []
        self._segments: tuple[Segment, ...] = ()

    def add(self, documents: Iterable[SearchDocument], instead_of: Iterable[str] = ()) -> int:
        """Add `documents`, replacing those of the same id and those of the ids `instead_of`; return how many there are.

        One commit for each 2,000, all or nothing each. `documents` is asked for them while no other can write, so what
        is read then cannot be older than what another puts in their place.
        """
        source, gone, more, added = iter(documents), set(instead_of), True, 0
        while more:
            with self._writing():
                rows = {document.id: row(document, self._definition) for document in islice(source, _COMMIT)}
                more = bool(rows)
                if rows or gone:
                    with self._intact():
                        self._commit(gone.union(rows), rows.values())
            gone, added = set(), added + len(rows)
        return added

    def delete(self, ids: Iterable[str]) -> None:
        """Delete the documents of these ids; those that are not there are passed over."""
        if (names := set(ids)) and self._files.last():
            self.add((), names)

    def rebuild(self, documents: Iterable[SearchDocument]) -> int:
        """Put `documents` in the place of everything, whatever state it is in, and return how many there are.

        All or nothing: until the end, others find what was there before. Of two with one id the first counts. Nothing
        is merged, so that it is there soon.
        """
        source, names = iter(documents), set[str]()
        with self._writing():
            commit = TOC(self._schema, [], self._files.generation())
            while rows := {document.id: row(document, self._definition) for document in islice(source, _COMMIT)}:
                with self._intact(), self._writer(commit) as writer:
                    for name in rows.keys() - names:
                        writer.add_document(**rows[name])
                    commit.segments += writer.unpublished()
                names.update(rows)
            with self._intact(), self._writer(commit) as writer:
                writer.commit(mergetype=merge_none)
        return len(names)

    def clear(self) -> None:
        """Delete everything, whatever state it is in."""
        self.rebuild(())

    def optimize(self) -> None:
        """Merge all segments into one: searching gets faster, deleted documents stop taking space."""
        if self._files.last():
            with self._writing(), self._intact(), self._writer(self._contents()) as writer:
                writer.commit(mergetype=merge_all)

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

    def ids(self) -> Iterator[str]:
        """Give the id of every document, by code point; what is written meanwhile is given or not."""
        last = ""
        while window := self._ids(last):
            yield from window
            last = window[-1]

    def has(self, id_: str) -> bool:
        """Return whether there is a document with this id."""
        with self._lock, self._intact():
            return any(segment.numbered(id_) for segment in self._refreshed())

    def outdated(self, document: SearchDocument) -> bool:
        """Return whether the index has other texts under the id of `document`, or has it twice."""
        offered = row(document, self._definition)
        with self._lock, self._intact():
            kept = [same for segment in self._refreshed() for same in segment.compared(document.id, offered)]
        return kept not in ([], [True])

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
            self._drop()

    def _ids(self, last: str) -> list[str]:
        with self._lock, self._intact():
            found = merge(*(segment.ids(last) for segment in self._refreshed()))
            return list(islice(found, _WINDOW))

    def _refreshed(self) -> tuple[Segment, ...]:
        """Return the segments of the last commit, opened anew where it or a file of it is not what was opened before.

        A file that is cut off under a reader would end the program, so they are looked at each time.
        """
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
        self._drop()
        if last:
            opened = {last: self._files.stamp(last)}
            for segment in self._contents().segments:
                opened |= {name: self._files.stamp(name) for name in segment.files}
                if segment.doc_count_all():
                    self._readers.append(SegmentReader(self._files, self._schema, segment))
            self._segments = tuple(Segment(reader, self._definition) for reader in self._readers)
            self._opened = opened
        return self._segments

    def _drop(self) -> None:
        readers, self._readers, self._segments, self._opened = self._readers, [], (), {}
        for reader in readers:
            reader.close()

    def _contents(self) -> Any:
        """Return the last commit, once its segments are found to be as they were written."""
        if not self._files.last():
            return TOC(self._schema, [], -1)
        contents = self._files.contents(self._schema)
        for segment in contents.segments:
            self._files.check(segment)
        return contents

    @contextmanager
    def _intact(self) -> Iterator[None]:
        """Say in words what goes wrong with the files in the block."""
        try:
            yield
        except ArchivistError:
            raise
        except Exception as error:
            self._drop()
            if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
                says = _("The search index in {folder} cannot be used: {reason}")
                raise ArchivistError(says.format(folder=self._folder, reason=error.strerror)) from error
            # Damaged bytes are unpickled, unpacked, inflated and decoded: there is no end to what they raise.
            says = _("The search index in {folder} is damaged or of another version. Run: archivist reindex")
            raise IndexUnusable(says.format(folder=self._folder)) from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with ExitStack() as stack:
            with self._intact():
                mine = stack.enter_context(self._files.locked(self._patience))
            if not mine:
                raise ArchiveBusy(_("Another process is writing to the search index. Try again when it is done."))
            yield

    @contextmanager
    def _writer(self, contents: Any) -> Iterator[TermWriter]:
        writer = TermWriter(self._files, contents)
        try:
            yield writer
        except BaseException:
            # On a full disk this fails as well.
            with suppress(OSError):
                if not writer.is_closed:
                    writer.cancel()
            raise

    def _commit(self, gone: Collection[str], rows: Iterable[dict[str, Any]]) -> None:
        with self._writer(self._contents()) as writer:
            _remove(writer, gone)
            for offered in rows:
                writer.add_document(**offered)
            writer.commit(mergetype=merge_small)


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
