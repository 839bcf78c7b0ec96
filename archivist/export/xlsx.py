"""归档文件目录 (DA/T 22-2015) as an Excel workbook, ready to print on A4 landscape.

Doubtful cells are coloured and say in a note what is not sure. Text stays text whatever it begins with. Rows
go to disk as they come, so memory stays flat but for the notes.
"""

from collections.abc import Iterable
from math import ceil
from typing import TYPE_CHECKING, Any, BinaryIO
from unicodedata import east_asian_width

from archivist.errors import ArchivistError
from archivist.export.listing import Cell, Column, Listing, cells, like_formula, listing
from archivist.language import gettext as _
from archivist.model import Item

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_HEAD_ROWS = 2
_LAST_ROW = 1_048_576
_LONGEST_TEXT = 32_767
_TALLEST_ROW = 409
# Tells a spreadsheet that has not this font what to take instead: one with serifs (1) for GB 2312 (134).
_LIKE_SONG = {"font_family": 1, "font_charset": 134, "valign": "vcenter", "text_wrap": True}


def write(items: Iterable[Item], stream: BinaryIO) -> int:
    """Write a row for each of `items` to `stream` and return how many there were.

    Raises ArchivistError where there are more than a sheet holds.
    """
    from xlsxwriter import Workbook
    from xlsxwriter.exceptions import FileCreateError

    layout = listing("da-t-22-2015")
    try:
        with Workbook(stream, {"constant_memory": True}) as book:
            book.set_properties({"title": layout.heading})
            sheet = book.add_worksheet(layout.heading)
            _prepare(book, sheet, layout)
            return _rows(book, sheet, layout, items)
    except FileCreateError as error:
        raise OSError(str(error)) from error


def _prepare(book: "Workbook", sheet: "Worksheet", layout: Listing) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(**{side: size / 2.54 for side, size in layout.margins.items()})
    sheet.center_horizontally()
    sheet.fit_to_pages(1, 0)
    sheet.set_footer(f'&C&"{layout.font}"&9{layout.footer}')
    sheet.repeat_rows(0, _HEAD_ROWS - 1)
    sheet.freeze_panes(_HEAD_ROWS, 0)
    # Dates of eight digits and numbers with leading zeros are meant as text.
    sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{_LAST_ROW}"})
    last = len(layout.columns) - 1
    for place, column in enumerate(layout.columns):
        sheet.set_column(place, place, column.width)
    bold = {**_LIKE_SONG, "font_name": layout.font, "bold": True, "align": "center"}
    sheet.set_row(0, layout.sizes["heading"] * 2)
    heading = book.add_format(bold | {"font_size": layout.sizes["heading"]})
    sheet.merge_range(0, 0, 0, last, layout.heading, heading)
    sheet.set_row(1, layout.sizes["column"] * 2.6)
    titles = book.add_format(bold | {"font_size": layout.sizes["column"], "border": 1})
    for place, column in enumerate(layout.columns):
        sheet.write_string(1, place, column.heading, titles)


def _rows(book: "Workbook", sheet: "Worksheet", layout: Listing, items: Iterable[Item]) -> int:
    formats: dict[tuple[str, bool, bool], Format] = {}
    number = 0
    for number, item in enumerate(items, 1):
        row = number + _HEAD_ROWS - 1
        if row >= _LAST_ROW:
            message = _("A sheet of Excel holds no more than {rows} items; export csv instead.")
            raise ArchivistError(message.format(rows=_LAST_ROW - _HEAD_ROWS))
        filled = cells(layout, item, number)
        sheet.set_row(row, _height(layout, filled))
        for place, (column, cell) in enumerate(zip(layout.columns, filled, strict=True)):
            text = cell.content if isinstance(cell.content, str) else ""
            look = (column.align, bool(cell.doubts), like_formula(text))
            if look not in formats:
                formats[look] = book.add_format(_look(layout, *look))
            if isinstance(cell.content, int):
                sheet.write_number(row, place, cell.content, formats[look])
            else:
                sheet.write_string(row, place, _cut(text), formats[look])
            if cell.doubts:
                _note(sheet, row, place, layout, cell)
    return number


def _look(layout: Listing, align: str, doubtful: bool, like_formula: bool) -> dict[str, Any]:
    look: dict[str, Any] = {**_LIKE_SONG, "font_name": layout.font, "align": align, "border": 1}
    look["font_size"] = layout.sizes["cell"]
    if doubtful:
        look["bg_color"] = layout.doubt_colour
    # Keeps it text even when someone edits the cell.
    return look | ({"quote_prefix": True} if like_formula else {})


def _note(sheet: "Worksheet", row: int, place: int, layout: Listing, cell: Cell) -> None:
    text = _cut("\n".join(cell.doubts))
    options = {"font_name": layout.font, "font_size": 9, "width": 280, "height": 18 * _lines(text, 44) + 10}
    sheet.write_comment(row, place, text, options)


def _cut(text: str) -> str:
    # Counted as Excel does, in halves of surrogate pairs; one that stands alone is left out.
    return text.encode("utf-16-le")[: 2 * _LONGEST_TEXT].decode("utf-16-le", "ignore")


def _height(layout: Listing, filled: tuple[Cell, ...]) -> float:
    """Return a row's height in points: no spreadsheet leaves air around the lines by itself."""
    pairs = zip(layout.columns, filled, strict=True)
    lines = max(_lines(str(cell.content), _room(column, layout)) for column, cell in pairs)
    size = layout.sizes["cell"]
    return min(size * 1.35 * lines + size, _TALLEST_ROW)


def _room(column: Column, layout: Listing) -> int:
    # A column's unit is 7 pixels, half a Chinese character 2/3 of a pixel for each point of its size.
    # One character less, as a line must not begin with a full stop or a closing bracket.
    return max(int(column.width * 7 / (layout.sizes["cell"] * 2 / 3)) - 2, 2)


def _lines(text: str, room: int) -> int:
    """Return how many lines of `room` half characters `text` takes."""
    return sum(max(ceil(_halves(part) / room), 1) for part in text.split("\n"))


def _halves(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WFA" else 1 for char in text)
