"""What a segment holds, and how it is made: of rows, or of other segments; codec.py says how it is kept.

All texts of a segment stand in one long line, and for each pair of neighbouring characters, a bigram, it is kept at
which places of the line it stands. So whatever its length, a word is where its bigrams stand side by side, and nothing
needs to be read to make sure. The line is divided into blocks; a text, ended by a line feed, begins with a block of its
own, so the place tells the slot: the document and the field.

The other terms are the keys of the keyed fields and the ids, with the documents that have them. What is asked of a
document by its number is in the columns: its id, its digest, what it is ordered by, its place in each order, its days.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np

from archivist.search.fields import IndexDefinition
from archivist.search.row import Row
from archivist.search.whoosh.form import (
    FIELD,
    GRAM,
    ID,
    NUMBERS,
    ORDERS,
    PLACE,
    SCRIPTED,
    UNDATED,
    Array,
    starts,
)
from archivist.search.whoosh.reading import ColumnsReader, TermsReader
from archivist.search.whoosh.writing import ColumnsWriter, TermsWriter

#: No more blocks than this in a segment, or places would not fit into 32 bits.
MOST_BLOCKS = 1 << (32 - PLACE)
_CODE = 21
_SECOND = np.uint64((1 << _CODE) - 1)
# Stands for days too far off to be true.
_FAR = (1 << 31) - 1
_END = "\n"
# So many places are merged at a time: tens of megabytes.
_AT_A_TIME = 1 << 20
_GONE = np.uint32(0xFFFFFFFF)


class Opened(NamedTuple):
    """A segment opened for reading: its terms, its columns, and which of its documents are not deleted, by number."""

    terms: TermsReader
    columns: ColumnsReader
    living: Array


def encoded(text: str) -> bytes:
    """Return an id, a key or an order as it is kept: it sorts by code point, and a lone surrogate does no harm."""
    return text.encode("utf-8", "surrogatepass")


def decoded(kept: bytes) -> str:
    """Return what was `encoded`."""
    return kept.decode("utf-8", "surrogatepass")


def gram(text: str) -> bytes:
    """Return a bigram, or the first character of some, as it is kept."""
    return text.encode("utf-32-be", "surrogatepass")


def write_rows(
    rows: Sequence[Row], definition: IndexDefinition, schema: Any, terms: TermsWriter, columns: ColumnsWriter
) -> None:
    """Write a segment of `rows`."""
    line, places, slots = _line(rows, definition)
    terms.add_blocks(slots)
    for name in _ordered(definition):
        terms.start_field(name, schema[name])
        if name == GRAM:
            _write_places(line, places, slots, terms)
        else:
            pairs = ((key, number) for number, row in enumerate(rows) for key in _keys(row, name))
            _write_keys([_listed(pairs)], terms)
        terms.finish_field()
    days = [(UNDATED, UNDATED) if row.days is None else row.days for row in rows]
    values: dict[str, Iterable[Any]] = {
        ID: [encoded(row.id) for row in rows],
        "digest": [row.digest.encode() for row in rows],
        "first_day": [min(first, _FAR) for first, _last in days],
        "last_day": [min(last, _FAR) for _first, last in days],
        "written": [bool(row.scripted) for row in rows],
        **{f"by_{order}": [encoded(row.orders[order]) for row in rows] for order in ORDERS},
    }
    _write_columns(values, schema, columns)


def merge(
    sources: Sequence[Opened], definition: IndexDefinition, schema: Any, terms: TermsWriter, columns: ColumnsWriter
) -> None:
    """Write one segment of the documents that live in others, in their order."""
    numbers, blocks, slots, taken, filled = list[Array](), list[Array](), list[Array](), 0, 0
    for source in sources:
        old, living = source.terms.blocks, source.living
        numbers.append(_numbered(living, taken))
        stays = living[old >> FIELD]
        blocks.append(_numbered(stays, filled))
        kept = old[stays]
        slots.append(numbers[-1][kept >> FIELD] << np.uint32(FIELD) | kept & np.uint32(SCRIPTED))
        taken, filled = taken + int(np.count_nonzero(living)), filled + len(kept)
    slot = np.concatenate(slots)
    terms.add_blocks(slot)
    for name in _ordered(definition):
        terms.start_field(name, schema[name])
        if name == GRAM:
            _merge_places([source.terms for source in sources], blocks, slot, terms)
        else:
            lexicons = [source.terms.lexicon(name) for source in sources]
            _write_keys(
                [(each, each.starts, new[each.postings]) for each, new in zip(lexicons, numbers, strict=True)], terms
            )
        terms.finish_field()
    alive = [np.flatnonzero(source.living).tolist() for source in sources]
    strings = (ID, "digest", *(f"by_{order}" for order in ORDERS))
    values: dict[str, Iterable[Any]] = {name: _kept(name, sources, alive, schema) for name in strings}
    for name in NUMBERS:
        values[name] = np.concatenate([source.columns.numbers(name)[source.living] for source in sources]).tolist()
    _write_columns(values, schema, columns)


def _ordered(definition: IndexDefinition) -> list[str]:
    # Whoosh merges the terms of several segments by field, in the order of the names.
    return sorted({GRAM, ID, *definition.keyed})


def _keys(row: Row, name: str) -> Sequence[str]:
    return (row.id,) if name == ID else row.keys[name]


def _line(rows: Sequence[Row], definition: IndexDefinition) -> tuple[Array, Array, Array]:
    """Return the code points of the line, the place of each, and the slot of each block."""
    slots, texts = list[int](), list[str]()
    for number, row in enumerate(rows):
        for field, name in enumerate(definition.substrings):
            slots.append(number << FIELD | field)
            texts.append(row.texts[name])
        slots.append(number << FIELD | SCRIPTED)
        texts.append(row.scripted)
    kept = [at for at, text in enumerate(texts) if text]
    lengths = np.array([len(texts[at]) + len(_END) for at in kept], np.int64)
    whole = "".join(texts[at] + _END for at in kept)
    line = np.frombuffer(whole.encode("utf-32-le", "surrogatepass"), "<u4")
    blocks = -(-lengths >> PLACE)
    shifts = (starts(blocks)[:-1] << PLACE) - starts(lengths)[:-1]
    places = np.arange(len(line), dtype=np.int64) + np.repeat(shifts, lengths)
    return line, places, np.repeat(np.array([slots[at] for at in kept], np.uint32), blocks)


def _write_places(line: Array, places: Array, slots: Array, writer: TermsWriter) -> None:
    begins = line[:-1] != ord(_END)
    # What fits into 16 bits is sorted three times as fast.
    narrow = line.astype(np.uint16 if line.max(initial=0) < 1 << 16 else np.uint32)
    order = np.lexsort((narrow[1:][begins], narrow[:-1][begins]))
    pairs = _joined(line[:-1][begins][order], line[1:][begins][order])
    found, counts = np.unique(pairs, return_counts=True)
    _add_grams(found, counts, places[:-1][begins][order].astype(np.uint32), slots, writer)


def _merge_places(sources: Sequence[TermsReader], blocks: Sequence[Array], slots: Array, writer: TermsWriter) -> None:
    lexicons = [source.lexicon(GRAM) for source in sources]
    kept = [_joined(*lexicon.pairs().T) for lexicon in lexicons]
    grams = np.unique(np.concatenate(kept))
    at = [np.searchsorted(grams, each).astype(np.uint32) for each in kept]
    del kept
    sizes = np.zeros(len(grams), np.int64)
    for lexicon, numbers in zip(lexicons, at, strict=True):
        sizes[numbers] += np.diff(lexicon.starts)
    for low, high in pairwise(_cuts(sizes)):
        terms, merged = list[Array](), list[Array]()
        for lexicon, numbers, new in zip(lexicons, at, blocks, strict=True):
            first, last = np.searchsorted(numbers, np.array((low, high), np.uint32))
            begin = lexicon.starts[first : last + 1]
            old = lexicon.postings[begin[0] : begin[-1]]
            block = new[old >> np.uint32(PLACE)]
            stays = block != _GONE
            terms.append(np.repeat(numbers[first:last] - low, np.diff(begin))[stays])
            merged.append((block << np.uint32(PLACE) | old & np.uint32((1 << PLACE) - 1))[stays])
        term = np.concatenate(terms)
        counts = np.bincount(term, minlength=high - low)
        places = np.concatenate(merged)[np.argsort(term, kind="stable")]
        _add_grams(grams[low:high][counts > 0], counts[counts > 0], places, slots, writer)


def _joined(first: Array, second: Array) -> Array:
    return first.astype(np.uint64) << np.uint64(_CODE) | second


def _add_grams(grams: Array, counts: Array, places: Array, slots: Array, writer: TermsWriter) -> None:
    written = np.column_stack((grams >> np.uint64(_CODE), grams & _SECOND)).astype(">u4").tobytes()
    size = len(gram(" ")) * 2
    texts = (written[at : at + size] for at in range(0, len(written), size))
    writer.add_terms(texts, counts, places, slots[places >> np.uint32(PLACE)] >> np.uint32(FIELD))


def _cuts(sizes: Array) -> list[int]:
    """Return where to cut terms of these sizes so that not too much is merged at a time."""
    total = starts(sizes)
    cuts = np.searchsorted(total, np.arange(0, total[-1], _AT_A_TIME))
    return [int(cut) for cut in np.unique(np.append(cuts, len(sizes)))]


def _numbered(stays: Array, first: int) -> Array:
    """Return the new number, from `first` on, of each that stays, and that of what is gone for the others."""
    return np.where(stays, np.cumsum(stays) + (first - 1), _GONE).astype(np.uint32)


def _listed(keys: Iterable[tuple[str, int]]) -> tuple[Sequence[bytes], Array, Array]:
    pairs = list(keys)
    names = [encoded(name) for name, _number in pairs]
    return names, np.arange(len(pairs) + 1), np.array([number for _name, number in pairs], np.uint32)


def _write_keys(sources: Sequence[tuple[Sequence[bytes], Array, Array]], writer: TermsWriter) -> None:
    """Write keys, given as names, where the documents of each begin, and the documents."""
    listed = [list(names) for names, _start, _documents in sources]
    ordered = sorted(set(chain.from_iterable(listed)))
    number = {key: at for at, key in enumerate(ordered)}
    each = [
        np.repeat(np.array([number[key] for key in names], np.uint32), np.diff(start))
        for names, (_names, start, _documents) in zip(listed, sources, strict=True)
    ]
    keys, documents = np.concatenate(each), np.concatenate([documents for _names, _start, documents in sources])
    keys, documents = keys[documents != _GONE], documents[documents != _GONE]
    order = np.lexsort((documents, keys))
    documents = documents[order]
    found, counts = np.unique(keys, return_counts=True)
    writer.add_terms([ordered[at] for at in found.tolist()], counts, documents, documents)


def _kept(name: str, sources: Sequence[Opened], alive: Sequence[Sequence[int]], schema: Any) -> list[bytes]:
    readers = [source.columns.column_reader(name, schema[name].column_type) for source in sources]
    return [reader[number] for reader, numbers in zip(readers, alive, strict=True) for number in numbers]


def _write_columns(values: dict[str, Iterable[Any]], schema: Any, columns: ColumnsWriter) -> None:
    for order in ORDERS:
        orders = list(values[f"by_{order}"])
        ranks = np.zeros(len(orders), np.int64)
        ranks[sorted(range(len(orders)), key=orders.__getitem__)] = np.arange(len(orders))
        values[f"rank_{order}"] = ranks.tolist()
    for name, column in values.items():
        columns.add_column(name, schema[name].column_type, column)
