"""`runbook verify INCIDENT|FILE`: which events are proven by what, and what is not proven."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runbook.cli.completion import incident_ids
from runbook.model.errors import EXIT_BAD, EXIT_GOOD
from runbook.model.text import _

if TYPE_CHECKING:
    from runbook.store.proof import ChainProof, Doubt
    from runbook.store.verifying import Verdict


def command(
    what: Annotated[
        str,
        typer.Argument(
            metavar="INCIDENT|FILE",
            help=_("An incident (its id, or any unique ending), or the file of an export."),
            autocompletion=incident_ids,
        ),
    ],
    head: Annotated[
        list[str] | None,
        typer.Option(
            "--head",
            metavar="HASH|FILE",
            help=_("A head that was noted elsewhere: a hash, its first digits, a code such as 42·7F3A, or an export."),
        ),
    ] = None,
    practice: Annotated[bool, typer.Option("--practice", help=_("Look among lab runs and drills."))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_("Print one JSON object."))] = False,
) -> int:
    """Say which events are proven by what, and what is not proven. Exit 1 when something is not."""
    from runbook.store.incidents import Home
    from runbook.store.verifying import verify_file, verify_incident
    from runbook.ui.proof_lines import lines
    from runbook.ui.safe_text import safe
    from runbook.world.clock import LiveClock

    path, now, heads = Path(what), LiveClock().now(), head or []
    if path.is_file() or path.suffix == ".zip":
        verdict = verify_file(path, heads, now)
    else:
        home = Home.of()
        verdict = verify_incident(home, home.find(what, practice).id, heads, now)
    if as_json:
        print(json.dumps(_data(verdict), ensure_ascii=False))
    else:
        for line in lines(verdict):
            print(safe(line))
    return EXIT_BAD if verdict.doubts else EXIT_GOOD


def _data(verdict: Verdict) -> dict[str, Any]:
    return {
        "schema": 1,
        "incident": verdict.incident,
        "proven": not verdict.doubts,
        "findings": [
            *(_chain(chain) for chain in verdict.chains),
            *({"kind": "doubt", **_doubt(doubt)} for doubt in verdict.doubts),
            *({"kind": "remark", **_doubt(remark)} for remark in verdict.remarks),
        ],
    }


def _chain(chain: ChainProof) -> dict[str, Any]:
    number, head = chain.head
    vouchers = [{"events": each.seq, "by": each.by, "name": each.name} for each in chain.vouchers]
    return {
        "kind": "chain",
        "writer": chain.writer,
        "events": number,
        "head": head,
        "not_proven": chain.behind,
        "vouched": chain.vouched,
        "vouchers": vouchers,
    }


def _doubt(doubt: Doubt) -> dict[str, Any]:
    return {
        "what": doubt.what,
        "reason": doubt.reason,
        "writer": doubt.writer,
        "seq": doubt.seq,
        "row": doubt.row,
        "name": doubt.name,
        "detail": doubt.detail,
    }
