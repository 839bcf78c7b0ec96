"""Files that are written as a whole or not at all, whatever ends the program or the machine."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

#: What the name of a file ends in while it is being written.
PART = ".part"
_WHOLE_TO_BE = re.compile(rf"\.[0-9a-f]{{32}}{re.escape(PART)}")


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """Give a stream whose content becomes `path` at the end of the block, safe on the disk; OSError where it cannot.

    Until then, and where the block raises, `path` is what it was.
    """
    # A name of its own: that of `path` may be as long as names can be.
    part = path.with_name(f".{uuid4().hex}{PART}")
    try:
        with part.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    settle(path.parent)


def half_written(name: str) -> bool:
    """Return whether a file is called so while `whole` writes it."""
    return _WHOLE_TO_BE.fullmatch(name) is not None


def settle(folder: Path) -> None:
    """Let the names in `folder` reach the disk: a file may be safe and its name not."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def folder_size(folder: Path) -> int:
    """Return how many bytes the files in `folder` and below have; what cannot be looked at counts nothing."""
    total = 0
    for where, _folders, names in os.walk(folder):
        for name in names:
            total += file_size(f"{where}/{name}")
    return total


def file_size(path: Path | str) -> int:
    """Return how many bytes a file has; none where it cannot be looked at."""
    # What is being written has another name a moment later, and what was there may be gone.
    with suppress(OSError):
        return os.lstat(path).st_size
    return 0
