"""The scalar types of the language. A file's scalars are all text; these give each its meaning, its JSON Schema and its sentence."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
)

from runbook.model.described import described
from runbook.model.ids import ID
from runbook.model.text import N_, ExpectedError, Text, _
from runbook.model.units import duration, span

_ID = re.compile(ID)
_STEP_ID = re.compile(f"({ID}:)?{ID}(/{ID})?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_SERVICE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@$ -]{0,63}")
_MAC = re.compile(r"([0-9a-f]{2}[:-]){5}[0-9a-f]{2}|([0-9a-f]{4}[.-]){2}[0-9a-f]{4}|[0-9a-f]{12}", re.IGNORECASE)
_ADDRESS = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9._:-]{0,252}")
_NUMBER = re.compile(r"\+?[0-9][0-9 -]{0,28}[0-9]")
_CODE = re.compile(r"[0-9*#+ -]{1,30}")
_LONGEST_NAME = 253


class Model(BaseModel):
    """A frozen node of a playbook or site file. Unknown keys are errors."""

    # Built when it is first used: a walk needs a few of the models, and building all of them is most of its start.
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The JSON Schema with each field's docstring as its description."""
        found = handler.resolve_ref_schema(handler(schema))
        for name, info in described(cls).model_fields.items():
            if info.description:
                found["properties"][info.alias or name].setdefault("description", info.description)
        return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ExpectedError(_("expected a text"))
    return value


def _match(pattern: re.Pattern[str], expected: str) -> BeforeValidator:
    def check(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ExpectedError(_(expected))
        return value

    return BeforeValidator(check)


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        if not re.fullmatch(r"-?\d{1,18}", value):
            raise ExpectedError(_("expected a whole number"))
        return int(value)
    return value


def _decimal(value: Any) -> Any:
    if isinstance(value, str):
        if not re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", value):
            raise ExpectedError(_("expected a number"))
        return float(value)
    return value


def _yes_no(value: Any) -> Any:
    if isinstance(value, str):
        if value not in ("true", "false", "yes", "no"):
            raise ExpectedError(_("expected yes or no"))
        return value in ("true", "yes")
    return value


def _duration(value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    return duration(_text(value))


def _sentence(value: Any) -> Text:
    text = Text.of(value)
    if any(not sentence.strip() for _language, sentence in text.by_language):
        raise ValueError(_("expected a sentence, found nothing"))
    return text


def _list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _names(value: Any) -> Any:
    """One text is a list of one, or of several with commas: that is how an input of seats is answered."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def is_mac(value: str) -> bool:
    """Whether `value` is a MAC address in one of its usual spellings."""
    return _MAC.fullmatch(value) is not None


def mac_written(value: str) -> str:
    """A MAC address in any of its usual spellings, as 00:1a:2b:3c:4d:5e."""
    digits = re.sub("[^0-9a-f]", "", value.lower())
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def _mac(value: Any) -> str:
    if not isinstance(value, str) or not is_mac(value):
        raise ExpectedError(_("expected a MAC address such as 00:1a:2b:3c:4d:5e"))
    return mac_written(value)


def _address(value: Any) -> str:
    if isinstance(value, str) and _ADDRESS.fullmatch(value):
        return value
    if isinstance(value, str) and not value.isascii() and len(value) <= _LONGEST_NAME:
        with suppress(UnicodeError):
            # Letters of another alphabet that look like these are another name: this form shows which.
            raise ExpectedError(
                _("expected a host name in plain letters (a-z; this one is {punycode})").format(
                    punycode=value.encode("idna").decode("ascii")
                )
            )
    raise ExpectedError(_("expected a host name or an IP address"))


def _number(value: Any) -> str:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return value
    if isinstance(value, str) and not value.isascii() and _NUMBER.fullmatch(unicodedata.normalize("NFKC", value)):
        plain = unicodedata.normalize("NFKC", value)
        raise ExpectedError(_("expected a telephone number of plain digits, such as {number}").format(number=plain))
    if isinstance(value, str) and _CODE.fullmatch(value):
        raise ExpectedError(_("expected a telephone number of 2 to 30 digits: * and # are codes, which nobody answers"))
    raise ExpectedError(_("expected a telephone number of digits"))


Id = Annotated[
    str,
    _match(_ID, N_("expected an id of lower-case letters, digits and hyphens, such as cti-down")),
    WithJsonSchema({"type": "string", "pattern": f"^{ID}$"}),
]
StepId = Annotated[
    str,
    _match(_STEP_ID, N_("expected a step's id, such as ping-cti, or BLOCK/ID inside a block")),
    WithJsonSchema({"type": "string", "pattern": f"^({ID}:)?{ID}(/{ID})?$"}),
]
Name = Annotated[
    str,
    _match(_NAME, N_("expected a name of letters, digits and . _ @ - such as cti-core")),
    WithJsonSchema({"type": "string"}),
]
ServiceName = Annotated[
    str,
    _match(_SERVICE_NAME, N_("expected a service's name of letters, digits, spaces and . _ @ $ - such as cti-core")),
    WithJsonSchema({"type": "string"}),
]
Mac = Annotated[str, BeforeValidator(_mac), WithJsonSchema({"type": "string"})]
"""A MAC address in any of its usual spellings, kept as 00:1a:2b:3c:4d:5e."""
Address = Annotated[str, BeforeValidator(_address), WithJsonSchema({"type": "string"})]
PhoneNumber = Annotated[str, BeforeValidator(_number), WithJsonSchema({"type": "string"})]
Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(span, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["5m", "1h30m"]}),
]
Sentence = Annotated[
    Text,
    BeforeValidator(_sentence),
    PlainSerializer(lambda text: text.data(), return_type=Any),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]}),
]
Whole = Annotated[int, BeforeValidator(_whole)]
Port = Annotated[Whole, Field(ge=1, le=65535)]
Count = Annotated[Whole, Field(ge=1, le=10000)]
Decimal = Annotated[float, BeforeValidator(_decimal)]
YesNo = Annotated[bool, BeforeValidator(_yes_no)]
OneOrMore = BeforeValidator(_list)
Names = Annotated[
    tuple[Id, ...],
    BeforeValidator(_names),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""Ids of hosts, seats or groups: one, or a list."""
