"""The sample papers' true text gives their expected records."""

import json
from pathlib import Path

import pytest

from archivist import campaigns
from archivist.describe import describe, title_of
from tests.describe import paper

_SAMPLES = Path(__file__).parents[2] / "samples"
_EXPECTED = sorted(_SAMPLES.rglob("expected.json"))


@pytest.mark.parametrize("expected", _EXPECTED, ids=lambda path: path.parent.name)
def test_the_true_text_gives_the_expected_record(expected: Path) -> None:
    folder = expected.parent / "truth"
    sheets = sorted((folder if folder.exists() else expected.parent).glob("p??.txt"))
    pages = paper.stack(*(sheet.read_text("utf-8") for sheet in sheets))
    documents = describe(pages)
    record = json.loads(expected.read_text("utf-8"))
    assert title_of(documents, pages) == record["title"]
    assert [link.name for link in campaigns.recognise(documents, pages)] == record["campaigns"]
    assert [(document.kind, document.form, list(document.pages)) for document in documents] == [
        (document["kind"], document.get("form"), document["pages"]) for document in record["documents"]
    ]
    for document, wanted in zip(documents, record["documents"], strict=True):
        names = {field.name for field in document.fields}
        assert {name: [field.value for field in document.values(name)] for name in names} == wanted["fields"]
