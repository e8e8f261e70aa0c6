"""What an id of the language is: known to the shell's completion too, which must not wait for the models."""

ID = r"[a-z0-9][a-z0-9-]{0,63}"


def plan_of(step: str) -> str:
    """The playbook that a step's id, `PLAN:ID`, belongs to; empty for a step of the one that the walk began with."""
    plan, colon, _id = step.partition(":")
    return plan if colon else ""
