"""Who issued a document, as each place on it says: the head, the title, the signature."""

import re
from collections.abc import Iterator

from archivist.definitions import load
from archivist.describe import names
from archivist.describe.ink import Flow, closed, plain
from archivist.describe.issued.closing import signed
from archivist.describe.issued.lists import Span, agencies
from archivist.describe.issued.opening import Opening
from archivist.describe.issued.signs import editor, genre_beside, head_agencies, is_issue, tag
from archivist.describe.issued.titles import Title, genre_of, masthead_agency
from archivist.model import Field

# A head that ends like one, but names no agency that is known by its ending.
_UNKNOWN_HEAD = 0.85
_SIGNED = 0.97
_MEETING = re.compile(
    r"(?:常\s*委|党\s*委|党\s*组|常\s*务|全\s*体|扩\s*大|办\s*公|专\s*题|协\s*调|[省市县区州盟旗乡镇局]\s*长|专\s*员|主\s*任|\(扩大\)|\s)+会?\s*议?\s*$"
)


def issuers(flow: Flow, begun: Opening, closing: Span | None) -> Iterator[Field | None]:
    """Yield `issuing_agency` for every agency in every place that names it, as printed there.

    In the order of weight: red head, title, date line of the head, signature.
    """
    dated = [field for field in _dated(flow, begun, begun.title) if field] if begun.title else []
    for index in begun.head:
        for field in _headed(flow, index):
            # Whose meeting the minutes are of says the masthead; its office that has a line of its own issued them.
            if field and not (begun.masthead in begun.head and any(_is_office_of(field, other) for other in dated)):
                yield field
    if begun.title:
        for start, end in in_title(flow, begun.title):
            yield _agency(flow, start, end, "title-block")
    yield from dated
    for line in flow.lines[slice(*closing or (0, 0))]:
        for start, end in signed(flow, line):
            yield _agency(flow, start, end, "signature", _SIGNED)


def in_title(flow: Flow, title: Title) -> list[Span]:
    """Return the spans of the agencies that the title begins with."""
    lines = flow.lines[title.first : title.last]
    start, end = lines[0].start, lines[-1].end
    folded = flow.folded[start:end]
    words = [*load("schemas/agencies.yaml")["subject_begins"]]
    words += [f"联合{title.genre}", title.genre] if title.genre else []
    # 洪泽区人民政府2023年…年度报告: the year begins the subject as well.
    years = (r"(?:19|20)\d\d", "[〇一二三四五六七八九]{4}年")
    found = re.search("|".join([*(r"\s*".join(word) for word in words), *years]), folded)
    if found is None:
        return []
    cut = found.start()
    spans = agencies(flow, start, start + cut)
    if not spans and (meeting := _MEETING.search(folded, 0, cut)):
        # 中共临清县委常委会议纪要: whose meeting it was.
        spans = agencies(flow, start, start + meeting.start())
    if not spans and start + cut >= lines[0].end:
        # 绍兴县人民政府 / 县长办公会议纪要: the agency has a line to itself.
        spans = agencies(flow, start, lines[0].end)
    return spans


def _headed(flow: Flow, index: int) -> Iterator[Field | None]:
    line = flow.lines[index]
    head = head_agencies(line)
    start, end = (line.start + head[0], line.start + head[1]) if head else (line.start, line.end)
    if not head and (shared := genre_beside(line)) is not None:
        end = line.start + shared
    elif not head and genre_of(line.closed):
        # 国家税务总局公告, 慈溪市人民政府专题会议纪要: the agency and the kind of paper.
        agency = masthead_agency(line.closed)
        places = [place for place, char in enumerate(line.folded) if not char.isspace()]
        end = line.start + places[len(agency) - 1] + 1 if agency else start
    if start == end:
        return
    factor = 1.0 if names.is_agency(flow.text[start:end]) else _UNKNOWN_HEAD
    for a, b in agencies(flow, start, end) or [(start, end)]:
        yield _agency(flow, a, b, "red-head", factor)


def _is_office_of(agency: Field, office: Field) -> bool:
    whole, part = names.agency_key(str(agency.value)), names.agency_key(str(office.value))
    return part != whole and part.startswith(whole)


def _dated(flow: Flow, begun: Opening, title: Title) -> Iterator[Field | None]:
    """Yield the agencies on the lines of the head that carry the issue and date of a serial."""
    for index in range(title.first):
        line = flow.lines[index]
        named = tag(line) == "agency" or editor(line.closed) is not None
        below = begun.masthead is not None and begun.masthead < index and named
        if index not in begun.head and (is_issue(line) or below):
            for start, end in signed(flow, line):
                yield _agency(flow, start, end, "head-date", _SIGNED)


def _agency(flow: Flow, start: int, end: int, method: str, factor: float = 1.0) -> Field | None:
    read = flow.text[start:end]
    mended = names.mended(read)
    wrong = mended != flow.folded[start:end]
    value = plain(closed(mended if wrong else read))
    return flow.field("issuing_agency", value, start, end, method, factor=factor, doubtful=wrong)
