"""Opening a host for commands: its key compared with the pinned ones, then login with a key file or the SSH agent."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import paramiko
from paramiko.pkey import UnknownKeyType

from runbook.model.errors import system_said
from runbook.model.replies import CannotAskError
from runbook.model.site import Host, Login
from runbook.model.text import _
from runbook.world.deadline import within
from runbook.world.ssh_keys import ALL_ALGORITHMS, PublicKey, offered, refusal
from runbook.world.ssh_transport import KEEPALIVE_S, Client, Deadlines, NoCommonHostKeyError, open_client, said

_AGENT_S = 5.0


def login_of(host: Host) -> Login:
    """How the site file signs in to `host`. Raises CannotAskError when it does not say."""
    if host.ssh is None:
        raise CannotAskError("login", _("the site file has no `ssh:` for {address}").format(address=host.address))
    return host.ssh


def logged_in(host: Host, deadlines: Deadlines) -> Client:
    """A connection to `host` that is ready for commands. Raises CannotAskError; its phase says how far it came.

    No password, no key that was not named, no agent forwarding, no terminal.
    """
    login = login_of(host)
    client = checked(host, deadlines)
    try:
        _sign_in(client, host.address, login, deadlines)
        client.set_keepalive(KEEPALIVE_S)
    except BaseException:
        client.close()
        raise
    return client


def checked(host: Host, deadlines: Deadlines) -> Client:
    """A connection to `host` whose key is pinned, not logged in. Raises CannotAskError, for the key in phase `host_key`."""
    login = login_of(host)
    pinned = tuple(PublicKey.parse(line) for line in login.host_keys)
    try:
        client, shown = open_client(host.address, login.port, offered(pinned), deadlines, legacy=login.legacy)
    except NoCommonHostKeyError:
        # The host has none of the pinned types: look at what it has instead, to name it.
        client, shown = _whatever(host.address, login, deadlines)
    if error := refusal(host.address, shown, pinned):
        client.close()
        raise error
    return client


def _whatever(address: str, login: Login, deadlines: Deadlines) -> tuple[Client, PublicKey]:
    try:
        return open_client(address, login.port, ALL_ALGORITHMS, deadlines, legacy=login.legacy)
    except NoCommonHostKeyError:
        raise CannotAskError("key_exchange", _("the SSH server has no host key of a type that is accepted")) from None


def _sign_in(client: Client, address: str, login: Login, deadlines: Deadlines) -> None:
    client.auth_timeout = deadlines.login_s
    refused = []
    with closing(_keys(login)) as keys:
        for name, key in keys:
            try:
                missing = client.auth_publickey(login.user, key)
            except paramiko.SSHException as error:
                refused.append(f"{name}: {said(error)}")
                if not client.is_active():
                    break
                continue
            if not missing:
                return
            refused.append(
                _("{key}: the host wants more ({methods})").format(key=name, methods=", ".join(missing)[:100])
            )
    sentence = _("{address} did not let {user} in ({reason})")
    raise CannotAskError(
        "login", sentence.format(address=address, user=login.user, reason="; ".join(refused) or _("no key to show"))
    )


def _keys(login: Login) -> Generator[tuple[str, paramiko.PKey], None, None]:
    """The keys to show, the named file's first. Raises CannotAskError for a file that cannot be used."""
    if login.key:
        yield login.key, _key_of_file(login.key)
    if login.agent:
        try:
            agent = within(_AGENT_S, paramiko.Agent)
        except (TimeoutError, OSError, paramiko.SSHException):
            return
        with closing(agent):
            for key in agent.get_keys():
                yield _("SSH agent"), key


def _key_of_file(name: str) -> paramiko.PKey:
    try:
        return paramiko.PKey.from_path(Path(name).expanduser())
    except (paramiko.PasswordRequiredException, TypeError):
        reason = _("it has a passphrase: add it to the SSH agent and write `agent: yes`")
    except OSError as error:
        reason = system_said(error)
    except (ValueError, RuntimeError, paramiko.SSHException, UnknownKeyType) as error:
        reason = said(error) or type(error).__name__
    raise CannotAskError("login", _("the key file {file} cannot be used: {reason}").format(file=name, reason=reason))
