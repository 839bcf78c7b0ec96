"""Little plans as text, and what a records manager would take from them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import yaml

from archivist.describe import plans as plan
from archivist.describe.ink import Flow
from archivist.model import Field, Page, Value
from tests.describe import paper


class Plan(NamedTuple):
    """A paper, head, body and signature divided by lines of ==, and its values, the parts in the order of design.md."""

    text: str
    members: Sequence[tuple[Value, ...]] = ()
    phases: Sequence[tuple[Value, ...]] = ()
    indicators: Sequence[tuple[Value, ...]] = ()
    deadlines: Sequence[tuple[Value, ...]] = ()


def read(pages: str | Sequence[Page], *, spaces: bool = True, width: int | None = None) -> list[Field]:
    """Return the fields of the plan on `pages`, or of a text with its parts divided by lines of ==.

    With `width` the paragraphs of the text run over lines of so many characters, on pages of twelve lines.
    """
    if not isinstance(pages, str):
        return [field for field in plan.fields(Flow(pages, furniture=False), 0) if field]
    parts = [part.strip("\n").split("\n") if part.strip() else [] for part in pages.split("==\n")]
    head, body, closing = [*parts, [], []][:3] if len(parts) > 1 else ([], parts[0], [])
    body = [row for line in body for row in _wrapped(line, width)] if width else body
    rows = [line for line in [*head, *body, *closing] if line.strip()]
    size = 12 if width else max(len(rows), 1)
    sheets = [paper.page("\n".join(rows[at : at + size]), spaces=spaces) for at in range(0, len(rows), size)]
    flow = Flow([replace(sheet, number=number) for number, sheet in enumerate(sheets, 1)], furniture=False)
    start = len(head)
    signed = range(start + len([line for line in body if line.strip()]), len(flow.lines)) if closing else ()
    return [field for field in plan.fields(flow, start, signed) if field]


def _wrapped(line: str, width: int) -> list[str]:
    """Return a paragraph as its lines; a row of columns is one line."""
    if "　" in line.strip():
        return [line]
    line = line if line.startswith("　") else f"　　{line}"
    return [line[at : at + width] for at in range(0, len(line), width)]


def values(found: Sequence[Field], name: str) -> list[tuple[Value, ...]]:
    """Return the values called `name`, as tuples of their parts."""
    return [tuple(field.value.values()) for field in found if field.name == name and isinstance(field.value, dict)]


def _papers() -> dict[str, Plan]:
    entries = yaml.safe_load(Path(__file__).with_name("plans.yaml").read_text("utf-8"))
    return {
        name: Plan(entry.pop("text"), **{kind: [tuple(row) for row in rows] for kind, rows in entry.items()})
        for name, entry in entries.items()
    }


PAPERS = _papers()
