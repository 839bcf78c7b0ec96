"""What papers of the archive are called, and which of them, or of papers it lacks, other papers mean."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, CompoundSelect, Connection, Select, and_, exists, func, or_, select

from archivist.access import MaySee
from archivist.catalog.tables import citations, designations, items
from archivist.definitions import load
from archivist.model import Document, Field, Item, Value
from archivist.text import fold

_NUMBER = re.compile(r"(.+)〔(\d{4})〕0*(\d+)号")
# In which field of a document its title stands, and in which the agency it comes from.
_TITLES = {"title": "issuing_agency", "subject": "source_agency"}
# So many papers are looked at first for those that are missing, and so many at most by name.
_FIRST_TRIED, _MOST_TRIED = 50, 5000
# No database indexes a text without end.
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class MissingCitation:
    """A paper that items of the archive cite and none of them is: what they call it, which they are, how often."""

    title: str
    number: str | None
    items: tuple[str, ...]
    times: int


def designation_rows(item: Item) -> list[dict[str, Any]]:
    """Return the rows that say by which numbers and titles other papers may call `item`."""
    found: dict[tuple[str, str, str], None] = {}
    for document in item.documents:
        for field in _standing(document, "document_number"):
            if key := _number_key(field.value):
                found["number", key, ""] = None
        for name, agency in _TITLES.items():
            for field in _standing(document, name):
                key, issuer = _title_key(field.value)
                if key:
                    found["title", key, issuer or _agencies(document, agency)] = None
    # A title in brackets was made up by the archivist, so nobody cites it.
    if not item.title.startswith("["):
        key, issuer = _title_key(item.title)
        if key and not any(other == key for _, other, _ in found):
            found["title", key, issuer] = None
    return [
        {"item": item.id, "turn": turn, "sort": sort, "key": key, "issuer": issuer, "pattern": _pattern(issuer)}
        for turn, (sort, key, issuer) in enumerate(found)
    ]


def citation_rows(item: Item) -> list[dict[str, Any]]:
    """Return the rows that say which papers `item` cites; `turn` counts its citations as `citing` gives them."""
    rows = []
    for turn, field in enumerate(citing(item)):
        said = field.value if isinstance(field.value, dict) else {}
        number = said.get("document_number")
        key, issuer = _title_key(said.get("title"))
        key_number = _number_key(number)
        if key or key_number:
            rows.append(
                {
                    "item": item.id,
                    "turn": turn,
                    "title": str(said.get("title") or ""),
                    "number": number["text"] if key_number and isinstance(number, dict) else None,
                    "key_title": key or None,
                    "key_number": key_number,
                    "issuer": issuer,
                    "pattern": _pattern(issuer),
                }
            )
    return rows


def citing(item: Item) -> list[Field]:
    """Return the citations of `item` that stand, in order."""
    return [field for document in item.documents for field in _standing(document, "citation")]


def resolve(connection: Connection, item: Item, may_see: MaySee) -> list[tuple[Field, tuple[str, ...]]]:
    """Return for each citation of `item` which other items it means, in catalogue order: by number, else by title.

    An item whose level of access is not in `may_see` is as one that is not there.
    """
    own = citations.c
    meant: dict[str, dict[int, list[str]]] = {"number": defaultdict(list), "title": defaultdict(list)}
    for sort, same in (("number", _same_number()), ("title", _same_title())):
        query = (
            select(own.turn, designations.c.item)
            .join(designations, and_(designations.c.item != own.item, same))
            .join(items, items.c.id == designations.c.item)
            .where(own.item == item.id)
            .order_by(own.turn, items.c.catalogue_order)
        )
        if may_see is not None:
            query = query.where(items.c.access.in_(may_see))
        for row in connection.execute(query):
            meant[sort][row.turn].append(row.item)
    return [
        (field, tuple(dict.fromkeys(meant["number"].get(turn) or meant["title"].get(turn) or ())))
        for turn, field in enumerate(citing(item))
    ]


def missing(connection: Connection, limit: int) -> list[MissingCitation]:
    """Return the `limit` papers that most items cite and none of the archive is."""
    tried = max(2 * limit, _FIRST_TRIED)
    while True:
        cited = _most_cited(connection, tried) if tried <= _MOST_TRIED else None
        absent = _absent(cited).cte("absent")
        counted = func.count(absent.c.item.distinct())
        most = connection.execute(
            select(absent.c.key, func.count(), counted)
            .group_by(absent.c.key)
            .order_by(counted.desc(), func.count().desc(), absent.c.key)
            .limit(limit)
        ).all()
        if cited is None or not cited.others or (len(most) == limit and most[-1][2] >= cited.others):
            break
        # Most of those are in the archive.
        tried *= 8
    keys = {row[0] for row in most}
    with_titles = keys | _cited_with(connection, citations.c.key_title, citations.c.key_number, keys)
    absent = _absent(_Cited(with_titles, keys, 0)).cte("absent")
    calling = defaultdict(list)
    query = (
        select(absent)
        .join(items, items.c.id == absent.c.item)
        .where(absent.c.key.in_(keys))
        .order_by(items.c.catalogue_order, absent.c.turn)
    )
    for row in connection.execute(query):
        calling[row.key].append(row)
    found = []
    for key, count, _items in most:
        titles = Counter(row.title for row in calling[key])
        numbers = Counter(row.number for row in calling[key] if row.number)
        number = numbers.most_common(1)[0][0] if numbers else None
        names = tuple(dict.fromkeys(row.item for row in calling[key]))
        found.append(MissingCitation(titles.most_common(1)[0][0], number, names, count))
    return found


class _Cited(NamedTuple):
    """Papers by the keys of their titles and numbers; `others` is how often any other is cited at most."""

    titles: set[str]
    numbers: set[str]
    others: int


def _most_cited(connection: Connection, limit: int) -> _Cited:
    """Return the `limit` papers cited most, whether the archive has them or not: quick, for only keys are counted."""
    found, others = [], 0
    for key in (citations.c.key_title, citations.c.key_number):
        query = select(key, func.count()).where(key.is_not(None)).group_by(key)
        rows = connection.execute(query.order_by(func.count().desc(), key).limit(limit)).all()
        found.append({row[0] for row in rows})
        others += rows[-1][1] if len(rows) == limit else 0
    titles, numbers = found
    # With every title under which, and every number with which, the same paper is cited elsewhere.
    numbers |= _cited_with(connection, citations.c.key_number, citations.c.key_title, titles)
    titles |= _cited_with(connection, citations.c.key_title, citations.c.key_number, numbers)
    return _Cited(titles, numbers, others)


def _cited_with(connection: Connection, key: Column[Any], other: Column[Any], keys: set[str]) -> set[str]:
    if not keys:
        return set()
    # What has none is left out here: a database that looks for it would go through all that have one.
    return {found for found in connection.scalars(select(key).where(other.in_(keys)).distinct()) if found}


def _absent(cited: _Cited | None) -> Select[Any] | CompoundSelect[Any]:
    """Return the query for the citations of papers the archive lacks, of those `cited` where that is said.

    `key` is the same for the same paper.
    """
    own = citations.c
    # Of a title that is cited with one number only, it is the number where the title stands alone as well.
    asked = own.key_title.is_not(None) if cited is None else own.key_title.in_(cited.titles)
    numbered = (
        select(own.key_title, func.min(own.key_number).label("key_number"))
        .where(own.key_number.is_not(None), asked)
        .group_by(own.key_title)
        .having(func.min(own.key_number) == func.max(own.key_number))
        .subquery()
    )
    key = func.coalesce(own.key_number, numbered.c.key_number, own.key_title)
    query = (
        select(key.label("key"), own.item, own.turn, own.title, own.number)
        .join(numbered, numbered.c.key_title == own.key_title, isouter=True)
        .where(~exists().where(_same_number()), ~exists().where(_same_title()))
    )
    if cited is None:
        return query
    # One after the other, each by its index.
    alone = query.where(own.key_number.is_(None), own.key_title.in_(cited.titles))
    return query.where(own.key_number.in_(cited.numbers)).union_all(alone)


def _same_number() -> ColumnElement[bool]:
    return and_(designations.c.sort == "number", designations.c.key == citations.c.key_number)


def _same_title() -> ColumnElement[bool]:
    """Return that the titles are the same from the subject on, and neither names an agency the other does not."""
    agree = or_(
        designations.c.issuer.like(citations.c.pattern),
        citations.c.issuer.like(designations.c.pattern),
    )
    return and_(designations.c.sort == "title", designations.c.key == citations.c.key_title, agree)


def _standing(document: Document, name: str) -> list[Field]:
    return [field for field in document.values(name) if field.status != "rejected"]


def _agencies(document: Document, name: str) -> str:
    return _letters("".join(str(field.value) for field in _standing(document, name)))[:_LONGEST]


def _number_key(value: Value) -> str | None:
    text = value.get("text") if isinstance(value, dict) else value
    match = _NUMBER.fullmatch(text) if isinstance(text, str) else None
    return f"{fold(match[1])}〔{match[2]}〕{match[3]}号"[:_LONGEST] if match else None


def _title_key(title: Value) -> tuple[str, str]:
    """Return what all spellings of a title share, from its subject on, and what stands before; nothing if short."""
    text = _letters(title) if isinstance(title, str) else ""
    subject = _subject().search(text)
    start = subject.start() if subject else 0
    key = text[start:]
    return (
        (key[:_LONGEST], text[:start][:_LONGEST]) if len(key) >= load("schemas/citations.yaml")["least"] else ("", "")
    )


@cache
def _subject() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, load("schemas/citations.yaml")["subject_begins"])))


def _letters(text: str) -> str:
    return "".join(char for char in fold(text) if char.isalnum())


def _pattern(issuer: str) -> str:
    """Return the SQL pattern for names of which `issuer` may be the short form: 国家科委 for 国家科学技术委员会."""
    return f"%{'%'.join(issuer)}%" if issuer else "%"
