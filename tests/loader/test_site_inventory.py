"""What holds between the parts of a site file: every rule has its sentence, all at once, and no secret is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.loader.playbooks import load_playbook
from runbook.loader.site import read_site, site_of
from runbook.loader.site_kept import kept_site, site_text_of
from runbook.model.errors import Problem, ProblemsError
from tests.loader.plans import folder

BASE = """\
site: 1
name: x
hosts:
  switch: {address: 192.0.2.1, ssh: {user: u}}
  cti: {address: 192.0.2.2, ssh: {user: u, jump: switch}}
  bare: {address: 192.0.2.3}
seats:
  seat-1: {address: 192.0.2.9, switch: switch, mac: 00-1A-2B-3C-4D-5E}
contacts:
  carrier: {title: Carrier, people: [{name: Desk, number: "10000"}]}
carriers:
  telecom: {title: Telecom, contact: carrier, covers: [switch]}
groups:
  all: [switch, cti]
roster: [First]
secrets:
  sip-pw: {secret: keyring}
  agent: {secret: ssh-agent}
"""
WHOLE = (
    BASE
    + """\
trunks:
  e1: {title: E1, gateway: switch, port: "0/1", channels: 30, carrier: telecom}
leased_lines:
  county: {title: County, carrier: telecom, distance_km: 12.5, tier: gold}
duty:
  - {from: 2026-11-22 20:00, to: 2026-11-23 08:00, people: [First, Desk]}
logs:
  cti-log: {host: cti, path: /var/log/cti.log, finds: {lost: [connection lost]}}
files:
  config: /etc/cti.conf
