"""The record of one campaign: what it was, who took part, what happened when, every element with its ink."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from re import fullmatch, search
from typing import Any

from archivist.campaigns import rules
from archivist.campaigns.family import Kin
from archivist.campaigns.mentions import names_in
from archivist.model import Box, Campaign, CampaignLink, Evidence, Field, Item, Page, Value
from archivist.text import fold

_PLANS = {"group": "group_member", "phases": "phase", "indicators": "indicator", "deadlines": "deadline"}
_DATES = ("date_of_issue", "received_date")
_EVENTS = ("issued", "received", "phase_start", "phase_end", "deadline")


@dataclass(frozen=True, slots=True)
class _Member:
    """An item of the campaign with the link that says so."""

    item: Item
    link: CampaignLink

    @property
    def alone(self) -> bool:
        """Whether the item is part of no other campaign."""
        return sum(link.status != "rejected" for link in self.item.campaigns) == 1

    def fields(self, *names: str) -> Iterator[Field]:
        """Yield the fields of these names that nobody rejected, name by name; a slip speaks after its document."""
        documents = sorted(self.item.documents, key=lambda document: document.kind == "circulation_slip")
        for name in names:
            for document in documents:
                yield from (field for field in document.values(name) if field.status != "rejected")

    def proof(self, evidence: Evidence) -> dict[str, Any]:
        """Return where the ink is: item, page, box on the scan in whole pixels, and the characters as read."""
        page = self.item.page(evidence.page)
        return {"item": self.item.id, "page": evidence.page, "box": _outward(evidence.box, page), "raw": evidence.text}


def record(campaign: Campaign, items: Iterable[Item], kin: Sequence[Kin] = ()) -> dict[str, Any]:
    """Return what is known of `campaign` from its `items`, as schemas/campaign.schema.json says.

    Items whose link to it was refused are left out. An item stands at its date of issue, else at the day it was
    received, else where its first phase begins; items without any date come last. Dates are `YYYY-MM-DD` or `YYYY-MM`.
    Of pages only the scans are looked at, where their size is known: a box may end a pixel beside one else.
    """
    members = [
        _Member(item, link)
        for item in items
        for link in item.campaigns
        if link.id == campaign.id and link.status != "rejected"
    ]
    members.sort(key=lambda member: (_date(member)[0] is None, _date(member)[0] or "", member.item.id))
    timeline = sorted(
        (event for member in members for event in _events(member)),
        key=lambda event: (event["date"], _EVENTS.index(event["event"])),
    )
    return {
        "id": campaign.id,
        "name": campaign.name,
        "other_names": _other_names(campaign.name, members),
        "level": _level(campaign.name, members),
        "target": _target(campaign.name, members),
        "agencies": _agencies(members),
        **{name: _gathered(field, members) for name, field in _PLANS.items()},
        "items": [_item(member) for member in members],
        "timeline": timeline,
        "kin": [
            {"id": one.id, "name": one.name, "reasons": [{"reason": why, "value": said} for why, said in one.reasons]}
            for one in kin
        ],
        "first_date": timeline[0]["date"] if timeline else None,
        "last_date": timeline[-1]["date"] if timeline else None,
    }


def _item(member: _Member) -> dict[str, Any]:
    date, said = _date(member)
    link = member.link
    number = next(member.fields("document_number"), None)
    return {
        "id": member.item.id,
        "reference_code": member.item.reference_code,
        "title": " ".join(member.item.title.splitlines()),
        "role": link.role,
        "date": date,
        "date_from": said.name if said else None,
        "number": _number(number.value) if number else None,
        "confidence": round(link.confidence, 4),
        "status": link.status,
        "decided": {"who": link.decided.who, "at": link.decided.at} if link.decided else None,
        "evidence": [member.proof(proof) for proof in link.evidence],
    }


def _number(value: Value) -> str:
    return str(value["text"] if isinstance(value, Mapping) and "text" in value else value)


def _date(member: _Member) -> tuple[str | None, Field | None]:
    """Return the date an item stands at and the field that says it."""
    for field in member.fields(*_DATES):
        if _is_date(field.value):
            return str(field.value), field
    for field in member.fields("phase"):
        for end in ("start", "end"):
            if isinstance(field.value, Mapping) and _is_date(field.value.get(end)):
                return str(field.value[end]), field
    return None, None


def _is_date(value: Value) -> bool:
    return isinstance(value, str) and bool(fullmatch(r"\d{4}(-\d{2}){0,2}", value))


def _events(member: _Member) -> Iterator[dict[str, Any]]:
    """Yield what happened on a day that the papers of the item name."""
    for name, event in zip(_DATES, _EVENTS, strict=False):
        if field := next(member.fields(name), None):
            yield from _event(member, field, event, field.value, " ".join(member.item.title.splitlines()))
    for field in _own(member, "phase"):
        if isinstance(field.value, Mapping):
            yield from _event(member, field, "phase_start", field.value.get("start"), field.value.get("name"))
            yield from _event(member, field, "phase_end", field.value.get("end"), field.value.get("name"))
    for field in _own(member, "deadline"):
        if isinstance(field.value, Mapping):
            words = (field.value.get("who"), field.value.get("task"))
            yield from _event(member, field, "deadline", field.value.get("date"), " ".join(str(w) for w in words if w))


def _event(member: _Member, field: Field, event: str, date: Value, text: Value) -> Iterator[dict[str, Any]]:
    if _is_date(date):
        proof = [member.proof(field.evidence)]
        yield {"date": date, "event": event, "text": str(text or ""), "item": member.item.id, "evidence": proof}


def _own(member: _Member, name: str) -> Iterator[Field]:
    """Yield the fields of a plan; those of a group that another campaign is named in are not this one's."""
    for field in member.fields(name):
        group = field.value.get("group") if isinstance(field.value, Mapping) else None
        named = set() if member.alone or not isinstance(group, str) else names_in(group)
        if not named or member.link.key in named:
            yield field


