"""A box of scans sorted into items."""

import os
import subprocess
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from natsort import natsorted, ns

from archivist.box import MOST_BYTES, Bundle, count, gather
from archivist.errors import BoxGone, ManifestError, OversizedScan, UnreadableScan, UnsafeScan, WrongCall
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


@pytest.mark.parametrize("line", ["!", "[z-a]"])
def test_an_ignore_list_that_means_nothing_stops_before_anything_is_read(tmp_path: Path, line: str) -> None:
    lay(tmp_path, "p1.jpg")
    (tmp_path / ".archivistignore").write_text(f"{line}\n")
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


def reading(bundle: Bundle) -> bytes:
    """Return the bytes of the first scan of `bundle`."""
    return bundle.read(bundle.paths[0])


def test_the_bytes_of_a_scan_are_what_lies_there(tmp_path: Path) -> None:
    lay(tmp_path, "box/pool/p1.jpg", "box/item/p2.jpg")
    (tmp_path / "box" / "pool" / "p1.jpg").write_bytes(b"scan")
    (tmp_path / "box" / "item" / "p1.jpg").symlink_to("../pool/p1.jpg")
    os.link(tmp_path / "box" / "pool" / "p1.jpg", tmp_path / "box" / "item" / "p3.jpg")
    item, pool = bundles(tmp_path / "box")
    assert [item.read(path) for path in item.paths] == [b"scan", b"", b"scan"]
    assert reading(pool) == reading(*bundles(tmp_path / "box" / "item" / "p1.jpg")) == b"scan"


@pytest.mark.parametrize("how", ["scan", "folder"])
def test_what_became_a_link_out_of_the_box_after_it_was_listed_is_not_followed(tmp_path: Path, how: str) -> None:
    lay(tmp_path, "secret/p1.jpg", "box/item/p1.jpg")
    (bundle,) = bundles(tmp_path / "box")
    (tmp_path / "box" / "item").rename(tmp_path / "before")
    if how == "scan":
        (tmp_path / "box" / "item").mkdir()
        (tmp_path / "box" / "item" / "p1.jpg").symlink_to(tmp_path / "secret" / "p1.jpg")
    else:
        (tmp_path / "box" / "item").symlink_to(tmp_path / "secret")
    with pytest.raises(UnsafeScan, match="out of the box"):
        reading(bundle)


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    lay(tmp_path, "box/item/p1.jpg")
    (bundle,) = bundles(tmp_path / "box")
    (tmp_path / "box" / "item" / "p1.jpg").unlink()
    os.mkfifo(tmp_path / "box" / "item" / "p1.jpg")
    alone = bundles(Path("/dev/zero")) + bundles(tmp_path / "box" / "item" / "p1.jpg")
    for each in [bundle, *alone]:
        with pytest.raises(UnsafeScan, match="take it out"):
            reading(each)


def test_a_scan_larger_than_any_volume_is_not_read(tmp_path: Path) -> None:
    lay(tmp_path, "p1.jpg")
    os.truncate(tmp_path / "p1.jpg", MOST_BYTES + 1)
    with pytest.raises(OversizedScan, match="split it"):
        reading(*bundles(tmp_path))


def test_a_scan_that_went_is_unreadable_and_a_box_that_went_ends_the_run(tmp_path: Path) -> None:
    lay(tmp_path, "box/a/p1.jpg", "box/b/p1.jpg")
    found = gather([tmp_path / "box"], SUFFIXES)
    bundle = next(found)
    assert isinstance(bundle, Bundle)
    (tmp_path / "box" / "a" / "p1.jpg").unlink()
    with pytest.raises(UnreadableScan, match="No such file"):
        reading(bundle)
    (tmp_path / "box").rename(tmp_path / "away")
    for further in (lambda: reading(bundle), lambda: next(found)):
        with pytest.raises(BoxGone, match="box cannot be reached any more"):
            further()


