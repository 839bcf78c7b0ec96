import csv
import zipfile
from dataclasses import replace
from xml.etree.ElementTree import parse

import pytest
from jsonschema import validate
from openpyxl import load_workbook

from archivist.definitions import load, path
from archivist.export import write
from archivist.export.elements import statements
from archivist.model import Document
from tests.items import campaign, decision, field, notice, number, page

COLUMNS = ["序号", "档号", "文号", "责任者", "题名", "日期", "密级", "页数", "备注"]
DECISION = [
    "1",
    "Z109-WS·1995-Y-BGS-0001",
    "聊发〔1995〕58号",
    "中共聊城市委；聊城市人民政府",
    "中共聊城市委 聊城市人民政府关于创建全国科技工作先进市的决定",
    "19950609",
    "",
    "3",
    "创建全国科技工作先进市",
]


def csv_rows(tmp_path, *items):
    write("csv", items, tmp_path / "catalogue.csv")
    with (tmp_path / "catalogue.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def sheet_of(tmp_path, *items):
    write("xlsx", items, tmp_path / "catalogue.xlsx")
    return load_workbook(tmp_path / "catalogue.xlsx").active


def issued(*said, kind="issued_document"):
    """An item with one document that says these (name, raw, value, and what else of a field)."""
    paper = page(1, *[entry[1] for entry in said])
    fields = tuple(replace(field(paper, name, raw, value), **dict(*more)) for name, raw, value, *more in said)
    return replace(notice("a"), pages=(paper,), documents=(Document(kind, (1,), None, fields),))


def column(tmp_path, heading, item):
    return csv_rows(tmp_path, item)[1][COLUMNS.index(heading)]


def test_the_csv_has_the_nine_columns_and_opens_in_excel(tmp_path):
    assert csv_rows(tmp_path, decision()) == [COLUMNS, DECISION]
    raw = (tmp_path / "catalogue.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == raw.count(b"\n") == 2


def test_the_workbook_has_the_same_rows_under_its_heading(tmp_path):
    rows = [[cell.value for cell in row] for row in sheet_of(tmp_path, decision()).rows]
    assert rows[0][0] == "归档文件目录"
    assert rows[1] == COLUMNS
    assert ["" if value is None else str(value) for value in rows[2]] == DECISION
    assert (rows[2][0], rows[2][7]) == (1, 3)


def test_the_workbook_prints_as_the_standard_wants(tmp_path):
    sheet = sheet_of(tmp_path, decision())
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
    assert sheet.print_title_rows == "$1:$2"
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert "&P" in sheet.oddFooter.center.text
    cell = sheet["E3"]
    assert cell.font.name == "宋体"
    assert cell.border.left.style == cell.border.bottom.style == "thin"
    assert cell.alignment.wrap_text


def test_a_row_is_tall_enough_for_its_title(tmp_path):
    long = replace(notice("long"), title="关于" + "科技工作" * 40 + "的通知")
    sheet = sheet_of(tmp_path, notice("short"), long)
    assert sheet.row_dimensions[4].height > 5 * sheet.row_dimensions[3].height


def test_doubtful_cells_are_coloured_and_say_how_sure_they_are(tmp_path):
    item = issued(
        (
            "document_number",
            "聊发(1995)53号",
            number("聊发", 1995, 53),
            {"status": "review", "confidence": 0.95},
        ),
        ("date_of_issue", "一九九五年六月九日", "1995-06-09", {"confidence": 0.58}),
        ("issuing_agency", "聊城市委", None, {"confidence": 0.2, "status": "verified"}),
        ("secrecy", "秘密", None, {"confidence": 0.93}),
    )
    weak = campaign(page(1, "创建卫生城市"), "创建卫生城市", 0.5)
    sheet = sheet_of(tmp_path, replace(item, campaigns=(weak,)))
    notes = {cell.coordinate: cell.comment.text for cell in sheet[3] if cell.comment}
    assert set(notes) == {"C3", "F3", "I3"}
    assert all(part in notes["C3"] for part in ("95 %", "page 1", "聊发(1995)53号"))
    assert all(part in notes["F3"] for part in ("58 %", "一九九五年六月九日"))
    assert "50 %" in notes["I3"]
    coloured = {cell.coordinate for cell in sheet[3] if cell.fill.fill_type == "solid"}
    assert coloured == set(notes)


def test_a_doubtful_title_is_marked_by_the_field_that_proves_it(tmp_path):
    item = issued(("title", "关于召开会议的通知", None, {"confidence": 0.5}))
    assert sheet_of(tmp_path, replace(item, title="关于召开会议的通知"))["E3"].comment is not None
    assert sheet_of(tmp_path, replace(item, title="[会议记录]"))["E3"].comment is None


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", "﹣", " =", "\u200b=", "\ufeff＋"]
)
def test_no_text_is_taken_for_a_formula(start, tmp_path):
    title = start + "cmd|'/c calc'!A0"
    item = replace(notice("a"), title=title, reference_code=title)
    assert csv_rows(tmp_path, item)[1][4] == "'" + title
    cell = sheet_of(tmp_path, item)["E3"]
    assert cell.data_type in ("s", "inlineStr")
    assert cell.quotePrefix
    assert str(cell.value).replace("_x000D_", "\r").strip() == title.strip()


def test_texts_no_spreadsheet_can_hold_do_not_break_it(tmp_path):
    item = replace(notice("a"), title="题" * 40_000, reference_code="half \ud83d")
    sheet = sheet_of(tmp_path, item)
    assert len(sheet["E3"].value) == 32_767
    assert sheet["B3"].value == "half \\ud83d"
    assert csv_rows(tmp_path, item)[1][1] == "half \\ud83d"
    # Excel counts what is outside the basic plane as two.
    assert sheet_of(tmp_path, replace(item, title="𠀀" * 40_000))["E3"].value == "𠀀" * 16_383


def test_what_steers_a_terminal_or_is_no_character_stands_as_an_escape(tmp_path):
    said = "关于\x1b[2J\x00\ufffe\x9b会议"
    item = issued(("title", said, None, {"confidence": 0.5}), ("document_number", "x", number(said, 1995, 53)))
    shown = r"关于\x1b[2J\x00\ufffe\x9b会议"
    sheet = sheet_of(tmp_path, replace(item, title=said))
    assert sheet["E3"].value == shown
    assert shown in sheet["E3"].comment.text
    assert csv_rows(tmp_path, replace(item, title=said))[1][4] == shown
    with zipfile.ZipFile(tmp_path / "catalogue.xlsx") as book:
        for name in book.namelist():
            if name.endswith((".xml", ".rels", ".vml")):
                parse(book.open(name))


@pytest.mark.parametrize(
    ("read", "shown"),
    [("1995-06-09", "19950609"), ("1995-06", "19950600"), ("1995", "19950000"), ("一九九五年", "一九九五年")],
)
def test_dates_have_eight_digits(read, shown, tmp_path):
    assert column(tmp_path, "日期", issued(("date_of_issue", "日期", read))) == shown


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ("1995/6/9", "19950609"),
        ("1995.12", "19951200"),
        ("1995年6月9日", "19950609"),
        ("1995年10月", "19951000"),
        ("1995年", "19950000"),
        ("19950609", "19950609"),
        ("1995/13/9", "1995/13/9"),
        ("1995-06-09 稿", "1995-06-09 稿"),
    ],
)
def test_dates_that_a_person_stated_have_eight_digits_too(stated, shown, tmp_path):
    assert column(tmp_path, "日期", replace(notice("a"), given={"date": stated})) == shown


