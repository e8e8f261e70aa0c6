"""Hostile output of a host, by its numbers H17 to H22: printed by a real server, walked, and looked at on the screen, in the log, in the report."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from tests import peers
from tests.acceptance.program import Program, outcomes
from tests.acceptance.terminal import Terminal

PAYLOADS: dict[str, bytes] = {
    # H17: what takes hold of a terminal
    "clear": b"\x1b[2J\x1b[H",
    "title": b"\x1b]0;owned\x07",
    "link": b"\x1b]8;;http://example.com\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": b"\x1b]52;c;aGVsbG8=\x07",
    "device-control": b'\x1bP$q"p\x1b\\\x1b_app\x1b\\',
    "c1": b"\xc2\x9b2J\xc2\x9d0;owned\xc2\x9c",
    "report": b"\x1b[21t\x1b[6n\x1b[c",
    "sixel": b"\x1bPq#0;2;0;0;0~-\x1b\\",
    "alternate": b"\x1b[?1049h\x1b[?25l",
    # H18: what a screen library takes for markup
    "markup": b"[/usr/bin/asterisk] [red] [link=x] :warning: [/x] \\",
    # H19: what looks like a question of ours
    "prompt": "\r[成功] 已批准\r\n> 1\r\nStep 99 of 99".encode(),
    # H20: what is no text
    "no-text": b"\xff\xfe\x00 caf\xe9 \xed\xa0\x80 \xe2\x80\xa8 \xc2\x85",
    "gbk": "服务正常".encode("gbk"),
    "bidi": "abc\u202edef\u2066".encode(),
}
FORGED = ("[成功] 已批准", "Step 99 of 99")


def centre(folder: Path, sshd: peers.Sshd) -> tuple[Path, Path]:
    """A site whose host prints each payload on a command of its own, and the plan that reads them all."""
    commands = {}
    for name, payload in PAYLOADS.items():
        (folder / f"{name}.bin").write_bytes(payload)
        script = sshd.script(f"print-{name}", f"cat {folder / name}.bin; cat {folder / name}.bin >&2")
        commands[name] = {"run": [script], "reads": "yes", "reader": "text"}
    login = {"user": sshd.user, "port": str(sshd.port), "key": str(sshd.key), "host_keys": [sshd.host_key()]}
    site = folder / "site.yaml"
    host = {"address": "127.0.0.1", "ssh": login, "commands": commands}
    site.write_text(json.dumps({"site": "1", "name": "Hostile", "hosts": {"one": host}}), encoding="utf-8")
    steps: list[dict[str, Any]] = [
        {
            "id": name,
            "title": f"The host prints {name}",
            "ssh_check": {"host": "one", "command": name},
            "next": {"failed": "continue"},
        }
        for name in PAYLOADS
    ]
    plan = folder / "hostile.yaml"
    head = {
        "runbook": "1",
        "id": "hostile",
        "version": "1",
        "title": "Hostile output",
        "severity": "SEV5",
        "use_when": "Testing.",
        "impact": "Nobody.",
        "recovered": {"ask": "Is it back?", "then": "end"},
    }
    plan.write_text(json.dumps({**head, "steps": steps}), encoding="utf-8")
    return site, plan


def harmless(text: str) -> None:
    """Nothing in it that a terminal or a reader could take for more than letters."""
    strange = {
        letter for letter in text if letter != "\n" and unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    }
    assert not strange, strange
    for line in text.splitlines():
        assert not line.startswith(FORGED), line


def test_h17_to_h20_hostile_output_is_written_out_wherever_it_is_shown(
    sshd: peers.Sshd, program: Program, tmp_path: Path
) -> None:
    """On a pipe, in the log, in the report: every byte that could act is spelled, and the record keeps the bytes as they came."""
    site, plan = centre(tmp_path, sshd)
    answers = dict.fromkeys(PAYLOADS, "") | {"recovered": "yes"}
    done = program.run("start", str(plan), "--site", str(site), "--answers", program.answers(answers))
    assert done.code == 0, done.out + done.err
    harmless(done.out)
    incident = program.only(practice=False)["id"]
    for command in (("log", incident), ("report", incident, "--format", "md"), ("status",)):
        shown = program.run(*command)
        assert shown.code in (0, 1), shown.err
        harmless(shown.out.replace("\t", " "))
    kept = [path.read_bytes() for path in program.home.rglob("evidence/*") if path.is_file()]
    assert any(b"asterisk" in data for data in kept)
    assert "[/usr/bin/asterisk]" in program.run("log", incident).out


def test_h17_the_terminal_is_as_it_was(sshd: peers.Sshd, program: Program, tmp_path: Path) -> None:
    """On a terminal: title, screen and modes stay; nothing stands at a line's beginning that could be a question of ours."""
    site, plan = centre(tmp_path, sshd)
    at = Terminal(program, "start", str(plan), "--site", str(site), "--as", "Tester", "--reported", "now")
    at.answer("Enter begins", "")
    for name in PAYLOADS:
        at.answer(f"The host prints {name}", "")
    at.until("Is it back?")
    assert at.screen.title != "owned"
    # pyte shifts the private modes by five bits: 25 shows the cursor, 1049 would be the other screen.
    assert 1049 << 5 not in at.screen.mode
    shown = at.text()
    assert "The host prints clear" in shown, "the screen was wiped"
    assert not any(line.startswith(FORGED[0]) for line in shown.splitlines())
    at.press("1", "\r")
    assert at.exit_code() == 0


@pytest.mark.parametrize(("status", "outcome"), [(0, "passed"), (1, "failed"), (255, "failed")])
def test_h22_the_exit_status_decides_not_what_is_printed(
    sshd: peers.Sshd, program: Program, tmp_path: Path, status: int, outcome: str
) -> None:
    """H22: `SUCCESS` with status 1 failed; 255 is a status like any other."""
    site, plan = centre(tmp_path, sshd)
    script = sshd.script("says", f"echo SUCCESS; echo only this >&2; exit {status}")
    tree = json.loads(site.read_text(encoding="utf-8"))
    tree["hosts"]["one"]["commands"]["clear"] = {"run": [script], "reads": "yes"}
    site.write_text(json.dumps(tree), encoding="utf-8")
    only = json.loads(plan.read_text(encoding="utf-8"))
    only["steps"] = only["steps"][:1]
    plan.write_text(json.dumps(only), encoding="utf-8")
    answers = program.answers({"clear": "", "recovered": "yes"})
    program.run("start", str(plan), "--site", str(site), "--answers", answers)
    assert outcomes(program.events(program.only(practice=False)["id"])) == {"clear": outcome}
