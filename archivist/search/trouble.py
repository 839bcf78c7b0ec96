"""What goes wrong with an index, in the same words whatever the engine."""

from archivist.errors import ArchiveBusy, ArchivistError, IndexUnusable
from archivist.language import gettext as _


def damaged(place: object) -> IndexUnusable:
    """Return that the index at `place` is not as it was written, or was made by another definition."""
    text = _("The search index in {folder} is damaged or of another version. Run: archivist reindex")
    return IndexUnusable(text.format(folder=place))


def out_of_reach(place: object, reason: object) -> ArchivistError:
    """Return that the disk with the index at `place` cannot be used, for which `reason`."""
    text = _("The search index in {folder} cannot be used: {reason}")
    return ArchivistError(text.format(folder=place, reason=reason))


def busy() -> ArchiveBusy:
    """Return that somebody else writes to the index."""
    return ArchiveBusy(_("Another process is writing to the search index. Try again when it is done."))
