"""`collect`: a log, a file or a command's output, kept as evidence with its hash."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from runbook.model.kind import Group, Result, StepPorts
from runbook.model.lookup import Problems, nearest
from runbook.model.machine import Host
from runbook.model.origins import HERE, origin_called, origin_problems
from runbook.model.outcome import Scalar
from runbook.model.over_ssh import OverSsh, line_for
from runbook.model.remote_files import End, end_of, read_tail_probe, tail_probe
from runbook.model.replies import CannotAskError, SshReply
from runbook.model.schema import Id
from runbook.model.site import Site
from runbook.model.site_command import checked_words, command_problems, words_of
from runbook.model.text import ExpectedError, _

LAST_BYTES = 16 << 20
TIMEOUT_S = 120.0


class Collect(OverSsh):
    """Keep the end (16 MiB) of a log, of a file or of what a reading command prints as evidence, with its size and SHA-256.

    It reads and stores, and changes nothing where it collects: so Enter alone takes it, and it needs neither approval nor
    `verify`. Passed when there was something to keep, failed when it was empty. Secrets that were used are taken out first.
    """

    NAME: ClassVar[str] = "collect"
    GROUP: ClassVar[Group] = "reading"
    JUDGES: ClassVar[bool] = False
    VERIFIES_ITSELF: ClassVar[bool] = True
    NEEDS_APPROVAL: ClassVar[bool] = False
    VALUES: ClassVar[Mapping[str, str]] = {
        "name": "The name under which it is kept.",
        "size_bytes": "How many bytes are kept.",
        "sha256": "The SHA-256 of what is kept.",
        "truncated": "yes when there was more before the part that is kept, else no.",
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"log": "cti-core"}

    from_: Id | None = Field(default=None, alias="from")
    """The machine that has it: a host or seat, or `here` (this laptop). A log knows its own host."""
    file: Id | None = None
    """A file of the site's `files`."""
    log: Id | None = None
    """A log of the site's `logs`."""
    command: Id | None = None
    """A command of the machine that has `reads: yes` in the site file."""
    with_: dict[Id, str] = Field(default_factory=dict, alias="with")
    """The values for the parameters that the command takes."""

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        if sum(what is not None for what in (self.file, self.log, self.command)) != 1:
            raise ExpectedError(_("expected exactly one of `file`, `log` and `command`"))
        if self.from_ is None and not self.log:
            raise ExpectedError(_("expected `from`: the machine that has it"))
        if self.from_ is not None and self.log:
            raise ExpectedError(_("expected `log` without `from`: the site file says which host has a log"))
        return self

    def plan_line(self, site: Site) -> str:
        place, path = self._place(site), self._path(site)
        if place == HERE and path:
            return _("keep the end of {file} on this laptop").format(file=path)
        return super().plan_line(site)

    def sent(self, site: Site) -> list[str]:
        machine = site.machine(self._place(site))
        return [line_for(machine, self._words(site, machine) if machine else ())]

    def problems(self, site: Site | None) -> Problems:
        if site is None:
            return []
        for field, name, known in (("file", self.file, site.files), ("log", self.log, site.logs)):
            if name is not None and name not in known:
                sentence = _("expected a name of the site's {part}, found {found}; nearest: {nearest}")
                return [(field, sentence.format(part=f"`{field}s`", found=name, nearest=nearest(name, known)))]
        place = self.from_ or HERE
        found = origin_problems(site, "from", place)
        machine = site.machine(place)
        if self.command and place == HERE:
            found.append(("from", _("expected a host or a seat with this command, found `here`")))
        elif self.command and machine:
            found += command_problems(place, machine, self.command, self.with_, reads=True)
        return found

    def manual_form(self, site: Site) -> str:
        what = self._path(site) or self.command or "-"
        sentence = _("At {place}: copy {what} to a file, then keep it here with `runbook note --file FILE`.")
        return sentence.format(place=origin_called(site, self._place(site)), what=what)

    def run(self, ports: StepPorts) -> Result:
        """Read it once, and hand it to the evidence. Raises CannotAskError when it could not be read."""
        end = self._end(ports)
        data = ports.world.secrets.redacted_bytes(end.data)
        name, digest = self._name(ports.site), sha256(data).hexdigest()
        values: dict[str, Scalar] = {
            "name": name,
            "size_bytes": len(data),
            "sha256": digest,
            "truncated": "yes" if end.truncated else "no",
        }
        cut = " (truncated: its end)" if end.truncated else ""
        found = f"{name}: {len(data)} bytes{cut}, sha256 {digest}"
        return Result("passed" if data else "failed", values, found=found, raw=((name, data),) if data else ())

    def _end(self, ports: StepPorts) -> End:
        place, path = self._place(ports.site), self._path(ports.site)
        if place == HERE and path:
            kept = ports.world.files.read(path, last_bytes=LAST_BYTES)
            return End(kept.data, kept.size_bytes > len(kept.data))
        machine = ports.site.machine(place)
        if machine is None or machine.ssh is None:
            raise CannotAskError(
                "login", _("{name} cannot be signed in to, so nothing is asked from it").format(name=place)
            )
        deadline_s = ports.timeout_s or TIMEOUT_S
        if self.command:
            known = machine.commands.get(self.command)
            if known is None or not known.reads:
                raise CannotAskError(
                    "resolve", _("{name} has no reading command {command}").format(name=place, command=self.command)
                )
            words = checked_words(machine, known, self.with_)
            reply = ports.world.ssh.run(machine, words, deadline_s=deadline_s, keep_bytes=LAST_BYTES)
            return _of_command(machine, reply)
        words = tail_probe(machine, path, LAST_BYTES) if path else ()
        if not words:
            raise CannotAskError("login", _("no file is read from the host {host} over SSH").format(host=place))
        reply = ports.world.ssh.run(machine, words, deadline_s=deadline_s, keep_bytes=LAST_BYTES + 1)
        return read_tail_probe(reply, path, LAST_BYTES)

    def _place(self, site: Site) -> str:
        log = site.logs.get(self.log) if self.log else None
        return log.host if log else self.from_ or HERE

    def _path(self, site: Site) -> str:
        log = site.logs.get(self.log) if self.log else None
        return log.path if log else site.files.get(self.file or "", "")

    def _words(self, site: Site, machine: Host) -> tuple[str, ...]:
        known = machine.commands.get(self.command) if self.command else None
        if known:
            return words_of(known, self.with_)
        path = self._path(site)
        return tail_probe(machine, path, LAST_BYTES) if path else ()

    def _name(self, site: Site) -> str:
        """What the evidence calls it: the file's own name, or the command's, with the machine before it."""
        path = self._path(site)
        own = (PureWindowsPath(path).name if "\\" in path else PurePosixPath(path).name) if path else self.command
        return f"{self._place(site)}-{own}"


def _of_command(machine: Host, reply: SshReply) -> End:
    """What a command printed. Raises CannotAskError when it did not end well; many devices tell no end at all."""
    told_none = reply.status is None and reply.ended == "lost" and machine.system == "device"
    if reply.status == 0 or (told_none and reply.stdout.size_bytes):
        return end_of(reply.stdout, LAST_BYTES)
    if reply.status is None or reply.ended == "signal":
        raise CannotAskError("channel", _("the command's end is not known ({ended})").format(ended=reply.ended))
    said = " ".join(reply.stderr.text().split())[:200] or "-"
    raise CannotAskError("channel", _("the command ended with {status}: {said}").format(status=reply.status, said=said))
