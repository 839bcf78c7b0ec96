"""Accounts of the reading room: who they are told apart from, what proves them, and what guessing costs."""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from archivist.access import levels
from archivist.catalog import Catalog, credentials
from archivist.catalog.accounts import IDLE, LONGEST, Accounts, Refused
from archivist.catalog.credentials import check_password, key_of, proper_name
from archivist.errors import NotFound, WrongCall
from tests.command import Call
from tests.postgres import server

PASSWORD, OTHER = "seven old paper slips", "eight new paper slips"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash as ever, but without the work that makes guessing slow."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(credentials, "_hasher", lambda: hasher)
    credentials._of_nobody.cache_clear()


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **long: float) -> None:
        self.now += timedelta(**long)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(f"sqlite:///{tmp_path / 'catalogue.db'}") as opened:
        yield opened


@pytest.fixture
def accounts(catalog: Catalog, clock: Clock) -> Accounts:
    """The accounts of an admin `liming`, and of a reader 张三 who may see what is internal."""
    made = Accounts(catalog._database, clock)
    made.add("liming", PASSWORD, "admin", (), "test")
    made.add("张三", PASSWORD, "reader", ("internal",), "test")
    return made


def entered(accounts: Accounts, name: str = "liming", password: str = PASSWORD) -> str:
    token = accounts.log_in(name, password, "10.0.0.7")
    assert isinstance(token, str)
    return token


def test_who_logs_in_is_known_by_what_the_browser_shows(accounts):
    session = accounts.visit(entered(accounts, "张三"))
    assert session.account.name == "张三"
    assert session.account.may_see == {"open", "internal"}
    assert accounts.visit("something else") is None
    assert accounts.visit("\udcff") is None
    assert accounts.visit(entered(accounts)).account.may_see is None


def test_each_session_is_another(accounts):
    one, other = entered(accounts), entered(accounts)
    assert one != other
    assert accounts.visit(one).csrf != accounts.visit(other).csrf
    accounts.log_out(one)
    assert accounts.visit(one) is None
    assert accounts.visit(other) is not None
    assert accounts.sessions() == {"liming": 1}


def test_sessions_elsewhere_end_and_ones_own_goes_on(accounts):
    here, there, other = entered(accounts), entered(accounts), entered(accounts, "张三")
    assert accounts.log_out_elsewhere("liming", here) == 1
    assert accounts.visit(here)
    assert accounts.visit(other)
    assert accounts.visit(there) is None


@pytest.mark.parametrize("like", ["LiMing", " liming ", "ｌｉｍｉｎｇ", "liming\n"])
def test_a_name_is_the_same_however_it_is_typed(accounts, like):
    assert accounts.account(like).name == "liming"
    assert accounts.visit(entered(accounts, like)).account.name == "liming"
    with pytest.raises(WrongCall):
        accounts.add(like, PASSWORD, "reader", (), "test")


@pytest.mark.parametrize(("one", "like"), [("張三", "张三"), ("clerk10", "clerkl0"), ("o", "0"), ("Liming", "IIming")])
def test_names_that_look_alike_cannot_be_two(one, like):
    assert key_of(one) == key_of(like)


@pytest.mark.parametrize(
    "name",
    ["", " ", "li ming", "a" * 41, "liming\x00", "lim\u0456ng", "../x", ".x", "a/b", "<b>", "li\u200bming", "a\nb"],
)
def test_no_account_may_be_called_so(name):
    with pytest.raises(WrongCall):
        proper_name(name)


@given(st.text(max_size=60))
def test_a_name_that_will_do_is_kept_as_it_is_found(name):
    try:
        kept = proper_name(name)
    except WrongCall:
        return
    assert proper_name(kept) == kept
    assert key_of(kept) == key_of(name)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "too short",
        "1234567890",
        "qwertyuiop",
        "abababababab",
        "LimingLiming",
        "ｌｉｍｉｎｇｌｉｍｉｎｇ",
        "x1y2" * 100,
    ],
)
def test_a_password_that_would_be_guessed_is_not_taken(password):
    with pytest.raises(WrongCall):
        check_password(password, "liming")


@pytest.mark.parametrize(
    "password", ["四个汉字加上几个别的字", "plain words do", "liming and a few more", "😀🗂 papers of 1995"]
)
def test_long_is_enough(accounts, password):
    accounts.set_password("liming", password, "test")
    assert entered(accounts, password=password)


def test_a_password_is_the_same_in_full_width(accounts):
    accounts.set_password("liming", "Passwort 1995!", "test")
    assert entered(accounts, password="Ｐａｓｓｗｏｒｔ　１９９５！")


