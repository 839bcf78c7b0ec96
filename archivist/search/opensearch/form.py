"""What an OpenSearch server is told: how an index is made, what is kept of an item, and what is asked.

All that comes from papers and clerks goes as values in JSON, never in the server's own query language. A text is kept
as its pairs of neighbouring characters, each with its place, and closed by a line feed, so that the last character
begins a pair too. A run of characters is then a phrase of every second pair of it.
"""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any as Value
from typing import TypeAlias

from archivist.search.clauses import All, Any, Begins, Between, Clause, Contains, Everything, Filter, Holds, Not, Some
from archivist.search.fields import IndexDefinition
from archivist.search.row import Row
from archivist.search.surrogates import spelt_out

Json: TypeAlias = dict[str, Value]

# No compared text holds these: they close a text, part pairs, and stand for a pair that is left out.
_END, _LEFT_OUT = "\n", "\x01"
# Bytes of a key that Lucene takes; of a longer one its beginning and a checksum are kept.
_LONGEST = 32_000
# Keys that are asked for at once.
_KEYS = 60_000
# What Lucene counts in.
_LAST = 2**63 - 1
_LONE = re.compile("[\ud800-\udfff]")
_NOTHING: Json = {"match_none": {}}


def made(definition: IndexDefinition, shards: int, replicas: int) -> Json:
    """Return the settings and the mapping of an index."""
    pairs = {
        "type": "text",
        "analyzer": "pairs",
        "search_analyzer": "needle",
        "norms": False,
        "similarity": "boolean",
        "fields": {"one": {"type": "text", "analyzer": "characters", "norms": False, "index_options": "docs"}},
    }
    kept = {"type": "keyword", "index": False}
    counted = {"type": "keyword", "eager_global_ordinals": True}
    keys = {name: counted if name in definition.facets else {"type": "keyword"} for name in definition.keyed}
    return {
        "settings": {
            "index": {
                "number_of_shards": shards,
                "number_of_replicas": replicas,
                # Nothing is seen of a commit before its end.
                "refresh_interval": "-1",
                "max_result_window": 2**31 - 1,
                "max_terms_count": _KEYS,
                "analysis": {
                    "tokenizer": {
                        "pairs": {"type": "ngram", "min_gram": 2, "max_gram": 2},
                        "characters": {"type": "ngram", "min_gram": 1, "max_gram": 1},
                        "parted": {"type": "simple_pattern_split", "pattern": _END},
                    },
                    "filter": {"left_out": {"type": "stop", "stopwords": [_LEFT_OUT]}},
                    "analyzer": {
                        "pairs": {"type": "custom", "tokenizer": "pairs"},
                        "characters": {"type": "custom", "tokenizer": "characters"},
                        "needle": {"type": "custom", "tokenizer": "parted", "filter": ["left_out"]},
                    },
                },
            }
        },
        "mappings": {
            "dynamic": "strict",
            "_source": {"enabled": False},
            "properties": {
                "id": kept,
                "digest": kept,
                "plain": {"type": "boolean"},
                "scripted": pairs,
                "texts": {"properties": dict.fromkeys(definition.substrings, pairs)},
                "keys": {"properties": keys},
                "orders": {"properties": dict.fromkeys(("date", "newest", "number"), kept)},
                "first": {"type": "long"},
                "last": {"type": "long"},
            },
        },
    }


