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
    """How a field is analysed, what a match in it counts, and whether plain words are looked for in it."""

    analysis: Literal["substring", "key"]
    points: int
    typed: bool = True


@dataclass(frozen=True, slots=True)
class IndexDefinition:
    """The fields by name, the extra for the same script, what is counted, and a mark that goes with an index."""

    fields: Mapping[str, IndexField]
    same_script: int
    facets: tuple[str, ...]
    mark: str

    @property
    def substrings(self) -> tuple[str, ...]:
        """The fields in which any run of characters is found, in the order of the definition."""
        return tuple(name for name, field in self.fields.items() if field.analysis == "substring")

    @property
    def searched(self) -> tuple[str, ...]:
        """Those of them in which plain words are looked for."""
        return tuple(name for name in self.substrings if self.fields[name].typed)

    @property
    def keyed(self) -> tuple[str, ...]:
        """The fields that are found by whole keys; what is counted has keys as well."""
        named = (name for name, field in self.fields.items() if field.analysis == "key")
        return tuple(dict.fromkeys((*named, *self.facets)))

    def by_points(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the names of fields, each once, those that count most first."""
        return tuple(sorted(set(names), key=lambda name: (-self.fields[name].points, name)))


@cache
def definition() -> IndexDefinition:
    """Return what `index/fields.yaml` says, read once."""
    said = definitions.load("index/fields.yaml")
    # Points only matter when searching; analysis, folding and its tables are frozen into an index.
    frozen = "\n".join(
        (
            *(f"{name} {field['analysis']}" for name, field in said["fields"].items()),
            *said["facets"],
            *(definitions.path(f"index/{name}").read_text("utf-8") for name in ("variants.yaml", "tolerance.yaml")),
            definitions.path("schemas/access.yaml").read_text("utf-8"),
            version("opencc"),
            unidata_version,
        )
    )
    return IndexDefinition(
        {name: IndexField(**field) for name, field in said["fields"].items()},
        said["same_script"],
        tuple(said["facets"]),
        sha256(frozen.encode()).hexdigest()[:16],
    )
