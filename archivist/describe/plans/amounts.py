"""Numbers with a unit, as targets state them: 95%, 百分之八十, 三万亩, 1,500元, 两次."""

import re
from dataclasses import dataclass
from functools import cache

from archivist.describe.numerals import integer
from archivist.describe.plans.people import rules

_DIGIT = {char: value for value, char in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_TIMES = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_ARABIC = r"(?<![\d.a-z])(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?"
_CHINESE = r"[〇零一二两三四五六七八九十百千]+(?:万[〇零一二两三四五六七八九十百千]*)?(?:点[〇零一二三四五六七八九]+)?"


@dataclass(frozen=True, slots=True)
class Amount:
    """A value with its unit, characters `start` to `end` of the text."""

    start: int
    end: int
    value: int | float
    unit: str


def amounts(text: str, start: int = 0, end: int | None = None) -> list[Amount]:
    """Return the numbers with a unit in folded `text`, left to right; 3万亩 is 3 万亩, 两万五千亩 is 25000 亩."""
    found = []
    for match in _pattern().finditer(text, start, len(text) if end is None else end):
        amount = _amount(match)
        if amount is not None:
            found.append(amount)
    return found


@cache
def _pattern() -> re.Pattern[str]:
    units = sorted(rules()["units"], key=len, reverse=True)
    unit = "|".join(re.escape(word) for word in units)
    return re.compile(
        rf"(?P<part>[百千])分之(?P<share>{_ARABIC}|{_CHINESE})|(?P<tenths>[一二三四五六七八九])成(?P<half>半)?(?![立为就果员功效绩套本年品份长人])"
        rf"|(?P<number>{_ARABIC}|{_CHINESE})多?(?P<scale>[万亿千百]*)个?(?P<unit>{unit})(?![月半额]|星期|工作日)"
    )


def _amount(match: re.Match[str]) -> Amount | None:
    if match["part"]:
        value = number(match["share"])
        unit = "%" if match["part"] == "百" else "‰"
    elif match["tenths"]:
        value = (integer(match["tenths"]) or 0) * 10 + (5 if match["half"] else 0)
        unit = "%"
    else:
        letters, scale, unit = match["number"], match["scale"], match["unit"]
        if scale in ("千", "百"):
            value = number(letters)
            value = None if value is None else value * _TIMES[scale]
            scale = ""
        elif letters.endswith("万"):
            letters, scale = letters[:-1], "万" + scale
            value = number(letters)
        else:
            value = number(letters)
        unit = scale + unit
    return None if value is None else Amount(match.start(), match.end(), value, unit)


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
