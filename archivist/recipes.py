"""What decides how a stage works: its code, what it was taught, its programs and settings, under one digest.

Code counts as what it does: comments, docstrings and the look of the source change nothing, nor does what no part of
the stage uses. So a page is read again where reading could give something else, and not where another stage changed.
"""

import ast
import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from archivist import __version__, definitions

_PACKAGE = Path(__file__).parent
#: The rooms in which a stage works, and by which names it is entered elsewhere.
_ROOMS = {
    "reading": (("image", "ocr", "leaf.py"), {"reading": ("read_scan", "readers")}),
    "describing": (("describe", "campaigns", "entry.py"), {}),
}
#: Rooms that carry what the stages make, or tell of it, and change nothing in it.
_BYSTANDERS = frozenset({"", "catalog", "definitions", "errors", "language", "limits", "settings", "store"})
#: What turns bytes into pixels and text; the first engine that is installed runs the networks.
_PROGRAMS = ("rapidocr", "opencv-python", "pillow", "pypdfium2", "pdfplumber", "opencc")
_ENGINES = ("openvino", "onnxruntime")
_DEFINITION = re.compile(r"(?:schemas|index)/[\w./-]+")
#: Parts of a syntax tree that say nothing of what the code does, or that only some versions of Python write.
_SILENT = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides how a stage works: `says` spells it out as JSON."""

    stage: str
    says: str

    @property
    def digest(self) -> str:
        """The SHA-256 it is known by, as hexadecimal digits."""
        return sha256(f"{self.stage}\n{self.says}".encode()).hexdigest()


@cache
def reading(second_reader: bool) -> Recipe:
    """Return what decides what is read on a page; `second_reader` is whether Tesseract is asked in doubt."""
    engine = next((name for name in _ENGINES if _version(name) != "-"), _ENGINES[0])
    programs = {name: _version(name) for name in (engine, *_PROGRAMS)}
    if second_reader:
        programs |= {"pytesseract": _version("pytesseract"), **_tesseract()}
    return _recipe("reading", programs, {"second_reader": "doubtful" if second_reader else "never"})


@cache
def describing() -> Recipe:
    """Return what decides what is made of the text of the pages of an item."""
    return _recipe("describing", {"opencc": _version("opencc")}, {})


def _recipe(stage: str, programs: Mapping[str, str], settings: Mapping[str, str]) -> Recipe:
    try:
        code, named = _code(stage)
    except OSError:
        # Installed without its sources: the version answers for the code, and any definition may be the stage's.
        code, named = f"archivist {__version__}", ["index", "schemas"]
    taught = {name: digest for place in named for name, digest in _taught(definitions.path(place), place)}
    for room in _ROOMS[stage][0]:
        taught |= dict(_taught(_PACKAGE / room, room))
    says = {"code": code, "programs": programs, "settings": settings, "taught": taught}
    return Recipe(stage, json.dumps(says, sort_keys=True))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"


def _tesseract() -> dict[str, str]:
    """Return the version of the program and the digest of its Chinese models."""
    try:
        said = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=False).stdout
        listed = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return {"tesseract": "-"}
    folder = re.search('"(.+)"', listed)
    models = sorted(Path(folder[1]).glob("chi_*.traineddata")) if folder else []
    found = {model.name: sha256(model.read_bytes()).hexdigest() for model in models}
    return {"tesseract": " ".join(said.split()[:2]), **found}


def _taught(place: Path, name: str) -> Iterator[tuple[str, str]]:
    """Yield name and digest of what lies at `place` and is no code; of a definition the digest of what it says."""
    if place.is_dir():
        for inside in sorted(place.iterdir()):
            if inside.name != "__pycache__":
                yield from _taught(inside, f"{name}/{inside.name}")
    elif place.suffix in (".yaml", ".json") and _DEFINITION.fullmatch(name):
        # In the order of the file: rules are tried one after the other.
        yield name, sha256(json.dumps(definitions.load(name), default=str).encode()).hexdigest()
    elif place.suffix not in (".py", ".pyc"):
        yield name, sha256(place.read_bytes()).hexdigest()


def _code(stage: str) -> tuple[str, list[str]]:
    """Return the digest of the code of a stage, and the definitions that it names; OSError without sources."""
    rooms, entrances = _ROOMS[stage]
    # For this once: the trees are large.
    parsed = cache(_body)
    parts = {_module(path): parsed(path) for room in rooms for path in _sources(_PACKAGE / room)}
    whole = frozenset(parts)
    wanted = [(module, name) for module, names in entrances.items() for name in names]
    wanted += [(module, name) for body in parts.values() for module, name, _here in _imported(body)]
    seen: set[tuple[str, str]] = set()
    while wanted:
        module, name = wanted.pop()
        if (module, name) in seen or module in whole or module.partition(".")[0] in _BYSTANDERS:
            continue
        seen.add((module, name))
        body = parsed(_file(module))
        imported = list(_imported(body))
        wanted += [(room, other) for room, other, here in imported if here == name]
        for node in _defining(body, name):
            parts[module] = [*parts.get(module, ()), node]
            used = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
            wanted += [(module, other) for other in used]
            wanted += [(room, other) for room, other, here in imported if here in used]
    written: list[str] = []
    for module in sorted(parts):
        written.append(module)
        for node in sorted(set(parts[module]), key=lambda node: node.lineno):
            _write(node, written)
    texts = (text[1:-1] for text in written if text.startswith(("'schemas/", "'index/")))
    named = {text for text in texts if _DEFINITION.fullmatch(text)}
    return sha256("\n".join(written).encode()).hexdigest(), sorted(named)


def _sources(place: Path) -> Sequence[Path]:
    found = sorted(place.rglob("*.py")) if place.is_dir() else [place]
    if not found:
        raise FileNotFoundError(place)
    return found


def _module(path: Path) -> str:
    parts = path.relative_to(_PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _file(module: str) -> Path:
    place = _PACKAGE.joinpath(*module.split("."))
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


def _body(path: Path) -> list[ast.stmt]:
    return ast.parse(path.read_bytes()).body


def _imported(body: Iterable[ast.AST]) -> Iterator[tuple[str, str, str]]:
    """Yield module, name and the name here of what is imported from this package, inside of functions as well.

    A whole module that is imported has the name `*` in it.
    """
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "archivist":
            room = node.module.partition(".")[2]
            for alias in node.names:
                inside = f"{room}.{alias.name}".lstrip(".")
                place = (inside, "*") if _file(inside).exists() else (room, alias.name)
                yield *place, alias.asname or alias.name
        for block in _BLOCKS:
            waiting += getattr(node, block, ())


def _defining(body: Iterable[ast.stmt], name: str) -> Iterator[ast.stmt]:
    """Yield the statements that make `name` what it is, all of them for `*`."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            names = {node.name}
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)}
        else:
            continue
        if name in ("*", *names):
            yield node


def _write(node: ast.AST, to: list[str]) -> None:
    """Write down what a syntax tree says, the same in every version of Python."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        # A docstring, or the body of what has none.
        return
    if isinstance(node, ast.Constant):
        to.append(ascii(node.value))
        return
    to.append(type(node).__name__)
    for field in node._fields:
        value = getattr(node, field, None)
        if value is None or value == [] or field in _SILENT:
            continue
        to.append(field)
        for part in value if isinstance(value, list) else (value,):
            if isinstance(part, ast.AST):
                _write(part, to)
            else:
                to.append(ascii(part))
    to.append(")")
