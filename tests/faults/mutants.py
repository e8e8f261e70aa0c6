"""Takes one promise out of a copy of the program at a time, and says which tests notice.

By hand, as root: `python tests/faults/mutants.py [NAME...]`. A mutant that nobody notices is an error.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNKNOWN = (
    "tests/faults/test_kill.py::test_after_the_act_before_its_outcome",
    "tests/engine/test_decide.py",
)
SYNC = ("tests/faults/test_power_cut.py", "tests/store/test_journal.py")
CHAIN = ("tests/faults/test_files.py", "tests/faults/test_soak.py", "tests/store/test_damage.py")

MUTANTS: dict[str, tuple[tuple[tuple[str, str, str], ...], tuple[str, ...]]] = {
    "unknown-guard": ((("runbook/engine/decide.py", "    if undecided:\n", "    if False:\n"),), UNKNOWN),
    "undecided": (
        (
            (
                "runbook/model/known.py",
                "return self.intent is not None and self.finished is None and",
                "return False and",
            ),
        ),
        UNKNOWN,
    ),
    "synchronous-off": (
        (
            ("runbook/store/database.py", "PRAGMA synchronous = FULL", "PRAGMA synchronous = OFF"),
            ("runbook/store/database.py", "\nFULL = 2\n", "\nFULL = 0\n"),
        ),
        SYNC,
    ),
    "synchronous-normal": (
        (
            ("runbook/store/database.py", "PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"),
            ("runbook/store/database.py", "\nFULL = 2\n", "\nFULL = 1\n"),
        ),
        SYNC,
    ),
    "chain-prev": (
        (
            ("runbook/store/rows.py", "            or prev != head\n", ""),
            ("runbook/store/rows.py", "if row.prev != prev:", "if False:"),
        ),
        CHAIN,
    ),
    "chain-hash": (
        (
            ("runbook/store/rows.py", "if digest(row) != mark or", "if"),
            ("runbook/store/rows.py", "if digest(row) != row.hash:", "if False:"),
        ),
        CHAIN,
    ),
    "chain": (
        (
            (
                "runbook/store/rows.py",
                "return self._next(row) or self.judged(row)",
                "self.follow(row)\n        return recorded(row)",
            ),
        ),
        CHAIN,
    ),
    "no-deadline": (
        (("runbook/store/worker.py", "            self._left_s -= SLICE_S\n", "            self._left_s -= 0.0\n"),),
        ("tests/faults/test_hung_disk.py::test_the_limit_is_for_all_that_was_asked_since",),
    ),
    "move-in-place": (
        (
            (
                "runbook/store/elsewhere.py",
                "        write_anew(path, rows)\n",
                "        Database.create(path, rows).close()\n",
            ),
        ),
        ("tests/faults/test_syscalls.py::test_moving_to_the_spare_folder",),
    ),
}
"""Name -> what is replaced in which file, and the tests that are run."""


def red(name: str) -> list[str]:
    """The tests that fail when this is taken out."""
    changes, tests = MUTANTS[name]
    with tempfile.TemporaryDirectory(prefix="runbook-mutant-") as folder:
        copy = Path(folder, "copy")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", "__pycache__", ".*_cache", ".hypothesis"))
        for file, old, new in changes:
            text = (copy / file).read_text(encoding="utf-8")
            if old not in text:
                raise SystemExit(f"{name}: {file} does not hold {old!r} any more")
            (copy / file).write_text(text.replace(old, new), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", "-o", "timeout=20", *tests],
            cwd=copy,
            env={**os.environ, "RUNBOOK_CI": "1"},
            text=True,
            capture_output=True,
            check=False,
        )
    return re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)


def main() -> int:
    """Every mutant, or those that are named; 1 when one of them lives."""
    alive = 0
    for name in sys.argv[1:] or MUTANTS:
        found = red(name)
        alive += not found
        print(f"{name}: {len(found)} red", *(f"  {test}" for test in found), sep="\n", flush=True)
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
