"""The dashboard: what needs a person, what went well, and how much there is of what."""

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from archivist.archive import Archive
from archivist.events import ARCHIVE, Event
from archivist.incoming import Incoming
from archivist.model import Failure
from archivist.settings import load
from tests.web.people import entered
from tests.web.rooms import furnish

HEADERS = {"Accept-Language": "en"}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, pytest.MonkeyPatch]:
    return furnish(tmp_path / "archive"), monkeypatch


def seen(folder: Path, url: str = "/status") -> str:
    with entered(folder) as client:
        return shown(client, url)


def shown(client: TestClient, url: str = "/status") -> str:
    answer = client.get(url, headers=HEADERS)
    assert answer.status_code == 200, url
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_what_needs_a_person_comes_first_and_the_urgent_before_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHIVIST_BOXES", str(tmp_path / "unmounted"))
    folder = furnish(tmp_path / "archive")
    with Archive(load(folder)) as archive:
        archive.catalog.record_failure(Failure("/box/p1.jpg", 0, "open", "truncated", "it breaks off"))
        Incoming(folder).begin("王敏")
        with pytest.raises(KeyboardInterrupt), archive.catalog.runs.hold("ingest", "/box", "王敏") as run:
            run.report(3, 10, 3, 0)
            raise KeyboardInterrupt
        waiting = archive.catalog.counts().waiting
    text = seen(folder)
    needs = text.partition("What needs you")[2].partition("What went on")[0]
    said = [
        "the last ingest did not come to its end (stopped)", "1 scan failed: truncated 1", "1 upload is not taken in",
        "unmounted is not there", f"{waiting} values and beginnings wait for a look", "no good backup", "not verified",
    ]  # fmt: skip
    assert [needs.find(words) for words in said] == sorted(needs.find(words) for words in said) and needs.find(
        said[0]
    ) > 0
    assert "3 of 10 pages" in text and "In the last 24 hours: 1 ingest, 3 pages read, 0 failed" in text


def test_where_nothing_is_wrong_it_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    with Archive(load(folder), create=True) as archive:
        for type in ("fixity check", "replication"):
            archive.catalog.ledger.add([Event(type, ARCHIVE, {})])
        with archive.catalog.runs.hold("ingest", "/box", "王敏") as run:
            run.report(10, 10, 10, 0)
    text = seen(folder)
    assert "Nothing. All that came was read, and nothing waits." in text
    assert "The last run came to its end, and nothing failed in it." in text
    assert "all was sound" in text and "complete" in text and "less than a minute ago" in text


def test_damage_that_was_found_is_urgent_and_an_old_backup_worth_a_look(tmp_path: Path) -> None:
    folder = furnish(tmp_path / "archive")
    with Archive(load(folder)) as archive:
        archive.catalog.ledger.add([Event("fixity check", ARCHIVE, {}, "failure")])
        archive.catalog.ledger.add([Event("replication", ARCHIVE, {}, "warning")])
    text = seen(folder)
    assert "Urgent: the last verification found damage" in text
    assert "no good backup was made lately" in text and "with losses" in text


def test_a_run_under_way_is_followed(tmp_path: Path) -> None:
    folder = furnish(tmp_path / "archive")
    with entered(folder) as client:
        assert "every 15s" in client.get("/status/now").text
        archive: Archive = client.app.state.rooms  # type: ignore[attr-defined]
        with archive.catalog.runs.hold("ingest", "/box", "王敏") as run:
            run.report(3, 12, 2, 1)
            answer = client.get("/status/now", headers=HEADERS)
            assert "every 2s" in answer.text and 'max="12" value="3"' in answer.text
            assert "3 of 12 pages" in answer.text and "王敏" in answer.text and "<html" not in answer.text


def test_its_parts_are_pages_of_their_own_where_no_script_asks_for_them(room: TestClient) -> None:
    for part, words in (("figures", "By agency"), ("boxes", "box 1"), ("room", "originals")):
        answer = room.get(f"/status/{part}", headers=HEADERS)
        assert words in answer.text and "<html" in answer.text
        assert "<html" not in room.get(f"/status/{part}", headers=HEADERS | {"HX-Request": "true"}).text


def test_boxes_have_pages_and_no_start_leads_nowhere(tmp_path: Path) -> None:
    folder = furnish(tmp_path / "archive")
    with Archive(load(folder)) as archive:
        for number in range(60):
            archive.catalog.record_failure(Failure(f"/box {number:02d}/p1.jpg", 0, "open", "empty", "no bytes"))
    with entered(folder) as client:
        first, last, beyond = (shown(client, f"/status/boxes?start={start}") for start in (0, 50, 9999))
        assert "/box 00" in first and "/box 24" in first and "/box 25" not in first and "1–25" in first
        assert "/box 59" in last and "box 1 " in last
        assert beyond.count("/box") <= 1
        assert client.get("/status/boxes?start=-5").status_code == 200


def test_years_agencies_and_confidence_are_drawn(room: TestClient) -> None:
    text = shown(room, "/status/figures")
    assert "1995" in text and "聊城市科学技术委员会" in text and "0.98+" in text
    assert 'href="/?f=year%3A1995"' in room.get("/status/figures", headers=HEADERS).text
