"""Every benchmark, one after another, each in a process of its own: `python -m tests.benchmarks [DIR]`.

DIR is where the development set is kept, and made when it is not there; without it, it is made for this once.
"""

import subprocess
import sys
import tempfile

from tests.benchmarks.machine import ROOT

with tempfile.TemporaryDirectory() as passing:
    development = ["--development", *(sys.argv[1:2] or [passing])]
    for name, arguments in {
        "bench_start": [],
        "bench_reading": development,
        "bench_networks": development,
        "bench_search": [],
        "bench_describing": [],
        "bench_throughput": [],
        "bench_million": ["--items", "100000"],
        "bench_duplicates": ["--gazette", "1400"],
    }.items():
        print(f"\n== {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}", *arguments], cwd=ROOT, check=False)
