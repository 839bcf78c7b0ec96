"""A page corrected line by line: its ink beside what was read there, and what a person reads instead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, BackgroundTasks, HTTPException, Path, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from archivist.catalog import Numbered
from archivist.corrections import plain, same_line
from archivist.decisions import UNDO, Decision
from archivist.errors import NotFound, WrongCall
from archivist.language import gettext as _
from archivist.model import Box, Decided, Line, Page
from archivist.phrases import sure
from archivist.web.behind import behind
from archivist.web.ink import Cutting, ink_of, is_vertical, whole, writing_of
from archivist.web.pages import page
from archivist.web.readings import DOUBTFUL
from archivist.web.review import Answers, by_script
from archivist.web.sheets import sheet_of
from archivist.web.visitor import Archivist, Rooms, now_by, shown_item

router = APIRouter(include_in_schema=False)

# What two boxes of the same line share at least; other characters offered for a line.
_SAME, _OFFERED = 0.5, 9

Number = Annotated[int, Path(ge=1)]


@dataclass(frozen=True, slots=True)
class Offer:
    """Another character for the one at `at` in a line, how sure, and the key it has."""

    key: int
    at: int
    instead: str
    char: str
    sure: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the page: its ink, its text as it stands and as it was read, and who said so, if a person did.

    `box` is what the desk finds it by; `state` is "", "corrected", "added" or "gone"; `number` takes it back.
    """

    box: str
    ink: Cutting
    text: str
    read: str
    vertical: bool
    handwritten: bool
    offers: tuple[Offer, ...]
    state: str = ""
    number: int = 0
    decided: Decided | None = None


@router.get("/items/{name}/correct/{number}")
def correct(request: Request, rooms: Rooms, visitor: Archivist, name: str, number: Number) -> Response:
    """Show the lines of a page to be corrected."""
    item = shown_item(rooms, visitor, name, "listed")
    numbers = [one.number for one in item.pages]
    if number not in numbers:
        raise _no_page(number)
    sheet = rooms.catalog.page_of(name, number)
    said = rooms.catalog.decided("line", [sheet.place])
    rows = _rows(name, sheet, rooms.catalog.page_as_read(name, number), said)
    at = numbers.index(number)
    return page(
        request, "correct.html", item=item, number=number, rows=rows, sheet=whole(name, sheet),
        before=numbers[at - 1] if at else None, after=numbers[at + 1] if at + 1 < len(numbers) else None,
        count=len(numbers),
    )  # fmt: skip


@router.post("/items/{name}/correct/{number}")
def keep(
    request: Request,
    rooms: Rooms,
    visitor: Archivist,
    name: str,
    number: Number,
    answers: Answers,
    tasks: BackgroundTasks,
) -> Response:
    """Keep how a person reads a line, or a line that no reader saw.

    Nothing is kept (409) where the line says something else by now than what the person saw there (`seen`).
    """
    item = shown_item(rooms, visitor, name, "listed")
    if number not in [one.number for one in item.pages]:
        raise _no_page(number)
    made: Decision | None
    if answers.get("act") == "add":
        box = sheet_of(rooms.catalog.page_of(name, number)).back(_box(answers))
        made = rooms.desk.line_addition(name, number, box, answers.get("text", ""), now_by(visitor))
    else:
        box, text = _box(answers), answers.get("text", "")
        if "seen" in answers:
            _check_unchanged(rooms.catalog.page_of(name, number), box, answers["seen"], text)
        made = rooms.desk.line_reading(name, number, box, text, now_by(visitor))
    numbers = rooms.catalog.decide([made]) if made else []
    # The page shows what was decided at once: only what follows from it is made behind.
    if by_script(request):
        tasks.add_task(behind(request).follow)
        return JSONResponse({"number": str(numbers[0])} if numbers else {}, background=tasks)
    behind(request).at_once()
    return RedirectResponse(f"/items/{quote(name)}/correct/{number}", 303)


def _no_page(number: int) -> NotFound:
    return NotFound(_("This item has no page {number}.").format(number=number))


