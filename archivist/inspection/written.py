"""What the catalogue says: readings that can be read back, and items whose values stand where they say they do."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from archivist.catalog.soundness import KeptReading
from archivist.catalog.tables import storable
from archivist.errors import ArchivistError, DescribingFailed, IndexUnusable
from archivist.events import of_item, of_page
from archivist.inspection.round import Flaw, Round
from archivist.language import gettext as _
from archivist.model import Evidence, Failure, Item
from archivist.search.document import document_of

# Items read from the catalogue at a time.
_WINDOW = 50


def readings(about: Round) -> Iterator[Flaw | None]:
    """Yield for each reading looked at what is wrong with it, None where nothing is; the damaged are read again."""
    sound = about.rooms.catalog.soundness
    damaged: list[KeptReading] = []
    for kept in about.chosen(_("readings"), sound.sizes()["reading"], sound.readings()):
        if kept.fault:
            damaged.append(kept)
        else:
            yield None
    if not about.repair:
        yield from (_reading(about, kept) for kept in damaged)
        return
    concerned: set[str] = set()
    for turn, result in about.read_again([(kept.sha256, kept.place, kept.name) for kept in damaged]):
        kept = damaged[turn]
        flaw = _reading(about, kept)
        if isinstance(result, Failure):
            text = _("{fault}; it could not be read again: {reason}")
            yield replace(flaw, says=text.format(fault=kept.fault, reason=result.message))
        elif kept.parts != len(result.pages):
            text = _("{fault}; today its sheets are told apart otherwise: ingest its box again")
            yield replace(flaw, says=text.format(fault=kept.fault))
        else:
            for picture in result.crops.values():
                about.rooms.store.put(picture)
            sound.read_again(kept.number, result.pages, about.recipe)
            concerned.update(flaw.items)
            yield replace(flaw, says=_("{fault}; read again from the original").format(fault=kept.fault), mended=True)
    if concerned:
        _describe(about, concerned)


def items(about: Round) -> Iterator[Flaw | None]:
    """Yield for each item looked at what is wrong with it or with what the index has of it; it is described again."""
    catalog = about.rooms.catalog
    names = about.chosen(_("items"), catalog.to_index()[0], catalog.identifiers())
    while window := list(islice(names, _WINDOW)):
        unsound: dict[str, str] = {}
        for name, item in _whole(about, window):
            if fault := _("its pages cannot be read back") if item is None else _fault(item):
                unsound[name] = fault
            else:
                yield _otherwise(about, item) if item else None
        if unsound and about.repair:
            _describe(about, unsound)
        for name, item in _whole(about, unsound):
            flaw = Flaw("item", name, unsound[name], of_item(name), (name,))
            if about.repair and item and not _fault(item):
                text = _("{fault}; described again from what was read")
                flaw = replace(flaw, says=text.format(fault=flaw.says), mended=True)
            yield flaw


def _reading(about: Round, kept: KeptReading) -> Flaw:
    what = _("{name}, page {page}, as read").format(name=kept.name, page=kept.place + 1)
    on = about.rooms.catalog.soundness.items_on(kept.sha256, kept.place)
    return Flaw("reading", what, kept.fault, of_page(kept.sha256, kept.place), tuple(on))


def _describe(about: Round, names: Iterable[str]) -> None:
    # What goes wrong is kept as a failure, and the item is looked at again anyway.
    try:
        about.rooms.desk.describe_again(list(names))
    except DescribingFailed:
        return


def _whole(about: Round, names: Iterable[str]) -> Iterator[tuple[str, Item | None]]:
    """Yield the items called `names` that there are; None in the place of one whose pages are damaged."""
    names = list(names)
    try:
        yield from [(item.id, item) for item in about.rooms.catalog.items(names)]
    except (ArchivistError, ValueError):
        for name in names:
            try:
                yield from [(item.id, item) for item in about.rooms.catalog.items([name])]
            except (ArchivistError, ValueError):
                yield name, None


def _fault(item: Item) -> str:
    """Return what is wrong with an item in itself, "" where nothing is."""
    numbers = [page.number for page in item.pages]
    if not numbers or len(set(numbers)) != len(numbers):
        return _("it has no pages, or two with one number")
    texts = {page.number: page.running_text for page in item.pages}
    for document in item.documents:
        if missing := [number for number in document.pages if number not in texts]:
            return _("it has no page {page}").format(page=missing[0])
        for field in document.fields:
            if not _stands(field.evidence, texts):
                text = _("the value {value} of {field} does not stand on page {page} where it says")
                return text.format(value=field.raw, field=field.name, page=field.evidence.page)
    for link in item.campaigns:
        if not all(_stands(evidence, texts) for evidence in link.evidence):
            return _("what links it to {campaign} does not stand where it says").format(campaign=link.name)
    return ""


def _stands(evidence: Evidence, texts: dict[int, str]) -> bool:
    """Whether the evidence is on a page there is; what a person pointed at may hold no text that was read."""
    text = texts.get(evidence.page)
    if text is None or not 0 <= evidence.start <= evidence.end <= len(text):
        return False
    return storable(text[evidence.start : evidence.end]) == storable(evidence.text)


def _otherwise(about: Round, item: Item) -> Flaw | None:
    """Return the flaw that the index has `item` otherwise than it is, None where it has not; it is indexed anew."""
    index, document = about.rooms.index, document_of(item)
    try:
        if not index.outdated(document) or about.rooms.catalog.soundness.queued([item.id]):
            return None
    except IndexUnusable:
        # Told already.
        return None
    flaw = Flaw("index", item.id, _("the index does not have it as it is"), of_item(item.id), (item.id,))
    if about.repair:
        about.rooms.indexer.look_again([item.id])
        flaw = replace(flaw, says=_("{fault}; indexed anew").format(fault=flaw.says), mended=True)
    return flaw
