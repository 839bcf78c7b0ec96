"""Names of agencies and persons: where one stands, and which two mean the same."""

import re
from collections.abc import Collection
from functools import cache, lru_cache
from typing import Any

from archivist.definitions import load
from archivist.describe.ink import closed
from archivist.text import fold

_NOT_IN_AGENCY = re.compile(
    r"[,。:;!?《》〈〉\"'\d%]|的|了|和各|以及|为|要|将|在|进行|认真|加强|做好|关于|转发|批转|印发"
)
# 福建省厦门市人民政府 signs as 厦门市人民政府.
_PROVINCE = re.compile(
    r"^(?:[\u4e00-\u9fff]{2,3}省|[\u4e00-\u9fff]{2,5}自治区)"
    r"(?=[\u4e00-\u9fff]{1,6}县|[\u4e00-\u9fff]{2,6}[市州盟旗]|(?!.{0,2}军区)[\u4e00-\u9fff]{2,6}区(?!域))"
)
_LEVEL = re.compile(r"[省市县区地州盟旗镇乡]")
# 市委, 市政府, 市府: what a joint paper calls its second agency once it has named the place.
_BARE = re.compile(r"[省市县区地州盟旗镇乡](?:委|政府|府|人大|政协|纪委|革委会|人委)")
# 市直, 县委, 中央驻鲁单位, 聊城市…: names that say themselves where they belong.
_OWN_PLACE = re.compile(r"^(?:[省市县区州旗乡镇盟]|地(?!方))|各|有关|驻|国务院|行署|直|^..{0,6}[省市县]")
_OTHERS = re.compile(r"各|有关|驻|国务院|行署|直|属")
_NOT_A_RECEIVER = re.compile(r"[《》〈〉\d。:]|关于|第.{1,4}号|转发|印发|的通知")
_POINTED = re.compile(r"[\u4e00-\u9fff]{2,8}[·•‧・][\u4e00-\u9fff]{2,8}")
# 国家 begins no second agency in 中共中央国家机关工作委员会, 中共聊城市委国家安全委员会.
_ONE_NAME = re.compile(r"国家机关|国家安全委|行政院国家")
_DIGIT = re.compile(r"\d")
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
    if name in _agencies()["whole"]:
        return True
    if not 2 < len(name) <= 30 or _NOT_IN_AGENCY.search(name) or name in _agencies()["suffixes"]:
        return False
    if any(name.startswith(word) for word in _agencies()["generic"]):
        return False
    if any(name.endswith(suffix) and len(name) > len(suffix) for suffix in _agencies()["suffixes"]):
        return True
    return any(shape.fullmatch(name) for shape in _shapes())


def is_receiver(text: str) -> bool:
    """Return whether all of `text` may be addressed by itself: an agency, or a kind of them (市直各部门)."""
    name = re.sub(r"\([^()]*\)", "", closed(mended(text)))
    endings = _agencies()["suffixes"] + _agencies()["receivers"]
    # 市委 is complete, 人民政府 is not.
    return name.endswith(tuple(endings)) and (name not in endings or bool(_LEVEL.match(name)))


def is_organ(text: str) -> bool:
    """Return whether all of `text` is what agencies of a kind are called where the place is understood: 专署, 团委."""
    name = closed(mended(text))
    return len(name) > 1 and name in _agencies()["suffixes"] + _agencies()["whole"]


def is_kind(text: str) -> bool:
    """Return whether `text` ends in a word for a kind of receivers and not for an agency: 厂矿, 团体."""
    return closed(mended(text)).endswith(tuple(_agencies()["receivers"] + _agencies()["receiving_units"]))


def receives(text: str) -> bool | None:
    """Return whether `text` is known to receive papers, None where it is known that it does not (同志们, 存档)."""
    name = closed(mended(text))
    rules = _agencies()
    if name in rules["not_receivers"]:
        return None
    name = re.sub(r"\([^()]*\)", "", name)
    known = is_receiver(name) or is_organ(name) or name.endswith((*rules["receivers"], *rules["receiving_units"]))
    return known and len(name) <= 40 and not _NOT_A_RECEIVER.search(name)


def shares_place(before: str, after: str) -> bool:
    """Return whether `after` is short for what is said in full `before`: 各县财政局、税务局 is one list of two bureaus.

    An entry that begins with 各 hands its place on to those behind it that name none of their own.
    """
    first, second = closed(fold(before)), closed(fold(after))
    # 各公社、镇妇联 are two kinds of one list, 各公社、县直单位 are not.
    kinds = len(first) <= 3 and _LEVEL.match(second) and not _OTHERS.search(second)
    return first.startswith("各") and (bool(kinds) or not _OWN_PLACE.search(second))


