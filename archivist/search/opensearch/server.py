"""An OpenSearch cluster as the index uses it: requests, what goes wrong in words, and one writer at a time."""

import json
import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event, RLock, Thread
from typing import TYPE_CHECKING, TypeVar
from typing import Any as Value
from urllib.parse import quote, urlsplit
from uuid import uuid4

from archivist.errors import ArchiveBusy, ArchivistError, NotInstalled, QueryError
from archivist.language import gettext as _
from archivist.search.opensearch.form import Json
from archivist.search.trouble import busy

if TYPE_CHECKING:
    from opensearchpy import OpenSearch, TransportError

_T = TypeVar("_T")

#: Where writers say that they write, for all indexes of a cluster.
WRITERS = "archivist-writers"
# Seconds after which a writer that was killed stands in nobody's way, and between two signs of life.
_LEASE, _SIGN = 60.0, 15.0
# Seconds between two looks at a lock that another holds.
_LOOK = 0.1
# Seconds that a request may take, and for which a cluster that has lost a node may take to find itself.
_ANSWER, _STAMINA = 60.0, 90.0
_AGAIN = (429, 502, 503, 504)
# Bytes that are sent at a time, and how many such at once.
_PART, _AT_ONCE = 2_000_000, 3


class Server:
    """The cluster of which some nodes are at `hosts` (URLs), for the index `name`.

    Raises ArchivistError, naming the place; NotInstalled without the package. Threads may share it.
    """

    def __init__(
        self,
        hosts: Sequence[str],
        name: str,
        patience: float,
        login: tuple[str, str] | None = None,
        certificates: str | None = None,
    ) -> None:
        self._hosts, self._name, self._patience = tuple(hosts), name, patience
        self._login, self._certificates = login, certificates
        self._lock = RLock()
        self._client: OpenSearch | None = None
        self._has_writers = False
        parts = map(urlsplit, hosts)
        nodes = ",".join(f"{part.scheme}://{part.netloc.rpartition('@')[2]}" for part in parts)
        #: Where the index is, without a password.
        self.place = f"{nodes}/{name}"

    def ask(
        self,
        method: str,
        path: str,
        body: Value = None,
        accept: Sequence[int] = (),
        params: Json | None = None,
        writes: bool = False,
    ) -> Json:
        """Return the answer to a request; one with a status in `accept` is an answer as well.

        Asked again while the cluster is busy: by who reads for so long as it has patience, by who `writes` for longer,
        and also when no node can be reached.
        """
        text = body if isinstance(body, str | None) else json.dumps(body, ensure_ascii=False)
        sent = {"request_timeout": _ANSWER, **(params or {})}
        until, pause = time.monotonic() + (_STAMINA if writes else self._patience), 0.05
        client, refused = self._opened()
        while True:
            try:
                found = client.transport.perform_request(method, path, params={**sent, "ignore": accept}, body=text)
                return found if isinstance(found, dict) else {}
            except refused as error:
                away = not isinstance(error.status_code, int)
                blocked = error.error == "cluster_block_exception"
                again = (writes and away) or (error.status_code in _AGAIN and not blocked)
                if not again or time.monotonic() + pause > until:
                    raise self._said(error) from error
            time.sleep(pause)
            pause = min(2 * pause, 2.0)

    def send(self, index: str, lines: Iterable[tuple[Json, Json | None]], params: Json | None = None) -> None:
        """Write what `lines` say, an action and what is kept, into `index`; some of them at once."""
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            sent: deque[Future[None]] = deque()
            try:
                for part in _parts(lines):
                    sent.append(threads.submit(self._send, index, part, params))
                    if len(sent) > _AT_ONCE:
                        sent.popleft().result()
                while sent:
                    sent.popleft().result()
            finally:
                threads.shutdown(cancel_futures=True)

    def refresh(self, index: str) -> None:
        """Let all that was written into `index` be seen, in every copy of it."""
        until, pause = time.monotonic() + _STAMINA, 0.1
        while self.ask("POST", f"/{index}/_refresh", writes=True)["_shards"]["failed"]:
            self._rest(pause, until)
            pause = min(2 * pause, 5.0)

    @contextmanager
    def writing(self) -> Iterator["Turn"]:
        """Keep other writers out for the block; ArchiveBusy where that cannot be had in time.

        A writer that was killed is waited for 60 seconds; the clocks of all who write must agree so far.
        """
        turn = Turn(self, f"/{WRITERS}/_doc/{quote(self._name)}")
        until = time.monotonic() + self._patience
        self._make_room()
        while not turn.taken():
            if time.monotonic() > until:
                raise busy()
            time.sleep(_LOOK)
        with turn.kept():
            yield turn

    def close(self) -> None:
        """Let go of the connections."""
        with self._lock:
            client, self._client = self._client, None
        if client:
            client.close()

    def _send(self, index: str, lines: list[str], params: Json | None) -> None:
        until, pause = time.monotonic() + _STAMINA, 0.1
        while lines:
            said = self.ask("POST", f"/{index}/_bulk", "".join(lines), params=params, writes=True)
            if not said["errors"]:
                return
            again = list[str]()
            for line, item in zip(lines, said["items"], strict=True):
                (answer,) = item.values()
                if (error := answer.get("error")) is None:
                    continue
                if answer["status"] not in _AGAIN or error["type"] == "cluster_block_exception":
                    raise self._refused(answer["status"], error["type"], str(error.get("reason")))
                again.append(line)
            if again:
                self._rest(pause, until)
            lines, pause = again, min(2 * pause, 5.0)

    def _rest(self, pause: float, until: float) -> None:
        if time.monotonic() + pause > until:
            text = _("The search index {place} is not ready to be written to; some nodes of the server may be missing")
            raise ArchivistError(text.format(place=self.place))
        time.sleep(pause)

    def _make_room(self) -> None:
        if not self._has_writers:
            if "error" in self.ask("GET", f"/{WRITERS}", accept=(404,)):
                settings = {"number_of_shards": 1, "auto_expand_replicas": "0-1", "hidden": True}
                mapping = {"dynamic": False, "properties": {}}
                # Another may have made it in the meantime.
                self.ask("PUT", f"/{WRITERS}", {"settings": {"index": settings}, "mappings": mapping}, accept=(400,))
            self._has_writers = True

    def _opened(self) -> "tuple[OpenSearch, type[TransportError]]":
        try:
            from opensearchpy import OpenSearch, TransportError
        except ImportError as error:
            text = _('For {place} a package is missing. Run: pip install "archivist[opensearch]"')
            raise NotInstalled(text.format(place=self.place)) from error
        with self._lock:
            if self._client is None:
                # What it would print is in our errors.
                logging.getLogger("opensearch").setLevel(logging.CRITICAL)
                self._client = OpenSearch(
                    list(self._hosts),
                    max_retries=len(self._hosts),
                    retry_on_timeout=True,
                    retry_on_status=(),
                    http_compress=False,
                    pool_maxsize=16,
                    http_auth=self._login,
                    ca_certs=self._certificates,
                )
            return self._client, TransportError

    def _said(self, error: "TransportError") -> ArchivistError:
        if not isinstance(error.status_code, int):
            text = _("The search server {place} cannot be reached: {reason}. Is it running, and is the address right?")
            return ArchivistError(text.format(place=self.place, reason=error.error))
        kind = reason = error.error
        if isinstance(said := error.info, dict):
            with suppress(TypeError, KeyError, IndexError):
                cause = said["error"]["root_cause"][0]
                kind, reason = cause["type"], cause["reason"] or reason
        return self._refused(error.status_code, kind, reason)

    def _refused(self, status: int, kind: str, reason: str) -> ArchivistError:
        if kind == "cluster_block_exception":
            text = _("The search index {place} may not be written to; perhaps a disk of the server is full: {reason}")
        elif status in (401, 403):
            text = _("The search server {place} does not let archivist in; look at name, password and rights: {reason}")
        elif kind in ("too_many_clauses", "too_many_nested_clauses"):
            text = _("{place} cannot look for so many words at once; its setting {setting} is too low")
            return QueryError(text.format(place=self.place, setting="indices.query.bool.max_clause_count"))
        elif status in _AGAIN:
            text = _("The search server {place} is too busy, or some of its nodes are missing: {reason}")
        else:
            text = _("The search server {place} cannot do that: {reason}")
        return ArchivistError(text.format(place=self.place, reason=reason))


