"""The fields of an issued document: head, number, title, dates, addressees, imprint, citations."""

import re
from collections.abc import Iterable, Iterator

from archivist.describe import names, numbers
from archivist.describe import plans as plan
from archivist.describe.ink import Flow, Printed, closed, plain
from archivist.describe.issued import citations, closing, issuers, officials
from archivist.describe.issued import imprint as foot
from archivist.describe.issued.attached import attached
from archivist.describe.issued.marks import marks
from archivist.describe.issued.opening import Opening, opening
from archivist.describe.issued.receivers import receivers
from archivist.describe.issued.signs import head_agencies, number_in, numbers_in, tag
from archivist.describe.issued.titles import genre_name, genre_of, marked, names_its_subject, title
from archivist.describe.issued.wide_heads import put_together, shown_as_read
from archivist.model import Field, Page, Value

# A number printed without its year takes it from the date of issue.
_YEAR_TAKEN = 0.85
# A line that only ends like a title may head a table or a chapter.
_BY_ITS_END_ALONE = 0.85
# A title that is one by its place only.
_BY_ITS_PLACE = 0.95
_HEADED, _BY_ITS_HEADING = "attachment-heading", 0.97
_HEADING = re.compile(r"附\s*(?:件|表|录|图)?\s*(?:之?[一二三四五六七八九十\d]{1,3})?\s*(?::|$|(?=\s))\s*")
_SENTENCE = re.compile(r"[。;!?]|:$")
_HEADING_LETTERS = 60
_HEADING_LINES = 3
_FOOT_LINES = 6
_BEHIND = 2


def fields(pages: Iterable[Page], behind: Iterable[Page] = ()) -> tuple[Field, ...]:
    """Return the fields of the issued document on `pages`.

    `issuing_agency`, `document_number` and `date_of_issue` once for each place that says them (`method`), as
    printed there: head, title, note, signature, imprint; which of them is right is settled elsewhere. The imprint
    (版记) may stand on the pages `behind` it, those of its attachments.
    """
    own = list(pages)
    together = [put_together(page) for page in own]
    flow = Flow((page for page, _ in together), furniture=False)
    begun = opening(flow.lines) or Opening((), (), None, None)
    blocks = {page.number: (page, block) for page, (_, block) in zip(own, together, strict=True) if block}
    found = [field for field in _fields(flow, begun) if field]
    if not any(field.method == "imprint" for field in found):
        found += _imprint_behind(Flow(behind, furniture=False))
    return tuple(
        shown_as_read(field, *blocks[field.evidence.page]) if field.evidence.page in blocks else field
        for field in found
    )


def attachment_fields(pages: Iterable[Page]) -> tuple[Field, ...]:
    """Return the fields of an attachment on `pages`: title and genre, what it cites, and what a plan sets up.

    A paper that opens and closes as one that was issued (a report that a notice forwards: title, agency and date at
    its foot) has all the fields of one, but for the imprint, which is that of the paper it lies behind.
    """
    flow = Flow(pages, furniture=False)
    if own := _as_issued(flow):
        return own
    heading = _heading(flow)
    named = _of_heading(flow, *heading) if heading else ()
    found = [*named, *citations.fields(flow, heading[2] if heading else 0), *plan.fields(flow, 0)]
    return tuple(field for field in found if field)


def _of_heading(flow: Flow, value: str, start: int, end: int) -> Iterator[Field | None]:
    """Yield the title of an attachment that stands from `start` to `end`, and the genre where it ends in one."""
    yield flow.field("title", value, start, end, _HEADED, factor=_BY_ITS_HEADING)
    letters = closed(flow.folded[start:end])
    if word := genre_of(letters):
        yield _genre(flow, word, start, end, letters.rfind(word), _HEADED, _BY_ITS_HEADING)


