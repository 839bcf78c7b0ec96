"""Papers of many kinds and decades: all that the catalogue says of each, and no more."""

import pytest

from archivist.model import Document, Value
from tests.describe.described import documents

# Numbers stand as their text, citations as 题名 文号.
_PAPERS: dict[str, tuple[str, dict[str, list[str]]]] = {
    "announcement with its issue above the title": (
        """国家税务总局公告
2013年第40号
国家税务总局关于企业混合性投资业务
企业所得税处理问题的公告
根据《中华人民共和国企业所得税法》及其实施条例，现就有关问题公告如下：
一、本公告所称投资。
特此公告。
国家税务总局
2013年7月15日""",
        {
            "issuing_agency": ["国家税务总局"],
            "title": ["国家税务总局关于企业混合性投资业务企业所得税处理问题的公告"],
            "genre": ["公告"],
            "date_of_issue": ["2013-07-15"],
            "citation": ["中华人民共和国企业所得税法"],
        },
    ),
    "proclamation of 1951 numbered without a year": (
        """福建省閩侯縣人民政府佈告
府民字第一〇三號
查本縣土地改革業已勝利完成，茲為保障農民土地所有權起見，特佈告如下：
一、頒發土地房產所有證。
仰各界人民一體週知。
此佈
縣長　林志群
副縣長　陳文
公元一九五一年十月五日""",
        {
            "issuing_agency": ["福建省闽侯县人民政府"],
            "title": ["福建省闽侯县人民政府布告"],
            "genre": ["布告"],
            "date_of_issue": ["1951-10-05"],
            "document_number": ["府民字〔1951〕103号"],
        },
    ),
    "revolutionary committee of 1969 under a quotation": (
        """最 高 指 示
备战、备荒、为人民。
要节约闹革命。
——————————
山东省昌潍地区革命委员会
关于做好一九六九年冬季征兵工作的通知
昌革发(69)85号
各县、市革命委员会，各县、市人民武装部：
根据省革委、省军区的指示，我区冬季征兵工作即将开始。现通知如下：
一、突出无产阶级政治。
山东省昌潍地区革命委员会
一九六九年十一月十八日
（共印二百份）""",
        {
            "issuing_agency": ["山东省昌潍地区革命委员会"],
            "title": ["山东省昌潍地区革命委员会关于做好一九六九年冬季征兵工作的通知"],
            "genre": ["通知"],
            "document_number": ["昌革发〔1969〕85号"],
            "addressee": ["各县、市革命委员会", "各县、市人民武装部"],
            "date_of_issue": ["1969-11-18"],
        },
    ),
    "minutes under the head of a serial": (
        """专题会议纪要
〔2013〕28号
桐乡市人民政府办公室        2013年6月17日
关于城南大道改造有关问题的协调会议纪要
2013年6月14日下午，副市长沈国强主持召开会议，协调城南大道改造有关问题。现将会议确定事项纪要如下：
一、关于资金问题。
参加：市发改局王伟，市财政局李娟。
分送：市府领导，各有关单位。""",
        {
            "title": ["关于城南大道改造有关问题的协调会议纪要"],
            "genre": ["会议纪要"],
            "issuing_agency": ["桐乡市人民政府办公室"],
            "date_of_issue": ["2013-06-17"],
            "copied_to": ["市府领导", "各有关单位"],
        },
    ),
    "urgent notice that names its issuer short in the title": (
        """000015
秘密★1年
特急
江苏省发展和改革委员会文件
苏发改工业发〔2013〕451号
省发展改革委关于组织申报2013年省级
创新平台项目的通知
各省辖市发展改革委，昆山、泰兴、沭阳县（市）发展改革委：
为深入实施创新驱动战略，现就有关事项通知如下：
一、申报范围
联系人：张伟，电话：025-83390000。
附件：1．申报汇总表
　　　2．资金申请报告编制要求
江苏省发展和改革委员会
2013年4月2日
（此件主动公开）
抄送：省财政厅、省科技厅。
江苏省发展和改革委员会办公室　　2013年4月3日印发""",
        {
            "secrecy": ["秘密"],
            "urgency": ["特急"],
            "issuing_agency": ["江苏省发展和改革委员会"],
            "document_number": ["苏发改工业发〔2013〕451号"],
            "title": ["省发展改革委关于组织申报2013年省级创新平台项目的通知"],
            "genre": ["通知"],
            "addressee": ["各省辖市发展改革委", "昆山、泰兴、沭阳县(市)发展改革委"],
            "date_of_issue": ["2013-04-02"],
            "attachment": ["申报汇总表", "资金申请报告编制要求"],
            "copied_to": ["省财政厅", "省科技厅"],
            "printing_agency": ["江苏省发展和改革委员会办公室"],
            "print_date": ["2013-04-03"],
        },
    ),
    "misread notice of 1992": (
        """寿光县人氏政府文仵
寿政发1992】O45与
寿光县人氏政府
关于表彰奖励1991年度造林绿化先进单位的决定
各乡镇人民政府，县政府各部门：
一九九一年，我县造林绿化工作取得较大成绩。
寿光县人民政府
一九九二年二月二O日
主题词:林业 表彰 决定
抄报:潍坊市人民政府。
抄送：县委各部门，县人大常委会，
县政协，县人武部。
寿光县人民政府办公室     1992年2月22曰印发""",
        {
            "issuing_agency": ["寿光县人民政府"],
            "document_number": ["寿政发〔1992〕45号"],
            "title": ["寿光县人民政府关于表彰奖励1991年度造林绿化先进单位的决定"],
            "genre": ["决定"],
            "addressee": ["各乡镇人民政府", "县政府各部门"],
            "date_of_issue": ["1992-02-20"],
            "subject_term": ["林业", "表彰", "决定"],
            "copied_to": ["潍坊市人民政府", "县委各部门", "县人大常委会", "县政协", "县人武部"],
            "printing_agency": ["寿光县人民政府办公室"],
            "print_date": ["1992-02-22"],
        },
    ),
    "letter under a head without brackets": (
        """扬州市城乡建设局便函
扬建函〔2016〕8号
关于商请支持雨污分流工程的函
市公安局交警支队：
因工程需要，拟占用文昌路部分车道，请予支持为盼。
扬州市城乡建设局
2016年2月26日
（联系人：陈静，电话：87345678）""",
        {
            "issuing_agency": ["扬州市城乡建设局"],
            "document_number": ["扬建函〔2016〕8号"],
            "title": ["关于商请支持雨污分流工程的函"],
            "genre": ["函"],
            "addressee": ["市公安局交警支队"],
            "date_of_issue": ["2016-02-26"],
        },
    ),
    "title that ends in the paper it forwards": (
        """沂南县革命委员会生产指挥部文件
沂革生字(71)第33号
转发县农业局《关于棉花后期管理的
意见》
各公社革委会：
现将县农业局《关于棉花后期管理的意见》转发给你们，望贯彻执行。
沂南县革命委员会生产指挥部
一九七一年七月廿一日""",
        {
            "issuing_agency": ["沂南县革命委员会生产指挥部"],
            "document_number": ["沂革生字〔1971〕33号"],
            "title": ["转发县农业局《关于棉花后期管理的意见》"],
            "addressee": ["各公社革委会"],
            "date_of_issue": ["1971-07-21"],
            "citation": ["关于棉花后期管理的意见"],
        },
    ),
    "speech with the name of who held it": (
        """在全市科技大会上的讲话
刘 志 明
(一九九六年三月五日)
同志们：
这次全市科技大会，是市委、市政府决定召开的一次重要会议。下面我讲三个问题：
一、提高认识。
要认真贯彻《中共中央、国务院关于加速科学技术进步的决定》。""",
        {
            "title": ["在全市科技大会上的讲话"],
            "genre": ["讲话"],
            "date_of_issue": ["1996-03-05"],
            "citation": ["中共中央、国务院关于加速科学技术进步的决定"],
        },
    ),
    "telegram of 1958 in traditional script": (
        """機密
特急電報
中共河南省委
關於大力開展羣眾性積肥運動的緊急指示
各地、市、縣委：
目前正是積肥的有利時機，各級黨委必須立即行動起來。
中共河南省委
一九五八年七月十日""",
        {
            "secrecy": ["机密"],
            "urgency": ["特急"],
            "issuing_agency": ["中共河南省委"],
            "title": ["中共河南省委关于大力开展群众性积肥运动的紧急指示"],
            "genre": ["指示"],
            "addressee": ["各地、市、县委"],
            "date_of_issue": ["1958-07-10"],
        },
    ),
    "decree of 1950 with its number in brackets": (
        """中央人民政府政務院命令
(政財字第七十二號)
茲制定「契稅暫行條例」，公佈施行。
此令
總理　周恩來
一九五〇年四月三日""",
        {
            "issuing_agency": ["中央人民政府政务院"],
            "title": ["中央人民政府政务院命令"],
            "genre": ["命令"],
            "document_number": ["政财字〔1950〕72号"],
            "date_of_issue": ["1950-04-03"],
        },
    ),
    "request of a factory dated with dots of a list": (
        """济南第二机床厂
关于引进数控设备的请示
(85)济二机技字第19号
市机械局：
为提高产品质量，我厂拟引进数控铣床一台。妥否，请批示。
附：可行性研究报告一份
济南第二机床厂
一九八五、四、十二""",
        {
            "issuing_agency": ["济南第二机床厂"],
            "document_number": ["济二机技字〔1985〕19号"],
            "title": ["济南第二机床厂关于引进数控设备的请示"],
            "genre": ["请示"],
            "addressee": ["市机械局"],
            "attachment": ["可行性研究报告一份"],
            "date_of_issue": ["1985-04-12"],
        },
    ),
    "decision of a commune with a comma in its title": (
        """莱阳县柏林庄公社革命委员会
关于大干一冬春，实现大地园田化的决定
（公社党委扩大会议通过）
一九七五年十月，公社党委召开扩大会议，学习了全国农业学大寨会议文件，作如下决定：
一、全社每个大队都要订出规划。
一九七五年十月三十日""",
        {
            "issuing_agency": ["莱阳县柏林庄公社革命委员会"],
            "title": ["莱阳县柏林庄公社革命委员会关于大干一冬春，实现大地园田化的决定"],
            "genre": ["决定"],
            "date_of_issue": ["1975-10-30"],
        },
    ),
    "leading group set wide without colons": (
        """四川省人民政府办公厅
关于调整省科技领导小组成员的通知
川办函〔1993〕50号
各市、地、州人民政府，省级各部门：
由于人事变动，省政府决定对省科技领导小组成员进行调整。调整后的省科技领导小组成员名单如下：
组　　长　肖　秧　省长
副组长　　刘汉生　副省长
成　　员　王宗宽　省计经委副主任
　　　　　张正德　省财政厅副厅长
四川省人民政府办公厅
一九九三年三月十一日""",
        {
            "issuing_agency": ["四川省人民政府办公厅"],
            "document_number": ["川办函〔1993〕50号"],
            "title": ["四川省人民政府办公厅关于调整省科技领导小组成员的通知"],
            "genre": ["通知"],
            "addressee": ["各市、地、州人民政府", "省级各部门"],
            "date_of_issue": ["1993-03-11"],
        },
    ),
}