def split(text: str, gaps: Collection[int] = ()) -> list[tuple[int, int]]:
    """Return the spans of the agencies that `text` names one after another; empty where it is anything else.

    Names may be divided by spaces, 、 or line breaks (`gaps`, offsets into `text`), or by nothing where the
    next begins like one (中共…, the same place); spaces inside a name set wide are not divisions.
    """
    folded = mended(text)
    places = [place for place, char in enumerate(folded) if not char.isspace()]
    letters = "".join(folded[place] for place in places)
    if not letters or len(letters) > 200 or _DIGIT.search(letters):
        return []
    cuts = {0, len(letters)}
    for index in range(1, len(letters)):
        between = range(places[index - 1] + 1, places[index] + 1)
        if len(between) > 1 or any(gap in between for gap in gaps) or _begins(letters, index):
            cuts.add(index)
        if letters[index] in "、," or letters[index - 1] in "、,":
            cuts.add(index)
    spans = _partition(letters, sorted(cuts)) or []
    if len(spans) == 1 and _BARE.fullmatch(letters):
        return []
    return [(places[start], places[end - 1] + 1) for start, end in spans]


@lru_cache(maxsize=65536)
def agency_key(name: str) -> str:
    """Return what the spellings of one agency share: 中共聊城市委 and 中国共产党聊城市委员会.

    By the abbreviations and patterns of schemas/authority.yaml.
    """
    key = _PROVINCE.sub("", _NOTE.sub("", closed(mended(name))))
    for word, short in _short_forms():
        if word in key:
            key = key.replace(word, short)
    for pattern, put in _short_patterns():
        key = pattern.sub(put, key)
    return key


def is_bare(name: str) -> bool:
    """Return whether `name` leaves its place to the paper it stands on: 市委, 省政府, 本公司."""
    return bool(_BARE.fullmatch(closed(fold(name))))


def same_agency(one: str, other: str) -> bool:
    """Return whether two names on one paper mean one agency, said in full or short.

    东港村民委员会 is 魏桥镇东港村民委员会, 省发展改革委 is 江苏省发展和改革委员会, 市委 is 中共聊城市委;
    政协聊城市委员会 is not.
    """
    (body, short), (whose, long) = sorted(map(_body_and_rest, (one, other)), key=lambda parts: len(parts[1]))
    if not short or not long or body != whose:
        return False
    if long.endswith(short):
        before = long[: len(long) - len(short)]
        return not before or before.endswith(_above()) or bool(_LEVEL.match(short)) or short in _agencies()["whole"]
    at = long.find(short[0])
    if not _LEVEL.match(short) or at < 1 or short[-1] != long[-1] or short[1:2] != long[at + 1 : at + 2]:
        return False
    rest = iter(long[at + 1 :])
    return all(char in rest for char in short[1:])


def is_unit_of(short: str, long: str) -> bool:
    """Return whether `short` is the place or works whose organ `long` is: 梁园公社, 肥东县梁园公社革命委员会."""
    unit, name = closed(mended(short)), closed(mended(long))
    organ = next((word for word in _agencies()["organs"] if name.endswith(f"{unit}{word}")), None)
    return organ is not None and not _LEVEL.match(unit)


def _body_and_rest(name: str) -> tuple[str, str]:
    key = agency_key(name)
    body = next((body for body in _agencies()["bodies"] if key.startswith(body) and key != body), "")
    return body, key[len(body) :]


def is_person(text: str) -> bool:
    """Return whether all of `text` looks like the name of a person: a surname and one or two characters.

    Or parts with a point between them: 买买提·艾力.
    """
    name, rules = closed(fold(text)), _persons()
    if _POINTED.fullmatch(name):
        return True
    if not 2 <= len(name) <= 4 or not re.fullmatch(r"[\u3400-\u9fff]+", name):
        return False
    if name[1:] in rules["titles"] or name[-2:] in rules["titles"]:
        return False
    if any(name.startswith(word) for word in rules["not_names"]) or set(name) & set(rules["not_in_names"]):
        return False
    if name[:2] in rules["compound_surnames"]:
        return len(name) > 2
    return len(name) < 4 and name[0] in _surnames()


def has_surname(text: str) -> bool:
    """Return whether `text` may be a name where nothing else stands, as behind a post: 宋日昌, though 日 is in few."""
    name = closed(fold(text))
    return bool(re.fullmatch(r"[\u3400-\u9fff]{2,3}", name)) and name[0] in _surnames()


@cache
def _shapes() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(shape) for shape in _agencies()["shapes"])


@cache
def _above() -> tuple[str, ...]:
    return tuple(_agencies()["above"])


@cache
def _short_forms() -> tuple[tuple[str, str], ...]:
    rows = load("schemas/authority.yaml")["abbreviations"]
    return tuple((word, short) for short, *words in rows for word in sorted(words, key=len, reverse=True))


@cache
def _short_patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(row["of"]), row["is"]) for row in load("schemas/authority.yaml")["patterns"])


def _begins(letters: str, index: int) -> bool:
    before, after = letters[:index], letters[index:]
    if not before.endswith((*_agencies()["suffixes"], *_agencies()["whole"])):
        return False
    if _ONE_NAME.search(letters[max(index - 3, 0) : index + 5]):
        return False
    if _BARE.match(after) and before.endswith(f"{after[0]}委"):
        return True
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
            if (is_agency(piece) or _BARE.fullmatch(piece)) and not piece.startswith(("、", ",")):
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
