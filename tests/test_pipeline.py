"""From a box to the catalogue: everything that can be read is, everything else is told of."""

import hashlib
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image

from archivist.archive import Archive
from archivist.decisions import Decision
from archivist.describe import describe
from archivist.errors import NotInstalled, TooManyFailures
from archivist.model import Decided, Document, Failure, Page
from archivist.reading import Reading, Task, process
from archivist.settings import Settings
from archivist.text import fold
from archivist.workers import Limits, Workers, start
from tests.boxes import (
    damaged_page,
    encoded,
    locked,
    pdf,
    plan,
    png_bomb,
    put,
    scan,
    strip,
    tiff,
    tiff_bomb,
    words,
    written,
)
from tests.intake import Here, Intake

Work = Callable[[Task], Reading | Failure]


def says(text: str, number: int) -> bool:
    """Whether a page that was read says what stands on the strip."""
    plain = "".join(char for char in fold(words(number)) if char.isalnum())
    return plain in "".join(char for char in fold(text) if char.isalnum())


def test_a_box_with_every_kind_of_bad_scan_is_read_around_them(intake: Intake, tmp_path: Path) -> None:
    box = put(tmp_path / "box", p1=scan(5), p2=b"", p3=bytes(9000), p4=scan(6)[:-9000], p5=b"a text, not a picture")
    (box / "p6.jpg").write_bytes(encoded(strip(7), "PNG"))
    (box / "p7.png").write_bytes(png_bomb())
    (box / "p8.jpg").symlink_to("gone.jpg")
    (box / "p9.jpg").symlink_to("p9.jpg")
    (box / "notes.txt").write_text("what lies here")
    (box / "cut.tiff").write_bytes(tiff(8)[:40])
    (box / "bomb.tif").write_bytes(tiff_bomb())
    (box / "locked.pdf").write_bytes(locked("user", "owner"))
    (box / "cut.pdf").write_bytes(pdf(plan())[:20_000])
    (box / "dot.png").write_bytes(encoded(Image.new("L", (1, 1)), "PNG"))
    report = intake.take(box)
    assert intake.failures == {
        "p2.jpg": "empty",
        "p3.jpg": "truncated",
        "p4.jpg": "truncated",
        "p5.jpg": "wrong type",
        "p7.png": "oversized",
        "p8.jpg": "unreadable",
        "p9.jpg": "unreadable",
        "notes.txt": "not a scan",
        "cut.tiff": "truncated",
        "bomb.tif": "oversized",
        "locked.pdf": "encrypted",
        "cut.pdf": "truncated",
        "dot.png": "empty",
    }
    assert report.failed == {
        "empty": 2, "truncated": 4, "wrong type": 1, "oversized": 2, "unreadable": 2, "not a scan": 1, "encrypted": 1
    }  # fmt: skip
    assert (report.read, report.skipped, report.items) == (2, 0, 1)
    (item,) = intake.items
    assert [page.scan.name for page in item.pages] == ["p1.jpg", "p6.jpg"]
    assert says(item.pages[0].text, 5) and says(item.pages[1].text, 7)
    assert any("image/png" in step.what for step in item.pages[1].steps)
    assert any("image/png" in at.what for at in intake.told)


def test_reasons_say_what_to_do_and_name_the_scan_with_its_folder(intake: Intake, tmp_path: Path) -> None:
    intake.take(put(tmp_path / "box 7", p1=b""))
    assert intake.news == [
        "box 7/p1.jpg: FAILED: the path holds no bytes; it was not copied completely, scan or copy it again"
    ]


def test_a_second_run_reads_nothing_changes_nothing_and_forgets_nothing(intake: Intake, tmp_path: Path) -> None:
    box = put(tmp_path / "box", p1=scan(5), p2=scan(6), p3=b"")
    first = intake.take(box)
    before = intake.items
    again = intake.take(box)
    assert (first.read, first.skipped, first.items) == (2, 0, 1)
    assert (again.read, again.skipped, again.items) == (0, 2, 0)
    assert again.failed == {"empty": 1} and intake.failures == {"p3.jpg": "empty"}
    assert intake.items == before


