"""Words are found although one character was misread; other words, and other numbers, are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archivist.model import Alternative, Box, Glyph, Item, Line, Page, Region, Scan
from archivist.search.clauses import Any, Contains
from archivist.search.compare import compared
from archivist.search.document import SearchDocument, document_of
from archivist.search.fields import definition
from archivist.search.judging import points
from archivist.search.misread import ANY, corrected, misreadings, nearly, readings, variants
from archivist.search.row import row_of
from archivist.search.running import RunningText

BOX = Box(0, 0, 10, 10)


def sheet(*lines, sure=0.99, **doubts):
    """Pages, one a text; `doubts` says of a character as read how sure the reader was and what else it saw."""
    pages = []
    for number, text in enumerate(lines, 1):
        glyphs = []
        for char in text:
            confidence, *seen = doubts.get(char, (sure,))
            glyphs.append(Glyph(char, BOX, confidence, tuple(Alternative(*other) for other in seen)))
        scan = Scan("p.png", "0" * 64, number - 1, 2000, 3000)
        pages.append(Page(number, scan, (Region("body", BOX, (Line(tuple(glyphs), BOX, "test"),)),)))
    return tuple(pages)


def row(pages):
    return row_of(document_of(Item("x", "", pages)), definition())


def tolerant(word):
    return Any(tuple(Contains(needle, fields) for needle, fields in variants(word)))


def found(word, pages):
    """Whether a tolerant search finds `word` on `pages`, which passages must show the same."""
    folded = compared(word)
    text = RunningText.of(pages)
    finds = points(tolerant(folded), row(pages), definition()) is not None
    if folded not in text.text:
        assert finds == bool(list(misreadings(folded, text, pages)))
    return finds


def test_what_the_reader_saw_as_well_is_found():
    pages = sheet("關於科學枝術的決定", 枝=(0.7, ("技", 0.2)))
    assert found("科学技术", pages)
    assert found("科學技術的決定", pages)
    assert not found("科学校术", pages)


def test_a_word_of_two_needs_an_alternative_that_was_likely():
    assert found("技术", sheet("枝术", 枝=(0.6, ("技", 0.3))))
    assert not found("技术", sheet("枝术", 枝=(0.9, ("技", 0.05))))
    assert found("新技术", sheet("新枝术", 枝=(0.9, ("技", 0.05))))


def test_a_character_hardly_read_may_be_any_inside_a_long_word():
    pages = sheet("聊城市科委关于召开科学技木大会的通知", 委=(0.3,), 技=(0.3,))
    assert found("科学杖木大会", pages)
    assert not found("学杖木", pages)
    # At its ends a word is more often another one.
    assert not found("杖木大会的", pages)
    assert found("杖木大会的通知", pages)


def test_look_alikes_stand_for_each_other_in_words_of_three():
    pages = sheet("共同纲领，末成年人保护")
    assert found("未成年人", pages)
    assert not found("未成", pages)
    assert [(each.read, each.taken, each.why) for each in misreadings("未成年人", RunningText.of(pages), pages)] == [
        ("末", "未", "alike")
    ]


def test_a_look_alike_that_is_a_word_of_its_own_is_none():
    assert not found("主入口", sheet("主人口"))
    assert found("人口普查", sheet("入口普查"))


@pytest.mark.parametrize(
    ("typed", "read", "seen"), [("1997", "1995", "7"), ("第三次", "第二次", "三"), ("1997年", "1995年", "7")]
)
def test_another_number_is_no_misreading(typed, read, seen):
    at = next(one for one, other in zip(read, typed, strict=True) if one != other)
    assert not found(typed, sheet(read, **{at: (0.3, (seen, 0.3))}))


def test_a_number_read_as_letters_is_found():
    assert found("1995年", sheet("l995年"))
    assert found("3号文", sheet("B号文", B=(0.5, ("3", 0.3))))


def test_one_character_may_be_wrong_and_no_more():
    doubts = {"枝": (0.6, ("技", 0.3)), "木": (0.6, ("术", 0.3))}
    assert not found("科学技术", sheet("科学枝木", **doubts))
    assert found("科学技木", sheet("科学枝木", **doubts))


def test_words_are_found_over_line_and_page_breaks_and_gaps():
    pages = sheet("为落实科 学", "枝　術工作", 枝=(0.6, ("技", 0.3)))
    assert found("科学技术工作", pages)
    (only,) = misreadings("科学技术", RunningText.of(pages), pages)
    text = RunningText.of(pages)
    assert list(text.spans(only.start, only.end)) == [(0, 3, 6), (1, 0, 3)]
    assert list(text.spans(only.at, only.at + 1)) == [(1, 0, 1)]


def test_another_form_of_a_character_is_no_doubt():
    assert readings(sheet("決定", 決=(0.6, ("决", 0.39)))) == ()
    assert readings(sheet("决定。", **{"。": (0.2, ("，", 0.3))})) == ()
    assert readings(sheet("决定")) == ()
    assert readings(()) == ()


def test_the_most_doubtful_of_a_page_are_kept_and_none_twice():
    many = 2000
    page = sheet("文" * many + "疑", 文=(0.4,), 疑=(0.1,))
    pieces = readings(page)
    assert len(pieces) < 30
    assert pieces[0].endswith(ANY)


def test_variants_of_a_word_are_few_and_always_the_same():
    word = "一" * 999 + "人"
    assert len(variants(word)) <= 64
    assert variants(word) == variants(word)
    assert all(fields for _, fields in variants(word))
    for none in ("", "人", "1995", "1995-58", f"科{ANY}工作", "。。"):
        assert variants(none) == ()


@given(
    st.lists(st.text("科学技枝术木 　12a一—", max_size=30), max_size=3),
    st.text("科学技枝术木1a一", min_size=2, max_size=8),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_engines_and_passages_find_the_same(texts, word, confidence, share):
    doubts = {"枝": (confidence, ("技", share)), "木": (0.3,), "1": (0.4, ("一", share), ("2", 0.5))}
    found(word, sheet(*texts, **doubts))


@given(st.text("科学技术发展工作", min_size=3, max_size=9), st.data())
def test_every_word_with_one_alternative_is_found(word, data):
    at = data.draw(st.integers(0, len(word) - 1))
    around = data.draw(st.text("关于通知 　", max_size=20)), data.draw(st.text("关于通知 　", max_size=20))
    pages = sheet(f"{around[0]}{word[:at]}{'疑'}{word[at + 1 :]}{around[1]}", 疑=(0.9, (word[at], 0.05)))
    assert found(word, pages)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("聊成市", "聊城市"),
        ("科学枝术", "科学技术"),
        ("科学术技", "科学技术"),
        ("科技学术", "科学技术"),
        ("安全生工作", "安全生产工作"),
        ("安全生产的工作", "安全生产工作"),
        ("全国科学技术大会的决町", "全国科学技术大会的决定"),
    ],
)
def test_what_was_meant_is_found_and_said(typed, meant):
    titles = ("聊城市人民政府關於召开全国科学技术大会的决定", "中共聊城市委关于安全生产工作的通知")
    rows = [row_of(SearchDocument(title, title, ()), definition()) for title in titles]
    candidates = [each for each in rows if points(nearly(typed), each, definition()) is not None]
    assert any(meant in each.texts["title"] for each in candidates)
    assert corrected(typed, titles)[0] == meant


def test_what_most_say_is_offered_first_and_look_alikes_before():
    assert corrected("聊成市", ["聊城市", "聊城市", "聊山市"]) == ("聊城市", "聊山市")
    assert corrected("末成年", ["求成年"] * 3 + ["未成年"])[0] == "未成年"
    # A name with a character more only where there is no other.
    assert corrected("聊城县", ["聊城县级", "聊城市"]) == ("聊城市",)


def test_numbers_and_short_words_are_not_corrected():
    for typed in ("1995", "聊成", "", "第三次"):
        assert corrected(typed, ["1994", "聊城", "第二次"]) == ()
    assert nearly("1995") == nearly("聊成") == Any(())


def test_an_alternative_in_the_other_script_is_found():
    assert found("轻工业", sheet("發展輕工叢", 叢=(0.5, ("業", 0.4))))
