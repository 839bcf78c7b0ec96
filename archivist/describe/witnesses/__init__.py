"""What several places on the papers of one item say of one thing, and which of them is believed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from archivist.describe import numbers
from archivist.describe.ink import ACCEPTED_FROM, closed
from archivist.describe.witnesses import joint
from archivist.describe.witnesses.carried import compared
from archivist.describe.witnesses.misread import LENT, one_apart
from archivist.describe.witnesses.spoilt import signed_date
from archivist.describe.witnesses.testimony import compare, heard, rank, span, together, witness_of
from archivist.model import Document, Field, Page, Value, Witness

Sheets = Mapping[int, Page]

_PRINTED = 0.6
_NUMBER_LINES = ("number-line", "year-of-issue")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one place says: its name in schemas/witnesses.yaml, the page in the item, the value and the text as read."""

    place: str
    page: int
    value: Value
    raw: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """That places on the papers of an item do not agree about a field; `why` is a key of schemas/witnesses.yaml.

    The first of `readings` is the one that is shown as the value.
    """

    name: str
    readings: tuple[Reading, ...]
    why: str


def settle(documents: Sequence[Document], pages: Sequence[Page]) -> tuple[Document, ...]:
    """Return the described `documents` of one item on `pages` with each issuer, the number and the date said once.

    Every place that was heard beside the one that is believed is kept among the `witnesses` of its field. Agreement
    raises the confidence (as independent places: 1-(1-a)(1-b)); a contradiction lowers it and sends the field to
    review. A slip is compared with the issued document behind it. Documents that are settled stay as they are.
    """
    known = tuple(documents)
    if any(field.witnesses for document in known for field in document.fields):
        return known
    sheets = {page.number: page for page in pages}
    settled = [_by_itself(document, sheets) if _is_issued(document) else document for document in known]
    for place, document in enumerate(settled):
        carried = _carried(settled, place)
        if document.kind == "circulation_slip" and carried is not None:
            settled[place], settled[carried] = compared(document, settled[carried], sheets)
    return tuple(_with_year(document) if _is_issued(document) else document for document in settled)


def disagreements(documents: Iterable[Document]) -> tuple[Disagreement, ...]:
    """Return what the settled `documents` of one item disagree about, in the order of their fields, each once.

    What a person has verified or rejected is no longer in dispute.
    """
    found: list[Disagreement] = []
    for document in documents:
        for field in document.fields:
            if field.status in ("verified", "rejected"):
                continue
            own = Reading(_place(document, field), field.evidence.page, field.value, field.raw)
            against: dict[str, list[Reading]] = {}
            for witness in field.witnesses:
                if why := compare(field.name, field.value, witness).against:
                    against.setdefault(why, []).append(
                        Reading(witness.method, witness.page, witness.value, witness.raw)
                    )
            for why, readings in against.items():
                entry = Disagreement(field.name, (own, *readings), why)
                if not any(entry.why == other.why and _meet(entry, other) for other in found):
                    found.append(entry)
    return tuple(found)


def _meet(one: Disagreement, other: Disagreement) -> bool:
    """Return whether two disagreements are one, seen from both sides."""
    sides = [{(reading.page, reading.raw) for reading in entry.readings} for entry in (one, other)]
    return sides[0] <= sides[1] or sides[1] <= sides[0]


def _place(document: Document, field: Field) -> str:
    if document.kind == "circulation_slip":
        return "received" if field.name == "received_date" else "slip"
    return field.method


def _is_issued(document: Document) -> bool:
    """Return whether a document was issued by itself, as a report behind the notice that forwards it was as well."""
    attached = document.kind == "attachment" and bool(document.values("date_of_issue"))
    return attached or document.kind == "issued_document"


def _carried(documents: Sequence[Document], slip: int) -> int | None:
    """Return the place of the issued document that the slip in place `slip` carried: behind it, else before it."""
    places = [place for place, document in enumerate(documents) if document.kind == "issued_document"]
    return min(places, key=lambda place: (place < slip, place), default=None)


def _with_year(document: Document) -> Document:
    """Return `document` with its number and its date held against each other: they name one year, or nearly.

    A year that was poorly read and differs in one figure is read as where it was read well.
    """
    number = next(iter(document.values("document_number")), None)
    issued = next(iter(document.values("date_of_issue")), None)
    # A number without a year has taken it from the date.
    if number is None or issued is None or number.method == "year-of-issue":
        return document
    by_number, by_date = witness_of(number, "number-line"), witness_of(issued, "date-of-issue")
    if compare("date_of_issue", issued.value, by_number).against is None:
        return document
    checked = heard(number, [by_date]), heard(issued, [by_number])
    known = numbers.parse(number.raw)
    years = known and (str(known.year), str(issued.value)[:4])
    if known and years and one_apart(*years):
        if issued.confidence < ACCEPTED_FROM <= number.confidence:
            lent = replace(checked[1], value=f"{known.year}{str(issued.value)[4:]}", confidence=LENT)
            checked = number, _if_fits(lent, checked[1], by_number)
        elif number.confidence < ACCEPTED_FROM <= issued.confidence:
            year = replace(known, year=int(years[1]))
            lent = replace(checked[0], value=numbers.field_value(year), confidence=LENT)
            checked = _if_fits(lent, checked[0], by_date), issued
    others = document.values("document_number")[1:]
    return _replaced(document, {"document_number": (checked[0], *others), "date_of_issue": checked[1:]})


def _if_fits(lent: Field, read: Field, witness: Witness) -> Field:
    """Return the field with a year lent to it, or as it was read where that fits no better."""
    if compare(lent.name, lent.value, witness).against:
        return read
    return replace(lent, witnesses=(*lent.witnesses, witness_of(read)))


