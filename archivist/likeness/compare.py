"""Two pages held against each other: whether they bear the same, and whether they are the same paper all the same.

Two readings of one sheet differ where a reader was not sure; two papers of the same wording (the same form filled in
twice, the notice of last year) differ where both readings are sure, in numbers and in whole words.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import log
from statistics import fmean

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from archivist.alike import Difference
from archivist.definitions import load
from archivist.likeness.letters import Letters, has_numeral
from archivist.likeness.sketch import apart
from archivist.model import Page, Region

#: Pieces of text that agree less than this (of 100) are not the same piece.
_SAME_PIECE = 60
#: Letters in a row, surely read, that make text that stands on one page only; as much is shown of it.
_LEAST_EXTRA, _SHOWN = 6, 30
#: However sure readers are, so often they err, and that much more for each part of the page that is doubtful.
_LEAST_ERROR, _OF_DOUBT = 0.001, 0.1
#: Nothing is less likely than that; a row of characters that differ counts for so many pairs of them.
_NEVER, _IN_A_ROW = 0.0001, 2
#: How sure a reader must be of what it read in a seal or by hand, for people to be told of it.
_TOLD = 0.8


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a comparison: how alike (0..1), whether that is the same page, or surely another paper."""

    score: float
    same: bool
    other_paper: bool = False
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A page to be compared, often more than once."""

    page: Page

    @cached_property
    def letters(self) -> Letters:
        """Its letters."""
        return Letters.of(self.page)

    @cached_property
    def words(self) -> str:
        """How much text it has: `none`, a `few` words, or enough to be told by (`text`)."""
        rules = load("schemas/likeness.yaml")
        count = len(self.letters.text)
        return "none" if count < rules["look"]["few_words"] else "few" if count < rules["text"]["least"] else "text"

    @cached_property
    def ruled(self) -> bool:
        """Whether most of its text stands in cells."""
        in_cells = sum(len(region.text) for region in self.page.regions if region.kind == "cell")
        return 2 * in_cells > len(self.page.text)

    @cached_property
    def seals(self) -> tuple[str, ...]:
        """What each of its seals surely says, "" where that is not sure."""
        regions = (region for region in self.page.regions if region.kind == "seal")
        return tuple(region.text.replace("\n", " ") if _told(region) else "" for region in regions)


def compare(one: Sheet, other: Sheet, *, forms: bool = False) -> Verdict:
    """Return whether two pages are the same, by their texts, or by their looks where they have hardly any.

    Two `forms`, which pages are taken for that consist of cells, agree in all that is printed on them.
    """
    if one.words == other.words == "none" and one.page.look and other.page.look:
        distance = apart(one.page.look, other.page.look)
        return Verdict(1 - distance, distance <= load("schemas/likeness.yaml")["look"]["apart"])
    if not one.letters.text or not other.letters.text:
        return Verdict(0.0, False)
    return _Comparison(one, other, forms=forms or (one.ruled and other.ruled)).verdict()


class _Doubt:
    """How much more two readings differ than readings of the same ink do.

    A difference that a reader is likely to have made says little, one between two sure readings much: minus the
    logarithm of the chance that an error made it. Of readings of the same ink, an amount is expected that follows from
    how sure they are.
    """

    def __init__(self, least: float) -> None:
        """Begin; readers err with the chance `least` however sure they are."""
        self._least = least
        self._seen = self._expected = 0.0

    def error(self, sure: float) -> float:
        """Return the chance that something is misread which is right with the chance `sure`, as readers say."""
        return min(max(1 - sure, self._least), 1.0)

    def heard(self, error: float, *, differ: bool) -> None:
        """Count something that an error makes differ with this chance, and whether it does."""
        error = max(error, _NEVER)
        weight = -log(error)
        self._expected += error * weight
        self._seen += weight * differ

    def beyond(self) -> float:
        """Return how much more was seen than is expected."""
        return self._seen - self._expected


class _Comparison:
    """The texts of two pages, piece by piece of the one that has less in the other."""

    def __init__(self, one: Sheet, other: Sheet, *, forms: bool) -> None:
        self._forms = forms
        self._turned = len(one.letters.text) > len(other.letters.text)
        self._here, self._there = (other, one) if self._turned else (one, other)
        self._fewer, self._more = self._here.letters, self._there.letters
        self._limits = load("schemas/likeness.yaml")["other_paper"]
        # Which letters stand on the other page as well.
        self._found = [False] * len(self._fewer.text)
        self._met = [False] * len(self._more.text)
        # Where much is doubtful, what a reader is sure of is more often wrong as well.
        least = _LEAST_ERROR + _OF_DOUBT * (2 - fmean(self._fewer.sure) - fmean(self._more.sure))
        self._numbers, self._words = _Doubt(least), _Doubt(least)
        self._marks: list[tuple[str, str]] = []
        for piece in self._fewer.pieces:
            self._hold(*piece)

    def _hold(self, start: int, end: int) -> None:
        """Look for the piece from `start` to `end` on the page with more."""
        piece = self._fewer.text[start:end]
        place = fuzz.partial_ratio_alignment(piece, self._more.text, score_cutoff=_SAME_PIECE)
        if place is None:
            return
        there = self._more.text[place.dest_start : place.dest_end]
        said = piece[place.src_start : place.src_end]
        start, began = start + place.src_start, place.dest_start
        steps = [
            (op.tag, start + op.src_start, start + op.src_end, began + op.dest_start, began + op.dest_end)
            for op in Levenshtein.opcodes(said, there)
        ]
        across: dict[int, int] = {}
        for tag, first, last, low, high in steps:
            across.update(zip(range(first, last), range(low, high), strict=False))
            if tag == "equal":
                self._found[first:last] = [True] * (last - first)
                self._met[low:high] = [True] * (high - low)
            if tag in ("equal", "replace") and not self._notes(first, low):
                self._weigh_words(first, last, low, high, differ=tag == "replace")
        for first, last in self._fewer.numbers(start, start + len(said)):
            self._weigh_number(first, last, across)

    def _notes(self, here: int, there: int) -> bool:
        """Whether what stands there was added by hand to one of the copies; on a form it is what the paper says."""
        return not self._forms and (self._fewer.by_hand[here] or self._more.by_hand[there])

    def _weigh_words(self, first: int, last: int, low: int, high: int, *, differ: bool) -> None:
        # One character is soon misread, two in a row hardly ever where a reader is sure.
        if differ and has_numeral(self._fewer.text[first:last] + self._more.text[low:high]):
            return
        errors = [
            self._words.error(self._fewer.sure[here] * self._more.sure[there])
            for here, there in zip(range(first, last), range(low, high), strict=False)
        ]
        for turn, (one, next_one) in enumerate(pairwise(errors)):
            self._words.heard(one * next_one, differ=differ and turn < _IN_A_ROW)

    def _weigh_number(self, first: int, last: int, across: dict[int, int]) -> None:
        first, last = self._fewer.whole_number(first, last)
        met = [across[at] for at in range(first, last) if at in across and has_numeral(self._more.text[across[at]])]
        if not met or self._notes(first, met[0]):
            return
        low, high = self._more.whole_number(min(met), max(met) + 1)
        here, there = self._fewer.text[first:last], self._more.text[low:high]
        differ = all(map(has_numeral, there)) and not (_lost(here, there) or _lost(there, here))
        sure = self._fewer.least(first, last) * self._more.least(low, high)
        if differ and len(here) == len(there):
            # One figure that surely differs is enough, however doubtful the others are.
            places = zip(range(first, last), range(low, high), strict=True)
            sure = max(
                self._fewer.sure[a] * self._more.sure[b] for a, b in places if self._fewer.text[a] != self._more.text[b]
            )
        if not (self._fewer.marks[first] and self._more.marks[low]):
            self._numbers.heard(self._numbers.error(sure), differ=differ)
        elif differ and sure >= self._limits["sure"]:
            self._marks.append((self._fewer.read[first:last], self._more.read[low:high]))

    def verdict(self) -> Verdict:
        """Return what the two pages are to each other."""
        rules = load("schemas/likeness.yaml")
        common = sum(self._found)
        of_fewer, of_more = common / len(self._found), common / len(self._met)
        least = rules["same"]["of_form" if self._forms else "of_fewer"]
        alike = of_fewer >= least and of_more >= rules["same"]["of_more"]
        # Print on one only may be lost on the scan of the other; in the place of print on the other it is other print.
        changed = min(self._only(self._found, self._fewer), self._only(self._met, self._more))
        other = (
            self._numbers.beyond() > self._limits["numbers"]
            or self._words.beyond() > self._limits["words"]
            or changed > self._limits["changed"] * len(self._found)
        )
        score = (of_fewer + of_more) / 2
        return Verdict(score, alike and not other, alike and other, tuple(self._differences()) if alike else ())

    def _only(self, found: list[bool], letters: Letters) -> int:
        """Return how many letters surely stand on one page only; on a form those by hand are what matters."""
        kinds = (False, True) if self._forms else (False,)
        return sum(
            len(run) for by_hand in kinds for run in _runs(found, letters, self._limits["sure"], by_hand=by_hand)
        )

    def _differences(self) -> Iterator[Difference]:
        for here, there in self._marks:
            yield self._difference("copy mark", here, there)
        seals, others = self._here.seals, self._there.seals
        if (not seals) != (not others) or (any(seals) and any(others) and not _agree(seals, others)):
            yield self._difference("seal", "; ".join(filter(None, seals)), "; ".join(filter(None, others)))
        for by_hand, what in ((True, "hand"), (False, "text")):
            here = " ".join(_runs(self._found, self._fewer, _TOLD, by_hand=by_hand))
            there = " ".join(_runs(self._met, self._more, _TOLD, by_hand=by_hand))
            if here or there:
                yield self._difference(what, here[:_SHOWN], there[:_SHOWN])

    def _difference(self, what: str, here: str, there: str) -> Difference:
        return Difference(what, there, here) if self._turned else Difference(what, here, there)


def _runs(found: list[bool], letters: Letters, sure: float, *, by_hand: bool) -> Iterator[str]:
    """Yield the surely read text, written `by_hand` or printed, that stands on one page only."""
    start = 0
    for at in range(len(found) + 1):
        if at < len(found) and not found[at] and letters.by_hand[at] == by_hand:
            continue
        if at - start >= _LEAST_EXTRA and sum(letters.sure[start:at]) >= sure * (at - start):
            yield letters.read[start:at]
        start = at + 1


def _lost(number: str, there: str) -> bool:
    """Return whether `there` is `number`, but for figures that a reader may have lost: 二三年 for 二〇〇三年."""
    figures = iter(number)
    return all(figure in figures for figure in there)


def _told(region: Region) -> bool:
    return bool(region.lines) and all(line.confidence >= _TOLD for line in region.lines)


def _agree(seals: Iterable[str], others: Iterable[str]) -> bool:
    """Return whether a seal on the one page says about what a seal on the other does; readers err on them."""
    there = list(filter(None, others))
    return any(fuzz.ratio(seal, other) >= _SAME_PIECE for seal in filter(None, seals) for other in there)
