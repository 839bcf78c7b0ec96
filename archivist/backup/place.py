"""Where a backup lies: a folder of this machine, or a place on a server that fsspec speaks to."""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from errno import EINVAL
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import fsspec

from archivist.errors import ArchivistError
from archivist.files import PART, half_written, settle, whole
from archivist.language import gettext as _
from archivist.store import Store

_BLOCK = 1 << 20
_SECRET = re.compile(r"(?i)(passw|pwd|secret|token|key)[^=&]*=")
_STAMP = "%Y%m%dT%H%M%SZ"
_UNFINISHED = re.compile(rf"unfinished-(\d{{8}}T\d{{6}}Z)-[0-9a-f]{{32}}({re.escape(PART)})?")
# They show an object when it is complete, and give it no other name without copying it.
_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"})


def stamped(moment: datetime) -> str:
    """Return `moment` as it stands in a name."""
    return moment.strftime(_STAMP)


def stamp(said: str) -> datetime | None:
    """Return the moment that stands in a name as `said`; None where none does."""
    try:
        return datetime.strptime(said, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def unfinished() -> str:
    """Return a name for what is made in a place now, which nobody has given to anything else."""
    return f"unfinished-{stamped(datetime.now(UTC))}-{uuid4().hex}"


def begun(name: str) -> datetime | None:
    """Return since when what is called `name` has been unfinished; None where this is no name of such."""
    found = _UNFINISHED.fullmatch(name)
    return stamp(found[1]) if found else None


def secret(url: str) -> bool:
    """Return whether `url` holds a password or key."""
    if "://" not in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        # What cannot be taken apart may hold anything.
        return True
    return parts.password is not None or _SECRET.search(unquote(parts.query)) is not None


def without_secret(url: str) -> str:
    """Return `url` without user, password and options, to be shown or kept."""
    if "://" not in url:
        return url
    scheme, _slashes, rest = url.partition("://")
    where, slash, path = rest.partition("/")
    return f"{scheme}://{where.rpartition('@')[2]}{slash}{path}".partition("?")[0]


class Place:
    """A folder, or an fsspec URL such as `s3://bucket/archive`, that holds a few whole things by name, and originals.

    Nothing there is ever half written under its name. Whatever fails raises ArchivistError, which names the place.
    """

    def __init__(self, address: str) -> None:
        """Name the place; SettingsError where its URL means nothing, NotInstalled where a package for it is missing.

        `folder` is None where it is no folder of this machine; `shown` is safe to be shown and kept.
        """
        self.folder = None if _is_url(address) else Path(address.removeprefix("file://")).resolve()
        self.shown = str(self.folder) if self.folder else without_secret(address)
        self.address = self.folder.as_posix() if self.folder else address.rstrip("/")
        self._url = f"file://{self.address}" if self.folder else self.address
        self.originals = Store(f"{self._url}/originals")
        self._files: Any = None
        if not self.folder:
            self._files, root = fsspec.core.url_to_fs(self._url)
            self._root = str(root).rstrip("/")

    def held(self) -> Store:
        """Return the originals of a backup that has some; ArchivistError where they are not there."""
        store = Store(f"{self._url}/originals", expected=True)
        if next(store.digests(), None) is None:
            text = _("the originals of the backup in {place} are not there; mount them, or restore another backup")
            raise ArchivistError(text.format(place=self.shown))
        return store

    def names(self) -> list[str]:
        """Return what lies there, things and folders, by name; nothing where there is no such place yet."""
        with self._in_words():
            if self.folder:
                return sorted(path.name for path in self.folder.iterdir()) if self.folder.is_dir() else []
            self._files.invalidate_cache()
            try:
                paths = self._files.ls(self._root, detail=False)
            except FileNotFoundError:
                return []
            return sorted(PurePosixPath(path).name for path in paths)

    def read(self, name: str, most: int) -> bytes | None:
        """Return what lies under `name`, at most `most` bytes of it; None where there is nothing."""
        with self._in_words():
            try:
                if self.folder:
                    with _file(self.folder / name) as file:
                        return file.read(most)
                return bytes(self._files.cat_file(self._at(name), end=most))
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        """Keep `data` under `name` in place of what lies there."""
        with self._in_words():
            if self.folder:
                with whole(self.folder / name) as file:
                    file.write(data)
            else:
                self._send(name, len(data), lambda to: self._files.pipe_file(to, data))

    def take_in(self, name: str, path: Path) -> None:
        """Keep the file at `path`, which goes away where it lies in the place itself, under `name`."""
        with self._in_words():
            if self.folder:
                with path.open("rb+") as file:
                    os.fsync(file.fileno())
                path.replace(self.folder / name)
                settle(self.folder)
            else:
                self._send(name, path.stat().st_size, lambda to: self._files.put_file(str(path), to))

    def fetch(self, name: str, path: Path) -> str:
        """Copy what lies under `name` to the file `path` and return its SHA-256."""
        digest = hashlib.sha256()
        with self._in_words():
            opened = _file(self.folder / name) if self.folder else self._files.open(self._at(name), "rb")
            with opened as source, path.open("wb", buffering=0) as target:
                while block := source.read(_BLOCK):
                    digest.update(block)
                    try:
                        target.write(block)
                    except OSError as error:
                        raise ArchivistError(f"{path}: {error.strerror}") from error
        return digest.hexdigest()

    def remove(self, name: str) -> None:
        """Take away what lies under `name`."""
        with self._in_words():
            if self.folder:
                (self.folder / name).unlink(missing_ok=True)
            else:
                self._files.rm_file(self._at(name))

    def abandoned(self, name: str, since: datetime) -> bool:
        """Return whether a write that broke off left `name` half written at `since` or before."""
        if self.folder and half_written(name):
            with self._in_words():
                return (self.folder / name).stat().st_mtime <= since.timestamp()
        moment = begun(name) if name.endswith(PART) else None
        return moment is not None and moment <= since

    def _send(self, name: str, size: int, send: Callable[[str], None]) -> None:
        """Let `send` write `size` bytes to a path of the server, which are seen under `name` when all are there."""
        protocols = self._files.protocol
        objects = not _OBJECT_STORES.isdisjoint([protocols] if isinstance(protocols, str) else protocols)
        path = self._at(name)
        part = path if objects else self._at(f"{unfinished()}{PART}")
        if not objects:
            self._files.makedirs(self._root, exist_ok=True)
        try:
            send(part)
            self._files.invalidate_cache()
            if self._files.size(part) != size:
                raise OSError(_("{name} arrived incomplete").format(name=name))
            if part != path:
                self._rename(part, path)
        except BaseException:
            if part != path:
                with suppress(Exception):
                    self._files.rm_file(part)
            raise

    def _rename(self, part: str, path: str) -> None:
        try:
            self._files.mv(part, path)
        except Exception:
            # Some servers, as those of Windows shares, give no name that is taken.
            if not (self._files.exists(part) and self._files.exists(path)):
                raise
            self._files.rm_file(path)
            self._files.mv(part, path)

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except ArchivistError:
            raise
        # Each kind of server has exceptions of its own.
        except Exception as error:
            reason = f"{error.strerror}: {error.filename}" if isinstance(error, OSError) and error.filename else error
            raise ArchivistError(_("{place}: {reason}").format(place=self.shown, reason=reason)) from error


def _is_url(address: str) -> bool:
    return "://" in address and not address.startswith("file://")


def _file(path: Path) -> BinaryIO:
    if path.exists() and not path.is_file():
        # A pipe or device would be waited for, or never end.
        raise OSError(EINVAL, os.strerror(EINVAL), str(path))
    return path.open("rb")
