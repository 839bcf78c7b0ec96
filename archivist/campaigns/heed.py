"""What people decided about campaigns, heeded: links confirmed, refused and moved; campaigns merged and named."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from archivist.campaigns.role import role_of
from archivist.decisions import Decision, about
from archivist.model import Box, CampaignLink, Document, Evidence, Page, Role, Value

_MOST_EVIDENCE = 5
_BEFORE = ("verified", "accepted", "review", "rejected")


@dataclass(frozen=True, slots=True)
class Merged:
    """Which campaigns are one by what people decided, and how they are called."""

    _into: Mapping[str, str] = field(default_factory=dict)
    _names: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, decisions: Iterable[Decision]) -> "Merged":
        """Return what `decisions` (oldest first) make of campaigns; a merge that closes a circle undoes the older one.

        A campaign merged into itself stands on its own again.
        """
        into: dict[str, str] = {}
        names: dict[str, str] = {}
        merged: dict[str, str] = {}
        for one in about(decisions, "campaign"):
            name = str(one.detail.get("name") or "")
            if one.act == "name" and name:
                names[one.target] = name
            elif one.act == "merge" and (other := str(one.detail.get("into") or "")):
                into.pop(one.target, None)
                if one.target in _chain(into, other):
                    into.pop(other, None)
                if other != one.target:
                    into[one.target] = other
                    merged[other] = name or merged.get(other, other)
        return cls(into, merged | names)

    def key(self, key: str) -> str:
        """Return the key of the campaign that `key` is part of now."""
        return _chain(self._into, key)[-1]

    def name(self, key: str, printed: str) -> str:
        """Return how the campaign `key` was found under (its own or one merged into it) is called now."""
        now = self.key(key)
        return self._names.get(now, printed if now == key else now)

    def parts(self, key: str) -> Mapping[str, str]:
        """Return the keys that were merged into `key`, without itself, each with how it was called before."""
        return {part: self._names.get(part, part) for part in self._into if part != key and self.key(part) == key}


def _chain(into: Mapping[str, str], key: str) -> list[str]:
    found = [key]
    while (following := into.get(found[-1])) is not None and following not in found:
        found.append(following)
    return found


def heed(
    links: Sequence[CampaignLink],
    item_id: str,
    decisions: Sequence[Decision],
    documents: Sequence[Document] = (),
    pages: Sequence[Page] = (),
) -> tuple[CampaignLink, ...]:
    """Return `links` of the item as people decided about them, the surest first and the refused last.

    A link that a person confirmed stays even where no rule finds it any more: its ink is what the decision kept,
    found again on `pages`, else the title of the `documents`. A refused one is kept as `rejected`.
    """
    merged = Merged.of(decisions)
    ink = _Ink(documents, pages)
    now = list(links)
    for one in about(decisions, "link", item_id):
        # What a person said of two campaigns as one holds of what the paper names, should they be taken apart again.
        then = Merged.of(each for each in decisions if each.decided.at <= one.decided.at)
        now = list(_decided(now, one, then, ink))
    found: dict[str, list[CampaignLink]] = {}
    for link in now:
        name = merged.name(link.key, link.name)
        found.setdefault(merged.key(link.key), []).append(replace(link, key=merged.key(link.key), name=name))
    one_each = [_together(same) for same in found.values()]
    return tuple(sorted(one_each, key=lambda link: (link.status == "rejected", -link.confidence)))


def _decided(links: Sequence[CampaignLink], one: Decision, then: Merged, ink: "_Ink") -> Iterator[CampaignLink]:
    campaign = str(one.detail.get("campaign") or "")
    found = False
    for link in links:
        if campaign not in (link.key, then.key(link.key)):
            yield link
            continue
        found = True
        if one.act == "refuse":
            yield replace(link, status="rejected", decided=one.decided)
        else:
            key, name = _meant(one, link.key, link.name)
            yield replace(link, key=key, name=name, confidence=1.0, status="verified", decided=one.decided)
    if not found and one.act != "refuse":
        key, name = _meant(one, campaign, str(one.detail.get("name") or campaign))
        if key and (evidence := ink.of(one.detail.get("evidence"))):
            yield CampaignLink(key, name, 1.0, evidence, ink.role, "verified", one.decided)


def _meant(one: Decision, key: str, name: str) -> tuple[str, str]:
    """Return key and name of the campaign that the decision ties the item to."""
    if one.act != "move":
        return key, name
    other = str(one.detail.get("to") or key)
    return other, str(one.detail.get("to_name") or other)


def _together(links: Sequence[CampaignLink]) -> CampaignLink:
    best = min(links, key=lambda link: (_BEFORE.index(link.status), -link.confidence))
    ordered = [best, *(link for link in links if link is not best)]
    evidence = tuple(dict.fromkeys(proof for link in ordered for proof in link.evidence))
    return replace(best, evidence=evidence[:_MOST_EVIDENCE])


@dataclass(frozen=True, slots=True)
class _Ink:
    """Where ink that a decision kept stands now."""

    documents: Sequence[Document]
    pages: Sequence[Page]

    def of(self, kept: Value) -> tuple[Evidence, ...]:
        """Return the evidence that `kept` is (place of the page, start, end, box, text each), else the title's ink."""
        rows = kept if isinstance(kept, list) else []
        found = [proof for row in rows if (proof := self._again(row)) is not None]
        return tuple(found) or self._title()

    @property
    def role(self) -> Role:
        """What the item is to a campaign that its pages do not name."""
        return role_of(self.documents, self.pages)

    def _again(self, row: Value) -> Evidence | None:
        match row:
            case [str(place), int(start), int(end), [left, top, right, bottom], str(text)]:
                page = next((page for page in self.pages if page.place == place), None)
                if page is None or not text:
                    return None
                if page.running_text[start:end] != text:
                    start = page.running_text.find(text)
                    end = start + len(text)
                if start >= 0:
                    return Evidence.of(page, start, end)
                return _under(page, left, top, right, bottom)
        return None

    def _title(self) -> tuple[Evidence, ...]:
        for name in ("title", "subject"):
            for document in self.documents:
                for entry in document.values(name):
                    if entry.status != "rejected":
                        return (entry.evidence,)
        return next(((Evidence.of(page, 0, len(page.glyphs)),) for page in self.pages if page.glyphs), ())


def _under(page: Page, *sides: Value) -> Evidence | None:
    """Return the first run of characters that stand in the box with these sides: left, top, right, bottom."""
    numbers = [float(side) for side in sides if isinstance(side, int | float)]
    if len(numbers) < len(sides):
        return None
    box = Box(*numbers)
    inside = [place for place, glyph in enumerate(page.glyphs) if box.overlap(glyph.box) > 0]
    return Evidence.of(page, inside[0], inside[-1] + 1) if inside else None


def kept_ink(link: CampaignLink, pages: Sequence[Page]) -> Value:
    """Return the evidence of `link` as a decision keeps it, so that it can be found after another reading."""
    places = {page.number: page.place for page in pages}
    return [
        [places[proof.page], proof.start, proof.end, list(proof.box), proof.text]
        for proof in link.evidence
        if proof.page in places
    ]
