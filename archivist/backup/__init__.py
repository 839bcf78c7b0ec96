"""A whole archive kept a second time in another place, and an archive made of what is kept there.

A backup is a folder, or a place on a server, that holds the originals under their digests, the catalogue as one SQLite
file and `backup.json`, which names that file and is written last, by rename: what breaks off leaves the backup of
before as it was. The index is not in it: it follows from the catalogue.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import make_url

from archivist import __version__
from archivist.backup import manifest as manifests
from archivist.backup.manifest import CopyOfCatalogue, LedgerThen, Lost, Manifest
from archivist.backup.originals import Carried, carry
from archivist.backup.place import Place, begun, stamp, stamped, unfinished
from archivist.backup.portable import for_another, for_keeping
from archivist.catalog.copying import (
    CatalogueFile,
    bring_up_to_date,
    check_free,
    copy_in,
    copy_out,
    reserve,
)
from archivist.catalog.database import Database
from archivist.catalog.ledger import Ledger
from archivist.catalog.runs import Running, Runs
from archivist.errors import ArchiveBusy, ArchivistError, NotFound, SettingsError, WrongCall
from archivist.events import ARCHIVE, Event
from archivist.language import gettext as _
from archivist.model import Value
from archivist.settings import FILE_NAME, Settings, load
from archivist.store import Store

__all__ = ["BackedUp", "Carried", "Lost", "Manifest", "Restored", "back_up", "originals_in", "restore"]

# What a backup that broke off leaves, and what systems put into every folder.
_LEFTOVERS = ("originals", "lost+found", "System Volume Information")
# A catalogue that no backup names may be that of another machine, which is just about to name it.
_ORPHANED_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was made: where, what it says of itself, and what was copied for it.

    `untold` is why the ledger of the archive does not know of it, "" where it does.
    """

    place: str
    manifest: Manifest
    carried: Carried
    untold: str = ""


@dataclass(frozen=True, slots=True)
class Restored:
    """An archive that was restored: from what, what came of its originals, and what is wrong with its ledger.

    `settings` is whether it got those of the archive it was.
    """

    manifest: Manifest
    carried: Carried
    broken: str
    settings: bool


#: Called with what is being copied, in words, and how much of it is done and there is.
Tell = Callable[[str, int, int], None]


def back_up(settings: Settings, target: str, tell: Tell) -> BackedUp:
    """Keep the archive of `settings` in `target`, a folder or fsspec URL, as it is now, whoever writes to it meanwhile.

    Of the originals only those are copied which are not there yet. What is missing or damaged in the archive, and not
    in the backup either, is told in the manifest, and the rest is kept. Raises WrongCall where `target` belongs to the
    archive itself, to something else or to a backup that knows more than this archive; ArchivistError where it
    cannot be written: then the backup of before still stands.
    """
    place = Place(target)
    _refuse_own(settings, place)
    folder = place.folder or settings.folder
    with _alone(settings.folder), closing(Database(settings.catalogue)) as database, ExitStack() as stack:
        ledger = Ledger(database)
        before = _before(place, ledger)
        if place.folder:
            stack.enter_context(_alone_in(place.folder))
            # Another machine may have made one until it let go of the place.
            before = _before(place, ledger)
        with _workroom(folder, _ORPHANED_AFTER if place.folder else timedelta()) as room:
            path = room / "catalogue.db"
            catalogue = copy_out(database, path, partial(tell, _("rows of the catalogue")))
            digest = _digest(path)
            held = catalogue.contents()
            carried = carry(
                catalogue,
                Store(settings.store, expected=True),
                place.originals,
                _of_originals(tell, held.kept),
                trusting=True,
            )
            moment = datetime.now(UTC)
            name = f"catalogue-{stamped(moment)}-{digest[:12]}.db"
            copy = CopyOfCatalogue(name, digest, path.stat().st_size, held.version)
            place.take_in(name, path)
        manifest = Manifest(
            __version__,
            moment.isoformat(timespec="seconds"),
            copy,
            LedgerThen(held.events, held.seal),
            held.scans,
            held.items,
            held.pages,
            carried.lost,
            *_settings_of(settings.folder),
        )
        if _manifest_in(place) != before:
            # Where no lock is to be had, as on servers, another archive may have come to the same place meanwhile.
            raise _busy(place.shown)
        place.write(manifests.NAME, manifest.written())
        # The backup stands; what it does not need any more may lie there.
        with suppress(ArchivistError):
            _clear(place, name, before)
        untold = ""
        try:
            ledger.add([_told("replication", {"target": place.shown}, manifest, carried)])
        except ArchivistError as error:
            untold = str(error)
    return BackedUp(place.shown, manifest, carried, untold)


