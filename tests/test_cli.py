"""The command line: what it says, and what it ends with."""

import json
import os
import re
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from archivist import __version__
from archivist.archive import Archive
from archivist.settings import Settings, load
from tests.boxes import locked, put, scan
from tests.command import Call, run, started
from tests.intake import Intake
from tests.items import decision, notice, page

COMMANDS = ("ingest", "search", "show", "campaigns", "review", "export", "verify", "reindex", "status")


def test_help_names_every_command_and_each_has_help_of_its_own(archivist: Call) -> None:
    overview = archivist("--help")
    assert overview.code == 0
    assert all(f"  {command} " in overview.out for command in COMMANDS)
    for command in COMMANDS:
        answer = archivist(command, "--help")
        assert answer.code == 0 and "--archive" in answer.out


def test_it_says_which_version_it_is(archivist: Call) -> None:
    assert __version__ in archivist("--version").out


@pytest.mark.parametrize(
    "words",
    [
        ["dance"],
        ["ingest"],
        ["search"],
        ["search", "x", "--limit", "0"],
        ["search", "x", "--colour"],
        ["export", "parchment"],
        ["export", "xlsx", "-o", "no/such/folder/c.xlsx"],
        ["show", "nothing"],
        ["campaigns", "nothing"],
        ["search", "。"],
    ],
    ids=" ".join,
)
def test_a_wrong_call_ends_with_2_and_a_sentence(archivist: Call, small_archive: Path, words: list[str]) -> None:
    words = words if words in (["dance"], ["ingest"]) else [*words, "--archive", str(small_archive)]
    answer = archivist(*words)
    assert answer.code == 2, answer
    assert "Error" in answer.err and "Traceback" not in answer.err and not answer.out


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "ingest"])
def test_before_anything_was_ingested_every_command_says_how_to_begin(
    archivist: Call, tmp_path: Path, command: str
) -> None:
    needed = {"search": ["x"], "show": ["x"], "export": ["xlsx"]}.get(command, [])
    for folder in (tmp_path, tmp_path / "absent"):
        answer = archivist(command, *needed, "--archive", folder)
        assert answer.code == 2
        assert "archivist ingest" in answer.err
    assert not list(tmp_path.iterdir())


def test_a_misspelt_path_makes_no_archive(archivist: Call, tmp_path: Path) -> None:
    answer = archivist("ingest", tmp_path / "scnas", "--archive", tmp_path / "archive")
    assert answer.code == 2
    assert "scnas" in answer.err
    assert not list(tmp_path.iterdir())


def test_a_settings_file_that_cannot_be_meant_ends_with_2(archivist: Call, tmp_path: Path) -> None:
    (tmp_path / "archivist.toml").write_text("workres = 2\n")
    answer = archivist("status", "--archive", tmp_path)
    assert answer.code == 2 and "workres" in answer.err


def test_a_manifest_that_cannot_be_followed_ends_with_2_before_anything_is_read(
    archivist: Call, tmp_path: Path
) -> None:
    box = put(tmp_path / "box", p1=scan(5))
    (box / "manifest.csv").write_text("title\nx\n")
    answer = archivist("ingest", box, "--archive", tmp_path / "archive")
    assert answer.code == 2 and "路径" in answer.err
    assert "0 items, 0 pages" in archivist("status", "--archive", tmp_path / "archive").out


