"""What was measured on, and one program measured."""

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[2]
ARCHIVIST = str(Path(sys.executable).with_name("archivist"))
#: What `ru_maxrss` counts in: KiB on Linux, bytes on macOS.
_RSS_UNITS_A_MIB = 2**20 if sys.platform == "darwin" else 2**10


class Failed(Exception):
    """A measured program ended badly; the text is the last thing it said."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of wall clock and of all cores, and MiB of the largest process that the program was or started."""

    seconds: float
    cpu: float
    peak: float


def described() -> str:
    """Return one line about the machine and how busy it is now."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    python = platform.python_version()
    return f"{_processor()}, {cores} cores, load average {load}, {platform.system()}, Python {python}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def measured(command: Sequence[str | Path], accepted: Sequence[int] = (0,)) -> Cost:
    """Run `command` to its end and return what it cost; Failed where its exit code is not `accepted`.

    Settings of archivist in the environment are kept from it, so that defaults are measured.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ARCHIVIST_")}
    with tempfile.TemporaryFile() as said:
        start = perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=subprocess.STDOUT)
        # wait4 tells of this one process and those it waited for; getrusage would mix in every earlier program.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        last = said.read().decode("utf-8", "replace").strip().splitlines()[-1:]
    if process.returncode not in accepted:
        raise Failed(" ".join([f"exit code {process.returncode}", *last]))
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / _RSS_UNITS_A_MIB)
