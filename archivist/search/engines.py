"""The engine that a URL names, and how many items it is for."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from archivist.definitions import load
from archivist.errors import SettingsError
from archivist.language import gettext as _
from archivist.search.index import SearchIndex

_PORT = 9200


def open_index(url: str) -> SearchIndex:
    """Return the index at `url`, which need not be there yet (see `Settings.index`, in full).

    whoosh:FOLDER, tantivy:FOLDER, or opensearch://[user:password@]host[:port][,host…]/NAME with, behind a question
    mark, shards=2, replicas=1, tls=yes, certificates=FILE. SettingsError where it cannot be meant so, NotInstalled
    where the package of the engine is missing.
    """
    scheme, _colon, rest = url.partition(":")
    match scheme:
        case "whoosh":
            from archivist.search.whoosh import WhooshIndex

            return WhooshIndex(Path(rest))
        case "tantivy":
            from archivist.search.tantivy import TantivyIndex

            return TantivyIndex(Path(rest))
        case "opensearch":
            return _on_servers(url)
    raise SettingsError(_("{url}: there is no such search engine").format(url=without_password(url)))


def engine_of(url: str) -> str:
    """Return the name of the engine that `url` names."""
    return url.partition(":")[0]


def servers_of(url: str) -> frozenset[str]:
    """Return the servers that `url` names, host:port each; none for a folder."""
    places = urlsplit(url).netloc.rpartition("@")[2] if engine_of(url) == "opensearch" else ""
    return frozenset(map(_with_port, filter(None, places.split(","))))


def without_password(url: str) -> str:
    """Return `url` as it may be shown to anybody."""
    start, at, rest = url.rpartition("@")
    scheme, slashes, _secret = start.partition("://")
    return f"{scheme}{slashes}…@{rest}" if at and slashes else url


def outgrown(url: str, items: int) -> tuple[int, str] | None:
    """Return for how many items the engine of `url` is, and which to move to, where `items` are more; else None."""
    rule: Mapping[str, object] = load("index/engines.yaml")["engines"][engine_of(url)]
    comfortable, then = int(str(rule["comfortable"])), str(rule.get("then", ""))
    return (comfortable, then) if items > comfortable and then else None


def _on_servers(url: str) -> SearchIndex:
    from archivist.search.opensearch import OpenSearchIndex

    parts = urlsplit(url)
    said = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    known = {"shards", "replicas", "tls", "certificates"}
    if unknown := sorted(said.keys() - known):
        text = _("{url}: unknown: {names}; there are {known}")
        names = {"names": ", ".join(unknown), "known": ", ".join(sorted(known))}
        raise SettingsError(text.format(url=without_password(url), **names))
    user, _at, places = parts.netloc.rpartition("@")
    name, _colon, password = user.partition(":")
    scheme = "https" if said.get("tls", "no") in ("yes", "true", "1") or "certificates" in said else "http"
    hosts = [f"{scheme}://{_with_port(place)}" for place in places.split(",") if place]
    try:
        shards, replicas = int(said.get("shards", 1)), int(said.get("replicas", 0))
    except ValueError:
        raise SettingsError(_("{url}: shards and replicas are numbers").format(url=without_password(url))) from None
    return OpenSearchIndex(
        hosts,
        parts.path.strip("/"),
        shards=shards,
        replicas=replicas,
        login=(unquote(name), unquote(password)) if user else None,
        certificates=said.get("certificates"),
    )


def _with_port(place: str) -> str:
    return place if ":" in place else f"{place}:{_PORT}"
