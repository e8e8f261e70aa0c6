"""The paper form: every step of the plan, as a person does it by hand, with boxes, page by page."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runbook.cli.app import main
from runbook.loader.playbooks import load_playbook
from runbook.loader.schemes import load_scheme
from runbook.loader.site import load_site
from runbook.model.playbook import Playbook
from runbook.model.site import Site
from runbook.model.text import speak
from runbook.report.blocks import blocks
from runbook.report.paper import Paper, paper
from runbook.report.paper_form import paper_markdown, paper_pdf
from tests import peers
from tests.docs.test_playbooks import FINISHED, written
from tests.loader.plans import folder

ROOT = Path(__file__).resolve().parents[2]
PLANS = [ROOT / "playbooks"]
IDS = sorted(path.stem for path in (ROOT / "playbooks" / "call-centre").glob("*.yaml") if "." not in path.stem)
AT = datetime(2026, 11, 4, tzinfo=UTC)
STEPS = """\
  - id: look
    title: Look | at *the* board
    ask: {choices: [dark: It is dark, lit]}
  - id: tell
    when: {look: dark}
    title: Tell it
    say: The board is dark.
    call: {contact: vendor}
    next: {failed: end}
  - id: paper
    title: Tickets are written by hand
    tickets: {do: open}
  - id: restart
    title: Restart it
    service: {host: cti, name: cti-core, do: restart}
    approval: {by: cs-lead}
    verify: {service: {host: cti, name: cti-core, do: status}, within: $inputs.grace}
    next: {failed: words}
    recovery_test: yes
  - id: words
    title: What was seen
    ask: {type: text}
  - id: entered
    closes: paper
    title: All tickets are entered
    tickets: {do: back_entry}
"""
SITE = """\
site: 1
name: Here
hosts:
  cti: {address: 192.0.2.7, title: The CTI server, services: {cti-core: {systemd: cti.service}}}
contacts:
  vendor: {title: The vendor, people: [{name: Night desk, number: "555 0101", numbers: ["555 0102"]}]}
  cs-lead: {title: The leader, people: [{name: Leader A, number: "555 0103"}]}
"""


@pytest.fixture(params=["en", "zh"])
def spoken(request: pytest.FixtureRequest) -> Iterator[str]:
    speak(request.param, None)
    yield request.param
    speak("en", None)


def small(root: Path, *, with_site: bool = True) -> Paper:
    plans = folder(root, STEPS, extra="inputs:\n  grace: {type: duration, default: 5m, ask: How long}\n")
    plan = load_playbook("plan", [plans])
    return paper(plan, _site(root) if with_site else None, None)


def _site(root: Path) -> Site:
    path = root / "site.yaml"
    path.write_text(SITE, encoding="utf-8")
    return load_site(path)


def shipped(name: str) -> tuple[Playbook, Paper]:
    plan = load_playbook(name, PLANS)
    scheme = load_scheme(plan.header.clocks.scheme, PLANS) if plan.header.clocks else None
    return plan, paper(plan, None, scheme)


def cells(markdown: str) -> list[list[str]]:
    """Every row of every table, without Markdown's own marks."""
    found = []
    for block in blocks(markdown):
        if block["type"] == "table":
            found += [
                ["".join(run.get("text", " ") for run in cell) for cell in row]
                for row in [block["head"], *block["rows"]]
            ]
    return found


@pytest.mark.parametrize("name", IDS)
def test_every_step_of_a_shipped_plan_stands_on_its_form(name: str, spoken: str) -> None:
    plan, form = shipped(name)
    headings = [
        "".join(run["text"] for run in b["runs"]) for b in blocks(paper_markdown(form)) if b["type"] == "heading"
    ]
    own = [step for step in plan.steps if not step.plan or step.plan == plan.id]
    assert [f"{step.number}. {step.title.pick()}" for step in own] == [h for h in headings if re.match(r"\d+\. ", h)]


def test_each_step_says_what_to_do_and_has_boxes_for_what_was_found(tmp_path: Path) -> None:
    text = paper_markdown(small(tmp_path))
    assert "**Do:** Call The vendor, and write down who was reached and when." in text
    assert "**Telephone:** The vendor: Night desk: 555 0101, 555 0102" in text
    assert "**Say:** The board is dark." in text
    assert "Only if step 1 is: It is dark." in text
    assert "On the console of The CTI server (192.0.2.7): restart the service cti-core." in text
    assert "Within \\<grace: 5m\\>." in text
    rows = cells(text)
    assert ["Time", "Result", "Value", "Next"] in rows
    box = "\u25a1\u00a0"
    assert ["", f"{box}It is dark\u3000{box}lit", "", "next step"] in rows
    assert ["", f"{box}passed\u3000{box}failed\u3000{box}skipped", "", "failed: end of the form"] in rows
    assert [
        "",
        f"{box}passed\u3000{box}failed\u3000{box}skipped",
        "",
        "failed: go to 5\u3000service is back: end of the form",
    ] in rows
    assert ["The leader (Leader A: 555 0103)", "", "", f"{box}yes\u3000{box}no", ""] in rows
    assert ["Time", "Answer in words", "Next"] in rows
    assert "Step 6 closes it." in text
    assert "Closes what step 3 left open." in text


