"""Servers for the tests that need some, on this machine alone: a Dask cluster and an S3 store.

PostgreSQL has a file of its own beside this one.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.tasks import know

if TYPE_CHECKING:
    from distributed import Client

_ROOT = Path(__file__).parent.parent
_PATIENCE = 60.0


@dataclass
class Cluster:
    """A Dask scheduler and two worker processes, each with a nanny that begins it anew when it ends."""

    folder: Path
    address: str = ""
    scheduler: "subprocess.Popen[bytes] | None" = None
    _programs: ExitStack = field(default_factory=ExitStack)

    def start(self, workers: int = 2) -> None:
        """Start what is not running."""
        found = self.folder / "scheduler.json"
        words = ["--host", "127.0.0.1", "--port", self.address.rpartition(":")[2] or "0", "--no-dashboard"]
        self.scheduler = self._run("scheduler", *words, "--scheduler-file", str(found))
        self.address = json.loads(_text_of(found, lambda text: text.endswith("}")))["address"]
        if workers:
            words = ["--nthreads", "1", "--nworkers", str(workers), "--no-dashboard", "--memory-limit", "0"]
            self._run("worker", self.address, *words, "--local-directory", str(self.folder))
            self.wait(workers)

    def wait(self, workers: int = 2) -> None:
        """Wait until so many workers are there."""
        with self.client() as client:
            client.wait_for_workers(workers, timeout=_PATIENCE)

    def stop(self) -> None:
        """End all of it."""
        self._programs.close()
        (self.folder / "scheduler.json").unlink(missing_ok=True)

    def lend(self, *names: str) -> None:
        """Give these variables of the environment to the workers, as their service would on a server."""
        with self.client() as client:
            client.run(know, {name: os.environ[name] for name in names})

    def lose_scheduler(self) -> None:
        """End the scheduler alone, and at once."""
        assert self.scheduler
        self.scheduler.kill()

    @contextmanager
    def client(self) -> "Iterator[Client]":
        """Give a connection to it, for looking behind the scenes."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            yield client

    def _run(self, name: str, *words: str) -> "subprocess.Popen[bytes]":
        return self._programs.enter_context(
            _running(self.folder / f"{name}.log", f"distributed.cli.dask_{name}", *words)
        )


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A Dask cluster of two worker processes; skips where Dask is not installed."""
    if find_spec("distributed") is None:
        pytest.skip("Dask (distributed) is not installed")
    made = Cluster(tmp_path_factory.mktemp("dask"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an S3 server; skips where s3fs or moto is not installed."""
    if find_spec("s3fs") is None or find_spec("moto") is None or find_spec("flask") is None:
        pytest.skip("s3fs, or moto with its server, is not installed")
    log = tmp_path_factory.mktemp("s3") / "log"
    with _running(log, "moto.server", "-H", "127.0.0.1", "-p", "0"):
        said = _text_of(log, lambda text: "Running on " in text and "\n" in text.partition("Running on ")[2])
        yield said.partition("Running on ")[2].split()[0]


#: What reaches the S3 server, and who asks.
S3_VARIABLES = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty bucket, with what reaches it in the environment, as on a server."""
    for name, value in zip(S3_VARIABLES, (s3_server, "archivist", "secret", "us-east-1"), strict=True):
        monkeypatch.setenv(name, value)
    import boto3
    import s3fs

    # Connections are kept for later, with the keys they were made with.
    s3fs.S3FileSystem.clear_instance_cache()
    bucket = uuid4().hex
    boto3.client("s3").create_bucket(Bucket=bucket)
    return f"s3://{bucket}"


@contextmanager
def _running(log: Path, module: str, *words: str) -> "Iterator[subprocess.Popen[bytes]]":
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1"}
    with log.open("wb") as out:
        call = [sys.executable, "-m", module, *words]
        program = subprocess.Popen(
            call, cwd=log.parent, env=environment, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield program
    finally:
        # With the workers that a nanny has begun.
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()


def _text_of(path: Path, enough: Callable[[str], bool]) -> str:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if path.exists() and enough(text := path.read_text("utf-8")):
            return text
        time.sleep(0.05)
    pytest.fail(f"a server does not start: {path.read_text('utf-8') if path.exists() else path}")
