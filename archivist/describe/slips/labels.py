"""The labels printed on a form: which words they are, and where they stand on a page rather than in an entry."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from archivist.describe import dates, numbers
from archivist.describe.ink import Flow, closed
from archivist.describe.slips import rows

ValueKind = Literal[
    "text",
    "agency",
    "number",
    "count",
    "serial",
    "date",
    "secrecy",
    "annotation",
    "signature",
    "readings",
    "names",
    "signatures",
    "column",
    "heading",
]
# Beside these stands no value of their own: they head columns or a part of the form.
COLUMNS = frozenset({"names", "signatures", "column", "heading"})
# Values of these kinds are short and of a known shape, so that the next label may follow without a space.
_SHORT = frozenset({"agency", "number", "count", "serial", "date", "secrecy"})
_LONG = frozenset({"annotation", "signature", "readings"})
_LABEL_CELL = 60
_LONGEST_LABEL = 12
_VALUE_LETTERS = 40
_LEAST_FUZZY = 4
_COLUMN_GAP = 1.5
# Words before the ending of a label that are part of it: 区政府|领导批示.
_LONGEST_BEFORE_ENDING = 8
_FILLING = ":;,.。、/|\\-_()·"
# A second language beside a label: 来文机关 From. Two letters may be the number of a paper, as may digits.
_LATIN_TAIL = re.compile(r"[\s:/(\[·.-]*[a-z][a-z\s.,'&/()\[\]-]*[a-z](?:[\s.)\]]*(?=[^a-z0-9]|$))")
_NUMBER_SIGN = re.compile(r"\s*no\.?\s*(?=\d|:|$)")
_LATIN_END = re.compile(r"[\s:/(·.-]*[a-z][a-z\s.,'&/()-]*$")


@dataclass(frozen=True, slots=True)
class Label:
    """A label of a form: the field its value is (None: only a border), how it is read, its kind."""

    field: str | None
    value: ValueKind
    kind: str | None


PIECE = Label(None, "heading", None)
"""A character of a label set vertically."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A label found on the page: offsets in the flow, `end` after its colon; `own` where it is the form's."""

    start: int
    end: int
    label: Label
    printed: str
    own: bool


class Span(NamedTuple):
    """A cell or line to look for labels in: offsets in the flow."""

    start: int
    end: int
    cell: bool


@dataclass(frozen=True)
class Vocabulary:
    """The labels of a form by the words printed, its `own` ones, and the endings that make a cell a label."""

    words: Mapping[str, Label]
    own: frozenset[str]
    endings: tuple[tuple[str, Label], ...]

    @classmethod
    def of(cls, own: Iterable[Any], elsewhere: Iterable[Any]) -> "Vocabulary":
        """Return the vocabulary of rows of a definition; of a word printed twice the first counts."""
        rows = list(own)
        words: dict[str, Label] = {}
        for row in (*rows, *elsewhere):
            for printed in row["printed"]:
                words.setdefault(printed, _label(row))
        endings = [(ending, _label(row)) for row in rows for ending in row.get("endings", ())]
        return cls(
            words,
            frozenset(printed for row in rows for printed in row["printed"]),
            tuple(sorted(endings, key=lambda pair: -len(pair[0]))),
        )

    @cached_property
    def pattern(self) -> "re.Pattern[str]":
        """Finds any of the words, the longest first."""
        ordered = sorted(self.words, key=len, reverse=True)
        first = re.escape("".join(sorted({word[0] for word in ordered})))
        words = "|".join(r"\s*".join(map(re.escape, word)) for word in ordered)
        return re.compile(f"(?=[{first}])(?:{words})")

    @cached_property
    def misreadable(self) -> tuple[str, ...]:
        """Its own words that are long enough to be known with a character misread, the longest first."""
        # In the order of the definition, so that of two that are as near the same is always taken.
        return tuple(
            sorted((word for word in self.words if word in self.own and len(word) >= _LEAST_FUZZY), key=_longest)
        )

    def near(self, letters: str) -> list[str]:
        """Return those of `misreadable` that `letters` is, one character of it misread at most, in their order."""
        half = len(letters) // 2
        ranks = {*self._halves.get((len(letters), 0, letters[:half]), ())}
        ranks.update(self._halves.get((len(letters), 1, letters[half:]), ()))
        return [word for rank in sorted(ranks) if alike(letters, word := self.misreadable[rank])]

    @cached_property
    def _halves(self) -> Mapping[tuple[int, int, str], Sequence[int]]:
        """The words by length and either half: where one character is wrong, the other half is right."""
        found: dict[tuple[int, int, str], list[int]] = {}
        for rank, word in enumerate(self.misreadable):
            half = len(word) // 2
            found.setdefault((len(word), 0, word[:half]), []).append(rank)
            found.setdefault((len(word), 1, word[half:]), []).append(rank)
        return found

    @cached_property
    def lengths(self) -> tuple[int, ...]:
        """How many characters its misreadable words have, the most first."""
        return tuple(dict.fromkeys(map(len, self.misreadable)))


