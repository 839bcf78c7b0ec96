from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archivist.describe.numbers import parse as read_number
from archivist.model import (
    Alternative,
    Box,
    CampaignLink,
    Document,
    Evidence,
    Field,
    Glyph,
    Item,
    Line,
    Page,
    Region,
    Scan,
)
from archivist.search.compare import compared
from archivist.search.document import document_of
from archivist.search.passages import passages
from archivist.search.query import parse

SCAN = Scan("p.png", "0" * 64, 0, 2000, 3000)


def page(number, *lines, doubts=None):
    """A page of lines, each character 10 × 20 pixels, each line 30 below the other.

    `doubts` says of a character as read how sure the reader was, and what else it saw how surely.
    """
    printed = []
    for row, text in enumerate(lines):
        glyphs = tuple(
            Glyph(char, Box(10 * place, 30 * row, 10 * place + 10, 30 * row + 20), *(doubts or {}).get(char, (0.9,)))
            for place, char in enumerate(text)
        )
        printed.append(Line(glyphs, Box(0, 30 * row, 10 * len(text), 30 * row + 20), "test"))
    return Page(number, SCAN, (Region("body", Box(0, 0, 2000, 3000), tuple(printed)),))


def field(of, name, value, text, status="accepted"):
    start = of.running_text.index(text)
    evidence = Evidence.of(of, start, start + len(text))
    return Field(name, value, text, evidence, 0.9, "test", status)


FIRST = page(
    1,
    "中共聊城市委",
    "聊發(1995)第58號",
    "關於創建全國科技工作先進市的決　定",
    "各鄉鎮黨委：" + "為了落實科教興國的方針，" * 4 + "現決定如下。市委要求認真執行",
)
SECOND = page(2, "這一決定。" + "附件、" * 20 + "見聊政發〔1994〕3號。", "一九九五年九月二十七日")
NUMBER = {"text": "聊发〔1995〕58号", "agency_code": "聊发", "year": 1995, "number": 58}
ITEM = Item(
    "x",
    "关于创建全国科技工作先进市的决定",
    (FIRST, SECOND),
    (
        Document(
            "circulation_slip",
            (1,),
            "批文封签",
            (field(FIRST, "document_number", "聊发〔1995〕58号", "聊發(1995)第58號"),),
        ),
        Document(
            "issued_document",
            (1, 2),
            None,
            (
                field(FIRST, "document_number", NUMBER, "聊發(1995)第58號"),
                field(FIRST, "issuing_agency", "中国共产党聊城市委员会", "中共聊城市委"),
                field(FIRST, "issuing_agency", "误认", "市委", "rejected"),
                field(FIRST, "genre", "决定", "決　定"),
                field(SECOND, "date_of_issue", "1995-09-27", "一九九五年九月二十七日"),
                field(
                    SECOND,
                    "citation",
                    {"title": None, "document_number": "聊政发〔1994〕3号"},
                    "聊政發〔1994〕3號",
                ),
            ),
        ),
    ),
    (CampaignLink("k", "创建全国科技工作先进市", 0.9, ()),),
    "C038-001",
)

SIGNATURES = page(1, "签发：王 曉明", "主办：大钊")
SIGNED = Item(
    "s",
    "",
    (SIGNATURES,),
    (
        Document(
            "circulation_slip",
            (1,),
            None,
            (
                field(SIGNATURES, "signer", "王小明", "王 曉明"),
                field(SIGNATURES, "annotation", {"text": "大钊", "person": "李大钊"}, "大钊"),
            ),
        ),
    ),
)


def marked(passage):
    return [passage.snippet[start:end] for start, end in passage.marks]


def test_an_item_offers_what_its_documents_say():
    document = document_of(ITEM)
    assert document.numbers == ("聊发〔1995〕58号",)
    assert document.cited_numbers == ("聊政发〔1994〕3号",)
    assert document.agencies == ("中国共产党聊城市委员会",)
    assert (document.year, document.date, document.genre) == (1995, "1995-09-27", "决定")
    assert document.forms == ("批文封签",)
    assert document.campaigns == ("创建全国科技工作先进市",)
    assert document.pages == (FIRST.running_text, SECOND.running_text)


