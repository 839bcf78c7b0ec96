import errno
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from whoosh.index import open_dir
from whoosh.query import Prefix, Term

from archivist import definitions
from archivist.errors import ArchiveBusy, ArchivistError, IndexUnusable
from archivist.search.clauses import Everything
from archivist.search.document import SearchDocument
from archivist.search.fields import definition
from archivist.search.whoosh import WhooshIndex
from archivist.search.whoosh.form import GRAM, ID, SCRIPTED
from tests.search.papers import word

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
    assert index.search(word("科技")).total == 0
    index.delete(["1"])
    index.optimize()
    assert not (tmp_path / "none").exists()


HOLDER = """
import fcntl, sys
lock = open(sys.argv[1], "w")
fcntl.flock(lock, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def held(index, tmp_path):
    """Another process that writes to the index, until it is told to end."""
    call = [sys.executable, "-c", HOLDER, tmp_path / "index" / "WRITELOCK"]
    with subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        yield other
        other.communicate()


def test_a_second_writer_is_told_to_wait(index, held, tmp_path):
    hasty = WhooshIndex(tmp_path / "index", patience=0)
    for write in (lambda: hasty.add([PAPER]), lambda: hasty.delete(["1"]), hasty.optimize, hasty.clear):
        with pytest.raises(ArchiveBusy):
            write()
    assert hasty.search(word("科技")).total == 1, "searching goes on"
    hasty.close()


def test_a_second_writer_waits_for_the_first(index, held):
    with ThreadPoolExecutor(1) as executor:
        writing = executor.submit(index.delete, ["1"])
        assert index.search(word("科技")).total == 1, "searching goes on"
        assert not writing.done()
        held.communicate()
        writing.result()
    assert index.count() == 1


def test_what_is_to_be_kept_is_read_when_no_other_can_write(index, tmp_path):
    """Or an older state of an item could be put in the place of a newer one."""

    def documents():
        with pytest.raises(ArchiveBusy):
            WhooshIndex(tmp_path / "index", patience=0).delete(["1"])
        yield SearchDocument("3", "", ("三",))

    index.add(documents(), instead_of=["1", "2"])
    assert list(index.ids()) == ["3"]


def unusable(folder: Path) -> None:
    again = WhooshIndex(folder)
    for use in (lambda: again.search(word("科技")), again.count, lambda: again.add([PAPER])):
        with pytest.raises(IndexUnusable, match="archivist reindex"):
            use()
    assert issubclass(IndexUnusable, ArchivistError)
    again.rebuild([PAPER])
    assert again.search(word("科技")).total == 1
    again.close()


def test_an_index_of_another_version_asks_for_reindex(tmp_path, monkeypatch):
    with monkeypatch.context() as older:
        older.setattr("archivist.search.whoosh._FORMAT", 1)
        index = WhooshIndex(tmp_path / "index")
        index.add([PAPER])
        index.close()
    unusable(tmp_path / "index")


@pytest.mark.parametrize(
    ("ending", "damage"),
    [
        (".toc", "cut"),
        (".toc", "garbage"),
        (".trm", "cut"),
        (".trm", "garbage"),
        (".pst", "garbage"),
        (".pst", "gone"),
        (".col", "cut"),
        (".col", "gone"),
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
    (folder / "MAIN_0123456789abcdef.pst").write_bytes(b"half")
    (folder / "_MAIN_2.toc.1763852112.5").write_bytes(b"half")
    index.add([SearchDocument("3", "", ("三",))])
    assert index.count() == 3
    assert not (folder / "MAIN_0123456789abcdef.pst").exists()
    assert not list(folder.glob("*.toc.*"))


def test_a_slot_can_tell_every_field():
    assert len(definition().substrings) <= SCRIPTED


def test_long_lists_of_places_are_kept_and_merged(tmp_path, monkeypatch):
    monkeypatch.setattr("archivist.search.whoosh.postings._AT_A_TIME", 1000)
    index = WhooshIndex(tmp_path)
    for part in range(3):
        index.add(SearchDocument(f"{part}-{n:03}", "", (f"同文{n}号" + "文" * (n % 7),)) for n in range(300))
    index.delete(f"1-{n:03}" for n in range(0, 300, 3))
    for _ in range(2):
        assert index.search(word("同文")).total == 800
        assert index.search(word("同")).total == 800
        assert index.search(word("同文299号")).total == 2 + (299 % 3 != 0)
        assert index.search(word("同文299号文文文文文")).total == 3
        index.optimize()
    index.close()


def answers(index: WhooshIndex) -> list[object]:
    """What can be asked of an index of the papers in `sound`, and what it answers."""
    asked = ("科", "科技", "同文1", "关于科技的决定", "學習", "习")
    facets = dict.fromkeys(definition().facets, 5)
    found = [index.search(word(words)) for words in asked]
    return [index.count(), list(index.ids()), *found, index.search(Everything(), order="number", facets=facets)]


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """The folder of an index of several segments with deleted documents, and the papers in it."""
    folder = tmp_path_factory.mktemp("sound")
    papers = [
        SearchDocument(f"{n}", "决定", (f"关于科技的决定，同文{n}号", "学习" * n), ("聊发〔1995〕58号",), (), (), 1995)
        for n in range(12)
    ]
    index = WhooshIndex(folder)
    for start in range(0, 12, 4):
        index.add(papers[start : start + 4])
    index.delete(["5", "6"])
    index.close()
    return folder, [paper for paper in papers if paper.id not in ("5", "6")]


def test_whoosh_itself_can_read_it(sound):
    """Without anything of the archive's but the codec, which the list of segments names."""
    folder, papers = sound
    with open_dir(folder).searcher() as searcher:
        reader = searcher.reader()
        assert (reader.doc_count(), reader.doc_count_all()) == (10, 12)
        assert {GRAM, ID, *definition().facets} <= set(reader.indexed_field_names())
        assert list(reader.field_terms("numbers")) == ["聊发(1995)000058号"]
        assert list(reader.field_terms(ID)) == sorted(str(n) for n in range(12))
        assert list(reader.lexicon("cited_numbers")) == []
        pairs = list(reader.field_terms(GRAM))
        assert pairs == sorted(pairs)
        assert {"科技", "文1", "号\n"} < set(pairs)
        assert all(term in reader for term in reader.all_terms())
        assert reader.doc_frequency(GRAM, "科技") == reader.frequency(GRAM, "科技") == 12
        assert reader.doc_frequency(GRAM, "学习") == 11
        assert reader.frequency(GRAM, "学习") == sum(range(12)), "counted wherever it stands"
        assert reader.doc_frequency("year", "1996") == 0
        found = searcher.search(Prefix("numbers", "聊发(1995)") & Term(GRAM, "学习"), limit=None)
        assert sorted(hit[ID] for hit in found) == sorted(paper.id for paper in papers if paper.id != "0")
        assert sorted(reader.column_reader(ID)) == list(reader.field_terms(ID))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_damage_is_taken_for_an_answer(sound, tmp_path, data):
    folder, papers = sound
    shutil.rmtree(tmp_path / "index", ignore_errors=True)
    shutil.copytree(folder, tmp_path / "index")
    index = WhooshIndex(tmp_path / "index")
    right = answers(index) if data.draw(st.booleans(), "open before") else None
    names = sorted(path.name for path in folder.iterdir() if path.stat().st_size)
    path = tmp_path / "index" / data.draw(st.sampled_from(names))
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
        case "gone" if path.suffix != ".toc":
            path.unlink()
        case _:
            path.write_bytes(b"")
    for use in (answers, WhooshIndex.check, lambda index: index.add([papers[0]])):
        with pytest.raises(IndexUnusable):
            use(index)
    assert index.rebuild(papers) == len(papers)
    undamaged = WhooshIndex(folder)
    assert answers(index) == answers(undamaged) == (right or answers(index))
    index.check()
    undamaged.close()
    index.close()


