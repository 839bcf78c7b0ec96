"""What is not open to somebody is not told to them by any route: every route of the room is in the table below.

A reader must be answered as if the secret items of rooms.py and people.py had never been scanned. So all is asked
twice: in the room that has them, and in its twin that has not.
"""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

import pytest
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from archivist.archive import Archive
from archivist.settings import Settings
from tests import items
from tests.web.people import PASSWORD, SIBLING, People, csrf, logged_in, populate
from tests.web.rooms import CAMPAIGN, DECISION, NOTICE, SECRET, SECRET_WORDS, plan, with_scans

#: An item that there never was.
NOWHERE = "53c7e8"
SECRET_CAMPAIGN = "创建赤松工程先进单位"
WORDS = (*SECRET_WORDS, SECRET_CAMPAIGN, "X1-赤松-1", "box 2", "赤松")
#: Queries that find the secret item, or count it: words, values, facets, gaps, near misses, everything.
QUERIES = (
    "赤松",
    "赤松工程",
    "绝密代号赤松",
    "赤松工裎",
    "机要局",
    "创建",
    "科技",
    "档号:X1",
    "机关:机要局",
    "密级:绝密",
    "",
    "*",
)


@dataclass(frozen=True)
class Room:
    """Who may use a route at least, and how to ask it so that it would tell of the secret item.

    `{item}` in a call is the item, and `{campaign}` the campaign that it alone names. It is `telling` where an
    archivist who asks so is told of it.
    """

    least: str
    calls: tuple[str, ...] = ()
    telling: bool = True
    query: dict[str, Any] = field(default_factory=dict)


def asked(path: str) -> tuple[str, ...]:
    """Ask `path` for each of the queries."""
    return tuple(path + quote(query) for query in QUERIES)


