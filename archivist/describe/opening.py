"""How an issued document begins: marks, red head, number, title, note and addressees."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from archivist.definitions import load
from archivist.describe import dates, names, numbers
from archivist.describe.ink import Printed, closed

Tag = Literal["blank", "mark", "head", "number", "agency", "date", "text"]

_LOOK_AHEAD = 30
_TITLE_LINES = 9
_TITLE_LETTERS = 140
_STAMP_LETTERS = 15
_MARK = re.compile(
    r"(?:绝密|机密|秘密|内部(?:文件|资料)?|特急|特提|加急|平急|急件)[★*☆\d年个月长期]*|(?:份号|编号|№|no\.?)?:?\d{1,7}"
    r"|(?:等级|紧急程度|缓急):.*|签发人?:.*|会签人?:.*|密级:.*"
)
_HEAD = re.compile(r"(?P<agencies>.+?)(?:文件|\((?P<genre>[^()]{1,4})\))")
_NOTE = re.compile(r"\([^()]{1,20}\)$")
_ENUMERATED = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}、|\([一二三四五六七八九十\d]{1,3}\)|\d{1,2}[、.]|第[一二三四五六七八九十]+[章条])"
)
_GOES_ON = re.compile(r"的?通知|的.{1,4}|\((?:试行|暂行|草案|修订稿?|摘要|讨论稿|征求意见稿|代拟稿)\)")
_SENTENCE = re.compile(r"[。;!?]|(?<!》),")
# A line in the middle of a text may end in a genre by chance; a title without a number begins like one.
_BEGINS = re.compile(r"(?:关于|转发|批转|印发|颁发|发布)")


@dataclass(frozen=True, slots=True)
class Title:
    """A title: its lines (from `first` to before `last`), folded and closed up, and the genre it ends in."""

    first: int
    last: int
    letters: str
    genre: str


@dataclass(frozen=True, slots=True)
class Opening:
    """The beginning of an issued document, by indices of its lines; None, empty where a part is missing."""

    marks: tuple[int, ...]
    head: tuple[int, ...]
    number: int | None
    title: Title | None

    @property
    def after(self) -> int:
        """The index of the first line behind head, number and title."""
        ends = [index + 1 for index in (*self.marks, *self.head) if not self.title or index < self.title.first]
        if self.number is not None:
            ends.append(self.number + 1)
        if self.title:
            ends.append(self.title.last)
        return max(ends, default=0)


def opening(lines: Sequence[Printed], *, continues: bool = False) -> Opening | None:
    """Return how the paper that `lines` are begins, None where no issued document begins here.

    It begins with a red head, a number under the names of agencies, or a title that ends in a genre; where
    the lines go on from a page before (`continues`) the title alone must look like one in every way.
    """
    ahead = lines[:_LOOK_AHEAD]
    tags = [tag(line) for line in ahead]
    marks = tuple(index for index, name in enumerate(tags) if name == "mark")
    first = _first_sign(ahead, tags)
    above = title(ahead, tags, 0, free=True)
    if above and above.letters in _words("mastheads"):
        starts = [index for index in range(above.last, above.last + 4) if not _is_issue(ahead[index : index + 1])]
        named_below = (title(ahead, tags, index, free=False) for index in starts)
        above = next((found for found in named_below if found), above)
    if above and (first is None or above.last <= first):
        if first is not None and first <= above.last + 2 and tags[first] == "number":
            return Opening(_before(marks, first), (), first, above)
        if first is None or tags[first] == "number":
            return Opening(_before(marks, above.first), (), None, above) if _alone(above, ahead, continues) else None
    if first is None:
        return None
    last = first
    while last + 1 < len(ahead) and tags[last + 1] in ("head", "number", "mark", "blank"):
        last += 1
    # The second agency of a joint head stands below the one that carries 文件.
    below = next((index for index in range(last + 1, len(ahead)) if tags[index] != "agency"), last)
    if below > last + 1 and tags[below] == "number":
        last = below
        while last + 1 < len(ahead) and tags[last + 1] in ("mark", "blank"):
            last += 1
    head = tuple(index for index in range(last + 1) if tags[index] in ("head", "agency"))
    number = next((index for index in range(last + 1) if tags[index] == "number"), None)
    named = title(ahead, tags, last + 1, free=False)
    if number is None and named:
        near = range(named.last, min(named.last + 3, len(ahead)))
        number = next((index for index in near if tags[index] == "number"), None)
    if not head and number is not None and not named:
        return None
    return Opening(_before(marks, first if not named else named.first), head, number, named)


def tag(line: Printed) -> Tag:
    """Return what `line` is by itself at the top of a paper."""
    letters = line.closed
    if not letters or re.fullmatch(r"[-_.·*=★☆]+", letters) or _is_stamp(letters):
        return "blank"
    if _MARK.fullmatch(letters):
        return "mark"
    if head_agencies(line):
        return "head"
    if number_in(line):
        return "number"
    if dates.parse(letters):
        return "date"
    return "agency" if names.is_agency(letters) else "text"


def head_agencies(line: Printed) -> tuple[int, int, str | None] | None:
    """Return the span (in the line) of the agencies of a red head, and the genre in brackets after it."""
    places = [place for place, char in enumerate(line.folded) if not char.isspace()]
    match = _HEAD.fullmatch(closed(names.mended(line.line.text)))
    if not match or (match["genre"] and match["genre"] not in genres()):
        return None
    start, end = places[match.start("agencies")], places[match.end("agencies") - 1] + 1
    known = names.split(line.folded[start:end]) or (match["genre"] is None and _plausible(match["agencies"]))
    return (start, end, match["genre"]) if known else None


def number_in(line: Printed) -> numbers.Found | None:
    """Return the document number that `line` is, or that it begins with (签发人, an urgency … may follow)."""
    text = line.line.text
    if whole := numbers.parse(text.strip(" ()（）\u3000")) or numbers.parse(text):
        return numbers.Found(0, len(text), whole)
    found = numbers.find(text)
    rest = closed(line.folded[found[0].end :]) if found else ""
    if found and (not rest or rest.startswith(("签发", "会签", "密级", "特急", "加急", "急件")) or len(found) > 1):
        before = closed(line.folded[: found[0].start])
        return found[0] if len(before) <= 4 else None
    return None


def title(lines: Sequence[Printed], tags: Sequence[Tag], start: int, *, free: bool) -> Title | None:
    """Return the title that begins at or after line `start`, None where the lines there end in no genre.

    With `free` the title may have stamps and marks before it, but not a head or a number.
    """
    begin = start
    while begin < len(lines) and (tags[begin] in ("blank", "mark", "date") or (free and _is_address(lines[begin]))):
        begin += 1
    letters = ""
    found: Title | None = None
    for index in range(begin, min(begin + _TITLE_LINES, len(lines))):
        line = lines[index].closed
        if found and not _GOES_ON.fullmatch(line) and not _open(letters):
            break
        if tags[index] in ("head", "number", "mark", "date") and line not in genres():
            break
        if _SENTENCE.search(_outside(letters + line)) or _ENUMERATED.match(line):
            break
        if ":" in _outside(line):
            break
        letters += line
        if len(letters) > _TITLE_LETTERS:
            break
        if letters in _words("never"):
            return None
        if not _open(letters) and (genre := genre_of(letters)):
            found = Title(begin, index + 1, letters, genre)
    return found


def genre_of(letters: str) -> str | None:
    """Return the genre that a title, folded and without spaces, ends in."""
    stem = _NOTE.sub("", letters) or letters
    for genre in sorted(genres(), key=len, reverse=True):
        before = stem.removesuffix(genre)
        if before != stem and (len(genre) > 1 or before.endswith(("的", "复", *_offices())) or names.is_agency(before)):
            return genre
    return None


@cache
def genres() -> frozenset[str]:
    """Return all genres, by rule or not."""
    return frozenset(load("schemas/genres.yaml")["others"]) | statutory()


def _offices() -> tuple[str, ...]:
    return tuple(load("schemas/agencies.yaml")["offices"])


def _words(name: str) -> frozenset[str]:
    return frozenset(load("schemas/genres.yaml")[name])


@cache
def statutory() -> frozenset[str]:
    """Return the genres that a rule of some period names."""
    return frozenset(genre for period in load("schemas/genres.yaml")["periods"] for genre in period["genres"])


def _first_sign(lines: Sequence[Printed], tags: Sequence[Tag]) -> int | None:
    """Return the index of the first head or number line that has nothing but short lines before it."""
    for index, name in enumerate(tags):
        if name == "head" or (name == "number" and not any("。" in line.closed for line in lines[:index])):
            return index
        # Papers of the sixties and seventies carry a quotation above the head.
        if len(lines[index].closed) > 40 or index >= 14:
            return None
    return None


def _before(marks: tuple[int, ...], end: int) -> tuple[int, ...]:
    return tuple(index for index in marks if index < max(end, 1))


def _alone(found: Title, lines: Sequence[Printed], continues: bool) -> bool:
    """Return whether a title without head or number is one."""
    letters = found.letters
    if len(letters) > 80 or (letters in genres() and letters not in statutory()):
        return False
    if letters[0] in ",。:;)》的和与及":
        return False
    if not continues:
        return True
    agencies = names.is_agency(lines[found.first].closed)
    return (
        letters in statutory() or bool(_BEGINS.match(letters)) or agencies or found.letters.find("关于") in range(1, 30)
    )


def _is_stamp(letters: str) -> bool:
    """Return whether a line is only words of a stamp or shelf mark, with their figures."""
    for word in sorted(_words("stamps"), key=len, reverse=True):
        letters = letters.replace(word, "")
    return not letters


def _is_address(line: Printed) -> bool:
    """Return whether a line is an entry of a telegram's head (发往：…, 等级：特急)."""
    return ":" in line.closed and len(line.closed) <= _STAMP_LETTERS


def _plausible(agencies: str) -> bool:
    """Return whether what stands before 文件 may be an agency that is misread or in no list."""
    return 4 <= len(agencies) <= 24 and bool(re.match(r"中共|中国共产党", agencies)) and "关于" not in agencies


def _is_issue(lines: Sequence[Printed]) -> bool:
    """Return whether a line under the head of a serial is its issue, agency and date."""
    return any(re.search(r"第.{1,4}期", line.closed) or dates.find(line.line.text) for line in lines)


def _open(letters: str) -> bool:
    """Return whether a title mark or bracket is still open."""
    pairs = ("《》", "〈〉", "()")
    return any(letters.count(pair[0]) > letters.count(pair[1]) for pair in pairs)


def _outside(letters: str) -> str:
    """Return the letters outside of title marks."""
    return re.sub(r"《[^》]*》?|〈[^〉]*〉?", "", letters)
