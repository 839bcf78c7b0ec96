"""A box of scans sorted into items."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from archivist.box import Bundle, gather
from archivist.errors import ManifestError, WrongCall
from archivist.image.open import SUFFIXES
from archivist.model import Failure


def lay(box: Path, *names: str) -> Path:
    """Put empty scans of these names into `box`: a box is sorted by names alone."""
    for name in names:
        path = box / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return box


def items(*paths: Path) -> dict[str, list[str]]:
    """Return what the scans of each item are called, by the item's source relative to the first path."""
    base = paths[0].as_posix()
    return {
        entry.source.removeprefix(base).lstrip("/"): [path.name for path in entry.paths]
        for entry in gather(paths, SUFFIXES)
        if isinstance(entry, Bundle)
    }


def bundles(*paths: Path) -> list[Bundle]:
    return [entry for entry in gather(paths, SUFFIXES) if isinstance(entry, Bundle)]


def failures(*paths: Path) -> list[tuple[str, str]]:
    """Return last name and cause of whatever could not be taken."""
    found = gather(paths, SUFFIXES)
    return [(Path(entry.source).name, entry.cause) for entry in found if isinstance(entry, Failure)]


def test_a_folder_of_numbered_images_is_one_item_in_the_order_of_its_numbers(tmp_path: Path) -> None:
    lay(tmp_path, "p10.jpg", "p2.JPG", "p1.jpg", "p02b.jpg", "p003.tif")
    assert items(tmp_path) == {"": ["p1.jpg", "p2.JPG", "p003.tif", "p10.jpg"], "p02b.jpg": ["p02b.jpg"]}


@pytest.mark.parametrize(
    "names",
    [
        ["扫描 (2).jpg", "扫描 (10).jpg"],
        ["第2页.png", "第10页.png"],
        ["IMG_0002.jpeg", "IMG_0010.jpeg"],
        ["1995.58-2.tif", "1995.58-10.tif"],
    ],
)
def test_the_ways_scanners_number_pages_are_known(tmp_path: Path, names: list[str]) -> None:
    lay(tmp_path, *reversed(names))
    assert list(items(tmp_path).values()) == [names]


def test_two_series_in_a_folder_are_two_items_and_a_series_keeps_its_source_when_another_comes(
    tmp_path: Path,
) -> None:
    lay(tmp_path, "58-01.jpg", "58-02.jpg")
    alone = items(tmp_path)
    lay(tmp_path, "60-01.jpg")
    assert (
        items(tmp_path) == {**alone, "#60": ["60-01.jpg"]} == {"#58": ["58-01.jpg", "58-02.jpg"], "#60": ["60-01.jpg"]}
    )


def test_a_pdf_and_an_image_without_a_number_are_items_of_their_own(tmp_path: Path) -> None:
    lay(tmp_path, "p1.jpg", "p2.jpg", "plan1.pdf", "plan2.pdf", "封面.png")
    assert items(tmp_path) == {
        "": ["p1.jpg", "p2.jpg"],
        "plan1.pdf": ["plan1.pdf"],
        "plan2.pdf": ["plan2.pdf"],
        "封面.png": ["封面.png"],
    }


def test_folders_in_folders_come_in_natural_order_and_a_folder_of_folders_is_no_item(tmp_path: Path) -> None:
    lay(tmp_path, "box/item 10/p1.jpg", "box/item 9/p1.jpg", "box/pdf/a.pdf", "box/empty/notes.txt")
    assert items(tmp_path) == {
        "box/item 9": ["p1.jpg"],
        "box/item 10": ["p1.jpg"],
        "box/pdf/a.pdf": ["a.pdf"],
    }
    assert not failures(tmp_path)


def test_hidden_paths_and_the_litter_of_file_managers_are_left_alone(tmp_path: Path) -> None:
    lay(tmp_path, "p1.jpg", "._p1.jpg", ".git/p9.jpg", "Thumbs.db", ".DS_Store", "desktop.ini")
    assert items(tmp_path) == {"": ["p1.jpg"]}
    assert not failures(tmp_path)


def test_a_text_among_the_scans_is_told_of_and_the_scans_are_taken(tmp_path: Path) -> None:
    lay(tmp_path, "p1.jpg", "readme.txt")
    assert items(tmp_path) == {"": ["p1.jpg"]}
    assert failures(tmp_path) == [("readme.txt", "not a scan")]


def test_what_the_ignore_list_names_is_left_alone_there_and_below(tmp_path: Path) -> None:
    lay(tmp_path, "p1.jpg", "p2.tmp.jpg", "work/p1.jpg", "sub/p1.jpg", "sub/p2.tmp.jpg", "sub/work/p1.jpg")
    (tmp_path / ".archivistignore").write_text("*.tmp.jpg\n/work/\n")
    assert items(tmp_path) == {"": ["p1.jpg"], "sub": ["p1.jpg"], "sub/work": ["p1.jpg"]}
    assert not failures(tmp_path)


