import gzip
import json
import random
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opencc import OpenCC

from archivist.search.whoosh import WhooshIndex

from . import contract

ENGINES = {"whoosh": WhooshIndex}
# Characters that have other forms, and such as stand next to each other on paper.
ALPHABET = "国國囯囻家科学學技术術里裡裏群羣的一二〇○零19５Ａaé，。（）(〔—·“、" + "县縣\U00020b9f"
VARIANTS = {"国": "囯", "群": "羣", "里": "裏", "5": "５", "a": "Ａ", "(": "〔"}
simple, traditional = OpenCC("t2s").convert, OpenCC("s2t").convert


@pytest.fixture(params=ENGINES)
def open_index(request, tmp_path):
    opened = []

    def reopen():
        opened.append(ENGINES[request.param](tmp_path / "index"))
        return opened[-1]

    yield reopen
    for index in opened:
        index.close()


@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__)
def test_contract(check, open_index):
    check(open_index)


def rewritten(draw, text):
    """The same text in another script, width or form, one character for one."""
    way = draw(st.sampled_from([str, simple, traditional, lambda t: "".join(VARIANTS.get(c, c) for c in t)]))
    return "".join(other if len(other := way(char)) == 1 else char for char in text)


@st.composite
def papers_and_queries(draw):
    paper = st.lists(st.text(ALPHABET, max_size=25), min_size=1, max_size=3).map(tuple)
    papers = draw(st.lists(paper, min_size=1, max_size=6))
    queries = []
    for _ in range(8):
        text = "".join(draw(st.sampled_from(papers))) or "空"
        start = draw(st.integers(0, len(text) - 1))
        query = rewritten(draw, text[start : start + draw(st.integers(1, 20))])
        # Quotation marks are the query language's own, and punctuation alone is refused.
        if any(char.isalnum() for char in query) and "“" not in query:
            queries.append(query)
    return papers, queries


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(papers_and_queries())
def test_equals_a_scan_of_the_folded_text(open_index, drawn):
    contract.equals_a_scan_of_the_folded_text(open_index, *drawn)


GAZETTE = Path(__file__).parents[2] / "../shared/gazette.jsonl.gz"


def test_equals_a_scan_of_real_papers(open_index):
    if not GAZETTE.exists():
        pytest.skip("no ../shared/gazette.jsonl.gz here")
    with gzip.open(GAZETTE, "rt", "utf-8") as lines:
        texts = ["".join(json.loads(line)["text"].split()) for line in islice(lines, 60)]
    papers = [(text[: len(text) // 2], text[len(text) // 2 :]) for text in texts]
    chance = random.Random(6)
    queries = []
    for turn in range(120):
        text = chance.choice(texts)
        start = chance.randrange(len(text))
        query = text[start : start + turn % 20 + 1]
        if any(char.isalnum() for char in query) and not set(query) & set('「」『』“”"'):
            queries.append(chance.choice((str, simple))(query))
    contract.equals_a_scan_of_the_folded_text(open_index, papers, queries)
