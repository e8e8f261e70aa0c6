"""Servers and files that want more than to be asked, and secrets: what is denied, bounded, never shown and never given away."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import paramiko
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runbook.model.machine import Host
from runbook.model.replies import CannotAskError
from runbook.model.site import Secret
from runbook.world.secrets import SiteSecrets
from runbook.world.ssh import LiveSsh
from tests import peers
from tests.world.broken_ssh import Broken, broken
from tests.world.conftest import QUICK

VIA = pytest.mark.parametrize("via", ["paramiko", "openssh"])
PASSWORD = "correct horse\u2019 battery"


class Kept(SiteSecrets):
    """Secrets of a file, and which of them were asked for."""

    def __init__(self, folder: Path, **secrets: str) -> None:
        file = folder / "secrets.env"
        file.touch(0o600)
        file.write_text("".join(f"{name}={value}\n" for name, value in secrets.items()), encoding="utf-8")
        declared = {name: Secret.model_validate({"secret": "env-file", "file": str(file)}) for name in secrets}
        super().__init__(declared)
        self.asked: list[str] = []

    def value(self, name: str) -> str:
        self.asked.append(name)
        return super().value(name)


def by(host: Host, **login: object) -> Host:
    """The host with another `ssh:`."""
    assert host.ssh
    return host.model_copy(update={"ssh": host.ssh.model_copy(update=login)})


# -- what a server may not have (H27) -----------------------------------------------------------------------------------

CHANNELS = ("session", "x11", "auth-agent@openssh.com", "forwarded-tcpip", "direct-tcpip")


@VIA
def test_a_server_opens_no_channel_to_this_laptop(sshd: peers.Sshd, ssh: LiveSsh, via: str) -> None:
    """H27: agent, X11 and reverse channels are denied."""
    opened: list[str] = []
    refused: list[str] = []

    def asks_for_more(server: Broken, channel: paramiko.Channel) -> None:
        assert server.transport is not None
        for kind in CHANNELS:
            with suppress(paramiko.SSHException, EOFError):
                try:
                    server.transport.open_channel(kind, ("127.0.0.1", 22), ("127.0.0.1", 22), timeout=3)
                except paramiko.ChannelException:
                    refused.append(kind)
                else:
                    opened.append(kind)
        channel.send_exit_status(0)
        channel.close()

    with broken(Broken(asks_for_more), sshd) as host:
        assert ssh.run(by(host, via=via), ["true"], deadline_s=20).status == 0
    assert (opened, refused) == ([], list(CHANNELS))


@VIA
def test_neither_agent_nor_terminal_nor_environment_is_offered(sshd: peers.Sshd, ssh: LiveSsh, via: str) -> None:
    requests: list[str] = []

    class Notes(Broken):
        def check_channel_pty_request(self, *_about: object) -> bool:
            requests.append("pty")
            return True

        def check_channel_forward_agent_request(self, channel: paramiko.Channel) -> bool:
            requests.append("agent")
            return True

        def check_channel_x11_request(self, *_about: object) -> bool:
            requests.append("x11")
            return True

        def check_channel_env_request(self, channel: paramiko.Channel, name: bytes, value: bytes) -> bool:
            requests.append(f"env {name!r}")
            return True

        def check_port_forward_request(self, address: str, port: int) -> bool:
            requests.append("forward")
            return True

    def ends(_server: Broken, channel: paramiko.Channel) -> None:
        channel.send_exit_status(0)
        channel.close()

    with broken(Notes(ends), sshd) as host:
        assert ssh.run(by(host, via=via), ["true"], deadline_s=5).status == 0
    assert requests == []


# -- floods and prompts (H26) -------------------------------------------------------------------------------------------


@VIA
def test_a_flood_of_debug_messages_ends_at_the_deadline(sshd: peers.Sshd, ssh: LiveSsh, via: str) -> None:
    """H26."""

    def floods(server: Broken, channel: paramiko.Channel) -> None:
        message = paramiko.Message()
        message.add_byte(b"\x04")  # SSH_MSG_DEBUG: RFC 4253 section 11.3
        message.add_boolean(True)
        message.add_string("\x1b[2Jdebug1: Sending command:" + "x" * 20_000)
        message.add_string("")
        end = time.monotonic() + 6
        while time.monotonic() < end and server.transport is not None and server.transport.is_active():
            server.transport._send_message(message)  # type: ignore[attr-defined]

    server = Broken(floods)
    with broken(server, sshd) as host:
        began = time.monotonic()
        reply = ssh.run(by(host, via=via), ["restart"], deadline_s=1)
        assert time.monotonic() - began < 5
    assert reply.status is None
    assert server.commands == [b"restart"]
    assert reply.stderr.size_bytes == 0


class Asks(Broken):
    """Lets nobody in by key; takes the password, or asks for it in its own words."""

    def __init__(self, methods: str, questions: list[tuple[str, bool]]) -> None:
        super().__init__(self._end)
        self.methods, self.questions = methods, questions
        self.answers: list[list[str]] = []
        self.passwords: list[str] = []
        self.tried: list[str] = []

    @staticmethod
    def _end(_server: Broken, channel: paramiko.Channel) -> None:
        channel.send_exit_status(0)
        channel.close()

    def get_allowed_auths(self, username: str) -> str:
        return self.methods

    def check_auth_none(self, username: str) -> int:
        self.tried.append("none")
        return paramiko.common.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self.tried.append("key")
        return paramiko.common.AUTH_FAILED

    def check_auth_password(self, username: str, password: str) -> int:
        self.passwords.append(password)
        right = "password" in self.methods and password == PASSWORD
        return paramiko.common.AUTH_SUCCESSFUL if right else paramiko.common.AUTH_FAILED

    def check_auth_interactive(self, username: str, submethods: str) -> paramiko.InteractiveQuery | int:
        if "interactive" not in self.methods:
            return paramiko.common.AUTH_FAILED
        return paramiko.InteractiveQuery("\x1b[2J\x1b]0;Bank\x07", "\x1b]52;c;aWQ=\x07 Please", *self.questions)

    def check_auth_interactive_response(self, responses: list[str]) -> int:
        self.answers.append(list(responses))
        return paramiko.common.AUTH_SUCCESSFUL if responses == [PASSWORD] else paramiko.common.AUTH_FAILED


@pytest.fixture
def secrets(tmp_path: Path) -> Kept:
    return Kept(tmp_path, switch=PASSWORD, wrong="wrong", phrase="a passphrase of mine")


@pytest.fixture
def keeper(secrets: Kept) -> Iterator[LiveSsh]:
    """The SSH port of a site with secrets."""
    port = LiveSsh(QUICK, secrets=secrets)
    yield port
    port.close()


@pytest.mark.parametrize("methods", ["password", "keyboard-interactive"])
def test_a_password_lets_in_and_what_the_server_says_is_not_shown(
    sshd: peers.Sshd, keeper: LiveSsh, methods: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """H26: prompts with escapes."""
    server = Asks(methods, [("\x1b]52;c;aWQ=\x07Password: ", False)])
    with broken(server, sshd) as host:
        assert keeper.run(by(host, key="", secret="switch"), ["true"], deadline_s=5).status == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("methods", ["password", "keyboard-interactive", "publickey"])
def test_a_wrong_password_is_refused_in_phase_login_and_not_said(
    sshd: peers.Sshd, keeper: LiveSsh, methods: str
) -> None:
    server = Asks(methods, [("Password: ", False)])
    with broken(server, sshd) as host, pytest.raises(CannotAskError) as caught:
        keeper.run(by(host, key="", secret="wrong"), ["true"], deadline_s=5)
    assert caught.value.phase == "login"
    assert "wrong" not in caught.value.detail.replace("wrong password", "")
    assert server.commands == []


def test_several_questions_are_not_answered(sshd: peers.Sshd, keeper: LiveSsh) -> None:
    server = Asks("keyboard-interactive", [("Password: ", False), ("Your mother's name: ", True)])
    with broken(server, sshd) as host, pytest.raises(CannotAskError) as caught:
        keeper.run(by(host, key="", secret="switch"), ["true"], deadline_s=5)
    assert (caught.value.phase, server.answers) == ("login", [])


def test_a_password_is_shown_to_no_host_whose_key_is_not_pinned(
    sshd: peers.Sshd, keeper: LiveSsh, secrets: Kept
) -> None:
    server = Asks("password", [])
    with broken(server, sshd) as host, pytest.raises(CannotAskError) as caught:
        keeper.run(by(host, key="", secret="switch", host_keys=()), ["true"], deadline_s=5)
    assert (caught.value.phase, server.passwords, secrets.asked) == ("host_key", [], [])


def test_without_a_key_or_a_secret_nothing_is_shown_at_all(sshd: peers.Sshd, keeper: LiveSsh) -> None:
    """H26: a server that would let everybody in by `none` is not asked to."""
    server = Asks("none,password", [])
    with broken(server, sshd) as host, pytest.raises(CannotAskError, match="no key to show"):
        keeper.run(by(host, key=""), ["true"], deadline_s=5)
    assert (server.tried, server.passwords) == ([], [])


@pytest.fixture
def locked(sshd: peers.Sshd, tmp_path: Path) -> Path:
    """The user's key with a passphrase."""
    key = tmp_path / "locked"
    shutil.copyfile(sshd.key, key)
    key.chmod(0o600)
    change = [peers.program("ssh-keygen"), "-q", "-p", "-P", "", "-N", "a passphrase of mine", "-f", str(key)]
    subprocess.run(change, check=True, stdin=subprocess.DEVNULL)
    return key


