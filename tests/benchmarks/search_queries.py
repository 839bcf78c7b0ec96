"""What is asked of every engine, by class, drawn from the papers; and what a scan of all papers answers."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from random import Random

from archivist.search.clauses import All, Any, Clause, Contains, Filter, Holds, Not, Order
from archivist.search.compare import compared, number_key, scripted
from archivist.search.document import SearchDocument
from archivist.search.fields import definition
from archivist.search.index import Hit
from archivist.search.judging import points
from archivist.search.misread import variants
from archivist.search.row import Row, row_of

#: Hits on a page of the answer, and values of a facet that are counted.
LIMIT, VALUES = 10, 20
#: Papers that words are drawn from, pieces that are drawn for one list of words.
_SAMPLE, _DRAWN = 300, 1500


@dataclass(frozen=True, slots=True)
class Asked:
    """A query of a class: words that all stand in a paper, keys it has by field, or a document number."""

    kind: str
    words: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    number: str = ""
    order: Order = "relevance"

    @property
    def clause(self) -> Clause:
        """The query as `SearchIndex` takes it."""
        searched = definition().searched
        parts: list[Clause] = [Contains(compared(word), searched, scripted(word)) for word in self.words]
        parts += [Filter(Holds(name, (key,))) for name, key in self.keys.items()]
        if self.number:
            parts.append(Holds("numbers", (number_key(self.number),)))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    @property
    def misread(self) -> Clause | None:
        """What a tolerant search asks for besides; None where that is not looked for."""
        if self.kind != "tolerant":
            return None
        wide = [Any(tuple(Contains(*each) for each in variants(compared(word)))) for word in self.words]
        return All((*wide, Not(self.clause)))

    @property
    def facets(self) -> dict[str, int]:
        """How many values of which fields are counted."""
        return dict.fromkeys(definition().facets, VALUES) if self.kind == "facets" else {}


@dataclass(frozen=True, slots=True)
class Answer:
    """How many papers were found, the first of them, the counted values, and how many more by tolerance."""

    total: int
    hits: tuple[Hit, ...] = ()
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    misread: int = 0


def drawn(papers: Sequence[SearchDocument], each: int) -> dict[str, list[Asked]]:
    """Return `each` queries of every class, the same whenever they are drawn from the same papers."""
    chance = Random(58)
    sample = [papers[place] for place in sorted(chance.sample(range(len(papers)), min(_SAMPLE, len(papers))))]
    texts = ["".join(document.pages) for document in sample]

    def piece(length: int) -> str:
        while True:
            text = chance.choice(texts)
            start = chance.randrange(max(len(text) - length, 1))
            word = text[start : start + length]
            if len(word) == length and all("一" <= char <= "鿿" for char in word):
                return word

    def by_frequency(length: int) -> list[str]:
        pieces = list(dict.fromkeys(piece(length) for _ in range(_DRAWN)))
        counted = {word: sum(word in text for text in texts) for word in pieces}
        return sorted(pieces, key=counted.__getitem__, reverse=True)

    def taken(words: Sequence[str]) -> list[str]:
        return [words[place % len(words)] for place in range(each)]

    pairs, common = by_frequency(2), taken(by_frequency(2))
    words: dict[str, list[tuple[str, ...]]] = {
        "one character": [(word,) for word in taken(by_frequency(1))],
        "common word": [(word,) for word in common],
        "rare word": [(word,) for word in taken(pairs[::-1])],
        "four characters": [(word,) for word in taken(by_frequency(4))],
        "eight characters": [(piece(8),) for _ in range(each)],
        "two words": [(piece(2), piece(2)) for _ in range(each)],
        "facets": [(word,) for word in common],
        "snippets": [(word,) for word in common],
        "tolerant": [(piece(chance.choice((2, 3, 4, 6))),) for _ in range(each)],
    }
    found = {kind: [Asked(kind, those) for those in asked] for kind, asked in words.items()}
    filtered = [(word, chance.choice(sample)) for word in common]
    found["filter, sorted"] = [
        Asked("filter, sorted", (word,), {"agencies": document.agencies[0]}, order="newest")
        for word, document in filtered
    ]
    found["number"] = [Asked("number", number=chance.choice(sample).numbers[0]) for _ in range(each)]
    return found


def scanned(papers: Iterable[SearchDocument], asked: Sequence[Asked]) -> list[Answer]:
    """Return what is right: every paper judged for every query of `asked`, in one pass, with none of them kept."""
    tallies = [_Tally(each) for each in asked]
    for document in papers:
        row = row_of(document, definition())
        for tally in tallies:
            tally.judge(row)
    return [tally.answer() for tally in tallies]


class _Tally:
    """What is known of the answer to one query so far."""

    def __init__(self, asked: Asked) -> None:
        self._asked, self._clause, self._misread = asked, asked.clause, asked.misread
        self._counts = {name: Counter[str]() for name in asked.facets}
        self._total = self._more = 0
        self._best: list[tuple[int, str, Hit]] = []

    def judge(self, row: Row) -> None:
        worth = points(self._clause, row, definition())
        if worth is None:
            self._more += self._misread is not None and points(self._misread, row, definition()) is not None
            return
        self._total += 1
        for name, counts in self._counts.items():
            counts.update(row.keys[name])
        order = self._asked.order
        self._best.append(
            (-worth, row.orders["date"], Hit(row.id, worth))
            if order == "relevance"
            else (0, row.orders[order], Hit(row.id, worth))
        )
        if len(self._best) > 50 * LIMIT:
            self._best = nsmallest(LIMIT, self._best, key=_place)

    def answer(self) -> Answer:
        hits = tuple(hit for _, _, hit in nsmallest(LIMIT, self._best, key=_place))
        facets = {
            name: tuple(sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:VALUES])
            for name, counts in self._counts.items()
        }
        return Answer(self._total, hits, facets, self._more)


def _place(best: tuple[int, str, Hit]) -> tuple[int, str]:
    return best[:2]


#: Answers a query, or None where this is not for that engine.
Answering = Callable[[Asked], Answer | None]
