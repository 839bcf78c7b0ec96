"""Errors, order, confidence, speed and memory of archivist and others on the same pages.

`python -m tests.benchmarks.bench_reading [FOLDER…] [--engines archivist,ingest,…] [--repeat N] [--development DIR]`:
pages with their truth, by default those of samples/, of the development set (made in DIR if it is not there) and of
real scans beside the project. `archivist` is one worker with all cores, `ingest` a whole batch from the command line
with as many workers as there are cores.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks import engines
from tests.benchmarks.machine import Failed, described

try:
    from tests.benchmarks.pages import kinds, usual, with_truth
    from tests.benchmarks.scoring import Order, Score, Truth, Verdict, normalised, order, scores, verdicts
except ModuleNotFoundError as error:
    sys.exit(f"{error}: pip install -e '.[bench]'")

Kinds = Mapping[str, tuple[Path, ...]]
Runs = Mapping[str, list[engines.Run]]
#: From here on a character is shown as certain.
SURE = 0.99
BANDS = (SURE, 0.9, 0.5, 0.0)
BAND_NAMES = ("≥ 0.99", "0.9–0.99", "0.5–0.9", "< 0.5")
WRITING = {False: "printed", True: "written by hand"}


@dataclass(frozen=True, slots=True)
class Trust:
    """What is shown of characters on some pages: how many by confidence band, and what became of them."""

    seen: Counter[tuple[int, Verdict]]

    def count(self, bands: Sequence[int], *among: Verdict) -> int:
        """Return how many characters in `bands` are one of `among`; all where none is given."""
        return sum(
            number
            for (band, verdict), number in self.seen.items()
            if band in bands and verdict in (among or (verdict,))
        )


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


def print_costs(runs: Runs, pages: int) -> None:
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


def print_errors(texts: Mapping[str, Mapping[Path, str]], truths: Mapping[Path, Truth], groups: Kinds) -> None:
    found = {
        name: {page: scores(truth, read.get(page, "")) for page, truth in truths.items()}
        for name, read in texts.items()
    }
    for by_hand, writing in WRITING.items():
        rows: list[tuple[str, list[Score]]] = []
        for kind, pages in groups.items():
            sums = [sum((score[page][by_hand] for page in pages), Score()) for score in found.values()]
            if sums and sums[0].characters:
                rows.append((kind, sums))
        if not rows:
            continue
        print(f"\n{writing}: % character errors in reading order / % of characters read nowhere on the page")
        print(f"{'':<22} {'characters':>10}" + "".join(f"{name:>15}" for name in found))
        for kind, sums in rows:
            row = "".join(
                f"{_percent(one.errors, one.characters):>7} /{_percent(one.missed, one.characters):>6}" for one in sums
            )
            print(f"{kind:<22} {sums[0].characters:>10}{row}")


def print_order(texts: Mapping[str, Mapping[Path, str]], truths: Mapping[Path, Truth], groups: Kinds) -> None:
    for name, cells in (("cells of tables", True), ("lines", False)):
        print(f"\n{name}: read one after another in the wrong order, of neighbours that were both read")
        print(f"{'':<22}" + "".join(f"{engine:>15}" for engine in texts))
        for kind, pages in groups.items():
            sums = [
                sum((order(truths[page], read.get(page, ""), cells=cells) for page in pages), Order())
                for read in texts.values()
            ]
            if any(one.pairs for one in sums):
                print(f"{kind:<22}" + "".join(f"{f'{one.wrong} of {one.pairs}':>15}" for one in sums))


def print_kinds(run: engines.Run, truths: Mapping[Path, Truth], groups: Kinds) -> None:
    """Print for each kind what a reader of archivist's pages can rely on."""
    print("\narchivist: printed characters by kind (wrong: not those that are right in another place of the page)")
    print(
        f"{'':<22} {'pages':>6} {'read':>7} {'≥ 0.99 %':>9} {'wrong':>6} {'one in':>7}"
        f" {'below %':>8} {'seconds':>8} {'blank':>9}"
    )
    for kind, pages in groups.items():
        those = [page for page in pages if page in run.readings]
        trust = _trust(run, truths, those)[False]
        everything, sure = trust.count(range(len(BANDS))), trust.count([0])
        wrong = trust.count([0], "wrong")
        if not those:
            print(f"{kind:<22} {0:>6}")
            continue
        seconds = median([run.readings[page].seconds or 0.0 for page in those])
        empty = [page for page in those if not truths[page].text]
        known = sum(bool(run.readings[page].blank) for page in empty)
        mistaken = sum(bool(run.readings[page].blank) for page in those if page not in empty)
        blank = f"{known} of {len(empty)}" if empty else ""
        print(
            f"{kind:<22} {len(those):>6} {everything:>7} {_percent(sure, everything):>9} {wrong:>6}"
            f" {f'{sure / wrong:.0f}' if wrong else '-':>7} {_percent(everything - sure, everything):>8}"
            f" {seconds:>8.2f} {blank:>9}" + (f"  {mistaken} taken for blank" if mistaken else "")
        )


