"""From pages to the documents of an item and their fields, every value with the ink that proves it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import takewhile

from archivist.decisions import Decision
from archivist.describe import dates, issued, numbers
from archivist.describe import slips as slip
from archivist.describe.authority import Authority, matched
from archivist.describe.decided import heed
from archivist.describe.ink import ACCEPTED_FROM, Flow, plain
from archivist.describe.stacks.assemble import assemble
from archivist.describe.witnesses import settle
from archivist.model import Document, Field, Page

__all__ = ["ACCEPTED_FROM", "assemble", "dates", "describe", "numbers", "title_of"]

_MADE_UP_LENGTH = 40


def describe(
    pages: Sequence[Page], authority: Authority | None = None, decisions: Sequence[Decision] = ()
) -> tuple[Document, ...]:
    """Return the documents that the `pages` of one item are, with what they say.

    Names and value shapes are those of design.md. Each place of the paper is read by itself; then the places are
    heard against each other, agencies are matched to those known, and what people decided stands above all.
    """
    assembled = assemble(pages)
    year = _year(pages) if any(document.kind == "circulation_slip" for document in assembled) else None
    read = tuple(_read(assembled, place, pages, year) for place in range(len(assembled)))
    names = authority or Authority.of((), ())
    known = matched(settle(read, pages), pages, names)
    return matched(heed(known, pages, decisions), pages, names) if decisions else known


def _read(documents: Sequence[Document], place: int, pages: Sequence[Page], year: int | None) -> Document:
    document = documents[place]
    own = _pages(document, pages)
    fields: tuple[Field, ...] = ()
    if document.kind == "circulation_slip":
        fields = slip.fields(own, year)
    elif document.kind == "issued_document":
        # The imprint of a paper stands on the last page of its attachments.
        attached = takewhile(lambda other: other.kind == "attachment", documents[place + 1 :])
        fields = issued.fields(own, [page for other in attached for page in _pages(other, pages)])
    elif document.kind == "attachment":
        fields = issued.attachment_fields(own)
    return replace(document, fields=fields)


def _pages(document: Document, pages: Sequence[Page]) -> list[Page]:
    return [page for page in pages if page.number in document.pages]


def title_of(documents: Iterable[Document], pages: Iterable[Page]) -> str:
    """Return the title of the item of the described `documents` on `pages`, `""` where they say nothing.

    The title of the first issued document, else the subject on the slip, else the first line of text in
    [ ], as DA/T 22-2015 writes a title that is not the paper's own. A rejected title counts for nothing.
    """
    described = tuple(documents)
    for kind, name in (("issued_document", "title"), ("circulation_slip", "subject")):
        for document in (document for document in described if document.kind == kind):
            for field in sorted(document.values(name), key=lambda field: field.status != "verified"):
                if isinstance(field.value, str) and field.value and field.status != "rejected":
                    return field.value
    for line in Flow(pages, furniture=False).lines:
        if any(char.isalpha() for char in line.closed):
            return f"[{plain(line.line.text)[:_MADE_UP_LENGTH]}]"
    return ""


def _year(pages: Iterable[Page]) -> int | None:
    """Return the first full year that a date of the item names."""
    for page in pages:
        for found in dates.find(page.running_text):
            if any(char in page.running_text[found.start : found.end] for char in "年"):
                return int(found.date[:4])
    return None
