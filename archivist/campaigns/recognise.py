"""The campaigns an item belongs to: what its pages name, weighed and put together."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from archivist.campaigns import rules
from archivist.campaigns.mentions import Mention, Place, mentions
from archivist.campaigns.role import role_of
from archivist.model import CampaignLink, Document, Evidence, Page, Status
from archivist.text import fold, simplify

#: A link less sure than this waits for a person.
REVIEW_BELOW = 0.7
_LEAST = 0.45
_MOST_EVIDENCE = 5
_SURELY_READ = 0.99
_KNOWN_READ = 0.95
_SOLE_IN_TITLE = 0.85
_BESIDE_OTHERS = 0.5
_ONE_OF_MANY = 0.7
_MANY = 3
_MISREAD_BELOW = 0.8
_MISREAD_LENGTH = 6
_OFTEN = 3
# 社教, 镇反: no longer than this a name is short for another.
_SHORT = 3
_PLACES = {Place.TITLE: 1.0, Place.APPENDED: 0.9, Place.CARRIED: 0.85, Place.OFFICE: 0.5}


@dataclass(frozen=True, slots=True)
class _Group:
    """All mentions of one campaign in an item, in order."""

    key: str
    mentions: tuple[Mention, ...]

    @property
    def place(self) -> Place:
        return max(mention.place for mention in self.mentions)

    @property
    def weight(self) -> float:
        """How sure it is that the item is part of the campaign, however well the name reads."""
        return max(self._by_place, self._by_number) * max(mention.sure for mention in self.mentions)

    @property
    def _by_place(self) -> float:
        return _PLACES.get(self.place, 0.0)

    @property
    def _by_number(self) -> float:
        """By how often the text names it, whether fully, and whether its first sentences do."""
        named = [mention for mention in self.mentions if mention.place <= Place.LEAD]
        fully = any(mention.fully for mention in named)
        if not named or (not fully and all(mention.weak for mention in named)):
            return 0.0
        often = min(len(named), _OFTEN) - 1
        if any(mention.place == Place.LEAD for mention in named):
            return (0.78, 0.88, 0.95)[often] if fully else (0.6, 0.75, 0.85)[often]
        return (0.55, 0.72, 0.85)[often] if fully else (0.0, 0.6, 0.75)[often]

    @property
    def in_passing(self) -> bool:
        """Whether the text names it once and nothing else does."""
        return len(self.mentions) == 1 and self.place <= Place.LEAD

    @property
    def reading(self) -> float:
        """How sure the name is read: mentions that agree bear each other out, a well-known name bears out itself."""
        doubts = sorted(1 - mention.reading for mention in self.mentions)[:2]
        best = 1 - doubts[0]
        agreed = max(best, min(1 - prod(doubts), _SURELY_READ)) if len(doubts) > 1 else best
        return max(agreed, _KNOWN_READ) if self.mentions[0].kind == "known" else agreed


def recognise(documents: Sequence[Document], pages: Sequence[Page]) -> tuple[CampaignLink, ...]:
    """Return the campaigns that the described `documents` on `pages` are part of, surest first.

    A campaign is named in a title, a slip's subject or the title of a paper that is passed on; or in running text,
    the surer the earlier, the oftener and the more fully (活动 or 领导小组 follows). Titles of other papers (《…》) in
    the text name their campaigns, not this one's. A shorter name (创建卫生城市, 创卫) is taken for the fuller one
    (创建国家卫生城市) that the same item says. Links less sure than `REVIEW_BELOW`, or known from handwriting alone,
    wait for review.
    """
    found: dict[str, list[Mention]] = {}
    for mention in mentions(documents, pages):
        found.setdefault(mention.key, []).append(mention)
    groups = _fuller(_read_alike({name: _Group(name, tuple(named)) for name, named in found.items()}))
    role = role_of(documents, pages)
    in_title = any(group.place == Place.TITLE for group in groups)
    vague = not in_title and _is_vague(documents)
    # A report that goes through everything that was done is about none of it.
    listed = sum(group.in_passing for group in groups) >= _MANY
    sole = max(groups, key=lambda group: (group.weight, len(group.mentions)), default=None)
    links = []
    for group in groups:
        weight = group.weight
        if in_title and group.place < Place.CARRIED:
            weight *= _BESIDE_OTHERS
        elif listed and group.in_passing:
            weight *= _ONE_OF_MANY
        if vague and group is sole and weight:
            weight = max(weight, _SOLE_IN_TITLE)
        confidence = weight * group.reading
        if confidence >= _LEAST:
            written = all(mention.handwritten for mention in group.mentions)
            status: Status = "review" if confidence < REVIEW_BELOW or written else "accepted"
            name = simplify(_name(group))
            links.append(CampaignLink(group.key, name, confidence, _evidence(group), role, status))
    return tuple(sorted(links, key=lambda link: -link.confidence))


def _is_vague(documents: Sequence[Document]) -> bool:
    titles = (field for document in documents for name in ("title", "subject") for field in document.values(name))
    vague = re.compile(rules.rules()["vague"])
    return any(field.status != "rejected" and vague.search(fold(field.raw)) for field in titles)


def _name(group: _Group) -> str:
    """Return its name as its weightiest mention prints it, and as fully as any other prints the same.

    One that everybody knew is not cut short: 爱国卫生 and 爱国卫生运动 are shown alike.
    """
    own = [mention for mention in group.mentions if mention.key == group.key]
    if not own:
        return group.key
    known = rules.known().get(rules.loose(group.key))
    usual = rules.loose(known.campaign) if known else ""
    first = max(own, key=lambda one: (one.place, rules.loose(one.name).startswith(usual), one.reading))
    if not known:
        return first.name
    name = rules.plain(first.name)
    longer = [rules.plain(one.name) for one in own if not one.weak]
    name = max((one for one in [name, *longer] if one.startswith(name)), key=len)
    short = first.weak and (first.place < Place.APPENDED or len(name) <= _SHORT)
    return known.campaign if short or _is_cut(rules.loose(name), usual) else name


def _is_cut(name: str, usual: str) -> bool:
    """Return whether `name` lacks nothing of the usual one but the word for what it is: 运动, 活动."""
    rest = usual.removeprefix(name)
    words = f"{rules.rules()['extends']}|{'|'.join(rules.rules()['suffixes'])}"
    return rest != usual and (not rest or bool(re.fullmatch(words, rest)))


def _read_alike(groups: Mapping[str, _Group]) -> list[_Group]:
    """Put what was misread in one character to what it was read as with more ink."""
    kept: list[_Group] = []
    #: Where those kept stand that have a key with one character left out.
    known: dict[tuple[int, str, str], list[int]] = {}
    for group in sorted(groups.values(), key=lambda one: (-one.reading, -len(one.mentions))):
        doubtful = group.reading < _MISREAD_BELOW and len(group.key) >= _MISREAD_LENGTH
        near = {place for hole in _holes(group.key) for place in known.get(hole, ())} if doubtful else ()
        same = min((place for place in near if kept[place].reading > group.reading), default=None)
        if same is not None:
            kept[same] = _together(kept[same], group)
            continue
        for hole in _holes(group.key):
            known.setdefault(hole, []).append(len(kept))
        kept.append(group)
    order = {key: place for place, key in enumerate(groups)}
    return sorted(kept, key=lambda one: order[one.key])


def _holes(key: str) -> list[tuple[int, str, str]]:
    """Return `key` with each of its characters left out: two keys that differ in one alone share one of these."""
    return [(place, key[:place], key[place + 1 :]) for place in range(len(key))]


def _together(one: _Group, other: _Group) -> _Group:
    return replace(one, mentions=one.mentions + other.mentions)


def _fuller(groups: Sequence[_Group]) -> list[_Group]:
    """Put a shorter name to the one fuller name in the item that it can only stand for."""
    kept = {group.key: group for group in groups}
    honours = {key: parts for key in kept if (parts := rules.honour(key))}
    alike: dict[tuple[str, str], set[str]] = {}
    for key, parts in honours.items():
        alike.setdefault((parts.about, parts.kind), set()).add(key)
    for group in groups:
        own = honours.get(group.key)
        near = alike[own.about, own.kind] if own else set()
        said = rules.rules()["shorts"].get(group.key, group.key)
        # Most names have nothing in common: only those that may stand for each other are compared.
        names = [key for key in honours if said in key or key in near]
        fuller = [kept[key] for key in names if key != group.key and key in kept and _stands_for(group.key, key)]
        if len(fuller) > 1 and group.key in rules.rules()["shorts"]:
            fuller = [max(fuller, key=lambda one: (one.place, len(one.mentions)))]
        if len(fuller) == 1 and group.key in kept:
            kept[fuller[0].key] = _together(fuller[0], kept.pop(group.key))
    return list(kept.values())


def _stands_for(short: str, full: str) -> bool:
    one, other = rules.honour(short), rules.honour(full)
    if other is None:
        return False
    if held := rules.rules()["shorts"].get(short):
        return held in full
    if short in full:
        return True
    if one is None or (one.about, one.kind) != (other.about, other.kind):
        return False
    targets = one.target == other.target or ("(" in one.target and other.target in re.split(r"[()、]", one.target))
    return targets and (one.level == other.level or one.level is None) and one != other


def _evidence(group: _Group) -> tuple[Evidence, ...]:
    """Return the weightiest pieces of evidence, one a page before a second of the same page."""
    # sorted() is stable: of equal ones the first on the paper is the best.
    weighed = sorted(group.mentions, key=lambda mention: (-mention.place, -mention.reading))
    pages: dict[int, int] = {}
    ranked = []
    for mention in weighed:
        seen = pages.get(mention.evidence.page, 0)
        ranked.append((seen, mention.evidence))
        pages[mention.evidence.page] = seen + 1
    return tuple(entry for _, entry in sorted(ranked, key=lambda rank: rank[0])[:_MOST_EVIDENCE])
