"""What an item offers to the search."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from archivist.access import OPEN, access_of
from archivist.model import Field, Item
from archivist.search.misread import readings

_YEAR = re.compile(r"(1[89]|20)\d\d")
# What an item is dated by, best first; a slip is later than the document it carried.
_DATES = ("date_of_issue", "print_date", "received_date", "printed_date")


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """One item as every engine takes it.

    `pages` is the running text of each page, in either script. `numbers` and `cited_numbers` are document
    numbers in normal form (聊发〔1995〕58号), its own and those it refers to. `date` is `YYYY-MM-DD`, or as
    much of it as is known. `forms` are those of its slips. `readings` are pieces of text with a doubtful character
    replaced, see `misread.readings`. `state` is `review` where a value waits for a person, `verified` where a person
    confirmed one and none waits, else `accepted`; `access` is a level of schemas/access.yaml.
    """

    id: str
    title: str
    pages: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    cited_numbers: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    year: int | None = None
    date: str | None = None
    genre: str | None = None
    kinds: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    reference_code: str | None = None
    people: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    state: str = "accepted"
    access: str = OPEN


def document_of(item: Item, *, doubts: bool = True) -> SearchDocument:
    """Return what `item` offers to the search; rejected values are left out. No readings unless `doubts` are wanted."""
    entries = tuple(entry for document in item.documents for entry in document.fields if entry.status != "rejected")
    numbers = _distinct(_numbers(_values(entries, "document_number")))
    cited = _numbers(
        entry.value["document_number"]
        for entry in _values(entries, "citation")
        if isinstance(entry.value, Mapping) and "document_number" in entry.value
    )
    date = next((text for name in _DATES for text in _texts(_values(entries, name))), None)
    return SearchDocument(
        id=item.id,
        title=item.title,
        pages=tuple(page.running_text for page in item.pages),
        numbers=numbers,
        cited_numbers=tuple(number for number in _distinct(cited) if number not in numbers),
        agencies=_distinct(_texts(_values(entries, "issuing_agency", "source_agency"))),
        year=_year(date, entries),
        date=date,
        genre=next(_texts(_values(entries, "genre")), None),
        kinds=_distinct(document.kind for document in item.documents),
        forms=_distinct(document.form for document in item.documents if document.form),
        campaigns=_distinct(link.name for link in item.campaigns if link.status != "rejected"),
        reference_code=item.reference_code,
        people=_distinct(_people(entries)),
        readings=readings(item.pages) if doubts else (),
        state=_state(entries),
        access=access_of(item),
    )


def _people(entries: Iterable[Field]) -> Iterator[str]:
    for entry in entries:
        if entry.name == "signer" and isinstance(entry.value, str):
            yield entry.value
        elif entry.name in ("group_member", "annotation") and isinstance(entry.value, Mapping):
            person = entry.value.get("person")
            if isinstance(person, str) and person.strip():
                yield person


def _state(entries: Iterable[Field]) -> str:
    found = {entry.status for entry in entries}
    return next((state for state in ("review", "verified") if state in found), "accepted")


def number_of(value: object) -> str | None:
    """Return the text of a document number as a field's value holds it: with its parts, or as text only."""
    if isinstance(value, Mapping):
        value = value.get("text")
    return value if isinstance(value, str) and value.strip() else None


def _values(entries: Iterable[Field], *names: str) -> Iterator[Field]:
    return (entry for entry in entries if entry.name in names)


def _texts(entries: Iterable[Field]) -> Iterator[str]:
    return (entry.value for entry in entries if isinstance(entry.value, str) and entry.value.strip())


def _numbers(values: Iterable[object]) -> Iterator[str]:
    return (
        number
        for value in values
        if (number := number_of(value.value if isinstance(value, Field) else value)) is not None
    )


def _year(date: str | None, entries: tuple[Field, ...]) -> int | None:
    if date and (said := _YEAR.match(date)):
        return int(said[0])
    years = (
        entry.value.get("year") for entry in _values(entries, "document_number") if isinstance(entry.value, Mapping)
    )
    return next((year for year in years if isinstance(year, int)), None)


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
