"""Papers of campaigns for tests: an item from a title and what stands under it."""

from archivist.model import Document, DocumentKind, Evidence, Field, Item, Page, Value
from tests.describe import paper


def document(page: Page, *fields: Field, kind: DocumentKind = "issued_document") -> Document:
    return Document(kind, (page.number,), None, fields)


def said(page: Page, name: str, raw: str, value: Value = None, confidence: float = 0.97) -> Field:
    """A field that the characters `raw` of `page` prove."""
    start = page.running_text.index(raw)
    evidence = Evidence.of(page, start, start + len(raw))
    return Field(name, raw if value is None else value, raw, evidence, confidence, "rule")


def titled(title: str, body: str = "各乡镇人民政府：\n请认真执行。", genre: str = "", confidence: float = 0.99) -> Item:
    """An item of one page that begins with its title, not linked to any campaign yet."""
    sheet = paper.page(f"{title}\n{body}", confidence=confidence)
    line = "".join(title.split("\n"))
    fields = [said(sheet, "title", line)] if line else []
    if genre:
        fields.append(said(sheet, "genre", genre))
    return Item("a", line, (sheet,), (document(sheet, *fields),))