READER, ARCHIVIST, ADMIN = "reader", "archivist", "admin"
ROOMS = {
    # The door
    "GET /health": Room("nobody", ("/health",), telling=False),
    "GET /static": Room("nobody", ("/static/room.css",), telling=False),
    "GET /login": Room("nobody", ("/login",), telling=False),
    "POST /login": Room("nobody"),
    "POST /logout": Room(READER),
    "GET /language/{language}": Room("nobody", ("/language/en",), telling=False),
    "POST /api/session": Room("nobody"),
    "DELETE /api/session": Room(READER),
    "GET /account": Room(READER, ("/account",), telling=False),
    "POST /account/password": Room(READER),
    "POST /account/elsewhere": Room(READER),
    "GET /accounts": Room(ADMIN, ("/accounts",), telling=False),
    "POST /accounts": Room(ADMIN),
    "GET /accounts/{name}": Room(ADMIN, ("/accounts/reader",), telling=False),
    "POST /accounts/{name}/rights": Room(ADMIN),
    "POST /accounts/{name}/password": Room(ADMIN),
    "POST /accounts/{name}/remove": Room(ADMIN),
    # Search
    "GET /": Room(READER, (*asked("/?q="), *asked("/?sort=newest&q="), "/?f=agencies:机要局&q=")),
    # Items
    "GET /items/{name}": Room(
        READER, ("/items/{item}", "/items/{item}?page=1&q=赤松", f"/items/{DECISION}", f"/items/{NOTICE}")
    ),
    "GET /items/{name}/pages/{number}": Room(READER, ("/items/{item}/pages/1", f"/items/{DECISION}/pages/2")),
    "GET /items/{name}/similar": Room(READER, ("/items/{item}/similar", f"/items/{DECISION}/similar")),
    "POST /items/{name}/undo": Room(ARCHIVIST),
    "GET /items/{name}/correct/{number}": Room(ARCHIVIST, ("/items/{item}/correct/1",)),
    "POST /items/{name}/correct/{number}": Room(ARCHIVIST),
    "GET /items/{name}/download/original": Room(READER, ("/items/{item}/download/original",), telling=False),
    "GET /items/{name}/download/text": Room(
        READER, ("/items/{item}/download/text", f"/items/{DECISION}/download/text")
    ),
    "GET /items/{name}/download/metadata": Room(
        READER, ("/items/{item}/download/metadata", f"/items/{DECISION}/download/metadata")
    ),
    "GET /items/{name}/download/pdf": Room(READER, ("/items/{item}/download/pdf",), telling=False),
    # Campaigns
    "GET /campaigns": Room(READER, ("/campaigns", "/campaigns?q=赤松", "/campaigns?q=创建")),
    "GET /campaigns/{name}": Room(
        READER, ("/campaigns/{campaign}", f"/campaigns/{SECRET_CAMPAIGN}", "/campaigns/{other}")
    ),
    "POST /campaigns/{name}": Room(ARCHIVIST),
    "POST /campaigns/{name}/papers": Room(ARCHIVIST),
    "GET /ink/{item}/{number}/{left},{top},{right},{bottom}": Room(READER, ("/ink/{item}/1/80,80,200,120",)),
    # IIIF
    "GET /iiif/{item}/manifest.json": Room(READER, ("/iiif/{item}/manifest.json", f"/iiif/{DECISION}/manifest.json")),
    "GET /iiif/{item}/search": Room(READER, ("/iiif/{item}/search?q=赤松",)),
    "GET /iiif/{item}/{number:int}/annotations.json": Room(READER, ("/iiif/{item}/1/annotations.json",)),
    "GET /iiif/{item}/{number:int}": Room(READER, ("/iiif/{item}/1",)),
    "GET /iiif/{item}/{number:int}/info.json": Room(READER, ("/iiif/{item}/1/info.json", "/iiif/{item}/7/info.json")),
    "GET /iiif/{item}/{number:int}/{region}/{size}/{rotation}/{quality}.{format}": Room(
        READER,
        ("/iiif/{item}/1/full/!200,200/0/default.jpg", "/iiif/{item}/1/80,80,40,40/max/0/default.png"),
    ),
    # Programs
    "GET /api": Room(READER, ("/api",), telling=False),
    "GET /api/openapi.json": Room(READER, ("/api/openapi.json",), telling=False),
    "GET /api/search": Room(READER, (*asked("/api/search?facets=true&q="), "/api/search?q=科技&f=agencies:机要局")),
    "GET /api/items/{id}": Room(READER, ("/api/items/{item}", f"/api/items/{DECISION}", "/api/items/X1-赤松-1")),
    "GET /api/items/{id}/text": Room(READER, ("/api/items/{item}/text",)),
    "GET /api/items/{id}/similar": Room(READER, ("/api/items/{item}/similar", f"/api/items/{DECISION}/similar")),
    "GET /api/series": Room(READER, ("/api/series?q=聊发 1995",), telling=False),
    "GET /api/campaigns": Room(READER, ("/api/campaigns",)),
    "GET /api/campaigns/{id}": Room(READER, ("/api/campaigns/{campaign}", "/api/campaigns/{other}")),
    "GET /api/review": Room(ARCHIVIST, ("/api/review",)),
    "POST /api/review/{handle}": Room(ARCHIVIST),
    "POST /api/undo/{number}": Room(ARCHIVIST),
    "GET /api/status": Room(ARCHIVIST, ("/api/status",), telling=False),
    "GET /api/failures": Room(ARCHIVIST, ("/api/failures",), telling=False),
    # Review
    "GET /review": Room(ARCHIVIST, ("/review",), telling=False),
    "GET /review/entries": Room(ARCHIVIST, ("/review/entries",)),
    "GET /review/entries/{handle}": Room(ARCHIVIST),
    "POST /review/decide": Room(ARCHIVIST),
    "POST /review/undo": Room(ARCHIVIST),
    # Status
    "GET /status": Room(ARCHIVIST, ("/status",), telling=False),
    "GET /status/now": Room(ARCHIVIST, ("/status/now",), telling=False),
    "GET /status/figures": Room(ARCHIVIST, ("/status/figures",), telling=False),
    "GET /status/boxes": Room(ARCHIVIST, ("/status/boxes",)),
    "GET /status/room": Room(ARCHIVIST, ("/status/room",), telling=False),
    # Ingest
    "GET /ingest": Room(ARCHIVIST, ("/ingest",), telling=False),
    "GET /ingest/now": Room(ARCHIVIST, ("/ingest/now",), telling=False),
    "GET /ingest/kept": Room(ARCHIVIST, ("/ingest/kept",), telling=False),
    "GET /ingest/failures": Room(ARCHIVIST, ("/ingest/failures",), telling=False),
    "GET /ingest/failures/{cause}": Room(ARCHIVIST, ("/ingest/failures/empty",), telling=False),
    "POST /ingest/uploads": Room(ARCHIVIST),
    "HEAD /ingest/uploads/{name}/{path:path}": Room(ARCHIVIST),
    "PUT /ingest/uploads/{name}/{path:path}": Room(ARCHIVIST),
    "POST /ingest/uploads/{name}/take": Room(ARCHIVIST),
    "POST /ingest/uploads/{name}/remove": Room(ARCHIVIST),
    "POST /ingest/boxes": Room(ARCHIVIST),
    "POST /ingest/again": Room(ARCHIVIST),
    "POST /ingest/runs/{name}/stop": Room(ARCHIVIST),
    "GET /ingest/runs/{name}": Room(ARCHIVIST),
}
_IN_PATH = re.compile(r"\{[a-z_]+(:[a-z]+)?\}")


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """The same room with the same people, to which the secret items never came."""
    folder = tmp_path_factory.mktemp("twin") / "archive"
    with Archive(Settings(folder=folder), create=True) as archive:
        for item in (items.decision(), items.notice(NOTICE, source="box 1/notice-a1"), plan()):
            archive.catalog.save_item(with_scans(archive, item), "test")
        archive.update_index()
    with populate(folder) as people:
        yield people


