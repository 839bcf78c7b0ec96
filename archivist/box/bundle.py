"""A bundle of scans, the folder it was handed in with, and the way to its bytes."""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import overload
from unicodedata import category

from archivist.errors import BoxGone, OversizedScan, UnreadableScan, UnsafeScan
from archivist.language import gettext as _

#: More bytes than any scan has: a bound volume of 500 colour pages at 600 dpi stays below.
MOST_BYTES = 2**31
#: Nothing is waited for that is no file by now, and no link is followed but those looked at before.
_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
#: Characters that show a name in another order than it has.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Paths(Sequence[Path]):
    """Paths in one folder, kept as their names: a folder may have a million of them."""

    __slots__ = ("_folder", "_names")

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        """Stand for the paths of `names` (relative to `folder`, in page order)."""
        self._folder, self._names = folder, names

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, place: int) -> Path: ...

    @overload
    def __getitem__(self, place: slice) -> "Paths": ...

    def __getitem__(self, place: int | slice) -> "Path | Paths":
        if isinstance(place, slice):
            return Paths(self._folder, self._names[place])
        return self._folder / self._names[place]

    def __repr__(self) -> str:
        return f"Paths({self._folder!r}, {self._names!r})"


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that was handed in, without links, and the device it lies on: nothing is taken from outside it."""

    folder: Path
    device: int

    @classmethod
    def of(cls, folder: Path) -> "Root":
        """Return the root that `folder` is; raises OSError where it cannot be looked at."""
        real = resolved(folder)
        return cls(real, os.stat(real).st_dev)  # noqa: PTH116 - as the others here

    def check(self) -> None:
        """Raise BoxGone where it is not there any more: renamed, or its disk or share unmounted."""
        try:
            there = os.stat(self.folder).st_dev == self.device  # noqa: PTH116
        except OSError:
            there = False
        if not there:
            text = _("the box {box} cannot be reached any more; mount it again and run again, what was read is kept")
            raise BoxGone(text.format(box=place(self.folder)))


@dataclass(frozen=True, slots=True)
class Bundle:
    """Scans that lie together, in page order: one item, or several with no sheet between them.

    `source` is where it came from, the same in every run; `name` what it is called there; `given` what a manifest
    says of it; `root` the folder its paths may not lead out of, None for a path that was handed in by itself.
    """

    source: str
    name: str
    paths: Sequence[Path]
    given: Mapping[str, str] = field(default_factory=dict)
    root: Root | None = None

    def read(self, path: Path) -> bytes:
        """Return the bytes of `path`, one of `paths`.

        Raises UnsafeScan where it is no plain file or leads out of `root` by now, OversizedScan where it has more than
        MOST_BYTES, UnreadableScan where the system does not give it, and BoxGone where the whole box has gone.
        """
        return read(path, self.root, MOST_BYTES)


def read(path: Path, root: Root | None, most: int) -> bytes:
    """Return the bytes of `path`, at most `most`, from within `root`; see `Bundle.read` for what it raises."""
    try:
        with _opened(path, root) as number:
            about = os.fstat(number)
            if not stat.S_ISREG(about.st_mode):
                raise UnsafeScan(_("no file, but a device, a pipe or a folder; take it out of the box"))
            if about.st_size > most:
                text = _("{size} million bytes are more than a scan may have ({most} million); split it")
                raise OversizedScan(text.format(size=about.st_size // 10**6, most=most // 10**6))
            with open(number, "rb", closefd=False) as stream:
                data = stream.read(about.st_size + 1)
    except OSError as error:
        if root:
            root.check()
        text = _("the scan cannot be read ({reason}); check the rights to it and the disk, then run again")
        raise UnreadableScan(text.format(reason=error.strerror or error)) from error
    if len(data) != about.st_size:
        raise UnreadableScan(_("the scan changed while it was read; wait until it is copied, then run again"))
    return data


@contextmanager
def _opened(path: Path, root: Root | None) -> Iterator[int]:
    """Open `path` and give its descriptor; inside `root` without following a link on the way."""
    if root is None:
        number = os.open(path, _OPEN)
    else:
        real = resolved(path)
        if not real.is_relative_to(root.folder):
            raise UnsafeScan(outside(path))
        number = os.open(root.folder, _OPEN | os.O_DIRECTORY)
        # A name may have become a link since it was looked at.
        for name in real.relative_to(root.folder).parts:
            above = number
            try:
                number = os.open(name, _OPEN | os.O_NOFOLLOW, dir_fd=above)
            finally:
                os.close(above)
    try:
        yield number
    finally:
        os.close(number)


def outside(path: Path) -> str:
    """Return what is said of a link that leads out of the box."""
    text = _("a link that leads out of the box, to {target}; hand in the file itself")
    return text.format(target=place(resolved(path)))


def resolved(path: Path) -> Path:
    """Return `path` without links, as far as it can be followed."""
    # Path.resolve raises where links lead in a circle.
    return Path(os.path.realpath(path))


def place(path: Path) -> str:
    """Return `path` as the catalogue writes it: absolute, without `..`, with escapes for what cannot be printed."""
    # Path.resolve would follow links.
    return printable(Path(os.path.abspath(path)).as_posix())  # noqa: PTH100


def printable(name: str) -> str:
    r"""Return `name` with escapes (`\n`, `\u202e`) for what is no text, steers a terminal or turns the order round."""
    if name.isprintable() and "\\" not in name:
        return name
    return "".join(ascii(char)[1:-1] if _escaped(char) else char for char in name)


def _escaped(char: str) -> bool:
    # The backslash too: a name may hold what looks like an escape.
    return char == "\\" or char in _TURNING or category(char) in ("Cc", "Cs", "Zl", "Zp")
