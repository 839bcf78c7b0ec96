"""What lies in the store: originals against their digests, and the pictures of handwriting cut out of them."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from archivist.catalog.soundness import KeptScan
from archivist.errors import ArchivistError, ScanError
from archivist.events import of_scan
from archivist.image.open import open_page
from archivist.inspection.round import Flaw, Round
from archivist.language import gettext as _
from archivist.reading import crop
from archivist.store import Store

_T = TypeVar("_T")
# Hashing lets go of the interpreter, and a disk or a server takes several questions at once.
_AT_ONCE = 4
# Items of one original that are named.
_NAMED = 20


def originals(about: Round) -> Iterator[Flaw | None]:
    """Yield for each original looked at what is wrong with it, None where nothing is."""
    sound, shelves = about.rooms.catalog.soundness, _Shelves(about.rooms.store)
    # One that is gone or has another size is found whatever the sample; a folder is quickly read.
    scans = about.chosen(
        _("originals"), sound.sizes()["original"], sound.scans(), lambda scan: shelves.size(scan.sha256) != scan.size
    )
    for scan, found in _hashed(about.rooms.store, scans, lambda scan: scan.sha256):
        if isinstance(found, ScanError):
            yield _original(about, scan, found)
        elif found != scan.size:
            text = _("the catalogue says that it has {bytes} bytes, and it has not; `archivist restore` a backup")
            yield Flaw("catalogue", scan.name, text.format(bytes=scan.size), of_scan(scan.sha256))
        else:
            yield None


def pictures(about: Round) -> Iterator[Flaw | None]:
    """Yield the same for each picture cut out of an original; one that is lost is cut again."""
    sound = about.rooms.catalog.soundness
    kept = about.chosen(_("pictures of handwriting"), sound.sizes()["picture"], sound.derivatives())
    for (digest, reading), found in _hashed(about.rooms.store, kept, lambda entry: entry[0]):
        yield _picture(about, digest, reading, found) if isinstance(found, ScanError) else None


class _Shelves:
    """What lies in a store, asked for in the order of digests."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._shelf, self._there = "", dict[str, int]()

    def size(self, digest: str) -> int | None:
        """Return the bytes of what is kept under `digest`, None where nothing is."""
        if digest[:2] != self._shelf:
            self._shelf, self._there = digest[:2], self._store.sizes(digest[:2])
        return self._there.get(digest)


def _hashed(store: Store, entries: Iterable[_T], digest: Callable[[_T], str]) -> Iterator[tuple[_T, int | ScanError]]:
    """Yield each of `entries` with how many bytes are kept under its digest, or what is wrong with them."""
    waiting: deque[tuple[_T, Future[int | ScanError]]] = deque()
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for entry in entries:
            waiting.append((entry, threads.submit(_looked_at, store, digest(entry))))
            if len(waiting) > 2 * _AT_ONCE:
                entry, looked = waiting.popleft()
                yield entry, looked.result()
        for entry, looked in waiting:
            yield entry, looked.result()


def _looked_at(store: Store, digest: str) -> int | ScanError:
    try:
        return store.check(digest)
    except ScanError as error:
        return error


def _worded(amiss: ScanError) -> str:
    match amiss.__cause__:
        case FileNotFoundError():
            return _("it is gone")
        case None:
            return _("its bytes have changed")
        case reason:
            return _("it cannot be read ({reason})").format(reason=reason)


def _original(about: Round, scan: KeptScan, amiss: ScanError) -> Flaw:
    items = tuple(about.rooms.catalog.soundness.items_on(scan.sha256)[:_NAMED])
    says = _worded(amiss)
    if about.repair and (where := _brought_back(about, scan)):
        says = _("{fault}; brought back from {place}").format(fault=says, place=where)
        return Flaw("original", scan.name, says, of_scan(scan.sha256), items, mended=True)
    text = _(
        "{fault}; bring it back with `archivist verify --from BACKUP`, or put the same scan back into its box and "
        "verify again"
    )
    return Flaw("original", scan.name, text.format(fault=says), of_scan(scan.sha256), items)


def _brought_back(about: Round, scan: KeptScan) -> str:
    """Put the very bytes of `scan` back into the store; return where they were found, "" where they were not."""
    if about.spare:
        with suppress(ScanError):
            about.rooms.store.replace(about.spare.get(scan.sha256))
            return _("the backup")
    for path in _places(about, scan):
        try:
            # A scan that grew since is another one, and may be of any size.
            data = path.read_bytes() if path.is_file() and path.stat().st_size == scan.size else b""
        except OSError:
            continue
        if sha256(data).hexdigest() == scan.sha256:
            about.rooms.store.replace(data)
            return str(path)
    return ""


def _places(about: Round, scan: KeptScan) -> Iterator[Path]:
    """Yield where `scan` may still lie: where it came from, and with the items on it."""
    catalog = about.rooms.catalog
    for recorded in catalog.ledger.events(of_scan(scan.sha256)):
        if isinstance(source := recorded.event.detail.get("source"), str):
            yield Path(source)
    for source in catalog.soundness.sources_of(scan.sha256):
        box = Path(source.rpartition("#")[0] or source)
        yield from (box, box / scan.name, box.parent / scan.name)


def _picture(about: Round, digest: str, reading: int, amiss: ScanError) -> Flaw:
    try:
        pages = about.rooms.catalog.soundness.pages(reading)
        scan = pages[0].scan
    except (ValueError, IndexError):
        text = _("{fault}; it cannot be cut again, because what was read of its page is damaged, too")
        return Flaw("picture", digest[:12], text.format(fault=_worded(amiss)), of_scan(digest))
    what = _("{name}, page {page}, a picture of handwriting").format(name=scan.name, page=scan.index + 1)
    items = tuple(about.rooms.catalog.soundness.items_on(scan.sha256, scan.index)[:_NAMED])
    fault = _worded(amiss)
    flaw = Flaw("picture", what, fault, of_scan(scan.sha256), items)
    if not about.repair:
        return flaw
    boxes = {region.box for page in pages for region in page.regions if region.crop == digest}
    try:
        picture = open_page(about.rooms.store.get(scan.sha256), scan.index)
        cut = next((data for box in boxes if sha256(data := crop(picture, box)).hexdigest() == digest), None)
        if cut is not None:
            about.rooms.store.replace(cut)
    except ArchivistError as error:
        text = _("{fault}; it cannot be cut again: {reason}")
        return replace(flaw, says=text.format(fault=fault, reason=error))
    if cut is None:
        text = _("{fault}; today it would be cut otherwise: ingest its box again, so that the page is read anew")
        return replace(flaw, says=text.format(fault=fault))
    return replace(flaw, says=_("{fault}; cut again from the original").format(fault=fault), mended=True)
