"""The folders of this machine from which scans may be taken in: looked through, and never left."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from natsort import natsorted, ns

from archivist.errors import NotFound
from archivist.incoming import taken
from archivist.language import gettext as _

#: Folders shown of one folder.
_MOST = 500


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder in the box `number` of the settings, `at` below it: the folders in it, and how many scans lie in it.

    `folder` is where it is without links; `more` says that not all folders in it are shown.
    """

    number: int
    at: str
    folder: Path
    folders: Sequence[str]
    scans: int
    more: bool = False

    @property
    def way(self) -> list[tuple[str, str]]:
        """Each folder on the way to it: its name, and where it is below the box."""
        parts = [part for part in self.at.split("/") if part]
        return [(part, "/".join(parts[: place + 1])) for place, part in enumerate(parts)]


def shelves(boxes: Sequence[Path]) -> list[tuple[int, str, bool]]:
    """Return the number of each box, what it is called, and whether it is there."""
    return [(number, str(box), box.is_dir()) for number, box in enumerate(boxes)]


def shelf(boxes: Sequence[Path], number: int, at: str) -> Shelf:
    """Return the folder `at` below box `number`; NotFound where there is none, or it leads out of the box."""
    missing = NotFound(_("there is no folder “{name}” to take in").format(name=at[-80:]))
    if not 0 <= number < len(boxes) or "\0" in at:
        raise missing
    parts = [part for part in at.split("/") if part]
    try:
        box = boxes[number].resolve(strict=True)
        folder = box.joinpath(*parts).resolve(strict=True)
        if ".." in parts or not folder.is_relative_to(box) or not folder.is_dir():
            raise missing
        entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
        # A link may lead out of the box, or round and round.
        folders = [one.name for one in entries if one.is_dir() and not one.is_symlink() and one.name.isprintable()]
        scans = sum(1 for one in entries if taken(one.name) and one.is_file())
    except (OSError, RuntimeError, ValueError) as error:
        raise missing from error
    shown = natsorted(folders, alg=ns.PATH)
    return Shelf(number, "/".join(parts), folder, shown[:_MOST], scans, len(shown) > _MOST)
