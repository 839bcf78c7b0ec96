"""Whether two pages are the same: looks that outlast a scanner, texts that outlast a reader, papers told apart."""

import random
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from numpy.typing import NDArray

from archivist.alike import Difference
from archivist.definitions import load
from archivist.likeness.compare import Sheet, compare
from archivist.likeness.look import look
from archivist.likeness.match import match
from archivist.likeness.sketch import apart, in_common, sketch
from archivist.model import Box, Document, Glyph, Item, Line, Page, Region, Value
from tests.items import decision, field, page
from tests.scans import DECISION, PLAN, SLIP, SamplePage

APART = load("schemas/likeness.yaml")["look"]["apart"]
NOTICE = (
    "清河县人民政府文件",
    "清政发〔1992〕17号",
    "关于做好1992年全县爱国卫生工作的通知",
    "各乡镇人民政府县直各部门",
    "为搞好我县爱国卫生工作改善城乡环境面貌现将有关事项通知如下",
    "一各单位要把爱国卫生工作列入重要议事日程由一名负责同志分管",
    "二今年改水任务共32处改厕任务1200座务于10月底以前完成并上报",
    "三加强检查评比对先进单位给予表彰奖励对落后单位通报批评",
    "联系人王建国电话2316",
    "一九九二年三月五日",
)


def misread(paper: Page, share: float, seed: int = 1) -> Page:
    """`paper` as another scan and another reader have it: so many characters wrong, and doubtful for that."""
    chance = random.Random(seed)

    def line(of: Line) -> Line:
        return replace(of, glyphs=tuple(map(glyph, of.glyphs)))

    def glyph(of: Glyph) -> Glyph:
        return replace(of, char=chance.choice("的了在县乡"), confidence=0.6) if chance.random() < share else of

    regions = tuple(replace(region, lines=tuple(map(line, region.lines))) for region in paper.regions)
    return replace(paper, regions=regions, scan=replace(paper.scan, sha256=f"{seed:064x}"))


def changed(*pairs: tuple[str, str], lines: Sequence[str] = NOTICE) -> Page:
    """The notice with some words of it changed."""
    text = "\n".join(lines)
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    return page(1, *text.split("\n"), name="other.jpg")


def item(name: str, *pages: Page, documents: tuple[Document, ...] = ()) -> Item:
    return Item(name, name, tuple(replace(one, number=number) for number, one in enumerate(pages, 1)), documents)


