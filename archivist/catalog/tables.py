"""The tables of the catalogue, in SQL plain enough for SQLite and PostgreSQL.

Lists and mappings are JSON in text columns; moments are ISO 8601 in UTC; boxes in pixels of the scan.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
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
    event,
    text,
)

# Raised by one with every change of the tables that an older version of archivist could not write to.
SCHEMA_VERSION = 6
# Values one statement carries at most: far below what any database takes.
CHUNK = 500


class Words(TypeDecorator[str]):
    """Text of any origin; what no database takes (half a surrogate pair, NUL) becomes an escape."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Return `value` as it may be stored or compared with what is stored."""
        return None if value is None else storable(str(value))


def storable(text: str) -> str:
    """Return `text` as every database takes it: half surrogate pairs and NUL as escapes."""
    # PostgreSQL takes no NUL; damaged text layers of PDFs hold some.
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "\\x00")


def now() -> str:
    """Return this moment as the catalogue keeps moments."""
    return iso(datetime.now(UTC))


def iso(moment: datetime) -> str:
    """Return `moment` as the catalogue keeps moments, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


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

# Where the ledger says that a scan came from: for whoever asks with each of a thousand copies.
origins = Table("origins", tables, Column("sha256", Text, primary_key=True), Column("source", Words, primary_key=True))

# What decides how a stage works, spelt out: programs, models, settings. Readings and items name it by its digest.
recipes = Table(
    "recipes",
    tables,
    Column("digest", Text, primary_key=True),
    Column("stage", Text, nullable=False),
    Column("says", Text, nullable=False),
    Column("first_used", Text, nullable=False),
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
    # How many pages it gave: two where they face each other on one scan.
    Column("parts", Integer, nullable=False, server_default="1"),
    UniqueConstraint("sha256", "place", "recipe"),
)

# Pictures that were cut out of a scan when it was read: in the store, and to be cut again where one is lost there.
derivatives = Table(
    "derivatives",
    tables,
    Column("reading", Integer, ForeignKey("readings.id", ondelete="CASCADE"), primary_key=True),
    Column("sha256", Text, primary_key=True, index=True),
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
    # The recipe it was described by; that of its readings is theirs.
    Column("described_by", Text, nullable=False, server_default=""),
    # The level of access that follows from its marks of secrecy: nobody knows it of what was not looked at.
    Column("access", Text, nullable=False, server_default="unclear", index=True),
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
    # 1 where nothing stands on the page: for lists, which do not unpack it.
    Column("blank", Integer, nullable=False, server_default="0"),
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
    Index("campaign_links_by_status", "campaign", "status", "item"),
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
    # The name of the value, as in `fields`; of links and boundaries "".
    Column("field", Text, nullable=False, server_default=""),
    Index("waiting_worst_first", text("priority DESC"), "item", "turn"),
    Index("waiting_by_field", "sort", "field", text("priority DESC"), "item", "turn"),
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

# How much there is of what, kept by whoever writes: see tallies.py.
tallies = Table("tallies", tables, Column("name", Text, primary_key=True), Column("total", BigInteger, nullable=False))

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

# Append-only: `hash` is the SHA-256 of the row and of the hash before it, and `meta` holds the last of them.
events = Table(
    "events",
    tables,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("object", Words, nullable=False, index=True),
    Column("outcome", Text, nullable=False),
    Column("agent", Words, nullable=False),
    Column("detail", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

# In the table `meta`: number and seal of the last event; before the first there is none.
HEAD, NO_EVENT = "ledger", "0" * 64
# In the table `meta`: the digest of the rules by which items have their levels of access.
ACCESS_RULES = "access_rules"
# In the table `meta`: since when a restore has been filling these tables; it is gone when they are full.
RESTORING = "restoring"
_REFUSAL = "the ledger is only ever added to"
# Nothing but the database itself can refuse what goes past archivist. SQLite replaces a row without calling it deleted.
_APPEND_ONLY = {
    "sqlite": (
        f"CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
        f"CREATE TRIGGER events_remain BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
        "CREATE TRIGGER events_follow BEFORE INSERT ON events WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id) "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION archivist_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN RAISE EXCEPTION '{_REFUSAL}'; END$$",
        "CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION archivist_refuse()",
        "CREATE TRIGGER events_remain BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION archivist_refuse()",
    ),
}


@event.listens_for(events, "after_create")
def _protect(_events: Table, connection: Connection, **_options: Any) -> None:
    for statement in _APPEND_ONLY.get(connection.dialect.name, ()):
        connection.exec_driver_sql(statement)


# One row for each run of a command that writes; one without an end was killed, or is under way while it holds the lock.
runs = Table(
    "runs",
    tables,
    Column("id", Integer, primary_key=True),
    Column("command", Text, nullable=False),
    Column("what", Words, nullable=False),
    Column("who", Words, nullable=False),
    Column("host", Words, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
    Column("ended_at", Text),
    Column("outcome", Text),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("total", Integer, nullable=False, server_default="0"),
    Column("read", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
)

# A page put so briefly that its like is found among many. No foreign key: it outlives readings made anew.
sketches = Table(
    "sketches",
    tables,
    Column("id", Integer, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("place", Integer, nullable=False),
    Column("part", Integer, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("look", Text, nullable=False),
    Column("blank", Integer, nullable=False),
    UniqueConstraint("sha256", "place", "part"),
)

# Under which keys a page is found; pages that are alike share some.
sketch_keys = Table(
    "sketch_keys",
    tables,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("sketch", Integer, ForeignKey("sketches.id"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

# Pairs of pages that are alike, the one with the lower number first. What people decided is here as well, to be found
# with its pages; the decision itself is in `decisions`.
likenesses = Table(
    "likenesses",
    tables,
    Column("one", Integer, ForeignKey("sketches.id"), primary_key=True),
    Column("other", Integer, ForeignKey("sketches.id"), primary_key=True, index=True),
    Column("score", Float, nullable=False),
    Column("differences", Text, nullable=False),
    Column("standing", Text, nullable=False, index=True),
    Column("decided", Text),
)

# Items whose pages are to be held against others: they were saved after that was done last.
likeness_tasks = Table("likeness_tasks", tables, _of_item(primary_key=True))
