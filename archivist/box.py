"""What an archivist hands in: folders, files and manifests, sorted into bundles of scans that make one item each."""

import csv
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from gettext import gettext as _
from pathlib import Path

from natsort import natsorted, ns
from pathspec import GitIgnoreSpec

from archivist.definitions import load
from archivist.errors import ManifestError
from archivist.model import Failure

MANIFEST = "manifest.csv"
IGNORE = ".archivistignore"
_BUNDLED = frozenset({".pdf", ".tif", ".tiff"})
_NUMBERED = re.compile(r"(?P<series>.*?)[\s_\-.(（第p]*(?P<number>\d+)[\s)）页]*", re.IGNORECASE | re.DOTALL)
_LITTER = frozenset({"thumbs.db", "desktop.ini", ".ds_store"})
_ENCODINGS = ("utf-8-sig", "gb18030")


@dataclass(frozen=True, slots=True)
class Bundle:
    """The scans of one item in page order; `given` is what a manifest says of it, `source` where it came from."""

    source: str
    paths: tuple[Path, ...]
    given: Mapping[str, str] = field(default_factory=dict)


def gather(paths: Iterable[Path], suffixes: frozenset[str]) -> Iterator[Bundle | Failure]:
    """Yield what lies under `paths`, in natural order, as bundles; what cannot be taken is a Failure.

    A folder of numbered images is one item, or one for each series where their names differ before the number
    (`58-01.jpg`, `60-01.jpg`); an image without a number, a PDF and a TIFF are items of their own. A `manifest.csv`
    speaks for the paths it names. A folder without a single scan is passed over; any other file that is not a scan
    (by `suffixes`) is reported. `.archivistignore` names, as .gitignore does, what is to be left alone.
    Raises ManifestError where a manifest cannot be followed.
    """
    for path in paths:
        if path.is_dir():
            yield from _folder(path, path.resolve(), suffixes, ())
        elif path.name.lower() == MANIFEST:
            yield from _manifest(path)[0]
        elif path.exists() or path.is_symlink():
            yield Bundle(_place(path), (path,))
        else:
            yield Failure(str(path), 0, "ingest", "missing", _("there is nothing at this path; check its spelling"))


def _folder(
    folder: Path, root: Path, suffixes: frozenset[str], ignores: tuple[tuple[Path, GitIgnoreSpec], ...]
) -> Iterator[Bundle | Failure]:
    try:
        entries = [Path(entry.path) for entry in os.scandir(folder)]
    except OSError as error:
        text = _("the folder cannot be opened ({reason}); give yourself the right to read it, or check the disk")
        yield Failure(_place(folder), 0, "ingest", "unreadable", text.format(reason=error.strerror or error))
        return
    if (own := folder / IGNORE).is_file():
        ignores = (*ignores, (folder, GitIgnoreSpec.from_lines(own.read_text("utf-8", "replace").splitlines())))
    entries = [entry for entry in natsorted(entries, alg=ns.PATH) if not _left_alone(entry, ignores)]
    spoken_for: set[Path] = set()
    for entry in entries:
        if entry.name.lower() == MANIFEST:
            bundles, spoken_for = _manifest(entry)
            yield from bundles
    files = [entry for entry in entries if entry.name.lower() != MANIFEST and not entry.is_dir()]
    scans = [file for file in files if file.suffix.lower() in suffixes]
    if scans:
        strangers = [file for file in files if file.suffix.lower() not in suffixes]
        for file in strangers:
            if file.resolve() not in spoken_for:
                yield Failure(_place(file), 0, "ingest", "not a scan", _("no picture and no PDF by its name; it was left where it is"))  # noqa: E501
    for bundle in _bundles(folder, [file for file in scans if file.resolve() not in spoken_for]):
        yield from _safe(bundle, root)
    for entry in entries:
        if entry.is_dir() and entry.resolve() not in spoken_for:
            if entry.is_symlink() and not entry.resolve().is_relative_to(root):
                yield _outside(entry)
            elif not entry.is_symlink():
                yield from _folder(entry, root, suffixes, ignores)


