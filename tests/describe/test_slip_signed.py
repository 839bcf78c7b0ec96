"""Who signs a slip, and when: names written by their sound, days without a month, rows and columns of readers."""

from typing import Any

import pytest

from archivist.describe import slips as slip
from archivist.describe.slips.people import is_name, is_spelled
from archivist.model import Page
from tests.describe import paper
from tests.describe.paper import Cell

HEAD: list[Cell | tuple[int, int, str]] = [
    (0, 0, "来文单位"),
    (0, 1, "县卫生局"),
    (0, 2, "收文日期"),
    (0, 3, "1985.9.24"),
]


def _notes(sheet: Page) -> list[tuple[Any, ...]]:
    values = [field.value for field in slip.fields(paper.stack(sheet)) if field.name == "annotation"]
    return [tuple(value.values()) for value in values if isinstance(value, dict)]


def _written(label: str, *lines: str) -> list[tuple[Any, ...]]:
    cells = [*HEAD, (1, 0, label), Cell(1, 1, "\n".join(lines), columns=3)]
    return _notes(paper.form(cells, above="某县人民政府文件处理单"))


@pytest.mark.parametrize(
    "name",
    ["巴特尔", "那顺巴雅尔", "乌云其木格", "斯琴高娃", "扎西顿珠", "次仁卓玛", "尼玛扎西", "德吉", "阿不都热合曼",
     "努尔兰别克", "吐尔逊", "买买提·艾沙", "吉克阿牛", "沙马拉日", "欧阳建华", "妥文斌", "朴英姬"],
)  # fmt: skip
def test_names_of_all_peoples_sign(name: str) -> None:
    assert is_name(name)
    ((_, text, person, date),) = _written("领导批示", f"同意，速办。 {name} 9.25")
    assert (text, person, date) == ("同意，速办。", name, "1985-09-25")
    assert _written("传阅", f"{name} 9月25日") == [("reading", "", name, "1985-09-25")]


@pytest.mark.parametrize(
    "words", ["同意", "速办", "林业局", "农水股", "办公会议", "阅后退", "特别重要", "达到要求", "转各公社"]
)
def test_other_words_are_no_names(words: str) -> None:
    assert not is_name(words)
    assert not is_spelled(words)


def test_a_comrade_spoken_of_does_not_sign() -> None:
    assert _written("领导批示", "请额尔敦同志速办，报那旗长。", "白音 9.25") == [
        ("instruction", "请额尔敦同志速办，报那旗长。", "白音", "1985-09-25")
    ]


@pytest.mark.parametrize(
    ("day", "date"),
    [("廿五日", "1985-09-25"), ("二十五日", "1985-09-25"), ("三十日", "1985-09-30"), ("25日", "1985-09-25"),
     ("初三日", "1985-10-03"),     ("四日", "1985-10-04"), ("28号", "1985-09-28")],
)  # fmt: skip
def test_a_day_without_a_month_is_the_next_one_so_called(day: str, date: str) -> None:
    assert _written("领导批示", "同意。", f"王大海　{day}") == [("instruction", "同意。", "王大海", date)]


@pytest.mark.parametrize(
    "words", ["限三日内办妥。", "每旬五日汇报。", "请于十日前送我。", "检查共七日。", "工期20日。"]
)
def test_days_that_are_no_date_of_writing_stay_words(words: str) -> None:
    assert _written("领导批示", words, "王大海 9.25") == [("instruction", words, "王大海", "1985-09-25")]


def test_what_was_noted_before_says_the_month() -> None:
    cells = [*HEAD, (1, 0, "拟办意见"), Cell(1, 1, "请局长阅示。 周丽 10月28日", columns=3)]
    cells += [(2, 0, "领导批示"), Cell(2, 1, "同意。 王大海 五日", columns=3)]
    dates = [note[3] for note in _notes(paper.form(cells, above="某县人民政府文件处理单"))]
    assert dates == ["1985-10-28", "1985-11-05"]


