"""`runbook site scan`: collect the hosts' keys; write them only after a person chose to."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from runbook.cli.site_file import located
from runbook.model.errors import EXIT_BAD, EXIT_GOOD, RunbookError, system_said
from runbook.model.machine import Host
from runbook.model.replies import CannotAskError
from runbook.model.site import Site
from runbook.model.text import _
from runbook.model.words import word

if TYPE_CHECKING:
    from runbook.loader.trust import Found
    from runbook.world.ssh_keys import PublicKey


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key of a host: `state` is `pinned`, `new`, `changed` (another of this type is pinned) or `not_shown` (pinned only)."""

    type: str
    fingerprint: str
    state: str
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class HostRow:
    """What one host showed; `phase` and `problem` say why it could not be asked."""

    id: str
    address: str
    port: int
    keys: tuple[KeyRow, ...] = ()
    phase: str = ""
    problem: str = ""
    code: str = ""

    @property
    def good(self) -> bool:
        return not self.problem and all(key.state == "pinned" for key in self.keys)


def compared(pinned: Iterable[PublicKey], shown: Iterable[PublicKey]) -> tuple[KeyRow, ...]:
    """The keys that a host showed, beside those that the site file pins."""
    known, seen = list(pinned), list(shown)
    rows = []
    for key in seen:
        others = [other for other in known if other.type == key.type]
        state = "pinned" if key in others else "changed" if others else "new"
        instead = ", ".join(other.fingerprint for other in others) if state == "changed" else ""
        rows.append(KeyRow(key.type, key.fingerprint, state, instead))
    types = {key.type for key in seen}
    return (*rows, *(KeyRow(key.type, key.fingerprint, "not_shown") for key in known if key.type not in types))


def scan(hosts: Iterable[str], site: str | None, *, as_json: bool) -> int:
    """Exit 0 when every key that was shown is pinned in the end, 1 otherwise."""
    file, found = located(site)
    wanted = chosen(found, hosts)
    shown = _all_scanned(wanted)
    rows = [row for row, _keys in shown]
    if as_json:
        print(json.dumps({"schema": 1, "hosts": [asdict(row) for row in rows]}, ensure_ascii=False))
        return EXIT_GOOD if all(row.good for row in rows) else EXIT_BAD
    _say_scan(rows)
    written = _offer(file, [(row, keys) for row, keys in shown if keys and not row.good])
    return EXIT_GOOD if all(row.good or row.id in written for row in rows) else EXIT_BAD


def chosen(site: Site, names: Iterable[str]) -> Mapping[str, Host]:
    """The hosts that were named by id or address; all with `ssh:` when none was. Raises RunbookError for an unknown one."""
    able: dict[str, Host] = {name: host for name, host in {**site.hosts, **site.seats}.items() if host.ssh}
    wanted: dict[str, Host] = {}
    for name in names:
        fitting = {key: host for key, host in able.items() if name in (key, host.address)}
        if not fitting:
            known = ", ".join(able) or _("none")
            expected = _("one of the hosts with `ssh:` ({known})").format(known=known)
            raise RunbookError("E-VALUE", where="HOST", expected=expected, found=name, next="runbook site check")
        wanted |= fitting
    return wanted or able


def _scanned(name: str, host: Host) -> tuple[HostRow, tuple[PublicKey, ...]]:
    from runbook.world.keyscan import host_keys
    from runbook.world.ssh_keys import PublicKey

    assert host.ssh is not None
    login = host.ssh
    try:
        keys = host_keys(host.address, login.port, legacy=login.legacy)
    except CannotAskError as error:
        return _failed(name, host, error), ()
    pinned = [PublicKey.parse(line) for line in login.host_keys]
    return HostRow(name, host.address, login.port, compared(pinned, keys)), keys


def _failed(name: str, host: Host, error: CannotAskError) -> HostRow:
    port = host.ssh.port if host.ssh else 0
    return HostRow(name, host.address, port, (), error.phase, error.detail, error.code)


def _all_scanned(wanted: Mapping[str, Host]) -> list[tuple[HostRow, tuple[PublicKey, ...]]]:
    """Every host at the same time, in the given order."""
    from runbook.engine.at_once import at_once

    return at_once(lambda pair: _scanned(*pair), list(wanted.items()))


def _say_scan(rows: Iterable[HostRow]) -> None:
    from runbook.ui.console import console_for

    console = console_for()
    states = {
        "pinned": _("pinned"),
        "new": _("NEW: not in the site file"),
        "changed": _("CHANGED: the site file has {instead_of}"),
        "not_shown": _("in the site file, but the host did not show it"),
    }
    for row in rows:
        console.write(_("{host}: {address} port {port}").format(host=row.id, address=row.address, port=row.port))
        if row.problem:
            console.write(
                "  " + _("not asked ({phase}): {problem}").format(phase=word(row.phase, "asking"), problem=row.problem)
            )
        for key in row.keys:
            console.write(f"  {key.type}  {key.fingerprint}  {states[key.state].format(instead_of=key.instead_of)}")


def _offer(file: Found, found: list[tuple[HostRow, tuple[PublicKey, ...]]]) -> set[str]:
    """Ask, host by host, whether its keys are to be written; the ids of those that were."""
    from runbook.ui.console import console_for

    if not found:
        return set()
    console = console_for()
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        console.write(_("Nothing was written: keys are taken over in a terminal only."))
        return set()
    console.write(
        _("Compare each fingerprint with the host's own console: ssh-keygen -lf /etc/ssh/ssh_host_TYPE_key.pub")
    )
    written = set()
    for row, keys in found:
        console.write(_("What is to be written for {host} into {file}?").format(host=row.id, file=file.path))
        console.write(
            "  1  " + _("write nothing"),
            "  2  " + _("these {count} keys, in place of those that are there").format(count=len(keys)),
        )
        if _choice() == 2:
            _write(file, row.id, keys)
            written.add(row.id)
            console.write(_("Written: {count} keys of {host}.").format(count=len(keys), host=row.id))
    if not written:
        console.write(_("Nothing was written."))
    return written


def _choice() -> int:
    """1 or 2, as typed; anything that is not an answer is 1, which changes nothing."""
    while True:
        try:
            typed = input("> ").strip()
        except EOFError:
            return 1
        if typed in ("", "1", "2"):
            return int(typed or "1")


def _write(file: Found, host: str, keys: Iterable[PublicKey]) -> None:
    from runbook.loader.pins import with_host_keys
    from runbook.store.files import replace_file
    from runbook.store.incidents import Home

    real = file.path.resolve()
    try:
        mode = real.stat().st_mode
        text = real.read_bytes().decode("utf-8")
        data = with_host_keys(text, host, [str(key) for key in keys]).encode("utf-8")
        replace_file(real, data)
        real.chmod(mode)
    except (OSError, ValueError) as error:
        raise RunbookError("E-FILE-WRITE", file=file.path, reason=system_said(error)) from None
    if file.origin == "folder":
        # The person accepted this file and has just chosen how it changes: it stays accepted.
        Home.of().settings.accept([sha256(data).hexdigest()])
