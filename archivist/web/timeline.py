"""The timeline of a campaign as a picture: where phases, papers and deadlines stand, so that all can be read."""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, NamedTuple, TypeAlias
from unicodedata import east_asian_width

Sort: TypeAlias = Literal["phase", "paper", "deadline"]

#: Widths of the picture in pixels: the narrowest on which few enough lanes are needed is taken.
_WIDTHS = (1120, 1680, 2520)
_LANES, _MOST_LANES = 6, 12
_EDGE, _GAP, _HEAD, _LANE, _AXIS, _BETWEEN = 12, 8, 20, 24, 26, 10
#: Of writing of 13 pixels: wide characters, others, and how much of a text is shown.
_WIDE, _OTHER, _LONGEST = 13.0, 7.8, 190.0
_MARK, _TICK = 14.0, 68.0
#: The scale is at least so many days long, for a day not to be wider than the year of others.
_SHORTEST = 14
_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")
_LAST = date.max.toordinal()


class Span(NamedTuple):
    """Days from `first` up to `end`, which is not one of them, counted as `date.toordinal` does."""

    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something to be drawn: when as the papers say it, `begin` to `end` of a phase, both the same of all else.

    `kind` is the role of a paper, `received`, `phase` or `deadline`; `evidence` is where the papers say so.
    """

    sort: Sort
    kind: str
    begin: str | None
    end: str | None
    text: str
    label: str
    evidence: tuple[Mapping[str, Any], ...]
    doubtful: bool = False
    #: How many are drawn as one, where there is not room for each.
    count: int = 1

    @property
    def when(self) -> str:
        """The date or dates as the papers say them."""
        if self.begin == self.end:
            return self.begin or ""
        return f"{self.begin or '…'} – {self.end or '…'}"


@dataclass(frozen=True, slots=True)
class Drawn:
    """An event on the picture: from `left` to `right` in pixels, `core` the part that is certain to the day.

    The label is written from `text_left` on, `text_width` wide at most; with it, `room` is what nothing else may touch.
    """

    event: Event
    left: float
    right: float
    core: tuple[float, float] | None
    label: str
    text_left: float
    text_width: float
    lane: int
    y: float

    @property
    def room(self) -> tuple[float, float]:
        """From where to where the event with its label takes its lane."""
        if not self.label:
            return self.left, self.right
        return min(self.left, self.text_left), max(self.right, self.text_left + self.text_width)


@dataclass(frozen=True, slots=True)
class Band:
    """The lanes of one sort of events, below one another from `top` on."""

    sort: Sort
    top: float
    height: float
    drawn: tuple[Drawn, ...]


class Tick(NamedTuple):
    """A line of the scale and what is written beside it."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The timeline drawn: pixels, origin top left."""

    width: int
    height: float
    ticks: tuple[Tick, ...]
    bands: tuple[Band, ...]


def span_of(when: str | None) -> Span | None:
    """Return the days that a date means: one, those of its month, or of its year; None where it is none."""
    found = _DATE.fullmatch(when or "")
    if not found:
        return None
    year, month, day = (int(part) if part else 0 for part in found.groups())
    if not 1 <= year <= 9999:
        return None
    if not 1 <= month <= 12:
        return Span(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1)
    days = monthrange(year, month)[1]
    first = date(year, month, 1).toordinal()
    return Span(first + day - 1, first + day) if 1 <= day <= days else Span(first, first + days)


def events_of(record: Mapping[str, Any]) -> tuple[Event, ...]:
    """Return what is to be drawn of the record of a campaign, each once though several papers say it.

    Dates that mean no day are left out.
    """
    found: dict[tuple[Any, ...], Event] = {}
    for event in _said(record):
        if span_of(event.begin) is None and span_of(event.end) is None:
            continue
        same = (event.sort, event.kind, event.begin, event.end, event.text)
        known = found.get(same)
        found[same] = replace(known, evidence=known.evidence + event.evidence) if known else event
    return tuple(sorted(found.values(), key=lambda event: (_whole(event), event.sort, event.text)))


