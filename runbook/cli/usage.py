"""What the parser says of a wrong command line, in the person's language: it speaks English only, in these sentences."""

from __future__ import annotations

import re

from runbook.model.text import N_, _

_SENTENCES = (
    N_("Missing argument {name}."),
    N_("Missing option {name}."),
    N_("No such command {name}. Did you mean {names}?"),
    N_("No such command {name}."),
    N_("No such option: {name} (Possible options: {names})"),
    N_("No such option: {name}"),
    N_("Option {name} requires an argument."),
    N_("Option {name} does not take a value."),
    N_("Got unexpected extra argument(s) ({names})"),
    N_("Invalid value for {name}: {reason}"),
    N_("{found} is not a valid integer."),
)


def spoken_usage(said: str) -> str:
    """The parser's sentence in the person's language; as it is where no pattern fits."""
    for sentence in _SENTENCES:
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^\\n]+?)", re.escape(sentence))
        if found := re.fullmatch(pattern, said):
            return _(sentence).format(**{name: spoken_usage(text) for name, text in found.groupdict().items()})
    return said
