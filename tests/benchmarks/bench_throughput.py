"""Pages a minute, and what keeping them costs: `python -m tests.benchmarks.bench_throughput [--copies N] [--memory N]`.

Sample pages are read by one and by two workers: alone (nothing but reading, by the same workers), and taken into an
archive with local processes and with a Dask cluster on this machine; in turn, medians of three. `overhead` is how much
longer an archive takes than reading alone; `noise` is the widest of three, in percent. Then the memory of the program
that writes, over many small pages.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter

import psutil

from archivist.archive import Archive
from archivist.pipeline import Progress
from archivist.reading import Task, process
from archivist.settings import Settings
from archivist.store import Store
from archivist.workers import Limits, start
from tests.benchmarks.machine import described
from tests.chaos import varied
from tests.scans import SAMPLES
from tests.servers import Cluster

REPEATS = 3
WORKERS = (1, 2)
LIMITS = Limits(300, 4 << 30)
#: Pages of the sample papers: red heads, slips, typed and mimeographed text, tables.
PAGES = sorted(path for path in SAMPLES.glob("*/p*.jpg"))

Way = Callable[[Path, Path], None]


def fill(box: Path, copies: int) -> int:
    """Put so many copies of each page into `box`, all with bytes of their own; return how many pages there are."""
    turn = count()
    for number in range(copies):
        for page in PAGES:
            folder = box / f"{page.parent.name} {number}"
            folder.mkdir(parents=True, exist_ok=True)
            # Nothing reads what stands behind the end of a JPEG.
            (folder / page.name).write_bytes(page.read_bytes() + f"{next(turn)}".encode())
    return copies * len(PAGES)


def alone(workers: int) -> Way:
    """Return what reads a box and keeps nothing."""

    def read(box: Path, folder: Path) -> None:
        store_url = f"file://{folder}"
        store = Store(store_url)
        scans = [(path, store.put(path.read_bytes())) for path in sorted(box.rglob("*.jpg"))]
        pool = start(workers, LIMITS)
        try:
            tasks = (Task(store_url, sha256, 0, path.name, str(path), True, pool.threads) for path, sha256 in scans)
            wait([pool.submit(process, task) for task in tasks])
        finally:
            pool.close()

    return read


def taken(workers: int | str) -> Way:
    """Return what takes a box into an archive."""

    def take(box: Path, folder: Path) -> None:
        with Archive(Settings(folder=folder, workers=workers), create=True) as archive:
            archive.ingest([box], lambda at: None)

    return take


@contextmanager
def ways() -> Iterator[dict[str, Way]]:
    """Give the ways to read a box, for as long as the servers they need are there."""
    found: dict[str, Way] = {}
    clusters = []
    with tempfile.TemporaryDirectory() as place:
        try:
            for workers in WORKERS:
                found[f"reading alone, {workers}"] = alone(workers)
                found[f"archive, {workers} local"] = taken(workers)
                if find_spec("distributed"):
                    folder = Path(place) / str(workers)
                    folder.mkdir()
                    clusters.append(Cluster(folder))
                    clusters[-1].start(workers)
                    found[f"archive, {workers} Dask"] = taken(clusters[-1].address)
            yield found
        finally:
            for cluster in clusters:
                cluster.stop()


def seconds(way: Way, box: Path) -> float:
    with tempfile.TemporaryDirectory() as folder:
        began = perf_counter()
        way(box, Path(folder) / "archive")
        return perf_counter() - began


def show_rates(box: Path, pages: int) -> None:
    with ways() as found:
        spent: dict[str, list[float]] = {name: [] for name in found}
        for turn in range(REPEATS):
            # In turn, and the other way round every second time, so that a machine that warms up favours none.
            for name in list(found)[:: 1 if turn % 2 == 0 else -1]:
                spent[name].append(seconds(found[name], box))
    print(f"{'':>22} {'pages a min':>12} {'overhead':>9} {'noise':>6}")
    for name, times in spent.items():
        least = median(spent[f"reading alone, {name.split()[-2 if name.startswith('archive') else -1]}"])
        over = f"{100 * (median(times) / least - 1):+.0f} %" if name.startswith("archive") else ""
        noise = 100 * (max(times) - min(times)) / median(times)
        print(f"{name:>22} {60 * pages / median(times):>12.1f} {over:>9} {noise:>4.0f} %", flush=True)


def show_memory(folder: Path, pages: int) -> None:
    """Show the memory of the program that writes after each hundred of `pages` small pages."""
    box = folder / "small"
    for number in range(pages):
        place = box / f"{number // 20:03d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"p{number % 20:02d}.jpg").write_bytes(varied(number))
    own = psutil.Process()
    held: list[float] = []

    def tell(at: Progress) -> None:
        if at.read and at.read % 100 == 0 and len(held) < at.read // 100:
            held.append(own.memory_info().rss / 2**20)

    began = perf_counter()
    with Archive(Settings(folder=folder / "archive", workers=2), create=True) as archive:
        archive.ingest([box], tell)
    print(f"{pages} small pages in {perf_counter() - began:.0f} s; MiB of the writer at each hundred:")
    print("  " + " ".join(f"{size:.0f}" for size in held))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--copies", type=int, default=3, help="of each sample page")
    arguments.add_argument("--memory", type=int, default=1000, help="small pages; 0 for none")
    given = arguments.parse_args()
    print(described())
    with tempfile.TemporaryDirectory(prefix="archivist-throughput-") as place:
        folder = Path(place)
        if given.copies:
            pages = fill(folder / "box", given.copies)
            print(f"{pages} sample pages")
            show_rates(folder / "box", pages)
        if given.memory:
            show_memory(folder, given.memory)


if __name__ == "__main__":
    main()