def test_a_box_without_scans_is_told(archivist: Call, tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    answer = archivist("ingest", tmp_path / "box", "--archive", tmp_path / "archive")
    assert answer.code == 0
    assert "No scan was found" in answer.err


def test_bad_scans_are_counted_by_cause_and_end_with_1(archivist: Call, tmp_path: Path) -> None:
    box = put(tmp_path / "box", p1=b"", p2=b"text")
    (box / "p3.pdf").write_bytes(locked("user", "owner"))
    answer = archivist("ingest", box, tmp_path / "typo", "--archive", tmp_path / "archive")
    assert answer.code == 1
    assert answer.out == "0 pages read, 0 skipped as already read, 0 items new or changed\n"
    assert answer.err.splitlines()[-1] == "4 failed: empty 1, encrypted 1, missing 1, wrong type 1"
    assert answer.err.count("FAILED: ") == 4
    status = archivist("status", "--archive", tmp_path / "archive").out
    assert "0 items, 0 pages" in status and status.count("box/p") == 3 and "asks for a password" in status


def test_a_terminal_shows_a_bar_and_failures_whatever_the_scans_are_called(
    archivist: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = put(tmp_path / "box[", **{"red]p1": b"", "[bold]p2": b""})
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda _stream: True)
    answer = archivist("ingest", box, "--archive", tmp_path / "archive")
    assert answer.code == 1
    shown = " ".join(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", answer.err).split())
    assert "2/2" in shown
    assert "box[/red]p1.jpg: FAILED: the path holds no bytes" in shown
    assert "box[/[bold]p2.jpg: FAILED: the path holds no bytes" in shown


def test_when_most_fails_it_stops_and_ends_with_4(archivist: Call, tmp_path: Path) -> None:
    box = put(tmp_path / "box", **{f"p{number}": b"" for number in range(60)})
    answer = archivist("ingest", box, "--archive", tmp_path / "archive")
    assert answer.code == 4
    assert "archivist status" in answer.err


def test_search_marks_what_it_found_and_says_on_which_page(archivist: Call, small_archive: Path) -> None:
    answer = archivist("search", "聊發〔1995〕58號", "--archive", small_archive)
    assert answer.code == 0
    assert answer.out.startswith("1 found")
    assert "关于创建全国科技工作先进市的决定" in answer.out
    assert "p. 2: " in answer.out and "【" in answer.out
    assert archivist("search", "农业机械化", "--archive", small_archive).out.startswith("Nothing found")


def test_search_for_machines_is_one_object_with_boxes(archivist: Call, small_archive: Path) -> None:
    found = json.loads(archivist("search", "先进市", "--json", "--archive", small_archive).out)
    assert (found["query"], found["total"]) == ("先进市", 1)
    (hit,) = found["hits"]
    passage = hit["passages"][0]
    start, end = passage["marks"][0]
    assert passage["snippet"][start:end] == "先进市"
    assert all(len(box) == 4 for box in passage["boxes"])
    assert json.loads(archivist("show", hit["item"], "--json", "--archive", small_archive).out)["title"] == hit["title"]


def test_show_sets_each_value_beside_its_ink(archivist: Call, small_archive: Path) -> None:
    item = json.loads(archivist("search", "先进市", "--json", "--archive", small_archive).out)["hits"][0]["item"]
    answer = archivist("show", item, "--text", "--archive", small_archive)
    assert answer.code == 0
    assert "批文封签" in answer.out and "1995-09-24" in answer.out
    assert "page 2: p02.jpg" in answer.out


def test_campaigns_and_review_list_what_there_is(archivist: Call, small_archive: Path) -> None:
    campaigns = archivist("campaigns", "--archive", small_archive).out
    assert "创建全国科技工作先进市" in campaigns
    one = archivist("campaigns", "创建全国科技工作先进市", "--archive", small_archive).out
    assert "关于创建全国科技工作先进市的决定" in one
    assert archivist("review", "--archive", small_archive).code == 0


def test_a_page_that_hardly_reads_waits_for_review(archivist: Call, tmp_path: Path) -> None:
    unread = replace(page(2, name="p02.jpg"), blank=False)
    with Archive(Settings(folder=tmp_path / "archive"), create=True) as archive:
        archive.catalog.save_item(replace(notice("1"), pages=(page(1, "通知"), unread), documents=()), "test")
    assert "p02.jpg hardly reads" in archivist("review", "--archive", tmp_path / "archive").out
    assert "1 pages" in archivist("status", "--archive", tmp_path / "archive").out


def test_pages_that_hardly_read_do_not_crowd_out_what_can_be_decided(archivist: Call, tmp_path: Path) -> None:
    unread = [replace(page(number, name=f"p{number:02}.jpg"), blank=False) for number in range(1, 7)]
    with Archive(Settings(folder=tmp_path / "archive"), create=True) as archive:
        archive.catalog.save_item(replace(notice("1"), pages=tuple(unread), documents=()), "test")
        archive.catalog.save_item(decision(), "test")
        assert archive.catalog.waiting(9)
    at = ("--archive", tmp_path / "archive")
    listed = json.loads(archivist("review", "--limit", "2", "--json", *at).out)
    assert [one["sort"] for one in listed] == ["page", "value"]
    listed = json.loads(archivist("review", "--limit", "6", "--json", *at).out)
    assert [one["sort"] for one in listed] == ["page"] * 5 + ["value"]


@pytest.mark.parametrize("format", ["xlsx", "csv", "jsonl"])
def test_each_format_is_written_where_it_is_asked_for(
    archivist: Call, small_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert archivist("export", format, "--archive", small_archive).out == f"2 items written to catalogue.{format}\n"
    assert archivist("export", format, "-o", "other", "--archive", small_archive).code == 0
    assert {path.name for path in tmp_path.iterdir()} == {f"catalogue.{format}", "other"}


def test_verify_finds_a_damaged_original_and_ends_with_1(archivist: Call, intake: Intake, tmp_path: Path) -> None:
    intake.take(put(tmp_path / "box", p1=scan(5)))
    assert archivist("verify", "--archive", tmp_path / "archive").code == 0
    (digest,) = intake.archive.store.digests()
    (path,) = (tmp_path / "archive").rglob(digest)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    answer = archivist("verify", "--archive", tmp_path / "archive")
    assert answer.code == 1
    assert "1 originals checked, 1 missing or changed" in answer.out and "p1.jpg" in answer.err


def test_an_index_that_was_lost_is_found_out_and_made_anew(archivist: Call, intake: Intake, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    intake.take(put(tmp_path / "box", p1=scan(5)))
    intake.archive.index.clear()
    answer = archivist("verify", "--no-repair", "--archive", archive)
    assert answer.code == 1 and "the search index: it is lost" in answer.err
    assert archivist("reindex", "--archive", archive).out == "1 items indexed\n"
    assert archivist("verify", "--archive", archive).code == 0


def test_text_that_a_console_cannot_show_does_not_end_the_work(small_archive: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONIOENCODING", "latin-1")
        answer = run("search", "先进市", "--archive", small_archive, cwd=tmp_path)
    assert answer.code == 0 and "\\u5148" in answer.out


def test_interrupted_work_leaves_a_sound_archive_and_the_same_call_finishes_it(archivist: Call, tmp_path: Path) -> None:
    for number in range(5, 12):
        put(tmp_path / "box" / str(number), p1=scan(number))
    archive = tmp_path / "archive"
    archive.mkdir()
    (archive / "archivist.toml").write_text("workers = 1\n")
    with started("ingest", "box", cwd=tmp_path) as process:
        assert process.stderr
        for line in process.stderr:
            if line.rstrip().endswith(": read"):
                break
        # As a terminal does it: the workers get it too.
        os.killpg(process.pid, signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert rest.splitlines()[-1].startswith("Stopped.") and "Traceback" not in rest
    assert archivist("verify", "--archive", archive).code == 0
    with Archive(load(archive)) as rooms:
        intake = Intake(rooms)
        intake.check()
        report = intake.take(tmp_path / "box")
        assert report.read + report.skipped == len(intake.items) == 7
        assert report.skipped >= 1
        assert not intake.failures


def test_a_reader_of_the_output_may_stop_early(small_archive: Path, tmp_path: Path) -> None:
    with started("search", "先进", "--json", "--archive", small_archive, cwd=tmp_path) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        said = process.stderr.read()
    assert "Traceback" not in said