def _left_alone(path: Path, ignores: Iterable[tuple[Path, GitIgnoreSpec]]) -> bool:
    if path.name.startswith(".") or path.name.lower() in _LITTER:
        return True
    slash = "/" if path.is_dir() else ""
    return any(spec.match_file(path.relative_to(base).as_posix() + slash) for base, spec in ignores)


def _bundles(folder: Path, files: Iterable[Path]) -> Iterator[Bundle]:
    series: dict[str, list[Path]] = {}
    for file in files:
        numbered = _NUMBERED.fullmatch(file.stem)
        if file.suffix.lower() in _BUNDLED and not (numbered and file.suffix.lower() != ".pdf"):
            yield Bundle(_place(file), (file,))
        elif numbered:
            series.setdefault(numbered["series"].lower(), []).append(file)
        else:
            yield Bundle(_place(file), (file,))
    for name, members in series.items():
        source = _place(folder) if len(series) == 1 else f"{_place(folder)}#{name}"
        yield Bundle(source, tuple(members))


def _safe(bundle: Bundle, root: Path) -> Iterator[Bundle | Failure]:
    """Yield the bundle without links that lead out of the box, and those as failures."""
    inside = tuple(path for path in bundle.paths if not path.is_symlink() or path.resolve().is_relative_to(root))
    yield from (_outside(path) for path in bundle.paths if path not in inside)
    if inside:
        yield Bundle(bundle.source, inside, bundle.given)


def _outside(path: Path) -> Failure:
    text = _("a link that leads out of the box, to {target}; hand in the file itself")
    return Failure(_place(path), 0, "ingest", "link", text.format(target=path.resolve()))


def _manifest(path: Path) -> tuple[list[Bundle | Failure], set[Path]]:
    """Return what the manifest names, and every path it speaks for."""
    rows = csv.DictReader(io.StringIO(_decoded(path)), restkey="…", restval="")
    known: Mapping[str, str] = {
        heading.lower(): name for name, headings in load("schemas/manifest.yaml")["columns"].items() for heading in headings
    }  # fmt: skip
    columns = {heading: known.get(heading.strip().lower(), heading.strip()) for heading in rows.fieldnames or ()}
    if "path" not in columns.values():
        text = _("{manifest}: no column says where the scans are; name one “path” (路径)")
        raise ManifestError(text.format(manifest=path))
    groups: dict[str, list[tuple[Path, dict[str, str]]]] = {}
    failures: list[Bundle | Failure] = []
    spoken_for: set[Path] = set()
    base = path.parent.resolve()
    for number, row in enumerate(rows, 2):
        given = {columns[k]: v.strip() for k, v in row.items() if k in columns and v and v.strip()}
        if not (name := given.pop("path", "")):
            if given:
                failures.append(_row(path, number, _("the row names no scan")))
            continue
        target = (base / name.replace("\\", "/")).resolve()
        if not target.is_relative_to(base):
            failures.append(_row(path, number, _("{name} lies outside the box").format(name=name)))
        elif not target.exists():
            failures.append(_row(path, number, _("there is no {name} beside the manifest").format(name=name)))
        else:
            spoken_for.update({target, *(target.iterdir() if target.is_dir() else ())})
            key = given.get("item") or given.get("reference_code") or str(target)
            groups.setdefault(key, []).append((target, given))
    bundles: list[Bundle | Failure] = []
    for key, members in groups.items():
        paths = tuple(page for target, _given in members for page in _pages(target))
        merged = {name: value for _target, given in reversed(members) for name, value in given.items()}
        bundles.append(Bundle(f"{_place(path)}#{key}" if len(members) > 1 else _place(members[0][0]), paths, merged))
    return [*bundles, *failures], spoken_for


def _row(path: Path, number: int, why: str) -> Failure:
    text = _("row {number} of the manifest: {why}; correct it and run again")
    return Failure(f"{_place(path)}#{number}", 0, "ingest", "manifest", text.format(number=number, why=why))


def _pages(target: Path) -> Iterator[Path]:
    if target.is_dir():
        yield from (page for page in natsorted(target.iterdir()) if page.is_file() and not page.name.startswith("."))
    else:
        yield target


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


def _place(path: Path) -> str:
    return path.absolute().as_posix()
