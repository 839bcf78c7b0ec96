import json
import shutil
import sqlite3
import subprocess
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archivist.catalog import Catalog
from archivist.catalog.pages import pack, unpack
from archivist.errors import ArchiveBusy, ArchivistError, NotFound, NotInstalled, SettingsError, WrongCall
from archivist.model import Alternative, Box, Failure, Glyph, Line, Page, Region, Scan, Step
from tests.items import campaign, decision, notice, page

RECIPE = "rapidocr-3.10"


def url_in(folder: Path) -> str:
    return f"sqlite:///{folder / 'catalogue.db'}?timeout=0.1"


@pytest.fixture
def catalog(tmp_path):
    with Catalog(url_in(tmp_path)) as opened:
        yield opened


def ids(found):
    return [item.id for item in found]


numbers = st.integers(0, 40_000) | st.floats(-1e6, 1e6)
words = st.text(max_size=8)
# Half surrogate pairs come out of damaged PDFs; two of them side by side must stay two characters.
chars = st.characters() | st.sampled_from("\ud83d\ude00\x00")
boxes = st.builds(Box, numbers, numbers, numbers, numbers)
sure = st.floats(0, 1)
glyphs = st.builds(Glyph, chars, boxes, sure, st.lists(st.builds(Alternative, chars, sure), max_size=2).map(tuple))
lines = st.builds(Line, st.lists(glyphs, max_size=4).map(tuple), boxes, words, st.booleans())
cell = st.none() | st.integers(0, 30)
regions = st.builds(
    Region,
    st.sampled_from(["body", "cell", "seal", "handwriting"]),
    boxes,
    st.lists(lines, max_size=3).map(tuple),
    cell,
    cell,
    cell,
    st.integers(1, 9),
    st.integers(1, 9),
    st.none() | words,
)
size = st.integers(1, 30_000)
dpi = st.none() | st.floats(50, 1200)
scans = st.builds(Scan, words, words, st.integers(0, 999), size, size, dpi, words, st.integers(0, 1), st.none() | boxes)
pages = st.builds(
    Page,
    st.just(1),
    scans,
    st.lists(regions, max_size=3).map(tuple),
    st.sampled_from([0, 90, 180, 270]),
    st.booleans(),
    st.lists(st.builds(Step, words, words), max_size=3).map(tuple),
)


@given(st.lists(pages, min_size=1, max_size=2).map(tuple))
def test_pages_come_back_exactly_as_they_were_read(papers):
    assert unpack(pack(papers)) == papers


def test_damaged_bytes_of_a_page_are_named_as_such():
    with pytest.raises(ValueError, match="damaged"):
        unpack(pack([page(1, "通知")])[:-8])


def test_a_reading_is_kept_under_scan_place_and_recipe(catalog):
    paper = page(7, "聊发(1995)58号")
    catalog.save_reading([paper], RECIPE)
    catalog.save_reading([paper], RECIPE)
    assert catalog.reading(paper.scan.sha256, 0, RECIPE) == (replace(paper, number=1),)
    assert catalog.reading(paper.scan.sha256, 1, RECIPE) == ()
    assert catalog.reading(paper.scan.sha256, 0, "tesseract") == ()


def test_facing_pages_of_one_scan_come_back_as_two(catalog):
    left = page(1, "第一页")
    scan = replace(left.scan, area=Box(0, 0, 500, 700))
    right = replace(page(2, "第二页"), scan=replace(scan, part=1, area=Box(500, 0, 1000, 700)))
    item = replace(notice("1"), pages=(replace(left, scan=scan), right))
    catalog.save_item(item, RECIPE)
    assert catalog.item(item.id).pages == item.pages
    assert [paper.text for paper in catalog.reading(scan.sha256, 0, RECIPE)] == ["第一页", "第二页"]


def test_pages_that_hardly_read_wait_for_a_person_worst_first(catalog):
    first, second = page(1, "通知", confidence=0.95), page(2, "印章", confidence=0.4)
    blank, unread = page(3), replace(page(4, name="p04.jpg"), blank=False)
    sheets = (first, second, blank, unread)
    catalog.save_item(replace(notice("1"), pages=sheets), RECIPE)
    assert [(poor.number, poor.confidence) for poor in catalog.hardly_read(9)] == [(4, 0.0), (2, 0.4)]
    assert len(catalog.hardly_read(1)) == 1
    assert catalog.counts().hardly_read == 2


