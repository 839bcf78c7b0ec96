"""Runs: one command at a time writes to an archive, and everybody may see which and how far it is."""

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from os import getpid
from threading import Lock as ThreadLock
from time import monotonic, sleep

from sqlalchemy import insert, select, update

from archivist.catalog.database import Database
from archivist.catalog.ledger import recording
from archivist.catalog.locks import Lock, lock_of
from archivist.catalog.tables import now, runs
from archivist.errors import ArchiveBusy, ArchivistError
from archivist.events import ARCHIVE, SOFTWARE, Event, Outcome
from archivist.language import gettext as _

# Seconds between two notes of how far a run is, between two tries for the lock, and until the run of somebody else
# is told of: one that has just begun has said by then what it is.
_NOTED = 2.0
_TRIED = 0.5
_TOLD = 1.0
# Characters kept of what a run is about: a box may have been named scan by scan.
_WHAT = 200
_KILLED = "broken off"
_INGEST = "ingest"
_OUTCOMES: Mapping[str, Outcome] = {"done": "success", "stopped": "warning"}


@dataclass(frozen=True, slots=True)
class Running:
    """A run: which command on what, by whom and where, since when, and how far: pages, or items where none are read.

    Moments are ISO 8601 in UTC; `seen_at` is when it last said how far it was. While it is under way `ended_at` and
    `outcome` are None; then it is done, failed (the reason was told), stopped (by a person), error (the program's), or
    broken off (killed). `command` is empty where a run that has just begun has not said what it is.
    """

    command: str
    what: str
    who: str
    host: str
    pid: int
    started_at: str
    seen_at: str
    ended_at: str | None
    outcome: str | None
    done: int
    total: int
    read: int
    failed: int

    def __str__(self) -> str:
        """Return in words who does what since when, in local time."""
        if not self.command:
            return _("another process")
        words = _("`archivist {command}` by {who} on {host}, process {pid}, since {since}")
        since = datetime.fromisoformat(self.started_at).astimezone().strftime("%Y-%m-%d %H:%M")
        command, who = f"{self.command} {self.what}".rstrip(), self.who or _("somebody")
        return words.format(command=command, who=who, host=self.host, pid=self.pid, since=since)

    @property
    def pace(self) -> float:
        """Pages (or items) a minute until it was last seen, 0 while that cannot be said.

        What an earlier run had read counts only as long as nothing else was done: it goes far quicker.
        """
        spent = (datetime.fromisoformat(self.seen_at) - datetime.fromisoformat(self.started_at)).total_seconds()
        return 60 * (self.read + self.failed or self.done) / spent if spent > 0 else 0.0

    @property
    def minutes_left(self) -> float | None:
        """How long what is known so far will take at this pace; None while that cannot be said."""
        return max(self.total - self.done, 0) / self.pace if self.pace else None


_ROWS = select(*(runs.c[name] for name in Running.__slots__)).order_by(runs.c.id.desc())
_LATEST_OPEN = select(runs.c.id).where(runs.c.ended_at.is_(None)).order_by(runs.c.id.desc()).limit(1)


class Run:
    """The run with this number, in the hand of the command that does it."""

    def __init__(self, number: int, lock: Lock) -> None:
        self.number = number
        self.row = update(runs).where(runs.c.id == number)
        self.counts: dict[str, int] = {}
        self._lock = lock
        self._noted = -_NOTED

    def report(self, done: int, total: int, read: int, failed: int) -> None:
        """Keep how far the run is: `done` of the `total` known so far, and how many of those were read, or failed.

        Cheap enough to be called with every page; waits for nobody, and fails only where the run was lost: raises
        ArchivistError where the server of the catalogue let go of it, so that another one may have begun.
        """
        self.counts = {"done": done, "total": total, "read": read, "failed": failed}
        if monotonic() - self._noted >= _NOTED:
            self._lock.note(self.row.values(**self.counts, seen_at=now()))
            self._noted = monotonic()