def test_a_scan_that_was_mended_is_read_and_its_failure_forgotten(intake: Intake, tmp_path: Path) -> None:
    box = put(tmp_path / "box", p1=scan(5), p2=scan(6)[:3000])
    (box / "typo.txt").touch()
    intake.take(box)
    assert intake.failures == {"p2.jpg": "truncated", "typo.txt": "not a scan"}
    (identifier,) = [item.id for item in intake.items]
    put(box, p2=scan(6))
    (box / "typo.txt").unlink()
    assert intake.take(box).failed == {}
    assert intake.failures == {}
    (item,) = intake.items
    assert item.id == identifier
    assert [page.number for page in item.pages] == [1, 2]


def test_failures_elsewhere_are_not_forgotten(intake: Intake, tmp_path: Path) -> None:
    intake.take(put(tmp_path / "box", p1=b""))
    intake.take(put(tmp_path / "box2", p1=b"", p2=scan(5)))
    (tmp_path / "box2" / "p1.jpg").unlink()
    intake.take(tmp_path / "box2")
    assert [Path(failure.source).parent.name for failure, _at in intake.archive.catalog.failures()] == ["box"]


def test_a_page_that_comes_later_joins_its_item(intake: Intake, tmp_path: Path) -> None:
    box = put(tmp_path / "box", p1=scan(5), p10=scan(7))
    intake.take(box)
    (before,) = intake.items
    put(box, p2=scan(6))
    report = intake.take(box)
    assert (report.read, report.skipped, report.items) == (1, 2, 1)
    (item,) = intake.items
    assert item.id == before.id
    assert [(page.number, page.scan.name) for page in item.pages] == [(1, "p1.jpg"), (2, "p2.jpg"), (3, "p10.jpg")]


def test_a_page_that_cannot_be_opened_today_does_not_leave_its_item(intake: Intake, tmp_path: Path) -> None:
    box = put(tmp_path / "box", p1=scan(5), p2=scan(6))
    intake.take(box)
    before = intake.items
    put(box, p2=b"")
    assert intake.take(box).failed == {"empty": 1}
    assert intake.items == before
    (box / "p2.jpg").unlink()
    intake.take(box)
    assert [page.scan.name for page in intake.items[0].pages] == ["p1.jpg"]


def test_the_same_scan_is_read_once_whatever_it_is_called(intake: Intake, tmp_path: Path) -> None:
    box = put(tmp_path / "box", p1=scan(5), p2=scan(5), p3=scan(6))
    put(tmp_path / "other", p1=scan(6), p2=scan(7))
    report = intake.take(box, tmp_path / "other")
    assert (report.read, report.skipped, report.items) == (3, 2, 2)
    names = {Path(item.source).name: [page.scan.name for page in item.pages] for item in intake.items}
    assert names == {"box": ["p1.jpg", "p2.jpg", "p3.jpg"], "other": ["p1.jpg", "p2.jpg"]}
    assert len(list(intake.archive.store.digests())) == 3


def test_a_copy_of_a_box_adds_no_item(intake: Intake, tmp_path: Path) -> None:
    intake.take(put(tmp_path / "box", p1=scan(5), p2=scan(6)))
    before = intake.items
    report = intake.take(put(tmp_path / "copy", a1=scan(5), a2=scan(6)))
    assert (report.read, report.skipped, report.items) == (0, 2, 0)
    assert intake.items == before


def test_boxes_that_overlap_give_each_item_once(intake: Intake, tmp_path: Path) -> None:
    put(tmp_path / "box" / "a", p1=scan(5))
    put(tmp_path / "box" / "b", p1=scan(6))
    intake.take(tmp_path / "box" / "a")
    report = intake.take(tmp_path / "box", tmp_path / "box" / "b")
    assert (report.read, report.skipped, report.items) == (1, 1, 1)
    assert [Path(item.source).name for item in intake.items] == ["a", "b"]


def test_an_item_is_called_the_same_on_every_machine(intake: Intake, tmp_path: Path) -> None:
    intake.take(put(tmp_path / "here", p1=scan(5), p2=scan(6)))
    with Archive(Settings(folder=tmp_path / "there", workers=1), create=True) as archive:
        elsewhere = Intake(archive)
        elsewhere.take(put(tmp_path / "copied", q1=scan(5), q2=scan(6)))
        assert [item.id for item in elsewhere.items] == [item.id for item in intake.items]


def test_sources_are_whole_paths_however_the_box_was_named(
    intake: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "box", p1=scan(5))
    monkeypatch.chdir(tmp_path)
    intake.take(Path("box"))
    assert intake.take(Path("archive/../box")).items == 0
    assert [item.source for item in intake.items] == [(tmp_path / "box").as_posix()]


