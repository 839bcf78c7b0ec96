"""The JSON interface held against its own description, by calls that nobody would think of."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from starlette.testclient import TestClient

from tests.web.people import PASSWORD, populate
from tests.web.rooms import furnish

schemathesis = pytest.importorskip("schemathesis")

#: Calls of each kind and sort of data: few for every day, as many as one likes where that is said.
_CALLS = int(os.environ.get("INTERFACE_CALLS", "8"))
# Who logs out can ask nothing any more, and who logs in wrongly must wait: those are tested by themselves.
_LEFT_OUT = "/api/session"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """An archivist's program, in the room of an archive with accounts that it may change."""
    folder = furnish(tmp_path_factory.mktemp("described") / "archive")
    with populate(folder) as people:
        said = {"name": "archivist", "password": PASSWORD}
        token = people.nobody.post("/api/session", json=said).json()["token"]
        people.nobody.headers |= {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        yield people.nobody


def operations(client: TestClient) -> dict[str, Any]:
    """Return what can be called, by method and path."""
    described = schemathesis.openapi.from_asgi("/api/openapi.json", client.app, headers=dict(client.headers))
    found = [result.ok() for result in described.exclude(path=_LEFT_OUT).get_all_operations()]
    return {operation.label: operation for operation in found}


def test_the_description_names_all_that_can_be_called(client: TestClient) -> None:
    described = client.get("/api/openapi.json").json()
    assert described["openapi"].startswith("3.1") and described["info"]["version"]
    calls = [call for path in described["paths"].values() for call in path.values()]
    names = [call["operationId"] for call in calls]
    assert len(set(names)) == len(names) and all(call["summary"] and call["tags"] for call in calls)
    assert all(path.startswith("/api/") for path in described["paths"])
    assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_every_call_is_answered_as_described(client: TestClient, mode: str) -> None:
    # As it is written in the standard: what leaves it out to see whether it is asked for looks for this.
    headers = {name.title(): client.headers[name] for name in ("authorization", "accept-language")}
    from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

    called = 0
    for label, operation in operations(client).items():
        wanted = schemathesis.GenerationMode(mode)

        @settings(
            max_examples=_CALLS, deadline=None, derandomize=_CALLS < 100, database=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=wanted))
        def check(case: Any) -> None:
            nonlocal called
            # Not everything that can be typed is a query, a name of an agency or a value: that is said with 400. And a
            # call of which only the token was to be wrong is answered, because it is put right here.
            left_out = [positive_data_acceptance, negative_data_rejection]
            case.call_and_validate(headers=headers, excluded_checks=left_out)
            called += 1

        try:
            check()
        except Exception as error:
            raise AssertionError(f"{label}: {error}") from error
    assert called > _CALLS
