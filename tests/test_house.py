"""The walls of the house: which room may know of which, and what the front door carries in."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "archivist"
STAGES = {"box", "campaigns", "catalog", "describe", "export", "image", "likeness", "ocr", "search", "store"}
#: Values and definitions every room may use.
COMMON = {
    "access", "alike", "decisions", "definitions", "errors", "events", "files", "handles", "language", "model",
    "recipes", "settings", "text",
}  # fmt: skip


def imports(path: Path) -> Iterator[str]:
    """Yield the rooms of archivist that the module imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        for name in names:
            head, *rest = name.split(".")
            if head == "archivist" and rest:
                yield rest[0]


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_stages_do_not_import_each_other(stage: str) -> None:
    modules = [path for path in PACKAGE.rglob("*.py") if room(path) == stage]
    assert modules
    rooms = {name for name in {*STAGES, *COMMON} if any(room(path) == name for path in PACKAGE.rglob("*.py"))}
    for path in modules:
        others = (set(imports(path)) & rooms) - COMMON - {stage}
        assert not others, f"{path.name} reaches into {others}"


def test_values_know_of_no_room() -> None:
    assert set(imports(PACKAGE / "model.py")) == set()
    assert set(imports(PACKAGE / "errors.py")) == set()


def test_no_room_is_two() -> None:
    assert [path.name for path in PACKAGE.rglob("*.py") if len(path.read_text("utf-8").splitlines()) > 400] == []


def test_no_xml_is_parsed_but_by_what_refuses_entities() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & {"xml", "lxml", "xmltodict"}, path.name


def test_the_command_line_opens_without_carrying_the_heavy_rooms_in() -> None:
    heavy = {"numpy", "cv2", "PIL", "sqlalchemy", "whoosh", "rapidocr", "openvino", "pdfplumber", "opencc", "yaml"}
    script = f"import sys, archivist.cli; print(*(name for name in {heavy} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_wheel_carries_the_definitions_and_works_away_from_the_checkout(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=PACKAGE.parent, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    script = (
        f"import sys; sys.path[:0] = [{str(wheel)!r}]\n"
        "import zipfile; zipfile.ZipFile(sys.path[0]).extractall('.'); sys.path[0] = '.'\n"
        "from archivist import definitions, text\n"
        "assert definitions.path('schemas').parent.name == 'archivist', definitions.path('schemas')\n"
        "print(text.fold('聊發〔1995〕'), definitions.load('schemas/item.schema.json')['$schema'][:5])"
    )
    done = subprocess.run([sys.executable, "-P", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.split() == ["聊发(1995)", "https"], done.stderr
