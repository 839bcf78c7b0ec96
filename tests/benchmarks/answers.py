"""What was found on a paper beside what should have been."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archivist.model import Document
from archivist.text import fold

#: Limits between the bands of confidence that are looked at.
BANDS = (0.99, 0.95, 0.9, 0.7)
CAMPAIGN = "campaign"
#: What is the same whether it stands in a paper or in what the paper issues or encloses.
_ANYWHERE = {"citation", "group_member", "phase", "indicator", "deadline"}
_SHORT = {"circulation_slip": "slip"}


@dataclass(frozen=True, slots=True)
class Truth:
    """What the record of a paper must say: documents with kind and fields, and names of campaigns where known."""

    documents: Sequence[Mapping[str, Any]]
    campaigns: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Said:
    """A value as found: whether it is right, and which share of its parts is."""

    field: str
    shown: str
    confidence: float
    status: str
    right: bool
    parts: float


@dataclass(frozen=True, slots=True)
class Answer:
    """All that was said of a paper; `expected` counts values by field, `missing` are those not found."""

    name: str
    expected: Counter[str]
    said: tuple[Said, ...]
    missing: tuple[tuple[str, str], ...]

    @property
    def wrong(self) -> tuple[Said, ...]:
        """What was said and should not have been."""
        return tuple(said for said in self.said if not said.right)

    @property
    def fields(self) -> set[str]:
        """The fields that were found or expected."""
        return set(self.expected) | {said.field for said in self.said}


def typed(field: str) -> bool:
    """Return whether a field is one that the design gives a shape; campaigns are links, no fields."""
    return field != CAMPAIGN


def compared(name: str, truth: Truth, documents: Iterable[Document], campaigns: Iterable[str]) -> Answer:
    """Return the values of `documents` and the names of `campaigns` judged by `truth`.

    Values of documents of one kind are put together; a rejected value counts as not said. Equal is what is equal
    after folding, with one blank for all white space; parts of a value count on their own in `Said.parts`. Values of
    documents marked `optional` are neither asked for nor wrong.
    """
    wanted: dict[str, list[Any]] = {}
    allowed: dict[str, list[Any]] = {}
    for told in truth.documents:
        target = allowed if told.get("optional") else wanted
        for field, values in told["fields"].items():
            target.setdefault(_called(told["kind"], field), []).extend(values)
    if truth.campaigns:
        wanted[CAMPAIGN] = list(truth.campaigns)
    expected = Counter({field: len(values) for field, values in wanted.items()})
    found = [
        (_called(document.kind, field.name), field.value, field.confidence, field.status)
        for document in documents
        for field in document.fields
        if field.status != "rejected" and not _among(field.value, allowed.get(_called(document.kind, field.name), ()))
    ]
    if truth.campaigns is not None:
        found += [(CAMPAIGN, campaign, 1.0, "accepted") for campaign in campaigns]
    right = []
    for field, value, _, _ in found:
        equal = next((one for one in wanted.get(field, []) if _plain(one) == _plain(value)), None)
        right.append(equal is not None)
        if equal is not None:
            wanted[field].remove(equal)
    missing = tuple((field, _shown(value)) for field, values in wanted.items() for value in values)
    said = []
    for (field, value, confidence, status), good in zip(found, right, strict=True):
        parts = 1.0
        if not good:
            best = max(wanted.get(field, []), key=lambda one: _alike(one, value), default=None)
            parts = _alike(best, value) if best is not None else 0.0
            if parts:
                wanted[field].remove(best)
        said.append(Said(field, _shown(value), confidence, status, good, parts))
    return Answer(name, expected, tuple(said), missing)


def _called(kind: str, field: str) -> str:
    return field if kind == "issued_document" or field in _ANYWHERE else f"{_SHORT.get(kind, kind)}: {field}"


def _among(value: Any, those: Iterable[Any]) -> bool:
    return any(_plain(one) == _plain(value) for one in those)


def _plain(value: Any) -> Any:
    """Return `value` as it is compared."""
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, str):
        return " ".join(fold(value).split())
    return value


def _alike(one: Any, other: Any) -> float:
    """Return the share of parts in which two values agree."""
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return 0.0
    keys = one.keys() | other.keys()
    same = [key for key in keys if _plain(one.get(key)) == _plain(other.get(key))]
    told = [key for key in same if one.get(key) not in (None, False)]
    return len(same) / len(keys) if told else 0.0


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        if "agency_code" in value:
            return str(value["text"])
        return " / ".join("-" if part is None else _shown(part) for part in value.values())
    return str(value)
