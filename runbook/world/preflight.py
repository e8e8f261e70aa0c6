"""The preflight of a site's hosts and secrets: everything that is asked of the world, a few dozen hosts at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import dataclass
from threading import BoundedSemaphore, Thread

from runbook.model.machine import Host
from runbook.model.ports import World
from runbook.model.preflight import HOST_CHECKS, Finding, Result, commands_of
from runbook.model.replies import CannotAskError
from runbook.model.site import Site
from runbook.model.text import _
from runbook.model.words import word
from runbook.steps.service import command
from runbook.world.deadline import within
from runbook.world.ssh_ways import Ways

AT_ONCE = 32
_ANSWER_S = 3.0
_COMMAND_S = 15.0
_CLOCK_OFF_S = 120.0
Done = Callable[[str, tuple[Finding, ...]], None]


@dataclass(frozen=True)
class Preflight:
    """One preflight of a site.

    `clocks`: also compare the clocks of hosts with this laptop's. `withheld`: the secrets that are not to be had now; a login
    that needs one is not asked, its secret has a finding of its own.
    """

    site: Site
    world: World
    clocks: bool = False
    withheld: frozenset[str] = frozenset()

    def hosts(self, done: Done) -> list[Finding]:
        """What every host and seat shows; `done` is told of each as it is finished, from another thread."""
        machines = {**self.site.hosts, **self.site.seats}
        turns = BoundedSemaphore(AT_ONCE)
        waiting: dict[str, Future[tuple[Finding, ...]]] = {name: Future() for name in machines}

        def look(name: str) -> None:
            jump = waiting.get(_jump(machines[name]))
            try:
                if jump is not None:
                    jump.exception()  # waited for without a turn, so that it always gets one itself
                with turns:
                    waiting[name].set_result(self._host(name, machines[name], jump, done))
            except Exception as fault:  # noqa: BLE001 - it is raised again where the findings are taken
                waiting[name].set_exception(fault)

        for name in machines:
            # A host that hangs holds nobody up who leaves with Ctrl-C.
            Thread(target=look, args=(name,), daemon=True).start()
        return [finding for name in machines for finding in waiting[name].result()]

    def secrets(self) -> Iterator[Finding]:
        """Whether each secret is to be had. None is shown, and nobody is asked for one."""
        for name, secret in self.site.secrets.items():
            if secret.secret == _PROMPT:
                yield Finding("secret", name, "had", "not_asked", _("it is asked for in a run"))
            elif secret.secret == _AGENT:
                yield _agent(name)
            else:
                try:
                    self.world.secrets.value(name)
                except CannotAskError as cannot:
                    yield Finding("secret", name, "had", "bad", cannot.detail)
                else:
                    yield Finding("secret", name, "had", "good", secret.secret)
        logins = [host.ssh for host in (*self.site.hosts.values(), *self.site.seats.values()) if host.ssh]
        if any(login.agent for login in logins) and not any(s.secret == _AGENT for s in self.site.secrets.values()):
            yield _agent("ssh-agent")

    def _host(self, name: str, host: Host, jump: Future[tuple[Finding, ...]] | None, done: Done) -> tuple[Finding, ...]:
        findings = tuple(self._looked_at(name, host, jump))
        done(name, findings)
        return findings

    def _looked_at(self, name: str, host: Host, jump: Future[tuple[Finding, ...]] | None) -> Iterator[Finding]:
        """The host's findings in the order of HOST_CHECKS; those behind the first bad one are not asked."""
        asked = list(self._asked(name, host, jump))
        yield from asked
        if any(finding.result != "good" for finding in asked):
            found = {finding.check for finding in asked}
            yield from (Finding("host", name, check, "not_asked") for check in _looked_for(host) if check not in found)

    def _asked(self, name: str, host: Host, jump: Future[tuple[Finding, ...]] | None) -> Iterator[Finding]:
        def finding(check: str, result: Result = "good", said: str = "") -> Finding:
            return Finding("host", name, check, result, said)

        if jump is not None and any(each.result in ("bad", "not_asked") for each in jump.result()):
            sentence = _("not asked: its jump host {jump} is not ready").format(jump=_jump(host))
            yield finding("jump", "not_asked", sentence)
            return
        if jump is None:
            try:
                yield finding("resolves", said=self._resolved(host))
                yield finding("answers", said=self._answered(host))
            except CannotAskError as cannot:
                yield finding("resolves" if cannot.phase == "resolve" else "answers", "bad", cannot.detail)
                return
        if host.ssh is None:
            return
        withheld = host.ssh.secret in self.withheld
        try:
            self._key_shown(host) if withheld else self._let_in(host)
        except CannotAskError as cannot:
            sentence = f"({word(cannot.phase, 'asking')}) {cannot.detail}"
            if cannot.phase == "host_key":
                yield finding("key", "bad", sentence)
            else:
                yield finding("key", "good" if cannot.phase in ("login", "channel") else "not_asked")
                yield finding("login", "bad", sentence)
            return
        yield finding("key")
        if withheld:
            sentence = _("not asked: the secret {name} is not to be had here").format(name=host.ssh.secret)
            yield finding("login", "not_asked", sentence)
            return
        yield finding("login", said=host.ssh.user)
        if host.ssh.sudo:
            yield self._sudo(name, host)
        if self.clocks and host.system == "linux":
            yield self._clock(name, host)

    def _resolved(self, host: Host) -> str:
        from runbook.world.net import resolve

        return ", ".join(resolve(host.address, _ANSWER_S))

    def _answered(self, host: Host) -> str:
        """By what means the host showed that it is there. Raises CannotAskError when it did by none."""
        with suppress(CannotAskError):
            reply = self.world.icmp.ping(host, count=2, timeout_s=1.0)
            if reply.rtts_ms:
                return reply.means
        ports = {"ssh": host.ssh.port} if host.ssh else {}
        for name, port in {**ports, **host.ports}.items():
            with suppress(CannotAskError):
                # A port that refuses is an answer too: the machine is there.
                if self.world.net.tcp(host.address, port, timeout_s=_ANSWER_S).result != "timed_out":
                    return name
        raise CannotAskError("connect", _("{address} answers neither ping nor any port").format(address=host.address))

    def _let_in(self, host: Host) -> None:
        from runbook.world.ssh_login import logged_in
        from runbook.world.ssh_transport import Deadlines

        assert host.ssh is not None
        if host.ssh.via != "openssh":
            logged_in(host, Deadlines(), Ways(self.site.hosts, self.world.secrets)).close()
        elif self.world.ssh.run(host.without_sudo(), ("exit",), deadline_s=_COMMAND_S).status is None:
            raise CannotAskError("channel", _("the host let us in, but a command did not end"))

    def _key_shown(self, host: Host) -> None:
        from runbook.world.ssh_login import checked
        from runbook.world.ssh_transport import Deadlines

        checked(host, Deadlines(), Ways(self.site.hosts, self.world.secrets)).close()

    def _sudo(self, name: str, host: Host) -> Finding:
        refused, wanted = [], _through_sudo(host)
        for called, words in wanted.items():
            try:
                reply = self.world.ssh.run(
                    host.without_sudo(), ("sudo", "-n", "-l", "--", *words), deadline_s=_COMMAND_S
                )
            except CannotAskError as cannot:
                return Finding("host", name, "sudo", "bad", cannot.detail)
            if reply.status != 0:
                refused.append(f"{called} ({' '.join(words)})")
        if refused:
            sentence = _("sudo does not allow without a password: {commands}").format(commands="; ".join(refused))
            return Finding("host", name, "sudo", "bad", sentence)
        return Finding("host", name, "sudo", "good", _("{count} commands are allowed").format(count=len(wanted)))

    def _clock(self, name: str, host: Host) -> Finding:
        try:
            reply = self.world.ssh.run(host.without_sudo(), ("date", "-u", "+%s"), deadline_s=_COMMAND_S)
            off = int(reply.stdout.text().strip()[:12]) - self.world.clock.now().timestamp()
        except (CannotAskError, ValueError):
            return Finding("host", name, "clock", "not_asked", _("it does not say what time it is"))
        sentence = _("{seconds:+.0f} s against this laptop").format(seconds=off)
        return Finding("host", name, "clock", "good" if abs(off) <= _CLOCK_OFF_S else "bad", sentence)


_PROMPT, _AGENT = "prompt", "ssh-agent"


def _jump(host: Host) -> str:
    return host.ssh.jump if host.ssh else ""


def _looked_for(host: Host) -> Iterator[str]:
    """The checks that this host has: one behind a jump host need not resolve or answer here."""
    for check in HOST_CHECKS:
        here, inside = not _jump(host), host.ssh is not None
        if {"resolves": here, "answers": here, "sudo": bool(host.ssh and host.ssh.sudo)}.get(check, inside):
            yield check


def _through_sudo(host: Host) -> dict[str, tuple[str, ...]]:
    found = {
        f"{name} {do}": command(host, name, do)
        for name in host.services
        for do in ("status", "start", "stop", "restart")
    }
    return {name: words for name, words in {**found, **commands_of(host)}.items() if words}


def _agent(name: str) -> Finding:
    import paramiko

    try:
        with closing(within(5.0, paramiko.Agent)) as agent:
            count = len(agent.get_keys())
    except (TimeoutError, OSError, paramiko.SSHException):
        count = 0
    sentence = (
        _("the SSH agent holds {count} keys").format(count=count) if count else _("no SSH agent with a key answers")
    )
    return Finding("secret", name, "had", "good" if count else "bad", sentence)
