"""The authority list of agencies: what one agency is called, in full, short and formerly, and names matched to it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import NamedTuple

from archivist.decisions import Decision, about
from archivist.definitions import load
from archivist.describe.ink import ACCEPTED_FROM, closed, plain
from archivist.describe.names import agency_key, is_agency, is_bare, mended, same_agency
from archivist.describe.witnesses.misread import apart, glyphs_of, look_alike, offered
from archivist.model import Document, Field, Glyph, Page
from archivist.text import fold

#: The fields that name one agency.
AGENCIES = ("issuing_agency", "source_agency", "form_agency", "printing_agency")
_RECEIVERS = ("addressee", "copied_to")
# Shorter names than this have neighbours that are other agencies.
_SHORTEST = 5
_SEEN, _MENDED = 0.93, 0.85
# A character read worse than this may be any other: of two agencies often only the place differs.
_POOR = 0.7


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency: the key that its spellings share, its heading, other names in use, and what it was called before."""

    key: str
    heading: str
    variants: tuple[str, ...] = ()
    predecessors: tuple[str, ...] = ()


class _Name(NamedTuple):
    """A known name in the form names are compared in, and the key of the agency that bears it."""

    key: str
    agency: str


@dataclass(frozen=True)
class Authority:
    """The agencies known to an archive; built by `of`, and never changed."""

    _agencies: Mapping[str, Agency] = field(default_factory=dict)
    _names: Mapping[str, str] = field(default_factory=dict)
    _until: Mapping[str, int] = field(default_factory=dict)
    _alike: Mapping[tuple[int, str], Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, verified: Iterable[str], decisions: Iterable[Decision] = ()) -> "Authority":
        """Return the list that follows from the names that people `verified` and what they decided about agencies.

        Names with one key (`names.agency_key`) are one agency; its heading is the longest of them unless one was
        decided. An agency that the rules of schemas/authority.yaml make the successor of exactly one other takes
        that as its predecessor.
        """
        draft = _Draft()
        for name in verified:
            if key := agency_key(name):
                draft.names[key].setdefault(plain(closed(name)))
        for decision in about(decisions, "agency"):
            draft.heed(decision)
        owners = draft.owners()
        found = {key: draft.agency(key) for key in dict.fromkeys(owners.values()) if draft.names[key]}
        known = {name: owner for name, owner in owners.items() if owner in found}
        return cls(found, known, draft.until, _neighbours(known))

    def agencies(self) -> tuple[Agency, ...]:
        """Return every agency, in the order of their keys."""
        return tuple(self._agencies[key] for key in sorted(self._agencies))

    def find(self, name: str, year: int | None = None) -> Agency | None:
        """Return the agency that `name` is a known name of, printed in `year` if that is known.

        Names that the general rules know for its predecessor count too, where one agency alone may be meant.
        """
        key = agency_key(name)
        owner = self._names.get(key)
        if year is not None and key in self._until and year > self._until[key]:
            return None
        if owner is None:
            heirs = {self._names[heir] for heir in _successors(key, year) if heir in self._names}
            owner = heirs.pop() if len(heirs) == 1 else None
        return self._agencies.get(owner) if owner is not None else None

    def near(self, name: str) -> tuple[str, ...]:
        """Return the known names, as they are compared, that differ from `name` in one character."""
        key = agency_key(name)
        if len(key) < _SHORTEST:
            return ()
        rows = (self._alike.get(mask, ()) for mask in _masks(key))
        return tuple(dict.fromkeys(other for row in rows for other in row if len(apart(key, other)) == 1))


