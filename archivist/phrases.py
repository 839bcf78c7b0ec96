"""How values, confidences and reasons are said to people, on the command line and in the reading room."""

from collections.abc import Iterable, Iterator, Mapping
from math import floor
from typing import TYPE_CHECKING, Any, NamedTuple

from archivist.language import gettext as _
from archivist.language import ngettext

if TYPE_CHECKING:
    from archivist.decisions import Decision
    from archivist.model import Boundary, Document, Field, Item, Scan, Value, Witness

#: From which confidence on a value is called so; below all of them it is doubtful.
_CERTAIN, _LIKELY = 0.98, 0.9


class Heard(NamedTuple):
    """What another place on the paper says of a value: the place in words, and why it speaks against it, if so."""

    witness: "Witness"
    place: str
    against: str


def sure(confidence: float) -> str:
    """Return a confidence with two digits, never rounded up: 1.00 is said of nothing that is not certain."""
    return f"{floor(confidence * 100) / 100:.2f}"


def how_sure(confidence: float) -> str:
    """Return a confidence in a word."""
    if confidence >= _CERTAIN:
        return _("certain")
    return _("likely") if confidence >= _LIKELY else _("doubtful")


def shown(value: Any) -> str:
    """Return a value as people read it."""
    if isinstance(value, dict):
        if "text" in value and "agency_code" in value:
            return str(value["text"])
        parts = ((key, part) for key, part in value.items() if part not in (None, ""))
        return _("; ").join(_(key) + _(": ") + (_(part) if key == "kind" else shown(part)) for key, part in parts)
    return str(value)


def phrase(words: Mapping[str, str]) -> str:
    """Return what a definition says in the language that is spoken, English where it lacks that."""
    # Translators: the code of the language these texts are in.
    return words.get(_("en"), words["en"])


def glance(item: "Item") -> Iterator[str]:
    """Yield what tells an item from others at a glance: code, number, date, pages."""
    if item.reference_code:
        yield item.reference_code
    for document in item.documents:
        if document.kind == "issued_document":
            for name in ("document_number", "date_of_issue"):
                yield from (shown(value) for value in _standing(document, name)[:1])
            break
    pages = len(item.pages)
    yield ngettext("{count} page", "{count} pages", pages).format(count=pages)


def numbered(item: "Item") -> str:
    """Return the document number of the paper that the item is about, `""` where none is known."""
    papers = (document for document in item.documents if document.kind == "issued_document")
    return next((shown(value) for document in papers for value in _standing(document, "document_number")[:1]), "")


def dated(item: "Item") -> str:
    """Return the date an item is put in order by, `""` where none is known."""
    for name in ("date_of_issue", "received_date"):
        for document in item.documents:
            for value in _standing(document, name)[:1]:
                return str(value)
    return ""


def _standing(document: "Document", name: str) -> "list[Value]":
    """Return the values of a field that nobody refused."""
    return [entry.value for entry in document.values(name) if entry.status != "rejected"]


def size(scan: "Scan") -> str:
    """Return the pixels of a page; where two share a scan, with where it begins."""
    if area := scan.area:
        return f"{area.width:.0f}×{area.height:.0f}+{area.left:.0f}+{area.top:.0f}"
    return f"{scan.width}×{scan.height}"


def heard(field: "Field") -> Iterator[Heard]:
    """Yield what other places of the paper say of the same thing, for and against."""
    from archivist.definitions import load
    from archivist.describe.witnesses.testimony import compare

    words = load("schemas/witnesses.yaml")
    for one in field.witnesses:
        against = compare(field.name, field.value, one).against
        place = phrase(words["places"][one.method]) if one.method in words["places"] else one.method
        yield Heard(one, place, phrase(words["reasons"][against]) if against else "")


def witnesses(field: "Field") -> Iterator[str]:
    """Yield the same, a line each."""
    for one, place, against in heard(field):
        ink = _("p. {page}: “{raw}”").format(page=one.page, raw=one.raw)
        why = f" ({against})" if against else ""
        yield f"{'✗' if against else '✓'} {place}: {shown(one.value)}{why}  {sure(one.confidence)}  {ink}"


def beginning(boundary: "Boundary") -> str:
    """Return where an item begins or may begin, and why."""
    from archivist.definitions import load

    words = load("schemas/boundaries.yaml")["signs"]
    # Translators: what parts the words of a list.
    why = _(", ").join(phrase(words[reason]) for reason in boundary.reasons)
    if boundary.decided:
        why = _("decided by {who}, {when}").format(who=boundary.decided.who, when=boundary.decided.at[:10])
    begins = _("begins at p. {number}") if boundary.page == 1 else _("may begin at p. {number}")
    return f"{begins.format(number=boundary.page)}  {why}"


def ranges(numbers: Iterable[int]) -> str:
    """Return sorted numbers in short: 1–3, 7."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][1] == number - 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in parts) or "–"


def word(name: str) -> str:
    """Return a word of a record, such as the name of a field, as people write it."""
    return _(name).replace("_", " ")


def deed(decision: "Decision") -> str:
    """Return what a person decided, in a sentence without a name."""
    from archivist.decisions import UNDO, first_act

    detail, act = decision.detail, first_act(decision)
    said = {
        ("value", "accept"): _("{name} is right: {value}"),
        ("value", "correct"): _("{name} is {value}, not {read}"),
        ("value", "reject"): _("{name} is not {read}"),
        ("value", "add"): _("{name} added: {value}"),
        ("line", "read as"): _("a line reads “{text}”, not “{read}”"),
        ("line", "add"): _("a line added: “{text}”"),
        ("boundary", "begins"): _("an item begins here"),
        ("boundary", "continues"): _("no item begins here"),
        ("link", "confirm"): _("belongs to the campaign {campaign}"),
        ("link", "refuse"): _("does not belong to the campaign {campaign}"),
        ("link", "move"): _("belongs to another campaign than {campaign}"),
        ("likeness", "confirm"): _("the same paper as another item"),
        ("likeness", "refuse"): _("not the same paper as another item"),
    }.get((decision.subject, act), f"{decision.subject}: {act}")  # fmt: skip
    if (decision.subject, act) == ("line", "read as") and not detail.get("text"):
        said = _("“{read}” is no writing")
    read = detail["read"] if detail.get("read") is not None else detail.get("raw", "")
    told = said.format(
        name=word(str(detail.get("field", ""))), value=shown(detail.get("value", read)), read=shown(read),
        text=detail.get("text", ""), campaign=detail.get("name") or detail.get("campaign", ""),
    )  # fmt: skip
    if decision.act != UNDO:
        return told
    return (_("put back: {what}") if detail.get("counts") else _("taken back: {what}")).format(what=told)
