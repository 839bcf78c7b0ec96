import pytest

from archivist.describe import assemble, describe
from archivist.model import Document, Page, Value
from tests.describe import paper
from tests.describe.paper import Cell

_INSTRUCTION = {
    "kind": "instruction",
    "text": "请各局处阅。全体干部学习。",
    "person": "官恩祥",
    "date": "1995-09-27",
}
_READING = {"kind": "reading", "text": "", "person": "官恩祥", "date": "1995-09-28"}
_EXPECTED = {
    "form_agency": ["聊城市人民政府"],
    "source_agency": ["聊城市委"],
    "document_number": ["58"],
    "copies": [1],
    "serial_number": ["36"],
    "received_date": ["1995-09-24"],
    "distribution_scope": ["请带书记阅"],
    "printed_date": ["1995-09-09"],
    "annotation": [_INSTRUCTION, _READING],
}


def _slip(*sheets: str | Page) -> Document:
    pages = paper.stack(*sheets)
    document = describe(pages)[0]
    assert document.kind == "circulation_slip"
    return document


def _values(document: Document) -> dict[str, list[Value]]:
    return {field.name: [entry.value for entry in document.values(field.name)] for field in document.fields}


_RULED = paper.form(
    [
        *(
            (0, column, text)
            for column, text in enumerate(["来文机关", "聊城市委", "文号", "58", "份数", "1", "编号", "36"])
        ),
        (1, 0, "收文日期"),
        Cell(1, 1, "95年 9 月 24 日", columns=7),
        Cell(2, 0, "批\n示\n情\n况", rows=2),
        Cell(2, 1, "分发范围： 请带书记阅", columns=7),
        Cell(3, 1, "领导批示意见： 请各局处阅。全体干部学习。\n95.9.27号\n官恩祥 28/9", columns=7),
        Cell(4, 0, "阅\n文\n者\n签\n署", rows=3),
        *(Cell(4, column, "姓 名 · 时 间", columns=2) for column in (1, 3, 5)),
        Cell(5, 1, "", columns=2),
        Cell(6, 1, "一九九五年九月九日", columns=7),
    ],
    above="聊城市人民政府批文封签\n30",
)
_MERGED = paper.form(
    [
        (0, 0, "来文机关 聊城市委 文号 58 份数 1 编号 36"),
        (1, 0, "收文日期95年9月24日"),
        (2, 0, "分发范围:请带书记阅"),
        (3, 0, "领导批示意见：请各局处阅。全体干部学习。 95.9.27号官恩祥28/9"),
        (4, 0, "阅文者签署 姓名·时间 姓名·时间"),
    ],
    above="聊城市人民政府\n批文封签",
    below="一九九五年九月九日",
)
_UNRULED = """聊城市人民政府批文封签
来文机关
聊城市委
文号
58
份数
1
编号
36
收文日期
95 年 9 月 24 日
分发范围： 请带书记阅
领导批示意见：
请各局处阅。
全体干部学习。
95.9.27号
官恩祥 28/9
阅文者签署
姓 名 · 时 间
一九九五年九月九日"""
_CROWDED = """聊城市人民政府批文封笺
来文机关聊城市委文号58份数1编号36
收文日期95年9月24日
分发范围：请带书记阅
领导批示意见：请各局处阅。全体干部学习。95.9.27号官恩祥28/9
一九九五年九月九日"""


@pytest.mark.parametrize("sheet", [_RULED, _MERGED, _UNRULED, _CROWDED], ids=["ruled", "merged", "unruled", "crowded"])
def test_the_slip_is_read_however_its_cells_were_found(sheet: str | Page) -> None:
    document = _slip(sheet)
    assert document.form == "批文封签"
    assert _values(document) == _EXPECTED


def test_handwriting_waits_for_a_person() -> None:
    sheet = paper.form(
        [
            (0, 0, "来文机关"),
            Cell(0, 1, "聊城市委", handwritten=True),
            (0, 2, "收文日期"),
            (0, 3, "1995.9.24"),
        ],
        above="聊城市人民政府批文封签",
    )
    status = {field.name: field.status for field in _slip(sheet).fields}
    assert status["source_agency"] == "review"
    assert status["received_date"] == "accepted"


