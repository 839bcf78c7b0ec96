"""Realistic items for tests: pages set in a grid of characters, fields that point at what they say."""

from dataclasses import replace
from hashlib import sha256

from archivist.model import (
    Box,
    CampaignLink,
    Document,
    Evidence,
    Field,
    Glyph,
    Item,
    Line,
    Page,
    Region,
    Scan,
    Status,
    Step,
    Value,
)

SIZE = 40


def page(number: int, *texts: str, name: str = "", confidence: float = 0.99) -> Page:
    """A page with one line of 40-pixel characters for each of `texts`; its scan follows from what it says."""
    lines = tuple(line(text, 2 + row, confidence) for row, text in enumerate(texts))
    digest = sha256("\n".join([name, *texts]).encode()).hexdigest()
    scan = Scan(name or f"p{number:02d}.jpg", digest, 0, 2172, 3071, 300.0, "image/jpeg")
    box = Box(0, 0, scan.width, scan.height)
    steps = (Step("clean", "turned by 0.4 degrees"), Step("read", "rapidocr"))
    return Page(number, scan, (Region("body", box, lines),), 0, not texts, steps)


def line(text: str, row: int, confidence: float = 0.99) -> Line:
    boxes = [Box(i * SIZE + 0.5, row * SIZE, (i + 1) * SIZE, (row + 1) * SIZE) for i in range(2, len(text) + 2)]
    glyphs = tuple(Glyph(char, box, confidence) for char, box in zip(text, boxes, strict=True))
    return Line(glyphs, Box.around(boxes), "rapidocr")


def evidence(paper: Page, raw: str) -> Evidence:
    start = paper.running_text.index(raw)
    return Evidence.of(paper, start, start + len(raw))


def field(
    paper: Page,
    name: str,
    raw: str,
    value: Value = None,
    confidence: float = 0.97,
    status: Status = "accepted",
) -> Field:
    said = raw if value is None else value
    return Field(name, said, raw, evidence(paper, raw), confidence, "rule", status)


def number(code: str, year: int, order: int) -> dict[str, "Value"]:
    return {"text": f"{code}〔{year}〕{order}号", "agency_code": code, "year": year, "number": order}


def campaign(paper: Page, name: str, confidence: float = 0.98) -> CampaignLink:
    return CampaignLink(name, name, confidence, (evidence(paper, name),))


def decision() -> Item:
    """The decision of 1995 with its slip, the received date in doubt."""
    slip = page(1, "聊城市人民政府批文封签", "来文机关聊城市委文号58份数1编号036", "收文日期95年9月24日")
    slip = replace(slip, regions=(*slip.regions, Region("seal", Box(1, 2, 3, 4), (line("聊城市", 9),))))
    first = page(
        2,
        "中共聊城市委文件",
        "聊发(1995)58号",
        "中共聊城市委 聊城市人民政府",
        "关于创建全国科技工作先进市的决定",
        "一九九五年六月九日",
    )
    last = page(3, "根据《国家科委关于在全国开展创建科技工作先进县(市)的意见》")
    about = "关于创建全国科技工作先进市的决定"
    title = "中共聊城市委 聊城市人民政府" + about
    return Item(
        "5f0c1d",
        title,
        (slip, first, last),
        (
            Document(
                "circulation_slip",
                (1,),
                "批文封签",
                (
                    field(slip, "form_agency", "聊城市人民政府"),
                    field(slip, "source_agency", "聊城市委"),
                    field(slip, "document_number", "58"),
                    field(slip, "copies", "1", 1),
                    field(slip, "serial_number", "036"),
                    field(slip, "received_date", "95年9月24日", "1995-09-24", 0.62, "review"),
                ),
            ),
            Document(
                "issued_document",
                (2, 3),
                None,
                (
                    field(first, "document_number", "聊发(1995)58号", number("聊发", 1995, 58)),
                    field(first, "issuing_agency", "中共聊城市委"),
                    field(first, "issuing_agency", "聊城市人民政府"),
                    field(first, "title", title, confidence=0.95),
                    field(first, "genre", "决定"),
                    field(first, "date_of_issue", "一九九五年六月九日", "1995-06-09"),
                    field(
                        last,
                        "citation",
                        "《国家科委关于在全国开展创建科技工作先进县(市)的意见》",
                        {
                            "title": "国家科委关于在全国开展创建科技工作先进县(市)的意见",
                            "document_number": None,
                        },
                    ),
                ),
            ),
        ),
        (campaign(first, "创建全国科技工作先进市"),),
        "Z109-WS·1995-Y-BGS-0001",
        "box 1/liaocheng-1995-58",
        given={"reference_code": "Z109-WS·1995-Y-BGS-0001"},
    )


def notice(item_id: str, code: str | None = None, source: str = "", **given: str) -> Item:
    """A one-page notice without campaign, different for every `item_id`."""
    paper = page(1, "关于召开科技工作会议的通知", f"聊科字第{item_id}号", name=f"{item_id}.jpg")
    title = "关于召开科技工作会议的通知"
    said = (field(paper, "title", title), field(paper, "genre", "通知"))
    return Item(
        item_id,
        title,
        (paper,),
        (Document("issued_document", (1,), None, said),),
        (),
        code,
        source,
        given=given,
    )


def citing(item_id: str, title: str, cited: Value = None) -> Item:
    """A notice that cites a paper by its title, and by the number `cited` if there is one."""
    paper = page(1, f"根据《{title}》的要求", name=f"{item_id}.jpg")
    said = field(paper, "citation", f"《{title}》", {"title": title, "document_number": cited})
    return Item(item_id, "[要求]", (paper,), (Document("issued_document", (1,), None, (said,)),))
