"""Coming in and going out in a real browser, by the keyboard, and the accounts of others."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archivist.archive import Archive
from archivist.settings import Settings
from tests.web.browser import Served, nameless, serving, tab_in, too_wide
from tests.web.people import PASSWORD
from tests.web.rooms import furnish


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A reading room with accounts on a port of this machine."""
    folder: Path = furnish(tmp_path_factory.mktemp("guarded") / "archive")
    with Archive(Settings(folder=folder)) as archive:
        archive.catalog.accounts.add("李明", PASSWORD, "admin", (), "test")
    with serving(folder) as room:
        yield room


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("zh", 360)])
def test_somebody_comes_in_and_goes_out_by_the_keyboard(browser, guarded, language, width):
    with tab_in(browser, guarded.url, language=language, width=width) as (page, watch):
        watch.expected = ["401"]
        page.goto("/accounts")
        # The cursor stands where one begins to write.
        page.keyboard.type("李明")
        page.keyboard.press("Tab")
        page.keyboard.type("a wrong password")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=alert]")
        assert too_wide(page) == 0
        assert not nameless(page)
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/accounts")
        for place in ("/accounts", "/accounts/李明", "/account"):
            page.goto(place)
            assert too_wide(page) == 0, place
            assert not nameless(page), place
        page.evaluate("document.querySelector('form[action=\"/logout\"]').requestSubmit()")
        page.wait_for_url("**/login")
        page.go_back()
        page.wait_for_url("**/login?next=**")


def test_an_admin_makes_an_account_by_which_somebody_comes_in(browser, guarded):
    with tab_in(browser, guarded.url) as (page, _watch):
        page.goto("/login?next=/accounts")
        page.get_by_label("Name").fill("李明")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        form = page.locator("form[action='/accounts']")
        form.get_by_label("Name").fill("王芳")
        form.get_by_label("Role").select_option("archivist")
        form.get_by_label("Password", exact=True).fill(PASSWORD)
        form.get_by_label("Password, again").fill(PASSWORD)
        form.get_by_role("button").click()
        page.get_by_role("link", name="王芳").wait_for()
    with tab_in(browser, guarded.url) as (page, _watch):
        page.goto("/login?next=/account")
        page.get_by_label("Name").fill("王芳")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/account")
        assert "archivist" in page.locator(".facts").inner_text()
