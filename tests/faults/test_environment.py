"""Odd surroundings: it works, or it says with a code why not, before anything is begun; what lies in the folder is never taken for ours."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.acceptance.program import SCOPE, Program, Ran
from tests.conftest import IN_CI
from tests.faults.run import at_home, kept, kinds_of, only_in_ci
from tests.faults.test_upgrade import ANSWERS, restored


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    yield from at_home(tmp_path)


# -- F43: it works


@dataclass(frozen=True)
class Surroundings:
    """What differs from an ordinary machine; `home` is where the program's home lies below the test's folder."""

    environ: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    umask: int = -1
    home: str = "home"


ODD = "a b/中文 'quoted' $HOME\nsecond line/home"
LOCALE_C = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
WORK = {
    "everything at once": Surroundings(
        {"LC_ALL": "C", "PYTHONHASHSEED": "0", "TMPDIR": "/nonexistent"}, (), 0o777, ODD
    ),
    "hash seed 0": Surroundings({"PYTHONHASHSEED": "0"}),
    "hash seed 1": Surroundings({"PYTHONHASHSEED": "1"}),
    "locale C": Surroundings(LOCALE_C),
    "locale POSIX": Surroundings({**LOCALE_C, "LC_ALL": "POSIX"}),
    "Chinese in GBK": Surroundings({"LC_ALL": "zh_CN.GBK", "PYTHONIOENCODING": "gbk", "PYTHONUTF8": "0"}),
    "no such locale": Surroundings({"LC_ALL": "xx_YY.UTF-99", "LANG": "\udcff"}),
    "umask 000": Surroundings(umask=0),
    "umask 777": Surroundings(umask=0o777),
    "odd path": Surroundings(home=ODD),
    "no TERM, no LANG": Surroundings(without=("TERM", "LANG", "LC_ALL", "USER", "LOGNAME")),
    "no temporary folder": Surroundings({"TMPDIR": "/nonexistent"}),
    "no such zone": Surroundings({"TZ": "Nowhere/Never"}),
    "path of one folder": Surroundings({"PATH": "/nonexistent"}),
}


def run(program: Program, around: Surroundings, *arguments: str, cwd: Path | None = None) -> Ran:
    """One run in these surroundings; its output as far as it is text."""
    environ = {name: value for name, value in {**program.env(), **around.environ}.items() if name not in around.without}
    done = subprocess.run(
        program.argv(*arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environ,
        cwd=cwd or program.home.parent,
        umask=around.umask,
        timeout=120,
        check=False,
    )
    out, err = (stream.decode("utf-8", "replace") for stream in (done.stdout, done.stderr))
    assert "Traceback" not in out + err, out + err
    return Ran(done.returncode, out, err)


@pytest.mark.parametrize("name", list(WORK) if IN_CI else list(WORK)[:1])
def test_it_walks_in_odd_surroundings(tmp_path: Path, name: str) -> None:
    """The same walk, the same events, files that are ours alone, and it is gone on with by an ordinary run."""
    around = WORK[name]
    program = Program(tmp_path / around.home)
    program.home.parent.mkdir(parents=True, exist_ok=True)
    answers = program.answers({**SCOPE, **dict.fromkeys(("ping-cti", "cti-port", "sip-options", "cti-service"), "")})
    try:
        ran = run(program, around, "start", "cti-down", "--lab-case", "service-stopped", "--answers", answers)
        assert ran.code == 5, ran
        assert kinds_of(program)[-2:] == ["ReadingTaken", "Paused"]
        assert kinds_of(program).count("StepFinished") == 8
        for path in (program.home, *program.home.rglob("*")):
            assert stat.S_IMODE(path.lstat().st_mode) & 0o077 == 0, path
        assert program.run("resume", "--practice", "--answers", answers).code == 5
    finally:
        program.run("lab", "down")


@only_in_ci
def test_a_path_that_python_was_told_not_to_read_is_refused(tmp_path: Path) -> None:
    """Python's own UTF-8 mode switched off by hand, no locale, and a path that is not ASCII: the lab says that it cannot start, and
    nothing is begun."""
    around = Surroundings(LOCALE_C, home=ODD)
    program = Program(tmp_path / around.home)
    program.home.parent.mkdir(parents=True)
    ran = run(program, around, "start", "cti-down", "--lab", "--answers", program.answers(SCOPE))
    assert (ran.code, ran.err.split(":")[0]) == (6, "E-LAB"), ran
    assert not list(program.home.glob("*/*/journal.db"))


@only_in_ci
@pytest.mark.parametrize("home", ["HOME unset", "RUNBOOK_HOME relative"])
def test_a_home_that_is_not_named_or_relative_is_one_place(program: Program, tmp_path: Path, home: str) -> None:
    """Without RUNBOOK_HOME and HOME the account's folder is taken; a relative RUNBOOK_HOME counts from where the person stands."""
    answers = program.answers({"tell-lead": "reached"})
    if home == "HOME unset":
        environ = {"XDG_DATA_HOME": str(tmp_path / "data")}
        around, place = Surroundings(environ, ("HOME", "RUNBOOK_HOME")), tmp_path / "data" / "runbook"
    else:
        around, place = Surroundings({"RUNBOOK_HOME": "here/../there"}), tmp_path / "there"
    try:
        assert run(program, around, "start", "cti-down", "--lab", "--answers", answers).code == 5
        assert len(list(place.glob("practice/*/journal.db"))) == 1
        assert run(program, around, "resume", "--practice", "--answers", answers).code == 5
    finally:
        run(program, around, "lab", "down")
    assert not program.home.exists()


