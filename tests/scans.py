"""The committed sample pages as tests use them: pixels, printed lines, and how far a text is from them."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rapidfuzz.distance import Levenshtein

SAMPLES = Path(__file__).parent.parent / "samples"


@dataclass(frozen=True)
class PrintedLine:
    text: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class SamplePage:
    path: Path

    @property
    def data(self) -> bytes:
        return self.path.read_bytes()

    @property
    def pixels(self) -> NDArray[np.uint8]:
        with Image.open(self.path) as image:
            return np.asarray(image.convert("RGB"))

    @property
    def text(self) -> str:
        return (self.path.parent / "truth" / f"{self.path.stem}.txt").read_text("utf-8")

    @property
    def lines(self) -> list[PrintedLine]:
        rows = json.loads((self.path.parent / "truth" / f"{self.path.stem}.json").read_text("utf-8"))
        return [PrintedLine(row["text"], tuple(row["box"])) for row in rows]


SLIP = SamplePage(SAMPLES / "liaocheng-1995-58" / "p01.jpg")
DECISION = SamplePage(SAMPLES / "liaocheng-1995-58" / "p02.jpg")
PLAN = SamplePage(SAMPLES / "district-plan-2012" / "p02.jpg")
NOTICE = SamplePage(SAMPLES / "notice-1987" / "p01.jpg")


def plain(text: str) -> str:
    """Return `text` as errors are counted: NFKC, no white space, one kind of dash."""
    return re.sub(r"[-—–―─]", "-", re.sub(r"\s", "", normalize("NFKC", text)))


def error_rate(read: str, printed: str) -> float:
    return Levenshtein.distance(plain(read), plain(printed)) / len(plain(printed))
