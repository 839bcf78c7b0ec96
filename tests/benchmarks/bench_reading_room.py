"""Fifty people in the reading room at once: `python -m tests.benchmarks.bench_reading_room [--items N] [--keep DIR]`.

`archivist serve` on an archive of N made papers, asked over HTTP on connections that stay open, by a client on the same
machine: the search page in queries that are all different, first without a pause, then with a second of thinking in
between; the page of an item; tiles of scans, made and remembered. Milliseconds from the question to the last byte, and
of the processors that the server took for an answer, which tells more where the machine has other work besides.
"""

import argparse
import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median, quantiles
from time import perf_counter
from urllib.parse import urlencode, urlsplit

from archivist.search.document import SearchDocument
from tests.benchmarks.machine import ROOT, described
from tests.benchmarks.room_papers import PICTURED, made

PEOPLE = 50
_OPEN = re.compile(r"http://\S+")
_TILE = 512


@dataclass(slots=True)
class Told:
    """What came back: milliseconds of each answer by what was asked, how many were no answers, and how long it took.

    `busy` are the seconds of all cores that the server spent.
    """

    times: dict[str, list[float]] = field(default_factory=dict)
    errors: int = 0
    seconds: float = 0.0
    busy: float = 0.0

    @property
    def every(self) -> list[float]:
        """All milliseconds."""
        return [one for those in self.times.values() for one in those]


class Visit:
    """One connection to the room, kept open."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> int:
        """Ask for `path`, read all of the answer, and return its status."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nAccept-Language: zh\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0] if b"content-length:" in head else b""
        if length:
            await reader.readexactly(int(length))
        elif b"chunked" in head:
            while size := int((await reader.readline()).strip(), 16):
                await reader.readexactly(size + 2)
            await reader.readline()
        return int(head.split(b" ", 2)[1])

    async def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            with suppress(OSError):
                await self._streams[1].wait_closed()


def queries(papers: Sequence[SearchDocument], count: int, seed: int) -> list[tuple[str, str]]:
    """Return `count` search pages of several kinds, all different, of words that stand in the papers."""
    chance, asked = Random(seed), dict[str, str]()

    def piece(length: int) -> str:
        while True:
            text = "".join(papers[chance.randrange(len(papers))].pages)
            start = chance.randrange(len(text) - length)
            word = text[start : start + length]
            if all("一" <= char <= "鿿" for char in word):
                return word

    def one(kind: str) -> dict[str, str]:
        paper = papers[chance.randrange(len(papers))]
        match kind:
            case "words":
                return {"q": f"{piece(2)} {piece(2)}"}
            case "number":
                return {"q": paper.numbers[0]}
            case "fields":
                return {"q": f"{piece(2)} 机关:{paper.agencies[0]} 年:{paper.year}"}
            case "facet":
                return {"q": piece(2), "f": f"genre:{paper.genre}", "sort": "newest"}
        return {"q": piece({"two characters": 2, "four characters": 4, "a phrase": 8}[kind])}

    kinds = ("two characters", "four characters", "a phrase", "words", "number", "fields", "facet")
    for number in range(count * 2):
        kind = kinds[number % len(kinds)]
        asked.setdefault(f"/?{urlencode(one(kind))}", kind)
        if len(asked) == count:
            break
    return [(kind, path) for path, kind in asked.items()]


async def ask(address: str, asked: Sequence[tuple[str, str]], people: int, thinking: float) -> Told:
    """Have so many people ask all of `asked`, each one after another with seconds of thinking in between."""
    place, told, waiting = urlsplit(address), Told(), iter(asked)
    assert place.hostname and place.port
    chance = Random(58)

    async def person(visit: Visit) -> None:
        # Not all at the same moment: one process of the server would take them all.
        await asyncio.sleep(chance.random() * max(thinking, 1.0) * (people > 1))
        for kind, path in waiting:
            start = perf_counter()
            try:
                good = await visit.get(path) == 200
            except (OSError, EOFError, ValueError, IndexError):
                good = False
            if good:
                told.times.setdefault(kind, []).append((perf_counter() - start) * 1000)
            else:
                told.errors += 1
            if thinking:
                await asyncio.sleep(thinking)

    visits = [Visit(place.hostname, place.port) for _ in range(people)]
    start = perf_counter()
    await asyncio.gather(*map(person, visits))
    told.seconds = perf_counter() - start
    await asyncio.gather(*(visit.close() for visit in visits))
    return told


