"""The kinds that go over SSH: what is sent for each way of managing a service, typed values, readings of devices, logs, files."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from runbook.model.powershell import literal, script_of
from runbook.model.remote_files import tail_probe
from runbook.model.replies import CannotAskError, Capture, FileReply, SshReply
from runbook.model.site import Site
from runbook.steps.collect import Collect
from runbook.steps.log_search import LogSearch
from runbook.steps.service import Service, command
from runbook.steps.ssh import Ssh
from runbook.steps.ssh_check import SshCheck
from tests.steps.fakes import SITE, FakePorts, Replies, kind, ports, ssh_reply

NOW = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
"""03:00 of 23 November in Shanghai."""

GEAR = Site.model_validate(
    {
        "site": "1",
        "name": "Gear",
        "hosts": {
            "pbx": {
                "address": "192.0.2.10",
                "ssh": {"user": "ops", "sudo": "yes"},
                "services": {"sbc": {"init": "sbc"}},
                "commands": {
                    "trunks": {
                        "run": ["pbxctl", "trunks"],
                        "reads": "yes",
                        "reader": "trunk",
                        "passes": {"up_count": {"at_least": "1"}},
                    }
                },
            },
            "rec": {
                "address": "192.0.2.11",
                "system": "windows",
                "ssh": {"user": "ops"},
                "services": {"recorder": {"windows": "Recorder $A"}},
                "commands": {
                    "set-mode": {
                        "run": ["recmode", "$mode"],
                        "takes": {"mode": {"type": "choice", "choices": ["on", "off now"]}},
                    }
                },
            },
            "sw1": {
                "address": "192.0.2.12",
                "system": "device",
                "ssh": {"user": "ops"},
                "bindings": {"GE1/0/1": "00e0-fc99-0001"},
                "commands": {
                    "port-mac": {
                        "run": ["display", "mac-address", "interface", "$port"],
                        "takes": {"port": {"type": "port"}},
                        "reads": "yes",
                        "reader": "mac",
                    },
                    "shut": {"run": ["shutdown", "$port"], "takes": {"port": {"type": "port"}}},
                    "power": {
                        "run": ["display", "transceiver", "diagnosis"],
                        "reads": "yes",
                        "reader": "optical",
                        "passes": {"rx_dbm": {"at_least": "-20"}},
                    },
                },
            },
        },
        "seats": {
            "a1": {"address": "192.0.2.50", "switch": "sw1", "port": "GE1/0/24", "mac": "00e0.fc12.3456"},
        },
        "groups": {"machines": ["pbx", "rec"]},
    }
)


class _Clock:
    def now(self) -> datetime:
        return NOW

    def boot(self) -> tuple[str, float]:
        return "boot", 0.0

    def wait(self, seconds: float) -> None:
        raise AssertionError(seconds)


def at(replies: Replies, *, site: Site = SITE, **times: datetime) -> FakePorts:
    given = ports(replies=replies, site=site)
    given.world = replace(given.world, clock=_Clock())
    given.times = times
    return given


# -- services -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("do", ["status", "start", "stop", "restart"])
def test_an_init_script_is_called_by_its_path(do: Any) -> None:
    assert command(GEAR.hosts["pbx"], "sbc", do) == ("/etc/init.d/sbc", do)
    assert f"sudo -n -- /etc/init.d/sbc {do}" in kind(Service, host="pbx", name="sbc", do=do).plan_line(GEAR)


@pytest.mark.parametrize(
    ("status", "state"), [(0, "active"), (1, "inactive"), (2, "inactive"), (3, "inactive"), (4, None), (127, None)]
)
def test_an_init_script_is_judged_by_its_exit_status_alone(status: int, state: str | None) -> None:
    """Linux Standard Base: 4 is "status unknown"."""
    replies = Replies(ssh_reply(status, "sbc is running"))
    checked = kind(Service, host="pbx", name="sbc", do="status")
    if state is None:
        with pytest.raises(CannotAskError):
            checked.run(ports(replies=replies, site=GEAR))
    else:
        assert checked.run(ports(replies=replies, site=GEAR)).values["state"] == state


def test_a_windows_service_is_asked_by_an_encoded_script() -> None:
    words = command(GEAR.hosts["rec"], "recorder", "status")
    assert words[:4] == ("powershell", "-NoProfile", "-NonInteractive", "-EncodedCommand")
    assert "Get-Service -Name $n" in script_of(words)
    line = kind(Service, host="rec", name="recorder", do="restart").plan_line(GEAR)
    assert "Restart-Service -Name $n" in line
    assert "sudo" not in line


@pytest.mark.parametrize(
    ("status", "out", "state", "outcome"),
    [
        (0, "", "active", "passed"),
        (3, "Running", "inactive", "failed"),
        (4, "", "unknown-unit", "failed"),
    ],
)
def test_the_exit_status_of_windows_decides_not_its_text(status: int, out: str, state: str, outcome: str) -> None:
    result = kind(Service, host="rec", name="recorder", do="status").run(
        ports(replies=Replies(ssh_reply(status, out)), site=GEAR)
    )
    assert (result.values["state"], result.outcome) == (state, outcome)


def test_a_windows_without_powershell_could_not_be_asked() -> None:
    with pytest.raises(CannotAskError, match="9009"):
        kind(Service, host="rec", name="recorder", do="status").run(
            ports(replies=Replies(ssh_reply(9009, err="not recognized")), site=GEAR)
        )


def test_a_status_is_read_of_a_group_and_an_act_is_for_one_host() -> None:
    site = GEAR.model_copy(
        update={"hosts": {**GEAR.hosts, "rec": GEAR.hosts["pbx"].model_copy(update={"address": "192.0.2.11"})}}
    )
    replies = Replies(ssh_reply(0))
    result = kind(Service, hosts=["machines"], name="sbc", do="status").run(ports(replies=replies, site=site))
    assert [part.name for part in result.parts] == ["pbx", "rec"]
    assert [call[0] for call in replies.calls] == ["192.0.2.10", "192.0.2.11"]
    with pytest.raises(ValidationError, match="one host at a time"):
        kind(Service, hosts=["machines"], name="sbc", do="restart")


# -- typed values -------------------------------------------------------------------------------------------------------


def test_a_value_becomes_one_word_and_is_quoted_when_it_is_sent() -> None:
    step = kind(Ssh, host="cti", command="block", **{"with": {"who": "192.0.2.9", "minutes": "5"}})
    replies = Replies(ssh_reply(0))
    assert step.problems(SITE) == []
    step.run(ports(replies=replies))
    assert replies.calls[0][1] == ("block", "192.0.2.9", "--for", "5")
    assert "block 192.0.2.9 --for 5" in step.exact(SITE)


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({"who": "192.0.2.9"}, "with", "`minutes`"),
        ({"who": "a", "minutes": "5", "why": "x"}, "with.why", "who, minutes"),
        ({"who": "a; reboot", "minutes": "5"}, "with.who", "a host name"),
        ({"who": "-oProxyCommand=x", "minutes": "5"}, "with.who", "a host name"),
        ({"who": "a", "minutes": "5m"}, "with.minutes", "a whole number"),
        ({"who": "a", "minutes": "$(id)"}, "with.minutes", "a whole number"),
    ],
)
def test_a_value_that_is_missing_unknown_or_of_another_type_is_a_problem_and_is_never_sent(
    given: dict[str, str], field: str, says: str
) -> None:
    step = kind(Ssh, host="cti", command="block", **{"with": given})
    ((where, sentence),) = step.problems(SITE)
    assert (where, says in sentence) == (field, True)
    with pytest.raises(CannotAskError):
        step.run(ports())


@pytest.mark.parametrize("command", ["show-disk", "gone"])
def test_a_command_that_reads_or_that_a_reloaded_site_no_longer_has_is_not_run(command: str) -> None:
    with pytest.raises(CannotAskError, match="that changes something"):
        kind(Ssh, host="cti", command=command).run(ports())


@pytest.mark.parametrize("value", ["GE1/0/1 ; reboot", "GE1/0/1\nreboot", "GE1/0/1;reboot", "'GE1/0/1'", "", "-x"])
def test_a_device_gets_no_value_that_would_need_quotes(value: str) -> None:
    step = kind(Ssh, host="sw1", command="shut", **{"with": {"port": value}})
    assert [field for field, _sentence in step.problems(GEAR)] == ["with.port"]
    with pytest.raises(CannotAskError):
        step.run(ports(site=GEAR))


def test_a_choice_that_would_need_quotes_is_not_sent_to_windows() -> None:
    assert kind(Ssh, host="rec", command="set-mode", **{"with": {"mode": "on"}}).problems(GEAR) == []
    ((field, sentence),) = kind(Ssh, host="rec", command="set-mode", **{"with": {"mode": "off now"}}).problems(GEAR)
    assert (field, "nothing can be quoted" in sentence) == ("with.mode", True)


# -- readings of devices ------------------------------------------------------------------------------------------------


def test_a_command_that_changes_is_no_reading() -> None:
    ((field, sentence),) = kind(SshCheck, host="cti", command="free-disk").problems(SITE)
    assert (field, "reads: yes" in sentence) == ("command", True)
    with pytest.raises(CannotAskError):
        kind(SshCheck, host="cti", command="free-disk").run(ports())


@pytest.mark.parametrize(
    ("port", "mac", "result"),
    [
        ("GE1/0/24", "00e0-fc12-3456", "same"),
        ("GigabitEthernet1/0/24", "00e0-fc99-0001", "different"),
        ("GE1/0/1", "00e0-fc99-0001", "same"),
        ("GE1/0/2", "00e0-fc99-0001", "no_binding"),
    ],
)
def test_the_binding_of_a_port_is_the_switch_s_own_or_that_of_the_seat_plugged_in(
    port: str, mac: str, result: str
) -> None:
    """CAP-038, through the step."""
    replies = Replies(ssh_reply(0, f"{mac} 10/-/-  {port}  dynamic\n"))
    step = kind(SshCheck, host="sw1", command="port-mac", **{"with": {"port": port}})
    assert step.run(ports(replies=replies, site=GEAR)).values["result"] == result
    assert replies.calls[0][1] == ("display", "mac-address", "interface", port)
    assert step.plan_line(GEAR) == f"ssh ops@192.0.2.12: display mac-address interface {port}"


@pytest.mark.parametrize(("rx", "outcome"), [("-19.5", "passed"), ("-20.5", "failed")])
def test_what_passes_in_the_site_file_is_expected_where_the_plan_says_nothing(rx: str, outcome: str) -> None:
    replies = Replies(ssh_reply(0, f"RxPower(dBm) {rx} -30\nTxPower(dBm) -5 -9\n"))
    assert kind(SshCheck, host="sw1", command="power").run(ports(replies=replies, site=GEAR)).outcome == outcome


def test_a_device_that_tells_no_exit_status_is_read_and_a_computer_is_not() -> None:
    lost = ssh_reply(None, "RxPower(dBm) -5\nTxPower(dBm) -5\n", ended="lost")
    result = kind(SshCheck, host="sw1", command="power").run(ports(replies=Replies(lost), site=GEAR))
    assert (result.outcome, result.values["exit_status"]) == ("passed", None)
    for site, host, name, reply in (
        (GEAR, "pbx", "trunks", ssh_reply(None, "1 UP\n", ended="lost")),
        (GEAR, "sw1", "power", ssh_reply(None, "", ended="lost")),
        (GEAR, "sw1", "power", ssh_reply(None, "RxPower(dBm) -5\n", ended="deadline")),
    ):
        with pytest.raises(CannotAskError, match="end is not known"):
            kind(SshCheck, host=host, command=name).run(ports(replies=Replies(reply), site=site))


# -- logs ---------------------------------------------------------------------------------------------------------------

LOG = """\
2026-11-23 02:10:00 link down trunk 1
2026-11-23 02:30:00 started
2026-11-23 02:41:07 link down trunk 1
\ttrace of: link down
2026-11-23 02:55:00 连接断开 trunk 2
no time here: link down
"""


def search(data: bytes, since: str = "", **times: datetime) -> Any:
    capture = Capture(data, b"", len(data), hashlib.sha256(data).hexdigest())
    replies = Replies(SshReply(0, "exit", capture, capture.__class__(b"", b"", 0, ""), 0.1))
    body = {"logs": ["cti-core"], "find": "disconnects", **({"since": since} if since else {})}
    return kind(LogSearch, **body).run(at(replies, **times))


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_each_disconnect_is_found_with_its_time(encoding: str) -> None:
    result = search(LOG.encode(encoding))
    assert (result.outcome, result.values["hits"], result.values["untimed_count"]) == ("failed", 5, 2)
    assert result.values["first_at"] == "2026-11-23 02:10:00 +08:00"
    assert result.values["last_at"] == "2026-11-23 02:55:00 +08:00"
    assert result.found == "cti-core: 5 hits: 02:10:00+08 02:41:07+08 02:55:00+08 (Asia/Shanghai); 2 without time"
    ((label, kept),) = result.raw
    assert label == "cti-core-disconnects"
    assert "连接断开 trunk 2" in kept.decode()


def test_what_was_written_before_since_does_not_count() -> None:
    reported = datetime(2026, 11, 22, 18, 20, tzinfo=UTC)
    assert search(LOG.encode(), "reported", reported=reported).values["hits"] == 4
    assert search(LOG.encode(), "40m").values["hits"] == 4
    # The trace between 02:41 and 02:55 may be of after 02:50.
    assert search(LOG.encode(), "10m").values["hits"] == 3


def test_a_line_without_a_time_counts_only_when_since_cannot_exclude_it() -> None:
    data = b"link down\n2026-11-23 02:10:00 up\nlink down\n2026-11-23 02:50:00 up\nlink down\n"
    assert search(data, "20m").values["hits"] == 2
    assert search(data).values["hits"] == 3


def test_a_log_without_it_passes() -> None:
    result = search(b"2026-11-23 02:10:00 all is well\n")
    assert (result.outcome, result.values["hits"], result.values["first_at"]) == ("passed", 0, None)


def test_a_log_of_any_bytes_is_read() -> None:
    """H20."""
    result = search(b"\xff\xfe\0 2026 link down \x1b[2J\x80\n" + b"x" * 100_000 + b"\n")
    assert result.values["hits"] == 1


def test_the_half_line_at_the_beginning_of_a_cut_log_is_no_line() -> None:
    result = search(b"link down (half a line)\n" + b"x" * (4 << 20) + b"\n2026-11-23 02:41:00 link down\n")
    assert (result.values["hits"], result.values["first_at"]) == (1, "2026-11-23 02:41:00 +08:00")


@pytest.mark.parametrize(
    ("pattern", "line", "at_"),
    [
        ("%b %d %H:%M:%S", "Nov  3 02:10:00 host app: x", "2026-11-03 02:10:00 +08:00"),
        ("%b %d %H:%M:%S", "Dec 31 23:59:00 host app: x", "2025-12-31 23:59:00 +08:00"),
        ("%H:%M:%S", "02:10:00 x", "2026-11-23 02:10:00 +08:00"),
        ("%H:%M:%S", "23:10:00 x", "2026-11-22 23:10:00 +08:00"),
        ("%Y-%m-%dT%H:%M:%S%z", "2026-11-22T18:10:00+00:00 x", "2026-11-23 02:10:00 +08:00"),
        ("%d/%b/%Y:%H:%M:%S", "[03/Nov/2026:02:10:00 x", "2026-11-03 02:10:00 +08:00"),
        ("%Y-%m-%d %H:%M:%S,%f", "2026-11-03 02:10:00,123 x", "2026-11-03 02:10:00 +08:00"),
        ("%Y-%m-%d %H:%M:%S", "2026-13-45 99:10:00 x", None),
        ("%Y-%m-%d %H:%M:%S", "", None),
    ],
)
def test_times_are_read_as_the_log_writes_them(pattern: str, line: str, at_: str | None) -> None:
    from runbook.model.log_lines import LogTime
    from runbook.model.units import local_text

    moment = LogTime(pattern, SITE.zone, NOW).of(line)
    assert (local_text(moment, SITE.zone) if moment else None) == at_


def test_one_log_that_cannot_be_read_does_not_lose_the_other() -> None:
    data = b"2026-11-23 02:41:07 link down\n"
    capture = Capture(data, b"", len(data), "")
    step = kind(LogSearch, logs=["cti-core", "sip-trace"], find="disconnects")
    result = step.run(at(Replies(SshReply(0, "exit", capture, Capture(b"", b"", 0, ""), 0.1))))
    assert [(part.name, part.outcome) for part in result.parts] == [
        ("cti-core", "failed"),
        ("sip-trace", "unreachable"),
    ]
    assert (result.outcome, result.values["hits"], result.values["unreachable_count"]) == ("failed", 1, 1)
    with pytest.raises(CannotAskError):
        kind(LogSearch, logs=["sip-trace"], find="disconnects").run(at(Replies(None)))


def test_a_log_or_a_find_that_the_site_lacks_is_said_with_the_nearest() -> None:
    ((field, sentence),) = kind(LogSearch, logs=["cti-cor"], find="disconnects").problems(SITE)
    assert (field, "nearest: cti-core" in sentence) == ("logs", True)
    ((field, sentence),) = kind(LogSearch, logs=["cti-core"], find="disconnect").problems(SITE)
    assert (field, "nearest: disconnects" in sentence) == ("find", True)


def test_a_since_that_has_not_ended_yet_could_not_be_asked() -> None:
    class NotYet(FakePorts):
        def since(self, what: str) -> datetime:
            raise CannotAskError("resolve", what)

    given = NotYet(at(Replies(None)).world)
    with pytest.raises(CannotAskError, match="some-step"):
        kind(LogSearch, logs=["cti-core"], find="disconnects", since="some-step").run(given)


@pytest.mark.parametrize("path", ["D:\\Logs\\app.log", "D:\\My Logs\\it's.log", "D:\\$(calc).log"])
def test_a_file_on_windows_is_read_by_a_script_in_which_its_path_is_a_text(path: str) -> None:
    script = script_of(tail_probe(GEAR.hosts["rec"], path, 100))
    assert f"[IO.File]::Open({literal(path)}," in script
    assert "Seek(-101,'End')" in script
    assert "\n" not in script  # it stands on the screen in one line
    assert tail_probe(GEAR.hosts["sw1"], path, 100) == ()


# -- collecting ---------------------------------------------------------------------------------------------------------


def test_a_log_is_kept_with_its_name_size_and_hash() -> None:
    replies = Replies(ssh_reply(0, "line\n"))
    result = kind(Collect, log="cti-core").run(ports(replies=replies))
    assert replies.calls[0][1] == ("tail", "-c", str((16 << 20) + 1), "--", "/var/log/cti/core.log")
    assert result.raw == (("cti-core.log", b"line\n"),)
    assert result.values == {
        "name": "cti-core.log",
        "size_bytes": 5,
        "sha256": hashlib.sha256(b"line\n").hexdigest(),
        "truncated": "no",
    }


def test_only_the_end_of_what_is_large_is_kept_and_that_is_said() -> None:
    last = b"b" * (16 << 20)
    capture = Capture(b"a" + last, b"", len(last) + 1, "")
    replies = Replies(SshReply(0, "exit", capture, Capture(b"", b"", 0, ""), 0.1))
    result = kind(Collect, from_="cti", file="dialplan").run(ports(replies=replies))
    assert (result.values["size_bytes"], result.values["truncated"]) == (16 << 20, "yes")
    assert "truncated" in result.found
    assert result.raw[0] == ("cti-dial plan.conf", last)


def test_a_file_of_this_laptop_and_the_output_of_a_command_are_kept() -> None:
    mine = kind(Collect, from_="here", file="dialplan").run(ports(replies=Replies(FileReply(b"x", 9))))
    assert (mine.values["truncated"], mine.raw) == ("yes", (("here-dial plan.conf", b"x"),))
    shown = kind(Collect, from_="cti", command="show-disk").run(ports(replies=Replies(ssh_reply(0, "disk\n"))))
    assert shown.raw == (("cti-show-disk", b"disk\n"),)


def test_what_is_empty_failed_and_what_could_not_be_read_was_not_asked() -> None:
    assert kind(Collect, log="cti-core").run(ports(replies=Replies(ssh_reply(0)))).outcome == "failed"
    with pytest.raises(CannotAskError, match="No such file"):
        kind(Collect, log="cti-core").run(ports(replies=Replies(ssh_reply(1, err="tail: No such file"))))
    with pytest.raises(CannotAskError):
        kind(Collect, log="sip-trace").run(ports())
    with pytest.raises(CannotAskError, match="ended with 2"):
        kind(Collect, from_="cti", command="show-disk").run(ports(replies=Replies(ssh_reply(2, "half"))))


def test_a_secret_is_taken_out_before_the_hash() -> None:
    """H42."""
    given = ports(replies=Replies(ssh_reply(0, "password=hunter22\n")))

    class Redacts:
        def value(self, name: str) -> str:
            raise AssertionError(name)

        def redacted(self, text: str) -> str:
            return text

        def redacted_bytes(self, data: bytes) -> bytes:
            return data.replace(b"hunter22", b"(secret)")

    given.world = replace(given.world, secrets=Redacts())
    result = kind(Collect, log="cti-core").run(given)
    assert result.values["sha256"] == hashlib.sha256(b"password=(secret)\n").hexdigest()
    assert b"hunter22" not in result.raw[0][1]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "exactly one of"),
        ({"log": "cti-core", "file": "dialplan"}, "exactly one of"),
        ({"file": "dialplan"}, "expected `from`"),
        ({"from": "cti", "log": "cti-core"}, "without `from`"),
    ],
)
def test_what_is_collected_is_one_thing_from_one_place(body: dict[str, str], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Collect.model_validate(body)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"log": "cti-cor"}, "log"),
        ({"from": "cti", "file": "dialpan"}, "file"),
        ({"from": "cit", "file": "dialplan"}, "from"),
        ({"from": "here", "command": "show-disk"}, "from"),
        ({"from": "cti", "command": "free-disk"}, "command"),
    ],
)
def test_a_name_that_is_not_there_is_a_problem(body: dict[str, str], field: str) -> None:
    assert [name for name, _sentence in Collect.model_validate(body).problems(SITE)] == [field]


def test_collecting_changes_nothing_so_enter_alone_takes_it() -> None:
    assert not kind(Collect, log="cti-core").changes()
