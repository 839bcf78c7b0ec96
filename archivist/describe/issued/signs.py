"""What a line at the top of a paper is by itself: a mark, a red head, a number, a date."""

import re
from functools import cache
from statistics import median
from typing import Literal

from archivist.definitions import load
from archivist.describe import dates, names, numbers
from archivist.describe.ink import Printed, closed

Tag = Literal["blank", "mark", "head", "number", "agency", "date", "text"]

_ANY_YEAR = 1949
_LETTERS = 80
# Pieces of one line stand at least this many characters apart.
_APART = 1.5
_LEVELS = "绝密|机密|秘密"
_PERIOD = r"[★*☆·.]?(?:(?:\d{1,2}|[一二三四五六七八九十]{1,3})(?:年|个月)|长期|启用前)?[★*☆]?"
_URGENCIES = "特急|特提|加急|平急|急件|火急|万急"
_TELEGRAM = "(?:[明密]?[码传]?电报?)?"
_MARK = re.compile(
    rf"(?:(?:{_LEVELS}){_PERIOD}\d{{0,7}}|内部(?:文件|资料|刊物)?|(?:{_URGENCIES}){_TELEGRAM}"
    rf"|(?:等级|紧急程度|缓急|密级):(?:{_LEVELS}|{_URGENCIES}|一般|普通|无)?|(?:注意|妥善)?保[存管]|不得翻印)+"
    r"|(?:份号|编号|№|no\.?)?:?\d{1,7}|(?:等级|紧急程度|缓急|密级):.*|(?:签发|会签|签批|签批盖章)人?:.*"
)
_SIGNERS = re.compile(r"(?:签发|会签|签批)(?:盖章)?人?:.*")
LEVEL = re.compile(rf"(?:密级:)?({_LEVELS})")
URGENCY = re.compile(rf"(?:(?:等级|紧急程度|缓急):)?({_URGENCIES})")
# 文件, of which one of the two characters may be misread where an agency stands before it.
_HEAD = re.compile(r"(?P<agencies>.+?)(?:(?P<word>文件|文.|.件)|\((?P<genre>[^()]{1,4})\))")
_ISSUE = re.compile(
    r"\(?(?:总?第.{1,4}[期号]|\(\d{4}\)(?:第?\d{1,4}[期号])?|(?:\d{4}|[〇一二三四五六七八九]{4})年?第?.{1,4}[期号])"
)
_EDITS = "编印|编发|编辑|主办|主编|承办|编|印"
_EDITOR = re.compile(rf"(?:{_EDITS})(?:单位|机关)?:(?P<named>.+)|(?P<before>.+?)(?:{_EDITS})")
# The hour of a telegram behind its date: 廿时, 下午三时半.
HOUR = re.compile(
    r"(?:[上下中]午|早晨?|凌晨|晨|晚上?|夜|午)?(?:[\d〇一二三四五六七八九十廿]{1,3}[时点:](?:[\d〇一二三四五六七八九十廿]{1,3}分?|半|正|整)?)?"
)
_MONTH_AND_DAY = re.compile(r"[\d〇一二三四五六七八九十]{1,2}月[\d〇一二三四五六七八九十廿卅]{1,3}[日号]")
# What is meant for a number, but too badly read to be one: letters, a year in brackets, figures.
_LIKE_NUMBER = re.compile(
    r"[^\d,。;:《》]{1,12}[(\[【〈{「|].{0,2}(?:(?:19|20)\d\d|\d\d|[〇一二三四五六七八九]{4}).{0,2}[)\]】〉}」|]"
    r".{0,3}?[\d〇一二三四五六七八九十]{1,4}.{0,2}"
)


def tag(line: Printed) -> Tag:
    """Return what `line` is by itself at the top of a paper."""
    letters = line.closed
    # One character alone is a piece of a stamp or a seal.
    if len(letters) < 2 or re.fullmatch(r"[-_.·*=★☆—~]+", letters) or is_stamp(letters):
        return "blank"
    if len(letters) > _LETTERS:
        return "text"
    number = number_in(line)
    if not number and _MARK.fullmatch(letters):
        return "mark"
    if head_agencies(line):
        return "head"
    if number or numbers_in(line, _ANY_YEAR):
        return "number"
    if dates.parse(letters):
        return "date"
    if _LIKE_NUMBER.fullmatch(letters) and len(letters) <= 24:
        return "mark"
    return "agency" if names.is_agency(letters) else "text"


