"""What happens to an archive, as its ledger keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from archivist import __version__
from archivist.model import Value

Outcome: TypeAlias = Literal["success", "warning", "failure"]
#: The agent of whatever no person did.
SOFTWARE = f"archivist {__version__}"
#: What an event is about where it is about no single thing.
ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Event:
    """That something was done, in terms of PREMIS 3; `type` is one of schemas/events.yaml, `agent` who did it.

    `object` is what it was done to: `scan:<sha256>`, `page:<sha256>:<index>`, `item:<id>`, `source:<path>` where what
    lay there could not be kept, `campaign:<key>`, `agency:<key>`, or `archive`. `detail` says the rest in plain values;
    its `act`, where it has one, says more exactly what was done, in a word of schemas/events.yaml.
    """

    type: str
    object: str
    detail: Mapping[str, Value] = field(default_factory=dict)
    outcome: Outcome = "success"
    agent: str = SOFTWARE


def of_scan(sha256: str) -> str:
    """Return what an event about the scan with this digest names as its object."""
    return f"scan:{sha256}"


def of_page(sha256: str, index: int | str) -> str:
    """Return what an event about page `index` (from 0) of a scan names as its object."""
    return f"page:{sha256}:{index}"


def of_item(name: str) -> str:
    """Return what an event about the item with this identifier names as its object."""
    return f"item:{name}"


def of_source(source: str) -> str:
    """Return what an event about what lies at `source`, and could not be kept, names as its object."""
    return f"source:{source}"