def test_an_ignore_list_that_means_nothing_stops_before_anything_is_read(tmp_path: Path) -> None:
    lay(tmp_path, "p1.jpg")
    (tmp_path / ".archivistignore").write_text("!\n")
    with pytest.raises(WrongCall, match="archivistignore"):
        list(gather([tmp_path], SUFFIXES))


def test_links_are_followed_inside_the_box_only_and_never_in_a_circle(tmp_path: Path) -> None:
    outside = lay(tmp_path / "outside", "secret.jpg")
    box = lay(tmp_path / "box", "pool/p1.jpg", "item/p2.jpg")
    (box / "item" / "p1.jpg").symlink_to("../pool/p1.jpg")
    (box / "item" / "p3.jpg").symlink_to(outside / "secret.jpg")
    (box / "item" / "p4.jpg").symlink_to("p4.jpg")
    (box / "item" / "p5.jpg").symlink_to("nothing.jpg")
    (box / "item" / "up").symlink_to("..")
    (box / "away").symlink_to(outside)
    assert items(box) == {"item": ["p1.jpg", "p2.jpg", "p4.jpg", "p5.jpg"], "pool": ["p1.jpg"]}
    assert sorted(failures(box)) == [("away", "link"), ("p3.jpg", "link")]


def test_a_pipe_among_the_scans_does_not_stop_the_work(tmp_path: Path) -> None:
    lay(tmp_path, "p1.jpg")
    os.mkfifo(tmp_path / "p2.jpg")
    assert items(tmp_path) == {"": ["p1.jpg"]}
    assert failures(tmp_path) == [("p2.jpg", "not a scan")]


def test_a_folder_may_be_called_like_a_picture(tmp_path: Path) -> None:
    lay(tmp_path, "x.jpg/p1.jpg", "p1.jpg")
    assert items(tmp_path) == {"": ["p1.jpg"], "x.jpg": ["p1.jpg"]}


def test_a_folder_that_may_not_be_read_is_a_failure_and_the_others_are_taken(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    lay(tmp_path, "closed/p1.jpg", "open/p1.jpg")
    (tmp_path / "closed").chmod(0)
    try:
        assert items(tmp_path) == {"open": ["p1.jpg"]}
        assert failures(tmp_path) == [("closed", "unreadable")]
    finally:
        (tmp_path / "closed").chmod(0o700)


def test_a_folder_that_goes_while_it_is_looked_at_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, "a/p1.jpg", "b/p1.jpg")
    really = os.scandir

    def scandir(folder: Path) -> Iterator[os.DirEntry[str]]:
        if Path(folder).name == "a":
            raise PermissionError(13, "Permission denied")
        return really(folder)

    # Tests may run as root, who may open any folder.
    monkeypatch.setattr(os, "scandir", scandir)
    assert items(tmp_path) == {"b": ["p1.jpg"]}
    assert failures(tmp_path) == [("a", "unreadable")]


def test_names_of_any_kind_are_taken(tmp_path: Path) -> None:
    long = "长" * 82
    names = ["我的 \"扫描\" '1'.jpg", "line\nbreak.png", os.fsdecode(b"\xb9\xab\xce\xc4.jpg"), f"{long}.pdf"]
    lay(tmp_path, *names)
    taken = bundles(tmp_path)
    assert {path.name for bundle in taken for path in bundle.paths} == set(names)
    assert all(bundle.source.isprintable() and bundle.name.isprintable() for bundle in taken)
    assert len({bundle.source for bundle in taken}) == len(names)


def test_a_path_is_the_same_source_however_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, "box/p1.jpg", "other/p1.jpg")
    monkeypatch.chdir(tmp_path / "other")
    written = [Path("../box"), tmp_path / "box", Path("../other/../box/.")]
    assert {bundle.source for path in written for bundle in bundles(path)} == {f"{tmp_path.as_posix()}/box"}


def test_a_path_that_is_not_there_is_told_of_and_the_others_are_taken(tmp_path: Path) -> None:
    lay(tmp_path, "p1.jpg")
    assert failures(tmp_path / "typo", tmp_path) == [("typo", "missing")]
    assert len(bundles(tmp_path / "typo", tmp_path)) == 1


def test_a_scan_handed_in_by_itself_is_an_item_whatever_it_is_called(tmp_path: Path) -> None:
    lay(tmp_path, "p1.jpg", ".hidden.dat")
    assert items(tmp_path / "p1.jpg") == {"": ["p1.jpg"]}
    assert items(tmp_path / ".hidden.dat") == {"": [".hidden.dat"]}


