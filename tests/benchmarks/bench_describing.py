"""How much of what papers say is found, field by field, and whether a confidence is earned.

`python -m tests.benchmarks.bench_describing [--text] [--scans DIR] [--slips] [--set development|held-out]`: papers of
samples/describing as pages of text without a fault (`--text`, the default), as scans that
`python samples/make.py --describing DIR` made (`--scans`, read once and kept in `--cache`), and filled-in slips
(`--slips`, instead of papers). `--verbose` names every wrong and every missing value, `--only` a paper.
"""

import argparse
import json
import pickle
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from archivist import campaigns
from archivist.describe import describe
from archivist.model import CampaignLink, Document, Page
from tests.benchmarks.answers import BANDS, Answer, Truth, compared, typed
from tests.benchmarks.machine import described
from tests.benchmarks.papers import pages as typeset
from tests.benchmarks.papers import papers

SETS = {"development": "papers", "held-out": "held-out"}
#: Until a person looks, what is above counts as said.
SAYING = ("accepted", "verified", "review")


def entry(pages: Sequence[Page]) -> tuple[tuple[Document, ...], tuple[CampaignLink, ...]]:
    """Return what the catalogue would say of `pages`: described documents, and campaigns."""
    documents = describe(pages)
    return documents, campaigns.recognise(documents, pages)


def of_text(which: str, only: str | None = None, blanks: Sequence[bool] = (True, False)) -> list[Answer]:
    """Return the answers to the papers of a set: each with blanks as characters, and with blanks as gaps."""
    answers = []
    for paper in papers(SETS[which]):
        if only is None or only in paper.name:
            truth = Truth(paper.documents, paper.campaigns)
            for spaces in blanks:
                name = f"{paper.name} ({'blanks' if spaces else 'gaps'})"
                answers.append(_answer(name, truth, typeset(paper, spaces=spaces)))
    return answers


def of_slips(which: str, only: str | None = None) -> list[Answer]:
    """Return the answers to the filled-in slips of a set, each as cells of its ruling and as lines without it."""
    from tests.benchmarks.slips import SHAPES, slips

    answers = []
    for shape in SHAPES:
        for name, pages, expected in slips(shape, held_out=which == "held-out"):
            if only is None or only in name:
                truth = Truth([{"kind": "circulation_slip", "fields": expected}], None)
                answers.append(_answer(f"{name} ({shape})", truth, pages))
    return answers


def of_scans(folder: Path, cache: Path, *, slips: bool, only: str | None = None) -> list[Answer]:
    """Return the answers to the items below `folder`: folders with an expected.json beside their pages."""
    answers = []
    for record in sorted(folder.rglob("expected.json")):
        said = json.loads(record.read_text("utf-8"))
        name = str(record.parent.relative_to(folder))
        is_slip = any(document["kind"] == "circulation_slip" for document in said["documents"])
        if is_slip == slips and (only is None or only in name):
            truth = Truth(said["documents"], said.get("campaigns"))
            answers.append(_answer(name, truth, tuple(_read(record.parent, cache))))
    return answers


def _answer(name: str, truth: Truth, pages: Sequence[Page]) -> Answer:
    documents, links = entry(pages)
    names = [link.name for link in links if getattr(link, "status", "accepted") in SAYING]
    return compared(name, truth, documents, names)


def _read(folder: Path, cache: Path) -> Iterator[Page]:
    """Yield the pages of an item as the reader sees them; each scan is read once and kept."""
    cache.mkdir(parents=True, exist_ok=True)
    scans = sorted([*folder.glob("p*.jpg"), *folder.glob("p*.tif")])
    for number, scan in enumerate(scans, 1):
        digest = sha256(scan.read_bytes()).hexdigest()
        kept = cache / f"{digest}.pickle"
        if not kept.exists():
            from archivist.reading import read_scan, readers

            reading = read_scan(scan.read_bytes(), scan.name, digest, 0, *readers(1, True))
            kept.write_bytes(pickle.dumps(reading.pages))
        for page in pickle.loads(kept.read_bytes()):
            yield replace(page, number=number)


