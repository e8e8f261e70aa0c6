"""The site file: read strictly, kept in part, compared with another, found where it may count."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from runbook.loader.playbooks import load_playbook
from runbook.loader.site import differences, load_site, read_site, site_of
from runbook.loader.site_kept import site_text_of
from runbook.loader.trust import find_site, folder_digest, playbook_folders, system_folder, user_folder
from runbook.model.errors import ProblemsError, RunbookError
from tests.loader.plans import folder

SITE = b"site: 1\nname: Test site\nhosts:\n  cti: {address: 192.0.2.1}\n"
FULL = """\
site: 1
name: "Test: site #1"
time_zone: Europe/Berlin
language: zh
hosts:
  cti:
    address: "::1"
    title: {en: CTI, zh: CTI服务器}
    ports: {cti: 3000}
    ssh:
      user: runbook
      port: 2222
      key: ~/.ssh/id
      agent: yes
      legacy: no
      sudo: true
      host_keys: [ssh-ed25519 AAAA]
    services:
      cti-core: {systemd: cti-core.service}
      gate:
        commands: {status: [/bin/gate, "status # x"], restart: [/bin/gate, "no", "01", "a: b"]}
    commands:
      clear: {run: [/bin/clear, "~"], reads: yes, deadline: 1d2h3m4.5s}
  other: {address: 192.0.2.9}
lines:
  hotline: {title: Hotline, numbers: "01062341234"}
  spare: {title: Spare}
contacts:
  cs-lead:
    title: Group leader
    people: [{name: Leader, number: "010 6234-1234"}, {name: Deputy, number: ""}]
  somebody: {title: Other}
