"""Which language is spoken: the command line's, else the site's, else the terminal's."""

from __future__ import annotations

from pathlib import Path

from runbook.world.lab.centre import DOORS
from runbook.world.lab.sitefile import site_text
from tests.acceptance.program import Program


def _site(folder: Path, language: str) -> str:
    path = folder / "site.yaml"
    ports = {door.key: 9 for door in DOORS}
    path.write_text(
        site_text(ports, "ssh-ed25519 AAAA", str(folder / "key")) + f"language: {language}\n", encoding="utf-8"
    )
    return str(path)


def test_the_site_s_language_is_spoken_unless_the_command_line_names_one(program: Program) -> None:
    """A site that names Chinese is walked in Chinese on an English terminal; `--lang en` wins over it."""
    site = _site(program.home.parent, "zh")
    spoken = program.run("start", "cti-down", "--site", site, "--as", "Technician A")
    assert spoken.code == 5, spoken
    assert "适用" in spoken.out
    named = program.run("start", "cti-down", "--site", site, "--as", "Technician A", "--new", "--lang", "en")
    assert named.code == 5, named
    assert "Right plan when" in named.out