@pytest.mark.parametrize(("text", "expected"), _PAPERS.values(), ids=_PAPERS)
def test_the_entry_of_a_paper(text: str, expected: dict[str, list[str]]) -> None:
    document = documents(text)[0]
    assert document.kind == "issued_document"
    assert _said(document) == expected


def _said(document: Document) -> dict[str, list[str]]:
    names = sorted({field.name for field in document.fields})
    return {name: [_words(name, field.value) for field in document.values(name)] for name in names}


def _words(name: str, value: Value) -> str:
    if not isinstance(value, dict):
        return str(value)
    if name == "document_number":
        return str(value["text"])
    if name == "citation":
        number = value["document_number"]
        return f"{value['title']} {number['text'] if isinstance(number, dict) else ''}".strip()
    return " ".join(str(part) for part in value.values())


_OTHERS = {
    "settlement": """工程结算表
工程名称：聊城市档案馆维修 编号：12
项目 单位 数量 单价 金额
水泥 吨 12 300 3600
合计 3600
审核：王军 日期：1998.5.6""",
    "page of a report": """三、主要成绩
今年以来，在市委、市政府的正确领导下，我们认真贯彻落实
上级关于加强科技工作的通知
精神，全市科技工作取得明显成效，共实施科技项目120项，
其中省级45项（见鲁科字〔1995〕3号）。1995年6月9日，市政府召开了
会议，要求各级各部门：
一要提高认识。""",
    "talk": """同志们：
今天召开这个会议，主要任务是总结工作，部署任务。
去年我市发文〔1994〕12号强调了领导批示的重要性。
抄送单位要及时反馈：
来文机关应当注明文号和份数，收文日期必须登记。""",
    "newspaper": """大众日报 1995年6月10日 第一版
我省科技工作取得新成绩
本报讯 记者王军报道 省政府日前发出通知：
要求各地认真做好防汛工作。""",
    "middle of a report": """进一步提高。按照县委、县政府
《关于加强农业工作的决定》
要求，全县各级认真抓好落实。（鲁农字〔1990〕2号）
三、存在的问题：
1990年8月15日以前""",
    "table of contents": """目　　录
一、中共聊城市委文件（聊发〔1995〕58号）............1
二、关于创建先进市的通知..........................5
三、附件：名单..................................9""",
}


