"""Pages as they are kept: what they say is known at once, where each character stands only when somebody asks."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from archivist.model import Alternative, Page, Region, Scan, Step


class Doubted(NamedTuple):
    """A character of a page that may be another: its offset in the running text, and what its reader said of it."""

    offset: int
    char: str
    confidence: float
    alternatives: tuple[Alternative, ...]


class WrittenPage(Page):
    """A page of which `whole` makes the regions, should anybody ask for them: a thousand characters take a while."""

    def __init__(
        self, number: int, scan: Scan, text: str, confidences: Callable[[], Sequence[float]],
        alternatives: dict[int, tuple[Alternative, ...]], whole: Callable[[], Page], rotation: int = 0,
        blank: bool = False, steps: tuple[Step, ...] = (), look: str = "",
    ) -> None:  # fmt: skip
        self.__dict__.update(
            number=number, scan=scan, rotation=rotation, blank=blank, steps=steps, look=look, running_text=text,
            _confidences=confidences, _alternatives=alternatives, _whole=whole,
        )  # fmt: skip

    @cached_property
    def regions(self) -> tuple[Region, ...]:
        """Its regions, as of any page."""
        page: Page = self.__dict__["_whole"]()
        return page.regions

    def doubted(self, below: float) -> Iterator[Doubted]:
        """Yield what `doubted` says, without making all its characters."""
        text, others = self.running_text, self.__dict__["_alternatives"]
        for offset, confidence in enumerate(self.__dict__["_confidences"]()):
            if confidence < below or offset in others:
                yield Doubted(offset, text[offset], confidence, others.get(offset, ()))


def doubted(page: Page, below: float) -> Iterator[Doubted]:
    """Yield the characters of `page` that were read less surely than `below`, or as something else as well."""
    if isinstance(page, WrittenPage):
        yield from page.doubted(below)
        return
    for offset, glyph in enumerate(page.glyphs):
        if glyph.confidence < below or glyph.alternatives:
            yield Doubted(offset, glyph.char, glyph.confidence, glyph.alternatives)
