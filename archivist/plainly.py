"""What is found, what waits and how the archive stands, as plain values for programs: --json and the JSON interface."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from archivist.archive import Answer, Found
    from archivist.catalog import PoorPage, Waiting
    from archivist.model import Boundary, CampaignLink, Failure, Field, Item
    from archivist.search.finding import Series
    from archivist.search.passages import Passage
    from archivist.state import State


def answer(text: str, found: "Answer") -> dict[str, Any]:
    """Return one page of the answer to the query `text`."""
    return {
        "query": text,
        "total": found.total,
        "exact": found.exact,
        "meant": list(found.meant),
        "facets": {name: [list(value) for value in values] for name, values in found.facets.items()},
        "hits": [_hit(one) for one in found.found],
    }


def alike(name: str, items: "Iterable[Item]") -> dict[str, Any]:
    """Return the items that are like the one called `name`."""
    hits = [{"item": item.id, "title": item.title, "reference_code": item.reference_code} for item in items]
    return {"like": name, "hits": hits}


def series(found: "Series") -> dict[str, Any]:
    """Return which numbers of a series are held, missing and cited only."""
    return {
        "agency_code": found.code,
        "year": found.year,
        "held": list(found.held),
        "more_than_once": [number for number, items in found.held.items() if items > 1],
        "missing": list(found.missing),
        "cited": [number for number in found.cited if number not in found.held],
    }


def waiting(one: "Waiting") -> dict[str, Any]:
    """Return a value, a campaign link or the beginning of an item that waits for a person."""
    said: dict[str, Any] = {"sort": one.sort, "handle": one.handle, "item": one.item_id, "title": one.title}
    said["confidence"] = round(one.what.confidence, 4)
    if one.sort == "value":
        field = cast("Field", one.what)
        said |= {"document": one.document_kind, "field": field.name, "value": field.value, "raw": field.raw}
        said |= {"page": field.evidence.page, "box": [round(side) for side in field.evidence.box]}
        said["witnesses"] = [{"method": w.method, "value": w.value, "page": w.page} for w in field.witnesses]
    elif one.sort == "link":
        said["campaign"] = cast("CampaignLink", one.what).name
    else:
        boundary = cast("Boundary", one.what)
        said |= {"page": boundary.page, "reasons": list(boundary.reasons)}
    return said


def poor(page: "PoorPage") -> dict[str, Any]:
    """Return a page that hardly reads."""
    said = {"sort": "page", "item": page.item_id, "page": page.number, "scan": page.scan}
    return said | {"confidence": round(page.confidence, 4)}


def standing(state: "State") -> dict[str, Any]:
    """Return how the archive stands."""
    counts, run = state.counts, state.run
    said: dict[str, Any] = {"items": counts.items, "pages": counts.pages, "campaigns": counts.campaigns}
    said["waiting"] = {"values": counts.waiting, "pages": counts.hardly_read}
    said["index"] = asdict(state.index)
    said["run"] = None
    if run:
        left = None if run.minutes_left is None else round(run.minutes_left * 60)
        said["run"] = {**asdict(run), "pages_a_minute": round(run.pace, 1), "seconds_left": left}
    said["runs"] = [asdict(one) for one in state.runs]
    return said


def failures(found: "Sequence[tuple[Failure, str]]") -> list[dict[str, Any]]:
    """Return the scans that failed, and when."""
    return [{**asdict(failure), "at": at} for failure, at in found]


def _hit(found: "Found") -> dict[str, Any]:
    return {
        "item": found.item.id,
        "title": found.item.title,
        "reference_code": found.item.reference_code,
        "score": found.score,
        "exact": found.exact,
        "why": list(found.why),
        "passages": [_passage(passage) for passage in found.passages],
    }


def _passage(passage: "Passage") -> dict[str, Any]:
    return {
        "page": passage.page,
        "snippet": passage.snippet,
        "marks": [list(mark) for mark in passage.marks],
        "misread": [list(mark) for mark in passage.misread],
        "boxes": [[round(side) for side in box] for box in passage.boxes],
    }
