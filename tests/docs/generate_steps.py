"""Writes docs/steps.md from the leaf kinds and the common keys. Run it after a kind has changed:

python tests/docs/generate_steps.py
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "docs" / "steps.md"
sys.path.insert(0, str(ROOT))

from runbook.cli.explained_keys import FLOW, FLOW_EXAMPLES  # noqa: E402
from runbook.loader.blocks import UseKeys  # noqa: E402
from runbook.model.described import described  # noqa: E402
from runbook.model.kind import Kind  # noqa: E402
from runbook.model.outcome import Condition, Thresholds  # noqa: E402
from runbook.model.playbook import (  # noqa: E402
    BlockHeader,
    ClockRule,
    Header,
    Input,
    Offer,
    Raise,
    Recovered,
    Together,
)
from runbook.model.schema import Model  # noqa: E402
from runbook.model.step import ApprovalRule, CommonKeys, Jump, Manual, Repeatable, Verify  # noqa: E402
from runbook.model.units import span  # noqa: E402
from runbook.steps import kinds  # noqa: E402

HEAD = """\
# The steps of a playbook

Generated from the program by `tests/docs/generate_steps.py`; a test compares. Each step has exactly one kind, written as the
step's own key, and any of the common keys. How a playbook is written, from the first line to the last: `docs/playbooks.md`.
"""
GROUPS = {
    "reading": ("Readings", "They never change anything. Enter takes them."),
    "action": ("Actions", "They change the world: typed number, approval, the durable intent, the act, the proof."),
    "people": ("People", "A person does or answers something."),
}

INSIDE: dict[str, type[Model]] = {
    "`approval`": ApprovalRule,
    "`verify`": Verify,
    "`repeatable`": Repeatable,
    "`manual`": Manual,
    "`expect`": Condition,
    "`expect`, with two thresholds": Thresholds,
    "`next`, to another playbook": Jump,
    "a step with `use`": UseKeys,
}
ABOVE: dict[str, type[Model]] = {
    "inputs": Input,
    "recovered": Recovered,
    "raise": Raise,
    "offers": Offer,
    "clocks": ClockRule,
}


def text() -> str:
    """The whole document."""
    lines = [HEAD]
    for group, (title, sentence) in GROUPS.items():
        lines += [f"## {title}", "", sentence, ""]
        for name, kind in kinds().items():
            if group == kind.GROUP:
                lines += [*_kind(name, kind), ""]
    lines += ["## Flow", "", "They run other steps.", ""]
    for name, model in FLOW.items():
        lines += [f"### `{name}`", "", _first(model.__doc__), ""]
        if model is not Together:
            lines += [*_fields(model), ""]
        lines += ["```yaml", *FLOW_EXAMPLES[name], "```", ""]
    lines += ["## The common keys", "", *_fields(CommonKeys), ""]
    for name, model in INSIDE.items():
        more = " It stands beside the reading, a kind with its fields." if model is Verify else ""
        lines += [f"### {name}", "", _first(model.__doc__) + more, "", *_fields(model), ""]
    lines += ["## The keys above the steps", "", _first(Header.__doc__), "", *_fields(Header), ""]
    for name, model in ABOVE.items():
        lines += [f"### `{name}`", "", _first(model.__doc__), "", *_fields(model), ""]
    lines += ["## The keys of a block above its steps", "", _first(BlockHeader.__doc__), "", *_fields(BlockHeader)]
    return "\n".join(lines) + "\n"


def _kind(name: str, kind: type[Kind]) -> Iterator[str]:
    yield f"### `{name}`"
    yield ""
    yield from (line.strip() for line in (kind.__doc__ or "").strip().splitlines())
    yield ""
    if kind.model_fields:
        yield from _fields(kind)
        yield ""
    if kind.VALUES:
        yield "| value | what it is |"
        yield "|---|---|"
        yield from (f"| `{value}` | {doc} |" for value, doc in kind.VALUES.items())
        yield ""
    example = json.dumps(dict(kind.EXAMPLE), ensure_ascii=False).replace('"', "")
    yield "```yaml"
    yield f"{name}: {example}"
    yield "```"


def _fields(model: type[Model]) -> Iterator[str]:
    schema = model.model_json_schema(by_alias=True)
    yield "| key | what may stand there | default | what it is |"
    yield "|---|---|---|---|"
    for field, info in described(model).model_fields.items():
        if (model, field) == (Verify, "reading"):
            continue  # a file has the reading's kind in its place
        key = info.alias or field
        words = _type(schema["properties"][key], schema.get("$defs", {}))
        default = "required" if info.is_required() else _default(info.get_default(call_default_factory=True))
        yield f"| `{key}` | {words} | {default} | {' '.join((info.description or '').split())} |"


def _type(schema: dict[str, Any], named: dict[str, Any]) -> str:
    """A field's type in plain words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return "a kind's value" if name == "JSON" else _type(named[name], named)
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        parts = [_type(part, named) for part in schema["anyOf"] if part.get("type") != "null"]
        if any("maxProperties" in part for part in schema["anyOf"]):
            return "ids, each alone or with its sentence"
        if any("properties" in part for part in schema["anyOf"]):
            return "a target"
        return "a sentence" if parts == ["text", "map"] else " or ".join(dict.fromkeys(parts))
    if schema.get("type") == "array":
        items = schema.get("items") or {}
        inner = _type(items, named) if items else "texts"
        return f"a list ({inner})"
    if schema.get("pattern"):
        return "id"
    if schema.get("examples"):
        return "duration"
    kinds_of = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "yes or no",
        "object": "map",
    }
    return kinds_of.get(schema.get("type", ""), "text") + _bounds(schema)


def _bounds(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    return f", {low} to {high}" if low is not None and high is not None else ""


def _default(value: Any) -> str:
    if value in (None, (), {}, ""):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"`{span(value) if isinstance(value, timedelta) else value}`"


def _first(doc: str | None) -> str:
    return (doc or "").strip()


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
