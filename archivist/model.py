"""The values that travel between stages: frozen, without I/O.

Coordinates are pixels of the original scan (a PDF page: of its rendering at `Scan.dpi`; a photograph: turned as its
EXIF orientation says), origin top left, y down.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Literal, NamedTuple, TypeAlias

Value: TypeAlias = "str | int | float | bool | Mapping[str, Value] | list[Value] | None"
Status: TypeAlias = Literal["accepted", "review", "verified", "rejected"]
DocumentKind: TypeAlias = Literal["circulation_slip", "issued_document", "attachment", "other"]
RegionKind: TypeAlias = Literal["body", "head", "cell", "seal", "header", "footer", "page_number", "handwriting"]
Role: TypeAlias = Literal["decision", "plan", "notice", "slip", "table", "report", "other"]


class Box(NamedTuple):
    """A rectangle, right and bottom exclusive."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Pixels from left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Pixels from top to bottom."""
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        """The middle as x, y."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def overlap(self, other: "Box") -> float:
        """Return the common area in square pixels, 0 where the boxes do not meet."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return width * height if width > 0 and height > 0 else 0.0

    @classmethod
    def around(cls, boxes: Iterable["Box"]) -> "Box":
        """Return the smallest box that holds all of `boxes`; ValueError where there are none."""
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        return cls(min(lefts), min(tops), max(rights), max(bottoms))


class Alternative(NamedTuple):
    """Another character a reader saw in the same place."""

    char: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Glyph:
    """One code point as read, where it stands, and how sure the reader is (0..1)."""

    char: str
    box: Box
    confidence: float
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A printed or written line in reading order; `method` says which reader or layer it came from."""

    glyphs: tuple[Glyph, ...]
    box: Box
    method: str
    handwritten: bool = False

    @property
    def text(self) -> str:
        """The line as read."""
        return "".join(glyph.char for glyph in self.glyphs)

    @property
    def confidence(self) -> float:
        """The least sure of its characters (one wrong digit hides in a mean)."""
        return min((glyph.confidence for glyph in self.glyphs), default=0.0)


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the page with a purpose; cells of a ruled table carry row and column, counted from 0.

    Cells of one table share `table` (0, 1 …); `rows` and `columns` say over how many grid lines a merged cell reaches.
    `crop` is the SHA-256 of a picture of the region, kept where it holds handwriting.
    """

    kind: RegionKind
    box: Box
    lines: tuple[Line, ...] = ()
    table: int | None = None
    row: int | None = None
    column: int | None = None
    rows: int = 1
    columns: int = 1
    crop: str | None = None

    @property
    def text(self) -> str:
        """Its lines, one below the other."""
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a ruled table before anything is read in it; corners from top left, clockwise, in reading pixels."""

    table: int
    row: int
    column: int
    rows: int
    columns: int
    corners: tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]

    @property
    def box(self) -> Box:
        """The upright box around it."""
        return Box.around(Box(x, y, x, y) for x, y in self.corners)

    def holds(self, x: float, y: float) -> bool:
        """Whether the point lies inside, edges included."""
        turned = (*self.corners[1:], self.corners[0])
        return all(
            (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1) >= 0
            for (x1, y1), (x2, y2) in zip(self.corners, turned, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal or stamp before anything is read in it, in reading pixels.

    `shape` is `round` for the round or oval seal of an office, `ruled` for a stamp with rules, as 归档章. `red` says
    that its colour tells its ink from black; where it is not, the seal stands on a grey or black-and-white scan.
    """

    box: Box
    shape: Literal["round", "ruled"] = "round"
    red: bool = True


@dataclass(frozen=True, slots=True)
class Scan:
    """One page image as kept: name as it came, SHA-256 of the bytes, and its place in them (PDF, TIFF), from 0.

    `width` and `height` are in pixels; `dpi` is None where the scan does not say. Where two facing pages were scanned
    at once, `part` counts them in reading order, from 0, and `area` is where this one lies on the scan.
    """

    name: str
    sha256: str
    index: int
    width: int
    height: int
    dpi: float | None = None
    media_type: str = "application/octet-stream"
    part: int = 0
    area: Box | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done to the page on the way to its text, in words that need no code to understand."""

    stage: str
    what: str


@dataclass(frozen=True)
class Page:
    """A page as read; `number` counts from 1 within its item, `rotation` is the clockwise turn that sets it upright.

    `look` is a perceptual hash of the page set upright, in hexadecimal digits; "" where none was taken.
    """

    number: int
    scan: Scan
    regions: tuple[Region, ...]
    rotation: int = 0
    blank: bool = False
    steps: tuple[Step, ...] = ()
    look: str = ""

    @property
    def place(self) -> str:
        """What tells this page from all others, whatever item it lies in: digest, place and part of its scan."""
        return f"{self.scan.sha256}:{self.scan.index}:{self.scan.part}"

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Every line of running text in reading order; the text of seals stands apart from it."""
        return tuple(line for region in self.regions if region.kind != "seal" for line in region.lines)

    @cached_property
    def glyphs(self) -> tuple[Glyph, ...]:
        """The characters of `running_text`, one each."""
        return tuple(glyph for line in self.lines for glyph in line.glyphs)

    @cached_property
    def running_text(self) -> str:
        """All characters in reading order without line breaks; character i is `glyphs[i]`."""
        return "".join(glyph.char for glyph in self.glyphs)

    @cached_property
    def text(self) -> str:
        """The lines in reading order with a line break between."""
        return "\n".join(line.text for line in self.lines)

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """For each of `lines` the offset in `running_text` at which it begins."""
        starts, offset = [], 0
        for line in self.lines:
            starts.append(offset)
            offset += len(line.glyphs)
        return tuple(starts)

    @cached_property
    def confidence(self) -> float:
        """The mean over its characters, 1 for a blank page: how good the page is as a whole."""
        if not self.glyphs:
            return 1.0 if self.blank else 0.0
        return sum(glyph.confidence for glyph in self.glyphs) / len(self.glyphs)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The ink that proves a value: page number in the item, span in that page's `running_text`, and box on its scan."""

    page: int
    start: int
    end: int
    box: Box
    text: str

    @classmethod
    def of(cls, page: Page, start: int, end: int) -> "Evidence":
        """Return the evidence that characters `start` to `end` of `page` are; ValueError where the span is empty."""
        glyphs = page.glyphs[start:end]
        box = Box.around(glyph.box for glyph in glyphs)
        return cls(page.number, start, end, box, page.running_text[start:end])


