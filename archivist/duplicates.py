"""Items that are there twice: found by what they bear, put before people, never taken away."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from gettext import gettext as _
from typing import TypeAlias

from archivist.alike import Alike, ItemPair, Sketch
from archivist.catalog import Catalog
from archivist.decisions import Decision
from archivist.definitions import load
from archivist.errors import WrongCall
from archivist.likeness.match import match
from archivist.likeness.sketch import apart, in_common, sketch
from archivist.model import Decided, Item

# Items looked at together, and items that one is held against at most.
_AT_ONCE, _MOST = 50, 6
#: About how much (0..1) which page of an item is like which other page (`Page.place`).
_Near: TypeAlias = tuple[float, str, str]


class Duplicates:
    """Finds what is alike among the items of `catalog`, and takes what people decide about it."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def find(self, tell: Callable[[int, int], None] | None = None, *, afresh: bool = False) -> int:
        """Look for the like of every item saved since that was done last, or of all `afresh`; return how many.

        Each is kept as it is done, so that a run that ends early goes on where it was. `tell` is given how many are
        done, and of how many.
        """
        total = self._catalog.likenesses.start_over() if afresh else 0
        done = 0
        while names := self._catalog.likenesses.waiting(_AT_ONCE):
            self._look_for(list(self._catalog.items(names)))
            done += len(names)
            if tell:
                tell(done, max(done, total))
        return done

    def decide(self, one: str, other: str, decided: Decided, *, same: bool) -> ItemPair:
        """Keep that a person holds two items (NotFound) for the same, or for two; return what was decided about.

        Of one item named twice it is the pages that are alike; WrongCall where none are.
        """
        first, second = self._catalog.item(one), self._catalog.item(other)
        if first.id > second.id:
            first, second = second, first
        pairs = [
            pair
            for standing in (False, True)
            for pair in self._catalog.likenesses.pairs(1_000_000, [first.id], decided=standing)
            if (pair.one, pair.other) == (first.id, second.id)
        ]
        places = [(pages.alike.one, pages.alike.other) for pair in pairs for pages in pair.pages]
        if not places and first.id == second.id:
            raise WrongCall(_("{item} has no two pages that are alike").format(item=first.id))
        # A person may see what the program does not: then the first pages stand for the items.
        places = places or [(first.pages[0].place, second.pages[0].place)]
        act, items = "confirm" if same else "refuse", [first.id, second.id]
        self._catalog.decide(
            Decision("likeness", " ".join(sorted(pages)), act, {"items": list(items)}, decided) for pages in places
        )
        made = self._catalog.likenesses.pairs(1_000_000, [first.id], decided=True)
        return next(pair for pair in made if (pair.one, pair.other) == (first.id, second.id))

    def _look_for(self, items: Sequence[Item]) -> None:
        own = {item.id: [sketch(page) for page in item.pages] for item in items}
        sketches = [one for kept in own.values() for one in kept]
        self._catalog.likenesses.keep(sketches)
        sharing = self._catalog.likenesses.sharing(sketches)
        alike: list[Alike] = []
        matched: set[tuple[str, str]] = set()
        for item in items:
            numbers = {page.place: page.number for page in item.pages}
            near = _nearest(own[item.id], sharing)
            for other in self._holding(item, near):
                if (other.id, item.id) not in matched:
                    matched.add((item.id, other.id))
                    there = {page.place: page.number for page in other.pages}
                    pairs = [(numbers[place], there[found]) for _about, place, found in near if found in there]
                    alike.extend(match(item, other, pairs))
        self._catalog.likenesses.propose(list(own), [one.place for one in sketches], alike)

    def _holding(self, item: Item, near: Sequence[_Near]) -> Iterator[Item]:
        """Yield the items that hold the pages most likely to be like those of `item`, which may be one of them."""
        names: dict[str, None] = {}
        for place in dict.fromkeys(found for _about, _place, found in near):
            if len(names) < _MOST:
                names.update(dict.fromkeys(self._catalog.items_holding([place])))
        if item.id in names:
            yield item
        yield from self._catalog.items([name for name in names if name != item.id])


def _nearest(own: Sequence[Sketch], sharing: Mapping[str, Sequence[Sketch]]) -> list[_Near]:
    """Return the pages that may be like those of an item, the most likely first."""
    rules = load("schemas/likeness.yaml")
    found: list[_Near] = []
    for one in own:
        ranked = sorted(((_about(one, other), one.place, other.place) for other in sharing[one.place]), reverse=True)
        least = rules["in_common"] if one.signature else 1 - rules["look"]["apart"]
        found.extend(near for near in ranked[: rules["compared"]] if near[0] >= least)
    return sorted(found, reverse=True)


def _about(one: Sketch, other: Sketch) -> float:
    """Return about how much two pages are alike, 0 to 1: by their texts, or by their looks where they have none."""
    return in_common(one.signature, other.signature) if one.signature else 1 - apart(one.look, other.look)
