"""How soon the command line answers: `python -m tests.benchmarks.bench_start`."""

import sys
from pathlib import Path
from statistics import median

from tests.benchmarks.machine import ARCHIVIST, described, measured

REPEATS = 10


def main() -> None:
    print(described())
    if not Path(ARCHIVIST).exists():
        print(f"skipped: {ARCHIVIST} is not there; pip install -e .")
        return
    commands = {
        "archivist --help": [ARCHIVIST, "--help"],
        "archivist --version": [ARCHIVIST, "--version"],
        "(bare python)": [sys.executable, "-c", ""],
    }
    print(f"{'start':>20} {'median ms':>10} {'least':>6} {'most':>6}")
    for name, command in commands.items():
        times = [measured(command).seconds * 1000 for _ in range(REPEATS)]
        print(f"{name:>20} {median(times):>10.0f} {min(times):>6.0f} {max(times):>6.0f}")


if __name__ == "__main__":
    main()