def test_a_session_ends_when_nothing_is_heard_of_it(accounts, clock):
    token = entered(accounts)
    clock.wait(seconds=IDLE.total_seconds() - 1)
    assert accounts.visit(token).stale
    accounts.seen(token)
    assert not accounts.visit(token).stale
    clock.wait(seconds=IDLE.total_seconds() - 1)
    assert accounts.visit(token)
    clock.wait(seconds=2)
    assert accounts.visit(token) is None


def test_a_session_ends_at_last_whatever_is_heard_of_it(accounts, clock):
    token = entered(accounts)
    ends_at = datetime.fromisoformat(accounts.visit(token).ends_at)
    assert ends_at == clock.now + LONGEST
    while clock.now < ends_at:
        assert accounts.visit(token)
        accounts.seen(token)
        clock.wait(hours=4)
    clock.wait(seconds=1)
    assert accounts.visit(token) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda accounts: accounts.set_password("张三", OTHER, "test"),
        lambda accounts: accounts.set_rights("张三", "archivist", (), "test"),
        lambda accounts: accounts.set_rights("张三", "reader", (), "test"),
        lambda accounts: accounts.remove("张三", "test"),
    ],
)
def test_sessions_end_with_the_rights_they_were_begun_by(accounts, change):
    token, other = entered(accounts, "张三"), entered(accounts)
    change(accounts)
    assert accounts.visit(token) is None
    assert accounts.visit(other)


def test_the_last_admin_stays(accounts):
    for change in (
        lambda: accounts.remove("liming", "test"),
        lambda: accounts.set_rights("liming", "archivist", (), "test"),
    ):
        with pytest.raises(WrongCall, match="last admin"):
            change()
    accounts.set_rights("张三", "admin", (), "test")
    accounts.remove("liming", "test")
    assert [one.name for one in accounts.all()] == ["张三"]


def test_the_first_account_is_that_of_an_admin(catalog):
    assert not catalog.accounts.any()
    with pytest.raises(WrongCall, match="first account"):
        catalog.accounts.add("somebody", PASSWORD, "archivist", (), "test")
    assert not catalog.accounts.any()


def test_what_there_is_not_is_said(accounts):
    for wrong in (
        lambda: accounts.add("x1", PASSWORD, "reader", ("very secret",), "test"),
        lambda: accounts.add("x1", PASSWORD, "king", (), "test"),
    ):
        with pytest.raises(WrongCall, match="there is no"):
            wrong()
    with pytest.raises(NotFound):
        accounts.remove("nobody", "test")


def test_levels_are_added_to_those_of_the_role(accounts):
    made = accounts.set_rights("张三", "reader", ("closed", "secret", "closed"), "test")
    assert made.levels == ("secret", "closed")
    assert made.may_see == {"open", "secret", "closed"}
    assert accounts.set_rights("张三", "reader", levels(), "test").may_see is None


def guess(accounts: Accounts, name: str = "liming", password: str = "wrong", address: str = "10.0.0.7") -> Refused:
    found = accounts.log_in(name, password, address)
    assert isinstance(found, Refused)
    return found


def test_guessing_locks_an_account_for_longer_and_longer(accounts, clock):
    assert [guess(accounts).wait for _ in range(5)] == [0] * 5
    for seconds in (30, 60, 120, 240, 480, 960, 1920, 3600, 3600):
        assert guess(accounts).wait == seconds
        # Not even the right one is tried, nor is anything counted.
        assert guess(accounts, password=PASSWORD).wait == seconds
        clock.wait(seconds=seconds)
        assert guess(accounts).wait == 0
    clock.wait(hours=1)
    assert entered(accounts)
    assert guess(accounts).wait == 0


def test_a_locked_account_is_locked_from_everywhere_and_others_are_not(accounts):
    for _ in range(5):
        guess(accounts)
    assert guess(accounts, "LIMING", address="2001:db8::1").wait
    assert entered(accounts, "张三")


def test_one_address_cannot_guess_at_many_names(accounts, clock):
    for number in range(20):
        assert guess(accounts, f"name{number}", address=f"2001:db8:1:2::{number:x}").wait == 0
    assert guess(accounts, "another", address="2001:db8:1:2:ffff::9").wait == 30
    assert guess(accounts, "another", address="2001:db8:1:3::9").wait == 0
    clock.wait(days=1, seconds=1)
    assert guess(accounts, "another", address="2001:db8:1:2:ffff::9").wait == 0


def test_knowing_one_password_does_not_make_guessing_others_free(accounts):
    for number in range(19):
        guess(accounts, f"name{number}")
        entered(accounts)
    guess(accounts, "name19")
    assert guess(accounts, "name20").wait


