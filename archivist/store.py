"""Originals, byte for byte, under their SHA-256 on any fsspec URL; written once, never altered."""

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from errno import ENOSPC
from pathlib import Path
from platform import node
from typing import Any, TypeVar
from uuid import uuid4

import fsspec
from fsspec.implementations.local import LocalFileSystem

from archivist.errors import ArchivistError, NotInstalled, SettingsError, UnreadableScan
from archivist.files import PART, settle, whole
from archivist.language import gettext as _

T = TypeVar("T")

#: The first two digits of the digests on it.
_SHELF = re.compile(r"[0-9a-f]{2}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CHUNK = 8 << 20
#: They show an object when it is complete, and know no folders.
_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"})
#: What is asked of S3: what others wrote is seen at once, and a large original is not copied whole into memory.
_S3_OPTIONS = {"use_listings_cache": False, "max_concurrency": 2}
#: A file that is being written is not older than this.
_DAY = 86_400.0


class Store:
    """The originals behind a URL such as `file:///box/archive/originals` or `s3://bucket/originals`.

    Keys and the address of an S3 server come from the environment or AWS's own files, never from the URL. Safe to use
    from several threads.
    """

    def __init__(self, url: str, *, expected: bool = False) -> None:
        """Open the store at `url`; `expected` says that it was there before: it is not made anew where it is gone.

        Raises SettingsError where the URL means nothing, NotInstalled where a package for it is missing.
        """
        self._files, self._root = _opened(url)
        self._local = Path(self._root) if isinstance(self._files, LocalFileSystem) else None
        protocols = self._files.protocol
        self._objects = not _OBJECT_STORES.isdisjoint([protocols] if isinstance(protocols, str) else protocols)
        self._shown = url.removeprefix("file://")
        self._made = expected

    def put(self, data: bytes) -> str:
        """Keep `data` and return its SHA-256 as hexadecimal digits; the same bytes are kept once.

        Raises ArchivistError where they cannot be written; nothing half written is left under the digest.
        """
        digest = hashlib.sha256(data).hexdigest()
        with self._writing():
            if self._size(digest) != len(data):
                self._write(digest, data)
        return digest

    def replace(self, data: bytes) -> str:
        """Keep `data` in the place of bytes that have changed under its digest, and return the digest.

        What lay there is kept beside it as `<digest>.damaged-<moment>`.
        """
        digest = hashlib.sha256(data).hexdigest()
        with suppress(UnreadableScan):
            self.check(digest)
            return digest
        with self._writing():
            if self._size(digest) is not None:
                path = self._path(digest)
                aside = f"{path}.damaged-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}"
                try:
                    self._files.cp_file(path, aside)
                except OSError:
                    # A disk that cannot give back the bytes can still give them another name.
                    self._files.mv(path, aside)
            self._write(digest, data)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the original; UnreadableScan where it is missing or its bytes have changed."""
        with self._reading(digest):
            data = bytes(self._files.cat_file(self._path(digest)))
        if hashlib.sha256(data).hexdigest() != digest:
            raise UnreadableScan(_changed(digest))
        return data

    def check(self, digest: str) -> int:
        """Return the number of bytes of the original; UnreadableScan where it is missing or its bytes have changed.

        However large it is, little of it is in memory at a time.
        """
        seen, size = hashlib.sha256(), 0
        with self._reading(digest), self._files.open(self._path(digest), "rb", cache_type="none") as stream:
            while chunk := stream.read(_CHUNK):
                seen.update(chunk)
                size += len(chunk)
        if seen.hexdigest() != digest:
            raise UnreadableScan(_changed(digest))
        return size

    def digests(self) -> Iterator[str]:
        """Yield the digest of everything kept, shelf by shelf; ArchivistError where the store cannot be reached."""
        for shelf in self._listed(self._shelves):
            yield from self.sizes(shelf)

    def sizes(self, shelf: str) -> dict[str, int]:
        """Return digest and bytes of everything kept whose digest begins with the two digits `shelf`."""
        return dict(self._listed(lambda: self._on(shelf)))

    def sweep(self, age: float = _DAY) -> int:
        """Remove what a write that was killed left half done, `age` seconds ago or before; return how many there were.

        Nothing that is kept is ever removed.
        """
        if not self._local:
            # A server of objects forgets what was never completed.
            return 0
        swept = 0
        with self._writing():
            for part in self._local.glob(f"??/*{PART}"):
                with suppress(FileNotFoundError):
                    if time.time() - part.stat().st_mtime >= age:
                        part.unlink()
                        swept += 1
        return swept

    def _path(self, digest: str) -> str:
        return f"{self._root}/{digest[:2]}/{digest}"

    def _size(self, digest: str) -> int | None:
        try:
            return int(self._files.info(self._path(digest))["size"])
        except FileNotFoundError:
            return None

    def _write(self, digest: str, data: bytes) -> None:
        path = self._path(digest)
        if self._local:
            shelf = Path(path).parent
            if not shelf.is_dir():
                if not self._made:
                    self._local.mkdir(parents=True, exist_ok=True)
                shelf.mkdir(exist_ok=True)
                settle(self._local)
            with whole(Path(path)) as stream:
                stream.write(data)
        elif self._objects:
            self._files.pipe_file(path, data)
        else:
            part = f"{path}.{uuid4().hex}{PART}"
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._files.pipe_file(part, data)
            self._files.mv(part, path)
        # Gone from now on, it was taken away, and must not be begun anew in an empty folder where a share was mounted.
        self._made = True

    def _listed(self, look: Callable[[], Iterable[T]]) -> list[T]:
        """Return what `look` finds, nothing where it finds no folder in a store that is there."""
        with self._in_words(_("what is kept in {place} cannot be listed: {reason}")):
            try:
                return list(look())
            except FileNotFoundError:
                self._check_there()
                return []

    def _shelves(self) -> Iterator[str]:
        names = (str(path).rstrip("/").rpartition("/")[2] for path in self._files.ls(self._root, detail=False))
        return (name for name in names if _SHELF.fullmatch(name))

    def _on(self, shelf: str) -> Iterator[tuple[str, int]]:
        """Yield name and size of what stands on a shelf; FileNotFoundError where there is no such shelf."""
        if self._local:
            with os.scandir(self._local / shelf) as entries:
                # What is being written has another name the moment it is asked for its size.
                yield from ((entry.name, entry.stat().st_size) for entry in entries if _DIGEST.fullmatch(entry.name))
        else:
            for entry in self._files.ls(f"{self._root}/{shelf}", detail=True):
                name = str(entry["name"]).rpartition("/")[2]
                if _DIGEST.fullmatch(name):
                    yield name, int(entry["size"])

    def _check_there(self) -> None:
        """Raise FileNotFoundError where the folder or bucket is missing that must be there."""
        if self._objects:
            if not self._made and not self._files.exists(self._root.partition("/")[0]):
                raise FileNotFoundError(_("there is no such bucket"))
            self._made = True
        elif self._made and not self._files.exists(self._root):
            raise FileNotFoundError(_("there is no such folder"))

    def _writing(self) -> AbstractContextManager[None]:
        return self._in_words(_("the original could not be kept in {place}: {reason}"))

    @contextmanager
    def _in_words(self, text: str) -> Iterator[None]:
        try:
            yield
        # Each kind of server has exceptions of its own.
        except Exception as error:
            raise ArchivistError(text.format(place=self._shown, reason=_reason(error))) from error

    @contextmanager
    def _reading(self, digest: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            text = _(
                "the kept original {digest}… is not in {place}, as {machine} sees it; mount what is kept there, or "
                "restore it from a backup"
            )
            words = text.format(digest=digest[:12], place=self._shown, machine=node())
            raise UnreadableScan(words) from error
        except Exception as error:
            text = _("the kept original {digest}… cannot be read: {reason}")
            raise UnreadableScan(text.format(digest=digest[:12], reason=_reason(error))) from error


def _opened(url: str) -> tuple[Any, str]:
    if url.startswith("file://"):
        # Taken as it stands: fsspec would cut a folder's name at `::`.
        return LocalFileSystem(), url.removeprefix("file://").rstrip("/")
    try:
        files, root = fsspec.core.url_to_fs(url, **(_S3_OPTIONS if url.startswith("s3") else {}))
        if not str(root).strip("/"):
            raise ValueError(_("it names no folder and no bucket"))
    except ImportError as error:
        text = _("the store {url} needs a package that is not installed ({reason}): pip install 'archivist[s3]'")
        raise NotInstalled(text.format(url=url, reason=error)) from error
    except ValueError as error:
        raise SettingsError(_("the store {url} cannot be meant so: {reason}").format(url=url, reason=error)) from error
    return files, str(root).rstrip("/")


def _changed(digest: str) -> str:
    text = _("the kept original {digest}… has changed; restore it from a backup")
    return text.format(digest=digest[:12])


def _reason(error: Exception) -> str:
    """Return what went wrong, and what to do about it where that is known."""
    said = (getattr(error, "strerror", None) or str(error) or type(error).__name__).rstrip(".")
    if isinstance(error, PermissionError):
        return _("{said}; check the rights to it, or the keys of the server").format(said=said)
    if isinstance(error, FileNotFoundError):
        return _("{said}; make the folder or bucket, or mount it again").format(said=said)
    if isinstance(error, OSError) and error.errno == ENOSPC:
        return _("{said}; make room, then run the same command again").format(said=said)
    return said
