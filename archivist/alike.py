"""What is said of pages and items that are alike: by those who compare them, the catalogue, and people."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from archivist.model import Decided

#: The same sheet scanned twice, or another sheet of the same print run, or a copy of it.
Kind: TypeAlias = Literal["rescan", "copy"]
Standing: TypeAlias = Literal["proposed", "confirmed", "refused"]


@dataclass(frozen=True, slots=True)
class Sketch:
    """A page in a few hundred bytes: pages that are alike share some of `keys`, whatever they look like in full.

    `place` is `Page.place`. Of two texts about the same share of `signature` (two bytes a place, `b""` where the page
    has too little text) agrees as they have in common of all that stands in either; `look` is `Page.look`.
    """

    place: str
    signature: bytes
    look: str
    keys: tuple[int, ...] = ()
    blank: bool = False


class Difference(NamedTuple):
    """Something that one of two pages bears and the other does not, or otherwise; `what` is a word of likeness.yaml."""

    what: str
    here: str
    there: str


@dataclass(frozen=True, slots=True)
class Alike:
    """That two pages (`Page.place`) bear the same, how much of it (0..1), and what tells them apart all the same."""

    one: str
    other: str
    score: float
    differences: tuple[Difference, ...] = ()


class PagePair(NamedTuple):
    """Two pages that are alike, by their numbers in their items."""

    one: int
    other: int
    alike: Alike


@dataclass(frozen=True, slots=True)
class ItemPair:
    """Two items with pages that are alike; the same item twice where it has a page twice.

    `score` (0..1) is how alike they are over all pages of the one that has fewer, blank ones left out; `decided` says
    who confirmed or refused that they are the same.
    """

    one: str
    other: str
    score: float
    pages: tuple[PagePair, ...]
    standing: Standing = "proposed"
    decided: Decided | None = None
    titles: tuple[str, str] = ("", "")

    @property
    def kind(self) -> Kind:
        """A copy where a number, seal or note tells the two apart, the same sheets scanned again otherwise."""
        return (
            "copy" if any(said.what != "text" for pair in self.pages for said in pair.alike.differences) else "rescan"
        )