def test_originals_are_kept_byte_for_byte(intake: Intake, tmp_path: Path) -> None:
    scans = [scan(5), encoded(strip(6), "PNG"), tiff(7, 8)]
    box = put(tmp_path / "box", p1=scans[0], p2=scans[1])
    (box / "last.tif").write_bytes(scans[2])
    intake.take(box)
    assert {hashlib.sha256(data).hexdigest() for data in scans} == set(intake.archive.store.digests())
    assert all(intake.archive.store.get(hashlib.sha256(data).hexdigest()) == data for data in scans)


def test_a_damaged_page_of_a_tiff_is_one_failure_among_pages_that_are_read(intake: Intake, tmp_path: Path) -> None:
    path = tmp_path / "three.tif"
    path.write_bytes(damaged_page(tiff(5, 6, 7), 1))
    report = intake.take(path)
    assert (report.read, report.failed) == (2, {"truncated": 1})
    assert intake.failures == {"three.tif#1": "truncated"}
    (item,) = intake.items
    assert [page.scan.index for page in item.pages] == [0, 2]
    assert says(item.pages[0].text, 5) and says(item.pages[1].text, 7)
    assert intake.take(path).items == 0


def test_tiffs_of_many_pages_side_by_side_are_items_and_single_ones_the_pages_of_one(
    intake: Intake, tmp_path: Path
) -> None:
    for folder, pages in (("many", [(5, 6), (7, 8)]), ("single", [(9,), (10,)])):
        (tmp_path / "box" / folder).mkdir(parents=True)
        for number, numbers in enumerate(pages, 1):
            (tmp_path / "box" / folder / f"{number:03}.tif").write_bytes(tiff(*numbers))
    intake.take(tmp_path / "box")
    assert {name: len(pages) for name, pages in intake.texts().items()} == {"001.tif": 2, "002.tif": 2, "single": 2}


def test_a_pdf_gives_its_text_and_the_page_that_is_a_scan_is_read(intake: Intake, tmp_path: Path) -> None:
    document = plan()
    with pikepdf.open(io.BytesIO(encoded(strip(5), "PDF", resolution=240, quality=90))) as scanned:
        document.pages.extend(scanned.pages)
    (tmp_path / "mixed.pdf").write_bytes(pdf(document))
    (tmp_path / "garbage.pdf").write_bytes(written("创建全国科技工作先进市".encode("gbk")))
    report = intake.take(tmp_path / "mixed.pdf", tmp_path / "garbage.pdf")
    assert (report.read, report.failed) == (3, {})
    garbage, mixed = intake.items
    assert [line.method for line in mixed.pages[0].lines][:3] == ["text-layer"] * 3
    assert says(mixed.pages[1].text, 5)
    assert all(line.method != "text-layer" for line in garbage.pages[0].lines)


