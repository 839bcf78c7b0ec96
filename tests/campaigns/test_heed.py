from dataclasses import replace

from archivist.campaigns import Merged, heed, kept_ink, key
from archivist.campaigns.recognise import recognise
from archivist.decisions import Decision
from archivist.model import CampaignLink, Decided, Item, Value
from tests.campaigns.items import titled
from tests.describe import paper

WHO = Decided("王五", "2026-01-02T03:04:05+00:00")
HEALTH, CIVIL = "创建国家卫生城市", "创建全国文明城市"


def decision(subject: str, target: str, act: str, **detail: Value) -> Decision:
    return Decision(subject, target, act, detail, WHO)  # type: ignore[arg-type]


def link(act: str, campaign: str, **detail: Value) -> Decision:
    return decision("link", "a", act, campaign=key(campaign), name=campaign, **detail)


def merge(one: str, other: str) -> Decision:
    return decision("campaign", key(one), "merge", into=key(other), name=other)


def heeded(item: Item, *decisions: Decision) -> tuple[CampaignLink, ...]:
    return heed(recognise(item.documents, item.pages), item.id, decisions, item.documents, item.pages)


def states(item: Item, *decisions: Decision) -> list[tuple[str, str]]:
    return [(link.name, link.status) for link in heeded(item, *decisions)]


PAPER = titled(f"关于{HEALTH}的决定")
OTHER = titled("关于加强城市管理的决定")


def test_without_decisions_nothing_changes() -> None:
    assert heeded(PAPER) == recognise(PAPER.documents, PAPER.pages)


def test_a_link_is_confirmed_and_says_by_whom() -> None:
    (found,) = heeded(PAPER, link("confirm", HEALTH))
    assert (found.status, found.confidence, found.decided) == ("verified", 1.0, WHO)


def test_a_refused_link_is_kept_as_refused_and_the_latest_decision_counts() -> None:
    refused = link("refuse", HEALTH)
    assert states(PAPER, refused) == [(HEALTH, "rejected")]
    assert states(PAPER, refused, link("confirm", HEALTH)) == [(HEALTH, "verified")]
    assert states(PAPER, link("confirm", HEALTH), refused) == [(HEALTH, "rejected")]


def test_decisions_about_other_items_do_not_touch_this_one() -> None:
    other = decision("link", "b", "refuse", campaign=key(HEALTH))
    assert states(PAPER, other) == [(HEALTH, "accepted")]


def test_a_moved_link_belongs_to_the_other_campaign_with_the_same_ink() -> None:
    (found,) = heeded(PAPER, link("move", HEALTH, to=key(CIVIL), to_name=CIVIL))
    assert (found.key, found.name, found.status) == (key(CIVIL), CIVIL, "verified")
    assert found.evidence[0].text == HEALTH


def test_what_a_person_confirmed_stays_though_no_rule_finds_it() -> None:
    kept = kept_ink(heeded(PAPER)[0], PAPER.pages)
    again = paper.page("国\n关于创建国家卫生城市的决定\n请执行。")
    (found,) = heed((), "a", [link("confirm", HEALTH, evidence=kept)], (), [again])
    assert found.evidence[0].text == HEALTH
    # Read anew it stands one character further on.
    assert found.evidence[0].start == again.running_text.index(HEALTH)


def test_ink_that_reads_otherwise_now_is_found_by_its_place() -> None:
    kept = kept_ink(heeded(PAPER)[0], PAPER.pages)
    again = paper.page("关于创建国家卫牛城市的决定\n请执行。")
    (found,) = heed((), "a", [link("confirm", HEALTH, evidence=kept)], (), [again])
    assert found.evidence[0].text == "创建国家卫牛城市"


def test_without_ink_of_its_own_the_title_is_the_evidence() -> None:
    (found,) = heeded(OTHER, link("confirm", HEALTH))
    assert (found.name, found.role) == (HEALTH, "decision")
    assert found.evidence[0].text == "关于加强城市管理的决定"
    assert heed((), "a", [link("confirm", HEALTH)]) == ()