def restore(settings: Settings, backup: str, tell: Tell, waiting: Callable[[Running], None] | None = None) -> Restored:
    """Fill the new archive of `settings`, wherever these say it lies, with what the backup in `backup` holds.

    The index is left to be made. A restore that broke off is begun again over what it left; until it is done, nothing
    opens the archive. Originals that are lost are told, and the rest is restored. Raises NotFound where there is no
    backup, WrongCall where there is an archive in use, ArchivistError where the catalogue in the backup is damaged.
    """
    place = Place(backup)
    manifest = _known(place)
    try:
        settings.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        text = _("the archive {folder} cannot be made: {reason}")
        raise SettingsError(text.format(folder=settings.folder, reason=error.strerror or error)) from error
    with _alone(settings.folder), _workroom(settings.folder) as room:
        if _may_be_there(settings.catalogue):
            with closing(Database(settings.catalogue, unfinished=True)) as database:
                check_free(database)
        path = room / "catalogue.db"
        if place.fetch(manifest.catalogue.name, path) != manifest.catalogue.sha256:
            text = _("the catalogue {name} in {place} has changed since it was backed up; restore another backup")
            raise ArchivistError(text.format(name=manifest.catalogue.name, place=place.shown))
        broken = bring_up_to_date(path)
        catalogue = CatalogueFile(path)
        total = catalogue.contents().kept
        source = place.held() if total > len(manifest.lost) else place.originals
        has_settings = _adopt(manifest.settings, room, settings.folder)
        with closing(Database(settings.catalogue, unfinished=True)) as database, Runs(database).alone(waiting):
            reserve(database)
            store = Store(settings.store)
            carried = carry(catalogue, source, store, _of_originals(tell, total), trusting=False)
            event = _told("recovery", {"source": place.shown, "made_at": manifest.made_at}, manifest, carried, broken)
            copy_in(path, database, event, partial(tell, _("rows of the catalogue")))
    return Restored(manifest, carried, broken, has_settings)


def originals_in(backup: str) -> Store:
    """Return the store of the backup in `backup`, for what was lost elsewhere; NotFound where there is no backup."""
    place = Place(backup)
    _known(place)
    return place.originals


def _known(place: Place) -> Manifest:
    found = _manifest_in(place)
    if found is None:
        text = _("there is no backup in {place}: it has no {file}")
        raise NotFound(text.format(place=place.shown, file=manifests.NAME))
    return found


def _manifest_in(place: Place) -> Manifest | None:
    data = place.read(manifests.NAME, manifests.MOST_BYTES)
    return None if data is None else manifests.read(data, place.shown)


def _before(place: Place, ledger: Ledger) -> Manifest | None:
    """Return what the backup in `place` says, None where there is none; WrongCall where none may be made there."""
    found = _manifest_in(place)
    if found is None:
        _refuse_foreign(place)
    else:
        _refuse_to_forget(found, ledger, place)
    return found


def _refuse_own(settings: Settings, place: Place) -> None:
    """Raise WrongCall where the backup would be lost with the archive, or take the originals for its own."""
    store = settings.store
    store = Path(store.removeprefix("file://")).resolve().as_posix() if store.startswith("file://") else store
    for own in (settings.folder.as_posix(), store.rstrip("/")):
        ours, theirs = f"{own}/", f"{place.address}/"
        if ours.startswith(theirs) or theirs.startswith(ours):
            text = _("{place} lies in the archive or around it; back up to a place of its own")
            raise WrongCall(text.format(place=place.shown))


def _refuse_foreign(place: Place) -> None:
    for name in place.names():
        if not (name in _LEFTOVERS or name.startswith(".") or begun(name) or _made(name)):
            text = _("{place} holds other things ({name}); back up to an empty place")
            raise WrongCall(text.format(place=place.shown, name=name))


