"""Which pages are alike: what is kept of each page to find its like, and the pairs that were found.

Every page is under some keys that follow from what it bears, and pages that are alike share keys: so the like of a
page is found by looking up its own few keys, however many pages there are. Rows that say what people decided are
never taken away, whatever is found later.

Items that hold the very same scans are no pairs: of the same bytes there is but one page, which is like no other.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, Select, and_, delete, func, insert, or_, select, tuple_, update

from archivist.alike import Alike, Difference, ItemPair, PagePair, Sketch
from archivist.catalog.said import read_decisions
from archivist.catalog.tables import (
    CHUNK,
    item_pages,
    items,
    likeness_tasks,
    likenesses,
    readings,
    sketch_keys,
    sketches,
)
from archivist.decisions import Decision
from archivist.definitions import load
from archivist.model import Decided

if TYPE_CHECKING:
    # Opening a database brings it up to date, which takes rows apart that this room knows of.
    from archivist.catalog.database import Database

# So many of the pages that share keys with one are looked at, those that share most first.
_SHARING = 60
# Pairs of pages looked at for each pair of items wanted, and items queued in one transaction: others want to write too.
_FOR_EACH, _QUEUED = 20, 5000
_STANDING = {"confirm": "confirmed", "refuse": "refused"}


class Likenesses:
    """The likenesses between pages that the catalogue behind `database` keeps."""

    def __init__(self, database: "Database") -> None:
        self._database = database

    def waiting(self, limit: int) -> list[str]:
        """Return the identifiers of `limit` items that were saved after their like was last looked for."""
        with self._database.reading() as connection:
            return list(connection.scalars(select(likeness_tasks.c.item).order_by(likeness_tasks.c.item).limit(limit)))

    def start_over(self) -> int:
        """Let the like of every item be looked for again; return how many items there are.

        What was found before stays until the turn of its pages comes, and what people decided for good.
        """
        queued, last, name = select(likeness_tasks.c.item), "", items.c.id
        while True:
            with self._database.writing() as connection:
                names = list(connection.scalars(select(name).where(name > last).order_by(name).limit(_QUEUED)))
                if not names:
                    return connection.scalar(select(func.count()).select_from(likeness_tasks)) or 0
                new = select(name).where(name > last, name <= names[-1], name.not_in(queued))
                connection.execute(insert(likeness_tasks).from_select(["item"], new))
            last = names[-1]

    def sharing(self, own: Sequence[Sketch]) -> dict[str, list[Sketch]]:
        """Return for each page the pages that share keys with it, or were found to be like it before; most keys first.

        They come without keys of their own.
        """
        wanted = list({key for sketch in own for key in sketch.keys})
        under: defaultdict[int, list[int]] = defaultdict(list)
        with self._database.reading() as connection:
            for start in range(0, len(wanted), CHUNK):
                query = select(sketch_keys).where(sketch_keys.c.key.in_(wanted[start : start + CHUNK]))
                for row in connection.execute(query):
                    under[row.key].append(row.sketch)
            numbers = _numbers(connection, [sketch.place for sketch in own])
            before = _before(connection, list(numbers.values()))
            sharing: dict[str, list[int]] = {}
            for sketch in own:
                number = numbers.get(sketch.place, 0)
                counted = Counter(other for key in sketch.keys for other in under[key] if other != number)
                ranked = sorted(counted, key=lambda other: (-counted[other], other))[:_SHARING]
                sharing[sketch.place] = list(dict.fromkeys([*ranked, *before[number]]))
            found = _sketches(connection, {number for ranked in sharing.values() for number in ranked})
        return {place: [found[number] for number in ranked] for place, ranked in sharing.items()}

    def keep(self, kept: Sequence[Sketch]) -> None:
        """Keep these sketches in place of those of the same pages, so that the pages are found from now on.

        Of a page that comes several times, as a scan in several items, the last sketch is kept.
        """
        latest = list({sketch.place: sketch for sketch in kept}.values())
        with self._database.writing() as connection:
            numbers = _keep_sketches(connection, latest)
            _add_keys(connection, [(key, numbers[sketch.place]) for sketch in latest for key in set(sketch.keys)])

    def propose(self, names: Sequence[str], places: Sequence[str], found: Iterable[Alike]) -> None:
        """Keep what is like these pages of the items called `names`, in place of what was proposed for them before."""
        alike = list(found)
        with self._database.writing() as connection:
            for start in range(0, len(names), CHUNK):
                chunk = likeness_tasks.c.item.in_(names[start : start + CHUNK])
                connection.execute(delete(likeness_tasks).where(chunk))
            numbers = _numbers(connection, {*places, *(place for one in alike for place in (one.one, one.other))})
            decided = _forget(connection, [numbers[place] for place in places if place in numbers])
            rows = {}
            for one in alike:
                if one.one in numbers and one.other in numbers:
                    row = _row(one, numbers) | {"standing": "proposed", "decided": None}
                    rows[row["one"], row["other"]] = row
            new = [row for pair, row in rows.items() if pair not in decided]
            if new:
                connection.execute(insert(likenesses), new)
                # People may have decided about these pages before there was a row to say so.
                targets = (" ".join(sorted((one.one, one.other))) for one in alike)
                settle(connection, read_decisions(connection, "likeness", targets))

    def pairs(self, limit: int, names: Sequence[str] | None = None, *, decided: bool = False) -> list[ItemPair]:
        """Return the `limit` pairs of items that are most alike: those nobody decided about yet, or the `decided` ones.

        With `names` only those in which one of these items is. Without, they are chosen among those whose pages are
        most alike, `limit` × 20 pairs of pages.
        """
        with self._database.reading() as connection:
            grouped = _best(connection, limit, decided=decided) if names is None else _grouped(connection, names)
            sizes = _sizes(connection, {name for pair in grouped for name in pair})
            found = [_pair(one, other, pages, sizes) for (one, other), pages in grouped.items()]
            found = [pair for pair in found if (pair.standing != "proposed") == decided]
            found = sorted(found, key=lambda pair: (-pair.score, pair.one, pair.other))[:limit]
            titles = _titles(connection, {name for pair in found for name in (pair.one, pair.other)})
        return [replace(pair, titles=(titles[pair.one], titles[pair.other])) for pair in found]


def confirmed(connection: Connection, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return for those of the items called `names` that people hold for the same as others, which those are."""
    if connection.scalar(select(likenesses.c.one).where(likenesses.c.standing == "confirmed").limit(1)) is None:
        return {}
    found: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for one, other in sorted(
        pair
        for pair, rows in _grouped(connection, names).items()
        if pair[0] != pair[1] and getattr(_last(rows), "standing", "") == "confirmed"
    ):
        found[one][other] = found[other][one] = None
    return {name: tuple(found[name]) for name in names if name in found}