def _as_issued(flow: Flow) -> tuple[Field, ...]:
    """Return the fields of an attachment that is a paper issued by itself, nothing where it is none."""
    headed = int(bool(flow.lines and (match := _HEADING.match(flow.lines[0].closed)) and match.end() > 1))
    begun = opening(flow.lines[headed:])
    if begun is None or begun.title is None or not begun.title.genre:
        return ()
    begun = begun.moved(headed)
    imprint = foot.first_line(flow, begun.after)
    closes = closing.signature(flow, begun.after, imprint)
    # Nothing follows the agency and the date but a note; a row of a table may name both as well.
    tabled = any(line.kind == "cell" for line in flow.lines[slice(*closes or (0, 0))])
    if closes is None or tabled or imprint - closes[1] > _BEHIND:
        return ()
    found = [field for field in _fields(flow, begun) if field and field.method != "imprint"]
    signed = {field.name for field in found if field.method == "signature"}
    return tuple(found) if {"issuing_agency", "date_of_issue"} <= signed else ()


def _imprint_behind(flow: Flow) -> list[Field]:
    start = foot.first_line(flow, 0)
    return [field for field in foot.fields(flow, start) if field and field.name != "addressee"]


def _fields(flow: Flow, begun: Opening) -> Iterator[Field | None]:
    imprint = foot.first_line(flow, begun.after)
    years = _years(flow, begun, imprint)
    signature = closing.signature(flow, begun.after, imprint, years)
    body = flow.lines[begun.after].start if begun.after < len(flow.lines) else len(flow.text)
    issued = list(closing.issued(flow, begun, signature, imprint, years))
    ends = signature[1] if signature else imprint
    yield from marks(flow, begun)
    if officials.sign(begun.title):
        yield from officials.signers(flow, begun.after, signature, imprint)
    yield from issuers.issuers(flow, begun, signature)
    yield from _number(flow, begun, ends, next((str(field.value) for field in issued if field), None))
    yield from _title(flow, begun)
    yield from issued
    addressed = [field for field in receivers(flow, begun) if field]
    yield from addressed
    yield from attached(flow, begun.after, ends, imprint)
    again = {field.value for field in addressed if isinstance(field.value, str)}
    for field in foot.fields(flow, imprint):
        # 主送 in the imprint says once more who stands above the text.
        if field and not (field.name == "addressee" and field.value in again):
            yield field
    yield from citations.fields(flow, body)
    yield from plan.fields(flow, begun.after, range(*signature) if signature else ())


def _years(flow: Flow, begun: Opening, imprint: int) -> frozenset[int]:
    """Return the years that the number and the imprint say: of them a date in the signature can only be one."""
    found = number_in(flow.lines[begun.number]) if begun.number is not None else None
    printed = {int(printing.date[:4]) for printing in foot.printings(flow, imprint)}
    return frozenset(printed | ({found.number.year} if found else set()))


def _heading(flow: Flow) -> tuple[str, int, int] | None:
    """Return the title of an attachment, behind or under 附件1 up to where its text begins, and its span."""
    match = _HEADING.match(flow.lines[0].folded.lstrip()) if flow.lines else None
    alone = match is not None and not closed(flow.lines[0].folded.lstrip()[match.end() :])
    first = int(alone)
    ahead = flow.lines[first : first + 12]
    if not ahead:
        return None
    start = ahead[0].end - len(ahead[0].folded.lstrip()[match.end() :]) if match and not alone else ahead[0].start
    named = title(ahead, [tag(line) for line in ahead], 0, free=False) if match is None or alone else None
    if named:
        start, last = ahead[named.first].start, named.last
    elif len(ahead[0].closed) <= _HEADING_LETTERS and not _SENTENCE.search(ahead[0].closed):
        last = 1
        while last < min(len(ahead) - 1, _HEADING_LINES) and _goes_on(ahead[last - 1], ahead[last]):
            last += 1
    else:
        return None
    end = ahead[last - 1].end
    return marked(plain(flow.text[start:end])), start, end


def _goes_on(one: Printed, other: Printed) -> bool:
    """Return whether the heading of an attachment goes on from a line to the next, both set to the middle."""
    middle = abs(one.line.box.centre[0] - other.line.box.centre[0]) < 2 * one.line.box.height
    left = min(line.box.left for line in other.page.lines)
    inner = min(one.line.box.left, other.line.box.left) > left + 2 * one.line.box.height
    return middle and inner and other.kind == one.kind != "cell" and not _SENTENCE.search(other.closed)


