"""Papers to search in: those of a gazette, or any number of made ones, each the same whenever it is asked for."""

import gzip
import json
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import overload

import yaml

from archivist.definitions import load
from archivist.search.document import SearchDocument
from archivist.search.misread import ANY
from tests.benchmarks.machine import ROOT

GAZETTE = ROOT / "../shared/gazette.jsonl.gz"
_PAGE = 600
#: Pieces that papers are put together from, and how many a paper has at least and at most.
_POOL, _LEAST, _MOST = 150_000, 80, 230
_TRADITIONAL, _MISREAD, _DOUBTED = 0.15, 0.01, 0.7
#: Stock phrases, places, offices and so on.
_SAID: dict[str, Sequence[str]] = yaml.safe_load(Path(__file__).with_name("search_words.yaml").read_text("utf-8"))


class Gazette(Sequence[SearchDocument]):
    """The papers of the gazette, as many as are asked for."""

    def __init__(self, count: int) -> None:
        with gzip.open(GAZETTE, "rt", encoding="utf-8") as lines:
            said = [json.loads(line) for _, line in zip(range(count), lines, strict=False)]
        self._documents = [_issued(number, paper) for number, paper in enumerate(said)]

    @overload
    def __getitem__(self, place: int) -> SearchDocument: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[SearchDocument]: ...
    def __getitem__(self, place: int | slice) -> SearchDocument | Sequence[SearchDocument]:
        return self._documents[place]

    def __len__(self) -> int:
        return len(self._documents)


def _issued(number: int, paper: dict[str, str]) -> SearchDocument:
    text = paper["text"].replace("\n", "")
    pages = tuple(text[start : start + _PAGE] for start in range(0, len(text), _PAGE))
    numbers, agencies = (paper["document_number"],), (paper["agency"],)
    year = 1911 + int(said) if (said := paper["date"].removeprefix("中華民國").partition("年")[0]).isdigit() else None
    return SearchDocument(f"{number:07}", paper["title"], pages, numbers, agencies=agencies, year=year)


