"""SQLite and PostgreSQL as an engineer would have them search Chinese: bigrams of their own in an inverted index.

They answer the same words with as many papers, but in order of date: putting first what stands in the title costs them
more. They have no snippets, and nothing for misread characters.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from archivist.search.compare import compared, number_key, runs
from archivist.search.document import SearchDocument
from archivist.search.fields import definition
from archivist.search.index import Hit
from archivist.search.row import Row, row_of
from tests.benchmarks.search_queries import LIMIT, VALUES, Answer, Asked

_BATCH = 2000
_SQLITE = """
CREATE TABLE papers (place INTEGER PRIMARY KEY, id TEXT, date TEXT, newest TEXT);
CREATE TABLE keys (field TEXT, key TEXT, place INTEGER, PRIMARY KEY (place, field, key)) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(grams, content='', prefix='1', tokenize='unicode61 remove_diacritics 0');
"""
_POSTGRESQL = """
DROP TABLE IF EXISTS papers, keys;
CREATE TABLE papers (place integer, id text, date text, newest text, said text, grams tsvector);
CREATE TABLE keys (field text, key text, place integer);
"""


def _numbered(documents: Iterable[SearchDocument]) -> Iterator[tuple[int, Row]]:
    return enumerate((row_of(document, definition()) for document in documents), 1)


def _said(row: Row) -> str:
    return "\n".join(row.texts[name] for name in definition().searched)


def _grams(text: str) -> Iterator[str]:
    """Yield the pairs of characters, and of each run the last character: some gram begins with every character."""
    return (run[at : at + 2] for run in runs(text) for at in range(len(run)))


def _keys(place: int, row: Row) -> Iterator[tuple[str, str, int]]:
    return ((name, key, place) for name, keys in row.keys.items() for key in keys)


def _counted(counts: Iterable[Sequence[Any]]) -> dict[str, tuple[tuple[str, int], ...]]:
    found: dict[str, list[tuple[str, int]]] = {name: [] for name in definition().facets}
    for name, key, number in counts:
        found[name].append((key, number))
    return {name: tuple(sorted(those, key=lambda each: (-each[1], each[0]))[:VALUES]) for name, those in found.items()}


class Sqlite:
    """FTS5 over bigrams, phrases for longer words, its prefix index for single characters."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = sqlite3.connect(path)
        self._database.execute("PRAGMA cache_size = -262144")

    def build(self, documents: Iterable[SearchDocument]) -> None:
        self._database.close()
        self._path.unlink(missing_ok=True)
        self._database = sqlite3.connect(self._path)
        self._database.executescript(f"PRAGMA journal_mode = wal; PRAGMA synchronous = normal;{_SQLITE}")
        numbered = _numbered(documents)
        while batch := list(islice(numbered, _BATCH)):
            with self._database as database:
                papers = ((place, row.id, row.orders["date"], row.orders["newest"]) for place, row in batch)
                database.executemany("INSERT INTO papers VALUES (?, ?, ?, ?)", papers)
                keys = (key for place, row in batch for key in _keys(place, row))
                database.executemany("INSERT INTO keys VALUES (?, ?, ?)", keys)
                words = ((place, " ".join(_grams(_said(row)))) for place, row in batch)
                database.executemany("INSERT INTO words (rowid, grams) VALUES (?, ?)", words)
        with self._database as database:
            database.execute("CREATE INDEX by_key ON keys (field, key)")
            database.execute("INSERT INTO words (words) VALUES ('optimize')")
            database.execute("ANALYZE")
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def prepare(self, asked: Asked) -> None:
        pass

    def answer(self, asked: Asked) -> Answer | None:
        if asked.kind in ("snippets", "tolerant"):
            return None
        ask = self._database.execute
        if asked.number:
            where, values = "place IN (SELECT place FROM keys WHERE field = ? AND key = ?)", ["numbers"]
            values.append(number_key(asked.number))
        else:
            where, values = "place IN (SELECT rowid FROM words WHERE words MATCH ?)", []
            values.append(" AND ".join(map(_phrase, asked.words)))
        for name, key in asked.keys.items():
            where += " AND EXISTS (SELECT 1 FROM keys WHERE keys.place = papers.place AND field = ? AND key = ?)"
            values += [name, key]
        [total] = ask(f"SELECT count(*) FROM papers WHERE {where}", values).fetchone()
        order = "newest" if asked.order == "newest" else "date"
        page = ask(f"SELECT id FROM papers WHERE {where} ORDER BY {order} LIMIT {LIMIT}", values).fetchall()
        facets = {}
        if asked.facets:
            names = ", ".join(f"'{name}'" for name in asked.facets)
            counted = "SELECT field, key, count(*) FROM keys WHERE field IN ({}) AND {} GROUP BY field, key"
            facets = _counted(ask(counted.format(names, where), values))
        return Answer(total, tuple(Hit(id_, 0) for [id_] in page), facets)

    def size(self) -> int | None:
        return self._path.stat().st_size

    def close(self) -> None:
        self._database.close()