def test_a_badly_read_digit_makes_the_value_doubtful() -> None:
    sheet = paper.form(
        [(0, 0, "来文机关"), (0, 1, "聊城市委"), (0, 2, "编号"), (0, 3, "36")],
        above="批文封签",
        confidence=0.7,
    )
    (serial,) = _slip(sheet).values("serial_number")
    assert serial.confidence == pytest.approx(0.7)
    assert serial.status == "review"


def test_wen_jian_chu_li_jian() -> None:
    sheet = paper.form(
        [
            *((0, column, text) for column, text in enumerate(["收文号", "0125", "来文单位", "县科委"])),
            *((1, column, text) for column, text in enumerate(["来文号", "平科字（1986）第7号", "缓急", "急"])),
            *((2, column, text) for column, text in enumerate(["密级", "秘密", "份数", "2份"])),
            (3, 0, "文件标题"),
            Cell(3, 1, "关于召开全县科技工作会议的\n请示", columns=3),
            (4, 0, "拟\n办\n意\n见"),
            Cell(4, 1, "拟请王县长阅示。\n办公室 赵文 5月6日", columns=3),
            (5, 0, "主要领导批示"),
            Cell(5, 1, "同意。请李副县长阅处。 王建国 7/5", columns=3),
            (6, 0, "办理结果"),
            Cell(6, 1, "已通知各公社。 5.9", columns=3),
        ],
        above="平阴县人民政府办公室文件处理笺",
    )
    document = _slip(sheet)
    assert document.form == "文件处理笺"
    assert _values(document) == {
        "form_agency": ["平阴县人民政府办公室"],
        "serial_number": ["0125"],
        "source_agency": ["县科委"],
        "document_number": ["平科字〔1986〕7号"],
        "secrecy": ["秘密"],
        "copies": [2],
        "subject": ["关于召开全县科技工作会议的请示"],
        "annotation": [
            {"kind": "proposal", "text": "拟请王县长阅示。", "person": "赵文", "date": "1986-05-06"},
            {
                "kind": "instruction",
                "text": "同意。请李副县长阅处。",
                "person": "王建国",
                "date": "1986-05-07",
            },
            {"kind": "result", "text": "已通知各公社。", "person": None, "date": "1986-05-09"},
        ],
    }


def test_chuan_yue_dan_has_a_reading_for_each_signature() -> None:
    sheet = paper.form(
        [
            *(
                (0, column, text)
                for column, text in enumerate(["文件编号", "鲁政发〔1991〕103号", "顺序号 12", "收到日期", "91.12.3"])
            ),
            (1, 0, "标 题"),
            Cell(1, 1, "关于加快乡镇企业发展的决定", columns=4),
            (2, 0, "领导批示"),
            Cell(2, 1, "", columns=4),
            *((3, column, text) for column, text in enumerate(["阅者签名", "日期", "阅者签名", "日期"])),
            *((4, column, text) for column, text in enumerate(["张志远", "12.5", "刘芳", "12.6"])),
            *((5, column, text) for column, text in enumerate(["孙 立", "6/1", "圈阅", ""])),
            (6, 0, "备注"),
        ],
        above="中共莱芜市委\n文件传阅单",
    )
    document = _slip(sheet)
    assert document.form == "传阅单"
    values = _values(document)
    assert values["serial_number"] == ["12"]
    assert values["document_number"] == ["鲁政发〔1991〕103号"]
    assert values["form_agency"] == ["中共莱芜市委"]
    # Read after the turn of the year: the sixth of January is the next one.
    assert values["annotation"] == [
        {"kind": "reading", "text": "", "person": "张志远", "date": "1991-12-05"},
        {"kind": "reading", "text": "", "person": "刘芳", "date": "1991-12-06"},
        {"kind": "reading", "text": "", "person": "孙立", "date": "1992-01-06"},
        {"kind": "reading", "text": "圈阅", "person": None, "date": None},
    ]


