"""Every sentence of the program is one that can be translated, and is translated: whole, and with its values in place."""

from __future__ import annotations

import ast
import re
import string
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from runbook.cli.app import COMMANDS, main
from runbook.cli.common import LANGUAGES, speak_language
from runbook.cli.usage import spoken_usage
from runbook.model.text import _, language
from runbook.steps import kinds
from runbook.world.lab.centre import CONTACTS, LINES, MACHINES
from tests.acceptance.program import REPAIRED_BY_RESTART, SCOPE, SWITCH, Program
from tests.house.messages import KEYWORDS, ROOT, TEMPLATE, catalogues, extracted, read

FRESH = extracted()
OTHERS = [name for name in LANGUAGES if name != "en"]


def sentences(language: str) -> dict[str, Message]:
    return {message.id: message for message in read(language) if message.id}


def values(sentence: str) -> list[tuple[str, str, str]]:
    """The places that `sentence` leaves for values, each with its conversion and format."""
    return sorted(
        (name, conversion or "", form or "")
        for _text, name, form, conversion in string.Formatter().parse(sentence)
        if name is not None
    )


def test_every_language_that_is_offered_has_a_catalogue() -> None:
    assert sorted(catalogues()) == sorted(OTHERS)


def test_the_template_holds_the_sources_sentences_and_no_others() -> None:
    with TEMPLATE.open("rb") as text:
        here = {message.id for message in read_po(text)}
    assert here == {message.id for message in FRESH}, "run: python tests/house/messages.py"


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalogue_holds_the_sources_sentences_and_no_others(language: str) -> None:
    here = sentences(language)
    assert sorted(here) == sorted(message.id for message in FRESH if message.id), "run: python tests/house/messages.py"
    assert not read(language).obsolete


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated_with_the_same_values(language: str) -> None:
    for sentence, message in sentences(language).items():
        assert message.string, f"not translated: {sentence!r}"
        assert not message.fuzzy, f"only guessed: {sentence!r}"
        assert values(message.string) == values(sentence), sentence


def test_a_chinese_sentence_holds_chinese_where_the_english_one_holds_words() -> None:
    for sentence, message in sentences("zh").items():
        # A list of the language's own words has no other language.
        if message.string == sentence and not re.fullmatch("[a-z]+( [a-z]+){4,}", sentence):
            assert not re.search("[A-Za-z]", re.sub(r"\{.*?\}|runbook .*|[A-Z]+=[A-Z]+|\$[\w.]+|Ctrl-C", "", sentence))


def test_a_chinese_terminal_of_the_old_kind_carries_every_sentence() -> None:
    for message in sentences("zh").values():
        assert message.string.encode("gbk").decode("gbk") == message.string


def test_values_have_names() -> None:
    for message in FRESH:
        assert all(name.isidentifier() for name, _conversion, _form in values(message.id or "")), message.id
        assert not re.search(r"%[sdr(]", message.id or ""), message.id


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node


def is_marked(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS


def wrong(call: ast.Call) -> str | None:
    """What is wrong with one call: `_` takes one whole sentence, and `format` its values by name."""
    if isinstance(call.func, ast.Name) and call.func.id in ("_", "N_"):
        if len(call.args) != 1 or call.keywords:
            return "takes one sentence"
        sentence = call.args[0]
        if isinstance(sentence, ast.Constant):
            return None if isinstance(sentence.value, str) and sentence.value else "an empty sentence"
        if call.func.id == "N_" or not isinstance(sentence, ast.Name | ast.Attribute | ast.Subscript):
            return "put together: no catalogue can hold it"
    if isinstance(call.func, ast.Attribute) and call.func.attr == "format" and is_marked(call.func.value):
        marked = call.func.value
        assert isinstance(marked, ast.Call)
        if call.args:
            return "values without names"
        given = {keyword.arg for keyword in call.keywords}
        if None not in given and isinstance(marked.args[0], ast.Constant):
            wanted = {name for name, _conversion, _form in values(marked.args[0].value)}
            if wanted != given:
                return f"wants {sorted(wanted)}"
    return None


@pytest.mark.parametrize("path", sorted((ROOT / "runbook").rglob("*.py")), ids=lambda path: path.name)
def test_sentences_are_marked_whole(path: Path) -> None:
    found = [(call.lineno, wrong(call)) for call in calls(ast.parse(path.read_text(encoding="utf-8"))) if wrong(call)]
    assert found == []


def test_every_marked_sentence_is_extracted() -> None:
    """The extractor does not look inside f-strings."""
    here = {message.id for message in FRESH}
    for path in sorted((ROOT / "runbook").rglob("*.py")):
        for call in calls(ast.parse(path.read_text(encoding="utf-8"))):
            if is_marked(call) and call.args and isinstance(call.args[0], ast.Constant):
                assert call.args[0].value in here, f"{path.name}:{call.lineno}: {call.args[0].value!r}"


@pytest.mark.parametrize(
    ("source", "right"),
    [
        ('_("It is {what}.").format(what=1)', True),
        ("_(words[code])", True),
        ("_(entry.sentence).format(**values)", True),
        ('_(f"It is {what}.")', False),
        ('_("It is " + what)', False),
        ('_("It is {what}.".format(what=1))', False),
        ('_("")', False),
        ('_("It is {}.").format(1)', False),
        ('_("It is {what}.").format(that=1)', False),
        ("N_(word)", False),
    ],
)
def test_what_counts_as_whole(source: str, right: bool) -> None:
    assert all(wrong(call) is None for call in calls(ast.parse(source))) == right


def test_a_thread_speaks_the_same_language() -> None:
    speak_language("zh")
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.extend((language(), _("passed"))))
    thread.start()
    thread.join()
    assert said == ["zh", _("passed")]
    assert said[1] != "passed"


