"""The clerk's query language: what is typed becomes a tree of what is looked for, and that becomes clauses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from lark import Token, Tree

from archivist.errors import QueryError
from archivist.language import gettext as _
from archivist.search.clauses import Clause
from archivist.search.compare import compared, number_key
from archivist.search.query.dates import year_of
from archivist.search.query.language import field_named, operator, refused
from archivist.search.query.numbers import ReadNumber, recognised, spread_number
from archivist.search.query.syntax import Piece, piece, read
from archivist.search.query.tree import (
    And,
    Dated,
    FieldIs,
    Leaf,
    Node,
    Not,
    Number,
    NumberRange,
    Or,
    Series,
    Word,
    clause_of,
    leaves_of,
    words_of,
)
from archivist.search.query.values import Asked, value_typed

__all__ = [
    "EVERYTHING", "And", "Dated", "FieldIs", "Leaf", "Node", "Not", "Number", "NumberRange", "Or", "Query",
    "ReadNumber", "Series", "Word", "parse", "year_of",
]  # fmt: skip

_LONGEST = 1000
_MOST_PIECES = 9


@dataclass(frozen=True, slots=True)
class Query:
    """What `text` looks for."""

    text: str
    tree: Node

    def clause(self, tolerant: bool = False) -> Clause:
        """Return what engines are asked; `tolerant` also for words with a misread character."""
        return clause_of(self.tree, tolerant)

    def leaves(self) -> tuple[Leaf, ...]:
        """Return what is looked for, in the order typed, without what must not be there."""
        return tuple(leaves_of(self.tree))

    def words(self) -> tuple[Word, ...]:
        """Return every word that is looked for, in the order typed, those that numbers were typed as as well."""
        return tuple(words_of(self.tree))

    def replaced(self, word: Word, by: str) -> str:
        """Return the text with `by` in the place of `word`, a word of this query; `by` will be one word there."""
        pieces = map(piece, read(self.text).scan_values(lambda child: isinstance(child, Token)))
        quoted = any(found and found.kind != "WORD" and found.start < word.start < found.end for found in pieces)
        if not quoted and not _is_word(by):
            by = f"「{by}」" if '"' in by else f'"{by}"'
        return f"{self.text[: word.start]}{by}{self.text[word.end :]}"


#: What finds all there is.
EVERYTHING = Query("", And(()))


def parse(text: str, number: str | ReadNumber | None = None) -> Query:
    """Return what `text` looks for.

    Words beside one another must all be found; 与 或 非 join them, brackets group them, 机关: and the like say where to
    look (index/language.yaml). `number` reads a document number in any of its spellings, of one word or several
    (聊发1995 58), or is the normal form of the one that all of `text` stands for. QueryError, which names and shows
    the character, where there is nothing to look for, too much, or what has no meaning.
    """
    if len(text) > _LONGEST:
        raise QueryError(
            _("The query has {length} characters; at most {longest} can be looked for.").format(
                length=len(text), longest=_LONGEST
            )
        )
    tree = read(text)
    if not tree.children:
        if not compared(text):
            raise QueryError(_("The query is empty. Type a word, a document number or a year."))
        raise QueryError(_("The query has only punctuation. Type a word, a document number or a year."))
    if isinstance(number, str):
        words = words_of(_Reader(text, None).node(tree.children[0]))
        return Query(text, Number(number_key(number), tuple(dict.fromkeys(words))))
    return Query(text, _Reader(text, number).node(tree.children[0]))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the tree of the grammar; words within a group of a field are its values."""

    text: str
    number: ReadNumber | None
    asked: Asked | None = None

    def node(self, child: Tree[Token] | Token) -> Node:
        if isinstance(child, Token):
            return _and(self._pieces(_leading([child])))
        match child.data:
            case "either":
                return _or([self.node(part) for part in child.children])
            case "both":
                return _and([self.node(part) for part in child.children])
            case "beside":
                return _and(self._beside(child.children))
            case "negated":
                part = self.node(child.children[0])
                return part.part if isinstance(part, Not) else Not(part)
            case "group":
                alone = piece(child)
                return _and(self._pieces([alone])) if alone else self.node(child.children[1])
            case _:
                return self._field(child, ())[0]

    def _beside(self, children: Sequence[Tree[Token] | Token]) -> list[Node]:
        nodes, at = list[Node](), 0
        while at < len(children):
            child, pieces = children[at], _leading(children[at:])
            if pieces:
                nodes += self._pieces(pieces)
                at += len(pieces)
            elif isinstance(child, Tree) and child.data == "field":
                asked, taken = self._field(child, _leading(children[at + 1 : at + _MOST_PIECES]))
                nodes.append(asked)
                at += 1 + taken
            else:
                nodes.append(self.node(child))
                at += 1
        return nodes

    def _pieces(self, pieces: Sequence[Piece]) -> Sequence[Node]:
        """Return what words beside one another ask, of the field that is named or of all."""
        asked = self.asked
        if asked is None:
            return recognised(self.text, pieces, self.number)
        if asked.field.kind == "number" and len(pieces) > 1:
            typed = self.text[pieces[0].start : pieces[-1].end]
            if leaf := spread_number(self.text, typed, asked.field.index, self.number, pieces[0].start):
                return (leaf,)
        values = (value_typed(self.text, asked, value, self.number) for value in pieces)
        return [leaf for leaves in values for leaf in leaves]

    def _field(self, child: Tree[Token], following: Sequence[Piece]) -> tuple[Node, int]:
        """Return what a field asks, and how many of the words behind it are part of its document number."""
        name, value = child.children
        field = field_named(str(name)[:-1])
        assert isinstance(name, Token) and field is not None
        place = name.start_pos or 0
        if self.asked:
            message = _("{name} (character {place}) stands within another field; close its bracket first.")
            raise refused(self.text, place, message.format(name=str(name), place=place + 1))
        inner = replace(self, asked=Asked(field, str(name)[:-1], place, str(name)[-1] in "=＝"))
        first = piece(value)
        if first and first.kind == "WORD" and field.kind == "number":
            for taken in range(len(following), 0, -1):
                typed = self.text[first.start : following[taken - 1].end]
                if leaf := spread_number(self.text, typed, field.index, self.number, first.start):
                    return leaf, taken
        return inner.node(value), 0


def _leading(children: Sequence[Tree[Token] | Token]) -> list[Piece]:
    """Return the pieces that `children` begin with."""
    return [found for found in takewhile(bool, map(piece, children)) if found]


def _and(parts: Sequence[Node]) -> Node:
    """Return all of `parts` as one, each once, and those of an And among them by themselves."""
    flat = dict.fromkeys(inner for part in parts for inner in (part.parts if isinstance(part, And) else (part,)))
    return next(iter(flat)) if len(flat) == 1 else And(tuple(flat))


def _or(parts: Sequence[Node]) -> Node:
    flat = dict.fromkeys(inner for part in parts for inner in (part.parts if isinstance(part, Or) else (part,)))
    return next(iter(flat)) if len(flat) == 1 else Or(tuple(flat))


def _is_word(text: str) -> bool:
    return bool(re.fullmatch(r"[^\W_]+", text)) and operator(text) is None