def test_guesses_at_once_are_as_many_guesses(accounts):
    with ThreadPoolExecutor(8) as threads:
        tried = list(threads.map(lambda number: guess(accounts, password=f"guess {number}"), range(12)))
    assert sum(not one.wait for one in tried) == 5


def test_an_unknown_name_is_locked_like_a_known_one(accounts):
    assert [guess(accounts, "nobody").wait for _ in range(6)] == [guess(accounts, "liming").wait for _ in range(6)]


def test_strange_names_and_passwords_are_only_wrong(accounts):
    for odd in ("", "\x00", "\udcff", "x" * 100_000, "'; DROP TABLE accounts; --"):
        guess(accounts, odd, odd, odd)
    guess(accounts, "liming", PASSWORD + "\x00")


def test_a_password_is_kept_anew_when_guessing_has_become_cheaper(accounts, catalog, monkeypatch):
    before = _kept(catalog)
    today = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(credentials, "_hasher", lambda: today)
    token = entered(accounts)
    after = _kept(catalog)
    assert "m=8,t=1" in before
    assert "m=16,t=2" in after
    assert accounts.visit(token)
    assert entered(accounts)


def _kept(catalog: Catalog) -> str:
    with catalog._database.reading() as connection:
        return str(connection.exec_driver_sql("SELECT password FROM accounts WHERE name = 'liming'").scalar())


def test_neither_password_nor_token_is_kept(accounts, tmp_path, catalog):
    token = entered(accounts)
    accounts.set_password("张三", OTHER, "liming")
    catalog.close()
    kept = "\n".join(sqlite3.connect(tmp_path / "catalogue.db").iterdump())
    assert "张三" in kept
    for secret in (PASSWORD, OTHER, token):
        assert secret not in kept


def test_the_ledger_keeps_who_changed_which_account(accounts, catalog):
    accounts.set_password("张三", OTHER, "liming")
    accounts.set_rights("张三", "archivist", (), "liming")
    for _ in range(5):
        guess(accounts, "张三")
        guess(accounts, "nobody at all", address="10.0.0.8")
    accounts.remove("张三", "liming")
    told = [(one.event.detail["act"], one.event.agent) for one in catalog.ledger.events("archive")][2:]
    assert [act for act, _who in told] == ["password changed", "account changed", "account locked", "account removed"]
    assert [who for act, who in told if act != "account locked"] == ["liming"] * 3
    assert not catalog.ledger.check().broken


def test_a_server_keeps_accounts_as_well(clock):
    with server() as url, Catalog(url) as catalog:
        kept = Accounts(catalog._database, clock)
        kept.add("liming", PASSWORD, "admin", (), "test")
        kept.add("张三", PASSWORD, "reader", ("closed",), "test")
        token = entered(kept, "張三")
        kept.seen(token)
        assert kept.visit(token).account.levels == ("closed",)
        assert kept.log_out_elsewhere("张三", token) == 0
        kept.set_rights("张三", "archivist", (), "liming")
        assert kept.visit(token) is None
        test_guesses_at_once_are_as_many_guesses(kept)
        kept.remove("张三", "liming")
        assert [one.name for one in kept.all()] == ["liming"]
        assert kept.sessions() == {}


def test_the_command_line_keeps_accounts(archivist: Call, intake, tmp_path, monkeypatch):
    import io

    def typed(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    place = ("--archive", tmp_path / "archive")
    assert "no accounts" in archivist("accounts", *place).out
    typed("")
    assert archivist("accounts", "add", "liming", "--role", "admin", *place).code == 2
    typed(f"{PASSWORD}\n")
    assert archivist("accounts", "add", "liming", "--role", "admin", *place).code == 0
    typed(f"{PASSWORD}\n")
    assert archivist("accounts", "add", "张三", "--may-see", "internal,closed", *place).code == 0
    typed(f"{OTHER}\n")
    assert archivist("accounts", "password", "張三", *place).code == 0
    assert archivist("accounts", "role", "张三", "archivist", *place).code == 0
    said = json.loads(archivist("accounts", "--json", *place).out)
    assert [(one["name"], one["role"], one["levels"]) for one in said] == [
        ("liming", "admin", []), ("张三", "archivist", ["internal", "closed"]),
    ]  # fmt: skip
    assert isinstance(intake.archive.catalog.accounts.log_in("张三", OTHER, ""), str)
    assert "last admin" in archivist("accounts", "remove", "liming", *place).err
    assert archivist("accounts", "remove", "张三", *place).code == 0
    assert archivist("accounts", "remove", "张三", *place).code == 2
    assert "張" not in archivist("accounts", *place).out