def test_a_scan_is_known_once_it_is_saved(catalog):
    assert list(catalog.scans()) == []
    catalog.save_scan("ab" * 32, "p01.jpg", 1_000_000, "image/jpeg", 1)
    catalog.save_scan("ab" * 32, "copy of p01.jpg", 1_000_000, "image/jpeg", 1)
    assert list(catalog.scans()) == [("ab" * 32, "p01.jpg")]


def test_an_item_comes_back_as_saved_after_the_archive_is_reopened(tmp_path):
    with Catalog(url_in(tmp_path)) as catalog:
        catalog.save_item(decision(), RECIPE)
    with Catalog(url_in(tmp_path)) as catalog:
        assert catalog.item("5f0c1d") == decision()
        assert catalog.item("Z109-WS·1995-Y-BGS-0001") == decision()


def test_the_same_scan_under_two_names_keeps_each_items_name(catalog):
    first = notice("a")
    paper = first.pages[0]
    second = replace(notice("b"), pages=(replace(paper, scan=replace(paper.scan, name="copy.jpg")),))
    catalog.save_item(first, RECIPE)
    catalog.save_item(second, RECIPE)
    assert [item.pages[0].scan.name for item in catalog.items()] == ["a.jpg", "copy.jpg"]


def test_saving_again_replaces_the_item_and_leaves_others_alone(catalog):
    catalog.save_item(decision(), RECIPE)
    catalog.save_item(notice("other"), RECIPE)
    changed = replace(decision(), title="[改题]", documents=decision().documents[1:], pages=decision().pages[1:])
    catalog.save_item(changed, RECIPE)
    assert catalog.item("5f0c1d") == changed
    assert catalog.item("other") == notice("other")
    assert catalog.counts().pages == 3


def test_an_item_is_kept_whole_or_not_at_all(catalog):
    catalog.save_item(decision(), RECIPE)
    catalog.finish_index_tasks(task for task, _ in catalog.index_tasks(10))
    broken = replace(decision(), title="half", documents=(replace(decision().documents[0], fields=(None,)),))
    with pytest.raises(AttributeError):
        catalog.save_item(broken, RECIPE)
    assert catalog.item("5f0c1d") == decision()
    assert catalog.index_tasks(10) == []


def test_an_unknown_item_is_named_in_the_message(catalog):
    with pytest.raises(NotFound, match="Z109-0009"):
        catalog.item("Z109-0009")


def test_a_reference_code_given_twice_asks_for_the_identifier(catalog):
    catalog.save_item(notice("a", "Z109-0001"), RECIPE)
    catalog.save_item(notice("b", "Z109-0001"), RECIPE)
    with pytest.raises(WrongCall, match="a, b"):
        catalog.item("Z109-0001")


def test_items_come_in_catalogue_order(catalog):
    for item in (
        notice("x", None, "box 10/p1"),
        notice("y", None, "box 9/p1"),
        notice("c", "Z109-WS·1995-Y-BGS-10"),
        notice("d", "Z109-WS·1995-Y-BGS-9"),
        notice("e", "Z109-WS·1995-Y-BGS-0011"),
        notice("b", "Z108-WS·2011-Y-BGS-0001"),
    ):
        catalog.save_item(item, RECIPE)
    assert ids(catalog.items()) == ["b", "d", "c", "e", "y", "x"]
    assert ids(catalog.items(["x", "c", "gone", "d", "c"])) == ["d", "c", "x"]


def test_more_items_than_fit_one_window_all_come_and_may_be_changed_meanwhile(catalog):
    for n in range(120):
        catalog.save_item(notice(f"n{n}", source=f"box 1/{n}.jpg"), RECIPE)
    found = []
    for item in catalog.items():
        found.append(item.id)
        if len(found) == 1:
            catalog.save_item(replace(item, title="changed"), RECIPE)
    assert found == [f"n{n}" for n in range(120)]


def test_a_badly_encoded_name_does_not_stop_the_catalogue(catalog):
    source = "box/\udcc4\udcea.jpg"
    catalog.save_item(notice("a", source=source), RECIPE)
    catalog.record_failure(Failure(source, 0, "open", "empty", "empty"))
    ((name, _places),) = catalog.items_of(source)
    assert name == "a"
    catalog.clear_failure(source)
    assert catalog.failures() == []


