"""A page corrected line by line over HTTP."""

import re
from html import unescape
from time import monotonic, sleep

import pytest

from archivist.archive import Archive
from archivist.model import Box, Decided
from archivist.settings import Settings
from tests.web.people import csrf, entered
from tests.web.rooms import DECISION, NOTICE, PLAN, SECRET, furnish


def rows(client, item: str, page: int) -> list[dict[str, str]]:
    """Return what the page of corrections shows of each line."""
    text = client.get(f"/items/{item}/correct/{page}", headers={"accept-language": "en"}).text
    found = []
    for part in re.split(r'(?=<li class="line)', text)[1:]:
        read = re.search(r"<s>(.*?)</s>", part)
        found.append(
            {
                "box": re.search(r'data-key="([^"]+)"', part)[1],
                "number": re.search(r'data-number="([^"]*)"', part)[1],
                "text": unescape(re.search(r'name="text" value="([^"]*)"', part)[1]),
                "seen": unescape(re.search(r'name="seen" value="([^"]*)"', part)[1]),
                "read": unescape(read[1]) if read else "",
                "state": re.search(r'class="state"[^>]*>([^<]*)<', part)[1].strip(),
                "classes": re.search(r'<li class="([^"]*)"', part)[1],
            }
        )
    return found


def send(client, item: str, page: int, **said: str):
    headers = {"X-CSRF-Token": csrf(client), "Accept": "application/json", "Accept-Language": "en"}
    return client.post(f"/items/{item}/correct/{page}", json=said, headers=headers)


def undo(client, number: str):
    headers = {"X-CSRF-Token": csrf(client), "Accept": "application/json"}
    return client.post("/review/undo", json={"number": number}, headers=headers)


def test_every_line_stands_under_its_ink_in_reading_order(room):
    shown = rows(room, DECISION, 2)
    assert [row["text"] for row in shown][:2] == ["中共聊城市委文件", "聊发(1995)58号"]
    assert room.get(f"/items/{DECISION}/correct/2").text.count(f"/iiif/{DECISION}/2/") > len(shown)


def test_text_in_seals_can_be_corrected_too(room):
    assert rows(room, DECISION, 1)[-1]["text"] == "聊城市"


def test_a_corrected_line_reaches_the_item_and_says_by_whom_and_what_was_read(own_room):
    line = rows(own_room, DECISION, 2)[0]
    number = send(own_room, DECISION, 2, box=line["box"], text="中共聊城市委员会文件").json()["number"]
    kept = rows(own_room, DECISION, 2)[0]
    assert (kept["text"], kept["read"], kept["number"]) == ("中共聊城市委员会文件", "中共聊城市委文件", number)
    assert kept["state"].startswith("corrected: ")
    rooms = own_room.app.state.rooms
    assert rooms.catalog.item(DECISION).page(2).lines[0].text == "中共聊城市委员会文件"
    assert rooms.catalog.page_as_read(DECISION, 2).lines[0].text == "中共聊城市委文件"
    assert DECISION in [found.item.id for found in rooms.search("“市委员会文件”").found]


def test_taking_back_shows_the_line_as_it_was_read(own_room):
    line = rows(own_room, PLAN, 2)[0]
    number = send(own_room, PLAN, 2, box=line["box"], text="领导小组").json()["number"]
    assert undo(own_room, number).status_code == 200
    assert rows(own_room, PLAN, 2)[0] == line


def test_taking_back_the_second_correction_brings_the_first(own_room):
    line = rows(own_room, PLAN, 2)[1]
    send(own_room, PLAN, 2, box=line["box"], text="聊城市科学技术委员")
    number = send(own_room, PLAN, 2, box=line["box"], text="聊城市科委").json()["number"]
    undo(own_room, number)
    assert rows(own_room, PLAN, 2)[1]["text"] == "聊城市科学技术委员"


def test_a_line_that_is_no_writing_stays_in_sight_and_can_be_taken_back(own_room):
    before = rows(own_room, PLAN, 2)
    send(own_room, PLAN, 2, box=before[1]["box"], text="")
    struck = rows(own_room, PLAN, 2)[1]
    assert (struck["text"], struck["read"]) == ("", before[1]["text"])
    assert struck["state"].startswith("no writing here")
    assert before[1]["text"] not in own_room.app.state.rooms.catalog.item(PLAN).page(2).text
    undo(own_room, struck["number"])
    assert rows(own_room, PLAN, 2) == before


def test_a_missed_line_is_added_where_it_was_drawn(own_room):
    said = {"act": "add", "left": "80", "top": "1200", "width": "400", "height": "44", "text": "此件发至乡镇"}
    number = send(own_room, PLAN, 2, **said).json()["number"]
    added = rows(own_room, PLAN, 2)[-1]
    assert (added["text"], added["read"], added["number"]) == ("此件发至乡镇", "", number)
    assert added["state"].startswith("added")
    kept = own_room.app.state.rooms.catalog.item(PLAN).page(2).lines[-1]
    assert kept.text == "此件发至乡镇" and kept.box.overlap(Box(80, 1200, 480, 1244)) > 0


def test_a_line_sent_as_it_stands_decides_nothing_twice(own_room):
    line = rows(own_room, PLAN, 2)[0]
    send(own_room, PLAN, 2, box=line["box"], text="领导小组")
    assert send(own_room, PLAN, 2, box=line["box"], text="领导小组").json() == {}


