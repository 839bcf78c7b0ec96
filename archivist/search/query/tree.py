"""What a query asks, as a tree: words, numbers, dates and values of fields, and how they are joined."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from archivist.search.clauses import All, Any, Begins, Between, Clause, Contains, Everything, Holds
from archivist.search.clauses import Not as Without
from archivist.search.fields import definition

_PARTS = re.compile(r"(.+)\((\d{4})\)(\d+)号")


def _searched() -> tuple[str, ...]:
    return definition().searched


@dataclass(frozen=True, slots=True)
class Word:
    """A word or phrase: as it is compared with papers, in the script as typed, and the year it may mean.

    `fields` are those it is looked for in; `start` to `end` is where it stands in the text of the query.
    """

    folded: str
    typed: str
    year: int | None = None
    fields: tuple[str, ...] = field(default_factory=_searched)
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)

    def clause(self, tolerant: bool = False) -> Clause:
        """Return what finds the word; `tolerant` also where one of its characters was misread."""
        parts: list[Clause] = [Contains(self.folded, self.fields, self.typed)]
        if self.year is not None:
            parts.append(Holds("year", (str(self.year),)))
        if tolerant:
            parts += self._misread()
        return _any(parts)

    def _misread(self) -> Iterator[Clause]:
        from archivist.search.misread import variants

        # What a reader doubted is kept of the running text only.
        doubted = "text" in self.fields
        for needle, fields in variants(self.folded):
            kept = tuple(name for name in fields if name in self.fields or (name == "readings" and doubted))
            if kept:
                yield Contains(needle, kept)


@dataclass(frozen=True, slots=True)
class Number:
    """A document number: its key (聊发(1995)000058号), and the words it was typed as, should it be none after all.

    Of `fields`, `numbers` and `cited_numbers` are looked up by the key, the others for its spellings.
    """

    key: str
    words: tuple[Word, ...] = ()
    fields: tuple[str, ...] = ("numbers", "cited_numbers", "text")

    @property
    def spelled(self) -> tuple[str, ...]:
        """How compared text may spell it: 聊发(1995)第58号, (95)聊发058号."""
        if not (parts := _PARTS.fullmatch(self.key)):
            return (self.key,)
        code, year, digits = parts.groups()
        number = str(int(digits))
        heads = [f"{code}({y})" for y in (year, year[2:])] + [f"({y}){code}" for y in (year, year[2:])]
        tails = dict.fromkeys(f"{first}{n}号" for first in ("", "第") for n in (number, number.zfill(3)))
        return tuple(head + tail for head in heads for tail in tails)

    def clause(self, tolerant: bool = False) -> Clause:
        """Return what finds the number where it stands as one, and where its words stand."""
        keyed = tuple(name for name in self.fields if name in definition().keyed)
        texts = tuple(name for name in self.fields if name not in keyed)
        parts: list[Clause] = [Holds(name, (self.key,)) for name in keyed]
        parts += [Contains(form, texts) for form in self.spelled if texts]
        return _any([*parts, *_words(self.words, tolerant)])


@dataclass(frozen=True, slots=True)
class Series:
    """All numbers whose keys begin with `begins` (聊发(1995)), or, where that is only guessed from them, `words`."""

    begins: str
    words: tuple[Word, ...] = ()
    fields: tuple[str, ...] = ("numbers", "cited_numbers")

    def clause(self, tolerant: bool = False) -> Clause:
        """Return what finds the numbers of the series, and the words it was guessed from."""
        return _any([*(Begins(name, self.begins) for name in self.fields), *_words(self.words, tolerant)])


@dataclass(frozen=True, slots=True)
class NumberRange:
    """The numbers of these keys, one behind the other (聊发〔1995〕50-60号), as an item's own, or these words."""

    keys: tuple[str, ...]
    words: tuple[Word, ...] = ()
    fields: tuple[str, ...] = ("numbers",)

    def clause(self, tolerant: bool = False) -> Clause:
        """Return what finds the numbers, and the words they were typed as."""
        return _any([*(Holds(name, self.keys) for name in self.fields), *_words(self.words, tolerant)])


@dataclass(frozen=True, slots=True)
class Dated:
    """All that an item may be dated by lies within the days `first` to `last` (YYYYMMDD), or it says `spelled`.

    `spelled` is how compared text may say the date, as typed first; empty where only the date of the item is meant.
    """

    first: int
    last: int
    spelled: tuple[str, ...] = ()

    def clause(self, tolerant: bool = False) -> Clause:
        """Return what finds items of these days, and those that speak of them."""
        return _any([Between(self.first, self.last), *(Contains(form, _searched()) for form in self.spelled)])


@dataclass(frozen=True, slots=True)
class FieldIs:
    """One of the values of the keyed `field` is one of `keys`, exactly."""

    field: str
    keys: tuple[str, ...]

    def clause(self, tolerant: bool = False) -> Clause:
        """Return what finds the value."""
        return Holds(self.field, self.keys)


Leaf: TypeAlias = Word | Number | Series | NumberRange | Dated | FieldIs


@dataclass(frozen=True, slots=True)
class And:
    """Every one of `parts`, in any order."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """One of `parts`."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """Not `part`."""

    part: "Node"


Node: TypeAlias = Leaf | And | Or | Not


def clause_of(node: Node, tolerant: bool = False) -> Clause:
    """Return what engines are asked for `node`; what must not be there is always meant exactly."""
    match node:
        case And(parts):
            clauses = tuple(
                Without(clause_of(part.part)) if isinstance(part, Not) else clause_of(part, tolerant) for part in parts
            )
            return All((Everything(), *clauses) if all(isinstance(part, Not) for part in parts) else clauses)
        case Or(parts):
            return Any(tuple(clause_of(part, tolerant) for part in parts))
        case Not(part):
            return All((Everything(), Without(clause_of(part))))
        case leaf:
            return leaf.clause(tolerant)


def leaves_of(node: Node) -> Iterator[Leaf]:
    """Yield what is looked for, in the order typed, without what must not be there."""
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves_of(part)
        case Not():
            return
        case leaf:
            yield leaf


def words_of(node: Node) -> Iterator[Word]:
    """Yield every word that is looked for, those of numbers and series as well, in the order typed."""
    for leaf in leaves_of(node):
        match leaf:
            case Word():
                yield leaf
            case Number() | Series() | NumberRange():
                yield from leaf.words


def _words(words: tuple[Word, ...], tolerant: bool) -> Iterator[Clause]:
    if words:
        yield _all([word.clause(tolerant) for word in words])


def _all(parts: list[Clause]) -> Clause:
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _any(parts: list[Clause]) -> Clause:
    return parts[0] if len(parts) == 1 else Any(tuple(parts))
