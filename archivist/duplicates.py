"""Items that are there twice: found by what they bear, put before people, never taken away."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from archivist.alike import Alike, ItemPair, Sketch
from archivist.catalog import Catalog
from archivist.decisions import Decision
from archivist.definitions import load
from archivist.errors import ArchivistError, DescribingFailed, WrongCall
from archivist.indexing import whole
from archivist.language import gettext as _
from archivist.likeness.match import match
from archivist.likeness.sketch import apart, in_common, sketch
from archivist.model import Decided, Item

# Items looked at together, and items that one is held against at most.
_AT_ONCE, _MOST = 50, 6
#: About how much (0..1) which page of an item is like which other page (`Page.place`).
_Near: TypeAlias = tuple[float, str, str]


class Duplicates:
    """Finds what is alike among the items of `catalog`, and takes what people decide about it.

    Items with the very same scans are not put before people: those are kept once, and each item names them.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def find(self, tell: Callable[[int, int], None] | None = None, *, afresh: bool = False) -> int:
        """Look for the like of every item saved since that was done last, or of all `afresh`; return how many.

        Each is kept as it is done, so that a run that ends early goes on where it was. `tell` is given how many are
        done, and of how many. Items with damaged pages are left out, which `verify` tells of; where another one breaks
        the rules, DescribingFailed is raised when all the others are done.
        """
        total = self._catalog.likenesses.start_over() if afresh else 0
        done, errors = 0, list[Exception]()
        while names := self._catalog.likenesses.waiting(_AT_ONCE):
            errors += self._try(names)
            done += len(names)
            if tell:
                tell(done, max(done, total))
        for error in errors:
            text = _("{kind}: {reason}; report this with the scans")
            raise DescribingFailed(text.format(kind=type(error).__name__, reason=error)) from error
        return done

    def look_for(self, names: Sequence[str]) -> None:
        """Look for the like of the first few of the items called `names`: so many as nobody waits for long."""
        self._try(names[:_AT_ONCE])

    def decide(self, one: str, other: str, decided: Decided, *, same: bool) -> ItemPair:
        """Keep that a person holds two items (NotFound) for the same, or for two; return what was decided about.

        Of one item named twice it is the pages that are alike; WrongCall where none are, or where two items hold the
        very same scan.
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
        if any(here == there for here, there in places):
            text = _("{one} and {other} hold the very same scan; there is nothing to decide about them")
            raise WrongCall(text.format(one=first.id, other=second.id))
        # A page that nothing was held against yet has none, and what is decided is put down with it.
        about = {place for pair in places for place in pair}
        pages = {page.place: page for item in (first, second) for page in item.pages if page.place in about}
        self._catalog.likenesses.keep([sketch(page) for page in pages.values()])
        act, items = "confirm" if same else "refuse", [first.id, second.id]
        self._catalog.decide(
            Decision("likeness", " ".join(sorted(pair)), act, {"items": list(items)}, decided) for pair in places
        )
        made = self._catalog.likenesses.pairs(1_000_000, [first.id], decided=True)
        kept = next((pair for pair in made if (pair.one, pair.other) == (first.id, second.id)), None)
        if kept is None:
            text = _("it is kept what was decided, but the pages of {one} and {other} are in other items now")
            raise WrongCall(text.format(one=first.id, other=second.id))
        return kept

    def _try(self, names: Sequence[str]) -> list[Exception]:
        """Look for the like of the items called `names`, one by one where that breaks down; return what failed.

        An item over which it breaks down is not tried again before it is saved again. Raises ArchivistError where it
        is the catalogue that failed: then it is.
        """
        try:
            self._look_for(names)
        except ArchivistError:
            raise
        except Exception as error:
            if len(names) > 1:
                return [failed for name in names for failed in self._try([name])]
            self._catalog.likenesses.propose(names, [], [])
            return [error]
        return []

    def _look_for(self, names: Sequence[str]) -> None:
        items = whole(self._catalog, names)
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
        self._catalog.likenesses.propose(names, [one.place for one in sketches], alike)

    def _holding(self, item: Item, near: Sequence[_Near]) -> Iterator[Item]:
        """Yield the items that hold the pages most likely to be like those of `item`, which may be one of them."""
        names: dict[str, None] = {}
        for place in dict.fromkeys(found for _about, _place, found in near):
            if len(names) < _MOST:
                names.update(dict.fromkeys(self._catalog.items_holding([place])))
        if item.id in names:
            yield item
        yield from whole(self._catalog, [name for name in names if name != item.id])


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