def _gathered(name: str, members: Iterable[_Member]) -> list[dict[str, Any]]:
    """Return the values called `name` of all items, each once, with everywhere that it is said."""
    found: dict[str, dict[str, Any]] = {}
    for member in members:
        for field in _own(member, name):
            entry = found.setdefault(
                repr(field.value),
                {"value": field.value, "confidence": 0.0, "status": field.status, "evidence": []},
            )
            entry["evidence"].append(member.proof(field.evidence))
            if field.status == "verified" or field.confidence > entry["confidence"]:
                entry |= {"confidence": round(field.confidence, 4), "status": field.status}
    return list(found.values())


def _other_names(name: str, members: Iterable[_Member]) -> list[dict[str, Any]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for member in members:
        for proof in member.link.evidence:
            printed = rules.bare(proof.text)
            if printed != name:
                found.setdefault(printed, []).append(member.proof(proof))
    return [{"name": printed, "evidence": evidence} for printed, evidence in found.items()]


def _level(name: str, members: Sequence[_Member]) -> dict[str, Any] | None:
    """Return the level that the name states, else that of the office that issued most of its papers."""
    parts = rules.honour(rules.key(name))
    if parts and parts.level and members:
        return {
            "value": parts.level,
            "word": parts.printed_level,
            "from": "name",
            "evidence": _proofs_of_name(members),
        }
    for agency in sorted(_agencies(members), key=lambda entry: -entry["items"]):
        for row in rules.rules()["agencies"]:
            if any(search(word, agency["name"]) for word in row["words"]):
                return {
                    "value": row["level"],
                    "word": agency["name"],
                    "from": "agency",
                    "evidence": agency["evidence"],
                }
    return None


def _target(name: str, members: Sequence[_Member]) -> dict[str, Any] | None:
    parts = rules.honour(fold(name)) or rules.honour(rules.key(name))
    if parts is None or not members:
        return None
    return {"value": parts.kind + parts.target, "evidence": _proofs_of_name(members)}


def _proofs_of_name(members: Iterable[_Member]) -> list[dict[str, Any]]:
    return [member.proof(proof) for member in members for proof in member.link.evidence[:1]]


def _agencies(members: Iterable[_Member]) -> list[dict[str, Any]]:
    """Return who issued the papers, with how many items and where each says so, the busiest first."""
    found: dict[str, dict[str, Any]] = {}
    for member in members:
        seen: set[str] = set()
        for field in member.fields("issuing_agency"):
            name = field.authority or str(field.value)
            entry = found.setdefault(name, {"name": name, "items": 0, "evidence": []})
            entry["items"] += name not in seen
            entry["evidence"].append(member.proof(field.evidence))
            seen.add(name)
    return sorted(found.values(), key=lambda entry: -entry["items"])


def _outward(box: Box, page: Page) -> list[int]:
    right, bottom = ceil(box.right), ceil(box.bottom)
    if page.scan.width and page.scan.height:
        # The scan ends at its edges, whatever the way back from a straightened page says.
        right, bottom = min(right, page.scan.width), min(bottom, page.scan.height)
    return [max(edge, 0) for edge in (floor(box.left), floor(box.top), right, bottom)]