def _number(flow: Flow, begun: Opening, ends: int, issued: str | None) -> Iterator[Field | None]:
    """Yield the numbers of the head, or else one that stands alone below the text, where old papers carry it.

    Agencies that issue a paper together each give it a number, on one line or below each other.
    """
    if begun.number is None:
        for line in flow.lines[max(ends - 1, len(flow.lines) - _FOOT_LINES) :]:
            if found := number_in(line):
                yield _numbered(flow, line, found, "foot-number")
                return
        return
    year = int(issued[:4]) if issued else None
    for line in _number_lines(flow, begun.number):
        known = number_in(line) is not None
        for found in numbers_in(line, year):
            yield _numbered(flow, line, found, *(("number-line",) if known else ("year-of-issue", _YEAR_TAKEN)))


def _number_lines(flow: Flow, first: int) -> list[Printed]:
    """Return the line of the number and those right below it that are numbers too."""
    last = first + 1
    while last < len(flow.lines) and tag(flow.lines[last]) == "number":
        last += 1
    return list(flow.lines[first:last])


def _numbered(flow: Flow, line: Printed, found: numbers.Found, method: str, factor: float = 1.0) -> Field | None:
    value: Value = numbers.field_value(found.number)
    start, end = line.start + found.start, line.start + found.end
    return flow.field("document_number", value, start, end, method, factor=factor)


def _title(flow: Flow, begun: Opening) -> Iterator[Field | None]:
    if begun.title is None:
        return
    lines = flow.lines[begun.title.first : begun.title.last]
    start, end = lines[0].start, lines[-1].end
    agencies = issuers.in_title(flow, begun.title)
    head, wrong = "", False
    for place, (first, last) in enumerate(agencies):
        between = closed(flow.text[agencies[place - 1][1] : first]) if place else ""
        mended = names.mended(flow.text[first:last])
        changed = mended != flow.folded[first:last]
        head += (between or " ") * (place > 0) + plain(closed(mended if changed else flow.text[first:last]))
        wrong = wrong or changed
    if begun.masthead is not None and not begun.title.genre and not agencies:
        # The headline of a serial: each of its lines says something of its own.
        rest = " ".join(plain(line.line.text.replace("\u3000", " ")) for line in lines)
    else:
        rest = plain(flow.text[agencies[-1][1] if agencies else start : end].replace("\u3000", " "))
    factor = 1.0 if begun.head or begun.number is not None or begun.masthead is not None else 0.97
    if not begun.title.genre and not begun.title.letters.endswith("》"):
        factor *= _BY_ITS_PLACE
    elif factor < 1 and not agencies and not names_its_subject(begun.title):
        factor = _BY_ITS_END_ALONE
    yield flow.field("title", marked(head + rest), start, end, "title-block", factor=factor, doubtful=wrong)
    if begun.title.genre:
        at = begun.title.letters.rfind(begun.title.genre)
        yield _genre(flow, begun.title.genre, start, end, at, "title-block", factor)
    elif begun.masthead is not None:
        yield _genre_of_masthead(flow, begun.masthead)


def _genre_of_masthead(flow: Flow, index: int) -> Field | None:
    line = flow.lines[index]
    head = head_agencies(line)
    named = head[2] if head and head[2] else genre_of(re.sub(r"\(?第.*", "", line.closed))
    if named is None:
        return None
    return _genre(flow, named, line.start, line.end, line.closed.rfind(named), "masthead", 1.0)


def _genre(flow: Flow, word: str, start: int, end: int, at: int, method: str, factor: float) -> Field | None:
    """Return the genre that letters `at` and behind it of the text from `start` to `end` name."""
    places = [place for place in range(start, end) if not flow.folded[place].isspace()]
    last = places[at + len(word) - 1] + 1
    return flow.field("genre", genre_name(word), places[at], last, method, factor=factor)
