"""Ruled tables that say by their headings what they list: members, targets, phases, deadlines."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from archivist.describe import names
from archivist.describe.ink import Flow, closed, plain
from archivist.describe.plans.people import is_name, is_post, rules
from archivist.describe.plans.periods import Calendar, period, point
from archivist.describe.plans.rosters import role_pattern
from archivist.describe.plans.thresholds import states, threshold
from archivist.model import Field, Region, Value
from archivist.text import fold

_TABLE = 0.97
_MOST = 0.6
_COUNT = re.compile(r"[\d.、一二三四五六七八九十()]{1,4}")
_NUMBER = re.compile(r"\d[\d.,]*")


@dataclass(frozen=True, slots=True)
class Ruled:
    """The fields of the tables, and the lines of the flow that they take up."""

    fields: tuple[Field | None, ...] = ()
    lines: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell: characters `start` to `end` of the flow (none where it is empty), its text, and its lines."""

    start: int
    end: int
    text: str
    lines: tuple[int, ...]

    @property
    def folded(self) -> str:
        return fold(self.text)


_Row = dict[str, _Cell]


def fields(flow: Flow, start: int, years: Calendar, group_before: Callable[[int], str | None]) -> Ruled:
    """Return what the ruled tables from line `start` of `flow` list; `group_before` says whose members a list names."""
    found: list[Field | None] = []
    taken: set[int] = set()
    for grid in _grids(flow, start):
        for kind, make in (("person", _member), ("threshold", _indicator), ("phase", _phase), ("deadline", _deadline)):
            headed = _headed(grid, kind)
            if headed is None:
                continue
            rows, lines = headed
            before = len(found)
            for row in rows:
                found += make(flow, row, years, group_before)
            if len(found) > before:
                taken |= lines
                break
    return Ruled(tuple(found), frozenset(taken))


def _grids(flow: Flow, start: int) -> Iterator[dict[tuple[int, int], _Cell]]:
    """Yield each table as its cells by row and column, merged ones in all the places they reach."""
    lines = {(id(line.page), line.offset): index for index, line in enumerate(flow.lines) if index >= start}
    seen: dict[int, None] = {}
    for line in flow.lines[start:]:
        if id(line.page) in seen or line.kind != "cell":
            continue
        seen[id(line.page)] = None
        tables: dict[int, dict[tuple[int, int], _Cell]] = {}
        offset = 0
        for region in line.page.regions:
            if region.kind == "seal":
                continue
            begun = offset
            offset += sum(len(row.glyphs) for row in region.lines)
            if region.table is None or region.row is None or region.column is None:
                continue
            cell = _cell(flow, region, (id(line.page), begun), lines)
            for row in range(region.row, region.row + max(region.rows, 1)):
                for column in range(region.column, region.column + max(region.columns, 1)):
                    tables.setdefault(region.table, {})[row, column] = cell
        yield from tables.values()


def _cell(flow: Flow, region: Region, at: tuple[int, int], lines: dict[tuple[int, int], int]) -> _Cell:
    page, offset = at
    own = []
    for row in region.lines:
        if (index := lines.get((page, offset))) is not None:
            own.append(index)
        offset += len(row.glyphs)
    if not own:
        return _Cell(0, 0, "", ())
    first, last = flow.lines[own[0]].start, flow.lines[own[-1]].end
    return _Cell(first, last, closed(flow.text[first:last]), tuple(own))


