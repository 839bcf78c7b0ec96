"""How many words are found although they were misread, and how often wrongly.

`python -m tests.benchmarks.bench_tolerance [DIR]`: DIR is where worn papers of which every word is known are kept, and
made and read when they are not there. Words as a clerk looks for are drawn from what is printed on them. Limits are
chosen on one half of the papers, and what they are worth is told by the other half.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from random import Random

from archivist.search.clauses import Any, Clause, Contains
from archivist.search.compare import compared
from archivist.search.document import SearchDocument
from archivist.search.fields import definition
from archivist.search.judging import points
from archivist.search.misread import ANY, readings, variants
from archivist.search.row import Row, row_of
from tests.benchmarks.machine import described

try:
    from jieba import posseg  # type: ignore[import-untyped]

    from tests.benchmarks.search_worn import Worn, worn
except ModuleNotFoundError as error:
    sys.exit(f"{error}: pip install -e '.[bench]'")

_LENGTHS = range(2, 9)
#: So many words of each length are drawn from the papers, and so many that stand in none.
_WORDS, _ABSENT = 400, 2000
#: What clerks look for: words with these flags of jieba, one or several side by side.
_WANTED = ("n", "v", "a", "j", "l", "i", "s", "t")
MEANS = ("look-alike", "alternative", "doubtful")


@dataclass(frozen=True, slots=True)
class Searched:
    """A paper that is looked in: what is printed on it as compared, and what an engine keeps of its reading."""

    kind: str
    printed: str
    row: Row


@dataclass(frozen=True, slots=True)
class Asked:
    """A word looked for in a paper: whether it is printed there, stands there as read, and else by what it is found."""

    length: int
    kind: str
    printed: bool
    exact: bool
    means: frozenset[str]


def searched(papers: Iterable[Worn]) -> list[Searched]:
    """Return `papers` as they are looked in."""
    found = []
    for paper in papers:
        texts = tuple(page.running_text for page in paper.pages)
        document = SearchDocument(paper.name, "", texts, readings=readings(paper.pages))
        found.append(Searched(paper.kind, compared("".join(paper.printed)), row_of(document, definition())))
    return found


def drawn(papers: Iterable[Worn], chance: Random) -> list[str]:
    """Return words that are printed on `papers`, as many of each length where there are."""
    found: dict[int, set[str]] = {length: set() for length in _LENGTHS}
    for word in {word for paper in papers for line in paper.printed for word in _words(compared(line))}:
        found.get(len(word), set()).add(word)
    return [word for words in found.values() for word in chance.sample(sorted(words), min(_WORDS, len(words)))]


def _words(line: str) -> Iterator[str]:
    cut = list(posseg.cut(line))
    for start in range(len(cut)):
        side_by_side = takewhile(lambda piece: piece.flag.startswith(_WANTED) and piece.word.isalpha(), cut[start:])
        word = ""
        for piece in side_by_side:
            word += piece.word
            yield word


def absent(papers: Iterable[Searched], chance: Random) -> list[str]:
    """Return words of the dictionary, common ones more often, that are printed on none of `papers`."""
    from tests.benchmarks.search_papers import dictionary

    words, weights = dictionary()
    printed = "\n".join(paper.printed for paper in papers)
    asked = {compared(word) for word in chance.choices(words, weights, k=20 * _ABSENT) if len(word) in _LENGTHS}
    left = sorted(word for word in asked if word not in printed)
    return chance.sample(left, min(_ABSENT, len(left)))


def ask(words: Iterable[str], papers: Sequence[Searched]) -> Iterator[Asked]:
    """Yield what comes of looking for each of `words` in each of `papers` that it is printed on or found in."""
    for word in words:
        exact, others = Contains(word, definition().searched), _tolerant(word)
        for paper in papers:
            printed = word in paper.printed
            here = _holds(exact, paper.row)
            means = frozenset(name for name, clause in others.items() if not here and _holds(clause, paper.row))
            if printed or here or means:
                yield Asked(len(word), paper.kind, printed, here, means)


def _tolerant(word: str) -> Mapping[str, Clause]:
    parts: dict[str, list[Clause]] = {name: [] for name in MEANS}
    for needle, fields in variants(word):
        means = "alternative" if word in needle else "doubtful" if ANY in needle else "look-alike"
        parts[means].append(Contains(needle, fields))
    return {name: Any(tuple(clauses)) for name, clauses in parts.items()}


def _holds(clause: Clause, row: Row) -> bool:
    return points(clause, row, definition()) is not None


def print_table(title: str, groups: Mapping[str, Sequence[Asked]]) -> None:
    """Print a line for each of `groups`."""
    print(f"\n{title:<16}{'printed':>8}{'exact %':>9}{'tolerant %':>11}{'found':>7}{'right %':>9}", end="")
    print("".join(f"{name:>14}{'right %':>9}" for name in MEANS))
    for name, asked in groups.items():
        printed = [one for one in asked if one.printed]
        more = [one for one in asked if one.means]
        exact, right = sum(one.exact for one in printed), sum(one.printed for one in more)
        row = f"{name:<16}{len(printed):>8}{_percent(exact, len(printed)):>9}"
        row += f"{_percent(exact + right, len(printed)):>11}{len(more):>7}{_percent(right, len(more)):>9}"
        for means in MEANS:
            those = [one for one in more if means in one.means]
            row += f"{len(those):>14}{_percent(sum(one.printed for one in those), len(those)):>9}"
        print(row)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}" if whole else "-"


def report(name: str, papers: Sequence[Worn]) -> None:
    """Print what tolerance does in `papers`."""
    chance = Random(6)
    those = searched(papers)
    words = drawn(papers, chance)
    asked = list(ask(words, those))
    pages = sum(len(paper.pages) for paper in papers)
    characters = sum(len(paper.printed) for paper in those)
    kept = sum(text.count("\n") + 1 for paper in those if (text := paper.row.texts["readings"]))
    print(f"\n== {name}: {len(papers)} papers, {pages} pages, {characters} characters, {kept} other readings kept")
    print(f"{len(words)} words, each looked for in each paper; found: where it does not stand as read, by tolerance")
    lengths = {f"{length} characters": [one for one in asked if one.length == length] for length in _LENGTHS}
    print_table("length", {"all": asked} | lengths)
    print_table(
        "worn as", {kind: [one for one in asked if one.kind == kind] for kind in sorted({p.kind for p in those})}
    )
    nowhere = absent(those, chance)
    wrong = Counter(means for one in ask(nowhere, those) for means in one.means)
    told = ", ".join(f"{means} {1000 * wrong[means] / len(those) / len(nowhere):.3f}" for means in MEANS)
    print(f"\nof {len(nowhere)} words of the dictionary that are printed nowhere, found in 1,000 papers each: {told}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench_tolerance", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="where the papers are or shall be kept")
    asked = parser.parse_args()
    print(described())
    with tempfile.TemporaryDirectory() as passing:
        papers = worn(asked.folder or Path(passing))
    # The readings of one paper stay together.
    choosing = set(sorted({paper.name for paper in papers})[::2])
    report("for choosing", [paper for paper in papers if paper.name in choosing])
    report("for judging", [paper for paper in papers if paper.name not in choosing])


if __name__ == "__main__":
    main()
