"""The command line as people call it: in this process for speed, or as a program of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

#: The installed command where there is one, so that what setup tools write is tested too.
_INSTALLED = Path(sys.executable).with_name("archivist")
PROGRAM = (
    [str(_INSTALLED)] if _INSTALLED.is_file() else [sys.executable, "-c", "from archivist.cli import main; main()"]
)


@dataclass(frozen=True)
class Answer:
    """What a call ended with and what it wrote."""

    code: int
    out: str
    err: str


Call = Callable[..., Answer]


def started(*words: str | Path, cwd: Path) -> "subprocess.Popen[str]":
    """Start the command as a program at the head of its own group, as a shell does."""
    return subprocess.Popen(
        [*PROGRAM, *map(str, words)], cwd=cwd, env={**os.environ, "PYTHONUNBUFFERED": "1"}, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def run(*words: str | Path, cwd: Path) -> Answer:
    """Run the command as a program of its own and wait for its end."""
    with started(*words, cwd=cwd) as process:
        out, err = process.communicate()
    return Answer(process.returncode, out, err)
