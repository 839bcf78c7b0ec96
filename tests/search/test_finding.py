"""What a person is answered, whatever the engine: exact before misread, nothing they may not see, what was meant."""

from collections.abc import Iterable

import pytest

from archivist.describe.numbers import parse as read_number
from archivist.errors import QueryError
from archivist.search import finding
from archivist.search.document import SearchDocument
from archivist.search.query import Query, parse

from .scan import ScanIndex

EXACT = SearchDocument("exact", "关于科技工作的通知", ("各乡镇科技工作站",), date="1996", genre="通知")
MISREAD = SearchDocument(
    "misread", "来信", ("全市斜技工作会议",), readings=("全市科技工作会议",), date="1995", genre="函"
)
SECRET = SearchDocument(
    "secret", "科技工作简报", ("科技工作秘密",), date="1990", genre="简报", access="secret",
    numbers=("聊发〔1995〕3号",),
)  # fmt: skip
OTHER = SearchDocument("other", "植树造林的决定", ("春季植树",), date="1987", genre="决定")


@pytest.fixture
def index() -> ScanIndex:
    index = ScanIndex()
    index.add([EXACT, MISREAD, SECRET, OTHER])
    return index


def asked(text: str) -> Query:
    return parse(text, read_number)


def names(found: finding.Finding) -> list[str]:
    return [place.item_id for place in found.places]


def test_what_was_misread_comes_behind_all_that_was_not_and_says_so(index: ScanIndex) -> None:
    found = finding.find(index, asked("科技工作"), limit=10)
    assert names(found) == ["secret", "exact", "misread"]
    assert [place.exact for place in found.places] == [True, True, False]
    assert (found.total, found.exact) == (3, 2)
    # Also where another order was asked for, by which it would come first.
    assert names(finding.find(index, asked("科技工作"), limit=10, order="newest")) == ["exact", "secret", "misread"]


def test_only_exact_hits_where_no_tolerance_is_wanted(index: ScanIndex) -> None:
    found = finding.find(index, asked("科技工作"), limit=10, tolerant=False)
    assert (names(found), found.total) == (["secret", "exact"], 2)


def test_pages_of_the_answer_run_on_from_exact_to_misread(index: ScanIndex) -> None:
    pages = [finding.find(index, asked("科技工作"), limit=1, offset=at) for at in range(4)]
    assert [names(page) for page in pages] == [["secret"], ["exact"], ["misread"], []]
    assert {(page.total, page.exact) for page in pages} == {(3, 2)}


def test_the_counts_beside_the_answer_are_of_all_of_it(index: ScanIndex) -> None:
    found = finding.find(index, asked("科技工作"), limit=1, facets=("genre",))
    assert found.facets == {"genre": (("函", 1), ("简报", 1), ("通知", 1))}
    found = finding.find(index, asked("科技工作"), limit=1, tolerant=False, facets=("genre",))
    assert found.facets == {"genre": (("简报", 1), ("通知", 1))}


def test_what_somebody_may_not_see_is_not_found_counted_or_hinted_at(index: ScanIndex) -> None:
    found = finding.find(index, asked("科技工作"), limit=10, may_see=("open",), facets=("genre",))
    assert (names(found), found.total) == (["exact", "misread"], 2)
    assert "简报" not in dict(found.facets["genre"])
    assert finding.series(index, "聊发", 1995, may_see=("open",)).held == {}
    assert finding.series(index, "聊发", 1995).held == {3: 1}
    assert finding.find(index, asked("非 植树"), limit=10, may_see=("open",)).total == 2
    assert finding.find(index, asked("密级:秘密"), limit=10, may_see=("open",)).total == 0
    assert finding.find(index, asked("植树"), limit=10, may_see=()).total == 0
    assert "secret" not in finding.similar(index, EXACT, limit=10, may_see=("open",))


def test_a_page_far_behind_the_last_is_empty(index: ScanIndex) -> None:
    found = finding.find(index, asked("科技工作"), limit=10, offset=10**30)
    assert (names(found), found.total) == ([], 3)


