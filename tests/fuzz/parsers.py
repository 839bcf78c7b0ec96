"""Every parser of bytes or words that come from elsewhere: sound examples, and the errors it may raise."""

import io
import json
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pikepdf
from PIL import Image, ImageDraw

from archivist.backup import manifest as backup_manifest
from archivist.box import Bundle, gather
from archivist.catalog.pages import pack, unpack
from archivist.describe import numbers
from archivist.errors import ArchivistError, ManifestError, QueryError, ScanError, SettingsError, WrongCall
from archivist.image.open import SUFFIXES, media_type, open_page, page_count
from archivist.image.tiff import directories
from archivist.model import Failure
from archivist.search import query
from archivist.settings import load
from tests.boxes import encoded, pdf, plan, written
from tests.items import page


@dataclass(frozen=True)
class Parser:
    """What takes foreign bytes: `examples` it understands, `words` of its language, and the errors it documents."""

    take: Callable[[bytes], object]
    examples: Callable[[], Sequence[bytes]]
    words: Sequence[bytes]
    errors: tuple[type[Exception], ...]


def mutated(parser: Parser, chance: Random) -> bytes:
    """Return one of the parser's examples with a few things wrong: flipped, cut, repeated, spliced, misnumbered."""
    examples = parser.examples()
    data = bytearray(chance.choice(examples))
    for _change in range(chance.choice((1, 1, 1, 2, 4, 8))):
        at = chance.randrange(len(data) + 1)
        end = min(at + chance.choice((1, 2, 4, 16, 200)), len(data))
        match chance.randrange(8):
            case 0:
                data[at:end] = chance.randbytes(end - at)
            case 1:
                del data[at:end]
            case 2:
                data[at:at] = data[at:end] * chance.choice((1, 2, 50))
            case 3:
                data[at:end] = chance.choice(parser.words)
            case 4:
                data[at:at] = chance.choice(parser.words)
            case 5:
                other = chance.choice(examples)
                data[at:] = other[chance.randrange(len(other) + 1) :]
            case 6:
                extreme = chance.choice((0, 1, -1, 2**31 - 1, 2**31, 2**16 - 1, 255))
                data[at : at + 4] = struct.pack(chance.choice("<>") + "q", extreme)[:4]
            case _:
                del data[chance.choice((at, len(data) * 9 // 10)) :]
    return bytes(data)


def _scan(data: bytes) -> None:
    media_type(data)
    for index in range(min(page_count(data), 3)):
        open_page(data, index)


def _page(data: bytes) -> None:
    """Open the first page whatever the gate says: workers open it with no porter before them."""
    media_type(data)
    open_page(data, 0)


@cache
def _small() -> Image.Image:
    image = Image.new("RGB", (60, 48), "white")
    ImageDraw.Draw(image).text((4, 10), "1995-58", fill=(180, 20, 20))
    return image


def _raster(kind: str, **options: object) -> Callable[[], Sequence[bytes]]:
    @cache
    def examples() -> Sequence[bytes]:
        image = _small().convert(str(options.get("mode", "RGB")))
        told = {name: value for name, value in options.items() if name != "mode"}
        return [encoded(image, kind, **told)]

    return examples


@cache
def _tiffs() -> Sequence[bytes]:
    pages = [_small().convert("L"), _small().convert("L").rotate(90)]
    many = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="tiff_lzw")
    fax = encoded(_small().convert("1"), "TIFF", compression="group4")
    ways = [encoded(_small(), "TIFF", compression=how) for how in ("jpeg", "tiff_adobe_deflate", "packbits", "raw")]
    return [many, fax, *ways, encoded(_small(), "TIFF", big_tiff=True)]


@cache
def _pdfs() -> Sequence[bytes]:
    def scanned(image: bytes) -> bytes:
        document = pikepdf.new()
        document.add_blank_page(page_size=(60, 48))
        picture = document.make_stream(b"", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image)
        picture.Width, picture.Height, picture.BitsPerComponent = 60, 48, 8
        picture.ColorSpace = pikepdf.Name.DeviceRGB
        picture.write(image, filter=pikepdf.Name.DCTDecode)
        first = document.pages[0].obj
        first.Contents = document.make_stream(b"q 60 0 0 48 0 0 cm /X Do Q")
        first.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=picture))
        return pdf(document)

    text = pikepdf.open(io.BytesIO(written(b"Science and technology 1995")))
    acting = pikepdf.open(io.BytesIO(written(b"Science")))
    acting.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.GoTo, D=pikepdf.String("x"))
    return [
        written(b"Science 1995"),
        pdf(text, object_stream_mode=pikepdf.ObjectStreamMode.generate),
        pdf(text, encryption=pikepdf.Encryption(user="", owner="o", R=6)),
        pdf(acting, compress_streams=False),
        scanned(encoded(_small(), "JPEG")),
        pdf(plan()),
    ]


