"""Runs that were started from the reading room: processes of their own, which go on whoever goes home."""

import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from threading import Thread
from typing import TYPE_CHECKING, Literal, TypeAlias

from archivist.errors import ArchivistError, NotFound, WrongCall
from archivist.files import whole
from archivist.language import gettext as _

if TYPE_CHECKING:
    from archivist.archive import Archive
    from archivist.catalog.runs import Running

#: Waiting, reading, or over; `begun` is one of which the catalogue has not heard yet.
Stage: TypeAlias = Literal["begun", "waiting", "reading", "over"]
_NAME = re.compile(r"\d{8}T\d{6}-[0-9a-f]{6}")
#: Runs that may wait for their turn: each is a process.
_MOST_WAITING = 6
#: Runs of the catalogue among which those of the reading room are looked for.
_LOOKED_AT = 60
#: Records kept of runs that are over.
_KEPT = 200
#: Less busy than whoever serves people.
_NICE = 10
#: Characters of the end of what a run wrote.
_TAIL = 20_000


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of a start: which paths, by whom, when (ISO 8601, UTC), and which process on which machine."""

    name: str
    paths: tuple[str, ...]
    who: str
    at: str
    host: str
    pid: int


@dataclass(frozen=True, slots=True)
class Started:
    """A run that was started from here, and how it stands; `run` is what the catalogue says of it, if anything.

    `asked` says that somebody asked it to stop, `words` what it wrote last where it ended before it was a run.
    """

    record: Record
    stage: Stage
    run: "Running | None"
    asked: bool = False
    words: str = ""


class Starter:
    """Starts runs over the archive `rooms`, and knows how they stand; all it knows is on the disk."""

    def __init__(self, rooms: "Archive") -> None:
        self._rooms = rooms
        self._folder = rooms.settings.folder / "incoming" / "runs"

    def start(self, paths: Sequence[Path], who: str, language: str) -> Record:
        """Start to take in `paths` in a process that outlives this one; where others are at work it waits its turn.

        Where a run over the same paths waits already, that is returned. `who` answers for it; what it writes is in
        `language`. Raises WrongCall where too many wait, ArchivistError where this machine begins no more processes.
        """
        said = tuple(str(path) for path in paths)
        waiting = [one for one in self.runs() if one.stage in ("begun", "waiting")]
        for one in waiting:
            if one.record.paths == said:
                return one.record
        if len(waiting) >= _MOST_WAITING:
            text = _("{count} runs wait for their turn already; start this one when they have begun")
            raise WrongCall(text.format(count=len(waiting)))
        try:
            record = self._begun(said, who, language)
        except OSError as error:
            text = _("the run cannot be started: {reason}")
            raise ArchivistError(text.format(reason=error.strerror or error)) from error
        self._forget()
        return record

    def _begun(self, said: tuple[str, ...], who: str, language: str) -> Record:
        self._folder.mkdir(parents=True, exist_ok=True)
        moment = datetime.now(UTC)
        name = f"{moment:%Y%m%dT%H%M%S}-{token_hex(3)}"
        call = [
            sys.executable, "-P", "-m", "archivist", "ingest", f"--by={who}",
            f"--archive={self._rooms.settings.archive.absolute()}", "--", *said,
        ]  # fmt: skip
        package = str(Path(__file__).parent.parent)
        known = os.environ.get("PYTHONPATH")
        env = os.environ | {
            "LANGUAGE": language,
            "PYTHONUNBUFFERED": "1",
            # The same archivist as here, wherever this one was started.
            "PYTHONPATH": f"{package}{os.pathsep}{known}" if known else package,
        }
        with self._file(name, "lock").open("wb") as lock, self._file(name, "log").open("wb") as log:
            # Held for as long as the process lives, whose end nobody may be there to see.
            fcntl.flock(lock, fcntl.LOCK_EX)
            process = subprocess.Popen(
                call, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, cwd=self._folder,
                start_new_session=True, pass_fds=(lock.fileno(),),
            )  # fmt: skip
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICE)
        # Or it would stay as a zombie while this process lives.
        Thread(target=process.wait, name=f"run {name}", daemon=True).start()
        at = moment.isoformat(timespec="seconds")
        record = Record(name, said, who, at, socket.gethostname(), process.pid)
        with whole(self._file(name, "json")) as stream:
            stream.write(json.dumps(asdict(record), ensure_ascii=False).encode("utf-8", "surrogateescape"))
        return record

    def runs(self, most: int = 20) -> list[Started]:
        """Return the last runs that were started from here, the latest first, and all that are not over."""
        under_way = self._rooms.catalog.runs.under_way()
        over = self._rooms.catalog.runs.latest(_LOOKED_AT)
        found: list[Started] = []
        for name in self._names():
            alive = self._alive(name)
            if not alive and len(found) >= most:
                continue
            record = self._record(name)
            if record:
                found.append(self._standing(record, alive, under_way, over))
        return found

    def run(self, name: str) -> Started:
        """Return how the run called `name` stands; NotFound."""
        record = self._record(name) if _NAME.fullmatch(name) else None
        if record is None:
            raise NotFound(_("there is no run “{name}” (any more)").format(name=name[:40]))
        runs = self._rooms.catalog.runs
        return self._standing(record, self._alive(name), runs.under_way(), runs.latest(_LOOKED_AT))

    def stop(self, name: str) -> None:
        """Ask a run to stop after the pages at hand; what was read is kept. WrongCall where it cannot be asked."""
        one = self.run(name)
        if not self._alive(name):
            raise WrongCall(_("this run is over"))
        if one.record.host != socket.gethostname():
            raise WrongCall(_("it runs on {host}; stop it there").format(host=one.record.host))
        try:
            # Its number may be that of another process by now, which is left alone.
            gone = not self._led_by(one.record)
            if not gone:
                self._file(name, "stop").touch()
                os.kill(one.record.pid, signal.SIGINT)
        except OSError:
            gone = True
        if gone:
            raise WrongCall(_("its process cannot be found; what it began may still be at work"))

    def log(self, name: str) -> str:
        """Return the end of what a run wrote; NotFound where there is no such run."""
        self.run(name)
        return self._log(name)

    def _standing(self, record: Record, alive: bool, under_way: "Running | None", over: "Sequence[Running]") -> Started:
        asked = self._file(record.name, "stop").exists()
        if under_way and alive and _same(record, under_way):
            return Started(record, "reading", under_way, asked)
        if alive:
            return Started(record, "waiting" if under_way else "begun", None, asked)
        run = next((run for run in over if _same(record, run)), None)
        if run is None and not asked:
            lines = [line for line in self._log(record.name).splitlines() if line.strip()]
            return Started(record, "over", None, asked, lines[-1] if lines else "")
        return Started(record, "over", run, asked)

    def _log(self, name: str) -> str:
        with suppress(OSError), self._file(name, "log").open("rb") as stream:
            stream.seek(max(stream.seek(0, os.SEEK_END) - _TAIL, 0))
            return stream.read().decode("utf-8", "replace")
        return ""

    def _names(self) -> list[str]:
        """Return the names of all runs on record, the latest first."""
        if not self._folder.is_dir():
            return []
        return sorted((path.stem for path in self._folder.glob("*.json") if _NAME.fullmatch(path.stem)), reverse=True)

    def _record(self, name: str) -> Record | None:
        try:
            said = json.loads(self._file(name, "json").read_text("utf-8", "surrogateescape"))
            return Record(**{**said, "paths": tuple(said["paths"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def _alive(self, name: str) -> bool:
        with suppress(OSError), self._file(name, "lock").open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def _led_by(self, record: Record) -> bool:
        """Whether the process on record is the one that was started; OSError where there is none, or it is not ours."""
        # A run leads a session of its own, and holds its lock; by /proc it can be seen that it does.
        if record.pid <= 1 or os.getsid(record.pid) != record.pid:
            return False
        opened = Path("/proc", str(record.pid), "fd")
        if not opened.is_dir():
            return True
        lock = self._file(record.name, "lock").stat()
        return any(os.path.samestat(lock, one.stat()) for one in opened.iterdir())

    def _forget(self) -> None:
        for name in self._names()[_KEPT:]:
            if not self._alive(name):
                for kind in ("json", "log", "stop", "lock"):
                    self._file(name, kind).unlink(missing_ok=True)

    def _file(self, name: str, kind: str) -> Path:
        return self._folder / f"{name}.{kind}"


def _same(record: Record, run: "Running") -> bool:
    """Whether the catalogue speaks of the process that was started."""
    # A process may have had the same number before.
    since = datetime.fromisoformat(record.at) - timedelta(seconds=2)
    own = (run.command, run.host, run.pid) == ("ingest", record.host, record.pid)
    return own and datetime.fromisoformat(run.started_at) >= since
