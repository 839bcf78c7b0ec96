"""An engine against the scan, over documents, conditions and papers that nobody thought of.

Each of these takes a function that opens the index, and how many `examples` Hypothesis is to think of. It thinks of a
seed only: an archive that is rich enough for a condition of several parts to hold is more than it can draw.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from opencc import OpenCC

from archivist.search.clauses import All, Any, Begins, Between, Clause, Contains, Everything, Filter, Holds, Not, Some
from archivist.search.compare import compared, scripted
from archivist.search.document import SearchDocument
from archivist.search.fields import definition
from archivist.search.index import Hits, SearchIndex
from archivist.search.row import Row, row_of
from archivist.text import fold
from tests.search.papers import ORDERS, Opening, found
from tests.search.scan import ScanIndex

# Characters that have other forms, such as stand next to each other on paper, and rare ones.
_ALPHABET = "国國囯囻家科学學技术術里裡裏群羣的一二〇○零19５Ａaé，。（）(〔—·“、" + "县縣\U00020b9f\ue000\uf8ff😀ꀀ"
_UNSEEN = "\x00\x1f\u200b 　\n"
_PIECES = ("国家", "國家", "科学技术", "科學技術", "县里", "1995", "a", "5，9", "的", "，")
_KEYS = ("", "聊城", "聊城市", "聊城市委", "東阿", "东阿", "A", "a", "a b", "'", "a\x1f", "😀", "a\x00b", "国", "\n")
_NUMBERS = ("聊发〔1995〕58号", "聊发〔1995〕6号", "聊政发〔1996〕3号", "聊發〔1995〕58號", "第三号", "发")
_DATES = (None, None, "1995", "1995-06", "1995-06-09", "1996-01-01", "1994-12-31", "不明")
_DAYS = (0, 19941231, 19950000, 19950600, 19950609, 19950699, 19959999, 19960101, 99999999)
_IDS = (*"甲乙丙丁戊己庚辛abcdefg", "a'", 'a"b', "a\x1f", "a\x00b", "😀")
_VARIANTS = {"国": "囯", "群": "羣", "里": "裏", "5": "５", "a": "Ａ", "(": "〔"}
_SEEDS = st.integers(0, 2**64 - 1)
# A seed cannot be made simpler.
_PHASES = (Phase.reuse, Phase.generate)
simple, traditional = OpenCC("t2s").convert, OpenCC("s2t").convert
_WAYS: tuple[Callable[[str], str], ...] = (str, simple, traditional, lambda char: _VARIANTS.get(char, char))


def equals_the_scan(open_index: Opening, examples: int) -> None:
    """Everything found, its points, order, pages and counts, after documents came, went and changed."""

    @settings(max_examples=examples, deadline=None, phases=_PHASES)
    @given(_SEEDS)
    def check(seed: int) -> None:
        chance, index, scan = Random(seed), open_index(), ScanIndex()
        batches = [[_document(chance) for _ in range(chance.randint(1, 8))] for _ in range(chance.randint(1, 3))]
        gone = chance.choices(_IDS, k=chance.randint(0, 6))
        for each in (index, scan):
            each.rebuild(batches[0])
            for batch in batches[1:]:
                each.add(batch, gone[4:])
            each.delete(gone[:4])
        assert list(index.ids()) == list(scan.ids())
        _answer_alike(seed, index, scan, [document for batch in batches for document in batch], 16)
        index.close()

    check()


def equals_the_scan_of_many(open_index: Opening, documents: int) -> None:
    """The same with so many that a word stands in hundreds, from several commits, and again after merging them."""
    seed = random.randrange(2**32)
    chance, index, scan = Random(seed), open_index(), ScanIndex()
    several = [replace(_document(chance), id=f"{n:05}") for n in range(documents)]
    for start in (0, documents // 2, documents - 5):
        end = documents // 2 if not start else documents
        for each in (index, scan):
            each.add(several[start:end])
    for each in (index, scan):
        each.delete(f"{n:05}" for n in range(0, documents, 13))
    _answer_alike(seed, index, scan, several, 40, pages=((20, 0), (7, 100), (50, documents // 3), (0, 0)))
    index.optimize()
    _answer_alike(seed + 1, index, scan, several, 15, pages=((20, 0), (7, 100)))


def _answer_alike(
    seed: int,
    index: SearchIndex,
    scan: SearchIndex,
    documents: Sequence[SearchDocument],
    questions: int,
    pages: Sequence[tuple[int, int]] = ((100, 0), (100, 0), (0, 0), (3, 0), (2, 1), (5, 3)),
) -> None:
    chance, rows = Random(seed), [row_of(document, definition()) for document in documents]
    for _ in range(questions):
        clause, order, (limit, offset) = _clause(chance, rows), chance.choice(ORDERS), chance.choice(pages)
        facets = {name: chance.choice((1, 2, 50)) for name in chance.sample(definition().keyed, 2)}

        def differ(clause: Clause) -> tuple[Hits, Hits] | None:
            got, right = (each.search(clause, limit, offset, order, facets) for each in (index, scan))  # noqa: B023
            return None if got == right else (got, right)

        if differ(clause):
            least = next(part for part in _parts(clause) if differ(part))
            assert differ(least) is None, (seed, least, order, limit, offset, facets)


def finds_every_substring(open_index: Opening, examples: int) -> None:
    """Any run of characters of a paper, in any script and width, and nothing else, across its pages."""

    @settings(max_examples=examples, deadline=None, phases=_PHASES)
    @given(_SEEDS)
    def check(seed: int) -> None:
        chance = Random(seed)
        papers = [
            tuple(_text(chance, _ALPHABET, chance.randint(0, 25)) for _ in range(chance.randint(1, 3)))
            for _ in range(chance.randint(1, 12))
        ]
        _found_as_read(open_index, papers, [_slice(chance, "".join(chance.choice(papers)), 20) for _ in range(24)])

    check()


def finds_what_stands_in(open_index: Opening, texts: Sequence[str]) -> None:
    """Pieces of 1 to 20 characters of real papers, which have no white space here."""
    chance = random.Random(6)
    queries = [_slice(chance, chance.choice(texts), 20) for _ in range(120)]
    _found_as_read(open_index, [(text[: len(text) // 2], text[len(text) // 2 :]) for text in texts], queries)


def _found_as_read(open_index: Opening, papers: Sequence[tuple[str, ...]], queries: Sequence[str]) -> None:
    index = open_index()
    index.rebuild(SearchDocument(str(number), "", pages) for number, pages in enumerate(papers))
    texts = [fold("".join(pages)) for pages in papers]
    for query in queries:
        needle = fold(query)
        if any(char.isalnum() for char in needle):
            wanted = {str(number) for number, text in enumerate(texts) if needle in text}
            assert set(found(index, Contains(needle, ("text",)))) == wanted, query
            assert set(found(index, query)) == wanted, query
    index.close()


def _text(chance: Random, alphabet: str, length: int) -> str:
    return "".join(chance.choice(_PIECES if chance.random() < 0.3 else alphabet) for _ in range(length))


def _slice(chance: Random, text: str, longest: int) -> str:
    """A piece of `text` in another script, width or form, one character for one."""
    start = chance.randrange(max(len(text), 1))
    way = chance.choice(_WAYS)
    piece = text[start : start + chance.randint(1, longest)]
    return "".join(other if len(other := way(char)) == 1 else char for char in piece)


def _document(chance: Random) -> SearchDocument:
    def text() -> str:
        return _text(chance, _ALPHABET + _UNSEEN, chance.choice((0, 1, 2, 5, 12)))

    def values() -> tuple[str, ...]:
        return tuple(chance.choice((chance.choice(_KEYS), text())) for _ in range(chance.choice((0, 1, 1, 2, 3))))

    return SearchDocument(
        id=chance.choice(_IDS),
        title=text(),
        pages=tuple(text() for _ in range(chance.randint(0, 3))),
        numbers=tuple(chance.choices(_NUMBERS, k=chance.randint(0, 2))),
        cited_numbers=tuple(chance.choices(_NUMBERS, k=chance.randint(0, 2))),
        agencies=values(),
        year=chance.choice((None, 1995, 1996)),
        date=chance.choice(_DATES),
        genre=chance.choice((None, "决定", "通知", text())),
        forms=values(),
        campaigns=values(),
        reference_code=chance.choice((None, text())),
        people=values(),
        readings=values(),
        state=chance.choice(("review", "accepted")),
        access=chance.choice(("open", "secret")),
    )


def _clause(chance: Random, rows: Sequence[Row], depth: int = 3) -> Clause:
    """A condition that mostly holds for some of `rows`."""

    def parts() -> tuple[Clause, ...]:
        each = [_clause(chance, rows, depth - 1) for _ in range(chance.choice((0, 1, 2, 2, 3, 4)))]
        return (*each, *each[: chance.random() < 0.2])

    match chance.choice(("leaf", "leaf", "all", "any", "some", "not", "filter")) if depth else "leaf":
        case "all":
            return All(parts())
        case "any":
            return Any(parts())
        case "some":
            return Some(chance.choice((1, 1, 2, 3)), parts())
        case "not":
            return Not(_clause(chance, rows, depth - 1))
        case "filter":
            return Filter(_clause(chance, rows, depth - 1))
    return _leaf(chance, chance.choice(rows))


def _leaf(chance: Random, row: Row) -> Clause:
    """A condition that mostly holds for `row`."""
    known = definition()
    field = chance.choice(known.keyed)
    keys = row.keys[field] or ("无",)
    match chance.choice(("word", "word", "word", "holds", "begins", "days", "everything")):
        case "holds":
            return Holds(field, tuple(chance.choices((*keys, *_KEYS), k=chance.randint(0, 3))))
        case "begins":
            key = chance.choice(keys)
            return Begins(field, key[: chance.randint(0, len(key))])
        case "days":
            return Between(chance.choice(_DAYS[:6]), chance.choice(_DAYS))
        case "everything":
            return Everything()
    text = chance.choice((*filter(None, row.texts.values()), row.scripted, "科学技术"))
    typed = _slice(chance, text.replace("\n", chance.choice(("", "\n"))).split("\n")[0], chance.choice((1, 2, 3, 9)))
    if not any(char.isalnum() for char in compared(typed)):
        typed = chance.choice(("国", "科學", "一二"))
    some = tuple(chance.sample(known.substrings, chance.randint(1, 4)))
    fields = chance.choice((known.searched, known.searched, ("text",), ("title", "text"), some))
    return Contains(compared(typed), fields, chance.choice(("", scripted(typed), compared(typed))))


def _parts(clause: Clause) -> Iterator[Clause]:
    """Give the parts of `clause` that are conditions themselves, the smallest first, and it at the end."""
    match clause:
        case All(parts) | Any(parts) | Some(_, parts):
            for part in parts:
                yield from _parts(part)
        case Not(part) | Filter(part):
            yield from _parts(part)
    yield clause
