"""What a query means, in examples; the engines are held against it elsewhere."""

from itertools import pairwise

import pytest

from archivist.search.clauses import All, Any, Begins, Between, Clause, Contains, Everything, Filter, Holds, Not, Some
from archivist.search.compare import number_key
from archivist.search.document import SearchDocument
from archivist.search.fields import definition
from archivist.search.judging import fields_of, points
from archivist.search.row import row_of
from tests.search.papers import ALL, DECISION, NOTICE, PLAN, word

NUMBER = number_key("聊发〔1995〕58号")


def worth(clause: Clause, document: SearchDocument) -> int | None:
    return points(clause, row_of(document, definition()), definition())


def fields(clause: Clause, document: SearchDocument) -> tuple[str, ...]:
    return fields_of(clause, row_of(document, definition()), definition())


def rising(*each: int | None) -> bool:
    """Whether each is found, and worth more than the one before."""
    return all(left is not None and right is not None and left < right for left, right in pairwise(each))


def test_a_word_counts_for_the_best_place_that_it_stands_in() -> None:
    places = (
        SearchDocument("text", "", ("科技",)),
        SearchDocument("genre", "", ("科技",), genre="科技"),
        SearchDocument("agency", "", (), agencies=("科技局",)),
        SearchDocument("title", "科技", ("经济",)),
    )
    text, genre, agency, title = (worth(Contains("科技", definition().searched), place) for place in places)
    assert rising(text, genre, agency, title)
    twice = SearchDocument("twice", "科技科技", ("科技" * 9,), agencies=("科技局",))
    assert worth(Contains("科技", definition().searched), twice) == title, "once, however often it stands there"


def test_the_script_as_typed_decides_between_equal_papers() -> None:
    old, new = SearchDocument("old", "", ("科學",)), SearchDocument("new", "", ("科学",))
    assert rising(worth(word("科学"), old), worth(word("科学"), new))
    assert rising(worth(word("科學"), new), worth(word("科學"), old))
    assert worth(word("ＡＢＣ"), PLAN) == worth(word("abc"), PLAN), "width is no script"
    headed = SearchDocument("headed", "科學", ("科学",))
    assert rising(worth(word("科學"), new), worth(word("科學"), headed)), "but a title comes before a script"
    assert worth(word("科學", "title"), headed) == worth(word("科学", "title"), headed)


def test_a_number_comes_before_any_words_and_its_own_before_a_cited_one() -> None:
    own, cited = Holds("numbers", (NUMBER,)), Holds("cited_numbers", (NUMBER,))
    number = Any((own, cited, word("聊发(1995)第58号")))
    words = All((word("创建"), word("全国"), word("科技"), word("先进市"), word("决定")))
    assert rising(worth(words, DECISION), worth(number, NOTICE), worth(number, DECISION))
    assert fields(number, DECISION) == ("numbers",)
    assert fields(number, NOTICE) == ("cited_numbers", "text")
    assert worth(number, PLAN) is None, "58 things are no number 58"
    assert worth(Begins("numbers", "聊发(1995)"), PLAN) == worth(own, DECISION)
    assert worth(Begins("numbers", "发(1995)"), DECISION) is None


def test_every_word_is_wanted_and_their_points_add_up() -> None:
    title, text = word("科技", "title"), word("科教兴", "text")
    both = All((title, text))
    assert worth(both, DECISION) == (worth(title, DECISION) or 0) + (worth(text, DECISION) or 0)
    assert fields(both, DECISION) == ("title", "text")
    assert worth(both, NOTICE) is worth(All((title, word("没有"))), DECISION) is None


def test_of_words_to_choose_from_the_best_counts() -> None:
    title, text = word("科技", "title"), word("科教兴", "text")
    assert worth(Any((text, title)), DECISION) == worth(Any((title, word("没有"))), DECISION) == worth(title, DECISION)
    assert worth(Any((word("没有"),)), DECISION) is worth(Any(()), DECISION) is None
    assert fields(Any((title, word("没有", "people"))), DECISION) == ("title",)


def test_so_many_of_several_words_are_enough() -> None:
    parts = (word("科技", "title"), word("先进", "title"), word("没有", "title"))
    one = worth(parts[0], DECISION) or 0
    assert [worth(Some(least, parts), DECISION) for least in (1, 2, 3)] == [2 * one, 2 * one, None]


def test_what_only_narrows_is_worth_nothing() -> None:
    science = word("科技")
    for narrowing in (Filter(science), Not(word("没有")), Everything(), All(()), Between(19950101, 19951231)):
        assert worth(narrowing, DECISION) == 0
        assert worth(All((science, narrowing)), DECISION) == worth(science, DECISION)
        assert fields(All((science, narrowing)), DECISION) == fields(science, DECISION)
    assert worth(Not(science), DECISION) is worth(Filter(word("没有")), DECISION) is None
    assert fields(Not(word("没有")), DECISION) == fields(Filter(science), DECISION) == ()


@pytest.mark.parametrize(
    ("first", "last", "held"),
    [
        (19950927, 19950927, {"a-decision"}),
        (19950000, 19959999, {"a-decision", "c-plan"}),
        (19950101, 19951231, {"a-decision"}),
        (0, 19951231, {"a-decision", "d-spread"}),
        (19950928, 99999999, {"b-notice"}),
    ],
)
def test_an_item_is_of_a_time_where_all_it_may_be_dated_by_lies_in_it(first: int, last: int, held: set[str]) -> None:
    assert {paper.id for paper in ALL if worth(Between(first, last), paper) is not None} == held


def test_the_place_that_counts_most_is_named_first() -> None:
    assert fields(word("决定"), DECISION) == ("title", "genre", "text")
    assert fields(word("聊城"), DECISION) == ("agencies", "text")
    assert fields(Holds("year", ("1995",)), DECISION) == ("year",)
    assert fields(Everything(), DECISION) == ()