def settle(connection: Connection, made: Iterable[Decision]) -> None:
    """Put down with the pages what people decided about their likeness, or that it is open again."""
    for decision in made:
        if decision.subject != "likeness":
            continue
        one, other = decision.target.split(" ")
        numbers = _numbers(connection, [one, other])
        if len(numbers) < 2:
            continue
        row = _row(Alike(one, other, 1.0), numbers)
        same = and_(likenesses.c.one == row["one"], likenesses.c.other == row["other"])
        standing = read_decisions(connection, "likeness", [decision.target])
        if not standing:
            # What was found of them is found again, by whoever looks for the like of these pages.
            connection.execute(delete(likenesses).where(same))
            continue
        said = {"standing": _STANDING[standing[-1].act], "decided": json.dumps(standing[-1].decided)}
        if not connection.execute(update(likenesses).where(same).values(**said)).rowcount:
            connection.execute(insert(likenesses), row | said)


def _row(alike: Alike, numbers: dict[str, int]) -> dict[str, Any]:
    one, other, differences = numbers[alike.one], numbers[alike.other], alike.differences
    if one > other:
        one, other, differences = other, one, tuple(Difference(d.what, d.there, d.here) for d in differences)
    return {"one": one, "other": other, "score": alike.score, "differences": json.dumps(differences)}


def _parts(place: str) -> tuple[str, int, int]:
    sha256, index, part = place.split(":")
    return sha256, int(index), int(part)


def _place(row: Any) -> str:
    return f"{row.sha256}:{row.place}:{row.part}"