def _longest(word: str) -> int:
    return -len(word)


def _label(row: Mapping[str, Any]) -> Label:
    return Label(row["field"], row["value"], row.get("kind"))


def marks(
    flow: Flow, span: Span, vocabulary: Vocabulary, space: frozenset[int], *, misread: bool = False
) -> tuple[Mark, ...]:
    """Return the labels in `span`, in order; `space` are the offsets before which the paper is white.

    With `misread` also those of which one character was misread, and those that only end like one.
    """
    found: list[Mark] = []
    sight = _Sight(flow, span, space)
    at = span.start
    while match := vocabulary.pattern.search(flow.folded, at, span.end):
        printed = closed(match[0])
        mark = sight.mark(match.start(), match.end(), printed, vocabulary)
        before = found[-1] if found else None
        if sight.stands(mark, match.end(), before):
            found.append(mark)
            at = max(mark.end, match.end())
        else:
            at = match.end()
    if not misread:
        return tuple(found)
    return tuple(_with_misread(sight, vocabulary, found or sight.whole(vocabulary)))


def alike(read: str, meant: str) -> bool:
    """Return whether `read` is `meant`, one character of four or more misread at most."""
    if len(read) != len(meant):
        return False
    return sum(a != b for a, b in zip(read, meant, strict=True)) <= (1 if len(meant) >= _LEAST_FUZZY else 0)


def without_latin(folded: str, start: int, end: int) -> int:
    """Return where the Chinese of `folded[start:end]` ends before its translation."""
    tail = _LATIN_END.search(folded, start, end)
    return tail.start() if tail and tail.start() > start else end


class _Sight:
    """What is seen of one cell or line."""

    def __init__(self, flow: Flow, span: Span, space: frozenset[int]) -> None:
        self.flow, self.span, self.space = flow, span, space

    @cached_property
    def wide(self) -> frozenset[int]:
        """Before which the line has white space that parts columns, not words."""
        gaps = rows.gaps(self.flow, self.span.start, self.span.end, _COLUMN_GAP)
        blanks = re.compile(r"[\s]{2,}|\u3000").finditer(self.flow.text, self.span.start, self.span.end)
        return frozenset((*gaps, *(place for match in blanks for place in (match.start(), match.end()))))

    def mark(self, start: int, end: int, printed: str, vocabulary: Vocabulary) -> Mark:
        """Return the label at `start`, with its colon and its translation."""
        folded, last = self.flow.folded, end
        tail = _LATIN_TAIL.match(folded, end, self.span.end)
        sign = _NUMBER_SIGN.match(folded, end, self.span.end)
        if tail and sum(char.isalpha() for char in tail[0]) > 2:
            last = tail.end()
        elif sign:
            last = sign.end()
        while last < self.span.end and folded[last].isspace():
            last += 1
        if last < self.span.end and folded[last] == ":":
            last += 1
        elif not (tail or sign):
            last = end
        return Mark(start, last, vocabulary.words[printed], printed, printed in vocabulary.own)

    def free(self, at: int) -> bool:
        """Whether nothing that is written stands right before `at`."""
        folded = self.flow.folded
        if at == self.span.start or rows.begins_row(self.flow, at) or at in self.space:
            return True
        if folded[at - 1] in _FILLING or folded[at - 1].isspace():
            return True
        before = closed(folded[self.span.start : at])
        return before.isascii() and before.isalpha()

    def bounded(self, at: int) -> bool:
        """Whether nothing that is written stands right at `at`, but white space or an end."""
        folded = self.flow.folded
        if at >= self.span.end or rows.begins_row(self.flow, at) or at in self.space:
            return True
        return folded[at].isspace() or folded[at] in "|_"

    def letters(self) -> str:
        """Return what stands in it, without white space, translation and colon."""
        end = without_latin(self.flow.folded, self.span.start, self.span.end)
        return closed(self.flow.folded[self.span.start : end]).rstrip(":")

    def stands(self, mark: Mark, end: int, before: Mark | None) -> bool:
        """Return whether the words from `mark` to `end` are a label there, not part of what is written beside one."""
        folded = self.flow.folded
        colon = folded[mark.end - 1] == ":" and mark.end > end
        free = self.free(mark.start)
        if len(mark.printed) == 1:
            return free and colon and mark.start == self.span.start
        bounded = colon or mark.end > end or self.bounded(end)
        whole = self.span.end - self.span.start < _LABEL_CELL and self.letters() == mark.printed
        if whole or (free and colon):
            return True
        if not mark.own:
            return False
        value = before.label.value if before else None
        written = folded[before.end if before else self.span.start : mark.start].strip(_FILLING + " \u3000")
        if mark.label.value in COLUMNS:
            # What heads a column has nothing but other heads before it, or comes again: 姓名 … 姓名 ….
            again = before is not None and before.printed == mark.printed
            return free and bounded and (again or not written)
        apart = mark.start in self.wide and bounded and (colon or end in self.wide or end == self.span.end)
        if apart and (value == "text" or self._stands_beside(value, mark, end)):
            return True
        if value is not None and value not in (_SHORT | COLUMNS):
            return False
        if free and bounded:
            # A word that opens a longer entry is only a label where that entry is not what stands before it.
            return value is not None or mark.start == self.span.start or rows.begins_row(self.flow, mark.start)
        if mark.start != self.span.start and value is None:
            return False
        if mark.label.value in _SHORT:
            if mark.label.value == "agency" and len(mark.printed) >= 4:
                return True
            chinese = "\u4e00" <= folded[end : end + 1] <= "\u9fff"
            return not chinese or (len(mark.printed) >= 4 and self._is_value(end, mark.label))
        return mark.start == self.span.start and len(mark.printed) >= (5 if mark.label.value in _LONG else 4)

    def _stands_beside(self, value: str | None, mark: Mark, end: int) -> bool:
        """Return whether a label that stands apart may be one beside a longer entry: 签发 … 会签 …."""
        if mark.label.value not in _LONG or mark.label.value == "readings":
            return False
        printed_wide = any(char.isspace() for char in self.flow.text[mark.start : end])
        printed_wide = printed_wide or len(rows.gaps(self.flow, mark.start, end, _COLUMN_GAP)) > 0
        return value == "signature" or (value == "annotation" and (printed_wide or len(mark.printed) >= _LEAST_FUZZY))

    def whole(self, vocabulary: Vocabulary) -> list[Mark]:
        """Return the label that all of it is: one that ends like one, or one of which a character was misread."""
        letters = self.letters()
        near = [*vocabulary.near(letters), *_one_less(letters, vocabulary)] if len(letters) <= _LONGEST_LABEL else []
        for printed in near[:1]:
            return [Mark(self.span.start, self.span.end, vocabulary.words[printed], printed, True)]
        if self.span.start == self.span.end or self.flow.lines[self.flow.line_at(self.span.start)].line.handwritten:
            return []
        end = self.span.start + 1
        while end < self.span.end and not self.bounded(end) and self.flow.folded[end] != ":":
            end += 1
        colon = end < self.span.end and self.flow.folded[end] == ":"
        # All of a cell, in one line or several; or what opens a line or cell, with white space or a colon behind it.
        openings = [(letters, self.span.end)] if self.span.cell else []
        openings += [(self._to(end), end + colon)] if end < self.span.end else []
        for first, last in openings:
            for ending, label in vocabulary.endings:
                if first.endswith(ending) and len(first) - len(ending) <= _LONGEST_BEFORE_ENDING:
                    return [Mark(self.span.start, last, label, first, True)]
        return []

    def _to(self, end: int) -> str:
        return closed(self.flow.folded[self.span.start : end])

    def _is_value(self, start: int, label: Label) -> bool:
        """Return whether a value of the kind that `label` has begins right at `start`."""
        text = self.flow.text[start : min(self.span.end, start + _VALUE_LETTERS)]
        if label.value == "number":
            return any(found.start == 0 for found in numbers.find(text))
        return label.value == "date" and any(found.start == 0 for found in dates.find(text))


