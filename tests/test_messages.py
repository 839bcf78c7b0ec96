"""The Chinese of the program: complete, in step with the code, and what users see."""

import ast
import gettext
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from string import Formatter
from typing import get_args

import click
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from archivist import model, vocabulary

ROOT = Path(__file__).parent.parent
LOCALE = ROOT / "archivist" / "locale"
CHINESE = LOCALE / "zh" / "LC_MESSAGES"
STALE = "run `make messages`, and add the Chinese of what is new in zh/LC_MESSAGES/archivist.po"


def ids(messages: Catalog) -> set[object]:
    return {message.id for message in messages if message.id}


def texts(part: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (part,) if isinstance(part, str) else tuple(part)


@pytest.fixture(scope="module")
def template() -> Catalog:
    with (LOCALE / "archivist.pot").open("rb") as stream:
        return read_po(stream)


@pytest.fixture(scope="module")
def chinese() -> Catalog:
    with (CHINESE / "archivist.po").open("rb") as stream:
        return read_po(stream, "zh")


def test_the_template_has_what_the_code_says(template):
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["babel"]["mappings"]
    methods = [(one["pattern"], one["method"]) for one in mappings]
    options = {one["pattern"]: {"silent": one.get("silent", "")} for one in mappings}
    said = {found[2] for found in extract_from_dir(ROOT / "archivist", methods, options)}
    assert said == ids(template), STALE


def test_every_message_has_its_chinese(template, chinese):
    assert ids(chinese) == ids(template), STALE
    missing = [message.id for message in chinese if message.id and not all(texts(message.string))]
    assert not missing, STALE
    assert not [message.id for message in chinese if message.id and message.fuzzy]


def placeholders(text: str) -> set[tuple[str, str, str]]:
    named = {(name, form or "", turn or "") for _, name, form, turn in Formatter().parse(text) if name is not None}
    return named | {(name, "%", "") for name in re.findall(r"%\((\w+)\)s", text)}


def test_placeholders_agree(chinese):
    def agree(message: Message) -> bool:
        asked = set().union(*map(placeholders, texts(message.id)))
        return all(placeholders(text) <= asked for text in texts(message.string)) and (
            not isinstance(message.id, str) or placeholders(message.string) == asked
        )

    assert [message.id for message in chinese if message.id and not agree(message)] == []
    assert [(message.id, list(message.check(chinese))) for message in chinese if list(message.check(chinese))] == []


def test_what_is_compiled_is_what_is_written(chinese):
    with (CHINESE / "archivist.mo").open("rb") as stream:
        compiled = gettext.GNUTranslations(stream)
    for message in chinese:
        if message.id:
            singular, *plural = texts(message.id)
            said = compiled.ngettext(singular, plural[0], 2) if plural else compiled.gettext(singular)
            assert said == texts(message.string)[-1], STALE


def test_all_names_of_a_record_can_be_said_in_chinese():
    schema = json.loads((ROOT / "schemas/item.schema.json").read_text("utf-8"))["$defs"]
    fields = {name for part in ("slip", "document") for name in schema[f"fields_of_{part}"]["properties"]}
    assert fields <= set(vocabulary.FIELDS)
    values = [shape["items"].get("properties", {}).get("value", {}) for shape in schema.values() if "items" in shape]
    parts = {name: part for value in values for name, part in value.get("properties", {}).items()}
    assert parts and set(parts) <= set(vocabulary.PARTS)
    assert set(parts["kind"]["enum"]) == set(vocabulary.ANNOTATIONS)
    assert set(get_args(model.DocumentKind)) == set(vocabulary.KINDS)
    assert set(get_args(model.Status)) == set(vocabulary.STATUSES)


def test_all_causes_of_failure_can_be_said_in_chinese():
    from tests.test_documents import failure_causes

    assert failure_causes() <= set(vocabulary.CAUSES)


def test_what_click_says_is_still_what_it_says():
    source = "".join(path.read_text("utf-8") for path in Path(click.__file__).parent.glob("*.py"))
    said = {
        node.value
        for node in ast.walk(ast.parse(source.replace("from __future__ import annotations", "")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert [text for text in vocabulary.CLICK if text not in said] == []


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    script = "import sys; from archivist.cli import main; sys.argv[0] = 'archivist'; main()"
    known = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "ARCHIVIST_"))}
    return subprocess.run(
        [sys.executable, "-c", script, *words],
        env=known | {"PYTHONUTF8": "1", **environment}, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ({"LANGUAGE": "zh"}, "显示本说明后退出"),
        ({"LANGUAGE": "", "LANG": "zh_CN.UTF-8"}, "归档文件目录"),
        ({"LANGUAGE": "en", "LANG": "C.UTF-8"}, "Show this message and exit."),
    ],
)
def test_help_is_in_the_language_of_the_user(language, says):
    assert says in run("export", "--help", **language).stdout


def test_errors_are_in_the_language_of_the_user(tmp_path):
    done = run("search", "科技", "--archive", str(tmp_path / "none"), LANGUAGE="zh")
    assert done.returncode == 2
    assert "没有档案库" in done.stderr
    assert "没有 'serch' 命令" in run("serch", LANGUAGE="zh").stderr