def test_a_question_that_failed_is_called_by_the_answer_that_was_ticked() -> None:
    """On paper nobody knows which answers mean `failed`."""
    _plan, form = shipped("cti-down")
    (row,) = [row for row in cells(paper_markdown(form)) if "leave this plan" in row[1]]
    assert row[-1] == "leave this plan: end of the form"


def test_without_a_site_there_is_room_for_its_numbers(tmp_path: Path) -> None:
    text = paper_markdown(small(tmp_path, with_site=False))
    assert "555" not in text
    assert ["vendor", ""] in cells(text)


def test_nothing_that_a_plan_says_becomes_markup(tmp_path: Path) -> None:
    headings = [
        "".join(run["text"] for run in b["runs"])
        for b in blocks(paper_markdown(small(tmp_path)))
        if b["type"] == "heading"
    ]
    assert "1. Look | at *the* board" in headings


def test_a_step_is_never_broken_over_two_pages_and_every_page_is_signed(tmp_path: Path, spoken: str) -> None:
    """Read from the PDF itself: on each page as many result rows as steps; the foot has the page's number and a line to sign."""
    _plan, form = shipped("cti-down")
    made = tmp_path / "form.pdf"
    made.write_bytes(paper_pdf(form, AT))
    reader = peers.program("pdftotext")
    text = subprocess.run([reader, "-layout", made, "-"], capture_output=True, check=True, timeout=60).stdout.decode()
    pages = text.rstrip("\f\n").split("\f")
    assert len(pages) > 3
    for number, page in enumerate(pages, 1):
        assert f"page {number} of {len(pages)}" in page
        assert "Signature: ____" in page
        begun = re.findall(r"^ *\d+\. ", page, re.MULTILINE)
        boxes = re.findall(r"^ *Time +(?:Result|Answer in words|Value)", page, re.MULTILINE)
        assert len(begun) == len(boxes), page


@pytest.mark.parametrize("letters", [800, 2500, 4000, 12000])
@pytest.mark.parametrize("unit", ["word ", "句"])
def test_no_step_is_too_long_for_its_form(unit: str, letters: int, tmp_path: Path) -> None:
    """A step that fits on a page stays in one piece; a longer one is broken; either way nothing runs off the page."""
    said = (unit * letters)[:letters].strip()
    root = folder(tmp_path, f"  - id: look\n    title: Look\n    say: {said} ENDMARK\n    instruct: {{}}\n")
    data = paper_pdf(paper(load_playbook("plan", [root]), None, None), AT)
    body = ["-raw", "-x", "0", "-y", "62", "-W", "596", "-H", "715", "-", "-"]
    text = subprocess.run([peers.program("pdftotext"), *body], input=data, capture_output=True, check=True, timeout=60)
    assert text.stdout.decode().count("ENDMARK") == 1
    assert text.stdout.decode().count("Result") == 1


def test_branches_stand_under_their_heading_and_other_plans_by_their_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps of a plan that a jump leads to have a form of their own."""
    monkeypatch.chdir(written(tmp_path, FINISHED))
    plan = load_playbook("playbooks/sign-in-fails.yaml", PLANS)
    assert any(step.plan == "cti-down" for step in plan.steps)
    text = paper_markdown(paper(plan, None, None))
    headings = [line.removeprefix("### ") for line in text.splitlines() if line.startswith("### ")]
    together = next(number for number, line in enumerate(headings) if line.startswith("At the same time"))
    assert re.fullmatch(r"At the same time \(step \d+\): servers", headings[together])
    assert headings[together + 1].endswith("The SIP server answers")
    assert "expired: form cti-down, step switch" in text
    assert "Severity rises to:** SEV1" in text
    assert not any("analogue" in line for line in headings)


def test_the_same_form_gives_the_same_bytes(tmp_path: Path) -> None:
    form = small(tmp_path)
    assert paper_pdf(form, AT) == paper_pdf(form, AT)
    assert paper_pdf(form, AT).startswith(b"%PDF")


def test_the_command_writes_markdown_and_pdf_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["show", "cti-down", "--format", "paper"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("# CTI server down\n")
    for name in ("form.md", "form.pdf"):
        assert main(["show", "cti-down", "--format", "paper", "-o", name]) == 0
    assert (tmp_path / "form.md").read_text(encoding="utf-8") == printed
    assert (tmp_path / "form.pdf").read_bytes().startswith(b"%PDF")
    assert main(["show", "cti-down", "--format", "paper", "-o", "form.docx"]) == 2
    assert not (tmp_path / "form.docx").exists()
