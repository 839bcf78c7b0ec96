"""Draw the first page of an item as the program sees it, beside its record: the pictures of the READMEs.

    python docs/draw.py ARCHIVE QUERY OUT.jpg        in Chinese with LANGUAGE=zh before it

The item is the first that `archivist search QUERY` finds. Chromium sets the picture, so it and a Chinese font must be
installed. Green: a character; orange: one less sure than 0.9; blue: a cell; violet: a seal or stamp; red: the number of
a value of the record, where its evidence begins.
"""

import shutil
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Mapping
from gettext import gettext as _
from html import escape
from io import BytesIO
from pathlib import Path

from PIL import Image

import archivist.cli  # noqa: F401 - it chooses the language
from archivist.archive import Archive
from archivist.image.open import open_page
from archivist.model import Box, Field, Item, Page
from archivist.settings import load

WIDTH, HEIGHT, SCALE = 1000, 734, 1.6
PAGE_WIDTH = 520
STYLE = """
body { margin: 0; font: 14px/1.35 'Noto Sans CJK SC', sans-serif; color: #222; background: #fff; display: flex }
svg { display: block; border-right: 1px solid #bbb }
rect { fill: none; stroke-width: 2.5 }
.seal { stroke: #8a2be2 }
.cell { stroke: #1f6feb }
.glyph { fill: #2da44e22; stroke: #2da44e; stroke-width: 1.5 }
.unsure { fill: #fb850055; stroke: #fb8500 }
circle { fill: #c1121f }
text { fill: #fff; font-size: 30px; text-anchor: middle; dominant-baseline: central }
main { padding: 14px 18px; flex: 1 }
h1 { font-size: 17px; margin: 0 0 4px }
h2 { font-size: 14px; margin: 0 0 8px; color: #666 }
table { border-collapse: collapse; width: 100% }
td { padding: 6px; border-top: 1px solid #ddd; vertical-align: top }
td:first-child { color: #c1121f; font-weight: bold }
td:nth-child(2) { color: #666; white-space: nowrap }
td:last-child { text-align: right }
.review td:last-child { color: #d35400; font-weight: bold }
small { color: #777; display: block }
"""


def picture(archive: Path, query: str, out: Path) -> None:
    """Write the picture of the first page of the first item that `query` finds."""
    with Archive(load(archive)) as rooms:
        item = rooms.search(query).found[0].item
        page = item.pages[0]
        pixels = open_page(rooms.store.get(page.scan.sha256), page.scan.index).pixels
    scan = BytesIO()
    Image.fromarray(pixels).resize((page.scan.width // 2, page.scan.height // 2)).save(scan, "JPEG", quality=90)
    html = f"<meta charset=utf-8><style>{STYLE}</style>{_page(page, item, scan.getvalue())}{_record(item)}"
    with tempfile.TemporaryDirectory() as folder:
        source, shot = Path(folder, "page.html"), Path(folder, "page.png")
        source.write_text(html, "utf-8")
        chromium = shutil.which("chromium") or shutil.which("google-chrome") or sys.exit("please install chromium")
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={WIDTH},{HEIGHT}"]
        flags += [f"--force-device-scale-factor={SCALE}", f"--screenshot={shot}", source.as_uri()]
        subprocess.run([chromium, *flags], check=True, capture_output=True)
        Image.open(shot).convert("RGB").save(out, quality=58, optimize=True, progressive=True)


def _page(page: Page, item: Item, scan: bytes) -> str:
    width, height = page.scan.width, page.scan.height
    regions = (_rectangle(region.box, region.kind) for region in page.regions if region.kind in ("cell", "seal"))
    glyphs = (_rectangle(glyph.box, "unsure" if glyph.confidence < 0.9 else "glyph") for glyph in page.glyphs)
    marks = (
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="25"/><text x="{x:.0f}" y="{y:.0f}">{number}</text>'
        for number, entry in enumerate(_fields(item), 1)
        for x, y in [(entry.evidence.box.left - 22, entry.evidence.box.top - 22)]
    )
    return (
        f'<svg width="{PAGE_WIDTH}" height="{HEIGHT}" viewBox="0 0 {width} {height}">'
        f'<image href="data:image/jpeg;base64,{b64encode(scan).decode()}" width="{width}" height="{height}"/>'
        f"{''.join(regions)}{''.join(glyphs)}{''.join(marks)}</svg>"
    )


def _rectangle(box: Box, kind: str) -> str:
    left, top, width, height = (round(side) for side in (box.left, box.top, box.width, box.height))
    return f'<rect class="{kind}" x="{left}" y="{top}" width="{width}" height="{height}"/>'


def _record(item: Item) -> str:
    rows = "".join(
        f'<tr class="{entry.status}"><td>{number}<td>{_(entry.name)}<td>{_value(entry)}<td>{entry.confidence:.2f}'
        for number, entry in enumerate(_fields(item), 1)
    )
    slip = item.documents[0]
    heading = f"<h1>{escape(item.title)}</h1><h2>{_(slip.kind)} {escape(slip.form or '')}</h2>"
    return f"<main>{heading}<table>{rows}</table></main>"


def _fields(item: Item) -> Iterator[Field]:
    return (entry for entry in item.documents[0].fields if entry.evidence.page == 1)


def _value(entry: Field) -> str:
    if isinstance(entry.value, Mapping):
        kind, *parts = (str(part) for part in entry.value.values() if part)
        value = "<br>".join((_(kind), *map(escape, parts)))
    else:
        value = escape(str(entry.value))
    return value + (f"<small>{escape(entry.raw)}</small>" if entry.raw != str(entry.value) else "")


if __name__ == "__main__":
    picture(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