def _refuse_to_forget(before: Manifest, ledger: Ledger, place: Place) -> None:
    """Raise WrongCall where the backup is that of another archive, or of this one when it knew more."""
    last = before.ledger
    known = next(ledger.events(after=last.events - 1), None) if last.events else None
    if last.events and (known is None or (known.number, known.seal) != (last.events, last.seal)):
        text = _(
            "the backup of {made_at} in {place} holds what this archive does not know of; back up to another place"
        )
        raise WrongCall(text.format(made_at=before.made_at, place=place.shown))


def _clear(place: Place, name: str, before: Manifest | None) -> None:
    """Take away the catalogue of the backup `before` and what others left that broke off."""
    old = datetime.now(UTC) - _ORPHANED_AFTER
    for other in place.names():
        made = _made(other)
        succeeded = made and other != name and (made < old or (before and other == before.catalogue.name))
        if succeeded or place.abandoned(other, old):
            place.remove(other)


def _made(name: str) -> datetime | None:
    """Return when the catalogue called `name` was copied; None where this is no name of one."""
    if not (name.startswith("catalogue-") and name.endswith(".db")):
        return None
    return stamp(name.split("-")[1])


def _may_be_there(catalogue: str) -> bool:
    url = make_url(catalogue)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        with FileLock(folder / "backup.lock", timeout=0):
            yield
    except Timeout:
        raise ArchiveBusy(_("another backup or restore of this archive is under way")) from None


@contextmanager
def _alone_in(place: Path) -> Iterator[None]:
    """Keep other machines and archives out of `place`, as far as the disk or share there knows of locks."""
    lock = FileLock(place / ".backup.lock", timeout=0, fallback_to_soft=False)
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise _busy(str(place)) from None
    except (OSError, NotImplementedError):
        # What cannot be written either is told when it is; nothing that two write there has the same name.
        yield
        return
    try:
        yield
    finally:
        lock.release()


def _busy(place: str) -> ArchiveBusy:
    return ArchiveBusy(_("another backup to {place} is under way, or was made meanwhile").format(place=place))


@contextmanager
def _workroom(folder: Path, orphaned_after: timedelta = timedelta()) -> Iterator[Path]:
    """Give an empty folder in `folder`, in which others may have died `orphaned_after` ago or before."""
    room, old = folder / unfinished(), datetime.now(UTC) - orphaned_after
    try:
        room.mkdir(parents=True)
        for other in folder.iterdir():
            moment = begun(other.name)
            if moment and moment <= old and other != room:
                shutil.rmtree(other, ignore_errors=True)
    except OSError as error:
        raise ArchivistError(f"{room}: {error.strerror or error}") from error
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _settings_of(folder: Path) -> tuple[str, tuple[str, ...]]:
    try:
        return for_keeping((folder / FILE_NAME).read_text("utf-8"))
    except FileNotFoundError:
        return "", ()


def _adopt(said: str, room: Path, folder: Path) -> bool:
    """Give the archive in `folder`, which has no settings of its own, those that `said`; return whether it has."""
    text = for_another(said)
    if not text.strip() or list(folder.glob("*.toml")):
        return False
    try:
        (room / FILE_NAME).write_text(text, "utf-8")
        load(room)
        (room / FILE_NAME).replace(folder / FILE_NAME)
    except (SettingsError, OSError):
        # The backup may be older than the settings of today, and they do without.
        return False
    return True


def _of_originals(tell: Tell, total: int) -> Callable[[int], None]:
    return lambda done: tell(_("originals"), done, total)


def _told(type: str, where: dict[str, str], manifest: Manifest, carried: Carried, broken: str = "") -> Event:
    detail: dict[str, Value] = {
        **where,
        "catalogue": manifest.catalogue.sha256,
        "events": manifest.ledger.events,
        "seal": manifest.ledger.seal,
        "scans": manifest.scans,
        "items": manifest.items,
        "copied": carried.copied,
        "lost": len(carried.lost),
        **({"ledger": broken} if broken else {}),
    }
    return Event(type, ARCHIVE, detail, "warning" if carried.lost or broken else "success")
