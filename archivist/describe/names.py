"""Names of agencies and persons: where one stands, and which two mean the same."""

import re
from collections.abc import Collection
from functools import cache
from typing import Any

from archivist.definitions import load
from archivist.describe.ink import closed
from archivist.text import fold

_NOT_IN_AGENCY = re.compile(r"[,。:;!?《》〈〉\"'\d%]|的|了|和各|以及|为|要|将|在|进行|认真|加强|做好")
# 福建省厦门市人民政府 signs as 厦门市人民政府.
_PROVINCE = re.compile(r"^[\u4e00-\u9fff]{2,3}省(?=[\u4e00-\u9fff]{1,6}[市县区州])")
_LEVEL = re.compile(r"[省市县区地州旗镇乡]")
_NOTE = re.compile(r"\((?:章|印|盖章|公章|代章)\)$")


def mended(text: str) -> str:
    """Return `text` as it is compared, with the words put right that readers take for others; same length."""
    folded = fold(text)
    for read, meant in _agencies()["misread"].items():
        folded = folded.replace(read, meant)
    return folded


def is_agency(text: str) -> bool:
    """Return whether all of `text` is the name of one agency, by its ending and the words it is free of."""
    name = _NOTE.sub("", closed(mended(text)))
    if name == "国务院":
        return True
    if not 2 < len(name) <= 30 or _NOT_IN_AGENCY.search(name) or name in _agencies()["suffixes"]:
        return False
    if any(name.startswith(word) for word in _agencies()["generic"]):
        return False
    return any(name.endswith(suffix) and len(name) > len(suffix) for suffix in _agencies()["suffixes"])


def is_receiver(text: str) -> bool:
    """Return whether all of `text` may be addressed by itself: an agency, or a kind of them (市直各部门)."""
    name = re.sub(r"\([^()]*\)", "", closed(mended(text)))
    endings = _agencies()["suffixes"] + _agencies()["receivers"]
    # 市委 is complete, 人民政府 is not.
    return name.endswith(tuple(endings)) and (name not in endings or bool(_LEVEL.match(name)))


def split(text: str, gaps: Collection[int] = ()) -> list[tuple[int, int]]:
    """Return the spans of the agencies that `text` names one after another; empty where it is anything else.

    Names may be divided by spaces, 、 or line breaks (`gaps`, offsets into `text`), or by nothing where the
    next begins like one (中共…, the same place); spaces inside a name set wide are not divisions.
    """
    folded = mended(text)
    places = [place for place, char in enumerate(folded) if not char.isspace()]
    letters = "".join(folded[place] for place in places)
    if not letters or len(letters) > 200:
        return []
    cuts = {0, len(letters)}
    for index in range(1, len(letters)):
        between = range(places[index - 1] + 1, places[index] + 1)
        if len(between) > 1 or any(gap in between for gap in gaps) or _begins(letters, index):
            cuts.add(index)
        if letters[index] in "、," or letters[index - 1] in "、,":
            cuts.add(index)
    spans = _partition(letters, sorted(cuts))
    return [(places[start], places[end - 1] + 1) for start, end in spans or []]


def agency_key(name: str) -> str:
    """Return what the spellings of one agency share: 中共聊城市委 and 中国共产党聊城市委员会."""
    key = _PROVINCE.sub("", _NOTE.sub("", closed(mended(name))))
    for kept, *others in reversed(_agencies()["equivalents"]):
        for other in others:
            key = key.replace(other, kept)
    return key


def is_person(text: str) -> bool:
    """Return whether all of `text` looks like the name of a person: a surname and one or two characters."""
    name, rules = closed(fold(text)), _persons()
    if not 2 <= len(name) <= 4 or not re.fullmatch(r"[\u3400-\u9fff]+", name):
        return False
    if name[1:] in rules["titles"] or name[-2:] in rules["titles"]:
        return False
    if any(name.startswith(word) for word in rules["not_names"]) or set(name) & set(rules["not_in_names"]):
        return False
    if name[:2] in rules["compound_surnames"]:
        return len(name) > 2
    return len(name) < 4 and name[0] in _surnames()


def _begins(letters: str, index: int) -> bool:
    before, after = letters[:index], letters[index:]
    if not any(before.endswith(suffix) for suffix in _agencies()["suffixes"]):
        return False
    place = re.sub(r"^(?:中共|中国共产党)", "", before)[:2]
    return after.startswith((*_agencies()["beginnings"], place))


def _partition(letters: str, cuts: list[int]) -> list[tuple[int, int]] | None:
    """Return the pieces between some of `cuts` that are agencies all, as few letters each as will do."""
    best: dict[int, list[tuple[int, int]] | None] = {len(letters): []}
    for start in reversed(cuts[:-1]):
        best[start] = None
        for end in cuts[cuts.index(start) + 1 :]:
            rest = best.get(end)
            piece = letters[start:end]
            if rest is None:
                continue
            if piece in ("、", ","):
                best[start] = rest
                break
            if is_agency(piece) and not piece.startswith(("、", ",")):
                best[start] = [(start, end), *rest]
                break
    return best[0]


def _agencies() -> dict[str, Any]:
    rules: dict[str, Any] = load("schemas/agencies.yaml")
    return rules


def _persons() -> dict[str, Any]:
    rules: dict[str, Any] = load("schemas/persons.yaml")
    return rules


@cache
def _surnames() -> frozenset[str]:
    return frozenset(closed(_persons()["surnames"]))
