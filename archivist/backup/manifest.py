"""`backup.json`: what a backup holds. It is written last, and it alone makes a backup one."""

import json
from dataclasses import asdict, dataclass

import jsonschema

from archivist.definitions import load
from archivist.errors import ArchivistError
from archivist.language import gettext as _

NAME = "backup.json"
#: More than this no backup has to say.
MOST_BYTES = 1 << 28
_FORMAT, _VERSION = "archivist backup", 1


@dataclass(frozen=True, slots=True)
class Lost:
    """A scan, or what was cut out of one, whose bytes are missing or changed, and in what way."""

    sha256: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class CopyOfCatalogue:
    """The catalogue in a backup: the name of the file, its digest and size, the version of its tables."""

    name: str
    sha256: str
    bytes: int
    schema_version: int


@dataclass(frozen=True, slots=True)
class LedgerThen:
    """How far the ledger went: the number of events, and the seal of the last of them."""

    events: int
    seal: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself; see schemas/backup.schema.json."""

    archivist: str
    made_at: str
    catalogue: CopyOfCatalogue
    ledger: LedgerThen
    scans: int
    items: int
    pages: int
    lost: tuple[Lost, ...] = ()
    settings: str = ""
    left_out: tuple[str, ...] = ()

    def written(self) -> bytes:
        """Return it as it stands in backup.json."""
        said = {"format": _FORMAT, "version": _VERSION, **asdict(self)}
        return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "backslashreplace")


def read(data: bytes, place: str) -> Manifest:
    """Return what the backup.json of `place` says; ArchivistError where it cannot be meant so."""
    try:
        said = json.loads(data)
        jsonschema.validate(said, load("schemas/backup.schema.json"))
    except (ValueError, RecursionError) as error:
        text = _("{file} in {place} is damaged: {reason}")
        raise ArchivistError(text.format(file=NAME, place=place, reason=error)) from error
    except jsonschema.ValidationError as error:
        text = _("{file} in {place} is no description of a backup: {reason}")
        where = "/".join(map(str, error.path))
        reason = f"{where}: {error.message[:200]}"
        raise ArchivistError(text.format(file=NAME, place=place, reason=reason)) from error
    if said["version"] > _VERSION:
        text = _("a newer archivist ({version}) made the backup in {place}; update archivist")
        raise ArchivistError(text.format(version=said["archivist"], place=place))
    catalogue, ledger = said["catalogue"], said["ledger"]
    return Manifest(
        said["archivist"],
        said["made_at"],
        CopyOfCatalogue(catalogue["name"], catalogue["sha256"], catalogue["bytes"], catalogue["schema_version"]),
        LedgerThen(ledger["events"], ledger["seal"]),
        said["scans"],
        said["items"],
        said["pages"],
        tuple(Lost(one["sha256"], one["name"], one["reason"]) for one in said["lost"]),
        said["settings"],
        tuple(said["left_out"]),
    )
