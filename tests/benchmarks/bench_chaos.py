"""Is anything lost or read twice, however runs end? `python -m tests.benchmarks.bench_chaos [--kills N] [--seed N]`.

A box of small scans is taken in once without disturbance, then into fresh archives by runs that are killed again and
again at random moments, and begun again until the box is done; `make chaos`. Ends with 1 where anything is amiss.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

from tests.benchmarks.machine import described
from tests.chaos import COMMIT, WRITE, Trial, differences, fill

#: At what moments runs are killed, and how much more often than by the clock: what is written matters most.
_MOMENTS = {"time": 1, "line": 2, COMMIT: 3, WRITE: 2}
#: How often, after a worker was killed, another is killed in the same run before the run is.
_ANOTHER = 0.5
#: Seconds between two looks at a program that is to be killed when it has said something.
_LOOK = 0.005


class Killer:
    """Decides at random where a run ends; `seconds` and `lines` are what one took that nobody disturbed."""

    def __init__(self, chance: random.Random, seconds: float, lines: int) -> None:
        self._chance, self._seconds, self._lines = chance, seconds, lines

    def strike(self, trial: Trial, command: str = "ingest") -> str:
        """Begin a run, kill workers of it or not, then kill it, and return in a word by what moment."""
        (when,) = self._chance.choices(list(_MOMENTS), list(_MOMENTS.values()))
        most = {COMMIT: 4, WRITE: 6}.get(when, 0) * self._lines
        process = trial.start(command, f"{when}:{self._some(most)}" if most else "")
        while command == "ingest" and self._chance.random() < _ANOTHER:
            self._await(process, trial, "line")
            trial.hit(process, "worker")
        if not most:
            self._await(process, trial, when)
            trial.hit(process, self._chance.choice(("program", "group", "term")))
        trial.finish(process)
        return when

    def _some(self, most: int) -> int:
        """Return a number up to `most`, small ones as likely as great ones."""
        return round(most ** self._chance.random())

    def _await(self, process: "Popen[str]", trial: Trial, when: str) -> None:
        said = trial.runs[-1].said
        if when == "time":
            due = _after(self._seconds * self._chance.random() ** 2)
        else:
            lines = len(said) + self._some(self._lines // 3)
            due = lambda: len(said) >= lines  # noqa: E731
        while not due() and process.poll() is None:
            time.sleep(_LOOK)
        time.sleep(self._chance.uniform(0, 0.05))


def _after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments.add_argument("--pages", type=int, default=60)
    arguments.add_argument("--keep", type=Path, help="a new folder for the archives, to look at what is amiss")
    given = arguments.parse_args()
    print(described())
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="archivist-chaos-") as passing:
        place = given.keep or Path(passing)
        sys.exit(int(not held(place, given.kills, given.pages, random.Random(given.seed))))


def held(folder: Path, kills: int, pages: int, chance: random.Random) -> bool:
    """Kill runs until so many kills are counted, and return whether everything held."""
    box = folder / "box"
    expected = fill(box, pages)
    undisturbed = Trial(folder / "undisturbed", box)
    began = time.monotonic()
    undisturbed.in_peace()
    seconds, lines = time.monotonic() - began, len(undisturbed.runs[-1].said)
    faults = undisturbed.faults(expected) + undisturbed.read_twice()
    print(f"{len(expected)} scans, {sum(expected.values())} pages, undisturbed in {seconds:.0f} s")
    killer = Killer(chance, seconds, lines)
    counted: Counter[str] = Counter()
    moments: Counter[str] = Counter()
    beginnings: Counter[int] = Counter()
    turn = 0
    while counted.total() < kills and not faults:
        turn += 1
        trial = Trial(folder / f"turn-{turn}", box)
        _turn(trial, killer, moments, kills - counted.total())
        faults = trial.faults(expected) + trial.read_twice() + differences(trial, undisturbed, expected)
        counted += trial.kills
        beginnings += trial.beginnings()
        killed, luck = trial.kills.total(), "; a page killed twice" if trial.unlucky(expected) else ""
        print(f"archive {turn}: {len(trial.runs)} runs, {killed} kills, {counted.total()} in all{luck}", flush=True)
    print("killed: " + ", ".join(f"{how} {count}" for how, count in counted.most_common()))
    print("at: " + ", ".join(f"{when} {count}" for when, count in moments.most_common()))
    print("pages begun " + ", ".join(f"{times}×: {count}" for times, count in sorted(beginnings.items())))
    for fault in faults:
        print(f"AMISS in archive {turn}: {fault}")
    return not faults


def _turn(trial: Trial, killer: Killer, moments: Counter[str], most: int) -> None:
    """Kill runs over one archive until the box is done, and then those that work on what is there."""
    while trial.kills.total() < most:
        moments[killer.strike(trial)] += 1
        if trial.runs[-1].code in (0, 1) and not trial.runs[-1].kills:
            break
    trial.in_peace()
    for command in ("describe", "reindex"):
        if trial.kills.total() < most:
            moments[killer.strike(trial, command)] += 1
    trial.in_peace()


if __name__ == "__main__":
    main()
