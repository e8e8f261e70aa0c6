"""The steps of a paper form: what is done by hand, what is ticked, where each answer leads. Frozen facts for the template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runbook.loader.needs import bodies, placeheld, shown
from runbook.loader.references import scalars
from runbook.model.kind import Kind
from runbook.model.playbook import Header, Playbook, Step, Together, WaitFor
from runbook.model.ports import JSON
from runbook.model.site import Site
from runbook.model.text import _
from runbook.model.units import span
from runbook.model.words import word


@dataclass(frozen=True, slots=True)
class PaperStep:
    """One step of the form, in words. `choices`: what is ticked instead of passed and failed. `branch`: for the first step of a branch,
    the number of its `together` and its name."""

    number: int
    phase: str
    title: str
    branch: tuple[str, str] | tuple[()]
    when: tuple[str, ...]
    do: tuple[str, ...]
    phones: tuple[str, ...]
    say: str
    expected: str
    proof: str
    undo: str
    choices: tuple[str, ...]
    value: str
    ways: tuple[str, ...]
    approvers: tuple[str, ...]
    covers: tuple[str, ...]
    debt: str


def paper_step(step: Step, plan: Playbook, site: Site) -> PaperStep:
    """One step of the form."""
    keys, header = step.keys, plan.header_of(step.plan)
    changes = step.changes
    return PaperStep(
        number=step.number,
        phase=keys.phase,
        title=keys.title.pick(),
        branch=_branch(step, plan),
        when=tuple(_conditions(step, plan)),
        do=tuple(shown(line, header) for line in _by_hand(step, plan, site)),
        phones=tuple(_phones(step, site)),
        say=keys.say.pick() if keys.say else "",
        expected="; ".join(f"{_called(name, step)}: {expected.said()}" for name, expected in keys.expect.items()),
        proof=shown(_proof(step, plan, site), header),
        undo=keys.undo.pick() if keys.undo else "",
        choices=_choices(step, reads=not changes),
        value=_value(step),
        ways=tuple(_ways(step, plan)),
        approvers=_approvers(step, site),
        covers=tuple(number_of(name, plan) for name in keys.approval.covers) if keys.approval else (),
        debt=_debt(step, plan),
    )


def _branch(step: Step, plan: Playbook) -> tuple[str, str] | tuple[()]:
    before = plan.steps[step.number - 2].lane if 1 < step.number <= len(plan.steps) else ""
    if not step.lane or step.lane == before:
        return ()
    together, _slash, branch = step.lane.rpartition("/")
    return number_of(together, plan), branch


def _called(value: str, step: Step) -> str:
    """A value of a reading in words, as its kind describes it."""
    described = step.sample.VALUES.get(value) if isinstance(step.sample, Kind) else None
    return _(described).rstrip(".\u3002") if described else value


def _phones(step: Step, site: Site) -> Iterator[str]:
    """Whom the step itself calls, with the numbers that the site has."""
    named = [text for _place, text in scalars(dict(step.body)) if text in site.contacts]
    for contact in dict.fromkeys(named):
        if people := people_of(contact, site):
            yield f"{site.role(contact)}: {', '.join(people)}"


def _by_hand(step: Step, plan: Playbook, site: Site) -> Iterator[str]:
    """What exactly is done by hand: the plan's own words, else the kind's."""
    if step.keys.manual:
        yield step.keys.manual.do.pick()
        return
    if isinstance(step.sample, Together):
        branches = ", ".join(step.sample.branches)
        yield _("Do at the same time: {branches}. Go on when all of them have ended.").format(branches=branches)
        return
    for kind, under in bodies(step, plan, site):
        if under == "verify":
            continue
        asked = kind.NAME == "ask" and bool(getattr(kind, "choices", ()))
        yield _("Find out, and tick the answer.") if asked else kind.manual_form(site)
        if question := getattr(kind, "question", None):
            yield _("Question: {question}").format(question=question.pick())
    if isinstance(step.sample, WaitFor):
        yield _waiting(step.sample, step, plan)


def _waiting(wait: WaitFor, step: Step, plan: Playbook) -> str:
    limit = str(placeheld(step.body.get("limit", ""), plan.header_of(step.plan)))
    since = (
        _("the end of step {step}").format(step=number_of(wait.since, plan))
        if wait.since
        else _("the start of this step")
    )
    said = _("Look every {every}, at most {limit} from {since}.").format(
        every=span(wait.every), limit=limit, since=since
    )
    if wait.hold:
        said += " " + _("It must stay so for {time}.").format(time=span(wait.hold))
    return said + (" " + _("It counts only when service is back as well.") if wait.and_ else "")


def _proof(step: Step, plan: Playbook, site: Site) -> str:
    """How to see that an action worked."""
    for kind, under in bodies(step, plan, site):
        if under == "verify" and step.keys.verify:
            written = step.written.get("verify")
            within = _map(written).get("within", span(step.keys.verify.within))
            text = str(placeheld(within, plan.header_of(step.plan)))
            return _("{form} Within {time}.").format(form=kind.manual_form(site), time=text)
    return ""


def _choices(step: Step, *, reads: bool) -> tuple[str, ...]:
    """What is ticked."""
    offered = [*(getattr(step.sample, "choices", None) or ()), *(getattr(step.sample, "cases", None) or ())]
    if offered:
        return tuple(str(getattr(choice, "label", choice)) for choice in offered)
    if isinstance(step.sample, WaitFor):
        return tuple(word(outcome, "outcome") for outcome in ("passed", "expired", "skipped"))
    if isinstance(step.sample, Kind) and step.sample.GROUP == "people" and getattr(step.sample, "type", None):
        return ()
    return tuple(word(outcome, "outcome") for outcome in ("passed", "failed", "skipped"))


def _value(step: Step) -> str:
    """What the box for a value is for, where the kind says it."""
    if not isinstance(step.sample, Kind):
        return ""
    unit = getattr(step.sample, "unit", None)
    if unit:
        return str(unit)
    return ", ".join(name for name in step.keys.expect) or ""


def conditions(when: Mapping[str, Sequence[str]], plan: Playbook, header: Header) -> Iterator[str]:
    """What must hold, a sentence for each step or input that is named."""
    for name, wanted in when.items():
        values = _(" or ").join(_answer(value, name, plan) for value in wanted)
        if name.startswith("inputs."):
            declared = header.inputs.get(name.removeprefix("inputs."))
            question = declared.ask.pick() if declared else name
            yield _("Only if the answer to \u201c{question}\u201d is: {values}.").format(
                question=question, values=values
            )
        else:
            yield _("Only if step {step} is: {values}.").format(step=number_of(name, plan), values=values)


def _conditions(step: Step, plan: Playbook) -> Iterator[str]:
    yield from conditions(step.keys.when, plan, plan.header_of(step.plan))
    if step.keys.closes:
        yield _("Only while what step {step} opened is open.").format(step=number_of(step.keys.closes, plan))


def _answer(value: str, step: str, plan: Playbook) -> str:
    """An outcome in words; a choice with its sentence."""
    sample = plan.step(step).sample if plan.has(step) else None
    for choice in getattr(sample, "choices", None) or ():
        if getattr(choice, "id", "") == value:
            return str(choice.label)
    return word(value, "outcome")


def _ways(step: Step, plan: Playbook) -> Iterator[str]:
    """Where each outcome goes, as `failed: go to 12`."""
    for outcome, target in step.keys.next.items():
        fails = getattr(step.sample, "fails", ()) if outcome == "failed" else ()
        ticked = " / ".join(_answer(choice, step.id, plan) for choice in fails) or word(outcome, "outcome")
        yield _("{outcome}: {way}").format(outcome=ticked, way=way(target, plan))
    if step.keys.recovery_test:
        yield _("service is back: {way}").format(way=way(plan.header.recovered.then, plan))


def way(target: str, plan: Playbook) -> str:
    """Where an outcome goes, in words."""
    if target == "continue":
        return _("next step")
    if target == "end":
        return _("end of the form")
    other, colon, at = target.partition(":")
    if colon and other != plan.id:
        return _("form {plan}, step {step}").format(plan=other, step=at)
    return _("go to {step}").format(step=number_of(target, plan))


def number_of(step: str, plan: Playbook) -> str:
    """A step by its number on the form."""
    return str(plan.step(step).number) if plan.has(step) else step


def _approvers(step: Step, site: Site) -> tuple[str, ...]:
    rule = step.keys.approval
    names = [name for name in (rule.by, rule.or_) if name] if rule else []
    return tuple(
        " ".join((site.role(name), *(f"({person})" for person in people_of(name, site)[:1]))) for name in names
    )


def _debt(step: Step, plan: Playbook) -> str:
    """What it leaves open or closes."""
    if step.keys.closes:
        return _("Closes what step {step} left open.").format(step=number_of(step.keys.closes, plan))
    if not step.opens:
        return ""
    closing = [str(other.number) for other in plan.steps if other.keys.closes == step.id]
    sentence = _("Leaves open: {what}. Step {step} closes it.")
    return sentence.format(what=word(step.opens, "debt"), step=", ".join(closing) or "-")


def people_of(contact: str, site: Site) -> tuple[str, ...]:
    """The people of a contact with their numbers, in backup order; nobody where the site does not say."""
    people = site.contacts[contact].people if contact in site.contacts else ()
    return tuple(": ".join(part for part in (person.name, ", ".join(person.all_numbers)) if part) for person in people)


def _map(tree: JSON) -> Mapping[str, JSON]:
    return tree if isinstance(tree, dict) else {}
