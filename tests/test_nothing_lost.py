"""However a run ends, nothing is lost: what was kept stays, the next run goes on, and nothing is read twice.

`make chaos` does the same with hundreds of kills at random moments.
"""

import shutil
import subprocess
from collections import Counter
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
        sources = {Path(item.source).name for item in archive.catalog.items()}
    assert failures["own.jpg"].cause == "reading failed"
    assert "ended the program" in failures["own.jpg"].message
    assert {Path(item.source).name for item in undisturbed["items"]} - sources == {"own"}  # type: ignore[attr-defined]
    begun = Counter(page for _run, _moment, page in trial.begun())
    twice = {page for page, times in begun.items() if times == 2}
    assert len(twice) == 1 and twice.isdisjoint(trial.committed())
    assert max(begun.values()) == 2


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
        trial = Trial(tmp_path / "disk", box, workers=1)
        code = trial.finish(trial.start())
        trial.disturbed("disk full")
        assert in_words(trial, code, "full", "No space left")
        grow(64)
        trial.undisturbed()
        assert trial.faults(expected) + trial.read_twice() == []
        assert differences(trial.state(), undisturbed) == []


def test_folders_that_vanish_end_a_run_in_words_and_when_they_are_back_the_next_finishes(
    expected: dict[str, int], undisturbed: State, box: Path, tmp_path: Path
) -> None:
    trial = Trial(tmp_path, box, workers=1)
    for place in (trial.settings.folder / "originals", box):
        process = trial.start()
        trial.said(3)
        away = place.rename(place.with_name("away"))
        trial.disturbed("vanished")
        try:
            code = trial.finish(process)
            assert not place.exists()
        finally:
            away.rename(place)
        assert in_words(trial, code, str(place))
    trial.undisturbed()
    assert trial.faults(expected) + trial.read_twice() == []
    assert differences(trial.state(), undisturbed) == []


def in_words(trial: Trial, code: int, *words: str) -> bool:
    """Whether the last run ended as a program ends that says why, and said one of `words`."""
    said = trial.runs[-1].said
    assert code == 1 and said[-1].startswith("error: "), said
    return any(word in said[-1] for word in words) and not any("Traceback" in line for line in said)
