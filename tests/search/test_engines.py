"""Every engine that needs no server, held against the contract and against the scan."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from archivist.search.index import SearchIndex
from archivist.search.whoosh import WhooshIndex
from tests.search import contract, drawing
from tests.search.papers import Opening
from tests.search.scan import Place, ScanIndex


def scan(folder: Path) -> Opening:
    return partial(ScanIndex, Place())


def whoosh(folder: Path) -> Opening:
    return partial(WhooshIndex, folder)


def tantivy(folder: Path) -> Opening:
    pytest.importorskip("tantivy", reason='tantivy is not installed: pip install "archivist[tantivy]"')
    from archivist.search.tantivy import TantivyIndex

    return partial(TantivyIndex, folder)


ENGINES: dict[str, Callable[[Path], Opening]] = {"scan": scan, "whoosh": whoosh, "tantivy": tantivy}


@pytest.fixture(params=ENGINES)
def open_index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opening]:
    opened: list[SearchIndex] = []
    opening = ENGINES[request.param](tmp_path / "index")

    def reopen(patience: float = 10.0) -> SearchIndex:
        opened.append(opening(patience))
        return opened[-1]

    yield reopen
    for index in opened:
        index.close()


@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__)
def test_contract(check: Callable[[Opening], None], open_index: Opening) -> None:
    check(open_index)


def test_finds_orders_and_counts_as_the_scan_does(open_index: Opening) -> None:
    drawing.equals_the_scan(open_index, examples=30)


def test_finds_orders_and_counts_as_the_scan_does_among_many(open_index: Opening) -> None:
    drawing.equals_the_scan_of_many(open_index, documents=1500)


def test_finds_every_substring_and_nothing_else(open_index: Opening) -> None:
    drawing.finds_every_substring(open_index, examples=30)


def test_finds_every_piece_of_real_papers(open_index: Opening, gazette: list[str]) -> None:
    drawing.finds_what_stands_in(open_index, gazette)
