"""Commands over SSH against OpenSSH: what comes back, what is refused, and in which phase it ended."""

from __future__ import annotations

import hashlib
import shlex
import socket
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runbook.engine.at_once import at_once
from runbook.model.machine import Host
from runbook.model.replies import CannotAskError
from runbook.world.keyscan import host_keys
from runbook.world.ssh import LiveSsh, command_line
from runbook.world.ssh_keys import PublicKey
from tests import peers


def test_a_command_runs_and_both_streams_and_its_status_come_back(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    reply = ssh.run(sshd.host(), ["sh", "-c", "echo out; echo err >&2; exit 3"], deadline_s=10)
    assert (reply.status, reply.ended) == (3, "exit")
    assert (reply.stdout.text(), reply.stderr.text()) == ("out\n", "err\n")


WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200)


@given(words=st.lists(WORDS, min_size=1, max_size=5))
@example(
    words=[
        "; reboot",
        "$(reboot)",
        "`reboot`",
        "'",
        '"',
        "\\",
        "-n",
        "*",
        "~",
        "!",
        "a\nb",
        "\r\n",
        "",
        "CTI服务器",
        "\x1b[2J",
    ]
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_argument_reaches_the_program_unchanged(sshd: peers.Sshd, ssh: LiveSsh, words: list[str]) -> None:
    reply = ssh.run(sshd.host(), ["printf", "%s\\0", *words], deadline_s=10)
    assert reply.stdout.head == b"".join(word.encode() + b"\0" for word in words)


@pytest.mark.parametrize("argv", [["a", "b\0c"], ["a", "\ud800"], []])
def test_a_word_that_cannot_be_sent_is_refused_before_anything_is(argv: list[str]) -> None:
    with pytest.raises(CannotAskError) as caught:
        command_line(Host(address="192.0.2.1"), argv)
    assert caught.value.phase == "channel"


def test_sudo_is_asked_never_to_ask() -> None:
    host = Host.model_validate({"address": "192.0.2.1", "ssh": {"user": "ops", "sudo": "yes"}})
    assert command_line(host, ["systemctl", "restart", "a b"]) == b"sudo -n -- systemctl restart 'a b'"


def test_output_of_any_size_is_kept_as_head_tail_size_and_hash(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    # 40 MB on stdout and 10 MB on stderr at once: reading one to its end first would wait for ever.
    flood = "head -c 10000000 /dev/zero >&2 & head -c 40000000 /dev/zero; wait; echo end"
    reply = ssh.run(sshd.host(), ["sh", "-c", flood], deadline_s=60)
    assert (reply.status, reply.stdout.size_bytes, reply.stderr.size_bytes) == (0, 40000004, 10000000)
    assert len(reply.stdout.head) == len(reply.stdout.tail) == 65536
    assert reply.stdout.tail.endswith(b"\0end\n")
    assert reply.stdout.sha256 == hashlib.sha256(bytes(40000000) + b"end\n").hexdigest()
    assert "[... 39868932 bytes ...]" in reply.stdout.text()


def test_output_that_is_no_text_is_replaced_not_lost(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    reply = ssh.run(sshd.host(), ["printf", "\\377\\376A"], deadline_s=10)
    assert reply.stdout.head == b"\xff\xfeA"
    assert reply.stdout.text() == "\ufffd\ufffdA"


def test_a_command_that_outlives_its_deadline_is_unknown(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    mark = f"deadline-{time.monotonic_ns()}"
    reply = ssh.run(sshd.host(), ["sh", "-c", f"echo begun; sleep 3; : {mark}"], deadline_s=0.7)
    assert (reply.status, reply.ended, reply.stdout.text()) == (None, "deadline", "begun\n")
    assert 0.6 < reply.elapsed_s < 1.5
    assert sum(mark in line for line in sshd.executions()) == 1


def test_one_byte_a_second_ends_at_the_deadline(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    """H21: output that never ends does not hold the answer."""
    reply = ssh.run(sshd.host(), ["sh", "-c", "while :; do printf x; sleep 0.2; done"], deadline_s=1)
    assert (reply.status, reply.ended) == (None, "deadline")
    assert reply.stdout.size_bytes >= 3


def test_an_endless_flood_ends_at_the_deadline(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    """H21."""
    reply = ssh.run(sshd.host(), ["cat", "/dev/zero"], deadline_s=1)
    assert (reply.status, reply.ended) == (None, "deadline")
    assert reply.elapsed_s < 3


def test_a_command_killed_by_a_signal_says_so(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    """H22."""
    reply = ssh.run(sshd.host(), ["exec", "sh", "-c", "kill -9 $$"], deadline_s=10)
    assert (reply.status, reply.ended) == (255, "signal")


def test_a_background_process_that_keeps_the_streams_does_not_hold_the_answer(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    reply = ssh.run(sshd.host(), ["sh", "-c", "sleep 20 & echo started"], deadline_s=15)
    assert (reply.status, reply.ended, reply.stdout.text()) == (0, "exit", "started\n")
    assert reply.elapsed_s < 5


def test_one_connection_serves_many_commands(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    ports = {ssh.run(sshd.host(), ["sh", "-c", "echo $SSH_CONNECTION"], deadline_s=10).stdout.text() for _ in range(3)}
    assert len(ports) == 1


def test_more_commands_at_once_than_a_server_takes_wait_for_their_turn(tmp_path: Path, ssh: LiveSsh) -> None:
    """OpenSSH takes ten sessions over one connection (`MaxSessions`); whoever asks for forty at once loses none."""
    with peers.sshd(tmp_path / "ten", options={"MaxSessions": "10"}) as server:
        host = server.host()
        replies = at_once(lambda _n: ssh.run(host, ["sleep", "0.2"], deadline_s=20), range(40))
    assert [reply.status for reply in replies] == [0] * 40


def test_a_kept_connection_that_died_is_opened_anew_and_the_command_runs_once(tmp_path: Path, ssh: LiveSsh) -> None:
    with peers.sshd(tmp_path / "sshd") as first:
        assert ssh.run(first.host(), ["true"], deadline_s=10).status == 0
    with peers.sshd(tmp_path / "sshd", port=first.port) as second:
        assert ssh.run(second.host(), ["echo", "again"], deadline_s=10).stdout.text() == "again\n"
        assert second.executions() == ["true", "echo again"]


def test_a_server_that_is_gone_is_refused_in_phase_connect(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    assert phase_of(ssh, sshd, port=str(peers.free_port())) == "connect"


def test_a_wrong_user_is_refused_in_phase_login(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    assert phase_of(ssh, sshd, user="nobody-of-that-name") == "login"


def test_a_wrong_key_is_refused_in_phase_login(sshd: peers.Sshd, ssh: LiveSsh, tmp_path: Path) -> None:
    assert phase_of(ssh, sshd, key=str(peers.keygen(tmp_path / "other"))) == "login"


def test_a_key_file_that_cannot_be_used_is_named(sshd: peers.Sshd, ssh: LiveSsh, tmp_path: Path) -> None:
    (tmp_path / "garbage").write_bytes(b"\x00\xff no key")
    locked = peers.keygen(tmp_path / "locked")
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "secret words", "-f", str(locked)], check=True)
    for name, words in (("absent", "No such file"), ("garbage", ""), ("locked", "agent: yes")):
        with pytest.raises(CannotAskError, match="cannot be used") as caught:
            ssh.run(sshd.host(key=str(tmp_path / name)), ["true"], deadline_s=5)
        assert caught.value.phase == "login"
        assert name in caught.value.detail
        assert words in caught.value.detail


def test_no_key_at_all_is_said(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    with pytest.raises(CannotAskError, match="no key to show"):
        ssh.run(sshd.host(key=""), ["true"], deadline_s=5)


def test_a_host_without_ssh_is_refused_in_phase_login(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    with pytest.raises(CannotAskError) as caught:
        ssh.run(sshd.host().model_copy(update={"ssh": None}), ["true"], deadline_s=5)
    assert caught.value.phase == "login"


def fingerprint(sshd: peers.Sshd, kind: str) -> str:
    """What OpenSSH itself says."""
    command = ["ssh-keygen", "-lf", str(sshd.folder / f"host_{kind}.pub")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[1]


def test_an_unknown_host_key_is_refused_with_its_fingerprint(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    """H23."""
    before = sshd.executions()
    with pytest.raises(CannotAskError) as caught:
        ssh.run(sshd.host(host_keys=()), ["true"], deadline_s=5)
    assert (caught.value.phase, caught.value.code) == ("host_key", "E-SSH-KEY-UNKNOWN")
    assert fingerprint(sshd, "ed25519") in caught.value.detail
    assert "runbook site scan 127.0.0.1" in caught.value.detail
    assert sshd.executions() == before


def test_a_changed_host_key_is_refused_with_both_fingerprints(sshd: peers.Sshd, ssh: LiveSsh, tmp_path: Path) -> None:
    """H23."""
    other = peers.public_key(peers.keygen(tmp_path / "other"))
    with pytest.raises(CannotAskError) as caught:
        ssh.run(sshd.host(host_keys=(other,)), ["true"], deadline_s=5)
    assert (caught.value.phase, caught.value.code) == ("host_key", "E-SSH-KEY-CHANGED")
    assert fingerprint(sshd, "ed25519") in caught.value.detail
    assert PublicKey.parse(other).fingerprint in caught.value.detail


def test_a_host_that_shows_only_another_type_than_the_pinned_one_is_refused(ssh: LiveSsh, tmp_path: Path) -> None:
    """H23: the type of the key cannot be downgraded."""
    pinned = peers.public_key(peers.keygen(tmp_path / "ecdsa", "ecdsa"))
    with peers.sshd(tmp_path / "sshd") as server, pytest.raises(CannotAskError) as caught:
        ssh.run(server.host(host_keys=(pinned,)), ["true"], deadline_s=5)
    assert caught.value.code == "E-SSH-KEY-CHANGED"
    assert "ssh-ed25519 SHA256:" in caught.value.detail


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_host_with_several_keys_shows_the_pinned_one(sshd: peers.Sshd, ssh: LiveSsh, kind: str) -> None:
    assert ssh.run(sshd.host(host_keys=(sshd.host_key(kind),)), ["true"], deadline_s=10).status == 0


def test_a_pin_that_is_no_base64_never_fits(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    with pytest.raises(CannotAskError, match="not readable"):
        ssh.run(sshd.host(host_keys=("ssh-ed25519 A",)), ["true"], deadline_s=5)


def test_a_site_file_with_other_pins_does_not_use_the_old_connection(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    assert ssh.run(sshd.host(), ["true"], deadline_s=10).status == 0
    assert phase_of(ssh, sshd, host_keys=()) == "host_key"


def test_the_scan_finds_every_key_and_openssh_agrees(sshd: peers.Sshd) -> None:
    found = host_keys("127.0.0.1", sshd.port)
    assert {str(key) for key in found} == {sshd.host_key(kind) for kind in ("ed25519", "ecdsa", "rsa")}
    assert {key.fingerprint for key in found} == {fingerprint(sshd, kind) for kind in ("ed25519", "ecdsa", "rsa")}


def test_the_agents_keys_are_used_when_the_site_file_says_so(
    sshd: peers.Sshd, ssh: LiveSsh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = peers.program("ssh-agent")
    address = tmp_path / "agent"
    with peers.process(agent, "-D", "-a", str(address), cwd=tmp_path, log=tmp_path / "agent.log"):
        peers.until(address.exists)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(address))
        subprocess.run(["ssh-add", "-q", str(sshd.key)], check=True, stdin=subprocess.DEVNULL)
        assert ssh.run(sshd.host(key="", agent="yes"), ["true"], deadline_s=10).status == 0
        assert phase_of(ssh, sshd, key="") == "login"


def test_nagle_is_off(sshd: peers.Sshd, ssh: LiveSsh) -> None:
    ssh.run(sshd.host(), ["true"], deadline_s=10)
    (seat,) = ssh._seats.values()
    assert seat.client is not None
    assert isinstance(seat.client.sock, socket.socket)
    assert seat.client.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_weak_algorithms_are_not_offered_unless_the_host_is_legacy(sshd: peers.Sshd, tmp_path: Path) -> None:
    from runbook.world.ssh_transport import Deadlines, open_client

    for legacy in (False, True):
        client, _key = open_client("127.0.0.1", sshd.port, ["ssh-ed25519"], Deadlines(), legacy=legacy)
        weak = [name for name in (*client.preferred_ciphers, *client.preferred_macs) if "cbc" in name or "md5" in name]
        client.close()
        assert bool(weak) == legacy


def phase_of(ssh: LiveSsh, sshd: peers.Sshd, **login: object) -> str:
    """In which phase a command could not be asked for; fails when the server ran it."""
    mark = shlex.join(["echo", f"never-{time.monotonic_ns()}"])
    with pytest.raises(CannotAskError) as caught:
        ssh.run(sshd.host(**login), shlex.split(mark), deadline_s=5)
    assert mark not in sshd.executions()
    return caught.value.phase
