"""What people upload: names made safe, files whole or not at all, nothing removed that is nowhere else."""

import os
from pathlib import Path
from unicodedata import category, normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archivist import incoming
from archivist.again import Roots, shortest
from archivist.errors import NotFound, OversizedScan, WrongCall
from archivist.incoming import Incoming, NoRoom, Upload, not_kept
from archivist.settings import load
from tests.boxes import put, scan
from tests.intake import Intake


@pytest.fixture
def upload(tmp_path: Path) -> Upload:
    return Incoming(tmp_path).begin("王敏")


def send(upload: Upload, said: str, data: bytes = b"scan") -> Path:
    coming = upload.receive(said, len(data))
    coming.write(data)
    coming.close()
    return upload.kept(said)


@given(st.text(max_size=60).map(lambda name: f"{name}.jpg"))
@settings(deadline=None, max_examples=150)
def test_whatever_a_scan_is_called_it_lies_in_its_upload(tmp_path_factory: pytest.TempPathFactory, said: str) -> None:
    upload = Upload("2026-01-01-00000000", tmp_path_factory.getbasetemp() / "any")
    try:
        place = upload.kept(said)
    except WrongCall:
        assert ".." in said or "." in {part[:1] for part in said.replace("\\", "/").split("/")}
        return
    assert upload.folder in place.parents
    assert ".." not in place.parts and len(place.name.encode()) < 255
    assert not {category(char) for char in place.name} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert place.suffix == ".jpg"


@pytest.mark.parametrize(
    "said", ["../p1.jpg", "a/../../p1.jpg", ".hidden.jpg", "a/.git/p1.jpg", "", "/", "notes.docx", "p1"]
)
def test_what_is_no_scan_or_leads_elsewhere_is_refused(upload: Upload, said: str) -> None:
    with pytest.raises(WrongCall):
        upload.kept(said)


def test_an_absolute_path_becomes_one_in_the_upload(upload: Upload) -> None:
    assert upload.kept("/etc/p1.jpg") == upload.folder / "etc" / "p1.jpg"
    assert upload.kept("box\\58\\p1.jpg") == upload.folder / "box" / "58" / "p1.jpg"


def test_names_that_some_disks_take_for_the_same_are_kept_apart_and_found_again(upload: Upload) -> None:
    composed, apart = normalize("NFC", "é1.jpg"), normalize("NFD", "é1.jpg")
    names = ["P1.jpg", "p1.jpg", composed, apart, "Box/p1.jpg", "box/p1.jpg"]
    places = {name: send(upload, name, name.encode()) for name in names}
    assert len({normalize("NFC", str(place).casefold()) for place in places.values()}) == len(names)
    for name in names:
        assert upload.kept(name) == places[name] and places[name].read_bytes() == name.encode()
    assert places["p1.jpg"].stem.endswith("1"), "the number of the page stays at the end"


def test_a_name_too_long_is_cut_where_the_page_is_not_told(upload: Upload) -> None:
    long = [send(upload, f"{'关于' * 60}-{number}.jpg") for number in (1, 2)]
    assert [place.stem[-1] for place in long] == ["1", "2"], "pages are told apart, and put in order, by the end"
    assert all(len(os.fsencode(place.name)) < 255 for place in long)


def test_a_file_is_there_whole_or_not_at_all(upload: Upload) -> None:
    coming = upload.receive("p1.jpg", 10)
    coming.write(b"12345")
    assert upload.size("p1.jpg") is None and list(upload.files()) == []
    with pytest.raises(WrongCall, match="5 bytes of 10"):
        coming.close()
    assert upload.size("p1.jpg") is None
    broken = upload.receive("p1.jpg", 10)
    broken.write(b"123")
    broken.close(ConnectionError())
    assert [path.name for path in upload.folder.iterdir()] == [".upload.json"]
    send(upload, "p1.jpg", b"1234567890")
    assert upload.size("p1.jpg") == 10


def test_what_is_larger_than_any_scan_is_refused_before_and_while_it_comes(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OversizedScan):
        upload.receive("p1.jpg", 3 << 30)
    monkeypatch.setattr(incoming, "MOST_BYTES", 10)
    coming = upload.receive("p1.jpg", None)
    with pytest.raises(OversizedScan):
        coming.write(b"12345678901")
    coming.close(OversizedScan())
    assert upload.size("p1.jpg") is None


