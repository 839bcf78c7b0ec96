"""What an archivist hands in: folders, files and manifests, sorted into bundles of scans that lie together."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast

from natsort import natsort_keygen, ns

from archivist.box.bundle import MOST_BYTES, Bundle, Paths, Root, outside, place, printable, resolved
from archivist.box.ignored import IGNORE, Ignored
from archivist.box.manifest import MANIFEST, Links, follow, mark
from archivist.language import gettext as _
from archivist.model import Failure

__all__ = ["IGNORE", "MANIFEST", "MOST_BYTES", "Bundle", "count", "gather", "place"]

_BUNDLED = frozenset({".pdf"})
_NUMBERED = re.compile(r"(?P<series>.*?)[\s_\-.(（第p]*(?P<number>\d+)[\s)）页]*", re.IGNORECASE | re.DOTALL)
_natural = natsort_keygen(alg=ns.PATH)
_Order: TypeAlias = Callable[[Iterable[str]], Sequence[str]]


def gather(paths: Iterable[Path], suffixes: frozenset[str]) -> Iterator[Bundle | Failure]:
    """Yield what lies under `paths`, in natural order, as bundles; what cannot be taken is a Failure.

    A folder of numbered images is one bundle, or one for each series where their names differ before the number
    (`58-01.jpg`, `60-01.jpg`); an image without a number, a PDF, and a path handed in by itself are items of their
    own. A `manifest.csv` speaks for the paths it names. A folder without a single scan is passed over; any other file
    that is not a scan (by `suffixes`) is reported. What begins with a dot is left alone, and what `.archivistignore`
    names as .gitignore does. No link is followed out of the box, none into a folder. Paths that overlap give each
    bundle once. No more is kept in mind than the names in the folder at hand, or what its manifest says.
    Raises ManifestError where a manifest, WrongCall where an `.archivistignore` cannot be followed, and BoxGone where
    a folder that was handed in goes away in the meantime.
    """
    yield from _once(paths, suffixes, _in_natural_order)


def count(paths: Iterable[Path], suffixes: frozenset[str]) -> int:
    """Return how many scans and failures `gather` will tell of, for less work; raises what it raises."""
    found = _once(paths, suffixes, list)
    return sum(len(entry.paths) if isinstance(entry, Bundle) else 1 for entry in found)


def _once(paths: Iterable[Path], suffixes: frozenset[str], order: _Order) -> Iterator[Bundle | Failure]:
    roots = {os.path.abspath(path): path for path in reversed(list(paths))}  # noqa: PTH100
    folders = {where for where in roots if os.path.isdir(where)}  # noqa: PTH112
    whole: set[str] = set()
    for where in sorted(folders, key=len):
        if not _reached(Path(where), whole):
            whole.add(where)
    # A scan by itself is an item of its own, which the folder it lies in may give as well.
    alone = dict.fromkeys((place(Path(where)) for where in roots if where not in folders), False)
    for where, path in reversed(roots.items()):
        if where in folders - whole or (path.name.lower() == MANIFEST and _reached(Path(where), whole)):
            continue
        for entry in _root(path, suffixes, order):
            if isinstance(entry, Bundle) and entry.source in alone:
                if alone[entry.source]:
                    continue
                alone[entry.source] = True
            yield entry


def _reached(path: Path, roots: set[str]) -> bool:
    """Say whether one of the folders `roots` gives what lies at `path`."""
    return any(str(above) in roots and _leads(above, path) for above in path.parents)


def _leads(root: Path, path: Path) -> bool:
    here = root
    try:
        ignored = Ignored(Root.of(root))
        for name in path.relative_to(root).parts:
            ignored, above, here = ignored.below(here), here, here / name
            if here.is_symlink() or ignored.leaves_alone(above, name, here.is_dir()):
                return False
    except OSError:
        return False
    return True


def _root(path: Path, suffixes: frozenset[str], order: _Order) -> Iterator[Bundle | Failure]:
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where it may not look
        yield from _walk(path, Root.of(path), suffixes, order)
    elif path.name.lower() == MANIFEST:
        yield from follow(path, Root.of(path.parent), suffixes, set())
    elif os.path.lexists(path):
        yield _single(place(path.parent), path.parent, path.name, None)
    else:
        yield Failure(place(path), 0, "ingest", "missing", _("there is nothing at this path; check its spelling"))


def _in_natural_order(names: Iterable[str]) -> list[str]:
    # The library's own keys take ten times the memory of the names.
    return sorted(names, key=_packed)


def _packed(name: str) -> bytes:
    """Return natsort's key for `name` as bytes of the same order."""
    key = b""
    for part in cast("tuple[tuple[str | int, ...], ...]", _natural(name)):
        for piece in part:
            if isinstance(piece, str):
                key += piece.encode("utf-8", "surrogatepass").replace(b"\1", b"\1\2") + b"\1\1"
            else:
                number = piece.to_bytes((piece.bit_length() + 7) // 8)
                key += bytes([1 + len(number)]) + number
        key += b"\0"
    # `p1` and `p01` are the same number.
    return key + os.fsencode(name)


def _single(where: str, folder: Path, name: str, root: Root | None) -> Bundle:
    """Return `name` in `folder`, which is called `where`, as an item of its own."""
    shown = printable(name)
    return Bundle(f"{where.rstrip('/')}/{shown}", _stem(shown), Paths(folder, (name,)), {}, root)


@dataclass(frozen=True, slots=True)
class _Listing:
    """The names in one folder, by what they are, those that are left alone apart."""

    folders: Sequence[str]
    manifests: Sequence[str]
    scans: Sequence[str]
    others: Sequence[str]
    #: Links that lead out of the box.
    outside: Sequence[str]


def _walk(top: Path, root: Root, suffixes: frozenset[str], order: _Order) -> Iterator[Bundle | Failure]:
    """Yield what lies in `top` and below."""
    # Of each folder on the way down: those in it that are still to see, what it leaves out, what is spoken for in it.
    way: list[tuple[Iterator[Path], Ignored, set[int]]] = [(iter((top,)), Ignored(root), set())]
    while way:
        folders, ignored, spoken_for = way[-1]
        folder = next(folders, None)
        if folder is None:
            way.pop()
            continue
        try:
            ignored = ignored.below(folder)
            listing = _look(folder, ignored, suffixes, order)
        except OSError as error:
            root.check()
            text = _("the folder cannot be opened ({reason}); give yourself the right to read it, or check the disk")
            yield Failure(place(folder), 0, "ingest", "unreadable", text.format(reason=error.strerror or error))
            continue
        for name in listing.outside:
            yield Failure(place(folder / name), 0, "ingest", "link", outside(folder / name))
        if listing.manifests:
            # Forgotten again on the way up.
            spoken_for = set(spoken_for)
        for name in listing.manifests:
            yield from follow(folder / name, root, suffixes, spoken_for)
        yield from _lying(folder, listing, root, spoken_for)
        way.append((map(folder.joinpath, listing.folders), ignored, spoken_for))


def _look(folder: Path, ignored: Ignored, suffixes: frozenset[str], order: _Order) -> _Listing:
    folders: list[str] = []
    manifests: list[str] = []
    scans: list[str] = []
    others: list[str] = []
    outward: list[str] = []
    with os.scandir(folder) as found:
        for entry in found:
            kind = _kind(entry)
            if ignored.leaves_alone(folder, entry.name, kind == "folder"):
                continue
            if kind == "link" and not resolved(folder / entry.name).is_relative_to(ignored.root.folder):
                outward.append(entry.name)
            elif kind == "folder":
                folders.append(entry.name)
            elif kind == "link" and os.path.isdir(folder / entry.name):  # noqa: PTH112
                continue
            elif kind == "other":
                others.append(entry.name)
            elif entry.name.lower() == MANIFEST:
                manifests.append(entry.name)
            else:
                (scans if _suffix(entry.name) in suffixes else others).append(entry.name)
    return _Listing(order(folders), order(manifests), order(scans), order(others), order(outward))


def _kind(entry: "os.DirEntry[str]") -> str:
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    # A pipe or a device would keep its reader waiting for ever.
    return "path" if entry.is_file(follow_symlinks=False) else "other"


def _stem(name: str) -> str:
    return os.path.splitext(name)[0]  # noqa: PTH122 - a million paths take a while


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122


def _lying(folder: Path, listing: _Listing, root: Root, spoken_for: set[int]) -> Iterator[Bundle | Failure]:
    """Yield what lies in `folder` itself and is not `spoken_for`."""
    links = Links()

    def free(name: str) -> bool:
        return not spoken_for or mark(links.followed(folder / name)) not in spoken_for

    for name in filter(free, listing.others if listing.scans else ()):
        text = _("no picture and no PDF by its name; it was left where it is")
        yield Failure(place(folder / name), 0, "ingest", "not a scan", text)
    where = place(folder)
    series: dict[str, list[str]] = {}
    for name in filter(free, listing.scans):
        numbered = None if _suffix(name) in _BUNDLED else _NUMBERED.fullmatch(_stem(name))
        if numbered:
            series.setdefault(numbered["series"].lower(), []).append(name)
        else:
            yield _single(where, folder, name, root)
    for name, members in series.items():
        shown = printable(name)
        # The series stands in the source even where it is the only one: another may come later.
        source, called = (f"{where}#{shown}", f"{Path(where).name} {shown}") if name else (where, Path(where).name)
        yield Bundle(source, called, Paths(folder, members), {}, root)
