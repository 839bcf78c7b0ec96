"""Where in a stack of pages without separators one item (件) ends and the next begins."""

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp
from typing import Any

from archivist.decisions import Decision
from archivist.definitions import load
from archivist.describe.stacks.related import agree, disagree, is_due, is_plan_of, names_another, relation
from archivist.describe.stacks.sheet import Sheet
from archivist.model import Boundary, Page

BEGINS_FROM = 0.5
"""From this confidence on a boundary begins an item; below it a person may look."""

_REPORTED_FROM = 0.25
_SUREST = 0.99
_FIRST_IN_DOUBT = 0.7
_SCAN_NAME = re.compile(r"(?P<series>.*?)(?P<number>\d+)\D*", re.DOTALL)
_NOT_FILLED = 0.6
_ARRIVING = frozenset({"forwarded paper", "listed attachment", "attachment heading"})


@dataclass
class _Run:
    """The item so far: its sheets that say something, and what was met since the last of them."""

    sheets: list[Sheet] = field(default_factory=list)
    blank: int = 0
    number: int | None = None
    of: int | None = None
    since_number: int = 0
    #: Whether what its papers pass on or list has come.
    arrived: bool = False

    @property
    def is_slip(self) -> bool:
        """Whether it holds nothing but slips yet."""
        return all(sheet.form for sheet in self.sheets)

    def take(self, sheet: Sheet, folio: bool) -> None:
        """Put `sheet` behind the others; `folio` says that bare numbers are the archive's own."""
        self.since_number += 1
        printed = None if sheet.form or (folio and sheet.number and sheet.number.bare) else sheet.number
        if printed:
            self.number, self.of, self.since_number = printed.value, printed.of, 0
        if sheet.empty:
            self.blank += 1
        else:
            self.sheets.append(sheet)
            self.blank = 0


def boundaries(pages: Sequence[Page], decided: Mapping[str, Decision] | None = None) -> tuple[Boundary, ...]:
    """Return where in the stack of `pages` an item begins or may begin, in order, page 1 first.

    A boundary begins an item from `BEGINS_FROM` on; those below (from 0.25) are places where a person may want to.
    `reasons` are signs of schemas/boundaries.yaml, those for it first, the strongest of each kind before the
    others. What a person decided (`begins`, `continues`), by `Page.place`, is final: such a boundary is sure and
    says who, and the pages behind it are judged by it. Every item begins with a page that says something, except
    at page 1; the order of an item is that of DA/T 22-2015 (slip, original, draft; text, attachment; reply, letter).
    """
    acts = decided or {}
    sheets = [Sheet(page) for page in pages]
    folio, filled = _has_folios(sheets), _filled(sheets)
    found: list[Boundary] = []
    run = _Run()
    for index, sheet in enumerate(sheets):
        decision = acts.get(sheet.page.place)
        if index == 0:
            found.append(_first(sheet, decision))
        else:
            speaks = bool(run.sheets) and not sheet.empty
            signs = tuple(_signs(run, sheet, sheets[index + 1 :], folio, filled)) if speaks else ()
            boundary = _boundary(sheet, signs, decision)
            if boundary:
                found.append(boundary)
            if boundary and boundary.confidence >= BEGINS_FROM:
                run = _Run()
            run.arrived = run.arrived or not _ARRIVING.isdisjoint(signs)
        run.take(sheet, folio)
    return tuple(found)


def _boundary(sheet: Sheet, signs: Sequence[str], decision: Decision | None) -> Boundary | None:
    if decision and decision.act == "continues":
        return None
    if decision:
        return Boundary(sheet.page.number, _ordered(signs), 1.0, decision.decided)
    confidence = _confidence(signs) if signs else 0.0
    return Boundary(sheet.page.number, _ordered(signs), confidence) if confidence >= _REPORTED_FROM else None