def spent(server: int) -> float:
    """Return the seconds of all cores that the process `server` and those it started took; 0 where none can tell."""
    ticks = 0
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            said = place.read_text("ascii", "replace").rpartition(")")[2].split()
            if server in (int(place.parent.name), int(said[1])):
                ticks += int(said[11]) + int(said[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(folder: Path, processes: int) -> Iterator[tuple[str, int]]:
    """Open the reading room of the archive in `folder` in so many processes, and give its address, and which it is."""
    command = [
        sys.executable, "-m", "archivist", "serve", "--archive", str(folder), "--port", "0",
        "--processes", str(processes),
    ]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        try:
            assert process.stdout
            found = next((said for line in process.stdout if (said := _OPEN.search(line))), None)
            assert found, "the reading room did not open"
            yield found[0].rstrip("/"), process.pid
        finally:
            process.terminate()


def shown(what: str, told: Told) -> None:
    every = sorted(told.every) or [0.0]
    cut = quantiles(every, n=100, method="inclusive")[94] if len(every) > 1 else every[0]
    rate = len(every) / told.seconds if told.seconds else 0.0
    busy = f"{told.busy * 1000 / len(every):>9.1f}" if told.busy else ""
    print(
        f"{what:<34}{len(every):>7}{median(every):>9.1f}{cut:>9.1f}{every[-1]:>9.1f}{told.errors:>8}{rate:>9.1f}{busy}",
        flush=True,
    )


def report(address: str, server: int, papers: Sequence[SearchDocument], count: int) -> None:
    def asking(asked: Sequence[tuple[str, str]], people: int, thinking: float = 0.0) -> Told:
        before = spent(server)
        told = asyncio.run(ask(address, asked, people, thinking))
        told.busy = spent(server) - before
        return told

    print(f"\n{'ms':<34}{'answers':>7}{'p50':>9}{'p95':>9}{'most':>9}{'errors':>8}{'a second':>9}{'of cores':>9}")
    asking(queries(papers, 200, 1), 8)
    shown("search, one person", asking(queries(papers, 200, 2), 1))
    at_once = asking(queries(papers, count, 3), PEOPLE)
    shown(f"search, {PEOPLE} people without a pause", at_once)
    for kind, times in at_once.times.items():
        shown(f"  {kind}", Told({kind: times}, 0, at_once.seconds))
    print(described())
    shown(f"search, {PEOPLE} people who think", asking(queries(papers, count, 4), PEOPLE, 1.0))
    items = [("item", f"/items/{papers[place].id}?q=%E5%B7%A5%E4%BD%9C") for place in range(0, len(papers), 37)][:300]
    shown("page of an item, one person", asking(items, 1))
    tiles = [("tile", path) for path in _tiles(papers)]
    shown("tiles made, one person", asking(tiles, 1))
    shown("tiles kept, one person", asking(tiles, 1))
    shown("tiles kept, six at once", asking(tiles * 3, 6))
    print(described())


def _tiles(papers: Sequence[SearchDocument]) -> Iterator[str]:
    for paper in papers[:PICTURED]:
        for column in range(3):
            yield f"/iiif/{paper.id}/1/{column * _TILE},0,{_TILE},{_TILE}/{_TILE},/0/default.jpg"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench_reading_room", description=__doc__)
    parser.add_argument("--items", type=int, default=10_000, help="how many: %(default)s")
    parser.add_argument("--searches", type=int, default=2500, help="of each way of asking: %(default)s")
    parser.add_argument("--processes", type=int, default=2, help="that serve: %(default)s")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where the archive is or shall be kept")
    said = parser.parse_args()
    print(described())
    with tempfile.TemporaryDirectory() as passing:
        folder = said.keep or Path(passing) / "archive"
        start = perf_counter()
        papers = made(folder, said.items)
        print(f"{len(papers)} items, made in {perf_counter() - start:.0f} s; {said.processes} processes serve them")
        with served(folder, said.processes) as (address, server):
            report(address, server, papers, said.searches)


if __name__ == "__main__":
    main()
