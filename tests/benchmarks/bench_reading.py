"""Errors, speed and memory of archivist and others on the same pages.

`python -m tests.benchmarks.bench_reading [FOLDER…] [--engines archivist,ingest,…] [--repeat N]`: pages with their
truth, by default those of samples/. `archivist` is one worker with all cores, `ingest` a whole batch from the command
line with as many workers as there are cores.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks import engines
from tests.benchmarks.machine import ROOT, Failed, described

try:
    from tests.benchmarks.scoring import Score, Truth, normalised, scores, truth_of, verdicts
except ModuleNotFoundError as error:
    sys.exit(f"{error}: pip install -e '.[bench]'")

PICTURES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"}
BANDS = (0.99, 0.9, 0.5, 0.0)
BAND_NAMES = ("≥ 0.99", "0.9–0.99", "0.5–0.9", "< 0.5")
BOTH, PRINTED, BY_HAND = (False, True), (False,), (True,)


@dataclass(frozen=True, slots=True)
class Group:
    """Pages that are counted together, and which characters on them: printed, written by hand, or both."""

    name: str
    pages: tuple[Path, ...]
    kinds: tuple[bool, ...] = BOTH


def with_truth(folders: Iterable[Path]) -> dict[Path, Truth]:
    pictures = sorted(
        path.resolve() for folder in folders for path in folder.rglob("*") if path.suffix.lower() in PICTURES
    )
    return {page: truth for page in pictures if (truth := truth_of(page))}


def groups(truths: dict[Path, Truth]) -> list[Group]:
    slips = tuple(page for page, truth in truths.items() if any(truth.by_hand))
    typed = tuple(page for page in truths if page not in slips)
    found = [Group("all pages", tuple(truths))]
    if slips:
        found += [
            Group("typed pages", typed),
            Group("slips", slips),
            Group("· printed on them", slips, PRINTED),
            Group("· written on them", slips, BY_HAND),
        ]
    homes = dict.fromkeys(page.parent for page in truths)
    items = [Group(home.name, tuple(page for page in truths if page.parent == home)) for home in homes]
    return found + (items if len(items) > 1 else [])


def measure(names: Sequence[str], pages: Sequence[Path], repeat: int) -> dict[str, list[engines.Run]]:
    """Run the engines in turn, `repeat` times; one that is not installed or fails is named and left out."""
    runs: dict[str, list[engines.Run]] = {}
    for name in names:
        if lack := engines.missing(name):
            print(f"{name} skipped, {lack}")
        else:
            runs[name] = []
    for _ in range(repeat):
        for name in list(runs):
            try:
                runs[name].append(engines.run(name, pages))
            except Failed as error:
                print(f"{name} failed: {error}")
                del runs[name]
    return runs


def print_costs(runs: dict[str, list[engines.Run]], pages: int) -> None:
    print(
        f"\n{'engine':>10} {'pages':>6} {'median s':>9} {'total s':>8} {'CPU s':>6} {'pages/min':>10} {'peak MiB':>9}"
    )
    rates = {}
    for name, rounds in runs.items():
        times = [one.seconds for run in rounds for one in run.readings.values() if one.seconds is not None]
        page = f"{median(times):.2f}" if times else "-"
        total = median(run.cost.seconds for run in rounds)
        rates[name] = 60 * pages / total
        cpu = median(run.cost.cpu for run in rounds)
        peak = max(run.cost.peak for run in rounds)
        read = len(rounds[-1].readings)
        print(f"{name:>10} {read:>6} {page:>9} {total:>8.1f} {cpu:>6.1f} {rates[name]:>10.1f} {peak:>9.0f}")
    print("total s and pages/min from the start of the program to its end; CPU s of all its processes, which tell more")
    print("where others use the machine too; peak MiB of the largest one")
    if "ocrmypdf" in rates:
        for name in ("archivist", "ingest"):
            if name in rates:
                print(f"{name}: {rates[name] / rates['ocrmypdf']:.1f} × the pages a minute of ocrmypdf")


def print_errors(runs: dict[str, list[engines.Run]], truths: dict[Path, Truth]) -> None:
    found: dict[str, dict[tuple[Path, bool], Score]] = {}
    for name, rounds in runs.items():
        readings = rounds[-1].readings
        found[name] = {
            (page, hand): score
            for page, truth in truths.items()
            for hand, score in scores(truth, normalised(readings[page].text) if page in readings else "").items()
        }
    print("\n% character errors in reading order / % of characters read nowhere on the page")
    print(f"{'':<22} {'characters':>10}" + "".join(f"{name:>15}" for name in found))
    for group in groups(truths):
        sums = [
            sum((score[page, hand] for page in group.pages for hand in group.kinds), Score())
            for score in found.values()
        ]
        row = "".join(
            f"{_percent(one.errors, one.characters):>7} /{_percent(one.missed, one.characters):>6}" for one in sums
        )
        print(f"{group.name:<22} {sums[0].characters:>10}{row}")


def print_reliability(run: engines.Run, truths: dict[Path, Truth]) -> None:
    print("\narchivist: is a confidence earned? (misplaced: right, but in another place of the page)")
    print(f"{'':<14} {'confidence':>10} {'read':>7} {'share %':>8} {'wrong':>6} {'wrong %':>8} {'misplaced':>10}")
    for group in [group for group in groups(truths) if group.name in ("typed pages", "slips")] or groups(truths)[:1]:
        seen: Counter[tuple[int, str]] = Counter()
        for page in group.pages:
            for confidence, verdict in verdicts(truths[page], run.readings[page].glyphs or []):
                band = next(number for number, least in enumerate(BANDS) if confidence >= least)
                seen[band, verdict] += 1
        for band, name in enumerate(BAND_NAMES):
            right, wrong, misplaced = (seen[band, verdict] for verdict in ("right", "wrong", "misplaced"))
            read = right + wrong + misplaced
            print(
                f"{group.name if not band else '':<14} {name:>10} {read:>7} {_percent(read, seen.total()):>8}"
                f" {wrong:>6} {_percent(wrong, read):>8} {misplaced:>10}"
            )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}" if whole else "-"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench_reading", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, default=[ROOT / "samples"], metavar="FOLDER")
    parser.add_argument("--engines", default=",".join(engines.ENGINES), help="which, in this order: %(default)s")
    parser.add_argument("--repeat", type=int, default=1, help="rounds; speeds are medians over them")
    asked = parser.parse_args()
    names = asked.engines.split(",")
    if unknown := [name for name in names if name not in engines.ENGINES]:
        parser.error(f"no such engine: {', '.join(unknown)}")
    truths = with_truth(asked.folders)
    if not truths:
        parser.error("no page with a truth/ or a text beside it")
    print(described())
    print(f"{len(truths)} pages, {asked.repeat} rounds; tesseract and ocrmypdf with -l {engines.LANGUAGE}")
    runs = measure(names, list(truths), asked.repeat)
    if runs:
        print_costs(runs, len(truths))
        print_errors(runs, truths)
    if "archivist" in runs:
        print_reliability(runs["archivist"][-1], truths)
    print(described())


if __name__ == "__main__":
    main()
