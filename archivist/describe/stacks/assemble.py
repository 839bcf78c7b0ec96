"""Which pages of an item are its slips, its issued documents, their attachments."""

from collections.abc import Sequence

from archivist.definitions import load
from archivist.describe import dates
from archivist.describe.stacks.related import agree, relation
from archivist.describe.stacks.sheet import Sheet
from archivist.model import Document, DocumentKind, Page

_SENTENCE_END = '。!?:;)》".'
_ATTACHED = frozenset({"forwarded paper", "listed attachment"})


def assemble(pages: Sequence[Page]) -> tuple[Document, ...]:
    """Return the documents that the `pages` of one item are, in order; every page belongs to exactly one.

    A page begins a document where it is a form, where an issued document opens on it (red head, number
    under agencies, title that ends in a genre), or where it is headed 附件; any other, a blank one too, goes on with
    the one before. What a notice passes on (转发, 印发) or lists as its attachment is one; a letter behind the reply
    is an issued document of its own; a draft behind its original is `other`. Pages are taken in the order they
    lie in, which DA/T 22-2015 sets (slip first).
    """
    documents: list[Document] = []
    before: list[Sheet] = []
    for page in pages:
        sheet = Sheet(page)
        kind, form = _begins(sheet, before, documents)
        if kind is None and documents:
            last = documents[-1]
            documents[-1] = Document(last.kind, (*last.pages, page.number), last.form)
        else:
            documents.append(Document(kind or "other", (page.number,), form))
        if not sheet.empty:
            before.append(sheet)
    return tuple(documents)


def _begins(
    sheet: Sheet, before: Sequence[Sheet], documents: Sequence[Document]
) -> tuple[DocumentKind | None, str | None]:
    """Return what begins on `sheet` (None: nothing does), and the name of its form."""
    if sheet.empty:
        return None, None
    if sheet.form:
        return "circulation_slip", sheet.form.form.name
    last = before[-1] if before else None
    if documents and (sheet.is_attachment or sheet.is_titled_attachment(last)):
        return "attachment", None
    inside = last is not None and not last.form
    begun = sheet.begins(continues=inside)
    opens = begun is not None and (
        bool(begun.head) or begun.number is not None or (begun.title is not None and (not inside or _has_ended(last)))
    )
    if last is not None and last.form and _is_draft(last, sheet, before):
        return "other", None
    if inside and last is not None and not last.runs_on:
        related = relation(sheet, before)
        if related in _ATTACHED:
            return "attachment", None
        if related == "same paper" and opens:
            # Head and number again on a later page are those of the original.
            return (None, None) if begun and begun.head else ("other", None)
    if opens:
        return "issued_document", None
    return (None, None) if inside else ("other", None)


def _is_draft(last: Sheet, sheet: Sheet, before: Sequence[Sheet]) -> bool:
    """Return whether `sheet` goes on with the draft that lies behind its original, under the form `last`."""
    assert last.form is not None
    if last.form.form.name not in load("schemas/boundaries.yaml")["drafts"]:
        return False
    originals = [one.facts for one in before if not one.form and one.opening]
    return any(agree(last.facts, one) or agree(sheet.facts, one) for one in originals)


def _has_ended(last: Sheet | None) -> bool:
    """Return whether the text of the page before came to an end, not stopping in the middle of a sentence."""
    if last is None or last.is_signed or last.has_imprint:
        return True
    line = last.lines[-1]
    return line.closed[-1:] in _SENTENCE_END or bool(dates.find(line.line.text)) or line.closed.endswith("印发")