def _numbers(connection: Connection, places: Iterable[str]) -> dict[str, int]:
    """Return the number of the sketch of each page that has one."""
    wanted = [_parts(place) for place in dict.fromkeys(places)]
    own = sketches.c
    found: dict[str, int] = {}
    for start in range(0, len(wanted), CHUNK // 3):
        chunk = tuple_(own.sha256, own.place, own.part).in_(wanted[start : start + CHUNK // 3])
        query = select(own.id, own.sha256, own.place, own.part).where(chunk)
        found |= {_place(row): row.id for row in connection.execute(query)}
    return found


def _sketches(connection: Connection, numbers: Iterable[int]) -> dict[int, Sketch]:
    wanted, found = list(numbers), dict[int, Sketch]()
    for start in range(0, len(wanted), CHUNK):
        for row in connection.execute(select(sketches).where(sketches.c.id.in_(wanted[start : start + CHUNK]))):
            found[row.id] = Sketch(_place(row), row.signature, row.look, ())
    return found


def _before(connection: Connection, numbers: Sequence[int]) -> defaultdict[int, list[int]]:
    """Return for each page those that were found to be like it."""
    own, found = likenesses.c, defaultdict[int, list[int]](list)
    for one, other in ((own.one, own.other), (own.other, own.one)):
        for start in range(0, len(numbers), CHUNK):
            query = select(one, other).where(one.in_(numbers[start : start + CHUNK]))
            for row in connection.execute(query):
                found[row[0]].append(row[1])
    return found


def _keep_sketches(connection: Connection, kept: Sequence[Sketch]) -> dict[str, int]:
    """Put sketches, one of each page, in place of those before; return their numbers. None is under any key yet."""
    places = [sketch.place for sketch in kept]
    before = _numbers(connection, places)
    rows = []
    for sketch in kept:
        row: dict[str, Any] = {"signature": sketch.signature, "look": sketch.look, "blank": int(sketch.blank)}
        if number := before.get(sketch.place):
            connection.execute(delete(sketch_keys).where(sketch_keys.c.sketch == number))
            connection.execute(update(sketches).where(sketches.c.id == number).values(**row))
        else:
            sha256, index, part = _parts(sketch.place)
            rows.append(row | {"sha256": sha256, "place": index, "part": part})
    if rows:
        connection.execute(insert(sketches), rows)
    return _numbers(connection, places)


def _add_keys(connection: Connection, rows: Sequence[tuple[int, int]]) -> None:
    """Put pages under their keys, but under none that already holds as many as are worth looking at."""
    most, wanted = load("schemas/likeness.yaml")["key_holds"], list({key for key, _number in rows})
    held: Counter[int] = Counter()
    for start in range(0, len(wanted), CHUNK):
        chunk = sketch_keys.c.key.in_(wanted[start : start + CHUNK])
        query = select(sketch_keys.c.key, func.count()).where(chunk).group_by(sketch_keys.c.key)
        held.update({key: count for key, count in connection.execute(query)})
    kept = []
    for key, number in rows:
        if held[key] < most:
            held[key] += 1
            kept.append({"key": key, "sketch": number})
    if kept:
        connection.execute(insert(sketch_keys), kept)


def _forget(connection: Connection, numbers: Sequence[int]) -> set[tuple[int, int]]:
    """Take away what was proposed for these pages, and return the pairs about which people decided."""
    own, decided = likenesses.c, set[tuple[int, int]]()
    for start in range(0, len(numbers), CHUNK):
        chunk = numbers[start : start + CHUNK]
        these = or_(own.one.in_(chunk), own.other.in_(chunk))
        connection.execute(delete(likenesses).where(these, own.standing == "proposed"))
        decided |= {(row.one, row.other) for row in connection.execute(select(own.one, own.other).where(these))}
    return decided


def _found() -> tuple[Select[Any], tuple[Any, Any]]:
    """Return the query for pairs of pages with the items that hold them now, and the tables in it of these items."""
    one, other = sketches.alias("one_sketch"), sketches.alias("other_sketch")
    first, second = item_pages.alias("one_page"), item_pages.alias("other_page")
    query = select(
        likenesses.c.one.label("id"),
        likenesses.c.other.label("other_id"),
        likenesses.c.score,
        likenesses.c.differences,
        likenesses.c.standing,
        likenesses.c.decided,
        *(page.c[name].label(f"{label}_{name}") for page, label in _both(first, second) for name in ("item", "number")),
        *(
            sketch.c[name].label(f"{label}_{name}")
            for sketch, label in _both(one, other)
            for name in ("sha256", "place", "part")
        ),
    )
    query = query.join(one, one.c.id == likenesses.c.one).join(other, other.c.id == likenesses.c.other)
    for sketch, page, label in ((one, first, "one"), (other, second, "other")):
        reading = readings.alias(f"{label}_reading")
        query = query.join(reading, and_(reading.c.sha256 == sketch.c.sha256, reading.c.place == sketch.c.place))
        query = query.join(page, and_(page.c.reading == reading.c.id, page.c.part == sketch.c.part))
    return query, (first, second)


def _both(one: Any, other: Any) -> Iterator[tuple[Any, str]]:
    yield from ((one, "one"), (other, "other"))


def _grouped(connection: Connection, names: Sequence[str]) -> dict[tuple[str, str], list[Row[Any]]]:
    """Return the pairs in which one of the items called `names` is, with their pairs of pages."""
    rows: dict[tuple[Any, ...], Row[Any]] = {}
    query, held = _found()
    for page in held:
        for start in range(0, len(names), CHUNK):
            for row in connection.execute(query.where(page.c.item.in_(names[start : start + CHUNK]))):
                rows[row.id, row.other_id, row.one_item, row.other_item] = row
    grouped: defaultdict[tuple[str, str], list[Row[Any]]] = defaultdict(list)
    for row in rows.values():
        grouped[min(row.one_item, row.other_item), max(row.one_item, row.other_item)].append(row)
    return grouped


def _best(connection: Connection, limit: int, *, decided: bool) -> dict[tuple[str, str], list[Row[Any]]]:
    """Return the pairs of items that hold the pages most alike, at least `limit` of them where there are as many."""
    own, most = likenesses.c, limit * _FOR_EACH
    standing = own.standing.in_(list(_STANDING.values())) if decided else own.standing == "proposed"
    found: dict[tuple[str, str], list[Row[Any]]] = {}
    tried, start, more = set[tuple[str, str]](), 0, True
    while more and len(found) < limit:
        # Chosen before anything is joined to them: there may be very many.
        order = own.score.desc(), own.one, own.other
        chosen = select(own.one, own.other).where(standing).order_by(*order).offset(start).limit(most)
        rows = [(row.one, row.other) for row in connection.execute(chosen)]
        start, more = start + most, len(rows) == most
        new = _holding(connection, rows) - tried
        tried |= new
        whole = _grouped(connection, list({name for pair in new for name in pair}))
        found |= {pair: whole[pair] for pair in new if (_last(whole[pair]) is not None) == decided}
    return found


def _holding(connection: Connection, pairs: Sequence[tuple[int, int]]) -> set[tuple[str, str]]:
    """Return the pairs of items that hold these pairs of pages now."""
    query, found = _found()[0], set[tuple[str, str]]()
    wanted, first = set(pairs), sorted({one for one, _other in pairs})
    # By the first alone: for both together no index serves in SQLite.
    for start in range(0, len(first), CHUNK):
        for row in connection.execute(query.where(likenesses.c.one.in_(first[start : start + CHUNK]))):
            if (row.id, row.other_id) in wanted:
                found.add((min(row.one_item, row.other_item), max(row.one_item, row.other_item)))
    return found


def _sizes(connection: Connection, names: Iterable[str]) -> dict[str, int]:
    """Return how many pages each item has that are not blank."""
    wanted, found = list(names), dict[str, int]()
    own = item_pages.c
    for start in range(0, len(wanted), CHUNK):
        query = (
            select(own.item, func.count())
            .join(readings, readings.c.id == own.reading)
            .join(
                sketches,
                and_(
                    sketches.c.sha256 == readings.c.sha256,
                    sketches.c.place == readings.c.place,
                    sketches.c.part == own.part,
                ),
            )
            .where(own.item.in_(wanted[start : start + CHUNK]), sketches.c.blank == 0)
            .group_by(own.item)
        )
        found |= {name: count for name, count in connection.execute(query)}
    return found


def _pair(one: str, other: str, rows: Sequence[Row[Any]], sizes: dict[str, int]) -> ItemPair:
    pages = []
    for row in rows:
        places = [f"{row.one_sha256}:{row.one_place}:{row.one_part}"]
        places.append(f"{row.other_sha256}:{row.other_place}:{row.other_part}")
        differences = tuple(Difference(*said) for said in json.loads(row.differences))
        pair = PagePair(row.one_number, row.other_number, Alike(places[0], places[1], row.score, differences))
        if (row.one_item, row.one_number) > (row.other_item, row.other_number):
            turned = tuple(Difference(said.what, said.there, said.here) for said in differences)
            alike = replace(pair.alike, one=places[1], other=places[0], differences=turned)
            pair = PagePair(row.other_number, row.one_number, alike)
        pages.append(pair)
    pages.sort(key=lambda pair: (pair.one, pair.other))
    # Within an item it is the pages that are twice, not the item.
    whole = len(pages) if one == other else min(sizes.get(one, 1), sizes.get(other, 1))
    score = sum(pair.alike.score for pair in pages) / max(whole, len(pages), 1)
    latest = _last(rows)
    if latest is None:
        return ItemPair(one, other, score, tuple(pages))
    return ItemPair(one, other, score, tuple(pages), latest.standing, Decided(*json.loads(latest.decided)))


def _last(rows: Sequence[Row[Any]]) -> Any:
    """Return the row about which people decided last, None where they decided about none."""
    said = [row for row in rows if row.standing != "proposed"]
    return max(said, key=lambda row: json.loads(row.decided)[1], default=None)


def _titles(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    wanted, found = list(names), dict[str, str]()
    for start in range(0, len(wanted), CHUNK):
        query = select(items.c.id, items.c.title).where(items.c.id.in_(wanted[start : start + CHUNK]))
        found |= {row.id: row.title for row in connection.execute(query)}
    return found
