"""The pages of one item in random words: offices, subjects, genres and page ends fall as they may."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from archivist.model import DocumentKind, Page
from tests.describe import paper

_TOWNS = "聊城 临清 寿光 泰安 莱芜 平阴 滕州 桐乡 绍兴 嘉善 厦门 闽侯 南平 扬州 洪泽 韶关 信阳 固始 襄樊 都匀".split()  # noqa: SIM905
_BUREAUS = "教育局 卫生局 科学技术委员会 计划委员会 财政局 农业局 水利局 文化局 民政局 劳动局 工业局 粮食局".split()  # noqa: SIM905
_SUBJECTS = (  # noqa: SIM905
    "加强农村科技普及工作 创建全国卫生城市 春季植树造林 农田水利基本建设 扫除文盲 防汛抗旱 计划生育工作 "
    "中小学危房改造 征收农业税 整顿市场秩序 发展乡镇企业 冬季征兵 爱国卫生运动 安全生产大检查 粮食统购统销 "
    "职工教育 血吸虫病防治 精神文明建设 城镇住房制度改革 土地利用总体规划 档案工作 增产节约 人口普查 "
    "环境综合整治 推广良种 技术革新 民兵整组 残疾人事业 旅游开发 国有企业改制"
).split()
_SENTENCES = (
    "各级各部门要充分认识{0}的重要意义，切实加强领导，把这项工作列入议事日程。",
    "近几年来，我们在{0}方面做了大量工作，取得了一定成绩，但还存在不少问题。",
    "要广泛宣传，深入发动，使广大干部群众都来关心和支持{0}。",
    "有关部门要密切配合，分工负责，按时完成所承担的任务。",
    "对成绩突出的单位和个人给予表彰奖励，对工作不力的要通报批评。",
    "为了做好{0}，经研究决定，成立领导小组，由主要负责同志任组长。",
    "根据上级的有关规定，结合本地实际情况，现提出如下意见。",
    "所需经费由各级财政统筹解决，专款专用，不得挪作他用。",
    "各单位要于每月月底前将进展情况报送办公室，以便及时掌握和指导。",
    "要建立健全责任制，做到任务到人，措施到位，检查落实到底。",
    "今年全县共完成投资一百二十余万元，比去年同期增长百分之十五。",
    "存在的主要困难是资金不足、技术力量薄弱、设备陈旧老化。",
    "凡列入计划的项目，必须按照规定的程序报批后方可实施。",
    "到会的同志一致认为，抓好{0}是当前的一项紧迫任务。",
)
_HEADINGS = ("提高认识，加强领导", "明确任务，落实责任", "广泛宣传，深入发动", "加强检查，严格考核", "几点要求")
_CHINESE = "〇一二三四五六七八九十"
_COUNTED = "一二三四五六七八九十"
_WIDTH, _LINES = 27, 20


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page before it lies in the stack: text or form, and the document it begins (None: it goes on)."""

    sheet: str | Page
    kind: DocumentKind | None = None
    numbered: bool = True


@dataclass
class _Office:
    """One paper in the making: who issues what about what, and when."""

    chance: Random
    town: str = ""
    agency: str = ""
    code: str = ""
    subject: str = ""
    year: int = 0
    number: int = 0
    figures: str = ""
    day: tuple[int, int] = field(default=(1, 1))

    def __post_init__(self) -> None:
        chance = self.chance
        self.town = chance.choice(_TOWNS)
        self.agency = chance.choice(
            (
                f"{self.town}市人民政府",
                f"{self.town}县人民政府",
                f"中共{self.town}市委",
                f"{self.town}县{chance.choice(_BUREAUS)}",
            )
        )
        self.code = self.town[0] + ("发" if "中共" in self.agency else chance.choice(("政发", "政办发", "字", "政字")))
        self.subject = chance.choice(_SUBJECTS)
        self.year, self.number = chance.randint(1955, 2015), chance.randint(1, 199)
        self.day = chance.randint(1, 12), chance.randint(1, 28)

    @property
    def printed_number(self) -> str:
        open_, close = ("〔", "〕") if self.year > 1990 else ("(", ")")
        series = "第" if self.year < 1980 else ""
        return f"{self.code}{open_}{self.year}{close}{series}{self.number}号"

    @property
    def date(self) -> str:
        month, day = self.day
        if self.year >= 2012:
            return f"{self.year}年{month}月{day}日"
        return "".join(_CHINESE[int(digit)] for digit in str(self.year)) + f"年{_counted(month)}月{_counted(day)}日"

    @property
    def short(self) -> str:
        return self.agency.removeprefix("中共")


