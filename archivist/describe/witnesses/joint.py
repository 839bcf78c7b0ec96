"""Which agencies issued a paper, as its head, title, signature, seals and imprint name them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from rapidfuzz.distance import Levenshtein

from archivist.describe.ink import ACCEPTED_FROM, closed
from archivist.describe.names import is_agency, is_bare, is_unit_of, mended, same_agency
from archivist.describe.witnesses.misread import LENT, apart, glyphs_of, lent, look_alike, lost_between
from archivist.describe.witnesses.testimony import compare, heard, rank, together, witness_of
from archivist.model import Document, Field, Page, Witness

_SHORT = 4
_ABOVE = ("省", "自治区")
_FORWARDS = re.compile("(?:批转|转发|转批|印转|抄转)(.*)")


def issuers(document: Document, pages: Mapping[int, Page]) -> tuple[Field, ...]:
    """Return each issuer of `document` once, as first printed in head, title, signature, with its other places.

    A name misread in one place is that of the other; what is only short for an agency (市委) issues nothing by
    itself beside others. Seals and the printer in the imprint are heard, but name nobody new. `pages` are those
    of the item by number.
    """
    named = document.values("issuing_agency")
    if not named:
        return ()
    found = [_believed(group, pages) for group in _groups(named, pages)]
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


def without_forwarded(document: Document) -> Document:
    """Return `document` without what the signature of a paper says that it forwards (批转, 转发 in its title).

    Who is named there, and in neither head nor title as an issuer, wrote that paper and did not issue this one.
    """
    titles = [closed(mended(str(field.value))) for field in document.values("title")]
    forwarded = "".join(match[1] for title in titles for match in [_FORWARDS.search(title)] if match)
    named = document.values("issuing_agency")
    own = [field for field in named if field.method != "signature"]
    others = [
        field
        for field in named
        if field.method == "signature"
        and closed(mended(str(field.value))) in forwarded
        and own
        and not any(same_agency(str(field.value), str(other.value)) for other in own)
    ]
    dated = [
        field
        for field in document.values("date_of_issue")
        for other in others
        if field.method == "signature" and _stands_under(field, other)
    ]
    left = tuple(field for field in document.fields if field not in others and field not in dated)
    return replace(document, fields=left) if others else document


def _stands_under(date: Field, agency: Field) -> bool:
    above, box = agency.evidence, date.evidence.box
    gap = box.top - above.box.bottom
    return date.evidence.page == above.page and -above.box.height <= gap <= 4 * above.box.height


def titled(title: Field, issuers: Sequence[Field]) -> Field:
    """Return the title with its issuers spelled as they are believed where the title was misread."""
    for issuer in issuers:
        for place in issuer.witnesses:
            value, read = str(title.value), str(place.value)
            right = str(issuer.value)[-len(read) :]
            if place.method != "title-block" or len(right) != len(read) or right in value or read not in value:
                continue
            # A name said short in the title stays as it is printed there.
            if same_agency(read, str(issuer.value)) or len(apart(read, right)) > max(1, len(read) // 3):
                continue
            heard_of = (witness_of(issuer), witness_of(title))
            value = value.replace(read, right, 1)
            title = replace(title, value=value, status="review", witnesses=(*title.witnesses, *heard_of))
    return title


def printed(printer: Field, issuers: Sequence[Field], pages: Mapping[int, Page]) -> Field:
    """Return the agency that printed with the name of an issuer in it (whose office it is) spelled as believed."""
    for issuer in issuers:
        name, value = str(issuer.value), str(printer.value)
        if len(name) <= len(value) and (mended := lent(printer, name + value[len(name) :], issuer, pages, most=1)):
            return mended
    return printer


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


def _groups(fields: Sequence[Field], pages: Mapping[int, Page]) -> list[list[Field]]:
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
                (
                    place
                    for place, group in enumerate(groups)
                    if any(same_agency(str(one.value), str(field.value)) for one in group)
                ),
                None,
            )
            if place is None:
                left.append(field)
            else:
                groups[place].append(field)
                taken.add(place)
        for field in left:
            near = [i for i, group in enumerate(groups) if i not in taken and _is_meant(group[0], field, pages)]
            if near:
                groups[near[0]].append(field)
                taken.add(near[0])
            elif groups and is_bare(str(field.value)):
                bare.append(field)
            else:
                # One place names an agency once: what stands beside it there is another.
                taken.add(len(groups))
                groups.append([field])
    for field in bare:
        full = (group for group in groups if any(same_agency(str(one.value), str(field.value)) for one in group))
        next(full, groups[0]).append(field)
    return _without_misread_heads(groups)


def _is_meant(one: Field, other: Field, pages: Mapping[int, Page]) -> bool:
    """Return whether two names mean one agency: one misread, or only its place or works said (梁园公社)."""
    return _unit_and_organ(one, other) or _unit_and_organ(other, one) or _misread_of(one, other, pages)


def _unit_and_organ(unit: Field, organ: Field) -> bool:
    return is_unit_of(str(unit.value), str(organ.value))


def _without_misread_heads(groups: list[list[Field]]) -> list[list[Field]]:
    """Return `groups` without what only a head says that was read badly, which joins the agency it stands for.

    That is a head in which several names were not told apart, and one that names no agency while other places agree.
    """
    kept = list(groups)
    for group in groups:
        others = [other for other in kept if other is not group]
        firm = [other for other in others if len({field.method for field in other}) > 1]
        if len(group) > 1 or group[0].method != "red-head":
            continue
        meant = _run_together(group[0], others) or (firm if not is_agency(group[0].raw) else [])
        if meant:
            meant[0].append(group[0])
            kept = others
    return kept


def _run_together(head: Field, groups: list[list[Field]]) -> list[list[Field]]:
    """Return the groups, two or more in a row, that `head` names without a division between them."""
    name = _letters(head)
    for first, last in combinations(range(len(groups) + 1), 2):
        whole = "".join(_letters(group[0]) for group in groups[first:last])
        if last - first > 1 and Levenshtein.distance(whole, name) <= max(1, len(name) // 5):
            return groups[first:last]
    return []


def _letters(field: Field) -> str:
    return closed(mended(str(field.value)))


def _misread_of(one: Field, other: Field, pages: Mapping[int, Page]) -> bool:
    """Return whether one of two names is the other with a character or several taken for others.

    The ink says so where they differ: poorly read, or characters that look alike. A province before one of them makes
    no difference.
    """
    first, second = _letters(one), _letters(other)
    if first[: -len(second)].endswith(_ABOVE):
        first = first[-len(second) :]
    elif second[: -len(first)].endswith(_ABOVE):
        second = second[-len(first) :]
    if min(len(first), len(second)) < 4:
        return False
    nameless = not (is_agency(first) and is_agency(second))
    if len(first) != len(second):
        # A reader drops a character without a trace; short names that differ by one are those of two agencies.
        poor = min(one.confidence, other.confidence) < ACCEPTED_FROM or min(len(first), len(second)) > _SHORT
        short = other if len(second) < len(first) else one
        under_seal = short.method == "signature" and lost_between(first, second)
        return under_seal or ((poor or nameless) and Levenshtein.distance(first, second) == 1)
    places = apart(first, second)
    ink = [glyphs_of(field, pages)[-len(first) :] for field in (one, other)]
    if not places or len(places) > max(1, len(first) // 3) or min(map(len, ink)) != len(first):
        return False
    doubtful = [min(glyphs[place].confidence for glyphs in ink) < ACCEPTED_FROM for place in places]
    if len(places) == 1:
        return doubtful[0] or nameless or look_alike(first[places[0]], second[places[0]])
    return all(doubtful)


def _believed(group: Sequence[Field], pages: Mapping[int, Page]) -> Field:
    """Return the reading of an issuer that is believed, heard against the other places that name it."""
    full = [field for field in group if not is_bare(str(field.value))] or list(group)
    full = [field for field in full if not any(_unit_and_organ(field, other) for other in full)]
    readings: list[list[Field]] = []
    for field in full:
        for reading in readings:
            if same_agency(str(reading[0].value), str(field.value)):
                reading.append(field)
                break
        else:
            readings.append([field])
    believed = readings[0][0]
    others = [field for field in group if field is not believed]
    if len(readings) > 1 and (spelled := _spelled(believed, others, pages)):
        return spelled
    for other in readings[1:]:
        poor = believed.confidence < ACCEPTED_FROM or (is_agency(other[0].raw) and not is_agency(believed.raw))
        dropped = is_agency(other[0].raw) and len(_letters(other[0])) == len(_letters(believed)) + 1
        if dropped or (poor and together(other) > together(readings[0])):
            believed = other[0]
            break
    return heard(believed, [witness_of(field) for field in group if field is not believed])


def _spelled(field: Field, others: Sequence[Field], pages: Mapping[int, Page]) -> Field | None:
    """Return `field` with each character as the places that name the agency read it best, None where none changes.

    Each place counts for as much as it is sure of the character; the ink and what was read there stay.
    """
    value, glyphs = closed(str(field.value)), glyphs_of(field, pages)
    if len(glyphs) != len(value):
        return None
    votes: list[dict[str, list[float]]] = [
        {char: [glyph.confidence]} for char, glyph in zip(value, glyphs, strict=True)
    ]
    for other in others:
        said, ink = closed(str(other.value)), glyphs_of(other, pages)
        for step in Levenshtein.opcodes(value, said) if len(ink) == len(said) else ():
            if step.tag in ("equal", "replace") and step.src_end - step.src_start == step.dest_end - step.dest_start:
                for place, at in zip(
                    range(step.src_start, step.src_end), range(step.dest_start, step.dest_end), strict=True
                ):
                    votes[place].setdefault(said[at], []).append(ink[at].confidence)
    best = [max(vote, key=lambda char: sum(vote[char])) for vote in votes]
    changed = apart(value, best)
    right = "".join(best)
    if not changed or len(changed) > len(value) // 3 or not is_agency(right):
        return None
    spelled = heard(replace(field, value=right, confidence=LENT), [witness_of(other) for other in others])
    spelled = replace(spelled, witnesses=(*spelled.witnesses, witness_of(field)))
    if all(len(votes[place][best[place]]) > 1 for place in changed):
        return spelled
    return replace(spelled, confidence=min(spelled.confidence, LENT), status="review")
