"""A slip held against the document it carried: agency, number, subject, and the day it was received."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from rapidfuzz.distance import Levenshtein

from archivist.describe import numbers
from archivist.describe.ink import ACCEPTED_FROM, closed
from archivist.describe.names import agency_key
from archivist.describe.witnesses.misread import LENT, lent, with_chars
from archivist.describe.witnesses.testimony import agencies, compare, heard, witness_of
from archivist.model import Document, Field, Page, Value, Witness
from archivist.text import fold

Sheets = Mapping[int, Page]

# So much of a subject must be as in the title before the rest of it is put right by the title.
_ALIKE = 0.7
_SHORTEST_SUBJECT = 6


def compared(slip: Document, carried: Document, pages: Mapping[int, Page]) -> tuple[Document, Document]:
    """Return the slip and the document it carried, each after the other was heard.

    A number or name that differs in one poorly read character is read as where it was read well; what differs
    otherwise goes to review on both. `pages` are those of the item by number.
    """
    fields, others = list(slip.fields), list(carried.fields)
    for place, field in enumerate(fields):
        if field.name == "source_agency":
            fields[place] = _agency(field, others, pages)
        elif field.name == "document_number":
            fields[place] = _number(field, others, pages)
        elif field.name == "subject":
            titles = [other for other in others if other.name == "title"]
            fields[place] = _subject(field, titles, pages)
        elif field.name == "received_date":
            fields[place] = _received(field, others)
    return replace(slip, fields=tuple(fields)), replace(carried, fields=tuple(others))


def _agency(field: Field, others: list[Field], pages: Sheets) -> Field:
    """Return the agency on the slip after the issuers were heard, and put into `others` what they heard of it."""
    issuers = [place for place, other in enumerate(others) if other.name == "issuing_agency"]
    if not issuers or not isinstance(field.value, str):
        return field
    said = witness_of(field, "slip")
    verdicts = {place: compare("issuing_agency", others[place].value, said) for place in issuers}
    for_it = [place for place in issuers if verdicts[place].confirms]
    if not for_it and (lent := _lent_name(field, [others[place] for place in issuers], pages)):
        return lent
    if for_it:
        every = all(
            any(compare("issuing_agency", others[place].value, _named(said, part)).confirms for place in for_it)
            for part in agencies(field.value)
        )
        heard_of = [witness_of(others[place]) for place in for_it]
        for place in for_it:
            others[place] = heard(others[place], [said])
        # 市委、市政府 where only the first of them is found again: nothing against it, and not enough for it.
        after = heard(field, heard_of)
        return after if every else replace(after, confidence=field.confidence, status=field.status)
    if all(verdicts[place].against for place in issuers):
        heard_of = [witness_of(others[place]) for place in issuers]
        for place in issuers:
            others[place] = heard(others[place], [said])
        return heard(field, heard_of)
    return field


def _named(witness: Witness, agency: str) -> Witness:
    return replace(witness, value=agency)


def _lent_name(field: Field, issuers: Iterable[Field], pages: Sheets) -> Field | None:
    """Return the agency on the slip with its poorly read characters put right by an issuer of the same length."""
    for issuer in issuers:
        full = str(issuer.value)
        # 聊城市委 on the slip is 中共聊城市委 without its first word.
        for form in dict.fromkeys((full, agency_key(full), full.removeprefix("中共"))):
            if mended := lent(field, form, issuer, pages, most=max(1, len(form) // 4)):
                return _of_slip(mended, field)
    return None


def _number(field: Field, others: list[Field], pages: Sheets) -> Field:
    """Return the number on the slip after that of the document was heard, and put into `others` what it heard."""
    said = witness_of(field, "slip")
    verdicts = {
        place: compare(other.name, other.value, said)
        for place, other in enumerate(others)
        if other.name == "document_number"
    }
    if not verdicts:
        return field
    # Of the numbers of agencies that issued it together the slip may give any one.
    place = max(verdicts, key=lambda place: (verdicts[place].confirms, verdicts[place].against == "misread", -place))
    printed = others[place]
    told = witness_of(printed)
    if compare(printed.name, printed.value, said).against == "misread":
        full = str(_text(printed.value))
        borne_out = any(compare(printed.name, printed.value, one).confirms for one in printed.witnesses)
        if printed.confidence >= field.confidence or borne_out:
            if printed.confidence >= ACCEPTED_FROM and (mended := lent(field, full, printed, pages, most=1)):
                return _of_slip(mended, field)
        elif field.confidence >= ACCEPTED_FROM and (number := numbers.parse(str(field.value))):
            others[place] = replace(
                printed,
                value=numbers.field_value(number),
                confidence=LENT,
                status="review",
                witnesses=(*printed.witnesses, said, told),
            )
            return replace(field, witnesses=(*field.witnesses, told))
    if _says_nothing(compare(printed.name, printed.value, said)):
        return field
    others[place] = heard(printed, [said])
    return heard(field, [told])


def _of_slip(mended: Field, read: Field) -> Field:
    """Return the field of the slip that took characters from the document, with what was read among the witnesses."""
    return replace(mended, witnesses=(*mended.witnesses[:-1], witness_of(read, "slip")))


def _says_nothing(verdict: tuple[float, str | None]) -> bool:
    return not verdict[0] and verdict[1] is None


def _text(value: Value) -> Value:
    return value.get("text") if isinstance(value, Mapping) else value


def _received(field: Field, others: list[Field]) -> Field:
    """Return the date of receipt, in doubt where the document is dated later, which `others` is told as well."""
    for place, other in enumerate(others):
        if other.name == "date_of_issue":
            told = witness_of(other, "date-of-issue")
            if compare(field.name, field.value, told).against:
                others[place] = heard(other, [witness_of(field, "received")])
                return heard(field, [told])
    return field


def _subject(field: Field, titles: Iterable[Field], pages: Sheets) -> Field:
    """Return the subject on the slip after the title of the document was heard."""
    for title in titles:
        told = witness_of(title)
        verdict = compare(field.name, field.value, told)
        if verdict.confirms:
            return heard(field, [told])
        if lent := _lent_subject(field, title, pages):
            return lent
        if verdict.against:
            return heard(field, [told])
    return field


def _lent_subject(field: Field, title: Field, pages: Sheets) -> Field | None:
    """Return the subject with single poorly read characters put right by the title they stand in the same place of."""
    value, whole = fold(str(field.value)), fold(closed(str(title.value)))
    if len(value) < _SHORTEST_SUBJECT:
        return None
    steps = Levenshtein.opcodes(value, whole)
    same = sum(step.src_end - step.src_start for step in steps if step.tag == "equal")
    if same < _ALIKE * len(value):
        return None
    printed = closed(str(title.value))
    chars = {
        step.src_start + offset: printed[step.dest_start + offset]
        for step in steps
        if step.tag == "replace" and step.src_end - step.src_start == step.dest_end - step.dest_start <= 2
        for offset in range(step.src_end - step.src_start)
        if re.match(r"\w", value[step.src_start + offset]) and re.match(r"\w", whole[step.dest_start + offset])
    }
    mended = with_chars(field, chars, title, pages, most=len(value) // 4)
    return _of_slip(mended, field) if mended else None
