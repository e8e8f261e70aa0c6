"""The program as a person runs it: a new process, a home of its own, an answers file; and what it left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Answers = Mapping[str, str | Sequence[str]]

SCOPE: Answers = {
    "tell-lead": "reached",
    "test-call": "dead",
    "sign-in": "fails",
}
RESTART: Answers = {
    "restart-cti.approval": "approves",
    "restart-cti.approver": "Group leader A",
    "restart-cti": "confirm",
    "restart-cti.unknown": ["verify", "done"],
    "restart-cti.not-needed": "not_needed",
    "restart-cti.recovered": "yes",
}
RESTORE: Answers = {
    "agents-sign-in": "done",
    "tell-everyone": ["confirm", "told"],
    "tell-everyone.unknown": "done",
    **{
        f"close-out/{name}": "later"
        for name in ("cause", "impact", "responsibility", "measures", "course", "lessons", "amendments", "weak-points")
    },
}
SWITCH: Answers = {
    "switch.approval": "approves",
    "switch.approver": "Leader B",
    "switch": ["confirm", "confirmed", "Carrier C", "1"],
    "switch.unknown": "done",
    "tell-agents": "done",
    "line-log": "done",
    "tickets": "by_hand",
    "tell-others": ["confirm", "told"],
    "tell-others.unknown": "done",
    "vendor/record": "No prompt, no queue, restart did not help",
    "vendor/evidence": "done",
    "vendor/call-vendor": "reached",
    "vendor/case-number": "later",
    "repaired.recovered": "yes",
    "switch-back.approval": "approves",
    "switch-back.approver": "Leader B",
    "switch-back": ["confirm", "confirmed", "Carrier C", "1"],
    "switch-back.unknown": "done",
    "back-entry": ["12", "12"],
}
REPAIRED_BY_RESTART: Answers = {**SCOPE, **RESTART, **RESTORE}
REPAIRED_BY_VENDOR: Answers = {**SCOPE, **RESTART, "restart-cti.unknown": ["verify", "not_done"], **SWITCH, **RESTORE}


@dataclass(frozen=True)
class Ran:
    """One run that ended."""

    code: int
    out: str
    err: str


@dataclass
class Program:
    """One person's machine: `home` holds everything that the runs leave behind."""

    home: Path
    environ: dict[str, str] = field(default_factory=dict)

    def argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "runbook", *arguments]

    def env(self) -> dict[str, str]:
        spare = self.home.parent / "tmp"
        spare.mkdir(exist_ok=True)
        return {**os.environ, "RUNBOOK_HOME": str(self.home), "TMPDIR": str(spare), **self.environ}

    def popen(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **options}
        return subprocess.Popen(
            self.argv(*arguments), text=True, encoding="utf-8", env=self.env(), cwd=self.home.parent, **options
        )

    def run(self, *arguments: str, given: str | None = None, timeout_s: float = 120) -> Ran:
        """Run to the end; `given` is standard input, None an empty one."""
        argv = self.argv(*arguments)
        done = subprocess.run(
            argv,
            input=given or "",
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=self.env(),
            cwd=self.home.parent,
            timeout=timeout_s,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    def answers(self, answers: Answers, name: str = "answers.yaml") -> str:
        """Write an answers file; its path."""
        path = self.home.parent / name
        path.write_text(json.dumps(dict(answers), ensure_ascii=False, indent=1), encoding="utf-8")
        return str(path)

    # -- what it left behind

    def incidents(self, *, practice: bool = True) -> list[dict[str, Any]]:
        ran = self.run("status", "--json", *(["--practice"] if practice else []))
        assert ran.code == 0, ran
        found: list[dict[str, Any]] = json.loads(ran.out)["incidents"]
        return found

    def only(self, *, practice: bool = True) -> dict[str, Any]:
        (found,) = self.incidents(practice=practice)
        return found

    def events(self, incident: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.run("log", incident, "--json").out)["events"]
        return found

    def lab_acts(self, *words: str) -> list[dict[str, Any]]:
        """The commands that the lab executed and that hold all of `words`."""
        path = self.home / "lab" / "acts.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [
            act
            for line in lines
            if all(word in " ".join(map(str, (act := json.loads(line)).get("argv", ()))) for word in words)
        ]


def outcomes(events: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Each step's last outcome."""
    return {event["body"]["step"]: event["body"]["outcome"] for event in events if event["kind"] == "StepFinished"}
