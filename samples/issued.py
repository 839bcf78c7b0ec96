"""Issued papers written as text: set as paper, printed, aged in one way each, with the record that must come out.

A paper is a file of describing/: paper.schema.json says what its lines are. What is made here is never committed.
"""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import press
import recipes
import scanned
import yaml
from development import KINDS

HOME = Path(__file__).parent
PAPERS = HOME / "describing"
SETS: Mapping[str, str] = MappingProxyType({"development": "papers", "held-out": "held-out"})
_FACES: Mapping[str, str] = MappingProxyType(
    {
        "song": '"AR PL SungtiL GB", "AR PL UMing CN", "Noto Serif CJK SC"',
        "kai": '"AR PL KaitiM GB", "AR PL UKai CN", "Noto Serif CJK SC"',
        "song traditional": '"AR PL UMing CN", "AR PL UMing TW", "Noto Serif CJK TC"',
        "kai traditional": '"AR PL UKai CN", "AR PL UKai TW", "Noto Serif CJK TC"',
    }
)
#: Millimetres of a sheet: width, height, margin at the sides, at the top, at the bottom.
_SHEETS: Mapping[str, tuple[int, int, int, int, int]] = MappingProxyType(
    {"16k": (184, 260, 26, 26, 24), "A4": (210, 297, 28, 33, 32)}
)
#: What stands together, on one sheet.
_TOGETHER: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("sign", "signs", "seal"), "closing"),
        **dict.fromkeys(("terms", "line", "copied", "ends"), "imprint"),
    }
)
#: Fewer characters than this that only traditional script has may be a name.
_TRADITIONAL_FROM = 8


class _Row(NamedTuple):
    role: str
    pieces: tuple[str, ...]


def make(folder: Path, which: str, seed: int, kinds: Sequence[str] = (), papers: Sequence[str] = ()) -> Iterator[Path]:
    """Write `folder`/<kind>/<paper>/ with pages, truth and expected.json for the papers of a set, and yield each.

    Each paper is aged in one of `kinds`, by turn; `papers` are parts of the names of those wanted. The same seed gives
    the same pictures. Raises PressError where something is not installed.
    """
    names = list(kinds or KINDS)
    with tempfile.TemporaryDirectory() as passing:
        for number, path in enumerate(sorted((PAPERS / SETS[which]).glob("*.yaml"))):
            if papers and not any(part in path.stem for part in papers):
                continue
            said = yaml.safe_load(path.read_text("utf-8"))
            kind = names[(number + seed) % len(names)]
            page = Path(passing) / f"{path.stem}.html"
            page.write_text(html(said), "utf-8")
            home = folder / kind / path.stem
            made = list(_scans(page, f"{kind}/{path.stem}", kind, seed))
            scanned.write_folder(home, made)
            record = {"documents": said["documents"], "campaigns": said["campaigns"]}
            text = json.dumps(record, ensure_ascii=False, indent=1)
            (home / "expected.json").write_text(f"{text}\n", "utf-8")
            yield home


def _scans(page: Path, name: str, kind: str, seed: int) -> Iterator[scanned.Page]:
    how = KINDS[kind]
    leaves = press.press(str(page), dpi=how.dpi, seed=seed)
    for number, (leaf, other_side, is_back) in enumerate(press.sides(leaves)):
        chance = np.random.default_rng([seed, zlib.crc32(name.encode()), number])
        effects = recipes.RECIPES[how.recipe]
        yield scanned.age(leaf, other_side, effects, is_back=is_back, dpi=how.dpi, quality=how.quality, chance=chance)


def html(said: Mapping[str, Any]) -> str:
    """Return a paper as a page for `press`: lines of its text, a block each, on as many sheets as they take."""
    width, height, side, top, bottom = _SHEETS[said["look"]["size"]]
    measure = width - 2 * side
    script = "traditional" if _traditional(said["text"]) else ""
    face = _FACES[f"{said['look']['face']} {script}".strip()]
    heads = '"Noto Serif CJK TC", "Noto Serif CJK SC"' if script else '"Noto Serif CJK SC"'
    blocks = "\n  ".join(_blocks(list(_rows(said["text"])), measure))
    body = f"left: {side}mm; width: {measure}mm; top: {top}mm; height: {height - top - bottom}mm"
    sheet = f'<section class="page"><div class="body" style="{body}"></div><p class="folio">— # —</p></section>'
    return f"""<!doctype html>
<html lang="zh-Han{"t" if script else "s"}">
<meta charset="utf-8">
<title>{escape(said["about"])}</title>
<link rel="stylesheet" href="{(HOME / "papers/paper.css").as_uri()}">
<link rel="stylesheet" href="{(HOME / "papers/issued.css").as_uri()}">
<style>
  @page {{ size: {width}mm {height}mm; }}
  .page {{ width: {width}mm; height: {height}mm; font: 16pt/10mm {face}; }}
  .page :is(.head, .heads, .title, .masthead) {{ font-family: {heads}; }}
</style>
{sheet}
<template class="page-after">{sheet}</template>
<template class="flow">
  {blocks}
</template>
<script src="{(HOME / "papers/paper.js").as_uri()}"></script>
</html>
"""


