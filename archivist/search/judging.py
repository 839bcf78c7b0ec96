"""What a query means, said once: whether a clause holds for an item, and how many points it is worth there.

Engines find the same by other ways; this is what they are held against, and what tells in which fields words stand.
"""

from collections.abc import Iterator

from archivist.search.clauses import (
    All,
    Any,
    Begins,
    Between,
    Clause,
    Contains,
    Everything,
    Filter,
    Holds,
    Not,
    Some,
)
from archivist.search.fields import IndexDefinition
from archivist.search.row import Row


def points(clause: Clause, row: Row, definition: IndexDefinition) -> int | None:
    """Return what `clause` is worth in `row`, None where it does not hold."""
    match clause:
        case Contains() | Holds() | Begins():
            found = list(_places(clause, row))
            if not found:
                return None
            extra = definition.same_script if "text" in found and _as_typed(clause, row) else 0
            return max(definition.fields[name].points for name in found) + extra
        case Between(first, last):
            return 0 if row.days and first <= row.days[0] and row.days[1] <= last else None
        case Everything():
            return 0
        case All(parts):
            each = [points(part, row, definition) for part in parts]
            return None if None in each else sum(filter(None, each))
        case Any(parts):
            return max((worth for part in parts if (worth := points(part, row, definition)) is not None), default=None)
        case Some(least, parts):
            holding = [worth for part in parts if (worth := points(part, row, definition)) is not None]
            return sum(holding) if len(holding) >= least else None
        case Not(part):
            return 0 if points(part, row, definition) is None else None
        case Filter(part):
            return None if points(part, row, definition) is None else 0


def fields_of(clause: Clause, row: Row, definition: IndexDefinition) -> tuple[str, ...]:
    """Return the fields that make `clause` worth what it is in `row`, those that count most first."""
    return definition.by_points(_fields(clause, row, definition))


def _fields(clause: Clause, row: Row, definition: IndexDefinition) -> Iterator[str]:
    match clause:
        case Contains() | Holds() | Begins():
            yield from _places(clause, row)
        case All(parts) | Any(parts) | Some(_, parts):
            for part in parts:
                if points(part, row, definition) is not None:
                    yield from _fields(part, row, definition)


def _places(clause: Contains | Holds | Begins, row: Row) -> Iterator[str]:
    match clause:
        case Contains(needle, fields):
            yield from (name for name in fields if needle in row.texts[name])
        case Holds(field, keys):
            if not set(keys).isdisjoint(row.keys[field]):
                yield field
        case Begins(field, prefix):
            if any(key.startswith(prefix) for key in row.keys[field]):
                yield field


def _as_typed(clause: Clause, row: Row) -> bool:
    if not isinstance(clause, Contains) or not clause.typed:
        return False
    return clause.typed in (row.scripted or row.texts["text"])
