"""Originals: byte for byte, once, and never half."""

import hashlib
import os
from pathlib import Path
from uuid import uuid4

import pytest

from archivist.errors import ArchivistError, UnreadableScan
from archivist.store import Store

DATA = "聊发〔1995〕58号".encode() * 1000
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(params=["file", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store on this machine's disk, and one that is reached as a server's would be."""
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
    kept(tmp_path).with_name(f"{DIGEST}.1234.part").write_bytes(DATA[:100])
    assert list(store.digests()) == [DIGEST]


@pytest.mark.parametrize("name", ["档案 1995", "50% #1?", "a::b", "a%20b"])
def test_the_folder_may_be_called_anything(tmp_path: Path, name: str) -> None:
    Store(f"file://{tmp_path}/{name}").put(DATA)
    assert kept(tmp_path / name).read_bytes() == DATA
    assert [path.name for path in tmp_path.iterdir()] == [name]
