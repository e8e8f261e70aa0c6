"""Every error the program can show: one registry of codes, each with its sentence, what to type next, and an exit code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from runbook.model.text import N_, _

EXIT_GOOD, EXIT_BAD, EXIT_NOT_STARTED, EXIT_BUG, EXIT_ABORTED, EXIT_PAUSED, EXIT_MACHINE, EXIT_INTERRUPTED = (
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    130,
)


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of error: its sentence (a format string), what to type next, and the exit code of a command that ends with it."""

    sentence: str
    next: str
    exit_code: int = EXIT_NOT_STARTED


REGISTRY: dict[str, Code] = {
    # starting
    "E-PLAN-UNKNOWN": Code(N_("There is no playbook {name!r}. Nearest: {nearest}."), N_("runbook list")),
    "E-PLAN-BAD": Code(
        N_("The playbook {name} has {count} problem(s); nothing was started."), N_("runbook check {name}")
    ),
    "E-SITE-BAD": Code(
        N_("The site file {file} has {count} problem(s); nothing was started."), N_("runbook site check --site {file}")
    ),
    "E-SITE-NONE": Code(
        N_("No site file was found, and nothing was started. Looked in: {looked}."),
        N_("runbook start {name} --lab   (built-in lab)   or   runbook init   (set up a site)"),
    ),
    "E-SITE-EXISTS": Code(
        N_("{file} exists already; nothing was written."), N_("edit it, or runbook init --site OTHER.yaml")
    ),
    "E-NOT-TRUSTED": Code(
        N_("{file} of this folder was not accepted yet (sha256 {digest}); nothing was started."),
        N_("name it with --site {file}, or run the same in a terminal and accept it once"),
    ),
    "E-NOT-TRUSTED-PLAYBOOKS": Code(
        N_("The playbooks in {file} were not accepted yet (sha256 {digest}); nothing was started."),
        N_("name the playbook's file, or run the same in a terminal and accept the folder once"),
    ),
    "E-INCIDENT-NONE": Code(N_("There is no incident {name!r}. Nearest: {nearest}."), N_("runbook status")),
    "E-INCIDENT-MANY": Code(N_("{name!r} fits several incidents: {nearest}."), N_("type more of the id")),
    "E-NOTHING-OPEN": Code(
        N_("No incident is open."), N_("runbook status   or, for lab runs and drills, runbook resume --practice")
    ),
    "E-SEVERAL-OPEN": Code(N_("Several incidents are open: {nearest}."), N_("runbook resume INCIDENT")),
    "E-INCIDENT-OPEN": Code(
        N_("Incident {name} of this site is open, and its answer decides what may run; nothing was started."),
        N_("runbook resume {name}   or   runbook start {plan} --new"),
    ),
    "E-INCIDENT-BUSY": Code(
        N_("Incident {name} is being run by another process ({holder})."), N_("runbook log {name} --follow")
    ),
    "E-INCIDENT-ENDED": Code(
        N_("Incident {name} is {state}; there is nothing to go on with."), N_("runbook report {name}")
    ),
    "E-VALUE": Code(N_("{where}: {expected}, found {found!r}."), N_("{next}")),
    "E-USAGE": Code(N_("{sentence}"), N_("{next}")),
    # files
    "E-YAML": Code(N_("Not readable as YAML."), N_("correct the line that is named")),
    "E-YAML-TAG": Code(N_("Tags (!...) are not allowed in a plan or site file."), N_("remove the tag")),
    "E-YAML-ALIAS": Code(N_("Anchors and aliases (& and *) are not allowed."), N_("write the value out")),
    "E-YAML-DEPTH": Code(N_("The file is nested too deeply."), N_("flatten it")),
    "E-YAML-SIZE": Code(N_("The file is too large."), N_("split it")),
    "E-YAML-DUPLICATE": Code(N_("The same key stands twice."), N_("remove one of the two")),
    "E-YAML-TEXT": Code(
        N_("Not UTF-8 text, or it holds a character that cannot be seen."),
        N_("save the file as UTF-8 and remove the character"),
    ),
    "E-KEY-UNKNOWN": Code(N_("A key that the language does not have."), N_("correct the key")),
    "E-KEY-MISSING": Code(N_("A key that must be there is missing."), N_("add the key")),
    "E-VALUE-TYPE": Code(N_("A value of the wrong type."), N_("correct the value")),
    "E-NAME-UNKNOWN": Code(N_("A name that nothing else defines."), N_("correct the name, or define it")),
    "E-NAME-TWICE": Code(N_("The same id is used twice."), N_("rename one of the two")),
    "E-MANY": Code(
        N_("The file has more mistakes than are listed."), N_("correct those that are listed, and check again")
    ),
    "E-SECRET": Code(
        N_("A secret stands in the file."),
        N_("take it out, change it where it is used, put it into the keyring and name it under `secrets`"),
    ),
    "E-STEP-KIND": Code(N_("A step has exactly one kind."), N_("runbook explain kinds")),
    "E-READING-FAILED": Code(
        N_("A reading must say where its `failed` goes."), N_("add `next: {{failed: continue}}` or name a step")
    ),
    "E-TARGET": Code(
        N_("A target that cannot be reached."),
        N_("name a later step id, `continue`, `end`, or an `entry` of another playbook"),
    ),
    "E-FIRST": Code(N_("More first steps than the first screen can box."), N_("take `first: true` from all but three")),
    "E-UNREACHED": Code(N_("A step that no way leads to."), N_("let a `next` name it, or remove it")),
    "E-OPENER": Code(N_("A step leaves something open that no step closes."), N_("add a step with `closes: {step}`")),
    "E-VERIFY": Code(N_("An action that nothing verifies."), N_("add `verify:`")),
    "E-APPROVAL": Code(N_("An action that nobody approves."), N_("add `approval: {{by: ROLE}}`")),
    "E-TEXT-BROKEN": Code(N_("A sentence that YAML broke."), N_("put the sentence on a line of its own, or in quotes")),
    "E-PORT-NUMBER": Code(
        N_("A port number in a plan: site facts stay in site.yaml."),
        N_("name the port, and give its number in site.yaml"),
    ),
    "E-UNTYPED": Code(
        N_("An untyped value in a shell command."),
        N_("give the input a type other than `text`, or `choices`"),
    ),
    "E-FILE": Code(N_("{file} cannot be read: {reason}."), N_("check the path")),
    "E-FILE-WRITE": Code(
        N_("{file} cannot be written: {reason}. Nothing of the incident is lost."),
        N_("choose another place with -o"),
        EXIT_MACHINE,
    ),
    "E-EXPORT-EXISTS": Code(
        N_("{file} exists already and is not an older export of {name}; nothing was written."),
        N_("runbook export {name} -o OTHER.runbook.zip"),
    ),
    "E-BUNDLE": Code(
        N_("{file} is not an export of an incident: {reason}. Nothing was taken from it."),
        N_("runbook export INCIDENT   on the machine that has the incident, and copy that file again"),
    ),
    "E-BUNDLE-NEWER": Code(
        N_(
            "{file} was written by a newer version of this program ({version}, schema {schema}). Nothing was taken from it."
        ),
        N_("install version {version} or later here, or export with this version there"),
    ),
    # storing
    "E-STORE": Code(
        N_("Nothing can be stored: {reason}. Tried: {tried}."),
        N_("free some space, or name another folder in RUNBOOK_SPARE"),
        EXIT_MACHINE,
    ),
    "E-JOURNAL-DAMAGED": Code(
        N_("The journal of {name} is damaged at event {seq}: {reason}."), N_("runbook resume {name}"), EXIT_MACHINE
    ),
    "E-JOURNAL-LOST": Code(
        N_(
            "The journal of {name} is lost ({reason}). Nothing was changed: its plan, its evidence and the damaged file are kept."
        ),
        N_("runbook resume {name}, at a terminal: it asks what was done"),
    ),
    "E-JOURNAL-NEWER": Code(
        N_(
            "The journal of {name} was written by a later version of runbook (form {version}). Nothing of it was changed."
        ),
        N_("install that version of runbook, or a later one"),
        EXIT_MACHINE,
    ),
    "E-OUTPUT": Code(
        N_("The output could not be written: {reason}. The journal is safe."), N_("runbook status"), EXIT_MACHINE
    ),
    "E-MEMORY": Code(
        N_("This laptop has not enough memory for this. What was saved stays saved."),
        N_("close other programs, then type the same again"),
        EXIT_MACHINE,
    ),
    "E-FOLDER-GONE": Code(
        N_("The folder in which this was typed is not there any more; nothing was started."),
        N_("cd ~   then type the same again"),
    ),
    # the walk
    "E-DEBTS-OPEN": Code(
        N_("{name} cannot be ended: {count} thing(s) are still open."),
        N_("runbook status {name}   then   runbook resume {name}"),
        EXIT_BAD,
    ),
    "E-FORM": Code(
        N_("The report could not be made: {reason}. The incident is safe."),
        N_("runbook report {name} --format md"),
        EXIT_MACHINE,
    ),
    # asking the world
    "E-SSH-KEY-UNKNOWN": Code(
        N_("{host} showed the host key {found}, and the site file has none for it. It was refused."),
        N_("runbook site scan {host}   (in peace time, then compare with the console)"),
    ),
    "E-SSH-KEY-CHANGED": Code(
        N_(
            "{host} showed the host key {found}, the site file has {expected}. It was refused: another machine may be answering."
        ),
        N_("call who runs {host}; only after they confirm: runbook site scan {host}"),
    ),
    # the lab
    "E-LAB": Code(N_("The lab did not start: {reason}."), N_("runbook lab down   then try again"), EXIT_MACHINE),
    "E-LAB-CASE": Code(
        N_("There is no lab case {name!r}. There are: {nearest}."), N_("runbook start {plan} --lab --lab-case NAME")
    ),
    "E-BUG": Code(
        N_("The program made a mistake ({reason}). What was saved stays saved; the details are in {file}."),
        N_("runbook resume"),
        EXIT_BUG,
    ),
}


