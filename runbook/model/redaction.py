"""Taking secrets out of whatever is kept or shown: by value, in every usual spelling, also where a stream was cut in the middle of one."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
import threading
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

from runbook.model.ports import JSON

SHORTEST = 6
"""A shorter secret would be found in ordinary text: it is not looked for, and that is said."""

_WORDS = """
123456 1234567 12345678 123456789 1234567890 000000 111111 888888 abc123 abcdef access account admin123 administrator agents
callcenter changeme cisco123 community default device failed genesys huawei huawei123 letmein localhost manager master
monitor network oracle passed passw0rd password password1 passwd postgres private public qwerty qwerty123 readonly runbook
secret server service status support switch sysadmin system technician unknown warned welcome
"""
COMMON = frozenset(_WORDS.split())
"""Words and numbers that stand in outputs by themselves: looked for, they would black out half the record."""

_PREFIX_AT_LEAST = 4
"""What of a secret's beginning must stand at the end of a stream that broke off for it to be taken out as well."""


def usable(value: str) -> bool:
    """Whether a secret can be looked for in outputs without blacking out what is none."""
    return len(value) >= SHORTEST and value.strip().casefold() not in COMMON and len(set(value)) > 1


def label(name: str) -> str:
    """What stands in the place of the secret `name`."""
    return f"«secret:{name}»"


def spellings(value: str) -> Iterator[str]:
    """The secret as it is, and quoted for a shell, for URLs, JSON, HTML, regular expressions and Python, in base64 and hex."""
    for text in dict.fromkeys((value, value.replace("\r\n", "\n"), value.replace("\r\n", "\n").replace("\n", "\r\n"))):
        yield text
        yield shlex.quote(text).removeprefix("'").removesuffix("'")
        yield re.sub(r"([^\w@%+=:,./-])", r"\\\1", text)  # as a shell's `printf %q` writes it
        yield from _of_urls(text)
        yield json.dumps(text)[1:-1]
        yield json.dumps(text, ensure_ascii=False)[1:-1]
        yield json.dumps(json.dumps(text)[1:-1])[1:-1]
        yield html.escape(text)
        yield html.escape(text, quote=False)
        yield re.escape(text)
        yield repr(text)[1:-1]
        yield from _encoded(text)
    lines = [line.strip() for line in value.splitlines()]
    if len(lines) > 1:
        # Of a key in several lines each one is a secret, and outputs break them anywhere.
        yield from (line for line in lines if len(line) >= 4 * SHORTEST and not line.startswith("-----"))


def _of_urls(text: str) -> Iterator[str]:
    for safe in ("", "/", "!*'()~"):
        for written in (quote(text, safe=safe), quote_plus(text, safe=safe)):
            yield written
            yield re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), written)


def _encoded(text: str) -> Iterator[str]:
    """In base64, wherever in it the secret stands, and in hex; PowerShell encodes what is written in UTF-16."""
    for data in (text.encode("utf-8", "surrogatepass"), text.encode("utf-16-le", "surrogatepass")):
        for before in range(3):
            written = base64.b64encode(b"\0" * before + data).decode("ascii")
            # Only the characters that the secret alone decides: six bits each.
            first, end = -(-8 * before // 6), 8 * (before + len(data)) // 6
            yield written[first:end]
            yield written[first:end].replace("+", "-").replace("/", "_")
        yield repr(data)[2:-1]
        yield data.hex()
        yield data.hex().upper()
        yield data.hex(":")
        yield data.hex(" ")


class Redactor:
    """Knows the secrets of one run and takes them out of texts, bytes and streams. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: dict[str, str] = {}
        self._in_text: re.Pattern[str] | None = None
        self._in_bytes: re.Pattern[bytes] | None = None
        self.longest = 0

    def learn(self, name: str, value: str) -> bool:
        """Take `value` out of everything from now on. False: it is too short or too common a word, and stays where it stands."""
        if not usable(value):
            return False
        with self._lock:
            for spelling in spellings(value):
                if len(spelling) >= SHORTEST:
                    self._names.setdefault(spelling, name)
            longest_first = sorted(self._names, key=len, reverse=True)
            in_bytes = [each.encode("utf-8", "surrogatepass") for each in longest_first]
            in_bytes += [each.encode("utf-16-le", "surrogatepass") for each in longest_first]
            self.longest = max(map(len, in_bytes))
            self._in_bytes = re.compile(b"|".join(map(re.escape, in_bytes)))
            self._in_text = re.compile("|".join(map(re.escape, longest_first)))
        return True

    def text(self, text: str) -> str:
        """`text` without any secret that was learned; passing twice changes nothing."""
        pattern = self._in_text
        return pattern.sub(lambda found: label(self._names[found[0]]), text) if pattern else text

    def data(self, data: bytes) -> bytes:
        """The same for bytes."""
        return self._in_bytes.sub(self._instead, data) if self._in_bytes else data

    def window(self) -> Window:
        """A filter for one stream of bytes."""
        return Window(self)

    def matches(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Where secrets stand in `data`: begin, end, and what stands there instead."""
        if self._in_bytes:
            yield from ((*found.span(), self._instead(found)) for found in self._in_bytes.finditer(data))

    def begun(self, data: bytes) -> bytes:
        """`data`, which broke off there, without the beginning of a secret at its end."""
        with self._lock:
            spelt = [(text.encode("utf-8", "surrogatepass"), name) for text, name in self._names.items()]
        for length in range(min(len(data), self.longest - 1), _PREFIX_AT_LEAST - 1, -1):
            for spelling, name in spelt:
                if len(spelling) > length and spelling.startswith(data[-length:]):
                    return data[:-length] + label(name).encode()
        return data

    def _instead(self, found: re.Match[bytes]) -> bytes:
        with self._lock:
            for codec in ("utf-8", "utf-16-le"):
                if name := self._names.get(found[0].decode(codec, "replace")):
                    return label(name).encode()
        return label("?").encode()


class Window:
    """One stream without secrets: what may still become one is held back until more comes, or nothing more does."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What can be passed on of all that came."""
        whole = self._held + data
        # A secret that begins before this place is there whole.
        sure = max(0, len(whole) - max(0, self._redactor.longest - 1))
        passed, place = bytearray(), 0
        for begin, end, instead in self._redactor.matches(whole):
            if begin >= sure:
                break
            passed += whole[place:begin] + instead
            place = end
        sure = max(sure, place)
        passed += whole[place:sure]
        self._held = whole[sure:]
        return bytes(passed)

    def end(self) -> bytes:
        """What was held back, now that nothing more comes; the beginning of a secret is taken out too."""
        held, self._held = self._held, b""
        return self._redactor.begun(self._redactor.data(held))


def in_tree(value: JSON, redact: Callable[[str], str]) -> JSON:
    """The same JSON value with every text in it, keys included, passed through `redact`."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact(key): in_tree(held, redact) for key, held in value.items()}
    if isinstance(value, (list, tuple)):
        return [in_tree(held, redact) for held in value]
    return value


_GATE = "_runbook_redacted"


def mark(error: BaseException, redact: Callable[[str], str]) -> None:
    """Let an error that leaves the run carry how it is said without secrets."""
    setattr(error, _GATE, redact)


def gate_of(error: BaseException) -> Callable[[str], str]:
    """How the text of this error is said without secrets; unchanged where no run was left by it."""
    found: Callable[[str], str] = getattr(error, _GATE, str)
    return found
