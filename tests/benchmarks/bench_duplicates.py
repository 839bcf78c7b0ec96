"""Which pages that are there twice are found, which others are proposed wrongly, and what that costs in large archives.

`python -m tests.benchmarks.bench_duplicates [--scans DIR DIR] [--pages N …] [--catalogue URL]`: papers and slips of
samples/describing read twice with errors, among papers of the same wording and form (next year's, another place's,
filled in otherwise) and, where it lies beside the checkout, the gazette of shared/. `--scans`: two folders that
`python samples/make.py --describing DIR --seed N` made, so that each paper is there as two scans of different wear,
read once and kept in DIR/.read. `--pages` times archives of so many synthetic pages (100,000 unless said).
"""

import argparse
import gzip
import json
import random
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import islice, pairwise
from pathlib import Path
from time import perf_counter, process_time

from archivist.alike import Sketch
from archivist.catalog import Catalog
from archivist.describe import describe
from archivist.duplicates import Duplicates
from archivist.likeness.sketch import sketch
from archivist.model import Alternative, Glyph, Item, Line, Page
from tests.benchmarks.bench_describing import _read
from tests.benchmarks.machine import ROOT, described
from tests.benchmarks.papers import pages as typeset
from tests.benchmarks.papers import papers
from tests.benchmarks.slips import filled_slips
from tests.benchmarks.slips import page as slip_page
from tests.describe import paper as paper_of_text

GAZETTE = ROOT / "../shared/gazette.jsonl.gz"
#: Shares of characters misread in a second reading.
WEAR = (0.01, 0.03, 0.06, 0.1)
_YEAR = re.compile(r"(?<!\d)(1[89]|20)\d\d(?!\d)|[一二][九〇○零][〇○零一二三四五六七八九]{2}(?=年)")
_CHINESE, _ZEROS = "〇一二三四五六七八九", str.maketrans("○零", "〇〇")
#: Characters of made-up lines, pages put down at once, and pages timed one by one.
_COMMON = "".join(map(chr, range(0x4E00, 0x5200)))
_FILLED, _TIMED = 1000, 500


def worn(pages: Sequence[Page], share: float, chance: random.Random) -> tuple[Page, ...]:
    """Return the pages as another machine might have scanned and read them: `share` of the characters misread.

    Most errors are made in doubt, one in ten is not. Lines are lost at the edges of every fifth page.
    """
    common = "".join(sorted({glyph.char for page in pages for glyph in page.glyphs}))

    def read(glyph: Glyph) -> Iterator[Glyph]:
        luck = chance.random()
        if luck < share * 0.15:
            return
        if luck < share:
            sure = chance.uniform(0.96, 0.999) if chance.random() < 0.1 else chance.uniform(0.3, 0.94)
            yield replace(
                glyph, char=chance.choice(common), confidence=sure, alternatives=(Alternative(glyph.char, 0),)
            )
        else:
            yield replace(glyph, confidence=chance.uniform(0.8, 0.999) if luck < 3 * share else 0.9995)

    def line(of: Line) -> Line:
        glyphs = tuple(seen for glyph in of.glyphs for seen in read(glyph))
        return replace(of, glyphs=glyphs or of.glyphs[:1])

    found = []
    for page in pages:
        regions = [replace(region, lines=tuple(map(line, region.lines))) for region in page.regions]
        if chance.random() < 0.2 and len(page.lines) > 12:
            lost = {id(one) for region in regions[:1] for one in region.lines[:1]}
            regions = [replace(r, lines=tuple(one for one in r.lines if id(one) not in lost)) for r in regions]
        found.append(scanned(replace(page, regions=tuple(regions)), f"worn {share} {chance.random()}"))
    return tuple(found)


def scanned(page: Page, salt: str) -> Page:
    """Return the page as one of another scan."""
    digest = sha256(f"{page.running_text}\n{page.number}\n{salt}".encode("utf-8", "replace")).hexdigest()
    return replace(page, scan=replace(page.scan, sha256=digest, index=0, part=0))


def next_year(text: str) -> str:
    """Return the same notice of the year after: years, and the number of the paper."""

    def later(found: re.Match[str]) -> str:
        digits = found[0]
        if digits.isdigit() and digits.isascii():
            return str(int(digits) + 1)
        year = int("".join(str(_CHINESE.index(char.translate(_ZEROS))) for char in digits)) + 1
        return "".join(_CHINESE[int(digit)] for digit in str(year))

    def other(found: re.Match[str]) -> str:
        return f"{found[1]}{int(found[2]) + 7}号"

    return re.sub(r"([〕)\]）］第])(\d+)号", other, _YEAR.sub(later, text))


