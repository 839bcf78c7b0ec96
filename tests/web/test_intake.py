"""Scans come in from the browser: uploads, folders of the server, runs that go on by themselves, failures mended."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from starlette.testclient import TestClient

from archivist.archive import Archive
from archivist.incoming import Incoming
from archivist.model import Failure
from archivist.started import Starter
from tests.boxes import put, scan
from tests.web.people import csrf, entered
from tests.web.rooms import furnish

_PATIENCE = 90.0


class Desk:
    """The one person at this machine, and the archive behind the room."""

    def __init__(self, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.client = client
        client.headers["Accept-Language"] = "en"
        self.archive: Archive = client.app.state.rooms  # type: ignore[attr-defined]
        self.token = {"X-CSRF-Token": csrf(client)}

    def post(self, url: str, data: dict[str, Any] | None = None) -> Any:
        return self.client.post(url, data=data or {}, headers=self.token | {"HX-Request": "true"})

    def upload(self, **scans: bytes) -> str:
        """Send scans (p1=…) as p1.jpg and return the name of the upload."""
        name: str = self.post("/ingest/uploads").json()["name"]
        for scan_name, data in scans.items():
            self.put(name, f"{scan_name}.jpg", data)
        return name

    def put(self, upload: str, path: str, data: bytes) -> Any:
        return self.client.put(f"/ingest/uploads/{upload}/{path}", content=data, headers=self.token)

    def folder(self, upload: str) -> Path:
        return Incoming(self.archive.settings.folder).upload(upload).folder

    def until(self, holds: Callable[[], object]) -> None:
        end = monotonic() + _PATIENCE
        while not holds():
            assert monotonic() < end, [
                Starter(self.archive).log(one.record.name) for one in Starter(self.archive).runs()
            ]
            sleep(0.05)

    def until_over(self) -> None:
        self.until(lambda: all(one.stage == "over" for one in Starter(self.archive).runs()))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("ARCHIVIST_BOXES", f"{tmp_path / 'boxes'}:{tmp_path / 'unmounted'}")
    monkeypatch.setenv("ARCHIVIST_WORKERS", "1")
    (tmp_path / "boxes").mkdir()
    with entered(furnish(tmp_path / "archive")) as client:
        one = Desk(client, monkeypatch)
        yield one
        for started in Starter(one.archive).runs():
            if started.stage != "over":
                Starter(one.archive).stop(started.record.name)
        one.until_over()


def test_what_is_uploaded_is_taken_in_by_a_run_of_its_own_and_failures_are_told(desk: Desk) -> None:
    name = desk.upload(p1=b"", p2=b"no picture")
    assert "not taken in yet" in desk.client.get("/ingest").text
    answer = desk.post(f"/ingest/uploads/{name}/take")
    assert answer.status_code == 200 and 'id="now"' in answer.text and answer.headers["HX-Trigger"] == "changed"
    desk.until_over()
    (one,) = Starter(desk.archive).runs()
    assert one.run and (one.run.outcome, one.run.read, one.run.failed) == ("done", 0, 2)
    assert one.run.who == one.record.who != ""
    shown = desk.client.get("/ingest/failures").text
    assert "empty" in shown and "wrong type" in shown and "p2.jpg" in shown and f"upload {name}" in shown
    assert "2 failed" in desk.client.get("/ingest/kept").text
    assert "done, with failures" in desk.client.get("/ingest/now").text
    assert "FAILED" in desk.client.get(f"/ingest/runs/{one.record.name}").text
    refused = desk.post(f"/ingest/uploads/{name}/remove")
    assert "nowhere else" in refused.text and desk.folder(name).is_dir()


def test_an_upload_goes_when_its_very_bytes_are_among_the_originals(desk: Desk) -> None:
    name = desk.upload(p1=scan(5), p2=scan(6))
    assert "not taken in yet" in desk.post(f"/ingest/uploads/{name}/remove").text
    for data in (scan(5), scan(6)):
        digest = desk.archive.store.put(data)
        desk.archive.catalog.save_scan(digest, "p.jpg", len(data), "image/jpeg", 1, "elsewhere")
    desk.put(name, "p2.jpg", scan(7))
    assert "p2.jpg" in desk.post(f"/ingest/uploads/{name}/remove").text, "another scan came in its place"
    desk.put(name, "p2.jpg", scan(6))
    assert "alert" not in desk.post(f"/ingest/uploads/{name}/remove").text
    assert Incoming(desk.archive.settings.folder).uploads() == []


def test_a_run_waits_for_its_turn_and_may_be_kept_from_beginning(desk: Desk) -> None:
    name = desk.upload(p1=scan(5))
    with desk.archive.catalog.runs.hold("reindex", "", "somebody else"):
        for _twice in range(2):
            desk.post(f"/ingest/uploads/{name}/take")
        desk.until(lambda: "archivist reindex" in desk.client.get("/ingest/now").text)
        (one,) = Starter(desk.archive).runs()
        assert one.stage == "waiting"
        shown = desk.client.get("/ingest/now").text
        assert "Waiting for their turn" in shown and name in shown and "every 2s" in shown
        assert "being taken in" in desk.post(f"/ingest/uploads/{name}/remove").text
        record = desk.archive.settings.folder / "incoming" / "runs" / f"{one.record.name}.json"
        with subprocess.Popen(["sleep", "60"], start_new_session=True) as other:
            # The number of the run is that of another process by now.
            record.write_text(json.dumps(asdict(one.record) | {"pid": other.pid}))
            assert "cannot be found" in desk.post(f"/ingest/runs/{one.record.name}/stop").text
            assert other.poll() is None
            other.kill()
        record.write_text(json.dumps(asdict(one.record)))
        desk.post(f"/ingest/runs/{one.record.name}/stop")
        desk.until_over()
    (one,) = Starter(desk.archive).runs()
    assert one.run is None and one.asked
    assert "stopped" in desk.client.get("/ingest/now").text
    assert "over" in desk.post(f"/ingest/runs/{one.record.name}/stop").text, "a number may be that of another process"


def test_nothing_goes_of_which_a_part_is_read_again(desk: Desk) -> None:
    name = desk.post("/ingest/uploads").json()["name"]
    desk.put(name, "58/p1.jpg", scan(5))
    with desk.archive.catalog.runs.hold("reindex", "", "somebody else"):
        record = Starter(desk.archive).start([desk.folder(name) / "58"], "王敏", "en")
        refused = desk.post(f"/ingest/uploads/{name}/remove", {"anyway": "true"})
        assert "being taken in" in refused.text and desk.folder(name).is_dir()
        assert "waits for its turn" in desk.client.get("/ingest/kept").text
        desk.until(lambda: Starter(desk.archive).run(record.name).stage == "waiting")
        desk.post(f"/ingest/runs/{record.name}/stop")
        desk.until_over()
    assert "not taken in yet" in desk.client.get("/ingest/kept").text


def test_an_upload_can_be_removed_without_scripts(desk: Desk) -> None:
    name, form = desk.upload(p1=b"no picture"), {"csrf": desk.token["X-CSRF-Token"], "anyway": "true"}
    answer = desk.client.post(f"/ingest/uploads/{name}/remove", data=form, follow_redirects=False)
    assert (answer.status_code, Incoming(desk.archive.settings.folder).uploads()) == (303, [])


def test_a_run_that_cannot_begin_says_why(desk: Desk) -> None:
    name = desk.upload(p1=scan(5))
    (desk.archive.settings.folder / "archivist.toml").write_text("workers = 'many'\n")
    desk.monkeypatch.delenv("ARCHIVIST_WORKERS")
    desk.post(f"/ingest/uploads/{name}/take")
    desk.until_over()
    shown = desk.client.get("/ingest/now").text
    assert "did not begin" in shown and "“workers”" in shown


def test_a_file_comes_in_pieces_and_what_is_here_is_not_sent_again(desk: Desk) -> None:
    name, data = desk.upload(), scan(7)

    def slowly() -> Iterator[bytes]:
        yield from (data[start : start + 999] for start in range(0, len(data), 999))

    url = f"/ingest/uploads/{name}/{'箱%201'}/58%23%3F/p1.jpg"
    assert "X-Size" not in desk.client.head(url).headers
    assert desk.client.put(url, content=slowly(), headers=desk.token).status_code == 204
    assert desk.client.head(url).headers["X-Size"] == str(len(data))
    assert (desk.folder(name) / "箱 1" / "58#?" / "p1.jpg").read_bytes() == data
    summary = Incoming(desk.archive.settings.folder).upload(name).summary()
    assert (summary.files, summary.size) == (1, len(data)) and summary.who


@pytest.mark.parametrize(
    ("path", "status"), [("letter.docx", 400), (".hidden/p1.jpg", 400), ("%2e%2e%2f%2e%2e%2fp1.jpg", 400)]
)
def test_what_is_nothing_to_take_in_is_refused_in_words(desk: Desk, path: str, status: int) -> None:
    name = desk.upload()
    answer = desk.put(name, path, b"x")
    assert answer.status_code == status and answer.json()["detail"]
    assert list(Incoming(desk.archive.settings.folder).upload(name).files()) == []
    assert desk.put("2026-01-01-00000000", "p1.jpg", b"x").status_code == 404
    assert desk.put("..%2f..", "p1.jpg", b"x").status_code == 404


def test_an_upload_that_nobody_needs_is_removed_with_its_failures(desk: Desk) -> None:
    name = desk.upload(p1=b"no picture")
    source = (desk.folder(name) / "p1.jpg").as_posix()
    desk.archive.catalog.record_failure(Failure(source, 0, "ingest", "wrong type", "this is no picture"))
    assert "wrong type" in desk.client.get("/ingest").text
    assert "alert" in desk.post(f"/ingest/uploads/{name}/remove").text
    desk.post(f"/ingest/uploads/{name}/remove", {"anyway": "true"})
    assert desk.archive.catalog.failures() == [] and Incoming(desk.archive.settings.folder).uploads() == []


def test_folders_of_the_server_are_looked_through_and_never_left(desk: Desk, tmp_path: Path) -> None:
    put(tmp_path / "boxes" / "box 1" / "58", p1=scan(5), p2=scan(6))
    put(tmp_path / "secret", p1=scan(8))
    (tmp_path / "boxes" / "out").symlink_to(tmp_path / "secret")
    shown = desk.client.get("/ingest").text
    assert str(tmp_path / "boxes") in shown and "not there" in shown
    inside = desk.client.get("/ingest", params={"box": 0, "at": "box 1"}).text
    assert "at=box%201/58" in inside
    assert "2 scans lie here" in desk.client.get("/ingest", params={"box": 0, "at": "box 1/58"}).text
    assert ">out<" not in desk.client.get("/ingest", params={"box": 0}).text
    for at in ("out", "../secret", "box 1/../../secret", "/etc", "box 9", "a\0b"):
        for answer in (
            desk.client.get("/ingest", params={"box": 0, "at": at}),
            desk.post("/ingest/boxes", {"box": "0", "at": at}),
        ):
            assert answer.status_code == 404, at
    assert desk.post("/ingest/boxes", {"box": "2"}).status_code == 404
    assert Starter(desk.archive).runs() == []


def test_a_folder_of_the_server_is_taken_in_and_the_room_may_be_closed_meanwhile(desk: Desk, tmp_path: Path) -> None:
    put(tmp_path / "boxes" / "box 1" / "58", p1=b"no picture", p2=b"")
    with desk.archive.catalog.runs.hold("reindex", "", "somebody else"):
        answer = desk.client.post(
            "/ingest/boxes", data={"box": "0", "at": "box 1"}, headers=desk.token, follow_redirects=False
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/ingest?box=0&at=box%201")
    with entered(desk.archive.settings.folder) as another:
        # What another process served is known to this one.
        other = Desk(another, desk.monkeypatch)
        other.until_over()
        (one,) = Starter(other.archive).runs()
        assert one.run and (one.run.outcome, one.run.failed) == ("done", 2)
        assert {failure.source for failure, _at in other.archive.catalog.failures()} == {
            (tmp_path / "boxes" / "box 1" / "58" / name).as_posix() for name in ("p1.jpg", "p2.jpg")
        }


def test_what_failed_elsewhere_than_here_is_not_reached_into(desk: Desk, tmp_path: Path) -> None:
    put(tmp_path / "elsewhere", p1=b"no picture", p2=scan(5))
    source = (tmp_path / "elsewhere" / "p1.jpg").as_posix()
    desk.archive.catalog.record_failure(Failure(source, 0, "ingest", "wrong type", "this is no picture"))
    assert "at the command line" in desk.client.get("/ingest").text
    for sent in ({"source": source}, {"cause": "wrong type"}, {"source": "/etc/passwd"}, {}):
        assert "can be reached" in desk.post("/ingest/again", sent).text
    assert Starter(desk.archive).runs() == []


def test_many_failures_are_shown_by_cause_so_many_at_a_time(desk: Desk) -> None:
    for number in range(130):
        desk.archive.catalog.record_failure(Failure(f"/box/p{number}.jpg", 0, "open", "truncated", "it breaks off"))
    shown = desk.client.get("/ingest").text
    assert shown.count("it breaks off") == 5 and "All 130" in shown
    first, second = (desk.client.get(f"/ingest/failures/truncated?start={start}").text for start in (0, 100))
    assert (first.count("it breaks off"), second.count("it breaks off")) == (100, 30)
    assert "start=100" in first and "More" not in second
    assert "it breaks off" not in desk.client.get(f"/ingest/failures/truncated?start={10**20}").text