def test_a_key_with_a_passphrase_is_opened_by_the_secret(sshd: peers.Sshd, keeper: LiveSsh, locked: Path) -> None:
    assert keeper.run(sshd.host(key=str(locked), secret="phrase"), ["true"], deadline_s=5).status == 0
    assert keeper.run(sshd.host(secret="phrase"), ["true"], deadline_s=5).status == 0  # one that needs none
    with pytest.raises(CannotAskError, match="the secret does not open it"):
        keeper.run(sshd.host(key=str(locked), secret="wrong"), ["true"], deadline_s=5)


def test_a_passphrase_is_never_shown_to_a_host_as_a_password(sshd: peers.Sshd, keeper: LiveSsh, locked: Path) -> None:
    server = Asks("publickey,password", [])
    with broken(server, sshd) as host, pytest.raises(CannotAskError):
        keeper.run(by(host, key=str(locked), secret="phrase"), ["true"], deadline_s=5)
    assert (server.tried, server.passwords) == (["key"], [])


@contextmanager
def watched(*secrets: str) -> Iterator[list[str]]:
    """Look at the arguments and the environment of every process while the block runs; the places where a secret stood."""
    found: list[str] = []
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            for place in Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "environ"):
                    with suppress(OSError):
                        data = (place / name).read_bytes()
                        found.extend(str(place / name) for secret in secrets if secret.encode() in data)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield found
    finally:
        over.set()
        looking.join()


