"""What a PDF would do besides being looked at: scripts, attachments, calls to programs (DA/T 70-2018, 安全性)."""

import re
from collections.abc import Iterator, Set
from gettext import gettext as _
from typing import Any

from pdfminer.pdftypes import PDFObjectNotFound, PDFObjRef, PDFStream, resolve1
from pdfminer.psparser import PSLiteral

from archivist.errors import OversizedScan, UnsafeScan
from archivist.image.unfold import Unfolded

#: Actions (ISO 32000-1, 12.6.4) that reach out of the page, by what is said of them.
_ACTIONS = {
    "JavaScript": "script",
    "Launch": "program",
    "SubmitForm": "sending",
    "ImportData": "sending",
    "GoToR": "document",
    "GoToE": "document",
    "Rendition": "media",
    "RichMediaExecute": "media",
}
#: What may happen by itself when a document or page is opened.
_HARMLESS = frozenset({"GoTo", "Named", "Hide", "SetOCGState", "Trans", "ResetForm"})
_ANNOTATIONS = {"FileAttachment": "attachment", "RichMedia": "media", "3D": "media", "Movie": "media", "Sound": "media"}
#: Where what stands there happens by itself.
_AUTOMATIC = frozenset({"OpenAction", "AA"})
#: The words that betray each, as they stand in a PDF that cannot be followed.
_WORDS = re.compile(
    rb"/(JavaScript|Launch|SubmitForm|ImportData|GoToR|GoToE|Rendition|RichMediaExecute|EmbeddedFile|EmbeddedFiles"
    rb"|FileAttachment|RichMedia|XFA)(?![A-Za-z0-9_.#-])"
)
_NAMED = (
    _ACTIONS
    | _ANNOTATIONS
    | {"JS": "script", "XFA": "form"}
    | dict.fromkeys(("EmbeddedFile", "EmbeddedFiles"), "attachment")
)
_NODES = (PDFObjRef, PDFStream, dict, list)
#: A larger document is judged by its words.
_MOST_OBJECTS = 400_000


def refuse_active(data: bytes, known: Set[str] = frozenset()) -> None:
    """Raise UnsafeScan where the PDF `data` holds what no scan needs and what could do harm, or some is `known`.

    A link to an address on a page, a signature and a place to open at are no reason. OversizedScan where it unpacks
    to more than a scan can need.
    """
    try:
        found, whole = _found(Unfolded(data))
    except OversizedScan:
        raise
    except Exception:
        # There is no end to what damaged bytes raise.
        found, whole = set(), False
    if not found and not whole:
        found = {_NAMED[word.decode()] for word in _WORDS.findall(data)}
    if found:
        text = _(
            "the PDF holds {what}, which no scan needs and which could do harm; print it to a new PDF, ingest that"
        )
        raise UnsafeScan(text.format(what=", ".join(sorted(map(_said, found)))))


def _said(kind: str) -> str:
    return {
        "script": _("scripts"),
        "program": _("a call to another program"),
        "sending": _("a form that sends or fetches data"),
        "document": _("a way into another document"),
        "media": _("films, sounds or models"),
        "attachment": _("attached files"),
        "form": _("an XFA form"),
        "opening": _("something to do when it is opened"),
    }[kind]


def _found(pdf: Unfolded) -> tuple[set[str], bool]:
    """Return what kinds of activity the objects of `pdf` show, and whether all of them could be looked at."""
    found: set[str] = set()
    # Each object with whether what stands there happens by itself.
    waiting: list[tuple[Any, bool]] = [(pdf.document.catalog, False)]
    seen: set[tuple[int, bool]] = set()
    whole = bool(pdf.document.catalog)
    while waiting and len(seen) < _MOST_OBJECTS:
        thing, automatic = waiting.pop()
        if isinstance(thing, PDFObjRef):
            if (thing.objid, automatic) in seen:
                continue
            seen.add((thing.objid, automatic))
            try:
                thing = pdf.document.getobj(thing.objid)
            except PDFObjectNotFound:
                whole = False
        if isinstance(thing, PDFStream):
            if _name(thing.get("Type")) == "EmbeddedFile":
                found.add("attachment")
            thing = thing.attrs
        if isinstance(thing, dict):
            found.update(_shown(thing, automatic))
            waiting += _below(thing, automatic)
        elif isinstance(thing, list):
            waiting += [(value, automatic) for value in thing if isinstance(value, _NODES)]
    return found, whole and not waiting


def _shown(thing: dict[Any, Any], automatic: bool) -> Iterator[str]:
    action = _name(thing.get("S"))
    if action in _ACTIONS:
        yield _ACTIONS[action]
    elif automatic and action and action not in _HARMLESS:
        yield "opening"
    subtype = _name(thing.get("Subtype"))
    if subtype in _ANNOTATIONS and "Rect" in thing:
        yield _ANNOTATIONS[subtype]
    if thing.get("EF"):
        yield "attachment"
    if thing.get("XFA"):
        yield "form"


def _below(thing: dict[Any, Any], automatic: bool) -> Iterator[tuple[Any, bool]]:
    for key, value in thing.items():
        if isinstance(value, _NODES):
            # An array there is a place to open at; an action is followed by the next.
            place = key == "OpenAction" and isinstance(value, list)
            follows = automatic and ("S" not in thing or key == "Next")
            yield value, (key in _AUTOMATIC and not place) or follows


def _name(value: Any) -> str:
    value = resolve1(value)
    return str(value.name) if isinstance(value, PSLiteral) else ""
