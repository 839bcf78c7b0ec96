"""OpenSearch nodes for the tests, on this machine alone: each a Java program of its own, so that one can be killed.

Maven fetches the jars once, into a folder that git leaves out (`nodes/target`). What is missing here skips the tests.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

_FOLDER = Path(__file__).parent / "nodes"
_JARS = _FOLDER / "target" / "jars"
# Seconds for a node to come up, and for the jars to be fetched.
_PATIENCE, _FETCHING = 120.0, 300.0


@dataclass
class Node:
    """A node that runs: its URL, and the address at which others join it."""

    program: "subprocess.Popen[bytes]"
    url: str
    transport: str

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.program.kill()
        self.program.wait()
        assert self.program.stdin
        # Closing tells a node to end; this one cannot hear it any more.
        with suppress(BrokenPipeError):
            self.program.stdin.close()


@dataclass
class Nodes:
    """A cluster: its first node manages it; those that join it later may be killed. `options` are for their Java."""

    folder: Path
    options: tuple[str, ...] = ()
    running: list[Node] = field(default_factory=list)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The URLs of the nodes."""
        return tuple(node.url for node in self.running)

    def start(self) -> Node:
        """Start one more node, and wait until it is up."""
        place = self.folder / f"node{uuid4().hex[:6]}"
        place.mkdir()
        joined = [self.running[0].transport] if self.running else []
        java = ["java", "-Xms256m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", *self.options]
        with (place / "log").open("wb") as log:
            program = subprocess.Popen(
                [*java, "-cp", f"{_JARS}/*", str(_FOLDER / "OneNode.java"), str(place), *joined],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until = time.monotonic() + _PATIENCE
        while not (said := _said(place / "log")):
            if program.poll() is not None or time.monotonic() > until:
                program.kill()
                pytest.skip(f"OpenSearch did not start: {(place / 'log').read_text('utf-8', 'replace')[-400:]}")
            time.sleep(0.1)
        _up, http, transport = said.split()
        node = Node(program, f"http://{http}", transport)
        self.running.append(node)
        return node

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Return what the first node answers, behind the back of the engine."""
        request = Request(
            self.running[0].url + path,
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json"},
            method=method,
        )
        with urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def forget(self, name: str) -> None:
        """Delete what belongs to the index `name`."""
        for index in self.ask("GET", f"/{name}.*/_settings"):
            self.ask("DELETE", f"/{index}")

    def stop(self) -> None:
        """End all of them."""
        for node in self.running:
            node.kill()
        self.running.clear()


@pytest.fixture(scope="session")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """A cluster of one OpenSearch node; skips where Java, Maven or the client is missing, or nothing can be fetched."""
    with cluster(tmp_path_factory.mktemp("nodes")) as made:
        yield made


@contextmanager
def cluster(folder: Path, *options: str) -> Iterator[Nodes]:
    """Give a cluster of one node for as long as the block lasts; skips as `nodes` does."""
    if find_spec("opensearchpy") is None:
        pytest.skip("opensearch-py is not installed")
    _fetch()
    made = Nodes(folder, options)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def _fetch() -> None:
    if not shutil.which("java"):
        pytest.skip("Java is not installed")
    stamp = _JARS / "complete"
    if stamp.exists() and stamp.stat().st_mtime >= (_FOLDER / "pom.xml").stat().st_mtime:
        return
    if not shutil.which("mvn"):
        pytest.skip("Maven is not installed")
    words = ["mvn", "-q", "-B", "-f", str(_FOLDER / "pom.xml"), "dependency:copy-dependencies"]
    try:
        done = subprocess.run(
            [*words, f"-DoutputDirectory={_JARS}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_FETCHING,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("Maven did not fetch OpenSearch in time")
    if done.returncode:
        pytest.skip(f"Maven cannot fetch OpenSearch: {os.fsdecode(done.stdout)[-400:]}")
    stamp.touch()


def _said(log: Path) -> str:
    """Return the line in which a node says where it is, "" before that is there."""
    lines = log.read_text("utf-8", "replace").splitlines(keepends=True)
    return next((line for line in lines if line.startswith("up ") and line.endswith("\n")), "")