class Texts:
    """What the items of some ids say; keeps for which it was asked."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __call__(self, names: list[str]) -> Iterable[str]:
        self.asked |= set(names)
        known = {document.id: document for document in (EXACT, MISREAD, SECRET, OTHER)}
        return [text for name in names for text in (known[name].title, *known[name].pages)]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("植数造林", "植树造林"), ("通知 植数造林 科技", None), ("春季植村", "春季植树"), ("植造树林", "植树造林")],
)
def test_a_word_typed_wrong_is_offered_as_it_stands_in_the_papers(
    index: ScanIndex, typed: str, meant: str | None
) -> None:
    offered = finding.meant(index, asked(typed), asked, Texts())
    # Only a query that finds something is worth a try.
    assert (meant in offered) if meant else not offered


def test_nothing_is_offered_from_papers_that_may_not_be_seen(index: ScanIndex) -> None:
    looked_at = Texts()
    assert finding.meant(index, asked("科技工作秘蜜"), asked, looked_at, may_see=("open",)) == ()
    assert "secret" not in looked_at.asked
    assert finding.meant(index, asked("科技工作秘蜜"), asked, Texts()) == ("科技工作秘密",)


def numbered(id_: str, *own: int, cited: tuple[int, ...] = ()) -> SearchDocument:
    return SearchDocument(
        id_, "", (), numbers=tuple(f"聊发〔1995〕{n}号" for n in own),
        cited_numbers=tuple(f"聊发〔1995〕{n}号" for n in cited),
    )  # fmt: skip


def test_the_gaps_of_a_series_and_what_other_papers_know_of_them(index: ScanIndex) -> None:
    index.clear()
    index.add([numbered("a", 1), numbered("b", 2, 3), numbered("c", 3, cited=(5, 1)), numbered("d", 7, cited=(9,))])
    index.add([SearchDocument("e", "", (), numbers=("聊政发〔1995〕4号", "聊发〔1996〕4号"))])
    found = finding.series(index, "聊发", 1995)
    assert found.held == {1: 1, 2: 1, 3: 2, 7: 1}
    assert found.missing == (4, 5, 6, 8, 9)
    assert found.cited == (1, 5, 9)


@pytest.mark.parametrize("typed", ["聊发 1995", "聊發〔1995〕", "聊发1995", "聊发〔1995〕58号"])
def test_a_series_is_named_by_its_code_and_year(typed: str) -> None:
    assert finding.series_named(asked(typed)) == ("聊发", 1995)


@pytest.mark.parametrize("typed", ["聊发", "1995", "聊发 1995 科技", "非 聊发1995"])
def test_what_is_no_series_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(QueryError, match="聊发 1995"):
        finding.series_named(asked(typed))


def test_similar_are_papers_that_cite_each_other_then_those_of_a_like_title() -> None:
    index = ScanIndex()
    decision = SearchDocument(
        "decision", "关于创建全国科技工作先进市的决定", (), numbers=("聊发〔1995〕58号",),
        cited_numbers=("国发〔1994〕1号",), campaigns=("创建全国科技工作先进市",),
    )  # fmt: skip
    plan = SearchDocument("plan", "创建全国科技工作先进市实施方案", (), campaigns=("创建全国科技工作先进市",))
    notice = SearchDocument("notice", "关于做好创建全国科技工作先进县的通知", ())
    citing = SearchDocument("citing", "批复", (), cited_numbers=("聊发〔1995〕58号",))
    cited = SearchDocument("cited", "纲要", (), numbers=("国发〔1994〕1号",))
    far = SearchDocument("far", "关于植树造林的决定", ("创建",))
    index.add([decision, plan, notice, citing, cited, far])
    assert finding.similar(index, decision, limit=10) == ("cited", "citing", "plan", "notice")
    assert finding.similar(index, decision, limit=1) == ("cited",)
    assert finding.similar(index, SearchDocument("bare", "", ()), limit=10) == ()
