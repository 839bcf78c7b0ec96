"""The short names by which a person calls what waits in an item: `5f0c1d.3a9e`."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Literal, NamedTuple, TypeAlias

from archivist.model import Item

Sort: TypeAlias = Literal["value", "link", "boundary"]


class Place(NamedTuple):
    """Where in an item something stands: `position` in its row, for a value that of its document as well."""

    sort: Sort
    position: int
    document: int | None = None


def handles(item: Item) -> dict[str, Place]:
    """Return the handle of every value, campaign link and boundary of `item`, and where it stands.

    A handle is the identifier of the item, a point and four hexadecimal digits, which follow from what the value says
    and where it stands on the paper, so that a handle typed too late does not hit something else. Where two would be
    the same, the second ends in a running digit as well.
    """
    found: dict[str, Place] = {}
    for place, said in _named(item):
        stem = f"{item.id}.{sha256(said.encode()).hexdigest()[:4]}"
        handle, turn = stem, 1
        while handle in found:
            turn += 1
            handle = f"{stem}{turn}"
        found[handle] = place
    return found


def _named(item: Item) -> Iterator[tuple[Place, str]]:
    for number, document in enumerate(item.documents):
        for position, field in enumerate(document.fields):
            # Whole pixels: the same value read again lies where it lay, but for fractions.
            box = [f"{edge:.0f}" for edge in field.evidence.box]
            said = [document.kind, field.name, field.value, field.evidence.page, box]
            yield Place("value", position, number), json.dumps(said, sort_keys=True)
    for position, link in enumerate(item.campaigns):
        yield Place("link", position), json.dumps(["link", link.key])
    for position, boundary in enumerate(item.boundaries):
        yield Place("boundary", position), json.dumps(["boundary", item.page(boundary.page).place])
