"""What in a box is left alone: what its `.archivistignore` names, hidden paths, the litter of file managers."""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from archivist.box.bundle import Root, place, read
from archivist.errors import ScanError, WrongCall
from archivist.language import gettext as _

IGNORE = ".archivistignore"
_LITTER = frozenset({"thumbs.db", "desktop.ini", ".ds_store"})
_MOST_BYTES = 64 * 1024
#: Matching takes a time that grows by the length of a name with each further star.
_MOST_STARS, _MOST_DEEP_STARS = 3, 2


@dataclass(frozen=True, slots=True)
class Ignored:
    """What the lists of a folder and of those above it, up to `root`, leave out."""

    root: Root
    lists: tuple[tuple[Path, GitIgnoreSpec], ...] = ()

    def below(self, folder: Path) -> "Ignored":
        """Return what is left out in `folder`; WrongCall where its `.archivistignore` cannot be followed."""
        return Ignored(self.root, (*self.lists, *_list(folder, self.root)))

    def leaves_alone(self, folder: Path, name: str, is_folder: bool) -> bool:
        """Say whether `name` in `folder` is passed over without a word."""
        if name.startswith(".") or name.lower() in _LITTER:
            return True
        end = f"{name}/" if is_folder else name
        return any(spec.match_file(f"{folder.relative_to(base).as_posix()}/{end}") for base, spec in self.lists)


def _list(folder: Path, root: Root) -> Iterator[tuple[Path, GitIgnoreSpec]]:
    own = folder / IGNORE
    if not own.is_file():
        return
    try:
        lines = read(own, root, _MOST_BYTES).decode("utf-8", "replace").splitlines()
        if any(_endless(line) for line in lines):
            raise ValueError(_("a line has more stars than can be followed"))
        with warnings.catch_warnings():
            # Of brackets in brackets, which mean what they say.
            warnings.simplefilter("ignore", FutureWarning)
            spec = GitIgnoreSpec.from_lines(lines)
    except (ValueError, re.error, ScanError) as error:
        text = _("{path} cannot be followed: {reason}")
        raise WrongCall(text.format(path=place(own), reason=error)) from error
    yield folder, spec


def _endless(line: str) -> bool:
    parts = [part.strip() for part in line.split("/")]
    deep = parts.count("**")
    # Each star is tried by itself, also where several stand side by side.
    return deep > _MOST_DEEP_STARS or any(part.count("*") > _MOST_STARS for part in parts if part != "**")
