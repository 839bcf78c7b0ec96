"""What on the pages of an item answers a query: words as they stand, else the evidence of what the catalogue says."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from archivist.model import Evidence, Field, Item
from archivist.search.compare import compared, number_key
from archivist.search.document import number_of
from archivist.search.fields import definition
from archivist.search.misread import misreadings
from archivist.search.query.tree import Dated, FieldIs, Leaf, Number, NumberRange, Series, Word
from archivist.search.running import RunningText, Span

# Beyond this many places a word has been found often enough.
_MOST = 50
# What a value counts as in the index (see index/fields.yaml), by its name in the catalogue.
_INDEXED = {
    "title": "title",
    "subject": "title",
    "document_number": "numbers",
    "citation": "cited_numbers",
    "issuing_agency": "agencies",
    "source_agency": "agencies",
    "genre": "genre",
    "signer": "people",
    "group_member": "people",
    "annotation": "people",
    "date_of_issue": "year",
    "print_date": "year",
    "received_date": "year",
    "printed_date": "year",
}


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A span of a page (by place in the item, from 0) and what it answers.

    `misread` is the offset in the page of the one character that may be misread, -1 where it stands as looked for.
    """

    page: int
    start: int
    end: int
    answers: str
    misread: int = -1


class _Value(NamedTuple):
    """What the catalogue says of an item: under which field of the index, in words, and what proves it."""

    field: str
    text: str
    evidence: Evidence


def marks(item: Item, leaves: Iterable[Leaf], *, tolerant: bool = False, text: RunningText | None = None) -> list[Mark]:
    """Return what on the pages of `item` answers `leaves`, in page order.

    What stands on the paper as looked for, else the evidence of a value that answers; where there is neither, and
    `tolerant`, words with one character misread. Empty for what only the catalogue knows. `text` is that of the pages
    where it is known already.
    """
    sheet = _Sheet(item, tolerant, text or RunningText.of(item.pages))
    return sorted({mark for leaf in leaves for mark in sheet.answering(leaf)})


class _Sheet:
    """The pages of an item and what was read off them."""

    def __init__(self, item: Item, tolerant: bool, text: RunningText) -> None:
        self._item = item
        self._tolerant = tolerant
        self._text = text
        self._places = {page.number: place for place, page in enumerate(item.pages)}

    def answering(self, leaf: Leaf) -> Iterable[Mark]:
        match leaf:
            case Word():
                return self._word(leaf)
            case Number(words=words):
                return self._number(leaf) or self._words(words)
            case Series(begins, words, fields):
                series = (self._numbered(name, lambda key: key.startswith(begins)) for name in fields)
                return next(filter(None, series), []) or self._words(words)
            case NumberRange(keys, words, fields):
                within = frozenset(keys)
                numbers = [mark for name in fields for mark in self._numbered(name, within.__contains__)]
                return numbers or self._words(words)
            case Dated():
                return self._dated(leaf)
            case FieldIs(field, keys):
                return self._proven(field, keys[0], lambda value: value.text in keys or self._year(value) in keys)

    def _words(self, words: Iterable[Word]) -> list[Mark]:
        return [mark for word in words for mark in self._word(word)]

    def _word(self, word: Word) -> list[Mark]:
        sought = word.folded
        if found := list(self._standing(sought, sought)):
            return found
        plain = set(word.fields) >= set(definition().searched)
        values = [value for value in self._values() if plain or value.field in word.fields]
        found = [mark for value in values if sought in compared(value.text) for mark in self._of(value, sought)]
        if not found and word.year:
            found = self._proven("year", sought, lambda value: self._year(value) == str(word.year))
        if not found and self._tolerant and (plain or "text" in word.fields):
            found = list(self._misread(sought))
        return found

    def _number(self, number: Number) -> list[Mark]:
        found = self._numbered("numbers", number.key.__eq__) if "numbers" in number.fields else []
        if "text" in number.fields:
            found += [mark for form in number.spelled for mark in self._standing(form, number.key)]
        if not found and "cited_numbers" in number.fields:
            found = self._numbered("cited_numbers", number.key.__eq__)
        return found

    def _dated(self, dated: Dated) -> list[Mark]:
        if found := [mark for form in dated.spelled for mark in self._standing(form, form)]:
            return found
        answers = f"{dated.first}-{dated.last}"

        def within(value: _Value) -> bool:
            year, *rest = (*value.text.split("-"), "", "")
            first, last = (f"{year}{rest[0] or fill}{rest[1] or fill}" for fill in ("00", "99"))
            return first.isdecimal() and dated.first <= int(first) and int(last) <= dated.last

        return self._proven("year", answers, within)

    def _proven(self, field: str, answers: str, holds: Callable[[_Value], bool]) -> list[Mark]:
        """Return the evidence of the values of an index field for which `holds`; a year is a number's at the least."""
        for name in (field, "numbers") if field == "year" else (field,):
            values = (value for value in self._values() if value.field == name and holds(value))
            if found := [mark for value in values for mark in self._of(value, answers)]:
                return found
        return []

    def _numbered(self, field: str, sought: Callable[[str], bool]) -> list[Mark]:
        values = ((value, number_key(value.text)) for value in self._values() if value.field == field)
        return [mark for value, key in values if sought(key) for mark in self._of(value, key)]

    def _standing(self, word: str, answers: str) -> Iterator[Mark]:
        text = self._text.text
        at = text.find(word)
        for _ in range(_MOST):
            if at < 0:
                return
            # A word that runs over the page break is marked on both pages.
            for page, start, end in self._text.spans(at, at + len(word)):
                yield Mark(page, start, end, answers)
            at = text.find(word, at + len(word))

    def _misread(self, word: str) -> Iterator[Mark]:
        for found in islice(misreadings(word, self._text, self._item.pages), _MOST):
            (at,) = self._text.spans(found.at, found.at + 1)
            for span in self._text.spans(found.start, found.end):
                yield Mark(*span, word, at.start if at.page == span.page else -1)

    def _of(self, value: _Value, answers: str) -> Iterator[Mark]:
        evidence = value.evidence
        place = self._places.get(evidence.page)
        if place is not None and evidence.start < evidence.end:
            yield Mark(*Span(place, evidence.start, evidence.end), answers)

    def _values(self) -> Iterator[_Value]:
        for document in self._item.documents:
            for entry in document.fields:
                if entry.status != "rejected" and (text := _said(entry)):
                    yield _Value(_INDEXED.get(entry.name, entry.name), text, entry.evidence)
        for link in self._item.campaigns:
            if link.status != "rejected":
                yield from (_Value("campaigns", link.name, evidence) for evidence in link.evidence)

    def _year(self, value: _Value) -> str:
        """Return the year of a date, or of a document number in normal form."""
        if value.field == "numbers":
            return value.text.partition("〔")[2].partition("〕")[0]
        return value.text[:4] if value.field == "year" else ""


def _said(entry: Field) -> str | None:
    """Return in words what a field says: a number in normal form, a name, a value as it is."""
    value = entry.value
    if isinstance(value, Mapping) and entry.name in ("citation", "group_member", "annotation"):
        value = value.get("document_number" if entry.name == "citation" else "person")
    return number_of(value)
