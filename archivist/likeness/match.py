"""Two items held against each other: which of their pages are the same, and whether they are the same papers."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import count

from archivist.alike import Alike
from archivist.definitions import load
from archivist.likeness.compare import Sheet, Verdict, compare
from archivist.model import Document, Item, Value
from archivist.text import fold


def match(one: Item, other: Item, near: Iterable[tuple[int, int]]) -> tuple[Alike, ...]:
    """Return the pages of two items that are the same, each page at most once.

    `near` are the numbers of pages that may be, the most likely first; those before and behind them are looked at as
    well, and where two papers of the same wording tell themselves apart, by number or date or by what surely stands in
    the same place, none of their pages is the same. `one` and `other` may be the same item.
    """
    return _Match(one, other).alike(near)


class _Match:
    def __init__(self, one: Item, other: Item) -> None:
        self._one, self._other = one, other
        self._here = {page.number: Sheet(page) for page in one.pages}
        self._there = {page.number: Sheet(page) for page in other.pages} if one is not other else self._here
        self._verdicts: dict[tuple[int, int], Verdict] = {}

    def alike(self, near: Iterable[tuple[int, int]]) -> tuple[Alike, ...]:
        taken: dict[tuple[int, int], Verdict] = {}
        for begun in near:
            if self._free(begun, taken):
                taken |= self._run(begun, taken)
        return tuple(
            Alike(self._here[a].page.place, self._there[b].page.place, verdict.score, verdict.differences)
            for (a, b), verdict in sorted(taken.items())
        )

    def _run(self, begun: tuple[int, int], taken: Mapping[tuple[int, int], Verdict]) -> dict[tuple[int, int], Verdict]:
        """Return the pairs from `begun` on, forwards and backwards, that are the same page; none in two papers."""
        found: dict[tuple[int, int], Verdict] = {}
        for step in (1, -1):
            for way in count(0, step):
                pair = (begun[0] + way, begun[1] + way)
                if not self._free(pair, taken):
                    break
                if self._blank(pair):
                    continue
                verdict = self._verdict(pair)
                if verdict.other_paper:
                    if not self._on_slips(pair):
                        # What follows the one follows the other word for word, and is as little the same.
                        return {}
                    break
                if not verdict.same:
                    break
                found[pair] = verdict
        return found

    def _free(self, pair: tuple[int, int], taken: Mapping[tuple[int, int], Verdict]) -> bool:
        if pair[0] not in self._here or pair[1] not in self._there:
            return False
        if self._one is self._other:
            return pair[0] < pair[1] and not any(set(pair) & set(other) for other in taken)
        return not any(pair[0] == a or pair[1] == b for a, b in taken)

    def _blank(self, pair: tuple[int, int]) -> bool:
        return self._here[pair[0]].page.blank and self._there[pair[1]].page.blank

    def _verdict(self, pair: tuple[int, int]) -> Verdict:
        if pair not in self._verdicts:
            verdict = compare(self._here[pair[0]], self._there[pair[1]], forms=self._on_slips(pair))
            here, there = _holding(self._one, pair[0]), _holding(self._other, pair[1])
            if here and there and here is not there and told_apart(here, there):
                verdict = replace(verdict, same=False, other_paper=True)
            self._verdicts[pair] = verdict
        return self._verdicts[pair]

    def _on_slips(self, pair: tuple[int, int]) -> bool:
        """Whether both pages are slips: another slip may lie on the same paper."""
        documents = (_holding(self._one, pair[0]), _holding(self._other, pair[1]))
        return all(document and document.kind == "circulation_slip" for document in documents)


def told_apart(one: Document, other: Document) -> bool:
    """Return whether two documents surely have another number, date or the like."""
    names = load("schemas/likeness.yaml")["identity"].get(one.kind, ()) if one.kind == other.kind else ()
    for name in names:
        here, there = _sure(one, name), _sure(other, name)
        if here and there and not any(_agree(a, b) for a in here for b in there):
            return True
    return False


def _sure(document: Document, name: str) -> list[str]:
    least = load("schemas/likeness.yaml")["identity"]["sure"]
    return [
        _said(field.value)
        for field in document.values(name)
        if field.status == "verified" or (field.status != "rejected" and field.confidence >= least)
    ]


def _said(value: Value) -> str:
    return fold(str(value.get("text", value) if isinstance(value, Mapping) else value))


def _agree(one: str, other: str) -> bool:
    """Return whether the one may be the other said in full: 58 and 聊发〔1995〕58号, 1995-09 and 1995-09-24."""
    shorter, longer = sorted((one, other), key=len)
    return longer.startswith(shorter) or longer.removesuffix("号").endswith(shorter.removesuffix("号"))


def _holding(item: Item, number: int) -> Document | None:
    """Return the document of `item` that the page is of."""
    return next((document for document in item.documents if number in document.pages), None)
