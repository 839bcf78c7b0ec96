"""Who may come in, and who is in: accounts, sessions, wrong guesses."""

from sqlalchemy import Column, ForeignKey, Integer, Table, Text

from archivist.catalog.tables import Words, tables

# Who may come in from elsewhere than this machine, and with which rights. Passwords as Argon2 hashes.
accounts = Table(
    "accounts",
    tables,
    Column("name", Words, primary_key=True),
    Column("password", Text, nullable=False),
    Column("role", Text, nullable=False),
    # Levels of access open to the account besides those of its role, as a JSON list.
    Column("levels", Text, nullable=False, server_default="[]"),
    Column("made_at", Text, nullable=False),
)

# Who is in: by the SHA-256 of what the browser shows.
sessions = Table(
    "sessions",
    tables,
    Column("token", Text, primary_key=True),
    Column("account", Words, ForeignKey("accounts.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf", Text, nullable=False),
    Column("begun_at", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
)

# Wrong passwords, by account (`account:NAME`) and by where they came from (`address:10.0.0.7`).
guesses = Table(
    "guesses",
    tables,
    Column("by", Words, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", Text, nullable=False),
    Column("locked_until", Text),
)
