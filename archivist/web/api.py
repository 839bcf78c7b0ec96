"""The JSON interface: search, items, campaigns, review and status for programs, described at /api/openapi.json."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse

from archivist import export, plainly
from archivist.access import open_to
from archivist.archive import Archive
from archivist.campaigning import Campaigning
from archivist.decisions import Decision
from archivist.errors import WrongCall
from archivist.language import gettext as _
from archivist.model import Item
from archivist.search.clauses import Order
from archivist.search.fields import definition
from archivist.state import state_of
from archivist.text import simplify
from archivist.web import answers
from archivist.web.campaigns import record_shown
from archivist.web.visitor import Archivist, Reader, Rooms, Visitor, now_by, shown_item


class Plain(JSONResponse):
    """JSON of what the archive holds; half a surrogate pair, as in names of old folders, is escaped."""

    def render(self, content: Any) -> bytes:
        """Return `content` as JSON in UTF-8."""
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8", "backslashreplace")


_WORDS: Mapping[int, str] = {
    400: "The call cannot be meant so; `detail` says why.",
    401: "Nobody said who is calling.",
    403: "The caller has not the right.",
    404: "There is no such thing, or it is not open to the caller.",
    413: "More was sent than can be taken.",
    503: "The archive is busy, or its index is being made anew; try again later.",
}


def _amiss(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": answers.Told, "description": _WORDS[status]} for status in (*statuses, 401, 403, 503)}


router = APIRouter(prefix="/api", default_response_class=Plain)

#: Numbers that every database holds, and every search engine counts to.
_FARTHEST, _LARGEST = 1_000_000_000, 2**31 - 1
_RUNS = 5

_Name = Annotated[str, Path(min_length=1, max_length=200, examples=["5f0c1d"], description="Identifier of the item.")]
_Called = Annotated[str, Path(min_length=1, max_length=500, description="Identifier or name of the campaign.")]
_Limit = Annotated[int, Query(ge=1, le=100, description="At most so many.")]
_Offset = Annotated[int, Query(ge=0, le=_FARTHEST, description="Leave out the first ones.")]


@router.get(
    "/search", tags=["search"], operation_id="search", summary="Find items", response_model=answers.Answer,
    responses=_amiss(400),
)  # fmt: skip
def search(
    rooms: Rooms,
    reader: Reader,
    q: Annotated[
        str,
        Query(
            max_length=10_000, examples=["科技工作 先进市", "聊发〔1995〕58号", "机关:聊城市委 年:1995"],
            description='Words, "phrases", AND OR NOT (与 或 非), fields (机关: 文号: 年: 人: 活动: …), or document '
            "numbers in any spelling; either script finds both.",
        ),
    ],
    limit: _Limit = 10,
    offset: _Offset = 0,
    sort: Annotated[Order, Query(description="In which order; exact hits come before others.")] = "relevance",
    exact: Annotated[bool, Query(description="Only what stands as typed, in either script.")] = False,
    facets: Annotated[bool, Query(description="Count years, agencies, genres and so on as well.")] = False,
    f: Annotated[
        list[Annotated[str, Query(max_length=500)]] | None,
        Query(
            max_length=20, examples=[["year:1995", "genre:通知"]],
            description="Only items with these values of facets, as the answer counts them: `facet:value`.",
        ),
    ] = None,
) -> Response:  # fmt: skip
    """Return one page of the items that answer a query, each with the passages that do.

    What may be misread is found as well, below what is found as typed.
    """
    chosen: dict[str, tuple[str, ...]] = {}
    for said in f or ():
        name, _colon, value = said.partition(":")
        chosen[name] = (*chosen.get(name, ()), value)
    found = rooms.search(
        q, limit, offset, order=sort, tolerant=not exact, facets=definition().facets if facets else (),
        filters=chosen, may_see=reader.may_see,
    )  # fmt: skip
    return Plain(plainly.answer(q, found))


@router.get(
    "/items/{id}", tags=["items"], operation_id="item", summary="The record of an item", responses={
        200: {"description": "As schemas/item.schema.json says.", "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/ItemRecord"}}}}, **_amiss(404)},
)  # fmt: skip
def item(rooms: Rooms, reader: Reader, id: _Name) -> Response:
    """Return what the documents of an item say, each value with the ink that proves it, and the text of its pages."""
    return Plain(item_record(rooms, reader, shown_item(rooms, reader, id)))


@router.get(
    "/items/{id}/text", tags=["items"], operation_id="itemText", summary="The text of an item",
    response_model=answers.Text, responses=_amiss(404),
)  # fmt: skip
def text(
    rooms: Rooms, reader: Reader, id: _Name,
    script: Annotated[Literal["original", "simplified"], Query(description="As written, or simplified.")] = "original",
) -> Response:  # fmt: skip
    """Return the text of every page in reading order."""
    entry = shown_item(rooms, reader, id)
    told = [
        {
            "number": paper.number,
            "text": simplify(paper.text) if script == "simplified" else paper.text,
            "confidence": round(paper.confidence, 4),
            "blank": paper.blank,
        }
        for paper in entry.pages
    ]
    return Plain({"item": entry.id, "title": entry.title, "script": script, "pages": told})


@router.get(
    "/items/{id}/similar", tags=["items"], operation_id="similarItems", summary="Items like one",
    response_model=answers.Likes, responses=_amiss(404),
)  # fmt: skip
def similar(rooms: Rooms, reader: Reader, id: _Name, limit: _Limit = 10) -> Response:
    """Return the items most like one: cited by it or citing it, then with a like title or in the same campaign."""
    entry = shown_item(rooms, reader, id)
    return Plain(plainly.alike(entry.id, rooms.similar(entry.id, limit, may_see=reader.may_see)))


@router.get(
    "/series", tags=["search"], operation_id="series", summary="The gaps in a series of numbers",
    response_model=answers.Series, responses=_amiss(400),
)  # fmt: skip
def series(
    rooms: Rooms, reader: Reader,
    q: Annotated[str, Query(max_length=200, examples=["聊发 1995"], description="Agency code and year.")],
) -> Response:  # fmt: skip
    """Return which document numbers of an agency and year the archive holds, and which are missing."""
    return Plain(plainly.series(rooms.series(q, may_see=reader.may_see)))


@router.get(
    "/campaigns", tags=["campaigns"], operation_id="campaigns", summary="All campaigns",
    response_model=answers.Campaigns, responses=_amiss(),
)  # fmt: skip
def campaigns(rooms: Rooms, reader: Reader, limit: _Limit = 100, offset: _Offset = 0) -> Response:
    """Return the campaigns that items open to the caller name, kin together."""
    listed = [
        (one, size, family.name)
        for family, members in Campaigning(rooms.catalog, reader.may_see).listed()
        for one, size in members
    ]
    shown = listed[offset : offset + limit]
    years = rooms.catalog.campaign_years([one.id for one, _size, _family in shown], may_see=reader.may_see)
    told = []
    for one, size, family in shown:
        first, last = years.get(one.id, (None, None))
        said = {"id": one.id, "name": one.name, "family": family, "items": size}
        told.append(said | {"first_year": first, "last_year": last})
    return Plain({"total": len(listed), "campaigns": told})


@router.get(
    "/campaigns/{id}", tags=["campaigns"], operation_id="campaign", summary="The record of a campaign", responses={
        200: {"description": "As schemas/campaign.schema.json says.", "content": {"application/json": {"schema": {
            "$ref": "#/components/schemas/CampaignRecord"}}}}, **_amiss(404)},
)  # fmt: skip
def campaign(rooms: Rooms, reader: Reader, id: _Called) -> Response:
    """Return what the papers of a campaign say: who took part, phases, indicators, deadlines, what happened when."""
    return Plain(record_shown(rooms, reader, Campaigning(rooms.catalog, reader.may_see).found(id)))


@router.get(
    "/review", tags=["review"], operation_id="review", summary="What waits for a person",
    response_model=answers.Queue, response_model_exclude_unset=True, responses=_amiss(),
)  # fmt: skip
def review(rooms: Rooms, archivist: Archivist, limit: _Limit = 50, offset: _Offset = 0) -> Response:
    """Return values, campaign links and beginnings of items that are in doubt, worst first; archivists only."""
    sees = archivist.may_see
    # One more than is given out tells whether there is more.
    found = rooms.catalog.waiting(limit + 1, offset, may_see=sees)
    poor = rooms.catalog.hardly_read(limit + 1, offset, may_see=sees)
    more = len(found) > limit or len(poor) > limit
    found, poor = found[:limit], poor[:limit]
    for name in dict.fromkeys([*(one.item_id for one in found), *(one.item_id for one in poor)]):
        if level := rooms.catalog.access(name):
            rooms.views.note_level(name, level, archivist.name)
    told = {"waiting": list(map(plainly.waiting, found)), "pages": list(map(plainly.poor, poor))}
    return Plain(told | {"more": more})


@router.post(
    "/review/{handle}", tags=["review"], operation_id="judge", summary="Accept, correct or reject",
    response_model=answers.Decided, responses=_amiss(400, 404, 413),
)  # fmt: skip
def judge(
    rooms: Rooms, archivist: Archivist, said: answers.Judgement,
    handle: Annotated[str, Path(min_length=1, max_length=200, examples=["5f0c1d.3a9e"])],
) -> Response:  # fmt: skip
    """Decide what waits under a handle, and make the item anew; archivists only."""
    shown_item(rooms, archivist, handle.partition(".")[0])
    if said.act == "correct" and not (said.value or "").strip():
        raise WrongCall(_("say what the value really is"))
    return _carried_out(rooms, rooms.desk.judgement(handle, said.act, now_by(archivist), said.value))


@router.post(
    "/undo/{number}", tags=["review"], operation_id="undo", summary="Take a decision back",
    response_model=answers.Decided, responses=_amiss(400, 404, 413),
)  # fmt: skip
def undo(rooms: Rooms, archivist: Archivist, number: Annotated[int, Path(ge=1, le=_LARGEST)]) -> Response:
    """Undo the decision with this number; the undoing has a number of its own. Archivists only."""
    return _carried_out(rooms, rooms.desk.undoing(number, now_by(archivist), may_see=archivist.may_see))


@router.get(
    "/status", tags=["status"], operation_id="status", summary="How the archive stands",
    response_model=answers.Status, responses=_amiss(),
)  # fmt: skip
def status(rooms: Rooms, archivist: Archivist) -> Response:
    """Return how much the archive holds, what waits, and which run is under way; archivists only."""
    return Plain(plainly.standing(state_of(rooms, _RUNS)))


@router.get(
    "/failures", tags=["status"], operation_id="failures", summary="Scans that could not be used",
    response_model=answers.Failures, responses=_amiss(),
)  # fmt: skip
def failures(rooms: Rooms, archivist: Archivist, limit: _Limit = 100, offset: _Offset = 0) -> Response:
    """Return the scans that could not be used, and why; archivists only."""
    found = rooms.catalog.failures()
    return Plain({"total": len(found), "failures": plainly.failures(found[offset : offset + limit])})


def _carried_out(rooms: Archive, decision: Decision) -> Response:
    (number,) = rooms.catalog.decide([decision])
    changed, errors = rooms.desk.carry_out()
    return Plain({"number": number, "changed": changed, "failed": len(errors)})


def item_record(rooms: Archive, reader: Visitor, entry: Item) -> dict[str, Any]:
    """Return the record of an item as the export says it, without what is not open to the reader."""
    said = export.record(entry)
    if "duplicates" in said:
        known = [one.id for one in rooms.catalog.listed(said.pop("duplicates")) if open_to(one, reader.may_see)]
        said |= {"duplicates": known} if known else {}
    return said
