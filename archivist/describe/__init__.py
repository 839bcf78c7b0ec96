"""From pages to the documents of an item and their fields, every value with the ink that proves it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from archivist.describe import dates, issued, numbers, slip
from archivist.describe.assemble import assemble
from archivist.describe.ink import ACCEPTED_FROM, Flow, plain
from archivist.model import Document, Page

__all__ = ["ACCEPTED_FROM", "assemble", "dates", "describe", "numbers", "title_of"]

_MADE_UP_LENGTH = 40


def describe(document: Document, pages: Sequence[Page]) -> Document:
    """Return `document` with the fields read from its pages among `pages` (those of the whole item).

    Names and value shapes are those of design.md; a kind without rules (attachment, other) gets none.
    """
    own = [page for page in pages if page.number in document.pages]
    if document.kind == "circulation_slip":
        fields = slip.fields(own, _year(pages))
    elif document.kind == "issued_document":
        fields = issued.fields(own)
    else:
        fields = ()
    return replace(document, fields=fields)


def title_of(documents: Iterable[Document], pages: Iterable[Page]) -> str:
    """Return the title of the item of the described `documents` on `pages`, `""` where they say nothing.

    The title of the first issued document, else the subject on the slip, else the first line of text in
    [ ], as DA/T 22-2015 writes a title that is not the paper's own.
    """
    described = tuple(documents)
    for name in ("title", "subject"):
        for document in described:
            for field in document.values(name):
                if isinstance(field.value, str) and field.value:
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
