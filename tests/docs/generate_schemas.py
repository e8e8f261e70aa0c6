"""Writes docs/playbook.schema.json, docs/block.schema.json and docs/site.schema.json. Run it after a kind or a key has changed:

python tests/docs/generate_schemas.py
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from runbook.cli.schema import NAMES, schema_text  # noqa: E402

TARGETS = {name: ROOT / "docs" / f"{name}.schema.json" for name in NAMES}

if __name__ == "__main__":
    for name, target in TARGETS.items():
        target.write_text(schema_text(name), encoding="utf-8")
