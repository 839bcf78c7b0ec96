"""Lists in running lines: agencies that issue or receive a paper, words set apart."""

import re
from itertools import pairwise
from statistics import median

from archivist.describe import names
from archivist.describe.ink import Flow, closed
from archivist.text import fold

Span = tuple[int, int]

# White space divides words where it is this much of a character, and clearly wider than between letters.
_LEAST_GAP = 0.5
_WIDER = 1.6
# A point between characters is a 、 that was misread.
_JOINING = "、.`·"
_DIVIDERS = f"{_JOINING},;。"
_LOWER = re.compile(r"[乡镇街村]|公社|办事处")
_OFFICE = re.compile(
    r"(?!.$)[^、]{0,8}(?:局|厅|行|院|联|协|社|[编科计经建农教体外物]委|爱卫会|总工会|团[省市县区地]?委)"
)
_KINDS = re.compile(r"各|有关|所属|直")
_LEAST_NAME = 2
_OWN = re.compile(r"直|属|各|有关")
_PLACED = re.compile(r"[省市县区州旗盟]|各|驻|中央|有关|.{2,3}[省市县区]")
_ORGAN = re.compile(r".{0,6}(?:委|政府|人大(?:常委会)?|政协|纪委)")
_OFFICE_OF = re.compile(
    r".{0,6}(?:委|政府|人大(?:常委会)?|政协|纪委)(?:办公[厅室]|(?:主要|有关|分管)?(?:领导|负责)(?:同志|人)?)"
)


def agencies(flow: Flow, start: int, end: int) -> list[Span]:
    """Return the spans of the agencies named one after another from `start` to `end`, letters set wide or not.

    Empty where the text is anything else.
    """
    places = [place for place in range(start, end) if not flow.text[place].isspace()]
    wanted = set(cuts(flow, start, end))
    letters = "".join(flow.text[place] for place in places)
    spans = names.split(letters, [index for index, place in enumerate(places) if place in wanted])
    if spans:
        return [(places[a], places[b - 1] + 1) for a, b in spans]
    gaps = [gap - start for gap in flow.gaps(start, end)]
    return [(start + a, start + b) for a, b in names.split(flow.text[start:end], gaps)]


def receivers(flow: Flow, start: int, end: int) -> list[Span]:
    """Return the spans of the agencies of a list: 各乡、镇人民政府 and 县委、县政府 are read differently.

    A 、 divides two agencies only where the one before it is complete by itself, or both are offices by their names
    (科委); what one word says of both stays together.
    """
    joined: list[Span] = []
    for a, b in _listed(flow, start, end):
        if joined and flow.folded[joined[-1][1]] in _JOINING:
            before, after = flow.text[slice(*joined[-1])], flow.text[a:b]
            whole = (names.is_receiver(before) or names.is_organ(before)) and _stands_alone(after, beside=before)
            whole = whole or (_is_office(before) and _is_office(after))
            whole = whole or _are_parallel(closed(before), closed(after))
            whole = whole or bool(before.startswith("各") and after.startswith("各") and names.receives(before))
            if _shared(closed(before), closed(after)):
                # 县委、县人大、县政府、县政协领导: the leaders of all of them.
                while len(joined) > 1 and flow.folded[joined[-2][1]] in _JOINING and _is_part(flow, joined[-2]):
                    joined.pop()
                    joined[-1] = joined[-1][0], a
                joined[-1] = joined[-1][0], b
                continue
            if not whole or names.shares_place(before, after):
                joined[-1] = joined[-1][0], b
                continue
        joined.append((a, b))
    return joined


def _are_parallel(before: str, after: str) -> bool:
    """Return whether both entries begin with one organ and are complete: 县革委卫生组、县革委办事组."""
    same = len(before) > _LEAST_NAME and before[:_LEAST_NAME] == after[:_LEAST_NAME]
    return same and bool(names.receives(before) and names.receives(after))


def _is_part(flow: Flow, span: Span) -> bool:
    """Return whether an entry is an organ of the place or Party whose leaders or office a later one names."""
    return bool(_ORGAN.fullmatch(closed(flow.folded[slice(*span)])))


def _stands_alone(entry: str, *, beside: str) -> bool:
    """Return whether an entry names somebody by itself behind a complete one: 汉中地委、专署; but 各局、公司."""
    if names.is_receiver(entry) or entry.startswith("各"):
        return True
    short = names.is_organ(entry) or (len(closed(entry)) > _LEAST_NAME and not names.is_kind(entry))
    return short and not _KINDS.search(beside)


def _is_office(text: str) -> bool:
    """Return whether an entry names an office, with its place (地区编委) or after one that does (科委, 财政局)."""
    name = closed(fold(text))
    return not name.startswith("各") and bool(_OFFICE.fullmatch(name))


def _shared(before: str, after: str) -> bool:
    """Return whether 、 joins what one word says of both: 各区公所、乡镇人民政府; 县人大、县政协办公室."""
    if before.startswith("各") and _LOWER.match(after) and not _OWN.search(after):
        return True
    if before.startswith("有关") and not _PLACED.match(after):
        return True
    return bool(_ORGAN.fullmatch(before) and _OFFICE_OF.fullmatch(after))


def words(flow: Flow, start: int, end: int) -> list[Span]:
    """Return the spans of the words that are set apart by white space or by 、，；."""
    bounds = [start, *cuts(flow, start, end), end]
    return [span for a, b in pairwise(bounds) for span in _listed(flow, a, b)]


def cuts(flow: Flow, start: int, end: int) -> list[int]:
    """Return the offsets before which a line or a word begins: white space clearly wider than between letters."""
    places = [place for place in range(start, end) if not flow.text[place].isspace()]
    gaps: dict[int, float] = {}
    for before, after in pairwise(places):
        line = flow.lines[flow.line_at(before)]
        if after >= line.end:
            gaps[after] = float("inf")
            continue
        one, other = line.line.glyphs[before - line.start].box, line.line.glyphs[after - line.start].box
        size = max(line.size, 1.0)
        # A reader that puts a space but no room for it has still seen one.
        gaps[after] = max((other.left - one.right) / size, _LEAST_GAP + 0.1 if after - before > 1 else 0.0)
    within = [gap for gap in gaps.values() if gap != float("inf")]
    usual = median(within) if within else 0.0
    least = max(_LEAST_GAP, _WIDER * usual)
    return [place for place, gap in gaps.items() if gap > least]


def _listed(flow: Flow, start: int, end: int) -> list[Span]:
    """Return the spans between 、，； of a list, minding brackets; a trailing 。 is not part of the last."""
    spans, depth, first = [], 0, start
    for place in range(start, end):
        char = flow.folded[place]
        depth = max(depth + (char == "(") - (char == ")"), 0)
        if depth == 0 and char in _DIVIDERS:
            spans.append((first, place))
            first = place + 1
    spans.append((first, end))
    return [(a, b) for a, b in spans if re.search(r"\w", closed(flow.text[a:b]))]
