"""Every benchmark, one after another, each in a process of its own: `python -m tests.benchmarks`."""

import subprocess
import sys

from tests.benchmarks.machine import ROOT

for name in ("bench_start", "bench_reading", "bench_search"):
    print(f"\n== {name}", flush=True)
    subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}"], cwd=ROOT, check=False)
