"""`make fuzz`: spoilt input for every parser until the time is over, in processes of their own.

A parser that raises what it does not document, takes too long or too much memory, or ends its process is told of, and
the bytes that did it are kept. Exit code 1 where there was any.
"""

import argparse
import sys
import time
from pathlib import Path

from tests.fuzz.parsers import PARSERS
from tests.fuzz.rounds import ROUNDS, batch


def main() -> None:
    """Fuzz each parser in turn, a batch at a time."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    options.add_argument("--minutes", type=float, default=20)
    options.add_argument("--seed", type=int, default=int(time.time()))
    options.add_argument("--keep", type=Path, default=Path("fuzz-findings"), help="where what was found is kept")
    options.add_argument("--only", choices=PARSERS, help="one parser alone")
    called = options.parse_args()
    until, seed = time.monotonic() + 60 * called.minutes, called.seed
    tried = dict.fromkeys([called.only] if called.only else PARSERS, 0)
    found = 0
    while time.monotonic() < until:
        for name in tried:
            seed += 1
            found += batch(name, seed, called.keep)
            tried[name] += ROUNDS
    print(f"seeds {called.seed} to {seed}:", *(f"{name} {count}" for name, count in tried.items()), sep="\n  ")
    print(f"{found} findings" + (f", see {called.keep}" if found else ""))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
