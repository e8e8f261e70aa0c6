"""A run that was killed leaves no lock behind: the kernel takes it back, whoever has its process id by now."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import peers
from tests.acceptance.program import Program
from tests.faults.run import at_home, begun, kept, kinds_of, only_in_ci

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    yield from at_home(tmp_path)


def running(program: Program) -> subprocess.Popen[str]:
    """A walk that stands at its first question, its lab a child of its own."""
    found = program.popen("start", "cti-down", "--lab", stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    peers.until(lambda: begun(program, "tell-lead"), seconds=60)
    return found


def resumed(program: Program) -> str:
    """`resume` where nobody can be asked; what it said. It is not refused."""
    ran = program.run("resume", "--practice")
    assert ran.code == 5, ran
    assert "E-INCIDENT-BUSY" not in ran.err
    return ran.out


@only_in_ci
def test_a_killed_run_is_gone_on_with_at_once(program: Program) -> None:
    """While it runs, a second run where nobody can be asked is refused and told the holder; killed, nothing has to be unlocked."""
    first = running(program)
    try:
        refused = program.run("resume", "--practice")
        assert refused.code == 2, refused
        assert "E-INCIDENT-BUSY" in refused.err
        assert f"process {first.pid}" in refused.err
    finally:
        first.kill()
        first.communicate()
    assert "Who answered?" in resumed(program)
    assert kinds_of(program)[-1] == "Paused"


CARDS = {
    "another process": json.dumps({"pid": 1, "since": "2026-11-30T00:00:00.000Z"}),
    "no process": json.dumps({"pid": 2**22, "since": "2026-11-30T00:00:00.000Z"}),
    "garbage": "\x00\xff not JSON",
    "empty": "",
}


@only_in_ci
@pytest.mark.parametrize("card", list(CARDS))
def test_a_card_that_lies_about_the_holder_holds_nobody_up(program: Program, card: str) -> None:
    """What stands beside a lock only names a holder: with the id of a living process, of none, or with garbage, the lock is free."""
    first = running(program)
    first.kill()
    first.communicate()
    cards = list(program.home.glob("locks/*.json"))
    assert cards
    for path in cards:
        path.write_text(CARDS[card], encoding="utf-8")
    resumed(program)


PID_REUSE = """
import json, os, signal, subprocess, sys, time
from pathlib import Path
home, argv, reached = Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
first = subprocess.Popen([*argv, "start", "cti-down", "--lab"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
while reached not in first.stdout.readline():
    assert first.poll() is None
first.send_signal(signal.SIGKILL)
first.wait()
for _n in range(200):
    Path("/proc/sys/kernel/ns_last_pid").write_text(str(first.pid - 1))
    other = subprocess.Popen(["sleep", "60"])
    if other.pid == first.pid:
        break
    other.kill()
    other.wait()
cards = [path for path in home.glob("locks/*.json") if path.stem != "start"]
(card,) = [path for path in cards if json.loads(path.read_text())["pid"] == first.pid]
for _n in range(200):
    # Its name is set a moment after it runs.
    if (name := Path(f"/proc/{first.pid}/comm").read_text()) == "sleep\\n":
        break
    time.sleep(0.01)
assert name == "sleep\\n"
again = subprocess.run([*argv, "resume", "--practice"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
other.kill()
print(json.dumps({"code": again.returncode, "err": again.stderr}))
"""


@only_in_ci
@pytest.mark.needs_root
def test_another_process_with_the_holder_s_id_holds_nobody_up(program: Program) -> None:
    """The killed run's process id belongs to something else by now, as after a restart of the laptop: the incident goes on."""
    inside = [
        "unshare",
        "--pid",
        "--fork",
        "--mount-proc",
        "--kill-child",
        sys.executable,
        "-c",
        textwrap.dedent(PID_REUSE),
    ]
    done = subprocess.run(
        [*inside, str(program.home), json.dumps(program.argv()), "Who answered?"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=program.env(),
        cwd=program.home.parent,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done
    assert json.loads(done.stdout) == {"code": 5, "err": ""}
    assert kept(program).damage is None
