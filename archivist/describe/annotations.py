"""What officials wrote on a slip: proposals, instructions, readings, with their names and dates."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from archivist.describe import dates
from archivist.describe.ink import Flow, plain
from archivist.describe.names import is_person
from archivist.model import Value

_WORD = re.compile(r"[^\s]+")
_SENTENCE_END = "。.!;:,、)"
_READ = re.compile(r"\(?(已阅|圈阅|传阅|阅)\)?[。.]?")
# 孙浩(出差): why he has not read it.
_NOTED = re.compile(r"([^()]{2,4})(\([^()]{1,8}\))")
_STROKES = " \t:;,.。、/-_|"
_EITHER = re.compile(r"(\d{1,2})/(\d{1,2})[日号]?")
# Handwriting is uneven; only a gap of most of a character divides words.
_WORD_GAP = 0.8
# A mark older than this before the paper came in belongs to the next year.
_LATE = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Annotation:
    """One official's entry: the span of the flow that proves it, and what it says."""

    start: int
    end: int
    kind: str
    text: str
    person: str | None
    date: str | None

    @property
    def value(self) -> Value:
        """The field value of design.md."""
        return {"kind": self.kind, "text": self.text, "person": self.person, "date": self.date}


@dataclass(frozen=True, slots=True)
class _Token:
    what: str
    start: int
    end: int
    value: str


@dataclass(slots=True)
class _Entry:
    texts: list[_Token]
    person: _Token | None = None
    when: _Token | None = None


def read(
    flow: Flow, spans: Sequence[tuple[int, int]], kind: str, year: int | None, received: str | None
) -> list[Annotation]:
    """Return the entries written in `spans` of `flow` beside a label of `kind`.

    `year` and the date the paper was `received` give years to dates that have none. Who signs an
    instruction is the name nearest to its end; a further date, or a name and date without words, is a
    reading.
    """
    tokens = [token for start, end in spans for token in _tokens(flow, start, end, year, received)]
    annotations = []
    # Each signs in a cell or line of his own: 圈阅 in one says nothing of the name in the next.
    cells = {start for start, _ in spans} if kind == "reading" else set()
    for entry in _entries(tokens, cells):
        members = [*entry.texts, *filter(None, (entry.person, entry.when))]
        start, end = min(token.start for token in members), max(token.end for token in members)
        text = plain("".join(token.value for token in entry.texts))
        said = "reading" if kind == "instruction" and (not text or _READ.fullmatch(text)) else kind
        if said == "reading" and not entry.person and not entry.when and not _READ.fullmatch(text):
            continue
        person = plain(entry.person.value) if entry.person else None
        annotations.append(Annotation(start, end, said, text, person, entry.when.value if entry.when else None))
    return annotations


def _entries(tokens: list[_Token], cells: Collection[int]) -> list[_Entry]:
    """Return the entries that `tokens` are; where one begins a cell (`cells`) its name is not of words before it."""
    entries: list[_Entry] = []
    signer: _Token | None = None
    for token in tokens:
        last = entries[-1] if entries else None
        if token.what == "text":
            if last is None or (last.texts and (last.person or last.when)) or (last.person and last.when):
                entries.append(_Entry([token]))
            else:
                last.texts.append(token)
        elif token.what == "person":
            signer = token
            if last is None or last.person or (last.texts and token.start in cells):
                entries.append(_Entry([], person=token))
            else:
                last.person = token
        elif last is None or last.when:
            entries.append(_Entry([], person=signer, when=token))
        else:
            last.when = token
    return entries


def _tokens(flow: Flow, start: int, end: int, year: int | None, received: str | None) -> list[_Token]:
    tokens: list[_Token] = []
    if start >= end:
        return tokens
    for printed in flow.lines[flow.line_at(start) : flow.line_at(end - 1) + 1]:
        begin, finish = max(printed.start, start), min(printed.end, end)
        at = begin
        for found in dates.find(flow.text[begin:finish], year):
            tokens += _words(flow, at, begin + found.start)
            text = flow.text[begin + found.start : begin + found.end]
            when = _after_receipt(text, found.date, year, received)
            tokens.append(_Token("date", begin + found.start, begin + found.end, when))
            at = begin + found.end
        tokens += _words(flow, at, finish)
        tokens.append(_Token("break", finish, finish, ""))
    kept: list[_Token] = []
    for place, token in enumerate(tokens):
        follows = tokens[place + 1].what if place + 1 < len(tokens) else "break"
        if token.what == "person" and follows == "text" and any(known.what == "text" for known in kept[-1:]):
            token = _Token("text", token.start, token.end, token.value)
        if token.what != "break":
            kept.append(token)
    return kept


def _words(flow: Flow, start: int, end: int) -> list[_Token]:
    """Return the words and names of one stretch without a date."""
    tokens: list[_Token] = []
    for first, last in _wide(flow, start, end):
        while first < last and flow.folded[first] in _STROKES:
            first += 1
        if first == last:
            continue
        word = flow.folded[first:last].rstrip(_STROKES)
        noted = _NOTED.fullmatch(word)
        if noted and is_person(noted[1]) and not _READ.fullmatch(noted[2]):
            for what, (begin, finish) in (("person", noted.span(1)), ("text", noted.span(2))):
                span = first + begin, first + finish
                tokens.append(_Token(what, *span, flow.text[slice(*span)]))
            continue
        signed = re.sub(rf"{_READ.pattern}$", "", word)
        cut = max(signed.rfind(char) for char in _SENTENCE_END) + 1
        name = signed[cut:]
        if is_person(name):
            if cut:
                tokens.append(_Token("text", first, first + cut, flow.text[first : first + cut]))
            begin = first + cut
            tokens.append(_Token("person", begin, begin + len(name), flow.text[begin : begin + len(name)]))
        else:
            tokens.append(_Token("text", first, last, flow.text[first:last]))
    return tokens


def _wide(flow: Flow, start: int, end: int) -> list[tuple[int, int]]:
    """Return the spans of words; single characters that follow one another are one name set wide."""
    cuts = [start, *flow.gaps(start, end, _WORD_GAP), end]
    spans = [
        (first + match.start(), first + match.end())
        for first, last in pairwise(cuts)
        for match in _WORD.finditer(flow.text[first:last])
    ]
    joined: list[tuple[int, int]] = []
    single = False
    for first, last in spans:
        if last - first == 1 and single:
            joined[-1] = joined[-1][0], last
        else:
            joined.append((first, last))
        single = last - first == 1
    return joined


def _after_receipt(text: str, iso: str, year: int | None, received: str | None) -> str:
    """Return the date as it must be meant, given that nothing is noted on a paper before it came in."""
    if received and year is not None and (match := _EITHER.fullmatch("".join(text.split()))):
        turned = dates.parse(f"{match[2]}/{match[1]}", year)
        came = date.fromisoformat(received) if len(received) == 10 else None
        if turned and came and date.fromisoformat(turned) >= came:
            gone = date.fromisoformat(iso) - came
            if gone.days < 0 or date.fromisoformat(turned) - came < gone:
                iso = turned
    if not received or year is None or len(received) < 10 or len(iso) < 10:
        return iso
    later = dates.parse(text, year + 1)
    early = date.fromisoformat(iso) < date.fromisoformat(received) - _LATE
    return later if early and later and later[:4] == str(year + 1) else iso