def _first(sheet: Sheet, decision: Decision | None) -> Boundary:
    signs = ["first page", *(("slip",) if sheet.form else _opening_signs(sheet))]
    against = []
    if not sheet.form and not sheet.empty:
        against += ["attachment heading"] * (sheet.is_attachment or sheet.is_titled_attachment(None))
        against += ["list goes on"] * (sheet.goes_on_with and sheet.opening is None)
        against += ["only the end of a paper"] * sheet.is_tail
    if decision and decision.act == "begins":
        return Boundary(sheet.page.number, _ordered([*signs, *against]), 1.0, decision.decided)
    return Boundary(sheet.page.number, _ordered([*signs, *against]), _FIRST_IN_DOUBT if against else 1.0)


def _signs(run: _Run, sheet: Sheet, behind: Sequence[Sheet], folio: bool, filled: float) -> Iterator[str]:
    last = run.sheets[-1]
    if sheet.form:
        yield "slip"
        if _same_slip(run, sheet, behind):
            yield "slip of the same paper"
            return
    else:
        yield from _opening_signs(sheet)
        belongs = _belongs(run, sheet)
        if belongs:
            # Papers of one item have their own page numbers, ends and paper, too.
            yield belongs
            return
        if run.is_slip:
            yield "slip names another paper"
        elif not run.arrived and is_due(sheet, run.sheets):
            yield "paper still due"
        elif is_plan_of(sheet, run.sheets):
            yield "plan of the same subject"
        yield from _text_signs(last, sheet)
        paper = next((one for one in reversed(run.sheets) if not one.form), None)
        if paper:
            yield from paper.material.differences(sheet.material)
    yield from _number_signs(run, sheet, behind, folio)
    if last.has_imprint and not last.form:
        yield "imprint before"
    elif last.is_signed and not last.form:
        yield "signature before"
    if not last.form and last.bottom < _NOT_FILLED * filled:
        yield "page before not filled"
    if run.blank:
        yield "blank page before"
    if _names_begin_anew(last.page, sheet.page):
        yield "scan names begin anew"


def _opening_signs(sheet: Sheet) -> Iterator[str]:
    begun, (head, number) = sheet.opening, sheet.marks
    if head:
        yield "red head"
    if number:
        yield "document number"
    if sheet.addressee:
        yield "addressee"
    loose = sheet.loose_opening.title if sheet.loose_opening and not sheet.is_attachment else None
    if begun and begun.title:
        yield "title"
    elif loose:
        yield "title" if sheet.is_dated else "title by its end"
    if sheet.issue:
        yield "issue of a serial"
    elif not begun and not loose and not sheet.is_attachment and sheet.is_headed:
        yield "heading"


def _belongs(run: _Run, sheet: Sheet) -> str | None:
    """Return the sign that `sheet` belongs to a paper of the item so far, whatever it looks like."""
    if run.is_slip:
        return None if names_another(run.sheets[-1].facts, sheet.facts) else "behind its slip"
    if sheet.is_attachment or sheet.is_titled_attachment(run.sheets[-1]):
        return "attachment heading"
    return relation(sheet, run.sheets)


def _text_signs(last: Sheet, sheet: Sheet) -> Iterator[str]:
    if last.form:
        return
    if last.runs_on:
        yield "sentence goes on"
    if sheet.goes_on_with and sheet.opening is None:
        yield "list goes on"
    if last.columns[1] > 1 and last.columns[1] == sheet.columns[0]:
        yield "table goes on"
    if sheet.is_tail:
        yield "only the end of a paper"


def _number_signs(run: _Run, sheet: Sheet, behind: Sequence[Sheet], folio: bool) -> Iterator[str]:
    if run.is_slip:
        return
    if run.of is not None and run.of == run.number and run.since_number == run.blank:
        yield "last page before"
    if sheet.form:
        return
    printed, following = _printed(sheet, folio), _following(behind, folio)
    # Blank backs are counted by some and not by others.
    steps = {run.since_number + 1, run.since_number + 1 - run.blank}
    expected = {run.number + step for step in steps} if run.number is not None else set()
    papers = [one for one in run.sheets if not one.form]
    if printed is not None:
        unnumbered = run.number is None and printed == len(papers) + 1
        follows_first = printed == 2 and run.since_number > run.blank
        if printed in expected or unnumbered or follows_first:
            yield "page numbers go on"
        elif printed == 1:
            yield "page numbers begin anew" if run.number is not None else "page numbers begin"
    elif following is not None and {following - 1, following - 2} & expected and following > 2:
        yield "page numbers go on"
    elif following == 2:
        yield "page 2 follows"