@dataclass(frozen=True)
class Secrets:
    """What stands for the secret item: its campaign, the digest of its scan; and the campaign it shares with others."""

    campaign: str
    other: str
    digest: str

    def call(self, template: str, item: str = SECRET, campaign: str = "") -> str:
        """Return the address that `template` asks for, about the secret item unless another one is said."""
        named = {"item": item, "campaign": campaign or self.campaign, "other": self.other}
        for name, value in named.items():
            template = template.replace("{" + name + "}", value)
        return template

    def told(self, text: str, *, but: str = "") -> list[str]:
        """Return what `text` tells of the secret item, but for what was asked for in the call `but`."""
        plain = html.unescape(unquote(text))
        if "\\u" in text:
            plain += re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)
        known = (SECRET, SIBLING, self.campaign, self.digest, *WORDS)
        return [word for word in known if word in plain and word not in unquote(but)]


@pytest.fixture(scope="module")
def secrets(peopled: People) -> Secrets:
    catalog = peopled.nobody.app.state.rooms.catalog
    (scan,) = [page.scan for page in catalog.item(SECRET).pages]
    return Secrets(catalog.campaign(SECRET_CAMPAIGN).id, catalog.campaign(CAMPAIGN).id, scan.sha256)


def answered(client: TestClient, call: str) -> tuple[int, str, str, dict[str, str]]:
    """Return what is answered to `call`: status, text, the same without what differs between visits, headers."""
    got = client.get(call)
    headers = {name: value for name, value in got.headers.items() if name not in ("date", "etag", "content-length")}
    text = got.content.decode("utf-8", "replace")
    return got.status_code, text, text.replace(csrf(client), "CSRF") if "csrf" in text else text, headers


def calls(least: tuple[str, ...]) -> list[Any]:
    """Return every call of the routes open to `least` as a parameter of a test."""
    return [
        pytest.param(name, room, call, id=f"{name}-{number}")
        for name, room in ROOMS.items()
        if room.least in least and name.startswith("GET")
        for number, call in enumerate(room.calls)
    ]


def test_every_route_is_looked_at(peopled):
    there = set()
    for route in iter_route_contexts(peopled.nobody.app.routes):
        methods = set(route.methods or {"GET"})
        there |= {f"{method} {route.path}" for method in methods - ({"HEAD"} if "GET" in methods else set())}
    assert there - set(ROOMS) == set(), "say in ROOMS who may use them, and what they would tell"
    assert set(ROOMS) - there == set(), "these are gone"


@pytest.mark.parametrize("name", [name for name, room in ROOMS.items() if room.least != "nobody"])
def test_nobody_comes_in_by_any_route(as_nobody, name):
    method, path = name.split(" ", 1)
    for address in (_IN_PATH.sub("1", path), *(ROOMS[name].calls if method == "GET" else ())):
        answer = as_nobody.request(method, address.replace("{", "").replace("}", ""))
        assert answer.status_code in (303, 401)
        assert answer.headers.get("location", "/login").startswith("/login")


@pytest.mark.parametrize("name", [name for name, room in ROOMS.items() if room.least in (ARCHIVIST, ADMIN)])
def test_rights_are_asked_for_before_anything_else(as_reader, as_archivist, secrets, name):
    method, path = name.split(" ", 1)
    addresses = [_IN_PATH.sub(SECRET, path.replace("{number}", "1").replace("{number:int}", "1"))]
    addresses += map(secrets.call, ROOMS[name].calls)
    for client in (as_reader, as_archivist) if ROOMS[name].least == ADMIN else (as_reader,):
        for address in addresses:
            answer = client.request(method, address, headers={"X-CSRF-Token": csrf(client)} if method != "GET" else {})
            assert answer.status_code == 403, address
            assert not secrets.told(answer.text, but=address)


