"""Archives that tests share."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archivist import cli
from archivist.archive import Archive
from archivist.settings import Settings
from tests.boxes import pdf, plan
from tests.command import Answer, Call
from tests.intake import Intake
from tests.scans import SAMPLES
from tests.servers import cluster, s3, s3_server

__all__ = ["cluster", "s3", "s3_server"]

# What is asserted is said in English, whatever the machine speaks, and by the defaults, whatever is set there.
os.environ["LANGUAGE"] = "en"
for name in [name for name in os.environ if name.startswith("ARCHIVIST_")]:
    del os.environ[name]


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    """An empty archive in `tmp_path/archive`, and what it takes to feed it."""
    with Archive(Settings(folder=tmp_path / "archive", workers=2), create=True) as archive:
        yield Intake(archive)


@pytest.fixture(scope="session")
def small_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an archive for reading only: a slip with the first page of its decision, and a plan."""
    place = tmp_path_factory.mktemp("small")
    paper = place / "box" / "liaocheng-1995-58"
    paper.mkdir(parents=True)
    for page in ("p01.jpg", "p02.jpg"):
        shutil.copy(SAMPLES / "liaocheng-1995-58" / page, paper)
    (place / "box" / "plan-2012.pdf").write_bytes(pdf(plan()))
    with Archive(Settings(folder=place / "archive", workers=2), create=True) as archive:
        Intake(archive).take(place / "box")
    return place / "archive"


@pytest.fixture
def archivist(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """The command line, called in this process: `archivist("search", "…")`."""

    def call(*words: str | Path) -> Answer:
        monkeypatch.setattr(sys, "argv", ["archivist", *map(str, words)])
        capsys.readouterr()
        code: object = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code
        written = capsys.readouterr()
        return Answer(code if isinstance(code, int) else int(code is not None), written.out, written.err)

    return call
