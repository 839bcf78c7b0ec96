"""What an item is to its campaign: by the titles and genres of its papers."""

import re
from collections.abc import Sequence
from typing import get_args

from archivist.campaigns import rules
from archivist.model import Document, Page, Role
from archivist.text import fold

_ROLES: tuple[Role, ...] = get_args(Role)


def role_of(documents: Sequence[Document], pages: Sequence[Page]) -> Role:
    """Return what the item of the described `documents` on `pages` is to its campaign.

    Its first issued paper says so, by title before genre; a slip counts only where there is no paper behind it.
    """
    papers = [document for document in documents if document.kind == "issued_document"]
    for document in papers or [document for document in documents if document.kind != "circulation_slip"]:
        if role := _of_document(document):
            return role
    slips = [document for document in documents if document.kind == "circulation_slip"]
    if papers or len(slips) < len(documents):
        return "table" if _is_table(documents, pages) else "other"
    return "slip" if slips else "other"


def _of_document(document: Document) -> Role | None:
    fields = [field for field in document.fields if field.status != "rejected"]
    titles = ["".join(fold(str(field.value)).split()) for field in fields if field.name == "title"]
    genres = {str(field.value) for field in fields if field.name == "genre"}
    for rule in rules.rules()["roles"]:
        by_title = any(re.search(title, said) for title in rule.get("titles", ()) for said in titles)
        if by_title or genres.intersection(rule.get("genres", ())):
            return next(role for role in _ROLES if role == rule["role"])
    return None


def _is_table(documents: Sequence[Document], pages: Sequence[Page]) -> bool:
    """Return whether most of what stands outside of slips stands in ruled cells."""
    slips = {number for document in documents if document.kind == "circulation_slip" for number in document.pages}
    regions = [region for page in pages if page.number not in slips for region in page.regions]
    inside = sum(len(line.glyphs) for region in regions if region.kind == "cell" for line in region.lines)
    return inside > sum(len(line.glyphs) for region in regions for line in region.lines) / 2
