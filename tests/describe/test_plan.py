from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archivist.describe import describe
from tests.describe import paper, plans


@pytest.mark.parametrize("name", plans.PAPERS)
@pytest.mark.parametrize(
    ("spaces", "width"), [(True, None), (False, None), (False, 28)], ids=["blanks", "gaps", "lines"]
)
def test_plans_are_read_as_a_records_manager_would(name: str, spaces: bool, width: int | None) -> None:
    wanted = plans.PAPERS[name]
    found = plans.read(wanted.text, spaces=spaces, width=width)
    assert plans.values(found, "group_member") == list(wanted.members)
    assert plans.values(found, "phase") == list(wanted.phases)
    assert plans.values(found, "indicator") == list(wanted.indicators)
    assert plans.values(found, "deadline") == list(wanted.deadlines)


def test_members_in_a_ruled_table() -> None:
    sheet = paper.form(
        [
            (0, 0, "职务"),
            (0, 1, "姓名"),
            (0, 2, "工作单位"),
            (0, 3, "行政职务"),
            paper.Cell(1, 0, "组长"),
            (1, 1, "方 正"),
            (1, 2, "县委"),
            (1, 3, "副书记"),
            paper.Cell(2, 0, "成员", rows=2),
            (2, 1, "柳青山"),
            (2, 2, "县科委"),
            (2, 3, "主任"),
            (3, 1, "邵\n华"),
            (3, 2, "县财政局"),
            (3, 3, "局长"),
        ],
        above="平阴县科技进步领导小组成员名单",
    )
    group = "平阴县科技进步领导小组"
    assert plans.values(plans.read([sheet]), "group_member") == [
        (group, "组长", "方正", "县委副书记"),
        (group, "成员", "柳青山", "县科委主任"),
        (group, "成员", "邵华", "县财政局局长"),
    ]


def test_targets_and_deadlines_in_ruled_tables() -> None:
    targets = paper.form(
        [
            (0, 0, "序号"),
            (0, 1, "考核指标"),
            (0, 2, "单位"),
            (0, 3, "标准"),
            (0, 4, "备注"),
            *((1, n, text) for n, text in enumerate(["1", "科技投入占财政支出比例", "%", "≥1.5", "一票否决"])),
            *((2, n, text) for n, text in enumerate(["2", "农村卫生厕所普及率", "%", "60以上", ""])),
            *((3, n, text) for n, text in enumerate(["3", "鼠密度(%)", "", "不超过3", ""])),
            *((4, n, text) for n, text in enumerate(["4", "专题会议", "次", "2", ""])),
        ],
        below="注：带一票否决的为必达指标。",
    )
    tasks = paper.form(
        [
            (0, 0, "工作内容"),
            (0, 1, "责任单位"),
            (0, 2, "完成时限"),
            *((1, n, text) for n, text in enumerate(["制定创建\n工作方案", "市创建办", "2008年3月15日前"])),
            *((2, n, text) for n, text in enumerate(["整治集贸市场", "市工商局\n市城管局", "2008年5月底前"])),
        ]
    )
    found = plans.read(paper.stack(targets, tasks))
    assert plans.values(found, "indicator") == [
        ("科技投入占财政支出比例", ">=", 1.5, "%", True),
        ("农村卫生厕所普及率", ">=", 60, "%", False),
        ("鼠密度", "<=", 3, "%", False),
        ("专题会议", "=", 2, "次", False),
    ]
    assert plans.values(found, "deadline") == [
        ("2008-03-15", "市创建办", "制定创建工作方案"),
        ("2008-05-31", "市工商局、市城管局", "整治集贸市场"),
    ]


def test_phases_in_a_ruled_table() -> None:
    sheet = paper.form(
        [
            (0, 0, "阶段"),
            (0, 1, "时间"),
            (0, 2, "主要工作"),
            *((1, n, text) for n, text in enumerate(["宣传发动", "2006年3月1日-3月20日", "召开动员大会"])),
            *((2, n, text) for n, text in enumerate(["集中整治", "3月21日-6月底", "清理卫生死角"])),
        ],
        above="2006年爱国卫生运动日程",
    )
    assert plans.values(plans.read([sheet]), "phase") == [
        ("宣传发动", "2006-03-01", "2006-03-20"),
        ("集中整治", "2006-03-21", "2006-06-30"),
    ]


