"""Templates, playbooks and message catalogues are found in a wheel, an sdist-built wheel and an editable checkout."""

from __future__ import annotations

import gettext
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import PoFileError

from hatch_build import compile_catalogues

ROOT = Path(__file__).resolve().parents[2]
NOT_COPIED = shutil.ignore_patterns(".git", "__pycache__", "*.mo", ".*_cache", ".hypothesis", ".venv", "dist", "build")
BUILD = "import sys, hatchling.build as backend; print(getattr(backend, sys.argv[1])(sys.argv[2]))"
FRENCH = """
msgid ""
msgstr ""
"Language: fr\\n"
"Content-Type: text/plain; charset=UTF-8\\n"

msgid "saved"
msgstr "enregistré"

#, fuzzy
msgid "lost"
msgstr "deviné"
"""
# -S leaves out this environment's site-packages, where an editable install would answer instead.
RESOLVE = """
import site, sys
site.addsitedir(sys.argv[1])
from runbook import bundled
print(bundled.__file__, bundled.templates_dir(), bundled.playbooks_dir(), bundled.locale_dir(), sep="\\n")
"""

SAFELY: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
"""Debian 12's Python 3.11.2 has no extraction filters yet."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    copy = tmp_path / "checkout"
    shutil.copytree(ROOT, copy, ignore=NOT_COPIED)
    catalogue = copy / "runbook" / "locale" / "fr" / "LC_MESSAGES" / "runbook.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text(FRENCH, encoding="utf-8")
    return copy


def _built(source: Path, what: str, out: Path) -> Path:
    done = subprocess.run(
        [sys.executable, "-c", BUILD, what, str(out)], cwd=source, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return out / done.stdout.split()[-1]


def _installed(wheel: Path, into: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(into)
    return into


def _assert_complete(installed: Path, checkout: Path, code: Path) -> None:
    """The program at `installed` runs from `code` and finds exactly the files of `checkout`."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", RESOLVE, str(installed)],
        env=environment,
        cwd=installed,
        capture_output=True,
        text=True,
        check=True,
    )
    module, templates, playbooks, locale = map(Path, done.stdout.splitlines())
    assert module.is_relative_to(code)
    assert _files(templates) == _files(checkout / "templates")
    assert _files(playbooks) == _files(checkout / "playbooks")
    assert _files(playbooks), "no playbook came along"
    assert {path.parent for path in _files(locale) if path.suffix == ".mo"} == {
        path.parent for path in _files(checkout / "runbook" / "locale") if path.suffix == ".po"
    }


def _files(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def test_a_wheel_has_everything(checkout: Path, tmp_path: Path) -> None:
    installed = _installed(_built(checkout, "build_wheel", tmp_path), tmp_path / "installed")
    _assert_complete(installed, checkout, installed)


def test_a_wheel_built_from_an_sdist_has_everything(checkout: Path, tmp_path: Path) -> None:
    sdist = _built(checkout, "build_sdist", tmp_path)
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "unpacked", **SAFELY)
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    installed = _installed(_built(unpacked, "build_wheel", tmp_path), tmp_path / "installed")
    _assert_complete(installed, checkout, installed)


def test_an_editable_install_reads_the_checkout(checkout: Path, tmp_path: Path) -> None:
    installed = _installed(_built(checkout, "build_editable", tmp_path), tmp_path / "installed")
    _assert_complete(installed, checkout, checkout)


def test_the_wheel_carries_the_program_only(checkout: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(_built(checkout, "build_wheel", tmp_path)) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"runbook"}


def test_catalogues_are_compiled_once_and_without_guesses(checkout: Path) -> None:
    locale = checkout / "runbook" / "locale"
    written = compile_catalogues(locale)
    assert locale / "fr" / "LC_MESSAGES" / "runbook.mo" in written
    assert compile_catalogues(locale) == []
    french = gettext.translation("runbook", locale, ["fr"])
    assert french.gettext("saved") == "enregistré"
    assert french.gettext("lost") == "lost", "a fuzzy entry is a guess"


def test_a_broken_catalogue_stops_the_build(checkout: Path) -> None:
    broken = checkout / "runbook" / "locale" / "fr" / "LC_MESSAGES" / "runbook.po"
    broken.write_text('msgid "saved\n', encoding="utf-8")
    with pytest.raises(PoFileError):
        compile_catalogues(checkout / "runbook" / "locale")
