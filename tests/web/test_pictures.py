"""Pictures of sheets: what is asked, what is drawn, and what is kept for the next who asks."""

import io
import pickle
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import diskcache
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from archivist.errors import UnreadableScan, WrongCall
from archivist.model import Box, Page, Scan
from archivist.store import Store
from archivist.web import pictures
from archivist.web.cuts import MOST_AREA, MOST_SIDE, Cut, cut_asked
from archivist.web.pictures import Pictures, mark
from archivist.web.sheets import Sheet, sheet_of

#: Width and height of the scan that is drawn from: red, green, blue and black quarters.
WIDE, HIGH = 400, 600
RED, GREEN, BLUE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)
MOST = 1 << 24


def scan_of(store: Store, image: Image.Image) -> Scan:
    kept = io.BytesIO()
    image.save(kept, "PNG")
    return Scan("p.png", store.put(kept.getvalue()), 0, *image.size)


def quarters() -> Image.Image:
    image = Image.new("RGB", (WIDE, HIGH))
    for colour, corner in ((RED, (0, 0)), (GREEN, (200, 0)), (BLUE, (0, 300)), (BLACK, (200, 300))):
        image.paste(colour, (*corner, corner[0] + 200, corner[1] + 300))
    return image


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(f"file://{tmp_path}/originals")


@pytest.fixture
def scan(store: Store) -> Scan:
    return scan_of(store, quarters())


@pytest.fixture
def drawn(store: Store, tmp_path: Path):
    made = Pictures(store, tmp_path / "pictures", MOST)
    yield made
    made.close()


def sheet(scan: Scan, rotation: int = 0, area: Box | None = None) -> Sheet:
    return sheet_of(Page(1, Scan("p.png", scan.sha256, 0, scan.width, scan.height, area=area), (), rotation))


def asked(sheet: Sheet, path: str) -> Cut:
    *where, last = path.split("/")
    return cut_asked((sheet.width, sheet.height), *where, *last.rsplit(".", 1))


def seen(drawn: Pictures, scan: Scan, path: str, rotation: int = 0, area: Box | None = None) -> Image.Image:
    shown = sheet(scan, rotation, area)
    return Image.open(io.BytesIO(drawn.picture(scan, shown, asked(shown, path))))


def corners(image: Image.Image) -> list[tuple[int, int, int]]:
    """The colours of the quarters: top left, top right, bottom left, bottom right."""
    width, height = image.size
    plain = image.convert("RGB")
    return [plain.getpixel((x, y)) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("full/max/0/default.png", (400, 600)),
        ("full/200,/0/default.png", (200, 300)),
        ("full/,200/0/default.png", (133, 200)),
        ("full/pct:25/0/default.png", (100, 150)),
        ("full/40,40/0/default.png", (40, 40)),
        ("full/!160,220/0/default.png", (147, 220)),
        ("full/!4000,4000/0/default.png", (400, 600)),
        ("full/^800,/0/default.png", (800, 1200)),
        ("full/^!800,800/0/default.png", (533, 800)),
        ("square/max/0/default.png", (400, 400)),
        ("pct:0,0,50,50/max/0/default.png", (200, 300)),
        ("300,500,400,400/max/0/default.png", (100, 100)),
        ("full/200,/90/default.png", (300, 200)),
        ("10,20,30,40/max/0/default.png", (30, 40)),
    ],
)
def test_a_picture_has_the_size_that_was_asked_for(drawn, scan, path, size):
    assert seen(drawn, scan, path).size == size


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("all/max/0/default.jpg", "region"),
        ("0,0,0,10/max/0/default.jpg", "region"),
        ("400,0,10,10/max/0/default.jpg", "region"),
        ("-1,0,10,10/max/0/default.jpg", "region"),
        ("pct:0,0,0,0/max/0/default.jpg", "region"),
        ("full/0,/0/default.jpg", "size"),
        ("full/,/0/default.jpg", "size"),
        ("full/!100,/0/default.jpg", "size"),
        ("full/500,/0/default.jpg", "size"),
        ("full/pct:101/0/default.jpg", "size"),
        ("full/pct:0/0/default.jpg", "size"),
        ("full/^99999,/0/default.jpg", "size"),
        ("full/^9000,9000/0/default.jpg", "size"),
        ("full/full/0/default.jpg", "size"),
        ("full/max/45/default.jpg", "rotation"),
        ("full/max/!/default.jpg", "rotation"),
        ("full/max/0/native.jpg", "quality"),
        ("full/max/0/default.exe", "format"),
        ("full/\u0661\u0660,/0/default.jpg", "size"),
    ],
)
def test_nonsense_is_refused_with_the_word_for_what_is_wrong(path, word):
    *where, last = path.split("/")
    with pytest.raises(WrongCall, match=word):
        cut_asked((400, 600), *where, *last.rsplit(".", 1))


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=6), st.text(max_size=8), st.text(max_size=5))
def test_whatever_is_asked_is_either_drawn_or_refused(region, size, rotation, quality, format):
    with pytest.raises(WrongCall):
        cut_asked((400, 600), region, size, rotation, quality, format)


