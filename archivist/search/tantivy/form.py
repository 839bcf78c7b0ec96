"""How an item lies in Tantivy: the schema, and a row as a document of it."""

import re
from collections.abc import Iterator

import numpy as np
from tantivy import Document, Schema, SchemaBuilder, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from archivist.search.fields import IndexDefinition
from archivist.search.row import Row
from archivist.search.surrogates import spelt_out

#: By what a text is cut into terms; to be made known to an index each time it is opened.
ANALYZER = "terms"
#: Fields of texts: where the field `text` is the same in the script of the paper, it is in PLAIN, else in FOLDED and,
#: in that script, in WRITTEN.
PLAIN, FOLDED, WRITTEN = "text_plain", "text_folded", "text_written"
# Compared text has no control characters, so these cannot be mistaken for a character of a paper.
_SPACE, _END = "\x01", "\x02"
_UNKEPT = re.compile("[\x00-\x1f\ud800-\udfff]")
_BLANK = ord(" ")
# Bytes of a number in Tantivy.
_STEP = 8


def text_field(name: str) -> str:
    """Return the field that has the runs of two characters of a substring field other than `text`."""
    return f"text_{name}"


def characters_field(field: str) -> str:
    """Return the field that has the single characters of what `field` has the runs of."""
    return f"one_{field}"


def key_field(name: str) -> str:
    """Return the field that has the keys of a keyed field."""
    return f"key_{name}"


def order_field(name: str) -> str:
    """Return the field by which items are put in the order `name`."""
    return f"order_{name}"


def step_field(name: str) -> str:
    """Return the field that has the beginning of what `order_field(name)` has, as a number."""
    return f"step_{name}"


def schema(definition: IndexDefinition) -> Schema:
    """Return the schema: runs of two characters with positions, single characters, keys, days, orders."""
    builder = SchemaBuilder()
    texts = (PLAIN, FOLDED, WRITTEN, *(text_field(name) for name in definition.substrings if name != "text"))
    for field in texts:
        builder.add_text_field(field, tokenizer_name=ANALYZER, index_option="position")
        builder.add_text_field(characters_field(field), tokenizer_name=ANALYZER, index_option="basic")
    for name in definition.keyed:
        counted = name in definition.facets
        builder.add_text_field(key_field(name), fast=counted, tokenizer_name="raw", index_option="basic")
    for name in ("date", "newest", "number"):
        builder.add_text_field(
            order_field(name), stored=name == "date", fast=True, tokenizer_name="raw", index_option="basic"
        )
        builder.add_unsigned_field(step_field(name), fast=True)
    for name in ("first_day", "last_day"):
        builder.add_integer_field(name, fast=True)
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("digest", stored=True)
    return builder.build()


def analyzer() -> TextAnalyzer:
    """Return what ANALYZER stands for."""
    return TextAnalyzerBuilder(Tokenizer.whitespace()).build()


def document(row: Row, definition: IndexDefinition, schema: Schema) -> Document:
    """Return `row` as a document of `schema`."""
    values: dict[str, object] = {"id": spelt_out(row.id), "digest": row.digest.encode()}
    for field, text in _texts(row, definition):
        if text:
            closed = f"{_inner(text)}{_END}"
            values[field] = _pairs(closed)
            values[characters_field(field)] = " ".join(set(closed[:-1]))
    values.update({key_field(name): list(map(spelt_out, keys)) for name, keys in row.keys.items() if keys})
    for name, said in row.orders.items():
        values[order_field(name)] = order = spelt_out(said)
        values[step_field(name)] = int.from_bytes(order.encode()[:_STEP].ljust(_STEP, b"\0"))
    if row.days:
        values["first_day"], values["last_day"] = row.days
    return Document.from_dict(values, schema)


def terms(needle: str) -> list[tuple[int, str]]:
    """Return the fewest terms, each with its place, that stand as they do where a text has `needle` of 2 or more."""
    run = _inner(needle)
    starts = list(range(0, len(run) - 1, 2))
    if len(run) % 2:
        starts.append(len(run) - 2)
    return [(start, run[start : start + 2]) for start in starts]


def one(character: str) -> str:
    """Return the term of a single character."""
    return _inner(character)


def is_kept(needle: str) -> bool:
    """Return whether `needle` may stand in compared text, which has no control characters and no lone surrogates."""
    return not _UNKEPT.search(needle)


def _inner(text: str) -> str:
    return text.replace(" ", _SPACE).replace("\n", _END)


def _texts(row: Row, definition: IndexDefinition) -> Iterator[tuple[str, str]]:
    text = row.texts["text"]
    if row.scripted:
        yield FOLDED, text
        yield WRITTEN, row.scripted
    else:
        yield PLAIN, text
    for name in definition.substrings:
        if name != "text":
            yield text_field(name), row.texts[name]


def _pairs(text: str) -> str:
    """Return every run of two characters of `text`, parted by blanks; that in Python would take ten times as long."""
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    pairs = np.full((len(codes) - 1, 3), _BLANK, np.uint32)
    pairs[:, 0], pairs[:, 1] = codes[:-1], codes[1:]
    return pairs.tobytes().decode("utf-32-le")
