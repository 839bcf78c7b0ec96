"""Words, names, offices and dates in what officials write: which of them sign."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest
from statistics import median
from typing import Any, Literal

from archivist.definitions import load
from archivist.describe.ink import Flow, closed
from archivist.describe.names import is_person
from archivist.describe.slips import hand, rows
from archivist.describe.slips.hand import Context, Found
from archivist.describe.slips.people import is_name, is_spelled, is_transcribed

What = Literal["text", "person", "unit", "date"]

_WORD = re.compile(r"[^\s]+")
_SENTENCE_END = "。.!;:,、)"
_PAUSES = ",、:"
_READ = re.compile(r"\(?(已阅|圈阅|传阅|阅)\)?[。.]?$")
# 孙浩(出差): why he has not read it.
_NOTED = re.compile(r"([^()]{2,9})(\([^()]{1,8}\))")
# The two parts of a name that the end of a line divides.
_NAME_HEAD = re.compile(r"(?:^|[。;!\s])([\u3400-\u9fff·]{1,6})$")
_NAME_TAIL = re.compile(r"([\u3400-\u9fff]{1,4})(?=[\s\d]|$)")
_STROKES = " \t:;,.。、/-_|"
_PART_OF_DAY = re.compile(r"[上下中]午|[早晚夜晨](?:上|间)?")
_HAN = re.compile(r"[\u3400-\u9fff]+")
# Handwriting is uneven; only a gap of most of a character divides words, but a name is also set off by less.
_WORD_GAP = 0.8
_NAME_GAP = 0.3
_LONGEST_UNIT = 14
_DOUBTFUL = 0.7
_COMRADE = "同志"
_RANK = re.compile(r"^(?:第一|常务)?副|^代理?")
# Of names, by their number of characters; three are tried before two.
_NAME_LENGTHS = (7, 6, 5, 4, 3, 2)
LOOSE = 0.85
"""How sure it is, as a share, that a word is a name because of its place only."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word: offsets in the flow, what it is, its value, how sure that is, and where it stands on the page.

    `dated` is the date that a text names in passing.
    """

    what: What
    start: int
    end: int
    value: str
    factor: float = 1.0
    dated: "Token | None" = None
    middle: float = 0.0
    top: float = 0.0
    bottom: float = 0.0


def tokens(flow: Flow, start: int, end: int, context: Context) -> list[Token]:
    """Return the words of `flow` from `start` to `end` in order, line by line.

    A date with words run on to it is part of the text; one that stands by itself or beside a name dates the entry.
    """
    if start >= end:
        return []
    found: list[Token] = []
    opening = next((place for place in range(start, end) if flow.folded[place] not in _STROKES + "\u3000"), start)
    for begin, finish, name in _rows(flow, start, end):
        found += [name] if name else []
        inline, at, words = [], begin, list[Token]()
        for when in hand.find(flow, begin, finish, context):
            if _in_passing(flow, at, when, finish):
                inline.append(when)
                continue
            words += _words(flow, at, when.start, opening, dated=True)
            last = when.end
            if part := _PART_OF_DAY.match(flow.folded, last, finish):
                last = part.end()
            words.append(Token("date", when.start, last, when.date, when.factor))
            at = last
        words += _words(flow, at, finish, opening)
        found += _settled([_placed(flow, _dated(flow, token, inline)) for token in words])
    return _without_loose(found)


def _rows(flow: Flow, start: int, end: int) -> list[tuple[int, int, Token | None]]:
    """Return the rows from `start` to `end`, each with the name that a line's end divides before it: 向文 | 秀9.25."""
    found: list[tuple[int, int, Token | None]] = []
    written = list(rows.rows(flow, start, end))
    for begin, finish in written:
        name = None
        if found:
            first, last, earlier = found[-1]
            head = _NAME_HEAD.search(flow.folded[first:last])
            tail = _NAME_TAIL.match(flow.folded[begin:finish])
            if head and tail and _is_divided(head[1], tail[1], alone=len(written) == 2 and head.start(1) == 0):
                found[-1] = first, first + head.start(1), earlier
                name = _divided(flow, (first + head.start(1), last), (begin, begin + tail.end(1)))
        found.append((name.end if name else begin, finish, name))
    return found


def _is_divided(head: str, tail: str, *, alone: bool) -> bool:
    """Return whether two parts are one name; where only it is written (`alone`) though the second is one, too."""
    whole = is_name(head + tail) and (alone or not is_name(tail))
    return whole and tail not in _rules()["alone"] and tail not in _rules()["not_names"]


def _divided(flow: Flow, *spans: tuple[int, int]) -> Token:
    lines = [_placed(flow, _token(flow, "person", *span)) for span in spans]
    top, bottom = min(line.top for line in lines), max(line.bottom for line in lines)
    whole = _token(flow, "person", spans[0][0], spans[-1][1])
    return replace(whole, middle=lines[0].middle, top=top, bottom=bottom)