@dataclass(frozen=True, slots=True)
class Witness:
    """What another place on the paper says of the same thing: slip, signature, seal, imprint.

    `method` names the place as the method of a field does; `page` is the number in the item, `box` on its scan.
    """

    method: str
    value: Value
    raw: str
    page: int
    box: Box
    confidence: float


class Decided(NamedTuple):
    """Who decided something and when (ISO 8601, UTC)."""

    who: str
    at: str


@dataclass(frozen=True, slots=True)
class Field:
    """A value read from the paper, with the ink that proves it; `value` is normalised, `raw` stays as read.

    `witnesses` are the other places that were heard, for and against; `authority` is the heading of the agency
    in the authority list that the value was matched to; `decided` says who verified or rejected it.
    """

    name: str
    value: Value
    raw: str
    evidence: Evidence
    confidence: float
    method: str
    status: Status = "accepted"
    witnesses: tuple[Witness, ...] = ()
    authority: str | None = None
    decided: Decided | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A slip, an issued document or an attachment: consecutive pages of an item, by number, with what they say."""

    kind: DocumentKind
    pages: tuple[int, ...]
    form: str | None = None
    fields: tuple[Field, ...] = ()

    def values(self, name: str) -> tuple[Field, ...]:
        """Return the fields called `name`, in the order they were found."""
        return tuple(entry for entry in self.fields if entry.name == name)


def campaign_id(key: str) -> str:
    """Return the identifier of the campaign with this key: twelve hexadecimal digits."""
    return sha256(key.encode("utf-8", "backslashreplace")).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class CampaignLink:
    """That an item belongs to a campaign, how sure that is, and the ink that says so.

    `key` is what all spellings and scripts of the same campaign share; `role` is what the item is to it; a link
    that a person refused has the status `rejected` and counts for nothing.
    """

    key: str
    name: str
    confidence: float
    evidence: tuple[Evidence, ...]
    role: Role = "other"
    status: Status = "accepted"
    decided: Decided | None = None

    @property
    def id(self) -> str:
        """The identifier of its campaign, the same in every archive."""
        return campaign_id(self.key)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign that at least one item names; `items` are identifiers of items, in catalogue order."""

    id: str
    name: str
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Boundary:
    """That an item begins at a page of a stack, or may: why, and how sure that is (0..1).

    `page` is the number in the item. `reasons` are words of schemas/boundaries.yaml; `decided` says that a person
    drew the line here.
    """

    page: int
    reasons: tuple[str, ...]
    confidence: float
    decided: Decided | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A catalogue entry (件): its documents, its pages in order, and the campaigns it belongs to.

    `boundaries` say why it begins where it does (page 1), and where inside it another item may begin; `begins_at` is
    the number of its first page among all that were handed in with it; `duplicates` are the same paper to a person.
    """

    id: str
    title: str
    pages: tuple[Page, ...]
    documents: tuple[Document, ...] = ()
    campaigns: tuple[CampaignLink, ...] = ()
    reference_code: str | None = None
    source: str = ""
    level: str = "item"
    given: Mapping[str, str] = field(default_factory=dict)
    boundaries: tuple[Boundary, ...] = ()
    begins_at: int = 1
    duplicates: tuple[str, ...] = ()

    def page(self, number: int) -> Page:
        """Return page `number`; KeyError where the item has no such page."""
        for page in self.pages:
            if page.number == number:
                return page
        raise KeyError(number)


@dataclass(frozen=True, slots=True)
class Failure:
    """That a scan could not be used: where, at which stage, why; `cause` is the word it is counted under."""

    source: str
    index: int
    stage: str
    cause: str
    message: str
