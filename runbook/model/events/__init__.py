"""The events: the engine's only output. Codes, values and what people typed; never sentences of ours.

Every event is a frozen dataclass named in the past tense; its fields are JSON values. `body` and `event` turn one into the
journal's JSON object and back; a kind that this version does not know is kept as `Unrecognised`, a field as `Recorded.further`,
never lost. A known event keeps its meaning whatever fields a later version has added: an intent of a newer program is an intent.
So a field is only ever added with a default, and what would change an event's meaning is an event of a new kind.
"""

# In the order of `KINDS`, not of the alphabet.
# isort: off
from runbook.model.events.base import KINDS, Event
from runbook.model.events.incident import (
    ClockCorrected,
    ClockJumped,
    IncidentAborted,
    IncidentClosed,
    IncidentOpened,
    InputAnswered,
    Paused,
    ReportedTimeCorrected,
    Resumed,
    SelfChecked,
    SiteReloaded,
)
from runbook.model.events.writers import OthersSeen, StepClaimed, WriterJoined, WriterLeft
from runbook.model.events.steps import (
    ActionEnded,
    ActionIntended,
    AnswerCorrected,
    ApprovalGiven,
    ApprovalRefused,
    FailureAnswered,
    OfferAnswered,
    PlaybookEntered,
    ReadingTaken,
    RecoveryAnswered,
    SeverityRaised,
    StepBegun,
    StepFinished,
    UnknownAnswered,
    WentTo,
)
from runbook.model.events.people import (
    DebtWaived,
    DelegateAnswered,
    Delegated,
    Escalated,
    HandoverOffered,
    NoteAdded,
    PersonTold,
    SignedOn,
    StaffMoved,
    StatePrinted,
    TicketsCounted,
)
from runbook.model.events.journal import JournalDamaged, Unrecognised
# isort: on

__all__ = [
    "KINDS",
    "ActionEnded",
    "ActionIntended",
    "AnswerCorrected",
    "ApprovalGiven",
    "ApprovalRefused",
    "ClockCorrected",
    "ClockJumped",
    "DebtWaived",
    "DelegateAnswered",
    "Delegated",
    "Escalated",
    "Event",
    "FailureAnswered",
    "HandoverOffered",
    "IncidentAborted",
    "IncidentClosed",
    "IncidentOpened",
    "InputAnswered",
    "JournalDamaged",
    "NoteAdded",
    "OfferAnswered",
    "OthersSeen",
    "Paused",
    "PersonTold",
    "PlaybookEntered",
    "ReadingTaken",
    "RecoveryAnswered",
    "ReportedTimeCorrected",
    "Resumed",
    "SelfChecked",
    "SeverityRaised",
    "SignedOn",
    "SiteReloaded",
    "StaffMoved",
    "StatePrinted",
    "StepBegun",
    "StepClaimed",
    "StepFinished",
    "TicketsCounted",
    "UnknownAnswered",
    "Unrecognised",
    "WentTo",
    "WriterJoined",
    "WriterLeft",
]
