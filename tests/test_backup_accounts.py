"""A backup keeps who may come in, and lets in nobody who has it."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from archivist.archive import Archive
from archivist.backup import back_up, restore
from archivist.catalog.accounts import Refused
from archivist.settings import Settings
from tests.items import notice
from tests.test_backup import kept, passed_off, said, silent

PASSWORD = "seven old paper slips"


def rows(place: Path, tables: Iterable[str]) -> dict[str, int]:
    with closing(sqlite3.connect(place)) as database:
        return {name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}


@pytest.fixture
def visited(tmp_path: Path) -> tuple[Settings, str]:
    """An archive with an account, and what the browser shows of somebody who is in while another one guesses."""
    settings = Settings(folder=tmp_path / "archive", workers=1)
    with Archive(settings, create=True) as archive:
        archive.catalog.save_item(kept(archive, notice("a")), "recipe")
        archive.update_index()
        accounts = archive.catalog.accounts
        accounts.add("王芳", PASSWORD, "admin", (), "test")
        token = accounts.log_in("王芳", PASSWORD, "192.0.2.7")
        assert isinstance(token, str) and accounts.visit(token)
        assert isinstance(accounts.log_in("王芳", "wrong", "192.0.2.8"), Refused)
    return settings, token


def test_accounts_come_back_and_nobody_is_in(visited: tuple[Settings, str], tmp_path: Path) -> None:
    settings, token = visited
    back_up(settings, str(tmp_path / "backup"), silent)
    tables = ("accounts", "sessions", "guesses")
    copy = tmp_path / "backup" / said(tmp_path / "backup")["catalogue"]["name"]
    assert rows(copy, tables) == {"accounts": 1, "sessions": 0, "guesses": 0}
    new = Settings(folder=tmp_path / "new", workers=1)
    restore(new, str(tmp_path / "backup"), silent)
    with Archive(new) as archive:
        accounts = archive.catalog.accounts
        assert [one.name for one in accounts.all()] == ["王芳"]
        assert accounts.visit(token) is None
        assert isinstance(accounts.log_in("王芳", PASSWORD, "192.0.2.8"), str)
    with Archive(settings) as archive:
        # Who is in stays in where the backup was made.
        assert archive.catalog.accounts.visit(token)


def test_a_copy_that_holds_who_is_in_lets_nobody_in(visited: tuple[Settings, str], tmp_path: Path) -> None:
    settings, token = visited
    backup = tmp_path / "backup"
    back_up(settings, str(backup), silent)
    seal, at = sha256(token.encode()).hexdigest(), datetime.now(UTC).isoformat(timespec="seconds")
    passed_off(backup, f"INSERT INTO sessions SELECT '{seal}', name, 'x', '{at}', '{at}' FROM accounts")
    new = Settings(folder=tmp_path / "new", workers=1)
    restore(new, str(backup), silent)
    with Archive(new) as archive:
        assert archive.catalog.accounts.visit(token) is None
        assert archive.catalog.accounts.sessions() == {}