def test_a_fax_is_read_as_it_is_on_paper_with_boxes_in_its_own_pixels(intake: Intake, tmp_path: Path) -> None:
    image = strip(5)
    squashed = image.convert("L").resize((image.width, image.height // 2)).point(lambda level: 255 * (level > 120))
    (tmp_path / "fax.tif").write_bytes(encoded(squashed.convert("1"), "TIFF", compression="group4", dpi=(240, 120)))
    intake.take(tmp_path / "fax.tif")
    (page,) = intake.items[0].pages
    assert says(page.text, 5)
    assert (page.scan.width, page.scan.height) == squashed.size
    line = max(page.lines, key=lambda line: len(line.glyphs))
    assert 0 <= line.box.top < line.box.bottom <= squashed.height
    assert line.glyphs[-1].box.right > 0.8 * image.width


def test_blank_and_black_sheets_are_pages(intake: Intake, tmp_path: Path) -> None:
    sheets = {
        f"p{place}": encoded(Image.new("RGB", (600, 800), colour)) for place, colour in enumerate(("white", "black"))
    }
    report = intake.take(put(tmp_path / "box", **sheets))
    assert (report.read, report.failed) == (2, {})
    white, black = intake.items[0].pages
    assert (white.blank, black.blank) == (True, False)
    assert white.text == black.text == ""


def test_an_item_that_says_nothing_is_called_as_its_folder_or_scan_is(intake: Intake, tmp_path: Path) -> None:
    sheet = encoded(Image.new("RGB", (600, 800), "white"))
    put(tmp_path / "box" / "Z109.D30-0001", p1=sheet)
    put(tmp_path / "box", **{"封 面": encoded(Image.new("RGB", (601, 800), "white"))})
    intake.take(tmp_path / "box")
    assert {item.title for item in intake.items} == {"[Z109.D30-0001]", "[封 面]"}


def test_names_of_any_kind_pass_through_to_the_catalogue(intake: Intake, tmp_path: Path) -> None:
    sheet = Image.new("RGB", (64, 64), "white")
    names = ["我的 \"扫描\" '一'.png", "line\nbreak.png", os.fsdecode(b"\xb9\xab\xce\xc4.png"), "长" * 82 + ".png"]
    (tmp_path / "box").mkdir()
    for place, name in enumerate(names):
        sheet.putpixel((place, 0), (250, 250, 250))
        (tmp_path / "box" / name).write_bytes(encoded(sheet, "PNG"))
    assert intake.take(tmp_path / "box").read == 4
    assert intake.take(tmp_path / "box").skipped == 4
    assert len(intake.items) == 4
    assert all(item.title.isprintable() and item.pages[0].scan.name.isprintable() for item in intake.items)
    assert all("\n" not in line for line in intake.news)


def test_what_a_manifest_says_stands_in_the_catalogue_and_may_be_corrected(intake: Intake, tmp_path: Path) -> None:
    box = put(tmp_path / "box", a=scan(5), b=scan(6), c=scan(7))
    (box / "manifest.csv").write_text(
        "路径,档号,题名\nb.jpg,Z109-1,关于先进乡镇的通知\na.jpg,Z109-1,\nmissing.jpg,Z109-2,\n", "gbk"
    )
    report = intake.take(box)
    assert (report.read, report.items, report.failed) == (3, 2, {"manifest": 1})
    item = intake.archive.catalog.item("Z109-1")
    assert item.title == "关于先进乡镇的通知"
    assert [page.scan.name for page in item.pages] == ["b.jpg", "a.jpg"]
    (box / "manifest.csv").write_text("路径,档号,题名\nb.jpg,Z109-1,新题名\na.jpg,Z109-1,\n", "utf-8-sig")
    report = intake.take(box)
    assert (report.read, report.items, report.failed, intake.failures) == (0, 1, {}, {})
    assert intake.archive.catalog.item(item.id).title == "新题名"


def test_a_batch_in_which_most_fails_is_stopped_and_keeps_what_was_read(intake: Intake, tmp_path: Path) -> None:
    put(tmp_path / "a", p1=scan(5))
    box = put(tmp_path / "b", **{f"p{number}": b"" for number in range(80)})
    with pytest.raises(TooManyFailures, match="archivist status"):
        intake.take(tmp_path / "a", box)
    assert 40 < len(intake.failures) < 60
    intake.take(tmp_path / "a")
    assert [Path(item.source).name for item in intake.items] == ["a"]


def test_a_run_that_broke_off_is_finished_by_the_next(intake: Intake, tmp_path: Path) -> None:
    put(tmp_path / "box" / "a", p1=scan(5), p2=scan(6))
    put(tmp_path / "box" / "b", p1=scan(7))

    def tired(work: Work, task: Task) -> Reading | Failure:
        if task.source.endswith("b/p1.jpg"):
            raise KeyboardInterrupt
        return work(task)

    with pytest.raises(KeyboardInterrupt):
        intake.take(tmp_path / "box", start=lambda _where, _limits: Workers([Here(tired)]))
    report = intake.take(tmp_path / "box")
    assert report.read + report.skipped == 3
    assert report.failed == {}
    assert [len(item.pages) for item in intake.items] == [2, 1]


def test_a_reader_that_is_not_installed_ends_the_run_in_words(
    intake: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(threads: int, with_second: bool) -> None:
        raise NotInstalled("Tesseract is not installed: apt-get install tesseract-ocr")

    monkeypatch.setattr("archivist.reading.readers", absent)
    with pytest.raises(NotInstalled, match="apt-get"):
        intake.take(put(tmp_path / "box", p1=scan(5)))
    monkeypatch.undo()
    assert intake.take(tmp_path / "box").read == 1


@pytest.mark.parametrize("error", [MemoryError(), RecursionError(), KeyError("x"), ValueError("\n"), AssertionError()])
def test_no_error_of_a_page_leaves_the_worker_as_an_error(
    intake: Intake, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(*_what: object) -> Page:
        raise error

    digest = intake.archive.store.put(scan(5))
    monkeypatch.setattr("archivist.reading.open_page", broken)
    task = Task(intake.archive.settings.store, digest, 0, "p1.jpg", "/box/p1.jpg", True)
    result = process(task)
    assert isinstance(result, Failure)
    cause = "too much memory" if isinstance(error, MemoryError) else "reading failed"
    assert (result.cause, result.source, result.index) == (cause, "/box/p1.jpg", 0)
    assert result.message


def test_a_heap_of_other_files_among_the_scans_does_not_stop_the_run(intake: Intake, tmp_path: Path) -> None:
    box = put(tmp_path / "box", p1=scan(5))
    for number in range(60):
        (box / f"note{number}.txt").write_text("no scan")
    report = intake.take(box)
    assert (report.read, report.failed) == (1, {"not a scan": 60})


def test_pages_keep_their_numbers_where_one_between_them_cannot_be_read(intake: Intake, tmp_path: Path) -> None:
    box = put(tmp_path / "box", p1=scan(5), p2=scan(6)[:900], p3=scan(7))
    intake.take(box)
    (item,) = intake.items
    assert [(page.number, page.scan.name) for page in item.pages] == [(1, "p1.jpg"), (3, "p3.jpg")]


def test_an_item_no_rule_can_describe_is_kept_with_its_text_and_described_when_that_is_mended(
    intake: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = put(tmp_path / "box", p1=scan(5))
    with monkeypatch.context() as broken:
        broken.setattr("archivist.entry.describe", lambda *given: 1 / 0)
        assert intake.take(box).failed == {"describing failed": 1}
    (item,) = intake.archive.catalog.items()
    assert (item.title, len(item.pages), item.documents) == ("[box]", 1, ())
    assert "can be searched" in intake.archive.catalog.failures()[0][0].message
    report = intake.take(box)
    assert (report.failed, report.read, report.items) == ({}, 0, 1)
    assert intake.archive.catalog.failures() == []


def test_what_is_decided_while_a_box_is_taken_in_is_heeded(
    intake: Intake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = put(tmp_path / "box", p1=scan(5), p2=scan(6))
    waits = [Decided("王芳", "2026-11-22T10:00:00+00:00")]

    def meanwhile(pages: Sequence[Page], *given: Any) -> tuple[Document, ...]:
        if waits:
            intake.archive.catalog.decide([Decision("boundary", pages[1].place, "begins", {}, waits.pop())])
        return describe(pages, *given)

    monkeypatch.setattr("archivist.entry.describe", meanwhile)
    assert intake.take(box).items == 2
    assert [len(item.pages) for item in intake.items] == [1, 1]


def _deadly(task: Task) -> Page | Failure:
    """Read a page, unless it is the one on which the program dies."""
    if task.name == "p2.jpg":
        os.kill(os.getpid(), signal.SIGKILL)
    return Failure(task.source, task.index, "read", "reading failed", "not read in this test")


def test_a_page_on_which_the_program_dies_is_one_failure(intake: Intake, tmp_path: Path) -> None:
    def mortal(where: int | str, limits: Limits) -> Workers:
        processes = start(where, limits)
        one_by_one = Here(lambda _work, task: processes.submit(_deadly, task).result())
        return Workers([one_by_one, one_by_one], release=processes.close)

    box = put(tmp_path / "box", p1=scan(5), p2=scan(6), p3=scan(7))
    report = intake.take(box, start=mortal)
    assert report.failed == {"reading failed": 3}
    messages = {Path(failure.source).name: failure.message for failure, _at in intake.archive.catalog.failures()}
    assert messages.pop("p2.jpg").startswith("the page ended the program")
    assert set(messages.values()) == {"not read in this test"}


def test_workers_end_with_a_program_that_is_killed() -> None:
    script = (
        "import os, time; from archivist.workers import Limits, start; pool = start(1, Limits(900, 1 << 40)); "
        "print(pool.submit(os.path.realpath, '/proc/self').result().rpartition('/')[2], flush=True); "
        "pool.submit(time.sleep, 600).result()"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        worker = int(program.stdout.readline())
        program.kill()
    patience = time.monotonic() + 30
    while _alive(worker) and time.monotonic() < patience:
        time.sleep(0.02)
    assert not _alive(worker)


def _alive(process: int) -> bool:
    """Whether a process of another parent runs; a dead one may wait for its new parent to notice."""
    try:
        os.kill(process, 0)
        status = Path(f"/proc/{process}/stat")
        return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
