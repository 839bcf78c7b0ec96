import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archivist.describe.numbers import DocumentNumber, find, parse

_SHARED = Path(__file__).parents[2] / "../shared/numbers.csv"

_SHAPES = [
    "聊发〔1995〕58号",
    "聊發〔1995〕58號",
    "聊发(1995)58号",
    "聊发（１９９５）５８号",
    "聊发[1995]58号",
    "聊发【1995】58与",
    "聊发〈1995〉58号",
    "聊发【【1995】】58号",
    "聊发“1995”58号",
    "聊发|1995|58号",
    "聊发(1995j58扎",
    "聊发1995J58号",
    "聊发1995H58号",
    "聊发11995]58号",
    "聊发1995]58号",
    "聊 发 〔1995〕 58 号",
    "聊发〔1995〕第058号",
    "聊发(一九九五)五十八号",
    "聊发1995年第58号",
    "聊发199558号",
    "(95)聊发58号",
    "〔1995〕聊发第58号",
    "聊发〔1995〕58",
    "聊发1995 58",
    "聊发1995-58",
    "聊发 1995　58",
    "聊发〔1995〕58号文件",
    "\u200b聊发〔1995〕58号",
    "聊发{1995}58号",
    "聊发〖1995〗58号",
    "聊发C1995〕58号",
    "聊发〔l995〕58号",
    "聊发(1995)筹58寺",
    "聊发(1995)58昙",
    "聊发(九五)第五十八号",
    "95聊发58号",
    "聊发95—58号",
    "聊发第58号(1995)",
]


@pytest.mark.parametrize("text", _SHAPES)
def test_every_shape_of_one_number_is_the_same_number(text: str) -> None:
    assert parse(text) == DocumentNumber("聊发", 1995, 58)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("聊政字(1985)第12号", "聊政字〔1985〕12号"),
        ("(63)平发字第021号", "平发字〔1963〕21号"),
        ("临爱卫[1992]17号", "临爱卫〔1992〕17号"),
        ("豫政 〔2023〕27号", "豫政〔2023〕27号"),
        ("廈府〔1993〕綜017號", "厦府综〔1993〕17号"),
        ("聊字第(1985)12号", "聊字〔1985〕12号"),
        ("（五五）魯民字第八八號", "鲁民字〔1955〕88号"),
        ("(一九五五)聊专民字第二百一十七号", "聊专民字〔1955〕217号"),
        ("聊发〔1995〕一百零三号", "聊发〔1995〕103号"),
        ("鲁公(治)字〔1995〕3号", "鲁公(治)字〔1995〕3号"),
        ("金管銀(三)字〔2006〕2230號", "金管银(三)字〔2006〕2230号"),
    ],
)
def test_older_and_longer_forms(text: str, normal: str) -> None:
    assert str(parse(text)) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1995",
        "58",
        "科技 决定 1995",
        "聊城 1995",
        "科技1995 12",
        "1995年6月9日",
        "一九九五年六月九日",
        "第十二条",
        "(1995)58号",
        "聊发第12号",
        "聊发〔1995〕0号",
        "决定1995年6月",
        "中华人民共和国",
        "会议(1995)第3次",
        "农业(1995)58万",
        "95年58号",
    ],
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert parse(text) is None


