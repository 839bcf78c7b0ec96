"""A page is read again where reading it could give something else, and nowhere else; so it is for describing."""

import ast
import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest

from archivist import __version__, recipes
from archivist.recipes import Recipe

ROOT = Path(__file__).parent.parent


class Tree:
    """A copy of the program in `folder`, to be changed."""

    def __init__(self, folder: Path, original: Path = ROOT) -> None:
        self.folder = folder
        for part in ("archivist", "schemas", "index"):
            shutil.copytree(original / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "locale"))

    def recipes(self) -> tuple[Recipe, Recipe]:
        """Return how this copy says that it reads and describes."""
        own = {}
        for name in ("definitions", "recipes"):
            spec = importlib.util.spec_from_file_location(f"copied_{name}", self.folder / "archivist" / f"{name}.py")
            assert spec and spec.loader
            own[name] = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(own[name])
        own["recipes"].definitions = own["definitions"]  # type: ignore[attr-defined]
        return own["recipes"].reading(False), own["recipes"].describing()

    def change(self, file: str, before: str, after: str) -> None:
        path = self.folder / file
        text = path.read_text("utf-8")
        assert before in text, f"{file} does not say {before}"
        path.write_text(text.replace(before, after, 1), "utf-8")

    def add(self, file: str, text: str) -> None:
        with (self.folder / file).open("a", encoding="utf-8") as stream:
            stream.write(text)


@pytest.fixture(scope="module", autouse=True)
def parsed_once() -> Iterator[None]:
    """Most files of a copy are those of the one before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ast, "parse", cache(ast.parse))
        yield


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return Tree(tmp_path_factory.mktemp("original"))


@pytest.fixture(scope="module")
def before(original: Tree) -> tuple[str, str]:
    reading, describing = original.recipes()
    return reading.digest, describing.digest


@pytest.fixture
def tree(tmp_path: Path, original: Tree) -> Tree:
    return Tree(tmp_path, original.folder)


def changed(tree: Tree, before: tuple[str, str]) -> list[str]:
    reading, describing = (recipe.digest for recipe in tree.recipes())
    return [
        name
        for name, new, old in (("reading", reading, before[0]), ("describing", describing, before[1]))
        if new != old
    ]


def test_words_and_looks_and_other_stages_make_no_difference(tree: Tree, before: tuple[str, str]) -> None:
    tree.change("archivist/ocr/rapid.py", "The first reader", "The reader that is asked first")
    tree.change("archivist/ocr/rapid.py", '"""Return every line found', '"""Return all lines found')
    tree.change("archivist/ocr/rapid.py", "_LEAST_BOX = 0.3\n", "_LEAST_BOX = (  # as it was\n    0.3\n)\n\n")
    tree.change("archivist/model.py", "class Failure:", "class Odd:\n    pass\n\n\nclass Failure:")
    tree.change("archivist/reading.py", "the original is kept", "the original stays")
    tree.add("archivist/store.py", "ODD = 1\n")
    tree.add("archivist/export/csv.py", "ODD = 1\n")
    tree.add("archivist/search/third.py", "ODD = 1\n")
    tree.add("index/lookalikes.yaml", "\n# A remark.\n")
    tree.add("index/fields.yaml", "\nodd: 1\n")
    tree.add("schemas/crosswalk.yaml", "\nodd: 1\n")
    assert changed(tree, before) == []


@pytest.mark.parametrize(
    ("file", "words", "others", "stages"),
    [
        ("ocr/rapid.py", "_LEAST_BOX = 0.3", "_LEAST_BOX = 0.31", ["reading"]),
        ("leaf.py", "\ndef read_leaf(", "\nODD = 1\n\n\ndef read_leaf(", ["reading"]),
        ("reading.py", "_AROUND = 12", "_AROUND = 13", ["reading"]),
        ("likeness/look.py", "def look(", "def look(_odd=0, *, ", ["reading"]),
        ("describe/__init__.py", "_MADE_UP_LENGTH = 40", "_MADE_UP_LENGTH = 41", ["describing"]),
        ("entry.py", 'f"[{name}]"', 'f"<{name}>"', ["describing"]),
        ("model.py", "confidence: float\n", "confidence: int\n", ["reading", "describing"]),
        ("model.py", 'role: Role = "other"', 'role: Role = "plan"', ["describing"]),
        ("text.py", 'normalize("NFKC", c)', 'normalize("NFC", c)', ["reading", "describing"]),
        ("text.py", '.encode("utf-8", "replace")', '.encode("utf-8", "ignore")', ["describing"]),
    ],
)
def test_a_change_of_the_code_counts_where_it_could_make_a_difference(
    tree: Tree, before: tuple[str, str], file: str, words: str, others: str, stages: list[str]
) -> None:
    tree.change(f"archivist/{file}", words, others)
    assert changed(tree, before) == stages


@pytest.mark.parametrize(
    ("file", "text", "stages"),
    [
        ("index/calibration.yaml", "\nodd: 1\n", ["reading"]),
        ("index/lookalikes.yaml", "\nodd: 1\n", ["reading", "describing"]),
        ("schemas/slips.yaml", "\nodd: 1\n", ["describing"]),
        ("schemas/forms/third.yaml", "name: 拟办单\n", ["describing"]),
        ("archivist/ocr/hand.npz", "taught more", ["reading"]),
        ("archivist/ocr/third.py", "ODD = 1\n", ["reading"]),
        ("archivist/campaigns/third.py", "ODD = 1\n", ["describing"]),
    ],
)
def test_what_a_stage_is_taught_and_what_is_new_counts_as_well(
    tree: Tree, before: tuple[str, str], file: str, text: str, stages: list[str]
) -> None:
    tree.add(file, text)
    assert changed(tree, before) == stages


def test_without_its_sources_the_version_answers_and_definitions_count_all_the_same(tree: Tree) -> None:
    for room in ("ocr", "describe"):
        for path in (tree.folder / "archivist" / room).rglob("*.py"):
            path.unlink()
    reading, describing = tree.recipes()
    for recipe in (reading, describing):
        assert json.loads(recipe.says)["code"] == f"archivist {__version__}"
    tree.add("schemas/slips.yaml", "\nodd: 1\n")
    assert tree.recipes()[1] != describing


def test_a_recipe_spells_out_what_it_is_made_of() -> None:
    says = json.loads(recipes.reading(True).says)
    assert says["programs"]["rapidocr"] == version("rapidocr")
    assert says["settings"] == {"second_reader": "doubtful"}
    assert {"ocr/hand.npz", "index/lookalikes.yaml"} <= set(says["taught"])
    assert recipes.reading(True).digest != recipes.reading(False).digest


def test_another_tesseract_or_another_model_of_it_counts_where_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, model = tmp_path / "tesseract", tmp_path / "chi_sim.traineddata"
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    alone = json.loads(recipes.reading(False).says)["programs"]
    found = []
    for number, taught in (("5.3.0", b"much"), ("5.5.0", b"much"), ("5.5.0", b"more")):
        listed = f'List of available languages in "{tmp_path}/" (1):'
        program.write_text(f"#!/bin/sh\n[ $1 = --version ] && echo tesseract {number} || echo '{listed}'\n")
        program.chmod(0o755)
        model.write_bytes(taught)
        recipes.reading.cache_clear()
        found.append(recipes.reading(True))
        assert json.loads(recipes.reading(False).says)["programs"] == alone
    assert len({recipe.digest for recipe in found}) == 3
    program.unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    recipes.reading.cache_clear()
    assert json.loads(recipes.reading(True).says)["programs"]["tesseract"] == "-"
    recipes.reading.cache_clear()
