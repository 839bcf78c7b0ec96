"""Pages under way at the workers: a window of them, and what becomes of those whose worker ends."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace

from archivist.errors import ReadingFailed, TooSlow
from archivist.language import gettext as _
from archivist.model import Failure
from archivist.reading import Reading, Task
from archivist.workers import WorkerLost, Workers

#: Pages sent for each worker: one it reads, one that lies ready.
_AHEAD = 2


class Flights:
    """Sends pages to workers, never more than a window of them, and gives back what they made of each.

    A page whose worker ended is a suspect: it is tried once more when nothing else is under way, and where a worker
    ends again, the page is the cause and comes back as a Failure.
    """

    def __init__(
        self, start: Callable[[], Workers], work: Callable[[Task], Reading | Failure], page_seconds: float
    ) -> None:
        """Have `work` done by the workers that `start` gives when the first page is sent."""
        self._start, self._work, self._page_seconds = start, work, page_seconds
        self._workers: Workers | None = None
        self._flying: dict[Future[Reading | Failure], Task] = {}
        self._suspects: deque[Task] = deque()

    def __bool__(self) -> bool:
        """Whether any page is still to come back."""
        return bool(self._flying or self._suspects)

    @property
    def full(self) -> bool:
        """Whether a page must come back before the next is sent; suspects are cleared up first."""
        return bool(self._suspects) or (self._workers is not None and len(self._flying) >= _AHEAD * self._workers.count)

    def send(self, task: Task) -> None:
        """Have a page read; raises what `start` raises."""
        if self._workers is None:
            self._workers = self._start()
        task = replace(task, threads=self._workers.threads)
        self._flying[self._workers.submit(self._work, task)] = task

    def land(self) -> Iterator[tuple[Task, Reading | Failure]]:
        """Wait until something happens and yield the pages that came back, none where their worker ended.

        Raises what `work` raises, ArchivistError where all workers are gone.
        """
        alone = not self._flying
        if alone:
            self.send(self._suspects.popleft())
        done, _flying = wait(self._flying, return_when=FIRST_COMPLETED)
        for future in done:
            task = self._flying.pop(future)
            try:
                result = future.result()
            except WorkerLost as error:
                if not alone:
                    self._suspects.append(task)
                    continue
                result = self._failure(task, slow=error.slow)
            yield task, result

    def close(self) -> None:
        """Let the workers go, whatever they are at."""
        if self._workers:
            self._workers.close()
        self._workers = None

    def _failure(self, task: Task, *, slow: bool) -> Failure:
        if slow:
            why = _("not read within {seconds:.0f} seconds; the original is kept; look at it, or raise page_seconds")
            return Failure(task.source, task.index, "read", TooSlow.cause, why.format(seconds=self._page_seconds))
        why = _("the page ended the program that read it; the original is kept, report this with the scan")
        return Failure(task.source, task.index, "read", ReadingFailed.cause, why)