def test_a_number_without_year_takes_the_year_it_is_given() -> None:
    assert str(parse("聊发第12号", 1985)) == "聊发〔1985〕12号"
    assert str(parse("府民字第一〇三號", 1951)) == "府民字〔1951〕103号"
    assert parse("陕西省人民政府令第142号", 2009) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("管秘字第伍號", 5), ("市秘字第貳拾叁號", 23), ("府民字第叁佰零陸号", 306), ("財糧字第玖拾貳號", 92)],
)
def test_numbers_in_the_figures_of_accounts(text: str, number: int) -> None:
    found = parse(text, 1950)
    assert found is not None and found.number == number


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("根据聊发〔1995〕58号和鲁政发(1994)12号文件精神", ["聊发〔1995〕58号", "鲁政发(1994)12号"]),
        ("省人民政府鲁政发〔1995〕3号《关于…通知》", ["鲁政发〔1995〕3号"]),
        ("国务院国发[1985]12号、(85)聊发12号文", ["国发[1985]12号", "(85)聊发12号"]),
        ("你局聊科字〔1995〕第3号请示收悉", ["聊科字〔1995〕第3号"]),
        ("市委办发〔2017〕5号", ["市委办发〔2017〕5号"]),
        ("现将鲁政办发〔1988〕71号文转发给你们", ["鲁政办发〔1988〕71号"]),
    ],
)
def test_numbers_in_running_text_are_cut_free(text: str, numbers: list[str]) -> None:
    assert [text[found.start : found.end] for found in find(text)] == numbers


@pytest.mark.parametrize(
    "text",
    [
        "本法第12条（1995）规定",
        "1995年6月9日(星期五)第3号楼",
        "1993—1995年5号楼",
        "会议(1995)第3次",
        "成员(12)3号楼",
        "三、农业(1995)产值58亿元",
    ],
)
def test_dates_years_and_articles_are_no_numbers(text: str) -> None:
    assert find(text) == []


_CODES = st.text(st.sampled_from("聊政发办函字鲁科教委党财税卫"), min_size=2, max_size=8)


@given(_CODES, st.integers(1949, 2049), st.integers(1, 99999))
def test_what_is_written_is_read_back(code: str, year: int, number: int) -> None:
    written = DocumentNumber(code, year, number)
    assert parse(str(written)) == written
    assert [found.number for found in find(f"《意见》（{written}）的要求")] == [written]


_CHARACTERS = str.maketrans("0123456789", "〇一二三四五六七八九")
_FORMATS = {
    "year in brackets": "{code}〔{year}〕{number}号",
    "half width": "{code}({year}){number}号",
    "square": "{code}[{year}]{number}号",
    "heavy": "{code}【{year}】{number}号",
    "with 第": "{code}〔{year}〕第{number}号",
    "with zeros": "{code}〔{year}〕{number:05}号",
    "set wide": "{code} 〔 {year} 〕 {number} 号",
    "as a paper": "{code}〔{year}〕{number}号文",
    "year first": "({year}){code}第{number}号",
    "year last": "{code}第{number}号({year})",
    "short year": "{code}({short:02}){number}号",
    "short year first": "({short:02}){code}第{number}号",
    "with a dash": "{code}{year}-{number}号",
    "without brackets": "{code}{year}年第{number}号",
    "in characters": "{code}({signs}){number}号",
    "in characters first": "({signs}){code}第{figures}号",
    "number in characters": "{code}〔{year}〕{figures}号",
}


@given(
    st.sampled_from(sorted(_FORMATS)),
    _CODES.map(lambda code: code + "字"),
    st.integers(1949, 2048),
    st.integers(1, 9999),
)
def test_what_is_written_in_any_shape_is_read_back(shape: str, code: str, year: int, number: int) -> None:
    written = _FORMATS[shape].format(
        code=code,
        year=year,
        short=year % 100,
        number=number,
        signs=str(year).translate(_CHARACTERS),
        figures=str(number).translate(_CHARACTERS),
    )
    assert parse(written) == DocumentNumber(code, year, number)


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    parse(text)
    for found in find(text):
        assert 0 <= found.start < found.end <= len(text)


@pytest.mark.skipif(not _SHARED.exists(), reason="the collection of real numbers is not on this machine")
def test_real_numbers() -> None:
    with _SHARED.open(encoding="utf-8", newline="") as rows:
        read = [
            (
                parse(row["printed"]),
                (row["agency_code"].strip(" \u200b"), int(row["year"]), int(row["number"])),
            )
            for row in csv.DictReader(rows)
        ]
    right = sum(got is not None and (got.agency_code, got.year, got.number) == want for got, want in read)
    assert right >= 0.995 * len(read)
