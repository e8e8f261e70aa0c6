"""What the system's `ssh` is told, and what its own words mean: a configuration for one call, and its log read. Pure.

Sources: ssh_config(5); the lines of the log are those of OpenSSH 7.5 to 10.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from runbook.model.machine import Host, Login
from runbook.model.replies import CannotAskError, Phase
from runbook.model.text import _
from runbook.world.ssh_ways import login_of

TARGET = "target"
"""The name of the host itself in the configuration; those on the way to it are `jump-1`, `jump-2`, ..."""

_NAME = re.compile(r"[A-Za-z0-9._:][A-Za-z0-9._:-]*")
"""A host or user that is neither an option nor anything to a shell (CVE-2023-51385)."""

OLD = {
    "kex": ("diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1", "diffie-hellman-group1-sha1"),
    "cipher": ("aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"),
    "mac": ("hmac-sha1", "hmac-sha1-96", "hmac-md5"),
    "key-sig": ("ssh-rsa",),
}
"""What `legacy: yes` adds, by the name under which `ssh -Q` lists what it has."""

_COMMON = """\
Host *
  BatchMode yes
  StrictHostKeyChecking yes
  UserKnownHostsFile "{known_hosts}"
  GlobalKnownHostsFile {nowhere}
  UpdateHostKeys no
  VerifyHostKeyDNS no
  CheckHostIP no
  CanonicalizeHostname no
  ForwardAgent no
  ForwardX11 no
  ExitOnForwardFailure yes
  Tunnel no
  PermitLocalCommand no
  RequestTTY no
  EscapeChar none
  ControlMaster no
  ControlPath none
  ConnectTimeout {connect_s}
  ConnectionAttempts 1
  ServerAliveInterval 10
  ServerAliveCountMax 3
  PreferredAuthentications publickey
  PasswordAuthentication no
  AddKeysToAgent no
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same for all hosts of one call: where its files are, and which old algorithms this `ssh` still has."""

    known_hosts: Path
    nowhere: str
    connect_s: float
    old: Mapping[str, Sequence[str]]


def configuration(way: Sequence[Host], setting: Setting) -> str:
    """The whole `-F` file for the last host of `way`, reached through the others in order. Raises CannotAskError."""
    names = aliases(way)
    blocks = [
        _block(name, host, names[number - 1] if number else "", setting)
        for number, (name, host) in enumerate(zip(names, way, strict=True))
    ]
    common = _COMMON.format(
        known_hosts=_quoted(setting.known_hosts), nowhere=setting.nowhere, connect_s=max(1, round(setting.connect_s))
    )
    return "".join((*blocks, common))


def aliases(way: Sequence[Host]) -> tuple[str, ...]:
    """The name of each host of `way` in the configuration and among the known hosts."""
    return (*(f"jump-{number}" for number in range(1, len(way))), TARGET)


def known_hosts(way: Sequence[Host]) -> str:
    """The pinned keys of each host of `way` under its name, and no others."""
    lines = [f"{name} {key}" for name, host in zip(aliases(way), way, strict=True) for key in login_of(host).host_keys]
    return "".join(f"{line}\n" for line in lines)


def _block(name: str, host: Host, through: str, setting: Setting) -> str:
    login = login_of(host)
    for value in (host.address, login.user):
        if not _NAME.fullmatch(value):
            sentence = _("{value!r} is no host or user name that may be given to the system's `ssh`")
            raise CannotAskError("login", sentence.format(value=value[:100]))
    lines = [
        f"Host {name}",
        f"HostName {host.address}",
        f"HostKeyAlias {name}",
        f"User {login.user}",
        f"Port {login.port}",
        # The log of the host itself goes to a file and is read; that of a jump host comes with the command's own errors.
        f"LogLevel {'DEBUG1' if name == TARGET else 'ERROR'}",
        *_identity(login),
        *(_old(setting.old) if login.legacy else _MODERN),
    ]
    if through:
        lines.append(f"ProxyJump {through}")
    return "\n  ".join(lines) + "\n"


def _identity(login: Login) -> list[str]:
    key = f'IdentityFile "{_quoted(Path(login.key).expanduser())}"' if login.key else "IdentityFile none"
    return [key, "IdentitiesOnly no"] if login.agent else [key, "IdentitiesOnly yes", "IdentityAgent none"]


_MODERN = ("Ciphers -*-cbc", "MACs -hmac-sha1*,hmac-md5*", "KexAlgorithms -*-sha1")


def _old(old: Mapping[str, Sequence[str]]) -> list[str]:
    options = (("KexAlgorithms", "kex"), ("Ciphers", "cipher"), ("MACs", "mac"))
    lines = [f"{option} +{','.join(old[kind])}" for option, kind in options if old.get(kind)]
    if signatures := ",".join(old.get("key-sig", ())):
        lines += [f"HostKeyAlgorithms +{signatures}", f"PubkeyAcceptedKeyTypes +{signatures}"]
    return lines


def _quoted(path: PurePath) -> str:
    """A path inside the double quotes of the configuration, where % and ${ are `ssh`'s own. Raises CannotAskError."""
    text = path.as_posix()
    if not text.isprintable() or '"' in text or "${" in text or "\\" in text:
        raise CannotAskError("login", _("the path {path!r} cannot be given to the system's `ssh`").format(path=text))
    return text.replace("%", "%%")


# -- its log ------------------------------------------------------------------------------------------------------------

_PHASES: tuple[tuple[str, Phase], ...] = (
    ("Host key verification failed", "host_key"),
    ("Could not resolve hostname", "resolve"),
    ("Network is unreachable", "route"),
    ("Connection timed out during banner", "banner"),
    ("kex_exchange_identification", "banner"),
    ("banner line", "banner"),
    ("Unable to negotiate", "key_exchange"),
    ("Permission denied", "login"),
    ("Too many authentication failures", "login"),
    ("connect to host", "connect"),
    ("Authentications that can continue", "login"),
    ("SSH2_MSG_KEXINIT", "key_exchange"),
    ("Local version string", "banner"),
    ("Connecting to", "connect"),
)
"""Words of `ssh` -> how far it had come; the first that are found count."""


def started(log: str) -> bool:
    """Whether the command was handed to the connection, so that the host may have started it."""
    return re.search(r"^debug1: Sending command:", log, re.MULTILINE) is not None


def refused_to_run(log: str) -> bool:
    """Whether the host said that it runs no commands for this account."""
    return re.search(r"^exec request failed on channel", log, re.MULTILINE) is not None


def ended_by(log: str, returncode: int) -> tuple[int | None, str]:
    """Status and end (`exit`, `signal`, `lost`) of a started command: 255 is also what `ssh` says when it does not know."""
    if 0 <= returncode < 255:
        return returncode, "exit"
    if re.search(r"^debug1: .*rtype exit-signal", log, re.MULTILINE):
        return 255, "signal"
    if returncode == 255 and re.search(r"^debug1: .*rtype exit-status", log, re.MULTILINE):
        return 255, "exit"
    return None, "lost"


def shown_key(log: str) -> str:
    """Type and fingerprint of the host key that was shown; empty when it came to none."""
    found = re.findall(r"^debug1: Server host key: (\S+ SHA256:\S+)", log, re.MULTILINE)
    return found[-1] if found else ""


def why_not(log: str, stderr: str) -> tuple[Phase, str]:
    """How far a call came that started nothing, and the last words of `ssh` about it."""
    own = [line.strip() for line in log.splitlines() if line.strip() and not line.startswith("debug")]
    said = [*stderr.splitlines(), *own]
    for words, phase in _PHASES:
        if words in stderr or words in log:
            line = next((line for line in said if words in line), said[-1] if said else "")
            return phase, line[:200]
    return "channel", (said[-1] if said else "")[:200]
