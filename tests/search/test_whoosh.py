import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from archivist import definitions
from archivist.errors import ArchiveBusy, ArchivistError
from archivist.search.document import SearchDocument
from archivist.search.query import parse
from archivist.search.whoosh import IndexUnusable, WhooshIndex

PAPER = SearchDocument("1", "决定", ("关于科技的决定",))


@pytest.fixture
def index(tmp_path):
    index = WhooshIndex(tmp_path / "index")
    index.add([PAPER, SearchDocument("2", "通知", ("学习通知",))])
    yield index
    index.close()


def test_the_definition_is_what_its_schema_says():
    jsonschema.validate(definitions.load("index/fields.yaml"), definitions.load("index/fields.schema.json"))


def test_a_folder_without_an_index_is_empty_and_stays_untouched(tmp_path):
    index = WhooshIndex(tmp_path / "none")
    assert index.count() == 0
    assert index.search(parse("科技")).total == 0
    index.delete(["1"])
    index.optimize()
    assert not (tmp_path / "none").exists()


def test_a_second_writer_is_told_to_wait(index, tmp_path):
    holder = (
        "import fcntl, sys; lock = open(sys.argv[1], 'w'); fcntl.flock(lock, fcntl.LOCK_EX);"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, tmp_path / "index" / "WRITELOCK"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout.readline() == b"held\n"
        for write in (lambda: index.add([PAPER]), lambda: index.delete(["1"]), index.optimize, index.clear):
            with pytest.raises(ArchiveBusy):
                write()
        assert index.search(parse("科技")).total == 1, "searching goes on"
        index.add([])
        index.delete([])
        other.communicate()
    index.delete(["1"])
    assert index.count() == 1


def unusable(folder: Path) -> None:
    again = WhooshIndex(folder)
    for use in (lambda: again.search(parse("科技")), again.count, lambda: again.add([PAPER])):
        with pytest.raises(IndexUnusable, match="archivist reindex"):
            use()
    assert issubclass(IndexUnusable, ArchivistError)
    again.clear()
    again.add([PAPER])
    assert again.search(parse("科技")).total == 1
    again.close()


def test_an_index_of_another_version_asks_for_reindex(index, tmp_path):
    index.close()
    (tmp_path / "index" / "definition.json").write_text('{"format": 0}')
    unusable(tmp_path / "index")


@pytest.mark.parametrize(
    ("ending", "damage"),
    [
        (".toc", "cut"),
        (".toc", "garbage"),
        (".trm", "cut"),
        (".trm", "garbage"),
        (".trm", "gone"),
    ],
)
def test_a_damaged_index_asks_for_reindex(index, tmp_path, ending, damage):
    index.close()
    (path,) = (path for path in (tmp_path / "index").iterdir() if path.suffix == ending)
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:20] if damage == "cut" else b"\x07" * 400)
    unusable(tmp_path / "index")


def test_what_a_killed_writer_left_behind_does_no_harm(index, tmp_path):
    folder = tmp_path / "index"
    (folder / "MAIN_0123456789abcdef.trm").write_bytes(b"half")
    (folder / "MAIN.tmp").mkdir()
    (folder / "MAIN.tmp" / "x.ctmp").write_bytes(b"half")
    index.add([SearchDocument("3", "", ("三",))])
    assert index.count() == 3
    assert not (folder / "MAIN_0123456789abcdef.trm").exists()
    assert not (folder / "MAIN.tmp").exists()


def test_long_lists_of_postings_are_kept_and_merged(tmp_path):
    index = WhooshIndex(tmp_path)
    for part in range(3):
        index.add(SearchDocument(f"{part}-{n:03}", "", (f"同文{n}号" + "文" * (n % 7),)) for n in range(300))
    index.delete(f"1-{n:03}" for n in range(0, 300, 3))
    for _ in range(2):
        assert index.search(parse("同文")).total == 800
        assert index.search(parse("同")).total == 800
        assert index.search(parse("同文299号")).total == 2 + (299 % 3 != 0)
        assert index.search(parse("同文299号文文文文文")).total == 3
        index.optimize()
    index.close()
