"""What is known, written for others: catalogues for people and records for programs, one module a format."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from archivist.errors import ArchivistError, WrongCall
from archivist.export import csv, jsonl, xlsx
from archivist.export.jsonl import record
from archivist.files import whole
from archivist.language import gettext as _
from archivist.model import Item

__all__ = ["FORMATS", "WITH_TEXT", "record", "write"]

_WRITERS: dict[str, Callable[[Iterable[Item], BinaryIO], int]] = {
    "xlsx": xlsx.write,
    "csv": csv.write,
    "jsonl": jsonl.write,
}
FORMATS = tuple(_WRITERS)
#: Those that say what stands on the pages; for the others `Catalog.listed` is enough.
WITH_TEXT = frozenset({"jsonl"})


def write(format: str, items: Iterable[Item], path: Path) -> int:
    """Write `items` to `path` as `format` (one of FORMATS), one row each, and return how many there were.

    The path holds what it held before until everything is written. Raises WrongCall for an unknown
    format or folder, ArchivistError where the path cannot be written.
    """
    if format not in _WRITERS:
        message = _("There is no export format “{format}”; there are {known}.")
        raise WrongCall(message.format(format=format, known=", ".join(FORMATS)))
    if not path.parent.is_dir():
        raise WrongCall(_("The folder {folder} does not exist.").format(folder=path.parent))
    try:
        with whole(path) as stream:
            return _WRITERS[format](items, stream)
    except OSError as error:
        message = _("{path} cannot be written: {reason}")
        raise ArchivistError(message.format(path=path, reason=error.strerror or error)) from error
