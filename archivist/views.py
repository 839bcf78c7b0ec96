"""Who looked at what bears a mark of secrecy: kept in the ledger."""

from datetime import UTC, datetime, timedelta
from threading import Lock

from archivist.access import OPEN, access_of
from archivist.catalog import Catalog
from archivist.events import Event, of_item
from archivist.model import Item

# For so long looking again, at the next page or the picture of it, is the same visit.
_SAME_VISIT = timedelta(minutes=10)


class Views:
    """Keeps in the ledger of `catalog` who looked at items that are not open, once a visit.

    A visit is the same at whichever process that serves the archive. What cannot be kept is not to be shown: the
    errors of the catalogue (ArchiveBusy where another writes to it for long) are for whoever asked to look.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        # When the visits began that this process knows of: nearly every picture asks.
        self._lock, self._begun = Lock(), dict[tuple[str, str, str], datetime]()

    def note(self, item: Item, who: str) -> None:
        """Keep that `who` looks at `item`, where it is not open to anybody."""
        self.note_level(item.id, access_of(item), who)

    def note_level(self, name: str, level: str, who: str) -> None:
        """Keep that `who` looks at the item called `name` of this level of access, where that is not open."""
        if level == OPEN or self._is_known(visit := (who, name, level)):
            return
        # A paper of which it must be known who saw it is worth a second try in a moment; a line that the ledger lacks
        # could never be written later. And so the visit is known only when the ledger has it.
        event = Event("dissemination", of_item(name), {"act": "viewed", "level": level}, agent=who)
        begun = self._catalog.ledger.add_once(event, _SAME_VISIT)
        with self._lock:
            self._begun[visit] = begun

    def _is_known(self, visit: tuple[str, str, str]) -> bool:
        now = datetime.now(UTC)
        with self._lock:
            known = self._begun.get(visit)
            if known is not None and now - _SAME_VISIT < known <= now:
                return True
            self._begun = {one: at for one, at in self._begun.items() if now - _SAME_VISIT < at <= now}
            return False
