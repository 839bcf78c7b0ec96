"""Campaigns in a real browser: the timeline, the ink beside a value, and papers put right by keys alone."""

import re
from typing import TYPE_CHECKING

import pytest

from archivist.model import campaign_id
from tests.web.browser import Served, nameless, tab_in, too_wide
from tests.web.rooms import CAMPAIGN, DECISION, NOTICE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CITY = f"/campaigns/{campaign_id(CAMPAIGN)}"


def test_the_timeline_can_be_read_and_leads_to_the_paper(tab: "Page") -> None:
    tab.goto(CITY)
    labels = tab.eval_on_selector_all(
        ".timeline .label, .timeline .when, .timeline .sort",
        "all => all.map(one => { const b = one.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; })",
    )
    assert len(labels) > 4
    for turn, one in enumerate(labels):
        for other in labels[turn + 1 :]:
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] + 2 or other[3] <= one[1] + 2
            assert apart, (one, other)
    drawing = tab.eval_on_selector(
        ".timeline", "one => { const b = one.getBoundingClientRect(); return [b.left, b.right]; }"
    )
    assert all(drawing[0] <= one[0] and one[2] <= drawing[1] for one in labels)
    tab.get_by_role("link", name=re.compile("1995-06-09 other")).focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url(re.compile(f"/items/{DECISION}\\?page=2"))


def test_the_ink_stands_beside_a_value_that_is_pointed_at(tab: "Page") -> None:
    tab.goto(CITY)
    link = tab.locator("#indicators ~ ol .proof a").first
    ink = tab.locator("#indicators ~ ol .proof .ink").first
    assert not ink.is_visible()
    link.scroll_into_view_if_needed()
    link.hover()
    ink.wait_for(state="visible")
    tab.wait_for_function("one => one.complete && one.naturalWidth > 20", arg=ink.element_handle())
    box = ink.bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= 1280
    tab.mouse.move(1, 1)
    assert not ink.is_visible()
    # Nobody needs a mouse for it.
    link.focus()
    tab.keyboard.press("Shift+Tab")
    tab.keyboard.press("Tab")
    ink.wait_for(state="visible")


def test_the_list_is_narrowed_while_one_types(tab: "Page") -> None:
    tab.goto("/campaigns")
    tab.get_by_label("Part of a name").press_sequentially("赤松")
    tab.get_by_text("1 campaign", exact=True).wait_for()
    assert tab.get_by_role("link", name=CAMPAIGN).count() == 0
    assert "q=" in tab.url


def test_papers_are_put_right_by_keys_alone(own_tab: "Page") -> None:
    own_tab.goto(CITY)
    mark = own_tab.get_by_role("checkbox").first
    mark.focus()
    own_tab.keyboard.press("Space")
    own_tab.get_by_role("button", name="do not belong here").focus()
    own_tab.keyboard.press("Enter")
    own_tab.get_by_text("1 item changed").wait_for()
    assert own_tab.locator(f'.papers a[href="/items/{DECISION}"]').count() == 0
    own_tab.get_by_text("Put right").focus()
    own_tab.keyboard.press("Enter")
    own_tab.get_by_label("Identifier of an item").fill(NOTICE)
    own_tab.keyboard.press("Enter")
    own_tab.locator(f'.papers a[href="/items/{NOTICE}"]').wait_for()


@pytest.mark.parametrize(("width", "language"), [(360, "zh"), (1280, "en")])
@pytest.mark.parametrize("path", ["/campaigns", CITY, "/api"])
def test_nothing_is_too_wide_or_without_a_name(
    browser: "Browser", served: Served, path: str, width: int, language: str
) -> None:
    with tab_in(browser, served.url, width=width, language=language) as (page, _watch):
        page.goto(path)
        assert too_wide(page) == 0
        assert nameless(page) == []


def test_the_record_is_there_without_scripts(browser: "Browser", served: Served) -> None:
    with tab_in(browser, served.url, scripts=False) as (page, _watch):
        page.goto(CITY)
        page.get_by_text("The same as a list").click()
        assert page.locator(".events li").count() >= 4
