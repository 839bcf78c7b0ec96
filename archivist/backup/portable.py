"""`archivist.toml` as it may leave its archive: without passwords; and as another archive may follow it."""

import re
import tomllib
from collections.abc import Callable
from typing import Any

from archivist.backup.place import secret

# What says where an archive lies, which is for the new one to say.
_PLACES = ("folder", "catalogue", "store", "index")


def for_keeping(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the settings `text` without those that hold a password, and the names of these.

    Those with a comment that holds an address go, too: it may be the address of before, with its password.
    """
    return _without(text, lambda _name, value: isinstance(value, str) and secret(value))


def for_another(text: str) -> str:
    """Return the settings `text` without those that name a place of the archive they come from."""
    return _without(text, lambda name, value: name in _PLACES or (isinstance(value, str) and "://" in value))[0]


def _without(text: str, goes: Callable[[str, Any], bool]) -> tuple[str, tuple[str, ...]]:
    try:
        said = tomllib.loads(text)
    except ValueError:
        # Nobody can say what it holds.
        return "", ("archivist.toml",)
    lines = text.splitlines(keepends=True)
    noted = [line for line in lines if "#" in line and "://" in line]
    gone = tuple(
        name for name, value in said.items() if goes(name, value) or any(_sets(line, (name,)) for line in noted)
    )
    stays = {name: value for name, value in said.items() if name not in gone}
    left = "".join(line for line in lines if line not in noted and not _sets(line, gone))
    try:
        whole = tomllib.loads(left) == stays
    except ValueError:
        whole = False
    # Where a setting is spread over several lines, no line is told from another.
    return (left, gone) if whole else ("", tuple(said))


def _sets(line: str, names: tuple[str, ...]) -> bool:
    found = re.match(r"""\s*["']?([^"'=\s]+)["']?\s*=""", line)
    return found is not None and found[1] in names
