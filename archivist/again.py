"""Where to take in again what failed: the folder it was handed in with, of which the rest is only passed over."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from archivist.box import IGNORE, MANIFEST, place


class Roots:
    """What was handed in, as far as it is known: folders and single paths, as the catalogue writes paths.

    `places` are named in the order in which they are to be believed.
    """

    def __init__(self, places: Iterable[str]) -> None:
        self._places = list(dict.fromkeys(one.rstrip("/") or "/" for one in places if one))

    def again(self, source: str) -> Path | None:
        """Return what to take in for `source` to be tried again, None where it cannot be said or is not there.

        A scan by itself would make an item of its own, so it is the folder it lies in, or the one above that has a
        list which speaks of it; never above what was handed in.
        """
        root = next((one for one in self._places if _within(source, one)), None)
        if root is None:
            return None
        if not os.path.isdir(root):  # noqa: PTH112 - Path.is_dir raises where it may not look
            return Path(root) if os.path.lexists(root) else None
        return _speaking(_there(source, root), Path(root))


def shortest(paths: Iterable[Path]) -> Sequence[Path]:
    """Return `paths` without those that lie below another."""
    found: list[Path] = []
    for path in sorted(set(paths), key=lambda one: len(one.parts)):
        if not any(path.is_relative_to(above) for above in found):
            found.append(path)
    return sorted(found)


def _within(source: str, root: str) -> bool:
    return source == root or source.startswith((f"{root.rstrip('/')}/", f"{root}#"))


def _there(source: str, root: str) -> Path:
    """Return the lowest folder of `source` that is there, `root` if there is none below it."""
    # What the catalogue calls a source may end in #12 or be written with escapes.
    named = source.rpartition("#")[0] or source
    for folder in (source, named, *map(str, PurePosixPath(named).parents)):
        if not _within(folder, root) or folder == root:
            break
        if os.path.isdir(folder) and not os.path.islink(folder):  # noqa: PTH112, PTH114
            return Path(folder)
    return Path(root)


def _speaking(folder: Path, root: Path) -> Path:
    """Return the highest folder from `folder` up to `root` with a list in it that may speak of it, or `folder`."""
    found = folder
    for above in (folder, *folder.parents):
        if place(above) == place(root) or above.is_relative_to(root):
            if any(os.path.lexists(above / name) for name in (MANIFEST, IGNORE)):
                found = above
        else:
            break
    return found
