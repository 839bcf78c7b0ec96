"""What an archivist hands in: folders, files and manifests, sorted into bundles of scans that lie together."""

import csv
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from gettext import gettext as _
from operator import itemgetter
from pathlib import Path
from unicodedata import category

from natsort import natsorted, ns
from pathspec import GitIgnoreSpec

from archivist.definitions import load
from archivist.errors import ManifestError, WrongCall
from archivist.model import Failure

MANIFEST = "manifest.csv"
IGNORE = ".archivistignore"
_BUNDLED = frozenset({".pdf"})
_NUMBERED = re.compile(r"(?P<series>.*?)[\s_\-.(（第p]*(?P<number>\d+)[\s)）页]*", re.IGNORECASE | re.DOTALL)
_LITTER = frozenset({"thumbs.db", "desktop.ini", ".ds_store"})
_ENCODINGS = ("utf-8-sig", "gb18030")
_Ignores = tuple[tuple[Path, GitIgnoreSpec], ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """Scans that lie together, in page order: one item, or several with no sheet between them.

    `source` is where it came from, the same in every run; `name` what it is called there; `given` what a manifest
    says of it.
    """

    source: str
    name: str
    paths: tuple[Path, ...]
    given: Mapping[str, str] = field(default_factory=dict)


def gather(paths: Iterable[Path], suffixes: frozenset[str]) -> Iterator[Bundle | Failure]:
    """Yield what lies under `paths`, in natural order, as bundles; what cannot be taken is a Failure.

    A folder of numbered images is one bundle, or one for each series where their names differ before the number
    (`58-01.jpg`, `60-01.jpg`); an image without a number, a PDF, and a path handed in by itself are items of their
    own. A `manifest.csv` speaks for the paths it names. A folder without a single scan is passed over; any other file
    that is not a scan (by `suffixes`) is reported. What begins with a dot is left alone, and what `.archivistignore`
    names as .gitignore does. No link is followed out of the box, none into a folder.
    Raises ManifestError where a manifest, WrongCall where an `.archivistignore` cannot be followed.
    """
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where it may not look
            yield from _folder(path, _real(path), suffixes, (), set())
        elif path.name.lower() == MANIFEST:
            yield from _manifest(path, suffixes, set())
        elif os.path.lexists(path):
            yield _single(path)
        else:
            yield Failure(place(path), 0, "ingest", "missing", _("there is nothing at this path; check its spelling"))


def place(path: Path) -> str:
    """Return `path` as the catalogue writes it: absolute, without `..`, with escapes for what cannot be printed."""
    whole = Path(os.path.abspath(path)).as_posix()  # noqa: PTH100 - Path.resolve would follow links
    # A name may hold line breaks, what steers a terminal, or bytes that are no text.
    return "".join(ascii(char)[1:-1] if category(char) in ("Cc", "Cs", "Zl", "Zp") else char for char in whole)


def _single(path: Path) -> Bundle:
    where = place(path)
    return Bundle(where, Path(where).stem, (path,))


def _real(path: Path) -> Path:
    # Path.resolve raises where links lead in a circle.
    return Path(os.path.realpath(path))


def _folder(
    folder: Path, box: Path, suffixes: frozenset[str], ignores: _Ignores, spoken_for: set[Path]
) -> Iterator[Bundle | Failure]:
    """Yield what lies in `folder`, a part of `box`, but for what a manifest has `spoken_for`."""
    try:
        with os.scandir(folder) as found:
            entries = natsorted(((entry.name, _kind(entry)) for entry in found), key=itemgetter(0), alg=ns.PATH)
        ignores = (*ignores, *_ignored(folder))
    except OSError as error:
        text = _("the folder cannot be opened ({reason}); give yourself the right to read it, or check the disk")
        yield Failure(place(folder), 0, "ingest", "unreadable", text.format(reason=error.strerror or error))
        return
    folders, scans, others = [], [], []
    for name, kind in entries:
        path = folder / name
        if _left_alone(path, kind == "folder", ignores):
            continue
        if kind == "link" and not _real(path).is_relative_to(box):
            yield _outside(path)
        elif kind == "folder":
            folders.append(path)
        elif kind == "link" and os.path.isdir(path):  # noqa: PTH112
            continue
        elif name.lower() == MANIFEST:
            yield from _manifest(path, suffixes, spoken_for)
        elif kind != "other" and path.suffix.lower() in suffixes:
            scans.append(path)
        else:
            others.append(path)
    for path in others if scans else ():
        if _real(path) not in spoken_for:
            text = _("no picture and no PDF by its name; it was left where it is")
            yield Failure(place(path), 0, "ingest", "not a scan", text)
    yield from _bundles(folder, (scan for scan in scans if _real(scan) not in spoken_for))
    for path in folders:
        yield from _folder(path, box, suffixes, ignores, spoken_for)


def _kind(entry: "os.DirEntry[str]") -> str:
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    # A pipe or a device would keep its reader waiting for ever.
    return "path" if entry.is_file(follow_symlinks=False) else "other"


def _ignored(folder: Path) -> Iterator[tuple[Path, GitIgnoreSpec]]:
    own = folder / IGNORE
    if own.is_file():
        try:
            yield folder, GitIgnoreSpec.from_lines(own.read_text("utf-8", "replace").splitlines())
        except ValueError as error:
            raise WrongCall(_("{path} cannot be followed: {reason}").format(path=own, reason=error)) from error


def _left_alone(path: Path, is_folder: bool, ignores: _Ignores) -> bool:
    if path.name.startswith(".") or path.name.lower() in _LITTER:
        return True
    slash = "/" if is_folder else ""
    return any(spec.match_file(path.relative_to(base).as_posix() + slash) for base, spec in ignores)


def _bundles(folder: Path, files: Iterable[Path]) -> Iterator[Bundle]:
    series: dict[str, list[Path]] = {}
    for file in files:
        numbered = None if file.suffix.lower() in _BUNDLED else _NUMBERED.fullmatch(file.stem)
        if numbered:
            series.setdefault(numbered["series"].lower(), []).append(file)
        else:
            yield _single(file)
    where = place(folder)
    for name, members in series.items():
        # The series stands in the source even where it is the only one: another may come later.
        source, called = (f"{where}#{name}", f"{Path(where).name} {name}") if name else (where, Path(where).name)
        yield Bundle(source, called, tuple(members))


def _outside(path: Path) -> Failure:
    text = _("a link that leads out of the box, to {target}; hand in the file itself")
    return Failure(place(path), 0, "ingest", "link", text.format(target=place(_real(path))))


@dataclass(slots=True)
class _Entry:
    """What the rows of a manifest say of one item."""

    name: str
    paths: list[Path]
    given: dict[str, str]


def _manifest(path: Path, suffixes: frozenset[str], spoken_for: set[Path]) -> Iterator[Bundle | Failure]:
    """Yield what the manifest names, and add its scans to `spoken_for`."""
    base = _real(path.parent)
    entries: dict[str, _Entry] = {}
    for number, given in _rows(path):
        name = given.pop("path", "")
        target = path.parent / name.replace("\\", "/")
        why, pages = _named(name, target, base, suffixes, spoken_for)
        if why:
            text = _("row {number} of the manifest: {why}; correct it and run again")
            message = text.format(number=number, why=why)
            yield Failure(f"{place(path)}#{number}", 0, "ingest", "manifest", message)
            continue
        spoken_for.update(_real(page) for page in pages)
        source, called = _called(path, target, given, entries)
        entry = entries.setdefault(source, _Entry(called, [], {}))
        entry.paths += pages
        # The first row that says something of an item holds.
        entry.given = given | entry.given
    for source, entry in entries.items():
        yield Bundle(source, entry.name, tuple(entry.paths), entry.given)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield number and cells of each row that says anything, columns under our names for them."""
    rows = csv.DictReader(io.StringIO(_decoded(path), newline=""), restkey="…", restval="")
    names: Mapping[str, list[str]] = load("schemas/manifest.yaml")["columns"]
    known = {heading.lower(): name for name, headings in names.items() for heading in headings}
    try:
        columns = {heading: known.get(heading.strip().lower(), heading.strip()) for heading in rows.fieldnames or ()}
        if "path" not in columns.values():
            text = _("{manifest}: no column says where the scans are; name one “path” (路径)")
            raise ManifestError(text.format(manifest=path))
        for number, row in enumerate(rows, 2):
            given = {columns[k]: v.strip() for k, v in row.items() if k in columns and v and v.strip()}
            if given:
                yield number, given
    except csv.Error as error:
        raise ManifestError(_("{manifest} is no table: {reason}").format(manifest=path, reason=error)) from error


def _named(
    name: str, target: Path, base: Path, suffixes: frozenset[str], spoken_for: set[Path]
) -> tuple[str, list[Path]]:
    """Return the scans that a row names by `name`, or why there are none for it."""
    if not name:
        return _("the row names no scan"), []
    if not _real(target).is_relative_to(base):
        return _("{name} lies outside the box").format(name=name), []
    if not os.path.exists(target):  # noqa: PTH110
        return _("there is no {name} beside the manifest").format(name=name), []
    pages = [page for page in _pages(target, suffixes) if _real(page).is_relative_to(base)]
    if not pages:
        return _("there are no scans in {name}").format(name=name), []
    pages = [page for page in pages if _real(page) not in spoken_for]
    return ("", pages) if pages else (_("{name} is named in a row before").format(name=name), [])


def _pages(target: Path, suffixes: frozenset[str]) -> list[Path]:
    if os.path.isfile(target):  # noqa: PTH113
        return [target]
    try:
        names = natsorted(os.listdir(target), alg=ns.PATH)  # noqa: PTH208
    except OSError:
        return []
    paths = [target / name for name in names if not name.startswith(".")]
    return [path for path in paths if path.suffix.lower() in suffixes and os.path.isfile(path)]  # noqa: PTH113


def _called(manifest: Path, target: Path, given: Mapping[str, str], entries: Mapping[str, _Entry]) -> tuple[str, str]:
    """Return source and name of the item that a row belongs to."""
    item, code = given.get("item", ""), given.get("reference_code", "")
    if not item and not code:
        where = Path(place(target))
        return where.as_posix(), where.stem if os.path.isfile(target) else where.name  # noqa: PTH113
    source = f"{place(manifest)}#{item or code}"
    known = entries.get(source)
    # 件号 begins anew in each year or class; the 档号 then tells the items apart.
    if known and code and known.given.get("reference_code", code) != code:
        return f"{place(manifest)}#{code}", code
    return source, item or code


def _decoded(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ManifestError(_("{manifest} cannot be read: {reason}").format(manifest=path, reason=error)) from error
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ManifestError(_("{manifest} is neither UTF-8 nor GBK; save it as UTF-8").format(manifest=path))