def _said(record: Mapping[str, Any]) -> Iterator[Event]:
    papers = {item["id"]: item for item in record["items"]}
    for item in papers.values():
        if item["date"]:
            ink, doubtful = tuple(item["evidence"]), item["status"] == "review"
            yield Event("paper", item["role"], item["date"], item["date"], item["title"], _called(item), ink, doubtful)
    for one in record["timeline"]:
        ink, item = tuple(one["evidence"]), papers[one["item"]]
        if one["event"] == "received" and item["date"] != one["date"]:
            yield Event("paper", "received", one["date"], one["date"], one["text"], _called(item), ink)
        elif one["event"] == "deadline":
            yield Event("deadline", "deadline", one["date"], one["date"], one["text"], one["text"], ink)
    for phase in record["phases"]:
        value, doubtful = phase["value"], phase["status"] == "review"
        name, ink = str(value["name"]), tuple(phase["evidence"])
        yield Event("phase", "phase", value["start"], value["end"], name, name, ink, doubtful)


def _called(item: Mapping[str, Any]) -> str:
    return str(item["number"] or item["title"])


def picture(events: Sequence[Event]) -> Picture | None:
    """Return where everything stands: no two of a lane touch, and all lies inside; None where there is nothing."""
    if not events:
        return None
    whole = [_whole(event) for event in events]
    days = Span(min(span.first for span in whole), max(span.end for span in whole))
    if (short := _SHORTEST - (days.end - days.first)) > 0:
        days = Span(max(days.first - short // 2, 1), min(days.end + short - short // 2, _LAST + 1))
    widest = _Scale(days, _WIDTHS[-1])
    for scale in (_Scale(days, width) for width in _WIDTHS):
        if drawn := _drawn(events, scale, _LANES):
            return _composed(drawn, scale)
    if drawn := _drawn(events, widest, _MOST_LANES):
        return _composed(drawn, widest)
    # A mark for each would be a wall of marks; the list beside the picture names them all.
    return _composed(_drawn(_bundled(events, widest), widest, len(events)), widest)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Days on the width of a picture."""

    days: Span
    width: int

    def x(self, day: float) -> float:
        share = (day - self.days.first) / (self.days.end - self.days.first)
        return round(_EDGE + share * (self.width - 2 * _EDGE), 2)


def _whole(event: Event) -> Span:
    """Return all days that the event may touch."""
    spans = [span for span in (span_of(event.begin), span_of(event.end)) if span]
    return Span(min(span.first for span in spans), max(span.end for span in spans))


def _core(event: Event) -> tuple[float, float] | None:
    """Return from when to when the event lasts for certain, None where nothing of it is certain to the day."""
    begin, end = span_of(event.begin), span_of(event.end)
    if event.sort != "phase":
        return (begin.first, begin.end) if begin and begin == end and begin.end - begin.first == 1 else None
    if begin is None or end is None or begin.end - 1 >= end.first + 1:
        return None
    return (begin.end - 1, end.first + 1)


def _drawn(events: Iterable[Event], scale: _Scale, most: int) -> list[Drawn]:
    """Place each event in the first lane of its sort that has room; nothing where that takes more than `most`."""
    taken: dict[Sort, list[float]] = {}
    placed = sorted((_placed(event, scale) for event in events), key=lambda one: one.room)
    found = []
    for one in placed:
        lanes = taken.setdefault(one.event.sort, [])
        left, right = one.room
        lane = next((at for at, end in enumerate(lanes) if end <= left), len(lanes))
        if lane >= most:
            return []
        # Phases that follow each other without a break stand in one line.
        taken_up_to = right if right == one.right and one.event.sort == "phase" else right + _GAP
        lanes[lane : lane + 1] = [taken_up_to]
        found.append(replace(one, lane=lane))
    return found


def _placed(event: Event, scale: _Scale) -> Drawn:
    whole, core = _whole(event), _core(event)
    left, right = scale.x(whole.first), scale.x(whole.end)
    inner = (scale.x(core[0]), scale.x(core[1])) if core else None
    if right - left < _MARK:
        # What lasts shorter than it can be seen is drawn as wide as a mark, around its days.
        left = min(max((left + right - _MARK) / 2, _EDGE), scale.width - _EDGE - _MARK)
        right = left + _MARK
        inner = (left, right) if core else None
    label = _shortened(event.label)
    text = _width(label)
    inside = event.sort == "phase" and text + 2 * _GAP <= right - left
    at = left + _GAP if inside else right + 4
    if at + text > scale.width - _EDGE:
        at = left - 4 - text
    if at < _EDGE:
        # Neither beside it: above what it marks, where the lane has room for it anyway.
        at = max(min(left + _GAP, scale.width - _EDGE - text), _EDGE)
    return Drawn(event, left, right, inner, label, round(at, 2), text, 0, 0.0)


def _bundled(events: Sequence[Event], scale: _Scale) -> list[Event]:
    """Return the events with those of one sort and kind that fall into the same stretch as one, which counts them."""
    found: dict[tuple[Any, ...], Event] = {}
    stretch = (scale.days.end - scale.days.first) / (scale.width / (3 * _MARK))
    for event in events:
        place = (event.sort, event.kind, int((_whole(event).first - scale.days.first) / stretch))
        known = found.get(place)
        if known is None:
            found[place] = event
            continue
        ends = [when for when in (known.end, event.end) if when]
        found[place] = replace(
            known, end=max(ends, default=None), text=f"{known.text}; {event.text}"[:400],
            evidence=known.evidence[:1], doubtful=known.doubtful and event.doubtful, count=known.count + event.count,
        )  # fmt: skip
    return [
        replace(event, label=f"× {event.count}") if event.count > 1 else replace(event, label="")
        for event in found.values()
    ]


def _composed(drawn: Sequence[Drawn], scale: _Scale) -> Picture:
    bands, top = [], float(_AXIS + _BETWEEN)
    sorts: tuple[Sort, ...] = ("phase", "paper", "deadline")
    for sort in sorts:
        own = [one for one in drawn if one.event.sort == sort]
        if not own:
            continue
        lanes = max(one.lane for one in own) + 1
        height = float(_HEAD + lanes * _LANE)
        placed = tuple(replace(one, y=top + _HEAD + one.lane * _LANE) for one in own)
        bands.append(Band(sort, top, height, placed))
        top += height + _BETWEEN
    return Picture(scale.width, top, tuple(_ticks(scale)), tuple(bands))


def _ticks(scale: _Scale) -> Iterator[Tick]:
    """Yield the finest lines of days, months or years that leave room for what is written beside them."""
    first, end = scale.days
    pixels = (scale.width - 2 * _EDGE) / (end - first)
    last = 0.0
    for day, label in _steps(first, end, pixels):
        x = scale.x(day)
        if x + _width(label) + 4 <= scale.width and x >= last:
            yield Tick(x, label)
            last = x + _width(label) + _GAP


def _steps(first: int, end: int, pixels: float) -> Iterator[tuple[int, str]]:
    for step in (1, 7):
        if step * pixels >= _TICK + 16:
            start = first if step == 1 else first + (1 - first) % 7
            yield from ((day, date.fromordinal(day).isoformat()) for day in range(start, min(end, _LAST + 1), step))
            return
    begun, until = date.fromordinal(first), date.fromordinal(min(end - 1, _LAST))
    months = range(begun.year * 12 + begun.month - 1, until.year * 12 + until.month)
    for step in (1, 3, 6):
        if step * 30 * pixels >= _TICK:
            for month in months:
                if month % step == 0 and (day := date(month // 12, month % 12 + 1, 1)).toordinal() >= first:
                    yield day.toordinal(), day.isoformat()[:7]
            return
    step = next((step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500) if step * 365 * pixels >= _TICK), 1000)
    for year in range(begun.year, until.year + 1):
        if year % step == 0 and (day := date(year, 1, 1)).toordinal() >= first:
            yield day.toordinal(), f"{year:04}"


def _shortened(text: str) -> str:
    """Return as much of the text as a label shows."""
    text = " ".join(text.split())
    if _width(text) <= _LONGEST:
        return text
    kept = text
    while kept and _width(kept + "…") > _LONGEST:
        kept = kept[:-1]
    return kept + "…"


def _width(text: str) -> float:
    """Return at least how wide the text is when written, in pixels."""
    return round(sum(_WIDE if east_asian_width(char) in "WFA" else _OTHER for char in text), 2)