@pytest.mark.parametrize(
    "roots",
    [
        ["box", "box/a"],
        ["box/a", "box"],
        ["box", "box"],
        ["box/a", "box/a/deep", "box", "box/封面.png"],
        ["box", "box/manifest.csv"],
        ["box/封面.png", "box/manifest.csv", "box"],
    ],
)
def test_paths_that_overlap_give_each_bundle_once(tmp_path: Path, roots: list[str]) -> None:
    lay(tmp_path, "box/a/p1.jpg", "box/a/deep/p1.jpg", "box/b/p1.jpg", "box/封面.png", "box/c.pdf")
    manifest(tmp_path / "box", "path,item\nc.pdf,1\n")
    found = [entry.source for entry in gather([tmp_path / root for root in roots], SUFFIXES)]
    assert sorted(found) == sorted(entry.source for entry in gather([tmp_path / "box"], SUFFIXES))


def test_a_folder_that_the_box_around_it_leaves_out_is_taken_when_it_is_named(tmp_path: Path) -> None:
    lay(tmp_path, "box/p1.jpg", "box/.hidden/p1.jpg", "box/work/sub/p1.jpg", "pool/p1.jpg")
    (tmp_path / "box" / ".archivistignore").write_text("/work/\n")
    (tmp_path / "box" / "link").symlink_to("../pool")
    roots = [tmp_path / "box" / name for name in ("", ".hidden", "work/sub", "link")]
    assert [Path(bundle.source).name for bundle in bundles(*roots)] == ["box", ".hidden", "sub", "link"]


def test_as_many_are_counted_as_are_gathered(tmp_path: Path) -> None:
    lay(tmp_path, "p1.jpg", "p2.jpg", "x.pdf", "notes.txt", "sub/p1.jpg", "sub/p2.jpg", "sub/deep/p7.tif")
    manifest(tmp_path / "sub", "path,item\np1.jpg,1\nnothing.jpg,2\n")
    roots = [tmp_path, tmp_path / "sub", tmp_path / "typo"]
    entries = list(gather(roots, SUFFIXES))
    assert count(roots, SUFFIXES) == sum(len(e.paths) if isinstance(e, Bundle) else 1 for e in entries) == 9


def test_folders_deeper_than_python_can_call_are_walked(tmp_path: Path) -> None:
    deepest = tmp_path
    for _level in range(1100):
        deepest /= "d"
        deepest.mkdir()
    lay(deepest, "p1.jpg")
    try:
        assert len(bundles(tmp_path)) == 1
    finally:
        subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)


@given(names=st.lists(st.text("p01289.-_ （页五²½\x01é𠀀A", min_size=1, max_size=8), unique=True))
def test_the_order_is_the_natural_one(names: list[str]) -> None:
    with TemporaryDirectory() as box:
        written = [f"{name}.png" for name in names if not name.startswith(".")]
        lay(Path(box), *written)
        found = [path.name for bundle in bundles(Path(box)) for path in bundle.paths]
        assert set(found) == set(written)
        for bundle in bundles(Path(box)):
            series = [path.name for path in bundle.paths]
            assert series == natsorted(sorted(series), alg=ns.PATH)


def test_names_that_look_alike_when_written_down_are_told_apart(tmp_path: Path) -> None:
    lay(tmp_path, "a\nb.png", r"a\nb.png", r"a\\nb.png", "x\u202egnp.exe.png", r"x\u202egnp.exe.png")
    taken = bundles(tmp_path)
    assert len({bundle.source for bundle in taken}) == 5
    assert all("\u202e" not in bundle.source + bundle.name for bundle in taken)


