"""A PostgreSQL server for the tests that need one: in a folder of its own, heard by a socket there alone."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

import pytest


@contextmanager
def server() -> Iterator[str]:
    """Give the URL of a server with an empty database, for as long as the block lasts; skips where there is none."""
    if find_spec("psycopg") is None:
        pytest.skip("the PostgreSQL driver (psycopg) is not installed")
    programs = {name: shutil.which(name) for name in ("initdb", "pg_ctl")}
    if not all(programs.values()):
        pytest.skip("PostgreSQL is not installed")
    # It refuses to run as root; the folder must be reachable for the user it runs as.
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(mkdtemp(prefix="archivist-postgres-"))

    def run(name: str, *words: str) -> None:
        call = [str(programs[name]), "-D", str(folder / "data"), *words]
        subprocess.run(call, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user, cwd=folder)

    try:
        if user:
            shutil.chown(folder, user)
        try:
            run("initdb", "-U", "archivist", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
            options = f"-k {folder} -c listen_addresses='' -c fsync=off"
            run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        except (subprocess.CalledProcessError, LookupError, OSError) as error:
            pytest.skip(f"PostgreSQL cannot be started here: {error}")
        try:
            yield f"postgresql+psycopg://archivist@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
