"""The tables of the catalogue, in SQL plain enough for SQLite and PostgreSQL.

Lists and mappings are JSON in text columns; moments are ISO 8601 in UTC; boxes in pixels of the scan.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

# Raised by one with every change of the tables that an older version of archivist could not write to.
SCHEMA_VERSION = 3
# Values one statement carries at most: far below what any database takes.
CHUNK = 500


class Words(TypeDecorator[str]):
    """Text of any origin; what no database takes (half a surrogate pair, NUL) becomes an escape."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Return `value` as it may be stored or compared with what is stored."""
        if value is None:
            return None
        # PostgreSQL takes no NUL; damaged text layers of PDFs hold some.
        return str(value).encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "\\x00")


tables = MetaData()

meta = Table("meta", tables, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

scans = Table(
    "scans",
    tables,
    Column("sha256", Text, primary_key=True),
    Column("name", Words, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("saved_at", Text, nullable=False),
)

readings = Table(
    "readings",
    tables,
    Column("id", Integer, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("place", Integer, nullable=False),
    Column("recipe", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("saved_at", Text, nullable=False),
    UniqueConstraint("sha256", "place", "recipe"),
)

items = Table(
    "items",
    tables,
    Column("id", Words, primary_key=True),
    Column("reference_code", Words, index=True),
    Column("title", Words, nullable=False),
    Column("level", Text, nullable=False),
    Column("source", Words, nullable=False, index=True),
    Column("given", Text, nullable=False),
    Column("recipe", Text, nullable=False),
    # Bytes, because databases differ in how they sort text. Holds the id, so no two are the same.
    Column("catalogue_order", LargeBinary, nullable=False, unique=True),
    Column("saved_at", Text, nullable=False),
    Column("boundaries", Text, nullable=False, server_default="[]"),
    Column("begins_at", Integer, nullable=False, server_default="1"),
)


def _of_item(**options: Any) -> Column[Any]:
    return Column("item", Words, ForeignKey("items.id", ondelete="CASCADE"), **options)


item_pages = Table(
    "item_pages",
    tables,
    _of_item(primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("reading", Integer, ForeignKey("readings.id"), nullable=False, index=True),
    Column("scan_name", Words, nullable=False),
    # Which page of the reading: facing pages scanned at once are one reading.
    Column("part", Integer, nullable=False, server_default="0"),
    # How well the page reads as a whole; NULL for what tables of version 1 held.
    Column("confidence", Float, index=True),
)

documents = Table(
    "documents",
    tables,
    _of_item(primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("form", Words),
    Column("pages", Text, nullable=False),
)

fields = Table(
    "fields",
    tables,
    Column("item", Words, primary_key=True),
    Column("document", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("raw", Words, nullable=False),
    Column("page", Integer, nullable=False),
    Column("span_start", Integer, nullable=False),
    Column("span_end", Integer, nullable=False),
    Column("box", Text, nullable=False),
    Column("text", Words, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("method", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("witnesses", Text, nullable=False, server_default="[]"),
    Column("authority", Words),
    # Who and when, as JSON.
    Column("decided", Text),
    ForeignKeyConstraint(["item", "document"], ["documents.item", "documents.position"], ondelete="CASCADE"),
    Index("fields_by_doubt", "status", "confidence"),
)

campaigns = Table(
    "campaigns",
    tables,
    Column("id", Text, primary_key=True),
    Column("key", Words, nullable=False),
    Column("name", Words, nullable=False),
)

campaign_links = Table(
    "campaign_links",
    tables,
    _of_item(primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("campaign", Text, ForeignKey("campaigns.id"), nullable=False),
    Column("name", Words, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("role", Text, nullable=False, server_default="other"),
    Column("status", Text, nullable=False, server_default="accepted"),
    Column("decided", Text),
    Index("campaign_links_by_confidence", "campaign", "confidence", "name"),
)

# What a person should look at, worst first: the priority is worked out when the item is saved.
waiting = Table(
    "waiting",
    tables,
    _of_item(primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("sort", Text, nullable=False),
    # Position of the value in its document, of the link or boundary in the item.
    Column("position", Integer, nullable=False),
    Column("document", Integer),
    Column("handle", Words, nullable=False),
    Column("priority", Float, nullable=False),
    Index("waiting_worst_first", text("priority DESC"), "item", "turn"),
)

# No foreign key: what people decided outlives the item they decided it about.
decisions = Table(
    "decisions",
    tables,
    Column("id", Integer, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("target", Words, nullable=False),
    Column("act", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("who", Words, nullable=False),
    Column("at", Text, nullable=False),
    # Those about campaigns are asked for with every item, and are few among many.
    Index("decisions_by_subject", "subject", "target"),
)

# By what other papers may call an item: the number or title of one of its documents. `issuer` tells titles with the
# same key apart, `pattern` is it with anything between its characters, so that an abbreviation agrees.
designations = Table(
    "designations",
    tables,
    _of_item(primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("sort", Text, nullable=False),
    Column("key", Words, nullable=False),
    Column("issuer", Words, nullable=False),
    Column("pattern", Words, nullable=False),
    Index("designations_by_key", "key", "sort"),
)

citations = Table(
    "citations",
    tables,
    _of_item(primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("title", Words, nullable=False),
    Column("number", Words),
    Column("key_title", Words, index=True),
    Column("key_number", Words, index=True),
    Column("issuer", Words, nullable=False),
    Column("pattern", Words, nullable=False),
)

failures = Table(
    "failures",
    tables,
    Column("source", Words, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("stage", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("message", Words, nullable=False),
    Column("at", Text, nullable=False),
)

# No foreign key: a task must outlive its item, so that the index can forget it. Numbers are never used again,
# or a task queued while the indexer works could be taken for the one it is just finishing.
index_tasks = Table(
    "index_tasks",
    tables,
    Column("id", Integer, primary_key=True),
    Column("item", Words, nullable=False, index=True),
    Column("queued_at", Text, nullable=False),
    sqlite_autoincrement=True,
)
