"""Fields, campaign links and boundaries as rows, and back, exactly as they were."""

import json
from typing import Any

from sqlalchemy import Row

from archivist.model import Boundary, Box, CampaignLink, Decided, Evidence, Field, Item, Witness


def field_rows(item: Item) -> list[dict[str, Any]]:
    """Return the rows of the table `fields` for what the documents of `item` say."""
    return [
        {
            "item": item.id,
            "document": place,
            "position": position,
            "name": field.name,
            "value": json.dumps(field.value),
            "raw": field.raw,
            "page": field.evidence.page,
            "span_start": field.evidence.start,
            "span_end": field.evidence.end,
            "box": json.dumps(field.evidence.box),
            "text": field.evidence.text,
            "confidence": field.confidence,
            "method": field.method,
            "status": field.status,
            "witnesses": json.dumps([[w.method, w.value, w.raw, w.page, w.box, w.confidence] for w in field.witnesses]),
            "authority": field.authority,
            "decided": _json(field.decided),
        }
        for place, document in enumerate(item.documents)
        for position, field in enumerate(document.fields)
    ]


def field_of(row: Row[Any]) -> Field:
    """Return the field that a row of the table `fields` holds."""
    evidence = Evidence(row.page, row.span_start, row.span_end, Box(*json.loads(row.box)), row.text)
    heard = tuple(
        Witness(method, value, raw, page, Box(*box), sure)
        for method, value, raw, page, box, sure in json.loads(row.witnesses)
    )
    value, decided = json.loads(row.value), _decided(row.decided)
    return Field(
        row.name, value, row.raw, evidence, row.confidence, row.method, row.status, heard, row.authority, decided
    )


def link_rows(item: Item) -> list[dict[str, Any]]:
    """Return the rows of the table `campaign_links` for the campaigns of `item`."""
    return [
        {
            "item": item.id,
            "position": position,
            "campaign": link.id,
            "name": link.name,
            "confidence": link.confidence,
            "evidence": json.dumps([[e.page, e.start, e.end, e.box, e.text] for e in link.evidence]),
            "role": link.role,
            "status": link.status,
            "decided": _json(link.decided),
        }
        for position, link in enumerate(item.campaigns)
    ]


def link_of(row: Row[Any]) -> CampaignLink:
    """Return the link that a row of the tables `campaign_links` and `campaigns` (its key) holds."""
    ink = tuple(Evidence(page, a, b, Box(*box), text) for page, a, b, box, text in json.loads(row.evidence))
    decided = _decided(row.decided)
    return CampaignLink(row.key, row.name, row.confidence, ink, row.role, row.status, decided)


def boundaries_text(item: Item) -> str:
    """Return what the column `boundaries` of the table `items` holds for `item`."""
    return json.dumps([[b.page, b.reasons, b.confidence, b.decided] for b in item.boundaries])


def boundaries_of(text: str) -> tuple[Boundary, ...]:
    """Return the boundaries that `boundaries_text` made `text` of."""
    return tuple(
        Boundary(page, tuple(reasons), sure, Decided(*decided) if decided else None)
        for page, reasons, sure, decided in json.loads(text)
    )


def _json(decided: Decided | None) -> str | None:
    return json.dumps(decided) if decided else None


def _decided(text: str | None) -> Decided | None:
    return Decided(*json.loads(text)) if text else None
