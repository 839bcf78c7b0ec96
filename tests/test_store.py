"""Originals: byte for byte, once, and never half."""

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import fsspec
import pytest

from archivist.errors import ArchivistError, SettingsError, UnreadableScan
from archivist.files import whole
from archivist.store import Store

DATA = "聊发〔1995〕58号".encode() * 1000
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(params=["file", "memory", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store on this machine's disk, one on an S3 server, and one that fsspec reaches in another way."""
    if request.param == "s3":
        return f"{request.getfixturevalue('s3')}/originals"
    return f"file://{tmp_path}/originals" if request.param == "file" else f"memory://{uuid4().hex}"


def kept(folder: Path) -> Path:
    (path,) = folder.rglob(DIGEST)
    return path


def test_what_is_kept_comes_back_byte_for_byte_under_its_digest(url: str) -> None:
    assert Store(url).put(DATA) == DIGEST
    assert Store(url).get(DIGEST) == DATA


def test_the_same_bytes_are_kept_once(url: str) -> None:
    store = Store(url)
    assert store.put(DATA) == store.put(DATA)
    assert list(store.digests()) == [DIGEST]


def test_an_empty_store_has_nothing(url: str) -> None:
    assert list(Store(url).digests()) == []
    with pytest.raises(UnreadableScan, match=DIGEST[:12]):
        Store(url).get(DIGEST)


def test_changed_bytes_are_noticed_and_not_given_out(tmp_path: Path) -> None:
    store = Store(f"file://{tmp_path}")
    store.put(DATA)
    kept(tmp_path).write_bytes(b"x" + DATA[1:])
    with pytest.raises(UnreadableScan, match="backup"):
        store.get(DIGEST)


def test_an_original_that_was_cut_off_is_kept_anew(tmp_path: Path) -> None:
    store = Store(f"file://{tmp_path}")
    store.put(DATA)
    kept(tmp_path).write_bytes(DATA[:10])
    store.put(DATA)
    assert store.get(DIGEST) == DATA


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_could_not_be_written_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def full(_descriptor: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", full)
    store = Store(f"file://{tmp_path}")
    with pytest.raises(ArchivistError if isinstance(error, OSError) else KeyboardInterrupt):
        store.put(DATA)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert list(store.digests()) == []


def test_parts_of_a_write_that_was_killed_are_no_originals(tmp_path: Path) -> None:
    store = Store(f"file://{tmp_path}")
    store.put(DATA)
    kept(tmp_path).with_name(f".{uuid4().hex}.part").write_bytes(DATA[:100])
    assert list(store.digests()) == [DIGEST]


def test_a_name_may_be_as_long_as_names_can_be(tmp_path: Path) -> None:
    path = tmp_path / f"{'x' * 251}.csv"
    with whole(path) as file:
        file.write(DATA)
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [(path.name, DATA)]


@pytest.mark.parametrize("name", ["档案 1995", "50% #1?", "a::b", "a%20b"])
def test_the_folder_may_be_called_anything(tmp_path: Path, name: str) -> None:
    Store(f"file://{tmp_path}/{name}").put(DATA)
    assert kept(tmp_path / name).read_bytes() == DATA
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_bytes_that_changed_are_put_right_and_what_lay_there_is_kept_aside(url: str, tmp_path: Path) -> None:
    store = Store(url)
    store.put(DATA)
    files, path = fsspec.core.url_to_fs(f"{url}/{DIGEST[:2]}/{DIGEST}")
    files.pipe_file(path, b"x" + DATA[1:])
    assert Store(url).put(DATA) == DIGEST
    with pytest.raises(UnreadableScan, match="backup"):
        store.check(DIGEST)
    assert store.replace(DATA) == DIGEST
    assert store.check(DIGEST) == len(DATA)
    assert store.get(DIGEST) == DATA
    files.invalidate_cache()
    (aside,) = (name for name in files.ls(path.rpartition("/")[0], detail=False) if "damaged" in name)
    assert files.cat_file(aside) == b"x" + DATA[1:]
    assert list(store.digests()) == [DIGEST]


def test_what_is_sound_is_not_replaced(url: str) -> None:
    store = Store(url)
    assert store.replace(DATA) == store.replace(DATA) == DIGEST
    files, path = fsspec.core.url_to_fs(f"{url}/{DIGEST[:2]}")
    assert [name.rpartition("/")[2] for name in files.ls(path, detail=False)] == [DIGEST]


def test_a_shelf_says_how_large_the_originals_on_it_are(url: str) -> None:
    store = Store(url)
    assert store.sizes(DIGEST[:2]) == {}
    store.put(DATA)
    assert store.sizes(DIGEST[:2]) == {DIGEST: len(DATA)}
    assert store.sizes("00" if DIGEST[:2] != "00" else "01") == {}
    Store(url).put(b"another")
    assert sorted(store.digests()) == sorted([DIGEST, hashlib.sha256(b"another").hexdigest()])


def test_many_threads_keep_and_fetch_at_once(url: str) -> None:
    store = Store(url)
    scans = [str(number % 10).encode() * 5000 for number in range(40)]
    with ThreadPoolExecutor(4) as threads:
        digests = list(threads.map(store.put, scans))
        assert list(threads.map(store.get, digests)) == scans
    assert len(set(store.digests())) == 10


def test_a_folder_that_was_taken_away_is_not_begun_anew(tmp_path: Path) -> None:
    store = Store(f"file://{tmp_path}/share")
    store.put(DATA)
    (tmp_path / "share").rename(tmp_path / "elsewhere")
    for gone in (store, Store(f"file://{tmp_path}/share", expected=True)):
        with pytest.raises(ArchivistError, match=r"share.*mount"):
            gone.put(b"another")
        with pytest.raises(UnreadableScan, match=r"share.*mount"):
            gone.get(DIGEST)
        with pytest.raises(ArchivistError, match=r"share.*mount"):
            list(gone.digests())
    assert not (tmp_path / "share").exists()
    (tmp_path / "elsewhere").rename(tmp_path / "share")
    assert store.get(store.put(b"another")) == b"another"


def test_what_killed_writes_left_is_swept_away_and_nothing_else(tmp_path: Path) -> None:
    store = Store(f"file://{tmp_path}")
    store.put(DATA)
    parts = [kept(tmp_path).with_name(f".{uuid4().hex}.part") for _number in range(2)]
    for part in parts:
        part.write_bytes(DATA[:100])
    os.utime(parts[0], (time.time() - 90_000,) * 2)
    assert (store.sweep(), store.sweep()) == (1, 0)
    assert [part.exists() for part in parts] == [False, True]
    assert store.sweep(age=0) == 1
    assert store.get(DIGEST) == DATA


def test_a_bucket_that_is_not_there_is_named_with_what_to_do(s3: str) -> None:
    store = Store(f"{s3}-not/originals")
    with pytest.raises(ArchivistError, match=r"-not/originals.*bucket"):
        store.put(DATA)
    with pytest.raises(UnreadableScan, match="-not/originals"):
        store.get(DIGEST)
    with pytest.raises(ArchivistError, match=r"-not/originals.*bucket"):
        list(store.digests())


def test_a_server_that_is_asked_without_keys_says_so(s3: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    with pytest.raises(ArchivistError, match="credentials"):
        Store(f"{s3}/without-keys").put(DATA)


def test_a_large_original_arrives_whole_in_parts(s3: str) -> None:
    data = os.urandom(1 << 20) * 101
    store = Store(s3)
    assert store.check(store.put(data)) == len(data)


@pytest.mark.parametrize("url", ["nowhere://box", "s3://"])
def test_a_place_that_means_nothing_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match=url):
        Store(url)
