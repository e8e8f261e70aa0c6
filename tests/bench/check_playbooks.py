"""How long `runbook check` takes over 100 playbooks of 30 steps, against PyYAML's own C loader on the same files, in one process.

The playbooks are made for the run: texts in two languages, every kind of the registry, the shipped blocks and schemes. Both sides
open the files themselves. Imports and one round of each are not counted. By hand: `python tests/bench/check_playbooks.py`.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import yaml

from runbook.bundled import playbooks_dir
from runbook.loader.checking import check_files, files_of
from runbook.model.kind import Kind
from runbook.steps import kinds

PLAYBOOKS = 100
STEPS = 30
ROUNDS = 9
HEAD = """\
runbook: 1
id: {id}
version: "1.0"
title:
  en: The service number {number} is down
  zh: 第{number}号服务故障
source: a plan that was made for a measurement, measure {number}
severity: SEV1
use_when:
  en: Callers hear no welcome prompt, self-service and queueing do not work, agents cannot sign in to the softphone.
  zh: 客户呼入系统后,听不到欢迎语,无法进行自助语音查询,也无法进行排队和路由分配;座席签入不进去软话机控件。
not_when:
  en: Calls still queue and reach agents.
  zh: 排队和路由分配正常,来电仍能到达座席。
impact:
  en: All callers and all agents.
  zh: 影响全部客户和全部座席。
clocks: {{scheme: s000, level: "4", from: reported}}
inputs:
  grace:
    type: duration
    default: 5m
    ask:
      en: How long may the service take to come back?
      zh: 服务最多等多长时间恢复?
recovered:
  ask:
    en: Does an agent sign in, and does a test call from an internal extension hear the prompt and queue?
    zh: 座席能否签入?用内部行政分机试拨,能否听到欢迎语并进入排队?
  then: end
steps:
"""
TEXTS = """\
  - id: {id}
    phase: {phase}
    title:
      en: {kind} number {number} says how far the repair of the service is
      zh: 第{number}步，用 {kind} 了解服务修复的进展
    why:
      en: A service that does not run is restarted. One that runs while nobody can call is not helped by a restart, so it is read first.
      zh: 不正常则重启服务。服务在运行而来电仍不通时，重启无益，先查看再处理。
    note:
      en: Not in the source as a step. The symptoms are those of measures 3 and 4.
      zh: 原文没有这一步，现象取自第3条和第4条。
"""
SAY = """\
    say:
      en: The service seems to be down. Callers hear no prompt and agents cannot sign in. Please stay reachable.
      zh: 服务疑似故障，客户听不到欢迎语，座席无法签入。请保持电话畅通。
"""
FILLING = """\
    ping: {host: cti, count: 5}
    expect: {loss_pct: {warn: 1, fail: 100}}
    next: {failed: continue}

    tcp: {host: cti, port: cti}
    next: {failed: continue}

    service: {host: cti, name: cti-core, do: status}
    next: {failed: continue}

    call: {contact: cs-lead}
    next: {failed: continue}

    instruct: {}

    service: {host: cti, name: cti-core, do: restart}
    approval: {by: cs-lead}
    verify: {service: {host: cti, name: cti-core, do: status}, within: $inputs.grace}
    next: {failed: continue}
    recovery_test: true

    wait_for:
      until: {service: {host: cti, name: cti-core, do: status}}
      and: recovered
      limit: 1h
      every: 10s
    next: {expired: continue}

    ask:
      choices:
        - dead:
            en: no welcome prompt, and the call does not queue
            zh: 听不到欢迎语，也不排队
        - queues:
            en: the call queues or reaches an agent
            zh: 能排队或能接通座席
"""
BLOCKS = "  - id: vendor\n    use: {block: vendor-hand-off}\n  - id: close-out\n    use: {block: close-out}\n"


def written(number: int, random: Random) -> str:
    """One playbook of exactly `STEPS` steps: every kind once, filled up, its debts closed, two blocks at its end."""
    of_kinds = list(kinds().values())
    random.shuffle(of_kinds)
    steps = [body for kind in of_kinds for body in _bodies(kind, f"of-{kind.NAME}".replace("_", "-"))]
    room = STEPS - 2 - len(steps)
    filling = FILLING.split("\n\n")
    steps += [(f"more-{count}", filling[(count + number) % len(filling)] + "\n") for count in range(room)]
    texts = [
        TEXTS.format(id=name, phase="diagnose", kind=name, number=place) + body
        for place, (name, body) in enumerate(steps, 1)
    ]
    return HEAD.format(id=f"plan-{number}", number=number) + "".join(texts) + BLOCKS


def _bodies(kind: type[Kind], name: str) -> Iterator[tuple[str, str]]:
    """The kind's own example with what the language asks around it, and the step that closes what it opens."""
    sample = kind.model_validate(kind.EXAMPLE)
    written_body = yaml.safe_dump(dict(kind.EXAMPLE), default_flow_style=True, width=10_000, allow_unicode=True).strip()
    body = f"    {kind.NAME}: {written_body}\n" + (SAY if sample.changes() else "")
    if kind.GROUP == "reading":
        body += "    next: {failed: continue}\n"
    if sample.changes():
        body += "    approval: {by: leadership, or: cs-lead}\n"
    if sample.changes() and not sample.VERIFIES_ITSELF:
        body += "    verify: {tcp: {host: cti, port: cti}, within: $inputs.grace}\n"
    yield name, body
    if sample.opens():
        yield f"{name}-closed", f"    closes: {name}\n    instruct: {{}}\n"


def ours(folder: Path) -> int:
    """Check the whole folder as `runbook check FOLDER` does; how many problems there are."""
    return len(check_files(files_of(folder), [folder], None))


def theirs(folder: Path) -> int:
    """Load the same files, nothing else."""
    for path in folder.rglob("*.yaml"):
        yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    return 0


def main() -> None:
    """Print medians, best times and the ratio of the goal; the two take turns."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("blocks", "schemes"):
            shutil.copytree(playbooks_dir() / part, folder / part)
        for number in range(PLAYBOOKS):
            text = written(number, Random(number))
            assert len(yaml.safe_load(text)["steps"]) == STEPS
            (folder / f"plan-{number}.yaml").write_text(text, encoding="utf-8")
        problems = check_files(files_of(folder), [folder], None)
        for problem in problems[:10]:
            print(problem)
        size = sum(path.stat().st_size for path in folder.rglob("*.yaml"))
        print(f"{len(files_of(folder))} files, {size / 1000:.0f} kB, {len(problems)} problems")
        seconds: dict[str, list[float]] = {"CSafeLoader": [], "check": []}
        for turn in range(ROUNDS + 1):
            for label, run in (("CSafeLoader", theirs), ("check", ours)):
                began = time.perf_counter()
                run(folder)
                if turn:
                    seconds[label].append(time.perf_counter() - began)
    for label, taken in seconds.items():
        print(f"{label:12} median {statistics.median(taken) * 1000:7.1f} ms   best {min(taken) * 1000:7.1f} ms")
    base, mine = seconds["CSafeLoader"], seconds["check"]
    print(
        f"ratio to CSafeLoader (goal 2.5 or less): median {statistics.median(mine) / statistics.median(base):.2f}, "
        f"best {min(mine) / min(base):.2f}"
    )


if __name__ == "__main__":
    main()
