"""The kinds that go over SSH, on a real sshd with real programs: services, typed commands, device readings, logs, files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from runbook.model.replies import CannotAskError
from runbook.model.site import Site
from runbook.steps.collect import Collect
from runbook.steps.log_search import LogSearch
from runbook.steps.service import Service
from runbook.steps.ssh import Ssh
from runbook.steps.ssh_check import SshCheck
from runbook.world.files import LiveFiles
from runbook.world.ssh import LiveSsh
from tests import peers
from tests.steps.fakes import FakePorts, Replies, kind, ports

RECORDED = Path(__file__).parents[1] / "steps" / "recorded"
BOUND = "00e0-fc12-3456"
VIA = pytest.mark.parametrize("via", ["paramiko", "openssh"])


class _Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 22, 19, 0, tzinfo=UTC)

    def boot(self) -> tuple[str, float]:
        return "boot", 0.0

    def wait(self, seconds: float) -> None:
        raise AssertionError(seconds)


def site(sshd: peers.Sshd, folder: Path, via: str) -> Site:
    """A site whose only machine is the server; its device commands print what real devices printed."""
    login = sshd.host(via=via).model_dump(mode="json", exclude_defaults=True)["ssh"]
    login["port"] = str(login["port"])
    shown = sshd.script("show-mac", f'cat "{RECORDED}/mac-$1.txt"; echo "asked for $2"')
    switch = {
        "run": [shown, "$maker", "$port"],
        "takes": {"port": {"type": "port"}, "maker": {"type": "name"}},
        "reads": "yes",
        "reader": "mac",
    }
    ctl = sshd.script(
        "ctl", f'[ "$1" = status ] && exit "$(cat {folder}/state)"; echo "$1" >> {folder}/done; echo 0 > {folder}/state'
    )
    return Site.model_validate(
        {
            "site": "1",
            "name": "Live",
            "hosts": {
                "box": {
                    "address": "127.0.0.1",
                    "ssh": login,
                    "bindings": {"GE0/0/24": BOUND},
                    "services": {"own": {"commands": {"status": [ctl, "status"], "restart": [ctl, "restart"]}}},
                    "commands": {
                        "port-mac": switch,
                        "note": {
                            "run": ["sh", "-c", f'printf %s "$1" > {folder}/noted', "sh", "$what"],
                            "takes": {"what": {"type": "choice", "choices": ["; touch /x", "$(id)", "it's"]}},
                        },
                    },
                }
            },
            "logs": {"app": {"host": "box", "path": f"{folder}/app log.txt", "finds": {"drops": ["断开", "dropped"]}}},
            "files": {"conf": f"{folder}/a file.conf"},
        }
    )


@pytest.fixture
def world(sshd: peers.Sshd, tmp_path: Path) -> Iterator[Any]:
    """Ports over the real sshd, for one transport."""
    port = LiveSsh()

    def made(via: str) -> FakePorts:
        given = ports(replies=Replies(None), site=site(sshd, tmp_path, via))
        given.world = replace(given.world, ssh=port, clock=_Clock(), files=LiveFiles())
        return given

    yield made
    port.close()


@VIA
@pytest.mark.parametrize("maker", ["huawei", "h3c", "cisco", "ruijie"])
def test_a_port_is_compared_with_its_binding_over_a_real_connection(world: Any, via: str, maker: str) -> None:
    """CAP-038."""
    checked = kind(SshCheck, host="box", command="port-mac", **{"with": {"port": "GE0/0/24", "maker": maker}})
    result = checked.run(world(via))
    assert (result.values["result"], result.values["mac"], result.outcome) == ("same", "00:e0:fc:12:34:56", "passed")
    assert b"asked for GE0/0/24" in dict(result.raw)["stdout"]


@VIA
@pytest.mark.parametrize("what", ["; touch /x", "$(id)", "it's"])
def test_a_value_arrives_as_it_is_and_runs_nothing(world: Any, via: str, what: str, tmp_path: Path) -> None:
    result = kind(Ssh, host="box", command="note", **{"with": {"what": what}}).run(world(via))
    assert (result.ended, (tmp_path / "noted").read_text()) == ("done", what)


@VIA
def test_a_service_is_looked_at_restarted_once_and_looked_at_again(world: Any, via: str, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("3")
    given = world(via)
    status = kind(Service, host="box", name="own", do="status")
    assert status.run(given).outcome == "failed"
    assert kind(Service, host="box", name="own", do="restart").run(given).ended == "done"
    assert status.run(given).outcome == "passed"
    assert (tmp_path / "done").read_text() == "restart\n"


@VIA
def test_a_log_is_searched_where_it_is(world: Any, via: str, tmp_path: Path) -> None:
    lines = "2026-11-23 02:00:00 dropped\n2026-11-23 02:50:00 fine\n2026-11-23 02:51:00 线路断开\n"
    (tmp_path / "app log.txt").write_bytes(b"x" * (5 << 20) + b"\n" + lines.encode("gb18030"))
    result = kind(LogSearch, logs="app", find="drops", since="30m").run(world(via))
    assert (result.values["hits"], result.values["first_at"]) == (1, "2026-11-23 02:51:00 +08:00")
    (tmp_path / "app log.txt").unlink()
    with pytest.raises(CannotAskError, match="cannot be read"):
        kind(LogSearch, logs="app", find="drops").run(world(via))


@VIA
def test_the_end_of_a_large_file_is_collected_byte_by_byte(world: Any, via: str, tmp_path: Path) -> None:
    last = bytes(range(256)) * (1 << 16)
    (tmp_path / "a file.conf").write_bytes(b"before" + last)
    result = kind(Collect, from_="box", file="conf").run(world(via))
    assert (result.values["sha256"], result.values["truncated"]) == (hashlib.sha256(last).hexdigest(), "yes")
    here = kind(Collect, from_="here", file="conf").run(world(via))
    assert here.values["sha256"] == result.values["sha256"]


@pytest.mark.needs_root
def test_an_init_script_is_run_from_its_folder(world: Any) -> None:
    script = Path("/etc/init.d/runbook-test-service")
    script.write_text('#!/bin/sh\n[ "$1" = status ] && exit 3\nexit 0\n', encoding="ascii")
    script.chmod(0o755)
    try:
        given = world("paramiko")
        host = given.site.hosts["box"]
        service = type(host.services["own"]).model_validate({"init": script.name})
        host.services["own"] = service
        assert kind(Service, host="box", name="own", do="status").run(given).values["state"] == "inactive"
        assert kind(Service, host="box", name="own", do="start").run(given).ended == "done"
    finally:
        script.unlink()
