"""What IIIF Presentation API 3.0 and Content Search API 2.0 require of what they are given, as far as it is used here.

Written from the specifications (iiif.io/api/presentation/3.0, iiif.io/api/search/2.0).
"""

from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

Json = dict[str, Any]

_ID: Json = {"type": "string", "pattern": "^https?://[^ ]+$"}
_SIDE: Json = {"type": "integer", "minimum": 1}
_FORMAT: Json = {"type": "string", "pattern": "^[a-z]+/[a-z0-9.+-]+$"}
_WORDS: Json = {
    "type": "object",
    "minProperties": 1,
    "patternProperties": {
        "^([a-z]{2}(-[A-Za-z]+)*|none)$": {"type": "array", "minItems": 1, "items": {"type": "string"}}
    },
    "additionalProperties": False,
}


def _named(kind: str | list[str], needs: list[str], **more: Json) -> Json:
    """Something with an identifier and a type, and nothing besides what is said."""
    kinds = {"enum": kind} if isinstance(kind, list) else {"const": kind}
    known = {"id": _ID, "type": kinds, **more}
    return {"type": "object", "required": ["id", "type", *needs], "properties": known, "additionalProperties": False}


def _several(one: Json, least: int = 1) -> Json:
    return {"type": "array", "minItems": least, "items": one}


_PAIR: Json = {
    "type": "object", "required": ["label", "value"], "properties": {"label": _WORDS, "value": _WORDS},
    "additionalProperties": False,
}  # fmt: skip
_SERVICE = _named("ImageService3", ["profile"], profile={"enum": ["level0", "level1", "level2"]})
_IMAGE = _named("Image", ["format"], format=_FORMAT, width=_SIDE, height=_SIDE, service=_several(_SERVICE))
_TEXT: Json = {
    "type": "object",
    "required": ["type", "value"],
    "properties": {"type": {"const": "TextualBody"}, "value": {"type": "string", "minLength": 1}, "format": _FORMAT,
                   "language": {"type": "string"}},
    "additionalProperties": False,
}  # fmt: skip
_PART: Json = {"type": "string", "pattern": "^https?://[^ #]+#xywh=[0-9]+,[0-9]+,[1-9][0-9]*,[1-9][0-9]*$"}
_LINE = _named("Annotation", ["motivation", "body", "target"], motivation={"const": "supplementing"}, body=_TEXT,
               target=_PART)  # fmt: skip
_PAINTED = _named("Annotation", ["motivation", "body", "target"], motivation={"const": "painting"}, body=_IMAGE,
                  target=_ID)  # fmt: skip
