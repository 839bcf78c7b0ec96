"""A page put so briefly that its like is found among a million others by looking up a few keys.

The text is a set of shingles (runs of three characters of it). MinHash (Broder 1997) samples the set so that two
signatures agree in as large a share of places as the sets have in common, and banding makes keys of it that pages
share the more surely the more they are alike. Pages with little text go by their look: keys are samples of its bits.
"""

import random
import struct
from functools import cache
from hashlib import blake2b
from typing import Any

import numpy as np

from archivist.alike import Sketch
from archivist.definitions import load
from archivist.likeness.letters import compared
from archivist.model import Page


def sketch(page: Page) -> Sketch:
    """Return what is kept of `page` to find its like; without keys where it bears too little to be known by."""
    text = "".join(char for char in compared(page.running_text) if char.isalnum())
    if len(text) < load("schemas/likeness.yaml")["text"]["least"]:
        words = len(text) >= load("schemas/likeness.yaml")["look"]["few_words"]
        # A sheet with a few words is a cover or a divider: there are many alike.
        keys = () if words or page.blank or not page.look else _look_keys(page.look)
        return Sketch(page.place, b"", page.look, keys, page.blank)
    hashed = _minhash(text)
    return Sketch(page.place, hashed.astype("<u2").tobytes(), page.look, _text_keys(hashed), page.blank)


def in_common(one: bytes, other: bytes) -> float:
    """Return about which share of all that two pages say both say (0..1), by their signatures."""
    if not one or len(one) != len(other):
        return 0.0
    return float((np.frombuffer(one, "<u2") == np.frombuffer(other, "<u2")).mean())


def apart(one: str, other: str) -> float:
    """Return in which share of their bits two looks differ: 0 the same, about 0.5 nothing to do with each other."""
    return (int(one, 16) ^ int(other, 16)).bit_count() / (4 * len(one)) if one and len(one) == len(other) else 1.0


def _minhash(text: str) -> Any:
    rules = load("schemas/likeness.yaml")["text"]
    size = rules["shingle"]
    # It brings SciPy with it, for which nobody who only searches should wait.
    from datasketch import MinHash  # type: ignore[import-untyped]

    hashed = MinHash(num_perm=rules["bands"] * rules["rows"], seed=1, hashfunc=_hash)
    raw = text.encode("utf-32-le", "surrogatepass")
    shingles = {raw[4 * at : 4 * (at + size)] for at in range(len(text) - size + 1)}
    hashed.update_batch(sorted(shingles))
    return hashed.hashvalues


def _hash(data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=4).digest(), "little")


def _text_keys(hashed: Any) -> tuple[int, ...]:
    rows = hashed.reshape(-1, load("schemas/likeness.yaml")["text"]["rows"])
    return tuple(_key(b"text", number, row.astype("<u4").tobytes()) for number, row in enumerate(rows))


def _look_keys(look: str) -> tuple[int, ...]:
    bits = f"{int(look, 16):0{4 * len(look)}b}"
    return tuple(
        _key(b"look", number, "".join(bits[place] for place in places).encode())
        for number, places in enumerate(_samples(len(bits)))
    )


@cache
def _samples(length: int) -> tuple[tuple[int, ...], ...]:
    """Return the places of the bits that make up each key; the same in every archive."""
    rules = load("schemas/likeness.yaml")["look"]
    chance = random.Random(1)
    return tuple(tuple(chance.sample(range(length), min(rules["bits"], length))) for _ in range(rules["keys"]))


def _key(sort: bytes, number: int, what: bytes) -> int:
    """Return a key that fits a column of any database: a whole number of eight bytes with sign."""
    digest = blake2b(struct.pack("<4sB", sort, number) + what, digest_size=8).digest()
    return int(struct.unpack("<q", digest)[0])
