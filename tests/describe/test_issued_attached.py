"""What lies behind an issued document: the titles of its attachments, and its imprint on their last page."""

import pytest

from archivist.describe import issued
from tests.describe import paper
from tests.describe.described import documents


def _attachments(text: str) -> list[object]:
    head = "莱科字〔1990〕4号\n关于召开科技工作会议的通知\n各乡镇：\n请准时参加。"
    (document,) = documents(f"莱芜市科学技术委员会文件\n{head}\n{text}")
    return [field.value for field in document.values("attachment")]


@pytest.mark.parametrize(
    ("text", "attachments"),
    [
        ("附：名单\n一九九〇年二月三日", ["名单"]),
        ("附件：1．名单；2．议程\n一九九〇年二月三日", ["名单", "议程"]),
        ("附件一：名单\n附件二：议程\n一九九〇年二月三日", ["名单", "议程"]),
        ("附件：\n1.名单\n2.议程\n一九九〇年二月三日", ["名单", "议程"]),
        ("附件：（一）名单\n　　　（二）议程。\n一九九〇年二月三日", ["名单", "议程"]),
        (
            "附：莱芜市科技发展规划（一九九〇——\n　　一九九五年）\n一九九〇年二月三日",
            ["莱芜市科技发展规划(一九九〇——一九九五年)"],
        ),
        ("莱芜市科学技术委员会\n一九九〇年二月三日\n附：会议名单", ["会议名单"]),
        ("附近各乡镇也要派人参加。\n一九九〇年二月三日", []),
    ],
)
def test_attachments_listed_under_the_text(text: str, attachments: list[str]) -> None:
    assert _attachments(text) == attachments


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("附件1\n聊城市科技工作先进单位名单\n1．市农业局", "聊城市科技工作先进单位名单"),
        (
            "附件：\n　　　聊城市创建全国科技工作先进市\n　　　　　　实施方案\n为搞好创建活动，制定本方案。",
            "聊城市创建全国科技工作先进市实施方案",
        ),
        ("附：先进个人名单\n张三　李四", "先进个人名单"),
        ("附件二　奖励办法（试行）\n第一条　为了奖励先进，制定本办法。", "奖励办法(试行)"),
        ("关于建立科技网的报告\n县委：\n现将情况报告如下。", "关于建立科技网的报告"),
    ],
)
def test_the_title_of_an_attachment_stands_under_its_heading(text: str, title: str) -> None:
    fields = issued.attachment_fields(paper.stack(text))
    assert [field.value for field in fields if field.name == "title"] == [title]
    assert {field.name for field in fields} <= {"title", "genre"}


@pytest.mark.parametrize(
    ("heading", "genres"),
    [
        ("聊城市创建全国科技工作先进市\n实施方案", ["方案"]),
        ("奖励办法（试行）", ["办法"]),
        ("先进个人名单", []),
        ("学生宿舍投资概算表", []),
    ],
)
def test_an_attachment_is_of_the_genre_that_its_title_ends_in(heading: str, genres: list[str]) -> None:
    fields = issued.attachment_fields(paper.stack(f"附件1\n{heading}\n第一条　为了做好工作，制定本件。"))
    found = [field for field in fields if field.name == "genre"]
    assert [field.value for field in found] == genres
    assert [field.raw for field in found] == genres


def test_an_attachment_cites_papers_of_its_own() -> None:
    text = "— 2 —\n附件1\n聊城市科学技术奖励办法\n第一条　根据《国家科学技术奖励条例》，制定本办法。"
    fields = issued.attachment_fields(paper.stack(text))
    assert [(field.name, field.value) for field in fields] == [
        ("title", "聊城市科学技术奖励办法"),
        ("genre", "办法"),
        ("citation", {"title": "国家科学技术奖励条例", "document_number": None}),
    ]


def test_the_imprint_may_stand_behind_the_attachments() -> None:
    first, second = paper.stack(
        "莱芜市科学技术委员会文件\n莱科字〔1990〕4号\n关于印发要点的通知\n各乡镇：\n现印发。\n一九九〇年二月三日",
        "一九九〇年要点\n一、加强领导。\n主题词：科技　要点\n抄送：市委办公室。\n莱芜市科委办公室　1990年2月5日印发",
    )
    said = [(field.name, field.value, field.evidence.page) for field in issued.fields([first], [second])]
    assert said[-5:] == [
        ("subject_term", "科技", 2),
        ("subject_term", "要点", 2),
        ("copied_to", "市委办公室", 2),
        ("print_date", "1990-02-05", 2),
        ("printing_agency", "莱芜市科委办公室", 2),
    ]
    assert ("date_of_issue", "1990-02-03", 1) in said


def test_agencies_that_sign_without_a_date_are_heard() -> None:
    (document,) = documents(
        "临清市创建国家卫生城市工作方案\n（一九九二年三月六日）\n一、指标。\n按时完成任务。\n临清市爱国卫生运动委员会"
    )
    (issuer,) = document.values("issuing_agency")
    assert (issuer.value, issuer.method) == ("临清市爱国卫生运动委员会", "signature")
    assert [(field.value, field.method) for field in document.values("date_of_issue")] == [("1992-03-06", "title-note")]
