"""What every engine finds, in which order, how often which value, and what it makes of odd texts."""

import random
from collections.abc import Iterator
from dataclasses import replace

from archivist.search.clauses import (
    All,
    Any,
    Begins,
    Between,
    Clause,
    Contains,
    Everything,
    Filter,
    Holds,
    Not,
    Some,
)
from archivist.search.compare import number_key
from archivist.search.document import SearchDocument
from archivist.search.fields import definition
from tests.search.papers import ALL, NOTICE, ORDERS, PLAN, Opening, found, scores, word
from tests.search.scan import ScanIndex

POINTS = {name: field.points for name, field in definition().fields.items()}
EXTRA = definition().same_script


def finds_either_script_and_width(open_index: Opening) -> None:
    index = open_index()
    index.add(ALL)
    assert set(found(index, "科学技术")) == {"b-notice", "c-plan"}
    assert set(found(index, "科學技術")) == {"b-notice", "c-plan"}
    assert found(index, "囯家") == found(index, "國家") == found(index, "国家") == ["c-plan"]
    assert found(index, "abc123") == found(index, "ＡＢＣ１２３") == ["c-plan"]


def finds_across_the_page_break_but_not_across_items_or_values(open_index: Opening) -> None:
    index = open_index()
    index.add(ALL)
    assert found(index, "决定各乡镇") == ["a-decision"]
    assert found(index, "兴按照") == []
    assert found(index, "市委关于") == []
    assert found(index, word("市委聊城", "agencies")) == [], "values of one field must not run together"
    assert found(index, word("委", "agencies")) == found(index, word("树林", "people")) == ["a-decision"]
    assert found(index, word("林李", "people")) == []


def finds_titles_spread_over_the_line(open_index: Opening) -> None:
    index = open_index()
    index.add(ALL)
    assert set(found(index, "决定")) == {"a-decision", "d-spread"}
    assert found(index, "決 定 科 技") == ["d-spread"]
    assert found(index, "199558") == [], "white space between Latin letters or digits counts"
    assert found(index, "1995 58") == found(index, "5 5") == ["d-spread"]


def finds_punctuation_as_it_stands(open_index: Opening) -> None:
    index = open_index()
    index.add(ALL)
    assert found(index, "委，各") == found(index, "委,各") == ["a-decision"]
    assert found(index, "委各") == found(index, "委。各") == []
    assert found(index, "局：为") == found(index, "局:") == found(index, "：为") == ["a-decision"]
    assert found(index, "(1995)第58号") == found(index, "（1995）第５８號") == ["b-notice"]
    assert found(index, "C038-001-") == found(index, "c038-0") == ["a-decision"]


def looks_only_in_the_fields_that_are_asked(open_index: Opening) -> None:
    index = open_index()
    index.add(ALL)
    assert found(index, word("科技", "title")) == ["a-decision"]
    assert found(index, word("决定", "genre")) == ["a-decision"]
    assert set(found(index, word("决定", "genre", "title"))) == {"a-decision", "d-spread"}
    assert found(index, word("决定", "people", "agencies", "forms")) == []
    assert found(index, word("批文封", "forms")) == found(index, word("先进市", "campaigns")) == ["a-decision"]
    assert found(index, "谷部门") == found(index, "家科ꀀ") == [], "plain words are not looked for in doubtful readings"
    assert found(index, word("谷部门", "readings")) == found(index, word("家科ꀀ技", "readings")) == ["c-plan"]
    assert found(index, word("委会", "readings")) == []


def finds_whole_keys_and_their_beginnings(open_index: Opening) -> None:
    index = open_index()
    index.add(ALL)
    fifty_eight, sixty = number_key("聊发〔1995〕58号"), number_key("聊发〔1995〕60号")
    assert found(index, Holds("numbers", (fifty_eight,))) == ["a-decision"]
    assert found(index, Holds("cited_numbers", (fifty_eight, sixty))) == ["b-notice"]
    assert set(found(index, Holds("numbers", (sixty, "", fifty_eight, "没有")))) == {"a-decision", "c-plan"}
    assert found(index, Holds("numbers", ())) == []
    assert set(found(index, Begins("numbers", "聊发(1995)"))) == {"a-decision", "c-plan"}
    assert found(index, Begins("numbers", "聊政")) == found(index, Begins("numbers", "聊政发(1996)000003号"))
    assert found(index, Begins("numbers", "发(1995)")) == [], "the agency code counts as a whole"
    assert set(found(index, Begins("numbers", ""))) == {"a-decision", "b-notice", "c-plan"}
    assert found(index, Holds("agencies", ("聊城市",))) == []
    assert found(index, Holds("agencies", ("聊城市人民政府",))) == ["a-decision", "b-notice"]
    assert found(index, Holds("year", ("1996", "1897"))) == ["b-notice"]
    assert found(index, Holds("access", ("internal",))) == ["c-plan"]
    assert set(found(index, Holds("state", ("accepted", "review")))) == {"b-notice", "c-plan", "d-spread"}


