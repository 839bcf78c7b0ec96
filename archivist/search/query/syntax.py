"""From the text of a query to the tree of `index/query.lark`: which brackets group, and which words are operators."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput
from lark.lark import PostLex

from archivist.definitions import path
from archivist.errors import QueryError
from archivist.language import gettext as _
from archivist.search.compare import compared, runs
from archivist.search.query.language import field_meant, field_named, not_named, operator, refused

_DEEPEST = 20
_MOST_WORDS = 100
# Quotation marks, and what closes and opens each.
_STRAIGHT = '"＂'
_CLOSERS = {"“": '”"＂', "„": "“”", "‟": "”", "〝": "〞", "「": "」", "『": "』", '"': '"＂”', "＂": '"＂”'}
_OPENERS = {"”": '“„‟"＂', "〞": "〝", "」": "「", "』": "『"}


def read(text: str) -> Tree[Token]:
    """Return the tree of `text`, whose tokens know where they stand; QueryError where it cannot be meant.

    None of its words, phrases and groups is empty or only punctuation; but there may be no word at all: then the tree
    has no children.
    """
    try:
        return _grammar().parse(text)
    except UnexpectedInput as error:  # pragma: no cover - `_Roles` gives nothing that is no query
        raise refused(text, 0, _("The query cannot be understood.")) from error


def searchable(text: str) -> bool:
    """Return whether `text` has a letter, an ideograph or a digit."""
    return any(runs(compared(text)))


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, phrase or title as typed: characters `start` to `end` of the query, with what stands round it.

    What is looked for, `inner`, begins at character `inner_start`; `kind` is WORD, PHRASE or TITLE.
    """

    inner: str
    inner_start: int
    start: int
    end: int
    kind: str


def piece(child: Token | Tree[Token]) -> Piece | None:
    """Return the piece that a node of the tree is: a word, also one in brackets by itself, a phrase or a title."""
    if isinstance(child, Token):
        start, end = _at(child), _end(child)
        if child.type not in ("PHRASE", "TITLE"):
            return Piece(str(child), start, start, end, "WORD") if child.type == "WORD" else None
        return Piece(str(child[1:-1]), start + 1, start, end, child.type)
    if child.data == "group":
        opening, inside, closing = child.children
        if isinstance(inside, Tree) and inside.data == "beside" and len(inside.children) == 1:
            word = piece(inside.children[0])
            if word and word.kind == "WORD" and isinstance(opening, Token) and isinstance(closing, Token):
                return replace(word, start=_at(opening), end=_end(closing))
    return None


class _Roles(PostLex):
    """Turns the pieces of text that the lexer gives into words, groups and operators."""

    always_accept = ("BLANK", "BRACKET", "END_BRACKET", "MINUS", "PIECE", "PHRASE", "TITLE", "NAMED")

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        tokens = list(stream)
        text = "".join(tokens)
        return _joined(text, _kept(text, _atoms(text, tokens)))


@cache
def _grammar() -> Lark:
    return Lark(path("index/query.lark").read_text("utf-8"), parser="lalr", lexer="basic", postlex=_Roles())


def _atoms(text: str, tokens: list[Token]) -> Iterator[Token]:
    """Put pieces together that touch, into words; brackets that group stand for themselves."""
    partners = _partners(tokens)
    operators = list(accumulate((_is_operator(tokens, at) for at in range(len(tokens))), initial=0))
    closers = set[int]()
    begun: int | None = None

    def apart(at: int) -> bool:
        return at == len(tokens) or tokens[at].type in ("BLANK", "END_BRACKET")

    for at, token in enumerate(tokens):
        kind = token.type
        closes = kind == "END_BRACKET" and at in closers
        opens = False
        if kind == "BRACKET":
            end = partners.get(at)
            if end is None and begun is None:
                raise _alone(text, _at(token), _("The bracket at character {place} is not closed."))
            opens = end is not None and ((begun is None and apart(end + 1)) or operators[end] > operators[at])
            if opens and end is not None:
                closers.add(end)
        elif kind == "END_BRACKET" and not closes and at not in partners and apart(at + 1):
            raise _alone(text, _at(token), _("The bracket at character {place} closes nothing."))
        named = kind == "NAMED" and begun is None and _is_field(text, token)
        if kind == "BLANK" or opens or closes:
            if begun is not None:
                yield _word(text, begun, _at(token))
                begun = None
            if opens or closes:
                yield Token("OPEN" if opens else "CLOSE", str(token), _at(token), end_pos=_end(token))
        elif begun is None and (named or kind in ("PHRASE", "TITLE", "MINUS")):
            yield token
        elif begun is None:
            begun = _at(token)
    if begun is not None:
        yield _word(text, begun, len(text))


