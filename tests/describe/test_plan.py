import pytest

from tests.describe import plans


@pytest.mark.parametrize("name", plans.PAPERS)
@pytest.mark.parametrize("spaces", [True, False], ids=["blanks", "gaps"])
def test_plans_are_read_as_a_records_manager_would(name: str, spaces: bool) -> None:
    wanted = plans.PAPERS[name]
    found = plans.read(wanted.text, spaces=spaces)
    assert plans.values(found, "group_member") == list(wanted.members)
    assert plans.values(found, "phase") == list(wanted.phases)
    assert plans.values(found, "indicator") == list(wanted.indicators)
    assert plans.values(found, "deadline") == list(wanted.deadlines)
