"""Who may see what: the level of access of an item, and which levels are open to whom."""

import json
import re
from collections.abc import Collection, Mapping
from functools import cache
from hashlib import sha256
from typing import Literal, TypeAlias

from archivist.definitions import load
from archivist.model import Item
from archivist.text import fold

#: Levels of access open to somebody; None for all there are.
MaySee: TypeAlias = "Collection[str] | None"
Role: TypeAlias = Literal["reader", "archivist", "admin"]
#: What anybody may see, and what bears a mark of secrecy that nobody knows.
OPEN, UNCLEAR = "open", "unclear"


def access_of(item: Item) -> str:
    """Return the level of access of `item`: the most guarded of what its marks of secrecy and its manifest say.

    A mark counts although a person has not yet looked at it; one that a person rejected does not. Of an item that could
    not be described nobody knows which marks it bears.
    """
    marks = [
        entry.raw if not isinstance(entry.value, str) else entry.value
        for document in item.documents
        for entry in document.values("secrecy")
        if entry.status != "rejected"
    ]
    marks += [item.given[name] for name in load("schemas/access.yaml")["given"] if item.given.get(name, "").strip()]
    found = {_level(mark) for mark in marks}
    if item.pages and not item.documents:
        found.add(UNCLEAR)
    guarded = (level for level in (*_levels(), UNCLEAR) if level != OPEN)
    return next((level for level in guarded if level in found), OPEN)


def open_to(item: Item, may_see: MaySee) -> bool:
    """Whether somebody who may see these levels of access may see `item`."""
    return may_see is None or access_of(item) in may_see


def levels() -> tuple[str, ...]:
    """Return every level of access, those that fewest may see first."""
    return (*(level for level in _levels() if level != OPEN), UNCLEAR, OPEN)


@cache
def rules() -> str:
    """Return the digest of the rules by which items have their levels of access."""
    said = load("schemas/access.yaml")
    return sha256(json.dumps([said["levels"], said["given"]]).encode()).hexdigest()


@cache
def _levels() -> dict[str, re.Pattern[str]]:
    said = load("schemas/access.yaml")["levels"]
    return {level: re.compile("|".join(patterns)) for level, patterns in said.items()}


def _level(mark: str) -> str:
    folded = "".join(fold(mark).split())
    return next((level for level, pattern in _levels().items() if pattern.search(folded)), UNCLEAR)


def roles() -> Mapping[Role, tuple[str, ...]]:
    """Return each role, the least first, and the levels of access that are open to it."""
    return {role: tuple(open_to) for role, open_to in load("schemas/access.yaml")["roles"].items()}