def report(answers: Sequence[Answer], *, verbose: bool) -> None:
    """Print the tables."""
    if verbose:
        for answer in answers:
            for said in answer.wrong:
                print(f"{answer.name}  wrong    {said.field:<16} {said.shown} ({said.confidence:.2f} {said.status})")
            for field, shown in answer.missing:
                print(f"{answer.name}  missing  {field:<16} {shown}")
    print(
        f"\n{'':<28} {'expected':>8} {'found':>6} {'right':>6} {'precision':>10} {'recall':>7} {'F1':>7} {'parts':>7}"
        f" {'accepted':>9} {'right %':>8} {'review':>7} {'right %':>8}"
    )
    fields = sorted({field for answer in answers for field in answer.fields})
    for field in fields:
        _row(field, answers, [field])
    _row("all typed fields", answers, [field for field in fields if typed(field)])
    print("\nis a confidence earned? (typed fields)")
    print(f"{'confidence':>12} {'values':>7} {'right':>6} {'right %':>8} {'mean of confidence':>19}")
    everything = [said for answer in answers for said in answer.said if typed(said.field)]
    for most, least in zip((2.0, *BANDS), (*BANDS, 0.0), strict=False):
        band = [said for said in everything if least <= said.confidence < most]
        right = sum(said.right for said in band)
        mean = f"{sum(said.confidence for said in band) / len(band):.3f}" if band else "-"
        name = f"≥ {least}" if least else f"< {most}"
        print(f"{name:>12} {len(band):>7} {right:>6} {_percent(right, len(band)):>8} {mean:>19}")


def _row(name: str, answers: Iterable[Answer], fields: Sequence[str]) -> None:
    expected = found = right = 0
    parts = 0.0
    sure: dict[bool, list[bool]] = {True: [], False: []}
    for answer in answers:
        for field in fields:
            expected += answer.expected[field]
        for said in answer.said:
            if said.field in fields:
                found += 1
                right += said.right
                parts += said.parts
                sure[said.status != "review"].append(said.right)
    accepted, review = sure[True], sure[False]
    print(
        f"{name:<28} {expected:>8} {found:>6} {right:>6} {_percent(right, found):>10} {_percent(right, expected):>7}"
        f" {_percent(2 * right, expected + found):>7} {_percent(2 * parts, expected + found):>7}"
        f" {len(accepted):>9} {_percent(sum(accepted), len(accepted)):>8}"
        f" {len(review):>7} {_percent(sum(review), len(review)):>8}"
    )


def f1(answers: Iterable[Answer]) -> float:
    """Return the harmonic mean of precision and recall over all values of typed fields."""
    expected = found = right = 0
    for answer in answers:
        expected += sum(count for field, count in answer.expected.items() if typed(field))
        found += sum(typed(said.field) for said in answer.said)
        right += sum(said.right for said in answer.said if typed(said.field))
    return 2 * right / (expected + found) if expected + found else 1.0


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.2f}" if whole else "-"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench_describing", description=__doc__)
    parser.add_argument("--text", action="store_true", help="as pages of text without a fault")
    parser.add_argument("--scans", type=Path, metavar="DIR", help="as scans, made there before")
    parser.add_argument("--slips", action="store_true", help="filled-in slips instead of papers")
    parser.add_argument("--set", choices=SETS, default="development", help="of the papers as text: %(default)s")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where what was read is kept (default: DIR/.read)")
    parser.add_argument("--only", metavar="TEXT", help="papers whose name holds this")
    parser.add_argument("--verbose", action="store_true", help="name every wrong and every missing value")
    asked = parser.parse_args()
    print(described())
    if asked.text or not asked.scans:
        print(f"\n== {'slips' if asked.slips else 'papers'} as text ({asked.set})")
        answers = (of_slips if asked.slips else of_text)(asked.set, asked.only)
        report(answers, verbose=asked.verbose)
    if asked.scans:
        if not any(asked.scans.rglob("expected.json")):
            sys.exit(f"nothing to read in {asked.scans}: python samples/make.py --describing {asked.scans}")
        cache = asked.cache or asked.scans / ".read"
        answers = of_scans(asked.scans, cache, slips=asked.slips, only=asked.only)
        print(f"\n== {'slips' if asked.slips else 'papers'} as scans")
        for kind in sorted({answer.name.partition("/")[0] for answer in answers}):
            those = [answer for answer in answers if answer.name.startswith(f"{kind}/")]
            print(f"{kind:<12} {len(those):>3} items, F1 {100 * f1(those):.2f}")
        report(answers, verbose=asked.verbose)


if __name__ == "__main__":
    main()
