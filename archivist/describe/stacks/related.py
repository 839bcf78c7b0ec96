"""Whether a paper that begins on a page belongs to the papers before it, so that they are one item.

DA/T 22-2015: original and draft, text and attachments, a notice and the paper it passes on, a reply and the
letter it answers are one item (件).
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal

from archivist.definitions import load
from archivist.describe import names, numbers
from archivist.describe.stacks.sheet import Facts, Sheet

Relation = Literal["same paper", "letter answered", "answer to the letter", "forwarded paper", "listed attachment"]

_PUNCTUATION = re.compile(r"[的《》〈〉“”\"'、,。:;()!?·\-\s]")
_NOTE = re.compile(r"\([^()]*\)$")
_FEW_LETTERS = 4
_FEW_LETTERS_OF_A_LINE = 6
_OPENING_TEXT = 400
_ONE_WRONG_FROM = 7
_CITED = re.compile(r"《([^》]{4,80})》?")


def relation(sheet: Sheet, before: Sequence[Sheet]) -> Relation | None:
    """Return what the paper on `sheet` is to one of those on the sheets `before` it in the item, None if nothing."""
    if sheet.empty or sheet.form or sheet.is_tail:
        return None
    parted = papers(before)
    for place in reversed(range(len(parted))):
        paper, later = parted[place], [one[0] for one in parted[place + 1 :]]
        if _is_same(paper, sheet):
            return "same paper"
        if _answers(paper, sheet, later):
            return "letter answered"
        if paper[0].genre in _rules()["asking"] and _answers([sheet], paper[0], []):
            return "answer to the letter"
        if _has_number_of_its_own(paper[0].facts, sheet.facts):
            continue
        if any(_is_named(sheet, source) and not _come(later, source) for source in _handed_over(paper)):
            return "forwarded paper"
        if any(_is_named(sheet, one.annexes) for one in paper):
            return "listed attachment"
    return None


def papers(sheets: Sequence[Sheet]) -> list[list[Sheet]]:
    """Return the `sheets` without slips and blank pages, parted where the opening of a paper stands."""
    found: list[list[Sheet]] = []
    behind_slip = True
    for sheet in sheets:
        if sheet.form:
            behind_slip = True
        elif not sheet.empty:
            if sheet.opening or not found or behind_slip:
                found.append([])
            found[-1].append(sheet)
            behind_slip = False
    return found


def is_due(sheet: Sheet, before: Sequence[Sheet]) -> bool:
    """Return whether the last paper of `before` says that another lies behind it that `sheet` may be.

    A sheet whose title has little to do with what is said there is not it.
    """
    parted = papers(before)
    if not parted or any(one.is_attachment for one in parted[-1]):
        return False
    said = [*_handed_over(parted[-1]), *(one.annexes for one in parted[-1] if one.annexes)]
    title = _core(sheet.facts.title)
    return bool(said) and (not title or any(_share(title, _PUNCTUATION.sub("", one)) >= 0.5 for one in said))


def is_plan_of(sheet: Sheet, before: Sequence[Sheet]) -> bool:
    """Return whether on `sheet` a plan without number begins that is about the subject of the last numbered paper."""
    if sheet.genre not in _rules()["issued_with"] or any(sheet.marks) or sheet.addressee:
        return False
    subject = _NOTE.sub("", sheet.facts.title).removesuffix(sheet.genre)
    return any(covers(subject, paper[0].facts.title) for paper in papers(before)[-1:] if paper[0].facts.number)


def carries(title: str) -> bool:
    """Return whether a title (folded) says that the paper passes another one on."""
    return any(word in title for word in _rules()["carrying"])


def agree(one: Facts, other: Facts) -> bool:
    """Return whether a slip and a paper, or two slips, name the same paper, by title or by number."""
    title, number, agency = _compared(one, other)
    return title > 0 or (number > 0 and agency >= 0 and title >= 0)


def disagree(one: Facts, other: Facts) -> bool:
    """Return whether two slips, or a draft and a paper, differ in something and agree in nothing."""
    compared = _compared(one, other)
    return max(compared) <= 0 and min(compared) < 0


def names_another(slip: Facts, paper: Facts) -> bool:
    """Return whether a slip clearly names another paper: by the agency, and by a complete number or the title."""
    title, number, agency = _compared(slip, paper)
    complete = slip.number is not None and paper.number is not None
    return agency < 0 and max(title, number) <= 0 and (title < 0 or (complete and number < 0))


def covers(name: str, source: str) -> bool:
    """Return whether `source` says nearly all of the title `name`, in the same order; all figures must be there.

    A character in ten may be misread, one in a short title, or a fifth where the rest is whole.
    """
    core, text = _core(name), _PUNCTUATION.sub("", source)
    if len(core) < _FEW_LETTERS or any(figures not in text for figures in re.findall(r"\d+", core)):
        return False
    blocks = SequenceMatcher(None, text, core, autojunk=False).get_matching_blocks()
    said = longest = 0
    for place, block in enumerate(blocks):
        around = (blocks[place - 1 : place] if place else []) + blocks[place + 1 : place + 2]
        # A single character counts where it stands between others as it does in the title.
        if block.size > 1 or any(near.size > 1 and near.a - near.b == block.a - block.b for near in around):
            said += block.size
            longest = max(longest, block.size)
    missing = len(core) - said
    one_wrong = missing <= 1 and len(core) >= _ONE_WRONG_FROM
    return one_wrong or missing <= 0.1 * len(core) or (missing <= 0.2 * len(core) and longest >= 0.6 * len(core))


def _rules() -> dict[str, Any]:
    rules: dict[str, Any] = load("schemas/boundaries.yaml")
    return rules


def _core(title: str) -> str:
    """Return what a title is about: without issuers, brackets and the words that join."""
    before, about, behind = title.partition("关于")
    return _PUNCTUATION.sub("", _NOTE.sub("", behind if about else before))


def _text(paper: Sequence[Sheet]) -> str:
    return "".join(sheet.letters for sheet in paper)


def _called(sheet: Sheet) -> Iterator[str]:
    if sheet.facts.title:
        yield sheet.facts.title
        return
    for name in sheet.called:
        if len(_core(name)) >= _FEW_LETTERS_OF_A_LINE and not names.split(name) and not numbers.find(name):
            yield name


def _handed_over(paper: Sequence[Sheet]) -> Iterator[str]:
    """Yield what says which paper lies behind this one: its title, and the sentence that hands it over."""
    if carries(paper[0].facts.title):
        yield paper[0].facts.title
    text = _text(paper)
    # Each page of a long paper asks again: only the sentences with one of the words are cut out of its text.
    for start in sorted(
        {text.rfind("。", 0, at) + 1 for word in _rules()["handing_over"] for at in _places(word, text)}
    ):
        end = text.find("。", start)
        sentence = text[start : end if end >= 0 else None]
        yield sentence[-_OPENING_TEXT:]
        yield from _CITED.findall(sentence)


def _places(word: str, text: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def _is_named(sheet: Sheet, source: str) -> bool:
    return bool(source) and any(covers(name, source) for name in _called(sheet))


def _come(later: Sequence[Sheet], source: str) -> bool:
    """Return whether one of the papers behind has what `source` says lies there."""
    return any(_is_named(sheet, source) for sheet in later)


def _answers(paper: Sequence[Sheet], letter: Sheet, later: Sequence[Sheet]) -> bool:
    """Return whether `paper` answers `letter`: names its number or subject, or is sent to those it came from.

    Of several papers behind (`later` ones lie before `letter`) the first is the letter, unless it says its number.
    """
    rules, reply, text = _rules(), paper[0], _text(paper)
    if reply.genre not in rules["answering"] and not any(word in text for word in rules["answers"]):
        return False
    number, cited = letter.facts.number, [found.number for found in numbers.find(text)]
    if number in cited:
        return True
    if number and any(one.agency_code == number.agency_code for one in cited):
        return False
    if later or (letter.genre and letter.genre not in rules["asking"]):
        return False
    said = [reply.facts.title, *_CITED.findall(text[:_OPENING_TEXT]), *text[:_OPENING_TEXT].split("。")]
    for name in _called(letter):
        subject = _NOTE.sub("", name).removesuffix(letter.genre)
        if any(covers(subject, source) for source in said):
            return True
    sent = _is_one_of(letter.addressee, reply.facts.agencies) and _is_one_of(reply.addressee, letter.facts.agencies)
    return sent and any(_share(_core(letter.facts.title), _PUNCTUATION.sub("", source)) >= 0.5 for source in said)


def _is_one_of(agency: str, others: Sequence[str]) -> bool:
    return bool(agency) and any(names.same_agency(agency, other) for other in others)


def _is_same(paper: Sequence[Sheet], sheet: Sheet) -> bool:
    """Return whether `sheet` begins a draft or a copy of `paper`."""
    first, one, other = paper[0], paper[0].facts, sheet.facts
    if one.number and other.number:
        return one.number == other.number
    if all(sheet.marks) or first.issue != sheet.issue or carries(one.title) != carries(other.title):
        return False
    if _differ(one.agencies, other.agencies) or len(_core(other.title)) <= _FEW_LETTERS:
        return False
    return covers(one.title, other.title) and covers(other.title, one.title)


def _has_number_of_its_own(one: Facts, other: Facts) -> bool:
    """Return whether two papers are numbers of one series; no agency passes on what it numbers itself."""
    return bool(one.number and other.number and one.number.agency_code == other.number.agency_code)


def _compared(one: Facts, other: Facts) -> tuple[int, int, int]:
    """Return for title, number and agency whether two papers agree (1), differ (-1) or cannot be compared (0)."""
    title = 0
    if min(len(_core(one.title)), len(_core(other.title))) >= _FEW_LETTERS:
        same = covers(one.title, other.title) or covers(other.title, one.title)
        title = 1 if same else -1 if _share(_core(one.title), _core(other.title)) < 0.5 else 0
    number = 0
    if one.number and other.number and one.number == other.number:
        number = 1
    elif one.figures and other.figures:
        a, b = one.figures.lstrip("0"), other.figures.lstrip("0")
        wrong = sum(x != y for x, y in zip(a, b, strict=False)) + abs(len(a) - len(b))
        # One figure may be misread.
        number = 1 if not wrong else -1 if wrong > 1 else 0
    agency = 0
    if one.agencies and other.agencies:
        agency = 1 if any(names.same_agency(a, b) for a in one.agencies for b in other.agencies) else 0
        agency = -1 if not agency and _differ(one.agencies, other.agencies) else agency
    return title, number, agency


def _differ(some: Sequence[str], others: Sequence[str]) -> bool:
    """Return whether the names of agencies are others by more than misread characters."""
    if not some or not others or any(names.same_agency(a, b) for a in some for b in others):
        return False
    return all(_share(*sorted((names.agency_key(a), names.agency_key(b)), key=len)) < 0.6 for a in some for b in others)


def _share(short: str, long: str) -> float:
    """Return the share of the letters of `short` that stand in `long` in the same order."""
    blocks = SequenceMatcher(None, long, short, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / max(len(short), 1)
