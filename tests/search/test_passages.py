import pytest
from hypothesis import given
from hypothesis import strategies as st

from archivist.describe.numbers import parse as read_number
from archivist.model import (
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


def page(number, *lines):
    """A page of lines, each character 10 × 20 pixels, each line 30 below the other."""
    printed = []
    for row, text in enumerate(lines):
        glyphs = tuple(
            Glyph(char, Box(10 * place, 30 * row, 10 * place + 10, 30 * row + 20), 0.9)
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
    assert bool(found) == (query.words[0].folded in whole)
    for passage in found:
        assert passage.marks
        assert passage.snippet == pages[passage.page - 1].running_text[passage.start : passage.end]
        assert all(0 <= start < end <= len(passage.snippet) for start, end in passage.marks)
        assert len(passage.boxes) >= len(passage.marks)
        for text in marked(passage):
            assert compared(text) in query.words[0].folded * 100
