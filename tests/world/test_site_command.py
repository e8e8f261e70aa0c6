"""`runbook site`: what it shows, that it writes nothing unasked, and that an edit leaves every other byte alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pexpect
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from runbook.loader.pins import with_host_keys
from runbook.loader.site import load_site
from runbook.store.settings import Settings
from tests import peers

ROOT = Path(__file__).resolve().parents[2]

SITE = """\
site: "1"   # 站点文件
name: Test centre
hosts:
  # the CTI server
  cti:
    address: 127.0.0.1
    ssh:
      # its account
      user: {user}   # as on the host
      port: {port}
      key: {key}

  pbx:
    address: 127.0.0.1
"""


@pytest.fixture
def site(sshd: peers.Sshd, tmp_path: Path) -> Path:
    """A site file for the test's OpenSSH server, without host keys."""
    path = tmp_path / "site.yaml"
    path.write_text(SITE.format(user=sshd.user, port=sshd.port, key=sshd.key), encoding="utf-8")
    path.chmod(0o640)
    return path


def runbook(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "runbook", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def in_terminal(site: Path, *typed: str) -> tuple[int | None, str]:
    """`runbook site scan` in a terminal where a person types; its exit code and what stood on the screen."""
    child = pexpect.spawn(
        sys.executable,
        ["-m", "runbook", "site", "scan", "--site", str(site)],
        cwd=str(ROOT),
        encoding="utf-8",
        timeout=20,
    )
    for line in typed:
        child.expect("> ")
        child.sendline(line)
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus, str(child.before)


def pinned(site: Path) -> tuple[str, ...]:
    login = load_site(site).hosts["cti"].ssh
    assert login is not None
    return login.host_keys


def test_a_pipe_shows_the_keys_and_writes_nothing(sshd: peers.Sshd, site: Path) -> None:
    before = site.read_bytes()
    done = runbook("site", "scan", "--site", str(site))
    assert done.returncode == 1, done.stderr
    assert done.stdout.count("NEW") == 3
    assert "SHA256:" in done.stdout
    assert "Nothing was written" in done.stdout
    assert site.read_bytes() == before


def test_a_choice_in_a_terminal_writes_the_keys_and_nothing_else(sshd: peers.Sshd, site: Path) -> None:
    before = site.read_text(encoding="utf-8")
    code, _screen = in_terminal(site, "2")
    after = site.read_text(encoding="utf-8")
    assert code == 0
    assert set(pinned(site)) == {sshd.host_key(kind) for kind in ("ed25519", "ecdsa", "rsa")}
    assert [
        line for line in after.splitlines() if "host_keys" not in line and "      - " not in line
    ] == before.splitlines()
    assert site.stat().st_mode & 0o777 == 0o640
    assert runbook("site", "scan", "--site", str(site)).returncode == 0
    assert runbook("site", "check", "--site", str(site)).returncode == 0


def test_a_site_file_of_this_folder_stays_accepted_after_its_edit(
    sshd: peers.Sshd, site: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    words = [sys.executable, "-m", "runbook", "site"]
    refused = subprocess.run([*words, "check"], cwd=site.parent, capture_output=True, text=True, check=False)
    assert (refused.returncode, "E-NOT-TRUSTED" in refused.stderr) == (2, True)
    Settings(tmp_path / "home").accept([sha256(site.read_bytes()).hexdigest()])
    child = pexpect.spawn(words[0], [*words[1:], "scan"], cwd=str(site.parent), encoding="utf-8", timeout=20)
    child.expect("> ")
    child.sendline("2")
    child.expect(pexpect.EOF)
    child.close()
    done = subprocess.run([*words, "check"], cwd=site.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("typed", [["1"], [""], ["y", "yes", "3", ""]])
def test_any_other_answer_writes_nothing(site: Path, typed: list[str]) -> None:
    before = site.read_bytes()
    code, _screen = in_terminal(site, *typed)
    assert code == 1
    assert site.read_bytes() == before


def test_a_changed_key_is_called_so_with_both_fingerprints(sshd: peers.Sshd, site: Path, tmp_path: Path) -> None:
    other = peers.public_key(peers.keygen(tmp_path / "other"))
    site.write_text(with_host_keys(site.read_text(encoding="utf-8"), "cti", [other]), encoding="utf-8")
    scan = json.loads(runbook("site", "scan", "--json", "--site", str(site)).stdout)
    (host,) = scan["hosts"]
    states = {key["type"]: key["state"] for key in host["keys"]}
    assert states == {"ssh-ed25519": "changed", "ecdsa-sha2-nistp256": "new", "ssh-rsa": "new"}
    check = runbook("site", "check", "--site", str(site))
    assert check.returncode == 1
    assert "host cti, host key: (host key) 127.0.0.1 showed the host key" in check.stdout


def test_a_host_that_does_not_answer_is_named_with_its_phase(site: Path) -> None:
    text = site.read_text(encoding="utf-8")
    site.write_text(
        "".join(f"      port: {peers.free_port()}\n" if "port:" in line else line for line in text.splitlines(True)),
        encoding="utf-8",
    )
    for command in ("scan", "check"):
        done = runbook("site", command, "--site", str(site))
        assert done.returncode == 1
        assert "(connect)" in done.stdout


def test_check_names_the_hosts_without_a_login(sshd: peers.Sshd, site: Path) -> None:
    done = runbook("site", "check", "--site", str(site))
    assert "pbx" in done.stdout
    assert done.returncode == 1, "the key is not pinned"


def test_check_of_a_file_that_does_not_load_ends_with_1(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("site: '1'\nnane: x\n", encoding="utf-8")
    done = runbook("site", "check", "--site", str(path))
    assert done.returncode == 1
    assert f"{path}:2:1" in done.stderr


def test_an_unknown_host_is_refused_with_those_that_there_are(site: Path) -> None:
    done = runbook("site", "scan", "cte", "--site", str(site))
    assert done.returncode == 2
    assert "cti" in done.stderr


def test_a_host_can_be_named_by_its_address(site: Path) -> None:
    assert "cti: 127.0.0.1" in runbook("site", "scan", "127.0.0.1", "--site", str(site)).stdout


def test_without_a_site_file_it_says_where_it_looked() -> None:
    done = runbook("site", "check")
    assert done.returncode == 2
    assert "site.yaml" in done.stderr


KEYS = ["ssh-ed25519 AAAAC3Nz/+ab==", "ssh-rsa AAAAB3Nz"]

FORMS = {
    "block": "hosts:\n  cti:\n    ssh:\n      user: x  # c\n    # d\n  b: 1\n",
    "no line end": "hosts:\n  cti:\n    ssh:\n      user: x",
    "crlf": "hosts:\r\n  cti:\r\n    ssh:\r\n      user: 张三 # 中\r\n",
    "flow": "hosts: {cti: {ssh: {user: x}}} # c\n",
    "flow in block": "hosts:\n  cti:\n    ssh: {user: x,\n      key: y}\n",
    "a list is there": "hosts:\n  cti:\n    ssh:\n      host_keys:\n      - a b\n      # old\n      - c d  # e\n\n      # f\n      user: x\n",
    "a list in brackets": "hosts:\n  cti:\n    ssh:\n      host_keys: [a b,\n        c d] # z\n      user: x\n",
    "an empty list": "hosts:\n  cti:\n    ssh:\n      host_keys: []\n      user: x\n",
    "nothing behind the key": "hosts:\n  cti:\n    ssh:\n      user: x\n      host_keys:\n",
    "byte order mark": "\ufeffhosts:\n  cti:\n    ssh:\n      user: x\n",
    "another host first": "hosts:\n  b:\n    ssh:\n      user: y\n  cti:\n    ssh:\n        user: x\n        key: z\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_keys_are_put_into_every_form_of_a_site_file(form: str) -> None:
    text = FORMS[form]
    edited = with_host_keys(text, "cti", KEYS)
    before, after = (yaml.load(one.removeprefix("\ufeff"), Loader=yaml.SafeLoader) for one in (text, edited))
    assert after["hosts"]["cti"]["ssh"].pop("host_keys") == KEYS
    before["hosts"]["cti"]["ssh"].pop("host_keys", None)
    assert after == before
    comments = [part.partition("#")[2] for part in text.splitlines() if "#" in part and "old" not in part]
    assert all(comment in edited for comment in comments)
    assert ("\r\n" in text) == ("\r\n" in edited)
    assert edited.count("\n") - edited.count("\r\n") == 0 or "\r\n" not in text


def test_writing_the_same_keys_twice_changes_nothing_more() -> None:
    for text in FORMS.values():
        once = with_host_keys(text, "cti", KEYS)
        assert with_host_keys(once, "cti", KEYS) == once


@given(comment=st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=40))
def test_what_stands_around_is_kept_byte_for_byte(comment: str) -> None:
    head, tail = f"# {comment}\nhosts:\n  cti:\n    ssh:\n      user: x # {comment}\n", f"  # {comment}\n  b: {{}}\n"
    edited = with_host_keys(head + tail, "cti", KEYS)
    assert edited.startswith(head)
    assert edited.endswith(tail)


@pytest.mark.parametrize("text", ["hosts: {}\n", "hosts:\n  cti:\n    address: x\n", "", "hosts:\n  cti:\n    ssh:\n"])
def test_a_host_that_cannot_sign_in_gets_no_keys(text: str) -> None:
    with pytest.raises(ValueError, match="cti"):
        with_host_keys(text, "cti", KEYS)


def test_the_home_of_the_tests_is_not_the_persons() -> None:
    assert "runbook-tests-" in os.environ["XDG_CONFIG_HOME"]


def test_the_keys_of_a_seat_are_scanned_and_written_too(sshd: peers.Sshd, site: Path) -> None:
    text = site.read_text(encoding="utf-8")
    seat = f"seats:\n  seat-1:\n    address: 127.0.0.1\n    ssh: {{user: {sshd.user}, port: {sshd.port}, key: {sshd.key}}}\n"
    site.write_text(text + seat, encoding="utf-8")
    shown = json.loads(runbook("site", "scan", "seat-1", "--json", "--site", str(site)).stdout)["hosts"]
    assert [row["id"] for row in shown] == ["seat-1"]
    site.write_text(with_host_keys(text + seat, "seat-1", [sshd.host_key()]), encoding="utf-8")
    login = load_site(site).seats["seat-1"].ssh
    assert login is not None
    assert login.host_keys == (sshd.host_key(),)
    assert site.read_text(encoding="utf-8").startswith(text)
