"""A value of a plan on one line, as YAML writes it between braces."""

from __future__ import annotations

from typing import Any


def flow(tree: Any) -> str:
    """`{host: cti, count: 5}`."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{key}: {flow(value)}" for key, value in tree.items()) + "}"
    if isinstance(tree, (list, tuple)):
        return "[" + ", ".join(flow(value) for value in tree) + "]"
    return str(tree)
