"""How far a reading is from the truth, whether its order is right, and whether its confidence is earned."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal
from unicodedata import normalize

from rapidfuzz.distance import Levenshtein

Verdict = Literal["right", "wrong", "misplaced"]
#: Stands for a character nobody can read, ⟦…⟧ in the truth: whatever is read there is no error.
_UNSURE = "█"
# 一 is a numeral, not a dash.
_SAME = str.maketrans(dict.fromkeys("-‐‑‒–—―−─ー", "-") | dict.fromkeys("〇○◯", "〇"))


@dataclass(frozen=True, slots=True)
class Truth:
    """What stands on a page, normalised, and for each character whether it was written by hand.

    `lines` are its lines, normalised; `cells` those that stand in the cells of a table, a line of one cell each.
    """

    text: str
    by_hand: tuple[bool, ...]
    lines: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """True characters, edits that lead from the truth to the reading, and true characters read nowhere on the page."""

    characters: int = 0
    errors: int = 0
    missed: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(self.characters + other.characters, self.errors + other.errors, self.missed + other.missed)


@dataclass(frozen=True, slots=True)
class Order:
    """Neighbours that were both read, and how many of them were read in the wrong order."""

    pairs: int = 0
    wrong: int = 0

    def __add__(self, other: "Order") -> "Order":
        return Order(self.pairs + other.pairs, self.wrong + other.wrong)


def truth_of(page: Path) -> Truth | None:
    """Return the truth of a page, from `truth/` beside it or a text of the same name; None where there is none.

    Only lines in the JSON of `truth/` say whether they were written by hand. They say which stand in a cell, too;
    elsewhere a line with tabs is a row of cells.
    """
    boxed = page.parent / "truth" / f"{page.stem}.json"
    texts = [path for path in (boxed.with_suffix(".txt"), page.with_suffix(".txt")) if path.is_file()]
    if boxed.is_file():
        told = json.loads(boxed.read_text("utf-8"))
        lines = [(line["text"], line["kind"] == "handwritten", "cell" in line) for line in told]
    elif texts:
        rows = [line.split("\t") for line in texts[0].read_text("utf-8").splitlines()]
        lines = [(cell, False, len(row) > 1) for row in rows for cell in row]
    else:
        return None
    clean = [(normalised(_covered(line)), hand, in_cell) for line, hand, in_cell in lines]
    marked = [(char, hand) for line, hand, _ in clean for char in line]
    return Truth(
        "".join(char for char, _ in marked),
        tuple(hand for _, hand in marked),
        tuple(line for line, _, _ in clean),
        tuple(line for line, _, in_cell in clean if in_cell),
    )


def _covered(line: str) -> str:
    before, opened, rest = line.partition("⟦")
    unsure, _, after = rest.partition("⟧")
    return before + _UNSURE * len(unsure) + _covered(after) if opened else line


def normalised(text: str) -> str:
    """Return `text` as it is compared: NFKC, without white space, dashes alike, 〇 and ○ alike."""
    return "".join(normalize("NFKC", text).translate(_SAME).split())


def scores(truth: Truth, read: str) -> dict[bool, Score]:
    """Return the score of a normalised reading, apart for what was written by hand (True) and printed (False).

    A character that stands too often in the reading counts for the place it was read at. What is missed of a
    character that is both printed and written is put down to the handwriting.
    """
    errors = Counter(_error_kinds(truth, read))
    kinds = {hand: Counter[str]() for hand in (False, True)}
    for char, hand in zip(truth.text, truth.by_hand, strict=True):
        if char != _UNSURE:
            kinds[hand][char] += 1
    left = Counter(read) - kinds[False]
    missed = {False: kinds[False] - Counter(read), True: kinds[True] - left}
    return {hand: Score(kinds[hand].total(), errors[hand], missed[hand].total()) for hand in kinds}


def _error_kinds(truth: Truth, read: str) -> Iterator[bool]:
    for edit in Levenshtein.editops(truth.text, read):
        place = edit.src_pos
        if edit.tag == "insert" or truth.text[place] != _UNSURE:
            yield _hand_at(truth, place)


def _hand_at(truth: Truth, place: int) -> bool:
    # What is read past the end belongs to the last character, and on an empty page to no hand.
    return any(truth.by_hand[place : place + 1] or truth.by_hand[-1:])


def order(truth: Truth, read: str, *, cells: bool) -> Order:
    """Return how many neighbouring lines, with `cells` those in cells, a normalised reading has in the wrong order.

    A line counts when its text stands once on the page and once in the reading, so that there is no doubt where.
    """
    whole = truth.cells if cells else truth.lines
    told = [line for line in whole if len(line) > 1 and truth.text.count(line) == 1 and read.count(line) == 1]
    places = [read.index(line) for line in told]
    return Order(max(len(places) - 1, 0), sum(after < before for before, after in pairwise(places)))


def verdicts(truth: Truth, glyphs: Sequence[tuple[str, float]]) -> Iterator[tuple[float, Verdict, bool]]:
    """Yield for each character read its confidence, whether it is right, and whether it was written by hand.

    One that is wrong where it stands, but missing elsewhere on the page, is misplaced: an error of order, of which
    its confidence says nothing.
    """
    read = [(char, confidence) for raw, confidence in glyphs for char in normalised(raw)]
    text = "".join(char for char, _ in read)
    sources: dict[int, int] = {}
    off, unknown = set[int](), set[int]()
    for block in Levenshtein.opcodes(truth.text, text):
        for step, place in enumerate(range(block.dest_start, block.dest_end)):
            sources[place] = block.src_start + (0 if block.tag == "insert" else step)
            if block.tag != "equal":
                off.add(place)
            if block.tag == "replace" and truth.text[sources[place]] == _UNSURE:
                unknown.add(place)
    elsewhere = Counter(truth.text) - Counter(char for place, char in enumerate(text) if place not in off)
    for place, (char, confidence) in enumerate(read):
        if place in unknown:
            continue
        hand = _hand_at(truth, sources[place])
        if place not in off:
            yield confidence, "right", hand
        elif elsewhere[char] > 0:
            elsewhere[char] -= 1
            yield confidence, "misplaced", hand
        else:
            yield confidence, "wrong", hand
