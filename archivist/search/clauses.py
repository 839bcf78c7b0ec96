"""What an engine is asked: conditions on an item, and how many points each is worth.

A clerk's words become these (`query.py`); every engine carries them out, and `judging.py` says what they mean.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Contains:
    """`needle`, compared text, stands in one of the substring `fields`.

    Worth the points of the best of those it stands in; and `same_script` more where it stands in the field `text` and
    `typed`, the needle in the script as typed, stands in the running text in its own script.
    """

    needle: str
    fields: tuple[str, ...]
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Holds:
    """One of `keys` is among the keys of `field`; worth the points of the field."""

    field: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Begins:
    """A key of `field` begins with `prefix`; worth the points of the field."""

    field: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Between:
    """All the item may be dated by lies within the days `first` to `last` (YYYYMMDD, inclusive); worth nothing."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Everything:
    """Holds for every item; worth nothing."""


@dataclass(frozen=True, slots=True)
class All:
    """Every one of `parts` holds; worth their sum. Of no parts: as Everything."""

    parts: "tuple[Clause, ...]"


@dataclass(frozen=True, slots=True)
class Any:
    """One of `parts` holds; worth the best of those that do. Of no parts: nothing is found."""

    parts: "tuple[Clause, ...]"


@dataclass(frozen=True, slots=True)
class Some:
    """At least `least` (1 or more) of `parts` hold; worth the sum of those that do."""

    least: int
    parts: "tuple[Clause, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """`part` does not hold; worth nothing."""

    part: "Clause"


@dataclass(frozen=True, slots=True)
class Filter:
    """`part` holds, and that is worth nothing."""

    part: "Clause"


Clause: TypeAlias = Contains | Holds | Begins | Between | Everything | All | Any | Some | Not | Filter

#: By what the items that are found are put in order; of equal points, and of equal numbers, the older one is first.
Order: TypeAlias = Literal["relevance", "date", "newest", "number"]