"""
)


def problems(text: str) -> list[Problem]:
    return read_site(text.encode(), "site.yaml")[1]


def said(text: str) -> list[str]:
    return [f"{each.where}: {each.message} [{each.code}]" for each in problems(text)]


def test_a_site_with_every_part_loads() -> None:
    site = site_of(WHOLE.encode(), "site.yaml")
    assert site.seats["seat-1"].mac == "00:1a:2b:3c:4d:5e"
    assert site.members(("all", "seat-1")) == ("switch", "cti", "seat-1")


HOST = "site: 1\nname: x\nhosts:\n  a:\n    address: b\n"
CASES = [
    (
        BASE.replace("  seat-1:", "  cti:"),
        "seats.cti: expected an id that no host, seat or group has yet, found 'cti' of `hosts` [E-NAME-TWICE]",
    ),
    (
        BASE.replace("  all:", "  seat-1:"),
        "groups.seat-1: expected an id that no host, seat or group has yet, found 'seat-1' of `seats` [E-NAME-TWICE]",
    ),
    (
        BASE.replace("[switch, cti]", "[switch, ctl]"),
        "groups.all[2]: expected a host or a seat, found 'ctl'; did you mean 'cti'? [E-NAME-UNKNOWN]",
    ),
    (BASE.replace("[switch, cti]", "[]"), "groups.all: expected at least one host or seat, found nothing [E-VALUE-TYPE]"),
    (
        BASE.replace("[switch, cti]", "[switch, cti]\n  more: [all]"),
        "groups.more[1]: expected a host or a seat, found the group 'all': a group holds no groups [E-VALUE-TYPE]",
    ),
    (
        BASE.replace("jump: switch", "jump: swich"),
        "hosts.cti.ssh.jump: expected a host, found 'swich'; did you mean 'switch'? [E-NAME-UNKNOWN]",
    ),
    (
        BASE.replace("jump: switch", "jump: bare"),
        "hosts.cti.ssh.jump: expected a host with `ssh:`, found 'bare', which has none [E-VALUE-TYPE]",
    ),
    (
        BASE.replace("jump: switch", "jump: cti"),
        "hosts.cti.ssh.jump: expected a way that ends, found a circle: cti -> cti [E-VALUE-TYPE]",
    ),
    (
        BASE.replace("{user: u}}", "{user: u, via: openssh}}"),
        "hosts.cti.ssh.jump: expected `via: openssh`, as 'switch' has, through which this host is reached [E-VALUE-TYPE]",
    ),
    (
        BASE.replace("{user: u}}", "{user: u, secret: sip-pw}}").replace("jump: switch", "jump: switch, via: openssh"),
        (
            "hosts.cti.ssh.jump: expected a jump host without `secret`, found 'switch': "
            "the system's `ssh` takes none from a program [E-VALUE-TYPE]"
        ),
    ),
    (
        BASE.replace(
            "  bare:",
            "  c: {address: c, ssh: {user: u, jump: cti}}\n  d: {address: d, ssh: {user: u, jump: c}}\n"
            "  e: {address: e, ssh: {user: u, jump: d}}\n  bare:",
        ),
        "hosts.e.ssh.jump: expected a way over at most 3 hosts, found e -> d -> c -> cti -> switch [E-VALUE-TYPE]",
    ),
    (
        BASE.replace(
            "address: 192.0.2.3}",
            "address: 192.0.2.3, commands: {x: {run: [y], reads: yes, reader: mac, passes: {rx_dbm: {at_least: -20}}}}}",
        ),
        (
            "hosts.bare.commands.x.passes.rx_dbm: expected a value of the reader mac, found 'rx_dbm' "
            "(there are: bound, exit_status, mac, result, seen_count) [E-NAME-UNKNOWN]"
        ),
    ),
    (
        BASE.replace("jump: switch", "secret: sip-pw, via: openssh"),
        (
            "hosts.cti.ssh.via: expected `via: paramiko`, found `openssh`: the system's `ssh` takes no password from a program"
            " [E-VALUE-TYPE]"
        ),
    ),
    (
        BASE.replace("jump: switch", "secret: agent"),
        (
            "hosts.cti.ssh.secret: expected a secret that has a value; the SSH agent gives none away (for its keys:"
            " `agent: yes`) [E-VALUE-TYPE]"
        ),
    ),
    (
        BASE.replace("switch: switch", "switch: swtch"),
        "seats.seat-1.switch: expected a host, found 'swtch'; did you mean 'switch'? [E-NAME-UNKNOWN]",
    ),
    (
        BASE.replace("contact: carrier", "contact: carier"),
        "carriers.telecom.contact: expected a contact, found 'carier'; did you mean 'carrier'? [E-NAME-UNKNOWN]",
    ),
    (
        BASE.replace("covers: [switch]", "covers: [pbx]"),
        (
            "carriers.telecom.covers[1]: expected a host, a seat or a group, found 'pbx' (there are: all, bare, cti, seat-1,"
            " switch) [E-NAME-UNKNOWN]"
        ),
    ),
    (
        WHOLE.replace("gateway: switch", "gateway: gatway"),
        "trunks.e1.gateway: expected a host, found 'gatway' (there are: bare, cti, switch) [E-NAME-UNKNOWN]",
    ),
    (
        WHOLE.replace("30, carrier: telecom", "30, carrier: telcom"),
        "trunks.e1.carrier: expected a carrier, found 'telcom'; did you mean 'telecom'? [E-NAME-UNKNOWN]",
    ),
    (
        WHOLE.replace("County, carrier: telecom", "County, carrier: mobile"),
        "leased_lines.county.carrier: expected a carrier, found 'mobile' (there are: telecom) [E-NAME-UNKNOWN]",
    ),
    (
        WHOLE.replace("host: cti", "host: ctl"),
        "logs.cti-log.host: expected a host or a seat, found 'ctl'; did you mean 'cti'? [E-NAME-UNKNOWN]",
    ),
    (
        WHOLE.replace("finds:", "time: '%H-%Q', finds:"),
        (
            "logs.cti-log.time: expected a time format with hours and minutes such as %Y-%m-%d %H:%M:%S, found '%H-%Q'"
            " [E-VALUE-TYPE]"
        ),
    ),
    (
        WHOLE.replace("[connection lost]", "['']"),
        "logs.cti-log.finds.lost: expected texts to look for, found an empty one: every line would count [E-VALUE-TYPE]",
    ),
    (
        WHOLE.replace("[First, Desk]", "[Fist]"),
        (
            "duty[1].people[1]: expected a name of `roster` or of a contact, found 'Fist'; did you mean 'First'?"
            " [E-NAME-UNKNOWN]"
        ),
    ),
    (
        WHOLE.replace("to: 2026-11-23", "to: 2026-11-21"),
        "duty[1].to: expected a time after 2026-11-22 20:00, found '2026-11-21 08:00' [E-VALUE-TYPE]",
    ),
    (
        WHOLE.replace("to: 2026-11-23 08:00", "to: tomorrow"),
        "duty[1].to: expected a day and a time such as 2026-11-22 20:00, found 'tomorrow' [E-VALUE-TYPE]",
    ),
    (
        BASE.replace("{secret: keyring}", "{secret: env-file}"),
        "secrets.sip-pw: expected the key 'file', found none [E-KEY-MISSING]",
    ),
    (
        BASE.replace("{secret: keyring}", "{secret: keyring, file: ~/x}"),
        "secrets.sip-pw.file: expected `file` with `secret: env-file` alone, found it with 'keyring' [E-VALUE-TYPE]",
    ),
    (
        HOST + "    services: {c: {systemd: c, init: c}}\n",
        "hosts.a.services.c: expected exactly one of systemd, init, windows, commands, found systemd + init [E-VALUE-TYPE]",
    ),
    (
        HOST + "    services: {c: {windows: c}}\n",
        "hosts.a.services.c.windows: expected a service of `system: linux`, found `windows` [E-VALUE-TYPE]",
    ),
    (
        HOST + "    services: {c: {commands: {status: []}}}\n",
        "hosts.a.services.c.commands.status: expected the words of a command, its program first [E-VALUE-TYPE]",
    ),
    (HOST + "    snmp: {version: 3, secret: s}\nsecrets: {s: {secret: keyring}}\n", "hosts.a.snmp: expected the key 'user', found none [E-KEY-MISSING]"),
    (
        HOST + "    commands: {c: {run: [show, $prt], takes: {port: {type: port}}}}\n",
        "hosts.a.commands.c.run[2]: expected a parameter of `takes`, found 'prt'; did you mean 'port'? [E-NAME-UNKNOWN]",
    ),
    (
        HOST + "    commands: {c: {run: [show, 'p=$port'], takes: {port: {type: port}}}}\n",
        "hosts.a.commands.c.run[2]: expected the parameter as a word of its own (`$port`), found 'p=$port' [E-VALUE-TYPE]",
    ),
    (
        HOST + "    commands: {c: {run: [show], takes: {port: {type: port}}}}\n",
        "hosts.a.commands.c.takes.port: expected a word `$port` in `run`, found none [E-VALUE-TYPE]",
    ),
    (
        HOST + "    commands: {c: {run: [show, $x], takes: {x: {type: choice}}}}\n",
        "hosts.a.commands.c.takes.x: expected `choices` with `type: choice`, and with no other type [E-VALUE-TYPE]",
    ),
    (
        HOST + "    commands: {c: {run: []}}\n",
        "hosts.a.commands.c.run: expected the words of a command, its program first [E-VALUE-TYPE]",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), CASES, ids=[str(n) for n in range(len(CASES))])
def test_a_contradiction_between_parts_has_its_sentence(text: str, sentence: str) -> None:
    assert sentence in said(text)


def test_what_is_wrong_by_itself_hides_nothing_that_is_wrong_between_parts() -> None:
    text = BASE.replace("192.0.2.3}", "a;b}").replace("[switch, cti]", "[switch, ctl]").replace("name: x", "nme: x")
    assert {each.where for each in problems(text)} == {"nme", "hosts.bare.address", "groups.all[2]"}


def test_a_circle_of_jump_hosts_is_found_at_each_of_them() -> None:
    text = BASE.replace(
        "switch: {address: 192.0.2.1, ssh: {user: u}}", "switch: {address: a, ssh: {user: u, jump: cti}}"
    )
    assert [each.where for each in problems(text)] == ["hosts.switch.ssh.jump", "hosts.cti.ssh.jump"]


# -- H13, H14: what is no address and no number


@pytest.mark.parametrize(
    "address", ["-oProxyCommand=x", "a;b", "::1%eth0;x", "user@host@x", "a b", "a/b", "", "`id`", "$(id)"]
)
def test_a_host_that_is_no_address_is_refused(address: str) -> None:
    """H13"""
    (problem,) = problems(HOST.replace("address: b", f"address: '{address}'"))
    assert (problem.where, problem.code) == ("hosts.a.address", "E-VALUE-TYPE")
    assert problem.message.startswith("expected a host name or an IP address, found ")


def test_a_host_name_in_letters_that_only_look_plain_is_shown_as_what_it_is() -> None:
    """H13: the first letter is Cyrillic."""
    (problem,) = problems(HOST.replace("address: b", "address: \N{CYRILLIC SMALL LETTER ES}ti.example"))
    assert "xn--ti-nmc.example" in problem.message


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        ("10086;ext=$(x)", "of digits"),
        ("*#21#", "* and # are codes"),
        ("*21*10086#", "* and # are codes"),
        ("1" * 500, "of digits"),
        ("１００８６", "such as 10086"),
        ("+", "* and # are codes"),
        ("tel:10086", "of digits"),
    ],
)
def test_what_is_no_telephone_number_is_refused_with_a_hint(number: str, hint: str) -> None:
    """H14"""
    found = problems(f"site: 1\nname: x\nlines: {{a: {{title: x, numbers: ['{number}']}}}}")
    assert [(each.where, each.code) for each in found] == [("lines.a.numbers[1]", "E-VALUE-TYPE")]
    assert hint in found[0].message


# -- secrets


SECRET = "Hunter2-swordfish"
LITERALS = [
    HOST + f"    password: {SECRET}\n",
    HOST + f"    ssh: {{user: u, passwd: {SECRET}}}\n",
    HOST + f"    ssh: {{user: u, secret: {SECRET}}}\n",
    HOST + f"    snmp: {{community: {SECRET}, secret: {SECRET}}}\n",
    HOST + f"    ca: https://me:{SECRET}@example.net/ca.pem\n",
    HOST + f"    commands: {{c: {{run: [mysql, --password={SECRET}]}}}}\n",
    HOST + f"    commands: {{c: {{run: [mysql, --password, {SECRET}]}}}}\n",
    HOST + f"    title: 'CTI, token={SECRET}'\n",
    HOST + f"    ssh: {{user: u, key: '-----BEGIN OPENSSH PRIVATE KEY-----{SECRET}'}}\n",
    f"site: 1\nname: x\nsecrets: {{a: {{secret: keyring, password: {SECRET}}}}}\n",
    f"site: 1\nname: x\nsecrets: {{a: {{secret: {SECRET}}}}}\n",
    f"site: 1\nname: x\nsecrets: {{a: {SECRET}}}\n",
    f"site: 1\nname: x\ntoken: {SECRET}\n",
]


@pytest.mark.parametrize("text", LITERALS, ids=[str(n) for n in range(len(LITERALS))])
def test_a_secret_in_the_file_is_refused_and_never_shown(text: str) -> None:
    found = problems(text)
    assert "E-SECRET" in {each.code for each in found}
    assert SECRET not in " ".join(map(str, found))
    assert SECRET.lower() not in " ".join(map(str, found)).lower()


def test_a_secret_that_the_file_does_not_declare_gets_the_near_name_and_is_not_shown() -> None:
    found = said(HOST + "    sip: {user: u, secret: sip-pwd}\nsecrets: {sip-pw: {secret: keyring}}\n")
    assert found == [
        (
            "hosts.a.sip.secret: expected the name of one of the file's `secrets`, found another text (not shown: it may be"
            " the secret); did you mean 'sip-pw'? [E-SECRET]"
        ),
    ]


@pytest.mark.parametrize(
    "text",
    [
        HOST + "    ports: {token: 5060}\n",
        HOST + "    sip: {user: u, secret: sip-pw}\nsecrets: {sip-pw: {secret: keyring, name: sip password}}\n",
        HOST + "logs: {l: {host: a, path: /x, finds: {password: [wrong password, 'Password: ']}}}\n",
        HOST + "    commands: {c: {run: [passwd, --status, root]}}\n",
        HOST + "    title: Token server\nfiles: {secret: /etc/secret}\n",
    ],
)
def test_words_about_secrets_are_no_secrets(text: str) -> None:
    assert problems(text) == []


# -- the part that is kept


def test_what_a_plan_names_is_kept_with_everything_that_it_leads_to(tmp_path: Path) -> None:
    steps = "  - id: p\n    title: P\n    ping: {hosts: [all]}\n    next: {failed: continue}\n"
    plan = load_playbook("plan", [folder(tmp_path, steps)])
    kept = kept_site(site_text_of(site_of(WHOLE.encode(), "site.yaml"), plan), "kept")
    assert set(kept.hosts) == {"switch", "cti"}
    # The seat is plugged in to the switch: its MAC address may be asked for.
    assert (set(kept.groups), set(kept.seats), set(kept.logs)) == ({"all"}, {"seat-1"}, set())
    assert kept.secrets == site_of(WHOLE.encode(), "site.yaml").secrets


def test_a_kept_site_needs_none_of_the_rules_that_were_added_since() -> None:
    assert kept_site(BASE.replace("jump: switch", "jump: gone").encode(), "kept").hosts["cti"].ssh is not None


# -- plans


@pytest.mark.parametrize(
    "title",
    [
        f"Sign in with password={SECRET}",
        f"Fetch https://me:{SECRET}@example.net/x",
        f"mysql --password={SECRET}",
    ],
)
def test_a_secret_in_a_playbook_is_refused_and_never_shown(tmp_path: Path, title: str) -> None:
    steps = f"  - id: p\n    title: '{title}'\n    instruct: {{}}\n    nxt: '{SECRET} token={SECRET}'\n"
    with pytest.raises(ProblemsError) as caught:
        load_playbook("plan", [folder(tmp_path, steps)])
    assert [each.code for each in caught.value.problems] == ["E-SECRET", "E-SECRET"]
    assert SECRET not in " ".join(map(str, caught.value.problems))
