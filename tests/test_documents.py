"""What the documents show can be done as shown."""

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from archivist import definitions, errors
from archivist.archive import Archive
from archivist.box import Bundle, gather
from archivist.cli import commands
from archivist.image.open import SUFFIXES
from archivist.search.engines import engine_of, open_index
from archivist.settings import Settings, load, named_index
from tests.items import decision
from tests.test_deciding import DECISION, NOTICE, keep, stack

ROOT = Path(__file__).parent.parent
READMES = ("README.md", "README.zh.md")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def readme(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def blocks(name: str, *languages: str) -> list[str]:
    return [text for language, text in FENCE.findall(readme(name)) if language in languages]


def shown(name: str) -> list[list[str]]:
    """The words of every command line in the fenced blocks, without comments."""
    lines = chain.from_iterable(block.splitlines() for block in blocks(name, "sh", "cron"))
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def calls(name: str) -> Iterator[tuple[str, ...]]:
    """What follows `archivist` in the command lines that call it."""
    for words in shown(name):
        places = [place for place, word in enumerate(words) if Path(word).name == "archivist"]
        if places and words[places[0] + 1 :]:
            yield tuple(words[places[0] + 1 :])


def rows(name: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in readme(name).splitlines() if line[:1] == "|"
    ]


def failure_causes() -> set[str]:
    """Every cause that can be counted: of the errors, and those written down where a Failure is made."""
    causes = {error.cause for error in errors.ScanError.__subclasses__()}
    for path in (ROOT / "archivist").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Failure" and len(node.args) > 3:
                cause = node.args[3]
                causes |= {cause.value} if isinstance(cause, ast.Constant) else set()
    return causes


@pytest.mark.parametrize("name", READMES)
def test_every_command_shown_can_be_called_so(name):
    assert len(list(calls(name))) > 20
    for command, *words in calls(name):
        commands.commands[command].make_context(command, list(words))


@pytest.mark.parametrize("name", READMES)
def test_every_command_named_exists(name):
    assert set(re.findall(r"`archivist (\w+)", readme(name))) <= set(commands.commands)
    assert set(commands.commands) <= {command for command, *_ in calls(name)}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make (\w+)", readme(name), re.MULTILINE)) <= targets


def test_both_languages_show_the_same():
    english, chinese = READMES
    assert shown(english) == shown(chinese)
    assert blocks(english, "toml", "csv") == blocks(chinese, "toml", "csv")
    for form in (r"^#+ ", r"^```\w*", r"^\|[-|]+\|$", r"^- "):
        assert len(re.findall(form, readme(english), re.MULTILINE)) == len(
            re.findall(form, readme(chinese), re.MULTILINE)
        )
    codes = [[re.findall(r"`[^`]+`", row[0]) for row in rows(name)] for name in READMES]
    assert codes[0] == codes[1]


SLIP = """平阳县人民政府批文封签
来文机关：县政府
文号：平政字〔1986〕9号
份数：1　编号：36
收文日期：86年2月24日
领导批示意见：请各乡抓紧落实。李明 2月25日"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    """An archive that holds what the examples ask for; they work on it one after the other as they stand."""
    folder = tmp_path_factory.mktemp("documents") / "archive"
    code = "Z109-WS·1995-Y-BGS-0012"
    with Archive(load(folder), create=True) as rooms:
        rooms.catalog.save_item(replace(decision(), id="1718888427a3", given={"reference_code": code}), "by hand")
        keep(rooms, stack(*DECISION, SLIP, NOTICE, source="/scans/box-17"))
        rooms.desk.describe_again()
    return folder


HARMLESS = {
    "agencies", "campaigns", "citations", "describe", "export", "items", "reindex", "review", "search", "show",
    "status",
}  # fmt: skip


SHOWN = [call for call in calls(READMES[0]) if call[0] in HARMLESS and "--to" not in call]


@pytest.mark.parametrize("call", SHOWN, ids=" ".join)
def test_the_examples_do_what_they_say(call, archive, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(commands, call, env={"ARCHIVIST_ARCHIVE": str(archive)}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert len(list(tmp_path.iterdir())) == ("export" in call)


@pytest.mark.parametrize("name", READMES)
def test_every_setting_stands_in_the_table(name):
    named = {row[0].strip("`"): row[1] for row in rows(name) if len(row) == 4}
    assert set(Settings.model_fields) <= set(named)
    for setting in set(Settings.model_fields) - {"folder"}:
        assert named[setting] == f"`ARCHIVIST_{setting.upper()}`"


@pytest.mark.parametrize("name", READMES)
def test_every_cause_of_failure_stands_in_the_table(name):
    named = {found[1] for row in rows(name) if len(row) == 3 and (found := re.fullmatch(r".*?`([a-z ]+)`", row[0]))}
    assert failure_causes() - named == set()


@pytest.mark.parametrize("name", READMES)
def test_every_exit_code_stands_in_the_table(name):
    def kinds(error: type[errors.ArchivistError]) -> set[int]:
        return {error.exit_code}.union(*(kinds(kind) for kind in error.__subclasses__()))

    named = {int(row[0]) for row in rows(name) if len(row) == 2 and row[0].isdigit()}
    assert kinds(errors.ArchivistError) | {0} <= named


@pytest.mark.parametrize("name", [*READMES, "CHANGELOG.md", "samples/README.md"])
def test_every_link_leads_somewhere(name):
    for target in re.findall(r"\]\(([^)]+)\)", readme(name)):
        assert (ROOT / name).parent.joinpath(target).exists(), target


def test_the_manifest_shown_makes_the_items_it_names(tmp_path):
    (text,) = blocks("README.md", "csv")
    (tmp_path / "manifest.csv").write_text(text, "utf-8")
    for scan in ("0012/p1.jpg", "0012/p2.jpg", "0013/slip.jpg", "0013/plan.pdf"):
        (tmp_path / scan).parent.mkdir(exist_ok=True)
        (tmp_path / scan).touch()
    bundles = [entry for entry in gather([tmp_path], SUFFIXES) if isinstance(entry, Bundle)]
    assert [(bundle.given["reference_code"][-4:], len(bundle.paths)) for bundle in bundles] == [
        ("0012", 2),
        ("0013", 2),
    ]


@pytest.mark.parametrize("text", blocks("README.md", "toml"))
def test_the_settings_shown_are_settings(tmp_path, monkeypatch, text):
    for setting in Settings.model_fields:
        monkeypatch.delenv(f"ARCHIVIST_{setting.upper()}", raising=False)
    (tmp_path / "archivist.toml").write_text(text, "utf-8")
    settings, meant = load(tmp_path), tomllib.loads(text)
    # Sizes are written as people write them.
    shown = {"page_memory": lambda size: int(size.split()[0]) << 30}
    assert {name: getattr(settings, name) for name in meant} == {
        name: shown.get(name, lambda same: same)(value) for name, value in meant.items()
    }


def test_every_search_index_shown_can_be_one(tmp_path, monkeypatch):
    monkeypatch.delenv("ARCHIVIST_INDEX", raising=False)
    # What needs servers or packages is not called here, but named so that an engine is found.
    moves = [call[call.index("--to") + 1] for call in calls(READMES[0]) if "--to" in call]
    named = re.findall(r"`((?:whoosh|tantivy|opensearch):[^`]+)`", readme(READMES[0]))
    engines = set(definitions.load("index/engines.yaml")["engines"])
    assert {engine_of(named_index(tmp_path, url)) for url in [*moves, *named]} == engines
    for url in moves:
        with suppress(errors.NotInstalled):
            open_index(named_index(tmp_path, url)).close()


@pytest.mark.parametrize("name", READMES)
def test_the_form_shown_is_a_form(name):
    (text,) = blocks(name, "yaml")
    Draft202012Validator(definitions.load("schemas/definitions/form.schema.json")).validate(yaml.safe_load(text))


@pytest.mark.parametrize("name", READMES)
def test_pictures_are_light(name):
    for target in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", readme(name)):
        assert (ROOT / target).stat().st_size < 250_000
