"""What officials wrote on a slip: proposals, instructions, readings, with their names and dates."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import zip_longest
from typing import Any

from archivist.definitions import load
from archivist.describe.ink import Flow, closed, plain
from archivist.describe.slips import hand, signatures
from archivist.describe.slips.hand import Context
from archivist.describe.slips.signatures import Token
from archivist.model import Value

# Marks of the pen and of the paper around an entry that are no part of it.
_JUNK = " \t•·●○*☑✓√|_-,;:，；：、.…'\"`~"
_HAN = re.compile(r"[\u3400-\u9fff]")
_LONGEST_STAIN = 2
_LATIN = re.compile(r"[A-Za-z][A-Za-z\s.,'&/()-]+")
# The full stop of a sentence, read as a figure or letter.
_ROUND_STOP = re.compile(r"(?<=[\u3400-\u9fff])[0oO○]$")
_DATED_BY_ITS_TEXT = "result"


@dataclass(frozen=True, slots=True)
class Annotation:
    """One official's entry: the span of the flow that proves it, what it says, and how sure the rules are (0..1)."""

    start: int
    end: int
    kind: str
    text: str
    person: str | None
    date: str | None
    factor: float = 1.0

    @property
    def value(self) -> Value:
        """The field value of design.md."""
        return {"kind": self.kind, "text": self.text, "person": self.person, "date": self.date}


@dataclass(slots=True)
class _Entry:
    texts: list[Token] = field(default_factory=list)
    unit: Token | None = None
    person: Token | None = None
    when: Token | None = None

    @property
    def members(self) -> list[Token]:
        return [*self.texts, *filter(None, (self.unit, self.person, self.when))]


def read(
    flow: Flow, spans: Sequence[tuple[int, int]], kind: str, context: Context, *, signed: bool = False
) -> list[Annotation]:
    """Return the entries written in `spans` of `flow` beside a label of `kind`.

    Who signs an instruction is the name nearest to its end, or the office where there is none; a further
    date, or a name and date without words, is a reading, but not where the label asks for no more than a
    signature (`signed`: 签发). The text is what was written without the signature.
    """
    together = spans if kind == "reading" else _contiguous(spans)
    tokens = [token for start, end in together for token in signatures.tokens(flow, start, end, context)]
    tokens = _without_stains(tokens)
    if kind == "reading":
        tokens = _paired([token for token in tokens if token.what != "unit" or token.value not in _titles()])
        tokens = [token for token, after in zip_longest(tokens, tokens[1:]) if not (after and _same(token, after))]
    # Each signs in a cell or line of his own: 圈阅 in one says nothing of the name in the next.
    cells = {start for start, _ in spans} if kind == "reading" else set()
    entries = _entries(tokens, cells)
    annotations = []
    for entry in entries:
        if annotation := _annotation(flow, entry, entries, kind, signed):
            annotations.append(annotation)
    return annotations


def _annotation(flow: Flow, entry: _Entry, entries: Sequence[_Entry], kind: str, signed: bool) -> Annotation | None:
    if entry.unit and not entry.person:
        if entry.texts or kind == "reading" or entry.when:
            entry.person = entry.unit
        else:
            entry.texts = [entry.unit]
        entry.unit = None
    # Latin words among Chinese ones are the label's translation.
    texts = [token for token in entry.texts if not _LATIN.fullmatch(token.value)] or entry.texts
    text = plain("".join(hand.mended(flow, token.start, token.end) for token in texts)).strip(_JUNK)
    text = _ROUND_STOP.sub("。", text)
    only_read = closed(text).strip("()（）。") in _rules()["read"]
    said = "reading" if kind == "instruction" and not signed and (not text or only_read) else kind
    if said == "reading" and not entry.person and not entry.when and not only_read:
        return None
    if not entry.person and not entry.when and not any(char.isalnum() for char in text):
        return None
    if text in ("无", "/"):
        return None
    start, end = _span(entry, entries)
    when = entry.when
    if when is None and said == _DATED_BY_ITS_TEXT:
        when = next((token.dated for token in entry.texts if token.dated), None)
    person = _name(flow, who) if (who := entry.person) else None
    factor = min((token.factor for token in [*entry.members, *filter(None, [when])]), default=1.0)
    return Annotation(start, end, said, text, person, when.value if when else None, factor)


def _span(entry: _Entry, entries: Sequence[_Entry]) -> tuple[int, int]:
    """Return the ink of `entry`; where another's lies between, as in columns, that of its name or words alone."""
    start = min(token.start for token in entry.members)
    end = max(token.end for token in entry.members)
    between = any(
        start < token.start < end and token not in entry.members
        for other in entries
        if other is not entry
        for token in other.members
    )
    if not between:
        return start, end
    first = entry.person or (entry.texts[0] if entry.texts else entry.members[0])
    return first.start, first.end


