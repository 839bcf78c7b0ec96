"""Whole numbers as written in Chinese papers: 十二, 廿一, 一九九五, 12."""

from archivist.text import fold

_DIGITS = {char: value for value, char in enumerate("〇一二三四五六七八九")}
_DIGITS |= {char: value for value, char in enumerate("零壹贰叁肆伍陆柒捌玖")} | {"弍": 2, "参": 3}
_DIGITS |= {"两": 2, "元": 1, "o": 0}
_DIGITS |= {str(value): value for value in range(10)}
_UNITS = {"千": 1000, "仟": 1000, "百": 100, "佰": 100}
_TENS = {"十": 10, "拾": 10, "廿": 20, "卅": 30}


def integer(text: str) -> int | None:
    """Return the whole number that all of `text` is, below 1,000,000; None where it is none.

    Digits of either kind one after another (`一九九五`, `２０12`), or counted up to 9,999 (`廿一`, `二十三`,
    `十`, `一百零三`). A dash among Chinese digits is a 一 that was misread.
    """
    chars = "".join(fold(text).split())
    if any((char in _DIGITS and not char.isascii()) or char in _TENS for char in chars):
        chars = chars.replace("-", "一")
    if not chars or len(chars) > 7:
        return None
    for unit, factor in _UNITS.items():
        if unit in chars:
            return _above(chars, unit, factor)
    for place, char in enumerate(chars):
        if char in _TENS:
            return _counted(chars[:place], _TENS[char], chars[place + 1 :])
    if any(char not in _DIGITS for char in chars) or len(chars) > 6:
        return None
    return int("".join(str(_DIGITS[char]) for char in chars))


def _above(chars: str, unit: str, factor: int) -> int | None:
    """Return a number counted in thousands or hundreds: 一百零三, 二百五十."""
    before, _, after = chars.partition(unit)
    many = _DIGITS.get(before) if before else 1
    if not many or unit in after:
        return None
    if not after:
        return many * factor
    below = integer(after.lstrip("〇零"))
    return None if below is None or below >= factor else many * factor + below


def _counted(before: str, tens: int, after: str) -> int | None:
    if len(before) > 1 or len(after) > 1 or (before and tens != 10):
        return None
    if any(char not in _DIGITS for char in before + after):
        return None
    return tens * (_DIGITS[before] if before else 1) + (_DIGITS[after] if after else 0)
