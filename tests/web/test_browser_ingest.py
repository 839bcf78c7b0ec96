"""Scans come in by a real browser: dropped and chosen, over a bad line, and read while nobody looks."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

import pytest

from archivist.archive import Archive
from archivist.started import Starter
from tests.boxes import scan
from tests.web.browser import Served, nameless, serving, tab_in, too_wide
from tests.web.rooms import furnish

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_PATIENCE = 120.0
_DROP = """([names, data]) => {
    const carried = new DataTransfer();
    names.forEach((name, place) => carried.items.add(
        new File([Uint8Array.from(atob(data[place]), (one) => one.charCodeAt(0))], name)));
    const at = document.getElementById("drop");
    for (const kind of ["dragenter", "dragover", "drop"])
        at.dispatchEvent(new DragEvent(kind, {dataTransfer: carried, bubbles: true, cancelable: true}));
}"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("ARCHIVIST_WORKERS", "1")
    monkeypatch.setenv("ARCHIVIST_BOXES", str(tmp_path))
    with serving(furnish(tmp_path / "archive")) as served:
        yield served
        starter = Starter(served.app.state.rooms)
        for one in starter.runs():
            if one.stage != "over":
                starter.stop(one.record.name)
        until_over(served)


def until_over(served: Served) -> None:
    end = monotonic() + _PATIENCE
    starter = Starter(served.app.state.rooms)
    while any(one.stage != "over" for one in starter.runs()):
        assert monotonic() < end, [starter.log(one.record.name) for one in starter.runs()]
        sleep(0.1)


def drop(tab: "Page", **scans: bytes) -> None:
    from base64 import b64encode

    tab.evaluate(_DROP, [[f"{name}.jpg" for name in scans], [b64encode(data).decode() for data in scans.values()]])


def choose(tab: "Page", name: str, data: bytes) -> None:
    tab.locator("#choose-files").set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": data})


def test_scans_are_dropped_and_chosen_read_while_nobody_looks_and_the_damaged_one_mended(
    browser: "Browser", room: Served
) -> None:
    with tab_in(browser, room.url) as (tab, _watch):
        tab.goto("/ingest")
        drop(tab, p1=scan(5), p2=scan(6)[:700])
        tab.get_by_text("2 scans are here").wait_for()
        choose(tab, "letter.docx", b"x")
        tab.get_by_text("1 left aside").wait_for()
        choose(tab, "p3.jpg", scan(7))
        tab.get_by_text("3 scans are here").wait_for()
        take = tab.get_by_role("button", name="Take in", exact=True)
        assert take.evaluate("(it) => it === document.activeElement"), "Enter takes in"
        take.press("Enter")
        tab.locator("#now").get_by_text("You may close this page").wait_for(timeout=_PATIENCE * 1000)
    # The page is closed, and the run goes on.
    until_over(room)
    archive: Archive = room.app.state.rooms
    (one,) = Starter(archive).runs()
    assert one.run and (one.run.read, one.run.failed) == (2, 1)
    with tab_in(browser, room.url) as (tab, _watch):
        tab.goto("/ingest")
        failed = tab.locator("#failures")
        assert "copy or scan it again" in failed.inner_text() and "p2.jpg" in failed.inner_text()
        assert nameless(tab) == []
        failed.locator("input[type=file]").set_input_files(
            {"name": "again.jpg", "mimeType": "image/jpeg", "buffer": scan(6)}
        )
        tab.get_by_text("Nothing: every scan that came could be used.").wait_for(timeout=_PATIENCE * 1000)
        tab.locator("#now .chip.good").wait_for(timeout=_PATIENCE * 1000)
        tab.locator("#kept").get_by_role("button", name="Remove").click()
        tab.get_by_text("None. What you send here is kept").wait_for()
    (item,) = [item for item in archive.catalog.listed() if "/incoming/" in item.source]
    assert [page.scan.name for page in item.pages] == ["p1.jpg", "p2.jpg", "p3.jpg"]


def test_a_broken_connection_is_waited_for_and_a_page_left_too_early_warns(browser: "Browser", room: Served) -> None:
    with tab_in(browser, room.url) as (tab, watch):
        watch.expected.append("ERR_FAILED")
        tab.goto("/ingest")
        broken = ["once"]

        def line(route: object) -> None:
            if broken:
                broken.pop()
                route.abort()  # type: ignore[attr-defined]
            else:
                route.continue_()  # type: ignore[attr-defined]

        tab.route("**/ingest/uploads/*/p1.jpg", line)
        drop(tab, p1=scan(5))
        tab.get_by_text("The connection is broken").wait_for()
        assert tab.evaluate("!dispatchEvent(new Event('beforeunload', {cancelable: true}))"), "leaving warns"
        tab.get_by_text("1 scans are here").wait_for()
        assert tab.evaluate("dispatchEvent(new Event('beforeunload', {cancelable: true}))")
        # Sent once more to the same upload, what is here is only counted.
        tab.get_by_role("button", name="Add to it").click()
        sent: list[str] = []
        tab.on("request", lambda request: sent.append(request.method))
        drop(tab, p1=scan(5), p2=scan(6))
        tab.get_by_text("1 were here already").wait_for()
        assert sent.count("PUT") == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_of_it_can_be_used_on_a_narrow_screen(browser: "Browser", room: Served, language: str) -> None:
    with tab_in(browser, room.url, language=language, width=360) as (tab, _watch):
        for address in ("/ingest", "/ingest?box=0", "/status"):
            tab.goto(address)
            tab.wait_for_load_state("networkidle")
            assert too_wide(tab) == 0 and nameless(tab) == [], address