def test_blank_pages_are_not_counted(tmp_path):
    item = decision()
    back = replace(page(4), number=4)
    assert back.blank
    assert column(tmp_path, "页数", replace(item, pages=(*item.pages, back))) == "3"


def test_a_date_that_is_inferred_stands_in_brackets(tmp_path):
    assert column(tmp_path, "日期", issued(("print_date", "日期", "1995-06-09"))) == "[19950609]"


def test_what_a_person_stated_goes_before_what_was_read(tmp_path):
    stated = {
        "title": "另题",
        "date_of_issue": "1995-07",
        "文号": "聊发〔1995〕85号",
        "secrecy": " ",
        "备注": "缺\n页",
    }
    item = replace(decision(), given=stated)
    (_, row) = csv_rows(tmp_path, item)
    assert row[2] == "聊发〔1995〕85号"
    assert row[4:] == ["另题", "19950700", "", "3", "缺 页"]
    assert sheet_of(tmp_path, item)["C3"].comment is None


def test_a_slip_speaks_where_its_document_is_silent(tmp_path):
    slip, issued_document = decision().documents
    silent = replace(decision(), documents=(slip, replace(issued_document, fields=())))
    assert csv_rows(tmp_path, silent)[1][2:4] == ["58", "聊城市委"]


def test_rejected_values_are_left_out_and_verified_ones_go_first(tmp_path):
    item = issued(
        ("document_number", "聊发(1995)53号", number("聊发", 1995, 53)),
        ("document_number", "聊发(1995)58号", number("聊发", 1995, 58), {"status": "verified"}),
        ("issuing_agency", "聊城市委", None, {"status": "rejected"}),
        ("issuing_agency", "聊城市政府", None),
        ("issuing_agency", "聊城市科委", None),
        ("issuing_agency", "市政府", "聊城市政府"),
    )
    assert csv_rows(tmp_path, item)[1][2:4] == ["聊发〔1995〕58号", "聊城市政府；聊城市科委"]


@pytest.mark.parametrize("name", [entry.name for entry in path("schemas/catalogues").iterdir()])
def test_every_catalogue_is_well_defined_and_knows_its_elements(name):
    definition = load(f"schemas/catalogues/{name}")
    validate(definition, load("schemas/definitions/catalogue.schema.json"))
    for entry in definition["columns"]:
        if "element" in entry:
            statements(decision(), entry["element"])


def test_the_crosswalk_is_well_defined_and_names_fields_of_the_contract():
    crosswalk = load("schemas/crosswalk.yaml")
    validate(crosswalk, load("schemas/definitions/crosswalk.schema.json"))
    known = load("schemas/item.schema.json")["$defs"]
    for rule in crosswalk["elements"].values():
        for place in rule.get("read", []) + rule.get("inferred", []) + rule.get("proven_by", []):
            kind, name = place.split(".")
            if kind != "item":
                part = "fields_of_slip" if kind == "circulation_slip" else "fields_of_document"
                assert name in known[part]["properties"]


def test_every_element_can_be_asked_of_every_item():
    for item in (decision(), notice("a")):
        for element in load("schemas/crosswalk.yaml")["elements"]:
            assert all(statement.text for statement in statements(item, element))
