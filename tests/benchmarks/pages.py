"""The pages that are measured: which have a truth, of which kind they are, and the development set."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.benchmarks.machine import ROOT
from tests.benchmarks.scoring import Truth, truth_of

PICTURES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"}
SAMPLES = ROOT / "samples"
#: Real scans beside the project, where there are any.
REAL = ROOT / "../shared/real"


def with_truth(folders: Iterable[Path]) -> dict[Path, Truth]:
    """Return the pages below `folders` whose text is known."""
    return {page: truth for page in _pictures(folders) if (truth := truth_of(page))}


def kinds(folders: Iterable[Path], pages: Iterable[Path]) -> dict[str, tuple[Path, ...]]:
    """Return `pages` by kind: the folder of `folders` they are in, and where that has folders, which of those."""
    homes = [folder.resolve() for folder in folders]
    found: dict[str, list[Path]] = {}
    for page in pages:
        home = next(home for home in homes if page.is_relative_to(home))
        below = page.relative_to(home).parts
        found.setdefault(below[0] if len(below) > 1 else home.name, []).append(page)
    return {kind: tuple(those) for kind, those in found.items()}


def usual(development: Path) -> list[Path]:
    """Return the folders measured by default, with the development set made in `development` if it is not there.

    Says on standard output what is left out and why.
    """
    folders = [SAMPLES]
    if not any(_pictures([development])):
        print(f"making the development set in {development}; this takes minutes", flush=True)
        command = [sys.executable, str(SAMPLES / "make.py"), "--development", str(development)]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode:
            said = made.stderr.strip().splitlines()[-1:] or [f"exit code {made.returncode}"]
            print(f"development set skipped: {said[0]} (see samples/README.md)")
    if any(_pictures([development])):
        folders.append(development)
    if REAL.is_dir():
        folders.append(REAL)
    else:
        print("real scans skipped: there are none beside the project")
    return folders


def _pictures(folders: Iterable[Path]) -> list[Path]:
    return sorted(path.resolve() for folder in folders for path in folder.rglob("*") if path.suffix.lower() in PICTURES)
