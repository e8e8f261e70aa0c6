"""How the lab begins, ends, and begins again."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from runbook.model.errors import RunbookError
from runbook.model.replies import CannotAskError
from runbook.world.lab.child import ensure_lab, open_lab, reopen_lab, start_detached, stop
from runbook.world.lab.control import Control, LabGoneError
from runbook.world.lab.folder import read_setup
from runbook.world.lab.world import lab
from tests.lab.running import RunningLab, StartLab, site_of

ROOT = Path(__file__).resolve().parents[2]
PARENT = """
import sys, time
from pathlib import Path
from runbook.world.lab.child import open_lab
kept = open_lab(Path(sys.argv[1]), *sys.argv[2:])
kept.wait_ready()
print("ready", flush=True)
time.sleep(60)
"""


def pid_of(folder: Path) -> int:
    setup = read_setup(folder)
    assert setup is not None
    return setup.pid


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return holds()


def is_up(folder: Path) -> bool:
    try:
        Control(folder).ask("status")
    except LabGoneError:
        return False
    return True


def parent_of(folder: Path, *case: str) -> subprocess.Popen[str]:
    """Another program that keeps a lab."""
    command = [sys.executable, "-c", PARENT, str(folder), *case]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def killed(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_only_loopback_is_bound(start_lab: StartLab) -> None:
    running = start_lab("healthy")
    setup = read_setup(running.folder)
    assert setup is not None
    sockets = [entry.laddr for entry in psutil.Process(setup.pid).net_connections("inet")]
    assert {address.ip for address in sockets} == {"127.0.0.1"}
    assert set(setup.ports.values()) <= {address.port for address in sockets}


def test_the_lab_ends_with_the_program_that_started_it_even_when_that_is_killed(tmp_path: Path) -> None:
    parent = parent_of(tmp_path / "lab", "service-stopped")
    server = psutil.Process(pid_of(tmp_path / "lab"))
    assert server.is_running()
    killed(parent)
    assert within(3, lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)
    assert not is_up(tmp_path / "lab")


def test_a_lab_that_is_up_is_used_and_stays_as_it_is(start_lab: StartLab) -> None:
    first = start_lab("restart-fails")
    second = start_lab(None)
    assert pid_of(first.folder) == pid_of(second.folder)
    assert second.ask("status")["case"] == "restart-fails"
    third = start_lab("healthy")
    assert third.ask("status")["case"] == "healthy"


def test_a_lab_outlives_its_parent_while_another_program_uses_it(tmp_path: Path) -> None:
    parent = parent_of(tmp_path / "lab")
    other = open_lab(tmp_path / "lab")
    killed(parent)
    time.sleep(0.5)
    assert is_up(tmp_path / "lab")
    other.close()
    assert within(3, lambda: not is_up(tmp_path / "lab"))


def test_two_that_start_a_new_lab_at_once_share_it(tmp_path: Path) -> None:
    kept = [open_lab(tmp_path / "lab") for _program in range(3)]
    threads = [threading.Thread(target=one.wait_ready) for one in kept]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world = lab(tmp_path / "lab")
    host = site_of(tmp_path / "lab").hosts["cti"]
    assert world.ssh.run(host, ["true"], deadline_s=5).status == 0
    world.ssh.close()
    for one in kept:
        one.close()
    assert within(3, lambda: not is_up(tmp_path / "lab"))


def test_a_lab_starts_again_with_its_keys_ports_states_and_counters(start_lab: StartLab) -> None:
    first = start_lab("restart-fails")
    first.systemctl("stop", "SipServer", "sip")
    site, ports = first.site, read_setup(first.folder)
    first.world.ssh.close()
    first.kept.close()
    assert not is_up(first.folder)
    second = start_lab(None)
    again = read_setup(second.folder)
    assert ports is not None
    assert again is not None
    assert (again.ports, again.token, again.pid != ports.pid) == (ports.ports, ports.token, True)
    assert second.site == site
    status = second.ask("status")
    assert status["case"] == "restart-fails"
    services = {name: state for host in status["hosts"] for name, state in host["services"].items()}
    assert (services["cti-core"], services["SipServer"], services["ivr-core"]) == ("stopped", "stopped", "running")
    assert second.systemctl("restart") == (0, "")
    assert [act["argv"][1] for act in second.acts()] == ["stop", "restart"]


def test_an_incident_on_the_old_connection_goes_on_after_the_lab_was_killed(start_lab: StartLab) -> None:
    first = start_lab("service-stopped")
    assert first.systemctl("is-active") == (3, "inactive")
    psutil.Process(pid_of(first.folder)).kill()
    assert within(3, lambda: not is_up(first.folder))
    with pytest.raises(CannotAskError):
        first.systemctl("is-active")
    start_lab(None)
    assert first.systemctl("is-active") == (3, "inactive")


def test_a_start_that_was_under_way_ends_in_time_although_the_lab_was_away(start_lab: StartLab) -> None:
    first = start_lab("service-stopped")
    first.systemctl("restart")
    first.kept.close()
    time.sleep(3)
    assert start_lab(None).tcp("cti", "cti") == "open"


def test_a_lab_whose_folder_is_gone_is_not_made_anew_for_those_who_know_its_ports(start_lab: StartLab) -> None:
    first = start_lab("healthy")
    first.kept.close()
    kept = reopen_lab(first.folder)
    kept.wait_ready()
    kept.close()
    with pytest.raises(RunbookError, match="any more"):
        reopen_lab(first.folder.parent / "gone")
    assert not (first.folder.parent / "gone").exists()


def test_the_site_file_of_a_new_lab_can_be_read_at_once(tmp_path: Path) -> None:
    folder, kept = ensure_lab(tmp_path, None)
    assert site_of(folder).name == "Lab call centre"
    kept.close()


def test_the_default_case_is_for_a_new_lab_only(tmp_path: Path) -> None:
    folder, kept = ensure_lab(tmp_path, None, default="service-stopped")
    kept.wait_ready()
    assert (folder, Control(folder).ask("status")["case"]) == (tmp_path / "lab", "service-stopped")
    Control(folder).ask("fix")
    _folder, other = ensure_lab(tmp_path, None, default="service-stopped")
    assert Control(folder).ask("status")["case"] == "healthy"
    other.close()
    kept.close()


def test_a_taken_port_is_named_and_nothing_is_changed(start_lab: StartLab) -> None:
    first = start_lab("healthy")
    setup, site = read_setup(first.folder), (first.folder / "site.yaml").read_text(encoding="utf-8")
    first.kept.close()
    assert setup is not None
    with socket.create_server(("127.0.0.1", setup.ports["db/database"])), pytest.raises(RunbookError) as raised:
        start_lab(None)
    assert raised.value.code == "E-LAB"
    assert f"{setup.ports['db/database']} (db/database)" in raised.value.text()
    assert (first.folder / "site.yaml").read_text(encoding="utf-8") == site
    assert start_lab(None).site == first.site


def test_a_damaged_folder_is_an_error_with_a_reason(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "lab.json").write_text('{"token": ', encoding="utf-8")
    with pytest.raises(RunbookError, match=r"lab\.json"):
        open_lab(folder).wait_ready()
    (folder / "lab.json").write_text('{"token": "x", "ports": {}, "pid": 1}', encoding="utf-8")
    with pytest.raises(RunbookError):
        open_lab(folder).wait_ready()


def test_a_damaged_state_is_a_healthy_lab(start_lab: StartLab) -> None:
    first = start_lab("service-stopped")
    first.kept.close()
    (first.folder / "state.json").write_text('{"case": "nosuch", "services": {}}', encoding="utf-8")
    assert start_lab(None).ask("status")["case"] == "healthy"


def test_a_home_that_cannot_be_written_is_an_error_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file, no folder", encoding="utf-8")
    with pytest.raises(RunbookError, match="E-LAB"):
        open_lab(tmp_path / "home" / "lab")


def test_a_detached_lab_runs_until_it_is_stopped(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    start_detached(folder, "service-stopped")
    server = psutil.Process(pid_of(folder))
    start_detached(folder, "host-down")
    assert (pid_of(folder), Control(folder).ask("status")["case"]) == (server.pid, "host-down")
    assert stop(folder)
    assert not stop(folder)
    assert within(3, lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)


def test_up_keeps_a_lab_that_another_program_began(tmp_path: Path) -> None:
    parent = parent_of(tmp_path / "lab")
    start_detached(tmp_path / "lab")
    killed(parent)
    time.sleep(0.5)
    assert is_up(tmp_path / "lab")
    assert stop(tmp_path / "lab")


def test_the_control_port_answers_nobody_without_the_token(start_lab: StartLab) -> None:
    running = start_lab("healthy")
    setup = read_setup(running.folder)
    assert setup is not None
    for line in (b'{"token": "x", "op": "stop"}\n', b'{"op": "stop"}\n', b"[]\n", b"GET / HTTP/1.1\r\n\r\n", b"\xff\n"):
        with socket.create_connection(("127.0.0.1", setup.ports["control"]), timeout=5) as sock:
            sock.sendall(line)
            assert sock.recv(100) == b""
    assert is_up(running.folder)


def test_a_ping_without_a_lab_could_not_be_asked(start_lab: StartLab) -> None:
    running: RunningLab = start_lab("healthy")
    host = running.host("cti")
    running.kept.close()
    with pytest.raises(CannotAskError, match="not running"):
        running.world.icmp.ping(host, count=1, timeout_s=1)
    with pytest.raises(CannotAskError):
        lab(running.folder.parent / "other").icmp.ping(host, count=1, timeout_s=1)