@pytest.mark.parametrize(("name", "room", "call"), calls(("nobody", READER)))
def test_a_reader_is_answered_as_if_it_were_not_there(as_reader, twin, secrets, name, room, call):
    address = secrets.call(call)
    status, text, shown, headers = answered(as_reader, address)
    assert not secrets.told(text, but=address)
    assert not secrets.told(json.dumps(headers, ensure_ascii=False), but=address)
    assert (status, shown, headers) == (lambda found: (found[0], found[2], found[3]))(answered(twin.reader, address))


@pytest.mark.parametrize(("name", "room", "call"), [one for one in calls((READER,)) if "{item}" in str(one.values[2])])
def test_it_cannot_be_told_from_one_that_never_was(as_reader, secrets, name, room, call):
    secret = answered(as_reader, secrets.call(call))
    nowhere = answered(as_reader, secrets.call(call, NOWHERE))
    assert secret[0] == 404
    assert (secret[0], secret[2].replace(SECRET, NOWHERE), secret[3]) == (nowhere[0], nowhere[2], nowhere[3])


@pytest.mark.parametrize("name", [name for name, room in ROOMS.items() if room.calls and room.telling])
def test_an_archivist_is_told(as_archivist, secrets, name):
    answers = [as_archivist.get(call) for call in map(secrets.call, ROOMS[name].calls)]
    assert answers[0].status_code in (200, 303, 307)
    if not answers[0].headers.get("content-type", "").startswith("image/"):
        told = [secrets.told(answer.text + json.dumps(dict(answer.headers))) for answer in answers]
        assert any(told), "the call would tell nobody of the secret item: it tries nothing"
    for answer in answers:
        # Nobody between here and the browser may keep it.
        assert "public" not in answer.headers["cache-control"], answer.request.url


def test_what_bears_a_mark_is_seen_once_a_visit_and_kept_in_the_ledger(peopled, secrets):
    for call in ("/items/{item}", "/iiif/{item}/manifest.json", "/api/items/{item}/text", "/items/{item}"):
        assert peopled.admin.get(secrets.call(call)).status_code == 200
        assert peopled.reader.get(secrets.call(call)).status_code == 404
        assert peopled.admin.get(secrets.call(call, DECISION)).status_code == 200
    events = peopled.nobody.app.state.rooms.catalog.ledger.events(f"item:{SECRET}")
    seen = [one.event.agent for one in events if one.event.detail.get("act") == "viewed"]
    assert seen.count("admin") == 1
    assert "reader" not in seen
    others = peopled.nobody.app.state.rooms.catalog.ledger.events(f"item:{DECISION}")
    assert not [one for one in others if one.event.detail.get("act") == "viewed"]


def test_an_account_with_one_level_more_sees_that_and_no_other(peopled, secrets):
    accounts = peopled.nobody.app.state.rooms.catalog.accounts
    for name, level, status in (("wang", "internal", 404), ("zhao", "top_secret", 200)):
        accounts.add(name, PASSWORD, "reader", (level,), "test")
        client = logged_in(peopled.nobody.app, name)
        assert client.get(secrets.call("/items/{item}")).status_code == status
        assert bool(secrets.told(client.get("/api/search?q=赤松").text, but="赤松")) == (status == 200)


def test_files_of_the_secret_item_are_for_archivists(as_reader, as_archivist, peopled, secrets):
    scan = peopled.nobody.app.state.rooms.store.get(secrets.digest)
    assert as_archivist.get(secrets.call("/items/{item}/download/original")).content == scan
    assert as_archivist.get(secrets.call("/items/{item}/download/pdf")).content.startswith(b"%PDF")
    for kind in ("original", "pdf"):
        assert as_reader.get(secrets.call(f"/items/{{item}}/download/{kind}")).status_code == 404


def test_pictures_of_the_secret_page_are_for_archivists(as_reader, as_archivist, secrets):
    for call in ROOMS["GET /iiif/{item}/{number:int}/{region}/{size}/{rotation}/{quality}.{format}"].calls:
        shown = as_archivist.get(secrets.call(call))
        assert shown.headers["content-type"].startswith("image/")
        hidden = as_reader.get(secrets.call(call))
        assert hidden.headers["content-type"] == "application/json"
