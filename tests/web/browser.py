"""Real browsers in the reading room: an archive served on a port of its own, and tabs in which nothing may go wrong.

conftest.py brings the fixtures, once for all tests: two browsers do not go together.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING

import pytest
import uvicorn
from fastapi import FastAPI

from archivist.web import application
from tests.web.rooms import furnish

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

#: Debian's, else what Playwright brings along.
_CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Served:
    """A reading room that is open at `url`, the archive in `folder`."""

    url: str
    app: FastAPI
    folder: Path


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Keep the reading room of the archive in `folder` open on a free port of this machine for the block."""
    app = application(folder)
    config = uvicorn.Config(
        app, "127.0.0.1", 0, log_level="warning", ws="none", access_log=False, timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, name="reading room")
    thread.start()
    try:
        until = monotonic() + _PATIENCE
        while not server.started:
            assert thread.is_alive() and monotonic() < until, "the reading room did not open"
            sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Served(f"http://127.0.0.1:{port}", app, folder)
    finally:
        server.should_exit = True
        thread.join(_PATIENCE)


class Watch:
    """Notes what goes wrong in a tab: errors, what the content security policy forbids, calls to other hosts."""

    def __init__(self, page: "Page", home: str) -> None:
        self._home = home
        #: Parts of what may go wrong in this test, as where it looks at a refusal.
        self.expected: list[str] = []
        self._wrong: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self._wrong.append(f"error: {error}"))
        page.on("request", self._asked)

    @property
    def wrong(self) -> list[str]:
        """What went wrong so far, without what was expected."""
        return [said for said in self._wrong if not any(part in said for part in self.expected)]

    def _said(self, message: "ConsoleMessage") -> None:
        if message.type in ("error", "warning"):
            self._wrong.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _asked(self, request: "Request") -> None:
        if not request.url.startswith((self._home, "data:", "blob:", "about:")):
            self._wrong.append(f"another host: {request.url}")


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """A browser without windows; skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = next((path for path in _CHROMIUM if shutil.which(path)), None)
    with playwright.sync_playwright() as driver:
        try:
            started = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        except playwright.Error as error:
            pytest.skip(f"no browser: {error.message.splitlines()[0]}")
        yield started
        started.close()


@pytest.fixture(scope="session")
def served(furnished: Path) -> Iterator[Served]:
    """The reading room of the archive for looking only, on a port."""
    with serving(furnished) as room:
        yield room


@pytest.fixture
def own_served(tmp_path: Path) -> Iterator[Served]:
    """A reading room of one's own on a port, to change things in."""
    with serving(furnish(tmp_path / "archive")) as room:
        yield room


@contextmanager
def tab_in(
    browser: "Browser", url: str, *, language: str = "en", width: int = 1280, height: int = 800, scripts: bool = True
) -> "Iterator[tuple[Page, Watch]]":
    """Open a tab whose addresses begin at `url`; AssertionError at the end of the block where something went wrong."""
    context = browser.new_context(
        base_url=url, viewport={"width": width, "height": height}, locale="zh-CN" if language == "zh" else "en-GB",
        java_script_enabled=scripts, reduced_motion="reduce",
    )  # fmt: skip
    context.set_default_timeout(_PATIENCE * 1000)
    try:
        page = context.new_page()
        watch = Watch(page, url)
        yield page, watch
        assert not watch.wrong, "\n".join(watch.wrong)
    finally:
        context.close()


@pytest.fixture
def tab(browser: "Browser", served: Served) -> "Iterator[Page]":
    """A fresh tab in the room for looking only, in English; the test fails where something goes wrong in it."""
    with tab_in(browser, served.url) as (page, _watch):
        yield page


@pytest.fixture
def own_tab(browser: "Browser", own_served: Served) -> "Iterator[Page]":
    """A fresh tab in a room of one's own (see `own_served`), in English."""
    with tab_in(browser, own_served.url) as (page, _watch):
        yield page


def too_wide(page: "Page") -> int:
    """Return by how many pixels the page is wider than its window: people would have to push it to and fro."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide


def nameless(page: "Page") -> list[str]:
    """Return what can be used on the page but has no name that is read out."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, img')]
        .filter((it) => it.tagName === 'IMG' ? !it.hasAttribute('alt') : !(
            it.getAttribute('aria-label') || it.getAttribute('title') || it.textContent.trim() ||
            it.labels?.length || it.getAttribute('aria-labelledby') || it.querySelector('img[alt]:not([alt=""])')))
        .map((it) => it.outerHTML.slice(0, 120))"""
    )
    return found
