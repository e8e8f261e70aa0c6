"""How long `check` takes to refuse hostile files, and how much memory: each file in a process of its own.

Time: `check_files` on the one file, from opening it to its problems; imports and one clean playbook are over by then. Memory: the
highest resident size during that call above the resident size just before it (`VmHWM` after a reset, so on Linux only).
By hand: `python tests/bench/refuse_bombs.py`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GOAL_S = 0.1
GOAL_MB = 50
MIB = 1 << 20
HEAD = """\
runbook: 1
id: bomb
version: "1"
title: A plan
severity: SEV1
use_when: Always.
impact: Nobody.
recovered: {ask: Is it good, then: end}
"""


def bombs() -> dict[str, bytes]:
    """Files that nobody writes by accident, as large as the loader lets them be where that makes them worse."""
    laughs = "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [{f'*b{n - 1}, ' * 9}x]\n" for n in range(1, 40))
    step = "  - id: s{0}\n    title: T\n    tcp: {{host: h, port: p}}\n    next: {{failed: s{0}}}\n"
    full = HEAD + "steps:\n"
    texts = {
        "a file of 5 MB": "a: b\n" * MIB,
        "billion laughs": laughs,
        "an alias that holds itself": "a: &a [*a]\n" + "b: *a\n" * 100_000,
        "a list of aliases": "[&a x" + ",*a" * 340_000 + "]",
        "[ 100 000 times": "[" * 100_000,
        "[ a million times": "[" * (MIB - 1),
        "{a: 200 000 times": "{a: " * 200_000,
        "- 500 000 times": "- " * 500_000,
        "depth by indentation": "".join(" " * n + "a:\n" for n in range(1_400)),
        "? 500 000 times": "? " * 500_000,
        "anchors": "".join(f"k{n}: &a{n} x\n" for n in range(55_000)),
        "anchors before nothing": "a: " + "&a " * 340_000,
        "merge keys": "a: &a {b: c}\n" + "<<: *a\n" * 140_000,
        "tags": "".join(f"k{n}: !t{n} x\n" for n in range(55_000)),
        "one tag of a megabyte": "a: !" + "t" * (MIB - 10) + " x",
        "%TAG lines": "".join(f"%TAG !t{n}! x\n" for n in range(55_000)) + "---\na: b\n",
        "documents": "---\n" * 260_000,
        "one line, one text": "a: " + "x" * (MIB - 10),
        "one line, one key": "x" * (MIB - 2) + ":",
        "one line, a list": "[" + "a," * 520_000 + "]",
        "tiny keys": "".join(f"k{n}:\n" for n in range(120_000)),
        "tiny keys in braces": "{" + "".join(f"k{n}," for n in range(140_000)) + "}",
        "one key again and again": "a: b\n" * 200_000,
        "empty lists": "[" + "[]," * 340_000 + "]",
        "escapes": 'a: "' + "\\x41" * 260_000 + '"',
        "wide spaces": "a: " + "b\u3000" * 260_000,
        "every letter there is": "".join(chr(n) for n in range(0x20000, 0x20000 + 42_000)) * 6,
        "GBK": ("标题" * 250_000).encode("gbk").decode("latin-1"),
        "broken sentences, one after the other": "a: b: c\n" * 130_000,
        "a broken sentence at the end": full + "".join(step.format(n) for n in range(800)) + "x: y: z\n" * 21,
        "a plan full of unknown keys": HEAD + "".join(f"k{n}: x\n" for n in range(9_500)) + "steps: [x]\n",
        "a step full of unknown keys": full + "  - id: a\n" + "".join(f"    k{n}: x\n" for n in range(9_500)),
        "steps that are none": full + "  - x\n" * 29_000,
        "steps without a kind": full + "  - {id: a}\n" * 9_000,
        "3 000 steps": full + "".join(step.format(n) for n in range(2_900)),
        "300 steps to steps that are not there": full + "".join(step.format(n).replace("failed: s", "failed: q") for n in range(300)),
        "conditions": full + "  - id: a\n    instruct: {}\n    when:\n" + "".join(f"      s{n}: x\n" for n in range(9_000)),
        "references": full + "  - id: a\n    instruct:\n" + "".join(f"      s{n}: $inputs.x\n" for n in range(9_000)),
        "a site full of unknown keys": "site: 1\nname: x\n" + "".join(f"k{n}: x\n" for n in range(9_500)),
        "a site full of wrong hosts": "site: 1\nname: x\nhosts:\n" + "".join(f"  h{n}: x\n" for n in range(9_500)),
    }  # fmt: skip
    encoded = {name: text.encode("latin-1" if name == "GBK" else "utf-8") for name, text in texts.items()}
    return {name: data if name == "a file of 5 MB" else data[:MIB] for name, data in encoded.items()}


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field + ":"))


def child(path: Path) -> None:
    """Check one file and print what it took."""
    from runbook.bundled import playbooks_dir
    from runbook.loader.checking import check_files, files_of

    check_files(files_of(playbooks_dir()), [playbooks_dir()], None)
    idle_kb = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    began = time.perf_counter()
    problems = check_files([path], [], None)
    seconds = time.perf_counter() - began
    codes = sorted({problem.code for problem in problems})
    print(json.dumps([seconds, (_status("VmHWM") - idle_kb) / 1024, len(problems), codes]))


def main() -> None:
    """Print time, memory and codes of each, and the worst of all."""
    if len(sys.argv) > 1:
        child(Path(sys.argv[1]))
        return
    worst_s = worst_mb = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name, data in bombs().items():
            path = Path(folder, "bomb.yaml")
            path.write_bytes(data)
            done = subprocess.run([sys.executable, __file__, str(path)], capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{name:40} DIED {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
                continue
            seconds, megabytes, count, codes = json.loads(done.stdout)
            worst_s, worst_mb = max(worst_s, seconds), max(worst_mb, megabytes)
            over = "  <-- over the goal" if seconds > GOAL_S or megabytes > GOAL_MB else ""
            accepted = "" if count else "  <-- accepted"
            said = f"{count} problem(s), {' '.join(codes)}"
            print(f"{name:40} {seconds * 1000:7.1f} ms  {megabytes:6.1f} MB  {said}{over}{accepted}")
    print(f"worst (goal {GOAL_S * 1000:.0f} ms and {GOAL_MB} MB): {worst_s * 1000:.1f} ms, {worst_mb:.1f} MB")


if __name__ == "__main__":
    main()