def test_a_secret_is_never_in_the_arguments_or_the_environment_of_a_process(
    sshd: peers.Sshd, keeper: LiveSsh, locked: Path
) -> None:
    """H42."""
    peers.program("ps")
    with watched(PASSWORD, "a passphrase of mine") as found:
        assert keeper.run(sshd.host(key=str(locked), secret="phrase"), ["sleep", "0.5"], deadline_s=5).status == 0
        with broken(Asks("password", []), sshd) as host:
            assert keeper.run(by(host, key="", secret="switch"), ["true"], deadline_s=5).status == 0
        with pytest.raises(CannotAskError):
            keeper.run(sshd.host(via="openssh", secret="phrase"), ["true"], deadline_s=5)
    assert found == []
    with watched("seen by this test") as found:
        subprocess.run(["sh", "-c", "sleep 0.5 # seen by this test"], check=True)
    assert found


# -- the person's own files (H24) ---------------------------------------------------------------------------------------


@VIA
@pytest.mark.parametrize("oddity", ["marks", "garbage", "large", "everybody", "pipe", "folder"])
def test_known_hosts_of_the_person_are_never_read(
    sshd: peers.Sshd, ssh: LiveSsh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, via: str, oddity: str
) -> None:
    """H24: the pinned keys are the only ones, whatever stands in known_hosts."""
    file = tmp_path / ".ssh" / "known_hosts"
    file.parent.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    here = f"[127.0.0.1]:{sshd.port}"
    if oddity == "marks":
        file.write_text(f"@revoked * {sshd.host_key()}\n@cert-authority * {sshd.host_key()}\n", encoding="ascii")
    elif oddity == "garbage":
        file.write_bytes(os.urandom(4096))
    elif oddity == "large":
        with file.open("wb") as large:
            large.truncate(100 << 20)
    elif oddity == "everybody":
        file.write_text(f"{here} {sshd.host_key()}\n", encoding="ascii")
        file.chmod(0o777)
    elif oddity == "pipe":
        os.mkfifo(file)
    else:
        file.mkdir()
    before = file.lstat()
    assert ssh.run(sshd.host(via=via), ["true"], deadline_s=10).status == 0
    with pytest.raises(CannotAskError) as caught:
        ssh.run(sshd.host(via=via, host_keys=()), ["true"], deadline_s=10)
    assert caught.value.code == "E-SSH-KEY-UNKNOWN"
    assert (file.lstat().st_mtime_ns, file.lstat().st_size) == (before.st_mtime_ns, before.st_size)


