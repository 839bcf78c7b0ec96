"""Filled slips of describing/slips: from their description to a paper that press.py can print.

A description (YAML) says how wide and high the paper is in millimetres, what stands above and below the ruling, and
the cells row by row: a row begins with its height, a cell may end in `*n` (over n columns) or `^n` (over n rows); `|`
before it sets it from top to bottom, `>` a line of it to the right. ‹…› is the clerk's hand, «…» the official's. A
slip without ruling has `lines` instead. `expected` is the record that must come out, in the shape of design.md.
"""

from __future__ import annotations

import html
import json
import re
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "describing" / "slips"
PAPERS = Path(__file__).parent / "papers"
HANDS = ("Zhi Mang Xing", "Ma Shan Zheng")
_CELL = re.compile(r"(?P<down>\|)?(?P<text>.*?)(?:\^(?P<rows>\d+))?(?:\*(?P<columns>\d+))?", re.DOTALL)
_HANDS = {"‹": '<span class="hand clerk">', "«": '<span class="hand leader">', "›": "</span>", "»": "</span>"}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the ruling: grid row and column from 0, its lines as marked up, whether it is set vertically."""

    row: int
    column: int
    lines: tuple[str, ...]
    rows: int
    columns: int
    vertical: bool

    @property
    def text(self) -> str:
        """What stands in it, a line each; vertical, a character a line."""
        return "\n".join(self.lines[0]) if self.vertical else "\n".join(plain(line) for line in self.lines)


@dataclass(frozen=True)
class Slip:
    """A filled slip: its name and what its description says."""

    name: str
    told: Mapping[str, Any]
    held_out: bool

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of its ruling, row by row."""
        return tuple(_cells(self.told))

    @property
    def expected(self) -> Mapping[str, list[Any]]:
        """The values that must be found, by field."""
        return {name: [_value(value) for value in values] for name, values in self.told["expected"].items()}

    def html(self) -> str:
        """Return the paper as `press` takes it, written in the hands of the clerk and of the officials."""
        clerk, official = self.told["paper"].get("hands", HANDS)
        return _html(self, (clerk, official))


def slips(folder: Path = FOLDER) -> list[Slip]:
    """Return the slips described in `folder`, those held out last."""
    found = [(path, False) for path in sorted(folder.glob("*.yaml"))]
    found += [(path, True) for path in sorted((folder / "held-out").glob("*.yaml"))]
    return [Slip(path.stem, yaml.safe_load(path.read_text("utf-8")), held_out) for path, held_out in found]


def _value(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _value(value) for name, value in told.items()}
    return told.isoformat() if isinstance(told, date) else told


def make(folder: Path, which: str, seed: int) -> Iterator[Path]:
    """Write `folder`/<slip>/ with its scan, truth and expected.json, aged as its description says, and yield each.

    `which` are those to develop on (`development`) or those `held-out`. The same seed gives the same pictures. Raises
    PressError where something is not installed.
    """
    # The press is only needed here: tests read the descriptions without it.
    import numpy as np
    import press
    import recipes
    import scanned

    for slip in slips():
        if slip.held_out != (which == "held-out"):
            continue
        wear = slip.told["paper"]["wear"]
        dpi = 300 if wear == "office" else 240
        with tempfile.TemporaryDirectory() as workshop:
            paper = Path(workshop) / f"{slip.name}.html"
            paper.write_text(slip.html(), "utf-8")
            leaf = press.press(str(paper), dpi=dpi, seed=seed)[0]
        chance = np.random.default_rng([seed, zlib.crc32(slip.name.encode())])
        page = scanned.age(leaf, None, recipes.RECIPES[wear], is_back=False, dpi=dpi, quality=70, chance=chance)
        scanned.write_folder(folder / slip.name, [page])
        said = {"kind": "circulation_slip", "form": slip.told["form"], "pages": [1], "fields": slip.expected}
        record = json.dumps({"documents": [said], "campaigns": []}, ensure_ascii=False, indent=1)
        (folder / slip.name / "expected.json").write_text(f"{record}\n", "utf-8")
        yield folder / slip.name


def plain(text: str) -> str:
    """Return a line of a description as a typist would write it."""
    return re.sub(r"[‹›«»]", "", text.removeprefix(">"))


