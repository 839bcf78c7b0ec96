import re
from datetime import date
from string import ascii_lowercase

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC

from archivist.access import levels
from archivist.definitions import load
from archivist.describe.numbers import parse as read_number
from archivist.errors import QueryError
from archivist.search.clauses import All, Contains
from archivist.search.compare import compared, compared_offsets, runs, scripted
from archivist.search.document import SearchDocument
from archivist.search.fields import definition
from archivist.search.judging import points
from archivist.search.query import Dated, Number, NumberRange, Query, Series, Word, parse
from archivist.search.row import row_of

DECISION = SearchDocument(
    "decision",
    "关于创建全国科技工作先进市的决定",
    ("中共聊城市委关于创建全国科技工作先进市的决定。1995年9月27日",),
    numbers=("聊发〔1995〕58号",),
    agencies=("中共聊城市委", "聊城市人民政府"),
    year=1995,
    date="1995-09-27",
    genre="决定",
    forms=("批文封签",),
    campaigns=("创建全国科技工作先进市",),
    reference_code="C038-001-002",
    people=("王明",),
    state="review",
)
NOTICE = SearchDocument(
    "notice",
    "转发聊城市委关于科技工作的通知",
    ("按照聊发(1995)第58号的要求，科學或技術，關於（試行）辦法。一九九五年九月二十七日的会议",),
    numbers=("东政发〔1996〕3号",),
    cited_numbers=("聊发〔1995〕58号",),
    agencies=("东阿县人民政府",),
    year=1996,
    date="1996-01",
    genre="通知",
    state="verified",
)
PLAN = SearchDocument(
    "plan",
    "规划",
    ("东阿县规划 见http://a.cn/b，12:30开会，关于:规划",),
    numbers=("聊发〔1995〕60号",),
    year=1995,
    date="1995",
    access="internal",
)
ROWS = {document.id: row_of(document, definition()) for document in (DECISION, NOTICE, PLAN)}


def ask(text: str, number=read_number) -> Query:
    return parse(text, number)


def found(text: str, tolerant: bool = False) -> set[str]:
    clause = ask(text).clause(tolerant)
    return {name for name, row in ROWS.items() if points(clause, row, definition()) is not None}


def words(text):
    return [leaf.folded for leaf in parse(text).leaves() if isinstance(leaf, Word)]


def numbers(query: Query) -> list[str]:
    return [leaf.key for leaf in query.leaves() if isinstance(leaf, Number)]


def test_words_stand_apart_by_any_white_space():
    assert words(" 聊城\t科技　决定\n县里 聊城") == ["聊城", "科技", "决定", "县里"]


@pytest.mark.parametrize("text", ['"科学 技术" 方案', "“科學　技術” 方案", "「科学 技术」　方案", "＂科学技术＂ 方案"])
def test_phrases_stand_between_quotation_marks(text):
    assert words(text) == ["科学技术", "方案"]


def test_quotation_marks_within_a_title_are_part_of_it():
    assert words("关于“八五”计划的决定") == ['关于"八五"计划的决定']
    assert words("“八五”计划 决定") == ['"八五"计划', "决定"]
    assert words('"关于“八五”计划 的决定"') == ['关于"八五"计划的决定']


def test_a_title_between_its_marks_is_the_title():
    assert found("《关于创建全国科技工作先进市的决定》") == {"decision"}
    assert words("《关于转发〈甲〉 的通知》 聊城") == ["关于转发〈甲〉的通知", "聊城"]
    assert found("《关于…科技…决定》") == {"decision"}
    assert found("《关于…的决定》 -聊城") == set()


def test_lone_punctuation_is_no_word():
    assert words("聊城 ， 科技 - ( ) （ ， ）") == ["聊城", "科技"]


def test_plain_typing_finds_in_any_order_and_script():
    for text in ("聊城 科技 决定 1995", "1995 決定 科技 聊城", "聊城 与 科技 且 决定 AND 1995"):
        assert found(text) == {"decision"}
    assert found("没有 聊城") == set()


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
    (word,) = parse(text).leaves()
    assert word.year == year


@pytest.mark.parametrize("number", ["聊发〔1995〕58号", "聊發〔1995〕58號", "聊发(1995)58号", "聊发［1995］58号"])
def test_a_number_has_one_key(number):
    assert numbers(parse("随便", number)) == ["聊发(1995)000058号"]


