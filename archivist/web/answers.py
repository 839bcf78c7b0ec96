"""What the JSON interface says, as models: they stand in its description, and are held against its answers in tests."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Box = Annotated[
    list[int],
    Field(min_length=4, max_length=4, description="left, top, right, bottom in pixels of the original scan"),
]
Span = Annotated[
    list[int], Field(min_length=2, max_length=2, description="first character, and the one behind the last")
]
Share = Annotated[float, Field(ge=0, le=1)]
Counted = Annotated[tuple[str, int], Field(description="a value, and how many items have it")]
Act = Literal["accept", "correct", "reject"]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Told(BaseModel):
    """What is amiss, in the language that was asked for (Accept-Language)."""

    detail: str = Field(examples=["There is no item “5f0c1d” in this archive."])


class Passage(_Said):
    """A piece of a page that answers the query, as it is written there."""

    page: int = Field(ge=1, description="Number of the page in the item.")
    snippet: str
    marks: Sequence[Span] = Field(description="What was looked for, in the snippet.")
    misread: Sequence[Span] = Field(description="Characters in the marks that may be misread, in the snippet.")
    boxes: Sequence[Box] = Field(description="Where the marks stand on the scan, one a line.")


class Hit(_Said):
    """An item that was found; not `exact` where a word stands in it only if a character was misread."""

    item: str
    title: str
    reference_code: str | None
    score: int
    exact: bool
    why: Sequence[str] = Field(description="The fields it was found in, those that count most first.")
    passages: Sequence[Passage]


class Answer(_Said):
    """One page of the answer to a query."""

    query: str
    total: int = Field(ge=0)
    exact: int = Field(ge=0, description="How many stand as typed; these come first.")
    meant: Sequence[str] = Field(description="Queries that may have been meant, where nothing is found exactly.")
    facets: Mapping[str, Sequence[Counted]]
    hits: Sequence[Hit]


class Alike(_Said):
    """An item that is like another one."""

    item: str
    title: str
    reference_code: str | None


class Likes(_Said):
    """The items most like one, the most alike first."""

    like: str
    hits: Sequence[Alike]


class PageText(_Said):
    """What stands on a page: lines in reading order, a line feed between."""

    number: int = Field(ge=1)
    text: str
    confidence: Share
    blank: bool


class Text(_Said):
    """The text of an item, page by page, in the script that was asked for."""

    item: str
    title: str
    script: Literal["original", "simplified"]
    pages: Sequence[PageText]


class Series(_Said):
    """The numbers of one agency code and year."""

    agency_code: str = Field(examples=["聊发"])
    year: int
    held: Sequence[int]
    more_than_once: Sequence[int] = Field(description="Numbers that more than one item bears.")
    missing: Sequence[int] = Field(description="From 1 to the highest number known.")
    cited: Sequence[int] = Field(description="Those of the missing that other papers cite.")


class InShort(_Said):
    """A campaign: its family is that of its kin, or bears its own name."""

    id: str = Field(pattern="^[0-9a-f]{12}$")
    name: str
    family: str
    items: int = Field(ge=1, description="How many items open to the caller belong to it.")
    first_year: str | None
    last_year: str | None


class Campaigns(_Said):
    """Campaigns, kin together, where the first of them stands by name."""

    total: int = Field(ge=0)
    campaigns: Sequence[InShort]


class Witness(_Said):
    """What another place on the paper says of the same thing."""

    method: str
    value: Any
    page: int


class Waiting(_Said):
    """Something that waits for a person; `sort` says what, and which of the other parts it has."""

    sort: Literal["value", "link", "boundary"]
    handle: str = Field(description="By this it is decided; it changes where the value does.", examples=["5f0c1d.3a9e"])
    item: str
    title: str
    confidence: Share
    document: str | None = Field(None, description="Of a value: the kind of its document.")
    field: str | None = Field(None, description="Of a value.")
    value: Any = Field(None, description="Of a value.")
    raw: str | None = Field(None, description="Of a value: as read.")
    page: int | None = Field(None, description="Of a value, or the beginning of an item.")
    box: Box | None = Field(None, description="Of a value.")
    witnesses: Sequence[Witness] | None = Field(None, description="Of a value.")
    campaign: str | None = Field(None, description="Of a link: the name of the campaign.")
    reasons: Sequence[str] | None = Field(None, description="Of the beginning of an item: why it may be one.")


class Poor(_Said):
    """A page that hardly reads."""

    sort: Literal["page"]
    item: str
    page: int
    scan: str
    confidence: Share


class Queue(_Said):
    """What waits, worst first, and pages that hardly read."""

    waiting: Sequence[Waiting]
    pages: Sequence[Poor]
    more: bool = Field(description="Whether there are more of either, from a higher `offset` on.")


class Judgement(BaseModel):
    """What a person says of what waits."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"act": "accept"}, {"act": "correct", "value": "聊城市委"}]}
    )

    act: Act
    value: str | None = Field(
        None, max_length=10_000,
        description="The right value, to correct: as a person types it; of one with parts those that change, as in "
        "`person=张三; date=1995-09-27`.",
    )  # fmt: skip


class Decided(_Said):
    """That something was decided, and is kept: `number` takes it back (undo)."""

    number: int = Field(ge=1)
    changed: int = Field(ge=0, description="How many items were made anew.")
    failed: int = Field(ge=0, description="Over how many the rules broke down: those stay as they were, for now.")


class Index(_Said):
    """The search index: where, how many items it does not know yet, and why it ought to be moved, if so."""

    place: str
    behind: int
    advice: str


class Run(_Said):
    """A run of the program; moments are ISO 8601 in UTC."""

    command: str
    what: str
    who: str
    host: str
    pid: int
    started_at: str
    seen_at: str
    ended_at: str | None
    outcome: str | None
    done: int
    total: int
    read: int
    failed: int


class RunUnderWay(Run):
    """The run that is under way, and how fast it is."""

    pages_a_minute: float
    seconds_left: int | None


class Wait(_Said):
    """What waits for people."""

    values: int
    pages: int


class Status(_Said):
    """How the archive stands."""

    items: int
    pages: int
    campaigns: int
    waiting: Wait
    index: Index
    run: RunUnderWay | None
    runs: Sequence[Run]


class Failure(_Said):
    """A scan that could not be used: the page of it (from 0), at which stage, why, and when."""

    source: str
    index: int
    stage: str
    cause: str
    message: str
    at: str


class Failures(_Said):
    """The scans that could not be used, by where they came from."""

    total: int = Field(ge=0)
    failures: Sequence[Failure]
