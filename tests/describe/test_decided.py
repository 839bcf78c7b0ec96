"""What people decided about values survives whatever later readings say."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archivist.decisions import Decision
from archivist.describe.decided import addition, decision_for, handles, heed
from archivist.errors import NotFound, WrongCall
from archivist.model import Box, Decided, Document, Evidence, Field, Glyph, Item, Page
from tests import items
from tests.items import field, number

AT = "2026-01-02T03:04:05+00:00"


def item() -> Item:
    return items.decision()


def decide(entry: Item, name: str, act: str, value: str | None = None, which: int = 0, at: str = AT) -> Decision:
    """Decide about the value number `which` called `name`, wherever it stands."""
    found = [
        handle
        for handle, (paper, position) in handles(entry).items()
        if entry.documents[paper].fields[position].name == name
    ]
    return decision_for(entry, found[which], act, value, "王", at)


def heeded(entry: Item, *decisions: Decision) -> Item:
    return replace(entry, documents=heed(entry.documents, entry.pages, decisions))


def values(entry: Item, name: str, kind: str = "issued_document") -> list[Field]:
    return [one for document in entry.documents if document.kind == kind for one in document.values(name)]


def without(entry: Item, name: str) -> Item:
    """The item as if no rule had found this field."""
    papers = (replace(one, fields=tuple(f for f in one.fields if f.name != name)) for one in entry.documents)
    return replace(entry, documents=tuple(papers))


def reread(entry: Item, name: str, value: str) -> Item:
    """The item as if another reader had read the ink of this field so, a few pixels aside."""

    def read(one: Field) -> Field:
        if one.name != name:
            return one
        box = Box(*(edge + 3 for edge in one.evidence.box))
        return replace(one, value=value, raw=value, evidence=replace(one.evidence, box=box))

    papers = (replace(one, fields=tuple(map(read, one.fields))) for one in entry.documents)
    return replace(entry, documents=tuple(papers))


def test_an_accepted_value_is_verified_and_stays_so_when_it_is_read_otherwise():
    said = decide(item(), "received_date", "accept")
    for read in (item(), reread(item(), "received_date", "1995-09-21"), without(item(), "received_date")):
        (found,) = values(heeded(read, said), "received_date", "circulation_slip")
        assert (found.value, found.status, found.confidence) == ("1995-09-24", "verified", 1.0)
        assert found.decided == Decided("王", AT)
        assert found.raw in ("95年9月24日", "1995-09-21")


def test_a_corrected_value_keeps_what_was_read_and_its_ink():
    before = values(item(), "title")[0]
    (after,) = values(heeded(item(), decide(item(), "title", "correct", "關於創建科技先進市的決定")), "title")
    assert (after.value, after.status) == ("关于创建科技先进市的决定", "verified")
    assert (after.raw, after.evidence, after.method) == (before.raw, before.evidence, "person")


def test_the_agency_a_wrong_name_was_matched_to_goes_with_the_name():
    entry = item()
    slip, paper = entry.documents
    known = tuple(replace(one, authority="中共聊城市委员会") for one in paper.fields)
    entry = replace(entry, documents=(slip, replace(paper, fields=known)))
    right, wrong = decide(entry, "issuing_agency", "accept"), decide(entry, "issuing_agency", "correct", "临清市委")
    assert values(heeded(entry, right), "issuing_agency")[0].authority == "中共聊城市委员会"
    assert values(heeded(entry, wrong), "issuing_agency")[0].authority is None


def test_the_last_of_several_corrections_counts():
    first = decide(item(), "genre", "correct", "决议")
    once = heeded(item(), first)
    second = decide(once, "genre", "correct", "通知")
    assert [one.value for one in values(heeded(item(), first, second), "genre")] == ["通知"]
    third = decide(heeded(item(), first, second), "genre", "accept")
    for read in (item(), without(item(), "genre"), reread(item(), "genre", "决宁")):
        assert [one.value for one in values(heeded(read, first, second, third), "genre")] == ["通知"]


def test_a_refused_value_is_kept_as_such_and_can_be_taken_back():
    said = decide(item(), "genre", "reject")
    once = heeded(item(), said)
    (found,) = values(once, "genre")
    assert (found.value, found.status, found.decided) == ("决定", "rejected", Decided("王", AT))
    # Read otherwise the same ink is looked at again; gone, there is nothing to refuse.
    assert [one.status for one in values(heeded(reread(item(), "genre", "通知"), said), "genre")] == ["review"]
    assert values(heeded(without(item(), "genre"), said), "genre") == []
    back = decide(once, "genre", "accept")
    assert [one.status for one in values(heeded(item(), said, back), "genre")] == ["verified"]


def test_a_value_that_no_rule_found_is_put_where_its_ink_stands():
    entry = without(item(), "issuing_agency")
    ink = values(item(), "issuing_agency")
    second = addition(entry, 2, ink[1].evidence.box, "issuing_agency", "聊城市人民政府", "王", AT)
    first = addition(entry, 2, ink[0].evidence.box, "issuing_agency", "中共聊城市委", "王", AT)
    found = values(heeded(entry, second, first), "issuing_agency")
    assert [(one.value, one.raw, one.status) for one in found] == [
        ("中共聊城市委", "中共聊城市委", "verified"),
        ("聊城市人民政府", "聊城市人民政府", "verified"),
    ]
    assert [one.evidence for one in found] == [one.evidence for one in ink]
    # Where a rule finds it too, it does not stand there twice.
    assert len(values(heeded(item(), second, first), "issuing_agency")) == 2


def test_another_value_of_the_same_ink_can_be_added():
    more = decide(item(), "issuing_agency", "add", "聊城市科委", which=1)
    found = values(heeded(item(), more), "issuing_agency")
    assert [one.value for one in found] == ["中共聊城市委", "聊城市人民政府", "聊城市科委"]
    assert [one.status for one in found] == ["accepted", "accepted", "verified"]


def test_where_there_is_one_only_other_readings_become_its_witnesses():
    entry = item()
    ink = values(entry, "title")[0].evidence
    other = addition(entry, 2, Box(0, 0, 1, 1), "date_of_issue", "1995年6月19日", "王", AT)
    (found,) = values(heeded(entry, other), "date_of_issue")
    assert (found.value, found.status) == ("1995-06-19", "verified")
    assert [(heard.value, heard.method) for heard in found.witnesses] == [("1995-06-09", "rule")]
    # Nothing is read under this box; that a person saw something there is kept.
    assert (found.evidence.box, found.evidence.text) == (Box(0, 0, 1, 1), "")
    later = addition(entry, 2, ink.box, "date_of_issue", "1995-06-10", "李", "2026-02-01T00:00:00+00:00")
    (found,) = values(heeded(entry, other, later), "date_of_issue")
    assert (found.value, found.decided.who) == ("1995-06-10", "李")


def test_of_many_values_in_a_line_the_right_one_is_met():
    entry = item()
    line = values(entry, "title")[0].evidence
    names = ["张三", "李四", "王五"]
    said = [
        Field("group_member", {"group": "g", "role": "成员", "person": name, "post": None}, name, line, 0.9, "prose")
        for name in names
    ]
    slip, paper = entry.documents
    entry = replace(entry, documents=(slip, replace(paper, fields=tuple(said))))
    right = decide(entry, "group_member", "correct", "person=李泗", which=1)
    wrong = decide(entry, "group_member", "reject", which=2)
    found = values(heeded(entry, right, wrong), "group_member")
    assert [(one.value["person"], one.status) for one in found] == [
        ("张三", "accepted"),
        ("李泗", "verified"),
        ("王五", "rejected"),
    ]
    # Two of them gone, the third is not taken for either.
    alone = replace(entry, documents=(slip, replace(paper, fields=(said[0],))))
    found = values(heeded(alone, right, wrong), "group_member")
    assert sorted((one.value["person"], one.status) for one in found) == [("张三", "accepted"), ("李泗", "verified")]


def test_what_alone_stood_in_its_cell_is_met_there_however_it_reads():
    entry = item()
    ink = values(entry, "received_date", "circulation_slip")[0]
    note = {"kind": "instruction", "text": "同意", "person": "张三", "date": None}
    read = {"kind": "proposal", "text": "司意转办", "person": None, "date": "1995-09-28"}
    slip, paper = entry.documents

    def with_note(value):
        return replace(entry, documents=(replace(slip, fields=(replace(ink, name="annotation", value=value),)), paper))

    said = decide(with_note(note), "annotation", "accept")
    (found,) = values(heeded(with_note(read), said), "annotation", "circulation_slip")
    assert (found.value, found.status) == (note, "verified")


def test_a_decision_goes_with_the_page_into_another_item():
    said = decide(item(), "title", "correct", "关于科技的决定")
    moved = item()
    paper = replace(moved.pages[1], number=1)
    ink = Evidence.of(paper, 0, 4)
    fields = (Field("title", "中共聊城", "中共聊城", ink, 0.5, "rule", "review"),)
    found = heed((Document("issued_document", (1,), None, fields),), (paper,), [said])
    assert [(one.value, one.status, one.evidence.page) for one in found[0].fields] == [
        ("关于科技的决定", "verified", 1)
    ]
    assert heed(moved.documents, moved.pages[2:], [said]) == moved.documents


def test_a_value_of_a_slip_is_not_put_into_another_paper():
    said = decide(item(), "document_number", "accept")
    other = tuple(replace(document, kind="other", form=None, fields=()) for document in item().documents)
    assert heed(other, item().pages, [said]) == other


def test_the_number_of_the_slip_and_that_of_the_paper_are_two_things():
    said = decide(item(), "document_number", "correct", "聊發（1995）第058號", which=1)
    entry = heeded(item(), said)
    assert values(entry, "document_number")[0].value == number("聊发", 1995, 58)
    assert values(entry, "document_number", "circulation_slip")[0].status == "accepted"


@pytest.mark.parametrize(
    ("handle", "act", "value", "error"),
    [
        ("5f0c1d.zzzz", "accept", None, NotFound),
        ("zzzz", "accept", None, NotFound),
        ("", "accept", None, NotFound),
        ("first", "begins", None, WrongCall),
        ("first", "correct", None, WrongCall),
        ("first", "correct", " ", WrongCall),
        ("link", "accept", None, NotFound),
    ],
)
def test_what_cannot_be_decided_is_said(handle, act, value, error):
    from archivist.handles import handles as named

    known = {"first": next(iter(handles(item()))), "link": list(named(item()))[-1]}
    with pytest.raises(error):
        decision_for(item(), known.get(handle, handle), act, value, "王", AT)


def test_a_handle_may_be_typed_without_the_item():
    full = next(iter(handles(item())))
    assert decision_for(item(), full.rpartition(".")[2], "accept", None, "王", AT).detail["field"] == "form_agency"


names = st.sampled_from(["title", "genre", "issuing_agency", "document_number", "citation", "copies"])
said = st.sampled_from(["决定", "通知", "聊城市委", 1, None, {"title": "决定", "document_number": None}])
edges = st.lists(st.integers(0, 1200) | st.floats(0, 1200), min_size=4, max_size=4)


@st.composite
def choices(draw: st.DrawFn) -> Decision:
    act = draw(st.sampled_from(["accept", "correct", "reject", "add"]))
    detail = {"document": draw(st.sampled_from(["circulation_slip", "issued_document"])), "field": draw(names)}
    if draw(st.booleans()):
        ink = draw(st.sampled_from([one for document in item().documents for one in document.fields]))
        detail |= {"field": ink.name, "box": list(ink.evidence.box), "read": ink.value}
    else:
        detail |= {"box": draw(edges | st.none()), "read": draw(said)}
    detail |= {"raw": "决定", "text": "决定", "value": draw(said), "alone": draw(st.booleans())}
    place = draw(st.sampled_from([page.place for page in item().pages] + ["elsewhere"]))
    at = draw(st.sampled_from([AT, "2026-01-03T00:00:00+00:00"]))
    return Decision("value", place, act, detail, Decided("王", at))


@given(st.lists(choices(), max_size=6))
def test_whatever_was_decided_is_heeded_once_and_for_all(decisions):
    entry = item()
    once = heed(entry.documents, entry.pages, decisions)
    pages = {page.number: page for page in entry.pages}
    for document in once:
        for one in document.fields:
            ink = one.evidence
            assert pages[ink.page].running_text[ink.start : ink.end] == ink.text
            assert one.status not in ("verified", "rejected") or one.decided
    assert heed(once, entry.pages, decisions) == once


@given(st.lists(choices(), max_size=4), st.text(max_size=6))
def test_any_page_may_stand_where_it_was_decided(decisions, text):
    box = Box(0, 0, 40, 40)
    first = item().pages[0]
    line = replace(first.lines[0], glyphs=tuple(Glyph(char, box, 0.5) for char in text))
    regions = (replace(first.regions[0], lines=(line,)),)
    sheets = [Page(1, first.scan, regions), Page(2, first.scan, ())]
    heed([Document("circulation_slip", (1, 2))], sheets, decisions)
    heed([], sheets, decisions)


def test_ink_found_again_leaves_out_what_stands_beside_it():
    entry = without(item(), "genre")
    paper = entry.pages[1]
    whole = field(paper, "genre", "关于创建全国科技工作先进市的决定").evidence.box
    said = addition(entry, 2, whole, "genre", "决定", "王", AT)
    narrow = replace(said, detail={**said.detail, "text": "决定"})
    assert [one.raw for one in values(heeded(entry, narrow), "genre")] == ["决定"]
