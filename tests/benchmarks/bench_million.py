"""How a catalogue of a million items answers: `python -m tests.benchmarks.bench_million [--items N] [--keep FOLDER]`.

On SQLite, and on PostgreSQL where its server can be started. Milliseconds are medians of five; `fresh` opens the
catalogue anew for each. With --keep the SQLite catalogue is made in FOLDER and used again where it is there.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter

from _pytest.outcomes import Skipped

from archivist import export
from archivist.catalog import Catalog
from archivist.catalog.ledger import Chain
from archivist.decisions import Decision
from archivist.model import Decided, Failure
from tests.benchmarks.machine import ARCHIVIST, Failed, described, measured
from tests.benchmarks.multiplied import RECIPE, fill
from tests.postgres import server

REPEATS = 5
ROWS = 20_000
CLERK = Decided("王", "2026-01-02T03:04:05+00:00")

Question = Callable[[Catalog], object]


def questions(names: Sequence[str]) -> dict[str, Question]:
    """What people and the pipeline ask of a catalogue in which the items `names` are."""
    middle = names[len(names) // 2]

    def save(catalog: Catalog) -> None:
        catalog.save_items([catalog.item(middle)], RECIPE)

    def decide(catalog: Catalog) -> None:
        catalog.decide([Decision("link", middle, "refuse", {"campaign": "x", "name": "x", "evidence": []}, CLERK)])

    def fail(catalog: Catalog) -> None:
        catalog.record_failure(Failure("/boxes/1/p1.jpg", 0, "open", "empty", "the path holds no bytes"))
        catalog.clear_failure("/boxes/1/p1.jpg")

    return {
        "status: counts": lambda catalog: (catalog.counts(), catalog.to_index()),
        "review: worst 20": lambda catalog: catalog.waiting(20),
        "review: pages that hardly read": lambda catalog: catalog.hardly_read(20),
        "an item by its identifier": lambda catalog: catalog.item(middle),
        "an item by its reference code": lambda catalog: catalog.item(_code(catalog, middle)),
        "ten items of a search": lambda catalog: list(catalog.items(names[:500:50])),
        "the first 50 of the catalogue": lambda catalog: list(islice(catalog.listed(), 50)),
        "what an item cites": lambda catalog: catalog.cited(catalog.item(middle)),
        "papers cited and missing": lambda catalog: catalog.missing_citations(20),
        "campaigns": lambda catalog: catalog.campaign_sizes(),
        "campaigns with all their items": lambda catalog: catalog.campaigns(),
        "one campaign": lambda catalog: catalog.campaign("创建全国科学技术先进县"),
        "names of agencies verified": lambda catalog: catalog.verified_agencies(),
        "items from one place": lambda catalog: catalog.items_of(catalog.item(middle).source),
        "items that hold a page": lambda catalog: catalog.items_holding([catalog.item(middle).pages[0].place]),
        "decisions about campaigns": lambda catalog: catalog.decisions("campaign"),
        "saving an item": save,
        "deciding": decide,
        "a failure, and forgetting it": fail,
        "the next for the index": lambda catalog: catalog.index_tasks(500),
    }


def _code(catalog: Catalog, name: str) -> str:
    code = catalog.item(name).reference_code
    assert code is not None
    return code


def timed(ask: Callable[[], object]) -> float:
    """Return milliseconds."""
    start = perf_counter()
    ask()
    return (perf_counter() - start) * 1000


def answer(url: str, names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Return for each question the milliseconds it takes on a catalogue just opened, and on one in use."""
    found = {}
    with Catalog(url) as used:
        for what, ask in questions(names).items():
            fresh = []
            for _turn in range(REPEATS):
                with Catalog(url) as opened:
                    fresh.append(timed(lambda: ask(opened)))  # noqa: B023 - asked at once
            warm = [timed(lambda: ask(used)) for _turn in range(REPEATS)]  # noqa: B023 - asked at once
            found[what] = (median(fresh), median(warm))
            print(f"{what:>32} {found[what][0]:>10.1f} {found[what][1]:>10.1f}", flush=True)
    return found


def rates(url: str) -> Iterator[tuple[str, float]]:
    """Give rows a second of what goes over many items."""
    with Catalog(url) as catalog, tempfile.TemporaryDirectory() as folder:
        found: list[Chain] = []
        window = list(islice(catalog.identifiers(), ROWS))
        for form in ("csv", "xlsx", "jsonl"):
            read, rows = (catalog.items, window[: ROWS // 5]) if form in export.WITH_TEXT else (catalog.listed, window)
            spent = timed(lambda: export.write(form, read(rows), Path(folder) / f"rows.{form}"))  # noqa: B023
            yield f"export {form}", len(rows) / spent * 1000
        spent = timed(lambda: sum(1 for _ in catalog.identifiers()))
        yield "identifiers of all", catalog.counts().items / spent * 1000
        spent = timed(lambda: found.append(catalog.ledger.check()))
        yield "events checked", found[0].count / spent * 1000


def commands(url: str) -> Iterator[tuple[str, float]]:
    """Give the milliseconds of commands as people type them, start of the program included."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "archivist.toml").write_text(f"catalogue = {json.dumps(url)}\n")
        for words in (["status"], ["review", "--limit", "20"], ["items"], ["campaigns"]):
            times = [measured([ARCHIVIST, *words, "--archive", folder]).seconds * 1000 for _turn in range(REPEATS)]
            yield f"archivist {words[0]}", median(times)


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    """Give the URL of a catalogue in `folder`."""
    yield f"sqlite:///{folder / 'catalogue.db'}"


def show(name: str, url: str, wanted: int) -> None:
    start = perf_counter()
    with Catalog(url) as catalog:
        names = list(islice(catalog.identifiers(), 1000))
    if not names:
        names = fill(url, wanted, lambda _text: None)
    with Catalog(url) as catalog:
        print(f"\n{name}: {catalog.counts().items} items, made in {perf_counter() - start:.0f} s")
    print(f"{'milliseconds':>32} {'fresh':>10} {'in use':>10}")
    answer(url, names)
    try:
        for what, spent in commands(url):
            print(f"{what:>32} {spent:>10.0f}", flush=True)
    except Failed as reason:
        print(f"{'a command':>32} failed: {reason}")
    print(f"{'a second':>32}")
    for what, rate in rates(url):
        print(f"{what:>32} {rate:>10.0f}", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--items", type=int, default=1_000_000)
    arguments.add_argument("--keep", type=Path)
    arguments.add_argument("--only", choices=("sqlite", "postgresql"))
    given = arguments.parse_args()
    print(described())
    with tempfile.TemporaryDirectory(dir=given.keep) as passing:
        folder = given.keep or Path(passing)
        if given.only != "postgresql":
            with sqlite(folder) as url:
                show("SQLite", url, given.items)
            print(f"{'bytes an item':>32} {(folder / 'catalogue.db').stat().st_size / given.items:>10.0f}")
    if given.only != "sqlite":
        try:
            with server() as url:
                show("PostgreSQL", url, given.items)
        except Skipped as reason:
            print(f"skipped: {reason}")


if __name__ == "__main__":
    main()
