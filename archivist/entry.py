"""The catalogue entries of a stack of pages: the stages of describing, put together for pipeline and archive."""

import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from archivist import campaigns
from archivist.catalog import Catalog
from archivist.corrections import corrected
from archivist.decisions import Decision
from archivist.describe import describe, title_of
from archivist.describe.authority import Authority
from archivist.describe.decided import PERSON
from archivist.describe.stacks import BEGINS_FROM, boundaries
from archivist.model import Boundary, Document, Item, Page

#: An item as the catalogue has it: its identifier and the places of its pages in order.
Held = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Stack:
    """Pages handed in together, numbered in order: one item, or several with no sheet between them.

    `given` is what a manifest says of it; such a stack is one item unless a person divided it. The lines of its pages
    are as people read them.
    """

    source: str
    name: str
    pages: tuple[Page, ...]
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def places(self) -> tuple[str, ...]:
        """What tells each of its pages from all others."""
        return tuple(page.place for page in self.pages)


class Entries:
    """Makes entries of stacks, heeding what `catalog` knows of agencies and of what people decided."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._authority: Authority | None = None

    @property
    def authority(self) -> Authority:
        """The agencies known by name, as they were when first asked for."""
        if self._authority is None:
            verified = [name for name, _count in self._catalog.verified_agencies()]
            self._authority = Authority.of(verified, self._catalog.decisions("agency"))
        return self._authority

    def corrected(self, pages: Sequence[Page]) -> tuple[Page, ...]:
        """Return `pages`, as they were read, with their lines as people read them."""
        said = self._catalog.decisions("line", [page.place for page in pages])
        return tuple(corrected(page, said) for page in pages) if said else tuple(pages)

    def make(self, stack: Stack, before: Sequence[Held], failed: Callable[[Exception], None]) -> list[Item]:
        """Return the items that `stack` is, each under the identifier it had `before`.

        What goes wrong in describing is told to `failed`; the pages are kept as an item with nothing but text.
        """
        items: list[Item] = []
        taken = {identifier for identifier, _places in before}
        pieces = self._pieces(stack, failed)
        names = _kept_names([tuple(page.place for page in pages) for _first, pages, _begins in pieces], before)
        for number, (first, pages, begins) in enumerate(pieces):
            identifier = names[number] or self._new(stack, pages, taken)
            taken.add(identifier)
            own = tuple(replace(page, number=page.number - first + 1) for page in pages)
            name = stack.name if number == 0 else f"{stack.name}, {first}"
            given = stack.given if number == 0 else {}
            item = Item(identifier, "", own, source=stack.source, given=given, boundaries=begins, begins_at=first)
            items.append(self.described(item, name, failed))
        return items

    def described(self, item: Item, name: str, failed: Callable[[Exception], None]) -> Item:
        """Return `item` with what its pages say now: documents, title, campaigns; `name` stands in for a title."""
        documents, links, title = item.documents, item.campaigns, ""
        heeded = self._heeded(item)
        try:
            documents = describe(item.pages, self.authority, heeded)
            found = campaigns.recognise(documents, item.pages)
            links = campaigns.heed(found, item.id, heeded, documents, item.pages)
            title = title_of(documents, item.pages)
        except Exception as error:
            # The text is worth keeping and finding even where no rule can make anything of it.
            failed(error)
        title = _corrected(documents) or item.given.get("title") or title or f"[{name}]"
        code = item.given.get("reference_code")
        return replace(item, title=title, documents=documents, campaigns=links, reference_code=code)

    def _heeded(self, item: Item) -> list[Decision]:
        places = [page.place for page in item.pages]
        values, links = self._catalog.decisions("value", places), self._catalog.decisions("link", [item.id])
        return [*values, *links, *self._catalog.decisions("campaign")]

    def _pieces(
        self, stack: Stack, failed: Callable[[Exception], None]
    ) -> list[tuple[int, tuple[Page, ...], tuple[Boundary, ...]]]:
        """Return for each item where it begins, its pages, and why it begins there or may be divided further."""
        decided = {one.target: one for one in self._catalog.decisions("boundary", stack.places)}
        try:
            found = boundaries(stack.pages, decided)
        except Exception as error:
            failed(error)
            found = ()
        if stack.given:
            found = tuple(one for one in found if one.decided)
        # A page that could not be read keeps its number: the first item begins at 1 whatever its first page is.
        starts = (one.page for one in found if one.confidence >= BEGINS_FROM)
        begins = [1, *(page for page in starts if page > stack.pages[0].number)]
        pieces = []
        for start, end in pairwise([*begins, stack.pages[-1].number + 1]):
            pages = tuple(page for page in stack.pages if start <= page.number < end)
            inside = (replace(one, page=one.page - start + 1) for one in found if start <= one.page < end)
            pieces.append((start, pages, tuple(inside)))
        return pieces

    def _new(self, stack: Stack, pages: Sequence[Page], taken: set[str]) -> str:
        """Return an identifier for new pages: the same in every archive, unless another item has it."""
        scans = [(page.scan.sha256, page.scan.index, *([page.scan.part] * bool(page.scan.part))) for page in pages]
        salt = ""
        while True:
            identifier = hashlib.sha256((repr(scans) + salt).encode()).hexdigest()[:12]
            if identifier not in taken and not any(True for _ in self._catalog.items([identifier])):
                return identifier
            salt += f"\n{stack.source}"


def _corrected(documents: Sequence[Document]) -> str:
    """Return the title that a person put in the place of what was read, later than any manifest; "" where none did."""
    fields = (field for document in documents for field in document.values("title"))
    return next((str(field.value) for field in fields if field.decided and field.method == PERSON), "")


def _kept_names(pieces: Sequence[tuple[str, ...]], before: Sequence[Held]) -> list[str | None]:
    """Return for the pages of each item the identifier it had, None for a new one.

    That is the one of the item that began as it does; where none did, of the item it shares most pages with, unless
    another goes on under that. What people decided about an item and its campaigns is kept under its identifier.
    """
    begun: defaultdict[str, deque[str]] = defaultdict(deque)
    holding: defaultdict[str, list[str]] = defaultdict(list)
    for identifier, places in before:
        begun[places[0]].append(identifier)
        for place in places:
            holding[place].append(identifier)
    found = [same.popleft() if (same := begun[places[0]]) else None for places in pieces]
    free = {identifier for identifier, _places in before}.difference(found)
    for number, places in enumerate(pieces):
        shared = Counter(name for place in places for name in holding[place] if name in free)
        if found[number] is None and shared:
            found[number] = shared.most_common(1)[0][0]
            free.discard(found[number])
    if len(pieces) == len(before) == 1 and not found[0]:
        # Scanned again from the first page to the last, it is the same item.
        found[0] = before[0][0]
    return found


def unchanged(before: Sequence[Held], places: Sequence[str]) -> bool:
    """Return whether the items held `before` are these pages, one item after the other."""
    by_first: defaultdict[str, deque[Held]] = defaultdict(deque)
    for held in before:
        by_first[held[1][0]].append(held)
    at, used = 0, 0
    while at < len(places) and (waiting := by_first[places[at]]):
        _identifier, own = waiting.popleft()
        if tuple(places[at : at + len(own)]) != own:
            return False
        at, used = at + len(own), used + 1
    return at == len(places) and used == len(before)
