"""Numbers with a unit, as targets state them: 95%, 百分之八十, 三万亩, 1,500元, 两次, 85%至90%."""

import re
from dataclasses import dataclass
from functools import cache

from archivist.describe.numerals import integer
from archivist.describe.plans.people import rules

_DIGIT = {char: value for value, char in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_TIMES = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_ARABIC = r"(?<![\d.a-z])(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
_TO = r"(?:[-—–~]{1,2}|至|到)"
_BARE = re.compile(rf"(?:系数|指数)[^,。;:、\d]{{0,8}}?(?P<number>{_ARABIC})(?=以上|以下|以内|[,。;、)\n]|$)")
# No number has more signs; a run of them is not tried from each of its signs.
_CHINESE = (
    r"(?<![〇零])[〇零一二两三四五六七八九十百千]{1,16}(?:万[〇零一二两三四五六七八九十百千]{0,16})?"
    r"(?:点[〇零一二三四五六七八九]{1,16})?"
)


@dataclass(frozen=True, slots=True)
class Amount:
    """A value with its unit, characters `start` to `end` of the text; of a range the lower one, and the `upper`.

    Only a coefficient has no unit.
    """

    start: int
    end: int
    value: int | float
    unit: str | None
    upper: int | float | None = None


def amounts(text: str, start: int = 0, end: int | None = None) -> list[Amount]:
    """Return the numbers with a unit in folded `text`, left to right; 3万亩 is 3 万亩, 两万五千亩 is 25000 亩."""
    found = []
    for match in _pattern().finditer(text, start, len(text) if end is None else end):
        amount = _amount(match)
        if amount is not None:
            found.append(amount)
    for bare in _BARE.finditer(text, start, len(text) if end is None else end):
        value = number(bare["number"])
        if value is not None and all(bare.start("number") >= one.end or bare.end() <= one.start for one in found):
            found.append(Amount(bare.start("number"), bare.end(), value, None))
    return sorted(found, key=lambda one: one.start)


@cache
def _pattern() -> re.Pattern[str]:
    units = sorted(rules()["units"], key=len, reverse=True)
    unit = "|".join(re.escape(word) for word in units)
    return re.compile(
        rf"(?P<part>[百千])分之(?P<share>{_ARABIC}|{_CHINESE})(?:{_TO}(?:[百千]分之)?(?P<more>{_ARABIC}|{_CHINESE}))?"
        rf"|(?P<tenths>[一二三四五六七八九])成(?P<half>半)?(?![立为就果员功效绩套本年品份长人])"
        rf"|(?P<number>{_ARABIC}|{_CHINESE})(?:[%‰]?{_TO}(?P<upper>{_ARABIC}|{_CHINESE}))?多?(?P<scale>[万亿千百]*)个?"
        rf"(?P<unit>{unit})(?![月半额]|星期|工作日|(?<=部)[门分位队署长委]|(?<=方)[面法式向针案])"
    )


def _amount(match: re.Match[str]) -> Amount | None:
    upper: int | float | None = None
    unit: str
    if match["part"]:
        value, upper = number(match["share"]), number(match["more"] or "")
        unit = "%" if match["part"] == "百" else "‰"
    elif match["tenths"]:
        value = (integer(match["tenths"]) or 0) * 10 + (5 if match["half"] else 0)
        unit = "%"
    else:
        value, unit = _scaled(match["number"], match["scale"], match["unit"])
        upper = _scaled(match["upper"], match["scale"], match["unit"])[0] if match["upper"] else None
    return None if value is None else Amount(match.start(), match.end(), value, unit, upper)


def _scaled(letters: str, scale: str, unit: str) -> tuple[int | float | None, str]:
    """Return value and unit: 3万亩 is 3 万亩, 5千亩 is 5000 亩."""
    if scale in ("千", "百"):
        value = number(letters)
        return (None if value is None else value * _TIMES[scale]), unit
    if letters.endswith("万"):
        letters, scale = letters[:-1], "万" + scale
    return number(letters), scale + unit


def number(text: str) -> int | float | None:
    """Return the number that all of folded `text` is: 1,500, 98.5, 二百五十, 九十八点五; None where it is none."""
    plain = text.replace(",", "")
    if re.fullmatch(r"\d{1,15}(?:\.\d{1,6})?", plain):
        return float(plain) if "." in plain else int(plain)
    whole, point, rest = text.partition("点")
    value = _whole(whole)
    if value is None or not point:
        return value
    digits = [_DIGIT.get(char) for char in rest]
    return None if not digits or None in digits else float(f"{value}.{''.join(map(str, digits))}")


def _whole(text: str) -> int | None:
    if not text or any(char not in _DIGIT and char not in _TIMES and char not in _LARGE for char in text):
        return None
    if all(char in _DIGIT for char in text):
        return int("".join(str(_DIGIT[char]) for char in text))
    total, part, digit, last = 0, 0, 0, 1
    for char in text:
        if char in _DIGIT:
            digit, last = _DIGIT[char], (1 if char in "零〇" else last)
        elif char in _TIMES:
            part += (digit or 1) * _TIMES[char]
            digit, last = 0, _TIMES[char] // 10
        else:
            total, part, digit, last = (total + part + digit) * _LARGE[char], 0, 0, _LARGE[char] // 10
    return total + part + digit * last
