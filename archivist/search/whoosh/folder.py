"""The folder of an index: a power cut leaves the old commit or the new one, and damage in it is noticed.

Whoosh itself waits for no disk and checks nothing. Here a commit reaches the disk before the file that names its
segments (.toc) does, that file ends in a checksum, and it holds the size and the checksum of every file it names.
"""

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import StructFile
from whoosh.index import TOC, clean_files
from whoosh.util.filelock import try_for

# Whoosh puts it before the names of all it writes.
NAME = "MAIN"
_LOCK = "WRITELOCK"
_LIST = ".toc"
# Seconds between two looks at a lock that another holds.
_LOOK = 0.05
# Bytes of a segment that are all read when it is opened (some hundredths of a second); larger ones are, when asked for.
_READ_AT_ONCE = 64 * 1024 * 1024
_SEAL = 4

#: What tells whether a file has been changed: its place on the disk, size, and time.
Stamp = tuple[int, int, int]


class Damaged(Exception):
    """A file of the index is not as it was written, or was written by another version."""


class Folder(FileStorage):  # type: ignore[misc]
    """A folder of segments that Whoosh keeps: which there are, and what is deleted in them.

    `mark` says by which definition an index was made; one made by another is as good as damaged. Raises Damaged,
    FileNotFoundError where another process has just merged away what was to be opened, OSError.
    """

    def __init__(self, path: Path, mark: str) -> None:
        super().__init__(str(path))
        self._path, self._mark = path, mark.encode()
        self._sound: dict[str, Stamp | None] = {}

    def path_of(self, name: str) -> Path:
        """Return where the file `name` is."""
        return self._path / name

    def open_file(self, name: str, **kwargs: Any) -> StructFile:
        """Return a file opened for reading; Damaged where a list of segments is not as it was written."""
        if not name.endswith(_LIST):
            return super().open_file(name, **kwargs)
        return StructFile(BytesIO(self._unsealed((self._path / name).read_bytes())), name=name, **kwargs)

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        """Let the list of segments that is written become the one that counts: this is the commit."""
        path = self._path / oldname
        with path.open("r+b") as file:
            seal = self._seal(file.read())
            file.write(seal)
            file.flush()
            os.fsync(file.fileno())
        path.replace(self._path / newname)
        self._sync()

    def last(self) -> str:
        """Return the name of the list of segments that counts, "" where there is none."""
        generation = self.generation()
        return str(TOC._filename(NAME, generation)) if generation >= 0 else ""

    def generation(self) -> int:
        """Return the number of the last commit, whatever state it is in; -1 where there is none."""
        return int(TOC._latest_generation(self, NAME))

    def contents(self, schema: Any) -> Any:
        """Return the last commit, a TOC of Whoosh; FileNotFoundError where there is none."""
        return TOC.read(self, NAME, schema=schema)

    def keep(self, segment: Any) -> None:
        """Let the files of a new segment reach the disk, and note in it what they are."""
        segment.files = {}
        for name in sorted(segment.list_files(self)):
            with (self._path / name).open("rb") as file:
                os.fsync(file.fileno())
            segment.files[name] = ((self._path / name).stat().st_size, self._checksum(name))
            self._sound[name] = self.stamp(name)
        self._sync()

    def check(self, segment: Any, *, whole: bool = False) -> None:
        """Raise Damaged where a file of `segment` is not as it was written; large ones are all read if `whole`.

        What was found sound is read again only if `whole`, or where it has been changed since.
        """
        files: dict[str, tuple[int, int]] = segment.files
        read = whole or sum(size for size, _checksum in files.values()) <= _READ_AT_ONCE
        for name, (size, checksum) in files.items():
            stamp = self.stamp(name)
            if (self._path / name).stat().st_size != size:
                raise Damaged(name)
            if whole or (read and self._sound.get(name) != stamp):
                if self._checksum(name) != checksum:
                    raise Damaged(name)
                self._sound[name] = stamp

    def stamp(self, name: str) -> Stamp | None:
        """Return what changes when the file `name` does; None where it is not there."""
        try:
            status = (self._path / name).stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns

    def commit(self, contents: Any) -> None:
        """Let `contents`, a TOC of Whoosh, become the one that counts."""
        contents.write(self, NAME)
        self.sweep(contents)

    def sweep(self, contents: Any) -> None:
        """Remove all that `contents` does not name, and forget files that are gone."""
        clean_files(self, NAME, contents.generation, contents.segments)
        self._sound = {name: stamp for name, stamp in self._sound.items() if self.stamp(name)}
        for path in self._path.glob(f"_{NAME}_*.toc.*"):
            with suppress(OSError):
                path.unlink()

    @contextmanager
    def locked(self, patience: float) -> Iterator[bool]:
        """Keep other writers out for the block; gives whether that could be had within `patience` seconds.

        The system lets go of the lock of a process that was killed.
        """
        if not self._path.is_dir():
            self._path.mkdir(parents=True, exist_ok=True)
            _sync(self._path.parent)
        lock = self.lock(_LOCK)
        if not try_for(lock.acquire, timeout=patience, delay=_LOOK):
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def _seal(self, content: bytes) -> bytes:
        return zlib.crc32(content, zlib.crc32(self._mark)).to_bytes(_SEAL)

    def _unsealed(self, data: bytes) -> bytes:
        content, seal = data[:-_SEAL], data[-_SEAL:]
        if not content or self._seal(content) != seal:
            raise Damaged("toc")
        return content

    def _checksum(self, name: str) -> int:
        file = _mapped(self._path / name)
        try:
            return zlib.crc32(file if isinstance(file, mmap) else file.getvalue())
        finally:
            file.close()

    def _sync(self) -> None:
        _sync(self._path)


def _mapped(path: Path) -> mmap | BytesIO:
    with path.open("rb") as stream:
        # Nothing cannot be mapped.
        return mmap(stream.fileno(), 0, access=ACCESS_READ) if path.stat().st_size else BytesIO()


def _sync(folder: Path) -> None:
    """Let the names in `folder` reach the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
