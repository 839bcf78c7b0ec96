import re
from typing import TYPE_CHECKING

import pytest

from tests.web.browser import Served, nameless, tab_in, too_wide
from tests.web.rooms import DECISION, PLAN

pytest.importorskip("playwright.sync_api")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

from playwright.sync_api import expect


def test_results_come_while_typing_and_keys_lead_to_the_paper(tab: "Page") -> None:
    tab.goto("/")
    expect(tab.locator("#q")).to_be_focused()
    tab.keyboard.type("科技工作先进市", delay=15)
    first = tab.locator("[data-hit] h2 a").first
    expect(first).to_contain_text("科技工作先进市")
    expect(tab).to_have_url(re.compile(r"\?q=%E7%A7%91"))
    expect(tab.locator("#q")).to_be_focused()
    tab.keyboard.press("ArrowDown")
    expect(first).to_be_focused()
    tab.keyboard.press("j")
    expect(tab.locator("[data-hit] h2 a").nth(1)).to_be_focused()
    tab.keyboard.press("k")
    tab.keyboard.press("Escape")
    expect(tab.locator("#q")).to_be_focused()
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(re.compile(r"/items/"))
    tab.go_back()
    expect(tab.locator("#q")).to_have_value("科技工作先进市")


def test_enter_in_the_box_asks_for_the_whole_answer(tab: "Page") -> None:
    tab.goto("/")
    tab.keyboard.type("领导小组组张")
    tab.keyboard.press("Enter")
    expect(tab.get_by_text("Did you mean")).to_be_visible()
    tab.get_by_role("link", name="领导小组组长").click()
    expect(tab.locator("[data-hit] h2 a")).to_have_attribute("href", re.compile(rf"/items/{PLAN}\?page=2"))


def test_nothing_is_looked_for_while_a_word_is_put_together(tab: "Page") -> None:
    tab.goto("/")
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url) if "q=" in request.url else None)
    client = tab.context.new_cdp_session(tab)
    client.send("Input.imeSetComposition", {"text": "ke'ji", "selectionStart": 5, "selectionEnd": 5})
    tab.wait_for_timeout(500)
    assert asked == []
    client.send("Input.insertText", {"text": "科技"})
    expect(tab.locator("[data-hit]").first).to_be_visible()
    assert len(asked) == 1


def test_facets_and_ways_of_looking_are_chosen_with_the_mouse_or_without(tab: "Page") -> None:
    tab.goto("/?q=科技")
    tab.locator("[data-facets]").get_by_role("link", name=re.compile("决定")).click()
    expect(tab.locator("[data-hit]")).to_have_count(1)
    # Scripts listen once all is loaded.
    tab.wait_for_load_state()
    tab.get_by_label("Order").select_option("newest")
    expect(tab).to_have_url(re.compile("sort=newest"))
    expect(tab).to_have_url(re.compile("f=genre"))
    tab.get_by_role("link", name=re.compile("take away")).click()
    expect(tab.locator("[data-hit]")).not_to_have_count(1)
    tab.wait_for_load_state()
    tab.keyboard.press("Escape")
    tab.keyboard.press("?")
    expect(tab.get_by_role("dialog")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog")).to_be_hidden()
    tab.keyboard.press("/")
    expect(tab.locator("#q")).to_be_focused()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_fits_a_phone_and_everything_has_a_name(browser: "Browser", served: Served, language: str) -> None:
    with tab_in(browser, served.url, language=language, width=360, height=740) as (tab, _watch):
        for place in ("/", "/?q=科技", "/?q=聊发 1995", "/?q=潜水艇 造船"):
            tab.goto(place)
            assert too_wide(tab) <= 0, place
            assert nameless(tab) == [], place
        tab.goto("/?q=科技")
        assert not tab.locator("nav#rooms").is_visible()
        tab.locator(".fold").click()
        expect(tab.locator("nav#rooms")).to_be_visible()
        tab.keyboard.press("Escape")
        expect(tab.locator("nav#rooms")).to_be_hidden()
        tab.get_by_role("group").locator("summary").first.click()
        expect(tab.locator("[data-facets] a").first).to_be_visible()


def test_it_works_without_scripts(browser: "Browser", served: Served) -> None:
    with tab_in(browser, served.url, scripts=False) as (tab, _watch):
        tab.goto("/")
        tab.locator("#q").fill("来文机关")
        tab.get_by_role("button", name="Search").click()
        expect(tab.locator("[data-hit] h2 a")).to_have_attribute("href", re.compile(rf"/items/{DECISION}\?q="))
        expect(tab.locator("[data-facets] a").first).to_be_visible()


def test_the_language_is_changed_where_one_is(tab: "Page") -> None:
    tab.goto("/")
    tab.keyboard.type("来文机关")
    expect(tab.locator("[data-hit]")).to_have_count(1)
    tab.get_by_role("link", name="中文").click()
    expect(tab.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(tab.locator("#q")).to_have_value("来文机关")


def test_words_are_dark_enough_to_be_read(tab: "Page") -> None:
    for place in ("/", "/?q=科技"):
        tab.goto(place)
        assert tab.evaluate(_PALE) == []


# Texts whose contrast with what lies behind them is below 4.5 (WCAG 2.2, 1.4.3).
_PALE = """() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const part = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const behind = (it) => {
    for (let at = it; at; at = at.parentElement) {
      const paint = rgb(getComputedStyle(at).backgroundColor);
      if (paint.length === 3 || paint[3] > 0.99) return paint;
    }
    return [255, 255, 255];
  };
  const pale = [];
  for (const it of document.body.querySelectorAll('*')) {
    if (!it.checkVisibility() || ![...it.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
    const [a, b] = [light(rgb(getComputedStyle(it).color)), light(behind(it))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) pale.push(it.outerHTML.slice(0, 100));
  }
  return pale;
}"""
