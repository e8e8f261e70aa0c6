"""Hosts that are reached `via: openssh`: the system's own `ssh` against real servers, by the same contract as the built-in client."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from runbook.model.machine import Host
from runbook.model.replies import CannotAskError
from runbook.world import openssh_config as config
from runbook.world.ssh import LiveSsh
from runbook.world.ssh_keys import PublicKey
from tests import peers
from tests.world.broken_ssh import Broken, broken, listening
from tests.world.conftest import QUICK


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveSsh]:
    """The SSH port; whatever a call makes is made in a folder of the test's own, and must be gone after it."""
    peers.program("ssh")
    folder = tmp_path / "made-for-calls"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    port = LiveSsh(QUICK)
    yield port
    port.close()
    assert list(folder.iterdir()) == []


def refused(ssh: LiveSsh, sshd: peers.Sshd, host: Host) -> CannotAskError:
    """Why a command could not be asked for; fails when the server ran it."""
    mark = f"never-{time.monotonic_ns()}"
    with pytest.raises(CannotAskError) as caught:
        ssh.run(host, ["echo", mark], deadline_s=5)
    assert not any(mark in line for line in sshd.executions())
    return caught.value


def test_a_command_runs_and_both_streams_and_its_status_come_back(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    reply = ssh.run(sshd.host(via="openssh"), ["sh", "-c", "echo out; echo err >&2; exit 3"], deadline_s=10)
    assert (reply.status, reply.ended) == (3, "exit")
    assert (reply.stdout.text(), reply.stderr.text()) == ("out\n", "err\n")


@pytest.mark.parametrize(
    "word", ["; reboot", "$(reboot)", "`reboot`", "'", '"', "\\", "-n", "--", "a\nb", "", "CTI服务器", "%h %n", "~"]
)
def test_any_argument_reaches_the_program_unchanged(sshd: peers.Sshd, ssh: LiveSsh, word: str) -> None:
    reply = ssh.run(sshd.host(via="openssh"), ["printf", "%s\\0", word, word], deadline_s=10)
    assert reply.stdout.head == (word.encode() + b"\0") * 2


def test_output_of_any_size_is_kept_as_head_tail_and_size(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    flood = "head -c 20000000 /dev/zero & head -c 5000000 /dev/zero >&2; wait"
    reply = ssh.run(sshd.host(via="openssh"), ["sh", "-c", flood], deadline_s=30)
    assert (reply.status, reply.stdout.size_bytes, reply.stderr.size_bytes) == (0, 20_000_000, 5_000_000)
    assert len(reply.stdout.head) == len(reply.stdout.tail) == 65536


def test_the_status_255_of_a_command_is_a_status(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    reply = ssh.run(sshd.host(via="openssh"), ["sh", "-c", "exit 255"], deadline_s=10)
    assert (reply.status, reply.ended) == (255, "exit")


def test_a_command_killed_by_a_signal_says_so(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    reply = ssh.run(sshd.host(via="openssh"), ["sh", "-c", "kill -KILL $PPID; kill -KILL $$"], deadline_s=10)
    assert (reply.status, reply.ended) == (255, "signal")


def test_a_command_that_outlives_its_deadline_is_unknown(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    mark = f"unended-{time.monotonic_ns()}"
    reply = ssh.run(sshd.host(via="openssh"), ["sh", "-c", f"echo begun; sleep 20 # {mark}"], deadline_s=1)
    assert (reply.status, reply.ended, reply.stdout.text()) == (None, "deadline", "begun\n")
    assert sum(mark in line for line in sshd.executions()) == 1


def test_a_connection_that_is_lost_under_a_command_leaves_it_unknown(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    def dies(server: Broken, channel: paramiko.Channel) -> None:
        time.sleep(0.3)
        assert server.transport is not None
        server.transport.close()

    server = Broken(dies)
    with broken(server, sshd) as host:
        assert host.ssh
        openssh = host.model_copy(update={"ssh": host.ssh.model_copy(update={"via": "openssh"})})
        reply = ssh.run(openssh, ["restart"], deadline_s=5)
    assert (reply.status, reply.ended, server.commands) == (None, "lost", [b"restart"])


def test_an_end_without_a_status_is_unknown(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    server = Broken(lambda _server, channel: channel.close())
    with broken(server, sshd) as host:
        assert host.ssh
        openssh = host.model_copy(update={"ssh": host.ssh.model_copy(update={"via": "openssh"})})
        reply = ssh.run(openssh, ["restart"], deadline_s=5)
    assert (reply.status, reply.ended, server.commands) == (None, "lost", [b"restart"])


def test_a_host_that_refuses_the_command_was_not_asked(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    with broken(Broken(lambda *_: None, takes_exec=False), sshd) as host:
        assert host.ssh
        openssh = host.model_copy(update={"ssh": host.ssh.model_copy(update={"via": "openssh"})})
        with pytest.raises(CannotAskError, match="refuses to run commands"):
            ssh.run(openssh, ["true"], deadline_s=5)


def test_a_server_that_is_gone_was_not_asked(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    cannot = refused(ssh, sshd, sshd.host(via="openssh", port=str(peers.free_port())))
    assert (cannot.phase, "Connection refused" in cannot.detail) == ("connect", True)


def test_a_server_that_never_says_a_word_was_not_asked(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    with listening(lambda connection: time.sleep(30)) as port:
        assert refused(ssh, sshd, sshd.host(via="openssh", port=str(port))).phase == "banner"


def test_a_name_that_does_not_resolve_was_not_asked(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    host = sshd.host(via="openssh").model_copy(update={"address": "no-such-host.invalid"})
    assert refused(ssh, sshd, host).phase == "resolve"


def test_a_wrong_user_and_a_wrong_key_are_refused_in_phase_login(
    sshd: peers.Sshd, ssh: LiveSsh, tmp_path: Path
) -> None:
    other = str(peers.keygen(tmp_path / "other"))
    for wrong in ({"user": "nobody-here"}, {"key": other}, {"key": ""}):
        assert refused(ssh, sshd, sshd.host(via="openssh", **wrong)).phase == "login"


def test_an_unknown_host_key_is_refused_with_its_fingerprint(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    cannot = refused(ssh, sshd, sshd.host(via="openssh", host_keys=()))
    assert (cannot.phase, cannot.code) == ("host_key", "E-SSH-KEY-UNKNOWN")
    assert "SHA256:" in cannot.detail
    assert "runbook site scan 127.0.0.1" in cannot.detail


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_a_changed_host_key_is_refused_with_both_fingerprints(
    sshd: peers.Sshd, ssh: LiveSsh, tmp_path: Path, kind: str
) -> None:
    other = PublicKey.parse(peers.public_key(peers.keygen(tmp_path / "other", kind)))
    with peers.sshd(tmp_path / "one-key") as server:
        cannot = refused(ssh, server, server.host(via="openssh", host_keys=(str(other),)))
        shown = PublicKey.parse(server.host_key()).fingerprint
    assert (cannot.phase, cannot.code) == ("host_key", "E-SSH-KEY-CHANGED")
    assert shown in cannot.detail
    assert other.fingerprint in cannot.detail


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_host_with_several_keys_shows_the_pinned_one(sshd: peers.Sshd, ssh: LiveSsh, kind: str) -> None:
    host = sshd.host(via="openssh", host_keys=(sshd.host_key(kind),))
    assert ssh.run(host, ["true"], deadline_s=10).status == 0


def test_the_persons_own_ssh_settings_and_known_hosts_are_not_read(
    sshd: peers.Sshd, ssh: LiveSsh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{sshd.port} {sshd.host_key()}\n", encoding="ascii")
    (home / ".ssh" / "config").write_text(f"Host *\n  ProxyCommand touch {home}/ran\n", encoding="ascii")
    monkeypatch.setenv("HOME", str(home))
    assert refused(ssh, sshd, sshd.host(via="openssh", host_keys=())).code == "E-SSH-KEY-UNKNOWN"
    assert ssh.run(sshd.host(via="openssh"), ["true"], deadline_s=10).status == 0
    assert not (home / "ran").exists()


@pytest.mark.parametrize("address", ["-oProxyCommand=id", "a;b", "::1%eth0;x", "user@host@x", "a b", "ｈost", "a$(id)"])
def test_an_address_that_is_none_never_reaches_the_program(
    sshd: peers.Sshd, ssh: LiveSsh, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """H13."""
    monkeypatch.setattr(subprocess, "Popen", None)
    host = sshd.host(via="openssh").model_copy(update={"address": address})
    assert refused(ssh, sshd, host).phase == "login"
    assert host.ssh
    user = host.model_copy(update={"address": "127.0.0.1", "ssh": host.ssh.model_copy(update={"user": address})})
    assert refused(ssh, sshd, user).phase == "login"


def test_a_laptop_without_ssh_says_so(sshd: peers.Sshd, ssh: LiveSsh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "no `ssh` program" in refused(ssh, sshd, sshd.host(via="openssh")).detail


def test_an_ssh_of_the_current_folder_is_never_run(
    sshd: peers.Sshd, ssh: LiveSsh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H41."""
    (tmp_path / "ssh").write_text("#!/bin/sh\ntouch ran\n", encoding="ascii")
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    for path in (".", str(tmp_path)):
        monkeypatch.setenv("PATH", path)
        assert "no `ssh` program" in refused(ssh, sshd, sshd.host(via="openssh")).detail
    assert not (tmp_path / "ran").exists()


def test_a_secret_is_never_given_to_the_systems_ssh(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    assert "`secret`" in refused(ssh, sshd, sshd.host(via="openssh", secret="switch")).detail


def test_the_folder_of_a_call_is_the_owners_alone_and_nothing_runs_on(
    sshd: peers.Sshd, ssh: LiveSsh, tmp_path: Path
) -> None:
    seen: list[int] = []

    def look() -> None:
        for _round in range(200):
            seen.extend(entry.stat().st_mode & 0o777 for entry in (tmp_path / "made-for-calls").iterdir())
            time.sleep(0.005)

    looking = threading.Thread(target=look)
    looking.start()
    ssh.run(sshd.host(via="openssh"), ["sleep", "0.3"], deadline_s=5)
    looking.join()
    assert set(seen) == {0o700}
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert "made-for-calls" not in running


# -- old gear -----------------------------------------------------------------------------------------------------------


OLD_ONLY = {
    "KexAlgorithms": "diffie-hellman-group14-sha1",
    "Ciphers": "aes128-cbc",
    "MACs": "hmac-sha1",
    "HostKeyAlgorithms": "ssh-rsa",
}


@pytest.fixture
def old(tmp_path: Path) -> Iterator[peers.Sshd]:
    """A server that has nothing but SHA-1 and CBC, as gear of 2005 has."""
    folder = tmp_path / "old"
    folder.mkdir()
    peers.keygen(folder / "user", "rsa")
    with peers.sshd(folder, kinds=("ed25519", "rsa"), options=OLD_ONLY) as server:
        yield server


def test_gear_with_old_algorithms_alone_is_refused_and_reached_when_it_is_legacy(old: peers.Sshd, ssh: LiveSsh) -> None:
    """H25."""
    pinned = (old.host_key("rsa"),)
    cannot = refused(ssh, old, old.host(via="openssh", host_keys=pinned))
    assert (cannot.phase, "Unable to negotiate" in cannot.detail) == ("key_exchange", True)
    assert refused(ssh, old, old.host(host_keys=pinned)).phase in ("key_exchange", "banner")
    reply = ssh.run(old.host(via="openssh", legacy="yes", host_keys=pinned), ["echo", "old"], deadline_s=10)
    assert (reply.status, reply.stdout.text()) == (0, "old\n")


def test_old_algorithms_are_for_the_one_host_alone(old: peers.Sshd) -> None:
    way = (old.host(via="openssh"), old.host(via="openssh", legacy="yes"))
    setting = config.Setting(Path("/x/known_hosts"), os.devnull, 5, {"kex": ["diffie-hellman-group1-sha1"]})
    jump, target, _common = config.configuration(way, setting).split("Host ")[1:]
    assert "+diffie-hellman-group1-sha1" in target
    assert "+" not in jump
    assert "Ciphers -*-cbc" in jump


# -- what is written ----------------------------------------------------------------------------------------------------


def test_openssh_itself_reads_the_settings_as_they_are_meant(sshd: peers.Sshd, tmp_path: Path) -> None:
    host = sshd.host(via="openssh")
    setting = config.Setting(tmp_path / "known hosts", os.devnull, 5, {})
    (tmp_path / "config").write_text(config.configuration((host, host, host), setting), encoding="utf-8")
    command = [peers.program("ssh"), "-G", "-F", str(tmp_path / "config"), "--"]

    def read(name: str) -> dict[str, str]:
        done = subprocess.run([*command, name], capture_output=True, text=True, check=True)
        return dict(line.partition(" ")[::2] for line in done.stdout.splitlines())

    wanted = {
        "stricthostkeychecking": "true",
        "batchmode": "yes",
        "forwardagent": "no",
        "forwardx11": "no",
        "controlmaster": "false",
        "controlpersist": "no",
        "permitlocalcommand": "no",
        "updatehostkeys": "false",
        "globalknownhostsfile": os.devnull,
        "userknownhostsfile": str(tmp_path / "known hosts"),
        "identitiesonly": "yes",
        "identityagent": "none",
        "preferredauthentications": "publickey",
        "requesttty": "false",
        "hostname": "127.0.0.1",
    }
    for name, jump in (("target", "jump-2"), ("jump-2", "jump-1"), ("jump-1", None)):
        settings = read(name)
        assert {key: settings[key] for key in wanted if key in settings} == {
            key: value for key, value in wanted.items() if key in settings
        }
        assert (settings.get("proxyjump"), settings["hostkeyalias"]) == (jump, name)
        assert {"stricthostkeychecking", "batchmode", "userknownhostsfile"} <= set(settings)


@pytest.mark.parametrize("path", ['a"b', "a\nHost *", "${HOME}/x", "a\\b"])
def test_a_key_file_that_would_be_read_as_settings_is_refused(sshd: peers.Sshd, ssh: LiveSsh, path: str) -> None:
    assert "cannot be given" in refused(ssh, sshd, sshd.host(via="openssh", key=f"/{path}")).detail


# -- jump hosts ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def behind(tmp_path: Path, sshd: peers.Sshd) -> Iterator[peers.Sshd]:
    """A second server, and the first one lets its user pass on to it."""
    with peers.sshd(tmp_path / "behind") as server:
        yield server


@pytest.mark.parametrize("via", ["openssh", "paramiko"])
class TestJumpHosts:
    """Both transports, by the same sentences."""

    def ways(self, sshd: peers.Sshd, behind: peers.Sshd, via: str, **jump: object) -> tuple[LiveSsh, Host]:
        hosts = {
            "door": sshd.host(via=via, **jump),
            "hall": sshd.host(via=via, jump="door"),
            "attic": sshd.host(via=via, jump="hall"),
        }
        return LiveSsh(QUICK, hosts=hosts), behind.host(via=via, jump="door")

    def test_a_host_is_reached_through_another(
        self, sshd: peers.Sshd, behind: peers.Sshd, ssh: LiveSsh, via: str
    ) -> None:
        port, host = self.ways(sshd, behind, via)
        try:
            reply = port.run(host, ["sh", "-c", "echo out; echo err >&2; exit 3"], deadline_s=10)
        finally:
            port.close()
        assert (reply.status, reply.stdout.text(), reply.stderr.text()) == (3, "out\n", "err\n")
        assert [line for line in behind.executions() if "exit 3" in line]

    def test_three_jumps_are_a_way_and_four_are_none(
        self, sshd: peers.Sshd, behind: peers.Sshd, ssh: LiveSsh, via: str
    ) -> None:
        port, _host = self.ways(sshd, behind, via)
        try:
            host = behind.host(via=via, jump="attic")
            assert port.run(host, ["true"], deadline_s=10).status == 0
            port._ways.hosts["behind"] = host  # type: ignore[index]
            with pytest.raises(CannotAskError, match="more than 3 hosts"):
                port.run(behind.host(via=via, jump="behind"), ["true"], deadline_s=10)
        finally:
            port.close()

    def test_a_circle_is_no_way(self, sshd: peers.Sshd, ssh: LiveSsh, via: str) -> None:
        hosts = {"a": sshd.host(via=via, jump="b"), "b": sshd.host(via=via, jump="a")}
        with pytest.raises(CannotAskError, match="in a circle"):
            LiveSsh(QUICK, hosts=hosts).run(hosts["a"], ["true"], deadline_s=5)

    def test_the_key_of_the_jump_host_is_checked_too(
        self, sshd: peers.Sshd, behind: peers.Sshd, ssh: LiveSsh, via: str, tmp_path: Path
    ) -> None:
        other = peers.public_key(peers.keygen(tmp_path / "other"))
        for keys, code in (((), "E-SSH-KEY-UNKNOWN"), ((other,), "E-SSH-KEY-CHANGED")):
            port, host = self.ways(sshd, behind, via, host_keys=keys)
            with pytest.raises(CannotAskError) as caught:
                port.run(host, ["true"], deadline_s=5)
            port.close()
            assert (caught.value.phase, caught.value.code) == ("host_key", code)
            assert PublicKey.parse(sshd.host_key()).fingerprint in caught.value.detail
            assert behind.executions() == []

    def test_the_key_of_the_host_behind_is_checked_as_ever(
        self, sshd: peers.Sshd, behind: peers.Sshd, ssh: LiveSsh, via: str
    ) -> None:
        port, host = self.ways(sshd, behind, via)
        assert host.ssh
        wrong = host.model_copy(update={"ssh": host.ssh.model_copy(update={"host_keys": (sshd.host_key(),)})})
        with pytest.raises(CannotAskError) as caught:
            port.run(wrong, ["true"], deadline_s=5)
        port.close()
        assert caught.value.code == "E-SSH-KEY-CHANGED"

    def test_a_host_that_is_down_behind_the_jump_host_was_not_asked(
        self, sshd: peers.Sshd, behind: peers.Sshd, ssh: LiveSsh, via: str
    ) -> None:
        port, _host = self.ways(sshd, behind, via)
        with pytest.raises(CannotAskError) as caught:
            port.run(behind.host(via=via, jump="door", port=str(peers.free_port())), ["true"], deadline_s=5)
        port.close()
        assert caught.value.phase in ("connect", "banner")

    def test_a_jump_host_that_the_site_lacks_is_said(self, behind: peers.Sshd, ssh: LiveSsh, via: str) -> None:
        with pytest.raises(CannotAskError, match="no jump host nowhere"):
            LiveSsh(QUICK).run(behind.host(via=via, jump="nowhere"), ["true"], deadline_s=5)


def test_the_built_in_client_does_not_go_through_a_host_of_the_other_transport(
    sshd: peers.Sshd, behind: peers.Sshd
) -> None:
    port = LiveSsh(QUICK, hosts={"door": sshd.host(via="openssh")})
    with pytest.raises(CannotAskError, match="must be, too"):
        port.run(behind.host(jump="door"), ["true"], deadline_s=5)
