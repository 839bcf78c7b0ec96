"""The search index in an OpenSearch cluster: several machines, none of which may be missed."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, islice
from uuid import uuid4

from archivist.errors import ArchivistError, SettingsError
from archivist.language import gettext as _
from archivist.search.clauses import Clause, Everything, Order
from archivist.search.document import SearchDocument
from archivist.search.fields import definition
from archivist.search.index import Hit, Hits
from archivist.search.opensearch import form
from archivist.search.opensearch.form import Json
from archivist.search.opensearch.server import Server, Turn
from archivist.search.row import Row, row_of
from archivist.search.surrogates import as_it_was
from archivist.search.trouble import damaged

_FORMAT = 1
_COMMIT = 2000
# Hits that are fetched at a time.
_WINDOW = 10_000
# What a search may reach back to by number; what is further behind is not asked for.
_FAR = 2**31 - 1
# Values of a field that each shard counts where there are several.
_COUNTED = 65_000
# How long a new index may take until all copies of it are there.
_READY = "10s"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")


class OpenSearchIndex:
    """The search index `name` in the cluster of which some nodes are at `hosts`, made when the first document comes.

    `hosts` are URLs; `login` is a name and a password, `certificates` a file of the authorities that sign theirs.
    `shards` and `replicas` count when the index is made, by the first document or by `rebuild`; of a cluster with one
    replica any node may be lost. It takes the names `name.*` in the cluster, and `archivist-writers` for all together.

    A commit is gathered before the first of it is sent, sent in parts, each on the disks of all copies when the server
    says so, and seen by those who search when all of it is there. Only where the server refuses one of the last parts,
    or the process is killed among them, are the first parts of that commit seen with the next one.

    The server itself watches over its files. Values of more than 32,000 bytes are kept by their beginning. With several
    shards, facets are exact for fields of up to 65,000 values.
    """

    def __init__(
        self,
        hosts: Sequence[str],
        name: str,
        *,
        shards: int = 1,
        replicas: int = 0,
        patience: float = 10.0,
        login: tuple[str, str] | None = None,
        certificates: str | None = None,
    ) -> None:
        if not _NAME.fullmatch(name):
            text = _(
                "An index in OpenSearch cannot be called {name}: only a-z, 0-9, - and _, and no - or _ at the start."
            )
            raise SettingsError(text.format(name=name))
        self._definition = definition()
        self._server = Server(hosts, name, patience, login, certificates)
        self._every = f"{name}.*"
        # What is searched is an alias with the mark in its name, so an index of another definition is never asked.
        self._ours = re.compile(rf"{re.escape(name)}\.[0-9]+-[0-9a-f]+(\.[0-9a-f]{{12}})?")
        self._alias = f"{name}.{_FORMAT}-{self._definition.mark}"
        self._made = form.made(self._definition, shards, replicas)
        # As many as there were when last asked.
        self._shards = 1

    def add(self, documents: Iterable[SearchDocument], instead_of: Iterable[str] = ()) -> int:
        """Add `documents`, replacing those of the same id and those of the ids `instead_of`; return how many there are.

        In commits of 2,000. `documents` is asked for them while no other can write, so what is read then cannot be
        older than what another puts in their place.
        """
        source, gone, more, added = iter(documents), set(instead_of), True, 0
        while more:
            with self._server.writing() as turn:
                rows = {document.id: row_of(document, self._definition) for document in islice(source, _COMMIT)}
                more = bool(rows)
                if rows or gone:
                    self._commit(turn, gone.difference(rows), rows.values())
            gone, added = set(), added + len(rows)
        return added

    def delete(self, ids: Iterable[str]) -> None:
        """Delete the documents of these ids; those that are not there are passed over."""
        if (names := set(ids)) and self._exists():
            self.add((), names)

    def rebuild(self, documents: Iterable[SearchDocument]) -> int:
        """Put `documents` in the place of everything, whatever state it is in, and return how many there are.

        All or nothing: until the end, others find what was there before. Of two with one id the first counts.
        """
        index, names = self._fresh(), set[str]()
        with self._server.writing() as turn:
            try:
                self._make(index)
                self._server.send(index, turn.during(self._first_of_each(documents, names)))
                self._server.refresh(index)
            except BaseException:
                with suppress(ArchivistError):
                    self._server.ask("DELETE", f"/{index}", accept=(404,))
                raise
            turn.hold()
            self._replace_all_by(index)
        return len(names)

    def clear(self) -> None:
        """Delete everything, whatever state it is in."""
        self.rebuild(())

    def optimize(self) -> None:
        """Merge the segments of each shard into one: searching gets faster, deleted documents stop taking space."""
        if self._exists():
            hours = {"max_num_segments": 1, "request_timeout": 12 * 3600}
            with self._server.writing():
                self._server.ask("POST", f"/{self._alias}/_forcemerge", params=hours)
                self._server.refresh(self._alias)

    def search(
        self,
        clause: Clause,
        limit: int = 20,
        offset: int = 0,
        order: Order = "relevance",
        facets: Mapping[str, int] | None = None,
    ) -> Hits:
        """Return `limit` items from `offset` on for which `clause` holds, and how many there are in all.

        By points, best first, then by date; or by `order`. `facets` says of which fields how many values are counted.
        """
        limit = min(limit, _FAR - offset) if offset < _FAR else 0
        asked: Json = {"track_total_hits": True, "size": min(limit, _WINDOW)}
        if limit:
            best: list[Json] = [{"_score": "desc"}] if order == "relevance" else []
            by = "date" if order == "relevance" else order
            asked |= {"from": offset, "track_scores": True, "sort": [*best, {f"orders.{by}": "asc"}]}
        asked["query"] = form.scored(clause, self._definition) if limit else form.held(clause)
        counted = {name: size for name, size in (facets or {}).items() if size > 0}
        if (found := self._counted(asked, counted)) is None:
            return Hits(0, (), dict.fromkeys(facets or {}, ()))
        total, hits = found["hits"]["total"]["value"], found["hits"]["hits"]
        while hits and len(hits) < min(limit, total - offset):
            rest = asked | {"from": 0, "size": min(limit - len(hits), _WINDOW), "search_after": hits[-1]["sort"]}
            more = self._asked(rest, "id")
            if more is None or not more["hits"]["hits"]:
                break
            hits += more["hits"]["hits"]
        values = {name: found["aggregations"][name]["buckets"] for name in counted}
        return Hits(
            total,
            tuple(Hit(_id(hit), round(hit["_score"])) for hit in hits),
            {
                name: tuple((as_it_was(bucket["key"]), bucket["doc_count"]) for bucket in values.get(name, ()))
                for name in facets or {}
            },
        )

    def count(self) -> int:
        """Return the number of documents."""
        return self.search(Everything(), limit=0).total

    def ids(self) -> Iterator[str]:
        """Give the id of every document, by code point; what is written meanwhile is given or not."""
        asked: Json = {"query": {"match_all": {}}, "sort": [{"id": "asc"}], "size": _WINDOW}
        while (found := self._asked(asked, "id")) and (hits := found["hits"]["hits"]):
            yield from map(_id, hits)
            asked["search_after"] = hits[-1]["sort"]

    def has(self, id_: str) -> bool:
        """Return whether there is a document with this id."""
        return self._digest(id_) is not None

    def outdated(self, document: SearchDocument) -> bool:
        """Return whether the index has other texts under the id of `document`."""
        return self._digest(document.id) not in (None, row_of(document, self._definition).digest)

    def check(self) -> None:
        """Raise IndexUnusable where a part of the index is lost.

        The server itself compares its files with their checksums when it opens, moves and merges them, and gives up
        those that are not as they were written.
        """
        if self._exists():
            health = self._server.ask("GET", f"/_cluster/health/{self._alias}", params={"timeout": "5s"}, accept=(408,))
            if health["status"] == "red":
                raise damaged(self._server.place)

    def close(self) -> None:
        """Let go of the connections; the index may be used again."""
        self._server.close()

    def _counted(self, asked: Json, counted: Mapping[str, int]) -> Json | None:
        """Return what a search finds, and the values that so many are to be told of."""
        while counted:
            shards = self._shards
            order = [{"_count": "desc"}, {"_key": "asc"}]
            aggregations = {
                name: {
                    "terms": {
                        "field": f"keys.{name}",
                        "size": size,
                        "shard_size": size if shards == 1 else max(size, _COUNTED),
                        "order": order,
                    }
                }
                for name, size in counted.items()
            }
            found = self._asked(asked | {"aggs": aggregations}, "id")
            if found is None or shards != 1 or found["_shards"]["total"] == 1:
                return found
            self._shards = found["_shards"]["total"]
        return self._asked(asked, "id")

    def _asked(self, body: Json, field: str) -> Json | None:
        """Return what a search finds, with `field` of each hit; None where there is no index yet."""
        body = body | {"stored_fields": "_none_", "docvalue_fields": [field]}
        # An answer of some of the shards would be a wrong one.
        params = {"allow_partial_search_results": "false"}
        while "error" in (found := self._server.ask("POST", f"/{self._alias}/_search", body, (404,), params)):
            # Not there is also what has just been put in the place of another.
            if not self._exists():
                return None
        return found

    def _digest(self, id_: str) -> str | None:
        asked = {"query": {"ids": {"values": [form.name_of(id_)]}}, "size": 1}
        found = self._asked(asked, "digest")
        hits = found["hits"]["hits"] if found else ()
        return next((hit["fields"]["digest"][0] for hit in hits), None)

    def _exists(self) -> bool:
        """Return whether there is an index; IndexUnusable where it was made by another definition."""
        found = self._server.ask("GET", f"/_alias/{self._every}", accept=(404,))
        aliases = (alias for index in found.values() if isinstance(index, dict) for alias in index.get("aliases", ()))
        there = set(filter(self._ours.fullmatch, aliases))
        if there and self._alias not in there:
            raise damaged(self._server.place)
        return bool(there)

    def _commit(self, turn: Turn, gone: Iterable[str], rows: Collection[Row]) -> None:
        if not self._exists():
            if not rows:
                return
            self._make(self._fresh(), self._alias)
        deleted = ({"delete": {"_id": form.name_of(id_)}} for id_ in gone)
        lines = chain(((line, None) for line in deleted), map(_written, rows))
        self._server.send(self._alias, turn.during(lines), {"require_alias": "true"})
        self._server.refresh(self._alias)

    def _fresh(self) -> str:
        return f"{self._alias}.{uuid4().hex[:12]}"

    def _make(self, index: str, *aliases: str) -> None:
        # So that from the first document on a node may be lost; a cluster with too few nodes gets the rest later.
        params = {"wait_for_active_shards": "all", "timeout": _READY}
        body = self._made | {"aliases": {alias: {} for alias in aliases}}
        self._server.ask("PUT", f"/{index}", body, params=params, writes=True)

    def _replace_all_by(self, index: str) -> None:
        """Let `index` be what is searched, and remove all others, in one step."""
        found = self._server.ask("GET", f"/{self._every}/_alias", accept=(404,), params={"expand_wildcards": "all"})
        actions: list[Json] = [{"add": {"index": index, "alias": self._alias}}]
        actions += [{"remove_index": {"index": name}} for name in found if self._ours.fullmatch(name) and name != index]
        said = self._server.ask("POST", "/_aliases", {"actions": actions}, accept=(404,), writes=True)
        if "error" in said and index not in self._server.ask("GET", f"/_alias/{self._alias}", accept=(404,)):
            raise ArchivistError(str(damaged(self._server.place)))

    def _first_of_each(self, documents: Iterable[SearchDocument], names: set[str]) -> Iterator[tuple[Json, Json]]:
        for document in documents:
            if document.id not in names:
                names.add(document.id)
                yield _written(row_of(document, self._definition))


def _written(row: Row) -> tuple[Json, Json]:
    return {"index": {"_id": form.name_of(row.id)}}, form.kept(row)


def _id(hit: Json) -> str:
    return as_it_was(hit["fields"]["id"][0])