def _without_loose(found: Sequence[Token]) -> list[Token]:
    """Return `found` with what is a name by its place only as text, where more than a date follows it."""
    kept = []
    for token, following in zip_longest(found, found[1:]):
        if token.what == "person" and token.factor < 1 and following is not None and following.what != "date":
            token = replace(token, what="text", value=token.value, factor=1.0)
        kept.append(token)
    return kept


def _dated(flow: Flow, token: Token, inline: Sequence[Found]) -> Token:
    for when in inline:
        if flow.folded.startswith(tuple(_rules()["terms"]), when.end):
            continue
        if token.what == "text" and token.start <= when.start and when.end <= token.end:
            return replace(token, dated=Token("date", when.start, when.end, when.date, when.factor))
    return token


def _settled(words: Sequence[Token]) -> list[Token]:
    """Return `words` with the names and offices that more words follow on their line as part of the text."""
    kept: list[Token] = []
    for token, following in pairwise([*words, None]):
        assert token is not None
        spoken_of = following is not None and following.what == "text"
        if token.what == "unit" and spoken_of:
            token = replace(token, what="text")
        if token.what == "person" and spoken_of and kept and kept[-1].what == "text":
            token = replace(token, what="text")
        kept.append(token)
    return kept


def _in_passing(flow: Flow, at: int, when: Found, finish: int) -> bool:
    """Return whether a date is part of a sentence: words run on to it, and no name before it signs."""
    folded = flow.folded
    if folded.startswith(tuple(_rules()["terms"]), when.end):
        return True
    if (
        when.end == finish
        or not _HAN.match(folded[when.end])
        or when.end in rows.gaps(flow, when.start, finish, _WORD_GAP)
    ):
        return False
    if _PART_OF_DAY.match(folded, when.end):
        return False
    run = flow.folded[when.end : _until(flow, when.end, finish)]
    if _READ.match(run) or is_name(_READ.sub("", run)):
        return False
    before = _words(flow, at, when.start)
    return not (before and before[-1].what in ("person", "unit"))


def _until(flow: Flow, start: int, finish: int) -> int:
    """Return where the word that begins at `start` ends: at white space, a figure or the end of the line."""
    match = re.compile(r"[^\s\d]*").match(flow.folded, start, finish)
    return match.end() if match else start


def _words(flow: Flow, start: int, end: int, opening: int | None = None, *, dated: bool = False) -> list[Token]:
    """Return the words and names of one stretch without a date, at the end of which a signature may stand.

    What is written beside the label begins at `opening`; a date follows where it is `dated`.
    """
    found: list[Token] = []
    spans = _wide(flow, start, end)
    for place in reversed(range(len(spans))):
        first, last = spans[place]
        # After words a comma is theirs; at the start of a line or after a name it is a stroke of the pen.
        while first < last and flow.folded[first] in _STROKES and place == 0:
            first += 1
        if first < last:
            closing = all(token.what in ("person", "unit") for token in found)
            signed = dated and place == len(spans) - 1
            found = [*_of_word(flow, first, last, closing, place > 0, opens=first == opening, dated=signed), *found]
    return found


def _of_word(
    flow: Flow, first: int, last: int, closing: bool, preceded: bool, *, opens: bool, dated: bool
) -> list[Token]:
    """Return what the word from `first` to `last` is: text, and who signs at its end."""
    word = flow.folded[first:last].rstrip(_STROKES)
    ended = "。" in flow.folded[first + len(word) : last] or word.endswith("!")
    noted = _NOTED.fullmatch(word)
    if noted and is_name(noted[1]) and not _READ.fullmatch(noted[2]):
        return [
            _token(flow, "person", first, first + noted.end(1)),
            _token(flow, "text", first + noted.start(2), first + noted.end(2)),
        ]
    bare = _READ.sub("", word)
    cut = max(bare.rfind(char) for char in _SENTENCE_END) + 1
    if bare == word or not is_name(bare[cut:]):
        bare, cut = word, max(word.rfind(char) for char in _SENTENCE_END) + 1
    # A name before a date signs, though a point stands between them.
    whole = cut == 0 and not dated
    if ended and (whole or (cut and word[cut - 1] in _PAUSES) or not is_name(bare[cut:])):
        return [_token(flow, "text", first, last)]
    set_off = cut == 0 or word[cut - 1] not in _PAUSES
    closing = closing and set_off
    signers = _signers(flow, first + cut, bare[cut:], closing) or _set_off(flow, first + cut, bare[cut:])
    if not signers:
        return [_token(flow, "text", first, last)]
    begin = signers[0].start
    alone = begin == first and not preceded and [signer.what for signer in signers] == ["unit"]
    if alone and not opens and not rows.begins_row(flow, first):
        return [_token(flow, "text", first, last)]
    found = [_token(flow, "text", first, begin)] if begin > first else []
    found += signers
    noted_as = word[len(bare) :].strip("()。.")
    if noted_as and noted_as != "阅":
        found.append(_token(flow, "text", first + len(bare), first + len(word)))
    return found