def _headed(grid: dict[tuple[int, int], _Cell], kind: str) -> tuple[list[_Row], set[int]] | None:
    """Return the rows under the headings of a table of `kind`, by what their columns hold, and its lines."""
    needed = {
        "person": ({"person"}, {"post", "unit", "role"}, ("person", "post", "unit", "role")),
        "threshold": ({"threshold", "indicator"}, {"threshold"}, ("threshold", "measure", "veto", "indicator")),
        "phase": ({"phase", "period"}, {"period"}, ("phase", "period")),
        "deadline": ({"deadline", "task"}, {"deadline"}, ("deadline", "who", "task")),
    }
    must, some, columns = needed[kind]
    height = max(row for row, _ in grid) + 1
    width = max(column for _, column in grid) + 1
    for top in range(min(height, 4)):
        named: dict[int, str] = {}
        roles = _role_column(grid, top, height, width) if kind == "person" else None
        if roles is not None:
            named[roles] = "role"
        for column in range(width):
            cell = grid.get((top, column))
            if cell is None or not cell.text or column in named:
                continue
            heading = re.sub(r"\([^()]*\)$", "", cell.folded) or cell.folded
            fits = next(
                (name for name in columns if name not in named.values() and _is_heading(name, heading, cell.folded)),
                None,
            )
            if fits:
                named[column] = fits
        if kind == "threshold" and top < height - 1:
            _by_content(grid, top, (height, width), named)
        if must <= set(named.values()) and some & set(named.values()):
            rows = [
                {name: grid[row, column] for column, name in named.items() if (row, column) in grid}
                for row in range(top + 1, height)
            ]
            return rows, {line for cell in grid.values() for line in cell.lines}
    return None


def _by_content(grid: dict[tuple[int, int], _Cell], top: int, size: tuple[int, int], named: dict[int, str]) -> None:
    """Find the column of thresholds by what its cells say, where headings do not: 考核项目 | 指标 | 分值."""
    height, width = size
    if "threshold" in named.values() or not _about_targets(grid, top, width):
        return
    columns = {
        column: [cell.folded for row in range(top + 1, height) if (cell := grid.get((row, column))) and cell.text]
        for column in range(width)
    }
    stating = [
        column
        for column, cells in columns.items()
        if cells and sum(states(cell) for cell in cells) >= _MOST * len(cells)
    ]
    stating.sort(key=lambda column: not _is_target(grid, top, column))
    if not stating:
        return
    chosen = stating[0]
    named[chosen] = "threshold"
    if "indicator" not in named.values():
        texts = [
            column
            for column in range(chosen)
            if (cells := columns[column]) and not any(_COUNT.fullmatch(cell) or states(cell) for cell in cells)
        ]
        if texts:
            named[texts[-1]] = "indicator"


def _is_target(grid: dict[tuple[int, int], _Cell], top: int, column: int) -> bool:
    cell = grid.get((top, column))
    return bool(cell and any(word in cell.folded for word in rules()["targets_columns"]))


def _about_targets(grid: dict[tuple[int, int], _Cell], top: int, width: int) -> bool:
    """Return whether a heading of the table says that it sets targets."""
    return any(_is_target(grid, top, column) for column in range(width))


@cache
def _headings(name: str) -> frozenset[str]:
    return frozenset(closed(word) for word in rules()["columns"][name])


def _is_heading(name: str, heading: str, whole: str) -> bool:
    return heading in _headings(name) or whole in _headings(name)


def _role_column(grid: dict[tuple[int, int], _Cell], top: int, height: int, width: int) -> int | None:
    """Return the column that says 组长, 副组长, 成员, whatever its heading (职务, or none)."""
    pattern = re.compile(role_pattern())
    for column in range(width):
        cells = [cell for row in range(top + 1, height) if (cell := grid.get((row, column))) and cell.text]
        if cells and all(pattern.fullmatch(cell.folded.rstrip(":")) for cell in cells):
            return column
    return None


def _member(
    flow: Flow, row: _Row, years: Calendar, group_before: Callable[[int], str | None]
) -> Iterator[Field | None]:
    person, role = row.get("person"), row.get("role")
    if person is None or role is None or not _is_named(person):
        return
    held = re.compile(role_pattern()).fullmatch(role.folded.rstrip(":"))
    group = group_before(person.start)
    if not held or not group:
        return
    post = "".join(plain(cell.text) for name in ("unit", "post") if (cell := row.get(name)) and cell.text)
    value: Value = {"group": group, "role": plain(held[0]), "person": plain(person.text), "post": post or None}
    yield flow.field("group_member", value, person.start, person.end, "member-table", factor=_TABLE)


