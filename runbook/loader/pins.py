"""Writing a host's public keys into a site file: a text edit at the place that YAML names, all other bytes as they were."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from runbook.model.text import _


def with_host_keys(text: str, host: str, keys: Sequence[str]) -> str:
    """The site file `text` with `keys` as the `host_keys` of the host or seat `host`, and not a character changed elsewhere.

    `text` is a site file that loads. Raises ValueError when the host, or its `ssh:`, is not there.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    machine = _under(_under(root, "hosts"), host) or _under(_under(root, "seats"), host)
    ssh = _under(machine, "ssh")
    if not isinstance(ssh, yaml.MappingNode) or not ssh.value:
        raise ValueError(_("the site file has no `ssh:` with an account for {host}").format(host=host))
    newline = "\r\n" if "\r\n" in text else "\n"
    present = next((value for key, value in ssh.value if key.value == "host_keys"), None)
    if present is not None:
        return _replaced(text, present, keys, newline)
    first = ssh.value[0][0].start_mark
    if ssh.flow_style:
        return f"{text[: first.index]}host_keys: {_flow(keys)}, {text[first.index :]}"
    # Behind the line of the last value, comment and all: a comment above a key stays with its key.
    line_end = text.find("\n", _end(ssh))
    behind = len(text) if line_end < 0 else line_end + 1
    margin = " " * first.column
    lines = [f"{margin}host_keys:", *(f"{margin}  - {key}" for key in keys), ""]
    return text[:behind] + (newline if line_end < 0 else "") + newline.join(lines) + text[behind:]


def _end(node: yaml.Node) -> int:
    """Where the last value under `node` ends; a block's own end lies behind the comments that follow it."""
    if node.value and isinstance(node, yaml.MappingNode) and not node.flow_style:
        return _end(node.value[-1][1])
    if node.value and isinstance(node, yaml.SequenceNode) and not node.flow_style:
        return _end(node.value[-1])
    return node.end_mark.index


def _under(node: yaml.Node | None, wanted: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for key, value in pairs if key.value == wanted), None)


def _replaced(text: str, present: yaml.Node, keys: Sequence[str], newline: str) -> str:
    begin, end = present.start_mark.index, _end(present)
    if isinstance(present, yaml.SequenceNode) and not present.flow_style:
        block = (newline + " " * present.start_mark.column).join(f"- {key}" for key in keys)
        return text[:begin] + block + text[end:]
    space = "" if text[begin - 1 : begin].isspace() else " "
    return text[:begin] + space + _flow(keys) + text[end:]


def _flow(keys: Sequence[str]) -> str:
    return f"[{', '.join(keys)}]"
