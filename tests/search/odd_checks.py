"""What every engine makes of texts that are long, rare or strange."""

import random
from dataclasses import replace

from archivist.search.clauses import Begins, Everything, Holds
from archivist.search.document import SearchDocument
from tests.search.papers import DECISION, NOTICE, Opening, found, word


def takes_words_of_any_length(open_index: Opening) -> None:
    chance = random.Random(9)
    text = "".join(chance.choice("的市一政府发展，。1A") for _ in range(2000)) + "终"
    other = text[:1000] + "聊" + text[1001:]
    index = open_index()
    index.add(
        [SearchDocument("text", "", (text[:700], text[700:])), SearchDocument("other", other[850:1400], (other,))]
    )
    index.add([SearchDocument("title", text[850:1250], ("终",))])
    for length in (
        *range(1, 14),
        15,
        16,
        17,
        31,
        32,
        33,
        63,
        64,
        65,
        127,
        128,
        129,
        199,
        200,
        254,
        255,
        256,
        257,
        299,
        300,
    ):
        assert {"text", "other"} <= set(found(index, word(text[:length], "text"))), length
        assert {"text"} <= set(found(index, word(text[-length:], "text"))), length
        start = 1001 - (length + 1) // 2
        middle = text[start : start + length]
        wanted = {"text"} | ({"title"} if middle in text[850:1250] else set())
        wanted |= {"other"} if middle in other else set()
        if any(char.isalnum() for char in middle):
            assert set(found(index, middle)) == wanted, (length, middle)
            assert found(index, middle + "终") == []
        changed = other[start : start + length]
        if length > 1:
            assert found(index, changed) == ["other"]
            assert found(index, word(changed, "title")) == ["other"]


def takes_the_same_character_over_and_over(open_index: Opening) -> None:
    index = open_index()
    index.add(SearchDocument(f"{n}", "", ("的" * n,)) for n in range(1, 10))
    index.add(SearchDocument(f"x{n}", "", ("政府" * n,)) for n in range(1, 6))
    for length in range(1, 11):
        assert set(found(index, "的" * length)) == {f"{n}" for n in range(length, 10)}
        assert set(found(index, ("政府" * length)[: length + 1])) == {f"x{n}" for n in range(length // 2 + 1, 6)}
        assert set(found(index, ("府政" * length)[:length])) == {f"x{n}" for n in range(length // 2 + 1, 6)}


def takes_a_very_long_paper(open_index: Opening) -> None:
    index = open_index()
    chance = random.Random(4)
    text = "".join(map(chr, chance.choices(range(0x4E00, 0x5200), k=60_000)))
    index.add([replace(DECISION, pages=(text, "卷末"), agencies=("长" * 40_000,)), NOTICE])
    assert (
        found(index, text[-3:] + "卷末") == found(index, "卷末") == found(index, text[29_990:30_090]) == ["a-decision"]
    )
    assert found(index, text[29_990:30_090] + "卷") == []
    assert found(index, word("长" * 300, "agencies")) == found(index, "先进市的决定") == ["a-decision"]


# Such as an engine might mark the ends of texts with, take for its own, or not take as text at all.
_CODES = (
    *(0xA000, 0x2400, 0x241F, *range(0xE000, 0xE010), 0xE100, 0xEEEE, 0xF000, 0xF8FE, 0xF8FF, *range(0xFDD0, 0xFDD4)),
    *(0xFFFC, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0x1F600, 0x1FFFF, 0x20000, 0x20B9F, 0x2FFFE, 0x3134A, 0xF0000),
    *(0xFFFFD, 0xFFFFE, 0xFFFFF, 0x100000, 0x10FFFD, 0x10FFFE, 0x10FFFF),
)
RARE = "".join(map(chr, _CODES))


def takes_rare_and_private_characters_as_text(open_index: Opening) -> None:
    index = open_index()
    index.add(SearchDocument(f"{n}", f"甲{char}乙", (f"丙{char}", f"{char}丁")) for n, char in enumerate(RARE))
    index.add([SearchDocument("plain", "甲乙", ("丙丁",), agencies=("丙", "丁"))])
    for n, char in enumerate(RARE):
        own = [f"{n}"]
        for text in (f"甲{char}", f"{char}乙", f"丙{char}", f"丙{char * 2}", f"{char * 2}丁", f"{char}丁"):
            assert found(index, text) == own, (hex(ord(char)), text)
        assert found(index, f"丙{char}丁") == []
        if char.isalnum():
            assert found(index, char) == own
    assert found(index, "甲乙") == found(index, "丙丁") == ["plain"]


ODD = (
    "'; DROP --",
    'a"b',
    "a:b OR *",
    "a\x1fb",
    "a\x00b",
    "a\nb",
    " a ",
    "\\",
    "[a TO b]",
    "/a/",
    "*",
    "\ue000",
    "\ufffd0061",
    "a",
    "A",
    "ab",
    "😀",
    "Ａ",
)


def takes_odd_texts_as_data(open_index: Opening) -> None:
    index = open_index()
    papers = [SearchDocument(odd, odd, (f"甲{odd}乙",), (odd,), (odd,), (odd,), genre=odd, state=odd) for odd in ODD]
    index.add(papers)
    index.add([SearchDocument("empty", "", ())])
    assert index.count() == len(ODD) + 1
    assert set(index.ids()) == {*ODD, "empty"}
    for paper in papers:
        for field in ("agencies", "genre", "state"):
            assert found(index, Holds(field, (paper.id,))) == [paper.id], (field, paper.id)
        assert paper.id in found(index, Begins("agencies", paper.id))
        assert set(found(index, Begins("agencies", paper.id[:1]))) == {o for o in ODD if o.startswith(paper.id[:1])}
        assert index.has(paper.id) and not index.outdated(paper)
        assert index.outdated(replace(paper, title="另"))
    counts = dict(index.search(Everything(), limit=0, facets={"agencies": 50}).facets)
    assert counts == {"agencies": tuple((odd, 1) for odd in sorted(ODD))}
    for text in ("聊城*", "* OR id:*", "text:甲", "甲?", "甲 OR 乙", "a~2", "甲^9", "_exists_:a", "{}a", "$a", "(?i)a"):
        assert found(index, text) == [], text
    index.delete(ODD[:5])
    assert set(index.ids()) == {*ODD[5:], "empty"}


def drops_what_nobody_can_type(open_index: Opening) -> None:
    index = open_index()
    odd = SearchDocument("odd", "\x00", ("\ud800聊\x00城\u200b市\U0002000b", "", "a\x1fb\nc"), ("",), genre="")
    index.add([odd])
    assert found(index, "聊城市") == found(index, "聊\udfff城") == found(index, "市\U0002000b") == ["odd"]
    assert (found(index, "ab"), found(index, "a b")) == ([], ["odd"])
    assert found(index, Begins("numbers", "")) == []
    assert found(index, word("\U0002000ba", "text")) == ["odd"]


CHECKS = (
    takes_words_of_any_length,
    takes_the_same_character_over_and_over,
    takes_a_very_long_paper,
    takes_rare_and_private_characters_as_text,
    takes_odd_texts_as_data,
    drops_what_nobody_can_type,
)