def test_refusing_what_is_not_there_adds_nothing() -> None:
    assert states(OTHER, link("refuse", HEALTH)) == []


def test_a_merged_campaign_goes_by_the_other_name_and_merges_follow_each_other() -> None:
    short = titled("关于调整创卫工作领导小组的通知")
    assert states(short, merge("创卫", HEALTH)) == [(HEALTH, "accepted")]
    chain = (merge("创卫", "创建卫生城市"), merge("创建卫生城市", HEALTH))
    (found,) = heeded(short, *chain)
    assert (found.key, found.name) == (key(HEALTH), HEALTH)


def test_the_latest_merge_of_a_circle_counts() -> None:
    merged = Merged.of([merge("创卫", HEALTH), merge(HEALTH, CIVIL), merge(CIVIL, "创卫")])
    assert {merged.key(key(name)) for name in ("创卫", HEALTH, CIVIL)} == {key("创卫")}


def test_a_merge_is_taken_back() -> None:
    short = titled("关于调整创卫工作领导小组的通知")
    back = decision("campaign", "创卫", "merge", into="创卫", name="创卫")
    assert states(short, merge("创卫", HEALTH), back) == [("创卫", "accepted")]
    assert Merged.of([merge("创卫", HEALTH)]).parts(key(HEALTH)) == {"创卫": "创卫"}


def test_what_was_said_of_two_campaigns_as_one_holds_of_what_the_paper_names_when_they_are_apart_again() -> None:
    later = Decided("王五", "2026-02-02T03:04:05+00:00")
    back = replace(decision("campaign", key(CIVIL), "merge", into=key(CIVIL), name=CIVIL), decided=later)
    paper_of_civil = titled(f"关于{CIVIL}的决定")
    (named,) = recognise(paper_of_civil.documents, paper_of_civil.pages)
    together = (merge(CIVIL, HEALTH), link("refuse", HEALTH), back)
    assert [(one.key, one.status) for one in heeded(paper_of_civil, *together)] == [(named.key, "rejected")]
    together = (merge(CIVIL, HEALTH), link("confirm", HEALTH), back)
    assert [(one.key, one.status) for one in heeded(paper_of_civil, *together)] == [(named.key, "verified")]


def test_both_names_in_one_item_are_one_link_after_a_merge() -> None:
    both = titled(f"关于{HEALTH}和{CIVIL}的决定")
    (found,) = heeded(both, merge(CIVIL, HEALTH))
    assert {proof.text for proof in found.evidence} == {HEALTH, "全国文明城市"}


def test_a_campaign_refused_before_a_merge_does_not_take_the_other_with_it() -> None:
    both = titled(f"关于{HEALTH}和{CIVIL}的决定")
    assert states(both, link("refuse", CIVIL), merge(CIVIL, HEALTH)) == [(HEALTH, "accepted")]
    assert states(both, merge(CIVIL, HEALTH), link("refuse", HEALTH)) == [(HEALTH, "rejected")]


def test_a_campaign_is_called_as_a_person_says() -> None:
    named = decision("campaign", key(HEALTH), "name", name="国家卫生城市创建")
    assert states(PAPER, named) == [("国家卫生城市创建", "accepted")]
    short = titled("关于调整创卫工作领导小组的通知")
    assert states(short, named, merge("创卫", HEALTH)) == [("国家卫生城市创建", "accepted")]


def test_nonsense_in_a_decision_breaks_nothing() -> None:
    for evidence in ("x", [1], [["place", 0, 1, [1, 2, 3], "x"]], [[PAPER.pages[0].place, 0, 1, [1, 2, 3, "x"], "另"]]):
        assert states(OTHER, link("confirm", HEALTH, evidence=evidence)) == [(HEALTH, "verified")]
    empty = (decision("link", "a", "confirm"), decision("link", "a", "move"), decision("campaign", "x", "merge"))
    assert states(PAPER, *empty) == [(HEALTH, "accepted")]
