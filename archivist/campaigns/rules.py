"""What schemas/campaigns.yaml says of the names of campaigns, made ready for use: patterns, known names, one key."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from archivist.definitions import load
from archivist.text import fold

_LEAST_PRINTED = 2
_BRIEF = 2
_KEYS_OF_KEYS = 3
# What readers drop or add at will inside a name that everybody knows: 三反、五反, “三反”“五反”.
LOOSE = frozenset("\"'、·-,")


@dataclass(frozen=True, slots=True)
class Pattern:
    """How one kind of campaign is named; `expression` has a group `name`, `prefix` goes before what it holds."""

    kind: str
    expression: re.Pattern[str]
    prefix: str
    title_only: bool
    sure: float
    after_known: bool
    never: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Known:
    """A name that everybody knew: of which campaign, and whether it says so by itself, in a title or in any text."""

    campaign: str
    name: str
    strong: bool
    title_only: bool


@dataclass(frozen=True, slots=True)
class Honour:
    """The parts of the name of an honour (全国 + 科技工作 + 先进 + 市); `level` is a word of the schema, or None."""

    level: str | None
    printed_level: str
    about: str
    kind: str
    target: str


@cache
def rules() -> Mapping[str, Any]:
    """Return schemas/campaigns.yaml as it is."""
    loaded: Mapping[str, Any] = load("schemas/campaigns.yaml")
    return loaded


@cache
def patterns() -> tuple[Pattern, ...]:
    """Return the patterns in the order in which they are tried."""
    return tuple(_pattern(entry) for entry in rules()["patterns"])


def _pattern(entry: Mapping[str, Any]) -> Pattern:
    least, most = entry.get("between", (0, 16))
    begins = _any_of(entry["begins"])
    # Not over a second beginning: 开展创建…, 创建工作中创建….
    never = f"(?!{begins})" if all(entry["begins"]) else ""
    honour = entry["kind"] == "honour"
    inside = rules()["not_inside"] if honour else rules()["not_inside"][:1]
    letter = f"(?:{never}[^\n{re.escape(rules()['not_in_names'])}{inside}])"
    ends = "|".join(_filled(end) for end in entry["ends"])
    first = f"(?={entry['first']})" if entry.get("first") else ""
    not_first = f"(?!{_any_of(rules()['not_first'])})" if honour else ""
    body = f"{first}{not_first}{letter}{{{least},{most}}}?(?:{ends})"
    followed = f"(?={'|'.join(entry['followed'])})" if entry.get("followed") else ""
    # The word of creating may stand before a quotation mark: 创建“平安聊城”.
    skipped = f"{rules()['times']}{letter}{{0,{entry.get('skips', 0)}}}?"
    name = f"(?P<name>(?:{begins}){body})" if entry.get("keeps") else f'(?:{begins}){skipped}"?(?P<name>{body})'
    return Pattern(
        entry["kind"],
        re.compile(name + followed),
        entry.get("as", ""),
        entry.get("where") == "title",
        entry.get("sure", 1.0),
        entry.get("after_known", False),
        re.compile("|".join([*rules()["never"], *filter(None, [entry.get("never")])])),
    )


def prefix(pattern: Pattern, name: str) -> str:
    """Return what goes before a name that `pattern` found: nothing where it says itself that it is to be created."""
    return "" if name.startswith(("创建", *rules()["verbs"])) else pattern.prefix


@cache
def another() -> re.Pattern[str]:
    """Return what finds a second honour behind the first: …和国家卫生城市."""
    letter = f"[^\n{re.escape(rules()['not_in_names'])}{rules()['not_inside']}]"
    end = _filled("{kind}{target}")
    return re.compile(f'"?(?:、|和|与|及|暨|,)(?:{_any_of(rules()["verbs"])}|创建)?"?(?P<name>{letter}{{0,10}}?{end})')


def _filled(end: str) -> str:
    return end.replace("{kind}", rules()["kinds"]).replace("{target}", rules()["targets"])


def _any_of(words: Any) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


@cache
def known() -> Mapping[str, Known]:
    """Return every known name, folded and without points and quotation marks."""
    found: dict[str, Known] = {}
    for entry in rules()["known"]:
        title_only = entry.get("where") == "title"
        for strong, names in ((True, [entry["name"], *entry.get("also", ())]), (False, entry.get("short", ()))):
            for name in names:
                found.setdefault(loose(name), Known(entry["name"], name, strong, title_only))
    for short in rules()["shorts"]:
        found[loose(short)] = Known(short, short, True, False)
    return found


@cache
def known_names() -> re.Pattern[str]:
    """Return what finds any known name in folded text without points and quotation marks."""
    # 社教 in 社教机构 is no campaign: a name of two characters must stand by itself.
    brief = {
        name
        for name, entry in known().items()
        if name in rules()["shorts"] or (len(name) <= _BRIEF and not entry.strong)
    }
    shorts = _any_of(brief)
    names = _any_of(name for name in known() if name not in brief)
    extends = f"(?P<more>{rules()['extends']})?"
    return re.compile(f"(?P<known>{names}){extends}|(?P<short>{shorts})(?={rules()['shorts_followed']})")


def loose(text: str) -> str:
    """Return `text` as known names are compared: folded, without white space, points and quotation marks."""
    return "".join(char for char in fold(text) if not char.isspace() and char not in LOOSE)


def plain(name: str) -> str:
    """Return a name as it is shown: without white space, quotation marks, praise, and what is no part of it."""
    text = bare(name)
    while (shorter := _shorter(text)) != text:
        text = shorter
    for other, kept in rules()["verbs"].items():
        if fold(text).startswith(other):
            text = kept + text[len(other) :]
    for entry in rules()["levels"]:
        for word, shown in entry.get("shown", {}).items():
            text = text.replace(word, shown)
    return text


def bare(name: str) -> str:
    """Return a name without white space and quotation marks."""
    return re.sub(r"[\s\"'“”‘’「」『』]", "", name)


def _shorter(text: str) -> str:
    folded = fold(text)
    for word in rules()["suffixes"]:
        if folded.endswith(word) and len(folded) > len(word) + 1:
            return text[: -len(word)]
    if (found := _praise().match(folded)) and len(text) - found.end() > _LEAST_PRINTED:
        return text[found.end() :]
    return text


@cache
def _praise() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{prefix})" for prefix in rules()["prefixes"]))


def key(name: str) -> str:
    """Return what all spellings of a name share, whatever the script, the quotation marks or the words around it."""
    found = _key(name)
    # What is put for one word may make another of it that has a key of its own.
    for _ in range(_KEYS_OF_KEYS):
        found = _key(found)
    return found


def _key(name: str) -> str:
    text = fold(plain(name))
    for spelling in (loose(name), loose(text), re.sub(rf"(?:{rules()['extends']})$", "", loose(text))):
        if found := known().get(spelling):
            return fold(found.campaign)
    text = loose(text) if honour(text) is None else text
    parts = honour(text)
    if parts is not None:
        level = next((entry["key"] for entry in rules()["levels"] if entry["level"] == parts.level), "")
        text = f"创建{level}{parts.about}{parts.kind}{parts.target}"
    for other, kept in rules()["same"].items():
        text = text.replace(other, kept)
    for other, kept in rules()["same_end"].items():
        text = text.removesuffix(other) + kept if text.endswith(other) and parts else text
    return text


@cache
def _honour() -> re.Pattern[str]:
    levels = "|".join(
        word if "[" in word else re.escape(word) for entry in rules()["levels"] for word in entry["words"]
    )
    verbs = f"(?:创建|{_any_of(rules()['verbs'])})"
    special = r"强(?=[省市县区镇乡]$)|名(?=[城镇村县]$)"
    target = f"{rules()['targets']}|示范(?:点|基地|工程|项目|线|片)"
    return re.compile(
        f"{verbs}(?P<level>(?:{levels})(?=.))?(?P<about>.*?)(?P<kind>{rules()['kinds']}|{special})(?P<target>{target})"
    )


@lru_cache(maxsize=8192)
def honour(name: str) -> Honour | None:
    """Return the parts of the name of an honour (folded or simplified), None where it is no honour."""
    found = _honour().fullmatch(name)
    if found is None:
        return None
    printed = found["level"] or ""
    return Honour(_level(printed), printed, found["about"], found["kind"], found["target"])


def _level(printed: str) -> str | None:
    for entry in rules()["levels"]:
        if printed and any(re.fullmatch(word, printed) for word in entry["words"]):
            return str(entry["level"])
    return None


def theme(name: str) -> str | None:
    """Return what a campaign is about, a word of `themes`, None where none of them fits."""
    folded = fold(name)
    for called, words in rules()["themes"].items():
        if any(word in folded for word in words):
            return str(called)
    return None
