"""What is written by hand, read with an eye to what it must be: dates and numbers whose signs were misread."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import combinations, pairwise, product
from typing import Any

from archivist.definitions import load
from archivist.describe import dates
from archivist.describe.ink import Flow, closed
from archivist.describe.numerals import integer
from archivist.describe.slips import rows
from archivist.text import fold

# Nothing is noted on a paper before it came in, and seldom much later.
_SOON = 60
# A mark older than this before the paper came in belongs to the next year.
_LATE = timedelta(days=60)
_SHORT = re.compile(r"\d{1,2}[./\-]\d{1,2}[日号]?")
_TWO_SWAPS = 12
_WORD_GAP = 0.8
_LONGEST_WORD = 6
# A character read more surely than this stands; another seen less surely than that counts for nothing.
_SURE, _SEEN = 0.99, 0.01
# So sure, as a share of the first, must the second character be that takes its place in a name.
_NEAR = 0.3
# Two characters side by side are both replaced only for a word longer than they are.
_PAIR = 2
# Patterns of days without a month.
_DAYS = ("day", "within", "opening")
MENDED = 0.85
"""How sure a date is, as a share, of which a sign was taken for another."""


@dataclass(frozen=True, slots=True)
class Found:
    """A date: offsets in the flow, `YYYY-MM-DD` or `YYYY-MM`, and how sure its reading is besides its ink (0..1)."""

    start: int
    end: int
    date: str
    factor: float


@dataclass(frozen=True, slots=True)
class Context:
    """What dates without a year are understood from: the `year`, and the day on which the paper was `received`.

    `noted` is the last day on which something was noted on the slip before.
    """

    year: int | None
    received: str | None
    noted: str | None = None

    @property
    def came(self) -> date | None:
        """The day of receipt where it is known in full."""
        return date.fromisoformat(self.received) if self.received and len(self.received) == 10 else None

    @property
    def last(self) -> date | None:
        """The day from which on something is noted."""
        known = [day for day in (self.received, self.noted) if day and len(day) == 10]
        return date.fromisoformat(max(known)) if known else None


def find(flow: Flow, start: int, end: int, context: Context) -> list[Found]:
    """Return the dates in `flow` from `start` to `end`, left to right, also such with misread signs.

    `28|9`, `95,9.27`, `9用27曰`, `l0.4`; `28日` where the day of receipt says of which month.
    """
    found = [entry for entry in _strict(flow, start, end, context) if "月" in flow.folded[entry.start : entry.end]]
    # Figures set apart are dates of their own, though a reader leaves no space between them.
    for first, last in pairwise([start, *rows.gaps(flow, start, end, _WORD_GAP), end]):
        for entry in _strict(flow, first, last, context):
            if all(entry.end <= known.start or known.end <= entry.start for known in found):
                found.append(entry)
    text = flow.text[start:end]
    for loose in _loose(text, context):
        first, last = start + loose.start, start + loose.end
        meets = [known for known in found if first < known.end and known.start < last]
        # 95,9.27 is more than the 9.27 in it.
        whole = all(first <= known.start and known.end <= last for known in meets)
        if whole and (first, last) not in [(known.start, known.end) for known in meets]:
            found = [known for known in found if known not in meets]
            found.append(Found(first, last, loose.date, loose.factor))
    return sorted((_soon(flow, entry, context) for entry in found), key=lambda entry: entry.start)


def _soon(flow: Flow, entry: Found, context: Context) -> Found:
    """Return the date with a figure as it was seen in second place where only so it follows soon on the receipt."""
    came = context.came
    if came is None or len(entry.date) < 10 or 0 <= (date.fromisoformat(entry.date) - came).days <= _SOON:
        return entry
    for other in _others(flow, entry.start, entry.end):
        if iso := dates.parse(other, context.year):
            meant = _meant(closed(fold(other)), iso, context)
            if len(meant) == 10 and 0 <= (date.fromisoformat(meant) - came).days <= _SOON:
                return Found(entry.start, entry.end, meant, MENDED)
    return entry


def _strict(flow: Flow, start: int, end: int, context: Context) -> Iterator[Found]:
    for entry in dates.find(flow.text[start:end], context.year):
        first, last = start + entry.start, start + entry.end
        yield Found(first, last, _meant(closed(flow.folded[first:last]), entry.date, context), 1.0)


def parse(flow: Flow, start: int, end: int, year: int | None) -> tuple[str, float] | None:
    """Return the date that all of the span is and how sure its reading is; where need be with other characters.

    What the reader saw in second place is tried where what it saw first makes no date, a sign or two of it.
    A month whose day never was (`9月54日`) is given without its day.
    """
    text = flow.text[start:end]
    if whole := dates.parse(text, year):
        return whole, 1.0
    context = Context(year, None)
    if loose := next(iter(_loose(text, context)), None):
        return loose.date, loose.factor
    for other in _others(flow, start, end):
        if whole := dates.parse(other, year):
            return whole, MENDED - 0.1
    if month := re.match(r"\s*(\d{4}|\d\d)\s*[年.]\s*(\d{1,2})\s*[月.]\s*\S", fold(text)):
        full = dates.full_year(int(month[1]), year) if len(month[1]) == 2 else int(month[1])
        if 1 <= int(month[2]) <= 12:
            return f"{full:04}-{int(month[2]):02}", 0.5
    return None


def digits(text: str) -> str:
    """Return folded `text` with the letters that were figures put right, where all of it is figures or such letters."""
    put = text.translate(_signs()["digits"])
    return put if put.isascii() and put.isdigit() and any(char.isdigit() for char in text) else text


def mended(flow: Flow, start: int, end: int) -> str:
    """Return the span with the characters that make no word put right, of the same length.

    Only a character the reader was not sure of, and only for one it saw in second place, or one that looks like it,
    that makes a word of `schemas/slips.yaml` with those beside it.
    """
    letters = list(flow.text[start:end])
    folded = list(flow.folded[start:end])
    doubtful = _doubtful(flow, start, end)
    for here, others in doubtful.items():
        longest = _word_around(folded, {here: folded[here]})
        for other in others:
            if (length := _word_around(folded, {here: other})) > longest:
                letters[here], longest = other, length
        folded[here] = fold(letters[here])
    for here, there in pairwise(sorted(doubtful)):
        if (
            there > here + 1
            or _word_around(folded, {here: folded[here]})
            or _word_around(folded, {there: folded[there]})
        ):
            continue
        for one, other in product(doubtful[here], doubtful[there]):
            if _word_around(folded, {here: one, there: other}) > _PAIR:
                letters[here], letters[there] = folded[here], folded[there] = one, other
                break
    return "".join(letters)


def mended_name(flow: Flow, start: int, end: int) -> str:
    """Return the name in the span with characters that are in no name put right, where another was seen that is."""
    letters = list(flow.text[start:end])
    given = load("schemas/slips.yaml")["given_names"]
    printed = flow.lines[flow.line_at(start)]
    for place in range(start + 1, min(end, printed.end)):
        glyph = printed.line.glyphs[place - printed.start]
        if glyph.confidence < _SURE and flow.folded[place] not in given:
            near = [other.char for other in glyph.alternatives if other.confidence > _NEAR * glyph.confidence]
            letters[place - start] = next((char for char in near if fold(char) in given), letters[place - start])
    return "".join(letters)


def _doubtful(flow: Flow, start: int, end: int) -> dict[int, list[str]]:
    """Return the places in the span, from its start, whose character is not sure, and what else it may be."""
    found: dict[int, list[str]] = {}
    for printed in flow.lines[flow.line_at(start) : flow.line_at(max(end - 1, start)) + 1]:
        for place in range(max(start, printed.start), min(end, printed.end)):
            glyph, char = printed.line.glyphs[place - printed.start], flow.folded[place]
            if glyph.confidence < _SURE and "\u3400" <= char <= "\u9fff":
                others = [fold(other.char) for other in glyph.alternatives if other.confidence >= _SEEN]
                others += [other for other in _lookalikes().get(char, "") if other not in others]
                found[place - start] = others
    return found


def _word_around(folded: Sequence[str], put: Mapping[int, str]) -> int:
    """Return how long the longest known word is that all characters `put` are part of, 0 where they are of none."""
    low, high = min(put), max(put)
    for length in range(_LONGEST_WORD, max(high - low, 1), -1):
        for first in range(max(high - length + 1, 0), min(low, len(folded) - length) + 1):
            if "".join(put.get(place, folded[place]) for place in range(first, first + length)) in _lexicon():
                return length
    return 0


@cache
def _lexicon() -> frozenset[str]:
    rules = load("schemas/slips.yaml")
    return frozenset((*rules["words"].split(), *rules["places"].split(), *rules["read"]))


@cache
def _lookalikes() -> dict[str, str]:
    groups = [*load("index/lookalikes.yaml")["groups"], *load("schemas/agencies.yaml")["alike"]]
    groups += load("schemas/slips.yaml")["alike"]
    found: dict[str, str] = {}
    for group in groups:
        for char in group:
            found[char] = found.get(char, "") + group.replace(char, "")
    return found


def _others(flow: Flow, start: int, end: int) -> Iterator[str]:
    """Yield the span with one or two characters as they were seen in second place, the least sure first."""
    line = flow.lines[flow.line_at(start)]
    text = flow.text[start:end]
    doubtful = []
    for place in range(start, min(end, line.end)):
        glyph = line.line.glyphs[place - line.start]
        known = [other.char for other in glyph.alternatives]
        known += [chr(digit) for digit in {_signs()["digits"].get(ord(fold(glyph.char)))} if digit]
        if known:
            doubtful.append((glyph.confidence, place - start, known))
    doubtful = sorted(doubtful)[:_TWO_SWAPS]
    for count in (1, 2):
        for places in combinations(doubtful, count):
            for chars in product(*(known for _, _, known in places)):
                letters = list(text)
                for (_, place, _), char in zip(places, chars, strict=True):
                    letters[place] = char
                yield "".join(letters)


def _meant(text: str, iso: str, context: Context) -> str:
    """Return the date as it must be meant, given that nothing is noted on a paper before it came in."""
    came, year = context.came, context.year
    if came is None or year is None or len(iso) < 10:
        return iso
    if _SHORT.fullmatch(text):
        one, mark, two = re.split(r"([./\-])", text.rstrip("日号"))
        turned = dates.parse(f"{two}{mark}{one}", year)
        gone = (date.fromisoformat(iso) - came).days
        later = (date.fromisoformat(turned) - came).days if turned else -1
        # A stroke stands for either order; a point only where the usual one cannot be.
        if turned and later >= 0 and ((gone < 0 and later <= _SOON) or (mark == "/" and later < gone)):
            iso = turned
    if date.fromisoformat(iso) < came - _LATE:
        next_year = dates.parse(text, year + 1)
        if next_year and next_year[:4] == str(year + 1):
            return next_year
    return iso


def _loose(text: str, context: Context) -> list[Found]:
    """Return the dates in `text` whose signs were misread, with offsets into it."""
    folded = fold(text)
    found: list[Found] = []
    for name, pattern in _patterns().items():
        for match in pattern.finditer(folded):
            put = {key: (value or "").translate(_signs()["digits"]) for key, value in match.groupdict().items()}
            put = {key: closed(value) for key, value in put.items()}
            if not any(char.isdigit() for char in match[0]) and name not in ("words", *_DAYS):
                continue
            iso = _iso(name, put, context)
            clear = all(match.end() <= known.start or known.end <= match.start() for known in found)
            if iso and clear:
                found.append(Found(match.start(), match.end(), iso, 1.0 if name in _DAYS else MENDED))
    return found


def _iso(name: str, put: dict[str, str], context: Context) -> str | None:
    year, came = context.year, context.came
    if name in _DAYS:
        last, day = context.last, integer(put["two"].removeprefix("初"))
        if last is None or day is None:
            return None
        month = last if day >= last.day else date(last.year + last.month // 12, last.month % 12 + 1, 1)
        return dates.parse(f"{month.year}.{month.month}.{day}")
    if put.get("year"):
        if name == "points" and len(put["year"]) == 2 and year is None:
            return None
        return dates.parse(f"{put['year']}年{put['one']}月{put['two']}日", year)
    if year is None:
        return None
    if name == "words":
        iso = dates.parse(f"{put['one']}月{put['two']}日", year)
    else:
        iso = dates.parse(f"{put['one']}{'/' if name in ('stroke', 'run') else '.'}{put['two']}", year)
    if iso is None:
        return None
    iso = _meant(f"{put['one']}{'/' if name in ('stroke', 'run') else '.'}{put['two']}", iso, context)
    if name == "run" and (came is None or not 0 <= (date.fromisoformat(iso) - came).days <= _SOON):
        return None
    return iso


@cache
def _signs() -> dict[str, Any]:
    rules = load("schemas/slips.yaml")["misread"]
    table = {ord(char): ord(digit) for digit, chars in rules["digits"].items() for char in fold(chars)}
    return {**rules, "digits": table}


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    rules = _signs()
    one = rf"[0-9{re.escape(''.join(map(chr, rules['digits'])))}]"
    cn = r"[〇一二三四五六七八九十廿卅]"
    small = rf"(?:{one}{{1,2}}|{cn}{{1,3}})"
    point = rf"\s*[.{re.escape(fold(rules['point']))}]\s*"
    stroke = rf"\s*[/{re.escape(fold(rules['stroke']))}]\s*"
    end = rf"(?:\s*[日号{rules['day']}])?(?![0-9]|[.]\d|\s*[%万亿千百元个倍米斤吨公亩度条款项点])"
    begin = r"(?<![0-9a-z.])"
    lasting = load("schemas/slips.yaml")["lasting"]
    whole = "0-9〇一二三四五六七八九十廿卅"
    day = r"(?:[0-3]?\d|初?十|[初十廿卅][一二三四五六七八九]|[二三]十[一二三四五六七八九]?|[廿卅一二三四五六七八九])"
    return {
        "words": re.compile(
            rf"{begin}(?:(?P<year>{one}{{4}}|{one}{{2}}|{cn}{{4}}|{cn}{{2}})\s*[年{rules['year']}]\s*)?"
            rf"(?P<one>{small})\s*[月{rules['month']}]\s*(?P<two>{small})\s*[日号{rules['day']}]?(?![0-9])"
        ),
        "points": re.compile(
            rf"{begin}(?P<year>{one}{{4}}|[0-9]{one})(?:{point}|{stroke})(?P<one>{one}{{1,2}})(?:{point}|{stroke})"
            rf"(?P<two>{one}{{1,2}}){end}"
        ),
        "stroke": re.compile(rf"{begin}(?P<one>{one}{{1,2}}?){stroke}(?P<two>{one}{{1,2}}){end}"),
        "point": re.compile(rf"{begin}(?P<one>{one}{{1,2}}){point}(?P<two>{one}{{1,2}}){end}"),
        # A stroke that was read as a one: 28 1 9.
        "run": re.compile(rf"{begin}(?P<one>[0-3]?\d)1(?P<two>1?\d){end}"),
        # 廿三日 is a day, 限三日 is not; with words behind it only where it opens a sentence: 十八日已发出.
        "day": re.compile(rf"(?<![月.第{lasting}{whole}])(?P<two>{day})\s*[日号](?![\u3400-\u9fff])"),
        "within": re.compile(rf"(?<![月.第{lasting}{whole}])(?P<two>[0-3]?\d)\s*日(?=[\u3400-\u9fff])"),
        "opening": re.compile(rf"(?<![^。,;\s])(?P<two>{day})\s*日(?=[\u3400-\u9fff])"),
    }
