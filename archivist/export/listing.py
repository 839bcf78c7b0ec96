"""Rows of a printed catalogue such as 归档文件目录, as `schemas/catalogues/` lays them out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import floor
from typing import Any, Literal
from unicodedata import normalize

from archivist.definitions import load
from archivist.export.elements import Statement, statements
from archivist.language import gettext as _
from archivist.model import CampaignLink, Field, Item

# What makes a spreadsheet take a text for a formula (OWASP, CSV Injection).
_FORMULA = tuple("=+-@")
# What may go before: what it leaves out, or what makes it split the cell.
_BEFORE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*")
# Control characters but tabs and line breaks, halves of surrogate pairs, what is no character (XML 1.0, 2.2).
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# As the pipeline writes dates, and as people and spreadsheets do: 1995/6/9, 1995.6, 1995年6月9日.
_DATE = re.compile(
    r"(?P<year>[0-9]{4})(?:[-/.年](?P<month>1[0-2]|0?[0-9])(?:[-/.月](?P<day>[12][0-9]|3[01]|0?[0-9]))?)?[年月日]?"
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: filled from `element` of the crosswalk, or with the number of the row where that is None."""

    heading: str
    width: float
    align: Literal["left", "center", "right"]
    element: str | None = None
    running: bool = False
    show: Literal["text", "number", "date8"] = "text"
    join: str = "；"


@dataclass(frozen=True, slots=True)
class Listing:
    """How a catalogue is laid out: points, centimetres, and below which confidence a value is in doubt."""

    heading: str
    font: str
    sizes: dict[str, float]
    margins: dict[str, float]
    footer: str
    doubt_below: float
    doubt_colour: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell; `doubts` say in words what of it is not sure."""

    content: str | int
    doubts: tuple[str, ...] = ()


@cache
def listing(name: str) -> Listing:
    """Return the catalogue `name`, such as `da-t-22-2015`."""
    definition: dict[str, Any] = load(f"schemas/catalogues/{name}.yaml")
    return Listing(
        definition["heading"],
        definition["font"],
        definition["sizes"],
        definition["margins_cm"],
        definition["footer"],
        definition["doubt"]["below"],
        definition["doubt"]["colour"],
        tuple(Column(**column) for column in definition["columns"]),
    )


def cells(layout: Listing, item: Item, row: int) -> tuple[Cell, ...]:
    """Return the cells of `item` as row number `row` (from 1), one for each column."""
    return tuple(_cell(layout, column, item, row) for column in layout.columns)


def like_formula(text: str) -> bool:
    """Say whether a spreadsheet might take `text` for a formula.

    Also in full width or small (`＝`, `﹣`), as a Chinese one may, and behind what does not show.
    """
    return text.startswith(("\t", "\r", "\n")) or normalize("NFKC", _BEFORE.sub("", text, 1)[:1]).startswith(_FORMULA)


def storable(text: str) -> str:
    r"""Return `text` with escapes (`\x1b`) for characters that no XML and no UTF-8 holds, or that steer a terminal."""
    return _UNSTORABLE.sub(lambda found: ascii(found[0])[1:-1], text)


def _cell(layout: Listing, column: Column, item: Item, row: int) -> Cell:
    if column.element is None:
        return Cell(row)
    found = statements(item, column.element)
    text = column.join.join(_shown(statement, column) for statement in found)
    doubts = tuple(map(storable, _doubts(found, layout.doubt_below)))
    whole = column.show == "number" and text.isascii() and text.isdigit() and len(text) < 10
    return Cell(int(text) if whole else storable(text), doubts)


def _shown(statement: Statement, column: Column) -> str:
    text = _eight_digits(statement.text) if column.show == "date8" else statement.text
    return f"[{text}]" if statement.inferred else text


def _eight_digits(date: str) -> str:
    """Return a date as DA/T 22 writes it: 1995-06 as 19950600; anything that is no date as it is."""
    if not (said := _DATE.fullmatch(date)):
        return date
    return said["year"] + (said["month"] or "").zfill(2) + (said["day"] or "").zfill(2)


def _doubts(found: tuple[Statement, ...], below: float) -> Iterator[str]:
    for statement in found:
        proof = statement.proof
        if isinstance(proof, CampaignLink) and proof.confidence < below:
            yield _("“{text}”: confidence {sure} %.").format(text=statement.text, sure=_percent(proof))
        elif isinstance(proof, Field) and _doubtful(proof, below):
            message = _("“{text}”: confidence {sure} %, read on page {page} as “{raw}”.")
            if proof.raw == statement.text:
                message = _("“{text}”: confidence {sure} %, read on page {page}.")
            place = {"page": proof.evidence.page, "raw": proof.raw}
            yield message.format(text=statement.text, sure=_percent(proof), **place)


def _doubtful(field: Field, below: float) -> bool:
    return field.status == "review" or (field.status == "accepted" and field.confidence < below)


def _percent(proof: Field | CampaignLink) -> int:
    # Rounded down, so that nothing unsure is shown as sure; 0.58 is a little less than 58 % to a computer.
    return floor(proof.confidence * 100 + 1e-6)