_LINKED = _named(["Text", "Image", "Dataset"], ["label", "format"], format=_FORMAT, label=_WORDS)
_CANVAS = _named(
    "Canvas", ["label", "width", "height", "items"], label=_WORDS, width=_SIDE, height=_SIDE,
    thumbnail=_several(_IMAGE), items=_several(_named("AnnotationPage", ["items"], items=_several(_PAINTED))),
    annotations=_several(_named("AnnotationPage", [], label=_WORDS)),
)  # fmt: skip
_RANGE: Json = _named(
    "Range", ["items"], label=_WORDS,
    items=_several({"anyOf": [_named("Canvas", []), {"$ref": "#/$defs/range"}]}),
)  # fmt: skip
_CONTEXT: Json = {"const": "http://iiif.io/api/presentation/3/context.json"}
_MANIFEST = {"$defs": {"range": _RANGE}} | _named(
    "Manifest", ["@context", "label", "items"], **{"@context": _CONTEXT}, label=_WORDS, metadata=_several(_PAIR, 0),
    requiredStatement=_PAIR, navDate={"type": "string", "format": "date-time", "pattern": "Z$"},
    behavior=_several({"enum": ["paged", "individuals"]}), viewingDirection={"const": "left-to-right"},
    homepage=_several(_LINKED), rendering=_several(_LINKED), seeAlso=_several(_LINKED),
    service=_several(_named("SearchService2", [])), thumbnail=_several(_IMAGE), items=_several(_CANVAS),
    structures=_several({"$ref": "#/$defs/range"}),
)  # fmt: skip
_LINES = _named("AnnotationPage", ["@context", "items"], **{"@context": _CONTEXT}, items=_several(_LINE, 0))
_QUOTE: Json = {
    "type": "object",
    "required": ["type", "exact"],
    "properties": {"type": {"const": "TextQuoteSelector"}} | {name: {"type": "string", "minLength": 1} for name in
                                                             ("prefix", "exact", "suffix")},
    "additionalProperties": False,
}  # fmt: skip
_TARGET: Json = {
    "type": "object",
    "required": ["type", "source", "selector"],
    "properties": {"type": {"const": "SpecificResource"}, "source": _ID, "selector": _several(_QUOTE)},
    "additionalProperties": False,
}
_MATCH = _named(
    "Annotation", ["motivation", "target"], motivation={"const": "contextualizing"},
    target={"anyOf": [_TARGET, _several(_TARGET, 2)]},
)  # fmt: skip
_PAGE = _named("AnnotationPage", [])
_HITS = _named(
    "AnnotationPage", ["@context", "items"],
    **{"@context": {"const": "http://iiif.io/api/search/2/context.json"}}, items=_several(_LINE, 0),
    annotations=_several(_named("AnnotationPage", ["items"], items=_several(_MATCH))),
    ignored=_several({"enum": ["motivation", "date", "user"]}), next=_PAGE, prev=_PAGE, startIndex={"type": "integer"},
    partOf=_named("AnnotationCollection", ["first"], first=_PAGE, last=_PAGE, total={"type": "integer"}),
)  # fmt: skip
_INFO = _named(
    "ImageService3", ["@context", "protocol", "profile", "width", "height"],
    **{"@context": {"const": "http://iiif.io/api/image/3/context.json"}},
    protocol={"const": "http://iiif.io/api/image"}, profile={"const": "level2"}, width=_SIDE, height=_SIDE,
    maxWidth=_SIDE, maxHeight=_SIDE, maxArea=_SIDE,
    sizes=_several({"type": "object", "required": ["width", "height"]}),
    tiles=_several({"type": "object", "required": ["width", "scaleFactors"]}),
    extraFormats=_several({"enum": ["webp"]}), extraQualities=_several({"type": "string"}),
    extraFeatures=_several({"type": "string"}),
)  # fmt: skip


def faults_of_manifest(said: Json) -> list[str]:
    """Return what is wrong with a manifest, in words."""
    canvases = [canvas["id"] for canvas in said["items"]]
    faults = _faults(_MANIFEST, said)
    if len({*_identifiers(said)}) != len([*_identifiers(said)]):
        faults.append("two things share an identifier")
    for canvas in said["items"]:
        painted = canvas["items"][0]["items"][0]
        if painted["target"] != canvas["id"]:
            faults.append(f"{painted['target']} is not the canvas it is painted on")
        image = painted["body"]
        if abs(image["width"] / image["height"] - canvas["width"] / canvas["height"]) > 0.01:
            faults.append(f"{image['id']} has another shape than its canvas")
    for whole in said.get("structures", ()):
        for part in whole["items"]:
            faults += [f"{one['id']} is no canvas here" for one in part.get("items", ()) if one["id"] not in canvases]
    return faults


def faults_of_lines(said: Json) -> list[str]:
    """Return what is wrong with a page of annotations."""
    return _faults(_LINES, said)


def faults_of_hits(said: Json) -> list[str]:
    """Return what is wrong with the answer to a search."""
    faults, items = _faults(_HITS, said), {item["id"] for item in said["items"]}
    for page in said.get("annotations", ()):
        for match in page["items"]:
            targets = match["target"] if isinstance(match["target"], list) else [match["target"]]
            faults += [f"{one['source']} is not among the items" for one in targets if one["source"] not in items]
    return faults


def faults_of_info(said: Json) -> list[str]:
    """Return what is wrong with what is said of an image."""
    return _faults(_INFO, said)


def _faults(schema: Json, said: Json) -> list[str]:
    found = Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(said)
    return [f"{error.json_path}: {error.message}" for error in found]


def _identifiers(said: Json) -> list[str]:
    """Return the identifiers of what a manifest holds itself: canvases, what is painted on them, ranges."""
    names = [said["id"]]
    for canvas in said["items"]:
        page = canvas["items"][0]
        names += [canvas["id"], page["id"], page["items"][0]["id"], canvas["annotations"][0]["id"]]
    for whole in said.get("structures", ()):
        names += [whole["id"], *(part["id"] for part in whole["items"] if part["type"] == "Range")]
    return names
