"""What the values of fields mean: 机关:聊城, 年:1995..1998, 文号:聊发1995, 状态:待审."""

from dataclasses import dataclass

from archivist.errors import QueryError
from archivist.language import gettext as _
from archivist.search.compare import compared
from archivist.search.fields import definition
from archivist.search.query.dates import days, years
from archivist.search.query.language import NamedField, refused
from archivist.search.query.numbers import ReadNumber, number_typed
from archivist.search.query.syntax import Piece
from archivist.search.query.tree import Dated, FieldIs, Leaf
from archivist.search.query.words import words_typed
from archivist.text import simplify

# So many characters of what is no value are said again.
_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """A field that is asked, the name typed for it and where that stands, and whether a whole value is meant."""

    field: NamedField
    name: str
    place: int
    exactly: bool


def value_typed(text: str, asked: Asked, piece: Piece, number: ReadNumber | None) -> tuple[Leaf, ...]:
    """Return what asks for `piece` in a field, all of it; QueryError where it is no value of the field."""
    index, folded = asked.field.index, compared(piece.inner)

    def refuse(message: str, place: int, **said: str) -> QueryError:
        typed = piece.inner if len(piece.inner) <= _SHOWN else f"{piece.inner[:_SHOWN]}…"
        return refused(text, place, message.format(name=asked.name, typed=typed, place=place + 1, **said))

    match asked.field.kind:
        case "words" if asked.exactly:
            if index not in definition().keyed:
                message = _("{name} (character {place}) has no whole values to ask for; write {name}: and not {name}=.")
                raise refuse(message, asked.place)
            # Values are kept in simplified script; a facet gives them as they are.
            return (FieldIs(index, tuple(dict.fromkeys((simplify(piece.inner), piece.inner)))),)
        case "words":
            return words_typed(piece, (index,))
        case "number":
            if not (leaf := number_typed(text, piece.inner, index, number, piece.inner_start)):
                message = _(
                    "{typed} (character {place}) is no document number. Write {name}:聊发〔1995〕58号, "
                    "{name}:聊发1995 for those of a year, or {name}:聊发."
                )
                raise refuse(message, piece.inner_start)
            return (leaf,)
        case "year":
            if not (named := years(folded)):
                message = _("{typed} (character {place}) is no year. Write {name}:1995 or {name}:1995..1998.")
                raise refuse(message, piece.inner_start)
            return (FieldIs(index, tuple(map(str, named))),)
        case "date":
            if not (span := days(folded)):
                message = _(
                    "{typed} (character {place}) is no date. Write {name}:1995, {name}:1995-06, {name}:1995-06-27 or "
                    "{name}:1995-06..1995-09."
                )
                raise refuse(message, piece.inner_start)
            return (Dated(*span),)
        case _:
            values = asked.field.values
            if folded not in values:
                message = _("{name} has no value {typed} (character {place}). It has: {values}.")
                alike = [name for name in values if name.isascii() == asked.name.isascii()]
                called = {values[name]: name for name in reversed(alike)}
                raise refuse(message, piece.inner_start, values=" ".join(reversed(called.values())))
            return (FieldIs(index, (values[folded],)),)
