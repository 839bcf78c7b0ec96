"""The timeline of a campaign: nothing that must be read lies on something else, and all of it is on the picture."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as some

from archivist.web.timeline import Event, Picture, events_of, picture, span_of

KINDS = ("decision", "plan", "notice", "slip", "table", "report", "other", "received")
dates = some.dates(date(1, 1, 1), date(9999, 12, 31)).flatmap(
    lambda day: some.sampled_from([day.isoformat(), day.isoformat()[:7], day.isoformat()[:4]])
)
near = some.integers(0, 400).map(lambda days: (date(1995, 6, 9) + timedelta(days)).isoformat())
texts = some.text(max_size=40) | some.text("关于创建全国科技工作先进市的决定", max_size=60)


def event(sort: str, kind: str, begin: str | None, end: str | None, text: str) -> Event:
    return Event(sort, kind, begin, end, text, text, ({"item": "a", "page": 1, "box": [1, 2, 3, 4], "raw": "字"},))  # type: ignore[arg-type]


papers = some.builds(
    lambda kind, when, text: event("paper", kind, when, when, text), some.sampled_from(KINDS), dates | near, texts
)
due = some.builds(lambda when, text: event("deadline", "deadline", when, when, text), dates | near, texts)
phases = some.builds(
    lambda ends, text: event("phase", "phase", ends[0], ends[1], text),
    some.tuples(dates | near, dates | near | some.none()) | some.tuples(some.none(), near),
    texts,
)
many = some.lists(papers | due | phases, max_size=60)


def rooms(drawn: Picture) -> dict[tuple[str, int], list[tuple[float, float]]]:
    found: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for band in drawn.bands:
        for one in band.drawn:
            found.setdefault((band.sort, one.lane), []).append(one.room)
    return found


@settings(deadline=None)
@given(many)
@example([event("paper", "plan", "9999-12-31", "9999-12-31", "末"), event("paper", "plan", "0001", "0001", "初")])
@example([event("paper", "notice", "1995-06-09", "1995-06-09", "关于" * 20)] * 300)
@example(
    [
        event("deadline", "deadline", f"19{50 + n % 50}-0{1 + n % 9}", f"19{50 + n % 50}-0{1 + n % 9}", "限期")
        for n in range(999)
    ]
)
def test_no_two_of_a_lane_touch_and_all_lies_inside(events: list[Event]) -> None:
    drawn = picture(events)
    if drawn is None:
        assert not events
        return
    for taken in rooms(drawn).values():
        assert all(before[1] <= after[0] for before, after in pairwise(sorted(taken)))
        assert all(0 <= left < right <= drawn.width for left, right in taken)
    tops = [(band.top, band.top + band.height) for band in drawn.bands]
    assert all(before[1] <= after[0] for before, after in pairwise(tops))
    for band in drawn.bands:
        assert all(band.top < one.y < one.y + 18 <= band.top + band.height <= drawn.height for one in band.drawn)
        assert all(one.left <= one.core[0] <= one.core[1] <= one.right for one in band.drawn if one.core)
    assert sum(one.event.count for band in drawn.bands for one in band.drawn) == len(events)
    ticks = [tick.x for tick in drawn.ticks]
    assert ticks == sorted(ticks) and all(0 <= x <= drawn.width for x in ticks)
    assert len({tick.label for tick in drawn.ticks}) == len(drawn.ticks)


def test_a_picture_stays_of_a_size_that_can_be_looked_at() -> None:
    crowd = [event("paper", "notice", "1995-06-09", "1995-06-09", f"通知{number}") for number in range(5000)]
    drawn = picture([*crowd, event("paper", "plan", "1961", "1961", "规划")])
    assert drawn is not None and drawn.height < 800
    assert {one.event.count for one in drawn.bands[0].drawn} == {5000, 1}


def test_a_date_known_to_the_month_is_a_span_and_one_known_to_the_day_is_certain() -> None:
    drawn = picture([
        event("paper", "plan", "1995-03", "1995-03", "三月"),
        event("paper", "plan", "1995-09-24", "1995-09-24", "九月"),
        event("phase", "phase", "1995-04", "1995-08-31", "阶段"),
    ])  # fmt: skip
    assert drawn is not None
    phase, papers = (band.drawn for band in drawn.bands)
    month, day = papers
    assert month.core is None and day.core == (day.left, day.right)
    assert month.right - month.left > 100
    # The phase begins on some day of April: only from its last day on is it certain.
    assert phase[0].core is not None
    assert phase[0].left < phase[0].core[0] < phase[0].core[1] == phase[0].right


def test_scales_reach_from_days_to_centuries() -> None:
    def labels(first: str, last: str) -> list[str]:
        drawn = picture([event("paper", "plan", when, when, "字") for when in (first, last)])
        assert drawn is not None
        return [tick.label for tick in drawn.ticks]

    assert labels("1995-06-05", "1995-06-30")[0] == "1995-06-05"
    assert labels("1995-06-09", "1995-11-30")[:2] == ["1995-07", "1995-08"]
    assert "1996" in labels("1995-06-09", "2004-01-01") or "1996-01" in labels("1995-06-09", "2004-01-01")
    assert labels("1951", "2016-05")[-1] == "2015"
    assert 3 < len(labels("1095", "2016")) < 20


def test_dates_that_are_none_are_left_out() -> None:
    assert span_of("1995-13-01") == span_of("1995")
    assert span_of("1995-02-31") == span_of("1995-02")
    assert span_of("0000-01-01") is span_of("") is span_of(None) is span_of("九五年") is None
    assert picture([]) is None


def test_the_same_said_by_several_papers_is_one_event() -> None:
    def proof(item: str) -> list[dict[str, Any]]:
        return [{"item": item, "page": 1, "box": [0, 0, 9, 9], "raw": "字"}]

    def paper(name: str, when: str | None) -> dict[str, Any]:
        said = {"title": "通知", "role": "notice", "date": when, "number": None, "status": "accepted"}
        return {"id": name, "evidence": proof(name), **said}

    due = [
        {"event": "deadline", "date": "1995-12", "text": "上报", "item": name, "evidence": proof(name)} for name in "ab"
    ]
    received = {"event": "received", "date": "1995-09-24", "text": "通知", "item": "a", "evidence": proof("a")}
    phase = {"value": {"name": "总结", "start": None, "end": None}, "status": "review", "evidence": proof("a")}
    found = events_of({
        "items": [paper("a", "1995-06-09"), paper("b", None)], "timeline": [*due, received], "phases": [phase],
    })  # fmt: skip
    assert [(one.kind, one.when, len(one.evidence)) for one in found] == [
        ("notice", "1995-06-09", 1), ("received", "1995-09-24", 1), ("deadline", "1995-12", 2),
    ]  # fmt: skip
