"""What a plan sets up: who leads, in which phases, what is to be reached, and by when."""

from collections.abc import Collection, Iterator

from archivist.describe.ink import Flow
from archivist.describe.plans import deadlines, groups, indicators, phases, tables
from archivist.describe.plans.periods import calendar
from archivist.describe.plans.prose import prose
from archivist.model import Field


def fields(flow: Flow, start: int, signed: Collection[int] = ()) -> Iterator[Field | None]:
    """Yield the fields of a plan as far as the text from line `start` of `flow` has them; values as in design.md.

    `group_member`, `phase`, `indicator` and `deadline`. Who signs, on the lines `signed`, is no member; the date
    there, one over the text, or the year in the title says what dates without a year mean. Of a table that says
    by its headings what it lists the cells are read, of all other text lists and sentences.
    """
    named = groups.Groups(flow)
    years = calendar(flow, start, signed, prose(flow, start))
    ruled = tables.fields(flow, start, years, named.last)
    skipped = frozenset({*signed, *ruled.lines})
    text = prose(flow, start, skipped)
    years = calendar(flow, start, signed, text)
    yield from ruled.fields
    yield from groups.members(flow, start, skipped, text, named)
    staged = phases.find(text, years)
    yield from (phases.field(text, stage) for stage in staged)
    yield from indicators.fields(text, "".join(line.closed for line in flow.lines[:start]))
    yield from deadlines.fields(text, years, staged)