@pytest.mark.parametrize(
    "text", ["聊发 1995", "聊发1995", "聊發〔1995〕", "聊发(1995)号", "聊发　１９９５", "聊 发 1995", "聊发 (1995)"]
)
def test_agency_code_and_year_mean_a_series(text):
    query = parse(text if text != "聊 发 1995" else "聊 政发 1995")
    (series,) = query.leaves()
    assert isinstance(series, Series)
    assert series.begins in ("聊发(1995)", "聊政发(1995)")


def test_a_series_is_a_guess_and_its_words_count_as_well():
    assert found("聊发 1995") == {"decision", "notice", "plan"}
    assert found("聊发 1995 -规划") == {"decision", "notice"}
    assert found("规划 1995") == {"plan"}, "though 规划 might be a code"
    assert len(ask("聊城 科技 1995").leaves()) == 3, "but no code is two words"


@pytest.mark.parametrize(
    "typed",
    [
        "聊发1995 58",
        "聊发1995-58",
        "聊发 1995 58 号",
        "聊发(1995)58号",
        "聊發〔1995〕58號",
        "聊发 〔1995〕 第 58 号",
        "聊 发1995 58 号",
        "“聊发［1995］58号”",
        "(95) 聊发 58号",
        "(95)聊发58号",
    ],
)
@pytest.mark.parametrize("query", ["{}", "{} 科技", "科技 {}", "{} 科技 {}", "({} 或 机关:无) 科技"])
def test_a_number_is_seen_among_words(typed, query):
    asked = ask(query.format(typed, typed))
    assert numbers(asked) == ["聊发(1995)000058号"]
    assert [leaf.folded for leaf in asked.leaves() if isinstance(leaf, Word) and leaf.folded != "无"] == ["科技"] * (
        "科技" in query
    )
    assert not any(isinstance(leaf, Series) for leaf in asked.leaves())


def test_a_number_finds_what_bears_it_before_what_cites_it():
    clause = ask("聊发1995 58").clause()
    worth = {name: points(clause, row, definition()) for name, row in ROWS.items()}
    assert worth["decision"] > worth["notice"] > 0
    assert worth["plan"] is None


@pytest.mark.parametrize("text", ["沪建建管2016 279", "滬建建管 2016 第279號", "沪建建管 〔2016〕 0279"])
def test_any_agency_code_with_year_and_number_may_be_a_number(text):
    (guess,) = parse(text, lambda _text: None).leaves()
    assert guess.key == "沪建建管(2016)000279号"
    assert len(guess.words) == len(text.split())


def test_two_numbers_are_two():
    asked = ask("聊发1995 58 聊政发(85)12号")
    assert numbers(asked) == ["聊发(1995)000058号", "聊政发(1985)000012号"]
    assert len(asked.leaves()) == 2


def test_a_number_knows_how_papers_spell_it():
    (number,) = ask("聊发1995 8").leaves()
    for text in ("聊發〔1995〕8號", "聊发（95）第8号", "(1995)聊发008号", "［95］聊发第 008 号"):
        assert compared(text) in number.spelled
    assert [word.folded for word in number.words] == ["聊发1995", "8"]


@pytest.mark.parametrize(
    "text",
    [
        "聊发〔1995〕59-61号",
        "聊发〔1995〕59—61号",
        "聊發〔1995〕59號至61號",
        "聊发〔1995〕59~61",
        "聊发 1995 59-61",
        "聊发 〔1995〕 第 59 － 61 号",
        "聊发(95)61..59号",
        "文号:聊发〔1995〕59-61号",
        "文号: 聊发 1995 59至61",
    ],
)
def test_a_range_is_of_the_numbers_that_items_bear(text):
    (leaf,) = ask(text).leaves()
    assert isinstance(leaf, NumberRange)
    assert leaf.keys == ("聊发(1995)000059号", "聊发(1995)000060号", "聊发(1995)000061号")
    assert found(text) == {"plan"}


