"""Who is to do something: agencies and kinds of them, officials, and people by what they do (持有银元者)."""

import re
from functools import cache

from archivist.describe import names
from archivist.describe.plans.people import rules

_ASKING = re.compile(
    r"^(?:并|请|望|希望?|要求|责成|由|务请|其中|具体由|以便|同时|另外|此外|凡是?|对于?(?=[^,。;]{2,30}[应要须]))+"
)
_LONGEST = 60
_NOTE = re.compile(r"\([^()]*\)")
_JOINED = re.compile(r"、|和(?!国)|及(?!时)|与|或者?")
_NO_NAME = re.compile(
    r"由|^兹|成立|召开|开展|举行|的(?!负责|领导|同志|主要)|[于将把须]|以前|之前|应(?!站|社|公司|处|急)|(?<![主重])要(?!求|闻|员)|报(?!社|刊|告|考|名)"
)
_NOT_FIRST = re.compile(r"^(?:在|对|将|把|以|到|经|按|向|给|为)")
_MEETING = re.compile(r"大会$|会议$|机会|社会$|座谈会$|现场会$|动员会$")
_CARRYING = re.compile(r"^[持携带]|[\u4e00-\u9fff][向到]")
_EACH = re.compile(r"(?:各|每[个一])(?![项类种个方自样阶处])[\u4e00-\u9fff]{1,10}")
_UNIT = re.compile(r"[部科处局股室组站所队]|办(?!理|好|法|完)|委(?!托)|中心|委员会|小组")
_PERSON = re.compile(r"(?!各项)[\u4e00-\u9fff]{1,6}(?<![一二三四五六七八九十百千万几多每无某别他])人")
_DESCRIBED = re.compile(
    r"(?:凡是?|所有|一切|全体|任何)?(?P<who>(?!对(?![^,]{2,12}有)|[把将向给由按]|在(?![^,]{2,16}[的之])|经(?!营|济|手))[^,。;:\n]{2,30}(?:者|[的之][^,。;:的\n]{0,8}))"
)


def length(letters: str) -> int:
    """Return how many of `letters` name who is to do something, 0 where they begin with something else."""
    lead = _ASKING.match(letters)
    start = lead.end() if lead else 0
    limit = re.search(r"[,。;:!?\n]", letters[start:])
    stop = start + (limit.start() if limit else len(letters) - start)
    verb = verbs().match(letters, start)
    if is_party(letters[start:stop]) and not (
        verb and (is_party(letters[verb.end() : stop]) or (len(verb[0]) > 1 and stop - verb.end() > 4))
    ):
        return stop
    if described := _described(letters, start, stop):
        return described
    for match in verbs().finditer(letters, start, min(stop, start + 80)):
        if len(match[0]) > 1 and _UNIT.match(letters, match.end()):
            # 县委组织部, 检查组: part of a name.
            continue
        if match.start() == start:
            if match[0] in rules()["duties"] or match[0] in rules()["task_begins"]:
                return 0
            continue
        if is_party(letters[start : match.start()]):
            return match.start()
    return 0


def is_party(letters: str) -> bool:
    """Return whether all of `letters` lists agencies, kinds of them, or officials."""
    bare = re.sub(r"[\"“”]", "", letters)
    if not 2 <= len(bare) <= _LONGEST or re.search(r"\d(?!号|区|组|队)|[《》]", bare):
        return False
    pieces = _JOINED.split(_NOTE.sub("", bare))
    return all(_is_one(piece) for piece in pieces if piece) and bool(pieces[-1])


def without_asking(letters: str, start: int, end: int) -> tuple[int, int]:
    """Return the span without 请, 由, 凡 and the like at its beginning."""
    lead = _ASKING.match(letters[start:end])
    return start + (lead.end() if lead else 0), end


@cache
def verbs() -> re.Pattern[str]:
    """Return a pattern of the words that stand between who and what, or begin what is to be done."""
    words = [
        *rules()["duties"],
        *rules()["task_begins"],
        *rules()["duty_words"],
        "于",
        "在",
        "限",
        "作为",
        "务于",
        "务在",
        "务将",
        "定于",
        "拟于",
    ]
    words.sort(key=len, reverse=True)
    return re.compile("|".join(words))


def _described(letters: str, start: int, stop: int) -> int:
    """Return where people end that are named by what they do: 私藏枪支的单位和个人, 持有银元者; 0 where none are."""
    for match in _modal().finditer(letters, start, stop):
        if match.start() > start and _is_described(letters[start : match.start()]):
            return match.start()
    return stop if _is_described(letters[start:stop]) else 0


def _is_described(letters: str) -> bool:
    match = _DESCRIBED.fullmatch(letters)
    return bool(match and match["who"].endswith((*rules()["parties"], "者")))


@cache
def _modal() -> re.Pattern[str]:
    return re.compile(rf"{'|'.join(sorted(rules()['obliging'], key=len, reverse=True))}|于|在|限")


def _is_one(piece: str) -> bool:
    if _NO_NAME.search(piece):
        return False
    if piece.endswith(tuple(rules()["parties"])) and not (_NOT_FIRST.search(piece) or _CARRYING.search(piece)):
        return True
    if _PERSON.fullmatch(piece) and not _NOT_FIRST.search(piece) and not verbs().search(piece, 1):
        return True
    if _EACH.fullmatch(piece) and not piece.endswith(tuple(rules()["things"])) and not verbs().search(piece, 1):
        return True
    return names.receives(piece) is True and not (
        _NOT_FIRST.search(piece) or _CARRYING.search(piece) or _MEETING.search(piece)
    )
