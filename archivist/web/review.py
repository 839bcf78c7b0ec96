"""The review queue: what waits for a person, worst first, and what the person says."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, BackgroundTasks, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from archivist.access import MaySee, open_to
from archivist.archive import Archive
from archivist.catalog import PoorPage, Waiting
from archivist.catalog.review import READS_FROM, waiting_rows
from archivist.decisions import UNDO
from archivist.errors import NotFound, WrongCall
from archivist.handles import Sort as Handled
from archivist.handles import handles
from archivist.language import gettext as _
from archivist.model import Item
from archivist.vocabulary import FIELDS
from archivist.web.amiss import local
from archivist.web.behind import behind
from archivist.web.doubts import SORTS, Doubt, Sort, doubts_of, pair_doubts, poor_doubts
from archivist.web.pages import page
from archivist.web.visitor import Archivist, Rooms, Visitor, now_by, shown_item

router = APIRouter(include_in_schema=False)

# Entries given out at a time, and at most; pairs looked at beyond them for such as are wished for.
_AT_ONCE, _MOST, _WINDOW = 12, 50, 500
# What has a handle at the desk.
_HANDLED: tuple[Handled, ...] = ("value", "link", "boundary")
# What can be taken back here.
_HERE = frozenset({"value", "link", "boundary", "line", "likeness"})


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to go through: one sort of doubt, one field, one item; all where nothing is said."""

    sort: Sort | None = None
    field: str = ""
    item: str = ""

    @property
    def query(self) -> str:
        """The part of the address that says it."""
        said = {"sort": self.sort or "", "field": self.field, "item": self.item}
        return urlencode({name: value for name, value in said.items() if value})

    def fits(self, one: Waiting) -> bool:
        """Whether `one` is wished for."""
        if self.sort and one.sort != self.sort:
            return False
        return not self.field or (one.sort == "value" and getattr(one.what, "name", "") == self.field)


def wish(sort: str = "", field: str = "", item: str = "") -> Wish:
    """Return what the address asks for; what it says wrongly it does not say."""
    known = next((one for one in SORTS if one == sort), None)
    return Wish(known, field if field in FIELDS else "", item)


Wished = Annotated[Wish, Depends(wish)]


async def answers(request: Request) -> Mapping[str, str]:
    """Return what a form or a script says, as text."""
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            said = await request.json()
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise WrongCall(_("this is no JSON object"))
        texts = {str(name): value if isinstance(value, str) else json.dumps(value) for name, value in said.items()}
        # Half a surrogate pair is no character, whatever JSON holds of it.
        return {name: text.encode("utf-8", "replace").decode() for name, text in texts.items()}
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}


Answers = Annotated[Mapping[str, str], Depends(answers)]
# No farther than any database counts.
Skipped = Annotated[int, Query(ge=0, le=1_000_000_000)]


@router.get("/review")
def review(
    request: Request, rooms: Rooms, visitor: Archivist, wished: Wished, skip: Skipped = 0,
    said: str = "",
) -> Response:  # fmt: skip
    """Show what waits."""
    if wished.item:
        shown_item(rooms, visitor, wished.item, "listed")
    found, more, left = _listed(rooms, visitor, wished, skip, _AT_ONCE)
    told = {"decided": _("Kept."), "undone": _("Taken back.")}.get(said, "")
    last = _last(rooms, visitor)
    counted = rooms.catalog.waiting_fields(may_see=visitor.may_see)
    # What was wished for stays on the list when nothing of it is left.
    fields = {name: counted.get(name, 0) for name in FIELDS if name in counted or name == wished.field}
    return page(
        request, "review.html", doubts=found, fields=fields, sorts=SORTS, told=told, last=last, wished=wished,
        skip=skip, more=more, left=left,
    )  # fmt: skip


@router.get("/review/entries")
def entries(
    request: Request, rooms: Rooms, visitor: Archivist, wished: Wished, skip: Skipped = 0,
    limit: Annotated[int, Query(ge=1, le=_MOST)] = _AT_ONCE,
) -> Response:  # fmt: skip
    """Give the entries behind the first `skip` ones, for a page that shows them when their turn comes."""
    found, more, left = _listed(rooms, visitor, wished, skip, limit)
    return page(request, "review_entries.html", doubts=found, more=more, left=left, wished=wished)


@router.get("/review/entries/{handle}")
def entry(request: Request, rooms: Rooms, visitor: Archivist, handle: str) -> Response:
    """Give one entry, as it stands in the queue after something was taken back."""
    found = _one(rooms, visitor, handle)
    return page(request, "review_entries.html", doubts=[found], more=False, left=None, wished=Wish())


@router.post("/review/decide")
def decide(request: Request, rooms: Rooms, visitor: Archivist, answers: Answers, tasks: BackgroundTasks) -> Response:
    """Keep what a person says of an entry; the item is made anew when they have their answer."""
    return _done(request, tasks, answers, _decided(rooms, visitor, answers), "decided")


