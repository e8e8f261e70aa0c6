"""pydantic's errors as problems of a file: where, what was expected, what was found, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, partial
from itertools import islice
from typing import Any

from pydantic import BaseModel, ValidationError

from runbook.loader.document import Document, Place
from runbook.loader.found import PROBLEMS_LIMIT, many
from runbook.model.errors import Problem
from runbook.model.ports import JSON
from runbook.model.text import ExpectedError, _

_SHAPES = {
    "dict_type": "map", "model_type": "map", "model_attributes_type": "map", "mapping_type": "map",
    "list_type": "list", "tuple_type": "list", "string_type": "text",
    "int_type": "whole", "int_parsing": "whole", "float_type": "number", "float_parsing": "number",
    "bool_type": "yes_no", "bool_parsing": "yes_no",
}  # fmt: skip
_NAME_LETTERS = 200
_ERRORS_LIMIT = 5 * PROBLEMS_LIMIT
_BOUNDS = {"greater_than_equal": "ge", "less_than_equal": "le", "greater_than": "gt", "less_than": "lt"}


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant, else nothing."""
    if len(name) > _NAME_LETTERS:  # nobody's slip of the finger, and a megabyte takes long to compare
        return ""
    folded = {k.casefold(): k for k in known}
    close = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else ""


