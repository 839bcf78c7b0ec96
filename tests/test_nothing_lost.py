"""However a run ends, nothing is lost: what was kept stays, the next run goes on, and nothing is read twice.

`make chaos` does the same with hundreds of kills at random moments.
"""

import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from archivist.archive import Archive
from archivist.errors import ArchivistError
from archivist.pipeline import Batch, Progress
from archivist.settings import Settings
from tests.boxes import put
from tests.chaos import Trial, differences, fill, varied
from tests.intake import Intake, here, look


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nothing-lost") / "box"


@pytest.fixture(scope="module")
def expected(box: Path) -> dict[str, int]:
    """The scans in `box` and how many pages each has: ten in all, in scans of every kind, two of them bad."""
    return fill(box, 10)


@pytest.fixture(scope="module")
def undisturbed(box: Path, expected: dict[str, int], tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """A run that nothing disturbed."""
    trial = Trial(tmp_path_factory.mktemp("undisturbed"), box)
    trial.in_peace()
    assert trial.faults(expected) + trial.read_twice() == []
    return trial


def test_runs_killed_in_the_middle_lose_nothing_and_read_nothing_twice(
    box: Path, expected: dict[str, int], undisturbed: Trial, tmp_path: Path
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
    trial.in_peace()
    assert trial.kills.total() >= 3
    assert trial.faults(expected) == []
    assert trial.read_twice() == []
    assert differences(trial, undisturbed, expected) == []


def test_a_page_that_kills_its_worker_is_tried_once_more_alone_and_the_others_are_read(tmp_path: Path) -> None:
    box = put(tmp_path / "box", p1=varied(0), p2=varied(1), p3=varied(2))
    trial = Trial(tmp_path, box, workers=1, deadly="p2.jpg")
    trial.in_peace()
    with Archive(trial.settings) as archive:
        ((failure, _at),) = archive.catalog.failures()
        (item,) = archive.catalog.items()
    assert (Path(failure.source).name, failure.cause) == ("p2.jpg", "reading failed")
    assert "ended the program" in failure.message
    assert [page.scan.name for page in item.pages] == ["p1.jpg", "p3.jpg"]
    assert sorted(Counter(page for _run, _moment, page in trial.begun()).values()) == [1, 1, 2]


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


@pytest.fixture
def at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an archive read in this process, where the networks are loaded once for all tests."""
    monkeypatch.setattr("archivist.pipeline.Batch", partial(Batch, start=here, look=look))


def taken(folder: Path, box: Path, tell: Callable[[Progress], None] = lambda at: None) -> dict[str, list[str]]:
    """Take `box` into the archive in `folder`, and return the texts of what it then holds by where that came from."""
    with Archive(Settings(folder=folder, workers=1), create=True) as archive:
        archive.ingest([box], tell)
        intake = Intake(archive)
        intake.check()
        return intake.texts()


@pytest.mark.usefixtures("at_hand")
def test_a_full_disk_ends_a_run_in_words_and_with_more_room_the_next_finishes(tmp_path: Path) -> None:
    # Nothing reads what stands behind the end of a JPEG, but it takes room.
    box = put(tmp_path / "box", **{f"p{number}": varied(number) + bytes(400_000) for number in range(8)})
    with small_disk(tmp_path / "disk", 3) as grow:
        with pytest.raises(ArchivistError, match=r"full|No space left"):
            taken(tmp_path / "disk" / "archive", box)
        grow(64)
        assert taken(tmp_path / "disk" / "archive", box) == taken(tmp_path / "archive", box)


@pytest.mark.usefixtures("at_hand")
@pytest.mark.parametrize("gone", ["archive/originals", "box"])
def test_a_folder_that_vanishes_ends_a_run_in_words_and_when_it_is_back_the_next_finishes(
    tmp_path: Path, gone: str
) -> None:
    box = tmp_path / "box"
    for number in range(8):
        put(box / f"{number}", p1=varied(number))
    place, away = tmp_path / gone, tmp_path / "away"

    def vanish(at: Progress) -> None:
        if at.read == 1 and not away.exists():
            place.rename(away)

    with pytest.raises(ArchivistError, match=str(place)):
        taken(tmp_path / "archive", box, vanish)
    assert not place.exists()
    away.rename(place)
    assert sorted(taken(tmp_path / "archive", box)) == [f"{number}" for number in range(8)]
