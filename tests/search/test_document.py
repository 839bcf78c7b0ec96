"""What an item offers to the search: its people, the state of its values, and who may see it."""

from dataclasses import replace

import jsonschema
import pytest

from archivist import definitions
from archivist.access import UNCLEAR, access_of, levels
from archivist.model import Document, Field, Item, Status
from archivist.search.document import document_of
from tests.items import decision, field, notice, page

PAPER = page(1, "聊城市委文件机密王树林拟同意李建国副组长张三传阅秘密公开不予公开")


def item(*fields: Field, **given: str) -> Item:
    return Item("1", "题", (PAPER,), (Document("issued_document", (1,), None, fields),), given=given)


def secrecy(mark: str, status: Status = "accepted") -> Field:
    return replace(field(PAPER, "secrecy", "机密", mark), status=status)


def test_an_item_offers_what_is_accepted_of_it() -> None:
    document = document_of(decision())
    assert document.numbers == ("58", "聊发〔1995〕58号") and document.forms == ("批文封签",)
    assert document.agencies == ("聊城市委", "中共聊城市委", "聊城市人民政府")
    assert (document.year, document.date, document.genre) == (1995, "1995-06-09", "决定")
    assert document.campaigns == ("创建全国科技工作先进市",)
    rejected = item(field(PAPER, "issuing_agency", "聊城市委", status="rejected"), secrecy("机密", "rejected"))
    assert document_of(rejected).agencies == ()


def test_people_are_signers_members_and_those_who_wrote_on_it() -> None:
    said = (
        field(PAPER, "signer", "王树林"),
        field(PAPER, "group_member", "李建国", {"group": "领导小组", "role": "副组长", "person": "李建国"}),
        field(PAPER, "group_member", "副组长", {"group": "领导小组", "role": "副组长", "person": None}),
        field(PAPER, "annotation", "拟同意", {"kind": "proposal", "text": "拟同意", "person": "王树林"}),
        field(PAPER, "annotation", "传阅", {"kind": "reading", "text": "", "person": " "}),
        field(PAPER, "signer", "张三", status="rejected"),
    )
    found = document_of(item(*said))
    assert found.people == ("王树林", "李建国")


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        ((), "accepted"),
        (("accepted", "accepted"), "accepted"),
        (("accepted", "review"), "review"),
        (("verified", "review"), "review"),
        (("verified", "accepted"), "verified"),
        (("rejected", "accepted"), "accepted"),
        (("rejected", "verified"), "verified"),
    ],
)
def test_an_item_waits_for_review_as_long_as_one_of_its_values_does(statuses: tuple[Status, ...], state: str) -> None:
    entries = [field(PAPER, "issuing_agency", "聊城市委", status=status) for status in statuses]
    assert document_of(item(*entries)).state == state


@pytest.mark.parametrize(
    ("mark", "level"),
    [
        ("绝密", "top_secret"),
        ("机密", "confidential"),
        ("機密★長期", "confidential"),
        ("机 密", "confidential"),
        ("秘密", "secret"),
        ("内部资料，注意保存", "internal"),
        ("限内部传阅", "internal"),
        ("不公开", "closed"),
        ("公开", "open"),
        ("主动公开", "open"),
        ("无", "open"),
        ("TOP SECRET", "top_secret"),
        ("Unclassified", "open"),
        ("阿密", UNCLEAR),
        ("不予公开", "closed"),
        ("不予开放", "closed"),
        ("尚未开放", "closed"),
        ("限制开放", "closed"),
        ("依申请公开", UNCLEAR),
        ("部分开放", UNCLEAR),
        ("not open", UNCLEAR),
    ],
)
def test_a_mark_of_secrecy_gives_the_level_of_access(mark: str, level: str) -> None:
    assert access_of(item(secrecy(mark))) == access_of(item(密级=mark)) == level


def test_the_most_guarded_of_all_marks_counts() -> None:
    assert access_of(item()) == access_of(notice("1")) == access_of(item(密级=" ", title="机密")) == "open"
    assert access_of(item(secrecy("公开"), secrecy("秘密"), 开放标识="公开")) == "secret"
    assert access_of(item(secrecy("秘密"), 密级="机密")) == "confidential"
    assert access_of(item(secrecy("公开"), 开放状态="不开放")) == "closed"
    assert access_of(item(secrecy("公开"), access="阿密")) == UNCLEAR, "one that nobody knows is not open"
    assert access_of(item(secrecy("秘密"), access="阿密")) == "secret"
    assert document_of(item(密级="机密")).access == "confidential"


def test_an_item_that_could_not_be_described_is_not_open() -> None:
    bare = replace(item(), documents=())
    assert access_of(bare) == access_of(replace(bare, given={"密级": "公开"})) == UNCLEAR
    assert access_of(replace(bare, given={"密级": "机密"})) == "confidential"


def test_a_mark_counts_until_a_person_rejects_it() -> None:
    assert access_of(item(secrecy("机密", "review"))) == "confidential"
    assert access_of(item(secrecy("机密", "rejected"))) == "open"
    as_printed = replace(secrecy("机密", "review"), value=None)
    assert access_of(item(as_printed)) == "confidential"


def test_the_levels_are_named_from_the_most_guarded_to_the_open() -> None:
    names = levels()
    assert names[0] == "top_secret" and names[-2:] == (UNCLEAR, "open")
    assert len(set(names)) == len(names)
    said = definitions.load("schemas/access.yaml")
    jsonschema.validate(said, definitions.load("schemas/definitions/access.schema.json"))
    assert set(said["levels"]) | {UNCLEAR} == set(names)
