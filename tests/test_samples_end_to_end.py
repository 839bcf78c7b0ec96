"""The sample papers from the box to the catalogue, by the program as it is called; about half a minute."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import openpyxl
import pytest

from archivist.definitions import load
from archivist.text import fold
from tests.command import Answer, Call, run
from tests.scans import SAMPLES

RECORDS = {
    (path.parent.name if path.parent.suffix != ".truth" else f"{path.parent.stem}.pdf"): path
    for path in sorted(SAMPLES.glob("*/expected.json"))
}
Record = dict[str, Any]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("samples")


@pytest.fixture(scope="module")
def ingested(home: Path) -> Answer:
    return run("ingest", SAMPLES, cwd=home)


@pytest.fixture(scope="module")
def records(home: Path, ingested: Answer) -> dict[str, Record]:
    """The exported records by the folder or PDF they came from."""
    answer = run("export", "jsonl", "-o", "all.jsonl", cwd=home)
    assert answer.code == 0, answer
    lines = [json.loads(line) for line in (home / "all.jsonl").read_text("utf-8").splitlines()]
    return {_paper(line["pages"][0]["scan"]["sha256"]): line for line in lines}


def _paper(digest: str) -> str:
    """Return the sample folder or PDF whose first scan this is."""
    for scan in (*SAMPLES.glob("*/p01.jpg"), *SAMPLES.glob("*.pdf")):
        if sha256(scan.read_bytes()).hexdigest() == digest:
            return scan.parent.name if scan.suffix == ".jpg" else scan.name
    raise KeyError(digest)


def test_all_is_read_and_nothing_fails(ingested: Answer, home: Path) -> None:
    assert ingested.code == 0, ingested
    assert ingested.out == "24 pages read, 0 skipped as already read, 5 items new or changed\n"
    assert "[24/24" in ingested.err.splitlines()[-1]
    assert {path.name for path in home.iterdir()} >= {"archive"}


@pytest.mark.parametrize("name", RECORDS)
def test_each_record_says_what_the_paper_says(records: dict[str, Record], name: str) -> None:
    expected = json.loads(RECORDS[name].read_text("utf-8"))
    missing = list(_missing(expected, records[name]))
    assert not missing, "\n".join(missing)


def _missing(expected: Record, record: Record) -> Iterator[str]:
    """Yield in words what `record` lacks of `expected`; it may say more."""
    if _plain(expected["title"]) != _plain(record["title"]):
        yield f"title {record['title']}"
    campaigns = {_plain(campaign["name"]) for campaign in record["campaigns"]}
    yield from (f"campaign {name}" for name in expected["campaigns"] if _plain(name) not in campaigns)
    if [document["pages"] for document in expected["documents"]] != [entry["pages"] for entry in record["documents"]]:
        yield f"documents on pages {[entry['pages'] for entry in record['documents']]}"
        return
    for wanted, found in zip(expected["documents"], record["documents"], strict=True):
        if (wanted["kind"], wanted.get("form")) != (found["kind"], found.get("form")):
            yield f"{found['kind']} {found.get('form')} on pages {found['pages']}"
        for name, values in wanted["fields"].items():
            said = [_plain(entry["value"]) for entry in found["fields"].get(name, [])]
            yield from (f"{name} {value}: {said}" for value in values if _plain(value) not in said)


def _plain(value: Any) -> Any:
    """Return `value` as it is compared: folded, without spaces."""
    if isinstance(value, str):
        return "".join(fold(value).split())
    return {key: _plain(part) for key, part in value.items()} if isinstance(value, dict) else value


def test_records_keep_to_their_schema_and_every_value_points_at_its_ink(records: dict[str, Record]) -> None:
    schema = load("schemas/item.schema.json")
    for record in records.values():
        jsonschema.Draft202012Validator(schema).validate(record)
        pages = {page["number"] for page in record["pages"]}
        for document in record["documents"]:
            for values in document["fields"].values():
                assert all(entry["page"] in pages and len(entry["box"]) == 4 and entry["raw"] for entry in values)


@pytest.mark.parametrize("query", ["聊发1995 58", "聊发(1995)58号", "聊發〔1995〕58號"])
def test_a_document_is_found_by_any_spelling_of_its_number(
    archivist: Call, home: Path, ingested: Answer, query: str
) -> None:
    found = json.loads(archivist("search", query, "--json", "--archive", home / "archive").out)
    first = found["hits"][0]
    assert "关于创建全国科技工作先进市的决定" in first["title"]
    assert first["passages"][0]["page"] == 2


@pytest.mark.parametrize("query", ["科技進步先進區", "科技进步先进区"])
def test_either_script_finds_the_plan_in_all_its_copies(
    archivist: Call, home: Path, ingested: Answer, query: str
) -> None:
    found = json.loads(archivist("search", query, "--json", "--archive", home / "archive").out)
    assert found["total"] == 3


def test_a_campaign_ties_its_papers_together(archivist: Call, home: Path, ingested: Answer) -> None:
    listed = json.loads(archivist("campaigns", "--json", "--archive", home / "archive").out)
    sizes = {campaign["name"]: len(campaign["items"]) for campaign in listed}
    assert sizes["创建全国科技进步先进区"] == 3
    assert sizes["创建全国科技工作先进市"] == 1


def test_the_workbook_has_the_nine_columns_and_a_row_for_each_item(
    archivist: Call, home: Path, ingested: Answer
) -> None:
    archivist("export", "xlsx", "-o", home / "c.xlsx", "--archive", home / "archive")
    rows = list(openpyxl.load_workbook(home / "c.xlsx").active.iter_rows(values_only=True))
    assert list(rows[1]) == ["序号", "档号", "文号", "责任者", "题名", "日期", "密级", "页数", "备注"]
    assert len(rows) == 2 + 5
    decision = next(row for row in rows if row[4] and "先进市的决定" in row[4])
    assert decision[2] == "聊发〔1995〕58号" and decision[5] == "19950609" and decision[7] == 9


def test_nothing_is_wrong_with_what_was_kept_and_nothing_is_read_again(
    archivist: Call, home: Path, ingested: Answer
) -> None:
    assert archivist("verify", "--archive", home / "archive").code == 0
    again = archivist("ingest", SAMPLES, "--archive", home / "archive")
    assert (again.code, again.out) == (0, "0 pages read, 24 skipped as already read, 0 items new or changed\n")
