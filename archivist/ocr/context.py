"""Context decides between characters that look alike: the numbers, words and script around them."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

from archivist.definitions import load
from archivist.model import Alternative, Glyph, Line, Step
from archivist.text import fold

#: From here on the reader is sure of a character, and only a pattern that leaves no other reading may change it.
SURE = 0.99
#: No character that context put there is surer: where no other reading is possible, and elsewhere.
_CERTAIN, _LIKELY = 0.97, 0.9
#: One script prevails on a page with at least this many telling characters, so many times as many as of the other.
_LEAST_TELLING, _PREVAILS = 10, 9


_SCRIPT = "the script of the page"


class _Change(NamedTuple):
    char: str
    why: str
    certain: bool = False


@dataclass(frozen=True, slots=True)
class _Pattern:
    change: _Change
    before: re.Pattern[str]
    after: re.Pattern[str]

    def fits(self, text: str, place: int) -> bool:
        return bool(self.after.match(text, place + 1)) and bool(self.before.search(text[:place]))


@dataclass(frozen=True, slots=True)
class _LookAlikes:
    #: Character to the patterns that may change it, and to all of its groups.
    patterns: Mapping[str, tuple[_Pattern, ...]]
    others: Mapping[str, str]
    #: Character to the words that hold it, each with the place in the word.
    words: Mapping[str, tuple[tuple[str, int], ...]]
    #: For either script, characters that give way to others there though they are printed alike.
    scripts: Mapping[str, Mapping[str, str]]

    def change(self, glyph: Glyph, text: str, place: int) -> _Change | None:
        """Return what the character at `place` of the folded `text` ought to be, None where it is right or unclear."""
        for pattern in self.patterns.get(glyph.char, ()):
            if pattern.fits(text, place) and (pattern.change.certain or _open_to(glyph, pattern.change)):
                return pattern.change
        if glyph.char not in self.others or not _in_doubt(glyph) or self._word(text, place, text[place]):
            return None
        found = [
            _Change(char, word)
            for char in self.others[glyph.char]
            if char != glyph.char and (word := self._word(text, place, char))
        ]
        return found[0] if len(found) == 1 and _open_to(glyph, found[0]) else None

    def _word(self, text: str, place: int, char: str) -> str:
        for word, at in self.words.get(char, ()):
            start = place - at
            if start >= 0 and text[start:place] == word[:at] and text.startswith(word[at + 1 :], place + 1):
                return word
        return ""


@cache
def _look_alikes() -> _LookAlikes:
    data = load("index/lookalikes.yaml")
    others: dict[str, str] = defaultdict(str)
    for group in data["groups"]:
        for char in group:
            others[char] += group
    patterns: dict[str, list[_Pattern]] = defaultdict(list)
    for entry in data["patterns"]:
        change = _Change(entry["is"], entry["why"], entry.get("certain", False))
        pattern = _Pattern(change, re.compile(f"(?:{entry['before']})$"), re.compile(entry["after"]))
        for char in entry["of"]:
            patterns[char].append(pattern)
    words: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for word in data["words"].split():
        for at, char in enumerate(word):
            words[char].append((word, at))
    return _LookAlikes(
        {char: tuple(found) for char, found in patterns.items()},
        others,
        {char: tuple(found) for char, found in words.items()},
        {
            "t": {simplified: traditional for simplified, traditional in data["scripts"]},
            "s": {traditional: simplified for simplified, traditional in data["scripts"]},
        },
    )


def in_context(lines: Sequence[Line]) -> tuple[tuple[Line, ...], tuple[Step, ...]]:
    """Return the lines of a page with look-alikes told apart by what stands around them, and what was changed.

    `index/lookalikes.yaml` says how. Besides, on a page in one script a character of the other gives way to its
    counterpart where the two are printed alike (内 to 內) or the reader saw that as well. One character stays one
    character; what was read is kept as the first alternative, and the line's method ends in "+context".
    """
    known, script = _look_alikes(), _script(lines)
    decided: list[Line] = []
    said: dict[str, int] = {}
    for line in lines:
        text = fold(line.text)
        changes = {
            place: change
            for place, glyph in enumerate(line.glyphs)
            if (change := known.change(glyph, text, place) or _in_script(glyph, script))
        }
        if not changes:
            decided.append(line)
            continue
        glyphs = list(line.glyphs)
        for place, change in changes.items():
            note = f"{glyphs[place].char} is {change.char} ({change.why})"
            said[note] = said.get(note, 0) + 1
            glyphs[place] = _changed(glyphs[place], change)
        decided.append(replace(line, glyphs=tuple(glyphs), method=f"{line.method}+context"))
    if not said:
        return tuple(decided), ()
    notes = (f"{note} × {count}" if count > 1 else note for note, count in said.items())
    return tuple(decided), (Step("read", f"from context: {'; '.join(notes)}"),)


def _in_doubt(glyph: Glyph) -> bool:
    return glyph.confidence < SURE


def _open_to(glyph: Glyph, change: _Change) -> bool:
    """Whether the reader was in doubt, and saw the other character too where it says what it saw besides."""
    seen = {other.char for other in glyph.alternatives}
    return _in_doubt(glyph) and (not seen or change.char in seen or glyph.confidence < 0.5)


def _changed(glyph: Glyph, change: _Change) -> Glyph:
    others = tuple(other for other in glyph.alternatives if other.char != change.char)
    return replace(
        glyph,
        char=change.char,
        confidence=min(glyph.confidence, _CERTAIN if change.certain else _LIKELY),
        alternatives=(Alternative(glyph.char, glyph.confidence), *others),
    )


def alike(glyph: Glyph) -> bool:
    """Whether `glyph` is a character with look-alikes, or another form of it was seen in its place."""
    return glyph.char in _look_alikes().others or any(
        other.char != glyph.char and fold(other.char) == fold(glyph.char) for other in glyph.alternatives
    )


def _script(lines: Sequence[Line]) -> str:
    """Return "t" where the page is in traditional script, "s" where in simplified, "" where that is unclear."""
    homes = Counter(_home(glyph.char) for line in lines for glyph in line.glyphs)
    for script, other in ("st", "ts"):
        if homes[script] >= max(_LEAST_TELLING, _PREVAILS * homes[other]):
            return script
    return ""


def _in_script(glyph: Glyph, script: str) -> _Change | None:
    """Return the counterpart of a character of the other script, where it is printed alike or the reader saw it."""
    if not script:
        return None
    if char := _look_alikes().scripts[script].get(glyph.char):
        return _Change(char, _SCRIPT, certain=True)
    if _in_doubt(glyph) and _home(glyph.char) not in ("", script):
        for other in glyph.alternatives:
            if fold(other.char) == fold(glyph.char) and _home(other.char) in ("", script):
                return _Change(other.char, _SCRIPT)
    return None


@cache
def _home(char: str) -> str:
    """Return "s" or "t" for an ideograph that only the character set of that script holds, "" for all others."""
    simplified, traditional = (_holds(name, char) for name in ("gb2312", "big5"))
    return "" if simplified == traditional else "s" if simplified else "t"


def _holds(name: str, char: str) -> bool:
    try:
        char.encode(name)
    except UnicodeEncodeError:
        return False
    return char.isalpha()