def elsewhere(text: str) -> str:
    """Return the same paper of another place: the names of places in it are others."""
    names = Counter(re.findall(r"([\u4e00-\u9fff]{2})(?=[县縣市区區省社镇鎮])", text))
    for number, (name, _times) in enumerate(names.most_common(6)):
        text = text.replace(name, ("临河", "东浦", "安源", "青岭", "白沙", "石桥")[number])
    return text


def filled_otherwise(told: object, pool: Sequence[str], chance: random.Random) -> object:
    """Return a slip with other words written on the same form."""
    if isinstance(told, str):
        return re.sub("([‹«])([^›»]*)([›»])", lambda found: found[1] + _other(found[2], pool, chance) + found[3], told)
    if isinstance(told, Mapping):
        return {key: filled_otherwise(value, pool, chance) for key, value in told.items()}
    return [filled_otherwise(value, pool, chance) for value in told] if isinstance(told, list) else told


def _other(words: str, pool: Sequence[str], chance: random.Random) -> str:
    said = re.sub(r"\d", lambda _found: str(chance.randrange(10)), words)
    return said if said != words else chance.choice(pool)


def archive(chance: random.Random) -> Iterator[tuple[str, str, tuple[Page, ...]]]:
    """Yield items as what they are of (those of the same are to be found), which variant of it, and their pages."""
    for paper in (*papers("papers"), *papers("held-out")):
        first = tuple(scanned(page, "first") for page in typeset(paper, spaces=True))
        yield paper.name, "first", first
        for share in WEAR:
            yield paper.name, f"read with {share:.0%} errors", worn(first, share, chance)
        for name, change in (("next year", next_year), ("elsewhere", elsewhere)):
            if (text := change(paper.text)) != paper.text:
                other = typeset(replace(paper, text=text), spaces=True)
                yield f"{paper.name}, {name}", name, worn(other, 0.01, chance)
    slips = [slip for slip in filled_slips() if slip.cells]
    pool = [
        words
        for slip in slips
        for words in re.findall("[‹«]([^›»]{2,})[›»]", json.dumps(slip.told, ensure_ascii=False, default=str))
    ]
    for slip in slips:
        first = (scanned(slip_page(slip, "cells"), "first"),)
        yield slip.name, "slip", first
        for share in WEAR:
            yield slip.name, f"slip read with {share:.0%} errors", worn(first, share, chance)
        for number in range(3):
            told = filled_otherwise(slip.told, pool, chance)
            other = (slip_page(replace(slip, told=told), "cells"),)
            yield f"{slip.name}, {number}", "same form filled in otherwise", worn(other, 0.01, chance)
    if GAZETTE.exists():
        with gzip.open(GAZETTE, "rt", encoding="utf-8") as stream:
            for number, row in enumerate(stream):
                lines = json.loads(row)["text"].splitlines()
                pages = [paper_of_text.page("\n".join(lines[at : at + 30])) for at in range(0, len(lines), 30)]
                numbered = (scanned(replace(page, number=at), f"g{number}") for at, page in enumerate(pages[:4], 1))
                yield f"gazette {number}", "gazette", tuple(numbered)


def of_scans(folders: Sequence[Path]) -> Iterator[tuple[str, str, tuple[Page, ...]]]:
    """Yield the papers of both folders as items."""
    for number, folder in enumerate(folders):
        for record in sorted(folder.rglob("expected.json")):
            yield record.parent.name, f"scan {number + 1}", tuple(_read(record.parent, folder / ".read"))


