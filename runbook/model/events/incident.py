"""The incident as a whole: opened, paused, gone on with, closed or aborted; its inputs, its site, this laptop and its clocks."""

from __future__ import annotations

from dataclasses import dataclass, field

from runbook.model.events.base import Event


@dataclass(frozen=True, slots=True)
class IncidentOpened(Event):
    """The first event. `files` maps each path under `plan/` to its SHA-256. `carried` are open unknown acts of other incidents.

    `belongs_to`: the incident beside which it was opened, where an offer of its plan did that. `reopened_from`: the record before this
    one is lost, and this one was begun anew from the plan: `file` (kept under that name), its `sha256`, and the `reason`.
    """

    incident: str
    plan: str
    plan_version: str
    title: dict[str, str]
    severity: str
    mode: str  # live | lab | drill
    site: str
    zone: str
    language: str
    reported_at: str
    reported_how: str  # typed | default
    files: dict[str, str]
    plan_origin: str
    site_origin: str
    lab_folder: str
    tool_version: str
    machine: str
    carried: list[dict[str, str]] = field(default_factory=list)
    belongs_to: str = ""
    reopened_from: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportedTimeCorrected(Event):
    at: str
    was: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class InputAnswered(Event):
    """A plan's input got its value. `how`: asked | default | set."""

    name: str
    value: str
    how: str


@dataclass(frozen=True, slots=True)
class SelfChecked(Event):
    """The tool looked at itself. `sees_nothing`: this laptop has no way out; readings are then unreachable, not failed."""

    link: bool
    gateway: str
    gateway_answers: bool | None
    neighbour: str
    neighbour_answers: bool | None
    sees_nothing: bool


@dataclass(frozen=True, slots=True)
class Paused(Event):
    """`why`: key | end_of_input | hangup | terminate | interrupt | not_answered | not_confirmed | failure_menu."""

    why: str
    step: str = ""


@dataclass(frozen=True, slots=True)
class Resumed(Event):
    machine: str
    tool_version: str


@dataclass(frozen=True, slots=True)
class SiteReloaded(Event):
    """The site file's present facts hold from here on. `file`: under `plan/`, with its SHA-256; `differences`: fact by fact."""

    sha256: str
    file: str
    differences: list[str]


@dataclass(frozen=True, slots=True)
class IncidentClosed(Event):
    pass


@dataclass(frozen=True, slots=True)
class IncidentAborted(Event):
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClockJumped(Event):
    """`kind`: wall (it moved by `seconds` against the boot clock) | suspended (for `seconds`) | rebooted (`seconds` since the
    last event by the wall clock, negative where that was set back).
    """

    kind: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ClockCorrected(Event):
    """A person said what time it is: from here on, rows of this boot are stored with this machine's clock plus `seconds`.

    `how`: told (read from another clock) | confirmed (this machine's clock is right, `seconds` is 0).
    """

    seconds: float
    how: str
