"""A program for the tests: it has everything imported, and forks a process for each job that it is given, to be killed.

`python -m tests.faults.zygote SOCKET`: at each connection a line of JSON asks, a line of JSON answers. A job is `{"args": [...]}` (the command line of
`runbook`) or `{"call": "module:function", "args": [...]}`, with `out` (a file for its output),
`cwd`, `env`, and any of:

* `kill_after_s`: SIGKILL that long after the beginning.
* `when`, `where`, `delay_s`: SIGKILL `before` or `after` an append (see `tests.acceptance.killed_at`), or `within` `delay_s` of one.
* `strace`: options of strace, which follows the job from its first line on.
* `fix`: when one of these is said, the lab in `lab` is made healthy.
* `acks`: a file that gets a line with number and hash of every event for which `append` returned.

The answer is `{"code": ...}`: the exit code, negative for a signal.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

LONGEST_S = 60.0


def main(place: str) -> None:
    """Listen at a socket; each who connects gets a process that answers its jobs."""
    import runbook

    for module in pkgutil.walk_packages(runbook.__path__, "runbook."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    # What is otherwise imported at its first use.
    for name in ("filelock", "paramiko", "prompt_toolkit", "tests.faults.children", "tests.faults.small_world"):
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    parent = os.getppid()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(place + ".new")
        door.listen()
        Path(place + ".new").rename(place)
        door.settimeout(1.0)
        while os.getppid() == parent:
            with suppress(TimeoutError):
                connection, _ = door.accept()
                if os.fork() == 0:
                    door.close()
                    connection.settimeout(None)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    _serve(connection)
                connection.close()


def _serve(connection: socket.socket) -> NoReturn:
    with connection.makefile("rw", encoding="utf-8") as stream:
        for line in stream:
            print(json.dumps({"code": run(json.loads(line))}), file=stream, flush=True)
    os._exit(0)


def run(job: dict[str, Any]) -> int:
    """One process from its beginning to its end."""
    reading, writing = os.pipe()
    waiting, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        for handle in (reading, go):
            os.close(handle)
        os.read(waiting, 1)
        os.close(waiting)
        _child(job, writing)
    os.close(writing)
    os.close(waiting)
    tracer = _traced(pid, job["strace"]) if "strace" in job else None
    os.write(go, b"g")
    os.close(go)
    try:
        status = _watched(pid, reading, job)
    finally:
        os.close(reading)
        if tracer is not None:
            tracer.wait()
    return os.waitstatus_to_exitcode(status)


def _die_with_parent() -> None:
    import ctypes

    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def _child(job: dict[str, Any], writing: int) -> NoReturn:
    code: Any = 70
    try:
        os.setpgid(0, 0)
        _die_with_parent()
        null = os.open(os.devnull, os.O_RDONLY)
        for handle, place in ((null, 0), (writing, 1), (writing, 2)):
            os.dup2(handle, place)
        # As a new process would open them: these may have been a file, which can be sought.
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, how) for n, how in ((0, "r"), (1, "w"), (2, "w")))
        os.environ.update(job["env"])
        # Asked for once and remembered: it would be the last place of every incident of this machine.
        tempfile.tempdir = None
        os.chdir(job["cwd"])
        if "when" in job:
            _kill_at(job)
        if "acks" in job:
            _say_acks(job["acks"])
        if "call" in job:
            module, _, name = job["call"].partition(":")
            code = getattr(importlib.import_module(module), name)(*job["args"])
        else:
            from runbook.cli.app import main as runbook

            code = runbook(job["args"])
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - a fork must not go on as its parent
        import traceback

        traceback.print_exc()
    with suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code or 0)


def _kill_at(job: dict[str, Any]) -> None:
    from runbook.store.journal import SqliteJournal
    from tests.acceptance.killed_at import kill_at

    if job["when"] != "within":
        kill_at(job["when"], job["where"])
        return
    append_all, count = SqliteJournal.append_all, 0

    def counted(journal: SqliteJournal, events: Any) -> Any:
        nonlocal count
        count += len(events)
        if count >= int(job["where"]):
            timer = threading.Timer(job["delay_s"], os.kill, (os.getpid(), signal.SIGKILL))
            timer.daemon = True
            timer.start()
        return append_all(journal, events)

    SqliteJournal.append_all = counted  # type: ignore[method-assign]


def _say_acks(path: str) -> None:
    from runbook.store.journal import SqliteJournal

    append_all = SqliteJournal.append_all
    handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)

    def said(journal: SqliteJournal, events: Any) -> Any:
        recorded = append_all(journal, events)
        os.write(handle, "".join(f"{each.seq} {each.hash}\n" for each in recorded).encode())
        return recorded

    SqliteJournal.append_all = said  # type: ignore[method-assign]


def _traced(pid: int, options: list[str]) -> subprocess.Popen[bytes]:
    tracer = subprocess.Popen(
        ["strace", "-f", "-qq", *options, "-p", str(pid)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    status = Path(f"/proc/{pid}/status")
    while "TracerPid:\t0\n" in status.read_text():
        assert tracer.poll() is None, "strace did not begin"
        time.sleep(0.001)
    return tracer


def _watched(pid: int, reading: int, job: dict[str, Any]) -> int:
    """The wait status of the process. It is killed when its time has come."""
    began = time.monotonic()
    kill_at = began + job.get("kill_after_s", LONGEST_S)
    ended = os.pidfd_open(pid)
    said = b""
    with Path(job["out"]).open("wb") as out:
        try:
            while True:
                left = kill_at - time.monotonic()
                if left <= 0:
                    os.kill(pid, signal.SIGKILL)
                    kill_at = began + 10 * LONGEST_S
                ready, _, _ = select.select([reading, ended], [], [], max(left, 0))
                data = os.read(reading, 65536) if reading in ready else b""
                if data:
                    out.write(data)
                    said = _fixed(said + data, job)
                elif ended in ready:
                    return os.waitpid(pid, 0)[1]
        finally:
            os.close(ended)


def _fixed(said: bytes, job: dict[str, Any]) -> bytes:
    *lines, rest = said.split(b"\n")
    if any(title.encode() in line for line in lines for title in job.get("fix", ())):
        from runbook.world.lab.control import Control, LabGoneError

        with suppress(LabGoneError):
            Control(Path(job["lab"])).ask("fix")
    return rest


if __name__ == "__main__":
    main(sys.argv[1])
