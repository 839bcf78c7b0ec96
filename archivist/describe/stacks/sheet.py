"""What one page of a stack shows by itself: how it begins and ends, its printed number, and what it is made of."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from archivist.definitions import load
from archivist.describe import dates, names, numbers
from archivist.describe import slips as slip
from archivist.describe.ink import Flow, Printed, closed
from archivist.describe.issued import imprint
from archivist.describe.issued.opening import Opening, head_agencies, number_in, opening
from archivist.describe.numerals import integer
from archivist.describe.slips.forms import FilledForm, recognise
from archivist.describe.stacks.material import Material, sides
from archivist.model import Line, Page
from archivist.text import fold

_SHORT = 30
_FEW_LETTERS = 5
_SENTENCE_END = '。!?;)》".'
_BREAKS_OFF = ",、:("
_RUNS_ON = 0.85
_CENTRED_WITHIN = 0.12
_NAMED_LINES = 3
_NAME_LETTERS = 60

_CHINESE = "〇一二三四五六七八九十"
_DECORATED = r"[-一.·~_=\s]"
_PAGE_NUMBER = re.compile(
    r"(?:共(?P<of1>\d{1,3})页,?)?第(?P<page>\d{1,3}|[" + _CHINESE + r"]{1,3})页(?:[,/]?\(?共(?P<of2>\d{1,3})页\)?)?"
    r"|(?P<share>\d{1,3})/(?P<of3>\d{1,3})"
    rf"|{_DECORATED}+(?P<dashed>\d{{1,3}}){_DECORATED}+"
    r"|[-·~]+(?P<words>[二三四五六七八九十]{1,3})[-·~]+"
    r"|(?P<bare>\d{1,3})"
)
_ATTACHMENT = re.compile(r"附(?:件|表|录|图)?(?:之?[一二三四五六七八九十\d]{1,3})?:?")
_ATTACHMENT_TITLED = re.compile(r"附(?:件|表|录|图)(?:之?[一二三四五六七八九十\d]{1,3})?:?.{2,40}")
_ENTRY = re.compile(
    r"[(]?(?P<number>[一二三四五六七八九十]{1,3}|\d{1,2})(?:[)、]|\.(?!\d))|第(?P<article>[一二三四五六七八九十百\d]{1,4})[条章节项]"
)
_ANNEX_LIST = re.compile(r"附件[一二三四五六七八九十\d]{0,2}[:.、]?(?=.)|附:(?=.)")
_OPENING_LINES = 12
_HEAD_LINES = 7
_FEW_LINES = 3
_READ_WELL = 0.5
# As they look where characters are misread: 寿光县人千政府文仵, 滕发〔200已〕夫5号, 二〇五年三月二曰.
_LIKE_DATE = re.compile(r"[^,。年月日]{2,5}年[^,。年月日]{1,3}月[^,。年月]{1,4}")
_LIKE_HEAD = re.compile(r"[^,。:()《》]{5,22}(?:文.|.件)")
_LIKE_NUMBER = re.compile(
    r"[^,。:()《》]{1,10}\([^(),。:]{2,5}\)[^(),。:《》]{1,7}|[^,。:《》第]{1,16}字第[〇一二三四五六七八九十百\da-z\-]{1,14}号"
)
_ISSUE = re.compile(r"\(?(?:\d{4}年)?(?:第[〇一二三四五六七八九十\d]{1,4}[期号])(?:\(?总第?\d{1,4}期\)?)?\)?$")


class PageNumber(NamedTuple):
    """The number printed on a page, of how many pages it says to be, and whether it is only figures."""

    value: int
    of: int | None
    bare: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What a paper, or the slip that carries one, says it is; what it does not say is empty.

    `title` is folded and closed up; `figures` are the digits of a number that is not complete.
    """

    number: numbers.DocumentNumber | None = None
    figures: str = ""
    agencies: tuple[str, ...] = ()
    title: str = ""


