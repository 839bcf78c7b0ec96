"""The folder of an index in Tantivy: one writer at a time, a list of what belongs to it, and damage is noticed.

Tantivy itself writes files once, lets them reach the disk, and then replaces its own list (meta.json) at one blow. It
looks at none of them again, so the size and the checksum of each are noted here, in the file CONTENTS, which is
replaced likewise. While a writer is at work, and after it was killed, CONTENTS says so: then files may be newer than
what is noted of them. An index that is made anew grows in a folder of its own until CONTENTS names that one.
"""

import json
import os
import shutil
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

_LOCK, _CONTENTS, _GENERATION = "WRITELOCK", "CONTENTS", "generation-"
# Seconds between two looks at a lock that another holds.
_LOOK = 0.05
# Bytes of an index that are all read when it is opened (a tenth of a second); those of a larger one are when asked for.
_READ_AT_ONCE = 256 * 1024 * 1024
_CHUNK = 1024 * 1024
# Lists of Tantivy; other than the files of its segments they are replaced.
_LISTS = ("meta.json", ".managed.json")

#: What tells whether a file has been changed: its place on the disk, size, and time.
Stamp = tuple[int, int, int]


class Damaged(Exception):
    """A file of the index is not as it was written, or was written by another version."""


class Noted(NamedTuple):
    """What is noted of a file."""

    size: int
    checksum: int


@dataclass(frozen=True, slots=True)
class Contents:
    """In which generation the index lies, what is noted of its files, and whether a writer is changing them."""

    generation: int
    files: Mapping[str, Noted]
    writing: bool


class Folder:
    """The folder `path`; an index made with another `mark` is as good as damaged.

    Raises Damaged, FileNotFoundError where another process has just removed what was to be opened, OSError.
    """

    def __init__(self, path: Path, mark: str) -> None:
        self._path, self._mark = path, mark
        self._sound: dict[Path, Stamp | None] = {}

    def generation(self, number: int) -> Path:
        """Return the folder of a generation."""
        return self._path / f"{_GENERATION}{number}"

    def contents(self) -> Contents | None:
        """Return what the folder holds, None where there is no index."""
        try:
            said, _line, seal = (self._path / _CONTENTS).read_bytes().rpartition(b"\n")
        except FileNotFoundError:
            return None
        if not said or seal != _seal(said):
            raise Damaged(_CONTENTS)
        known = json.loads(said)
        if known.pop("mark") != self._mark:
            raise Damaged(_CONTENTS)
        files = {name: Noted(*noted) for name, noted in known.pop("files").items()}
        return Contents(files=files, **known)

    def begin(self, contents: Contents) -> None:
        """Note that files may now be other than `contents` says."""
        self._write(Contents(contents.generation, contents.files, writing=True))

    def finish(self, generation: int, before: Contents | None = None) -> None:
        """Note what the files of `generation` are; `before` is what was noted of some of them. This is the commit."""
        folder = self.generation(generation)
        known = before.files if before and before.generation == generation else {}
        files = {
            name: known[name] if name in known and name not in _LISTS else _noted(folder / name)
            for name in _listed(folder)
        }
        self._sound.update({folder / name: _stamp(folder / name) for name in files})
        self._write(Contents(generation, files, writing=False))

    def check(self, contents: Contents, *, whole: bool = False) -> None:
        """Raise Damaged where a file is not as `contents` says; those of large indexes are all read if `whole`.

        What was found sound is read again only if `whole`, or where it has been changed since.
        """
        folder = self.generation(contents.generation)
        read = whole or sum(noted.size for noted in contents.files.values()) <= _READ_AT_ONCE
        for name, noted in contents.files.items():
            path = folder / name
            stamp = _stamp(path)
            if contents.writing and (stamp is None or name in _LISTS):
                continue
            if stamp is None or stamp[1] != noted.size:
                raise Damaged(name)
            if whole or (read and self._sound.get(path) != stamp):
                if _noted(path) != noted:
                    raise Damaged(name)
                self._sound[path] = stamp

    def stamps(self, contents: Contents | None) -> dict[Path, Stamp | None]:
        """Return what tells whether the folder has changed: of its contents, and of each file."""
        paths = [self._path / _CONTENTS]
        if contents:
            folder = self.generation(contents.generation)
            paths += (folder / name for name in (*contents.files, *_LISTS))
        return {path: _stamp(path) for path in paths}

    def unchanged(self, stamps: Mapping[Path, Stamp | None]) -> bool:
        """Return whether the folder is as it was when it was looked at."""
        return bool(stamps) and all(_stamp(path) == stamp for path, stamp in stamps.items())

    def fresh(self) -> int:
        """Return the number of a new generation, for which there is an empty folder."""
        taken = [int(name) for path in self._generations() if (name := path.name.removeprefix(_GENERATION)).isdigit()]
        number = max(taken, default=0) + 1
        self.generation(number).mkdir()
        sync(self._path)
        return number

    def discard(self, number: int) -> None:
        """Remove a generation; who reads in it may go on."""
        shutil.rmtree(self.generation(number), ignore_errors=True)

    def sweep(self, but: int) -> None:
        """Remove all generations but one, and forget what files were like that are gone."""
        keep = self.generation(but)
        for path in self._generations():
            if path != keep:
                shutil.rmtree(path, ignore_errors=True)
        self._sound = {path: stamp for path, stamp in self._sound.items() if _stamp(path)}

    @contextmanager
    def locked(self, patience: float) -> Iterator[bool]:
        """Keep other writers out for the block; gives whether that could be had within `patience` seconds.

        The system lets go of the lock of a process that was killed.
        """
        if not self._path.is_dir():
            self._path.mkdir(parents=True, exist_ok=True)
            sync(self._path.parent)
        lock = FileLock(self._path / _LOCK, poll_interval=_LOOK, thread_local=False, fallback_to_soft=False)
        try:
            lock.acquire(timeout=patience)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def _generations(self) -> list[Path]:
        return sorted(self._path.glob(f"{_GENERATION}*"))

    def _write(self, contents: Contents) -> None:
        said = json.dumps({"mark": self._mark, **asdict(contents)}, ensure_ascii=True).encode()
        new = self._path / f"{_CONTENTS}.new"
        with new.open("wb") as file:
            file.write(said + b"\n" + _seal(said))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path / _CONTENTS)
        sync(self._path)


def sync(folder: Path) -> None:
    """Let the names in `folder` reach the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _listed(folder: Path) -> list[str]:
    """Return the names of the files that belong to the index of Tantivy in `folder`."""
    segments = json.loads((folder / "meta.json").read_bytes())["segments"]
    deletes = {segment["segment_id"].replace("-", ""): segment["deletes"] for segment in segments}
    names = []
    for path in folder.iterdir():
        segment, _dot, kind = path.name.partition(".")
        if segment in deletes:
            gone = deletes[segment]
            if not kind.endswith("del") or (gone and kind == f"{gone['opstamp']}.del"):
                names.append(path.name)
    return [*_LISTS, *sorted(names)]


def _stamp(path: Path) -> Stamp | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - many a search, and a Path takes twice as long
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _noted(path: Path) -> Noted:
    size = checksum = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            size, checksum = size + len(chunk), zlib.crc32(chunk, checksum)
    return Noted(size, checksum)


def _seal(said: bytes) -> bytes:
    return f"{zlib.crc32(said):08x}".encode()
