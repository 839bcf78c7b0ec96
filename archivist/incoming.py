"""What people upload: kept in folders of its own until it is taken in, and for as long as nobody removes it."""

import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from errno import EEXIST, EILSEQ, EINVAL, EISDIR, ENAMETOOLONG, ENOTDIR
from functools import cache
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, BinaryIO
from unicodedata import category, normalize

from archivist.box import IGNORE, MANIFEST, MOST_BYTES
from archivist.errors import ArchivistError, NotFound, OversizedScan, WrongCall
from archivist.files import file_size, half_written, whole
from archivist.language import gettext as _

if TYPE_CHECKING:
    from archivist.archive import Archive

#: Bytes that stay free on the disk: the catalogue and the originals grow with what is taken in.
_SPARE = 512 << 20
#: Bytes a name may have on any disk, less what a copy beside it is told apart by.
_LONGEST = 200
#: Characters kept of the end of a name that is cut: the number of the page stands there.
_END = 20
_NAME = re.compile(r"\d{4}-\d{2}-\d{2}-[0-9a-f]{8}")
_ABOUT = ".upload.json"
_CHUNK = 8 << 20
#: What a disk says of a name that it cannot give, whatever room it has.
_NO_NAME = (EEXIST, EILSEQ, EINVAL, EISDIR, ENAMETOOLONG, ENOTDIR)
#: Categories of characters that steer a terminal, turn the order round, or are none.
_STEERING = ("Cc", "Cf", "Cs", "Zl", "Zp")


class NoRoom(ArchivistError):
    """The disk has no room for what somebody uploads."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What has come of an upload: who sent it, when it began (ISO 8601, UTC), how many files and bytes are here."""

    who: str
    at: str
    files: int
    size: int


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload: the folder in which its scans lie as they lay where they came from."""

    name: str
    folder: Path

    def kept(self, said: str) -> Path:
        """Return where the file is kept that is called `said` (a/b/p01.jpg) where it comes from.

        Names are made safe: nothing lies outside the folder, names that are too long are cut, and those that a disk
        could take for the same are kept apart. Raises WrongCall where it is nothing to take in.
        """
        parts = [part for part in re.split(r"[/\\]", said) if part not in ("", ".")]
        if not parts or ".." in parts or any(_hidden(part) for part in parts):
            raise WrongCall(_("“{name}” is no name of a scan").format(name=_shown(said)))
        if not taken(parts[-1]):
            raise WrongCall(_("{name}: no picture and no PDF by its name").format(name=_shown(parts[-1])))
        place = self.folder
        for part in parts:
            place = _beside(place, _safe(part))
        return place

    def size(self, said: str) -> int | None:
        """Return how many bytes of the file called `said` are here, None where it has not come; WrongCall."""
        with _named(said):
            place = self.kept(said)
            return place.stat().st_size if place.is_file() else None

    def receive(self, said: str, expected: int | None) -> "Receiving":
        """Begin to keep a file called `said` of `expected` bytes, in place of one that is there by this name.

        Raises WrongCall where it cannot be called so, OversizedScan where it is larger than any scan, NoRoom.
        """
        if expected is not None and expected > MOST_BYTES:
            raise OversizedScan(_too_large())
        self.check_room(expected or 0)
        with _named(said):
            place = self.kept(said)
            if place.is_dir():
                raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
            place.parent.mkdir(parents=True, exist_ok=True)
            return Receiving(self, place, expected)

    def files(self) -> Iterator[Path]:
        """Yield what is here, but for what is still coming."""
        for folder, _folders, names in os.walk(self.folder):
            yield from (Path(folder, name) for name in names if not half_written(name) and name != _ABOUT)

    def summary(self) -> Summary:
        """Return what has come."""
        try:
            about = json.loads((self.folder / _ABOUT).read_text("utf-8"))
        except (OSError, ValueError):
            about = {}
        sizes = [file_size(path) for path in self.files()]
        return Summary(str(about.get("who", "")), str(about.get("at", "")), len(sizes), sum(sizes))

    def remove(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def check_room(self, more: int) -> None:
        """Raise NoRoom where the disk has not room for so many bytes more, and some to spare."""
        free = shutil.disk_usage(self.folder).free
        if free - more < _SPARE:
            text = _("there is no room for it: {free} MB are free on the disk of the archive; make room, then go on")
            raise NoRoom(text.format(free=free // 10**6))


class Receiving:
    """A file that is coming: `write` what came, then `close`, which is the moment at which it is there."""

    def __init__(self, upload: Upload, place: Path, expected: int | None) -> None:
        self._upload, self._expected, self._size = upload, expected, 0
        self._stack = ExitStack()
        self._stream: BinaryIO = self._stack.enter_context(whole(place))

    def write(self, data: bytes) -> None:
        """Keep the next bytes; OversizedScan, and NoRoom where the disk takes no more."""
        self._size += len(data)
        if self._size > MOST_BYTES:
            raise OversizedScan(_too_large())
        try:
            # Nobody may have said how much comes, and several files may come at once.
            self._upload.check_room(len(data))
            self._stream.write(data)
        except OSError as error:
            raise _no_room(error) from error

    def close(self, error: BaseException | None = None) -> None:
        """Let the file be there; after an `error`, or where less came than was to come (WrongCall), it never was."""
        if error is None and self._expected is not None and self._size != self._expected:
            error = WrongCall(_("only {count} bytes of {total} came").format(count=self._size, total=self._expected))
        try:
            # What is written last may find the disk full as well.
            self._stack.__exit__(type(error) if error else None, error, None)
        except OSError as full:
            raise _no_room(full) from full
        if isinstance(error, WrongCall):
            raise error


class Incoming:
    """The uploads of the archive in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "incoming"

    def begin(self, who: str) -> Upload:
        """Return a new upload by `who`; NoRoom."""
        moment = datetime.now(UTC)
        name = f"{moment.astimezone():%Y-%m-%d}-{token_hex(4)}"
        upload = Upload(name, self.folder / name)
        about = {"who": who, "at": moment.isoformat(timespec="seconds")}
        try:
            upload.folder.mkdir(parents=True)
            (upload.folder / _ABOUT).write_text(json.dumps(about, ensure_ascii=False), "utf-8")
        except OSError as error:
            raise _no_room(error) from error
        return upload

    def upload(self, name: str) -> Upload:
        """Return the upload of this name; NotFound."""
        upload = Upload(name, self.folder / name)
        if not _NAME.fullmatch(name) or not upload.folder.is_dir():
            raise NotFound(_("there is no upload “{name}” (any more)").format(name=_shown(name)))
        return upload

    def uploads(self) -> list[Upload]:
        """Return all uploads, the latest day first."""
        names = [path.name for path in self.folder.iterdir()] if self.folder.is_dir() else []
        return [Upload(name, self.folder / name) for name in sorted(filter(_NAME.fullmatch, names), reverse=True)]