_NUMBER = st.integers(0, 12_000)
_SIZES = st.one_of(
    st.sampled_from(["max", "^max"]),
    st.builds("{}{},".format, st.sampled_from(["", "^"]), _NUMBER),
    st.builds("{},{}".format, st.sampled_from(["", "^"]), _NUMBER),
    st.builds("{}{},{}".format, st.sampled_from(["", "^", "!", "^!"]), _NUMBER, _NUMBER),
    st.builds("{}pct:{}".format, st.sampled_from(["", "^"]), st.floats(0, 300).map(lambda share: f"{share:.3f}")),
)


@given(st.integers(1, 12_000), st.integers(1, 12_000), st.tuples(*[_NUMBER] * 4), _SIZES)
def test_what_is_drawn_lies_within_the_bounds_and_its_best_path_means_the_same(width, height, region, size):
    try:
        cut = cut_asked((width, height), ",".join(map(str, region)), size, "0", "default", "jpg")
    except WrongCall:
        return
    assert 1 <= cut.width <= MOST_SIDE and 1 <= cut.height <= MOST_SIDE and cut.width * cut.height <= MOST_AREA
    assert 0 <= cut.region.left < cut.region.right <= width and 0 <= cut.region.top < cut.region.bottom <= height
    if not size.startswith("^"):
        assert cut.width <= cut.region.width and cut.height <= cut.region.height
    where, best, _rotation, _name = cut.path.split("/")
    assert cut_asked((width, height), where, best, "0", "default", "jpg") == cut


def test_a_sheet_too_large_to_send_whole_is_sent_as_large_as_can_be():
    cut = cut_asked((9000, 6000), "full", "max", "0", "default", "jpg")
    assert (cut.width, cut.height) == (6000, 4000) and cut.path == "full/max/0/default.jpg"
    assert cut_asked((9000, 6000), "0,0,1024,1024", "max", "0", "default", "jpg").width == 1024


def test_pages_are_shown_upright_as_they_were_turned(drawn, scan):
    assert corners(seen(drawn, scan, "full/max/0/default.png")) == [RED, GREEN, BLUE, BLACK]
    assert corners(seen(drawn, scan, "full/max/0/default.png", 90)) == [BLUE, RED, BLACK, GREEN]
    assert corners(seen(drawn, scan, "full/max/0/default.png", 180)) == [BLACK, BLUE, GREEN, RED]
    assert corners(seen(drawn, scan, "full/!60,60/0/default.png", 270)) == [GREEN, BLACK, RED, BLUE]