def head_agencies(line: Printed) -> tuple[int, int, str | None] | None:
    """Return the span (in the line) of the agencies of a red head, and the genre in brackets after it."""
    return head_in(line.line.text)


def head_in(text: str) -> tuple[int, int, str | None] | None:
    """Return the span (in `text`) of the agencies of a red head that all of it is, and the genre in brackets."""
    folded = names.mended(text)
    places = [place for place, char in enumerate(folded) if not char.isspace()]
    match = _HEAD.fullmatch(closed(folded))
    if not match or (match["genre"] and match["genre"] not in genres()):
        return None
    start, end = places[match.start("agencies")], places[match.end("agencies") - 1] + 1
    known = bool(names.split(match["agencies"]) or names.split(folded[start:end]))
    if match["word"] not in (None, "文件"):
        # 聊城市人民政府文仵, but not 县委宣传部文化科.
        known = known and not names.is_agency(match[0])
    known = known or (match["word"] == "文件" and _plausible(match["agencies"]))
    return (start, end, match["genre"]) if known else None


def number_in(line: Printed) -> numbers.Found | None:
    """Return the document number that `line` is, alone or beside marks, a date, who signed (签发人) or the agency."""
    if not any(char.isnumeric() for char in line.closed):
        return None
    text = line.line.text
    if whole := numbers.parse(text.strip(" ()（）\u3000")) or numbers.parse(text):
        return numbers.Found(0, len(text), whole)
    apart = pieces(line)
    for place, (start, end) in enumerate(apart):
        number = numbers.parse(text[start:end].strip(" ()（）\u3000"))
        others = [closed(line.folded[a:b]) for at, (a, b) in enumerate(apart) if at != place]
        if number and all(_beside(other) or numbers.parse(other) for other in others):
            return numbers.Found(start, end, number)
    found = numbers.find(text)
    rest = closed(line.folded[found[0].end :]) if found else ""
    if found and (not rest or _beside(rest) or len(found) > 1):
        before = closed(line.folded[: found[0].start])
        return found[0] if len(before) <= 4 or _beside(before) else None
    return None


def numbers_in(line: Printed, year: int | None = None) -> list[numbers.Found]:
    """Return the numbers that `line` is: of agencies that issue a paper together each may give one of its own.

    A number printed without its year is one where `year` says which it is of.
    """
    if (first := number_in(line)) is None and year is None:
        return []
    if first is None and (whole := numbers.parse(line.closed.strip("()"), year)):
        return [numbers.Found(0, len(line.line.text), whole)]
    read = [(start, end, _piece_number(line, start, end, year)) for start, end in pieces(line)]
    others = [(start, end, number) for start, end, number in read if not _overlap(first, start, end)]
    if first is None and not all(number or _beside(closed(line.folded[start:end])) for start, end, number in read):
        return []
    apart = [numbers.Found(start, end, number) for start, end, number in others if number]
    return sorted([*([first] if first else []), *apart], key=lambda found: found.start)


def _piece_number(line: Printed, start: int, end: int, year: int | None) -> numbers.DocumentNumber | None:
    return numbers.parse(line.line.text[start:end].strip(" ()（）\u3000"), year)


def _overlap(found: numbers.Found | dates.Found | None, start: int, end: int) -> bool:
    return found is not None and found.start < end and start < found.end


def dates_beside(line: Printed) -> list[dates.Found]:
    """Return the dates that stand beside the number on `line`."""
    taken = numbers_in(line, _ANY_YEAR)
    found = dates.find(line.line.text) if taken else []
    return [when for when in found if not any(_overlap(when, number.start, number.end) for number in taken)]