class Turn:
    """The turn of a writer: a document that all writers look at, written anew while its owner lives."""

    def __init__(self, server: Server, path: str) -> None:
        self._server, self._path, self._owner = server, path, uuid4().hex
        self._held: Json = {}
        self._until = 0.0

    def taken(self) -> bool:
        """Take the turn where nobody has it, or one has that is dead; return whether that went well."""
        if self._write({"op_type": "create"}):
            return True
        found = self._server.ask("GET", self._path, accept=(404,))
        if not found.get("found") or found["_source"]["until"] > time.time():
            return False
        return self._write({"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]})

    def hold(self) -> None:
        """Raise ArchiveBusy where another has taken the turn, because this process stood still for so long."""
        if time.time() > self._until:
            raise ArchiveBusy(_("Another process has begun to write to the search index. Try again when it is done."))

    def during(self, lines: Iterable[_T]) -> Iterator[_T]:
        """Give `lines` for so long as it is this writer's turn."""
        for line in lines:
            self.hold()
            yield line

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the turn for the block."""
        done = Event()
        signs = Thread(target=self._give_signs, args=(done,), daemon=True)
        signs.start()
        try:
            yield
        finally:
            done.set()
            signs.join()
            with suppress(ArchivistError):
                self._server.ask("DELETE", self._path, accept=(404, 409), params=self._held)

    def _give_signs(self, done: Event) -> None:
        while not done.wait(_SIGN):
            with suppress(ArchivistError):
                if not self._write(self._held):
                    self._until = 0.0
                    return

    def _write(self, condition: Json) -> bool:
        until = time.time() + _LEASE
        body = {"owner": self._owner, "until": until}
        said = self._server.ask("PUT", self._path, body, accept=(409,), params=condition, writes=True)
        if "error" in said:
            # Perhaps it was written, and only the answer got lost.
            found = self._server.ask("GET", self._path, accept=(404,))
            if not found.get("found") or found["_source"] != body:
                return False
            said = found
        self._held = {"if_seq_no": said["_seq_no"], "if_primary_term": said["_primary_term"]}
        self._until = until
        return True


def _parts(lines: Iterable[tuple[Json, Json | None]]) -> Iterator[list[str]]:
    part, size = list[str](), 0
    for action, kept in lines:
        line = f"{json.dumps(action)}\n" + (f"{json.dumps(kept, ensure_ascii=False)}\n" if kept else "")
        part.append(line)
        # Most characters take three bytes.
        size += 3 * len(line)
        if size > _PART:
            yield part
            part, size = [], 0
    if part:
        yield part
