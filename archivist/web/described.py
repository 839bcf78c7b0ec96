"""The description of the JSON interface: OpenAPI for programs, and a page of the same for people."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi

from archivist import __version__, definitions
from archivist.web.api import router as interface
from archivist.web.pages import page
from archivist.web.visitor import Reader

router = APIRouter(include_in_schema=False)

#: What is exported, as the interface says it: name in the description, and definition.
_RECORDS = {"ItemRecord": "schemas/item.schema.json", "CampaignRecord": "schemas/campaign.schema.json"}
_ABOUT = """Search, records, review and status of an archive for programs.

Where the archive has accounts, a program logs in at `POST /api/session` and sends the token it is given as
`Authorization: Bearer …`. Nothing is said of items that are not open to the account: such an item is not found, not
counted and not cited. Errors are `{"detail": …}` in the language of `Accept-Language`."""
_METHODS = ("get", "post", "put", "delete")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a call: its name, where it stands (path, query, body), its type in short, and what it says."""

    name: str
    place: str
    type: str
    required: bool
    said: str


@dataclass(frozen=True, slots=True)
class Call:
    """What can be called: how, with which parts, an example, and which statuses it ends with."""

    method: str
    path: str
    summary: str
    said: str
    parts: tuple[Part, ...]
    statuses: tuple[tuple[str, str], ...]
    answer: str


def furnish(app: FastAPI) -> None:
    """Add the JSON interface to `app`, and its description."""
    app.include_router(interface)
    app.include_router(router)

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = _description(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


@router.get("/api")
def shown(request: Request, reader: Reader) -> Response:
    """Show the description to people."""
    described = request.app.openapi()
    groups: dict[str, list[Call]] = {}
    for call, tag in _calls(described):
        groups.setdefault(tag, []).append(call)
    models = {name: json.dumps(model, ensure_ascii=False, indent=2) for name, model in _models(described).items()}
    return page(request, "api.html", about=described["info"]["description"], groups=groups, models=models)


def _description(app: FastAPI) -> dict[str, Any]:
    said = get_openapi(
        title="archivist", version=__version__, description=_ABOUT, routes=app.routes,
        summary="Government paper, readable, catalogued and searchable",
    )  # fmt: skip
    parts = said.setdefault("components", {})
    parts["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    for name, path in _RECORDS.items():
        parts.setdefault("schemas", {}).update(_record(name, definitions.load(path)))
    for path, methods in said["paths"].items():
        for method, call in methods.items():
            if (path, method) != ("/api/session", "post"):
                call["security"] = [{"bearer": []}]
    return said


def _record(name: str, definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition and its parts under names that can be told from all others in the description."""
    whole = deepcopy(dict(definition))
    whole.pop("$schema", None)
    parts = whole.pop("$defs", {})
    own = {f"{name}.{part}": _renamed(said, name) for part, said in parts.items()}
    return {name: _renamed(whole, name)} | own


def _renamed(said: Any, name: str) -> Any:
    if isinstance(said, dict):
        return {
            key: f"#/components/schemas/{name}.{value.removeprefix('#/$defs/')}"
            if key == "$ref" and isinstance(value, str)
            else _renamed(value, name)
            for key, value in said.items()
        }
    return [_renamed(one, name) for one in said] if isinstance(said, list) else said


def _calls(described: Mapping[str, Any]) -> Iterator[tuple[Call, str]]:
    for path, methods in described["paths"].items():
        for method in _METHODS:
            if method in methods:
                said = methods[method]
                statuses = tuple((status, one["description"]) for status, one in said["responses"].items())
                summary, about = said.get("summary", ""), said.get("description", "")
                parts = tuple(_parts(said, described))
                yield Call(method, path, summary, about, parts, statuses, _answer(said)), said.get("tags", [""])[0]


def _parts(said: Mapping[str, Any], described: Mapping[str, Any]) -> Iterator[Part]:
    for one in said.get("parameters", ()):
        about = one.get("description", "") or one["schema"].get("description", "")
        if "default" in one["schema"]:
            about = f"{about} ({json.dumps(one['schema']['default'])})".strip()
        yield Part(one["name"], one["in"], _type(one["schema"]), one.get("required", False), about)
    for media in said.get("requestBody", {}).get("content", {}).values():
        model = _models(described).get(_name(media["schema"]), {})
        for name, schema in model.get("properties", {}).items():
            about, required = schema.get("description", ""), name in model.get("required", ())
            yield Part(name, "body", _type(schema), required, about)


def _models(described: Mapping[str, Any]) -> Mapping[str, Any]:
    models: Mapping[str, Any] = described["components"]["schemas"]
    return models


def _answer(said: Mapping[str, Any]) -> str:
    """Return the name of the model that a call answers with."""
    for status, one in said["responses"].items():
        if status.startswith("2"):
            for media in one.get("content", {}).values():
                return _name(media["schema"])
    return ""


def _name(schema: Mapping[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _type(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(one) for one in schema["anyOf"] if one.get("type") != "null"))
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "$ref" in schema:
        return _name(schema)
    if schema.get("type") == "array":
        return f"{_type(schema.get('items', {}))}[]"
    bounds = (
        f"≥ {schema['minimum']}" if "minimum" in schema else "",
        f"≤ {schema['maximum']}" if "maximum" in schema else "",
    )
    return " ".join(part for part in (str(schema.get("type", "")), *bounds) if part)
