"""How an issued document begins: marks, red head, number, title, note and addressees."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Literal

from archivist.definitions import load
from archivist.describe import dates, names, numbers
from archivist.describe.ink import Printed, closed

Tag = Literal["blank", "mark", "head", "number", "agency", "date", "text"]

_LOOK_AHEAD = 30
_TITLE_LINES = 9
_TITLE_LETTERS = 140
_STAMP_LETTERS = 15
_MASTHEAD_LETTERS = 16
_ANY_YEAR = 1949
_MARK = re.compile(
    r"(?:绝密|机密|秘密|内部(?:文件|资料)?|(?:特急|特提|加急|平急|急件)(?:[明密]?[码传]?电报?)?)[★*☆\d年个月长期]*|(?:份号|编号|№|no\.?)?:?\d{1,7}"
    r"|(?:等级|紧急程度|缓急):.*|签发人?:.*|会签人?:.*|密级:.*"
)
_HEAD = re.compile(r"(?P<agencies>.+?)(?:文件|\((?P<genre>[^()]{1,4})\))")
_NOTE = re.compile(r"\([^()]{1,20}\)$")
_ENUMERATED = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}、|\([一二三四五六七八九十\d]{1,3}\)|\d{1,2}[、.]|第[一二三四五六七八九十]+[章条])"
)
_GOES_ON = re.compile(r"的?通知|的.{1,4}|\((?:试行|暂行|草案|修订稿?|摘要|讨论稿|征求意见稿|代拟稿)\)")
_PLACE = re.compile(r".{0,7}?[省市县区州盟旗乡镇]")
_ISSUE = re.compile(r"第.{1,4}[期号]|\(\d{4}\)(?:第?\d{1,4}[期号])?|\d{4}年第?\d{1,4}号")
_SENTENCE = re.compile(r"[。;!?]")
_CLAUSE = re.compile(r"(?<!》),")


@dataclass(frozen=True, slots=True)
class Title:
    """A title: its lines (from `first` to before `last`), folded and closed up, and the genre it ends in.

    `genre` is empty where it ends in the title of the paper it forwards (转发《…》).
    """

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
    ahead = lines[: _table_row(lines[:_LOOK_AHEAD])]
    tags = [tag(line) for line in ahead]
    marks = tuple(index for index, name in enumerate(tags) if name == "mark")
    begin = _behind_quotation(ahead, tags)
    first = _first_sign(ahead, tags, begin)
    above = title(ahead, tags, begin, free=True)
    if above and (below := _under_masthead(above, ahead, tags)):
        around = (*range(above.last, below.first), *range(below.last, min(below.last + 2, len(ahead))))
        number = next((index for index in around if tags[index] == "number"), None)
        head = tuple(range(above.first, above.last)) if _masthead_agency(above) else ()
        if head or number is not None or _alone(below, ahead, continues):
            return Opening(_before(marks, below.first), head, number, below)
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
    joined = next((index for index in range(last + 1, len(ahead)) if tags[index] != "agency"), last)
    if joined > last + 1 and tags[joined] == "number":
        last = joined
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
    if number_in(line) or numbers.parse(letters.strip("()"), _ANY_YEAR):
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
    forwarded: Title | None = None
    for index in range(begin, min(begin + _TITLE_LINES, len(lines))):
        line = lines[index].closed
        if found and not _GOES_ON.fullmatch(line) and not _open(letters):
            break
        if tags[index] in ("head", "number", "mark", "date") and line not in genres():
            break
        if _is_sentence(_outside(letters + line)) or _ENUMERATED.match(line):
            break
        if ":" in _outside(line):
            break
        letters += line
        if len(letters) > _TITLE_LETTERS:
            break
        if not _open(letters) and (genre := genre_of(letters)):
            found = Title(begin, index + 1, letters, genre)
        elif not _open(letters) and _forwards(letters):
            forwarded = Title(begin, index + 1, letters, "")
    return found or forwarded


def _is_sentence(letters: str) -> bool:
    """Return whether the words of a would-be title are running text; a comma only parts the subject of a title."""
    if _SENTENCE.search(letters):
        return True
    subject = letters.find("关于")
    named = subject == 0 or (subject > 0 and bool(names.split(letters[:subject])))
    return bool(_CLAUSE.search(letters)) and not named


def _forwards(letters: str) -> bool:
    """Return whether a title names no genre of its own, only the paper it passes on: 转发…《…的意见》."""
    match = re.fullmatch(rf"(?P<before>.{{0,40}}?)(?:{'|'.join(sorted(_words('forwarding')))}).{{0,60}}》", letters)
    return match is not None and (not match["before"] or bool(names.split(match["before"])))


def genre_of(letters: str) -> str | None:
    """Return the genre that a title, folded and without spaces, ends in."""
    stem = _NOTE.sub("", letters) or letters
    for genre in _longest_first():
        before = stem.removesuffix(genre)
        if before != stem and (len(genre) > 1 or before.endswith(("的", "复", *_offices())) or names.is_agency(before)):
            return genre
    return None


@cache
def genres() -> frozenset[str]:
    """Return all genres, by rule or not."""
    return frozenset(load("schemas/genres.yaml")["others"]) | statutory()


@cache
def _begins() -> re.Pattern[str]:
    """Return how a title begins: by that it is told from a line of text that ends in a genre by chance."""
    return re.compile("|".join(["关于", *sorted(_words("forwarding"))]))


@cache
def _longest_first() -> tuple[str, ...]:
    return tuple(sorted(genres(), key=lambda genre: (-len(genre), genre)))


def _offices() -> tuple[str, ...]:
    return tuple(load("schemas/agencies.yaml")["offices"])


def _words(name: str) -> frozenset[str]:
    return frozenset(load("schemas/genres.yaml")[name])


@cache
def statutory() -> frozenset[str]:
    """Return the genres that a rule of some period names."""
    return frozenset(genre for period in load("schemas/genres.yaml")["periods"] for genre in period["genres"])


def _behind_quotation(lines: Sequence[Printed], tags: Sequence[Tag]) -> int:
    """Return the index of the first line of the paper itself, behind a quotation (最高指示) at its top."""
    if not any(line.closed in _words("quotations") for line in lines[:3]):
        return 0
    for index, name in enumerate(tags):
        if name in ("head", "agency", "number") or _begins().match(lines[index].closed):
            return index
    return 0


def _under_masthead(above: Title, lines: Sequence[Printed], tags: Sequence[Tag]) -> Title | None:
    """Return the title below `above` where that is only the head of a serial, an order, a letter."""
    serial = above.letters.endswith(tuple(_words("mastheads"))) and "关于" not in above.letters
    if len(above.letters) > _MASTHEAD_LETTERS or not (serial or _masthead_agency(above)):
        return None
    for index in range(above.last, min(above.last + 4, len(lines))):
        if is_issue(lines[index]) or (below := title(lines, tags, index, free=False)) is None:
            continue
        if serial or _begins().search(below.letters):
            return below
    return None


def _masthead_agency(above: Title) -> bool:
    """Return whether a title is only an agency and its kind of paper: 国家税务总局公告, 市建设局便函."""
    return names.is_agency(above.letters.removesuffix(above.genre))


def _table_row(lines: Sequence[Printed]) -> int:
    """Return the index of the first line in a row of several cells, the number of lines where there is none.

    The number and title in a list of papers (卷内文件目录) are not those of the list.
    """
    for index, (one, other) in enumerate(pairwise(lines)):
        if one.kind == other.kind == "cell" and one.page is other.page:
            above, below = one.line.box, other.line.box
            shared = min(above.bottom, below.bottom) - max(above.top, below.top)
            if shared > min(above.height, below.height) / 2:
                return index
    return len(lines)


def _first_sign(lines: Sequence[Printed], tags: Sequence[Tag], begin: int) -> int | None:
    """Return the index of the first head or number line from `begin` that has only short lines before it."""
    for index, name in enumerate(tags):
        if index < begin:
            continue
        if name == "head" or (name == "number" and not any("。" in line.closed for line in lines[begin:index])):
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
    if not found.genre or _CLAUSE.search(_outside(letters)):
        return False
    agencies = names.is_agency(lines[found.first].closed)
    return letters in statutory() or bool(_begins().match(letters)) or agencies or letters.find("关于") in range(1, 30)


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


def names_its_subject(found: Title) -> bool:
    """Return whether a title is one by more than its last word: 关于…, 转发…, 泰安市…, a genre by rule."""
    begun = _begins().search(found.letters)
    return begun is not None or found.genre in statutory() - {"规定"} or bool(_PLACE.match(found.letters))


def is_issue(line: Printed) -> bool:
    """Return whether a line under a head is the issue (第6期, 第142号), or agency and date, of what follows."""
    return bool(_ISSUE.match(line.closed) or (dates.find(line.line.text) and "关于" not in line.closed))


def _open(letters: str) -> bool:
    """Return whether a title mark or bracket is still open."""
    pairs = ("《》", "〈〉", "()")
    return any(letters.count(pair[0]) > letters.count(pair[1]) for pair in pairs)


def _outside(letters: str) -> str:
    """Return the letters outside of title marks."""
    return re.sub(r"《[^》]*》?|〈[^〉]*〉?", "", letters)
