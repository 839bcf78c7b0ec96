"""What one place on a paper says for or against a value that another place gave, and how that is weighed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq, Levenshtein

from archivist.definitions import load
from archivist.describe import numbers
from archivist.describe.ink import ACCEPTED_FROM, closed
from archivist.describe.names import agency_key, is_agency, is_unit_of, same_agency, split
from archivist.describe.witnesses.misread import LENT, lost_between, one_apart
from archivist.model import Field, Value, Witness
from archivist.text import fold

_SEPARATOR = re.compile(r"[、,;/\s]+")
_PART_OF_NUMBER = re.compile(r"(?P<code>[\u3400-\u9fff]*?)第?0*(?P<number>\d{1,5})号?")
_NOT_A_LETTER = re.compile(r"[\W_]+")
# However many places agree, they are on one scan.
_MOST = 0.99
# A value that another place contradicts is for a person to look at.
_CONTRADICTED = 0.89
# A place that confirms so much of a value confirms it.
_CONFIRMED = 0.8
# A seal is read along its ring and often in part.
_SEAL_ALIKE, _SEAL_OTHER = 75, 50
# Less of a subject than this found again in the title, in order, is another subject; half may be a shortened one.
_OTHER_TITLE = 0.4
# So much of it, and it is the title shortened.
_SHORTENED = 0.95
# What titles have in common: 关于 and what stands before it, the kind of paper at the end.
_FRAME = re.compile(r"^.*?关于|的[^的]{1,4}$")
# What a vague statement confirms: the month without the day, the running number alone, an office of the agency.
_VAGUE = 0.5


class Verdict(NamedTuple):
    """How much of the value a place confirms (0..1), and why it speaks against it (a key of `reasons`) if it does."""

    confirms: float = 0.0
    against: str | None = None


def rules() -> Mapping[str, Any]:
    """Return schemas/witnesses.yaml."""
    found: Mapping[str, Any] = load("schemas/witnesses.yaml")
    return found


def compare(name: str, value: Value, witness: Witness) -> Verdict:
    """Return what `witness` says of `value`, the value of a field called `name`.

    Values that say nothing about each other (a seal that cannot be read) give a verdict without either.
    """
    said = witness.value
    if name in ("issuing_agency", "source_agency") and isinstance(value, str) and isinstance(said, str):
        return _seal(value, said) if witness.method == "seal" else _agency(value, said, witness.method)
    if name == "document_number":
        return _year(said, value) if witness.method == "date-of-issue" else _number(value, said)
    if name == "date_of_issue" and witness.method in ("number-line", "number-foot"):
        return _year(value, said)
    if name in ("date_of_issue", "received_date", "print_date"):
        return _date(name, value, said, witness.method)
    if name == "subject" and isinstance(value, str) and isinstance(said, str):
        return _subject(value, said)
    return Verdict()


def witness_of(field: Field, method: str | None = None) -> Witness:
    """Return what `field` says as a witness for another, in the place `method` or its own."""
    at = field.evidence
    return Witness(method or field.method, field.value, field.raw, at.page, at.box, field.confidence)


def rank(field: Field) -> int:
    """Return how far down the place of `field` stands among those that count for its name, from 0."""
    order: list[str] = rules()["order"][field.name]
    return order.index(field.method) if field.method in order else len(order) - 1


def together(fields: Iterable[Field]) -> float:
    """Return how sure a reading is that several independent places share: 1-(1-a)(1-b)."""
    wrong = 1.0
    for field in fields:
        wrong *= 1 - field.confidence
    return min(_MOST, 1 - wrong)


def heard(field: Field, witnesses: Iterable[Witness]) -> Field:
    """Return `field` after `witnesses` were heard beside those it had: with them, its confidence and its status.

    Agreement raises the confidence as independent places do. A contradiction lowers it and sends the field to review,
    unless it is one character and another place bears the field out.
    """
    said = tuple(witnesses)
    if not said:
        return field
    sure = field.confidence
    for witness in said:
        weight = witness.confidence * rules()["trust"].get(witness.method, 1.0)
        confirms = compare(field.name, field.value, witness).confirms
        sure = max(sure, min(_MOST, 1 - (1 - sure) * (1 - weight * confirms)))
    everyone = (*field.witnesses, *said)
    verdicts = [compare(field.name, field.value, witness) for witness in everyone]
    pairs = list(zip(everyone, verdicts, strict=True))
    agreed = any(verdict.confirms >= _CONFIRMED and one.method != "seal" for one, verdict in pairs)
    # One character that differs is the reader's where two places agree, or one is a name read well.
    firm = agreed or ("agency" in field.name and field.confidence >= ACCEPTED_FROM)
    against = [
        (one, verdict.against)
        for one, verdict in pairs
        if verdict.against
        and not (verdict.against == "misread" and (agreed or (firm and one.confidence < ACCEPTED_FROM)))
    ]
    for witness, why in against:
        if witness not in said:
            continue
        if why == "misread" and "agency" in field.name:
            # Two names that differ in one character bear each other out in all the others.
            sure = min(sure, LENT)
        else:
            sure = _contradicted(sure, witness.confidence * rules()["trust"].get(witness.method, 1.0))
    sure = min(sure, _CONTRADICTED) if against else sure
    doubtful = against or sure < ACCEPTED_FROM or (field.status == "review" and not agreed)
    return replace(field, confidence=sure, status="review" if doubtful else "accepted", witnesses=everyone)


def _contradicted(sure: float, other: float) -> float:
    """Return how sure a value is that is right or wrong as another, `other` sure, is wrong or right."""
    one, two = (min(max(value, 0.02), 0.98) for value in (sure, other))
    return one * (1 - two) / (one * (1 - two) + two * (1 - one))


def agencies(text: str) -> list[str]:
    """Return the agencies that `text`, an entry of a slip or a place in a head, names one after another."""
    return [text[start:end] for start, end in split(text)] or [part for part in _SEPARATOR.split(text) if part]


def letters(text: str) -> str:
    """Return `text` as titles are compared: folded, without spaces and punctuation."""
    return _NOT_A_LETTER.sub("", fold(text))


def span(text: Value) -> tuple[date, date] | None:
    """Return the first and last day of `YYYY-MM-DD` or `YYYY-MM`, None where it is no date."""
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d(?:-\d\d)?", text, re.ASCII):
        return None
    try:
        first = date.fromisoformat(text if len(text) == 10 else f"{text}-01")
    except ValueError:
        return None
    return first, first if len(text) == 10 else first.replace(day=28)


def _agency(value: str, said: str, method: str) -> Verdict:
    best = Verdict(0.0, "other-agency")
    for one in agencies(value):
        for other in agencies(said):
            own, told = agency_key(one), agency_key(other)
            if same_agency(one, other):
                # 市委 says nothing of the city, 中共聊城市委 all that 市委 says.
                return Verdict(min(1.0, len(told) / max(len(own), 1)))
            keys = sorted((own, told), key=len)
            hidden = method == "signature" and len(other) < len(one) and lost_between(fold(one), fold(other))
            if (keys[0] and keys[1].startswith(keys[0])) or is_unit_of(one, other) or is_unit_of(other, one):
                # The office of an agency prints and forwards for it.
                best = Verdict(_VAGUE)
            elif (
                best.against
                and len(keys[0]) > 3
                and (1 in (Levenshtein.distance(*keys), Levenshtein.distance(fold(one), fold(other))) or hidden)
            ):
                best = Verdict(0.0, "misread")
    # Only what is clearly the name of another agency speaks against one.
    clear = all(is_agency(name) for name in (*agencies(value), *agencies(said)))
    if best.against == "other-agency" and (method == "imprint" or not clear):
        return Verdict()
    return best


def _seal(value: str, said: str) -> Verdict:
    key, ring = agency_key(value), agency_key(said)
    if len(ring) < max(4, 0.6 * len(key)) or len(key) < 3:
        return Verdict()
    # The text of a ring may begin anywhere.
    score = fuzz.partial_ratio(key, ring + ring)
    if score >= _SEAL_ALIKE:
        return Verdict(score / 100)
    return Verdict(0.0, "other-agency") if score < _SEAL_OTHER and is_agency(said) else Verdict()


def _number(value: Value, said: Value) -> Verdict:
    one, other = _known(value), _known(said)
    if one and other:
        if str(one) == str(other):
            return Verdict(1.0)
        return Verdict(0.0, "misread" if one_apart(str(one), str(other)) else "other-number")
    known, vague = (one, said) if one else (other, value)
    if known is None or not isinstance(vague, str):
        same = closed(fold(str(value))) == closed(fold(str(said)))
        return Verdict(1.0) if same and value else Verdict()
    match = _PART_OF_NUMBER.fullmatch(closed(fold(vague)))
    if match is None:
        return Verdict()
    code = fold(known.agency_code)
    if int(match["number"]) == known.number and (
        not match["code"] or code.startswith(match["code"].removesuffix("字"))
    ):
        return Verdict(_VAGUE if one else 1.0)
    return Verdict(0.0, "other-number")


def _known(value: Value) -> numbers.DocumentNumber | None:
    text = value.get("text") if isinstance(value, Mapping) else value
    return numbers.parse(text) if isinstance(text, str) else None


def _year(when: Value, number: Value) -> Verdict:
    """Return whether a paper of the date `when` may bear `number`."""
    days, known = span(when), _known(number)
    if days is None or known is None:
        return Verdict()
    months = (days[0].year - known.year) * 12 + days[0].month
    return Verdict() if 1 <= months <= rules()["months_of_a_number"] else Verdict(0.0, "year-of-number")


def _date(name: str, value: Value, said: Value, method: str) -> Verdict:
    own, other = span(value), span(said)
    if own is None or other is None:
        return Verdict()
    if name != "date_of_issue" or method == "received":
        issue, later = (own, other) if name == "date_of_issue" else (other, own)
        received = name == "received_date" or method == "received"
        if later[1] < issue[0]:
            return Verdict(0.0, "received-before-issue" if received else "printed-before-issue")
        late = not received and (later[0] - issue[1]).days > rules()["days_to_print"]
        return Verdict(0.0, "printed-late") if late else Verdict()
    if str(said).startswith(str(value)) or str(value).startswith(str(said)):
        return Verdict(1.0 if len(str(value)) <= len(str(said)) else _VAGUE)
    if method == "imprint":
        if other[1] < own[0]:
            return Verdict(0.0, "printed-before-issue")
        late = (other[0] - own[1]).days > rules()["days_to_print"]
        return Verdict(0.0, "printed-late") if late else Verdict(_VAGUE)
    return Verdict(0.0, "misread" if one_apart(str(value), str(said)) else "other-date")


def _subject(value: str, said: str) -> Verdict:
    short, title = letters(value), letters(said)
    if len(short) < 2 or len(title) < 2:
        return Verdict()
    if short in title or title in short:
        return Verdict(1.0)
    if LCSseq.similarity(short, title) >= _SHORTENED * len(short):
        return Verdict(_SHORTENED)
    cores = [_FRAME.sub("", short) or short, _FRAME.sub("", title) or title]
    found = LCSseq.similarity(*cores) / min(map(len, cores))
    return Verdict(0.0, "other-title") if found < _OTHER_TITLE else Verdict()
