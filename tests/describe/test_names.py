import pytest

from archivist.describe.names import agency_key, is_agency, is_person, same_agency, split


@pytest.mark.parametrize(
    ("text", "agencies"),
    [
        ("中共聊城市委 聊城市人民政府", ["中共聊城市委", "聊城市人民政府"]),
        ("中共聊城市委聊城市人民政府", ["中共聊城市委", "聊城市人民政府"]),
        ("聊城市人民政府办公室", ["聊城市人民政府办公室"]),
        ("中共中央 国务院", ["中共中央", "国务院"]),
        ("中共中央国务院", ["中共中央", "国务院"]),
        ("中 共 聊 城 市 委", ["中 共 聊 城 市 委"]),
        ("国 务 院 办 公 厅", ["国 务 院 办 公 厅"]),
        ("山东省财政厅、山东省教育厅", ["山东省财政厅", "山东省教育厅"]),
        ("財政部　衛生福利部", ["財政部", "衛生福利部"]),
        ("行政院衛生署中央健康保險局", ["行政院衛生署中央健康保險局"]),
        ("各乡镇人民政府", []),
        ("认真贯彻落实", []),
    ],
)
def test_names_of_agencies_are_told_apart(text: str, agencies: list[str]) -> None:
    assert [text[start:end] for start, end in split(text)] == agencies


def test_a_bare_ending_names_no_agency() -> None:
    assert not is_agency("办公室")
    assert is_agency("国务院")


def test_spellings_of_one_agency_share_a_key() -> None:
    assert agency_key("中国共产党聊城市委员会") == agency_key("中共聊城市委")
    assert agency_key("清源縣科學技術委員會") == agency_key("清源县科委")
    assert agency_key("福建省厦门市人民政府") == agency_key("厦门市人民政府")
    assert agency_key("山东省人民政府") != agency_key("聊城市人民政府")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("江苏省发展和改革委员会", "省发展改革委", True),
        ("邹平县魏桥镇东港村民委员会", "东港村民委员会", True),
        ("全国总工会", "中华全国总工会", True),
        ("聊城市外经贸委", "市经委", False),
        ("中共聊城市委", "聊城市人民政府", False),
        ("山东省财政厅", "山东省教育厅", False),
    ],
)
def test_a_short_name_means_the_agency_named_in_full(one: str, other: str, same: bool) -> None:
    assert same_agency(one, other) is same_agency(other, one) is same


@pytest.mark.parametrize("name", ["官恩祥", "王建国", "李四", "欧阳修", "刘 芳", "張志遠"])
def test_persons(name: str) -> None:
    assert is_person(name)


@pytest.mark.parametrize("word", ["同意", "请阅", "高度重视", "张书记", "安排", "已阅", "办公室", "王", ""])
def test_words_of_slips_are_no_persons(word: str) -> None:
    assert not is_person(word)
