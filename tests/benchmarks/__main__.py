"""Every benchmark, one after another, each in a process of its own: `python -m tests.benchmarks [DIR]`.

DIR is where the development set is kept, and made when it is not there; worn papers whose words are known are kept in
DIR-worn. Without it, both are made for this once.
"""

import subprocess
import sys
import tempfile

from tests.benchmarks.machine import ROOT

with tempfile.TemporaryDirectory() as passing:
    folder = sys.argv[1] if sys.argv[1:] else f"{passing}/development"
    for name, *arguments in (
        ("bench_start",),
        ("bench_reading", "--development", folder),
        ("bench_networks", "--development", folder),
        ("bench_search", "--documents", "3000"),
        ("bench_search", "--documents", "10000"),
        ("bench_search", "--documents", "100000"),
        ("bench_tolerance", f"{folder}-worn"),
        ("bench_describing",),
        ("bench_throughput",),
        ("bench_million", "--items", "100000"),
        ("bench_duplicates", "--gazette", "1400"),
        ("bench_reading_room",),
    ):
        print(f"\n== {' '.join((name, *arguments))}", flush=True)
        subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}", *arguments], cwd=ROOT, check=False)
