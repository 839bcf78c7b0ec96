"""What only the engine in Tantivy has: its folder, what it does about damage, and how it puts equal points in order."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archivist.errors import ArchivistError, IndexUnusable, NotInstalled
from archivist.search.clauses import All, Any, Everything, Filter, Holds, Some
from archivist.search.document import SearchDocument
from tests.search import drawing
from tests.search.papers import ALL, DECISION, NOTICE, found, word

pytest.importorskip("tantivy", reason='tantivy is not installed: pip install "archivist[tantivy]"')

from archivist.search.tantivy import TantivyIndex, queries, reading
from archivist.search.tantivy import folder as kept


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def index(folder: Path) -> Iterator[TantivyIndex]:
    index = TantivyIndex(folder)
    index.add([DECISION])
    index.add([NOTICE])
    yield index
    index.close()


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tantivy", None)
    monkeypatch.delitem(sys.modules, "archivist.search.tantivy")
    with pytest.raises(NotInstalled, match=r"pip install .archivist\[tantivy\]"):
        __import__("archivist.search.tantivy")


def test_a_folder_without_an_index_is_empty_and_stays_untouched(folder: Path) -> None:
    index = TantivyIndex(folder)
    assert index.count() == 0
    assert found(index, "科技") == []
    index.delete(["1"])
    index.optimize()
    index.check()
    assert not folder.exists()


@pytest.mark.parametrize(("ways", "levels", "near"), [(12, 10, 200), (12, 0, 200), (0, 0, 0), (0, 10, 3)])
def test_of_equal_points_the_oldest_come_first_although_they_are_many(
    folder: Path, monkeypatch: pytest.MonkeyPatch, ways: int, levels: int, near: int
) -> None:
    """Tantivy orders by points or by a field; with few papers, the contract never sees how both come together."""
    monkeypatch.setattr(reading, "_AHEAD", 0)
    monkeypatch.setattr(reading, "_LEVELS", levels)
    monkeypatch.setattr(reading, "_NEAR", near)
    monkeypatch.setattr(queries, "_WAYS", ways)
    drawing.equals_the_scan(partial(TantivyIndex, folder), examples=30)


def test_pages_of_equal_points_follow_each_other(folder: Path) -> None:
    index = TantivyIndex(folder)
    papers = [
        SearchDocument(
            f"{n:03}", "科技" * (n % 5 == 0), ("科技决定", "會議" * (n % 2)), date=f"19{60 + n * 7 % 40}-01-01"
        )
        for n in range(600)
    ]
    for start in range(0, 600, 150):
        index.add(papers[start : start + 150])
    for clause in (
        word("科技"),
        All((word("科技"), word("决定"), word("会议"))),
        Some(1, (word("科技"), word("决定"), word("会议"), word("会"), word("议"), word("技"))),
        Any((word("会议"), Filter(word("科技")))),
    ):
        whole = index.search(clause, 600).hits
        pages = [hit for start in range(0, 600, 70) for hit in index.search(clause, 70, start).hits]
        assert pages == list(whole)
        by_date = {hit: paper for paper in papers for hit in whole if hit.item_id == paper.id}
        assert pages == sorted(pages, key=lambda hit: (-hit.score, by_date[hit].date, hit.item_id))
    index.close()


def test_values_are_counted_however_many_there_are(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = TantivyIndex(folder)
    index.add(SearchDocument(f"{n}", "决定", ("文",), agencies=(f"机关{n % 30}", "委")) for n in range(100))
    at_once = index.search(word("文"), 0, facets={"agencies": 5}).facets
    monkeypatch.setattr(reading, "_VALUES", 2)
    assert index.search(word("文"), 0, facets={"agencies": 5}).facets == at_once
    assert at_once == {"agencies": (("委", 100), ("机关0", 4), ("机关1", 4), ("机关2", 4), ("机关3", 4))}
    index.close()


def test_more_values_are_counted_than_tantivy_counts_in_one_go(folder: Path) -> None:
    index = TantivyIndex(folder)
    many = tuple(f"{n:05}" for n in range(40_000))
    index.add([SearchDocument("1", "", (), agencies=many, forms=many), SearchDocument("2", "", (), agencies=many[7:8])])
    counted = index.search(Everything(), 0, facets={"agencies": 2, "forms": 1, "state": 1}).facets
    assert counted == {"agencies": (("00007", 2), ("00000", 1)), "forms": (("00000", 1),), "state": (("accepted", 2),)}
    index.close()


def unusable(index: TantivyIndex) -> None:
    uses: tuple[Callable[[], object], ...] = (
        lambda: index.search(Everything()),
        index.count,
        lambda: list(index.ids()),
        lambda: index.has("a-decision"),
        index.check,
        index.optimize,
        lambda: index.add([DECISION]),
    )
    for use in uses:
        with pytest.raises(IndexUnusable, match="archivist reindex"):
            use()


def test_an_index_of_another_version_asks_for_reindex(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr("archivist.search.tantivy._FORMAT", 0)
        index = TantivyIndex(folder)
        index.add([DECISION])
        index.close()
    index = TantivyIndex(folder)
    unusable(index)
    assert index.rebuild([NOTICE]) == 1
    assert found(index, Everything()) == ["b-notice"]
    index.close()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an index of several segments with deleted documents."""
    folder = tmp_path_factory.mktemp("sound")
    index = TantivyIndex(folder)
    for paper in ALL:
        index.add([paper, SearchDocument(f"{paper.id}-2", "又", ("又一件" * 300,))])
    index.delete(["a-decision-2"])
    index.check()
    index.close()
    return folder


