"""The title of an issued document: where it stands, and the genre it ends in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import median

from archivist.definitions import load
from archivist.describe import names
from archivist.describe.ink import Printed
from archivist.describe.issued.signs import Tag, genres, is_issue, statutory

_TITLE_LINES = 9
_TITLE_LETTERS = 140
_STAMP_LETTERS = 15
_PLACED_LINES = 4
_PLACED_LETTERS = range(5, 61)
_NOTE = re.compile(r"\([^()]{1,20}\)$")
_ENUMERATED = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}、|\([一二三四五六七八九十\d]{1,3}\)|\d{1,2}[、.]|第[一二三四五六七八九十]+[章条])"
)
_NOTED = "试行|暂行|草案|修订稿?|摘要|讨论稿|征求意见稿|代拟稿|送审稿|初稿|试行草案|修正草案"
# How a line goes on with a title that might have ended above it.
_GOES_ON = re.compile(rf"(?:的?联?合?通知|的.{{1,4}}|\((?:{_NOTED})\))$|[和及与并、》]")
_PLACE = re.compile(r".{0,7}?[省市县区州盟旗乡镇]")
_SENTENCE = re.compile(r"[。;!?]")
_CLAUSE = re.compile(r"(?<!》),")
# Whose meeting it was stands before the words for the meeting.
_MEETING = re.compile(
    r"(?:常委|党委|党组|常务|全体|扩大|办公|专题|协调|[省市县区州盟旗乡镇局]长|专员|主任|\(扩大\))+(?:会议?)?$"
)
# 为布置普选工作由: how the notices of the fifties say what they are about.
_REASON = re.compile(r"(?:为|关于).{4,40}由")


@dataclass(frozen=True, slots=True)
class Title:
    """A title: its lines (from `first` to before `last`), folded and closed up, and the genre it ends in.

    `genre` is empty where it ends in the title of the paper it forwards (转发《…》), or in none at all.
    """

    first: int
    last: int
    letters: str
    genre: str


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
        if found and not _GOES_ON.match(line) and not _open(letters) and _complete(found):
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
        goes_on = _open(letters) and not _never_closed(letters, lines[index + 1 : index + 4])
        if not goes_on and (genre := genre_of(letters)):
            found = Title(begin, index + 1, letters, genre)
        elif not _open(letters) and _forwards(letters):
            forwarded = Title(begin, index + 1, letters, "")
    return found or forwarded


def by_place(lines: Sequence[Printed], tags: Sequence[Tag], start: int, *, free: bool) -> Title | None:
    """Return the lines at or after `start` that are a title by where they stand alone, though they end in no genre.

    They are short, without points, and do not fill the measure. Unless `free` (under the head of a serial)
    they also begin like a title (关于…, 为…由).
    """
    begin = start
    while begin < len(lines) and (tags[begin] in ("blank", "mark", "date") or is_issue(lines[begin])):
        begin += 1
    letters, last = "", begin
    for index in range(begin, min(begin + _PLACED_LINES, len(lines))):
        line = lines[index]
        plain = tags[index] in ("text", "agency") and not _ENUMERATED.match(line.closed)
        if not plain or re.search(r"[,。;:!?]", _outside(line.closed)) or (fills(line) and not _open(letters)):
            break
        letters, last = letters + line.closed, index + 1
    if len(letters) not in _PLACED_LETTERS or last >= len(lines) or _open(letters):
        return None
    subject = letters.find("关于")
    begins = _begins().match(letters) or (subject > 0 and names.split(letters[:subject])) or _REASON.fullmatch(letters)
    return Title(begin, last, letters, "") if free or begins else None


def fills(line: Printed) -> bool:
    """Return whether `line` runs to the right edge of the text of its page, as running text does."""
    boxes = [other.box for other in line.page.lines]
    size = median(glyph.box.height for glyph in line.line.glyphs)
    left, right = min(box.left for box in boxes), max(box.right for box in boxes)
    box = line.line.box
    return right - box.right < 2 * size and box.left - left < 2.5 * size and right - left > 12 * size


def genre_of(letters: str) -> str | None:
    """Return the genre that a title, folded and without spaces, ends in."""
    stem = _NOTE.sub("", letters) or letters
    for genre in _longest_first():
        before = stem.removesuffix(genre)
        if before != stem and (len(genre) > 1 or before.endswith(("的", "复", *_offices())) or names.is_agency(before)):
            return genre
    return None


def masthead_agency(letters: str) -> str | None:
    """Return the agency that a line names which is but that and a kind of paper: 慈溪市人民政府专题会议纪要."""
    stem = letters.removesuffix(genre_of(letters) or "")
    return next((name for name in (stem, _MEETING.sub("", stem)) if names.is_agency(name)), None)


def genre_name(genre: str) -> str:
    """Return the genre that a word for it means: 公函 and 复函 are 函."""
    return str(load("schemas/genres.yaml")["kinds"].get(genre, genre))


def begins_like_one(letters: str) -> bool:
    """Return whether `letters` begin as titles do: 关于, 转发."""
    return _begins().match(letters) is not None


def names_its_subject(found: Title) -> bool:
    """Return whether a title is one by more than its last word: 关于…, 转发…, 泰安市…, a genre by rule."""
    begun = _begins().search(found.letters)
    return begun is not None or found.genre in statutory() - {"规定"} or bool(_PLACE.match(found.letters))


def is_alone(found: Title, lines: Sequence[Printed], *, continues: bool) -> bool:
    """Return whether a title without head or number is one; stricter where the page goes on from another."""
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


def _complete(found: Title) -> bool:
    """Return whether no more can be meant: of …贯彻省政府通知 / 做好防汛工作的报告 the first line is only the half."""
    before = found.letters.removesuffix(found.genre)
    return "关于" not in found.letters or before.endswith("的") or "的" not in _outside(found.letters) or before == ""


def _is_sentence(letters: str) -> bool:
    """Return whether the words of a would-be title are running text; a comma only parts the subject of a title."""
    if _SENTENCE.search(letters):
        return True
    subject = letters.find("关于")
    named = subject == 0 or (subject > 0 and bool(names.split(letters[:subject])))
    return bool(_CLAUSE.search(letters)) and not named


def _forwards(letters: str) -> bool:
    """Return whether a title names no genre of its own, only the paper it passes on: 转发…《…的意见》."""
    match = re.fullmatch(
        rf"(?P<before>.{{0,40}}?)(?:{'|'.join(sorted(_words('forwarding')))}).{{0,60}}》", marked(letters)
    )
    return match is not None and (not match["before"] or bool(names.split(match["before"])))


@cache
def _begins() -> re.Pattern[str]:
    """Return how a title begins: by that it is told from a line of text that ends in a genre by chance."""
    return re.compile("|".join(["关于", *sorted(_words("forwarding"))]))


@cache
def _longest_first() -> tuple[str, ...]:
    words = genres() | set(load("schemas/genres.yaml")["kinds"])
    return tuple(sorted(words, key=lambda genre: (-len(genre), genre)))


def _offices() -> tuple[str, ...]:
    return tuple(load("schemas/agencies.yaml")["offices"])


def _words(name: str) -> frozenset[str]:
    return frozenset(load("schemas/genres.yaml")[name])


def _is_address(line: Printed) -> bool:
    """Return whether a line is an entry of a telegram's head (发往：…, 等级：特急)."""
    return ":" in line.closed and len(line.closed) <= _STAMP_LETTERS


