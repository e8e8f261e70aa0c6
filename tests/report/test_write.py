"""A report is put in place whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbook.model.errors import EXIT_MACHINE, RunbookError
from runbook.report.write import default_name, write
from runbook.store import files


def test_it_is_written_and_nothing_else_is_left(tmp_path: Path) -> None:
    place = write(tmp_path / "a.md", b"new")
    assert place.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["a.md"]


def test_the_old_file_stays_whole_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "a.md"
    old.write_bytes(b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(RunbookError, match="No space left on device") as caught:
        write(old, b"new")
    assert (caught.value.code, caught.value.exit_code) == ("E-FILE-WRITE", EXIT_MACHINE)
    assert old.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.md"]


@pytest.mark.parametrize("name", ["missing/a.md", "folder", "nul\0.md", "n" * 300 + ".md"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(RunbookError, match="E-FILE-WRITE"):
        write(tmp_path / name, b"new")


def test_a_link_goes_on_pointing_at_the_file(tmp_path: Path) -> None:
    (tmp_path / "real.md").write_bytes(b"old")
    (tmp_path / "link.md").symlink_to("real.md")
    write(tmp_path / "link.md", b"new")
    assert (tmp_path / "link.md").is_symlink()
    assert (tmp_path / "real.md").read_bytes() == b"new"


@pytest.mark.parametrize(
    ("incident", "name"),
    [
        ("20261104-cti-down-7K3M", "20261104-cti-down-7K3M-report.pdf"),
        ("../../x", "x-report.pdf"),
        ("a\0b/c", "a-b-c-report.pdf"),
        ("-rf", "rf-report.pdf"),
        ("事件😀", "incident-report.pdf"),
        ("n" * 300, "n" * 80 + "-report.pdf"),
    ],
)
def test_the_name_is_never_a_path(incident: str, name: str) -> None:
    assert default_name(incident, "pdf") == name