def name_of(id_: str) -> str:
    """Return the name under which the server keeps an item; it takes ids of 512 bytes only."""
    return sha256(id_.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def kept(row: Row) -> Json:
    """Return what the server is sent of an item."""
    found: Json = {
        "id": spelt_out(row.id),
        "digest": row.digest,
        "plain": not row.scripted,
        "texts": {name: text + _END for name, text in row.texts.items() if text},
        "keys": {name: [_key(key) for key in keys] for name, keys in row.keys.items() if keys},
        "orders": {name: _key(value) for name, value in row.orders.items()},
    }
    if row.scripted:
        found["scripted"] = row.scripted + _END
    if row.days:
        found["first"], found["last"] = (min(day, _LAST) for day in row.days)
    return found


def scored(clause: Clause, definition: IndexDefinition) -> Json:
    """Return the query that finds what `clause` does, with its points as the score."""
    match clause:
        case Contains(needle, fields, typed):
            places = {name: _stands(f"texts.{name}", needle) for name in dict.fromkeys(fields)}
            best = _best([_worth(query, definition.fields[name].points) for name, query in places.items()])
            if not typed or "text" not in places or not definition.same_script:
                return best
            extra = _worth(_same_script(needle, typed), definition.same_script)
            return {"bool": {"must": [best], "should": [extra]}}
        case Holds(field) | Begins(field):
            return _worth(held(clause), definition.fields[field].points)
        case All(parts) if parts:
            idle = [held(part) for part in parts if _idle(part)]
            return {"bool": {"must": [scored(part, definition) for part in parts if not _idle(part)], "filter": idle}}
        case Any(parts):
            return _best([scored(part, definition) for part in parts])
        case Some(least, parts):
            # Of two that are the same both count.
            return _some(least, [scored(part, definition) for part in parts])
    return {"bool": {"filter": [held(clause)]}}


def held(clause: Clause) -> Json:
    """Return the query that finds what `clause` does, for use where points do not count."""
    match clause:
        case Contains(needle, fields):
            return _one([_stands(f"texts.{name}", needle) for name in dict.fromkeys(fields)])
        case Holds(field, keys):
            sought = sorted({_key(key) for key in keys})
            parts = [sought[at : at + _KEYS] for at in range(0, len(sought), _KEYS)]
            return _one([{"terms": {f"keys.{field}": part}} for part in parts])
        case Begins(field, prefix):
            return {"prefix": {f"keys.{field}": {"value": spelt_out(prefix)}}}
        case Between(first, last):
            since, until = {"gte": _day(first)}, {"lte": _day(last)}
            return {"bool": {"filter": [{"range": {"first": since}}, {"range": {"last": until}}]}}
        case All(parts) if parts:
            return {"bool": {"filter": _distinct([held(part) for part in parts])}}
        case Any(parts):
            return _one([held(part) for part in parts])
        case Some(least, parts):
            return _some(least, [held(part) for part in parts])
        case Not(Not(part)) | Filter(part):
            return held(part)
        case Not(part):
            return {"bool": {"must_not": [held(part)]}}
        case Everything() | All():
            return {"match_all": {}}


def _idle(clause: Clause) -> bool:
    """Return whether `clause` is worth nothing in any item."""
    return isinstance(clause, Filter | Not | Between | Everything)


def _stands(path: str, needle: str) -> Json:
    """Return the query for the items of which the text at `path` has `needle` in it."""
    if not needle:
        return {"match_all": {}}
    if _LONE.search(needle) or _END in needle:
        return _NOTHING
    if len(needle) <= 2:
        return {"term": {path if len(needle) == 2 else f"{path}.one": {"value": needle}}}
    last = len(needle) - 2
    pairs = (needle[at : at + 2] if at % 2 == 0 or at == last else _LEFT_OUT for at in range(last + 1))
    return {"match_phrase": {path: {"query": _END.join(pairs)}}}


def _same_script(needle: str, typed: str) -> Json:
    """Return the query for the items whose running text has `typed` as it is written; scripts of most do not differ."""
    plain = [{"term": {"plain": True}}]
    if typed == needle:
        alike = {"bool": {"should": [*plain, _stands("scripted", typed)]}}
    else:
        alike = _one([_stands("scripted", typed), {"bool": {"filter": [*plain, _stands("texts.text", typed)]}}])
    return {"bool": {"filter": [_stands("texts.text", needle), alike]}}


def _worth(query: Json, points: int) -> Json:
    return {"constant_score": {"filter": query, "boost": points}}


def _best(queries: Sequence[Json]) -> Json:
    return {"dis_max": {"queries": _distinct(queries)}} if queries else _NOTHING


def _one(queries: Sequence[Json]) -> Json:
    return _some(1, _distinct(queries))


def _some(least: int, queries: Sequence[Json]) -> Json:
    if least > len(queries):
        return _NOTHING
    return {"bool": {"should": queries, "minimum_should_match": least}}


def _distinct(queries: Sequence[Json]) -> list[Json]:
    """Return each of `queries` once: the server takes no more than some thousand conditions."""
    return list({repr(query): query for query in queries}.values())


def _day(day: int) -> int:
    return max(-_LAST, min(day, _LAST))


def _key(key: str) -> str:
    key = spelt_out(key)
    data = key.encode()
    if len(data) <= _LONGEST:
        return key
    return f"{data[:_LONGEST].decode(errors='ignore')}\x1f{sha256(data).hexdigest()}"