def _cells(told: Mapping[str, Any]) -> Iterator[Cell]:
    taken: set[tuple[int, int]] = set()
    for row, (_, *entries) in enumerate(told.get("rows", ())):
        column = 0
        for entry in entries:
            match = _CELL.fullmatch(str(entry))
            assert match is not None
            while (row, column) in taken:
                column += 1
            down, across = int(match["rows"] or 1), int(match["columns"] or 1)
            taken |= {(row + i, column + j) for i in range(down) for j in range(across)}
            yield Cell(row, column, tuple(match["text"].split("\n")), down, across, bool(match["down"]))
            column += across


def _html(slip: Slip, hands: tuple[str, str]) -> str:
    told = slip.told
    paper = told["paper"]
    wide, high, ink = paper["wide"], paper["high"], "#b81f2a" if paper.get("ink") == "red" else "#111"
    parts = [f"<h1>{html.escape(line)}</h1>" for line in told["heading"]]
    parts += [_line(line) for line in told.get("lines", ())]
    if told.get("rows"):
        cells = list(_cells(told))
        parts.append('<table class="form"><colgroup>')
        parts += [f'<col style="width:{width}mm">' for width in told["columns"]]
        parts.append("</colgroup>")
        for row, (height, *_) in enumerate(told["rows"]):
            parts.append(f'<tr style="height:{height}mm">')
            parts += [_cell(cell) for cell in cells if cell.row == row]
            parts.append("</tr>")
        parts.append("</table>")
    parts += [_line(line, "below") for line in told.get("below", ())]
    style = f"""
      @page {{ size: {wide}mm {high}mm; }}
      .page {{ width: {wide}mm; height: {high}mm; padding: 18mm {(wide - _width(told)) / 2:.1f}mm 0;
        font: 14pt/1.35 "AR PL SungtiL GB", "AR PL UMing CN"; color: {ink}; }}
      .page h1 {{ text-align: center; font: 700 21pt/1.3 "Noto Serif CJK SC"; letter-spacing: 0.12em; }}
      .page h1 {{ margin-bottom: 3mm; }}
      .form {{ border-collapse: collapse; table-layout: fixed; width: {_width(told)}mm; }}
      .form {{ border: 0.5mm solid {ink}; margin-top: 5mm; }}
      .form td {{ border: 0.3mm solid {ink}; padding: 1mm 1.5mm; vertical-align: middle; text-align: center; }}
      .form td.long {{ text-align: left; vertical-align: top; padding-top: 2.5mm; }}
      .form td.down div {{ writing-mode: vertical-rl; margin: auto; letter-spacing: 0.5em; }}
      .page p {{ white-space: pre-wrap; }}
      .page p.free {{ margin-bottom: 3mm; }}
      .page p.right {{ text-align: right; padding-right: 6mm; }}
      .page p.below {{ margin-top: 5mm; }}
      .clerk {{ font: 19pt/1.1 "{hands[0]}", "AR PL UKai CN", "Noto Serif CJK SC"; color: #22327c; }}
      .leader {{ font: 21pt/1.15 "{hands[1]}", "AR PL UKai CN", "Noto Serif CJK SC"; color: #15171f; }}"""
    here = PAPERS.as_uri()
    return (
        f'<!doctype html><html lang="zh-Hans"><meta charset="utf-8"><title>{slip.name}</title>'
        f'<link rel="stylesheet" href="{here}/paper.css"><style>{style}</style><section class="page">'
        + "".join(parts)
        + f'</section><script src="{here}/paper.js"></script></html>'
    )


def _width(told: Mapping[str, Any]) -> int:
    return int(sum(told["columns"])) if "columns" in told else int(told["paper"]["wide"]) - 40


def _cell(cell: Cell) -> str:
    spans = f' rowspan="{cell.rows}"' if cell.rows > 1 else ""
    spans += f' colspan="{cell.columns}"' if cell.columns > 1 else ""
    if cell.vertical:
        return f'<td class="down"{spans}><div class="line">{html.escape(cell.lines[0])}</div></td>'
    long = len(cell.lines) > 1 and any(line.startswith(">") for line in cell.lines)
    inner = "".join(_line(line) for line in cell.lines) if any(cell.lines) else ""
    return f"<td{' class=long' if long else ''}{spans}>{inner}</td>"


def _line(text: str, kind: str = "") -> str:
    right = text.startswith(">")
    inner = "".join(_HANDS.get(char, html.escape(char)) for char in text.removeprefix(">"))
    names = " ".join(filter(None, (kind, "right" if right else "")))
    return f'<p class="{names}">{inner}</p>'
