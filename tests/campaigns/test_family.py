from archivist.campaigns import families, key, kin
from archivist.decisions import Decision
from archivist.model import Campaign, Decided, campaign_id

WHO = Decided("王五", "2026-01-02T03:04:05+00:00")


def campaign(name: str) -> Campaign:
    return Campaign(campaign_id(key(name)), name)


CITY = campaign("创建全国科技工作先进市")
DISTRICT = campaign("创建全国科技进步先进区")
HEALTH = campaign("创建国家卫生城市")
COUNTY = campaign("创建省级卫生县城")
MOVEMENT = campaign("爱国卫生运动")
CIVIL = campaign("创建文明单位")
ALL = (CITY, DISTRICT, HEALTH, COUNTY, MOVEMENT, CIVIL)


def said(one: Campaign, act: str, other: Campaign) -> Decision:
    return Decision("campaign", key(one.name), act, {"with": key(other.name), "name": other.name}, WHO)


def members(one: Campaign, *decisions: Decision) -> set[str]:
    names = {entry.id: entry.name for entry in ALL}
    return {names[member] for member in families(ALL, decisions)[one.id].members}


def test_the_city_of_1995_and_the_district_of_2012_are_kin_and_say_why() -> None:
    assert members(CITY) == {CITY.name, DISTRICT.name}
    assert families(ALL)[CITY.id].name == "科技先进"
    (found,) = kin(CITY, ALL)
    assert (found.id, found.name) == (DISTRICT.id, DISTRICT.name)
    assert dict(found.reasons) == {"theme": "科技", "honour": "先进", "target": "先进市 / 先进区"}


def test_the_same_honour_at_another_level_is_kin() -> None:
    assert members(HEALTH) == {HEALTH.name, COUNTY.name}
    (found,) = kin(HEALTH, ALL)
    assert dict(found.reasons)["level"] == "全国 / 省"


def test_a_movement_is_not_kin_to_an_honour_by_its_name_alone() -> None:
    assert members(MOVEMENT) == {MOVEMENT.name}
    assert kin(MOVEMENT, ALL) == ()
    assert families(ALL)[MOVEMENT.id].name == MOVEMENT.name


def test_a_person_makes_kin_and_the_latest_word_counts() -> None:
    together = said(MOVEMENT, "kin", HEALTH)
    assert members(MOVEMENT, together) == {MOVEMENT.name, HEALTH.name, COUNTY.name}
    (mine,) = [one for one in kin(MOVEMENT, ALL, [together]) if one.id == HEALTH.id]
    assert ("decided", "王五") in mine.reasons
    assert members(MOVEMENT, together, said(HEALTH, "not kin", MOVEMENT)) == {MOVEMENT.name}


def test_what_a_person_parted_no_rule_and_no_third_brings_together() -> None:
    apart = said(CITY, "not kin", DISTRICT)
    assert members(CITY, apart) == {CITY.name}
    third = said(CIVIL, "kin", CITY), said(CIVIL, "kin", DISTRICT)
    assert not {CITY.name, DISTRICT.name} <= members(CIVIL, apart, *third)


def test_a_short_name_is_kin_to_what_it_may_stand_for() -> None:
    short = campaign("创卫")
    assert short.id in families([short, HEALTH])[HEALTH.id].members


def test_a_decision_about_a_campaign_that_is_gone_is_no_matter() -> None:
    assert members(CITY, said(CITY, "kin", campaign("学雷锋"))) == {CITY.name, DISTRICT.name}