def test_a_range_as_printed_is_found_as_well():
    row = row_of(SearchDocument("x", "", ("废止聊发〔1995〕50—60号文件",)), definition())
    assert points(ask("聊发〔1995〕50-60号").clause(), row, definition())


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("1995年9月27日", {"decision", "notice"}),
        ("1995年 9月 27日", {"decision", "notice"}),
        ("1995-09-27", {"decision", "notice"}),
        ("一九九五年九月二十七日", {"decision", "notice"}),
        ("1995.9", {"decision", "notice"}),
        ("1996年1月", {"notice"}),
        ("1995-09..1996-02", {"decision", "notice"}),
        ('"1995-09-27"', set()),
        ("1995-58", set()),
    ],
)
def test_a_date_finds_what_is_dated_so_and_what_says_so(text, ids):
    assert found(text) == ids


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_any_date_is_the_same_in_figures_and_numerals(day):
    figures = f"{day.year}年{day.month}月{day.day}日"
    (typed,) = parse(figures).leaves()
    assert isinstance(typed, Dated)
    assert typed.first == typed.last == int(f"{day:%Y%m%d}")
    for other in (typed.spelled[1], f"{day:%Y-%m-%d}", f"{day.year}.{day.month}.{day.day}"):
        (same,) = parse(other).leaves()
        assert (same.first, same.last) == (typed.first, typed.last)
        assert set(typed.spelled) <= set(same.spelled)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("(聊城 或 东阿) 规划", {"plan"}),
        ("（聊城 或 东阿）规划", {"plan"}),
        ("规划(聊城 或 东阿)", {"plan"}),
        ("决定 | 规划", {"decision", "plan"}),
        ("决定 或 规划 与 东阿", {"decision", "plan"}),
        ("(决定 OR 规划) AND 东阿", {"plan"}),
        ("聊城 非 决定", {"notice"}),
        ("聊城 -决定", {"notice"}),
        ("聊城 -(决定 或 通知)", set()),
        ("-聊城", {"plan"}),
        ("非 聊城", {"plan"}),
        ("-聊城 -规划", set()),
        ("规划 或 -聊城", {"plan"}),
        ("非 非 规划", {"plan"}),
        ("东阿 && ||", {"notice", "plan"}),
        ("或", {"notice"}),
        ("科学 或", {"notice"}),
        ('科学 "或" 技术', {"notice"}),
        ("科学或技术", {"notice"}),
        ("关于(试行)办法", {"notice"}),
        ("关于(试行)", {"notice"}),
        ("(试行)", {"notice"}),
        ("-58 聊城", set()),
    ],
)
def test_operators_and_brackets(text, ids):
    assert found(text) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("机关:聊城", {"decision"}),
        ("机关：聊城", {"decision"}),
        ("機關： 聊城", {"decision"}),
        ("agency:聊城", {"decision"}),
        ("ＡＧＥＮＣＹ：聊城", {"decision"}),
        ('机关:"东阿 县"', {"notice"}),
        ("机关:(聊城 或 东阿)", {"decision", "notice"}),
        ("机关:(聊城 市委)", {"decision"}),
        ("-机关:聊城 科技", {"notice"}),
        ("机关=聊城市人民政府", {"decision"}),
        ("机关=聊城市人民政府 机关:市委", {"decision"}),
        ("機關=聊城市人民政府", {"decision"}),
        ("机关=聊城市人民", set()),
        ("题名:聊城", {"notice"}),
        ("标题:《关于…的通知》", {"notice"}),
        ("正文:聊城 规划", set()),
        ("人:王明", {"decision"}),
        ("活动:科技", {"decision"}),
        ("文种:通知", {"notice"}),
        ("文种=通知", {"notice"}),
        ("表单:封签", {"decision"}),
        ("档号:c038-001", {"decision"}),
        ("年:1995", {"decision", "plan"}),
        ("年:一九九五年", {"decision", "plan"}),
        ("年:1995..1996", {"decision", "plan", "notice"}),
        ("年：1996－1998", {"notice"}),
        ("year:1996..", {"notice"}),
        ("年:(1994 或 1996)", {"notice"}),
        ("日期:1995", {"decision", "plan"}),
        ("日期:1995-09", {"decision"}),
        ("日期:1995年9月", {"decision"}),
        ("日期:1995.9.27", {"decision"}),
        ("日期:19950927", {"decision"}),
        ("日期:1995-06..1995-09", {"decision"}),
        ("日期:1995.6-1995.9", {"decision"}),
        ("日期:..1995", {"decision", "plan"}),
        ("日期:1995-10..", {"notice"}),
        ("日期:1996-01-01..1996-01-31", set()),
        ("日期:1996至今", {"notice"}),
        ("文号:聊发1995-58", {"decision"}),
        ("文号:聊发 1995 58 号", {"decision"}),
        ("文号:聊发 1995 58 号 规划", set()),
        ("文号:聊发", {"decision", "plan"}),
        ("文号:聊发1995", {"decision", "plan"}),
        ("文号:聊发 1996", set()),
        ("文号:(聊发 1995 58号)", {"decision"}),
        ("文号:(聊发1995-58 或 聊发1995-60)", {"decision", "plan"}),
        ("文号:聊发 规划", {"plan"}),
        ("文号:东 规划", set()),
        ("文号:(95)聊发58号", {"decision"}),
        ("引用:聊发〔1995〕58号", {"notice"}),
        ("状态:待审", {"decision"}),
        ("状态:已核 或 state:accepted", {"notice", "plan"}),
        ("密级:内部", {"plan"}),
        ("开放:公开 聊城", {"decision", "notice"}),
    ],
)
def test_fields(text, ids):
    assert found(text) == ids