def _one_less(read: str, vocabulary: Vocabulary) -> list[str]:
    """Return the misreadable words that `read` is with one character read twice or from a stain, in their order."""
    shorter = {read[:place] + read[place + 1 :] for place in range(len(read))}
    return [word for word in vocabulary.misreadable if word in shorter]


def _with_misread(sight: _Sight, vocabulary: Vocabulary, found: list[Mark]) -> list[Mark]:
    """Return `found` and, between them, labels of which one character was misread."""
    folded, more = sight.flow.folded, list(found)
    taken = [(mark.start, mark.end) for mark in found]
    for start in range(sight.span.start, sight.span.end):
        if folded[start].isspace() or not sight.free(start) or any(a <= start < b for a, b in taken):
            continue
        places = [place for place in range(start, min(start + 16, sight.span.end)) if not folded[place].isspace()]
        letters = "".join(folded[place] for place in places)
        near = (word for size in vocabulary.lengths if size <= len(letters) for word in vocabulary.near(letters[:size]))
        for printed in near:
            read = letters[: len(printed)]
            end = places[len(printed) - 1] + 1
            wrong = [char for char, meant in zip(read, printed, strict=True) if char != meant]
            if len(wrong) != 1 or not "\u4e00" <= wrong[0] <= "\u9fff" or any(start < a < end for a, _ in taken):
                continue
            mark = sight.mark(start, end, printed, vocabulary)
            before = [known for known in more if known.end <= start]
            colon = folded[mark.end - 1] == ":"
            if (colon or sight.bounded(end)) and sight.stands(mark, end, before[-1] if before else None):
                more.append(mark)
                taken.append((mark.start, mark.end))
                break
    return sorted(more, key=lambda mark: mark.start)
