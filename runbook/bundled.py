"""Where the files that come with the program are: the same answer in a wheel, an sdist-built wheel and a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def templates_dir() -> Path:
    """The folder of report and form templates."""
    return _bundled("templates")


def playbooks_dir() -> Path:
    """The folder of the playbooks, blocks and schemes that come with the program."""
    return _bundled("playbooks")


def locale_dir() -> Path:
    """The folder of the message catalogues, `LANGUAGE/LC_MESSAGES/runbook.mo`."""
    return _PACKAGE / "locale"


def _bundled(name: str) -> Path:
    packed = _PACKAGE / "_bundled" / name
    return packed if packed.is_dir() else _PACKAGE.parent / name