def _is_named(cell: _Cell) -> bool:
    """Return whether a cell under 姓名 holds a name, be the surname ever so rare."""
    return is_name(cell.text) or (
        bool(re.fullmatch(r"[\u3400-\u9fff]{2,4}", cell.folded))
        and not (is_post(cell.text) or names.receives(cell.text))
    )


def _indicator(
    flow: Flow, row: _Row, years: Calendar, group_before: Callable[[int], str | None]
) -> Iterator[Field | None]:
    indicator, cell = row.get("indicator"), row.get("threshold")
    if indicator is None or cell is None or not indicator.text or not cell.text or indicator.start == cell.start:
        return
    name, unit = indicator.text.translate({0xFF08: "(", 0xFF09: ")"}), ""
    if measured := re.search(r"\((?P<unit>[^()]{1,6})\)$", name):
        unit = measured["unit"]
        name = name[: measured.start()]
    elif (measure := row.get("measure")) and len(measure.text) <= 4 and not _states_unit(cell.folded):
        unit = measure.folded
    name = re.sub(r"^(?:\d{1,2}[、.]|[一二三四五六七八九十]{1,3}[、.]|\(\w{1,2}\))", "", name)
    measured_so = threshold(_NUMBER.sub(rf"\g<0>{unit}", cell.folded, count=1)) if unit else None
    found = measured_so if measured_so and measured_so[2] else threshold(cell.folded)
    if not found or len(name) < 2:
        return
    noted = row.get("veto")
    veto = any("一票否决" in one for one in (indicator.folded, noted.folded if noted else "")) or bool(
        noted and re.fullmatch(r"是|√|✓|有", noted.text)
    )
    name = re.sub(r"\([^()]*一票否决[^()]*\)|[*★☆]", "", name)
    value: Value = {"name": plain(name), "operator": found[0], "value": found[1], "unit": found[2], "veto": veto}
    yield flow.field("indicator", value, indicator.start, max(cell.end, indicator.end), "target-table", factor=_TABLE)


def _states_unit(letters: str) -> bool:
    found = threshold(letters)
    return bool(found and found[2])


def _phase(flow: Flow, row: _Row, years: Calendar, group_before: Callable[[int], str | None]) -> Iterator[Field | None]:
    stage, time = row.get("phase"), row.get("period")
    if stage is None or time is None or not stage.text or not time.text:
        return
    begins, ends = period(time.folded, years.year(0), years.this_year)
    if begins or ends:
        name = re.sub(r"^第.阶段[::]?(?=.)", "", plain(stage.text))
        value: Value = {"name": name, "start": begins, "end": ends}
        yield flow.field("phase", value, stage.start, time.end, "phase-table", factor=_TABLE)


def _deadline(
    flow: Flow, row: _Row, years: Calendar, group_before: Callable[[int], str | None]
) -> Iterator[Field | None]:
    time, task = row.get("deadline"), row.get("task")
    if time is None or task is None or not time.text or not task.text:
        return
    letters = re.sub(r"(?:之?前|以前|完成|止)+$", "", time.folded)
    date = point(letters, years.year(0), years.this_year, ends=True)
    if date:
        who = row.get("who")
        value: Value = {
            "date": date,
            "who": _parties(flow, who) if who and who.text else None,
            "task": plain(task.text).rstrip("。;；"),
        }
        cells = [cell for cell in (time, task, who) if cell and cell.text]
        start, end = min(cell.start for cell in cells), max(cell.end for cell in cells)
        yield flow.field("deadline", value, start, end, "deadline-table", factor=_TABLE)


def _parties(flow: Flow, cell: _Cell) -> str:
    """Return who a cell names, one a line or running on."""
    lines = [flow.lines[index].line.text for index in cell.lines]
    apart = len(lines) > 1 and all(names.is_receiver(line) for line in lines)
    return "、".join(plain(line) for line in lines) if apart else plain(cell.text)
