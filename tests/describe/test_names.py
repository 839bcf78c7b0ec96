import pytest

from archivist.describe.names import agency_key, is_agency, is_bare, is_person, is_unit_of, same_agency, split


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
        ("聊城市委、市政府", ["聊城市委", "市政府"]),
        ("聊城市委市政府", ["聊城市委", "市政府"]),
        ("市委、市政府", ["市委", "市政府"]),
        ("市委", []),
        ("各乡镇人民政府", []),
        ("认真贯彻落实", []),
    ],
)
def test_names_of_agencies_are_told_apart(text: str, agencies: list[str]) -> None:
    assert [text[start:end] for start, end in split(text)] == agencies


@pytest.mark.parametrize("name", ["中共中央国家机关工作委员会", "中共聊城市委国家安全委员会办公室"])
def test_the_state_in_a_name_begins_no_second_agency(name: str) -> None:
    assert [name[start:end] for start, end in split(name)] == [name]
    assert len(split("国务院国家计划委员会")) == 2


def test_a_bare_ending_names_no_agency() -> None:
    assert not is_agency("办公室")
    assert is_agency("国务院")


@pytest.mark.parametrize(
    "name",
    [
        "聊城专区行政督察专员公署",
        "聊城县人民委员会",
        "聊城县革委会生产指挥组",
        "县革委会工交组",
        "聊城县军管会",
        "山东省贫下中农协会",
        "聊城市供销合作社联合社",
        "市爱卫会",
        "聊城市双拥办",
        "市创建办",
        "市委办",
        "聊城市体改委",
        "锡林郭勒盟行政公署",
        "锡林郭勒盟委",
        "临夏回族自治州人民政府",
        "阿拉善左旗人民政府",
        "新疆生产建设兵团",
        "黑龙江省农垦总局",
        "柳园街道党工委",
        "聊城经济技术开发区管委会",
        "济南军区",
        "中央文明办",
        "總統府",
    ],
)
def test_agencies_of_all_decades(name: str) -> None:
    assert is_agency(name)


@pytest.mark.parametrize(
    "text", ["由市创建办", "请市委", "县委常委", "试行办法", "省府", "市委", "从速查办", "全市各科委"]
)
def test_words_that_end_like_agencies(text: str) -> None:
    assert not is_agency(text)


def test_a_bare_name_leaves_its_place_to_the_paper() -> None:
    assert all(is_bare(name) for name in ("市委", "省政府", "縣革委會"))
    assert not any(is_bare(name) for name in ("聊城市委", "市委办公室", "政府"))


def test_spellings_of_one_agency_share_a_key() -> None:
    assert agency_key("中国共产党聊城市委员会") == agency_key("中共聊城市委")
    assert agency_key("清源縣科學技術委員會") == agency_key("清源县科委")
    assert agency_key("福建省厦门市人民政府") == agency_key("厦门市人民政府")
    assert agency_key("聊城市委") == agency_key("中共聊城市委员会")
    assert agency_key("聊城市府") == agency_key("聊城市人民政府")
    assert agency_key("团市委") == agency_key("共青团市委")
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
        ("中共聊城市委", "市委", True),
        ("聊城市人民政府", "市府", True),
        ("中共聊城市委", "政协聊城市委员会", False),
        ("中共聊城市委", "共青团聊城市委", False),
        ("共青团聊城市委", "团市委", True),
        ("公安局", "林业公安局", False),
        ("行政院卫生署中央健康保险局", "中央健康保险局", True),
        ("聊城市双拥工作领导小组办公室", "市双拥办", True),
        ("聊城市人民政府", "聊城市人民政府办公室", False),
        ("中国人民解放军保定市军事管制委员会", "保定市军事管制委员会", True),
        ("中国人民解放军山东省聊城县人民武装部", "聊城县武装部", True),
        ("中共上饶地方委员会", "中共上饶地委", True),
        ("中国新民主主义青年团保定地方委员会", "青年团保定地委", True),
        ("山西省人民政府教育厅", "山西省教育厅", True),
        ("山西省人民政府教育厅", "教育厅", True),
        ("聊城地区革命委员会商业局", "聊城地区商业局", True),
        ("聊城地区行署", "聊城地区行署林业局", False),
        ("阿坝藏族羌族自治州林业局", "阿坝州林业局", True),
        ("巴音郭楞蒙古自治州人民政府", "巴音郭楞州人民政府", True),
    ],
)
def test_a_short_name_means_the_agency_named_in_full(one: str, other: str, same: bool) -> None:
    assert same_agency(one, other) is same_agency(other, one) is same


def test_a_commune_or_a_works_is_named_for_its_committee() -> None:
    assert is_unit_of("梁园公社", "肥东县梁园公社革命委员会")
    assert is_unit_of("洛阳机床厂", "国营洛阳机床厂革委会")
    assert not is_unit_of("梁园公社", "梁园公社供销社")


@pytest.mark.parametrize("name", ["官恩祥", "王建国", "李四", "欧阳修", "刘 芳", "張志遠", "买买提·艾力"])
def test_persons(name: str) -> None:
    assert is_person(name)


@pytest.mark.parametrize("word", ["同意", "请阅", "高度重视", "张书记", "安排", "已阅", "办公室", "王", ""])
def test_words_of_slips_are_no_persons(word: str) -> None:
    assert not is_person(word)
