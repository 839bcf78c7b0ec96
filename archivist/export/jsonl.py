"""One item a line as JSON, for programs; `schemas/item.schema.json` says what stands in it."""

import json
from collections.abc import Iterable, Mapping
from math import ceil, floor
from typing import Any, BinaryIO

from archivist.model import Box, CampaignLink, Document, Field, Item, Page, Scan, Witness

#: What JSON lets stand and what some readers take for the end of a line, or a terminal for an order.
_ESCAPED = {code: f"\\u{code:04x}" for code in (*range(0x7F, 0xA0), 0x2028, 0x2029)}


def write(items: Iterable[Item], stream: BinaryIO) -> int:
    """Write each of `items` as a line of UTF-8 to `stream` and return how many there were."""
    rows = 0
    for item in items:
        line = json.dumps(record(item), ensure_ascii=False, allow_nan=False).translate(_ESCAPED) + "\n"
        # Half a surrogate pair has no UTF-8 form; the escape that stands for it here means the same in JSON.
        stream.write(line.encode("utf-8", "backslashreplace"))
        rows += 1
    return rows


def record(item: Item) -> dict[str, Any]:
    """Return `item` as the export says it: plain values only, boxes in whole pixels of the original scan."""
    scans = {page.number: page.scan for page in item.pages}
    said = {
        "id": item.id,
        "level": item.level,
        "reference_code": item.reference_code,
        # A title that a person stated may hold a line break.
        "title": " ".join(item.title.splitlines()),
        "documents": [_document(document, scans) for document in item.documents],
        "campaigns": [_campaign(link) for link in item.campaigns if link.status != "rejected"],
        "pages": [_page(page) for page in item.pages],
    }
    return said | ({"duplicates": list(item.duplicates)} if item.duplicates else {})


def _document(document: Document, scans: Mapping[int, Scan]) -> dict[str, Any]:
    fields: dict[str, list[dict[str, Any]]] = {}
    for field in document.fields:
        fields.setdefault(field.name, []).append(_field(field, scans))
    return {"kind": document.kind, "form": document.form, "pages": list(document.pages), "fields": fields}


def _field(field: Field, scans: Mapping[int, Scan]) -> dict[str, Any]:
    said: dict[str, Any] = {
        "value": field.value,
        "raw": field.raw,
        "page": field.evidence.page,
        "box": _outward(field.evidence.box, scans[field.evidence.page]),
        "confidence": round(field.confidence, 4),
        "method": field.method,
        "status": field.status,
    }
    if field.witnesses:
        said["witnesses"] = [_witness(witness, scans[witness.page]) for witness in field.witnesses]
    if field.authority:
        said["authority"] = field.authority
    if field.decided:
        said["decided"] = field.decided._asdict()
    return said


def _witness(witness: Witness, scan: Scan) -> dict[str, Any]:
    return {
        "method": witness.method,
        "value": witness.value,
        "raw": witness.raw,
        "page": witness.page,
        "box": _outward(witness.box, scan),
        "confidence": round(witness.confidence, 4),
    }


def _outward(box: Box, scan: Scan) -> list[int]:
    # The scan ends at its edges, whatever the way back from a straightened page says.
    right, bottom = min(ceil(box.right), scan.width), min(ceil(box.bottom), scan.height)
    return [max(edge, 0) for edge in (floor(box.left), floor(box.top), right, bottom)]


def _campaign(link: CampaignLink) -> dict[str, Any]:
    evidence = [{"page": proof.page, "text": proof.text} for proof in link.evidence]
    said: dict[str, Any] = {"id": link.id, "name": link.name, "role": link.role, "status": link.status}
    said |= {"confidence": round(link.confidence, 4), "evidence": evidence}
    return said | ({"decided": link.decided._asdict()} if link.decided else {})


def _page(page: Page) -> dict[str, Any]:
    scan = page.scan
    place: dict[str, Any] = {"name": scan.name, "sha256": scan.sha256, "index": scan.index}
    if scan.area:
        place["area"] = _outward(scan.area, scan)
    return {
        "number": page.number,
        "text": page.text,
        "confidence": round(page.confidence, 4),
        "blank": page.blank,
        "rotation": page.rotation,
        "scan": place,
    }
