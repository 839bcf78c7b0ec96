"""Decisions carried out behind the back of those who made them: they have their answer, and go on."""

import logging
from threading import Lock, Timer

from fastapi import Request

from archivist.archive import Archive
from archivist.errors import ArchiveBusy, ArchivistError

_log = logging.getLogger(__name__)

# Seconds until it is tried again where another process writes for long: at first, and at most.
_SOON, _LATE = 2.0, 60.0


class Behind:
    """Makes items anew as was decided about them, never twice at a time: what is decided meanwhile goes together.

    Where another process writes to the archive for long, it is tried again by itself, `soon` seconds later, then ever
    more rarely, until it is done or the room is closed.
    """

    def __init__(self, archive: Archive, soon: float = _SOON) -> None:
        self._archive = archive
        self._lock, self._wanted, self._busy = Lock(), False, False
        self._soon = self._pause = soon
        self._timer: Timer | None = None
        self._trying: Timer | None = None
        self._closed = False

    def follow(self) -> None:
        """Carry out all that is decided; where that is under way already, leave it to whoever is at it."""
        with self._lock:
            self._wanted = True
            if self._busy:
                return
            self._busy = True
        try:
            while self._more():
                self.at_once()
        except BaseException:
            with self._lock:
                self._busy = False
            raise

    def left_over(self) -> None:
        """Carry out what was decided before the room was closed last, and was not carried out by then."""
        try:
            left, _latest = self._archive.catalog.outstanding()
        except ArchivistError as error:
            _log.warning("nobody knows what is not carried out yet: %s", error)
            if isinstance(error, ArchiveBusy):
                self._later()
            return
        if left:
            self.follow()

    def at_once(self) -> None:
        """Carry out all that is decided before anything else is done, for somebody who waits for what follows."""
        try:
            # Over which items the rules broke down is kept among the failures, for the status page.
            self._archive.desk.carry_out()
        except ArchivistError as error:
            # What was decided is kept: the next decision, or ingest, carries it out.
            _log.warning("what was decided is not carried out yet: %s", error)
            if isinstance(error, ArchiveBusy):
                self._later()
        else:
            with self._lock:
                self._pause = self._soon

    def close(self, patience: float) -> None:
        """Try nothing again; waits `patience` seconds at most for what is being tried."""
        with self._lock:
            self._closed = True
            waiting, trying = self._timer, self._trying
        if waiting:
            waiting.cancel()
        for one in (waiting, trying):
            if one:
                one.join(patience)

    def _later(self) -> None:
        """Try again in a while, unless that is to happen already."""
        with self._lock:
            if self._closed or self._timer:
                return
            self._timer = Timer(self._pause, self._again)
            self._timer.name, self._timer.daemon = "decided before", True
            self._pause = min(2 * self._pause, _LATE)
            # Within the lock: a room that closes meanwhile waits for no timer that is not begun.
            self._timer.start()

    def _again(self) -> None:
        with self._lock:
            self._timer, self._trying = None, self._timer
        self.follow()

    def _more(self) -> bool:
        with self._lock:
            self._busy = self._wanted and not self._closed
            self._wanted = False
            return self._busy


def behind(request: Request) -> Behind:
    """Return what carries out decisions for the archive that is served."""
    found: Behind = request.app.state.behind
    return found