def print_reliability(run: engines.Run, truths: Mapping[Path, Truth]) -> None:
    print("\narchivist: is a confidence earned? (misplaced: right, but in another place of the page)")
    print(f"{'':<16} {'confidence':>10} {'read':>7} {'share %':>8} {'wrong':>6} {'wrong %':>8} {'misplaced':>10}")
    for by_hand, trust in _trust(run, truths, list(run.readings)).items():
        for band, name in enumerate(BAND_NAMES):
            read, wrong = trust.count([band]), trust.count([band], "wrong")
            print(
                f"{WRITING[by_hand] if not band else '':<16} {name:>10} {read:>7}"
                f" {_percent(read, trust.count(range(len(BANDS)))):>8} {wrong:>6} {_percent(wrong, read):>8}"
                f" {trust.count([band], 'misplaced'):>10}"
            )


def _trust(run: engines.Run, truths: Mapping[Path, Truth], pages: Sequence[Path]) -> dict[bool, Trust]:
    found = {by_hand: Trust(Counter()) for by_hand in WRITING}
    for page in pages:
        for confidence, verdict, by_hand in verdicts(truths[page], run.readings[page].glyphs or []):
            band = next(number for number, least in enumerate(BANDS) if confidence >= least)
            found[by_hand].seen[band, verdict] += 1
    return found


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}" if whole else "-"


def report(folders: Sequence[Path], names: Sequence[str], repeat: int) -> None:
    """Measure the pages of `folders` with the engines `names` and print what comes out."""
    truths = with_truth(folders)
    if not truths:
        sys.exit("no page with a truth/ or a text beside it")
    groups: dict[str, tuple[Path, ...]] = {"all pages": tuple(truths), **kinds(folders, truths)}
    for folder in folders:
        # Single scans that lie in a folder side by side are looked at one by one, too.
        single = [page for page in truths if page.parent == folder.resolve()]
        groups |= {f"· {page.stem}"[:22]: (page,) for page in single if len(single) > 1}
    print(described())
    print(f"{len(truths)} pages, {repeat} rounds; tesseract and ocrmypdf with -l {engines.LANGUAGE}")
    runs = measure(names, list(truths), repeat)
    if runs:
        texts = {
            name: {page: normalised(reading.text) for page, reading in rounds[-1].readings.items()}
            for name, rounds in runs.items()
        }
        print_costs(runs, len(truths))
        print_errors(texts, truths, groups)
        print_order(texts, truths, groups)
    if "archivist" in runs:
        print_kinds(runs["archivist"][-1], truths, groups)
        print_reliability(runs["archivist"][-1], truths)
    print(described())


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench_reading", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--engines", default=",".join(engines.ENGINES), help="which, in this order: %(default)s")
    parser.add_argument("--repeat", type=int, default=1, help="rounds; speeds are medians over them")
    parser.add_argument("--development", type=Path, metavar="DIR", help="where the development set is or shall be kept")
    asked = parser.parse_args()
    names = asked.engines.split(",")
    if unknown := [name for name in names if name not in engines.ENGINES]:
        parser.error(f"no such engine: {', '.join(unknown)}")
    with tempfile.TemporaryDirectory() as passing:
        report(asked.folders or usual(asked.development or Path(passing)), names, asked.repeat)


if __name__ == "__main__":
    main()
