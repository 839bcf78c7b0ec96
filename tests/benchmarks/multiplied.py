"""A catalogue of very many items: a thousand are saved as the pipeline saves them, then multiplied in the database.

A copy has identifiers, scans, numbers and titles of its own; every tenth set of copies shares its titles with the
thousand, as 关于召开会议的通知 is a title of many papers, and sixteen sets of copies name the same campaigns.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Insert,
    LargeBinary,
    Table,
    bindparam,
    case,
    cast,
    create_engine,
    func,
    insert,
    select,
    text,
)

from archivist.catalog import Catalog, tables, tallies
from archivist.events import Event, of_item
from archivist.model import CampaignLink, Document, Item, Page
from tests.items import campaign, field, number, page

#: Items that are saved one by one; what is wanted is rounded up to a multiple of it.
BASE = 1000
RECIPE = "0" * 64
#: So many are enough to see how long it takes to look at millions.
EVENTS = 100_000
_PLACES = ("聊城", "平阴", "德州", "惠民", "滨州", "阳信", "高唐", "茌平", "东阿", "临清")
_MATTERS = ("科学技术", "爱国卫生", "计划生育", "植树造林", "财政预算", "农业生产", "学校教育", "城市建设")
_CAMPAIGNS = tuple(f"创建全国{matter}先进{level}" for matter in _MATTERS for level in ("县", "市"))
_MULTIPLIED = (
    tables.scans, tables.readings, tables.items, tables.item_pages, tables.documents, tables.fields,
    tables.campaigns, tables.campaign_links, tables.waiting, tables.designations, tables.citations,
)  # fmt: skip
_COMMIT_EVERY = 20


def fill(url: str, wanted: int, tell: Callable[[str], None]) -> list[str]:
    """Fill the empty database at `url` with about `wanted` items and return the identifiers of the first thousand."""
    with Catalog(url) as catalog:
        base = list(_made())
        for item in base:
            for one in item.pages:
                catalog.save_scan(one.scan.sha256, one.scan.name, 300_000, one.scan.media_type, 1)
        for start in range(0, BASE, 200):
            catalog.save_items(base[start : start + 200], RECIPE)
        catalog.finish_index_tasks(task for task, _item in catalog.index_tasks(BASE))
    copies = -(-wanted // BASE) - 1
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            _hasten(connection)
            _multiply(connection, copies, tell)
    finally:
        engine.dispose()
    with Catalog(url) as catalog:
        for start in range(0, EVENTS, BASE):
            catalog.ledger.add(_happened(base, start))
    return [item.id for item in base]


def _happened(base: Sequence[Item], start: int) -> Iterator[Event]:
    for item in base:
        detail = {"act": "described again", "title": item.title, "pages": len(item.pages), "recipe": RECIPE}
        yield Event("metadata modification", of_item(f"{start // BASE:04x}{item.id[4:]}"), detail)


def _made() -> Iterator[Item]:
    for at in range(BASE):
        place, matter, year = _PLACES[at % 10], _MATTERS[at % 8], 1951 + at % 60
        office, code = f"{place}市人民政府", f"{place[0]}政发"
        title = f"关于做好{year}年第{at}次{matter}工作的通知"
        called = _CAMPAIGNS[at % len(_CAMPAIGNS)]
        cited = f"关于加强{matter}工作的第{at % 50}号意见"
        said = number("鲁发", 1951 + at % 50, at % 50) if at % 2 else None
        slip = _sheet(
            1, f"{office}批文封签", f"来文机关{place}市委编号{at:04d}", "收文日期九月廿四日", name=f"{at}-1.jpg"
        )
        head = _sheet(
            2, f"{office}文件", f"{code}〔{year}〕{at}号", title, f"为{called}，根据《{cited}》", "六月九日",
            name=f"{at}-2.jpg", confidence=0.55 if at % 40 == 0 else 0.98,
        )  # fmt: skip
        rest = tuple(_sheet(3, f"附件：{matter}指标表{at}", name=f"{at}-3.jpg") for _ in range(at % 2))
        papers = (
            Document("circulation_slip", (1,), "批文封签", (
                field(slip, "form_agency", office),
                field(slip, "source_agency", f"{place}市委"),
                field(slip, "serial_number", f"{at:04d}"),
                field(slip, "received_date", "九月廿四日", f"{year}-09-24", 0.62, "review"),
            )),
            Document("issued_document", tuple(range(2, 3 + len(rest))), None, (
                field(head, "document_number", f"{code}〔{year}〕{at}号", number(code, year, at)),
                field(head, "issuing_agency", office, status="verified" if at % 50 == 0 else "accepted"),
                field(head, "title", title, confidence=0.95),
                field(head, "genre", "通知"),
                field(head, "date_of_issue", "六月九日", f"{year}-06-09"),
                field(head, "citation", f"《{cited}》", {"title": cited, "document_number": said}),
            )),
        )  # fmt: skip
        links: tuple[CampaignLink, ...] = (campaign(head, called),) if at % 5 == 0 else ()
        yield Item(
            f"{0:04x}{at * 2654435761 % 2**32:08x}", title, (slip, head, *rest), papers, links,
            f"Z109-WS·{year}-Y-{at:04d}", f"/boxes/0000/{at}",
        )  # fmt: skip


def _sheet(order: int, *texts: str, name: str, confidence: float = 0.99) -> Page:
    """Return a page with a digest as no copy has it."""
    sheet = page(order, *texts, name=name, confidence=confidence)
    return replace(sheet, scan=replace(sheet.scan, sha256=f"ffff{sheet.scan.sha256[4:]}"))


def _hasten(connection: Connection) -> None:
    """Let the database trust that nothing happens while it is filled."""
    if connection.dialect.name == "sqlite":
        for pragma in ("synchronous=OFF", "foreign_keys=OFF", "cache_size=-1500000"):
            connection.exec_driver_sql(f"PRAGMA {pragma}")
    else:
        connection.execute(text("SET session_replication_role = replica"))
    connection.commit()


def _multiply(connection: Connection, copies: int, tell: Callable[[str], None]) -> None:
    readings = connection.scalar(select(func.max(tables.readings.c.id))) or 0
    called = list(connection.scalars(select(tables.campaigns.c.id)))
    statements = {table.name: _copying(table, readings, called) for table in _MULTIPLIED}
    for n in range(1, copies + 1):
        tag = f"{n:04x}"
        for name, statement in statements.items():
            # What the items of several copies share is made with the first of them.
            if name != "campaigns" or n == 1 or n % 16 == 0:
                connection.execute(statement, {"n": n, "tag": tag, "tagged": tag.encode()})
        if n % _COMMIT_EVERY == 0 or n == copies:
            connection.commit()
            tell(f"{(n + 1) * BASE} items")
    if connection.dialect.name == "postgresql":
        last = "SELECT setval(pg_get_serial_sequence('readings', 'id'), max(id)) FROM readings"
        connection.execute(text(last))
    tallies.recount(connection)
    connection.commit()
    if connection.dialect.name == "postgresql":
        # As its server does by itself after a while; nobody does it for SQLite.
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")


def _copying(table: Table, readings: int, called: list[str]) -> Insert:
    """Return the statement that copies the first thousand's rows of `table`."""
    values = [_copied(column, readings) for column in table.columns]
    if table is tables.readings:
        first = table.c.id <= readings
    elif table is tables.scans:
        first = table.c.sha256.in_(select(tables.readings.c.sha256).where(tables.readings.c.id <= readings))
    elif table is tables.campaigns:
        first = table.c.id.in_(called)
    else:
        first = (table.c.id if table is tables.items else table.c.item) < "0001"
    return insert(table).from_select(table.columns.keys(), select(*values).where(first))


def _copied(column: Column[Any], readings: int) -> ColumnElement[Any]:
    """Return what copy number `n` says in `column`."""
    n, tag = bindparam("n", type_=tables.readings.c.id.type), bindparam("tag", type_=tables.scans.c.sha256.type)
    shared = case((n % 10 == 0, column), else_=column.concat(tag))
    match column.table.name, column.name:
        case ("items", "id") | (_, "item") | ("waiting", "handle") | (_, "sha256"):
            return tag.concat(func.substr(column, 5))
        case ("readings", "id") | (_, "reading"):
            return column + n * (readings + 1)
        case ("items", "catalogue_order"):
            return cast(bindparam("tagged", type_=LargeBinary()).op("||")(column), LargeBinary())
        case ("items", "reference_code") | ("items", "source"):
            return column.concat("/").concat(tag)
        case ("campaigns", "id") | ("campaign_links", "campaign"):
            return func.substr(tag, 1, 3).concat("x").concat(func.substr(column, 5))
        case ("designations", "key"):
            return case((column.table.c.sort == "number", column.concat(tag)), else_=shared)
        case ("items", "title") | ("citations", "key_title") | ("citations", "key_number"):
            return shared
    return column
