import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from archivist.definitions import load
from archivist.export import record, write
from archivist.model import Box, Document, Item
from tests.items import decision, field, notice, page

validator = Draft202012Validator(load("schemas/item.schema.json"))

# Every name the contract knows, with a value of its shape.
SLIP = {
    "form_agency": "聊城市人民政府",
    "source_agency": "聊城市委",
    "subject": "关于召开会议的通知",
    "distribution_scope": "请带书记阅",
    "secrecy": "秘密",
    "document_number": "58",
    "copies": 1,
    "serial_number": "036",
    "received_date": "1995-09-24",
    "printed_date": "1995-09",
    "annotation": {"kind": "instruction", "text": "请各局处阅。", "person": "官恩祥", "date": "1995-09-27"},
}
ISSUED = {
    "issuing_agency": "聊城市人民政府",
    "title": "关于召开会议的通知",
    "genre": "通知",
    "addressee": "各县",
    "copied_to": "省科委",
    "subject_term": "科技",
    "secrecy": "机密",
    "urgency": "特急",
    "signer": "官恩祥",
    "printing_agency": "聊城市政府办公室",
    "attachment": "名单",
    "document_number": {"text": "聊发〔1995〕58号", "agency_code": "聊发", "year": 1995, "number": 58},
    "date_of_issue": "1995-06-09",
    "print_date": "1995-06",
    "citation": {"title": "关于加速科学技术进步的决定", "document_number": None},
    "group_member": {"group": "领导小组", "role": "组长", "person": None, "post": "区长"},
    "phase": {"name": "准备阶段", "start": "2012-02-15", "end": "2012-03-31"},
    "indicator": {"name": "科技支出", "operator": ">=", "value": 1.1, "unit": "%", "veto": True},
    "deadline": {"date": "2012-03-20", "who": "各镇", "task": "上报"},
}
NAMED = [("circulation_slip", *pair) for pair in SLIP.items()] + [("issued_document", *pair) for pair in ISSUED.items()]


def saying(kind, name, value) -> Item:
    paper = page(1, "有字")
    said = field(paper, name, "有字", value)
    return replace(notice("a"), pages=(paper,), documents=(Document(kind, (1,), None, (said,)),))


def test_the_schema_is_one():
    Draft202012Validator.check_schema(load("schemas/item.schema.json"))


@pytest.mark.parametrize("item", [decision(), notice("a"), replace(notice("b"), pages=(page(1),), title="")])
def test_records_are_what_the_schema_says(item):
    validator.validate(record(item))


@pytest.mark.parametrize(("kind", "name", "value"), NAMED)
def test_every_field_of_the_contract_has_its_shape(kind, name, value):
    validator.validate(record(saying(kind, name, value)))
    with pytest.raises(ValidationError):
        validator.validate(record(saying(kind, name, ["of no shape"])))


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("issued_document", "copies", 1),
        ("circulation_slip", "genre", "通知"),
        ("circulation_slip", "copies", "1"),
        ("circulation_slip", "annotation", SLIP["annotation"] | {"kind": "拟办"}),
        ("circulation_slip", "annotation", SLIP["annotation"] | {"colour": "red"}),
        ("issued_document", "document_number", "聊发〔1995〕58号"),
        ("issued_document", "date_of_issue", "1995年6月9日"),
        ("issued_document", "date_of_issue", "1995-13-09"),
        ("issued_document", "title", "两\n行"),
    ],
)
def test_what_the_contract_does_not_know_is_refused(kind, name, value):
    with pytest.raises(ValidationError):
        validator.validate(record(saying(kind, name, value)))


def test_the_record_says_what_the_design_says():
    said = record(decision())
    assert list(said) == ["id", "level", "reference_code", "title", "documents", "campaigns", "pages"]
    slip, issued = said["documents"]
    assert (slip["kind"], slip["form"], slip["pages"]) == ("circulation_slip", "批文封签", [1])
    assert slip["fields"]["received_date"] == [
        {
            "value": "1995-09-24",
            "raw": "95年9月24日",
            "page": 1,
            "box": [240, 160, 560, 200],
            "confidence": 0.62,
            "method": "rule",
            "status": "review",
        }
    ]
    assert [entry["value"] for entry in issued["fields"]["issuing_agency"]] == [
        "中共聊城市委",
        "聊城市人民政府",
    ]
    assert said["campaigns"] == [
        {
            "id": decision().campaigns[0].id,
            "name": "创建全国科技工作先进市",
            "role": "other",
            "status": "accepted",
            "confidence": 0.98,
            "evidence": [{"page": 2, "text": "创建全国科技工作先进市"}],
        }
    ]
    assert said["pages"][1] == {
        "number": 2,
        "text": "中共聊城市委文件\n聊发(1995)58号\n中共聊城市委 聊城市人民政府\n"
        "关于创建全国科技工作先进市的决定\n一九九五年六月九日",
        "confidence": 0.99,
        "blank": False,
        "rotation": 0,
        "scan": {"name": "p02.jpg", "sha256": decision().pages[1].scan.sha256, "index": 0},
    }


@given(st.builds(Box, *[st.floats(-9, 30_000)] * 4))
def test_a_box_grows_to_whole_pixels_and_stays_on_the_paper(box):
    item = saying("circulation_slip", "subject", "x")
    (document,) = item.documents
    said = replace(document.fields[0], evidence=replace(document.fields[0].evidence, box=box))
    entry = record(replace(item, documents=(replace(document, fields=(said,)),)))
    left, top, right, bottom = entry["documents"][0]["fields"]["subject"][0]["box"]
    scan = item.pages[0].scan
    assert 0 <= left <= max(box.left, 0) and 0 <= top <= max(box.top, 0)
    assert min(box.right, scan.width) <= right <= scan.width
    assert min(box.bottom, scan.height) <= bottom <= scan.height


def test_facing_pages_say_where_they_lie_on_their_scan():
    paper = page(1, "第二页")
    scan = replace(paper.scan, part=1, area=Box(1085.7, 0, 2172, 3071))
    (told,) = record(replace(notice("1"), pages=(replace(paper, scan=scan),), documents=()))["pages"]
    assert told["scan"]["area"] == [1085, 0, 2172, 3071]
    validator.validate(record(replace(notice("1"), pages=(replace(paper, scan=scan),), documents=())))


def test_a_title_of_two_lines_is_one_line_here():
    said = record(replace(notice("a"), title="关于召开会议\r\n的　通知"))
    assert said["title"] == "关于召开会议 的　通知"
    validator.validate(said)


def test_each_item_is_a_line_whatever_its_characters(tmp_path):
    odd = replace(notice("odd"), title="half\ud83d and \u2028 line")
    write("jsonl", [decision(), odd], tmp_path / "all.jsonl")
    lines = (tmp_path / "all.jsonl").read_bytes().decode("utf-8").split("\n")
    assert lines.pop() == ""
    assert [json.loads(line) for line in lines] == [record(decision()), record(odd)]
    assert "聊城市委" in lines[0]


def test_nothing_in_a_text_ends_its_line_or_steers_a_terminal(tmp_path):
    title = "关于\u2028会议\u2029的\x85通\x9b2J知\x7f\x1b[2J"
    write("jsonl", [replace(notice("a"), title=title, reference_code=title)] * 2, tmp_path / "items.jsonl")
    text = (tmp_path / "items.jsonl").read_text("utf-8")
    assert len(text.splitlines()) == 2
    assert all(char.isprintable() for line in text.splitlines() for char in line)
    assert [json.loads(line)["reference_code"] for line in text.splitlines()] == [title, title]
