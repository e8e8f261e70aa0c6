"""Opening a host for commands: its key compared with the pinned ones, then login with a key file, the SSH agent or a password."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path

import paramiko
from paramiko.pkey import UnknownKeyType

from runbook.model.errors import system_said
from runbook.model.machine import Host, Login
from runbook.model.replies import CannotAskError
from runbook.model.text import _
from runbook.world.deadline import within
from runbook.world.ssh_keys import ALL_ALGORITHMS, PublicKey, offered, refusal
from runbook.world.ssh_transport import KEEPALIVE_S, Client, Deadlines, NoCommonHostKeyError, open_client, said
from runbook.world.ssh_ways import DIRECT, Ways, login_of

_AGENT_S = 5.0


def logged_in(host: Host, deadlines: Deadlines, ways: Ways = DIRECT) -> Client:
    """A connection to `host` that is ready for commands. Raises CannotAskError; its phase says how far it came.

    Every host on the way is checked and signed in to in the same manner. Nothing is shown to it that the site file does not
    name; no agent forwarding, no terminal.
    """
    login = login_of(host)
    client = checked(host, deadlines, ways)
    try:
        _sign_in(client, host.address, login, deadlines, ways)
        client.set_keepalive(KEEPALIVE_S)
    except BaseException:
        client.close()
        raise
    return client


def checked(host: Host, deadlines: Deadlines, ways: Ways = DIRECT) -> Client:
    """A connection to `host` whose key is pinned, not logged in. Raises CannotAskError, for the key in phase `host_key`."""
    login = login_of(host)
    pinned = tuple(PublicKey.parse(line) for line in login.host_keys)
    try:
        client, shown = _opened(host, offered(pinned), deadlines, ways)
    except NoCommonHostKeyError:
        # The host has none of the pinned types: look at what it has instead, to name it.
        client, shown = _whatever(host, deadlines, ways)
    if error := refusal(host.address, shown, pinned):
        client.close()
        raise error
    return client


def _opened(host: Host, algorithms: Sequence[str], deadlines: Deadlines, ways: Ways) -> tuple[Client, PublicKey]:
    login = login_of(host)
    jumps = ways.jumps(host)
    if not jumps:
        return open_client(host.address, login.port, algorithms, deadlines, legacy=login.legacy)
    if login_of(jumps[-1]).via == "openssh":
        sentence = _("{jump} is reached `via: openssh`, so the hosts behind it must be, too")
        raise CannotAskError("login", sentence.format(jump=jumps[-1].address))
    # A connection of its own, so that dropping it drops nobody else's command.
    through = logged_in(jumps[-1], deadlines, ways)
    try:
        return open_client(
            host.address, login.port, algorithms, deadlines, legacy=login.legacy, through=(jumps[-1].address, through)
        )
    except BaseException:
        through.close()
        raise


def _whatever(host: Host, deadlines: Deadlines, ways: Ways) -> tuple[Client, PublicKey]:
    try:
        return _opened(host, ALL_ALGORITHMS, deadlines, ways)
    except NoCommonHostKeyError:
        raise CannotAskError("key_exchange", _("the SSH server has no host key of a type that is accepted")) from None


def _sign_in(client: Client, address: str, login: Login, deadlines: Deadlines, ways: Ways) -> None:
    # paramiko's own deadline is a wall time, which may be set back meanwhile.
    client.auth_timeout, seconds = deadlines.login_s, deadlines.login_s + 1
    # A secret beside a key file is that file's passphrase, and is shown to no host.
    passphrase = ways.secret(login) if login.key else ""
    refused: list[str] = []
    with closing(_keys(login, passphrase)) as keys:
        for name, key in keys:
            if _accepted(name, lambda key=key: client.auth_publickey(login.user, key), refused, seconds):  # type: ignore[misc]
                return
            if not client.is_active():
                break
    if login.secret and not login.key and client.is_active():
        password = ways.secret(login)
        # Where the host takes no passwords but asks questions, a single one is answered with it (RFC 4256).
        if _accepted(_("password"), lambda: client.auth_password(login.user, password), refused, seconds):
            return
    sentence = _("{address} did not let {user} in ({reason})")
    raise CannotAskError(
        "login", sentence.format(address=address, user=login.user, reason="; ".join(refused) or _("no key to show"))
    )


def _accepted(name: str, show: Callable[[], list[str]], refused: list[str], seconds: float) -> bool:
    """Whether what `show` shows lets us in within `seconds`; else why not is added to `refused`."""
    try:
        missing = within(seconds, show)
    except TimeoutError:
        refused.append(_("{key}: no answer").format(key=name))
        return False
    except paramiko.SSHException as error:
        refused.append(f"{name}: {said(error)}")
        return False
    if missing:
        refused.append(_("{key}: the host wants more ({methods})").format(key=name, methods=", ".join(missing)[:100]))
    return not missing


def _keys(login: Login, passphrase: str) -> Generator[tuple[str, paramiko.PKey], None, None]:
    """The keys to show, the named file's first. Raises CannotAskError for a file that cannot be used."""
    if login.key:
        yield login.key, _key_of_file(login.key, passphrase)
    if login.agent:
        try:
            agent = within(_AGENT_S, paramiko.Agent)
        except (TimeoutError, OSError, paramiko.SSHException):
            return
        with closing(agent):
            for key in agent.get_keys():
                yield _("SSH agent"), key


def _key_of_file(name: str, passphrase: str) -> paramiko.PKey:
    path = Path(name).expanduser()
    try:
        # By position: its name has changed between versions. The stubs ask for a text, the library for bytes.
        return paramiko.PKey.from_path(path, passphrase.encode() if passphrase else None)  # type: ignore[arg-type]
    except (paramiko.PasswordRequiredException, TypeError):
        if passphrase:
            return _key_of_file(name, "")  # a passphrase that the file does not need
        reason = _("it has a passphrase: name it as `secret`, or add the key to the SSH agent and write `agent: yes`")
    except OSError as error:
        reason = system_said(error)
    except ValueError as error:
        reason = _("the secret does not open it, or it is no private key") if passphrase else said(error)
    except (RuntimeError, paramiko.SSHException, UnknownKeyType) as error:
        reason = said(error) or type(error).__name__
    raise CannotAskError("login", _("the key file {file} cannot be used: {reason}").format(file=name, reason=reason))