def _check_unchanged(sheet: Page, box: Box, seen: str, text: str) -> None:
    """Raise a 409 where the line in `box` says neither what was `seen` there nor, as what is sent twice, `text`."""
    # Lines may overlap: it is enough that one of them is as it was. Where none stands, one was struck out.
    now = {_comparable(line.text) for line in _lines(sheet) if same_line(line.box, box) >= _SAME} or {""}
    if now.isdisjoint({_comparable(seen), _comparable(text)}):
        raise HTTPException(409, _("This is settled already: what was decided or read since has changed it."))


def _comparable(text: str) -> str:
    """Return what a browser sends back of `text`: damaged text layers hold what no page can show."""
    return plain(text.encode("utf-8", "replace").decode("utf-8").replace("\ufffd", ""))


def _box(answers: Mapping[str, str]) -> Box:
    """Return the box that is said: by its edges, or as left, top, width and height."""
    try:
        if "box" in answers:
            left, top, right, bottom = (float(edge) for edge in answers["box"].split(","))
        else:
            left, top = float(answers["left"]), float(answers["top"])
            right, bottom = left + float(answers["width"]), top + float(answers["height"])
    except (KeyError, ValueError):
        raise WrongCall(_("say where on the page the line stands")) from None
    box = Box(left, top, right, bottom)
    # NaN is smaller than nothing, and larger than nothing.
    if not all(-1e6 < edge < 1e6 for edge in box) or box.width <= 0 or box.height <= 0:
        raise WrongCall(_("say where on the page the line stands"))
    return box


def _rows(name: str, sheet: Page, as_read: Page, said: Sequence[Numbered]) -> list[Row]:
    standing = [one for one in said if not one.undone and one.decision.act != UNDO]
    before = [line for region in as_read.regions for line in region.lines]
    rows: list[Row] = []
    met: dict[int, int] = {}
    for line in _lines(sheet):
        place = next((at for at, one in enumerate(before) if same_line(one.box, line.box) >= _SAME), None)
        if place is not None:
            met[place] = len(rows)
        rows.append(_row(name, sheet, line, before[place] if place is not None else None, _last(standing, line.box)))
    # What a person struck out stands where it was read.
    for place in reversed(range(len(before))):
        decision = _last(standing, before[place].box)
        if place not in met and decision:
            behind = next((met[at] + 1 for at in range(place - 1, -1, -1) if at in met), 0)
            rows.insert(behind, _row(name, sheet, None, before[place], decision))
    return rows


def _lines(sheet: Page) -> list[Line]:
    """Return the lines of running text, then those of seals."""
    seals = [line for region in sheet.regions if region.kind == "seal" for line in region.lines]
    return [*sheet.lines, *seals]


def _row(name: str, sheet: Page, line: Line | None, before: Line | None, decision: Numbered | None) -> Row:
    shown = line or before
    assert shown is not None
    box = (before or shown).box
    glyphs = line.glyphs if line else ()
    doubtful = [glyph.box for glyph in glyphs if glyph.confidence < DOUBTFUL]
    cut = ink_of(name, sheet, [box], writing_of(before or shown), marks=doubtful)
    offers = sorted(
        (glyph.confidence, at, glyph.char, other.char, sure(other.confidence))
        for at, glyph in enumerate(glyphs)
        for other in glyph.alternatives
        if glyph.confidence < DOUBTFUL and other.char.strip()
    )[:_OFFERED]
    state = "" if decision is None else "gone" if line is None else "corrected" if before else "added"
    return Row(
        box=",".join(f"{edge:.2f}" for edge in box),
        ink=cut,
        text=line.text if line else "",
        read=before.text if before else "",
        vertical=is_vertical(before or shown),
        handwritten=shown.handwritten,
        offers=tuple(Offer(key, at, char, other, how) for key, (_sure, at, char, other, how) in enumerate(offers, 1)),
        state=state,
        number=decision.number if decision else 0,
        decided=decision.decision.decided if decision else None,
    )


def _last(standing: Sequence[Numbered], box: Box) -> Numbered | None:
    """Return the latest decision about the line in `box`."""
    for one in reversed(standing):
        edges = one.decision.detail.get("box")
        if isinstance(edges, list) and len(edges) == 4:
            numbers = [edge for edge in edges if isinstance(edge, int | float)]
            if len(numbers) == 4 and same_line(Box(*numbers), box) >= _SAME:
                return one
    return None
