"""Campaigns in the reading room: all of them by family, and the record of each with its timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from archivist.archive import Archive
from archivist.campaigning import Campaigning
from archivist.errors import NotFound, WrongCall
from archivist.language import gettext as _
from archivist.language import ngettext
from archivist.model import Box, Campaign
from archivist.phrases import sure
from archivist.text import fold
from archivist.web.ink import ink_of
from archivist.web.pages import page
from archivist.web.timeline import events_of, picture
from archivist.web.visitor import Archivist, Reader, Rooms, Visitor, now_by

router = APIRouter(include_in_schema=False)

#: Families on one page of the list, and papers of a campaign that are named before all are asked for.
_FAMILIES, _PAPERS = 100, 200
# So much of a value is enough to find it on its page; what ends a phrase in a query is left out.
_LOOKED_FOR, _QUOTED = 40, '"＂'


@router.get("/campaigns")
def campaigns(request: Request, rooms: Rooms, reader: Reader, q: str = "", start: int = Query(0, ge=0)) -> Response:
    """Show every campaign that is open to the reader, kin together; `q` is part of a name, or a year."""
    listed = Campaigning(rooms.catalog, reader.may_see).listed()
    if wanted := fold(q.strip()):
        listed = [
            (family, members)
            for family, members in listed
            if wanted in fold(family.name) or any(wanted in fold(one.name) for one, _size in members)
        ]
    shown = listed[start : start + _FAMILIES]
    names = [one.id for _family, members in shown for one, _size in members]
    years = rooms.catalog.campaign_years(names, may_see=reader.may_see)
    return page(
        request, "campaigns.html", q=q, families=shown, years=years, count=sum(len(members) for _, members in listed),
        start=start, more=start + _FAMILIES if len(listed) > start + _FAMILIES else None,
        before=max(start - _FAMILIES, 0) if start else None,
    )  # fmt: skip


@router.get("/campaigns/{name}")
def campaign(
    request: Request, rooms: Rooms, reader: Reader, name: str, papers: str = "", changed: str = ""
) -> Response:
    """Show one campaign, called by identifier or name."""
    one = Campaigning(rooms.catalog, reader.may_see).found(name)
    if one.id != name:
        return RedirectResponse(f"/campaigns/{one.id}", 303)
    said = _changed(int(changed)) if changed.isdecimal() and len(changed) < 6 else ""
    return _shown(request, rooms, reader, one, every=papers == "all", said=said)


@router.post("/campaigns/{name}")
def about(
    request: Request, rooms: Rooms, archivist: Archivist, name: str,
    act: Annotated[Literal["merge", "part", "name", "kin", "not kin"], Form()],
    other: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Decide about a campaign: what it is called, what is one with it, what is kin to it."""
    known, who = Campaigning(rooms.catalog, archivist.may_see), now_by(archivist)
    one = known.found(name)
    try:
        match act:
            case "merge":
                made = known.merge(one.id, other, who)
                one = known.found(other)
            case "part":
                made = known.part(one.id, other, who)
            case "name":
                made = known.name(one.id, other, who)
            case _:
                made = known.kin(one.id, other, who, apart=act == "not kin")
        count = rooms.desk.decide(made)
    except (NotFound, WrongCall) as error:
        return _shown(request, rooms, archivist, one, wrong=str(error))
    return RedirectResponse(f"/campaigns/{one.id}?changed={count}", 303)


