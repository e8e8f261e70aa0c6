"""The floors of the house hold: `[tool.importlinter]` in pyproject.toml says what they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).with_name("lint-imports")


def test_every_import_keeps_to_its_floor() -> None:
    done = subprocess.run(
        [str(LINT), "--config", "pyproject.toml", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