def finds_a_long_range_of_numbers(open_index: Opening) -> None:
    index = open_index()
    index.add(SearchDocument(f"{n:04}", "", ("同文",), (f"聊发〔1995〕{n}号",)) for n in range(1, 1500))
    wanted = tuple(number_key(f"聊发〔1995〕{n}号") for n in range(301, 1301))
    hits = index.search(All((Holds("numbers", wanted), word("同文"))), limit=3, order="number")
    assert (hits.total, [hit.item_id for hit in hits.hits]) == (1000, ["0301", "0302", "0303"])
    assert index.search(Any(tuple(Holds("numbers", (key,)) for key in wanted[:200]))).total == 200


def knows_days(open_index: Opening) -> None:
    index = open_index()
    dates = ("1995-06-09", "1995-06", "1995", "1994-12-31", "", "1996-01-01")
    index.add(SearchDocument(date or "undated", "", ("同文",), date=date or None) for date in dates)
    index.add([SearchDocument("only-year", "", ("同文",), year=1995)])
    year = {"1995-06-09", "1995-06", "1995", "only-year"}
    assert set(found(index, Between(19950000, 19959999))) == year
    assert set(found(index, Between(19950600, 19950699))) == {"1995-06-09", "1995-06"}
    assert found(index, Between(19950609, 19950609)) == ["1995-06-09"]
    assert found(index, Between(19950610, 19950699)) == []
    assert set(found(index, Between(0, 19959999))) == year | {"1994-12-31"}
    assert set(found(index, Between(19950101, 99999999))) == {"1995-06-09", "1995-06", "1996-01-01"}
    assert found(index, Between(19960101, 19950101)) == []
    assert set(found(index, All((word("同文"), Not(Between(0, 99999999)))))) == {"undated"}


def adds_up_points(open_index: Opening) -> None:
    index = open_index()
    index.add(ALL)
    science, decision, key = word("科技"), word("决定", "title", "genre"), number_key("聊发〔1995〕58号")
    number = Any((Holds("numbers", (key,)), Holds("cited_numbers", (key,)), Contains("聊发(1995)第58号", ("text",))))
    assert scores(index, science) == {"a-decision": POINTS["title"] + EXTRA, "d-spread": POINTS["text"] + EXTRA}
    assert scores(index, number) == {"a-decision": POINTS["numbers"], "b-notice": POINTS["cited_numbers"]}
    both = POINTS["title"] * 2 + EXTRA
    assert scores(index, All((science, decision, Everything())))["a-decision"] == both
    assert scores(index, Some(1, (science, decision, word("学习"))))["a-decision"] == both
    assert scores(index, Any((science, decision)))["a-decision"] == POINTS["title"] + EXTRA
    assert scores(index, All((Filter(All((science, decision))), Holds("year", ("1995",))))) == {
        "a-decision": POINTS["year"]
    }
    assert set(scores(index, All((Everything(), Not(science)))).items()) == {("b-notice", 0), ("c-plan", 0)}
    assert scores(index, Some(2, (Not(science), Not(decision), word("学习")))) == {
        "b-notice": POINTS["text"],
        "c-plan": 0,
    }
    often = All((science, science, All((science, Some(1, (science,))))))
    assert scores(index, often)["a-decision"] == 4 * (POINTS["title"] + EXTRA), "said four times, counted so"
    assert scores(index, Some(1, (science, science)))["a-decision"] == 2 * (POINTS["title"] + EXTRA)
    assert scores(index, Some(2, (science, science)))["a-decision"] == 2 * (POINTS["title"] + EXTRA)


def takes_conditions_of_nothing_and_of_everything(open_index: Opening) -> None:
    index = open_index()
    index.add(ALL)
    science, everyone = word("科技"), {paper.id for paper in ALL}
    for clause in (
        Everything(),
        All(()),
        Not(Any(())),
        Not(Not(Everything())),
        Filter(Everything()),
        Some(1, (All(()),)),
    ):
        assert scores(index, clause) == dict.fromkeys(everyone, 0), clause
    for nothing in (Any(()), Not(Everything()), Some(1, ()), Some(3, (science, science)), All((science, Any(())))):
        assert index.search(nothing, facets={"year": 5}).total == 0, nothing
    assert set(found(index, Not(science))) == {"b-notice", "c-plan"}
    assert scores(index, Not(Not(science))) == {"a-decision": 0, "d-spread": 0}
    assert found(index, Some(2, (science, word("决定"), word("方案"), word("学习")))) == found(index, All((science,)))
    deep: Clause = science
    for turn in range(20):
        deep = All((deep, Everything())) if turn % 2 else Any((Filter(deep), Not(Not(deep))))
    assert set(found(index, deep)) == {"a-decision", "d-spread"}


def ranks_titles_then_the_script_as_typed(open_index: Opening) -> None:
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
    assert found(index, Contains("科学", ("text",))) == ["new", "old"], "of equal points by id, without typed"
    assert found(index, Contains("科学", ("title",), "科學")) == ["title"]
    index.add([SearchDocument("mixed", "", ("科学" * 20 + "科學",)), SearchDocument("half", "", ("學科学", "习"))])
    assert scores(index, word("科學", "text")) == {"mixed": 2, "old": 2, "half": 1, "new": 1}
    assert scores(index, word("學科", "text")) == {"half": 2, "mixed": 1, "old": 2}
    assert scores(index, word("習", "text")) == {"half": 1}
    assert scores(index, word("習", "text", "title"))["half"] == 1


