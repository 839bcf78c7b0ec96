"""Ids and keys for engines that take UTF-8 only: lone surrogates are spelt out, and all sorts as before."""

import re

# The last code point before the surrogates, which is no character; what stands for one, and for itself, begins with it.
_MARK = "\ud7ff"
_SURROGATE = re.compile(f"[{_MARK}\ud800-\udfff]")
_SPELT = re.compile(f"{_MARK}([0-9a-f]{{4}})")


def spelt_out(text: str) -> str:
    """Return `text` without lone surrogates; other texts give others, in the same order, and so do their beginnings."""
    return _SURROGATE.sub(lambda found: f"{_MARK}{ord(found[0]):04x}", text)


def as_it_was(spelt: str) -> str:
    """Return the text that `spelt_out` was given."""
    return _SPELT.sub(lambda found: chr(int(found[1], 16)), spelt)
