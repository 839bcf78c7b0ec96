"""Document numbers (发文字号): `聊发〔1995〕58号` in the shapes they are printed, misread and typed."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from archivist.definitions import load
from archivist.describe.dates import full_year
from archivist.describe.numerals import integer
from archivist.model import Value
from archivist.text import fold, simplify

_MISREAD = str.maketrans("oligqs", "011995")


@dataclass(frozen=True, slots=True)
class DocumentNumber:
    """Agency code (机关代字) in simplified script, four-digit year, running number."""

    agency_code: str
    year: int
    number: int

    def __str__(self) -> str:
        """Return the normal form of GB/T 9704: `聊发〔1995〕58号`."""
        return f"{self.agency_code}〔{self.year}〕{self.number}号"


@dataclass(frozen=True, slots=True)
class Found:
    """A number in a text: characters `start` to `end`, and what they say."""

    start: int
    end: int
    number: DocumentNumber


def field_value(number: DocumentNumber) -> Value:
    """Return `number` as the value of a field: its normal form and its parts."""
    return {
        "text": str(number),
        "agency_code": number.agency_code,
        "year": number.year,
        "number": number.number,
    }


def parse(text: str, year: int | None = None) -> DocumentNumber | None:
    """Return the number that all of `text` is, None where it is none.

    Takes brackets misread, doubled or missing, 号 misread or missing, the year first (`(85)聊发12号`) or last, 第
    and leading zeros, Chinese numerals, either script; without brackets and 号 (`聊发1995 58`) only where
    the agency code ends like one. `year` stands in where the number has none (`聊发第12号`).
    """
    folded = _spaced(fold(text)).strip()
    for name, pattern in _patterns().items():
        if name == "yearless" and year is None:
            continue
        if (match := pattern.fullmatch(folded)) and (number := _number(match, year, name)):
            return number
    return None


def find(text: str) -> list[Found]:
    """Return the numbers that stand in running `text`, left to right.

    Stricter than `parse`: brackets and 号 must be there, so that dates, years and articles of laws are left
    alone. The code is cut free of the words before it (根据聊发…).
    """
    folded = _spaced(fold(text))
    found: list[Found] = []
    for match in _patterns()["running"].finditer(folded):
        start = match.start("code") + _code_offset(folded, match.start("code"), match.end("code"))
        code = folded[start : match.end("code")]
        number = _value(simplify(text[start : match.end("code")]), match["year"], match["number"])
        short = len("".join(match["year"].split())) == 2
        if number and 2 <= len(_closed(code)) <= 10 and (not short or code.rstrip().endswith(("发", "字", "函"))):
            found.append(Found(start + len(code) - len(code.lstrip()), match.end(), number))
    for match in _patterns()["running year first"].finditer(folded):
        number = _value(simplify(text[match.start("code") : match.end("code")]), match["year"], match["number"])
        if number and not any(other.start < match.end() and match.start() < other.end for other in found):
            found.append(Found(match.start(), match.end(), number))
    return sorted(found, key=lambda entry: entry.start)


def _rules() -> dict[str, Any]:
    rules: dict[str, Any] = load("schemas/numbers.yaml")
    return rules


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    rules = _rules()
    cjk = r"[\u3400-\u4dbf\u4e00-\u9fff]"
    ordinal = f"[{''.join(rules['ordinal_marks'])}]"
    # Not 第 and not 号, which belong to the number.
    letter = r"(?:(?![第号])" + cjk + ")"
    # 金管银(三)字, 鲁公(治)字.
    code = rf"(?P<code>{letter}(?:\s?{letter}|\({letter}{{1,3}}\)){{1,13}}?)"
    tight = rf"(?P<code>{letter}{{1,8}}?[{''.join(rules['endings'])}])"
    lettered = rf"(?P<code>(?:{letter}\s?){{1,9}}?[{''.join(rules['yearless_endings'])}])"
    cn = r"[〇一二三四五六七八九]"
    # As misread: l or i for the 1, o for 0, g for 9, s for 5.
    year4 = r"(?:[12li][\s]?[0-9o〇gq](?:\s?[0-9o〇gqs]){2})"
    year = rf"(?P<year>{year4}|[0-9]{{2}}|{cn}{{4}}|{cn}{{2}})"
    plain_year = r"(?P<year>(?:19|20)\d\d)"
    short_year = r"(?P<year>[4-9]\d)"
    # As misread: an opening bracket also as 1, c, t or |, a closing one as j, l, h or |; both also doubled.
    opening = r"(?:[(\"'<〈《≪|「﹝{『〖]\s*|[1lictfr](?=(?:19|20)\d\d\D)){1,3}"
    closing = r"(?:[)\"'>〉》≫|jlh」﹞}』〗]\s*){1,3}"
    digits = r"(?P<number>[0-9o](?:\s?[0-9o]){0,5}|[〇一二三四五六七八九十百零廿卅壹贰弍叁参肆伍陆柒捌玖拾佰]{1,7})"
    end = rf"\s*[{''.join(rules['end_marks'])}](?:文件|文)?"
    # What stands where 号 must stand is one, unless it counts something.
    misread_end = rf"\s*(?![{''.join(rules['counting'])}]){cjk}"
    number = rf"\s*{ordinal}?\s*{digits}"
    return {
        name: re.compile(pattern)
        for name, pattern in {
            "bracketed": rf"{code}\s*{ordinal}?\s*{opening}{year}\s*年?(?:{closing})?{number}(?:{end})?",
            "with series": rf"{code}\s*{opening}{year}\s*年?{closing}"
            rf"(?P<series>{letter}{{1,2}}){number}{end}",
            "closed only": rf"{code}\s*{plain_year}\s*{closing}{number}(?:{end})?",
            "with mark": rf"{code}\s*{plain_year}\s*(?:年\s*{ordinal}?|{ordinal}|[-·./—]|\s)\s*{digits}{end}",
            "typed": rf"{tight}\s?{plain_year}(?:\s*[-·./]\s*|\s+)(?P<number>[1-9]\d{{0,4}})",
            "glued": rf"{tight}\s?{plain_year}(?P<number>[1-9]\d{{0,3}}){end}",
            "year first": rf"{opening}{year}\s*年?{closing}\s*{code}{number}{end}",
            "year before": rf"{plain_year}\s*年?\s*{tight}{number}{end}",
            "short year before": rf"(?P<year>[4-9]\d|{cn}{{2}})\s*年?\s*{lettered}{number}{end}",
            "short year with mark": rf"{lettered}\s*{ordinal}?\s*{short_year}\s*[-·/—]\s*{digits}{end}",
            "year last": rf"{lettered}{number}{end}\s*{opening}{year}\s*年?{closing}",
            "misread end": rf"{code}\s*{ordinal}?\s*\({year}\){number}{misread_end}",
            "yearless": rf"{lettered}\s*{ordinal}\s*{digits}{end}",
            # A code of up to 14 characters before the bracket; find() cuts what does not belong to it.
            "running": rf"(?P<code>(?:{letter}|\([一二三四五六七八九十]\)|\({letter}{{1,2}}\)(?=字)"
            r"|(?<=[发字函办电府])\s){2,14})"
            rf"\s?{ordinal}?\s?"
            rf"[(|\"〈](?:[(|\"〈])?\s?{year}\s?年?[)|\"〉j](?:[)|\"〉j])?\s?{ordinal}?\s?{digits}\s?[号与扎]",
            "running year first": rf"[(]\s?{year}\s?年?[)]\s?"
            rf"(?P<code>{letter}{{1,7}}[发字函])\s?{ordinal}?\s?{digits}\s?号",
        }.items()
    }


def _number(match: re.Match[str], year: int | None, name: str) -> DocumentNumber | None:
    code = _closed(simplify(match["code"] + (match["series"] if name == "with series" else "")))
    if name != "bracketed" and any(word in code for word in _rules()["before_code"]):
        return None
    printed = str(year) if name == "yearless" else match["year"]
    return _value(code, printed, match["number"])


def _value(code: str, year: str, number: str) -> DocumentNumber | None:
    full, running = integer(year.translate(_MISREAD)), integer(number.translate(_MISREAD))
    code = _closed(code)
    if full is None or running is None or running == 0 or not code:
        return None
    if len("".join(year.split())) == 2:
        full = full_year(full, None)
    if not 1900 <= full <= 2099:
        return None
    return DocumentNumber(code, full, running)


def _code_offset(folded: str, start: int, end: int) -> int:
    """Return how many characters after `start` the agency code begins, given the words that lead up to it."""
    run, offset = folded[start:end], 0
    for word in _rules()["before_code"]:
        at = run.rfind(word)
        rest = _closed(run[at + len(word) :])
        # 市委办发 is the code of the party committee's office.
        if at >= 0 and len(rest) >= 2 and not rest.startswith("办"):
            offset = max(offset, at + len(word))
    if offset == 0 and start and run[0] in _rules()["joining"]:
        before = folded[start - 1]
        offset = int(before in "号》)" or before.isnumeric())
    return offset


def _closed(text: str) -> str:
    return "".join(text.split())


def _spaced(folded: str) -> str:
    """Return the text with what prints as nothing made a space, so that offsets stay."""
    return folded.translate({0x200B: " ", 0x200C: " ", 0x200D: " ", 0xFEFF: " "})
