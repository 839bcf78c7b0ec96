"""What people decided about values, put into what the rules found; a later reading of the page heeds it too."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby

from archivist import handles as named
from archivist.decisions import ACTS, Decision, about
from archivist.definitions import load
from archivist.describe.typed import typed
from archivist.errors import NotFound, WrongCall
from archivist.language import gettext as _
from archivist.model import Box, Decided, Document, DocumentKind, Evidence, Field, Item, Page, Status, Value, Witness
from archivist.text import fold

__all__ = ["addition", "decision_for", "handles", "heed", "typed"]

PERSON = "person"
"""The method of a value that a person corrected or added."""
# What makes a paper of no known kind an issued document once a person has said it.
_OF_ISSUED = frozenset({"title", "document_number", "issuing_agency", "date_of_issue"})
# Boxes that share so much of the smaller one are the same place on the paper.
_SAME_PLACE = 0.5
# Values so much alike (0..1) are readings of the same: for what a paper has many of, and for what was refused.
_ALIKE, _NEARLY_SAME = 0.5, 0.8


def handles(item: Item) -> dict[str, tuple[int, int]]:
    """Return the handle of every value of `item`, and the positions of its document and of it there."""
    return {
        handle: (place.document, place.position)
        for handle, place in named.handles(item).items()
        if place.document is not None
    }


def decision_for(item: Item, handle: str, act: str, value: str | None, who: str, at: str) -> Decision:
    """Return the decision of `who` about the value that `handle` names: accept, correct, reject, or add another.

    `value` is the right one as a person types it, for correct and add; parts not named stay as read. Raises NotFound
    where the item has no such value, WrongCall where the act or the value cannot be meant so.
    """
    if act not in ACTS["value"]:
        raise WrongCall(_("{act} is nothing that can be decided about a value").format(act=act))
    place = handles(item).get(handle if "." in handle else f"{item.id}.{handle}")
    if place is None:
        text = _("The item {item} has no value {handle}; what was decided or read since may have changed it.")
        raise NotFound(text.format(item=item.id, handle=handle))
    document = item.documents[place[0]]
    field = document.fields[place[1]]
    detail: dict[str, Value] = {
        "document": document.kind,
        "field": field.name,
        "box": list(field.evidence.box),
        "read": field.value,
        "raw": field.raw,
        "text": field.evidence.text,
        "alone": not any(
            other is not field and _overlap(other.evidence.box, field.evidence.box) >= _SAME_PLACE
            for other in document.values(field.name)
            if other.evidence.page == field.evidence.page
        ),
    }
    if act in ("correct", "add"):
        if value is None:
            raise WrongCall(_("say what is right instead"))
        detail["value"] = typed(field.name, document.kind, value, field.value if act == "correct" else None)
    return Decision("value", item.page(field.evidence.page).place, act, detail, Decided(who, at))


def addition(item: Item, page: int, box: Box, name: str, value: str, who: str, at: str) -> Decision:
    """Return the decision of `who` that the ink in `box` on `page` says `value` of the field `name`.

    Raises NotFound where the item has no such page, WrongCall where its document has no such field or the value
    cannot be meant so.
    """
    document = next((document for document in item.documents if page in document.pages), None)
    sheet = next((sheet for sheet in item.pages if sheet.number == page), None)
    if document is None or sheet is None:
        raise NotFound(_("The item {item} has no page {page}.").format(item=item.id, page=page))
    ink = _ink(sheet, box, "")
    detail: dict[str, Value] = {
        "document": document.kind,
        "field": name,
        "box": list(box),
        "read": None,
        "raw": ink.text,
        "text": ink.text,
        "value": typed(name, document.kind, value),
    }
    return Decision("value", sheet.place, "add", detail, Decided(who, at))


def heed(documents: Sequence[Document], pages: Sequence[Page], decisions: Iterable[Decision]) -> tuple[Document, ...]:
    """Return `documents` as people decided: of several decisions about the same value the latest counts.

    A value is found again on its page by field and place, or by what it says. What was accepted, corrected or added is
    verified, with confidence 1; where nothing is found it is put back, with the ink under its box. What was refused
    stays, as rejected; where the same ink now says something else, that waits for review. Where a paper has one of a
    kind and it is verified, other readings become its witnesses.
    """
    sheets = [list(document.fields) for document in documents]
    said = (one for one in map(_said, about(decisions, "value")) if one)
    for one in _counting(_last_word(said), documents, pages):
        own = [page for page in pages if page.place == one.place]
        met = [_meet(one, documents, sheets, page) for page in own]
        if own and not any(met) and one.act != "reject":
            _put_back(one, documents, sheets, own[0])
    return tuple(
        replace(document, kind=_kind(document.kind, fields), fields=_one_of_a_kind(document.kind, fields))
        for document, fields in zip(documents, sheets, strict=True)
    )


def _kind(kind: DocumentKind, fields: Sequence[Field]) -> DocumentKind:
    said = any(field.name in _OF_ISSUED and field.status == "verified" for field in fields)
    return "issued_document" if kind == "other" and said else kind


@dataclass(frozen=True, slots=True)
class _Said:
    """A decision about a value; `reads` is everything the value was before, `right` what it is.

    `alone` says that its ink said nothing else of the kind when it was decided.
    """

    place: str
    slip: bool
    name: str
    box: Box
    reads: tuple[Value, ...]
    right: Value
    act: str
    raw: str
    text: str
    alone: bool
    decided: Decided

    def knows(self, value: Value) -> bool:
        """Whether the value was read so before, or is the right one."""
        return value == self.right or value in self.reads

    def likeness(self, value: Value) -> float:
        """How much `value` is like what was read (0..1)."""
        return max((_likeness(value, read) for read in self.reads), default=0.0)


def _said(decision: Decision) -> _Said | None:
    """Return what a decision says, None where its detail is not that of a value."""
    detail = decision.detail
    name, box = detail.get("field"), detail.get("box")
    edges = [edge for edge in box if isinstance(edge, int | float)] if isinstance(box, list) else []
    if not isinstance(name, str) or len(edges) != 4:
        return None
    read = detail.get("read")
    return _Said(
        decision.target,
        detail.get("document") == "circulation_slip",
        name,
        Box(*edges),
        () if decision.act == "add" else (read,),
        detail.get("value") if decision.act in ("correct", "add") else read,
        decision.act,
        str(detail.get("raw") or ""),
        str(detail.get("text") or ""),
        detail.get("alone") is True,
        decision.decided,
    )


def _last_word(decisions: Iterable[_Said]) -> list[_Said]:
    """Return of several decisions about one value the last, with all that the value was before, oldest first."""
    kept: list[_Said] = []
    for said in decisions:
        for place, before in enumerate(kept):
            same = (before.place, before.slip, before.name) == (said.place, said.slip, said.name)
            known = before.knows(said.reads[0] if said.reads else said.right)
            if same and known and _overlap(before.box, said.box) >= _SAME_PLACE:
                del kept[place]
                said = replace(said, reads=(*before.reads, before.right, *said.reads))
                break
        kept.append(said)
    return kept


def _counting(decisions: Sequence[_Said], documents: Sequence[Document], pages: Sequence[Page]) -> Iterator[_Said]:
    """Yield all `decisions` but those that hold right what a later one holds to be another, where there is one only."""
    papers = {page.place: number for page in pages for number, one in enumerate(documents) if page.number in one.pages}
    last: dict[tuple[int | None, bool, str], _Said] = {}
    for said in decisions:
        if said.act != "reject" and _is_single("circulation_slip" if said.slip else "issued_document", said.name):
            last[papers.get(said.place), said.slip, said.name] = said
    for said in decisions:
        if said.act == "reject" or last.get((papers.get(said.place), said.slip, said.name), said) is said:
            yield said


def _meet(said: _Said, documents: Sequence[Document], sheets: Sequence[list[Field]], page: Page) -> bool:
    """Put what was said into the value on `page` that it is about, if that is found."""
    there = [
        (_rank(said, field, documents[number].kind), -number, -position)
        for number, fields in enumerate(sheets)
        for position, field in enumerate(fields)
        if field.name == said.name
        and field.evidence.page == page.number
        and (documents[number].kind == "circulation_slip") == said.slip
    ]
    rank, number, position = max(there, default=(0.0, 0, 0))
    if not rank:
        return False
    field = sheets[-number][-position]
    if said.act != "reject":
        # What was matched to the name as read need not be the agency that is meant.
        authority = field.authority if field.value == said.right else None
        method = field.method if field.value == said.right else PERSON
        field = replace(field, value=said.right, confidence=1.0, method=method, status="verified")
        field = replace(field, authority=authority, decided=said.decided)
    elif said.knows(field.value) or said.likeness(field.value) >= _NEARLY_SAME:
        field = replace(field, status="rejected", decided=said.decided)
    else:
        status: Status = "review" if field.status == "accepted" else field.status
        field = replace(field, status=status)
    sheets[-number][-position] = field
    return True


def _rank(said: _Said, field: Field, kind: str) -> float:
    """Return how well `field` fits what was said: known and in place, in place, known; 0 where it is another."""
    overlap = _overlap(said.box, field.evidence.box)
    if said.knows(field.value):
        return 3 + overlap if overlap >= _SAME_PLACE else 1
    if overlap < _SAME_PLACE or field.decided or not said.reads:
        return 0
    likeness = said.likeness(field.value)
    # Where a line says several, only what reads alike is the same.
    return 2 + likeness / 2 if said.alone or likeness >= _ALIKE or _is_single(kind, said.name) else 0


def _put_back(said: _Said, documents: Sequence[Document], sheets: Sequence[list[Field]], page: Page) -> None:
    """Enter what was said into the document of the page, unless that is one that cannot say such a thing."""
    for number, document in enumerate(documents):
        if page.number in document.pages and (document.kind == "circulation_slip") == said.slip:
            ink = _ink(page, said.box, said.text)
            field = Field(said.name, said.right, ink.text or said.raw, ink, 1.0, PERSON, "verified")
            later = (
                position
                for position, other in enumerate(sheets[number])
                if other.name == said.name and (other.evidence.page, other.evidence.start) > (ink.page, ink.start)
            )
            sheets[number].insert(next(later, len(sheets[number])), replace(field, decided=said.decided))
            return


def _ink(page: Page, box: Box, text: str) -> Evidence:
    """Return the ink under `box`: the longest run of characters there, or where it holds `text`, that.

    Where nothing is read there, the box alone is the evidence: a person saw what it holds.
    """
    inside = [place for place, glyph in enumerate(page.glyphs) if _holds(box, glyph.box)]
    runs = [
        [place for _turn, place in run] for _key, run in groupby(enumerate(inside), lambda entry: entry[1] - entry[0])
    ]
    if not runs:
        return Evidence(page.number, 0, 0, box, "")
    longest = max(runs, key=len)
    start, end = longest[0], longest[-1] + 1
    if text:
        at = fold(page.running_text[inside[0] : inside[-1] + 1]).find(fold(text))
        if at >= 0:
            start, end = inside[0] + at, inside[0] + at + len(text)
    return Evidence.of(page, start, end)


def _one_of_a_kind(kind: str, fields: Sequence[Field]) -> tuple[Field, ...]:
    """Return `fields` with other readings of what is verified, and there is one of, as its witnesses."""
    verified = [field for field in fields if field.status == "verified" and _is_single(kind, field.name)]
    chosen: dict[str, Field] = {}
    for field in verified:
        best = chosen.setdefault(field.name, field)
        if (field.decided.at if field.decided else "") > (best.decided.at if best.decided else ""):
            chosen[field.name] = field
    kept = []
    for field in fields:
        best = chosen.get(field.name, field)
        if field is best or field.status == "rejected":
            others = [one for one in fields if one.name == field.name and one.status != "rejected" and one is not best]
            kept.append(_heard(field, others) if field is best and field.name in chosen else field)
    return tuple(kept)


def _heard(field: Field, others: Iterable[Field]) -> Field:
    heard = list(field.witnesses)
    for other in others:
        ink = other.evidence
        own = Witness(other.method, other.value, other.raw, ink.page, ink.box, other.confidence)
        heard += [witness for witness in (own, *other.witnesses) if witness not in heard]
    return replace(field, witnesses=tuple(heard))


def _is_single(kind: str, name: str) -> bool:
    return bool(load("schemas/review.yaml")["documents"].get(kind, {}).get(name, {}).get("single"))


def _holds(box: Box, other: Box) -> bool:
    x, y = other.centre
    return box.left <= x <= box.right and box.top <= y <= box.bottom


def _overlap(one: Box, other: Box) -> float:
    """Return how much of the smaller box lies in the larger one (0..1)."""
    smaller = min(one.width * one.height, other.width * other.height)
    return one.overlap(other) / smaller if smaller > 0 else float(one == other)


def _likeness(one: Value, other: Value) -> float:
    """Return how much two values that are not the same are alike: of those with parts, the parts that differ."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        differing = sorted(part for part in {*one, *other} if one.get(part) != other.get(part))
        words = ["\n".join(str(value.get(part) or "") for part in differing) for value in (one, other)]
    else:
        words = [str(one), str(other)]
    return SequenceMatcher(None, fold(words[0]), fold(words[1]), autojunk=False).ratio()
