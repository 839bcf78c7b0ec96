"""Values as a person types them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archivist.definitions import load
from archivist.describe.typed import typed
from archivist.errors import WrongCall
from tests.items import number

SLIP, PAPER = "circulation_slip", "issued_document"


@pytest.mark.parametrize(
    ("name", "kind", "text", "value"),
    [
        ("document_number", PAPER, "聊發（1995）第058號", number("聊发", 1995, 58)),
        ("document_number", SLIP, "聊政字[85]12号", "聊政字〔1985〕12号"),
        ("document_number", SLIP, "58", "58"),
        ("serial_number", SLIP, " 036 ", "036"),
        ("copies", SLIP, "2份", 2),
        ("copies", SLIP, "十二", 12),
        ("received_date", SLIP, "95.9.27号", "1995-09-27"),
        ("date_of_issue", PAPER, "一九九五年六月九日", "1995-06-09"),
        ("date_of_issue", PAPER, "1995-06", "1995-06"),
        ("title", PAPER, "關於創建先進市的\n  決定", "关于创建先进市的决定"),
        ("title", "attachment", "实施方案", "实施方案"),
        (
            "annotation",
            SLIP,
            "kind=批示；text=同意，请办理; person=張三, date=95.9.28",
            {"kind": "instruction", "text": "同意，请办理", "person": "张三", "date": "1995-09-28"},
        ),
        (
            "annotation",
            SLIP,
            "kind=reading; person=李四",
            {"kind": "reading", "text": "", "person": "李四", "date": None},
        ),
        (
            "annotation",
            SLIP,
            '{"kind": "result", "text": "已办", "date": "1995年10月1日"}',
            {"kind": "result", "text": "已办", "person": None, "date": "1995-10-01"},
        ),
        ("citation", PAPER, "《关于先进市的意见》", {"title": "关于先进市的意见", "document_number": None}),
        (
            "citation",
            PAPER,
            "title=关于先进市的意见; document_number=国科发〔1993〕60号",
            {"title": "关于先进市的意见", "document_number": number("国科发", 1993, 60)},
        ),
        ("phase", PAPER, "name=宣传; end=2012-03", {"name": "宣传", "start": None, "end": "2012-03"}),
        (
            "indicator",
            PAPER,
            "name=科技支出; operator=>=; value=1.1; unit=%; veto=是",
            {"name": "科技支出", "operator": ">=", "value": 1.1, "unit": "%", "veto": True},
        ),
        (
            "indicator",
            PAPER,
            "name=会议; value=2",
            {"name": "会议", "operator": None, "value": 2, "unit": None, "veto": False},
        ),
    ],
)
def test_what_is_typed_takes_the_shape_of_its_field(name, kind, text, value):
    assert typed(name, kind, text) == value


def test_parts_not_named_stay_as_they_were():
    before = {"kind": "instruction", "text": "同意", "person": "王某", "date": "1995-09-28"}
    assert typed("annotation", SLIP, "person=王五", before) == before | {"person": "王五"}
    assert typed("annotation", SLIP, "date=", before) == before | {"date": None}


@pytest.mark.parametrize(
    ("name", "kind", "text", "why"),
    [
        ("document_number", PAPER, "58", "聊发〔1995〕58号"),
        ("copies", SLIP, "几份", "whole number"),
        ("date_of_issue", PAPER, "1995-02-30", "1995-06-09"),
        ("received_date", SLIP, "昨天", "date"),
        ("title", PAPER, "  ", "reject"),
        ("title", SLIP, "x", "subject"),
        ("received_date", PAPER, "1995-09-27", "date_of_issue"),
        ("annotation", SLIP, "同意", "person="),
        ("annotation", SLIP, "who=张三", "person="),
        ("annotation", SLIP, "person=张三", "annotation"),
        ("annotation", SLIP, "kind=命令; text=x", "annotation"),
        ("annotation", SLIP, '{"kind": ["x"]}', "annotation"),
        ("phase", PAPER, "name=宣传; start=不久", "date"),
        ("citation", PAPER, "title=x; document_number=七号", "document number"),
        ("indicator", PAPER, "{not json", "name="),
    ],
)
def test_what_cannot_be_meant_is_said_in_words_of_the_trade(name, kind, text, why):
    with pytest.raises(WrongCall, match=why):
        typed(name, kind, text)


@pytest.mark.parametrize(
    ("name", "kind", "text", "why"),
    [
        ("title", PAPER, "关于\ud83d的通知", "U[+]D83D"),
        ("title", PAPER, "关于\x00的通知", "U[+]0000"),
        ("document_number", SLIP, "58\udc00", "U[+]DC00"),
        ("annotation", SLIP, "kind=批示; text=同意\ud800", "U[+]D800"),
        ("annotation", SLIP, r'{"kind": "result", "text": "已办\ud800"}', "U[+]D800"),
        ("annotation", SLIP, r'{"kind": "result", "text": "已\u0000办"}', "U[+]0000"),
        ("citation", PAPER, r'{"title": "x", "document_number": {"agency": "\udfff"}}', "U[+]DFFF"),
    ],
)
def test_half_a_character_and_nul_are_no_value(name, kind, text, why):
    with pytest.raises(WrongCall, match=why) as refused:
        typed(name, kind, text)
    # It is said to a terminal or a browser, which takes whole characters only.
    assert str(refused.value).encode() and "\x00" not in str(refused.value)


def test_a_character_beyond_the_first_plane_is_whole_however_it_is_written():
    assert typed("annotation", SLIP, r'{"kind": "result", "text": "\ud842\udfb7"}')["text"] == "𠮷"
    assert typed("serial_number", SLIP, "𠮷") == "𠮷"


shapes = load("schemas/item.schema.json")["$defs"]
fields = [(name, SLIP) for name in shapes["fields_of_slip"]["properties"]]
fields += [(name, PAPER) for name in shapes["fields_of_document"]["properties"]]
words = st.text(max_size=20) | st.from_regex(
    r"(name|kind|text|date|value|title|veto|person)=[^;]{0,6}(;|，)?", fullmatch=True
)


@given(
    st.sampled_from(fields), words, st.none() | st.dictionaries(st.sampled_from(["text", "date", "name"]), st.text())
)
def test_any_text_is_a_value_or_a_wrong_call(field, text, before):
    try:
        value = typed(*field, text, before)
    except WrongCall:
        return
    assert value is not None
