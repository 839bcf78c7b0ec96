"""The definitions that archivists may change: `schemas/` and `index/`, in the package or beside it in a checkout."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_PLACES = (Path(__file__).parent, Path(__file__).parent.parent)


def path(name: str) -> Path:
    """Return where the definition `name` (such as `schemas/genres.yaml`, or a folder of them) lies."""
    return next(place / name for place in _PLACES if (place / name).exists())


@cache
def load(name: str) -> Any:
    """Return what the YAML or JSON file `name` says; read once, so callers must not change it."""
    return yaml.load(path(name).read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