def _kept(text: str, atoms: Iterable[Token]) -> list[Token]:
    """Leave out what is only punctuation, and groups of nothing; every name of a field has a value."""
    kept: list[Token] = []
    depth = words = 0

    def last() -> str | None:
        return kept[-1].type if kept else None

    def without_value(name: Token) -> QueryError:
        message = _("After {name} (character {place}) there is nothing to look for.")
        return refused(text, _at(name), message.format(name=str(name), place=_at(name) + 1))

    for atom in atoms:
        if kept and kept[-1].type == "MINUS" and _end(kept[-1]) != _at(atom):
            kept.pop()
        if atom.type in ("WORD", "PHRASE", "TITLE"):
            sign = atom.type == "WORD" and operator(atom) is not None
            if not searchable(atom) and (not sign or last() in (None, "OPEN", "NAMED")):
                if last() == "NAMED":
                    raise without_value(kept[-1])
                continue
            words += 1
            if words > _MOST_WORDS:
                message = _("The query has more than {most} words; from character {place} on they are too many.")
                raise refused(text, _at(atom), message.format(most=_MOST_WORDS, place=_at(atom) + 1))
        elif last() == "NAMED" and atom.type != "OPEN":
            raise without_value(kept[-1])
        elif atom.type == "OPEN":
            depth += 1
            if depth > _DEEPEST:
                message = _("Brackets stand within more than {most} brackets at character {place}.")
                raise refused(text, _at(atom), message.format(most=_DEEPEST, place=_at(atom) + 1))
        elif atom.type == "CLOSE":
            depth -= 1
            _drop_loose(kept)
            if last() == "OPEN":
                kept.pop()
                if last() == "NAMED":
                    raise without_value(kept[-1])
                continue
        kept.append(atom)
    _drop_loose(kept)
    if last() == "NAMED":
        raise without_value(kept[-1])
    return kept


def _drop_loose(kept: list[Token]) -> None:
    """Take signs off the end that join nothing."""
    while kept and (kept[-1].type == "MINUS" or (kept[-1].type == "WORD" and not searchable(kept[-1]))):
        kept.pop()


def _joined(text: str, atoms: list[Token]) -> Iterator[Token]:
    """Say which words are operators: only those that stand before a word, and, but for a NOT, behind one."""
    before: str | None = None
    for at, atom in enumerate(atoms):
        following = atoms[at + 1].type if at + 1 < len(atoms) else "CLOSE"
        meaning = None
        if atom.type == "MINUS":
            meaning = "not"
        elif atom.type == "WORD" and before not in ("NAMED", "MINUS") and following != "CLOSE":
            meaning = operator(atom)
        if meaning in ("and", "or") and before in ("and", "or", "not"):
            message = _(
                "{word} (character {place}) stands right behind another operator. In quotation marks it is text."
            )
            raise refused(text, _at(atom), message.format(word=str(atom), place=_at(atom) + 1))
        if meaning in ("and", "or") and before in (None, "OPEN"):
            meaning = None
        if meaning:
            yield Token(f"_{meaning.upper()}", str(atom), _at(atom), end_pos=_end(atom))
        elif atom.type != "WORD" or searchable(atom):
            yield atom
        before = atom.type if atom.type == "MINUS" or not meaning else meaning


def _is_operator(tokens: list[Token], at: int) -> bool:
    beside = (tokens[place].type for place in (at - 1, at + 1) if 0 <= place < len(tokens))
    return tokens[at].type == "PIECE" and all(kind == "BLANK" for kind in beside) and operator(tokens[at]) is not None


def _is_field(text: str, token: Token) -> bool:
    name = token[:-1]
    if field_named(name):
        return True
    if meant := field_meant(name):
        raise not_named(text, _at(token), name, f"{meant}{token[-1]}")
    return False


def _partners(tokens: list[Token]) -> dict[int, int]:
    """Return by the place of each bracket that has one the place of the other."""
    open_, partners = list[int](), dict[int, int]()
    for at, token in enumerate(tokens):
        if token.type == "BRACKET":
            open_.append(at)
        elif token.type == "END_BRACKET" and open_:
            partners[at] = open_.pop()
            partners[partners[at]] = at
    return partners


def _word(text: str, start: int, end: int) -> Token:
    """Return the word; QueryError where a quotation mark on its outer side has no partner."""
    word = text[start:end]
    if word[0] in _CLOSERS and not set(_CLOSERS[word[0]]).intersection(text[start + 1 :]):
        raise _alone(text, start, _("The quotation mark at character {place} is not closed."))
    before = text[: end - 1]
    lone = sum(map(before.count, _STRAIGHT)) % 2 == 0 if word[-1] in _STRAIGHT else False
    if lone or (word[-1] in _OPENERS and not set(_OPENERS[word[-1]]).intersection(before)):
        raise _alone(text, end - 1, _("The quotation mark at character {place} closes nothing."))
    return Token("WORD", word, start, end_pos=end)


def _alone(text: str, place: int, message: str) -> QueryError:
    return refused(text, place, message.format(place=place + 1))


def _at(token: Token) -> int:
    return token.start_pos or 0


def _end(token: Token) -> int:
    return _at(token) + len(token)
