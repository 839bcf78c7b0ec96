"""Which headings are in effect at a place of a text, and what leads in the list there."""

import re
from bisect import bisect_right
from collections.abc import Collection

from archivist.describe.plans.amounts import amounts
from archivist.describe.plans.prose import MARK

_MARKED = re.compile(rf"(?:^|(?<=[\n。;:]))(?P<mark>{MARK})(?P<said>[^。:;,\n(]{{0,24}})(?P<after>[。:;,\n(]|$)")
_LEAD_IN = re.compile(rf"(?:{MARK})?([^,。;\n]{{0,24}}):")
_FIGURES = re.compile(r"(?P<figures>\d+)|[一二三四五六七八九十]+")
_LINES_ABOVE = 4
_BEGINNING = 40


class Headings:
    """The headings of a text."""

    def __init__(self, letters: str) -> None:
        self._letters = letters
        self._places: list[int] = []
        self._stacks: list[tuple[str, ...]] = []
        stack: list[tuple[str, str]] = []
        for match in _MARKED.finditer(letters):
            style = _FIGURES.sub(lambda number: "1" if number["figures"] else "一", match["mark"])
            styles = [one for one, _ in stack]
            if style in styles:
                del stack[styles.index(style) :]
            said = match["said"] if match["after"] != "," and not amounts(match["said"]) else ""
            stack.append((style, said))
            self._places.append(match.start())
            self._stacks.append(tuple(said for _, said in stack if said))

    def over(self, place: int) -> tuple[str, ...]:
        """Return the headings in effect at letter `place`, the highest first."""
        index = bisect_right(self._places, place)
        return self._stacks[index - 1] if index else ()

    def announce(self, place: int, words: Collection[str]) -> bool:
        """Return whether a heading over letter `place`, or what leads in its list, says one of `words`."""
        above = self._letters[max(place - 500, 0) : place]
        begun = self._letters.rfind("\n", 0, place) + 1
        lines = [*above.split("\n")[-_LINES_ABOVE:-1], self._letters[begun : place + _BEGINNING]]
        leads = [lead[1] for line in lines if (lead := _LEAD_IN.match(line))]
        return any(word in line for line in [*self.over(place), *leads] for word in words)