@pytest.mark.parametrize(
    ("words", "date"),
    [
        ("廿八日发出。", "1985-09-28"),
        ("汇报材料28日已报。", "1985-09-28"),
        ("9月28日发文。", "1985-09-28"),
        ("拟于30日前发出。", None),
    ],
)
def test_a_result_is_dated_by_its_words(words: str, date: str | None) -> None:
    assert _written("处理结果", words, "文书 席玉如") == [("result", words, "席玉如", date)]


def test_posts_before_a_name_are_no_words() -> None:
    assert _written("领导批示", "照拟办理。", "县长　骆承志　九月三十日") == [
        ("instruction", "照拟办理。", "骆承志", "1985-09-30")
    ]


def test_only_signatures_below_printed_names_are_readings() -> None:
    rows = [
        ("传阅人", "石维高", "麻成林", "田儒贵"),
        ("签　名", "石维高", "", "田儒贵"),
        ("日　期", "9.26", "", "27/9"),
    ]
    cells = [*HEAD, (1, 0, "标题"), Cell(1, 1, "关于防疫的通知", columns=3)]
    cells += [(2 + row, column, text) for row, texts in enumerate(rows) for column, text in enumerate(texts)]
    assert _notes(paper.form(cells, above="某县卫生局文件传阅卡")) == [
        ("reading", "", "石维高", "1985-09-26"),
        ("reading", "", "田儒贵", "1985-09-27"),
    ]


def test_what_a_reader_notes_behind_his_date_is_his() -> None:
    assert _written("传阅", "铁占江 9.25　　李淑琴（出差）　　妥文斌 9月26日 已阅") == [
        ("reading", "", "铁占江", "1985-09-25"),
        ("reading", "(出差)", "李淑琴", None),
        ("reading", "已阅", "妥文斌", "1985-09-26"),
    ]
    heads = ["传阅人", "日期", "意见"]
    cells = [*HEAD, *((1, column, text) for column, text in enumerate(heads))]
    cells += [(2, column, text) for column, text in enumerate(["周世泉", "9.25", "阅"])]
    assert _notes(paper.form(cells, above="某县卫生局文件传阅单")) == [("reading", "阅", "周世泉", "1985-09-25")]


def test_a_name_and_a_date_broken_by_a_narrow_cell_are_whole() -> None:
    cells = [*HEAD, (1, 0, "传阅人"), (1, 1, "日期"), (2, 0, "沙马拉\n日"), (2, 1, "9.\n25")]
    assert _notes(paper.form(cells, above="某县卫生局文件传阅单")) == [("reading", "", "沙马拉日", "1985-09-25")]


def test_a_name_that_goes_on_in_the_next_line_is_whole() -> None:
    assert _written("处理结果", "已向常委汇报。向文", "秀9.25") == [
        ("result", "已向常委汇报。", "向文秀", "1985-09-25")
    ]
    assert [note[2] for note in _written("传阅", "刘建", "国9.25", "李明", "张红")] == ["刘建国", "李明", "张红"]
    assert _written("领导批示", "李明", "发")[0][2] == "李明"


def test_entries_side_by_side_on_a_form_without_ruling() -> None:
    sheet = paper.page(
        "某县水利局发文稿纸\n签　发　　同意，即发。　　　会　签　　已阅。\n"
        "　　　　　胡家银 8/6　　　　　　　汪学礼 8/7\n"
        "发文号　　某水〔1991〕44号　　份数　　20\n标题　　关于防汛的通知"
    )
    assert _notes(sheet) == [
        ("instruction", "同意，即发。", "胡家银", "1991-06-08"),
        ("instruction", "已阅。", "汪学礼", "1991-07-08"),
    ]


def test_a_name_before_a_date_signs_though_a_point_was_set_or_read_between_them() -> None:
    sheet = paper.form(
        [
            (0, 0, "收文日期"),
            (0, 1, "1955年4月10日"),
            (1, 0, "领导批示"),
            (1, 1, "同意转发，限月底前汇报一次。\n马成山。14/4"),
        ],
        above="临颍县人民委员会文件处理单",
    )
    (note,) = (field for field in slip.fields([sheet]) if field.name == "annotation")
    assert note.value == {
        "kind": "instruction", "text": "同意转发，限月底前汇报一次。", "person": "马成山", "date": "1955-04-14"
    }  # fmt: skip
