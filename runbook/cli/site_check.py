"""`runbook site check`: the preflight of a site and of this laptop, on the screen, as JSON, or as a file to keep."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from runbook.cli.site_file import located
from runbook.model.errors import EXIT_BAD, EXIT_GOOD, ProblemsError
from runbook.model.text import _, language

if TYPE_CHECKING:
    from runbook.loader.trust import Found
    from runbook.model.ports import World
    from runbook.model.preflight import Finding
    from runbook.model.site import Site


def check(site: str | None, output: str, *, as_json: bool, clocks: bool) -> int:
    """Exit 0 when the file loads and nothing must be put right, 1 otherwise."""
    from runbook.cli.failures import said
    from runbook.model.redaction import mark
    from runbook.world.live import live

    try:
        file, found = located(site)
    except ProblemsError as error:
        said(error)
        return EXIT_BAD
    world = live(found)
    try:
        findings = _looked_at(file, found, world, clocks=clocks, on_screen=not as_json)
        if output:
            _write(Path(output), file, found, world, findings)
    except BaseException as error:
        mark(error, world.secrets.redacted)
        raise
    finally:
        world.ssh.close()
    if as_json:
        rows = [asdict(finding) for finding in findings]
        text = json.dumps(
            {"schema": 1, "file": str(file.path), "site": found.name, "findings": rows}, ensure_ascii=False
        )
        print(world.secrets.redacted(text))
    return EXIT_BAD if any(finding.result == "bad" for finding in findings) else EXIT_GOOD


def _looked_at(file: Found, site: Site, world: World, *, clocks: bool, on_screen: bool) -> list[Finding]:
    from runbook.model.preflight import of_paper
    from runbook.store.incidents import Home
    from runbook.ui.console import console_for
    from runbook.ui.preflight import PreflightTable, summary
    from runbook.world.preflight import Preflight
    from runbook.world.surroundings import of_laptop

    console = console_for()
    console.redact = world.secrets.redacted
    # Before any host is asked: what the hosts say may hold them.
    secrets = list(Preflight(site, world).secrets())
    withheld = frozenset(finding.name for finding in secrets if finding.result != "good")
    preflight = Preflight(site, world, clocks, withheld)
    table = PreflightTable(console, [*site.hosts, *site.seats])
    done: Callable[[str, tuple[Finding, ...]], None] = lambda _name, _findings: None  # noqa: E731
    if on_screen:
        console.write(_("{file}: site {name}, loads").format(file=file.path, name=site.name))
        table.begin()
        done = table.done
    hosts = preflight.hosts(done)
    now = world.clock.now()
    laptop = of_laptop(Home.of().root, world.laptop.look(), now, os.environ, Path.cwd(), sys.path)
    findings = [*hosts, *of_paper(site, now), *secrets, *laptop]
    if on_screen:
        if without := [name for name, host in site.hosts.items() if not host.ssh]:
            console.write(_("no `ssh:`, so their steps are done by hand: {hosts}").format(hosts=", ".join(without)))
        console.write(*summary(findings))
    return findings


def _write(path: Path, file: Found, site: Site, world: World, findings: list[Finding]) -> None:
    """The report file: PDF or Markdown, by its suffix. Raises RunbookError E-FORM, E-FILE-WRITE."""
    from runbook.cli.opening import login_name
    from runbook.report.preflight import Sheet, markdown, pdf
    from runbook.report.write import write
    from runbook.store.incidents import Home

    who = Home.of().settings.load().user or login_name()
    sheet = Sheet(site.name, str(file.path), file.digest, who, world.clock.now().astimezone(site.zone), language())
    redacted = [finding_without(finding, world) for finding in findings]
    data = pdf(sheet, redacted) if path.suffix.lower() == ".pdf" else markdown(sheet, redacted).encode()
    place = write(path, data)
    # Beside a JSON object nothing else may stand on the standard output.
    print(_("The report is in {file}").format(file=place), file=sys.stderr)


def finding_without(finding: Finding, world: World) -> Finding:
    """The same finding without secrets."""
    from dataclasses import replace

    return replace(finding, said=world.secrets.redacted(finding.said))
