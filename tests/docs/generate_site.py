"""Writes docs/site.md from the model of the site file. Run it after a key has changed:

python tests/docs/generate_site.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "docs" / "site.md"
sys.path.insert(0, str(ROOT))

from runbook.model.machine import (  # noqa: E402
    Command,
    Commands,
    Host,
    HttpAccount,
    Login,
    Parameter,
    Seat,
    Service,
    SipAccount,
    Snmp,
)
from runbook.model.schema import Model  # noqa: E402
from runbook.model.site import (  # noqa: E402
    Company,
    Contact,
    Duty,
    LeasedLine,
    Line,
    Log,
    Person,
    Secret,
    Site,
    Trunk,
)
from tests.docs.generate_steps import _fields as fields  # noqa: E402

HEAD = """\
# The site file

Generated from the program by `tests/docs/generate_site.py`; a test compares. `site.yaml` holds everything that a plan names and
does not know: hosts, seats, numbers, people, logs, and where secrets are kept. `runbook init` writes one with comments,
`runbook site scan` collects the hosts' keys, `runbook site check` proves it ready, and `runbook schema site` gives it to editors.

* **Where it is looked for**: `--site FILE`, `RUNBOOK_SITE`, the user's and the system's configuration folder, then `site.yaml` in
  the current folder, which counts only once it was accepted.
* **Ids** are lower-case letters, digits and hyphens. Hosts, seats and groups share theirs: each is used once. A group names hosts
  and seats, mixed as one likes, and no other group.
* **No secret stands in it.** A password, a token, a community, a private key or a URL with `user:password@` is refused, and not shown.
  Name it under `secrets`, and say where it is kept.
* **Commands are lists of words**, never a shell line. A parameter is a word of its own (`$port`), declared in `takes`.
* **All problems are said at once**, with line and column, and with what was probably meant.

## Secrets

| `secret` | where it is | what to do |
|---|---|---|
| `keyring` | this laptop's keyring | `keyring set SERVICE NAME`; a laptop without one says so |
| `env-file` | a file of NAME=VALUE lines | it belongs to you, and only you may read it: `chmod 600 FILE` |
| `prompt` | nowhere | it is asked for at a terminal, unseen, once in a run; never read from a pipe or an answers file |
| `ssh-agent` | the SSH agent | it gives no value away; `agent: yes` lets a login use its keys |

Every secret that was given out is taken out of the journal, the evidence, the screen, errors and reports before anything is stored:
as it is, quoted for a shell, a URL, JSON, HTML or Python, in base64 and in hex, also where output was cut in the middle of it. In
its place stands `«secret:NAME»`. A secret of fewer than six characters, or a common word, is not looked for: that is said once.

## The preflight

`runbook site check` asks all hosts at once: the name resolves, the host answers ping or a port, its key is the pinned one, the account
is let in, and sudo allows every command that the file names (`sudo -n -l`; nothing is run). What cannot be asked because of an earlier
failure is no second problem. It also looks for missing numbers, at who is on duty now, whether each secret is to be had, and at this
laptop: network, font, disk, clock, folder, and variables that put other code into programs. `--clocks` compares the hosts' clocks,
`-o FILE` writes a sheet to file (Markdown, or PDF by its suffix), `--json` prints one object with `schema` and `findings`. Exit 0: ready.

`runbook site reload [INCIDENT]` takes the file's present facts into an open incident: it shows each difference and asks. The same is
offered within a walk where something could not be asked and the file has changed since. A lab has a site of its own.
"""
PARTS: tuple[tuple[str, type[Model]], ...] = (
    ("The file", Site),
    ("A host: `hosts.ID`", Host),
    ("A seat: `seats.ID`", Seat),
    ("Signing in: `ssh`", Login),
    ("A service: `services.NAME`", Service),
    ("A service's commands: `services.NAME.commands`", Commands),
    ("A named command: `commands.ID`", Command),
    ("A parameter: `takes.NAME`", Parameter),
    ("`sip`", SipAccount),
    ("`http`", HttpAccount),
    ("`snmp`", Snmp),
    ("A line: `lines.ID`", Line),
    ("A contact: `contacts.ID`", Contact),
    ("A person: `contacts.ID.people`", Person),
    ("A trunk: `trunks.ID`", Trunk),
    ("A leased line: `leased_lines.ID`", LeasedLine),
    ("A carrier or a vendor: `carriers.ID`, `vendors.ID`", Company),
    ("Duty: `duty`", Duty),
    ("A log: `logs.ID`", Log),
    ("A secret: `secrets.ID`", Secret),
)


def text() -> str:
    """The whole document."""
    return "\n".join([HEAD, *_parts()]) + "\n"


def _parts() -> Iterator[str]:
    for number, (title, model) in enumerate(PARTS):
        if number:
            yield ""
        yield f"## {title}"
        yield ""
        yield " ".join((model.__doc__ or "").split())
        if model is Seat:
            yield "It has every key of a host, and:"
        yield ""
        lines = [line.replace(" or ``", "").replace(" ``", "") for line in fields(model)]
        of_host = {line.split("|")[1] for line in fields(Host)} if model is Seat else set()
        yield from (line for number, line in enumerate(lines) if number < 2 or line.split("|")[1] not in of_host)


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
