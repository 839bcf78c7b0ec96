"""What an index keeps of an item: the texts as they are compared, keys, days, orders, and a digest of it all."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archivist.search.compare import compared, compared_offsets, number_key, scripted
from archivist.search.document import SearchDocument
from archivist.search.fields import definition
from archivist.search.row import Row, row_of
from tests.search.papers import DECISION, PLAN

BLANK = SearchDocument("blank", "", ())


def row(document: SearchDocument) -> Row:
    return row_of(document, definition())


def test_texts_are_kept_as_they_are_compared() -> None:
    texts = row(PLAN).texts
    assert texts["title"] == "实施方案"
    assert texts["text"].endswith("见聊发(1995)58号。abc123"), "pages run on"
    assert row(DECISION).texts["people"] == "王树林\n李建国"
    assert row(BLANK).texts == dict.fromkeys(definition().substrings, "")
    assert all("\n" not in text for text in row(replace(BLANK, title="a\nb", pages=("甲\n乙",))).texts.values())


def test_the_script_is_kept_where_it_tells_something() -> None:
    assert row(PLAN).scripted.startswith("國家科學技術委員會")
    assert row(DECISION).scripted == ""
    assert row(replace(BLANK, pages=("ＡＢＣ，１２",))).scripted == ""


def test_keys_are_numbers_in_their_series_and_values_as_they_are() -> None:
    keys = row(replace(PLAN, cited_numbers=("聊發〔1995〕58號", "聊发〔1995〕58号", "字第三号"))).keys
    assert keys["cited_numbers"] == ("聊发(1995)000058号", "字第三号")
    assert row(DECISION).keys["agencies"] == ("中共聊城市委", "聊城市人民政府")
    assert (keys["year"], keys["state"], keys["access"]) == (("1995",), ("accepted",), ("internal",))
    assert row(replace(PLAN, agencies=("", "东阿", "东阿"), genre="")).keys["agencies"] == ("东阿",)
    assert row(BLANK).keys["year"] == row(BLANK).keys["genre"] == ()


def test_numbers_of_a_series_stand_in_order() -> None:
    typed = ("聊发〔1995〕9号", "聊发〔1995〕10号", "聊发〔1995〕100号", "聊发〔1996〕1号")
    keys = [number_key(text) for text in typed]
    assert keys == sorted(keys)
    assert number_key("聊發［１９９５］００９號") == keys[0]


@pytest.mark.parametrize(
    ("date", "year", "days"),
    [
        ("1995-06-09", None, (19950609, 19950609)),
        ("1995-06", None, (19950600, 19950699)),
        ("1995", None, (19950000, 19959999)),
        ("1995-06-09", 1996, (19950609, 19950609)),
        (None, 1995, (19950000, 19959999)),
        ("不明", 1995, (19950000, 19959999)),
        ("1995-", 1995, (19950000, 19959999)),
        ("１９９５-06", None, None),
        ("不明", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_date_of_which_a_part_is_known_may_be_any_day_of_it(
    date: str | None, year: int | None, days: tuple[int, int] | None
) -> None:
    assert row(replace(BLANK, date=date, year=year)).days == days


@pytest.mark.parametrize("date", ["19950609", "199506", "1995-06-0912", "9" * 30, "9" * 5000])
def test_what_is_no_date_has_no_days(date: str) -> None:
    assert row(replace(BLANK, date=date)).days is None


def ordered(order: str, *documents: SearchDocument) -> list[str]:
    return [each.id for each in sorted((row(each) for each in documents), key=lambda each: each.orders[order])]


def test_items_stand_in_the_order_of_their_days_or_numbers() -> None:
    dated = [
        SearchDocument("b", "", (), ("聊发〔1995〕9号",), date="1995-06-09"),
        SearchDocument("a", "", (), ("聊发〔1995〕10号", "甲〔1996〕1号"), date="1995-06-09"),
        SearchDocument("d", "", (), ("聊发〔1995〕10号",), date="1995"),
        SearchDocument("e", "", (), ("聊发〔1994〕10号",), year=1994),
        SearchDocument("c", "", (), date="1996-01"),
        SearchDocument("f", "", ()),
    ]
    assert ordered("date", *dated) == ["e", "d", "a", "b", "c", "f"]
    assert ordered("newest", *dated) == ["c", "a", "b", "d", "e", "f"]
    assert ordered("number", *dated) == ["a", "e", "b", "d", "c", "f"], "by the first of its numbers, then by date"


def test_no_two_items_share_a_place() -> None:
    twins = [replace(DECISION, id=id_) for id_ in ("1", "2", "10", "a")]
    for order in ("date", "newest", "number"):
        assert ordered(order, *reversed(twins)) == ["1", "10", "2", "a"]


OTHERS = {
    "title": "另",
    "pages": ("另",),
    "numbers": ("另",),
    "cited_numbers": ("另",),
    "agencies": ("另",),
    "year": 1,
    "date": "2001",
    "genre": "另",
    "forms": ("另",),
    "campaigns": ("另",),
    "reference_code": "另",
    "people": ("另",),
    "readings": ("另",),
    "state": "review",
    "access": "secret",
    "id": "another",
}


@pytest.mark.parametrize("name", OTHERS)
def test_the_digest_is_another_where_anything_is(name: str) -> None:
    before, after = row(DECISION), row(replace(DECISION, **{name: OTHERS[name]}))  # type: ignore[arg-type]
    assert before.digest == row(replace(DECISION)).digest
    assert before.digest != after.digest


def test_nothing_of_a_document_is_forgotten() -> None:
    # The kinds of its documents are in the catalogue only.
    assert {field.name for field in fields(SearchDocument)} == {*OTHERS, "kinds"}


def test_the_digest_knows_the_script() -> None:
    assert row(replace(BLANK, pages=("科学",))).digest != row(replace(BLANK, pages=("科學",))).digest
    assert row(replace(BLANK, pages=("科", "学"))).digest == row(replace(BLANK, pages=("科学",))).digest


@given(st.text(max_size=20) | st.text("a1 \t科學　\u200b\ud800，", max_size=20))
def test_compared_texts_are_traced_back_to_what_was_read(text: str) -> None:
    kept, offsets = compared_offsets(text)
    assert kept == compared(text) and len(offsets) == len(kept) and offsets == sorted(offsets)
    assert not any("\ud800" <= char <= "\udfff" or char in "\n\r\x00\u200b" for char in kept)
    assert len(scripted(text)) == len(kept)
    kept.encode("utf-8")
