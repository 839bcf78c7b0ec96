"""Finding and weighing the documents of one Whoosh segment."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from archivist.search.compare import compared, number_key, runs, scripted
from archivist.search.document import SearchDocument
from archivist.search.fields import IndexDefinition
from archivist.search.postings import COLUMNS, Posting, blocks, terms, terms_from
from archivist.search.query import Number, Query, Word

# Looking through one text takes as long as reading about this many postings.
_POSTINGS_A_TEXT = 30
_BETWEEN = "\x1f"


class Found(NamedTuple):
    """A document of a segment that answers a query: its score, and the fields its words were found in."""

    number: int
    score: float
    why: tuple[str, ...]


class _Match(NamedTuple):
    """What a part of the query is worth in one document, and the fields it was found in."""

    score: float
    why: tuple[str, ...]


def row(document: SearchDocument, definition: IndexDefinition) -> dict[str, Any]:
    """Return what Whoosh is given of `document`: compared texts and keys by field, and the columns."""
    offered: dict[str, Any] = {}
    for name in definition.fields:
        value = "".join(document.pages) if name == "text" else getattr(document, name)
        values = () if value is None else value if isinstance(value, tuple) else (value,)
        match definition.fields[name].analysis:
            case "substring":
                # Compared text has no line breaks, so a word cannot reach from one value into the next.
                offered[name] = "\n".join(map(compared, values))
            case "number":
                offered[name] = [number_key(number) for number in values]
            case "year":
                offered[name] = [str(year) for year in values]
    written = scripted("".join(document.pages))
    head = (document.date or "", *(offered[name] for name in _headed(definition)), document.id)
    columns = (_BETWEEN.join(head), offered["text"], "" if written == offered["text"] else written)
    return (
        offered | {"id": [document.id]} | {name: column.encode() for name, column in zip(COLUMNS, columns, strict=True)}
    )


class Segment:
    """One segment as opened: numbers of documents count from 0 within it."""

    def __init__(self, reader: Any, definition: IndexDefinition) -> None:
        self.living: int = reader.doc_count()
        self._reader = reader
        self._definition = definition
        self._deleted = frozenset(reader.deleted_docs_set)
        self._place = {name: place for place, name in enumerate(_headed(definition), 1)}
        self._columns = {name: reader.column_reader(name, translate=False) for name in COLUMNS}
        self._head, self._text, self._scripted = self._columns.values()

    def find(self, query: Query) -> Iterator[Found]:
        """Yield every document that answers `query`."""
        found: dict[int, _Match] | None = None
        for number in query.numbers:
            keyed = self._keyed(partial(blocks, self._reader, term=number.key.encode()))
            found = _both(found, _either(keyed, self._spelled(number)))
        if query.words:
            found = _both(found, self._matching(query.words, found))
        if query.series:
            found = _either(self._keyed(partial(self._beginning, prefix=query.series)), found or {})
        return (Found(number, *match) for number, match in (found or {}).items())

    def named(self, number: int) -> tuple[str, str]:
        """Return the date ("" where unknown) and the id of a document."""
        date, *_, id_ = self._head[number].decode().split(_BETWEEN, len(self._place) + 1)
        return date, id_

    def ids(self, after: str) -> Iterator[str]:
        """Yield the ids of its documents by code point, those behind `after`."""
        for key, postings in terms_from(self._reader, "id", after.encode()):
            if key > after.encode() and self._holding(postings):
                yield key.decode()

    def numbered(self, id_: str) -> set[int]:
        """Return the numbers of its documents with this id."""
        return self._holding(blocks(self._reader, "id", id_.encode()))

    def compared(self, id_: str, offered: Mapping[str, Any]) -> list[bool]:
        """Return for each of its documents with this id whether its columns are those `offered` (see `row`)."""
        return [
            all(column[number] == offered[name] for name, column in self._columns.items())
            for number in self.numbered(id_)
        ]

    def _keyed(self, postings: Callable[[str], Iterable[Posting]]) -> dict[int, _Match]:
        """Return the documents in the postings of each field of numbers, with the weight of the heaviest."""
        found: dict[int, _Match] = {}
        for name in self._definition.by_weight(self._definition.named("number")):
            for number in self._holding(postings(name)):
                found.setdefault(number, _Match(self._definition.fields[name].weight, (name,)))
        return found

    def _beginning(self, field: str, prefix: str) -> Iterator[Posting]:
        for _, postings in terms(self._reader, field, prefix.encode()):
            yield from postings

    def _spelled(self, number: Number) -> dict[int, _Match]:
        """Return the documents that spell `number` somewhere, or hold the words it was typed as."""
        found: dict[int, _Match] = {}
        for words in ((Word(form, form),) for form in number.spelled):
            for document, match in self._matching(words).items():
                found[document] = max(match, found.get(document, match))
        return self._matching(number.words) | found

    def _holding(self, postings: Iterable[Posting]) -> set[int]:
        return {number for ids, _ in postings for number in ids} - self._deleted

    def _matching(self, words: Collection[Word], among: Mapping[int, _Match] | None = None) -> dict[int, _Match]:
        """Return the documents (of `among`) with every one of `words`, and the mean of what they are worth."""
        matched: dict[int, _Match] | None = None
        for word in sorted(words, key=self._frequency):
            matched = _both(matched, self._worth(word, among if matched is None else matched))
        return {number: _Match(match.score / len(words), match.why) for number, match in (matched or {}).items()}

    def _frequency(self, word: Word) -> int:
        grams = [gram for run in runs(word.folded) for gram in _bigrams(run)]
        if not grams:
            return self.living
        return min(int(self._reader.doc_frequency("text", gram)) for gram in grams)

    def _worth(self, word: Word, among: Collection[int] | None) -> dict[int, _Match]:
        counts: dict[int, int] = {}
        fields: dict[int, tuple[str, ...]] = {}
        best: dict[int, float] = {}

        def note(name: str, number: int, count: int) -> None:
            counts[number] = counts.get(number, 0) + count
            fields[number] = (*fields.get(number, ()), name)
            best[number] = max(best.get(number, 0), self._definition.fields[name].weight)

        for name in self._definition.named("substring"):
            for number, count in self._occurrences(name, word.folded, among).items():
                note(name, number, count)
        if word.year:
            for name in self._definition.named("year"):
                for number in self._holding(blocks(self._reader, name, str(word.year).encode())):
                    if among is None or number in among:
                        note(name, number, 1)
        typed, same = word.typed.encode(), self._definition.same_script
        return {
            number: _Match(
                # More occurrences count for more, but never for as much as a better place.
                best[number]
                + count / (count + 1)
                + (same if "text" in fields[number] and self._as_typed(number, word, typed) else 0),
                fields[number],
            )
            for number, count in counts.items()
        }

    def _as_typed(self, number: int, word: Word, typed: bytes) -> bool:
        written = self._scripted[number]
        return typed in written if written else word.typed == word.folded

    def _occurrences(self, field: str, needle: str, among: Collection[int] | None) -> dict[int, int]:
        """Return how often `needle` occurs in `field`, by document; exact, whatever the postings can tell."""
        pieces = list(runs(needle))
        if pieces == [needle] and len(needle) <= 2:
            return self._counted(self._postings(field, needle), among)
        grams = {gram for piece in pieces for gram in _bigrams(piece)}
        if grams:
            candidates = self._with_all(field, grams, among)
        else:
            candidates = set(self._counted(self._postings(field, min(pieces, default="")), among))
        sought = needle.encode()
        place = self._place.get(field)
        occurrences = {}
        for number in candidates:
            text = self._text[number] if place is None else self._part(number, place)
            if count := text.count(sought):
                occurrences[number] = count
        return occurrences

    def _part(self, number: int, place: int) -> bytes:
        parts: list[bytes] = self._head[number].split(_BETWEEN.encode(), place + 1)
        return parts[place]

    def _postings(self, field: str, needle: str) -> Iterator[Posting]:
        """Return the postings of a bigram, or of all terms that begin with a character."""
        if len(needle) == 2:
            return blocks(self._reader, field, needle.encode())
        return self._beginning(field, needle)

    def _counted(self, postings: Iterable[Posting], among: Collection[int] | None) -> dict[int, int]:
        counts: dict[int, int] = {}
        for ids, weights in postings:
            for number, weight in zip(ids, weights, strict=True):
                counts[number] = counts.get(number, 0) + int(weight)
        return {
            number: count
            for number, count in counts.items()
            if number not in self._deleted and (among is None or number in among)
        }

    def _with_all(self, field: str, grams: Iterable[bytes], among: Collection[int] | None) -> set[int]:
        frequencies = sorted((self._reader.doc_frequency(field, gram), gram) for gram in grams)
        numbers = None if among is None else set(among)
        for frequency, gram in frequencies:
            if numbers is not None and frequency > _POSTINGS_A_TEXT * len(numbers):
                break
            holding = {number for ids, _ in blocks(self._reader, field, gram) for number in ids}
            numbers = holding if numbers is None else numbers & holding
        return (numbers or set()) - self._deleted


def _both(left: Mapping[int, _Match] | None, right: dict[int, _Match]) -> dict[int, _Match]:
    """Return what is in `left` (None: everything) and in `right`; both count."""
    return right if left is None else {n: _sum(left[n], match) for n, match in right.items() if n in left}


def _either(left: dict[int, _Match], right: dict[int, _Match]) -> dict[int, _Match]:
    """Return what is in `left` or in `right`; where in both, both count."""
    return right | {n: _sum(match, right[n]) if n in right else match for n, match in left.items()}


def _sum(left: _Match, right: _Match) -> _Match:
    return _Match(left.score + right.score, (*left.why, *right.why))


def _bigrams(run: str) -> Iterator[bytes]:
    return (run[start : start + 2].encode() for start in range(len(run) - 1))


def _headed(definition: IndexDefinition) -> tuple[str, ...]:
    return tuple(name for name in definition.named("substring") if name != "text")