def manifest(box: Path, text: str, encoding: str = "utf-8") -> Path:
    path = box / "manifest.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_manifest_in_chinese_names_items_in_the_encodings_that_spreadsheets_write(
    tmp_path: Path, encoding: str
) -> None:
    lay(tmp_path, "扫描/a.jpg", "扫描/b.jpg", "c.pdf", "d.jpg")
    manifest(
        tmp_path,
        "档号,题名,扫描件,盒号\r\nZ-0001,关于先进市的决定,扫描/a.jpg,7\r\nZ-0001,,扫描/b.jpg,\r\nZ-0002,方案,c.pdf,7\r\n",
        encoding,
    )
    first, second, rest = bundles(tmp_path)
    assert first.given == {"reference_code": "Z-0001", "title": "关于先进市的决定", "盒号": "7"}
    assert [path.name for path in first.paths] == ["a.jpg", "b.jpg"]
    assert second.given["title"] == "方案"
    assert rest.source.endswith("/d.jpg") and not rest.given
    assert not failures(tmp_path)


def test_a_manifest_by_itself_brings_only_what_it_names(tmp_path: Path) -> None:
    lay(tmp_path, "a.jpg", "b.jpg")
    assert items(manifest(tmp_path, "path,title\na.jpg,x\n")) == {f"{tmp_path.as_posix()[1:]}/a.jpg": ["a.jpg"]}


def test_a_folder_that_a_manifest_names_is_one_item_whatever_its_scans_are_called(tmp_path: Path) -> None:
    lay(tmp_path, "d/front.jpg", "d/back.jpg", "d/notes.txt", "d/deeper/p1.jpg", "d/.hidden.jpg")
    manifest(tmp_path, "path,reference_code\nd,Z-1\n")
    assert items(tmp_path) == {"manifest.csv#Z-1": ["back.jpg", "front.jpg"], "d/deeper": ["p1.jpg"]}
    assert failures(tmp_path) == [("notes.txt", "not a scan")]


def test_rows_that_cannot_be_followed_are_told_of_by_number_and_the_others_are_taken(tmp_path: Path) -> None:
    lay(tmp_path, "box/a.jpg", "box/b.jpg", "box/empty/x.txt", "c.jpg")
    (tmp_path / "box" / "empty" / "x.txt").unlink()
    rows = [
        "missing.jpg,x",
        "../c.jpg,x",
        "/etc/passwd,x",
        ",only a title",
        "a.jpg,1",
        "a.jpg,2",
        "empty,x",
        ",,",
        "b.jpg",
    ]
    manifest(tmp_path / "box", "path,title\n" + "\n".join(rows))
    assert items(tmp_path / "box") == {"a.jpg": ["a.jpg"], "b.jpg": ["b.jpg"]}
    assert failures(tmp_path / "box") == [(f"manifest.csv#{row}", "manifest") for row in (2, 3, 4, 5, 7, 8)]


def test_a_link_does_not_lead_a_manifest_out_of_the_box(tmp_path: Path) -> None:
    lay(tmp_path, "secret/p1.jpg", "box/p1.jpg")
    (tmp_path / "box" / "door").symlink_to(tmp_path / "secret")
    path = manifest(tmp_path / "box", "path\ndoor/p1.jpg\ndoor\n")
    assert items(path) == {}
    assert [cause for _name, cause in failures(path)] == ["manifest", "manifest"]


def test_what_a_manifest_above_names_is_not_taken_again_below(tmp_path: Path) -> None:
    lay(tmp_path, "sub/p1.jpg", "sub/p2.jpg", "sub/p3.jpg")
    manifest(tmp_path, "path,item\nsub/p1.jpg,1\nsub/p2.jpg,1\n")
    assert items(tmp_path) == {"manifest.csv#1": ["p1.jpg", "p2.jpg"], "sub": ["p3.jpg"]}


def test_numbers_that_begin_anew_each_year_do_not_join_two_items(tmp_path: Path) -> None:
    lay(tmp_path, "a.jpg", "b.jpg", "c.jpg")
    manifest(tmp_path, "path,件号,档号\na.jpg,1,Z-1995-1\nb.jpg,1,Z-1996-1\nc.jpg,1,Z-1995-1\n")
    assert items(tmp_path) == {"manifest.csv#1": ["a.jpg", "c.jpg"], "manifest.csv#Z-1996-1": ["b.jpg"]}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "path"),
        (b"title,date\nx,y\n", "path"),
        (b"\xff\xfe\x00\xd8", "UTF-8"),
        (b'path\n"' + b"x" * 200_000, "table"),
    ],
    ids=["empty", "no path column", "no text", "endless cell"],
)
def test_a_manifest_that_cannot_be_followed_stops_before_anything_is_read(
    tmp_path: Path, data: bytes, says: str
) -> None:
    lay(tmp_path, "p1.jpg")
    (tmp_path / "manifest.csv").write_bytes(data)
    with pytest.raises(ManifestError, match=says):
        next(gather([tmp_path], SUFFIXES))