SYSTEM_SAYS = (
    N_("No such file or directory"),
    N_("Permission denied"),
    N_("Operation not permitted"),
    N_("Is a directory"),
    N_("Not a directory"),
    N_("File exists"),
    N_("File name too long"),
    N_("File too large"),
    N_("No space left on device"),
    N_("Disk quota exceeded"),
    N_("Read-only file system"),
    N_("Input/output error"),
    N_("Broken pipe"),
    N_("Bad file descriptor"),
    N_("Too many open files"),
    N_("Too many levels of symbolic links"),
    N_("Network is unreachable"),
    N_("Network is down"),
    N_("No route to host"),
    N_("Connection refused"),
    N_("Connection reset by peer"),
    N_("Connection timed out"),
    N_("Name or service not known"),
    N_("Temporary failure in name resolution"),
    N_("No address associated with hostname"),
)
"""What the operating system says, where it says it in English."""


def system_said(error: BaseException) -> str:
    """Why the operating system refused, in the person's language where the sentence is known; else the error's own words."""
    said = getattr(error, "strerror", None)
    return _(said) if said else str(error) or type(error).__name__


class RunbookError(Exception):
    """An error with a code of the registry. Raising one with an unknown code or a missing value is a bug and fails at once."""

    def __init__(self, code: str, **values: object) -> None:
        self.code = code
        self.values = values
        self.entry = REGISTRY[code]
        super().__init__(f"{code}: {self.text()}")

    @property
    def exit_code(self) -> int:
        return self.entry.exit_code

    def text(self) -> str:
        """The sentence, in the person's language."""
        return _(self.entry.sentence).format(**self.values)

    def next(self) -> str:
        """What to type next."""
        return _(self.entry.next).format_map(_Known(self.values))


class _Known(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return key.upper()


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a file: `file:line:column: where: what was expected, what was found`."""

    file: str
    line: int
    column: int
    code: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.where}: {self.message} [{self.code}]"


class ProblemsError(RunbookError):
    """A file that does not load: every problem at once."""

    def __init__(self, code: str, problems: Iterable[Problem], **values: object) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__(code, count=len(self.problems), **values)
