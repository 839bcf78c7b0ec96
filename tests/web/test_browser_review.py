"""The review queue and page correction in a real browser, by keys alone."""

from shutil import copytree

import pytest

from archivist.handles import handles
from archivist.model import Decided
from tests.web.browser import nameless, serving, tab_in, too_wide
from tests.web.rooms import PLAN
from tests.web.test_review import DOUBTFUL, furnish_doubts

TITLE = "关于表彰科技工作先进单位的通知"


@pytest.fixture(scope="module")
def pattern(tmp_path_factory):
    """An archive with doubts of every sort, to be copied."""
    return furnish_doubts(tmp_path_factory.mktemp("pattern") / "archive")


@pytest.fixture
def place(pattern, tmp_path):
    """A reading room with doubts of every sort, to decide about."""
    with serving(copytree(pattern, tmp_path / "archive")) as room:
        yield room


@pytest.fixture
def at_review(browser, place):
    with tab_in(browser, place.url) as (page, watch):
        page.watch = watch
        yield page


def rooms_of(place):
    return place.app.state.rooms


def shown(page) -> str:
    return page.locator("article.entry").get_attribute("data-handle")


def field(place, item, name):
    return next(value for paper in rooms_of(place).catalog.item(item).documents for value in paper.values(name))


def all_kept(page) -> None:
    """Wait until nothing is on its way any more."""
    page.locator("#tally", has_text="all kept").wait_for()


def carried_out(page, place, told) -> None:
    """Wait until what was decided has reached the items, and `told` says so."""
    for _turn in range(200):
        if told():
            return
        page.wait_for_timeout(25)
    raise AssertionError("it was never carried out")