def test_a_campaign_lists_its_items_in_catalogue_order_and_goes_with_the_last(catalog):
    name = "创建全国科技工作先进市"
    plan = notice("plan", "A-1")
    plan = replace(plan, campaigns=(replace(campaign(decision().pages[1], name), confidence=0.5, name="误"),))
    catalog.save_item(decision(), RECIPE)
    catalog.save_item(plan, RECIPE)
    (found,) = catalog.campaigns()
    assert (found.name, found.items) == (name, ("plan", "5f0c1d"))
    assert found.id == decision().campaigns[0].id
    for spelling in (found.id, name, "創建全國科技工作先進市"):
        assert catalog.campaign(spelling) == found
    for item in (decision(), plan):
        catalog.save_item(replace(item, campaigns=()), RECIPE)
    assert catalog.campaigns() == ()
    with pytest.raises(NotFound, match=name):
        catalog.campaign(name)


def test_a_campaign_is_named_alike_whichever_item_came_first(tmp_path):
    sure = notice("sure")
    link = campaign(decision().pages[1], "创建全国科技工作先进市", 0.9)
    items = [replace(notice("a"), campaigns=(replace(link, name="别名", confidence=0.4),))]
    items.append(replace(sure, campaigns=(link,)))
    for order in (items, items[::-1]):
        with Catalog(url_in(tmp_path / order[0].id)) as catalog:
            for item in order:
                catalog.save_item(item, RECIPE)
            assert [found.name for found in catalog.campaigns()] == ["创建全国科技工作先进市"]


def test_every_save_queues_one_task_for_the_index(catalog):
    catalog.save_item(decision(), RECIPE)
    catalog.save_item(notice("b"), RECIPE)
    catalog.save_item(decision(), RECIPE)
    tasks = catalog.index_tasks(10)
    assert [item for _, item in tasks] == ["b", "5f0c1d"]
    assert catalog.index_tasks(1) == tasks[:1]
    catalog.finish_index_tasks(task for task, _ in tasks)
    assert catalog.index_tasks(10) == []


def test_an_item_saved_while_it_is_indexed_is_indexed_again(catalog):
    catalog.save_item(decision(), RECIPE)
    working_on = catalog.index_tasks(10)
    catalog.save_item(decision(), RECIPE)
    catalog.finish_index_tasks(task for task, _ in working_on)
    assert [item for _, item in catalog.index_tasks(10)] == ["5f0c1d"]


def test_reindexing_queues_every_item_once(catalog):
    catalog.save_item(notice("b"), RECIPE)
    catalog.save_item(decision(), RECIPE)
    catalog.finish_index_tasks(task for task, _ in catalog.index_tasks(1))
    catalog.queue_all_for_index()
    assert [item for _, item in catalog.index_tasks(10)] == ["5f0c1d", "b"]


def test_failures_stand_until_the_source_can_be_used(catalog):
    at = datetime(1995, 9, 24, 8, tzinfo=timezone(timedelta(hours=8)))
    old = Failure("box/p2.jpg", 0, "open", "empty", "The scan p2.jpg is empty.")
    new = replace(old, cause="truncated")
    catalog.record_failure(Failure("box/p1.pdf", 3, "read", "reading failed", "…"), at)
    catalog.record_failure(old, at)
    catalog.record_failure(new, at)
    assert [failure.source for failure, _ in catalog.failures()] == ["box/p1.pdf", "box/p2.jpg"]
    assert catalog.failures()[1] == (new, "1995-09-24T00:00:00+00:00")
    catalog.clear_failure("box/p1.pdf")
    assert catalog.counts().failures == {"truncated": 1}


def test_counts_say_how_much_there_is(catalog):
    catalog.save_item(decision(), RECIPE)
    catalog.save_item(notice("b"), RECIPE)
    counts = catalog.counts()
    assert (counts.items, counts.pages, counts.campaigns) == (2, 4, 1)
    assert counts.fields == {"accepted": 14, "review": 1}


def test_a_second_writer_is_told_that_the_archive_is_busy_and_readers_go_on(tmp_path):
    with Catalog(url_in(tmp_path)) as catalog:
        catalog.save_item(decision(), RECIPE)
        other = sqlite3.connect(tmp_path / "catalogue.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ArchiveBusy):
            catalog.save_item(notice("b"), RECIPE)
        assert catalog.item("5f0c1d") == decision()
        other.execute("ROLLBACK")
        other.close()
        catalog.save_item(notice("b"), RECIPE)


def test_a_catalogue_can_be_opened_while_someone_writes(tmp_path):
    Catalog(url_in(tmp_path)).close()
    other = sqlite3.connect(tmp_path / "catalogue.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Catalog(url_in(tmp_path)) as catalog:
        assert catalog.counts().items == 0
    other.close()


def test_many_threads_may_use_one_catalogue(tmp_path):
    with Catalog(f"sqlite:///{tmp_path / 'new' / 'catalogue.db'}") as catalog, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: catalog.save_item(notice(f"n{n}"), RECIPE), range(12)))
        assert len(list(pool.map(lambda n: catalog.item(f"n{n}"), range(12)))) == 12