def rescanned(pixels: NDArray[np.uint8], angle: float, crop: float, scale: float, gain: float) -> NDArray[np.uint8]:
    """The sheet as another scanner gives it: askew, cut closer, at another resolution, lighter or darker, as JPEG."""
    height, width = pixels.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    turned = cv2.warpAffine(pixels, turn, (width, height), borderValue=(246, 244, 240))
    cut = turned[int(crop * height) :, int(crop * width) : width - int(crop * width / 2)]
    sized = cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    exposed = np.clip(255 - (255 - sized.astype(np.float32)) * gain, 0, 255).astype(np.uint8)
    packed = cv2.imencode(".jpg", exposed, [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)


@pytest.mark.parametrize("sample", [SLIP, DECISION, PLAN], ids=["slip", "decision", "plan"])
@pytest.mark.parametrize(
    ("angle", "crop", "scale", "gain"), [(2.8, 0, 1, 1), (-2.5, 0.03, 0.6, 0.7), (0.7, 0.05, 1.4, 1.3)]
)
def test_a_sheet_is_known_by_its_look_whatever_scanned_it(
    sample: SamplePage, angle: float, crop: float, scale: float, gain: float
) -> None:
    again = look(rescanned(sample.pixels, angle, crop, scale, gain), 0)
    assert apart(look(sample.pixels, 0), again) <= APART
    others = [other for other in (SLIP, DECISION, PLAN) if other is not sample]
    assert all(apart(look(other.pixels, 0), again) > APART for other in others)


def test_a_look_is_that_of_the_page_set_upright() -> None:
    pixels = DECISION.pixels
    upright = look(pixels, 0)
    assert apart(upright, look(np.ascontiguousarray(np.rot90(pixels, 1)), 90)) <= APART
    assert apart(upright, look(np.ascontiguousarray(np.rot90(pixels, 2)), 180)) <= APART


@pytest.mark.parametrize("shade", [255, 244, 90, 0])
def test_an_empty_sheet_has_no_look(shade: int) -> None:
    assert look(np.full((1700, 1200, 3), shade, np.uint8), 0) == ""


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (900, 3), (40, 30)])
def test_any_picture_has_a_look_or_none(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
    assert len(look(noise, 270)) in (0, 64)


def test_pages_that_say_the_same_share_keys_and_others_do_not() -> None:
    first, again, other = page(1, *NOTICE), misread(page(1, *NOTICE), 0.06), decision().pages[1]
    assert set(sketch(first).keys) & set(sketch(again).keys)
    assert not set(sketch(first).keys) & set(sketch(other).keys)
    assert in_common(sketch(first).signature, sketch(again).signature) > 0.5


def test_covers_dividers_and_empty_sheets_are_never_looked_for() -> None:
    cover = replace(page(1, "卷内文件目录一九九二年度永久"), look="f" * 64)
    assert sketch(cover).keys == ()
    assert sketch(page(1)).keys == ()


def test_a_drawing_is_found_by_its_look() -> None:
    drawing = replace(page(1, name="a"), look=look(PLAN.pixels, 0), blank=False)
    again = replace(page(1, name="b"), look=look(rescanned(PLAN.pixels, 1, 0.01, 0.8, 0.9), 0), blank=False)
    other = replace(page(1, name="c"), look=look(SLIP.pixels, 0), blank=False)
    assert set(sketch(drawing).keys) & set(sketch(again).keys)
    assert compare(Sheet(drawing), Sheet(again)).same
    assert not compare(Sheet(drawing), Sheet(other)).same


@pytest.mark.parametrize("share", [0.02, 0.06, 0.1])
def test_what_a_reader_doubts_does_not_make_another_paper(share: float) -> None:
    verdict = compare(Sheet(page(1, *NOTICE)), Sheet(misread(page(1, *NOTICE), share)))
    assert verdict.same
    assert verdict.score > 0.85


@pytest.mark.parametrize(
    "pairs",
    [
        [("1992", "1993"), ("一九九二", "一九九三"), ("17号", "23号")],
        [("32处", "45处"), ("1200", "1450")],
        [("17号", "123号"), ("1200", "2023")],
        [("王建国", "李秀兰")],
        [("清河县", "临泉县")],
    ],
    ids=["of the next year", "with other figures", "with figures less apart", "with another name", "of another county"],
)
def test_the_same_wording_is_not_the_same_paper(pairs: list[tuple[str, str]]) -> None:
    verdict = compare(Sheet(page(1, *NOTICE)), Sheet(misread(changed(*pairs), 0.02)))
    assert (verdict.same, verdict.other_paper) == (False, True)


def test_figures_in_another_order_are_other_figures() -> None:
    one, other = (Sheet(changed(("17号", f"{100 + n}号"), ("1200", f"{2000 + n}"))) for n in (23, 35))
    assert compare(one, other).other_paper
    assert compare(other, one).other_paper


def test_a_figure_that_a_reader_lost_does_not_make_another_paper() -> None:
    assert compare(Sheet(page(1, *NOTICE)), Sheet(changed(("一九九二年", "一九二年")))).same


def test_two_slips_on_the_same_form_are_two() -> None:
    form = "聊城市人民政府批文封签来文机关{}文号{}份数{}编号{}收文日期{}分发范围领导批示意见阅文者签署"
    one = page(1, form.format("聊城市委", 58, 1, "036", "95年9月24日"))
    other = page(1, form.format("市科学技术委员会", 121, 3, "107", "96年2月7日"))
    assert not compare(Sheet(one), Sheet(other)).same


def test_two_slips_filled_in_by_hand_differ_in_what_was_written() -> None:
    labels = (
        "聊城市人民政府文件处理单领导批示拟办意见",
        "来文机关",
        "文件标题",
        "收文日期编号份数密级办理结果阅文者签名",
    )

    def slip(agency: str, title: str) -> Sheet:
        lines = page(1, labels[0], labels[1], agency, labels[2], title, labels[3], name=title).lines
        written = tuple(replace(line, handwritten=line.text in (agency, title)) for line in lines)
        return Sheet(replace(page(1), regions=tuple(Region("cell", line.box, (line,)) for line in written)))

    one, other = slip("省教育厅", "农村扫盲工作总结"), slip("地区卫生局", "春季防疫安排意见")
    assert not compare(one, other).same
    assert compare(one, Sheet(misread(one.page, 0.03))).same


def test_another_copy_is_told_by_its_number_and_its_seal() -> None:
    first, second = (changed(lines=(f"份号{number}", *NOTICE)) for number in ("000123", "000457"))
    box = Box(900, 2000, 1200, 2300)
    sealed = Region("seal", box, page(1, "清河县人民政府").lines)
    verdict = compare(Sheet(first), Sheet(replace(second, regions=(*second.regions, sealed))))
    assert verdict.same
    assert Difference("copy mark", "000123", "000457") in verdict.differences
    assert Difference("seal", "", "清河县人民政府") in verdict.differences


def test_notes_on_copies_are_told_and_hide_nothing() -> None:
    def noted(words: str) -> Page:
        note, paper = replace(page(1, words).lines[0], handwritten=True), page(1, *NOTICE)
        return replace(paper, regions=(*paper.regions, Region("handwriting", note.box, (note,))))

    first, other = "请办公室阅后转交卫生局办理王", "已送县委张书记阅示存档"
    verdict = compare(Sheet(page(1, *NOTICE)), Sheet(noted(first)))
    assert (verdict.same, verdict.differences) == (True, (Difference("hand", "", first),))
    verdict = compare(Sheet(noted(first)), Sheet(noted(other)))
    assert (verdict.same, [said.what for said in verdict.differences]) == (True, ["hand"])


def test_pages_of_items_that_follow_each_other_are_found_together() -> None:
    cover = page(1, "附件一")
    one = item("a", page(1, *NOTICE), cover, PAGE_OF_TABLE)
    other = item("b", misread(page(1, *NOTICE), 0.03), misread(cover, 0, 2), misread(PAGE_OF_TABLE, 0.03, 3))
    found = match(one, other, [(3, 3)])
    assert [(pair.one, pair.other) for pair in found] == [
        (here.place, there.place) for here, there in zip(one.pages, other.pages, strict=True)
    ]


def test_what_follows_the_notice_of_next_year_is_not_the_same_either() -> None:
    one = item("a", page(1, *NOTICE), PAGE_OF_TABLE)
    other = item("b", changed(("1992", "1993"), ("一九九二", "一九九三")), misread(PAGE_OF_TABLE, 0, 3))
    assert match(one, other, [(2, 2)]) == ()


def test_papers_are_told_apart_by_what_was_read_of_them() -> None:
    plain = page(1, *NOTICE)
    one, other = plain, misread(plain, 0, 4)
    said: Value = {"text": "清政发〔1992〕17号", "agency_code": "清政发", "year": 1992, "number": 17}
    another: Value = {"text": "清政发〔1992〕18号", "agency_code": "清政发", "year": 1992, "number": 18}

    def issued(paper: Page, value: Value, confidence: float) -> tuple[Document, ...]:
        number = field(paper, "document_number", "清政发〔1992〕17号", value, confidence)
        return (Document("issued_document", (1,), None, (number,)),)

    first = item("a", one, documents=issued(one, said, 0.98))
    assert match(first, item("b", other, documents=issued(other, said, 0.98)), [(1, 1)])
    assert match(first, item("b", other, documents=issued(other, another, 0.5)), [(1, 1)])
    assert not match(first, item("b", other, documents=issued(other, another, 0.98)), [(1, 1)])


def test_another_slip_on_a_copy_of_the_paper_does_not_hide_the_paper() -> None:
    def slip(serial: str, name: str) -> tuple[Page, Document]:
        paper = page(1, f"清河县人民政府文件处理单来文机关行署文号17收文编号{serial}领导批示意见阅", name=name)
        return paper, Document("circulation_slip", (1,), None, (field(paper, "serial_number", serial),))

    here, there = slip("036", "s1"), slip("112", "s2")
    one = item("a", here[0], page(1, *NOTICE), documents=(here[1],))
    other = item("b", there[0], misread(page(1, *NOTICE), 0.02), documents=(there[1],))
    (found,) = match(one, other, [(1, 1), (2, 2)])
    assert found.one == one.pages[1].place


def test_a_page_scanned_twice_is_found_within_its_item() -> None:
    twice = item("a", page(1, *NOTICE), misread(page(1, *NOTICE), 0.02), PAGE_OF_TABLE)
    (found,) = match(twice, twice, [(2, 1), (1, 2)])
    assert (found.one, found.other) == (twice.pages[0].place, twice.pages[1].place)


@given(st.lists(st.text(max_size=60), max_size=6), st.lists(st.text(max_size=60), max_size=6))
def test_any_two_pages_can_be_compared_from_either_side(here: list[str], there: list[str]) -> None:
    one, other = (Sheet(page(1, *(line for line in lines if line))) for lines in (here, there))
    forth, back = compare(one, other), compare(other, one)
    assert forth.score == pytest.approx(back.score, abs=0.35)
    assert 0 <= forth.score <= 1
    if one.words == "text":
        assert compare(one, one).same
    assert len(sketch(one.page).keys) in (0, 20)


def test_a_file_that_came_as_one_line_is_compared_in_parts() -> None:
    chance = random.Random(1)
    texts = ["".join(chr(0x4E00 + chance.randrange(2000)) for _ in range(50_000)) for _ in range(2)]
    one, other = (Sheet(page(1, text)) for text in texts)
    assert compare(one, Sheet(misread(one.page, 0.03))).same
    assert not compare(one, other).same
    assert max(end - start for start, end in one.letters.pieces) <= 200


def test_the_limits_are_as_their_definition_says() -> None:
    Draft202012Validator(load("schemas/definitions/likeness.schema.json")).validate(load("schemas/likeness.yaml"))


PAGE_OF_TABLE = page(
    2,
    "改水任务分配表单位任务处数完成期限责任人备注",
    "城关镇安排在东关西关南关三个村由镇水利站负责施工",
    "油坊镇安排在码头村和张庄由镇政府组织劳力打井",
    "王官庄安排在小学和卫生院院内由乡建筑队承包到底",
)
