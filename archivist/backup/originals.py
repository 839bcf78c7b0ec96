"""Originals carried from one store to another: only what is not there yet, and each looked at on the way."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from dataclasses import dataclass
from functools import partial
from threading import Lock

from archivist.backup.manifest import Lost
from archivist.catalog.copying import CatalogueFile, Kept
from archivist.errors import ScanError
from archivist.store import Store

# Disks and servers make one wait for each answer, and give several at once.
_HANDS = 4
# An original is in memory while it is carried, and the largest are of 2 GiB: no two hands hold a larger one at once.
_LARGE = 64 << 20


@dataclass(frozen=True, slots=True)
class Carried:
    """What came of it: how many were copied, their bytes, how many were there already, and what is lost."""

    copied: int
    bytes: int
    there: int
    lost: tuple[Lost, ...]


def carry(
    catalogue: CatalogueFile, source: Store, target: Store, tell: Callable[[int], None], *, trusting: bool
) -> Carried:
    """Copy what `catalogue` names from `source` to `target`; what is lost is told, and the others are copied.

    Where it is `trusting`, whatever has the right size in `target` already is taken to be right. `tell` is called with
    the number done. Raises ArchivistError where `target` cannot be written or one of the two cannot be reached.
    """
    copied = size = there = 0
    lost: list[Lost] = []
    pool, alone = ThreadPoolExecutor(_HANDS), Lock()
    try:
        with closing(catalogue.kept()) as shelves:
            for shelf, wanted in shelves:
                bring = partial(_bring, source, target, source.sizes(shelf), target.sizes(shelf), trusting, alone)
                for came in pool.map(bring, wanted):
                    if isinstance(came, Lost):
                        lost.append(came)
                    elif came is None:
                        there += 1
                    else:
                        copied, size = copied + 1, size + came
                    tell(copied + there + len(lost))
    finally:
        pool.shutdown(cancel_futures=True)
    return Carried(copied, size, there, tuple(lost))


def _bring(
    source: Store,
    target: Store,
    held: Mapping[str, int],
    there: Mapping[str, int],
    trusting: bool,
    alone: Lock,
    kept: Kept,
) -> int | Lost | None:
    """Return the number of bytes copied, None where they were there already."""
    digest = kept.sha256
    size = kept.size if kept.size is not None else held.get(digest, there.get(digest))
    alike = digest in there and there[digest] == size
    if alike and (trusting or _whole(target, digest)):
        return None
    with alone if held.get(digest, 0) > _LARGE else nullcontext():
        try:
            data = source.get(digest)
        except ScanError as error:
            # What was damaged may have another size than what it was copied to before.
            if digest in there and _whole(target, digest):
                return None
            return Lost(digest, kept.name, str(error))
        if alike:
            target.replace(data)
        else:
            target.put(data)
    return len(data)


def _whole(store: Store, digest: str) -> bool:
    try:
        store.check(digest)
    except ScanError:
        return False
    return True
