"""What could stand in a place: each character with what else was seen there, and the values that would make."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from archivist.describe.decided import typed
from archivist.errors import WrongCall
from archivist.language import gettext as _
from archivist.model import Evidence, Field, Glyph, Page, Value, Witness
from archivist.phrases import shown, sure
from archivist.text import fold
from archivist.vocabulary import ANNOTATIONS

# So many can be chosen by one key.
_KEYS = 9
# Below this a character is marked as doubtful.
DOUBTFUL = 0.9
_DATE = re.compile(r"\d{4}(?:-\d\d){1,2}")


@dataclass(frozen=True, slots=True)
class Letter:
    """A character as read, how sure that is, and what else was seen in its place with how sure."""

    char: str
    confidence: float
    others: tuple[tuple[str, str], ...]

    @property
    def sure(self) -> str:
        """How sure, in digits."""
        return sure(self.confidence)

    @property
    def doubtful(self) -> bool:
        """Whether to mark it."""
        return self.confidence < DOUBTFUL


@dataclass(frozen=True, slots=True)
class Input:
    """A place to type a value in, or a part of one; where only some words may stand there, `options` are these."""

    part: str
    value: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Another value, by one key: `text` for the whole input, or for its character `at`; `why` says who saw it."""

    key: int
    text: str
    why: str
    part: str = ""
    at: int | None = None
    instead: str = ""


def letters_of(page: Page, ink: Evidence) -> tuple[Letter, ...]:
    """Return the characters of `ink`."""
    return tuple(
        Letter(glyph.char, glyph.confidence, tuple(_others(glyph))) for glyph in page.glyphs[ink.start : ink.end]
    )


def _others(glyph: Glyph) -> Iterator[tuple[str, str]]:
    for one in glyph.alternatives:
        if one.char.strip():
            yield one.char, sure(one.confidence)


def inputs_of(value: Value) -> tuple[Input, ...]:
    """Return the places that a person types the value in: one for each part, where it has parts."""
    if not isinstance(value, Mapping) or "agency_code" in value:
        return (Input("", _typed(value)),)
    return tuple(Input(part, _typed(said), _options(part)) for part, said in value.items())


def choices_of(field: Field, kind: str, letters: Sequence[Letter], witnesses: Sequence[Witness]) -> tuple[Choice, ...]:
    """Return what may be put in the place of the value, or of a character of it, at the keys 1 to 9.

    First what other places of the paper say, then what else the readers saw, at the least sure characters first.
    """
    found: list[tuple[str, str, str, int | None, str]] = []
    inputs = inputs_of(field.value)
    if len(inputs) == 1 and not inputs[0].part:
        for witness in witnesses:
            text = shown(witness.value)
            if witness.value is not None and text != inputs[0].value:
                found.append((text, _("said elsewhere"), "", None, ""))
    ink = "".join(letter.char for letter in letters)
    places = sorted((place for place, one in enumerate(letters) if one.others), key=lambda at: letters[at].confidence)
    for place in places:
        for char, how in letters[place].others:
            why = _("{char}, {sure} sure").format(char=char, sure=how)
            found += _swapped(field, kind, inputs, ink, place, char, why)
    unique = {(text, part, at): (text, why, part, at, instead) for text, why, part, at, instead in reversed(found)}
    kept = [one for one in dict.fromkeys(found) if unique[one[0], one[2], one[3]] == one][:_KEYS]
    return tuple(Choice(key, *one) for key, one in enumerate(kept, 1))


def _swapped(
    field: Field, kind: str, inputs: Sequence[Input], ink: str, place: int, char: str, why: str
) -> Iterator[tuple[str, str, str, int | None, str]]:
    """Yield what the value would be with `char` in this place of its ink."""
    single = len(inputs) == 1 and not inputs[0].part
    simple = fold(char)
    if single and (not isinstance(field.value, str) or _DATE.fullmatch(field.value)):
        try:
            value = typed(field.name, kind, ink[:place] + char + ink[place + 1 :])
        except WrongCall:
            return
        if value != field.value:
            yield shown(value), why, "", None, ""
        return
    for entry in inputs:
        if entry.options or _DATE.fullmatch(entry.value):
            continue
        at = _place_of(ink, place, entry.value)
        if at is not None and entry.value[at] != simple:
            yield simple, why, entry.part, at, entry.value[at]
            return


def _place_of(ink: str, place: int, value: str) -> int | None:
    """Return where the character in this place of the ink stands in the value that was made of it, if it does."""
    blocks = SequenceMatcher(None, fold(ink), fold(value), autojunk=False).get_matching_blocks()
    for block in blocks:
        if block.a <= place < block.a + block.size and (block.size > 1 or len(value) == 1):
            return block.b + place - block.a
    return None


def _typed(value: Value) -> str:
    """Return a value as a person types it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return shown(value)


def _options(part: str) -> tuple[tuple[str, str], ...]:
    if part == "veto":
        return (("true", _("yes")), ("false", _("no")))
    return tuple((word, _(word)) for word in ANNOTATIONS) if part == "kind" else ()
