"""The reading room, open for tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from archivist.web import application
from tests.web.rooms import furnish


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an archive for reading only; see rooms.py."""
    return furnish(tmp_path_factory.mktemp("room") / "archive")


@pytest.fixture(scope="session")
def room(furnished: Path) -> Iterator[TestClient]:
    """The reading room as the one person at this machine sees it, for looking only."""
    with TestClient(application(furnished), base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
def own_room(tmp_path: Path) -> Iterator[TestClient]:
    """A reading room of one's own, to change things in."""
    with TestClient(application(furnish(tmp_path / "archive")), base_url="http://127.0.0.1") as client:
        yield client
