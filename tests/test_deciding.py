"""What a person decides counts at once, everywhere, and for every later run."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archivist.archive import Archive
from archivist.decisions import Decision
from archivist.describe import describe
from archivist.entry import Entries, Stack
from archivist.errors import DescribingFailed, NotFound, WrongCall
from archivist.export import record
from archivist.export.elements import statements
from archivist.handles import handles
from archivist.model import Box, Decided, Field, Item, Page
from archivist.phrases import dated, deed, glance
from archivist.settings import load
from tests.command import Call
from tests.describe import paper

WANG = Decided("王芳", "2026-11-22T10:00:00+00:00")

DECISION = (
    """中共平阳县委文件
平发〔1985〕12号
中共平阳县委关于开展创建文明单位活动的决定
各区、乡党委：
为了加强精神文明建设，县委决定在全县开展创建文明单位活动。
一、提高认识。各级党委要充分认识这项活动的意义，把它摆到重要的议事日程上来，认真抓好各项工作的落实，
""",
    """务求取得实效。
二、加强领导。各单位要有一名领导同志分管。
中共平阳县委
一九八五年三月十二日""",
)
NOTICE = """平阳县人民政府文件
平政字(1986)第7号
平阳县人民政府关于做好春季植树造林工作的通知
各区公所、乡人民政府：
根据《中共平阳县委关于开展创建文明单位活动的决定》（平发〔1985〕12号）和省政府《关于大力植树造林的指示》的要求，现就有关问题通知如下：
一、各乡要把任务落实到村。
平阳县人民政府
一九八六年二月二十日"""


def stack(*sheets: str | Page, source: str = "/box/7") -> Stack:
    """The sheets as pages of scans that are all different."""
    pages = paper.stack(*sheets)
    scans = [
        replace(
            page.scan, name=f"p{page.number:02}.jpg", sha256=f"{source}{page.number}".encode().hex().zfill(64)[-64:]
        )
        for page in pages
    ]
    return Stack(source, "7", tuple(replace(page, scan=scan) for page, scan in zip(pages, scans, strict=True)))


def keep(archive: Archive, handed_in: Stack) -> list[Item]:
    """Do with a stack what a batch does."""

    def failed(error: Exception) -> None:
        raise error

    before, entries = archive.catalog.items_of(handed_in.source), Entries(archive.catalog)
    for page in handed_in.pages:
        archive.catalog.save_reading([page], "test")
    items = entries.make(replace(handed_in, pages=entries.corrected(handed_in.pages)), before, failed)
    archive.catalog.save_items(items, "test", {name for name, _places in before} - {item.id for item in items})
    archive.update_index()
    return items


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(load(tmp_path / "archive"), create=True) as rooms:
        yield rooms


@pytest.fixture
def two(archive: Archive) -> list[Item]:
    """A decision of two pages and a notice, scanned one after the other without a sheet between."""
    items = keep(archive, stack(*DECISION, NOTICE))
    assert [len(item.pages) for item in items] == [2, 1]
    return items


def handle(archive: Archive, item: Item, name: str) -> tuple[str, Field]:
    entry = archive.catalog.item(item.id)
    for word, place in handles(entry).items():
        if place.document is not None:
            field = entry.documents[place.document].fields[place.position]
            if field.name == name:
                return word, field
    raise AssertionError(name)


def found(archive: Archive, query: str) -> list[str]:
    return [one.item.id for one in archive.search(query).found]


def test_a_stack_without_separators_becomes_items_that_say_why_they_begin(archive: Archive, two: list[Item]) -> None:
    decision, notice = (archive.catalog.item(item.id) for item in two)
    assert decision.title == "中共平阳县委关于开展创建文明单位活动的决定"
    assert notice.title == "平阳县人民政府关于做好春季植树造林工作的通知"
    assert [page.number for page in notice.pages] == [1] and notice.begins_at == 3
    (begins,) = [one for one in notice.boundaries if one.page == 1]
    assert begins.reasons and 0.5 <= begins.confidence < 1 and begins.decided is None
    assert found(archive, "平发〔1985〕12号")[0] == decision.id


def test_an_item_is_divided_and_joined_again_by_hand(archive: Archive, two: list[Item]) -> None:
    parts = archive.desk.split(two[0].id, 2, WANG)
    assert [len(part.pages) for part in parts] == [1, 1] and parts[0].id == two[0].id
    assert parts[1].boundaries[0].decided == WANG
    assert found(archive, "务求取得实效") == [parts[1].id]
    whole = archive.desk.join(parts[0].id, parts[1].id, WANG)
    assert (whole.id, len(whole.pages), whole.title) == (two[0].id, 2, two[0].title)
    with pytest.raises(NotFound):
        archive.catalog.item(parts[1].id)
    assert found(archive, "务求取得实效") == [whole.id]


def test_where_a_person_drew_the_line_a_later_run_draws_it_too(archive: Archive, two: list[Item]) -> None:
    archive.desk.join(two[0].id, two[1].id, WANG)
    again = keep(archive, stack(*DECISION, NOTICE))
    assert [(item.id, len(item.pages)) for item in again] == [(two[0].id, 3)]
    archive.desk.split(two[0].id, 3, WANG)
    assert [len(item.pages) for item in keep(archive, stack(*DECISION, NOTICE))] == [2, 1]


@pytest.mark.parametrize(
    ("page", "error"), [(1, WrongCall), (3, NotFound)], ids=["where it begins already", "behind its end"]
)
def test_a_line_that_cannot_be_drawn_is_refused(archive: Archive, two: list[Item], page: int, error: type) -> None:
    with pytest.raises(error):
        archive.desk.split(two[0].id, page, WANG)


def test_only_neighbours_are_joined(archive: Archive, two: list[Item]) -> None:
    (other,) = keep(archive, stack(NOTICE, source="/box/8"))
    with pytest.raises(WrongCall, match="manifest"):
        archive.desk.join(two[0].id, other.id, WANG)
    with pytest.raises(WrongCall):
        archive.desk.join(two[0].id, two[0].id, WANG)


def test_a_correction_reaches_record_title_search_and_a_later_run(archive: Archive, two: list[Item]) -> None:
    word, read = handle(archive, two[1], "document_number")
    archive.desk.decide([archive.desk.judgement(word, "correct", WANG, "平政字〔1986〕第1号")])
    for _ in range(2):
        item = archive.catalog.item(two[1].id)
        (number,) = item.documents[0].values("document_number")
        assert number.value == {"text": "平政字〔1986〕1号", "agency_code": "平政字", "year": 1986, "number": 1}
        assert (number.status, number.decided, number.raw) == ("verified", WANG, read.raw)
        (said,) = record(item)["documents"][0]["fields"]["document_number"]
        assert said["decided"] == {"who": "王芳", "at": WANG.at}
        assert found(archive, "平政字1986 1") == [item.id]
        keep(archive, stack(*DECISION, NOTICE))
    word, _read = handle(archive, two[1], "title")
    archive.desk.decide([archive.desk.judgement(word, "correct", WANG, "平阳县人民政府关于做好植树造林工作的通知")])
    assert archive.catalog.item(two[1].id).title == "平阳县人民政府关于做好植树造林工作的通知"


def test_a_value_that_was_refused_is_in_no_catalogue(archive: Archive, two: list[Item]) -> None:
    word, _read = handle(archive, two[0], "date_of_issue")
    archive.desk.decide([archive.desk.judgement(word, "reject", WANG)])
    item = archive.catalog.item(two[0].id)
    assert [field.status for field in item.documents[0].values("date_of_issue")] == ["rejected"]
    assert not statements(item, "日期")
    assert "1985-03-12" not in [*glance(item), dated(item)]


def test_a_handle_from_before_a_correction_hits_nothing_else(archive: Archive, two: list[Item]) -> None:
    word, _read = handle(archive, two[0], "date_of_issue")
    archive.desk.decide([archive.desk.judgement(word, "correct", WANG, "1985年3月13日")])
    with pytest.raises(NotFound):
        archive.desk.judgement(word, "accept", WANG)


def test_a_value_no_rule_found_is_added_with_its_ink(archive: Archive, two: list[Item]) -> None:
    archive.desk.add_value(two[0].id, 2, "signer", "李志远", "一名领导同志", WANG)
    (signer,) = archive.catalog.item(two[0].id).documents[0].values("signer")
    assert (signer.value, signer.raw, signer.evidence.page) == ("李志远", "一名领导同志", 2)
    with pytest.raises(NotFound, match="show"):
        archive.desk.add_value(two[0].id, 2, "signer", "李志远", "没有的话", WANG)


def test_a_verified_agency_is_known_to_later_papers(archive: Archive, two: list[Item]) -> None:
    word, _read = handle(archive, two[0], "issuing_agency")
    archive.desk.decide([archive.desk.judgement(word, "accept", WANG)])
    archive.desk.name_agency("中国共产党平阳县委员会", ["平阳县委"], [], WANG)
    assert [agency.heading for agency in archive.desk.agencies()] == ["中国共产党平阳县委员会"]
    archive.desk.describe_again()
    _word, field = handle(archive, two[0], "issuing_agency")
    assert (field.value, field.authority) == ("中共平阳县委", "中国共产党平阳县委员会")


def test_what_papers_cite_is_found_here_or_listed_as_missing(archive: Archive, two: list[Item]) -> None:
    cited = {
        str(field.value["title"]): names for field, names in archive.catalog.cited(archive.catalog.item(two[1].id))
    }
    assert cited == {"中共平阳县委关于开展创建文明单位活动的决定": (two[0].id,), "关于大力植树造林的指示": ()}
    (missing,) = archive.catalog.missing_citations(10)
    assert (missing.title, missing.items) == ("关于大力植树造林的指示", (two[1].id,))


def said(item: Item, name: str) -> list[tuple[object, str]]:
    return [(field.value, field.status) for document in item.documents for field in document.values(name)]


def test_an_item_keeps_its_identifier_whatever_its_first_page_is(archive: Archive, two: list[Item]) -> None:
    word = next(word for word, place in handles(archive.catalog.item(two[0].id)).items() if place.sort == "link")
    archive.desk.decide([archive.desk.judgement(word, "reject", WANG)])
    whole = stack(*DECISION, NOTICE)
    without = Stack(whole.source, whole.name, tuple(replace(p, number=p.number - 1) for p in whole.pages[1:]))
    assert [(item.id, len(item.pages)) for item in keep(archive, without)] == [(two[0].id, 1), (two[1].id, 1)]
    assert [item.id for item in keep(archive, whole)] == [two[0].id, two[1].id]
    assert [link.status for link in archive.catalog.item(two[0].id).campaigns] == ["rejected"]


def test_what_was_decided_before_the_program_broke_off_is_made_good(archive: Archive, two: list[Item]) -> None:
    word, _read = handle(archive, two[0], "date_of_issue")
    # All that a program does which ends here.
    archive.catalog.decide([archive.desk.judgement(word, "reject", WANG)])
    archive.catalog.decide([Decision("boundary", two[0].pages[1].place, "begins", {}, WANG)])
    assert said(archive.catalog.item(two[0].id), "date_of_issue")[0][1] != "rejected"
    other, _read = handle(archive, two[1], "genre")
    archive.desk.decide([archive.desk.judgement(other, "accept", WANG)])
    items = list(archive.catalog.items())
    assert [len(item.pages) for item in items] == [1, 1, 1]
    assert said(items[1], "date_of_issue") == []
    archive.desk.join(items[0].id, items[1].id, WANG)
    assert said(archive.catalog.item(two[0].id), "date_of_issue") == [("1985-03-12", "rejected")]


def test_what_is_decided_while_an_item_is_described_is_not_undone(
    archive: Archive, two: list[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    word, _read = handle(archive, two[0], "date_of_issue")
    rejects = [archive.desk.judgement(word, "reject", WANG)]

    def meanwhile(*given: Any) -> Any:
        if rejects:
            with Archive(archive.settings) as another:
                another.catalog.decide([rejects.pop()])
        return describe(*given)

    monkeypatch.setattr("archivist.entry.describe", meanwhile)
    archive.desk.describe_again()
    assert said(archive.catalog.item(two[0].id), "date_of_issue") == [("1985-03-12", "rejected")]


def test_an_item_no_rule_can_describe_stops_neither_the_others_nor_the_decision(
    archive: Archive, two: list[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [handle(archive, item, "date_of_issue")[0] for item in two]

    def broken(pages: Any, *given: Any) -> Any:
        return 1 / 0 if "平发" in pages[0].running_text[:12] else describe(pages, *given)

    with monkeypatch.context() as patched:
        patched.setattr("archivist.entry.describe", broken)
        with pytest.raises(DescribingFailed, match="ZeroDivisionError"):
            archive.desk.decide([archive.desk.judgement(word, "reject", WANG) for word in words])
    assert said(archive.catalog.item(two[0].id), "date_of_issue") == [("1985-03-12", "accepted")]
    assert said(archive.catalog.item(two[1].id), "date_of_issue") == [("1986-02-20", "rejected")]
    assert [failure.cause for failure, _at in archive.catalog.failures()] == ["describing failed"]
    archive.desk.describe_again()
    assert said(archive.catalog.item(two[0].id), "date_of_issue") == [("1985-03-12", "rejected")]
    assert archive.catalog.failures() == []


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("/box/案卷7.5", "案卷7.5"),
        ("/box/7#58", "7 58"),
        ("/box/58.pdf", "58"),
        ("/box/manifest.csv#3", "3"),
    ],
)
def test_an_item_without_a_title_is_called_by_its_place_by_a_later_run_too(
    archive: Archive, source: str, name: str
) -> None:
    handed_in = stack("", "", source=source)
    (item,) = keep(archive, Stack(source, name, handed_in.pages))
    archive.desk.describe_again()
    assert archive.catalog.item(item.id).title == item.title == f"[{name}]"


def test_a_number_that_no_export_could_say_is_no_value(archive: Archive, two: list[Item]) -> None:
    for number in ("NaN", "1e999", "-Infinity"):
        typed = f'{{"name": "科技投入", "operator": ">=", "value": {number}, "unit": "%", "veto": false}}'
        with pytest.raises(WrongCall):
            archive.desk.add_value(two[0].id, 1, "indicator", typed, "创建文明单位", WANG)


def test_a_campaign_that_a_person_refused_stays_refused(archive: Archive, two: list[Item]) -> None:
    item = archive.catalog.item(two[0].id)
    (word,) = [word for word, place in handles(item).items() if place.sort == "link"]
    assert item.campaigns[0].name == "创建文明单位"
    archive.desk.decide([archive.desk.judgement(word, "reject", WANG)])
    assert [item.id for item in archive.catalog.campaigns() if two[0].id in item.items] == []
    archive.desk.describe_again()
    (link,) = archive.catalog.item(two[0].id).campaigns
    assert (link.status, link.decided) == ("rejected", WANG)


def test_everything_is_done_from_the_command_line(archive: Archive, two: list[Item], archivist: Call) -> None:
    at = ("--archive", archive.settings.folder)
    listed = json.loads(archivist("items", "--json", *at).out)
    assert [(one["id"], one["pages"], one["begins_at"]) for one in listed] == [(two[0].id, 2, 1), (two[1].id, 1, 3)]
    joined = archivist("items", "join", two[0].id, two[1].id, "--by", "王芳", *at)
    assert joined.code == 0 and two[0].id in joined.out
    assert archivist("items", "split", two[0].id, "3", "--by", "王芳", *at).code == 0
    word, _read = handle(archive, two[0], "date_of_issue")
    assert archivist("review", "correct", word, "1985-03-13", "--by", "王芳", *at).code == 0
    shown = archivist("show", two[0].id, *at).out
    assert "1985-03-13" in shown and "verified" in shown and "王芳" in shown
    assert archivist("review", "accept", word, *at).code == 2
    assert archivist("citations", two[1].id, *at).out.count(two[0].id) == 1
    assert "植树造林的指示" in archivist("citations", *at).out
    assert archivist("agencies", "name", "平阳县人民政府", "--formerly", "平阳县革命委员会", *at).code == 0
    assert "平阳县革命委员会" in archivist("agencies", *at).out
    assert archivist("describe", *at).code == 0


def test_a_corrected_title_goes_before_that_of_the_manifest(archive: Archive) -> None:
    stated = Stack("/box/9", "9", stack(NOTICE).pages, {"title": "植树通知", "date": "1986"})
    (item,) = keep(archive, stated)
    word, _read = handle(archive, item, "title")
    archive.desk.decide([archive.desk.judgement(word, "accept", WANG)])
    assert archive.catalog.item(item.id).title == "植树通知"
    word, _read = handle(archive, item, "title")
    archive.desk.decide([archive.desk.judgement(word, "correct", WANG, "平阳县人民政府关于植树造林工作的通知")])
    kept = archive.catalog.item(item.id)
    assert kept.title == "平阳县人民政府关于植树造林工作的通知"
    assert [one.text for one in statements(kept, "题名")] == [kept.title]
    assert [one.text for one in statements(kept, "日期")] == ["1986"]


def test_a_paper_of_no_known_kind_is_made_good_by_what_a_person_adds(archive: Archive) -> None:
    (item,) = keep(archive, stack("平阳县城关镇一九八五年度科技兴农情况汇总\n全镇共推广良种三千亩，办培训班十二期。"))
    assert [document.kind for document in item.documents] == ["other"]
    archive.desk.add_value(
        item.id, 1, "title", "城关镇一九八五年度科技兴农情况汇总", "城关镇一九八五年度科技兴农情况汇总", WANG
    )
    kept = archive.catalog.item(item.id)
    assert (kept.documents[0].kind, kept.title) == ("issued_document", "城关镇一九八五年度科技兴农情况汇总")
    assert found(archive, "科技兴农情况汇总") == [item.id]


def test_lines_between_items_are_drawn_anew_for_boxes_taken_in_before(archive: Archive, archivist: Call) -> None:
    handed_in = stack(*DECISION, NOTICE)
    whole = Item("a" * 12, "all of it", handed_in.pages, source=handed_in.source)
    archive.catalog.save_items([whole], "test")
    at = ("--archive", archive.settings.folder)
    assert archivist("describe", "--boundaries", *at).code == 0
    assert [len(item.pages) for item in archive.catalog.items()] == [2, 1]
    assert found(archive, "平发〔1985〕12号")[0] == whole.id


def stands(archive: Archive, item: Item) -> None:
    """Every value and link of an item stands where it says it does."""
    kept = archive.catalog.item(item.id)
    ink = [field.evidence for document in kept.documents for field in document.fields]
    for one in [*ink, *(one for link in kept.campaigns for one in link.evidence)]:
        page = kept.page(one.page)
        assert page.running_text[one.start : one.end] == one.text
        assert len(page.running_text) == len(page.glyphs)


def test_a_corrected_line_reaches_title_search_export_and_a_later_run(archive: Archive, two: list[Item]) -> None:
    (notice,) = keep(archive, stack(NOTICE.replace("春季植树造林", "春季植村造林"), source="/box/8"))
    assert "植村造林" in notice.title
    place = archive.desk.line_saying(notice.id, 1, "关于做好春季植村造林工作")
    archive.desk.read_line(notice.id, 1, place, "平阳县人民政府关于做好春季植树造林工作的通知", WANG)
    for _ in range(2):
        kept = archive.catalog.item(notice.id)
        assert kept.title == "平阳县人民政府关于做好春季植树造林工作的通知"
        assert "植村" not in record(kept)["pages"][0]["text"] and kept.pages[0].steps[-1].what.endswith("1 by 王芳")
        assert set(found(archive, "春季植树造林")) == {notice.id, two[1].id}
        stands(archive, notice)
        assert "植村造林" in archive.catalog.page_as_read(notice.id, 1).running_text
        keep(archive, stack(NOTICE.replace("春季植树造林", "春季植村造林"), source="/box/8"))
    (undone,) = archive.catalog.history_of(notice.id, 9)
    archive.desk.undo(undone.number, WANG)
    assert archive.catalog.item(notice.id) == replace(notice, pages=archive.catalog.item(notice.id).pages)
    assert archive.catalog.item(notice.id).pages[0] == archive.catalog.page_as_read(notice.id, 1)
    assert found(archive, "春季植树造林")[0] == two[1].id


def test_a_line_that_was_missed_is_added_and_taken_away_again(archive: Archive, two: list[Item]) -> None:
    sheet = archive.catalog.item(two[0].id).pages[1]
    below = Box(120, sheet.lines[-1].box.bottom + 40, 600, sheet.lines[-1].box.bottom + 80)
    archive.desk.add_line(two[0].id, 2, below, "抄送：县委各部门", WANG)
    stands(archive, two[0])
    assert archive.catalog.item(two[0].id).pages[1].lines[-1].text == "抄送：县委各部门"
    assert found(archive, "县委各部门") == [two[0].id]
    with pytest.raises(WrongCall, match="县委各部门"):
        archive.desk.add_line(two[0].id, 2, below, "抄报", WANG)
    archive.desk.read_line(two[0].id, 2, below, "", WANG)
    assert archive.catalog.item(two[0].id).pages[1].lines == sheet.lines
    for text, box in (("", below), ("抄报", Box(-90, -90, -10, -10))):
        with pytest.raises(WrongCall):
            archive.desk.add_line(two[0].id, 2, box, text, WANG)
    with pytest.raises(NotFound):
        archive.desk.read_line(two[0].id, 2, Box(2000, 2900, 2100, 2950), "无", WANG)
    with pytest.raises(WrongCall, match="several"):
        archive.desk.line_saying(two[0].id, 1, "平阳")


def test_a_corrected_page_follows_its_items_when_they_are_divided(archive: Archive, two: list[Item]) -> None:
    place = archive.desk.line_saying(two[0].id, 2, "务求取得实效")
    archive.desk.read_line(two[0].id, 2, place, "务必取得实效。", WANG)
    (_first, second) = archive.desk.split(two[0].id, 2, WANG)
    assert second.pages[0].lines[0].text == "务必取得实效。" and found(archive, "务必取得实效") == [second.id]
    archive.desk.describe_again()
    stands(archive, second)
    with pytest.raises(ValueError, match="as it was read"):
        archive.catalog.save_item(second, "another recipe")


def test_whatever_was_decided_can_be_undone(archive: Archive, two: list[Item]) -> None:
    before = [archive.catalog.item(item.id) for item in two]
    word, _read = handle(archive, two[1], "document_number")
    link = next(word for word, place in handles(before[0]).items() if place.sort == "link")
    archive.desk.decide([archive.desk.judgement(word, "correct", WANG, "平政字〔1986〕第1号")])
    archive.desk.decide([archive.desk.judgement(link, "reject", WANG)])
    (campaign,) = before[0].campaigns
    named = {"name": "创建文明县"}
    archive.desk.decide([Decision("campaign", campaign.key, "name", named, WANG)])
    archive.desk.name_agency("平阳县人民政府", ["县政府"], [], WANG)
    archive.desk.join(two[0].id, two[1].id, WANG)
    assert len(list(archive.catalog.items())) == 1
    made = archive.catalog.latest_decisions(99)
    assert [one.decision.subject for one in made] == ["boundary", "agency", "agency", "campaign", "link", "value"]
    for one in made:
        archive.desk.undo(one.number, WANG)
    assert [archive.catalog.item(item.id) for item in two] == before
    assert archive.catalog.decisions() == [] and archive.desk.agencies() == ()
    assert all(one.undone for one in archive.catalog.decided() if one.decision.act != "undo")
    with pytest.raises(WrongCall):
        archive.desk.undo(made[0].number, WANG)
    with pytest.raises(NotFound):
        archive.desk.undo(4711, WANG)


def test_an_undoing_that_is_undone_lets_the_decision_count_again(archive: Archive, two: list[Item]) -> None:
    word, _read = handle(archive, two[0], "date_of_issue")
    archive.desk.decide([archive.desk.judgement(word, "reject", WANG)])
    number = archive.catalog.last_decision()
    archive.desk.undo(number, WANG)
    assert said(archive.catalog.item(two[0].id), "date_of_issue") == [("1985-03-12", "accepted")]
    archive.desk.undo(archive.catalog.last_decision(), WANG)
    assert said(archive.catalog.item(two[0].id), "date_of_issue") == [("1985-03-12", "rejected")]
    archive.desk.undo(number, WANG)
    assert said(archive.catalog.item(two[0].id), "date_of_issue") == [("1985-03-12", "accepted")]


def test_a_merge_that_is_put_back_reaches_the_items_and_is_told_so(archive: Archive, two: list[Item]) -> None:
    (link,) = archive.catalog.item(two[0].id).campaigns
    merged = Decision("campaign", link.key, "name", {"name": "创建文明县"}, WANG)
    archive.desk.decide([merged])
    for name, told in ((link.name, "taken back"), ("创建文明县", "put back"), (link.name, "taken back")):
        archive.desk.undo(archive.catalog.last_decision(), WANG)
        assert archive.catalog.item(two[0].id).campaigns[0].name == name
        assert deed(archive.catalog.decided()[-1].decision).startswith(told)


def test_a_line_read_in_parts_since_is_corrected_as_the_one_that_a_person_sees(
    archive: Archive, two: list[Item]
) -> None:
    pages = archive.catalog.item(two[0].id).pages
    read = pages[1].lines[0]
    archive.desk.read_line(two[0].id, 2, read.box, f"{read.text}一", WANG)
    half = (len(read.glyphs) * 3) // 5
    parts = [replace(read, glyphs=own, box=Box.around(one.box for one in own))
             for own in (read.glyphs[:half], read.glyphs[half:])]  # fmt: skip
    region = pages[1].regions[0]
    anew = replace(pages[1], regions=(replace(region, lines=(*parts, *region.lines[1:])), *pages[1].regions[1:]))
    as_read = [archive.catalog.page_as_read(two[0].id, 1), replace(anew, steps=(), scan=pages[1].scan)]
    archive.catalog.save_item(replace(archive.catalog.item(two[0].id), pages=tuple(as_read)), "another recipe")
    assert archive.catalog.item(two[0].id).pages[1].lines[0].text == f"{read.text}一"
    archive.desk.read_line(two[0].id, 2, parts[0].box, f"{read.text}二", WANG)
    lines = archive.catalog.item(two[0].id).pages[1].lines
    assert [lines[0].text, len(lines)] == [f"{read.text}二", len(pages[1].lines)]
    assert archive.catalog.decided()[-1].decision.detail["read"] == read.text


def test_of_two_at_once_only_one_undoes(archive: Archive, two: list[Item]) -> None:
    word, _read = handle(archive, two[0], "date_of_issue")
    archive.desk.decide([archive.desk.judgement(word, "reject", WANG)])
    undoing = archive.desk.undoing(archive.catalog.last_decision(), WANG)
    archive.catalog.decide([undoing])
    with pytest.raises(WrongCall):
        archive.catalog.decide([undoing])
    assert len(archive.catalog.decided()) == 2


def test_what_was_decided_about_duplicates_is_open_again_once_undone(archive: Archive, two: list[Item]) -> None:
    (again,) = keep(archive, stack(NOTICE, source="/box/9"))
    archive.duplicates.find()
    ((one, other),) = [(pair.one, pair.other) for pair in archive.catalog.likenesses.pairs(9)]
    assert {one, other} == {again.id, two[1].id}
    archive.duplicates.decide(one, other, WANG, same=False)
    archive.duplicates.decide(one, other, WANG, same=True)
    archive.desk.undo(archive.catalog.last_decision(), WANG)
    (pair,) = archive.catalog.likenesses.pairs(9, decided=True)
    assert pair.standing == "refused"
    archive.desk.undo(archive.catalog.latest_decisions(9)[-1].number, WANG)
    assert archive.catalog.likenesses.pairs(9, decided=True) == []
    assert [(pair.one, pair.other) for pair in archive.catalog.likenesses.pairs(9)] == [(one, other)]


def test_lines_are_corrected_and_decisions_taken_back_from_the_command_line(
    archive: Archive, two: list[Item], archivist: Call
) -> None:
    at = ("--by", "王芳", "--archive", archive.settings.folder)
    name = two[1].id
    done = archivist("review", "line", name, "一、各乡要把任务落实到村到户。", "--page", "1", "--read", "落实到村", *at)
    assert done.code == 0 and "到村到户" in archivist("show", name, "--text", *at[2:]).out
    added = archivist("review", "line", name, "抄送", "--page", "1", "--at", "120", "2000", "200", "2040", *at)
    assert added.code == 0 and found(archive, "抄送") == [name]
    assert archivist("review", "line", name, "--page", "1", "--read", "抄送", *at).code == 0
    assert archivist("review", "undo", *at).code == 0
    listed = json.loads(archivist("review", "decided", name, "--json", *at[2:]).out)
    assert [(one["subject"], one["act"], one["undone"]) for one in listed] == [
        ("line", "undo", False), ("line", "read as", True), ("line", "add", False), ("line", "read as", False)
    ]  # fmt: skip
    assert archivist("review", "undo", str(listed[-1]["number"]), *at).code == 0
    assert "到村到户" not in archivist("show", name, "--text", *at[2:]).out
    shown = archivist("review", "decided", *at[2:])
    assert shown.code == 0 and "王芳" in shown.out and name in shown.out
    assert archivist("review", "undo", "--by", "李", *at[2:]).code == 2
    assert archivist("review", "undo", str(listed[-1]["number"]), *at).code == 2
    assert archivist("review", "line", name, "字", "--page", "1", *at).code == 2
    told = archivist("history", name, *at[2:]).out
    assert "一、各乡要把任务落实到村到户。" in told


def test_what_several_decide_and_carry_out_at_once_all_counts(archive: Archive, two: list[Item]) -> None:
    items = [archive.catalog.item(item.id) for item in two]
    words = [word for item in items for word, place in handles(item).items() if place.sort == "value"]
    made = [archive.desk.judgement(word, "accept", WANG) for word in words]
    with Archive(archive.settings) as another, ThreadPoolExecutor(4) as people:
        desks = [archive.desk, another.desk]
        done = [people.submit(desks[turn % 2].decide, [one]) for turn, one in enumerate(made)]
        for one in done:
            one.result()
    fields = [one for item in archive.catalog.items() for document in item.documents for one in document.fields]
    assert {field.status for field in fields} == {"verified"}
    assert archive.catalog.outstanding()[0] == [] and len(archive.catalog.decisions()) == len(made)