def matched(documents: Sequence[Document], pages: Sequence[Page], authority: Authority) -> tuple[Document, ...]:
    """Return the `documents` of one item on `pages` with their agencies matched to `authority`.

    A name that is known gets the heading as `Field.authority` and stays as printed. A name that differs from a known
    one in a character that was poorly read, or looks like the right one, takes the known character (raw stays as
    read) and goes to review, unless a reader had offered that character. Addressees and copies get the heading only.
    Values that people decided stay as they are.
    """
    sheets = {page.number: page for page in pages}
    year = next(
        (
            int(text[:4])
            for text in (str(one.value) for doc in documents for one in doc.values("date_of_issue"))
            if text[:4].isdecimal()
        ),
        None,
    )
    named = [str(one.value) for doc in documents for one in doc.fields if one.name in AGENCIES]
    return tuple(
        replace(doc, fields=tuple(_matched(one, sheets, authority, year, named) for one in doc.fields))
        for doc in documents
    )


def _matched(
    one: Field, pages: Mapping[int, Page], authority: Authority, year: int | None, named: Sequence[str]
) -> Field:
    if one.name not in (*AGENCIES, *_RECEIVERS) or not isinstance(one.value, str):
        return one
    if one.status not in ("verified", "rejected") and one.name in AGENCIES:
        one = _mended(one, pages, authority)
    agency = authority.find(str(one.value), year) or _by_place(str(one.value), authority, year, named)
    if agency is None or one.status == "rejected":
        return one
    return replace(one, authority=agency.heading)


def _by_place(name: str, authority: Authority, year: int | None, named: Sequence[str]) -> Agency | None:
    """Return the agency that a name without its place (市委) means on papers that name it in full as well."""
    if not is_bare(name):
        return None
    full = {
        agency.key: agency
        for other in named
        if not is_bare(other) and same_agency(name, other)
        if (agency := authority.find(other, year))
    }
    return next(iter(full.values())) if len(full) == 1 else None


def _mended(one: Field, pages: Mapping[int, Page], authority: Authority) -> Field:
    """Return the field with a misread character put right, by the words no name has and the names that are known."""
    value = str(one.value)
    glyphs = glyphs_of(one, pages)
    glyphs = glyphs if len(glyphs) == len(value) else ()
    if (right := plain(mended(value))) != plain(fold(value)) and is_agency(right):
        places = apart(fold(value), mended(value))
        value = "".join(mended(value)[place] if place in places else char for place, char in enumerate(value))
        one = _changed(one, value, glyphs, places)
    if authority.find(value) or not glyphs:
        return one
    found = [
        (right, place)
        for other in authority.near(value)
        for right, place in _spellings(value, other)
        if _may_be(glyphs[place], right[place])
    ]
    offers = [entry for entry in found if offered(glyphs[entry[1]], fold(entry[0][entry[1]]))] or found
    if len({right for right, _ in offers}) != 1:
        return one
    right, place = offers[0]
    return _changed(one, right, glyphs, [place])


def _may_be(glyph: Glyph, char: str) -> bool:
    return glyph.confidence < _POOR or offered(glyph, fold(char)) or look_alike(fold(glyph.char), fold(char))


def _spellings(value: str, key: str) -> list[tuple[str, int]]:
    """Return `value` with one character changed so that its key is `key`, and where; there may be several places."""
    (place,) = apart(own := agency_key(value), key)
    wrong, right = own[place], key[place]
    changed = ((value[:at] + right + value[at + 1 :], at) for at, char in enumerate(value) if fold(char) == wrong)
    return [(spelling, at) for spelling, at in changed if agency_key(spelling) == key]


def _changed(one: Field, value: str, glyphs: Sequence[Glyph], places: Sequence[int]) -> Field:
    seen = bool(glyphs) and all(offered(glyphs[place], fold(value[place])) for place in places)
    kept = [glyph.confidence for place, glyph in enumerate(glyphs) if place not in places]
    if seen:
        sure = min([_SEEN, *kept])
        return replace(one, value=value, confidence=sure, status="accepted" if sure >= ACCEPTED_FROM else "review")
    return replace(one, value=value, confidence=min([_MENDED, *kept]), status="review")


