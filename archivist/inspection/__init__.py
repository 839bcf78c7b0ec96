"""A round through an archive: whether all that is kept is as it was taken in and fits together; mended where it can be.

What can be derived again is: the index from the catalogue, what is described from what was read, what was read from
the original, pictures of handwriting from it, too. An original is brought back only from the very same bytes.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from archivist.errors import ArchivistError
from archivist.events import ARCHIVE, Event
from archivist.inspection.indexed import differences, index
from archivist.inspection.kept import originals, pictures
from archivist.inspection.round import Flaw, Kind, Round
from archivist.inspection.written import items, readings
from archivist.language import gettext as _
from archivist.model import Value
from archivist.store import Store

if TYPE_CHECKING:
    from archivist.archive import Archive

__all__ = ["Findings", "Flaw", "Kind", "inspect"]

# Flaws of a kind that are given back one by one; all are counted, told, and kept in the ledger.
_KEPT = 1000
# Runs looked at for such as broke off.
_RUNS = 20


@dataclass(frozen=True, slots=True)
class Findings:
    """What a round found: by kind, how many were looked at, how many flaws there were, how many of them are mended.

    `share` is the part that was looked at (0..1). `strays` are kept bytes that no scan names, `unread` originals with
    pages never read, `broken_off` runs that were killed since one went well: no harm in any. `head` is the seal of the
    last event of the ledger, `events` how many there are.
    """

    share: float
    looked_at: Mapping[Kind, int]
    found: Mapping[Kind, int]
    mended: Mapping[Kind, int]
    flaws: tuple[Flaw, ...]
    strays: int
    unread: int
    broken_off: int
    events: int
    head: str

    @property
    def well(self) -> bool:
        """Whether all is well, or mended."""
        return self.found == self.mended

    @property
    def left(self) -> Mapping[Kind, int]:
        """How many flaws are not mended, by kind."""
        return {kind: count - self.mended.get(kind, 0) for kind, count in self.found.items()}

    @property
    def damaged(self) -> tuple[str, ...]:
        """The names of originals that are missing or changed, and could not be brought back."""
        return tuple(flaw.what for flaw in self.flaws if flaw.kind == "original" and not flaw.mended)

    @property
    def unindexed(self) -> int:
        """In how many places index and catalogue still differ."""
        return self.left.get("index", 0)


def inspect(
    rooms: "Archive",
    *,
    share: float = 1.0,
    repair: bool = True,
    head: str = "",
    spare: Store | None = None,
    tell: Callable[[str], None] = lambda text: None,
    show: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> Findings:
    """Look at everything in `rooms`, or at a random `share` (0..1) of it, and mend what can be mended if `repair`.

    `head` is a seal of the ledger that was written down earlier; `spare` has the originals of a backup. `tell` is
    given each flaw in words, `show` how far it is: stage, done, in all. It may go on beside an ingest, whose unfinished
    work is no flaw. The ledger keeps that it was made, and what was found.
    """
    catalog = rooms.catalog
    about = Round(rooms, share, repair, spare, show, Random())
    told = _Told(rooms, tell)
    # Each after what it is mended from.
    looks: list[tuple[Kind, Callable[[Round], Iterator[Flaw | None]]]] = [
        ("catalogue", _tables),
        # First, because whatever is mended brings the index up to date as well, and nobody would know.
        ("index", index),
        ("original", originals),
        ("reading", readings),
        ("picture", pictures),
        ("index", differences),
        ("item", items),
    ]
    for kind, look in looks:
        try:
            for flaw in look(about):
                told.take(kind, flaw)
        except ArchivistError as error:
            told.take(kind, Flaw(kind, _("the round"), _("it ended here: {reason}").format(reason=error), ARCHIVE))
    strays = unread = 0
    with suppress(ArchivistError):
        strays = sum(1 for _digest in catalog.soundness.unknown(rooms.store.digests()))
        unread = catalog.soundness.unread()
        if repair:
            rooms.store.sweep()
    told.summarise(share)
    # Last, so that the seal that is written down covers this round too.
    chain = catalog.ledger.check(head)
    told.looked_at["ledger"] = chain.count
    if chain.broken:
        says = _("{fault}; what a backup holds of it is as it was").format(fault=chain.broken)
        told.take("ledger", Flaw("ledger", _("the ledger"), says, ARCHIVE))
    return Findings(
        share,
        dict(told.looked_at),
        dict(told.found),
        dict(told.mended),
        tuple(told.flaws),
        strays,
        unread,
        _broken_off(rooms),
        chain.count,
        chain.head,
    )


class _Told:
    """What was found so far, told and recorded as it comes."""

    def __init__(self, rooms: "Archive", tell: Callable[[str], None]) -> None:
        self._ledger, self._tell = rooms.catalog.ledger, tell
        self.looked_at: Counter[Kind] = Counter()
        self.found: Counter[Kind] = Counter()
        self.mended: Counter[Kind] = Counter()
        self.flaws: list[Flaw] = []

    def take(self, kind: Kind, flaw: Flaw | None) -> None:
        """Count one more that a look at things of `kind` has looked at, with the flaw found in it."""
        self.looked_at[kind] += 1
        if flaw is None:
            return
        self.found[flaw.kind] += 1
        if flaw.mended:
            self.mended[flaw.kind] += 1
        if self.found[flaw.kind] <= _KEPT:
            self.flaws.append(flaw)
        concerned = _(" (items {items})").format(items=", ".join(flaw.items)) if flaw.items else ""
        self._tell(f"{flaw.what}: {flaw.says}{concerned}")
        detail = {"name": flaw.what, "message": flaw.says}
        if flaw.kind in ("original", "picture"):
            self._record(Event("fixity check", flaw.object, detail, "failure"))
        if flaw.mended:
            self._record(Event("recovery", flaw.object, detail))

    def summarise(self, share: float) -> None:
        """Record that the round was made and what it found."""
        kinds: dict[str, tuple[Kind, ...]] = {
            "fixity check": ("original", "picture"),
            "validation": ("catalogue", "reading", "item", "index"),
        }
        for type_, own in kinds.items():
            looked_at: dict[str, Value] = {kind: self.looked_at[kind] for kind in own}
            left: dict[str, Value] = {kind: self.found[kind] - self.mended[kind] for kind in own}
            detail: dict[str, Value] = {"share": share, "looked_at": looked_at, "left": left}
            self._record(Event(type_, ARCHIVE, detail, "failure" if any(left.values()) else "success"))

    def _record(self, event: Event) -> None:
        # A catalogue that takes no more is told of by its own flaw.
        with suppress(ArchivistError):
            self._ledger.add([event])


def _tables(about: Round) -> Iterator[Flaw | None]:
    about.show(_("tables"), 0, 1)
    faults = about.rooms.catalog.soundness.faults(quick=about.share < 1)
    text = _("{fault}; bring the catalogue back from a backup: `archivist restore`")
    for fault in faults:
        yield Flaw("catalogue", _("the catalogue"), text.format(fault=fault), ARCHIVE)
    about.show(_("tables"), 1, 1)
    if not faults:
        yield None


def _broken_off(rooms: "Archive") -> int:
    """Return how many runs were killed since one went well."""
    count = 0
    for run in rooms.catalog.runs.latest(_RUNS):
        if run.outcome == "done":
            break
        count += run.outcome == "broken off"
    return count