class Runs:
    """The runs of the catalogue in `database`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._within = ThreadLock()

    @contextmanager
    def hold(
        self, command: str, what: str, who: str, waiting: Callable[[Running], None] | None = None
    ) -> Iterator[Run]:
        """Let this run alone write to the archive in the block, once the run of anybody else has ended.

        `waiting` is told once for which run that is; without it ArchiveBusy is raised, which says so. However the
        process ends, the lock ends with it. What people decide, and whatever only reads, needs no run and never waits.
        """
        with self.alone(waiting) as lock:
            run = self._begun(lock, command, what, who)
            outcome = "error"
            try:
                yield run
                outcome = "done"
            except ArchivistError:
                outcome = "failed"
                raise
            except (KeyboardInterrupt, SystemExit, GeneratorExit):
                outcome = "stopped"
                raise
            finally:
                self._ended(run, outcome)

    @contextmanager
    def alone(self, waiting: Callable[[Running], None] | None = None) -> Iterator[Lock]:
        """Keep runs out of the block as `hold` does, without being one: for what puts the rows of runs back itself."""
        lock = lock_of(self._database, self._within)
        self._wait_for(lock, waiting)
        try:
            yield lock
        finally:
            lock.leave()

    def under_way(self) -> Running | None:
        """Return the run under way, None where there is none."""
        if not lock_of(self._database, self._within).held():
            return None
        with self._database.reading() as connection:
            row = connection.execute(_ROWS.where(runs.c.id == _LATEST_OPEN.scalar_subquery())).first()
        return Running(*row) if row else _unknown()

    def latest(self, limit: int) -> list[Running]:
        """Return the `limit` runs that were begun last and are over, the latest first."""
        held = lock_of(self._database, self._within).held()
        with self._database.reading() as connection:
            alive = connection.scalar(_LATEST_OPEN) if held else None
            rows = connection.execute(_ROWS.where(runs.c.id != (alive or 0)).limit(limit)).all()
        # The next run will keep that these were killed.
        return [run if run.outcome else _killed(run) for run in (Running(*row) for row in rows)]

    def _wait_for(self, lock: Lock, waiting: Callable[[Running], None] | None) -> None:
        began, told = monotonic(), False
        while not lock.take():
            if not told and monotonic() - began >= _TOLD and (holder := self.under_way()):
                if waiting is None:
                    words = _("{run} is writing to this archive; try again when it is done")
                    raise ArchiveBusy(words.format(run=holder))
                waiting(holder)
                told = True
            sleep(_TRIED if told else _TRIED / 10)

    def _begun(self, lock: Lock, command: str, what: str, who: str) -> Run:
        """Keep that a run has begun, and that those before it which never ended were killed."""
        what = what if len(what) <= _WHAT else what[: _WHAT - 1] + "…"
        place = {"host": socket.gethostname(), "pid": getpid(), "started_at": now(), "seen_at": now()}
        never_ended = runs.c.ended_at.is_(None)
        with recording(self._database) as (connection, told):
            told += _ends(_killed(Running(*row)) for row in connection.execute(_ROWS.where(never_ended)))
            connection.execute(update(runs).where(never_ended).values(ended_at=runs.c.seen_at, outcome=_KILLED))
            made = connection.execute(insert(runs).values(command=command, what=what, who=who, **place))
            if command == _INGEST:
                told.append(Event("ingestion start", ARCHIVE, {"source": what}, agent=who or SOFTWARE))
        (number,) = made.inserted_primary_key or (0,)
        return Run(number, lock)

    def _ended(self, run: Run, outcome: str) -> None:
        # What ended the run, such as a full disk, may hinder this; the next run makes up for it.
        with suppress(ArchivistError), recording(self._database) as (connection, told):
            connection.execute(run.row.values(**run.counts, seen_at=now(), ended_at=now(), outcome=outcome))
            told += _ends(Running(*row) for row in connection.execute(_ROWS.where(runs.c.id == run.number)))


def _unknown() -> Running:
    return Running("", "", "", "", 0, now(), now(), None, None, 0, 0, 0, 0)


def _killed(run: Running) -> Running:
    return replace(run, ended_at=run.seen_at, outcome=_KILLED)


def _ends(over: Iterable[Running]) -> list[Event]:
    """Return what the ledger is to know of runs that are over; of those that took nothing in it knows each step."""
    return [
        Event(
            "ingestion end",
            ARCHIVE,
            {"source": run.what, "read": run.read, "failed": run.failed, "message": run.outcome},
            _OUTCOMES.get(run.outcome or "", "failure"),
            run.who or SOFTWARE,
        )
        for run in over
        if run.command == _INGEST
    ]
