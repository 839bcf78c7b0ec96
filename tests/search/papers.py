"""Documents and conditions that the checks of the search share."""

from typing import Protocol, get_args

from archivist.search.clauses import Clause, Contains, Order
from archivist.search.compare import compared, scripted
from archivist.search.document import SearchDocument
from archivist.search.fields import definition
from archivist.search.index import SearchIndex

ORDERS: tuple[Order, ...] = get_args(Order)


class Opening(Protocol):
    """Opens the same index once more, for one who waits `patience` seconds for another writer."""

    def __call__(self, patience: float = 10.0) -> SearchIndex: ...


DECISION = SearchDocument(
    "a-decision",
    "关于创建全国科技工作先进市的决定",
    ("中共聊城市委聊城市人民政府关于创建全国科技工作先进市的决定", "各乡镇党委，各科局：为了落实科教兴"),
    numbers=("聊发〔1995〕58号",),
    agencies=("中共聊城市委", "聊城市人民政府"),
    year=1995,
    date="1995-09-27",
    genre="决定",
    forms=("批文封签",),
    campaigns=("创建全国科技工作先进市",),
    reference_code="C038-001-002-003",
    people=("王树林", "李建国"),
    state="verified",
)
NOTICE = SearchDocument(
    "b-notice",
    "转发通知",
    ("按照聊发(1995)第58号文件的要求，認真學習科學技術。",),
    numbers=("聊政发〔1996〕3号",),
    cited_numbers=("聊发〔1995〕58号",),
    agencies=("聊城市人民政府",),
    year=1996,
    date="1996-01-08",
    genre="通知",
    state="review",
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
    readings=("家科ꀀ技术委", "会同谷部门制定"),
    access="internal",
)
SPREAD = SearchDocument("d-spread", "決　定", ("決　　定　科　技 　1995 58",), date="1990-01-01")
ALL = (DECISION, NOTICE, PLAN, SPREAD)


def word(text: str, *fields: str) -> Contains:
    """The condition that what was typed as `text` stands in one of `fields`, or where plain words are looked for."""
    return Contains(compared(text), fields or definition().searched, scripted(text))


def found(index: SearchIndex, clause: Clause | str, order: Order = "relevance") -> list[str]:
    clause = word(clause) if isinstance(clause, str) else clause
    return [hit.item_id for hit in index.search(clause, limit=100_000, order=order).hits]


def scores(index: SearchIndex, clause: Clause) -> dict[str, int]:
    return {hit.item_id: hit.score for hit in index.search(clause, limit=100_000).hits}
