"""The words of the query language, `index/language.yaml`, and how a query that cannot be meant is refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from unicodedata import combining, east_asian_width

from rapidfuzz.distance import OSA

from archivist.definitions import load
from archivist.errors import QueryError
from archivist.language import gettext as _
from archivist.search.compare import compared

# So many columns of a long query are shown on either side of the place that is wrong.
_SHOWN = 40
_UNPRINTABLE = re.compile("[\\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class NamedField:
    """A field as clerks name it: the field of the index, its kind, and its values by what they are called."""

    index: str
    kind: str
    values: Mapping[str, str]


def operator(typed: str) -> str | None:
    """Return which operator (and, or, not) the word `typed` is, if any."""
    return _language().operators.get(compared(typed))


def field_named(typed: str) -> NamedField | None:
    """Return the field of the name `typed`, None where there is none."""
    return _language().fields.get(compared(typed))


def field_meant(typed: str) -> str | None:
    """Return the name of a field of which `typed` looks like a misspelling, None where it looks like other text.

    Names in Chinese differ in one character of three or more, or two characters have changed places: too many words
    differ from a name of two characters in one (问题 from 标题). Names in letters differ in one, long ones in two.
    """
    name = compared(typed)
    if name in _language().texts:
        return None
    near = [(distance, other) for other in _language().fields if (distance := _distance(name, other)) is not None]
    return min(near, default=(0, None))[1]


def refused(text: str, place: int, message: str) -> QueryError:
    """Return the error that says `message` and shows the character at `place` (from 0) of the query `text`."""
    shown = _UNPRINTABLE.sub(" ", text)
    start, end = place, min(place + 1, len(shown))
    for _column in range(_SHOWN):
        start, end = max(start - 1, 0), min(end + 1, len(shown))
    before = ("…" if start else "") + shown[start:place]
    after = shown[place:end] + ("…" if end < len(shown) else "")
    return QueryError(f"{_UNPRINTABLE.sub(' ', message)}\n{before}{after}\n{' ' * sum(map(_columns, before))}^")


@dataclass(frozen=True, slots=True)
class _Language:
    operators: Mapping[str, str]
    fields: Mapping[str, NamedField]
    texts: frozenset[str]


@cache
def _language() -> _Language:
    said = load("index/language.yaml")
    operators = {compared(name): meaning for meaning, names in said["operators"].items() for name in names}
    named = {compared(name): _field(entry) for entry in said["fields"].values() for name in entry["names"]}
    return _Language(operators, named, frozenset(map(compared, said["texts"])))


def _field(said: Mapping[str, Any]) -> NamedField:
    called = said.get("values", {})
    values = {compared(name): value for value, names in called.items() for name in (*names, value)}
    return NamedField(said.get("index", ""), said["kind"], values)


def _distance(typed: str, name: str) -> int | None:
    """Return how far `typed` is from a name that it may be meant for, None where it is too far."""
    if typed.isascii() != name.isascii() or len(name) < 2:
        return None
    if name.isascii():
        most = 1 if len(name) < 6 else 2
        return distance if len(typed) > 2 and (distance := OSA.distance(typed, name)) <= most else None
    swapped = len(name) == 2 and typed == name[::-1]
    other = len(name) > 2 and sum(a != b for a, b in zip(typed, name, strict=False)) == 1
    return 1 if len(typed) == len(name) and (swapped or other) else None


def _columns(char: str) -> int:
    """Return how many columns of a terminal `char` takes."""
    return 0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1


def not_named(text: str, place: int, typed: str, meant: str) -> QueryError:
    """Return the error for a name that is none, at `place`, and how to look for it as text."""
    return refused(
        text,
        place,
        _("There is no field {typed} (character {place}). Did you mean {meant}? In quotation marks it is text.").format(
            typed=typed, place=place + 1, meant=meant
        ),
    )