def marked(text: str) -> str:
    """Return `text` with the title marks 《》 put right that were read as <, << or 〈; its length may change."""
    text = text.replace("<<", "《").replace(">>", "》")
    if not set(text) & set("<>〈〉"):
        return text
    if "《" not in text and "》" not in text:
        return text.translate({0x3C: "《", 0x3E: "》", 0x3008: "《", 0x3009: "》"})
    if text.count("《") > text.count("》"):
        text = "》".join(re.split("[>〉](?!.*[>〉])", text, maxsplit=1))
    elif text.count("《") < text.count("》"):
        text = "《".join(re.split("[<〈]", text, maxsplit=1))
    return text


def _never_closed(letters: str, following: Sequence[Printed]) -> bool:
    """Return whether a title mark or bracket that is open will not be closed: the reader lost the other half."""
    return not any(re.search("[》>〉)]", line.closed) for line in following) and "的" in letters[-6:]


def _open(letters: str) -> bool:
    """Return whether a title mark or bracket is still open."""
    whole = marked(letters)
    pairs = ("《》", "〈〉", "()")
    return any(whole.count(pair[0]) > whole.count(pair[1]) for pair in pairs)


def _outside(letters: str) -> str:
    """Return the letters outside of title marks."""
    return re.sub(r"《[^》]*》?|〈[^〉]*〉?", "", marked(letters))