def answers(index: TantivyIndex) -> list[object]:
    """What can be asked of an index, and what it answers."""
    clauses = (word("科技"), word("又"), word("聊城市委"), Holds("numbers", ("聊发(1995)000058号",)), Everything())
    return [index.count(), list(index.ids()), *(index.search(clause, facets={"year": 9}) for clause in clauses)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_damage_is_taken_for_an_answer(sound: Path, tmp_path: Path, data: st.DataObject) -> None:
    folder = Path(mkdtemp(dir=tmp_path)) / "index"
    shutil.copytree(sound, folder)
    index = TantivyIndex(folder)
    if data.draw(st.booleans(), "open before"):
        answers(index)
    inside = (path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    path = data.draw(st.sampled_from(sorted(path for path in inside if path.suffix != ".lock")))
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    match data.draw(st.sampled_from(["flip", "cut", "longer", "gone"])):
        case "flip":
            content[at] ^= data.draw(st.integers(1, 255))
            path.write_bytes(content)
        case "cut":
            path.write_bytes(content[:at])
        case "longer":
            path.write_bytes(content + content[at:])
        case "gone" if path.name != "CONTENTS":
            path.unlink()
        case _:
            path.write_bytes(b"")
    unusable(index)
    assert index.rebuild(ALL) == len(ALL)
    index.check()
    assert sorted(index.ids()) == sorted(paper.id for paper in ALL)
    index.close()


def test_in_a_large_index_a_shorter_file_is_seen_at_once_and_a_changed_byte_when_asked(
    folder: Path, index: TantivyIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_READ_AT_ONCE", 0)
    path = max(folder.rglob("*.store"))
    content = path.read_bytes()
    path.write_bytes(content[:20] + b"\x07" + content[21:])
    with pytest.raises(IndexUnusable):
        TantivyIndex(folder).check()
    path.write_bytes(content[:-1])
    with pytest.raises(IndexUnusable):
        index.count()


def test_a_disk_that_cannot_be_used_is_no_damage(folder: Path, index: TantivyIndex) -> None:
    """A full disk, say; here, a folder that cannot be made, since tests may run as one who may write anywhere."""
    (folder.parent / "file").write_bytes(b"")
    with pytest.raises(ArchivistError, match="cannot be used") as caught:
        TantivyIndex(folder.parent / "file" / "index").add([DECISION])
    assert not isinstance(caught.value, IndexUnusable)


def test_what_killed_writers_left_behind_does_no_harm(folder: Path, index: TantivyIndex) -> None:
    (folder / "generation-7").mkdir()
    (folder / "generation-7" / "meta.json").write_bytes(b"half")
    (folder / "generation-1" / "0123456789abcdef0123456789abcdef.idx").write_bytes(b"half")
    (folder / "CONTENTS.new").write_bytes(b"half")
    index.add([ALL[2]])
    index.check()
    assert index.count() == 3
    assert sorted(path.name for path in folder.glob("generation-*")) == ["generation-1"]


def test_old_readers_go_on_while_the_index_is_made_anew_and_again(index: TantivyIndex) -> None:
    ids = index.ids()
    assert next(ids) == "a-decision"
    index.rebuild([ALL[2]])
    index.rebuild([ALL[3]])
    assert list(ids) == ["b-notice"]
    assert index.count() == 1


def test_the_commit_is_on_the_disk_before_it_counts(
    folder: Path, index: TantivyIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a power cut would leave is what was synced before it; only the order in which that happens can be seen."""
    done: list[tuple[str, int]] = []
    sync, replace = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        sync(descriptor)
        done.append(("synced", os.fstat(descriptor).st_ino))

    def renamed(path: Path, target: Path) -> Path:
        done.append(("named", path.stat().st_ino))
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", renamed)
    index.add([ALL[2]])
    contents, place = (folder / "CONTENTS").stat().st_ino, folder.stat().st_ino
    named = done.index(("named", contents))
    assert ("synced", contents) in done[:named]
    assert ("synced", place) in done[named:]


WRITER = """
import sys
from pathlib import Path
from tempfile import mkdtemp
from archivist.search.document import SearchDocument
from archivist.search.tantivy import TantivyIndex
index = TantivyIndex(Path(sys.argv[1]))
for n in range(1000):
    index.add([SearchDocument(f"{n:03}", "", (f"同文{n}号" * 40,))])
    print(n, flush=True)
"""


def test_a_killed_writer_leaves_all_it_had_committed(tmp_path: Path) -> None:
    for turn in range(3):
        folder = tmp_path / str(turn)
        with subprocess.Popen([sys.executable, "-c", WRITER, folder], stdout=subprocess.PIPE) as writer:
            assert writer.stdout
            for _ in range(7 * turn + 3):
                last = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            last = max([last, *map(int, writer.stdout.read().split(b"\n")[:-1])])
        index = TantivyIndex(folder)
        assert last + 1 <= index.count() <= last + 2
        index.check()
        index.add([DECISION])
        index.check()
        assert found(index, f"同文{last}号") == [f"{last:03}"]
        index.close()