def test_two_officials_in_one_cell_are_two_entries() -> None:
    sheet = paper.form(
        [
            (0, 0, "来文单位"),
            (0, 1, "省科委"),
            (0, 2, "收文日期"),
            (0, 3, "1988年4月20日"),
            (1, 0, "领导批示"),
            Cell(1, 1, "请科委、教委研究办理。王建国 4.21\n已阅 李明 22/4", columns=3),
        ],
        above="寿光县人民政府文件处理单",
    )
    assert _values(_slip(sheet))["annotation"] == [
        {"kind": "instruction", "text": "请科委、教委研究办理。", "person": "王建国", "date": "1988-04-21"},
        {"kind": "reading", "text": "已阅", "person": "李明", "date": "1988-04-22"},
    ]


def test_traditional_labels_and_a_misread_heading() -> None:
    sheet = paper.form(
        [(0, 0, "來文單位"), (0, 1, "廈門市科委"), (0, 2, "收文日期"), (0, 3, "八五年五月廿三日")],
        above="廈門市人民政府文仵處理單",
    )
    document = _slip(sheet)
    assert document.form == "文件处理单"
    assert _values(document) == {
        "form_agency": ["厦门市人民政府"],
        "source_agency": ["厦门市科委"],
        "received_date": ["1985-05-23"],
    }
    assert document.values("source_agency")[0].raw == "廈門市科委"


def test_other_ruled_forms_are_no_slips() -> None:
    sheet = paper.form(
        [
            (0, 0, "学校"),
            (0, 1, "厦门市第一中学"),
            (0, 2, "年级"),
            (0, 3, "七年级"),
            (1, 0, "姓名"),
            (1, 1, "刘芳"),
        ],
        above="厦门市中学生社会实践活动登记表",
    )
    assert [document.kind for document in assemble(paper.stack(sheet))] == ["other"]


def test_labels_and_values_in_the_same_cells() -> None:
    sheet = paper.form(
        [
            Cell(0, 0, "收 文 处 理 单", columns=4),
            *((1, column, text) for column, text in enumerate(["来文单位：省科委", "收文日期：2003年3月4日"])),
            *((1, column + 2, text) for column, text in enumerate(["收文编号：2003-015", "密级："])),
            Cell(2, 0, "文件标题：关于申报2003年度科技计划项目的通知", columns=4),
            Cell(3, 0, "发文字号：鲁科计字〔2003〕12号", columns=2),
            Cell(3, 2, "份数：壹", columns=2),
            Cell(4, 0, "领导批示：\n请计划科办理。\n李建华 3月5日", columns=4),
            # The third of June would be three months after the paper came in.
            Cell(5, 0, "传阅人：王军 3/6 张华 3.7 刘明(阅)", columns=4),
            Cell(6, 0, "处理结果：已办。", columns=4),
        ]
    )
    document = _slip(sheet)
    assert document.form == "文件处理单"
    assert _values(document) == {
        "source_agency": ["省科委"],
        "received_date": ["2003-03-04"],
        "serial_number": ["2003-015"],
        "subject": ["关于申报2003年度科技计划项目的通知"],
        "document_number": ["鲁科计字〔2003〕12号"],
        "copies": [1],
        "annotation": [
            {"kind": "instruction", "text": "请计划科办理。", "person": "李建华", "date": "2003-03-05"},
            {"kind": "reading", "text": "", "person": "王军", "date": "2003-03-06"},
            {"kind": "reading", "text": "", "person": "张华", "date": "2003-03-07"},
            {"kind": "reading", "text": "", "person": "刘明", "date": None},
            {"kind": "result", "text": "已办。", "person": None, "date": None},
        ],
    }


def test_a_number_behind_an_agency_without_a_space_is_its_own_value() -> None:
    document = _slip(
        "长清县人民政府文件处理单\n来文单位济南市科委发文字号济科字〔1992〕21号\n收文日期1992年4月12日收文编号0087"
    )
    assert _values(document) == {
        "form_agency": ["长清县人民政府"],
        "source_agency": ["济南市科委"],
        "document_number": ["济科字〔1992〕21号"],
        "received_date": ["1992-04-12"],
        "serial_number": ["0087"],
    }


def test_labels_without_values_give_nothing() -> None:
    empty = "文件处理单\n来文单位：　　发文字号：　　收文日期：\n文件标题：\n拟办意见：\n领导批示：\n处理结果："
    assert _slip(empty).fields == ()


