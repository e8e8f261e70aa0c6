"""Where secrets come from, and the sentence when one is not to be had; none is ever in the sentence."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from runbook.model.replies import CannotAskError
from runbook.model.site import Secret
from runbook.world.secrets import SiteSecrets, values_of

VALUE = "Tr0ub4dor&3"


def secrets(**fields: str) -> SiteSecrets:
    return SiteSecrets({"sip-pw": Secret.model_validate({"secret": "env-file", **fields})})


def refusal(of: SiteSecrets, name: str = "sip-pw") -> str:
    with pytest.raises(CannotAskError) as caught:
        of.value(name)
    assert caught.value.phase == "login"
    return caught.value.detail


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "secrets.env"
    path.write_text(f"# the site's secrets\nsip-pw={VALUE}\nexport OTHER='two words'\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def test_a_file_of_ones_own_gives_its_value_and_the_value_is_taken_out_from_then_on(file: Path) -> None:
    found = secrets(file=str(file))
    assert found.redacted(VALUE) == VALUE
    assert found.value("sip-pw") == VALUE
    assert found.redacted(f"<{VALUE}>") == "<«secret:sip-pw»>"
    assert found.redacted_bytes(VALUE.encode()) == "«secret:sip-pw»".encode()
    assert secrets(file=str(file), name="OTHER").value("sip-pw") == "two words"


def test_what_a_file_holds_is_taken_out_before_anything_asked_for_it(file: Path) -> None:
    found = secrets(file=str(file))
    found.learn_files()
    assert found.redacted(VALUE) == "«secret:sip-pw»"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_may_read_is_refused_with_what_to_type(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert refusal(secrets(file=str(file))) == (
        f"the secret sip-pw is not to be had: others may read {file}; type: chmod 600 {file}"
    )


@pytest.mark.needs_root
def test_a_file_of_somebody_else_is_refused(file: Path) -> None:
    os.chown(file, 12345, -1)
    assert "belongs to somebody else" in refusal(secrets(file=str(file)))


def test_a_file_that_is_not_there_or_no_file_is_said_so(tmp_path: Path) -> None:
    assert "No such file" in refusal(secrets(file=str(tmp_path / "none")))
    os.mkfifo(tmp_path / "pipe")
    assert "is not a plain file" in refusal(secrets(file=str(tmp_path / "pipe")))


def test_a_line_that_is_missing_is_named(file: Path) -> None:
    assert refusal(secrets(file=str(file), name="SIP")).endswith(f"{file} has no line SIP=...")


def test_a_secret_that_the_site_does_not_declare_is_refused(file: Path) -> None:
    assert "does not declare" in refusal(secrets(file=str(file)), "other")


def test_lines_are_read_as_they_are_written() -> None:
    text = "a=1\n # b=2\n\nexport c = 'x y' \nd=a=b\ne=\"q\"\nno line\nf='\n"
    assert values_of(text) == {"a": "1", "c": "x y", "d": "a=b", "e": "q", "f": "'"}


def test_the_ssh_agent_gives_none_away() -> None:
    assert "agent: yes" in refusal(secrets(secret="ssh-agent"))


# -- the keyring


@pytest.fixture
def keyring() -> Iterator[dict[tuple[str, str], str]]:
    import keyring as library
    from keyring.backend import KeyringBackend

    kept: dict[tuple[str, str], str] = {}

    class Memory(KeyringBackend):
        priority = 1  # type: ignore[assignment]

        def get_password(self, service: str, username: str) -> str | None:
            return kept.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            kept[service, username] = password

    before = library.get_keyring()
    library.set_keyring(Memory())
    yield kept
    library.set_keyring(before)


def test_the_keyring_is_asked_by_service_and_name(keyring: dict[tuple[str, str], str]) -> None:
    keyring["runbook", "sip-pw"] = VALUE
    keyring["pbx", "admin"] = "other-value"
    assert secrets(secret="keyring").value("sip-pw") == VALUE
    assert secrets(secret="keyring", service="pbx", name="admin").value("sip-pw") == "other-value"


def test_a_keyring_without_it_says_what_to_type(keyring: dict[tuple[str, str], str]) -> None:
    assert refusal(secrets(secret="keyring")).endswith("type: keyring set runbook sip-pw")


def test_a_laptop_without_a_keyring_says_so() -> None:
    import keyring as library
    from keyring.backends.fail import Keyring

    before = library.get_keyring()
    library.set_keyring(Keyring())
    try:
        assert "no keyring that a program can open" in refusal(secrets(secret="keyring"))
    finally:
        library.set_keyring(before)


# -- asked for


def test_nobody_at_a_terminal_means_no_secret() -> None:
    assert "nobody typed it at a terminal" in refusal(secrets(secret="prompt"))


def test_it_is_asked_for_once_in_a_run() -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return VALUE

    found = SiteSecrets({"pw": Secret.model_validate({"secret": "prompt"})}, ask)
    assert [found.value("pw"), found.value("pw")] == [VALUE, VALUE]
    assert len(asked) == 1
    assert found.redacted(VALUE) == "«secret:pw»"


def test_what_is_typed_is_asked_for_before_readings_go_on_in_the_background() -> None:
    """A question from a thread would take what was typed for another one: it is refused there, and asked for beforehand."""
    asked: list[str] = []
    secrets = SiteSecrets({"pass": Secret(secret="prompt")}, lambda question: asked.append(question) or "a-long-secret")
    refused: list[CannotAskError] = []

    def in_the_background() -> None:
        try:
            secrets.value("pass")
        except CannotAskError as error:
            refused.append(error)

    for expected in (1, 1):
        thread = threading.Thread(target=in_the_background)
        thread.start()
        thread.join()
        assert len(refused) == expected
        secrets.ready()
        assert len(asked) == 1
    assert secrets.value("pass") == "a-long-secret"


def test_a_secret_that_nobody_typed_is_not_asked_for_at_every_reading() -> None:
    """Once in a run is enough; what needs it asks again."""
    asked: list[str] = []
    secrets = SiteSecrets({"pass": Secret(secret="prompt")}, lambda question: asked.append(question))
    secrets.ready()
    secrets.ready()
    assert len(asked) == 1


def test_a_short_secret_is_warned_of_once_and_blacks_nothing_out() -> None:
    """H43"""
    told: list[str] = []
    found = SiteSecrets({"pw": Secret.model_validate({"secret": "prompt"})}, lambda _question: "root", told.append)
    assert (found.value("pw"), found.value("pw")) == ("root", "root")
    assert len(told) == 1
    assert "too short" in told[0]
    assert found.redacted("root 1") == "root 1"


ASKER = """\
from runbook.ui.console import console_for
from runbook.ui.prompts import human_for
console = console_for()
with human_for(console) as human:
    with human.busy("asking the host"):
        typed = human.secret("The secret?")
    print(len(typed or ""), flush=True)
"""


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_a_secret_is_typed_unseen(term: str) -> None:
    child = pexpect.spawn(
        sys.executable,
        ["-c", ASKER],
        encoding="utf-8",
        timeout=20,
        env={**os.environ, "TERM": term, "PYTHONPATH": str(Path.cwd())},
    )
    child.expect("The secret.*> ")
    child.waitnoecho(5)
    child.sendline(VALUE)
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, str(len(VALUE)) in str(child.before)) == (0, True)
    assert VALUE not in str(child.before)
