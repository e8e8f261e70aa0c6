"""The preflight: it names exactly what is wrong, once, and what cannot be asked because of it is no second problem."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pexpect
import pytest

from runbook.model.preflight import bad, of_paper
from runbook.model.replies import LaptopView
from runbook.model.site import Site
from runbook.world.surroundings import of_laptop
from tests import peers

ROOT = Path(__file__).resolve().parents[2]
DEAD = "192.0.2.77"
NOW = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)


def login(sshd: peers.Sshd, **more: Any) -> dict[str, Any]:
    return {"user": sshd.user, "port": str(sshd.port), "key": str(sshd.key), "host_keys": [sshd.host_key()], **more}


def tree(sshd: peers.Sshd) -> dict[str, Any]:
    """A site about which everything is right."""
    person = {"name": "Leader", "number": "010 6234 1234"}
    return {
        "site": "1",
        "name": "Ready",
        "hosts": {
            "cti": {"address": "127.0.0.1", "ssh": login(sshd)},
            "behind": {"address": "127.0.0.1", "ssh": login(sshd, jump="cti")},
            "plain": {"address": "localhost", "ports": {"sip": "5060"}},
        },
        "seats": {"seat-1": {"address": "127.0.0.1", "floor": "3"}},
        "groups": {"all": ["cti", "seat-1"]},
        "contacts": {"leadership": {"title": "Leadership", "people": [person]}},
        "roster": ["Technician"],
    }


def runbook(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "runbook", "site", "check", *words],
        cwd=ROOT,
        env={**os.environ, "RUNBOOK_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def checked(folder: Path, site: dict[str, Any], *words: str) -> tuple[int, list[dict[str, str]]]:
    """The exit code, and the findings of `--json`."""
    path = folder / "site.yaml"
    path.write_text(json.dumps(site), encoding="utf-8")
    done = runbook("--site", str(path), "--json", *words, home=folder / "home")
    found = json.loads(done.stdout)
    assert found["schema"] == 1
    of_hosts = [(one["name"], one["check"]) for one in found["findings"] if one["part"] == "host"]
    assert len(of_hosts) == len(set(of_hosts)), "each thing is looked at once"
    return done.returncode, found["findings"]


def red(findings: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    return [(one["part"], one["name"], one["check"]) for one in findings if one["result"] == "bad"]


def of(findings: list[dict[str, str]], name: str) -> dict[str, str]:
    return {one["check"]: one["result"] for one in findings if one["name"] == name}


def test_a_site_in_order_is_ready(sshd: peers.Sshd, tmp_path: Path) -> None:
    code, findings = checked(tmp_path, tree(sshd))
    assert (code, red(findings)) == (0, [])
    assert of(findings, "cti") == {"resolves": "good", "answers": "good", "key": "good", "login": "good"}
    assert of(findings, "behind") == {"key": "good", "login": "good"}
    assert of(findings, "plain") == {"resolves": "good", "answers": "good"}


def test_one_dead_host_one_changed_key_and_one_missing_number_are_named_and_nothing_else(
    sshd: peers.Sshd, tmp_path: Path
) -> None:
    site = tree(sshd)
    other = peers.public_key(peers.keygen(tmp_path / "other"))
    site["hosts"]["gone"] = {"address": DEAD, "ports": {"sip": "5060"}, "ssh": login(sshd, sudo="yes")}
    site["hosts"]["behind-gone"] = {"address": "192.0.2.78", "ssh": login(sshd, jump="gone")}
    site["hosts"]["swapped"] = {"address": "127.0.0.1", "ssh": login(sshd, host_keys=[other], sudo="yes")}
    site["contacts"]["carrier"] = {
        "title": "Carrier",
        "people": [{"name": "Desk", "number": "10000"}, {"name": "Night"}],
    }
    code, findings = checked(tmp_path, site)
    assert code == 1
    assert red(findings) == [("host", "gone", "answers"), ("host", "swapped", "key"), ("contact", "carrier", "number")]
    assert of(findings, "gone") == {
        "resolves": "good",
        "answers": "bad",
        "key": "not_asked",
        "login": "not_asked",
        "sudo": "not_asked",
    }
    assert of(findings, "behind-gone")["jump"] == "not_asked"
    assert {of(findings, "swapped")[check] for check in ("login", "sudo")} == {"not_asked"}
    said = runbook("--site", str(tmp_path / "site.yaml"), home=tmp_path / "home").stdout
    assert "3 must be put right:" in said
    assert "1. host gone, answers: 192.0.2.77 answers neither ping nor any port" in said
    assert "2. host swapped, host key: (host key)" in said
    assert "3. contact carrier, telephone number: Carrier: Night has no telephone number" in said
    assert "  4. " not in said


def test_a_command_that_sudo_does_not_allow_is_named(sshd: peers.Sshd, tmp_path: Path) -> None:
    peers.program("sudo")
    site = tree(sshd)
    site["hosts"]["cti"]["ssh"]["sudo"] = "yes"
    site["hosts"]["cti"]["services"] = {
        "a": {"commands": {"status": ["/bin/true"], "restart": ["/nowhere/restart-it", "now"]}},
    }
    site["hosts"]["cti"]["commands"] = {
        "show": {"run": ["/bin/echo", "$port"], "takes": {"port": {"type": "port"}}, "reads": "yes"}
    }
    code, findings = checked(tmp_path, site)
    (finding,) = [one for one in findings if one["result"] == "bad"]
    assert (code, finding["name"], finding["check"]) == (1, "cti", "sudo")
    assert finding["said"].endswith(": a restart (/nowhere/restart-it now)")
    assert any("sudo -n -l -- /bin/echo GE1/0/1" in line for line in sshd.executions())
    assert not any(line.startswith("sudo -n -- ") for line in sshd.executions()), "nothing was run, only asked about"


def test_a_name_that_does_not_resolve_is_the_only_problem_of_its_host(sshd: peers.Sshd, tmp_path: Path) -> None:
    site = tree(sshd)
    site["hosts"]["nameless"] = {"address": "no-such-name.invalid", "ssh": login(sshd)}
    _code, findings = checked(tmp_path, site)
    assert red(findings) == [("host", "nameless", "resolves")]
    assert of(findings, "nameless")["login"] == "not_asked"


def test_an_account_that_is_not_let_in_is_said_after_its_key_was_good(sshd: peers.Sshd, tmp_path: Path) -> None:
    site = tree(sshd)
    site["hosts"]["cti"]["ssh"]["key"] = str(peers.keygen(tmp_path / "stranger"))
    _code, findings = checked(tmp_path, site)
    assert red(findings) == [("host", "cti", "login")]
    assert of(findings, "cti")["key"] == "good"
    assert of(findings, "behind") == {"jump": "not_asked", "key": "not_asked", "login": "not_asked"}


def test_secrets_are_looked_for_and_never_shown(sshd: peers.Sshd, tmp_path: Path) -> None:
    site = tree(sshd)
    env = tmp_path / "secrets.env"
    env.write_text("there=Tr0ub4dor&3\nopen=Tr0ub4dor&4\n", encoding="utf-8")
    env.chmod(0o600)
    (tmp_path / "open.env").write_text("open=Tr0ub4dor&4\n", encoding="utf-8")
    (tmp_path / "open.env").chmod(0o644)
    site["secrets"] = {
        "there": {"secret": "env-file", "file": str(env)},
        "open": {"secret": "env-file", "file": str(tmp_path / "open.env")},
        "asked": {"secret": "prompt"},
    }
    code, findings = checked(tmp_path, site, "-o", str(tmp_path / "sheet.md"))
    assert (code, red(findings)) == (1, [("secret", "open", "had")])
    assert of(findings, "asked") == {"had": "not_asked"}
    assert "Tr0ub4dor" not in json.dumps(findings) + (tmp_path / "sheet.md").read_text(encoding="utf-8")
    assert "chmod 600" in json.dumps(findings)


def test_the_clocks_of_hosts_are_compared_when_asked(sshd: peers.Sshd, tmp_path: Path) -> None:
    assert "clock" not in of(checked(tmp_path, tree(sshd))[1], "cti")
    assert of(checked(tmp_path, tree(sshd), "--clocks")[1], "cti")["clock"] == "good"


@pytest.mark.parametrize("suffix", ["md", "pdf"])
def test_a_sheet_to_file_says_who_looked_at_what(sshd: peers.Sshd, tmp_path: Path, suffix: str) -> None:
    site = tree(sshd)
    site["contacts"]["carrier"] = {"title": "Carrier | <b>", "people": [{"name": "Night"}]}
    sheet = tmp_path / f"sheet.{suffix}"
    assert checked(tmp_path, site, "-o", str(sheet))[0] == 1
    if suffix == "md":
        text = sheet.read_text(encoding="utf-8")
        assert r"Carrier \| \<b\>" in text
    else:
        peers.program("pdftotext")
        text = subprocess.run(
            ["pdftotext", "-layout", str(sheet), "-"], capture_output=True, text=True, check=True
        ).stdout
        assert "Carrier | <b>" in text
    for words in (
        "Preflight of a site",
        "SHA-256",
        "contact carrier, telephone number",
        "Night has no telephone number",
        "cti",
    ):
        assert words in text


def test_on_a_terminal_each_host_becomes_a_row(sshd: peers.Sshd, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(json.dumps(tree(sshd)), encoding="utf-8")
    child = pexpect.spawn(
        sys.executable,
        ["-m", "runbook", "site", "check", "--site", str(path)],
        cwd=str(ROOT),
        env={**os.environ, "TERM": "xterm", "RUNBOOK_HOME": str(tmp_path / "home")},
        encoding="utf-8",
        timeout=20,
        dimensions=(40, 100),
    )
    child.expect(pexpect.EOF)
    child.close()
    screen = str(child.before)
    assert child.exitstatus == 0
    assert "still asked (4): cti, behind, plain, seat-1" in screen
    assert "Ready: nothing must be put right." in screen
    assert "cti     good        good        good        good" in screen


# -- what needs nothing but the file, and this laptop


def paper(**parts: Any) -> list[str]:
    site = Site.model_validate({"site": "1", "name": "x", **parts})
    return [finding.said for finding in bad(of_paper(site, NOW))]


def test_a_duty_list_that_does_not_cover_now_is_said_by_the_clock_of_the_site() -> None:
    duty = {"from": "2026-11-22 20:00", "to": "2026-11-23 08:00", "people": ["A"]}
    assert paper(duty=[duty]) == [], "13:00 UTC is 21:00 there"
    assert paper(duty=[duty], time_zone="Europe/Berlin") == ["nobody is on duty now; the list ends at 2026-11-23 08:00"]
    assert paper() == []


def test_a_contact_without_people_is_said() -> None:
    assert paper(contacts={"vendor": {"title": "Vendor"}}) == ["Vendor: nobody is named"]


def laptop(
    home: Path, now: datetime = NOW, cwd: Path = ROOT, link: bool = True, **environ: str
) -> dict[str, list[str]]:
    view = LaptopView(link=link, gateway="192.0.2.1", gateway_answers=True)
    found: dict[str, list[str]] = {}
    for finding in of_laptop(home, view, now, {"PATH": "/usr/bin", **environ}, cwd, [""]):
        found.setdefault(finding.check, []).append(f"{finding.result}: {finding.said}")
    return found


def test_this_laptop_is_looked_at(tmp_path: Path) -> None:
    found = laptop(tmp_path)
    tmp_path.chmod(0o700)
    assert {check: said[0].partition(":")[0] for check, said in found.items()} == dict.fromkeys(
        ["network", "fonts", "disk", "clock", "folder", "surroundings"], "good"
    )


def test_what_could_make_programs_lie_is_warned_of(tmp_path: Path) -> None:
    """H41"""
    (tmp_path / "yaml.py").write_text("", encoding="utf-8")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin").chmod(0o777)
    path = f".:/usr/bin:{tmp_path}/bin"
    said = laptop(tmp_path, cwd=tmp_path, PATH=path, LD_PRELOAD="/tmp/x.so", PYTHONPATH=str(tmp_path))["surroundings"]
    assert said == [
        "warn: LD_PRELOAD is set: /tmp/x.so",
        f"warn: PYTHONPATH is set: {tmp_path}",
        "warn: PATH looks for programs in the current folder ('.')",
        f"warn: PATH has {tmp_path}/bin, where everybody may put programs",
        f"warn: {tmp_path} holds Python modules of our names: yaml",
    ]


def test_a_clock_before_this_program_was_made_and_an_open_folder_are_bad(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    found = laptop(tmp_path, datetime(1970, 1, 1, tzinfo=UTC), link=False)
    assert found["clock"] == ["bad: 1970-01-01 00:00 UTC"]
    assert found["folder"] == [f"bad: others may look into {tmp_path}; type: chmod 700 {tmp_path}"]
    assert found["network"] == ["bad: NO network link is up: check the cable"]


@pytest.mark.parametrize("source", [{"secret": "prompt"}, {"secret": "env-file", "file": "/nowhere/secrets.env"}])
def test_a_login_whose_secret_is_not_to_be_had_is_no_second_problem(
    sshd: peers.Sshd, tmp_path: Path, source: dict[str, str]
) -> None:
    site = tree(sshd)
    site["secrets"] = {"pw": source}
    site["hosts"]["cti"]["ssh"] |= {"secret": "pw", "sudo": "yes"}
    _code, findings = checked(tmp_path, site)
    assert red(findings) == ([] if source["secret"] == "prompt" else [("secret", "pw", "had")])
    assert of(findings, "cti") == {
        "resolves": "good",
        "answers": "good",
        "key": "good",
        "login": "not_asked",
        "sudo": "not_asked",
    }
    assert of(findings, "behind") == {"jump": "not_asked", "key": "not_asked", "login": "not_asked"}


def test_a_host_that_is_reached_by_the_systems_ssh_is_looked_at_too(sshd: peers.Sshd, tmp_path: Path) -> None:
    peers.program("ssh")
    site = tree(sshd)
    site["hosts"]["cti"]["ssh"]["via"] = "openssh"
    del site["hosts"]["behind"]
    _code, findings = checked(tmp_path, site)
    assert (red(findings), of(findings, "cti")["login"]) == ([], "good")
    site["hosts"]["cti"]["ssh"]["host_keys"] = [peers.public_key(peers.keygen(tmp_path / "other"))]
    _code, findings = checked(tmp_path, site)
    assert red(findings) == [("host", "cti", "key")]


def test_ctrl_c_waits_for_no_host(tmp_path: Path) -> None:
    """A host that takes the connection and never says a word has deadlines of its own; who leaves does not wait for them."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = str(silent.getsockname()[1])
        ssh = {"user": "ops", "port": port, "key": str(tmp_path / "key")}
        hosts = {f"h{n}": {"address": "127.0.0.1", "ssh": ssh} for n in range(3)}
        site = tmp_path / "site.yaml"
        site.write_text(json.dumps({"site": "1", "name": "Silent", "hosts": hosts}), encoding="utf-8")
        words = [sys.executable, "-m", "runbook", "site", "check", "--site", str(site)]
        environment = {**os.environ, "RUNBOOK_HOME": str(tmp_path / "home")}
        running = subprocess.Popen(
            words, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        asked = [silent.accept()[0] for _host in hosts]
        began = time.monotonic()
        running.send_signal(signal.SIGINT)
        assert running.wait(20) == 130
        assert time.monotonic() - began < 5
        for connection in asked:
            connection.close()