@router.post("/campaigns/{name}/papers")
def papers(
    request: Request, rooms: Rooms, archivist: Archivist, name: str,
    act: Annotated[Literal["confirm", "refuse", "move"], Form()],
    item: Annotated[list[str] | None, Form()] = None,
    other: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Decide which papers belong to a campaign."""
    known, who = Campaigning(rooms.catalog, archivist.may_see), now_by(archivist)
    one = known.found(name)
    items = list(dict.fromkeys(each.strip() for each in item or () if each.strip()))
    try:
        if not items:
            raise WrongCall(_("say which papers: mark them in the list"))
        if act == "move":
            made = known.move(items, one.id, other, who)
        else:
            decide = known.confirm if act == "confirm" else known.refuse
            made = [decision for each in items for decision in decide(each, one.id, who)]
        count = rooms.desk.decide(made)
    except (NotFound, WrongCall) as error:
        return _shown(request, rooms, archivist, one, wrong=str(error))
    try:
        known.found(one.id)
    except NotFound:
        # Its last paper is gone, and the campaign with it.
        return RedirectResponse("/campaigns", 303)
    return RedirectResponse(f"/campaigns/{one.id}?changed={count}", 303)


@router.get("/ink/{item}/{number}/{left},{top},{right},{bottom}")
def ink(rooms: Rooms, reader: Reader, item: str, number: int, left: int, top: int, right: int, bottom: int) -> Response:
    """Lead to the picture of what stands in a box of the scan of a page: evidence is given in pixels of the scan."""
    placed = rooms.catalog.placed(item, number)
    if placed is None or not (reader.may_see is None or placed.access in reader.may_see):
        raise NotFound(_("There is no item “{name}” in this archive.").format(name=item))
    paper = replace(rooms.catalog.read_page(placed.reading, placed.part), number=number)
    sides = [min(max(side, 0), 2**31) for side in (left, top, right, bottom)]
    cut = ink_of(item, paper, [Box(*map(float, sides))])
    return RedirectResponse(quote(cut.url, safe="/,"), 307, {"Cache-Control": "private, max-age=86400"})


def record_shown(rooms: Archive, reader: Visitor, one: Campaign, *, quickly: bool = False) -> dict[str, Any]:
    """Return the record of the campaign, and keep that its guarded papers were looked at."""
    known = Campaigning(rooms.catalog, reader.may_see)
    return next(known.records([one], lambda item: rooms.views.note(item, reader.name), quickly=quickly))


def _shown(
    request: Request, rooms: Archive, reader: Visitor, one: Campaign, *, every: bool = False, said: str = "",
    wrong: str = "",
) -> Response:  # fmt: skip
    record = record_shown(rooms, reader, one, quickly=True)
    events = events_of(record)
    numbers = {item["id"]: turn for turn, item in enumerate(record["items"], 1)}
    others = (
        [each.name for each in Campaigning(rooms.catalog, reader.may_see).known() if each.id != one.id]
        if reader.at_least("archivist")
        else []
    )
    return page(
        request, "campaign.html", status=400 if wrong else 200, record=record, events=events,
        picture=picture(events), numbers=numbers, group=_grouped(record["group"]), others=others, said=said,
        wrong=wrong, sure=sure, papers=record["items"] if every else record["items"][:_PAPERS],
        people=any(each["value"].get("person") for each in record["group"]),
        several=_several, values=_values, place=_place,
    )  # fmt: skip


def _grouped(members: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[tuple[str, list[Mapping[str, Any]]]]]]:
    """Return members by their group and, within it, by their role, in the order of the papers."""

    def group(one: Mapping[str, Any]) -> str:
        return str(one["value"].get("group") or "")

    def role(one: Mapping[str, Any]) -> str:
        return str(one["value"].get("role") or "")

    groups = list(dict.fromkeys(map(group, members)))
    found = []
    for name in groups:
        own = [one for one in members if group(one) == name]
        roles = list(dict.fromkeys(map(role, own)))
        own.sort(key=lambda one: roles.index(role(one)))
        found.append((name, [(each, list(same)) for each, same in groupby(own, role)]))
    return found


def _values(indicator: Mapping[str, Any]) -> str:
    """Return what an indicator asks, as people read it: ≥ 1.5 %."""
    signs = {">=": "≥", "<=": "≤", "==": "=", "!=": "≠"}
    operator = str(indicator.get("operator") or "")
    number = indicator.get("value")
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    parts = (signs.get(operator, operator), "" if number is None else str(number), str(indicator.get("unit") or ""))
    return " ".join(part for part in parts if part)


def _place(proof: Mapping[str, Any]) -> str:
    """Return where the ink is shown on its page, marked as what somebody looks for there."""
    words = "".join(char for char in proof["raw"][:_LOOKED_FOR] if char not in _QUOTED)
    asked = urlencode({"page": proof["page"], "q": f'"{words}"'}, errors="replace")
    return f"/items/{quote(proof['item'], safe='', errors='replace')}?{asked}"


def _several(count: int) -> str:
    return ngettext("{count} item", "{count} items", count).format(count=count)


def _changed(count: int) -> str:
    return ngettext("{count} item changed", "{count} items changed", count).format(count=count)
