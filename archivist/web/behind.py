"""Decisions carried out behind the back of those who made them: they have their answer, and go on."""

import logging
from threading import Lock

from fastapi import Request

from archivist.archive import Archive
from archivist.errors import ArchivistError

_log = logging.getLogger(__name__)


class Behind:
    """Makes items anew as was decided about them, never twice at a time: what is decided meanwhile goes together."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._lock, self._wanted, self._busy = Lock(), False, False

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

    def _more(self) -> bool:
        with self._lock:
            self._busy = self._wanted
            self._wanted = False
            return self._busy


def behind(request: Request) -> Behind:
    """Return what carries out decisions for the archive that is served."""
    found: Behind = request.app.state.behind
    return found
