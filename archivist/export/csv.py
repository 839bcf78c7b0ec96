"""归档文件目录 (DA/T 22-2015) as comma-separated values for Excel: UTF-8 with byte order mark, CRLF.

Text that a spreadsheet might take for a formula has an apostrophe before it; take it off when reading back.
"""

import csv
from collections.abc import Iterable
from io import TextIOWrapper
from typing import BinaryIO

from archivist.export.listing import cells, like_formula, listing
from archivist.model import Item


def write(items: Iterable[Item], stream: BinaryIO) -> int:
    """Write headings and a row for each of `items` to `stream` and return how many items there were."""
    layout = listing("da-t-22-2015")
    text = TextIOWrapper(stream, "utf-8-sig", newline="")
    rows = csv.writer(text)
    rows.writerow(column.heading for column in layout.columns)
    number = 0
    for number, item in enumerate(items, 1):
        rows.writerow(_plain(cell.content) for cell in cells(layout, item, number))
    # Writes out what is buffered, and leaves the stream open for whoever opened it.
    text.detach()
    return number


def _plain(content: str | int) -> str | int:
    return f"'{content}" if isinstance(content, str) and like_formula(content) else content
