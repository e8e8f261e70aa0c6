"""The mistakes that files hold, by the code of the registry: why each is one, and an example of wrong and right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runbook.model.text import N_


@dataclass(frozen=True, slots=True)
class Mistake:
    """Why something is a mistake. `wrong` and `right`: the same lines of a playbook, before and after; empty where none can be short.

    Lines that begin with `-` are steps, all others stand above `steps:`.
    """

    why: str
    wrong: str = ""
    right: str = ""


_READS = "ping: {host: cti}\n  next: {failed: continue}"

MISTAKES: Mapping[str, Mistake] = {
    "E-YAML": Mistake(
        N_("The lines do not fit together. Keys of one step begin in the same column, with spaces and never with a tab."),
        "- id: look\n  title: Look at the board\n   instruct: {}",
        "- id: look\n  title: Look at the board\n  instruct: {}",
    ),
    "E-YAML-TAG": Mistake(
        N_("A word that begins with ! is an instruction to YAML. A plan holds text only."),
        "- id: look\n  title: !important Look at the board\n  instruct: {}",
        "- id: look\n  title: Look at the board\n  instruct: {}",
    ),
    "E-YAML-ALIAS": Mistake(
        N_("What is written once and meant in two places is missed when one of them is changed. Put it into a block instead."),
        "- id: look\n  title: &text Look at the board\n  instruct: {}",
        "- id: look\n  title: Look at the board\n  instruct: {}",
    ),
    "E-YAML-DEPTH": Mistake(N_("No plan needs braces inside braces so many times; such a file is broken, or made to break programs.")),
    "E-YAML-SIZE": Mistake(N_("A plan has to be read at night. One of more than 1 MiB, 10,000 keys and values, or 300 steps is not read at all.")),
    "E-YAML-DUPLICATE": Mistake(
        N_("Of two values under the same key one would be lost without a word."),
        "- id: look\n  title: Look at the board\n  title: Look at the lights\n  instruct: {}",
        "- id: look\n  title: Look at the lights of the board\n  instruct: {}",
    ),
    "E-YAML-TEXT": Mistake(
        N_("A character that cannot be seen can make a line say something else than it shows. Type the word again."),
        "- id: look\n  title: Look at the\u200b board\n  instruct: {}",
        "- id: look\n  title: Look at the board\n  instruct: {}",
    ),
    "E-KEY-UNKNOWN": Mistake(
        N_("A key that is not known is a key that does nothing. `runbook explain keys` lists those of a step."),
        f"- id: look\n  title: The CTI server answers\n  timout: 5s\n  {_READS}",
        f"- id: look\n  title: The CTI server answers\n  timeout: 5s\n  {_READS}",
    ),
    "E-KEY-MISSING": Mistake(
        N_("Some keys must be there: `id` and `title` in every step, the keys of its kind, and those of the playbook itself."),
        "- id: look\n  instruct: {}",
        "- id: look\n  title: Look at the board\n  instruct: {}",
    ),
    "E-VALUE-TYPE": Mistake(
        N_("Every key takes one type of value: a sentence, a number, a duration such as 5m, one of a few words."),
        f"- id: look\n  title: The CTI server answers\n  timeout: 5 seconds\n  {_READS}",
        f"- id: look\n  title: The CTI server answers\n  timeout: 5s\n  {_READS}",
    ),
    "E-NAME-UNKNOWN": Mistake(
        N_("A name leads to something that is written elsewhere: a step of the plan, a block, an input, a fact of site.yaml."),
        "- id: look\n  title: Look at the board\n  instruct: {}\n- id: tell\n  title: Tell it\n  when: {lok: passed}\n  instruct: {}",
        "- id: look\n  title: Look at the board\n  instruct: {}\n- id: tell\n  title: Tell it\n  when: {look: passed}\n  instruct: {}",
    ),
    "E-NAME-TWICE": Mistake(
        N_("`next`, `when` and the record name a step by its id, so each id stands once."),
        "- id: look\n  title: Look at the board\n  instruct: {}\n- id: look\n  title: Look again\n  instruct: {}",
        "- id: look\n  title: Look at the board\n  instruct: {}\n- id: look-again\n  title: Look again\n  instruct: {}",
    ),
    "E-MANY": Mistake(N_("Nobody reads hundreds of mistakes at once, and one often causes many: the first is worth a look first.")),
    "E-SECRET": Mistake(
        N_("A file is copied, mailed and kept with every incident; a secret in it is a secret no more. Name where it is kept."),
        "- id: look\n  title: Sign in with password=Winter2026!\n  instruct: {}",
        "- id: look\n  title: Sign in with the password of the envelope\n  instruct: {}",
    ),
    "E-STEP-KIND": Mistake(
        N_("The kind says what a step does. A step that does two things is two steps: each has an outcome of its own."),
        "- id: look\n  title: Look at the board\n  instruct: {}\n  call: {contact: vendor}",
        "- id: look\n  title: Look at the board\n  instruct: {}\n- id: tell\n  title: The vendor knows\n  call: {contact: vendor}",
    ),
    "E-READING-FAILED": Mistake(
        N_("Finding the fault is why the reading is there. The plan must say where to go then; `continue` is the next line."),
        "- id: look\n  title: The CTI server answers\n  ping: {host: cti}",
        f"- id: look\n  title: The CTI server answers\n  {_READS}",
    ),
    "E-TARGET": Mistake(
        N_("A plan goes forward, so that it ends. A step that may be entered again says how often with `repeatable`."),
        f"- id: look\n  title: Look at the board\n  instruct: {{}}\n- id: reads\n  title: It answers\n  {_READS.replace('continue', 'look')}",
        "- id: look\n  title: Look at the board\n  repeatable: {at_most: 3}\n  instruct: {}\n"
        f"- id: reads\n  title: It answers\n  {_READS.replace('continue', 'look')}",
    ),
    "E-FIRST": Mistake(
        N_("The first screen shows what to do in the first minutes. Four things first means that nothing is first."),
        "\n".join(f"- id: look-{n}\n  first: yes\n  title: Look at board {n}\n  instruct: {{}}" for n in range(1, 5)),
        "\n".join(f"- id: look-{n}\n  first: yes\n  title: Look at board {n}\n  instruct: {{}}" for n in range(1, 4)),
    ),
    "E-UNREACHED": Mistake(
        N_("Every step before it goes elsewhere, whatever it finds. Perhaps a `next` names the wrong step."),
        f"- id: look\n  title: It answers\n  {_READS.replace('failed: continue', 'passed: tell, failed: tell')}\n"
        "- id: restart\n  title: Switch it on\n  instruct: {}\n- id: tell\n  title: Tell it\n  instruct: {}",
        f"- id: look\n  title: It answers\n  {_READS.replace('failed: continue', 'passed: tell, failed: continue')}\n"
        "- id: restart\n  title: Switch it on\n  instruct: {}\n- id: tell\n  title: Tell it\n  instruct: {}",
    ),
    "E-OPENER": Mistake(
        N_("The hotline on emergency lines and tickets on paper must be taken back, or they are forgotten."),
        "- id: paper\n  title: Tickets are written by hand\n  tickets: {do: open}",
        "- id: paper\n  title: Tickets are written by hand\n  tickets: {do: open}\n"
        "- id: entered\n  closes: paper\n  title: All tickets are entered\n  tickets: {do: back_entry}",
    ),
    "E-VERIFY": Mistake(
        N_("A command that ended well says nothing about the service. A reading says whether the action worked."),
        "- id: restart\n  title: Restart the CTI service\n  service: {host: cti, name: cti-core, do: restart}\n  approval: {by: cs-lead}",
        "- id: restart\n  title: Restart the CTI service\n  service: {host: cti, name: cti-core, do: restart}\n  approval: {by: cs-lead}\n"
        "  verify: {service: {host: cti, name: cti-core, do: status}, within: 5m}",
    ),
    "E-APPROVAL": Mistake(
        N_("A restart or a switch takes working calls away too. Somebody who may decide that says yes first."),
        "- id: restart\n  title: Restart the CTI service\n  service: {host: cti, name: cti-core, do: restart}\n"
        "  verify: {service: {host: cti, name: cti-core, do: status}, within: 5m}",
        "- id: restart\n  title: Restart the CTI service\n  service: {host: cti, name: cti-core, do: restart}\n  approval: {by: cs-lead}\n"
        "  verify: {service: {host: cti, name: cti-core, do: status}, within: 5m}",
    ),
    "E-TEXT-BROKEN": Mistake(
        N_("A comma, a colon and space, `?`, a brace or ` #` means something to YAML. In quotes, or alone on its line, a sentence is safe."),
        "- id: look\n  title: Look at the board: is it dark\n  instruct: {}",
        "- id: look\n  title: 'Look at the board: is it dark'\n  instruct: {}",
    ),
    "E-PORT-NUMBER": Mistake(
        N_("Numbers change at the site and not in the plan. The name leads to the number in site.yaml: `ports: {sip: 5060}`."),
        "- id: reads\n  title: The SIP port is open\n  tcp: {host: sip, port: 5060}\n  next: {failed: continue}",
        "- id: reads\n  title: The SIP port is open\n  tcp: {host: sip, port: sip}\n  next: {failed: continue}",
    ),
    "E-UNTYPED": Mistake(
        N_("A text may hold anything, and what stands in a command must be known to be a number, a name, an address. Type the input."),
    ),
    "E-FILE": Mistake(N_("The file is not there, is a folder, or may not be read by you.")),
}  # fmt: skip