roster: [First, "2", "no"]
"""


def problems_of(text: str) -> list[str]:
    return [str(problem) for problem in read_site(text.encode(), "site.yaml")[1]]


def test_a_site_is_read_with_everything_that_it_may_hold() -> None:
    site = site_of(FULL.encode(), "site.yaml")
    assert site.hosts["cti"].ports == {"cti": 3000}
    assert site.lines["hotline"].numbers == ("01062341234",)
    assert site.roster == ("First", "2", "no")
    assert site.hosts["cti"].services["gate"].commands is not None


HOSTS = "site: 1\nname: x\nhosts: "
LINES = "site: 1\nname: x\nlines: "


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        (
            "site: 1\n",
            "1:1: the file",
            "expected the key 'name', found none [E-KEY-MISSING]",
        ),
        (
            "site: 2\nname: x\n",
            "1:7: site",
            "expected '1', found '2' [E-VALUE-TYPE]",
        ),
        (
            "name: x\nsite: 1\n",
            "1:1: name",
            "expected `site: 1` as the file's first key, found 'name' [E-KEY-MISSING]",
        ),
        (
            "site: 1\nname: x\ntime_zone: Mars\n",
            "3:12: time_zone",
            "expected a time zone such as Asia/Shanghai, found 'Mars' [E-VALUE-TYPE]",
        ),
        (
            HOSTS + "{a: {address: -oProxyCommand=x}}",
            "3:22: hosts.a.address",
            "expected a host name or an IP address, found '-oProxyCommand=x' [E-VALUE-TYPE]",
        ),
        (
            HOSTS + "{a: {address: a;b}}",
            "3:22: hosts.a.address",
            "expected a host name or an IP address, found 'a;b' [E-VALUE-TYPE]",
        ),
        (
            HOSTS + "{a: {address: b, ports: {sip: 70000}}}",
            "3:38: hosts.a.ports.sip",
            "expected a number of at most 65535, found '70000' [E-VALUE-TYPE]",
        ),
        (
            HOSTS + "{a: {address: b, prots: {}}}",
            "3:25: hosts.a.prots",
            "expected a key of the language, found 'prots'; did you mean 'ports'? [E-KEY-UNKNOWN]",
        ),
        (
            HOSTS + "{A: {address: b}}",
            "3:9: hosts.A",
            "expected an id of lower-case letters, digits and hyphens, such as cti-down, found 'A' [E-VALUE-TYPE]",
        ),
        (
            LINES + "{a: {title: x, numbers: [10086;ext]}}",
            "3:33: lines.a.numbers[1]",
            "expected a telephone number of digits, found '10086;ext' [E-VALUE-TYPE]",
        ),
        (
            LINES + "{a: {title: x, numbers: １００８６}}",
            "3:32: lines.a.numbers",
            "expected a telephone number of plain digits, such as 10086, found '１００８６' [E-VALUE-TYPE]",
        ),
        (
            HOSTS + "{a: {address: b, services: {c: {}}}}",
            "3:39: hosts.a.services.c",
            "expected exactly one of systemd, init, windows, commands, found none of them [E-VALUE-TYPE]",
        ),
    ],
)
def test_a_wrong_site_says_where_and_what(text: str, at: str, message: str) -> None:
    assert problems_of(text) == [f"site.yaml:{at}: {message}"]


def test_a_wrong_site_is_refused_with_everything_at_once(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("site: 1\nnme: x\nhosts: {a: {}}\nlanguage: fr\n", encoding="utf-8")
    with pytest.raises(ProblemsError) as caught:
        load_site(path)
    assert caught.value.code == "E-SITE-BAD"
    assert [problem.line for problem in caught.value.problems] == [2, 3, 4]


# -- the part that is kept


def kept(root: Path, steps: str, extra: str = "") -> dict[str, set[str]]:
    plan = load_playbook("plan", [folder(root, steps, extra=extra)])
    site = site_of(site_text_of(site_of(FULL.encode(), "site.yaml"), plan), "kept")
    return {"hosts": set(site.hosts), "lines": set(site.lines), "contacts": set(site.contacts)}


PING = "  - id: p\n    title: P\n    ping: {host: cti}\n    next: {failed: continue}\n"


def test_what_the_plan_names_is_kept_and_nothing_else(tmp_path: Path) -> None:
    assert kept(tmp_path, PING) == {"hosts": {"cti"}, "lines": set(), "contacts": set()}


def test_a_host_that_only_a_verify_names_is_kept(tmp_path: Path) -> None:
    step = "  - id: r\n    title: R\n    service: {host: other, name: x, do: restart}\n    approval: {by: cs-lead}\n"
    step += "    verify: {ping: {host: cti}}\n"
    assert kept(tmp_path, step) == {"hosts": {"cti", "other"}, "lines": set(), "contacts": {"cs-lead"}}


def test_where_a_plan_asks_for_a_host_all_are_kept(tmp_path: Path) -> None:
    extra = "inputs:\n  box: {type: host, ask: Which}\n"
    assert kept(tmp_path, PING, extra)["hosts"] == {"cti", "other"}


def test_the_kept_site_holds_the_same_facts(tmp_path: Path) -> None:
    extra = "inputs:\n  a: {type: host, ask: A}\n  b: {type: line, ask: B}\n  c: {type: contact, ask: C}\n"
    plan = load_playbook("plan", [folder(tmp_path, PING, extra=extra)])
    site = site_of(FULL.encode(), "site.yaml")
    once = site_text_of(site, plan)
    assert site_of(once, "kept") == site
    assert site_text_of(site_of(once, "kept"), plan) == once


def test_two_sites_are_compared_fact_by_fact() -> None:
    old = site_of(SITE, "old")
    new = site_of(SITE.replace(b"192.0.2.1", b"192.0.2.7") + b"roster: [Somebody]\n", "new")
    assert differences(old, new) == ["hosts.cti.address: 192.0.2.1 -> 192.0.2.7", "roster.1: - -> Somebody"]
    assert differences(old, old) == []
    assert differences(None, new) == []


# -- where it is found


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "system"))
    for place in ("user/runbook", "system/runbook", "here"):
        (tmp_path / place).mkdir(parents=True)
    return tmp_path


def test_the_order_of_places(places: Path) -> None:
    files = {
        "option": places / "option.yaml",
        "environment": places / "environment.yaml",
        "user": user_folder() / "site.yaml",
        "system": system_folder() / "site.yaml",
        "folder": places / "here" / "site.yaml",
    }
    for path in files.values():
        path.write_bytes(SITE)
    accepted = [sha256(SITE).hexdigest()]
    option, environ = str(files["option"]), {"RUNBOOK_SITE": str(files["environment"])}
    for name, path in files.items():
        found = find_site(option, environ, places / "here", accepted)
        assert (found.origin, found.path) == (name, path)
        if name == "option":
            option = ""
        elif name == "environment":
            environ = {}
        else:
            path.unlink()
    with pytest.raises(RunbookError) as caught:
        find_site(None, {}, places / "here", accepted)
    assert caught.value.code == "E-SITE-NONE"
    assert str(files["user"]) in caught.value.text()


def test_a_named_site_that_is_not_there_is_not_replaced_by_another(places: Path) -> None:
    (user_folder() / "site.yaml").write_bytes(SITE)
    for option, environ in ((str(places / "none.yaml"), {}), (None, {"RUNBOOK_SITE": str(places / "none.yaml")})):
        with pytest.raises(RunbookError) as caught:
            find_site(option, environ, places / "here", [])
        assert caught.value.code == "E-FILE"


def test_a_site_of_the_current_folder_counts_only_once_it_was_accepted(places: Path) -> None:
    here = places / "here"
    (here / "site.yaml").write_bytes(SITE)
    digest = sha256(SITE).hexdigest()
    with pytest.raises(RunbookError) as caught:
        find_site(None, {}, here, [])
    assert (caught.value.code, caught.value.exit_code) == ("E-NOT-TRUSTED", 2)
    assert digest in caught.value.text()
    asked = []

    def yes(path: Path, name: str, shown: str, differs: list[str]) -> bool:
        asked.append((path, name, shown, differs))
        return True

    last = site_of(SITE.replace(b"192.0.2.1", b"192.0.2.7"), "last")
    found = find_site(None, {}, here, [], yes, last)
    assert asked == [(here / "site.yaml", "Test site", digest, ["hosts.cti.address: 192.0.2.7 -> 192.0.2.1"])]
    assert (found.origin, found.digest, found.new) == ("folder", digest, True)
    assert not find_site(None, {}, here, [digest]).new
    with pytest.raises(RunbookError):
        find_site(None, {}, here, [], lambda *_asked: False)


def test_a_changed_site_is_asked_about_again(places: Path) -> None:
    here = places / "here"
    (here / "site.yaml").write_bytes(SITE + b"roster: [Somebody]\n")
    with pytest.raises(RunbookError):
        find_site(None, {}, here, [sha256(SITE).hexdigest()])


LOOK = "  - id: look\n    title: Look\n    instruct: {}\n"


def test_playbooks_of_the_current_folder_count_only_once_they_were_accepted(places: Path) -> None:
    here, bundled = places / "here", places / "bundled"
    bundled.mkdir()
    own = folder(here / "playbooks", LOOK)
    digest = folder_digest(own)
    assert playbook_folders(here, bundled, []).folders == (bundled,)
    assert playbook_folders(here, bundled, []).passed_over == own
    assert playbook_folders(here, bundled, [], wanted="other").folders == (bundled,)
    assert playbook_folders(here, bundled, [digest]).folders == (own, bundled)
    with pytest.raises(RunbookError) as caught:
        playbook_folders(here, bundled, [], wanted="plan")
    assert (caught.value.code, caught.value.exit_code) == ("E-NOT-TRUSTED-PLAYBOOKS", 2)
    found = playbook_folders(here, bundled, [], lambda *_asked: True, "plan")
    assert (found.folders, found.new) == ((own, bundled), digest)
    (own / "blocks" / "tell.yaml").write_text("changed", encoding="utf-8")
    assert playbook_folders(here, bundled, [digest]).folders == (bundled,)


def test_the_programs_own_folder_needs_no_question(places: Path) -> None:
    own = folder(places / "here" / "playbooks", LOOK)
    assert playbook_folders(places / "here", own, [], wanted="plan").folders == (own,)


def test_the_users_playbooks_come_before_the_programs(places: Path) -> None:
    own = folder(user_folder() / "playbooks", LOOK)
    bundled = folder(places / "bundled", LOOK)
    assert playbook_folders(places / "here", bundled, []).folders == (own, bundled)
