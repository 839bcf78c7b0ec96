"""The page of an item in a real browser: ink and words show each other."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests import items
from tests.web.browser import Served, nameless, tab_in, too_wide
from tests.web.rooms import DECISION, PLAN

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

#: That a sheet is shown: its marks lie where its picture is.
SHOWN = "#sheet svg g[transform]"


def opened(tab: "Page", path: str) -> None:
    tab.goto(path)
    tab.wait_for_selector(SHOWN, state="attached")


def lit(tab: "Page") -> list[str]:
    """The marks that are lit on the ink."""
    return sorted(set(tab.eval_on_selector_all("#sheet rect.lit", "all => all.map((it) => it.dataset.mark)")))


def value(tab: "Page", text: str) -> "Locator":
    return tab.locator("#record a.ink", has_text=re.compile(f"^{re.escape(text)}$")).first


def at_ink(tab: "Page", mark: str) -> tuple[float, float]:
    """Where on the screen the middle of a mark is."""
    box = tab.locator(f'#sheet rect[data-mark="{mark}"]').first.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def number(tab: "Page") -> str:
    return tab.locator("[data-page-choice]").input_value()


def test_a_value_lights_up_its_ink(tab: "Page") -> None:
    opened(tab, f"/items/{DECISION}?page=2")
    said = value(tab, "1995-06-09")
    said.hover()
    assert lit(tab) == [said.get_attribute("data-mark")]
    assert "1995-06-09" in tab.locator("[data-caption]").inner_text()
    # The box lies on its ink: where the scan has the date, a tenth of its height down.
    box = tab.locator("#sheet rect.lit").bounding_box()
    sheet = tab.locator("#sheet").bounding_box()
    assert box and sheet
    line = items.decision().page(2).lines[4].box
    scale = box["width"] / line.width
    top = box["y"] - line.top * scale
    assert sheet["y"] - 8 <= top <= sheet["y"] + sheet["height"]
    tab.locator("h1").hover()
    assert lit(tab) == []
    # The same by the keyboard, which stays until something else has the focus.
    said.focus()
    assert lit(tab) == [said.get_attribute("data-mark")]


def test_ink_lights_up_its_value(tab: "Page") -> None:
    opened(tab, f"/items/{DECISION}?page=2")
    mark = value(tab, "聊发〔1995〕58号").get_attribute("data-mark")
    assert mark
    tab.mouse.move(*at_ink(tab, mark))
    tab.wait_for_selector(f'a.ink.lit[data-mark="{mark}"]')
    tab.click("#tab-others")
    tab.mouse.click(*at_ink(tab, mark))
    tab.wait_for_selector(f'#record a.ink.lit[data-mark="{mark}"]')
    assert tab.locator("#record").is_visible()


def test_a_line_on_the_ink_has_its_text_beside_it(tab: "Page") -> None:
    opened(tab, f"/items/{DECISION}?page=1")
    tab.mouse.click(*at_ink(tab, "l0"))
    # Where a value stands it is that; in the text it is the line.
    tab.click("#tab-text")
    tab.mouse.click(*at_ink(tab, "l1"))
    line = tab.locator("#text li.line.lit")
    assert line.inner_text() == "来文机关聊城市委文号58份数1编号036"
    assert lit(tab) == ["l1"]
    tab.locator("#text li.line").nth(2).click()
    assert lit(tab) == ["l2"]


def test_a_value_of_another_page_turns_to_it(tab: "Page") -> None:
    opened(tab, f"/items/{DECISION}?page=1")
    said = value(tab, "1995-06-09")
    said.click()
    tab.wait_for_function("() => document.querySelector('[data-page-choice]').value === '2'")
    tab.wait_for_selector("#sheet rect.lit")
    assert "page=2" in tab.url
    assert lit(tab) == [said.get_attribute("data-mark")]
    tab.go_back()
    tab.wait_for_function("() => document.querySelector('[data-page-choice]').value === '1'")


def test_what_is_out_of_sight_is_brought_there(tab: "Page") -> None:
    opened(tab, f"/items/{DECISION}?page=2")
    tab.wait_for_timeout(200)
    for _turn in range(5):
        tab.click("[data-sheet=in]")
    tab.wait_for_timeout(200)
    said = value(tab, "聊发〔1995〕58号")
    said.focus()
    tab.wait_for_timeout(300)
    box, sheet = tab.locator("#sheet rect.lit").bounding_box(), tab.locator("#sheet").bounding_box()
    assert box and sheet
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    assert sheet["x"] < middle[0] < sheet["x"] + sheet["width"]
    assert sheet["y"] < middle[1] < sheet["y"] + sheet["height"]


def test_hits_one_after_the_other_over_all_pages(tab: "Page") -> None:
    opened(tab, f"/items/{DECISION}?q=科技工作先进")
    tab.wait_for_selector("#sheet rect.hit.lit", state="attached")
    assert (number(tab), lit(tab)) == ("2", ["h0"])
    assert tab.locator("[data-caption]").inner_text().startswith("1 / 2")
    assert [count.inner_text()[0] for count in tab.locator(".thumbs .count").all()] == ["1", "1"]
    tab.keyboard.press("n")
    tab.wait_for_selector('#sheet rect.lit[data-mark="h1"]', state="attached")
    assert number(tab) == "3"
    tab.keyboard.press("Shift+N")
    tab.wait_for_selector('#sheet rect.lit[data-mark="h0"]', state="attached")
    assert number(tab) == "2"


def test_pages_by_keys_buttons_and_thumbnails(tab: "Page") -> None:
    opened(tab, f"/items/{DECISION}")
    wait = "n => document.querySelector('[data-page-choice]').value === n"
    tab.keyboard.press("]")
    tab.wait_for_function(wait, arg="2")
    tab.click("[rel=next]")
    tab.wait_for_function(wait, arg="3")
    assert tab.locator("[rel=next]").get_attribute("aria-disabled") == "true"
    tab.click('.thumbs [data-page="1"]')
    tab.wait_for_function(wait, arg="1")
    assert tab.locator(".thumbs [aria-current]").get_attribute("data-page") == "1"
    tab.locator("[data-page-choice]").select_option("2")
    tab.wait_for_function("() => document.querySelector('[data-leaf-title]').textContent.includes('2')")
    assert tab.locator("[data-correct]").get_attribute("href") == f"/items/{DECISION}/correct/2"


def test_the_sheet_zooms_turns_and_comes_back(tab: "Page") -> None:
    opened(tab, f"/items/{DECISION}")
    # What becomes of a pixel to the right of another: how far across and how far down the screen the next one lies.
    way = """document.querySelector('#sheet svg g').getAttribute('transform').slice(7).split(' ')
        .slice(0, 2).map((part) => Math.round(parseFloat(part) * 1000))"""
    tab.wait_for_timeout(200)
    across, down = tab.evaluate(way)
    assert (across > 0, down) == (True, 0)
    tab.keyboard.press("+")
    tab.wait_for_function(f"(before) => ({way})[0] > before", arg=across)
    tab.keyboard.press("r")
    tab.wait_for_function(f"() => ({way})[0] === 0 && ({way})[1] > 0")
    tab.click("[data-sheet=home]")
    tab.wait_for_function(f"(before) => ({way})[0] === before && ({way})[1] === 0", arg=across)


def test_lines_and_doubtful_characters_by_the_keyboard(tab: "Page") -> None:
    opened(tab, f"/items/{DECISION}?page=2")
    tab.keyboard.press("2")
    tab.keyboard.press("Tab")
    while tab.evaluate("!document.activeElement.matches('li.line')"):
        tab.keyboard.press("Tab")
    assert lit(tab) == ["l0"]
    tab.keyboard.press("ArrowDown")
    assert lit(tab) == ["l1"]
    tab.keyboard.press("End")
    assert lit(tab) == ["l4"]


def test_simplified_text_line_by_line(tab: "Page") -> None:
    opened(tab, f"/items/{PLAN}?page=2")
    tab.click("#tab-text")
    line = tab.locator("#text li.line").first
    assert line.inner_text() == "領導小組組長張三副組長李四"
    tab.get_by_label("Simplified").check()
    assert line.inner_text() == "领导小组组长张三副组长李四"
    # It stays so on the next page, and the next time.
    tab.keyboard.press("Escape")
    tab.goto(f"/items/{PLAN}?page=2#text")
    tab.click("#tab-text")
    assert tab.locator("#text li.line").first.inner_text() == "领导小组组长张三副组长李四"


def test_tabs_by_the_keyboard(tab: "Page") -> None:
    opened(tab, f"/items/{DECISION}")
    tab.keyboard.press("1")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("document.activeElement.id") == "tab-text"
    assert tab.locator("#text").is_visible()
    assert not tab.locator("#record").is_visible()


def test_similar_items_are_looked_for_afterwards(tab: "Page") -> None:
    opened(tab, f"/items/{DECISION}")
    tab.click("#tab-others")
    tab.wait_for_selector("#others >> text=/like this one/")


def test_a_picture_that_cannot_be_shown_is_told(own_served: Served, browser: "Browser") -> None:
    archive = own_served.app.state.rooms
    digest = archive.catalog.item(DECISION).page(1).scan.sha256
    (own_served.folder / "originals" / digest[:2] / digest).unlink()
    with tab_in(browser, own_served.url) as (page, watch):
        # Pictures of what is gone may be answered by an error, or by a picture that says so.
        watch.expected += ["Failed to load resource", "iiif", "tile"]
        page.route("**/iiif/*/1/info.json", lambda route: route.fulfill(status=503, body="gone"))
        page.goto(f"/items/{DECISION}")
        page.wait_for_selector("[data-failed]", state="visible")
        assert value(page, "1995-09-24").is_visible()


@pytest.fixture(params=[("en", 1280), ("zh", 360)])
def seen(request: pytest.FixtureRequest, browser: "Browser", served: Served) -> "Iterator[Page]":
    language, width = request.param
    with tab_in(browser, served.url, language=language, width=width) as (page, _watch):
        yield page


def test_it_fits_the_window_and_everything_has_a_name(seen: "Page") -> None:
    opened(seen, f"/items/{DECISION}?page=2&q=创建")
    assert too_wide(seen) == 0
    assert nameless(seen) == []
    assert seen.locator("#sheet").bounding_box()["height"] > 250  # type: ignore[index]
    for name in ("text", "others", "done", "record"):
        seen.click(f"#tab-{name}")
        assert too_wide(seen) == 0


def test_all_is_there_without_scripts(browser: "Browser", served: Served) -> None:
    with tab_in(browser, served.url, scripts=False) as (page, _watch):
        page.goto(f"/items/{DECISION}?page=2&q=创建")
        assert page.locator("img.plainsheet").is_visible()
        assert page.locator("#text mark").first.inner_text() == "创建"
        assert page.locator("#record").is_visible()
        page.click("[rel=next]")
        assert page.locator("[data-leaf-title]").inner_text() == "Page 3"
        value(page, "1995-09-24").click()
        assert page.locator("[data-leaf-title]").inner_text() == "Page 1"
        assert "q=%E5%88%9B" in page.url