def test_what_one_segment_cannot_hold_becomes_several(tmp_path, monkeypatch):
    monkeypatch.setattr("archivist.search.whoosh.postings.MOST_BLOCKS", 20)
    index = WhooshIndex(tmp_path)
    for n in range(30):
        index.add([SearchDocument(f"{n:02}", "题名", (f"同文{n}号",))])
    index.optimize()
    assert [hit.item_id for hit in index.search(word("同文"), 30).hits] == [f"{n:02}" for n in range(30)]
    assert index.search(word("文29")).total == 1
    assert 3 <= len(list(tmp_path.glob("*.trm"))) < 10
    index.check()
    index.close()


def test_a_commit_ends_when_there_is_much_text(tmp_path, monkeypatch):
    monkeypatch.setattr("archivist.search.whoosh._CHARACTERS", 50)
    index, reader, seen = WhooshIndex(tmp_path), WhooshIndex(tmp_path), []

    def documents():
        for n in range(6):
            seen.append(reader.count())
            yield SearchDocument(f"{n}", "", ("长" * 30,))

    assert index.add(documents()) == 6
    assert seen == [0, 0, 2, 2, 4, 4]


def test_what_failed_leaves_no_files(index, tmp_path, monkeypatch):
    before = sorted((tmp_path / "index").iterdir())
    with monkeypatch.context() as full:
        full.setattr("archivist.search.whoosh.folder.Folder.keep", no_space)
        for write in (index.add, index.rebuild):
            with pytest.raises(ArchivistError, match="No space left"):
                write([PAPER])
    assert sorted((tmp_path / "index").iterdir()) == before
    assert index.search(word("科技")).total == 1