def test_what_is_asked_turned_or_mirrored_is_so(drawn, scan):
    assert corners(seen(drawn, scan, "full/max/90/default.png")) == [BLUE, RED, BLACK, GREEN]
    assert corners(seen(drawn, scan, "full/max/!0/default.png")) == [GREEN, RED, BLACK, BLUE]
    # Mirrored first, then turned.
    assert corners(seen(drawn, scan, "full/max/!90/default.png")) == [BLACK, GREEN, BLUE, RED]
    assert corners(seen(drawn, scan, "full/max/270/default.png", 90)) == [RED, GREEN, BLUE, BLACK]


def test_a_part_of_a_turned_page_is_that_part(drawn, scan):
    whole = seen(drawn, scan, "full/max/0/color.png", 90)
    part = seen(drawn, scan, "100,50,300,200/max/0/color.png", 90)
    assert np.array_equal(np.asarray(part), np.asarray(whole.crop((100, 50, 400, 250))))


def test_of_two_facing_pages_each_is_a_sheet_of_its_own(drawn, scan):
    right = seen(drawn, scan, "full/max/0/default.png", area=Box(200, 0, 400, 600))
    assert right.size == (200, 600) and corners(right) == [GREEN, GREEN, BLACK, BLACK]


def test_tiles_laid_side_by_side_are_the_sheet(drawn, store):
    noise = np.random.default_rng(7).integers(0, 255, (300, 500, 3)).astype(np.uint8)
    scan = scan_of(store, Image.fromarray(noise))
    whole = np.zeros_like(noise)
    for x in range(0, 500, 128):
        for y in range(0, 300, 128):
            tile = np.asarray(seen(drawn, scan, f"{x},{y},128,128/max/0/default.png"))
            whole[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
    assert np.array_equal(whole, noise)


def test_grey_and_bitonal_are_what_they_say(drawn, store, scan):
    assert seen(drawn, scan, "full/max/0/gray.png").mode == "L"
    ramp = np.tile(np.linspace(0, 255, 256).astype(np.uint8), (100, 1))
    two = np.asarray(seen(drawn, scan_of(store, Image.fromarray(ramp)), "full/max/0/bitonal.png").convert("L"))
    assert set(np.unique(two)) == {0, 255}
    # A page without colour is sent without colour.
    assert seen(drawn, scan_of(store, Image.fromarray(ramp)), "full/max/0/default.png").mode == "L"


@pytest.mark.parametrize("format", ["jpg", "png", "webp"])
def test_every_format_is_what_it_is_called(drawn, scan, format):
    image = seen(drawn, scan, f"full/100,/0/default.{format}")
    assert image.format == {"jpg": "JPEG"}.get(format, format.upper())
    assert image.size == (100, 150)


def test_a_very_large_scan_is_shown_by_its_own_pixels_though_it_is_decoded_smaller(store, tmp_path):
    scan = scan_of(store, quarters().quantize(4).resize((6200, 9300), Image.Resampling.NEAREST))
    drawn = Pictures(store, tmp_path / "pictures", 0)
    assert corners(seen(drawn, scan, "2600,4150,1000,1000/500,/0/default.png")) == [RED, GREEN, BLUE, BLACK]
    assert seen(drawn, scan, "6199,9299,1,1/max/0/default.png").size == (1, 1)


def test_what_many_ask_of_one_page_at_once_opens_its_scan_once(drawn, scan, monkeypatch):
    opened = []

    def counting(data: bytes, index: int):
        opened.append(index)
        return pictures_open(data, index)

    pictures_open = pictures.open_page
    monkeypatch.setattr(pictures, "open_page", counting)
    paths = [f"{x},{y},100,100/max/0/default.jpg" for x in range(0, 400, 100) for y in range(0, 600, 100)]
    with ThreadPoolExecutor(8) as threads:
        sizes = {image.size for image in threads.map(lambda path: seen(drawn, scan, path), paths)}
    assert sizes == {(100, 100)}
    assert len(opened) == 1


def test_pages_of_pdfs_are_opened_one_after_another_however_many_ask(drawn, store):
    kept = io.BytesIO()
    sheets = [Image.new("RGB", (300, 420), (shade, 0, 255 - shade)) for shade in range(0, 250, 25)]
    sheets[0].save(kept, "PDF", save_all=True, append_images=sheets[1:], resolution=150)
    digest = store.put(kept.getvalue())
    scans = [Scan("p.pdf", digest, index, 300, 420) for index in range(len(sheets))]
    with ThreadPoolExecutor(8) as threads:
        images = list(threads.map(lambda scan: seen(drawn, scan, "full/30,42/0/default.png"), scans))
    for index, image in enumerate(images):
        red, _green, blue = image.getpixel((15, 21))
        assert abs(red - 25 * index) < 8 and abs(blue - (255 - 25 * index)) < 8


def test_what_was_drawn_is_kept_for_other_processes(drawn, store, scan, tmp_path):
    shown = sheet(scan)
    first = drawn.picture(scan, shown, asked(shown, "full/200,/0/default.jpg"))
    (kept,) = (tmp_path / "originals").glob("??/*")
    kept.rename(tmp_path / "away")
    other = Pictures(store, tmp_path / "pictures", MOST)
    # The same picture, asked for in other words.
    assert other.picture(scan, shown, asked(shown, "0,0,400,600/pct:50/0/default.jpg")) == first
    with pytest.raises(UnreadableScan):
        other.picture(scan, shown, asked(shown, "full/201,/0/default.jpg"))
    other.close()


def test_what_is_kept_stays_within_its_bounds(store, tmp_path):
    noise = np.random.default_rng(3).integers(0, 255, (1000, 1000, 3)).astype(np.uint8)
    scan = scan_of(store, Image.fromarray(noise))
    drawn = Pictures(store, tmp_path / "pictures", 2_000_000)
    shown = sheet(scan)
    for x in range(0, 800, 20):
        drawn.picture(scan, shown, asked(shown, f"{x},0,200,1000/max/0/default.png"))
    drawn.close()
    assert sum(path.stat().st_size for path in (tmp_path / "pictures").rglob("*.val")) < 3_000_000


def test_an_archive_that_cannot_be_written_to_is_shown_all_the_same(store, scan, tmp_path):
    (tmp_path / "cache").write_text("where the folder would be")
    drawn = Pictures(store, tmp_path / "cache" / "pictures", MOST)
    assert seen(drawn, scan, "full/40,/0/default.png").size == (40, 60)
    drawn.close()


def test_a_damaged_cache_is_no_reason_to_show_nothing(drawn, scan, tmp_path):
    seen(drawn, scan, "full/40,/0/default.png")
    with sqlite3.connect(tmp_path / "pictures" / "cache.db") as database:
        database.execute("DROP TABLE Cache")
    database.close()
    assert seen(drawn, scan, "full/40,/0/default.png").size == (40, 60)


class Spoilt:
    def __reduce__(self):
        return Path.touch, (Path(__file__).parent / "run-by-a-pickle",)


def test_nothing_that_lies_in_the_cache_is_ever_run(drawn, scan, tmp_path):
    shown = sheet(scan)
    cut = asked(shown, "full/40,/0/default.png")
    other = diskcache.Cache(str(tmp_path / "pictures"))
    other.set(mark(scan, shown, cut), Spoilt())
    other.close()
    assert pickle.dumps(Spoilt())
    assert seen(drawn, scan, "full/40,/0/default.png").size == (40, 60)
    assert not (Path(__file__).parent / "run-by-a-pickle").exists()


def test_originals_stay_as_they_are(drawn, scan, tmp_path):
    (kept,) = (tmp_path / "originals").glob("??/*")
    before = kept.read_bytes(), kept.stat().st_mtime_ns
    seen(drawn, scan, "full/max/90/gray.jpg")
    assert (kept.read_bytes(), kept.stat().st_mtime_ns) == before
