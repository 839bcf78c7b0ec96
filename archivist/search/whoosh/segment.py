"""Judging and ordering the documents of one segment: `judging.py` over again, for all of them at once."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from whoosh.fields import Schema

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
    Order,
    Some,
)
from archivist.search.fields import IndexDefinition
from archivist.search.whoosh.form import FIELD, GRAM, ID, ORDERS, PLACE, SCRIPTED, UNDATED, Array
from archivist.search.whoosh.postings import Opened, decoded, encoded, gram
from archivist.search.whoosh.reading import TermsReader

# So many words, of those asked last, are remembered where they stand: half a megabyte each for 100,000 documents.
_REMEMBERED = 64
#: What a clause is worth in a document in which it does not hold.
FAILS = -1


class Ranked(NamedTuple):
    """A document that was found: what it is put in order by, then its number and its score."""

    above: int
    order: bytes
    number: int
    score: int


class Segment:
    """One segment as opened; see postings.py. Documents are numbered from 0; `living` are those not deleted.

    What a clause is worth is an array by document, FAILS where it does not hold.
    """

    def __init__(self, opened: Opened, definition: IndexDefinition, schema: Schema) -> None:
        self.living = opened.living
        self._terms = opened.terms
        self._definition = definition
        self._fields = {name: number for number, name in enumerate(definition.substrings)}
        columns = opened.columns
        self._ids, self._digests, *orders = (
            columns.column_reader(name, schema[name].column_type)
            for name in (ID, "digest", *(f"by_{order}" for order in ORDERS))
        )
        self._orders = dict(zip(ORDERS, orders, strict=True))
        self._ranks = {order: columns.numbers(f"rank_{order}") for order in ORDERS}
        self._days = columns.numbers("first_day"), columns.numbers("last_day")
        self._unwritten = columns.numbers("written") == 0
        self._holding = lru_cache(_REMEMBERED)(partial(_found, opened.terms))

    def worth(self, clause: Clause) -> Array:
        """Return what `clause` is worth in each living document."""
        worth = self._judged(clause)
        worth[~self.living] = FAILS
        return worth

    def best(self, worth: Array, order: Order, most: int) -> Iterator[Ranked]:
        """Yield the first `most` documents of those found, in their order."""
        found = np.flatnonzero(worth != FAILS)
        kept = "date" if order == "relevance" else order
        above = -worth[found].astype(np.int64) if order == "relevance" else np.zeros(len(found), np.int64)
        ranks = (above << 32) + self._ranks[kept][found]
        first = np.arange(len(found)) if most >= len(found) else np.argpartition(ranks, most)[:most]
        first = first[np.argsort(ranks[first])]
        numbers = found[first]
        orders = map(self._orders[kept].__getitem__, numbers.tolist())
        yield from map(Ranked, above[first].tolist(), orders, numbers.tolist(), worth[numbers].tolist())

    def name(self, number: int) -> str:
        """Return the id of a document."""
        return decoded(self._ids[number])

    def counts(self, field: str, worth: Array) -> Iterator[tuple[bytes, int]]:
        """Yield each key of a keyed field that is found, encoded, with the number of documents found that have it."""
        keys = self._terms.lexicon(field)
        if len(keys):
            counts = np.add.reduceat((worth != FAILS)[keys.postings], keys.starts[:-1], dtype=np.int64)
            yield from ((keys[number], int(counts[number])) for number in np.flatnonzero(counts).tolist())

    def numbered(self, id_: str) -> list[int]:
        """Return the numbers of the living documents with this id."""
        return [int(number) for number in self._terms.postings(ID, encoded(id_)) if self.living[number]]

    def ids(self, after: str | None) -> Iterator[str]:
        """Yield the ids of its living documents by code point, those behind `after`."""
        keys = self._terms.lexicon(ID)
        first = 0 if after is None else bisect_right(keys, encoded(after))
        for number in range(first, len(keys)):
            if self.living[keys.postings[keys.starts[number] : keys.starts[number + 1]]].any():
                yield decoded(keys[number])

    def digest(self, number: int) -> str:
        """Return the digest of a document."""
        return bytes(self._digests[number]).decode()

    def _judged(self, clause: Clause) -> Array:
        match clause:
            case Contains():
                return self._containing(clause)
            case Holds(field, keys):
                return self._keyed(field, [self._terms.postings(field, encoded(key)) for key in keys])
            case Begins(field, prefix):
                return self._keyed(field, [self._terms.beginning(field, encoded(prefix))])
            case Between(first_day, last_day):
                first, last = self._days
                holds = (first != UNDATED) & (first >= first_day) & (last <= last_day)
                return np.where(holds, 0, FAILS).astype(np.int32)
            case Everything():
                return self._everywhere(0)
            case All(parts):
                return self._sum(parts, len(parts))
            case Some(least, parts):
                return self._sum(parts, least)
            case Any(parts):
                best = self._everywhere(FAILS)
                for part in parts:
                    np.maximum(best, self._judged(part), out=best)
                return best
            case Not(part):
                return np.where(self._judged(part) == FAILS, 0, FAILS).astype(np.int32)
            case Filter(part):
                return np.minimum(self._judged(part), 0)

    def _everywhere(self, worth: int) -> Array:
        return np.full(len(self.living), worth, np.int32)

    def _sum(self, parts: Sequence[Clause], least: int) -> Array:
        total, holding = self._everywhere(0), self._everywhere(0)
        for part in parts:
            worth = self._judged(part)
            holding += worth != FAILS
            total += np.maximum(worth, 0)
        total[holding < least] = FAILS
        return total

    def _keyed(self, field: str, found: Sequence[Array]) -> Array:
        worth = self._everywhere(FAILS)
        for documents in found:
            worth[documents] = self._definition.fields[field].points
        return worth

    def _containing(self, clause: Contains) -> Array:
        worth = self._everywhere(FAILS)
        holding = self._holding(clause.needle)
        # A field that counts more has the last word.
        for name in sorted(clause.fields, key=self._points):
            worth[holding[self._fields[name]]] = self._points(name)
        if clause.typed and "text" in clause.fields:
            texts = holding[self._fields["text"]]
            worth[texts[self._as_typed(clause.typed)[texts]]] += self._definition.same_script
        return worth

    def _points(self, field: str) -> int:
        return self._definition.fields[field].points

    def _as_typed(self, typed: str) -> Array:
        """Return in which documents `typed` stands in the running text in its own script."""
        holding = self._holding(typed)
        holds = np.zeros(len(self.living), np.bool_)
        holds[holding[self._fields["text"]]] = True
        holds &= self._unwritten
        holds[holding[SCRIPTED]] = True
        return holds


def _found(terms: TermsReader, needle: str) -> tuple[Array, ...]:
    """Return by number of the field the documents in which `needle` stands there."""
    blocks, every = _places(terms, needle) >> np.uint32(PLACE), terms.blocks
    if len(blocks) <= len(every) >> 4:
        slots = np.unique(every[blocks])
    else:
        # Of many it is quicker to look through all blocks, in their order, than to sort.
        seen = np.zeros(len(every), np.bool_)
        seen[blocks] = True
        slots = every[seen]
        slots = slots[np.append(True, slots[1:] != slots[:-1])]
    documents, fields = slots >> np.uint32(FIELD), slots & np.uint32(SCRIPTED)
    present = set(np.unique(fields).tolist())
    return tuple(documents[fields == field] if field in present else documents[:0] for field in range(1 << FIELD))


def _places(terms: TermsReader, needle: str) -> Array:
    """Return the places in the line at which `needle` begins."""
    if len(needle) == 1:
        return terms.beginning(GRAM, gram(needle))
    listed = list[Array]()
    for pair in pairwise(needle):
        listed.append(terms.postings(GRAM, gram("".join(pair))))
        if not len(listed[-1]):
            return listed[-1]
    found, known = None, np.zeros(len(needle), np.bool_)
    for offset in sorted(range(len(listed)), key=lambda each: len(listed[each])):
        if known[offset : offset + 2].all():
            continue
        known[offset : offset + 2] = True
        here = listed[offset]
        # What would begin before the line wraps around, to where nothing stands.
        found = here - np.uint32(offset) if found is None else found[_among(found + np.uint32(offset), here)]
    assert found is not None
    return found


def _among(sought: Array, places: Array) -> Array:
    """Return which of the `sought` are among `places`, which ascend."""
    at = np.searchsorted(places, sought)
    at[at == len(places)] = 0
    return np.asarray(places[at] == sought)
