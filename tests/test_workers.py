"""Workers on this machine and in a Dask cluster: what they make of a page comes back, whatever happens to them."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from socket import socket
from typing import Any

import psutil
import pytest

from archivist import recipes
from archivist.errors import ArchivistError, EmptyScan, NotInstalled, UnreadableScan, WrongType
from archivist.limits import out_of_memory
from archivist.recipes import Recipe
from archivist.workers import Limits, Porter, WorkerLost, Workers, local, start
from tests.boxes import encoded, pdf, plan, strip, tiff
from tests.servers import Cluster
from tests.tasks import die, double, nap, process, refuse, take

ROOT = Path(__file__).parent.parent
MANY, GIB = 60.0, 1 << 30
Begin = Callable[[float], Workers]


@pytest.fixture(params=["local", "dask"])
def begin(request: pytest.FixtureRequest) -> Iterator[Begin]:
    """What starts two workers that give a page so many seconds and a gibibyte."""
    where: int | str = 2
    if request.param == "dask":
        cluster = request.getfixturevalue("cluster")
        # One that ended in the last test is begun anew first.
        cluster.wait()
        where = cluster.address
    started: list[Workers] = []

    def now(seconds: float) -> Workers:
        started.append(start(where, Limits(seconds, GIB)))
        return started[-1]

    yield now
    for entry in started:
        entry.close()


def lost(future: Future[Any]) -> WorkerLost:
    with pytest.raises(WorkerLost) as caught:
        future.result(MANY)
    return caught.value


def test_what_is_made_of_each_task_comes_back_and_so_does_what_it_raises(begin: Begin) -> None:
    two = begin(MANY)
    assert two.count == 2 and two.threads >= 1
    futures = [two.submit(double, number) for number in range(20)]
    refused = two.submit(refuse, "nothing there")
    assert [future.result(MANY) for future in futures] == [2 * number for number in range(20)]
    with pytest.raises(EmptyScan, match="nothing there"):
        refused.result(MANY)
    assert os.getpid() not in {two.submit(process, None).result(MANY) for _ in range(4)}


def test_a_task_that_ends_its_worker_is_lost_and_no_other(begin: Begin) -> None:
    two = begin(MANY)
    neighbour, deadly = two.submit(nap, 1), two.submit(die, signal.SIGKILL)
    assert not lost(deadly).slow
    assert neighbour.result(MANY) == 1
    assert [two.submit(double, number).result(MANY) for number in range(4)] == [0, 2, 4, 6]


def test_a_worker_that_is_killed_from_outside_loses_what_it_had_and_no_more(begin: Begin) -> None:
    two = begin(MANY)
    pids = {two.submit(process, None).result(MANY) for _ in range(10)}
    naps = [two.submit(nap, 0.7) for _ in range(6)]
    time.sleep(0.3)
    os.kill(pids.pop(), signal.SIGKILL)
    errors = [future.exception(MANY) for future in naps]
    assert [type(error) for error in errors if error] == [WorkerLost]


def test_a_task_that_takes_too_long_is_ended_and_said_to_be_slow(begin: Begin) -> None:
    two = begin(2)
    quick, slow = two.submit(double, 4), two.submit(nap, 3 * MANY)
    assert quick.result(MANY) == 8
    assert lost(slow).slow
    assert two.submit(double, 4).result(MANY) == 8


def test_a_task_that_takes_too_much_memory_is_refused_it_and_its_worker_goes_on(begin: Begin) -> None:
    two = begin(MANY)
    assert two.submit(take, GIB // 2).result(MANY) == GIB // 2
    pids = {two.submit(process, None).result(MANY) for _ in range(10)}
    error = two.submit(take, 2 * GIB).exception(MANY)
    assert error and out_of_memory(error)
    assert {two.submit(process, None).result(MANY) for _ in range(10)} & pids
    # What a process has of its own is not counted against a page.
    assert two.submit(take, GIB // 2).result(MANY) == GIB // 2


def test_closing_gives_up_what_is_under_way(begin: Begin) -> None:
    two = begin(MANY)
    naps = [two.submit(nap, 30) for _ in range(4)]
    time.sleep(0.5)
    two.close()
    assert all(future.done() for future in naps)


def test_no_process_outlives_its_closing() -> None:
    two = start(2, Limits(MANY, GIB))
    pids = {two.submit(nap, 0.1).result(MANY) and two.submit(process, None).result(MANY) for _ in range(6)}
    two.close()
    assert not [pid for pid in pids if lives(pid)]


def test_a_process_that_was_stopped_is_ended_when_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "_GRACE", 0.5)
    one = start(1, Limits(1, GIB))
    stopped = one.submit(die, signal.SIGSTOP)
    assert lost(stopped).slow
    assert one.submit(double, 3).result(MANY) == 6
    one.close()


def test_workers_end_with_the_program_that_started_them(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        """if __name__ == "__main__":
        from archivist.workers import Limits, start
        from tests.tasks import nap, process
        one = start(1, Limits(60, 1 << 30))
        print(one.submit(process, None).result(), flush=True)
        one.submit(nap, 60).result()
        """
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, program], env=environment, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        parent.kill()
    until = time.monotonic() + 20
    while lives(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not lives(pid)


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("archivist.workers.cluster._PATIENCE", 1)
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(ArchivistError, match=f"{address}.*running"):
            start(address, Limits(MANY, GIB))


def test_a_scheduler_without_workers_says_how_to_start_some(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archivist.workers.cluster._PATIENCE", 3)
    alone = Cluster(tmp_path)
    try:
        alone.start(workers=0)
        with pytest.raises(ArchivistError, match=f"dask worker {alone.address}"):
            start(alone.address, Limits(MANY, GIB))
    finally:
        alone.stop()


def test_a_worker_that_would_read_otherwise_is_refused(cluster: Cluster) -> None:
    cluster.wait()
    with cluster.client() as client:
        before = client.run(_read_with, "9.9")
        try:
            with pytest.raises(ArchivistError, match=r"would not read.*tesseract is 9\.9, here"):
                start(cluster.address, Limits(MANY, GIB))
        finally:
            client.run(_read_with, next(iter(before.values())))
    start(cluster.address, Limits(MANY, GIB)).close()


def _read_with(tesseract: str) -> str:
    """Let this process say that it reads with another Tesseract, and return with which it did before."""
    said = json.loads(_recipe(second_reader=True).says)
    before = str(said["programs"]["tesseract"])
    said["programs"]["tesseract"] = tesseract
    recipes.reading = lambda second_reader: Recipe("reading", json.dumps(said))  # type: ignore[assignment]
    return before


_recipe = recipes.reading


def test_without_dask_its_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(NotInstalled, match=r"archivist\[dask\]"):
        start("tcp://127.0.0.1:8786", Limits(MANY, GIB))


@pytest.fixture(scope="module")
def porter() -> Iterator[Porter]:
    one = Porter()
    yield one
    one.close()


def test_the_porter_says_what_a_scan_is(porter: Porter) -> None:
    assert porter.look(encoded(strip(5))) == ("image/jpeg", 1)
    assert porter.look(tiff(5, 6, 7)) == ("image/tiff", 3)
    assert porter.look(pdf(plan(2))) == ("application/pdf", 2)
    with pytest.raises(EmptyScan):
        porter.look(b"")
    with pytest.raises(WrongType, match="take it out of the box"):
        porter.look(b"a text")


class Deadly:
    """Ends the process that unpacks it, as a scan does that finds a hole in a library."""

    def __reduce__(self) -> tuple[Callable[[int], None], tuple[int]]:
        return os._exit, (1,)


def test_a_scan_that_ends_the_porter_is_refused_and_the_next_one_looked_at(porter: Porter) -> None:
    with pytest.raises(UnreadableScan, match="ends the program"):
        porter.look(Deadly())  # type: ignore[arg-type]
    assert porter.look(encoded(strip(5))) == ("image/jpeg", 1)


class Odd:
    """Bytes of which the process that unpacks them gets `answer` when it looks at the first of them."""

    def __init__(self, answer: str) -> None:
        self._answer = answer

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        made = f"type('Odd', (bytes,), {{'__getitem__': lambda self, at: {self._answer}}})(b'x')"
        return eval, (made,)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("bytes(3 << 30)", "too much memory"),
        ("self[at]", "RecursionError"),
        ("(_ for _ in ()).throw(type('Unknown', (Exception,), {}))", "ends the program"),
    ],
)
def test_whatever_breaks_down_over_a_scan_is_said_of_that_scan(porter: Porter, answer: str, words: str) -> None:
    with pytest.raises(UnreadableScan, match=words):
        porter.look(Odd(answer))  # type: ignore[arg-type]
    assert porter.look(encoded(strip(5))) == ("image/jpeg", 1)


def test_a_porter_that_was_killed_looks_again(porter: Porter) -> None:
    porter.look(encoded(strip(5)))
    for child in multiprocessing.active_children():
        child.kill()
        child.join()
    assert porter.look(encoded(strip(6))) == ("image/jpeg", 1)


def lives(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
