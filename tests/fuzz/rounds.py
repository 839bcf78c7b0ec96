"""A batch of spoilt input for one parser, in a process of its own, which it may end."""

import faulthandler
import os
import resource
import traceback
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from random import Random

from tests.fuzz.parsers import PARSERS, mutated

#: What one input may take: seconds, and bytes beyond what the process has at its start.
_SECONDS, _MEMORY = 30, 2 * 2**30
ROUNDS = 200


def batch(name: str, seed: int, keep: Path) -> bool:
    """Try one batch in a process of its own and say whether anything was found."""
    keep.mkdir(parents=True, exist_ok=True)
    at_hand = keep / f".{name.replace(' ', '-')}-{seed}"
    process = get_context("spawn").Process(target=_rounds, args=(name, seed, at_hand))
    process.start()
    process.join()
    if process.exitcode:
        finding = keep / at_hand.name.removeprefix(".")
        if at_hand.exists():
            at_hand.replace(finding)
        print(f"{name}: exit code {process.exitcode}; bytes in {finding}, seed {seed}", flush=True)
    at_hand.unlink(missing_ok=True)
    return bool(process.exitcode)


def _rounds(name: str, seed: int, at_hand: Path) -> None:
    parser, chance = PARSERS[name], Random(seed)
    for example in parser.examples():
        # What is loaded at first use does not count.
        with suppress(*parser.errors):
            parser.take(example)
    held = int(Path("/proc/self/statm").read_text().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_DATA, (held + _MEMORY, held + _MEMORY))
    for _round in range(ROUNDS):
        data = mutated(parser, chance)
        at_hand.write_bytes(data)
        faulthandler.dump_traceback_later(_SECONDS, exit=True)
        try:
            parser.take(data)
        except parser.errors as error:
            if not str(error):
                raise
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        faulthandler.cancel_dump_traceback_later()
