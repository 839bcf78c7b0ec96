"""How an issued document begins: marks, red head, number, title, note and addressees."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from archivist.definitions import load
from archivist.describe import names
from archivist.describe.ink import Printed
from archivist.describe.issued.quotations import behind_quotation, is_quotation
from archivist.describe.issued.signs import (
    Tag,
    editor,
    genre_beside,
    genres,
    head_agencies,
    is_issue,
    number_in,
    statutory,
    tag,
)
from archivist.describe.issued.titles import (
    Title,
    begins_like_one,
    by_place,
    genre_of,
    is_alone,
    masthead_agency,
    names_its_subject,
    title,
)
from archivist.describe.issued.wide_heads import lines_together

__all__ = [
    "Opening",
    "Tag",
    "Title",
    "genre_of",
    "genres",
    "head_agencies",
    "is_issue",
    "names_its_subject",
    "number_in",
    "opening",
    "statutory",
    "tag",
    "title",
]

_LOOK_AHEAD = 30
_MASTHEAD_LETTERS = 16
_SERIAL_LINES = 8
_JOINT = 2
# 第7期, (1989)第5期, 总第35期, alone or behind the name of the serial.
_NUMBER_OF_SERIAL = re.compile(
    r"(?P<name>[^第\d(,。:;]{0,16})\(?(?:\d{4}|[〇一二三四五六七八九]{4})?\)?年?\(?(?:总?第.{1,4}期\)?){1,2}(?:\(总?第.{1,5}期\))?"
)


@dataclass(frozen=True, slots=True)
class Opening:
    """The beginning of an issued document, by indices of its lines; None, empty where a part is missing.

    `masthead` is the line whose last word says the genre where the title does not: 血防简报, 公函, (通报).
    """

    marks: tuple[int, ...]
    head: tuple[int, ...]
    number: int | None
    title: Title | None
    masthead: int | None = None

    @property
    def after(self) -> int:
        """The index of the first line behind head, number and title."""
        ends = [index + 1 for index in (*self.marks, *self.head) if not self.title or index < self.title.first]
        if self.number is not None:
            ends.append(self.number + 1)
        if self.title:
            ends.append(self.title.last)
        return max(ends, default=0)

    def moved(self, by: int) -> "Opening":
        """Return the same beginning where `by` lines stand before those it was found in."""
        title = self.title and replace(self.title, first=self.title.first + by, last=self.title.last + by)
        return Opening(
            tuple(index + by for index in self.marks),
            tuple(index + by for index in self.head),
            None if self.number is None else self.number + by,
            title,
            None if self.masthead is None else self.masthead + by,
        )


def opening(lines: Sequence[Printed], *, continues: bool = False) -> Opening | None:
    """Return how the paper that `lines` are begins, None where no issued document begins here.

    It begins with a red head, a number under the names of agencies, or a title that ends in a genre; where
    the lines go on from a page before (`continues`) the title alone must look like one in every way.
    """
    together, places = lines_together(lines[:_LOOK_AHEAD])
    begun = _opening(together, continues=continues)
    if begun is None or len(together) == len(lines[:_LOOK_AHEAD]):
        return begun
    places.append(min(len(lines), _LOOK_AHEAD))
    named = begun.title
    return Opening(
        tuple(places[index] for index in begun.marks),
        tuple(places[index] for index in begun.head),
        None if begun.number is None else places[begun.number],
        named and Title(places[named.first], places[named.last], named.letters, named.genre),
        None if begun.masthead is None else places[begun.masthead],
    )


def _opening(lines: Sequence[Printed], *, continues: bool) -> Opening | None:
    ahead = lines[: _table_row(lines[:_LOOK_AHEAD])]
    tags = [tag(line) for line in ahead]
    marks = tuple(index for index, name in enumerate(tags) if name == "mark")
    begin = behind_quotation(ahead, tags)
    quoted = next((index for index in range(begin) if is_quotation(ahead[index].closed)), 0)
    if any(name in ("head", "number") for name in tags[:quoted]):
        # The quotation stands between the head and the title.
        tags[quoted:begin] = ["blank"] * (begin - quoted)
        begin = 0
    if serial := _serial(ahead, tags, begin, marks):
        return serial
    if shared := _sharing_a_genre(ahead, tags, begin, marks):
        return shared
    first = _first_sign(ahead, tags, begin)
    above = title(ahead, tags, begin, free=True)
    if above and (below := _under_masthead(above, ahead, tags)):
        around = (*range(above.last, below.first), *range(below.last, min(below.last + 2, len(ahead))))
        number = next((index for index in around if tags[index] == "number"), None)
        head = tuple(range(above.first, above.last)) if _masthead_agency(above) else ()
        if head or number is not None or is_alone(below, ahead, continues=continues):
            return Opening(_before(marks, below.first), head, number, below, above.last - 1)
    if above and (first is None or above.last <= first):
        if first is not None and first <= above.last + 2 and tags[first] == "number":
            return Opening(_before(marks, first), (), first, above)
        if first is None or tags[first] == "number":
            alone = is_alone(above, ahead, continues=continues)
            return Opening(_before(marks, above.first), (), None, above) if alone else None
    if first is None:
        return None
    return _headed(ahead, tags, marks, first)


def _headed(lines: Sequence[Printed], tags: Sequence[Tag], marks: tuple[int, ...], first: int) -> Opening | None:
    """Return the opening whose first sign, a head or a number, stands on line `first`."""
    last = first
    while last + 1 < len(lines) and tags[last + 1] in ("head", "number", "mark", "blank"):
        last += 1
    # The second agency of a joint head stands below the one that carries 文件.
    joined = next((index for index in range(last + 1, len(lines)) if tags[index] != "agency"), last)
    if joined > last + 1 and tags[joined] == "number":
        last = joined
        while last + 1 < len(lines) and tags[last + 1] in ("number", "mark", "blank"):
            last += 1
    head = tuple(index for index in range(last + 1) if tags[index] in ("head", "agency"))
    number = next((index for index in range(last + 1) if tags[index] == "number"), None)
    named = title(lines, tags, last + 1, free=False) or by_place(lines, tags, last + 1, free=False)
    if number is None and named:
        near = range(named.last, min(named.last + 3, len(lines)))
        number = next((index for index in near if tags[index] == "number"), None)
    if not head and number is not None and not named:
        return None
    bracketed = (index for index in head if (found := head_agencies(lines[index])) and found[2])
    return Opening(_before(marks, named.first if named else first), head, number, named, next(bracketed, None))


def _sharing_a_genre(
    lines: Sequence[Printed], tags: Sequence[Tag], begin: int, marks: tuple[int, ...]
) -> Opening | None:
    """Return the opening whose head are several agencies that share a genre as others do 文件, above the title."""
    seen: list[Tag] = list(tags)
    shared: list[int] = []
    agencies = 0
    for index in range(begin, len(lines)):
        at = genre_beside(lines[index])
        above = len(names.split(lines[index].line.text[:at]))
        if at is None and tags[index] != "agency" and not above and tags[index] not in ("blank", "mark"):
            break
        if at is not None or above:
            seen[index] = "head"
        shared += [index] * (at is not None)
        agencies += above
    if len(shared) != 1 or agencies < _JOINT:
        return None
    begun = _headed(lines, seen, marks, seen.index("head"))
    if begun is None or begun.title is None or not begins_like_one(begun.title.letters):
        return None
    return replace(begun, masthead=shared[0])


def _serial(lines: Sequence[Printed], tags: Sequence[Tag], begin: int, marks: tuple[int, ...]) -> Opening | None:
    """Return how a number of a serial (简报, 纪要) begins: its name, its issue (第7期), editor and date, title."""
    for issue in range(begin, min(begin + _SERIAL_LINES, len(lines))):
        match = _NUMBER_OF_SERIAL.fullmatch(lines[issue].closed)
        above = [index for index in range(begin, issue) if tags[index] not in ("blank", "mark")]
        if match:
            break
        if len(lines[issue].closed) > _MASTHEAD_LETTERS and masthead_agency(lines[issue].closed) is None:
            return None
    else:
        return None
    short = all(not re.search(r"[,。:;《]|关于", lines[index].closed) for index in above)
    if not short or not (above or len(match["name"]) > 2):
        return None
    after = issue + 1
    while after < len(lines) and (
        tags[after] in ("blank", "mark", "date", "agency", "number")
        or is_issue(lines[after])
        or editor(lines[after].closed)
    ):
        after += 1
    # An agency right above 关于… belongs to the title.
    while after > issue + 1 and tags[after - 1] == "agency" and not (after > issue + 2 and tags[after - 2] == "date"):
        after -= 1
    named = title(lines, tags, after, free=False) or by_place(lines, tags, after, free=True)
    number = next((index for index in range(issue) if tags[index] == "number"), None)
    if named is None:
        return None
    return Opening(_before(marks, issue), (), number, named, issue if len(match["name"]) > 2 else above[-1])


def _under_masthead(above: Title, lines: Sequence[Printed], tags: Sequence[Tag]) -> Title | None:
    """Return the title below `above` where that is only the head of a serial, an order, a letter."""
    serial = above.letters.endswith(tuple(load("schemas/genres.yaml")["mastheads"])) and "关于" not in above.letters
    if len(above.letters) > _MASTHEAD_LETTERS + 8 * _masthead_agency(above) or not (serial or _masthead_agency(above)):
        return None
    for index in range(above.last, min(above.last + 4, len(lines))):
        if is_issue(lines[index]) or tags[index] == "number":
            continue
        below = title(lines, tags, index, free=False) or by_place(lines, tags, index, free=False)
        if below and (serial or below.letters.startswith("为") or re.search("关于|转发|批转|印发", below.letters)):
            return below
    return None


def _masthead_agency(above: Title) -> bool:
    """Return whether a title is only an agency and its kind of paper: 国家税务总局公告, 市建设局便函."""
    return masthead_agency(above.letters) is not None


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
