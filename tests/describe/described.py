"""What the rules for issued documents say of a text, each thing once: the first, weightiest witness."""

from collections.abc import Iterable
from dataclasses import replace

from archivist.describe import assemble, issued, names
from archivist.model import Document, Field, Page, Value
from tests.describe import paper

_ONE = frozenset({"document_number", "date_of_issue"})
_OF_PLANS = frozenset({"group_member", "phase", "indicator", "deadline"})


def documents(*sheets: str | Page) -> tuple[Document, ...]:
    """Return the documents on `sheets`, those issued with their fields, without what the rules for plans find."""
    pages = paper.stack(*sheets)
    assembled = assemble(pages)
    attached = {number for document in assembled if document.kind == "attachment" for number in document.pages}
    found = []
    for document in assembled:
        own = [page for page in pages if page.number in document.pages]
        behind = [page for page in pages if page.number in attached and page.number > document.pages[-1]]
        fields = issued.fields(own, behind) if document.kind == "issued_document" else ()
        if document.kind == "attachment":
            fields = issued.attachment_fields(own)
        found.append(replace(document, fields=_once(field for field in fields if field.name not in _OF_PLANS)))
    return tuple(found)


def values(document: Document) -> dict[str, list[Value]]:
    """Return the values of `document` by the names of their fields."""
    return {field.name: [entry.value for entry in document.values(field.name)] for field in document.fields}


def _once(fields: Iterable[Field]) -> tuple[Field, ...]:
    """Return one date and number, and each issuer once, of the `fields` of all witnesses."""
    kept: list[Field] = []
    for field in fields:
        others = [other for other in kept if other.name == field.name]
        if field.name in _ONE and others:
            continue
        if field.name == "issuing_agency" and any(
            names.same_agency(str(field.value), str(other.value)) for other in others
        ):
            continue
        kept.append(field)
    return tuple(kept)