@pytest.mark.parametrize("text", ["12:30", "http://a.cn/b", "关于:规划", "会:开", '"机关:聊城"'])
def test_a_colon_in_other_text_is_text(text):
    (word,) = ask(text).leaves()
    assert word.fields == definition().searched
    assert word.folded == compared(text.strip('"'))


@pytest.mark.parametrize(
    ("text", "says", "place"),
    [
        ('科技 "决定', "quotation mark at character 4 is not closed", 4),
        ("科技 “决定 聊城", "quotation mark at character 4 is not closed", 4),
        ('科技 决定"', "quotation mark at character 6 closes nothing", 6),
        ("科技 决定」", "quotation mark at character 6 closes nothing", 6),
        ("科技 (决定 或 聊城", "bracket at character 4 is not closed", 4),
        ("科技 或 决定)", "bracket at character 8 closes nothing", 8),
        ("科技 或 或 决定", "或 .character 6. stands right behind another operator", 6),
        ("科技 非 与 决定", "与 .character 6. stands right behind another operator", 6),
        ("科技 机关:", "After 机关: .character 4. there is nothing", 4),
        ("机关: ， 科技", "After 机关: .character 1. there is nothing", 1),
        ("机关:() 科技", "After 机关: .character 1. there is nothing", 1),
        ("(机关:) 科技", "After 机关: .character 2. there is nothing", 2),
        ("机关:(题名:聊城 科技)", "题名: .character 5. stands within another field", 5),
        ("发文机官:聊城", "no field 发文机官 .character 1.. Did you mean 发文机关:", 1),
        ("科技 agancy：聊城", "no field agancy .character 4.. Did you mean agency：", 4),
        ("关机:聊城", "Did you mean 机关:", 1),
        ("题名=决定", "题名 .character 1. has no whole values", 1),
        ("年:95", "95 .character 3. is no year. Write 年:1995", 3),
        ("日期:1995-13", "1995-13 .character 4. is no date", 4),
        ("日期:1995-02-30", "1995-02-30 .character 4. is no date", 4),
        ('日期:".."', "nothing to look for", 1),
        ("文号:58号", "58号 .character 4. is no document number", 4),
        ("状态:好", "状态 has no value 好 .character 4.. It has: 待审 已核 已著录", 4),
        ("state:good", "It has: review verified accepted", 7),
        ("科技 聊发〔1995〕1-1001号", "range at character 4 has 1001 numbers; at most 1000", 4),
        ("(" * 21 + "决 定" + ")" * 21, "more than 20 brackets at character 21", 21),
        ("决定 " * 101, "more than 100 words; from character 301", 301),
    ],
)
def test_errors_say_and_show_the_character(text, says, place):
    with pytest.raises(QueryError, match=says) as error:
        ask(text)
    _said, shown, mark = str(error.value).split("\n")
    # Far into a long query only what is around the place is shown.
    shown_before = re.sub(
        "^…", "", shown[: max(at for at in range(len(shown) + 1) if columns(shown[:at]) <= len(mark) - 1)]
    )
    assert text[: place - 1].endswith(shown_before)
    assert shown[len(shown_before) + shown.startswith("…") :].startswith(text[place - 1])


def columns(text):
    return sum(2 if char > "\u2fff" else 1 for char in text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        (" 　\t\n", "empty"),
        ("\x00\u200b\ud800", "empty"),
        ("，。！", "only punctuation"),
        ("“” 《》", "only punctuation"),
        ("&& || ( - )", "only punctuation"),
        ("聊" * 1001, "1001 characters"),
    ],
)
def test_what_has_no_place_needs_no_mark(text, says):
    with pytest.raises(QueryError, match=says) as error:
        parse(text)
    assert "\n" not in str(error.value)


def test_an_error_shows_no_control_characters():
    with pytest.raises(QueryError) as error:
        parse("年:\x1b\ud800五")
    assert str(error.value).encode()
    with pytest.raises(QueryError) as error:
        parse('聊\ud800\x1b[31m\u202e\r "城')
    assert str(error.value).encode()
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e]", str(error.value))


