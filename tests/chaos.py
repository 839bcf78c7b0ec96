"""Runs broken off on purpose: a box of small scans, a program that takes it in, and what must hold however it ended.

The program under trial is `Archive.ingest` with real workers in a process of its own. Every page that a worker begins
is written down by the worker before it reads, so that what was read twice can be counted.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import Any

import psutil
from PIL import Image
from sqlalchemy import create_engine, event, select
from sqlalchemy.engine import Engine

from archivist import pipeline
from archivist.archive import Archive
from archivist.catalog.tables import readings
from archivist.errors import ArchivistError
from archivist.reading import process
from archivist.settings import Settings
from tests.boxes import encoded, locked, pdf, plan, put, strip, tiff

ROOT = Path(__file__).parents[1]
#: Where workers write down which pages they begin, and in which run.
_LOG, _RUN, _DEADLY = "TRIAL_LOG", "TRIAL_RUN", "TRIAL_DEADLY"
#: Longer than any page of these boxes takes, however busy the machine is.
PATIENCE = 240.0
#: What a run may be told to be killed before: its Nth commit, its Nth opening or renaming of something to write.
COMMIT, WRITE = "commit", "write"


def varied(number: int) -> bytes:
    """Return a small scan whose bytes no other number has: one of the strips, a little longer each time."""
    turn, line = divmod(number, 10)
    line = strip(5 + line)
    longer = Image.new("RGB", (line.width, line.height + turn), "white")
    longer.paste(line)
    return encoded(longer, quality=90)


def fill(box: Path, pages: int = 60) -> dict[str, int]:
    """Fill `box` with about `pages` small scans of every kind; return how many pages each has, 0 for a bad one."""
    expected: dict[str, int] = {}
    numbers = iter(range(pages))

    def bundle(name: str, count: int) -> None:
        scans = {f"p{turn:02d}": varied(number) for turn, number in zip(range(1, count + 1), numbers, strict=False)}
        put(box / name, **scans)
        expected.update({f"{name}/{scan}.jpg": 1 for scan in scans})

    def single(name: str, data: bytes, count: int) -> None:
        (box / name).parent.mkdir(parents=True, exist_ok=True)
        (box / name).write_bytes(data)
        expected[name] = count

    bundle("a large", pages // 5)
    bundle("b with a bad scan", pages // 10)
    single("b with a bad scan/p00 empty.jpg", b"", 0)
    single("c/several.tif", tiff(5, 6, 7), 3)
    single("d/plan.pdf", pdf(plan()), 1)
    single("e/locked.pdf", locked("user", "owner"), 0)
    # The same bytes in another place are one scan, and an item of its own.
    single("f/again.jpg", varied(0), 1)
    single("f/own.jpg", varied(pages), 1)
    while left := pages - sum(expected.values()):
        bundle(f"g/{left:02d}", min(1 + left % 5, left))
    return expected


def main() -> None:
    """Take the box `argv[2]` into the archive `argv[1]`, or do what else `argv[3]` says; killed as `argv[4]` says."""
    folder, box, command = sys.argv[1:4]
    if len(sys.argv) > 4:
        _kill_before(*sys.argv[4].split(":"))
    pipeline.process = begun
    code = 0
    try:
        with Archive(Settings(folder=Path(folder)), create=True) as archive:
            if command == "ingest":
                report = archive.ingest([Path(box)], lambda at: print(f"{at.done}/{at.total} {at.scan}", flush=True))
                code = int(bool(report.failed))
            elif command == "describe":
                archive.desk.describe_again(tell=lambda item: print(item.id, flush=True))
            else:
                archive.reindex()
    except ArchivistError as error:
        print(f"error: {error}", flush=True)
        code = error.exit_code
    sys.exit(code)


def begun(task: Any) -> Any:
    """Read a page, having written down that it was begun; one is called so that its worker dies of it."""
    line = f"{os.environ[_RUN]} {time.monotonic_ns()} {task.sha256} {task.index}\n"
    log = os.open(os.environ[_LOG], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(log, line.encode())
    os.close(log)
    if task.name == os.environ.get(_DEADLY):
        os.kill(os.getpid(), signal.SIGKILL)
    return process(task)


def _kill_before(what: str, number: str) -> None:
    """Kill this process before the commit or write that has this number, from 1."""
    left = int(number)

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def audited(name: str, given: tuple[Any, ...]) -> None:
        writes = name == "open" and isinstance(given[2], int) and given[2] & (os.O_WRONLY | os.O_RDWR)
        if writes or name in ("os.rename", "os.remove", "os.mkdir", "os.truncate"):
            step()

    if what == COMMIT:
        event.listen(Engine, "commit", lambda _connection: step())
    else:
        sys.addaudithook(audited)


@dataclass
class Run:
    """One start of the program: when something of it was killed, and how it ended (`code`, negative for a signal)."""

    number: int
    known: frozenset[tuple[str, int]]
    kills: list[tuple[int, str]] = field(default_factory=list)
    code: int | None = None
    said: list[str] = field(default_factory=list)
    over: bool = False
    listener: Thread | None = None


class Trial:
    """An archive in `folder` into which `box` is taken by a program that may be killed at any moment."""

    def __init__(self, folder: Path, box: Path, workers: int = 2, deadly: str = "") -> None:
        """Read with so many workers, which die of scans with the name `deadly`."""
        self.settings = Settings(folder=folder / "archive", workers=workers)
        self.box, self._log, self._deadly = box, folder / "begun.log", deadly
        self.runs: list[Run] = []
        folder.mkdir(parents=True, exist_ok=True)

    def start(self, command: str = "ingest", kill: str = "") -> "subprocess.Popen[str]":
        """Start the program at the head of a group of its own; what it says is gathered in the last of `runs`."""
        run = Run(len(self.runs), frozenset(self.committed()))
        self.runs.append(run)
        place = {_LOG: str(self._log), _RUN: str(run.number), _DEADLY: self._deadly}
        place["ARCHIVIST_WORKERS"] = str(self.settings.workers)
        process = subprocess.Popen(
            [sys.executable, "-c", "from tests.chaos import main; main()",
             str(self.settings.folder), str(self.box), command, *([kill] if kill else [])],
            cwd=ROOT, env={**os.environ, **place}, text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        run.listener = Thread(target=_gather, args=(process, run), daemon=True)
        run.listener.start()
        return process

    def finish(self, process: "subprocess.Popen[str]") -> int:
        """Wait for the program to end; AssertionError, with its last words, where it never does."""
        run = self.runs[-1]
        try:
            run.code = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            kill(process, "group")
            process.wait()
            raise AssertionError(f"run {run.number} hangs; it last said {run.said[-5:]}") from None
        if run.listener:
            run.listener.join(PATIENCE)
        if run.code == -signal.SIGKILL and all(how == "worker" for _moment, how in run.kills):
            self.disturbed("by itself")
        return run.code

    def in_peace(self) -> None:
        """Let the program run to its end."""
        code = self.finish(self.start())
        assert code in (0, 1), (code, self.runs[-1].said[-20:])

    def hit(self, process: "subprocess.Popen[str]", how: str) -> bool:
        """Kill the program, or part of it, and return whether there was anything left to kill."""
        moment = time.monotonic_ns()
        done = kill(process, how)
        if done:
            self.disturbed(how, moment)
        return done

    def disturbed(self, how: str, moment: int | None = None) -> None:
        """Keep that something happened to the program just now: what was under way may be read again."""
        self.runs[-1].kills.append((moment or time.monotonic_ns(), how))

    def said(self, lines: int) -> None:
        """Wait until the program that runs has said so much, or has ended."""
        run, end = self.runs[-1], time.monotonic() + PATIENCE
        while len(run.said) < lines and not run.over and time.monotonic() < end:
            time.sleep(0.005)

    @property
    def kills(self) -> Counter[str]:
        """How often what was killed."""
        return Counter(how for run in self.runs for _moment, how in run.kills)

    def committed(self) -> set[tuple[str, int]]:
        """Return the pages whose reading the catalogue has, as it lies there."""
        place = self.settings.catalogue.removeprefix("sqlite:///")
        if place != self.settings.catalogue and not Path(place).is_file():
            return set()
        engine = create_engine(self.settings.catalogue)
        try:
            with engine.connect() as connection:
                if not engine.dialect.has_table(connection, readings.name):
                    return set()
                return {(row.sha256, row.place) for row in connection.execute(select(readings))}
        finally:
            engine.dispose()

    def begun(self) -> list[tuple[int, int, tuple[str, int]]]:
        """Return for each beginning of a page its run, its moment, and the page."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        rows = (line.split() for line in lines)
        return [(int(run), int(moment), (digest, int(index))) for run, moment, digest, index in rows]

    def read_twice(self) -> list[str]:
        """Return, in words, what was read more often than the kills explain: none is to be expected."""
        wrong, last = [], dict[tuple[str, int], tuple[int, int]]()
        # A bad page is tried anew in every run.
        read = self.committed()
        for number, moment, page in (one for one in self.begun() if one[2] in read):
            run = self.runs[number]
            if page in run.known:
                wrong.append(f"{page} was committed before run {number} and read in it")
            before = last.get(page)
            if before and before[0] == number and not any(before[1] < at < moment for at, _how in run.kills):
                wrong.append(f"{page} was read twice in run {number}, in which nothing was killed between")
            if before and before[0] != number and not self.runs[before[0]].kills:
                wrong.append(f"{page} was read in run {before[0]}, which nobody killed, and again in run {number}")
            last[page] = number, moment
        return wrong

    def beginnings(self) -> Counter[int]:
        """How many of the pages that were read were begun how often."""
        read = self.committed()
        return Counter(Counter(page for _run, _moment, page in self.begun() if page in read).values())

    def state(self, *, placed: bool = False) -> dict[str, object]:
        """Return all that an archive is asked for; `placed` names items by where they begin, not by identifier."""
        with Archive(self.settings) as archive:
            catalog = archive.catalog
            items = list(catalog.items())
            names = {item.id: f"{item.source}#{item.begins_at}" if placed else item.id for item in items}
            return {
                "items": [replace(item, id=names[item.id]) for item in items],
                "failures": sorted((one.source, one.index, one.stage, one.cause) for one, _at in catalog.failures()),
                "campaigns": [(one.id, one.name, [names[item] for item in one.items]) for one in catalog.campaigns()],
                "waiting": sorted((names[one.item_id], repr(one.what)) for one in catalog.waiting(10_000)),
                "scans": list(catalog.scans()),
                "kept": sorted(archive.store.digests()),
                "counts": catalog.counts(),
                "found": {names[item.id]: sorted(names[hit] for hit in _found(archive, item.title)) for item in items},
            }

    def unlucky(self, expected: Mapping[str, int]) -> bool:
        """Whether a page was taken for one that kills its worker, because it was killed there twice.

        Its item was made without it at first, and keeps the identifier that it was given then.
        """
        bad = {str(self.box / name) for name, pages in expected.items() if not pages}
        with Archive(self.settings) as archive:
            failed = [one.event for one in archive.catalog.ledger.events() if one.event.outcome == "failure"]
        scans = [one for one in failed if one.detail.get("act") == "failed"]
        return any(one.detail.get("source", one.object.partition(":")[2]) not in bad for one in scans)

    def faults(self, expected: Mapping[str, int]) -> list[str]:
        """Return, in words, what an archive that took in the box `expected` must not have: none is to be expected."""
        with Archive(self.settings) as archive:
            catalog = archive.catalog
            wrong = []
            pages = Counter((page.scan.sha256, page.scan.index) for item in catalog.items() for page in item.pages)
            failed = {failure.source for failure, _at in catalog.failures()}
            for name, count in expected.items():
                path = self.box / name
                if not count:
                    if str(path) not in failed:
                        wrong.append(f"{name} is bad, and no failure says so")
                    continue
                digest = _digest(path)
                if any((digest, index) not in pages for index in range(count)) and str(path) not in failed:
                    wrong.append(f"{name} is neither in an item nor a failure")
            if (chain := catalog.ledger.check()).broken:
                wrong.append(f"the ledger: {chain.broken}")
            reads = Counter(
                one.event.object for one in catalog.ledger.events() if one.event.detail.get("act") == "read"
            )
            wrong += [f"{page} has {count} readings in the ledger" for page, count in reads.items() if count != 1]
            if len(reads) != len(self.committed()):
                wrong.append(f"{len(reads)} pages in the ledger, {len(self.committed())} in the catalogue")
            if archive.unindexed():
                wrong.append(f"{archive.unindexed()} items are not in the index")
            known = {digest for digest, _name in catalog.scans()}
            crops = {region.crop for item in catalog.items() for page in item.pages for region in page.regions}
            if extra := set(archive.store.digests()) - known - crops:
                wrong.append(f"{len(extra)} originals nobody knows of")
            wrong += [f"{digest} is lost" for digest in known - set(archive.store.digests())]
            # Left by a write that was killed; a day later anything that writes sweeps it away.
            archive.store.sweep(age=0)
        wrong += [f"{path.name} was left behind" for path in self.settings.folder.rglob("*.part")]
        return wrong