# -- F43: it says why not, before anything is begun


def test_a_folder_that_is_gone_is_said(program: Program, tmp_path: Path) -> None:
    """In a folder that was deleted, or whose stick was pulled, every command ends with E-FOLDER-GONE and nothing is begun."""
    for arguments in (
        (("start", "cti-down", "--lab"), ("resume", "--practice"), ("status",)) if IN_CI else (("status",),)
    ):
        gone = tmp_path / "gone"
        gone.mkdir()
        done = subprocess.run(
            program.argv(*arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=program.env(),
            cwd=gone,
            preexec_fn=gone.rmdir,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr.split(":")[0]) == (2, "E-FOLDER-GONE"), done
    assert not program.home.exists()


@pytest.mark.needs_root
@pytest.mark.parametrize("home", ["somebody else's", "a link", "a file", "a device"] if IN_CI else ["somebody else's"])
def test_a_home_that_is_not_ours_is_refused(program: Program, home: str) -> None:
    """H39: a home folder of another account, a link, or no folder at all: nothing is walked in it, and nothing is written there."""
    match home:
        case "somebody else's":
            program.home.mkdir()
            os.chown(program.home, 65534, 65534)
        case "a link":
            (program.home.parent / "real").mkdir()
            program.home.symlink_to("real")
        case "a file":
            program.home.write_text("mine\n", encoding="utf-8")
        case _:
            program.home.symlink_to("/dev/null")
    ran = program.run("start", "cti-down", "--lab", "--answers", program.answers(SCOPE))
    if home in ("a file",):
        assert ran.code in (5, 6), ran
        assert program.home.read_text(encoding="utf-8") == "mine\n"
        return
    assert ran.code == 6, ran
    assert ran.err.startswith("E-STORE")
    assert not list((program.home.parent / "real" if home == "a link" else program.home).glob("*"))


ODDITIES = ["link", "second name", "pipe", "folder", "device"]


@pytest.mark.needs_root
@pytest.mark.parametrize("oddity", ODDITIES if IN_CI else ["pipe"])
def test_a_journal_that_is_no_plain_file_is_not_followed(program: Program, oddity: str) -> None:
    """H39: in the place of the journal a link, a file with a second name, a pipe, a folder or a device: it ends by itself with a code
    or goes on elsewhere, nothing is written through it, and nobody waits."""
    folder = restored(program)
    journal, aside = folder / "journal.db", program.home.parent / "aside.db"
    journal.rename(aside)
    before = aside.read_bytes()
    match oddity:
        case "link":
            journal.symlink_to(aside)
        case "second name":
            journal.hardlink_to(aside)
        case "pipe":
            os.mkfifo(journal)
        case "folder":
            journal.mkdir()
        case _:
            os.mknod(journal, 0o600 | stat.S_IFCHR, os.makedev(1, 5))  # /dev/zero
    for arguments in (
        ("status",),
        ("log", folder.name),
        ("resume", folder.name, "--answers", program.answers(ANSWERS)),
    ):
        ran = program.run(*arguments, timeout_s=30)
        assert ran.code in (0, 1, 2, 5, 6), (arguments, ran)
        assert ran.code == 0 or "E-" in ran.err, (arguments, ran)
    assert aside.read_bytes() == before


# -- H38: names that mean something elsewhere

NAMES = ["../../x", "CON", "-rf", ".", "..", ".hidden", "中文 😀", "x" * 300, "*", "\\\\srv\\x", ""]


@pytest.mark.parametrize("command", ["log", "report", "resume", "note"] if IN_CI else ["report"])
def test_no_name_leads_to_a_path(program: Program, tmp_path: Path, command: str) -> None:
    """H38: whatever is typed as an incident's name, it is looked up among the incidents and never becomes a path."""
    restored(program)
    before = sorted(path for path in tmp_path.rglob("*") if path.name != "settings.json")
    for name in NAMES if IN_CI else NAMES[:2]:
        text = ("text",) if command == "note" else ()
        ran = program.run(command, *(("--",) if name.startswith("-") else ()), name, *text)
        assert ran.code in (2, 5) or (command == "resume" and not name), (name, ran)
        assert ran.code != 2 or ran.err.startswith("E-"), (name, ran)
    stray = {path for path in tmp_path.rglob("*") if path not in before}
    assert {path.relative_to(tmp_path).parts[0] for path in stray} <= {"home", "tmp"}, stray
    assert kept(program).damage is None


def test_evidence_is_kept_by_its_hash_whatever_the_file_is_called(program: Program, tmp_path: Path) -> None:
    """H38: a note's file with a name that means something elsewhere lies in the evidence under its hash alone."""
    folder = restored(program)
    for name in ["-rf", ".hidden", "a\nb", "中文 😀.txt", "x" * 200] if IN_CI else ["a\nb"]:
        (tmp_path / name).write_bytes(b"what was seen")
        ran = program.run("note", folder.name, "seen", "--file", f"./{name}")
        assert ran.code == 0, ran
    assert [len(path.name) for path in (folder / "evidence").iterdir()] == [64]


# -- H40, H41: what lies in the folder


@only_in_ci
def test_nothing_in_the_folder_is_taken_for_ours(program: Program, tmp_path: Path) -> None:
    """H40: a site file and playbooks of the current folder are refused by name until they are accepted; other files are not read."""
    folder = tmp_path / "stick"
    (folder / "playbooks").mkdir(parents=True)
    (folder / "site.yaml").write_text('site: "1"\nname: Not ours\n', encoding="utf-8")
    for name in ("runbook.toml", ".env", "pyproject.toml", "settings.json"):
        (folder / name).write_text("RUNBOOK_HOME=/nowhere\n[runbook]\nnotify = 'http://192.0.2.1'\n", encoding="utf-8")
    ran = run(program, Surroundings(), "start", "cti-down", cwd=folder)
    assert (ran.code, ran.err.split(":")[0]) == (2, "E-NOT-TRUSTED"), ran
    (folder / "playbooks" / "cti-down.yaml").write_text("runbook: 1\n", encoding="utf-8")
    ran = run(program, Surroundings(), "start", "cti-down", "--lab", cwd=folder)
    assert (ran.code, ran.err.split(":")[0]) == (2, "E-NOT-TRUSTED-PLAYBOOKS"), ran
    assert not list(program.home.glob("*/*/journal.db"))


def test_no_module_and_no_program_of_the_folder_runs(program: Program, tmp_path: Path) -> None:
    """H41: modules named as ours or as our libraries, and programs named as the system's, lie in the current folder: none is run."""
    folder = tmp_path / "stick"
    folder.mkdir()
    trap = f"open({str(tmp_path / 'sprung')!r}, 'a').write(__name__)\n"
    for name in ("yaml", "rich", "paramiko", "typer", "pydantic", "sqlite3", "json", "runbook", "sitecustomize"):
        (folder / f"{name}.py").write_text(trap, encoding="utf-8")
    for name in ("ping", "ssh", "sudo", "ip", "stty", "python3"):
        (folder / name).write_text(f"#!/bin/sh\necho {name} >> {tmp_path / 'sprung'}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    script = Path(sys.executable).with_name("runbook")
    assert script.exists()
    done = subprocess.run(
        [str(script), "start", "cti-down", "--lab", "--answers", program.answers(SCOPE)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=program.env(),
        cwd=folder,
        timeout=60,
        check=False,
    )
    assert done.returncode == 5, done
    assert not (tmp_path / "sprung").exists(), (tmp_path / "sprung").read_text(encoding="utf-8")
