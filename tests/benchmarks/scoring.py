"""How far a reading is from the truth, and whether its confidence is earned."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
    """What stands on a page, normalised, and for each character whether it was written by hand."""

    text: str
    by_hand: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """True characters, edits that lead from the truth to the reading, and true characters read nowhere on the page."""

    characters: int = 0
    errors: int = 0
    missed: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(self.characters + other.characters, self.errors + other.errors, self.missed + other.missed)


def truth_of(page: Path) -> Truth | None:
    """Return the truth of a page, from `truth/` beside it or a text of the same name; None where there is none.

    Only lines in the JSON of `truth/` say whether they were written by hand.
    """
    boxed = page.parent / "truth" / f"{page.stem}.json"
    texts = [path for path in (boxed.with_suffix(".txt"), page.with_suffix(".txt")) if path.is_file()]
    if boxed.is_file():
        lines = [(line["text"], line["kind"] == "handwritten") for line in json.loads(boxed.read_text("utf-8"))]
    elif texts:
        lines = [(line, False) for line in texts[0].read_text("utf-8").splitlines()]
    else:
        return None
    marked = [(char, hand) for line, hand in lines for char in normalised(_covered(line))]
    return Truth("".join(char for char, _ in marked), tuple(hand for _, hand in marked))


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
            # What is read past the end belongs to the last character, and on an empty page to no hand.
            yield any(truth.by_hand[place : place + 1] or truth.by_hand[-1:])


def verdicts(truth: Truth, glyphs: Sequence[tuple[str, float]]) -> Iterator[tuple[float, Verdict]]:
    """Yield for each character read its confidence, and whether it is right.

    One that is wrong where it stands, but missing elsewhere on the page, is misplaced: an error of order, of which
    its confidence says nothing.
    """
    read = [(char, confidence) for raw, confidence in glyphs for char in normalised(raw)]
    text = "".join(char for char, _ in read)
    edits = [edit for edit in Levenshtein.editops(truth.text, text) if edit.tag != "delete"]
    off = {edit.dest_pos for edit in edits}
    unknown = {edit.dest_pos for edit in edits if edit.tag == "replace" and truth.text[edit.src_pos] == _UNSURE}
    elsewhere = Counter(truth.text) - Counter(char for place, char in enumerate(text) if place not in off)
    for place, (char, confidence) in enumerate(read):
        if place in unknown:
            continue
        if place not in off:
            yield confidence, "right"
        elif elsewhere[char] > 0:
            elsewhere[char] -= 1
            yield confidence, "misplaced"
        else:
            yield confidence, "wrong"