def _manifest(data: bytes) -> None:
    with TemporaryDirectory() as box:
        for name in ("a.jpg", "扫描.jpg"):
            (Path(box) / name).touch()
        (Path(box) / "manifest.csv").write_bytes(data)
        _gathered(Path(box))


def _ignored(data: bytes) -> None:
    with TemporaryDirectory() as box:
        (Path(box) / ("a" * 200 + ".jpg")).touch()
        (Path(box) / ".archivistignore").write_bytes(data)
        _gathered(Path(box))


def _gathered(box: Path) -> None:
    for entry in gather([box], SUFFIXES):
        assert isinstance(entry, Bundle | Failure)
        assert entry.source.isprintable()
        if isinstance(entry, Bundle):
            assert all(path.resolve().is_relative_to(box.resolve()) for path in entry.paths)


def _settings(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        (Path(folder) / "archivist.toml").write_bytes(data)
        load(Path(folder))


@cache
def _pages() -> Sequence[bytes]:
    return [pack([page(1, "关于创建全国科技工作先进市的决定", "聊发〔1995〕58号")])]


def _text(take: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: take(data.decode("utf-8", "replace"))


def _words(*words: str) -> Sequence[bytes]:
    return [word.encode() for word in words]


_TAGS = [struct.pack("<HHII", tag, kind, 2**31, 8) for tag in (256, 257, 259, 273, 279, 282, 330) for kind in (3, 4)]
_PDF_WORDS = _words(
    *("<<", ">>", "[", "]", "(", ")", "1 0 R", "2 0 R", "999999 0 R", "obj", "endobj", "stream", "endstream", "null"),
    *("/Kids", "/Parent", "/Type /Pages", "/Count 1000000", "/Length 999999999", "/Filter", "/FlateDecode", "xref"),
    *("/LZWDecode", "/ASCII85Decode", "/RunLengthDecode", "/JBIG2Decode", "/DCTDecode", "/JPXDecode", "/Crypt"),
    *("/Predictor 12", "/Columns 99999999", "/Prev 9", "startxref", "trailer", "%%EOF", "/Encrypt", "/Rotate 45"),
    *("/MediaBox [0 0 1e9 1e9]", "/MediaBox [-5 -5 -9 -9]", "/Width 99999", "/Subtype /Form", "/X Do", "/OpenAction"),
    *(
        "/S /JavaScript",
        "/Next",
        "/EF",
        "#41#42",
        "-1",
        "99999999999999999999",
        "1e400",
        "/ToUnicode 3 0 R",
        "BI ID EI",
    ),
)
_CSV_WORDS = _words(
    *(
        "path",
        "item",
        "件",
        "档号",
        ",",
        '"',
        '""',
        ";",
        "\t",
        "\r\n",
        "\n",
        "\0",
        "..",
        "/",
        "\\",
        "a.jpg",
        "../a.jpg",
    ),
    *("=1+1", "\x1b[2J", "\u202e"),
)
_IGNORES = _words(
    "*", "**", "***", "/", "!", "\\", "[", "]", "[!a-z]", "[z-a]", "?", "#", " ", "**/", "a", "\n", "*a*a*b"
)
_TOML = _words(
    "workers = ", "store = ", '"', "'''", "[", "]", "\n", "= 1e999", "inf", "9" * 5000, "\\u0000", "1979-05-27"
)
_ASKED = _words(
    "“", "”", '"', "聊发", "〔1995〕", "58号", "(", ")", "*", "1995年", "〇", "²", "\u200b", "廿", "第", "\0", " " * 60
)

PARSERS: Mapping[str, Parser] = {
    "jpeg": Parser(
        _scan, _raster("JPEG"), [b"\xff\xd8", b"\xff\xc0", b"\xff\xda", b"\xff\xd9", b"\xff\xe1"], (ScanError,)
    ),
    "png": Parser(_scan, _raster("PNG"), [b"IHDR", b"IDAT", b"IEND", b"zTXt", b"iCCP", b"\0\0\0\0"], (ScanError,)),
    "webp": Parser(_scan, _raster("WEBP"), [b"RIFF", b"VP8 ", b"VP8L", b"VP8X", b"ANIM"], (ScanError,)),
    "jpeg 2000": Parser(
        _scan, _raster("JPEG2000"), [b"\xff\x4f", b"\xff\x51", b"\xff\x52", b"jp2c", b"ihdr"], (ScanError,)
    ),
    "gif": Parser(_scan, _raster("GIF", mode="P"), [b"GIF89a", b"\x21\xf9", b"\x2c", b"\x3b"], (ScanError,)),
    "bmp": Parser(_scan, _raster("BMP"), [b"BM", b"\x28\0\0\0", b"\x7c\0\0\0"], (ScanError,)),
    "pixmap": Parser(_scan, _raster("PPM"), [b"P4", b"P5", b"P6", b"99999 99999", b"# a", b"65535"], (ScanError,)),
    "tiff": Parser(_scan, _tiffs, [b"II*\0", b"MM\0*", *_TAGS], (ScanError,)),
    "directories of a tiff": Parser(directories, _tiffs, [b"II*\0", b"II+\0", *_TAGS], ()),
    "pdf": Parser(_scan, _pdfs, _PDF_WORDS, (ScanError,)),
    "page of a pdf": Parser(_page, _pdfs, _PDF_WORDS, (ScanError,)),
    "kind": Parser(media_type, _tiffs, [b"%PDF-", b"RIFF"], (ScanError,)),
    "manifest": Parser(
        _manifest,
        lambda: _words("path,item,档号\na.jpg,1,Z-1\n扫描.jpg,1,\n", '路径,题名\r\n"a.jpg","关于"\r\n'),
        _CSV_WORDS,
        (ManifestError,),
    ),
    "ignore list": Parser(
        _ignored, lambda: _words("*.tmp.jpg\n/work/\n!keep.jpg\n[ab]?.jpg\n"), _IGNORES, (WrongCall,)
    ),
    "settings": Parser(
        _settings,
        lambda: _words('workers = 2\nsecond_reader = "never"\nstore = "file:///a"\n'),
        _TOML,
        (SettingsError,),
    ),
    "page of the catalogue": Parser(unpack, _pages, [b"\0", b"{}"], (ValueError,)),
    "record of a page": Parser(
        lambda data: unpack(zlib.compress(data)),
        lambda: [zlib.decompress(data) for data in _pages()],
        _words("null", "{}", "[]", "1e999", '"', ":", ",", '"pages"', "-1", "NaN", "[" * 3000),
        (ValueError,),
    ),
    "backup": Parser(
        lambda data: backup_manifest.read(data, "here"),
        lambda: [json.dumps({"archivist": "0.5.0", "made_at": "2026-01-01", "catalogue": {}}).encode()],
        _words("null", "{}", "[]", "1e999", '"', ":", ",", "[" * 3000),
        (ArchivistError,),
    ),
    "query": Parser(
        _text(query.parse),
        lambda: _words("聊發〔1995〕58號 先進區 “考核”", "聊发1995 58", "1995年 决定"),
        _ASKED,
        (QueryError,),
    ),
    "number": Parser(
        _text(lambda text: (numbers.parse(text), numbers.find(text))),
        lambda: _words("聊发〔1995〕58号", "(85)聊发12号", "根据聊政字(1985)第12号文件", "(63)平发字第021号"),
        _ASKED,
        (),
    ),
}
