"""The reading room, open for tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.web.browser import browser, own_served, own_tab, served, tab
from tests.web.people import People, entered, hide, populate
from tests.web.rooms import furnish

__all__ = ["browser", "own_served", "own_tab", "served", "tab"]


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an archive for reading only; see rooms.py."""
    return furnish(tmp_path_factory.mktemp("room") / "archive")


@pytest.fixture(scope="session")
def room(furnished: Path) -> Iterator[TestClient]:
    """The reading room as the one person at this machine sees it, for looking only."""
    with entered(furnished) as client:
        yield client


@pytest.fixture
def own_room(tmp_path: Path) -> Iterator[TestClient]:
    """A reading room of one's own, to change things in."""
    with entered(furnish(tmp_path / "archive")) as client:
        yield client


@pytest.fixture(scope="session")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """The reading room of an archive with accounts and two secret items, for looking only; see people.py."""
    folder = furnish(tmp_path_factory.mktemp("peopled") / "archive")
    hide(folder)
    with populate(folder) as people:
        yield people


@pytest.fixture(scope="session")
def as_nobody(peopled: People) -> TestClient:
    """The reading room as somebody sees it who has not logged in."""
    return peopled.nobody


@pytest.fixture(scope="session")
def as_reader(peopled: People) -> TestClient:
    """The reading room as a reader sees it."""
    return peopled.reader


@pytest.fixture(scope="session")
def as_archivist(peopled: People) -> TestClient:
    """The reading room as an archivist sees it."""
    return peopled.archivist


@pytest.fixture(scope="session")
def as_admin(peopled: People) -> TestClient:
    """The reading room as an admin sees it."""
    return peopled.admin
