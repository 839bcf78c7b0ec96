"""One state of an index in Tantivy: what is found in it, and in which order."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import tantivy
from tantivy import DocAddress, FieldType, Occur, Query, Schema, Searcher

from archivist.search.clauses import Clause, Order
from archivist.search.fields import IndexDefinition
from archivist.search.index import Hit, Hits
from archivist.search.surrogates import as_it_was, spelt_out
from archivist.search.tantivy.form import key_field, order_field, step_field
from archivist.search.tantivy.queries import Questions

# More are looked at by points than are asked for, since it is dear not to see all of equal points.
_AHEAD = 200
# Where a clause may be worth so many numbers of points at most, each is asked for by itself.
_LEVELS = 10
# Up to there Tantivy puts items in order by the whole of a field, of which it looks up each up to the last one shown.
_NEAR = 200
# Values that Tantivy counts in one go, in all fields together; where one has more, each of it is counted by itself.
_VALUES = 60_000


class Reading:
    """What was committed when `searcher` was opened; later commits do not change it."""

    def __init__(self, searcher: Searcher, schema: Schema, definition: IndexDefinition) -> None:
        self._searcher = searcher
        self._schema = schema
        self._definition = definition

    @property
    def count(self) -> int:
        """The number of documents."""
        return int(self._searcher.num_docs)

    def search(self, clause: Clause, limit: int, offset: int, order: Order, facets: Mapping[str, int]) -> Hits:
        """Return what `SearchIndex.search` does."""
        questions = Questions(self._schema, self._definition)
        limit = max(min(limit, self.count - offset), 0)
        if limit == 0:
            total, hits = self._found(questions.holding(clause), 1).count, list[Hit]()
        elif order == "relevance" and len(questions.points(clause)) > 1:
            total, hits = self._by_points(questions, clause, limit, offset)
        else:
            by = "date" if order == "relevance" else order
            total, found = self._ordered(questions.holding(clause), by, limit, offset)
            ids = [self._kept(address).id for address in found]
            worth = self._points(questions, clause, ids)
            hits = [Hit(as_it_was(id_), worth[id_]) for id_ in ids]
        return Hits(int(total), tuple(hits), self._counted(questions.holding(clause), facets) if facets else {})

    def ids(self) -> Iterator[str]:
        """Give the id of every document, by code point."""
        # In order of the field, Tantivy would look up each by itself, which takes a hundred times as long.
        terms = self._searcher.terms_with_prefix("id", "", Query.all_query())
        yield from sorted(as_it_was(id_) for id_, number in terms for _copy in range(number))

    def digests(self, id_: str) -> list[str]:
        """Return the digests of the documents with this id; there is one at most where nothing went wrong."""
        found = self._searcher.search(Query.term_query(self._schema, "id", spelt_out(id_), "basic"), 2)
        return [self._kept(address).digest for _score, address in found.hits]

    def _by_points(self, questions: Questions, clause: Clause, limit: int, offset: int) -> tuple[int, list[Hit]]:
        """Return how many items are found, and those from `offset` on by points, of equal points by date."""
        levels, wanted = questions.points(clause), offset + limit
        if len(levels) <= _LEVELS and wanted <= _NEAR:
            total = int(self._found(questions.holding(clause), 1).count)
            if total > wanted + _AHEAD:
                return total, self._from_the_best_down(questions, clause, limit, offset)
        result = self._found(questions.scored(clause), wanted + _AHEAD)
        found = [(round(points), address) for points, address in result.hits]
        # Which of those worth least Tantivy has left out says nothing of their dates.
        cut = found[-1][0] if result.count > len(found) else None
        hits, better = list[Hit](), 0
        for points, group in groupby(found, itemgetter(0)):
            start, end = max(offset - better, 0), offset + limit - better
            if end <= 0:
                break
            members = [address for _points, address in group]
            if points == cut:
                worth_it = [(Occur.Must, questions.holding(clause, points))]
                if more := [each for each in levels if each > points]:
                    worth_it.append((Occur.MustNot, questions.holding(clause, more[0])))
                _total, dated = self._ordered(Query.boolean_query(worth_it), "date", end - start, start)
                page = list(map(self._kept, dated))
            elif start < len(members):
                page = sorted(map(self._kept, members))[start:end]
            else:
                page = []
            hits += (Hit(as_it_was(kept.id), points) for kept in page)
            better += len(members)
        return int(result.count), hits

    def _from_the_best_down(self, questions: Questions, clause: Clause, limit: int, offset: int) -> list[Hit]:
        """Return those from `offset` on, asking for each number of points by itself until there are enough."""
        found, seen, wanted = list[tuple[int, DocAddress]](), set[tuple[int, int]](), offset + limit
        for points in reversed(questions.points(clause)):
            _total, dated = self._ordered(questions.holding(clause, points), "date", wanted, 0)
            found += ((points, address) for address in dated if _place(address) not in seen)
            seen.update(map(_place, dated))
            if len(found) >= wanted:
                break
        return [Hit(as_it_was(self._kept(address).id), points) for points, address in found[offset:wanted]]

    def _ordered(self, query: Query, order: str, limit: int, offset: int) -> tuple[int, list[DocAddress]]:
        if offset + limit > _NEAR:
            return self._far_behind(query, order, limit, offset)
        result = self._found(query, limit, True, order_field(order), offset, tantivy.Order.Asc)
        return int(result.count), [address for _key, address in result.hits]

    def _far_behind(self, query: Query, order: str, limit: int, offset: int) -> tuple[int, list[DocAddress]]:
        """Return the same by numbers, which alone do not tell all apart."""
        step = step_field(order)
        result = self._found(query, limit, True, step, offset, tantivy.Order.Asc)
        if not result.hits:
            return int(result.count), []
        first, last = result.hits[0][0], result.hits[-1][0]

        def among(*bounds: Any) -> Query:
            within = Query.range_query(self._schema, step, FieldType.Unsigned, *bounds)
            return Query.boolean_query([(Occur.Must, query), (Occur.Must, within)])

        before = self._found(among(None, first, True, False), 1).count
        shown = self._found(among(first, last), limit, False, order_field(order), offset - before, tantivy.Order.Asc)
        return int(result.count), [address for _key, address in shown.hits]

    def _found(self, query: Query, *how: Any) -> Any:
        # Its stub does not know that a result has a count.
        return self._searcher.search(query, *how)

    def _points(self, questions: Questions, clause: Clause, ids: Sequence[str]) -> dict[str, int]:
        """Return what `clause` is worth in each of the items `ids`, which it holds for."""
        if not ids or len(points := questions.points(clause)) == 1:
            return dict.fromkeys(ids, points[0] if ids else 0)
        these = Query.const_score_query(Query.term_set_query(self._schema, "id", list(ids)), 0.0)
        query = Query.boolean_query([(Occur.Must, questions.scored(clause)), (Occur.Must, these)])
        found = self._searcher.search(query, len(ids), False).hits
        return {self._kept(address).id: round(score) for score, address in found}

    def _kept(self, address: DocAddress) -> "_Kept":
        kept = self._searcher.doc(address).get_first
        return _Kept(str(kept(order_field("date"))), str(kept("id")), bytes(kept("digest") or ()).decode())

    def _counted(self, holding: Query, facets: Mapping[str, int]) -> dict[str, tuple[tuple[str, int], ...]]:
        names = [name for name in facets if name in self._definition.facets]
        at_once = {name: {"terms": {"field": key_field(name), "size": max(_VALUES // len(names), 1)}} for name in names}
        found = self._searcher.aggregate(holding, at_once) if at_once else {}
        counted = {}
        for name, size in facets.items():
            if name in found and not found[name]["sum_other_doc_count"]:
                pairs = [(str(bucket["key"]), int(bucket["doc_count"])) for bucket in found[name]["buckets"]]
            else:
                pairs = self._searcher.terms_with_prefix(key_field(name), "", holding)
            pairs = [(as_it_was(value), number) for value, number in pairs]
            pairs.sort(key=lambda pair: (-pair[1], pair[0]))
            counted[name] = tuple((value, number) for value, number in pairs[:size] if number)
        return counted


class _Kept(NamedTuple):
    """What is read of a document; in this order they are sorted."""

    order: str
    id: str
    digest: str


def _place(address: DocAddress) -> tuple[int, int]:
    return address.segment_ord, address.doc