def pieces(line: Printed) -> list[tuple[int, int]]:
    """Return the spans of what stands far apart on `line`."""
    glyphs = line.line.glyphs
    seen = [place for place, glyph in enumerate(glyphs) if not glyph.char.isspace()]
    if not seen:
        return []
    size, text = median(glyph.box.height for glyph in glyphs), line.line.text
    spans, first, last = [], seen[0], seen[0]
    for place in seen[1:]:
        wide = glyphs[place].box.left - glyphs[last].box.right > _APART * size
        if wide or place - last > 2 or "\u3000" in text[last + 1 : place]:
            spans.append((first, last + 1))
            first = place
        last = place
    return [*spans, (first, last + 1)]


def genre_beside(line: Printed) -> int | None:
    """Return where on `line` the genre begins that agencies share as they do 文件: 联合通知, behind one or alone."""
    places = [place for place, char in enumerate(line.folded) if not char.isspace()]
    for genre in sorted(genres(), key=len, reverse=True):
        if len(genre) > 1 and line.closed.endswith(genre):
            before = line.closed.removesuffix(genre).removesuffix("联合")
            return places[len(before)] if not before or names.is_agency(before) else None
    return None


def editor(letters: str) -> str | None:
    """Return the agency that edits a serial where `letters` say no more than that: …办公室编, 编印单位:…."""
    match = _EDITOR.fullmatch(letters)
    agency = match and (match["named"] or match["before"])
    return agency if agency and names.is_agency(agency) else None


def day_alone(line: Printed, year: int = _ANY_YEAR) -> dates.Found | None:
    """Return the date of a line that is month and day, of `year`, agencies before and the hour behind it or not."""
    found = _MONTH_AND_DAY.search(line.closed)
    if found is None or not HOUR.fullmatch(line.closed[found.end() :]):
        return None
    before = line.closed[: found.start()]
    when = dates.find(line.line.text, year)
    return when[0] if when and (not before or names.split(before) or editor(before)) else None


def is_issue(line: Printed) -> bool:
    """Return whether a line under a head is the issue (第6期, 第142号), or agency and date, of what follows."""
    dated = dates.find(line.line.text) or day_alone(line)
    return bool(_ISSUE.match(line.closed) or (dated and "关于" not in line.closed))


def is_speaker(line: Printed) -> bool:
    """Return whether a line is the post and name of who spoke: 市委副书记、市长　陈光."""
    letters = line.closed
    if len(letters) > 24 or re.search(r"[,。:;《]", letters):
        return False
    posts = (*load("schemas/persons.yaml")["titles"], *load("schemas/agencies.yaml")["officials"])
    return any(letters[:-size].endswith(posts) and names.is_person(letters[-size:]) for size in (2, 3, 4))


def is_stamp(letters: str) -> bool:
    """Return whether a line is only words of a stamp, a shelf mark or a telegram's form, with their figures."""
    left = letters
    for word in _stamps():
        left = left.replace(word, "")
    shelf = re.fullmatch(r"\d{1,4}(?:[-—/·]\d{1,4}){1,4}", letters) is not None and not re.match(
        r"(?:19|20)\d\d", letters
    )
    return shelf or (left != letters and not left.strip("0123456789-·:.()")) or not left


@cache
def genres() -> frozenset[str]:
    """Return all genres, by rule or not."""
    return frozenset(load("schemas/genres.yaml")["others"]) | statutory()


@cache
def statutory() -> frozenset[str]:
    """Return the genres that a rule of some period names."""
    return frozenset(genre for period in load("schemas/genres.yaml")["periods"] for genre in period["genres"])


@cache
def _stamps() -> tuple[str, ...]:
    return tuple(sorted(load("schemas/genres.yaml")["stamps"], key=len, reverse=True))


def _beside(letters: str) -> bool:
    """Return whether a number may stand on one line with `letters`."""
    short = len(letters) <= 1 or letters in ("文件", "字号")
    known = _MARK.fullmatch(letters) or _SIGNERS.fullmatch(letters) or names.is_agency(letters)
    return bool(short or known or dates.parse(letters))


def _plausible(agencies: str) -> bool:
    """Return whether what stands before 文件 may be an agency that is misread or in no list."""
    return 4 <= len(agencies) <= 24 and bool(re.match(r"中共|中国共产党", agencies)) and "关于" not in agencies
