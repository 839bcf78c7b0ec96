"""Lists in running lines: agencies that receive a paper, words set apart."""

from itertools import pairwise

from archivist.describe import names
from archivist.describe.ink import Flow, closed


def receivers(flow: Flow, start: int, end: int) -> list[tuple[int, int]]:
    """Return the spans of the agencies of a list: 各乡、镇人民政府 and 县委、县政府 are read differently.

    A 、 divides two agencies only where either side of it is complete by itself, place and all.
    """
    joined: list[tuple[int, int]] = []
    for a, b in _listed(flow, start, end):
        if joined and flow.folded[joined[-1][1]] == "、":
            before, after = flow.text[slice(*joined[-1])], flow.text[a:b]
            whole = names.is_receiver(before) and (names.is_receiver(after) or after.startswith("各"))
            if not whole or names.shares_place(before, after):
                joined[-1] = joined[-1][0], b
                continue
        joined.append((a, b))
    return joined


def words(flow: Flow, start: int, end: int) -> list[tuple[int, int]]:
    """Return the spans of the words that are set apart by white space or by 、，；."""
    cuts = [start, *flow.gaps(start, end), end]
    return [span for a, b in pairwise(cuts) for span in _listed(flow, a, b)]


def _listed(flow: Flow, start: int, end: int) -> list[tuple[int, int]]:
    """Return the spans between 、，； of a list, minding brackets; a trailing 。 is not part of the last."""
    spans, depth, first = [], 0, start
    for place in range(start, end):
        char = flow.folded[place]
        depth = max(depth + (char == "(") - (char == ")"), 0)
        if depth == 0 and char in "、,;。":
            spans.append((first, place))
            first = place + 1
    spans.append((first, end))
    return [(a, b) for a, b in spans if closed(flow.text[a:b])]