def _by_itself(document: Document, sheets: Sheets) -> Document:
    """Return an issued document whose own places were heard about issuers, number and date."""
    document = joint.without_forwarded(document)
    written = [*document.values("date_of_issue")]
    if all(field.method == "imprint" for field in written):
        written += _spoilt(document, sheets)
    issued, printed = _date(written, document.values("print_date"), sheets)
    issuers = joint.issuers(document, sheets)
    return _replaced(
        document,
        {
            "issuing_agency": issuers,
            "document_number": _numbers(document.values("document_number")),
            "date_of_issue": issued,
            "print_date": printed,
            "title": [joint.titled(field, issuers) for field in document.values("title")],
            "printing_agency": [joint.printed(field, issuers, sheets) for field in document.values("printing_agency")],
        },
    )


def _spoilt(document: Document, sheets: Sheets) -> list[Field]:
    """Return the date under the text where only its year could not be read, by the number and the imprint."""
    said = [field for field in document.values("document_number") if field.method != "year-of-issue"]
    years = [number.year for field in said if (number := numbers.parse(str(field.raw)))]
    printed = [day for field in document.values("print_date") if (day := span(field.value))]
    years += [day[0].year for day in printed]
    found = signed_date([sheets[number] for number in document.pages if number in sheets], years)
    if found is None or any(
        compare("date_of_issue", found.value, witness_of(field, "imprint")).against
        for field in document.values("print_date")
    ):
        return []
    return [found]


def _replaced(document: Document, merged: Mapping[str, Sequence[Field]]) -> Document:
    """Return `document` with the fields of `merged` where the first of their name stood, else at the end."""
    fields: list[Field] = []
    for name, entries in _grouped(document.fields):
        fields += merged.get(name, entries)
    for name in merged.keys() - {field.name for field in document.fields}:
        fields += merged[name]
    return replace(document, fields=tuple(fields))


def _grouped(fields: Iterable[Field]) -> list[tuple[str, list[Field]]]:
    """Return the fields by name where names in question are put together, others left where they are."""
    rows: list[tuple[str, list[Field]]] = []
    first: dict[str, int] = {}
    for field in fields:
        if field.name in first:
            rows[first[field.name]][1].append(field)
        else:
            first[field.name] = len(rows)
            rows.append((field.name, [field]))
    return rows


def _one(fields: Sequence[Field]) -> tuple[Field, ...]:
    """Return the one of `fields` that is believed, heard against the others; nothing where there are none.

    The weightiest place wins, unless another reading is better where this one was poorly read.
    """
    if not fields:
        return ()
    readings: list[list[Field]] = []
    for field in sorted(fields, key=rank):
        for reading in readings:
            if compare(field.name, field.value, witness_of(reading[0])).confirms:
                reading.append(field)
                break
        else:
            readings.append([field])
    believed = readings[0]
    for other in readings[1:]:
        poor = believed[0].confidence < ACCEPTED_FROM and together(other) > together(believed)
        why = compare(believed[0].name, believed[0].value, witness_of(other[0])).against
        if poor and (why == "misread" or len(other) > 1):
            believed = other
    # 1995年6月 in the head and 1995年6月9日 under the text: the day is part of the date.
    chosen = max(believed, key=lambda field: (len(str(field.value)), -rank(field)))
    return (heard(chosen, [witness_of(field) for field in sorted(fields, key=rank) if field is not chosen]),)


def _numbers(fields: Sequence[Field]) -> tuple[Field, ...]:
    """Return the numbers of a paper: agencies that issue it together each give it one of their own."""
    codes: dict[object, list[Field]] = {}
    for field in sorted(fields, key=rank):
        code = field.value.get("agency_code") if isinstance(field.value, Mapping) else None
        # What another place says is said of the number of that agency, or else of the first.
        own = code if code in codes or field.method in _NUMBER_LINES or not codes else next(iter(codes))
        codes.setdefault(own, []).append(field)
    return tuple(number for group in codes.values() for number in _one(group))


def _date(
    dates: Sequence[Field], printed: Sequence[Field], sheets: Sheets
) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    """Return the date of issue, and the dates of printing, compared with it."""
    written = [field for field in dates if field.method != "imprint"]
    imprint = [field for field in dates if field.method == "imprint"]
    if not written:
        # Where the day of printing is all that was read, that of issue is often there and could not be.
        return tuple(replace(field, confidence=min(field.confidence, _PRINTED)) for field in _one(imprint)), tuple(
            printed
        )
    (issued,) = _one(written)
    seen = {field.evidence for field in imprint}
    later = [*imprint, *(field for field in printed if field.evidence not in seen)]
    told = [witness_of(field, "imprint") for field in later if not _printed_again(field, sheets)]
    checked = []
    for field in printed:
        objects = compare("print_date", field.value, witness_of(issued)).against and not _printed_again(field, sheets)
        checked.append(heard(field, [witness_of(issued, "date-of-issue")]) if objects else field)
    again = [field for field in imprint if _printed_again(field, sheets)]
    issued = heard(issued, told)
    return (replace(issued, witnesses=(*issued.witnesses, *map(witness_of, again))),), tuple(checked)


def _printed_again(field: Field, sheets: Sheets) -> bool:
    """Return whether a date in the imprint is that of a later printing (翻印), which may be any time after."""
    page = sheets.get(field.evidence.page)
    return page is not None and "翻印" in closed(page.running_text[field.evidence.end : field.evidence.end + 12])
