"""Values as a person types them, in the shape of their field."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from archivist.definitions import load
from archivist.describe import dates, numbers
from archivist.describe.ink import plain
from archivist.describe.numerals import integer
from archivist.errors import WrongCall
from archivist.language import gettext as _
from archivist.model import Value

_COPIES = re.compile(r"共?(.+?)份?")
# Half a surrogate pair is no character, and no database takes NUL.
_UNKEPT = re.compile("[\x00\ud800-\udfff]")


def typed(name: str, kind: str, text: str, before: Value = None) -> Value:
    """Return what `text` means as value of the field `name` in a document of this kind, shaped as design.md says.

    Numbers, dates and whole numbers as they stand on paper, in either script. A value of several parts as
    `person=张三; date=1995-09-27` or as JSON; parts not named are those of `before`, or nothing. Raises WrongCall where
    there is no such field, or the text says nothing that it could hold.
    """
    shape = _shapes(kind).get(name)
    if shape is None:
        known = ", ".join(sorted(_shapes(kind)))
        text = _("There is no field {name} in a document of this kind; there are {known}.")
        raise WrongCall(text.format(name=name, known=known))
    said = text.strip()
    if not said:
        raise WrongCall(_("say what is right; to say that there is no such value, reject it"))
    _check_kept(name, said, said)
    value = _value(name, kind, shape, said, before)
    problem = next(iter(_validator(kind, name).iter_errors(value)), None)
    if problem is not None:
        message = _("“{text}” cannot be the value of {name}: {reason}")
        raise WrongCall(message.format(text=said, name=name, reason=problem.message))
    return value


def _check_kept(name: str, said: str, value: Value) -> None:
    """Raise WrongCall where `value`, typed as `said`, holds what is no character or cannot be kept."""
    if isinstance(value, str):
        if odd := _UNKEPT.search(value):
            text = said.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")
            message = _("“{text}” cannot be the value of {name}: {reason}")
            raise WrongCall(message.format(text=text, name=name, reason=f"U+{ord(odd[0]):04X}"))
    elif isinstance(value, Mapping):
        for part, inner in value.items():
            _check_kept(name, said, part)
            _check_kept(name, said, inner)
    elif isinstance(value, Sequence):
        for inner in value:
            _check_kept(name, said, inner)


def _value(name: str, kind: str, shape: Mapping[str, Any], said: str, before: Value) -> Value:
    if name == "document_number":
        number = numbers.parse(said)
        if kind == "circulation_slip":
            return str(number) if number else plain(said)
        return numbers.field_value(_number(said))
    if shape.get("type") == "object":
        return _parts(name, shape, said, before)
    if shape.get("type") == "integer":
        count = _COPIES.fullmatch(said)
        found = integer(count[1]) if count else None
        if found is None:
            raise WrongCall(_("“{text}” is no whole number").format(text=said))
        return found
    return _simple(shape, said)


def _simple(shape: Mapping[str, Any], said: str) -> Value:
    """Return a text or a date."""
    if _is_date(shape):
        found = dates.parse(said)
        if found is None:
            raise WrongCall(_("“{text}” is no date; write it as 1995-06-09, 1995-06 or 1995年6月9日").format(text=said))
        return found
    return plain(" ".join(said.split()))


def _parts(name: str, shape: Mapping[str, Any], said: str, before: Value) -> Value:
    properties: Mapping[str, Any] = shape["properties"]
    value: dict[str, Value] = dict.fromkeys(properties)
    if isinstance(before, Mapping):
        value |= {part: before[part] for part in properties if part in before}
    named = _named(said, list(properties)) if not said.startswith("{") else _object(said)
    if named is None and name == "citation":
        named = {"title": said.removeprefix("《").removesuffix("》")}
    if named is None or not set(named) <= set(properties):
        parts = "; ".join(f"{part}=…" for part in properties)
        raise WrongCall(_("name the parts: {parts}").format(parts=parts))
    # In JSON they may stand as escapes.
    _check_kept(name, said, named)
    for part, text in named.items():
        value[part] = _part(part, properties[part], text) if isinstance(text, str) else text
    if properties.get("veto") is not None and value["veto"] is None:
        value["veto"] = False
    if name == "annotation" and value["text"] is None:
        value["text"] = ""
    return value


def _named(said: str, parts: list[str]) -> dict[str, Value] | None:
    """Return the parts of `person=张三; date=…`, None where none is named."""
    begins = list(re.finditer(rf"(?:^|[;；,，\n])\s*({'|'.join(parts)})\s*[=＝]", said))
    if not begins or begins[0].start():
        return None
    ends = [match.start() for match in begins[1:]] + [len(said)]
    return {match[1]: said[match.end() : end].strip() for match, end in zip(begins, ends, strict=True)}


def _object(said: str) -> dict[str, Value] | None:
    try:
        value = json.loads(said)
        # NaN and 1e999 are no numbers that an export could say.
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _part(part: str, shape: Mapping[str, Any], said: str) -> Value:
    words: Mapping[str, Mapping[str, list[str]]] = load("schemas/review.yaml")["words"]
    for word, spoken in words.get(part, {}).items():
        if said in spoken or said == word:
            return {"true": True, "false": False}.get(word, word)
    if part == "document_number":
        return numbers.field_value(_number(said)) if said else None
    if not said:
        return None
    if "number" in str(shape.get("type")) and re.fullmatch(r"-?\d+(?:\.\d+)?", said):
        return float(said) if "." in said else int(said)
    return _simple(shape, said)


def _number(said: str) -> numbers.DocumentNumber:
    number = numbers.parse(said)
    if number is None:
        raise WrongCall(_("“{text}” is no document number; write it in full, as 聊发〔1995〕58号").format(text=said))
    return number


@cache
def _shapes(kind: str) -> dict[str, Mapping[str, Any]]:
    """Return for each field of documents of this kind the schema of one value, as the export says it."""
    shapes = {}
    for name, place in _of_kind(kind).items():
        entries = _definition(place)
        shapes[name] = _definition(entries["items"]["properties"]["value"])
    return shapes


def _of_kind(kind: str) -> Mapping[str, Any]:
    of_kind = "fields_of_slip" if kind == "circulation_slip" else "fields_of_document"
    properties: Mapping[str, Any] = load("schemas/item.schema.json")["$defs"][of_kind]["properties"]
    return properties


def _definition(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a reference refers to, one step; what stands beside the reference is kept."""
    if set(schema) != {"$ref"}:
        return schema
    found: Mapping[str, Any] = load("schemas/item.schema.json")["$defs"][schema["$ref"].rpartition("/")[2]]
    return found


def _is_date(shape: Mapping[str, Any]) -> bool:
    return str(shape.get("$ref")).endswith("date") or shape == load("schemas/item.schema.json")["$defs"]["date"]


@cache
def _validator(kind: str, name: str) -> Draft202012Validator:
    schema = dict(_shapes(kind)[name]) | {"$defs": load("schemas/item.schema.json")["$defs"]}
    return Draft202012Validator(schema)
