"""The engines that are compared, each in a process of its own so that its memory is its own.

As a program: `python -m tests.benchmarks.engines ENGINE OUT PAGE…` is that process for an engine called from Python.
"""

import hashlib
import importlib.util
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from tests.benchmarks.machine import ARCHIVIST, Cost, measured

Glyphs = list[tuple[str, float]]
LANGUAGE = "chi_sim"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read on a scan; seconds, confidence of each character, whether it is blank, where the engine tells."""

    text: str
    seconds: float | None = None
    glyphs: Glyphs | None = None
    blank: bool | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """What an engine read on which page, and what that cost, from the start of the program to its end."""

    readings: dict[Path, Reading]
    cost: Cost


#: What an engine says of a scan: its text and, where it tells, the characters with confidence, and whether it is blank.
Answer = tuple[str, Glyphs | None, bool | None]


def _archivist() -> Callable[[Path], Answer]:
    from archivist.reading import read_scan, readers
    from archivist.settings import cores

    first, second = readers(cores(), True)

    def read(path: Path) -> Answer:
        data = path.read_bytes()
        pages = read_scan(data, path.name, hashlib.sha256(data).hexdigest(), 0, first, second).pages
        glyphs = [(glyph.char, glyph.confidence) for page in pages for glyph in page.glyphs]
        return "\n".join(page.text for page in pages), glyphs, all(page.blank for page in pages)

    return read


def _rapidocr() -> Callable[[Path], Answer]:
    from rapidocr import RapidOCR

    engine = RapidOCR()
    return lambda path: ("\n".join(engine(path).txts or ()), None, None)


def _tesseract() -> Callable[[Path], Answer]:
    import pytesseract
    from PIL import Image

    def read(path: Path) -> Answer:
        with Image.open(path) as image:
            return pytesseract.image_to_string(image, lang=LANGUAGE), None, None

    return read


_FROM_PYTHON: dict[str, Callable[[], Callable[[Path], Answer]]] = {
    "archivist": _archivist,
    "rapidocr": _rapidocr,
    "tesseract": _tesseract,
}


def _worker(engine: str, pages: Sequence[Path], folder: Path) -> Run:
    out = folder / "readings.json"
    cost = measured([sys.executable, "-m", "tests.benchmarks.engines", engine, out, *pages])
    answers = json.loads(out.read_text("utf-8"))
    readings = {}
    for page, said in zip(pages, answers, strict=True):
        if isinstance(said, str):
            print(f"{engine} failed on {page}: {said}")
        else:
            readings[page] = Reading(*said)
    return Run(readings, cost)


def _ingest(pages: Sequence[Path], folder: Path) -> Run:
    """Let archivist take in the pages as a box of one folder an item, with its default workers."""
    homes = list(dict.fromkeys(page.parent for page in pages))
    digests = {}
    for page in pages:
        home = folder / "box" / f"{homes.index(page.parent) + 1:02}-{page.parent.name}"
        home.mkdir(parents=True, exist_ok=True)
        shutil.copy(page, home)
        digests[page] = hashlib.sha256(page.read_bytes()).hexdigest()
    archive = ["--archive", folder / "archive"]
    # Exit code 1: some scans failed. The others count, and the table says how many pages were read.
    cost = measured([ARCHIVIST, "ingest", folder / "box", *archive], accepted=(0, 1))
    out = folder / "items.jsonl"
    measured([ARCHIVIST, "export", "jsonl", "-o", out, *archive])
    texts: dict[str, list[str]] = {}
    for line in out.read_text("utf-8").splitlines():
        for page in json.loads(line)["pages"]:
            texts.setdefault(page["scan"]["sha256"], []).append(page["text"])
    return Run({page: Reading("\n".join(texts[key])) for page, key in digests.items() if key in texts}, cost)


def _ocrmypdf(pages: Sequence[Path], folder: Path) -> Run:
    import img2pdf

    scanned, sidecar = folder / "scanned.pdf", folder / "text.txt"
    scanned.write_bytes(img2pdf.convert([str(page) for page in pages]))
    options = ["-l", LANGUAGE, "--deskew", "--rotate-pages", "--output-type", "pdf", "--jobs", "2"]
    cost = measured([sys.executable, "-m", "ocrmypdf", *options, "--sidecar", sidecar, scanned, folder / "read.pdf"])
    texts = sidecar.read_text("utf-8").removesuffix("\f").split("\f")
    return Run({page: Reading(text) for page, text in zip(pages, texts, strict=True)}, cost)


ENGINES: dict[str, Callable[[Sequence[Path], Path], Run]] = {
    "archivist": lambda pages, folder: _worker("archivist", pages, folder),
    "ingest": _ingest,
    "rapidocr": lambda pages, folder: _worker("rapidocr", pages, folder),
    "tesseract": lambda pages, folder: _worker("tesseract", pages, folder),
    "ocrmypdf": _ocrmypdf,
}
_NEEDS = {
    "archivist": ("archivist", "rapidocr", "pytesseract", "tesseract"),
    "ingest": ("archivist", "rapidocr", "pytesseract", "tesseract"),
    "rapidocr": ("rapidocr", "onnxruntime"),
    "tesseract": ("pytesseract", "tesseract"),
    "ocrmypdf": ("ocrmypdf", "img2pdf", "tesseract"),
}
_INSTALL = {
    "archivist": "pip install -e .",
    "tesseract": "apt install tesseract-ocr tesseract-ocr-chi-sim tesseract-ocr-osd",
}


def missing(engine: str) -> str | None:
    """Return what `engine` lacks and how to install it, None where nothing is missing."""
    lacking = [name for name in _NEEDS[engine] if not (importlib.util.find_spec(name) or shutil.which(name))]
    ways = "; ".join(_INSTALL.get(name, f"pip install {name}") for name in lacking)
    return f"not installed: {', '.join(lacking)} ({ways})" if lacking else None


def run(engine: str, pages: Sequence[Path]) -> Run:
    """Return what `engine` reads on `pages` and what that costs; Failed where it ends badly."""
    with tempfile.TemporaryDirectory() as folder:
        return ENGINES[engine](pages, Path(folder))


def _work(engine: str, out: str, *pages: str) -> None:
    read = _FROM_PYTHON[engine]()
    answers: list[tuple[str, float, Glyphs | None, bool | None] | str] = []
    for page in pages:
        start = perf_counter()
        try:
            text, glyphs, blank = read(Path(page))
        except Exception as error:
            # The others shall be measured all the same; this page counts as read without a character.
            answers.append(f"{type(error).__name__}: {error}")
        else:
            answers.append((text, perf_counter() - start, glyphs, blank))
    Path(out).write_text(json.dumps(answers, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    _work(*sys.argv[1:])
