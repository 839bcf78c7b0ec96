"""Documents a second, bytes, milliseconds a query: `python -m tests.benchmarks.bench_search [documents]`."""

import gzip
import json
import random
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import quantiles
from time import perf_counter

from archivist.search.document import SearchDocument
from archivist.search.query import parse
from archivist.search.whoosh import WhooshIndex

GAZETTE = Path(__file__).parents[2] / "../shared/gazette.jsonl.gz"
PAGE = 600
REPEATS = 20


def real() -> Iterator[SearchDocument]:
    with gzip.open(GAZETTE, "rt", "utf-8") as lines:
        for number, paper in enumerate(map(json.loads, lines)):
            text = paper["text"].replace("\n", "")
            yield SearchDocument(
                f"{number:06}",
                paper["title"],
                tuple(text[start : start + PAGE] for start in range(0, len(text), PAGE)),
                (paper["document_number"],),
                agencies=(paper["agency"],),
            )


def made() -> Iterator[SearchDocument]:
    """Words of two to four characters, some far commoner than others, with stock phrases between them."""
    chance = random.Random(1995)
    characters = [chr(code) for code in range(0x4E00, 0x4E00 + 3000)]
    words = ["".join(chance.choices(characters, k=chance.choice((2, 2, 2, 3, 4)))) for _ in range(20_000)]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    number = 0
    while True:
        pages = tuple("，".join(chance.choices(words, weights, k=150)) for _ in range(chance.randint(1, 4)))
        title = "".join(chance.choices(words, weights, k=5))
        year, serial = 1950 + number // 300, number % 300 + 1
        yield SearchDocument(
            f"{number:06}", title, pages, (f"甲发〔{year}〕{serial}号",), year=year, date=f"{year}-01-01"
        )
        number += 1


def queries(documents: list[SearchDocument]) -> dict[str, list[tuple[str, str | None]]]:
    chance = random.Random(58)
    texts = ["".join(document.pages) for document in documents]

    def piece(length: int) -> str:
        while True:
            text = chance.choice(texts)
            start = chance.randrange(max(len(text) - length, 1))
            if (word := text[start : start + length]).isalpha() and len(word) == length:
                return word

    def by_frequency(length: int, common: bool) -> list[str]:
        sample = chance.sample(texts, min(300, len(texts)))
        counted = {word: sum(word in text for text in sample) for word in {piece(length) for _ in range(200)}}
        return sorted(counted, key=counted.__getitem__, reverse=common)[:REPEATS]

    words = {
        "one character": by_frequency(1, True),
        "common word": by_frequency(2, True),
        "rare word": by_frequency(2, False),
        "four, common": by_frequency(4, True),
        "eight": [piece(8) for _ in range(REPEATS)],
        "two words": [f"{piece(2)} {piece(2)}" for _ in range(REPEATS)],
    }
    numbers = [chance.choice(documents).numbers[0] for _ in range(REPEATS)]
    return {kind: [(text, None) for text in texts] for kind, texts in words.items()} | {
        "number": [(number, number) for number in numbers]
    }


def main(count: int = 3000) -> None:
    documents = list(islice(real() if GAZETTE.exists() and count <= 3000 else made(), count))
    with tempfile.TemporaryDirectory() as folder:
        index = WhooshIndex(Path(folder))
        start = perf_counter()
        index.add(documents)
        added = perf_counter()
        index.optimize()
        merged = perf_counter()
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        characters = sum(len(page) for document in documents for page in document.pages)
        print(f"{len(documents)} documents of {characters // len(documents)} characters, {size / 2**20:.0f} MiB")
        print(f"added at {len(documents) / (added - start):.0f} a second, merged in {merged - added:.1f} s")
        print(f"{'query':>14} {'hits':>6} {'p50 ms':>8} {'p95 ms':>8}")
        for kind, asked in queries(documents).items():
            times, totals = [], []
            for text, number in asked * 3:
                start = perf_counter()
                totals.append(index.search(parse(text, number)).total)
                times.append((perf_counter() - start) * 1000)
            cuts = quantiles(times, n=20)
            print(f"{kind:>14} {sum(totals) // len(totals):>6} {cuts[9]:>8.1f} {cuts[18]:>8.1f}")
        index.close()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