def measured(items: Iterable[tuple[str, str, tuple[Page, ...]]], url: str) -> None:
    """Keep the items in a catalogue, find what is alike, and print how much of that was right."""
    truth: dict[str, tuple[str, str]] = {}
    same: defaultdict[str, list[str]] = defaultdict(list)
    with Catalog(url) as catalog:
        for number, (paper, variant, pages) in enumerate(items):
            name = f"i{number:06d}"
            truth[name] = (paper, variant)
            same[paper].append(name)
            catalog.save_items([Item(name, paper, pages, describe(pages), source=name)], "bench", "bench")
        begun = process_time()
        Duplicates(catalog).find()
        spent = process_time() - begun
        pairs = catalog.likenesses.pairs(10**9)
    count = sum(len(names) for names in same.values())
    print(f"{count} items; {spent / count * 1e3:.1f} ms of one core an item")
    proposed = {(pair.one, pair.other): pair for pair in pairs}
    found: dict[str, list[bool]] = defaultdict(list)
    for names in same.values():
        for name in names[1:]:
            # As an archive grows: was it seen that this one is there already?
            found[truth[name][1]].append(any((other, name) in proposed for other in names[: names.index(name)]))
    print(f"\n{'second reading':<32} {'pairs':>6} {'found':>6} {'recall':>8}")
    for variant, hits in found.items():
        print(f"{variant:<32} {len(hits):>6} {sum(hits):>6} {sum(hits) / len(hits):>8.1%}")
    wrong: Counter[str] = Counter()
    for one, other in proposed:
        if truth[one][0] != truth[other][0]:
            wrong[" / ".join(sorted({truth[one][1], truth[other][1]}))] += 1
            print("wrong:", *truth[one], "|", *truth[other], f"{proposed[one, other].score:.2f}")
    right = len(proposed) - wrong.total()
    print(f"\n{len(proposed)} pairs proposed, {right} right: precision {right / max(len(proposed), 1):.1%}")
    for variant, times in wrong.most_common():
        print(f"{times:>6} {variant}")


def timed(sizes: Sequence[int], url: Callable[[int], str]) -> None:
    """Print how long it takes to look for the like of one more page in archives of so many."""
    print(
        f"\n{'pages':>10} {'to fill, ms a page':>19} {'sketch, ms':>11} {'keep, ms':>9} {'look up, ms':>12} "
        f"{'bytes a page':>13}"
    )
    lines = [
        line for paper in papers("papers") for page in typeset(paper, spaces=False) for line in page.text.split("\n")
    ]
    for size in sizes:
        chance = random.Random(5)
        with Catalog(url(size)) as catalog:
            began = perf_counter()
            for number in range(0, size, _FILLED):
                catalog.likenesses.keep(tuple(_made_up(number, chance)))
            filled = (perf_counter() - began) / size
            spent = [0.0, 0.0, 0.0]
            for turn in range(0, _TIMED, 100):
                pages = [_page_of(lines, chance, number) for number in range(turn, turn + 100)]
                moments = [perf_counter()]
                own = list(map(sketch, pages))
                moments.append(perf_counter())
                catalog.likenesses.keep(own)
                moments.append(perf_counter())
                catalog.likenesses.sharing(own)
                moments.append(perf_counter())
                spent = [
                    total + after - before for total, (before, after) in zip(spent, pairwise(moments), strict=True)
                ]
        place = Path(url(size).removeprefix("sqlite:///"))
        room = place.stat().st_size / size if place.is_file() else 0
        steps = [total / _TIMED * 1e3 for total in spent]
        print(
            f"{size:>10,} {filled * 1e3:>19.3f} {steps[0]:>11.2f} {steps[1]:>9.2f} {steps[2]:>12.2f} {room:>13.0f}",
            flush=True,
        )


def _page_of(lines: Sequence[str], chance: random.Random, number: int) -> Page:
    """Return a page half of which stands on other pages as well."""
    own = ["".join(chance.choices(_COMMON, k=28)) for _line in range(12)]
    return scanned(paper_of_text.page("\n".join(chance.choices(lines, k=12) + own)), str(number))


def _made_up(first: int, chance: random.Random) -> Iterator[Sketch]:
    """Yield sketches as of pages of text: keys by chance, and some that many pages have, as of the same form."""
    for number in range(first, first + _FILLED):
        keys = {chance.randrange(-(2**63), 2**63) for _ in range(18)} | {
            chance.randrange(500),
            chance.randrange(50_000),
        }
        yield Sketch(f"{number:064x}:0:0", chance.randbytes(160), f"{chance.getrandbits(256):064x}", tuple(keys))


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", nargs=2, type=Path, metavar="DIR")
    parser.add_argument("--pages", nargs="*", type=int, default=[100_000])
    parser.add_argument("--gazette", type=int, default=10**6, metavar="N", help="so many items at most")
    asked = parser.parse_args()
    print(described())
    with tempfile.TemporaryDirectory() as folder:
        items = of_scans(asked.scans) if asked.scans else islice(archive(random.Random(3)), asked.gazette)
        measured(items, f"sqlite:///{folder}/measured.db")
        timed(asked.pages, lambda size: f"sqlite:///{folder}/{size}.db")


if __name__ == "__main__":
    main()
