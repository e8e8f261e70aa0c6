"""How a command ends: its exit code, one sentence on stderr, never a traceback."""

from __future__ import annotations

import gettext
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import typer

from hatch_build import compile_catalogues
from runbook.cli.app import COMMANDS, main
from runbook.cli.common import chosen_language
from runbook.model.errors import Problem, ProblemsError, RunbookError
from runbook.model.text import speak


@pytest.fixture(autouse=True)
def _english_again(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LANGUAGE", "")
    yield
    speak("en", None)
    gettext.textdomain("messages")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Callable[[], object]], None]:
    """Put a function in place of `runbook list`."""
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path / "home"))

    def install(function: Callable[[], object]) -> None:
        module = ModuleType("runbook.cli.list")
        module.__dict__["command"] = function
        monkeypatch.setitem(sys.modules, "runbook.cli.list", module)

    return install


def _raising(error: BaseException) -> Callable[[], object]:
    def function() -> None:
        raise error

    return function


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (1, 1), (5, 5)])
def test_what_a_command_returns_is_its_exit_code(command, returned: int | None, code: int) -> None:
    command(lambda: returned)
    assert main(["list"]) == code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (typer.Exit(4), 4),
        (RunbookError("E-INCIDENT-NONE", name="x", nearest="-"), 2),
        (RunbookError("E-STORE", reason="disk full", tried="a, b"), 6),
        (BrokenPipeError(32, "Broken pipe"), 6),
        (OSError(28, "No space left on device"), 6),
        (ConnectionRefusedError(111, "Connection refused"), 3),
        (ValueError("a mistake"), 3),
        (KeyboardInterrupt(), 130),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_what_a_command_raises_becomes_an_exit_code(command, capfd, error: BaseException, code: int) -> None:
    command(_raising(error))
    assert main(["list"]) == code
    assert "Traceback" not in capfd.readouterr().err


def test_an_error_is_said_with_its_code_and_what_to_type_next(command, capsys) -> None:
    command(_raising(RunbookError("E-PLAN-UNKNOWN", name="cti-dwon", nearest="cti-down")))
    main(["list"])
    assert capsys.readouterr().err == (
        "E-PLAN-UNKNOWN: There is no playbook 'cti-dwon'. Nearest: cti-down.\nNext: runbook list\n"
    )


def test_every_problem_of_a_file_is_said_in_the_order_of_its_lines(command, capsys) -> None:
    problems = [Problem("a.yaml", line, 3, "E-KEY-UNKNOWN", "steps", "expected x, found y") for line in (9, 2)]
    command(_raising(ProblemsError("E-PLAN-BAD", problems, name="a")))
    assert main(["list"]) == 2
    first, second, *_rest = capsys.readouterr().err.splitlines()
    assert first.startswith("a.yaml:2:3: steps: expected x, found y")
    assert second.startswith("a.yaml:9:3: ")


def test_a_device_cannot_send_escape_sequences_through_an_error(command, capsys) -> None:
    command(_raising(RunbookError("E-FORM", reason="\x1b]52;c;cm0=\x07", name="x")))
    main(["list"])
    assert "\x1b" not in capsys.readouterr().err


def test_a_mistake_of_ours_is_logged_for_its_owner_only(command, capsys, tmp_path: Path) -> None:
    command(_raising(ZeroDivisionError("division by zero")))
    assert main(["list"]) == 3
    (log,) = (tmp_path / "home" / "log").iterdir()
    assert str(log) in capsys.readouterr().err
    assert "Traceback" in log.read_text(encoding="utf-8")
    if sys.platform != "win32":
        assert log.stat().st_mode & 0o777 == 0o600


