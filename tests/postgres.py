"""A PostgreSQL server for the tests that need one: in a folder of its own, heard by a socket there alone."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

import pytest


class Postgres:
    """A server that can be stopped and started again; skips the test where it cannot be."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # It refuses to run as root; the folder must be reachable for the user it runs as.
        self._user = "postgres" if os.geteuid() == 0 else None
        try:
            if self._user:
                shutil.chown(folder, self._user)
            self._run("initdb", "-U", "archivist", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
            self.start()
        except (subprocess.CalledProcessError, LookupError, OSError) as error:
            pytest.skip(f"PostgreSQL cannot be started here: {error}")

    @property
    def url(self) -> str:
        """The URL of the database that every server has."""
        return f"postgresql+psycopg://archivist@/postgres?host={self._folder}"

    def database(self) -> str:
        """Return the URL of a new, empty database."""
        import psycopg

        name = f"archive_{uuid4().hex}"
        with psycopg.connect(host=str(self._folder), user="archivist", dbname="postgres", autocommit=True) as server:
            server.execute(f'CREATE DATABASE "{name}"')
        return self.url.replace("/postgres?", f"/{name}?")

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-k {self._folder} -c listen_addresses='' -c fsync=off"
        self._run("pg_ctl", "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Let it end at once, as a power cut would."""
        self._run("pg_ctl", "-m", "immediate", "stop")

    def _run(self, name: str, *words: str) -> None:
        call = [name, "-D", str(self._folder / "data"), *words]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(call, check=True, user=self._user, cwd=self._folder, **quiet)


@contextmanager
def running() -> Iterator[Postgres]:
    """Give a server for as long as the block lasts; skips where there is none."""
    if find_spec("psycopg") is None:
        pytest.skip("the PostgreSQL driver (psycopg) is not installed")
    if not all(map(shutil.which, ("initdb", "pg_ctl"))):
        pytest.skip("PostgreSQL is not installed")
    folder = Path(mkdtemp(prefix="archivist-postgres-"))
    try:
        made = Postgres(folder)
        try:
            yield made
        finally:
            with suppress(subprocess.CalledProcessError):
                made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server() -> Iterator[str]:
    """Give the URL of a server with an empty database, for as long as the block lasts; skips where there is none."""
    with running() as made:
        yield made.url
