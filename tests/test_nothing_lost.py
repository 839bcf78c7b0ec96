"""However a run ends, nothing is lost: what was kept stays, the next run goes on, and nothing is read twice.

`make chaos` does the same with hundreds of kills at random moments.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archivist.archive import Archive
from tests.chaos import Trial, differences, fill

State = dict[str, object]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A box with 14 pages in scans of every kind, two of them bad."""
    box = tmp_path_factory.mktemp("nothing-lost") / "box"
    fill(box, 14)
    return box


@pytest.fixture(scope="module")
def expected(box: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    return fill(tmp_path_factory.mktemp("again") / "box", 14)


@pytest.fixture(scope="module")
def undisturbed(box: Path, expected: dict[str, int], tmp_path_factory: pytest.TempPathFactory) -> State:
    """What an archive holds after a run that nothing disturbed."""
    trial = Trial(tmp_path_factory.mktemp("undisturbed"), box)
    trial.undisturbed()
    assert trial.faults(expected) + trial.read_twice() == []
    return trial.state()


def test_runs_killed_in_the_middle_lose_nothing_and_read_nothing_twice(
    box: Path, expected: dict[str, int], undisturbed: State, tmp_path: Path
) -> None:
    trial = Trial(tmp_path, box)
    # Before the tenth change of the catalogue: some scans are kept, hardly a page is read.
    trial.finish(trial.start(kill="commit:10"))
    process = trial.start()
    trial.said(len(trial.begun()) + 2)
    assert trial.hit(process, "worker")
    trial.said(7)
    assert trial.hit(process, "group")
    trial.finish(process)
    # The whole is read now: in the middle of what is made of it.
    trial.finish(trial.start(kill="write:12"))
    trial.undisturbed()
    assert trial.kills.total() >= 3
    assert trial.faults(expected) == []
    assert trial.read_twice() == []
    assert differences(trial.state(), undisturbed) == []


def test_a_page_that_kills_its_worker_is_tried_once_more_alone_and_the_others_are_read(
    box: Path, undisturbed: State, tmp_path: Path
) -> None:
    trial = Trial(tmp_path, box, deadly="own.jpg")
    trial.undisturbed()
    with Archive(trial.settings) as archive:
        failures = {Path(one.source).name: one for one, _at in archive.catalog.failures()}
    assert failures["own.jpg"].cause == "reading failed"
    assert "ended the program" in failures["own.jpg"].message
    assert len(trial.committed()) == len([page for page in trial.beginnings().elements()])
    begun = [page for _run, _moment, page in trial.begun()]
    deadly = [page for page in set(begun) if begun.count(page) > 1]
    assert [begun.count(page) for page in deadly] == [2]
    # Mended, it is read, and it alone.
    mended = Trial(tmp_path, box)
    mended.undisturbed()
    assert differences(mended.state(), undisturbed) == []
    assert {page for _run, _moment, page in mended.begun()[len(begun) :]} - mended.committed() != set(deadly)


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Callable[[int], None]]:
    """Mount a disk of so many megabytes at `place`; what is given makes it larger. Skips where that is not allowed."""
    place.mkdir()

    def mount(*words: str) -> bool:
        mount = shutil.which("mount")
        done = mount and subprocess.run([mount, "-t", "tmpfs", *words, "archivist-test", str(place)], check=False)
        return bool(done) and done.returncode == 0  # type: ignore[union-attr]

    if not mount("-o", f"size={megabytes}m"):
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield lambda more: None if mount("-o", f"remount,size={more}m") else pytest.fail("the disk cannot grow")
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_ends_a_run_in_words_and_with_more_room_the_next_finishes(
    box: Path, expected: dict[str, int], undisturbed: State, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", 2) as grow:
        trial = Trial(tmp_path / "disk", box)
        assert trial.finish(trial.start()) == 1
        said = trial.runs[-1].said
        assert "No space left" in said[-1] or "full" in said[-1], said
        assert not any("Traceback" in line for line in said)
        grow(64)
        trial.undisturbed()
        assert trial.faults(expected) == []
        assert differences(trial.state(), undisturbed) == []


@pytest.mark.parametrize("gone", ["originals", "box"])
def test_a_folder_that_vanishes_ends_a_run_in_words_and_when_it_is_back_the_next_finishes(
    gone: str, expected: dict[str, int], undisturbed: State, box: Path, tmp_path: Path
) -> None:
    trial = Trial(tmp_path, box)
    process = trial.start()
    trial.said(2)
    place = box if gone == "box" else trial.settings.folder / "originals"
    away = place.rename(place.with_name("away"))
    try:
        code = trial.finish(process)
        assert not place.exists()
    finally:
        away.rename(place)
    said = trial.runs[-1].said
    assert code == 1 and not any("Traceback" in line for line in said), said
    assert str(place) in said[-1], said
    trial.undisturbed()
    assert trial.faults(expected) + trial.read_twice() == []
    assert differences(trial.state(), undisturbed) == []
