"""A manifest.csv: a table that says which scans are one item, and what is known of it."""

import csv
import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from unicodedata import category

from natsort import natsorted, ns

from archivist.box.bundle import Bundle, Paths, Root, place, printable, read
from archivist.definitions import load
from archivist.errors import ManifestError, ScanError
from archivist.language import gettext as _
from archivist.model import Failure

MANIFEST = "manifest.csv"
_MOST_BYTES = 256 * 2**20
_ENCODINGS = ("utf-8-sig", "gb18030")
#: What steers a terminal, but for tabs and line breaks; it says nothing of an item.
_STEERING = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0)} - {0x09, 0x0A, 0x0D})
#: So much of what stands in a cell is repeated in a message.
_MOST_SHOWN = 200


@dataclass(slots=True)
class _Entry:
    """What the rows of a manifest say of one item."""

    name: str
    paths: list[str]
    given: dict[str, str]


def follow(path: Path, root: Root, suffixes: frozenset[str], spoken_for: set[int]) -> Iterator[Bundle | Failure]:
    """Yield what the manifest at `path` names, and add its scans to `spoken_for`, as `mark` does.

    Nothing outside its own folder is taken, nor outside `root`. An item is given with the last of its rows, so that
    no more of a long manifest is kept than the items begun. Raises ManifestError where it is no table.
    """
    rows, links = _Rows(path, root), Links()
    naming = _Naming(path)
    last = {hash(naming.source(given)): number for number, given in rows}
    naming, begun = _Naming(path), dict[str, _Entry]()
    for number, given in rows:
        source = naming.source(given)
        name = given.pop("path", "").replace("\\", "/")
        why, pages = _named(name, path.parent, links, suffixes, spoken_for)
        if why:
            text = _("row {number} of the manifest: {why}; correct it and run again")
            message = text.format(number=number, why=why)
            yield Failure(f"{place(path)}#{number}", 0, "ingest", "manifest", message)
        else:
            spoken_for.update(mark(links.followed(path.parent / page)) for page in pages)
            entry = begun.setdefault(source, _Entry(naming.called(source, path.parent / name), [], {}))
            entry.paths += pages
            # The first row that says something of an item holds.
            entry.given = given | entry.given
        if last[hash(source)] == number and source in begun:
            done = begun.pop(source)
            yield Bundle(source, done.name, Paths(path.parent, done.paths), done.given, root)


def mark(real: str) -> int:
    """Return what stands for the path `real` (without links) where a million of them are kept in mind."""
    return hash(real)


class Links:
    """What paths lead to, with no more looking than a folder of many scans needs."""

    def __init__(self) -> None:
        self._folder, self._real = "", ""

    def followed(self, path: Path) -> str:
        """Return `path` without links, as far as it can be followed."""
        folder, name = os.path.split(path)
        if name in ("", ".", "..") or os.path.islink(path):  # noqa: PTH114
            return os.path.realpath(path)
        if folder != self._folder:
            self._folder, self._real = folder, os.path.realpath(folder)
        return f"{self._real.rstrip('/')}/{name}"


class _Rows:
    """The rows of a manifest that say anything, by number, with cells by our names for the columns."""

    def __init__(self, path: Path, root: Root) -> None:
        self._path = path
        try:
            self._data = read(path, root, _MOST_BYTES)
        except ScanError as error:
            text = _("{manifest} cannot be read: {reason}")
            raise ManifestError(text.format(manifest=place(path), reason=error)) from error
        self._encoding = self._fitting()

    def _fitting(self) -> str:
        for encoding in _ENCODINGS:
            try:
                self._data.decode(encoding)
            except UnicodeDecodeError:
                continue
            return encoding
        text = _("{manifest} is neither UTF-8 nor GBK; save it as UTF-8")
        raise ManifestError(text.format(manifest=place(self._path)))

    def __iter__(self) -> Iterator[tuple[int, dict[str, str]]]:
        lines = io.TextIOWrapper(io.BytesIO(self._data), self._encoding, newline="")
        rows = csv.DictReader(lines, restval="")
        names: Mapping[str, list[str]] = load("schemas/manifest.yaml")["columns"]
        known = {heading.lower(): name for name, headings in names.items() for heading in headings}
        try:
            columns = {
                heading: known.get(heading.strip().lower(), heading.strip()) for heading in rows.fieldnames or ()
            }
            if "path" not in columns.values():
                text = _("{manifest}: no column says where the scans are; name one “path” (路径)")
                raise ManifestError(text.format(manifest=place(self._path)))
            for number, row in enumerate(rows, 2):
                given = {columns[k]: v.strip() for k, v in row.items() if k in columns and v and v.strip()}
                if given:
                    yield number, {k: v if k == "path" else v.translate(_STEERING) for k, v in given.items()}
        except csv.Error as error:
            text = _("{manifest} is no table: {reason}")
            raise ManifestError(text.format(manifest=place(self._path), reason=error)) from error


class _Naming:
    """Which rows are of one item, told one after the other."""

    def __init__(self, manifest: Path) -> None:
        self._manifest, self._folder = place(manifest), manifest.parent
        self._codes: dict[int, int] = {}

    def source(self, given: Mapping[str, str]) -> str:
        """Return where the item that a row speaks of comes from."""
        item, code = given.get("item", ""), given.get("reference_code", "")
        if not item and not code:
            return place(self._folder / given.get("path", "").replace("\\", "/"))
        # 件号 begins anew in each year or class; the 档号 then tells the items apart.
        if item and code and self._codes.setdefault(hash(item), hash(code)) != hash(code):
            item = code
        return f"{self._manifest}#{printable(item or code)}"

    def called(self, source: str, target: Path) -> str:
        """Return the name of the item that comes from `source`, whose first row names `target`."""
        if source == place(target):
            return Path(source).stem if os.path.isfile(target) else Path(source).name  # noqa: PTH113
        return source.removeprefix(f"{self._manifest}#")


def _named(
    name: str, folder: Path, links: Links, suffixes: frozenset[str], spoken_for: set[int]
) -> tuple[str, list[str]]:
    """Return the scans, relative to `folder`, that a row names by `name`, or why there are none for it."""
    shown = printable(name[:_MOST_SHOWN])
    if not name:
        return _("the row names no scan"), []
    if any(category(char) == "Cc" for char in name):
        return _("{name} holds characters that no path has").format(name=shown), []
    base = f"{links.followed(folder).rstrip('/')}/"
    if not f"{links.followed(folder / name)}/".startswith(base):
        return _("{name} lies outside the box").format(name=shown), []
    if not os.path.exists(folder / name):  # noqa: PTH110
        return _("there is no {name} beside the manifest").format(name=shown), []
    pages = [page for page in _pages(folder, name, suffixes) if links.followed(folder / page).startswith(base)]
    if not pages:
        return _("there are no scans in {name}").format(name=shown), []
    pages = [page for page in pages if mark(links.followed(folder / page)) not in spoken_for]
    return ("", pages) if pages else (_("{name} is named in a row before").format(name=shown), [])


def _pages(folder: Path, name: str, suffixes: frozenset[str]) -> list[str]:
    target = folder / name
    if os.path.isfile(target):  # noqa: PTH113
        return [name]
    try:
        names = natsorted(os.listdir(target), alg=ns.PATH)  # noqa: PTH208
    except OSError:
        return []
    scans = [own for own in names if not own.startswith(".") and os.path.splitext(own)[1].lower() in suffixes]  # noqa: PTH122
    return [f"{name}/{own}" for own in scans if os.path.isfile(target / own)]  # noqa: PTH113