def test_columns_that_were_read_apart_are_rows_again() -> None:
    text = paper.page("关于成立绿化领导小组的通知\n决定成立县绿化领导小组，名单如下：\n组　长：\n副组长：")
    rows = [("祝融", "副县长", 2), ("柏林", "县林业局局长", 3)]
    region = text.regions[0]
    lines = list(region.lines[:2])
    for label, (name, post, place) in zip(region.lines[2:], rows, strict=True):
        top = label.box.top
        lines += [label, paper.line(name, left=500, top=top + 3), paper.line(post, left=800, top=top - 2)]
        assert place
    sheet = replace(text, regions=(replace(region, lines=tuple(lines)),))
    assert plans.values(plans.read([sheet]), "group_member") == [
        ("县绿化领导小组", "组长", "祝融", "副县长"),
        ("县绿化领导小组", "副组长", "柏林", "县林业局局长"),
    ]


@pytest.mark.parametrize(
    "text", ["组长", "由任组长", "第一阶段", "一票否决", "3月底前", "成员：", "分三个阶段进行：", "≥", ""]
)
def test_words_alone_are_no_plan(text: str) -> None:
    assert plans.read(text) == []


_PIECES = st.sampled_from(
    [
        "\n",
        "\u3000",
        "组长",
        "：",
        "张三",
        "（",
        "）",
        "、",
        "，",
        "。",
        "第一阶段",
        "阶段",
        "3月",
        "底",
        "前",
        "至",
        "-",
        "一票否决",
        "指标",
        "达到",
        "95%",
        "以上",
        "百分之",
        "五",
        "领导小组",
        "成立",
        "由",
        "任",
        "任务",
        "1、",
        "（一）",
        "①",
        "于",
        "各乡镇",
        "完成",
        "分三个阶段",
        "年",
        "1995年",
        "今年",
        "不少于",
        "两次",
        "为",
        "成员",
        "办公室",
        "市长",
        "月",
        "日",
        "30",
        "报",
        "名单",
        "对",
        "的",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES, max_size=40).map("".join) | st.text(max_size=80))
def test_any_text_is_read_and_every_value_has_its_ink(text: str) -> None:
    sheet = paper.page(text)
    for field in plans.read([sheet]):
        assert isinstance(field.value, dict)
        assert field.raw.strip() and field.evidence.text == field.raw
        assert sheet.running_text[field.evidence.start : field.evidence.end] == field.raw
        assert 0 < field.confidence <= 1


_SEEDS = Path(__file__).parents[2] / "../shared/seeds"


@pytest.mark.skipif(not _SEEDS.exists(), reason="the seed papers are not beside this checkout")
def test_the_plan_of_2012() -> None:
    found = plans.read([paper.page((_SEEDS / "district-plan-2012.txt").read_text("utf-8"))])
    roles = [role for _, role, person, post in plans.values(found, "group_member") if person is None and post]
    assert roles == ["组长"] + 3 * ["副组长"] + 24 * ["成员"]
    assert plans.values(found, "phase") == [
        ("准备阶段", "2012-02-15", "2012-03-31"),
        ("资料收集整理阶段", "2012-04-01", "2012-05-30"),
        ("创建验收阶段", "2012-06-01", "2012-06-30"),
    ]
    lead = "党委和政府对科技进步工作的重视程度和领导情况"
    share = "本级科学技术支出占当年本级财政一般预算支出比例"
    assert plans.values(found, "indicator") == [
        (lead, ">=", 2, "次", True),
        (lead, ">=", 4, "次", True),
        ("科技管理部门机构建设与履行职能情况", None, None, None, True),
        (f"{share}(区)", ">=", 1.1, "%", True),
        (f"{share}(镇(街))", ">=", 1.0, "%", True),
    ]
    assert [(date, who) for date, who, _ in plans.values(found, "deadline")] == [
        ("2012-03-20", None),
        ("2012-03-31", None),
        ("2012-03-30", "区委办、区政府办、区编委办、区财政局"),
        ("2012-04-15", "各有关单位"),
        ("2012-04-30", "区领导小组办公室"),
        ("2012-05-31", None),
    ]


