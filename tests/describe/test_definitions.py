"""Every definition an archivist may change is valid, and a form needs no code."""

from pathlib import Path

import jsonschema
import pytest

from archivist.definitions import load, path
from archivist.describe.slips.forms import forms

_SCHEMAS = path("schemas")
# Checked where they are read: tests/export and tests/test_box.py.
_OTHERS = ("crosswalk.yaml", "manifest.yaml")
_NAMES = sorted(entry.name.removesuffix(".yaml") for entry in _SCHEMAS.glob("*.yaml") if entry.name not in _OTHERS)
_FORMS = sorted(entry.name for entry in (_SCHEMAS / "forms").glob("*.yaml"))


@pytest.mark.parametrize(
    ("definition", "schema"),
    [*((f"{name}.yaml", name) for name in _NAMES), *((f"forms/{name}", "form") for name in _FORMS)],
)
def test_definitions_are_valid(definition: str, schema: str) -> None:
    rules = load(f"schemas/definitions/{schema}.schema.json")
    jsonschema.Draft202012Validator.check_schema(rules)
    jsonschema.validate(load(f"schemas/{definition}"), rules)


def test_every_form_of_the_folder_is_known() -> None:
    assert {form.name for form in forms()} >= {"批文封签", "文件处理单", "文件处理笺", "传阅单", "发文稿纸"}
    assert len(forms()) == len(_FORMS)


def test_no_form_prints_one_label_for_two_fields() -> None:
    for name in _FORMS:
        printed = [label for row in load(f"schemas/forms/{name}")["labels"] for label in row["printed"]]
        assert len(printed) == len(set(printed)), Path(name).stem