def _signers(flow: Flow, start: int, name: str, closing: bool) -> list[Token]:
    """Return the office and the person that all of `name`, which begins at `start`, is; none for other words."""
    rules, end = _rules(), start + len(name)
    addressed = name.startswith(tuple(rules["before_names"]))
    if closed(name) != name or (not addressed and is_transcribed(name)):
        return [_token(flow, "person", start, end)] if is_name(name) else []
    if not _HAN.fullmatch(name) or len(name) < 2 or name in rules["not_names"] or name in rules["read"]:
        return []
    if name in rules["posts"] or (closing and _RANK.sub("", name) in rules["titles"]):
        return [_token(flow, "unit", start, end)]
    if (meant := closed(hand.mended(flow, start, end))) != name and _is_unit(meant):
        return [_token(flow, "unit", start, end)]
    if is_person(name):
        return [_token(flow, "person", start, end)]
    if name.endswith(_COMRADE) and is_name(name.removesuffix(_COMRADE)):
        return [_token(flow, "person", start, end - len(_COMRADE))]
    for length in _NAME_LENGTHS:
        unit, person = name[:-length], name[-length:]
        if (
            not addressed
            and is_name(person)
            and (
                _is_unit(unit)
                or _is_unit(closed(hand.mended(flow, start, end - length)))
                or unit in (*rules["posts"], *rules["titles"])
            )
        ):
            cut = end - length
            return [_token(flow, "unit", start, cut), _token(flow, "person", cut, end)]
    if addressed or not closing:
        return []
    if len(name) <= 5 and is_person(name[:1] + "国") and name[1:] in rules["titles"]:
        return [_token(flow, "person", start, end)]
    if _is_unit(name):
        return [_token(flow, "unit", start, end)]
    if (other := _mended_name(flow, start, end)) is not None:
        return [replace(_token(flow, "person", start, end), value=other, factor=LOOSE)]
    if is_spelled(name):
        return [replace(_token(flow, "person", start, end), factor=LOOSE)]
    if len(name) in (2, 3) and not set(name) & set(_not_in_names()) and not name.endswith(tuple(rules["not_names"])):
        return [replace(_token(flow, "person", start, end), factor=LOOSE, what="person")]
    return []


def _set_off(flow: Flow, start: int, words: str) -> list[Token]:
    """Return the name at the end of `words` where a gap, though a small one, parts it from them."""
    end = start + len(words)
    gaps = rows.gaps(flow, start, end, _NAME_GAP)
    for length in _NAME_LENGTHS:
        cut = end - length
        if cut > start and cut in gaps and not any(gap > cut for gap in gaps) and is_name(words[-length:]):
            return [_token(flow, "person", cut, end)]
    return []


def _mended_name(flow: Flow, start: int, end: int) -> str | None:
    """Return the name that the span is with one character as it was seen in second place."""
    text = flow.text[start:end]
    line = flow.lines[flow.line_at(start)]
    if end > line.end or not 2 <= end - start <= 3:
        return None
    for place in range(start, end):
        glyph = line.line.glyphs[place - line.start]
        for other in glyph.alternatives if glyph.confidence < _DOUBTFUL else ():
            name = text[: place - start] + other.char + text[place - start + 1 :]
            if is_person(name):
                return name
    return None


def _is_unit(name: str) -> bool:
    rules = _rules()
    if not 2 <= len(name) <= _LONGEST_UNIT or name.startswith(("拟", "已", "同意", "可", "应", "不")):
        return False
    return name.endswith(tuple(rules["units"])) and not name.startswith(tuple(rules["before_names"]))


def _wide(flow: Flow, start: int, end: int) -> list[tuple[int, int]]:
    """Return the spans of words; single characters that follow one another are one name set wide."""
    cuts = [start, *rows.gaps(flow, start, end, _WORD_GAP), end]
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


def _token(flow: Flow, what: What, start: int, end: int) -> Token:
    return Token(what, start, end, flow.text[start:end])


def _placed(flow: Flow, token: Token) -> Token:
    printed = flow.lines[flow.line_at(token.start)]
    glyphs = printed.line.glyphs[token.start - printed.start : token.end - printed.start]
    if not glyphs:
        return token
    middle = (glyphs[0].box.left + glyphs[-1].box.right) / 2
    return replace(
        token,
        middle=middle,
        top=median(glyph.box.top for glyph in glyphs),
        bottom=median(glyph.box.bottom for glyph in glyphs),
    )


def _rules() -> dict[str, Any]:
    rules: dict[str, Any] = load("schemas/slips.yaml")
    return rules


def _not_in_names() -> str:
    words: str = load("schemas/persons.yaml")["not_in_names"]
    return words
