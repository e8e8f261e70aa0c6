"""The files that one run has opened: each block and scheme is looked for, and read as YAML, once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runbook.loader.document import Document
from runbook.loader.library import Group, Library, Source
from runbook.loader.yaml import read_yaml
from runbook.model.errors import RunbookError

if TYPE_CHECKING:
    from runbook.loader.one_plan import OnePlan


@dataclass(frozen=True)
class Shelf:
    """A library that remembers what it gave. For one run only: a file that is changed later is not looked at again.

    `plans`: the playbooks that were understood, by file and content.
    """

    library: Library
    plans: dict[tuple[str, bytes], OnePlan] = field(default_factory=dict)
    _sources: dict[tuple[Group, str], Source | None] = field(default_factory=dict)
    _names: dict[Group, list[str]] = field(default_factory=dict)
    _documents: dict[tuple[str, bytes], Document] = field(default_factory=dict)

    def source(self, group: Group, name: str) -> Source | None:
        """The file, or None. Raises RunbookError when it is there and cannot be read."""
        if (group, name) not in self._sources:
            self._sources[group, name] = self.library.source(group, name)
        return self._sources[group, name]

    def found(self, group: Group, name: str) -> Source | RunbookError | None:
        """The same, with the error in the place of a file that cannot be read."""
        try:
            return self.source(group, name)
        except RunbookError as error:
            return error

    def names(self, group: Group) -> list[str]:
        if group not in self._names:
            self._names[group] = self.library.names(group)
        return self._names[group]

    def document(self, source: Source) -> Document:
        """A file as YAML; its mistakes are in the document's problems."""
        key = (source.shown, source.data)
        if key not in self._documents:
            self._documents[key] = read_yaml(source.data, source.shown)
        return self._documents[key]