def not_kept(upload: Upload, rooms: "Archive") -> list[str]:
    """Return the names of scans of an upload whose very bytes are not among the originals: all others may go.

    Every scan is read once for it.
    """
    lacking: list[str] = []
    shelves: dict[str, dict[str, int]] = {}
    for path in upload.files():
        if not _scan(path.name):
            continue
        seen, size = sha256(), 0
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                seen.update(chunk)
                size += len(chunk)
        digest = seen.hexdigest()
        shelf = digest[:2]
        if shelf not in shelves:
            shelves[shelf] = rooms.store.sizes(shelf)
        if rooms.catalog.scan(digest) is None or shelves[shelf].get(digest) != size:
            lacking.append(path.relative_to(upload.folder).as_posix())
    return lacking


def taken(name: str) -> bool:
    """Return whether a file called so is kept: a scan by its name, or a list that speaks of scans."""
    return name.lower() == MANIFEST or name == IGNORE or _scan(name)


@cache
def suffixes() -> Sequence[str]:
    """Return what the name of a scan may end in."""
    # Opening pictures takes a second to load.
    from archivist.image.open import SUFFIXES

    return sorted(SUFFIXES)


def _scan(name: str) -> bool:
    return Path(name).suffix.lower() in suffixes()


def _hidden(part: str) -> bool:
    # What begins with a dot is never taken in; the list of what to leave alone is.
    return part.startswith(".") and part != IGNORE


def _safe(part: str) -> str:
    """Return `part` as every disk takes it for a name; what is changed has a sign of what it was."""
    plain = "".join("_" if category(char) in _STEERING else char for char in part).rstrip(". ") or "_"
    stem, suffix = os.path.splitext(plain)  # noqa: PTH122 - a name, no path
    while len((stem + suffix).encode()) > _LONGEST:
        # From the middle: pages are told apart by the end.
        middle = max((len(stem) - _END) // 2, 0)
        stem, suffix = (stem[:middle] + stem[middle + 1 :], suffix) if len(stem) > _END else (stem, suffix[:-1])
    cut = stem + suffix
    return cut if cut == part else _marked(cut, part)


def _beside(folder: Path, name: str) -> Path:
    """Return where `name` lies in `folder`: apart from another name that some disks take for the same."""
    if (folder / name).exists() or not folder.is_dir():
        return folder / name
    own = _same(name)
    if any(_same(other) == own for other in os.listdir(folder)):  # noqa: PTH208 - names alone, of many
        return folder / _marked(name, name)
    return folder / name


def _same(name: str) -> str:
    return normalize("NFC", normalize("NFC", name).casefold())


def _marked(name: str, of: str) -> str:
    """Return `name` with a sign that follows from `of`, before the number at its end if it has one."""
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 - a name, no path
    sign = sha256(of.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    number = re.search(r"\d*$", stem)
    at = number.start() if number else len(stem)
    return f"{stem[:at]}~{sign}~{stem[at:]}{suffix}" if at < len(stem) else f"{stem}~{sign}{suffix}"


def _shown(name: str) -> str:
    return "".join("�" if category(char) in _STEERING else char for char in name[-80:])


@contextmanager
def _named(said: str) -> Iterator[None]:
    """Raise WrongCall for what no disk takes: a path too long, a folder by the name of a file, or the other way."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_NAME:
            raise _no_room(error) from error
        text = _("{name} cannot be kept by this name: {reason}")
        raise WrongCall(text.format(name=_shown(said), reason=error.strerror or error)) from error


def _no_room(error: OSError) -> NoRoom:
    return NoRoom(_("it could not be kept: {reason}").format(reason=error.strerror or error))


def _too_large() -> str:
    text = _("more than {most} million bytes, which no scan has; split it")
    return text.format(most=MOST_BYTES // 10**6)
