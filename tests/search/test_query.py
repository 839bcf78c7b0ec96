import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC

from archivist.describe.numbers import parse as read_number
from archivist.errors import QueryError
from archivist.search.compare import compared, compared_offsets, runs, scripted
from archivist.search.query import parse


def words(text):
    return [word.folded for word in parse(text).words]


def test_words_stand_apart_by_any_white_space():
    assert words(" 聊城\t科技　决定\n1995 聊城") == ["聊城", "科技", "决定", "1995"]


@pytest.mark.parametrize("text", ['"科学 技术" 方案', "“科學　技術” 方案", "「科学 技术」　方案", "＂科学技术＂ 方案"])
def test_phrases_stand_between_quotation_marks(text):
    assert words(text) == ["科学技术", "方案"]


def test_quotation_marks_within_a_title_are_part_of_it():
    assert words("关于“八五”计划的决定") == ['关于"八五"计划的决定']


def test_lone_punctuation_is_no_word():
    assert words("聊城 ， 科技") == ["聊城", "科技"]


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("1995", 1995),
        ("1995年", 1995),
        ("１９９５年", 1995),
        ("一九九五年", 1995),
        ("二○○一年", 2001),
        ("95", None),
        ("19950", None),
    ],
)
def test_years(text, year):
    assert parse(text).words[0].year == year


@pytest.mark.parametrize("number", ["聊发〔1995〕58号", "聊發〔1995〕58號", "聊发(1995)58号", "聊发［1995］58号"])
def test_a_number_has_one_key(number):
    assert [read.key for read in parse("随便", number).numbers] == ["聊发(1995)58号"]


@pytest.mark.parametrize("text", ["聊发 1995", "聊发1995", "聊發〔1995〕", "聊发(1995)号", "聊发　１９９５"])
def test_agency_code_and_year_mean_a_series(text):
    assert parse(text).series == "聊发(1995)"


@pytest.mark.parametrize(
    "typed",
    [
        "聊发1995 58",
        "聊发(1995)58号",
        "聊發〔1995〕58號",
        "聊发 〔1995〕 第 58 号",
        "聊 发1995 58 号",
        "“聊发［1995］58号”",
        "(95) 聊发 58号",
    ],
)
@pytest.mark.parametrize("query", ["{}", "{} 科技", "科技 {}", "{} 科技 {}"])
def test_a_number_is_seen_among_words(typed, query):
    asked = parse(query.format(typed, typed), read_number)
    assert [number.key for number in asked.numbers] == ["聊发(1995)58号"]
    assert [word.folded for word in asked.words] == ["科技"] * ("科技" in query)
    assert asked.series is None


@pytest.mark.parametrize("text", ["沪建建管2016 279", "滬建建管 2016 第279號", "沪建建管 〔2016〕 0279"])
def test_any_agency_code_with_year_and_number_may_be_a_number(text):
    (guess,) = parse(text, lambda _text: None).numbers
    assert guess.key == "沪建建管(2016)279号"
    assert len(guess.words) == len(text.split())


def test_two_numbers_are_two():
    asked = parse("聊发1995 58 聊政发(85)12号", read_number)
    assert [number.key for number in asked.numbers] == ["聊发(1995)58号", "聊政发(1985)12号"]
    assert asked.words == ()


def test_a_number_knows_how_papers_spell_it():
    (number,) = parse("聊发1995 8", read_number).numbers
    for text in ("聊發〔1995〕8號", "聊发（95）第8号", "(1995)聊发008号", "［95］聊发第 008 号"):
        assert compared(text) in number.spelled
    assert [word.folded for word in number.words] == ["聊发1995", "8"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        (" 　\t\n", "empty"),
        ("\x00\u200b\ud800", "empty"),
        ("，。！", "only punctuation"),
        ("“” 《》", "only punctuation"),
        ("聊" * 1001, "1001 characters"),
        ('科技 "决定', "character 4 is not closed"),
    ],
)
def test_errors_say_what_is_wrong(text, says):
    with pytest.raises(QueryError, match=says):
        parse(text)


@given(st.text(max_size=60))
def test_any_text_is_a_query_or_a_query_error(text):
    try:
        query = parse(text)
    except QueryError as error:
        assert str(error)
    else:
        assert all(any(runs(word.folded)) and word.folded in compared(word.folded) for word in query.words)


@given(st.text("ab1 　\u200b\n\ud800国國，。" + "決"))
def test_compared_text_knows_where_it_comes_from(text):
    closed, offsets = compared_offsets(text)
    assert closed == compared(text)
    assert len(offsets) == len(closed)
    assert offsets == sorted(set(offsets))
    assert all(char == " " or compared(text[offset]) == char for char, offset in zip(closed, offsets, strict=True))


@given(st.text("决決国國囯Ａa（( 　\n"))
def test_scripted_text_is_compared_text_but_for_the_script(text):
    assert compared(scripted(text)) == compared(text)
    assert scripted(OpenCC("t2s").convert("決定")) == "决定"
    assert scripted("決定（Ａ）") == "決定(a)"


@pytest.mark.parametrize(
    ("paper", "seen"),
    [("决　定", "决定"), ("New  York 市", "new york市"), ("1 9", "1 9"), ("第 5 号", "第5号")],
)
def test_spacing_is_layout_but_between_letters(paper, seen):
    assert compared(paper) == seen