def test_a_line_that_another_corrected_meanwhile_is_not_overwritten_without_a_word(own_room):
    line = rows(own_room, PLAN, 2)[0]
    assert send(own_room, PLAN, 2, box=line["box"], seen=line["text"], text="领导小组").status_code == 200
    late = send(own_room, PLAN, 2, box=line["box"], seen=line["text"], text="领导小组成员")
    assert late.status_code == 409 and "decided or read since" in late.json()["detail"]
    assert rows(own_room, PLAN, 2)[0]["text"] == "领导小组"
    # Whoever looked at what the other said may say otherwise.
    assert send(own_room, PLAN, 2, box=line["box"], seen="领导小组", text="领导小组成员").json()["number"]


def test_a_line_sent_once_more_because_its_answer_was_lost_is_no_quarrel(own_room):
    line = rows(own_room, PLAN, 2)[0]
    for text in ("领导小组", ""):
        seen = rows(own_room, PLAN, 2)[0]["text"]
        for _turn in range(2):
            assert send(own_room, PLAN, 2, box=line["box"], seen=seen, text=text).status_code == 200


def test_a_line_that_another_struck_out_or_took_back_meanwhile_is_not_overwritten(own_room):
    line = rows(own_room, PLAN, 2)[1]
    number = send(own_room, PLAN, 2, box=line["box"], seen=line["text"], text="").json()["number"]
    assert send(own_room, PLAN, 2, box=line["box"], seen=line["text"], text="科委").status_code == 409
    undo(own_room, number)
    assert send(own_room, PLAN, 2, box=line["box"], seen="", text="科委").status_code == 409
    assert send(own_room, PLAN, 2, box=line["box"], seen=line["text"], text="科委").status_code == 200


@pytest.mark.parametrize(("item", "page"), [(DECISION, 1), (DECISION, 2), (PLAN, 1), (PLAN, 2)])
def test_each_line_can_be_corrected_as_the_page_shows_it(own_room, item, page):
    for line in rows(own_room, item, page):
        said = {"box": line["box"], "seen": line["seen"], "text": line["text"] + "甲"}
        assert send(own_room, item, page, **said).status_code == 200


def test_by_forms_too_a_line_changed_meanwhile_is_said_to_be(own_room):
    line = rows(own_room, NOTICE, 1)[0]
    send(own_room, NOTICE, 1, box=line["box"], text="关于召开会议的通知")
    form = {"csrf": csrf(own_room), "box": line["box"], "seen": line["seen"], "text": "通知"}
    page = own_room.post(f"/items/{NOTICE}/correct/1", data=form, headers={"Accept-Language": "en"})
    assert page.status_code == 409 and "decided or read since" in page.text


def test_it_works_by_forms_alone(own_room):
    line = rows(own_room, NOTICE, 1)[0]
    form = {"csrf": csrf(own_room), "box": line["box"], "text": "关于召开会议的通知"}
    page = own_room.post(f"/items/{NOTICE}/correct/1", data=form)
    assert page.url.path == f"/items/{NOTICE}/correct/1" and "关于召开会议的通知" in page.text
    number = rows(own_room, NOTICE, 1)[0]["number"]
    back = {"csrf": csrf(own_room), "number": number, "next": f"/items/{NOTICE}/correct/1"}
    page = own_room.post("/review/undo", data=back)
    assert page.url.path == f"/items/{NOTICE}/correct/1" and rows(own_room, NOTICE, 1)[0] == line


@pytest.mark.parametrize(
    "said",
    [
        {"box": "", "text": "一"},
        {"box": "1,2,3", "text": "一"},
        {"box": "nan,nan,nan,nan", "text": "一"},
        {"box": "0,0,inf,1", "text": "一"},
        {"box": "5,5,1,1", "text": "一"},
        {"text": "一"},
        {"act": "add", "left": "1", "top": "1", "width": "-5", "height": "2", "text": "一"},
        {"act": "add", "left": "1", "top": "900", "width": "50", "height": "20", "text": " "},
    ],
)
def test_a_box_or_text_that_cannot_be_meant_is_refused(room, said):
    assert send(room, PLAN, 2, **said).status_code == 400


def test_what_was_left_when_the_room_was_closed_is_carried_out_when_it_opens(tmp_path):
    with Archive(Settings(folder=furnish(tmp_path / "archive"))) as archive:
        line = archive.catalog.page_of(PLAN, 2).lines[0]
        made = archive.desk.line_reading(PLAN, 2, line.box, "組長張三", Decided("Li", "2026-01-01T00:00:00+00:00"))
        archive.catalog.decide([made])
    with entered(tmp_path / "archive") as client:
        catalog = client.app.state.rooms.catalog
        until = monotonic() + 30
        while catalog.outstanding()[0]:
            assert monotonic() < until, "it was never carried out"
            sleep(0.02)


def test_what_is_added_twice_over_is_there_once(own_room):
    box = {"left": "100", "top": "1500", "width": "400", "height": "50"}
    assert send(own_room, PLAN, 2, act="add", text="附记", **box).json()["number"]
    assert send(own_room, PLAN, 2, act="add", text="附记", **box).json() == {}
    assert send(own_room, PLAN, 2, act="add", text="后记", **box).status_code == 400


def test_where_no_line_stands_none_is_corrected(room):
    refused = send(room, PLAN, 2, box="900,2000,1000,2040", text="一")
    assert refused.status_code == 404 and "no line stands there" in refused.json()["detail"]


@pytest.mark.parametrize("page", [0, 3, 99999999999999999999])
def test_of_a_page_that_is_not_there_nothing_is_shown(room, page):
    assert room.get(f"/items/{PLAN}/correct/{page}").status_code in (404, 422)


def test_readers_correct_nothing(as_reader):
    assert as_reader.get(f"/items/{PLAN}/correct/1").status_code == 403
    assert as_reader.get(f"/items/{SECRET}/correct/1").status_code == 403
