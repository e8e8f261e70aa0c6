"""Secrets are taken out by value: in every usual spelling, wherever a stream is cut, and nothing else is touched."""

from __future__ import annotations

import base64
import html
import json
import shlex
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbook.model.redaction import COMMON, Redactor, gate_of, in_tree, label, mark, usable
from runbook.world.capture import Recorder

SECRETS = [
    "Tr0ub4dor&3",
    'it\'s a "secret" $HOME/`x`',
    "密码-9527-安全",
    "a+b/c=d?e&f#g",
    "line one\nline two\n",
    "\\d{3}%20",
]


def knowing(*values: str) -> Redactor:
    redactor = Redactor()
    for number, value in enumerate(values):
        assert redactor.learn(f"s{number}", value)
    return redactor


def forms(secret: str) -> dict[str, str]:
    """The secret as programs write it."""
    return {
        "plain": secret,
        "in a shell": shlex.quote(secret),
        "in a URL": quote(secret, safe=""),
        "in a path": quote(secret),
        "in a form": quote_plus(secret),
        "in JSON": json.dumps({"pw": secret}),
        "in JSON, unescaped": json.dumps({"pw": secret}, ensure_ascii=False),
        "in HTML": html.escape(secret),
        "in Python": repr({"pw": secret}),
        "in Python bytes": repr(secret.encode()),
        "in base64": base64.b64encode(secret.encode()).decode(),
        "in base64 for URLs": base64.urlsafe_b64encode(secret.encode()).decode(),
        "in base64 behind a user": base64.b64encode(b"u:" + secret.encode()).decode(),
        "in base64 between others": base64.b64encode(b"user:" + secret.encode() + b"\n").decode(),
        "in PowerShell": base64.b64encode(f"$p='{secret}'".encode("utf-16-le")).decode(),
        "in hex": secret.encode().hex(),
        "with CR LF": secret.replace("\n", "\r\n"),
    }


@pytest.mark.parametrize("form", forms("x"))
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_taken_out_of_a_text_in_every_spelling(secret: str, form: str) -> None:
    """H42"""
    written = forms(secret)[form]
    cleaned = knowing(secret).text(f"before {written} after")
    assert label("s0") in cleaned
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" after")
    assert written not in cleaned
    assert knowing(secret).data(written.encode()) != written.encode()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_that_comes_in_pieces_is_caught(secret: str, size: int) -> None:
    """H42: split over chunks."""
    data = f"head {secret} middle {quote(secret)} {base64.b64encode(secret.encode()).decode()} tail".encode()
    window = knowing(secret).window()
    passed = b"".join(window.feed(data[at : at + size]) for at in range(0, len(data), size)) + window.end()
    assert passed == knowing(secret).data(data)
    assert passed.count(label("s0").encode()) == 3


@given(st.binary(max_size=300), st.integers(1, 50))
def test_what_holds_no_secret_passes_unchanged_however_it_is_cut(data: bytes, size: int) -> None:
    window = knowing("Tr0ub4dor&3").window()
    if b"Tr0u" not in data:
        passed = b"".join(window.feed(data[at : at + size]) for at in range(0, len(data), size)) + window.end()
        assert passed == data


@pytest.mark.parametrize("kept", range(1, 60))
def test_a_secret_at_the_cut_of_a_bounded_capture_is_caught(kept: int) -> None:
    secret = "Tr0ub4dor&3"
    recorder = Recorder(kept, knowing(secret).window())
    for at in range(0, 300, 7):
        recorder.add((b"." * 20 + secret.encode() + b"." * 20 + secret.encode() + b"." * 300)[at : at + 7])
    capture = recorder.capture()
    for part in (capture.head, capture.tail):
        assert not any(secret[at : at + 4].encode() in part for at in range(len(secret) - 4))


def test_a_stream_that_broke_off_inside_a_secret_keeps_no_beginning_of_it() -> None:
    window = knowing("Tr0ub4dor&3").window()
    assert window.feed(b"the word is Tr0ub4d") + window.end() == "the word is «secret:s0»".encode()


def test_the_longest_of_two_secrets_is_taken_out_whole() -> None:
    redactor = knowing("Tr0ub4dor", "Tr0ub4dor&3-more")
    assert redactor.text("Tr0ub4dor&3-more, Tr0ub4dor") == "«secret:s1», «secret:s0»"
    window = redactor.window()
    passed = b"".join(window.feed(bytes([byte])) for byte in b"Tr0ub4dor&3-more, Tr0ub4dor!") + window.end()
    assert passed.decode() == "«secret:s1», «secret:s0»!"


@pytest.mark.parametrize("value", ["", "1", "root", "admin", "12345", "aaaaaaaa", "password", "Password", "huawei123"])
def test_a_short_or_common_word_blacks_nothing_out(value: str) -> None:
    """H43"""
    redactor = Redactor()
    assert not redactor.learn("s", value)
    text = f"{value} user root, exit 1, password: {value}"
    assert redactor.text(text) == text


def test_every_common_word_is_long_enough_to_matter() -> None:
    assert all(len(word) >= 6 and not usable(word) for word in COMMON)


def test_a_tree_is_cleaned_to_its_last_text_and_its_keys() -> None:
    redact = knowing("Tr0ub4dor&3").text
    tree = {"a": ["x Tr0ub4dor&3", 1, None, True], "Tr0ub4dor&3": {"b": "Tr0ub4dor&3"}}
    assert in_tree(tree, redact) == {"a": ["x «secret:s0»", 1, None, True], "«secret:s0»": {"b": "«secret:s0»"}}  # type: ignore[arg-type]


def test_an_error_carries_how_it_is_said() -> None:
    error = ValueError("Tr0ub4dor&3")
    assert gate_of(error)(str(error)) == "Tr0ub4dor&3"
    mark(error, knowing("Tr0ub4dor&3").text)
    assert gate_of(error)(str(error)) == "«secret:s0»"