def test_words_of_labels_inside_a_value_belong_to_it() -> None:
    sheet = paper.form(
        [
            (0, 0, "来文单位：县档案局"),
            (0, 1, "收文日期：2006.8.9"),
            (1, 0, "文件标题：关于规范来文单位收文编号和领导批示办理的通知"),
            (2, 0, "领导批示：请按收文日期登记，注明份数和密级。高峰 8.10"),
        ],
        above="文件处理单",
    )
    assert _values(_slip(sheet)) == {
        "source_agency": ["县档案局"],
        "received_date": ["2006-08-09"],
        "subject": ["关于规范来文单位收文编号和领导批示办理的通知"],
        "annotation": [
            {
                "kind": "instruction",
                "text": "请按收文日期登记，注明份数和密级。",
                "person": "高峰",
                "date": "2006-08-10",
            }
        ],
    }


def test_each_reads_in_his_own_cell_or_line() -> None:
    ruled = paper.form(
        [
            *((0, column, text) for column, text in enumerate(["来文机关", "地区爱卫会", "收文日期", "94年5月3日"])),
            *((1, column, text) for column, text in enumerate(["阅文者签署", "姓名", "时间", "姓名"])),
            *((2, column + 1, text) for column, text in enumerate(["圈阅", "", "卢敏", "7/5"])),
            *((3, column + 1, text) for column, text in enumerate(["孙浩(出差)", "", "丁德江", "8/5"])),
        ],
        above="批文封签",
    )
    assert _values(_slip(ruled))["annotation"] == [
        {"kind": "reading", "text": "圈阅", "person": None, "date": None},
        {"kind": "reading", "text": "", "person": "卢敏", "date": "1994-05-07"},
        {"kind": "reading", "text": "(出差)", "person": "孙浩", "date": None},
        {"kind": "reading", "text": "", "person": "丁德江", "date": "1994-05-08"},
    ]
    unruled = """临清市科委文件传阅单
文件编号：聊科字〔1996〕9号　收到日期：96.5.6
阅者签名　日期　阅者签名　日期
王玲 5.8　张国庆 8/5"""
    assert _values(_slip(unruled))["annotation"] == [
        {"kind": "reading", "text": "", "person": "王玲", "date": "1996-05-08"},
        {"kind": "reading", "text": "", "person": "张国庆", "date": "1996-05-08"},
    ]


def test_a_signature_in_the_row_below_is_that_of_the_instruction() -> None:
    sheet = paper.form(
        [(0, 0, "收文时间：2001年11月7日"), (1, 0, "领导批示：同意。"), (2, 0, "孙德海 8/11"), (3, 0, "办理情况：")],
        above="济南市人民政府办公厅收文处理单",
    )
    assert _values(_slip(sheet))["annotation"] == [
        {"kind": "instruction", "text": "同意。", "person": "孙德海", "date": "2001-11-08"},
    ]


_REGISTER = [
    ["顺序号", "收文日期", "来文单位", "文号", "标题", "份数"],
    ["1", "95.1.3", "省科委", "鲁科字〔1995〕1号", "关于科技工作的通知", "1"],
    ["2", "95.1.5", "省卫生厅", "鲁卫字〔1995〕2号", "关于防疫的通知", "1"],
]
_CONTENTS = [
    ["序号", "文号", "责任者", "题名", "日期", "页号"],
    ["1", "聊发〔1995〕1号", "市委", "关于科技工作的通知", "19950103", "1"],
]


@pytest.mark.parametrize(
    "sheet",
    [
        paper.form(
            [(row, column, text) for row, texts in enumerate(table) for column, text in enumerate(texts)],
            above=heading,
        )
        for heading, table in (("收文登记簿", _REGISTER), ("卷内文件目录", _CONTENTS))
    ],
    ids=["register", "contents of a file"],
)
def test_a_list_of_papers_is_none_of_them(sheet: Page) -> None:
    assert [document.kind for document in assemble(paper.stack(sheet))] == ["other"]


def test_prose_about_slips_is_no_slip() -> None:
    text = "会议要求：\n来文单位应当注明文号。\n收文日期、编号、份数由收发员填写。\n领导批示应当明确具体。"
    assert [document.kind for document in assemble(paper.stack(text))] == ["other"]
