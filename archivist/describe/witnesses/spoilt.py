"""A date under the text whose year was spoilt in reading, made good by the year that other places name."""

import re
from collections.abc import Iterable

from rapidfuzz.distance import Levenshtein

from archivist.describe import dates
from archivist.describe.ink import Flow, closed
from archivist.describe.names import is_agency
from archivist.describe.witnesses.misread import LENT
from archivist.model import Field, Page
from archivist.text import fold

_FIGURES = "〇一二三四五六七八九"
# A date that ends its line; a reader leaves out a figure of the year, or takes one for something else.
_DATE = re.compile(
    r"(?P<year>[^\s年月日,。;:、()《》]{2,5})年"
    r"(?P<rest>[\d〇一二三四五六七八九十]{1,2}月[\d〇一二三四五六七八九十廿卅]{1,3})[日曰目]?。?"
)
_LONGEST = 40


def signed_date(pages: Iterable[Page], years: Iterable[int]) -> Field | None:
    """Return the last date that closes a line of `pages` with a year one figure off one of `years`, None without.

    As `date_of_issue` by the signature, of that year, for review.
    """
    flow = Flow(pages, furniture=False)
    known = tuple(dict.fromkeys(years))
    for printed in reversed(flow.lines):
        text = printed.closed
        match = next((found for found in _DATE.finditer(text) if found.end() == len(text)), None)
        if match is None or len(text) > _LONGEST:
            continue
        for year in known:
            date = dates.parse(f"{year}年{match['rest']}日")
            start = _year_begins(match["year"], year)
            before = text[: match.start() + start]
            if date and start >= 0 and (not before or is_agency(before)):
                # Offsets without the white space, back to those of the flow.
                places = [place for place, char in enumerate(printed.line.text) if closed(char)]
                first = printed.start + places[len(before)]
                return flow.field("date_of_issue", date, first, printed.end, "signature", factor=LENT, doubtful=True)
    return None


def _year_begins(read: str, year: int) -> int:
    """Return where in `read` the figures begin that are `year` but for one, -1 where there are none."""
    forms = (str(year), "".join(_FIGURES[int(figure)] for figure in str(year)))
    figures = fold(read).translate({ord(char): "〇" for char in "零o○◯"} | {ord("l"): "1"})
    for start in range(max(0, len(figures) - 5), len(figures)):
        if any(Levenshtein.distance(figures[start:], form) <= 1 for form in forms):
            return start
    return -1