@router.post("/review/undo")
def undo(request: Request, rooms: Rooms, visitor: Archivist, answers: Answers, tasks: BackgroundTasks) -> Response:
    """Take back a decision."""
    return _done(request, tasks, answers, taken_back(rooms, visitor, answers.get("number", "")), "undone")


def _last(rooms: Archive, visitor: Visitor) -> str:
    """Return the number of the last decision of the visitor that can be taken back here, "" where there is none."""
    for one in rooms.catalog.latest_decisions(_MOST, visitor.name, may_see=visitor.may_see):
        if one.decision.act != UNDO and not one.undone:
            return str(one.number) if one.decision.subject in _HERE else ""
    return ""


def taken_back(rooms: Archive, visitor: Visitor, said: str) -> str:
    """Take back the decisions of these numbers, and return the numbers of that.

    NotFound where there are none, or none about what is open to the visitor, WrongCall where they are taken back.
    """
    numbers = [int(one) for one in said.split(",") if one.isascii() and one.isdigit() and len(one) < 18]
    kept = [rooms.catalog.decision(number, may_see=visitor.may_see) for number in numbers]
    if not kept or not all(one and one.decision.subject in _HERE and one.decision.act != UNDO for one in kept):
        raise NotFound(_("There is no such decision, or it cannot be taken back here."))
    who = now_by(visitor)
    made = [rooms.desk.undoing(number, who, may_see=visitor.may_see) for number in numbers]
    return ",".join(map(str, rooms.catalog.decide(made)))


def _decided(rooms: Archive, visitor: Visitor, answers: Mapping[str, str]) -> str:
    """Keep what is said of an entry, and return the numbers of the decisions it makes."""
    handle, act = answers.get("handle", ""), answers.get("act", "")
    if act not in ("accept", "correct", "reject"):
        raise WrongCall(_("say what is decided: accept, correct or reject"))
    sort, mark, rest = handle.partition(":")
    if mark:
        return _paired(rooms, visitor, rest, act) if sort == "pair" else _nothing(handle)
    name = handle.partition(".")[0]
    if handle not in handles(shown_item(rooms, visitor, name, "listed")):
        # What was decided a moment ago may bring it back.
        rooms.desk.carry_out()
        if handle not in handles(shown_item(rooms, visitor, name, "listed")):
            raise NotFound(_("This is settled already: what was decided or read since has changed it."))
    decision = rooms.desk.judgement(handle, act, now_by(visitor), _typed(answers) if act == "correct" else None)
    for last in rooms.catalog.latest_decisions(1, visitor.name):
        # Sent once more because the answer was lost on its way, it is still one decision.
        if not last.undone and replace(last.decision, decided=decision.decided) == decision:
            return str(last.number)
    return ",".join(map(str, rooms.catalog.decide([decision])))


def _nothing(handle: str) -> str:
    raise NotFound(_("nothing that waits is called {handle}").format(handle=handle))


def _paired(rooms: Archive, visitor: Visitor, names: str, act: str) -> str:
    one, _mark, other = names.partition(":")
    if act == "correct":
        raise WrongCall(_("two items are the same, or they are not: accept or reject it"))
    for name in (one, other):
        shown_item(rooms, visitor, name, "listed")
    before = rooms.catalog.last_decision()
    rooms.duplicates.decide(one, other, now_by(visitor), same=act == "accept")
    # One for each two pages; others may have decided something meanwhile.
    made = [
        said.number
        for said in rooms.catalog.latest_decisions(_MOST, visitor.name)
        if said.number > before and said.decision.subject == "likeness"
    ]
    return ",".join(map(str, sorted(made)))


def _typed(answers: Mapping[str, str]) -> str:
    """Return the right value as the desk takes it: what was typed, or the parts that were."""
    parts = {name.removeprefix("part."): text for name, text in answers.items() if name.startswith("part.")}
    return json.dumps(parts, ensure_ascii=False) if parts else answers.get("value", "")


def _done(request: Request, tasks: BackgroundTasks, answers: Mapping[str, str], number: str, said: str) -> Response:
    if by_script(request):
        tasks.add_task(behind(request).follow)
        return JSONResponse({"number": number}, background=tasks)
    # Who sees the next page should see it as it is now.
    behind(request).at_once()
    if answers.get("next"):
        return RedirectResponse(local(answers["next"]), 303)
    back = answers.get("back", "")
    query = back if back.isascii() and "\n" not in back else ""
    return RedirectResponse("/review?" + "&".join(filter(None, (query, f"said={said}"))), 303)


def by_script(request: Request) -> bool:
    """Whether a script of a page asks, which wants the answer in short."""
    return "application/json" in request.headers.get("accept", "")


class Part(NamedTuple):
    """Some entries, whether more wait behind them, and how much waits in all, where that is known."""

    doubts: list[Doubt]
    more: bool
    left: int | None


