"""What is asked, in the queries of Tantivy: who is found, who is worth how much at least, and the points as scores."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple, TypeAlias

from tantivy import FieldType, Occur, Query, Schema

from archivist.search.clauses import All, Any, Begins, Between, Clause, Contains, Everything, Filter, Holds, Not, Some
from archivist.search.fields import IndexDefinition
from archivist.search.surrogates import spelt_out
from archivist.search.tantivy.form import (
    FOLDED,
    PLAIN,
    WRITTEN,
    characters_field,
    is_kept,
    key_field,
    one,
    terms,
    text_field,
)

Leaf: TypeAlias = Contains | Holds | Begins

# So many ways in which parts add up to enough points are each asked for; more are counted, which takes longer.
_WAYS = 12


class Questions:
    """One clause, or several, as queries over `schema`; what they mean is said in `judging.py`."""

    def __init__(self, schema: Schema, definition: IndexDefinition) -> None:
        self._schema = schema
        self._definition = definition
        self._known: dict[Clause, list[_Level]] = {}

    def scored(self, clause: Clause) -> Query:
        """Return the query that finds the items for which `clause` holds and whose scores are the points."""
        match clause:
            case Contains() | Holds() | Begins():
                return _best(self._levels(clause))
            case Any(parts):
                levels = chain.from_iterable(self._levels(part) for part in parts if isinstance(part, Leaf))
                return _best(levels, [self.scored(part) for part in parts if not isinstance(part, Leaf)])
            case All(parts):
                return self._every(parts, self.scored)
            case Some(least, parts):
                return _some(map(self.scored, parts), least)
        return Query.const_score_query(self.holding(clause), 0.0)

    def holding(self, clause: Clause, least: int = 0) -> Query:
        """Return the query that finds the items for which `clause` holds and is worth `least` points or more."""
        match clause:
            case Contains() | Holds() | Begins():
                return _any(_least(self._levels(clause), least))
            case Any(parts):
                levels = chain.from_iterable(self._levels(part) for part in parts if isinstance(part, Leaf))
                queries = list(_least(levels, least))
                queries += [self.holding(part, least) for part in parts if not isinstance(part, Leaf)]
                return _any(queries)
            case All(parts):
                values = [(part, self.points(part)) for part in parts]
                return self._reaching(self._every(parts, self.holding), values, least)
            case Some(number, parts):
                values = [(part, (0, *self.points(part))) for part in parts]
                return self._reaching(_some(map(self.holding, parts), number), values, least)
            case _ if least > 0:
                return Query.empty_query()
            case Between(first, last):
                bounds = self._day("first_day", first, None), self._day("last_day", None, last)
                return _every([(Occur.Must, bound) for bound in bounds])
            case Everything():
                return Query.all_query()
            case Not():
                return self._every([clause], self.holding)
            case Filter(part):
                return self.holding(part)

    def points(self, clause: Clause) -> tuple[int, ...]:
        """Return all that `clause` may be worth where it holds, and perhaps more, ascending; (0,) where nothing is."""
        match clause:
            case Contains() | Holds() | Begins():
                found = {level.points for level in self._levels(clause)}
            case Any(parts):
                found = set(chain.from_iterable(map(self.points, parts)))
            case All(parts):
                found = _sums(map(self.points, parts))
            case Some(_least, parts):
                found = _sums((0, *self.points(part)) for part in parts)
            case _:
                found = set()
        return tuple(sorted(found)) or (0,)

    def _reaching(self, base: Query, parts: Sequence[tuple[Clause, tuple[int, ...]]], least: int) -> Query:
        """Return `base` where `parts`, each with what it may be worth, are worth `least` or more together."""
        more = least - sum(points[0] for _part, points in parts)
        if more <= 0:
            return base
        varied = [(part, points) for part, points in parts if len(points) > 1]
        ways = list(islice(_ways([points for _part, points in varied], more), _WAYS + 1))
        if len(ways) <= _WAYS:
            enough = _any(
                _every(
                    [
                        (Occur.Must, self.holding(part, least))
                        for (part, _points), least in zip(varied, way, strict=True)
                        if least
                    ]
                )
                for way in ways
            )
        else:
            # A query for each point that is to be reached, so that as many have to hold.
            units = [
                self.holding(part, points[0] + unit)
                for part, points in varied
                for unit in range(1, min(more, points[-1] - points[0]) + 1)
            ]
            enough = _some(units, more)
        return _every([(Occur.Must, base), (Occur.Must, enough)])

    def _every(self, parts: Sequence[Clause], query: Callable[[Clause], Query]) -> Query:
        asked = [
            (Occur.MustNot, self.holding(part.part)) if isinstance(part, Not) else (Occur.Must, query(part))
            for part in parts
        ]
        if all(isinstance(part, Not) for part in parts):
            asked.append((Occur.Must, Query.const_score_query(Query.all_query(), 0.0)))
        return _every(asked)

    def _levels(self, clause: Leaf) -> "list[_Level]":
        if clause not in self._known:
            self._known[clause] = list(self._found(clause))
        return self._known[clause]

    def _found(self, clause: Leaf) -> "Iterator[_Level]":
        fields = self._definition.fields
        match clause:
            case Contains():
                yield from self._contains(clause)
            case Holds(field, keys):
                yield _Level(fields[field].points, self._keys(field, keys))
            case Begins(field, prefix):
                # With no character other; a regular expression may not be long.
                begins = Query.fuzzy_term_query(
                    self._schema, key_field(field), spelt_out(prefix), 0, False, prefix=True
                )
                yield _Level(fields[field].points, begins)

    def _contains(self, clause: Contains) -> "Iterator[_Level]":
        fields, needle, extra = self._definition.fields, clause.needle, self._definition.same_script
        others = {name: self._run(text_field(name), needle) for name in clause.fields if name != "text"}
        for name, query in others.items():
            yield _Level(fields[name].points, query)
        if "text" not in clause.fields:
            return
        points = fields["text"].points
        plain, folded = self._run(PLAIN, needle), self._run(FOLDED, needle)
        yield _Level(points, folded)
        if not clause.typed:
            yield _Level(points, plain)
            return
        as_typed = [[plain], [folded, self._run(WRITTEN, clause.typed)]]
        if clause.typed != needle:
            yield _Level(points, plain)
            as_typed[0].append(self._run(PLAIN, clause.typed))
        for run in as_typed:
            yield _Level(points + extra, _all(run), -1 if run == [plain] else points)
        for name, query in others.items():
            if (more := fields[name].points) > points:
                # Each by itself: Tantivy would look through the whole index for one or the other before it comes to
                # the few items that `query` finds.
                for run in as_typed:
                    yield _Level(more + extra, _all([query, *run]), max(more, points + extra))

    def _run(self, field: str, needle: str) -> Query:
        """Return the query for items that have `needle` in `field`."""
        if not needle or not is_kept(needle):
            return Query.empty_query() if needle else Query.all_query()
        if len(needle) == 1:
            return Query.term_query(self._schema, characters_field(field), one(needle), "basic")
        if len(words := terms(needle)) == 1:
            return Query.term_query(self._schema, field, words[0][1], "basic")
        return Query.phrase_query(self._schema, field, list(words))

    def _keys(self, field: str, keys: Sequence[str]) -> Query:
        known = list(map(spelt_out, keys))
        if len(known) == 1:
            return Query.term_query(self._schema, key_field(field), known[0], "basic")
        return Query.term_set_query(self._schema, key_field(field), known)

    def _day(self, field: str, first: int | None, last: int | None) -> Query:
        return Query.range_query(self._schema, field, FieldType.Integer, first, last)


class _Level(NamedTuple):
    """A query and how much an item that it finds is worth at least; others find all of them for `wider` points."""

    points: int
    query: Query
    wider: int = -1


def _least(levels: Iterable[_Level], least: int) -> Iterator[Query]:
    """Yield queries that together find all that is worth `least` points or more."""
    return (level.query for level in levels if level.wider < least <= level.points)


def _best(levels: Iterable[_Level], others: Sequence[Query] = ()) -> Query:
    """Return the query whose score is the best of those that find an item."""
    worth: dict[int, list[Query]] = {}
    for points, query, _wider in levels:
        worth.setdefault(points, []).append(query)
    each = [Query.const_score_query(_any(queries), float(points)) for points, queries in worth.items()]
    each += others
    return each[0] if len(each) == 1 else Query.disjunction_max_query(each) if each else Query.empty_query()


def _sums(each: Iterable[tuple[int, ...]]) -> set[int]:
    sums = {0}
    for points in each:
        sums = {one + other for one in sums for other in points}
    return sums


def _ways(each: Sequence[tuple[int, ...]], more: int) -> Iterator[tuple[int, ...]]:
    """Yield what each part must be worth, 0 where it does not matter, for all to have `more` above their least."""
    if more <= 0:
        yield (0,) * len(each)
        return
    if sum(points[-1] - points[0] for points in each) < more:
        return
    first, *others = each
    for points in first:
        gained = points - first[0]
        yield from ((points if gained else 0, *way) for way in _ways(others, more - gained))
        if gained >= more:
            return


def _any(queries: Iterable[Query]) -> Query:
    return _some(queries, 1)


def _all(queries: Iterable[Query]) -> Query:
    return _every([(Occur.Must, query) for query in queries])


def _every(asked: Sequence[tuple[Occur, Query]]) -> Query:
    return asked[0][1] if len(asked) == 1 and asked[0][0] == Occur.Must else Query.boolean_query(asked)


def _some(queries: Iterable[Query], least: int) -> Query:
    asked = list(queries)
    if len(asked) < least or not asked:
        return Query.empty_query()
    if len(asked) == 1:
        return asked[0]
    return Query.boolean_query([(Occur.Should, query) for query in asked], least)
