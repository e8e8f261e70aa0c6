"""Small plans for tests: written into a folder, loaded from it."""

from __future__ import annotations

from pathlib import Path

HEAD = """\
runbook: 1
id: {id}
version: "1"
title: {{en: A plan, zh: 预案}}
severity: SEV3
use_when: Always.
impact: Nobody.
{extra}recovered:
  ask: Is it good?
  then: end
steps:
"""
INPUTS = """\
inputs:
  grace: {type: duration, default: 5m, ask: How long}
  who: {type: contact, default: vendor, ask: Who}
"""
BLOCK = """\
block: 1
id: tell
title: Tell somebody
inputs:
  who: {type: contact, ask: Who}
  loud: {type: choice, choices: [in-words, in-writing], default: in-words, ask: How}
steps:
  - id: call
    when: {inputs.loud: in-words}
    title: Somebody knows
    call: {contact: $inputs.who}
    next: {failed: write}
  - id: write
    phase: close
    when: {call: failed}
    title: It is written down
    instruct: {}
"""
SCHEME = """\
scheme: 1
id: simple
title: Simple
source: none
worst: lowest
metrics: {response: Response}
levels:
  "1": {title: One, limits: {response: 10m}}
"""


def folder(root: Path, steps: str, *, extra: str = "", name: str = "plan", block: str = BLOCK) -> Path:
    """A folder of playbooks with one plan, the block `tell` and the scheme `simple`."""
    for part in ("call-centre", "blocks", "schemes"):
        (root / part).mkdir(parents=True, exist_ok=True)
    (root / "call-centre" / f"{name}.yaml").write_text(HEAD.format(id=name, extra=extra) + steps, encoding="utf-8")
    (root / "blocks" / "tell.yaml").write_text(block, encoding="utf-8")
    (root / "schemes" / "simple.yaml").write_text(SCHEME, encoding="utf-8")
    return root