def _counted(number: int) -> str:
    tens, ones = divmod(number, 10)
    return ("" if not tens else "十" if tens == 1 else f"{_COUNTED[tens - 1]}十") + (_COUNTED[ones - 1] if ones else "")


def _centred(text: str) -> str:
    return " " * max((_WIDTH - len(text)) // 2, 0) + text


def _right(text: str) -> str:
    return " " * max(_WIDTH - len(text) - 3, 0) + text


def _title(text: str) -> list[str]:
    """Return a title in the middle of as many lines as it needs."""
    rows = [text[start : start + 20] for start in range(0, len(text), 20)]
    return [_centred(row) for row in rows]


def _wrapped(text: str) -> list[str]:
    text = "  " + text
    return [text[start : start + _WIDTH] for start in range(0, len(text), _WIDTH)]


def _body(chance: Random, subject: str, paragraphs: int) -> list[str]:
    rows: list[str] = []
    for place in range(paragraphs):
        if paragraphs > 2 and chance.random() < 0.5:
            rows += _wrapped(f"{_COUNTED[min(place, 9)]}、{chance.choice(_HEADINGS)}")
        count = chance.randint(1, 3)
        rows += _wrapped("".join(chance.choice(_SENTENCES).format(subject) for _ in range(count)))
    return rows


def _paged(rows: Sequence[str], kind: DocumentKind | None) -> list[Leaf]:
    cuts = range(0, len(rows), _LINES)
    return [Leaf("\n".join(rows[start : start + _LINES]), None if start else kind) for start in cuts]


def _head(office: _Office) -> list[str]:
    chance = office.chance
    rows = [chance.choice(("秘密", "特急", "000015"))] if chance.random() < 0.1 else []
    return [*rows, _centred(f"{office.agency}文件"), _centred(office.printed_number)]


def _end(office: _Office, *, imprint: bool | None = None) -> list[str]:
    chance = office.chance
    rows = [_right(office.short if chance.random() < 0.2 else office.agency), _right(office.date)]
    if imprint if imprint is not None else chance.random() < 0.5:
        month, day = office.day
        rows += [f"主题词：{office.subject[:2]} {office.subject[2:4]} 通知"] if office.year < 2012 else []
        rows += [f"抄送：{office.town}市委各部门，市人大常委会办公室，市政协办公室。"]
        rows += [f"{office.agency}办公室   {office.year}年{month}月{day}日印发"]
    return rows


def _notice(office: _Office, title: str, body: Sequence[str], *, head: bool = True) -> list[str]:
    return [
        *(_head(office) if head else []),
        *_title(title),
        f"各乡镇人民政府，{office.town}市直各部门：",
        *body,
        *_end(office),
    ]


def _plain_notice(chance: Random) -> list[Leaf]:
    office = _Office(chance)
    genre = chance.choice(("通知", "通报", "意见", "通告"))
    title = f"关于{chance.choice(('做好', '进一步加强', '开展', '认真抓好'))}{office.subject}的{genre}"
    if chance.random() < 0.4:
        title = office.agency + title
    rows = _notice(office, title, _body(chance, office.subject, chance.randint(1, 12)), head=chance.random() < 0.85)
    return _paged(rows, "issued_document")


def _decision(chance: Random) -> list[Leaf]:
    office = _Office(chance)
    rows = [*_head(office), *_title(f"{office.agency}关于{office.subject}的决定"), _centred(f"({office.date})")]
    return _paged([*rows, *_body(chance, office.subject, chance.randint(3, 14))], "issued_document")


def _slip(office: _Office, title: str, *, form: str) -> Leaf:
    chance = office.chance
    number = chance.choice((office.printed_number, office.printed_number, str(office.number), ""))
    received = f"{office.year % 100:02}年{office.day[0]}月{office.day[1]}日"
    serial = str(chance.randint(1, 300))
    if form == "批文封签":
        cells = [
            (0, 0, "来文机关"), (0, 1, office.short), (0, 2, "文号"), (0, 3, number), (0, 4, "份数"), (0, 5, "1"),
            (0, 6, "编号"), (0, 7, serial), (1, 0, "收文日期"), (1, 1, received), (2, 0, "分发范围"),
            (2, 1, "请书记阅"), (3, 0, "领导批示意见"), (3, 1, "请各局处阅。"),
        ]  # fmt: skip
        heading = f"{chance.choice(_TOWNS)}市人民政府批文封签"
    else:
        cells = [
            (0, 0, "来文单位"), (0, 1, office.short), (0, 2, "收文日期"), (0, 3, received), (1, 0, "发文字号"),
            (1, 1, number), (2, 0, "文件标题"), (2, 1, title), (3, 0, "拟办意见"), (3, 1, "请阅示。"),
            (4, 0, "领导批示"), (4, 1, "同意。"), (5, 0, "处理结果"), (5, 1, "已办"),
        ]  # fmt: skip
        heading = form
    written = [paper.Cell(*cell, handwritten=cell[1] % 2 == 1) for cell in cells]
    return Leaf(paper.form(written, above=heading, confidence=chance.choice((0.95, 0.8))), "circulation_slip")


def _with_slip(chance: Random) -> list[Leaf]:
    leaves = chance.choice((_plain_notice, _decision, _letter, _forwarding))
    state = chance.getstate()
    office = _Office(chance)
    chance.setstate(state)
    title = f"关于{office.subject}的通知"
    form = chance.choice(("批文封签", "文件处理单"))
    again = [_slip(office, title, form="文件处理单")] if chance.random() < 0.15 and form == "批文封签" else []
    slips = [_slip(office, title, form=form), *again]
    chance.setstate(state)
    return [*slips, *leaves(chance)]


def _with_attachments(chance: Random) -> list[Leaf]:
    office = _Office(chance)
    names = [f"{office.subject}责任分解表", f"{office.subject}领导小组名单"][: chance.randint(1, 2)]
    listed = [f"附件：{names[0]}"] if len(names) == 1 else [f"附件：1．{names[0]}", f"      2．{names[1]}"]
    body = [*_body(chance, office.subject, chance.randint(1, 6)), *(listed if chance.random() < 0.8 else [])]
    leaves = _paged(_notice(office, f"关于开展{office.subject}的通知", body), "issued_document")
    headed = not set(listed) & set(body) or chance.random() < 0.8
    for place, name in enumerate(names, 1):
        top = ["附件：" if len(names) == 1 else f"附件{place}："] if headed else []
        entries = [
            f"{_counted(row)}、{chance.choice(_BUREAUS)}负责{chance.choice(_SUBJECTS)}"
            for row in range(1, chance.randint(8, 30))
        ]
        leaves += _paged([*top, *_title(name), *entries], "attachment")
    return leaves


def _forwarding(chance: Random) -> list[Leaf]:
    office, other = _Office(chance), _Office(chance)
    kind = chance.choice(("转发", "批转", "印发"))
    subject = other.subject
    if kind == "印发":
        name = f"{office.town}市{subject}{chance.choice(('实施方案', '工作计划', '管理办法'))}"
        title = f"关于印发《{name}》的通知" if chance.random() < 0.7 else f"关于印发{name}的通知"
        forwarded = [*_title(name), *_body(chance, subject, chance.randint(3, 12))]
        source = name
    else:
        source = f"关于{subject}的{chance.choice(('意见', '报告', '通知'))}"
        title = (
            f"{kind}{other.agency}《{source}》的通知"
            if chance.random() < 0.6
            else f"{kind}{other.agency}{source}的通知"
        )
        own = chance.random() < 0.4
        name = (other.agency if chance.random() < 0.5 else "") + source
        forwarded = [*(_head(other) if own else []), *_title(name), *_body(chance, subject, chance.randint(2, 8))]
        forwarded += _end(other, imprint=own and chance.random() < 0.5)
    body = [*_wrapped(f"现将《{source}》{kind}给你们，请认真贯彻执行。")]
    rows = _notice(office, (office.agency if chance.random() < 0.3 else "") + title, body)
    return [*_paged(rows, "issued_document"), *_paged(forwarded, "attachment")]


def _reply(chance: Random) -> list[Leaf]:
    office, asking = _Office(chance), _Office(chance)
    subject = asking.subject
    request = f"关于{chance.choice(('申请', '要求解决', '拨付'))}{subject}经费的请示"
    rows = [*_head(office), *_title(f"关于同意{subject}经费的批复"), f"{asking.agency}："]
    cited = f"({asking.printed_number})" if chance.random() < 0.6 else ""
    rows += [*_wrapped(f"你单位《{request}》{cited}收悉。经研究，同意拨付。"), *_wrapped("此复。"), *_end(office)]
    letter = [*(_head(asking) if chance.random() < 0.7 else []), *_title(request), f"{office.agency}："]
    letter += [*_body(chance, subject, chance.randint(1, 5)), *_wrapped("妥否，请批示。"), *_end(asking, imprint=False)]
    return [*_paged(rows, "issued_document"), *_paged(letter, "issued_document")]


def _plan(chance: Random) -> list[Leaf]:
    office = _Office(chance)
    name = chance.choice((f"关于{office.subject}的实施方案", f"{office.town}市{office.year}年{office.subject}工作总结"))
    rows = [*_title(name), *_body(chance, office.subject, chance.randint(4, 14))]
    return _paged([*rows, *(_end(office, imprint=False) if chance.random() < 0.6 else [])], "issued_document")


def _drafted(chance: Random) -> list[Leaf]:
    office = _Office(chance)
    title = f"关于{office.subject}的通知"
    leaves = _paged(_notice(office, title, _body(chance, office.subject, chance.randint(1, 5))), "issued_document")
    cells = [
        (0, 0, "单位名称"), (0, 1, office.agency), (0, 2, "密级"), (0, 3, ""), (1, 0, "签发"), (1, 1, "同意。"),
        (1, 2, "会签"), (1, 3, ""), (2, 0, "主送"), (2, 1, "各乡镇"), (2, 2, "抄送"), (2, 3, ""), (3, 0, "发文号"),
        (3, 1, office.printed_number if chance.random() < 0.7 else ""), (3, 2, "打印份数"), (3, 3, "60"),
        (4, 0, "标题"), (4, 1, title), (5, 0, "拟稿"), (5, 1, "王伟"),
    ]  # fmt: skip
    leaves.append(Leaf(paper.form(cells, above="发文稿纸"), "circulation_slip"))
    if chance.random() < 0.6:
        leaves += _paged(_body(chance, office.subject, chance.randint(1, 5)), "other")
    return leaves


def _bulletin(chance: Random) -> list[Leaf]:
    office = _Office(chance)
    rows = [_centred(f"{office.subject[:4]}工作简报"), _centred(f"第{chance.randint(1, 40)}期")]
    rows += [f"{office.agency}办公室    {office.date}", *_title(f"我市{office.subject}取得明显成效")]
    return _paged([*rows, *_body(chance, office.subject, chance.randint(2, 8))], "issued_document")


def _letter(chance: Random) -> list[Leaf]:
    office = _Office(chance)
    rows = [f"{office.agency}：", *_body(chance, office.subject, chance.randint(1, 5)), *_wrapped("此致"), "敬礼"]
    return _paged([*rows, _right("王建国"), _right(office.date)], "other")


def _list(chance: Random) -> list[Leaf]:
    office = _Office(chance)
    rows = _title(f"{office.town}市{office.subject}先进个人名单")
    rows += [
        f"{chance.choice(_TOWNS)}县{chance.choice(_BUREAUS)}  王{chance.choice('建国华明芳')}"
        for _ in range(chance.randint(10, 50))
    ]
    return _paged(rows, "other")


def _report(chance: Random) -> list[Leaf]:
    office = _Office(chance)
    rows = [*_title(f"{office.agency}关于{office.subject}情况的报告"), f"{office.town}市委："]
    rows += [*_body(chance, office.subject, chance.randint(3, 12)), *_end(office, imprint=False)]
    leaves = _paged(rows, "issued_document")
    if chance.random() < 0.3:
        foot = [
            "抄送：市委办公室，市人大常委会办公室。",
            f"{office.agency}办公室   {office.year}年{office.day[0]}月{office.day[1]}日印发",
        ]
        leaves.append(Leaf("\n".join(foot)))
    return leaves


RECIPES: dict[Callable[[Random], list[Leaf]], float] = {
    _plain_notice: 5,
    _decision: 2,
    _with_slip: 4,
    _with_attachments: 2,
    _forwarding: 2.5,
    _reply: 1.5,
    _plan: 1,
    _drafted: 0.7,
    _bulletin: 0.7,
    _letter: 0.4,
    _list: 0.3,
    _report: 1,
}
