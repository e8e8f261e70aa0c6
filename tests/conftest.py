"""What holds for every test: the real home is never touched, and in CI nothing is skipped."""

from __future__ import annotations

import gettext
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from hatch_build import compile_catalogues
from runbook.model.text import speak

ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("RUNBOOK_CI") == "1"
_FOLDER = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Give every test, and every program that a test starts, a home, folders and settings of its own."""
    folder = config.stash[_FOLDER] = Path(tempfile.mkdtemp(prefix="runbook-tests-"))
    for name in ("RUNBOOK_SITE", "RUNBOOK_USER", "RUNBOOK_SPARE", "NO_COLOR", "LC_ALL", "LC_MESSAGES"):
        os.environ.pop(name, None)
    os.environ["RUNBOOK_HOME"] = str(folder / "home")
    os.environ["LANG"] = "C.UTF-8"
    for name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "CACHE_HOME", "CONFIG_DIRS"):
        os.environ[f"XDG_{name}"] = str(folder / name.lower())
    # A .po edited since the last install would otherwise be tested in its old words.
    compile_catalogues(ROOT / "runbook" / "locale")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    shutil.rmtree(config.stash[_FOLDER], ignore_errors=True)


@pytest.fixture(autouse=True)
def _english_again() -> Generator[None, None, None]:
    """What one test speaks, the next one does not."""
    yield
    speak("en", None)
    gettext.textdomain("messages")
    os.environ.pop("LANGUAGE", None)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests marked `needs_root` run as root only."""
    if item.get_closest_marker("needs_root") and os.geteuid() != 0:
        pytest.skip("needs root")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test is a failed one: everything that it needs was installed."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a file that skips itself while it is collected."""
    report = yield
    if IN_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report
