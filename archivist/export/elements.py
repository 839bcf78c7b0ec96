"""The elements of description (DA/T 18-2022) of an item, found where `schemas/crosswalk.yaml` says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from archivist.definitions import load
from archivist.model import CampaignLink, Field, Item, Value


@dataclass(frozen=True, slots=True)
class Statement:
    """What an element says, and what proves it: None where a person stated it or it needs no proof.

    An inferred one is not on the paper as such; catalogues set it in square brackets.
    """

    text: str
    proof: Field | CampaignLink | None = None
    inferred: bool = False


def statements(item: Item, element: str) -> tuple[Statement, ...]:
    """Return what is known of `item` for `element`, one of those in the crosswalk; KeyError for any other.

    What a person corrected goes before what a manifest stated, and that before what was read; rejected values do not
    count.
    """
    rule: Mapping[str, Any] = load("schemas/crosswalk.yaml")["elements"][element]
    if corrected := _corrected(item, rule):
        return corrected
    for name in rule.get("given", ()):
        if stated := item.given.get(name, "").strip():
            return (Statement(" ".join(stated.splitlines())),)
    for inferred, places in ((False, rule.get("read", ())), (True, rule.get("inferred", ()))):
        for place in places:
            found = tuple(_distinct(_at(item, place, inferred, rule)))
            if found:
                return found if rule.get("repeats") else found[:1]
    return ()


def _corrected(item: Item, rule: Mapping[str, Any]) -> tuple[Statement, ...]:
    places = [*rule.get("read", ()), *rule.get("proven_by", ())]
    fields = (field for place in places if not place.startswith("item.") for field in _fields(item, place))
    corrected = (one for one in fields if one.decided and one.method == "person")
    found = tuple(_distinct(Statement(_text(one.value), one) for one in corrected))
    return () if rule.get("repeats") else found[:1]


def _at(item: Item, place: str, inferred: bool, rule: Mapping[str, Any]) -> Iterator[Statement]:
    match place.split("."):
        case ["item", "campaigns"]:
            yield from (Statement(link.name, link) for link in item.campaigns if link.status != "rejected")
        case ["item", "page_count"]:
            yield Statement(str(sum(not page.blank for page in item.pages)))
        case ["item", name]:
            if text := getattr(item, name):
                yield Statement(text, _proof(item, text, rule.get("proven_by", ())))
        case _:
            yield from (Statement(_text(field.value), field, inferred) for field in _fields(item, place))


def _fields(item: Item, place: str) -> list[Field]:
    """Return the fields at `place` of the first document that has any, those a person verified first."""
    kind, name = place.split(".")
    for document in item.documents:
        if document.kind == kind:
            found = [f for f in document.values(name) if f.status != "rejected" and _text(f.value)]
            if found:
                return sorted(found, key=lambda field: field.status != "verified")
    return []


def _proof(item: Item, text: str, places: Iterable[str]) -> Field | None:
    said = text.removeprefix("[").removesuffix("]")
    fields = (field for place in places for field in _fields(item, place))
    return next((field for field in fields if _text(field.value) == said), None)


def _text(value: Value) -> str:
    """Return a value in one line; one with parts is named by its text, title or name."""
    if isinstance(value, Mapping):
        value = next((value[part] for part in ("text", "title", "name") if value.get(part)), None)
    return "" if value is None else " ".join(str(value).split())


def _distinct(found: Iterable[Statement]) -> Iterable[Statement]:
    first: dict[str, Statement] = {}
    for statement in found:
        first.setdefault(statement.text, statement)
    return first.values()