def _is_open(rooms: Archive, visitor: Visitor, name: str) -> bool:
    level = rooms.catalog.access(name)
    return level is not None and (visitor.may_see is None or level in visitor.may_see)


def _listed(rooms: Archive, visitor: Visitor, wished: Wish, skip: int, limit: int) -> Part:
    """Return `limit` entries behind the first `skip` ones."""
    may_see = visitor.may_see
    if wished.sort == "page":
        pages, left = _poor(rooms, wished, may_see, skip, limit + 1)
        return Part(_seen(rooms, visitor, poor_doubts(rooms, pages[:limit], may_see)), len(pages) > limit, left)
    if wished.sort == "pair":
        most = skip + limit + _WINDOW
        found = rooms.catalog.likenesses.pairs(most)
        pairs = [
            pair
            for pair in found
            if wished.item in ("", pair.one, pair.other)
            and _is_open(rooms, visitor, pair.one)
            and _is_open(rooms, visitor, pair.other)
        ]
        doubts = pair_doubts(rooms, pairs[skip : skip + limit], may_see)
        # Where there are very many, nobody has counted them.
        counted = len(pairs) if len(found) < most else None
        return Part(_seen(rooms, visitor, doubts), len(pairs) > skip + limit, counted)
    waiting, left = _waiting(rooms, wished, may_see, skip, limit + 1)
    return Part(_seen(rooms, visitor, doubts_of(rooms, waiting[:limit], may_see)), len(waiting) > limit, left)


def _waiting(rooms: Archive, wished: Wish, may_see: MaySee, skip: int, limit: int) -> tuple[list[Waiting], int]:
    """Return values, links and boundaries that are wished for, and how many there are in all."""
    if wished.item:
        items = (item for item in rooms.catalog.listed([wished.item]) if open_to(item, may_see))
        own = [one for item in items for one in waiting_in(item) if wished.fits(one)]
        return own[skip : skip + limit], len(own)
    sort = next((one for one in _HANDLED if one == wished.sort), None)
    found = rooms.catalog.waiting(limit, skip, sort=sort, field=wished.field, may_see=may_see)
    return found, rooms.catalog.waiting_count(sort=sort, field=wished.field, may_see=may_see)


def _poor(rooms: Archive, wished: Wish, may_see: MaySee, skip: int, limit: int) -> tuple[list[PoorPage], int]:
    """Return pages that hardly read, and how many there are in all."""
    if not wished.item:
        catalog = rooms.catalog
        return catalog.hardly_read(limit, skip, may_see=may_see), catalog.hardly_read_count(may_see=may_see)
    own = [
        PoorPage(item.id, page.number, page.scan.name, page.confidence)
        for item in rooms.catalog.items([wished.item])
        if open_to(item, may_see)
        for page in sorted(item.pages, key=lambda page: page.confidence)
        if page.confidence < READS_FROM
    ]
    return own[skip : skip + limit], len(own)


def _seen(rooms: Archive, visitor: Visitor, doubts: list[Doubt]) -> list[Doubt]:
    """Return `doubts`, and keep that the items of which they tell were looked at, where they bear marks of secrecy."""
    names = dict.fromkeys(name for one in doubts for name in one.items)
    for name in names:
        if level := rooms.catalog.access(name):
            rooms.views.note_level(name, level, visitor.name)
    return doubts


def _one(rooms: Archive, visitor: Visitor, handle: str) -> Doubt:
    sort, mark, rest = handle.partition(":")
    found: Sequence[Doubt] = ()
    if mark and sort == "pair":
        names = set(rest.split(":"))
        pairs = rooms.catalog.likenesses.pairs(_WINDOW, sorted(names))
        found = pair_doubts(rooms, [pair for pair in pairs if {pair.one, pair.other} == names], visitor.may_see)
    elif not mark:
        item = shown_item(rooms, visitor, handle.partition(".")[0], "listed")
        found = doubts_of(rooms, [one for one in waiting_in(item) if one.handle == handle], visitor.may_see)
    if not found:
        raise NotFound(_("This does not wait any more."))
    return _seen(rooms, visitor, [found[0]])[0]


def waiting_in(item: Item) -> list[Waiting]:
    """Return what waits in `item`, the most urgent first."""
    known, found = handles(item), []
    for row in sorted(waiting_rows(item), key=lambda row: -float(row["priority"])):
        handle = str(row["handle"])
        place = known[handle]
        if place.document is not None:
            document = item.documents[place.document]
            field = document.fields[place.position]
            found.append(Waiting("value", item.id, item.title, handle, field, document.kind))
        elif place.sort == "link":
            found.append(Waiting("link", item.id, item.title, handle, item.campaigns[place.position]))
        else:
            found.append(Waiting("boundary", item.id, item.title, handle, item.boundaries[place.position]))
    return found
