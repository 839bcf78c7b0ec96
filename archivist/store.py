"""Originals, byte for byte, under their SHA-256 on any fsspec URL; written once, never altered."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from gettext import gettext as _
from uuid import uuid4

import fsspec
from fsspec.implementations.local import LocalFileSystem

from archivist.errors import ArchivistError, UnreadableScan


class Store:
    """The originals behind a URL such as `file:///box/archive/originals`."""

    def __init__(self, url: str) -> None:
        if url.startswith("file://"):
            # Taken as it stands: fsspec would cut a folder's name at `::`.
            self._files, root = LocalFileSystem(), url.removeprefix("file://")
        else:
            self._files, root = fsspec.core.url_to_fs(url)
        self._root = str(root).rstrip("/")

    def put(self, data: bytes) -> str:
        """Keep `data` and return its SHA-256 as hexadecimal digits; the same bytes are kept once.

        Raises ArchivistError where they cannot be written; nothing half written is left under the digest.
        """
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        try:
            if self._files.exists(path) and self._files.size(path) == len(data):
                return digest
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
            if isinstance(self._files, LocalFileSystem):
                _write_whole(path, data)
            else:
                # Object stores make an object visible when it is complete.
                self._files.pipe_file(path, data)
        except OSError as error:
            text = _("the original could not be kept in {place}: {reason}")
            raise ArchivistError(text.format(place=self._root, reason=error)) from error
        return digest

    def get(self, digest: str) -> bytes:
        """Return the original; UnreadableScan where it is missing or its bytes have changed."""
        try:
            data = bytes(self._files.cat_file(self._path(digest)))
        except OSError as error:
            text = _("the kept original {digest}… cannot be read: {reason}")
            raise UnreadableScan(text.format(digest=digest[:12], reason=error)) from error
        if hashlib.sha256(data).hexdigest() != digest:
            text = _("the kept original {digest}… has changed; restore it from a backup")
            raise UnreadableScan(text.format(digest=digest[:12]))
        return data

    def digests(self) -> Iterator[str]:
        """Yield the digest of everything kept."""
        if self._files.exists(self._root):
            for path in self._files.find(self._root):
                name = str(path).rpartition("/")[2]
                if len(name) == 64:
                    yield name

    def _path(self, digest: str) -> str:
        return f"{self._root}/{digest[:2]}/{digest}"


def _write_whole(path: str, data: bytes) -> None:
    part = f"{path}.{uuid4().hex}.part"
    try:
        with open(part, "wb") as file:  # noqa: PTH123 - fsspec speaks in strings
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)  # noqa: PTH105
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(part)  # noqa: PTH108
        raise