@VIA
def test_a_secret_in_an_output_is_taken_out_before_the_hash(
    sshd: peers.Sshd, keeper: LiveSsh, secrets: Kept, via: str
) -> None:
    """H42."""
    secrets.value("switch")
    reply = keeper.run(sshd.host(via=via), ["printf", "%s\\n", PASSWORD], deadline_s=10)
    assert PASSWORD not in reply.stdout.text()
    assert reply.stdout.sha256 == hashlib.sha256(reply.stdout.head).hexdigest()


@VIA
def test_a_key_that_another_host_of_the_site_has_is_a_changed_key(
    sshd: peers.Sshd, ssh: LiveSsh, via: str, tmp_path: Path
) -> None:
    """H23: each host is checked by its own pin, though a connection to the key's real owner is open."""
    owner = sshd.host(via=via)
    assert ssh.run(owner, ["true"], deadline_s=10).status == 0
    other = peers.public_key(peers.keygen(tmp_path / "other"))
    with pytest.raises(CannotAskError) as caught:
        ssh.run(sshd.host(via=via, host_keys=(other,)), ["true"], deadline_s=5)
    assert caught.value.code == "E-SSH-KEY-CHANGED"
    assert ssh.run(sshd.host(via=via, host_keys=(other, sshd.host_key())), ["true"], deadline_s=10).status == 0


@VIA
def test_the_agents_keys_are_used_only_where_the_site_file_says_so(
    sshd: peers.Sshd, ssh: LiveSsh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, via: str
) -> None:
    address = tmp_path / "agent"
    with peers.process(peers.program("ssh-agent"), "-D", "-a", str(address), cwd=tmp_path, log=tmp_path / "agent.log"):
        peers.until(address.exists)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(address))
        subprocess.run(["ssh-add", "-q", str(sshd.key)], check=True, stdin=subprocess.DEVNULL)
        assert ssh.run(sshd.host(via=via, key="", agent="yes"), ["true"], deadline_s=10).status == 0
        other = str(peers.keygen(tmp_path / "other"))
        for key in ("", other):
            with pytest.raises(CannotAskError) as caught:
                ssh.run(sshd.host(via=via, key=key), ["true"], deadline_s=10)
            assert caught.value.phase == "login"


# -- any text through any shell (H12) -----------------------------------------------------------------------------------

NASTY = [
    "'; reboot #",
    "$(id)",
    "`id`",
    "a\nb",
    "-rf",
    "--",
    "",
    "%n",
    "{0.__class__}",
    "\\",
    "!!",
    "~",
    "*",
    "\r\n\t",
    "\x1b[2J",
    "中文 '\"",
    "x" * 100_000,
]
WORDS = st.lists(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200), min_size=1, max_size=4
)


def shells() -> list[str]:
    """The shells of this machine that an account may have."""
    return [name for name in ("sh", "bash", "dash", "busybox", "ksh", "mksh", "zsh") if shutil.which(name)]


@pytest.fixture(scope="module", params=shells())
def account(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[peers.Sshd]:
    """A server that hands the line to one shell, as the shell of an account gets it."""
    shell = f"{shutil.which(request.param)}{' sh' if request.param == 'busybox' else ''}"
    folder = tmp_path_factory.mktemp(request.param)
    script = folder / "shell.sh"
    script.write_text(f'exec {shell} -c "$SSH_ORIGINAL_COMMAND"\n', encoding="ascii")
    with peers.sshd(folder, options={"ForceCommand": f"/bin/sh {script}"}) as server:
        yield server


@pytest.fixture(scope="module")
def kept_open() -> Iterator[LiveSsh]:
    port = LiveSsh(QUICK)
    yield port
    port.close()


@given(words=WORDS)
@example(words=NASTY)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_goes_through_a_real_shell_and_comes_back_unchanged(
    account: peers.Sshd, kept_open: LiveSsh, words: list[str]
) -> None:
    """H12."""
    program = "import base64,sys; print(*(base64.b64encode(w.encode('utf-8','surrogateescape')).decode() for w in sys.argv[1:]))"
    reply = kept_open.run(
        account.host(), [peers.program("python3"), "-c", program, *words], deadline_s=20, keep_bytes=1 << 20
    )
    assert reply.status == 0, reply.stderr.text()
    # An empty word is an empty place in the line: split at single blanks.
    back = reply.stdout.text().removesuffix("\n").split(" ")
    assert [base64.b64decode(word).decode() for word in back] == words


def test_every_shell_that_the_tests_ask_for_is_there() -> None:
    for name in ("sh", "bash", "dash", "busybox"):
        peers.program(name)
