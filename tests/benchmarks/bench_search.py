"""Search in 3,000 to 1,000,000 papers: archivist's engines, two databases and a scan, asked in turn.

`python -m tests.benchmarks.bench_search [--documents N] [--engines scan,whoosh,…] [--keep DIR]`: documents a second,
size of the index, memory, milliseconds a query by class, and whether every answer is that of a scan. Each engine builds
and answers in processes of its own; all are asked the same queries in turn, so that what else the machine does meets
all of them.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import quantiles
from time import perf_counter, process_time, thread_time

from archivist.errors import ArchivistError
from archivist.search.document import SearchDocument
from archivist.search.index import Hit
from tests.benchmarks.machine import described
from tests.benchmarks.search_engines import opened
from tests.benchmarks.search_papers import papers, streamed
from tests.benchmarks.search_queries import Answer, Asked, drawn, scanned

ENGINES = ("scan", "sqlite", "postgresql", "whoosh", "tantivy", "opensearch")
#: Answered in the order of their points; the databases answer in order of date.
_OWN = ("scan", "whoosh", "tantivy", "opensearch")
_SERVERS = ("postgresql", "opensearch")
_WARMING = 5
#: Seconds after which a class of queries is left, but not before so many of them were answered.
_PATIENCE, _FEWEST = 30.0, 10
#: As an engineer would have it on such a machine.
_TUNED = ("shared_buffers = '1GB'", "work_mem = '64MB'", "maintenance_work_mem = '512MB'", "jit = off")
_JAVA = ("-XX:TieredStopAtLevel=4", "-Xms1g", "-Xmx2g")
_SPAWN = get_context("spawn")


@dataclass(frozen=True, slots=True)
class Built:
    """What building an index took: documents a second, and a second of all cores, without the making of them; bytes.

    None for what is not known: the seconds of a server's cores, bytes of what is in memory.
    """

    rate: float
    rate_of_cores: float | None
    size: int | None


@dataclass(slots=True)
class Told:
    """What an engine answered of a class: milliseconds, how many answers were looked at and were right, or why none."""

    times: list[float] = field(default_factory=list)
    failed: str = ""
    looked: int = 0
    right: int = 0

    def cut(self, percent: int) -> float:
        """Return the milliseconds that `percent` of the answers took no longer than."""
        return quantiles(self.times, n=100, method="inclusive")[percent - 1] if len(self.times) > 1 else self.times[0]


class Contestant:
    """An engine that answers in a process of its own."""

    def __init__(self, name: str, folder: Path, count: int, server: str) -> None:
        self.name = name
        self._here, there = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_answer, args=(there, name, folder, count, server), daemon=True)
        self._process.start()
        there.close()
        self._here.recv()

    def ask(self, asked: Asked) -> tuple[float, Answer | str | None]:
        """Return how many milliseconds it took and what it answers: a text where it fails."""
        self._here.send(asked)
        took, answer = self._here.recv()
        return took, answer

    def memory(self) -> float | None:
        """Return how many MiB of memory it has taken since it began, None where the system does not tell."""
        self._here.send("memory")
        told: float | None = self._here.recv()
        return told

    def close(self) -> None:
        """End it."""
        self._here.send(None)
        self._process.join()


def _answer(pipe: Connection, name: str, folder: Path, count: int, server: str) -> None:
    source = papers(count)
    before = _memory()
    engine = opened(name, folder, count, server)
    if name == "scan":
        engine.build(streamed(source))
    pipe.send("ready")
    while asked := pipe.recv():
        if asked == "memory":
            after = _memory()
            pipe.send(None if before is None or after is None else after - before)
            continue
        try:
            engine.prepare(asked)
            start = perf_counter()
            answer = engine.answer(asked)
            pipe.send(((perf_counter() - start) * 1000, answer))
        except Exception as error:
            pipe.send((0.0, f"{type(error).__name__}: {error}"))
    engine.close()


def _memory() -> float | None:
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def build(name: str, folder: Path, count: int, server: str) -> Built:
    """Have the index of an engine built in a process of its own; ArchivistError where that cannot be."""
    here, there = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_build, args=(there, name, folder, count, server))
    process.start()
    there.close()
    try:
        told = here.recv()
    except EOFError:
        told = "its process ended"
    process.join()
    if isinstance(told, str):
        raise ArchivistError(told)
    return Built(*told)


def _build(pipe: Connection, name: str, folder: Path, count: int, server: str) -> None:
    try:
        engine = opened(name, folder, count, server)
        source = _Timed(streamed(papers(count)))
        start, busy = perf_counter(), process_time()
        engine.build(source)
        took, busy = perf_counter() - start - source.seconds, process_time() - busy - source.busy
        size = engine.size()
        engine.close()
        pipe.send((count / took, None if server else count / busy, size))
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}")


class _Timed(Iterator[SearchDocument]):
    """Documents, and how many seconds, of the clock and of a core, it took to make them."""

    def __init__(self, documents: Iterator[SearchDocument]) -> None:
        self._documents = documents
        self.seconds = self.busy = 0.0

    def __next__(self) -> SearchDocument:
        start, busy = perf_counter(), thread_time()
        try:
            return next(self._documents)
        finally:
            self.seconds += perf_counter() - start
            self.busy += thread_time() - busy


def measure(
    contestants: Sequence[Contestant], queries: Mapping[str, Sequence[Asked]], right: Mapping[tuple[str, int], Answer]
) -> dict[str, dict[str, Told]]:
    """Ask all `contestants` all `queries` in turn; `right` answers some of them, by class and place."""
    told: dict[str, dict[str, Told]] = {each.name: {kind: Told() for kind in queries} for each in contestants}
    rounds = max(map(len, queries.values()))
    for number in range(-_WARMING, rounds):
        for kind, asked in queries.items():
            for each in contestants:
                mine = told[each.name][kind]
                enough = sum(mine.times) > _PATIENCE * 1000 and len(mine.times) >= _FEWEST
                if enough or mine.failed or number >= len(asked):
                    continue
                took, answer = each.ask(asked[number])
                if isinstance(answer, str):
                    mine.failed = answer
                if not isinstance(answer, Answer) or number < 0:
                    continue
                mine.times.append(took)
                if known := right.get((kind, number)):
                    mine.looked += 1
                    mine.right += _same(each.name, asked[number], answer, known)
    return told


def _same(name: str, asked: Asked, answer: Answer, known: Answer) -> bool:
    if name in _OWN:
        hits = answer.hits if asked.order == "relevance" else tuple(Hit(hit.item_id, 0) for hit in answer.hits)
        wanted = known.hits if asked.order == "relevance" else tuple(Hit(hit.item_id, 0) for hit in known.hits)
        return (answer.total, hits, answer.facets, answer.misread) == (
            known.total,
            wanted,
            known.facets,
            known.misread,
        )
    return (answer.total, answer.facets) == (known.total, known.facets)


def _print(told: Mapping[str, Mapping[str, Told]], base: str) -> None:
    names = list(told)
    print(f"\nms a query, p50 / p95\n{'':<18}" + "".join(f"{name:>18}" for name in names))
    kinds = list(next(iter(told.values())))
    for kind in kinds:
        cells = [told[name][kind] for name in names]
        row = [_cuts(cell) for cell in cells]
        print(f"{kind:<18}" + "".join(f"{cell:>18}" for cell in row))
    print(f"\ntimes the p50 / the p95 of {base}\n{'':<18}" + "".join(f"{name:>18}" for name in names))
    for kind in kinds:
        if (own := told[base][kind]).times:
            cells = [told[name][kind] for name in names]
            row = [_ratio(cell, own) if cell.times else "-" for cell in cells]
            print(f"{kind:<18}" + "".join(f"{cell:>18}" for cell in row))
    print("\nanswers that were looked at and are those of a scan; runs a class")
    for name, classes in told.items():
        looked, right = (sum(getattr(cell, what) for cell in classes.values()) for what in ("looked", "right"))
        off = ", ".join(kind for kind, cell in classes.items() if cell.right < cell.looked)
        for kind, cell in classes.items():
            if cell.failed:
                print(f"{name:<12} {kind} failed: {cell.failed}")
        runs = sorted({len(cell.times) for cell in classes.values() if cell.times}) or [0]
        print(f"{name:<12} {right} of {looked}{f' (not: {off})' if off else ''}; {runs[0]} to {runs[-1]} runs")


def _cuts(cell: Told) -> str:
    if cell.failed:
        return "failed"
    return f"{cell.cut(50):.1f} / {cell.cut(95):.1f}" if cell.times else "-"


def _ratio(cell: Told, base: Told) -> str:
    return f"{cell.cut(50) / base.cut(50):.2f} / {cell.cut(95) / base.cut(95):.2f}"


@contextmanager
def _served(name: str) -> Iterator[str]:
    """Give the address of the server of an engine that needs one, for as long as the block lasts."""
    if name not in _SERVERS:
        yield ""
        return
    try:
        from pytest import skip
    except ModuleNotFoundError as error:
        raise ArchivistError(f"{error}: pip install -e '.[dev]'") from error
    try:
        with _postgresql() if name == "postgresql" else _opensearch() as address:
            yield address
    except skip.Exception as error:
        raise ArchivistError(str(error)) from error


@contextmanager
def _postgresql() -> Iterator[str]:
    from tests.postgres import running

    with running() as server:
        import psycopg

        address = server.url.replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as database:
            for said in _TUNED:
                database.execute(f"ALTER SYSTEM SET {said}".encode())
        server.stop()
        server.start()
        yield address


@contextmanager
def _opensearch() -> Iterator[str]:
    from tests.search.nodes import cluster

    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder), *_JAVA) as nodes:
        yield f"opensearch://{nodes.hosts[0].removeprefix('http://')}/bench"


def report(count: int, names: Sequence[str], folder: Path) -> None:
    """Build what is not there in `folder`, measure, and print what comes out."""
    source = papers(count)
    queries = drawn(source, 30 if count > 100_000 else 100)
    looked = 3 if count > 100_000 else 8
    print(described())
    characters = sum(len(page) for document in source[: min(count, 2000)] for page in document.pages) // min(
        count, 2000
    )
    print(f"{count} papers of {characters} characters, {type(source).__name__.lower()}")
    print(f"\n{'':<12}{'documents/s':>12}{'a core second':>15}{'MiB':>8}")
    with ExitStack() as stack:
        contestants = []
        for name in names:
            try:
                server = stack.enter_context(_served(name))
                built = _built(name, folder / f"{name}-{count}", count, server)
                contestants.append(Contestant(name, folder / f"{name}-{count}", count, server))
            except (ArchivistError, EOFError) as error:
                print(f"{name:<12}skipped, {error}", flush=True)
                continue
            size = f"{built.size / 2**20:.0f}" if built and built.size else "-"
            busy = f"{built.rate_of_cores:.0f}" if built and built.rate_of_cores else "-"
            print(f"{name:<12}{f'{built.rate:.0f}' if built else '-':>12}{busy:>15}{size:>8}", flush=True)
        chosen = [(kind, number) for kind in queries for number in range(looked)]
        answers = scanned(streamed(source), [queries[kind][number] for kind, number in chosen])
        right = dict(zip(chosen, answers, strict=True))
        # Snippets need the pages of papers, which would be counted as memory of the index.
        snippets = {"snippets": queries.pop("snippets")}
        told = measure(contestants, queries, right)
        memory = {each.name: each.memory() for each in contestants}
        for name, more in measure(contestants, snippets, right).items():
            told[name] |= more
        if told:
            _print(told, "sqlite" if "sqlite" in told else next(iter(told)))
        print("\nMiB of memory that answering took (of a server: by its client)")
        for each in contestants:
            each.close()
            took = memory[each.name]
            print(f"{each.name:<12}{f'{took:.0f}' if took is not None else '-':>8}")
    print(described())


def _built(name: str, folder: Path, count: int, server: str) -> Built | None:
    """Build an index unless it is there; None for what is built in memory by the process that answers."""
    if name == "scan":
        return None
    note = folder.with_suffix(".json")
    if note.exists() and name not in _SERVERS:
        return Built(*json.loads(note.read_text("utf-8")))
    built = build(name, folder, count, server)
    note.write_text(json.dumps([built.rate, built.size]), "utf-8")
    return built


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench_search", description=__doc__)
    parser.add_argument("--documents", type=int, default=3000, help="how many papers: %(default)s")
    parser.add_argument("--engines", default=",".join(ENGINES), help="which, in this order: %(default)s")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where indexes are or shall be kept")
    asked = parser.parse_args()
    names = asked.engines.split(",")
    if unknown := [name for name in names if name not in ENGINES]:
        parser.error(f"no such engine: {', '.join(unknown)}")
    with tempfile.TemporaryDirectory() as passing:
        folder = asked.keep or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        report(asked.documents, names, folder)


if __name__ == "__main__":
    main()
