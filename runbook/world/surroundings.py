"""What the preflight sees of this laptop: its network, fonts, disk, clock, folder, and what could make programs lie."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from runbook import BUILT
from runbook.model.preflight import Finding, Result
from runbook.model.replies import LaptopView
from runbook.model.text import _
from runbook.model.units import utc_read

DISK_BAD_MB, DISK_WARN_MB = 50, 500
MADE = utc_read(BUILT)
"""No clock that is right shows a time before this program was written."""
LASTS_YEARS = 15
TELLING = ("LD_PRELOAD", "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP")
"""Variables that put other people's code into programs."""
_COVERED = ("yaml", "rich", "typer", "paramiko", "pydantic", "jinja2", "keyring", "runbook")


def of_laptop(
    home: Path, laptop: LaptopView, now: datetime, environ: Mapping[str, str], cwd: Path, path: Sequence[str]
) -> Iterator[Finding]:
    """Every finding about this laptop. `home`: where incidents are kept; `path`: where Python looks for modules."""
    yield _link(laptop)
    yield _fonts()
    yield _disk(home)
    yield _clock(now)
    yield _folder(home)
    yield from _surroundings(environ, cwd, path)


def _finding(check: str, result: Result, said: str) -> Finding:
    return Finding("laptop", "laptop", check, result, said)


def _link(laptop: LaptopView) -> Finding:
    if not laptop.link:
        return _finding("network", "bad", _("NO network link is up: check the cable"))
    if not laptop.gateway:
        return _finding("network", "warn", _("a network link is up; no gateway"))
    answers = {True: _("answers"), False: _("does not answer"), None: _("could not be asked")}[laptop.gateway_answers]
    said = _("a network link is up; gateway {address} {answers}").format(address=laptop.gateway, answers=answers)
    return _finding("network", "good" if laptop.gateway_answers else "warn", said)


def _fonts() -> Finding:
    try:
        from pylopdf_fonts_zh_cn import sans_path

        font = Path(sans_path())
    except (ImportError, OSError, RuntimeError):
        return _finding("fonts", "bad", _("the font of the PDF report is not installed"))
    if not font.is_file():
        return _finding("fonts", "bad", _("the font of the PDF report is not installed"))
    return _finding("fonts", "good", font.name)


def _disk(home: Path) -> Finding:
    there = next((folder for folder in (home, *home.parents) if folder.is_dir()), Path("/"))
    try:
        free_mb = shutil.disk_usage(there).free // 1_000_000
    except OSError as error:
        return _finding("disk", "bad", str(error))
    result: Result = "bad" if free_mb < DISK_BAD_MB else "warn" if free_mb < DISK_WARN_MB else "good"
    return _finding("disk", result, _("{count} MB are free in {folder}").format(count=free_mb, folder=there))


def _clock(now: datetime) -> Finding:
    plausible = now >= MADE and now.year < MADE.year + LASTS_YEARS
    return _finding("clock", "good" if plausible else "bad", now.strftime("%Y-%m-%d %H:%M UTC"))


def _folder(home: Path) -> Finding:
    try:
        status = home.lstat()
    except FileNotFoundError:
        return _finding("folder", "good", _("{folder} will be made").format(folder=home))
    except OSError as error:
        return _finding("folder", "bad", str(error))
    geteuid = getattr(os, "geteuid", None)
    if not stat.S_ISDIR(status.st_mode):
        return _finding("folder", "bad", _("{folder} is no folder").format(folder=home))
    if geteuid is not None and status.st_uid != geteuid():
        return _finding("folder", "bad", _("{folder} belongs to somebody else").format(folder=home))
    if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
        command = f"chmod 700 {home}"
        sentence = _("others may look into {folder}; type: {command}").format(folder=home, command=command)
        return _finding("folder", "bad", sentence)
    return _finding("folder", "good", str(home))


def _surroundings(environ: Mapping[str, str], cwd: Path, path: Sequence[str]) -> Iterator[Finding]:
    """What could put other code in the place of ours or of `ssh` and `ping` (PATH, LD_PRELOAD, PYTHONPATH, this folder)."""
    odd = [_("{name} is set: {value}").format(name=name, value=environ[name]) for name in TELLING if environ.get(name)]
    for entry in environ.get("PATH", "").split(os.pathsep):
        if not entry or not Path(entry).is_absolute():
            odd.append(_("PATH looks for programs in the current folder ({entry})").format(entry=repr(entry)))
        elif _open_to_all(Path(entry)):
            odd.append(_("PATH has {folder}, where everybody may put programs").format(folder=entry))
    if any(entry in ("", ".") or Path(entry) == cwd for entry in path):
        here = [name for name in _COVERED if (cwd / f"{name}.py").exists() or (cwd / name / "__init__.py").exists()]
        if here and not (cwd / "pyproject.toml").exists():
            odd.append(
                _("{folder} holds Python modules of our names: {names}").format(folder=cwd, names=", ".join(here))
            )
    for sentence in dict.fromkeys(odd):
        yield _finding("surroundings", "warn", sentence)
    if not odd:
        yield _finding("surroundings", "good", sys.executable)


def _open_to_all(folder: Path) -> bool:
    try:
        mode = folder.stat().st_mode
    except OSError:
        return False
    return os.name == "posix" and bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX
