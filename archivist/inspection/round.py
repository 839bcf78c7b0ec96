"""What a round through an archive carries with it, and what it brings back."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from archivist import recipes
from archivist.flights import Flights
from archivist.limits import Limits
from archivist.model import Failure
from archivist.reading import Reading, Task, process
from archivist.store import Store
from archivist.workers import start

if TYPE_CHECKING:
    from archivist.archive import Archive

#: What a flaw is in: an original, a picture cut out of one, what was read, an item, the tables, the index, the ledger.
Kind: TypeAlias = Literal["original", "picture", "reading", "item", "catalogue", "index", "ledger"]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something amiss: in what kind of thing, what that is called, what is wrong and what to do.

    `object` is what events name it by, `items` the items concerned; `mended` says that it is whole again.
    """

    kind: Kind
    what: str
    says: str
    object: str
    items: tuple[str, ...] = ()
    mended: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """The rooms it leads through, the `share` (0..1) that is looked at, whether flaws are mended, and a backup.

    `show` is told how far it is: stage, done, in all.
    """

    rooms: "Archive"
    share: float
    repair: bool
    spare: Store | None
    show: Callable[[str, int, int], None]
    chance: Random

    def chosen(
        self, stage: str, total: int, entries: Iterable[_T], odd: Callable[[_T], bool] = lambda entry: False
    ) -> Iterator[_T]:
        """Yield a random share of the `total` entries, at least the first, and all `odd` ones; shows how far it is."""
        for number, entry in enumerate(entries):
            self.show(stage, number, max(total, number))
            if self.share >= 1 or not number or self.chance.random() < self.share or odd(entry):
                yield entry
        self.show(stage, total, total)

    def read_again(self, pages: Sequence[tuple[str, int, str]]) -> Iterator[tuple[int, Reading | Failure]]:
        """Read pages of scans (digest, place from 0, name) again as pages are read today; gives the place in `pages`.

        Worked out in a process of its own, as in a batch: a damaged page may end it.
        """
        settings = self.rooms.settings
        limits = Limits(settings.page_seconds, settings.page_memory)
        flights = Flights(lambda: start(1, limits), process, settings.page_seconds)
        second = settings.second_reader == "doubtful"
        self.rooms.catalog.ledger.keep_recipe(recipes.reading(second))
        try:
            for turn, (sha256, place, name) in enumerate(pages):
                flights.send(Task(settings.store, sha256, place, name, name, second))
                while flights:
                    yield from ((turn, result) for _task, result in flights.land())
        finally:
            flights.close()

    @property
    def recipe(self) -> str:
        """The digest of the recipe by which pages are read today."""
        return recipes.reading(self.rooms.settings.second_reader == "doubtful").digest
