"""What archivists may change of the search is checked by schemas, which the files as they come satisfy."""

from pathlib import Path

import jsonschema
import pytest

from archivist.definitions import load, path

NAMES = sorted(file.name.removesuffix(".schema.json") for file in path("index").glob("*.schema.json"))


@pytest.mark.parametrize("name", NAMES)
def test_a_definition_is_as_its_schema_wants_it(name: str) -> None:
    jsonschema.validate(load(f"index/{name}.yaml"), load(f"index/{name}.schema.json"))


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_spelt_wrong_is_no_setting(name: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**load(f"index/{name}.yaml"), "faclets": 1}, load(f"index/{name}.schema.json"))


def test_every_definition_has_a_schema() -> None:
    without = {Path(file).stem for file in path("index").glob("*.yaml")} - set(NAMES)
    assert without <= {"variants"}
