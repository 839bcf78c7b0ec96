"""Who may come in, and who is in: accounts, sessions, wrong guesses."""

import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    Row,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from archivist.access import MaySee, Role, levels, roles
from archivist.catalog.credentials import agrees, check_password, hashed, key_of, outdated, proper_name
from archivist.catalog.ledger import recording
from archivist.catalog.tables import Words, iso, tables
from archivist.errors import NotFound, WrongCall
from archivist.events import ARCHIVE, Event
from archivist.language import gettext as _

if TYPE_CHECKING:
    from archivist.catalog.database import Database

# Who may come in from elsewhere than this machine, and with which rights. Passwords as Argon2 hashes.
accounts = Table(
    "accounts",
    tables,
    Column("name", Words, primary_key=True),
    Column("password", Text, nullable=False),
    Column("role", Text, nullable=False),
    # Levels of access open to the account besides those of its role, as a JSON list.
    Column("levels", Text, nullable=False, server_default="[]"),
    Column("made_at", Text, nullable=False),
)

# Who is in: by the SHA-256 of what the browser shows.
sessions = Table(
    "sessions",
    tables,
    Column("token", Text, primary_key=True),
    Column("account", Words, ForeignKey("accounts.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf", Text, nullable=False),
    Column("begun_at", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
)

# Wrong passwords, by account (`account:NAME`) and by where they came from (`address:10.0.0.7`).
guesses = Table(
    "guesses",
    tables,
    Column("by", Words, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", Text, nullable=False),
    Column("locked_until", Text),
)

#: How long a session lasts while nothing is heard of it, and at most.
IDLE, LONGEST = timedelta(hours=8), timedelta(days=7)
# How old the note of when it was last seen may grow: not every visit is worth a write.
_NOTED = timedelta(minutes=5)
# Wrong passwords for one account, and from one address, behind which there may be a whole office, before it is locked;
# then each doubles the time. After a day without one nothing is held against anybody.
_TRIES = {"account": 5, "address": 20}
_FIRST_LOCK, _LONGEST_LOCK = timedelta(seconds=30), timedelta(hours=1)
_FORGOTTEN = timedelta(days=1)
# Asked with every picture of a page, and so put together once.
_VISIT = (
    select(accounts, sessions.c.csrf, sessions.c.begun_at, sessions.c.seen_at)
    .join(sessions, sessions.c.account == accounts.c.name)
    .where(
        sessions.c.token == bindparam("seal"),
        sessions.c.seen_at >= bindparam("heard"),
        sessions.c.begun_at >= bindparam("begun"),
    )
)
# Addresses of one house: a visitor may take any of so many.
_HOUSE_BITS = 64


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may come in: a role, and `levels` of access besides those of the role; made when (ISO 8601, UTC)."""

    name: str
    role: Role
    levels: tuple[str, ...]
    made_at: str

    @property
    def may_see(self) -> MaySee:
        """The levels of access open to them; None where that is every one there is."""
        known = {*roles()[self.role], *self.levels}
        return None if known.issuperset(levels()) else frozenset(known)


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is in. `csrf` is what their forms must bring back; `ends_at` is when they must log in again at last.

    `stale` is whether it is time to note that they were seen.
    """

    account: Account
    csrf: str
    ends_at: str
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """That somebody is not let in: name or password are wrong, or, for so many seconds more, nothing is even tried."""

    wait: int = 0


class Accounts:
    """The accounts of the archive in `database`, who of them is in, and who guesses.

    Nothing but a hash is kept of passwords and of what a browser shows. `clock` says what time it is.
    """

    def __init__(self, database: "Database", clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database, self._clock = database, clock

    def any(self) -> bool:
        """Whether there are accounts: without any, the archive is its one person's."""
        with self._database.reading() as connection:
            return connection.scalar(select(accounts.c.name).limit(1)) is not None

    def all(self) -> list[Account]:
        """Return every account, by name."""
        with self._database.reading() as connection:
            return [_account(row) for row in connection.execute(select(accounts).order_by(accounts.c.name))]

    def account(self, name: str) -> Account:
        """Return the account called `name`, however it is written; NotFound."""
        with self._database.reading() as connection:
            return _account(_called(connection, name))

    def add(self, name: str, password: str, role: Role, more: Iterable[str], by: str) -> Account:
        """Make an account to which the levels of access `more` are open besides those of `role`; WrongCall.

        The first one must be an admin: from then on nobody else can make others.
        """
        kept, extra = proper_name(name), _known_levels(more)
        _check_role(role)
        check_password(password, kept)
        secret, made_at = hashed(password), iso(self._clock())
        with recording(self._database) as (connection, told):
            there = [one for (one,) in connection.execute(select(accounts.c.name))]
            if like := next((one for one in there if key_of(one) == key_of(kept)), ""):
                raise WrongCall(_("there is an account “{name}” already").format(name=like))
            if not there and role != "admin":
                raise WrongCall(_("the first account must be that of an admin, who can make others"))
            row = {"name": kept, "password": secret, "role": role, "levels": json.dumps(extra), "made_at": made_at}
            connection.execute(insert(accounts).values(row))
            told.append(_event("account added", kept, by, role=role, levels=list(extra)))
        return Account(kept, role, extra, made_at)

    def set_password(self, name: str, password: str, by: str) -> None:
        """Give the account another password, and end all its sessions; NotFound, WrongCall."""
        check_password(password, name)
        secret = hashed(password)
        with recording(self._database) as (connection, told):
            kept = _called(connection, name).name
            _change(connection, kept, password=secret)
            connection.execute(delete(guesses).where(guesses.c.by == _by_account(kept)))
            told.append(_event("password changed", kept, by))

    def set_rights(self, name: str, role: Role, more: Iterable[str], by: str) -> Account:
        """Give the account another role and other levels of access besides, and end its sessions; NotFound, WrongCall.

        WrongCall where no admin would be left.
        """
        extra = _known_levels(more)
        _check_role(role)
        with recording(self._database) as (connection, told):
            row = _called(connection, name)
            if role != "admin":
                _check_not_last(connection, row)
            _change(connection, row.name, role=role, levels=json.dumps(extra))
            told.append(_event("account changed", row.name, by, role=role, levels=list(extra)))
            return Account(row.name, role, extra, row.made_at)

    def remove(self, name: str, by: str) -> None:
        """Remove the account and end its sessions; NotFound, WrongCall where no admin would be left."""
        with recording(self._database) as (connection, told):
            row = _called(connection, name)
            _check_not_last(connection, row)
            connection.execute(delete(sessions).where(sessions.c.account == row.name))
            connection.execute(delete(accounts).where(accounts.c.name == row.name))
            told.append(_event("account removed", row.name, by))

    def log_in(self, name: str, password: str, address: str) -> str | Refused:
        """Let in who comes from `address` and knows the password; return what their browser is to show from now on."""
        row = self._proven(name, password, address)
        if isinstance(row, Refused):
            return row
        token, moment = secrets.token_urlsafe(32), self._clock()
        # Outside the transaction: it takes a while.
        anew = {"password": hashed(password)} if outdated(row.password) else {}
        with self._database.writing() as connection:
            same = (accounts.c.name == row.name, accounts.c.password == row.password)
            if connection.scalar(select(accounts.c.name).where(*same)) is None:
                # Removed, or given another password, in the meantime.
                return Refused()
            if anew:
                connection.execute(update(accounts).where(*same).values(anew))
            connection.execute(delete(sessions).where(_over(moment)))
            session = {"token": _seal(token), "account": row.name, "csrf": secrets.token_urlsafe(32)}
            connection.execute(insert(sessions).values(session | {"begun_at": iso(moment), "seen_at": iso(moment)}))
        return token

    def proves(self, name: str, password: str, address: str) -> Refused | None:
        """Return None where `password` is that of the account; a wrong one counts as a guess."""
        found = self._proven(name, password, address)
        return found if isinstance(found, Refused) else None

    def visit(self, token: str) -> Session | None:
        """Return the session of whoever shows `token`; None where there is none, or it is over."""
        moment = self._clock()
        since = {"heard": iso(moment - IDLE), "begun": iso(moment - LONGEST)}
        with self._database.reading() as connection:
            row = connection.execute(_VISIT, {"seal": _seal(token), **since}).first()
        if row is None:
            return None
        ends_at = iso(datetime.fromisoformat(row.begun_at) + LONGEST)
        return Session(_account(row), row.csrf, ends_at, row.seen_at < iso(moment - _NOTED))

    def seen(self, token: str) -> None:
        """Note that whoever shows `token` was here."""
        with self._database.writing() as connection:
            connection.execute(
                update(sessions).where(sessions.c.token == _seal(token)).values(seen_at=iso(self._clock()))
            )

    def log_out(self, token: str) -> None:
        """End the session of whoever shows `token`."""
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.token == _seal(token)))

    def log_out_elsewhere(self, name: str, token: str) -> int:
        """End all sessions of the account but that of whoever shows `token`; return how many there were."""
        with self._database.writing() as connection:
            others = (sessions.c.account == name, sessions.c.token != _seal(token))
            return connection.execute(delete(sessions).where(*others)).rowcount

    def sessions(self) -> dict[str, int]:
        """Return how many sessions each account has that has any."""
        query = select(sessions.c.account, func.count()).where(~_over(self._clock())).group_by(sessions.c.account)
        with self._database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def _proven(self, name: str, password: str, address: str) -> Row[Any] | Refused:
        key = key_of(name[:200])
        counted = (_by_account(name), f"address:{_house(address)}")
        # Counted beforehand, so that many guesses at once are as many guesses.
        row = self._guessed(key, counted)
        if isinstance(row, Refused):
            return row
        if not agrees(password, row.password if row else None) or row is None:
            return Refused()
        account, place = counted
        with self._database.writing() as connection:
            connection.execute(delete(guesses).where(guesses.c.by == account))
            # Who knows one password must not be free to guess others.
            once_less = {"count": guesses.c.count - 1, "locked_until": None}
            connection.execute(update(guesses).where(guesses.c.by == place).values(once_less))
        return row

    def _guessed(self, key: str, counted: Iterable[str]) -> Row[Any] | Refused | None:
        """Count a guess and return the account meant, None where there is none; Refused while it is locked."""
        moment = self._clock()
        with recording(self._database) as (connection, told):
            found = {row.by: row for row in connection.execute(_tried(counted))}
            locked = max((row.locked_until or "" for row in found.values()), default="")
            if locked > iso(moment):
                left = datetime.fromisoformat(locked) - moment
                return Refused(max(1, round(left.total_seconds())))
            connection.execute(delete(guesses).where(guesses.c.last_at < iso(moment - _FORGOTTEN)))
            row = next((one for one in connection.execute(select(accounts)) if key_of(one.name) == key), None)
            for by in counted:
                old = found.get(by)
                count = 1 + (old.tries if old and old.last_at >= iso(moment - _FORGOTTEN) else 0)
                until = _locked_until(by, count, moment)
                values = {"count": count, "last_at": iso(moment), "locked_until": until}
                connection.execute(delete(guesses).where(guesses.c.by == by))
                connection.execute(insert(guesses).values(by=by, **values))
                if until and row and by.startswith("account:"):
                    told.append(_event("account locked", row.name, outcome="failure"))
            return row


def _tried(by: Iterable[str]) -> Any:
    # A row has a method `count`.
    return select(guesses, guesses.c.count.label("tries")).where(guesses.c.by.in_(by))


def _locked_until(by: str, count: int, moment: datetime) -> str | None:
    beyond = count - _TRIES[by.partition(":")[0]]
    if beyond < 0:
        return None
    # More doublings than these are the longest time anyway.
    return iso(moment + min(_FIRST_LOCK * 2 ** min(beyond, 20), _LONGEST_LOCK))


def _called(connection: Connection, name: str) -> Row[Any]:
    # There are few: a key of its own for each would have to be kept in step with what looks alike.
    key = key_of(name)
    for row in connection.execute(select(accounts)):
        if key_of(row.name) == key:
            return row
    raise NotFound(_("there is no account “{name}”; see `archivist accounts`").format(name=name))


def _change(connection: Connection, name: str, **values: str) -> None:
    connection.execute(update(accounts).where(accounts.c.name == name).values(values))
    connection.execute(delete(sessions).where(sessions.c.account == name))


def _check_not_last(connection: Connection, row: Row[Any]) -> None:
    others = select(func.count()).where(accounts.c.role == "admin", accounts.c.name != row.name)
    if row.role == "admin" and not connection.scalar(others):
        raise WrongCall(_("“{name}” is the last admin; make somebody else one first").format(name=row.name))


def _check_role(role: str) -> None:
    if role not in roles():
        raise WrongCall(
            _("there is no role “{role}”; it is one of {roles}").format(role=role, roles=", ".join(roles()))
        )


def _known_levels(names: Iterable[str]) -> tuple[str, ...]:
    """Return levels of access as they are kept; WrongCall where there is no such level."""
    named, known = set(names), levels()
    if unknown := sorted(named.difference(known)):
        text = _("there is no level of access “{level}”; there are {levels}")
        raise WrongCall(text.format(level=unknown[0], levels=", ".join(known)))
    return tuple(level for level in known if level in named)


def _account(row: Row[Any]) -> Account:
    return Account(row.name, row.role, tuple(json.loads(row.levels)), row.made_at)


def _over(moment: datetime) -> Any:
    return (sessions.c.seen_at < iso(moment - IDLE)) | (sessions.c.begun_at < iso(moment - LONGEST))


def _seal(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def _by_account(name: str) -> str:
    return f"account:{key_of(name[:200])}"


def _house(address: str) -> str:
    """Return what wrong passwords from `address` count against."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:100]
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(IPv6Network((found, _HOUSE_BITS), strict=False))


def _event(act: str, name: str, by: str = "", outcome: str = "success", **detail: Any) -> Event:
    said = {"act": act, "account": name, **detail}
    made = Event("policy assignment", ARCHIVE, said, "failure" if outcome == "failure" else "success")
    return made if not by else Event(made.type, made.object, said, made.outcome, by)
