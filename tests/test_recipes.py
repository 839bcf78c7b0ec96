"""A page is read again where reading it could give something else, and nowhere else; so it is for describing."""

import ast
import importlib.util
import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from archivist import recipes

ROOT = Path(__file__).parent.parent


class Tree:
    """A copy of the program, to be changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for part in ("archivist", "schemas", "index"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "locale"))

    def digests(self) -> tuple[str, str]:
        """Return the digests of reading and describing as this copy works them out."""
        module = self._load("recipes")
        module.definitions = self._load("definitions")
        return module.reading(True).digest, module.describing().digest

    def change(self, file: str, before: str, after: str) -> None:
        path = self._folder / file
        source = path.read_text("utf-8")
        assert source.count(before) >= 1, f"{file} does not say {before}"
        path.write_text(source.replace(before, after, 1), "utf-8")

    def add(self, file: str, text: str) -> None:
        path = self._folder / file
        path.write_text((path.read_text("utf-8") if path.exists() else "") + text, "utf-8")

    def remove(self, pattern: str) -> None:
        for path in (self._folder / "archivist").rglob(pattern):
            path.unlink()

    def _load(self, name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"copy_of_{name}", self._folder / "archivist" / f"{name}.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        # Frozen dataclasses look for their module here.
        recipes.sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module
