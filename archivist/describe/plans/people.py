"""Lists of people: who, and what post each holds, from 市长张三、副市长李四 as from columns and brackets."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from archivist.definitions import load
from archivist.describe import names
from archivist.describe.ink import closed, plain
from archivist.text import fold

_NOTE = re.compile(r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)?")
_FILLER = re.compile(
    r"等?(?:[两一二三四五六七八九十\d]{1,3}[名位个]?(?:人|同志)|同志)$|等(?:[两一二三四五六七八九十\d]{1,3}[名位人]?)?$"
)
_AND = re.compile(r"以及|及|和|与")
_LEVEL = re.compile(
    r"(?!([省市县区镇乡村])\1)(?:中共|省|市|县|区|地|州|旗|镇|乡|公社|党|团|人大|政协|政府|副|常|工会|妇联|行署|军分区|各)"
)
_COLLECTIVE = re.compile(r"(?:负责人|负责同志|领导同志|领导|一把手|有关人员|代表|首长|同志)$")
_SHARED = re.compile(_COLLECTIVE.pattern + r"|(?:负责人|负责同志|领导)(?:同志)?(?:及|和|以及)")
_MANY_POSTS = 3
_NO_NAME = re.compile(r"^(?:各|有关|常务)|[副兼]|.任|..[省市县区镇乡局]$")
_NEVER_NAMED = re.compile(
    r"[会议组长员部门单位办公室人民等各有关及和与以上下的其他主副兼任同志领导书记代表干事责处科股局委院校所站厂]|[^\u3400-\u9fff]"
)
_SHORT_NOTE = 4
_IN_NAMES = str.maketrans(dict.fromkeys("月年存复照", "华"))


@dataclass(frozen=True, slots=True)
class Appointed:
    """Somebody in a list: characters `start` to `end` of it, the name or None, the post or None."""

    start: int
    end: int
    person: str | None
    post: str | None


@dataclass(frozen=True, slots=True)
class _Token:
    start: int
    end: int
    finish: int
    before: str
    text: str
    folded: str
    note: str


def people(raw: str, *, many: bool = False, known: Collection[str] = ()) -> list[Appointed]:
    """Return who `raw` lists, in order; single spaces in it stand for white space on the paper.

    Names may come before their posts (in brackets, columns, after a comma) or behind them; a post said once
    for several names (副市长李四、王五) is that of each. Where no name stands it is the posts that are listed:
    one person may hold several (区委副书记、区长), but three or more in a list of `many` are as many people.
    `known` are names the paper gives elsewhere, in folded text; a rare surname is known by the post beside it.
    """
    tokens = [token for token in _tokens(raw) if token.folded or token.note]
    following = [*tokens[1:], None]
    kinds = [
        (plain(token.text), None) if token.folded in known or _has_post(token, after) else _kind(token)
        for token, after in zip(tokens, following, strict=False)
    ]
    kinds = _rare(tokens, kinds)
    post_first = _post_first(tokens, kinds)
    found: list[Appointed] = []
    pending: list[_Token] = []
    shared: str | None = None
    fronted = False
    for token, (person, post) in zip(tokens, kinds, strict=True):
        noted = _noted(token)
        if person is None:
            if post_first or fronted or not found or not _attaches(found[-1], token):
                if pending and not post_first and token.before not in "、" and token.before != "和":
                    found += _posts(pending, many)
                    pending = []
                pending.append(token)
            else:
                joiner = "、" if found[-1].post and token.before == "、" else ""
                joined = (found[-1].post or "") + joiner + (post or "")
                if joined and found[-1].post and not joiner and fold(found[-1].post).endswith(_endings()):
                    joined = f"{found[-1].post}、{post}"
                found[-1] = replace(found[-1], end=token.finish, post=joined or None)
            continue
        if pending and not post_first:
            found += _posts(pending, many)
            pending = []
        start = pending[0].start if pending else token.start
        fronted = bool(post and token.before != " " and not noted and token.folded.startswith(fold(post)))
        led = [entry.text for entry in pending]
        if post or led:
            shared = "、".join([*led, post] if post else led)
        elif token.before not in ("、", "和"):
            shared = None
        pending = []
        found.append(Appointed(start, token.finish, person, plain(noted or shared or "") or None))
        if noted:
            shared = None
    return found + _posts(pending, many)


def is_post(text: str) -> bool:
    """Return whether all of `text` looks like a post, or a kind of people: 市教委主任, 各部门负责人, (县妇联)."""
    return _is_post(closed(fold(text)).strip("()"))


def rules() -> dict[str, Any]:
    """Return what `schemas/plans.yaml` says."""
    found: dict[str, Any] = load("schemas/plans.yaml")
    return found


def is_name(text: str) -> bool:
    """Return whether all of `text` is the name of a person and no post."""
    letters = closed(fold(text))
    # 孙月英, 王存义: what no name on a slip contains may stand in one on a list.
    return (
        names.is_person(letters[:1] + letters[1:].translate(_IN_NAMES))
        and not letters.endswith(_endings())
        and not _NO_NAME.search(letters)
    )


@cache
def _endings() -> tuple[str, ...]:
    return tuple(rules()["posts"])


def _is_post(letters: str) -> bool:
    if letters.endswith((*_endings(), "长", "员")):
        return len(letters) < 40
    return names.is_agency(letters) or (
        len(letters) >= 3 and bool(_LEVEL.match(letters)) and names.is_receiver(letters)
    )


def _tokens(raw: str) -> list[_Token]:
    """Return the words of the list with the note behind each, letters set wide closed up."""
    folded = fold(raw)
    found: list[_Token] = []
    start, before, place = 0, "", 0
    while place <= len(folded):
        char = folded[place] if place < len(folded) else "\n"
        if char == "(":
            note = _NOTE.match(folded, place)
            end = note.end() if note else place + 1
            inner = note[1] if note else ""
            inner = raw[place + 1 : place + 1 + len(inner)]
            noted = fold(inner).endswith(_endings()) or _person(folded[start:place].strip())[0]
            if len(inner) <= _SHORT_NOTE and place > start and not noted:
                # 各镇(区)、街道: a part of the name.
                place = end
                continue
            _append(found, raw, folded, start, place, end, before, inner)
            start, before, place = end, "(", end
            continue
        if char in "、,; \n。" or place == len(folded):
            _append(found, raw, folded, start, place, place, before, "")
            if place > start or before != "(" or char not in " \n":
                before = char if not (char == " " and before in ("、", ",", ";") and place == start) else before
            start = place + 1
        place += 1
    return _merged(_conjoined(found))


def _append(
    found: list[_Token], raw: str, folded: str, start: int, end: int, finish: int, before: str, note: str
) -> None:
    while start < end and folded[start] in " )":
        start += 1
    while end > start and (folded[end - 1] == " " or (folded[end - 1] == ")" and "(" not in folded[start:end])):
        end -= 1
    if start < end or note:
        begin = start if start < end else folded.rfind("(", 0, finish)
        found.append(_Token(begin, end, max(finish, end), before, raw[start:end], folded[start:end], note))


def _conjoined(tokens: list[_Token]) -> list[_Token]:
    """Return the tokens, those that join two names by 和 divided."""
    found: list[_Token] = []
    for token in tokens:
        cut = next(
            (
                match
                for match in _AND.finditer(token.folded)
                if _person(token.folded[: match.start()])[0]
                and (_person(token.folded[match.end() :])[0] or _COLLECTIVE.search(token.folded[match.end() :]))
            ),
            None,
        )
        if cut is None or is_name(token.folded):
            start = _AND.match(token.folded)
            if start and found and not is_name(token.folded) and len(token.folded) > start.end():
                place = start.end()
                token = replace(
                    token,
                    start=token.start + place,
                    before="和",
                    text=token.text[place:],
                    folded=token.folded[place:],
                )
            found.append(token)
            continue
        middle = token.start + cut.start()
        found.append(
            replace(
                token,
                end=middle,
                finish=middle,
                text=token.text[: cut.start()],
                folded=token.folded[: cut.start()],
                note="",
            )
        )
        found.append(
            replace(
                token,
                start=token.start + cut.end(),
                before="和",
                text=token.text[cut.end() :],
                folded=token.folded[cut.end() :],
            )
        )
    return found


def _merged(tokens: list[_Token]) -> list[_Token]:
    """Return the tokens, single characters set apart put together: 李 军, 市 长."""
    found: list[_Token] = []
    for token in tokens:
        last = found[-1] if found else None
        single = last and not last.note and token.before == " " and last.folded and token.folded
        if last and single and (len(last.folded) == 1 or (len(token.folded) == 1 and not is_name(last.folded))):
            both = last.folded + token.folded
            whole = names.is_person(both) or (len(token.folded) == 1 and len(both) <= 4)
            if whole:
                found[-1] = replace(
                    last, end=token.end, finish=token.finish, text=last.text + token.text, folded=both, note=token.note
                )
                continue
        found.append(token)
    return found


def _kind(token: _Token) -> tuple[str | None, str | None]:
    """Return the person and the post that a token names, simplified."""
    person, post = _person(token.folded)
    if person is None:
        inner = token.text or token.note
        return None, plain(inner) or None
    start = token.folded.index(person)
    name = plain(token.text[start : start + len(person)])
    around = token.text[:start] if post and token.folded.startswith(post) else token.text[start + len(person) :]
    return name, plain(around) if post else None


@cache
def _person(folded: str) -> tuple[str | None, str | None]:
    """Return the name that a word holds, and the post before or behind it."""
    word = _FILLER.sub("", folded)
    if is_name(word):
        return word, None
    for length in (2, 3, 4):
        head, name = word[:-length], word[-length:]
        if is_name(name) and head and head.endswith(_endings()):
            return name, head
    for length in (3, 2, 4):
        head, name = word[:-length], word[-length:]
        if is_name(name) and len(head) >= 3 and names.is_agency(head) and not _is_post(word):
            return name, head
    for length in (3, 2, 4):
        name, tail = word[:length], word[length:]
        if is_name(name) and len(tail) >= 2 and tail.endswith(_endings()) and _LEVEL.match(tail):
            return name, tail
    # A surname ever so rare: 农业组长区汉昭.
    head, name = word[:-3], word[-3:]
    if len(head) > 2 and head.endswith(_endings()) and not (_NEVER_NAMED.search(name) or names.receives(name)):
        return name, head
    return None, None


def _rare(tokens: list[_Token], kinds: list[tuple[str | None, str | None]]) -> list[tuple[str | None, str | None]]:
    """Return the kinds, in a list of bare names with those as names whose surname is rare."""
    bare = [token for token in tokens if 2 <= len(token.folded) <= 3 and not token.note]
    named = sum(person is not None and post is None for person, post in kinds)
    if len(bare) < len(tokens) or named < max(2, (len(tokens) + 1) // 2):
        return kinds
    return [
        (plain(token.text), None)
        if person is None and not (_NEVER_NAMED.search(token.folded) or _is_post(token.folded))
        else (person, post)
        for token, (person, post) in zip(tokens, kinds, strict=True)
    ]


def _has_post(token: _Token, after: _Token | None) -> bool:
    """Return whether a word must be a name, for a post stands in brackets or in the next column."""
    word = token.folded
    if not re.fullmatch(r"[\u3400-\u9fff]{2,4}", word) or _is_post(word) or names.is_receiver(word):
        return False
    if len(word) > len("张志远") and not token.note:
        return False
    if token.note:
        return closed(fold(token.note)).endswith(_endings())
    beside = after is not None and after.before == " " and len(after.folded) > len("主任") and not after.note
    return bool(beside and after and after.folded.endswith(_endings()) and _person(after.folded)[0] is None)


def _noted(token: _Token) -> str:
    note = closed(token.note)
    parts = [part for part in re.split(r"[、,,，]", note) if fold(part) not in rules()["not_posts"]]
    return "、".join(parts) if parts and len(parts) != len(re.split(r"[、,，]", note)) else (note if parts else "")


def _post_first(tokens: list[_Token], kinds: list[tuple[str | None, str | None]]) -> bool:
    """Return whether the list gives posts before names."""
    if not tokens or kinds[0][0] is not None or not tokens[0].folded:
        return False
    return any(person is not None for person, _ in kinds)


def _attaches(last: Appointed, token: _Token) -> bool:
    """Return whether a post belongs to the name before it: by a space, a comma or as its second post."""
    if last.person is None:
        return False
    if token.before == "、":
        return last.post is not None and not _COLLECTIVE.search(token.folded)
    return token.before in (" ", ",", "(", "") and (last.post is None or token.before != "(")


def _posts(tokens: list[_Token], many: bool) -> list[Appointed]:
    """Return the people that only posts stand for."""
    if not tokens:
        return []
    texts = [token.text or token.note for token in tokens]
    apart = all(not token.text and token.note for token in tokens)
    if not apart and not (many and len(tokens) >= _MANY_POSTS and all(_is_post(fold(text)) for text in texts)):
        post = "".join(("" if n == 0 else "、") + text for n, text in enumerate(texts))
        return [Appointed(tokens[0].start, tokens[-1].finish, None, plain(post).strip("()") or None)]
    if not apart and _SHARED.search(fold(texts[-1])) and not _COLLECTIVE.search(fold(texts[0])):
        post = "、".join(texts)
        return [Appointed(tokens[0].start, tokens[-1].finish, None, plain(post) or None)]
    return [
        Appointed(token.start, token.finish, None, plain(text).strip("()") or None)
        for token, text in zip(tokens, texts, strict=True)
    ]
