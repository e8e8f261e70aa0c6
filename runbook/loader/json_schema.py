"""JSON Schema of the files that people write, for editors: made from the models and the kinds (draft 2020-12).

It is wider than `runbook check`: a scalar may be typed as an editor's YAML types it, and no name is looked up. What it refuses,
`check` refuses too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from runbook.loader.blocks import UseKeys
from runbook.loader.lanes import NOT_AT_TOGETHER, NOT_IN_A_BRANCH
from runbook.loader.reading import FLOW
from runbook.model.ids import ID
from runbook.model.playbook import BlockHeader, Header, WaitFor
from runbook.model.site import Site
from runbook.model.step import CommonKeys
from runbook.model.text import N_, _
from runbook.steps import kinds

JsonSchema = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_SCALARS = ["string", "number", "boolean"]
_SENTENCE = [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]
_REFERENCE = r"^\$(inputs|site|steps)\."
_DURATION = r"^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+(\.\d+)?s)?$"
_NUMBERS = {"integer": r"^-?\d{1,18}$", "number": r"^-?\d{1,15}(\.\d{1,15})?$"}
_NO = [False, "no", "false"]
_YES_NO = [True, "yes", "true", *_NO]
_BRANCHES = N_("Branches by name, each with a list of steps; they are walked at the same time.")
_ONE_READING = N_("A reading, a kind with its fields.")
_STEPS = N_("The steps, in the order in which they are walked.")
_STEP = N_("A step: the common keys, and exactly one kind.")


def playbook_schema() -> JsonSchema:
    """The schema of a playbook: the keys above its steps, and every step with its kind."""
    return _with_steps(Header)


def block_schema() -> JsonSchema:
    """The schema of a block of `playbooks/blocks`."""
    return _with_steps(BlockHeader)


def site_schema() -> JsonSchema:
    """The schema of `site.yaml`."""
    schema = _edited(Site.model_json_schema(by_alias=True), references=False)
    return _headed(schema, schema.pop("$defs"))


SCHEMAS: Mapping[str, Callable[[], JsonSchema]] = {
    "playbook": playbook_schema,
    "block": block_schema,
    "site": site_schema,
}
"""What a schema can be printed of."""


def _with_steps(header: type[BaseModel]) -> JsonSchema:
    leaves = kinds()
    models: list[type[BaseModel]] = [header, CommonKeys, UseKeys, WaitFor, *leaves.values()]
    places, tree = models_json_schema([(model, "validation") for model in models], by_alias=True)
    names = {model: ref["$ref"].rpartition("/")[2] for (model, _mode), ref in places.items()}
    bodies = {name: names[kind] for name, kind in leaves.items()} | {"wait_for": names[WaitFor]}
    inside = _reachable(tree["$defs"], [*bodies.values(), "Verify"])
    defs = {name: _edited(schema, references=name in inside) for name, schema in tree["$defs"].items()}
    defs.pop("JSON", None)
    whole, common, use = (defs.pop(names[model]) for model in (header, CommonKeys, UseKeys))
    readings = {name: _ref(bodies[name]) for name, kind in leaves.items() if kind.GROUP == "reading"}
    _put_readings(defs, names[WaitFor], readings)
    properties = {**common["properties"], **{name: _body(defs, name, bodies[name]) for name in bodies}}
    properties["verify"] = _verify(defs, readings)
    properties["id"] = {**properties["id"], "pattern": f"^{ID}$"}
    properties |= {name: _flow(name, use) for name in FLOW if name not in properties}
    defs["step"] = {
        "type": "object",
        "description": _(_STEP),
        "if": {"required": ["use"]},
        "then": _ref("use-step"),
        "else": _ref("kind-step"),
    }
    defs["kind-step"] = {
        "type": "object",
        "description": _(_STEP),
        "properties": properties,
        "required": common["required"],
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in properties if name in bodies or name in FLOW],
        "dependentSchemas": {"together": {"properties": dict.fromkeys(NOT_AT_TOGETHER, False)}},
    }
    defs["use-step"] = use
    steps = {"type": "array", "description": _(_STEPS), "items": _ref("step"), "minItems": 1}
    whole["properties"] = {**whole["properties"], "steps": steps}
    whole["required"] = [*whole["required"], "steps"]
    return _headed(whole, {name: defs[name] for name in sorted(_reachable({**defs, "": whole}, [""])) if name})


def _headed(schema: JsonSchema, defs: JsonSchema) -> JsonSchema:
    return {"$schema": DRAFT, **schema, "$defs": defs}


def _ref(name: str) -> JsonSchema:
    return {"$ref": f"#/$defs/{name}"}


def _body(defs: JsonSchema, name: str, model: str) -> JsonSchema:
    """A kind's body, which may be left out where none of its fields is needed."""
    described = {"description": defs[model].get("description", name)}
    if defs[model].get("required"):
        return {**_ref(model), **described}
    return {"anyOf": [_ref(model), {"type": "null"}], **described}


def _flow(name: str, use: JsonSchema) -> JsonSchema:
    if name == "together":
        outside = {"together": False, **{key: {"enum": _NO} for key in NOT_IN_A_BRANCH}}
        inside = {"allOf": [_ref("step"), {"properties": outside}]}
        branch = {"type": "array", "items": inside, "minItems": 1}
        return {"type": "object", "description": _(_BRANCHES), "additionalProperties": branch}
    found: JsonSchema = use["properties"][name]
    return found


