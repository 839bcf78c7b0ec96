"""How much a whole page costs beside nothing but the networks that find and read its lines.

`python -m tests.benchmarks.bench_networks [FOLDER…] [--pages N] [--development DIR]`: up to N pages of each kind.
Each page is read by archivist, and its lines are found and read once by the bare networks, of which only the time
within the detection and recognition networks counts. Both are done twice and the faster counts, so that neither pays
for preparing the networks. Seconds are of the clock; the last column compares seconds of all cores, which tell more
where others use the machine too.
"""

import argparse
import hashlib
import resource
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import cv2
import numpy as np

from archivist.image.open import open_page
from archivist.ocr.rapid import RapidReader
from archivist.reading import read_scan, readers
from archivist.settings import cores
from tests.benchmarks.machine import described
from tests.benchmarks.pages import kinds, usual, with_truth

ROUNDS = 2


@dataclass(frozen=True, slots=True, order=True)
class Spent:
    """Seconds of the clock, and of all cores for this process and those it waited for."""

    clock: float = 0.0
    cores: float = 0.0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.clock + other.clock, self.cores + other.cores)


class Timed:
    """A network that adds up what is spent in it."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self.spent = Spent()

    def __call__(self, *given: Any) -> Any:
        answer: list[Any] = []
        self.spent += spent(lambda: answer.append(self._network(*given)))
        return answer[0]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)


class Networks:
    """The two networks of the first reader, alone."""

    def __init__(self) -> None:
        self._reader = RapidReader(cores())
        detector, recogniser = self._reader._detector, self._reader._recogniser
        detector.session, recogniser.session = self._parts = Timed(detector.session), Timed(recogniser.session)

    def spent(self, data: bytes) -> Spent:
        """Return what the networks need to find the lines of a page and to read each once."""
        picture = open_page(data, 0)
        image = cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2GRAY)
        if picture.stretch != 1:
            image = cv2.resize(image, None, fx=1 / min(picture.stretch, 1), fy=max(picture.stretch, 1))
        for part in self._parts:
            part.spent = Spent()
        grey = np.asarray(image, np.uint8)
        for quad in self._reader._detect(grey):
            self._reader._line(grey, quad)
        return sum((part.spent for part in self._parts), Spent())


def spent(work: Callable[[], object]) -> Spent:
    """Return what `work` costs."""
    start, before = perf_counter(), _cores()
    work()
    return Spent(perf_counter() - start, _cores() - before)


def _cores() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def compare(pages: Sequence[Path], networks: Networks) -> list[tuple[Spent, Spent]]:
    """Return for each page what archivist needs and what the bare networks need."""
    first, second = readers(cores(), True)
    found = []
    for page in pages:
        data = page.read_bytes()
        read = partial(read_scan, data, page.name, hashlib.sha256(data).hexdigest(), 0, first, second)
        rounds = [(spent(read), networks.spent(data)) for _ in range(ROUNDS)]
        whole, bare = (
            Spent(min(one.clock for one in those), min(one.cores for one in those))
            for those in zip(*rounds, strict=True)
        )
        found.append((whole, bare))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench_networks", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--pages", type=int, default=3, help="most pages of a kind")
    parser.add_argument("--development", type=Path, metavar="DIR", help="where the development set is or shall be kept")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        folders = asked.folders or usual(asked.development or Path(passing))
        networks = Networks()
        everything = []
        print(described())
        print(f"{'medians':<22} {'pages':>6} {'whole s':>8} {'bare s':>8} {'whole / bare':>13} {'of cores':>9}")
        truths = with_truth(folders)
        for kind, all_pages in kinds(folders, [page for page, truth in truths.items() if truth.text]).items():
            step = max(len(all_pages) // asked.pages, 1)
            found = compare(all_pages[::step][: asked.pages], networks)
            everything += found
            print_row(kind, found)
        if everything:
            print_row("all", everything)
    print(described())


def print_row(name: str, found: Sequence[tuple[Spent, Spent]]) -> None:
    pairs = [(whole, bare) for whole, bare in found if bare.clock and bare.cores]
    if pairs:
        whole, bare = (median(one.clock for one in those) for those in zip(*pairs, strict=True))
        clock = median(one.clock / other.clock for one, other in pairs)
        used = median(one.cores / other.cores for one, other in pairs)
        print(f"{name:<22} {len(pairs):>6} {whole:>8.2f} {bare:>8.2f} {clock:>13.2f} {used:>9.2f}", flush=True)


if __name__ == "__main__":
    main()
