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

from runbook.model.described import described  # noqa: E402
from runbook.model.playbook import WaitFor  # noqa: E402
from runbook.model.schema import Model  # noqa: E402
from runbook.model.step import CommonKeys, Kind  # noqa: E402
from runbook.model.units import span  # noqa: E402
from runbook.steps import kinds  # noqa: E402

HEAD = """\
# The steps of a playbook

Generated from the program by `tests/docs/generate_steps.py`; a test compares. Each step has exactly one kind, written as the
step's own key, and any of the common keys.
"""
GROUPS = {
    "reading": ("Readings", "They never change anything. Enter takes them."),
    "action": ("Actions", "They change the world: typed number, approval, the durable intent, the act, the proof."),
    "people": ("People", "A person does or answers something."),
}


def text() -> str:
    """The whole document."""
    lines = [HEAD]
    for group, (title, sentence) in GROUPS.items():
        lines += [f"## {title}", "", sentence, ""]
        for name, kind in kinds().items():
            if group == kind.GROUP:
                lines += [*_kind(name, kind), ""]
    lines += ["## Flow", "", "### `wait_for`", "", _first(WaitFor.__doc__), "", *_fields(WaitFor), ""]
    lines += ["## The common keys", "", *_fields(CommonKeys)]
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
        key = info.alias or field
        words = _type(schema["properties"][key], schema.get("$defs", {}))
        default = "required" if info.is_required() else _default(info.get_default(call_default_factory=True))
        yield f"| `{key}` | {words} | {default} | {info.description} |"


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