@pytest.mark.skipif(not _SEEDS.exists(), reason="the seed papers are not beside this checkout")
def test_the_three_stages_of_the_decision_of_1995() -> None:
    found = plans.read([paper.page((_SEEDS / "liaocheng-1995-58.txt").read_text("utf-8"))])
    assert plans.values(found, "phase") == [
        ("搞好宣传发动，形成浓厚的“创建”气氛", None, None),
        ("制定方案，实行责任制", None, None),
        ("总结验收", None, None),
    ]
    assert plans.values(found, "group_member") == plans.values(found, "deadline") == []


def test_targets_in_tables_are_found_by_what_their_cells_say() -> None:
    sheet = paper.form(
        [
            *((0, n, text) for n, text in enumerate(["考核项目", "指标", "分值"])),
            *((1, n, text) for n, text in enumerate(["计划生育率", "≥92%", "40"])),
            *((2, n, text) for n, text in enumerate(["人口出生率", "≤16‰", "30"])),
            *((3, n, text) for n, text in enumerate(["统计误差率", "3%以下", "20"])),
            *((4, n, text) for n, text in enumerate(["灌溉水有效利用系数", "≥0.56", "10"])),
        ]
    )
    assert plans.values(plans.read([sheet]), "indicator") == [
        ("计划生育率", ">=", 92, "%", False),
        ("人口出生率", "<=", 16, "‰", False),
        ("统计误差率", "<=", 3, "%", False),
        ("灌溉水有效利用系数", ">=", 0.56, None, False),
    ]


def test_a_surname_may_be_rare_under_a_heading_of_names() -> None:
    sheet = paper.form(
        [
            *((0, n, text) for n, text in enumerate(["职务", "姓名", "单位职务"])),
            *((1, n, text) for n, text in enumerate(["组长", "税小莉", "县长"])),
            *((2, n, text) for n, text in enumerate(["成员", "佴永明", "县农机局副局长"])),
        ],
        above="成立创建节水型县工作领导小组。",
    )
    group = "创建节水型县工作领导小组"
    assert plans.values(plans.read([sheet]), "group_member") == [
        (group, "组长", "税小莉", "县长"),
        (group, "成员", "佴永明", "县农机局副局长"),
    ]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("县城内发生甲类传染病暴发流行的，一票否决。", [("县城内发生甲类传染病暴发流行", None, None)]),
        ("对发生严重损害军民团结事件的单位，实行“一票否决”。", [("发生严重损害军民团结事件", None, None)]),
        ("凡年内发生重大食品安全事故的，实行一票否决。", [("年内发生重大食品安全事故", None, None)]),
        ("群众满意度低于80%的乡镇，年终考核一票否决。", [("群众满意度", "<", 80)]),
        ("死亡人数超过3人的，一律实行一票否决。", [("死亡人数", ">", 3)]),
        (
            "有下列情形之一的，实行一票否决：（一）弄虚作假的；（二）计划生育率低于85%的。",
            [
                ("弄虚作假", None, None),
                ("计划生育率", "<", 85),
            ],
        ),
        (
            "出现以下问题的单位，实行一票否决，取消评先资格：\n1、发生重大火灾的；\n2、瞒报、漏报的。",
            [
                ("发生重大火灾", None, None),
                ("瞒报、漏报", None, None),
            ],
        ),
        ("对工作不力、影响创建的单位，在年度考核中实行一票否决。", []),
        ("对社会治安综合治理实行一票否决。", [("社会治安综合治理", None, None)]),
    ],
)
def test_what_decides_alone(sentence: str, expected: list[tuple[str, str | None, float | None]]) -> None:
    found = plans.values(plans.read(f"考核办法\n==\n{sentence}"), "indicator")
    assert [(name, sign, value) for name, sign, value, _, _ in found] == expected
    assert all(veto for *_, veto in found)