def test_a_log_that_cannot_be_written_is_no_second_mistake(command, capsys, monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("RUNBOOK_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "file"))
    command(_raising(ZeroDivisionError()))
    assert main(["list"]) == 3
    assert "E-BUG" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["strat"], "Did you mean 'start'"),
        (["--lang", "xx", "list"], "'xx' is none of: en, zh"),
        (["list", "--no-such-option"], "No such option"),
    ],
)
def test_a_usage_error_ends_with_2_and_says_what_to_type(command, capsys, arguments: list[str], said: str) -> None:
    command(lambda: 0)
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert err.startswith("E-USAGE: ")
    assert said in err
    assert "Next: runbook" in err
    assert "--help" in err


@pytest.mark.parametrize("arguments", [["--lang", "zh", "list"], ["list", "--lang", "zh"], ["list", "--lang=zh"]])
def test_the_language_may_stand_before_or_after_the_command(command, arguments: list[str]) -> None:
    spoken: list[str] = []
    from runbook.model.text import language

    command(lambda: spoken.append(language()))
    assert main(arguments) == 0
    assert spoken == ["zh"]


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_MESSAGES": "zh"}, "zh"),
    ],
)
def test_without_the_option_the_terminal_s_locale_decides(environment: dict[str, str], language: str) -> None:
    assert chosen_language([], environment) == language


def test_a_group_s_commands_take_the_language_too(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    app = typer.Typer()
    app.command("up")(lambda: 0)
    app.command("down")(lambda: 1)
    module = ModuleType("runbook.cli.lab")
    module.__dict__["app"] = app
    monkeypatch.setitem(sys.modules, "runbook.cli.lab", module)
    assert main(["lab", "up", "--lang", "zh"]) == 0
    assert main(["lab", "--lang", "zh", "up"]) == 0
    assert main(["lab", "down"]) == 1
    assert main(["lab", "--help"]) == 0
    assert COMMANDS["lab"][1] in capsys.readouterr().out
    assert main(["lab", "sideways"]) == 2
    assert "Next: runbook lab --help" in capsys.readouterr().err


def test_a_character_that_the_terminal_lacks_does_not_stop_the_command() -> None:
    program = """
import sys, types
sys.modules["runbook.cli.list"] = types.SimpleNamespace(command=lambda: print("\\u547c\\u53eb ok"))
from runbook.cli.app import main
sys.exit(main(["list"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "?? ok\n"), done.stderr


def test_the_parser_s_own_words_are_spoken_in_the_language_too(monkeypatch, tmp_path: Path, capsys) -> None:
    source = tmp_path / "zh" / "LC_MESSAGES" / "runbook.po"
    source.parent.mkdir(parents=True)
    words = {"": "Content-Type: text/plain; charset=UTF-8\\n", "Commands": "命令", COMMANDS["list"][1]: "列出预案。"}
    source.write_text("".join(f'msgid "{word}"\nmsgstr "{said}"\n\n' for word, said in words.items()), encoding="utf-8")
    compile_catalogues(tmp_path)
    monkeypatch.setattr("runbook.cli.common.locale_dir", lambda: tmp_path)
    assert main(["--help", "--lang", "zh"]) == 0
    out = capsys.readouterr().out
    assert "命令:" in out
    assert "列出预案。" in out


def test_words_after_a_double_dash_are_no_options() -> None:
    assert chosen_language(["note", "--", "--lang", "zh"], {}) == "en"


def test_help_lists_every_command_with_its_line(capsys) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for name, (_module, line) in COMMANDS.items():
        assert f"  {name} " in out
        assert line in out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_asked_for_its_help(name: str, capsys) -> None:
    assert main([name, "--help"]) == 0
    assert f"Usage: runbook {name}" in capsys.readouterr().out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_that_cannot_be_written_ends_with_6() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            [sys.executable, "-m", "runbook", "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 6
    assert done.stderr.startswith("E-OUTPUT: ")
    assert "Exception ignored" not in done.stderr


def test_a_reader_that_went_away_ends_with_6() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "runbook", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
    assert process.returncode == 6
    assert "Traceback" not in err
