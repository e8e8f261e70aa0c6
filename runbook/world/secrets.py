"""The site's secrets: fetched by name when a port needs one, and taken out of whatever is kept or shown."""

from __future__ import annotations

from collections.abc import Mapping

from runbook.model.replies import CannotAskError
from runbook.model.site import Secret
from runbook.model.text import _


class SiteSecrets:
    """`runbook.model.ports.Secrets` of a site file."""

    def __init__(self, declared: Mapping[str, Secret]) -> None:
        self._declared = declared

    def value(self, name: str) -> str:
        """The secret. Raises CannotAskError when it is not to be had."""
        raise CannotAskError("login", _("the secret {name} is not to be had").format(name=name))

    def redacted(self, text: str) -> str:
        return text

    def redacted_bytes(self, data: bytes) -> bytes:
        return data
