"""Which agencies issued a paper, as its head, title, signature, seals and imprint name them."""

from collections.abc import Mapping, Sequence

from archivist.describe.ink import ACCEPTED_FROM, closed
from archivist.describe.misread import apart, look_alike
from archivist.describe.names import is_agency, is_bare, mended, same_agency
from archivist.describe.testimony import compare, heard, rank, together, witness_of
from archivist.model import Document, Field, Page, Witness

# Below this a name may be off by more than one character.
_POOR = 0.8


def issuers(document: Document, pages: Mapping[int, Page]) -> tuple[Field, ...]:
    """Return each issuer of `document` once, as first printed in head, title, signature, with its other places.

    A name misread in one place is that of the other; what is only short for an agency (市委) issues nothing by
    itself beside others. Seals and the printer in the imprint are heard, but name nobody new. `pages` are those
    of the item by number.
    """
    named = document.values("issuing_agency")
    if not named:
        return ()
    found = [_believed(group) for group in _groups(named)]
    for printer in document.values("printing_agency"):
        witness = witness_of(printer, "imprint")
        found = [
            heard(field, [witness]) if compare(field.name, field.value, witness).confirms else field for field in found
        ]
    ink = [field.evidence.box for field in (*named, *document.values("date_of_issue")) if field.method == "signature"]
    for page in (pages[number] for number in document.pages if number in pages):
        for seal in _seals(page):
            found = _sealed(found, seal, over=any(seal.box.overlap(box) for box in ink))
    return tuple(found)


def _seals(page: Page) -> list[Witness]:
    return [
        Witness("seal", line.text, line.text, page.number, line.box, line.confidence)
        for region in page.regions
        if region.kind == "seal"
        for line in region.lines
        if line.glyphs
    ]


def _sealed(found: list[Field], seal: Witness, *, over: bool) -> list[Field]:
    """Return the issuers with the one that `seal` is of told so; where it is nobody's, but over the signature, all."""
    verdicts = [compare(field.name, field.value, seal) for field in found]
    best = max(range(len(found)), key=lambda place: verdicts[place].confirms)
    if verdicts[best].confirms:
        return [heard(field, [seal]) if place == best else field for place, field in enumerate(found)]
    if over and seal.confidence >= ACCEPTED_FROM and all(verdict.against for verdict in verdicts):
        return [heard(field, [seal]) for field in found]
    return found


def _groups(fields: Sequence[Field]) -> list[list[Field]]:
    """Return the fields that name one agency put together, the weightiest place first."""
    groups: list[list[Field]] = []
    bare: list[Field] = []
    ordered = sorted(fields, key=rank)
    for method in dict.fromkeys(field.method for field in ordered):
        here = [field for field in ordered if field.method == method]
        taken: set[int] = set()
        left = []
        for field in here:
            place = next(
                (i for i, group in enumerate(groups) if same_agency(str(group[0].value), str(field.value))), None
            )
            if place is None:
                left.append(field)
            else:
                groups[place].append(field)
                taken.add(place)
        for field in left:
            near = [i for i, group in enumerate(groups) if i not in taken and _misread_of(group[0], field)]
            if near:
                groups[near[0]].append(field)
                taken.add(near[0])
            elif groups and is_bare(str(field.value)):
                bare.append(field)
            else:
                groups.append([field])
    for field in bare:
        full = (group for group in groups if any(same_agency(str(one.value), str(field.value)) for one in group))
        next(full, groups[0]).append(field)
    return _without_misread_heads(groups)


def _without_misread_heads(groups: list[list[Field]]) -> list[list[Field]]:
    """Return `groups` with a head that names no agency put to the one that title and signature agree on."""
    firm = [group for group in groups if len({field.method for field in group}) > 1]
    for group in list(groups):
        if firm and len(group) == 1 and group[0].method == "red-head" and not is_agency(group[0].raw):
            firm[0].append(group[0])
            groups = [other for other in groups if other is not group]
    return groups


def _misread_of(one: Field, other: Field) -> bool:
    """Return whether one of two names is the other with a character taken for another, or several read badly."""
    first, second = (closed(mended(str(field.value))) for field in (one, other))
    if len(first) != len(second) or len(first) < 4:
        return False
    places = apart(first, second)
    poor = min(one.confidence, other.confidence)
    if len(places) == 1:
        a, b = first[places[0]], second[places[0]]
        return poor < ACCEPTED_FROM or look_alike(a, b) or not (is_agency(first) and is_agency(second))
    return poor < _POOR and len(places) <= len(first) // 3


def _believed(group: Sequence[Field]) -> Field:
    """Return the reading of an issuer that is believed, heard against the other places that name it."""
    full = [field for field in group if not is_bare(str(field.value))] or list(group)
    readings: list[list[Field]] = []
    for field in full:
        for reading in readings:
            if same_agency(str(reading[0].value), str(field.value)):
                reading.append(field)
                break
        else:
            readings.append([field])
    believed = readings[0]
    for other in readings[1:]:
        poor = believed[0].confidence < ACCEPTED_FROM or (is_agency(other[0].raw) and not is_agency(believed[0].raw))
        if (poor or len(other) > len(believed)) and together(other) > together(believed):
            believed = other
    return heard(believed[0], [witness_of(field) for field in group if field is not believed[0]])
