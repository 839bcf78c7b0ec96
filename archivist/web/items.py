"""The page of an item: its sheets with what lies on them, its record, its text, what it has to do with others."""

import json
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from archivist.access import OPEN, access_of, open_to
from archivist.archive import Archive
from archivist.catalog.review import waiting_rows
from archivist.decisions import UNDO
from archivist.errors import ArchivistError, NotFound, QueryError
from archivist.language import gettext as _
from archivist.model import Item, Page
from archivist.phrases import dated, deed, numbered, word
from archivist.web import record
from archivist.web.pages import page as drawn
from archivist.web.record import Hit
from archivist.web.visitor import Archivist, Reader, Rooms, Visitor, now_by, shown_item

router = APIRouter(include_in_schema=False)

#: Items named as similar, and decisions told of.
_SIMILAR, _DECISIONS = 6, 40


@dataclass(frozen=True, slots=True)
class Cited:
    """A paper the item cites: what it is called, where that stands, and the items of this archive that it means."""

    mark: str
    title: str
    number: str
    page: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """What a person decided about the item."""

    number: int
    what: str
    who: str
    at: str
    undone: bool
    undoing: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What the visitor looks at: hits of `text` in the item, page by page; `wrong` says why there can be none."""

    text: str
    hits: tuple[Hit, ...]
    wrong: str

    def link(self, item: str, number: int, mark: str = "") -> str:
        """Return the address of page `number` of `item` with the hits on it, and at a mark."""
        asked = {"page": number} | ({"q": self.text} if self.text else {})
        return f"/items/{item}?{urlencode(asked)}" + (f"#{mark}" if mark else "")


@router.get("/items/{name}")
def item(request: Request, rooms: Rooms, visitor: Reader, name: str, page: str = "", q: str = "") -> Response:
    """Show an item."""
    shown = _read(rooms, visitor, name, q)
    asked = _asked(shown, q)
    number = _number(shown, page) or next((hit.page for hit in asked.hits), shown.pages[0].number if shown.pages else 0)
    return drawn(
        request, "item.html", **_leaf(rooms, shown, number, asked, visitor),
        papers=record.papers_of(shown), campaigns=record.memberships_of(shown), level=access_of(shown),
        open_level=OPEN, dated=dated(shown), numbered=numbered(shown),
        beginnings=record.beginnings_of(shown), kinds=record.kinds_of(shown),
        cited=_cited(rooms, visitor, shown), same=_same(rooms, visitor, shown), done=_done(rooms, visitor, shown),
        word=word, waiting=len(waiting_rows(shown)),
    )  # fmt: skip


@router.get("/items/{name}/pages/{number}")
def leaf(request: Request, rooms: Rooms, visitor: Reader, name: str, number: str, q: str = "") -> Response:
    """Show the text of one page of an item and what lies on its sheet, for the page of the item to put in place."""
    shown = _read(rooms, visitor, name, q)
    wanted = _number(shown, number)
    if wanted is None:
        raise NotFound(_("the item {name} has no page {page}").format(name=shown.id, page=number))
    return drawn(request, "item_leaf.html", **_leaf(rooms, shown, wanted, _asked(shown, q), visitor))


@router.get("/items/{name}/similar")
def similar(request: Request, rooms: Rooms, visitor: Reader, name: str) -> Response:
    """Show which items are like this one."""
    shown = shown_item(rooms, visitor, name, "listed")
    wrong = ""
    found: tuple[Item, ...] = ()
    try:
        found = rooms.similar(shown.id, _SIMILAR, may_see=visitor.may_see)
    except NotFound:
        raise
    except ArchivistError as error:
        # The rest of the page is none the worse for it.
        wrong = str(error)
    return drawn(request, "item_similar.html", items=found, wrong=wrong, dated=dated)


@router.post("/items/{name}/undo")
def undo(rooms: Rooms, visitor: Archivist, name: str, number: Annotated[int, Form()]) -> Response:
    """Take back what was decided about an item."""
    shown = shown_item(rooms, visitor, name, "listed")
    known = rooms.catalog.decision(number, may_see=visitor.may_see) if 0 < number < 2**31 else None
    if known is None or shown.id not in known.items:
        raise NotFound(_("nothing was decided under the number {number}").format(number=number))
    places = [page.place for page in shown.pages]
    rooms.desk.undo(number, now_by(visitor), may_see=visitor.may_see)
    # Where the line between two items was drawn anew, this one may be part of another.
    names = [shown.id] if rooms.catalog.access(shown.id) else rooms.catalog.items_holding(places)
    return RedirectResponse(f"/items/{names[0]}#done" if names else "/", 303)


def _read(rooms: Archive, visitor: Visitor, name: str, text: str) -> Item:
    """Return the item; what stands on all its pages is read only where something is looked for."""
    return shown_item(rooms, visitor, name, "skimmed" if text.strip() else "listed")


def _whole(rooms: Archive, item: Item, page: Page) -> Page:
    """Return `page` of `item` with all that stands on it, of which there may be nothing yet."""
    return page if page.scan.width else rooms.catalog.page_of(item.id, page.number)


def _asked(item: Item, text: str) -> Asked:
    text = text.strip()
    if not text:
        return Asked("", (), "")
    try:
        return Asked(text, record.hits_of(item, text), "")
    except QueryError as error:
        return Asked(text, (), str(error))


def _number(item: Item, said: str) -> int | None:
    """Return the number of the page that is meant, None where the item has no such page."""
    return next((page.number for page in item.pages if str(page.number) == said), None)


def _leaf(rooms: Archive, item: Item, number: int, asked: Asked, visitor: Visitor) -> dict[str, Any]:
    """Return what the templates are told of page `number`, which is 0 of an item without pages."""
    at = next((place for place, page in enumerate(item.pages) if page.number == number), None)
    shown = record.leaf_of(item, _whole(rooms, item, item.pages[at]), asked.hits) if at is not None else None
    first = next((turn for turn, hit in enumerate(asked.hits) if hit.page == number), None)
    counts = record.counted(asked.hits)
    said: dict[str, Any] = {}
    if shown:
        said = record.marks_for_scripts(shown, item.id)
        said |= {"item": item.id, "query": asked.text, "hits": [hit.page for hit in asked.hits]}
        said |= {"pages": [page.number for page in item.pages], "title": item.title}
    return {
        "item": item, "leaf": shown, "asked": asked, "counts": counts, "first_hit": first,
        "before": _beside(item.pages, at, -1), "behind": _beside(item.pages, at, 1),
        "data": _embedded(said), "may_correct": visitor.at_least("archivist"),
    }  # fmt: skip


def _beside(pages: tuple[Page, ...], at: int | None, step: int) -> int | None:
    if at is None or not 0 <= at + step < len(pages):
        return None
    return pages[at + step].number


def _embedded(said: Any) -> Markup:
    """Return `said` as JSON that can stand in a page: nothing in it ends the element."""
    text = json.dumps(said, ensure_ascii=False).replace("<", "\\u003c").replace("&", "\\u0026")
    # Half a surrogate pair, which a damaged text layer may hold, cannot be sent.
    return Markup(text.encode("utf-8", "replace").decode())


def _cited(rooms: Archive, visitor: Visitor, item: Item) -> tuple[Cited, ...]:
    found = rooms.catalog.cited(item, visitor.may_see)
    items = _open(rooms, visitor, [name for _field, names in found for name in names])
    marks = record.marks_of(item)
    return tuple(
        Cited(
            marks.get(id(field), ""), *record.cited_titles(field), field.evidence.page,
            tuple(items[name] for name in names if name in items),
        )
        for field, names in found
    )  # fmt: skip


def _same(rooms: Archive, visitor: Visitor, item: Item) -> tuple[tuple[Item, bool], ...]:
    """Return the items that are the same paper as `item`, and those that may be, as nobody has said yet."""
    pairs = rooms.catalog.likenesses.pairs(_SIMILAR, [item.id])
    maybe = [name for pair in pairs for name in (pair.one, pair.other)]
    names = dict.fromkeys([*item.duplicates, *(name for name in maybe if name != item.id)])
    items = _open(rooms, visitor, names)
    return tuple((items[name], name in item.duplicates) for name in names if name in items)


def _open(rooms: Archive, visitor: Visitor, names: Any) -> dict[str, Item]:
    wanted = list(dict.fromkeys(names))
    return {one.id: one for one in rooms.catalog.listed(wanted) if open_to(one, visitor.may_see)} if wanted else {}


def _done(rooms: Archive, visitor: Visitor, item: Item) -> tuple[Done, ...]:
    known = rooms.catalog.history_of(item.id, _DECISIONS, may_see=visitor.may_see)
    return tuple(
        Done(
            one.number, deed(one.decision), one.decision.decided.who, one.decision.decided.at[:16].replace("T", " "),
            one.undone, one.decision.act == UNDO,
        )
        for one in known
    )  # fmt: skip