def test_a_catalogue_of_a_newer_archivist_is_left_alone(tmp_path):
    Catalog(url_in(tmp_path)).close()
    database = sqlite3.connect(tmp_path / "catalogue.db")
    database.execute("UPDATE meta SET value = '99' WHERE name = 'schema_version'")
    database.commit()
    database.close()
    with pytest.raises(SettingsError, match="newer"):
        Catalog(url_in(tmp_path))


def test_pages_that_version_1_kept_can_still_be_read():
    paper = notice("1").pages[0]
    record = json.loads(zlib.decompress(pack([paper])))["pages"][0]
    record |= {
        "layout": 1,
        "scan": record["scan"][:7],
        "regions": [region[:-1] for region in record["regions"]],
    }
    assert unpack(zlib.compress(json.dumps(record).encode())) == (paper,)


def test_what_is_no_catalogue_is_refused_in_words(tmp_path):
    (tmp_path / "catalogue.db").write_text("not a database at all, but long enough to look at" * 40)
    (tmp_path / "folder").mkdir()
    for url in (url_in(tmp_path), f"sqlite:///{tmp_path}/folder", "no url", "nosuch://host/db"):
        with pytest.raises(SettingsError, match="catalogue"):
            Catalog(url)


@pytest.mark.skipif(find_spec("psycopg2") is not None, reason="the driver is installed here")
def test_a_missing_driver_is_named():
    with pytest.raises(NotInstalled, match="psycopg2"):
        Catalog("postgresql+psycopg2://host/db")


def test_a_damaged_catalogue_is_told_in_words(tmp_path):
    with Catalog(url_in(tmp_path)) as catalog:
        database = sqlite3.connect(tmp_path / "catalogue.db")
        database.execute("DROP TABLE failures")
        database.close()
        with pytest.raises(ArchivistError, match="failures"):
            catalog.counts()


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 3 MB, and what makes the disk larger."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(*words):
        return subprocess.run(["mount", "-t", "tmpfs", "-o", *words, "tmpfs", str(folder)], capture_output=True)

    if not shutil.which("mount") or mount("size=3m").returncode:
        pytest.skip("file systems cannot be mounted here")
    yield folder, lambda: mount("remount,size=30m")
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_told_in_words_and_nothing_kept_is_lost(small_disk):
    folder, enlarge = small_disk
    kept = []
    with Catalog(url_in(folder)) as catalog:
        with pytest.raises(ArchivistError, match="disk of the catalogue is full"):
            for n in range(2000):
                catalog.save_item(replace(decision(), id=f"i{n}", reference_code=None), f"recipe {n}")
                kept.append(f"i{n}")
        assert sorted(ids(catalog.items())) == sorted(kept)
        assert catalog.counts().items == len(kept)
        assert catalog.ledger.check().broken == ""
        enlarge()
        catalog.save_item(notice("more"), RECIPE)
        assert catalog.item("more") == notice("more")
        assert catalog.ledger.check().count == len(list(catalog.ledger.events()))
    with Catalog(url_in(folder)) as catalog:
        assert catalog.counts().items == len(kept) + 1


def test_a_folder_in_which_sqlite_cannot_keep_what_it_promises_is_refused(tmp_path):
    # Without memory that processes share there is no WAL, as in network folders; this way of locking has none.
    with pytest.raises(SettingsError, match="network folders"):
        Catalog(f"sqlite:///file:{tmp_path / 'catalogue.db'}?vfs=unix-dotfile&uri=true")


def test_a_damaged_reading_is_named_with_its_scan_and_page(tmp_path, catalog):
    catalog.save_item(notice("a"), RECIPE)
    with closing(sqlite3.connect(tmp_path / "catalogue.db")) as database:
        database.execute("UPDATE readings SET data = x'00'")
        database.commit()
    with pytest.raises(ArchivistError, match=r"page 1 of a\.jpg is damaged.*verify"):
        catalog.item("a")