def test_an_item_without_fields_offers_its_text():
    document = document_of(Item("y", "", (page(1, "文"),)))
    assert (document.pages, document.year, document.numbers) == (("文",), None, ())


def test_snippets_keep_the_script_of_the_paper():
    (passage,) = passages(ITEM, parse("创建全国科技"))
    assert passage.page == 1
    assert marked(passage) == ["創建全國科技"]
    assert passage.snippet == FIRST.running_text[passage.start : passage.end]
    assert passage.boxes == (Box(20, 60, 80, 80),)


def test_a_spread_title_is_marked_as_it_stands():
    first = passages(ITEM, parse("先进市的决定"))[0]
    assert marked(first) == ["先進市的決　定"]


def test_snippets_end_with_the_sentence_where_it_is_near():
    best = passages(ITEM, parse("现决定如下"))[0]
    assert best.snippet.endswith("現決定如下。") or len(best.snippet) > 30
    assert len(best.snippet) <= len("现决定如下") + 2 * 42


@pytest.mark.parametrize("gap", range(20, 40))
def test_snippets_hold_whole_marks_only(gap):
    text = "聊发(1995)58号" + "文" * gap + "科技" + "文" * gap + "聊发(1995)58号"
    for passage in passages(Item("y", "", (page(1, text),)), parse("科技 聊发1995 58", read_number)):
        assert set(marked(passage)) <= {"聊发(1995)58号", "科技"}
        assert passage.snippet == text[passage.start : passage.end]


def test_a_phrase_over_the_page_break_is_marked_on_both_pages():
    found = passages(ITEM, parse("认真执行这一决定"))
    assert [(passage.page, marked(passage)) for passage in found] == [(1, ["認真執行"]), (2, ["這一決定"])]


def test_passages_show_every_word_before_one_word_twice():
    found = passages(ITEM, parse("决定 附件 聊政发"), limit=2)
    assert {compared(text) for passage in found for text in marked(passage)} >= {"附件", "聊政发"}
    assert len(passages(ITEM, parse("决定"), limit=1)) == 1


def test_a_number_is_marked_as_printed():
    for typed in ("聊发1995 58", "聊發(1995)58號"):
        (passage,) = passages(ITEM, parse(typed, "聊发〔1995〕58号"))
        assert marked(passage) == ["聊發(1995)第58號"]
    assert marked(passages(ITEM, parse("聊发 1995"))[0]) == ["聊發(1995)第58號"]
    (cited,) = passages(ITEM, parse("聊政发1994 3", "聊政发〔1994〕3号"))
    assert (cited.page, marked(cited)) == (2, ["聊政發〔1994〕3號"])


def test_a_number_and_words_are_both_marked():
    for typed in ("聊发1995 58 附件", "附件 聊發(1995)58號"):
        found = passages(ITEM, parse(typed, read_number), limit=2)
        assert {text for passage in found for text in marked(passage)} >= {"聊發(1995)第58號", "附件"}
    (only,) = passages(Item("y", "", (page(1, "參見［95］聊發第", "058號文"),)), parse("聊发1995 58", read_number))
    assert marked(only) == ["［95］聊發第058號"]
    assert only.boxes == (Box(20, 0, 90, 20), Box(0, 30, 40, 50))


def test_what_was_read_otherwise_is_marked_where_it_was_read():
    (year,) = passages(ITEM, parse("1995年"))
    assert (year.page, marked(year)) == (2, ["一九九五年九月二十七日"])
    (agency,) = passages(ITEM, parse("中国共产党"))
    assert marked(agency) == ["中共聊城市委"]


def test_a_word_in_a_field_is_marked_where_the_field_was_read():
    (agency,) = passages(ITEM, parse("机关:中国共产党"))
    assert marked(agency) == ["中共聊城市委"]
    (signer,) = passages(SIGNED, parse("人:王小明"))
    assert marked(signer) == ["王 曉明"]
    (person,) = passages(SIGNED, parse("人:李大钊"))
    assert marked(person) == ["大钊"]
    assert passages(ITEM, parse("人:中国共产党")) == ()


def test_an_exact_value_is_marked_where_it_was_read():
    (agency,) = passages(ITEM, parse("机关=中国共产党聊城市委员会"))
    assert marked(agency) == ["中共聊城市委"]
    assert [marked(found) for found in passages(ITEM, parse("年:1995"))] == [["一九九五年九月二十七日"]]


