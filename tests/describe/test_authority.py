"""Agencies under one heading, whatever a paper calls them; what a paper calls them stays."""

from dataclasses import replace

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archivist.decisions import Decision
from archivist.definitions import load
from archivist.describe.authority import Authority, matched
from archivist.model import Alternative, Decided, Document, Evidence, Field, Page, Value
from tests.describe import paper

KNOWN = [
    "中国共产党聊城市委员会",
    "聊城市人民政府",
    "聊城县人民政府",
    "聊城市科技局",
    "阳谷县科学技术委员会",
    "聊城市档案局",
]


def decision(act: str, target: str, **detail: Value) -> Decision:
    return Decision("agency", target, act, detail, Decided("王芳", "2026-01-02T03:04:05Z"))


def field(text: str, name: str = "issuing_agency", *, poor: str = "", offered: str = "") -> tuple[Field, Page]:
    """Return a field read from a line of its own, with the character `poor` read badly and `offered` seen beside it."""
    line = paper.line(text)
    glyphs = tuple(
        replace(
            glyph,
            confidence=0.5 if glyph.char == poor else glyph.confidence,
            alternatives=(Alternative(offered, 0.3),) if offered and glyph.char == poor else (),
        )
        for glyph in line.glyphs
    )
    page = paper.page("x")
    page = replace(page, regions=(replace(page.regions[0], lines=(replace(line, glyphs=glyphs),)),))
    sure = min(glyph.confidence for glyph in glyphs)
    status = "accepted" if sure >= 0.9 else "review"
    return Field(name, text, text, Evidence.of(page, 0, len(text)), sure, "red-head", status), page


def match(found: Field, page: Page, *, known: Authority | None = None, others: tuple[Field, ...] = ()) -> Field:
    (document,) = matched(
        [Document("issued_document", (1,), None, (found, *others))], [page], known or Authority.of(KNOWN)
    )
    return document.fields[0]


def test_the_definition_is_valid() -> None:
    jsonschema.validate(load("schemas/authority.yaml"), load("schemas/definitions/authority.schema.json"))


@pytest.mark.parametrize(
    ("printed", "heading"),
    [
        ("聊城市委", "中国共产党聊城市委员会"),
        ("中共聊城市委", "中国共产党聊城市委员会"),
        ("聊城市府", "聊城市人民政府"),
        ("山东省聊城市人民政府", "聊城市人民政府"),
        ("聊城縣人民政府", "聊城县人民政府"),
        ("聊城县人民委员会", "聊城县人民政府"),
        ("聊城县革委会", "聊城县人民政府"),
        ("聊城市科委", "聊城市科技局"),
        ("阳谷县科委", "阳谷县科学技术委员会"),
        ("阳谷县档案局", None),
        ("政协聊城市委员会", None),
        ("聊城市人民政府办公室", None),
    ],
)
def test_a_name_is_matched_and_stays_as_printed(printed: str, heading: str | None) -> None:
    found = match(*field(printed))
    assert (found.value, found.raw, found.authority, found.status) == (printed, printed, heading, "accepted")


def test_a_former_name_counts_only_in_its_years() -> None:
    found, page = field("聊城县革命委员会")
    issued = replace(found, name="date_of_issue", value="1995-06-09")
    assert match(found, page, others=(replace(issued, value="1972-06-09"),)).authority == "聊城县人民政府"
    assert match(found, page, others=(issued,)).authority is None


def test_a_name_without_its_place_is_matched_where_the_paper_names_the_place() -> None:
    found, page = field("市委", "source_agency")
    assert match(found, page).authority is None
    full = replace(found, name="issuing_agency", value="中共聊城市委")
    assert match(found, page, others=(full,)).authority == "中国共产党聊城市委员会"


@pytest.mark.parametrize(
    ("read", "poor", "offered", "value", "status"),
    [
        ("卿城市人民政府", "卿", "", "聊城市人民政府", "review"),
        ("卿城市人民政府", "卿", "聊", "聊城市人民政府", "accepted"),
        ("聊域市人民政府", "", "", "聊城市人民政府", "review"),
        ("聊城市人氏政府", "", "", "聊城市人民政府", "review"),
        ("聊城市人氏政府", "氏", "民", "聊城市人民政府", "accepted"),
        ("邹城市人民政府", "", "", "邹城市人民政府", "accepted"),
        ("聊城市档策局", "策", "", "聊城市档案局", "review"),
    ],
)
def test_a_misread_name_is_read_as_the_one_that_is_known(
    read: str, poor: str, offered: str, value: str, status: str
) -> None:
    found = match(*field(read, poor=poor, offered=offered))
    assert (found.value, found.raw, found.status) == (value, read, status)
    assert (found.authority is not None) is (value != "邹城市人民政府")