def _put_readings(defs: JsonSchema, wait: str, readings: JsonSchema) -> None:
    until = {"type": "object", "properties": readings, "additionalProperties": False, "maxProperties": 1}
    defs[wait]["properties"]["until"] = {"description": _(_ONE_READING), **until, "minProperties": 1}


def _verify(defs: JsonSchema, readings: JsonSchema) -> JsonSchema:
    """`verify` as a file has it: a reading beside `within` and `every`."""
    model = defs.pop("Verify")
    about = {key: value for key, value in model["properties"].items() if key != "reading"}
    return {
        "type": "object",
        "description": model["description"],
        "properties": {**readings, **about},
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in readings],
    }


def _reachable(defs: JsonSchema, begin: Any) -> set[str]:
    """The names of the definitions that these lead to, themselves among them."""
    found: set[str] = set()
    todo = list(begin)
    while todo:
        name = todo.pop()
        if name not in found and name in defs:
            found.add(name)
            todo += _refs(defs[name])
    return found


def _refs(schema: Any) -> list[str]:
    if isinstance(schema, dict):
        own = [schema["$ref"].rpartition("/")[2]] if isinstance(schema.get("$ref"), str) else []
        return own + [name for value in schema.values() for name in _refs(value)]
    return [name for value in schema for name in _refs(value)] if isinstance(schema, list) else []


# -- pydantic's schema as a file's


def _edited(schema: JsonSchema, *, references: bool) -> JsonSchema:
    """One schema with everything below it: scalars as an editor types them, no null, no default, sentences translated."""

    def edited(below: Any) -> JsonSchema:
        return _edited(below, references=references)

    kept: JsonSchema = {key: schema[key] for key in ("$ref", "examples", "required") if key in schema}
    if description := schema.get("description"):
        kept["description"] = _(description)
    if "anyOf" in schema:
        return {**kept, **_choice(schema["anyOf"], edited)}
    if "enum" in schema or "const" in schema:
        return {**kept, **_enum(schema.get("enum", [schema.get("const")]), references=references)}
    kind = schema.get("type")
    if kind == "array":
        return {**kept, **_array(schema, edited)}
    if kind == "object":
        kept["type"] = kind
        kept |= {key: schema[key] for key in ("maxProperties", "minProperties", "propertyNames") if key in schema}
        for key in ("properties", "patternProperties", "$defs"):
            if key in schema:
                kept[key] = {name: edited(below) for name, below in schema[key].items()}
        more = schema.get("additionalProperties", "patternProperties" not in schema)
        return {**kept, "additionalProperties": edited(more) if isinstance(more, dict) else more}
    return {**kept, **_scalar(schema, references=references)} if kind else kept


def _choice(parts: Sequence[JsonSchema], edited: Callable[[Any], JsonSchema]) -> JsonSchema:
    given = [part for part in parts if part.get("type") != "null"]
    if [{key: part[key] for key in sorted(part, reverse=True)} for part in given] == _SENTENCE:
        words = {"type": "object", "additionalProperties": {"type": _SCALARS}, "minProperties": 1}
        return {"anyOf": [{"type": _SCALARS}, words]}
    found = [edited(part) for part in given]
    if any(part.get("$ref", "").endswith("/Thresholds") for part in given):
        found.append({"type": [*_SCALARS, "null"]})  # one text is what the value must be equal to
    return found[0] if len(found) == 1 else {"anyOf": found}


def _enum(words: Sequence[Any], *, references: bool) -> JsonSchema:
    typed = [int(word) for word in words if isinstance(word, str) and word.isdecimal()]
    empty = [None] if "" in words else []
    found: JsonSchema = {"enum": [*words, *typed, *empty]}
    return {"anyOf": [found, {"type": "string", "pattern": _REFERENCE}]} if references else found


def _array(schema: JsonSchema, edited: Callable[[Any], JsonSchema]) -> JsonSchema:
    kept: JsonSchema = {key: schema[key] for key in ("minItems", "maxItems") if key in schema}
    if "prefixItems" in schema:
        kept["prefixItems"] = [edited(item) for item in schema["prefixItems"]]
    items = edited(schema.get("items", {}))
    found = {"type": "array", **kept, **({"items": items} if items else {})}
    # One text stands for a list of one; which lists take that, `check` says.
    return {"anyOf": [items, found]} if isinstance(items.get("type"), list) else found


def _scalar(schema: JsonSchema, *, references: bool) -> JsonSchema:
    kind = schema["type"]
    if kind == "boolean":
        return _enum(_YES_NO, references=references)
    if kind in _NUMBERS:
        pattern = f"{_NUMBERS[kind]}|{_REFERENCE}" if references else _NUMBERS[kind]
        bounds: JsonSchema = {key: schema[key] for key in ("minimum", "maximum") if key in schema}
        return {"type": [kind, "string"], **bounds, "pattern": pattern}
    if "pattern" in schema:
        pattern = f"{schema['pattern']}|{_REFERENCE}" if references else schema["pattern"]
        return {"type": _SCALARS, "pattern": pattern}
    if "examples" in schema:  # only durations have some
        pattern = f"{_DURATION}|{_REFERENCE}" if references else _DURATION
        return {"type": "string", "pattern": pattern}
    return {"type": [*_SCALARS, "null"]}
