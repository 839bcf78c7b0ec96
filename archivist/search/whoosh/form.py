"""The form of a segment of the Whoosh index: its fields and columns, and what its files are made of."""

from struct import Struct
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from whoosh.analysis import IDAnalyzer
from whoosh.columns import FixedBytesColumn, NumericColumn, VarBytesColumn
from whoosh.fields import COLUMN, FieldType, Schema
from whoosh.formats import Existence

from archivist.search.fields import IndexDefinition

Array: TypeAlias = NDArray[Any]

#: The field of bigrams. All texts share it, as their places share one line: the slot of a place tells whose text it
#: is, so that a word is looked up once and not once in each field, and a bigram takes one term and not up to ten.
GRAM = "gram"
ID = "id"
ORDERS = ("date", "newest", "number")
#: A place has so many bits within its block.
PLACE = 7
#: So many bits of a slot tell the field, by its number in the definition, the last one the text in its own script.
FIELD = 4
SCRIPTED = (1 << FIELD) - 1
#: The days of a document of which no year is known.
UNDATED = -1
#: The columns of numbers: what each document has.
NUMBERS = {
    "first_day": NumericColumn("i", UNDATED),
    "last_day": NumericColumn("i", UNDATED),
    # Whether its running text is kept in its own script as well.
    "written": NumericColumn("B"),
    # Its place in an order among the documents of the segment.
    **{f"rank_{order}": NumericColumn("I") for order in ORDERS},
}

# Of so many documents the offsets of strings are written, and not added up each time the column is opened.
_ANY = 0
#: What W3TermInfo.to_bytes gives of a term whose postings are in the file.
INFO = np.dtype(
    [
        ("inlined", "u1"),
        ("weight", ">f4"),
        ("documents", ">u4"),
        ("shortest", "u1"),
        ("longest", "u1"),
        ("heaviest", ">f4"),
        ("first", ">u4"),
        ("last", ">u4"),
        ("offset", ">i8"),
        ("size", ">i4"),
    ]
)
#: The end of it: where the postings begin, in bytes, and how many bytes they take.
EXTENT = Struct("!qi")
#: Before a term in the dictionary: its length and that of its info, and the number of the field.
LENGTHS, FIELD_NUMBER = Struct("!ii"), 2
#: A posting has so many bytes.
WORD = 4


class _Terms(FieldType):  # type: ignore[misc]
    """A field of terms that are kept in an encoding by which they sort by code point."""

    def __init__(self, encoding: str, column: Any = None) -> None:
        super().__init__(Existence(), IDAnalyzer(), unique=column is not None, sortable=column)
        self.encoding = encoding

    def to_bytes(self, value: str | bytes) -> bytes:
        return value if isinstance(value, bytes) else value.encode(self.encoding, "surrogatepass")

    def from_bytes(self, bs: bytes) -> str:
        return bs.decode(self.encoding, "surrogatepass")


def schema_of(definition: IndexDefinition) -> Any:
    """Return the Schema of Whoosh for `definition`."""
    strings = VarBytesColumn(write_offsets_cutoff=_ANY)
    schema = Schema()
    # Terms of one length can be read all at once.
    schema.add(GRAM, _Terms("utf-32-be"))
    schema.add(ID, _Terms("utf-8", strings))
    for name in definition.keyed:
        schema.add(name, _Terms("utf-8"))
    for name in ORDERS:
        schema.add(f"by_{name}", COLUMN(strings))
    schema.add("digest", COLUMN(FixedBytesColumn(32)))
    for name, column in NUMBERS.items():
        schema.add(name, COLUMN(column))
    return schema


def starts(counts: Array) -> Array:
    """Return where each of groups of these sizes begins, and where the last ends."""
    ends = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=ends[1:])
    return ends