# -- what stands on the screen

ALLOWED = {
    *("Asia", "Ctrl", "MiB", "Shanghai", "active", "cti", "en", "fail", "grace", "is", "md", "ms", "now", "pct", "pdf"),
    *(
        "ping",
        "port",
        "restart",
        "runbook",
        "sha",
        "shell",
        "sip",
        "ssh",
        "switch",
        "systemctl",
        "topics",
        "warn",
        "zh",
    ),
    *("break", "down", "fix", "reload", "scan", "up", *COMMANDS, *kinds(), *CONTACTS, *LINES, *MACHINES),
    *("text", "json", "github", "paper", "playbook", "playbooks", "block", "GitHub", "Schema"),
}
"""Commands, units, kinds, what a machine is sent, the lab's ids, a step that a plan names, values of options, proper names."""
TECHNICAL = re.compile(
    r"""
      (?:^|(?<=[\s（(：:'`]))[~/][\w./~-]+          # a file
    | -{1,2}[a-z][\w-]*                             # an option
    | `[^`]*`                                       # what is typed or written as it stands
    | \b[a-z_]+(?:\ \w+=(?:\[[^]]*\]|'[^']*'|\S+))+    # an act as it is stored
    | \b(?:lab|drill)-\d+-[\w-]+                    # an incident
    | \b[\w-]+(?:[-_./@=:]+\w[\w-]*)+               # cti-core, technician@127.0.0.1, site.yaml, E-USAGE, grace=5m
    | \b\w*\d\w*\b                                  # 10m, SEV1, 0e51
    """,
    re.VERBOSE,
)
PEOPLE = re.compile(r"Group leader \(lab\)|Lab call centre|[\w' -]+ \(lab\)|technician")
"""How the lab calls itself and its people, in every language."""


def english(screen: str) -> list[str]:
    """The lines that hold an English word which is no name, no command and no code. What machines wrote stands behind a bar."""
    found = []
    for line in screen.splitlines():
        if line.lstrip().startswith("│ "):
            continue
        words = re.findall(r"[A-Za-z]*[a-z][A-Za-z]+|[A-Za-z]+[a-z]", TECHNICAL.sub(" ", PEOPLE.sub(" ", line)))
        if unknown := [word for word in words if word not in ALLOWED]:
            found.append(f"{' '.join(unknown)}: {line}")
    return found


def test_what_counts_as_english() -> None:
    assert (
        english("√ 通过 [8] CTI服务正常 (ping, 10m)\n│ exit 3 whatever\n  runbook resume lab-20260101-cti-down-7K3M")
        == []
    )
    assert english("下一步: the next line\n按 Enter 键") == [
        "the next line: 下一步: the next line",
        "Enter: 按 Enter 键",
    ]


@pytest.mark.parametrize(
    "arguments", [[], *([name] for name in COMMANDS), ["lab", "up"], ["site", "scan"]], ids=" ".join
)
def test_help_is_chinese(arguments: list[str], tmp_path: Path) -> None:
    ran = Program(tmp_path / "home").run(*arguments, "--lang", "zh", "--help")
    assert (ran.code, english(ran.out)) == (0, [])


