"""The search index in Tantivy: no server, one folder, for large archives on one machine."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from pathlib import Path
from threading import RLock
from typing import TypeVar

from archivist.errors import ArchivistError, NotInstalled
from archivist.language import gettext as _
from archivist.search.clauses import Clause, Order
from archivist.search.document import SearchDocument
from archivist.search.fields import definition
from archivist.search.index import Hits
from archivist.search.row import Row, row_of
from archivist.search.surrogates import spelt_out
from archivist.search.trouble import busy, damaged, out_of_reach

try:
    import tantivy

    from archivist.search.tantivy import form
    from archivist.search.tantivy.folder import Contents, Folder, Stamp
    from archivist.search.tantivy.reading import Reading
except ImportError as error:
    raise NotInstalled(_('Tantivy is not installed. Run: pip install "archivist[tantivy]"')) from error

_FORMAT = 2
# Documents of a commit, and the characters at which it is made although there are fewer.
_COMMIT, _CHARACTERS = 2000, 20_000_000
# Bytes that Tantivy may fill before it writes a segment: for a commit, and for an index that is made anew.
_HEAP, _HEAP_ANEW = 200_000_000, 800_000_000
# Threads that write an index made anew; a commit is written by one, so that it makes one segment.
_THREADS = 2
# How often it is tried to open what another process is just replacing.
_TRIES = 20
_SYSTEM = re.compile(r"\(os error (\d+)\)|code: (\d+), kind:")
_GONE = 2

_Answer = TypeVar("_Answer")


class TantivyIndex:
    """A search index in `folder`, which is made when the first document comes.

    Many may search while one writes; each sees the last commit, and a commit is on the disk when the call that made it
    returns. A writer waits `patience` seconds for another one, then ArchiveBusy. IndexUnusable where the index is not
    as it was written; `rebuild` mends that. Threads may share it.
    """

    def __init__(self, folder: Path, patience: float = 10.0) -> None:
        self._folder = folder
        self._patience = patience
        self._definition = definition()
        self._schema = form.schema(self._definition)
        self._files = Folder(folder, f"{_FORMAT} {self._definition.mark}")
        self._lock = RLock()
        # What is open now, None where there is no index, and by what it is seen whether it is still that.
        self._reading: Reading | None = None
        self._stamps: Mapping[Path, Stamp | None] = {}

    def add(self, documents: Iterable[SearchDocument], instead_of: Iterable[str] = ()) -> int:
        """Add `documents`, replacing those of the same id and those of the ids `instead_of`; return how many there are.

        One commit for each 2,000, all or nothing each. `documents` is asked for them while no other can write, so what
        is read then cannot be older than what another puts in their place.
        """
        source, gone, more, added = iter(documents), set(instead_of), True, 0
        while more:
            with self._writing() as before:
                rows = {row.id: row for row in self._batch(source)}
                more = bool(rows)
                if rows or gone:
                    with self._intact():
                        self._commit(before, gone.union(rows), rows.values())
            gone, added = set(), added + len(rows)
        return added

    def delete(self, ids: Iterable[str]) -> None:
        """Delete the documents of these ids; those that are not there are passed over."""
        if (names := set(ids)) and self._there():
            self.add((), names)

    def rebuild(self, documents: Iterable[SearchDocument]) -> int:
        """Put `documents` in the place of everything, whatever state it is in, and return how many there are.

        All or nothing: until the end, others find what was there before. Of two with one id the first counts.
        """
        source, names = iter(documents), set[str]()
        with self._locked():
            with self._intact():
                number = self._files.fresh()
            writer = None
            try:
                with self._intact():
                    writer = self._made(number).writer(_HEAP_ANEW, _THREADS)
                while rows := list(self._batch(source)):
                    with self._intact():
                        for row in rows:
                            if row.id not in names:
                                names.add(row.id)
                                writer.add_document(form.document(row, self._definition, self._schema))
                with self._intact():
                    writer.commit()
                    writer.wait_merging_threads()
            except BaseException:
                # Its threads end with it.
                writer = None
                self._files.discard(number)
                raise
            with self._intact():
                # From here on it counts, whatever happens while the others are swept.
                self._files.finish(number)
                self._files.sweep(number)
        return len(names)

    def clear(self) -> None:
        """Delete everything, whatever state it is in."""
        self.rebuild(())

    def optimize(self) -> None:
        """Merge what can be merged: searching gets faster, deleted documents stop taking space."""
        if self._there():
            with self._writing() as before, self._intact():
                self._commit(before, (), ())

    def search(
        self,
        clause: Clause,
        limit: int = 20,
        offset: int = 0,
        order: Order = "relevance",
        facets: Mapping[str, int] | None = None,
    ) -> Hits:
        """Return `limit` items from `offset` on for which `clause` holds, and how many there are in all."""
        nothing = Hits(0, (), {name: () for name in facets or {}})
        return self._asked(lambda reading: reading.search(clause, limit, offset, order, facets or {}), nothing)

    def count(self) -> int:
        """Return the number of documents."""
        return self._asked(lambda reading: reading.count, 0)

    def ids(self) -> Iterator[str]:
        """Give the id of every document, by code point; what is written meanwhile is not given."""
        none: Iterator[str] = iter(())
        given = self._asked(lambda reading: reading.ids(), none)
        while window := self._within(lambda: list(islice(given, _COMMIT))):
            yield from window

    def has(self, id_: str) -> bool:
        """Return whether there is a document with this id."""
        return self._asked(lambda reading: bool(reading.digests(id_)), False)

    def outdated(self, document: SearchDocument) -> bool:
        """Return whether the index has other texts under the id of `document`, or has it twice."""
        digest = row_of(document, self._definition).digest
        return self._asked(lambda reading: reading.digests(document.id) not in ([], [digest]), False)

    def check(self) -> None:
        """Raise IndexUnusable where a bit of the index is not as it was written; reads all of it."""
        with self._intact():
            self._stable(lambda contents: self._files.check(contents, whole=True) if contents else None)

    def close(self) -> None:
        """Let go of the files; the index may be used again."""
        with self._lock:
            self._reading, self._stamps = None, {}

    def _batch(self, source: Iterator[SearchDocument]) -> Iterator[Row]:
        characters = 0
        for document in islice(source, _COMMIT):
            yield row_of(document, self._definition)
            characters += sum(map(len, document.pages))
            if characters >= _CHARACTERS:
                return

    def _commit(self, before: Contents | None, gone: Iterable[str], rows: Iterable[Row]) -> None:
        documents = [form.document(row, self._definition, self._schema) for row in rows]
        writer = None
        if before:
            number, index = before.generation, self._opened(before)
            self._files.begin(before)
        else:
            number = self._files.fresh()
            index = self._made(number)
        try:
            writer = index.writer(_HEAP, 1)
            for id_ in map(spelt_out, gone):
                writer.delete_documents_by_term("id", id_)
            for document in documents:
                writer.add_document(document)
            writer.commit()
            writer.wait_merging_threads()
        except BaseException:
            # Its threads end with it. What was not committed is as if it had never been.
            # On a full disk even noting that fails.
            writer = None
            with suppress(OSError):
                if before:
                    self._files.finish(number, before)
                else:
                    self._files.discard(number)
            raise
        self._files.finish(number, before)

    def _made(self, generation: int) -> tantivy.Index:
        index = tantivy.Index(self._schema, str(self._files.generation(generation)), reuse=False)
        index.register_tokenizer(form.ANALYZER, form.analyzer())
        return index

    def _opened(self, contents: Contents) -> tantivy.Index:
        index = tantivy.Index.open(str(self._files.generation(contents.generation)))
        index.register_tokenizer(form.ANALYZER, form.analyzer())
        # Otherwise a thread would look for new commits of its own accord.
        index.config_reader("manual")
        return index

    def _there(self) -> bool:
        with self._intact():
            return self._stable(lambda contents: contents is not None)

    def _asked(self, question: Callable[[Reading], _Answer], nothing: _Answer) -> _Answer:
        with self._intact():
            reading = self._refreshed()
            return question(reading) if reading else nothing

    def _within(self, call: Callable[[], _Answer]) -> _Answer:
        with self._intact():
            return call()

    def _refreshed(self) -> Reading | None:
        """Return what was committed last, opened anew where a file of it is not what was opened before.

        A file that is cut off under a reader would end the program, so they are looked at each time.
        """
        with self._lock:
            if not self._files.unchanged(self._stamps):
                self._stamps = {}
                self._reading = self._stable(self._read)
            return self._reading

    def _read(self, contents: Contents | None) -> Reading | None:
        stamps = self._files.stamps(contents)
        reading = None
        if contents:
            self._files.check(contents)
            reading = Reading(self._opened(contents).searcher(), self._schema, self._definition)
        self._stamps = stamps
        return reading

    def _stable(self, look: Callable[[Contents | None], _Answer]) -> _Answer:
        """Return what `look` finds; if it fails since another process was just replacing something, look again."""
        for _try in range(_TRIES):
            stamps: Mapping[Path, Stamp | None] = {}
            try:
                contents = self._files.contents()
                stamps = self._files.stamps(contents)
                return look(contents)
            except Exception:
                if not stamps or self._files.unchanged(stamps):
                    raise
        raise RuntimeError

    @contextmanager
    def _intact(self) -> Iterator[None]:
        """Say in words what goes wrong with the files in the block."""
        try:
            yield
        except (ArchivistError, KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:
            # A panic of Tantivy is no Exception.
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            self.close()
            if (number := _system(error)) not in (None, _GONE):
                raise out_of_reach(self._folder, os.strerror(number)) from error
            raise damaged(self._folder) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with ExitStack() as stack:
            with self._intact():
                mine = stack.enter_context(self._files.locked(self._patience))
            if not mine:
                raise busy()
            yield

    @contextmanager
    def _writing(self) -> Iterator[Contents | None]:
        with self._locked():
            with self._intact():
                contents = self._files.contents()
                if contents:
                    self._files.check(contents)
                self._files.sweep(contents.generation if contents else 0)
            yield contents


def _system(error: BaseException) -> int | None:
    """Return the number of the error of the system that led to `error`, where one did."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    said = _SYSTEM.search(str(error))
    return int(said[1] or said[2]) if said else None
