"""Where a reader took one character for another, as the ink and the characters themselves tell."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from archivist.definitions import load
from archivist.describe.ink import ACCEPTED_FROM
from archivist.model import Field, Glyph, Page, Witness
from archivist.text import fold

# Where a reader had offered it.
_SEEN = 0.93
# A name of which less is left could be another's.
_LEAST_LEFT = 5
_LEVELS = "省市县区州盟旗镇乡"
LENT = 0.85
"""How sure a value is that took a character from another place: a person looks at it."""


def glyphs_of(field: Field, pages: Mapping[int, Page]) -> tuple[Glyph, ...]:
    """Return the characters that carry `field`, without white space; `pages` by their number in the item.

    Empty where the page is not there, or no longer holds the characters that the field was read from.
    """
    page = pages.get(field.evidence.page)
    if page is None:
        return ()
    seen = page.glyphs[field.evidence.start : field.evidence.end]
    if "".join(glyph.char for glyph in seen) != field.evidence.text:
        return ()
    return tuple(glyph for glyph in seen if not glyph.char.isspace())


def apart(one: Sequence[str], other: Sequence[str]) -> list[int]:
    """Return the places at which two texts of the same length differ."""
    return [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]


def one_apart(one: str, other: str) -> bool:
    """Return whether two texts differ in one character and no more."""
    return len(one) == len(other) and len(apart(one, other)) == 1


def lost_between(one: str, other: str) -> bool:
    """Return whether one of two names is the other without a few characters in a row, as where a seal hides them.

    惠民地业局 is 惠民地区商业局; what is missing must not be a place of its own (山东省聊城市农业局, 山东省农业局).
    """
    short, full = sorted((one, other), key=len)
    many = len(full) - len(short)
    if len(short) < _LEAST_LEFT or not 0 < many <= max(2, len(full) // 3):
        return False
    starts = (at for at in range(2, len(short) - 1) if full[:at] == short[:at] and full[at + many :] == short[at:])
    return any(full[at + many - 1] not in _LEVELS for at in starts)


def look_alike(one: str, other: str) -> bool:
    """Return whether two characters are a stroke apart, by the groups of index/lookalikes.yaml."""
    return bool(_groups().get(one, frozenset()) & _groups().get(other, frozenset()))


def offered(glyph: Glyph, char: str) -> bool:
    """Return whether a reader saw `char` (folded) in the place of `glyph` too."""
    return any(fold(other.char) == char for other in glyph.alternatives)


def may_be(glyph: Glyph, char: str) -> bool:
    """Return whether what was read as `glyph` may be `char` (folded): offered, poorly read, or a look-alike."""
    return glyph.confidence < ACCEPTED_FROM or offered(glyph, char) or look_alike(fold(glyph.char), char)


def lent(field: Field, form: str, lender: Field, pages: Mapping[int, Page], *, most: int) -> Field | None:
    """Return `field` with at most `most` characters of its value as in `form`, which `lender` says; else None.

    `form` must be as long as the value, and the ink must allow each of the characters (see `may_be`).
    """
    value = str(field.value)
    if len(value) != len(form) or len(form) < 3:
        return None
    chars = {place: form[place] for place in apart(fold(value), fold(form))}
    return with_chars(field, chars, lender, pages, most=most)


def with_chars(
    field: Field, chars: Mapping[int, str], lender: Field, pages: Mapping[int, Page], *, most: int
) -> Field | None:
    """Return `field` with `chars` (by place in its value) in place of what was read; None where the ink forbids one.

    The field goes to review unless a reader had offered every one of them. What was read, and `lender`, are kept
    among the witnesses; raw and evidence stay as they are.
    """
    value, glyphs = str(field.value), glyphs_of(field, pages)
    if not 0 < len(chars) <= most or len(glyphs) != len(value) or lender.confidence < ACCEPTED_FROM:
        return None
    if not all(may_be(glyphs[place], fold(char)) for place, char in chars.items()):
        return None
    seen = all(offered(glyphs[place], fold(char)) for place, char in chars.items())
    return replace(
        field,
        value="".join(chars.get(place, char) for place, char in enumerate(value)),
        confidence=min(_SEEN if seen else LENT, lender.confidence),
        status="accepted" if seen else "review",
        witnesses=(*field.witnesses, _witness(lender), _witness(field)),
    )


def _witness(field: Field) -> Witness:
    at = field.evidence
    return Witness(field.method, field.value, field.raw, at.page, at.box, field.confidence)


@cache
def _groups() -> Mapping[str, frozenset[int]]:
    rules = load("index/lookalikes.yaml")
    found: dict[str, set[int]] = {}
    for number, group in enumerate([*rules["groups"], *load("schemas/agencies.yaml")["alike"]]):
        for char in fold(group):
            found.setdefault(char, set()).add(number)
    return {char: frozenset(numbers) for char, numbers in found.items()}