@pytest.mark.parametrize(
    "word", ["ping", "carrier_switch", "wait_for", "approval", "targets", "exit-codes", "E-STEP-KIND"]
)
def test_what_is_explained_is_chinese(word: str, tmp_path: Path) -> None:
    """Every line that is a sentence: keys, codes and examples stand as they are written."""
    ran = Program(tmp_path / "home").run("explain", word, "--lang", "zh")
    assert ran.code == 0
    lines = [line for line in ran.out.splitlines() if re.search("[a-z]{3,} [a-z]{3,} [a-z]{3,}", line)]
    lines = [line for line in lines if not line.startswith("    ")]
    assert [line for line in lines if not re.search(r"[\u4e00-\u9fff]", line)] == []


@pytest.mark.parametrize(
    "said",
    [
        "Missing argument 'PLAYBOOK'.",
        "Missing option '--as'.",
        "No such command 'strat'.",
        "No such command 'strat'. Did you mean 'start', 'status'?",
        "No such option: --foo",
        "No such option: --lob (Possible options: --lab)",
        "Option '--site' requires an argument.",
        "Option '--lab' does not take a value.",
        "Got unexpected extra argument(s) (a b)",
        "Invalid value for '--count': 'x' is not a valid integer.",
    ],
)
def test_what_the_parser_says_is_known(said: str) -> None:
    assert spoken_usage(said) == said
    speak_language("zh")
    assert re.search(r"[\u4e00-\u9fff]", spoken_usage(said))
    assert not re.search(r"[A-Za-z]{3,} [a-z]{3,}", spoken_usage(said))


@pytest.mark.parametrize(
    "arguments", [["strat"], ["start"], ["start", "--foo"], ["list", "a"], ["note", "--at"]], ids=" ".join
)
def test_a_wrong_command_line_is_answered_in_chinese(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "zh", *arguments]) == 2
    assert english(capsys.readouterr().err.replace("strat", "")) == []


@pytest.fixture
def walked(tmp_path: Path) -> Iterator[tuple[Program, str]]:
    """A whole walk in the lab, in Chinese: the program, and what stood on its screen."""
    program = Program(tmp_path / "home")
    names = {"restart-cti.approver": "班组长甲"}
    answers = program.answers({**REPAIRED_BY_RESTART, **names})
    ran = program.run("start", "cti-down", "--lab", "--lang", "zh", "--as", "甲", "--answers", answers)
    assert ran.code == 0, ran.out + ran.err
    yield program, ran.out + ran.err
    program.run("lab", "down")


def test_a_walk_and_its_report_are_chinese(walked: tuple[Program, str]) -> None:
    program, screen = walked
    for spoken in ("√ 通过", "× 失败", "这是演练。", "演练：不要拨号", "LAB演练 · ", "服务已恢复。"):
        assert spoken in screen
    shown = [line for line in screen.splitlines() if not line.endswith("（来自回答文件）")]
    assert english("\n".join(shown)) == []
    incident = program.only()["id"]
    for arguments in (
        ["log", incident],
        ["status", incident, "--clocks"],
        ["report", incident, "--format", "md"],
        ["list"],
        [],
    ):
        ran = program.run("--lang", "zh", *arguments)
        assert ran.code == 0
        assert english(ran.out) == [], arguments


def test_the_way_to_the_emergency_lines_is_chinese(tmp_path: Path) -> None:
    """The carrier's switch, tickets by hand and a notice; the file has no further answer, so the walk pauses."""
    program = Program(tmp_path / "home")
    given = {**SCOPE, **SWITCH, "switch.approver": "领导乙", "switch": ["confirm", "confirmed", "运营商丙", "1"]}
    del given["vendor/record"]
    answers = program.answers(given)
    ran = program.run(
        "start", "--lab-case", "host-down", "cti-down", "--lang", "zh", "--as", "甲", "--answers", answers
    )
    program.run("lab", "down")
    assert ran.code == 5, ran.out + ran.err
    assert "热线在应急线路上" in ran.out
    assert "手工工单尚未全部补录" in ran.out
    shown = [line for line in ran.out.splitlines() if not line.endswith("（来自回答文件）")]
    assert english("\n".join(shown).replace("'vendor/record'", "")) == []
