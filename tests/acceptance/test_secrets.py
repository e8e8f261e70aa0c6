"""A secret that hosts give back, in any spelling and in pieces: nowhere on the disk, on no screen, in no command line."""

from __future__ import annotations

import base64
import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from runbook.model.redaction import spellings
from tests import peers
from tests.acceptance.program import Program
from tests.acceptance.terminal import Terminal

SECRET = "Tr0ub4dor&3 and 'more'/密"
PLAN = """\
runbook: 1
id: leak
version: "1"
title: Leak
severity: SEV1
use_when: a host gives a secret back
impact: none
recovered:
  ask: Is it back?
  then: end
steps:
  - id: out
    title: It is written to the output
    service: {host: cti, name: out, do: status}
    next: {failed: continue}
  - id: err
    title: It is written to the error output
    service: {host: cti, name: err, do: status}
    next: {failed: continue}
  - id: ask
    title: It is typed by a person
    ask:
      type: text
"""


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peers.Sshd]:
    with peers.sshd(tmp_path_factory.mktemp("sshd") / "sshd") as found:
        yield found


def site(folder: Path, sshd: peers.Sshd) -> Path:
    """A site whose host writes its secret: plain, encoded, and in two pieces with a pause."""
    (folder / "plain").write_text(SECRET, encoding="utf-8")
    (folder / "forms").write_text(
        "\n".join([quote(SECRET, safe=""), base64.b64encode(b"me:" + SECRET.encode()).decode(), json.dumps(SECRET)]),
        encoding="utf-8",
    )
    cut = len(SECRET.encode()) // 2
    pieces = f"head -c {cut} {folder}/plain; sleep 0.4; tail -c +{cut + 1} {folder}/plain"
    out = sshd.script("out", f"cat {folder}/plain; echo; {pieces}; echo; cat {folder}/forms; {pieces} >&2; exit 0")
    err = sshd.script("err", f"cat {folder}/plain {folder}/forms >&2; exit 9")
    env = folder / "secrets.env"
    env.write_text(f'pw="{SECRET}"\n', encoding="utf-8")
    env.chmod(0o600)
    ssh = {"user": sshd.user, "port": str(sshd.port), "key": str(sshd.key), "host_keys": [sshd.host_key()]}
    services = {name: {"commands": {"status": [script]}} for name, script in (("out", out), ("err", err))}
    tree = {
        "site": "1",
        "name": "Leaking",
        "hosts": {
            "cti": {"address": "127.0.0.1", "ssh": ssh, "services": services, "sip": {"user": "u", "secret": "pw"}}
        },
        "secrets": {"pw": {"secret": "env-file", "file": str(env)}},
    }
    path = folder / "site.yaml"
    path.write_text(json.dumps(tree), encoding="utf-8")
    return path


