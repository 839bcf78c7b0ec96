"""The index against the catalogue: that it is as it was written, and knows each item and nothing else."""

from collections.abc import Iterator
from dataclasses import replace

from archivist.errors import IndexUnusable
from archivist.events import ARCHIVE, of_item
from archivist.inspection.round import Flaw, Round
from archivist.language import gettext as _


def index(about: Round) -> Iterator[Flaw | None]:
    """Yield what is wrong with the index as a whole; a damaged or lost one is made anew."""
    rooms = about.rooms
    rooms.follow()
    try:
        rooms.index.check()
        fault = _("it is lost") if rooms.catalog.to_index()[0] and not rooms.index.count() else ""
    except IndexUnusable as error:
        fault = str(error)
    if fault and about.repair:
        rooms.indexer.rebuild(lambda done, total: about.show(_("index"), done, total))
        yield replace(_flaw(_("{fault}; made anew from the catalogue").format(fault=fault)), mended=True)
    elif fault:
        yield _flaw(fault)


def differences(about: Round) -> Iterator[Flaw | None]:
    """Yield which items only the catalogue has and which only the index, and None for each that both have."""
    rooms = about.rooms
    rooms.follow()
    total, queued = rooms.catalog.to_index()
    try:
        if total and not rooms.index.count():
            return
    except IndexUnusable:
        # Told already.
        return
    if queued and not rooms.catalog.runs.under_way():
        fault = _("{count} items wait for it").format(count=queued)
        if about.repair:
            rooms.indexer.update()
            yield replace(_flaw(_("{fault}; indexed").format(fault=fault)), mended=True)
        else:
            yield _flaw(fault)
    known, indexed = rooms.catalog.soundness.identifiers(), rooms.index.ids()
    wanted, found = next(known, None), next(indexed, None)
    looked_at = 0
    while wanted is not None or found is not None:
        if wanted == found:
            looked_at += 1
            about.show(_("index"), looked_at, max(total, looked_at))
            yield None
            wanted, found = next(known, None), next(indexed, None)
        elif found is None or (wanted is not None and wanted < found):
            yield _missing(about, str(wanted))
            wanted = next(known, None)
        else:
            yield _too_much(about, found)
            found = next(indexed, None)


def _missing(about: Round, name: str) -> Flaw | None:
    # What others do meanwhile is no flaw.
    if about.rooms.catalog.soundness.queued([name]) or about.rooms.index.has(name):
        return None
    flaw = Flaw("index", name, _("the index does not have it"), of_item(name), (name,))
    if not about.repair:
        return flaw
    if about.rooms.indexer.look_again([name]):
        return replace(flaw, says=_("{fault}; indexed").format(fault=flaw.says), mended=True)
    return replace(flaw, says=_("{fault}, and cannot: see what is said of its pages").format(fault=flaw.says))


def _too_much(about: Round, name: str) -> Flaw | None:
    if about.rooms.catalog.soundness.queued([name]) or any(about.rooms.catalog.identifiers([name])):
        return None
    flaw = Flaw("index", name, _("the index has it, and there is no such item"), of_item(name))
    if about.repair:
        about.rooms.indexer.look_again([name])
        flaw = replace(flaw, says=_("{fault}; taken off").format(fault=flaw.says), mended=True)
    return flaw


def _flaw(says: str) -> Flaw:
    return Flaw("index", _("the search index"), says, ARCHIVE)