def kill(process: "subprocess.Popen[str]", how: str) -> bool:
    """Kill with -9 the program alone, its whole `group`, or one process it started; or ask it to end (`term`)."""
    if process.poll() is not None:
        return False
    try:
        match how:
            case "program":
                process.kill()
            case "group":
                os.killpg(process.pid, signal.SIGKILL)
            case "term":
                process.terminate()
            case _:
                workers = [one for one in psutil.Process(process.pid).children() if _works(one)]
                if not workers:
                    return False
                random.choice(workers).kill()
    except (psutil.NoSuchProcess, ProcessLookupError):
        return False
    return True


def _works(process: psutil.Process) -> bool:
    """Whether it is a worker (or the porter), not what Python starts to clean up after them."""
    return "resource_tracker" not in " ".join(process.cmdline())


def differences(trial: Trial, undisturbed: Trial, expected: Mapping[str, int]) -> list[str]:
    """Return in which of all that an archive is asked for `trial` differs from a run that was left in peace."""
    placed = trial.unlucky(expected)
    here, there = trial.state(placed=placed), undisturbed.state(placed=placed)
    return [f"{name}: {_first(here[name], there[name])}" for name in here if here[name] != there[name]]


def _first(here: object, there: object) -> str:
    """Return where two lists, or what else there is, differ first."""
    if isinstance(here, Sequence) and isinstance(there, Sequence):
        pairs = [
            f"{one!s:.300} instead of {other!s:.300}" for one, other in zip(here, there, strict=False) if one != other
        ]
        return f"{len(here)} instead of {len(there)}; {pairs[:1]}"
    return f"{here!s:.300} instead of {there!s:.300}"


def _found(archive: Archive, words: str) -> list[str]:
    asked = "".join(char for char in words if char.isalnum())[:12]
    return sorted(found.item.id for found in archive.search(asked, 100).found) if asked else []


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def _gather(process: "subprocess.Popen[str]", run: Run) -> None:
    assert process.stdout
    with process.stdout:
        for line in process.stdout:
            run.said.append(line.rstrip())
    run.over = True
