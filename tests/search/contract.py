"""What every search engine of archivist must do; each check takes a function that opens the same index again.

`CHECKS` are run as they are; the scan is compared by Hypothesis.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from archivist.describe.numbers import parse as read_number
from archivist.search.document import SearchDocument
from archivist.search.query import parse
from archivist.text import fold

DECISION = SearchDocument(
    "a-decision",
    "关于创建全国科技工作先进市的决定",
    ("中共聊城市委聊城市人民政府关于创建全国科技工作先进市的决定", "各乡镇党委，各科局：为了落实科教兴"),
    numbers=("聊发〔1995〕58号",),
    agencies=("中共聊城市委", "聊城市人民政府"),
    year=1995,
    date="1995-09-27",
    genre="决定",
    campaigns=("创建全国科技工作先进市",),
    reference_code="C038-001-002-003",
)
NOTICE = SearchDocument(
    "b-notice",
    "转发通知",
    ("按照聊发(1995)第58号文件的要求，認真學習科學技術。",),
    numbers=("聊政发〔1996〕3号",),
    cited_numbers=("聊发〔1995〕58号",),
    year=1996,
    date="1996-01-08",
)
PLAN = SearchDocument(
    "c-plan",
    "實施方案",
    (
        "國家科學技術委員會會同各部門制定方案，一九九五年起施行。",
        "共58条，见聊发(1995)5",
        "8号。ＡＢＣ１２３",
    ),
    numbers=("聊发〔1995〕60号",),
    year=1995,
    date="1995",
)
SPREAD = SearchDocument("d-spread", "決　定", ("決　　定　科　技 　1995 58",), date="1990-01-01")
ALL = (DECISION, NOTICE, PLAN, SPREAD)


def found(index, text: str, number=None) -> list[str]:
    return [hit.item_id for hit in index.search(parse(text, number), limit=1000).hits]


def finds_either_script_and_width(open_index):
    index = open_index()
    index.add(ALL)
    assert set(found(index, "科学技术")) == {"b-notice", "c-plan"}
    assert set(found(index, "科學技術")) == {"b-notice", "c-plan"}
    assert found(index, "囯家") == found(index, "國家") == found(index, "国家") == ["c-plan"]
    assert found(index, "abc123") == found(index, "ＡＢＣ１２３") == ["c-plan"]


def finds_across_the_page_break_but_not_across_items(open_index):
    index = open_index()
    index.add(ALL)
    assert found(index, "决定各乡镇") == ["a-decision"]
    assert found(index, "兴按照") == []
    assert found(index, "市委关于") == [], "values of one field must not run together"


def finds_titles_spread_over_the_line(open_index):
    index = open_index()
    index.add(ALL)
    assert set(found(index, "决定")) == {"a-decision", "d-spread"}
    assert "d-spread" in found(index, '"決 定 科 技"')
    assert "d-spread" not in found(index, "199558")


def wants_every_word(open_index):
    index = open_index()
    index.add(ALL)
    assert found(index, "聊城 科技　决定 1995") == ["a-decision"]
    assert found(index, "聊城 國家") == []
    assert found(index, '"科学 技术" 方案') == ["c-plan"]


def knows_years(open_index):
    index = open_index()
    index.add(ALL)
    assert set(found(index, "1996年")) == {"b-notice"}
    assert set(found(index, "一九九五年")) == {"a-decision", "c-plan"}
    assert {"a-decision", "c-plan"} <= set(found(index, "1995年"))


def puts_numbers_first(open_index):
    index = open_index()
    index.add(ALL)
    hits = index.search(parse("聊發1995 58", "聊發〔1995〕58號")).hits
    assert [hit.item_id for hit in hits[:3]] == ["a-decision", "b-notice", "c-plan"]
    assert [hit.why[0] for hit in hits[:3]] == ["numbers", "cited_numbers", "text"]
    assert found(index, "聊发 1995")[:3] == ["c-plan", "a-decision", "b-notice"], "own, then cited"
    partly = index.search(parse("发〔1995〕58号", "发〔1995〕58号")).hits
    assert {hit.why for hit in partly} == {("text",)}, "the agency code counts as a whole"


def wants_the_number_and_the_words(open_index):
    index = open_index()
    other = SearchDocument("z-other", "科技", ("科技1995 58",), numbers=("聊发〔1995〕59号",))
    index.add((*ALL, other))
    for typed in ("聊發〔1995〕58號", "聊发1995 58", "聊发(1995)第58号"):
        assert found(index, f"{typed} 科技", read_number) == ["a-decision"]
        assert found(index, f"認真 {typed} 学习", read_number) == ["b-notice"]
        assert found(index, f"{typed} 没有这个词", read_number) == []
    assert found(index, "聊发1995 58 聊政发1996 3", read_number) == ["b-notice"]


def finds_a_number_that_is_only_printed(open_index):
    index = open_index()
    spellings = ("(85)聊发12号", "聊發〔1985〕第12號", "聊发［85］012号", "（1985）聊发第012号")
    index.add(SearchDocument(f"{n}", "", (f"根据{text}文件",)) for n, text in enumerate(spellings))
    index.add([SearchDocument("not", "", ("聊发(1985)112号，聊发(1986)12号",), numbers=("12",))])
    index.add([SearchDocument("own", "", ("(85)聊發12號",), numbers=("聊发〔1985〕12号",), date="1999")])
    for text in spellings:
        hits = found(index, text, read_number)
        assert hits[0] == "own"
        assert set(hits) == {"own", "0", "1", "2", "3"}
    assert found(index, "人民1995 12", read_number) == []
    index.add([SearchDocument("8", "", ("人民1995年12月",)), SearchDocument("9", "", ("人民，共12人",), year=1995)])
    assert found(index, "人民1995 12", read_number) == ["8"], "what is no number after all is words"


def ranks_titles_then_the_script_as_typed(open_index):
    index = open_index()
    index.add(
        (
            SearchDocument("old", "甲", ("科學科學科學科學",)),
            SearchDocument("new", "乙", ("关于科学",)),
            SearchDocument("title", "科学", ("無",)),
        )
    )
    assert found(index, "科学") == ["title", "new", "old"]
    assert found(index, "科學") == ["title", "old", "new"]
    assert index.search(parse("科学")).hits[1].why == ("text",)


def orders_ties_by_date_then_id_and_pages_without_gaps(open_index):
    index = open_index()
    dates = ["1999", None, "1995-01-01", "1995"]
    index.add([SearchDocument(f"i{n:02}", "", ("同文",), date=dates[n % 4]) for n in reversed(range(30))])
    query = parse("同文")
    everything = index.search(query, limit=100)
    order = [hit.item_id for hit in everything.hits]
    key = {f"i{n:02}": (dates[n % 4] or "9999", f"i{n:02}") for n in range(30)}
    assert everything.total == 30
    assert all(key[left] < key[right] for left, right in pairwise(order))
    pages = [index.search(query, limit=7, offset=at) for at in range(0, 35, 7)]
    assert [hit.item_id for page in pages for hit in page.hits] == order
    assert {page.total for page in pages} == {30}


def replaces_deletes_and_clears(open_index):
    index = open_index()
    index.add(ALL)
    index.add([SearchDocument("a-decision", "改", ("新文字",)), SearchDocument("e", "", ("又一件",))])
    assert index.count() == 5
    assert found(index, "聊城市委") == []
    assert found(index, "新文字") == ["a-decision"]
    index.add([SearchDocument("e", "", ("一",)), SearchDocument("e", "", ("二",))])
    assert found(index, "二") == ["e"]
    index.delete(["e", "never there"])
    assert index.count() == 4
    index.optimize()
    assert index.count() == 4
    assert found(index, "新文字") == ["a-decision"]
    assert found(index, "二") == []
    index.clear()
    assert index.count() == 0
    assert index.search(parse("新文字")).total == 0
    index.add([DECISION])
    assert found(index, "聊城市委") == ["a-decision"]


def survives_many_small_commits(open_index):
    index = open_index()
    for n in range(25):
        index.add([SearchDocument(f"{n:02}", f"第{n}件", (f"同文{n:02}号", "页二"), numbers=(f"甲〔1990〕{n}号",))])
        if n % 5 == 0:
            index.delete([f"{n:02}"])
    assert index.count() == 20
    assert len(found(index, "同文")) == 20
    assert found(index, "同文07号页") == ["07"]
    assert found(index, "甲〔1990〕7号", "甲〔1990〕7号")[0] == "07"
    index.optimize()
    assert len(found(index, "同文")) == 20
    assert found(index, "同文07号页") == ["07"]


def shows_others_the_last_commit(open_index):
    writer, reader = open_index(), open_index()
    assert reader.search(parse("决定")).total == 0
    writer.add([DECISION])
    assert found(reader, "决定") == ["a-decision"]
    writer.delete(["a-decision"])
    assert found(reader, "决定") == []
    reader.close()
    writer.add([DECISION])
    assert found(reader, "决定") == ["a-decision"]


def sees_an_index_filled_anew(open_index):
    writer, reader = open_index(), open_index()
    writer.add([DECISION])
    assert found(reader, "决定") == ["a-decision"]
    writer.clear()
    writer.add([NOTICE])
    assert found(reader, "决定") == []
    assert reader.count() == 1


def answers_while_another_writes(open_index):
    writer, reader = open_index(), open_index()

    def write():
        for n in range(20):
            writer.add([SearchDocument(f"{n:02}", "", ("同文",)), DECISION])

    counts = []
    with ThreadPoolExecutor(1) as executor:
        writing = executor.submit(write)
        while not writing.done():
            counts.append(reader.search(parse("同文")).total)
        writing.result()
    assert counts == sorted(counts)
    assert reader.search(parse("同文")).total == 20


def leaves_nothing_of_a_failed_batch(open_index):
    index = open_index()
    index.add([DECISION])

    def documents():
        yield NOTICE
        raise OSError("the catalogue went away")

    with pytest.raises(OSError, match="went away"):
        index.add(documents())
    assert index.count() == 1
    index.add([NOTICE])
    assert index.count() == 2


def takes_any_text(open_index):
    index = open_index()
    odd = SearchDocument("odd\x1f'\"件", "\x00", ("\ud800聊\x00城\u200b市\U0002000b", "", "a\x1fb\nc"), ("",))
    index.add([odd, SearchDocument("empty", "", ())])
    for text in (
        "聊城市",
        "聊\udfff城",
        "市\U0002000b",
        "* OR id:*",
        "text:聊城市",
        "聊城市*",
        "[a TO b]",
        "'; --x",
    ):
        assert index.search(parse(text)).total in (0, 1)
    assert found(index, "聊城市") == [odd.id]
    assert found(index, "聊城市*") == []
    assert index.count() == 2


def equals_a_scan_of_the_folded_text(open_index, papers, queries):
    """`papers` are pages by item; `queries` are substrings of them, in some script."""
    index = open_index()
    index.clear()
    index.add(SearchDocument(str(number), "", pages) for number, pages in enumerate(papers))
    for text in queries:
        expected = {str(number) for number, pages in enumerate(papers) if fold(text) in fold("".join(pages))}
        assert set(found(index, f'"{text}"')) == expected, text


CHECKS = (
    finds_either_script_and_width,
    finds_across_the_page_break_but_not_across_items,
    finds_titles_spread_over_the_line,
    wants_every_word,
    knows_years,
    puts_numbers_first,
    wants_the_number_and_the_words,
    finds_a_number_that_is_only_printed,
    ranks_titles_then_the_script_as_typed,
    orders_ties_by_date_then_id_and_pages_without_gaps,
    replaces_deletes_and_clears,
    survives_many_small_commits,
    shows_others_the_last_commit,
    sees_an_index_filled_anew,
    answers_while_another_writes,
    leaves_nothing_of_a_failed_batch,
    takes_any_text,
)
