"""The floors of the house hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from importlinter.application.use_cases import create_report, read_user_options
from importlinter.configuration import configure

ROOT = Path(__file__).resolve().parents[2]


def test_every_import_keeps_to_its_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    configure()
    report = create_report(read_user_options(config_filename="pyproject.toml"), cache_dir=None)
    assert not report.could_not_run, report.invalid_contract_options
    broken = [
        (contract.name, check.metadata)
        for contract, check in report.get_contracts_and_checks()
        if not check.kept
    ]
    assert not broken
    assert not report.warnings
