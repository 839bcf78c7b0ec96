"""Look-alikes told apart by what stands around them; confidences are those of the first reader."""

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archivist import definitions
from archivist.model import Alternative, Box, Glyph, Line
from archivist.ocr.context import in_context

BOX = Box(0, 0, 20, 20)
SURE = 0.999


def line(text: str, doubts: dict[int, tuple[float, str]] | None = None) -> Line:
    """A line read surely but for the places in `doubts`, each with its confidence and what else was seen there."""
    glyphs = []
    for place, char in enumerate(text):
        confidence, seen = (doubts or {}).get(place, (SURE, ""))
        others = tuple(Alternative(other, 0.05) for other in seen)
        glyphs.append(Glyph(char, BOX, confidence, others))
    return Line(tuple(glyphs), BOX, "rapid")


@pytest.mark.parametrize(
    ("read", "right"),
    [
        ("聊发〔1995〕1O8号", "聊发〔1995〕108号"),
        ("共印2OO8份", "共印2008份"),
        ("二OO六年七月", "二〇〇六年七月"),
        ("一九九0年", "一九九〇年"),
        ("电话8l23456", "电话8123456"),
    ],
)
def test_where_no_other_reading_is_possible_even_a_sure_character_changes(read: str, right: str) -> None:
    (decided,), (step,) = in_context([line(read)])
    assert decided.text == right
    assert decided.method == "rapid+context"
    for before, after in zip(read, decided.glyphs, strict=True):
        if before != after.char:
            assert after.alternatives[0] == Alternative(before, SURE)
            assert after.confidence < SURE
            assert f"{before} is {after.char}" in step.what


@pytest.mark.parametrize(
    ("read", "place", "right"),
    [
        ("抓好自已的工作", 3, "抓好自己的工作"),
        ("己经县政府同意", 0, "已经县政府同意"),
        ("本世纪未以前", 3, "本世纪末以前"),
        ("末经批准", 0, "未经批准"),
        ("六月九曰", 3, "六月九日"),
        ("干瓦时", 0, "千瓦时"),
        ("关千下达计划", 1, "关于下达计划"),
        ("第—章", 1, "第一章"),
        ("—、指导思想", 0, "一、指导思想"),
        ("一九八七年三月—日", 7, "一九八七年三月一日"),
        ("2006一2010年", 4, "2006—2010年"),
        ("中国共產黨干部己經", 7, "中国共產黨干部已經"),
    ],
)
def test_a_doubtful_character_is_decided_by_numbers_and_words(read: str, place: int, right: str) -> None:
    assert in_context([line(read, {place: (0.6, right[place])})])[0][0].text == right
    assert in_context([line(read)])[0][0].text == read


@pytest.mark.parametrize("text", ["来自已经批准的单位", "大会太原", "土地、人士", "第三〇二号", "二〇〇六年", "A4O型"])
def test_what_is_right_stays_even_in_doubt(text: str) -> None:
    lines = [line(text, {place: (0.6, "") for place in range(len(text))})]
    assert in_context(lines) == (tuple(lines), ())


def test_a_word_does_not_overrule_what_the_reader_saw() -> None:
    lines = [line("自已", {1: (0.9, "己")}), line("自已", {1: (0.9, "巴")})]
    assert [decided.text for decided in in_context(lines)[0]] == ["自己", "自已"]


def test_a_character_of_the_other_script_gives_way_where_its_counterpart_was_seen() -> None:
    page = line("為貫徹執行區委關於創建國家科學進步" * 2)
    doubtful = line("本區为", {2: (0.7, "為")})
    assert in_context([page, doubtful])[0][1].text == "本區為"
    # Not where the script of the page is unclear, where the other was not seen, or for a form both scripts use.
    assert in_context([doubtful])[0][0].text == "本區为"
    assert in_context([page, line("本區为", {2: (0.7, "办")})])[0][1].text == "本區为"
    assert in_context([page, line("并且", {0: (0.7, "並")})])[0][1].text == "并且"


def test_what_is_printed_alike_in_both_scripts_follows_the_page() -> None:
    traditional, simplified = (
        line("為貫徹執行區委關於創建國家科學進步" * 2),
        line("为贯彻执行区委关于创建国家科学进步" * 2),
    )
    assert in_context([traditional, line("手册内")])[0][1].text == "手冊內"
    assert in_context([simplified, line("手冊內")])[0][1].text == "手册内"
    assert in_context([line("手册內")])[0][0].text == "手册內"


def test_the_list_of_look_alikes_keeps_to_its_schema() -> None:
    rules = definitions.load("index/lookalikes.yaml")
    jsonschema.validate(rules, definitions.load("index/lookalikes.schema.json"))
    grouped = set("".join(rules["groups"]))
    for pattern in rules["patterns"]:
        assert pattern["is"] not in pattern["of"]
    for word in rules["words"].split():
        assert grouped & set(word), f"{word} holds none of the look-alikes"


CHARS = st.sampled_from("0OoI1l|〇○一—-十二九八年月日曰己已巳未末来自经第章、（）〔〕2土士人入干千于關内內漢字汉𠮷")
DOUBTFUL = st.tuples(CHARS, st.floats(0, 1), st.lists(CHARS, max_size=3))


@given(st.lists(st.lists(DOUBTFUL, min_size=1, max_size=12), max_size=5))
def test_length_places_and_unmarked_characters_never_change(
    read: list[list[tuple[str, float, list[str]]]],
) -> None:
    lines = [
        Line(
            tuple(Glyph(char, BOX, sure, tuple(Alternative(other, 0.1) for other in seen)) for char, sure, seen in row),
            BOX,
            "rapid",
        )
        for row in read
    ]
    decided, steps = in_context(lines)
    assert [len(after.glyphs) for after in decided] == [len(before.glyphs) for before in lines]
    changed = 0
    for before, after in zip(lines, decided, strict=True):
        assert (after.method == before.method) == (after == before)
        for old, new in zip(before.glyphs, after.glyphs, strict=True):
            assert new.box == old.box
            assert new.confidence <= old.confidence
            if new.char == old.char:
                assert new == old
            else:
                changed += 1
                assert new.alternatives[0] == (old.char, old.confidence)
    assert bool(steps) == bool(changed)
