from archivist.describe import assemble, describe
from archivist.model import Value
from tests.describe import paper


def _values(text: str, name: str) -> list[Value]:
    pages = paper.stack(text)
    return [field.value for field in describe(assemble(pages)[0], pages).values(name)]


def test_members_of_a_leading_group_by_name_and_by_post() -> None:
    text = """关于成立创建卫生城市领导小组的通知
各乡镇：
为加强领导，决定成立莱州市创建卫生城市领导小组。
组　长：张志远（市委副书记、市长）
副组长：刘芳　市委常委
（副市长）
成　员：王建国、李文华、孙立
领导小组下设办公室，负责日常工作。
组织实施要有力。"""
    group = "莱州市创建卫生城市领导小组"
    assert _values(text, "group_member") == [
        {"group": group, "role": role, "person": person, "post": post}
        for role, person, post in [
            ("组长", "张志远", "市委副书记、市长"),
            ("副组长", "刘芳", "市委常委"),
            ("副组长", None, "副市长"),
            ("成员", "王建国", None),
            ("成员", "李文华", None),
            ("成员", "孙立", None),
        ]
    ]


def test_phases_with_their_dates() -> None:
    text = """创建工作实施方案
分三个阶段进行：
第一阶段:准备阶段(2012年2月15日-3月31日)。主要任务是动员。
（二）实施阶段（2012年4月至5月底）：全面展开。
三、验收阶段（六月一日至六月二十日）。"""
    assert _values(text, "phase") == [
        {"name": "准备阶段", "start": "2012-02-15", "end": "2012-03-31"},
        {"name": "实施阶段", "start": "2012-04", "end": "2012-05-31"},
        {"name": "验收阶段", "start": "2012-06-01", "end": "2012-06-20"},
    ]
