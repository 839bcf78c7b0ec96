"""An item as the engines index it: texts to look in, keys to look up, days, and what it is put in order by."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from archivist.search.compare import compared, number_key, scripted
from archivist.search.document import SearchDocument
from archivist.search.fields import IndexDefinition

#: Stands before the id in an order; no text holds it.
_THEN = "\x1f"
#: Behind all dates and numbers that are known.
_UNKNOWN = "\U0010ffff"
_LAST_DAY = 99999999
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


@dataclass(frozen=True, slots=True)
class Row:
    """What an engine keeps of an item.

    `texts` holds by substring field the compared text, several values with a line feed between (no needle has one).
    `scripted` is the running text as `compare.scripted` gives it, "" where it is the same as `texts["text"]`. `keys`
    holds the keys by keyed field. `days` are the first and the last day it may be dated by, YYYYMMDD, None where no
    year is known. `orders` holds, for date, newest and number, what it is put in order by, ascending by code point,
    which no two items share; of equal points the order by date counts. `digest` is another where anything is.
    """

    id: str
    texts: Mapping[str, str]
    scripted: str
    keys: Mapping[str, tuple[str, ...]]
    days: tuple[int, int] | None
    orders: Mapping[str, str]
    digest: str


class _Texts(Mapping[str, str]):
    """The texts of a row, each compared when it is asked for."""

    def __init__(self, document: SearchDocument, names: tuple[str, ...], known: Mapping[str, str]) -> None:
        self._document, self._names, self._known = document, names, dict(known)

    def __getitem__(self, name: str) -> str:
        if name not in self._known:
            self._known[name] = "\n".join(map(compared, _values(self._document, name)))
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def judged_row(document: SearchDocument, definition: IndexDefinition, text: str) -> Row:
    """Return of `row_of` what tells in which fields words stand: quick, and nothing to keep.

    `text` is the running text of the document, compared.
    """
    texts = _Texts(document, definition.substrings, {"text": text})
    keys = {name: _keys(document, name) for name in definition.keyed}
    return Row(document.id, texts, "", keys, _known_days(document), {}, "")


def row_of(document: SearchDocument, definition: IndexDefinition) -> Row:
    """Return what is kept of `document`."""
    texts = {name: "\n".join(map(compared, _values(document, name))) for name in definition.substrings}
    written = scripted("".join(document.pages))
    script = "" if written == texts["text"] else written
    keys = {name: _keys(document, name) for name in definition.keyed}
    days = _known_days(document)
    dated = document.date or (str(document.year) if document.year else _UNKNOWN)
    backwards = f"{_LAST_DAY - days[0]:08}" if days else _UNKNOWN
    number = min(keys["numbers"], default=_UNKNOWN)
    orders = {
        "date": f"{dated}{_THEN}{document.id}",
        "newest": f"{backwards}{_THEN}{document.id}",
        "number": f"{number}{_THEN}{dated}{_THEN}{document.id}",
    }
    said = json.dumps([document.id, texts, script, keys, days, orders], sort_keys=True, ensure_ascii=False)
    return Row(
        document.id, texts, script, keys, days, orders, sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    )


def _values(document: SearchDocument, name: str) -> tuple[str, ...]:
    if name == "text":
        return ("".join(document.pages),)
    value = getattr(document, name)
    return () if value is None else value if isinstance(value, tuple) else (value,)


def _keys(document: SearchDocument, name: str) -> tuple[str, ...]:
    values = _values(document, name)
    if name in ("numbers", "cited_numbers"):
        values = tuple(map(number_key, values))
    return tuple(dict.fromkeys(str(value) for value in values if value not in ("", None)))


def _known_days(document: SearchDocument) -> tuple[int, int] | None:
    return _days(document.date) or (_days(f"{document.year:04}") if document.year else None)


def _days(date: str | None) -> tuple[int, int] | None:
    """Return the first and the last day of a date of which perhaps only the year or month is known, else None."""
    if not (said := _DATE.fullmatch(date or "")):
        return None
    year, month, day = said.groups()
    return int(f"{year}{month or '00'}{day or '00'}"), int(f"{year}{month or '99'}{day or '99'}")
