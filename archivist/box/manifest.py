"""A manifest.csv: a table that says which scans are one item, and what is known of it."""

import csv
import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from gettext import gettext as _
from pathlib import Path
from unicodedata import category

from natsort import natsorted, ns

from archivist.box.bundle import Bundle, Paths, Root, place, printable, read, resolved
from archivist.definitions import load
from archivist.errors import ManifestError, ScanError
from archivist.model import Failure

MANIFEST = "manifest.csv"
_MOST_BYTES = 256 * 2**20
_ENCODINGS = ("utf-8-sig", "gb18030")
#: So much of what stands in a cell is repeated in a message.
_MOST_SHOWN = 200


@dataclass(slots=True)
class _Entry:
    """What the rows of a manifest say of one item."""

    name: str
    paths: list[str]
    given: dict[str, str]


def follow(path: Path, root: Root, suffixes: frozenset[str], spoken_for: set[str]) -> Iterator[Bundle | Failure]:
    """Yield what the manifest at `path` names, and add the real paths of its scans to `spoken_for`.

    Nothing outside its own folder is taken, nor outside `root`. Raises ManifestError where it is no table.
    """
    base = resolved(path.parent)
    entries: dict[str, _Entry] = {}
    for number, given in _rows(path, root):
        name = given.pop("path", "").replace("\\", "/")
        why, pages = _named(name, path.parent, base, suffixes, spoken_for)
        if why:
            text = _("row {number} of the manifest: {why}; correct it and run again")
            message = text.format(number=number, why=why)
            yield Failure(f"{place(path)}#{number}", 0, "ingest", "manifest", message)
            continue
        spoken_for.update(os.path.realpath(path.parent / page) for page in pages)
        source, called = _called(path, path.parent / name, given, entries)
        entry = entries.setdefault(source, _Entry(called, [], {}))
        entry.paths += pages
        # The first row that says something of an item holds.
        entry.given = given | entry.given if entry.given else given
    for source, entry in entries.items():
        yield Bundle(source, entry.name, Paths(path.parent, entry.paths), entry.given, root)


def _rows(path: Path, root: Root) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield number and cells of each row that says anything, columns under our names for them."""
    rows = csv.DictReader(io.StringIO(_decoded(path, root), newline=""), restkey="…", restval="")
    names: Mapping[str, list[str]] = load("schemas/manifest.yaml")["columns"]
    known = {heading.lower(): name for name, headings in names.items() for heading in headings}
    try:
        columns = {heading: known.get(heading.strip().lower(), heading.strip()) for heading in rows.fieldnames or ()}
        if "path" not in columns.values():
            text = _("{manifest}: no column says where the scans are; name one “path” (路径)")
            raise ManifestError(text.format(manifest=place(path)))
        for number, row in enumerate(rows, 2):
            given = {columns[k]: v.strip() for k, v in row.items() if k in columns and v and v.strip()}
            if given:
                yield number, given
    except csv.Error as error:
        raise ManifestError(_("{manifest} is no table: {reason}").format(manifest=place(path), reason=error)) from error


def _named(
    name: str, folder: Path, base: Path, suffixes: frozenset[str], spoken_for: set[str]
) -> tuple[str, list[str]]:
    """Return the scans, relative to `folder`, that a row names by `name`, or why there are none for it."""
    shown = printable(name[:_MOST_SHOWN])
    if not name:
        return _("the row names no scan"), []
    if any(category(char) == "Cc" for char in name):
        return _("{name} holds characters that no path has").format(name=shown), []
    if not resolved(folder / name).is_relative_to(base):
        return _("{name} lies outside the box").format(name=shown), []
    if not os.path.exists(folder / name):  # noqa: PTH110
        return _("there is no {name} beside the manifest").format(name=shown), []
    pages = [page for page in _pages(folder, name, suffixes) if resolved(folder / page).is_relative_to(base)]
    if not pages:
        return _("there are no scans in {name}").format(name=shown), []
    pages = [page for page in pages if os.path.realpath(folder / page) not in spoken_for]
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


def _decoded(path: Path, root: Root) -> str:
    try:
        data = read(path, root, _MOST_BYTES)
    except ScanError as error:
        raise ManifestError(
            _("{manifest} cannot be read: {reason}").format(manifest=place(path), reason=error)
        ) from error
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ManifestError(_("{manifest} is neither UTF-8 nor GBK; save it as UTF-8").format(manifest=place(path)))