def test_the_last_room_on_the_disk_is_not_taken(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "_SPARE", 1 << 62)
    with pytest.raises(NoRoom, match="make room"):
        upload.receive("p1.jpg", 5)


def test_where_nothing_can_be_kept_no_upload_begins(tmp_path: Path) -> None:
    (tmp_path / "incoming").write_bytes(b"in the way")
    with pytest.raises(NoRoom, match="could not be kept"):
        Incoming(tmp_path).begin("王敏")


def test_nor_by_what_comes_without_a_word_of_its_size(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    coming = upload.receive("p1.jpg", None)
    monkeypatch.setattr(incoming, "_SPARE", 1 << 62)
    with pytest.raises(NoRoom, match="make room") as refused:
        coming.write(b"12345")
    coming.close(refused.value)
    assert list(upload.files()) == []


@pytest.mark.parametrize("said", [f"{'卷宗' * 30}/" * 30 + "p1.jpg", "p1.jpg/p2.jpg", "box.tif"])
def test_what_no_disk_takes_is_refused_in_words(upload: Upload, said: str) -> None:
    send(upload, "p1.jpg")
    send(upload, "box.tif/p1.jpg")
    before = sorted(upload.files())
    with pytest.raises(WrongCall, match="by this name"):
        upload.receive(said, 4)
    assert sorted(upload.files()) == before


def test_only_uploads_are_uploads(tmp_path: Path, upload: Upload) -> None:
    rooms = Incoming(tmp_path)
    (rooms.folder / "runs").mkdir()
    assert [one.name for one in rooms.uploads()] == [upload.name]
    for name in ("runs", "..", "2026-01-01-ffffffff", "a\x1b[1m"):
        with pytest.raises(NotFound):
            rooms.upload(name)


def test_what_is_not_among_the_originals_is_named(intake: Intake) -> None:
    upload = Incoming(intake.archive.settings.folder).begin("王敏")
    send(upload, "box/p1.png", scan(1))
    send(upload, "box/p2.png", scan(2))
    send(upload, "box/manifest.csv", "路径\nbox\n".encode())
    assert sorted(not_kept(upload, intake.archive)) == ["box/p1.png", "box/p2.png"]
    intake.take(upload.folder / "box" / "p1.png")
    assert not_kept(upload, intake.archive) == ["box/p2.png"]


def test_a_scan_is_tried_again_with_the_folder_it_lies_in(tmp_path: Path) -> None:
    box = put(tmp_path / "box" / "58", p1=scan(1), p2=scan(2))
    put(tmp_path / "listed" / "a", p1=scan(1))
    (tmp_path / "listed" / "manifest.csv").write_text("path\na\n")
    roots = Roots([str(tmp_path / "box"), str(tmp_path / "listed"), str(box / "p1.jpg")])
    (scan_path,) = [path for path in box.iterdir() if path.stem == "p2"]
    assert roots.again(str(scan_path)) == box
    assert roots.again(f"{box}/p9.jpg") == box, "what is gone is looked for where it lay"
    assert roots.again(f"{box}#58-") == box
    assert roots.again(f"{tmp_path}/listed/a/p1.jpg") == tmp_path / "listed", "the list speaks of it"
    assert roots.again(f"{tmp_path}/listed/manifest.csv#2") == tmp_path / "listed"
    assert roots.again("/elsewhere/p1.jpg") is None
    assert Roots([str(scan_path)]).again(str(scan_path)) == scan_path, "handed in by itself"
    assert Roots([f"{tmp_path}/gone"]).again(f"{tmp_path}/gone/p1.jpg") is None
    assert list(shortest([box, tmp_path / "box", tmp_path / "listed"])) == [tmp_path / "box", tmp_path / "listed"]


def test_boxes_are_named_in_the_settings_file_or_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load(tmp_path).boxes == ()
    (tmp_path / "archivist.toml").write_text('boxes = ["/srv/scans", "handed in"]\n')
    assert load(tmp_path).boxes == (Path("/srv/scans"), tmp_path / "handed in")
    monkeypatch.setenv("ARCHIVIST_BOXES", f"/mnt/one{os.pathsep}/mnt/two")
    assert load(tmp_path / "archivist.toml").boxes == (Path("/mnt/one"), Path("/mnt/two"))
    assert load(tmp_path / "archivist.toml").archive == tmp_path / "archivist.toml"
