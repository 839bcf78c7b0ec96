"""The door: who is let in, what is kept out, and what every answer carries."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urljoin, urlsplit

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from archivist.web.amiss import local
from tests.web.people import ADDRESS, PASSWORD, PLACE, csrf, logged_in

CARRIED = (
    "content-security-policy", "x-content-type-options", "referrer-policy", "permissions-policy", "cache-control",
    "cross-origin-opener-policy", "cross-origin-resource-policy",
)  # fmt: skip


# One person at this machine


def visit(room: TestClient, host: str, address: str = "127.0.0.1", **headers: str) -> int:
    client = TestClient(room.app, base_url="http://127.0.0.1:8000", client=(address, 5), follow_redirects=False)
    return client.get("/account", headers={"Host": host, **headers}).status_code


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_without_accounts_the_room_is_open_to_whoever_sits_there(room, host, address):
    assert visit(room, host, address) == 200


@pytest.mark.parametrize(
    "host", ["archive.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", "192.0.2.1", "0.0.0.0", "1"]
)
def test_a_page_from_elsewhere_cannot_pass_for_this_machine(room, host):
    assert visit(room, host) == 403


@given(host=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=30))
@settings(max_examples=200, deadline=None)
def test_only_names_of_this_machine_open_the_room(room, host):
    if visit(room, host) == 200:
        name = urlsplit(f"//{host.lower()}").hostname
        assert name in ("localhost", "::1") or name.startswith("127.")


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1", "testclient", ""])
def test_without_accounts_nobody_else_comes_in(room, address):
    assert visit(room, "127.0.0.1", address) == 403


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"])
def test_who_comes_through_a_proxy_does_not_sit_there(room, header):
    assert visit(room, "127.0.0.1", "127.0.0.1", **{header: "1"}) == 403


def test_a_proxy_that_says_nothing_of_itself_does_not_sit_there(room):
    async def handed_on(scope: Any, receive: Any, send: Any) -> None:
        await room.app({**scope, "http_version": "1.0"}, receive, send)

    client = TestClient(handed_on, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 5), follow_redirects=False)
    assert client.get("/account").status_code == 403


def test_nobody_is_asked_to_log_in_where_there_are_no_accounts(room):
    assert room.get("/login", follow_redirects=False).headers["location"] == "/"
    assert room.post("/logout", data={"csrf": csrf(room)}, follow_redirects=False).headers["location"] == "/"


# Those with accounts


def test_who_has_not_logged_in_is_led_to_the_desk_and_back(as_nobody, peopled):
    answer = as_nobody.get("/account?a=1&b=科技")
    assert answer.status_code == 303
    place = answer.headers["location"]
    assert as_nobody.get(place).status_code == 200
    said = {"name": "reader", "password": PASSWORD, "next": "/account?a=1"}
    client = TestClient(peopled.nobody.app, base_url=PLACE, client=(ADDRESS, 5), follow_redirects=False)
    answer = client.post("/login", data=said)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?a=1")
    assert client.get("/login?next=/account").headers["location"] == "/account"


def test_programs_are_told_to_say_who_they_are(as_nobody):
    for call in ("/api/search?q=x", "/iiif/5f0c1d/manifest.json"):
        answer = as_nobody.get(call)
        assert (answer.status_code, set(answer.json())) == (401, {"detail"})
    script = as_nobody.get("/account", headers={"Accept": "application/json"})
    assert script.status_code == 401
    piece = as_nobody.get("/account", headers={"HX-Request": "true", "HX-Current-URL": f"{PLACE}/campaigns?x=1"})
    assert (piece.status_code, piece.headers["hx-redirect"]) == (401, "/login?next=/campaigns%3Fx%3D1")
    nowhere = as_nobody.get("/account", headers={"HX-Request": "true", "HX-Current-URL": "http://["})
    assert (nowhere.status_code, nowhere.headers["hx-redirect"]) == (401, "/login")


def test_a_room_without_a_lock_of_its_own_is_shut_all_the_same(as_nobody):
    assert as_nobody.get("/api/openapi.json").status_code == 401
    assert as_nobody.get("/there/is/nothing").status_code == 303
    assert as_nobody.get("/health").status_code == 200
    assert as_nobody.get("/static/room.css").status_code == 200
    assert as_nobody.get("/healthy").status_code == 303
    assert as_nobody.get("/loginx").status_code == 303
    assert as_nobody.get("/api/sessions").status_code == 401


def test_the_cookie_is_for_this_room_only(peopled):
    app = peopled.nobody.app
    said = {"name": "reader", "password": PASSWORD}
    plain = TestClient(app, base_url=PLACE, client=(ADDRESS, 5), follow_redirects=False).post("/login", data=said)
    cookie = plain.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "path=/" in cookie
    assert "secure" not in cookie and "domain" not in cookie and "expires" not in cookie
    safe = TestClient(app, base_url=PLACE.replace("http:", "https:"), client=(ADDRESS, 5), follow_redirects=False)
    answer = safe.post("/login", data=said)
    assert answer.headers["set-cookie"].startswith("__Host-archivist-")
    assert "; secure" in answer.headers["set-cookie"].lower()
    assert "max-age=" in answer.headers["strict-transport-security"]
    assert safe.get("/account").status_code == 200


def test_who_logs_in_at_a_machine_where_somebody_was_in_takes_their_place(peopled):
    client = logged_in(peopled.nobody.app, "reader")
    (before,) = client.cookies.values()
    assert client.post("/login", data={"name": "archivist", "password": PASSWORD}).status_code == 303
    assert "archivist" in client.get("/account").text
    assert peopled.nobody.app.state.rooms.catalog.accounts.visit(before) is None


def test_a_session_ends_when_somebody_logs_out(peopled):
    client = logged_in(peopled.nobody.app, "reader")
    shown = dict(client.cookies)
    answer = client.post("/logout", data={"csrf": csrf(client)})
    assert answer.headers["location"] == "/login"
    assert answer.headers["clear-site-data"]
    client.cookies.update(shown)
    assert client.get("/account").status_code == 303


def test_wrong_passwords_are_answered_alike_and_then_not_at_all(peopled):
    client = TestClient(peopled.nobody.app, base_url=PLACE, client=("192.0.2.99", 5), follow_redirects=False)
    for name in ("nobody", "admin"):
        answer = client.post("/login", data={"name": name, "password": "wrong password"})
        assert answer.status_code == 401
        assert "The name or the password is wrong." in answer.text or "用户名或密码" in answer.text
        assert "wrong password" not in answer.text
    with peopled.nobody.app.state.rooms.catalog._database.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE guesses SET locked_until = '2999-01-01T00:00:00+00:00' WHERE \"by\" LIKE '%99'"
        )
    answer = client.post("/login", data={"name": "admin", "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    answer = client.post("/api/session", json={"name": "admin", "password": PASSWORD})
    assert answer.status_code == 429


def test_a_program_logs_in_by_a_token(peopled, as_nobody):
    answer = as_nobody.post("/api/session", json={"name": "Reader", "password": PASSWORD})
    assert answer.status_code == 201
    said = answer.json()
    assert (said["name"], said["role"]) == ("reader", "reader")
    shown = {"Authorization": f"Bearer {said['token']}"}
    assert as_nobody.get("/account", headers=shown).status_code == 200
    # No page can make a browser send this header, so that nothing else is asked for.
    assert as_nobody.delete("/api/session", headers=shown).status_code == 204
    assert as_nobody.get("/account", headers=shown).status_code == 303
    assert as_nobody.delete("/api/session", headers=shown).status_code == 401


def test_what_cannot_be_understood_is_not_said_again(as_nobody):
    answer = as_nobody.post("/api/session", json={"name": "reader", "password": ["my secret words"]})
    assert answer.status_code == 422
    assert "secret words" not in answer.text
    assert as_nobody.post("/login", data={"name": "reader"}).status_code == 422


# Forged forms


def ending_elsewhere(client: TestClient, token: str | None, **headers: str) -> int:
    data = {} if token is None else {"csrf": token}
    return client.post("/account/elsewhere", data=data, headers=headers).status_code


def test_a_form_proves_that_it_comes_from_this_room(as_reader, as_archivist):
    token = csrf(as_reader)
    assert ending_elsewhere(as_reader, token) == 303
    assert ending_elsewhere(as_reader, token, Origin=PLACE) == 303
    assert ending_elsewhere(as_reader, token, **{"Sec-Fetch-Site": "same-origin"}) == 303
    assert ending_elsewhere(as_reader, None) == 403
    assert ending_elsewhere(as_reader, "") == 403
    assert ending_elsewhere(as_reader, "密") == 403
    assert ending_elsewhere(as_reader, csrf(as_archivist)) == 403


@pytest.mark.parametrize(
    "origin", ["null", "http://evil.example", "https://archive.example", "http://archive.example:81", "http://[", ""]
)
def test_a_form_from_elsewhere_is_refused_even_with_the_token(as_reader, origin):
    assert ending_elsewhere(as_reader, csrf(as_reader), Origin=origin) == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_a_form_that_the_browser_calls_foreign_is_refused(as_reader, as_nobody, site):
    assert ending_elsewhere(as_reader, csrf(as_reader), **{"Sec-Fetch-Site": site}) == 403
    said = {"name": "reader", "password": PASSWORD}
    assert as_nobody.post("/login", data=said, headers={"Sec-Fetch-Site": site}).status_code == 403


def test_the_token_comes_in_a_header_or_in_a_form_with_files_as_well(as_reader):
    token = csrf(as_reader)
    call = "/account/elsewhere"
    assert as_reader.post(call, headers={"X-CSRF-Token": token}).status_code == 303
    assert as_reader.post(call, headers={"X-CSRF-Token": "other"}, data={"csrf": token}).status_code == 403
    assert as_reader.post(call, data={"csrf": token}, files={"one": b"1"}).status_code == 303
    assert as_reader.post(call, files={"csrf": token.encode()}).status_code == 403
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    assert as_reader.post(call, content=b"--y\r\n", headers=broken).status_code == 403
    assert as_reader.post(call, json={"csrf": token}).status_code == 403
    # What is looked for in it reaches the room unharmed.
    said = {"csrf": token, "old": "wrong old password", "new": "a new password", "again": "another password"}
    assert as_reader.post("/account/password", data=said).status_code == 400


def test_the_one_person_is_protected_from_other_pages_too(room):
    assert room.post("/account/elsewhere", follow_redirects=False).status_code == 403
    sent = room.post("/account/elsewhere", data={"csrf": csrf(room)}, follow_redirects=False)
    assert sent.status_code == 303
    guessed = {"Authorization": "Bearer guessed"}
    assert room.post("/account/elsewhere", headers=guessed, follow_redirects=False).status_code == 403
    foreign = {"Origin": "http://localhost.evil.example"}
    assert room.post("/account/elsewhere", data={"csrf": csrf(room)}, headers=foreign).status_code == 403


def test_more_than_a_form_is_not_taken(as_nobody, as_reader):
    assert as_nobody.post("/login", data={"name": "x" * 20_000, "password": "y"}).status_code == 413
    pieces = (b"x" * 10_000 for _ in range(200))
    answer = as_reader.post("/account/elsewhere", content=pieces, headers={"X-CSRF-Token": csrf(as_reader)})
    assert answer.status_code == 413
    scans = as_reader.put("/ingest/uploads/x/y", content=b"x" * 2_000_000, headers={"X-CSRF-Token": csrf(as_reader)})
    assert scans.status_code == 413


def test_half_a_form_is_none(as_reader):
    cookies = "; ".join(f"{name}={value}" for name, value in as_reader.cookies.items())
    said = {
        "host": urlsplit(PLACE).netloc, "cookie": cookies, "x-csrf-token": csrf(as_reader),
        "content-type": "application/x-www-form-urlencoded",
    }  # fmt: skip
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/account/elsewhere", "raw_path": b"/account/elsewhere", "query_string": b"", "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in said.items()], "client": (ADDRESS, 5),
        "server": ("archive.example", 80), "state": {},
    }  # fmt: skip
    whole = {"type": "http.request", "body": b"reason=all+of+it"}
    for messages, answers in (([{**whole, "more_body": True}, {"type": "http.disconnect"}], 0), ([whole], 1)):
        sent: list[Any] = []

        async def receive(messages: list[Any] = messages) -> Any:
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message: Any, sent: list[Any] = sent) -> None:
            sent.append(message)

        # In a thread of its own: a browser of other tests may keep a loop in this one.
        with ThreadPoolExecutor(1) as apart:
            apart.submit(anyio.run, as_reader.app, dict(scope), receive, send).result()
        assert [one["status"] for one in sent if "status" in one] == [303] * answers


def test_an_address_longer_than_any_is_refused(as_reader):
    for address in (f"/iiif/5f0c1d/{'9' * 5000}/info.json", f"/items/{'x' * 5000}"):
        assert as_reader.get(address).status_code == 414


# What every answer carries


def test_every_answer_carries_what_protects_it(room, as_reader, as_nobody):
    answers = [
        as_reader.get("/account"), as_reader.get("/accounts"), as_reader.get("/nothing"), as_nobody.get("/account"),
        as_nobody.get("/api/search"), as_nobody.get("/static/room.css"), as_nobody.get("/static/none.css"),
        as_nobody.post("/login", data={"name": "x" * 20_000}), as_reader.post("/logout"), room.delete("/account"),
        room.get("/account", headers={"Host": "["}), room.get("/account", headers={"Host": "evil.example"}),
    ]  # fmt: skip
    for answer in answers:
        missing = [name for name in CARRIED if name not in answer.headers]
        assert not missing, f"{answer.request.method} {answer.request.url}: {missing}"
        assert "strict-transport-security" not in answer.headers


def test_what_the_program_does_wrong_is_told_without_its_reasons(own_room):
    @own_room.app.get("/break")
    def breaking() -> None:
        raise RuntimeError("the very reason")

    quiet = TestClient(
        own_room.app, base_url="http://127.0.0.1", client=("127.0.0.1", 5), raise_server_exceptions=False
    )
    answer = quiet.get("/break")
    assert answer.status_code == 500
    assert "reason" not in answer.text
    assert not [name for name in CARRIED if name not in answer.headers]
    # Whoever keeps the server is told.
    with pytest.raises(RuntimeError):
        own_room.get("/break")


def test_pages_are_not_kept_and_what_never_changes_is(room):
    assert room.get("/account").headers["cache-control"] == "no-store"
    style = room.get("/static/room.css")
    assert style.headers["cache-control"] == "no-cache"
    assert room.get("/static/room.css", headers={"If-None-Match": style.headers["etag"]}).status_code == 304
    assert "immutable" in room.get("/static/room.css?v=1").headers["cache-control"]
    # It may come with the next version.
    assert room.get("/static/none.css?v=1").headers["cache-control"] == "no-cache"


# Where somebody is led


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_language_is_kept_and_the_visitor_stays_where_they_are(peopled, language):
    client = TestClient(peopled.nobody.app, base_url=PLACE, client=(ADDRESS, 5), follow_redirects=False)
    answer = client.get(f"/language/{language}?next=/login%3Fnext%3D/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/account")
    assert f'lang="{language}' in client.get("/login").text
    assert client.get("/language/xx").status_code == 422


ELSEWHERE = [
    "http://evil.example",
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
    "javascript:alert(1)", "", "evil.example", "/%0d%0aX: y\r\n", "/..//evil.example", "/.//evil.example", "/a\udcff",
]  # fmt: skip


@pytest.mark.parametrize("next", ELSEWHERE)
def test_nobody_is_led_elsewhere(next):
    assert local(next) == "/"


@pytest.mark.parametrize("next", ["/", "/items/5f0c1d?page=2&q=科技#ink", "/campaigns/a%2Fb", "/?q=http://x/"])
def test_paths_of_this_room_are_followed(next):
    assert local(next) == next


@given(st.text(st.sampled_from("/\\.:@?#%a\t\n\r\x00 e") | st.characters(), max_size=12))
def test_whatever_is_asked_for_one_stays_in_this_room(next):
    here = f"{PLACE}/login"
    assert urljoin(here, local(next)).startswith(f"{PLACE}/")
    assert urlsplit(local("/" + next)).netloc == ""