def dated(count: int) -> Iterator[SearchDocument]:
    """Notices of which many have the same date, the same number, or none."""
    dates = ("1999", None, "1995-01-01", "1995", "1995-06", "1996-02-02")
    for n in reversed(range(count)):
        numbers = (f"聊发〔199{n % 3}〕{n % 7 * 9}号",) if n % 4 else ()
        year = 1990 + n % 9 if n % 12 - 1 else None
        yield SearchDocument(f"i{n:03}", "题" * (n % 2), ("同文题",), numbers, date=dates[n % 6], year=year)


def orders_by_points_date_or_number_and_pages_without_gaps(open_index: Opening) -> None:
    index, scan = open_index(), ScanIndex()
    for part in (slice(0, 50), slice(50, 51), slice(51, 120)):
        papers = list(dated(120))[part]
        index.add(papers)
        scan.add(papers)
    gone = [f"i{n:03}" for n in range(0, 120, 11)]
    index.delete(gone)
    scan.delete(gone)
    for clause in (word("同文"), word("题"), Everything()):
        for order in ORDERS:
            everything = index.search(clause, limit=1000, order=order)
            assert everything == scan.search(clause, limit=1000, order=order), order
            pages = [index.search(clause, limit=7, offset=at, order=order) for at in range(0, 126, 7)]
            assert tuple(hit for page in pages for hit in page.hits) == everything.hits, order
            assert {page.total for page in pages} == {everything.total}
    assert index.search(word("同文"), offset=5000).hits == ()
    assert index.search(word("同文"), limit=0) == scan.search(word("同文"), limit=0)
    undated = [f"i{n:03}" for n in range(1, 120, 12) if n % 11]
    for order in ("date", "newest"):
        assert found(index, "同文", order)[-len(undated) :] == undated, "what has no date comes last, by id"


def counts_values(open_index: Opening) -> None:
    index = open_index()
    index.add(ALL[:2])
    index.add([replace(NOTICE, genre="报告"), PLAN, *ALL[3:]])
    index.add([NOTICE])
    facets = {"year": 10, "agencies": 1, "genre": 9, "campaigns": 2, "forms": 5, "state": 2, "access": 3}
    hits = index.search(Everything(), limit=0, facets=facets)
    assert (hits.total, hits.hits) == (4, ())
    assert dict(hits.facets) == {
        "year": (("1995", 2), ("1996", 1)),
        "agencies": (("聊城市人民政府", 2),),
        "genre": (("决定", 1), ("通知", 1)),
        "campaigns": (("创建全国科技工作先进市", 1),),
        "forms": (("批文封签", 1),),
        "state": (("accepted", 2), ("review", 1)),
        "access": (("open", 3), ("internal", 1)),
    }
    some = index.search(word("通知"), facets={"year": 3, "genre": 1})
    assert (len(some.hits), dict(some.facets)) == (1, {"year": (("1996", 1),), "genre": (("通知", 1),)})
    assert dict(index.search(word("没有"), facets={"year": 3}).facets) == {"year": ()}
    assert dict(index.search(Everything()).facets) == {}


def counts_many_values_exactly(open_index: Opening) -> None:
    index, scan = open_index(), ScanIndex()
    chance = random.Random(3)
    for size in (400, 1, 300):
        papers = [
            SearchDocument(
                f"{size}-{n}",
                "",
                ("同文" * (n % 2),),
                agencies=tuple(f"机关{chance.randrange(60)}" for _ in range(chance.randrange(4))),
                year=1950 + int(chance.triangular(0, 60)),
            )
            for n in range(size)
        ]
        index.add(papers)
        scan.add(papers)
    index.delete(f"400-{n}" for n in range(0, 400, 9))
    scan.delete(f"400-{n}" for n in range(0, 400, 9))
    for clause in (Everything(), word("同文"), Holds("agencies", ("机关7",))):
        for most in (1, 5, 1000):
            facets = {"year": most, "agencies": most}
            got, right = (each.search(clause, limit=3, facets=facets) for each in (index, scan))
            assert (got.total, got.hits, dict(got.facets)) == (right.total, right.hits, dict(right.facets))


CHECKS = (
    finds_either_script_and_width,
    finds_across_the_page_break_but_not_across_items_or_values,
    finds_titles_spread_over_the_line,
    finds_punctuation_as_it_stands,
    looks_only_in_the_fields_that_are_asked,
    finds_whole_keys_and_their_beginnings,
    finds_a_long_range_of_numbers,
    knows_days,
    adds_up_points,
    takes_conditions_of_nothing_and_of_everything,
    ranks_titles_then_the_script_as_typed,
    orders_by_points_date_or_number_and_pages_without_gaps,
    counts_values,
    counts_many_values_exactly,
)
