"""Names that sign a slip: a surname and one or two characters, or names written by their sound (扎西顿珠)."""

import re
from functools import cache

from archivist.definitions import load
from archivist.describe.ink import closed
from archivist.describe.names import is_person
from archivist.text import fold

# Parts with a point between them, whatever sign a reader took the point for.
_POINTED = re.compile(r"[\u3400-\u9fff]{1,8}(?:[·•‧・.][\u3400-\u9fff]{1,8}){1,2}")
_LEAST_SPELLED, _LONGEST = 4, 9


def is_name(text: str) -> bool:
    """Return whether all of `text` looks like the name of a person."""
    return is_person(text) or is_transcribed(text)


def is_transcribed(text: str) -> bool:
    """Return whether all of `text` is a name written by its sound, by the parts it is put together from."""
    name = closed(fold(text))
    if pieces := re.split(r"[·•‧・.]", name) if _POINTED.fullmatch(name) else []:
        return all(len(piece) > 1 or piece in "阿马" for piece in pieces)
    return len(name) <= _LONGEST and bool(_parts().fullmatch(name))


def is_spelled(text: str) -> bool:
    """Return whether all of `text` may be such a name by its characters alone: not sure, but likely where one signs."""
    name = closed(fold(text))
    return _LEAST_SPELLED <= len(name) <= _LONGEST and set(name) <= _characters()


@cache
def _parts() -> re.Pattern[str]:
    parts = load("schemas/persons.yaml")["transcribed"]["parts"].split()
    return re.compile(f"(?:{'|'.join(sorted(sorted(set(parts)), key=len, reverse=True))}){{1,3}}")


@cache
def _characters() -> frozenset[str]:
    return frozenset("".join(load("schemas/persons.yaml")["transcribed"]["characters"].split()))