class Made(Sequence[SearchDocument]):
    """So many made papers of some 1,000 characters: words as frequent as they are, stock phrases, misread characters.

    None is kept; each is made anew from its place. A part is in traditional script, and of most misread characters the
    reader has kept what it saw as well. They are made much faster than any engine takes them.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool, self._traditional, self._seen = _pool()

    @overload
    def __getitem__(self, place: int) -> SearchDocument: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[SearchDocument]: ...
    def __getitem__(self, place: int | slice) -> SearchDocument | Sequence[SearchDocument]:
        if isinstance(place, slice):
            return [self._made(number) for number in range(*place.indices(self._count))]
        return self._made(range(self._count)[place])

    def __len__(self) -> int:
        return self._count

    def _made(self, number: int) -> SearchDocument:
        chance = Random(number)
        draw = chance.random
        # Every so-manieth piece from somewhere on: as good as drawing each, and many times as quick.
        step, length = 1 + int(draw() * _POOL / _MOST / 2), _LEAST + int(draw() * (_MOST - _LEAST))
        start = int(draw() * (_POOL - step * length))
        picked = slice(start, start + step * length, step)
        pieces = (self._traditional if draw() < _TRADITIONAL else self._pool)[picked]
        place, office, genre, campaign = (_one(name, draw()) for name in ("places", "offices", "genres", "campaigns"))
        person = "".join(_one(name, draw()) for name in ("surnames", "given", "given"))
        year, month, day = 1950 + int(draw() * 70), 1 + int(draw() * 12), 1 + int(draw() * 28)
        serial = 1 + int(draw() * 400)
        issued = f"{place[0]}发〔{year}〕{serial}号"
        text = f"{place}{office}{issued}{''.join(pieces)}联系人{person}。{year}年{month}月{day}日"
        kind = draw()
        return SearchDocument(
            f"{number:07}",
            f"关于{pieces[0].strip('，。、')}{pieces[1].strip('，。、')}的{genre}",
            tuple([text[start : start + _PAGE] for start in range(0, len(text), _PAGE)]),
            (issued,),
            agencies=(f"{place}{office}",),
            year=year,
            date=f"{year}-{month:02}-{day:02}" if kind < 0.9 else f"{year}",
            genre=genre,
            forms=(_one("forms", draw()),) if kind < 0.3 else (),
            campaigns=(campaign,) if kind > 0.6 else (),
            reference_code=f"J{number // 5000:03}-Y{year}-{number % 5000:04}",
            people=(person,),
            readings=tuple(filter(None, self._seen[picked])),
            state="review" if kind < 0.2 else "verified" if kind > 0.9 else "accepted",
        )


def _one(name: str, drawn: float) -> str:
    """Return one of those of `name`, of which the first are the commonest."""
    return _SAID[name][int(drawn * drawn * len(_SAID[name]))]


@cache
def _pool() -> tuple[list[str], list[str], list[str]]:
    """Return the pieces, the same in traditional script, and for those misread what the reader kept."""
    from opencc import OpenCC

    chance = Random(1995)
    words, weights = dictionary()
    drawn = iter(chance.choices(words, cum_weights=list(accumulate(weights)), k=6 * _POOL))
    plain = list[str]()
    while len(plain) < _POOL:
        if chance.random() < 0.12:
            plain.append(chance.choice(_SAID["stock"]) + chance.choice("，。，，"))
        else:
            phrase = "".join(next(drawn) for _ in range(chance.choice((1, 2, 3, 4, 5, 6))))
            plain.append(phrase + chance.choice(("", "", "，", "。", "、")))
    alike = _alike()
    common = [word for word in words[:3000] if len(word) == 1]
    pieces, seen = list[str](), [""] * _POOL
    for number, piece in enumerate(plain):
        wrong = next((at for at, char in enumerate(piece) if char > "一" and chance.random() < _MISREAD), None)
        if wrong is not None:
            read = chance.choice(alike.get(piece[wrong], common))
            if chance.random() < _DOUBTED:
                seen[number] = piece if chance.random() < 0.5 else piece[:wrong] + ANY + piece[wrong + 1 :]
            piece = piece[:wrong] + read + piece[wrong + 1 :]
        pieces.append(piece)
    traditional = OpenCC("s2t").convert("\n".join(pieces)).split("\n")
    return pieces, traditional, seen


def dictionary() -> tuple[list[str], list[float]]:
    """Return words, the commonest first, and their weights: those of jieba where it is installed."""
    if (spec := find_spec("jieba")) and spec.origin:
        lines = (Path(spec.origin).with_name("dict.txt")).read_text("utf-8").splitlines()
        told = [line.split(" ")[:2] for line in lines]
        pairs = sorted(((int(times), word) for word, times in told if word.isalpha() and len(word) <= 4), reverse=True)
        return [word for _, word in pairs], [float(times) for times, _ in pairs]
    chance = Random(58)
    characters = [chr(code) for code in range(0x4E00, 0x4E00 + 3000)]
    made = ["".join(chance.choices(characters, k=chance.choice((1, 2, 2, 2, 3, 4)))) for _ in range(50_000)]
    return made, [1 / rank for rank in range(1, len(made) + 1)]


def _alike() -> dict[str, str]:
    groups = load("index/lookalikes.yaml")["groups"]
    return {char: group.replace(char, "") for group in groups for char in group}


def papers(count: int) -> Sequence[SearchDocument]:
    """Return `count` papers: of the gazette where that many are there, else made ones."""
    if count <= 3000 and GAZETTE.exists():
        return Gazette(count)
    return Made(count)


def streamed(documents: Sequence[SearchDocument]) -> Iterator[SearchDocument]:
    """Yield each document, without keeping any."""
    return (documents[place] for place in range(len(documents)))
