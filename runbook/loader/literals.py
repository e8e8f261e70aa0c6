"""Secrets that stand in a file: found by key, by form, and by what a `secret:` should have named. Never shown."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import get_args

from runbook.loader.document import Document, Mark, Place
from runbook.loader.references import scalars
from runbook.loader.validation import Reporter, nearest
from runbook.model.errors import Problem
from runbook.model.ports import JSON
from runbook.model.site import Secret
from runbook.model.text import _

SECRET_KEYS = frozenset(
    {"password", "passwd", "pass", "passphrase", "pass_phrase", "pwd", "pin", "token", "api_key", "apikey", "auth_key",
     "access_key", "secret_key", "private_key", "community", "credential", "credentials", "secret"}
)  # fmt: skip
"""A key of this name holds a secret, in whatever file it stands; in a site file `secret` may hold the name of one."""

_OF_NAMES = frozenset({"ports", "files", "finds", "bindings", "hosts", "groups", "lines"})
"""Parts whose keys are names that the author chose."""

# A text may be a megabyte: no form begins with a run of letters, and each is searched only where its words stand.
_FORMS = (
    # user:password@ of a URL: RFC 3986 section 3.2.1
    (("://",), re.compile(r"(?<=[A-Za-z0-9+.-])://[^\s/@:]*:[^\s/@]+@")),
    (("private key",), re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    (
        ("pass", "pwd", "token", "key", "secret", "community"),
        re.compile(
            r"(?i)(?:^|[-_\s?&;,(])(?:password|passwd|passphrase|pwd|token|api[-_]?key|secret|community)(?:\s*=\s*|:)[^\s$<{\"'.,;]"
        ),
    ),
)
_OPTION = re.compile(r"(?i)-{1,2}(?:password|passwd|passphrase|pass|pwd|token|api[-_]?key|secret|community)")


def literal_secrets(report: Reporter, names: Collection[str] = ()) -> Iterator[tuple[Place, Problem]]:
    """Every secret that stands in a file, with its place: nothing else may be said of that place, it would show the secret.

    `names`: the secrets that the file declares; a `secret:` that names one of them is none.
    """
    tree = report.document.tree
    for place, text in scalars(tree):
        key = _key_of(place)
        if place[:1] == ("secrets",) and not _kept_elsewhere(place, text):
            yield place, report.problem("E-SECRET", place, _no_source(text))
            continue
        if not text or not key or _in_secrets_part(place) or (key == "secret" and text in names):
            continue
        if key.replace("-", "_") in SECRET_KEYS and not text.startswith("$") and not _named_by_the_author(place):
            yield place, report.problem("E-SECRET", place, _by_key(key, text, names))
        elif _looks_like_one(text) or _follows_option(tree, place, text):
            yield place, report.problem("E-SECRET", place, _found())


_MAY_HOLD = (
    b"passw", b"passphrase", b"pwd", b"token", b"apikey", b"api-key", b"api_key", b"secret", b"community", b"private key"
)  # fmt: skip
_USER_IN_URL = re.compile(rb"://[^\s/]*@")


def _may_hold(data: bytes) -> bool:
    lower = data.lower()
    return any(word in lower for word in _MAY_HOLD) or _USER_IN_URL.search(data) is not None


def secrets_of_plan(documents: Iterable[Document], files: Iterable[bytes]) -> Iterator[tuple[Document, Place, Problem]]:
    """The same for the files of a plan, whose keys are its author's words: by form alone. `files`: their bytes, looked at first."""
    if not any(_may_hold(data) for data in files):
        return
    for document in documents:
        for place, text in scalars(document.tree):
            if place and _looks_like_one(text):
                yield document, place, Reporter(document).problem("E-SECRET", place, _found())


def without_secrets(
    problems: Iterable[Problem], documents: Iterable[Document], files: Iterable[bytes]
) -> list[Problem]:
    """The problems of a plan with those secrets among them; what else is said of a secret's place would show it."""
    found = list(secrets_of_plan(documents, files))
    if not found:
        return list(problems)
    hidden = {
        (document.file, document.at(place, key=key)) for document, place, _problem in found for key in (False, True)
    }
    kept = [each for each in problems if (each.file, Mark(each.line, each.column)) not in hidden]
    return sorted({*kept, *(problem for _document, _place, problem in found)})


def _key_of(place: Place) -> str:
    return next((part.lower() for part in reversed(place) if isinstance(part, str)), "")


def _named_by_the_author(place: Place) -> bool:
    keys = [part for part in place if isinstance(part, str)]
    return len(keys) > 1 and keys[-2] in _OF_NAMES


def _in_secrets_part(place: Place) -> bool:
    """The site file's own `secrets:`, which says where each is kept."""
    return place[:1] == ("secrets",) and len(place) == 3 and place[2] in ("secret", "service", "name", "file")


def _kept_elsewhere(place: Place, text: str) -> bool:
    """Whether an entry of `secrets:` says where its secret is kept, instead of what it is."""
    return len(place) > 2 and (place[2] != "secret" or text in get_args(Secret.model_fields["secret"].annotation))


def _no_source(text: str) -> str:
    sources = get_args(Secret.model_fields["secret"].annotation)
    message = _("expected where the secret is kept, one of {sources}, found another text (not shown)")
    return message.format(sources=", ".join(sources)) + _meant(text, sources)


def _by_key(key: str, text: str, names: Collection[str]) -> str:
    if key != "secret":
        return _found()
    message = _(
        "expected the name of one of the file's `secrets`, found another text (not shown: it may be the secret)"
    )
    return message + _meant(text, names)


def _meant(text: str, names: Collection[str]) -> str:
    close = nearest(text, names) if re.fullmatch(r"[a-z0-9-]{1,64}", text) else ""
    return _("; did you mean {name!r}?").format(name=close) if close else ""


def _found() -> str:
    return _("expected no secret in a file, found one (not shown): put it into the keyring and name it under `secrets`")


def _looks_like_one(text: str) -> bool:
    lower = text.lower()
    return any(form.search(text) for words, form in _FORMS if any(word in lower for word in words))


def _follows_option(tree: JSON, place: Place, text: str) -> bool:
    """Whether a word of a command stands behind `--password`."""
    number = place[-1]
    if not isinstance(number, int) or number == 0 or text.startswith(("$", "-")):
        return False
    node = tree
    for part in (*place[:-1], number - 1):
        node = node[part] if isinstance(node, (dict, list)) else None  # type: ignore[index]
    return isinstance(node, str) and _OPTION.fullmatch(node) is not None