@pytest.mark.parametrize("text", _OTHERS.values(), ids=_OTHERS)
def test_what_is_no_issued_document_says_nothing_as_one(text: str) -> None:
    (document,) = documents(text)
    assert document.kind == "other"
    assert document.fields == ()


def test_a_line_that_only_ends_like_a_title_waits_for_a_person() -> None:
    def status(text: str) -> list[str]:
        (document,) = documents(text)
        return [field.status for field in document.values("title")]

    assert status("货名原列输入规定\n一、进口货品\n二、出口货品") == ["review"]
    assert status("泰安市科技三项费用管理办法\n第一条　为加强管理，制定本办法。") == ["accepted"]


def test_a_receiver_of_no_known_kind_waits_for_a_person() -> None:
    (document,) = documents(
        "莱芜市科学技术委员会文件\n莱科字〔1990〕4号\n关于学习的通知\n各乡镇，牟汶河上游沿岸：\n请认真学习。"
    )
    assert [(field.value, field.status) for field in document.values("addressee")] == [
        ("各乡镇", "accepted"),
        ("牟汶河上游沿岸", "review"),
    ]


@pytest.mark.parametrize(
    ("line", "receivers"),
    [
        ("各地、市劳动局、财政局、总工会：", ["各地、市劳动局、财政局、总工会"]),
        ("各公社、镇妇联，县直妇委会：", ["各公社、镇妇联", "县直妇委会"]),
        ("各镇街中心校、县直各学校：", ["各镇街中心校", "县直各学校"]),
        ("国务院各部委、各直属机构：", ["国务院各部委", "各直属机构"]),
    ],
)
def test_a_list_of_receivers_is_divided_where_a_place_begins(line: str, receivers: list[str]) -> None:
    (document,) = documents(f"莱芜市科学技术委员会文件\n莱科字〔1990〕4号\n关于学习的通知\n{line}\n请认真学习。")
    assert [field.value for field in document.values("addressee")] == receivers


def test_who_forwards_a_paper_issued_it() -> None:
    (document,) = documents(
        "中共黄县县委批转县科委党组\n《关于当前科技工作的请示报告》\n黄发〔1981〕17号\n各公社党委：\n县委同意。"
    )
    said = _said(document)
    assert said["issuing_agency"] == ["中共黄县县委"]
    assert said["title"] == ["中共黄县县委批转县科委党组《关于当前科技工作的请示报告》"]
    assert "genre" not in said
