"""Where pages are worked on: processes of this machine, or those of a Dask cluster; one page at a time each.

A page whose worker ends (killed, out of memory, beyond its time) comes back as WorkerLost, and the others go on.
"""

from archivist.errors import ArchivistError, UnreadableScan
from archivist.language import gettext as _
from archivist.limits import Limits, out_of_memory
from archivist.settings import cores
from archivist.workers.lanes import Lane, WorkerLost, Workers
from archivist.workers.local import Process

__all__ = ["Lane", "Limits", "Porter", "WorkerLost", "Workers", "start"]

#: What one scan may cost that is only looked at.
_LOOK = Limits(60, 2 << 30)


def start(where: int | str, limits: Limits) -> Workers:
    """Return workers that hold each page to `limits`: `where` many processes here, or those of a Dask scheduler.

    Raises NotInstalled where Dask is missing, ArchivistError where its scheduler (`tcp://host:8786`, `tls://…`) cannot
    be reached, has no workers, or has some that would not read as this program does.
    """
    if isinstance(where, int):
        return Workers([Process(limits) for _number in range(where)], max(cores() // where, 1))
    from archivist.workers.cluster import on_dask

    return on_dask(where, limits)


class Porter:
    """A process that looks first at what came from elsewhere, so that no damaged scan can harm the one that writes."""

    def __init__(self) -> None:
        self._process = Process(_LOOK)

    def look(self, data: bytes) -> tuple[str, int]:
        """Return media type and number of pages of the scan `data`.

        Raises a ScanError where it cannot be used, whatever breaks down over it; ArchivistError where no process can
        be started.
        """
        try:
            return self._look(data)
        except WorkerLost as error:
            if error.slow:
                text = _("its pages could not be counted within {seconds:.0f} seconds; copy or scan it again")
                raise UnreadableScan(text.format(seconds=_LOOK.seconds)) from error
            text = _("it ends the program that opens it; it is damaged or made to do harm, copy or scan it again")
            raise UnreadableScan(text) from error
        except ArchivistError:
            raise
        except Exception as error:
            if out_of_memory(error):
                text = _("it takes too much memory to count its pages; it is damaged, copy or scan it again")
                raise UnreadableScan(text) from error
            text = _("its pages could not be counted ({kind}: {reason}); copy or scan it again")
            raise UnreadableScan(text.format(kind=type(error).__name__, reason=error)) from error

    def _look(self, data: bytes) -> tuple[str, int]:
        try:
            return self._process.run(_kind_and_pages, data)
        except WorkerLost:
            # It may have been the porter that was ended, not the scan that ended it.
            return self._process.run(_kind_and_pages, data)

    def close(self) -> None:
        """End the process."""
        self._process.close()


def _kind_and_pages(data: bytes) -> tuple[str, int]:
    from archivist.image.open import media_type, page_count

    return media_type(data), page_count(data)