@pytest.mark.parametrize(
    ("sentence", "who", "task"),
    [
        ("持有银元者，应于四月三十日以前向人民银行兑换。", "持有银元者", "向人民银行兑换"),
        ("私藏枪支弹药的单位和个人，必须于4月10日前交出。", "私藏枪支弹药的单位和个人", "交出"),
        ("竞买人须在4月2日17时前交纳竞买保证金。", "竞买人", "交纳竞买保证金"),
        ("各县应于四月十日前成立委员会，由县长兼任主任委员。", "各县", "成立委员会，由县长兼任主任委员"),
        ("各区在四月十日前清查完毕，并把情况报告地委。", "各区", "清查完毕，并把情况报告地委"),
        ("各乡须于四月十日前订出规划，逾期不报的予以通报。", "各乡", "订出规划"),
        ("各队应于四月十日前修好水车，供应抗旱需要。", "各队", "修好水车"),
        ("县建委负责设计，于四月十日前完成施工图，具体办法另定。", "县建委", "完成施工图"),
        ("会议材料务于四月十日前印好。", None, "会议材料印好"),
        ("农业局要在4月10日前完成普查，合格率达到95%以上。", "农业局", "完成普查"),
        ("由县委组织部负责，4月10日前抽调干部六十名。", "县委组织部", "抽调干部六十名"),
        ("生产单位主要负责人应于4月底前参加培训。", "生产单位主要负责人", "参加培训"),
    ],
)
def test_who_owes_what(sentence: str, who: str | None, task: str) -> None:
    found = plans.values(plans.read(f"通知\n==\n{sentence}\n==\n1985年3月1日"), "deadline")
    assert [entry[1:] for entry in found] == [(who, task)]


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("新建公厕20座", ("新建公厕", ">=", 20, "座")),
        ("新建20座公厕", ("新建公厕", ">=", 20, "座")),
        ("植树一百二十万株", ("植树", ">=", 120, "万株")),
        ("独生子女领证率达到85%—90%", ("独生子女领证率", ">=", 85, "%")),
        ("亏损面控制在3%至5%以内", ("亏损面", "<=", 5, "%")),
        ("一等品率不得小于百分之九十", ("一等品率", ">=", 90, "%")),
        ("灌溉水有效利用系数达到0.55", ("灌溉水有效利用系数", ">=", 0.55, None)),
        ("粮食总产由去年的5亿斤提高到6亿斤", ("粮食总产", ">=", 6, "亿斤")),
    ],
)
def test_tasks_and_ranges_are_targets(clause: str, expected: tuple[str, str, float, str | None]) -> None:
    found = plans.values(plans.read(f"工作方案\n==\n一、目标任务\n　　{clause}。"), "indicator")
    assert [entry[:4] for entry in found] == [expected]


def test_a_date_behind_the_last_phase_is_of_the_year_it_can_be_of() -> None:
    text = (
        "实施意见\n==\n一、步骤\n第一阶段：发动（1989年9月1日至9月30日）。\n第二阶段：检查（1990年5月1日至5月31日）。\n"
    )
    text += "各区要在9月20日前成立机构。检查结果6月10日前公布。\n==\n一九八九年八月二十四日"
    assert [entry[0] for entry in plans.values(plans.read(text), "deadline")] == ["1989-09-20", "1990-06-10"]


def test_what_something_costs_is_no_target() -> None:
    text = (
        "巴山县卫生局关于县医院搬迁经费的请示\n县人民政府：\n经测算，搬迁共需经费386万元，其中设备购置及安装268万元，"
        "信息系统建设85万元。恳请县政府安排专项资金予以解决。\n巴山县卫生局\n2017年8月2日"
    )
    assert [field.value for field in describe(paper.stack(text))[0].values("indicator")] == []
