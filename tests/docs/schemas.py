"""Files as an editor sees them: read by an ordinary YAML, judged by a schema of docs/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from tests.docs.generate_schemas import TARGETS

_FIRST = {"runbook": "playbook", "block": "block", "site": "site"}


class Editor(yaml.SafeLoader):
    """YAML as editors read it: numbers and booleans are typed; a day is a text."""


Editor.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def mistakes(text: str) -> list[str] | None:
    """What an editor marks in a file of the kind that its first key names; None when it cannot even be read."""
    try:
        tree = _with_text_keys(yaml.load(text, Editor))
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        return None
    kind = _FIRST.get(next(iter(tree), "")) if isinstance(tree, dict) else None
    if kind is None:
        return None
    schema = json.loads(TARGETS[kind].read_text(encoding="utf-8"))
    return [f"{list(e.absolute_path)}: {e.message}" for e in Draft202012Validator(schema).iter_errors(tree)]


def marked(path: Path) -> list[str] | None:
    """The same of a file."""
    return mistakes(path.read_text(encoding="utf-8", errors="replace"))


def _with_text_keys(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {str(key): _with_text_keys(value) for key, value in tree.items()}
    return [_with_text_keys(value) for value in tree] if isinstance(tree, list) else tree
