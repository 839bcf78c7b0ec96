"""An archive to read in: items with scans that can be looked at, one of them secret, made without reading anything."""

import atexit
import io
import shutil
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

from PIL import Image, ImageDraw

from archivist.archive import Archive
from archivist.model import CampaignLink, Document, Item, Page, Scan
from archivist.settings import Settings
from tests import items

#: Identifiers of what the archive holds, and words that stand in the secret item only.
DECISION, NOTICE, PLAN, SECRET = "5f0c1d", "a1", "9b2e44", "53c7e7"
SECRET_WORDS = ("绝密代号赤松", "赤松工程", "机要局")
CAMPAIGN = "创建全国科技工作先进市"


def plan() -> Item:
    """A plan of the campaign of `items.decision`, with a value in doubt, a phase, an indicator and a deadline."""
    first = items.page(
        1, "聊城市创建全国科技工作先进市实施方案", "第一阶段1995年7月至1995年9月为宣传发动阶段",
        "科技经费占财政支出的比例达到1.5%以上", "1995年12月底前各单位上报总结", name="plan-p1.png",
    )  # fmt: skip
    second = items.page(
        2, "領導小組組長張三副組長李四", "聊城市科学技术委员会", "一九九五年七月一日", name="plan-p2.png"
    )
    group = {"group": "领导小组", "role": "组长", "person": "张三", "post": None}
    phase = {"name": "宣传发动阶段", "start": "1995-07", "end": "1995-09"}
    share = {"name": "科技经费占财政支出的比例", "operator": ">=", "value": 1.5, "unit": "%", "veto": False}
    due = {"date": "1995-12", "who": "各单位", "task": "上报总结"}
    fields = (
        items.field(first, "title", "聊城市创建全国科技工作先进市实施方案"),
        items.field(second, "issuing_agency", "聊城市科学技术委员会", confidence=0.55, status="review"),
        items.field(second, "date_of_issue", "一九九五年七月一日", "1995-07-01"),
        items.field(first, "phase", "第一阶段1995年7月至1995年9月为宣传发动阶段", phase),
        items.field(first, "indicator", "科技经费占财政支出的比例达到1.5%以上", share, 0.71, "review"),
        items.field(first, "deadline", "1995年12月底前各单位上报总结", due),
        items.field(second, "group_member", "組長張三", group),
    )
    link = CampaignLink(CAMPAIGN, CAMPAIGN, 0.9, (items.evidence(first, CAMPAIGN),), "plan")
    papers = (Document("issued_document", (1, 2), None, fields),)
    title = "聊城市创建全国科技工作先进市实施方案"
    return Item(PLAN, title, (first, second), papers, (link,), None, "box 1/plan-1995")


def secret() -> Item:
    """A notice that bears 绝密, in a campaign of its own and in that of the decision, citing the decision."""
    paper = items.page(
        1, "绝密", "关于绝密代号赤松的通知", "赤松工程由机要局负责", "机要局", "创建赤松工程先进单位", CAMPAIGN,
        name="secret.png",
    )  # fmt: skip
    fields = (
        items.field(paper, "secrecy", "绝密"),
        items.field(paper, "title", "关于绝密代号赤松的通知"),
        items.field(paper, "issuing_agency", "机要局", confidence=0.5, status="review"),
        items.field(paper, "genre", "通知"),
    )
    links = tuple(items.campaign(paper, name) for name in ("创建赤松工程先进单位", CAMPAIGN))
    papers = (Document("issued_document", (1,), None, fields),)
    return Item(SECRET, "关于绝密代号赤松的通知", (paper,), papers, links, "X1-赤松-1", "box 2/赤松")


def furnish(folder: Path) -> Path:
    """Put the archive into `folder`, and return that."""
    shutil.copytree(_made(), folder)
    return folder


@cache
def _made() -> Path:
    """The archive, made once."""
    place = Path(mkdtemp())
    atexit.register(shutil.rmtree, place)
    with Archive(Settings(folder=place / "archive"), create=True) as archive:
        for item in (items.decision(), items.notice(NOTICE, source="box 1/notice-a1"), plan(), secret()):
            archive.catalog.save_item(with_scans(archive, item), "test")
        archive.update_index()
    return place / "archive"


def with_scans(archive: Archive, item: Item) -> Item:
    """Return `item` with pictures of its pages in the store: a grey block for each character, where it stands."""
    pages = []
    for page in item.pages:
        data = picture(page)
        digest = archive.store.put(data)
        name = Path(page.scan.name).with_suffix(".png").name
        archive.catalog.save_scan(digest, name, len(data), "image/png", 1, item.source)
        scan = replace(page.scan, name=name, sha256=digest, media_type="image/png")
        pages.append(replace(page, scan=scan))
    return replace(item, pages=tuple(pages))


def picture(page: Page) -> bytes:
    """Return the scan of `page` as a PNG; no two pages give the same bytes."""
    scan: Scan = page.scan
    image = Image.new("L", (scan.width, scan.height), 250)
    draw = ImageDraw.Draw(image)
    for glyph in page.glyphs:
        shade = 40 + sha256(glyph.char.encode()).digest()[0] % 90
        draw.rectangle([glyph.box.left + 4, glyph.box.top + 4, glyph.box.right - 5, glyph.box.bottom - 5], fill=shade)
    kept = io.BytesIO()
    image.save(kept, "PNG", dpi=(300, 300))
    return kept.getvalue()