def test_the_name_of_a_campaign_is_marked_where_it_was_read():
    evidence = Evidence.of(FIRST, FIRST.running_text.index("科教興國"), FIRST.running_text.index("科教興國") + 4)
    links = (
        CampaignLink("k", "科教兴国运动", 0.9, (evidence,)),
        CampaignLink("r", "兴国运动会", 0.9, (evidence,), status="rejected"),
    )
    (found,) = passages(replace(ITEM, campaigns=links), parse("兴国运动"))
    assert marked(found) == ["科教興國"]
    assert passages(replace(ITEM, campaigns=links), parse("运动会")) == ()


def test_numbers_of_a_range_are_marked():
    (found,) = passages(ITEM, parse("聊发〔1995〕50-60号", read_number))
    assert marked(found) == ["聊發(1995)第58號"]
    assert passages(ITEM, parse("聊发〔1995〕60-70号", read_number)) == ()


@pytest.mark.parametrize("typed", ["日期:1995-06..1995-12", "日期:1995-09-27", "日期:..1996", "1995年9月27日"])
def test_a_date_is_marked_where_it_was_read(typed):
    (found,) = passages(ITEM, parse(typed, read_number))
    assert (found.page, marked(found)) == (2, ["一九九五年九月二十七日"])


def test_a_year_is_marked_in_the_number_where_there_is_no_date():
    undated = replace(ITEM, documents=ITEM.documents[:1])
    (found,) = passages(undated, parse("年:1995"))
    assert marked(found) == ["聊發(1995)第58號"]


def test_what_must_not_be_there_is_not_marked():
    assert passages(ITEM, parse("非 决定")) == ()


def test_a_misread_word_is_marked_and_says_which_character_may_be_wrong():
    first = page(1, "關於加强科學枝", "術工作的通知，未", doubts={"枝": (0.6, (Alternative("技", 0.3),))})
    item = Item("m", "", (first, page(2, "成年，末成年人的保护")))
    (found,) = passages(item, parse("科学技术"), tolerant=True)
    assert marked(found) == ["科學枝術"]
    assert [found.snippet[start:end] for start, end in found.misread] == ["枝"]
    assert found.boxes == (Box(40, 0, 70, 20), Box(0, 30, 10, 50))
    (alike,) = passages(item, parse("未成年人"), tolerant=True)
    assert (alike.page, [alike.snippet[start:end] for start, end in alike.misread]) == (2, ["末"])
    assert passages(item, parse("科学技术")) == ()
    # What stands there as typed needs no tolerance.
    exact = passages(item, parse("未成年 通知"), tolerant=True)
    assert not any(passage.misread for passage in exact)


def test_a_misread_character_over_the_page_break_is_shown_on_its_page():
    item = Item("m", "", (page(1, "加强科學"), page(2, "枝術工作", doubts={"枝": (0.6, (Alternative("技", 0.3),))})))
    one, other = passages(item, parse("科学技术"), tolerant=True)
    assert (marked(one), one.misread) == (["科學"], ())
    assert (marked(other), other.misread) == (["枝術"], ((0, 1),))


def test_what_only_the_catalogue_knows_has_no_passage():
    assert passages(ITEM, parse("C038-001")) == ()
    assert passages(Item("e", "决定", ()), parse("决定")) == ()


@given(
    st.lists(st.text("国國决決定，。 　a", max_size=80), max_size=4),
    st.text("国國决決定，a", min_size=1, max_size=6),
)
def test_every_mark_is_the_word(texts, word):
    if not any(char.isalnum() for char in word):
        return
    pages = tuple(page(number, text) for number, text in enumerate(texts, 1))
    item = Item("z", "", pages)
    query = parse(word)
    found = passages(item, query, limit=100)
    whole = compared("".join(text.running_text for text in pages))
    assert bool(found) == (compared(word) in whole)
    for passage in found:
        assert passage.marks
        assert passage.snippet == pages[passage.page - 1].running_text[passage.start : passage.end]
        assert all(0 <= start < end <= len(passage.snippet) for start, end in passage.marks)
        assert len(passage.boxes) >= len(passage.marks)
        for text in marked(passage):
            assert compared(text) in compared(word) * 100