def meant(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'host'?`, else the known names when they are few, else nothing."""
    names = sorted(known)
    if close := nearest(name, names):
        return _("; did you mean {name!r}?").format(name=close)
    return _(" (there are: {names})").format(names=", ".join(names)) if 0 < len(names) <= 12 else ""


def shown(value: Any) -> str:
    """What was found, in a few words."""
    if value is None or value in ("", {}, []):
        return _("nothing")
    if isinstance(value, Mapping):
        return _("a map")
    if isinstance(value, (list, tuple)):
        return _("a list")
    return repr(_short(str(value)))


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def words(place: Place, tree: JSON = None) -> str:
    """A place in plain words: `steps[4] restart-cti: service.host`. Positions in a list count from 1."""
    parts, node, rest = [], tree, list(place)
    if rest[:1] == ["steps"] and len(rest) > 1 and isinstance(rest[1], int):
        step = _child(_child(node, "steps"), rest[1])
        return _of_step(f"steps[{rest[1] + 1}]", rest[2:], step)
    for part in rest:
        parts.append(f"[{part + 1}]" if isinstance(part, int) else f".{part}")
    return "".join(parts).removeprefix(".") or _("the file")


def _of_step(listed: str, rest: list[str | int], step: JSON) -> str:
    """A place in a step: the step's own in its list, its id, and what is below; of a branch the same again."""
    name = step.get("id") if isinstance(step, dict) else None
    head = listed + (f" {_short(name)}" if isinstance(name, str) and name else "")
    if rest[:1] == ["together"] and len(rest) > 2 and isinstance(rest[2], int):
        inner = _child(_child(_child(step, "together"), rest[1]), rest[2])
        return f"{head}: " + _of_step(f"together.{rest[1]}[{rest[2] + 1}]", rest[3:], inner)
    return f"{head}: {words(tuple(rest))}" if rest else head


def _child(node: JSON, key: str | int) -> JSON:
    if isinstance(node, dict) and isinstance(key, str):
        return node.get(key)
    if isinstance(node, list) and isinstance(key, int) and 0 <= key < len(node):
        return node[key]
    return None


@dataclass(frozen=True)
class Reporter:
    """Says problems of one file. `prefix` goes before `where` (for a block inside a plan: nothing)."""

    document: Document

    def problem(self, code: str, place: Place, message: str, *, key: bool = False) -> Problem:
        mark = self.document.at(place, key=key)
        return Problem(self.document.file, mark.line, mark.column, code, words(place, self.document.tree), message)

    def unknown_key(self, place: Place, known: Iterable[str]) -> Problem:
        name = str(place[-1])
        message = _("expected a key of the language, found {name!r}").format(name=_short(name)) + meant(name, known)
        return self.problem("E-KEY-UNKNOWN", place, message, key=True)

    def missing_key(self, place: Place) -> Problem:
        message = _("expected the key {name!r}, found none").format(name=place[-1])
        mark = self.document.at(place[:-1])
        where = words(place[:-1], self.document.tree)
        return Problem(self.document.file, mark.line, mark.column, "E-KEY-MISSING", where, message)

    def unknown_name(self, place: Place, what: str, name: str, known: Iterable[str], *, key: bool = False) -> Problem:
        message = _("expected {what}, found {name!r}").format(what=what, name=_short(name)) + meant(name, known)
        return self.problem("E-NAME-UNKNOWN", place, message, key=key)

    def invalid(
        self, error: ValidationError, model: type[BaseModel], base: Place = (), also: Iterable[str] = ()
    ) -> list[Problem]:
        """Every error of one validation, `base` being the place of the validated tree. Each place is named once.

        `also`: further keys that may stand at the top of the tree, beside those of the model.
        """
        found: dict[tuple[int, int, str], Problem] = {}
        known_keys: dict[Place, set[str]] = {}
        flat = list(islice(_flat(error), _ERRORS_LIMIT))
        keys_at = cache(partial(_keys_at, model))
        for loc, details in flat:
            if details["type"] == "extra_forbidden":
                known = {*keys_at(loc[:-1]), *(also if len(loc) == 1 else ())}
                known_keys.setdefault(self._place(base, loc), set()).update(known)
        for loc, details in flat:
            place = self._place(base, loc)
            if details["type"] == "extra_forbidden":
                problem = self.unknown_key(place, known_keys[place])
            elif details["type"] == "missing":
                if self._misspelt(place, keys_at(loc[:-1])):
                    continue
                problem = self.missing_key(place)
            elif loc[-1:] == ("[key]",):
                problem = self.problem("E-VALUE-TYPE", place, _sentence(details, str(place[-1])), key=True)
            else:
                problem = self.problem("E-VALUE-TYPE", place, _sentence(details, _at(self.document.tree, place)))
            found.setdefault((problem.line, problem.column, problem.code), problem)
            if len(found) > PROBLEMS_LIMIT:
                break
        cut = len(found) > PROBLEMS_LIMIT or len(flat) == _ERRORS_LIMIT
        return [*([many(self.document.file)] if cut else []), *found.values()]

    def wrong_places(self, error: ValidationError) -> Iterator[Place]:
        """The entries that one validation of the whole file refused; that of a missing key is the one it is missing in."""
        for loc, details in _flat(error):
            place = self._place((), loc)
            yield place[:-1] if details["type"] == "missing" else place

    def _misspelt(self, place: Place, known: set[str]) -> bool:
        """Whether a key that is missing stands there with another spelling, which is said already."""
        node = _at(self.document.tree, place[:-1])
        strange = [key for key in node if key not in known] if isinstance(node, dict) else []
        return any(nearest(key, known) == place[-1] for key in strange)

    def _place(self, base: Place, loc: Place) -> Place:
        """Where `loc` stands in the file: without the tags of unions and the keys that a validator put in."""
        place, node = base, _at(self.document.tree, base)
        for number, part in enumerate(loc):
            last = number == len(loc) - 1
            if part == "[key]":
                continue
            child = _child(node, part)
            if child is None and isinstance(node, str) and part == 0:
                continue  # one text where a list was meant
            if child is None and not last:
                continue
            place, node = (*place, part), child
        return place


def _at(tree: JSON, place: Place) -> JSON:
    for part in place:
        tree = _child(tree, part)
    return tree


def _flat(error: ValidationError, base: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every error with its loc; a validation inside a validator is opened up."""
    for details in error.errors(include_url=False):
        inner = details.get("ctx", {}).get("error")
        if isinstance(inner, ValidationError):
            yield from _flat(inner, (*base, *details["loc"]))
        else:
            yield (*base, *details["loc"]), details


def _keys_at(model: type[BaseModel], loc: Place) -> set[str]:
    """The keys that the model at `loc` has, as far as its annotations tell."""
    current: list[type[BaseModel]] = [model]
    for part in loc:
        inner = [found for m in current for found in _models_of_field(m, part)]
        current = inner or ([m for m in current if m.__name__ == part] or current)
    return {field.alias or name for m in current for name, field in m.model_fields.items()}


def _models_of_field(model: type[BaseModel], key: str | int) -> list[type[BaseModel]]:
    for name, field in model.model_fields.items():
        if key in (field.alias, name):
            return list(_models_in(field.annotation))
    return []


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for argument in (*getattr(annotation, "__args__", ()), *getattr(annotation, "__metadata__", ())):
        yield from _models_in(argument)


def _sentence(details: Any, value: JSON) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "value_error":
        error = context.get("error", details["msg"])
        said = str(error)
        if not isinstance(error, ExpectedError):
            return said
        return _("{expected}, found {found}").format(expected=said, found=shown(value))
    expected, hint = _expected(kind, context), ""
    if kind == "literal_error":
        choices = [c.strip(" '") for c in str(context["expected"]).replace(" or ", ", ").split(",")]
        expected = _("one of {names}").format(names=", ".join(choices)) if len(choices) > 1 else repr(choices[0])
        close = nearest(value, choices) if isinstance(value, str) else ""
        hint = _("; did you mean {name!r}?").format(name=close) if close and len(choices) > 1 else ""
    if not expected:
        return _("expected another value ({reason}), found {found}").format(reason=details["msg"], found=shown(value))
    return _("expected {expected}, found {found}").format(expected=expected, found=shown(value)) + hint


def _expected(kind: str, context: Mapping[str, Any]) -> str:
    shapes = {
        "map": _("a map of keys and values"),
        "list": _("a list"),
        "text": _("a text"),
        "whole": _("a whole number"),
        "number": _("a number"),
        "yes_no": _("yes or no"),
    }
    bounds = {
        "ge": _("a number of at least {bound}"),
        "le": _("a number of at most {bound}"),
        "gt": _("a number above {bound}"),
        "lt": _("a number below {bound}"),
    }
    if kind in _SHAPES:
        return shapes[_SHAPES[kind]]
    if kind in _BOUNDS:
        return bounds[_BOUNDS[kind]].format(bound=context[_BOUNDS[kind]])
    if kind == "too_short":
        return _("at least {count} of them").format(count=context["min_length"])
    if kind == "too_long":
        return _("at most {count} of them").format(count=context["max_length"])
    return ""