def _entries(tokens: Sequence[Token], cells: Collection[int]) -> list[_Entry]:
    """Return the entries that `tokens` are; where one begins a cell (`cells`) its name is not of words before it."""
    entries: list[_Entry] = []
    signer: Token | None = None
    behind = {token.start for token in _noted_behind(tokens, cells)}
    for token in tokens:
        last = entries[-1] if entries else None
        if last and token.start in behind:
            last.texts.append(token)
            continue
        complete = last is None or bool(last.person and last.when) or bool(last.texts and (last.person or last.when))
        if token.what == "text":
            if last is None or complete or last.unit:
                entries.append(_Entry([token]))
            else:
                last.texts.append(token)
        elif token.what == "unit":
            if last is None or last.person or last.unit or last.when or (last.texts and token.start in cells):
                entries.append(_Entry(unit=token))
            else:
                last.unit = token
        elif token.what == "person":
            signer = token
            if last is None or last.person or (last.texts and token.start in cells):
                entries.append(_Entry(person=token))
            else:
                last.person = token
        elif last is None or last.when:
            entries.append(_Entry(person=signer, when=token))
        else:
            last.when = token
    return entries


def _contiguous(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return `spans` with those put together that follow on each other."""
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if found and found[-1][1] == start:
            found[-1] = found[-1][0], end
        else:
            found.append((start, end))
    return found


def _noted_behind(tokens: Sequence[Token], cells: Collection[int]) -> list[Token]:
    """Return each 已阅 that stands behind a name and date, not before the next name: as the first of its row does."""
    found = []
    for at, token in enumerate(tokens[2:], 2):
        if token.what != "text" or closed(token.value).strip("()。.") not in _rules()["read"]:
            continue
        # In a cell of its own only where the date before it has one, too; in the column of names it stands for one.
        if token.start in cells and (tokens[at - 1].start not in cells or _below_a_name(token, tokens)):
            continue
        row = [other for other in tokens[:at] if other.bottom > token.top and other.top < token.bottom]
        if len(row) > 1 and row[0].what == "person" and tokens[at - 1].what == "date" and cells:
            found.append(token)
    return found


def _below_a_name(token: Token, tokens: Sequence[Token]) -> bool:
    near = 2 * (token.bottom - token.top)
    return any(other.what == "person" and abs(other.middle - token.middle) < near for other in tokens)


def _paired(tokens: Sequence[Token]) -> list[Token]:
    """Return `tokens` with each date behind its name where a row of names has a row of dates below it."""
    found = list(tokens)
    at = 0
    while at < len(found):
        names = _run(found, at, "person")
        marks = _run(found, at + names, "date")
        if names < 2 or not 0 < marks <= names or found[at + names].top <= found[at].bottom:
            at += max(names + marks, 1)
            continue
        people, days = found[at : at + names], found[at + names : at + names + marks]
        rows = {person.top for person in people}
        if len(rows) > 1 and max(rows) - min(rows) > people[0].bottom - people[0].top:
            at += names + marks
            continue
        under: dict[int, Token] = {}
        for day in days:
            free = [index for index in range(names) if index not in under]
            under[min(free, key=lambda index: abs(people[index].middle - day.middle))] = day
        found[at : at + names + marks] = [
            token for index, person in enumerate(people) for token in (person, under.get(index)) if token
        ]
        at += names + marks
    return found


def _name(flow: Flow, who: Token) -> str:
    """Return who signs, with the characters put right that stand in no name."""
    if who.what == "unit":
        return plain(hand.mended(flow, who.start, who.end))
    if who.value != flow.text[who.start : who.end]:
        return plain(who.value)
    return plain(hand.mended_name(flow, who.start, who.end))


def _without_stains(tokens: Sequence[Token]) -> list[Token]:
    """Return `tokens` without signs that are no Chinese character: stains, or lines of the form.

    A circle behind words is their full stop.
    """
    kept: list[Token] = []
    for token in tokens:
        letters = closed(token.value).strip(_JUNK)
        words = token.what != "text" or bool(_HAN.search(letters)) or len(letters) > _LONGEST_STAIN
        if words or (kept and kept[-1].what == "text" and _ROUND_STOP.search(kept[-1].value[-1:] + letters)):
            kept.append(token)
    return kept


def _same(printed: Token, written: Token) -> bool:
    """Return whether a name stands twice: as printed, and as signed beside it."""
    return printed.what == written.what == "person" and closed(printed.value) == closed(written.value)


def _run(tokens: Sequence[Token], at: int, what: str) -> int:
    count = 0
    while at + count < len(tokens) and tokens[at + count].what == what:
        count += 1
    return count


def _rules() -> dict[str, Any]:
    rules: dict[str, Any] = load("schemas/slips.yaml")
    return rules


@cache
def _titles() -> frozenset[str]:
    return frozenset((*_rules()["titles"], *_rules()["posts"]))