class Sheet:
    """A page with what its lines say of where it belongs, each worked out when it is first asked for."""

    def __init__(self, page: Page) -> None:
        """Take `page` as it lies in its stack."""
        self.page = page

    @cached_property
    def lines(self) -> tuple[Printed, ...]:
        """The lines of its text, without page number, header and footer."""
        return Flow([self.page], furniture=False).lines

    @property
    def empty(self) -> bool:
        """Whether it says nothing."""
        return not self.lines

    @cached_property
    def letters(self) -> str:
        """Its text as it is compared: folded, closed up, without line breaks."""
        return "".join(line.closed for line in self.lines)

    @cached_property
    def form(self) -> FilledForm | None:
        """The form that it is."""
        return recognise(self.page)

    def begins(self, *, continues: bool) -> Opening | None:
        """Return how an issued document begins on it; `continues` where another text stands before."""
        return opening(self.lines, continues=continues)

    @cached_property
    def opening(self) -> Opening | None:
        """How an issued document begins on it, if it looks like one in every way."""
        return self.begins(continues=True)

    @cached_property
    def loose_opening(self) -> Opening | None:
        """How an issued document begins on it, if one is expected there."""
        return self.begins(continues=False)

    @cached_property
    def facts(self) -> Facts:
        """What it says of the paper that begins on it, or that it carries where it is a slip."""
        return self._carried() if self.form else self._own()

    def _carried(self) -> Facts:
        # What hardly could be read says nothing of which paper it is.
        fields = [field for field in slip.fields([self.page], None) if field.confidence >= _READ_WELL]
        said = {name: [str(field.value) for field in fields if field.name == name] for name in _ON_SLIP}
        number = next(iter(said["document_number"]), "")
        title = next(iter(said["subject"]), "")
        agencies = said["source_agency"]
        return Facts(numbers.parse(number), "".join(re.findall(r"\d+", number)[-1:]), tuple(agencies), _plain(title))

    def _own(self) -> Facts:
        begun = self.opening or self.loose_opening
        if begun is None:
            return Facts()
        number = None
        if begun.number is not None and (found := number_in(self.lines[begun.number])):
            number = found.number
        title = begun.title.letters if begun.title else ""
        agencies = []
        for index in begun.head:
            line = self.lines[index]
            head = head_agencies(line)
            text = line.folded[head[0] : head[1]] if head else line.folded
            agencies += [text[start:end] for start, end in names.split(text)]
        if (cut := title.find("关于")) > 0:
            agencies += [title[start:end] for start, end in names.split(title[:cut])]
        return Facts(number, str(number.number) if number else "", tuple(agencies), _plain(title))

    @property
    def is_dated(self) -> bool:
        """Whether a date stands under the title, in brackets or with a line to itself."""
        begun = self.opening or self.loose_opening
        if begun is None or begun.title is None:
            return False
        below = self.lines[begun.title.last : begun.title.last + 2]
        under = "".join(line.closed for line in below)
        noted = under.startswith("(") and bool(dates.find(under.partition(")")[0]))
        return noted or any(dates.parse(line.line.text) for line in below)

    @cached_property
    def genre(self) -> str:
        """The genre that the title ends in, empty where there is none."""
        begun = self.opening or self.loose_opening
        return (begun.title.genre if begun and begun.title else "") or ""

    @cached_property
    def called(self) -> tuple[str, ...]:
        """What the paper on it may be called: its title, or what stands in its first lines."""
        first = [line.closed for line in self.lines[: _NAMED_LINES + 1]]
        if first and (_ATTACHMENT.fullmatch(first[0]) or len(first[0]) <= _FEW_LETTERS):
            # 附件1, well read or not.
            first = first[1:]
        joined = ["".join(first[: count + 1]) for count in range(min(_NAMED_LINES, len(first)))]
        known = [self.facts.title] if self.facts.title else []
        return (*known, *(_plain(name) for name in joined if len(name) <= _NAME_LETTERS))

    @cached_property
    def issue(self) -> str:
        """The issue of a serial (第3期), the number of an order (第103号) in a line of its own near its top."""
        found = (_ISSUE.match(line.closed) for line in self.lines[:5] if len(line.closed) <= _SHORT)
        return next((match[0] for match in found if match), "")

    @cached_property
    def number(self) -> PageNumber | None:
        """The page number printed at its head or foot."""
        marked = [
            line
            for region in self.page.regions
            if region.kind in ("page_number", "header", "footer")
            for line in region.lines
        ]
        rows = self.page.lines
        for line in (*marked, *reversed(rows[-2:]), *rows[:1]):
            if found := _page_number(line):
                return found
        return None

    @cached_property
    def is_attachment(self) -> bool:
        """Whether it is headed 附件."""
        return bool(self.lines) and bool(_ATTACHMENT.fullmatch(self.lines[0].closed))

    def is_titled_attachment(self, before: "Sheet | None") -> bool:
        """Return whether it is headed 附件1：名单; the list of attachments may also begin a page."""
        first = self.lines[0].closed if self.lines else ""
        if not _ATTACHMENT_TITLED.fullmatch(first) or "。" in first:
            return False
        # Under that list the signature follows.
        signed_before = before is not None and any(dates.parse(line.line.text) for line in before.lines[-12:])
        return signed_before or not self._signed_soon

    @property
    def _signed_soon(self) -> bool:
        return any(dates.find(line.line.text) for line in self.lines[1:9] if len(line.closed) < _SHORT)

    @cached_property
    def annexes(self) -> str:
        """What it says behind 附件：, closed up; empty where it lists no attachment."""
        for index, line in enumerate(self.lines):
            if (match := _ANNEX_LIST.match(line.closed)) and (index > 1 or self._signed_soon):
                listed = [line.closed[match.end() :]]
                for following in self.lines[index + 1 : index + 9]:
                    if dates.find(following.line.text) or len(following.closed) > _SHORT + 10:
                        break
                    listed.append(following.closed)
                return "".join(listed)
        return ""

    @cached_property
    def imprint(self) -> int:
        """The index of the first line of its imprint (版记), the number of lines where it has none."""
        return imprint.first_line(Flow([self.page], furniture=False), 0)

    @cached_property
    def is_signed(self) -> bool:
        """Whether a text ends on it with a date, alone or behind agencies or persons."""
        begun = self.opening or self.loose_opening
        first = begun.after + 2 if begun else 0
        for line in self.lines[max(first, self.imprint - 5) : self.imprint]:
            found = dates.find(line.line.text)
            if _LIKE_DATE.fullmatch(line.closed):
                return True
            if not found or len(found[-1].date) < 10 or len(line.closed) > 2 * _SHORT:
                continue
            before, behind = closed(line.folded[: found[-1].start]), closed(line.folded[found[-1].end :])
            if behind in ("", "。", ")") and (len(before) <= 4 or names.split(before) or names.is_person(before)):
                return True
        return False

    @property
    def has_imprint(self) -> bool:
        """Whether it ends with the imprint of a paper."""
        return 0 < self.imprint < len(self.lines) or (self.imprint == 0 and bool(self.lines))

    @cached_property
    def is_tail(self) -> bool:
        """Whether it holds only the end of a paper: signature, date, notes in brackets, imprint."""
        rest = self.lines[: self.imprint]
        if 0 < self.imprint < len(self.lines) and len(rest) <= _FEW_LINES and not self.opening:
            return all(len(line.closed) <= _SHORT and not set(line.closed) & set(",。《") for line in rest)
        if not self.lines or len(rest) > 6 or not (self.has_imprint or self.is_signed):
            return False
        return all(dates.find(line.line.text) or names.split(line.line.text) or line.closed[:1] == "(" for line in rest)

    @cached_property
    def runs_on(self) -> bool:
        """Whether its text stops in the middle of a sentence."""
        if not self.lines or self.imprint < len(self.lines) or self.lines[-1].kind == "cell":
            return False
        last = self.lines[-1]
        end = last.closed[-1:]
        if _ENTRY.match(last.closed) or not any(mark in line.closed for line in self.lines[-6:] for mark in ",。"):
            return False
        if end in _BREAKS_OFF:
            return end != ":"
        if end in _SENTENCE_END or dates.find(last.line.text) or len(last.closed) < 12 or names.split(last.line.text):
            return False
        right = max(line.line.box.right for line in self.lines)
        left = min(line.line.box.left for line in self.lines)
        indented = last.line.box.left - left > (1 - _RUNS_ON) * (right - left)
        return not indented and last.line.box.right - left >= _RUNS_ON * (right - left)

    @cached_property
    def goes_on_with(self) -> bool:
        """Whether its first line is an entry of a list or a chapter behind the first: （二）, 3、, 第四章."""
        match = _ENTRY.match(self.lines[0].closed) if self.lines else None
        return match is not None and (match["number"] or match["article"]) not in ("1", "一")

    @cached_property
    def is_headed(self) -> bool:
        """Whether it begins with a short line in the middle or with the name of a list, as a heading has it."""
        if self.lines and len(self.lines[0].closed) <= _SHORT and _ends_like_heading(self.lines[:2]):
            return True
        if len(self.lines) < 4:
            return False
        first, letters = self.lines[0].line.box, self.lines[0].closed
        body = [line.line.box for line in self.lines]
        left, right = min(box.left for box in body), max(box.right for box in body)
        width = right - left
        if not 3 <= len(letters) <= _SHORT or re.search(r"[,。:;、]", letters) or _ENTRY.match(letters):
            return False
        before, behind = first.left - left, right - first.right
        return width > 0 and min(before, behind) > _CENTRED_WITHIN * width and abs(before - behind) < 0.15 * width

    @cached_property
    def addressee(self) -> str:
        """The last of those it is sent to, in a line near its top that ends in a colon: 各乡镇人民政府：."""
        for line in self.lines[:_OPENING_LINES]:
            letters = line.closed
            if "。" in letters or len(letters) > 2 * _SHORT:
                return ""
            if letters.endswith(":"):
                named = re.split("[,、]", letters[:-1])[-1]
                return named if names.receives(named) else ""
        return ""

    @cached_property
    def marks(self) -> tuple[bool, bool]:
        """Whether it has at its top a red head and a document number, even where they are badly read."""
        begun = self.opening
        if begun and begun.head:
            return True, begun.number is not None
        top = [line.closed for line in self.lines[:_HEAD_LINES] if line.kind != "cell"]
        end = next((index for index, letters in enumerate(top) if len(letters) > _SHORT or "。" in letters), len(top))
        for index, letters in enumerate(top[:end]):
            if _LIKE_NUMBER.fullmatch(letters) or number_in(self.lines[index]):
                above = top[max(index - 2, 0) : index]
                return any(_LIKE_HEAD.fullmatch(line) for line in above), True
        return False, begun is not None and begun.number is not None

    @cached_property
    def bottom(self) -> float:
        """How far down the paper its text reaches, as a share of the height."""
        return max((line.line.box.bottom for line in self.lines), default=0.0) / max(sides(self.page)[1], 1.0)

    @cached_property
    def columns(self) -> tuple[int, int]:
        """How many columns the tables have that it begins and that it ends with; 0 where it is no table."""
        regions = [region for region in self.page.regions if region.kind != "seal" and region.lines]
        ends = [regions[0], regions[-1]] if regions else []
        counts = [
            1 + max((r.column or 0) + r.columns - 1 for r in regions if r.table == end.table and r.kind == "cell")
            if end.kind == "cell"
            else 0
            for end in ends
        ]
        return (counts[0], counts[1]) if counts else (0, 0)

    @cached_property
    def material(self) -> Material:
        """What it is made of."""
        return Material.of(self.page)


_ON_SLIP = ("document_number", "source_agency", "subject")


def _ends_like_heading(lines: Sequence[Printed]) -> bool:
    """Return whether the first line, or both together, end in what lists and records are called."""
    words = tuple(load("schemas/boundaries.yaml")["headings"])
    first = lines[0].closed
    both = first + lines[1].closed if len(lines) > 1 else first
    return first.endswith(words) or (len(both) <= _SHORT and both.endswith(words))


def _plain(title: str) -> str:
    return closed(fold(title))


def _page_number(line: Line) -> PageNumber | None:
    match = _PAGE_NUMBER.fullmatch(closed(fold(line.text)))
    if match is None:
        return None
    words = match["page"] or match["share"] or match["dashed"] or match["words"] or match["bare"]
    value = integer(words)
    of = match["of1"] or match["of2"] or match["of3"]
    return PageNumber(value, int(of) if of else None, bool(match["bare"])) if value else None