def composing(page, selector: str, text: str) -> None:
    """Type `text` by an input method, and choose what it proposes by Enter."""
    session = page.context.new_cdp_session(page)
    page.locator(selector).focus()
    session.send("Input.imeSetComposition", {"text": "tongzhi", "selectionStart": 7, "selectionEnd": 7})
    session.send(
        "Input.dispatchKeyEvent",
        {"type": "rawKeyDown", "key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229},
    )
    page.evaluate(
        """(at) => document.querySelector(at).dispatchEvent(
        new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))""",
        selector,
    )
    session.send("Input.insertText", {"text": text})


def test_a_value_is_accepted_and_the_next_stands_there_before_the_answer(at_review, place):
    at_review.goto("/review?sort=value")
    first = shown(at_review)
    held = []
    at_review.route("**/review/decide", lambda route: held.append(route))
    at_review.keyboard.press("Enter")
    assert shown(at_review) != first
    assert "1 done" in at_review.locator("#tally").inner_text()
    assert "1 being sent" in at_review.locator("#tally").inner_text()
    at_review.wait_for_timeout(50)
    held[0].continue_()
    all_kept(at_review)
    assert rooms_of(place).catalog.latest_decisions(1)[0].decision.act == "accept"


def test_a_correction_typed_after_c_arrives_in_item_search_and_history_with_the_name(at_review, place):
    at_review.goto(f"/review?item={DOUBTFUL}&field=title")
    at_review.keyboard.press("c")
    at_review.keyboard.type("关于表扬科技工作先进单位的通知")
    at_review.keyboard.press("Enter")
    all_kept(at_review)
    carried_out(at_review, place, lambda: field(place, DOUBTFUL, "title").status == "verified")
    kept = field(place, DOUBTFUL, "title")
    assert kept.value == "关于表扬科技工作先进单位的通知"
    carried_out(at_review, place, lambda: rooms_of(place).search("“表扬科技工作”").found)
    last = rooms_of(place).catalog.history_of(DOUBTFUL, 1)[0].decision
    assert (last.act, last.decided.who) == ("correct", kept.decided.who)
    at_review.goto(f"/items/{DOUBTFUL}")
    assert "表扬科技工作" in at_review.locator("body").inner_text()


def test_a_digit_puts_the_other_reading_in_and_enter_sends_it(at_review, place):
    at_review.goto(f"/review?item={DOUBTFUL}&field=title")
    at_review.keyboard.press("1")
    assert at_review.locator("form.answer input[name=value]").input_value() == TITLE.replace("单", "草")
    at_review.keyboard.press("Enter")
    all_kept(at_review)
    carried_out(at_review, place, lambda: "草" in field(place, DOUBTFUL, "title").value)


def test_two_quick_decisions_in_a_row_are_both_kept_and_taken_back_one_by_one(at_review, place):
    at_review.goto("/review?sort=value")
    first = shown(at_review)
    at_review.keyboard.press("x")
    second = shown(at_review)
    at_review.keyboard.press("a")
    all_kept(at_review)
    said = [one.decision.act for one in rooms_of(place).catalog.latest_decisions(2)]
    assert said == ["accept", "reject"] and first != second
    at_review.keyboard.press("u")
    assert shown(at_review) == second
    at_review.keyboard.press("u")
    assert shown(at_review) == first
    all_kept(at_review)
    said = rooms_of(place).catalog.latest_decisions(9)
    assert len(said) == 4 and not [one for one in said if one.decision.act != "undo" and not one.undone]


def test_what_is_taken_back_before_it_was_sent_never_is(at_review, place):
    at_review.goto("/review?sort=value")
    held = []
    at_review.route("**/review/decide", lambda route: held.append(route))
    at_review.keyboard.press("a")
    second = shown(at_review)
    at_review.keyboard.press("x")
    at_review.keyboard.press("u")
    assert shown(at_review) == second
    at_review.wait_for_timeout(50)
    held[0].continue_()
    all_kept(at_review)
    assert [one.decision.act for one in rooms_of(place).catalog.latest_decisions(9)] == ["accept"]


@pytest.mark.parametrize("key", ["a", "x", "Enter"])
def test_a_key_that_is_held_down_decides_once(at_review, place, key):
    at_review.goto("/review?sort=value")
    if key == "Enter":
        at_review.keyboard.press("c")
        at_review.keyboard.type("一")
        at_review.watch.expected.append("400")
    at_review.keyboard.down(key)
    second = shown(at_review)
    for _turn in range(3):
        at_review.keyboard.down(key)
    at_review.keyboard.up(key)
    assert shown(at_review) == second
    assert "1 done" in at_review.locator("#tally").inner_text()


def test_what_somebody_did_not_get_sent_is_not_sent_by_the_next_at_this_desk(at_review, place):
    at_review.goto("/review?sort=value")
    body = {"handle": shown(at_review), "act": "accept"}
    unsent = [{"id": "x", "url": "/review/decide", "body": body, "about": {"handle": body["handle"], "name": ""}}]
    at_review.evaluate(
        "(told) => sessionStorage.setItem('outbox:review:somebody else:waiting', JSON.stringify(told))", unsent
    )
    at_review.reload()
    at_review.keyboard.press("x")
    all_kept(at_review)
    assert [one.decision.act for one in rooms_of(place).catalog.latest_decisions(9)] == ["reject"]


def test_what_arrived_without_an_answer_is_decided_once_and_taken_back_whole(at_review, place):
    at_review.watch.expected += ["Failed to load resource", "net::"]
    at_review.goto("/review?sort=value")
    first = shown(at_review)

    arrived = []

    def lost(route):
        if not arrived:
            arrived.append(route.fetch())
        route.abort()

    at_review.route("**/review/decide", lost)
    at_review.keyboard.press("a")
    at_review.get_by_text("the archive does not answer").wait_for()
    at_review.keyboard.press("u")
    assert shown(at_review) == first
    at_review.unroute("**/review/decide")
    at_review.get_by_role("button", name="Try again now").click()
    all_kept(at_review)
    said = rooms_of(place).catalog.latest_decisions(9)
    assert [(one.decision.act, one.undone) for one in said] == [("undo", False), ("accept", True)]


def test_enter_that_chooses_a_word_of_an_input_method_sends_nothing(at_review, place):
    at_review.goto(f"/review?item={DOUBTFUL}&field=title")
    before = shown(at_review)
    composing(at_review, "form.answer input[name=value]", "通知")
    at_review.wait_for_timeout(50)
    assert shown(at_review) == before
    assert rooms_of(place).catalog.last_decision() == 0


def test_what_cannot_be_kept_is_told_and_sent_again(at_review, place):
    at_review.watch.expected.append("400")
    at_review.goto(f"/review?item={DOUBTFUL}&field=date_of_issue")
    at_review.keyboard.press("c")
    at_review.keyboard.type("某日")
    at_review.keyboard.press("Enter")
    tray = at_review.locator("#tray")
    tray.get_by_text("is no date").first.wait_for()
    assert rooms_of(place).catalog.last_decision() == 0
    tray.get_by_role("button", name="Look again").click()
    at_review.keyboard.press("c")
    at_review.keyboard.type("1996年3月2日")
    at_review.keyboard.press("Enter")
    all_kept(at_review)
    carried_out(at_review, place, lambda: field(place, DOUBTFUL, "date_of_issue").value == "1996-03-02")


def test_where_the_archive_does_not_answer_it_is_said_and_tried_again_and_a_reload_loses_nothing(at_review, place):
    at_review.watch.expected += ["Failed to load resource", "net::"]
    at_review.goto("/review?sort=value")
    at_review.route("**/review/decide", lambda route: route.abort())
    first = shown(at_review)
    at_review.keyboard.press("a")
    at_review.get_by_text("the archive does not answer").wait_for()
    at_review.on("dialog", lambda dialog: dialog.accept())
    at_review.unroute("**/review/decide")
    at_review.reload()
    all_kept(at_review)
    assert shown(at_review) != first
    assert [one.decision.act for one in rooms_of(place).catalog.latest_decisions(9)] == ["accept"]


def test_the_queue_is_gone_through_without_deciding_and_what_is_put_off_comes_last(at_review, place):
    at_review.goto("/review?sort=value")
    handle = shown(at_review)
    at_review.keyboard.press("j")
    other = shown(at_review)
    at_review.keyboard.press("k")
    assert shown(at_review) == handle != other
    at_review.keyboard.press("s")
    assert shown(at_review) == other
    count = len([one for one in rooms_of(place).catalog.waiting(100) if one.sort == "value"])
    for _turn in range(count - 1):
        at_review.keyboard.press("ArrowRight")
    assert shown(at_review) == handle
    assert rooms_of(place).catalog.last_decision() == 0


def test_the_whole_queue_is_gone_through_by_one_key(at_review, place):
    # What is decided about an item may settle what else was asked of it.
    at_review.watch.expected.append("404")
    at_review.goto("/review")
    waited = {one.handle for one in rooms_of(place).catalog.waiting(100)}
    end, entry = at_review.locator("#end"), at_review.locator("article.entry")
    seen = set()
    for _turn in range(3 * len(waited)):
        entry.or_(end).and_(at_review.locator(":visible")).first.wait_for()
        if end.is_visible():
            break
        seen.add(shown(at_review))
        at_review.keyboard.press("a")
    all_kept(at_review)
    assert waited <= seen
    assert all("settled already" in said for said in at_review.locator("#tray li b").all_inner_texts())
    carried_out(at_review, place, lambda: not waited & {one.handle for one in rooms_of(place).catalog.waiting(100)})


def test_two_items_are_told_apart_by_a_key(at_review, place):
    at_review.goto("/review?sort=pair")
    at_review.keyboard.press("x")
    all_kept(at_review)
    assert not rooms_of(place).catalog.likenesses.pairs(5)


def test_the_queue_works_without_scripts(browser, place):
    with tab_in(browser, place.url, scripts=False) as (page, _watch):
        page.goto(f"/review?item={DOUBTFUL}&field=title")
        page.get_by_role("textbox", name="Value").fill("关于表扬科技工作先进单位的通知")
        page.get_by_role("button", name="Correct").click()
        page.get_by_text("Kept.").wait_for()
        assert field(place, DOUBTFUL, "title").value == "关于表扬科技工作先进单位的通知"
        page.get_by_role("button", name="Take back my last decision").click()
        page.get_by_text("Taken back.").wait_for()
        assert field(place, DOUBTFUL, "title").value == TITLE


def test_lines_are_corrected_by_keys_and_what_was_read_stays_in_sight(at_review, place):
    at_review.goto(f"/items/{PLAN}/correct/2")
    line = at_review.locator("li.line").nth(1)
    at_review.keyboard.press("Enter")
    at_review.keyboard.press("End")
    at_review.keyboard.type("会")
    at_review.keyboard.press("Enter")
    line.locator(".read").get_by_text("聊城市科学技术委员会", exact=True).wait_for()
    assert (
        at_review.locator("li.line")
        .nth(2)
        .locator("input[name=text]")
        .evaluate("(it) => it === document.activeElement")
    )
    assert rooms_of(place).catalog.item(PLAN).page(2).lines[1].text == "聊城市科学技术委员会会"
    assert len(rooms_of(place).catalog.latest_decisions(9)) == 1
    line.get_by_role("button", name="Take back").click()
    line.locator(".read").wait_for(state="detached")
    assert rooms_of(place).catalog.item(PLAN).page(2).lines[1].text == "聊城市科学技术委员会"


def test_what_another_says_of_a_line_is_looked_at_before_it_is_said_otherwise(at_review, place):
    rooms = rooms_of(place)
    at_review.watch.expected.append("409")
    at_review.goto(f"/items/{PLAN}/correct/2")
    line = at_review.locator("li.line").first
    box = rooms.catalog.page_of(PLAN, 2).lines[0].box
    rooms.desk.read_line(PLAN, 2, box, "组长张三", Decided("Li", "2026-01-01T00:00:00+00:00"))
    line.locator("input[name=text]").fill("组长王五")
    at_review.keyboard.press("Enter")
    tray = at_review.locator("#tray li")
    tray.get_by_text("组长王五").wait_for()
    assert rooms.catalog.page_of(PLAN, 2).lines[0].text == "组长张三"
    assert not tray.get_by_role("button", name="Send again").is_visible()
    tray.get_by_role("button", name="Look again").click()
    line.get_by_text("corrected: Li").wait_for()
    assert line.locator("input[name=text]").input_value() == "组长张三"
    tray.get_by_role("button", name="Send again").click()
    tray.wait_for(state="detached")
    all_kept(at_review)
    assert rooms.catalog.page_of(PLAN, 2).lines[0].text == "组长王五"
    # One's own corrections one after the other, and after taking back, are no quarrel.
    line.get_by_role("button", name="Take back").click()
    for text in ("甲", "乙"):
        line.locator("input[name=text]").fill(text)
        at_review.keyboard.press("Enter")
    all_kept(at_review)
    assert rooms.catalog.page_of(PLAN, 2).lines[0].text == "乙" and not tray.count()


def test_escape_puts_a_line_back_and_composing_does_not_send_it(at_review, place):
    at_review.goto(f"/items/{PLAN}/correct/2")
    at_review.keyboard.type("甲")
    at_review.keyboard.press("Escape")
    text = at_review.locator("li.line input[name=text]").first
    assert text.input_value() == "領導小組組長張三副組長李四"
    composing(at_review, "li.line:first-child input[name=text]", "通知")
    assert text.evaluate("(it) => it === document.activeElement")
    assert rooms_of(place).catalog.last_decision() == 0


def test_a_missed_line_is_drawn_with_the_mouse(at_review, place):
    at_review.goto(f"/items/{PLAN}/correct/2")
    sheet = at_review.locator("#sheet")
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    at_review.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.3 * box["height"])
    at_review.mouse.down()
    at_review.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.33 * box["height"], steps=4)
    at_review.mouse.up()
    at_review.keyboard.type("此件发至乡镇")
    at_review.keyboard.press("Enter")
    at_review.locator("li.line.added input[name=text][value=此件发至乡镇]").wait_for()
    kept = rooms_of(place).catalog.item(PLAN).page(2).lines[-1]
    assert kept.text == "此件发至乡镇"
    assert abs(kept.box.left - 217) < 12 and abs(kept.box.top - 921) < 12


@pytest.mark.parametrize("path", ["/review", "/review?sort=pair", "/review?sort=boundary", f"/items/{PLAN}/correct/2"])
def test_pages_fit_a_phone_and_everything_has_a_name(browser, place, path):
    with tab_in(browser, place.url, language="zh", width=360, height=740) as (page, _watch):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert too_wide(page) <= 0
        assert nameless(page) == []


def test_each_handle_on_the_page_is_one_of_the_queue(at_review, place):
    at_review.goto("/review")
    known = {handle for item in rooms_of(place).catalog.items() for handle in handles(item)}
    assert shown(at_review) in known
