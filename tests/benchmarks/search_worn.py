"""Worn papers of which every word is known, as archivist reads them: each scan is read once and kept beside it.

As they come from samples/, archivist hardly misreads a character of most of them. So each paper is there twice: as it
was scanned, and as a bad copy of that, small, blurred and grainy.
"""

import hashlib
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from archivist.catalog.pages import pack, unpack
from archivist.model import Page
from tests.benchmarks.machine import ROOT
from tests.benchmarks.pages import PICTURES

_SEED = 7
_SETS = ("development", "held-out")
_COPY = ".copy.jpg"
#: How many pixels high a copy is, by how many it is blurred, how strong its grain is of 255, and its JPEG quality.
_HEIGHT, _BLUR, _GRAIN, _QUALITY = 950, 0.75, 18, 60


@dataclass(frozen=True, slots=True)
class Worn:
    """A paper: its name, how it was worn, what is printed on it, a line each, and its pages as read."""

    name: str
    kind: str
    printed: tuple[str, ...]
    pages: tuple[Page, ...]


def worn(folder: Path) -> list[Worn]:
    """Return the issued papers of samples/describing, made and read in `folder` where they are not there yet."""
    for which in _SETS:
        if not (folder / which).is_dir():
            _make(folder / which, which)
    homes = sorted(home for which in _SETS for home in (folder / which).glob("*/*"))
    papers: list[tuple[Path, str, list[Path]]] = []
    for home in homes:
        scans = sorted(path for path in home.iterdir() if path.suffix in PICTURES and not path.name.endswith(_COPY))
        papers.append((home, home.parent.name, scans))
        # Pixels of a fax are twice as high as wide, and handwriting is read badly enough.
        if home.parent.name not in ("fax", "slips"):
            papers.append((home, "bad copies", [_copied(scan) for scan in scans]))
    _read([scan for _, _, scans in papers for scan in scans if not _kept(scan).exists()])
    return [_paper(home, kind, scans) for home, kind, scans in papers]


def _paper(home: Path, kind: str, scans: list[Path]) -> Worn:
    read = [page for scan in scans for page in unpack(_kept(scan).read_bytes())]
    numbered = tuple(replace(page, number=number) for number, page in enumerate(read, 1))
    return Worn(home.name, kind, tuple(_printed(home)), numbered)


def _copied(scan: Path) -> Path:
    path = scan.with_suffix(_COPY)
    if not path.exists():
        grey = cv2.imdecode(np.frombuffer(scan.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
        assert grey is not None
        size = (round(_HEIGHT * grey.shape[1] / grey.shape[0]), _HEIGHT)
        small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        grain = np.random.default_rng(zlib.crc32(scan.parent.name.encode())).normal(0, _GRAIN, small.shape)
        copied = np.clip(cv2.GaussianBlur(small, (0, 0), _BLUR) + grain, 0, 255).astype(np.uint8)
        path.write_bytes(cv2.imencode(".jpg", copied, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes())
    return path


def _printed(home: Path) -> Iterator[str]:
    # Seals as well: what they say is read, too.
    for path in sorted((home / "truth").glob("*.txt")):
        yield from path.read_text("utf-8").splitlines()


def _kept(scan: Path) -> Path:
    return scan.with_suffix(".read")


def _make(folder: Path, which: str) -> None:
    print(f"making the papers of samples/describing ({which}) in {folder}; this takes minutes", flush=True)
    command = [sys.executable, str(ROOT / "samples/make.py"), "--describing", str(folder), "--set", which]
    made = subprocess.run([*command, "--seed", str(_SEED)], capture_output=True, text=True, check=False)
    if made.returncode:
        said = made.stderr.strip().splitlines()[-1:] or [f"exit code {made.returncode}"]
        sys.exit(f"the papers cannot be made: {said[0]} (see samples/README.md)")


def _read(scans: list[Path]) -> None:
    if not scans:
        return
    from archivist.reading import read_scan, readers
    from archivist.settings import cores

    print(f"reading {len(scans)} scans once; this takes minutes", flush=True)
    first, second = readers(cores(), True)
    for scan in scans:
        data = scan.read_bytes()
        pages = read_scan(data, scan.name, hashlib.sha256(data).hexdigest(), 0, first, second).pages
        part = scan.with_suffix(".part")
        part.write_bytes(pack(pages))
        part.replace(_kept(scan))
