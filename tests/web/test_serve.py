"""`archivist serve` as a program of its own: opened, visited, and closed by a signal."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from archivist.archive import Archive
from archivist.catalog.credentials import key_of
from archivist.settings import Settings
from tests.command import started
from tests.web.people import PASSWORD
from tests.web.rooms import furnish

_PATIENCE = 30.0


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an archive without accounts."""
    return furnish(tmp_path_factory.mktemp("alone") / "archive")


@pytest.fixture(scope="module")
def peopled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an archive with an account, `admin`."""
    folder = furnish(tmp_path_factory.mktemp("served") / "archive")
    with Archive(Settings(folder=folder)) as archive:
        archive.catalog.accounts.add("admin", PASSWORD, "admin", (), "test")
    return folder


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Serve the archive in `folder` at a free port for the block; give the address that is said."""
    with started("serve", "--archive", folder, "--port", "0", *words, cwd=folder.parent) as program:
        try:
            assert program.stdout
            said = program.stdout.readline()
            found = re.search(r"https?://\S+", said)
            assert found, said + (program.stderr.read() if program.stderr else "")
            yield found[0], program
        finally:
            # With the processes that serve for it, should they have been left behind.
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)


def ended(program: "subprocess.Popen[str]", by: signal.Signals) -> tuple[int, str]:
    program.send_signal(by)
    _out, err = program.communicate(timeout=_PATIENCE)
    return program.returncode, err


def test_the_one_person_opens_the_room_and_closes_it_with_a_key(alone):
    with serving(alone) as (url, program):
        assert httpx2.get(f"{url}account", timeout=_PATIENCE).status_code == 200
        assert httpx2.get(f"{url}account", headers={"Host": "archive.example"}, timeout=_PATIENCE).status_code == 403
        assert ended(program, signal.SIGINT) == (0, "")


def test_several_processes_behind_a_proxy_serve_those_with_accounts(peopled_folder, tmp_path):
    words = ("--processes", "2", "--host", "0.0.0.0", "--behind-proxy", *certified(tmp_path))
    with serving(peopled_folder, *words) as (url, program):
        url = url.replace("0.0.0.0", "127.0.0.1")
        handed_on = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "Host": "archive.example"}
        ways = {"headers": handed_on, "timeout": _PATIENCE, "verify": False}
        with httpx2.Client(base_url=url, **ways) as client:
            assert client.get("/account").headers["location"] == "/login?next=/account"
            said = {"name": "admin", "password": PASSWORD, "next": "/account"}
            answer = client.post("/login", data=said, headers={"Origin": "https://archive.example"})
            assert answer.headers["location"] == "/account"
            assert answer.headers["set-cookie"].startswith("__Host-")
            assert "strict-transport-security" in answer.headers
            assert client.post("/login", data=said, headers={"Origin": "https://evil.example"}).status_code == 403
            assert client.post("/login", data={**said, "password": "wrong"}).status_code == 401
            shown = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        # Each of them knows who is in, whichever is asked; new connections go to either.
        for _ in range(6):
            again = httpx2.get(f"{url}account", **ways | {"headers": handed_on | {"Cookie": shown}})
            assert again.status_code == 200
        assert ended(program, signal.SIGTERM) == (0, "")
    with closing(sqlite3.connect(peopled_folder / "catalogue.db")) as catalogue:
        counted = {by for (by,) in catalogue.execute('SELECT "by" FROM guesses')}
    assert counted == {f"account:{key_of('admin')}", "address:192.0.2.7"}


@pytest.mark.parametrize(
    "words", [("--host", "0.0.0.0"), ("--host", "::"), ("--behind-proxy",), ("--host", "192.0.2.1")]
)
def test_nobody_else_is_served_without_accounts(alone, archivist, words):
    done = archivist("serve", "--archive", alone, *words)
    assert done.code == 2
    assert "archivist accounts add" in done.err


def test_what_cannot_be_served_is_said(alone, archivist, tmp_path):
    missing = archivist("serve", "--archive", tmp_path / "none")
    assert (missing.code, "there is no archive" in missing.err) == (2, True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = archivist("serve", "--archive", alone, "--port", port)
    assert (done.code, port in done.err) == (2, True)
    assert archivist("serve", "--archive", alone, "--certificate", "c.pem").code == 2
    done = archivist("serve", "--archive", alone, "--certificate", "c.pem", "--key", "k.pem")
    assert (done.code, "c.pem" in done.err) == (2, True)


def certified(folder: Path) -> tuple[str, ...]:
    """Return the options that name a certificate and its key, made here."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .sign(secret, hashes.SHA256())
    )
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    shape = serialization.PrivateFormat.PKCS8
    key.write_bytes(secret.private_bytes(serialization.Encoding.PEM, shape, serialization.NoEncryption()))
    return "--certificate", str(certificate), "--key", str(key)