@pytest.mark.parametrize(
    "row",
    [
        "../secret/p1.jpg",
        "/etc/passwd",
        "/proc/self/environ",
        "/dev/zero",
        r"..\secret\p1.jpg",
        r"C:\scans\p1.jpg",
        "//host/share/p1.jpg",
        "sub/../../secret/p1.jpg",
        "door",
        "door/p1.jpg",
        "pipe.jpg",
        "round",
        '"p1.jpg\x00"',
        '"p1\n.jpg"',
        "p1.jpg\x1b[2J",
        "x" * 5000,
        "=cmd|' /C calc'!A0",
        "~/p1.jpg",
        "*.jpg",
    ],
)
def test_a_row_leads_to_nothing_but_scans_in_the_box(tmp_path: Path, row: str) -> None:
    lay(tmp_path, "secret/p1.jpg", "box/p1.jpg", "box/sub/p2.jpg")
    (tmp_path / "box" / "door").symlink_to(tmp_path / "secret")
    (tmp_path / "box" / "round").symlink_to("round")
    os.mkfifo(tmp_path / "box" / "pipe.jpg")
    (failure,) = gather([manifest(tmp_path / "box", f"path\n{row}\n")], SUFFIXES)
    assert isinstance(failure, Failure) and failure.cause == "manifest"
    assert failure.message.isprintable() and len(failure.message) < 400


def test_a_manifest_that_is_no_file_or_a_link_out_of_the_box_is_not_followed(tmp_path: Path) -> None:
    lay(tmp_path, "pipe/p1.jpg", "link/p1.jpg", "secret/p1.jpg")
    os.mkfifo(tmp_path / "pipe" / "manifest.csv")
    (tmp_path / "link" / "manifest.csv").symlink_to(manifest(tmp_path / "secret", "path\np1.jpg\n"))
    assert failures(tmp_path / "pipe") == [("manifest.csv", "not a scan")]
    assert failures(tmp_path / "link") == [("manifest.csv", "link")]
    with pytest.raises(ManifestError, match="no file"):
        list(gather([tmp_path / "pipe" / "manifest.csv"], SUFFIXES))


@pytest.mark.parametrize("line", ["*a*a*a*a*a*a*b", "*" * 40 + "b", "x" * 70_000, "**/a/**/a/**/a/**/b"])
def test_an_ignore_list_that_would_take_for_ever_is_not_followed(tmp_path: Path, line: str) -> None:
    lay(tmp_path, "a" * 250 + ".jpg")
    (tmp_path / ".archivistignore").write_text(f"{line}\n")
    with pytest.raises(WrongCall, match="archivistignore"):
        bundles(tmp_path)


def test_what_another_ignore_list_says_outside_the_box_is_not_looked_at(tmp_path: Path) -> None:
    lay(tmp_path, "box/p1.jpg")
    (tmp_path / "secret").write_text("*.jpg\n")
    (tmp_path / "box" / ".archivistignore").symlink_to(tmp_path / "secret")
    with pytest.raises(WrongCall, match="out of the box"):
        bundles(tmp_path / "box")


def test_a_box_of_many_scans_takes_little_memory(tmp_path: Path) -> None:
    for number in range(4000):
        (tmp_path / f"扫描_{number:06d}.jpg").touch()
    tracemalloc.start()
    try:
        (bundle,) = bundles(tmp_path)
        assert len(bundle.paths) == 4000
        assert tracemalloc.get_traced_memory()[1] < 4000 * 400
    finally:
        tracemalloc.stop()


def test_what_a_manifest_calls_an_item_may_hold_anything(tmp_path: Path) -> None:
    lay(tmp_path, "a.jpg", "b.jpg")
    (one, other) = bundles(manifest(tmp_path, 'path,item,title\na.jpg,"A#\n1\x1b[2J",\x1b[2J关于\x9b\nb.jpg,B#1,\n'))
    assert (one.name, other.name) == (r"A#\n1[2J", "B#1")
    assert one.given["title"] == "[2J关于"
    assert one.source.isprintable()


def test_an_item_whose_rows_stand_apart_is_one_whatever_lies_between(tmp_path: Path) -> None:
    lay(tmp_path, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    path = manifest(tmp_path, "path,item,title\na.jpg,1,x\nb.jpg,2,y\nc.jpg,1,z\nnothing.jpg,1,\nd.jpg,2,\n")
    given = {bundle.name: (bundle.given["title"], [scan.name for scan in bundle.paths]) for bundle in bundles(path)}
    assert given == {"1": ("x", ["a.jpg", "c.jpg"]), "2": ("y", ["b.jpg", "d.jpg"])}
    assert failures(path) == [("manifest.csv#5", "manifest")]