def _rows(text: str) -> Iterator[_Row]:
    for line in text.splitlines():
        role, _, rest = line.partition(" ")
        if role:
            yield _Row(role, tuple(escape(piece.strip(" ")) for piece in rest.split("|")) if rest else ())


def _traditional(text: str) -> bool:
    """Return whether a text is in traditional script: GB 2312 has simplified characters only."""
    lacking = [char for char in text if "一" <= char <= "鿿" and not char.encode("gb2312", "ignore")]
    return len(lacking) >= _TRADITIONAL_FROM


def _blocks(rows: Sequence[_Row], measure: float) -> Iterator[str]:
    """Yield a block of the page for each row, one for those that belong together; one after `page` begins a sheet."""
    begins = False
    for kind, together in groupby(rows, lambda row: _TOGETHER.get(row.role, row.role)):
        if kind == "page":
            begins = True
            continue
        block = _joined(kind, list(together), measure)
        for number, part in enumerate(block):
            yield part.replace('class="', 'class="new ', 1) if begins and not number else part
        begins = False


def _joined(kind: str, rows: Sequence[_Row], measure: float) -> Iterable[str]:
    if kind == "closing":
        return [_closing(rows)]
    if kind == "row":
        cells = ["".join(f"<td>{cell}</td>" for cell in row.pieces) for row in rows]
        lines = "".join(f"<tr>{row}</tr>" for row in cells)
        return [f'<table class="ruled">{lines}</table>']
    blocks = [_block(row, measure) for row in rows]
    return [f'<div class="imprint">{"".join(blocks)}</div>'] if kind == "imprint" else blocks


def _block(row: _Row, measure: float) -> str:
    text = "".join(row.pieces[:1])
    match row.role:
        case "rule" | "line":
            return f'<div class="{row.role}"></div>'
        case "head" | "masthead":
            size = min(15.0, 0.96 * measure / max(len(text), 1))
            return f'<h1 class="{row.role}" style="font-size: {size:.2f}mm">{text}</h1>'
        case "heads":
            *issuers, word = row.pieces
            size = min(11.0, 0.74 * measure / max(map(len, issuers)))
            names = "".join(f'<p style="font-size: {size:.2f}mm">{issuer}</p>' for issuer in issuers)
            return f'<div class="heads"><div>{names}</div><p style="font-size: 12mm">{word}</p></div>'
        case "title":
            size = min(7.4, 0.98 * measure / max(len(text), 1))
            return f'<h1 class="title" style="font-size: {size:.2f}mm">{text}</h1>'
        case "ends":
            return f'<p class="ends">{_side_by_side(row.pieces)}</p>'
        case role:
            return f'<p class="{role}">{text}</p>'


def _closing(rows: Sequence[_Row]) -> str:
    """Return a signature: names and date below each other, or names side by side, and a seal over the last lines."""
    lines = []
    for role, pieces in rows:
        if role == "seal":
            continue
        lines.append(f'<p class="signs">{_side_by_side(pieces)}</p>' if role == "signs" else f"<p>{pieces[0]}</p>")
    seals = [pieces[0] for role, pieces in rows if role == "seal"]
    over = "".join(
        f'<span class="overlay seal" data-ring="{ring}" data-turn="{4 - 3 * len(ring) % 9}"></span>' for ring in seals
    )
    wide = " wide" if any(role == "signs" for role, _ in rows) else ""
    return f'<div class="closing{wide}">{"".join(lines)}{over}</div>'


def _side_by_side(pieces: Iterable[str]) -> str:
    return "".join(f'<span class="line">{piece}</span>' for piece in pieces)