def test_deep_brackets_that_are_allowed():
    assert words("(" * 20 + "决 定" + ")" * 20) == ["决", "定"]
    assert len(words(" ".join(f"决{char}" for char in (ascii_lowercase * 4)[:100]))) == 26


def test_tolerance_never_takes_away_and_does_not_touch_what_must_not_be_there():
    for text in ("聊城 决定", "机关:聊城", "聊发1995 58", "科技 1995"):
        assert found(text) <= found(text, tolerant=True)
    assert ask("-聊城县").clause(tolerant=True) == ask("-聊城县").clause()


def test_words_of_a_field_are_tolerant_within_it_only():
    def contained(clause):
        match clause:
            case Contains():
                yield from clause.fields
            case _:
                for part in getattr(clause, "parts", ()):
                    yield from contained(part)

    assert set(contained(ask("机关:聊城市委").clause(tolerant=True))) == {"agencies"}
    assert set(contained(ask("正文:聊城市委").clause(tolerant=True))) <= {"text", "readings"}


SIGNS = r"""( ) （ ） " “ ” 《 》 「 或 与 非 && - 机关: 机关= 年： 日期: 文号: 状态: .. a: ： …"""
WORDS = "聊城 聊发 1995 58号 《a》 一九九五年 至 \x00 \ud800 \u200b"
NASTY = st.sampled_from([*SIGNS.split(" "), *WORDS.split(" "), " ", "　"])


@given(st.text(max_size=60) | st.lists(NASTY, max_size=40).map("".join))
def test_any_text_is_a_query_or_a_query_error(text):
    try:
        query = ask(text)
    except QueryError as error:
        assert str(error).encode()
        return
    for word in query.words():
        assert any(runs(word.folded))
        assert compared(text[word.start : word.end]) == word.folded
        assert "\n" not in word.folded
    for row in ROWS.values():
        points(query.clause(tolerant=True), row, definition())


@given(
    st.lists(st.text("国國科决定市。，〈“a", min_size=1).filter(lambda text: any(runs(text))), min_size=1, max_size=6)
)
def test_words_beside_one_another_are_all_contained(typed):
    typed = [word.replace("“", "国“国”") for word in typed]
    parts = dict.fromkeys(Contains(compared(word), definition().searched, scripted(word)) for word in typed)
    expected = All(tuple(parts)) if len(parts) > 1 else next(iter(parts))
    assert ask(" ".join(typed)).clause() == expected


@given(
    st.lists(NASTY, max_size=15).map("".join), st.text('科技 “聊"或:(', min_size=1).filter(lambda text: any(runs(text)))
)
def test_a_word_is_replaced_in_its_place(text, by):
    by = compared(by).replace('"', "")
    try:
        query = parse(text)
    except QueryError:
        return
    for word in query.words():
        # A quotation mark has no meaning within other text.
        apart = not set(text) & set("(（)）")
        quoted = text[word.start - 1 : word.start] and text[word.start - 1] in '"“「《…'
        if any(runs(by)) and apart and not quoted:
            assert by in [other.folded for other in parse(query.replaced(word, by)).words()]


@pytest.mark.parametrize(
    ("text", "by", "expected"),
    [
        ("聊成 科技", "聊城", "聊城 科技"),
        ("科技 机关:聊成", "聊城", "科技 机关:聊城"),
        ('"聊成 市委" 科技', "聊城市委", '"聊城市委" 科技'),
        ("《聊成…决定》", "聊城", "《聊城…决定》"),
        ("(聊成 或 东阿)", "a b", '("a b" 或 东阿)'),
        ("聊成 科技", "或", '"或" 科技'),
    ],
)
def test_did_you_mean_puts_the_word_right_where_it_stands(text, by, expected):
    query = parse(text)
    word = next(word for word in query.words() if word.folded.startswith("聊成"))
    assert query.replaced(word, by) == expected


def test_the_language_names_fields_and_values_of_the_index():
    said = load("index/language.yaml")
    names = [compared(name) for field in said["fields"].values() for name in field["names"]]
    assert len(names) == len(set(names)), "two fields of one name"
    for field in said["fields"].values():
        if field["kind"] != "date":
            known = definition().substrings if field["kind"] == "words" else definition().keyed
            assert field["index"] in known
    assert set(said["fields"]["access"]["values"]) == set(levels())
    assert set(said["fields"]["state"]["values"]) == {"review", "verified", "accepted"}
    assert not set(names) & set(said["texts"])
    jsonschema.validate(said, load("index/language.schema.json"))


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
