"""Who looked at what bears a mark of secrecy: kept in the ledger."""

from threading import Lock
from time import monotonic

from archivist.access import OPEN, access_of
from archivist.catalog import Catalog
from archivist.events import Event, of_item
from archivist.model import Item

# Seconds for which looking again, at the next page or the picture of it, is the same visit.
_SAME_VISIT = 600.0


class Views:
    """Keeps in the ledger of `catalog` who looked at items that are not open, once a visit."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock, self._seen = Lock(), dict[tuple[str, str], float]()

    def note(self, item: Item, who: str) -> None:
        """Keep that `who` looks at `item`, where it is not open to anybody."""
        self.note_level(item.id, access_of(item), who)

    def note_level(self, name: str, level: str, who: str) -> None:
        """Keep that `who` looks at the item called `name` of this level of access, where that is not open."""
        if level == OPEN:
            return
        now = monotonic()
        with self._lock:
            self._seen = {visit: at for visit, at in self._seen.items() if now - at < _SAME_VISIT}
            if (who, name) in self._seen:
                return
            self._seen[who, name] = now
        detail = {"act": "viewed", "level": level}
        self._catalog.ledger.add([Event("dissemination", of_item(name), detail, agent=who)])
