"""Stacks of small papers in random order without separators, and where each of their items begins.

Made from what papers have in common, not from the rules: text wrapped and parted as it falls, page numbers in one of
the ways they are printed, misread characters.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from random import Random

from opencc import OpenCC

from archivist.model import DocumentKind, Glyph, Page, Scan
from tests.describe import paper
from tests.describe.leaves import RECIPES, Leaf

_MISREAD = "人入大太未末日曰干千王玉木本土士己已天夫问间闻令今刀力乌鸟目且自白由田甲申工"
_TRADITIONAL = OpenCC("s2t")


@dataclass(frozen=True, slots=True)
class Stack:
    """Pages numbered from 1, on which of them an item begins, and for each item its documents with their pages."""

    pages: tuple[Page, ...]
    begins: tuple[int, ...]
    documents: tuple[tuple[tuple[DocumentKind, tuple[int, ...]], ...], ...]


def stack(seed: int, *, items: int = 8, misread: float = 0.0, lost: float = 0.0) -> Stack:
    """Return a stack of `items` papers; a share `misread` of characters is wrong, one `lost` of lines missing."""
    chance = Random(seed)
    folios = chance.random() < 0.15
    pages: list[Page] = []
    begins: list[int] = []
    documents: list[tuple[tuple[DocumentKind, tuple[int, ...]], ...]] = []
    for place in range(items):
        leaves = chance.choices(list(RECIPES), list(RECIPES.values()))[0](chance)
        laid = _lay(chance, leaves, place)
        begins.append(len(pages) + 1)
        own: list[tuple[DocumentKind, tuple[int, ...]]] = []
        for page, kind in laid:
            number = len(pages) + 1
            if folios:
                page = _stamped(page, number)
            pages.append(replace(_worn(chance, page, misread, lost), number=number))
            if kind or not own:
                own.append((kind or "other", (number,)))
            else:
                own[-1] = own[-1][0], (*own[-1][1], number)
        documents.append(tuple(own))
    return Stack(tuple(pages), tuple(begins), tuple(documents))


def _lay(chance: Random, leaves: Sequence[Leaf], place: int) -> list[tuple[Page, DocumentKind | None]]:
    """Return the pages of one item on paper of one kind, with its page numbers and blank backs."""
    style = chance.choice(("none", "none", "- {} -", "— {} —", "第{}页", "·{}·", "{}", "一{}一"))
    first_too = chance.random() < 0.7
    width, height = chance.choice(((2480, 3508), (2480, 3508), (2173, 3071), (2150, 3040)))
    traditional = chance.random() < 0.25
    backs = chance.random() < 0.12
    confidence = chance.choice((0.99, 0.99, 0.97, 0.9, 0.8))
    laid: list[tuple[Page, DocumentKind | None]] = []
    number = 0
    for leaf in leaves:
        if isinstance(leaf.sheet, str):
            number = number + 1 if leaf.kind in (None, "attachment") else 1
            if leaf.kind == "attachment" and chance.random() < 0.3:
                number = 1
            text = _TRADITIONAL.convert(leaf.sheet) if traditional else leaf.sheet
            if style != "none" and leaf.numbered and (number > 1 or first_too):
                text += "\n" + " " * 13 + style.format(number)
            page = paper.page(text, confidence=confidence)
        else:
            page = leaf.sheet
        wide = round(width * chance.uniform(0.99, 1.01)), round(height * chance.uniform(0.99, 1.01))
        page = replace(page, scan=_scan(chance, f"{place}", len(laid), *wide))
        laid.append((page, leaf.kind))
        if backs and chance.random() < 0.6:
            laid.append((Page(1, _scan(chance, f"{place}", len(laid), *wide), (), blank=True), None))
    return laid


def _scan(chance: Random, item: str, place: int, width: int, height: int) -> Scan:
    digest = sha256(f"{item}/{place}/{chance.random()}".encode()).hexdigest()
    return replace(paper.page("").scan, sha256=digest, name="box.pdf", width=width, height=height)


def _stamped(page: Page, number: int) -> Page:
    stamp = paper.page(" " * 50 + f"{number}", top=40)
    return replace(page, regions=(*stamp.regions, *page.regions))


def _worn(chance: Random, page: Page, misread: float, lost: float) -> Page:
    def glyph(one: Glyph) -> Glyph:
        if chance.random() < misread:
            return replace(one, char=chance.choice(_MISREAD), confidence=chance.uniform(0.3, 0.95))
        return one

    if not misread and not lost:
        return page
    regions = []
    for region in page.regions:
        lines = tuple(
            replace(line, glyphs=tuple(map(glyph, line.glyphs))) for line in region.lines if chance.random() >= lost
        )
        if lines or region.kind == "cell":
            regions.append(replace(region, lines=lines))
    return replace(page, regions=tuple(regions), blank=not regions)


def draft() -> Page:
    """The sheet on which the decision of 1995 was drafted and signed."""
    said = {
        "单位名称": "中共聊城市委",
        "签发": "同意。",
        "主送": "各县",
        "发文号": "聊发58号",
        "拟稿": "王伟",
        "印刷": "60份",
    }
    said["标题"] = "关于创建全国科技工作先进市的决定"
    cells = [(row, column, text) for row, entry in enumerate(said.items()) for column, text in enumerate(entry)]
    return paper.form(cells, above="发文稿纸")