def test_a_name_between_two_that_are_known_is_left_alone() -> None:
    found, page = field("某城市人民政府", poor="某")
    known = Authority.of(["聊城市人民政府", "邹城市人民政府"])
    assert match(found, page, known=known).value == "某城市人民政府"
    assert match(found, page, known=Authority.of(["聊城市人民政府"])).value == "聊城市人民政府"


def test_what_a_person_decided_stays() -> None:
    found, page = field("卿城市人民政府", poor="卿")
    assert match(replace(found, status="verified"), page).value == "卿城市人民政府"
    assert match(replace(found, value="聊城市人民政府", status="rejected"), page).authority is None


def test_addressees_get_the_heading_and_nothing_else() -> None:
    found, page = field("聊城市人民政府", "addressee")
    assert match(found, page).authority == "聊城市人民政府"
    found, page = field("卿城市人民政府", "addressee", poor="卿")
    assert match(found, page) == found


def test_names_with_one_key_are_one_agency() -> None:
    (agency,) = Authority.of(["聊城市委", "中共聊城市委", "中国共产党聊城市委员会", "中共聊城市委"]).agencies()
    assert agency.heading == "中国共产党聊城市委员会"
    assert agency.variants == ("聊城市委", "中共聊城市委")


def test_people_name_agencies_and_what_they_were_called() -> None:
    known = Authority.of(
        ["聊城市科技局", "聊城市科技办"],
        [
            decision("heading", "聊城市科技局", name="聊城市科学技术局"),
            decision("variant", "聊城市科技局", name="聊城市科技办"),
            decision("predecessor", "聊城市科技局", name="聊城地区科技处", until=1998),
        ],
    )
    (agency,) = known.agencies()
    assert agency.heading == "聊城市科学技术局"
    assert agency.variants == ("聊城市科技局", "聊城市科技办")
    assert agency.predecessors == ("聊城地区科技处",)
    for name in ("聊城市科技局", "聊城市科技办", "聊城地区科技处"):
        assert known.find(name) == agency


def test_a_former_name_ends_with_the_year_that_was_given() -> None:
    known = Authority.of(["聊城市科技局"], [decision("predecessor", "聊城市科技局", name="聊城地区科技处", until=1998)])
    assert known.find("聊城地区科技处", 1997)
    assert known.find("聊城地区科技处", 2001) is None


def test_an_agency_or_a_name_can_be_forgotten() -> None:
    variant = decision("variant", "聊城市档案局", name="聊城市档案馆")
    assert Authority.of(["聊城市档案局"], [variant]).find("聊城市档案馆")
    forgotten = Authority.of(["聊城市档案局"], [variant, decision("forget", "聊城市档案局", name="聊城市档案馆")])
    assert forgotten.find("聊城市档案馆") is None
    assert forgotten.find("聊城市档案局")
    assert Authority.of(["聊城市档案局"], [decision("forget", "聊城市档案局")]).agencies() == ()


def test_an_agency_that_was_renamed_twice_is_one() -> None:
    known = Authority.of(["聊城市卫生局", "聊城市卫生和计划生育局", "聊城市卫生健康局"])
    (agency,) = known.agencies()
    assert agency.heading == "聊城市卫生健康局"
    assert set(agency.predecessors) == {"聊城市卫生局", "聊城市卫生和计划生育局"}


def test_an_empty_list_matches_nothing() -> None:
    found = match(*field("聊城市人民政府"), known=Authority.of(()))
    assert (found.value, found.authority) == ("聊城市人民政府", None)


_LETTERS = "聊卿城域市县人民氏政府委中共局"
_NAMES = st.one_of(st.sampled_from(KNOWN), st.text(_LETTERS, min_size=1, max_size=9), st.text(min_size=1, max_size=6))


@given(
    verified=st.lists(_NAMES, max_size=6),
    acts=st.lists(
        st.tuples(st.sampled_from(["heading", "variant", "predecessor", "forget"]), _NAMES, _NAMES), max_size=5
    ),
    text=_NAMES.map(lambda name: f"甲{name.strip()}"),
    poor=st.booleans(),
)
def test_any_list_matches_any_name_and_keeps_what_was_read(
    verified: list[str], acts: list[tuple[str, str, str]], text: str, poor: bool
) -> None:
    known = Authority.of(verified, [decision(act, target, name=name) for act, target, name in acts])
    found, page = field(text, poor=text[-1] if poor else "")
    after = match(found, page, known=known)
    assert (after.raw, after.evidence) == (found.raw, found.evidence)
    assert match(after, page, known=known) == after
    for agency in known.agencies():
        assert agency.heading
        assert known.find(agency.heading) is not None
