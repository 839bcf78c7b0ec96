"""The engine that is a server: the contract, and what only a cluster can do or suffer."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from uuid import uuid4

import pytest

from archivist.errors import ArchiveBusy, ArchivistError, IndexUnusable, NotInstalled, QueryError, SettingsError
from archivist.search import opensearch
from archivist.search.clauses import Any, Everything
from archivist.search.document import SearchDocument
from archivist.search.index import SearchIndex
from archivist.search.opensearch import OpenSearchIndex, server
from tests.search import contract, drawing
from tests.search.nodes import Nodes
from tests.search.nodes import nodes as nodes
from tests.search.papers import DECISION, NOTICE, PLAN, Opening, found, word

# Of a writer that will be killed: so that nobody has to wait for a minute afterwards.
_DOOMED = """
import sys, time
from archivist.search.opensearch import server
from archivist.search.document import SearchDocument
from archivist.search.opensearch import OpenSearchIndex

def documents():
    for number in range(1500):
        yield SearchDocument(f"doomed{number}", "", ("同文" * 400,))
    print("sent", flush=True)
    time.sleep(600)

server._LEASE, server._SIGN = 2.0, 0.5
getattr(OpenSearchIndex([sys.argv[1]], sys.argv[2]), sys.argv[3])(documents())
"""


@pytest.fixture
def name(nodes: Nodes) -> Iterator[str]:
    """A name that no other index has; what bears it is deleted in the end."""
    made = f"archive-{uuid4().hex[:8]}"
    yield made
    nodes.forget(made)


@pytest.fixture(params=[1])
def open_index(request: pytest.FixtureRequest, nodes: Nodes, name: str) -> Iterator[Opening]:
    opened: list[SearchIndex] = []

    def opening(patience: float = 10.0) -> SearchIndex:
        opened.append(OpenSearchIndex(nodes.hosts, name, shards=request.param, patience=patience))
        return opened[-1]

    yield opening
    for index in opened:
        index.close()


several_shards = pytest.mark.parametrize("open_index", [3], indirect=True)


@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Callable[[Opening], None], open_index: Opening) -> None:
    check(open_index)


@several_shards
def test_finds_orders_and_counts_as_the_scan_does(open_index: Opening) -> None:
    drawing.equals_the_scan(open_index, examples=8)


def test_finds_every_substring_and_nothing_else(open_index: Opening) -> None:
    drawing.finds_every_substring(open_index, examples=8)


@several_shards
def test_gives_all_of_what_is_fetched_in_several_windows(open_index: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opensearch, "_WINDOW", 7)
    index = open_index()
    papers = [SearchDocument(f"{n:02}", "同文" * (n % 3), ("同文",), date=f"19{n % 50 + 50}") for n in range(60)]
    index.add(papers)
    hits = index.search(word("同文"), 100).hits
    wanted = sorted(papers, key=lambda paper: (not paper.title, paper.date, paper.id))
    assert [hit.item_id for hit in hits] == [paper.id for paper in wanted]
    assert index.search(word("同文"), 30, 20).hits == hits[20:50]
    assert index.search(word("同文"), 30, 55).hits == hits[55:]
    assert list(index.ids()) == [paper.id for paper in papers]
    assert index.search(word("同文"), 30, 10**12).total == 60


def test_the_loss_of_a_node_loses_nothing_that_has_a_replica(nodes: Nodes, name: str) -> None:
    doomed = nodes.start()
    index = OpenSearchIndex(nodes.hosts, name, shards=2, replicas=1)
    single = OpenSearchIndex(nodes.hosts, f"{name}-single", shards=4, patience=1)
    first = [SearchDocument(f"a{n:04}", "", ("先进" * 300,)) for n in range(500)]

    def documents() -> Iterator[SearchDocument]:
        for n in range(3000):
            yield SearchDocument(f"b{n:04}", f"第{n:04}件", ("同文" * 300,))
            if n == 2000:
                doomed.kill()

    try:
        index.add(first)
        single.add(first)
        assert index.rebuild(documents()) == 3000
        assert list(index.ids()) == [f"b{n:04}" for n in range(3000)]
        assert index.search(word("文同文"), limit=0).total == 3000
        assert found(index, word("第2001件", "title")) == ["b2001"]
        assert index.add([DECISION]) == 1
        assert index.count() == 3001
        index.check()
        # Of this one there was no other copy: no answer is better than half of one.
        with pytest.raises(ArchivistError, match="nodes are missing"):
            single.search(word("先进"))
        with pytest.raises(IndexUnusable):
            single.check()
        assert single.rebuild([NOTICE]) == 1
        assert found(single, Everything()) == ["b-notice"]
    finally:
        doomed.kill()
        nodes.running.remove(doomed)
        nodes.forget(f"{name}-single")
        index.close()
        single.close()


@pytest.mark.parametrize("writes", ["add", "rebuild"])
def test_a_writer_that_is_killed_leaves_the_last_commit_and_stands_in_nobodys_way(
    nodes: Nodes, name: str, open_index: Opening, writes: str
) -> None:
    index = open_index(60.0)
    index.add([DECISION])
    doomed = subprocess.Popen([sys.executable, "-c", _DOOMED, nodes.hosts[0], name, writes], stdout=subprocess.PIPE)
    with doomed:
        assert doomed.stdout and doomed.stdout.readline() == b"sent\n"
        with pytest.raises(ArchiveBusy):
            open_index(0.0).add([NOTICE])
        doomed.kill()
    assert found(index, Everything()) == ["a-decision"]
    index.add([NOTICE])
    assert set(index.ids()) == {"a-decision", "b-notice"}
    assert index.rebuild([PLAN]) == 1
    assert len(nodes.ask("GET", f"/{name}.*/_settings")) == 1, "what was half built is removed"


def test_a_writer_that_stood_still_for_too_long_writes_no_more(
    open_index: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = open_index()
    index.add([DECISION])

    def documents() -> Iterator[SearchDocument]:
        yield NOTICE
        time.sleep(0.5)

    monkeypatch.setattr(server, "_LEASE", 0.2)
    for write in (index.add, index.rebuild):
        with pytest.raises(ArchiveBusy):
            write(documents())
    assert found(index, Everything()) == ["a-decision"]


def test_a_full_disk_is_told_and_loses_nothing(nodes: Nodes, name: str, open_index: Opening) -> None:
    index = open_index()
    index.add([DECISION])
    # What the server itself does to every index on a disk that is nearly full.
    for full in (True, None):
        nodes.ask("PUT", f"/{name}.*/_settings", {"index.blocks.read_only_allow_delete": full})
        if full:
            with pytest.raises(ArchivistError, match=rf"127\.0\.0\.1.*{name} may not be written to.*disk"):
                index.add([NOTICE])
            assert found(index, Everything()) == ["a-decision"]
    index.add([NOTICE])
    assert index.count() == 2


def test_leaves_indexes_of_others_alone(nodes: Nodes, name: str, open_index: Opening) -> None:
    others = (f"{name}.log", f"{name}-2.1-0123456789abcdef.0123456789ab")
    for other in others:
        nodes.ask("PUT", f"/{other}", {"aliases": {f"{other}s": {}}})
    index = open_index()
    assert index.count() == 0
    index.add([DECISION])
    index.rebuild([NOTICE])
    index.clear()
    for other in others:
        assert nodes.ask("GET", f"/{other}/_settings")
        nodes.ask("DELETE", f"/{other}")


def test_tells_of_more_conditions_than_the_server_takes(open_index: Opening) -> None:
    index = open_index()
    index.add([DECISION])
    with pytest.raises(QueryError, match="max_clause_count"):
        index.search(Any(tuple(word(f"第{n}件") for n in range(2000))))
    assert index.count() == 1


def test_tells_where_nobody_answers() -> None:
    index = OpenSearchIndex(["http://somebody:secret@127.0.0.1:9"], "archive", patience=0.1)
    for use in (lambda: index.search(word("决定")), index.check, index.count):
        with pytest.raises(ArchivistError, match=r"http://127\.0\.0\.1:9/archive cannot be reached") as told:
            use()
        assert "secret" not in str(told.value)
    index.close()


def test_tells_where_it_is_not_let_in() -> None:
    class Guarded(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Authorization"] == "Basic YTpi"
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Guarded) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        index = OpenSearchIndex([f"http://127.0.0.1:{server.server_port}"], "archive", login=("a", "b"))
        with pytest.raises(ArchivistError, match="name, password and rights"):
            index.search(word("决定"))
        index.close()
        server.shutdown()


def test_says_how_to_get_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opensearchpy", None)
    with pytest.raises(NotInstalled, match=r'pip install "archivist\[opensearch\]"'):
        OpenSearchIndex(["http://127.0.0.1:9"], "archive").count()


@pytest.mark.parametrize("name", ["", "Archive", "a.b", "_a", "a*", "a/b", "档案", "a" * 101])
def test_takes_no_name_that_a_server_does_not(name: str) -> None:
    with pytest.raises(SettingsError, match="a-z"):
        OpenSearchIndex(["http://127.0.0.1:9"], name)