def _following(behind: Sequence[Sheet], folio: bool) -> int | None:
    """Return the number printed on the next page that says something."""
    following = next((one for one in behind if not one.empty), None)
    return _printed(following, folio) if following and not following.form else None


def _printed(sheet: Sheet, folio: bool) -> int | None:
    return sheet.number.value if sheet.number and not (folio and sheet.number.bare) else None


def _same_slip(run: _Run, sheet: Sheet, behind: Sequence[Sheet]) -> bool:
    """Return whether the slip `sheet` is another one of the paper that the item holds, or whose slip it begins with."""
    assert sheet.form is not None
    said = sheet.facts
    if run.is_slip:
        last = run.sheets[-1]
        another_form = last.form is not None and last.form.form.name != sheet.form.form.name
        return agree(last.facts, said) or (another_form and not disagree(last.facts, said))
    following = next((one for one in behind if not one.empty), None)
    carried = following.facts if following and not following.form else None
    here = [one.facts for one in run.sheets if not one.form and one.opening]
    if any(agree(said, one) for one in here) and not (carried and agree(said, carried)):
        return True
    # A draft lies behind its paper, unless it is badly read and the paper begins behind it.
    is_draft = sheet.form.form.name in _rules()["drafts"]
    return is_draft and bool(here) and not disagree(said, here[-1]) and not (carried and agree(said, carried))


def _names_begin_anew(last: Page, page: Page) -> bool:
    """Return whether the name of the scan is the first of another series, or of another scan of many pages."""
    if last.scan.sha256 != page.scan.sha256 and page.scan.index == 0 < last.scan.index:
        return True
    before, here = (_SCAN_NAME.fullmatch(name.rpartition(".")[0]) for name in (last.scan.name, page.scan.name))
    if before is None or here is None or before["series"] == here["series"]:
        return False
    return int(here["number"]) <= int(before["number"])


def _filled(sheets: Sequence[Sheet]) -> float:
    """Return how far down the pages of the stack are filled that are full, as a share of the height."""
    bottoms = sorted(sheet.bottom for sheet in sheets if not sheet.empty)
    return bottoms[int(len(bottoms) * 0.8)] if bottoms else 0.0


def _has_folios(sheets: Sequence[Sheet]) -> bool:
    """Return whether bare page numbers run on through slips and red heads: then the archive stamped them."""
    on = off = 0
    numbers: deque[int | None] = deque([None], 2)
    for sheet in sheets:
        numbers.append(sheet.number.value if sheet.number and sheet.number.bare else None)
        begins = sheet.form or (sheet.opening and sheet.opening.head)
        if begins and numbers[0] is not None and numbers[1] is not None:
            on += numbers[1] == numbers[0] + 1
            off += numbers[1] != numbers[0] + 1
    return on > off


def _confidence(signs: Sequence[str]) -> float:
    rules = _rules()
    paper = sum(rules["signs"][sign]["weight"] for sign in signs if rules["signs"][sign].get("paper"))
    others = sum(rules["signs"][sign]["weight"] for sign in signs if not rules["signs"][sign].get("paper"))
    odds = rules["prior"] + others + min(paper, rules["most_of_paper"])
    return round(min(1 / (1 + exp(-odds)), _SUREST), 3)


def _ordered(signs: Sequence[str]) -> tuple[str, ...]:
    weights = _rules()["signs"]
    return tuple(sorted(signs, key=lambda sign: (weights[sign]["weight"] < 0, -abs(weights[sign]["weight"]))))


def _rules() -> dict[str, Any]:
    rules: dict[str, Any] = load("schemas/boundaries.yaml")
    return rules
