"""Which pages of an item are its slip, its issued document, its attachments."""

import re
from collections.abc import Sequence

from archivist.describe import forms
from archivist.describe.dates import find, parse
from archivist.describe.ink import Flow, Printed
from archivist.describe.opening import opening
from archivist.model import Document, DocumentKind, Page

_ATTACHMENT = re.compile(r"附(?:件|表|录|图)?(?:之?[一二三四五六七八九十\d]{1,3})?:?")
_ATTACHMENT_TITLED = re.compile(r"附(?:件|表|录|图)(?:之?[一二三四五六七八九十\d]{1,3})?:?.{2,40}")
_SENTENCE_END = '。!?:;)》".'


def assemble(pages: Sequence[Page]) -> tuple[Document, ...]:
    """Return the documents that the `pages` of one item are, in order; every page belongs to exactly one.

    A page begins a document where it is a form, where an issued document opens on it (red head, number
    under agencies, title that ends in a genre), or where it is headed 附件; any other goes on with the one
    before. Pages are taken in the order they lie in, which DA/T 22-2015 sets (slip first).
    """
    documents: list[Document] = []
    text_before: list[Printed] = []
    for page in pages:
        lines = Flow([page], furniture=False).lines
        kind, form = _begins(page, lines, text_before, documents)
        if kind is None and documents:
            last = documents[-1]
            documents[-1] = Document(last.kind, (*last.pages, page.number), last.form)
        else:
            documents.append(Document(kind or "other", (page.number,), form))
        text_before = list(lines) or text_before
    return tuple(documents)


def _begins(
    page: Page, lines: Sequence[Printed], before: Sequence[Printed], documents: Sequence[Document]
) -> tuple[DocumentKind | None, str | None]:
    """Return what begins on `page` (None: nothing does), and the name of its form."""
    if not lines:
        return None, None
    if filled := forms.recognise(page):
        return "circulation_slip", filled.form.name
    if documents and _is_attachment(lines, before):
        return "attachment", None
    inside = bool(documents) and documents[-1].kind != "circulation_slip"
    begun = opening(lines, continues=inside)
    if begun and (begun.head or begun.number is not None):
        return "issued_document", None
    if begun and begun.title and not (inside and not _has_ended(before)):
        return "issued_document", None
    return (None, None) if inside else ("other", None)


def _is_attachment(lines: Sequence[Printed], before: Sequence[Printed]) -> bool:
    first = lines[0].closed
    if _ATTACHMENT.fullmatch(first):
        return True
    if not _ATTACHMENT_TITLED.fullmatch(first) or "。" in first:
        return False
    # The list of attachments under the text may also begin a page; the signature then follows.
    signed_before = any(parse(line.line.text) for line in before[-12:])
    signed_after = any(find(line.line.text) for line in lines[1:9] if len(line.closed) < 30)
    return signed_before or not signed_after


def _has_ended(before: Sequence[Printed]) -> bool:
    """Return whether the text of the page before came to an end, not stopping in the middle of a sentence."""
    if not before:
        return True
    last = before[-1]
    return last.closed[-1:] in _SENTENCE_END or bool(find(last.line.text)) or last.closed.endswith("印发")