def command_lines() -> set[str]:
    """The command lines of all processes of this machine."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.add(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue
    return found


def test_a_secret_that_a_host_gives_back_is_nowhere(tmp_path: Path, sshd: peers.Sshd) -> None:
    """H42"""
    program = Program(tmp_path / "home")
    plan = tmp_path / "leak.yaml"
    plan.write_text(PLAN, encoding="utf-8")
    answers = program.answers(
        {"err.manual": "passed", "err.found": SECRET, "ask": [SECRET, SECRET], "end.recovered": "yes"}
    )
    running = program.popen(
        "start",
        str(plan),
        "--site",
        str(site(tmp_path, sshd)),
        "--as",
        "A",
        "--answers",
        answers,
        stderr=subprocess.STDOUT,
    )
    seen: set[str] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            seen.update(command_lines())

    watcher = threading.Thread(target=watch)
    watcher.start()
    screen, _nothing = running.communicate(timeout=60)
    done.set()
    watcher.join()
    assert "«secret:pw»" in screen
    (incident,) = program.incidents(practice=False)
    attached = tmp_path / "cti.log"
    attached.write_text(f"login {quote(SECRET)} ok", encoding="utf-8")
    assert program.run("note", incident["id"], f"the word was {SECRET}", "--file", str(attached)).code == 0
    report = program.run("report", incident["id"], "-o", "-").out
    log = program.run("log", incident["id"], "--json").out
    assert "«secret:pw»" in log
    kept = {path: path.read_bytes() for path in program.home.rglob("*") if path.is_file()}
    assert any("/evidence/" in str(path) and "«secret:pw»".encode() in data for path, data in kept.items())
    for spelling in {each for each in spellings(SECRET) if len(each) > 5}:
        assert spelling not in screen + report + log, screen
        assert not [path for path, data in kept.items() if spelling.encode() in data], spelling
        assert not [line for line in seen if spelling in line]
    half = SECRET[: len(SECRET) // 2]
    assert not [path for path, data in kept.items() if half.encode() in data]


def test_a_mistake_of_ours_shows_and_keeps_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """H42, H44: in an exception."""
    from runbook.cli.failures import said
    from runbook.cli.session import keyboard, world_of
    from runbook.model.site import Site

    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path / "home"))
    env = tmp_path / "secrets.env"
    env.write_text(f"pw={SECRET}\n", encoding="utf-8")
    env.chmod(0o600)
    secrets = {"pw": {"secret": "env-file", "file": str(env)}}
    found = Site.model_validate({"site": "1", "name": "x", "secrets": secrets})
    errors: list[Exception] = []
    with keyboard(None, confirms=False) as at:
        try:
            with world_of("live", found, None, at) as world:
                value = world.secrets.value("pw")
                try:
                    raise OSError(f"http://me:{quote(value)}@proxy refused")
                except OSError as inner:
                    raise ValueError(f"bad answer {value}") from inner
        except ValueError as error:
            errors.append(error)
    (bug,) = errors
    assert said(bug) == 3
    (log,) = (tmp_path / "home" / "log").iterdir()
    text = log.read_text(encoding="utf-8")
    assert "«secret:pw»" in text
    assert not [each for each in spellings(SECRET) if len(each) > 5 and each in text]


def test_a_passphrase_that_is_asked_for_is_typed_unseen_once_and_kept_nowhere(tmp_path: Path, sshd: peers.Sshd) -> None:
    passphrase = "correct horse 9!"
    key = tmp_path / "key"
    key.write_bytes(sshd.key.read_bytes())
    key.chmod(0o600)
    subprocess.run([peers.program("ssh-keygen"), "-q", "-p", "-P", "", "-N", passphrase, "-f", str(key)], check=True)
    path = site(tmp_path, sshd)
    tree = json.loads(path.read_text(encoding="utf-8"))
    tree["hosts"]["cti"]["ssh"] |= {"key": str(key), "secret": "pass"}
    tree["secrets"]["pass"] = {"secret": "prompt"}
    path.write_text(json.dumps(tree), encoding="utf-8")
    plan = tmp_path / "leak.yaml"
    plan.write_text(PLAN, encoding="utf-8")
    program = Program(tmp_path / "home")
    start = ("start", str(plan), "--site", str(path), "--as", "A", "--reported", "now")
    piped = program.run(*start, "--answers", program.answers({}), given=f"{passphrase}\n" * 3)
    assert "nobody typed it at a terminal" in piped.out
    at = Terminal(program, *start, "--new")
    at.answer("Enter begins", "")
    at.answer("Enter reads it.", "")
    at.answer("The secret pass of this site", passphrase)
    at.until("passed")
    at.answer("Enter reads it.", "")
    at.until("This could not be asked")
    at.child.sendcontrol("c")
    at.run(1)
    at.child.close(force=True)
    assert at.text().count("The secret pass of this site") == 1
    assert passphrase not in at.text()
    assert not [p for p in program.home.rglob("*") if p.is_file() and passphrase.encode() in p.read_bytes()]