def _phrase(word: str) -> str:
    folded = compared(word)
    return (
        f'"{folded}" *' if len(folded) == 1 else f'"{" ".join(folded[at : at + 2] for at in range(len(folded) - 1))}"'
    )


class Postgresql:
    """A GIN index of bigrams and single characters without positions; longer words are looked for in the text."""

    def __init__(self, url: str) -> None:
        import psycopg

        self._server = psycopg.connect(url, autocommit=True)

    def build(self, documents: Iterable[SearchDocument]) -> None:
        numbered = _numbered(documents)
        ask = self._server.execute
        ask(_POSTGRESQL)
        while batch := list(islice(numbered, _BATCH)):
            with self._server.transaction(), closing(self._server.cursor()) as cursor:
                with cursor.copy("COPY papers FROM STDIN") as copy:
                    for place, row in batch:
                        said = _said(row)
                        grams = {*_grams(said), *(char for run in runs(said) for char in run)}
                        vector = " ".join(f"'{gram}'" for gram in grams)
                        copy.write_row((place, row.id, row.orders["date"], row.orders["newest"], said, vector))
                with cursor.copy("COPY keys FROM STDIN") as copy:
                    for place, row in batch:
                        for key in _keys(place, row):
                            copy.write_row(key)
        for what in ("papers USING gin (grams)", "papers (place)", "keys (place)", "keys (field, key)"):
            ask(f"CREATE INDEX ON {what}".encode())
        ask("VACUUM ANALYZE")

    def prepare(self, asked: Asked) -> None:
        pass

    def answer(self, asked: Asked) -> Answer | None:
        if asked.kind in ("snippets", "tolerant"):
            return None
        where: list[str] = []
        values: list[str] = []
        for word in map(compared, asked.words):
            grams = {word[at : at + 2] for at in range(max(len(word) - 1, 1))}
            where.append("grams @@ %s::tsquery")
            values.append(" & ".join(f"'{gram}'" for gram in grams))
            if len(word) > 2:
                where.append("said LIKE %s")
                values.append(f"%{word}%")
        keys = dict(asked.keys)
        if asked.number:
            keys["numbers"] = number_key(asked.number)
        for name, key in keys.items():
            where.append("place IN (SELECT place FROM keys WHERE field = %s AND key = %s)")
            values += [name, key]
        found = f"FROM papers WHERE {' AND '.join(where)}"
        [[total]] = self._rows(f"SELECT count(*) {found}", values)
        order = "newest" if asked.order == "newest" else "date"
        page = self._rows(f"SELECT id {found} ORDER BY {order} LIMIT {LIMIT}", values)
        facets = {}
        if asked.facets:
            names = ", ".join(f"'{name}'" for name in asked.facets)
            counted = (
                f"SELECT field, key, count(*) FROM keys WHERE field IN ({names}) AND place IN (SELECT place {found})"
            )
            facets = _counted(self._rows(f"{counted} GROUP BY field, key", values))
        return Answer(total, tuple(Hit(id_, 0) for [id_] in page), facets)

    def _rows(self, query: str, values: Sequence[str]) -> list[tuple[Any, ...]]:
        return self._server.execute(query.encode(), values).fetchall()

    def size(self) -> int | None:
        [[size]] = self._rows("SELECT pg_database_size(current_database())", ())
        return int(size)

    def close(self) -> None:
        self._server.close()