def no_space(folder, segment):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_others_find_the_old_index_until_the_new_one_is_complete(index, tmp_path, monkeypatch):
    monkeypatch.setattr("archivist.search.whoosh._COMMIT", 2)
    reader = WhooshIndex(tmp_path / "index")

    def documents():
        for n in range(5):
            assert reader.search(word("科技")).total == 1
            assert list(reader.ids()) == ["1", "2"]
            yield SearchDocument(f"new-{n}", "", ("新的",))
        yield SearchDocument("new-0", "", ("又",))

    assert index.rebuild(documents()) == 5
    assert reader.search(word("科技")).total == 0
    assert reader.search(word("新的")).total == 5
    reader.close()


def test_a_rebuild_that_breaks_off_leaves_the_old_index(index):
    def documents():
        yield PAPER
        raise OSError("the catalogue went away")

    with pytest.raises(OSError, match="went away"):
        index.rebuild(documents())
    assert list(index.ids()) == ["1", "2"]
    index.add([SearchDocument("3", "", ("三",))])
    assert list(index.ids()) == ["1", "2", "3"]


def test_it_is_told_what_the_index_has_otherwise(index):
    assert not index.outdated(PAPER)
    assert index.outdated(SearchDocument("1", "决定", ("关于科技的规定",)))
    assert index.outdated(SearchDocument("1", "决議", ("关于科技的决定",)))
    assert not index.outdated(SearchDocument("none", "决定", ("关于科技的决定",)))


def test_the_commit_is_on_the_disk_before_it_counts(index, tmp_path, monkeypatch):
    """What a power cut would leave is what was synced before it; only the order in which that happens can be seen."""
    done: list[tuple[str, int | str]] = []
    sync, replace = os.fsync, Path.replace

    def fsync(descriptor):
        sync(descriptor)
        done.append(("synced", os.fstat(descriptor).st_ino))

    def renamed(path, target):
        done.append(("named", target.name))
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", renamed)
    index.add([SearchDocument("3", "", ("三",))])
    folder = tmp_path / "index"
    (toc,) = folder.glob("*.toc")
    named = done.index(("named", toc.name))
    before = {what for _synced, what in done[:named]}
    assert {toc.stat().st_ino, folder.stat().st_ino} <= before
    new = {path.stat().st_ino for path in folder.glob("MAIN_*")} & before
    assert len(new) == 3, "terms, postings and columns of the new segment"
    assert ("synced", folder.stat().st_ino) in done[named:]


WRITER = """
import sys
from pathlib import Path
from archivist.search.document import SearchDocument
from archivist.search.whoosh import WhooshIndex
index = WhooshIndex(Path(sys.argv[1]))
for n in range(1000):
    index.add([SearchDocument(f"{n:03}", "", (f"同文{n}号" * 40,))])
    print(n, flush=True)
"""


def test_a_killed_writer_leaves_all_it_had_committed(tmp_path):
    for turn in range(3):
        folder = tmp_path / str(turn)
        with subprocess.Popen([sys.executable, "-c", WRITER, folder], stdout=subprocess.PIPE) as writer:
            for _ in range(7 * turn + 3):
                last = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            last = max([last, *map(int, writer.stdout.read().split(b"\n")[:-1])])
        index = WhooshIndex(folder)
        assert last + 1 <= index.count() <= last + 2
        index.add([PAPER])
        index.check()
        index.close()
