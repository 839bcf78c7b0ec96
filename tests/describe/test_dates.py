import gzip
import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archivist.describe.dates import find, parse, restored

_GAZETTE = Path(__file__).parents[2] / "../shared/gazette.jsonl.gz"


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("一九九五年六月九日", "1995-06-09"),
        ("一 九 九 五 年 六 月 九 日", "1995-06-09"),
        ("(一九九五年六月九日)", "1995-06-09"),
        ("一九九五年六月九曰", "1995-06-09"),
        ("—九九五年十—月九日", "1995-11-09"),
        ("二〇一二年十二月卅一日", "2012-12-31"),
        ("二○一二年三月", "2012-03"),
        ("二O一四年三月五日", "2014-03-05"),
        ("二零一四年元月五日", "2014-01-05"),
        ("一九七二年四月廿八日", "1972-04-28"),
        ("一九八五年五月二十三日", "1985-05-23"),
        ("八五年六月一日", "1985-06-01"),
        ("95年 9 月 24 日", "1995-09-24"),
        ("95.9.27号", "1995-09-27"),
        ("１９９５年６月９日", "1995-06-09"),
        ("1995-06-09", "1995-06-09"),
        ("1995/6/9", "1995-06-09"),
        ("1995.6", "1995-06"),
        ("公元一九五一年十月五日", "1951-10-05"),
        ("一九八五、四、十二", "1985-04-12"),
        ("一九八五.四.十二", "1985-04-12"),
        ("19950609", "1995-06-09"),
        ("2021年10月20日", "2021-10-20"),
        ("民国99年7月2日", "2010-07-02"),
        ("中華人民共和國一九五一年五月二十日", "1951-05-20"),
        ("中華民國一百零一年三月十九日", "2012-03-19"),
    ],
)
def test_every_shape_of_a_date(text: str, iso: str) -> None:
    assert parse(text) == iso


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("28/9", "1995-09-28"),
        ("9/28", "1995-09-28"),
        ("4/9", "1995-09-04"),
        ("4.16", "1995-04-16"),
        ("9月5日", "1995-09-05"),
    ],
)
def test_a_date_without_year_needs_one(text: str, iso: str) -> None:
    assert parse(text, 1995) == iso
    assert parse(text) is None


def test_two_digits_are_the_nearest_year() -> None:
    assert parse("95年9月24日", 2003) == "1995-09-24"
    assert parse("12年3月5日", 2010) == "2012-03-05"
    assert parse("12年3月5日", 1920) == "1912-03-05"


@pytest.mark.parametrize(
    "text", ["", "58", "1995年", "1995年13月1日", "1995年2月30日", "1.1%", "九月", "第10.1.2节", "星期五"]
)
def test_nonsense_is_none(text: str) -> None:
    assert parse(text, 1995) is None


def test_dates_in_a_note_by_hand() -> None:
    text = "请各局处阅。全体干部学习。95.9.27号官恩祥28/9"
    assert [(text[f.start : f.end], f.date) for f in find(text, 1995)] == [
        ("95.9.27号", "1995-09-27"),
        ("28/9", "1995-09-28"),
    ]


def test_figures_in_running_text_are_no_dates() -> None:
    assert find("占1.1%以上，约3.5万元，从2010年—2011年", 2012) == []
    assert find("文件1983、1984、1985年度，第1985、3、40000号") == []
    assert find("见第10.1.2节，9.5节，约3.5万元，2010年") == []


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_any_day_is_read_in_figures_and_in_characters(day: date) -> None:
    characters = str.maketrans("0123456789", "〇一二三四五六七八九")

    def counted(value: int) -> str:
        tens, ones = divmod(value, 10)
        return f"{'' if tens < 2 else tens}{'十' if tens else ''}{ones or ''}".translate(characters)

    assert parse(f"{day.year}年{day.month}月{day.day}日") == day.isoformat()
    year = str(day.year).translate(characters)
    assert parse(f"{year}年{counted(day.month)}月{counted(day.day)}日") == day.isoformat()


@given(st.text(), st.none() | st.integers(1900, 2050))
def test_no_text_is_too_odd(text: str, year: int | None) -> None:
    parse(text, year)
    for found in find(text, year):
        assert 0 <= found.start < found.end <= len(text)


@pytest.mark.skipif(not _GAZETTE.exists(), reason="the gazette is not on this machine")
def test_dates_of_a_gazette() -> None:
    with gzip.open(_GAZETTE, "rt", encoding="utf-8") as rows:
        assert [row["date"] for row in map(json.loads, rows) if not parse(row["date"])] == []


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("一九九年八月二十日", "1990-08-20"),
        ("一九元〇年八月二十日", "1990-08-20"),
        ("199年8月20日", "1990-08-20"),
        ("一九六年八月二十日", None),
        ("一九八年八月二十日", "1978-08-20"),
        ("一九九年八月", None),
        ("约一九九年八月二十日前", None),
    ],
)
def test_a_year_that_lost_a_character_can_only_be_one_that_the_paper_names(text: str, iso: str | None) -> None:
    assert restored(text, {1990, 1978}) == iso
    assert restored(text, ()) is None


def test_a_year_that_may_be_one_of_two_stays_unknown() -> None:
    assert restored("一九九年八月二十日", {1990, 1991}) is None
