"""What a target is: a name, and how its value is compared: 不低于95%, 95%以上, ≥95%."""

import re
from dataclasses import dataclass
from functools import cache

from archivist.describe.plans.amounts import amounts, number
from archivist.describe.plans.people import rules
from archivist.describe.plans.periods import POINT
from archivist.describe.plans.prose import MARK, Prose

_PLAIN = re.compile(r"(?P<sign>[^\d,。;]{0,4}?)(?P<value>\d+(?:\.\d+)?)(?P<after>以上|以下|以内)?")
NAME_LENGTH = 48
"""Letters that the name of an indicator has at most."""

_LEAD = re.compile(
    rf"^(?:{MARK}|[、,:\"“”]|且|和|及|以及|其中|并且?|使(?!用)|到?(?:\d{{4}}|[〇一二三四五六七八九]{{4}})年(?:年?底|末)?|今年内?|年内"
    r"|年底|今冬明春|今冬|明春|到?本?世纪末|到?\"[^\"]{2,5}\"(?:期间|时期|期末|末)|[一二三四五六七八九十\d]{1,2}年内|\d{4}年?[-—~至到]\d{4}年|即|如|主要目标是|目标是|总的要求是|确保|力争|争取|保证|努力|实现|计划(?!生育|内|外|经济|免疫|总)|做到|要求|必须|应当?|要(?!求)|须|规定)+"
)
_BY_WHEN = re.compile(rf"(?:在|于)?{POINT}(?:以前|之前|前)")
_TRAIL = re.compile(
    r"(?:[,:、是\"“”]|要求|必须|应当?|要|须|(?<!人)均|都|分别|全部|力争|确保|争取|保证|努力|不得|能够?|可|也|基本|平均|的|在|以|一律|各)+$"
)
_FROM = re.compile(r"[由从](?:目前|现在|原来|现有|上年|去年|\d|百分之|[一二三四五六七八九十])[^,。;由从]{0,14}$")


@dataclass(frozen=True, slots=True)
class Target:
    """An indicator that letters `start` to `end` of a text state; without a number where a veto names none."""

    start: int
    end: int
    name: str
    operator: str | None
    value: int | float | None
    unit: str | None
    veto: bool
    method: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A word that compares, letters `start` to `end` of a text: 不低于 is >=."""

    start: int
    end: int
    sign: str
    word: str


def before(letters: str, end: int, start: int = 0) -> Comparison | None:
    """Return the comparison that stands before the value at letter `end`, not before letter `start`."""
    match = _before().search(letters[start:end])
    if not match:
        return None
    sign = next(sign for sign, row in rules()["operators"].items() if match["word"] in row)
    return Comparison(start + match.start(), start + match.end("word"), sign, match["word"])


def after(letters: str, start: int) -> Comparison | None:
    """Return the comparison that stands behind the value that ends at letter `start`."""
    match = _after().match(letters, start)
    if not match:
        return None
    sign = next(sign for sign, row in rules()["after"].items() if match[0] in row)
    return Comparison(start, match.end(), sign, match[0])


def operator(leading: Comparison | None, closing: Comparison | None) -> str:
    """Return what the comparisons before and behind a value mean together: 达到95%以上 is >=, none is =."""
    first, last = leading.sign if leading else None, closing.sign if closing else None
    if first in (None, "=", ">=") and last in (">=", "<="):
        return last or "="
    return first or last or "="


def threshold(letters: str) -> tuple[str, int | float, str | None] | None:
    """Return operator, value and unit that a cell states by itself: ≥90%, 90%以上; None where it states none."""
    found = amounts(letters)
    bare = _PLAIN.fullmatch(letters) if not found else None
    if bare and (bare["sign"] or bare["after"]):
        # 农田灌溉水有效利用系数 ≥0.56: a coefficient has no unit.
        leading = before(letters, bare.start("value"))
        value = number(bare["value"])
        return None if value is None else (operator(leading, after(letters, bare.end("value"))), value, None)
    if not found or (len(found) > 1 and re.search(r"\d", letters[found[0].end :])):
        return None
    amount = found[0]
    leading = before(letters, amount.start)
    if not leading and letters[: amount.start].strip("约共"):
        return None
    sign = operator(leading, after(letters, amount.end))
    worth = amount.upper if amount.upper is not None and sign in ("<", "<=") else amount.value
    return (">=" if amount.upper is not None and sign == "=" else sign), worth, amount.unit


def states(letters: str) -> bool:
    """Return whether a cell states a threshold by its words or signs, or as a share: ≥0.5, 3次以上, 95%."""
    found = threshold(letters) or threshold(f"{letters}%")
    if found is None:
        return False
    compared = before(letters, _first_digit(letters)) or re.search(rf"{_after().pattern}$", letters)
    return bool(compared or found[2] in ("%", "‰")) and not letters.replace(".", "").isdigit()


def _first_digit(letters: str) -> int:
    match = re.search(r"[\d〇一二三四五六七八九十百千]", letters)
    return match.start() if match else 0


def clause_start(letters: str, start: int, end: int) -> int:
    """Return where the clause begins that letter `end` stands in, behind the mark of a list."""
    breaks = [
        place
        for place in range(start, end)
        if letters[place] in ",:\n" or (letters[place] == "(" and ")" not in letters[place:end])
    ]
    if not breaks:
        return start
    mark = re.compile(MARK).match(letters, breaks[-1])
    return mark.end() if mark and mark.end() <= end else breaks[-1] + 1


def without_lead(letters: str) -> str:
    """Return `letters` without the words that only introduce what is to be reached."""
    return _LEAD.sub("", letters)


def named(text: Prose, start: int, end: int) -> tuple[str, int]:
    """Return the name that letters `start` to `end` leave without the words around it, and where it begins."""
    letters = text.letters
    while match := _LEAD.match(letters[start:end]) or _BY_WHEN.match(letters[start:end]):
        start += match.end()
    if "(" not in letters[start:end]:
        start = max(letters.rfind(")", start, end) + 1, start)
    if cut := _FROM.search(letters[start:end]):
        end = start + cut.start()
    while match := _TRAIL.search(letters[start:end]):
        end = start + match.start()
    if start > 0 and letters[start - 1] == '"' and letters.count('"', start, end) == 1:
        # “无违建”镇街创建率: what is quoted is only the beginning of the name.
        start -= 1
    name = re.sub(r"(?:必须|应当|要|应|须)(?=占$)", "", text.value(start, end)) if start < end else ""
    return name, start


@cache
def _before() -> re.Pattern[str]:
    words = sorted((word for row in rules()["operators"].values() for word in row), key=len, reverse=True)
    listed = "|".join(re.escape(word) for word in words)
    return re.compile(rf"(?P<word>{listed})(?:[^,。;:\d]{{1,8}}的|全市|全县|全区|人均|约|每年|各)?$")


@cache
def _after() -> re.Pattern[str]:
    words = sorted((word for row in rules()["after"].values() for word in row), key=len, reverse=True)
    return re.compile("|".join(re.escape(word) for word in words))
