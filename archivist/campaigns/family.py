"""Families of campaigns: an honour that a city won and, years later, one of its districts; linked, not merged."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product
from typing import NamedTuple

from archivist.campaigns import rules
from archivist.decisions import Decision, about
from archivist.model import Campaign, campaign_id
from archivist.text import fold


class Reason(NamedTuple):
    """Why two campaigns are kin: `theme` 科技, `honour` 先进, another `level` or `target`, or `decided` by whom."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Kin:
    """A campaign of the same family as another, and why."""

    id: str
    name: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """Campaigns that are kin, by identifier in the order they were given; a single one is a family too."""

    name: str
    members: tuple[str, ...]


def families(campaigns: Sequence[Campaign], decisions: Iterable[Decision] = ()) -> Mapping[str, Family]:
    """Return for the identifier of each of `campaigns` the family it belongs to.

    Kin are honours of the same kind (先进, 文明, 卫生) for the same thing (科技), at whatever level, place and time;
    and what people decided to be kin. Two that people decided not to be kin are never put into one family.
    """
    decided = _decided(decisions)
    family: dict[str, list[str]] = {campaign.id: [campaign.id] for campaign in campaigns}
    for one, other in (*_said(decided, family), *_by_honour(campaigns)):
        mine, theirs = family[one], family[other]
        if mine is theirs or any(decided.get(frozenset(pair)) == "" for pair in product(mine, theirs)):
            continue
        mine += theirs
        family.update(dict.fromkeys(theirs, mine))
    names = {campaign.id: campaign.name for campaign in campaigns}
    order = list(names)
    made = {id(members): _family(sorted(members, key=order.index), names) for members in family.values()}
    return {name: made[id(members)] for name, members in family.items()}


def kin(campaign: Campaign, campaigns: Sequence[Campaign], decisions: Iterable[Decision] = ()) -> tuple[Kin, ...]:
    """Return the other members of the family that `campaign` has among `campaigns`, each with the reasons."""
    kept = tuple(decisions)
    decided = _decided(kept)
    names = {one.id: one for one in campaigns}
    family = families(campaigns, kept).get(campaign.id)
    found = []
    for member in family.members if family else ():
        if member != campaign.id:
            # Kin of kin are of the family too, though nothing but that binds the two.
            said = decided.get(frozenset((campaign.id, member)))
            by_decision = (Reason("decided", said),) if said else ()
            found.append(Kin(member, names[member].name, by_decision + _by_name(campaign, names[member])))
    return tuple(found)


def _said(decided: Mapping[frozenset[str], str], known: Collection[str]) -> Iterator[tuple[str, str]]:
    for pair, who in decided.items():
        if who and len(pair) > 1 and pair.issubset(known):
            one, other = sorted(pair)
            yield one, other


def _by_honour(campaigns: Iterable[Campaign]) -> Iterator[tuple[str, str]]:
    alike: dict[tuple[str, str], list[str]] = {}
    for campaign in campaigns:
        if parts := _parts(campaign.name):
            alike.setdefault((parts.theme, parts.kind), []).append(campaign.id)
    for members in alike.values():
        yield from combinations(members, 2)


def _family(members: Sequence[str], names: Mapping[str, str]) -> Family:
    for member in members if len(members) > 1 else ():
        if (parts := rules.honour(rules.key(names[member]))) is not None:
            subject = rules.theme(names[member]) or parts.about
            return Family(subject if parts.kind in subject else f"{subject}{parts.kind}", tuple(members))
    return Family(names[members[0]], tuple(members))


def _by_name(one: Campaign, other: Campaign) -> tuple[Reason, ...]:
    """Return why two campaigns are kin by their names alone, nothing where they are not."""
    mine, theirs = _parts(one.name), _parts(other.name)
    if mine is None or theirs is None or (mine.theme, mine.kind) != (theirs.theme, theirs.kind):
        return ()
    reasons = [Reason("theme", mine.theme), Reason("honour", mine.kind)]
    if mine.level != theirs.level and mine.level and theirs.level:
        reasons.append(Reason("level", f"{mine.level} / {theirs.level}"))
    if mine.target != theirs.target and mine.target and theirs.target:
        reasons.append(Reason("target", f"{mine.target} / {theirs.target}"))
    return tuple(reasons)


class _Parts(NamedTuple):
    theme: str
    kind: str
    level: str | None
    target: str | None


@cache
def _parts(name: str) -> _Parts | None:
    key = rules.key(name)
    alike = rules.rules()["honours_alike"]
    if held := rules.rules()["shorts"].get(key):
        return _Parts(rules.theme(held) or held, alike.get(held, held), None, None)
    parts = rules.honour(key)
    if parts is None:
        return None
    subject = rules.theme(fold(parts.about)) or rules.theme(parts.about + parts.kind) or parts.about or parts.kind
    return _Parts(subject, alike.get(parts.kind, parts.kind), parts.printed_level or None, parts.kind + parts.target)


def _decided(decisions: Iterable[Decision]) -> dict[frozenset[str], str]:
    """Return for each pair of identifiers decided about who said that they are kin, `""` where they are not."""
    found: dict[frozenset[str], str] = {}
    for one in about(decisions, "campaign"):
        if one.act in ("kin", "not kin") and (other := str(one.detail.get("with") or "")):
            found[frozenset((campaign_id(one.target), campaign_id(other)))] = (
                one.decided.who if one.act == "kin" else ""
            )
    return found