@dataclass
class _Draft:
    """The list while it is put together: by key of the agency its names, former names, and decided heading."""

    names: defaultdict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    former: defaultdict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    headings: dict[str, str] = field(default_factory=dict)
    until: dict[str, int] = field(default_factory=dict)

    def heed(self, decision: Decision) -> None:
        """Let what a person decided count: `detail` says the `name`, of a former one the last year (`until`).

        Forgetting without a name forgets the agency.
        """
        key, given = agency_key(decision.target), decision.detail.get("name")
        name = plain(closed(given)) if isinstance(given, str) else ""
        if decision.act == "forget":
            for kept in (self.names, self.former):
                if name:
                    kept[key].pop(name, None)
                else:
                    kept.pop(key, None)
            if name in ("", self.headings.get(key)):
                self.headings.pop(key, None)
        elif name and decision.act == "predecessor":
            self.former[key].setdefault(name)
            if isinstance(until := decision.detail.get("until"), int):
                self.until[agency_key(name)] = until
        elif name:
            self.names[key].setdefault(name)
            if decision.act == "heading":
                self.headings[key] = name

    def owners(self) -> dict[str, str]:
        """Return for each name, as names are compared, the key of its agency; join what belongs to one agency."""
        owners = {key: key for key, names in self.names.items() if names}
        given = {
            agency_key(name): (key, kept)
            for kept in (self.names, self.former)
            for key in list(owners)
            for name in kept.get(key, ())
            if agency_key(name) != key
        }
        # What a person gave to an agency no longer stands for itself, nor does what the general rules succeed.
        for name, (key, kept) in given.items():
            owner = _root(owners, key)
            if owner != name:
                owners[name] = owner
                kept[owner].update(self.names.pop(name, {}))
                self.former[owner].update(self.former.pop(name, {}))
        owners = {name: _root(owners, name) for name in owners}
        for key in [key for key, owner in owners.items() if key == owner and key not in self.headings]:
            heir = _heir(key, owners, {key})
            if heir:
                joined = (*self.names.pop(key), *self.former.pop(key, ()))
                owners.update({agency_key(name): heir for name in joined})
                self.former[heir].update(dict.fromkeys(joined))
        return owners

    def agency(self, key: str) -> Agency:
        """Return the agency of `key`."""
        heading = self.headings.get(key) or max(self.names[key], key=len)
        others = tuple(name for name in self.names[key] if name != heading)
        return Agency(key, heading, others, tuple(self.former.get(key, ())))


def _root(owners: Mapping[str, str], key: str) -> str:
    while owners[key] != key:
        key = owners[key]
    return key


def _heir(key: str, owners: Mapping[str, str], seen: set[str]) -> str | None:
    """Return the one known agency that the one of `key` has become in the end, None where there is none or several."""
    heirs = set()
    for other in _successors(key, None):
        owner = owners.get(other)
        if owner is not None and owner not in seen:
            heirs.add(_heir(owner, owners, seen | {owner}) or owner)
    return heirs.pop() if len(heirs) == 1 else None


def _successors(key: str, year: int | None) -> list[str]:
    """Return what an agency of the name `key` (as compared) may have become, by schemas/authority.yaml."""
    found = []
    for row in _predecessors():
        was: str = row.was
        if key.endswith(was) and len(key) > len(was) and (year is None or row.since <= year <= row.until):
            found.append(key[: len(key) - len(was)] + row.now)
    return found


class _Succession(NamedTuple):
    was: str
    now: str
    since: int
    until: int


@cache
def _predecessors() -> tuple[_Succession, ...]:
    rows = load("schemas/authority.yaml")["predecessors"]
    return tuple(_Succession(row["was"], row["is"], row["since"], row["until"]) for row in rows)


def _neighbours(names: Iterable[str]) -> dict[tuple[int, str], list[str]]:
    """Return the names by their masks."""
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    for name in names:
        if len(name) >= _SHORTEST:
            for mask in _masks(name):
                found[mask].append(name)
    return dict(found)


def _masks(name: str) -> tuple[tuple[int, str], ...]:
    """Return what `name` shares with every name one character away: its first two, or all but one of them.

    Many agencies of one kind share all behind their place, few share the place.
    """
    size = len(name)
    return (size, name[:2]), (size, f"?{name[1:]}"), (size, f"{name[0]}?{name[2:]}")
