"""The definition of the index, `index/fields.yaml`, as the engines use it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from typing import Literal
from unicodedata import unidata_version

from archivist import definitions


@dataclass(frozen=True, slots=True)
class IndexField:
    """How a field is analysed, and what a match in it counts."""

    analysis: Literal["substring", "number", "year"]
    weight: float


@dataclass(frozen=True, slots=True)
class IndexDefinition:
    """All fields by name, the extra for the same script, and a mark: an index with another is of no use."""

    fields: Mapping[str, IndexField]
    same_script: float
    mark: str

    def named(self, analysis: str) -> tuple[str, ...]:
        """Return the names of the fields with this analysis, in the order of the definition."""
        return tuple(name for name, field in self.fields.items() if field.analysis == analysis)

    def by_weight(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the names of fields, each once, heaviest first."""
        return tuple(sorted(set(names), key=lambda name: (-self.fields[name].weight, name)))


@cache
def definition() -> IndexDefinition:
    """Return what `index/fields.yaml` says, read once."""
    said = definitions.load("index/fields.yaml")
    # Weights only matter when searching; analysis, folding and its tables are frozen into an index.
    frozen = "\n".join(
        (
            *(f"{name} {field['analysis']}" for name, field in said["fields"].items()),
            definitions.path("index/variants.yaml").read_text("utf-8"),
            version("opencc"),
            unidata_version,
        )
    )
    return IndexDefinition(
        {name: IndexField(**field) for name, field in said["fields"].items()},
        said["same_script"],
        sha256(frozen.encode()).hexdigest()[:16],
    )
